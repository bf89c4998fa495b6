"""Where a state of people stood between the rows of its table: rows are written at events, and hours move it too.

A row says what a state was after a change. Most changes are jumps; some stand for the hours since the row before:
hours on duty move it straight, rest and calming halve its distance to where the person started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.figures import GRID_POINTS

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

STRAIGHT = ("duty",)
BACK = ("rest", "calming")
"""Causes that stand for hours: straight up, or back by a half-life."""
DAY_H = 24
BLOCK = 2000
"""People whose paths are held in memory at a time."""


def moments(end_h: float) -> Floats:
    """Return the hours at which to look: as many to each day, or the same hour of every so manyth day.

    Any other spacing would show the rhythm of days as slow waves that are not there.
    """
    least = end_h / GRID_POINTS
    parts = [DAY_H / parts for parts in range(DAY_H, 0, -1) if DAY_H % parts == 0]
    step = next((step for step in parts if step >= least), DAY_H * np.ceil(least / DAY_H))
    return np.append(np.arange(0, end_h, step), end_h)


class Rows(NamedTuple):
    """The changes of one state in one run, by person and then as written; arrays of one element a row."""

    person: Ints
    """Rising; any numbers."""
    t_h: Floats
    value: Floats
    straight: npt.NDArray[np.bool_]
    back: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, table: pd.DataFrame, person: str, value: str) -> Rows:
        """Read them from a table with columns t_h and cause."""
        cause = table["cause"]
        return cls(
            table[person].to_numpy(np.int64),
            table["t_h"].to_numpy(float),
            table[value].to_numpy(float),
            cause.isin(STRAIGHT).to_numpy(),
            cause.isin(BACK).to_numpy(),
        )


def paths(rows: Rows, start: Floats, at_h: Floats) -> Floats:
    """Return the state of each person at each moment (people in rising order × moments), from their start on."""
    who, first, count = np.unique(rows.person, return_index=True, return_counts=True)
    if not who.size:
        return np.empty((0, at_h.size))
    scale = 2 * float(max(rows.t_h.max(), at_h.max())) + 1
    place = np.repeat(np.arange(who.size), count)
    key = place * scale + rows.t_h
    after = np.searchsorted(key, np.arange(who.size)[:, None] * scale + at_h, side="right")
    begun, last = after > first[:, None], after >= (first + count)[:, None]
    before, after = np.maximum(after - 1, 0), np.minimum(after, key.size - 1)
    level = np.where(begun, rows.value[before], start[:, None])
    moving = begun & ~last & (rows.straight | rows.back)[after]
    person, moment = np.nonzero(moving)
    old, new = before[moving], after[moving]
    gone = (at_h[moment] - rows.t_h[old]) / (rows.t_h[new] - rows.t_h[old])
    base = np.where(rows.back[new], start[person], 0.0)
    here, there = rows.value[old] - base, rows.value[new] - base
    halves = rows.back[new] & (here * there > 0)
    bent = here * np.divide(there, here, out=np.ones_like(here), where=halves) ** gone
    level[moving] = base + np.where(halves, bent, here + gone * (there - here))
    return level


def mean_path(changes: pd.DataFrame, at_end: pd.Series, at_h: Floats) -> Floats:
    """Return the mean over all residents of one state in one run at each moment.

    ``changes`` are the rows of that state and run; ``at_end`` the state of every resident at the end, by their number.
    """
    moved = changes.groupby("resident")["change"].sum()
    start = at_end.sub(moved, fill_value=0.0)
    others = start.drop(moved.index).sum()
    total = np.full(at_h.size, float(others))
    numbers = moved.index.to_numpy()
    for begin in range(0, numbers.size, BLOCK):
        block = numbers[begin : begin + BLOCK]
        mine = changes[changes["resident"].between(block[0], block[-1])]
        total += paths(Rows.of(mine, "resident", "value"), start.loc[block].to_numpy(), at_h).sum(axis=0)
    return total / len(at_end)
