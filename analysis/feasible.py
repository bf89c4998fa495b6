"""Whether plans reach what they must, judged from their runs: in the mean, or in a share of the runs.

A run in which an outcome is not defined (a screening that never ends) does not reach it; in the mean it is undefined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.outcomes import describe, limits
from sim.spec.procedures import Constraint, Key, amount

Floats = npt.NDArray[np.float64]
Standing = Literal["reached", "not reached", "not separated", "undefined"]
Values = Callable[[str, Key], Floats]
"""The values of an outcome of a plan, one a run."""


@dataclass(frozen=True)
class Feasible:
    """How a plan stands to what it must reach; ``low`` and ``high`` bound ``value``, all such bounds together.

    ``value`` is the mean of the outcome, or the share of runs that reach ``limit`` where ``in_share`` of them must; it
    is of so many ``runs``.
    """

    variant: str
    key: Key
    limit: float
    at_least: bool
    in_share: float | None
    value: float
    low: float
    high: float
    standing: Standing
    runs: int


def limit_of(constraint: Constraint) -> tuple[float, bool]:
    """Return (limit, whether it is a least one) in the outcome's unit."""
    text = constraint.at_least if constraint.at_least is not None else constraint.at_most
    assert text is not None
    return amount(text, describe(constraint.outcome).unit), constraint.at_least is not None


def reaches(constraint: Constraint, values: Floats) -> npt.NDArray[np.bool_]:
    """Tell for each run whether it reaches a constraint."""
    limit, at_least = limit_of(constraint)
    return np.isfinite(values) & ((values >= limit) if at_least else (values <= limit))


def feasibility(
    values: Values, names: Sequence[str], constraints: Sequence[Constraint], error: float
) -> list[Feasible]:
    """Return how each plan stands to each constraint, by one-sided bounds that hold together but for ``error``.

    Student's t for means, exact binomial bounds (Clopper and Pearson) for shares of runs. All lower bounds hold
    together but for ``error``, and so do all upper ones: as intervals with two ends they hold but for twice as much.
    """
    each = error / max(len(names) * len(constraints), 1)
    return [
        _stands(name, constraint, values(name, constraint.key), each) for constraint in constraints for name in names
    ]


class Looks:
    """How plans stand to what they must reach, looked at again as their runs grow.

    A plan that reaches what it must can only be shown wrongly not to, and the other way round: one of two one-sided
    bounds can err. The error allowed is spent in equal parts on all plans, constraints and looks (Bonferroni), so that
    no plan is judged wrongly at any look, but for ``error``. What is settled stays so, and is not judged again.
    """

    def __init__(self, names: Sequence[str], constraints: Sequence[Constraint], error: float, looks: int) -> None:
        self.constraints = constraints
        self.each = error / max(len(names) * len(constraints) * looks, 1)
        self._found: dict[tuple[int, str], Feasible] = {}

    def look(self, values: Values, names: Iterable[str]) -> None:
        """Judge what is not settled of these plans; at most so often as was said."""
        for name in names:
            for place, constraint in enumerate(self.constraints):
                known = self._found.get((place, name))
                if known is None or known.standing == "not separated":
                    self._found[place, name] = _stands(name, constraint, values(name, constraint.key), self.each)

    def standing(self, name: str) -> Standing:
        """Return how a plan stands to all that it must reach: as it does to what it is furthest from."""
        known = (self._found.get((place, name)) for place in range(len(self.constraints)))
        standings = {"not separated" if one is None else one.standing for one in known}
        order: tuple[Standing, ...] = ("not reached", "undefined", "not separated")
        return next((word for word in order if word in standings), "reached")

    def found(self) -> tuple[Feasible, ...]:
        """Return how each plan stood when it was last looked at, by constraint."""
        return tuple(self._found[at] for at in sorted(self._found, key=lambda at: at[0]))


def _stands(name: str, constraint: Constraint, values: Floats, error: float) -> Feasible:
    limit, at_least = limit_of(constraint)
    wanted, more = (limit, at_least) if constraint.in_share is None else (constraint.in_share, True)
    if constraint.in_share is None:
        value, low, high = _mean(values, error, limits(constraint.outcome))
    else:
        value, low, high = share(reaches(constraint, values), error)
    standing: Standing = "not separated"
    if not isfinite(value):
        standing = "undefined"
    elif (low >= wanted) if more else (high <= wanted):
        standing = "reached"
    elif (high < wanted) if more else (low > wanted):
        standing = "not reached"
    return Feasible(name, constraint.key, limit, at_least, constraint.in_share, value, low, high, standing, values.size)


def _mean(values: Floats, error: float, within: tuple[float, float]) -> tuple[float, float, float]:
    """Return the mean with its lower and its upper bound, which the outcome's own limits end."""
    from scipy.special import stdtrit

    mean, half = float(values.mean()), inf
    if values.size > 1:
        half = float(stdtrit(values.size - 1, 1 - error)) * float(values.std(ddof=1)) / float(np.sqrt(values.size))
    low, high = np.clip([mean - half, mean + half], *within)
    return mean, float(low), float(high)


def share(reached: npt.NDArray[np.bool_], error: float) -> tuple[float, float, float]:
    """Return the share of runs that reach something, with its lower and its upper bound, each wrong by ``error``."""
    from scipy.special import betaincinv

    count, size = int(reached.sum()), reached.size
    low = float(betaincinv(count, size - count + 1, error)) if count else 0.0
    high = float(betaincinv(count + 1, size - count, 1 - error)) if count < size else 1.0
    return count / size, low, high
