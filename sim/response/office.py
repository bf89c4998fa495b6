"""An office: the people of a team who take requests in, pass messages on, hear reports and decide, one thing at a time.

What makes an office slow is what waits in its queue: requests, and the reports of everyone who answers to it. There
is no factor for a wide span of control; more subordinates report more often, and the queue grows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.records.columns import cells
from sim.response.responders import NOBODY, Responder, Team

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.desks import Desk
    from sim.spec.organisation import Reports

NAN = float("nan")
DECISIONS = ("decision", "review", "search")
"""Tasks that a deputy takes over."""
LET_THROUGH = ("message", "question")
"""Tasks that nobody waits for until the office opens again: they are done without it."""


class Task(NamedTuple):
    """One thing to do at an office."""

    asked_h: float
    kind: str
    duration_h: float
    done: Callable[[Any], object]
    argument: Any
    need: int
    first: bool = False
    """Whether it goes before what is not."""
    begun: Callable[[Any], object] | None = None
    """Called with the argument when somebody begins."""


class Office:
    """Serve tasks first come, first served, with the people who are at the desk."""

    def __init__(self, model: CrisisModel, team: Team) -> None:
        self.model = model
        self.team = team
        self.idle: deque[Responder] = deque()
        self.tasks: deque[Task] = deque()

    def add(
        self,
        kind: str,
        duration_h: float,
        done: Callable[[Any], object],
        argument: Any,
        need: int = NOBODY,
        *,
        first: bool = False,
        begun: Callable[[Any], object] | None = None,
    ) -> None:
        """Ask the office for something; ``done(argument)`` is called when somebody has had time for it."""
        task = Task(self.model.clock.now, kind, duration_h, done, argument, need, first, begun)
        if first and not self.idle:
            place = next((k for k, other in enumerate(self.tasks) if not other.first), len(self.tasks))
            self.tasks.insert(place, task)
        else:
            self.take(task)

    def withdraw(self, done: Callable[[Any], object]) -> None:
        """Take back what waits to be done and is not wanted any more; what is in hand is finished."""
        self.tasks = deque(task for task in self.tasks if task.done != done)

    def staffed(self) -> bool:
        """Tell whether anybody is on duty at the desk."""
        return any(person.on_duty and person.post == "desk" for person in self.team.people)

    def close(self) -> None:
        """When the last of the office goes home, let messages through and drop reports: neither waits till morning."""
        messages = [task for task in self.tasks if task.kind in LET_THROUGH]
        self.tasks = deque(task for task in self.tasks if task.kind not in (*LET_THROUGH, "report"))
        for task in messages:
            task.done(task.argument)

    def pass_on(self, other: Office) -> None:
        """Hand the decisions that wait here to another office."""
        waiting = [task for task in self.tasks if task.kind in DECISIONS]
        self.tasks = deque(task for task in self.tasks if task.kind not in DECISIONS)
        for task in waiting:
            other.take(task)

    def take(self, task: Task) -> None:
        """Take over a task that was asked for elsewhere."""
        if self.idle:
            self._begin(self.idle.popleft(), task)
        else:
            self.tasks.append(task)

    def next_for(self, responder: Responder) -> None:
        """Give somebody who is free at the desk the next task, or let them wait."""
        if self.tasks:
            self._begin(responder, self.tasks.popleft())
        else:
            self.idle.append(responder)

    def _begin(self, responder: Responder, task: Task) -> None:
        responder.task = task
        responder.engaged = True
        responder.started = self.model.clock.now
        if task.begun is not None:
            task.begun(task.argument)
        self.model.clock.call_later(task.duration_h, self._done, responder)

    def _done(self, responder: Responder) -> None:
        task = responder.task
        assert task is not None
        responder.task = None
        responder.engaged = False
        self.model.roster.note(responder, task.kind, task.asked_h, responder.started, self.model.clock.now, task.need)
        self.model.roster.release(responder)
        task.done(task.argument)


def handling_times(model: CrisisModel, desk: str, spec: Desk) -> memoryview[Any] | None:
    """Return the time that taking in costs at a desk for every need, drawn per need."""
    if spec.handling is None and spec.double_entry == 0:
        return None
    demand = model.book.demand
    durations = np.full(demand.size, np.nan)
    for index, name in enumerate(demand.type_names):
        rows = np.flatnonzero(demand.need_type == index)
        if rows.size:
            uniform = model.chance.uniform(f"need.{name}.handling.{desk}", demand.resident[rows], demand.nth[rows])
            durations[rows] = spec.double_entry
            if spec.handling is not None:
                durations[rows] += spec.handling.quantile(uniform)
    return cells(durations)


class Letter(NamedTuple):
    """Word on its way: where it has come to, and what happens when it is there."""

    route: tuple[Team, ...]
    at: int
    keys: tuple[int, ...]
    """What the time of passing it on belongs to."""
    arrived: Callable[[Any], object]
    argument: Any
    need: int


class Messages:
    """Carry word along the reporting tree: a delay a level, and the time of the leaders between."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.routes: dict[tuple[str | None, str], tuple[Team, ...]] = {}
        self.adopt()

    def adopt(self) -> None:
        """Take over the delays of the response as it stands now."""
        organisation = self.model.response.organisation
        self.delay_h = organisation.message_delay
        self.handling = organisation.message_handling
        self.take_time = self.delay_h > 0 or self.handling is not None

    def send(self, office: Office | None, responder: Responder, arrived: Callable[[Responder], None]) -> None:
        """Send word of a visit to a responder; ``arrived(responder)`` is called when it is there."""
        route = self._route(office.team.name if office is not None else None, responder.team)
        need, book = responder.need, self.model.book
        keys = book.resident[need], book.nth[need], book.attempts[need]
        self._set_off(Letter(route, 0, keys, arrived, responder, need))

    def word(
        self, origin: Team | None, to: Team, keys: tuple[int, ...], arrived: Callable[[Any], object], argument: Any
    ) -> None:
        """Send word from one team to another; ``keys`` say what it is about, for its luck."""
        if origin is to:
            arrived(argument)
            return
        route = self._route(origin.name if origin is not None else None, to)
        self._set_off(Letter(route, 0, keys, arrived, argument, NOBODY))

    def _set_off(self, letter: Letter) -> None:
        if self.handling is None:
            self.model.clock.call_later(self.delay_h * len(letter.route), letter.arrived, letter.argument)
        else:
            self._hop(letter)

    def _route(self, origin: str | None, team: Team) -> tuple[Team, ...]:
        """Return who hears the message on its way: each team it comes to, the last for its own leader."""
        key = origin, team.name
        if key not in self.routes:
            teams = self.model.teams
            down = [team.name]
            up: list[str] = []
            if origin is not None:
                above = _line_of_command(teams, origin)
                below = _line_of_command(teams, team.name)
                meeting = next((name for name in below if name in above), None)
                up = above[1 : above.index(meeting) + 1] if meeting is not None else above[1:]
                down = below[: below.index(meeting)] if meeting is not None else below
                down.reverse()
            # from the leader to the people is a level of its own
            hops = up + down + ([team.name] if team.spec.leader and origin is not None and down else [])
            self.routes[key] = tuple(teams[name] for name in (hops if origin is not None else down[: team.spec.leader]))
        return self.routes[key]

    def _hop(self, letter: Letter) -> None:
        if letter.at == len(letter.route):
            letter.arrived(letter.argument)
            return
        self.model.clock.call_later(self.delay_h, self._heard, letter)

    def _heard(self, letter: Letter) -> None:
        team = letter.route[letter.at]
        onward = letter._replace(at=letter.at + 1)
        office = team.office
        if office is None or onward.at == len(letter.route) or self.handling is None or not office.staffed():
            self._hop(onward)
            return
        uniform = self.model.chance.one(f"message.{team.name}", *letter.keys, letter.at)
        length_h = self.handling.at(uniform)
        office.add("message", length_h, self._hop, onward, letter.need)


