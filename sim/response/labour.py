"""People for work other than visits: steps of the card, posts, stations. One person, one thing at a time.

A job asks a team for people; whoever is idle goes at once, else the next who becomes free: such work comes before
visits. Whoever goes off duty is asked for again by the job itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sim.records.codes import WRONG_SKILL
from sim.response.responders import NOBODY, Responder, Team

if TYPE_CHECKING:
    from sim.model import CrisisModel


class Job:
    """Something that takes people: told who has come, and asked to let somebody go whose shift is over."""

    kind: str
    """Its name in the table of assignments."""
    risky = True
    """Whether somebody may be hurt by it."""
    without_kit = False
    """Whether it is work that nobody needs a kit for."""
    goes_by: tuple[str, ...] = ()
    """The names by which rules call it; without one, everybody may do it."""
    skill: str | None = None
    """What it takes to do it."""
    by_anybody = False
    """Whether who lacks the skill may do it, where nobody idle is listed with it."""
    found_out: frozenset[Responder] = frozenset()
    """Who was listed with the skill and does not have it."""

    def fits(self, responder: Responder) -> bool:
        """Tell whether somebody may be asked, as far as the list says."""
        if self.skill is None or self.by_anybody:
            return True
        return self.skill in responder.crew.skills and responder not in self.found_out

    def joined(self, responder: Responder) -> None:
        """Let somebody begin who has just been assigned."""
        raise NotImplementedError

    def relieve(self, responder: Responder) -> None:
        """Let somebody go (``Labour.free``), now or as soon as the work in hand is done."""
        raise NotImplementedError

    def lost(self) -> None:
        """Hear that somebody will not come back from a break."""


class Claim:
    """One person wanted by a job, of a team that can be changed while the claim waits."""

    __slots__ = ("asked_h", "job", "open", "person", "teams")

    def __init__(self, job: Job, team: Team, asked_h: float, person: Responder | None = None) -> None:
        self.job = job
        self.person = person
        """Who is wanted; None for anybody of the teams."""
        self.teams = [team]
        self.asked_h = asked_h
        self.open = True


class Labour:
    """Assign people to jobs and take them back."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.forbidden: set[tuple[str, str]] = set()
        """(unit, work) that was asked for against the rules."""

    def may(self, team: Team, job: Job) -> bool:
        """Tell whether the rules let people of a team do something."""
        return self.model.permitted(team, *job.goes_by)

    def ask(self, team: Team, job: Job, person: Responder | None = None) -> Claim:
        """Ask a team for one person: anybody, or this one."""
        claim = Claim(job, team, self.model.clock.now, person)
        self.offer(claim, team)
        return claim

    def offer(self, claim: Claim, team: Team) -> None:
        """Let a team fill a claim: with somebody idle, or with the next who is free."""
        if team not in claim.teams:
            claim.teams.append(team)
        if not self.may(team, claim.job):
            if (team.name, claim.job.kind) not in self.forbidden:
                self.forbidden.add((team.name, claim.job.kind))
                self.model.tell("not_permitted", team.name, claim.job.kind)
            return
        idle = self._idle_for(claim, team)
        if idle is not None:
            self.model.roster.step_back(idle)
            self._assign(claim, idle)
            return
        team.claims.append(claim)
        for responder in team.people if claim.person is None else (claim.person,):
            responder.settled = False  # so that whoever becomes free is asked

    def _idle_for(self, claim: Claim, team: Team) -> Responder | None:
        """Return who could fill a claim now."""
        person = claim.person
        if person is None:
            idle = self.idle(team, claim.job)
            if idle is None and claim.job.without_kit:
                idle = next(iter(self.model.kits.waiting_of(team)), None)
            return idle
        if team.busy < team.places and (person in person.crew.idle or person in self.model.kits.waiting):
            return person
        return None

    def idle(self, team: Team, job: Job | None = None) -> Responder | None:
        """Return who of a team would be sent now: the fewest skills first, then the longest idle.

        For a job that takes a skill, who is listed with it; anybody else only where the job lets them.
        """
        able = [crew for crew in team.crews if crew.idle]
        if not able or team.busy >= team.places:
            return None
        able.sort(key=lambda crew: len(crew.skills))
        if job is None or job.skill is None:
            return able[0].idle[0]
        skilled = (r for crew in able if job.skill in crew.skills for r in crew.idle if r not in job.found_out)
        return next(skilled, able[0].idle[0] if job.by_anybody else None)

    def idle_people(self, team: Team, job: Job | None = None) -> int:
        """Return how many of a team are idle now, of those who may be asked for a job."""
        if job is None or job.skill is None:
            return sum(len(crew.idle) for crew in team.crews)
        return sum(job.fits(responder) for crew in team.crews for responder in crew.idle)

    def withdraw(self, claims: Iterable[Claim]) -> None:
        """Take claims back."""
        for claim in claims:
            claim.open = False

    def take(self, responder: Responder, *, kitted: bool = True) -> bool:
        """Give somebody who is free the first claim on their team that they can fill; False where there is none."""
        team = responder.team
        if team.busy >= team.places:
            return False
        while team.claims and not team.claims[0].open:
            team.claims.popleft()
        for claim in team.claims:
            wanted = claim.person is None or claim.person is responder
            if claim.open and wanted and (kitted or claim.job.without_kit) and claim.job.fits(responder):
                team.claims.remove(claim)
                self.model.kits.stop_waiting(responder)
                self._assign(claim, responder)
                return True
        return False

    def _assign(self, claim: Claim, responder: Responder) -> None:
        claim.open = False
        responder.engaged = True
        responder.settled = False
        responder.job = claim.job
        responder.job_asked, responder.job_since = claim.asked_h, self.model.clock.now
        responder.team.busy += 1
        for heard in self.model.moments.assigned:
            heard(responder, claim.job)
        kind = claim.job.kind
        if not self._can(claim.job, responder):
            self._turns_back(claim.job, responder)
        elif kind.startswith("step.") and self.model.know_how.must_ask(responder, kind):
            Question(self, responder, claim.job).begin(0.0)
        else:
            claim.job.joined(responder)

    def _can(self, job: Job, responder: Responder) -> bool:
        return job.skill is None or job.by_anybody or job.skill in responder.skills

    def _turns_back(self, job: Job, responder: Responder) -> None:
        """Find out that somebody lacks the skill that the list gives them: the job asks for another."""
        job.found_out |= {responder}
        self.model.visits.answers.correct(responder, WRONG_SKILL)
        self.free(responder, worked=False)
        self.model.clock.call_later(0.0, lambda _: job.lost())

    def free(self, responder: Responder, *, worked: bool = True) -> None:
        """End somebody's assignment: write it down, and let them do what comes next."""
        job = responder.job
        assert job is not None
        now = self.model.clock.now
        self.model.roster.note(responder, job.kind, responder.job_asked, responder.job_since, now, NOBODY)
        responder.job = None
        responder.engaged = False
        responder.team.busy -= 1
        if responder.team.spec.injury is not None and job.risky and worked:
            self.model.roster.coming.risk(responder)
        self.model.roster.release(responder)

    def rest(self, responder: Responder, length_h: float, job: Job) -> None:
        """Let somebody have a break, after which they come back to the same job, with a fresh kit if they wear one."""
        Break(self, responder, job).begin(length_h)


