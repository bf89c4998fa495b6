"""Faults found while writing tests/theory/test_sites.py and test_pools.py: each fails today, minimal on purpose."""

from typing import Any

import numpy as np

from sim.records.result import Result
from sim.runs import run
from sim.spec.patches import validate
from sim.spec.scenario import Scenario
from tests.laws.test_plan_laws import check_room

LABORATORY = {"courier_every": "1 h", "transport": "10 min", "takes": "1 h"}


def go(site: dict[str, Any], residents: int = 1, world: Any = None, replication: int = 0, **response: Any) -> Result:
    return run(stated(site, residents, world, **response), 3, replication)


def stated(site: dict[str, Any], residents: int = 1, world: Any = None, **response: Any) -> Scenario:
    data = {"name": "f", "horizon": "60 h", "follow_up": "0 h", "world": {"community": {"residents": residents}}}
    data["world"] |= world or {}
    return validate({**data, "response": {"sites": {"s": site}, **response}}, "f")


def rows(result: Result, station: str):
    frame = result.frame("stations")
    return frame[frame.station == station]


def test_1_goods_are_set_out_where_visitors_are_invited():
    """sim/response/arrivals.py: plan_arrivals returns before _set_out_goods where a site has invitations only."""
    site = {
        "enters": "jab",
        "invitations": {"rounds": ["1 h"], "slot": "1 h", "per_slot": 50},
        "stations": {"jab": {"servers": 2, "service": "1 min", "takes": "doses"}},
        "goods": {"doses": {"servers": 1, "service": "1 min", "batches": {"every": "1 h", "count": 2, "amount": 100}}},
    }
    assert (go(site, 20).frame("sites").end == "served").all()


def test_2a_the_shortest_queue_counts_who_is_served_by_named_people():
    """sim/response/sites.py _crowd: ``present`` is 0 at a staffed station, so who is served there is not counted."""
    lanes = {
        "staffed": {"staff": {"unit": "u", "people": 1}, "service": "5 h"},
        "free": {"servers": 2, "service": "5 h"},
    }
    site = {
        "enters": "door",
        "arrivals": {"at": ["1 h", "1.01 h", "1.02 h"]},
        "stations": {"door": {"service": "0 s", "next": {"shortest": ["staffed", "free"]}}, **lanes},
    }
    unit = {"function": "medical", "members": "staff", "count": 1}
    result = go(site, organisation={"units": {"u": unit}})
    assert (rows(result, "staffed").started_h == rows(result, "staffed").queued_h).all()  # two servers stand idle


def test_2b_the_shortest_queue_counts_who_is_served_by_a_server_about_to_go():
    """The same: busy = present + surplus − idle, and ``surplus`` is subtracted."""
    site = {
        "enters": "door",
        "arrivals": {"at": ["0 h", "0.01 h", "0.02 h", "1.5 h"]},
        "stations": {
            "door": {"service": "0 s", "next": {"shortest": ["a", "b"]}},
            "a": {"servers": [["0 h", 2], ["1 h", 1]], "service": "5 h"},
            "b": {"servers": 1, "service": "5 h"},
        },
    }  # at 1.5 h two people are at a, one at b
    assert rows(go(site), "b").visitor.tolist() == [1.0, 3.0]


def test_2c_the_shortest_queue_counts_who_is_at_an_unlimited_station():
    """The same: ``present`` is 0 there, so the first named takes everybody."""
    site = {
        "enters": "door",
        "arrivals": {"at": ["0 h", "0.01 h", "0.02 h", "0.03 h"]},
        "stations": {
            "door": {"service": "0 s", "next": {"shortest": ["a", "b"]}},
            "a": {"service": "5 h"}, "b": {"service": "5 h"},
        },
    }  # fmt: skip
    assert len(rows(go(site), "b")) == 2


def test_3_a_further_turn_is_on_paper_too():
    """sim/response/sites.py _join: ``turn > 1`` overwrites the length on paper with the ordinary law."""
    station = {"servers": 1, "service": "1 h", "depends_on": "power", "without": "3 h", "next": {"a": 0.7, "out": 0.3}}
    result = go(
        {"enters": "a", "arrivals": {"at": ["0 h"]}, "stations": {"a": station}},
        world={"outages": {"power": {"begins": "0 h", "ends": "50 h"}}},
    )
    first = rows(result, "a")
    first = first[first.started_h < 50]
    assert len(first) > 1
    np.testing.assert_allclose(first.ended_h - first.started_h, 3.0)


def test_4_who_is_first_is_first_at_the_goods():
    """sim/response/stations.py Goods.take: first come first served whatever the priority of the visitor."""
    site = {
        "enters": "jab",
        "arrivals": {"at": ["0 h", "0.1 h", "0.2 h"]},
        "classes": {"first": {"arrivals": {"at": ["0.3 h"]}, "priority": 1}},
        "stations": {"jab": {"servers": 1, "service": "1 min", "takes": "doses"}},
        "goods": {"doses": {"servers": 1, "service": "30 min", "batches": {"every": "1 h", "count": 1}}},
    }
    assert rows(go(site), "jab").sort_values("started_h").visitor.tolist()[0] == 3.0


