"""What the record before a window says of the pace in it: recent closings count more than old ones.

Where the file asks for it (``memory``), an event's own past pulls what the training events say of its lag. How far that
can be trusted is measured by a rolling origin: the same forecast for stretches of the record before the event, each
from what was known when it began, beside how it then went.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.backtest.events import Event, Log
from analysis.backtest.fit import ASSUMED_SPREAD, Fitted
from sim.records.closing import AT_ONCE_H, MISLAID_H, OfficeTime, since_monday

Floats = npt.NDArray[np.float64]
LEAST_REQUESTS = 10
"""A stretch of the record with fewer requests says too little of its pace."""


@dataclass(frozen=True)
class Pace:
    """The mean office time until closing, as its logarithm with the variance of the sampling."""

    log_mean: float
    variance: float


@dataclass(frozen=True)
class Past:
    """The requests of a log that were not closed at once, on the clock of the office."""

    log: Log
    clock: OfficeTime
    half_life_h: float

    def known_at(self, moment_h: float) -> Pace | None:
        """Return the pace as it is known at a moment, what came in a half-life ago counting half.

        A request not closed yet counts with the time so far, as under an exponential law; what is mislaid does not
        count further. None where nothing was closed.
        """
        mine = self.log.created_h < moment_h
        return self._pace(mine, moment_h, np.exp2((self.log.created_h[mine] - moment_h) / self.half_life_h))

    def between(self, begin_h: float, end_h: float, moment_h: float) -> Pace | None:
        """Return the pace of the requests of a stretch as it is known at a moment; None where they are too few."""
        mine = (self.log.created_h >= begin_h) & (self.log.created_h < end_h)
        return self._pace(mine, moment_h, np.ones(int(mine.sum()))) if mine.sum() >= LEAST_REQUESTS else None

    def _pace(self, mine: npt.NDArray[np.bool_], moment_h: float, weight: Floats) -> Pace | None:
        created, closed = self.log.created_h[mine], self.log.closed_h[mine]
        until = np.minimum(np.minimum(closed, moment_h), created + MISLAID_H)
        offset = since_monday(self.log.zero)
        took = self.clock.at(until + offset) - self.clock.at(created + offset)
        weight = np.where(closed - created > AT_ONCE_H, weight, 0.0)
        counts = weight * (closed <= until)
        if not counts.sum():
            return None
        return Pace(math.log((weight * took).sum() / counts.sum()), float((counts**2).sum() / counts.sum() ** 2))


def informed(past: Past, event: Event, fitted: Fitted) -> Fitted:
    """Return what was learnt with what the record before an event adds to it.

    Two normal laws of the logarithm of the lag are combined. The spread of the result is not taken from that sum, which
    holds for independent errors only, where the rolling origin shows a larger one.
    """
    begin_h = (event.begins - past.log.zero).total_seconds() / 3600
    known = past.known_at(begin_h)
    if known is None:
        return fitted
    tried = list(_rolling_origin(past, begin_h, 24.0 * event.days))
    drift = _spread([(was.log_mean - then.log_mean, was.variance + then.variance) for then, was in tried])
    forecast = _combined(fitted, known, drift)
    shown = _spread([(was.log_mean - _combined(fitted, then, drift).centre, was.variance) for then, was in tried])
    return replace(forecast, spread=max(forecast.spread, shown))


def _rolling_origin(past: Past, begin_h: float, length_h: float) -> Iterator[tuple[Pace, Pace]]:
    """Yield (known when it began, as it went) for stretches as long as an event, back from its beginning."""
    for number in range(1, int(begin_h // length_h) + 1):
        origin_h = begin_h - number * length_h
        known, was = past.known_at(origin_h), past.between(origin_h, origin_h + length_h, begin_h)
        if known is not None and was is not None:
            yield known, was


def _combined(fitted: Fitted, known: Pace, drift: float) -> Fitted:
    own = drift**2 + known.variance
    weight = fitted.spread**2 / (fitted.spread**2 + own)
    centre = (1 - weight) * fitted.centre + weight * known.log_mean
    return replace(fitted, centre=centre, spread=fitted.spread * math.sqrt(1 - weight))


def _spread(errors: Sequence[tuple[float, float]]) -> float:
    """Return the spread of errors beyond their sampling; what is assumed of lags has the weight of one more error."""
    squares = [max(error**2 - variance, 0.0) for error, variance in errors]
    return math.sqrt((ASSUMED_SPREAD**2 + sum(squares)) / (1 + len(squares)))
