"""Each mechanism of the volunteers on and off on a micro-scenario, under the same luck: the direction of its claim.

The form is that of ``pairs``. Below stand what a pair of runs cannot show: that the dispatcher sees the list and not
the people, that nobody decides that two are sent, who signs up, and whose time an answer takes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim import Result
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import merge
from tests.mechanisms.pairs import (
    BUSY,
    Data,
    Null,
    Number,
    Pair,
    changes_nothing,
    claim_holds,
    duty,
    happened,
    law,
    left_over,
    mechanism_of,
    micro,
    need,
    needs,
    organised,
    played,
    spent,
    stays_valid,
    unit,
    when,
)

SEVENTEEN = (
    "register",
    "certified",
    "without_skill",
    "sign_up",
    "registration",
    "certification",
    "training",
    "walk_ins",
    "call_up",
    "know_how",
    "second_desks",
    "shared_list",
    "calendar",
    "attendance",
    "lateness",
    "supervised",
    "permitted",
)

# -- what is measured -------------------------------------------------------------------------------------------------


def came_to(outcome: str) -> Number:
    """Return the measure of how many visits came to something."""
    return lambda result: float((result.columns("visits")["outcome"].decoded() == outcome).sum())


def by_unit(team: str) -> Number:
    """Return the measure of how many visits a unit made."""
    return lambda result: float((result.columns("visits")["unit"].decoded() == team).sum())


def whole(result: Result) -> float:
    """Return the mean time from the request to the end of what was asked for."""
    met = result.frame("needs")
    return float((met["closed_h"] - met["requested_h"]).mean())


# -- the pairs --------------------------------------------------------------------------------------------------------

DAY = "08:00-20:00"
CALM = {"parcel": need(0)}
BUSY_NEED = {"talk": need(4)}
SKILLED = {"care": need(1.5, skill="care")}
JOIN = {"at_most": 10, "willing": 0.3, "decides": law("1 h")}


def crew(count: int = 2, **more: Any) -> Data:
    return {"crew": unit(count, **more)}


def office(count: int = 1, **more: Any) -> Data:
    return {"office": unit(count, "liaison", **{"members": "staff", **more})}


def days(number: int, units: Data, wants: Data | None = None, *, tail: int = 48, **more: Any) -> Data:
    """Return a scenario of some days, from a Monday at eight."""
    return micro(units, wants or BUSY_NEED, hours=24 * number, tail=tail, **more) | {"start": "2022-03-28 08:00"}


def joined(count: int = 1, **recruitment: Any) -> Data:
    return crew(count, recruitment=JOIN | recruitment)


def gate(per_hour: float = 1, **more: Any) -> Data:
    return {
        "curve": [["0 h", per_hour]], "at_most": 4, "reception": "office", "takes": law("20 min"), "stays": law("5 h"),
        **more,
    }  # fmt: skip


CALL = {"at": "2 h", "wanted": 3, "reply": law("1 h"), "stint": "8 h"}


def two_desks(**more: Any) -> Data:
    """Return two teams behind two desks that share no list; what is asked at one may be asked at the other too."""
    desks = {
        "one": {"needs": ["talk"], "units": ["crew"]},
        "two": {"needs": ["parcel"], "also": ["talk"], "units": ["others"]},
    }
    wants = {"talk": need(3, asks_elsewhere_after="20 min"), "parcel": need(1)}
    units = crew(1) | {"others": unit(1)}
    return micro(units, wants, tail=72, travel={}, desks=desks, **{"shared_list": "false", **more})


TRAINEES = {"trainees": unit(3, "medical", shift=DAY, supervised={"by": "nurses", "ratio": 1})}

AT_RANDOM = {"d": {"match": "random"}}

PAIRS: dict[str, Pair] = {
    "register, wasted trips": Pair(
        days(1, crew(4, skills={"care": 0.5}, register={"overstated": 0.6}), SKILLED, travel={}),
        came_to("wrong_skill"), "raises",
    ),
    "register, nobody knows that they can": Pair(
        days(1, crew(12, skills={"care": 1}, register={"coverage": 0.3}), {"care": need(6, skill="care")}),
        needs("wait_mean_h"), "raises",
    ),
    "certified": Pair(
        days(
            1, crew(30, skills={"care": 1}, certificates={"care": 0.3}),
            {"care": need(20, skill="care", certified="true")},
        ),
        needs("wait_mean_h"), "raises",
    ),
    "without_skill": Pair(
        days(
            1, crew(3, skills={"care": 0.3}),
            {"care": need(3, skill="care", without_skill={"slower": 2, "errors": 0.3})}, desks=AT_RANDOM,
        ),
        needs("wait_mean_h"), "raises",
    ),
    "without_skill, errors": Pair(
        days(
            1, crew(3, skills={"care": 0.3}),
            {"care": need(2, skill="care", without_skill={"slower": 1, "errors": 0.5})}, desks=AT_RANDOM,
        ),
        came_to("more"), "raises",
    ),
    "sign_up": Pair(days(1, joined()), needs("wait_mean_h"), "lowers"),
    "registration": Pair(
        days(1, joined(registration={"by": "office", "takes": law("40 min")}) | office()), when("joined"), "raises",
    ),
    "registration, time": Pair(
        days(1, joined(registration={"by": "office", "takes": law("40 min")}) | office()),
        spent("registration", "office"), "raises",
    ),
    "certification": Pair(
        days(1, joined(willing=1, unfit=0.5, certification={"takes": law("2 h"), "detects": 0.9})),
        came_to("more"), "lowers",
    ),
    "certification, time": Pair(
        days(1, joined(certification={"takes": law("3 h")})), when("joined"), "raises",
    ),
    "training": Pair(
        days(1, joined(willing=1, training={"takes": "2 h", "by": "office", "size": 2}) | office()),
        when("joined"), "raises",
    ),
    "training, time of the teachers": Pair(
        days(1, joined(willing=1, training={"takes": "2 h", "by": "office", "size": 2}) | office()),
        spent("training", "office"), "raises",
    ),
    "walk_ins": Pair(
        days(1, office() | crew(1, walk_ins=gate()), desks={"d": {"units": ["crew"]}}), needs("wait_mean_h"), "lowers",
    ),
    "walk_ins, time": Pair(
        days(1, office() | crew(1, walk_ins=gate()), desks={"d": {"units": ["crew"]}}),
        spent("reception", "office"), "raises",
    ),
    "call_up": Pair(
        days(1, crew(1) | {"cloud": unit(6, call_up=CALL)}), needs("wait_mean_h"), "lowers",
    ),
    "know_how": Pair(
        days(1, crew(4, leader="true", know_how={"question": law("1 h")})), whole, "raises",
    ),
    "second_desks": Pair(two_desks(), happened("asked_elsewhere"), "raises"),
    "second_desks, wasted trips": Pair(two_desks(), came_to("duplicate"), "raises"),
    "shared_list": Pair(two_desks(), came_to("duplicate"), "raises"),
    "calendar": Pair(
        days(7, crew(3, shift=DAY, days=["mon", "tue", "wed", "thu", "fri"])), duty("crew"), "lowers",
    ),
    "calendar, waits": Pair(
        days(7, crew(3, shift=DAY, days=["mon", "wed", "thu", "fri"]), {"talk": need(1)}, tail=96),
        needs("wait_mean_h"), "raises",
    ),
    "attendance": Pair(
        days(1, crew(4, shift=DAY, attendance=0.5), {"talk": need(4)}), needs("wait_mean_h"), "raises",
    ),
    "attendance, hours": Pair(days(7, crew(4, shift=DAY, attendance=0.5), CALM), duty("crew"), "lowers"),
    "lateness": Pair(
        days(1, crew(2, shift=DAY, late={"share": 0.5, "by": law("3 h")}), {"talk": need(2)}),
        needs("wait_mean_h"), "raises",
    ),
    "supervised": Pair(
        days(1, {"nurses": unit(1, "medical", shift=DAY)} | TRAINEES), needs("wait_mean_h"), "raises",
    ),
    "permitted": Pair(
        merge(days(1, crew(3) | office(1)), {"response": {"organisation": {"permitted": {"volunteer": ["parcel"]}}},
              "world": {"needs": CALM}}),
        needs("wait_mean_h"), "raises",
    ),
}  # fmt: skip


def test_each_of_the_seventeen_has_its_pair():
    """A mechanism without a pair of runs is a claim nobody has tried."""
    assert {mechanism_of(pair) for pair in PAIRS} == set(SEVENTEEN)
    assert set(SEVENTEEN) <= set(MECHANISMS)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_direction_that_is_claimed(pair: str):
    """On against off under the same luck: the 99 % interval of the paired difference lies on the side of the claim."""
    claim_holds(PAIRS[pair], mechanism_of(pair))


@pytest.mark.parametrize("pair", PAIRS)
def test_both_patches_keep_a_scenario_valid(pair: str):
    """Off and without must run: an ablation tries them on scenarios nobody has seen."""
    stays_valid(PAIRS[pair], mechanism_of(pair))


OTHERWISE = {
    "call_up": "without it they are not at home but on duty: that is another unit",
    "without_skill": "without it, who lacks the skill finds out at the door and leaves",
    "supervised": "off, trainees still begin after those who look after them",
}
"""Why something else happens with a mechanism off than without it."""
TABLES_OF = {
    "sign_up": ("people",), "walk_ins": ("people",), "registration": ("assignments",), "training": ("assignments",),
    "know_how": ("assignments",),
}  # fmt: skip


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if mechanism_of(pair) not in OTHERWISE])
def test_off_is_as_good_as_gone(pair: str):
    """What a mechanism costs or changes is gone when it is off: bit for bit as if the scenario did not name it.

    Places that nobody takes are still listed, and an answer that takes no time is still an answer.
    """
    own = TABLES_OF.get(mechanism_of(pair), ())
    assert left_over(PAIRS[pair], mechanism_of(pair), own) == set()


# -- nothing to act on ------------------------------------------------------------------------------------------------

HOME = {"at": "40 h", "stint": "5 h"}
NULLS: dict[str, Null] = {
    "a register of people without skills": Null(organised(crew={"register": {"coverage": 0, "missed": 1}})),
    "a certificate for what nobody can do": Null({"world": {"needs": {"ill": {"certified": "true"}}}}),
    "without the skill, where only the skilled are sent": Null(
        {"world": {"needs": {"ill": {"without_skill": {"slower": 9, "errors": 1}}}}}
    ),
    "a call that nobody answers": Null(
        organised(medics={"recruitment": {
            "at_most": 5, "willing": 0, "unfit": 1,
            "registration": {"by": "office", "takes": "1 h"}, "certification": {"takes": "1 h", "rejects": 1},
            "training": {"by": "office", "takes": "1 h"},
        }}),
        tables=("people",),
    ),
    "a call of which nobody hears": Null(
        organised(medics={"recruitment": {"at_most": 5, "willing": 1, "topic": "nothing"}}), tables=("people",),
    ),
    "a gate at which nobody comes": Null(
        organised(medics={"walk_ins": gate(0)}), tables=("people",),
    ),
    "a call-up after the end": Null(organised(medics={"call_up": HOME})),
    "a call-up of nobody": Null(organised(medics={"call_up": HOME | {"at": "2 h"}}), events=("called_up",)),
    "everybody knows": Null(organised(crew={"know_how": {"drilled": 1, "halves": "3650 d", "question": "1 h"}})),
    "another desk that does not take it": Null({"world": {"needs": {"asks": {"asks_elsewhere_after": "1 min"}}}}),
    "a desk alone that shares no list": Null({"response": {"shared_list": "false"}}),
    "a week of seven days": Null(
        organised(crew={"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]})
    ),
    "everybody comes": Null(organised(crew={"attendance": 1})),
    "of a unit of nobody some do not come": Null(organised(medics={"attendance": 0.5})),
    "late by nothing": Null(organised(crew={"late": {"share": 1, "by": "0 h"}})),
    "trainees who are not there": Null(organised(medics={"shift": DAY, "supervised": {"by": "crew", "ratio": 1}})),
    "rules for experts, of whom there is none": Null({"response": {"organisation": {"permitted": {"expert": []}}}}),
    "rules that allow everything": Null(
        {"response": {"organisation": {"permitted": {
            "volunteer": ["box", "ill", "asks", "notify", "cordon", "screen", "doors", "desk", "declare"],
        }}}}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NULLS)
def test_a_mechanism_with_nothing_to_act_on_changes_nothing(name: str):
    """Present but idle, it leaves no trace outside its own tables and events: bit for bit, in every column."""
    on_shift = merge(BUSY, organised(medics={"shift": DAY}))
    changes_nothing(NULLS[name], on_shift if name.startswith("trainees") else BUSY)


# -- the list is not the people ---------------------------------------------------------------------------------------


def listed(**register: Any) -> Data:
    return days(2, crew(6, skills={"care": 0.5}, register=register), {"care": need(2, skill="care")}, travel={})


def able(result: Result) -> set[int]:
    people = result.frame("people")
    return set(people.loc[people["skills"].astype(str).str.contains("care"), "person"])


def test_the_dispatcher_sees_the_list_and_the_door_the_truth():
    """Row 64: with everybody on the list as able, some trips are wasted, by those alone who cannot; nobody is served by
    somebody who cannot, and a wasted trip is a visit, with its way and its time.
    """
    result = played(listed(overstated=1))
    visits = result.frame("visits")
    wasted = visits[visits["outcome"] == "wrong_skill"]
    assert len(wasted) > 10
    assert not set(wasted["person"]) & able(result)
    assert set(visits.loc[visits["outcome"] == "closed", "person"]) <= able(result)
    assert (wasted["ended_h"] - wasted["arrived_h"]).to_numpy() == pytest.approx(1 / 6)
    assert wasted["started_h"].isna().all()


def test_a_list_that_is_put_right_sends_nobody_twice_in_vain():
    """With ``corrects`` each who cannot is found out once; without it again and again."""
    wasted = {}
    for corrects in ("true", "false"):
        visits = played(listed(overstated=1, corrects=corrects)).frame("visits")
        wasted[corrects] = visits[visits["outcome"] == "wrong_skill"].groupby("person").size()
    assert set(wasted["true"]) == {1}
    assert wasted["false"].max() > 3
    assert set(wasted["true"].index) >= set(wasted["false"].index)


def test_who_is_not_on_the_list_is_not_sent():
    """A skill that is not written down is not used, however many wait."""
    visits = played(listed(missed=1)).frame("visits")
    assert visits.empty


def test_the_list_does_not_change_the_people():
    """Whoever is able is able under every list: the register has luck of its own."""
    truths = {
        frozenset(able(played(listed(**spec)))) for spec in ({}, {"coverage": 0.1}, {"overstated": 1, "missed": 1})
    }
    assert len(truths) == 1


# -- two desks --------------------------------------------------------------------------------------------------------


def test_a_duplicate_is_a_visit_to_a_need_at_which_somebody_else_is_or_was():
    """Row 27: no chance of a duplicate is stated anywhere; two go because neither desk knew. Each wasted trip is a
    visit of one desk to a need that the other visits, at the same time or before.
    """
    visits = played(two_desks()).frame("visits")
    wasted = visits[visits["outcome"] == "duplicate"]
    assert len(wasted) > 5
    for row in wasted.itertuples():
        others = visits[(visits["need"] == row.need) & (visits["unit"] != row.unit)]
        assert (others["started_h"] <= row.arrived_h).any()
        assert row.ended_h > row.arrived_h


def test_no_desk_sends_twice_where_there_is_nobody_to_wait_for():
    """With many people nobody waits, nobody asks elsewhere, and no trip is wasted: duplicates come from waiting."""
    many = merge(two_desks(), organised(crew={"count": 30}, others={"count": 30}))
    result = played(many)
    assert happened("asked_elsewhere")(result) == 0
    assert came_to("duplicate")(result) == 0


def test_a_shared_list_serves_as_many_with_less():
    """The same list in both offices: nobody goes in vain."""
    result = played(two_desks(shared_list="true"))
    assert happened("asked_elsewhere")(result) > 5
    assert came_to("duplicate")(result) == 0


# -- who signs up -----------------------------------------------------------------------------------------------------

RANKED: dict[str, tuple[Data, ...]] = {
    "a larger share that is willing": tuple(joined(at_most=60, willing=share) for share in (0.1, 0.3, 0.9)),
    "need seen": tuple(joined(at_most=60, willing=0.1, need_seen=s, decides=law("15 h")) for s in (0, 0.3, 0.9)),
}


def signed_up(result: Result) -> set[str]:
    log = result.frame("events")
    return set(log.loc[log["event"] == "signed_up", "subject"])


def nested(found: list[set[str]]) -> bool:
    return all(less < more for less, more in zip(found, found[1:], strict=False))


@pytest.mark.parametrize("what", RANKED)
@pytest.mark.parametrize("replication", range(3))
def test_who_signs_up_under_less_signs_up_under_more(what: str, replication: int):
    """Row 13: the same residents under every plan. More of them come with more reason to; nobody is exchanged.

    They cannot do what is asked for, so that as many see a need under each.
    """
    nurse = {"nurse": unit(1, skills=["care"])}
    plans = [days(2, units | nurse, {"care": need(9, skill="care")}, tail=0) for units in RANKED[what]]
    found = [signed_up(played(plan, replication)) for plan in plans]
    assert found[0]
    assert nested(found)


@pytest.mark.parametrize("replication", range(3))
def test_trust_brings_people(replication: int):
    """E16, row 13: who trusts joins. At a higher trust the same people do and others beside them."""
    world = [{"attitudes": {"trust": {"start": start, "spread": 0}}} for start in (0.2, 0.5, 0.9)]
    units = joined(at_most=60, willing=0.3, by_trust=0.6)
    found = [signed_up(played(days(2, units, {"talk": need(3)}, tail=0, world=one), replication)) for one in world]
    assert nested(found)


@pytest.mark.parametrize("replication", range(3))
def test_a_notice_that_reaches_more_brings_more(replication: int):
    """Row 73: who has not heard the call does not answer it; a channel of wider reach brings the same and others."""
    found = []
    for reach in (0.0, 0.3, 0.9):
        day = merge(BUSY, organised(office={"recruitment": JOIN | {"at_most": 60, "willing": 0.8, "topic": "hall"}}))
        told = merge(day, {"response": {"information": {"channels": {"chat": {"reach": reach}}}}})
        found.append(signed_up(played(told, replication)))
    assert found[0] == set()
    assert nested(found)


def test_places_are_for_who_comes_most_readily():
    """With few places, those are in who would come under the least reason."""
    few, lot = (signed_up(played(days(1, joined(at_most=n, willing=0.9), tail=0))) for n in (4, 40))
    assert len(few) == 4
    assert few < lot


def test_nobody_has_places_in_two_units():
    """One person is one responder, in one unit."""
    units = joined(at_most=30, willing=1) | {"others": unit(1, recruitment=JOIN | {"at_most": 30, "willing": 1})}
    log = played(days(1, units, tail=0)).frame("events")
    joining = log[log["event"] == "joined"]["subject"]
    assert len(joining) > 40
    assert joining.is_unique


def test_who_is_on_duty_does_not_help_a_neighbour():
    """Law 4: residents who signed up for every hour of the day leave nobody at home who can help."""
    wants = {"talk": need(4, self_help={"neighbours": 1})}
    world = {"mutual_help": {"agrees": 1, "ties": 9, "ask": "1 min", "hours_a_day": "24 h"}}
    met = {}
    for willing in (0, 1):
        units = {"crew": unit(1, recruitment={"at_most": 60, "willing": willing})}
        table = played(days(1, units, wants, tail=0, world=world)).frame("needs")
        met[willing] = int((table["met_by"] == "neighbour").sum())
    assert met[0] > 20
    assert met[1] == 0


@pytest.mark.parametrize("detects", [0, 0.5, 1])
def test_a_check_keeps_out_as_many_of_the_unfit_as_it_detects(detects: float):
    """Row 76: with a perfect check no visit of somebody unfit goes wrong; with none, half of them do. The same people
    are unfit under every check.
    """
    check = {"takes": "1 h", "detects": detects}
    units = joined(0, at_most=60, willing=1, unfit=0.5, unfit_errors=0.8, certification=check)
    result = played(days(2, units, {"talk": need(4)}, tail=0))
    rejected = happened("rejected")(result)
    tried = len(signed_up(result))
    assert rejected == pytest.approx(0.5 * detects * tried, abs=3 * np.sqrt(tried) / 2)
    assert (came_to("more")(result) == 0) == (detects == 1)


def test_a_check_turns_some_of_the_fit_away():
    """E27: one in five is not accepted."""
    check = {"takes": "1 h", "rejects": 0.2}
    result = played(days(1, joined(0, at_most=60, willing=1, certification=check), tail=0))
    tried = len(signed_up(result))
    assert happened("rejected")(result) == pytest.approx(0.2 * tried, abs=3 * np.sqrt(0.16 * tried))
    assert happened("rejected")(result) + happened("joined")(result) == tried


# -- whose time an answer takes ---------------------------------------------------------------------------------------


def test_the_undrilled_queue_at_their_leader():
    """Row 67: each asks once about a kind of work, one after the other, and the leader is at it all the while; the
    drilled ask nothing; who looks it up takes as long and takes nobody's time.
    """
    ways = {"undrilled": {}, "drilled": {"drilled": 1, "halves": "3650 d"}, "online": {"online": "true"}}
    asked, waits = {}, {}
    for name, more in ways.items():
        data = days(1, crew(6, leader="true", know_how={"question": "1 h", **more}), {"talk": need(6)})
        result = played(data)
        table = result.frame("assignments")
        asked[name] = table[table["assignment"] == "question"]
        waits[name] = whole(result)
    assert len(asked["undrilled"]) == 5
    assert len(asked["drilled"]) == len(asked["online"]) == 0
    assert asked["undrilled"]["person"].nunique() == 1
    assert (asked["undrilled"]["start_h"] > asked["undrilled"]["asked_h"]).any()
    assert waits["drilled"] < waits["online"] < waits["undrilled"]


def test_a_drill_is_forgotten_by_halves():
    """Row 67: of those who took part, half know their work after one half-life, a quarter after two."""
    known = {}
    for ago in ("0 h", "180 d", "360 d"):
        how = {"drilled": 1, "ago": ago, "question": "1 min", "online": "false"}
        data = days(1, {"boss": unit(1)} | crew(200, reports_to="boss", know_how=how), {"talk": need(300)}, tail=0)
        merged = merge(data, {"response": {"desks": {"desk": {"units": ["crew"], "coordinator": "boss"}}}})
        result = played(merged)
        visitors = result.frame("visits")["person"].nunique()
        asked = (result.frame("assignments")["assignment"] == "question").sum()
        known[ago] = 1 - asked / visitors
    assert known["0 h"] > 0.98
    assert known["180 d"] == pytest.approx(0.5, abs=0.12)
    assert known["360 d"] == pytest.approx(0.25, abs=0.12)


# -- at home until called ---------------------------------------------------------------------------------------------


def called(count: int = 40, **more: Any) -> Data:
    return days(1, crew(1) | {"cloud": unit(count, call_up={"at": "2 h", "stint": "20 h", **more})}, tail=0)


def came(result: Result) -> set[int]:
    shifts = result.frame("shifts")
    return set(shifts.loc[shifts["unit"] == "cloud", "person"])


def test_stale_entries_answer_no_call_ever():
    """Row 78: an entry that is out of date is found out by calling, each time again, and it is always the same one."""
    stale = {"stale": 0.3, "at": None, "backlog_over": 0, "every": "4 h", "stint": "2 h", "wanted": 40}
    log = played(merge(called(), {"response": {"organisation": {"units": {"cloud": {"call_up": stale}}}}})).frame(
        "events"
    )
    silent = log[log["event"] == "no_answer"].groupby("subject").size()
    assert 5 <= len(silent) <= 20
    assert silent.nunique() == 1
    assert silent.iloc[0] == (log["event"] == "called_up").sum() > 1


@pytest.mark.parametrize(("key", "less", "more"), [("accepts", 0.3, 0.8), ("stale", 0.6, 0.1)])
def test_who_comes_under_less_comes_under_more(key: str, less: float, more: float):
    """The same people answer under every plan."""
    few, lot = (came(played(called(**{key: value}))) for value in (less, more))
    assert few < lot


def test_an_employer_who_lets_nobody_go():
    """Row 65: they said yes and cannot come; with the employer's word they come later by the time that it takes."""
    none = played(called(release={"share": 0, "takes": "1 h"}))
    assert came(none) == set()
    assert happened("not_released")(none) == 40
    late = played(called(release={"share": 1, "takes": "1 h"})).frame("shifts")
    assert set(late.loc[late["unit"] == "cloud", "rostered_from_h"]) == {3.0}


