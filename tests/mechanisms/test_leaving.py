"""Who leaves for good: the hazard follows strain through hours on duty and at rest, exactly."""

from __future__ import annotations

from math import exp, inf

import pytest

from sim.response.condition import Condition
from sim.spec.strain import Strain
from tests.mechanisms.pairs import Data, happened, micro, need, played, unit

GROWS, CAPACITY = 3.0, 100.0
STRAIN = {"per_hour": 2, "long_after": "8 h", "per_long_hour": 5}


def quadrature(begin_h: float, end_h: float, level: object, breaks: list[float]) -> float:
    """The integral of e^(grows · strain / capacity), numerically."""
    from scipy.integrate import quad

    inside = sorted(point for point in breaks if begin_h < point < end_h) or None
    return float(quad(lambda t: exp(GROWS * level(t) / CAPACITY), begin_h, end_h, points=inside, limit=500)[0])  # type: ignore[operator]


@pytest.mark.parametrize("hours", [0.0, 0.1, 30.0, 5000.0])
@pytest.mark.parametrize("half_life", [5.0, 100.0, inf])
@pytest.mark.parametrize("strain", [0.0, 1e-8, 3.0, 90.0])
def test_an_hour_of_rest_weighs_what_strain_is_then(strain: float, half_life: float, hours: float):
    """The closed form (a difference of exponential integrals) is the integral over falling strain."""
    condition = Condition(Strain.model_validate(STRAIN), CAPACITY, half_life, 0.5, 1.0)
    condition.strain = strain
    breaks = [many * half_life for many in (1, 5, 20)]
    wanted = quadrature(0, hours, lambda t: strain * 2 ** (-t / half_life), breaks)
    assert condition.weighed_hours(hours, GROWS) == pytest.approx(wanted, rel=1e-6)


def test_an_hour_on_duty_weighs_what_strain_is_then():
    """Also where the hours of a long shift begin to weigh more in between."""
    condition = Condition(Strain.model_validate(STRAIN), CAPACITY, 5.0, 0.5, 1.0)
    condition.on_duty, condition.strain, condition.since_h = True, 10.0, 2.0
    wanted = quadrature(2, 14, lambda t: 10 + 2 * (min(t, 8) - 2) + 5 * max(t - 8, 0), [8])
    assert condition.weighed_hours(14.0, GROWS) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("on_duty", [False, True])
def test_strain_beyond_all_measure_makes_leave_and_not_stay(on_duty: bool):
    """Where e to the power would be no number any more the hazard is large, not undefined: NaN would keep everybody."""
    condition = Condition(
        Strain.model_validate({"per_hour": 1e4, "long_after": "2 h", "per_long_hour": 1e4}), CAPACITY, 5.0, 0.5, 1.0
    )
    condition.on_duty, condition.strain = on_duty, 1e5
    assert condition.weighed_hours(8.0, 20) > 1e80


def called_up_on(day: int) -> Data:
    """Forty people at home are called up for one day of eight hours that strains them much."""
    leaving = {"per_year": 0.5, "grows": 4}
    return micro(
        {"aid": unit(40, "casework", call_up={"at": f"{day} d", "stint": "8 h"})},
        {"talk": need(2)},
        hours=24 * 62,
        tail=0,
        world={"strain": {"volunteer": {"per_hour": 10, "rest_half_life": "1 d", "leaving": leaving}}},
    )


def test_weeks_at_home_weigh_as_weeks_without_strain():
    """A hard day leaves behind what it weighs, whenever it comes; weeks before it add the hazard of who is rested.

    By the integral 0.2 of 40 leave after a call on the first day and 3.3 on the sixtieth. Were the hours at home taken
    at the strain of the day's end, it would be 36.
    """
    early, late = (sum(happened("left_for_good")(played(called_up_on(day), k)) for k in range(4)) for day in (1, 60))
    assert early <= 4
    assert 3 <= late <= 26, "mean 13 of 160, within four standard deviations"
