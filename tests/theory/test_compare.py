"""The operating characteristic of paired comparisons: how often their intervals hold, and what pairing brings.

Runs are drawn from normal distributions with known means, correlated as common luck correlates them; the seed is fixed.
"""

import math

import numpy as np
import pytest
from scipy import stats

from analysis.compare import Pair, compare, holm
from sim.spec.experiment import Key

TRIALS = 1500
RUNS = 8
CONFIDENCE = 0.9
KEYS: tuple[Key, ...] = tuple((f"outcome_{k}", "all", "all") for k in range(2))
VARIANTS = ("reference", "one", "two", "three")
FAMILY = [Pair(key, name, "reference") for key in KEYS for name in VARIANTS[1:]]
SE = math.sqrt(CONFIDENCE * (1 - CONFIDENCE) / TRIALS)
CORRELATION = 0.8


def draws(rng: np.random.Generator, means: dict[str, float], runs: int = RUNS) -> dict[str, dict[Key, np.ndarray]]:
    """Values of each variant: luck that all share, and luck of their own, with unit variance together."""
    values = {}
    common = {key: rng.standard_normal(runs) for key in KEYS}
    for name in VARIANTS:
        own = {key: rng.standard_normal(runs) for key in KEYS}
        values[name] = {
            key: means.get(name, 0.0) + math.sqrt(CORRELATION) * common[key] + math.sqrt(1 - CORRELATION) * own[key]
            for key in KEYS
        }
    return values


@pytest.fixture(scope="module")
def trials():
    """Comparisons of many experiments whose true differences are known."""
    rng = np.random.default_rng(20240607)
    means = {"one": 0.0, "two": 0.4, "three": -1.0}
    return means, [compare(draws(rng, means), FAMILY, CONFIDENCE) for _ in range(TRIALS)]


def test_the_family_holds_together(trials):
    """All six intervals hold the truth at once at least as often as promised; Bonferroni costs little here."""
    means, experiments = trials
    whole = np.mean([all(c.low <= means[c.variant] <= c.high for c in family) for family in experiments])
    assert whole >= CONFIDENCE - 3 * SE
    assert whole <= 0.97, "intervals far too wide would hold too, and say nothing"


def test_each_interval_has_its_share(trials):
    """One interval of six holds with 1 − α/6, exactly, for normal values: neither more nor less than it says."""
    means, experiments = trials
    each = 1 - (1 - CONFIDENCE) / len(FAMILY)
    held = np.array([[c.low <= means[c.variant] <= c.high for c in family] for family in experiments])
    se = math.sqrt(each * (1 - each) / TRIALS)
    assert np.abs(held.mean(axis=0) - each).max() <= 4 * se


def test_false_separations_are_rare(trials):
    """Where there is no difference, a verdict other than "not separated" is an error of the family, within its α."""
    _, experiments = trials
    wrong = [any(c.verdict != "not separated" for c in family if c.variant == "one") for family in experiments]
    assert np.mean(wrong) <= 1 - CONFIDENCE + 3 * SE
    right = [c.verdict == "lower" for family in experiments for c in family if c.variant == "three"]
    assert np.mean(right) > 0.6, "a difference of one and a half standard deviations should not stay hidden"


def test_p_is_adjusted_for_the_family(trials):
    """Each p is of the paired t test and raised as Holm says, worked out by hand; alone a test is not adjusted."""
    values = draws(np.random.default_rng(5), {"one": 0.3, "three": -0.5}, 20)
    family = compare(values, FAMILY, CONFIDENCE)
    raw = [
        stats.ttest_rel(
            values[c.variant][c.outcome, c.by, c.level], values["reference"][c.outcome, c.by, c.level]
        ).pvalue
        for c in family
    ]
    ranks = sorted(range(6), key=lambda at: raw[at])
    expected = {at: min(1.0, max(raw[ranks[k]] * (6 - k) for k in range(rank + 1))) for rank, at in enumerate(ranks)}
    assert [c.p_holm for c in family] == pytest.approx([expected[at] for at in range(6)])
    assert [c.p_holm for c in family] == pytest.approx(holm(raw))
    assert family[0].p_holm > 1.5 * raw[0]
    (alone,) = compare(values, FAMILY[:1], CONFIDENCE)
    assert alone.p_holm == pytest.approx(raw[0])
    means, experiments = trials
    wrong = [any(c.p_holm <= 1 - CONFIDENCE for c in family if not means[c.variant]) for family in experiments]
    assert np.mean(wrong) <= 1 - CONFIDENCE + 3 * SE


