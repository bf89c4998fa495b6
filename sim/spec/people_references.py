"""Names that the blocks about people use of others: units, need types, outages, kinds of people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, get_args

from sim.spec.attitudes import STATES
from sim.spec.organisation import Unit
from sim.spec.outside_support import ACTS
from sim.spec.tasks import tasks

if TYPE_CHECKING:
    from sim.spec.scenario import Response, Scenario

Reference = tuple[str, str | None, Any, str]
"""(place, name, known names, what they are)."""


def people_references(scenario: Scenario) -> Iterator[Reference]:
    """Return every name that a block about people uses of another."""
    yield from _care(scenario)
    yield from _strain(scenario)
    yield from _residents(scenario)
    yield from _volunteers(scenario)
    yield from _outside(scenario)


def _care(scenario: Scenario) -> Iterator[Reference]:
    response, units = scenario.response, scenario.response.organisation.units
    for name, supervision in response.supervision.items():
        yield "response.supervision", name, units, "unit"
        others = [unit for unit in units if unit != name]
        yield f"response.supervision.{name}.by", supervision.by, others, "unit"
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
        at_desk = response.at_desk()
        on_foot = [name for name in units if name not in at_desk]
        yield (
            "response.building_leaders.unit",
            response.building_leaders.unit,
            on_foot,
            "unit",
        )
    if response.complaints is not None:
        yield "response.complaints.to", response.complaints.to, units, "unit"


def _volunteers(scenario: Scenario) -> Iterator[Reference]:
    response = scenario.response
    units = response.organisation.units
    kinds = [*get_args(Unit.model_fields["members"].annotation), *get_args(Unit.model_fields["tier"].annotation)]
    known = tasks(scenario)
    for kind, names in response.organisation.permitted.items():
        yield "response.organisation.permitted", kind, kinds, "kind of people or tier"
        for name in names:
            yield f"response.organisation.permitted.{kind}", name, known, "need type, action, post or station"
    yield from _skills(scenario)
    for name, desk in response.desks.items():
        for need in desk.also:
            yield f"response.desks.{name}.also", need, scenario.world.needs, "need type"
    for name, unit in units.items():
        place = f"response.organisation.units.{name}"
        yield from _joining(place, unit, units)
        if unit.walk_ins is not None:
            yield f"{place}.walk_ins.reception", unit.walk_ins.reception, units, "unit"
        if unit.call_up is not None:
            yield f"{place}.call_up.by", unit.call_up.by, units, "unit"
        if unit.supervised is not None:
            others = [other for other in units if other != name]
            yield f"{place}.supervised.by", unit.supervised.by, others, "unit"


def _skills(scenario: Scenario) -> Iterator[Reference]:
    """Return the skills that steps and stations ask for."""
    response = scenario.response
    declared = response.skills()
    for name, step in (response.plan.card.steps if response.plan is not None else {}).items():
        yield f"response.plan.card.steps.{name}.skill", step.skill, declared, "skill of a unit"
    for name, site in response.sites.items():
        for station, spec in site.stations.items():
            skill = spec.staff.skill if spec.staff is not None else None
            yield f"response.sites.{name}.stations.{station}.staff.skill", skill, declared, "skill of a unit"


def _joining(place: str, unit: Unit, units: Mapping[str, Unit]) -> Iterator[Reference]:
    """Return the units whose time people take who join another."""
    if unit.recruitment is not None:
        registration, training = unit.recruitment.registration, unit.recruitment.training
        if registration is not None:
            yield f"{place}.recruitment.registration.by", registration.by, units, "unit"
        if training is not None:
            yield f"{place}.recruitment.training.by", training.by, units, "unit"
    if unit.replacement is not None:
        yield f"{place}.replacement.by", unit.replacement.by, units, "unit"


def _outside(scenario: Scenario) -> Iterator[Reference]:
    response = scenario.response
    units = response.organisation.units
    for act, authority in response.authority.items():
        yield "response.authority", act, ACTS, "act that needs authority"
        for unit in authority.units:
            yield f"response.authority.{act}.units", unit, units, "unit"
    for need, roles in response.roles.items():
        yield "response.roles", need, scenario.world.needs, "need type"
        for unit in roles.units:
            yield f"response.roles.{need}.units", unit, units, "unit"
    if response.experts is not None:
        yield "response.experts.unit", response.experts.unit, units, "unit"
    yield from _goods_and_money(response)


def _goods_and_money(response: Response) -> Iterator[Reference]:
    """Return the stores and items that donors give to, and that support for others is taken from."""
    units, stores = response.organisation.units, response.supplies
    held = response.all_items()
    for name, unit in units.items():
        for number, sending in enumerate(unit.sends):
            for item in sending.items:
                place = f"response.organisation.units.{name}.sends[{number}].items"
                yield place, item, held, "item in a store"
    for name, donor in response.donors.items():
        for number, asking in enumerate(donor.asked):
            place = f"response.donors.{name}.asked[{number}]"
            yield f"{place}.by", asking.by, units, "unit"
            yield f"{place}.to", asking.to, stores, "depot"
            stock = stores[asking.to].stock if asking.to is not None and asking.to in stores else ()
            for item in asking.items:
                yield f"{place}.items", item, stock, "item of the depot"
