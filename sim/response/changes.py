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
        self.on_phase: list[tuple[Change, str, object]] = []
        """Changes that wait for a phase."""
        self.on_alarm: list[tuple[Change, str, object]] = []
        self.on_all_clear: list[tuple[Change, str, object]] = []
        model.moments.phase_entered.append(self._phase_entered)

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
        elif change.when is not None and change.when.phase is not None:
            self.on_phase.append((change, change.when.phase, carry_out))
        elif change.when is not None and change.when.alarm is not None:
            self.on_alarm.append((change, change.when.alarm, carry_out))
        elif change.when is not None and change.when.all_clear is not None:
            self.on_all_clear.append((change, change.when.all_clear, carry_out))
        elif change.when is not None:
            clock.call_later(0.0, self._look, (change, change.when, carry_out))

    def _phase_entered(self, phase: str) -> None:
        self.on_phase = self._carry_out(self.on_phase, phase)

    def alarm(self, name: str) -> None:
        """Carry out what waits for an alarm that has been raised."""
        self.on_alarm = self._carry_out(self.on_alarm, name)

    def all_clear(self, name: str) -> None:
        """Carry out what waits for an alarm to be taken back."""
        self.on_all_clear = self._carry_out(self.on_all_clear, name)

    def _carry_out(self, waiting: list[tuple[Change, str, object]], name: str) -> list[tuple[Change, str, object]]:
        """Carry out the changes that wait for a name; returns the others."""
        for change, waits_for, carry_out in waiting:
            if waits_for == name:
                carry_out(change)  # type: ignore[operator]
        return [entry for entry in waiting if entry[1] != name]

    def _look(self, watch: tuple[Change, Condition, object]) -> None:
        change, condition, carry_out = watch
        if self.holds(condition):
            carry_out(change)  # type: ignore[operator]
        else:
            self.model.clock.call_later(condition.every, self._look, watch)

    def holds(self, condition: State) -> bool:
        """Tell whether a backlog is over its limit, or a stock below."""
        if condition.backlog_over is not None:
            return self.model.book.waiting(self.model.clock.now) > condition.backlog_over
        assert condition.stock_of is not None
        assert condition.below is not None
        return self.model.depots.on_hand(condition.stock_of) < condition.below

    def _inject(self, change: Change) -> None:
        """A timed inject is in the candidates already; a conditional one holds from now on."""
        self.done.append(change)
        self.model.tell("inject", change.note or ", ".join(change.set))
