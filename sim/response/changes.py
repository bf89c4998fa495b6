"""Changes and injects while the clock runs: timed ones at their hour, conditional ones when somebody first sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.spec.changes import Change, Condition, State

if TYPE_CHECKING:
    from sim.model import CrisisModel


class Changes:
    """Watch the time and the conditions of a scenario's changes, and carry them out once."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.done: list[Change] = []
        self.waiting: list[tuple[Change, tuple[str, str], object]] = []
        """(change, (kind, name) of the moment it waits for, how it is carried out)."""
        model.moments.phase_entered.append(lambda phase: self.happened("phase", phase))

    def begin(self) -> None:
        """Set the moments of all changes and injects."""
        for change in self.model.spec.response.changes:
            self._set(change, self.model.apply)
        for inject in self.model.spec.world.injects:
            self._set(inject, self._inject)

    def _set(self, change: Change, carry_out: object) -> None:
        clock = self.model.clock
        if change.at is not None:
            if change.at < self.model.spec.end_h:
                clock.call_at(change.at, carry_out, change)  # type: ignore[arg-type]
        elif change.when is not None and (moment := change.when.moment()) is not None:
            self.waiting.append((change, moment, carry_out))
        elif change.when is not None:
            clock.call_later(0.0, self._look, (change, change.when, carry_out))

    def happened(self, kind: str, name: str) -> None:
        """Carry out what waits for a phase to be entered, an alarm to be raised or to be taken back."""
        due = [entry for entry in self.waiting if entry[1] == (kind, name)]
        self.waiting = [entry for entry in self.waiting if entry[1] != (kind, name)]
        for change, _, carry_out in due:
            carry_out(change)  # type: ignore[operator]

    def _look(self, watch: tuple[Change, Condition, object]) -> None:
        change, condition, carry_out = watch
        if self.holds(condition):
            carry_out(change)  # type: ignore[operator]
        else:
            self.model.clock.call_later(condition.every, self._look, watch)

    def holds(self, condition: State) -> bool:
        """Tell whether a backlog is over its limit, a stock below, or a unit down to few people."""
        if condition.backlog_over is not None:
            return self.model.book.waiting(self.model.clock.now) > condition.backlog_over
        assert condition.below is not None
        if condition.people_of is not None:
            return sum(person.employed for person in self.model.teams[condition.people_of].people) < condition.below
        assert condition.stock_of is not None
        return self.model.depots.on_hand(condition.stock_of) < condition.below

    def _inject(self, change: Change) -> None:
        """A timed inject is in the candidates already; a conditional one holds from now on."""
        self.done.append(change)
        self.model.tell("inject", change.note or ", ".join(change.set))