def test_points_bring_people_who_are_called():
    """Row 66: who has points for hours served says yes more often, the same people and others beside them."""
    honours = {"half_at": "2 h", "attendance": 0.4}
    again = {"at": None, "backlog_over": 0, "every": "5 h", "accepts": 0.4, "wanted": 40, "stint": "3 h"}
    plain = merge(called(), {"response": {"organisation": {"units": {"cloud": {"call_up": again}}}}})
    with_points = merge(plain, organised(cloud={"honours": honours}))
    assert duty("cloud")(played(with_points)) > 1.2 * duty("cloud")(played(plain))


def test_one_call_after_the_other_takes_somebodys_time():
    """Row 79: a list is worked down by telephone; a message goes to all at once."""
    by_phone = called(by="crew", takes="10 min", wanted=5, accepts=0.5)
    result = played(by_phone)
    calls = result.frame("assignments").query("assignment == 'call_up'")
    assert len(came(result)) == 5
    assert len(calls) > 5
    assert (np.diff(calls["start_h"].sort_values()) >= 1 / 6 - 1e-9).all()
    there = set(result.frame("shifts").query("unit == 'cloud'")["rostered_from_h"])
    assert there <= set(calls["end_h"])
    at_once = played(called(wanted=5)).frame("shifts").query("unit == 'cloud'")["rostered_from_h"]
    assert at_once.tolist() == [2.0] * 5


