"""Psychosocial needs by layers of the pyramid; a case of several sessions on and off; from a call to a referral."""

from __future__ import annotations

import numpy as np
import pytest

import sim
from analysis.outcomes import measure_of
from sim.spec.needs import LAYERS
from sim.spec.patches import merge, validate
from tests.mechanisms.pairs import (
    BUSY,
    Data,
    Null,
    Pair,
    changes_nothing,
    claim_holds,
    differing,
    left_over,
    log,
    mechanism_of,
    micro,
    need,
    needs,
    rows,
    stays_valid,
    unit,
)

CASE = {"sessions": {"count": 4, "every": "6 h"}}


def cases(per_hour: float = 0.3, *, count: int = 2, **more: object) -> Data:
    wants = {"talk": need(per_hour, skill="talk", patience="8 h", **CASE), "box": need(1, skill="talk")}
    return micro({"crew": unit(count, skills=["talk"], **more)}, wants, hours=48, tail=96)


PAIRS: dict[str, Pair] = {
    "sessions": Pair(cases(), needs("visits_per_need", "talk"), "raises"),
    "sessions, others wait": Pair(cases(0.6, count=1), needs("wait_mean_h", "box"), "raises"),
    "sessions, cases that are never opened": Pair(cases(0.6, count=1), needs("unmet", "talk"), "raises"),
    "sessions, with people to spare nobody waits longer": Pair(
        cases(0.05, count=9), needs("wait_mean_h", "box"), "none",
    ),
    "sessions, visits": Pair(cases(), rows("visits"), "raises"),
}  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS)
def test_the_direction_that_is_claimed(pair: str):
    """On against off under the same luck: the 99 % interval of the paired difference lies on the side of the claim."""
    claim_holds(PAIRS[pair], mechanism_of(pair))


@pytest.mark.parametrize("pair", PAIRS)
def test_both_patches_keep_a_scenario_valid(pair: str):
    """Off and without must run: an ablation tries them on scenarios nobody has seen."""
    stays_valid(PAIRS[pair], mechanism_of(pair))


@pytest.mark.parametrize("pair", PAIRS)
def test_off_is_as_good_as_gone(pair: str):
    """One visit is what a need takes that states nothing."""
    assert left_over(PAIRS[pair], mechanism_of(pair)) == set()


def test_sessions_of_a_need_that_nobody_has_change_nothing():
    """Present but idle, they leave no trace."""
    rare = merge(BUSY, {"world": {"needs": {"rare": need(0)}}})
    changes_nothing(Null({"world": {"needs": {"rare": {**need(0), **CASE}}}}), rare)


# -- layers -----------------------------------------------------------------------------------------------------------


def by(data: Data, part: str) -> dict[tuple[str, str], tuple[float, float]]:
    scenario = validate(data, "micro")
    return {
        (row.outcome, row.level): (row.value, row.size)
        for row in measure_of(scenario)(sim.run(scenario))
        if row.by == part
    }


def layered() -> Data:
    wants = {
        "bread": need(2, layer="basic"), "company": need(1, layer="community"), "call": need(1, layer="focused"),
        "group": need(1, layer="focused"), "other": need(1),
    }  # fmt: skip
    return micro({"crew": unit(2)}, wants)


def test_a_layer_is_the_needs_that_state_it():
    """A layer of one need type has its outcomes; one of two adds them up; who states none belongs to none, and a layer
    that nobody states has no row.
    """
    layers, types = by(layered(), "layer"), by(layered(), "need")
    assert {level for _, level in layers} == {"basic", "community", "focused"}
    assert list(dict.fromkeys(level for _, level in layers)) == [name for name in LAYERS if name != "specialised"]
    for outcome in ("needs_raised", "unmet_share", "wait_mean_h", "abandoned_share"):
        assert layers[outcome, "basic"] == types[outcome, "bread"]
        assert layers[outcome, "community"] == types[outcome, "company"]
    both = [types["needs_raised", name][0] for name in ("call", "group")]
    assert layers["needs_raised", "focused"][0] == sum(both)
    unmet = sum(types["unmet", name][0] for name in ("call", "group"))
    assert layers["unmet_share", "focused"][0] == pytest.approx(unmet / sum(both))


