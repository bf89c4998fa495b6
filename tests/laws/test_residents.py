"""Residents in random mixtures: everything balances, and trust, anxiety and compliance move only through their rows.

Random scenarios of ``tests.laws.scenarios`` (goods, escalation, referral, sessions, desks with coordinators, injects,
changes) are given all mechanisms of the residents, the platform and notices.
"""

from __future__ import annotations

from copy import deepcopy
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.records.result import Result
from sim.spec.attitudes import EVENTS, STATES
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import validate
from sim.spec.scenario import Scenario
from tests.laws.checks import (
    TINY,
    balances,
    can_go,
    check_consumption,
    check_days,
    check_levels,
    check_stock,
    differing,
    had,
    many,
    names,
    often,
    same_again,
    same_as_its_twin,
    until,
)
from tests.laws.scenarios import Data, lengths, one_in_three, one_in_two, scenarios, shares

pytestmark = pytest.mark.usefixtures("no_mutants")

RESIDENTS = (
    "household_help", "health_literacy", "neighbour_help", "ties", "trust", "anxiety", "compliance", "complaining",
    "complaint_desk", "building_leaders", "vulnerability", "disputes", "stigma", "leads_to", "clients", "by_phone",
)  # fmt: skip
moves = st.sampled_from([-1, -0.4, -0.1, 0.1, 0.4, 1])
GROUPS = {"over_80": 0.2, "offline": 0.5, "in_rehabilitation": 0.3}
DEAD = {"calmed"}
"""Events that no block of these scenarios makes happen by their name; see tests/mechanisms/test_residents_faults.py."""

# -- random scenarios with residents ----------------------------------------------------------------------------------


@st.composite
def _attitude(draw: st.DrawFn) -> Data:
    attitude: Data = {"start": draw(st.sampled_from([0.3, 0.7, 0, 1])), "spread": draw(st.sampled_from([0, 0.2, 0.5]))}
    attitude["moves"] = {event: draw(moves) for event in EVENTS if event not in DEAD and draw(often)}
    if draw(one_in_two):
        attitude["calms"] = draw(st.sampled_from(["30 min", "6 h", "3 d"]))
    return attitude


@st.composite
def _need(draw: st.DrawFn, need: Data, states: list[str], needs: list[str]) -> None:
    need["target"] = draw(st.sampled_from(["15 min", "4 h"]))
    if draw(one_in_two):
        need["self_help"] = {"household": draw(shares), "neighbours": draw(shares)}
        if draw(one_in_two):
            need["self_help"]["informed"] = {"topic": "news", "household": draw(shares)}
    if states and draw(one_in_two):
        need["more_with"] = {draw(st.sampled_from(states)): draw(st.sampled_from([0, 1, 4]))}
    if draw(one_in_three) and not {"sessions", "asks_elsewhere_after"} & set(need):
        need["dispute_with"] = draw(st.sampled_from(["neighbours", "household"]))
    if draw(one_in_three):
        need["rate_by_group"] = {"offline": draw(st.sampled_from([0, 1, 3]))}
    if draw(one_in_three):
        need["stigma"] = {"share": draw(shares), "delay": draw(lengths(0, 60, 600))}
        if draw(one_in_two):
            need["stigma"]["campaign"] = "news"
    if draw(one_in_two):
        need["calms"] = draw(shares)
    if draw(one_in_three):
        need["by_phone"] = "true"
    if draw(one_in_three):
        need["asked_at_door"] = ["offline"]
    if draw(one_in_two):
        other = draw(st.sampled_from(needs))
        need["leads_to"] = {other: {
            "share": draw(st.sampled_from([0, 0.2, 0.4])),
            "after": draw(st.sampled_from(["met", "abandoned", "closed"])),
            "delay": draw(lengths(0, 60, 600)), "relapse": draw(st.sampled_from(["true", "false"])),
        }}  # fmt: skip


