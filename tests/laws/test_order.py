"""In whatever order units are written in the file, each does the same work under the same luck.

A comparison of teams at one desk would else compare places in the file: whoever stands first would be sent first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from sim import Result, run
from sim.policies import MATCH
from sim.spec.patches import validate

TEAMS = ("ash", "birch", "cedar", "date")


def written(order: Sequence[str], match: str) -> Result:
    """Run four equal teams at one desk, written in an order."""
    team: dict[str, Any] = {"function": "logistics", "members": "volunteer", "count": 4, "shift": "08:00-20:00"}
    service = {"dist": "exponential", "mean": "40 min"}
    need = {"per_1000_day": 400, "urgency": 2, "service": service, "patience": "1 d"}
    return run(
        validate(
            {
                "name": "order",
                "start": "2022-03-28 08:00",
                "horizon": "5 d",
                "world": {
                    "community": {"residents": 300, "households": 120, "buildings": 6, "spacing_m": 60},
                    "needs": {"errand": need, "care": need | {"urgency": 1}},
                },
                "response": {
                    "travel": {"speed_km_h": 4.8},
                    "desks": {"main": {"match": match}},
                    "organisation": {"units": dict.fromkeys(order, team)},
                },
            },
            "order",
        )
    )


@pytest.mark.parametrize("match", sorted(MATCH))
def test_the_order_of_units_in_the_file_is_not_seen(match: str):
    """Who comes to whom and when is the same; a queue that is short in the morning would show the first in the file."""
    there, back = written(TEAMS, match), written(TEAMS[::-1], match)
    ours, theirs = there.columns("visits"), back.columns("visits")
    assert np.array_equal(ours["need"], theirs["need"])
    assert list(ours["unit"].decoded()) == list(theirs["unit"].decoded())
    assert np.array_equal(ours["started_h"], theirs["started_h"], equal_nan=True)


def test_equal_teams_work_alike():
    """No team has a lead: of visits over five days each makes a quarter, within what five mornings can differ by."""
    unit = written(TEAMS, "skill").columns("visits")["unit"].decoded()
    shares = np.array([(unit == name).mean() for name in TEAMS])
    assert np.abs(shares - 0.25).max() < 0.04
