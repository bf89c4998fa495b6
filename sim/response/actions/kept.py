"""What people keep up until the stand-down: posts, and patrols that clear blocked lanes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.response.actions.base import StepJob
from sim.response.responders import Responder

if TYPE_CHECKING:
    from sim.response.orders import Order, Orders
    from sim.spec.card import Step


class Kept(StepJob):
    """Something that its people keep up until the stand-down."""

    keeps_people = True

    def stand_down(self) -> None:
        """Leave the post."""
        self._bring_back()
        self.over = True
        self.model.labour.withdraw(self.claims)
        self.dismiss()


class Manning(Kept):
    """A post; done when all of its people are in place."""

    def __init__(self, orders: Orders, order: Order, step: Step) -> None:
        super().__init__(orders, order, step)
        self.kind = f"post.{step.does.post}"  # type: ignore[union-attr]

    def work(self, responder: Responder) -> None:
        """Be in place."""
        if len(self.people) >= self.wanted and not self.order.ended:
            self.orders.finished(self.order)
        every = self.step.does.break_every  # type: ignore[union-attr]
        if every is not None:
            self.clock.call_later(every, self._break_due, (responder, responder.job_since))

    def _break_due(self, turn: tuple[Responder, float]) -> None:
        """Step out for a break; the place stays empty meanwhile."""
        responder, since = turn
        if responder in self.people and responder.job_since == since:
            self.people.remove(responder)
            self.model.labour.rest(responder, self.step.does.break_takes, self)  # type: ignore[union-attr]


class Patrolling(Kept):
    """Walk round the buildings, again and again, and clear blocked lanes."""

    def __init__(self, orders: Orders, order: Order, step: Step) -> None:
        super().__init__(orders, order, step)
        self.kind = "post.patrol"

    def work(self, responder: Responder) -> None:
        """Set out."""
        if not self.order.ended:
            self.orders.finished(self.order)
        self._next((responder, responder.job_since, 0))

    def _next(self, turn: tuple[Responder, float, int]) -> None:
        responder, since, stop = turn
        if responder.job is not self or responder.job_since != since:
            return
        model, does = self.model, self.step.does
        plan, buildings = model.plan, range(len(model.population.building_names))
        if stop >= len(buildings):
            self.clock.call_later(does.every, self._next, (responder, since, 0))  # type: ignore[union-attr]
            return
        walk_h = plan.walk_h(responder.place, stop) - plan.doorstep_h if plan.moves else 0.0
        responder.place = plan.places[stop]
        self.clock.call_later(walk_h, self._here, turn)

    def _here(self, turn: tuple[Responder, float, int]) -> None:
        responder, since, stop = turn
        if responder.job is not self or responder.job_since != since:
            return
        onward = responder, since, stop + 1
        if not self.model.outages.blocked(stop):
            self._next(onward)
            return
        does: Any = self.step.does
        uniform = self.model.chance.one("patrol.clearing", stop, self.model.outages.times_blocked(stop))
        length_h = does.clearing.at(uniform)
        self.clock.call_later(length_h, self._cleared, onward)

    def _cleared(self, onward: tuple[Responder, float, int]) -> None:
        self.model.outages.clear(onward[2] - 1)
        self._next(onward)
