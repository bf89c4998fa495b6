"""What becomes known from outside, and who is positive: the script that stands in for an epidemic and for superiors.

A signal is a moment with a name: an order from above, an end notice, a power cut. Steps of the card start on signals.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, model_validator

from sim.spec.base import Count, Hours, Integer, Name, NonNegative, PositiveHours, Spec, between, non_empty, refuse

Moments = Annotated[
    tuple[Hours, ...],
    BeforeValidator(
        lambda value: (value,) if isinstance(value, str) else value, json_schema_input_type=tuple[Hours, ...] | Hours
    ),
    non_empty("time"),
]
"""One time, or a list of them."""


class Positive(Spec):
    """Residents who are infected over a span of time; whoever tests them then finds a positive sample."""

    resident: Annotated[Integer, between(0, 10_000_000, "a row of the population from 0")] | None = None
    building: Name | None = None
    """``count`` residents of this building, drawn by chance; without it and ``resident``, of the whole community."""
    count: Annotated[Integer, between(1, 1_000_000, "at least one resident")] = 1
    begins: Hours = 0.0
    ends: PositiveHours | None = None
    symptoms: Hours | None = None
    """They report themselves at this time; without it they do not know."""

    @model_validator(mode="after")
    def _one(self) -> Positive:
        if self.resident is not None and (self.building is not None or self.count != 1):
            raise refuse("either 'resident' or 'building' with 'count' is wanted; found both")
        if self.ends is not None and self.ends <= self.begins:
            raise refuse("an end after the beginning is wanted")
        return self


class FalseReports(Spec):
    """Residents who report symptoms that turn out to be something else: a Poisson process of the whole community."""

    per_day: Annotated[NonNegative, between(0, 10_000, "at most 10,000 a day")]
    until: PositiveHours | None = None
    most: Count | None = None
    """At most so many."""
