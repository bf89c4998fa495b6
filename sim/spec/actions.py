"""What a step of the card does: each action is a frozen model here and a piece of work in ``sim.response.actions``.

No action has a length of its own: it ends when its people have done the work, or when what it waits for has happened.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from sim.spec.base import (
    FrozenMap,
    Hours,
    Integer,
    Interval,
    Name,
    PositiveHours,
    Share,
    Spec,
    YesNo,
    between,
    non_empty,
    refuse,
)
from sim.spec.community import known_groups
from sim.spec.distributions import Duration

Buildings = Literal["all", "affected", "closed"] | tuple[Name, ...]
"""All buildings, those with a confirmed positive, those under a cordon now, or a list by name."""


class Work(Spec):
    """Work of so many person-hours, shared by the people of the step: twice as many take half as long."""

    action: Literal["work"]
    person_hours: PositiveHours


class Doors(Spec):
    """Go from door to door: each person takes the next door until all are done."""

    action: Literal["doors"]
    each: Duration
    """Time at one door."""
    buildings: Buildings = "closed"
    of: Literal["household", "building", "special"] = "household"
    """Every household, every building's entrance, or the homes of residents in ``groups``."""
    groups: tuple[Name, ...] = ("living_alone", "disabled", "offline")
    """Whose homes are the special ones."""
    counts: Share | None = None
    """The household is put on the list of who is expected at a site; the share of households that are found."""
    items: FrozenMap[Annotated[Integer, between(1, 1000, "a number of pieces")]] = FrozenMap()
    """What is handed over at each door; a door without it waits for another round."""
    topic: Name | None = None
    """What those at home are told."""
    antigen: Share | None = None
    """Self-tests are handed out: the share of residents who report their result."""
    sensitivity: Share = 0.7
    """Chance that a self-test of a positive is positive."""

    @model_validator(mode="after")
    def _some(self) -> Doors:
        known_groups("groups", self.groups)
        if self.of == "special" and not self.groups:
            raise refuse("'of: special' needs groups")
        return self


class Notify(Spec):
    """Tell residents something through channels of the information block."""

    action: Literal["notify"]
    topic: Name
    channels: Annotated[tuple[Name, ...], non_empty("channel")]
    takes: Duration
    """Writing and posting it, by one person."""
    buildings: Buildings = "all"


class Man(Spec):
    """Take up a post (gate, patrol, lane, hotline) and stay there until the stand-down; done when all are in place."""

    action: Literal["man"]
    post: Name
    break_every: Interval | None = None
    break_takes: Hours = 0.5


class Patrol(Spec):
    """Walk round the buildings, over and over: find blocked lanes and clear them."""

    action: Literal["patrol"]
    every: Interval
    clearing: Duration
    """Clearing one blocked lane."""


class Cordon(Spec):
    """Put a cordon around buildings, or take it away; fences come with the step's materials."""

    action: Literal["cordon"]
    buildings: Buildings = "affected"
    lift: YesNo = False
    person_hours_each: Hours = 0.25
    """Work at each building."""


class SetUp(Spec):
    """Build a site: lanes, waiting lines, tables. Nobody is called to it before."""

    action: Literal["set_up"]
    site: Name
    person_hours: PositiveHours


class Screen(Spec):
    """Call a round of residents to a site; done when everybody called is served, or has been looked for in vain."""

    action: Literal["screen"]
    site: Name
    buildings: Buildings = "closed"


class Book(Spec):
    """Ask for a unit from outside, which promises a time and may be late; done when it is there."""

    action: Literal["book"]
    unit: Name
    takes: Duration


class Issue(Spec):
    """Hand out the kits of units: nobody of these starts to work without one."""

    action: Literal["issue"]
    units: tuple[Name, ...] = ()
    """Without it, every unit that has a kit."""
    each: Duration
    """Time to hand over one kit."""


class Call(Spec):
    """Call an outside service; done when it is there."""

    action: Literal["call"]
    service: Name
    takes: Duration
    """The call itself."""


class Repair(Spec):
    """End an outage of power, water or communications."""

    action: Literal["repair"]
    outage: Name
    person_hours: PositiveHours


class Trace(Spec):
    """Find the contacts of those confirmed positive."""

    action: Literal["trace"]
    each: Duration
    """Time for one confirmed positive."""


class Declare(Spec):
    """Declare that the plan is activated; the response level follows from what is confirmed."""

    action: Literal["declare"]


class Stand(Spec):
    """Stand down: posts are left, cordons lifted, the gates opened."""

    action: Literal["stand_down"]


Action = Annotated[
    Work
    | Doors
    | Notify
    | Man
    | Patrol
    | Cordon
    | SetUp
    | Screen
    | Book
    | Issue
    | Call
    | Repair
    | Trace
    | Declare
    | Stand,
    Field(discriminator="action"),
]
ACTIONS: tuple[str, ...] = tuple(
    get_args(model.model_fields["action"].annotation)[0] for model in get_args(get_args(Action)[0])
)
