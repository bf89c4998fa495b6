"""Predictions: the crews and the books of an event to come, with an interval over runs and over the lag not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.backtest import baseline
from analysis.backtest.events import Event
from analysis.backtest.fit import Fitted, Trial, trial
from analysis.backtest.told import FIGURES, Told, middle, told
from sim.records.closing import OfficeTime
from sim.spec.backtest import Backtest

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Predicted:
    """An event as it was, as the model has it with bounds, and as the baseline has it."""

    event: Event
    seen: Told
    model: Told
    low: Told
    high: Told
    baseline: Told


def predict(asked: Backtest, log: Path, event: Event, fitted: Fitted, per_day: float, workers: int = 1) -> Predicted:
    """Predict an event that was not learnt from; each run has another mean lag, spread evenly over what it may be."""
    from scipy.special import ndtri

    count = asked.replications
    ran = trial(asked, log, event, fitted.crews, fitted.books.at_once, count, workers)
    places = ndtri((np.arange(count) + 0.5) / count)
    return _summed(asked, ran, fitted, np.exp(fitted.centre + fitted.spread * places), per_day)


def learnt(asked: Backtest, log: Path, event: Event, fitted: Fitted, per_day: float, workers: int = 1) -> Predicted:
    """Return a training event as the fitted model has it, with its own lag: no prediction."""
    ran = trial(asked, log, event, fitted.crews, fitted.books.at_once, asked.replications, workers)
    return _summed(asked, ran, fitted, np.full(asked.replications, fitted.lags_h[event.name]), per_day)


def _summed(asked: Backtest, ran: Trial, fitted: Fitted, lags_h: Floats, per_day: float) -> Predicted:
    event, runs = ran.event, []
    for k, (done, lag) in enumerate(zip(ran.visits, lags_h, strict=True)):
        books = fitted.for_lag(float(lag))
        closed = books.close(event.begins, event.created_h, done, ran.seed, k)
        runs.append(told(event, closed, asked.target))
    below = (1 - asked.confidence) / 2
    return Predicted(
        event,
        told(event, event.closed_h, asked.target),
        quantile(runs, 0.5),
        quantile(runs, below),
        quantile(runs, 1 - below),
        baseline.run(event, per_day, asked.target),
    )


def quantile(runs: Sequence[Told], share: float) -> Told:
    """Return a quantile of each figure over runs, and of the backlog of each day."""
    figures = {name: float(np.quantile([getattr(one, name) for one in runs], share)) for name in FIGURES}
    return Told(backlog=np.quantile([one.backlog for one in runs], share, axis=0), **figures)


def costs(asked: Backtest, log: Path, event: Event, fitted: Fitted) -> dict[str, float]:
    """Return the mean time until closing of a training event, in hours, as the books are taken away one by one.

    ``all`` of it; without ``batches``; then also without ``slow_hours``, so that records are closed all week at the
    mean pace of its busier half; then also without the ``lag``; then also with nothing ``mislaid``.
    """
    ran = trial(asked, log, event, fitted.crews, fitted.books.at_once, asked.trials)
    books = fitted.for_lag(fitted.lags_h[event.name])
    found = {"all": books, "batches": (books := replace(books, batches_per_h=0.0))}
    pace = np.sort(books.clock.pace)
    faster = float(pace[pace.size // 2 :].mean() / pace.mean())
    found["slow_hours"] = books = replace(books, clock=OfficeTime(np.ones_like(pace)), lag_h=books.lag_h / faster)
    found["lag"] = books = replace(books, lag_h=0.0)
    found["mislaid"] = replace(books, mislaid=0.0)
    return {name: middle(ran.told(these, asked.target)).mean_h for name, these in found.items()}
