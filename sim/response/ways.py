"""Ways that a hazard makes impassable: found out by who gets there first, and then known to every desk.

Until then a visit sets out and comes back. Once it is known, only units that can cross are sent; the others' requests
wait until the way is open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.response.responders import Team

Hazards = frozenset[str]
OPEN: Hazards = frozenset()


class Ways:
    """Keep which buildings are cut off by which hazards, and which of that is known."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.cut: dict[int, Hazards] = {}
        self.known: dict[int, Hazards] = {}
        self._cases: dict[int, list[tuple[Callable[[int], object], int]]] = {}
        self._waiting: dict[int, list[tuple[Callable[[Any], object], Any]]] = {}

    def close(self, building: int, hazard: str) -> None:
        """Make the way to a building impassable."""
        self.cut[building] = self.cut.get(building, OPEN) | {hazard}
        self.model.tell("way_cut", self._name(building), hazard)

    def open(self, building: int, hazard: str) -> None:
        """Make the way passable again, if nothing else cuts it; everybody sees that."""
        left = self.cut.get(building, OPEN) - {hazard}
        if left:
            self.cut[building] = left
        else:
            self.cut.pop(building, None)
            self.model.tell("way_open", self._name(building), hazard)
        if building in self.known:
            self._learn(building, self.known[building] & left)
        for then, argument in self._waiting.pop(building, ()) if not left else ():
            then(argument)

    def passable(self, building: int, team: Team) -> bool:
        """Tell whether people of a team can get to a building now."""
        return building not in self.cut or self.cut[building] <= set(team.spec.crosses)

    def found_cut(self, building: int) -> None:
        """Let it be known that a building is cut off."""
        if self.known.get(building) != self.cut.get(building):
            self.model.tell("way_found_cut", self._name(building))
            self._learn(building, self.cut.get(building, OPEN))

    def may_be_sent(self, building: int, team: Team) -> bool:
        """Tell whether a desk would send people of a team to a building, by what is known."""
        return self.known.get(building, OPEN) <= set(team.spec.crosses)

    def pass_way(self, building: int, then: Callable[[Any], object], argument: Any) -> None:
        """Go on when the way to a building is open, for whoever comes by road."""
        if building in self.cut:
            self._waiting.setdefault(building, []).append((then, argument))
        else:
            then(argument)

    def _learn(self, building: int, hazards: Hazards) -> None:
        """Put the requests of a building into the lines of those who can get there, by what is known now."""
        if hazards:
            self.known[building] = hazards
        else:
            self.known.pop(building, None)
        needs = self.of(building)
        for desk in self.model.desks:
            also = [need for need in needs.tolist() if need in desk.lines.own]
            desk.move(sorted({*needs[np.isin(needs, desk.needs)].tolist(), *also}))
        if not hazards:
            for resume, need in self._cases.pop(building, ()):
                resume(need)

    def hold(self, building: int, resume: Callable[[int], object], need: int) -> None:
        """Let a session wait until a way that is known to be cut is open."""
        self._cases.setdefault(building, []).append((resume, need))

    def of(self, building: int) -> np.ndarray:
        """Return the needs of those who live in a building."""
        return np.flatnonzero(self.model.population.building[self.model.demand.resident] == building)

    def _name(self, building: int) -> str:
        return self.model.population.building_names[building]
