"""How far simulated means are from what was observed, and which trials are as near as chance explains.

The misfit is the sum of squared errors, each in its scale, less what the luck of few runs adds to it: the square of a
mean of n runs is too large by their variance over n. A trial is plausible where its misfit is above that of the best
by no more than the observations' chance allows one parameter (χ² with 1 degree of freedom; F, where the scatter is
learnt from the residuals) and the luck of the runs explains. The range of a parameter is that of the plausible trials.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.designs import position
from sim.spec.factors import Quantity

Floats = npt.NDArray[np.float64]
WHOLE = 0.9
"""A range of so much of what was allowed is all of it: nothing was learnt."""
AT_END = 0.02
"""A fitted value so near an end of what was allowed is at the end."""


@dataclass(frozen=True)
class Misfit:
    """A misfit over figures with its standard deviation by the luck of runs; infinite where a figure has no value."""

    total: float
    spread: float
    runs: int
    figures: int
    undefined: int = 0

    @property
    def loss(self) -> float:
        """The mean over figures; may fall below 0 by luck, for what luck adds is taken off."""
        return self.total / self.figures


@dataclass(frozen=True)
class Fitted:
    """A parameter as fitted and its range: ``low`` and ``high``, or the ``choices`` that are as good.

    ``whole`` where the range is all that was allowed; ``at_end`` where the fitted value lies at an end of it.
    """

    path: str
    value: Any
    before: Any
    low: Any
    high: Any
    choices: tuple[Any, ...]
    whole: bool
    at_end: bool


def misfit(values: Floats, observed: Floats, scale: Floats) -> Misfit:
    """Return the misfit of runs, (figures, runs), to what was observed; its spread is by the delta method."""
    figures, runs = values.shape
    undefined = int((~np.isfinite(values)).any(axis=1).sum())
    if undefined:
        return Misfit(math.inf, math.inf, runs, figures, undefined)
    apart = (values - observed[:, None]) / scale[:, None]
    error = apart.mean(axis=1)
    chance = np.atleast_2d(np.cov(apart)) / runs
    total = float((error**2).sum() - np.trace(chance))
    variance = float(4 * error @ chance @ error + 2 * (chance * chance).sum())
    return Misfit(total, math.sqrt(variance), runs, figures)


def allowed(best: Misfit, parameters: int, *, stated: bool, confidence: float) -> float:
    """Return how much more misfit than the best the chance of the observations explains in one parameter.

    Where each standard deviation is ``stated`` it is believed; a best fit that is worse than they explain widens them
    (Birge 1932, Phys. Rev. 40, 207–227). Else their scatter is that of the residuals, by Fisher's F; with no more
    figures than parameters there is none to learn from.
    """
    from scipy.special import chdtri, fdtri

    left = best.figures - parameters
    scatter = max(best.total / left, 0.0) if left > 0 else 0.0
    if stated:
        return max(scatter, 1.0) * float(chdtri(1, 1 - confidence))
    if left <= 0:
        return 0.0
    return scatter * float(fdtri(1, left, confidence))


def plausible(trials: Sequence[Misfit], best: Misfit, more: float, confidence: float) -> list[bool]:
    """Tell which trials are as near as the best, but for ``more`` and for the luck of their runs and of the best's."""
    from scipy.special import stdtrit

    found = []
    for one in trials:
        if not math.isfinite(one.total):
            found.append(False)
            continue
        luck = float(stdtrit(one.runs - 1, confidence)) * math.hypot(one.spread, best.spread)
        found.append(one.total - best.total <= more + luck)
    return found


def fitted(one: Quantity, before: Any, value: Any, tried: Sequence[Mapping[str, Any]], good: Sequence[bool]) -> Fitted:
    """Return a fitted parameter with its range: from the nearest values below to those above that no longer fit."""
    values = [point[one.path] for point in tried]
    if one.kind == "choice":
        every = one.levels(len(one.choices))
        kept = tuple(c for c in every if c == value or any(g and v == c for v, g in zip(values, good, strict=True)))
        return Fitted(one.path, value, before, None, None, kept, len(kept) == len(every), at_end=False)
    inside = [position(one, value), *(position(one, v) for v, g in zip(values, good, strict=True) if g)]
    by_position = sorted({position(one, v): v for v in values}.items())
    least, most = min(inside), max(inside)
    below = [v for at, v in by_position if at < least]
    above = [v for at, v in by_position if at > most]
    low, high = (below[-1] if below else one.at(0.0)), (above[0] if above else one.at(1.0))
    if one.kind == "integer":  # what no longer fits is not in it
        low, high = (low + 1 if below else int(one.low)), (high - 1 if above else int(one.high))
    whole = most - least >= WHOLE
    if whole:
        low, high = one.at(0.0), one.at(1.0)
    at = position(one, value)
    return Fitted(one.path, value, before, low, high, (), whole, not AT_END <= at <= 1 - AT_END)
