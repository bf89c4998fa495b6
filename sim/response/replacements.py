"""Somebody new for who has left for good: found, taken in, and there from the next shift on, at the same place."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from sim.response.errands import send
from sim.response.responders import NOBODY, Responder, Team
from sim.spec.volunteers import Replacement

if TYPE_CHECKING:
    from sim.model import CrisisModel


class Replacements:
    """Fill the places on the roster of one unit that people have left for good."""

    def __init__(self, model: CrisisModel, team: Team, spec: Replacement) -> None:
        self.model = model
        self.team = team
        self.spec = spec
        spares = [person for person in team.people if person.spare]  # and after them who comes unasked
        self.spares = deque(spares[: spec.at_most])
        model.moments.left.append(self._left)

    def begin(self) -> None:
        """Wait for somebody to leave."""

    def _left(self, leaver: Responder) -> None:
        """Look for somebody, where the place is one of the roster."""
        if leaver.team is self.team and leaver.roster_place < self.team.spec.count:
            self.model.clock.call_later(self.spec.delay.at(self._luck("found", leaver)), self._found, leaver)

    def _luck(self, question: str, leaver: Responder) -> float:
        return self.model.chance.one(f"replacement.{question}.{self.team.name}", leaver.index)

    def _found(self, leaver: Responder) -> None:
        """Take the next in, if there is anybody and the service is still bought."""
        if not self.spares or self.spares[0].gone:
            return
        person = self.spares.popleft()
        person.replaces = leaver
        if self.spec.by is None or self.spec.takes is None:
            self._joins(person)
        else:
            length_h = self.spec.takes.at(self._luck("induction", leaver))
            send(self.model, self.spec.by, "induction", length_h, self._joins, person, NOBODY)

    def _joins(self, person: Responder) -> None:
        """Be there from the next shift on, unless the place is no longer wanted."""
        team, leaver = self.team, person.replaces
        if person.gone or leaver is None:
            return
        team.holders[person.roster_place] = person.index
        person.employed = person.roster_place < team.spec.count
        self.model.tell("replaced", str(leaver.number), person.number)
        if team.spec.shift is None:
            self.model.roster.fill(team)