def test_a_single_comparison_pays_no_price():
    """A family of one has the plain paired t interval, by the textbook's formula."""
    rng = np.random.default_rng(5)
    values = draws(rng, {"one": 0.3}, 20)
    (c,) = compare(values, [Pair(KEYS[0], "one", "reference")], 0.95)
    differences = values["one"][KEYS[0]] - values["reference"][KEYS[0]]
    half = stats.t.ppf(0.975, 19) * differences.std(ddof=1) / math.sqrt(20)
    assert c.difference == pytest.approx(differences.mean())
    assert (c.low, c.high) == pytest.approx((differences.mean() - half, differences.mean() + half))


def test_what_pairing_brings():
    """With correlation ρ and equal variances, pairing cuts the variance by 1 / (1 − ρ): five times at 0.8."""
    rng = np.random.default_rng(11)
    (c,) = compare(draws(rng, {}, 20_000), [Pair(KEYS[0], "one", "reference")])
    assert c.correlation == pytest.approx(CORRELATION, abs=0.01)
    assert c.variance_reduction == pytest.approx(1 / (1 - CORRELATION), rel=0.03)


@pytest.mark.parametrize(
    ("variant", "reference", "difference", "verdict"),
    [
        ([0.1, 0.2, 0.7], [0.1, 0.2, 0.7], 0.0, "not separated"),
        ([3.0, 3.0, 3.0], [3.0, 3.0, 3.0], 0.0, "not separated"),
        ([3.0, 4.0, 9.0], [2.0, 3.0, 8.0], 1.0, "higher"),
        ([0.1 + 0.2, 0.7, 0.9], [0.3, 0.7, 0.9], 0.0, "not separated"),
        ([24.1 + 72.0, 24.3 + 72.0, 25.7 + 72.0], [24.1, 24.3, 25.7], 72.0, "higher"),
    ],
)
def test_differences_without_spread(variant, reference, difference, verdict):
    """What differs by the same in every run has an interval of no width, without a warning or a division by zero.

    A difference in the last bit is one of rounding, not of the plans.
    """
    (c,) = compare({"v": {KEYS[0]: np.array(variant)}, "r": {KEYS[0]: np.array(reference)}}, [Pair(KEYS[0], "v", "r")])
    assert c.low == c.high == c.difference == pytest.approx(difference)
    assert c.verdict == verdict
    if difference == 0:
        assert c.identical


@pytest.mark.parametrize("odd", [math.nan, math.inf])
def test_a_run_without_a_value_leaves_it_undefined(odd):
    """A quantile that was not reached in one run is not dropped: the rest would be the better runs."""
    values = {"v": {KEYS[0]: np.array([1.0, odd, 2.0])}, "r": {KEYS[0]: np.array([1.0, 2.0, 3.5])}}
    (c,) = compare(values, [Pair(KEYS[0], "v", "r")])
    assert c.verdict == "undefined"
    assert (c.defined, c.runs) == (2, 3)
    assert math.isnan(c.difference)
    assert c.mean_reference == pytest.approx(6.5 / 3)


def test_one_run_has_no_interval():
    """A single run says nothing of the spread."""
    (c,) = compare({"v": {KEYS[0]: np.ones(1)}, "r": {KEYS[0]: np.zeros(1)}}, [Pair(KEYS[0], "v", "r")])
    assert (c.difference, c.verdict) == (1.0, "undefined")
    with pytest.raises(ValueError, match="equally many replications"):
        compare({"v": {KEYS[0]: np.ones(2)}, "r": {KEYS[0]: np.zeros(3)}}, [Pair(KEYS[0], "v", "r")])


def test_no_run_is_undefined_without_a_warning():
    """Where every replication failed nothing is compared, and no warning of numpy is shown to a planner."""
    (c,) = compare({"v": {KEYS[0]: np.ones(0)}, "r": {KEYS[0]: np.ones(0)}}, [Pair(KEYS[0], "v", "r")])
    assert (c.runs, c.defined, c.verdict) == (0, 0, "undefined")
    assert all(math.isnan(value) for value in (c.mean_variant, c.mean_reference, c.difference, c.p_holm))
