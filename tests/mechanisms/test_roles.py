"""Unclear roles: the pair of runs, and what a pair cannot show.

The form of the pairs is that of ``pairs``. Below stand who is named and for how long, that a late answer sends nobody
to a request that has ended, and that nothing waits for a unit that is not there.
"""

from __future__ import annotations

from typing import Any

import pytest

from sim import Result
from sim.response.roles import LOOK_H
from sim.spec.findings import findings
from sim.spec.patches import merge, validate
from tests.mechanisms.pairs import (
    Data,
    Null,
    Pair,
    changes_nothing,
    claim_holds,
    commander,
    happened,
    law,
    left_over,
    log,
    mechanism_of,
    micro,
    need,
    needs,
    organised,
    plan,
    played,
    responding,
    spent,
    stays_valid,
    step,
    unit,
)

BOTH = ["crew", "casework"]


def two(units: Data | None = None, wants: Data | None = None, **more: Any) -> Data:
    """Return a day on which volunteers and social workers could both serve a need; keys of the block by ``role``."""
    role = {"units": BOTH, **more.pop("role", {})}
    who = {"command": commander(), "crew": unit(2), "casework": unit(2, "casework", members="social_worker")}
    return micro(
        merge(who, units or {}), {"talk": need(2) | (wants or {})}, **{"hours": 24, "roles": {"talk": role}, **more}
    )


SLOW = {"command": {"decision": law("1 h")}}
APART = {"crew": {"shift": "08:00-20:00"}, "casework": {"shift": "20:00-08:00"}}

