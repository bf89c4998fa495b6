"""Law 1: a model is released after its run, and many runs leave nothing behind."""

import gc
import weakref

import pytest

from sim import run
from sim.model import CrisisModel
from sim.spec.patches import validate


@pytest.fixture(scope="module")
def tiny():
    units = {
        "lead": {"function": "command", "members": "staff", "count": 1},
        "crew": {
            "function": "casework",
            "members": "volunteer",
            "count": 2,
            "shift": "08:00-20:00",
            "reports_to": "lead",
        },
    }
    need = {
        "per_hour": 1,
        "urgency": 2,
        "service": "1 h",
        "patience": "4 h",
        "items": {"kit": 1},
        "escalate_after": "1 h",
    }
    return validate(
        {
            "name": "tiny",
            "horizon": "1 d",
            "follow_up": "6 h",
            "world": {"community": {"residents": 20}, "needs": {"help": need}},
            "response": {
                "organisation": {"units": units, "reports": {"every": "2 h", "takes": "1 min"}},
                "supplies": {"store": {"stock": {"kit": 3}, "policy": {"base_stock": 3}, "lead_time": "2 h"}},
            },
        },
        "tiny",
    )


def test_a_model_is_gone_after_its_run(tiny):
    """Mesa 3.3 keeps every model in a class attribute; after a run nothing may."""
    model = CrisisModel(tiny)
    agents = [weakref.ref(agent) for agent in model.agents]
    seen = weakref.ref(model)
    result = model.run()
    del model
    gc.collect()
    assert seen() is None, "the result, Mesa or SimPy keeps the model alive"
    assert agents
    assert all(agent() is None for agent in agents)
    assert result.columns("needs")["need"].size


def test_a_model_that_is_never_run_is_gone_once_released(tiny):
    """Built, looked at and released: a model need not have been run to go."""
    model = CrisisModel(tiny)
    seen = weakref.ref(model)
    model.release()
    del model
    gc.collect()
    assert seen() is None


def test_runs_leave_nothing_behind(tiny):
    """Thirty runs of one scenario leave no more live objects than ten."""

    def live():
        gc.collect()
        return len(gc.get_objects())

    def runs(count):
        for replication in range(count):
            run(tiny, replication=replication).digest()

    runs(10)
    before = live()
    runs(30)
    assert live() - before < 30, "at least one object a run stays alive"


def test_the_collector_is_as_it_was(tiny):
    """What the run freezes for speed it thaws again."""
    frozen = gc.get_freeze_count()
    run(tiny)
    assert gc.get_freeze_count() <= frozen
    assert gc.isenabled()
