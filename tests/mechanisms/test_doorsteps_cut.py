"""From door to door where a hazard cuts ways: found out on the way, left out, come back to at the end of the round."""

from __future__ import annotations

from typing import Any

import pytest

from sim import Result
from sim.spec.patches import merge
from tests.mechanisms.pairs import Data, called, differing, happened, log, micro, need, played, unit

NOBODY = {"box": need(0)}
RECALL = {"unit": "crew", "people": 1, "each": "6 min", "after": "0 h"}
FAR = {"travel": {"speed_km_h": 1, "doorstep": "0 h"}}


def river(begins: str, ends: str, **more: Any) -> Data:
    """Return water that stands in b1 and b2 between two times, and leaves no way there."""
    water = {"kind": "flood", "curve": [["0 h", 2]], "begins": begins, "ends": ends, "zones": ["river"]}
    return {"hazards": {"river": water | {"blocks_over": 0.1, **more}}}


def looked_for(world: Data | None = None, recall: Data | None = None, crew: Data | None = None, **more: Any) -> Data:
    """Return a round to which nobody comes before somebody has been at the door."""
    site = called(no_show=1, slot="1 h", per_slot=60, recall={**RECALL, **(recall or {})})
    data = micro({"crew": unit(2, **(crew or {}))}, NOBODY, world=world, hours=20, sites=site, **more)
    return merge(data, {"world": {"community": {"zones": ["river", "hill"]}}})


def came(result: Result) -> dict[str, int]:
    """Return how many came from each building."""
    sites = result.frame("sites")
    population = buildings(result)
    there = sites[sites["arrived_h"].notna()]["resident"].map(population)
    return {name: int((there == name).sum()) for name in ("b1", "b2", "b3", "b4")}


def buildings(result: Result) -> dict[int, str]:
    """Return where each resident lives, as the table of residents says."""
    table = result.frame("residents")
    return dict(zip(table["resident"], table["building"], strict=True))


ASKED = {"attitudes": {"trust": {"start": 0.5}}}
"""So that there is a table of residents."""
LONG, SHORT = ("0 h", "30 h"), ("0 h", "4 h")


def test_nobody_gets_to_a_door_behind_the_water():
    """Those in cut buildings are not found, and are missed; the others are found as on a dry day."""
    wet, dry = played(looked_for(ASKED | river(*LONG))), played(looked_for(ASKED))
    assert came(wet)["b1"] == came(wet)["b2"] == 0
    assert came(wet)["b3"] == came(dry)["b3"] > 0
    assert came(wet)["b4"] == came(dry)["b4"] > 0
    assert happened("round_done")(wet) == 1
    assert set(log(wet, "doors_not_reached")["subject"]) == {"recall.hall"}
    homes = wet.frame("sites").assign(building=lambda t: t["resident"].map(buildings(wet)))
    cut = homes[homes["building"].isin(["b1", "b2"])]
    assert not cut["end"].isin(["served", "open"]).any()


def test_that_a_way_is_cut_is_found_out_once_a_building_and_known_from_then_on():
    """The first who gets there says so: nobody walks to the next door of that building."""
    result = played(looked_for(ASKED | river(*LONG), **FAR))
    assert sorted(log(result, "way_found_cut")["subject"]) == ["b1", "b2"]


def test_every_door_that_is_not_reached_is_counted():
    """The doors of b1 and b2 are those of the households there."""
    result = played(looked_for(ASKED | river(*LONG)))
    residents = result.frame("residents")
    there = residents[residents["building"].isin(["b1", "b2"])]["household"].nunique()
    assert log(result, "doors_not_reached")["detail"].astype(int).tolist() == [there]


def test_who_was_left_out_is_come_back_to_when_the_water_has_gone():
    """At the end of the round the way is open: everybody is found, those behind the water last."""
    result = played(looked_for(ASKED | river("0 h", "2.7 h")))
    assert happened("way_found_cut")(result) == 2
    assert happened("doors_not_reached")(result) == 0
    assert came(result) == came(played(looked_for(ASKED)))
    sites = result.frame("sites").assign(building=lambda t: t["resident"].map(buildings(result)))
    wet = sites["building"].isin(["b1", "b2"])
    assert sites[wet]["arrived_h"].min() >= 2.7
    assert sites[wet]["arrived_h"].min() > sites[~wet]["arrived_h"].max()


def test_the_round_does_not_wait_for_the_water():
    """Still cut at the end of the round: it is over then, and does not wait hours for a way."""
    result = played(looked_for(ASKED | river("0 h", "12 h")))
    done = log(result, "doors_not_reached")["t_h"].iloc[0]
    tasks = result.frame("assignments").query("assignment == 'recall.hall'")
    assert done == pytest.approx(tasks["end_h"].max())
    assert done < 5


def test_a_second_look_finds_them_when_the_water_has_gone():
    """Each recall is a round of its own: what was not reached in the first is looked for in the second."""
    result = played(looked_for(ASKED | river("0 h", "5 h"), recall={"times": 2, "after": "2 h"}))
    assert came(result) == came(played(looked_for(ASKED)))
    assert happened("doors_not_reached")(result) == 1


def test_boats_get_there():
    """A unit that crosses what cuts the way goes from door to door as on a dry day."""
    wet = looked_for(ASKED | river(*LONG), crew={"crosses": ["river"]})
    dry = looked_for(ASKED | river(*LONG, blocks_over=9), crew={"crosses": ["river"]})
    assert differing(wet, dry, events=("way_cut", "way_open")) == set()
    assert happened("way_cut")(played(wet)) == 2


def test_water_that_cuts_nothing_changes_nothing():
    """A hazard without a cut way leaves the round as it was, to the bit."""
    calm = {"hazards": {"river": {"kind": "flood", "curve": [["0 h", 2]]}}}
    assert differing(looked_for(ASKED, **FAR), looked_for(ASKED | calm, **FAR), ("gauges",)) == set()


def test_who_walks_there_in_vain_has_spent_the_way():
    """With hundreds of metres between buildings the round of cut doors costs time, though nobody is found."""
    wet = looked_for(ASKED | river(*LONG), **FAR)
    gone = played(merge(wet, {"world": {"community": {"spacing_m": 400}}}))
    near = played(merge(wet, {"world": {"community": {"spacing_m": 1}}}))

    def hours(result: Result) -> float:
        tasks = result.frame("assignments").query("assignment == 'recall.hall'")
        return float((tasks["end_h"] - tasks["start_h"]).sum())

    assert hours(gone) > hours(near) + 0.3


def test_who_cannot_walk_is_not_brought_through_the_water():
    """Helpers who fetch turn back too, and the round goes on without those they could not bring."""
    fetch = {"groups": ["disabled"], "unit": "crew", "helpers": 2, "each": "5 min"}
    data = micro(
        {"crew": unit(3)}, NOBODY, world=ASKED | river(*LONG), shares={"disabled": 1}, hours=20,
        sites=called(slot="1 h", per_slot=60, fetch=fetch),
    )  # fmt: skip
    result = played(merge(data, {"world": {"community": {"zones": ["river", "hill"]}}}))
    dry = [building in ("b3", "b4") for building in buildings(result).values()]
    assert came(result) == {"b1": 0, "b2": 0, "b3": came(result)["b3"], "b4": came(result)["b4"]}
    assert sum(came(result).values()) == sum(dry)
    assert happened("round_done")(result) == 1
    assert happened("doors_not_reached")(result) > 0
