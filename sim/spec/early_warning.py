"""Early warning and preparation: who counts what, when that is too much, and what was bought before it was needed.

A detector sees reported counts, late and not all of them, or a gauge with an error. It never sees the hazard. What an
alarm sets going, true or false, is what waits for it: steps of the card, changes, a phase.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from sim.spec.base import Hours, Interval, Name, NonNegative, PathMap, Plain, PositiveHours, Share, Spec, YesNo, refuse
from sim.spec.distributions import Duration


class Sees(Spec):
    """What a detector counts or reads; one of these."""

    needs: tuple[Name, ...] = ()
    """Requests of these need types."""
    reports: YesNo = False
    """Reports of symptoms, true and false."""
    confirmed: YesNo = False
    """Those confirmed positive."""
    gauge: Name | None = None
    """The precursor of a hazard, on the scale of its curve."""

    @model_validator(mode="after")
    def _one(self) -> Sees:
        given = [name for name in type(self).model_fields if getattr(self, name)]
        if len(given) != 1:
            raise refuse(f"one of needs, reports, confirmed, gauge is wanted; found {' and '.join(given) or 'none'}")
        return self


class Detector(Spec):
    """Somebody looks at counts every so often, and raises the alarm when there are too many."""

    sees: Sees
    sensitivity: Share = 1.0
    """Share of the cases that are passed on to it."""
    lag: Hours = 0.0
    """From a case, or a reading, until it is counted."""
    every: Interval = 6.0
    window: PositiveHours = 24.0
    """Cases of so long are counted together."""
    over: NonNegative
    """The alarm is raised when there are more in the window, or when the reading is higher."""
    clears_after: PositiveHours = 24.0
    """It is taken back when that has not been so for this long."""
    by: Name | None = None
    """The unit that looks; without it, looking takes nobody's time."""
    takes: Duration | None = None
    warns_of: Name | None = None
    """What it is meant to see: a hazard, or 'epidemic'; an alarm is false if that is not there while it lasts."""

    @model_validator(mode="after")
    def _looked_at(self) -> Detector:
        if (self.by is None) != (self.takes is None):
            raise refuse("'by' and 'takes' belong together")
        return self


class ByClass(Spec):
    """What a plan does differently for a class of events."""

    set: PathMap[Plain]
    """Dotted paths of the response and their values for this class."""

    @model_validator(mode="after")
    def _something(self) -> ByClass:
        if not self.set:
            raise refuse("at least one value to set is wanted")
        return self


class Measure(Spec):
    """What was done before the beginning, and what it cost."""

    cost: NonNegative = 0.0
    """In the currency of the scenario; paid from the funds where there are any."""
    set: PathMap[Plain] = Field(default=PathMap())
    """Dotted paths of the response, such as ``supplies.store.stock.suit``, and their values because of it."""
