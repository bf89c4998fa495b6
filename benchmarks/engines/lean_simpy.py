"""Lean SimPy: one process per responder, own deques per urgency class, numbers handed in.

What an experienced SimPy user writes once ``PriorityResource`` has become the bottleneck: needs
are plain objects in deques, a need that has left stays in its deque until its turn comes, and
only those who cannot be served at once get a patience event.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Generator
from typing import Any, cast

import simpy

from benchmarks.engines import _cli
from benchmarks.engines._tally import Outcome, Tally
from benchmarks.workload import Workload, draw

Process = Generator[simpy.Event, Any, None]


class Need:
    """One need; ``waiting`` turns false when it is started or has left."""

    __slots__ = ("arrival_h", "patience_h", "pool", "service_h", "urgency", "waiting")

    def __init__(self, arrival_h: float, pool: int, urgency: int, service_h: float, patience_h: float) -> None:
        """Take the numbers drawn beforehand."""
        self.arrival_h = arrival_h
        self.pool = pool
        self.urgency = urgency
        self.service_h = service_h
        self.patience_h = patience_h
        self.waiting = True


class Pool:
    """The responders of one skill and the needs that wait for them."""

    def __init__(self, env: simpy.Environment, workload: Workload, tally: Tally, places: int) -> None:
        """Set one process going for each place."""
        self.env = env
        self.tally = tally
        self.on_duty = 0
        self.busy = 0
        self.queues: list[deque[Need]] = [deque() for _ in workload.urgencies]
        self.idle: list[simpy.Event] = []
        for _ in range(places):
            env.process(self.respond())

    def respond(self) -> Process:
        """Serve one need after the other and sleep while there is nothing to do."""
        env = self.env
        while True:
            need = self.take()
            if need is None:
                waking = env.event()
                self.idle.append(waking)
                woken_for: Need = yield waking
                need = woken_for
            yield env.timeout(need.service_h)
            self.busy -= 1

    def take(self) -> Need | None:
        """Start the first need of the most urgent class, if the shift allows another job."""
        if self.busy >= self.on_duty:
            return None
        for queue in self.queues:
            while queue:
                need = queue.popleft()
                if need.waiting:
                    self.start(need)
                    return need
        return None

    def start(self, need: Need) -> None:
        """Record that a job begins."""
        need.waiting = False
        self.busy += 1
        self.tally.start(need.urgency, self.env.now - need.arrival_h)

    def receive(self, need: Need) -> None:
        """Serve a new need at once or let it wait as long as its patience lasts."""
        # Whoever is idle and on duty has left nobody waiting, so nobody is overtaken here.
        if self.idle and self.busy < self.on_duty:
            self.start(need)
            self.idle.pop().succeed(need)
            return
        self.queues[need.urgency - 1].append(need)
        timeout = self.env.timeout(need.patience_h, need)
        timeout.callbacks.append(self.lose)

    def lose(self, timeout: simpy.Event) -> None:
        """Let a need leave, unless it was started in time."""
        need = cast("Need", timeout.value)
        if need.waiting:
            need.waiting = False
            self.tally.left += 1

    def change(self, on_duty: int) -> None:
        """Put another number of people on duty and wake those who find work."""
        self.on_duty = on_duty
        while self.idle:
            need = self.take()
            if need is None:
                break
            self.idle.pop().succeed(need)


def roster(env: simpy.Environment, workload: Workload, pools: list[Pool]) -> Process:
    """Change the staff of the pools at the hours of the workload."""
    for change in workload.changes():
        yield env.timeout(change.at_h - env.now)
        for pool, on_duty in zip(pools, change.on_duty, strict=True):
            pool.change(on_duty)


def arrivals(env: simpy.Environment, needs: list[Need], pools: list[Pool], tally: Tally) -> Process:
    """Raise the needs one after the other, so that the event list stays short."""
    for need in needs:
        yield env.timeout(need.arrival_h - env.now)
        tally.needs += 1
        pools[need.pool].receive(need)


def run(residents: int, seed: int, staff: int) -> Outcome:
    """Simulate the workload once."""
    workload = Workload(residents, staff)
    inputs = draw(workload, seed)
    columns = (inputs.arrival_h, inputs.pool, inputs.urgency, inputs.service_h, inputs.patience_h)
    needs = list(map(Need, *(column.tolist() for column in columns)))
    env = simpy.Environment()
    tally = Tally(workload)
    pools = [Pool(env, workload, tally, places) for places in workload.places()]
    env.process(roster(env, workload, pools))
    env.process(arrivals(env, needs, pools, tally))
    env.run(until=workload.end_h)
    # SimPy numbers its events as it schedules them; counting costs nothing this way.
    return tally.outcome(events=next(env._eid))


def main() -> int:
    """Measure one run from the command line."""
    return _cli.main("lean_simpy", run, ("simpy", "numpy"), inputs="handed")


if __name__ == "__main__":
    sys.exit(main())
