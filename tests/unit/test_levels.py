"""Levels of hazards: where a level stands, and over which times it is above a height, against a grid and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.chance import Chance
from sim.spec.community import Community
from sim.spec.local_hazards import Earthquake, Fire, Flood, Heatwave, Local, Storm
from sim.world.levels import Levels, Spells
from sim.world.population import populate

many = settings(derandomize=True, max_examples=150, deadline=None)
END_H = 48.0
COMMUNITY = {"residents": 40, "households": 20, "buildings": 4, "zones": ["river", "hill"]}


PEOPLE = populate(Community.model_validate(COMMUNITY), Chance(1, 0))
ZONE_OF = [PEOPLE.zone_names[zone] for zone in PEOPLE.building_zone]


def flood(*points: tuple[float, float], **more: Any) -> Flood:
    return Flood.model_validate({"kind": "flood", "curve": [[f"{t!r} h", v] for t, v in points], **more})


def of(hazard: Local, over: float = 0.0, building: int = 0, end_h: float = END_H) -> Spells:
    """Return the spells above a height at one building."""
    return Levels(hazard, PEOPLE).above(over, end_h).get(building, [])


def level(hazard: Local, *times: float, building: int = 0) -> list[float]:
    return Levels(hazard, PEOPLE).at(np.array(times), np.full(len(times), building)).tolist()


# -- any curve --------------------------------------------------------------------------------------------------------

quarters = st.integers(0, 4 * 60).map(lambda n: n / 4)
halves = st.integers(-4, 12).map(lambda n: n / 2)
tenths = st.integers(0, 600).map(lambda n: n / 10)
values = st.one_of(halves, st.floats(-2, 6, allow_nan=False))


@st.composite
def floods(draw: st.DrawFn) -> Flood:
    """Draw a flood of a few points, with a footprint, entrances, a beginning and an end as often as not."""
    times = sorted(draw(st.lists(st.one_of(quarters, tenths), min_size=1, max_size=7, unique=True)))
    more: dict[str, Any] = {"ground": {name: draw(halves) for name in draw(st.sets(st.sampled_from(NAMES)))}}
    if draw(st.booleans()):
        more["begins"] = f"{draw(quarters)} h"
    if draw(st.booleans()):
        more["ends"] = f"{draw(quarters) + 70} h" if draw(st.booleans()) else f"{draw(quarters) / 60 + 60.5} h"
    more["zones"] = draw(st.sampled_from([[], [], ["river"], ["hill"]]))
    more["buildings"] = draw(st.sampled_from([[], [], ["b1"], ["b2", "b4"]]))
    return flood(*((time, draw(values)) for time in times), **more)


NAMES = ("b1", "b3", "river", "hill")
GRID = np.linspace(0, END_H, 48 * 60 + 1, endpoint=False) + 0.0031  # beside every quarter and tenth of an hour


@many
@given(floods(), st.one_of(halves.map(abs), st.floats(0, 5, allow_nan=False)))
def test_spells_are_the_times_at_which_the_level_is_higher(hazard: Flood, over: float):
    """Inside a spell the level is higher than the height and outside it is not: the two never say different things."""
    levels = Levels(hazard, PEOPLE)
    spells = levels.above(over, END_H)
    grid = GRID[GRID < END_H]
    for building in range(4):
        there = levels.at(grid, np.full(grid.size, building))
        inside = np.zeros(grid.size, bool)
        edge = np.zeros(grid.size, bool)
        for begin, end in spells.get(building, []):
            inside |= (grid > begin) & (grid < end)
            edge |= (np.abs(grid - begin) < 1e-6) | (np.abs(grid - end) < 1e-6)
        clear = ~edge & (np.abs(there - over) > 1e-9)
        assert np.array_equal((there > over)[clear], inside[clear])


@many
@given(floods(), halves.map(abs))
def test_spells_lie_in_the_run_and_last(hazard: Flood, over: float):
    """Spells have a length, and lie between the beginning and the end; who is not there has none, not an empty list."""
    last = END_H if hazard.ends is None else min(END_H, hazard.ends)
    for building, spells in Levels(hazard, PEOPLE).above(over, END_H).items():
        assert spells
        inside = not (hazard.zones or hazard.buildings)
        assert inside or ZONE_OF[building] in hazard.zones or f"b{building + 1}" in hazard.buildings
        for begin, end in spells:
            assert hazard.begins - 1e-9 <= begin < end <= last + 1e-9


@many
@given(floods(), halves.map(abs), halves.map(abs))
def test_a_greater_height_is_passed_for_no_longer(hazard: Flood, over: float, more: float):
    """The higher, the shorter: what is above the greater height is above the lesser one too."""
    levels = Levels(hazard, PEOPLE)
    low, high = levels.above(over, END_H), levels.above(over + more, END_H)
    for building, spells in high.items():
        for begin, end in spells:
            assert any(b <= begin + 1e-9 and end <= e + 1e-9 for b, e in joined(low[building]))


def joined(spells: Spells) -> Spells:
    """Return spells with those that touch made one."""
    parts: Spells = []
    for begin, end in spells:
        if parts and begin <= parts[-1][1] + 1e-9:
            parts[-1] = parts[-1][0], end
        else:
            parts.append((begin, end))
    return parts


APART = "a crossing at a point of the curve is computed, not taken: it may lie an ulp after it: sim/world/levels.py:67"


def test_spells_never_overlap():
    """One spell ends before the next begins, to the bit: else its end takes back what the next has begun."""
    for first in range(100, 130):
        for second in range(first + 1, 400):
            low, last = first / 100, second / 100
            hazard = flood((low, 1.0), (last, 0.5), (last + 1, 1.0))
            spells = of(hazard, 0.5)
            assert all(end <= begin for (_, end), (begin, _) in zip(spells, spells[1:], strict=False)), spells


# -- heights that are touched -----------------------------------------------------------------------------------------


def test_a_height_that_is_only_reached_is_not_passed():
    """Higher means higher: water that rises to the threshold and falls again has not come in."""
    assert of(flood((0, 0), (4, 1), (8, 0)), 1.0) == []
    assert of(flood((0, 1)), 1.0) == []
    assert of(flood((0, 0), (4, 1), (8, 1), (12, 0)), 1.0) == []


def test_water_that_falls_to_a_height_and_rises_again_has_passed_it_twice():
    """At the moment of the touch it is not above it, and then again."""
    assert of(flood((0, 2), (4, 1), (8, 2)), 1.0) == [(0.0, 4.0), (4.0, END_H)]


def test_water_that_stands_at_a_height_for_a_while_parts_two_spells():
    """The spells end where it reaches the height and begin where it leaves it."""
    assert of(flood((0, 2), (4, 1), (6, 1), (8, 2)), 1.0) == [(0.0, 4.0), (6.0, END_H)]


def test_a_constant_level_is_above_from_the_beginning_to_the_end():
    """One point, or several of one value: a level without a crossing."""
    assert of(flood((5, 2)), 1.0) == [(0.0, END_H)]
    assert of(flood((5, 2), (9, 2)), 1.0) == [(0.0, END_H)]
    assert of(flood((5, 2), begins="3 h", ends="7 h"), 1.0) == [(3.0, 7.0)]
    assert of(flood((5, 0)), 0.0) == []
    assert level(flood((5, 2)), 0, 5, 100) == [2, 2, 2]


def test_crossings_lie_on_the_straight_line():
    """Half the way up is half the way in time."""
    assert of(flood((2, 0), (6, 4), (10, 0)), 1.0) == [(3.0, 9.0)]
    assert of(flood((2, 0), (6, 4), (10, 0)), 3.0, end_h=5.5) == [(5.0, 5.5)]


def test_what_begins_after_the_end_of_the_run_has_no_spells():
    """A hazard of the day after is none of this run, nor one that has ended before it begins to rise."""
    assert of(flood((0, 2), begins="50 h"), 1.0) == []
    assert of(flood((0, 0), (50, 2)), 1.0, end_h=20) == []
    assert of(flood((10, 0), (12, 2)), 0.0, end_h=10.0) == []


# -- buildings --------------------------------------------------------------------------------------------------------


def test_ground_is_by_building_before_zone_and_levels_are_never_below_nothing():
    """A building's own entrance counts, then its zone's, then the datum."""
    hazard = flood((0, 1), ground={"river": 0.4, "b1": 0.9, "hill": 5})
    assert ZONE_OF == ["river", "river", "hill", "hill"]
    assert [level(hazard, 1, building=b)[0] for b in range(4)] == pytest.approx([0.1, 0.6, 0, 0])


def test_ground_below_the_datum_is_flooded_deeper():
    """A cellar is under water before the water has risen; the strongest intensity anywhere says so too."""
    hazard = flood((0, 0), (10, 1), ground={"b1": -2})
    assert level(hazard, 0, 10) == [2, 3]
    assert hazard.strongest() == 3


@pytest.mark.parametrize(("where", "there"), [
    ({}, {0, 1, 2, 3}), ({"zones": ["hill"]}, {2, 3}), ({"buildings": ["b1"]}, {0}),
    ({"zones": ["hill"], "buildings": ["b1"]}, {0, 2, 3}), ({"zones": ["river"], "buildings": ["b1"]}, {0, 1}),
])  # fmt: skip
def test_the_footprint_is_zones_and_buildings_together(where: dict[str, Any], there: set[int]):
    """What is named by either is inside, everything where neither is; outside it the level is nothing."""
    hazard = flood((0, 2), **where)
    assert set(Levels(hazard, PEOPLE).above(1.0, END_H)) == there
    assert [bool(level(hazard, 1, building=b)[0]) for b in range(4)] == [b in there for b in range(4)]


def test_storm_and_heat_have_scales_of_their_own():
    """Wind counts above what is harmless, heat above what is bearable, and more where it is hotter indoors."""
    storm = Storm.model_validate({"kind": "storm", "curve": [["0 h", 17], ["4 h", 25]]})
    assert level(storm, 0, 2, 4) == [0, 4, 8]
    heat = Heatwave.model_validate({"kind": "heatwave", "curve": [["0 h", 34]], "hotter": {"hill": 3, "b1": -6}})
    assert [level(heat, 1, building=b)[0] for b in range(4)] == [0, 4, 7, 7]
    assert heat.strongest() == 7


# -- steps ------------------------------------------------------------------------------------------------------------


def test_a_fire_burns_from_its_beginning_for_as_long_as_it_burns():
    """Level 1 between, 0 before and after, elsewhere always 0; its spell is the time that it burns."""
    fire = Fire.model_validate({"kind": "fire", "begins": "5 h", "burns": "3 h", "buildings": ["b2"]})
    assert level(fire, 4.9, 5.0, 6.5, 8.0, 8.1, building=1) == [0, 1, 1, 1, 0]
    assert level(fire, 6.5) == [0]
    assert of(fire, 0.5, 1) == [(5.0, pytest.approx(8.0, abs=1e-5))]
    assert of(fire, 1.0, 1) == []
    assert of(Fire.model_validate({"kind": "fire", "burns": "3 h", "buildings": ["b2"]}), 0, 1)[0][0] == 0


def test_each_shock_is_a_spell_of_its_own_where_it_is_strong_enough():
    """The level stays for a while at the intensity of a shock; good ground is passed by the strong ones only."""
    quake = Earthquake.model_validate({
        "kind": "earthquake", "shocks": [["2 h", 6], ["10 h", 4], ["20 h", 5]], "lasts": "2 h", "softer": {"b2": 1.5},
    })  # fmt: skip
    assert level(quake, 1.9, 2, 3, 4, 4.1, 10, 20) == [0, 6, 6, 6, 0, 4, 5]
    begins = [2, 10, 20]
    assert of(quake, 3.0) == [(pytest.approx(b, abs=1e-5), pytest.approx(b + 2, abs=1e-5)) for b in begins]
    assert [begin for begin, _ in of(quake, 3.0, 1)] == pytest.approx([2, 20], abs=1e-5)


NEAR = "shocks may follow within the 2e-6 h of their steps: the points then go back: sim/spec/local_hazards.py:260"


def test_shocks_closer_than_the_steps_of_their_level_are_refused_or_told_apart():
    """What is accepted as further apart than it lasts has points with rising times: else the level is anything."""
    quake = {"kind": "earthquake", "shocks": [["1 h", 5], ["2.0000001 h", 7]], "lasts": "1 h"}
    try:
        times = [time for time, _ in Earthquake.model_validate(quake).points()]
    except ValueError:
        return
    assert times == sorted(times)


@many
@given(
    st.lists(st.tuples(st.integers(0, 40), halves.map(abs)), min_size=1, max_size=6, unique_by=lambda shock: shock[0])
)
def test_shocks_never_overlap_in_their_levels(shocks: list[tuple[int, float]]):
    """Shocks that are accepted give rising points, and the level of each lasts as long as it should."""
    shocks = sorted(shocks)
    quake = Earthquake.model_validate({
        "kind": "earthquake", "shocks": [[f"{time} h", value] for time, value in shocks], "lasts": "30 min",
    })  # fmt: skip
    spells = of(quake, 0.0)
    assert len(spells) == sum(value > 0 for _, value in shocks)
    assert sum(end - begin for begin, end in spells) == pytest.approx(0.5 * len(spells), abs=1e-4)
    assert quake.strongest() == max(value for _, value in shocks)


@many
@given(floods())
def test_the_strongest_level_is_never_exceeded(hazard: Flood):
    """Candidates are thinned against the strongest intensity: a level above it would lose needs."""
    levels, times = Levels(hazard, PEOPLE), np.append(GRID, [time for time, _ in hazard.curve])
    most = max(levels.at(times, np.full(times.size, building)).max() for building in range(4))
    assert hazard.gain * most <= hazard.strongest() + 1e-9
