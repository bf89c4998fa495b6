"""Who is here now, and who is not: people at home after a call, who walk in, are away, have not come yet, or left.

What attack on them found: each fault in the smallest scenario that shows it, and what is right.
"""

from __future__ import annotations

from typing import Any

import pytest

from sim import Result
from tests.mechanisms.pairs import Data, commander, log, micro, need, plan, played, step, unit

START = {"start": "2022-03-28 08:00"}
DAY = "08:00-20:00"
QUIET = {"talk": need(0)}
BUSY = {"talk": need(30, service="20 min")}
CASES = {"talk": need(2, service="20 min", skill="talk", sessions={"count": 4, "every": "6 h"})}
WALK = {"curve": [["0 h", 2]], "at_most": 3, "reception": "desk", "takes": "5 min", "stays": "5 h"}


def shifts(result: Result, team: str) -> Any:
    table = result.frame("shifts")
    return table[table["unit"] == team]


def counselling(count: int = 1, **more: Any) -> Data:
    return {"function": "casework", "members": "social_worker", "count": count, "skills": ["talk"], **more}


def world(**loads: float) -> Data:
    """Return a world in which events strain social workers and volunteers, and nothing relieves them."""
    strain: Data = {"loads": loads, "rest_half_life": "200 d"}
    return {"strain": {"social_worker": strain, "volunteer": strain}}


# -- called up --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, {"reply": "2 h"}, {"by": "desk", "takes": "3 min", "reply": "1 h"}])
def test_the_next_call_comes_when_those_of_the_last_have_gone(more: Data):
    """While the queue stays long everybody is called again as soon as the stint is over; none of the calls finds the
    list empty because people are still there, and none falls into a stint.
    """
    call = {"backlog_over": 2, "stint": "6 h", **more}
    units = {"desk": unit(1, "liaison"), "cloud": unit(4, skills=["talk"], call_up=call)}
    wants = {"talk": need(40, service="20 min", skill="talk")}
    result = played(micro(units, wants, hours=72, tail=0))
    calls, came = log(result, "called_up"), shifts(result, "cloud")
    assert set(calls["detail"]) == {"4"}
    longest = 6 + 1 / 3 + 1 + (2 if more else 0)  # the stint, the visit in hand, the next look, replies and calls
    assert calls["t_h"].diff().dropna().between(6, longest + 1e-6).all()
    for call_h in calls["t_h"].iloc[1:]:
        before = came[came["rostered_from_h"] < call_h - 1e-9]
        assert (before["left_h"] <= call_h + 1e-9).all(), f"somebody of the last call is still there at {call_h}"


def test_where_nobody_accepts_people_are_not_called_every_hour():
    """Who has said no is left in peace for as long as a stint would have lasted."""
    call = {"backlog_over": 0, "stint": "6 h", "accepts": 0}
    result = played(micro({"cloud": unit(4, call_up=call)}, BUSY, hours=30, tail=0))
    assert log(result, "called_up")["t_h"].diff().dropna().tolist() == [6.0, 6.0, 6.0, 6.0]


def stood_down(**more: Any) -> Data:
    """Return a response whose plan stands down after a day."""
    over = step("command", "stand_down", 0, part="stand_down", when={"signal": "end_notice"})
    return {"plan": plan({"over": over}), **more}


def test_nobody_is_called_up_after_the_stand_down():
    """The end of the response ends its calls: by a state, at a time, and down a list that is being rung."""
    units = {
        "command": commander(),
        "state": unit(4, call_up={"backlog_over": 0, "stint": "3 h"}),
        "time": unit(4, call_up={"at": "30 h", "stint": "3 h"}),
        "list": unit(30, call_up={"at": "23 h", "stint": "3 h", "by": "command", "takes": "10 min"}),
    }
    result = played(micro(units, BUSY, hours=48, tail=0, world={"signals": {"end_notice": "1 d"}}, **stood_down()))
    over = log(result, "stood_down")["t_h"].iloc[0]
    calls = log(result, "called_up")
    assert set(calls["subject"]) == {"state", "list"}
    assert (calls["t_h"] < over).all()
    rung = result.frame("assignments").query("assignment == 'call_up'")
    assert len(rung) > 1
    assert rung["start_h"].max() <= over + 1 / 6


def test_no_donor_is_asked_after_the_stand_down():
    """What has been asked for still comes; nobody asks again."""
    asked = {"at": "6 h", "by": "command", "takes": "30 min", "items": {"box": 5}, "to": "store", "again": "5 h"}
    result = played(micro(
        {"command": commander()}, QUIET, hours=72, tail=0, world={"signals": {"end_notice": "1 d"}},
        supplies={"store": {"stock": {"box": 5}}},
        **stood_down(donors={"charity": {"decides": "1 h", "delivers": "30 min", "asked": [asked]}}),
    ))  # fmt: skip
    over = log(result, "stood_down")["t_h"].iloc[0]
    times = log(result, "donor_asked")["t_h"]
    assert len(times) > 2
    assert times.max() <= over + 0.5


