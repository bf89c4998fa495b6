"""Which numbers are enough, and which are least: a search, then fresh runs of its finalists, then the choice.

The search (optuna's tree-structured Parzen estimator; every point, where there are few) is told of each trial's mean
over a few runs, and of how far it is from what it must reach. What it finds is lucky: the best of many trials looks
better than it is. So its finalists are run anew, with luck of their own, and only these runs say which is chosen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.feasible import Feasible, feasibility, limit_of, reaches, share
from analysis.outcomes import describe
from analysis.search import FRESH, Search, Told, cell_of, short, tried
from analysis.store.rounds import Batch, CellName, Collected, Procedure, Round
from sim.spec.crossed import Cell
from sim.spec.experiment import ONLY_WORLD
from sim.spec.factors import Quantity
from sim.spec.optimise import Question
from sim.spec.procedures import Constraint, Key

Floats = npt.NDArray[np.float64]
FAR = 1e9
"""By how much a constraint is missed, for the search, where the outcome has no value."""
DOUBT = 0.2
"""How often a trial that reaches what it must may be passed over because of its few runs."""
HEATS = 3
"""How many times finalists are judged at most: the least costly first, the next ones where none of them will do."""
BESIDE = 3
"""How many values below and above the chosen one its curve shows."""


@dataclass(frozen=True)
class Trial:
    """One set of decisions: its cost (what is to be least, or the mean of what is to be best, lower is better).

    ``short`` is by how much each constraint is missed, 0 or less where it is reached; NaN where a run has no value.
    ``plausible`` says that its few runs do not show it to miss any.
    """

    name: str
    values: Mapping[str, Any]
    cost: float
    short: tuple[float, ...]
    plausible: bool


@dataclass(frozen=True)
class Finalist:
    """A set of decisions judged by fresh runs; ``spread`` is the standard error of its cost, 0 for a sum."""

    name: str
    values: Mapping[str, Any]
    cost: float
    spread: float
    feasible: tuple[Feasible, ...]

    @property
    def standing(self) -> str:
        """Whether it is shown to reach all that it must."""
        standings = {one.standing for one in self.feasible}
        for word in ("undefined", "not reached", "not separated"):
            if word in standings:
                return word
        return "reached"


@dataclass(frozen=True)
class Point:
    """One point of a curve: a decision's value, all others as chosen, and the share of runs that reach everything."""

    path: str
    value: Any
    chosen: bool
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Optimised:
    """What a search found; ``chosen`` is None where no finalist is shown to reach what it must."""

    trials: tuple[Trial, ...]
    every_point: bool
    invalid: int
    """Trials whose decisions make no scenario that can run together."""
    finalists: tuple[Finalist, ...]
    chosen: Finalist | None
    curve: tuple[Point, ...]
    fresh: int
    confidence: float


def optimise(question: Question) -> Procedure[Optimised]:
    """Search, run the finalists anew, choose, and draw the curves around what is chosen."""
    asked = question.asked
    constraints = {"constraints_func": short} if asked.subject_to else {}
    search = Search(question.decisions, asked.trials, asked.seed, constant_liar=True, **constraints)
    known = yield from tried(
        search,
        lambda name, values: _cell(question, name, values),
        range(asked.replications),
        lambda batch, collected: _trial(question, batch, collected),
        lambda one: Told(one.cost, [value if np.isfinite(value) else FAR for value in one.short]),
    )
    trials = [trial for trial in known if trial is not None]
    finalists = yield from _finals(question, _ordered(trials, asked.finalists))
    reached = [one for one in finalists if one.standing == "reached"]
    chosen = min(reached, key=lambda one: (one.cost, one.name)) if reached else None
    curve: tuple[Point, ...] = ()
    if chosen is not None and asked.subject_to:
        curve = yield from _curves(question, chosen)
    invalid = sum(trial is None for trial in known)
    return Optimised(
        tuple(trials), search.every_point, invalid, tuple(finalists), chosen, curve, asked.fresh, asked.confidence
    )


def _cell(question: Question, name: str, values: Mapping[str, Any]) -> Cell | None:
    return cell_of(question.base, name, values, question.source)


def _trial(question: Question, batch: Batch, collected: Collected) -> Trial:
    cell = (batch.cell.world, batch.cell.variant)
    values = json.loads(batch.values)
    constraints = question.asked.subject_to

    def of(_name: str, key: Key) -> Floats:
        return collected.of(cell, key, batch.replications)

    missed = tuple(_misses(one, of("", one.key)) for one in constraints)
    standings = feasibility(of, [cell[1]], constraints, DOUBT * max(len(constraints), 1))
    plausible = not any(one.standing in ("not reached", "undefined") for one in standings)
    return Trial(cell[1], values, _cost(question, values, collected, cell, batch.replications)[0], missed, plausible)


