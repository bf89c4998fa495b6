"""Supply depots: stock that visits consume, replenishment by policy, lead times and back-orders.

What a visit needs is issued when its responder is sent. A request for which no store holds enough is parked at the
first store that should, its clock and patience running, and resumed in the order of parking when goods arrive.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np

from sim.records.buffers import RowBuffer
from sim.records.codes import ALLOCATED, BACK_ORDERED, CANCELLED, INITIAL, ISSUED, ORDERED, RECEIVED, RETURNED
from sim.response.book import End, State
from sim.response.plan import Place

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.supplies import Depot as DepotSpec


class Stock:
    """One item at one depot. The inventory position is on hand + on order − back-ordered."""

    __slots__ = ("back_ordered", "item", "on_hand", "on_order", "orders")

    def __init__(self, item: int, on_hand: int) -> None:
        self.item = item
        self.on_hand = on_hand
        self.on_order = 0
        self.back_ordered = 0
        self.orders = 0


class Depot(mesa.Agent):
    """A store with its stock and the requests that wait for goods."""

    def __init__(
        self, model: Any, number: int, name: str, spec: DepotSpec, place: Place, items: dict[str, int]
    ) -> None:
        super().__init__(model)
        self.number = number
        self.name = name
        self.spec = spec
        self.place = place
        self.stock = {item: Stock(items[item], amount) for item, amount in spec.stock.items()}
        self.parked: deque[int] = deque()


class Depots:
    """Issue, park, order and receive."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        supplies = model.response.supplies
        names = sorted({item for spec in supplies.values() for item in spec.stock})
        self.items = {item: number for number, item in enumerate(names)}
        self.depots = [
            Depot(model, number, name, spec, model.plan.base(spec.zone), self.items)
            for number, (name, spec) in enumerate(supplies.items())
        ]
        self.rows = RowBuffer(8)
        self.place_of: dict[int, Place] = {}
        self._issued: dict[int, Depot] = {}
        self._allocated: dict[int, Depot] = {}
        self._waits_at: dict[int, Depot] = {}

    def begin(self) -> None:
        """Write down the opening stock and place the first orders."""
        for depot in self.depots:
            for item, stock in depot.stock.items():
                self._note(depot, stock, INITIAL, stock.on_hand)
                self._replenish(depot, item)

    def issue(self, need: int) -> bool:
        """Issue what a visit consumes; False where no store holds enough, and then the request is parked."""
        wanted = self.model.book.specs[self.model.book.need_type[need]].items
        depot = self._allocated.pop(need, None)
        if depot is None:
            depots = self._in_order(need, wanted)
            depot = next((d for d in depots if all(d.stock[i].on_hand >= n for i, n in wanted.items())), None)
            if depot is None:
                self._park(need, depots[0], wanted)
                return False
            for item, amount in wanted.items():
                depot.stock[item].on_hand -= amount
                self._note(depot, depot.stock[item], ISSUED, amount)
                self._replenish(depot, item)
        self._issued[need] = depot
        self.place_of[need] = depot.place
        return True

    def _in_order(self, need: int, wanted: Any) -> list[Depot]:
        """Return the stores that keep these items: those of the resident's zone first."""
        population = self.model.population
        zone = population.zone_names[int(population.zone[self.model.book.resident[need]])]
        keeps = [depot for depot in self.depots if all(item in depot.stock for item in wanted)]
        return sorted(keeps, key=lambda depot: depot.spec.zone != zone)

    def used(self, need: int, consumed: bool) -> None:
        """Settle a visit's goods at its end: consumed, or brought back."""
        depot = self._issued.pop(need, None)
        self.place_of.pop(need, None)
        if depot is None or consumed:
            return
        for item, amount in self.model.book.specs[self.model.book.need_type[need]].items.items():
            depot.stock[item].on_hand += amount
            self._note(depot, depot.stock[item], RETURNED, amount)
        self._serve_parked(depot)

    def _park(self, need: int, depot: Depot, wanted: Any) -> None:
        book = self.model.book
        book.state[need] = int(State.PARKED)
        depot.parked.append(need)
        self._waits_at[need] = depot
        for item, amount in wanted.items():
            depot.stock[item].back_ordered += amount
            self._note(depot, depot.stock[item], BACK_ORDERED, amount)
            self._replenish(depot, item)
        if book.deadline[need] < self.model.spec.end_h:
            self.model.clock.call_at(book.deadline[need], self._gives_up, need)

    def _gives_up(self, need: int) -> None:
        book = self.model.book
        if book.state[need] == State.PARKED and need in self._waits_at and book.deadline[need] <= self.model.clock.now:
            self.cancel(need)
            book.close(need, End.ABANDONED, book.deadline[need])

    def cancel(self, need: int) -> None:
        """Take a parked request off the list of the store it waits at."""
        depot = self._waits_at.pop(need)
        depot.parked.remove(need)
        for item, amount in self.model.book.specs[self.model.book.need_type[need]].items.items():
            depot.stock[item].back_ordered -= amount
            self._note(depot, depot.stock[item], CANCELLED, amount)

    def _replenish(self, depot: Depot, item: str) -> None:
        policy = depot.spec.policy_of(item)
        if policy is None:
            return
        stock = depot.stock[item]
        quantity = policy.order(stock.on_hand + stock.on_order - stock.back_ordered)
        if quantity <= 0:
            return
        stock.on_order += quantity
        stock.orders += 1
        self._note(depot, stock, ORDERED, quantity)
        assert depot.spec.lead_time is not None
        uniform = self.model.chance.one(f"lead.{depot.name}.{item}", stock.orders)
        lead_h = float(depot.spec.lead_time.quantile(np.array([uniform]))[0])
        self.model.clock.call_later(lead_h, self._received, (depot, item, quantity))

    def _received(self, delivery: tuple[Depot, str, int]) -> None:
        depot, item, quantity = delivery
        stock = depot.stock[item]
        stock.on_order -= quantity
        stock.on_hand += quantity
        self._note(depot, stock, RECEIVED, quantity)
        self._serve_parked(depot)

    def _serve_parked(self, depot: Depot) -> None:
        """Give goods to the requests that wait for them, in the order of parking, and resume those."""
        book = self.model.book
        for need in list(depot.parked):
            wanted = book.specs[book.need_type[need]].items
            if any(depot.stock[item].on_hand < amount for item, amount in wanted.items()):
                continue
            depot.parked.remove(need)
            del self._waits_at[need]
            for item, amount in wanted.items():
                depot.stock[item].on_hand -= amount
                depot.stock[item].back_ordered -= amount
                self._note(depot, depot.stock[item], ALLOCATED, amount)
            self._allocated[need] = depot
            self.model.resume(need)

    def adopt(self) -> None:
        """Order by the policies of the response as it stands now."""
        for depot in self.depots:
            depot.spec = self.model.response.supplies[depot.name]
            for item in depot.stock:
                self._replenish(depot, item)

    def on_hand(self, item: str) -> int:
        """Return what all depots hold of an item."""
        return sum(depot.stock[item].on_hand for depot in self.depots if item in depot.stock)

    def _note(self, depot: Depot, stock: Stock, kind: int, quantity: int) -> None:
        now = self.model.clock.now
        row = now, depot.number, stock.item, kind, quantity, stock.on_hand, stock.on_order, stock.back_ordered
        self.rows.rows.extend(row)
        if len(self.rows.rows) >= self.rows.full:
            self.rows.pack()
