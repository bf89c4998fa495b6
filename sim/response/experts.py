"""An expert committee: it meets, hears what has gone wrong, and its advice changes the response some time later.

What one meeting has no time for waits on the agenda of the next.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

from sim.response.applications import Application
from sim.response.errands import send
from sim.response.responders import NOBODY
from sim.spec.changes import Change

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.outside_support import Experts as Spec


class Experts:
    """Hold the meetings of the committee."""

    def __init__(self, model: CrisisModel, spec: Spec) -> None:
        self.model = model
        self.spec = spec
        self.heard: Counter[str] = Counter()
        """Problems reported up to the last meeting."""
        self.since = 0.0
        self.asked: set[int] = set()
        """What has been put to the committee, by number."""
        self.agenda: deque[tuple[int, Application]] = deque()
        """What it has still to answer."""
        self.meetings = 0

    def begin(self) -> None:
        """Set the first meeting."""
        self.model.clock.call_later(self.spec.every, self._meet)

    def _meet(self, _nothing: None) -> None:
        self.model.clock.call_later(self.spec.every, self._meet)
        self.meetings += 1
        length_h = self.spec.takes.at(self.model.chance.one("experts.meeting", self.meetings))
        send(self.model, self.spec.unit, "meeting", length_h, self._advise, None, NOBODY)

    def _advise(self, _nothing: None) -> None:
        """Hear what was reported since the last meeting, and answer as much as one meeting has time for."""
        model, now = self.model, self.model.clock.now
        total = model.problems.total.copy()
        total["abandoned"] = self.heard["abandoned"] + model.book.left_between(self.since, now)
        news, self.heard, self.since = total - self.heard, total, now
        for number, advice in enumerate(self.spec.advice):
            if number not in self.asked and news[advice.problem] >= advice.at_least:
                self.asked.add(number)
                application = Application("experts", advice.problem, "", now)
                model.outside.applications.append(application)
                self.agenda.append((number, application))
        for _ in range(min(self.spec.per_meeting, len(self.agenda))):
            number, application = self.agenda.popleft()
            application.taken_up_h = now
            application.answer(now, given=True)
            delay = self.spec.delay
            wait_h = delay.at(model.chance.one("experts.delay", number)) if delay is not None else 0.0
            model.clock.call_later(wait_h, self._in_force, (number, application))

    def _in_force(self, turn: tuple[int, Application]) -> None:
        number, application = turn
        application.arrived_h = self.model.clock.now
        advice = self.spec.advice[number]
        note = advice.note or f"advice: {', '.join(advice.set)}"
        self.model.apply(Change.at_once(advice.set, note))
