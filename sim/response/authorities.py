"""Authority by law: each act that it covers is checked when tried, and waits for the grant where none is given."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING, Any

from sim.response.responders import Responder

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.outside_support import Authority

Waiting = tuple[Callable[[Any], object], Any]


class Authorities:
    """Check acts, and let the authority decide applications one after the other."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.specs = model.response.authority
        self.until: dict[tuple[str, str], float] = {}
        """Until when a unit may do something, by application."""
        self.waiting: dict[tuple[str, str], list[Waiting]] = {}
        self.queue: dict[str, deque[tuple[str, str]]] = {act: deque() for act in self.specs}
        self.busy: dict[str, int] = dict.fromkeys(self.specs, 0)
        self.applications = 0

    def begin(self) -> None:
        """Set the moments at which a law comes into force."""
        for act, spec in self.specs.items():
            from_h = self._from(spec)
            if 0 < from_h < self.model.spec.end_h:
                self.model.clock.call_at(from_h, self._in_force_now, act)

    def _from(self, spec: Authority) -> float:
        """Return from when a law grants something, in hours; infinite where none does."""
        if not spec.granted:
            return inf
        if spec.since is None:
            return -inf
        start, since = datetime.fromisoformat(self.model.spec.start), datetime.fromisoformat(spec.since)
        return (since - start).total_seconds() / 3600

    def _in_force_now(self, act: str) -> None:
        """Let everybody go on who waits for what a law grants from now on."""
        for key in [key for key in self.waiting if key[0] == act]:
            for go_on, argument in self.waiting.pop(key):
                go_on(argument)

    def may(self, act: str, unit: str) -> bool:
        """Tell whether a unit may do something now."""
        spec = self.specs.get(act)
        if spec is None or (spec.units and unit not in spec.units):
            return True
        return self._from(spec) <= self.model.clock.now or self.model.clock.now < self.until.get((act, unit), -inf)

    def when_granted(
        self, act: str, unit: str, go_on: Callable[[Any], object], argument: Any, who: Responder | None = None
    ) -> None:
        """Go on at once where it is allowed, else when it has been granted; the first attempt applies for it."""
        if self.may(act, unit):
            go_on(argument)
            return
        self.model.tell(f"no_authority_{act}", unit)
        if who is not None:
            self.model.care.happen(who, "value_conflict")
        key = act, unit
        if key not in self.waiting:
            self.waiting[key] = []
            self.queue[act].append(key)
            self._decide(act)
        self.waiting[key].append((go_on, argument))

    def _decide(self, act: str) -> None:
        """Take up the next application, if an officer is free."""
        spec = self.specs[act]
        if self.busy[act] >= spec.officers or not self.queue[act]:
            return
        self.busy[act] += 1
        self.applications += 1
        key = self.queue[act].popleft()
        length_h = spec.decides.at(self.model.chance.one(f"authority.{act}.{key[1]}", self.applications))
        self.model.clock.call_later(length_h, self._granted, key)

    def _granted(self, key: tuple[str, str]) -> None:
        act, unit = key
        lasts = self.specs[act].lasts
        self.busy[act] -= 1
        self.until[key] = inf if lasts is None else self.model.clock.now + lasts
        self.model.tell(f"authority_{act}", unit)
        for go_on, argument in self.waiting.pop(key, ()):
            go_on(argument)
        self._decide(act)