@st.composite
def neighbourhoods(draw: st.DrawFn) -> Data:
    """Draw a valid scenario in which residents feel, help each other, complain and have needs that lead to others."""
    data = draw(scenarios())
    world, response = data["world"], data["response"]
    world["community"] |= {"shares": dict(GROUPS)}
    units, needs = response["organisation"]["units"], world["needs"]
    for unit in units.values():
        unit["count"] += 1
        unit["errors"] = draw(st.sampled_from([0.3, 0]))
        if isinstance(unit.get("shift"), list):  # counts of shifts and a change of count: see test_residents_faults
            unit["shift"] = [one["hours"] if isinstance(one, dict) else one for one in unit["shift"]]
    if draw(often):
        world["attitudes"] = {name: draw(_attitude()) for name in STATES if draw(often)}
    states = sorted(world.get("attitudes", {}))
    if draw(often):
        # one that goes back to no log and no inject
        needs["course"] = {
            "clients": {"group": "in_rehabilitation", "every": draw(st.sampled_from(["3 h", "1 d"]))},
            "urgency": 3, "service": draw(lengths(15, 60)),
        }  # fmt: skip
        if draw(one_in_two):
            needs["course"]["patience"] = "4 h"
    kinds = sorted(needs)
    for need in needs.values():
        draw(_need(need, states, kinds))
        if "clients" in need:
            for key in ("rate_by_group", "by_phase", "more_with"):
                need.pop(key, None)
    if draw(often):
        world["mutual_help"] = {
            "agrees": draw(shares), "by_tie": draw(shares), "by_trust": draw(st.sampled_from([0, 1, 2])),
            "ties": draw(st.sampled_from([3, 30, 0])),
            "hours_a_day": draw(st.sampled_from(["20 min", "2 h", "24 h"])),
            "ask": draw(st.sampled_from(["1 s", "10 min", "3 h"])), "asks": draw(st.sampled_from([3, 100, 0])),
        }  # fmt: skip
        if draw(one_in_two):
            world["mutual_help"] |= {"mobilised_by": "news", "mobilised": draw(shares)}
    if draw(often):
        world["complaints"] = {
            key: draw(st.sampled_from([1, 0.7, 0])) for key in ("served_late", "visit_failed", "gave_up")
        }
    members = sorted({unit["members"] for unit in units.values()})
    if draw(one_in_two):
        world["strain"] = {
            members[0]: {"loads": {"complaint": 5, "visit": 1}, "errors": draw(st.sampled_from([0, 0.3]))}
        }
    unit = st.sampled_from(sorted(units))
    desks = {desk.get("coordinator") for desk in response.get("desks", {}).values()}
    on_foot = sorted(u for u, spec in units.items() if u not in desks and spec["function"] != "command")
    if draw(st.integers(0, 9)) < 8:
        response["complaints"] = {
            "to": draw(unit),
            "takes": draw(lengths(5, 60)),
            "within": draw(st.sampled_from(["12 h", "1 s"])),
        }
    if on_foot and draw(st.integers(0, 9)) < 8:
        leaders: Data = {
            "unit": draw(st.sampled_from(on_foot)), "every": draw(st.sampled_from(["2 h", "12 h"])),
            "each": draw(lengths(1, 5)), "topic": "news", "introduces": draw(shares),
        }  # fmt: skip
        if draw(one_in_two):
            leaders["groups"] = ["offline"]
        response["building_leaders"] = leaders
    if draw(often):
        response["information"] = {"channels": {"chat": {"reach": 0.5}}}
    if draw(one_in_two):
        response["online"] = {
            "needs": [draw(st.sampled_from(kinds))],
            "share": draw(shares),
            "couriers": 2,
            "takes": "30 min",
        }
    if draw(one_in_two):
        response["sites"] = {"hall": {
            "invitations": {"rounds": ["2 h", "8 h"], "slot": "15 min", "per_slot": 10, "no_show": 0.1},
            "enters": "desk", "stations": {"desk": {"servers": 2, "service": "1 min"}},
        }}  # fmt: skip
    return data


# -- what must hold ---------------------------------------------------------------------------------------------------


