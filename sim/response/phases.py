"""The phases of the crisis while the clock runs: entered at known times, or when what ends the phase before holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.life_cycle import LifeCycle, Transition, Turn


class Phases:
    """Enter the phases, and write down when."""

    def __init__(self, model: CrisisModel, spec: LifeCycle | None) -> None:
        self.model = model
        self.clock = model.clock
        self.spec = spec
        self.now: str | None = None
        self.log: list[tuple[float, str]] = []
        """(when, phase) of each phase entered."""
        self.signalled: dict[str, float] = {}
        """When each signal came last that has not turned a phase."""
        self.at_once: set[str] = set()
        """Phases entered at this moment: none comes twice at one, so that conditions in a circle go on with time."""

    def begin(self) -> None:
        """Set the moments that are known, and begin to look for the others."""
        if self.spec is None:
            return
        for begin_h, phase in self.spec.spells():
            self.clock.call_at(begin_h, self._enter, phase)
        if self.spec.conditions:
            watched = {turn.when.signal for turn in self.spec.conditions if turn.when.signal is not None}
            for name in sorted(watched):
                for time in self.model.world.signals.get(name, ()):
                    if time < self.model.spec.end_h:
                        self.clock.call_at(time, self._signal, name)
            self.clock.call_at(0.0, self._enter, self.spec.begins)

    def _enter(self, phase: str) -> None:
        if self.log and self.log[-1][0] < self.clock.now:
            self.at_once.clear()
        self.at_once.add(phase)
        self.now = phase
        self.log.append((self.clock.now, phase))
        self.model.tell("phase_entered", phase)
        for heard in self.model.moments.phase_entered:
            heard(phase)
        assert self.spec is not None
        for transition in self.spec.conditions:
            if transition.from_ == phase:
                self.clock.call_later(transition.at_least, self._look, (transition, len(self.log)))

    def _signal(self, name: str) -> None:
        self.signalled[name] = self.clock.now
        self.noticed()

    def noticed(self, *_what: object) -> None:
        """See whether the phase ends with what has just become known."""
        if self.spec is None or not self.spec.conditions or not self.log:
            return
        since = self.clock.now - self.log[-1][0]
        if since > 0:
            self.at_once.clear()
        for transition in self.spec.conditions:
            due = transition.from_ == self.now and since >= transition.at_least and transition.to not in self.at_once
            if due and self._holds(transition.when):
                self.signalled.pop(transition.when.signal or "", None)
                self._enter(transition.to)
                return

    def _look(self, watch: tuple[Transition, int]) -> None:
        transition, entered = watch
        if entered != len(self.log):  # the phase is over
            return
        self.noticed()
        if entered == len(self.log):
            self.clock.call_later(transition.when.every, self._look, watch)

    def _holds(self, when: Turn) -> bool:
        """Tell whether what ends a phase holds now."""
        model = self.model
        if when.signal is not None:
            return self.signalled.get(when.signal, -1.0) >= self.log[-1][0]
        if when.alarm is not None:
            return model.early_warning.raised(when.alarm)
        if when.activated or when.stood_down:
            return model.orders.active if when.activated else model.orders.over
        if when.confirmed_over is not None:
            return model.positives.confirmed_count > when.confirmed_over
        if when.quiet is not None or when.falling is not None:
            return self._under_control(when)
        below = when.backlog_below
        return model.changes.holds(when) if below is None else model.book.waiting(self.clock.now) < below

    def _under_control(self, when: Turn) -> bool:
        """Tell whether nobody, or fewer than before, have been confirmed since the phase began and for long enough."""
        now = self.clock.now
        length_h = when.quiet or when.falling or 0.0
        if now - self.log[-1][0] < length_h:
            return False
        last = self._confirmed(now - length_h)
        return last == 0 if when.quiet is not None else 2 * last < self._confirmed(now - 2 * length_h)

    def _confirmed(self, since_h: float) -> int:
        """Return how many have been confirmed since a time."""
        return sum(time > since_h for time in self.model.positives.confirmed.values())
