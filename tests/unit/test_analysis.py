"""Waits with competing ends, intervals over runs, and outcomes from tables."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import sim
from analysis.incidence import incidence
from analysis.intervals import estimate, estimates
from analysis.outcomes import Measure, describe, measure_of


def test_without_other_ends_it_is_the_empirical_distribution():
    """With nobody leaving and nobody censored, the incidence of starting is the plain share that has started."""
    waits = np.array([0.5, 1.0, 1.0, 3.0])
    curve = incidence(waits, np.ones(4, bool), np.zeros(4, bool))
    assert [curve.at(t) for t in (0.4, 0.5, 1.0, 2.9, 3.0)] == pytest.approx([0, 0.25, 0.75, 0.75, 1])
    assert curve.restricted_mean(10) == pytest.approx(waits.mean())
    assert curve.quantile(0.5) == 1.0


def test_who_leaves_has_not_started():
    """A resident who gives up early must not shorten the mean wait: up to τ they have waited τ."""
    curve = incidence(np.array([1.0, 2.0]), np.array([True, False]), np.array([False, True]))
    assert curve.at(10) == pytest.approx(0.5)
    assert curve.restricted_mean(10) == pytest.approx((1 + 10) / 2)
    assert math.isnan(curve.quantile(0.9))


def test_censoring_against_the_hand_calculation():
    """Aalen–Johansen by hand: starts at 1 and 3, a departure at 2, one observation that ends at 2.5."""
    waits = np.array([1.0, 2.0, 2.5, 3.0])
    curve = incidence(waits, np.array([True, False, False, True]), np.array([False, True, False, False]))
    # S before 1 is 1, F jumps 1/4; S before 3 is 3/4 · 2/3 = 1/2, one at risk, F jumps 1/2
    assert curve.at(1) == pytest.approx(0.25)
    assert curve.at(3) == pytest.approx(0.75)


@given(st.lists(st.tuples(st.floats(0, 50), st.sampled_from(["start", "left", "censored"])), min_size=1, max_size=60))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_incidence_is_a_share_that_never_falls(people):
    """Whatever ends come in whatever order, F rises from 0 to at most 1, and the mean wait lies in [0, τ]."""
    waits = np.array([wait for wait, _ in people])
    started = np.array([end == "start" for _, end in people])
    left = np.array([end == "left" for _, end in people])
    curve = incidence(waits, started, left)
    assert (np.diff(curve.level) >= -1e-12).all()
    assert ((curve.level >= 0) & (curve.level <= 1 + 1e-12)).all()
    assert -1e-9 <= curve.restricted_mean(24) <= 24 + 1e-9


def test_interval_is_student_s():
    """The interval over runs is the textbook t interval, as SciPy computes it independently."""
    values = [3.0, 4.5, 2.5, 5.0]
    found = estimate(values)
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_an_estimate_is_of_plain_numbers():
    """Who prints an estimate in Python reads numbers, not types of NumPy."""
    found = estimate([3.0, 4.5, 2.5])
    assert {type(found.mean), type(found.half_width), type(found.low)} == {float}
    assert {type(found.runs), type(found.defined)} == {int}


def test_intervals_cover():
    """Of 95 % intervals of normal runs, 95 % hold the truth: 2,000 intervals, within 4 standard errors."""
    rng = np.random.default_rng(7)
    hits = sum(abs(found.mean) <= found.half_width for found in (estimate(rng.normal(size=6)) for _ in range(2000)))
    assert abs(hits / 2000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 2000)


def test_a_run_without_a_value_leaves_no_mean():
    """A quantile not reached in one run must not be averaged over the others: that would flatter."""
    found = estimate([1.0, float("nan"), 2.0])
    assert math.isnan(found.mean)
    assert (found.runs, found.defined) == (3, 2)


def test_one_run_has_no_interval():
    """One replication says nothing about the spread."""
    assert math.isnan(estimate([2.0]).half_width)


@pytest.fixture(scope="module")
def tutorial():
    return sim.load("tutorial")


def test_outcomes_add_up(tutorial):
    """Needs by type, by zone and by phase each add up to all; ends and shares agree with the table of needs."""
    result = sim.run(tutorial, 3)
    rows = {(row.outcome, row.by, row.level): row.value for row in measure_of(tutorial)(result)}
    needs = result.frame("needs")
    cohort = needs[needs["cohort"]]
    assert rows["needs_raised", "all", "all"] == len(cohort)
    for by in ("need", "zone", "phase"):
        parts = [value for (outcome, kind, _), value in rows.items() if outcome == "needs_raised" and kind == by]
        assert sum(parts) == len(cohort)
    unmet = cohort["end"].isin(["abandoned", "open"]) | ((cohort["end"] == "referred") & cohort["started_h"].isna())
    assert rows["unmet_share", "all", "all"] == pytest.approx(unmet.mean())
    people = result.frame("people")
    assert rows["utilisation", "all", "all"] == pytest.approx(
        people["busy_rostered_h"].sum() / people["rostered_h"].sum()
    )


def test_the_wait_of_a_run_by_hand(tutorial):
    """The mean wait up to τ equals the mean over all requests of min(wait, τ), where nobody is censored before τ."""
    result = sim.run(tutorial, 5)
    needs = result.frame("needs")
    asked = needs[needs["cohort"] & needs["requested_h"].notna()]
    tau = result.end_h - result.horizon_h
    wait = (asked["started_h"] - asked["requested_h"]).fillna(np.inf).clip(upper=tau)
    open_early = asked[(asked["end"] == "open") & (result.end_h - asked["requested_h"] < tau)]
    rows = {(row.outcome, row.by, row.level): row.value for row in measure_of(tutorial)(result)}
    slack = 1e-9 if open_early.empty else tau * len(open_early) / len(asked)
    assert rows["wait_mean_h", "all", "all"] == pytest.approx(wait.mean(), abs=slack)


def test_small_groups_are_not_reported():
    """A figure about fewer than ten residents is a figure about persons."""
    scenario = sim.load("tutorial").patched({"world": {"community": {"shares": {"pregnant": 0.005}}}})
    rows = Measure()(sim.run(scenario))
    sizes = sim.run(scenario).group_sizes
    assert sizes["pregnant"] < 10
    assert not any(row.level == "pregnant" for row in rows)


def test_every_outcome_says_what_it_is(tutorial):
    """Unit, direction and denominator of every outcome that a run gives."""
    for outcome in {row.outcome for row in measure_of(tutorial)(sim.run(tutorial))}:
        described = describe(outcome)
        assert described.unit
        assert described.denominator
        assert described.direction in ("lower", "higher", "neither")


def test_estimates_keep_runs_apart(tutorial):
    """The number of runs, not of needs, is the size of the sample."""
    rows = [row for rows in sim.run_many(tutorial, 4, measure_of(tutorial)) for row in rows]
    assert estimates(rows)["unmet_share", "all", "all"].runs == 4


def test_gauges_count_what_the_stamps_say(tutorial):
    """At each look the gauges give the needs begun and not closed, and those of them asked, counted one by one."""
    result = sim.run(tutorial, 2, look_h=0.7)
    needs, gauges = result.frame("needs"), result.frame("gauges")
    for t_h, look in gauges.groupby("t_h"):
        level = dict(zip(look["gauge"], look["value"], strict=True))
        not_closed = ~(needs["closed_h"] <= t_h)
        assert level["open"] == ((needs["onset_h"] <= t_h) & not_closed).sum()
        assert level["known"] == ((needs["requested_h"] <= t_h) & not_closed).sum()
