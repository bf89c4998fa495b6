"""Strain and care in random mixtures: everything balances, and strain moves only through the rows of its table.

Random scenarios of ``tests.laws.scenarios`` are given strain and every way of looking after people, in shifts, with
handover, kits, posts, cases, leaders, remote units, changes of counts and injuries, on grids of time that make ties the
rule.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.records.result import Result
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import validate
from sim.spec.scenario import Scenario
from sim.spec.strain import LOADS, RELIEFS
from tests.laws.checks import (
    TINY,
    balances,
    can_go,
    check_days,
    check_levels,
    check_needs,
    check_patience,
    check_queues,
    check_visits,
    many,
    often,
    same_again,
)
from tests.laws.scenarios import Data, lengths, one_in_three, one_in_two, scenarios, shares
from tests.laws.strain_checks import check_strain
from tests.mechanisms import pairs

pytestmark = pytest.mark.usefixtures("no_mutants")

NINE = (
    "strain", "supervision", "debriefing", "breaks", "rest_between_shifts", "feedback", "honours", "insurance",
    "contract",
)  # fmt: skip
points = st.sampled_from([0, 0.5, 1, 5, 30, 100])
# -- random scenarios with care ---------------------------------------------------------------------------------------


@st.composite
def _strain(draw: st.DrawFn, needs: list[str]) -> Data:
    strain: Data = {
        "loads": {name: draw(points) for name in LOADS},
        "reliefs": {name: draw(points) for name in RELIEFS},
        "per_hour": draw(st.sampled_from([0, 0.5, 10])),
        "slower": draw(st.sampled_from([0, 0.5, 2])),
        "errors": draw(st.sampled_from([0, 0.3, 0.9])),
        "absence": draw(st.sampled_from([0, 0.2, 0.5])),
        "grows": draw(st.sampled_from([0, 5])),
        "identity": draw(shares),
        "support": draw(shares),
        "capacity_cv": draw(st.sampled_from([0, 0.5])),
        "rest_cv": draw(st.sampled_from([0, 0.5])),
    }
    if draw(often):
        strain["traumatic"] = {name: draw(shares) for name in needs}
    if draw(one_in_two):
        strain["by_need"] = {name: draw(points) for name in needs[:1]}
    if draw(one_in_two):
        strain |= {"long_after": draw(st.sampled_from(["1 h", "4 h", "20 h"])), "per_long_hour": draw(points)}
    if draw(one_in_two):
        moves = st.sampled_from([-1, -0.3, 0, 0.3, 1])
        strain["identity_moves"] = {name: draw(moves) for name in (*LOADS, *RELIEFS)}
    if draw(often):
        strain["rest_half_life"] = draw(st.sampled_from(["1 h", "10 h"]))
    if draw(one_in_two):
        strain["leaving"] = {"per_year": draw(st.sampled_from([0, 50, 500])), "grows": draw(st.sampled_from([0, 4]))}
    return strain


@st.composite
def _cared_for(draw: st.DrawFn, unit: Data) -> None:
    if draw(one_in_two):
        every, lasts = draw(
            st.sampled_from([("2 h", "15 min"), ("4 h", "30 min"), ("1 h", "30 min"), ("3 h", "1 min")])
        )
        unit["breaks"] = {"every": every, "lasts": lasts}
    if draw(one_in_two):
        unit["debriefing"] = {"takes": draw(st.sampled_from(["15 min", "1 h", "5 h"]))}
    if draw(one_in_two):
        unit["rest"] = draw(st.sampled_from(["1 s", "4 h", "11 h", "12 h", "15 h"]))
    if draw(one_in_two):
        unit["honours"] = {"half_at": "10 h", "attendance": draw(shares), "stay": draw(shares)}
    if draw(one_in_three):
        unit["contract"] = {"ends": "20 h", "notice": draw(st.sampled_from(["5 h", "30 h"]))}
        if draw(one_in_two):
            unit["contract"]["renewed"] = draw(st.sampled_from(["0 h", "10 h", "20 h"]))
    if draw(one_in_two):
        unit["replacement"] = {"at_most": draw(st.integers(1, 3)), "delay": draw(lengths(1, 600))}
    if draw(one_in_three):
        unit["injury"] = {"share": draw(st.sampled_from([0.1, 0.5])), "away": draw(lengths(60, 600))}
    if draw(one_in_three):
        unit["remote"] = "true"
    if draw(one_in_three):
        unit["errors"] = draw(st.sampled_from([0.2, 0.8]))


@st.composite
def cared_for(draw: st.DrawFn) -> Data:
    """Draw a valid scenario in which people are strained and looked after, as plain data."""
    data = draw(scenarios())
    world, response = data["world"], data["response"]
    units = response["organisation"]["units"]
    needs = sorted(world["needs"])
    data["horizon"] = draw(st.sampled_from(["1 d", "2 d", "4 d"]))
    for unit in units.values():
        unit["count"] += 1
        unit.pop("attendance", None)
    for need in world["needs"].values():
        need["target"] = draw(st.sampled_from(["1 h", "8 h"]))
        if draw(one_in_two):
            need.pop("skill", None)
    names = sorted(units)
    if len(names) == 1 or draw(one_in_three):
        units["boss"] = {"function": "casework", "members": "staff", "count": draw(st.integers(1, 3))}
        if draw(one_in_two):
            units["boss"]["shift"] = draw(st.sampled_from(["08:00-20:00", "10:00-12:00", "09:30-09:30"]))
        if "desks" in response and any("units" in desk for desk in response["desks"].values()):
            first = next(desk for desk in response["desks"].values() if "units" in desk)
            first["units"] = [*first["units"], "boss"]
        names = sorted(units)
    kinds = sorted({unit["members"] for unit in units.values()})
    world["strain"] = {kind: draw(_strain(needs)) for kind in kinds if draw(often)}
    for unit in units.values():
        draw(_cared_for(unit))
    if draw(one_in_two):
        response["supplies"] = response.get("supplies", {}) | {
            "kits": {"stock": {"suit": 30}, "policy": {"base_stock": 10}, "lead_time": "2 h"}
        }
        units[draw(st.sampled_from(names))]["kit"] = {"suit": 1}
    if draw(one_in_three):
        world["outages"] = {"lines": {"begins": "5 h", "ends": "15 h"}}
    response["supervision"] = {}
    for name in draw(st.lists(st.sampled_from(names), max_size=3, unique=True)):
        others = [other for other in names if other != name]
        spec: Data = {"by": draw(st.sampled_from(others)), "within": draw(st.sampled_from(["1 h", "6 h", "1 d"]))}
        if draw(often):
            spec |= {"every": draw(st.sampled_from(["2 h", "12 h"])), "takes": draw(lengths(15, 60, 240))}
        if "every" not in spec or draw(one_in_two):
            spec["consults"] = draw(lengths(5, 30))
        if "outages" in world and draw(one_in_two):
            spec["depends_on"] = "lines"
        response["supervision"][name] = spec
    response["feedback"] = {
        name: {
            "to": draw(st.sampled_from(names)), "takes": draw(lengths(5, 60)),
            "within": draw(st.sampled_from(["1 h", "1 d"])),
        }
        for name in draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
    }  # fmt: skip
    if draw(one_in_two):
        response["insurance"] = {
            "cover": draw(st.sampled_from(["none", "none", "injury"])), "refuses": 0.3, "leaves": draw(shares),
            "remembered": draw(st.sampled_from(["5 h", "14 d"])),
        }  # fmt: skip
        if draw(one_in_two):
            response["insurance"] |= {"by": draw(st.sampled_from(names)), "takes": draw(lengths(30, 120))}
        units[names[0]]["injury"] = {"share": 0.3, "away": draw(lengths(60, 600))}
    if draw(one_in_two):  # work that is no visit: some of it conflicts with a profession
        staff = {"unit": draw(st.sampled_from(names)), "people": draw(st.integers(1, 2))}
        response["sites"] = {
            "hall": {
                "arrivals": {"per_hour": draw(st.sampled_from([1, 5]))}, "opens": draw(st.sampled_from(["0 h", "5 h"])),
                "enters": "desk", "stations": {"desk": {"staff": staff, "service": draw(lengths(5, 30))}},
            }
        }  # fmt: skip
        if draw(often):
            units[staff["unit"]].pop("decision", None)
            units[staff["unit"]]["function"] = "casework"
    return data


# -- what must hold ---------------------------------------------------------------------------------------------------


def check_rest(scenario: Scenario, result: Result) -> None:
    """Nobody begins a shift less than the unit's rest after they left the last."""
    shifts = result.frame("shifts").sort_values(["person", "rostered_from_h"])
    for name, unit in scenario.response.organisation.units.items():
        if unit.rest is None or unit.shift is None:
            continue
        for person, mine in shifts[shifts["unit"] == name].groupby("person"):
            left = mine["left_h"].to_numpy()[:-1]
            gaps = mine["rostered_from_h"].to_numpy()[1:] - left
            assert not np.any(gaps < unit.rest - TINY), f"person {person} of {name}: gaps {gaps}"


