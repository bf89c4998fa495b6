"""What an optimisation prints: what is enough and the runs that show it, the finalists, and the curves around it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from analysis.comparison_figures import outcome_name
from analysis.optimise import Finalist, Optimised
from analysis.short_names import short_names
from firstline.choice_tables import standing
from firstline.experiment_tables import finite
from firstline.grids import Block, Grid, amount_of
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
            head = tuple(words(f"column.{column}") for column in ("value", "reached_in", "interval"))
            rows = tuple(
                (
                    f"{point.value}{' *' if point.chosen else ''}",
                    f"{100 * point.share:.0f} %",
                    words("experiment.between", low=f"{100 * point.low:.0f} %", high=f"{100 * point.high:.0f} %"),
                )
                for point in points
            )
            blocks.append(Grid(words("optimise.curve", decision=name), head, rows))
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
        reached = words("optimise.semicolon").join(f"{must}: {value} ({between})" for must, value, between, _ in told)
        said.append(words("optimise.shown", fresh=found.fresh, reached=reached))
    return said


def _values(one: Finalist, short: dict[str, str]) -> str:
    return ", ".join(f"{name} {one.values[path]}" for path, name in short.items())


def _finalists(question: Question, found: Optimised, short: dict[str, str], words: Words) -> Grid:
    best = question.asked.best
    head = [*short.values(), words("column.cost") if best is None else outcome_name(best.key, words)]
    rows = []
    for one in found.finalists:
        say = amount_of(best.key, one.cost) if best is not None else "{:,.6g}".format
        spread = f" ± {say(one.spread)}" if one.spread > 0 else ""
        told = [standing(each, words) for each in one.feasible]
        row = [*(str(one.values[path]) for path in short), f"{say(abs(one.cost))}{spread}"]
        row += [f"{value} ({between}): {says}" for _, value, between, says in told]
        rows.append(tuple(row))
    must = [standing(each, words)[0] for each in found.finalists[0].feasible]
    texts = tuple(range(len(head), len(head) + len(must)))
    return Grid(words("table.finalists"), (*head, *must), tuple(rows), 0, texts)


def optimised_as_json(found: Optimised) -> dict[str, Any]:
    """Return an optimisation for machines: null where a figure is not defined."""
    plain: dict[str, Any] = finite(json.loads(json.dumps(asdict(found), default=dict)))
    return plain