def _line_of_command(teams: dict[str, Team], name: str) -> list[str]:
    line: list[str] = [name]
    while (above := teams[line[-1]].spec.reports_to) is not None:
        line.append(above)
    return line


class ReportsUp:
    """Let everyone on duty report to whom they answer to, every so often: the span of control, as work."""

    BLOCK = 64

    def __init__(self, model: CrisisModel, spec: Reports) -> None:
        self.model = model
        self.spec = spec
        self.drawn: dict[tuple[int, int], memoryview[Any]] = {}
        self.made: dict[int, int] = {}

    def entered(self, responder: Responder) -> None:
        """Begin the reports of somebody who has come on duty, at a moment of the first interval of their own."""
        if self.listener(responder) is not None:
            wait = (
                self.model.chance.one(f"report.{responder.team.name}", responder.index, responder.duty)
                * self.spec.every
            )
            self.model.clock.call_later(wait, self._report, (responder, responder.duty))

    def listener(self, responder: Responder) -> Office | None:
        """Return the office that somebody reports to: the team's leader, or the superior unit's."""
        team = responder.team
        if team.spec.leader and not responder.leads:
            return team.office
        above = team.spec.reports_to
        return self.model.teams[above].office if above is not None else None

    def _report(self, turn: tuple[Responder, int]) -> None:
        responder, duty = turn
        office = self.listener(responder)
        if not responder.on_duty or responder.duty != duty or office is None:
            return
        if office.staffed():  # else there is nobody to tell
            office.add("report", self._length(responder), _heard, None)
        self.model.clock.call_later(self.spec.every, self._report, turn)

    def _length(self, responder: Responder) -> float:
        nth = self.made.get(responder.number, 0)
        self.made[responder.number] = nth + 1
        key = responder.number, nth // self.BLOCK
        if key not in self.drawn:
            numbers = np.arange(self.BLOCK) + nth // self.BLOCK * self.BLOCK
            stream = f"report.length.{responder.team.name}"
            uniform = self.model.chance.uniform(stream, responder.index, numbers)
            self.drawn[key] = cells(self.spec.takes.quantile(uniform))
        return self.drawn[key][nth % self.BLOCK]


def _heard(_nothing: None) -> None:
    """A report has been heard; what it changes is the time it took."""