# -- unasked ----------------------------------------------------------------------------------------------------------


def test_who_walks_in_is_somebody_else_each_time():
    """One person comes once, is as fresh as anybody, leaves for good at most once, and takes no case over for having
    the place of who held it.
    """
    units = {"desk": unit(2, "liaison"), "crew": counselling(0, walk_ins=WALK)}
    tired = {"social_worker": {"loads": {"visit": 30}, "rest_half_life": "200 d", "leaving": {"per_year": 200}}}
    result = played(micro(units, CASES, hours=96, tail=0, world={"strain": tired}))
    came, strain = shifts(result, "crew"), result.frame("strain")
    assert came["person"].is_unique
    assert len(came) > 20
    first = strain[strain["unit"] == "crew"].groupby("person").first()
    assert (first["strain"] == first["change"]).all()
    gone = log(result, "left_for_good")["subject"]
    assert gone.is_unique
    until = came.set_index("person")["left_h"].fillna(result.end_h)
    visits = result.frame("visits")
    assert (visits["started_h"] <= visits["person"].map(until)).all()
    assert visits.groupby("need")["person"].nunique().max() > 1, "no case has been handed on"


def test_no_more_walk_ins_are_here_at_a_time_than_there_is_room_for():
    """``at_most`` is room: whoever goes home makes some."""
    units = {"desk": unit(2, "liaison"), "crew": unit(0, walk_ins=WALK)}
    result = played(micro(units, QUIET, hours=48, tail=0))
    came = shifts(result, "crew")
    left = came["left_h"].fillna(result.end_h)
    assert max(int(((came["rostered_from_h"] <= t) & (left > t)).sum()) for t in came["rostered_from_h"]) == 3
    assert len(came) > 10
    assert len(came) + len(log(result, "sent_away")) <= len(log(result, "walked_in"))


# -- cases of who is not here -----------------------------------------------------------------------------------------

AWAY: dict[str, Data] = {
    "gone home": {"call_up": {"at": "0 h", "stint": "10 h"}},
    "gone home between shifts": {"shift": "00:00-08:00", "call_up": {"at": "0 h", "stint": "12 h"}},
    "sent away": {"sends": [{"at": "10 h", "people": 2, "away": "30 d"}]},
    "hurt": {"injury": {"share": 0.3, "away": "30 d"}},
}


@pytest.mark.parametrize("why", AWAY)
def test_cases_of_who_is_not_here_are_handed_on(why: str):
    """The next sessions are held by somebody who is here, as they are of who has left for good."""
    units = {"aid": counselling(2, **AWAY[why]), "case": counselling(2, shift="08:00-08:00")}
    wants = {"talk": CASES["talk"] | {"per_hour": 1}}
    result = played(micro(units, wants, hours=72, tail=0))
    visits = result.frame("visits").sort_values("started_h")
    mine = visits.groupby("need")["unit"]
    begun = set(mine.first()[mine.first() == "aid"].index)
    last = visits[visits["unit"] == "aid"]["ended_h"].max()
    early = visits[visits["need"].isin(begun)].groupby("need")
    held, due = early.size(), early["ended_h"].first() + 3 * 6 + 12 < result.end_h
    assert len(begun) > 2
    assert last < 40
    assert (held[due] == 4).all(), f"sessions of cases of the aid: {held[due].to_dict()}"


def test_a_short_absence_does_not_take_a_case_from_its_worker():
    """Who is back before the next session would be due keeps the case: continuity is worth some hours of waiting."""
    units = {"one": counselling(1, sends=[{"at": "7 h", "people": 1, "away": "3 h"}]), "two": counselling(1)}
    result = played(micro(units, CASES, hours=48, tail=0))
    assert len(log(result, "sent")) == 1
    assert result.frame("visits").groupby("need")["person"].nunique().max() == 1


# -- strain of who is not here ----------------------------------------------------------------------------------------

NEVER_HERE: dict[str, Data] = {
    "nobody accepts": {"call_up": {"at": "10 h", "accepts": 0, "stint": "8 h"}},
    "not arrived": {"arrives": {"promised": "40 d"}},
    "nobody walks in": {"count": 0, "walk_ins": WALK | {"curve": [["0 h", 1]], "stays": "0 h"}},
}


@pytest.mark.parametrize("why", NEVER_HERE)
def test_who_was_never_here_misses_no_session(why: str):
    """Nobody is strained by a session of a job that they have not begun."""
    units = {"boss": counselling(1), "aid": counselling(3) | NEVER_HERE[why], "desk": unit(1, "liaison")}
    sessions = {"aid": {"by": "boss", "every": "8 h", "takes": "30 min", "within": "4 h"}}
    result = played(micro(units, QUIET, hours=96, tail=0, world=world(no_supervision=5), supervision=sessions))
    assert log(result, "no_supervision").empty
    assert result.frame("strain").empty


