"""What hazards with a level do and do not, each effect alone on a micro estate; and what attack on them found.

Each effect is switched on and off under the same luck: it shows what it claims, and touches nothing else. The phases
by conditions stand at the end: circles, windows of what is confirmed, and rates that follow the phase that is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim import Result
from sim.errors import InputError
from sim.model import CrisisModel
from sim.response.phases import Phases
from sim.spec.patches import merge, validate
from tests.mechanisms.pairs import Data, columns, commander, law, log, micro, need, played, unit

ALWAYS = [["0 h", 2]]
BOATS = unit(1, crosses=["river"])
OUTSIDE = {"from": "outside"}
HILL = ["b3", "b4"]
"""The buildings of the zone that the water does not reach."""


def flood(begins: str = "1 h", ends: str | None = None, **more: Any) -> Data:
    """Return water that stands 2 m high between two times, everywhere where nothing is said."""
    return {"kind": "flood", "curve": ALWAYS, "begins": begins, **({"ends": ends} if ends else {}), **more}


def river(begins: str = "1 h", ends: str | None = None, **more: Any) -> Data:
    """Return that water in the zone by the river: at b1 and b2."""
    return flood(begins, ends, zones=["river"], **more)


def town(units: Data, wants: Data, hazards: Data | None = None, *, world: Data | None = None, **more: Any) -> Data:
    """Return 60 residents in 20 households in 4 buildings, two by the river and two on the hill."""
    data = micro(units, wants, world={**(world or {}), "hazards": hazards or {}}, **more)
    zoned = {"zones": ["river", "hill"]}
    return merge(data, {"world": {"community": zoned}})


def one_house(data: Data) -> Data:
    return merge(data, {"world": {"community": {"buildings": 1, "zones": ["river"]}}})


def changed(off: Data, on: Data, events: tuple[str, ...] = ()) -> set[str]:
    """Return the tables in which two scenarios differ, but for some kinds of event."""
    left, right = columns(off, ("gauges",), events), columns(on, ("gauges",), events)
    return {column.partition(".")[0] for column in left if left[column] != right[column]}


def of_type(result: Result, kind: str) -> Any:
    needs = result.frame("needs")
    return needs[needs["need_type"] == kind]


def visits(result: Result) -> Any:
    """Return the visits with what is known of their needs."""
    needs = result.frame("needs")[["need", "building", "need_type", "requested_h", "closed_h", "end", "urgency"]]
    return result.frame("visits").merge(needs, on="need")


def known_spells(result: Result) -> list[tuple[str, float, float]]:
    """Return (building, from, until) of the times at which it was known that a way was cut."""
    begun: dict[str, float] = {}
    spells = []
    for row in result.frame("events").itertuples():
        if row.event == "way_found_cut":
            begun.setdefault(row.subject, row.t_h)
        elif row.event == "way_open" and row.subject in begun:
            spells.append((row.subject, begun.pop(row.subject), row.t_h))
    return spells + [(building, since, result.end_h) for building, since in begun.items()]


def sent_in_vain(result: Result, crossing: tuple[str, ...] = ("boats",)) -> Any:
    """Return the visits that set out for a building known to be cut off by people who cannot cross."""
    sent = visits(result)
    sent = sent[~sent["unit"].isin(crossing)]
    vain = np.zeros(len(sent), bool)
    for building, since, until in known_spells(result):
        vain |= (
            (sent["building"] == building) & (sent["dispatched_h"] > since) & (sent["dispatched_h"] < until)
        ).values
    return sent[vain]


CREW = {"crew": unit(2)}
BOX = {"box": need(3)}
QUIET = {"rescue": need(0, urgency=1), "pump": need(0)}

# -- needs that it drives ---------------------------------------------------------------------------------------------


def test_a_flood_drives_needs_where_and_while_it_stands_and_as_much_as_it_says():
    """A driven type arises only under water, at rate × gain × metres; a type that it does not drive keeps every bit."""
    wants = {"water": need(6), **BOX}
    off = town({"crew": unit(2, skills=["x"])}, {**BOX, "water": need(0)}, hours=100)
    driven = {"drives": ["water"], "gain": 3.0}
    on = town({"crew": unit(2, skills=["x"])}, wants, {"r": river("20 h", "70 h", **driven)}, hours=100)
    result = played(on)
    water = of_type(result, "water")
    assert water["onset_h"].between(20, 70).all()
    assert set(water["zone"]) == {"river"}
    expected = 6 * 3.0 * 2 * 50 * (result.frame("needs")["zone"].size and 0.5)
    assert len(water) == pytest.approx(expected, abs=5 * expected**0.5 + 0.05 * expected)
    kept = ["resident", "onset_h", "requested_h"]
    assert of_type(result, "box")[kept].values.tolist() == of_type(played(off), "box")[kept].values.tolist()


def test_a_flood_that_drives_nothing_touches_nothing():
    """Without effects a level is weather: every table keeps every bit."""
    assert changed(town(CREW, BOX), town(CREW, BOX, {"r": flood()})) == set()


# -- needs that it leads to -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "column"), [("resident", "resident"), ("household", "household"), ("building", "building")]
)
def test_everybody_where_it_strikes_comes_to_need_it_once(of: str, column: str):
    """With share 1: one need for each resident, household or building by the river, and none on the hill."""
    strikes = {"over": 1, "share": 1, "of": of}
    on = town({}, QUIET, {"r": river(leads_to={"rescue": strikes})})
    rescue, people = of_type(played(on), "rescue"), CrisisModel(validate(on, "x")).population
    inside = np.isin(people.building, [0, 1])
    number = {"resident": np.arange(people.size), "household": people.household, "building": people.building}[of]
    assert len(rescue) == np.unique(number[inside]).size
    assert rescue[column].is_unique
    assert set(rescue["zone"]) == {"river"}
    assert (rescue["onset_h"] == 1.0).all()


def test_shares_are_nested_and_others_keep_their_luck():
    """Who needs it at 0.3 needs it at 0.7, at the same moment; needs that it does not lead to keep every bit."""
    delay = law("2 h")
    few, more = (
        played(town(CREW, {**BOX, **QUIET}, {"r": flood(leads_to={"rescue": {"share": s, "delay": delay}})}))
        for s in (0.3, 0.7)
    )
    left, right = (set(map(tuple, of_type(result, "rescue")[["resident", "onset_h"]].values)) for result in (few, more))
    assert left < right
    assert 0 < len(left) < 0.5 * 60 < len(right) < 60
    kept = ["resident", "onset_h", "requested_h"]
    off = of_type(played(town(CREW, {**BOX, **QUIET})), "box")[kept].values.tolist()
    assert of_type(more, "box")[kept].values.tolist() == off


def test_shares_by_age_strike_those_ages():
    """An age band with share 1 beside share 0 for all others strikes that band and nobody else."""
    ages = {"0-14": 0.3, "15-59": 0.4, "60-99": 0.3}
    on = town({}, QUIET, {"r": flood(leads_to={"rescue": {"share": 0, "by_age": {"60-120": 1}}})})
    on = merge(on, {"world": {"community": {"ages": ages}}})
    people = CrisisModel(validate(on, "x")).population
    assert set(of_type(played(on), "rescue")["resident"]) == set(np.flatnonzero(people.age >= 60).tolist())


def test_what_it_leads_to_is_the_hazards_and_served_as_others_are():
    """A need that a hazard leads to is asked for, waits and is met like every other one."""
    on = town(CREW, QUIET, {"r": river(leads_to={"rescue": {"share": 0.3}})}, tail=24)
    rescue = of_type(played(on), "rescue")
    assert (rescue["end"] == "met").all()
    assert (rescue["started_h"] >= rescue["requested_h"]).all()


@pytest.mark.parametrize("hazard", [
    {"kind": "earthquake", "shocks": [["2 h", 6], ["6 h", 6]]},
    {"kind": "flood", "curve": [["0 h", 0], ["2 h", 2], ["4 h", 0], ["6 h", 2], ["8 h", 0]]},
    {"kind": "storm", "curve": [["0 h", 0], ["2 h", 30], ["4 h", 0], ["6 h", 30], ["8 h", 0]]},
    {"kind": "heatwave", "curve": [["0 h", 20], ["2 h", 40], ["4 h", 20], ["6 h", 40], ["8 h", 20]]},
], ids=lambda hazard: hazard["kind"])  # fmt: skip
def test_each_passing_strikes_again_with_luck_of_its_own(hazard: Data):
    """Two shocks, floods, gusts or hot days: two times at which people are hurt, and not the same people."""
    rescue = of_type(
        played(town({}, QUIET, {"h": hazard | {"leads_to": {"rescue": {"over": 1, "share": 0.5}}}})), "rescue"
    )
    first, second = (set(rescue[rescue["onset_h"].between(*when)]["resident"]) for when in ((0, 4), (4, 9)))
    assert 15 < len(first) < 45
    assert 15 < len(second) < 45
    assert first != second
    assert len(first) + len(second) == len(rescue)


def test_a_fire_harms_those_of_its_buildings_while_others_sleep():
    """A fire is somewhere: who does not live there comes to need nothing of it."""
    fire = {"kind": "fire", "begins": "3 h", "burns": "2 h", "buildings": ["b2"], "leads_to": {"rescue": {"share": 1}}}
    rescue = of_type(played(town({}, QUIET, {"f": fire})), "rescue")
    assert set(rescue["building"]) == {"b2"}
    assert rescue["onset_h"].tolist() == pytest.approx([3.0] * len(rescue), abs=1e-5)


def test_heat_is_worse_where_it_is_hotter():
    """Who lives under the roof is over the height when the others are not."""
    heat = {"kind": "heatwave", "curve": [["0 h", 20], ["6 h", 31], ["12 h", 20]], "hotter": {"b3": 4}}
    rescue = of_type(played(town({}, QUIET, {"h": heat | {"leads_to": {"rescue": {"over": 2, "share": 1}}}})), "rescue")
    assert set(rescue["building"]) == {"b3"}


# -- ways -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("desk", ["skill", "nearest", "random", "optimal"])
@pytest.mark.parametrize("travel", [None, {}])
def test_a_cut_way_is_found_out_once_and_then_only_boats_are_sent(desk: str, travel: Data | None):
    """By each rule of matching: those who cannot cross are sent in vain until one has found out; boats get through."""
    more = {"desks": {"all": {"match": desk}}} | ({} if travel is None else {"travel": travel})
    off = town({"crew": unit(2), "boats": BOATS}, BOX, {"river": flood("3 h", zones=["river"])}, **more)
    on = merge(off, {"world": {"hazards": {"river": {"blocks_over": 1}}}})
    assert not (visits(played(off))["outcome"] == "blocked").any()
    result = played(on)
    sent = visits(result)
    blocked = sent[sent["outcome"] == "blocked"]
    assert set(blocked["building"]) <= {"b1", "b2"}
    assert (blocked["unit"] == "crew").all()
    assert sent_in_vain(result).empty
    through = sent[(sent["zone"] if "zone" in sent else sent["building"].isin(["b1", "b2"])) & (sent["arrived_h"] >= 3)]
    assert set(through[through["outcome"] == "closed"]["unit"]) == {"boats"}
    opened = log(result, "way_cut")
    assert opened["t_h"].tolist() == [3.0, 3.0]


def test_what_waits_behind_a_cut_way_is_offered_when_it_opens():
    """Nobody gets there before, and everybody is served after; the hill is served all the time."""
    result = played(town({"crew": unit(4)}, BOX, {"river": river("0 h", "8 h", blocks_over=1)}))
    met = visits(result)
    met = met[met["outcome"] == "closed"]
    assert (met[~met["building"].isin(HILL)]["started_h"] >= 8).all()
    assert (met[met["building"].isin(HILL)]["started_h"] < 8).any()
    waited = result.frame("needs")
    waited = waited[(waited["zone"] == "river") & (waited["requested_h"] < 8)]
    assert len(waited) > 5
    assert (waited["dispatched_h"] <= waited["started_h"]).all()
    assert (waited["end"] == "met").all()


def test_who_gives_up_behind_a_cut_way_has_abandoned():
    """Patience runs out behind the water as anywhere: the end is abandonment at the deadline, and nobody comes."""
    wants = {"box": need(4, patience="1 h")}
    needs = played(town({"crew": unit(4)}, wants, {"river": river("0 h", blocks_over=1)})).frame("needs")
    needs = needs[needs["requested_h"] < 22]
    behind = needs[(needs["zone"] == "river")]
    assert (behind["end"] == "abandoned").all()
    assert np.allclose(behind["closed_h"] - behind["requested_h"], 1.0)


def test_two_hazards_that_cut_the_same_building_open_it_when_both_are_over():
    """Whichever ends first, the way is open when the last has gone; who crosses one does not cross the other."""
    hazards = {"river": flood("0 h", "4 h", blocks_over=1), "smoke": flood("2 h", "9 h", blocks_over=1)}
    result = played(one_house(town({"crew": unit(2), "boats": BOATS}, BOX, hazards)))
    met = visits(result)
    met = met[met["outcome"] == "closed"]
    assert not met["arrived_h"].between(2, 9, inclusive="left").any()
    assert (met[met["unit"] == "boats"]["arrived_h"] < 2).any()
    assert log(result, "way_open")["t_h"].tolist() == [9.0]
    assert met[met["arrived_h"] >= 9].shape[0] > 3


def test_ambulances_wait_at_the_water_and_others_do_not():
    """Who comes by road stands there until the way is open; a helicopter does not."""
    ill = {"ill": need(2, referral={"after": "1 min", "to": "ambulance"})}
    base = town({"crew": unit(0)}, ill, {"river": flood("0 h", "9 h", blocks_over=1)})
    for by_road in (True, False):
        outside = {"outside": {"ambulance": {"delay": "10 min", "by_road": str(by_road).lower()}}}
        there = log(played(merge(base, {"response": outside})), "outside_there")["t_h"]
        assert (there < 9).any() != by_road
        assert (there >= 9).any()


def test_requests_without_stock_behind_a_cut_way_are_resumed_and_cross_with_boats():
    """A parked request whose goods have come goes to whoever can get there, not to who cannot."""
    supplies = {"store": {"stock": {"box": 2}, "policy": {"base_stock": 4}, "lead_time": "90 min"}}
    data = town({"crew": unit(2), "boats": BOATS}, {"box": need(3, items={"box": 1})},
                {"river": river("0 h", blocks_over=1)}, supplies=supplies, tail=24)  # fmt: skip
    result = played(data)
    sent = visits(result)
    assert sent_in_vain(result).empty
    assert (sent[(sent["outcome"] == "closed") & ~sent["building"].isin(HILL)]["unit"] == "boats").all()
    assert "back_ordered" in set(result.frame("stock")["event"])
    returned = result.frame("stock")
    assert (returned["event"] == "returned").sum() == (sent["outcome"] == "blocked").sum()


@pytest.mark.parametrize("rules", [{"triage": "first_come"}, {"match": "nearest"}, {"triage": "nearest"}])
def test_a_desk_that_changes_its_rules_remembers_what_is_cut(rules: Data):
    """New rules put all requests in line again: those behind the water still only for who can cross."""
    change = {"at": "5 h", "set": {f"desks.all.{key}": value for key, value in rules.items()}}
    data = town({"crew": unit(1), "boats": BOATS}, {"box": need(4)}, {"river": river("0 h", "9 h", blocks_over=1)},
                desks={"all": {}}, changes=[change])  # fmt: skip
    result = played(data)
    assert sent_in_vain(result).empty
    needs = result.frame("needs")
    assert (needs[needs["zone"] == "river"]["end"] == "met").all()


def test_a_request_that_rises_behind_the_water_stays_there():
    """A more urgent request is still not one that people without boats are sent to."""
    wants = {"box": need(4, urgency=4, escalate_after="30 min")}
    data = town({"crew": unit(1), "command": commander()}, wants, {"river": river("0 h", "9 h", blocks_over=1)})
    result = played(data)
    assert sent_in_vain(result).empty
    assert (of_type(result, "box")["escalated_h"] < 9).any()


# -- who comes to work ------------------------------------------------------------------------------------------------

SHIFTS = unit(20, shift=["00:00-08:00", "08:00-16:00", "16:00-24:00"])


def begun(result: Result, unit_: str = "crew") -> Any:
    shifts = result.frame("shifts")
    return shifts[shifts["unit"] == unit_]


def test_who_lives_where_the_water_stands_stays_at_home():
    """They miss the shifts that begin while it stands, and no other; who lives on the hill comes as ever."""
    base = town({"crew": unit(20, shift="08:00-16:00")}, {"box": need(0)}, {"r": river("6 h", "30 h")}, hours=72)
    on = merge(base, {"world": {"hazards": {"r": {"keeps_home_over": 1}}}})
    model = CrisisModel(validate(on, "x"))
    by_river = {p.number for p in model.people if model.dwellings.building(p) in (0, 1)}
    assert 0 < len(by_river) < 20
    off_, on_ = begun(played(base)), begun(played(on))
    for day, missing in ((0, by_river), (1, set()), (2, set())):
        came = [set(s[(s["rostered_from_h"] // 24) == day]["person"]) for s in (off_, on_)]
        assert came[0] - came[1] == missing, day


@pytest.mark.parametrize(("home", "comes"), [({}, True), (OUTSIDE, False)])
def test_people_from_outside_do_not_come_while_the_water_stands_anywhere(home: Data, comes: bool):
    """Who lives here does not have to come in; who lives elsewhere finds the roads closed."""
    team = {"crew": unit(3, shift="08:00-16:00", **home)}
    shifts = begun(played(town(team, {"box": need(0)}, {"r": river("6 h", "20 h", keeps_out_over=1)}, hours=48)))
    assert (shifts["rostered_from_h"] < 20).any() == comes
    assert (shifts["rostered_from_h"] > 20).any()


def test_who_works_from_elsewhere_is_not_kept_away():
    """No road lies between them and their work."""
    team = {"crew": unit(3, "liaison", shift="08:00-16:00", remote="true", **OUTSIDE)}
    data = town(team, {"call": need(1, by_phone="true")}, {"r": flood("0 h", keeps_out_over=1, keeps_home_over=1)})
    assert not begun(played(data)).empty


# -- utilities and stores ---------------------------------------------------------------------------------------------

POWER = {"outages": {"power": {}}}


@pytest.mark.parametrize(("damaged", "ends"), [("false", [5.0]), ("true", [])])
def test_what_is_cut_comes_back_with_the_water_gone_unless_it_is_damaged(damaged: str, ends: list[float]):
    """An outage begins where the level passes the height anywhere, once; damage stays until somebody repairs it."""
    cuts = {"cuts": {"power": {"over": 1, "damaged": damaged}}}
    result = played(town(CREW, BOX, {"r": flood("2 h", "5 h", **cuts)}, world=POWER))
    assert log(result, "outage")["t_h"].tolist() == [2.0]
    assert log(result, "repaired")["t_h"].tolist() == ends
    own = ("outage", "repaired")
    assert changed(town(CREW, BOX, world=POWER), town(CREW, BOX, {"r": flood(**cuts)}, world=POWER), own) == set()


def test_a_desk_that_depends_on_the_power_stands_still_while_it_is_cut():
    """The cut reaches whoever depends on it: nobody is sent between."""
    data = town({"crew": unit(5)}, BOX, {"r": flood("2 h", "9 h", cuts={"power": {}})}, world=POWER,
                desks={"all": {"depends_on": "power"}})  # fmt: skip
    sent = played(data).frame("visits")["dispatched_h"]
    assert not sent.between(2, 9, inclusive="left").any()
    assert sent.between(9, 9.1).any()


def test_two_hazards_cut_as_long_as_one_of_them_does():
    """Power comes back when the last that cuts it has gone."""
    cuts = {"cuts": {"power": {"over": 1}}}
    hazards = {"a": flood("2 h", "5 h", **cuts), "b": river("3 h", "8 h", **cuts)}
    result = played(town(CREW, BOX, hazards, world=POWER))
    assert log(result, "repaired")["t_h"].tolist() == [8.0]


@pytest.mark.parametrize("travel", [None, {}])
def test_a_store_under_water_gives_nothing_out(travel: Data | None):
    """The store by the river is closed while the water stands; the one on the hill gives out, and the first after."""
    supplies = {"low": {"zone": "river", "stock": {"box": 99}}, "high": {"zone": "hill", "stock": {"box": 15}}}
    more = {} if travel is None else {"travel": travel}
    base = town({"crew": unit(4)}, {"box": need(4, items={"box": 1})}, {"r": river("2 h", "10 h")},
                supplies=supplies, **more)  # fmt: skip
    on = merge(base, {"world": {"hazards": {"r": {"closes_stores_over": 1}}}})
    result = played(on)
    out = result.frame("stock")
    out = out[out["event"].isin(["issued", "allocated"])]
    assert not out[out["depot"] == "low"]["t_h"].between(2, 10, inclusive="left").any()
    assert out[out["depot"] == "high"]["t_h"].between(2, 10).any()
    assert (out[out["depot"] == "low"]["t_h"] >= 10).any(), "what waits is served when the store opens"
    assert log(result, "store_closed")["subject"].tolist() == log(result, "store_open")["subject"].tolist() == ["low"]
    needs = result.frame("needs")
    waited = needs[(needs["requested_h"] < 18) & (needs["zone"] == "river")]
    assert (waited["end"] == "met").all()
    assert changed(base, on, ("store_closed", "store_open")) <= {"stock", "needs", "visits", "units", "people"}


# -- a meal -----------------------------------------------------------------------------------------------------------

MEAL = {"kind": "poisoning", "at": "2 h", "eats": 1, "attack": 0.5, "incubation": law("3 h"), "leads_to": {"rescue": 1}}


def test_who_ate_falls_ill_after_the_incubation():
    """Needs begin after the meal, each resident's once, of the zones and groups that ate; shares are nested."""
    result = played(town({}, QUIET, {"m": MEAL | {"zones": ["hill"]}}, hours=40))
    rescue = of_type(result, "rescue")
    assert (rescue["onset_h"] > 2).all()
    assert rescue["resident"].is_unique
    assert set(rescue["zone"]) == {"hill"}
    wait = (rescue["onset_h"] - 2).mean()
    assert wait == pytest.approx(3, abs=4 * 3 / len(rescue) ** 0.5)
    all_ = of_type(played(town({}, QUIET, {"m": MEAL}, hours=40)), "rescue")
    assert set(rescue["resident"]) < set(all_["resident"])
    fewer = of_type(played(town({}, QUIET, {"m": MEAL | {"attack": 0.2}}, hours=40)), "rescue")
    assert set(fewer["resident"]) < set(all_["resident"])


