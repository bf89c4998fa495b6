"""Hazards with a level in random mixtures: together and one after the other, with an epidemic, by phases that happen.

Random scenarios of ``tests.laws.scenarios`` are given floods, storms, heat, fires, shocks and bad meals with every
effect, boats, outages, an epidemic and a life cycle by conditions. When a level is over a height is computed here from
its curve, and what is known of cut ways from the log.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from math import inf, nextafter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.model import CrisisModel
from sim.records.result import Result
from sim.spec.local_hazards import Local, Poisoning
from sim.spec.patches import validate
from sim.spec.scenario import Scenario
from sim.world.levels import Levels
from tests.laws.checks import (
    TINY,
    balances,
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
from tests.laws.scenarios import PHASES, Data, lengths, one_in_five, one_in_three, one_in_two, scenarios, shares

KINDS = ("flood", "storm", "heatwave", "fire", "earthquake", "poisoning")
hours = st.sampled_from(["0 h", "2 h", "5 h", "8 h", "13 h", "20 h", "1 d", "30 h"])

# -- random scenarios with hazards ------------------------------------------------------------------------------------


@st.composite
def _curve(draw: st.DrawFn, calm: float) -> list[list[object]]:
    """Draw points of a level, on a grid on which heights are touched as often as passed."""
    times = sorted(draw(st.lists(st.integers(0, 40), min_size=1, max_size=5, unique=True)))
    return [[f"{time} h", calm + draw(st.sampled_from([-1, 0, 0.5, 1, 2, 3.5]))] for time in times]


@st.composite
def _level(draw: st.DrawFn, kind: str, buildings: list[str]) -> Data:
    """Draw where a level stands, and how high."""
    some = {name: draw(st.sampled_from([-1, 0.5, 1])) for name in draw(st.sets(st.sampled_from(buildings), max_size=2))}
    if kind == "flood":
        return {"curve": draw(_curve(0)), "ground": some}
    if kind == "storm":
        return {"curve": draw(_curve(17))}
    if kind == "heatwave":
        return {"curve": draw(_curve(30)), "hotter": some}
    if kind == "fire":
        burnt = draw(st.lists(st.sampled_from(buildings), min_size=1, max_size=2, unique=True))
        return {"burns": draw(st.sampled_from(["1 h", "8 h"])), "begins": draw(hours), "buildings": burnt}
    times = sorted(draw(st.lists(st.integers(0, 10), min_size=1, max_size=3, unique=True)))
    return {"shocks": [[f"{3 * time} h", draw(st.sampled_from([0, 1, 3]))] for time in times],
            "lasts": draw(st.sampled_from(["1 h", "2 h"])), "softer": some}  # fmt: skip


@st.composite
def _hazard(draw: st.DrawFn, kind: str, data: Data, buildings: list[str]) -> Data:
    needs, stores = sorted(data["world"]["needs"]), sorted(data["response"].get("supplies", {}))
    lead = st.lists(st.sampled_from(needs), max_size=2, unique=True)
    if kind == "poisoning":
        meal = {
            "kind": kind, "at": draw(hours), "eats": draw(shares), "attack": draw(shares),
            "incubation": draw(lengths(0, 60, 600)),
            "leads_to": {name: draw(shares) for name in draw(lead) or needs[:1]},
        }  # fmt: skip
        if draw(often):
            meal["away"] = draw(lengths(60, 900))
        if stores and draw(often):
            meal |= {"closes": [draw(st.sampled_from(stores))], "closed_after": "1 h", "closed_for": "9 h"}
        return meal
    height, whose = st.sampled_from([0, 0.5, 1, 2]), st.sampled_from(["resident", "household", "building"])
    hazard: Data = {"kind": kind, **draw(_level(kind, buildings))}
    if kind != "fire":
        if draw(one_in_two):
            hazard["begins"] = draw(hours)
            if draw(one_in_two):
                hazard["ends"] = "31 h"
        if draw(one_in_three):
            hazard["buildings"] = draw(st.lists(st.sampled_from(buildings), min_size=1, max_size=2, unique=True))
    if draw(one_in_three):
        hazard |= {"drives": draw(lead), "gain": draw(st.sampled_from([0, 0.5, 2]))}
    hazard["leads_to"] = {
        name: {
            "over": draw(height), "share": draw(shares), "of": draw(whose),
            "delay": draw(lengths(0, 30, 300)),
        }
        for name in draw(lead)
    }  # fmt: skip
    for effect in ("blocks_over", "keeps_home_over", "keeps_out_over", "closes_stores_over"):
        if draw(one_in_two):
            hazard[effect] = draw(height)
    if draw(one_in_two):
        hazard["cuts"] = {"power": {"over": draw(height), "damaged": draw(st.sampled_from(["true", "false"]))}}
    return hazard


@st.composite
def hazardous(draw: st.DrawFn, *, sessions: bool = False, at_once: bool = True) -> Data:
    """Draw a valid scenario with one to four hazards, boats, an epidemic and conditions of phases, as plain data.

    ``sessions`` are left out by default, since workers who visit cases of their own behind cut ways break what follows;
    ``at_once`` says whether people may be at a door without a way to it.
    """
    data = draw(scenarios())
    world, response = data["world"], data["response"]
    data["horizon"] = draw(st.sampled_from(["12 h", "1 d", "2 d"]))
    units = response["organisation"]["units"]
    buildings = [f"b{k + 1}" for k in range(world["community"]["buildings"])]
    world["outages"] = {"power": {}}
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
    mine = {f"{kind}{k}": draw(_hazard(kind, data, buildings)) for k, kind in enumerate(kinds)}
    if sessions or draw(often):  # one that certainly cuts every way for a time
        mine["deep"] = {"kind": "flood", "curve": [["0 h", 2]], "begins": draw(hours), "blocks_over": 1}
        mine["deep"] |= {"ends": "32 h"} if draw(one_in_two) else {}
    world["hazards"] = world.get("hazards", {}) | mine
    levels = [name for name in mine if not name.startswith("poisoning")]
    for unit in units.values():
        unit["count"] += draw(st.integers(0, 3))
        if levels and draw(one_in_three):
            unit["crosses"] = draw(st.lists(st.sampled_from(levels), min_size=1, unique=True))
    for need in world["needs"].values():
        if not sessions:
            need.pop("sessions", None)
        for rate in ("per_hour", "per_1000_day"):  # hazards that drive add up
            if rate in need and len(world["hazards"]) > 1 and "injects" not in world:
                need[rate] /= 2
    desks = response.setdefault("desks", {"desk": {}})
    units["hands"] = {"function": "logistics", "members": "volunteer", "count": draw(st.integers(1, 4))}
    world["needs"]["errand"] = {"per_hour": 2, "urgency": 2, "service": draw(lengths(15, 60)), "patience": "9 h"}
    first = next(iter(desks.values()))
    if first.get("units"):
        first["units"] = [*first["units"], "hands"]
    if sessions:
        world["needs"]["errand"] = {"per_hour": 2, "urgency": 2, "service": "15 min",
                                    "sessions": {"count": 3, "every": "4 h"}}  # fmt: skip
    for desk in desks.values():
        if draw(one_in_three):
            desk |= {"match": "optimal", "batch": draw(st.sampled_from(["1 min", "10 min", "1 h"]))}
        if draw(one_in_three):
            desk["depends_on"] = "power"
    if not at_once:
        response.setdefault("travel", {"speed_km_h": 4})
    if draw(one_in_three):
        world["epidemic"] = {
            "contacts": {"household": 0.02, "building": 0.01, "service": 0.1, "casual": 0.01},
            "course": {"latent": "6 h", "infectious": draw(lengths(300, 1500))}, "seeds": [{"count": 3}],
            "symptoms": {"after": "2 h", "leads_to": {min(world["needs"]): {"share": 0.3}}},
        }  # fmt: skip
    if draw(one_in_three):
        world["life_cycle"] = draw(_cycle())
        world["signals"] = {
            "order": draw(st.lists(st.sampled_from([1, 5, 9, 20]), min_size=1, unique=True).map(_sorted))
        }
    return data


def _sorted(times: list[int]) -> list[str]:
    return [f"{time} h" for time in sorted(times)]


@st.composite
def _cycle(draw: st.DrawFn) -> Data:
    """Draw phases by conditions, each of which lasts for an hour at least: a circle at one moment never ends."""
    whens = st.sampled_from([
        {"signal": "order"}, {"backlog_over": 2}, {"backlog_below": 3}, {"quiet": "5 h"}, {"falling": "2 h"},
        {"backlog_over": 0, "every": "10 min"},
    ])  # fmt: skip
    conditions = []
    for _ in range(draw(st.integers(1, 4))):
        pair = draw(st.lists(st.sampled_from(PHASES), min_size=2, max_size=2, unique=True))
        length = draw(st.sampled_from(["1 h", "5 h"]))
        conditions.append({"from": pair[0], "to": pair[1], "when": draw(whens), "at_least": length})
    return {"conditions": conditions, "begins": draw(st.sampled_from(PHASES))}


# -- what must hold ---------------------------------------------------------------------------------------------------

Spells = list[tuple[float, float]]


def spells(scenario: Scenario, model: CrisisModel, effect: str) -> Iterator[tuple[str, int, Spells]]:
    """Yield (hazard, building, times at which its level is higher than the height of an effect).

    Where one ends as the next begins the level touches the height: it is not higher at that moment, only from then on.
    """
    for name, hazard in scenario.world.hazards.items():
        if isinstance(hazard, Local) and (over := getattr(hazard, effect)) is not None:
            for building, times in Levels(hazard, model.population).above(over, scenario.end_h).items():
                ends = {end for _, end in times}
                yield name, building, [(nextafter(b, inf) if b in ends else b, end) for b, end in times]


def check_came(scenario: Scenario, result: Result) -> None:
    """Nobody is on duty from a shift that began while a hazard kept them at home, or out if they do not cross it."""
    model = CrisisModel(scenario, result.seed, result.replication)
    shifts, dwellings = result.columns("shifts"), model.dwellings
    assert dwellings is not None
    home = [(building, times) for _, building, times in spells(scenario, model, "keeps_home_over")]
    out = [(hazard, times) for hazard, _, times in spells(scenario, model, "keeps_out_over")]
    for person in model.people:
        mine = shifts["rostered_from_h"][shifts["person"] == person.number]
        lives = dwellings.building(person)
        if lives is None:
            kept = [times for hazard, times in out if hazard not in person.team.spec.crosses]
        else:
            kept = [times for building, times in home if building == lives]
        for begin, end in (spell for times in kept for spell in times):
            assert not np.any((mine >= begin) & (mine < end)), f"person {person.number} of {lives}: {begin} to {end}"


def check_ways(scenario: Scenario, result: Result) -> None:
    """Nobody gets to a door while the way there is cut by what they cannot cross, and nobody else is blocked."""
    model = CrisisModel(scenario, result.seed, result.replication)
    v, building = result.columns("visits"), result.columns("needs")["building"]
    where = names(building)[v["need"]]
    outcome, unit = names(v["outcome"]), names(v["unit"])
    cut_off = np.zeros(v["need"].size, bool)
    for name, number, times in spells(scenario, model, "blocks_over"):
        there = where == model.population.building_names[number]
        there &= ~np.isin(unit, [n for n, u in scenario.response.organisation.units.items() if name in u.crosses])
        for begin, end in times:
            inside = there & (v["arrived_h"] >= begin) & (v["arrived_h"] < end)
            back = np.isin(outcome[inside], ["blocked", "gone", "duplicate", "unfinished"])
            assert np.all(back), f"at a door of {number} from {begin} to {end}"
            assert not np.any(had(v["started_h"][inside]))
            cut_off |= there & (v["arrived_h"] >= begin) & (v["arrived_h"] <= end)
    assert np.all(cut_off[outcome == "blocked"]), "blocked though the way was open"
    assert not np.any(had(v["started_h"][outcome == "blocked"]))


def check_sent(scenario: Scenario, result: Result) -> None:
    """Once it is known that a way is cut, nobody who crosses nothing sets out for it until it is open.

    Where several hazards cut ways, one that goes may leave another behind it that nobody has found out.
    """
    if sum(getattr(hazard, "blocks_over", None) is not None for hazard in scenario.world.hazards.values()) > 1:
        return
    v, log = result.columns("visits"), result.frame("events")
    where = names(result.columns("needs")["building"])[v["need"]]
    cannot = np.isin(names(v["unit"]), [n for n, u in scenario.response.organisation.units.items() if not u.crosses])
    for building in set(where):
        mine = log[(log["subject"] == building) & log["event"].isin(["way_found_cut", "way_open"])]
        since = None
        for event, at in zip(mine["event"], mine["t_h"], strict=True):
            if event == "way_found_cut":
                since = at if since is None else since
            elif since is not None:
                vain = cannot & (where == building) & (v["dispatched_h"] > since) & (v["dispatched_h"] < at)
                assert not vain.any(), f"sent to {building} between {since} and {at}"
                since = None
        if since is not None:
            assert not (cannot & (where == building) & (v["dispatched_h"] > since)).any(), f"sent to {building}"


def check_stores(_scenario: Scenario, result: Result) -> None:
    """No store gives anything out while it is closed."""
    s, log = result.columns("stock"), result.frame("events")
    given = np.isin(names(s["event"]), ["issued", "allocated"]) & (s["quantity"] > 0)
    depot = names(s["depot"])
    for name in set(depot):
        mine = log[(log["subject"] == name) & log["event"].isin(["store_closed", "store_open"])]
        closed = mine[mine["event"] == "store_closed"]["t_h"].tolist()
        opened = [*mine[mine["event"] == "store_open"]["t_h"].tolist(), np.inf]
        for begin, end in zip(closed, opened, strict=False):
            assert not np.any(given & (depot == name) & (s["t_h"] > begin) & (s["t_h"] < end)), f"{name} from {begin}"


def is_led(scenario: Scenario) -> bool:
    """Tell whether a hazard or an illness leads to needs."""
    hazards = [hazard for hazard in scenario.world.hazards.values() if isinstance(hazard, Local | Poisoning)]
    return scenario.world.epidemic is not None or any(hazard.leads_to for hazard in hazards)


def check_led(scenario: Scenario, result: Result) -> None:
    """Needs are as they must be; to the bit in their order and patience where all are known beforehand."""
    cycle = scenario.world.life_cycle
    if not is_led(scenario):
        check_needs(scenario, result)
        if cycle is None or not cycle.conditions:
            check_patience(scenario, result)
    n = result.columns("needs")
    end, started = names(n["end"]), had(n["started_h"])
    left = end == "abandoned"
    assert np.all(n["closed_h"][left] >= n["requested_h"][left])
    assert not started[left].any()
    assert np.all(started[end == "met"])
    for earlier, later in (("onset_h", "requested_h"), ("requested_h", "dispatched_h"), ("started_h", "closed_h")):
        both = had(n[earlier]) & had(n[later])
        assert np.all(n[later][both] >= n[earlier][both] - TINY), f"{later} before {earlier}"


def check_phases(scenario: Scenario, result: Result) -> None:
    """Each need says the phase of its onset as the table of phases has it, and no phase lasts less than it must."""
    phases, n = result.frame("phases"), result.columns("needs")
    if phases.empty:
        return
    assert phases["end_h"].tolist()[:-1] == phases["begin_h"].tolist()[1:]
    place = np.searchsorted(phases["begin_h"], n["onset_h"], side="right") - 1
    assert names(n["phase"]).tolist() == phases["phase"].to_numpy()[place].tolist()
    cycle = scenario.world.life_cycle
    if cycle is not None and cycle.conditions:
        ways = {(turn.from_, turn.to): turn.at_least for turn in reversed(cycle.conditions)}
        turns = list(zip(phases["phase"], phases["phase"][1:], strict=False))
        assert set(turns) <= set(ways)
        assert all(length >= 1 for length in (phases["end_h"] - phases["begin_h"])[:-1])


def check_struck(scenario: Scenario, result: Result) -> None:
    """Stock and people aside: visits come in order, and a blocked one takes its goods back."""
    v = result.columns("visits")
    outcome = names(v["outcome"])
    assert np.array_equal(np.bincount(v["need"], minlength=result.columns("needs")["need"].size),
                          result.columns("needs")["attempts"])  # fmt: skip
    order = np.lexsort((v["attempt"], v["need"]))
    same = v["need"][order][1:] == v["need"][order][:-1]
    ended = until(v["ended_h"], scenario.end_h)
    assert np.all(v["dispatched_h"][order][1:][same] >= ended[order][:-1][same]), "two at one need"
    assert int((names(result.columns("needs")["end"]) == "met").sum()) == int((outcome == "closed").sum())


CHECKS = (
    check_came, check_ways, check_sent, check_stores, check_led, check_phases, check_struck, check_days,
    check_levels, check_stock, check_consumption,
)  # fmt: skip


@many(90)
@given(hazardous(), st.integers(0, 1000))
def test_everything_balances_with_hazards(data, seed):
    """Laws 4 to 7, and those of hazards: whatever strikes, people, needs and goods balance, and levels hold."""
    balances(data, seed, CHECKS)


@many(12)
@given(hazardous(), st.integers(0, 1000))
def test_the_same_run_again(data, seed):
    """Laws 1 and 10: run twice the digest is the same, however often is looked, and identical variants differ by 0."""
    same_again(data, seed)
    same_as_its_twin(data, seed)


@many(40)
@given(hazardous(sessions=True, at_once=False), st.integers(0, 1000))
def test_everything_balances_with_sessions(data, seed):
    """The same with cases of several sessions, whose workers keep going to their own clients."""
    balances(data, seed, CHECKS)


# -- hazards that never rise ------------------------------------------------------------------------------------------

CALM = {
    "flood": {"curve": [["0 h", -1], ["9 h", 0], ["1 d", -2]]}, "storm": {"curve": [["0 h", 0], ["9 h", 17]]},
    "heatwave": {"curve": [["0 h", 20], ["9 h", 30]]}, "earthquake": {"shocks": [["3 h", 0], ["9 h", 0]]},
}  # fmt: skip


def calm(data: Data, *, strong: bool) -> Data:
    """Return a scenario with one hazard of each kind with every effect, none of which ever rises above its heights."""
    data = deepcopy(data)
    world, response = data["world"], data["response"]
    first, last = min(world["needs"]), max(world["needs"])
    height = 9.0 if strong else 0.0
    effects = dict.fromkeys(("blocks_over", "keeps_home_over", "keeps_out_over", "closes_stores_over"), height) | {
        "leads_to": {first: {"over": height, "share": 1}, last: {"over": height, "share": 1, "of": "building"}},
        "cuts": {"power": {"over": height}},
    }  # fmt: skip
    world["outages"] = {"power": {}}
    world["hazards"] = {**world.get("hazards", {})}
    for kind, level in CALM.items():
        higher = {"curve": [["0 h", 0], ["5 h", 31]]} if strong and "curve" in level else level
        if strong and kind == "flood":
            higher = {"curve": [["0 h", 1], ["5 h", 9], ["9 h", 3]]}
        if strong and kind == "storm":
            higher = {"curve": [["0 h", 20], ["5 h", 26], ["9 h", 3]]}
        world["hazards"][kind] = {"kind": kind, **higher, **effects}
    world["hazards"]["fire"] = {"kind": "fire", "burns": "5 h", "buildings": ["b1"], "begins": "2 h", **effects} | (
        {} if strong else {"begins": "700 d"}
    )
    world["hazards"]["meal"] = {
        "kind": "poisoning", "at": "2 h", "eats": 1 - strong, "attack": int(strong), "incubation": "1 h",
        "leads_to": {first: 1}, "away": "1 d",
    }  # fmt: skip
    for unit in response["organisation"]["units"].values():
        unit["crosses"] = ["flood"]
    return data


@pytest.mark.parametrize("strong", [False, True])
@many(25)
@given(data=scenarios(), seed=st.integers(0, 1000))
def test_hazards_that_never_rise_change_nothing(data, seed, strong):
    """Law 2: all of them there with every effect, below their heights or touching them: every table keeps every bit."""
    before, after = validate(data, "random"), validate(calm(data, strong=strong), "random")
    assert differing(before, after, seed, ("gauges", "runs")) == set()


@many(25)
@given(scenarios(), st.integers(0, 1000), one_in_five)
def test_a_hazard_elsewhere_in_time_changes_nothing(data, seed, before):
    """What strikes after the end of the run, with every effect, is none of this run."""
    after = deepcopy(data)
    hazard = {
        "kind": "flood",
        "curve": [["0 h", 2]],
        "begins": "200 d",
        "leads_to": {min(data["world"]["needs"]): {"share": 1}},
    }
    effects = dict.fromkeys(("blocks_over", "keeps_home_over", "keeps_out_over", "closes_stores_over"), 0)
    hazard |= {} if before else effects
    after["world"]["hazards"] = data["world"].get("hazards", {}) | {"later": hazard}
    assert differing(validate(data, "random"), validate(after, "random"), seed, ("gauges", "runs")) == set()
