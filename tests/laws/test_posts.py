"""Rules and skills at posts, steps and stations in random mixtures: nobody does what they may not, or cannot.

Random plans of ``tests.laws.plans`` are given rules by kind of people, and skills that stations and steps ask for, some
of them held by those who are listed with them and some not.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.records.result import Result
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import validate
from sim.spec.scenario import Scenario
from sim.spec.tasks import may, of_step, tasks
from tests.laws.checks import balances, can_go, check_days, check_levels, had, many, names, same_again
from tests.laws.plans import plans
from tests.laws.scenarios import Data, one_in_three, one_in_two

pytestmark = pytest.mark.usefixtures("no_mutants")

THREE = "permitted", "skilled_posts", "skilled_steps"
half = st.sampled_from([0, 0.3, 0.7, 1])


@st.composite
def bound(draw: st.DrawFn) -> Data:
    """Draw a plan in which some may not do some of it, and some cannot."""
    data = draw(plans("sites", "steps"))
    response = data["response"]
    for unit in response["organisation"]["units"].values():
        held = unit.get("skills", {})
        unit["skills"] = {"swab": draw(half)} | (held if isinstance(held, dict) else dict.fromkeys(held, 1))
        if draw(one_in_two):
            corrects = draw(st.sampled_from(["true", "false"]))
            unit["register"] = {"missed": draw(half), "overstated": draw(half), "corrects": corrects}
    for site in response["sites"].values():
        for station in site["stations"].values():
            if "staff" in station and draw(one_in_two):
                station["staff"]["skill"] = "swab"
                if draw(one_in_two):
                    errors = draw(st.sampled_from([0, 0.2, 0.8]))
                    station["staff"]["without_skill"] = {"slower": draw(st.sampled_from([1, 4])), "errors": errors}
    for step in response["plan"]["card"]["steps"].values():
        if draw(one_in_three):
            step["skill"] = "swab"
    if draw(one_in_two):
        known = sorted(tasks(validate(data, "random")))
        kinds = st.sampled_from(["volunteer", "staff", "daily"])
        permitted = st.lists(st.sampled_from(known), max_size=len(known), unique=True)
        response["organisation"]["permitted"] = {draw(kinds): draw(permitted)}
    return data


def called(scenario: Scenario, kind: str) -> tuple[str, ...]:
    """Return the names by which rules call work that is written down under a kind; none for what has no rule."""
    plan, sites = scenario.response.plan, scenario.response.sites
    assert plan is not None
    what, _, about = kind.partition(".")
    if what == "step":
        return of_step(plan.card.steps[about])
    if what == "post":
        return ("patrol",) if about == "patrol" else ("man", about)
    if what in ("recall", "fetch", "count"):
        return what, about
    if what in sites and about in sites[what].stations:
        return about, what
    return ("check",) if kind == "check" else ()


def check_rules(scenario: Scenario, result: Result) -> None:
    """Nobody is at work that the rules keep them from; who sits at a desk mans no post."""
    table, response = result.columns("assignments"), scenario.response
    at_desk = response.at_desk()
    for team, kind in {*zip(names(table["unit"]), names(table["assignment"]), strict=True)} - {("", "")}:
        if team not in at_desk:
            unit = response.organisation.units[team]
            assert may(response, unit, *called(scenario, str(kind))), f"{team} does {kind}"


def check_skills(scenario: Scenario, result: Result) -> None:
    """Who serves where a skill is asked for has it, or anybody may; who turned back did nothing, and does not have it.

    A step is done by who has its skill.
    """
    stations, tasks_, plan = result.columns("stations"), result.columns("assignments"), scenario.response.plan
    able = {k for k, words in enumerate(names(result.columns("people")["skills"])) if "swab" in words.split("+")}
    for k in np.flatnonzero(had(stations["person"])).tolist():
        site, name = names(stations["site"])[k], names(stations["station"])[k]
        staff = scenario.response.sites[site].stations[name].staff
        assert staff is not None
        free = staff.skill is None or staff.without_skill is not None
        assert free or int(stations["person"][k]) in able, f"{name} without the skill"
    assert plan is not None
    for person, kind, begin, end in zip(
        tasks_["person"].tolist(), names(tasks_["assignment"]), tasks_["start_h"], tasks_["end_h"], strict=True
    ):
        step = plan.card.steps.get(kind.removeprefix("step."))
        if step is not None and step.skill is not None and step.team is not None and kind.startswith("step."):
            unit = plan.card.teams[step.team].unit
            assert person in able or end == begin or unit in scenario.response.at_desk(), f"{kind} without the skill"


CHECKS = check_rules, check_skills, check_days, check_levels


def test_nobody_does_what_they_may_not_or_cannot():
    """Laws 6 and 7, rows 68 and 71. A law that nothing meets is not tried: all three are there, and act."""
    found: set[str] = set()
    kept = {"not_permitted": 0, "turned back": 0, "again": 0}

    @many(60)
    @given(bound(), st.integers(0, 1000))
    def balance(data: Data, seed: int) -> None:
        scenario, result = balances(data, seed, CHECKS)
        found.update(name for name in THREE if MECHANISMS[name].present(scenario))
        kept["not_permitted"] += int((result.columns("events")["event"].decoded() == "not_permitted").sum())
        work, table = result.columns("assignments"), result.frame("stations")
        kept["turned back"] += int((work["end_h"] == work["start_h"]).sum())
        mine = table.dropna(subset=["visitor", "started_h"])
        kept["again"] += int(mine.duplicated(["site", "visitor", "station", "round"]).sum())

    balance()
    assert found == set(THREE)
    assert all(kept.values()), kept


@many(12)
@given(bound(), st.integers(0, 1000))
def test_the_same_run_again(data: Data, seed: int):
    """Laws 1 and 10: run twice the digest is the same, however often is looked."""
    same_again(data, seed)


@many(10)
@given(bound(), st.integers(0, 1000))
def test_every_mechanism_can_be_taken_away(data: Data, seed: int):
    """Law 2: the declared counterfactuals keep the scenario valid, and it runs and balances."""
    can_go(validate(data, "random"), seed, THREE, CHECKS)
