"""Events cut from a log of requests: when each came in, when it was closed, and when the log ends."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sim.errors import InputError, Problem, nearest
from sim.spec.backtest import Columns, Window

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
MOST_PROBLEMS = 10


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
    problems: list[Problem] = []
    made: list[tuple[datetime, datetime | None]] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            names = list(reader.fieldnames or [])
            missing = [name for name in (columns.created, columns.closed, *columns.only) if name not in names]
            if missing:
                raise InputError(
                    str(path), [Problem(name, f"no such column{nearest(name, names)}") for name in missing]
                )
            for number, row in enumerate(reader, start=2):
                if any(row[key] != wanted for key, wanted in columns.only.items()):
                    continue
                created = _moment(row[columns.created], columns.created, number, problems)
                closed = None
                if (row[columns.closed] or "").strip():
                    closed = _moment(row[columns.closed], columns.closed, number, problems)
                if created is not None and closed is not None and closed < created:
                    problems.append(Problem(columns.closed, f"closed before it came in: {closed} < {created}", number))
                if created is not None:
                    made.append((created, closed))
    except OSError as error:
        said = f"the request log cannot be read: {error.strerror}"
        raise InputError(str(path), [Problem("", said)]) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(str(path), [Problem("", f"a CSV file in UTF-8 is wanted: {error}")]) from None
    if problems:
        raise InputError(str(path), problems[:MOST_PROBLEMS])
    if not made:
        said = "no request is left: the file is empty or 'only' keeps nothing"
        raise InputError(str(path), [Problem(columns.created, said)])
    if all(closed is None for _, closed in made):
        raise InputError(
            str(path), [Problem(columns.closed, "not one request is closed: there is nothing to learn from")]
        )
    return _log(path, sorted(made, key=lambda row: row[0]))


def _moment(text: str | None, column: str, line: int, problems: list[Problem]) -> datetime | None:
    try:
        return datetime.fromisoformat(text or "").replace(tzinfo=None)
    except ValueError:
        said = f"a date and time such as 2015-05-25T18:30:00 is wanted; found {text!r}"
        problems.append(Problem(column, said, line))
        return None


def _log(path: Path, made: list[tuple[datetime, datetime | None]]) -> Log:
    zero = made[0][0]
    created = np.array([(created - zero).total_seconds() / 3600 for created, _ in made])
    closed = np.array([np.inf if end is None else (end - zero).total_seconds() / 3600 for _, end in made])
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
