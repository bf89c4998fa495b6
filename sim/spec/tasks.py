"""The names by which rules call what people do: need types, actions of the card, posts, sites and their stations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.spec.actions import ACTIONS

if TYPE_CHECKING:
    from sim.spec.card import Step
    from sim.spec.organisation import Unit
    from sim.spec.scenario import Response, Scenario
    from sim.spec.sites import Site

ROUNDS = ("recall", "fetch", "count", "check", "building_round")
"""Work that no step of the card and no station stands for: rounds of a site, checks of reports, building leaders."""
AT_WORK = ("visit", "desk")
"""Posts of a shift that are no post of their own."""


def of_step(step: Step) -> tuple[str, ...]:
    """Return the names of a step: its action, the post that it mans, the site that it is about."""
    if step.does is None:
        return ("work",)
    about = (getattr(step.does, key, None) for key in ("post", "site"))
    return (step.does.action, *(name for name in about if name is not None))


def tasks(scenario: Scenario) -> set[str]:
    """Return every name that a rule may use."""
    response = scenario.response
    names = {*scenario.world.needs, *ACTIONS, *ROUNDS, *response.sites}
    names.update(name for step in response.steps() for name in of_step(step))
    names.update(station for site in response.sites.values() for station in site.stations)
    for unit in response.organisation.units.values():
        names.update(set(unit.posts.shares) - set(AT_WORK) if unit.posts is not None else ())
    return names


def may(response: Response, unit: Unit, *names: str) -> bool:
    """Tell whether people of a unit may do what goes by one of these names; what has no name, everybody may."""
    rules = response.organisation.permitted
    lists = [rules[kind] for kind in (unit.members, unit.tier) if kind in rules]
    return not names or all(any(name in listed for name in names) for listed in lists)


def forbidden(scenario: Scenario) -> Iterator[tuple[str, str, str]]:
    """Return (place, unit, name) of work that is asked of a unit whose people may not do it."""
    for place, unit, names in _asked(scenario):
        people = scenario.response.organisation.units.get(unit or "")
        if people is not None and unit is not None and not may(scenario.response, people, *names):
            yield place, unit, names[0]


def _asked(scenario: Scenario) -> Iterator[tuple[str, str | None, tuple[str, ...]]]:
    """Return (place, unit, names) of all work that is asked of a unit by its name."""
    response = scenario.response
    if response.plan is not None:
        card = response.plan.card
        for name, step in card.steps.items():
            unit = card.teams[step.team].unit if step.team is not None else None
            if step.people != 0 and unit not in response.at_desk():  # there a step is a task among others
                yield f"response.plan.card.steps.{name}", unit, of_step(step)
        for number, check in enumerate(card.checks):
            yield f"response.plan.card.checks.{number}", check.unit, ("check",)
    for name, site in response.sites.items():
        yield from _asked_at(name, site)
    if response.building_leaders is not None:
        yield "response.building_leaders", response.building_leaders.unit, ("building_round",)
    for name, people in response.organisation.units.items():
        for post in people.posts.shares if people.posts is not None else ():
            if post not in AT_WORK:
                yield f"response.organisation.units.{name}.posts", name, (post,)


def _asked_at(name: str, site: Site) -> Iterator[tuple[str, str | None, tuple[str, ...]]]:
    place = f"response.sites.{name}"
    for station, spec in site.stations.items():
        if spec.staff is not None:
            yield f"{place}.stations.{station}.staff", spec.staff.unit, (station, name)
    for key in ("recall", "fetch", "count"):
        job = getattr(site.invitations, key, None)
        if job is not None:
            yield f"{place}.invitations.{key}", job.unit, (key, name)