def test_workers_who_ate_stay_away_and_come_back():
    """Who is ill leaves the post, misses the shifts of that time, and comes again; who did not eat works on."""
    away = MEAL | {"attack": 1, "incubation": "2 h", "away": "30 h", "zones": ["river"]}
    data = town({"crew": unit(20, shift="02:00-10:00")}, QUIET, {"m": away}, hours=72)
    model = CrisisModel(validate(data, "x"))
    ill = {p.number for p in model.people if model.dwellings.building(p) in (0, 1)}
    result = played(data)
    assert {int(number) for number in log(result, "ill")["subject"]} == ill
    shifts = begun(result)
    first = shifts[shifts["rostered_from_h"] < 4]
    assert set(first[first["left_h"] == 4.0]["person"]) == ill
    assert not set(shifts[shifts["rostered_from_h"].between(20, 30)]["person"]) & ill
    assert set(shifts[shifts["rostered_from_h"].between(44, 60)]["person"]) >= ill


def test_the_kitchen_is_sealed_for_a_time():
    """The store gives nothing out from so long after the meal, for so long, and everything that waits then."""
    sealed = MEAL | {"closes": ["kitchen"], "closed_after": "1 h", "closed_for": "4 h"}
    data = town({"crew": unit(4)}, {"box": need(4, items={"box": 1}), **QUIET}, {"m": sealed},
                supplies={"kitchen": {"stock": {"box": 99}}})  # fmt: skip
    out = played(data).frame("stock")
    out = out[out["event"].isin(["issued", "allocated"])]["t_h"]
    assert not out.between(3, 7, inclusive="left").any()
    assert (out == 7.0).any()


