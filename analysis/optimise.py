"""Which numbers are enough, and which are least: a search, then fresh runs of its finalists, then the choice.

The search (optuna's tree-structured Parzen estimator; every point, where there are few) is told of each trial's mean
over a few runs, and of how far it is from what it must reach. What it finds is lucky: the best of many trials looks
better than it is. So its finalists are run anew, with luck of their own, and only these runs say which is chosen
(``analysis.finals``). Where an outcome is not defined in a run, nothing is chosen by it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.feasible import feasibility, limit_of, reaches, share
from analysis.finals import Finalist, cost_of, judged, rank
from analysis.search import FRESH, Search, Told, cell_of, short, tried
from analysis.store.rounds import Batch, Collected, Procedure, Round
from sim.errors import FirstlineError
from sim.spec.crossed import Cell
from sim.spec.experiment import ONLY_WORLD, say
from sim.spec.factors import Quantity
from sim.spec.optimise import Optimise, Question
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

    ``short`` is by how much each constraint is missed, 0 or less where it is reached. Both are NaN where a run has no
    value. ``plausible`` says that its few runs do not show it to miss any, and that its cost is defined.
    """

    name: str
    values: Mapping[str, Any]
    cost: float
    short: tuple[float, ...]
    plausible: bool


@dataclass(frozen=True)
class Point:
    """One point of a curve: a decision's value, all others as chosen, and the share of its runs that reach everything.

    Those that failed are left out; a value of which all failed has no point.
    """

    path: str
    value: Any
    chosen: bool
    share: float
    low: float
    high: float
    runs: int


@dataclass(frozen=True)
class Optimised:
    """What a search found.

    ``left`` are the finalists among which the best is, with the stated confidence, if one of those that do is better
    than the others by the indifference; where a sum is to be least, the least that is shown to do. One alone is
    ``chosen``, by the runs that judge it; ``left`` is empty where none is shown to reach what it must.
    """

    trials: tuple[Trial, ...]
    every_point: bool
    invalid: int
    """Trials whose decisions make no scenario that can run together."""
    finalists: tuple[Finalist, ...]
    left: tuple[Finalist, ...]
    chosen: Finalist | None
    curve: tuple[Point, ...]
    fresh: int
    """Fresh runs that each finalist is judged by: fewer than were asked for where some failed."""
    confidence: float


def optimise(question: Question) -> Procedure[Optimised]:
    """Search, run the finalists anew, choose, and draw the curves around what is chosen.

    Raises FirstlineError where there is nothing to choose among: no combination can run, or none has values.
    """
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
    ordered = _ordered(trials, asked.finalists)
    if not ordered:
        tried_of = f"of the {len(known)} combinations that were tried"
        raise FirstlineError(f"{tried_of} {_nothing(asked) if trials else 'none makes a scenario that can run'}")
    finalists, left = yield from _finals(question, ordered)
    chosen = left[0] if len(left) == 1 else None
    curve: tuple[Point, ...] = ()
    if chosen is not None and asked.subject_to:
        curve = yield from _curves(question, chosen)
    return Optimised(
        tuple(trials),
        search.every_point,
        len(known) - len(trials),
        tuple(finalists),
        tuple(left),
        chosen,
        curve,
        min(one.runs for one in left or finalists if one.runs),
        asked.confidence,
    )


def _nothing(asked: Optimise) -> str:
    """Say that there is nothing to judge."""
    outcomes = ", ".join(say(key) for key in asked.keys)
    return (
        f"none has a value of {outcomes} in every run (or its runs have failed): there is nothing to choose by; choose "
        "by what every run has"
    )


def _cell(question: Question, name: str, values: Mapping[str, Any]) -> Cell | None:
    return cell_of(question.base, name, values, question.source)


def _trial(question: Question, batch: Batch, collected: Collected) -> Trial:
    cell = (batch.cell.world, batch.cell.variant)
    values = json.loads(batch.values)
    constraints = question.asked.subject_to
    whole = collected.whole([cell], batch.replications)
    cost = cost_of(question, values, collected, cell, whole)[0]
    if len(whole) < 2:
        return Trial(cell[1], values, cost, (np.nan,) * len(constraints), plausible=False)

    def of(_name: str, key: Key) -> Floats:
        return collected.of(cell, key, whole)

    missed = tuple(_misses(one, of("", one.key)) for one in constraints)
    standings = feasibility(of, [cell[1]], constraints, DOUBT * max(len(constraints), 1))
    plausible = not any(one.standing in ("not reached", "undefined") for one in standings)
    return Trial(cell[1], values, cost, missed, plausible and bool(np.isfinite(cost)))


def _misses(constraint: Constraint, values: Floats) -> float:
    """Return by how much a constraint is missed; 0 or less where it is reached."""
    if constraint.in_share is not None:
        return constraint.in_share - float(reaches(constraint, values).mean())
    limit, at_least = limit_of(constraint)
    mean = float(values.mean())
    scale = max(abs(limit), 1e-9)
    return (limit - mean if at_least else mean - limit) / scale


def _ordered(trials: Sequence[Trial], count: int) -> list[Trial]:
    """Return the trials that may do, the least costly first; where there is none, the few that miss by least.

    One of which an outcome is not defined in a run is not among them.
    """
    plausible = sorted((one for one in trials if one.plausible), key=rank)
    if plausible:
        return plausible
    rest = [one for one in trials if np.isfinite([one.cost, *one.short]).all()]
    return sorted(rest, key=lambda one: (sum(max(value, 0.0) for value in one.short), *rank(one)))[:count]


def _finals(question: Question, ordered: Sequence[Trial]) -> Procedure[tuple[list[Finalist], list[Finalist]]]:
    """Judge trials by runs that no search has seen, the least costly first, until one is shown to do.

    Return all that were judged, and those that the choice has left of them. The bounds of all that may be judged hold
    together.
    """
    asked = question.asked
    fresh = range(FRESH, FRESH + asked.fresh)
    found: list[Finalist] = []
    left: list[Finalist] = []
    for heat in range(HEATS):
        leading = ordered[heat * asked.finalists : (heat + 1) * asked.finalists]
        cells = [(_cell(question, trial.name, trial.values), trial) for trial in leading]
        batches = tuple(Batch(cell, fresh, json.dumps(trial.values)) for cell, trial in cells if cell is not None)
        if not batches or left:
            break
        collected = yield Round(batches, f"{len(batches)} finalists, {asked.fresh} fresh runs each")
        judges, left = judged(question, batches, collected, HEATS)
        found += judges
    if not any(one.runs and np.isfinite(one.cost) for one in found):
        raise FirstlineError(f"of the {len(found)} finalists {_nothing(asked)}")
    return sorted(found, key=rank), left


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
        whole = collected.whole([cell_name], fresh)
        if not whole:
            continue
        all_reached = np.ones(len(whole), bool)
        for constraint in asked.subject_to:
            all_reached &= reaches(constraint, collected.of(cell_name, constraint.key, whole))
        same = value == chosen.values[one.path]
        points.append(Point(one.path, value, same, *share(all_reached, each), len(whole)))
    return tuple(points)


def _beside(one: Quantity, chosen: Any) -> list[Any]:
    """Return values of a decision around the chosen one: a few whole numbers, some of the range, or all choices."""
    if one.kind == "integer":
        return list(range(max(int(one.low), chosen - BESIDE), min(int(one.high), chosen + BESIDE) + 1))
    return list(dict.fromkeys([*one.levels(5), chosen]))
