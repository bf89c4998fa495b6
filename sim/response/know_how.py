"""Who knows what to do. The drilled remember for a time; the others ask their leader, who has a queue, and then know.

A kind of work is a need type or a step of the card. What has been done once in this crisis is known for the rest of it.
A class before the first shift is a drill too, and may teach a skill, which is forgotten where nobody uses it.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log
from typing import TYPE_CHECKING, Any
from zlib import crc32

from sim.records.codes import CLOSED, MORE
from sim.response.responders import CERTIFIED, NOBODY, Responder

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.volunteers import Class

Skills = frozenset[str]
LN2 = log(2)


class KnowHow:
    """Keep who knows which kind of work."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.known: set[tuple[Responder, str]] = set()
        self.taught: dict[Responder, tuple[float, Class]] = {}
        """When somebody was at a class, and at which."""
        self.learnt: dict[Responder, Skills] = {}
        """What somebody can do only since then."""
        self.used_h: dict[Responder, float] = {}
        """When they last did that, or were taught it."""
        if any(unit.taught() for unit in model.response.organisation.units.values()):
            model.moments.visit_ended.append(self._used)

    def must_ask(self, person: Responder, kind: str) -> bool:
        """Tell whether somebody does not know a kind of work now; who knows it once does not forget in this run."""
        spec = person.team.spec.know_how
        if spec is None or (person, kind) in self.known:
            return False
        from scipy.special import exp2

        name, now = person.team.name, self.model.clock.now
        luck = self.model.chance.one(f"remembers.{name}", person.index, crc32(kind.encode()))
        if person in self.taught:
            taught_h, lesson = self.taught[person]
            remembers = luck < float(exp2((taught_h - now) / lesson.halves))
        else:
            took_part = self.model.chance.one(f"drilled.{name}", person.index) < spec.drilled
            remembers = took_part and luck < float(exp2(-(spec.ago + now) / spec.halves))
        if remembers:
            self.known.add((person, kind))
        return not remembers

    def ask(self, person: Responder, kind: str, done: Callable[[Any], object], argument: Any) -> None:
        """Ask the leader, or look it up; ``done(argument)`` is called when it is known."""
        spec = person.team.spec.know_how
        assert spec is not None
        self.known.add((person, kind))
        stream = f"question.{person.team.name}"
        length_h = spec.question.at(self.model.chance.one(stream, person.index, crc32(kind.encode())))
        office = self._leader(person)
        if spec.online or office is None:
            self.model.clock.call_later(length_h, done, argument)
        else:
            office.add("question", length_h, done, argument, NOBODY)

    def _leader(self, person: Responder) -> Any:
        """Return the office of whom somebody asks, their own leader or the superior; None where nobody is there."""
        team = person.team
        if team.spec.leader and not person.leads and team.office is not None and team.office.staffed():
            return team.office
        above = team.spec.reports_to
        office = self.model.teams[above].office if above is not None else None
        return office if office is not None and office.staffed() else None

    # -- classes ----------------------------------------------------------------------------------------------------

    def teach(self, person: Responder, lesson: Class) -> None:
        """Let somebody know what a class has taught, put it on the list, and set when it is forgotten."""
        now = self.model.clock.now
        self.taught[person] = now, lesson
        learnt = frozenset(lesson.teaches) - person.skills
        person.skills = _after(person.skills, lesson)
        person.crew = person.team.crew_of(_after(person.crew.skills, lesson), sent=person.crew.sent)
        if learnt:
            self.learnt[person], self.used_h[person] = learnt, now
            self._wait(person)

    def _wait(self, person: Responder) -> None:
        """Look again when somebody would have forgotten, had they not used it since it was last used."""
        from scipy.special import log1p

        luck, lesson = self.model.chance.one(f"forgets.{person.team.name}", person.index), self.taught[person][1]
        forgets_h = self.used_h[person] - lesson.halves * float(log1p(-luck)) / LN2
        if self.model.clock.now < forgets_h:
            if forgets_h < self.model.spec.end_h:
                self.model.clock.call_at(forgets_h, self._wait, person)
            return
        learnt = self.learnt.pop(person)
        person.skills -= learnt | {skill + CERTIFIED for skill in learnt}
        self.model.tell("forgot", str(person.number), "+".join(sorted(learnt)))

    def _used(self, person: Responder, need: int, outcome: int) -> None:
        """Note that somebody has done what they were taught."""
        book = self.model.book
        if outcome in (CLOSED, MORE) and book.specs[book.need_type[need]].skill in self.learnt.get(person, ()):
            self.used_h[person] = self.model.clock.now


def _after(skills: Skills, lesson: Class) -> Skills:
    """Return skills, or what the list says of them, after a class."""
    papers = {skill + CERTIFIED for skill in lesson.teaches} if lesson.certifies else ()
    return skills.union(lesson.teaches, papers)


def will_belong_to(person: Responder) -> None:
    """Make the crews that somebody who joins will be in: after the class, and once found to have forgotten it."""
    team = person.team
    assert team.spec.recruitment is not None
    assert team.spec.recruitment.training is not None
    lesson = team.spec.recruitment.training
    team.crew_of(_after(person.crew.skills, lesson))
    if team.spec.register_ is not None and team.spec.register_.corrects:
        learnt = frozenset(lesson.teaches) - person.skills
        after = _after(person.skills, lesson)
        team.crew_of(after)
        team.crew_of(after - learnt - {skill + CERTIFIED for skill in learnt})
