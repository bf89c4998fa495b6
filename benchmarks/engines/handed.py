"""The idiomatic engine with its numbers handed in: what is left when scalar draws cost nothing.

Everything is as in ``idiomatic``, except that each resident comes with a list of needs.
"""

# Mesa comes without type information.
# mypy: disable-error-code="import-untyped", allow-subclassing-any

from __future__ import annotations

import sys
from typing import NamedTuple

import mesa
import simpy

from benchmarks.engines import _cli
from benchmarks.engines._tally import Outcome, Tally
from benchmarks.engines.idiomatic import Process, roster
from benchmarks.workload import Workload, draw


class Need(NamedTuple):
    """One need, drawn beforehand."""

    arrival_h: float
    pool: int
    urgency: int
    service_h: float
    patience_h: float


class Resident(mesa.Agent):
    """A person who knows beforehand when which need will come."""

    model: Community

    def live(self, needs: list[Need]) -> Process:
        """Raise the needs in turn, each as a process of its own."""
        env = self.model.env
        for need in needs:
            yield env.timeout(need.arrival_h - env.now)
            env.process(self.need(need))

    def need(self, need: Need) -> Process:
        """Wait for a place in the pool or leave when patience runs out; then be served."""
        model, env = self.model, self.model.env
        arrived = env.now
        model.tally.needs += 1
        with model.pools[need.pool].request(priority=need.urgency) as request:
            outcome = yield request | env.timeout(need.patience_h)
            if request not in outcome:
                model.tally.left += 1
                return
            model.tally.start(need.urgency, env.now - arrived)
            yield env.timeout(need.service_h)


class Community(mesa.Model):
    """The residents, the two pools and the clock."""

    def __init__(self, workload: Workload, needs: list[list[Need]]) -> None:
        """Create residents and pools and set the roster going."""
        super().__init__()
        self.tally = Tally(workload)
        self.env = simpy.Environment()
        self.pools = [simpy.PriorityResource(self.env, places) for places in workload.places()]
        self.env.process(roster(self.env, workload, self.pools))
        people = Resident.create_agents(self, workload.residents)
        for resident, own in zip(people, needs, strict=True):
            self.env.process(resident.live(own))


def needs_by_resident(workload: Workload, seed: int) -> list[list[Need]]:
    """Draw all needs and deal them out to the residents, each list in order of time."""
    inputs = draw(workload, seed)
    dealt: list[list[Need]] = [[] for _ in range(workload.residents)]
    columns = (
        inputs.resident,
        inputs.arrival_h,
        inputs.pool,
        inputs.urgency,
        inputs.service_h,
        inputs.patience_h,
    )
    for resident, *need in zip(*(column.tolist() for column in columns), strict=True):
        dealt[resident].append(Need(*need))
    return dealt


def run(residents: int, seed: int, staff: int) -> Outcome:
    """Simulate the workload once."""
    workload = Workload(residents, staff)
    model = Community(workload, needs_by_resident(workload, seed))
    model.env.run(until=workload.end_h)
    # SimPy numbers its events as it schedules them; counting costs nothing this way.
    return model.tally.outcome(events=next(model.env._eid))


def main() -> int:
    """Measure one run from the command line."""
    return _cli.main("handed", run, ("mesa", "simpy", "numpy"), inputs="handed")


if __name__ == "__main__":
    sys.exit(main())
