"""Volunteers in random mixtures: everybody is in one place, everything balances, and luck belongs to whom it is about.

Random scenarios of ``tests.laws.scenarios`` (goods, escalation, referral, sessions, desks with coordinators, lockdowns,
handover, posts, changes of counts) are given all seventeen mechanisms of the volunteers, roles that are unclear,
injuries and trust.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import run
from sim.records.result import Result
from sim.spec.hazards import Lockdown
from sim.spec.mechanisms import MECHANISMS
from sim.spec.organisation import WEEKDAYS
from sim.spec.patches import validate
from sim.spec.scenario import Scenario
from tests.laws.checks import (
    TINY,
    balances,
    can_go,
    check_consumption,
    check_days,
    check_levels,
    check_needs,
    check_patience,
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
from tests.laws.scenarios import SKILLS, Data, lengths, one_in_five, one_in_three, one_in_two, scenarios, shares

pytestmark = pytest.mark.usefixtures("no_mutants")

EIGHTEEN = (
    "register", "willingness", "certified", "without_skill", "sign_up", "registration", "certification", "training",
    "walk_ins", "call_up", "know_how", "second_desks", "shared_list", "calendar", "lateness", "supervised", "permitted",
    "unclear_roles",
)  # fmt: skip
DATES = ("2020-02-01 00:00", "2022-03-28 20:00", "2022-03-29 11:11", "2030-01-01 00:00")
half = st.sampled_from([0, 0.2, 0.6, 1])
NEVER_WENT = "not_found", "refused"
NOTHING_DONE = "wrong_skill", "gone", "unfinished", "duplicate", *NEVER_WENT

# -- random scenarios with volunteers ---------------------------------------------------------------------------------


@st.composite
def _recruitment(draw: st.DrawFn, units: list[str]) -> Data:
    unit = st.sampled_from(units)
    spec: Data = {
        "at_most": draw(st.sampled_from([1, 4, 15])), "willing": draw(shares), "by_trust": draw(half),
        "need_seen": draw(half), "unfit": draw(half),
    }  # fmt: skip
    if draw(one_in_two):
        spec["decides"] = draw(lengths(0, 60, 600))
    if draw(one_in_two):
        spec["registration"] = {"takes": draw(lengths(0, 10, 60))} | ({"by": draw(unit)} if draw(often) else {})
    if draw(one_in_two):
        spec["certification"] = {"takes": draw(lengths(0, 60)), "rejects": draw(half), "detects": draw(half)}
    if draw(one_in_two):
        spec["training"] = {"takes": draw(lengths(0, 60)), "size": draw(st.integers(1, 5))}
        if draw(often):
            spec["training"]["by"] = draw(unit)
        if draw(one_in_two):
            taught = draw(st.lists(st.sampled_from(SKILLS), min_size=1, max_size=2, unique=True))
            spec["training"] |= {"teaches": taught, "certifies": draw(st.sampled_from(["true", "false"]))}
            spec["training"]["halves"] = draw(st.sampled_from(["2 h", "180 d"]))
    return spec


@st.composite
def _call_up(draw: st.DrawFn, units: list[str]) -> Data:
    spec: Data = {
        "stale": draw(st.sampled_from([0, 0.2])), "accepts": draw(st.sampled_from([0.3, 0.7, 1])),
        "stint": draw(st.sampled_from(["1 h", "6 h", "2 d"])),
        "every": draw(st.sampled_from(["15 min", "2 h"])),
    }  # fmt: skip
    spec |= {"at": draw(st.sampled_from(["0 h", "4 h", "1 d"]))} if draw(one_in_two) else {
        "backlog_over": draw(st.integers(0, 5))
    }  # fmt: skip
    if draw(one_in_two):
        spec["wanted"] = draw(st.integers(1, 4))
    if draw(one_in_two):
        spec |= {"by": draw(st.sampled_from(units)), "takes": draw(lengths(0, 5, 30))}
    if draw(one_in_two):
        spec["reply"] = draw(lengths(0, 60, 300))
    if draw(often):
        spec["release"] = {"share": draw(half), "takes": draw(lengths(0, 60))}
    return spec


@st.composite
def _unit(draw: st.DrawFn, unit: Data, others: list[str], units: list[str]) -> None:
    unit["count"] += draw(st.integers(1, 4))
    unit.pop("attendance", None)
    if draw(often):
        unit.pop("posts", None)
    if unit.get("skills") and draw(one_in_two):
        unit["register"] = {"coverage": draw(shares), "missed": draw(half), "overstated": draw(half)}
        unit["register"]["corrects"] = draw(st.sampled_from(["true", "false"]))
    if draw(one_in_three):
        unit["willing"] = {"share": draw(half), "answer": draw(st.sampled_from(["10 min", "3 h"]))}
    if draw(one_in_three):
        unit.setdefault("register", {})
        unit["register"] |= {"stale": draw(half), "noticed": draw(st.sampled_from(["30 min", "5 h"]))}
        if draw(one_in_two):
            unit["register"]["willing"] = {"missed": draw(half), "overstated": draw(half)}
    if unit.get("skills") and draw(one_in_two):
        unit["certificates"] = dict.fromkeys(list(unit["skills"]), draw(half))
    if unit.get("shift"):
        if draw(one_in_three):
            unit["days"] = draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=6, unique=True))
        if draw(one_in_two):
            unit["late"] = {"share": draw(half), "by": draw(lengths(0, 30, 300))}
        if others and draw(one_in_three):
            unit["supervised"] = {"by": draw(st.sampled_from(others)), "ratio": draw(st.integers(1, 3))}
    if draw(one_in_two):
        unit["know_how"] = {
            "drilled": draw(half), "ago": draw(st.sampled_from(["0 h", "180 d"])), "question": draw(lengths(0, 10, 60)),
            "online": draw(st.sampled_from(["true", "false", "false"])),
        }  # fmt: skip
    if draw(one_in_three):
        unit["injury"] = {"share": draw(st.sampled_from([0.05, 0.3])), "away": draw(lengths(60, 600))}
    way = draw(st.sampled_from(["none", "sign_up", "walk_ins", "call_up"]))
    if way == "sign_up":
        unit["recruitment"] = draw(_recruitment(units))
    elif way == "walk_ins":
        unit["walk_ins"] = {
            "curve": [["0 h", draw(half)], ["10 h", draw(st.sampled_from([0, 2]))]], "at_most": draw(st.integers(1, 5)),
            "reception": draw(st.sampled_from(units)), "takes": draw(lengths(0, 15)), "stays": draw(lengths(30, 300)),
        }  # fmt: skip
    elif way == "call_up":
        unit["call_up"] = draw(_call_up(units))


@st.composite
def _unclear(draw: st.DrawFn, units: list[str]) -> Data:
    """Draw the units that could serve a need, and whether somebody has said which of them is responsible."""
    role: Data = {"units": draw(st.lists(st.sampled_from(units), min_size=2, unique=True))}
    if draw(one_in_three):
        role["precedent"] = "true"
    if draw(one_in_three):
        role |= {"settled": "true", "since": draw(st.sampled_from(DATES))}
    return role


def gates(data: Data) -> set[str]:
    """Return the posts of a scenario that a rule may name beside the need types."""
    units = data["response"]["organisation"]["units"].values()
    return {post for unit in units for post in unit.get("posts", {}).get("shares", ())} - {"visit", "desk"}


@st.composite
def volunteers(draw: st.DrawFn, *, two_lists: bool = True) -> Data:
    """Draw a valid scenario in which people sign up, walk in, are called, listed, taught and sent, as plain data."""
    data = draw(scenarios())
    world, response = data["world"], data["response"]
    units, needs = response["organisation"]["units"], world["needs"]
    data["horizon"] = draw(st.sampled_from(["1 d", "2 d", "4 d"]))
    names_ = sorted(units)
    for name, unit in units.items():
        draw(_unit(unit, [other for other in names_ if other != name], names_))
    for need in needs.values():
        if draw(one_in_two):
            need.pop("skill", None)
        if "per_hour" in need and "injects" not in world:
            need["per_hour"] /= 2
        if need.get("skill") and draw(one_in_three):
            need["certified"] = "true"
        if need.get("skill") and draw(one_in_three):
            need["without_skill"] = {"slower": draw(st.sampled_from([1, 3])), "errors": draw(half)}
    if draw(one_in_two):
        world["attitudes"] = {"trust": {"start": draw(shares), "spread": 0.2, "moves": {"served_late": -0.2}}}
    desks = response.setdefault("desks", {"desk": {}})
    for desk in desks.values():
        if draw(one_in_three):
            desk |= {"match": "optimal", "batch": draw(st.sampled_from(["1 min", "10 min", "1 h"]))}
    if draw(often) and len(units) > 1 and len(desks) == 1:
        (hub,) = desks
        desks[hub]["units"] = names_[1:]
        for name in (names_[0], names_[1]):  # somebody who goes
            units[name].pop("posts", None)
            units[name]["function"] = "logistics"
        desks["other"] = {"units": names_[:1], "needs": ["none"], "match": draw(st.sampled_from(["skill", "optimal"]))}
        needs["none"] = {"per_hour": 0.2, "urgency": 3, "service": "30 min"}
    if len(desks) > 1:
        asked = draw(st.lists(st.sampled_from(sorted(needs)), min_size=1, unique=True))
        for desk in desks.values():
            desk["also"] = asked
        for name in asked:
            for key in ("items", "sessions", "again", "referral"):  # such needs cannot be asked for twice
                needs[name].pop(key, None)
            needs[name]["asks_elsewhere_after"] = draw(st.sampled_from(["10 min", "1 h"]))
        response["shared_list"] = "false" if two_lists and draw(often) else "true"
    together = max((desk.get("units", names_) for desk in desks.values()), key=len)
    if len(together) > 1 and draw(often):
        for name in together[:2] if draw(one_in_two) else ():  # who are often there at one time
            for key in ("posts", "shift", "late", "days", "supervised"):
                units[name].pop(key, None)
        for kind, need in needs.items():
            if draw(often):
                response.setdefault("roles", {})[kind] = draw(_unclear(together))
                need.pop("skill" if draw(often) and not {"certified", "without_skill"} & set(need) else "weight", None)
    if draw(one_in_five):
        kinds = st.sampled_from(["volunteer", "staff", "social_worker", "daily"])
        listed = st.lists(st.sampled_from([*sorted(needs), *gates(data)]), max_size=3, unique=True)
        response["organisation"]["permitted"] = {draw(kinds): draw(listed)}
    return data


# -- what must hold ---------------------------------------------------------------------------------------------------


def check_trips(scenario: Scenario, result: Result) -> None:
    """Each visit has its number; who is sent at all has, or is listed with, what is wanted; a need is met once."""
    v, n = result.columns("visits"), result.columns("needs")
    outcome, end = names(v["outcome"]), names(n["end"])
    assert np.array_equal(np.bincount(v["need"], minlength=n["need"].size), n["attempts"])
    assert len({*zip(v["need"].tolist(), v["attempt"].tolist(), strict=True)}) == v["need"].size, "a number used twice"
    for before, after in (("dispatched_h", "arrived_h"), ("arrived_h", "started_h"), ("started_h", "ended_h")):
        both = had(v[before]) & had(v[after])
        assert np.all(v[after][both] >= v[before][both])
    assert not np.any(had(v["started_h"][np.isin(outcome, ["wrong_skill", "gone", "duplicate", *NEVER_WENT])]))
    assert not np.any(had(v["arrived_h"][np.isin(outcome, NEVER_WENT)]))
    assert int((end == "met").sum()) == int((outcome == "closed").sum())
    assert np.all(end[v["need"][outcome == "closed"]] == "met")
    assert np.all(end[v["need"][outcome == "gone"]] == "abandoned")
    if scenario.response.shared_list or all(s.asks_elsewhere_after is None for s in scenario.world.needs.values()):
        assert not np.any(outcome == "duplicate"), "a duplicate on one list"
        ended, order = until(v["ended_h"], scenario.end_h), np.lexsort((v["attempt"], v["need"]))
        same = v["need"][order][1:] == v["need"][order][:-1]
        assert np.all(v["dispatched_h"][order][1:][same] >= ended[order][:-1][same]), "two at one need"
    held = {int(p): set(words.split("+")) for p, words in enumerate(names(result.columns("people")["skills"]))}
    specs = [scenario.world.needs[name] for name in n["need_type"].names]
    rules = scenario.response.organisation.permitted
    units = scenario.response.organisation.units
    team = names(v["unit"])
    log = result.frame("events").query("event == 'forgot'")
    forgot = {
        (int(person), skill): time
        for person, skills, time in zip(log["subject"], log["detail"], log["t_h"], strict=True)
        for skill in skills.split("+")
    }
    for k, (need, person, what) in enumerate(zip(v["need"].tolist(), v["person"].tolist(), outcome, strict=True)):
        spec = specs[n["need_type"].codes[need]]
        able = spec.skill is None or spec.skill in held[person]
        able = able or forgot.get((person, spec.skill), -np.inf) >= v["arrived_h"][k]
        assert able or spec.without_skill or what in NOTHING_DONE, "unskilled"
        assert what != "wrong_skill" or not able
        kinds = units[team[k]].members, units[team[k]].tier
        name = n["need_type"].names[n["need_type"].codes[need]]
        assert all(name in rules[kind] for kind in kinds if kind in rules), "not permitted"


def check_posts(scenario: Scenario, result: Result) -> None:
    """Nobody is at a post that the rules keep them from."""
    table, organisation = result.columns("assignments"), scenario.response.organisation
    for team, what in {*zip(names(table["unit"]), names(table["assignment"]), strict=True)}:
        kinds = organisation.units[team].members, organisation.units[team].tier
        lists = [organisation.permitted[kind] for kind in kinds if kind in organisation.permitted]
        assert what != "gate" or all("gate" in listed for listed in lists), f"{team} at the gate"


def check_gates(scenario: Scenario, result: Result) -> None:
    """Nobody who lives outside comes in while the gates are closed, but for those who are inside."""
    s = result.columns("shifts")
    team = names(s["unit"])
    people = result.columns("people")
    first = {name: int(people["person"][names(people["unit"]) == name].min()) for name in set(team)}
    for hazard in scenario.world.hazards.values():
        if not isinstance(hazard, Lockdown):
            continue
        ends = scenario.end_h if hazard.ends is None else hazard.ends
        for name, unit in scenario.response.organisation.units.items():
            if unit.home != "outside" or unit.remote:
                continue
            mine = np.flatnonzero(
                (team == name) & (s["rostered_from_h"] >= hazard.begins) & (s["rostered_from_h"] < ends)
            )
            inside = {
                k for k in range(unit.count) if (k + 1) * unit.inside // unit.count > k * unit.inside // unit.count
            }
            before = {}
            for k in np.flatnonzero(team == name):
                before.setdefault(int(s["person"][k]), []).append(float(until(s["left_h"], scenario.end_h)[k]))
            for k in mine:
                goes_on = float(s["rostered_from_h"][k]) in before[int(s["person"][k])]
                assert goes_on or int(s["person"][k]) - first[name] in inside, (
                    f"{name} comes in at {s['rostered_from_h'][k]}"
                )


def check_numbers(scenario: Scenario, result: Result) -> None:
    """Nobody joins who has not signed up, nobody is rejected who has joined, and there are no more than places."""
    log = result.frame("events")
    for name, unit in scenario.response.organisation.units.items():
        of = {
            kind: log.loc[(log["event"] == kind) & (log["detail"] == name), "subject"]
            for kind in ("signed_up", "joined", "rejected", "walked_in", "sent_away")
        }
        if unit.recruitment is not None:
            assert all(of[kind].is_unique for kind in ("signed_up", "joined", "rejected"))
            assert set(of["joined"]) | set(of["rejected"]) <= set(of["signed_up"])
            assert not set(of["joined"]) & set(of["rejected"])
            assert len(of["signed_up"]) <= unit.recruitment.at_most
        assert set(of["sent_away"]) <= set(of["walked_in"])


def check_trainees(scenario: Scenario, result: Result) -> None:
    """At no moment are more trainees rostered and there than the people on duty beside them can look after."""
    table = result.frame("shifts")
    table = table.assign(left_h=until(table["left_h"].to_numpy(), result.end_h))
    for name, unit in scenario.response.organisation.units.items():
        if unit.supervised is None:
            continue
        mine, others = table[table["unit"] == name], table[table["unit"] == unit.supervised.by]
        moments = np.unique(np.concatenate([mine["rostered_from_h"], others["rostered_from_h"], others["left_h"]]))
        for begin, end in pairwise([*moments, result.end_h]):
            if end - begin > TINY:
                at = begin + min(TINY, (end - begin) / 2)
                here = (mine["rostered_from_h"] <= at) & (mine[["rostered_until_h", "left_h"]].min(axis=1) > at)
                there = (others["rostered_from_h"] <= at) & (others["left_h"] > at)
                assert here.sum() <= unit.supervised.ratio * there.sum(), f"{name} alone at {at}"


def check_roles(scenario: Scenario, result: Result) -> None:
    """No request is sent anybody while it is asked who is responsible for it, and nobody asks under a law in force.

    Requests of one resident and type are told apart by their number alone: at no first dispatch have more been sent
    than are known and not asked about.
    """
    log, table = result.frame("events"), result.frame("needs")
    log = log[log["event"].isin(["roles_disputed", "roles_settled"])]
    words = log["detail"].astype(str).str.split()
    log = log.assign(kind=words.str[0], resident=log["subject"].astype(float))
    said = scenario.response.roles
    assert set(log["kind"]) <= set(said)
    for (kind, who), rows in log.groupby(["kind", "resident"]):
        if not scenario.response.shared_list and scenario.world.needs[kind].asks_elsewhere_after is not None:
            continue  # another desk, which knows nothing of it, may send somebody
        mine = table[(table["need_type"] == kind) & (table["resident"] == who)]
        asked, known = (
            rows.loc[rows["event"] == f"roles_{word}", "t_h"].to_numpy() for word in ("disputed", "settled")
        )
        assert len(known) <= len(asked) <= len(mine)
        sent = mine["dispatched_h"].dropna().to_numpy()
        for t in sent:
            open_ = (asked < t - TINY).sum() - (known <= t + TINY).sum()
            there = (mine["requested_h"] <= t + TINY).sum()
            assert (sent <= t).sum() + open_ <= there, f"{kind} of {who} is sent somebody at {t} before the answer"
        if said[kind].settled:
            since = datetime.fromisoformat(said[kind].since) - datetime.fromisoformat(scenario.start)
            assert (asked <= since.total_seconds() / 3600).all(), "disputed under a law in force"
    for detail in words[log["event"] == "roles_settled"]:
        assert len(detail) == 1 or detail[1] in said[detail[0]].units
    answered = log[(log["event"] == "roles_settled") & (words.str.len() == 2)]
    for kind, rows in answered.groupby("kind"):
        assert said[kind].precedent is False or rows["detail"].nunique() == 1, "two answers for all"


CHECKS = (
    check_trips, check_posts, check_gates, check_numbers, check_trainees, check_roles, check_needs, check_patience,
    check_days, check_levels, check_stock, check_consumption,
)  # fmt: skip


def test_everything_balances_with_volunteers():
    """Laws 4 to 7: needs, people, visits and stock balance, whoever comes in whatever way.

    A law that nothing meets is not tried: all eighteen are in them, and every kind of event happens somewhere.
    """
    found: set[str] = set()
    events: set[str] = set()

    @many(75)
    @given(volunteers(two_lists=False), st.integers(0, 1000))
    def balance(data: Data, seed: int) -> None:
        scenario, result = balances(data, seed, CHECKS)
        found.update(name for name in EIGHTEEN if MECHANISMS[name].present(scenario))
        events.update(result.columns("events")["event"].decoded())

    balance()
    assert found >= {*EIGHTEEN} - {"shared_list"}
    assert events >= {
        "signed_up", "joined", "rejected", "walked_in", "sent_away", "called_up", "no_answer", "not_released",
        "asked_elsewhere", "roles_disputed", "roles_settled",
    }  # fmt: skip


def test_everything_balances_with_two_lists():
    """The same where desks share no list, so that two go to one need, or one of them is called off."""
    events: set[str] = set()

    @many(30)
    @given(volunteers(), st.integers(0, 1000))
    def balance(data: Data, seed: int) -> None:
        _, result = balances(data, seed, CHECKS)
        events.update(result.columns("events")["event"].decoded())

    balance()
    assert "called_off" in events


@many(14)
@given(volunteers(two_lists=False), st.integers(0, 1000))
def test_the_same_run_again(data, seed):
    """Laws 1 and 10: run twice the digest is the same, however often is looked, and identical variants differ by 0."""
    same_again(data, seed)
    same_as_its_twin(data, seed)


@many(11)
@given(volunteers(two_lists=False), st.integers(0, 1000))
def test_every_mechanism_can_be_taken_away(data, seed):
    """Law 2: the declared counterfactuals of the eighteen keep the scenario valid, and it runs and balances."""
    can_go(validate(data, "random"), seed, EIGHTEEN[seed % 2 :: 2], CHECKS)  # every other one of each


def quiet(data: Data) -> Data:
    """Return a scenario with every mechanism of the volunteers there that can be, and none of them ever acting."""
    data = deepcopy(data)
    world, response = data["world"], data["response"]
    units, needs = response["organisation"]["units"], world["needs"]
    office = min(units)
    for unit in units.values():
        unit["register"] = {"coverage": 1}
        if unit.get("skills"):
            unit["certificates"] = dict.fromkeys(list(unit["skills"]), 1)
        unit["know_how"] = {"drilled": 1, "halves": "3650 d", "question": "0 h", "online": "true"}
        if unit.get("shift"):
            unit["days"] = list(WEEKDAYS)
            unit["late"] = {"share": 1, "by": "0 h"}
    last = units[max(units)]
    last["recruitment"] = {
        "at_most": 3, "willing": 0, "registration": {"by": office, "takes": "1 h"},
        "training": {"by": office, "takes": "1 h"},
    }  # fmt: skip
    for need in needs.values():
        if not {"items", "sessions", "again", "referral"} & set(need):
            need["asks_elsewhere_after"] = "1 min"
    response["organisation"]["permitted"] = {"volunteer": [*sorted(needs), *gates(data)], "expert": []}
    response["shared_list"] = "false"
    if len(units) > 1:
        response["roles"] = {name: {"units": sorted(units), "settled": "true"} for name in needs}
    return data


@many(24)
@given(scenarios(), st.integers(0, 1000))
def test_mechanisms_that_never_act_change_nothing(data, seed):
    """Law 2: all of them there and idle, every other table is the same to the bit: luck, order and ties included."""
    before, after = validate(data, "random"), validate(quiet(data), "random")
    assert differing(before, after, seed, ("gauges", "runs", "residents", "attitudes", "people")) == set()


@many(25)
@given(st.integers(0, 1000), st.sampled_from([1, 5]), st.booleans())
def test_one_more_resident_changes_nobody_elses_luck(seed: int, more: int, trusting: bool):
    """Law 3: who would sign up, and is unfit, is so however many others there are; the new ones come beside them."""
    world: Data = {
        "community": {"residents": 40, "households": 40, "buildings": 1}, "needs": {"talk": {
            "per_hour": 0, "urgency": 3, "service": "1 h",
        }},
    }  # fmt: skip
    if trusting:
        world["attitudes"] = {"trust": {"start": 0.5, "spread": 0.2}}
    check = {"takes": {"dist": "exponential", "mean": "3 h"}, "rejects": 0.3, "detects": 0.5}
    spec = {"at_most": 200, "willing": 0.4, "by_trust": 0.5, "unfit": 0.3, "certification": check}
    crew = {"function": "logistics", "members": "volunteer", "count": 1, "recruitment": spec}
    found = []
    for residents in (40, 40 + more):
        world["community"] |= {"residents": residents, "households": residents}
        data = {"name": "m", "horizon": "2 d", "world": world, "response": {"organisation": {"units": {"crew": crew}}}}
        log = run(validate(deepcopy(data), "m"), seed).frame("events")
        mine = log[log["subject"].str.isdigit()] if len(log) else log
        mine = mine[mine["subject"].astype(int) < 40] if len(mine) else mine
        found.append(sorted(zip(mine["t_h"], mine["event"].astype(str), mine["subject"], strict=True)))
    assert found[0] == found[1]
