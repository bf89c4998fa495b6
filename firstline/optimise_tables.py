"""What an optimisation prints: what is enough and the runs that show it, the finalists, and the curves around it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from analysis.comparison_figures import outcome_name
from analysis.optimise import Finalist, Optimised
from analysis.short_names import short_names
from firstline.cells import Cell
from firstline.choice_tables import standing
from firstline.experiment_tables import finite
from firstline.grids import Block, Grid, Say, amount_of, between
from firstline.words import Words
from sim.spec.optimise import Question


def page(question: Question, found: Optimised, words: Words) -> list[Block]:
    """Return what is said of an optimisation: the answer first."""
    asked = question.asked
    blocks: list[Block] = [asked.title or asked.optimise, *headline(question, found, words)]
    tried = words("optimise.every_point" if found.every_point else "optimise.searched", count=len(found.trials))
    blocks.append(tried + (words("optimise.invalid", count=found.invalid) if found.invalid else ""))
    short = short_names(one.path for one in question.decisions)
    if found.finalists:
        blocks.append(_finalists(question, found, short, words))
    for path, name in short.items():
        points = [point for point in found.curve if point.path == path]
        if len(points) > 1:
            head = (name, words("column.reached_in"), words("column.interval"), words("calibrate.chosen"))
            rows = tuple(
                (
                    str(point.value),
                    _of_runs(point.share).bounded(point.low, point.high),
                    between(point.low, point.high, _of_runs, words),
                    "*" if point.chosen else "",
                )
                for point in points
            )
            blocks.append(Grid(words("optimise.curve", decision=name), head, rows, 1, (3,)))
    blocks.append(words("optimise.note", fresh=found.fresh, confidence=f"{100 * found.confidence:g}"))
    return blocks


def headline(question: Question, found: Optimised, words: Words) -> list[str]:
    """Return the sentences that come first: what is enough, or best, and what fresh runs say of it."""
    chosen, best = found.chosen, question.asked.best
    if chosen is None:
        return [words("optimise.none", count=len(found.finalists), fresh=found.fresh)]
    values = _values(chosen, short_names(one.path for one in question.decisions))
    if best is None:
        said = [words("optimise.chosen", values=values, cost=f"{abs(chosen.cost):,.6g}")]
    else:
        say = amount_of(best.key, chosen.cost)
        mean = f"{say(abs(chosen.cost))} ± {say(chosen.spread)}"
        said = [
            words("optimise.best", values=values, outcome=outcome_name(best.key, words), mean=mean, runs=found.fresh)
        ]
    if chosen.feasible:
        told = [standing(one, words) for one in chosen.feasible]
        reached = words("optimise.semicolon").join(f"{must}: {value} ({bounds})" for must, value, bounds, _ in told)
        said.append(words("optimise.shown", fresh=found.fresh, reached=reached))
    return said


def _of_runs(share: float) -> Cell:
    return Cell(f"{100 * share:.0f} %", share, "share")


def _stated(value: object) -> Cell:
    """Write a value of a decision, which is a number or a word."""
    try:
        return Cell(str(value), float(str(value)))
    except ValueError:
        return Cell(str(value))


def _cost(value: float) -> Cell:
    return Cell(f"{value:,.6g}", value)


def _values(one: Finalist, short: dict[str, str]) -> str:
    return ", ".join(f"{name} {one.values[path]}" for path, name in short.items())


def _finalists(question: Question, found: Optimised, short: dict[str, str], words: Words) -> Grid:
    best = question.asked.best
    head = [*short.values(), words("column.cost") if best is None else outcome_name(best.key, words)]
    rows = []
    for one in found.finalists:
        say: Say = amount_of(best.key, one.cost) if best is not None else _cost
        cost = say(abs(one.cost))
        if one.spread > 0:  # a standard error, not an interval
            cost = Cell(f"{cost} ± {say(one.spread)}", cost.value, cost.unit)
        told = [standing(each, words) for each in one.feasible]
        row: list[str] = [*(_stated(one.values[path]) for path in short), cost]
        for _, value, bounds, says in told:
            row.append(Cell(f"{value} ({bounds}): {says}", value.value, value.unit, value.low, value.high))
        rows.append(tuple(row))
    must = [standing(each, words)[0] for each in found.finalists[0].feasible]
    texts = tuple(range(len(head), len(head) + len(must)))
    return Grid(words("table.finalists"), (*head, *must), tuple(rows), 0, texts)


def optimised_as_json(found: Optimised) -> dict[str, Any]:
    """Return an optimisation for machines: null where a figure is not defined."""
    plain: dict[str, Any] = finite(json.loads(json.dumps(asdict(found), default=dict)))
    return plain
