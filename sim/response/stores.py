"""Goods for the response's own use: kits, materials of steps, rounds to households; and durable items that come back.

Who wants goods that are not there waits for them, the staff before households. What visits use is the business of the
depots themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.records.codes import BACK_ORDERED, CANCELLED, ISSUED, RETURNED, USES

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.response.stock import Stock


class Want(NamedTuple):
    """Goods that something waits for."""

    items: Mapping[str, int]
    use: str
    then: Callable[[Any], object]
    argument: Any
    household: bool
    before_h: float
    """The time limit of the step that wants it; infinite without."""


class Stores:
    """Take goods out of the depots and bring them back."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.depots = model.depots
        self.found: set[str] = set()
        """Items whose place somebody has found out."""
        self.wants: list[Want] = []
        """What waits for goods, in the order of asking, the staff first."""
        self.claims = 0
        """How often goods were claimed by several at once."""
        self.uses: dict[str, int] = {}
        """How often each durable item has been used."""

    def draw(self, items: Mapping[str, int], use: str, *, household: bool = False) -> bool:
        """Take goods from the stores for the response's own use, or for a round to households; all of them or none."""
        parts: list[tuple[Stock, int]] = []
        for item, amount in items.items():
            stock = next((s for s in self._keeping(item) if s.there(kept=not household) >= amount), None)
            if stock is None:
                return False
            parts.append((stock, amount))
        for stock, amount in parts:
            stock.on_hand -= amount
            self.depots.note(stock, ISSUED, amount, USES.index(use))
            self.depots.replenish(stock)
        return True

    def _keeping(self, item: str) -> list[Stock]:
        return [depot.stock[item] for depot in self.depots.depots if item in depot.stock]

    def want(
        self,
        items: Mapping[str, int],
        use: str,
        then: Callable[[Any], object],
        argument: Any,
        *,
        household: bool = False,
        before_h: float = inf,
    ) -> None:
        """Take goods now or as soon as they are there; ``then(argument)`` is called with them in hand."""
        if self.draw(items, use, household=household):
            then(argument)
            return
        self.model.problems.report("stock_out")
        claimed = use == "step" and any(set(want.items) & set(items) for want in self.wants if want.use == "step")
        self.wants.append(Want(items, use, then, argument, household, before_h))
        self.wants.sort(key=lambda want: want.household)  # the staff first
        if claimed:
            self.claims += 1
            self.model.command.decide("claim", (self.claims,), self._settled, None)
        for item, amount in items.items():
            for stock in self._keeping(item)[:1]:
                stock.back_ordered += amount
                self.depots.note(stock, BACK_ORDERED, amount, USES.index(use))
                self.depots.replenish(stock)

    def serve(self) -> None:
        """Give goods that have come to who waits for them."""
        for want in list(self.wants):
            if want not in self.wants:  # serving one has served this one
                continue
            if not self.draw(want.items, want.use, household=want.household):
                continue
            self.wants.remove(want)
            for item, amount in want.items.items():
                for stock in self._keeping(item)[:1]:
                    stock.back_ordered -= amount
                    self.depots.note(stock, CANCELLED, amount, USES.index(want.use))
            want.then(want.argument)

    def _settled(self, _nothing: None) -> None:
        """Serve conflicting claims by the time limits of their steps from now on, as the commander has decided."""
        self.wants.sort(key=lambda want: (want.household, want.before_h))
        self.model.tell("claims_settled", ", ".join(sorted({item for want in self.wants for item in want.items})))

    def give_back(self, items: Mapping[str, int], use: str) -> None:
        """Put goods back that are not used."""
        for item, amount in items.items():
            for stock in self._keeping(item)[:1]:
                stock.on_hand += amount
                self.depots.note(stock, RETURNED, amount, USES.index(use))
                self.depots.arrived(stock.depot)

    def back_from_use(self, items: Mapping[str, int], use: str) -> None:
        """Bring durable items back after use; some are broken, and are repaired or lost."""
        durables = self.model.response.durables
        for item, amount in items.items():
            if item not in durables:
                continue
            first = self.uses.get(item, 0) + 1
            self.uses[item] = first + amount - 1
            numbers = np.arange(first, first + amount) if durables[item].breaks > 0 else np.empty(0, np.int64)
            broken = numbers[self.model.chance.uniform(f"durable.{item}", numbers) < durables[item].breaks].tolist()
            if amount > len(broken):
                self.give_back({item: amount - len(broken)}, use)
            for nth in broken:
                self.model.tell("broken", item)
                repair = durables[item].repair
                if repair is not None:
                    uniform = self.model.chance.one(f"durable.{item}.repair", nth)
                    length_h = repair.at(uniform)
                    self.model.clock.call_later(length_h, self._mended, item)

    def _mended(self, item: str) -> None:
        self.give_back({item: 1}, "repair")