def test_a_store_that_is_sealed_and_flooded_opens_when_both_are_over():
    """Two reasons to be closed are counted."""
    sealed = MEAL | {"closes": ["kitchen"], "closed_after": "1 h", "closed_for": "4 h"}
    data = town({"crew": unit(4)}, {"box": need(4, items={"box": 1}), **QUIET},
                {"m": sealed, "r": flood("5 h", "9 h", closes_stores_over=1)},
                supplies={"kitchen": {"stock": {"box": 99}}})  # fmt: skip
    result = played(data)
    assert log(result, "store_closed")["t_h"].tolist() == [3.0]
    assert log(result, "store_open")["t_h"].tolist() == [9.0]


# -- what attack found ------------------------------------------------------------------------------------------------


def test_water_that_touches_the_height_cuts_again_as_it_rises():
    """After the touch it stands above the height until the end: nobody gets through."""
    curve = [["1.28 h", 1], ["3.43 h", 0.5], ["4.2 h", 1]]
    data = one_house(town({"crew": unit(2)}, BOX, {"r": {"kind": "flood", "curve": curve, "blocks_over": 0.5}}))
    sent = visits(played(data))
    assert not sent[sent["arrived_h"] > 3.44]["outcome"].isin(["closed"]).any()


def test_a_shock_right_after_the_last_does_not_end_the_run():
    """Shocks must be further apart than they last, or the levels of two would overlap."""
    quake = {"kind": "earthquake", "shocks": [["1 h", 5], ["2.0000001 h", 7]], "lasts": "1 h", "blocks_over": 1}
    with pytest.raises(InputError, match="further apart"):
        played(town(CREW, BOX, {"q": quake}))