PAIRS: dict[str, Pair] = {
    "unclear_roles": Pair(two(), needs("wait_mean_h"), "raises"),
    "unclear_roles, disputes": Pair(two(), happened("roles_disputed"), "raises"),
    "unclear_roles, time of the commander": Pair(two(), spent("decision", "command"), "raises"),
    "unclear_roles, residents give up": Pair(two(SLOW, {"patience": "2 h"}), needs("unmet"), "raises"),
    "unclear_roles, one answer for all": Pair(two(role={"precedent": "true"}), needs("wait_mean_h"), "raises"),
    "unclear_roles, until the law is in force": Pair(
        two(role={"settled": "true", "since": "2022-01-01 12:00"}), needs("wait_mean_h"), "raises",
    ),
    "unclear_roles, of units that are never there together": Pair(
        two(APART), needs("wait_mean_h"), "none",
    ),
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
    """A law in force from the beginning leaves no trace, bit for bit: whoever is free goes, as without the block."""
    assert left_over(PAIRS[pair], mechanism_of(pair)) == set()


def roles(**of: Any) -> Data:
    return responding(roles={name: {"units": ["crew", "second"], **role} for name, role in of.items()})


WORKS = organised(second={"function": "logistics"})
NULLS: dict[str, Null] = {
    "a law in force": Null(roles(asks={"settled": "true"})),
    "a law of 2020": Null(roles(asks={"settled": "true", "since": "2020-02-01 00:00"})),
    "the other is at a desk": Null(roles(asks={}, box={})),
    "the other has nobody": Null(roles(asks={"units": ["crew", "medics"]}, box={"units": ["crew", "medics"]})),
    "the other cannot do it": Null(roles(ill={"units": ["crew", "medics"]})),
}


@pytest.mark.parametrize("name", NULLS)
def test_roles_that_nobody_can_dispute_change_nothing(name: str):
    """Present but idle, it leaves no trace: bit for bit, in every column."""
    changes_nothing(NULLS[name])


# -- the answer -------------------------------------------------------------------------------------------------------


def settled(result: Result) -> list[tuple[float, str]]:
    """Return (when, unit) of each answer."""
    return [(row.t_h, row.detail.split()[1]) for row in log(result, "roles_settled").itertuples()]


def ends(result: Result) -> set[str]:
    """Return how the requests of the day ended; those of the night after may be open."""
    return set(result.frame("needs").query("cohort")["end"])


def test_a_request_waits_for_its_answer_and_goes_to_the_unit_that_is_named():
    """One decision a dispute, each of the commander's time; the first visit is not before the answer to its resident,
    and is made by the unit named, since both are there all day.
    """
    data = two(wants={"per_hour": 1})
    data["world"]["community"] |= {"residents": 500, "households": 200}  # so that hardly anybody asks twice
    result = played(data)
    table, wants = result.frame("assignments"), result.frame("needs")
    decisions = table[table["assignment"] == "decision"]
    assert len(decisions) == happened("roles_disputed")(result) == happened("roles_settled")(result) > 10
    answers = {int(row.subject): (row.t_h, row.detail) for row in log(result, "roles_settled").itertuples()}
    visits, once = result.frame("visits"), ~wants["resident"].duplicated(keep=False)
    first = visits[visits["need"].isin(wants.index[once]) & (visits["attempt"] == 1)]
    told = 0
    for row in first.itertuples():
        who = wants["resident"][row.need]
        if who in answers:
            told += 1
            assert row.dispatched_h >= answers[who][0]
            assert answers[who][1] == f"talk {row.unit}"
    assert told > 10


def test_who_is_free_is_named():
    """Of two units that are there, the first in the block whose people are free; the others are not kept waiting."""
    units = {"crew": {"count": 1}, "casework": {"count": 1}}
    data = two(units | {"command": {"decision": "1 min"}}, {"per_hour": 1.2, "service": "3 h"})
    named = {name for _, name in settled(played(data))}
    assert named == set(BOTH)
    calm = two(wants={"per_hour": 0.05, "service": "1 min"}, hours=72)
    assert {name for _, name in settled(played(calm))} == {"crew"}


def test_a_precedent_is_asked_for_once():
    """All that is disputed until the answer waits for the same one; afterwards it holds, and no one asks again."""
    result = played(two({"command": {"decision": "3 h"}}, {"per_hour": 6}, role={"precedent": "true"}))
    decisions = result.frame("assignments").query("assignment == 'decision'")
    assert len(decisions) == 1
    answers = settled(result)
    assert len(answers) == happened("roles_disputed")(result) > 5
    (moment,), (unit_,) = ({answer[k] for answer in answers} for k in (0, 1))
    assert log(result, "roles_disputed")["t_h"].max() <= moment
    assert set(result.frame("visits")["unit"]) == {unit_}


def test_a_precedent_ends_with_the_stand_down():
    """The response is over, and with it what was settled for it: the next request is disputed again."""
    card = plan({"end": step("command", "stand_down", 0, part="stand_down", after=["declare"], when={"at": "6 h"})})
    data = two(role={"precedent": "true"}, plan=card)
    result = played(data)
    assert happened("stood_down")(result) == 1
    times = log(result, "roles_settled")["t_h"]
    ended = float(log(result, "stood_down")["t_h"].iloc[0])
    assert (times < ended).any()
    assert (times > ended).any()


def test_the_law_settles_what_waits_when_it_comes_into_force():
    """On that date whoever waits goes on at once, nobody asks any more, and the commander's late answer is nothing."""
    role = {"settled": "true", "since": "2022-01-01 12:00"}
    result = played(two({"command": {"decision": "20 h"}}, role=role))
    disputed, visits = log(result, "roles_disputed")["t_h"], result.frame("visits")
    assert disputed.max() < 12
    assert len(disputed) > 5
    assert set(log(result, "roles_settled")["t_h"]) == {12.0}
    assert visits["dispatched_h"].min() == 12.0


def test_whose_shift_is_over_disputes_nothing():
    """Who only finishes the work in hand could not be sent: units that are never rostered together never dispute."""
    for replication in range(8):
        result = played(two(APART, {"per_hour": 4}, hours=72), replication)
        assert (result.frame("shifts")["left_h"] > result.frame("shifts")["rostered_until_h"]).any()
        assert not happened("roles_disputed")(result)


def test_a_request_that_somebody_has_been_to_is_not_disputed():
    """Before six the crew is alone and takes requests up, which take several visits; they stay undisputed later."""
    data = two({"crew": {"count": 9}, "casework": {"shift": "06:00-23:00"}}, {"per_hour": 4, "again": 0.8})
    data["world"]["community"] |= {"residents": 500, "households": 200}
    result = played(data)
    table, visits = result.frame("needs"), result.frame("visits")
    taken_up = table[table["dispatched_h"] < 6]
    again = visits[visits["need"].isin(taken_up.index) & (visits["dispatched_h"] > 6)]
    assert len(again) > 10
    alone = set(taken_up["resident"]) - set(table.loc[~(table["dispatched_h"] < 6), "resident"])
    asked = set(log(result, "roles_disputed")["subject"].astype(int))
    assert asked
    assert not alone & asked


def test_an_escalation_does_not_ask_again():
    """Escalated, a request comes into another line, and to people who have become free: it still waits for its answer,
    and nobody disputes it a second time.
    """
    units = {
        "command": {"decision": "5 h"}, "boss": unit(1, "liaison", leader="true"),
        "dispatch": unit(1, "liaison", reports_to="boss"),
    }  # fmt: skip
    data = two(units, {"per_hour": 0.5, "escalate_after": "30 min"}, desks={"desk": {"coordinator": "dispatch"}})
    data["world"]["community"] |= {"residents": 500, "households": 200}
    data["world"]["needs"]["food"] = need(3)
    result = played(data)
    table, disputed = result.frame("needs"), log(result, "roles_disputed")
    talk = table[(table["need_type"] == "talk") & ~table["resident"].duplicated(keep=False)]
    assert len(talk) > 5
    assert talk["escalated_h"].notna().sum() > 5
    assert disputed["subject"].astype(int).isin(talk["resident"]).sum() > 5
    assert not disputed["subject"][disputed["subject"].astype(int).isin(talk["resident"])].duplicated().any()


# -- who decides ------------------------------------------------------------------------------------------------------


def test_an_absent_commander_keeps_it_open_unless_a_deputy_decides():
    """The commander's queue is real: at night nothing is settled, but where a deputy stands in."""
    absent = two({"command": {"shift": "08:00-20:00"}})
    answers = [t_h for t_h, _ in settled(played(absent))]
    assert answers
    assert min(answers) > 8
    deputy = two({"command": {"shift": "08:00-20:00", "deputy": "second"}, "second": commander()})
    assert min(t_h for t_h, _ in settled(played(deputy))) < 8


def test_without_a_commander_it_is_settled_at_once_and_told():
    """Nobody to ask is no reason to wait, but a reader must know that nothing is lost by it."""
    data = two({"command": {"function": "liaison", "decision": None}})
    found = [finding.message for finding in findings(validate(data, "micro"))]
    assert any("nobody commands" in message for message in found)
    result = played(data)
    assert [t for t, _ in settled(result)] == log(result, "roles_disputed")["t_h"].tolist() != []
    assert not [finding for finding in findings(validate(two(), "micro")) if "roles" in finding.place]


def test_what_cannot_be_disputed_is_told():
    """A block that can do nothing must be told, or the reader believes in it."""
    desks = {"one": {"units": ["crew"]}, "other": {"units": ["casework", "command"], "needs": ["none"]}}
    apart = merge(two(desks=desks), {"world": {"needs": {"none": need(0)}}})
    assert any("no desk sends two" in finding.message for finding in findings(validate(apart, "micro")))
    sitting = two(role={"units": ["crew", "command"]})
    assert any("at a desk" in finding.message for finding in findings(validate(sitting, "micro")))


# -- nobody is sent too late, and nobody waits for ever ---------------------------------------------------------------


def test_a_late_answer_sends_nobody_to_who_has_given_up():
    """The commander has decided, but the resident is gone: no visit, no wasted trip, one end."""
    result = played(two({"command": {"decision": "1 h"}}, {"patience": "20 min"}))
    assert happened("roles_settled")(result) > 10
    assert result.frame("visits").empty
    assert ends(result) == {"abandoned"}


def test_a_late_answer_sends_nobody_to_what_others_have_taken_over():
    """Passed on to an outside service while the question is open: a decision does not bring it back."""
    referral = {"after": "30 min", "delay": "10 min"}
    result = played(two({"command": {"decision": "2 h"}}, {"referral": referral}))
    assert result.frame("visits").empty
    assert happened("roles_settled")(result) > 10
    assert ends(result) == {"referred"}


def test_others_serve_while_the_unit_that_is_named_is_not_there():
    """The crew is named for all and goes home at six; at the latest a look later the case workers go to what is left,
    and the next morning it is the crew's again.
    """
    units = {"crew": {"shift": "06:00-18:00"}, "casework": {"count": 9}}
    result = played(two(units, {"per_hour": 6, "service": "1 h"}, role={"precedent": "true"}, hours=48, tail=0))
    visits, table = result.frame("visits"), result.frame("needs")
    assert {name for _, name in settled(result)} == {"crew"}
    first = float(log(result, "roles_settled")["t_h"].iloc[0])
    by_day = visits[(visits["dispatched_h"] > first) & (visits["dispatched_h"] % 24 > 6)]
    evening = by_day["dispatched_h"] % 24 > 18 + LOOK_H
    assert set(by_day.loc[by_day["dispatched_h"] % 24 < 18, "unit"]) == {"crew"}
    assert set(by_day.loc[evening, "unit"]) == {"casework"}
    left = table[(table["requested_h"] < 18) & ~(table["dispatched_h"] < 18)]
    assert len(left) > 20
    assert (left["dispatched_h"].dropna() <= 18 + LOOK_H + 10).all()
    assert left["dispatched_h"].notna().all()


@pytest.mark.parametrize("why", ["sent home", "contract", "on the list by mistake"])
def test_a_unit_that_never_comes_back_is_not_waited_for(why: str):
    """Whatever takes the people of the unit named away for good, the others serve what waits."""
    change = {"changes": [{"at": "4 h", "set": {"organisation.units.crew.count": 0}}]}
    more: Data = change if why == "sent home" else {}
    crew: Data = {"contract": {"ends": "4 h"}} if why == "contract" else {}
    wants: Data = {"per_hour": 3}
    if why == "on the list by mistake":
        crew = {"skills": {"listen": 0}, "register": {"overstated": 1, "corrects": "true"}}
        wants |= {"skill": "listen"}
    units = {"crew": {"count": 1, **crew}, "casework": {"count": 6, "skills": ["listen"]}}
    result = played(two(units, wants, role={"precedent": "true"}, tail=24, **more))
    assert {name for _, name in settled(result)} == {"crew"}
    assert ends(result) == {"met"}
    waits = result.frame("needs")
    late = waits[waits["requested_h"] > 5]
    assert (late["dispatched_h"] - late["requested_h"]).max() < 1


@pytest.mark.parametrize("match", ["skill", "random", "nearest", "optimal"])
def test_every_way_of_sending_asks(match: str):
    """Who is free when a request comes, a request taken off its line, and an assignment all at once."""
    desks = {"desk": {"match": match}}
    few = {"crew": {"count": 1}, "casework": {"count": 1}}
    for units in ({}, few):
        result = played(two(units, {"per_hour": 1.5}, desks=desks, travel={}))
        assert happened("roles_settled")(result) > 10
        assert ends(result) == {"met"}
        residents, log_ = result.frame("needs")["resident"], result.frame("events")
        for row in result.frame("visits").itertuples():
            mine = log_[log_["subject"] == str(int(residents[row.need]))]
            asked = mine.loc[mine["event"] == "roles_disputed", "t_h"]
            answered = mine.loc[mine["event"] == "roles_settled", "t_h"]
            if len(asked) == len(answered) == 1 and asked.iloc[0] <= row.dispatched_h:
                assert row.dispatched_h >= answered.iloc[0]
