"""The first workload as frozen data, and its inputs drawn vectorised from a seed.

Four need types feed two disjoint pools: the first two types need *delivery*, the last two
*casework*. That reading makes the offered load of both pools equal, and equal to the stated one.
Times are in hours since midnight of the first day.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOURS_PER_DAY: Final = 24.0


class Stream(IntEnum):
    """Name the random streams, so that no two engines share draws by accident."""

    HANDED = 0
    IDIOMATIC = 1
    SALABIM = 2


@dataclass(frozen=True, slots=True)
class NeedType:
    """Describe one type of need: its share of all needs and the pool that serves it."""

    share: float
    pool: int


@dataclass(frozen=True, slots=True)
class Urgency:
    """Describe one urgency class; its rank is its place in the workload, 1 being most urgent."""

    share: float
    patience_mean_h: float


@dataclass(frozen=True, slots=True)
class Shift:
    """Describe one shift: the hour of day at which it begins and the staff of each pool."""

    begin_h: float
    staff: tuple[int, ...]


class Change(NamedTuple):
    """Record that from a moment on a number of people is on duty in each pool."""

    at_h: float
    on_duty: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Workload:
    """Hold everything an engine needs to know; the defaults are the published workload."""

    residents: int = 5_000
    staff: int = 1
    days: int = 21
    needs_per_day: float = 0.5
    pools: tuple[str, ...] = ("delivery", "casework")
    types: tuple[NeedType, ...] = (
        NeedType(0.45, 0),
        NeedType(0.25, 0),
        NeedType(0.18, 1),
        NeedType(0.12, 1),
    )
    urgencies: tuple[Urgency, ...] = (Urgency(0.15, 1.0), Urgency(0.35, 4.0), Urgency(0.50, 12.0))
    service_mean_h: float = 20 / 60
    service_cv: float = 0.75
    staffed_residents: int = 5_000
    shifts: tuple[Shift, ...] = (
        Shift(6.0, (20, 8)),
        Shift(14.0, (14, 6)),
        Shift(22.0, (8, 4)),
    )

    @property
    def end_h(self) -> float:
        """Return the moment at which the clock stops."""
        return self.days * HOURS_PER_DAY

    @property
    def gap_mean_h(self) -> float:
        """Return the mean time between two needs of one resident."""
        return HOURS_PER_DAY / self.needs_per_day

    @property
    def service_log(self) -> tuple[float, float]:
        """Return mean and standard deviation of the logarithm of the service time."""
        variance = math.log1p(self.service_cv**2)
        return math.log(self.service_mean_h) - variance / 2, math.sqrt(variance)

    def on_duty(self, shift: Shift) -> tuple[int, ...]:
        """Return the staff of a shift, scaled to this number of residents."""
        scale = self.staff * self.residents / self.staffed_residents
        return tuple(max(1, round(people * scale)) for people in shift.staff)

    def changes(self) -> tuple[Change, ...]:
        """List every change of staff before the end, the one in force at midnight first."""
        listed = [Change(0.0, self.on_duty(self.shifts[-1]))]
        for day in range(self.days):
            listed += [Change(day * HOURS_PER_DAY + shift.begin_h, self.on_duty(shift)) for shift in self.shifts]
        return tuple(listed)

    def places(self) -> tuple[int, ...]:
        """Return the largest number of people ever on duty in each pool."""
        return tuple(max(column) for column in zip(*map(self.on_duty, self.shifts), strict=True))

    def offered_load(self, pool: int) -> float:
        """Return the work offered to a pool per person on duty, averaged over the day."""
        share = sum(kind.share for kind in self.types if kind.pool == pool)
        erlang = share * self.residents * self.service_mean_h / self.gap_mean_h
        begins = [shift.begin_h for shift in self.shifts]
        lengths = [
            (after - before) % HOURS_PER_DAY for before, after in zip(begins, begins[1:] + begins[:1], strict=True)
        ]
        people = sum(length * self.on_duty(shift)[pool] for length, shift in zip(lengths, self.shifts, strict=True))
        return erlang * HOURS_PER_DAY / people


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Hold one row per need, in order of arrival, as columns of one length."""

    arrival_h: NDArray[np.float64]
    resident: NDArray[np.int64]
    pool: NDArray[np.int64]
    urgency: NDArray[np.int64]
    service_h: NDArray[np.float64]
    patience_h: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of needs."""
        return len(self.arrival_h)


def generator(seed: int, stream: Stream) -> np.random.Generator:
    """Return the generator of one stream of a seed."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream,)))


def draw(workload: Workload, seed: int) -> Inputs:
    """Draw the needs of all residents at once.

    Poisson needs of many residents are one Poisson number of uniform moments, each falling to
    a resident by lot; drawn this way the moments need no merging.
    """
    rng = generator(seed, Stream.HANDED)
    expected = workload.residents * workload.end_h / workload.gap_mean_h
    count = int(rng.poisson(expected))
    kind = rng.choice(len(workload.types), count, p=[kind.share for kind in workload.types])
    rank = rng.choice(len(workload.urgencies), count, p=[u.share for u in workload.urgencies])
    means = np.array([urgency.patience_mean_h for urgency in workload.urgencies])
    return Inputs(
        arrival_h=np.sort(rng.uniform(0.0, workload.end_h, count)),
        resident=rng.integers(workload.residents, size=count),
        pool=np.array([kind.pool for kind in workload.types])[kind],
        urgency=rank + 1,
        service_h=rng.lognormal(*workload.service_log, count),
        patience_h=rng.exponential(means[rank]),
    )
