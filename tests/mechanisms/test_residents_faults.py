"""What attack on the mechanisms of the residents found: each fault in the smallest scenario that shows it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim import run
from sim.errors import InputError
from sim.spec.findings import findings
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import merge, validate
from tests.mechanisms.pairs import Data, law, log, micro, need, plan, played, step, unit

LEADERS = {"unit": "leaders", "every": "2 h", "each": "1 min"}
LET_DOWN = {
    "attitudes": {"trust": {"start": 0.5, "moves": {"gave_up": -0.2, "served_late": -0.2, "served_in_time": 0.2}}},
    "complaints": {"gave_up": 1},
}
NEVER_THERE = unit(1, shift="23:00-23:30")


def test_who_asked_at_the_door_and_gives_up_is_heard_of():
    """Giving up costs trust and makes people complain, however they asked: at the door as at the telephone.

    A request made at the door has a deadline; the moment at which it passes must be known, as it is for all others.
    """
    data = micro(
        {"leaders": unit(4, "liaison"), "crew": NEVER_THERE},
        {"food": need(2, asked_at_door=["offline"], patience="1 h")},
        shares={"offline": 1}, world=LET_DOWN, building_leaders=LEADERS, desks={"main": {"units": ["crew"]}},
    )  # fmt: skip
    result = played(data)
    needs = result.frame("needs")
    gave_up = needs[needs["end"] == "abandoned"]
    assert len(gave_up) > 10
    assert len(log(result, "complaint")) > 0
    assert sorted(result.columns("attitudes")["t_h"]) == pytest.approx(sorted(gave_up["closed_h"]))


def test_who_asked_at_the_door_and_gives_up_has_a_need_that_leads_on():
    """What follows from giving up follows at that moment, however the request was made."""
    data = micro(
        {"leaders": unit(4, "liaison"), "crew": NEVER_THERE},
        {"food": need(2, asked_at_door=["offline"], patience="1 h", leads_to={
            "hunger": {"share": 1, "after": "abandoned", "delay": "1 h"},
        }), "hunger": need(0)},
        shares={"offline": 1}, building_leaders=LEADERS, desks={"main": {"units": ["crew"]}},
    )  # fmt: skip
    needs = played(data).frame("needs")
    left = needs[(needs["end"] == "abandoned") & (needs["closed_h"] < 22)]
    assert set(left["need"]) <= set(needs["parent"].dropna().astype(int))


def test_a_course_of_sessions_is_not_met_next_door():
    """Six sessions of counselling are not an hour's help: family and neighbours meet what one visit would meet."""
    helps = {"self_help": {"household": 0.5, "neighbours": 0.9}}
    data = micro(
        {"crew": unit(6)}, {"food": need(4) | helps, "talks": need(2, sessions={"count": 3, "every": "2 h"}) | helps},
        world={"mutual_help": {"agrees": 0.95, "ties": 5, "asks": 5, "hours_a_day": "12 h"}},
    )  # fmt: skip
    result = played(data)
    needs = result.frame("needs")
    helped = needs[needs["need"].isin(result.frame("help")["need"])]
    assert len(helped)
    assert set(helped["need_type"]) == {"food"}
    assert (needs[needs["need_type"] == "talks"]["end"] == "met").any()


def test_the_event_of_being_calmed_moves_what_is_said_to_move():
    """``calmed`` is one of the events that a state may name; a move that is accepted has to happen."""
    data = micro(
        {"crew": unit()}, {"talk": need(2, calms=0.5)},
        world={"attitudes": {"trust": {"start": 0.5, "moves": {"calmed": 0.5}}, "anxiety": {"start": 0.5}}},
    )  # fmt: skip
    rows = played(data).frame("attitudes")
    assert (rows["state"] == "anxiety").any()
    assert (rows["state"] == "trust").any(), "calming moves no trust, though the scenario says so"


@pytest.mark.parametrize(
    "idle",
    [
        {"stigma": {"share": 0, "delay": "1 h"}},
        {"if_unaware": "nothing"},
        {"more_with": {"anxiety": 0}},
    ],
    ids=lambda idle: next(iter(idle)),
)
def test_a_need_that_is_never_asked_for_is_not_asked_for_at_the_door(idle: Data):
    """``reported`` 0 means that nobody hears of it; a mechanism that never acts must not change that (law 2)."""
    data = micro(
        {"leaders": unit(4, "liaison"), "crew": unit()}, {"food": need(2, asked_at_door=["offline"], reported=0)},
        shares={"offline": 1}, building_leaders=LEADERS, world={"attitudes": {"anxiety": {"start": 0.5}}},
        information={"channels": {"chat": {"reach": 0.5}}},
    )  # fmt: skip
    assert np.isnan(played(data).columns("needs")["requested_h"]).all()
    assert np.isnan(played(merge(data, {"world": {"needs": {"food": idle}}})).columns("needs")["requested_h"]).all()


