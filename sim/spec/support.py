"""What stands around the response: outside services, tracing, outages, lanes that are blocked."""

from __future__ import annotations

from typing import Annotated

from pydantic import model_validator

from sim.spec.base import Hours, Integer, NonNegative, PositiveHours, Share, Spec, YesNo, between, refuse
from sim.spec.distributions import Duration


class Service(Spec):
    """An outside service: 110, 119, 120, the police station, the clinic, the centre for disease control."""

    delay: Duration
    """From the end of the call until it is there."""
    crews: Annotated[Integer, between(1, 100_000, "at least one crew")] | None = None
    """How many calls it answers at once; without it, no limit."""
    busy: Duration | None = None
    """How long a crew is taken once it is there; needed with ``crews``."""
    by_road: YesNo = False
    """It drives to the building: a blocked lane stops it until somebody clears it."""

    @model_validator(mode="after")
    def _busy(self) -> Service:
        if (self.crews is None) != (self.busy is None):
            raise refuse("'crews' and 'busy' belong together")
        return self


class Tracing(Spec):
    """Whom a positive has met, as far as logs and memory tell."""

    household: Share = 1.0
    """Share of those who live with the positive who count as contacts."""
    recalled: Share = 0.8
    """Share of those met at a site whom the logs or the positive can name."""
    building: Share = 0.0
    """Share of the neighbours in the building who count as contacts."""
    site_within: Hours = 0.25
    """Who came to a site within this time of the positive was near."""


class Outage(Spec):
    """Power, water or communications are out."""

    begins: Hours | None = None
    """Without it, a hazard that ``cuts`` it begins it."""
    ends: PositiveHours | None = None
    """It ends by itself then; without it, only when it is repaired."""

    @model_validator(mode="after")
    def _span(self) -> Outage:
        if self.ends is not None and self.begins is None:
            raise refuse("'ends' without 'begins': a hazard that cuts it says when it is over")
        if self.ends is not None and self.begins is not None and self.ends <= self.begins:
            raise refuse("an end after the beginning is wanted")
        return self


class Obstructions(Spec):
    """Vehicles that block the lane of a building: a Poisson process over all buildings."""

    per_day: Annotated[NonNegative, between(0, 10_000, "at most 10,000 a day")]