def check_states(scenario: Scenario, result: Result) -> None:
    """Recompute every trajectory from the rows: events by their moves, calming exponential, and nothing else."""
    table, specs = result.frame("attitudes"), scenario.world.attitudes
    aware = table["state"] == "aware"
    assert (table[aware]["topic"].notna() & (table[aware]["value"] == 1)).all()
    assert not table[aware].duplicated(["resident", "topic"]).any(), "one hears of a topic once"
    assert table[~aware]["topic"].isna().all()
    table = table[~aware]
    end = result.columns("residents")
    calmings = {1 - spec.calms for spec in scenario.world.needs.values()}
    for (resident, name), rows in table.groupby(["resident", "state"], observed=True):
        spec = specs[name]
        start = value = rows["value"].iloc[0] - rows["change"].iloc[0]
        if rows["cause"].iloc[0] == "calming":
            assert rows["t_h"].iloc[0] == 0, f"{name} of {resident} calms before anything has moved it"
        since = 0.0
        for row in rows.itertuples():
            where = f"{name} of {resident}: {row.cause} at {row.t_h}"
            assert row.t_h >= since, where
            if row.cause == "calming":
                wanted = start + (value - start) * 0.5 ** ((row.t_h - since) / spec.calms)
            elif row.cause == "calmed":
                wanted = min((value * rest for rest in calmings), key=lambda one: abs(one - row.value))
            else:
                move = spec.moves[row.cause]
                wanted = value + move * (1 - value) if move > 0 else value * (1 + move)
            assert abs(row.value - wanted) < 1e-9, f"{where}: {row.value}, not {wanted}"
            assert abs(row.change - (wanted - value)) < 1e-9, where
            assert -TINY <= row.value <= 1 + TINY, where
            value, since = row.value, row.t_h
        assert end[name][resident] == value, f"{name} of {resident} ends at {end[name][resident]}, by its rows {value}"
    for name in STATES:
        assert np.isnan(end[name]).all() == (name not in specs or not end[name].size)


def check_ends(scenario: Scenario, result: Result) -> None:
    """Stamps in order, each end with its stamps, help unknown to the response, what is caused after its cause."""
    n = result.columns("needs")
    end, by, end_h = names(n["end"]), names(n["met_by"]), scenario.end_h
    assert np.array_equal(n["need"], np.arange(n["need"].size))
    assert np.all(np.diff(n["onset_h"]) >= 0)
    assert np.all((n["onset_h"] >= 0) & (n["onset_h"] < end_h))
    for name in ("requested", "triaged", "dispatched", "started", "closed"):
        at = n[f"{name}_h"]
        assert np.all(at[had(at)] <= end_h), f"{name} after the end"
        assert np.all(at[had(at)] >= n["onset_h"][had(at)] - TINY), f"{name} before the onset"
    helped = np.isin(by, ["household", "neighbour"])
    assert not had(n["requested_h"][helped]).any(), "the response knows of a need that was met without it"
    assert not n["attempts"][helped | (by == "online")].any()
    assert np.all(had(n["requested_h"][(end == "met") & ~helped]))
    assert np.all(had(n["started_h"][end == "met"]))
    assert not had(n["started_h"][end == "abandoned"]).any()
    assert set(by[end == "met"]) <= {"household", "neighbour", "online", "responder"}
    kinds = names(n["need_type"])
    for name in ("household", "neighbour"):
        for kind in set(kinds[by == name]):
            can = scenario.world.needs[kind].self_help
            informed = can.informed.household if can.informed is not None else 0.0
            assert (can.neighbours if name == "neighbour" else can.household + informed) > 0
    caused = np.isin(names(n["origin"]), ["caused", "relapse"])
    assert np.array_equal(caused, had(n["parent"]))
    parent = n["parent"][caused].astype(np.int64)
    assert np.all(n["onset_h"][caused] >= n["closed_h"][parent] - TINY), (
        "a need begins before the one that leads to it has ended"
    )
    assert np.array_equal(n["resident"][caused], n["resident"][parent]), "a need leads to one of somebody else"
    for child, before in zip(np.flatnonzero(caused), parent, strict=True):
        leads = scenario.world.needs[kinds[before]].leads_to[kinds[child]]
        wanted = {"met": {"met"}, "abandoned": {"abandoned"}, "closed": {"met", "abandoned", "referred"}}[leads.after]
        assert end[before] in wanted, f"a need {end[before]} leads to another after {leads.after}"


def check_calls(scenario: Scenario, result: Result) -> None:
    """On the telephone nobody travels: who is sent is there at once, unless word takes time."""
    n, v = result.columns("needs"), result.columns("visits")
    phone = np.array([scenario.world.needs[name].by_phone for name in n["need_type"].names], bool)
    organisation = scenario.response.organisation
    if scenario.response.changes or organisation.message_delay or organisation.message_handling is not None:
        return
    mine = phone[n["need_type"].codes[v["need"]]] & had(v["arrived_h"])
    assert np.array_equal(v["arrived_h"][mine], v["dispatched_h"][mine])


