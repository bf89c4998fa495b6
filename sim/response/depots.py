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


NEVER = -(1 << 60)
"""Below every inventory position."""


class Stock:
    """One item at one depot. The inventory position is on hand + on order − back-ordered."""

    __slots__ = ("back_ordered", "depot", "item", "name", "on_hand", "on_order", "orders", "policy", "trigger")

    def __init__(self, depot: Depot, item: int, name: str, on_hand: int) -> None:
        self.depot = depot
        self.item = item
        self.name = name
        self.on_hand = on_hand
        self.on_order = 0
        self.back_ordered = 0
        self.orders = 0
        self.follow(depot.spec)

    def follow(self, spec: DepotSpec) -> None:
        """Order by the policy of a depot's specification."""
        self.policy = spec.policy_of(self.name)
        self.trigger = self.policy.trigger if self.policy is not None else NEVER


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
        self.stock = {item: Stock(self, items[item], item, amount) for item, amount in spec.stock.items()}
        self.parked: deque[int] = deque()


Kit = tuple[tuple[Stock, int], ...]
"""What one visit takes from one depot: each stock, and how many."""


class Depots:
    """Issue, park, order and receive."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.book = model.book
        supplies = model.response.supplies
        names = sorted({item for spec in supplies.values() for item in spec.stock})
        self.items = {item: number for number, item in enumerate(names)}
        self.depots = [
            Depot(model, number, name, spec, model.plan.base(spec.zone), self.items)
            for number, (name, spec) in enumerate(supplies.items())
        ]
        self.rows = RowBuffer(8)
        self.held: dict[int, Depot] = {}
        """The depot that a visit under way has been given its goods from."""
        self._kits: dict[tuple[int, int], list[tuple[Depot, Kit]]] = {}
        self._zone_of = model.population.building_zone.tolist()
        self.allocated: dict[int, Depot] = {}
        """The depot that keeps goods for a request which waits for a responder."""
        self._waits_at: dict[int, Depot] = {}

    def begin(self) -> None:
        """Write down the opening stock and place the first orders."""
        for depot in self.depots:
            for stock in depot.stock.values():
                self._note(stock, INITIAL, stock.on_hand)
                self._replenish(stock)

    def issue(self, need: int) -> bool:
        """Issue what a visit consumes; False where no store holds enough, and then the request is parked."""
        if self.allocated and need in self.allocated:
            self.held[need] = self.allocated.pop(need)
            return True
        kits = self._in_order(need)
        for depot, kit in kits:
            for stock, amount in kit:
                if stock.on_hand < amount:
                    break
            else:
                for stock, amount in kit:
                    stock.on_hand -= amount
                    self._note(stock, ISSUED, amount)
                    self._replenish(stock)
                self.held[need] = depot
                return True
        self._park(need, *kits[0])
        return False

    def _in_order(self, need: int) -> list[tuple[Depot, Kit]]:
        """Return the stores that keep what a need wants, with what it takes: those of the resident's zone first."""
        need_type, zone = self.book.need_type[need], self._zone_of[self.book.building[need]]
        key = need_type, zone
        if key not in self._kits:
            wanted = self.book.specs[need_type].items
            name = self.model.population.zone_names[zone]
            keep = [depot for depot in self.depots if all(item in depot.stock for item in wanted)]
            keep.sort(key=lambda depot: depot.spec.zone != name)
            self._kits[key] = [(d, tuple((d.stock[item], n) for item, n in wanted.items())) for d in keep]
        return self._kits[key]

    def _kit(self, need: int, depot: Depot) -> Kit:
        return next(kit for other, kit in self._in_order(need) if other is depot)

    def used(self, need: int, consumed: bool) -> None:
        """Settle a visit's goods at its end: consumed, or brought back."""
        depot = self.held.pop(need, None)
        if depot is None or consumed:
            return
        for stock, amount in self._kit(need, depot):
            stock.on_hand += amount
            self._note(stock, RETURNED, amount)
        self._serve_parked(depot)

    def _park(self, need: int, depot: Depot, kit: Kit) -> None:
        book = self.book
        book.state[need] = int(State.PARKED)
        depot.parked.append(need)
        self._waits_at[need] = depot
        for stock, amount in kit:
            stock.back_ordered += amount
            self._note(stock, BACK_ORDERED, amount)
            self._replenish(stock)
        if book.deadline[need] < self.model.spec.end_h:
            self.model.clock.call_at(book.deadline[need], self._gives_up, need)

    def _gives_up(self, need: int) -> None:
        book = self.book
        if book.deadline[need] > self.model.clock.now:  # a visit has started since
            return
        if need in self._waits_at:
            self.cancel(need)
        elif need in self.allocated:
            self.put_back(need)
        else:
            return
        if book.state[need] != State.CLOSED:
            book.close(need, End.ABANDONED, book.deadline[need])

    def put_back(self, need: int) -> None:
        """Put goods back that were kept for a request which no longer wants them."""
        depot = self.allocated.pop(need, None)
        if depot is not None:
            for stock, amount in self._kit(need, depot):
                stock.on_hand += amount
                self._note(stock, RETURNED, amount)
            self._serve_parked(depot)

    def cancel(self, need: int) -> None:
        """Take a parked request off the list of the store it waits at."""
        depot = self._waits_at.pop(need)
        depot.parked.remove(need)
        for stock, amount in self._kit(need, depot):
            stock.back_ordered -= amount
            self._note(stock, CANCELLED, amount)

    def _replenish(self, stock: Stock) -> None:
        position = stock.on_hand + stock.on_order - stock.back_ordered
        if position > stock.trigger or stock.policy is None:
            return
        quantity = stock.policy.order(position)
        stock.on_order += quantity
        stock.orders += 1
        self._note(stock, ORDERED, quantity)
        lead_time = stock.depot.spec.lead_time
        assert lead_time is not None
        uniform = self.model.chance.one(f"lead.{stock.depot.name}.{stock.name}", stock.orders)
        self.model.clock.call_later(
            float(lead_time.quantile(np.array([uniform]))[0]), self._received, (stock, quantity)
        )

    def _received(self, delivery: tuple[Stock, int]) -> None:
        stock, quantity = delivery
        stock.on_order -= quantity
        stock.on_hand += quantity
        self._note(stock, RECEIVED, quantity)
        self._serve_parked(stock.depot)

    def _serve_parked(self, depot: Depot) -> None:
        """Give goods to the requests that wait for them, in the order of parking, and resume those."""
        for need in list(depot.parked):
            kit = self._kit(need, depot)
            if need not in self._waits_at:  # resuming one request has led to this one
                continue
            if any(stock.on_hand < amount for stock, amount in kit):
                continue
            depot.parked.remove(need)
            del self._waits_at[need]
            for stock, amount in kit:
                stock.on_hand -= amount
                stock.back_ordered -= amount
                self._note(stock, ALLOCATED, amount)
            self.allocated[need] = depot
            self.model.resume(need)

    def adopt(self) -> None:
        """Order by the policies of the response as it stands now."""
        for depot in self.depots:
            depot.spec = self.model.response.supplies[depot.name]
            for stock in depot.stock.values():
                stock.follow(depot.spec)
                self._replenish(stock)

    def on_hand(self, item: str) -> int:
        """Return what all depots hold of an item."""
        return sum(depot.stock[item].on_hand for depot in self.depots if item in depot.stock)

    def _note(self, stock: Stock, kind: int, quantity: int) -> None:
        rows = self.rows.rows
        now, depot = self.model.clock.now, stock.depot.number
        rows.extend((now, depot, stock.item, kind, quantity, stock.on_hand, stock.on_order, stock.back_ordered))
