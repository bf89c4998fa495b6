"""The list of a unit and its people: whom the desk sends, who does not go, what is put right when that is found out.

A message to an entry that is out of date gets nowhere, and the desk learns of it by waiting in vain. Who is noted as
willing and is not says no. Who is willing and not noted is not sent. Who man a post, do a step or are called to a
meeting is told there, face to face.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.records.codes import NOT_FOUND, REFUSED
from sim.response.responders import Responder, Team

if TYPE_CHECKING:
    from sim.model import CrisisModel


def enter(model: CrisisModel, team: Team, count: int) -> None:
    """Draw who of the first ``count`` is willing and whose entry out of date; who joins later is willing and known."""
    unit, index = team.spec, np.arange(count)
    if unit.willing is not None:
        willing = model.chance.uniform(f"goes.{team.name}", index) < unit.willing.share
        for person, goes in zip(team.people, willing.tolist(), strict=False):
            person.willing = goes
    register = unit.register_
    if register is None:
        return
    stale = model.chance.uniform(f"register.stale.{team.name}", index) < register.stale
    for person, out_of_date in zip(team.people, stale.tolist(), strict=False):
        person.stale = out_of_date
    if register.willing is not None:
        covered = model.chance.uniform(f"register.covered.{team.name}", index) < register.coverage
        luck = model.chance.uniform(f"register.willing.{team.name}", index)
        will = np.array([person.willing for person in team.people[:count]], bool)
        noted = np.where(will, luck >= register.willing.missed, luck < register.willing.overstated) & covered
        for person, sent in zip(team.people, noted.tolist(), strict=False):
            person.crew = team.crew_of(person.crew.skills, sent=sent)
    if register.corrects:
        for person in team.people[:count]:
            team.crew_of(person.skills, sent=person.crew.sent)
            if not person.willing:
                team.crew_of(person.crew.skills, sent=False)
                team.crew_of(person.skills, sent=False)


class Answers:
    """Who of the people of a run does not go when sent."""

    def __init__(self, model: CrisisModel) -> None:
        self.stay = {person for person in model.people if person.stale or not person.willing}

    def learnt_h(self, person: Responder, now: float) -> float:
        """Return how long it takes until the desk knows that somebody does not go: till the shift is over at most."""
        unit, left_h = person.team.spec, max(person.rostered_until - now, 0.0)
        if person.stale:
            assert unit.register_ is not None
            return min(unit.register_.noticed, left_h)
        assert unit.willing is not None
        return min(unit.willing.answer, left_h)

    def correct(self, person: Responder, outcome: int) -> None:
        """Put the list right by what has been found out about somebody, where it is put right."""
        register = person.team.spec.register_
        if register is None or not register.corrects:
            return
        if outcome == NOT_FOUND:
            person.stale = False
            self.stay -= {person} if person.willing else set()
        elif outcome == REFUSED:
            person.crew = person.team.crew_of(person.crew.skills, sent=False)
        else:
            person.crew = person.team.crew_of(person.skills, sent=person.crew.sent)
