"""Carry out a procedure: plan each round in a folder, have the missing runs made, and hand their values back.

What a procedure concludes depends on whole rounds only. Runs that are in the folder are not made again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from analysis.store.folder import Folder
from analysis.store.jobs import Done
from analysis.store.made import Made
from analysis.store.rounds import Asked, Collected, Procedure
from analysis.store.workers import Workers
from sim.spec.procedures import Key

T = TypeVar("T")


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

    def tell(note: str) -> None:
        if watch is not None:
            failed = len(collected.failed)
            watch(Progress(planned, collected.size - failed, failed, note))

    try:
        asked = next(procedure)
        while True:
            wanted = {run for run in asked.runs() if run not in collected}
            planned += len(wanted)
            jobs = folder.ask(asked)
            folder.recall(asked, collected)
            tell(asked.note)
            with Made(jobs, workers, folder.manifest["canary"]) as made:
                for done in made:
                    folder.keep(done)
                    _collect(done, wanted, collected)
                    tell(asked.note)
            asked = procedure.send(collected)
    except StopIteration as concluded:
        value: T = concluded.value
        return value
    finally:
        procedure.close()


def _collect(done: Done, wanted: set[Asked], collected: Collected) -> None:
    """Hand on what was asked for: a part may hold more, where a folder was planned for more before."""
    values: dict[Asked, dict[Key, float]] = {one.run: {} for one in done.ran if one.run in wanted}
    for run, row in done.rows:
        if run in values:
            values[run][row.outcome, row.by, row.level] = row.value
    for one in done.ran:
        if one.run in wanted:
            collected.fail(one.run) if one.status == "failed" else collected.add(one.run, values[one.run])
