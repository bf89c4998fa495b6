"""Waits beside fairness: how unequal a plan is, and which plans are shown to be beaten in both.

A plan is the more unequal the farther its mean gap is from 0, whichever part of the community is worse off. That one
is farther than another is the same as that their difference and their sum have one sign, so it is shown where the
intervals of both leave 0 on the same side.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt

from analysis.compare import Comparison, Pair, compare
from analysis.intervals import Estimate
from sim.spec.procedures import Key

Floats = npt.NDArray[np.float64]
WAIT, GAP = ("wait", "all", "all"), ("gap", "all", "all")
SIGNS = {"lower": -1, "higher": 1}


def distance(found: Estimate) -> tuple[float, float, float]:
    """Return how far a mean gap is from 0, with the bounds of that: (distance, low, high); NaN where not known."""
    ends = abs(found.low), abs(found.high)
    low = 0.0 if found.low <= 0 <= found.high else min(ends)
    return abs(found.mean), low if np.isfinite(found.low) else float("nan"), max(ends)


def beaten(waits: Mapping[str, Floats], gaps: Mapping[str, Floats], confidence: float) -> dict[str, str]:
    """Return each plan that is shown to be beaten, with one that beats it; both map plans to a value a run.

    Who beats it waits less and is less unequal, or one of the two and is the same in the other in every run. All
    comparisons hold together with the confidence.
    """
    names = list(waits)
    values: dict[str, dict[Key, Floats]] = {name: {WAIT: waits[name], GAP: gaps[name]} for name in names}
    values |= {f"less {name}": {GAP: -gaps[name]} for name in names}
    pairs = list(combinations(names, 2))
    family = [
        pair
        for one, other in pairs
        for pair in (Pair(WAIT, one, other), Pair(GAP, one, other), Pair(GAP, one, f"less {other}"))
    ]
    found = compare(values, family, confidence)
    by: dict[str, str] = {}
    for place, (one, other) in enumerate(pairs):
        wait, apart, together = found[3 * place : 3 * place + 3]
        longer, farther = _sign(wait), _distance_sign(apart, together)
        if longer is None or farther is None or longer == farther == 0:
            continue
        if max(longer, farther) <= 0:
            by.setdefault(other, one)
        elif min(longer, farther) >= 0:
            by.setdefault(one, other)
    return {name: by[name] for name in names if name in by}


def _sign(c: Comparison) -> int | None:
    """Return -1 where the first is shown lower, 1 higher, 0 where both are the same in every run; None: not known."""
    return 0 if c.identical else SIGNS.get(c.verdict)


def _distance_sign(apart: Comparison, together: Comparison) -> int | None:
    """Return the same of the distances from 0, from the difference and the sum of two gaps."""
    signs = _sign(apart), _sign(together)
    if 0 in signs:
        return 0
    return None if None in signs else SIGNS["higher" if signs[0] == signs[1] else "lower"]
