"""Designs of points: Latin hypercube, Sobol' sequence, grid, trajectories of Morris, Saltelli's blocks.

Each is drawn on the unit cube and mapped to its factors through their quantiles, and is the same for a seed.

Sources: McKay, Beckman & Conover 1979 (Latin hypercube); Owen 1998 (scrambled Sobol' sequence); Morris 1991 and
Campolongo, Cariboni & Saltelli 2007 (trajectories, groups); Saltelli et al. 2010 (blocks). By ``scipy.stats.qmc`` and
SALib.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.errors import InputError, Problem
from sim.spec.crossed import Cell
from sim.spec.design import MOST_POINTS, Method
from sim.spec.experiment import ONLY_WORLD
from sim.spec.factors import Quantity, Study

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Point:
    """A point of a design: what is set on the base there, and the cell that runs it.

    Points at which the same is set share one cell. ``problem`` says why a point cannot run; it is kept, never imputed.
    """

    number: int
    values: Mapping[str, Any]
    cell: str
    problem: str = ""

    @property
    def text(self) -> str:
        """What is set, as JSON."""
        return json.dumps(dict(self.values), ensure_ascii=False)


@dataclass(frozen=True)
class Points:
    """The points of a method: rows of ``unit`` (points × factors in [0, 1]; None for a grid), and their scenarios."""

    method: Method
    study: Study
    points: tuple[Point, ...]
    unit: Floats | None
    cells: Mapping[str, Cell]
    """Those that can run, by name."""


# -- on the unit cube -------------------------------------------------------------------------------------------------


def latin_hypercube(factors: int, points: int, seed: int) -> Floats:
    """Return points × factors; each factor has one point in each of as many strata as there are points."""
    from scipy.stats import qmc

    return qmc.LatinHypercube(factors, rng=seed).random(points)


def sobol_sequence(factors: int, points: int, seed: int) -> Floats:
    """Return points × factors of a scrambled Sobol' sequence; ``points`` is a power of two."""
    from scipy.stats import qmc

    return qmc.Sobol(factors, scramble=True, rng=seed).random(points)


def morris(members: Sequence[int], trajectories: int, levels: int, seed: int) -> Floats:
    """Return trajectories × (groups + 1) rows; from row to row of a trajectory one group moves.

    ``members`` says of each group how many factors it has; its factors stand side by side.
    """
    from SALib.sample import morris as salib

    found: Floats = salib.sample(_problem(members), trajectories, levels, optimal_trajectories=None, seed=seed)
    return np.clip(found, 0.0, 1.0)


def saltelli(members: Sequence[int], points: int, seed: int) -> Floats:
    """Return points × (groups + 2) rows: of each base sample A, A with one group after the other from B, and B."""
    from SALib.sample import sobol as salib

    found: Floats = salib.sample(_problem(members), points, calc_second_order=False, scramble=True, seed=seed)
    return found


def _problem(members: Sequence[int]) -> dict[str, Any]:
    factors = sum(members)
    return {
        "num_vars": factors,
        "names": [f"factor{k}" for k in range(factors)],
        "bounds": [[0.0, 1.0]] * factors,
        "groups": [f"group{g}" for g, size in enumerate(members) for _ in range(size)],
    }


def check_salib(method: Method) -> None:
    """Refuse a method that wants SALib where it is not installed."""
    from importlib.util import find_spec

    if method in ("morris", "sobol_indices") and find_spec("SALib") is None:
        said = f"the method {method} wants the extra: pip install 'firstline[designs]'"
        raise InputError("SALib", [Problem("", said)])


# -- on the factors ---------------------------------------------------------------------------------------------------


def size_of(study: Study) -> int:
    """Return the number of points of the first round."""
    design, groups = study.design, len(study.groups)
    if design.method == "morris":
        return design.trajectories * (groups + 1)
    if design.method == "sobol_indices":
        return design.points * (groups + 2)
    if design.method == "grid":
        return math.prod(len(one.levels(design.levels)) for one in study.factors)
    return design.points


def size_then(study: Study) -> int:
    """Return the number of points of a second round, 0 where there is none."""
    then = study.design.then
    return 0 if then is None else then.points * (min(then.leading, len(study.groups)) + 2)


