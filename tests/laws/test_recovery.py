"""Recovery in random mixtures: the laws of every run, and those of calls, meetings and lessons.

Random scenarios of ``tests.laws.scenarios`` are given an end of the crisis and a recovery by any of their units. Who
was to be called on, and who found what, is rebuilt here from the tables.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim import run
from sim.records.result import Result
from sim.spec.patches import merge, validate
from sim.spec.scenario import Scenario
from tests.laws.checks import (
    TINY,
    balances,
    can_go,
    check_consumption,
    check_days,
    check_levels,
    check_needs,
    check_stock,
    check_visits,
    differing,
    many,
    names,
    same_again,
    same_as_its_twin,
)
from tests.laws.scenarios import Data, lengths, one_in_three, one_in_two, scenarios, shares

THREE = ("revisits", "residents_meetings", "lessons")


@st.composite
def _lessons(draw: st.DrawFn, units: Data, desks: Data) -> Data:
    """Draw what a review changes."""
    name = draw(st.sampled_from(sorted(units)))
    count = units[name]["count"] + draw(st.sampled_from([0, 1, 3]))  # fewer may leave shifts that cannot be filled
    values: Data = {f"organisation.units.{name}.count": count}
    for desk in sorted(desks)[:1] if draw(one_in_two) else ():
        values[f"desks.{desk}.triage"] = draw(st.sampled_from(["urgency", "first_come"]))
    return values


@st.composite
def recovering(draw: st.DrawFn) -> Data:
    """Draw a scenario with phases, patience, attitudes or help next door, and a recovery."""
    data = draw(scenarios())
    world, response = data["world"], data["response"]
    units = response["organisation"]["units"]
    lasts = draw(st.sampled_from(["2 h", "6 h", "10 h", "1 d", "9 d"]))
    world["life_cycle"] = {"timetable": {"emergency": lasts}}
    for name in sorted(world["needs"]):
        if draw(one_in_two):
            world["needs"][name]["patience"] = draw(lengths(30, 120))
        if draw(one_in_three):
            other = draw(st.sampled_from(sorted(world["needs"])))
            after = draw(st.sampled_from(["abandoned", "met", "closed"]))
            world["needs"][name]["leads_to"] = {other: {"share": 0.3, "after": after, "delay": draw(lengths(0, 30))}}
        if draw(one_in_three):
            world["needs"][name]["referral"] = {"after": "1 h", "delay": draw(lengths(60, 600))}
    if draw(one_in_two):
        world["attitudes"] = {"trust": {"start": 0.5, "moves": {"meeting": draw(st.sampled_from([-0.2, 0.3, 1]))}}}
    if draw(one_in_two):
        world["mutual_help"] = {"agrees": 0.5, "ties": draw(st.sampled_from([0, 2]))}
    recovery: Data = {"phase": draw(st.sampled_from(["resolution", "resolution", "emergency"]))}
    by = st.sampled_from(sorted(units))
    if draw(st.sampled_from([True, True, True, False])):
        some = draw(st.lists(st.sampled_from(sorted(world["needs"])), max_size=3))
        recovery["revisits"] = {"needs": some, "by": draw(by), "takes": draw(lengths(0, 10, 60)),
                                "still": draw(shares), "people": draw(st.sampled_from([1, 2, 9]))}  # fmt: skip
    if draw(one_in_two):
        every = draw(st.sampled_from(["1 min", "1 h", "6 h"]))
        recovery["meetings"] = {"by": draw(by), "takes": draw(lengths(0, 60)), "every": every, "attends": draw(shares)}
    if draw(one_in_two):
        values = draw(_lessons(units, response.get("desks", {})))
        recovery["lessons"] = {"by": draw(by), "takes": draw(lengths(0, 60)), "set": values}
    response["recovery"] = recovery
    return data


# -- laws of its own --------------------------------------------------------------------------------------------------


def told(result: Result, kind: str) -> list[tuple[float, str, str]]:
    events = result.columns("events")
    here = np.flatnonzero(names(events["event"]) == kind)
    return [(float(events["t_h"][k]), events["subject"][k], events["detail"][k]) for k in here.tolist()]


def begins(result: Result) -> float:
    return next((time for time, _, _ in told(result, "recovery_begun")), np.inf)


def check_calls(scenario: Scenario, result: Result) -> None:
    """Who is called on had asked before recovery began, and was not served then; each such request at most once."""
    spec = scenario.response.recovery
    calls = told(result, "revisited")
    if spec is None or spec.revisits is None:
        assert not calls
        return
    table, begun = result.frame("needs"), begins(result)
    known = table[(table["requested_h"] <= begun) & table["need_type"].isin(spec.revisits.needs)]
    unserved = known[~(known["started_h"] <= begun - TINY)]
    on_list = unserved[((unserved["end"] == "abandoned") & (unserved["closed_h"] <= begun + TINY))
                       | (unserved["referred_h"] <= begun)]  # fmt: skip
    wanted = on_list.groupby(["resident", "need_type"]).size().to_dict()
    found: dict[tuple[int, str], int] = {}
    for time, who, kind in calls:
        assert time >= begun
        found[int(who), kind] = found.get((int(who), kind), 0) + 1
    assert all(count <= wanted.get(key, 0) for key, count in found.items()), (found, wanted)
    work = result.frame("assignments").query("assignment == 'revisit'")
    assert (work["end_h"] <= scenario.end_h + TINY).sum() >= len(calls)
    assert set(work["unit"]) <= {spec.revisits.by}
    open_at = [((work["start_h"] <= t) & ~(work["end_h"] <= t)).sum() for t in work["start_h"]]
    assert max(open_at, default=0) <= spec.revisits.people


def check_rests(scenario: Scenario, result: Result) -> None:
    """Each need found still there begins and is known at that moment, with a parent of its type and resident."""
    table = result.frame("needs")
    of = table.set_index("need")
    kept = table[table["parent"].notna()]
    same = of.loc[kept["parent"].astype(int)]
    alike = kept[(same["need_type"].to_numpy() == kept["need_type"].to_numpy())
                 & (same["resident"].to_numpy() == kept["resident"].to_numpy())]  # fmt: skip
    rests = sorted(zip(alike["onset_h"], alike["resident"].astype(str), alike["need_type"], strict=True))
    for entry in told(result, "still_needed"):
        assert entry in rests
        rests.remove(entry)
    spec = scenario.response.recovery
    if spec is not None and spec.revisits is not None and spec.revisits.still == 1 and not _refers(scenario):
        assert len(told(result, "still_needed")) == len(told(result, "revisited"))


def _refers(scenario: Scenario) -> bool:
    return any(need.referral is not None for need in scenario.world.needs.values())


def check_meetings(scenario: Scenario, result: Result) -> None:
    """Each building meets at most once, in order; trust moves for so many as came, and only then."""
    spec, met = scenario.response.recovery, told(result, "residents_met")
    assert [building for _, building, _ in met] == [f"b{k + 1}" for k in range(len(met))]
    if spec is not None and spec.meetings is not None:
        times = [time for time, _, _ in met]
        assert all(time >= begins(result) + spec.meetings.every - TINY for time in times)
    moves = result.frame("attitudes")
    moved = moves[moves["cause"] == "meeting"].groupby("t_h").size()
    came: dict[float, int] = {}
    for time, _, count in met:
        came[time] = came.get(time, 0) + int(count)
    if "trust" in scenario.world.attitudes:
        assert all(count <= came.get(time, 0) for time, count in moved.items())
    if "ties" in result.frame("residents") and scenario.world.mutual_help is not None and not met:
        assert not len(moved)


def check_once(_scenario: Scenario, result: Result) -> None:
    """Recovery begins once, and lessons are learnt once, after it has."""
    assert len(told(result, "recovery_begun")) <= 1
    lessons = told(result, "lessons_learned")
    assert len(lessons) <= 1
    assert all(time >= begins(result) for time, _, _ in lessons)


OWN = (check_calls, check_rests, check_meetings, check_once)
REST = (check_needs, check_days, check_levels, check_visits, check_stock, check_consumption)


@many(60)
@given(recovering(), st.integers(0, 99))
def test_a_recovery_balances(data: Data, seed: int):
    """Calls, meetings and lessons are where they belong, and every other law holds with them."""
    balances(data, seed, (*OWN, *REST))


@many(12)
@given(recovering(), st.integers(0, 99))
def test_the_same_again(data: Data, seed: int):
    """Law 10: the same digest twice, and the same tables however often is looked."""
    same_again(data, seed)
    same_as_its_twin(data, seed)


@many(25)
@given(recovering(), st.integers(0, 99))
def test_a_recovery_that_never_begins_is_none(data: Data, seed: int):
    """Law 2: a block that never acts leaves every table as it was.

    A larger count that lessons might bring is taken out: people who may yet be called belong to the tables of people.
    """
    late: Data = {"world": {"life_cycle": {"timetable": {"emergency": "90 d"}}},
                  "response": {"recovery": {"phase": "resolution", "lessons": None}}}  # fmt: skip
    never = merge(data, late)
    without = validate(merge(never, {"response": {"recovery": None}}), "random")
    assert differing(validate(never, "random"), without, seed, ("gauges",)) == set()


@many(15)
@given(recovering(), st.integers(0, 99))
def test_each_mechanism_can_go(data: Data, seed: int):
    """A scenario runs, and its laws hold, with each mechanism off and gone."""
    can_go(validate(data, "random"), seed, THREE, (*OWN, *REST))


@many(15)
@given(recovering(), st.integers(0, 99))
def test_nothing_before_it_begins(data: Data, seed: int):
    """Whatever is done afterwards, every need before recovery began is what it would have been."""
    scenario = validate(merge(data, {"response": {"recovery": {"lessons": None}}}), "random")
    result = run(scenario, seed)
    without = run(validate(merge(data, {"response": {"recovery": None}}), "random"), seed)
    until = begins(result)

    def before(found: Result) -> Any:
        table = found.frame("needs")
        stamps = ["resident", "onset_h", "requested_h", "dispatched_h", "started_h"]
        early = table[table["onset_h"] < until][stamps]
        return early.where(early < until).values.tolist().__repr__()

    assert before(result) == before(without)


def test_the_random_scenarios_meet_everything():
    """A law that nothing meets is not tried: calls that find something and nothing, meetings, lessons, children."""
    seen: set[str] = set()

    @many(60)
    @given(recovering(), st.integers(0, 99))
    def look(data: Data, seed: int) -> None:
        result = run(validate(data, "random"), seed)
        seen.update(result.frame("events")["event"].astype(str))
        table = result.frame("needs")
        found, calls = len(told(result, "still_needed")), len(told(result, "revisited"))
        seen.update(["nothing there"] if found < calls else [])
        seen.update(["moved"] if (result.frame("attitudes")["cause"] == "meeting").any() else [])
        kept = table[table["parent"].notna()]
        seen.update(["grandchild"] if kept["parent"].isin(kept["need"]).any() else [])
        seen.update(["met again"] if found and (kept["end"] == "met").any() else [])

    look()
    wanted = {"recovery_begun", "revisited", "still_needed", "residents_met", "lessons_learned"}
    assert seen >= wanted | {"nothing there", "moved", "grandchild", "met again"}
