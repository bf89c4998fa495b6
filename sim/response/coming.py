"""Units from outside that have to be asked for and may be late, and people who are hurt and stay away."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim.response.errands import send
from sim.response.presence import rostered
from sim.response.responders import NOBODY, Responder, Team
from sim.response.sent_out import send_out
from sim.spec.actions import Book
from sim.spec.organisation import DAY_H

if TYPE_CHECKING:
    from sim.response.roster import Roster
    from sim.spec.outside_support import Sending


TINY_H = 1e-9


class Coming:
    """Bring units in that are asked for, and people back who were hurt."""

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self.model = roster.model
        self.clock = roster.clock
        self.alarmed: dict[Team, float] = {}
        """Until when a team remembers an injury that nobody paid for."""

    def begin(self) -> None:
        """Ask at once for the units that no step of the card asks for."""
        for team in self.model.teams.values():
            for sending in team.spec.sends:
                if sending.at < self.model.spec.end_h:
                    self.clock.call_at(sending.at, self._lend, (team, sending))
        steps = self.model.response.steps()
        asked = {step.does.unit for step in steps if isinstance(step.does, Book)}
        for name, team in self.model.teams.items():
            if team.awaited and name not in asked:
                self.book(team)

    def book(self, team: Team, there: Callable[[Any], object] | None = None) -> None:
        """Ask for a unit from outside: it comes when it has promised to, or later."""
        if team.booked:
            if there is not None and team.awaited:
                team.listeners.append(there)
            elif there is not None:
                self.clock.call_later(0.0, there)
            return
        team.booked = True
        arrives = team.spec.arrives
        delay_h = 0.0
        if arrives is not None:
            delay_h = arrives.promised
            if arrives.late is not None:
                delay_h += arrives.late.at(self.model.chance.one(f"late.{team.name}", 0))
        self.clock.call_later(delay_h, self._arrived, (team, there))

    def _arrived(self, arrival: tuple[Team, Callable[[Any], object] | None]) -> None:
        team, there = arrival
        team.awaited = False
        self.model.tell("arrived", team.name)
        if team.spec.shift is None:
            self.roster.fill(team)
        else:
            self._join_shift(team)
        if there is not None:
            there(None)

    def _join_shift(self, team: Team) -> None:
        """Begin in the middle of the shift that is running, if one is."""
        assert team.spec.shift is not None
        now, hour = self.clock.now, (self.model.spec.start_hour + self.clock.now) % DAY_H
        for number, shift in enumerate(team.spec.shift):
            since = (hour - shift.begin) % DAY_H
            if since < shift.length_h:
                self.roster.shift_begins((team, number, -1, now), end_h=now + shift.length_h - since)

    def join_shift(self, team: Team, person: Responder) -> None:
        """Let one person begin in the middle of the shift that is running, if it is theirs."""
        assert team.spec.shift is not None
        now = self.clock.now
        for number, shift in enumerate(team.spec.shift):
            end_h = self.roster.running.get((team.number, number), 0.0)
            theirs = person.roster_place in rostered(team.spec.shift, team.spec.count)[number]
            if theirs and now < end_h - TINY_H and self.roster.presence.works_on(team, end_h - shift.length_h):
                self.roster.come_until(person, end_h)
                return

    def _lend(self, turn: tuple[Team, Sending]) -> None:
        team, sending = turn
        self.model.authorities.when_granted("dispatch", team.name, lambda _: send_out(self.model, team, sending), None)

    def lend(self, team: Team, sending: Sending) -> None:
        """Send people to another community: the last of the team, at once or when the work in hand is done."""
        if sending.people is None or sending.away is None:
            return
        now, people = self.clock.now, team.people if not team.awaited else ()
        here = [person for person in people if person.employed and person.away_until <= now]
        if not here:
            self.model.tell("not_sent", team.name, "people")
        for person in here[-sending.people :]:
            self.model.tell("sent", str(person.number), team.name)
            self.leave_for(person, sending.away)

    def leave_for(self, responder: Responder, length_h: float) -> None:
        """Let somebody be away for a time."""
        responder.away_until = max(responder.away_until, self.clock.now + length_h)
        if responder.on_duty:
            responder.rostered_until = min(responder.rostered_until, self.clock.now)
            self.roster.go_off_duty(responder)
            return
        self.model.cases.hand_back(responder)
        if responder.team.spec.shift is None and responder.away_until < self.model.spec.end_h:
            self.clock.call_at(responder.away_until, self.roster.fill, responder.team, 2)

    def risk(self, responder: Responder) -> None:
        """Let somebody be hurt by the work they have just done: they leave, and stay away for a time."""
        injury = responder.team.spec.injury
        if injury is None:
            return
        responder.works += 1
        keys = responder.index, responder.works
        if self.model.chance.one(f"injury.{responder.team.name}", *keys) >= injury.share:
            return
        length_h = injury.away.at(self.model.chance.one(f"away.{responder.team.name}", *keys))
        responder.away_until = max(responder.away_until, self.clock.now + length_h)
        responder.rostered_until = min(responder.rostered_until, self.clock.now)
        responder.settled = False
        self.model.tell("injured", str(responder.number), responder.team.name)
        if responder.placed:
            responder.placed = False
            responder.team.places -= 1
        self._claim(responder, keys)

    def _claim(self, responder: Responder, keys: tuple[int, int]) -> None:
        """Deal with what an injury costs: a claim, or the knowledge that nobody pays."""
        insurance = self.model.response.insurance
        if insurance is None:
            return
        name = responder.team.name
        if insurance.by is not None and insurance.takes is not None:
            length_h = insurance.takes.at(self.model.chance.one(f"claim.{name}", *keys))
            send(self.model, insurance.by, "claim", length_h, _settled, None, NOBODY)
        if insurance.cover == "none":
            self.alarmed[responder.team] = self.clock.now + insurance.remembered
            self.model.care.happen(responder, "not_covered")
            if self.model.chance.one(f"injury.leaves.{name}", *keys) < insurance.leaves:
                self.leaves(responder)

    def leaves(self, responder: Responder) -> None:
        """Let somebody give up for good: they do not come back, and their place is free."""
        responder.employed, responder.gone = False, True
        self.model.tell("left_for_good", str(responder.number), responder.team.name)
        for heard in self.model.moments.left:
            heard(responder)

    def refuses(self, responder: Responder, day: int, number: int) -> bool:
        """Tell whether somebody stays away because a colleague was hurt and nobody paid."""
        insurance = self.model.response.insurance
        if insurance is None or self.clock.now >= self.alarmed.get(responder.team, 0.0):
            return False
        stream = f"refuses.{responder.team.name}"
        return self.model.chance.one(stream, responder.index, day, number) < insurance.refuses


def _settled(_nothing: None) -> None:
    """A claim has been dealt with; what it costs is the time it took."""