# -- who goes ---------------------------------------------------------------------------------------------------------


def way(match: str, replication: int) -> float:
    """Return the mean way to a visit under a match rule, of those with the skill and those without."""
    units = {"crew": unit(8, skills={"care": 0.7})}
    wants = {"care": need(3, skill="care"), "talk": need(6)}
    community = {"community": {"residents": 400, "households": 150, "buildings": 30}}
    data = days(1, units, wants, travel={"speed_km_h": 3}, desks={"desk": {"match": match, "batch": "10 min"}})
    visits = played(merge(data, {"world": community}), replication).frame("visits")
    return float((visits["arrived_h"] - visits["dispatched_h"]).mean())


def test_the_rules_of_matching_rank_by_their_ways():
    """Row 77: at random is the baseline; who is nearest goes less far, and all at once least."""
    ways = {m: np.mean([way(m, k) for k in range(10)]) for m in ("random", "skill", "nearest", "optimal")}
    assert ways["nearest"] < ways["skill"]
    assert ways["nearest"] < ways["random"]
    assert ways["optimal"] < ways["skill"]


def test_only_matching_at_random_sends_who_cannot():
    """The rules that look at skills waste no trip where the list is right."""
    for match in ("random", "skill", "nearest", "optimal"):
        units = {"crew": unit(8, skills={"care": 0.5})}
        result = played(days(1, units, {"care": need(3, skill="care")}, desks={"desk": {"match": match}}))
        assert (came_to("wrong_skill")(result) > 0) == (match == "random"), match