class Break(Job):
    """A break of one person."""

    kind = "break"
    risky = False

    def __init__(self, labour: Labour, responder: Responder, job: Job) -> None:
        self.labour = labour
        self.responder = responder
        self.back_to = job
        self.over = False

    def begin(self, length_h: float) -> None:
        """Go on a break."""
        clock = self.labour.model.clock
        self._switch(self)
        clock.call_later(length_h, self._end)

    def _switch(self, job: Job) -> None:
        """Write down what was done so far, and go on with something else."""
        responder, model = self.responder, self.labour.model
        assert responder.job is not None
        note = model.roster.note
        note(responder, responder.job.kind, responder.job_asked, responder.job_since, model.clock.now, NOBODY)
        responder.job = job
        responder.job_asked = responder.job_since = model.clock.now

    def _end(self, _nothing: None) -> None:
        if self.over or self.responder.job is not self:
            return
        self.over = True
        self.labour.model.kits.renew(self.responder, self._back)

    def _back(self) -> None:
        if self.responder.job is self:
            self._switch(self.back_to)
            self.back_to.joined(self.responder)

    def relieve(self, responder: Responder) -> None:
        """End the shift in the break; the job asks for somebody else."""
        self.over = True
        self.labour.free(responder)
        self.back_to.lost()


class Question(Break):
    """Somebody who does not know what to do asks first; a break in the eyes of the job."""

    kind = "question"

    def begin(self, _length_h: float) -> None:
        """Ask, and begin when there is an answer."""
        self._switch(self)
        self.labour.model.know_how.ask(self.responder, self.back_to.kind, self._end, None)
