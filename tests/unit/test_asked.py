"""The outcomes that files ask for: of which parts they can be, told without a run as far as a scenario states it."""

from __future__ import annotations

import pytest

from analysis.asked import check_parts
from analysis.outcomes import describe, measure_of
from analysis.stated_parts import stated
from sim.errors import InputError
from sim.files import load
from sim.runs import run
from sim.spec.procedures import Outcome


@pytest.mark.parametrize(
    "name", ["tutorial", "estate-people", "estate-screening", "river-flood", "heatwave-outage", "psychosocial"]
)
def test_what_a_run_has_is_known_before_it(name: str):
    """A part that a run holds and ``check`` does not know would be refused there, though it can be compared."""
    scenario = load(name)
    there = stated(scenario)
    for row in measure_of(scenario)(run(scenario)):
        assert row.by in (describe(row.outcome).by), row
        assert row.level in there.get(row.by, [row.level]), row


def test_what_only_a_run_tells_passes():
    """Who is asked outside, and the zones of a table, are not stated: nobody is refused for what is not known."""
    open_to_all = [
        Outcome(outcome="answer_h", by="actor", level="anybody"),
        Outcome(outcome="strain_by_source", by="source", level="x"),
    ]
    check_parts([((), one) for one in open_to_all], [load("tutorial")], "mine")


def test_a_unit_of_one_variant_alone_is_there():
    """A plan may have a unit that the others lack: an outcome of it can be asked for."""
    base = load("tutorial")
    runners = base.data()["response"]["organisation"]["units"]["runners"]
    more = base.patched({"response": {"organisation": {"units": {"helpers": runners}}}})
    wanted = [(("outcomes", 0), Outcome(outcome="utilisation", by="unit", level="helpers"))]
    check_parts(wanted, [base, more], "mine")
    with pytest.raises(InputError, match=r"outcomes\[0\].level: no unit is called 'helpers'"):
        check_parts(wanted, [base], "mine")
