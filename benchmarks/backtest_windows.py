"""Predict the other weeks of a record of requests: what the back-test's method was chosen by, and how far it holds.

    python -m benchmarks.backtest_windows --log houston311_flood_2015_2016.csv
    python -m benchmarks.backtest_windows --log … --memory 0 7 14 28 56

Takes ``houston-floods`` as it is shipped, learns from its training events, and predicts every stretch of two weeks with
requests enough that touches no event of the file; the events to predict are left out of the record altogether. Prints
for each half-life of memory (in days; 0: none) the loss beside the baseline's, on how many windows the model is nearer,
and how often its 90 % range holds what was observed. Exit code 0: measured.
"""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.backtest.events import Log
    from analysis.backtest.predict import Predicted
    from analysis.backtest.told import Told
    from sim.spec.backtest import Backtest, Window

FIGURES = ("mean_h", "p90_h", "late_share")
DAYS = 14
LEAST_REQUESTS = 15
WARM_UP_DAYS = 40
"""The first weeks of the record are only remembered."""


def windows(log: Log, asked: Backtest) -> dict[str, Window]:
    """Return stretches of two weeks with requests enough, from the first on, that touch no event of the file."""
    from sim.spec.backtest import Window

    taken = [(event.begin, event.end) for event in (*asked.train.values(), *asked.predict.values())]
    begin = log.zero.replace(hour=0, minute=0, second=0) + timedelta(days=WARM_UP_DAYS)
    found: dict[str, Window] = {}
    while (begin - log.zero).total_seconds() / 3600 + 24 * DAYS < log.created_h[-1]:
        end, begin_h = begin + timedelta(days=DAYS), (begin - log.zero).total_seconds() / 3600
        size = int(((log.created_h >= begin_h) & (log.created_h < begin_h + 24 * DAYS)).sum())
        if size >= LEAST_REQUESTS and all(end <= first or begin >= last for first, last in taken):
            found[f"{begin:%Y-%m-%d}"] = Window.model_validate({"from": begin.isoformat(), "before": end.isoformat()})
            begin = end
        else:
            begin += timedelta(days=1)
    return found


def line(memory_d: int, predicted: Sequence[Predicted]) -> str:
    """Return a row of the table: losses, windows on which the model is nearer, windows that the range holds."""
    from analysis.backtest.judge import JUDGED, losses, nearer
    from analysis.backtest.told import loss

    model, base = losses(predicted)
    middle = [float(np.median([loss(side(one), one.seen) ** 0.5 for one in predicted])) for side in (_model, _base)]
    near = [str(sum(nearer(one, figure) == "model" for one in predicted)) for figure in JUDGED]
    held = [
        str(sum(getattr(one.low, name) <= getattr(one.seen, name) <= getattr(one.high, name) for one in predicted))
        for name in FIGURES
    ]
    cells = (memory_d, len(predicted), f"{model:.2f}", f"{base:.2f}", *(f"{one:.2f}" for one in middle), *near, *held)
    return "".join(f"{cell:>10}" for cell in cells)


def _model(one: Predicted) -> Told:
    return one.model


def _base(one: Predicted) -> Told:
    return one.baseline


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a row for each half-life."""
    from analysis.backtest.baseline import fit_capacity
    from analysis.backtest.events import cut, read_log
    from analysis.backtest.fit import fit
    from analysis.backtest.measure import measure
    from analysis.backtest.memory import Past, informed
    from analysis.backtest.predict import predict
    from analysis.backtest.told import told
    from sim.backtest_files import read_backtest

    words = argparse.ArgumentParser(prog="python -m benchmarks.backtest_windows", description=__doc__.splitlines()[0])
    words.add_argument("--log", type=Path, required=True)
    words.add_argument("--memory", type=int, nargs="+", default=[0, 7, 14, 28, 56], help="half-lives in days")
    chosen = words.parse_args(arguments)
    asked, path = read_backtest("houston-floods", chosen.log)
    log = read_log(path, asked.log)
    trained = cut(log, asked.train, asked.warm_up, "train", "houston-floods")
    fitted = fit(asked, path, trained, measure(trained), lambda _done, _of: None)
    per_day = fit_capacity(trained, [told(one, one.closed_h, asked.target) for one in trained], asked.target)
    others = cut(log, windows(log, asked), asked.warm_up, "predict", "houston-floods")
    known = log.without(asked.predict.values())
    print("  half-life            loss            median loss          model nearer on           90 % range holds")
    heads = ("days", "windows", "model", "baseline", "model", "baseline", "mean", "p90", "late", "backlog")
    print("".join(f"{head:>10}" for head in (*heads, "mean", "p90", "late")))
    for days in chosen.memory:
        past = Past(known, fitted.books.clock, 24.0 * days)
        told_of = [informed(past, one, fitted) if days else fitted for one in others]
        found = [predict(asked, path, one, each, per_day) for one, each in zip(others, told_of, strict=True)]
        print(line(days, found), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
