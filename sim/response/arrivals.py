"""Who comes to a site unasked: booked slots, a Poisson process, or a list of times, drawn before the clock starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.response.sites import NO_RESIDENT, Site
from sim.spec.arrivals import Arrivals

if TYPE_CHECKING:
    from sim.model import CrisisModel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
BLOCK = 1 << 12
OWN_FROM = 1 << 40
"""Visitors of a class with arrivals of its own are numbered from multiples of this, so that they share no key."""


def plan_arrivals(model: CrisisModel, site: Site) -> None:
    """Add the visitors of all arrivals of a site, and let them come."""
    spec = site.spec
    streams = [(0, None, spec.arrivals)] if spec.arrivals is not None else []
    own = [(k, k, kind.arrivals) for k, kind in enumerate(spec.classes.values()) if kind.arrivals is not None]
    coming: list[tuple[Floats, Ints]] = []
    for number, kind, arrivals in [*streams, *((k + 1, kind, arrivals) for k, kind, arrivals in own)]:
        assert arrivals is not None
        keys, booked, times = _draw(model, site, arrivals, OWN_FROM * number)
        resident = _whose(model, site, arrivals, keys)
        kinds = site.kinds_of(resident, keys) if kind is None else np.full(keys.size, kind)
        slots = booked if arrivals.slots is not None else np.full(keys.size, np.nan)
        called = np.where(np.isnan(slots), np.nan, 0.0)
        visitors = site.add(keys, resident, kinds, called, slots)
        numbers = np.arange(visitors.start, visitors.stop)
        shows = site.shows(keys, kinds, arrivals.no_show)
        site.not_coming(numbers[~shows].tolist())
        coming.append((np.maximum(times[shows], spec.opens), numbers[shows]))
    if not coming:
        return
    times, numbers = (np.concatenate(part) for part in zip(*coming, strict=True))
    order = np.lexsort((numbers, times))
    inside = times[order] < model.spec.end_h
    site.come(times[order][inside].tolist(), numbers[order][inside].tolist())
    site.set_out_goods(int(times.size), 0.0)


def _draw(model: CrisisModel, site: Site, arrivals: Arrivals, base: int) -> tuple[Ints, Floats, Floats]:
    """Return (keys, booked times, times of coming) of one stream of visitors."""
    if arrivals.slots is not None:
        booked = np.repeat(np.array(list(arrivals.slots.times_h())), arrivals.slots.bookings)
        keys = base + np.arange(booked.size)
        times = booked
        if arrivals.punctuality.sd > 0 or arrivals.punctuality.mean != 0:
            from scipy.special import ndtri

            offset = ndtri(site.uniform("punctuality", keys)) * arrivals.punctuality.sd + arrivals.punctuality.mean
            times = np.maximum(booked + offset, arrivals.slots.first)
        return keys, booked, times
    if arrivals.at is not None:
        times = np.sort(np.array(arrivals.at))
        return base + np.arange(times.size), times, times
    keys, times = _poisson(model, site, arrivals, base)
    return keys, times, times


def _whose(model: CrisisModel, site: Site, arrivals: Arrivals, keys: Ints) -> Ints:
    """Return the residents who make the trips; visitors from anywhere are nobody's rows."""
    if arrivals.per_1000_day is None:
        return np.full(keys.size, NO_RESIDENT)
    return (site.uniform("whose", keys) * model.population.size).astype(np.int64)


def _poisson(model: CrisisModel, site: Site, arrivals: Arrivals, base: int) -> tuple[Ints, Floats]:
    """Return (keys, times) of a Poisson process: points at its highest rate, thinned where the rate is lower."""
    end_h = model.spec.end_h
    steps = arrivals.per_hour
    if steps is None:
        assert arrivals.per_1000_day is not None
        steps = ((0.0, arrivals.per_1000_day * model.population.size / 24_000),)
    times, rates = (np.array(part) for part in zip(*steps, strict=True))
    most = float(rates.max())
    until = min(arrivals.until if arrivals.until is not None else end_h, end_h)
    points, numbers, last, nth = [np.empty(0)], [np.empty(0, np.int64)], 0.0 if most > 0 else until, 0
    from scipy.special import log1p

    while last < until:
        keys = base + np.arange(nth, nth + BLOCK)
        block = last + np.cumsum(-log1p(-site.uniform("arrival", keys)) / most)
        now = np.where(block >= times[0], rates[np.searchsorted(times, block, side="right") - 1], 0.0)
        kept = (site.uniform("arrival.mark", keys) * most < now) & (block < until)
        points.append(block[kept])
        numbers.append(keys[kept])
        last, nth = float(block[-1]), nth + BLOCK
    return np.concatenate(numbers), np.concatenate(points)
