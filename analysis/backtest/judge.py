"""A whole back-test: measure, fit, check on training events held out, predict, and say what is nearer on what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from analysis.backtest import baseline
from analysis.backtest.events import Event, Log, cut, read_log
from analysis.backtest.fit import Fitted, Watch, fit
from analysis.backtest.measure import measure
from analysis.backtest.memory import Past, informed
from analysis.backtest.predict import Predicted, costs, learnt, predict
from analysis.backtest.told import Errors, errors, loss, told
from sim.spec.backtest import Backtest

JUDGED = ("mean_h", "p90_h", "late_share", "backlog")
"""What model and baseline are compared by."""
Nearer = Literal["model", "baseline", "equal"]


@dataclass(frozen=True)
class Rival:
    """The baseline as fitted: requests a day, its loss, and its loss with a capacity of its own for each event."""

    per_day: float
    loss: float
    own_loss: float


@dataclass(frozen=True)
class Judged:
    """What a back-test found.

    ``held_out`` are training events predicted from the others; ``alone`` are the events to predict, from the training
    events alone, where the file asks for a look at the record before. ``lags_h`` are of each event to predict:
    (middle, low, high) of its mean lag. ``costs`` are hours of the mean, by training event.
    """

    asked: Backtest
    log: Log
    fitted: Fitted
    rival: Rival
    learnt: tuple[Predicted, ...]
    held_out: tuple[Predicted, ...]
    predicted: tuple[Predicted, ...]
    alone: tuple[Predicted, ...]
    lags_h: Mapping[str, tuple[float, float, float]]
    costs: Mapping[str, Mapping[str, float]]

    def groups(self) -> dict[str, tuple[Predicted, ...]]:
        """Return the events by what the model knew of them: learnt, held_out, predicted, alone."""
        return {"learnt": self.learnt, "held_out": self.held_out, "predicted": self.predicted, "alone": self.alone}

    @property
    def requests(self) -> int:
        """How many requests the log keeps."""
        return int(self.log.created_h.size)


def backtest(asked: Backtest, path: Path, source: str, watch: Watch, workers: int = 1) -> Judged:
    """Carry out a back-test; raises InputError for a log that cannot be read or a window without a request.

    The events to predict are not looked at before everything is learnt and fixed.
    """
    log = read_log(path, asked.log)
    trained = cut(log, asked.train, asked.warm_up, "train", source)
    cut(log, asked.predict, asked.warm_up, "predict", source)  # refused before minutes of work
    rounds = 1 + (len(trained) if len(trained) > 1 else 0)
    told_of = _Rounds(watch, rounds)
    fitted, predictor = _learn(asked, log, trained, told_of, workers)
    rival = _rival(trained, asked.target)
    inside = tuple(learnt(asked, path, event, fitted, rival.per_day, workers) for event in trained)
    spent = {event.name: costs(asked, path, event, fitted) for event in trained}
    held_out = tuple(_without(asked, log, trained, event, told_of, workers) for event in trained) if rounds > 1 else ()
    to_come = cut(log, asked.predict, asked.warm_up, "predict", source)
    known = {event.name: predictor(event) for event in to_come}
    predicted = tuple(predict(asked, path, event, known[event.name], rival.per_day, workers) for event in to_come)
    again = to_come if asked.memory > 0 else ()
    alone = tuple(predict(asked, path, event, fitted, rival.per_day, workers) for event in again)
    lags = {name: lag_of(each, asked.confidence) for name, each in known.items()}
    return Judged(asked, log, fitted, rival, inside, held_out, predicted, alone, lags, spent)


class _Rounds:
    """Tell a watcher of several fits as of one."""

    def __init__(self, watch: Watch, rounds: int) -> None:
        self.watch, self.rounds, self.round = watch, rounds, 0

    def __call__(self, done: int, of: int) -> None:
        self.watch(self.round * of + done, self.rounds * of)
        self.round += done == of


def _learn(
    asked: Backtest, log: Log, events: Sequence[Event], watch: Watch, workers: int
) -> tuple[Fitted, Callable[[Event], Fitted]]:
    """Return what was learnt, and what it says of an event to come."""
    fitted = fit(asked, Path(log.path), events, measure(events), watch, workers)
    if asked.memory <= 0:
        return fitted, lambda _: fitted
    past = Past(log.without(asked.predict.values()), fitted.books.clock, asked.memory)
    return fitted, lambda event: informed(past, event, fitted)


def _without(
    asked: Backtest, log: Log, events: Sequence[Event], left_out: Event, watch: Watch, workers: int
) -> Predicted:
    """Predict a training event from the others."""
    others = [event for event in events if event is not left_out]
    _, predictor = _learn(asked, log, others, watch, workers)
    rival = _rival(others, asked.target)
    return predict(asked, Path(log.path), left_out, predictor(left_out), rival.per_day, workers)


def _rival(events: Sequence[Event], target_h: float) -> Rival:
    seen = [told(event, event.closed_h, target_h) for event in events]
    per_day = baseline.fit_capacity(events, seen, target_h)
    alone = [
        baseline.loss_of([event], [one], target_h, baseline.fit_capacity([event], [one], target_h))
        for event, one in zip(events, seen, strict=True)
    ]
    own = float(np.sqrt(np.mean(np.square(alone))))
    return Rival(per_day, baseline.loss_of(events, seen, target_h, per_day), own)


def lag_of(fitted: Fitted, confidence: float) -> tuple[float, float, float]:
    """Return (middle, low, high) of the mean lag of an event to come, in hours of office time."""
    from scipy.special import ndtri

    half = float(ndtri((1 + confidence) / 2)) * fitted.spread
    middle, low, high = np.exp([fitted.centre, fitted.centre - half, fitted.centre + half])
    return float(middle), float(low), float(high)


def off(of: Predicted) -> tuple[Errors, Errors]:
    """Return how far the model and the baseline are from what was seen."""
    return errors(of.model, of.seen), errors(of.baseline, of.seen)


def nearer(of: Predicted, figure: str) -> Nearer:
    """Tell whether the model or the baseline is nearer to what was seen on a figure."""
    model, base = (float(getattr(each, figure)) for each in off(of))
    if abs(model - base) <= 1e-12 * max(model, base, 1.0):
        return "equal"
    return "model" if model < base else "baseline"


def losses(events: Sequence[Predicted]) -> tuple[float, float]:
    """Return the losses of model and baseline over events: roots of the means."""
    pairs = [(loss(one.model, one.seen), loss(one.baseline, one.seen)) for one in events]
    model, base = np.sqrt(np.mean(pairs, axis=0))
    return float(model), float(base)
