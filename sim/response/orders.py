"""The card carried out: steps fire, are ordered, reach their team, find people and materials, and do their work.

An order has no length of its own. The commander decides it, word of it travels down the reporting tree, people of the
team become free for it, one of them fetches the materials, and then its action (``sim.response.actions``) goes on until
it is done. Take its people away and it stays undone, and what comes after it late. Each order keeps the moment of every
stage; which stage took longest is why it was late.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from zlib import crc32

from sim.response.actions import job_of
from sim.response.actions.base import StepJob
from sim.response.triggers import Triggers
from sim.spec.actions import Declare, Stand
from sim.spec.tasks import of_step

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.response.responders import Team
    from sim.spec.card import Card, Step

NAN = float("nan")
STAGES = ("decision", "message", "people", "materials", "work")
"""What an order goes through; each is the name of what it waits for."""


class Order:
    """One carrying-out of a step, with the moment each stage was over (NaN: not yet)."""

    __slots__ = ("about", "ended", "nth", "number", "stamps", "step", "team", "triggered")

    def __init__(self, number: int, step: str, nth: int, triggered: float, team: Team | None) -> None:
        self.number = number
        self.step = step
        self.nth = nth
        """How manyth carrying-out of this step, from 1."""
        self.triggered = triggered
        self.team = team
        self.about = crc32(step.encode())
        """The step as a key of chance."""
        self.stamps: dict[str, float] = {}
        self.ended = False

    def stage(self) -> str:
        """Return the stage that it is at."""
        return next((stage for stage in STAGES if stage not in self.stamps), "done")

    def slowest(self, now: float) -> str:
        """Return the stage that has taken longest so far."""
        longest, name, before = -1.0, STAGES[0], self.triggered
        for stage in STAGES:
            after = self.stamps.get(stage, now)
            if after - before > longest:
                longest, name = after - before, stage
            before = after
            if stage not in self.stamps:
                break
        return name


class Orders:
    """Watch the triggers of the steps, and see each order through."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.clock = model.clock
        plan = model.response.plan
        self.plan = plan
        self.card: Card | None = plan.card if plan is not None else None
        self.triggers = Triggers(model, self.card, self._signal)
        self.orders: list[Order] = []
        self.jobs: dict[int, StepJob] = {}
        self.held: set[str] = set()
        """Steps whose own trigger has held."""
        self.done: set[str] = set()
        """Steps that are done, as those who did them know."""
        self.reported: set[str] = set()
        """Steps that are done, as the commander knows."""
        self.running: dict[str, Order] = {}
        self.activated_h = self.ended_h = NAN
        self.level: str | None = None
        self.known_contacts: set[str] = set()
        self.looked_up: dict[str, list[Order]] = {}
        """Orders that wait for the number of a team."""

    @property
    def active(self) -> bool:
        """Whether the plan is activated and not yet stood down."""
        return self.activated_h == self.activated_h and not self.over

    @property
    def over(self) -> bool:
        """Whether the plan has been stood down."""
        return self.ended_h == self.ended_h

    def begin(self) -> None:
        """Set what the steps wait for."""
        if self.card is None:
            return
        self.triggers.begin()
        signals = self.model.world.signals
        for name, step in self.card.steps.items():
            if step.when is not None and step.when.signal is not None:
                for moment in signals.get(step.when.signal, ()):
                    if moment < self.model.spec.end_h:
                        self.clock.call_at(moment, self._signal, name)
            elif step.part in ("activation", "contingency"):
                self.triggers.wait_for(name, step)

    def _signal(self, name: str) -> None:
        self.held.add(name)
        self.consider(name)

    # -- from trigger to order --------------------------------------------------------------------------------------

    def consider(self, name: str) -> None:
        """Set a step going if everything that it waits for is there."""
        assert self.card is not None
        step = self.card.steps[name]
        if name in self.running or name not in self.held or not self._in_its_part(step):
            return
        known = self.reported if step.ordered else self.done
        if any(before not in known for before in step.after):
            return
        if step.level is not None and not self.reached(step.level):
            return
        self.held.discard(name)
        self._trigger(name, step)

    def _in_its_part(self, step: Step) -> bool:
        if step.part == "activation":
            return self.activated_h != self.activated_h
        return step.part == "contingency" or self.active

    def reached(self, level: str) -> bool:
        """Tell whether the response level is this one or a higher one."""
        assert self.card is not None
        levels = list(self.card.levels)
        return self.level is not None and levels.index(self.level) >= levels.index(level)

    def _trigger(self, name: str, step: Step) -> None:
        nth = sum(order.step == name for order in self.orders) + 1
        order = Order(len(self.orders), name, nth, self.clock.now, self._team(step))
        self.orders.append(order)
        self.running[name] = order
        if step.within is not None:
            self.clock.call_later(step.within, self._overdue, order)
        if step.ordered or order.team is None:
            self.model.command.decide(f"order.{name}", (nth,), self._decided, order)
        else:
            self._decided(order)

    def _overdue(self, order: Order) -> None:
        if not order.ended and (self.active or self.activated_h != self.activated_h):
            self.model.problems.report("late_step")

    def _team(self, step: Step) -> Team | None:
        assert self.card is not None
        unit = self.card.teams[step.team].unit if step.team is not None else None
        return self.model.teams[unit] if unit is not None else None

    def _decided(self, order: Order) -> None:
        assert self.card is not None
        step = self.card.steps[order.step]
        if order.team is None:  # the card names nobody: the commander takes who has most people idle
            names, chief = of_step(step), self.model.command.chief
            there = (team for team in self.model.teams.values() if team is not chief and team.people)
            teams = [team for team in there if self.model.permitted(team, *names)]
            if not teams:
                return
            order.team = max(teams, key=lambda team: (self.model.labour.idle_people(team), -team.number))
        order.stamps["decision"] = self.clock.now
        name = step.team
        unknown = name is not None and self.card.teams[name].contact is None and name not in self.known_contacts
        if name is None or not unknown or order.team is self.model.command.chief:
            self._send(order)
        elif name in self.looked_up:
            self.looked_up[name].append(order)
        else:
            self.looked_up[name] = [order]
            self.look_up(self._found_contact, name)

    def _found_contact(self, name: str) -> None:
        self.known_contacts.add(name)
        for order in self.looked_up.pop(name):
            self._send(order)

    def look_up(self, then: Callable[[Any], object], argument: Any) -> None:
        """Let the commander find out what the card leaves blank, before anything else."""
        assert self.plan is not None
        chief = self.model.command.chief
        self.model.tell("looked_up", str(argument) if isinstance(argument, str) else argument.step)
        if chief is None:
            self.clock.call_later(self.plan.search, then, argument)
        else:
            self.model.command.acting(chief).add("search", self.plan.search, then, argument, first=True)

    def _send(self, order: Order) -> None:
        assert order.team is not None
        chief = self.model.command.chief
        self.model.messages.word(chief, order.team, (order.about, order.nth, 0), self._received, order)

    def _received(self, order: Order) -> None:
        assert self.card is not None
        step = self.card.steps[order.step]
        job = job_of(self, order, step)
        if self.over and (step.part in ("response", "activation") or (step.part == "contingency" and job.keeps_people)):
            self.running.pop(order.step, None)  # stood down while word was on its way
            return
        order.stamps["message"] = self.clock.now
        self.jobs[order.number] = job
        job.gather()

    # -- the end of an order ----------------------------------------------------------------------------------------

    def finished(self, order: Order) -> None:
        """End an order whose work is done, and let word of it go up."""
        if order.ended:
            return
        order.ended = True
        now = self.clock.now
        order.stamps["work"] = now
        assert self.card is not None
        step = self.card.steps[order.step]
        self.running.pop(order.step, None)
        if isinstance(step.does, Declare):
            self._activate()
        elif isinstance(step.does, Stand):
            self._stand_down()
        if step.repeat is not None:
            self.clock.call_later(step.repeat, self._again, order.step)
        elif step.part == "contingency" and step.when is not None and step.when.signal is None and step.when.at is None:
            self.clock.call_later(step.when.every, self.triggers.wait_again, order.step)
        self.done.add(order.step)
        for name, other in self.card.steps.items():
            if not other.ordered and order.step in other.after:
                self._follow(name, other)
        if order.step in self.held:  # its trigger has held once more meanwhile
            self.clock.call_later(0.0, self.consider, order.step)
        chief = self.model.command.chief
        if order.team is None or chief is None:
            self._know(order)
        else:
            self.model.messages.word(order.team, chief, (order.about, order.nth, 1), self._know, order)

    def _know(self, order: Order) -> None:
        """Let the commander know that a step is done, and order what comes after it."""
        assert self.card is not None
        self.reported.add(order.step)
        for name, step in self.card.steps.items():
            if step.ordered and order.step in step.after:
                self._follow(name, step)

    def _follow(self, name: str, step: Step) -> None:
        """Set a step going after one before it."""
        if step.each_time and name not in self.held and any(order.step == name for order in self.orders):
            self.held.add(name)
        self.consider(name)

    def waits_for(self, name: str) -> str:
        """Return what a step waits for that has never been triggered."""
        assert self.card is not None
        step = self.card.steps[name]
        if not self._in_its_part(step) and self.activated_h != self.activated_h:
            return "activation"
        if step.part == "activation":
            return "another route"
        known = self.reported if step.ordered else self.done
        missing = [before for before in step.after if before not in known]
        if missing:
            return f"after {missing[0]}"
        if step.level is not None and not self.reached(step.level):
            return f"level {step.level}"
        return "trigger" if name not in self.held else "stood_down"

    def _again(self, name: str) -> None:
        assert self.card is not None
        if self.active or self.card.steps[name].part == "contingency":
            self._signal(name)

    def _activate(self) -> None:
        assert self.card is not None
        if self.activated_h == self.activated_h:
            return
        self.activated_h = self.clock.now
        self.set_level()
        self.model.tell("activated", self.card.card, self.level or "")
        self.model.problems.begin()
        for heard in self.model.moments.activated:
            heard()
        if self.model.information is not None:
            self.model.information.activated()
        for name, step in self.card.steps.items():
            if step.part in ("response", "stand_down"):
                self.triggers.wait_for(name, step)
                if name in self.held:  # its signal has come before
                    self.clock.call_later(0.0, self.consider, name)

    def set_level(self) -> None:
        """Grade the response by what is confirmed; it only rises."""
        if self.card is None or not self.card.levels:
            return
        confirmed = self.model.positives.confirmed_count
        levels = list(self.card.levels)
        fits = [n for n, level in self.card.levels.items() if confirmed > level.confirmed_over]
        here = fits[-1] if fits else levels[0]
        if self.level is None or levels.index(here) > levels.index(self.level):
            self.level = here
            self.model.tell("level", here, str(confirmed))
            for name in self.card.steps:
                self.consider(name)

    def _stand_down(self) -> None:
        assert self.card is not None
        self.ended_h = self.clock.now
        self.model.tell("stood_down", self.card.card)
        self.model.problems.end()
        for job in list(self.jobs.values()):
            job.stand_down()
        self.model.stood_down()