def test_a_layer_says_of_what_kind_a_need_is_and_does_nothing():
    """It is a label: with and without it every column of every table is the same."""
    bare = layered()
    for wants in bare["world"]["needs"].values():
        wants.pop("layer", None)
    assert differing(layered(), bare) == set()
    assert by(bare, "layer") == {}


# -- hotline, counselling, referral -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs() -> list[sim.Result]:
    return [sim.run(sim.load("psychosocial"), 1, replication) for replication in range(4)]


def test_each_step_of_the_chain_follows_from_the_one_before(runs: list[sim.Result]):
    """Counselling and assessment follow a call that was answered, a crisis one that was not, and nothing else."""
    steps = {"counselling": "met", "treatment": "met", "crisis": "abandoned"}
    seen = dict.fromkeys(steps, 0)
    for result in runs:
        table = result.frame("needs").set_index("need")
        for step, end in steps.items():
            mine = table[table["need_type"] == step]
            parents = table.loc[mine["parent"].astype(int)]
            assert (parents["need_type"] == "call").all()
            assert (parents["end"] == end).all()
            assert (mine["onset_h"].to_numpy() > parents["closed_h"].to_numpy()).all()
            assert (mine["resident"].to_numpy() == parents["resident"].to_numpy()).all()
            seen[step] += len(mine)
    assert min(seen["counselling"], seen["treatment"]) > 50


def test_the_shares_are_those_of_the_pyramid(runs: list[sim.Result]):
    """E41: about 22 calls of 100 residents in four weeks; of answered calls 18 % lead to counselling and 23 % to an
    assessment, whose visit ends in a referral. Four runs: within three standard errors.
    """
    tables = [result.frame("needs") for result in runs]
    calls = [table[(table["need_type"] == "call") & table["cohort"]] for table in tables]
    assert np.mean([len(mine) for mine in calls]) / 900 == pytest.approx(0.22, abs=0.05)
    answered = sum((table["end"] == "met")[table["need_type"] == "call"].sum() for table in tables)
    for step, share in (("counselling", 0.18), ("treatment", 0.23)):
        led = sum((table["need_type"] == step).sum() for table in tables)
        assert led / answered == pytest.approx(share, abs=3 * np.sqrt(share * (1 - share) / answered))
    for table in tables:
        mine = table[(table["need_type"] == "treatment") & (table["attempts"] > 0)]
        assert mine["referred_h"].notna().mean() > 0.9


def test_a_case_of_counselling_takes_six_sessions_of_one_worker(runs: list[sim.Result]):
    """Closed after the sixth; another goes on with it only where the first has left for good."""
    total = 0
    for result in runs:
        table, visits = result.frame("needs").set_index("need"), result.frame("visits")
        met = table[(table["need_type"] == "counselling") & (table["end"] == "met")]
        held = visits[visits["need"].isin(met.index) & visits["outcome"].isin(["more", "closed"])].groupby("need")
        assert (held.size() >= 6).all()
        gone = set(log(result, "left_for_good")["subject"].astype(int))
        for _, people in held["person"]:
            assert set(people[people != people.iloc[-1]]) <= gone
        total += len(met)
    assert total > 40


def test_who_waits_too_long_on_the_line_hangs_up(runs: list[sim.Result]):
    """Whoever hung up had not been answered, and of those who were answered nobody waited for hours."""
    for result in runs:
        table = result.frame("needs")
        calls = table[table["need_type"] == "call"]
        gone = calls[calls["end"] == "abandoned"]
        assert len(gone) > 3
        assert gone["started_h"].isna().all()
        assert (calls["started_h"] - calls["requested_h"]).max() < 2