@pytest.mark.parametrize("state", ["trust", "anxiety", "compliance"])
def test_a_state_can_be_taken_away_where_needs_name_it(state: str):
    """``without`` keeps a scenario valid: what names the state goes with it, whichever state it is."""
    data = micro(
        {"crew": unit()}, {"food": need(2, more_with={state: 1})}, world={"attitudes": {state: {"start": 0.5}}}
    )
    scenario = validate(data, "micro")
    assert run(scenario.patched(MECHANISMS[state].without(scenario))).end_h == scenario.end_h


def test_without_anxiety_there_is_no_anxiety():
    """What is taken away is gone: ``present`` says so, also where a need calms."""
    data = micro({"crew": unit()}, {"talk": need(2, calms=0.5)}, world={"attitudes": {"anxiety": {"start": 0.5}}})
    scenario = validate(data, "micro")
    without = scenario.patched(MECHANISMS["anxiety"].without(scenario))
    assert not MECHANISMS["anxiety"].present(without)


@pytest.mark.parametrize("states", [["trust"], ["trust", "compliance"], []])
def test_the_table_of_residents_that_a_run_leaves_can_be_read_back(tmp_path: Path, states: list[str]):
    """Whatever was modelled: columns of what was not are null in every row and must not stand in the way."""
    data = micro(
        {"crew": unit()}, {"food": need(2)},
        world={"attitudes": {state: {"start": 0.4} for state in states}, "mutual_help": {"agrees": 0.5}},
    )  # fmt: skip
    first = played(data)
    first.write(tmp_path)
    (path,) = (tmp_path / "residents").glob("*.parquet")
    second = merge(data, {"world": {"community": None}})
    second["world"]["community"] = {"from": str(path)}
    again = played(second)
    for state in states:
        assert np.array_equal(again.columns("residents")[state], first.columns("residents")[state])
    assert np.array_equal(again.columns("residents")["ties"], first.columns("residents")["ties"])


def test_standing_clients_are_gone_when_their_appointments_are_off():
    """Off, an appointment in ten years; a large group must not have a few of them in the first days all the same."""
    data = micro(
        {"crew": unit()},
        {"rehab": {"clients": {"group": "disabled", "every": "1 d"}, "urgency": 3, "service": "45 min"}},
        shares={"disabled": 1}, hours=240,
    )  # fmt: skip
    data["world"]["community"] |= {"residents": 600, "households": 200}
    scenario = validate(data, "micro")
    clients = MECHANISMS["clients"]
    off, without = (run(scenario.patched(patch(scenario))) for patch in (clients.off, clients.without))
    assert off.columns("needs")["need"].size == without.columns("needs")["need"].size == 0


@pytest.mark.parametrize(
    ("need_", "world"),
    [
        ({"rate_by_group": {"disabled": 0}}, {}),
        ({"by_phase": {"emergency": 0}}, {}),
        ({"more_with": {"anxiety": 5}}, {}),
        ({}, {"injects": [{"at": "1 h", "set": {"needs.rehab.by_phase": {"emergency": 0}}}]}),
        ({}, {"hazards": {"calm": {"kind": "surge", "curve": [["0 h", 0], ["1 h", 0]], "drives": ["rehab"]}}}),
    ],
    ids=["rate_by_group", "by_phase", "more_with", "inject", "hazard"],
)
def test_what_changes_a_rate_is_not_accepted_for_appointments_and_then_ignored(need_: Data, world: Data):
    """Standing clients have no rate: what would change one is refused, found, or has an effect, and not passed over."""
    base = micro(
        {"crew": unit()},
        {"rehab": {"clients": {"group": "disabled", "every": "6 h"}, "urgency": 3, "service": "45 min"}},
        shares={"disabled": 1},
        world={"life_cycle": {"timetable": {"emergency": "20 d"}}, "attitudes": {"anxiety": {"start": 1}}},
    )  # fmt: skip
    data = merge(base, {"world": {"needs": {"rehab": need_}, **world}})
    try:
        scenario = validate(data, "micro")
    except InputError:
        return
    changed = run(scenario).columns("needs")["need"].size != played(base).columns("needs")["need"].size
    said = {finding.message for finding in findings(scenario)} - {f.message for f in findings(validate(base, "base"))}
    assert changed or said


