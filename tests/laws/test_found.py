"""Faults that were found by attack, each with the test that would have caught it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sim
from analysis.intervals import estimates
from analysis.outcomes import Row, measure_of
from sim.errors import InputError
from sim.records.result import Result
from sim.spec.patches import validate
from sim.spec.scenario import Scenario

FIXED = "10 h"


def unit(**more: Any) -> dict[str, Any]:
    return {"function": "casework", "members": "volunteer", "count": 2, **more}


def small(needs: dict[str, Any], units: dict[str, Any], world: dict[str, Any] | None = None, **more: Any) -> Scenario:
    response = {"organisation": {"units": units, **more.pop("organisation", {})}, **more.pop("response", {})}
    community = {"residents": 300, **more.pop("community", {})}
    data = {"name": "found", "horizon": "4 d", "follow_up": "1 d", **more}
    return validate(
        {**data, "world": {"community": community, "needs": needs, **(world or {})}, "response": response}, "found"
    )


def need(**more: Any) -> dict[str, Any]:
    return {"per_1000_day": 60, "urgency": 2, "service": "1 h", **more}


def visits_of(result: Result, name: str) -> int:
    visits = result.columns("visits")
    return int((visits["unit"].codes == visits["unit"].names.index(name)).sum())


def test_goods_that_come_at_the_moment_of_giving_up():
    """Patience and lead time of equal length: resuming one request leads to the next, and the books still balance."""
    depot = {"stock": {"a": 0}, "policy": {"reorder_point": -1, "order_quantity": 30}, "lead_time": FIXED}
    scenario = small(
        {"n": need(items={"a": 1}, patience=FIXED)}, {"u": unit(count=20)}, response={"supplies": {"d": depot}}
    )
    assert sim.run(scenario).columns("needs")["need"].size


def test_no_depot_holds_everything():
    """A need whose items lie in two stores can be served from neither: refused when read, not in the run."""
    with pytest.raises(InputError, match="one depot that holds all"):
        small(
            {"n": need(items={"a": 1, "b": 1})},
            {"u": unit()},
            response={"supplies": {"d1": {"stock": {"a": 50}}, "d2": {"stock": {"b": 50}}}},
        )


def test_a_wrong_skill_trip_is_no_session():
    """A case is met after its sessions, not after its trips; and it is referred at its first real visit."""
    units = {"u": unit(count=6, skills={"x": 0.5})}
    desks = {"desks": {"d": {"match": "random"}}}
    scenario = small({"n": need(skill="x", sessions={"count": 3, "every": "6 h"})}, units, response=desks)
    result = sim.run(scenario)
    needs, visits = result.columns("needs"), result.columns("visits")
    real = ~np.isnan(visits["started_h"]) & ~np.isnan(visits["ended_h"])
    held = np.bincount(visits["need"][real], minlength=needs["need"].size)
    met = needs["end"].codes == needs["end"].names.index("met")
    assert met.any()
    assert (held[met] == 3).all()
    scenario = small({"n": need(skill="x", referral={"on_visit": 1, "delay": "1 h"})}, units, response=desks)
    ends = sim.run(scenario).columns("needs")["end"]
    assert not (ends.codes == ends.names.index("met")).any()


CLOSED = {"hazards": {"closure": {"kind": "lockdown", "drives": [], "ends": "2 d"}}}


def test_who_is_shut_out_comes_when_the_gates_open():
    """A unit from outside that works around the clock comes back after a lockdown, like one with shifts."""
    result = sim.run(small({"n": need()}, {"u": unit(**{"from": "outside"})}, CLOSED))
    begins = result.columns("shifts")["rostered_from_h"]
    assert begins.size == 2
    assert (begins == 48).all()


def test_who_is_hired_meets_the_same_gates():
    """People hired while the gates are closed come when they open, and not at all if they never attend."""
    change = [{"at": "1 d", "set": {"organisation.units.u.count": 3}}]
    shut = small({"n": need()}, {"u": unit(count=0, **{"from": "outside"})}, CLOSED, response={"changes": change})
    assert (sim.run(shut).columns("shifts")["rostered_from_h"] == 48).all()
    absent = small({"n": need()}, {"u": unit(count=0, attendance=0)}, response={"changes": change})
    assert sim.run(absent).columns("shifts")["person"].size == 0


def test_who_is_inside_stays_the_same():
    """Who is inside when the gates close does not change with the number that a unit has later."""
    hazard = {"hazards": {"closure": {"kind": "lockdown", "drives": []}}}
    crew = unit(count=4, inside=2, shift="08:00-20:00", **{"from": "outside"})
    changes = [
        {"at": "1 d", "set": {"organisation.units.u.count": 8}},
        {"at": "2 d", "set": {"organisation.units.u.count": 4}},
    ]
    result = sim.run(small({"n": need()}, {"u": crew}, hazard, response={"changes": changes}))
    shifts = result.columns("shifts")
    days = {
        (int(t // 24)): set(shifts["person"][shifts["rostered_from_h"] // 24 == t // 24])
        for t in shifts["rostered_from_h"]
    }
    assert len(days) == 5
    assert all(people == days[0] for people in days.values())


def test_posts_go_on_over_a_busy_shift_change():
    """Who is busy when one shift follows another keeps changing posts: all get their share of each."""
    crew = unit(count=6, shift="00:00-24:00", posts={"shares": {"visit": 0.5, "paper": 0.5}})
    result = sim.run(small({"n": need(per_1000_day=600)}, {"u": crew}, horizon="6 d"))
    tasks = result.columns("assignments")
    paper = tasks["assignment"].codes == tasks["assignment"].names.index("paper")
    until = np.where(np.isnan(tasks["end_h"]), result.end_h, tasks["end_h"])
    hours = np.bincount(tasks["person"][paper], weights=(until - tasks["start_h"])[paper], minlength=6)
    assert hours.min() > 0.6 * hours.mean()
    assert hours.max() < 1.4 * hours.mean()


def test_a_command_unit_never_goes_on_visits():
    """The leader of an office who goes home is at the desk again the next day, not on the street."""
    office = unit(function="command", count=4, leader=True, attendance=0.7, shift="08:00-20:00")
    result = sim.run(small({"n": need()}, {"office": office, "u": unit()}, horizon="20 d"))
    assert visits_of(result, "office") == 0


@pytest.mark.parametrize("count", ["1e1", "4.0"])
def test_a_count_in_another_spelling(count: str):
    """What the check accepts the run accepts."""
    changes = [{"at": "1 d", "set": {"organisation.units.u.count": count}}]
    sim.run(small({"n": need()}, {"u": unit()}, response={"changes": changes}))


def test_reports_after_hiring_back():
    """Dismissed and hired again, people report as often as before, not twice as often."""
    units = {"chief": unit(function="command", count=1), "u": unit(count=4, reports_to="chief")}
    reports = {"reports": {"every": "4 h", "takes": "1 min"}}
    changes = [
        {"at": "2 d", "set": {"organisation.units.u.count": 0}},
        {"at": "49 h", "set": {"organisation.units.u.count": 4}},
    ]
    there = sim.run(small({"n": need()}, units, organisation=reports))
    back = sim.run(small({"n": need()}, units, organisation=reports, response={"changes": changes}))
    once = there.columns("assignments")["person"].size
    assert back.columns("assignments")["person"].size < 1.1 * once


def test_a_coordinator_without_time_at_the_desk():
    """A coordinator who gives the desk no share of the time takes nobody in: refused, not ignored."""
    coordinator = unit(posts={"shares": {"visit": 1}})
    with pytest.raises(InputError, match="no share of its time to the post 'desk'"):
        small({"n": need()}, {"c": coordinator}, response={"desks": {"d": {"coordinator": "c", "handling": "2 h"}}})


def test_messages_pass_an_office_that_nobody_minds():
    """When the last one leaves the desk for another post, messages do not wait for the desk to be manned again."""
    posts = {"shares": {"desk": 0.2, "visit": 0, "paper": 0.8}, "block": "20 h"}
    units = {
        "c": unit(count=1, function="command"),
        "m": unit(count=1, posts=posts, reports_to="c"),
        "u": unit(count=3, skills=["go"], reports_to="m"),
    }
    scenario = small(
        {"n": need(skill="go")},
        units,
        organisation={"message_handling": "30 min"},
        response={"desks": {"d": {"coordinator": "c", "units": ["u"]}}},
    )
    needs = sim.run(scenario).columns("needs")
    assert np.nanmax(needs["started_h"] - needs["dispatched_h"]) < 3


def test_a_conditional_inject_on_a_replayed_log(tmp_path):
    """A replayed log is decided before the run: a conditional change of it is refused, not ignored."""
    log = tmp_path / "log.csv"
    log.write_text("created\n2022-01-01 01:00\n2022-01-01 02:00\n")
    hazard = {"kind": "surge", "log": {"file": str(log), "column": "created", "replay": True}}
    inject = {"when": {"backlog_over": 0}, "set": {"needs.n.per_hour": 1}}
    with pytest.raises(InputError, match="a replayed log cannot change on a condition"):
        small(
            {"n": {"per_hour": 0.1, "urgency": 2, "service": "1 h"}},
            {"u": unit()},
            {"hazards": {"flood": hazard}, "injects": [inject]},
        )


def test_a_run_without_a_row_is_not_left_out():
    """An outcome that some runs lack has no mean: averaging over the others would be a mean over a selection."""
    rows = [Row(0, "x", "group", "a", 1.0, 1), Row(1, "y", "all", "all", 2.0, 1), Row(0, "y", "all", "all", 2.0, 1)]
    found = estimates(rows)
    assert found["y", "all", "all"].mean == 2.0
    assert np.isnan(found["x", "group", "a"].mean)
    assert (found["x", "group", "a"].runs, found["x", "group", "a"].defined) == (2, 1)


def test_an_empty_queue_is_a_queue_of_nought():
    """A desk where nobody ever waits has a mean queue of 0, in every run."""
    desks = {"a": {"zones": ["north"], "units": ["u"]}, "b": {"zones": ["south"], "units": ["v"]}}
    scenario = small(
        {"n": need(per_1000_day=2)},
        {"u": unit(), "v": unit(count=50)},
        community={"buildings": 2, "zones": ["north", "south"]},
        response={"desks": desks},
    )
    for replication in range(5):
        rows = measure_of(scenario)(sim.run(scenario, 1, replication))
        assert {row.level for row in rows if row.outcome == "queue_mean"} == {"a", "b"}


def test_a_small_group_hides_behind_no_other_name():
    """With one stated group of fewer than ten, 'vulnerable' is that group: neither is reported."""
    scenario = small({"n": need(per_1000_day=500)}, {"u": unit()}, community={"shares": {"pregnant": 0.01}})
    result = sim.run(scenario)
    assert result.group_sizes["pregnant"] < 10
    assert not {row.by for row in measure_of(scenario)(result)} & {"group", "vulnerable", "others"}
