"""Strain while the clock runs: every change is an event or a span of hours, written down with what it left behind.

Between changes strain moves only by hours on duty (straight up) and hours of rest (down by a half-life), which are
added exactly when somebody comes, goes, or something happens. What strain does: it lengthens visits, lets some go
wrong, keeps people away from shifts, and makes them leave when the hazard they have lived through passes a threshold
of their own.
"""

from __future__ import annotations

from math import inf, log1p
from typing import TYPE_CHECKING

from sim.records.buffers import RowBuffer
from sim.records.codes import CLOSED, GONE, IN_VAIN, UNFINISHED
from sim.response.company import Company
from sim.response.condition import Condition, around_one
from sim.response.labour import Job
from sim.response.meetings import Meeting
from sim.response.responders import NOBODY, Responder
from sim.spec.strain import ABSENCE, CAPACITY, FULL_REST_H, HOURS, LOADS, OVERTIME_H, RELIEFS, Strain
from sim.spec.tasks import AT_WORK

if TYPE_CHECKING:
    from sim.model import CrisisModel

CAUSES = (*LOADS, *RELIEFS, *HOURS)
CODE = {name: code for code, name in enumerate(CAUSES)}
IN_CRISIS, AFTERWARDS = ("warning", "emergency"), ("protracted", "resolution")
BUFFERED = ("overload", "overtime", *(name for name, source in LOADS.items() if source == "institution"))
SUPERVISED_H = 14 * 24.0
"""How long a supervision supports."""
TO_SAY = ("failed", "wasted_trip", "idle_shift", "traumatic", "no_supervision", "value_conflict")
"""Events that somebody has something to say about after the shift."""
DAY_H, YEAR_H = 24.0, 365 * 24.0
AT_ONCE_H = 1e-6