def test_somebody_served_late_after_the_wrong_person_came_was_served_late():
    """The target is a wait that is promised, from the request to the start: who first came does not alter it."""
    data = micro(
        {"unable": unit(4), "able": unit(2, skills=["x"])}, {"food": need(2, skill="x", target="1 s")},
        world=LET_DOWN | {"complaints": {"served_late": 1}},
        desks={"main": {"match": "random", "wrong_skill": "10 min"}},
    )  # fmt: skip
    result = played(data)
    needs = result.frame("needs")
    served = needs[needs["end"] == "met"]
    late = (served["started_h"] - served["requested_h"] > 1 / 3600).sum()
    assert (served["attempts"] > 1).any()
    assert (result.frame("attitudes")["cause"] == "served_late").sum() == late


@pytest.mark.parametrize("who", ["at the desk", "remote"])
def test_building_leaders_who_cannot_go_from_door_to_door_are_refused_or_found(who: str):
    """People who work at a desk or far away never make a round: a scenario that wants them to has a mistake."""
    remote = {"remote": "true"} if who == "remote" else {}
    team = unit(1, "command", decision=law("5 min")) if who == "at the desk" else unit(4, "liaison", **remote)
    data = micro(
        {"command": unit(1, "command", decision=law("5 min")), "crew": unit()} | {"leaders": team},
        {"food": need(2)}, building_leaders=LEADERS, plan=plan({"work": step("crew", "work", person_hours="1 h")}),
        **({"desks": {"main": {"coordinator": "leaders", "handling": "1 min"}}} if who == "at the desk" else {}),
    )  # fmt: skip
    try:
        scenario = validate(data, "micro")
    except InputError:
        return
    rounds = (run(scenario).frame("assignments")["assignment"] == "building_round").sum()
    assert rounds or any("building_leaders" in f"{one.place} {one.message}" for one in findings(scenario))


def test_a_building_whose_own_leader_is_dismissed_while_wanted_is_not_forgotten():
    """A round that waits for somebody who will never come again is another's: the building is visited again."""
    data = micro(
        {"leaders": unit(4, "liaison", shift="08:00-20:00"), "crew": unit()}, {"food": need(0)}, hours=96,
        building_leaders=LEADERS | {"every": "6 h"},
        changes=[{"at": "30 h", "set": {"organisation.units.leaders.count": 3}}],
    )  # fmt: skip
    result = played(data)
    missed = log(result, "round_missed")
    late = missed[missed["t_h"] > 56].groupby("subject").size()
    assert late.max() <= late.min() + 1, f"rounds missed from the third day on: {late.to_dict()}"


def test_needs_without_end_are_refused_when_a_scenario_is_read():
    """A share of 1 back to itself is a mistake of the file: it is refused where it stands, not when it is run."""
    loop = {"food": need(2, leads_to={"food": {"share": 1, "delay": "1 h"}})}
    with pytest.raises(InputError):
        validate(micro({"crew": unit()}, loop), "micro")


def test_a_share_below_one_is_not_refused_for_the_number_of_needs():
    """Nine in ten relapse: ten episodes on average and an end; whether it runs must not hang on how many begin."""
    data = micro(
        {"crew": unit()}, {"food": {"per_hour": 10, "urgency": 2, "service": "1 min", "leads_to": {
            "food": {"share": 0.97, "delay": "1 h"},
        }}},
    )  # fmt: skip
    assert played(data).columns("needs")["need"].size > 0


@pytest.mark.parametrize("block", ["building_leaders", "complaints"])
def test_a_unit_that_residents_are_served_by_does_not_wait_for_nothing(block: str):
    """Who goes round the buildings, or hears complaints, has work: no finding may tell a planner otherwise."""
    own = {"building_leaders": LEADERS, "complaints": {"to": "leaders", "takes": "10 min"}}[block]
    data = micro(
        {"leaders": unit(4, "liaison"), "crew": unit(skills=["x"])}, {"food": need(2, skill="x")},
        world={"complaints": {"gave_up": 1}}, **{block: own},
    )  # fmt: skip
    said = [finding.place for finding in findings(validate(data, "micro"))]
    assert "response.organisation.units.leaders" not in said


def test_who_moves_to_an_earlier_shift_when_people_are_hired_is_on_duty_once():
    """No fault of residents, and met among them: one more person moves somebody on duty from one shift to another.

    Whoever was in the shift that ends at 10:00 begins the one at 08:00 while still on duty, and is sent twice at once.
    """
    shifts = [{"hours": "08:00-20:00"}, {"hours": "10:00-10:00", "count": 3}]
    data = micro(
        {"crew": unit(3, shift=shifts)}, {"food": need(6, service="15 min")}, hours=48,
        changes=[{"at": "15 h", "set": {"organisation.units.crew.count": 4}}],
    )  # fmt: skip
    assert played(data).end_h == 60