def test_a_telephone_rings_behind_the_water_too():
    """A need that a call meets has no way to be cut: it is answered, whatever visits have found out."""
    wants = {"call": need(2, by_phone="true"), "box": need(2)}
    calls = of_type(played(town({"crew": unit(3)}, wants, {"r": flood("0 h", blocks_over=1)})), "call")
    assert (calls.loc[calls["cohort"], "end"] == "met").all()


@pytest.mark.parametrize("effect", ["keeps_out_over", "keeps_home_over"])
def test_who_works_around_the_clock_comes_when_the_water_has_gone(effect: str):
    """Kept away at the beginning, they come when nothing keeps them any more, as they do when a lockdown ends."""
    home = OUTSIDE if effect == "keeps_out_over" else {}
    data = town({"crew": unit(3, **home)}, BOX, {"r": flood("0 h", "5 h", **{effect: 1})})
    assert begun(played(data))["rostered_from_h"].tolist() == [5.0, 5.0, 5.0]


def test_damage_is_not_mended_by_another_flood_that_goes():
    """What the first flood has damaged stays out until it is repaired, though a second, harmless one comes and goes."""
    hazards = {
        "a": flood("1 h", "2 h", cuts={"power": {"damaged": "true"}}), "b": flood("3 h", "4 h", cuts={"power": {}}),
    }  # fmt: skip
    assert log(played(town(CREW, BOX, hazards, world=POWER)), "repaired").empty


