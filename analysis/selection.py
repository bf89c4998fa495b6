"""Choose the best plan with a stated probability of being right: feasibility first, then Kim and Nelson's procedure.

Kim, S.-H. and Nelson, B. L. (2001): A fully sequential procedure for indifference-zone selection in simulation. ACM
Transactions on Modeling and Computer Simulation 11(3), 251-273; with their c = 1. The plans face the same luck, which
the procedure allows for: it uses the variance of differences. Its promise holds for values that are normal, such as
means over many residents; ``tests/theory/test_selection.py`` measures it where they are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.feasible import Feasible, feasibility
from analysis.need_outcomes import Direction
from analysis.outcomes import describe
from analysis.store.rounds import Batch, Procedure, Round
from sim.errors import FirstlineError
from sim.spec.crossed import Cell
from sim.spec.experiment import say
from sim.spec.procedures import Key, Select, amount

Floats = npt.NDArray[np.float64]
AT_A_TIME = 5
"""Replications of each plan that is left which are asked for in one round."""


class Left(NamedTuple):
    """A plan that was left out in the choice: after so many replications, for one that was better."""

    variant: str
    after: int
    better: str


@dataclass(frozen=True)
class Selected:
    """What a choice found in one world.

    ``survivors`` are the plans among which the best is, with the stated confidence, if it is better than all others by
    the ``indifference``; one alone is ``best``. Where the budget ended first there are several, or none is feasible.
    """

    world: str
    key: Key
    indifference: float
    confidence: float
    survivors: tuple[str, ...]
    left: tuple[Left, ...]
    feasible: tuple[Feasible, ...]
    means: Mapping[str, float]
    replications: int

    @property
    def best(self) -> str | None:
        """The plan that is chosen; None where it is not one."""
        return self.survivors[0] if len(self.survivors) == 1 else None


def select(cells: Sequence[Cell], wanted: Select, confidence: float) -> Procedure[Selected]:
    """Choose among the variants of one world.

    Half of the error allowed goes to feasibility, which is judged once, after the first round; plans shown not to
    reach what they must are left out. The other half goes to the choice. Raises FirstlineError where the outcome is
    not defined in a run: there is no mean to choose by.
    """
    names = {cell.variant: cell for cell in cells}
    world, key = cells[0].world, wanted.key
    error = (1 - confidence) / (2 if wanted.subject_to else 1)
    collected = yield _round(names.values(), wanted.at_least)
    feasible = feasibility(
        lambda name, key: collected.of((world, name), key, range(wanted.at_least)),
        list(names),
        wanted.subject_to,
        error,
    )
    out = {one.variant for one in feasible if one.standing == "not reached"}
    kept = [name for name in names if name not in out]
    delta = amount(wanted.indifference, describe(key[0]).unit)
    race = Race(kept, error, delta, wanted.at_least, describe(key[0]).direction)
    count = wanted.at_least
    while True:
        whole = range(count)
        values = {name: _defined(collected.of((world, name), key, whole), name, key) for name in race.left}
        race.run(values)
        if len(race.left) <= 1 or count >= wanted.at_most:
            break
        count = min(count + AT_A_TIME, wanted.at_most)
        note = f"{len(race.left)} of {len(names)} plans left"
        collected = yield _round((names[name] for name in race.left), count, note)
    means = {name: float(collected.of((world, name), key, range(count)).mean()) for name in race.left}
    return Selected(world, key, delta, confidence, tuple(race.left), tuple(race.lost), tuple(feasible), means, count)


class Race:
    """The procedure of Kim and Nelson on values that come a few at a time.

    ``left`` are the plans still in; ``lost`` those out. Each replication is looked at in its turn, so that nothing
    depends on how many come at a time.
    """

    def __init__(self, names: Sequence[str], error: float, delta: float, first: int, direction: Direction) -> None:
        self.left = list(names)
        self.lost: list[Left] = []
        self.delta = delta
        self.first = first
        self.sign = -1.0 if direction == "lower" else 1.0
        others = max(len(self.left) - 1, 1)
        eta = ((2 * error / others) ** (-2 / (first - 1)) - 1) / 2
        self.h2 = 2 * eta * (first - 1)
        self.spread: dict[tuple[str, str], float] = {}
        self.seen = first - 1

    def run(self, values: Mapping[str, Floats]) -> None:
        """Look at replications that have not been looked at; ``values`` holds all of the plans that are left."""
        signed = {name: self.sign * series for name, series in values.items()}
        if not self.spread:
            for one in self.left:
                for other in self.left:
                    difference = signed[one][: self.first] - signed[other][: self.first]
                    self.spread[one, other] = float(difference.var(ddof=1)) if self.first > 1 else inf
        length = min((series.size for series in signed.values()), default=0)
        for count in range(self.seen + 1, length + 1):
            self.seen = count
            if len(self.left) == 1:
                return
            self._screen({name: float(signed[name][:count].sum()) for name in self.left}, count)

    def _screen(self, sums: Mapping[str, float], count: int) -> None:
        """Leave out who is worse by more than chance allows at this replication; at the last one, all but the best."""
        last = max(
            floor(self.h2 * self.spread[one, other] / self.delta**2)
            for one in self.left
            for other in self.left
            if one != other
        )
        if count > last:
            best = max(self.left, key=lambda name: sums[name])
            self.lost += [Left(name, count, best) for name in self.left if name != best]
            self.left = [best]
            return
        out: dict[str, str] = {}
        for one in self.left:
            for other in self.left:
                slack = self.h2 * self.spread[one, other] / (2 * self.delta) - self.delta * count / 2
                if one != other and sums[one] < sums[other] - max(slack, 0.0):
                    out.setdefault(one, other)
        self.lost += [Left(name, count, better) for name, better in out.items()]
        self.left = [name for name in self.left if name not in out]


def _round(cells: Iterable[Cell], count: int, note: str = "") -> Round:
    return Round(tuple(Batch(cell, range(count)) for cell in cells), note)


def _defined(values: Floats, name: str, key: Key) -> Floats:
    if not np.isfinite(values).all():
        undefined = int((~np.isfinite(values)).sum())
        raise FirstlineError(
            f"{say(key)} of {name!r} is not defined in {undefined} of {values.size} runs (or these have failed): there "
            "is no mean to choose by; choose by an outcome that every run has"
        )
    return values
