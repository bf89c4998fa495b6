"""What happens to the community: a hazard drives need types with an intensity over time.

A hazard's intensity is a factor on the rate of every need type it drives; where several drive one type, they add up;
a type driven by none has intensity 1. How an intensity is computed for residents is in ``sim.world.demand``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from sim.spec.base import (
    FrozenMap,
    Hours,
    Interval,
    Name,
    NonNegative,
    PositiveHours,
    Spec,
    Text,
    YesNo,
    local_time,
    refuse,
)
from sim.spec.distributions import Duration
from sim.spec.local_hazards import Earthquake, Fire, Flood, Heatwave, Poisoning, Storm


class _Hazard(Spec):
    drives: tuple[Name, ...] | None = None
    """The need types it drives; without it, all."""
    zones: tuple[Name, ...] = ()
    """Its footprint; without it, everywhere."""
    begins: Hours = 0.0
    ends: PositiveHours | None = None

    @model_validator(mode="after")
    def _span(self) -> _Hazard:
        if self.ends is not None and self.ends <= self.begins:
            raise refuse("an end after the beginning is wanted")
        return self


class Steady(_Hazard):
    """Constant intensity 1 from beginning to end: the hazard of theory."""

    kind: Literal["steady"]


class Lockdown(_Hazard):
    """The gates are closed from beginning to end.

    Needs it drives begin in a household when its reserve is used up; people who live outside do not come in to work.
    """

    kind: Literal["lockdown"]
    reserve: Duration | None = None
    """How long a household lives on what it has at home; without it, needs begin with the closing."""
    before: NonNegative = 0.0
    """Intensity before the gates close, while reserves last, and after they open."""


class RequestLog(Spec):
    """A column of real timestamps in a CSV file."""

    file: Text
    """Path beside the scenario file."""
    column: Name
    """The column of ISO 8601 timestamps."""
    only: FrozenMap[Text] = FrozenMap()
    """Keep rows whose columns have these values."""
    start: Annotated[Text, AfterValidator(local_time)] | None = None
    """The timestamp that is hour 0; without it, the first one kept, rounded down to the hour."""
    replay: YesNo = False
    """True: each timestamp is one need, at its time. False: counts per ``bin`` are a Poisson process's intensity."""
    bin: Interval = 1.0


class Surge(_Hazard):
    """Any intensity over time: a curve, or the timestamps of a log.

    With a log the intensity is requests an hour, so that ``per_hour: 1`` of a need means one need a logged request.
    """

    kind: Literal["surge"]
    curve: tuple[tuple[Hours, NonNegative], ...] | None = None
    """Points (time, intensity), joined by straight lines; constant before the first and after the last."""
    log: RequestLog | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Surge:
        if (self.curve is None) == (self.log is None):
            raise refuse("one of 'curve' and 'log' is wanted; found " + ("neither" if self.log is None else "both"))
        if self.curve is not None:
            times = [time for time, _ in self.curve]
            if not times or any(later <= earlier for earlier, later in zip(times, times[1:], strict=False)):
                raise refuse("a curve of at least one point with rising times is wanted")
        return self


Hazard = Annotated[
    Steady | Lockdown | Surge | Flood | Storm | Heatwave | Fire | Earthquake | Poisoning, Field(discriminator="kind")
]
