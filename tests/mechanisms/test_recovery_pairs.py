"""Recovery on and off under the same luck: calls on those who asked in vain, meetings of residents, lessons.

Does each do what its source claims, does it take the time of those who do it, and does one that has nothing to act on
leave every table as it was? The laws in random scenarios: ``tests/laws/test_recovery.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import analysis.outcomes  # noqa: F401  # registers the outcomes
from analysis.run_outcomes import RUN_OUTCOMES
from sim import Result
from sim.errors import InputError
from sim.spec.findings import findings
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import merge, validate
from tests.mechanisms.pairs import (
    BUSY,
    Data,
    Null,
    Pair,
    changes_nothing,
    claim_holds,
    difference,
    differing,
    happened,
    law,
    left_over,
    log,
    mechanism_of,
    micro,
    need,
    needs,
    played,
    rows,
    spent,
    stays_valid,
    unit,
)

NAMES = ("revisits", "residents_meetings", "lessons")
CREW = "organisation.units.crew.count"
STAFF = {"crew": unit(1, skills=["carry"]), "workers": unit(2, "casework", skills=["talk"])}
BOX = need(5, skill="carry", patience=law("1 h"))
WANTS = {"box": BOX, "visit": need(1, skill="talk")}


def cycle(emergency: str = "8 h") -> Data:
    return {"life_cycle": {"timetable": {"emergency": emergency}}}


def calls(**more: Any) -> Data:
    return {"revisits": {"needs": ["box"], "by": "workers", "takes": "10 min", "still": 0.6, **more}}


def meetings(**more: Any) -> Data:
    return {"meetings": {"by": "workers", "takes": "1 h", "every": "1 h", "attends": 0.5, **more}}


def lessons(values: Data | None = None, **more: Any) -> Data:
    return {"lessons": {"by": "workers", "takes": "1 h", "set": values or {CREW: 4}, **more}}


def after(recovery: Data, *, wants: Data | None = None, world: Data | None = None, hours: int = 24) -> Data:
    """Return eight hours in which one pair of hands is too few, and a quiet time in which it is not."""
    quiet = {**WANTS, "box": WANTS["box"] | {"by_phase": {"resolution": 0.1}}}
    return micro(STAFF, wants or quiet, world={**cycle(), **(world or {})}, hours=hours, recovery=recovery)


def left(result: Result) -> float:
    """Return how many residents' needs were never met: neither the need itself nor what was left of it."""
    table = result.frame("needs")
    met = table[table["end"] == "met"]
    unmet = table[(table["end"] != "met") & (table["need_type"] == "box") & table["parent"].isna()]
    return float((~unmet["need"].isin(met["parent"].dropna())).sum())


def late(measure: str) -> Any:
    """Return the mean of a column of residents at the end of a run."""
    return lambda result: float(result.frame("residents")[measure].mean())


def second_wait(result: Result) -> float:
    """Return the mean wait of what was asked for in the second surge."""
    table = result.frame("needs")
    asked = table[(table["requested_h"] >= 30) & (table["need_type"] == "box")]
    return float((asked["started_h"].fillna(result.end_h) - asked["requested_h"]).mean())


def visit_wait(result: Result) -> float:
    """Return the mean wait of the social workers' own visits since the crisis has ended."""
    table = result.frame("needs")
    asked = table[(table["requested_h"] >= 8) & (table["need_type"] == "visit")]
    return float((asked["started_h"].fillna(result.end_h) - asked["requested_h"]).mean())


TRUST = {"attitudes": {"trust": {"start": 0.4, "spread": 0.2, "moves": {"meeting": 0.2}}}}
HELP = {"mutual_help": {"agrees": 0.3, "by_trust": 1, "ties": 1}}
NEXT_DOOR = {"self_help": {"household": 0, "neighbours": 1}}
HELPED = {"box": need(4, skill="carry", patience=law("6 h"), **NEXT_DOOR), "visit": WANTS["visit"]}
TWICE = {"hazards": {
    "first": {"kind": "steady", "drives": ["box"], "begins": "0 h", "ends": "6 h"},
    "second": {"kind": "steady", "drives": ["box"], "begins": "30 h", "ends": "42 h"},
}}  # fmt: skip
"""Two surges, the second a day after the first is over."""

