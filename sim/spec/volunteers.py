"""How people are found, listed, called and taught: register, sign-up, walk-ins, call-up, know-how.

Who is truly able and willing belongs to the people; the dispatcher sees the register. What work does to them is in
``sim.spec.strain``, how they are looked after in ``sim.spec.care``.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from sim.spec.base import (
    Hours,
    Integer,
    Interval,
    Name,
    NonNegative,
    PositiveHours,
    Share,
    Spec,
    YesNo,
    between,
    non_empty,
    refuse,
)
from sim.spec.changes import STATES, State
from sim.spec.distributions import Duration

MOST_PLACES = 100_000
Places = Annotated[Integer, between(1, MOST_PLACES, f"between 1 and {MOST_PLACES:,} people")]


class Willing(Spec):
    """Who of a unit goes to residents when sent; the others say no, each time."""

    share: Share
    answer: Interval = 10 / 60
    """From the message until the desk has the no."""


class WillingOnList(Spec):
    """What the list says of who goes when sent; who is not noted as willing is not sent, nor who was not asked."""

    missed: Share = 0.0
    """Share of the willing who are not noted."""
    overstated: Share = 0.0
    """Share of the others who are noted as willing."""


class Register(Spec):
    """What the list of a unit says of its people, which is not what they are."""

    coverage: Share = 1.0
    """Share of people who were asked what they can and will; of the others nothing is known."""
    missed: Share = 0.0
    """Share of skills held that are not written down."""
    overstated: Share = 0.0
    """Share of skills not held that are written down."""
    stale: Share = 0.0
    """Share of entries that are out of date: who is sent a message or called does not get it."""
    noticed: Interval = 1.0
    """So long after sending somebody the desk takes it that nobody comes."""
    willing: WillingOnList | None = None
    """Without it, nobody was asked, and all are sent."""
    corrects: YesNo = False
    """Whether the list is put right when somebody is found without a skill at a door, was not there or said no."""


class Registration(Spec):
    """How somebody who wants to help gets on the list."""

    by: Name | None = None
    """The unit that writes people down; without it, a platform does, for who is not offline."""
    takes: Duration
    """Time of the unit, or of the applicant at the platform."""


class Certification(Spec):
    """Real names are checked."""

    takes: Duration
    rejects: Share = 0.0
    """Share of fit applicants who are not accepted."""
    detects: Share = 1.0
    """Share of unfit applicants who are not accepted."""


class Class(Spec):
    """A training before the first shift. Who has been to it knows what to do, as if drilled then (``know_how``)."""

    takes: Duration
    by: Name | None = None
    """The unit that teaches; without it, everybody learns on line in their own time."""
    size: Places = 20
    """Most people in a class."""
    teaches: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    """Skills that who has been to it has from then on, and is listed with."""
    certifies: YesNo = False
    """It ends with a certificate for them; who joins without one has none, whatever they can do."""
    halves: PositiveHours = 180 * 24.0
    """What it taught and nobody has used since is forgotten by half of its people after so long; the list stays."""

    @model_validator(mode="after")
    def _certificate(self) -> Class:
        if self.certifies and not self.teaches:
            raise refuse("'certifies' needs 'teaches', to say for which skills")
        return self


class Recruitment(Spec):
    """Residents who sign up for a unit when they have heard that people are wanted.

    The willing are the same residents under every plan; whether one signs up at a moment depends on trust and on what
    they see.
    """

    at_most: Places
    """Places for them, beside the unit's ``count``: each is held for one of the able residents who would come most
    readily, the same under every plan. The place of somebody who never hears of the call stays empty."""
    willing: Share
    """Share of able residents who sign up, at a trust of a half."""
    by_trust: Annotated[NonNegative, between(0, 2, "at most 2")] = 0.0
    """Added for each unit of trust above a half."""
    need_seen: Share = 0.0
    """Added for who sees a request wait at home or at a neighbour's."""
    topic: Name | None = None
    """The topic of the call for volunteers: who hears it in a channel or at the door, and nobody else, may sign up.
    Without it everybody has heard it at the beginning."""
    decides: Duration | None = None
    """How long people think it over."""
    unfit: Share = 0.0
    """Share of applicants whose visits would go wrong."""
    unfit_errors: Share = 0.5
    """Share of their visits that do."""
    registration: Registration | None = None
    certification: Certification | None = None
    training: Class | None = None


