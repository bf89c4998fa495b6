"""The pace before a window: how long records took in the weeks before, as it is known when the window begins.

Where the file asks for it (``run_up``), an event's own run-up pulls what the training events say of its lag. How far it
can be trusted is what it was worth on them: the spread of each one's lag about the lag of its own run-up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analysis.backtest.events import Event, Log
from analysis.backtest.fit import ASSUMED_SPREAD, Fitted
from sim.records.closing import AT_ONCE_H, MISLAID_H, OfficeTime, since_monday


def before(log: Log, event: Event, clock: OfficeTime, run_up_h: float) -> tuple[int, float]:
    """Return (closings, mean office time until closing) of the requests before an event, known when it begins.

    Requests not closed yet count with the time so far, as those of an exponential law do; what was closed at once does
    not count, and what is mislaid does not count further.
    """
    begin_h = (event.begins - log.zero).total_seconds() / 3600
    mine = (log.created_h >= begin_h - run_up_h) & (log.created_h < begin_h)
    created, closed = log.created_h[mine], log.closed_h[mine]
    visited = closed - created > AT_ONCE_H
    created, closed = created[visited], closed[visited]
    until = np.minimum(np.minimum(closed, begin_h), created + MISLAID_H)
    offset = since_monday(log.zero)
    count = int((closed <= until).sum())
    open_h = float((clock.at(until + offset) - clock.at(created + offset)).sum())
    return count, open_h / count if count else math.nan


def spread_about_run_up(log: Log, events: Sequence[Event], fitted: Fitted, run_up_h: float) -> float | None:
    """Return how far lags of training events are from those of their run-ups (root mean square of logarithms).

    What is assumed of lags has the weight of one more event. None where no training event has a run-up.
    """
    squares = []
    for event in events:
        count, mean_h = before(log, event, fitted.books.clock, run_up_h)
        if count:
            squares.append(max(math.log(fitted.lags_h[event.name] / mean_h) ** 2 - 1 / count, 0.0))
    return math.sqrt((ASSUMED_SPREAD**2 + sum(squares)) / (1 + len(squares))) if squares else None


def informed(log: Log, event: Event, fitted: Fitted, about: float | None, run_up_h: float) -> Fitted:
    """Return what was learnt with what an event's own run-up adds to it: two normal laws of the logarithm combined."""
    count, mean_h = before(log, event, fitted.books.clock, run_up_h)
    if about is None or not count:
        return fitted
    own = about**2 + 1 / count
    weight = fitted.spread**2 / (fitted.spread**2 + own)
    centre = (1 - weight) * fitted.centre + weight * math.log(mean_h)
    return replace(fitted, centre=centre, spread=fitted.spread * math.sqrt(1 - weight))
