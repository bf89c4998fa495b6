"""What a calibration prints: the fitted values and the error on what was held out, then what should give pause."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from analysis.calibrate import Calibrated
from analysis.calibrate_errors import Warn
from analysis.plausible import Fitted
from analysis.short_names import short_names
from firstline.cells import Cell
from firstline.experiment_tables import finite
from firstline.formats import say_duration
from firstline.grids import Block, Grid, Say, amount_of, between, outcome_name
from firstline.words import Words
from sim.spec.calibrate import Task
from sim.spec.factors import Quantity


def page(task: Task, found: Calibrated, words: Words) -> list[Block]:
    """Return what is said of a calibration: the fitted values first, then what should give pause."""
    quantities = {one.path: one for one in task.parameters}
    tried = words("optimise.every_point" if found.every_point else "optimise.searched", count=len(found.trials))
    blocks: list[Block] = [task.asked.title or task.asked.calibrate, *headline(task, found, words)]
    blocks.append(tried + (words("optimise.invalid", count=found.invalid) if found.invalid else ""))
    blocks += [said for one in found.warnings for said in [_warning(one, words)] if said not in blocks]
    blocks += [_parameters(found, quantities, words), _rows(found, words), _errors(found, words)]
    confidence = f"{100 * found.confidence:g}"
    return [
        *blocks,
        words("calibrate.note", replications=found.replications, fresh=found.fresh, confidence=confidence),
    ]


def headline(task: Task, found: Calibrated, words: Words) -> list[str]:
    """Return the sentences that come first: the fitted values with their ranges, and the error of a prediction."""
    quantities, short = {one.path: one for one in task.parameters}, short_names(one.path for one in task.parameters)
    values = words("report.comma").join(
        words("calibrate.one", name=short[one.path], value=_say(of, one.value), range=_range(of, one, words))
        for one in found.fitted
        for of in [quantities[one.path]]
    )
    worse = [_warning(one, words) for one in found.warnings if one.kind == "worse_fit"]
    return [words("calibrate.fitted", values=values), *worse, _foretold(found, words)]


def _foretold(found: Calibrated, words: Words) -> str:
    """Say how well the fit foretells what was held out."""
    held_out = next((one for one in found.errors if one.held_out), None)
    if held_out is None:
        return words("calibrate.unknown")
    inside = sum(row.inside for row in found.rows if row.held_out)
    known = math.isfinite(held_out.fitted)
    return words(
        "calibrate.foretells" if known else "calibrate.foretells_some",
        inside=inside,
        figures=held_out.figures,
        fitted=_or_dash(_in_scales, held_out.fitted),
        before=_or_dash(_in_scales, held_out.before),
        fresh=found.fresh,
    )


def _parameters(found: Calibrated, quantities: dict[str, Quantity], words: Words) -> Grid:
    head = tuple(words(f"column.{name}") for name in ("parameter", "before", "fitted", "range"))
    body = tuple(
        (one.path, _say(of, one.before), _bounded(of, one), _range(of, one, words))
        for one in found.fitted
        for of in [quantities[one.path]]
    )
    return Grid(words("calibrate.table_parameters"), head, body)


def _rows(found: Calibrated, words: Words) -> Grid:
    columns = ("outcome", "part", "observed", "scale", "before", "fitted", "foretold", "found")
    body = []
    for row in found.rows:
        say = amount_of(row.key, row.observed)
        says = "inside" if row.inside else "outside" if math.isfinite(row.low) else "undefined_value"
        part = words(f"calibrate.part_{'held_out' if row.held_out else 'fitted'}")
        figures = (say(row.observed), say(row.scale), _or_dash(say, row.before), _or_dash(say, row.simulated))
        foretold = between(row.low, row.high, say, words)
        body.append((outcome_name(row.key, words), part, *figures, foretold, words(f"calibrate.{says}")))
    head = tuple(words(f"column.{name}") for name in columns)
    return Grid(words("calibrate.table_rows"), head, tuple(body), 2, (len(columns) - 1,))


def _errors(found: Calibrated, words: Words) -> Grid:
    head = tuple(words(f"column.{name}") for name in ("part", "figures", "fitted", "before", "naive"))
    body = tuple(
        (
            words(f"calibrate.part_{'held_out' if one.held_out else 'fitted'}"),
            Cell(str(one.figures), one.figures, "figures"),
            *(_or_dash(_in_scales, value) for value in (one.fitted, one.before, one.naive)),
        )
        for one in found.errors
    )
    return Grid(words("calibrate.table_errors"), head, body)


def _in_scales(value: float) -> Cell:
    return Cell(f"{value:.2f}", value, "scales")


def _or_dash(say: Say, value: float) -> Cell:
    return say(value) if math.isfinite(value) else Cell("–")


def _warning(one: Warn, words: Words) -> str:
    term = "calibrate.whole_warning" if one.kind == "whole" else f"calibrate.{one.kind}"
    return words(
        term,
        name=one.path,
        outcome=outcome_name(one.key, words) if one.key is not None else "",
        first=f"{one.first:.3g}",
        second=f"{one.second:.3g}",
    )


def _say(of: Quantity, value: Any) -> Cell:
    """Write a value of a parameter; a dash where the base has none."""
    if value is None:
        return Cell("–")
    if of.kind == "duration":
        return say_duration(of.rank(value))
    if of.kind == "choice":
        return Cell(of.say(value))
    return Cell(f"{value:.4g}" if isinstance(value, float) else of.say(value), of.rank(value))


def _bounded(of: Quantity, one: Fitted) -> Cell:
    """Write the fitted value of a parameter, which knows its range."""
    said = _say(of, one.value)
    return said if of.kind == "choice" else said.bounded(of.rank(one.low), of.rank(one.high))


def _range(of: Quantity, one: Fitted, words: Words) -> str:
    if of.kind == "choice" and not one.whole:
        return ", ".join(of.say(choice) for choice in one.choices)
    ends = (math.nan, math.nan) if of.kind == "choice" else (of.rank(one.low), of.rank(one.high))
    said = (
        words("calibrate.whole")
        if one.whole
        else words("experiment.between", low=_say(of, one.low), high=_say(of, one.high))
    )
    return Cell(said, unit=_say(of, one.value).unit, low=ends[0], high=ends[1])


def calibrated_as_json(found: Calibrated) -> dict[str, Any]:
    """Return a calibration for machines: null where a figure is not defined."""
    plain: dict[str, Any] = finite(json.loads(json.dumps(asdict(found), default=dict)))
    for row, one in zip(plain["rows"], found.rows, strict=True):
        row["inside"] = one.inside
    return plain
