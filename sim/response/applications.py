"""Applications to somebody outside: they wait for an officer, are decided one after the other, and are answered."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.model import CrisisModel

NAN = float("nan")


class Application:
    """What is asked of somebody outside, and what has come of it so far (NaN: not yet)."""

    __slots__ = ("about", "actor", "answered_h", "arrived_h", "asked_h", "given", "taken_up_h", "unit")

    def __init__(self, actor: str, about: str, unit: str, asked_h: float) -> None:
        self.actor = actor
        self.about = about
        self.unit = unit
        self.asked_h = asked_h
        self.taken_up_h = self.answered_h = self.arrived_h = NAN
        self.given: bool | None = None

    def answer(self, time_h: float, *, given: bool) -> None:
        """Note the answer."""
        self.answered_h, self.given = time_h, given


class Officers:
    """The people of one body outside, who decide applications in the order of asking."""

    def __init__(self, model: CrisisModel, count: int) -> None:
        self.model = model
        self.count = count
        self.busy = 0
        self.queue: deque[tuple[Application, float, Callable[[Any], object], Any]] = deque()

    def apply(self, application: Application, length_h: float, decided: Callable[[Any], object], argument: Any) -> None:
        """Let an application wait; ``decided(argument)`` is called when an officer has had time for it."""
        self.queue.append((application, length_h, decided, argument))
        self._next()

    def _next(self) -> None:
        if self.busy < self.count and self.queue:
            self.busy += 1
            turn = self.queue.popleft()
            turn[0].taken_up_h = self.model.clock.now
            self.model.clock.call_later(turn[1], self._decided, turn)

    def _decided(self, turn: tuple[Application, float, Callable[[Any], object], Any]) -> None:
        self.busy -= 1
        turn[2](turn[3])
        self._next()