class Strains:
    """Keep everybody's strain and write down what moved it."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.rows = RowBuffer(8)
        self.traumatic = NOBODY
        """The need whose visit has just been traumatic."""
        self.company = Company(model)
        self.of: dict[Responder, Condition] = {}
        for person in model.people:
            spec = model.world.strain.get(person.team.spec.members)
            if spec is not None:
                self.of[person] = self._condition(person, spec)
        moments = model.moments
        moments.visit_ended.append(self._visit_ended)
        moments.shift_begun.append(self._shift_begun)
        moments.shift_followed.append(self._shift_followed)
        moments.shift_ended.append(self._shift_ended)
        moments.assigned.append(self._assigned)

    def _condition(self, person: Responder, spec: Strain) -> Condition:
        """Draw what is somebody's own: capacity, recovery, identity and the threshold of leaving."""

        def own(question: str) -> float:
            return self.model.chance.one(f"strain.{question}.{person.team.name}", person.index)

        capacity = CAPACITY * around_one(spec.capacity_cv, own("capacity"))
        half_life = inf if spec.rest_half_life is None else spec.rest_half_life * around_one(spec.rest_cv, own("rest"))
        return Condition(spec, capacity, half_life, own("identity"), -log1p(-own("threshold")))

    # -- changes ----------------------------------------------------------------------------------------------------

    def happen(self, person: Responder, event: str, need: int = NOBODY, points: float | None = None) -> None:
        """Let an event strain or relieve somebody."""
        condition = self.of.get(person)
        if condition is None:
            return
        spec = condition.spec
        if event in TO_SAY:
            condition.to_say = True
        if points is None:
            points = spec.loads.get(event, 0.0) if event in LOADS else spec.reliefs.get(event, 0.0)
        move = spec.identity_moves.get(event, 0.0)
        if points == 0 and move == 0:
            return
        self._pass_time(person, condition)
        if event in LOADS:
            if event in BUFFERED:
                points *= self._buffer(condition)
            condition.strain += points
        else:
            points = -min(points, condition.strain)
            condition.strain += points
        condition.move_identity(move)
        self._write(person, condition, event, points, need)

    def _buffer(self, condition: Condition) -> float:
        """Return what a professional identity (in the crisis) or recent supervision (afterwards) lets through."""
        phase, spec = self.model.phase, condition.spec
        if phase in IN_CRISIS:
            return 1 - spec.identity * condition.identity
        supervised = self.model.clock.now - condition.supervised_h <= SUPERVISED_H
        return 1 - spec.support if phase in AFTERWARDS and supervised else 1.0

    def _pass_time(self, person: Responder, condition: Condition) -> None:
        """Add the hours since the last change."""
        now, leaving = self.model.clock.now, condition.spec.leaving
        if leaving is not None and person.employed:
            hours = condition.weighed_hours(now, leaving.grows)
            condition.pressure += leaving.per_year / YEAR_H * hours * self.model.care.stays(person)
        if condition.on_duty:
            points, cause = condition.points_of_duty(now), "duty"
        else:
            points, cause = condition.points_of_rest(now), "rest"
        condition.since_h = now
        if points != 0:
            condition.strain += points
            self._write(person, condition, cause, points, NOBODY)

    def _write(self, person: Responder, condition: Condition, cause: str, points: float, need: int) -> None:
        self.rows.rows.extend(
            (
                self.model.clock.now,
                person.number,
                CODE[cause],
                points,
                condition.strain,
                condition.capacity,
                need,
                condition.identity,
            )
        )

    # -- what happens at work ---------------------------------------------------------------------------------------

    def _shift_begun(self, person: Responder) -> None:
        self.company.begins(person)
        condition = self.of.get(person)
        if condition is None:
            return
        now = self.model.clock.now
        if person.duty == 1 and person.index >= person.team.first_count:
            condition.since_h = now  # who joined on the way has lived through nothing here before
        self._pass_time(person, condition)
        condition.on_duty = True
        if now - condition.left_h > AT_ONCE_H:  # else one shift follows another without a break
            condition.started_h = now
        condition.worked = condition.to_say = False
        if person.team.spec.shift is None:
            self.model.clock.call_later(DAY_H, self._day, (person, person.duty))
        if now - condition.left_h < FULL_REST_H:
            self.happen(person, "missed_rest")

    def _shift_followed(self, person: Responder) -> None:
        """Go on into the next shift: no rest between."""
        self.happen(person, "missed_rest")

    def _day(self, turn: tuple[Responder, int]) -> None:
        """Look back on a day of somebody who works around the clock."""
        person, duty = turn
        condition = self.of[person]
        if not person.on_duty or person.duty != duty:
            return
        self.model.clock.call_later(DAY_H, self._day, turn)
        self.model.care.unsure(person)
        self._pass_time(person, condition)
        if self._considers_leaving(person, condition):
            self.model.roster.dismiss(person)

    def _shift_ended(self, person: Responder) -> None:
        alone = self.company.ends(person)
        condition = self.of.get(person)
        if condition is None:
            return
        now = self.model.clock.now
        if not condition.worked and not self._at_desk_or_post(person):
            self.happen(person, "idle_shift")
        if now - person.rostered_until > OVERTIME_H:
            self.happen(person, "overtime")
        if person.own:
            self.happen(person, "overload")
        if alone:
            self.happen(person, "alone")
        self._pass_time(person, condition)
        condition.on_duty = False
        condition.left_h = now
        self._considers_leaving(person, condition)

    def _at_desk_or_post(self, person: Responder) -> bool:
        """Tell whether somebody has begun a task at a desk in this shift, or belongs to a unit that keeps posts."""
        posts = person.team.spec.posts
        kept = () if posts is None else (post for post in posts.shares if post not in AT_WORK)
        return person.started >= self.company.begun[person] or any(self.model.permitted(person.team, p) for p in kept)

    def _visit_ended(self, person: Responder, need: int, outcome: int) -> None:
        self.traumatic = NOBODY
        condition = self.of.get(person)
        if condition is None or outcome == UNFINISHED:
            return
        condition.worked = True
        book = self.model.book
        name = book.demand.type_names[book.need_type[need]]
        if outcome in IN_VAIN:
            self.happen(person, "failed" if outcome == GONE else "wasted_trip", need)
            return
        self.happen(person, "visit", need, condition.spec.by_need.get(name))
        hard = self.model.visits.erred == need
        if hard:
            self.happen(person, "failed", need)
        share = condition.spec.traumatic.get(name, 0.0)
        if share > 0 and book.uniform("traumatic", need, book.attempts[need]) < share:
            self.happen(person, "traumatic", need)
            self.traumatic, hard = need, True
        if hard:
            condition.hard.add(need)
        if outcome == CLOSED:
            target = book.specs[book.need_type[need]].target
            if target is not None and book.started[need] - book.request[need] <= target:
                self.happen(person, "thanks", need)
            if book.specs[book.need_type[need]].sessions is not None:
                self.happen(person, "meaning", need)  # a case seen through to its end
            if need in condition.hard and not hard:
                self._master(person, condition, need)

    def _master(self, person: Responder, condition: Condition, need: int) -> None:
        """A hard case that ended well: some relief, and more that can be carried from now on."""
        condition.hard.discard(need)
        limit = condition.first_capacity * condition.spec.grows_to
        condition.capacity = max(min(condition.capacity + condition.spec.grows, limit), condition.capacity)
        self.happen(person, "mastered", need)

    def _assigned(self, person: Responder, job: Job) -> None:
        condition = self.of.get(person)
        if condition is None:
            return
        condition.worked = condition.worked or not isinstance(job, Meeting)
        if person.team.spec.function == "casework" and conflicts(job.kind):
            self.happen(person, "value_conflict")

    def supervised(self, person: Responder) -> None:
        """Note that somebody has had a session with a supervisor."""
        condition = self.of.get(person)
        if condition is not None:
            condition.supervised_h = self.model.clock.now

    def has_to_say(self, person: Responder) -> bool:
        """Tell whether something went wrong for somebody in their last shift."""
        condition = self.of.get(person)
        return condition is not None and condition.to_say

    def pause(self, person: Responder, *, resting: bool) -> None:
        """Let a break on duty count as rest."""
        condition = self.of.get(person)
        if condition is not None:
            self._pass_time(person, condition)
            condition.on_duty = not resting

    # -- what strain does -------------------------------------------------------------------------------------------

    def level(self, person: Responder) -> float:
        """Return somebody's strain now, as a share of what they can carry."""
        condition = self.of.get(person)
        if condition is None:
            return 0.0
        return (condition.strain + condition.points_of_duty(self.model.clock.now)) / condition.capacity

    def slower(self, person: Responder) -> float:
        """Return by what a visit of somebody takes longer."""
        condition = self.of.get(person)
        return 1.0 if condition is None else 1 + condition.spec.slower * min(self.level(person), 1.0)

    def errors(self, person: Responder) -> float:
        """Return the share of visits that strain lets go wrong."""
        condition = self.of.get(person)
        return 0.0 if condition is None else condition.spec.errors * min(self.level(person), 1.0)

    def stays_away(self, person: Responder, day: int, number: int) -> bool:
        """Tell whether somebody stays away from a shift because they cannot any more."""
        condition = self.of.get(person)
        if condition is None or condition.spec.absence == 0:
            return False
        if not condition.on_duty:
            self._pass_time(person, condition)
        share = min(condition.spec.absence * min(self.level(person), 1.0), ABSENCE)
        return self.model.chance.one(f"strain.absence.{person.team.name}", person.index, day, number) < share

    def _considers_leaving(self, person: Responder, condition: Condition) -> bool:
        """Tell whether the hazard that somebody has lived through has passed their threshold: they leave for good."""
        if condition.spec.leaving is None or not person.employed or condition.pressure < condition.threshold:
            return False
        self.model.roster.coming.leaves(person)
        return True

    def finish(self) -> None:
        """Add the hours until the end of the run."""
        for person, condition in self.of.items():
            self._pass_time(person, condition)


def conflicts(kind: str) -> bool:
    """Tell whether a task is no social work: a step or post of the plan, a station or round of a site, a check."""
    return "." in kind or kind == "check"