MORE_HANDS = {"response": {"changes": [{"when": {"phase": "resolution"}, "set": {CREW: 3}}]}}

PAIRS: dict[str, Pair] = {
    "revisits": Pair(after(calls()), left, "lowers"),
    "revisits, share of needs": Pair(merge(after(calls()), MORE_HANDS), needs("unmet_share"), "lowers"),
    "revisits, faster than anybody serves": Pair(after(calls(takes="1 min", still=1)), needs("unmet_share"), "raises"),
    "revisits, the callers' time": Pair(after(calls()), spent("revisit", "workers"), "raises"),
    "revisits, who waits meanwhile": Pair(after(calls(takes="1 h", people=2)), visit_wait, "raises"),
    "residents_meetings": Pair(after(meetings(), world=TRUST), late("trust"), "raises"),
    "residents_meetings, ties": Pair(after(meetings(), world=HELP, wants=HELPED), late("ties"), "raises"),
    "residents_meetings, help next door": Pair(
        after(meetings(every="30 min", attends=0.9), world=TRUST | HELP, wants=HELPED, hours=72),
        lambda result: float((result.frame("needs")["met_by"] == "neighbour").sum()), "raises",
    ),
    "residents_meetings, their time": Pair(after(meetings()), spent("residents_meeting", "workers"), "raises"),
    "lessons": Pair(
        after(lessons(), world=TWICE, wants={**WANTS, "box": need(3, skill="carry")}, hours=48), second_wait, "lowers"
    ),
    "lessons, their time": Pair(after(lessons()), spent("lessons", "workers"), "raises"),
    "lessons, the first surge": Pair(
        after(lessons(), world=TWICE), lambda result: float((result.frame("needs")["onset_h"] < 8).sum()), "none",
    ),
}  # fmt: skip
EVERYTHING = {**calls(), **meetings(), **lessons()}


@pytest.mark.parametrize("name", PAIRS)
def test_a_claim_holds(name: str):
    """On against off under the same luck: the 99 % interval lies on the side of the claim."""
    claim_holds(PAIRS[name], mechanism_of(name))


@pytest.mark.parametrize("name", NAMES)
def test_both_patches_keep_a_scenario_valid(name: str):
    """Off and without must run, each part alone and beside the others."""
    for recovery in (PAIRS[name].scenario["response"]["recovery"], EVERYTHING):
        stays_valid(Pair(after(recovery), needs("unmet_share"), "none"), name)


@pytest.mark.parametrize("name", NAMES)
def test_off_is_as_good_as_gone(name: str):
    """A part that is off costs nobody's time and changes no column: neither does it where the others are at work."""
    assert left_over(Pair(after(EVERYTHING, world=TRUST | HELP), left, "none"), name) == set()


def test_every_mechanism_has_its_pair():
    """A mechanism without a pair is a claim that nobody has tried."""
    assert {mechanism_of(pair) for pair in PAIRS} == set(NAMES) <= set(MECHANISMS)


# -- nulls ------------------------------------------------------------------------------------------------------------

BUSY_ENDS = merge(BUSY, {"world": cycle("12 h")})
NEVER = merge(BUSY, {"world": cycle("20 d")})


def of_the_busy_day(**more: Any) -> Data:
    """Return a recovery by the crew of the busy day, with everything in it."""
    return {"response": {"recovery": {
        "revisits": {"needs": ["box", "ill"], "by": "crew", "takes": "10 min", "still": 1},
        "meetings": {"by": "crew", "takes": "1 h", "every": "1 h", "attends": 1},
        "lessons": {"by": "office", "takes": "1 h", "set": {"organisation.units.crew.attendance": 0.5}}, **more,
    }}}  # fmt: skip


