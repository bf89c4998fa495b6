"""What a back-test prints: what was learnt; each event as observed, modelled and by the baseline; which is nearer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from analysis.backtest.judge import JUDGED, Judged, losses, nearer, off
from analysis.backtest.predict import Predicted
from analysis.backtest.told import FIGURES
from firstline.formats import percent
from firstline.grids import Block, Grid
from firstline.words import Words
from sim.records.closing import WEEK_H
from sim.units import say_duration

Rows = tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]


def page(found: Judged, words: Words) -> list[Block]:
    """Return what is said of a back-test, as paragraphs and tables."""
    asked = found.asked
    blocks: list[Block] = [asked.title or asked.backtest, *_learnt(found, words)]
    level = f"{100 * asked.confidence:g} %"
    blocks.append(_grid(found.learnt, words("backtest.table_learnt"), level, words))
    if found.held_out:
        blocks.append(_grid(found.held_out, words("backtest.table_held_out"), level, words))
    blocks.append(_grid(found.predicted, words("backtest.table_predicted"), level, words))
    blocks += headline(found, words)
    if found.alone:
        blocks.append(_grid(found.alone, words("backtest.table_alone"), level, words))
    blocks.append(_losses(found, words))
    blocks.append(_costs(found, words))
    blocks += [words("backtest.note", confidence=f"{100 * asked.confidence:g}"), *_open(found, words)]
    return blocks


def headline(found: Judged, words: Words) -> list[str]:
    """Return the sentences that come first on a page: of each event to predict, what is nearer on what."""
    return [_plainly(one, words) for one in found.predicted]


def _learnt(found: Judged, words: Words) -> list[str]:
    fitted, log, books = found.fitted, found.log, found.fitted.books
    end = log.zero + timedelta(hours=log.end_h)
    sunday = float(books.clock.pace[144:].mean() / books.clock.pace[: WEEK_H - 48].mean())
    lags = ", ".join(f"{name} {say_duration(lag)}" for name, lag in fitted.lags_h.items())
    said = [
        words(
            "backtest.log",
            requests=f"{found.requests:,}",
            file=Path(log.path).name,
            begin=log.zero.date(),
            end=end.date(),
            target=say_duration(found.asked.target),
        ),
        words(
            "backtest.measured",
            at_once=percent(books.at_once),
            mislaid=percent(books.mislaid),
            stay=say_duration(books.mislaid_mean_h),
            batches=f"{books.batches_per_h:.1f}",
            sunday=percent(sunday),
        ),
        words(
            "backtest.fitted", crews=fitted.crews, shape=f"{books.shape:g}", lags=lags, spread=f"{fitted.spread:.2f}"
        ),
    ]
    for name, (middle, low, high) in found.lags_h.items():
        said.append(
            words("backtest.lag", event=name, lag=say_duration(middle), low=say_duration(low), high=say_duration(high))
        )
    rival = found.rival
    model, base = losses(found.learnt)  # those of the table; the fit's own is of fewer runs, and of their means
    said.append(
        words(
            "backtest.losses",
            per_day=f"{rival.per_day:.0f}",
            model=f"{model:.2f}",
            baseline=f"{base:.2f}",
            own=f"{rival.own_loss:.2f}",
        )
    )
    return said


def _grid(events: Sequence[Predicted], title: str, level: str, words: Words) -> Grid:
    columns = ("event", "figure", "observed", "model", "range", "baseline", "model_off", "baseline_off", "nearer")
    head = tuple(level if column == "range" else words(f"column.{column}") for column in columns)
    rows = [row for one in events for row in _rows(one, words)]
    return Grid(title, head, tuple(rows), 2, (8,))


def _rows(one: Predicted, words: Words) -> list[tuple[str, ...]]:
    rows = []
    model_off, baseline_off = off(one)
    for place, figure in enumerate((*FIGURES, "backlog")):
        judged = words(f"backtest.{nearer(one, figure)}") if figure in JUDGED else "–"
        errors = (getattr(model_off, figure), getattr(baseline_off, figure))
        if figure == "backlog":
            means = [f"{each.backlog.mean():,.0f}" for each in (one.seen, one.model, one.baseline)]
            values = (means[0], means[1], "–", means[2], *(f"{100 * error:.0f} %" for error in errors))
        else:
            write = percent if figure == "late_share" else _days
            low, high = getattr(one.low, figure), getattr(one.high, figure)
            between = words("backtest.between", low=write(low), high=write(high))
            shown = [write(getattr(each, figure)) for each in (one.seen, one.model, one.baseline)]
            values = (shown[0], shown[1], between, shown[2], *(write(error) for error in errors))
        name = one.event.name if place == 0 else words("backtest.requests", count=f"{one.event.size:,}") * (place == 1)
        rows.append((name, words(f"backtest.{figure}"), *values, judged))
    return rows


def _days(hours: float) -> str:
    return f"{hours / 24:.2f} d" if math.isfinite(hours) else "–"


def _plainly(one: Predicted, words: Words) -> str:
    """Say in a sentence what is nearer on what, the baseline's wins too."""
    names: dict[str, list[str]] = {"model": [], "baseline": [], "equal": []}
    for figure in JUDGED:
        names[nearer(one, figure)].append(words(f"backtest.{figure}"))
    said = [words(f"backtest.nearer_{who}", figures=", ".join(mine)) for who, mine in names.items() if mine]
    return words("backtest.plainly", event=one.event.name, said="; ".join(said))


