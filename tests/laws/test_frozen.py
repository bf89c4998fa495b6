"""Law 9: data is frozen; running never alters a scenario, and nothing in it can be written to."""

import copy
import pickle

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim import run
from sim.spec.base import FrozenMap
from sim.spec.patches import validate
from tests.laws.scenarios import NO_CHECKS, scenarios


@settings(derandomize=True, deadline=None, max_examples=20, database=None, suppress_health_check=NO_CHECKS)
@given(scenarios(), st.integers(0, 100))
def test_a_run_leaves_its_scenario_as_it_was(data, seed):
    """Also with changes and injects: plain data, pickle and the map it was read from are the same after the run."""
    given_data = copy.deepcopy(data)
    scenario = validate(data, "random")
    assert data == given_data
    plain, pickled = scenario.data(), pickle.dumps(scenario)
    run(scenario, seed)
    assert scenario.data() == plain
    assert pickle.dumps(scenario) == pickled
    assert scenario == validate(given_data, "again")
    assert pickle.loads(pickled) == scenario
    assert validate(plain, "data") == scenario


def everything(thing, path="scenario"):
    """Every model and every map in a scenario, with its path."""
    if isinstance(thing, pydantic.BaseModel):
        yield path, thing
        for name in type(thing).model_fields:
            yield from everything(getattr(thing, name), f"{path}.{name}")
    elif isinstance(thing, FrozenMap):
        yield path, thing
        for key, value in thing.items():
            yield from everything(value, f"{path}.{key}")
    elif isinstance(thing, tuple):
        for k, value in enumerate(thing):
            yield from everything(value, f"{path}[{k}]")
    else:
        assert not isinstance(thing, (dict, list, set)), f"{path} can be written to"


def test_nothing_in_a_scenario_can_be_written_to():
    """A test tries to write into each model and each map."""
    seen = 0
    for path, thing in everything(sim.load("tutorial")):
        seen += 1
        if isinstance(thing, FrozenMap):
            for act in (
                lambda m: m.__setitem__("new", 1),
                lambda m: m.__delitem__(next(iter(m), "x")),
                lambda m: setattr(m, "_items", {}),
                lambda m: delattr(m, "_items"),
                lambda m: m.update({"new": 1}),
            ):
                with pytest.raises((TypeError, AttributeError)):
                    act(thing)
        else:
            for name in type(thing).model_fields:
                with pytest.raises(pydantic.ValidationError):
                    setattr(thing, name, getattr(thing, name))
            with pytest.raises((pydantic.ValidationError, ValueError)):
                thing.unknown = 1
        assert pickle.loads(pickle.dumps(thing)) == thing, path
    assert seen > 20
