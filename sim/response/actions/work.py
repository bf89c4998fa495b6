"""Work that people share, and steps that are done by being there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.response.actions.base import StepJob
from sim.response.responders import Responder

if TYPE_CHECKING:
    from sim.response.orders import Order, Orders
    from sim.spec.card import Step


class AtOnce(StepJob):
    """Done when its people and materials are there."""

    def start(self) -> None:
        """Be done, if everybody is there."""
        if self.came >= self.wanted:
            self.finish()

    def work(self, responder: Responder) -> None:
        """Be there."""
        if responder in self.people and self.came >= self.wanted and not self.over:
            self.finish()


class SharedWork(StepJob):
    """So many person-hours, shared by whoever is there; a subclass says what has changed when they are done."""

    def __init__(self, orders: Orders, order: Order, step: Step) -> None:
        super().__init__(orders, order, step)
        self.remaining_h = 0.0
        self.since = 0.0
        self.working: set[Responder] = set()
        self.version = 0

    def start(self) -> None:
        """Set the work out."""
        self.remaining_h = self.person_hours()
        self.since = self.clock.now
        team = self.order.team
        if self.remaining_h <= 0:
            self._done()
        elif self.at_desk() and team is not None and team.office is not None:
            team.office.add(self.kind, self.remaining_h, lambda _: None if self.over else self._done(), None)

    def work(self, responder: Responder) -> None:
        """Take part in the work."""
        self._account()
        self.working.add(responder)
        self._plan()

    def relieve(self, responder: Responder) -> None:
        """Let somebody go; the others take longer."""
        self._account()
        self.working.discard(responder)
        self._plan()
        self.leave(responder)

    def _account(self) -> None:
        now = self.clock.now
        self.remaining_h -= (now - self.since) * len(self.working)
        self.since = now

    def _plan(self) -> None:
        self.version += 1
        if self.working and self.ready and not self.over:
            self.clock.call_later(max(self.remaining_h, 0.0) / len(self.working), self._due, self.version)

    def _due(self, version: int) -> None:
        if version == self.version and not self.over:
            self._done()

    def _done(self) -> None:
        self.effect()
        self.finish()

    def person_hours(self) -> float:
        """Return how much work it is."""
        return self.step.does.person_hours  # type: ignore[union-attr]  # the action of this job

    def effect(self) -> None:
        """Change what the work changes."""
