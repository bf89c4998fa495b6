"""Waits beside fairness: parity is the best there is, and who is called beaten is shown to be."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.compare import Pair, compare
from analysis.comparison_figures import Panel, plane, side_by_side
from analysis.fairness import beaten, distance
from analysis.intervals import Estimate, estimate
from analysis.outcomes import is_better, limits
from firstline.experiment_tables import verdict
from firstline.words import Words

GAP = "unmet_difference_vulnerable"


def normal(seed: int, runs: int, **means: float) -> dict[str, np.ndarray]:
    """Values of plans that share most of their luck."""
    draw = np.random.default_rng(seed)
    shared = draw.normal(0, 0.03, runs)
    return {name: mean + shared + draw.normal(0, 0.005, runs) for name, mean in means.items()}


def test_a_plan_at_parity_is_not_beaten_by_one_that_turns_the_gap_around():
    """Night leaves the others worse off by 3.2 points: it is faster, and not fairer than day at parity."""
    waits = normal(1, 20, day=7.0, night=4.0, worst=9.0)
    gaps = normal(2, 20, day=0.0, night=-0.2, worst=0.2)
    assert beaten(waits, gaps, 0.95) == {"worst": "day"}
    waits = normal(1, 20, day=4.0, night=7.0)
    assert beaten(waits, {name: gaps[name] for name in waits}, 0.95) == {"night": "day"}


def test_bare_means_beat_nobody():
    """One plan is ahead in both means, by less than the luck of five runs: nothing is shown, and nobody is faint."""
    draw = np.random.default_rng(3)
    waits = {"one": draw.normal(7, 3, 5), "other": draw.normal(7.5, 3, 5)}
    gaps = {"one": draw.normal(0.03, 0.1, 5), "other": draw.normal(0.04, 0.1, 5)}
    assert beaten(waits, gaps, 0.95) == {}
    assert beaten({name: each[:1] for name, each in waits.items()}, {k: v[:1] for k, v in gaps.items()}, 0.95) == {}


def test_the_same_in_every_run_is_no_reason_to_be_spared():
    """Equal gaps, run by run, and a shorter wait: that is beaten. Equal in both: neither beats the other."""
    waits, gaps = normal(1, 12, one=4.0, other=7.0), normal(2, 12, one=0.1)
    assert beaten(waits, {"one": gaps["one"], "other": gaps["one"].copy()}, 0.95) == {"other": "one"}
    assert beaten({"one": waits["one"], "other": waits["one"]}, {"one": gaps["one"], "other": gaps["one"]}, 0.95) == {}
    mirrored = {"one": gaps["one"], "other": -gaps["one"]}
    assert beaten(waits, mirrored, 0.95) == {"other": "one"}, "who is worse off makes no plan fairer"


@pytest.mark.parametrize("others", [(0.0, 0.0, 0.0), (0.02, -0.02, 0.02), (-0.02, -0.02, -0.02)])
def test_nobody_is_beaten_by_luck(others: tuple[float, float, float]):
    """Where all gaps are equally far from 0, and waits differ, somebody is called beaten in at most 1 of 20 cases."""
    names, wrong, rounds = ("one", "two", "three"), 0, 400
    for seed in range(rounds):
        waits = normal(seed, 8, one=4.0, two=5.0, three=6.0)
        draw = np.random.default_rng(10_000 + seed)
        gaps = {name: draw.normal(mean, 0.05, 8) for name, mean in zip(names, others, strict=True)}
        wrong += bool(beaten(waits, gaps, 0.95))
    assert wrong <= 0.05 * rounds + 3 * np.sqrt(0.05 * 0.95 * rounds)


def test_how_far_from_0():
    """The bounds of a distance are those of the mean, turned over; one that holds 0 begins there."""
    assert distance(Estimate(-0.3, 0.1, 5, 5)) == pytest.approx((0.3, 0.2, 0.4))
    assert distance(Estimate(0.3, 0.1, 5, 5)) == pytest.approx((0.3, 0.2, 0.4))
    assert distance(Estimate(-0.1, 0.3, 5, 5)) == pytest.approx((0.1, 0.0, 0.4))


def test_less_of_a_gap_is_better_down_to_parity():
    """From 10 points to 0 is better; on to 5 points below 0 is lower, and who is worse off has only changed."""
    assert is_better(GAP, 0.0, 0.1) is True
    assert is_better(GAP, 0.1, 0.0) is False
    assert is_better(GAP, -0.05, 0.0) is None
    assert is_better("wait_p90_ratio_vulnerable", 0.8, 1.2) is None
    assert is_better("wait_p90_ratio_vulnerable", 1.0, 1.2) is True
    assert is_better("unmet_share", 0.1, 0.2) is True
    assert is_better("share_in_target", 0.1, 0.2) is False
    assert is_better("utilisation", 0.1, 0.2) is None
    assert limits(GAP) == (-1, 1)
    assert limits("unmet_share") == (0, 1)
    assert limits("wait_mean_h") == (0, np.inf)


def test_a_gap_that_turns_around_is_lower_and_not_better():
    """The table says so, too: from parity to 5 points below it is no improvement, down to parity it is one."""
    key, luck = (GAP, "all", "all"), np.linspace(-0.001, 0.001, 6)

    def told(before: float, after: float) -> str:
        values = {"a": {key: np.full(6, before)}, "b": {key: after + luck}}
        return verdict(compare(values, [Pair(key, "b", "a")])[0], Words("en"))

    assert told(0.1, 0.02) == "lower: better"
    assert told(0.02, 0.1) == "higher: worse"
    assert told(0.0, -0.05) == "lower"
    assert told(-0.05, 0.0) == "higher"


def test_no_interval_is_drawn_where_no_value_can_be():
    """Waits begin at 0 and nobody is busy for more than all of the time, however wide an interval of few runs is."""
    few = Estimate(1.0, 6.0, 3, 3)
    panels = [Panel("", "wait_mean_h", [("all", {"a": few})]), Panel("", "utilisation", [("all", {"a": few})])]
    wait, busy = side_by_side(panels, ["a"], Words("en")).axes
    assert min(min(line.get_xdata()) for line in wait.lines) == 0
    assert wait.get_xlim()[0] == 0
    assert max(max(line.get_xdata()) for line in busy.lines) == 100


def test_the_picture_of_waits_against_fairness():
    """Distances upward, in points; no cross below 0; of two plans that are equal, the one beneath is larger."""
    draw = np.random.default_rng(1)
    wait, gap = draw.normal(2, 4, 3) ** 2, draw.normal(-0.03, 0.1, 3)
    of = {
        "day": (estimate(wait), estimate(gap)),
        "same": (estimate(wait), estimate(gap)),
        "night": (estimate(wait + 1), estimate(-gap)),
        "turned": (estimate(wait), Estimate(-0.2, 0.1, 3, 3)),
    }
    assert of["day"][0].low < 0
    (axes,) = plane(of, ("wait_mean_h", GAP), {"night": "day"}, Words("en")).axes
    assert "percentage points" in " ".join(axes.get_ylabel().split())
    assert "how far from 0" in " ".join(axes.get_ylabel().split())
    assert axes.get_ylim()[0] == 0
    assert axes.get_xlim()[0] >= 0
    for line in axes.lines:
        assert min(line.get_xdata()) >= 0
        assert min(line.get_ydata()) >= 0
    marks = {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}
    assert set(marks) == {"day", "same", "night (beaten)", "turned"}
    assert marks["day"].get_ydata() == marks["night (beaten)"].get_ydata() == pytest.approx(100 * abs(gap.mean()))
    assert marks["day"].get_markersize() > marks["same"].get_markersize()
    hollow = [name for name, line in marks.items() if line.get_markerfacecolor() == "white"]
    assert hollow == ["turned"], "only there is it known who is worse off"
