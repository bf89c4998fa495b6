"""People of the units who man the stations of a site: asked for, relieved at the end of a shift, sent on breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.response.labour import Claim, Job
from sim.response.responders import Responder
from sim.response.stations import Station

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.needs import Unskilled
    from sim.spec.sites import Staff


class StationPost(Job):
    """The posts of one station."""

    def __init__(self, model: CrisisModel, kind: str, station: Station, staff: Staff) -> None:
        self.model = model
        self.kind = kind
        self.goes_by = (station.name, kind.partition(".")[0])
        self.skill, self.by_anybody = staff.skill, staff.without_skill is not None
        self.station = station
        self.staff = staff
        self.team = model.teams[staff.unit]
        self.people: set[Responder] = set()
        self.on_break: set[Responder] = set()
        """Who steps out when the visitor in hand is done."""
        self.claims: list[Claim] = []
        self.open = False
        station.on_leave = self._leaves
        if staff.without_skill is not None:
            station.slower = self._slower

    def _lacks(self, responder: Responder | None) -> Unskilled | None:
        """Return what it means that somebody serves here without the skill; None for who has it."""
        has_it = responder is None or self.staff.skill in responder.skills
        return None if has_it else self.staff.without_skill

    def _slower(self, responder: Responder) -> float:
        unskilled = self._lacks(responder)
        return unskilled.slower if unskilled is not None else 1.0

    def errors(self, responder: Responder | None) -> float:
        """Return the share of what somebody does here that goes wrong."""
        unskilled = self._lacks(responder)
        return unskilled.errors if unskilled is not None else 0.0

    def man(self) -> None:
        """Ask for the people of this station."""
        if self.open:
            return
        self.open = True
        for _ in range(self.staff.people):
            self._ask()

    def _ask(self) -> None:
        self.claims = [claim for claim in self.claims if claim.open]
        self.claims.append(self.model.labour.ask(self.team, self))

    def joined(self, responder: Responder) -> None:
        """Begin to serve."""
        if not self.open:
            self.model.labour.free(responder)
            return
        self.people.add(responder)
        if self.staff.break_every is not None:
            self.model.clock.call_later(self.staff.break_every, self._break_due, (responder, responder.job_since))
        self.station.man(responder)

    def _break_due(self, turn: tuple[Responder, float]) -> None:
        responder, since = turn
        if responder in self.people and responder.job_since == since and self.open:
            self.people.discard(responder)
            self.on_break.add(responder)
            if self.station.unman(responder):
                self._leaves(responder)

    def _leaves(self, responder: Responder) -> None:
        """Let somebody go who has no visitor in hand any more."""
        if responder in self.on_break:
            self.on_break.discard(responder)
            if self.open and responder.rostered_until > self.model.clock.now:
                self.model.labour.rest(responder, self.staff.break_takes, self)
                return
            if self.open:
                self._ask()
        self.model.labour.free(responder)

    def relieve(self, responder: Responder) -> None:
        """Let somebody go when the visitor in hand is done, and ask for the next shift."""
        if responder not in self.people:
            return
        self.people.discard(responder)
        if self.open:
            self._ask()
        if self.station.unman(responder):
            self.model.labour.free(responder)

    def lost(self) -> None:
        """Ask for another in the place of somebody who does not come back from a break."""
        if self.open:
            self._ask()

    def leave(self) -> None:
        """Close the posts."""
        self.open = False
        self.model.labour.withdraw(self.claims)
        self.claims.clear()
        for responder in sorted(self.people, key=lambda person: person.number):
            self.people.discard(responder)
            if self.station.unman(responder):
                self.model.labour.free(responder)
