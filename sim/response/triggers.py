"""What steps of the card wait for beside each other: a time, what is noticed at once, what somebody looks at.

A confirmed positive, an outage and an alarm are noticed when they happen; a backlog and an empty shelf when somebody
looks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.card import Card, Step, Trigger


class Triggers:
    """Fire steps whose own trigger holds."""

    def __init__(self, model: CrisisModel, card: Card | None, fire: Callable[[str], None]) -> None:
        self.model = model
        self.clock = model.clock
        self.card = card
        self.fire = fire
        self.watched: set[str] = set()
        """Steps that wait for a confirmed positive, an outage or an alarm."""

    def begin(self) -> None:
        """Hear of outages."""
        self.model.outages.listeners.append(self.noticed)

    def _over(self) -> bool:
        return self.model.orders.over

    def wait_for(self, name: str, step: Step) -> None:
        """Begin to look for what a step waits for, beside the steps before it."""
        when = step.when
        if when is None:
            self.clock.call_later(0.0, self.fire, name)
        elif when.at is not None:
            self.clock.call_later(when.at, self.fire, name)
        elif when.confirmed_over is not None or when.outage is not None or when.alarm is not None:
            self.watched.add(name)
            self.clock.call_later(0.0, self._notice, name)
        elif when.signal is None:
            self.clock.call_later(0.0, self._look, name)

    def noticed(self, _what: str = "", _out: bool = True) -> None:  # a listener of outages
        """See whether a step was waiting for what has just become known."""
        for name in sorted(self.watched):
            self._notice(name)

    def _notice(self, name: str) -> None:
        assert self.card is not None
        when = self.card.steps[name].when
        assert when is not None
        if name in self.watched and self._holds(when):
            self.watched.discard(name)
            self.fire(name)

    def _look(self, name: str) -> None:
        assert self.card is not None
        when = self.card.steps[name].when
        assert when is not None
        if self._holds(when):
            self.fire(name)
        elif not self._over():
            self.clock.call_later(when.every, self._look, name)

    def _holds(self, when: Trigger) -> bool:
        model = self.model
        if when.confirmed_over is not None:
            return model.positives.confirmed_count > when.confirmed_over
        if when.alarm is not None:
            return model.early_warning.raised(when.alarm)
        if when.outage is not None:
            return model.outages.out(when.outage)
        return model.changes.holds(when)

    def wait_again(self, name: str) -> None:
        """Wait once more."""
        assert self.card is not None
        self.wait_for(name, self.card.steps[name])