def test_an_outage_with_times_of_its_own_lasts_as_long_as_it_says():
    """The power that is out from 1 h to 10 h does not come back at 5 h because a flood has cut it too and gone."""
    world = {"outages": {"power": {"begins": "1 h", "ends": "10 h"}}}
    result = played(town(CREW, BOX, {"r": flood("2 h", "5 h", cuts={"power": {}})}, world=world))
    assert log(result, "repaired")["t_h"].tolist() == [10.0]


def test_power_stays_out_while_the_water_stands():
    """The timed outage is over at 3 h; the flood cuts the power until 9 h."""
    world = {"outages": {"power": {"begins": "1 h", "ends": "3 h"}}}
    result = played(town(CREW, BOX, {"r": flood("2 h", "9 h", cuts={"power": {}})}, world=world))
    assert log(result, "repaired")["t_h"].tolist() == [9.0]


def test_nobody_is_sent_to_who_has_given_up_while_a_visit_was_blocked():
    """As after a visit without the skill: who has left by then is closed, and no second trip is made."""
    wants = {"box": need(6, patience=law("3 min"), service="20 min")}
    data = town({"crew": unit(2), "boats": unit(3, crosses=["river"])}, wants,
                {"river": flood("1 h", "11 h", blocks_over=1)}, travel={"speed_km_h": 0.5})  # fmt: skip
    sent = visits(played(data))
    assert not (sent["dispatched_h"] > sent["closed_h"]).any()


