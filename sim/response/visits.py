"""A visit: word reaches the responder, the way to the door, the work, and what comes of it.

Two heap entries a visit where people travel, one where they do not. Draws belong to the need and the attempt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.records.buffers import RowBuffer
from sim.records.codes import (
    BLOCKED,
    CLOSED,
    DUPLICATE,
    GONE,
    IN_VAIN,
    MORE,
    NEVER_WENT,
    NO_ENTRY,
    NOT_FOUND,
    REFERRED,
    REFUSED,
    UNFINISHED,
    WRONG_SKILL,
)
from sim.response.book import End, State
from sim.response.disputes import Disputes
from sim.response.follow_up import follow_up
from sim.response.quality import Quality
from sim.response.registers import Answers
from sim.response.responders import NOBODY, Responder
from sim.response.unfamiliar import Unfamiliar

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.response.office import Office

NAN = float("nan")
SENT, CLOSED_STATE, MET = int(State.SENT), int(State.CLOSED), int(End.MET)


class Visits:
    """Carry out visits and write down what came of each."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.book = book = model.book
        self.clock = model.clock
        self.rows = RowBuffer(8)
        self.instant = not model.plan.moves and not model.messages.take_time
        units = model.response.organisation.units.values()
        self.disputes = Disputes(model)
        self.careful = (
            bool(model.response.authority)
            or model.strains is not None
            or any(
                unit.register_ is not None or unit.know_how is not None or unit.recruitment is not None
                for unit in units
            )
            or any(spec.asks_elsewhere_after is not None for spec in book.specs)
            or model.local_hazards is not None
            or self.disputes.any
            or model.homes.some_go_out
        )
        """Whether there is more to look at when a visit starts or ends than the skill on the list."""
        self.twice: set[int] = set()
        """Needs asked for at two desks that do not see each other's lists."""
        self.unfamiliar = Unfamiliar(model)
        self.answers = Answers(model)
        self.at_door: dict[int, Responder] = {}
        """Who is at work on such a need."""
        self.errors = any(unit.errors > 0 for unit in units)
        self.injuries = any(unit.injury is not None for unit in units)
        self.quality = Quality(model)
        self.erred = NOBODY
        """The need whose visit has just gone wrong."""
        self.told = model.moments.visit_ended
        self.plain = [
            not self.errors
            and not model.moments.closed
            and spec.sessions is None
            and spec.again == 0
            and spec.without_skill is None
            and not self.careful
            and (spec.referral is None or spec.referral.on_visit == 0)
            for spec in book.specs
        ]
        self.by_phone = [spec.by_phone for spec in book.specs]
        self.skill = [spec.skill for spec in book.specs]
        self.state, self.attempts, self.need_type = book.state, book.attempts, book.need_type
        self.building, self.deadline, self.held = book.building, book.deadline, model.depots.held
        self.resident = book.resident
        self.plan = model.plan
        self.first_service = book.first_service
        self.dispatched, self.started, self.closed, self.end = book.dispatched, book.started, book.closed, book.end

    def begin(self, need: int, responder: Responder, office: Office | None) -> None:
        """Dispatch a responder: from here to the end of the visit the person is taken."""
        now = self.clock.now
        if need in self.twice:
            responder.crew.desk.lines.own.discard(need)  # type: ignore[union-attr]  # who visits has a desk
        if self.state[need] != CLOSED_STATE:
            self.state[need] = SENT
        attempt = responder.attempt = self.attempts[need] = self.attempts[need] + 1
        if attempt == 1:
            self.dispatched[need] = now
        responder.need = need
        responder.dispatched = now
        responder.team.busy += 1
        if self.answers.stay and responder in self.answers.stay:
            responder.arrived = responder.started = NAN
            self.clock.call_later(self.answers.learnt_h(responder, now), self._nobody_came, responder)
        elif self.instant:
            if attempt > 1 or self.careful or not responder.crew.desk.match.by_skill:  # type: ignore[union-attr]  # who visits has a desk
                self._arrived(responder)
            else:  # the one path that a plain queue takes, without a call more than it needs
                responder.arrived = responder.started = self.started[need] = now
                self.clock.call_at(now + self.first_service[need], self._ended, responder)
        elif self.model.messages.take_time:
            self.model.messages.send(office, responder, self._depart)
        else:
            self._depart(responder)

    def _nobody_came(self, responder: Responder) -> None:
        """Learn that somebody has never set out."""
        self._leave(responder, NOT_FOUND if responder.stale else REFUSED)

    def _depart(self, responder: Responder) -> None:
        """Set out. Nothing can happen on the way, so a visit that will start is one entry on the heap, at its end."""
        plan = self.plan
        need = responder.need
        if not plan.moves or self.by_phone[self.need_type[need]]:
            self._arrived(responder)
            return
        building = self.building[need]
        depot = self.held.get(need) if self.held else None
        way_h = plan.walk_h(responder.place, building, depot.place if depot is not None else None)
        if responder.team.spec.unfamiliar is not None:
            way_h += self.unfamiliar.lost_h(responder, building)
        responder.place = plan.places[building]
        at_door = self.clock.now + way_h
        if not (self.careful and self._may_wait(need, responder)) and self._can_start(need, responder, at_door):
            responder.arrived = at_door
            self._start(need, responder, at_door)
        else:
            self.clock.call_at(at_door, self._arrived, responder)

    def _may_wait(self, need: int, responder: Responder) -> bool:
        """Tell whether something has to be found out at the door before a visit can start."""
        entry = "entry" in self.model.response.authority  # a grant may lapse on the way
        may_be_cut = self.model.local_hazards is not None
        may_be_out = self.model.homes.some_go_out or self.disputes.takes_two(need)
        return need in self.twice or entry or may_be_cut or may_be_out or self._asks(need, responder)

    def _can_start(self, need: int, responder: Responder, time_h: float) -> bool:
        """Tell whether a resident still waits at a time, and whether who comes then can do what is needed."""
        waits = self.deadline[need] > time_h or self.started[need] == self.started[need]
        skill = self.skill[self.need_type[need]]
        if need in self.twice and not self.alone(need, responder):
            return False
        return waits and (skill is None or skill in responder.skills or self._tries(need))

    def _tries(self, need: int) -> bool:
        return self.book.specs[self.need_type[need]].without_skill is not None

    def alone(self, need: int, responder: Responder) -> bool:
        """Tell whether nobody of another desk is at a need, or has met it."""
        other = self.at_door.get(need)
        return self.state[need] != CLOSED_STATE and (other is None or other is responder)

    def _arrived(self, responder: Responder) -> None:
        """Stand at the door: start, find nobody waiting any more, or find out that somebody else is needed."""
        now = self.clock.now
        need = responder.need
        responder.arrived = now
        hazards = self.model.local_hazards
        on_foot = not self.by_phone[self.need_type[need]]
        if hazards is not None and on_foot and not hazards.ways.passable(self.building[need], responder.team):
            responder.started = NAN
            hazards.ways.found_cut(self.building[need])
            self.clock.call_later(self.model.desk_of(need).spec.wrong_skill, self._turns_back, responder)
            return
        if not self.model.authorities.may("entry", responder.team.name) and not self.by_phone[self.need_type[need]]:
            self.model.authorities.when_granted("entry", responder.team.name, self._let_in, responder, responder)
            if responder.rostered_until <= now:
                self.relieve(responder)
            return
        self._let_in(responder)

    def _let_in(self, responder: Responder) -> None:
        """Go in, if the resident still waits and who came can do it."""
        now, need = self.clock.now, responder.need
        if self.state[need] == CLOSED_STATE and need not in self.twice:  # withdrawn on the way
            responder.started = NAN
            self._leave(responder, GONE)
            return
        if self._can_start(need, responder, now):
            if self.model.homes.is_in(self.resident[need]) and self.disputes.may_begin(need):
                self._start(need, responder, now)
            else:
                responder.started = NAN
                self.clock.call_later(self.model.desk_of(need).spec.wrong_skill, self._nobody_in, responder)
            return
        responder.started = NAN
        if need in self.twice and not self.alone(need, responder):
            self.clock.call_later(self.model.desk_of(need).spec.wrong_skill, self._found_done, responder)
            return
        if self.deadline[need] <= now and self.started[need] != self.started[need]:
            self._leave(responder, GONE)
        else:
            self.clock.call_later(self.model.desk_of(need).spec.wrong_skill, self._found_wrong, responder)

    def _start(self, need: int, responder: Responder, time_h: float) -> None:
        if self.started[need] != self.started[need]:  # NaN: nobody has started on it before
            self.started[need] = time_h
        responder.started = time_h
        if need in self.twice:
            self.at_door[need] = responder
        if self.disputes.any:
            self.disputes.begin(need)
        if self._asks(need, responder):
            self.model.know_how.ask(responder, self._kind(need), self._knows, responder)
        else:
            self._work(need, responder, time_h)

    def _kind(self, need: int) -> str:
        return f"need.{self.book.demand.type_names[self.need_type[need]]}"

    def _asks(self, need: int, responder: Responder) -> bool:
        """Tell whether somebody does not know what to do about a need."""
        if responder.team.spec.know_how is None:
            return False
        return self.model.know_how.must_ask(responder, self._kind(need))

    def _knows(self, responder: Responder) -> None:
        self._work(responder.need, responder, self.clock.now)

    def _work(self, need: int, responder: Responder, time_h: float) -> None:
        attempt = responder.attempt
        service_h = self.first_service[need] if attempt == 1 else self.book.service(need, attempt)
        service_h *= self.quality.slower(need, responder)
        self.clock.call_at(time_h + service_h, self._ended, responder)

    def relieve(self, responder: Responder) -> None:
        """Let somebody go home who waits for authority at a door; what has begun is finished first."""
        if self.careful and self.model.authorities.leaves(responder):
            responder.started = NAN
            self._turns_back(responder, NO_ENTRY)

    def _nobody_in(self, responder: Responder) -> None:
        """Leave where somebody is not at home who has to be there."""
        self._turns_back(responder, NO_ENTRY)

    def _turns_back(self, responder: Responder, outcome: int = BLOCKED) -> None:
        """Nobody gets in: the trip is wasted and the request waits again, unless it has been met or given up."""
        need = responder.need
        if self.state[need] == CLOSED_STATE:
            self._found_done(responder)
        elif self.book.has_left(need, self.clock.now):
            self._leave(responder, GONE)
        else:
            self._leave(responder, outcome)

    def _found_wrong(self, responder: Responder) -> None:
        """The person sent cannot do it: the trip is wasted and the request waits again, in its old place."""
        need = responder.need
        if self.state[need] == CLOSED_STATE or (need in self.twice and not self.alone(need, responder)):
            self._found_done(responder)
        elif self.book.has_left(need, self.clock.now):
            self._leave(responder, GONE)
        else:
            self._leave(responder, WRONG_SKILL)

    def _ended(self, responder: Responder) -> None:
        need = responder.need
        if self.plain[self.need_type[need]]:
            self.state[need] = CLOSED_STATE
            self.end[need] = MET
            self.closed[need] = self.clock.now
            self._leave(responder, CLOSED)
        else:
            self._leave(responder, self._outcome(need, responder))

    def _outcome(self, need: int, responder: Responder) -> int:
        """Decide what a visit came to, for a need that one visit may not meet."""
        book, spec = self.book, self.book.specs[self.book.need_type[need]]
        attempt = responder.attempt
        first = responder.started == self.started[need]
        if spec.referral is not None and first and book.uniform("refer", need, 1) < spec.referral.on_visit:
            return REFERRED
        if self.quality.goes_wrong(need, responder):  # a session too: it does not count, and is held again
            self.erred = need
            return MORE
        if spec.sessions is not None and self.model.cases.held(need) < spec.sessions.count:
            return MORE
        if spec.again > 0 and book.uniform("again", need, attempt) < spec.again:
            return MORE
        book.close(need, MET, self.clock.now)
        if spec.sessions is not None:
            self.model.cases.finished(need)
        return CLOSED

    def _found_done(self, responder: Responder) -> None:
        """Somebody of another desk is there already, or nobody waits any more: the trip was for nothing."""
        gone = self.end[responder.need] in (End.ABANDONED, End.WITHDRAWN)
        self._leave(responder, GONE if gone else DUPLICATE)

    def was_hard(self, need: int) -> bool:
        """Tell whether the visit that has just ended went wrong or was traumatic."""
        return self.erred == need or (self.model.strains is not None and self.model.strains.traumatic == need)

    def _leave(self, responder: Responder, outcome: int) -> None:
        """End a visit: write it down, free the person, and let what follows from it happen."""
        need = responder.need
        stamps = responder.dispatched, responder.arrived, responder.started, self.clock.now
        self.rows.rows.extend((need, responder.attempt, responder.number, *stamps, outcome))
        if outcome not in NEVER_WENT:
            for heard in self.told:
                heard(responder, need, outcome)
        self.erred = responder.need = NOBODY
        if outcome in (WRONG_SKILL, *NEVER_WENT):
            self.answers.correct(responder, outcome)
        if self.at_door.get(need) is responder:
            del self.at_door[need]
        responder.team.busy -= 1
        if self.injuries and outcome not in NEVER_WENT:
            self.model.roster.coming.risk(responder)
        if self.held:
            self.model.depots.used(need, outcome not in IN_VAIN)
        if outcome != CLOSED:
            follow_up(self.model, need, responder, outcome)
        if responder.settled:
            responder.crew.desk.next_for(responder)  # type: ignore[union-attr]  # who visits has a desk
        else:
            self.model.roster.release(responder)

    def unfinished(self) -> None:
        """Write down the visits that the end of the run cuts off, and take back what was to come after it."""
        end_h = self.model.spec.end_h
        if self.model.isolation is not None:
            self.model.isolation.finish()
        for responder in self.model.people:
            need = responder.need
            if need == NOBODY:
                continue
            reached = responder.dispatched <= responder.arrived < end_h
            begun = reached and responder.started >= responder.arrived
            if self.started[need] >= end_h:
                self.started[need] = NAN
            stamps = responder.dispatched, responder.arrived if reached else NAN, responder.started if begun else NAN
            self.rows.rows.extend((need, responder.attempt, responder.number, *stamps, NAN, UNFINISHED))
