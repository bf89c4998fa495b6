"""Detection against theory: how often a count passes a threshold, what a share and a lag do to it, what a gauge says.

Counts that a detector saw are read from its alarms alone: detectors that differ in their threshold and clear at once
tell between them, at each look, how many cases there were. Twelve of them side by side are a ladder.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import binomtest, chisquare, norm, poisson

from sim import Result, run
from sim.spec.patches import validate

Data = dict[str, Any]
Floats = npt.NDArray[np.float64]
AT_ONCE = "1 s"
"""Cleared at the first look that sees less."""
SURE = 0.001
"""Seeds are fixed: a test of a true claim that would fail once in a thousand seeds has been seen to pass."""


def watched(detectors: Data, *, hours: int, per_hour: float = 0.0, replication: int = 0, **more: Any) -> Result:
    """Run requests of a known rate and detectors, with nobody to answer."""
    needs = {"box": {"per_hour": per_hour, "urgency": 2, "service": "30 min"}}
    world = {
        "community": {"residents": 300, "households": 100, "buildings": 4},
        "needs": needs,
        **more.pop("world", {}),
    }
    data = {
        "name": "watched", "horizon": f"{hours} h", "follow_up": "0 h", "world": world,
        "response": {"early_warning": detectors, **more},
    }  # fmt: skip
    return run(validate(data, "watched"), 1, replication)


def ladder(top: int, **more: Any) -> Data:
    """Return detectors of the same counts with the thresholds 0, 1, 2 and so on."""
    return {f"over_{k}": {"sees": {"needs": ["box"]}, "over": k, "clears_after": AT_ONCE, **more} for k in range(top)}


def looks(every: float, hours: int) -> Floats:
    """Return the times of the looks within a run."""
    return np.arange(1, round(hours / every) + 1)[: int(np.ceil(hours / every - 1e-9)) - 1] * every


def raised_at(result: Result, detector: str, times: Floats) -> npt.NDArray[np.bool_]:
    """Tell at which looks the alarm of a detector was raised."""
    table = result.columns("alarms")
    mine = table["detector"].decoded() == detector
    begin, end = table["raised_h"][mine], np.nan_to_num(table["cleared_h"][mine], nan=np.inf)
    return ((begin[:, None] <= times + 1e-6) & (times + 1e-6 < end[:, None])).any(0)


def counts(result: Result, top: int, times: Floats) -> npt.NDArray[np.int64]:
    """Return how many cases a ladder saw at each look; ``top`` for as many or more."""
    return np.sum([raised_at(result, f"over_{k}", times) for k in range(top)], 0)


def requested(result: Result, times: Floats, window: float, lag: float) -> npt.NDArray[np.int64]:
    """Return how many requests came in the window that ended a lag before each look, by the table of needs."""
    request = np.sort(result.columns("needs")["requested_h"])
    until = times - lag
    return np.searchsorted(request, until, "right") - np.searchsorted(request, until - window, "right")


def is_poisson(seen: npt.NDArray[np.int64], mean: float, top: int) -> None:
    """Assert that counts of independent windows follow a Poisson law; ``top`` stands for as many or more."""
    chance = np.append(poisson.pmf(np.arange(top), mean), poisson.sf(top - 1, mean))
    found = np.bincount(seen, minlength=top + 1).astype(float)
    expected = chance * seen.size
    few = expected < 5
    if few.any():
        found = np.append(found[~few], found[few].sum())
        expected = np.append(expected[~few], expected[few].sum())
    assert chisquare(found, expected).pvalue > SURE


# -- counts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("over", "mean"), [(3, 3.0), (5, 3.0), (0, 0.5)])
def test_a_count_passes_its_threshold_as_often_as_the_poisson_law_says(over: int, mean: float):
    """Of independent windows a share of P(X > over) sees too much: 'more than', and not 'as many as'."""
    times = looks(2.0, 4000)
    detector = {"sees": {"needs": ["box"]}, "over": over, "every": "2 h", "window": "2 h", "clears_after": AT_ONCE}
    result = watched({"d": detector}, hours=4000, per_hour=mean / 2)
    passed = int(raised_at(result, "d", times).sum())
    assert binomtest(passed, times.size, poisson.sf(over, mean)).pvalue > SURE
    for wrong in (poisson.sf(over - 1, mean), poisson.sf(over, mean * 0.8)):
        assert binomtest(passed, times.size, wrong).pvalue < SURE, "so that an error of this size is seen"


@pytest.mark.parametrize("sensitivity", [1.0, 0.6, 0.2])
def test_sensitivity_thins(sensitivity: float):
    """Cases passed on one by one, each with the same chance, are Poisson again, at the rate times the chance."""
    times = looks(2.0, 3000)
    every = ladder(14, every="2 h", window="2 h", sensitivity=sensitivity)
    seen = counts(watched(every, hours=3000, per_hour=2.0, replication=1), 14, times)
    is_poisson(seen, 4.0 * sensitivity, 14)
    with pytest.raises(AssertionError):
        is_poisson(seen, 4.0 * sensitivity * 1.25, 14)


def test_a_less_sensitive_detector_sees_a_part_of_what_a_more_sensitive_one_sees():
    """Whether a case is passed on belongs to the case: with more sensitivity the same cases are seen, and others."""
    times = looks(2.0, 500)
    result = [
        watched(ladder(14, every="2 h", window="2 h", sensitivity=share), hours=500, per_hour=2.0)
        for share in (0.0, 0.3, 0.7, 1.0)
    ]
    none, some, more, every = (counts(one, 14, times) for one in result)
    assert not none.any()
    assert (some <= more).all()
    assert (more <= every).all()
    assert some.sum() < more.sum() < every.sum()


@pytest.mark.parametrize(
    ("every", "window", "lag"), [(1, 1, 0), (1, 5, 0), (2, 1, 0), (1, 3, 7), (3, 12, 24), (1, 500, 0), (1, 2, 900)]
)
def test_a_lag_shifts_what_is_counted_and_nothing_else(every: int, window: int, lag: int):
    """At each look exactly the requests of the window that ended a lag ago are counted, also while windows overlap.

    A window longer than the run counts all there were; with a lag longer than the run nothing is ever seen.
    """
    top = 20
    times = looks(every, 200)
    made = ladder(top, every=f"{every} h", window=f"{window} h", lag=f"{lag} h")
    result = watched(made, hours=200, per_hour=0.7)
    assert np.array_equal(counts(result, top, times), np.minimum(requested(result, times, window, lag), top))


def test_what_was_seen_when_the_alarm_was_raised_is_written_down():
    """The column ``seen`` holds the count of the look, and no look of a raised alarm saw less than the threshold."""
    result = watched(ladder(6, every="1 h", window="3 h"), hours=300, per_hour=0.7)
    table = result.columns("alarms")
    assert np.array_equal(table["seen"], requested(result, table["raised_h"], 3.0, 0.0))
    over = np.array([int(name.removeprefix("over_")) for name in table["detector"].decoded()])
    assert (table["seen"] > over).all()


@pytest.mark.parametrize("sees", ["reports", "confirmed"])
def test_reports_and_those_confirmed_are_counted_like_requests(sees: str):
    """The count is that of the events of the run; false reports are reports too, and are not confirmed."""
    top, hours = 12, 400
    times = looks(2.0, hours)
    card = {"card": "c", "teams": {}, "steps": {}, "checks": [{"unit": "doctor", "takes": "1 min", "clears": 0.5}]}
    result = watched(
        {name: detector | {"sees": {sees: True}} for name, detector in
         ladder(top, every="2 h", window="6 h", lag="3 h").items()},
        hours=hours, world={"false_reports": {"per_day": 15}}, plan={"card": card},
        organisation={"units": {"doctor": {"function": "medical", "members": "staff", "from": "outside", "count": 3}}},
    )  # fmt: skip
    events = result.columns("events")
    name = {"reports": "reported", "confirmed": "confirmed"}[sees]
    happened = events["t_h"][events["event"].decoded() == name]
    assert happened.size > 50
    until = times[:, None] - 3
    expected = ((happened > until - 6) & (happened <= until)).sum(1)
    assert np.array_equal(counts(result, top, times), np.minimum(expected, top))


# -- a gauge ----------------------------------------------------------------------------------------------------------


def river(*points: tuple[float, float], lead: float = 0.0, error: float = 0.0) -> Data:
    curve = [[f"{time!r} h", value] for time, value in points]
    return {
        "hazards": {"river": {"kind": "flood", "curve": curve, "precursor": {"lead": f"{lead!r} h", "error": error}}}
    }


def gauge(over: float, **more: Any) -> Data:
    return {"sees": {"gauge": "river"}, "over": over, "clears_after": AT_ONCE, **more}


@pytest.mark.parametrize("lead", [0.0, 6.0, 13.0])
@pytest.mark.parametrize("lag", [0.0, 2.0])
@pytest.mark.parametrize("every", [0.7, 3.0])
@pytest.mark.parametrize("over", [0.33, 1.01])
def test_a_gauge_without_error_warns_at_the_first_look_after_the_curve_passes(
    lead: float, lag: float, every: float, over: float
):
    """It shows what the curve will be a lead later, as it was a lag ago: the alarm falls on the first look after."""
    world = river((20.0, 0.0), (40.0, 2.0), (50.0, 0.0), lead=lead)
    result = watched({"d": gauge(over, every=f"{every} h", lag=f"{lag} h")}, hours=80, world=world)
    table = result.columns("alarms")
    passes, falls = 20 + 10 * over - lead + lag, 50 - 5 * over - lead + lag
    assert table["raised_h"].tolist() == pytest.approx([every * (np.floor(passes / every) + 1)])
    assert table["cleared_h"].tolist() == pytest.approx([every * np.ceil(falls / every)])


@pytest.mark.parametrize("over", [0.8, 1.0, 1.2, 1.4])
def test_a_gauge_errs_as_often_as_the_normal_law_says(over: float):
    """Readings of a level of 1 with an error of 0.2 lie above a height as often as a normal law with that spread."""
    times = looks(1.0, 3000)
    result = watched({"d": gauge(over, every="1 h")}, hours=3000, world=river((0.0, 1.0), error=0.2))
    above = raised_at(result, "d", times)
    chance = norm.sf((over - 1) / 0.2)
    assert binomtest(int(above.sum()), times.size, chance).pvalue > SURE
    both = int((above[1:] & above[:-1]).sum())
    assert both == pytest.approx(chance**2 * times.size, abs=4 * (chance**2 * times.size) ** 0.5 + 1), "independent"


def test_an_error_is_a_share_of_the_level():
    """Twice the level errs twice as much; a dry gauge does not err."""
    times = looks(1.0, 2000)
    for level, over in ((2.0, 2.4), (0.5, 0.6)):
        result = watched({"d": gauge(over, every="1 h")}, hours=2000, world=river((0.0, level), error=0.2))
        assert binomtest(int(raised_at(result, "d", times).sum()), times.size, norm.sf(1)).pvalue > SURE
    dry = watched({"d": gauge(0, every="1 h")}, hours=2000, world=river((0.0, 0.0), error=5))
    assert dry.columns("alarms")["raised_h"].size == 0


def test_two_who_read_one_gauge_at_the_same_time_read_the_same():
    """The error belongs to the gauge and the moment, so that a second pair of eyes is no second measurement."""
    world = river((0.0, 1.0), error=0.2)
    times = looks(2.0, 400)
    result = watched({"one": gauge(1.1, every="1 h"), "two": gauge(1.1, every="2 h")}, hours=400, world=world)
    one, two = (raised_at(result, name, times) for name in ("one", "two"))
    assert one.any()
    assert np.array_equal(one, two)
