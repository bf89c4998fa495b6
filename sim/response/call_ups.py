"""Call people up who are at home: one call after the other down the list, or one message to all.

The list may be out of date, people may say no, and an employer may not let them go: each is found out by calling.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from sim.response.errands import send
from sim.response.responders import NOBODY, Responder, Team
from sim.spec.volunteers import CallUp as Spec

if TYPE_CHECKING:
    from sim.model import CrisisModel

AFTER_STINTS = 2
"""The place of a look among what happens at one time: after the stints that end then."""


class CallUp:
    """Call the people of one unit up."""

    def __init__(self, model: CrisisModel, team: Team, spec: Spec) -> None:
        self.model = model
        self.clock = model.clock
        self.team = team
        self.spec = spec
        self.calls = 0
        """How often the unit was called up."""
        self.coming = 0
        self.applied = self.ringing = False
        """Whether authority has been asked for; whether a call is being made."""
        self.until_h = -inf
        """Until when whoever was last called may be here: the next call comes when these have gone."""
        self.list: list[Responder] = []
        model.moments.activated.append(self._activated)

    def begin(self) -> None:
        """Wait for the time, or watch the state."""
        spec = self.spec
        if spec.at is not None and spec.at < self.model.spec.end_h:
            self.clock.call_at(spec.at, self._call, None)
        elif spec.looked_at:
            self.clock.call_later(0.0, self._look)

    def _activated(self) -> None:
        if self.spec.at is None and not self.spec.looked_at:
            self._call(None)

    def _look(self, _nothing: None) -> None:
        """Look at the state, after the stints that end at this moment."""
        if self.model.orders.over:  # nobody is called up any more
            return
        if not self._still_here() and self.model.changes.holds(self.spec) and self._at_home():
            self._call(None)
        self.clock.call_later(self.spec.every, self._look, None, AFTER_STINTS)

    def _still_here(self) -> bool:
        """Tell whether somebody who was called up is here, is still coming, or is being rung up."""
        people = self.team.people
        return self.ringing or self.clock.now < self.until_h or any(p.on_duty and p.here_until > 0 for p in people)

    def _at_home(self) -> list[Responder]:
        """Return who may be called."""
        now = self.clock.now
        return [
            person
            for person in self.team.people
            if person.employed and not person.on_duty and max(person.here_until, person.away_until) <= now
        ]

    def _call(self, _nothing: None) -> None:
        """Begin to call: everybody at once, or down the list."""
        if not self.applied:
            self.applied = not self.model.authorities.may("dispatch", self.team.name)
            self.model.authorities.when_granted("dispatch", self.team.name, self._list, None)

    def _list(self, _nothing: None) -> None:
        self.applied = False
        if self.model.orders.over:
            return
        self.until_h = self.clock.now + self.spec.stint
        self.calls += 1
        self.coming = 0
        self.list = self._at_home()
        self.model.tell("called_up", self.team.name, len(self.list))
        if self.spec.by is None:
            for person in self.list[: self.spec.wanted]:
                self._reached(person)
        else:
            self._ring()

    def _ring(self) -> None:
        """Ring the next on the list up, while more are wanted."""
        wanted = self.spec.wanted
        if self.ringing or not self.list or (wanted is not None and self.coming >= wanted) or self.model.orders.over:
            return
        person = self.list.pop(0)
        assert self.spec.by is not None
        assert self.spec.takes is not None
        self.ringing = True
        length_h = self.spec.takes.at(self._luck("call", person))
        send(self.model, self.spec.by, "call_up", length_h, self._rung, person, NOBODY)

    def _rung(self, person: Responder) -> None:
        self.ringing = False
        self._reached(person)
        self._ring()

    def _luck(self, question: str, person: Responder) -> float:
        return self.model.chance.one(f"call_up.{question}.{self.team.name}", person.index, self.calls)

    def _reached(self, person: Responder) -> None:
        """Hear whether somebody comes; an entry out of date answers no call, ever."""
        spec, model = self.spec, self.model
        if person.stale or model.chance.one(f"call_up.stale.{self.team.name}", person.index) < spec.stale:
            model.tell("no_answer", str(person.number), self.team.name)
            return
        if self._luck("accepts", person) >= spec.accepts + model.care.comes_more(person):
            model.tell("declined", str(person.number), self.team.name)
            return
        self.coming += 1
        wait_h = spec.reply.at(self._luck("reply", person)) if spec.reply is not None else 0.0
        if spec.release is not None:
            wait_h += spec.release.takes.at(self._luck("release", person))
            if self._luck("released", person) >= spec.release.share + model.care.released_more(self.team):
                self.until_h = max(self.until_h, self.clock.now + wait_h)
                self.clock.call_later(wait_h, self._not_released, person)
                return
        self.until_h = max(self.until_h, self.clock.now + wait_h + spec.stint)
        self.clock.call_later(wait_h, self._there, person)

    def _not_released(self, person: Responder) -> None:
        self.coming -= 1
        self.model.tell("not_released", str(person.number), self.team.name)
        if self.spec.by is not None:
            self._ring()

    def _there(self, person: Responder) -> None:
        now, roster = self.clock.now, self.model.roster
        if person.on_duty or not roster.presence.can_come(person):
            return
        person.here_until = now + self.spec.stint
        if self.team.spec.shift is not None:
            self.clock.call_at(person.here_until, self.model.cases.hand_back, person)
            roster.coming.join_shift(self.team, person)
        else:
            roster.come_for(person, self.spec.stint)
