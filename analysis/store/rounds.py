"""Procedures that ask for runs in rounds and conclude from their values; who makes the runs is none of their business.

A procedure is a generator: it yields rounds and is sent what is collected. It is a function of whole rounds alone, so
workers, interruptions and the order in which runs end change nothing; and a test can answer it with numbers of its own.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from sim.spec.crossed import Cell
from sim.spec.procedures import Key

T = TypeVar("T")
Floats = npt.NDArray[np.float64]
CellName = tuple[str, str]
"""(world, variant)."""
Asked = tuple[str, str, int]
"""One run: (world, variant, replication)."""


class Batch(NamedTuple):
    """Replications of one cell; ``values`` says what was set on the base to make it, as JSON."""

    cell: Cell
    replications: range
    values: str = ""


class Round(NamedTuple):
    """Runs that are wanted before anything more is decided; ``note`` tells the user why."""

    batches: tuple[Batch, ...]
    note: str = ""

    def runs(self) -> set[Asked]:
        """Return the runs that are wanted."""
        return {(batch.cell.world, batch.cell.variant, k) for batch in self.batches for k in batch.replications}


class Collected:
    """The values of the outcomes that count, by run; NaN where a run has none or failed."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self.keys = tuple(keys)
        self.failed: set[Asked] = set()
        self._values: dict[Asked, tuple[float, ...]] = {}

    def add(self, run: Asked, values: Mapping[Key, float]) -> None:
        """Keep what counts of one run."""
        self._values[run] = tuple(values.get(key, np.nan) for key in self.keys)

    def fail(self, run: Asked) -> None:
        """Keep that a run has failed."""
        self.failed.add(run)
        self._values[run] = (np.nan,) * len(self.keys)

    def __contains__(self, run: Asked) -> bool:
        return run in self._values

    @property
    def size(self) -> int:
        """The number of runs, those that failed among them."""
        return len(self._values)

    def of(self, cell: CellName, key: Key, replications: Iterable[int]) -> Floats:
        """Return one outcome of a cell, one value a replication in their order.

        Raises KeyError for a run that was not asked for, ValueError for an outcome that is none of the ``keys``.
        """
        if key not in self.keys:
            there = ", ".join(str(known) for known in self.keys[:6]) or "none"
            raise ValueError(f"the outcome {key} is wanted among the keys that were given; there: {there}")
        place = self.keys.index(key)
        return np.array([self._values[(*cell, k)][place] for k in replications], np.float64)

    def whole(self, cells: Iterable[CellName], replications: Iterable[int]) -> list[int]:
        """Return the replications in which no run of these cells has failed: only those can be paired."""
        names = list(cells)
        return [k for k in replications if not any((*name, k) in self.failed for name in names)]


Procedure = Generator[Round, Collected, T]


def once(cells: Iterable[Cell], replications: int) -> Procedure[None]:
    """Ask for so many replications of each cell, and for nothing more."""
    yield Round(tuple(Batch(cell, range(replications)) for cell in cells))
