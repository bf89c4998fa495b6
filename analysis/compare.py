"""Compare plans that faced the same luck: paired differences, intervals that hold together, expectations judged.

The replication is the sampling unit. The intervals of a family (all comparisons within one world) hold together with
the stated confidence (Bonferroni). A run without a value leaves its comparison undefined: dropping it would flatter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.intervals import CONFIDENCE
from sim.spec.experiment import ONLY_WORLD, Expectation
from sim.spec.procedures import Key

Floats = npt.NDArray[np.float64]
Verdict = Literal["lower", "higher", "not separated", "undefined"]
Judgement = Literal[
    "as expected",
    "against expectation",
    "not separated",
    "not separated (as expected)",
    "the same in every run",
    "the same in every run (as expected)",
    "undefined",
]
NAN = float("nan")
ROUNDING = 1e-14
"""Differences up to this share of the values compared are those of rounding, and count as none."""


class Pair(NamedTuple):
    """What is compared with what: an outcome of a variant, and of another that is its reference."""

    key: Key
    variant: str
    reference: str


@dataclass(frozen=True)
class Comparison:
    """An outcome of a variant less that of its reference, replication by replication.

    ``low`` and ``high`` bound the mean difference with the confidence of the whole family. ``variance_reduction`` is
    by how much pairing cut the variance of the difference: infinite where it is the same in every run. ``defined`` of
    the ``runs`` have both values; where not all have, or only one run is there, the bounds are NaN.
    """

    world: str
    outcome: str
    by: str
    level: str
    variant: str
    reference: str
    mean_variant: float
    mean_reference: float
    difference: float
    low: float
    high: float
    runs: int
    defined: int
    correlation: float
    variance_reduction: float
    p_holm: float = NAN
    """Probability of a difference at least so large where there is none, adjusted for the family as Holm does."""

    @property
    def verdict(self) -> Verdict:
        """What the data say of the variant against its reference."""
        if not (np.isfinite(self.low) and np.isfinite(self.high)):
            return "undefined"
        if self.low > 0:
            return "higher"
        return "lower" if self.high < 0 else "not separated"

    @property
    def identical(self) -> bool:
        """Whether the two had the same value in every run: then the interval is [0, 0]."""
        return self.low == self.high == 0


def compare(
    values: Mapping[str, Mapping[Key, Floats]],
    family: Sequence[Pair],
    confidence: float = CONFIDENCE,
    world: str = ONLY_WORLD,
) -> list[Comparison]:
    """Compare every pair of a family, with intervals that hold together.

    ``values`` holds, by variant and outcome, one value a replication in the order of the replications, NaN where it is
    not defined. Raises ValueError where two variants differ in their number of replications.
    """
    each = 1 - (1 - confidence) / max(len(family), 1)
    found = [
        _paired(world, pair, values[pair.variant][pair.key], values[pair.reference][pair.key], each) for pair in family
    ]
    return [replace(one, p_holm=p) for one, p in zip(found, holm([one.p_holm for one in found]), strict=True)]


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values adjusted so that any of them is below a level by chance with at most that probability.

    Holm, S. (1979): A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6(2).
    NaN, where there is no test, stays NaN and counts among the tests.
    """
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p)  # NaN comes last
    raised = np.maximum.accumulate(p[order] * (p.size - np.arange(p.size)))
    adjusted = np.empty(p.size)
    adjusted[order] = np.minimum(raised, 1.0)
    return [float(value) for value in adjusted]


def _paired(world: str, pair: Pair, variant: Floats, reference: Floats, confidence: float) -> Comparison:
    """Compare one outcome of two variants at the confidence of this one interval."""
    if variant.shape != reference.shape:
        raise ValueError(f"equally many replications are wanted; found {variant.size} and {reference.size}")
    defined = int((np.isfinite(variant) & np.isfinite(reference)).sum())
    difference = correlation = reduction = NAN
    interval = NAN, NAN
    p = NAN
    if 0 < defined == variant.size:
        scale = np.maximum(np.abs(variant), np.abs(reference))
        differences = variant - reference
        differences[np.abs(differences) <= ROUNDING * scale] = 0.0
        difference = float(differences.mean())
        if defined > 1:
            constant = float(np.ptp(differences)) <= ROUNDING * float(scale.max())
            interval, p = (
                ((difference, difference), float(difference == 0))
                if constant
                else _tested(variant, reference, confidence)
            )
            correlation, reduction = _pairing(variant, reference, 0.0 if constant else float(differences.var(ddof=1)))
    outcome, by, level = pair.key
    low, high = interval
    return Comparison(
        world=world,
        outcome=outcome,
        by=by,
        level=level,
        variant=pair.variant,
        reference=pair.reference,
        mean_variant=_mean(variant),
        mean_reference=_mean(reference),
        difference=difference,
        low=low,
        high=high,
        runs=variant.size,
        defined=defined,
        correlation=correlation,
        variance_reduction=reduction,
        p_holm=p,
    )


def _mean(values: Floats) -> float:
    """Return the mean; NaN where not every run has a value, or there is no run."""
    return float(values.mean()) if values.size else NAN


def _tested(variant: Floats, reference: Floats, confidence: float) -> tuple[tuple[float, float], float]:
    from scipy.stats import ttest_rel

    test = ttest_rel(variant, reference)
    interval = test.confidence_interval(confidence)
    return (float(interval.low), float(interval.high)), float(test.pvalue)


def _pairing(variant: Floats, reference: Floats, of_difference: float) -> tuple[float, float]:
    """Return the correlation of the two, and the variance of unpaired differences over that of the paired."""
    spreads = float(variant.var(ddof=1)), float(reference.var(ddof=1))
    apart = sum(spreads)
    correlation = float(np.corrcoef(variant, reference)[0, 1]) if min(spreads) > 0 else NAN
    if of_difference > 0:
        return correlation, apart / of_difference
    return correlation, float("inf") if apart > 0 else NAN


def judge(expected: Expectation, comparison: Comparison) -> Judgement:
    """Say whether a comparison is what its author expected of it; "same" can only fail to be contradicted."""
    verdict = comparison.verdict
    if verdict == "undefined":
        return "undefined"
    if comparison.identical:
        return "the same in every run (as expected)" if expected.direction == "same" else "the same in every run"
    if verdict == "not separated":
        return "not separated (as expected)" if expected.direction == "same" else "not separated"
    return "as expected" if verdict == expected.direction else "against expectation"
