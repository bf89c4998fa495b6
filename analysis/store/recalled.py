"""Conclude once more from a folder whose runs are all made: nothing is run and nothing written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from analysis.store.folder import Folder
from analysis.store.rounds import Collected, Procedure
from sim.errors import InputError, Problem
from sim.spec.procedures import Key

T = TypeVar("T")


def recalled(procedure: Procedure[T], folder: Folder, keys: Sequence[Key]) -> T:
    """Return what a procedure concludes from the runs of a folder; raises InputError where some were never made."""
    collected = Collected(keys)
    planned = {(row.world, row.variant, row.replication) for row in folder.plan.rows}
    try:
        asked = next(procedure)
        while True:
            missing = len(asked.runs() - planned)
            if not missing:
                folder.recall(asked, collected)
                missing = sum(run not in collected for run in asked.runs())
            if missing:
                said = f"its runs did not finish: {missing} are missing; give the command that made it again"
                raise InputError(str(folder.path), [Problem("", said)])
            asked = procedure.send(collected)
    except StopIteration as concluded:
        value: T = concluded.value
        return value
    finally:
        procedure.close()
