"""Recovery while the clock runs: who is called on, which neighbours meet, and what is done differently from then on.

All three begin when their phase is first entered, and each takes people's time. The response knows whom to call on from
its own list: the requests that it did not meet. A need that nobody ever told it of is on no list.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sim.response.book import BY_OUTSIDE, End, State
from sim.response.errands import send
from sim.response.responders import NOBODY
from sim.spec.changes import Change

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.recovery import Lessons, Meetings, Revisits


class Recovery:
    """Begin what is to be done when the crisis ends; nothing where a response does not say what."""

    def __init__(self, model: CrisisModel, rests: dict[int, int]) -> None:
        self.model = model
        self.spec = model.spec.response.recovery
        self.rests = rests
        """The row of what is left of a need, for needs of which something would be."""
        self.begun = False
        if self.spec is not None:
            model.moments.phase_entered.append(self._phase_entered)

    def _phase_entered(self, phase: str) -> None:
        assert self.spec is not None
        if self.begun or phase != self.spec.phase:
            return
        self.begun = True
        spec, model = self.spec, self.model
        model.tell("recovery_begun", phase)
        if spec.revisits is not None:
            Calls(model, spec.revisits, self.rests).begin()
        if spec.meetings is not None:
            ResidentsMeetings(model, spec.meetings).begin()
        if spec.lessons is not None:
            self._review(spec.lessons)

    def _review(self, lessons: Lessons) -> None:
        """Let somebody hold the review after the crisis."""
        length_h = lessons.takes.at(self.model.chance.one("recovery.lessons", 1))
        send(self.model, lessons.by, "lessons", length_h, self._learn, lessons, NOBODY)

    def _learn(self, lessons: Lessons) -> None:
        note = lessons.note or f"lessons: {', '.join(lessons.set)}"
        self.model.tell("lessons_learned", lessons.by, note)
        self.model.apply(Change.at_once(lessons.set, note))


class Calls:
    """Call on everybody whose request ended unmet: the most urgent first, of these who asked first."""

    def __init__(self, model: CrisisModel, spec: Revisits, rests: dict[int, int]) -> None:
        self.model = model
        self.spec = spec
        self.rests = rests
        self.list: deque[int] = deque()

    def begin(self) -> None:
        """Make the list, and send the first."""
        self.list = deque(self._unmet())
        for _ in range(min(self.spec.people, len(self.list))):
            self._send()

    def _unmet(self) -> list[int]:
        """Return the requests of the named types that somebody has given up, or that nobody outside has served yet."""
        book, now = self.model.book, self.model.clock.now
        kinds = [book.demand.type_names.index(name) for name in self.spec.needs]
        unserved = np.isnan(book.stamps["started_h"])
        waits = (book.state_column >= State.INTAKE) & (book.state_column <= State.PARKED)
        closed = book.state_column == State.CLOSED
        given_up = (closed & (book.end_column == End.ABANDONED)) | (waits & (book.deadline_h <= now))
        passed_on = book.end_column == End.REFERRED
        mine = np.isin(book.demand.need_type, kinds) & (book.request_h <= now) & unserved
        mine &= (given_up & (book.met_by_column != BY_OUTSIDE)) | passed_on
        needs = np.flatnonzero(mine)
        return [int(need) for need in needs[np.lexsort((needs, book.request_h[needs], book.urgency_column[needs]))]]

    def _send(self) -> None:
        need, book = self.list.popleft(), self.model.book
        keys = int(book.resident[need]), int(book.nth[need]), int(book.need_type[need])
        length_h = self.spec.takes.at(self.model.chance.one("recovery.revisit", *keys))
        send(self.model, self.spec.by, "revisit", length_h, self._called, need, need)

    def _called(self, need: int) -> None:
        """Hear whether the need is still there, and pass it on as a request of its own."""
        model, book = self.model, self.model.book
        resident, name = int(book.resident[need]), book.demand.type_names[book.need_type[need]]
        model.tell("revisited", str(resident), name)
        rest = self.rests.get(need)
        if rest is not None and book.started[need] != book.started[need]:  # else it has been met meanwhile
            model.tell("still_needed", str(resident), name)
            book.onset[rest] = model.clock.now
            book.state[rest] = int(State.UNKNOWN)
            model.requests.known_from(rest, model.clock.now)
            model.desk_of(rest).request_late(rest)
        if self.list:
            self._send()


class ResidentsMeetings:
    """Meet the residents of one building after another, each building once."""

    def __init__(self, model: CrisisModel, spec: Meetings) -> None:
        self.model = model
        self.spec = spec
        self.building = 0
        self.asked_h = 0.0
        self.present: list[int] = []

    def begin(self) -> None:
        """Call the first meeting."""
        self.model.clock.call_later(self.spec.every, self._due)

    def _due(self, _nothing: None) -> None:
        self.asked_h = self.model.clock.now
        length_h = self.spec.takes.at(self.model.chance.one("recovery.meeting", self.building))
        send(self.model, self.spec.by, "residents_meeting", length_h, self._met, None, NOBODY, self._gather)

    def _gather(self, _nothing: None) -> None:
        """Take the time of who comes."""
        self.present = self._who_comes()
        self.model.homes.take(*self.present)

    def _met(self, _nothing: None) -> None:
        """Let the meeting do its work, and call the next; meetings for which nobody had time do not pile up."""
        model, present = self.model, self.present
        model.homes.give_back(*present)
        model.tell("residents_met", model.population.building_names[self.building], len(present))
        if model.attitudes is not None:
            for resident in present:
                model.attitudes.happen(resident, "meeting")
        if model.mutual_help is not None:
            household = model.population.household
            for one, two in pairwise(present):
                if household[one] != household[two]:
                    model.mutual_help.tie(one, two)
        self.building += 1
        if self.building < len(model.population.building_names):
            model.clock.call_at(max(self.asked_h + self.spec.every, model.clock.now), self._due)

    def _who_comes(self) -> list[int]:
        """Return who comes, in the order in which they sit: of those at home who have nothing else to do."""
        model = self.model
        here = np.flatnonzero(model.population.building == self.building)
        comes = here[model.chance.uniform("recovery.attends", here) < self.spec.attends]
        seats = np.argsort(model.chance.uniform("recovery.seat", comes), kind="stable")
        return [int(resident) for resident in comes[seats] if model.homes.may_leave(int(resident))]
