"""From door to door: head counts, notices, goods handed over, self-tests, disinfection, and asking who needs help."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from sim.response.actions.base import StepJob
from sim.response.responders import Responder
from sim.spec.actions import Doors

if TYPE_CHECKING:
    from sim.response.orders import Order, Orders
    from sim.spec.card import Step

NO_HOUSEHOLD = -1


class Rounds(StepJob):
    """Each person takes the next door, walks there, and does there what the round is for."""

    def __init__(self, orders: Orders, order: Order, step: Step) -> None:
        super().__init__(orders, order, step)
        assert isinstance(step.does, Doors)
        self.does = step.does
        self.lists_residents = step.does.of == "special" or step.does.counts is not None
        self.doors: deque[tuple[int, int]] = deque()
        """(building, household or −1) of the doors to come."""
        self.waiting: deque[Responder] = deque()
        """Who has nothing to hand over."""

    def start(self) -> None:
        """Make the list of doors."""
        model = self.model
        buildings = model.cordon.choose(self.does.buildings)
        if self.does.of == "building":
            self.doors = deque((building, NO_HOUSEHOLD) for building in buildings)
        else:
            households = model.homes.households(buildings, self.does.groups if self.does.of == "special" else None)
            self.doors = deque(households)
        if not self.doors:
            self.finish()

    def work(self, responder: Responder) -> None:
        """Take the next door."""
        if not self.doors:
            if not self.hands and not self.waiting:
                self.finish()
            return
        if self.does.items and not self.model.stores.draw(self.does.items, "round", household=True):
            self.waiting.append(responder)
            if len(self.waiting) == 1:
                self.model.stores.want(self.does.items, "round", self._goods, None, household=True)
            return
        self._go(responder)

    def _goods(self, _nothing: None) -> None:
        """Go on with a door for which goods have come; the next asks for its own."""
        if self.over or not self.waiting:
            self.model.stores.give_back(self.does.items, "round")
            return
        responder = self.waiting.popleft()
        rest, self.waiting = self.waiting, deque()
        self._go(responder)
        for other in rest:
            self.work(other)

    def _go(self, responder: Responder) -> None:
        building, household = self.doors.popleft()
        self.hands[responder] = building, household
        plan = self.model.plan
        walk_h = plan.walk_h(responder.place, building) if plan.moves else 0.0
        responder.place = plan.places[building]
        stream = f"step.{self.order.step}.door"
        keys = building, household + 1, self.order.nth
        each = self.does.each.at(self.model.chance.one(stream, *keys))
        if household == NO_HOUSEHOLD or self.model.authorities.free("entry", responder.team.name):
            self.clock.call_later(walk_h + each, self._door_done, responder)
        else:
            self.clock.call_later(walk_h, self._knocks, (responder, each))

    def _knocks(self, turn: tuple[Responder, float]) -> None:
        """Stand at a door, and wait there for authority to enter."""
        responder, _ = turn
        if self.over:  # stood down on the way
            del self.hands[responder]
            self.model.labour.free(responder)
            return
        self.model.authorities.when_granted("entry", responder.team.name, self._let_in, turn, responder)
        if responder in self.going:
            self.relieve(responder)

    def _let_in(self, turn: tuple[Responder, float]) -> None:
        responder, each = turn
        self.clock.call_later(each, self._door_done, responder)

    def _turns_back(self, responder: Responder) -> bool:
        """Leave a door that nobody may enter, which is still to be done; False where somebody stands at none."""
        if not self.model.authorities.leaves(responder):
            return False
        self.going.discard(responder)
        self.doors.appendleft(self.hands.pop(responder))
        self.model.stores.give_back(self.does.items, "round")
        return True

    def _door_done(self, responder: Responder) -> None:
        _, household = self.hands.pop(responder)
        if household != NO_HOUSEHOLD:
            self._at_home(household)
        if responder.job is not self:  # what was found there has sent them home
            pass
        elif self.over:
            self.model.labour.free(responder)
        elif responder in self.going:
            self.going.discard(responder)
            self.leave(responder)
            if not self.doors and not self.hands:
                self.finish()
        else:
            self.work(responder)
            if not self.over and not self.doors and not self.hands and not self.waiting:
                self.finish()

    def _at_home(self, household: int) -> None:
        model, does, nth = self.model, self.does, self.order.nth
        if does.counts is not None:
            found = model.chance.one(f"step.{self.order.step}.found", household, nth) < does.counts
            if found:
                model.homes.count(household)
        if does.topic is not None and model.information is not None:
            model.information.tell_household(household, does.topic)
        model.homes.ask(household)
        if does.antigen is not None:
            model.positives.self_tests(household, does.antigen, does.sensitivity, nth)

    def relieve(self, responder: Responder) -> None:
        """Let somebody go after the door they are at, or at once where they may not enter."""
        if responder in self.waiting:
            self.waiting.remove(responder)
        turned_back = self._turns_back(responder)
        super().relieve(responder)
        free = (person for person in self.people if person not in self.hands and person not in self.waiting)
        if turned_back and (other := next(free, None)) is not None:
            self.work(other)

    def dismiss(self) -> None:
        """Let everybody go, those at a door too that they may not enter."""
        for responder in list(self.hands):
            self._turns_back(responder)
        super().dismiss()
