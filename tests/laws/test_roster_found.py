"""Faults of the roster that random scenarios found, each as small as it gets."""

from sim.runs import run
from sim.spec.patches import validate
from tests.laws.checks import check_levels


def test_a_shift_that_another_takes_the_place_of_ends_there():
    """Who changes to another shift in the middle of one is on the roster once: never are more rostered than on duty.

    Hiring gives people other shifts. Person 1 works from 0:00 to 24:00 as the second of two, and from 12:00 to 16:00
    as one of five: the row of the first shift said that they were rostered until 24:00 though they had left it.
    """
    shifts = [{"hours": "12:00-16:00"}, {"hours": "00:00-24:00", "count": 1}]
    unit = {"function": "logistics", "members": "volunteer", "count": 2, "shift": shifts}
    change = {"at": "4 h", "set": {"organisation.units.u.count": 5}}
    scenario = validate({
        "name": "f", "start": "2022-03-28 00:00", "horizon": "1 d", "follow_up": "0 h",
        "world": {"community": {"residents": 5}, "needs": {"n": {"per_hour": 0, "urgency": 1, "service": "1 h"}}},
        "response": {"organisation": {"units": {"u": unit}}, "changes": [change]},
    }, "f")  # fmt: skip
    result = run(scenario, 1)
    table = result.frame("shifts")
    mine = table[table.person == 1][["rostered_from_h", "rostered_until_h", "left_h"]]
    assert mine.to_numpy().tolist() == [[0, 12, 12], [12, 16, 16]]
    check_levels(scenario, result)
