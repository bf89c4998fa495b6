"""What is measured of the books on training events, and not fitted: the pace by hour and day, batches, two shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analysis.backtest.events import Event
from sim.records.closing import AT_ONCE_H, KINDS, MISLAID_H, WEEK_H, Books, OfficeTime, kind_of_day, since_monday

Floats = npt.NDArray[np.float64]
SAME_BATCH_H = 1 / 60
"""Records closed within a minute of the one before belong to its batch."""
SWEEPS = 20
PRIOR = 1.0
"""One closing at the mean pace is added to every hour and kind of day, so that no pace is 0."""


def measure(events: Sequence[Event]) -> Books:
    """Return the books of training events, with everything but lag and shape; each event has the same weight."""
    at_once, mislaid, stays = [], [], []
    for event in events:
        took = (event.closed_h - event.created_h)[event.counts]
        at_once.append(float((took <= AT_ONCE_H).mean()))
        known = np.minimum(
            took, event.end_h - event.created_h[event.counts]
        )  # what is open counts with the time so far
        lost = known > MISLAID_H
        judged = lost | (took <= MISLAID_H)
        mislaid.append(float(lost.sum() / max(judged.sum(), 1)))
        stays.append(known[lost])
    all_stays = np.concatenate(stays)
    clock = OfficeTime(pace(events))
    return Books(
        clock,
        at_once=float(np.mean(at_once)),
        mislaid=float(np.mean(mislaid)),
        mislaid_mean_h=float(all_stays.mean()) if all_stays.size else 0.0,
        batches_per_h=batches_per_h(events, clock),
    )


def pace(events: Sequence[Event]) -> Floats:
    """Return the pace of closing in the 168 hours of the week: closings by open request-hours, mean 1.

    It is a factor of the hour of the day times one of the kind of day, fitted in turns. Requests closed at once or
    mislaid are left out.
    """
    closings, exposure = np.zeros(WEEK_H), np.zeros(WEEK_H)
    for event in events:
        took = event.closed_h - event.created_h
        mine = event.counts & (took > AT_ONCE_H) & (took <= MISLAID_H)
        offset = since_monday(event.begins)
        created, closed = np.sort(event.created_h[mine]) + offset, np.sort(event.closed_h[mine]) + offset
        first = int(np.floor(offset))
        hours = np.arange(first, first + 24 * event.days + int(MISLAID_H))
        open_then = np.searchsorted(created, hours + 0.5) - np.searchsorted(closed, hours + 0.5)
        done = np.diff(np.searchsorted(closed, np.append(hours, hours[-1] + 1)))
        closings += np.bincount(hours % WEEK_H, done, WEEK_H)
        exposure += np.bincount(hours % WEEK_H, np.maximum(open_then, 0), WEEK_H)
    if not closings.sum() or not exposure.sum():
        return np.ones(WEEK_H)
    week = np.arange(WEEK_H)
    hour, kind = week % 24, kind_of_day(week)
    mean = closings.sum() / exposure.sum()
    of_hour, of_kind = np.ones(24), np.ones(len(KINDS))
    for _ in range(SWEEPS):
        of_hour = _ratio(closings, exposure * of_kind[kind] * mean, hour, 24)
        of_kind = _ratio(closings, exposure * of_hour[hour] * mean, kind, len(KINDS))
    found = of_hour[hour] * of_kind[kind]
    return np.asarray(found / found.mean())


def _ratio(closings: Floats, expected: Floats, rows: npt.NDArray[np.int64], size: int) -> Floats:
    return (np.bincount(rows, closings, size) + PRIOR) / (np.bincount(rows, expected, size) + PRIOR)


def batches_per_h(events: Sequence[Event], clock: OfficeTime) -> float:
    """Return how many batches are closed in an hour of office time within the windows; 0 where none is."""
    count, office = 0, 0.0
    for event in events:
        took = event.closed_h - event.created_h
        inside = event.counts & (took > AT_ONCE_H) & (took <= MISLAID_H) & (event.closed_h < 24 * event.days)
        closed = np.sort(event.closed_h[inside])
        if closed.size:
            count += 1 + int((np.diff(closed) > SAME_BATCH_H).sum())
        offset = since_monday(event.begins)
        begin, end = clock.at(np.array([offset, offset + 24 * event.days]))
        office += float(end - begin)
    return count / office if office else 0.0
