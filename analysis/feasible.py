"""Whether plans reach what they must, judged from their runs: in the mean, or in a share of the runs.

A run in which an outcome is not defined (a screening that never ends) does not reach it; in the mean it is undefined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.outcomes import describe
from sim.spec.procedures import Constraint, Key, amount

Floats = npt.NDArray[np.float64]
Standing = Literal["reached", "not reached", "not separated", "undefined"]


class Feasible(NamedTuple):
    """How a plan stands to what it must reach; ``low`` and ``high`` bound ``value``, all such bounds together.

    ``value`` is the mean of the outcome, or the share of runs that reach ``limit`` where ``in_share`` of them must.
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
    values: Callable[[str, Key], Floats], names: Sequence[str], constraints: Sequence[Constraint], error: float
) -> list[Feasible]:
    """Return how each plan stands to each constraint, by one-sided bounds that hold together but for ``error``.

    Student's t for means, exact binomial bounds (Clopper and Pearson) for shares of runs.
    """
    each = error / max(len(names) * len(constraints), 1)
    return [
        _stands(name, constraint, values(name, constraint.key), each) for constraint in constraints for name in names
    ]


def _stands(name: str, constraint: Constraint, values: Floats, error: float) -> Feasible:
    limit, at_least = limit_of(constraint)
    wanted, more = (limit, at_least) if constraint.in_share is None else (constraint.in_share, True)
    if constraint.in_share is None:
        value, low, high = _mean(values, error)
    else:
        value, low, high = share(reaches(constraint, values), error)
    standing: Standing = "not separated"
    if not isfinite(value):
        standing = "undefined"
    elif (low >= wanted) if more else (high <= wanted):
        standing = "reached"
    elif (high < wanted) if more else (low > wanted):
        standing = "not reached"
    return Feasible(name, constraint.key, limit, at_least, constraint.in_share, value, low, high, standing)


def _mean(values: Floats, error: float) -> tuple[float, float, float]:
    from scipy.special import stdtrit

    mean = float(values.mean())
    half = float(stdtrit(values.size - 1, 1 - error)) * float(values.std(ddof=1)) / float(np.sqrt(values.size))
    return mean, mean - half, mean + half


def share(reached: npt.NDArray[np.bool_], error: float) -> tuple[float, float, float]:
    """Return the share of runs that reach something, with its lower and its upper bound, each wrong by ``error``."""
    from scipy.special import betaincinv

    count, size = int(reached.sum()), reached.size
    low = float(betaincinv(count, size - count + 1, error)) if count else 0.0
    high = float(betaincinv(count + 1, size - count, 1 - error)) if count < size else 1.0
    return count / size, low, high