def test_who_has_gone_home_misses_no_session_and_who_is_here_does():
    """While they are here a session that nobody has time for is missed, as it is for anybody."""
    units = {
        "boss": counselling(0, shift=DAY),
        "aid": counselling(3, call_up={"at": "10 h", "stint": "30 h"}),
    }
    sessions = {"aid": {"by": "boss", "every": "8 h", "takes": "30 min", "within": "2 h"}}
    result = played(micro(units, QUIET, hours=96, tail=0, world=world(no_supervision=5), supervision=sessions))
    missed = log(result, "no_supervision")["t_h"]
    assert len(missed) > 5
    assert missed.between(10, 40).all()


@pytest.mark.parametrize("who", ["walk_ins", "call_up"])
def test_who_was_never_here_is_not_insecure(who: str):
    """Those who would have worked a shift that nobody can pay are insecure; who is turned away at the gate is not."""
    way = {"walk_ins": WALK, "call_up": {"at": "20 h", "stint": "8 h"}}
    units = {
        "desk": unit(1, "liaison"), "paid": counselling(2, shift=DAY, cost_per_h=40),
        "new": counselling(0 if who == "walk_ins" else 3, cost_per_h=40, **{who: way[who]}),
    }  # fmt: skip
    result = played(micro(
        units, QUIET, hours=72, tail=0, world=world(insecure=3), funds={"opening": 10},
    ) | START)  # fmt: skip
    strain = result.frame("strain")
    people = strain[strain["cause"] == "insecure"].groupby("unit")["person"].nunique()
    assert people.to_dict() == {"paid": 2} or people[people > 0].to_dict() == {"paid": 2}
    assert len(log(result, "not_paid")) > 2


# -- not yet, or no more ----------------------------------------------------------------------------------------------


def test_nobody_joins_a_service_that_is_not_bought_any_more():
    """Who was thinking it over, is checked or taught at the end of the contract does not begin."""
    law = {"dist": "uniform", "low": "10 h", "high": "60 h"}
    crew = unit(
        2, contract={"ends": "30 h", "notice": "1 d"}, recruitment={"at_most": 30, "willing": 1, "decides": law}
    )
    result = played(micro({"crew": crew}, QUIET, hours=96, tail=0))
    joined = log(result, "joined")["t_h"]
    assert 3 < len(joined) < 20
    assert joined.max() <= 30
    assert shifts(result, "crew")["rostered_from_h"].max() <= 30
    assert log(result, "signed_up")["t_h"].max() <= 30


def test_nobody_is_sent_before_they_have_arrived():
    """Who has not come yet cannot be sent on; that nobody was sent is noted."""
    sends = [{"at": "20 h", "people": 2, "away": "1 d"}, {"at": "50 h", "people": 2, "away": "1 d"}]
    late = unit(3, arrives={"promised": "40 h"}, sends=sends)
    result = played(micro({"late": late}, QUIET, hours=72, tail=0))
    assert log(result, "sent")["t_h"].tolist() == [50, 50]
    assert log(result, "not_sent")["t_h"].tolist() == [20]


# -- each who does not come leaves a row ------------------------------------------------------------------------------


def test_each_who_does_not_come_to_a_shift_or_a_call_leaves_a_row():
    """Places on the roster are shifts worked, or the row of why not: not there, unwilling or late; so are calls."""
    crew = unit(20, shift=DAY, attendance=0.7, injury={"share": 0.02, "away": "1 min"})
    units = {
        "crew": crew, "slow": unit(20, shift=DAY, late={"share": 0.5, "by": "2 h"}),
        "cloud": unit(20, call_up={"at": "10 h", "accepts": 0.3, "stint": "3 h"}),
    }  # fmt: skip
    cover = {"cover": "none", "refuses": 0.5, "remembered": "30 d"}
    result = played(micro(units, {"talk": need(30)}, hours=72, tail=0, insurance=cover) | START)
    rows = {kind: log(result, kind) for kind in ("no_show", "refused_shift", "late", "declined")}
    came = {team: shifts(result, team) for team in units}
    assert set(rows["no_show"]["detail"]) == set(rows["refused_shift"]["detail"]) == {"crew"}
    begins = came["crew"]["rostered_from_h"].isin([0, 24, 48]).sum()
    assert begins + len(rows["no_show"]) + len(rows["refused_shift"]) == 3 * 20
    assert len(rows["late"]) == (came["slow"]["rostered_from_h"] % 24 == 2).sum() > 10
    assert len(rows["declined"]) + len(came["cloud"]) == 20
