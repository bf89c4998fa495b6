"""Cases and referrals: needs of several sessions kept by one worker, needs passed on, requests that are escalated."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from sim.records.columns import cells
from sim.response.book import BY_OUTSIDE, WAITS, End, State
from sim.response.errands import send
from sim.response.responders import Responder, Team

if TYPE_CHECKING:
    from sim.model import CrisisModel


class Cases:
    """Keep needs of several sessions with the worker who opened them."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.owner: dict[int, Responder] = {}
        self._held: dict[int, int] = {}

    def held(self, need: int) -> int:
        """Count a session that has just been held, and return how many that makes."""
        self._held[need] = self._held.get(need, 0) + 1
        return self._held[need]

    def between(self, need: int, responder: Responder) -> None:
        """Note a case after one of its sessions, and set the next."""
        book = self.model.book
        before = self.owner.get(need)
        if before is not responder:
            if before is not None:
                before.cases -= 1
            responder.cases += 1
            self.owner[need] = responder
        book.state[need] = int(State.BETWEEN)
        book.deadline[need] = np.inf
        sessions = book.specs[book.need_type[need]].sessions
        assert sessions is not None
        self.model.clock.call_later(sessions.every, self.due, need)

    def due(self, need: int) -> None:
        """Bring a session that is due to its worker, or to the desk if the worker has gone or is long away."""
        owner = self.owner[need]
        if not self._waits_for(owner, need):
            self.model.desk_of(need).offer(need)
            return
        if not self._held_back(need, owner):
            owner.own.append(need)
        if owner.crew.desk is not None and owner in owner.crew.idle:
            owner.crew.idle.remove(owner)
            self.model.roster.release(owner)

    def next_for(self, responder: Responder) -> bool:
        """Begin the next session that is due with a worker who is free; False where the store holds nothing for it."""
        book = self.model.book
        while responder.own:
            need = responder.own.popleft()
            if self._held_back(need, responder):
                continue
            if not book.specs[book.need_type[need]].items or self.model.depots.issue(need):
                self.model.visits.begin(need, responder, None)
                return True
        return False

    def _held_back(self, need: int, owner: Responder) -> bool:
        """Let a session wait that is behind a way which is known to be cut; tell whether it does."""
        hazards, building = self.model.local_hazards, self.model.book.building[need]
        if hazards is None or hazards.ways.may_be_sent(building, owner.team):
            return False
        hazards.ways.hold(building, self.due, need)
        return True

    def finished(self, need: int) -> None:
        """Close a case after its last session."""
        owner = self.owner.pop(need, None)
        if owner is not None:
            owner.cases -= 1

    def _waits_for(self, owner: Responder, need: int) -> bool:
        """Tell whether a session waits for its worker: who is back by the time the next one would be due."""
        sessions = self.model.book.specs[self.model.book.need_type[need]].sessions
        assert sessions is not None
        return self.model.roster.presence.here_by(owner, self.model.clock.now + sessions.every)

    def hand_back(self, responder: Responder) -> None:
        """Give the sessions that are due with somebody who is not here any more, or long away, to the desk."""
        for need in [need for need in responder.own if not self._waits_for(responder, need)]:
            responder.own.remove(need)
            self.model.desk_of(need).offer(need)


