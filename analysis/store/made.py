"""What workers make of jobs, as it comes, whatever becomes of the workers."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from typing import Self

from analysis.store.jobs import Done, Job, lost, work
from analysis.store.workers import InProcess, Workers
from sim.errors import FirstlineError, InputError

MOST_STRIKES = 3
"""So often may a job break an executor that does it alone."""
MOST_STARTS = 10
"""So often in a row may workers end before they have made anything."""
LOOK_S = 5.0
WITHOUT_WORKERS_S = 60.0
KEPT = "what is finished is kept: give the same command again"
ENDED = "the worker was ended from outside, or ran out of memory"


class Made:
    """The jobs to do, those being done, and those that must be done alone.

    When an executor breaks, nobody can tell whose job it was that broke it. Those it was doing are then done one by
    one; a job that breaks one alone time and again is kept as failed. ``close`` takes back what is not begun.
    """

    def __init__(self, jobs: Sequence[Job], workers: Workers, canary: str) -> None:
        self.workers = workers
        self.canary = canary
        self.todo = deque(jobs)
        self.suspects: deque[Job] = deque()
        self.strikes: Counter[int] = Counter()
        """How often an executor broke while it did this part alone."""
        self.doing: dict[Future[Done], Job] = {}
        self.starts = 0
        """How often in a row the executor was started anew."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for future in self.doing:
            future.cancel()

    def __iter__(self) -> Iterator[Done]:
        while self.todo or self.suspects or self.doing:
            self._hand_out()
            if self.doing:
                done = self._next()
                if done is not None:
                    self.starts = 0
                    yield done

    def _next(self) -> Done | None:
        """Wait for a job; None where it must be done again."""
        future = self._wait()
        alone = len(self.doing) == 1
        job = self.doing.pop(future)
        try:
            done = future.result()
        except BrokenExecutor:
            return self._broke(job, alone=alone)
        except InputError:
            raise
        except CancelledError:
            raise FirstlineError(f"the workers have gone; {KEPT}") from None
        except Exception as error:
            if type(error).__name__ == "KilledWorker":  # Dask has tried it with several workers
                return self._killed(job, alone=alone)
            if isinstance(self.workers.executor, InProcess):
                raise
            raise FirstlineError(f"a worker cannot work: {type(error).__name__}: {error}; {KEPT}") from error
        return self._checked(done)

    def _wait(self) -> Future[Done]:
        """Return a job that has ended; raises FirstlineError where there have been no workers for a while."""
        present = self.workers.present
        seen = time.monotonic()
        while True:
            finished, _ = wait(self.doing, LOOK_S if present else None, FIRST_COMPLETED)
            if finished:  # what was finished before the executor broke is not lost with it
                return min(finished, key=lambda future: future.cancelled() or future.exception() is not None)
            try:
                there = present is None or present() > 0
            except Exception as error:  # noqa: BLE001  # it does not answer, however that is said
                raise FirstlineError(f"the scheduler has gone ({type(error).__name__}); {KEPT}") from None
            if there:
                seen = time.monotonic()
            elif time.monotonic() - seen > WITHOUT_WORKERS_S:
                raise FirstlineError(f"the scheduler has had no workers for {WITHOUT_WORKERS_S:.0f} s; {KEPT}")

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

    def _broke(self, job: Job, *, alone: bool) -> Done | None:
        """Put back what a broken executor was doing; return the job as failed where it is clear that it broke it."""
        self.strikes[job.part] += alone
        given_up = self.strikes[job.part] >= MOST_STRIKES
        self.suspects.extend([*([] if given_up else [job]), *self.doing.values()])
        self.doing.clear()
        self._restart()
        return lost(job, ENDED) if given_up else None

    def _killed(self, job: Job, *, alone: bool) -> Done | None:
        """Do a job again, alone, whose workers were ended; return it as failed where it was alone."""
        if alone:
            return lost(job, ENDED)
        self.suspects.append(job)
        return None

    def _restart(self) -> None:
        self.starts += 1
        if self.starts > MOST_STARTS or not self.workers.restart():
            raise FirstlineError(f"the workers were ended from outside; {KEPT}")

    def _checked(self, done: Done) -> Done:
        if done.refused is not None:
            raise done.refused
        if done.canary != self.canary:
            raise FirstlineError(
                "a worker computes other last digits than the machine that made the folder (its canary is "
                f"{done.canary}, the folder's {self.canary}): use workers of one type of processor, with equal "
                f"versions; {KEPT}"
            )
        return done
