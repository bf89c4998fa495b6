"""How those who work are looked after: supervision, debriefing, rest, feedback, honours, insurance, contracts."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from sim.spec.base import Hours, Interval, Name, PositiveHours, Share, Spec, refuse
from sim.spec.distributions import Duration


class Supervision(Spec):
    """Sessions of each worker with a supervisor: both spend their time, and a session nobody has time for is missed."""

    by: Name
    """The unit of the supervisors."""
    every: Interval | None = None
    """How often each worker has a session; without it, only consultations."""
    takes: Duration | None = None
    within: PositiveHours = 24.0
    """A session not begun so long after it was due is missed."""
    consults: Duration | None = None
    """After a visit that was traumatic or went wrong the worker consults a supervisor for so long; the next visit to
    that need does not go wrong."""
    depends_on: Name | None = None
    """An outage during which supervisors elsewhere cannot be reached."""

    @model_validator(mode="after")
    def _some(self) -> Supervision:
        if (self.every is None) != (self.takes is None):
            raise refuse("'every' and 'takes' belong together")
        if self.every is None and self.consults is None:
            raise refuse("'every' (with 'takes') or 'consults' is wanted; found neither")
        return self


class Feedback(Spec):
    """After a shift with something that went wrong, people say so; somebody answers, in time or not."""

    to: Name
    """The unit that answers."""
    takes: Duration
    within: PositiveHours = 24.0
    """An answer later than this is none."""
    gives: Share = 1.0
    """Share of those with something to say who say it."""


class Honours(Spec):
    """Points for hours served, for the person and their firm: they raise the chance to come and to stay, to a limit."""

    half_at: PositiveHours
    """Hours served that are worth half of the most."""
    attendance: Share = 0.0
    """Most that is added to the chance to come to a shift."""
    stay: Share = 0.0
    """Most that is taken from the hazard of leaving, as a share."""
    release: Share = 0.0
    """Most that is added to the share of people whom their firm lets go when called up (``call_up.release``)."""


class Insurance(Spec):
    """What happens when somebody is hurt: who pays, who deals with the claim, and who stays away where nobody does."""

    cover: Literal["none", "injury"]
    """``none`` is a statement too: nobody pays."""
    by: Name | None = None
    """The unit that deals with a claim."""
    takes: Duration | None = None
    """How long a claim takes somebody there."""
    refuses: Share = 0.0
    """Chance that a colleague stays away from a shift while an injury without cover is remembered."""
    remembered: PositiveHours = 14 * 24.0
    leaves: Share = 0.0
    """Share of those hurt without cover who do not come back."""

    @model_validator(mode="after")
    def _claims(self) -> Insurance:
        if (self.by is None) != (self.takes is None):
            raise refuse("'by' and 'takes' belong together")
        return self


class Contract(Spec):
    """A service bought for a time: until it is renewed its people are insecure, and without renewal they go."""

    ends: PositiveHours
    renewed: Hours | None = None
    """When the renewal is signed; without it, never."""
    notice: PositiveHours = 14 * 24.0
    """So long before the end people begin to ask themselves."""

    @model_validator(mode="after")
    def _order(self) -> Contract:
        if self.renewed is not None and self.renewed > self.ends:
            raise refuse("a renewal before the contract ends is wanted")
        return self


class Breaks(Spec):
    """Rest during a shift."""

    every: Interval
    lasts: PositiveHours

    @model_validator(mode="after")
    def _shorter(self) -> Breaks:
        if self.lasts >= self.every:
            raise refuse("a break shorter than the time between two is wanted")
        return self


class Debriefing(Spec):
    """At the end of a shift those who were on duty together talk it over, in their time."""

    takes: PositiveHours
