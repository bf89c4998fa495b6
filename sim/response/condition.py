"""What one person carries: strain and capacity, and what is their own about recovering and leaving."""

from __future__ import annotations

from math import inf, log, log1p, sqrt

from sim.spec.strain import Strain


class Condition:
    """One person's strain, and what is their own about it."""

    __slots__ = (
        "capacity",
        "checked_h",
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
        self.since_h = self.checked_h = 0.0
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
        spec, begin, end = self.spec, self.since_h - self.started_h, now_h - self.started_h
        if not self.on_duty:
            return 0.0
        if spec.long_after is None:
            return (end - begin) * spec.per_hour
        long = max(end - max(begin, spec.long_after), 0.0)
        return (end - begin - long) * spec.per_hour + long * spec.per_long_hour


def around_one(cv: float, uniform: float) -> float:
    """Return a lognormal draw with mean one and a coefficient of variation."""
    from scipy.special import exp2, ndtri

    variance = log1p(cv * cv)
    return float(exp2((float(ndtri(uniform)) * sqrt(variance) - variance / 2) / log(2)))