def test_5_tubes_of_two_stations_have_different_numbers():
    """sim/response/laboratory.py: each sampling counts its tubes from 0, and the table says only the site."""
    pool = {"size": 5, "laboratory": LABORATORY}
    swab = {"servers": 5, "service": "1 min", "pool": pool}
    site = {
        "enters": "throat",
        "invitations": {"rounds": ["1 h"], "slot": "1 h", "per_slot": 50},
        "stations": {"throat": {**swab, "next": "nose"}, "nose": swab},
    }
    assert not go(site, 20).frame("tubes").duplicated(["site", "tube"]).any()


def pooled(**more: Any) -> dict[str, Any]:
    swab = {"servers": 9, "service": {"dist": "exponential", "mean": "10 min"}, "next": {"talk": 0.5, "out": 0.5}}
    return {
        "enters": "swab",
        "invitations": {"rounds": ["1 h"], "slot": "1 h", "per_slot": 50},
        "stations": {"swab": {**swab, "pool": {"size": 10, "laboratory": LABORATORY}}, "talk": {"service": "1 min"}},
        **more,
    }


def test_6_a_second_sampling_has_luck_of_its_own():
    """Called again with the same keys (resident, round), somebody had the same service and the same way as before."""
    result = go(pooled(), 20, {"positives": [{"count": 2}]})
    frame = rows(result, "swab").merge(result.frame("sites")[["visitor", "resident"]], on="visitor")
    frame["length"] = (frame.ended_h - frame.started_h).round(9)
    twice = frame[frame.duplicated("resident", keep=False)]
    assert len(twice)
    assert (twice.groupby("resident").length.nunique() == 2).all()


def test_7_who_is_called_again_after_closing_is_not_lost_without_a_word():
    """sim/response/sites.py _come: the people of a positive tube are turned away, and the positive is never found."""
    result = go(pooled(closes="3 h"), 20, {"positives": [{"count": 2}]})
    assert "confirmed" in result.columns("events")["event"].names


def test_8_a_walk_is_the_way_from_the_station_before():
    """Documented so in sim/spec/sites.py, yet it is walked on entering the site, and is equally long at every turn."""
    site = {
        "enters": "a",
        "arrivals": {"at": ["0 h"]},
        "stations": {
            "a": {"service": "1 min", "walk": {"dist": "exponential", "mean": "1 h"}, "next": {"a": 0.8, "out": 0.2}}
        },
    }
    a = rows(go(site, replication=1), "a")
    gaps = a.queued_h.to_numpy()[1:] - a.ended_h.to_numpy()[:-1]
    assert a.queued_h.iloc[0] == 0
    assert np.unique(gaps.round(9)).size == gaps.size


def at_the_door(result: Result) -> list[tuple[float, float, str]]:
    """Return (came, went, end) of each visitor in order; −1 for who is still there."""
    frame = result.frame("sites")
    return list(zip(frame.arrived_h.round(2), frame.left_h.round(2).fillna(-1), frame.end, strict=True))


def test_9_who_is_called_before_it_opens_waits_at_the_door():
    """sim/response/sites.py _come: who comes before ``opens`` counts as coming then; only who came unasked did.

    Called for 2 h they went in, and were served, while the site was shut. At 5 h those who came first go in first.
    """
    site = {
        "enters": "a",
        "opens": "5 h",
        "invitations": {"rounds": ["2 h"], "slot": "1 h", "per_slot": 2},
        "stations": {"a": {"servers": 1, "service": "1 h"}},
    }
    result = go(site, 4)
    assert at_the_door(result) == [(5, 6, "served"), (5, 7, "served"), (5, 8, "served"), (5, 9, "served")]
    result = go({**site, "room": 1}, 4)
    assert rows(result, "a").queued_h.tolist() == [5, 6, 7, 8]
    result = go({**site, "room": 1, "when_full": "turn_away"}, 4)
    assert at_the_door(result) == [(5, 6, "served"), *[(5, 5, "turned_away")] * 3]


def built(site: dict[str, Any], hours: str) -> Scenario:
    """Four come unasked to a site that two people begin to build at once, the last after eight hours of it."""
    steps = {
        "declare": {"part": "activation", "people": 0, "does": {"action": "declare"}},
        "build": {"team": "u", "people": 2, "does": {"action": "set_up", "site": "s", "person_hours": hours}},
    }
    site |= {
        "enters": "a",
        "arrivals": {"at": ["1 h", "2 h", "3 h", "9.5 h"]},
        "stations": {"a": {"servers": 1, "service": "1 h"}},
    }
    unit = {"function": "logistics", "members": "staff", "count": 2}
    card = {"card": "c", "teams": {"u": {"unit": "u", "contact": "1"}}, "steps": steps}
    return stated(site, organisation={"units": {"u": unit}}, plan={"card": card})


def test_10_who_comes_before_a_site_is_built_is_not_inside():
    """tests/laws/test_plan_laws.py check_room: it took those who stand before a site that is not built for inside.

    They have not come to a full site, so nobody turns them away: they wait, go in when there is room, and who comes
    while it is full goes home.
    """
    turning = {"room": 1, "when_full": "turn_away"}
    soon, never = built({**turning}, "16 h"), built({**turning}, "900 h")
    result = run(soon, 3)  # built at 8 h
    assert rows(result, "a").queued_h.tolist() == [8, 9, 10]
    assert at_the_door(result) == [(1, 9, "served"), (2, 10, "served"), (3, 11, "served"), (9.5, 9.5, "turned_away")]
    check_room(soon, result)
    result = run(never, 3)
    assert at_the_door(result) == [(time, -1, "inside") for time in (1, 2, 3, 9.5)]
    assert rows(result, "a").empty
    check_room(never, result)
