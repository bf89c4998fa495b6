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

from analysis.compare import Pair
from analysis.outcomes import describe
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
    rest is luck. ``better`` is the share of draws in which the variant's mean is better than its reference's; luck that
    is left in ``noise`` (its part of the variance of the draws' means) draws it towards a half. NaN where a draw has
    no value.
    """

    pair: Pair
    of_assumptions: float
    noise: float
    better: float
    draws: int


@dataclass(frozen=True)
class Drawn:
    """What was drawn, and how the comparisons split; ``values`` are the draws' means by variant and outcome."""

    figures: tuple[str, ...]
    draws: int
    each: int
    values: Mapping[str, Mapping[Key, Floats]]
    runs: Mapping[str, Mapping[Key, Floats]]
    """By variant and outcome, one row a draw and one column a run of it."""


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
    of = {name: [batch for batch in batches if batch.cell.variant == name] for name in names}
    runs = {
        name: {
            key: np.array([collected.of((b.cell.world, name), key, b.replications) for b in of[name]]) for key in keys
        }
        for name in names
    }
    means = {name: {key: rows.mean(axis=1) for key, rows in mine.items()} for name, mine in runs.items()}
    return Drawn(tuple(q.path for q in quantities), wanted.draws, wanted.replications, means, runs), collected


def split(drawn: Drawn, pair: Pair) -> Split:
    """Return where the spread of a comparison comes from: one-way analysis of variance over the draws."""
    differences = drawn.runs[pair.variant][pair.key] - drawn.runs[pair.reference][pair.key]
    if not np.isfinite(differences).all():
        return Split(pair, NAN, NAN, NAN, drawn.draws)
    means = differences.mean(axis=1)
    direction = describe(pair.key[0]).direction
    sign = {"lower": -1.0, "higher": 1.0, "neither": NAN}[direction]
    better = float((sign * means > 0).mean()) if sign == sign else NAN
    if drawn.each < 2:
        return Split(pair, NAN, NAN, better, drawn.draws)
    within, of_means = float(differences.var(axis=1, ddof=1).mean()), float(means.var(ddof=1))
    between = max(of_means - within / drawn.each, 0.0)
    whole = between + within
    noise = min(within / drawn.each / of_means, 1.0) if of_means > 0 else NAN
    return Split(pair, between / whole if whole > 0 else NAN, noise, better, drawn.draws)