def test_nobody_is_sent_in_vain_to_a_case_of_their_own():
    """A session that falls due behind water that is known waits, as requests do."""
    wants = {"box": need(1, sessions={"count": 3, "every": "4 h"}, service="20 min")}
    data = town({"crew": unit(3)}, wants, {"r": flood("3 h", "20 h", blocks_over=1)}, hours=36, travel={})
    assert sent_in_vain(played(data)).empty


def test_a_session_that_is_blocked_at_once_leaves_its_worker_idle_once():
    """Where nobody travels a blocked visit takes no time: the worker is free again, one person and not two."""
    wants = {"box": need(1, sessions={"count": 3, "every": "4 h"}, service="20 min")}
    played(micro({"crew": unit(3)}, wants, hours=36, world={"hazards": {"r": flood("3 h", "20 h", blocks_over=1)}}))


def test_when_a_way_opens_the_most_urgent_are_served_first():
    """People who stand idle when the way opens go where the triage rule sends them."""
    wants = {"box": need(2, urgency=3, service="6 h"), "ill": need(2, urgency=1, service="6 h")}
    for replication in range(6):
        data = one_house(town(unit_crew(1), wants, {"r": flood("0 h", "6 h", blocks_over=1)}, hours=6, tail=2))
        result = played(data, replication)
        needs = result.frame("needs")
        waited = needs[needs["requested_h"] < 6]
        first = waited[waited["dispatched_h"] == 6.0]
        first = first if len(first) else waited[waited["started_h"] == 6.0]
        assert first["urgency"].tolist() == [waited["urgency"].min()]


def unit_crew(count: int) -> Data:
    return {"crew": unit(count)}


def test_a_second_desk_knows_of_the_water_too():
    """'Then known to every desk': nor does the desk where somebody has asked again send in vain."""
    assert sent_in_vain(played(two_desks(12, "4 h", 1.0))).empty


def two_desks(per_hour: float = 3, begins: str = "1 h", speed: float = 0.3) -> Data:
    """Return boats at one desk, and people who cannot cross at another one where residents ask, too."""
    wants = {"box": need(per_hour, asks_elsewhere_after="10 min", service=law("20 min"))}
    desks = {"one": {"needs": ["box"], "units": ["boats"]}, "two": {"units": ["crew"], "also": ["box"]}}
    return town({"crew": unit(2), "boats": BOATS}, wants, {"river": flood(begins, blocks_over=1)},
                travel={"speed_km_h": speed}, desks=desks, shared_list="false")  # fmt: skip


def test_what_another_desk_has_met_is_not_asked_for_again():
    """A visit that is blocked at a need which boats have met meanwhile leaves it met: nobody sets out for it again."""
    for replication in range(6):
        sent = visits(played(two_desks(), replication))
        late = sent[sent["dispatched_h"] > sent["closed_h"]]
        assert set(late["outcome"]) <= {"duplicate"}, "but by a desk that cannot know"


def test_what_nobody_has_found_out_is_not_known_when_something_else_ends():
    """Boats have crossed the water all the time; that smoke cuts the way too is found out by the first who go."""
    hazards = {"river": flood("0 h", "6 h", blocks_over=1), "smoke": flood("5.9 h", "12 h", blocks_over=1)}
    wants = {"box": need(0), "rescue": need(0)}
    strikes = {"leads_to": {"box": {"share": 1, "of": "building"}}}
    hazards["first"] = flood("1 h", "2 h", **strikes)
    hazards["last"] = flood("7 h", "8 h", **strikes)
    data = one_house(town({"crew": unit(1)}, wants, hazards))
    assert played(data).frame("visits")["dispatched_h"].tolist()[:3] == [1.0, 6.0, 12.0]


def test_needs_are_numbered_by_onset():
    """As the data dictionary has it: what a hazard leads to stands among the others, in time."""
    data = town(CREW, {**BOX, **QUIET}, {"r": flood(leads_to={"rescue": {"share": 0.3}})})
    assert played(data).frame("needs")["onset_h"].is_monotonic_increasing


# -- phases by conditions ---------------------------------------------------------------------------------------------

TURNS = 200
"""Phases entered after which a run is taken to go round in a circle."""


def cycle(*conditions: Data, signals: Data | None = None, **more: Any) -> Data:
    return {"life_cycle": {"conditions": list(conditions), **more}, **({"signals": signals} if signals else {})}


def turn(before: str, after: str, when: Data, **more: Any) -> Data:
    return {"from": before, "to": after, "when": when, **more}


def phases(result: Result) -> list[tuple[str, float]]:
    table = result.frame("phases")
    return list(zip(table["phase"], table["begin_h"], strict=True))


@pytest.fixture
def no_circles(monkeypatch: pytest.MonkeyPatch) -> None:
    """End a run that enters phases without end, which else would never end by itself."""
    enter = Phases._enter

    def counted(self: Phases, phase: str) -> None:
        if len(self.log) > TURNS:
            raise RecursionError(f"{TURNS} phases entered by {self.clock.now} h")
        enter(self, phase)

    monkeypatch.setattr(Phases, "_enter", counted)


@pytest.mark.usefixtures("no_circles")
@pytest.mark.parametrize("when", [{"backlog_below": 1000}, {"stock_of": "box", "below": 9}])
def test_conditions_that_both_hold_do_not_turn_for_ever(when: Data):
    """From A to B and back, always: the clock goes on all the same, with at most one turn at a moment each way."""
    world = cycle(turn("warning", "emergency", when), turn("emergency", "warning", when))
    data = micro(CREW, BOX, world=world, supplies={"store": {"stock": {"box": 1}}})
    played(data)


