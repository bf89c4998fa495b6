"""What is in store: depots with stock, a replenishment policy and a lead time."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, model_validator

from sim.spec.base import (
    Count,
    FrozenMap,
    Hours,
    Integer,
    Interval,
    Name,
    NonNegative,
    PositiveHours,
    Share,
    Spec,
    Text,
    Urgency,
    between,
    refuse,
)
from sim.spec.distributions import Duration

Quantity = Annotated[Integer, between(1, 1_000_000_000, "a quantity of at least 1")]
Level = Annotated[Integer, between(-1, 1_000_000_000, "a reorder point of at least -1")]


class ReplenishmentPolicy(Spec):
    """When to order and how much: base stock (S), (r, Q) or (s, S).

    The inventory position is what is on hand plus on order minus back-ordered. Base stock orders up to S after every
    issue; (r, Q) orders multiples of Q when the position is at or below r; (s, S) orders up to S at or below s.
    """

    base_stock: Quantity | None = None
    reorder_point: Level | None = None
    order_quantity: Quantity | None = None
    order_up_to: Quantity | None = None

    @model_validator(mode="after")
    def _one_policy(self) -> ReplenishmentPolicy:
        given = {name for name in type(self).model_fields if getattr(self, name) is not None}
        if given not in ({"base_stock"}, {"reorder_point", "order_quantity"}, {"reorder_point", "order_up_to"}):
            raise refuse(
                "base_stock, or reorder_point with order_quantity, or reorder_point with order_up_to is wanted; found "
                + (", ".join(sorted(given)) or "nothing")
            )
        if self.order_up_to is not None and self.reorder_point is not None and self.order_up_to <= self.reorder_point:
            raise refuse(f"order_up_to above reorder_point ({self.reorder_point}) is wanted; found {self.order_up_to}")
        return self

    @property
    def trigger(self) -> int:
        """The inventory position at or below which something is ordered."""
        if self.base_stock is not None:
            return self.base_stock - 1
        assert self.reorder_point is not None
        return self.reorder_point

    @property
    def most(self) -> int:
        """How much there is at most when all that was ordered has come and nobody waits."""
        return self.base_stock or self.order_up_to or (self.reorder_point or 0) + (self.order_quantity or 0)

    def order(self, position: int) -> int:
        """Return how much to order at this inventory position."""
        if position > self.trigger:
            return 0
        if self.base_stock is not None:
            return self.base_stock - position
        assert self.reorder_point is not None
        if self.order_up_to is not None:
            return self.order_up_to - position
        assert self.order_quantity is not None
        return self.order_quantity * -(-(self.reorder_point + 1 - position) // self.order_quantity)


class Donation(Spec):
    """Goods that are given: when, what, and how often."""

    at: Hours
    items: FrozenMap[Count]
    late: Duration | None = None
    """How much later than announced they come."""
    every: Interval | None = None
    """Again so long after, until the end of the run."""


class Ration(Spec):
    """When little is left, only the urgent get some."""

    below: Count
    urgency: Urgency
    """With fewer pieces on hand than ``below``, only needs of this urgency or a more urgent one are given any."""


class Durable(Spec):
    """An item that comes back after use, unless it breaks."""

    breaks: Share = 0.0
    """Chance that it breaks in one use: a shift, or a step."""
    repair: Duration | None = None
    """A broken one is back after this; without it, it is lost."""


class Depot(Spec):
    """A store: where it is, what it holds at the start, and how it is filled again."""

    zone: Name | None = None
    stock: FrozenMap[Count]
    policy: ReplenishmentPolicy | None = None
    """Policy of every item without one of its own in ``policies``; without either, nothing is ordered."""
    policies: FrozenMap[ReplenishmentPolicy] = FrozenMap()
    lead_time: Duration | None = None
    """From order to arrival."""
    fails: Annotated[Share, between(0, 0.99, "a share of at most 0.99")] = 0.0
    """Chance that a replenishment does not come; that is found out when it is due, and it is ordered again."""
    donations: Annotated[tuple[Donation, ...], Field(max_length=10_000)] = ()
    reserve: FrozenMap[Count] = FrozenMap()
    """Kept for the staff and the response team: rounds and visits to households leave so much of an item."""
    reserve_for: PositiveHours | None = None
    """The staff first, for this long: what their kits and provisions use in it is kept, on top of ``reserve``."""
    rations: FrozenMap[Ration] = FrozenMap()
    store: Text | None = None
    """The store point in words, as on the response card."""
    prices: FrozenMap[NonNegative] = FrozenMap()
    """Price of one piece, in the currency of the scenario."""

    @model_validator(mode="after")
    def _consistent(self) -> Depot:
        if (self.policy is not None or self.policies) and self.lead_time is None:
            raise refuse("a replenishment policy needs a lead_time")
        given = [item for donation in self.donations for item in donation.items]
        for item in (*self.policies, *self.prices, *self.reserve, *self.rations, *given):
            if item not in self.stock:
                raise refuse(f"item {item!r} is not in this depot's stock")
        return self

    def most_of(self, item: str) -> float:
        """Return how much of an item there may ever be; without an end where gifts come again and again."""
        policy = self.policy_of(item)
        most: float = max(self.stock.get(item, 0), policy.most if policy is not None else 0)
        for gift in self.donations:
            most += gift.items.get(item, 0) * (1.0 if gift.every is None else math.inf) if item in gift.items else 0
        return most

    def policy_of(self, item: str) -> ReplenishmentPolicy | None:
        """Return the policy of an item, or None where nothing is ordered."""
        return self.policies.get(item, self.policy)
