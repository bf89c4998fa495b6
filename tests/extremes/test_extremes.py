"""Extremes: scenarios at the edge of what can be said run, and give what must follow."""

import signal
import time
from typing import Any

import numpy as np
import pytest

from sim import run
from sim.errors import InputError, LawBroken
from sim.records.result import Result
from sim.spec.patches import validate


def go(need: dict[str, Any] | None = None, crew: dict[str, Any] | None = None, **rest: Any) -> Result:
    """Run one need type and one crew; ``world`` and ``response`` are merged in."""
    residents = rest.pop("residents", 100)
    needs = {"help": {"per_hour": 2, "urgency": 2, "service": "1 h"} | (need or {})}
    unit = {"function": "casework", "members": "volunteer", "count": 2} | (crew or {})
    world = {"community": {"residents": residents}, "needs": needs} | rest.pop("world", {})
    response = {"organisation": {"units": {"crew": unit}}} | rest.pop("response", {})
    data = {"name": "extreme", "horizon": "2 d", "follow_up": "1 d", "world": world, "response": response} | rest
    return run(validate(data, "extreme"))


def ends(result: Result) -> set[str]:
    return set(result.columns("needs")["end"].decoded().tolist())


def waits(result: Result) -> np.ndarray:
    n = result.columns("needs")
    return n["started_h"] - n["requested_h"]


def readable(result: Result) -> None:
    """Every table can be asked for, also where it is empty, and the digest too."""
    for name in ("needs", "visits", "units", "stock", "phases", "people", "assignments", "shifts", "events", "gauges"):
        assert result.frame(name).shape[1] > 0
    assert result.digest()


@pytest.mark.parametrize("need", [{"per_hour": 0}, {"reported": 0.0}], ids=["none arises", "none is reported"])
def test_nobody_needs_anything(need):
    """Without needs, or without requests, nobody is sent and nothing fails; unreported needs are open."""
    result = go(need)
    readable(result)
    assert result.columns("visits")["need"].size == 0
    assert np.all(result.columns("people")["busy_h"] == 0)
    assert np.all(result.columns("people")["on_duty_h"] == 72)
    assert ends(result) <= {"open"}


def test_no_staff_at_all():
    """Nobody there: every request ends by patience, or stays open."""
    result = go({"patience": {"dist": "exponential", "mean": "6 h"}}, {"count": 0})
    readable(result)
    assert ends(result) == {"abandoned", "open"}
    assert result.columns("people")["person"].size == 0
    assert ends(go(crew={"count": 0})) == {"open"}


def test_no_staff_comes():
    """An attendance of zero is as good as nobody."""
    result = go(crew={"attendance": 0, "shift": "08:00-20:00"})
    assert ends(result) == {"open"}
    assert np.all(result.columns("people")["on_duty_h"] == 0)


@pytest.mark.parametrize("service", ["0 h", "0.001 s", {"dist": "exponential", "mean": "0.0001 s"}])
def test_service_takes_no_time(service):
    """Visits of no length: everyone is met at once and nobody is busy."""
    result = go({"service": service, "per_hour": 20})
    assert ends(result) == {"met"}
    assert waits(result).max() < 1e-6
    assert result.columns("people")["busy_h"].sum() < 0.01


def test_a_horizon_shorter_than_any_service():
    """Who starts does not finish: every visit is cut off by the end and no need is met."""
    result = go({"service": "10 d", "per_hour": 5}, horizon="1 h", follow_up="1 h")
    readable(result)
    assert ends(result) == {"open"}
    assert set(result.columns("visits")["outcome"].decoded()) == {"unfinished"}
    assert result.columns("visits")["need"].size == 2
    assert np.all(np.isnan(result.columns("visits")["ended_h"]))


def test_one_resident():
    """A community of one has all the needs."""
    result = go(residents=1)
    n = result.columns("needs")
    assert n["need"].size > 50
    assert set(n["resident"].tolist()) == {0}
    readable(result)


def test_a_shift_that_never_overlaps_the_run():
    """On duty from 20 to 22, but the run is over at 14: nobody works and nobody is rostered."""
    result = go(crew={"shift": "20:00-22:00"}, start="2022-03-28 08:00", horizon="4 h", follow_up="2 h")
    readable(result)
    assert ends(result) == {"open"}
    assert result.columns("shifts")["person"].size == 0
    assert np.all(result.columns("people")["rostered_h"] == 0)


def test_a_shift_that_begins_as_the_run_ends():
    """A shift that begins at the very end is no shift of this run."""
    result = go(crew={"shift": "14:00-22:00"}, start="2022-03-28 08:00", horizon="4 h", follow_up="2 h")
    assert ends(result) == {"open"}
    assert result.columns("people")["rostered_h"].sum() == 0


