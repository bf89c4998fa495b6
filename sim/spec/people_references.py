"""Names that the blocks about people use of others: units, need types, outages, kinds of people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, get_args

from sim.spec.attitudes import STATES
from sim.spec.organisation import Unit

if TYPE_CHECKING:
    from sim.spec.scenario import Scenario

Reference = tuple[str, str | None, Any, str]
"""(place, name, known names, what they are)."""


def people_references(scenario: Scenario) -> Iterator[Reference]:
    """Return every name that a block about people uses of another."""
    yield from _care(scenario)
    yield from _strain(scenario)
    yield from _residents(scenario)


def _care(scenario: Scenario) -> Iterator[Reference]:
    response, units = scenario.response, scenario.response.organisation.units
    for name, supervision in response.supervision.items():
        yield "response.supervision", name, units, "unit"
        yield f"response.supervision.{name}.by", supervision.by, units, "unit"
        place = f"response.supervision.{name}.depends_on"
        yield place, supervision.depends_on, scenario.world.outages, "outage of the world"
    for name, feedback in response.feedback.items():
        yield "response.feedback", name, units, "unit"
        yield f"response.feedback.{name}.to", feedback.to, units, "unit"
    if response.insurance is not None:
        yield "response.insurance.by", response.insurance.by, units, "unit"


def _strain(scenario: Scenario) -> Iterator[Reference]:
    kinds = get_args(Unit.model_fields["members"].annotation)
    for kind, strain in scenario.world.strain.items():
        yield "world.strain", kind, kinds, "kind of people"
        for key in ("by_need", "traumatic"):
            for name in getattr(strain, key):
                yield f"world.strain.{kind}.{key}", name, scenario.world.needs, "need type"


def _residents(scenario: Scenario) -> Iterator[Reference]:
    world, response = scenario.world, scenario.response
    units = response.organisation.units
    for name in world.attitudes:
        yield "world.attitudes", name, STATES, "state of residents"
    for name, need in world.needs.items():
        for other in need.leads_to:
            yield f"world.needs.{name}.leads_to", other, world.needs, "need type"
        for state in need.more_with:
            yield f"world.needs.{name}.more_with", state, world.attitudes, "state under world.attitudes"
    if response.building_leaders is not None:
        yield "response.building_leaders.unit", response.building_leaders.unit, units, "unit"
    if response.complaints is not None:
        yield "response.complaints.to", response.complaints.to, units, "unit"
