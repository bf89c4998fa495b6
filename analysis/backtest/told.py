"""What is told of an event: how long requests took until they were closed, and how many were open day by day."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.backtest.events import Event

Floats = npt.NDArray[np.float64]
FIGURES = ("mean_h", "median_h", "p90_h", "late_share")
"""Figures of the requests of a window."""
NEGLIGIBLE_SHARE = 0.01
"""Shares are compared as if a hundredth more were late, so that none and 0.1 % are much the same."""


@dataclass(frozen=True)
class Told:
    """Figures of an event, observed or modelled.

    Times in hours from coming in to being closed; ``late_share`` of them took longer than the target; ``backlog`` is
    how many requests of the window are open at the end of each of its days.
    """

    mean_h: float
    median_h: float
    p90_h: float
    late_share: float
    backlog: Floats


def told(event: Event, closed_h: Floats, target_h: float) -> Told:
    """Return what is told of an event whose requests are closed at these times, in the order of the event.

    What is not closed when the log ends counts with the time until then, observed or modelled: a lower bound.
    """
    mine = event.counts
    created = event.created_h[mine]
    closed = np.minimum(closed_h[mine], event.end_h)
    took = closed - created
    ends = 24.0 * np.arange(1, event.days + 1)
    came = np.searchsorted(np.sort(created), ends)
    went = np.searchsorted(np.sort(closed_h[mine]), ends)
    return Told(
        float(took.mean()),
        float(np.median(took)),
        float(np.quantile(took, 0.9)),
        float((took > target_h).mean()),
        (came - went).astype(np.float64),
    )


def middle(many: list[Told]) -> Told:
    """Return the mean of each figure over runs."""
    figures = {name: float(np.mean([getattr(one, name) for one in many])) for name in FIGURES}
    return Told(backlog=np.mean([one.backlog for one in many], axis=0), **figures)


@dataclass(frozen=True)
class Errors:
    """How far figures are from those observed: absolute differences, and that of the backlog as a share of its mean."""

    mean_h: float
    median_h: float
    p90_h: float
    late_share: float
    backlog: float


def errors(model: Told, seen: Told) -> Errors:
    """Return how far a model is from what was seen."""
    figures = {name: abs(getattr(model, name) - getattr(seen, name)) for name in FIGURES}
    return Errors(backlog=backlog_error(model, seen), **figures)


def backlog_error(model: Told, seen: Told) -> float:
    """Return the mean absolute error of the daily backlog, as a share of the mean backlog (of at least one request)."""
    return float(np.abs(model.backlog - seen.backlog).mean() / max(seen.backlog.mean(), 1.0))


def loss(model: Told, seen: Told) -> float:
    """Return what a fit makes small: the mean square of four errors without a unit.

    The logarithms of the ratios of the means, of the 90th percentiles and of the late shares (each plus a hundredth);
    and the error of the backlog. A model that is twice too slow is as wrong as one that is twice too fast.
    """
    small = 1 / 60
    parts = [
        math.log(max(model.mean_h, small) / max(seen.mean_h, small)),
        math.log(max(model.p90_h, small) / max(seen.p90_h, small)),
        math.log((model.late_share + NEGLIGIBLE_SHARE) / (seen.late_share + NEGLIGIBLE_SHARE)),
        backlog_error(model, seen),
    ]
    return float(np.mean(np.square(parts)))
