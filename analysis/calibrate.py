"""Parameters fitted to what was observed: a search on few runs, fresh runs of its finalists, and their error.

The search (optuna's tree-structured Parzen estimator; every point, where there are few) is told of each trial's loss
over several seeds. The finalists and the base as it is are run anew, with luck that no search has seen; by these runs
the best is chosen, its figures are compared with those observed, and the error on what was held out is taken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.calibrate_errors import Errors, Row, Warn, errors, rows, warnings
from analysis.observed import Figure
from analysis.plausible import Fitted, Misfit, allowed, fitted, misfit, plausible
from analysis.search import AT_A_TIME, FRESH, Search, Told, cell_of, tried
from analysis.store.rounds import Batch, Collected, Procedure, Round
from sim.errors import InputError, Problem
from sim.spec.calibrate import Task
from sim.spec.crossed import Cell
from sim.spec.experiment import ONLY_WORLD
from sim.spec.factors import look

Floats = npt.NDArray[np.float64]
BASE = "as-it-is"
SLICE = 7
"""Values of each parameter, from end to end, that are tried beside the chosen ones: they close its range."""
FAR = 1e9
"""The loss that the search is told where an observed outcome has no value."""


@dataclass(frozen=True)
class Trial:
    """One set of values and how far its runs are from what was observed."""

    name: str
    values: Mapping[str, Any]
    misfit: Misfit
    plausible: bool = False


@dataclass(frozen=True)
class Calibrated:
    """What was fitted, to what, and how well it foretells what was held out."""

    fitted: tuple[Fitted, ...]
    rows: tuple[Row, ...]
    errors: tuple[Errors, ...]
    """On what was fitted, then on what was held out, if anything was."""
    warnings: tuple[Warn, ...]
    trials: tuple[Trial, ...]
    finalists: tuple[Trial, ...]
    every_point: bool
    invalid: int
    """Trials whose values make no scenario that can run together."""
    allowed: float
    """How much more misfit than the best's the chance of the observations explains."""
    fresh: int
    replications: int
    confidence: float


def calibrate(task: Task, figures: Sequence[Figure]) -> Procedure[Calibrated]:
    """Search, run the finalists and the base anew, choose, and close the ranges around what is chosen."""
    asked = task.asked
    first = max(AT_A_TIME, asked.trials // 4)  # ranges want to be known from end to end, not only where it fits
    search = Search(task.parameters, asked.trials, asked.seed, n_startup_trials=first)
    known = yield from tried(
        search,
        lambda name, values: _cell(task, name, values),
        range(asked.replications),
        lambda batch, collected: _trial(figures, batch, collected),
        lambda one: Told(FAR * one.misfit.undefined if one.misfit.undefined else one.misfit.loss),
    )
    trials = [one for one in known if one is not None]
    ordered = sorted((t for t in trials if np.isfinite(t.misfit.total)), key=lambda one: (one.misfit.loss, one.name))
    if not ordered:
        said = "in no trial does each observed outcome have a value in all runs: a longer follow_up or fewer outcomes"
        raise InputError(task.source, [Problem("parameters", said)])
    finalists, collected = yield from _finals(task, figures, ordered[: asked.finalists])
    chosen = finalists[0]
    trials += yield from _slices(task, figures, chosen)
    fresh_of = {one.name: one for one in finalists}
    trials = [fresh_of.get(one.name, one) for one in trials]  # the better known of the two
    return _conclude(task, figures, search, trials, finalists, collected, sum(one is None for one in known))


def _finals(
    task: Task, figures: Sequence[Figure], leading: Sequence[Trial]
) -> Procedure[tuple[list[Trial], Collected]]:
    """Run the leading trials, and the base as it is, with luck of their own; the best first."""
    fresh = range(FRESH, FRESH + task.asked.fresh)
    batches = [Batch(Cell(ONLY_WORLD, BASE, task.base), fresh, "{}")]
    for one in leading:
        cell = _cell(task, one.name, one.values)
        assert cell is not None  # it has run before
        batches.append(Batch(cell, fresh, json.dumps(one.values)))
    collected = yield Round(
        tuple(batches), f"{len(leading)} finalists and the base, {task.asked.fresh} fresh runs each"
    )
    found = [_trial(figures, batch, collected) for batch in batches[1:]]
    return sorted(found, key=lambda one: (one.misfit.loss, one.name)), collected


def _slices(task: Task, figures: Sequence[Figure], chosen: Trial) -> Procedure[list[Trial]]:
    """Try each parameter from end to end with all others as chosen."""
    batches: dict[str, Batch] = {}
    for one in task.parameters:
        for value in one.levels(SLICE):
            values = {**chosen.values, one.path: value}
            cell = _cell(task, f"{chosen.name} {one.path}={one.say(value)}", values)
            if cell is not None and value != chosen.values[one.path]:
                batches[cell.variant] = Batch(cell, range(task.asked.replications), json.dumps(values))
    if not batches:
        return []
    collected = yield Round(tuple(batches.values()), "each parameter from end to end, all else as chosen")
    return [_trial(figures, batch, collected) for batch in batches.values()]


def _conclude(
    task: Task,
    figures: Sequence[Figure],
    search: Search,
    trials: Sequence[Trial],
    finalists: Sequence[Trial],
    collected: Collected,
    invalid: int,
) -> Calibrated:
    asked, chosen = task.asked, finalists[0]
    to_fit = [one for one in figures if not one.held_out]
    more = allowed(
        chosen.misfit,
        len(task.parameters),
        stated=all(np.isfinite(one.sd) for one in to_fit),
        confidence=asked.confidence,
    )
    good = plausible([one.misfit for one in trials], chosen.misfit, more, asked.confidence)
    trials = [Trial(t.name, t.values, t.misfit, g) for t, g in zip(trials, good, strict=True)]
    tried = [one.values for one in trials]
    data = task.base.model_dump(mode="json", by_alias=True)
    found = tuple(fitted(p, look(data, p.path), chosen.values[p.path], tried, good) for p in task.parameters)
    fresh = range(FRESH, FRESH + asked.fresh)
    as_good = [one.name for one in trials if one.plausible and one.name in {f.name for f in finalists}]
    table = rows(
        figures,
        lambda name, key: collected.of((ONLY_WORLD, name), key, fresh),
        BASE,
        chosen.name,
        as_good,
        asked.confidence,
    )
    of_parts = tuple(
        errors(table, held_out) for held_out in (False, True) if any(r.held_out == held_out for r in table)
    )
    undefined = sum(not np.isfinite(one.misfit.total) for one in trials)
    return Calibrated(
        found,
        table,
        of_parts,
        warnings(found, table, of_parts, undefined),
        tuple(trials),
        tuple(finalists),
        search.every_point,
        invalid,
        more,
        asked.fresh,
        asked.replications,
        asked.confidence,
    )


def _cell(task: Task, name: str, values: Mapping[str, Any]) -> Cell | None:
    return cell_of(task.base, name, values, task.source)


def _trial(figures: Sequence[Figure], batch: Batch, collected: Collected) -> Trial:
    to_fit = [one for one in figures if not one.held_out]
    cell = (batch.cell.world, batch.cell.variant)
    values = np.stack([collected.of(cell, one.key, batch.replications) for one in to_fit])
    observed, scale = (np.array([getattr(one, name) for one in to_fit]) for name in ("value", "scale"))
    return Trial(cell[1], json.loads(batch.values), misfit(values, observed, scale))