def _losses(found: Judged, words: Words) -> Grid:
    groups = {role: events for role, events in found.groups().items() if events}
    rows = [
        (words(f"backtest.table_{role}"), *(f"{each:.2f}" for each in losses(events)))
        for role, events in groups.items()
    ]
    head = (words("column.events"), words("column.model"), words("column.baseline"))
    return Grid(words("backtest.table_losses"), head, tuple(rows))


def _costs(found: Judged, words: Words) -> Grid:
    """Return of what the mean of each training event is made, in the model."""
    steps = ("all", "batches", "slow_hours", "lag", "mislaid")
    head = (words("column.event"), *(words(f"backtest.cost_{step}") for step in steps), words("backtest.cost_visits"))
    rows = []
    for name, means in found.costs.items():
        values = [means[step] for step in steps]
        parts = [before - after for before, after in zip(values, values[1:], strict=False)]
        rows.append((name, *(f"{value:.1f} h" for value in (values[0], *parts, values[-1]))))
    return Grid(words("backtest.table_costs"), head, tuple(rows))


def _open(found: Judged, words: Words) -> list[str]:
    return [
        words("backtest.still_open", event=one.event.name, count=one.event.still_open)
        for one in (*found.learnt, *found.predicted)
        if one.event.still_open
    ]


# -- for machines -----------------------------------------------------------------------------------------------------


def _roles(found: Judged) -> list[tuple[str, Predicted]]:
    return [(role, one) for role, events in found.groups().items() for one in events]


def figure_rows(found: Judged) -> Rows:
    """Return head and rows of the table of figures: times in hours, shares as numbers."""
    head = ("role", "event", "requests", "figure", "observed", "model", "low", "high", "baseline")
    rows = [
        (
            role,
            one.event.name,
            str(one.event.size),
            figure,
            *(repr(getattr(each, figure)) for each in (one.seen, one.model, one.low, one.high, one.baseline)),
        )
        for role, one in _roles(found)
        for figure in FIGURES
    ]
    return head, tuple(rows)


def backlog_rows(found: Judged) -> Rows:
    """Return head and rows of the table of requests open at the end of each day."""
    head = ("role", "event", "day", "observed", "model", "low", "high", "baseline")
    rows = []
    for role, one in _roles(found):
        columns = (one.seen.backlog, one.model.backlog, one.low.backlog, one.high.backlog, one.baseline.backlog)
        for day, values in enumerate(zip(*columns, strict=True), start=1):
            rows.append((role, one.event.name, str(day), *(f"{float(value):g}" for value in values)))
    return head, tuple(rows)


def backtest_as_json(found: Judged) -> dict[str, Any]:
    """Return a back-test as plain data; times in hours."""
    fitted, books = found.fitted, found.fitted.books
    return {
        "backtest": found.asked.backtest,
        "seed": found.asked.seed,
        "target_h": found.asked.target,
        "requests": found.requests,
        "measured": {
            "at_once": books.at_once,
            "mislaid": books.mislaid,
            "mislaid_mean_h": books.mislaid_mean_h,
            "batches_per_office_h": books.batches_per_h,
            "pace": books.clock.pace.tolist(),
        },
        "fitted": {
            "crews": fitted.crews,
            "shape": books.shape,
            "lags_h": dict(fitted.lags_h),
            "centre_log_h": fitted.centre,
            "spread_log": fitted.spread,
            "loss": fitted.loss,
            "loss_by_crews": {str(crews): loss for crews, loss in fitted.losses.items()},
        },
        "baseline": {"per_day": found.rival.per_day, "loss": found.rival.loss, "own_loss": found.rival.own_loss},
        "lags_h": {name: dict(zip(("middle", "low", "high"), lag, strict=True)) for name, lag in found.lags_h.items()},
        "mean_without_h": {name: dict(means) for name, means in found.costs.items()},
        "losses": {
            role: dict(zip(("model", "baseline"), losses(events), strict=True))
            for role, events in found.groups().items()
            if events
        },
        "events": [_event(role, one) for role, one in _roles(found)],
    }


def _event(role: str, one: Predicted) -> dict[str, Any]:
    parts = {"observed": one.seen, "model": one.model, "low": one.low, "high": one.high, "baseline": one.baseline}
    figures = {
        name: {figure: getattr(part, figure) for figure in FIGURES} | {"backlog": part.backlog.tolist()}
        for name, part in parts.items()
    }
    errors = [{name: getattr(each, name) for name in (*FIGURES, "backlog")} for each in off(one)]
    return {
        "event": one.event.name,
        "role": role,
        "from": one.event.begins.isoformat(),
        "days": one.event.days,
        "requests": one.event.size,
        "still_open": one.event.still_open,
        **figures,
        "errors": dict(zip(("model", "baseline"), errors, strict=True)),
        "nearer": {figure: nearer(one, figure) for figure in JUDGED},
    }
