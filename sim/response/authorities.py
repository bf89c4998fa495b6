"""Authority by law: each act that it covers is checked when tried, and waits for the grant where none is given.

``entry`` is asked for by whoever stands at a door, ``data`` wherever a list of residents is made or used, ``dispatch``
where people are called up or lent. Who waits at a door and goes off duty leaves it; the application stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING, Any

from sim.response.applications import Application, Officers
from sim.response.responders import Responder

if TYPE_CHECKING:
    from sim.model import CrisisModel

Waiting = tuple[Callable[[Any], object], Any, "Responder | None"]


def in_force_h(model: CrisisModel, stated: bool, since: str | None) -> float:
    """Return from when a law says something, in hours; infinite where none does."""
    if not stated:
        return inf
    if since is None:
        return -inf
    start = datetime.fromisoformat(model.spec.start)
    return (datetime.fromisoformat(since) - start).total_seconds() / 3600


class Authorities:
    """Check acts, and let the authority decide applications one after the other."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.specs = model.response.authority
        self.from_h = {act: in_force_h(model, spec.granted, spec.since) for act, spec in self.specs.items()}
        self.until: dict[tuple[str, str], float] = {}
        """Until when a unit may do something, by application."""
        self.waiting: dict[tuple[str, str], list[Waiting]] = {}
        self.officers = {act: Officers(model, spec.officers) for act, spec in self.specs.items()}
        self.applied: Counter[tuple[str, str]] = Counter()
        """How often a unit has applied for something."""

    def begin(self) -> None:
        """Set the moments at which a law comes into force."""
        for act, from_h in self.from_h.items():
            if 0 < from_h < self.model.spec.end_h:
                self.model.clock.call_at(from_h, self._in_force_now, act)

    def _in_force_now(self, act: str) -> None:
        """Let everybody go on who waits for what a law grants from now on."""
        for key in [key for key in self.waiting if key[0] == act]:
            for go_on, argument, _ in self.waiting.pop(key):
                go_on(argument)

    def free(self, act: str, unit: str) -> bool:
        """Tell whether a unit needs to ask nobody for an act, now and later."""
        spec = self.specs.get(act)
        if spec is None or (spec.units and unit not in spec.units):
            return True
        return self.from_h[act] <= self.model.clock.now

    def may(self, act: str, unit: str) -> bool:
        """Tell whether a unit may do something now."""
        return self.free(act, unit) or self.model.clock.now < self.until.get((act, unit), -inf)

    def when_granted(
        self, act: str, unit: str, go_on: Callable[[Any], object], argument: Any, who: Responder | None = None
    ) -> None:
        """Go on at once where it is allowed, else when it has been granted; the first attempt applies for it.

        ``who`` is the person who stands and waits meanwhile, if one does.
        """
        if self.may(act, unit):
            go_on(argument)
            return
        self.model.tell(f"no_authority_{act}", unit)
        if who is not None:
            self.model.care.happen(who, "value_conflict")
        key = act, unit
        if key not in self.waiting:
            self.waiting[key] = []
            self._apply(key)
        self.waiting[key].append((go_on, argument, who))

    def leaves(self, who: Responder) -> bool:
        """Let somebody wait no longer; False where they do not."""
        for waiting in self.waiting.values():
            for place, (_, _, person) in enumerate(waiting):
                if person is who:
                    del waiting[place]
                    return True
        return False

    def _apply(self, key: tuple[str, str]) -> None:
        act, unit = key
        self.applied[key] += 1
        application = Application(f"authority_{act}", act, unit, self.model.clock.now)
        self.model.outside.applications.append(application)
        luck = self.model.chance.one(f"authority.{act}.{unit}", self.applied[key])
        length_h = self.specs[act].decides.at(luck)
        self.officers[act].apply(application, length_h, self._granted, (key, application))

    def _granted(self, turn: tuple[tuple[str, str], Application]) -> None:
        key, application = turn
        act, unit = key
        lasts = self.specs[act].lasts
        application.answer(self.model.clock.now, given=True)
        application.arrived_h = self.model.clock.now
        self.until[key] = inf if lasts is None else self.model.clock.now + lasts
        self.model.tell(f"authority_{act}", unit)
        for go_on, argument, _ in self.waiting.pop(key, ()):
            go_on(argument)
