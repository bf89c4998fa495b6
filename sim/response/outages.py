"""What is out of order: power, water, communications; and lanes that vehicles block."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from sim.model import CrisisModel


TIMES, DAMAGE = "times", "damage"


class Outages:
    """Keep what is out, and which lanes are blocked, with who waits for them."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.why: dict[str, set[str]] = {}
        """Why each is out that is out: its times, damage, or a hazard by its name."""
        self.listeners: list[Callable[[str, bool], object]] = []
        """Told (name, whether it is out) at each change."""
        self._blocked: set[int] = set()
        self._times: dict[int, int] = {}
        self._waiting: dict[int, list[tuple[Callable[[Any], object], Any]]] = {}

    def begin(self) -> None:
        """Set the moments of outages and obstructions."""
        clock, end_h = self.model.clock, self.model.spec.end_h
        for name, outage in self.model.world.outages.items():
            if outage.begins is not None and outage.begins < end_h:
                clock.call_at(outage.begins, self.cut, name)
            if outage.ends is not None and outage.ends < end_h:
                clock.call_at(outage.ends, self._over, name)
        if self.model.world.obstructions is not None:
            self._plan_obstructions(self.model.world.obstructions.per_day / 24, end_h)

    def cut(self, name: str, why: str = TIMES) -> None:
        """Begin an outage, or add a reason to one."""
        began = name not in self.why
        self.why.setdefault(name, set()).add(why)
        if began:
            self.model.tell("outage", name)
            for listener in self.listeners:
                listener(name, True)

    def over(self, name: str, why: str) -> None:
        """End one reason of an outage; it is over when there is none left."""
        reasons = self.why.get(name)
        if reasons is None or why not in reasons:
            return
        reasons.discard(why)
        if not reasons:
            del self.why[name]
            self.model.tell("repaired", name)
            for listener in self.listeners:
                listener(name, False)

    def _over(self, name: str) -> None:
        self.over(name, TIMES)

    def repaired(self, name: str) -> None:
        """Repair what can be: all but what a hazard still cuts."""
        self.over(name, TIMES)
        self.over(name, DAMAGE)

    def out(self, name: str) -> bool:
        """Tell whether something is out."""
        return name in self.why

    # -- lanes ------------------------------------------------------------------------------------------------------

    def _plan_obstructions(self, rate: float, end_h: float) -> None:
        from scipy.special import log1p

        if rate <= 0:
            return
        buildings = np.arange(len(self.model.population.building_names))
        for building in buildings.tolist():
            time, nth = 0.0, 0
            while True:
                uniform = self.model.chance.one("obstruction", building, nth)
                time += float(-log1p(-uniform)) / rate * buildings.size
                nth += 1
                if time >= end_h:
                    break
                self.model.clock.call_at(time, self._block, building)

    def _block(self, building: int) -> None:
        if building not in self._blocked:
            self._blocked.add(building)
            self._times[building] = self._times.get(building, 0) + 1
            self.model.tell("lane_blocked", self.model.population.building_names[building])

    def blocked(self, building: int) -> bool:
        """Tell whether the lane of a building is blocked."""
        return building in self._blocked

    def times_blocked(self, building: int) -> int:
        """Return how often the lane of a building has been blocked."""
        return self._times.get(building, 0)

    def clear(self, building: int) -> None:
        """Clear a lane, and let through who waits."""
        if building in self._blocked:
            self._blocked.discard(building)
            self.model.tell("lane_cleared", self.model.population.building_names[building])
            for then, argument in self._waiting.pop(building, ()):
                then(argument)

    def pass_lane(self, building: int, then: Callable[[Any], object], argument: Any) -> None:
        """Go on when the lane of a building is free."""
        if building in self._blocked:
            self._waiting.setdefault(building, []).append((then, argument))
        else:
            then(argument)
