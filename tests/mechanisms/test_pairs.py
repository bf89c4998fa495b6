"""Each mechanism on and off on a micro-scenario, under the same luck: the direction that its claim states."""

from __future__ import annotations

from typing import Any

import pytest
from scipy import stats

from analysis.outcomes import measure_of
from sim.runs import run_many
from sim.spec.hazard_mechanisms import HAZARDS
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import validate
from sim.spec.people_mechanisms import PEOPLE
from sim.spec.plan_mechanisms import TABLE
from sim.spec.scenario import Scenario
from tests.mechanisms.pairs import Data, law

REPLICATIONS = 12


def unit(**more: Any) -> Data:
    return {"function": "logistics", "members": "volunteer", "count": 3, "skills": ["delivery"], **more}


def need(**more: Any) -> Data:
    return {"per_hour": 3, "urgency": 2, "skill": "delivery", "service": law("40 min"), "target": "2 h", **more}


def estate(needs: Data, units: Data, world: Data | None = None, **response: Any) -> Scenario:
    """Return an estate of 120 residents in 9 buildings for three days."""
    organisation = {"units": units, **response.pop("organisation", {})}
    community = {"residents": 120, "buildings": 9, "spacing_m": 200}
    data = {
        "name": "micro",
        "horizon": "3 d",
        "follow_up": "1 d",
        "world": {"community": community, "needs": needs, **(world or {})},
        "response": {"organisation": organisation, **response},
    }
    return validate(data, "micro")


COORDINATED = {"main": {"coordinator": "office", "handling": law("12 min")}}
POSTS = {"shares": {"visit": 0.6, "papers": 0.4}, "block": "2 h", "switching": "15 min"}
OFFICE = {"function": "liaison", "members": "staff", "count": 1}
SCENARIOS: dict[str, tuple[Scenario, str, str, str, str]] = {
    # name: scenario, outcome, by, level, and whether the mechanism raises or lowers it
    "travel": (
        estate({"parcel": need()}, {"crew": unit()}, travel={"doorstep": "3 min"}),
        "wait_mean_h", "all", "all", "raises",
    ),
    "supplies": (
        estate(
            {"parcel": need(items={"kit": 1})},
            {"crew": unit()},
            supplies={
                "store": {
                    "stock": {"kit": 20},
                    "policy": {"reorder_point": 10, "order_quantity": 40},
                    "lead_time": "12 h",
                }
            },
        ),
        "wait_mean_h", "all", "all", "raises",
    ),
    "coordination": (
        estate({"parcel": need()}, {"crew": unit(), "office": OFFICE}, desks=COORDINATED),
        "wait_mean_h", "all", "all", "raises",
    ),
    "messages": (
        estate(
            {"parcel": need()},
            {"crew": unit(reports_to="office", leader=True, count=4), "office": OFFICE},
            desks=COORDINATED,
            organisation={"message_delay": "6 min", "message_handling": "3 min"},
        ),
        "wait_mean_h", "all", "all", "raises",
    ),
    "span_of_control": (
        estate(
            {"parcel": need()},
            {"crew": unit(reports_to="office", count=12), "office": OFFICE},
            desks=COORDINATED,
            organisation={"reports": {"every": "1 h", "takes": "2 min"}},
        ),
        "wait_mean_h", "all", "all", "raises",
    ),
    "time_split": (
        estate(
            {"parcel": need()},
            {"crew": unit(count=5, posts=POSTS)},
        ),
        "wait_mean_h", "all", "all", "raises",
    ),
    "caseload": (
        estate(
            {"case": need(per_hour=0.4, sessions={"count": 4, "every": "8 h"})},
            {"crew": unit(caseload=3)},
        ),
        "wait_mean_h", "all", "all", "raises",
    ),
    "triage": (
        estate({"urgent": need(per_hour=1, urgency=1), "parcel": need(per_hour=3)}, {"crew": unit()}),
        "wait_mean_h", "need", "urgent", "lowers",
    ),
    "matching": (
        estate(
            {"parcel": need(per_hour=2), "talk": need(per_hour=1, skill="casework")},
            {"crew": unit(), "workers": unit(function="casework", skills=["casework"], count=2)},
            travel={"doorstep": "3 min"},
        ),
        "wait_mean_h", "all", "all", "lowers",
    ),
    "escalation": (
        estate(
            {"parcel": need(per_hour=3.5, urgency=2), "small": need(per_hour=1, urgency=3, escalate_after="2 h")},
            {"crew": unit(), "command": {"function": "command", "members": "staff", "count": 1, "decision": "5 min"}},
        ),
        "wait_mean_h", "need", "small", "lowers",
    ),
    "changes": (
        estate(
            {"parcel": need(per_hour=4)},
            {"crew": unit()},
            changes=[{"at": "1 d", "set": {"organisation.units.crew.count": 6}}],
        ),
        "wait_mean_h", "all", "all", "lowers",
    ),
}  # fmt: skip


def outcome(scenario: Scenario, name: str, by: str, level: str) -> list[float]:
    runs = run_many(scenario, REPLICATIONS, measure_of(scenario))
    return [row.value for rows in runs for row in rows if (row.outcome, row.by, row.level) == (name, by, level)]


def test_every_mechanism_has_its_pair():
    """A mechanism without a pair of runs is a claim nobody has tried; those of the plan are in test_plan_pairs."""
    assert set(SCENARIOS) == set(MECHANISMS) - set(TABLE) - set(PEOPLE) - set(HAZARDS) - {"permitted"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_direction_that_is_claimed(name: str):
    """On against off under the same luck: the 99 % interval of the paired difference lies on the side of the claim."""
    scenario, what, by, level, side = SCENARIOS[name]
    mechanism = MECHANISMS[name]
    assert mechanism.present(scenario)
    on = outcome(scenario, what, by, level)
    off = outcome(scenario.patched(mechanism.off(scenario)), what, by, level)
    assert len(on) == len(off) == REPLICATIONS
    low, high = stats.ttest_rel(on, off).confidence_interval(0.99)
    assert low > 0 if side == "raises" else high < 0, f"on − off: {low:.3f} to {high:.3f} h"


@pytest.mark.parametrize("name", SCENARIOS)
def test_both_patches_keep_a_scenario_valid(name: str):
    """Off and without must run: an ablation tries them on scenarios nobody has seen."""
    scenario = SCENARIOS[name][0]
    mechanism = MECHANISMS[name]
    for patch in (mechanism.off(scenario), mechanism.without(scenario)):
        assert outcome(scenario.patched(patch), "needs_raised", "all", "all")
    assert (
        name == "triage" or name == "matching" or not mechanism.present(scenario.patched(mechanism.without(scenario)))
    )
