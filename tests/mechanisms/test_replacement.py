"""Who leaves for good is replaced: the pair of runs, and what a pair cannot show.

The form of the pairs is that of ``pairs``. Below stand whose place somebody new takes, who is not replaced, and that
places stay those of one person each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim import Result, run
from sim.spec.patches import merge, validate
from tests.laws.strain_checks import check_strain
from tests.mechanisms.pairs import (
    BUSY,
    Data,
    Null,
    Pair,
    changes_nothing,
    claim_holds,
    duty,
    happened,
    law,
    left_over,
    log,
    mechanism_of,
    micro,
    need,
    needs,
    organised,
    played,
    spent,
    stays_valid,
    unit,
)

SHIFT = "08:00-20:00"
TWO = ["08:00-14:00", "14:00-20:00"]
TIRED = {"per_hour": 1, "rest_half_life": "20 h", "leaving": {"per_year": 30}}
"""Of six people who carry no strain at night, about half leave within three weeks."""


def team(count: int = 6, replaced: Data | None = None, **more: Any) -> Data:
    given = {"replacement": replaced} if replaced is not None else {}
    return {"team": unit(count, "casework", **{"shift": SHIFT, "skills": ["talk"], **given, **more})}


def new(**more: Any) -> Data:
    return {"at_most": 12, "delay": law("2 d"), **more}


def weeks(units: Data, per_hour: float = 2, days: int = 21, **more: Any) -> Data:
    boss = {"boss": unit(1, "casework", members="staff", shift=SHIFT)}
    wants = {"talk": need(per_hour, skill="talk", patience="12 h")}
    world = {"strain": {"volunteer": TIRED}} | more.pop("world", {})
    return micro(units | boss, wants, hours=24 * days, tail=48, world=world, **more)


def last_week(result: Result) -> float:
    """Return the people of the team who begin a shift in the last week, a day."""
    shifts = result.frame("shifts")
    late = shifts[(shifts["unit"] == "team") & (shifts["rostered_from_h"] >= result.horizon_h - 168)]
    return float(len(late) / 7)


PAIRS: dict[str, Pair] = {
    "replacement": Pair(weeks(team(replaced=new())), last_week, "raises"),
    "replacement, met": Pair(weeks(team(replaced=new())), needs("unmet"), "lowers"),
    "replacement, hours": Pair(weeks(team(replaced=new())), duty("team"), "raises"),
    "replacement, time of who takes them in": Pair(
        weeks(team(replaced=new(by="boss", takes="4 h"))), spent("induction", "boss"), "raises",
    ),
    "replacement, by one who comes after the end": Pair(
        weeks(team(replaced=new(delay="60 d"))), duty("team"), "none",
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
    """Nobody found in ten years is nobody found: only those who never came stand in ``people``, at its end."""
    assert left_over(PAIRS[pair], mechanism_of(pair), ("people",)) == set()


NULLS: dict[str, Null] = {
    "nobody leaves": Null(
        organised(crew={"replacement": {"at_most": 3, "delay": "1 h", "by": "office", "takes": "1 h"}}), ("people",)
    ),
    "nobody is there to leave": Null(organised(medics={"replacement": {"at_most": 3, "delay": "1 h"}}), ("people",)),
}


@pytest.mark.parametrize("name", NULLS)
def test_a_replacement_of_nobody_changes_nothing(name: str):
    """Present but idle, it leaves no trace: those who might come have the last numbers, so nobody else's changes."""
    changes_nothing(NULLS[name])


def test_who_might_come_lives_in_nobody_elses_home():
    """With an epidemic every responder has a home: a place that nobody leaves must not move the people of a unit that
    is made later.
    """
    course = {"latent": law("2 h"), "infectious": law("3 d")}
    contacts = {"household": 0.05, "building": 0.02, "casual": 0.02, "service": 0.2}
    sick = {"world": {"epidemic": {"contacts": contacts, "course": course, "seeds": [{"count": 6}]}}}
    replaced = organised(command={"replacement": new()}, second={"replacement": new()})
    changes_nothing(Null(merge(sick, replaced), ("people",)), merge(BUSY, sick))


