"""What all steps have in common: people gather, one of them fetches the materials, and the work begins."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING, Any

from sim.response.labour import Claim, Job
from sim.response.responders import Responder
from sim.spec.tasks import of_step

if TYPE_CHECKING:
    from sim.response.orders import Order, Orders
    from sim.response.stock import Depot
    from sim.spec.card import Step


class StepJob(Job):
    """The people of one order. A subclass says what they do once materials are there."""

    keeps_materials = False
    """Whether its materials stay where they are until the stand-down (fences, the tables of a site)."""
    keeps_people = False
    """Whether its people stay when the order is done (posts)."""
    lists_residents = False
    """Whether it makes or uses a list of residents, which needs authority."""

    def __init__(self, orders: Orders, order: Order, step: Step) -> None:
        self.orders = orders
        self.model = orders.model
        self.clock = orders.clock
        self.order = order
        self.step = step
        self.kind = f"step.{order.step}"
        self.goes_by = of_step(step)
        self.skill = step.skill
        self.people: list[Responder] = []
        self.hands: dict[Responder, Any] = {}
        """What each has in hand that is finished before they go: a door, a piece of work."""
        self.going: set[Responder] = set()
        """Who goes when that is done."""
        self.claims: list[Claim] = []
        self.wanted = 0
        self.came = 0
        self.seen: set[Responder] = set()
        """Who has come at least once; a return from a break is no coming."""
        self.ready = False
        self.fetching = False
        self.over = False
        self.brought_back = False
        self.asked = 0
        """How often people of other units were asked for."""

    # -- people -----------------------------------------------------------------------------------------------------

    def gather(self) -> None:
        """Ask the team for the people of the step."""
        team = self.order.team
        assert team is not None
        stated = self.step.people
        self.wanted = stated if stated is not None else max(1, self.model.labour.idle_people(team, self))
        if self.at_desk():
            self.wanted = 0
        if self.wanted == 0:
            self.order.stamps["people"] = self.clock.now
            self._draw(None)
            return
        for _ in range(self.wanted):
            if not self.over:
                self._ask()
        plan = self.orders.plan
        if plan is not None and plan.borrow_after is not None and len(self.people) < self.wanted and not self.over:
            self.clock.call_later(plan.borrow_after, self._borrow)

    def at_desk(self) -> bool:
        """Tell whether the people of the team sit at a desk: then the step is a task among their others."""
        team = self.order.team
        if team is None or not any(person.employed for person in team.people):
            return False
        return team.name in self.model.at_desk

    def _ask(self) -> None:
        assert self.order.team is not None
        self.claims.append(self.model.labour.ask(self.order.team, self))

    def _borrow(self, _nothing: None) -> None:
        """Ask the commander for people of another unit, if some are still missing."""
        missing = [claim for claim in self.claims if claim.open]
        if missing and not self.over:
            key = (self.order.nth,)
            self.asked += 1
            self.model.command.decide(f"borrow.{self.order.step}", (*key, self.asked), self._lent, missing)

    def _lent(self, missing: list[Claim]) -> None:
        labour = self.model.labour
        for claim in missing:
            others = (team for team in self.model.teams.values() if team not in claim.teams and labour.may(team, self))
            teams = [team for team in others if labour.idle_people(team, self) > 0]
            if claim.open and teams and not self.over:
                lender = max(teams, key=lambda team: (labour.idle_people(team, self), -team.number))
                self.model.tell("lent", lender.name, self.order.step)
                labour.offer(claim, lender)
        plan = self.orders.plan
        if plan is not None and plan.borrow_after is not None and any(claim.open for claim in self.claims):
            self.clock.call_later(plan.borrow_after, self._borrow)

    def joined(self, responder: Responder) -> None:
        """Let somebody begin: fetch what is wanted, wait for it, or work."""
        if self.over:
            self.model.labour.free(responder)
            return
        self.people.append(responder)
        self.came += responder not in self.seen
        self.seen.add(responder)
        self.order.stamps.setdefault("people", self.clock.now)
        if self.ready:
            self.work(responder)
        elif not self.fetching:
            self.fetching = True
            self._fetch(responder)

    def relieve(self, responder: Responder) -> None:
        """Let somebody go, at once or after what they have in hand, and ask for another in their place."""
        if responder in self.hands:
            self.going.add(responder)
        else:
            self.leave(responder)

    def leave(self, responder: Responder) -> None:
        """Let somebody go before the work is done."""
        self.people.remove(responder)
        self.model.labour.free(responder)
        if not self.over:
            self._ask()

    def lost(self) -> None:
        """Ask for another in the place of somebody who does not come back from a break."""
        if not self.over:
            self._ask()

    def finish(self) -> None:
        """End the order and let everybody go."""
        if self.over:
            return
        self.over = True
        self.model.labour.withdraw(self.claims)
        self.order.stamps.setdefault("people", self.clock.now)
        if not self.keeps_materials:
            self._bring_back()
        self.orders.finished(self.order)
        if not self.keeps_people:
            self.dismiss()

    def _bring_back(self) -> None:
        """Bring durable materials back to the store."""
        if "materials" in self.order.stamps and not self.brought_back:
            self.brought_back = True
            self.model.stores.back_from_use(self.materials(), "step")

    def dismiss(self) -> None:
        """Let everybody go who is here, at once or after what they have in hand."""
        for responder in list(self.people):
            self.people.remove(responder)
            if responder not in self.hands:
                self.model.labour.free(responder)

    def stand_down(self) -> None:
        """Give up what is not done yet, when the response ends; a stand-down's own steps go on."""
        if self.over and self.keeps_materials:
            self._bring_back()
        if self.over or self.step.part in ("stand_down", "contingency"):
            return
        self.over = True
        self.model.labour.withdraw(self.claims)
        self._bring_back()
        self.dismiss()

    # -- materials --------------------------------------------------------------------------------------------------

    def materials(self) -> Mapping[str, int]:
        """Return what is fetched; a blank amount is one for each of the people."""
        each = max(self.wanted, 1)
        return {item: amount if amount is not None else each for item, amount in self.step.materials.items()}

    def _fetch(self, responder: Responder) -> None:
        """Go to the stores where the card says the materials are, and search where it is blank or wrong."""
        wanted = self.materials()
        if not wanted:
            self._supplied()
            return
        length_h = 0.0
        for item in wanted:
            length_h += self._look_for(responder, item)
        self.clock.call_later(length_h, self._draw, responder)

    def _look_for(self, responder: Responder, item: str) -> float:
        """Return the time until somebody stands where an item is; what was found once is known."""
        model, plan = self.model, self.orders.plan
        card = self.orders.card
        assert card is not None
        assert plan is not None
        stated = card.materials[item].store if item in card.materials else None
        keeping = [depot for depot in model.depots.depots if item in depot.stock]
        there = next((depot for depot in keeping if depot.name == stated), None)
        length_h = 0.0
        if there is None:
            if stated is not None and item not in model.stores.found:  # go where the card says, for nothing
                depot = next((d for d in model.depots.depots if d.name == stated), None)
                length_h += self._walk(responder, depot)
            if item not in model.stores.found:
                length_h += plan.search
                model.stores.found.add(item)
                model.tell("searched", item, self.order.step)
            there = keeping[0] if keeping else None
        return length_h + self._walk(responder, there)

    def _walk(self, responder: Responder, depot: Depot | None) -> float:
        if depot is None or not self.model.plan.moves:
            return 0.0
        metres = abs(responder.place[0] - depot.place[0]) + abs(responder.place[1] - depot.place[1])
        responder.place = depot.place
        return metres * self.model.plan.hours_per_metre

    def _draw(self, _responder: Responder | None) -> None:
        if not self.over:
            within = self.step.within
            before_h = self.order.triggered + within if within is not None else inf
            self.model.stores.want(self.materials(), "step", self._supplied_later, None, before_h=before_h)

    def _supplied_later(self, _nothing: None) -> None:
        if self.over:
            self.model.stores.give_back(self.materials(), "step")
        else:
            self._supplied()

    def _supplied(self) -> None:
        self.order.stamps["materials"] = self.clock.now
        team = self.order.team
        if self.lists_residents and team is not None:
            self.model.authorities.when_granted("data", team.name, self._begin, None)
        else:
            self._begin(None)

    def _begin(self, _nothing: None) -> None:
        if self.over:
            return
        self.ready = True
        self.start()
        if not self.over:
            for responder in list(self.people):
                if responder in self.people:
                    self.work(responder)

    # -- what a subclass says ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, once materials are there."""

    def work(self, responder: Responder) -> None:
        """Let one person work."""
        raise NotImplementedError
