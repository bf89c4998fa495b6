"""What a store holds: one item at one depot, with what is on order and waited for, and the depot itself.

Who is given what, and when it is ordered, is the business of ``depots``.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import mesa

from sim.response.plan import Place

if TYPE_CHECKING:
    from sim.spec.supplies import Depot as DepotSpec

NEVER = -(1 << 60)
"""Below every inventory position."""


class Stock:
    """One item at one depot. The inventory position is on hand + on order − back-ordered."""

    __slots__ = (
        "back_ordered",
        "deliveries",
        "depot",
        "item",
        "name",
        "on_hand",
        "on_order",
        "orders",
        "policy",
        "rationed",
        "reserve",
        "trigger",
    )

    def __init__(self, depot: Depot, item: int, name: str, on_hand: int) -> None:
        self.depot = depot
        self.item = item
        self.name = name
        self.on_hand = on_hand
        self.on_order = 0
        self.back_ordered = 0
        self.orders = 0
        self.deliveries = 0
        self.reserve = 0
        """What households are not given."""
        self.follow(depot.spec)

    def there(self, *, kept: bool = False) -> int:
        """Return how many can be given out; ``kept`` counts what is kept for the staff too."""
        return 0 if self.depot.closed else self.on_hand - (0 if kept else self.reserve)

    def follow(self, spec: DepotSpec) -> None:
        """Order by the policy of a depot's specification."""
        self.policy = spec.policy_of(self.name)
        self.rationed = self.name in spec.rations
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
        self.closed = 0
        """What keeps it closed now, counted."""


Kit = tuple[tuple[Stock, int], ...]
"""What one visit takes from one depot: each stock, and how many."""
