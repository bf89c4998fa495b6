"""What is suspect about a plan that can run: blanks, goods that no store holds, signals that never come."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.errors import nearest
from sim.spec.actions import (
    Book,
    Call,
    Declare,
    Doors,
    Issue,
    Man,
    Notify,
    Patrol,
    Repair,
    Screen,
    SetUp,
    Trace,
    Work,
)
from sim.spec.card import Card, Step

if TYPE_CHECKING:
    from sim.spec.scenario import Scenario

Said = Iterator[tuple[str, str]]
"""(place, what is suspect)."""
HANDS = (Work, Doors, SetUp, Repair, Man, Patrol, Notify, Call, Book, Issue, Trace)
"""Actions that nobody but people can carry out."""
ON_FOOT = (Doors, Man, Patrol)
"""Actions that nobody can carry out at a desk."""


def plan_findings(scenario: Scenario) -> Said:
    """Return everything suspect about the plan, the sites and the stores."""
    held = set(scenario.response.all_items())
    yield from _kits(scenario, held)
    yield from _too_much(scenario)
    yield from _unused(scenario)
    yield from _dependencies(scenario)
    yield from _sites(scenario)
    plan = scenario.response.plan
    if plan is not None:
        if plan.card.steps and not any(isinstance(step.does, Declare) for step in plan.card.steps.values()):
            yield "response.plan.card.steps", "no step declares the activation: nothing of the response is ever done"
        yield from _blanks(scenario, plan.card)
        yield from _materials(scenario, plan.card, held)
        for name, step in plan.card.steps.items():
            yield from _step(scenario, plan.card, f"response.plan.card.steps.{name}", step, held)


def units_of_the_plan(scenario: Scenario) -> set[str]:
    """Return the units whose people steps, sites, checks and calls ask for."""
    response = scenario.response
    found: set[str | None] = set()
    for site in response.sites.values():
        found |= {s.staff.unit for s in site.stations.values() if s.staff is not None}
        if site.invitations is not None:
            blocks = (site.invitations.recall, site.invitations.fetch, site.invitations.count)
            found |= {block.unit for block in blocks if block is not None}
    found |= _units_of_people(scenario)
    found |= {need.referral.through for need in scenario.world.needs.values() if need.referral is not None}
    if response.plan is not None:
        card = response.plan.card
        found |= {check.unit for check in card.checks}
        found |= {card.teams[step.team].unit for step in card.steps.values() if step.team is not None}
    return {name for name in found if name is not None}


def _units_of_people(scenario: Scenario) -> set[str | None]:
    """Return the units that look after others: supervisors, who answers, teaches, receives, calls up, advises."""
    response = scenario.response
    found: set[str | None] = {spec.by for spec in response.supervision.values()}
    found |= {spec.to for spec in response.feedback.values()}
    found |= {getattr(response.building_leaders, "unit", None), getattr(response.complaints, "to", None)}
    found |= {getattr(response.insurance, "by", None), getattr(response.experts, "unit", None)}
    for unit in response.organisation.units.values():
        recruitment = unit.recruitment
        found |= {getattr(unit.walk_ins, "reception", None), getattr(unit.call_up, "by", None)}
        found |= {getattr(unit.supervised, "by", None)}
        if recruitment is not None:
            found |= {getattr(recruitment.registration, "by", None), getattr(recruitment.training, "by", None)}
    return found


def _kits(scenario: Scenario, held: set[str]) -> Said:
    for name, unit in scenario.response.organisation.units.items():
        for block in ("kit", "provisions"):
            missing = [item for item in getattr(unit, block) if item not in held]
            if missing:
                place = f"response.organisation.units.{name}.{block}"
                yield place, f"no store holds {missing[0]!r}{nearest(missing[0], held)}; nobody of it can begin"


def _too_much(scenario: Scenario) -> Said:
    """Return the visits that want more of an item than any store is meant to hold."""
    given: dict[tuple[str | None, str], float] = {}
    for donor in scenario.response.donors.values():
        for asking in donor.asked:
            for item, count in asking.items.items():
                times = 1 if asking.again is None else math.inf
                given[asking.to, item] = given.get((asking.to, item), 0) + count * times
    for name, need in scenario.world.needs.items():
        for item, wanted in need.items.items():
            depots = scenario.response.supplies.items()
            most = max((spec.most_of(item) + given.get((depot, item), 0) for depot, spec in depots), default=0)
            if wanted > most > 0:
                said = f"a visit wants {wanted:,}, and no store is meant to hold more than {most:,.0f}"
                yield f"world.needs.{name}.items.{item}", f"{said}: it may wait for ever"


def _unused(scenario: Scenario) -> Said:
    for name, unit in scenario.response.organisation.units.items():
        if unit.provisions and unit.shift is None:
            place = f"response.organisation.units.{name}.provisions"
            yield place, "they are for a shift, and this unit has none: nothing is taken"
    for name, site in scenario.response.sites.items():
        for station, spec in site.stations.items():
            if spec.pool is not None and spec.pool.retest and spec.pool.size > 1 and site.invitations is None:
                place = f"response.sites.{name}.stations.{station}.pool"
                yield place, "nobody can be called again without invitations: a positive tube confirms nobody"


def _dependencies(scenario: Scenario) -> Said:
    outages = scenario.world.outages
    information, online = scenario.response.information, scenario.response.online
    named = [
        (f"response.sites.{name}.stations.{station}.depends_on", spec.depends_on)
        for name, site in scenario.response.sites.items()
        for station, spec in site.stations.items()
    ]
    if information is not None:
        named += [
            (f"response.information.channels.{n}.depends_on", c.depends_on) for n, c in information.channels.items()
        ]
    named += [(f"response.desks.{n}.depends_on", d.depends_on) for n, d in scenario.response.desks.items()]
    named += [("response.online.depends_on", online.depends_on)] if online is not None else []
    for place, outage in named:
        if outage is not None and outage not in outages:
            yield place, f"the world has no outage {outage!r}{nearest(outage, outages)}; it never stops"


def _sites(scenario: Scenario) -> Said:
    plan = scenario.response.plan
    steps = list(plan.card.steps.values()) if plan is not None else []
    called = {step.does.site for step in steps if isinstance(step.does, Screen)}
    for name, site in scenario.response.sites.items():
        if site.invitations is not None and not site.invitations.rounds and name not in called:
            yield f"response.sites.{name}.invitations", "no round is planned and no step calls one; nobody comes"
        anywhere = site.arrivals is not None and site.arrivals.per_1000_day is None and site.invitations is None
        if anywhere and site.only_closed:
            yield f"response.sites.{name}.only_closed", "its visitors are nobody's residents, and nobody is stopped"
        if anywhere and any(kind.groups for kind in site.classes.values()):
            yield f"response.sites.{name}.classes", "its visitors come from anywhere and are in no vulnerability group"
        told = {getattr(step.does, "topic", None) for step in steps}
        if site.invitations is not None and scenario.response.information is not None and name not in told:
            yield f"response.sites.{name}.invitations", f"no step tells anybody about it (topic: {name}); nobody comes"
        if any(kind.contacts for kind in site.classes.values()) and scenario.response.tracing is None:
            yield (
                f"response.sites.{name}.classes",
                "contacts have a class here, and nobody traces any: no 'tracing' block",
            )


def _blanks(scenario: Scenario, card: Card) -> Said:
    units = scenario.response.organisation.units
    at = "response.plan.card"
    for place, message in blanks(card):
        yield f"{at}.{place}", message
    for name, team in card.teams.items():
        stated = card.teams[team.deputy].unit if team.deputy is not None else None
        there = units[team.unit].deputy if team.unit is not None else None
        if team.unit is not None and stated is not None and there is not None and stated != there:
            yield f"{at}.teams.{name}.deputy", f"the card names {stated!r}, the organisation has {there!r}"


def blanks(card: Card) -> Said:
    """Return what a card leaves blank."""
    for name, team in card.teams.items():
        blank = [key for key in ("unit", "contact") if getattr(team, key) is None]
        if blank:
            yield f"teams.{name}", f"blank: {', '.join(blank)}; this is decided or looked up when it is needed"
    without = [name for name, line in card.materials.items() if line.amount is None or line.store is None]
    if without:
        shown = ", ".join(without[:6]) + (" …" if len(without) > 6 else "")
        yield "materials", f"{len(without)} without an amount or a store: {shown}; who fetches one searches"
    numberless = [name for name, line in card.outside_help.items() if line.number is None]
    if numberless:
        yield "outside_help", f"no number for {', '.join(numberless)}; it is looked up before the first call"


def _materials(scenario: Scenario, card: Card, held: set[str]) -> Said:
    depots = scenario.response.supplies
    for item, line in card.materials.items():
        place = f"response.plan.card.materials.{item}"
        if item not in held:
            yield place, f"the card lists it and no store holds it{nearest(item, held)}"
            continue
        there = sum(depot.stock.get(item, 0) for depot in depots.values())
        if line.amount is not None and line.amount > there:
            yield place, f"the card promises {line.amount}, the stores hold {there}"
        if line.store is not None and item not in (depots[line.store].stock if line.store in depots else {}):
            yield place, f"the card says it is in {line.store!r}, and there it is not{nearest(line.store, depots)}"


def _step(scenario: Scenario, card: Card, place: str, step: Step, held: set[str]) -> Said:
    if step.team is None and step.text is None and step.does is None:
        yield place, "it says nothing: no text, no team, nothing to do; is its name misspelt?"
    elif step.team is None:
        yield place, "blank: team; the commander decides who does it"
    if step.people == 0 and isinstance(step.does, HANDS):
        yield place, "it takes people, and none are asked for: it is never done"
    yield from _hands(scenario, card, place, step)
    for item in step.materials:
        if item not in held:
            yield f"{place}.materials", f"no store holds {item!r}{nearest(item, held)}; the step never starts"
    if isinstance(step.does, Doors):
        for item in step.does.items:
            if item not in held:
                yield f"{place}.does.items", f"no store holds {item!r}{nearest(item, held)}; no door is ever done"
    yield from _trigger(scenario, place, step)


def _hands(scenario: Scenario, card: Card, place: str, step: Step) -> Said:
    unit = card.teams[step.team].unit if step.team is not None else None
    if unit is not None and step.people is not None:
        spec = scenario.response.organisation.units[unit]
        there = spec.count - spec.leader
        if unit in scenario.response.at_desk():
            if isinstance(step.does, ON_FOOT):
                yield place, f"the people of {unit!r} sit at a desk: nobody goes, and it is never done"
        elif step.people > there:
            yield place, f"it asks for {step.people} people, and {unit!r} has {there}"


def _trigger(scenario: Scenario, place: str, step: Step) -> Said:
    signal = step.when.signal if step.when is not None else None
    if signal is not None and signal not in scenario.world.signals:
        yield f"{place}.when.signal", f"no signal {signal!r} ever comes{nearest(signal, scenario.world.signals)}"
    item = step.when.stock_of if step.when is not None else None
    held = scenario.response.all_items()
    if item is not None and item not in held:
        yield f"{place}.when.stock_of", f"no depot holds {item!r}{nearest(item, held)}: it begins at once"
    outage = step.when.outage if step.when is not None else None
    if outage is not None and outage not in scenario.world.outages:
        yield f"{place}.when.outage", f"the world has no outage {outage!r}{nearest(outage, scenario.world.outages)}"
