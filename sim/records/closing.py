"""When what is done is closed in the books: office hours, a lag, batches, and what is mislaid.

The record of a request is not closed when the work at the door is done. Somebody goes through a list, by day and
hardly on Sundays, and closes what has come in. Here a record that is done becomes ready after a lag that passes in
*office time*, and is closed with all others that are ready at the next moment at which somebody goes through the list.
Office time runs fast when much is closed and hardly when nothing is; over a week it passes as many hours as the clock.
A few requests need no visit and are closed at once; a few records are mislaid and turn up much later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sim.chance import Chance

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
WEEK_H = 168
KINDS = ("weekday", "saturday", "sunday")
AT_ONCE_H = 0.25
"""Closed within so long of being made: nobody went out."""
MISLAID_H = 240.0
"""Open for longer than this: the record was mislaid."""


def kind_of_day(hour_of_week: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the row of KINDS for hours from Monday 00:00."""
    day = hour_of_week // 24 % 7
    return np.where(day < 5, 0, day - 4)


def since_monday(moment: datetime) -> float:
    """Return hours since the last Monday, 00:00."""
    of_day = moment.hour + moment.minute / 60 + moment.second / 3600
    return 24.0 * moment.weekday() + of_day


@dataclass(frozen=True)
class OfficeTime:
    """A clock that runs at another pace in each hour of the week; ``pace`` has 168 values from Monday 00:00, mean 1."""

    pace: Floats

    @cached_property
    def _passed(self) -> Floats:
        return np.append(0.0, np.cumsum(self.pace)) * (WEEK_H / self.pace.sum())

    def at(self, hours: Floats) -> Floats:
        """Return the office time of hours since some Monday 00:00."""
        week = np.floor(hours / WEEK_H) * WEEK_H
        return week + np.interp(hours - week, np.arange(WEEK_H + 1), self._passed)

    def when(self, office: Floats) -> Floats:
        """Return the hours since that Monday at which an office time is reached."""
        week = np.floor(office / WEEK_H) * WEEK_H
        return week + np.interp(office - week, self._passed, np.arange(WEEK_H + 1))


@dataclass(frozen=True)
class Books:
    """How records are closed.

    ``at_once`` and ``mislaid`` are shares of requests, ``mislaid_mean_h`` is how long a mislaid one stays open,
    ``batches_per_h`` how often in an hour of office time somebody goes through the list (0: each record by itself),
    ``lag_h`` the mean lag in office time, gamma with ``shape``.
    """

    clock: OfficeTime
    at_once: float
    mislaid: float
    mislaid_mean_h: float
    batches_per_h: float
    lag_h: float = 0.0
    shape: float = 1.0

    def close(self, begins: datetime, created_h: Floats, done_h: Floats, seed: int, replication: int) -> Floats:
        """Return when each record is closed, in hours since ``begins``, with the luck of a run.

        Rows are requests in the order of the log, and keys of their draws; ``done_h`` is NaN for a request that
        needs no visit, and infinite for one whose visit has not ended.
        """
        return self.drawn(created_h.size, seed, replication).closed(self, begins, created_h, done_h)

    def drawn(self, size: int, seed: int, replication: int) -> Draws:
        """Draw the luck of so many records in a run."""
        from scipy.special import gammaincinv, log1p

        chance, number = Chance(seed, replication), np.arange(size)
        lag = np.asarray(gammaincinv(self.shape, chance.uniform("closing.lag", number)) / self.shape, np.float64)
        stay = -log1p(-chance.uniform("closing.found", number))
        mislaid = chance.uniform("closing.mislaid", number) < self.mislaid
        return Draws(lag, stay, mislaid, chance)


@dataclass(frozen=True)
class Draws:
    """The luck of records: lags and stays with mean 1, which are mislaid, and the moments at the list."""

    lag: Floats
    stay: Floats
    mislaid: Flags
    chance: Chance

    def closed(self, books: Books, begins: datetime, created_h: Floats, done_h: Floats) -> Floats:
        """Return when each record is closed by these books; see :meth:`Books.close`."""
        monday = since_monday(begins)
        visited = np.isfinite(done_h)
        office = books.clock.at(np.where(visited, done_h, 0.0) + monday) + books.lag_h * self.lag
        if books.batches_per_h > 0 and visited.any():
            moments = self._moments(books, float(office[visited].min()), float(office[visited].max()))
            office = moments[np.minimum(np.searchsorted(moments, office), moments.size - 1)]
        closed = books.clock.when(office) - monday
        found = MISLAID_H + max(books.mislaid_mean_h - MISLAID_H, 0.0) * self.stay
        closed = np.where(self.mislaid, np.maximum(closed, created_h + found), closed)
        closed = np.where(visited, np.maximum(closed, done_h), np.inf)
        return np.where(np.isnan(done_h), created_h, closed)

    def _moments(self, books: Books, first: float, last: float) -> Floats:
        """Return moments of a Poisson process in office time that reaches from the first record past the last."""
        from scipy.special import log1p

        wanted = (last - first) * books.batches_per_h
        count = int(wanted + 8 * np.sqrt(wanted) + 40)
        gaps = -log1p(-self.chance.uniform("closing.moment", np.arange(count)))
        return first + np.cumsum(gaps) / books.batches_per_h