# -- whose place ------------------------------------------------------------------------------------------------------


def replacements(result: Result) -> list[tuple[int, int, float]]:
    """Return (leaver, newcomer, when) in order."""
    return [(int(row.subject), int(row.detail), float(row.t_h)) for row in log(result, "replaced").itertuples()]


def test_somebody_new_works_the_shifts_of_who_left():
    """Half of the team works in the morning, half in the afternoon: a newcomer begins shifts at the leaver's hour
    alone, only after having come, and the leaver begins none any more.
    """
    seen = 0
    for replication in range(6):
        result = played(weeks(team(8, new(), shift=TWO)), replication)
        shifts = result.frame("shifts")
        hours = {p: set(mine["rostered_from_h"] % 24) for p, mine in shifts.groupby("person")}
        for leaver, newcomer, came_h in replacements(result):
            begins = shifts.loc[shifts["person"] == newcomer, "rostered_from_h"]
            assert (begins >= came_h).all()
            assert len(hours[leaver]) == 1
            assert hours.get(newcomer, hours[leaver]) == hours[leaver]
            assert shifts.loc[shifts["person"] == leaver, "rostered_from_h"].max() < came_h
            seen += len(begins) > 0
    assert seen > 10


def test_never_more_people_than_places():
    """``count`` is the number of places: at no moment are more people of the unit on the roster, and each leaver is
    replaced once at most, by somebody who was never there before.
    """
    for replication in range(6):
        result = played(weeks(team(6, new(at_most=4))), replication)
        shifts = result.frame("shifts")
        mine = shifts[shifts["unit"] == "team"]
        for begin, here in mine.groupby("rostered_from_h"):
            assert len(here) <= 6, begin
            assert here["person"].is_unique
        pairs = replacements(result)
        leavers, newcomers = ([pair[k] for pair in pairs] for k in (0, 1))
        assert len(set(leavers)) == len(leavers) <= min(4, happened("left_for_good")(result))
        assert len(set(newcomers)) == len(newcomers)
        assert set(leavers) <= set(log(result, "left_for_good")["subject"].astype(int))
        unknown = set(shifts["person"]) - set(newcomers)
        assert all(person < 7 for person in unknown), "somebody came who replaced nobody"


def test_who_replaced_somebody_may_leave_too_and_be_replaced():
    """A place may change hands again and again, to the limit."""
    chains = 0
    for replication in range(6):
        pairs = replacements(played(weeks(team(6, new(delay="12 h")), days=40), replication))
        newcomers = {newcomer for _, newcomer, _ in pairs}
        chains += sum(leaver in newcomers for leaver, _, _ in pairs)
    assert chains > 3


def test_somebody_new_is_another_person():
    """No strain is inherited, and the hazard of leaving is lived through from the first shift on, not from the
    beginning of the scenario; capacity and recovery are their own, as the table of people says.
    """
    scenario = validate(weeks(team(6, new()), world={"strain": {"volunteer": {
        **TIRED, "capacity_cv": 0.4, "rest_cv": 0.4, "loads": {"visit": 1},
    }}}), "micro")  # fmt: skip
    first = 0
    for replication in range(4):
        result = run(scenario, 1, replication)
        check_strain(scenario, result)
        strain, people = result.frame("strain"), result.frame("people").set_index("person")
        for _, newcomer, _ in replacements(result):
            mine = strain[strain["person"] == newcomer]
            if len(mine):
                first += 1
                assert mine["change"].iloc[0] == pytest.approx(mine["strain"].iloc[0])
                assert mine["capacity"].iloc[0] == pytest.approx(people.loc[newcomer, "capacity"])
        crew = people[people["unit"] == "team"]
        assert crew["capacity"].nunique() == crew["half_life_h"].nunique() == len(crew)
        assert people.loc[people["unit"] == "boss", "capacity"].isna().all()
    assert first > 4


