"""A state of people: fewer than so many of a unit are left, and something changes, or a reserve is called up."""

from __future__ import annotations

from math import ceil

import pytest

from sim import Result
from tests.mechanisms.pairs import log, played, unit
from tests.mechanisms.test_replacement import team, weeks


def third_leaves_h(result: Result) -> float:
    """Return when the third of the six has left, so that fewer than four are there."""
    left = log(result, "left_for_good")
    assert len(left) >= 3, "a law that nothing meets is not tried"
    return float(left["t_h"].iloc[2])


def seen_h(result: Result, every_h: float) -> float:
    """Return when the next look notices it; who leaves at that very moment has left."""
    return every_h * ceil(third_leaves_h(result) / every_h)


def test_a_change_when_few_are_left():
    """A plan for attrition: as soon as somebody looks after the third of six has left, the reserve is opened."""
    change = {"when": {"people_of": "team", "below": 4, "every": "2 h"}, "set": {"organisation.units.reserve.count": 2}}
    units = team() | {"reserve": unit(0, "casework", shift="08:00-20:00", skills=["talk"])}
    result = played(weeks(units, changes=[change]))
    changed = log(result, "change")["t_h"].tolist()
    assert changed == [seen_h(result, 2.0)]
    shifts = result.frame("shifts")
    began = shifts.loc[shifts["unit"] == "reserve", "rostered_from_h"]
    assert began.min() >= changed[0]
    assert began.min() <= changed[0] + 24


def test_a_reserve_is_called_up_when_few_are_left():
    """The list of a reserve is rung at that moment, and not at night because people are off duty."""
    call = {"people_of": "team", "below": 4, "every": "1 h", "stint": "60 d"}
    units = team() | {"reserve": unit(2, "casework", shift="08:00-20:00", skills=["talk"], call_up=call)}
    result = played(weeks(units))
    assert log(result, "called_up")["t_h"].tolist() == [seen_h(result, 1.0)]


@pytest.mark.parametrize("below", [0, 1])
def test_who_is_off_duty_counts(below: int):
    """Six who all stay are never fewer than one, at night neither."""
    change = {"when": {"people_of": "team", "below": below}, "set": {"organisation.units.team.count": 3}}
    units = team() | {"crew": unit(1)}
    assert log(played(weeks(units, world={"strain": {}}, changes=[change], days=3)), "change").empty
