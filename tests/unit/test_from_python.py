"""What is said to who calls from Python and is wrong: in words, about what was called."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.errors import InputError, Problem
from sim.records.result import Result

RUNNERS = "response.organisation.units.runners"


@pytest.fixture(scope="module")
def result() -> Result:
    return sim.run(sim.load("tutorial"))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"seed": -1}, "a seed that is a whole number of at least 0 is wanted; found -1"),
        ({"seed": 1.5}, "a seed that is a whole number of at least 0 is wanted; found 1.5"),
        ({"replication": -2}, "a replication that is a whole number of at least 0 is wanted; found -2"),
        ({"look_h": 0}, "a look_h above 0 is wanted; found 0"),
    ],
)
def test_a_run_that_cannot_be(wrong: dict[str, Any], says: str):
    """NumPy would complain of an expected integer, without a word of what it is."""
    with pytest.raises(ValueError, match=says):
        sim.run(sim.load("tutorial"), **wrong)


def test_a_table_that_is_not_there(result: Result):
    """A bare KeyError names neither tables nor the nearest one."""
    for read in (result.frame, result.table, result.columns):
        with pytest.raises(ValueError, match=r"no table is called 'need'; did you mean 'needs'\?"):
            read("need")


def test_a_wrong_value_names_no_option():
    """Nobody who calls ``with_values`` has given an option."""
    scenario = sim.load("tutorial")
    with pytest.raises(InputError) as caught:
        scenario.with_values({f"{RUNNERS}.count": -4})
    assert str(caught.value).startswith(f"values: {RUNNERS}.count: a number of people")
    with pytest.raises(InputError, match=r"values: .*runners.shift\[0\]: a list is set as a whole"):
        scenario.with_values({f"{RUNNERS}.shift[0]": "08:00-12:00"})


def test_what_is_wrong_as_a_whole_has_no_place():
    """The source alone is named, be it a file, a folder or an option; a line where one is known."""
    assert str(InputError("--set", [Problem("", "KEY=VALUE is wanted")])) == "--set: KEY=VALUE is wanted"
    assert str(InputError("a.yaml", [Problem("", "no YAML", 3)])) == "a.yaml: line 3: no YAML"
    assert str(InputError("a.yaml", [Problem("x.y", "no", 3)])) == "a.yaml: x.y (line 3): no"
