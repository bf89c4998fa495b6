"""Donors: a foundation, a charity, help from abroad. Somebody asks; it decides in its own time, gives or declines."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from sim.spec.base import FrozenMap, Hours, Integer, Interval, Name, NonNegative, Positive, Share, Spec, between, refuse
from sim.spec.changes import STATES, State
from sim.spec.distributions import Duration
from sim.spec.supplies import Quantity


class Asking(State):
    """What a unit asks a donor for, and when: at a time, on a state of the response, or when there is little money."""

    at: Hours | None = None
    funds_below: Positive | None = None
    by: Name
    """The unit that asks."""
    takes: Duration
    """Its time for one application."""
    again: Interval | None = None
    """It asks again so long after a refusal, or after what was given has come; without it, once."""
    amount: Positive | None = None
    """Money, for ``response.funds``."""
    items: FrozenMap[Quantity] = FrozenMap()
    to: Name | None = None
    """The depot that the items come to."""

    @model_validator(mode="after")
    def _one_occasion(self) -> Asking:
        keys = ("at", *STATES, "funds_below")
        stated = [key for key in keys if getattr(self, key) is not None]
        if len(stated) != 1:
            found = " and ".join(stated) or "none"
            raise refuse(f"one of {', '.join(keys[:-1])} and {keys[-1]} is wanted; found {found}")
        if self.amount is None and not self.items:
            raise refuse("'amount' or 'items' is wanted: what is asked for")
        if bool(self.items) != (self.to is not None):
            raise refuse("'items' and 'to' belong together")
        return self


class Donor(Spec):
    """Somebody outside who may give: applications wait for so many officers, are decided, and answered."""

    officers: Annotated[Integer, between(1, 1000, "at least one officer")] = 1
    """How many applications it deals with at once."""
    decides: Duration
    """How long an officer takes over one."""
    gives: Share = 1.0
    """Share of applications that it grants."""
    delivers: Duration | None = None
    """From the answer until what is given is there."""
    others_per_day: Annotated[NonNegative, between(0, 10_000, "at most 10,000 a day")] = 0.0
    """Applications of other communities, which wait in the same queue."""
    asked: Annotated[tuple[Asking, ...], Field(max_length=1000)] = ()
