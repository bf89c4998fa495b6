"""A sensitivity study: which factors matter, from the points of a design, and how much of the variance is luck.

A point with a run that failed, that has no value of an outcome, or whose values do not go together, is left out with
all that needs it, and nothing is put in its place: with the trajectory (Morris), the block (Sobol'), or alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis import asked
from analysis.designs import Points, coefficients, points_of, steps_made
from analysis.indices import Elementary, Index, Noise, Regression, Sobol, elementary, noise, rank_regression, sobol
from analysis.store.rounds import Batch, Collected, Procedure, Round
from sim.spec.experiment import ONLY_WORLD
from sim.spec.factors import Study
from sim.spec.procedures import Key

Floats = npt.NDArray[np.float64]
MUCH_NOISE = 1 / 3
"""A share of luck in the means of the points that is worth a warning."""


@dataclass(frozen=True)
class Effect:
    """What a name (a group, a factor, a choice) does to an outcome: one of the three, by the method."""

    name: str
    found: Elementary | Sobol | Index

    @property
    def leading(self) -> Index:
        """The index by which effects are ordered: mu*, the total index, or the coefficient."""
        if isinstance(self.found, Elementary):
            return self.found.mu_star
        return self.found.total if isinstance(self.found, Sobol) else self.found

    @property
    def size(self) -> float:
        """How much it matters; 0 where that is not known."""
        size = abs(self.leading.value)
        return size if np.isfinite(size) else 0.0

    @property
    def tells(self) -> bool:
        """Tell whether it stands out from luck."""
        if isinstance(self.found, Index):
            return self.found.low > 0 or self.found.high < 0
        return self.found.tells


@dataclass(frozen=True)
class Found:
    """What a round found of one outcome: effects with the largest first, the share of luck, and what was left out.

    ``whole`` of ``units`` trajectories, blocks or points were used. ``r_squared`` is of a rank regression.
    """

    key: Key
    effects: tuple[Effect, ...]
    noise: Noise
    units: int
    whole: int
    r_squared: float = float("nan")


@dataclass(frozen=True)
class Part:
    """One round: its points, the values at each (points × replications, NaN where there is none), what was found."""

    points: Points
    values: dict[Key, Floats]
    found: tuple[Found, ...]

    @property
    def invalid(self) -> int:
        """The number of points whose values do not go together."""
        return sum(bool(point.problem) for point in self.points.points)


@dataclass(frozen=True)
class Concluded:
    """What a study found, round by round; ``failed`` are runs, as (world, variant, replication)."""

    study: Study
    parts: tuple[Part, ...]
    failed: tuple[tuple[str, str, int], ...]

    @property
    def left_out(self) -> bool:
        """Whether a point was left out of what is concluded: it was not run, failed, or has no value of an outcome."""
        return any(part.invalid or any(one.whole < one.units for one in part.found) for part in self.parts)

    @property
    def runs(self) -> int:
        """The number of runs."""
        return self.study.design.replications * sum(len(part.points.cells) for part in self.parts)


# -- what is asked for ------------------------------------------------------------------------------------------------


def check_outcomes(study: Study) -> None:
    """Refuse a design that asks for an outcome nobody has registered."""
    asked.check(((("outcomes", k, "outcome"), one) for k, one in enumerate(study.design.outcomes)), study.source)


def check_seen(study: Study) -> None:
    """Run the base once and refuse an outcome that it does not have."""
    named = ((("outcomes", k), one) for k, one in enumerate(study.design.outcomes))
    asked.check_seen(named, [study.base], study.source, study.design.seed)


# -- rounds -----------------------------------------------------------------------------------------------------------


def conclusion(study: Study) -> Procedure[Concluded]:
    """Ask for the runs at the points of a design, and with ``then`` for those of a second round; then conclude."""
    design = study.design
    replications = range(design.replications)
    points = points_of(study, design.method, design.points)
    collected = yield _round(points, replications)
    parts = [_conclude(points, collected, replications)]
    if design.then is not None:
        first = next(found for found in parts[0].found if found.key == design.leads_by)
        leading = {effect.name for effect in first.effects[: design.then.leading]}
        if leading:
            kept = study.of(tuple(name for name in study.groups if name in leading))
            points = points_of(kept, design.then.method, design.then.points)
            collected = yield _round(points, replications, f"{design.then.method}: {len(leading)}")
            parts.append(_conclude(points, collected, replications))
    return Concluded(study, tuple(parts), tuple(sorted(collected.failed)))


def _round(points: Points, replications: range, note: str = "") -> Round:
    texts = {point.cell: point.text for point in reversed(points.points)}
    return Round(tuple(Batch(cell, replications, texts[name]) for name, cell in points.cells.items()), note)


def _conclude(points: Points, collected: Collected, replications: range) -> Part:
    values = {key: _values(points, collected, key, replications) for key in points.study.design.keys}
    return Part(points, values, tuple(_found(points, key, each) for key, each in values.items()))


def _values(points: Points, collected: Collected, key: Key, replications: range) -> Floats:
    nothing = np.full(len(replications), np.nan)
    return np.array(
        [
            nothing if point.problem else collected.of((ONLY_WORLD, point.cell), key, replications)
            for point in points.points
        ]
    )


def _found(points: Points, key: Key, values: Floats) -> Found:
    """Return what the values of one outcome say, of the units that are whole."""
    study, design = points.study, points.study.design
    names = list(study.groups)
    rows = {"morris": len(names) + 1, "sobol_indices": len(names) + 2}.get(points.method, 1)
    units = values.reshape(-1, rows, values.shape[1])
    whole = ~np.isnan(units).any(axis=(1, 2))
    kept = units[whole]
    luck = noise(kept.reshape(-1, values.shape[1]))
    if not len(kept):
        return Found(key, (), luck, len(units), 0)
    effects: list[Effect]
    r_squared = float("nan")
    if points.method == "morris":
        assert points.unit is not None
        unit = points.unit.reshape(len(units), rows, -1)[whole]
        members = [len(group) for group in study.groups.values()]
        made = np.vstack([steps_made(points), np.zeros((1, sum(members)))])  # the last has no step
        steps = made.reshape(len(units), rows, -1)[whole, :-1]
        found = elementary(unit, kept, steps, members, design.confidence, design.seed)
        effects = [Effect(name, one) for name, one in zip(names, found, strict=True)]
    elif points.method == "sobol_indices":
        effects = [
            Effect(name, one) for name, one in zip(names, sobol(kept, design.confidence, design.seed), strict=True)
        ]
    else:
        labels, columns = _columns(points)
        fitted: Regression = rank_regression(columns[whole], kept.mean(axis=(1, 2)), design.confidence, design.seed)
        effects = [Effect(label, one) for label, one in zip(labels, fitted.coefficients, strict=True)]
        r_squared = fitted.r_squared
    return Found(key, tuple(_ordered(effects)), luck, len(units), int(whole.sum()), r_squared)


def _ordered(effects: Sequence[Effect]) -> Iterator[Effect]:
    yield from sorted(effects, key=lambda effect: -effect.size)  # equal sizes stay in the order of the file


def _columns(points: Points) -> tuple[list[str], Floats]:
    """Return the columns of a regression: a number for each factor; for choices, one for each after the first."""
    labels: list[str] = []
    columns: list[list[float]] = []
    for one in points.study.factors:
        numbers = [one.rank(point.values[one.path]) for point in points.points]
        if one.kind != "choice":
            labels.append(one.path)
            columns.append(numbers)
            continue
        for k in range(1, coefficients(one) + 1):
            labels.append(f"{one.path} = {one.say(one.at((k + 0.5) / len(one.choices)))}")
            columns.append([float(number == k) for number in numbers])
    return labels, np.array(columns).T
