"""Supply depots: stock that visits consume, replenishment by policy, lead times and back-orders.

What a visit needs is issued when its responder is sent. A request for which no store holds enough is parked at the
first store that should, its clock and patience running, and resumed in the order of parking when goods arrive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.records.buffers import RowBuffer
from sim.records.codes import (
    ALLOCATED,
    BACK_ORDERED,
    CANCELLED,
    FAILED,
    INITIAL,
    ISSUED,
    ORDERED,
    RECEIVED,
    RETURNED,
    VISIT,
)
from sim.response.book import End, State
from sim.response.gifts import Gifts
from sim.response.stock import Depot, Kit, Stock

if TYPE_CHECKING:
    from sim.model import CrisisModel


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
        self.rows = RowBuffer(9)
        self.gifts = Gifts(self)
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
                stock.reserve = self._reserve(depot, stock.name)
                self.note(stock, INITIAL, stock.on_hand)
                self.replenish(stock)
            self.gifts.begin(depot)

    def issue(self, need: int) -> bool:
        """Issue what a visit consumes; False where no store holds enough, and then the request is parked."""
        if self.allocated and need in self.allocated:
            self.held[need] = self.allocated.pop(need)
            return True
        kits = self._in_order(need)
        for depot, kit in kits:
            for stock, amount in kit:
                if stock.there() < amount or (stock.rationed and self._refused(need, stock)):
                    break
            else:
                for stock, amount in kit:
                    stock.on_hand -= amount
                    self.note(stock, ISSUED, amount)
                    self.replenish(stock)
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

    def _refused(self, need: int, stock: Stock) -> bool:
        """Tell whether little is left, and this need is not urgent enough to get some."""
        ration = stock.depot.spec.rations[stock.name]
        return stock.on_hand < ration.below and self.book.urgency[need] > ration.urgency

    def used(self, need: int, consumed: bool) -> None:
        """Settle a visit's goods at its end: consumed, or brought back."""
        depot = self.held.pop(need, None)
        if depot is None or consumed:
            return
        for stock, amount in self._kit(need, depot):
            stock.on_hand += amount
            self.note(stock, RETURNED, amount)
        self.arrived(depot)

    def _park(self, need: int, depot: Depot, kit: Kit) -> None:
        book = self.book
        book.state[need] = int(State.PARKED)
        depot.parked.append(need)
        self._waits_at[need] = depot
        self.model.problems.report("stock_out")
        for stock, amount in kit:
            stock.back_ordered += amount
            self.note(stock, BACK_ORDERED, amount)
            self.replenish(stock)
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
                self.note(stock, RETURNED, amount)
            self.arrived(depot)

    def look_again(self, need: int) -> None:
        """See whether a parked request, which has become more urgent, is given goods now."""
        if need in self._waits_at:
            self._serve_parked(self._waits_at[need])

    def cancel(self, need: int) -> None:
        """Take a parked request off the list of the store it waits at."""
        depot = self._waits_at.pop(need)
        depot.parked.remove(need)
        for stock, amount in self._kit(need, depot):
            stock.back_ordered -= amount
            self.note(stock, CANCELLED, amount)

    def replenish(self, stock: Stock) -> None:
        """Order by the policy of the stock, if it is time."""
        position = stock.on_hand + stock.on_order - stock.back_ordered
        if position > stock.trigger or stock.policy is None:
            return
        quantity = stock.policy.order(position)
        funds, cost = self.model.funds, quantity * stock.depot.spec.prices.get(stock.name, 0.0)
        if funds is not None and not funds.buy(cost):
            return
        stock.on_order += quantity
        stock.orders += 1
        self.note(stock, ORDERED, quantity)
        lead_time = stock.depot.spec.lead_time
        assert lead_time is not None
        uniform = self.model.chance.one(f"lead.{stock.depot.name}.{stock.name}", stock.orders)
        self.model.clock.call_later(lead_time.at(uniform), self._received, (stock, quantity, cost))

    def order_again(self) -> None:
        """Order what there was no money for."""
        for depot in self.depots:
            for stock in depot.stock.values():
                self.replenish(stock)

    def _received(self, delivery: tuple[Stock, int, float]) -> None:
        stock, quantity, cost = delivery
        stock.on_order -= quantity
        if self._fails(stock):
            self.note(stock, FAILED, quantity)
            if self.model.funds is not None:
                self.model.funds.refund(cost)
            self.replenish(stock)
            return
        stock.on_hand += quantity
        self.note(stock, RECEIVED, quantity)
        self.arrived(stock.depot)

    def _fails(self, stock: Stock) -> bool:
        share = stock.depot.spec.fails
        if share <= 0:
            return False
        stock.deliveries += 1
        return self.model.chance.one(f"supplier.{stock.depot.name}.{stock.name}", stock.deliveries) < share

    def arrived(self, depot: Depot) -> None:
        """Serve who waits for goods: the staff, and then households."""
        if self.model.stores.wants:
            self.model.stores.serve()
        self._serve_parked(depot)

    def close(self, depot: Depot) -> None:
        """Let a store give nothing out."""
        depot.closed += 1
        if depot.closed == 1:
            self.model.tell("store_closed", depot.name)

    def reopen(self, depot: Depot) -> None:
        """Let a store give out again, if nothing else keeps it closed."""
        depot.closed -= 1
        if not depot.closed:
            self.model.tell("store_open", depot.name)
            self.arrived(depot)

    def _serve_parked(self, depot: Depot) -> None:
        """Give goods to the requests that wait for them, in the order of parking, and resume those."""
        for need in list(depot.parked):
            kit = self._kit(need, depot)
            if need not in self._waits_at:  # resuming one request has led to this one
                continue
            if any(s.there() < amount or (s.rationed and self._refused(need, s)) for s, amount in kit):
                continue
            depot.parked.remove(need)
            del self._waits_at[need]
            for stock, amount in kit:
                stock.on_hand -= amount
                stock.back_ordered -= amount
                self.note(stock, ALLOCATED, amount)
            self.allocated[need] = depot
            self.model.resume(need)

    def _reserve(self, depot: Depot, item: str) -> int:
        """Return how much of an item is kept for the staff."""
        spec = depot.spec
        kept = spec.reserve.get(item, 0)
        if spec.reserve_for is not None:
            keeping = sum(item in other.stock for other in self.depots)
            for unit in self.model.response.organisation.units.values():
                shifts = unit.count if unit.shift is None else sum(s.count or 0 for s in unit.shift) or unit.count
                a_day = shifts * (unit.kit.get(item, 0) + unit.provisions.get(item, 0))
                kept += -(-int(a_day * spec.reserve_for / 24) // keeping)
        return kept

    def adopt(self) -> None:
        """Order by the policies of the response as it stands now."""
        for depot in self.depots:
            depot.spec = self.model.response.supplies[depot.name]
            for stock in depot.stock.values():
                stock.follow(depot.spec)
                self.replenish(stock)

    def on_hand(self, item: str) -> int:
        """Return what all depots hold of an item."""
        return sum(depot.stock[item].on_hand for depot in self.depots if item in depot.stock)

    def note(self, stock: Stock, kind: int, quantity: int, use: int = VISIT) -> None:
        """Write down a change of a stock."""
        rows = self.rows.rows
        now, depot = self.model.clock.now, stock.depot.number
        rows.extend((now, depot, stock.item, kind, quantity, stock.on_hand, stock.on_order, stock.back_ordered, use))
