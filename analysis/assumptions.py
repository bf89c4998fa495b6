"""Compare plans over the ranges of what is assumed, so that the intervals hold that uncertainty beside the luck.

Each draw takes a value for every assumed figure from its range under ``evidence``, all values equally likely, and faces
all plans with it, under the same luck; the next draw has other figures and other luck. The draw is the sampling unit:
an interval over draws is about the mean over the ranges, and says nothing of figures that state no range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.compare import ROUNDING, Pair
from analysis.feasible import share
from analysis.intervals import CONFIDENCE
from analysis.outcomes import is_better
from analysis.store.rounds import Batch, Collected, Procedure, Round
from sim.chance import Chance
from sim.errors import InputError, Problem
from sim.spec.crossed import Cell, Crossed
from sim.spec.factors import Quantity, look, ranges
from sim.spec.procedures import Assumptions, Key

Floats = npt.NDArray[np.float64]
NAN = float("nan")


@dataclass(frozen=True)
class Split:
    """Where the spread of one comparison comes from, and how often the variant is better.

    ``of_assumptions`` is the part of the variance of a single run's difference that stems from the assumed figures, the
    rest is luck. ``better`` is the share of draws in which the variant's mean is better than its reference's, of those
    in which one of the two is the better; ``low`` and ``high`` are its exact interval (Clopper and Pearson), by itself.
    Luck that is left in ``noise`` (its part of the variance of the draws' means) draws it towards a half. NaN where a
    draw has no value, or none is better.
    """

    pair: Pair
    of_assumptions: float
    noise: float
    better: float
    draws: int
    low: float = NAN
    high: float = NAN


@dataclass(frozen=True)
class Drawn:
    """What was drawn, and how the comparisons split; ``values`` are the draws' means by variant and outcome.

    A run that failed is left out for all plans at its draw, and a draw of which no run is left, with all its figures.
    """

    figures: tuple[str, ...]
    draws: int
    each: int
    values: Mapping[str, Mapping[Key, Floats]]
    runs: Mapping[str, Mapping[Key, Sequence[Floats]]]
    """By variant and outcome, for each draw the values of its runs."""


def figures(crossed: Crossed, wanted: Assumptions) -> tuple[Quantity, ...]:
    """Return the assumed figures that are drawn: those that no variant sets otherwise, for these are decisions.

    Raises InputError where there is none, or a name is unknown.
    """
    stated = ranges(crossed.base, wanted.only or True, crossed.source, ("assumptions", "only"))
    base, *cells = (
        scenario.model_dump(mode="json", by_alias=True)
        for scenario in (crossed.base, *(cell.scenario for cell in crossed.cells))
    )
    found = tuple(one for one in stated if all(look(cell, one.path) == look(base, one.path) for cell in cells))
    if not found:
        said = "no figure of the base states a range (low and high) under 'evidence', but for what the variants set"
        raise InputError(crossed.source, [Problem("assumptions", f"{said}: there is nothing to draw")])
    return found


def draw(quantities: Sequence[Quantity], seed: int, number: int) -> dict[str, object]:
    """Return the values of one draw, by path."""
    chance = Chance(seed, 0)
    return {one.path: one.at(chance.one(f"assumption.{one.path}", number)) for one in quantities}


def nested(crossed: Crossed, wanted: Assumptions, seed: int) -> Procedure[tuple[Drawn, Collected]]:
    """Ask for every variant at every draw, and return the means of the draws."""
    import json

    quantities = figures(crossed, wanted)
    batches = []
    for number in range(wanted.draws):
        values = draw(quantities, seed, number)
        luck = range(number * wanted.replications, (number + 1) * wanted.replications)
        for cell in crossed.cells:
            world = f"draw-{number:04d}"
            scenario = cell.scenario.with_values(values, f"{crossed.source}, {cell.variant} at {world}")
            batches.append(Batch(Cell(world, cell.variant, scenario), luck, json.dumps(values, ensure_ascii=False)))
    collected = yield Round(tuple(batches))
    keys, names = crossed.experiment.keys, list(crossed.experiment.variants)
    whole = {
        batch.cell.world: collected.whole([(batch.cell.world, name) for name in names], batch.replications)
        for batch in batches
    }
    runs = {
        name: {key: [collected.of((world, name), key, left) for world, left in whole.items() if left] for key in keys}
        for name in names
    }
    means = {
        name: {key: np.array([each.mean() for each in draws]) for key, draws in mine.items()}
        for name, mine in runs.items()
    }
    return Drawn(tuple(q.path for q in quantities), wanted.draws, wanted.replications, means, runs), collected


def split(drawn: Drawn, pair: Pair, confidence: float = CONFIDENCE) -> Split:
    """Return where the spread of a comparison comes from: one-way analysis of variance over the draws."""
    sides = drawn.runs[pair.variant][pair.key], drawn.runs[pair.reference][pair.key]
    differences = [_less(one, other) for one, other in zip(*sides, strict=True)]
    draws = len(differences)
    if not draws or not np.isfinite(np.concatenate(differences)).all():
        return Split(pair, NAN, NAN, NAN, draws)
    means = np.array([each.mean() for each in differences])
    levels = [np.array([each.mean() for each in side]) for side in sides]
    better = _better(np.where(means == 0, np.nan, levels), pair.key, confidence)
    free = sum(each.size - 1 for each in differences)
    if not free or draws < 2:
        return Split(pair, NAN, NAN, better[0], draws, *better[1:])
    within = sum(float(((each - each.mean()) ** 2).sum()) for each in differences) / free
    of_luck = within * float(np.mean([1 / each.size for each in differences]))
    of_means = float(means.var(ddof=1))
    between = max(of_means - of_luck, 0.0)
    whole = between + within
    noise = min(of_luck / of_means, 1.0) if of_means > 0 else NAN
    return Split(pair, between / whole if whole > 0 else NAN, noise, better[0], draws, *better[1:])


def _less(one: Floats, other: Floats) -> Floats:
    """Return differences, 0 where they are those of rounding."""
    differences = one - other
    return np.where(np.abs(differences) <= ROUNDING * np.maximum(np.abs(one), np.abs(other)), 0.0, differences)


def _better(levels: Floats, key: Key, confidence: float) -> tuple[float, float, float]:
    """Return in what share of draws the first of two plans is better, with an exact interval.

    Draws in which neither is better are out: both are alike (NaN), or one is beyond parity.
    """
    told = [is_better(key[0], one, other) for one, other in levels.T.tolist() if one == one]
    better = np.array([one for one in told if one is not None], bool)
    return share(better, (1 - confidence) / 2) if better.size else (NAN, NAN, NAN)