class Referrals:
    """Pass needs on to outside services, and escalate requests that wait too long."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.book = model.book

    def begin(self) -> None:
        """Set the moments at which requests that still wait are escalated or referred."""
        for index, spec in enumerate(self.book.specs):
            if spec.escalate_after is not None:
                self._feed(index, spec.escalate_after, self._escalate)
            if spec.asks_elsewhere_after is not None:
                self._feed(index, spec.asks_elsewhere_after, self.model.second_desks.ask)
            if spec.referral is not None and spec.referral.after is not None:
                self._feed(index, spec.referral.after, self._refer_late)

    def _feed(self, index: int, after_h: float, function: Callable[[int], None]) -> None:
        rows = np.flatnonzero((self.book.demand.need_type == index) & ~np.isnan(self.book.request_h))
        times = self.book.request_h[rows] + after_h
        order = np.argsort(times, kind="stable")
        self.model.clock.feed(cells(times[order]), function, rows[order].tolist())

    def requested(self, need: int) -> None:
        """Set those moments for a need that the state of the run has decided."""
        spec = self.book.specs[self.book.need_type[need]]
        at = self.book.request[need]
        if spec.escalate_after is not None:
            self.model.clock.call_at(at + spec.escalate_after, self._escalate, need)
        if spec.asks_elsewhere_after is not None:
            self.model.clock.call_at(at + spec.asks_elsewhere_after, self.model.second_desks.ask, need)
        if spec.referral is not None and spec.referral.after is not None:
            self.model.clock.call_at(at + spec.referral.after, self._refer_late, need)

    def _waits(self, need: int) -> bool:
        book = self.book
        if book.state[need] not in WAITS or book.started[need] == book.started[need]:
            return False
        if book.state[need] == State.PARKED:
            return book.deadline[need] > self.model.clock.now
        return not book.has_left(need, self.model.clock.now)

    def _escalate(self, need: int) -> None:
        if not self._waits(need) or need in self.book.rare["escalated_h"]:
            return
        self.book.rare["escalated_h"][need] = self.model.clock.now
        team = self._superior(need)
        if team is None:
            self._decided(need)
            return
        name = self.book.demand.type_names[self.book.need_type[need]]
        keys = self.book.resident[need], self.book.nth[need], 1
        self.model.command.ask(team, f"need.{name}.decision", keys, self._decided, need, need)

    def _superior(self, need: int) -> Team | None:
        """Return who decides: the superior of the desk's coordinator, or else the command."""
        office = self.model.desk_of(need).office
        above = office.team.spec.reports_to if office is not None else None
        if above is not None and self.model.teams[above].office is not None:
            return self.model.teams[above]
        return self.model.command.chief

    def _decided(self, need: int) -> None:
        if self._waits(need) and self.book.urgency[need] > 1:
            self.book.urgency[need] -= 1
            self.model.desk_of(need).lines.change(need)
            self.model.depots.look_again(need)

    def _refer_late(self, need: int) -> None:
        if self._waits(need):
            if self.book.state[need] == State.PARKED:
                self.model.depots.cancel(need)
            self.model.depots.put_back(need)
            self.refer(need)

    def refer(self, need: int) -> None:
        """Pass a need on; its clock runs until the outside service begins."""
        book = self.book
        referral = book.specs[book.need_type[need]].referral
        assert referral is not None
        book.state[need] = int(State.REFERRED)
        book.end[need] = int(End.REFERRED)
        book.deadline[need] = np.inf
        book.rare["referred_h"][need] = self.model.clock.now
        if referral.to is None:
            assert referral.delay is not None
            delay = referral.delay.at(book.uniform("referral", need, 1))
            self.model.clock.call_later(delay, self._outside, need)
        elif referral.through is not None:
            send(self.model, referral.through, "call", self.call_length(need), self.call, need, need)
        else:
            self.call(need)

    def call_length(self, need: int) -> float:
        """Return how long the call for a need takes."""
        referral = self.book.specs[self.book.need_type[need]].referral
        assert referral is not None
        assert referral.call is not None
        return referral.call.at(self.book.uniform("call", need, 1))

    def call(self, need: int) -> None:
        """Call the outside service for a need."""
        referral = self.book.specs[self.book.need_type[need]].referral
        assert referral is not None
        assert referral.to is not None
        self.model.outside.request(referral.to, int(self.book.building[need]), self._outside, need)

    def _outside(self, need: int) -> None:
        if self.book.started[need] != self.book.started[need]:
            self.book.started[need] = self.model.clock.now
        self.book.close(need, End.REFERRED, self.model.clock.now, BY_OUTSIDE)