def test_a_recovery_that_never_begins_changes_nothing():
    """The crisis outlasts the run: every table is as without the block, whatever the block asks for (design law 2)."""
    patch = merge({"world": cycle("20 d")}, of_the_busy_day())
    changes_nothing(Null(patch), NEVER)
    assert rows("visits")(played(NEVER)) > 30


def test_a_recovery_with_nothing_in_it_is_an_entry_in_the_log():
    """An empty block begins, and that is all."""
    changes_nothing(Null({"world": cycle("12 h"), "response": {"recovery": {}}}, events=("recovery_begun",)), BUSY_ENDS)


def test_the_first_time_only():
    """A phase may come again; what is done when it ends is done once."""
    turns = [
        {"from": "emergency", "to": "resolution", "when": {"signal": "over"}},
        {"from": "resolution", "to": "emergency", "when": {"signal": "again"}},
    ]
    world = {"life_cycle": {"conditions": turns, "begins": "emergency"},
             "signals": {"over": ["4 h", "12 h"], "again": ["8 h"]}}  # fmt: skip
    result = played(micro(STAFF, WANTS, world=world, recovery=EVERYTHING))
    assert [row.detail or row.subject for row in log(result, "phase_entered").itertuples()].count("resolution") == 2
    assert log(result, "recovery_begun")["t_h"].tolist() == [4.0]
    assert happened("lessons_learned")(result) == 1


# -- calls ------------------------------------------------------------------------------------------------------------


def on_the_list(result: Result, begins: float) -> Any:
    """Return the requests that had been given up when recovery began, the most urgent and the oldest first."""
    table = result.frame("needs")
    mine = table[(table["end"] == "abandoned") & (table["closed_h"] <= begins)]
    return mine.sort_values(["urgency", "requested_h"])


def test_who_is_called_on_asked_and_was_not_served():
    """One call a request that was given up before; not for those who never asked, and none for who was served."""
    urgent = need(6, skill="talk", urgency=1, patience=law("20 min"))
    secret = {"box": BOX | {"reported": 0.5}, "visit": urgent}
    result = played(after(calls(needs=["box", "visit"]), wants=secret))
    told = log(result, "revisited")
    wanted = on_the_list(result, 8)
    assert len(wanted) > 8
    assert told["subject"].astype(int).tolist() == wanted["resident"].tolist()
    assert told["detail"].tolist() == wanted["need_type"].tolist()
    assert wanted["requested_h"].notna().all()


def test_what_is_still_needed_is_asked_for_anew_and_told_apart():
    """What is left begins and is known in the same moment, and names the need that it is left of."""
    result = played(after(calls()))
    table, found = result.frame("needs"), log(result, "still_needed")
    rest = table[table["parent"].notna()]
    assert 2 < len(rest) == len(found) < happened("revisited")(result)
    assert rest["onset_h"].tolist() == rest["requested_h"].tolist() == found["t_h"].tolist()
    old = table.set_index("need").loc[rest["parent"].astype(int)]
    assert old["resident"].tolist() == rest["resident"].tolist()
    assert (old["end"] == "abandoned").all()
    assert set(rest["origin"]) == {"caused"}


def test_who_still_needs_it_is_luck_of_their_own():
    """With a larger share those who would have asked ask again, and more: nobody's answer becomes another."""
    asked = []
    for still in (0.0, 0.3, 0.7, 1.0):
        result = played(after(calls(still=still)))
        found = log(result, "still_needed")
        asked.append(set(zip(found["subject"], found["detail"], strict=True)))
    assert asked[0] == set()
    assert asked[0] < asked[1] < asked[2] < asked[3]
    assert len(log(result, "still_needed")) == happened("revisited")(result)


