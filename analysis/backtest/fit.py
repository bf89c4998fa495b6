"""The fit: crews and the shape of the lag for all training events together, the mean lag for each of them.

Events differ in how fast their records were closed, whatever their load. So each training event has a mean lag of its
own, and an event to come is taken for another of their kind: the logarithm of its lag is normal, with the mean and the
spread of theirs (more, because few events tell it). Everything else is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.backtest.crews import scenario, visited
from analysis.backtest.events import Event
from analysis.backtest.told import Told, loss, middle, told
from sim.records.closing import Books
from sim.runs import run_many
from sim.spec.backtest import Backtest

Floats = npt.NDArray[np.float64]
Watch = Callable[[int, int], object]
SHAPES = (1.0, 1.5, 2.0, 3.0)
"""Shapes of the lag that are tried: 1 is exponential; the larger, the more alike the lags."""
LAGS_H = tuple(float(lag) for lag in np.geomspace(0.25, 256, 41))
"""Mean lags that are tried first, in hours of office time; then between the neighbours of the best."""
REFINED = 9
ASSUMED_SPREAD = 0.6
"""Spread of the logarithm of the lag that is assumed, with the weight of one more event: a factor of two either way.

Without it two events that happen to be alike would leave no doubt of the third, and one could not be learnt from.
"""


@dataclass(frozen=True)
class Fitted:
    """What was learnt: crews, the shape of the lag, the mean lag of each training event, and the books as measured.

    ``centre`` and ``spread`` are of the logarithm of the mean lag, in hours of office time, of an event to come.
    """

    crews: int
    books: Books
    lags_h: Mapping[str, float]
    centre: float
    spread: float
    loss: float
    losses: Mapping[int, float]
    """The least loss with each number of crews."""

    def for_lag(self, lag_h: float) -> Books:
        """Return the books with a mean lag."""
        return replace(self.books, lag_h=lag_h)


@dataclass(frozen=True)
class Trial:
    """Runs of the crews for one event: when each visit was done, one array a replication."""

    event: Event
    visits: tuple[Floats, ...]
    seed: int

    def told(self, books: Books, target_h: float) -> list[Told]:
        """Return what books make of each run."""
        draws = [books.drawn(self.event.created_h.size, self.seed, k) for k in range(len(self.visits))]
        return [
            told(self.event, luck.closed(books, self.event.begins, self.event.created_h, done), target_h)
            for luck, done in zip(draws, self.visits, strict=True)
        ]


def trial(
    asked: Backtest, log: Path, event: Event, crews: int, at_once: float, replications: int, workers: int = 1
) -> Trial:
    """Run the crews of an event."""
    made = scenario(asked, log, event, crews, at_once)
    measure = partial(visited, event=event, warm_up_h=asked.warm_up)
    return Trial(event, tuple(run_many(made, replications, measure, seed=asked.seed, workers=workers)), asked.seed)


def fit(asked: Backtest, log: Path, events: Sequence[Event], books: Books, watch: Watch, workers: int = 1) -> Fitted:
    """Learn from training events: every number of crews with every shape, and the best lag of each event with it."""
    seen = [told(event, event.closed_h, asked.target) for event in events]
    found: list[tuple[float, int, float, list[float]]] = []
    for done, crews in enumerate(asked.crews.count):
        watch(done, len(asked.crews.count))
        trials = [trial(asked, log, one, crews, books.at_once, asked.trials, workers) for one in events]
        for shape in SHAPES:
            shaped = replace(books, shape=shape)
            best = [best_lag(each, shaped, one, asked.target) for each, one in zip(trials, seen, strict=True)]
            total = float(np.sqrt(np.mean([loss for loss, _ in best])))
            found.append((total, crews, shape, [lag for _, lag in best]))
    watch(len(asked.crews.count), len(asked.crews.count))
    least, crews, shape, lags = min(found)
    centre, spread = of_an_event_to_come(lags)
    return Fitted(
        crews,
        replace(books, shape=shape),
        {event.name: lag for event, lag in zip(events, lags, strict=True)},
        centre,
        spread,
        least,
        {count: min(total for total, other, *_ in found if other == count) for count in asked.crews.count},
    )


def best_lag(of: Trial, books: Books, seen: Told, target_h: float) -> tuple[float, float]:
    """Return (loss, mean lag) with the least loss for one event: along a grid, then between its neighbours."""
    draws = [books.drawn(of.event.created_h.size, of.seed, k) for k in range(len(of.visits))]

    def tried(lags: Iterable[float]) -> list[tuple[float, float]]:
        rows = []
        for lag in lags:
            with_lag = replace(books, lag_h=lag)
            runs = [
                told(of.event, luck.closed(with_lag, of.event.begins, of.event.created_h, done), target_h)
                for luck, done in zip(draws, of.visits, strict=True)
            ]
            rows.append((loss(middle(runs), seen), lag))
        return rows

    first = tried(LAGS_H)
    place = LAGS_H.index(min(first)[1])
    low, high = LAGS_H[max(place - 1, 0)], LAGS_H[min(place + 1, len(LAGS_H) - 1)]
    return min(first + tried(float(lag) for lag in np.geomspace(low, high, REFINED)))


def of_an_event_to_come(lags_h: Sequence[float]) -> tuple[float, float]:
    """Return mean and spread of the logarithm of the lag of another event of the same kind."""
    logs = np.log(lags_h)
    variance = (ASSUMED_SPREAD**2 + float(((logs - logs.mean()) ** 2).sum())) / logs.size
    return float(logs.mean()), float(np.sqrt(variance * (1 + 1 / logs.size)))
