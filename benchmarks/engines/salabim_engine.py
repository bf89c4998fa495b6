"""Idiomatic salabim: a component per need, a resource per pool.

salabim has reneging (``fail_delay``), priorities and a variable capacity built in, so the model
is the shortest of all. The distributions are salabim's own. Processes are generators
(``yieldless`` off), which needs no greenlet; monitors stay on, as they are by default.

Needs come from one ``ComponentGenerator`` for the whole community. Residents with independent
Poisson needs amount to the same, and it is kinder to salabim: every change to an entry of its
event list heapifies the whole list, so a sleeping component per resident makes a run three times
slower at 5,000 residents and ever slower beyond.
"""

# salabim comes without type information.
# mypy: disable-error-code="import-untyped,import-not-found", allow-subclassing-any

from __future__ import annotations

import random
import sys
from collections.abc import Generator
from typing import Any

import salabim as sim

from benchmarks.engines import _cli
from benchmarks.engines._tally import Outcome, Tally
from benchmarks.workload import Stream, Workload, generator

Process = Generator[Any, None, None]


class Need(sim.Component):
    """One need from arrival to service or departure."""

    def process(self) -> Process:
        """Wait for the pool or leave when patience runs out; then be served."""
        env = self.env
        pool = env.kind.sample()
        urgency = env.urgency.sample()
        env.tally.needs += 1
        yield self.request((env.pools[pool], 1, urgency), fail_delay=env.patience[urgency - 1].sample())
        if self.failed():
            env.tally.left += 1
            return
        env.tally.start(urgency, env.now() - self.creation_time())
        yield self.hold(env.service.sample())
        self.release()


class Roster(sim.Component):
    """The calendar of shifts."""

    def process(self) -> Process:
        """Set the capacity of the pools at the hours of the workload."""
        for change in self.env.changes:
            yield self.hold(till=change.at_h)
            for pool, on_duty in zip(self.env.pools, change.on_duty, strict=True):
                pool.set_capacity(on_duty)


class Community(sim.Environment):
    """The clock, the distributions and the pools."""

    def setup(self, workload: Workload) -> None:
        """Create distributions, pools and the source of needs."""
        self.tally = Tally(workload)
        self.changes = workload.changes()
        self.kind = sim.Pdf([kind.pool for kind in workload.types], [kind.share for kind in workload.types])
        classes = workload.urgencies
        self.urgency = sim.Pdf(range(1, len(classes) + 1), [u.share for u in classes])
        self.patience = [sim.Exponential(u.patience_mean_h) for u in classes]
        mu, sigma = workload.service_log
        self.service = sim.External(random.lognormvariate, mu=mu, sigma=sigma)
        self.pools = [sim.Resource(name, capacity=0) for name in workload.pools]
        Roster()
        between_needs = sim.Exponential(workload.gap_mean_h / workload.residents)
        sim.ComponentGenerator(Need, iat=between_needs)


def run(residents: int, seed: int, staff: int) -> Outcome:
    """Simulate the workload once."""
    workload = Workload(residents, staff)
    own_seed = int(generator(seed, Stream.SALABIM).integers(2**31))
    env = Community(yieldless=False, random_seed=own_seed, workload=workload)
    env.run(till=workload.end_h)
    # salabim numbers its events as it schedules them; counting costs nothing this way.
    outcome: Outcome = env.tally.outcome(events=env._seq)
    return outcome


def main() -> int:
    """Measure one run from the command line."""
    return _cli.main("salabim", run, ("salabim",), inputs="own")


if __name__ == "__main__":
    sys.exit(main())
