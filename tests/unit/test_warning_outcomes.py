"""Outcomes of early warning and preparation on tables made by hand, where each can be counted on paper, and on runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import analysis.outcomes  # noqa: F401  # registers the outcomes
import sim
from analysis.run_outcomes import RUN_OUTCOMES
from sim import Result
from sim.records.columns import coded
from sim.spec.patches import merge, validate

NAN = float("nan")
NAMES = [name for name in RUN_OUTCOMES if RUN_OUTCOMES[name].of.__module__ == "analysis.warning_outcomes"]
DETECTORS = ("gauge", "calls", "silent")
Found = dict[tuple[str, str], tuple[float, float]]


def made(*rows: tuple[str, float, float], detectors: tuple[str, ...] = DETECTORS, **began: float) -> Result:
    """Return a result with these alarms (detector, raised, came) and what each detector warns of and when it began."""
    table = {
        "detector": coded([DETECTORS.index(name) for name, _, _ in rows], DETECTORS),
        "raised_h": np.array([raised for _, raised, _ in rows], np.float64),
        "came": np.array([there for _, _, there in rows], np.float64),
    }
    of_run = {"detectors": detectors, "warned_h": began, "preparation_cost": 0.0}
    return Result("made", 1, 0, 0.0, 100.0, 100.0, 1.0, {"alarms": table, "_run": of_run})


def found(result: Result, name: str) -> Found:
    """Return (value, size) of an outcome by (by, level)."""
    return {(by, level): (value, size) for by, level, value, size in RUN_OUTCOMES[name].of(result)}


def whole(result: Result, name: str) -> float:
    """Return the value over all; NaN for none."""
    return found(result, name).get(("all", "all"), (NAN, NAN))[0]


FOUR = made(
    ("gauge", 5, 0), ("gauge", 9, 1), ("gauge", 30, 1), ("calls", 12, 1), gauge=10.0, calls=10.0, silent=10.0
)  # fmt: skip
"""The gauge cried wolf at 5, warned at 9 of what began at 10, and once more later; calls said it at 12."""


def test_alarms_are_counted_by_detector():
    """Also those of a detector that never said anything: it raised none."""
    assert found(FOUR, "alarms") == {
        ("all", "all"): (4, 1), ("detector", "gauge"): (3, 1), ("detector", "calls"): (1, 1),
        ("detector", "silent"): (0, 1),
    }  # fmt: skip


def test_false_alarms_are_those_taken_back_in_vain():
    """One of four; an alarm of which nobody said what it warns of is not counted as false, but as an alarm."""
    assert found(FOUR, "false_alarms") == {("all", "all"): (1, 4)}
    assert found(made(("gauge", 5, NAN), ("gauge", 9, 0)), "false_alarms") == {("all", "all"): (1, 2)}
    assert found(made(), "false_alarms") == {("all", "all"): (0, 0)}


def test_the_first_true_alarm_counts():
    """From the beginning to the first alarm that was not false: an hour before is minus one; the false is not it."""
    assert found(FOUR, "alarm_after_h") == {("detector", "gauge"): (-1, 1), ("detector", "calls"): (2, 1)}
    assert found(made(("gauge", 5, 0), gauge=np.inf), "alarm_after_h") == {}


def test_what_came_and_was_not_told_is_missed():
    """The silent one missed what came; where nothing came nothing can be missed, and there is no share."""
    assert found(FOUR, "missed_alarms") == {("all", "all"): (1, 3)}
    assert found(made(("gauge", 5, 0), gauge=10.0), "missed_alarms") == {("all", "all"): (1, 1)}
    assert found(made(gauge=np.inf), "missed_alarms") == {}
    assert found(made(gauge=NAN), "missed_alarms") == {}


def test_without_detectors_there_is_nothing_to_say():
    """No detector is no row: not none raised."""
    nobody = made(detectors=())
    assert [found(nobody, name) for name in ("alarms", "false_alarms", "alarm_after_h", "missed_alarms")] == [{}] * 4


def test_each_outcome_has_its_unit_and_its_direction():
    """More alarms are neither better nor worse; false, late and missed ones and money are worse."""
    assert {name: RUN_OUTCOMES[name].direction for name in NAMES} == {
        "alarms": "neither", "false_alarms": "lower", "alarm_after_h": "lower", "missed_alarms": "lower",
        "preparation_cost": "lower", "total_cost": "lower",
    }  # fmt: skip
    assert all(RUN_OUTCOMES[name].unit and RUN_OUTCOMES[name].denominator for name in NAMES)


# -- on runs ----------------------------------------------------------------------------------------------------------


def day(**response: Any) -> dict[str, Any]:
    """Return a day with a river that rises at 8 h and is read four hours ahead."""
    curve = [["0 h", 0], ["8 h", 0], ["10 h", 1], ["14 h", 0]]
    return {
        "name": "day", "horizon": "20 h", "follow_up": "4 h",
        "world": {
            "community": {"residents": 60, "households": 20, "buildings": 4},
            "needs": {"box": {"per_hour": 2, "urgency": 2, "service": "30 min", "items": {"box": 1}}},
            "hazards": {"river": {"kind": "flood", "curve": curve, "precursor": {"lead": "4 h"}}},
        },
        "response": {
            "organisation": {"units": {"crew": {"function": "logistics", "members": "staff", "count": 2}}},
            "supplies": {"store": {"stock": {"box": 200}}},
            **response,
        },
    }  # fmt: skip


def ran(data: dict[str, Any], patch: Any = None) -> Result:
    return sim.run(validate(merge(data, patch or {}), "day"))


def gauge(over: float) -> dict[str, Any]:
    return {"sees": {"gauge": "river"}, "over": over, "every": "1 h", "clears_after": "1 h", "warns_of": "river"}


def test_a_run_with_two_gauges():
    """The level passes 0.5 at 9 h and is read at 5 h: an alarm at 6 h, two before the river leaves its bed at 8 h."""
    result = ran(day(early_warning={"low": gauge(0.5), "high": gauge(3)}))
    assert found(result, "alarms") == {
        ("all", "all"): (1, 1),
        ("detector", "low"): (1, 1),
        ("detector", "high"): (0, 1),
    }
    assert found(result, "alarm_after_h") == {("detector", "low"): (-2, 1)}
    assert found(result, "missed_alarms") == {("all", "all"): (1, 2)}
    assert found(result, "false_alarms") == {("all", "all"): (0, 1)}


PRICED = {"response": {
    "organisation": {"units": {"crew": {"cost_per_h": 10}}}, "supplies": {"store": {"prices": {"box": 3}}},
    "preparation": {"boats": {"cost": 70}, "lists": {"cost": 30.5}},
}}  # fmt: skip
NO_GOODS = (
    "total_cost leaves out goods: goods_cost has rows by item only, and no 'all': analysis/warning_outcomes.py:59-68"
)
NO_PRICE = "one unit without a price drops the cost of all the others: analysis/warning_outcomes.py:59-68"


def test_measures_are_added_up():
    """What was done before the beginning is the sum of its measures; without a price there is no outcome."""
    assert found(ran(day(), PRICED), "preparation_cost") == {("all", "all"): (100.5, 1)}
    assert found(ran(day()), "preparation_cost") == {}
    assert found(ran(day(preparation={"lists": {}})), "preparation_cost") == {}


def test_a_day_of_hours_and_measures():
    """Two people for 24 hours at 10, and 100.5 beforehand; goods have no price here."""
    without = {"response": {"supplies": {"store": {"prices": None}}}}
    assert whole(ran(day(), merge(PRICED, without)), "total_cost") == pytest.approx(2 * 24 * 10 + 100.5)


def test_a_day_of_hours_goods_and_measures():
    """The total is hours on duty, goods and preparation together."""
    result = ran(day(), PRICED)
    goods = sum(value for value, _ in found(result, "goods_cost").values())
    pieces = (result.columns("stock")["event"].decoded() == "issued").sum()
    assert goods == 3 * pieces > 0
    parts = whole(result, "cost") + goods + whole(result, "preparation_cost")
    assert whole(result, "total_cost") == pytest.approx(parts)


def test_what_has_a_price_is_in_the_total():
    """'As far as they have a price': volunteers without one beside staff with one do not make the staff free."""
    helper = {"function": "logistics", "members": "volunteer", "count": 1}
    both = {"response": {"organisation": {"units": {"helpers": helper}}, "supplies": {"store": {"prices": None}}}}
    assert whole(ran(day(), merge(PRICED, both)), "total_cost") == pytest.approx(2 * 24 * 10 + 100.5)


def test_without_any_price_the_total_is_nothing():
    """A scenario in which nothing has a price costs nothing, as far as anybody knows."""
    assert found(ran(day()), "total_cost") == {("all", "all"): (0, 1)}