def check_gone(scenario: Scenario, result: Result) -> None:
    """Nobody comes who has left for good, or whose contract has ended."""
    log, shifts = result.frame("events"), result.frame("shifts")
    for t, subject in log.loc[log["event"] == "left_for_good", ["t_h", "subject"]].itertuples(index=False):
        later = shifts[(shifts["person"] == int(subject)) & (shifts["rostered_from_h"] > t)]
        assert later.empty, f"person {subject}, gone at {t}, comes again at {later['rostered_from_h'].tolist()}"
    for t, unit in log.loc[log["event"] == "contract_ended", ["t_h", "subject"]].itertuples(index=False):
        later = shifts[(shifts["unit"] == unit) & (shifts["rostered_from_h"] > t)]
        assert later.empty, f"{unit}: the contract ended at {t}, and people come at {later['rostered_from_h'].tolist()}"


def check_both_sides(scenario: Scenario, result: Result) -> None:
    """Each session takes the time of both: the supervisor's lies within the worker's and is as long as was drawn."""
    for name, spec in scenario.response.supervision.items():
        for kind in ("supervision", "consultation"):
            table = result.frame("assignments")
            table = table[(table["assignment"] == kind) & table["end_h"].notna()]
            learns = sorted(table.loc[table["unit"] == name, "end_h"])
            teaches = sorted(table.loc[table["unit"] == spec.by, "end_h"])
            if name in {s.by for s in scenario.response.supervision.values()}:
                continue
            for end_h in learns:
                assert any(abs(end_h - other) < TINY for other in teaches), f"{kind} of {name} at {end_h} with nobody"


