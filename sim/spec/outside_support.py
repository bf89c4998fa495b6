"""What stands above and around the response: authority for its acts, experts' advice, money, people sent elsewhere."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from sim.spec.base import (
    Count,
    FrozenMap,
    Hours,
    Integer,
    Interval,
    Name,
    Number,
    PathMap,
    Plain,
    Positive,
    PositiveHours,
    Spec,
    Text,
    YesNo,
    between,
    local_time,
    non_empty,
    refuse,
)
from sim.spec.card import Problem
from sim.spec.distributions import Duration
from sim.spec.supplies import Quantity

ACTS = ("entry", "data", "dispatch")
"""What authority is asked for: to enter homes, to make or use lists of residents, to call people up or lend them."""


Date = Annotated[Text, AfterValidator(local_time)]


class Authority(Spec):
    """Whether the response may do something by law; where it may not yet, whoever tries waits for the grant."""

    units: tuple[Name, ...] = ()
    """The units that need it; without it, all."""
    granted: YesNo = False
    """From the beginning, by a law in force."""
    since: Date | None = None
    """The date on which the law or notice that grants it came into force: before it nothing is granted by it."""
    decides: Duration
    """How long the authority takes over an application, which the first refused attempt of a unit makes."""
    officers: Annotated[Integer, between(1, 1000, "at least one officer")] = 1
    """How many applications it deals with at once."""
    lasts: PositiveHours | None = None
    """A grant on application lapses after so long; without it, it stays."""

    @model_validator(mode="after")
    def _law(self) -> Authority:
        if self.since is not None and not self.granted:
            raise refuse("'since' says from when a law grants it; 'granted: true' is wanted beside it")
        return self


class Roles(Spec):
    """Units that could each serve a need, and whether the law says which of them is responsible for it."""

    units: tuple[Name, ...]
    """Two or more; who is asked names the first of them with somebody free, or else on duty."""
    settled: YesNo = False
    """From the beginning, by a law in force: nobody disputes."""
    since: Date | None = None
    """The date on which the law that settles it came into force: before it nothing is settled by it."""
    precedent: YesNo = False
    """One answer holds for all requests of the type, until the stand-down; without it each is disputed anew."""

    @model_validator(mode="after")
    def _several(self) -> Roles:
        if len(set(self.units)) < max(len(self.units), 2):
            raise refuse("'units': two or more units are wanted, each once")
        if self.since is not None and not self.settled:
            raise refuse("'since' says from when a law settles it; 'settled: true' is wanted beside it")
        return self


class Advice(Spec):
    """A change of the response that experts recommend once a problem has been reported often enough."""

    problem: Problem
    at_least: Count = 1
    set: PathMap[Plain]
    note: Text | None = None

    @model_validator(mode="after")
    def _some(self) -> Advice:
        if not self.set:
            raise refuse("at least one value to set is wanted")
        return self


class Experts(Spec):
    """A committee that meets every so often, hears what went wrong, and gives its advice some time later."""

    unit: Name
    every: Interval
    takes: Duration
    """Time of the committee for one meeting."""
    per_meeting: Annotated[Integer, between(1, 1000, "at least one piece of advice")] = 1
    """How many questions it answers at one meeting; the others wait for the next."""
    delay: Duration | None = None
    """From the meeting until the advice is in force."""
    advice: Annotated[tuple[Advice, ...], Field(max_length=1000), non_empty("advice")]


class Grant(Spec):
    """Money that comes in."""

    at: Hours
    amount: Annotated[Number, between(0, 1e12, "an amount of at least 0")]


class Funds(Spec):
    """Money: paid people come and goods are ordered only while there is some."""

    opening: Annotated[Number, between(0, 1e12, "an amount of at least 0")]
    grants: Annotated[tuple[Grant, ...], Field(max_length=10_000)] = ()


class Sending(Spec):
    """Support sent to others: people who are missing here until they are back, goods, money, advice and teaching."""

    at: Hours
    people: Annotated[Integer, between(1, 100_000, "at least one person")] | None = None
    away: PositiveHours | None = None
    """How long the people are away, way there and back included."""
    items: FrozenMap[Quantity] = FrozenMap()
    """Goods out of the stores; what is kept for the staff is not sent."""
    amount: Positive | None = None
    """Money out of ``response.funds``."""
    takes: Duration | None = None
    """Time of somebody of the unit: to get it ready, or to advise and teach others from here."""

    @model_validator(mode="after")
    def _something(self) -> Sending:
        if (self.people is None) != (self.away is None):
            raise refuse("'people' and 'away' belong together")
        if self.people is None and not self.items and self.amount is None and self.takes is None:
            raise refuse("at least one of people, items, amount and takes is wanted")
        return self


class Familiarity(Spec):
    """People from elsewhere do not know their way here."""

    first: Duration
    """Lost at the first visit of each person to each building."""