class WalkIns(Spec):
    """People who come unasked to help, and have to be received."""

    curve: Annotated[tuple[tuple[Hours, NonNegative], ...], Field(max_length=10_000), non_empty("point")]
    """Points (time, people an hour), joined by straight lines; constant before the first and after the last."""
    at_most: Places
    """Most of them here at a time; the others are sent away."""
    reception: Name
    """The unit that receives them."""
    takes: Duration
    stays: Duration

    @model_validator(mode="after")
    def _rising(self) -> WalkIns:
        times = [time for time, _ in self.curve]
        if any(later <= earlier for earlier, later in zip(times, times[1:], strict=False)):
            raise refuse("a curve with rising times is wanted")
        return self


class Release(Spec):
    """The employer of people on a cloud roster lets them go, or not."""

    share: Share
    takes: Duration


class CallUp(State):
    """People who are at home until they are called: at a time, on a state of the response, or at the activation."""

    at: Hours | None = None
    wanted: Places | None = None
    """How many are wanted; without it, all on the list."""
    by: Name | None = None
    """The unit that rings people up, one after the other; without it, one message goes to all."""
    takes: Duration | None = None
    """Time of one call."""
    stale: Share = 0.0
    """Share of entries that are out of date: nobody answers."""
    accepts: Share = 1.0
    """Share of those reached who say yes."""
    reply: Duration | None = None
    """From the call until somebody is there."""
    release: Release | None = None
    stint: PositiveHours
    """How long who comes stays: without a break, or for the shifts of the unit where it has any."""

    @model_validator(mode="after")
    def _trigger(self) -> CallUp:
        stated = [key for key in ("at", *STATES) if getattr(self, key) is not None]
        if len(stated) > 1:
            wanted = "at most one of at, backlog_over, stock_of and people_of is wanted"
            raise refuse(f"{wanted}; found {' and '.join(stated)}")
        if (self.by is None) != (self.takes is None):
            raise refuse("'by' and 'takes' belong together")
        return self


class KnowHow(Spec):
    """Who knows what to do: the drilled, while they remember; the others ask their leader first, and wait for it."""

    drilled: Share = 0.0
    """Share of people who took part in the last drill."""
    ago: Hours = 0.0
    """How long before the beginning that was."""
    halves: PositiveHours = 180 * 24.0
    """What was drilled is remembered by half of the drilled after so long."""
    question: Duration
    """How long the leader needs to explain."""
    online: YesNo = False
    """Whether it can be looked up instead, which takes as long but no leader."""


class Replacement(Spec):
    """Somebody new for who has left for good: found after a time, taken in by somebody, and there from the next shift.

    They come to the place on the roster of the one who left. Who was sent home by a smaller ``count``, or whose
    contract has ended, is not replaced.
    """

    at_most: Places
    """Most people who are found while the scenario lasts."""
    delay: Duration
    """From leaving until somebody is found."""
    by: Name | None = None
    """The unit that takes them in; without it, nobody's time is needed."""
    takes: Duration | None = None
    """Time of that unit for each of them."""

    @model_validator(mode="after")
    def _taken_in(self) -> Replacement:
        if (self.by is None) != (self.takes is None):
            raise refuse("'by' and 'takes' belong together")
        return self


class Supervised(Spec):
    """People who may only work beside somebody who looks after them: students, trainees."""

    by: Name
    ratio: Annotated[Integer, between(1, 1000, "a ratio of at least 1")]
    """How many of them one person on duty there looks after."""


class Lateness(Spec):
    """Some come late to a shift."""

    share: Share
    by: Duration