def check_debriefings(scenario: Scenario, result: Result) -> None:
    """A debriefing is asked for in the shift that it ends, not made up for on another day, and held with a colleague.

    One that the end of the run cuts off may still wait for a second.
    """
    table = result.frame("assignments")
    table = table[table["assignment"] == "debriefing"]
    for one in table[table["end_h"].notna()].itertuples():
        others = table[(table["person"] != one.person) & (table["unit"] == one.unit)]
        shared = (others["start_h"] < one.end_h - TINY) & (others["end_h"].fillna(np.inf) > one.start_h + TINY)
        assert shared.any(), f"person {one.person} of {one.unit} debriefs alone at {one.start_h}"
    assert np.all(table["start_h"] - table["asked_h"] < 13), (table["start_h"] - table["asked_h"]).max()


def check_no_night(scenario: Scenario, result: Result) -> None:
    """Nobody is kept on duty for longer than work in hand takes: a supervisor who has gone is not waited for."""
    table = result.frame("assignments")
    table = table[table["assignment"].isin(["supervision", "consultation"])]
    hours = table["end_h"].fillna(result.end_h) - table["start_h"]
    for person, unit, t, length in zip(table["person"], table["unit"], table["start_h"], hours, strict=True):
        spec = scenario.response.supervision.get(unit)
        if spec is not None:
            assert length < spec.within + 12, f"person {person} of {unit} waits for {length:.1f} h from {t}"


CHECKS = (
    check_needs, check_patience, check_days, check_levels, check_visits, check_queues, check_strain, check_rest,
    check_gone, check_both_sides, check_debriefings, check_no_night,
)  # fmt: skip


@many(12)
@given(cared_for(), st.integers(0, 1000))
def test_the_same_run_again(data, seed):
    """Laws 1 and 10: run twice the digest is the same, however often is looked."""
    same_again(data, seed)


@many(10)
@given(cared_for(), st.integers(0, 1000))
def test_every_way_of_care_can_be_taken_away(data, seed):
    """Law 2: the declared counterfactuals of the nine keep the scenario valid, and it runs."""
    can_go(validate(data, "random"), seed, NINE)


def sure() -> Data:
    """Return people half of whom cannot do what they are sent for, and cases after which they ask their supervisor."""
    loads = {"wasted_trip": 1, "traumatic": 2}
    own = {"loads": loads, "reliefs": {"consultation": 1}, "traumatic": {"ill": 0.5}, "rest_half_life": "4 d"}
    worker = {"members": "social_worker"}
    return pairs.micro(
        {"crew": pairs.unit(3, **worker, skills={"talk": 0.5}), "boss": pairs.unit(1, **worker)},
        {"ill": pairs.need(3, skill="talk", patience=pairs.law("30 min"))}, hours=72, travel={},
        world={"strain": {"social_worker": own}}, desks={"main": {"units": ["crew"], "match": "random"}},
        supervision={"crew": {"by": "boss", "every": "1 d", "takes": "30 min", "consults": "10 min"}},
    )  # fmt: skip


def test_everything_balances_with_strain_and_care():
    """Laws 5 to 7: needs, people, visits, queues and strain balance, whatever mixture of care is at work.

    A law that nothing meets is not tried: all nine are in them, and every kind of event happens somewhere.
    """
    found: set[str] = set()
    causes: set[str] = set()

    def balance(data: Data, seed: int) -> None:
        scenario, result = balances(data, seed, CHECKS)
        found.update(name for name in NINE if MECHANISMS[name].present(scenario))
        causes.update(result.columns("strain")["cause"].decoded())

    many(60)(given(cared_for(), st.integers(0, 1000))(balance))()
    balance(sure(), 1)
    assert found == set(NINE)
    assert {*LOADS, *RELIEFS, "duty", "rest"} - causes <= {"complaint", "overload"}
