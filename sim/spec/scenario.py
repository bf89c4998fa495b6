"""A whole scenario: a world, a response to it, and the evidence for their figures.

What cannot run is refused, here and in ``sim.spec.patches``, where plain data is checked and changed; what can run but
is suspect is in ``sim.spec.findings``. Reading files is in ``sim.files``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from sim.errors import nearest
from sim.policies import MATCH, TRIAGE
from sim.spec.attitudes import Attitude, Complaining, MutualHelp
from sim.spec.base import (
    LONGEST_H,
    FrozenMap,
    Hours,
    PathMap,
    PositiveHours,
    ScenarioName,
    Spec,
    Text,
    YesNo,
    local_time,
    refuse,
    thaw,
)
from sim.spec.card import Plan, Step
from sim.spec.care import Feedback, Insurance, Supervision
from sim.spec.changes import Change
from sim.spec.community import Community
from sim.spec.desks import Desk, desk_for
from sim.spec.donors import Donor
from sim.spec.early_warning import ByClass, Detector, Measure
from sim.spec.epidemic import Epidemic, Isolation
from sim.spec.event_classes import EventClass
from sim.spec.evidence import Evidence
from sim.spec.hazards import Hazard
from sim.spec.information import Information, Online
from sim.spec.life_cycle import LifeCycle
from sim.spec.needs import Need
from sim.spec.neighbourhood import BuildingLeaders, ComplaintDesk
from sim.spec.organisation import Organisation, Travel
from sim.spec.outside_support import Authority, Experts, Funds, Roles
from sim.spec.recovery import Recovery, check_lessons
from sim.spec.references import check_references
from sim.spec.signals import FalseReports, Moments, Positive
from sim.spec.sites import Site
from sim.spec.sizes import check_size
from sim.spec.strain import Strain
from sim.spec.supplies import Depot, Durable
from sim.spec.support import Obstructions, Outage, Service, Tracing

MOST_AGAIN = 0.99
"""Largest share of needs that lead to one of their own kind."""


class World(Spec):
    """What happens, to whom: the same for every plan that is compared."""

    community: Community
    hazards: FrozenMap[Hazard] = FrozenMap()
    life_cycle: LifeCycle | None = None
    needs: FrozenMap[Need] = FrozenMap()
    classes: tuple[EventClass, ...] = ()
    """Classes of the event, beside those that its hazards have by their kind."""
    epidemic: Epidemic | None = None
    positives: Annotated[tuple[Positive, ...], Field(max_length=10_000)] = ()
    """Who is infected when: a script."""
    false_reports: FalseReports | None = None
    signals: FrozenMap[Moments] = FrozenMap()
    """What comes from outside at known times, by name: an order from above, an end notice."""
    outages: FrozenMap[Outage] = FrozenMap()
    obstructions: Obstructions | None = None
    attitudes: FrozenMap[Attitude] = FrozenMap()
    """States of residents: trust, anxiety, compliance."""
    mutual_help: MutualHelp | None = None
    complaints: Complaining | None = None
    strain: FrozenMap[Strain] = FrozenMap()
    """What work does to volunteers, social workers and staff, by kind of people."""
    injects: tuple[Change, ...] = ()
    """Changes of the world: rates of needs and hazards."""

    @model_validator(mode="after")
    def _names(self) -> World:
        zones = self.community.zones
        for kind, spec in self.needs.items():
            again = spec.leads_to.get(kind)
            if again is not None and again.share > MOST_AGAIN:
                raise refuse(f"needs.{kind}.leads_to.{kind}.share: at most {MOST_AGAIN} is wanted, or it never ends")
        for name, hazard in self.hazards.items():
            for need in hazard.drives or ():
                _known(f"hazards.{name}.drives", need, self.needs, "need type")
            if hazard.kind == "surge" and hazard.log is not None and hazard.log.replay:
                for need_name in hazard.drives if hazard.drives is not None else self.needs:
                    if self.needs[need_name].by_phase and self.life_cycle is not None and self.life_cycle.conditions:
                        place = f"needs.{need_name}.by_phase"
                        raise refuse(f"{place}: a replayed log is decided before the run, phases by conditions are not")
                    rate = self.needs[need_name].per_hour
                    if rate is None or rate > 1:
                        place = f"needs.{need_name}.per_hour"
                        raise refuse(
                            f"{place}: at most 1 is wanted, the share of a replayed log's timestamps that are needs"
                        )
            if self.community.table is None:
                for zone in hazard.zones:
                    _known(f"hazards.{name}.zones", zone, zones, "zone")
        return self


class Response(Spec):
    """What the community does about it: the plan that is compared with others."""

    organisation: Organisation = Organisation()
    desks: FrozenMap[Desk] = FrozenMap()
    """Without any, one desk for everybody with the default rules."""
    travel: Travel | None = None
    supplies: FrozenMap[Depot] = FrozenMap()
    durables: FrozenMap[Durable] = FrozenMap()
    """Items that come back after use."""
    sites: FrozenMap[Site] = FrozenMap()
    plan: Plan | None = None
    outside: FrozenMap[Service] = FrozenMap()
    """Outside services that can be called."""
    by_class: FrozenMap[ByClass] = FrozenMap()
    """What is done differently for a class of events: who leads, which experts and kits, which services are called."""
    early_warning: FrozenMap[Detector] = FrozenMap()
    preparation: FrozenMap[Measure] = FrozenMap()
    """What was done before the beginning, by name."""
    tracing: Tracing | None = None
    isolation: Isolation | None = None
    information: Information | None = None
    online: Online | None = None
    supervision: FrozenMap[Supervision] = FrozenMap()
    """By the unit that is supervised."""
    feedback: FrozenMap[Feedback] = FrozenMap()
    """By the unit whose people are heard."""
    insurance: Insurance | None = None
    shared_list: YesNo = True
    """Whether desks see each other's requests; without, two may send somebody to the same need."""
    authority: FrozenMap[Authority] = FrozenMap()
    """Acts that need authority: entry, data, dispatch."""
    roles: FrozenMap[Roles] = FrozenMap()
    """Need types that several units could serve, by type, where it may be unclear which of them is responsible."""
    experts: Experts | None = None
    funds: Funds | None = None
    donors: FrozenMap[Donor] = FrozenMap()
    """Who outside may be asked for goods and money, by name."""
    building_leaders: BuildingLeaders | None = None
    complaints: ComplaintDesk | None = None
    recovery: Recovery | None = None
    changes: tuple[Change, ...] = ()
    """Changes of the response while the clock runs."""

    @model_validator(mode="after")
    def _names(self) -> Response:
        units = self.organisation.units
        for name, desk in self.desks.items():
            for unit in desk.units:
                _known(f"desks.{name}.units", unit, units, "unit")
            if desk.coordinator is not None:
                _known(f"desks.{name}.coordinator", desk.coordinator, units, "unit")
            coordinator = units.get(desk.coordinator) if desk.coordinator is not None else None
            if coordinator is not None and coordinator.posts is not None and not coordinator.posts.shares.get("desk"):
                raise refuse(
                    f"desks.{name}.coordinator: {desk.coordinator!r} gives no share of its time to the post 'desk'"
                )
            _known(f"desks.{name}.triage", desk.triage, TRIAGE, "triage rule")
            _known(f"desks.{name}.match", desk.match, MATCH, "match rule")
            paper = desk.fallen_back()
            _known(f"desks.{name}.fallback.triage", paper.triage, TRIAGE, "triage rule")
            _known(f"desks.{name}.fallback.match", paper.match, MATCH, "match rule")
        unnamed = [name for name, desk in self.desks.items() if not desk.units]
        if len(unnamed) > 1:
            raise refuse(
                f"desks: of several desks, at most one without 'units' is wanted; found {' and '.join(unnamed)}"
            )
        claimed = [unit for desk in self.desks.values() for unit in desk.units]
        twice = sorted({unit for unit in claimed if claimed.count(unit) > 1})
        if twice:
            raise refuse(f"desks: a unit belongs to one desk; {twice[0]!r} is named twice")
        return self

    def steps(self) -> tuple[Step, ...]:
        """Return the steps of the card; none where there is no plan."""
        return tuple(self.plan.card.steps.values()) if self.plan is not None else ()

    def skills(self) -> set[str]:
        """Return every skill that a unit declares, or teaches those who join it."""
        return {skill for unit in self.organisation.units.values() for skill in (*unit.skills, *unit.taught())}

    def at_desk(self) -> set[str]:
        """Return the units whose people coordinate rather than visit: command and coordinators that split no time."""
        named = {desk.coordinator for desk in self.desks.values()}
        named |= {name for name, unit in self.organisation.units.items() if unit.remote}
        named |= {unit.deputy for unit in self.organisation.units.values()}
        units = self.organisation.units.items()
        return {name for name, unit in units if unit.posts is None and (unit.function == "command" or name in named)}

    def all_desks(self) -> Mapping[str, Desk]:
        """Return the desks, or the one default desk where none is named."""
        return self.desks or {"desk": Desk()}

    def all_items(self) -> tuple[str, ...]:
        """Return the items that any store holds."""
        return tuple(dict.fromkeys(item for depot in self.supplies.values() for item in depot.stock))


