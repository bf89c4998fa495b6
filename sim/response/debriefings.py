"""Talking a shift over at its end: those of a unit whose shift ends together, once two of them are free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.response.labour import Claim
from sim.response.meetings import Meeting
from sim.response.responders import NOBODY, Responder, Team

if TYPE_CHECKING:
    from sim.response.care import Care


class Debriefings:
    """Hold the debriefings of each unit."""

    def __init__(self, care: Care) -> None:
        self.care = care
        self.last: dict[Team, Debriefing] = {}

    def ask(self, person: Responder) -> None:
        """Ask somebody to the debriefing of those whose shift ends with theirs, if there is another."""
        team, until_h = person.team, person.rostered_until
        if sum(other.on_duty and other.rostered_until == until_h for other in team.people) < 2:
            return
        debriefing = self.last.get(team)
        if debriefing is None or debriefing.until_h != until_h:
            debriefing = self.last[team] = Debriefing(self.care, team, until_h)
        debriefing.claims.append(self.care.model.labour.ask(team, debriefing, person))


class Debriefing(Meeting):
    """One debriefing: who is free first waits for a second, who comes later stays to its end, and nobody is alone."""

    def __init__(self, care: Care, team: Team, until_h: float) -> None:
        spec = team.spec.debriefing
        assert spec is not None
        super().__init__(care, "debriefing", spec.takes)
        self.until_h = until_h
        self.there: list[Responder] = []
        self.claims: list[Claim] = []

    def joined(self, responder: Responder) -> None:
        """Begin with the second who comes."""
        self.there.append(responder)
        if len(self.there) == 2:
            self.begun = True
            self.model.clock.call_later(self.length_h, self._ends)

    def _ends(self, _nothing: None) -> None:
        """Let everybody go; who was not free until now has missed it."""
        self.model.labour.withdraw(self.claims)
        for responder in self.there:
            self.care.held(self.kind, responder, NOBODY)
            self.model.labour.free(responder)

    def relieve(self, responder: Responder) -> None:
        """Finish it first; but nobody waits for a second after the end of the shift."""
        if not self.begun:
            self.there.remove(responder)
            self.kind = "waited"  # there is nobody else yet whose work this would name
            self.model.labour.free(responder)
            self.kind = "debriefing"