def test_no_patience():
    """Nobody waits: a request finds somebody free at its very moment, or is lost at that moment."""
    result = go({"patience": "0 h", "per_hour": 6})
    assert ends(result) <= {"met", "abandoned", "open"}
    n = result.columns("needs")
    end = n["end"].decoded()
    assert (end == "abandoned").sum() > 20
    assert np.all(waits(result)[end == "met"] == 0)
    assert np.all(n["closed_h"][end == "abandoned"] == n["requested_h"][end == "abandoned"])
    assert np.all(~np.isnan(n["started_h"][end == "open"]))


@pytest.mark.parametrize("patience", ["5 h", None])
def test_an_empty_store_without_a_policy(patience):
    """Nothing to issue and nothing to come: requests are parked until patience ends, and no visit is made."""
    need: dict[str, Any] = {"items": {"kit": 1}} | ({"patience": patience} if patience else {})
    result = go(need, response={"supplies": {"store": {"stock": {"kit": 0}}}})
    readable(result)
    assert result.columns("visits")["need"].size == 0
    s = result.columns("stock")
    assert set(s["event"].decoded()) == {"initial", "back_ordered"} | ({"cancelled"} if patience else set())
    assert np.all(s["on_hand"] == 0)
    n = result.columns("needs")
    left = n["end"].decoded() == "abandoned"
    if patience is None:
        assert ends(result) == {"open"}
        assert s["back_ordered"][-1] == n["need"].size
    else:
        assert np.all(left == (n["requested_h"] + 5 <= 72))
        assert np.array_equal(n["closed_h"][left], n["requested_h"][left] + 5)
        assert s["back_ordered"][-1] == (~left).sum()


def test_ten_thousand_needs_in_the_first_minute():
    """A spike: all at once, served first come first served in the order of asking, in reasonable time."""
    began = time.perf_counter()
    spike = {"kind": "surge", "curve": [["0 h", 1], ["1 min", 1], ["61 s", 0]]}
    result = go(
        {"per_hour": 600_000, "service": "1 min"},
        {"count": 50},
        residents=5000,
        world={"hazards": {"spike": spike}},
        horizon="10 min",
        follow_up="20 min",
    )
    assert time.perf_counter() - began < 20
    n = result.columns("needs")
    assert 9_000 < n["need"].size < 11_500
    assert n["onset_h"].max() < 62 / 3600
    started = n["started_h"][~np.isnan(n["started_h"])]
    assert 1400 <= started.size <= 1550  # 50 people, one a minute each, for half an hour
    assert np.all(np.diff(n["started_h"][: started.size]) >= 0)


def test_staff_without_end():
    """More people than needs: nobody waits."""
    result = go({"per_hour": 10, "service": "30 h"}, {"count": 2000})
    assert np.all(waits(result) == 0)
    assert ends(result) == {"met", "open"}


def test_the_shortest_run():
    """A horizon of a second, without follow-up."""
    result = go(horizon="1 s", follow_up="0 h")
    readable(result)
    assert result.end_h == pytest.approx(1 / 3600)


def test_everything_at_the_same_moment():
    """Fixed lengths only: shifts end as visits end, requests fall on changes, and the books still balance."""
    result = go(
        {"service": "1 h", "patience": "2 h", "reporting_delay": "1 h", "escalate_after": "2 h"},
        {"shift": ["08:00-09:00", "09:00-10:00", "10:00-08:00"], "count": 6, "handover": "replace"},
        start="2022-03-28 08:00",
    )
    n = result.columns("needs")
    assert np.all(waits(result)[~np.isnan(n["started_h"])] <= 2)


LOOPS: dict[str, dict[str, Any]] = {
    "a mistake found out in no time": {
        "need": {"skill": "care"},
        "response": {
            "organisation": {
                "units": {
                    "crew": {"function": "casework", "members": "volunteer", "count": 1},
                    "able": {"function": "casework", "members": "volunteer", "count": 0, "skills": ["care"]},
                }
            },
            "desks": {"desk": {"match": "random", "wrong_skill": "0 h"}},
        },
    },
    "a visit of no length that never helps": {"need": {"service": "0 h", "again": 1}},
}


@pytest.mark.parametrize("what", LOOPS)
def test_what_takes_no_time_and_changes_nothing_does_not_hang(what):
    """Endless repetition at one moment is refused when read, or ends loudly; it never hangs."""

    def too_long(*_):
        pytest.fail("the run hangs at one moment")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(3)
    try:
        go(**LOOPS[what], horizon="2 h", follow_up="0 h")
    except (InputError, LawBroken):
        pass
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
