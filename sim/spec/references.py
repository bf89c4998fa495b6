"""Names that one block of a scenario uses of another: units, sites, services, channels, buildings, need types.

A name that nothing has is refused here, with the nearest right one; an item that no store holds or a signal that never
comes can run, and is a finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sim.errors import nearest
from sim.spec.actions import Book, Call, Cordon, Doors, Issue, Notify, Repair, Screen, SetUp
from sim.spec.base import refuse
from sim.spec.hazard_references import hazard_references
from sim.spec.people_references import Reference, people_references
from sim.spec.sites import Site
from sim.spec.state_references import state_references

if TYPE_CHECKING:
    from sim.spec.scenario import Scenario


def check_references(scenario: Scenario) -> None:
    """Refuse the first name that nothing has."""
    for place, name, known, what in _references(scenario):
        if name is not None and name not in known:
            raise refuse(f"{place}: no {what} is called {name!r}{nearest(name, known)}")


def _references(scenario: Scenario) -> Iterator[Reference]:
    world, response = scenario.world, scenario.response
    units = response.organisation.units
    for name, need in world.needs.items():
        if need.referral is not None:
            place = f"world.needs.{name}.referral"
            yield f"{place}.to", need.referral.to, response.outside, "outside service"
            yield f"{place}.through", need.referral.through, units, "unit"
    if response.online is not None:
        for name in response.online.needs:
            yield "response.online.needs", name, world.needs, "need type"
    for name, site in response.sites.items():
        yield from _of_site(f"response.sites.{name}", site, units)
    for number, entry in enumerate(world.positives):
        yield from building(scenario, f"world.positives[{number}].building", entry.building)
        residents = world.community.residents
        if residents is not None and entry.count > residents:
            raise refuse(
                f"world.positives[{number}].count: at most {residents} residents are wanted; found {entry.count}"
            )
        if entry.resident is not None and residents is not None and entry.resident >= residents:
            raise refuse(
                f"world.positives[{number}].resident: a row below {residents} is wanted; found {entry.resident}"
            )
    if response.plan is not None:
        yield from _of_card(scenario)
    yield from people_references(scenario)
    yield from hazard_references(scenario)
    yield from state_references(scenario)


def _of_site(place: str, site: Site, units: Any) -> Iterator[Reference]:
    for name, station in site.stations.items():
        if station.staff is not None:
            yield f"{place}.stations.{name}.staff.unit", station.staff.unit, units, "unit"
    invitations = site.invitations
    if invitations is None:
        return
    place = f"{place}.invitations"
    yield f"{place}.waits_for", invitations.waits_for, units, "unit"
    for key in ("recall", "fetch", "count"):
        block = getattr(invitations, key)
        if block is not None:
            yield f"{place}.{key}.unit", block.unit, units, "unit"


def building(scenario: Scenario, place: str, name: str | None) -> Iterator[Reference]:
    """Return a building's name as a reference, where buildings are known before the run."""
    community = scenario.world.community
    if name is None or community.table is not None:
        return
    if isinstance(community.buildings, tuple):
        yield place, name, [building.id for building in community.buildings], "building"
    else:
        yield place, name, [f"b{k + 1}" for k in range(min(community.buildings or 1, 100_000))], "building"


def _of_card(scenario: Scenario) -> Iterator[Reference]:
    response = scenario.response
    plan = response.plan
    assert plan is not None
    units, card = response.organisation.units, plan.card
    at = "response.plan.card"
    for name, team in card.teams.items():
        yield f"{at}.teams.{name}.unit", team.unit, units, "unit"
    for number, check in enumerate(card.checks):
        yield f"{at}.checks[{number}].unit", check.unit, units, "unit"
        yield f"{at}.checks[{number}].service", check.service, response.outside, "outside service"
    for name, help_ in card.outside_help.items():
        yield f"{at}.outside_help.{name}.service", help_.service, response.outside, "outside service"
    for name, step in card.steps.items():
        yield from _of_step(scenario, f"{at}.steps.{name}.does", step.does)


def _of_step(scenario: Scenario, place: str, does: Any) -> Iterator[Reference]:
    response = scenario.response
    units = response.organisation.units
    if isinstance(does, (Book, Issue)):
        for unit in (does.unit,) if isinstance(does, Book) else does.units:
            yield place, unit, units, "unit"
    elif isinstance(does, Call):
        yield f"{place}.service", does.service, response.outside, "outside service"
    elif isinstance(does, Repair):
        yield f"{place}.outage", does.outage, scenario.world.outages, "outage of the world"
    elif isinstance(does, Notify):
        channels = response.information.channels if response.information is not None else {}
        for channel in does.channels:
            yield f"{place}.channels", channel, channels, "channel of the information block"
    elif isinstance(does, (SetUp, Screen)):
        yield f"{place}.site", does.site, response.sites, "site"
        if isinstance(does, Screen) and response.sites[does.site].invitations is None:
            raise refuse(f"{place}.site: a site with invitations is wanted; {does.site!r} has none")
    if isinstance(does, (Doors, Notify, Cordon, Screen)) and isinstance(does.buildings, tuple):
        for name in does.buildings:
            yield from building(scenario, f"{place}.buildings", name)