@pytest.mark.parametrize("people", [1, 2])
def test_so_many_call_at_once(people: int):
    """Never more are out on calls than is said, and so many are: the others go on with their work."""
    result = played(after(calls(people=people, takes="40 min"), wants={"box": WANTS["box"]}))
    work = result.frame("assignments").query("assignment == 'revisit'")
    assert len(work) == happened("revisited")(result) > 3
    most = max(((work["start_h"] <= t) & (work["end_h"] > t)).sum() for t in work["start_h"])
    assert most == people
    assert (work["end_h"] - work["start_h"]).to_numpy() == pytest.approx(2 / 3)


def test_a_need_that_was_referred_and_not_served_is_on_the_list():
    """The service outside has not come yet: the response knows and calls; who was served meanwhile needs nothing."""
    gone = {"box": need(2, skill="talk", referral={"after": "1 min", "delay": "10 h"})}
    staff = {"workers": unit(1, "casework", skills=["talk"])}
    result = played(micro(staff, gone, world=cycle(), hours=24, recovery=calls(still=1, takes="40 min")))
    table = result.frame("needs")
    sent = table[(table["referred_h"] <= 8) & ~(table["started_h"] <= 8) & table["parent"].isna()]
    assert happened("revisited")(result) == len(sent) > 2
    called = log(result, "revisited")["t_h"].to_numpy()
    served = sent.sort_values("requested_h")["started_h"].to_numpy()
    assert happened("still_needed")(result) == (served > called).sum()
    assert 0 < (served <= called).sum() < len(called)


def test_nobody_calls_where_nobody_is():
    """A unit without people: the list stays a list."""
    data = merge(after(calls()), {"response": {"organisation": {"units": {"workers": {"count": 0}}}}})
    assert happened("revisited")(played(merge(data, {"world": {"needs": {"visit": None}}}))) == 0


def test_an_office_calls_as_well():
    """Units at a desk take calls among their other work."""
    data = after(calls(by="office"))
    data = merge(data, {"response": {"organisation": {"units": {"office": unit(1, "command")}}}})
    assert spent("revisit", "office")(played(data)) == pytest.approx(happened("revisited")(played(data)) / 6)


def test_what_is_left_leads_to_what_such_a_need_leads_to():
    """A residual need is a need: given up again, it leads to another, as the first did."""
    then = {"share": 1, "after": "abandoned", "delay": "5 min"}
    again = {"box": BOX | {"leads_to": {"visit": then}}, "visit": need(0.01)}
    result = played(after(calls(still=1), wants=again))
    table = result.frame("needs")
    rest = table[(table["need_type"] == "box") & table["parent"].notna()]
    children = table[(table["need_type"] == "visit") & table["parent"].isin(rest["need"])]
    assert 0 < len(children) == (rest["end"] == "abandoned").sum()


# -- meetings ---------------------------------------------------------------------------------------------------------


def test_each_building_meets_once_and_those_who_come_trust_more():
    """Four buildings, four meetings; every change of trust is of somebody who lives there, at that moment."""
    result = played(after(meetings(), world=TRUST))
    met = log(result, "residents_met")
    assert met["subject"].tolist() == ["b1", "b2", "b3", "b4"]
    assert (np.diff(met["t_h"]) >= 1).all()
    assert met["t_h"].iloc[0] >= 8 + 1 + 1
    moved = result.frame("attitudes")
    assert set(moved["cause"]) == {"meeting"}
    assert moved.groupby("t_h").size().tolist() == met["detail"].astype(int).tolist()
    assert moved["resident"].is_unique


def test_who_sits_side_by_side_comes_to_know_each_other():
    """Each knows who sits next, unless they live together: as many ties as pairs, not as pairs of all."""
    shy = {"mutual_help": {"agrees": 0, "ties": 0}}
    result = played(after(meetings(attends=1), world=shy, wants=HELPED))
    ties = result.frame("residents")["ties"]
    assert 1 <= ties.mean() <= 2
    assert ties.max() <= 2


