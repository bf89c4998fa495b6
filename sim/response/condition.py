"""What one person carries: strain and capacity, and what is their own about recovering and leaving."""

from __future__ import annotations

from math import inf, log, log1p, sqrt

from sim.spec.strain import Strain

NO_WEIGHT, MOST_WEIGHT = 1e-9, 200.0
"""Below the one, e to its power is 1; beyond the other nobody has ever stayed, and numbers would overflow."""


class Condition:
    """One person's strain, and what is their own about it."""

    __slots__ = (
        "capacity",
        "first_capacity",
        "first_identity",
        "half_life",
        "hard",
        "identity",
        "left_h",
        "on_duty",
        "pressure",
        "since_h",
        "spec",
        "started_h",
        "strain",
        "supervised_h",
        "threshold",
        "to_say",
        "worked",
    )

    def __init__(self, spec: Strain, capacity: float, half_life: float, identity: float, threshold: float) -> None:
        self.spec = spec
        self.strain = 0.0
        self.capacity = self.first_capacity = capacity
        self.half_life = half_life
        self.identity = self.first_identity = identity
        self.threshold = threshold
        self.pressure = 0.0
        """The hazard of leaving that somebody has lived through."""
        self.since_h = 0.0
        self.on_duty = False
        self.started_h = 0.0
        self.left_h = -inf
        self.supervised_h = -inf
        self.hard: set[int] = set()
        """Needs with a traumatic or failed visit behind them."""
        self.to_say = False
        self.worked = False

    def move_identity(self, share: float) -> None:
        """Move professional identity a share of the way to 1, or below 0 to 0."""
        self.identity += share * (1 - self.identity if share > 0 else self.identity)

    def points_of_duty(self, now_h: float) -> float:
        """Return the points of the hours on duty since the last change."""
        return sum(hours * rate for hours, rate in self._spans_of_duty(now_h)) if self.on_duty else 0.0

    def points_of_rest(self, now_h: float) -> float:
        """Return the points, at most 0, of the hours of rest since the last change."""
        from scipy.special import exp2

        rested = 1.0 if self.on_duty else float(exp2(-(now_h - self.since_h) / self.half_life))
        return self.strain * (rested - 1)

    def weighed_hours(self, now_h: float, grows: float) -> float:
        """Return the hours since the last change, each weighed by e^(grows · strain / capacity).

        Exact for strain that rises straight on duty, and for strain that falls exponentially at rest, where it is the
        difference of two exponential integrals.
        """
        from scipy.special import exp2, expi, exprel

        weight, hours = min(grows * self.strain / self.capacity, MOST_WEIGHT), now_h - self.since_h
        if self.on_duty:
            total = 0.0
            for span, rate in self._spans_of_duty(now_h):
                rise = min(grows * span * rate / self.capacity, MOST_WEIGHT)
                total += span * float(exp2(weight / log(2)) * exprel(rise))
                weight += rise
            return total
        if weight < NO_WEIGHT or self.half_life == inf:
            return hours * float(exp2(weight / log(2)))
        rested = weight * float(exp2(-hours / self.half_life))
        if rested < NO_WEIGHT:  # from there on each hour weighs 1
            falls = self.half_life * log(weight / NO_WEIGHT) / log(2)
            return hours - falls + float(expi(weight) - expi(NO_WEIGHT)) * self.half_life / log(2)
        return float(expi(weight) - expi(rested)) * self.half_life / log(2)

    def _spans_of_duty(self, now_h: float) -> tuple[tuple[float, float], ...]:
        """Return (hours, points an hour) since the last change on duty: up to a long shift, and beyond."""
        spec, begin, end = self.spec, self.since_h - self.started_h, now_h - self.started_h
        if spec.long_after is None:
            return ((end - begin, spec.per_hour),)
        long = max(end - max(begin, spec.long_after), 0.0)
        return (end - begin - long, spec.per_hour), (long, spec.per_long_hour)


def around_one(cv: float, uniform: float) -> float:
    """Return a lognormal draw with mean one and a coefficient of variation."""
    from scipy.special import exp2, ndtri

    variance = log1p(cv * cv)
    return float(exp2((float(ndtri(uniform)) * sqrt(variance) - variance / 2) / log(2)))