class Scenario(Spec):
    """A community, a crisis and a response, ready to run."""

    name: ScenarioName
    title: Text | None = None
    description: Text | None = None
    start: Annotated[Text, AfterValidator(local_time)] = "2022-01-01 00:00"
    horizon: PositiveHours
    follow_up: Hours = 48.0
    warm_up: Hours = 0.0
    currency: Text = "CNY"
    world: World
    response: Response
    evidence: PathMap[Evidence] = PathMap()

    @property
    def end_h(self) -> float:
        """The end of the run: horizon and follow-up."""
        return self.horizon + self.follow_up

    @property
    def start_hour(self) -> float:
        """The time of day at t = 0, in hours since midnight."""
        from datetime import datetime

        start = datetime.fromisoformat(self.start)
        return start.hour + start.minute / 60 + start.second / 3600

    @model_validator(mode="after")
    def _whole(self) -> Scenario:
        if self.end_h > LONGEST_H:
            raise refuse("horizon and follow-up of at most three years are wanted")
        if self.warm_up >= self.horizon:
            raise refuse("a warm_up shorter than the horizon is wanted")
        _check_skills(self)
        _check_items(self)
        _check_zones(self)
        _check_desks(self)
        check_references(self)
        if not self.world.needs and not self.response.sites and self.response.plan is None:
            raise refuse("a need type under 'world.needs', a site or a plan under 'response' is wanted; found none")
        check_size(self)
        check_lessons(self)
        return self

    def data(self) -> dict[str, Any]:
        """Return the scenario as plain data that reads back to the same scenario; only what was stated."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def patched(self, patch: Mapping[str, Any], source: str = "patch") -> Scenario:
        """Return the scenario with an RFC 7396 patch: maps merge, null deletes, lists replace."""
        from sim.spec.patches import merge, patched

        before = self.data()
        return patched(self, merge(before, thaw(patch)), source, before)

    def with_values(self, values: Mapping[str, Any], source: str = "values") -> Scenario:
        """Return the scenario with values set at dotted paths, such as ``response.travel.speed_km_h``."""
        from sim.spec.patches import with_values

        return with_values(self, values, source)


def _known(place: str, name: str, known: Any, what: str) -> None:
    if name not in known:
        raise refuse(f"{place}: no {what} is called {name!r}{nearest(name, known)}")


def _check_skills(scenario: Scenario) -> None:
    declared = scenario.response.skills()
    for name, need in scenario.world.needs.items():
        if need.skill is not None and need.skill not in declared:
            raise refuse(
                f"world.needs.{name}.skill: no unit declares the skill {need.skill!r}{nearest(need.skill, declared)}"
            )


def _check_items(scenario: Scenario) -> None:
    depots = scenario.response.supplies
    held = scenario.response.all_items()
    for name, need in scenario.world.needs.items():
        place = f"world.needs.{name}.items"
        for item in need.items:
            if item not in held:
                raise refuse(f"{place}: no depot holds {item!r}{nearest(item, held)}")
        if need.items and not any(all(item in depot.stock for item in need.items) for depot in depots.values()):
            raise refuse(f"{place}: one depot that holds all of {', '.join(need.items)} is wanted")


def _check_zones(scenario: Scenario) -> None:
    if scenario.world.community.table is None:
        check_zones(scenario.response, scenario.world.community.zones)


def check_zones(response: Response, zones: tuple[str, ...]) -> None:
    """Refuse a response that names a zone which is not one of these."""
    for name, unit in response.organisation.units.items():
        for zone in (*((unit.zone,) if unit.zone else ()), *unit.covers):
            _known(f"response.organisation.units.{name}", zone, zones, "zone")
    for name, depot in response.supplies.items():
        if depot.zone is not None:
            _known(f"response.supplies.{name}.zone", depot.zone, zones, "zone")
    for name, site in response.sites.items():
        if site.zone is not None:
            _known(f"response.sites.{name}.zone", site.zone, zones, "zone")
    for name, desk in response.desks.items():
        for zone in desk.zones:
            _known(f"response.desks.{name}.zones", zone, zones, "zone")


def _check_desks(scenario: Scenario) -> None:
    for name, desk in scenario.response.desks.items():
        for need in desk.needs:
            _known(f"response.desks.{name}.needs", need, scenario.world.needs, "need type")
    if scenario.world.community.table is None:
        for need in scenario.world.needs:
            for zone in scenario.world.community.zones or ("all",):
                try:
                    desk_for(scenario.response.all_desks(), need, zone)
                except ValueError as error:
                    raise refuse(f"response.desks: one desk for each need is wanted; {error}") from None
