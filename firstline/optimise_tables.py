"""What an optimisation prints: what is enough and the runs that show it, the finalists, and the curves around it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from analysis.comparison_figures import outcome_name
from analysis.finals import Finalist, sign_of, span
from analysis.optimise import Optimised
from analysis.outcomes import describe
from analysis.short_names import short_names
from firstline.cells import Cell, unit_of
from firstline.choice_tables import standing
from firstline.experiment_tables import finite
from firstline.grids import Block, Grid, amount_of, between
from firstline.words import Words
from sim.spec.optimise import Question
from sim.spec.procedures import amount


def page(question: Question, found: Optimised, words: Words) -> list[Block]:
    """Return what is said of an optimisation: the answer first."""
    asked = question.asked
    blocks: list[Block] = [asked.title or asked.optimise, *headline(question, found, words)]
    tried = words("optimise.every_point" if found.every_point else "optimise.searched", count=len(found.trials))
    blocks.append(tried + (words("optimise.invalid", count=found.invalid) if found.invalid else ""))
    short = short_names(one.path for one in question.decisions)
    if found.finalists:
        blocks.append(_finalists(question, found, short, words))
    before = len(blocks)
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
    if len(blocks) > before:
        blocks.append(words("optimise.note_curves"))
    blocks.append(words("optimise.note", fresh=_fresh(found)))
    if question.asked.subject_to:
        blocks.append(words("optimise.note_bounds", confidence=f"{100 * found.confidence:g}"))
    return blocks


def headline(question: Question, found: Optimised, words: Words) -> list[str]:
    """Return the sentences that come first: what is enough, or best, and what fresh runs say of it."""
    short = short_names(one.path for one in question.decisions)
    said = _answer(question, found, short, words)
    aside = [one for one in found.finalists if not one.runs]
    if aside:
        names = words("optimise.semicolon").join(_values(one, short) for one in aside)
        said.append(words("optimise.put_aside", names=names))
    return said


def _answer(question: Question, found: Optimised, short: dict[str, str], words: Words) -> list[str]:
    chosen, best = found.chosen, question.asked.best
    if chosen is None and len(found.left) > 1:
        return [_several(question, found, short, words)]
    if chosen is None:
        judged = [one for one in found.finalists if one.runs]
        open_ = any(one.standing == "not separated" for one in judged)  # else more runs would show no more
        advice = words("optimise.advice_open" if open_ else "optimise.advice")
        return [words("optimise.none", count=len(judged), fresh=_fresh(found)), advice]
    if best is None:
        said = [words("optimise.chosen", values=_values(chosen, short), cost=f"{chosen.cost:,.6g}")]
    else:
        told = {"values": _values(chosen, short), "outcome": outcome_name(best.key, words), "runs": found.fresh}
        others = sum(one.standing == "reached" for one in found.finalists) - 1
        said = [words("optimise.best" if others else "optimise.only", mean=_mean(question, chosen), **told)]
        if others:
            said.append(words("optimise.best_of", others=others, **_worth(question, found)))
    if chosen.feasible:
        stands = [standing(one, words) for one in chosen.feasible]
        reached = words("optimise.semicolon").join(f"{must}: {value} ({bounds})" for must, value, bounds, _ in stands)
        said.append(words("optimise.shown", fresh=found.fresh, reached=reached))
    return said


def _fresh(found: Optimised) -> str:
    """Return by how many runs finalists were judged: from the fewest to the most, where some failed."""
    return span(one.runs for one in found.finalists if one.runs)


def _several(question: Question, found: Optimised, short: dict[str, str], words: Words) -> str:
    """Say that the fresh runs do not choose among these."""
    assert question.asked.best is not None
    plans = words("optimise.semicolon").join(
        words("optimise.one", values=_values(one, short), mean=_mean(question, one)) for one in found.left
    )
    outcome = outcome_name(question.asked.best.key, words)
    return words(
        "optimise.several",
        plans=plans,
        outcome=outcome,
        runs=found.fresh,
        count=len(found.left),
        **_worth(question, found),
    )


def _worth(question: Question, found: Optimised) -> dict[str, str]:
    """Return what the choice of the best is worth: its indifference and its confidence."""
    best = question.asked.best
    assert best is not None
    size = amount(best.indifference, describe(best.outcome).unit)
    return {"indifference": amount_of(best.key, size)(size), "confidence": f"{100 * found.confidence:g}"}


def _mean(question: Question, one: Finalist) -> Cell:
    """Write the mean of what is to be best, with its standard error."""
    best = question.asked.best
    assert best is not None
    say, mean = amount_of(best.key, one.cost), sign_of(best) * one.cost
    return Cell(f"{say(mean)} ± {say(one.spread)}", mean, unit_of(say(mean)))


def _of_runs(share: float) -> Cell:
    return Cell(f"{100 * share:.0f} %", share, "share")


def _stated(value: object) -> Cell:
    """Write a value of a decision, which is a number or a word."""
    try:
        return Cell(str(value), float(str(value)))
    except ValueError:
        return Cell(str(value))


def _values(one: Finalist, short: dict[str, str]) -> str:
    return ", ".join(f"{name} {one.values[path]}" for path, name in short.items())


def _finalists(question: Question, found: Optimised, short: dict[str, str], words: Words) -> Grid:
    best = question.asked.best
    head = [*short.values(), words("column.cost") if best is None else outcome_name(best.key, words)]
    rows = []
    for one in found.finalists:
        cost = Cell(f"{one.cost:,.6g}", one.cost) if best is None else _mean(question, one)
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
