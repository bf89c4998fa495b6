"""Choose the best plan with a stated probability of being right, among those that are shown to reach what they must.

Kim, S.-H. and Nelson, B. L. (2001): A fully sequential procedure for indifference-zone selection in simulation. ACM
Transactions on Modeling and Computer Simulation 11(3), 251-273; with their c = 1. The plans face the same luck, which
the procedure allows for: it uses the variance of differences. Its promise holds for values that are normal, such as
means over many residents; ``tests/theory/test_selection.py`` measures it where they are not.

What plans must reach is judged while they race, as in Andradóttir, S. and Kim, S.-H. (2010): Fully sequential
procedures for comparing constrained systems via simulation. Naval Research Logistics 57(5), 403-421. As there, a plan
that has beaten another puts it out only once it is shown to be feasible. Unlike there, feasibility has no indifference
zone: it is looked at a few times, with bounds that hold together, and may be open still when the budget ends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from analysis.feasible import Feasible, Looks
from analysis.need_outcomes import Direction
from analysis.outcomes import describe
from analysis.store.rounds import Batch, Procedure, Round
from sim.spec.crossed import Cell
from sim.spec.procedures import Key, Select, amount

Floats = npt.NDArray[np.float64]
AT_A_TIME = 5
"""Replications of each plan that is left which are asked for in one round."""


@dataclass(frozen=True)
class Left:
    """A plan that was left out in the choice: after so many replications, for one that was better."""

    variant: str
    after: int
    better: str


@dataclass(frozen=True)
class Selected:
    """What a choice found in one world.

    ``survivors`` are the plans among which the best is, with the stated confidence, if it is better than all others by
    the ``indifference``; ``reached`` are those of them that are shown to reach what they must. One alone that does is
    the ``best``. Several are left where the budget ended first, or, ``alike``, where they do not differ. ``undefined``
    counts the runs of plans in which the outcome is not defined: there is no mean to choose by then.
    ``replications`` are those in which no run of the world failed.
    """

    world: str
    key: Key
    indifference: float
    confidence: float
    survivors: tuple[str, ...]
    reached: tuple[str, ...]
    alike: bool
    separated: bool
    """Whether the runs tell the survivors apart, so that only what must be reached is open."""
    left: tuple[Left, ...]
    feasible: tuple[Feasible, ...]
    undefined: Mapping[str, int]
    means: Mapping[str, float]
    replications: int

    @property
    def best(self) -> str | None:
        """The plan that is chosen; None where it is not one."""
        return self.survivors[0] if len(self.survivors) == len(self.reached) == 1 and not self.undefined else None


def select(cells: Sequence[Cell], wanted: Select, confidence: float) -> Procedure[Selected]:
    """Choose among the variants of one world.

    Half of the error allowed goes to what must be reached, the other half to the choice. Who is shown not to reach it
    leaves; who is beaten leaves once the plan that is better is shown to reach it. Runs go on until one plan is left
    that does, or plans that do not differ, or until the budget ends. A replication in which a run of any plan failed is
    left out for all.
    """
    names = {cell.variant: cell for cell in cells}
    world, key = cells[0].world, wanted.key
    error = (1 - confidence) / (2 if wanted.subject_to else 1)
    delta, direction = amount(wanted.indifference, describe(key[0]).unit), describe(key[0]).direction
    race = Race(list(names), error, delta, wanted.at_least, direction, () if wanted.subject_to else None)
    counts = look_counts(wanted.at_least, wanted.at_most)
    looks = Looks(list(names), wanted.subject_to, error, len(counts))
    count, note = counts[0], ""
    while True:
        collected = yield _round((names[name] for name in race.left), count, note)
        whole = collected.whole(((world, name) for name in names), range(count))
        if count in counts and whole:
            looks.look(lambda name, of: collected.of((world, name), of, whole), race.left)  # noqa: B023  # called at once
        race.left = [name for name in race.left if looks.standing(name) not in ("not reached", "undefined")]
        reached = [name for name in race.left if looks.standing(name) == "reached"]
        values = {name: collected.of((world, name), key, whole) for name in race.left}
        undefined = {name: int((~np.isfinite(each)).sum()) for name, each in values.items()}
        undefined = {name: runs for name, runs in undefined.items() if runs}
        if undefined or not whole:
            break
        race.run(values)
        race.shown(reached)
        ended = set(race.left) <= set(reached) and (len(race.left) <= 1 or race.alike)
        if ended or count >= wanted.at_most:
            break
        then = next(look for look in counts if look > count)
        count = then if race.separated else min(count + AT_A_TIME, then)
        note = f"{len(race.left)} of {len(names)} plans left"
    return Selected(
        world,
        key,
        delta,
        confidence,
        tuple(race.left),
        tuple(name for name in race.left if name in reached),
        race.alike,
        race.separated,
        tuple(race.lost),
        looks.found(),
        undefined,
        {name: float(values[name].mean()) if whole else np.nan for name in race.left},
        len(whole),
    )


def look_counts(first: int, most: int) -> list[int]:
    """Return after how many replications feasibility is looked at: ever twice as many, and when the budget ends.

    So they are few, and share the error among few; and what a number of runs would settle waits for less than twice it.
    """
    counts = [first]
    while counts[-1] < most:
        counts.append(min(2 * counts[-1], most))
    return counts


class Race:
    """The procedure of Kim and Nelson on values that come a few at a time.

    ``left`` are the plans still in; ``lost`` those out. A pair is decided once, when its difference leaves the triangle
    that chance allows for; the loser is out as soon as the winner is among those that are shown to do, ``reach`` (None:
    all do). Each replication is looked at in its turn, so that nothing depends on how many come at a time.
    """

    def __init__(
        self,
        names: Sequence[str],
        error: float,
        delta: float,
        first: int,
        direction: Direction,
        reach: Collection[str] | None = None,
    ) -> None:
        self.left = list(names)
        self.lost: list[Left] = []
        self.delta = delta
        self.first = first
        self.sign = -1.0 if direction == "lower" else 1.0
        others = max(len(self.left) - 1, 1)
        eta = ((2 * error / others) ** (-2 / (first - 1)) - 1) / 2
        self.h2 = 2 * eta * (first - 1)
        self.reach = set(names if reach is None else reach)
        self.spread: dict[tuple[str, str], float] = {}
        self.beats: set[tuple[str, str]] = set()
        self.same: set[tuple[str, str]] = set()
        self.seen = first - 1

    @property
    def alike(self) -> bool:
        """Whether several plans are left, and the means of none of them differ where they were last looked at."""
        return len(self.left) > 1 and all(pair in self.same for pair in combinations(self.left, 2))

    @property
    def separated(self) -> bool:
        """Whether each pair of the plans that are left is decided."""
        return all({(a, b), (b, a)} & self.beats for a, b in combinations(self.left, 2))

    def run(self, values: Mapping[str, Floats]) -> None:
        """Look at replications that have not been looked at; ``values`` holds all of the plans that are left."""
        signed = {name: self.sign * series for name, series in values.items()}
        length = min((series.size for series in signed.values()), default=0)
        if length >= self.first and not self.spread:
            for one, other in combinations(self.left, 2):
                difference = signed[one][: self.first] - signed[other][: self.first]
                self.spread[one, other] = float(difference.var(ddof=1))
        for count in range(self.seen + 1, length + 1):
            if len(self.left) == 1:
                return
            self.seen = count
            self._decide({name: float(signed[name][:count].sum()) for name in self.left}, count)
            self._leave()

    def shown(self, reach: Iterable[str]) -> None:
        """Take note of plans that are shown to do; whom they have beaten before is out now."""
        self.reach.update(reach)
        self._leave()

    def _decide(self, sums: Mapping[str, float], count: int) -> None:
        """Decide the pairs that differ by more than chance allows at this replication; at the last one, by anything."""
        self.same = set()
        for one, other in combinations(self.left, 2):
            if (one, other) in self.beats or (other, one) in self.beats:
                continue
            slack = self.h2 * self.spread[one, other] / (2 * self.delta) - self.delta * count / 2
            ahead = sums[one] - sums[other]
            if abs(ahead) > max(slack, 0.0):
                self.beats.add((one, other) if ahead > 0 else (other, one))
            elif slack <= 0:
                self.same.add((one, other))

    def _leave(self) -> None:
        out: dict[str, str] = {}
        for better in self.left:
            for name in self.left:
                if better in self.reach and (better, name) in self.beats:
                    out.setdefault(name, better)
        self.lost += [Left(name, self.seen, better) for name, better in out.items()]
        self.left = [name for name in self.left if name not in out]


def _round(cells: Iterable[Cell], count: int, note: str = "") -> Round:
    return Round(tuple(Batch(cell, range(count)) for cell in cells), note)