def check_complaints(scenario: Scenario, result: Result) -> None:
    """Each complaint is answered, or ignored, at most once; each answer is some hour of somebody's."""
    log = result.frame("events")
    count = log["event"].value_counts()
    made, answered = int(count.get("complaint", 0)), int(count.get("complaint_answered", 0))
    assert answered + int(count.get("complaint_ignored", 0)) <= made
    errands = (result.frame("assignments")["assignment"] == "complaint").sum()
    assert answered <= errands or scenario.response.complaints.to in scenario.response.at_desk()
    assert scenario.response.complaints is not None or answered == 0


def check_help(scenario: Scenario, result: Result) -> None:
    """Each need met at home or next door has its row; a helper can help, and no resident is in two places at once.

    Helping, a talk between the parties of a dispute and a shift take somebody's time; a dispute has two parties.
    """
    n, h, people = (result.columns(name) for name in ("needs", "help", "residents"))
    quarrels = [name for name, spec in scenario.world.needs.items() if spec.dispute_with is not None]
    assert not had(n["other"])[~np.isin(names(n["need_type"]), quarrels)].any()
    done = had(h["end_h"])
    assert np.array_equal(h["need"][done], np.flatnonzero(np.isin(names(n["met_by"]), ["household", "neighbour"])))
    helped = set(names(n["need_type"])[h["need"]])
    assert all(scenario.world.needs[name].sessions is None for name in helped), "help is no course of sessions"
    if not people["resident"].size:
        return
    assert np.array_equal(h["start_h"], n["started_h"][h["need"]])
    assert np.array_equal(h["resident"], n["resident"][h["need"]])
    assert not ((h["helper"] == h["resident"]) & (names(h["by"]) == "neighbour")).any()
    heard = result.frame("attitudes")
    heard_h = heard[heard["state"] == "aware"].set_index(["resident", "topic"])["t_h"].to_dict()
    for k in np.flatnonzero(h["helper"] == h["resident"]):
        informed = scenario.world.needs[names(n["need_type"])[h["need"][k]]].self_help.informed
        assert heard_h.get((h["helper"][k], informed.topic), np.inf) <= h["start_h"][k], "helps, and has not heard how"
    for group in ("child", "over_80", "disabled"):
        assert not people.get(group, np.zeros(people["resident"].size, bool))[h["helper"]].any()
    home, building = people["household"], people["building"].codes
    assert np.array_equal(home[h["helper"]] == home[h["resident"]], names(h["by"]) == "household")
    assert np.array_equal(building[h["helper"]], building[h["resident"]])
    spent: dict[tuple[int, int], float] = {}
    spells: dict[int, list[tuple[float, float]]] = {}
    for helper, start, end in zip(h["helper"], h["start_h"], until(h["end_h"], scenario.end_h), strict=True):
        spells.setdefault(int(helper), []).append((start, end))
        spent[helper, start // 24] = spent.get((helper, start // 24), 0.0) + end - start
    assert max(spent.values(), default=0.0) <= getattr(scenario.world.mutual_help, "hours_a_day", 0.0) + TINY
    shifts, who = result.columns("shifts"), result.columns("people")["resident"]
    for person, start, end in zip(
        shifts["person"], shifts["rostered_from_h"], until(shifts["left_h"], scenario.end_h), strict=True
    ):
        if had(who)[person]:
            spells.setdefault(int(who[person]), []).append((start, end))
    v = result.columns("visits")
    other = n["other"][v["need"]]
    for place in np.flatnonzero(had(other) & had(v["started_h"])):
        talk = v["started_h"][place], until(v["ended_h"], scenario.end_h)[place]
        for party in (n["resident"][v["need"][place]], other[place]):
            spells.setdefault(int(party), []).append(talk)
    for mine in spells.values():
        mine.sort()
        assert all(later[0] >= one[1] - TINY for one, later in pairwise(mine)), "one person is in two places"


CHECKS = (
    check_states, check_help, check_ends, check_calls, check_complaints, check_days, check_levels, check_stock,
    check_consumption,
)  # fmt: skip


def test_everything_balances_with_residents():
    """Laws 5 to 7: needs, people, stock and states balance, whatever mixture of residents' doings is at work.

    A law that nothing meets is not tried: all of them are there, and every kind of cause happens somewhere.
    """
    found: set[str] = set()
    causes: set[str] = set()
    origins: set[str] = set()
    by: set[str] = set()

    @many(60)
    @given(neighbourhoods(), st.integers(0, 1000))
    def balance(data: Data, seed: int) -> None:
        scenario, result = balances(data, seed, CHECKS)
        found.update(name for name in RESIDENTS if MECHANISMS[name].present(scenario))
        causes.update(result.columns("attitudes")["cause"].decoded())
        origins.update(result.columns("needs")["origin"].decoded())
        by.update(result.columns("needs")["met_by"].decoded())
        help_ = result.columns("help")
        by.update(["oneself"] if (help_["helper"] == help_["resident"]).any() else [])

    balance()
    assert found == set(RESIDENTS)
    assert {*EVENTS, "calming"} - causes <= {"notice", "rumour", "false_alarm"}, "they take a plan, or a detector"
    assert origins >= {"exogenous", "state", "caused", "relapse"}
    assert by >= {"household", "oneself", "neighbour", "online", "responder", "outside"}


@many(14)
@given(neighbourhoods(), st.integers(0, 1000))
def test_the_same_run_again(data, seed):
    """Laws 1 and 10: run twice the digest is the same, however often is looked, and identical variants differ by 0."""
    same_again(data, seed)
    same_as_its_twin(data, seed)


@many(12)
@given(neighbourhoods(), st.integers(0, 1000))
def test_every_mechanism_can_be_taken_away(data, seed):
    """Law 2: the declared counterfactuals of all keep the scenario valid, and it runs and balances."""
    scenario = validate(data, "random")
    free = [name for name in RESIDENTS if not _named(scenario, name)]
    can_go(scenario, seed, free[seed % 2 :: 2], CHECKS)  # every other one of each: twelve are enough for all


def _named(scenario: Scenario, name: str) -> bool:
    """Tell whether needs name trust, which without trust is a fault: see tests/mechanisms/test_residents_faults.py."""
    return name == "trust" and any("trust" in need.more_with for need in scenario.world.needs.values())


def quiet(data: Data) -> Data:
    """Return a scenario with every mechanism of the residents there that is not, and none of them ever acting."""
    data = deepcopy(data)
    world, response = data["world"], data["response"]
    units = response["organisation"]["units"]
    desks = {desk.get("coordinator") for desk in response.get("desks", {}).values()}
    deputies = {unit.get("deputy") for unit in units.values()}
    on_foot = [u for u in units if units[u]["function"] != "command" and u not in desks | deputies]
    mute = {
        "unit": min(on_foot or units),
        "every": "1 h",
        "each": "1 min",
        "groups": ["pregnant"],
    }
    world["attitudes"] = {name: {"start": 1} for name in STATES}
    world["mutual_help"] = {"agrees": 1}
    world["complaints"] = {"served_late": 0}
    if on_foot:
        response["building_leaders"] = mute
    response["complaints"] = {"to": mute["unit"], "takes": "1 h"}
    for name, need in world["needs"].items():
        need["leads_to"] = {name: {"share": 0, "delay": "1 h"}}
        need["calms"] = 0
        need["self_help"] = {"household": 0, "neighbours": 0}
        need["stigma"] = {"share": 0, "delay": "1 h"}
    return data


@many(24)
@given(scenarios(), st.integers(0, 1000))
def test_mechanisms_that_never_act_change_nothing(data, seed):
    """Law 2: all of them there and idle, every other table is the same to the bit: luck, order and ties included."""
    data["world"]["community"] |= {"shares": dict(GROUPS)}
    before, after = validate(data, "random"), validate(quiet(data), "random")
    assert differing(before, after, seed, ("gauges", "runs", "residents", "attitudes")) == set()


def test_helpers_are_people():
    """Nobody helps two at a time, or longer a day than they have, or is a child, over 80 or disabled."""
    helped = 0

    @many(20)
    @given(neighbourhoods(), st.integers(0, 1000))
    def check(data: Data, seed: int) -> None:
        nonlocal helped
        data["world"]["mutual_help"] = {"agrees": 1, "ties": 9, "ask": "1 min", **data["world"].get("mutual_help", {})}
        for need in data["world"]["needs"].values():
            need["self_help"] = {"household": 0.5, "neighbours": 1}
        helped += balances(data, seed, (check_help,))[1].columns("help")["need"].size

    check()
    assert helped > 100, "a law that nothing meets is not tried"
