"""Means and intervals over replications: the run is the sampling unit, never the need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.outcomes import Row

if TYPE_CHECKING:
    import pandas as pd

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean over runs with its interval; NaN where a run has no value, with how many had one.

    ``half_width`` is that of Student's t interval on the runs' values; NaN with fewer than two runs.
    """

    mean: float
    half_width: float
    runs: int
    defined: int

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self.mean + self.half_width


def estimate(values: Iterable[float], confidence: float = CONFIDENCE) -> Estimate:
    """Return the mean of values of independent runs, with its interval.

    A run without a value (a quantile that was not reached) leaves the mean undefined: dropping it would flatter.
    """
    array = np.asarray(list(values), dtype=np.float64)
    defined = int((~np.isnan(array)).sum())
    if not array.size or defined < array.size:
        return Estimate(float("nan"), float("nan"), array.size, defined)
    mean = float(array.mean())
    if array.size < 2:
        return Estimate(mean, float("nan"), 1, 1)
    from scipy.special import stdtrit

    half_width = stdtrit(array.size - 1, (1 + confidence) / 2) * (array.std(ddof=1) / np.sqrt(array.size))
    return Estimate(mean, float(half_width), array.size, defined)


def estimates(rows: Iterable[Row]) -> dict[tuple[str, str, str], Estimate]:
    """Return an estimate for each (outcome, by, level) of many runs' rows; undefined where a run has no such row."""
    values: dict[tuple[str, str, str], list[float]] = {}
    runs: set[int] = set()
    for row in rows:
        values.setdefault((row.outcome, row.by, row.level), []).append(row.value)
        runs.add(row.replication)
    return {key: estimate(found + [float("nan")] * (len(runs) - len(found))) for key, found in values.items()}


def frame(rows: Iterable[Row]) -> pd.DataFrame:
    """Return rows as a data frame: replication, outcome, by, level, value, size."""
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(Row._fields))
