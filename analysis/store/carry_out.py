"""Carry out a procedure: plan each round in a folder, have the missing runs made, and hand their values back.

What a procedure concludes depends on whole rounds only. Runs that are in the folder are not made again.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from typing import NamedTuple, TypeVar

from analysis.store.folder import Folder
from analysis.store.jobs import Done, Job, lost, work
from analysis.store.rounds import Collected, Procedure
from analysis.store.workers import Workers
from sim.errors import FirstlineError
from sim.spec.procedures import Key

T = TypeVar("T")
MOST_STRIKES = 3


class Progress(NamedTuple):
    """How far the runs are that were asked for so far; ``note`` is the procedure's."""

    planned: int
    done: int
    failed: int
    note: str

    @property
    def left(self) -> int:
        """The runs that are still to be made."""
        return self.planned - self.done - self.failed


Watch = Callable[[Progress], object]


def carry_out(
    procedure: Procedure[T], folder: Folder, keys: Sequence[Key], workers: Workers, watch: Watch | None = None
) -> T:
    """Carry out a procedure and return what it concludes.

    ``keys`` are the outcomes whose values it is given; ``watch`` is told of each part that is made. Raises InputError
    where a run is refused as bad input, CannotWriteError where the folder cannot be written, and FirstlineError where
    the workers cannot go on.
    """
    collected = Collected(keys)
    planned = 0
    try:
        asked = next(procedure)
        while True:
            note = asked.note
            planned += sum(
                (b.cell.world, b.cell.variant, k) not in collected for b in asked.batches for k in b.replications
            )
            jobs = folder.ask(asked)
            folder.recall(asked, collected)

            def tell(note: str = note, planned: int = planned) -> None:
                if watch is not None:
                    failed = len(collected.failed)
                    watch(Progress(planned, min(collected.size, planned) - failed, failed, note))

            tell()
            for done in Made(jobs, workers, folder.manifest["canary"]):
                folder.keep(done)
                _collect(done, collected)
                tell()
            asked = procedure.send(collected)
    except StopIteration as concluded:
        value: T = concluded.value
        return value
    finally:
        procedure.close()


def _collect(done: Done, collected: Collected) -> None:
    values: dict[tuple[str, str, int], dict[Key, float]] = {one.run: {} for one in done.ran}
    for run, row in done.rows:
        values[run][row.outcome, row.by, row.level] = row.value
    for one in done.ran:
        collected.fail(one.run) if one.status == "failed" else collected.add(one.run, values[one.run])


class Made:
    """What workers make of jobs, as it comes: the jobs to do, those being done, and those that must be done alone.

    When an executor breaks, nobody can tell whose job it was that broke it. Those it was doing are then done one by
    one; a job that breaks one alone time and again is kept as failed.
    """

    def __init__(self, jobs: Sequence[Job], workers: Workers, canary: str) -> None:
        self.workers = workers
        self.canary = canary
        self.todo = deque(jobs)
        self.suspects: deque[Job] = deque()
        self.strikes: Counter[int] = Counter()
        """How often an executor broke while it did this part alone."""
        self.doing: dict[Future[Done], Job] = {}

    def __iter__(self) -> Made:
        return self

    def __next__(self) -> Done:
        while self.todo or self.suspects or self.doing:
            self._hand_out()
            if not self.doing:
                continue
            try:
                finished, _ = wait(self.doing, return_when=FIRST_COMPLETED)
            except BaseException:
                self._cancel()
                raise
            future = next(iter(finished))
            alone = len(self.doing) == 1
            job = self.doing.pop(future)
            try:
                done = future.result()
            except BrokenExecutor:
                if self._broke(job, alone=alone):
                    return lost(job, "the worker was ended from outside, or ran out of memory")
                continue
            except BaseException:
                self._cancel()
                raise
            return self._checked(done)
        raise StopIteration

    def _hand_out(self) -> None:
        """Give out jobs: suspects one by one, the others as many as keep all busy."""
        try:
            while self.suspects and not self.doing:
                self._submit(self.suspects)
            while self.todo and not self.suspects and len(self.doing) < self.workers.ahead:
                self._submit(self.todo)
        except BrokenExecutor:
            if not self.doing:
                self._restart()

    def _submit(self, jobs: deque[Job]) -> None:
        future = self.workers.executor.submit(work, jobs[0])
        self.doing[future] = jobs.popleft()

    def _broke(self, job: Job, *, alone: bool) -> bool:
        """Put back what a broken executor was doing; tell whether it is clear that this job broke it."""
        self.strikes[job.part] += alone
        given_up = self.strikes[job.part] >= MOST_STRIKES
        self.suspects.extend([*([] if given_up else [job]), *self.doing.values()])
        self.doing.clear()
        self._restart()
        return given_up

    def _restart(self) -> None:
        if not self.workers.restart():
            raise FirstlineError(
                "the workers were ended from outside; what is finished is kept: give the same command again"
            )

    def _checked(self, done: Done) -> Done:
        if done.refused is not None:
            self._cancel()
            raise done.refused
        if done.canary and done.canary != self.canary:
            self._cancel()
            raise FirstlineError(
                "a worker computes other last digits than the machine that made the folder (its canary is "
                f"{done.canary}, the folder's {self.canary}): use workers of one type of processor, with equal versions"
            )
        return done

    def _cancel(self) -> None:
        for future in self.doing:
            future.cancel()
