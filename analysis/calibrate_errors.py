"""Observed beside simulated: intervals of prediction, the error on what was held out, and what should give pause."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.observed import Figure
from analysis.outcomes import limits
from analysis.plausible import Fitted
from sim.spec.procedures import Key

Floats = npt.NDArray[np.float64]
NAN = float("nan")
Kind = Literal["worse_fit", "many", "end", "whole", "undefined", "misses", "far", "no_better", "naive", "unknown"]


@dataclass(frozen=True)
class Row:
    """One observed figure beside the mean of fresh runs; NaN where not every run has a value.

    ``low`` and ``high`` bound what would be observed if the fit were true: the runs of the finalists that are as good,
    and the standard deviation of the observation, cut where the outcome cannot be. ``naive`` is what the fitted figures
    alone would foretell.
    """

    key: Key
    held_out: bool
    observed: float
    sd: float
    scale: float
    before: float
    simulated: float
    low: float
    high: float
    naive: float

    @property
    def inside(self) -> bool:
        """Whether the observed figure lies where it was to be expected."""
        return self.low <= self.observed <= self.high


@dataclass(frozen=True)
class Errors:
    """Root mean squares of the errors of some figures, each in its scale: as fitted, as it was, and naively."""

    held_out: bool
    figures: int
    fitted: float
    before: float
    naive: float
    """By the mean of the fitted figures of the same outcome; NaN where one has none."""


@dataclass(frozen=True)
class Warn:
    """What should give pause: its kind, of which parameter or figure, and two numbers where it has them."""

    kind: Kind
    path: str = ""
    key: Key | None = None
    first: float = NAN
    second: float = NAN


def rows(
    figures: Sequence[Figure],
    of: Callable[[str, Key], Floats],
    before: str,
    chosen: str,
    as_good: Sequence[str],
    confidence: float,
) -> tuple[Row, ...]:
    """Return each figure beside its simulated counterpart; ``of`` gives the fresh runs of a cell."""
    from scipy.special import ndtri

    z = float(ndtri((1 + confidence) / 2))
    found = []
    for one in figures:
        runs = of(chosen, one.key)
        mean = float(runs.mean())
        low = high = NAN
        every = np.concatenate([of(name, one.key) for name in dict.fromkeys([chosen, *as_good])])
        if np.isfinite(mean) and np.isfinite(every).all():
            ends = np.quantile(every, [(1 - confidence) / 2, (1 + confidence) / 2], method="weibull")
            least, most = limits(one.key[0])
            low, high = (float(np.clip(_wider(mean, float(end), z, one), least, most)) for end in ends)
        base = float(of(before, one.key).mean())
        found.append(
            Row(one.key, one.held_out, one.value, one.sd, one.scale, base, mean, low, high, _naive(one, figures))
        )
    return tuple(found)


def _wider(mean: float, end: float, z: float, one: Figure) -> float:
    """Move an end of the runs' range outward by the chance of the observation.

    The days of a log have the same chance as a run: the larger of the two counts, not both.
    """
    more = z * one.sd if np.isfinite(one.sd) else 0.0
    apart = end - mean
    size = max(abs(apart), more) if one.of_log else math.hypot(apart, more)
    return mean + math.copysign(size, apart)


def _naive(one: Figure, figures: Sequence[Figure]) -> float:
    """Return what the fitted figures alone foretell: that of the same part, else the mean of the same outcome."""
    if not one.held_out:
        return NAN
    like = [other for other in figures if not other.held_out and other.key[0] == one.key[0]]
    same = [other for other in like if other.key == one.key]
    return float(np.mean([other.value for other in same or like])) if like else NAN


def errors(table: Sequence[Row], held_out: bool) -> Errors:
    """Return the errors over the figures that were held out, or over those that were not."""
    part = [row for row in table if row.held_out == held_out]

    def of(value: Callable[[Row], float]) -> float:
        return float(np.sqrt(np.mean([((value(row) - row.observed) / row.scale) ** 2 for row in part])))

    return Errors(held_out, len(part), of(lambda r: r.simulated), of(lambda r: r.before), of(lambda r: r.naive))


def warnings(
    found: Sequence[Fitted], table: Sequence[Row], parts: Sequence[Errors], undefined: int
) -> tuple[Warn, ...]:
    """Return what should give pause."""
    return tuple(_warnings(found, table, parts, undefined))


def _warnings(found: Sequence[Fitted], table: Sequence[Row], parts: Sequence[Errors], undefined: int) -> Iterator[Warn]:
    fit = next((part for part in parts if not part.held_out), None)
    if fit is not None and fit.fitted > fit.before:
        yield Warn("worse_fit", first=fit.fitted, second=fit.before)
    to_fit = sum(not row.held_out for row in table)
    if len(found) > to_fit:
        yield Warn("many", first=len(found), second=to_fit)
    for one in found:
        if one.whole:
            yield Warn("whole", one.path)
        elif one.at_end:
            yield Warn("end", one.path)
    if undefined:
        yield Warn("undefined", first=undefined)
    for row in table:
        if not row.inside:
            yield Warn("far" if row.held_out else "misses", key=row.key)
    held = next((part for part in parts if part.held_out), None)
    if held is None:
        yield Warn("unknown")
        return
    if held.fitted > held.before:
        yield Warn("no_better", first=held.fitted, second=held.before)
    if held.fitted > held.naive:
        yield Warn("naive", first=held.fitted, second=held.naive)
