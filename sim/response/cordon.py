"""The cordon: which buildings are closed, widened and narrowed by order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.actions import Buildings


class Cordon:
    """Keep the set of closed buildings, and choose buildings for steps."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.closed: set[int] = set()

    def choose(self, buildings: Buildings) -> list[int]:
        """Return rows of buildings: all, affected (with a confirmed positive), closed, or those named."""
        population = self.model.population
        if buildings == "all":
            return list(range(len(population.building_names)))
        if buildings == "closed":
            return sorted(self.closed)
        if buildings == "affected":
            return sorted({int(population.building[who]) for who in self.model.positives.confirmed})
        return [population.building_names.index(name) for name in buildings]

    def close(self, buildings: Iterable[int]) -> None:
        """Close buildings."""
        fresh = [building for building in buildings if building not in self.closed]
        self.closed.update(fresh)
        if fresh:
            self.model.tell("cordon_closed", self._names(fresh), len(self.closed))

    def lift(self, buildings: Iterable[int]) -> None:
        """Open buildings."""
        opened = [building for building in buildings if building in self.closed]
        self.closed.difference_update(opened)
        if opened:
            self.model.tell("cordon_lifted", self._names(opened), len(self.closed))

    def _names(self, buildings: list[int]) -> str:
        names = self.model.population.building_names
        return "all" if len(buildings) == len(names) else " ".join(names[building] for building in buildings)
