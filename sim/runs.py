"""Run one scenario once, or many times over; the only way in which analysis starts a run.

Runs in other processes go through any ``concurrent.futures.Executor``; a run depends on its seed and replication
only, so the number of workers changes nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sim.errors import FirstlineError
from sim.registry import load_entry_points, load_plugin
from sim.spec.scenario import Scenario

if TYPE_CHECKING:
    from sim.records.result import Result

T = TypeVar("T")


def run(scenario: Scenario, seed: int = 1, replication: int = 0, look_h: float = 1.0) -> Result:
    """Run a scenario once and return what happened.

    Two scenarios run with equal seed and replication face the same luck. ``look_h`` is the interval of the rows in
    ``gauges``; it changes nothing else. Raises LawBroken if the books do not balance at the end, and ValueError for a
    seed, a replication or a ``look_h`` that cannot be.
    """
    from sim.model import CrisisModel

    for name, value in (("seed", seed), ("replication", replication)):
        if value < 0 or value != int(value):
            raise ValueError(f"a {name} that is a whole number of at least 0 is wanted; found {value}")
    if look_h <= 0:
        raise ValueError(f"a look_h above 0 is wanted; found {look_h}")
    wall, cpu = time.perf_counter(), time.process_time()
    result = CrisisModel(scenario, seed, replication, look_h).run()
    volatile = result.raw["_run"]
    assert isinstance(volatile, dict)
    volatile["wall_s"], volatile["cpu_s"] = time.perf_counter() - wall, time.process_time() - cpu
    volatile["peak_mb"] = _peak_mb()
    return result


def _peak_mb() -> float:
    """Return the most memory that this process has held, in MB; NaN where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_many(
    scenario: Scenario,
    replications: int,
    measure: Callable[[Result], T],
    *,
    seed: int = 1,
    first: int = 0,
    workers: int = 1,
    executor: Executor | None = None,
    out: Path | None = None,
    plugins: tuple[Path, ...] = (),
) -> Iterator[T]:
    """Run replications ``first`` … and yield ``measure(result)`` for each, in their order.

    With ``out``, each run's tables are written there before it is measured. ``measure`` and the scenario go to the
    workers by pickle. With an ``executor`` its workers are used, else ``workers`` local processes.
    """
    jobs = range(first, first + replications)
    if executor is None and workers <= 1:
        for replication in jobs:
            yield _job(scenario, seed, replication, measure, out, ())
        return
    pool = executor if executor is not None else _local(min(workers, replications, 2 * (os.cpu_count() or 1)))
    futures: list[Future[T]] = [pool.submit(_job, scenario, seed, k, measure, out, plugins) for k in jobs]
    try:
        for future in futures:
            yield future.result()
    except BrokenExecutor:
        raise FirstlineError("a worker process was ended from outside, or ran out of memory; run it again") from None
    finally:
        for future in futures:
            future.cancel()


def _local(workers: int) -> Executor:
    from loky import get_reusable_executor

    pool: Executor = get_reusable_executor(max_workers=workers)
    return pool


def _job(
    scenario: Scenario,
    seed: int,
    replication: int,
    measure: Callable[[Result], T],
    out: Path | None,
    plugins: tuple[Path, ...],
) -> T:
    load_entry_points()
    for plugin in plugins:
        load_plugin(plugin)
    result = run(scenario, seed, replication)
    if out is not None:
        result.write(out)
    return measure(result)
