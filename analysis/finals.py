"""Finalists of a search, judged by runs that it has not seen: who does, and which of these is the best.

A run that failed is left out for all finalists: it neither reaches nor misses. A finalist of whose runs too many failed
is put aside, undefined. Of those that are shown to do the least costly is chosen; or the best, by the procedure of Kim
and Nelson, with the stated indifference.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from analysis.feasible import Feasible, feasibility, limit_of
from analysis.outcomes import describe
from analysis.selection import Race
from analysis.store.rounds import Batch, CellName, Collected
from sim.spec.experiment import ONLY_WORLD
from sim.spec.optimise import Best, Question
from sim.spec.procedures import Constraint, amount

FIRST = 10
"""The fewest fresh runs of which the choice of the best takes how much finalists differ by chance."""


class Costly(Protocol):
    """What has a name, and a cost of which less is better."""

    @property
    def name(self) -> str:
        """The name of its cell."""

    @property
    def cost(self) -> float:
        """NaN where a run has no value."""


@dataclass(frozen=True)
class Finalist:
    """A set of decisions judged by fresh runs; ``spread`` is the standard error of its cost, 0 for a sum.

    ``runs`` are those it is judged by: the ones in which no run of the finalists beside it failed. One that is put
    aside has none.
    """

    name: str
    values: Mapping[str, Any]
    cost: float
    spread: float
    feasible: tuple[Feasible, ...]
    runs: int

    @property
    def standing(self) -> str:
        """Whether it is shown to reach all that it must; undefined where its cost is, too."""
        standings = {one.standing for one in self.feasible} | (set() if np.isfinite(self.cost) else {"undefined"})
        for word in ("undefined", "not reached", "not separated"):
            if word in standings:
                return word
        return "reached"


def cost_of(
    question: Question, values: Mapping[str, Any], collected: Collected, cell: CellName, runs: Sequence[int]
) -> tuple[float, float]:
    """Return what is to be least, lower being better, and its standard error; NaN where a run has no value."""
    asked = question.asked
    if asked.best is None:
        by_path = {one.path: one for one in question.decisions}
        return sum(weight * by_path[path].rank(values[path]) for path, weight in asked.least.items()), 0.0
    if len(runs) < 2:
        return np.nan, np.nan
    each = sign_of(asked.best) * collected.of(cell, asked.best.key, runs)
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(each.size))


def rank(one: Costly) -> tuple[float, str]:
    """Return by what the least costly come first, those without a cost last."""
    return (one.cost if np.isfinite(one.cost) else np.inf), one.name


def sign_of(best: Best) -> float:
    """Return by what an outcome is multiplied so that lower is better."""
    return -1.0 if describe(best.outcome).direction == "higher" else 1.0


def span(counts: Iterable[int]) -> str:
    """Write numbers of runs: one where all are equal, else the least and the greatest of them."""
    there = set(counts)
    return "–".join(str(count) for count in sorted({min(there), max(there)}))


def judged(
    question: Question, batches: Sequence[Batch], collected: Collected, heats: int
) -> tuple[list[Finalist], list[Finalist]]:
    """Judge finalists by their runs, one of so many heats; return all, and those that the choice has left."""
    asked = question.asked
    names = [batch.cell.variant for batch in batches]
    kept, whole = _kept(names, batches[0].replications, collected)
    error = (1 - asked.confidence) / (2 if asked.best is not None and asked.subject_to else 1)
    standings = feasibility(
        lambda name, key: collected.of((ONLY_WORLD, name), key, whole),
        kept,
        asked.subject_to,
        error / heats * len(kept) / len(names),  # as much for each as if none were put aside: failing buys nothing
    )
    found = []
    for batch in batches:
        name, values = batch.cell.variant, json.loads(batch.values)
        mine = whole if name in kept else []
        cost, spread = cost_of(question, values, collected, (ONLY_WORLD, name), mine)
        stands = tuple(one for one in standings if one.variant == name)
        if name not in kept:
            stands = tuple(_unjudged(name, must) for must in asked.subject_to)
        found.append(Finalist(name, values, cost, spread, stands, len(mine)))
    reached = sorted((one for one in found if one.standing == "reached"), key=rank)
    return found, _left(asked.best, reached, collected, whole, error) if asked.best is not None else reached[:1]


def _kept(names: Sequence[str], fresh: Sequence[int], collected: Collected) -> tuple[list[str], list[int]]:
    """Return who is judged, and the runs to judge by: those in which none of these failed.

    While fewer than half of the runs are left, the one with most runs that failed is put aside: of equals the last.
    """
    kept = list(reversed(names))
    ended = {name: len(collected.whole([(ONLY_WORLD, name)], fresh)) for name in names}
    while kept:
        whole = collected.whole([(ONLY_WORLD, name) for name in kept], fresh)
        if len(whole) >= max(2, len(fresh) / 2):
            return kept[::-1], whole
        kept.remove(min(kept, key=ended.__getitem__))
    return [], []


def _unjudged(name: str, must: Constraint) -> Feasible:
    """Return how a finalist that was put aside stands to what it must reach."""
    return Feasible(name, must.key, *limit_of(must), must.in_share, np.nan, np.nan, np.nan, "undefined", 0)


def _left(
    best: Best, reached: Sequence[Finalist], collected: Collected, whole: Sequence[int], error: float
) -> list[Finalist]:
    """Return those that the fresh runs leave in the choice of the best, by the procedure of Kim and Nelson."""
    delta = amount(best.indifference, describe(best.outcome).unit)
    race = Race([one.name for one in reached], error, delta, max(FIRST, len(whole) // 2), "lower")
    race.run({one.name: sign_of(best) * collected.of((ONLY_WORLD, one.name), best.key, whole) for one in reached})
    return [one for one in reached if one.name in race.left]
