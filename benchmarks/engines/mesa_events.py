"""Mesa's own events (3.5 and later) instead of SimPy, numbers handed in.

Residents and responders are agents; arrivals, the end of patience and the end of a job are
events of ``Model.schedule_event``. It holds callbacks by weak reference and takes no arguments,
so callbacks are bound methods of things that live on: agents, the model, or needs in a queue.
Arrivals are chained in the model, which keeps the event list short and is kinder to Mesa than an
event pending for every resident.
"""

# Mesa comes without type information.
# mypy: disable-error-code="import-untyped", allow-subclassing-any

from __future__ import annotations

import sys
from collections import deque

import mesa

from benchmarks.engines import _cli
from benchmarks.engines._tally import Outcome, Tally
from benchmarks.workload import Workload, draw


class Resident(mesa.Agent):
    """A person who falls into need at moments known beforehand."""

    model: Community

    def ask(self, need: Need) -> None:
        """Bring a need before its pool."""
        self.model.tally.needs += 1
        need.pool.receive(need)


class Need:
    """One need of a resident, drawn beforehand."""

    __slots__ = (
        "__weakref__",
        "arrival_h",
        "patience_h",
        "pool",
        "resident",
        "service_h",
        "urgency",
        "waiting",
    )

    def __init__(
        self,
        resident: Resident,
        arrival_h: float,
        pool: Pool,
        urgency: int,
        service_h: float,
        patience_h: float,
    ) -> None:
        """Take the numbers drawn beforehand."""
        self.resident = resident
        self.arrival_h = arrival_h
        self.pool = pool
        self.urgency = urgency
        self.service_h = service_h
        self.patience_h = patience_h
        self.waiting = True

    def leave(self) -> None:
        """Give up; the entry in the queue is skipped when its turn comes."""
        self.waiting = False
        self.resident.model.tally.left += 1


class Responder(mesa.Agent):
    """A person who serves the needs of one pool."""

    model: Community

    def __init__(self, model: Community, pool: Pool) -> None:
        """Join a pool."""
        super().__init__(model)
        self.pool = pool

    def serve(self, need: Need) -> None:
        """Begin a job."""
        model = self.model
        need.waiting = False
        self.pool.busy += 1
        model.tally.start(need.urgency, model.time - need.arrival_h)
        model.schedule_event(self.finish, after=need.service_h)

    def finish(self) -> None:
        """End a job and look for the next."""
        self.pool.busy -= 1
        self.pool.idle.append(self)
        self.pool.dispatch()


class Pool:
    """The responders of one skill and the needs that wait for them."""

    def __init__(self, model: Community, places: int) -> None:
        """Create as many responders as are ever on duty."""
        self.model = model
        self.on_duty = 0
        self.busy = 0
        self.queues: list[deque[tuple[Need, mesa.time.Event]]] = [deque() for _ in model.workload.urgencies]
        self.idle = [Responder(model, self) for _ in range(places)]

    def receive(self, need: Need) -> None:
        """Serve a new need at once or let it wait as long as its patience lasts."""
        # Whoever is idle and on duty has left nobody waiting, so nobody is overtaken here.
        if self.busy < self.on_duty:
            self.idle.pop().serve(need)
        else:
            deadline = self.model.schedule_event(need.leave, after=need.patience_h)
            self.queues[need.urgency - 1].append((need, deadline))

    def dispatch(self) -> None:
        """Start jobs, most urgent first, while the shift allows and somebody waits."""
        for queue in self.queues:
            while queue and self.busy < self.on_duty:
                need, deadline = queue.popleft()
                if need.waiting:
                    deadline.cancel()
                    self.idle.pop().serve(need)


class Community(mesa.Model):
    """The residents, the pools and the roster."""

    def __init__(self, workload: Workload, seed: int) -> None:
        """Create everybody and schedule what is known."""
        super().__init__()
        self.workload = workload
        self.tally = Tally(workload)
        self.pools = [Pool(self, places) for places in workload.places()]
        self.needs = self.draw_needs(seed)
        self.changes = deque(workload.changes())
        self.change_shift()
        self.await_need()

    def draw_needs(self, seed: int) -> deque[Need]:
        """Draw all needs and give each to its resident."""
        inputs = draw(self.workload, seed)
        people = list(Resident.create_agents(self, self.workload.residents))
        return deque(
            map(
                Need,
                [people[resident] for resident in inputs.resident.tolist()],
                inputs.arrival_h.tolist(),
                [self.pools[pool] for pool in inputs.pool.tolist()],
                inputs.urgency.tolist(),
                inputs.service_h.tolist(),
                inputs.patience_h.tolist(),
            )
        )

    def await_need(self) -> None:
        """Schedule the next arrival, if any."""
        if self.needs:
            self.schedule_event(self.raise_need, at=self.needs[0].arrival_h)

    def raise_need(self) -> None:
        """Let a resident ask and await the next arrival."""
        need = self.needs.popleft()
        need.resident.ask(need)
        self.await_need()

    def change_shift(self) -> None:
        """Put another number of people on duty and await the next change."""
        for pool, on_duty in zip(self.pools, self.changes.popleft().on_duty, strict=True):
            pool.on_duty = on_duty
            pool.dispatch()
        if self.changes:
            self.schedule_event(self.change_shift, at=self.changes[0].at_h)


def check_available() -> None:
    """Refuse a Mesa whose models cannot schedule events."""
    if not hasattr(mesa.Model, "schedule_event"):
        message = f"Mesa {mesa.__version__} has no Model.schedule_event"
        raise _cli.UnavailableError(message)


def run(residents: int, seed: int, staff: int) -> Outcome:
    """Simulate the workload once."""
    workload = Workload(residents, staff)
    model = Community(workload, seed)
    model.run_until(workload.end_h)
    # Mesa numbers its events as it schedules them; counting costs nothing this way.
    return model.tally.outcome(events=next(mesa.time.Event._ids))


def main() -> int:
    """Measure one run from the command line."""
    return _cli.main("mesa_events", run, ("mesa", "numpy"), inputs="handed", warm_up=check_available)


if __name__ == "__main__":
    sys.exit(main())
