"""The floor: the bare event loop compiled by numba, numbers handed in.

One heap of job ends per pool, one ring of waiting needs per pool and class, patience checked when
a need's turn comes. No model with rules of its own could be written this way; it shows what the
arithmetic alone costs. Compilation happens in a warm-up run that is not measured.
"""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple, ParamSpec, TypeAlias, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks.engines import _cli
from benchmarks.engines._tally import Outcome
from benchmarks.workload import Workload, draw

if TYPE_CHECKING:
    from collections.abc import Callable

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
WARM_UP_RESIDENTS = 200


def compiled(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Have numba compile a function when it is first called; its type stays what it was."""
    return cast("Callable[Arguments, Result]", numba.njit(function))


class State(NamedTuple):
    """Bundle the arrays that the compiled functions share."""

    arrival: Floats
    service: Floats
    patience: Floats
    ring: NDArray[np.int32]  # pool, class, place in the queue
    span: Integers  # pool, class, first and one past the last in the ring
    jobs: Floats  # pool, heap of job ends
    busy: Integers  # pool
    staff: Integers  # pool
    starts: Integers  # class
    waits: Floats  # class


@compiled
def push(heap: Floats, size: int, value: float) -> None:
    """Put a value on a heap of a given size."""
    at = size
    while at > 0 and heap[(at - 1) >> 1] > value:
        heap[at] = heap[(at - 1) >> 1]
        at = (at - 1) >> 1
    heap[at] = value


@compiled
def pop(heap: Floats, size: int) -> None:
    """Take the least value off a heap of a given size."""
    value = heap[size - 1]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size - 1:
            break
        if child + 1 < size - 1 and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= value:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = value


@compiled
def start_jobs(state: State, pool: int, now: float) -> int:
    """Start whatever a pool may start, most urgent first; return how many had left."""
    left = 0
    for rank in range(state.span.shape[1]):
        span = state.span[pool, rank]
        while state.busy[pool] < state.staff[pool] and span[0] < span[1]:
            need = state.ring[pool, rank, span[0]]
            span[0] += 1
            if state.arrival[need] + state.patience[need] < now:
                left += 1
                continue
            state.starts[rank] += 1
            state.waits[rank] += now - state.arrival[need]
            push(state.jobs[pool], state.busy[pool], now + state.service[need])
            state.busy[pool] += 1
    return left


@compiled
def left_waiting(state: State, end: float) -> int:
    """Count those still in a ring whose patience ran out before the end."""
    left = 0
    for pool in range(state.span.shape[0]):
        for rank in range(state.span.shape[1]):
            for place in range(state.span[pool, rank, 0], state.span[pool, rank, 1]):
                need = state.ring[pool, rank, place]
                left += state.arrival[need] + state.patience[need] < end
    return left


@compiled
def simulate(
    state: State,
    queue: tuple[Integers, Integers],
    change_at: Floats,
    on_duty: Integers,
    end: float,
) -> tuple[int, int]:
    """Run to the end; return how many left and how many events there were."""
    pools = len(state.busy)
    events, left, need, change = 0, 0, 0, 0
    while True:
        # The next event: an arrival, a change of staff or the end of a job.
        now, source = end, -1
        if need < len(state.arrival) and state.arrival[need] < now:
            now, source = state.arrival[need], pools
        if change < len(change_at) and change_at[change] <= now:
            now, source = change_at[change], pools + 1
        for pool in range(pools):
            if state.busy[pool] > 0 and state.jobs[pool, 0] < now:
                now, source = state.jobs[pool, 0], pool
        if source < 0:
            return left + left_waiting(state, end), events
        events += 1
        if source < pools:
            pop(state.jobs[source], state.busy[source])
            state.busy[source] -= 1
            left += start_jobs(state, source, now)
        elif source == pools:
            pool, rank = queue[0][need], queue[1][need]
            state.ring[pool, rank, state.span[pool, rank, 1]] = need
            state.span[pool, rank, 1] += 1
            need += 1
            left += start_jobs(state, pool, now)
        else:
            state.staff[:] = on_duty[change]
            change += 1
            for pool in range(pools):
                left += start_jobs(state, pool, now)


def run(residents: int, seed: int, staff: int) -> Outcome:
    """Simulate the workload once."""
    workload = Workload(residents, staff)
    inputs = draw(workload, seed)
    changes = workload.changes()
    pools, classes = len(workload.pools), len(workload.urgencies)
    state = State(
        inputs.arrival_h,
        inputs.service_h,
        inputs.patience_h,
        # As long as the list of needs, a ring never wraps round; untouched pages cost nothing.
        ring=np.empty((pools, classes, len(inputs)), np.int32),
        span=np.zeros((pools, classes, 2), np.int64),
        jobs=np.empty((pools, max(workload.places()))),
        busy=np.zeros(pools, np.int64),
        staff=np.zeros(pools, np.int64),
        starts=np.zeros(classes, np.int64),
        waits=np.zeros(classes),
    )
    left, events = simulate(
        state,
        (inputs.pool, inputs.urgency - 1),
        np.array([change.at_h for change in changes]),
        np.array([change.on_duty for change in changes]),
        workload.end_h,
    )
    means = state.waits / np.maximum(state.starts, 1)
    return Outcome(
        needs=len(inputs),
        started=int(state.starts.sum()),
        left=left,
        wait_sum_h=float(state.waits.sum()),
        wait_mean_by_urgency_h=dict(enumerate(means.tolist(), start=1)),
        events=events,
    )


def warm_up() -> None:
    """Compile by running a very small community."""
    run(WARM_UP_RESIDENTS, 0, 1)


def main() -> int:
    """Measure one run from the command line."""
    return _cli.main("numba", run, ("numba", "numpy"), inputs="handed", warm_up=warm_up)


if __name__ == "__main__":
    sys.exit(main())