def test_who_joins_late_has_not_lived_through_the_hazard_of_the_time_before():
    """With a hazard that would drive everybody out within days, newcomers stay as long as the first did: measured from
    their first shift. Counted from the beginning of the scenario they would leave after it at once.
    """
    stays: dict[str, list[float]] = {"first": [], "new": []}
    for replication in range(12):
        result = played(weeks(team(6, new(delay="12 h", at_most=40)), days=40), replication)
        shifts, left = result.frame("shifts"), log(result, "left_for_good")
        for row in left.itertuples():
            mine = shifts[shifts["person"] == int(row.subject)]
            stays["first" if int(row.subject) < 6 else "new"].append(len(mine))
    assert len(stays["new"]) > 30
    assert np.mean([stay == 1 for stay in stays["new"]]) < 0.3
    assert np.mean(stays["new"]) > 3


# -- who is not replaced ----------------------------------------------------------------------------------------------


def test_a_contract_that_has_ended_needs_nobody():
    """The service is not bought any more: whoever was sought for does not come."""
    result = played(weeks(team(6, new(), contract={"ends": "6 d"})))
    shifts = result.frame("shifts")
    assert shifts.loc[shifts["unit"] == "team", "rostered_from_h"].max() < 6 * 24
    assert all(came_h < 6 * 24 for *_, came_h in replacements(result))


def test_who_is_sent_home_by_a_smaller_count_is_not_replaced():
    """That is the will of the response, which holds for the place and whoever has it; a larger count brings the one
    back who has the place now.
    """
    cuts = [
        {"at": "10 d", "set": {"organisation.units.team.count": 3}},
        {"at": "16 d", "set": {"organisation.units.team.count": 6}},
    ]
    back = 0
    for replication in range(6):
        result = played(weeks(team(6, new(delay="1 d")), changes=cuts), replication)
        shifts = result.frame("shifts")
        mine = shifts[shifts["unit"] == "team"]
        cut = mine[(mine["rostered_from_h"] > 240) & (mine["rostered_from_h"] < 384)]
        assert cut.groupby("rostered_from_h").size().max() <= 3
        later = mine[mine["rostered_from_h"] >= 384]
        for leaver, _, came_h in replacements(result):
            assert (mine.loc[mine["person"] == leaver, "rostered_from_h"] < came_h).all()
        back += len(set(later["person"]) & {newcomer for _, newcomer, came_h in replacements(result) if came_h < 240})
    assert back > 3


def test_a_closed_gate_keeps_somebody_new_out():
    """Of people from outside, those inside when the gates close stay; who replaces them is not inside."""
    hazards = {"closure": {"kind": "lockdown"}}
    data = weeks(team(6, new(), **{"from": "outside", "inside": 6}), world={"hazards": hazards})
    result = played(data)
    assert happened("replaced")(result) > 0
    shifts = result.frame("shifts")
    assert shifts.loc[shifts["unit"] == "team", "person"].max() < 6


def test_a_unit_without_shifts_and_one_that_is_called_up_take_somebody_in_too():
    """Around the clock they are there at once; at home they are on the list for the next call."""
    around = played(weeks(team(4, new(delay="6 h"), shift=None), days=20))
    for _, newcomer, came_h in replacements(around)[:-1]:
        shifts = around.frame("shifts")
        assert shifts.loc[shifts["person"] == newcomer, "rostered_from_h"].min() == came_h
    assert len(replacements(around)) > 2
    called = weeks(team(6, new(), call_up={"backlog_over": 3, "every": "12 h", "stint": "2 d"}), days=40)
    result = played(called)
    newcomers = {newcomer for _, newcomer, _ in replacements(result)}
    assert newcomers & set(result.frame("shifts")["person"])
