"""Who comes to a site unasked, and when: booked slots, a Poisson process, trips of residents, a list of times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from sim.spec.base import Count, Hours, Integer, NonNegative, PositiveHours, Share, SignedHours, Spec, between, refuse


def _one_step(value: Any) -> Any:
    return (("0 h", value),) if isinstance(value, (str, int, float)) else value


def in_time(steps: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    """Refuse steps whose times do not rise."""
    times = [time for time, _ in steps]
    if not times or any(later <= earlier for earlier, later in zip(times, times[1:], strict=False)):
        raise refuse("a number, or at least one step [time, number] with rising times, is wanted")
    return steps


def _write_steps(steps: tuple[tuple[float, float], ...]) -> Any:
    return steps[0][1] if len(steps) == 1 and steps[0][0] == 0 else [[f"{time!r} h", value] for time, value in steps]


Rate = Annotated[
    tuple[tuple[Hours, NonNegative], ...],
    BeforeValidator(_one_step, json_schema_input_type=tuple[tuple[Hours, NonNegative], ...] | NonNegative),
    Field(max_length=10_000),
    PlainSerializer(_write_steps),
]
"""A number, or steps [[time, number], …]: each holds from its time to the next; 0 before the first."""
Servers = Annotated[
    tuple[tuple[Hours, Annotated[Integer, between(0, 100_000, "between 0 and 100,000 servers")]], ...],
    BeforeValidator(_one_step, json_schema_input_type=tuple[tuple[Hours, Count], ...] | Count),
    Field(max_length=10_000),
    PlainSerializer(_write_steps),
]


class Punctuality(Spec):
    """How far from the booked time people come: normal, early if negative."""

    mean: SignedHours = 0.0
    sd: Hours = 0.0


class Slots(Spec):
    """Bookings: so many people for each of a row of times."""

    first: Hours = 0.0
    every: PositiveHours
    count: Annotated[Integer, between(1, 10_000, "between 1 and 10,000 slots")]
    bookings: Annotated[Integer, between(0, 1_000_000, "between 0 and 1,000,000 bookings")]
    """People booked for each slot."""

    def times_h(self) -> Iterator[float]:
        """Return the time of each slot."""
        return (self.first + k * self.every for k in range(self.count))


class Arrivals(Spec):
    """Who comes, and when: booked slots, a Poisson process, or a list of times."""

    slots: Slots | None = None
    per_hour: Rate | None = None
    """A Poisson process with this rate: a number, or steps [[time, rate], …]."""
    per_1000_day: NonNegative | None = None
    """Trips a day of every 1,000 residents, at any hour: each visitor is a resident."""
    at: Annotated[tuple[Hours, ...], Field(max_length=1_000_000)] | None = None
    """The time of each visitor."""
    until: PositiveHours | None = None
    """No arrivals of the Poisson process from here on; without it until the end of the run."""
    punctuality: Punctuality = Punctuality()
    """Of booked visitors; nobody is let in before the first slot."""
    no_show: Share = 0.0
    """Share of the booked who do not come."""

    @model_validator(mode="after")
    def _one_source(self) -> Arrivals:
        given = [name for name in ("slots", "per_hour", "per_1000_day", "at") if getattr(self, name) is not None]
        if len(given) != 1:
            raise refuse(
                f"one of slots, per_hour, per_1000_day and at is wanted; found {' and '.join(given) or 'none'}"
            )
        if self.per_hour is not None:
            in_time(self.per_hour)
        for key in ("punctuality", "no_show"):
            if self.slots is None and key in self.model_fields_set:
                raise refuse(f"{key} is that of booked visitors; 'slots' are wanted with it")
        return self

    def expected(self, end_h: float, residents: int) -> float:
        """Return how many are called or come on average until the end of a run."""
        if self.per_1000_day is not None:
            return self.per_1000_day * residents / 24_000 * end_h
        if self.slots is not None:
            return float(self.slots.count * self.slots.bookings)
        if self.at is not None:
            return float(len(self.at))
        assert self.per_hour is not None
        until = min(self.until if self.until is not None else end_h, end_h)
        ends = [time for time, _ in self.per_hour[1:]] + [until]
        steps = zip(self.per_hour, ends, strict=True)
        return sum(rate * max(min(end, until) - time, 0.0) for (time, rate), end in steps)
