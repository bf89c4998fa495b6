"""Idiomatic SimPy + Mesa: what the documentation of both would lead a careful modeller to write.

A Mesa agent and a SimPy process per resident, a process per need, a ``PriorityResource`` per
pool, ``request | timeout`` for patience, scalar draws from Mesa's NumPy generator. A resource
cannot change its capacity, so shifts are blocking requests of top priority: they take a place as
soon as the job on it is finished, which is the rule of the workload.
"""

# Mesa comes without type information.
# mypy: disable-error-code="import-untyped", allow-subclassing-any

from __future__ import annotations

import sys
from bisect import bisect
from collections.abc import Generator
from itertools import accumulate
from typing import Any

import mesa
import simpy

from benchmarks.engines import _cli
from benchmarks.engines._tally import Outcome, Tally
from benchmarks.workload import Stream, Workload, generator

Process = Generator[simpy.Event, Any, None]
TOP_PRIORITY = 0


class Resident(mesa.Agent):
    """A person who falls into need again and again."""

    model: Community

    def live(self) -> Process:
        """Raise needs at exponential intervals, each as a process of its own."""
        model = self.model
        while True:
            yield model.env.timeout(model.rng.exponential(model.workload.gap_mean_h))
            model.env.process(self.need())

    def need(self) -> Process:
        """Wait for a place in the pool or leave when patience runs out; then be served."""
        model, env, rng = self.model, self.model.env, self.model.rng
        # choice(n, p=shares) says the same and costs ten times as much; a careful modeller
        # would not leave it here, so neither do we.
        kind = model.workload.types[bisect(model.type_bounds, rng.random())]
        rank = bisect(model.urgency_bounds, rng.random())
        patience = rng.exponential(model.workload.urgencies[rank].patience_mean_h)
        arrived = env.now
        model.tally.needs += 1
        with model.pools[kind.pool].request(priority=rank + 1) as request:
            outcome = yield request | env.timeout(patience)
            if request not in outcome:
                model.tally.left += 1
                return
            model.tally.start(rank + 1, env.now - arrived)
            yield env.timeout(rng.lognormal(*model.service_log))


class Community(mesa.Model):
    """The residents, the two pools and the clock."""

    def __init__(self, workload: Workload, seed: int) -> None:
        """Create residents and pools and set the roster going."""
        super().__init__(rng=generator(seed, Stream.IDIOMATIC))
        self.workload = workload
        self.service_log = workload.service_log
        # The last bound is left out: it is 1 up to rounding and never passed.
        self.type_bounds = list(accumulate(kind.share for kind in workload.types))[:-1]
        self.urgency_bounds = list(accumulate(u.share for u in workload.urgencies))[:-1]
        self.tally = Tally(workload)
        self.env = simpy.Environment()
        self.pools = [simpy.PriorityResource(self.env, places) for places in workload.places()]
        self.env.process(roster(self.env, workload, self.pools))
        for resident in Resident.create_agents(self, workload.residents):
            self.env.process(resident.live())


def roster(env: simpy.Environment, workload: Workload, pools: list[simpy.PriorityResource]) -> Process:
    """Keep as many places blocked as people are off duty."""
    opening: list[list[simpy.Event]] = [[] for _ in pools]
    for change in workload.changes():
        yield env.timeout(change.at_h - env.now)
        for pool, open_again, on_duty in zip(pools, opening, change.on_duty, strict=True):
            while len(open_again) > pool.capacity - on_duty:
                open_again.pop().succeed()
            while len(open_again) < pool.capacity - on_duty:
                open_again.append(env.event())
                env.process(block(pool, open_again[-1]))


def block(pool: simpy.PriorityResource, open_again: simpy.Event) -> Process:
    """Hold one place of a pool, ahead of everybody who waits, until it is opened again."""
    with pool.request(priority=TOP_PRIORITY) as request:
        yield request | open_again
        if not open_again.processed:
            yield open_again


def run(residents: int, seed: int, staff: int) -> Outcome:
    """Simulate the workload once."""
    workload = Workload(residents, staff)
    model = Community(workload, seed)
    model.env.run(until=workload.end_h)
    # SimPy numbers its events as it schedules them; counting costs nothing this way.
    return model.tally.outcome(events=next(model.env._eid))


def main() -> int:
    """Measure one run from the command line."""
    return _cli.main("idiomatic", run, ("mesa", "simpy", "numpy"), inputs="own")


if __name__ == "__main__":
    sys.exit(main())