def _cost(
    question: Question, values: Mapping[str, Any], collected: Collected, cell: CellName, replications: range
) -> tuple[float, float]:
    """Return what is to be least, lower being better, and its standard error."""
    asked = question.asked
    if asked.best is None:
        by_path = {one.path: one for one in question.decisions}
        return sum(weight * by_path[path].rank(values[path]) for path, weight in asked.least.items()), 0.0
    sign = -1.0 if describe(asked.best.outcome).direction == "higher" else 1.0
    each = sign * collected.of(cell, asked.best.key, replications)
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(each.size))


def _misses(constraint: Constraint, values: Floats) -> float:
    """Return by how much a constraint is missed; 0 or less where it is reached."""
    if constraint.in_share is not None:
        return constraint.in_share - float(reaches(constraint, values).mean())
    limit, at_least = limit_of(constraint)
    mean = float(values.mean())
    scale = max(abs(limit), 1e-9)
    return (limit - mean if at_least else mean - limit) / scale


def _ordered(trials: Sequence[Trial], count: int) -> list[Trial]:
    """Return the trials that may do, the least costly first; where there is none, the few that miss by least."""
    plausible = sorted((one for one in trials if one.plausible), key=lambda one: (one.cost, one.name))
    if plausible:
        return plausible
    rest = [one for one in trials if all(np.isfinite(one.short))]
    return sorted(rest, key=lambda one: (sum(max(value, 0.0) for value in one.short), one.cost, one.name))[:count]


def _finals(question: Question, ordered: Sequence[Trial]) -> Procedure[list[Finalist]]:
    """Judge trials by runs that no search has seen, the least costly first, until one is shown to do.

    The bounds of all that may be judged hold together.
    """
    asked = question.asked
    fresh = range(FRESH, FRESH + asked.fresh)
    error = (1 - asked.confidence) / HEATS
    found: list[Finalist] = []
    for heat in range(HEATS):
        leading = ordered[heat * asked.finalists : (heat + 1) * asked.finalists]
        cells = [_cell(question, trial.name, trial.values) for trial in leading]
        batches = tuple(
            Batch(cell, fresh, json.dumps(trial.values))
            for cell, trial in zip(cells, leading, strict=True)
            if cell is not None
        )
        if not batches or any(one.standing == "reached" for one in found):
            break
        collected = yield Round(batches, f"{len(batches)} finalists, {asked.fresh} fresh runs each")
        found += _judged(question, leading, collected, error)
    return sorted(found, key=lambda one: (one.cost, one.name))


def _judged(question: Question, leading: Sequence[Trial], collected: Collected, error: float) -> list[Finalist]:
    asked = question.asked
    fresh = range(FRESH, FRESH + asked.fresh)
    names = [trial.name for trial in leading]
    standings = feasibility(
        lambda name, key: collected.of((ONLY_WORLD, name), key, fresh), names, asked.subject_to, error
    )
    found = []
    for trial in leading:
        cost, spread = _cost(question, trial.values, collected, (ONLY_WORLD, trial.name), fresh)
        mine = tuple(one for one in standings if one.variant == trial.name)
        found.append(Finalist(trial.name, trial.values, cost, spread, mine))
    return found


def _curves(question: Question, chosen: Finalist) -> Procedure[tuple[Point, ...]]:
    """Vary one number at a time around what is chosen, on the same fresh luck."""
    asked = question.asked
    fresh = range(FRESH, FRESH + asked.fresh)
    wanted: list[tuple[Quantity, Any, Batch]] = []
    for one in question.decisions:
        for value in _beside(one, chosen.values[one.path]):
            values = {**chosen.values, one.path: value}
            same = value == chosen.values[one.path]
            cell = _cell(question, chosen.name if same else f"{chosen.name} {one.path}={value}", values)
            if cell is not None:
                wanted.append((one, value, Batch(cell, fresh, json.dumps(values))))
    batches = {batch.cell.variant: batch for _, _, batch in wanted}
    collected = yield Round(tuple(batches.values()), "curves around what is chosen")
    each = (1 - asked.confidence) / 2
    points = []
    for one, value, batch in wanted:
        cell_name = (ONLY_WORLD, batch.cell.variant)
        all_reached = np.ones(asked.fresh, bool)
        for constraint in asked.subject_to:
            all_reached &= reaches(constraint, collected.of(cell_name, constraint.key, fresh))
        same = value == chosen.values[one.path]
        points.append(Point(one.path, value, same, *share(all_reached, each)))
    return tuple(points)


def _beside(one: Quantity, chosen: Any) -> list[Any]:
    """Return values of a decision around the chosen one: a few whole numbers, some of the range, or all choices."""
    if one.kind == "integer":
        return list(range(max(int(one.low), chosen - BESIDE), min(int(one.high), chosen + BESIDE) + 1))
    return list(dict.fromkeys([*one.levels(5), chosen]))
