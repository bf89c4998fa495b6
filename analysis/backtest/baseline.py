"""The baseline to beat: one crew, first come first served, the same time for every request, fitted by the same loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analysis.backtest.events import Event
from analysis.backtest.told import Told, loss, told

Floats = npt.NDArray[np.float64]
TRIED = 400
"""Capacities tried, evenly on a logarithmic scale, from half the least mean of an event to 100 times the largest."""


def served(created_h: Floats, per_day: float) -> Floats:
    """Return when one crew that serves so many requests a day, day and night, is done with each."""
    each = 24 / per_day
    number = np.arange(created_h.size)
    return np.maximum.accumulate(created_h - each * number) + each * (number + 1)


def fit_capacity(events: Sequence[Event], seen: Sequence[Told], target_h: float) -> float:
    """Return the capacity, in requests a day, with the least loss over training events."""
    means = [event.size / event.days for event in events]
    tried = np.geomspace(min(means) / 2, max(means) * 100, TRIED)
    return float(tried[int(np.argmin([loss_of(events, seen, target_h, capacity) for capacity in tried]))])


def loss_of(events: Sequence[Event], seen: Sequence[Told], target_h: float, per_day: float) -> float:
    """Return the loss of a capacity: the root of the mean over events."""
    losses = [loss(run(event, per_day, target_h), one) for event, one in zip(events, seen, strict=True)]
    return float(np.sqrt(np.mean(losses)))


def run(event: Event, per_day: float, target_h: float) -> Told:
    """Return what the baseline says of an event."""
    return told(event, served(event.created_h, per_day), target_h)
