"""Who is called to a site: residents by building and slot, called again at the door when they have not come."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from sim.spec.base import Hours, Integer, Name, PositiveHours, Share, SignedHours, Spec, between, refuse
from sim.spec.community import known_groups
from sim.spec.distributions import Duration


class Recall(Spec):
    """Volunteers go to the doors of those who were expected and have not come, so that nobody is missed."""

    unit: Name
    people: Annotated[Integer, between(1, 10_000, "at least one person")]
    each: Duration
    """Time at one door."""
    times: Annotated[Integer, between(1, 20, "between 1 and 20 recall rounds")] = 1
    after: Hours = 0.5
    """How long after the last slot (or the recall before) they set out."""
    at_home: Share = 1.0
    """Chance that somebody opens; who does, comes to the site."""


class Fetch(Spec):
    """People who cannot come by themselves are brought: a helper goes to the door and comes along."""

    groups: tuple[Name, ...]
    unit: Name
    helpers: Annotated[Integer, between(1, 10_000, "at least one helper")]
    each: Duration
    """From the door to the site."""

    @model_validator(mode="after")
    def _groups(self) -> Fetch:
        known_groups("groups", self.groups)
        return self


class Count(Spec):
    """Somebody counts who has come before anybody looks for those who have not; an app makes that needless."""

    unit: Name
    takes: Duration


class Invitations(Spec):
    """Residents called by building and slot, in rounds. Called = served + no show + left + turned away + missed."""

    rounds: Annotated[tuple[Hours, ...], Field(max_length=1000)] = ()
    """When each round is called; the card's step ``screen`` calls further ones."""
    slot: PositiveHours
    """Length of a slot."""
    per_slot: Annotated[Integer, between(1, 1_000_000, "at least one person a slot")]
    """People called for one slot: households together, building after building."""
    lead: Hours = 0.0
    """From the call to the first slot."""
    mean_offset: SignedHours = Field(default=0.0, alias="early_or_late")
    """How far from the slot people come on average; early if negative."""
    spread: Hours = 0.0
    """Standard deviation of it."""
    no_show: Share = 0.0
    """Share of those who know and yet do not come."""
    recall: Recall | None = None
    fetch: Fetch | None = None
    count: Count | None = None
    waits_for: Name | None = None
    """A unit without which slots are put off and called again, such as the testers who come from outside."""

    @model_validator(mode="after")
    def _in_time(self) -> Invitations:
        if any(later <= earlier for earlier, later in zip(self.rounds, self.rounds[1:], strict=False)):
            raise refuse("rounds at rising times are wanted")
        return self
