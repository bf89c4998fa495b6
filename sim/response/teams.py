"""The teams of a run: who is in them, what each can do and what the list says, and the ways in for those who join."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from sim.response.call_ups import CallUp
from sim.response.donors import Donors
from sim.response.know_how import will_belong_to
from sim.response.office import Office
from sim.response.registers import enter
from sim.response.replacements import Replacements
from sim.response.responders import CERTIFIED, Responder, Team
from sim.response.sign_up import SignUp, willing_first
from sim.response.walk_ins import WalkIns, arrivals
from sim.units import parse_number

if TYPE_CHECKING:
    from sim.model import CrisisModel

Skills = frozenset[str]


class WayIn(Protocol):
    """How people come to a unit, or goods and money to the response, while the clock runs."""

    def begin(self) -> None:
        """Set it going."""


def ways_in(model: CrisisModel) -> list[WayIn]:
    """Return the sign-ups, walk-ins, call-ups and replacements of all units, and the donors."""
    ways: list[WayIn] = [Donors(model)] if model.response.donors else []
    for team in model.teams.values():
        if team.spec.recruitment is not None:
            ways.append(SignUp(model, team, team.spec.recruitment))
        if team.spec.walk_ins is not None:
            ways.append(WalkIns(model, team, team.spec.walk_ins))
        if team.spec.call_up is not None:
            ways.append(CallUp(model, team, team.spec.call_up))
        if team.spec.replacement is not None:
            ways.append(Replacements(model, team, team.spec.replacement))
    return ways


def build_teams(model: CrisisModel) -> dict[str, Team]:
    """Return the teams with everybody who may ever belong to them."""
    units = model.response.organisation.units
    zones = model.population.zone_names
    most = _most(model)
    taken: set[int] = set()
    teams = {}
    for number, (name, unit) in enumerate(units.items()):
        covers = frozenset(zones.index(zone) for zone in unit.covers) if unit.covers else None
        team = teams[name] = Team(number, name, unit, model.plan.base(unit.zone), covers)
        at_desk = name in model.at_desk
        joining = unit.recruitment.at_most if unit.recruitment is not None else 0
        _recruit(model, team, range(most[name] + joining), most[name])
        enter(model, team, most[name])
        if unit.recruitment is not None:
            _settle(model, team, most[name], taken)
        if unit.leader or at_desk or (unit.posts is not None and "desk" in unit.posts.shares):
            team.office = Office(model, team)
    for team in teams.values():  # numbered after everybody, so that who never comes changes no number
        first = len(team.people)
        if team.spec.replacement is not None:
            _recruit(model, team, range(first, first + team.spec.replacement.at_most))
        if team.spec.walk_ins is not None:  # each who comes unasked is somebody else
            team.walking_in = arrivals(model, team.name, team.spec.walk_ins)
            _recruit(model, team, range(len(team.people), len(team.people) + len(team.walking_in)), 0)
        for person in team.people[first:]:
            person.spare = True
    return teams


def _most(model: CrisisModel) -> dict[str, int]:
    """Return the most people that each unit is ever stated to have, changes and fixes included."""
    units, plan = model.response.organisation.units, model.response.plan
    most = {name: unit.count for name, unit in units.items()}
    fixes = plan.review.fixes if plan is not None and plan.review is not None else ()
    advice = model.response.experts.advice if model.response.experts is not None else ()
    values_of = [c.set for c in model.response.changes] + [f.set for f in fixes] + [a.set for a in advice]
    for values in values_of:
        for path, value in values.items():
            if path.startswith("organisation.units.") and path.endswith(".count"):
                name = path.split(".")[2]
                most[name] = max(most[name], int(parse_number(value)))
    return most


def _recruit(model: CrisisModel, team: Team, numbers: range, known: int | None = None) -> None:
    """Make people of a team; who can do what is drawn per person against the stated shares.

    Who comes after the first ``known`` joins while the clock runs: nobody has seen their certificates.
    """
    unit, index = team.spec, np.array(numbers, np.int64)

    def flags(question: str, shares: Mapping[str, float]) -> dict[str, list[bool]]:
        drawn = {s: model.chance.uniform(f"{question}.{team.name}.{s}", index) < share for s, share in shares.items()}
        return {skill: [bool(flag) for flag in has] for skill, has in drawn.items()}

    able, certified = flags("skill", unit.skills), flags("certificate", unit.certificates)
    listed = _listed(model, team, able, index)
    for k, number in enumerate(numbers):
        skills = frozenset(skill for skill, has in able.items() if has[k])
        joins = known is not None and number >= known
        papers = frozenset(s + CERTIFIED for s, has in certified.items() if has[k] and able[s][k] and not joins)
        on_list = listed[k] | {paper for paper in papers if paper.removesuffix(CERTIFIED) in listed[k]}
        person = Responder(model, len(model.people), number, team, team.crew_of(frozenset(on_list)))
        person.skills = skills | papers
        if unit.register_ is not None and unit.register_.corrects:
            team.crew_of(person.skills)
        if joins and unit.taught():
            will_belong_to(person)
        if team.name in model.at_desk:
            person.post = person.usual_post = "desk"
        person.employed = number < unit.count
        model.people.append(person)
        team.people.append(person)


def _listed(model: CrisisModel, team: Team, able: dict[str, list[bool]], index: npt.NDArray[np.int64]) -> list[Skills]:
    """Return the skills that the list of a unit shows of each person."""
    register = team.spec.register_
    if register is None:
        return [frozenset(skill for skill, has in able.items() if has[k]) for k in range(index.size)]
    covered = model.chance.uniform(f"register.covered.{team.name}", index) < register.coverage
    listed: list[set[str]] = [set() for _ in index]
    for skill, has in able.items():
        luck = model.chance.uniform(f"register.{skill}.{team.name}", index)
        shown = np.where(has, luck >= register.missed, luck < register.overstated) & covered
        for k in np.flatnonzero(shown).tolist():
            listed[k].add(skill)
    return [frozenset(skills) for skills in listed]


def _settle(model: CrisisModel, team: Team, first: int, taken: set[int]) -> None:
    """Give the places for residents who sign up to those who would most readily; nobody has places in two units."""
    willing = (int(row) for row in willing_first(model.population, model.chance, team.name))
    free = (row for row in willing if row not in taken)
    for person, row in zip(team.people[first:], free, strict=False):
        taken.add(row)
        person.resident = row
        person.home = model.plan.places[int(model.population.building[row])]
        model.person_of[row] = person
