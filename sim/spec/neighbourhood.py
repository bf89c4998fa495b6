"""What the response does in the neighbourhood: building leaders who look after their building, and complaints heard."""

from __future__ import annotations

from typing import Annotated

from pydantic import model_validator

from sim.spec.base import Interval, Name, PositiveHours, Share, Spec, non_empty
from sim.spec.community import known_groups
from sim.spec.distributions import Duration


class BuildingLeaders(Spec):
    """People who go round their building: they ask who cannot ask, bring word, and make neighbours known to each other.

    One of the unit goes through a building; with one person a building each keeps their own.
    """

    unit: Name
    every: Interval
    """How often each building is visited."""
    each: Duration
    """Time at one door."""
    groups: Annotated[tuple[Name, ...], non_empty("vulnerability group")] | None = None
    """Households with a resident in these vulnerability groups; without it, every household."""
    topic: Name | None = None
    """What they tell at the door."""
    introduces: Share = 0.0
    """Share of visits after which a resident knows one neighbour more."""

    @model_validator(mode="after")
    def _groups(self) -> BuildingLeaders:
        known_groups("groups", self.groups or ())
        return self


class ComplaintDesk(Spec):
    """Who hears complaints, and until when an answer is one."""

    to: Name
    takes: Duration
    within: PositiveHours = 24.0
