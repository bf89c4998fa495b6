"""Distributions of durations, each a quantile function of a uniform number, so that a draw is a keyed uniform.

A bare duration ("40 min") is the fixed one. Times in the specification carry units; quantiles come out in hours.
SciPy's special functions are used, never np.exp or np.log, whose last bit differs between processors (design law 10).
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, Field, model_validator

from sim.spec.base import Hours, Positive, PositiveHours, Spec, non_empty, refuse

Floats = npt.NDArray[np.float64]


class _Law(Spec):
    shift: Hours = 0.0
    """Added to every draw."""

    def quantile(self, uniform: Floats) -> Floats:
        """Return draws in hours, one for each uniform in (0, 1)."""
        return self._quantile(np.asarray(uniform, dtype=np.float64)) + self.shift

    def at(self, uniform: float) -> float:
        """Return the draw in hours for one uniform, as :meth:`quantile` gives it."""
        return float(self.quantile(np.array([uniform]))[0])

    def mean_h(self) -> float:
        """Return the mean of the law in hours."""
        return self._mean() + self.shift

    def _quantile(self, u: Floats) -> Floats:
        raise TypeError(f"{type(self).__name__} has no quantile function for {u.size} uniforms")

    def _mean(self) -> float:
        raise TypeError(f"{type(self).__name__} has no mean")


class Fixed(_Law):
    """The same duration every time."""

    dist: Literal["fixed"] = "fixed"
    value: Hours

    def _quantile(self, u: Floats) -> Floats:
        return np.full(u.shape, self.value)

    def _mean(self) -> float:
        return self.value


class Exponential(_Law):
    """Exponential with the given mean."""

    dist: Literal["exponential"]
    mean: PositiveHours

    def _quantile(self, u: Floats) -> Floats:
        from scipy.special import log1p

        return np.asarray(log1p(-u) * -self.mean)

    def _mean(self) -> float:
        return self.mean


class _MeanSpread(_Law):
    mean: PositiveHours
    cv: Positive | None = None
    """Coefficient of variation; give this or ``sd``."""
    sd: PositiveHours | None = None

    @model_validator(mode="after")
    def _one_spread(self) -> _MeanSpread:
        if (self.cv is None) == (self.sd is None):
            raise refuse("one of cv and sd is wanted; found " + ("both" if self.cv is not None else "neither"))
        return self

    def spread_h(self) -> float:
        """Return the standard deviation in hours."""
        return self.sd if self.sd is not None else (self.cv or 0.0) * self.mean


class Lognormal(_MeanSpread):
    """Lognormal; ``mean`` and ``cv`` or ``sd`` are of the draw, not of its logarithm."""

    dist: Literal["lognormal"]

    def _quantile(self, u: Floats) -> Floats:
        from scipy.special import exp2, ndtri

        variance = math.log1p((self.spread_h() / self.mean) ** 2)
        location = math.log(self.mean) - variance / 2
        return np.asarray(exp2((ndtri(u) * math.sqrt(variance) + location) * (1 / math.log(2))))

    def _mean(self) -> float:
        return self.mean


class Gamma(_MeanSpread):
    """Gamma with the given mean and spread."""

    dist: Literal["gamma"]

    def _quantile(self, u: Floats) -> Floats:
        from scipy.special import gammaincinv

        squared = (self.spread_h() / self.mean) ** 2
        return np.asarray(gammaincinv(1 / squared, u) * (self.mean * squared))

    def _mean(self) -> float:
        return self.mean


class Normal(_MeanSpread):
    """Normal cut off below 0; ``mean`` and ``cv`` or ``sd`` are of the law before the cut."""

    dist: Literal["normal"]

    def _quantile(self, u: Floats) -> Floats:
        from scipy.special import ndtr, ndtri

        below = float(ndtr(-self.mean / self.spread_h()))
        return np.asarray(np.maximum(ndtri(below + (1 - below) * u) * self.spread_h() + self.mean, 0.0))

    def _mean(self) -> float:
        from scipy.special import ndtr

        sd = self.spread_h()
        z = self.mean / sd
        density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        return self.mean + sd * density / float(ndtr(z))


class Triangular(_Law):
    """Triangular between ``low`` and ``high`` with its peak at ``mode``."""

    dist: Literal["triangular"]
    low: Hours
    mode: Hours
    high: Hours

    @model_validator(mode="after")
    def _ordered(self) -> Triangular:
        if not self.low <= self.mode <= self.high or self.low == self.high:
            raise refuse("low ≤ mode ≤ high with low < high is wanted")
        return self

    def _quantile(self, u: Floats) -> Floats:
        width = self.high - self.low
        rise, fall = self.mode - self.low, self.high - self.mode
        return np.where(
            u < rise / width, self.low + np.sqrt(u * width * rise), self.high - np.sqrt((1 - u) * width * fall)
        )

    def _mean(self) -> float:
        return (self.low + self.mode + self.high) / 3


class Uniform(_Law):
    """Uniform between ``low`` and ``high``."""

    dist: Literal["uniform"]
    low: Hours
    high: Hours

    @model_validator(mode="after")
    def _ordered(self) -> Uniform:
        if not self.low < self.high:
            raise refuse("low < high is wanted")
        return self

    def _quantile(self, u: Floats) -> Floats:
        return self.low + (self.high - self.low) * u

    def _mean(self) -> float:
        return (self.low + self.high) / 2


class Empirical(_Law):
    """One of the listed durations, each as likely as the others."""

    dist: Literal["empirical"]
    values: Annotated[tuple[Hours, ...], Field(max_length=100_000), non_empty("duration")]

    def _quantile(self, u: Floats) -> Floats:
        values = np.sort(np.asarray(self.values))
        return values[np.minimum((u * values.size).astype(np.int64), values.size - 1)]

    def _mean(self) -> float:
        return float(np.mean(self.values))


def _fixed_from_text(value: Any) -> Any:
    return {"dist": "fixed", "value": value} if isinstance(value, (str, int, float)) else value


Distribution = Annotated[
    Fixed | Exponential | Lognormal | Gamma | Normal | Triangular | Uniform | Empirical,
    Field(discriminator="dist"),
]
Duration = Annotated[Distribution, BeforeValidator(_fixed_from_text, json_schema_input_type=Distribution | str)]
"""A distribution, or a bare duration as the fixed one."""
