"""Who decides: the commander as a server with a queue, the deputy while nobody is there, and reviews of the plan.

A decision takes the time of whoever decides; what makes command slow is what waits in its queue. Without a deputy an
absent commander is a single point of failure: decisions wait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim.response.responders import NOBODY, Team
from sim.spec.changes import Change

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.response.office import Office
    from sim.spec.card import Review


class Command:
    """Take decisions to whoever can decide now."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        commanding = [t for t in model.teams.values() if t.spec.function == "command" and t.office is not None]
        deputies = {team.spec.deputy for team in commanding}
        commanding.sort(key=lambda team: team.spec.reports_to is not None)  # the head of the tree first
        self.chief: Team | None = next((t for t in commanding if t.name not in deputies), None)

    def decide(
        self, stream: str, keys: tuple[int, ...], done: Callable[[Any], object], argument: Any, need: int = NOBODY
    ) -> None:
        """Ask the commander for a decision; at once where there is no commander."""
        if self.chief is None:
            done(argument)
            return
        self.ask(self.chief, stream, keys, done, argument, need)

    def ask(
        self, team: Team, stream: str, keys: tuple[int, ...], done: Callable[[Any], object], argument: Any, need: int
    ) -> None:
        """Ask a team, or the deputy who stands in for it now, for a decision."""
        office = self.acting(team)
        decision = office.team.spec.decision
        length_h = 0.0
        if decision is not None:
            length_h = decision.at(self.model.chance.one(stream, *keys))
        office.add("decision", length_h, done, argument, need, first=self._has_voice(need))

    def _has_voice(self, need: int) -> bool:
        """Tell whether a request is one of a unit that is heard first."""
        if need == NOBODY:
            return False
        return any(team.spec.voice for team in self.model.desk_of(need).teams)

    def acting(self, team: Team) -> Office:
        """Return the office that decides for a team now: its own, or its deputy's while it is empty."""
        assert team.office is not None
        seen = {team.name}
        here: Team = team
        while not (here.office is not None and here.office.staffed()):
            deputy = here.spec.deputy
            if deputy is None or deputy in seen:
                return team.office
            seen.add(deputy)
            here = self.model.teams[deputy]
        assert here.office is not None
        return here.office

    def staff_changed(self, team: Team) -> None:
        """Pass waiting decisions on where somebody has come or gone at a desk that stands in for another."""
        for other in self.model.teams.values():
            concerned = other is team or other.spec.deputy == team.name
            if other.office is not None and other.spec.deputy is not None and concerned:
                acting = self.acting(other)
                if acting is not other.office:
                    other.office.pass_on(acting)


class Problems:
    """The problem channel: what goes wrong is reported, and the commander changes the plan at the next review."""

    def __init__(self, model: CrisisModel, review: Review | None) -> None:
        self.model = model
        self.review = review
        self.reported: Counter[str] = Counter()
        self.total: Counter[str] = Counter()
        """Everything reported so far."""
        self.held = 0
        self.fixed: set[int] = set()
        self.running = False
        self.since = 0.0

    def report(self, kind: str, count: int = 1) -> None:
        """Report a problem."""
        self.reported[kind] += count
        self.total[kind] += count

    def begin(self) -> None:
        """Hold the first review one interval after the activation."""
        if self.review is not None and not self.running:
            self.running = True
            self.since = self.model.clock.now
            self.model.clock.call_later(self.review.every, self._review)

    def end(self) -> None:
        """Hold no further review."""
        self.running = False

    def _review(self, _nothing: None) -> None:
        if not self.running or self.review is None:
            return
        self.held += 1
        self.reported["abandoned"] += self.model.book.left_between(self.since, self.model.clock.now)
        self.since = self.model.clock.now
        for number, fix in enumerate(self.review.fixes):
            if number not in self.fixed and self.reported[fix.problem] >= fix.at_least:
                self.fixed.add(number)
                length_h = self.review.takes.at(self.model.chance.one("review", self.held, number))
                chief = self.model.command.chief
                if chief is None:
                    self._change(number)
                else:
                    self.model.command.acting(chief).add("review", length_h, self._change, number)
        self.reported.clear()
        self.model.clock.call_later(self.review.every, self._review)

    def _change(self, number: int) -> None:
        assert self.review is not None
        fix = self.review.fixes[number]
        note = fix.note or f"{fix.problem}: {', '.join(fix.set)}"
        self.model.apply(Change.at_once(fix.set, note))
