"""The cordon: which buildings are closed, widened and narrowed by order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.actions import Buildings


class Cordon:
    """Keep the set of closed buildings, and choose buildings for steps."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.closed: set[int] = set()
        self.staying: set[int] = set()
        """Residents who obey a cordon now; only with an epidemic."""
        self.times = 0

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
            self._meet(fresh, closed=True)

    def lift(self, buildings: Iterable[int]) -> None:
        """Open buildings."""
        opened = [building for building in buildings if building in self.closed]
        self.closed.difference_update(opened)
        if opened:
            self.model.tell("cordon_lifted", self._names(opened), len(self.closed))
            self._meet(opened, closed=False)

    def obeyed(self, resident: int) -> bool:
        """Tell whether somebody lives under a cordon and keeps to it."""
        return resident in self.staying

    def _meet(self, buildings: list[int], *, closed: bool) -> None:
        """Let residents stay in, as far as they comply, or go out again."""
        infections = self.model.infections
        if infections is None:
            return
        rows = np.flatnonzero(np.isin(self.model.population.building, buildings))
        self.times += 1
        if closed and self.model.attitudes is not None:
            rows = rows[self.model.attitudes.comply(rows, "cordon", self.times)]
        changed = rows.tolist()
        self.staying.update(changed) if closed else self.staying.difference_update(changed)
        infections.mix(changed)

    def _names(self, buildings: list[int]) -> str:
        names = self.model.population.building_names
        return "all" if len(buildings) == len(names) else " ".join(names[building] for building in buildings)
