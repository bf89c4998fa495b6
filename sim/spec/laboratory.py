"""Samples in tubes, tubes to a laboratory, results: pooling with people in the tubes, and the second test of a pool."""

from __future__ import annotations

from typing import Annotated, Literal

from sim.spec.base import Hours, Integer, Interval, Name, Share, Spec, YesNo, between
from sim.spec.distributions import Duration


class Laboratory(Spec):
    """Where tubes are tested."""

    courier_every: Interval = 1.0
    """Sealed tubes leave the site this often."""
    transport: Duration
    takes: Duration
    """One run of the machine for one tube."""
    machines: Annotated[Integer, between(1, 1_000_000, "at least one machine")] | None = None
    """Tubes tested at once; without it, no limit."""
    sensitivity: Share = 1.0
    """Chance that a tube with one positive sample or more is found positive."""
    specificity: Share = 1.0
    """Chance that a tube without one is found negative."""


class Pool(Spec):
    """How samples go into tubes: ``size`` people to a tube, or a household; a tube is sealed when it is full."""

    size: Annotated[Integer, between(1, 100, "between 1 and 100 people to a tube")] = 10
    by: Literal["order", "household"] = "order"
    """In the order of sampling, or a tube for each household."""
    single: tuple[Name, ...] = ()
    """Classes whose samples go into tubes of one."""
    seal_after: Hours = 0.5
    """A tube that is not full is sealed this long after its first sample."""
    laboratory: Laboratory
    retest: YesNo = True
    """The people of a positive tube are called again and sampled one to a tube."""
