"""Law 1: looking more or less often changes nothing but the number of rows in ``gauges``."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import run
from sim.model import CrisisModel
from sim.spec.patches import validate
from tests.laws.scenarios import NO_CHECKS, contents, scenarios


def by_hand(scenario, seed, look_h):
    """Step until the end, and look at everything in between."""
    model = CrisisModel(scenario, seed, look_h=look_h)
    try:
        while model.running:
            model.step()
            model.book.waiting(model.clock.now)
            [agent.pos for agent in model.agents if hasattr(agent, "pos")]
        return model.finish()
    finally:
        model.release()


@settings(derandomize=True, deadline=None, max_examples=10, database=None, suppress_health_check=NO_CHECKS)
@given(scenarios(), st.integers(0, 100))
def test_the_interval_of_looks_changes_nothing(data, seed):
    """Every table but the gauges is the same to the bit with rare looks, frequent looks and steps by hand."""
    scenario = validate(data, "random")
    once = contents(run(scenario, seed))
    for look_h in (0.1, 7.0, 1000.0):
        assert contents(run(scenario, seed, look_h=look_h)) == once
    assert contents(by_hand(scenario, seed, 0.3)) == once


@pytest.mark.parametrize("look_h", [0.1, 1.0, 7.0, 1000.0])
def test_gauges_have_a_row_a_look(look_h):
    """Looks fall at the multiples of the interval, and the last one at the end of the run."""
    needs = {"help": {"per_hour": 2, "urgency": 2, "service": "1 h"}}
    units = {"crew": {"function": "casework", "members": "volunteer", "count": 2}}
    scenario = validate(
        {
            "name": "looks",
            "horizon": "1 d",
            "follow_up": "5 h",
            "world": {"community": {"residents": 20}, "needs": needs},
            "response": {"organisation": {"units": units}},
        },
        "looks",
    )
    t = np.unique(run(scenario, look_h=look_h).columns("gauges")["t_h"])
    assert t.size == np.ceil(29 / look_h - 1e-9)
    assert t[-1] == 29
    assert np.allclose(t[:-1], np.arange(1, t.size) * look_h)
