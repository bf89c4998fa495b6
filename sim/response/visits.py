"""A visit: word reaches the responder, the way to the door, the work, and what comes of it.

Two heap entries a visit where people travel, one where they do not. Draws belong to the need and the attempt.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from sim.records.buffers import RowBuffer
from sim.records.codes import CLOSED, GONE, MORE, REFERRED, UNFINISHED, WRONG_SKILL
from sim.response.book import BY_RESPONDER, End, State
from sim.response.responders import NOBODY, Responder

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.response.office import Office

NAN = float("nan")


class Visits:
    """Carry out visits and write down what came of each."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.book = model.book
        self.clock = model.clock
        self.rows = RowBuffer(8)
        self.instant = not model.plan.moves and not model.messages.take_time
        self.plain = [
            spec.sessions is None and spec.again == 0 and (spec.referral is None or spec.referral.on_visit == 0)
            for spec in self.book.specs
        ]
        self.skill = [spec.skill for spec in self.book.specs]

    def begin(self, need: int, responder: Responder, office: Office | None) -> None:
        """Dispatch a responder: from here to the end of the visit the person is taken."""
        book = self.book
        now = self.clock.now
        book.state[need] = 5
        book.attempts[need] += 1
        if book.attempts[need] == 1:
            book.dispatched[need] = now
        responder.need = need
        responder.dispatched = now
        responder.team.busy += 1
        if self.instant:
            self._arrived(responder)
        elif self.model.messages.take_time:
            self.model.messages.send(office, responder, self._depart)
        else:
            self._depart(responder)

    def _depart(self, responder: Responder) -> None:
        model = self.model
        if not model.plan.moves:
            self._arrived(responder)
            return
        need = responder.need
        depot = model.depots.place_of.get(need) if model.depots.place_of else None
        way_h = model.plan.walk_h(responder.place, self.book.building[need], depot)
        self.clock.call_later(way_h, self._arrived, responder)

    def _arrived(self, responder: Responder) -> None:
        now = self.clock.now
        book, need = self.book, responder.need
        responder.arrived = now
        if not self.instant:
            responder.place = self.model.plan.places[book.building[need]]
            if book.deadline[need] <= now and book.started[need] != book.started[need]:
                responder.started = NAN
                self._leave(responder, GONE)
                return
        skill = self.skill[book.need_type[need]]
        if skill is not None and skill not in responder.crew.skills:
            responder.started = NAN
            self.clock.call_later(self.model.desk_of(need).spec.wrong_skill, self._found_wrong, responder)
            return
        if book.started[need] != book.started[need]:  # NaN: nobody has started on it before
            book.started[need] = now
        responder.started = now
        self.clock.call_later(book.service(need, book.attempts[need]), self._ended, responder)

    def _found_wrong(self, responder: Responder) -> None:
        """The person sent cannot do it: the trip is wasted and the request waits again, in its old place."""
        if self.book.has_left(responder.need, self.clock.now):
            self._leave(responder, GONE)
        else:
            self._leave(responder, WRONG_SKILL)

    def _ended(self, responder: Responder) -> None:
        book, need = self.book, responder.need
        if self.plain[book.need_type[need]]:
            book.state[need] = 8
            book.end[need] = 1
            book.met_by[need] = BY_RESPONDER
            book.closed[need] = self.clock.now
            self._leave(responder, CLOSED)
            return
        self._leave(responder, self._outcome(need))

    def _outcome(self, need: int) -> int:
        """Decide what a visit came to, for a need that one visit may not meet."""
        book, spec = self.book, self.book.specs[self.book.need_type[need]]
        attempt = book.attempts[need]
        if spec.referral is not None and attempt == 1 and book.uniform("refer", need, 1) < spec.referral.on_visit:
            return REFERRED
        if spec.sessions is not None and attempt < spec.sessions.count:
            return MORE
        if spec.again > 0 and book.uniform("again", need, attempt) < spec.again:
            return MORE
        book.close(need, End.MET, self.clock.now, BY_RESPONDER)
        return CLOSED

    def _leave(self, responder: Responder, outcome: int) -> None:
        """End a visit: write it down, free the person, and let what follows from it happen."""
        need = responder.need
        rows = self.rows.rows
        rows.extend(
            (
                need,
                self.book.attempts[need],
                responder.number,
                responder.dispatched,
                responder.arrived,
                responder.started,
                self.clock.now,
                outcome,
            )
        )
        if len(rows) >= self.rows.full:
            self.rows.pack()
        responder.need = NOBODY
        responder.team.busy -= 1
        if outcome != CLOSED:
            self._follow_up(need, responder, outcome)
        if self.model.depots.place_of:
            self.model.depots.used(need, outcome not in (GONE, WRONG_SKILL))
        if responder.settled:
            self.model.desks_of_crew[responder.crew].next_for(responder)
        else:
            self.model.roster.release(responder)

    def _follow_up(self, need: int, responder: Responder, outcome: int) -> None:
        book = self.book
        if outcome == REFERRED:
            self.model.referrals.refer(need)
        elif outcome == GONE:
            if book.state[need] != State.CLOSED:
                book.close(need, End.ABANDONED, book.deadline[need])
        elif outcome == WRONG_SKILL:
            self.clock.call_later(0.0, self.model.desk_of(need).offer, need)
            book.state[need] = int(State.WAITING)
        elif book.specs[book.need_type[need]].sessions is not None:
            self.model.cases.between(need, responder)
        else:
            book.state[need] = int(State.WAITING)
            book.deadline[need] = inf
            book.rejoined[need] = self.clock.now
            self.model.desk_of(need).offer(need)

    def unfinished(self) -> None:
        """Write down the visits that the end of the run cuts off."""
        for responder in self.model.people:
            if responder.need != NOBODY:
                reached = responder.arrived >= responder.dispatched
                begun = reached and responder.started >= responder.arrived
                self.rows.rows.extend(
                    (
                        responder.need,
                        self.book.attempts[responder.need],
                        responder.number,
                        responder.dispatched,
                        responder.arrived if reached else NAN,
                        responder.started if begun else NAN,
                        NAN,
                        UNFINISHED,
                    )
                )