def check_size(study: Study) -> None:
    """Refuse a design of too many points, too few for its factors, or too few levels for its choices."""
    design = study.design
    check_salib(design.method)
    size = size_of(study)
    if size > MOST_POINTS or size_then(study) > MOST_POINTS:
        wanted = {"morris": "trajectories", "grid": "factors or levels"}.get(design.method, "points")
        said = f"at most {MOST_POINTS:,} points are wanted; found {max(size, size_then(study)):,}; take fewer {wanted}"
        raise InputError(study.source, [Problem("levels" if design.method == "grid" else "points", said)])
    least = 2 + sum(coefficients(one) for one in study.factors)
    if design.method in ("latin_hypercube", "sobol_sequence") and size <= least:
        said = f"more than {least} points are wanted, for so many coefficients of the factors; found {size}"
        raise InputError(study.source, [Problem("points", said)])
    for one in study.factors:
        if design.method == "morris" and one.kind == "choice" and design.levels % len(one.choices):
            wanted = f"a multiple of {len(one.choices)} levels is wanted, so that the choices of {one.path}"
            said = f"{wanted} are equally likely; found {design.levels}"
            raise InputError(study.source, [Problem("levels", said)])
        if design.method == "morris" and _stands_still(one, design.levels):
            said = f"fewer levels, or a linear scale, are wanted: not every step of {one.path} changes its value"
            raise InputError(study.source, [Problem("levels", f"{said}; found {design.levels}")])


def coefficients(factor: Quantity) -> int:
    """Return how many coefficients a factor takes in a regression: one, or one for each choice after the first."""
    return len(factor.choices) - 1 if factor.kind == "choice" else 1


def points_of(study: Study, method: Method, points: int) -> Points:
    """Return the points of a method on the factors of a study; ``points`` is what the method wants of them."""
    design, factors = study.design, study.factors
    members = [len(group) for group in study.groups.values()]
    if method == "grid":
        levels = [one.levels(design.levels) for one in factors]
        rows = [dict(zip((one.path for one in factors), row, strict=True)) for row in itertools.product(*levels)]
        return _placed(study, method, rows, None)
    if method == "morris":
        unit = morris(members, design.trajectories, design.levels, design.seed)
    elif method == "sobol_indices":
        unit = saltelli(members, points, design.seed)
    else:
        unit = (latin_hypercube if method == "latin_hypercube" else sobol_sequence)(len(factors), points, design.seed)
    if method == "morris":
        rows = [
            {one.path: _level(one, float(u), design.levels) for one, u in zip(factors, row, strict=True)}
            for row in unit
        ]
    else:
        rows = [{one.path: one.at(float(u)) for one, u in zip(factors, row, strict=True)} for row in unit]
    return _placed(study, method, rows, unit)


def _level(factor: Quantity, unit: float, levels: int) -> Any:
    """Return the value at a level; what can be counted has as many levels of the one as of the other."""
    if factor.kind != "choice":
        return factor.at(unit)
    return factor.at((round(unit * (levels - 1)) + 0.5) / levels)


def _stands_still(factor: Quantity, levels: int) -> bool:
    """Tell whether a step of Morris, of half of the levels, may leave a factor as it is."""
    values = [_level(factor, k / (levels - 1), levels) for k in range(levels)]
    return any(one == other for one, other in zip(values, values[levels // 2 :], strict=False))


def position(factor: Quantity, value: Any) -> float:
    """Return where a value of a number lies between the ends of its factor, from 0 to 1, on the factor's scale."""
    rank = factor.rank(value)
    if factor.log:
        return math.log(rank / factor.low) / math.log(factor.high / factor.low)
    return (rank - factor.low) / (factor.high - factor.low)


def steps_made(points: Points) -> Floats:
    """Return the part of its range that each factor moved from each point to the next (points less one × factors).

    What can be counted moves by another part than the design's: from one of two values to the other it is all of the
    range. Choices have no order, so from one to any other is all of it, too.
    """
    columns = []
    for one in points.study.factors:
        values = [point.values[one.path] for point in points.points]
        if one.kind == "choice":
            columns.append([float(before != after) for before, after in itertools.pairwise(values)])
        else:
            columns.append([abs(b - a) for a, b in itertools.pairwise(position(one, value) for value in values)])
    return np.array(columns).T


def _placed(study: Study, method: Method, rows: Sequence[Mapping[str, Any]], unit: Floats | None) -> Points:
    cells: dict[str, Cell] = {}
    seen: dict[str, Point] = {}
    points = []
    width = len(str(len(rows)))
    for number, values in enumerate(rows, start=1):
        name, problem = f"{method}-{number:0{width}d}", ""
        text = json.dumps(values, sort_keys=True)
        if text in seen:
            points.append(Point(number, values, seen[text].cell, seen[text].problem))
            continue
        try:
            cells[name] = study.cell(ONLY_WORLD, name, values)
        except InputError as error:
            problem = str(error.problems[0])
        points.append(Point(number, values, name, problem))
        seen[text] = points[-1]
    return Points(method, study, tuple(points), unit, cells)