@pytest.mark.usefixtures("no_circles")
def test_a_signal_turns_a_circle_once_each_time():
    """An order begins and ends the emergency in turn: each signal is one turn."""
    world = cycle(turn("warning", "emergency", {"signal": "order"}), turn("emergency", "warning", {"signal": "order"}),
                  signals={"order": ["3 h", "6 h"]})  # fmt: skip
    assert phases(played(micro(CREW, BOX, world=world))) == [("warning", 0), ("emergency", 3), ("warning", 6)]


def test_one_signal_ends_one_phase():
    """The order that has begun the emergency is no reason to leave it; the next one is."""
    order = {"signal": "order"}
    world = cycle(turn("warning", "emergency", order), turn("emergency", "protracted", order),
                  signals={"order": ["3 h", "6 h"]})  # fmt: skip
    assert phases(played(micro(CREW, BOX, world=world))) == [("warning", 0), ("emergency", 3), ("protracted", 6)]


def test_a_circle_with_a_least_length_turns_no_faster():
    """Where one way takes time, phases alternate, and each of them is what the needs of its time say."""
    always = {"backlog_below": 1000}
    world = cycle(
        turn("warning", "emergency", always, at_least="2 h"), turn("emergency", "warning", always, at_least="1 h")
    )
    result = played(micro(CREW, BOX, world=world))
    begins = [begin for _, begin in phases(result)]
    assert np.diff(begins).tolist() == ([2.0, 1.0] * 8)[:-1]
    agree(result)


def agree(result: Result) -> None:
    """Assert that each need says the phase of its onset, as the table of phases has it."""
    table, needs = result.frame("phases"), result.frame("needs")
    place = np.searchsorted(table["begin_h"], needs["onset_h"], side="right") - 1
    assert needs["phase"].tolist() == table["phase"].to_numpy()[place].tolist()
    assert table["end_h"].tolist()[:-1] == table["begin_h"].tolist()[1:]


def test_the_first_condition_that_holds_is_taken_and_phases_not_named_stay():
    """In the order in which they are written; a phase from which nothing leads lasts to the end."""
    always = {"backlog_below": 1000}
    world = cycle(turn("warning", "protracted", always), turn("warning", "emergency", always), begins="warning")
    result = played(micro(CREW, BOX, world=world))
    assert [phase for phase, _ in phases(result)] == ["warning", "protracted"]


class Script:
    """Positives confirmed at known times, in place of those that tests find."""

    def __init__(self, *times: float) -> None:
        self.confirmed = dict(enumerate(sorted(times)))

    @property
    def confirmed_count(self) -> int:
        raise AssertionError("not asked")


def scripted(monkeypatch: pytest.MonkeyPatch, when: Data, *times: float, hours: int = 100, **more: Any) -> float | None:
    """Return when a phase ends that begins at 10 h, if these are confirmed."""
    confirmed = Phases._confirmed
    script = Script(*times)

    def since(self: Phases, since_h: float) -> int:
        model, self.model = self.model, _With(self.clock.now, script)
        try:
            return confirmed(self, since_h)
        finally:
            self.model = model

    monkeypatch.setattr(Phases, "_confirmed", since)
    world = cycle(turn("warning", "emergency", {"signal": "go"}), turn("emergency", "resolution", when, **more),
                  signals={"go": "10 h"})  # fmt: skip
    found = dict(phases(played(micro(CREW, BOX, world=world, hours=hours, tail=0))))
    return found.get("resolution")


class _With:
    def __init__(self, now: float, script: Script) -> None:
        self.positives = type("P", (), {"confirmed": {k: t for k, t in script.confirmed.items() if t <= now}})()


@pytest.mark.parametrize(("times", "ends"), [
    ((), 34.0), ((9.0,), 34.0), ((20.0,), 44.0), ((20.5,), 45.0), ((11, 30, 50), 74.0),
    (tuple(range(10, 100, 20)), None),
])  # fmt: skip
def test_quiet_is_a_day_without_a_positive_since_the_phase_began(
    monkeypatch: pytest.MonkeyPatch, times: tuple[float, ...], ends: float | None
):
    """A full day after the last positive, looked at every hour, and never before the phase has lasted a day."""
    assert scripted(monkeypatch, {"quiet": "24 h"}, *times) == ends


@pytest.mark.parametrize("times", [
    (), (1, 2, 3), (10.5, 11, 12), (12, 13, 25, 26, 27), (12.5, 13.5, 20.5, 25.5, 26.5, 27.5, 28.5, 40.5),
    tuple(range(0, 100, 6)), tuple(n**1.5 for n in range(22)), tuple(100 * (n / 40) ** 0.5 for n in range(40)),
])  # fmt: skip
def test_falling_is_fewer_in_one_window_than_in_the_one_before(
    monkeypatch: pytest.MonkeyPatch, times: tuple[float, ...]
):
    """Fewer in the last twelve hours than in the twelve before, at the first look after twelve hours of the phase."""

    def count(since: float, until: float) -> int:
        return sum(since < time <= until for time in times)

    falls = (float(t) for t in range(22, 100) if count(t - 12, t) < count(t - 24, t - 12))
    assert scripted(monkeypatch, {"falling": "12 h"}, *times) == next(falls, None)


def test_a_stock_that_nobody_keeps_ends_no_phase():
    """A misspelt item is refused as in changes, where it is: else there is none of it, always, and the phase ends."""
    world = cycle(turn("warning", "emergency", {"stock_of": "boks", "below": 4}))
    with pytest.raises(InputError, match="boks"):
        validate(micro(CREW, BOX, world=world, supplies={"store": {"stock": {"box": 9}}}), "x")


# -- rates by the phase that is ---------------------------------------------------------------------------------------