def test_who_is_on_duty_does_not_come():
    """Everybody would come, but for whoever works at that hour and lives there."""
    data = after(meetings(attends=1), world=TRUST)
    home = {"crew": unit(0, recruitment={"at_most": 30, "willing": 1, "decides": "1 min"})}
    result = played(merge(data, {"response": {"organisation": {"units": home}}}))
    assert sum(log(result, "residents_met")["detail"].astype(int)) < 60


def test_meetings_do_not_pile_up():
    """Nobody is there at night: one meeting waits until morning, and the next comes an interval later."""
    data = after(meetings(), hours=48)
    data = merge(data, {"response": {"organisation": {"units": {"workers": {"shift": "08:00-09:30"}}}}})
    result = played(merge(data, {"world": {"needs": {"visit": None}}}))
    held = result.frame("assignments").query("assignment == 'residents_meeting'")["start_h"].sort_values()
    assert len(held) > 1
    assert (np.diff(held) >= 1).all()


# -- lessons ----------------------------------------------------------------------------------------------------------


def test_lessons_are_a_change_like_any_other():
    """From the end of the review on, the run is that with a timed change of the same values at the same hour."""
    reviewed = after(lessons(takes="2 h", by="office"))
    office = {"response": {"organisation": {"units": {"office": unit(1, "command")}}}}
    result = played(merge(reviewed, office))
    assert log(result, "lessons_learned")["t_h"].tolist() == [10.0]
    changes = [{"at": "10 h", "set": {CREW: 4}}]
    timed = merge(merge(after({}), office), {"response": {"changes": changes}})
    own = ("units", "assignments", "people", "events")  # the review itself is somebody's time
    assert differing(merge(reviewed, office), timed, own) == set()


def test_lessons_stand_on_changes():
    """What was changed before stays as it is where the lessons do not touch it, and the other way round."""
    data = merge(after(lessons({"desks.desk.triage": "urgency"})), {"response": {
        "changes": [{"at": "1 h", "set": {CREW: 3}}, {"at": "20 h", "set": {CREW: 5}}]}})  # fmt: skip
    result = played(data)
    shifts = result.frame("shifts")
    assert (shifts["unit"] == "crew").sum() == 5
    assert happened("lessons_learned")(result) == 1
    assert happened("change")(result) == 3


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({CREW: -1}, "a number of people between 0 and 100,000 is wanted"),
        ({"organisation.units.crwe.count": 1}, "did you mean 'crew'"),
        ({"organisation.units.crew.skills": ["talk"]}, "this cannot change while the clock runs"),
        ({"recovery.phase": "protracted"}, "this cannot change while the clock runs"),
        ({"desks.desk.triage": "best"}, "no triage rule is called 'best'"),
    ],
)
def test_lessons_that_leave_no_scenario_are_refused(values: Data, said: str):
    """What a review may change is what may change during a run, and it is checked before the run, once."""
    with pytest.raises(InputError) as caught:
        validate(after(lessons(values)), "x")
    assert said in str(caught.value)
    assert "response.recovery.lessons" in str(caught.value)
    assert len(caught.value.problems) == 1


def test_a_mistake_elsewhere_is_not_told_of_the_lessons():
    """An inject or a change that is wrong is told at its own place, as it is where there are no lessons."""
    wrong: list[Data] = [
        {"world": {"injects": [{"at": "1 h", "set": {"needs.box.urgency": 1}}]}},
        {"response": {"changes": [{"at": "1 h", "set": {"organisation.units.crwe.count": 1}}]}},
        {"response": {"preparation": {"more": {"set": {"organisation.units.crwe.count": 1}}}}},
    ]
    for patch in wrong:
        places = []
        for data in (after(calls()), after(lessons())):
            with pytest.raises(InputError) as caught:
                validate(merge(data, patch), "x")
            places.append([problem.place for problem in caught.value.problems])
        assert places[0] == places[1] != []


