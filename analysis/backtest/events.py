"""Events cut from a log of requests: when each came in, when it was closed, and when the log ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.request_log import Request, read_requests
from sim.errors import InputError, Problem
from sim.spec.backtest import Columns, Window

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Log:
    """All requests that a log keeps, by creation; ``closed_h`` is infinite for one that it does not close.

    Times are hours since ``zero``; ``end_h`` is the last moment that the log speaks of.
    """

    path: str
    zero: datetime
    created_h: Floats
    closed_h: Floats
    end_h: float

    def without(self, windows: Iterable[Window]) -> Log:
        """Return the log without the requests that came in during windows."""
        kept = np.ones(self.created_h.size, bool)
        for window in windows:
            begin_h, end_h = ((moment - self.zero).total_seconds() / 3600 for moment in (window.begin, window.end))
            kept &= (self.created_h < begin_h) | (self.created_h >= end_h)
        return replace(self, created_h=self.created_h[kept], closed_h=self.closed_h[kept])


@dataclass(frozen=True)
class Event:
    """The requests of a window, with those before it that load the crews, by creation.

    Times are hours since ``begins``, the window's beginning; what came in before has ``created_h`` below 0 and does not
    count. ``closed_h`` is infinite for what the log does not close; the log ends at ``end_h``.
    """

    name: str
    begins: datetime
    days: int
    created_h: Floats
    closed_h: Floats
    end_h: float

    @property
    def counts(self) -> Flags:
        """Which requests count: those of the window."""
        return self.created_h >= 0

    @property
    def size(self) -> int:
        """How many requests count."""
        return int(self.counts.sum())

    @property
    def still_open(self) -> int:
        """How many of those that count the log leaves open."""
        return int((~np.isfinite(self.closed_h[self.counts])).sum())


def read_log(path: Path, columns: Columns) -> Log:
    """Read a log of requests; raises InputError for what cannot be read, with lines."""

    def mine(row: Mapping[str, str]) -> bool:
        return all(row[key] == wanted for key, wanted in columns.only.items())

    made = read_requests(path, columns.created, columns.closed, columns.only, mine)
    if not made:
        said = "no request is left: the file is empty or 'only' keeps nothing"
        raise InputError(str(path), [Problem(columns.created, said)])
    if all(one.closed is None for one in made):
        raise InputError(
            str(path), [Problem(columns.closed, "not one request is closed: there is nothing to learn from")]
        )
    return _log(path, sorted(made, key=lambda one: one.created))


def _log(path: Path, made: Sequence[Request]) -> Log:
    zero = made[0].created
    created = np.array([(one.created - zero).total_seconds() / 3600 for one in made])
    closed = np.array([np.inf if one.closed is None else (one.closed - zero).total_seconds() / 3600 for one in made])
    return Log(str(path), zero, created, closed, float(max(created.max(), closed[np.isfinite(closed)].max())))


def event(log: Log, name: str, window: Window, before_h: float) -> Event:
    """Cut an event from a log, with the requests of so many hours before it."""
    begin_h = (window.begin - log.zero).total_seconds() / 3600
    end_h = (window.end - log.zero).total_seconds() / 3600
    mine = (log.created_h >= begin_h - before_h) & (log.created_h < end_h)
    created, closed = log.created_h[mine] - begin_h, log.closed_h[mine] - begin_h
    return Event(name, window.begin, window.days, created, closed, log.end_h - begin_h)


def cut(log: Log, windows: Mapping[str, Window], before_h: float, place: str, source: str) -> tuple[Event, ...]:
    """Cut several events; raises InputError for a window without a request."""
    events = tuple(event(log, name, window, before_h) for name, window in windows.items())
    problems = [
        Problem(f"{place}.{one.name}", f"no request of {log.path} came in during this window")
        for one in events
        if not one.size
    ]
    if problems:
        raise InputError(source, problems)
    return events
