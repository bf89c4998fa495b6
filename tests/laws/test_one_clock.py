"""Law 1: SimPy's clock is the only time; Mesa holds the agents and ``step()`` only moves the clock to the next look."""

import mesa
import pytest
import simpy

import sim
from sim import run
from sim.errors import LawBroken
from sim.model import CrisisModel
from sim.response.responders import Resident, Responder
from sim.response.stock import Depot
from tests.laws.scenarios import contents


@pytest.fixture(scope="module")
def tutorial():
    return sim.load("tutorial")


@pytest.fixture
def model(tutorial):
    made = CrisisModel(tutorial, look_h=1.5)
    yield made
    made.release()


def test_a_step_moves_the_clock_to_the_next_look(model):
    """Time is the clock's, before, at and after each look, and ends at horizon and follow-up."""
    assert isinstance(model, mesa.Model)
    assert isinstance(model.clock, simpy.Environment)
    assert model.time == model.clock.now == 0
    end = model.spec.end_h
    for look in range(1, 81):
        assert model.running
        model.step()
        assert model.time == model.clock.now == min(1.5 * look, end)
        assert model.steps == look
    assert model.time == end == 120
    assert not model.running
    model.step()
    assert model.time == end, "a step after the end goes nowhere"


def test_mesas_own_time_is_not_used(model):
    """Whatever Mesa writes into ``model.time`` is not the time."""
    model.step()
    model.time = 99.0
    assert model.time == model.clock.now == 1.5


def test_the_agents_are_mesas(model):
    """Responders and depots are in ``model.agents``; a resident's agent is there once it has been asked for."""
    assert set(map(type, model.agents)) == {Responder, Depot}
    assert len(model.agents_by_type[Responder]) == len(model.people) == 4
    assert len(model.agents_by_type[Depot]) == 1
    before = len(model.agents)
    resident = model.resident(17)
    assert isinstance(resident, Resident)
    assert model.resident(17) is resident
    assert len(model.agents) == before + 1
    assert resident in model.agents
    assert resident.building.startswith("b")
    assert set(resident.groups) <= {"over_80", "living_alone", "offline"}


def test_steps_by_hand_end_in_the_same_result(tutorial, model):
    """Stepping by hand, asking for residents on the way, and ``finish()`` give what ``run`` gives."""
    while model.running:
        model.step()
        model.resident(model.steps)
    assert contents(model.finish()) == contents(run(tutorial))


def test_a_run_that_has_not_come_to_its_end_has_no_result(model):
    """Before the end there is nothing to balance: finishing fails loudly, with the numbers."""
    model.step()
    with pytest.raises(LawBroken, match=r"1\.5"):
        model.finish()
