"""Laws 4 to 7: everyone counts, one person is in one place, and needs, people, stock and working time balance.

Every table of random scenarios is rebuilt here from what it says itself; nothing is asked of the program's own checks.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import run
from sim.records.result import Result
from sim.spec.patches import validate
from sim.spec.scenario import Scenario
from tests.laws.checks import (
    TINY,
    balances,
    check_consumption,
    check_days,
    check_levels,
    check_needs,
    check_patience,
    check_queues,
    check_stock,
    check_visits,
    many,
    names,
    spells_of,
    waiting,
)
from tests.laws.scenarios import scenarios

pytestmark = pytest.mark.usefixtures("no_mutants")

CHECKS = (
    check_needs, check_patience, check_days, check_levels, check_visits, check_stock, check_consumption, check_queues,
)  # fmt: skip


@many(60)
@given(scenarios(), st.integers(0, 1000))
def test_everything_balances_in_random_scenarios(data, seed):
    """Law 7: needs, people, stock and working time balance, whatever mixture of mechanisms is at work."""
    balances(data, seed, CHECKS)


# -- work conservation ------------------------------------------------------------------------------------------------


def check_work_conserved(scenario: Scenario, result: Result) -> None:
    """Nobody who is free and able waits while a request waits that they may serve."""
    n, end_h = result.columns("needs"), scenario.end_h
    people = result.columns("people")
    zone, desk, need_type = names(n["zone"]), names(n["desk"]), names(n["need_type"])
    desks, needs = scenario.response.all_desks(), scenario.world.needs
    claimed = {unit for spec in desks.values() for unit in spec.units}
    spells = [(need, b, e) for need, b, e in waiting(scenario, result) if e - b > TINY]
    if not spells:
        return
    which, since, till = (np.array(column) for column in zip(*spells, strict=True))
    kind = list(zip(desk[which], zone[which], need_type[which], strict=True))
    unit_of, skills_of = names(people["unit"]), names(people["skills"])
    for person in people["person"].tolist():
        name = unit_of[person]
        unit = scenario.response.organisation.units[name]
        free = free_times(result, person, end_h)
        if unit.handover == "replace" and unit.shift is not None:
            free = with_a_place(result, name, free, end_h)
        if not free:
            continue
        skills = set(skills_of[person].split("+"))
        may = {
            (d, z, t): (name in desks[d].units if desks[d].units else name not in claimed)
            and (not unit.covers or z in unit.covers)
            and (desks[d].match == "random" or needs[t].skill is None or needs[t].skill in skills)
            for d, z, t in set(kind)
        }
        mine = np.flatnonzero([may[k] for k in kind])
        begin, end = (np.array(column) for column in zip(*free, strict=True))
        place = np.searchsorted(end, since[mine] + TINY, side="right")
        some = place < end.size
        mine, place = mine[some], place[some]
        bad = np.flatnonzero(begin[place] < till[mine] - TINY)
        if bad.size:
            k, m = place[bad[0]], mine[bad[0]]
            pytest.fail(
                f"person {person} of {name} is free {begin[k]}–{end[k]}, need {which[m]} waits {since[m]}–{till[m]}"
            )


def free_times(result: Result, person: int, end_h: float) -> list[tuple[float, float]]:
    """When somebody is on duty, within the roster, and does nothing."""
    shifts, work = spells_of(result, person, end_h)
    free = []
    for begin, rostered_until, left in shifts:
        since = begin
        for b, e, _ in work:
            if begin <= b <= left:
                free.append((since, b))
                since = max(since, e)
        free.append((since, min(left, rostered_until)))
    return [(b, e) for b, e in free if e - b > TINY]


def with_a_place(result: Result, unit: str, free: list[tuple[float, float]], end_h: float) -> list[tuple[float, float]]:
    """Those parts of the free times at which the unit has fewer people at work than rostered."""
    u = result.columns("units")
    here = (names(u["name"]) == unit) & (names(u["kind"]) == "unit")
    t = np.append(u["t_h"][here], end_h)
    room = u["busy"][here] < u["rostered"][here]
    return [
        (max(b, t[k]), min(e, t[k + 1]))
        for b, e in free
        for k in np.flatnonzero(room).tolist()
        if min(e, t[k + 1]) - max(b, t[k]) > TINY
    ]


@many(50)
@given(scenarios(simple=True), st.integers(0, 1000))
def test_nobody_idles_while_a_request_waits_that_they_may_serve(data, seed):
    """Work conservation: without caseloads, stock, leaders, posts and coordinators, an able person who is free and a
    waiting request meet at once (with ``replace``, as soon as there is a place of work).
    """
    scenario = validate(data, "random")
    check_work_conserved(scenario, run(scenario, seed))


# -- corners that random scenarios rarely reach -----------------------------------------------------------------------


def small(needs: dict[str, Any], units: dict[str, Any], **rest: Any) -> Scenario:
    world = {"community": {"residents": 50, **rest.pop("community", {})}, "needs": needs, **rest.pop("world", {})}
    response = {"organisation": {"units": units}, **rest.pop("response", {})}
    return validate(
        {"name": "small", "horizon": "2 d", "follow_up": "1 d", "world": world, "response": response, **rest}, "t"
    )


def crew(count: int, **more: Any) -> dict[str, Any]:
    return {"function": "casework", "members": "volunteer", "count": count, **more}


def test_a_closed_case_leaves_the_caseload():
    """A worker may hold so many *open* cases: a case that is closed makes room for the next, so that in time one
    worker with a caseload of one closes every case of a light load.
    """
    scenario = small(
        {"case": {"per_hour": 0.2, "urgency": 2, "service": "10 min", "sessions": {"count": 2, "every": "1 h"}}},
        {"crew": crew(1, caseload=1)},
    )
    n = run(scenario).columns("needs")
    early = n["onset_h"] < 24
    assert early.sum() > 2
    assert (names(n["end"])[early] == "met").sum() > 2


def test_goods_set_aside_for_someone_who_leaves_go_back_into_the_store():
    """Goods allocated to a parked request that is resumed, waits for a responder and gives up are not consumed: what
    left the store is what visits consumed.
    """
    scenario = small(
        {"meal": {"per_hour": 4, "urgency": 2, "service": "3 h", "patience": "10 h", "items": {"kit": 1}}},
        {"crew": crew(1)},
        horizon="6 h",
        follow_up="30 h",
        world={"hazards": {"wave": {"kind": "surge", "curve": [["0 h", 1], ["6 h", 1], ["6.1 h", 0]]}}},
        response={
            "supplies": {
                "s": {
                    "stock": {"kit": 0},
                    "policy": {"reorder_point": 30, "order_quantity": 31},
                    "lead_time": "6 h",
                }
            }
        },
    )
    result = run(scenario)
    check_stock(scenario, result)
    assert not np.any(names(result.columns("needs")["end"]) == "open")
    check_consumption(scenario, result)


def test_who_gives_up_while_somebody_is_still_on_the_way_at_the_end_has_abandoned():
    """Patience runs from request to start: who has lost it before the end of the run has abandoned, also when a
    responder is still on the way when the run ends.
    """
    scenario = small(
        {"help": {"per_hour": 5, "urgency": 2, "service": "10 min", "patience": "30 min"}},
        {"crew": crew(200)},
        community={"buildings": 4, "spacing_m": 1000},
        response={"travel": {"speed_km_h": 0.5}},
    )
    result = run(scenario)
    check_needs(scenario, result)
    check_patience(scenario, result)


def test_overtime_into_the_next_shift_is_not_rostered_time():
    """Rostered is rostered: somebody whose visit lasts from one day's shift into the next day's was rostered for the
    two shifts (the second until 11 at the latest) and worked overtime between them.
    """
    scenario = small(
        {"long": {"per_hour": 4, "urgency": 2, "service": "25 h"}},
        {"crew": crew(1, shift="08:00-12:00")},
        start="2022-03-28 08:00",
    )
    result = run(scenario)
    u = result.columns("units")
    night = (u["t_h"] >= 4) & (u["t_h"] < 24) & (names(u["kind"]) == "unit")
    assert not np.any(u["rostered"][night] > 0), "rostered at night, where there is no shift"
    assert result.columns("people")["rostered_h"][0] <= 12 + TINY


def test_sessions_of_a_worker_dismissed_off_duty_go_to_the_others():
    """A case whose worker has gone is everybody's: sessions that came due while the worker was off duty are not lost
    when the worker is dismissed before the next shift.
    """
    scenario = small(
        {"case": {"per_hour": 1, "urgency": 2, "service": "5 min", "sessions": {"count": 3, "every": "6 h"}}},
        {"crew": crew(2, shift="08:00-12:00"), "night": crew(1)},
        start="2022-03-28 08:00",
        response={
            "changes": [
                {"at": "20 h", "set": {"organisation.units.crew.count": 0}},
            ]
        },
    )
    n = run(scenario).columns("needs")
    assert set(names(n["end"])[n["onset_h"] < 24]) == {"met"}


REPLACED = {"shift": ["08:00-12:00", "12:00-16:00", "16:00-20:00", "20:00-00:00", "00:00-04:00", "04:00-08:00"]}


@pytest.mark.parametrize("away", ["overtime", "hired back"])
def test_places_of_work_survive_dismissals(away):
    """With ``replace`` a unit has as many places as people rostered: dismissing somebody in overtime, or dismissing
    and hiring back within a shift, loses no place.
    """
    if away == "overtime":
        # six people, one a shift; the one of the first shift works until 13:00 and is dismissed at 12:30
        units = {"crew": crew(2, shift=["08:00-12:00", "12:00-08:00"], handover="replace")}
        changes = [{"at": "4.5 h", "set": {"organisation.units.crew.count": 1}}]
        units["crew"]["shift"] = ["12:00-08:00", "08:00-12:00"]
    else:
        units = {"crew": crew(2, shift="00:00-24:00", handover="replace")}
        changes = [
            {"at": "1 h", "set": {"organisation.units.crew.count": 1}},
            {"at": "2 h", "set": {"organisation.units.crew.count": 2}},
        ]
    scenario = small(
        {"help": {"per_hour": 2, "urgency": 2, "service": "55 min"}},
        units,
        start="2022-03-28 08:00" if away == "overtime" else "2022-03-28 00:00",
        response={"changes": changes},
    )
    result = run(scenario)
    for check in (check_needs, check_days, check_levels, check_work_conserved):
        check(scenario, result)


def test_a_place_that_falls_free_goes_to_whoever_can_use_it():
    """With ``replace``, people of a unit differ in skills: a place given up by one who has nothing to do is for a
    colleague who can serve a request that waits.
    """
    scenario = small(
        {
            "talk": {"per_hour": 1, "urgency": 2, "skill": "talk", "service": "90 min"},
            "carry": {"per_hour": 1, "urgency": 3, "skill": "carry", "service": "90 min"},
        },
        {"crew": crew(12, skills={"talk": 0.5, "carry": 0.5}, handover="replace", **REPLACED)},
        start="2022-03-28 08:00",
    )
    for seed in range(5):
        check_work_conserved(scenario, run(scenario, seed))


def test_injects_that_act_together_are_within_the_bound():
    """Law 4: a timed and a conditional inject on one need type may both act; the bound of its candidates holds."""
    scenario = small(
        {"help": {"per_hour": 2, "urgency": 2, "service": "2 h"}},
        {"crew": crew(1)},
        world={
            "life_cycle": {"timetable": {"warning": "6 h", "emergency": "2 d"}},
            "injects": [
                {"at": "10 h", "set": {"needs.help.per_hour": 6}},
                {"when": {"backlog_over": 2}, "set": {"needs.help.by_phase": {"emergency": 3}}},
            ],
        },
    )
    check_needs(scenario, run(scenario))