ORDER_AT_6 = cycle(turn("warning", "emergency", {"signal": "order"}), signals={"order": "6 h"})
BY_TIMETABLE = {"life_cycle": {"timetable": {"warning": "6 h", "emergency": "5 d"}}}


@pytest.mark.parametrize("world", [BY_TIMETABLE, ORDER_AT_6], ids=["timetable", "conditions"])
def test_an_inject_when_the_backlog_grows_may_set_rates_by_phase(world: Data):
    """A conditional inject that says what a phase does is heard from then on, however the phases come."""
    inject = {"when": {"backlog_over": 0, "every": "1 min"}, "set": {"needs.box.by_phase": {"emergency": 0}}}
    result = played(micro({"crew": unit(0)}, {"box": need(9)}, world=world | {"injects": [inject]}))
    onset = result.frame("needs")["onset_h"]
    assert (onset < 6).sum() > 20
    assert not (onset >= 6).any()
    agree(result)


@pytest.mark.parametrize("world", [
    pytest.param(BY_TIMETABLE, id="timetable"),
    pytest.param(ORDER_AT_6, id="conditions"),
])  # fmt: skip
def test_a_timed_inject_may_set_rates_by_phase(world: Data):
    """The same with an inject at a time: a rate that is 0 in the emergency is 0 there however the phases come."""
    inject = {"at": "1 h", "set": {"needs.box.by_phase": {"emergency": 0}}}
    onset = played(micro({"crew": unit(0)}, {"box": need(9)}, world=world | {"injects": [inject]})).frame("needs")[
        "onset_h"
    ]
    assert not (onset >= 6).any()


@pytest.mark.parametrize("replay", ["true", "false"])
@pytest.mark.parametrize("conditions", [False, True])
def test_a_log_follows_the_phases(tmp_path: Path, conditions: bool, replay: str):
    """Requests of a log in a phase with factor 0 are none; a replayed log cannot wait for what the run decides."""
    path = tmp_path / "log.csv"
    path.write_text("t\n" + "\n".join(f"2022-01-01T{h:02}:{m:02}:00" for h in range(24) for m in range(0, 60, 20)))
    surge = {"kind": "surge", "log": {"file": str(path), "column": "t", "replay": replay}}
    world = (ORDER_AT_6 if conditions else BY_TIMETABLE) | {"hazards": {"calls": surge}}
    data = micro(CREW, {"box": need(1, by_phase={"warning": 0})}, world=world)
    if conditions and replay == "true":
        with pytest.raises(InputError, match="replayed"):
            played(data)
        return
    onset = played(data).frame("needs")["onset_h"]
    assert (onset >= 6).sum() > 20
    assert not (onset < 6).any()


def test_appointments_of_clients_do_not_have_rates_by_phase():
    """What is refused need not be played: clients come by appointment, whatever the phase."""
    group = {"group": "over_80", "every": "1 d", "share": 1}
    wants = {"visit": {"urgency": 2, "service": "10 min", "clients": group, "by_phase": {"emergency": 0}}}
    with pytest.raises(InputError, match="by_phase"):
        validate(micro(CREW, wants, world=ORDER_AT_6, shares={"over_80": 0.5}), "x")


def test_a_flood_brings_the_emergency_and_its_end_brings_it_down():
    """Needs that a hazard leads to fill the backlog; the phase follows, and rates with it; twice it is the same run."""
    world = cycle(
        turn("warning", "emergency", {"backlog_over": 8, "every": "10 min"}),
        turn("emergency", "resolution", {"backlog_below": 1, "every": "10 min"}, at_least="1 h"),
    )
    wants = {"rescue": need(0, service="20 min"), "box": need(2, by_phase={"warning": 0, "resolution": 0})}
    data = town({"crew": unit(3)}, wants, {"r": flood("4 h", "8 h", leads_to={"rescue": {"share": 0.5}})}, world=world,
                hours=48, tail=0)  # fmt: skip
    result = played(data)
    (first, _), (second, begin), (third, end) = phases(result)
    assert (first, second, third) == ("warning", "emergency", "resolution")
    assert 4 <= begin <= 4 + 1 / 6 + 1e-9
    assert of_type(result, "box")["onset_h"].between(begin, end).all()
    agree(result)
    assert result.digest() == played(data).digest()


def test_who_crosses_a_hazard_is_not_kept_out_by_it():
    """A hazard does not stop who crosses it: they come in while it stands, as others from outside do not.

    Another hazard that they do not cross keeps them out until it has gone, though the first still stands.
    """
    units = {"boats": unit(2, crosses=["river"], **OUTSIDE), "crew": unit(2, **OUTSIDE)}
    water, wind = flood("0 h", "20 h", keeps_out_over=1), flood("0 h", "10 h", keeps_out_over=1)
    for hazards, boats_h in (({"river": water}, 0), ({"river": water, "wind": wind}, 10)):
        result = played(town(units, BOX, hazards))
        assert begun(result, "boats")["rostered_from_h"].tolist() == [boats_h, boats_h]
        assert begun(result)["rostered_from_h"].tolist() == [20, 20]


@pytest.mark.parametrize("at", ["0 h", "3 h"])
@pytest.mark.parametrize("effect", ["keeps_out_over", "keeps_home_over"])
def test_who_is_hired_as_the_water_comes_is_kept_away_too(effect: str, at: str):
    """The level acts before anybody is hired at the same moment: all of them come when the water has gone."""
    home = OUTSIDE if effect == "keeps_out_over" else {}
    change = {"at": at, "set": {"organisation.units.crew.count": 3}}
    data = town({"crew": unit(1, **home)}, BOX, {"r": flood(at, "5 h", **{effect: 1})}, changes=[change])
    came = begun(played(data)).groupby("person")["rostered_from_h"].min()
    assert came.tolist() == [5.0 if at == "0 h" else 0.0, 5.0, 5.0]
