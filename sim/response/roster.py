"""Who is on duty, at which post: shifts that begin and end, time split between posts, and people who come and go.

At the end of a shift whoever is idle leaves and whoever is busy finishes first (overtime). With ``handover: replace``
a team has as many places of work as people rostered now, so that the next shift waits for the place of somebody who
is finishing. What people do at their post is the business of desks and offices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.records.buffers import RowBuffer
from sim.response.coming import Coming
from sim.response.presence import Presence
from sim.response.responders import NO_LIMIT, NOBODY, Responder, Team
from sim.response.time_split import TimeSplit
from sim.spec.organisation import DAY_H

if TYPE_CHECKING:
    from sim.model import CrisisModel

NAN = float("nan")
TINY_H = 1e-9


class Roster:
    """Bring people on and off duty and write down what they do there."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.clock = model.clock
        self.shifts = RowBuffer(4)
        self.assignments = RowBuffer(6)
        self.kinds: dict[str, int] = {}
        self.running: dict[tuple[int, int], float] = {}
        """When the latest shift ends, by team and number of the shift."""
        self.split = TimeSplit(self)
        self.coming = Coming(self)
        self.presence = Presence(self)
        self.to_fill: set[tuple[str, float]] = set()
        """Teams around the clock, and when somebody is looked for who can take a place: once, however many leave."""

    def begin(self) -> None:
        """Start the shifts of every team."""
        self.coming.begin()
        for team in self.model.teams.values():
            if team.spec.shift is None:
                for opens in {0.0, *(closure.ends for closure in self.presence.closures if closure.ends is not None)}:
                    if opens < self.model.spec.end_h:
                        self.clock.call_at(opens, self.fill, team, 2 + self._turn(team, 0, 0))
                continue
            for number, shift in enumerate(team.spec.shift):
                first = shift.begin - self.model.spec.start_hour
                if first + shift.length_h > DAY_H:
                    first -= DAY_H
                if first + shift.length_h <= 0:
                    first += DAY_H
                self._schedule(team, number, 0, first)

    def fill(self, team: Team) -> None:
        """Bring in who is missing from a team that works around the clock and can come now."""
        self.to_fill.discard((team.name, self.clock.now))
        if team.awaited or team.spec.call_up is not None:
            return
        away = [k for k, person in enumerate(team.people) if person.employed and not person.on_duty]
        self._come(team, [k for k in away if self.presence.comes(team, k, 0, 0)], np.inf)

    def _schedule(self, team: Team, number: int, day: int, begin_h: float) -> None:
        if begin_h < self.model.spec.end_h:
            later = team.spec.supervised is not None  # who looks after them comes first
            after = 2 + later + self._turn(team, number, day)
            self.clock.call_at(max(begin_h, 0.0), self.shift_begins, (team, number, day, begin_h), after)

    def _turn(self, team: Team, number: int, day: int) -> float:
        """Draw where in the order of teams that begin at one moment a team stands, so that none is always first."""
        return self.model.chance.one(f"turn.{team.name}", number, day)

    def shift_begins(self, turn: tuple[Team, int, int, float], end_h: float | None = None) -> None:
        """Begin a shift; with ``end_h``, one that is running already."""
        team, number, day, begin_h = turn
        assert team.spec.shift is not None
        goes_on = end_h is None
        if goes_on:
            self._schedule(team, number, day + 1, begin_h + DAY_H)
        if team.awaited:
            return
        end_h = begin_h + team.spec.shift[number].length_h if end_h is None else end_h
        if abs(self.running.get((team.number, number), -1.0) - end_h) < TINY_H:  # who came from outside began it
            return
        self.running[team.number, number] = end_h
        here = self.presence.of_shift(team, day, number, begin_h, end_h)
        people = [team.people[index] for index in here]
        here = self.presence.in_time(team, here, day, end_h)
        self.clock.call_at(end_h, self._shift_ends, (team, people, end_h))
        self.model.tell("shift_begun", team.name, len(here))
        self._come(team, here, end_h)

    def come_for(self, responder: Responder, length_h: float) -> None:
        """Bring somebody on duty outside any roster, for so long."""
        self.come_until(responder, self.clock.now + length_h)

    def come_until(self, responder: Responder, end_h: float) -> None:
        """Bring somebody on duty until a time."""
        self.clock.call_at(end_h, self._shift_ends, (responder.team, [responder], end_h))
        self._come(responder.team, [responder.index], end_h)

    def comes_late(self, turn: tuple[Team, int, float]) -> None:
        """Bring somebody into a shift that has begun without them."""
        team, index, end_h = turn
        person, now = team.people[index], self.clock.now
        if person.on_duty or now >= end_h or not self.presence.can_come(person, end_h):
            return
        self._come(team, [index], end_h)

    def _come(self, team: Team, indices: list[int], until_h: float) -> None:
        people = [team.people[index] for index in indices if team.people[index].employed]
        people = self.presence.at_hand(people, until_h)
        if team.spec.provisions:
            people = [person for person in people if person.on_duty or self.presence.provided(team)]
        following = [responder for responder in people if responder.on_duty]
        for rank, responder in enumerate(people):
            self._enter(responder, until_h, rank / len(people))
        moments = self.model.moments
        for responder in people:
            for heard in moments.shift_followed if responder in following else moments.shift_begun:
                heard(responder)
        self._tell(team.listeners if people else [])
        if team.spec.leader:
            self._appoint(team)
        for responder in self._in_turn(team, people):
            if not responder.at_work and responder in following:  # idle since the shift that ends here
                self.step_back(responder)
            if not responder.at_work:
                self.release(responder)
            if responder.post == "desk":
                self.model.command.staff_changed(team)
            stays = responder.post == "visit" and responder.next_post is None
            responder.settled = stays and not team.claims and team.spec.kit_lasts is None
            if self.model.reports is not None:
                self.model.reports.entered(responder)

    def _in_turn(self, team: Team, people: list[Responder]) -> list[Responder]:
        """Return people in the order in which they take up work, drawn anew each time."""
        if len(people) < 2:
            return people
        index, duty = [person.index for person in people], [person.duty for person in people]
        drawn = self.model.chance.uniform(f"turn.{team.name}.of", index, duty)
        return [people[k] for k in np.argsort(drawn).tolist()]

    def _enter(self, responder: Responder, until_h: float, point: float) -> None:
        """Put somebody on duty; ``point`` is where in the block of posts they begin."""
        now, team = self.clock.now, responder.team
        if responder.on_duty:  # still finishing an earlier shift, or in the middle of it: that one ends here
            responder.rostered_until = min(responder.rostered_until, now)
            self._note_shift(responder, now)
        responder.duty += 1
        responder.rostered_until = until_h
        responder.rostered_from = now
        if team.places != NO_LIMIT and not responder.placed:
            team.places += 1
            responder.placed = True
        if not responder.on_duty:
            responder.paid_until_h = now
            responder.on_duty = True
            team.on_duty += 1
            responder.place = team.base if responder.home is None else responder.home
            if team.spec.posts is not None:
                self.split.begin(responder, point)

    def _tell(self, listeners: list[Callable[[Any], object]]) -> None:
        """Call those who wait for somebody of a team to come."""
        for listener in listeners:
            self.clock.call_later(0.0, listener)
        listeners.clear()

    def _appoint(self, team: Team) -> None:
        """Let the first person on duty lead a team that nobody leads now."""
        here = [p for p in team.people if p.on_duty and p.employed and p.rostered_until > self.clock.now]
        if not here or any(person.leads for person in here):
            return
        leader = here[0]
        leader.leads = True
        if leader.post == "desk":
            return
        if leader.rostered_from == self.clock.now:  # has only just come: goes straight to the desk
            leader.post, leader.next_post = "desk", None
        else:
            self.move(leader, "desk")

    def move(self, responder: Responder, post: str) -> None:
        """Send somebody to another post: at once if idle, else when the work in hand is done."""
        idle = not responder.at_work
        if idle:
            self.step_back(responder)
        responder.next_post = post
        responder.settled = False
        if idle:
            self.release(responder)
        elif responder.job is not None:
            responder.job.relieve(responder)

    def _shift_ends(self, turn: tuple[Team, list[Responder], float]) -> None:
        team, people, end_h = turn
        for responder in people:
            if responder.on_duty and responder.rostered_until == end_h:
                self.go_off_duty(responder)
        self.model.tell("shift_ended", team.name, len(people))

    def dismiss(self, responder: Responder) -> None:
        """Take somebody off the team: at once if idle, else when the work in hand is done."""
        responder.employed = False
        if not responder.on_duty:
            self.model.cases.hand_back(responder)
            return
        responder.rostered_until = min(responder.rostered_until, self.clock.now)
        self.go_off_duty(responder)

    def go_off_duty(self, responder: Responder) -> None:
        """End somebody's roster: their place is free, and they leave at once if idle."""
        if responder.placed:
            responder.placed = False
            responder.team.places -= 1
        responder.settled = False
        if not responder.at_work:
            self.step_back(responder)
            self._leave(responder)
        elif responder.job is not None:
            responder.job.relieve(responder)
        elif responder.need != NOBODY:
            self.model.visits.relieve(responder)

    def hire(self, team: Team, places: range) -> None:
        """Add people to a team: at once where it works around the clock, else from their next shift."""
        for person in (team.people[team.holder(place)] for place in places):
            person.employed = not person.gone
        if team.spec.shift is None:
            self.fill(team)

    def release(self, responder: Responder) -> None:
        """Decide what somebody does who has just become free: leave, change post, or take up the next work."""
        now = self.clock.now
        if responder.rostered_until <= now:
            self._leave(responder)
        elif responder.next_post is not None:
            self.split.switch(responder)
        elif responder.post == "visit":
            kitted = not responder.team.spec.kit or self.model.kits.equipped(responder)
            if responder.team.claims and self.model.labour.take(responder, kitted=kitted):
                return
            if not kitted:
                return
            responder.settled = not responder.team.claims and responder.team.spec.kit_lasts is None
            desk = responder.crew.desk
            if desk is not None:
                desk.next_for(responder)
            else:
                responder.crew.idle.append(responder)
        elif responder.post == "desk":
            office = responder.team.office
            assert office is not None
            office.next_for(responder)
        else:
            responder.post_since = now

    def _leave(self, responder: Responder) -> None:
        now = self.clock.now
        team = responder.team
        responder.on_duty = responder.settled = False
        responder.left_h = now
        responder.next_post = None
        team.on_duty -= 1
        if responder.leads:
            responder.leads = False
            responder.post = responder.usual_post
            self._appoint(team)
        if team.office is not None and not team.office.staffed():
            team.office.close()
            self.model.command.staff_changed(team)
        self._note_shift(responder, now)
        if team.spec.kit:
            self.model.kits.hand_in(responder)
        if team.spec.provisions:
            self.model.stores.back_from_use(team.spec.provisions, "provisions")
        for heard in self.model.moments.shift_ended:
            heard(responder)
        self.presence.rest(responder)
        self.presence.left_alone(team)
        if team.spec.shift is None and team.spec.call_up is None and responder.employed:
            at = max(responder.away_until, now)
            if (team.name, at) not in self.to_fill:
                self.to_fill.add((team.name, at))
                self.clock.call_at(at, self.fill, team, 2)
        if responder.own:
            self.model.cases.hand_back(responder)
        if team.places != NO_LIMIT:
            for crew in team.crews:
                if crew.desk is not None:
                    crew.desk.offer_places(team)
                    return

    def step_back(self, responder: Responder) -> None:
        """Take an idle person from where they wait."""
        if self.model.kits.stop_waiting(responder):
            return
        if responder.post == "visit":
            responder.crew.idle.remove(responder)
        elif responder.post == "desk":
            office = responder.team.office
            assert office is not None
            office.idle.remove(responder)
        else:
            now = self.clock.now
            self.note(responder, responder.post, responder.post_since, responder.post_since, now, NOBODY)
            responder.post_since = NAN

    # -- the books --------------------------------------------------------------------------------------------------

    def note(self, responder: Responder, kind: str, asked_h: float, start_h: float, end_h: float, need: int) -> None:
        """Write down an assignment other than a visit."""
        number = self.kinds.setdefault(kind, len(self.kinds))
        self.assignments.rows.extend((responder.number, number, asked_h, start_h, end_h, need))

    def _note_shift(self, responder: Responder, left_h: float) -> None:
        self.shifts.rows.extend((responder.number, responder.rostered_from, responder.rostered_until, left_h))

    def finish(self) -> None:
        """Write down whoever is on duty, at a task or at a post when the run ends."""
        for responder in self.model.people:
            if not responder.on_duty:
                continue
            if responder.task is not None:
                task = responder.task
                self.note(responder, task.kind, task.asked_h, responder.started, NAN, task.need)
            elif responder.job is not None:
                self.note(responder, responder.job.kind, responder.job_asked, responder.job_since, NAN, NOBODY)
            elif responder.engaged:
                self.note(responder, "switch", responder.started, responder.started, NAN, NOBODY)
            elif responder.need == NOBODY and responder.post not in ("visit", "desk"):
                self.note(responder, responder.post, responder.post_since, responder.post_since, NAN, NOBODY)
            self._note_shift(responder, NAN)
