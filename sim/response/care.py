"""How people at work are looked after: sessions with a supervisor, breaks and debriefings, answers, honours, contracts.

Each takes somebody's time, and what nobody has time for does not happen. What it does for people is the business of
``sim.response.strain``, which is told; without strain it still takes the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.records.codes import CLOSED
from sim.response.debriefings import Debriefings
from sim.response.errands import send
from sim.response.labour import Claim
from sim.response.meetings import Meeting, Turn
from sim.response.responders import NOBODY, Responder, Team
from sim.spec.care import Supervision

if TYPE_CHECKING:
    from sim.model import CrisisModel

RETRY_H = 1.0
"""How often a session that nobody has time for is tried again."""


class Care:
    """Set the sessions, breaks, debriefings and answers of a response going."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.clock = model.clock
        self.served: dict[Responder, float] = {}
        """Hours on duty so far, of teams with honours."""
        self.begun: dict[Responder, float] = {}
        self.debriefings = Debriefings(self)
        response, moments = model.response, model.moments
        self.not_handed_over: set[Responder] = set()
        """Who was at home when a phase began."""
        units = response.organisation.units.values()
        self.supervision = {model.teams[name]: spec for name, spec in response.supervision.items()}
        self.feedback = {model.teams[name]: spec for name, spec in response.feedback.items()}
        if any(spec.consults is not None for spec in self.supervision.values()):
            moments.visit_ended.append(self._consult)
        if any(unit.breaks is not None or unit.debriefing is not None for unit in units):
            moments.shift_begun.append(self._plan_shift)
            moments.shift_followed.append(self._plan_shift)
        moments.shift_ended.append(self._put_off)
        if any(unit.hand_over is not None for unit in units):
            moments.phase_entered.append(self._hand_over)
            moments.shift_begun.append(self._take_over)
        if self.feedback:
            moments.shift_ended.append(self._speak)
        if any(unit.honours is not None for unit in units):
            moments.shift_begun.append(self._clock_in)
            moments.shift_ended.append(self._clock_out)
        if any(unit.contract is not None for unit in units):
            moments.shift_begun.append(self.unsure)

    def begin(self) -> None:
        """Set the first session of each worker, and the ends of contracts."""
        for team, spec in self.supervision.items():
            if spec.every is not None:
                for person in team.people if team.name not in self.model.at_desk else ():
                    offset = self.model.chance.one(f"supervision.{team.name}", person.index) * spec.every
                    self.clock.call_later(offset, self._due, (person, spec, 1))
        for team in self.model.teams.values():
            contract = team.spec.contract
            if contract is not None and contract.renewed is None and contract.ends < self.model.spec.end_h:
                self.clock.call_at(contract.ends, self._contract_ends, team)

    # -- supervision ------------------------------------------------------------------------------------------------

    def _due(self, turn: tuple[Responder, Supervision, int]) -> None:
        person, spec, nth = turn
        assert spec.every is not None
        self.clock.call_later(spec.every, self._due, (person, spec, nth + 1))
        self._try((person, spec, nth, self.clock.now + spec.within))

    def _try(self, turn: Turn) -> None:
        person, spec, nth, until_h = turn
        if not self.model.roster.presence.here_by(person, until_h):
            return
        if self.clock.now > until_h:
            self._missed(person)
            return
        if person.on_duty and self.free(self.model.teams[spec.by], spec.depends_on):
            assert spec.takes is not None
            stream = f"supervision.length.{person.team.name}"
            length_h = spec.takes.at(self.model.chance.one(stream, person.index, nth))
            meeting = Meeting(self, "supervision", length_h, spec, turn=turn)
            claim = self.model.labour.ask(person.team, meeting, person)
            self.clock.call_later(max(until_h - self.clock.now, 0.0), self._too_late, (claim, person))
        else:
            self.clock.call_later(RETRY_H, self._try, turn)

    def not_held(self, meeting: Meeting) -> None:
        """Try a session again for which the supervisor had no time after all."""
        if meeting.turn is not None:
            self.clock.call_later(RETRY_H, self._try, meeting.turn)

    def free(self, by: Team, depends_on: str | None) -> bool:
        """Tell whether a supervisor has time now and can be reached."""
        if depends_on is not None and self.model.outages.out(depends_on):
            return False
        return (
            bool(by.office.idle)
            if by.office is not None and by.name in self.model.at_desk
            else self.model.labour.idle(by) is not None
        )

    def _too_late(self, turn: tuple[Claim, Responder]) -> None:
        claim, person = turn
        if claim.open:
            self.model.labour.withdraw([claim])
            if self.model.roster.presence.here_by(person, self.clock.now):
                self._missed(person)

    def _missed(self, person: Responder) -> None:
        self.model.tell("no_supervision", str(person.number), person.team.name)
        self.happen(person, "no_supervision")

    def _consult(self, person: Responder, need: int, outcome: int) -> None:
        """Ask a supervisor about a visit that was hard, before the next visit."""
        spec = self.supervision.get(person.team)
        if spec is None or spec.consults is None or not self.model.visits.was_hard(need):
            return
        if not self.model.teams[spec.by].on_duty or not self._strained(person):
            return
        book = self.model.book
        length_h = spec.consults.at(book.uniform("consultation", need, book.attempts[need]))
        guides = need if outcome != CLOSED else NOBODY
        self.model.labour.ask(person.team, Meeting(self, "consultation", length_h, spec, guides), person)

    def _strained(self, person: Responder) -> bool:
        """Tell whether what happens at work is noted of somebody, or of nobody at all."""
        return self.model.strains is None or person in self.model.strains.of or self.model.visits.erred != NOBODY

    def held(self, kind: str, person: Responder, need: int) -> None:
        """Let a session do its work."""
        if kind == "supervision" and self.model.strains is not None:
            self.model.strains.supervised(person)
        if kind == "consultation" and need != NOBODY:
            self.model.visits.quality.guided.add(need)
        if kind not in ("rest", "hand_over"):
            self.happen(person, kind)

    # -- the shift --------------------------------------------------------------------------------------------------

    def _plan_shift(self, person: Responder) -> None:
        spec, now, until_h = person.team.spec, self.clock.now, person.rostered_until
        if spec.breaks is not None and now + spec.breaks.every < until_h:
            self.clock.call_later(spec.breaks.every, self._break, (person, person.duty))
        if spec.debriefing is not None and now < until_h - spec.debriefing.takes < self.model.spec.end_h:
            self.clock.call_at(until_h - spec.debriefing.takes, self._debrief, (person, person.duty))

    def _break(self, turn: tuple[Responder, int]) -> None:
        person, duty = turn
        breaks = person.team.spec.breaks
        if breaks is None or not person.on_duty or person.duty != duty:
            return
        if self.clock.now + breaks.lasts > person.rostered_until:
            return
        meeting = Meeting(self, "rest", breaks.lasts)
        claim = self.model.labour.ask(person.team, meeting, person)
        self.clock.call_later(breaks.every, self._no_break, (claim, meeting, person, duty))

    def _no_break(self, turn: tuple[Claim, Meeting, Responder, int]) -> None:
        """Give a break up that nobody could take before the next is due."""
        claim, meeting, person, duty = turn
        if not meeting.begun:
            self.model.labour.withdraw([claim])
            if person.on_duty and person.duty == duty:
                self.happen(person, "missed_rest")
        if person.on_duty and person.duty == duty and self.clock.now < person.rostered_until:
            self._break((person, duty))

    def _hand_over(self, _phase: str) -> None:
        """Hand over to the next phase, in teams that do: who is on duty now, the others when they come next."""
        if self.clock.now == 0:
            return
        for team in self.model.teams.values():
            if team.spec.hand_over is not None:
                self.not_handed_over.update(team.people)
                for person in team.people:
                    if person.on_duty:
                        self._take_over(person)

    def _take_over(self, person: Responder) -> None:
        length_h = person.team.spec.hand_over
        if person in self.not_handed_over and length_h is not None:
            self.not_handed_over.discard(person)
            self.model.labour.ask(person.team, Meeting(self, "hand_over", length_h), person)

    def _debrief(self, turn: tuple[Responder, int]) -> None:
        person, duty = turn
        if person.team.spec.debriefing is not None and person.on_duty and person.duty == duty:
            self.debriefings.ask(person)

    # -- answers, honours, contracts --------------------------------------------------------------------------------

    def _speak(self, person: Responder) -> None:
        """Say after a shift what went wrong, and wait for an answer."""
        spec = self.feedback.get(person.team)
        strains = self.model.strains
        if spec is None or strains is None or not strains.has_to_say(person):
            return
        keys = person.index, person.duty
        if self.model.chance.one(f"feedback.{person.team.name}", *keys) >= spec.gives:
            return
        length_h = spec.takes.at(self.model.chance.one(f"feedback.length.{person.team.name}", *keys))
        said = Said(self, person)
        send(self.model, spec.to, "feedback", length_h, said.answer, None, NOBODY)
        self.clock.call_later(spec.within, said.wait_no_longer)

    def _clock_in(self, person: Responder) -> None:
        self.begun[person] = self.clock.now

    def _clock_out(self, person: Responder) -> None:
        if person.team.spec.honours is not None:
            self.served[person] = self.served.get(person, 0.0) + self.clock.now - self.begun[person]
            self.happen(person, "honoured")

    def _standing(self, person: Responder) -> float:
        """Return how much of the most that honours can do somebody's points are worth."""
        honours, hours = person.team.spec.honours, self.served.get(person, 0.0)
        return 0.0 if honours is None else hours / (hours + honours.half_at)

    def comes_more(self, person: Responder) -> float:
        """Return what honours add to the chance of coming to a shift."""
        honours = person.team.spec.honours
        return 0.0 if honours is None else honours.attendance * self._standing(person)

    def released_more(self, team: Team) -> float:
        """Return what honours add to the share of people whom a firm lets go; its points are those of all of them."""
        honours = team.spec.honours
        if honours is None or honours.release == 0:
            return 0.0
        hours = sum(self.served.get(person, 0.0) for person in team.people) / len(team.people)
        return honours.release * hours / (hours + honours.half_at)

    def stays(self, person: Responder) -> float:
        """Return the factor that honours leave of the hazard of leaving."""
        honours = person.team.spec.honours
        return 1.0 if honours is None else 1 - honours.stay * self._standing(person)

    def _put_off(self, person: Responder) -> None:
        """Take back what somebody who has left was to have, but for a session that may be held tomorrow."""
        for claim in person.team.claims:
            if claim.person is person and (claim.job.kind != "supervision" or not person.employed):
                claim.open = False

    def unsure(self, person: Responder) -> None:
        """Let somebody worry whose contract has not been renewed."""
        contract, now = person.team.spec.contract, self.clock.now
        if contract is None or now < contract.ends - contract.notice:
            return
        if contract.renewed is None or now < contract.renewed:
            self.happen(person, "insecure")

    def _contract_ends(self, team: Team) -> None:
        self.model.tell("contract_ended", team.name)
        for person in team.people:
            person.gone = True
            if person.employed:
                self.model.roster.dismiss(person)

    def happen(self, person: Responder, event: str) -> None:
        """Tell strain, where there is any, of something that has happened to somebody."""
        if self.model.strains is not None:
            self.model.strains.happen(person, event)


class Said:
    """What somebody has said after a shift: answered in time, or not."""

    def __init__(self, care: Care, person: Responder) -> None:
        self.care = care
        self.person = person
        self.over = False

    def answer(self, _nothing: None) -> None:
        """Answer, if it is not too late."""
        if not self.over:
            self.over = True
            self.care.model.tell("answered", str(self.person.number), self.person.team.name)
            self.care.happen(self.person, "answered")

    def wait_no_longer(self, _nothing: None) -> None:
        """Take no answer for one."""
        if not self.over:
            self.over = True
            self.care.happen(self.person, "no_answer")
