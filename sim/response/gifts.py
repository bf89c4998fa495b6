"""Goods that others give: announced donations, and whatever a donor sends. They are received like a delivery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sim.records.codes import RECEIVED, USES

if TYPE_CHECKING:
    from sim.response.depots import Depots
    from sim.response.stock import Depot

DONATION = USES.index("donation")


class Gifts:
    """Receive what is given."""

    def __init__(self, depots: Depots) -> None:
        self.depots = depots
        self.model = depots.model

    def begin(self, depot: Depot) -> None:
        """Plan the announced donations to a depot."""
        for number, donation in enumerate(depot.spec.donations):
            self._announce((depot, number, donation.at, 0))

    def _announce(self, gift: tuple[Depot, int, float, int]) -> None:
        """Plan the arrival of a gift, and announce the next when this one was due."""
        depot, number, at_h, nth = gift
        donation = depot.spec.donations[number]
        when = at_h
        if donation.late is not None:
            uniform = self.model.chance.one(f"donation.{depot.name}", number, nth)
            when += donation.late.at(uniform)
        if when < self.model.spec.end_h:
            self.model.clock.call_at(when, self._donated, (depot, number))
        if donation.every is not None and at_h + donation.every < self.model.spec.end_h:
            self.model.clock.call_at(at_h, self._announce, (depot, number, at_h + donation.every, nth + 1))

    def _donated(self, gift: tuple[Depot, int]) -> None:
        depot, number = gift
        self.receive(depot, depot.spec.donations[number].items)

    def receive(self, depot: Depot, items: Mapping[str, int]) -> None:
        """Put goods into a depot, and serve who waits for them."""
        for item, amount in items.items():
            depot.stock[item].on_hand += amount
            self.depots.note(depot.stock[item], RECEIVED, amount, DONATION)
        self.depots.arrived(depot)