def test_without_the_stores_the_lessons_about_them_go_too():
    """The patch that takes supplies away takes with it what the lessons would set there, as it does with changes."""
    stocked = merge(after(lessons({"supplies.store.lead_time": "1 h"})), {"response": {
        "supplies": {"store": {"stock": {"kit": 5}, "policy": {"base_stock": 5}, "lead_time": "5 h"}}}})  # fmt: skip
    scenario = validate(stocked, "x")
    bare = scenario.patched(MECHANISMS["supplies"].without(scenario))
    assert bare.response.recovery is not None
    assert bare.response.recovery.lessons is None


# -- what is suspect, and outcomes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("world", "recovery", "said"),
    [
        (cycle("30 d"), calls(), "never enters 'resolution'"),
        (cycle(), {**calls(), "phase": "protracted"}, "never enters 'protracted'"),
        (cycle(), {}, "it does nothing"),
        ({"life_cycle": {"conditions": [
            {"from": "warning", "to": "emergency", "when": {"backlog_over": 1}},
            {"from": "protracted", "to": "resolution", "when": {"backlog_below": 1}},
        ]}}, calls(), "never enters 'resolution'"),
    ],
)  # fmt: skip
def test_what_is_suspect_is_said(world: Data, recovery: Data, said: str):
    """A recovery that cannot begin or has nothing to do can run, and is a finding."""
    found = findings(validate(micro(STAFF, WANTS, world=world, recovery=recovery), "x"))
    assert [said in finding.message for finding in found if finding.place.startswith("response.recovery")] == [True]


def test_a_recovery_that_can_begin_is_not_suspect():
    """By timetable, or by any way through the conditions."""
    turns = [{"from": "warning", "to": "emergency", "when": {"backlog_over": 1}},
             {"from": "emergency", "to": "resolution", "when": {"backlog_below": 1}}]  # fmt: skip
    for world in (cycle(), {"life_cycle": {"conditions": turns}}):
        found = findings(validate(micro(STAFF, WANTS, world=world, recovery=EVERYTHING), "x"))
        assert not [finding for finding in found if finding.place.startswith("response.recovery")]


def outcome(result: Result, name: str) -> dict[tuple[str, str], tuple[float, float]]:
    return {(by, level): (value, size) for by, level, value, size in RUN_OUTCOMES[name].of(result)}


def test_outcomes_count_calls_and_what_came_of_them():
    """Calls by need type, and of what was found the share served, counted here from the tables themselves."""
    result = played(after(calls(needs=["box", "visit"], takes="2 min")))
    told = happened("revisited")(result)
    assert outcome(result, "revisits") == {("all", "all"): (told, 1), ("need", "box"): (told, 1)}
    table = result.frame("needs")
    rest = table[table["parent"].notna()]
    share = (rest["end"] == "met").mean()
    assert outcome(result, "residual_met_share")["need", "box"] == (pytest.approx(share), len(rest))
    assert 0 < share < 1


def test_outcomes_say_nothing_where_there_was_nothing():
    """No recovery, no rows; a recovery that called on nobody is a number: none."""
    without = played(micro(STAFF, WANTS, world=cycle()))
    assert outcome(without, "revisits") == outcome(without, "residual_met_share") == {}
    nobody = played(after(calls(needs=[])))
    assert outcome(nobody, "revisits") == {("all", "all"): (0, 1)}


def test_a_second_crisis_is_met_better_after_the_first():
    """All three together: of the second surge fewer needs stay unmet than where nothing was done in between."""
    both = after(EVERYTHING, world={**TWICE, **TRUST, **HELP}, wants=HELPED, hours=48)
    on = validate(both, "on")
    off = on.patched({"response": {"recovery": None}})
    assert difference(on, off, second_wait).high < 0
