"""What is known of homes: who lives behind which door, who has been counted, and who can only ask at the door."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from sim.response.book import State

if TYPE_CHECKING:
    from sim.model import CrisisModel


class Homes:
    """Households by building, the list of who is expected at sites, and needs that wait for a visitor to ask."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        population = model.population
        order = np.argsort(population.household, kind="stable")
        self._by_household = np.split(order, np.cumsum(np.bincount(population.household))[:-1])
        self.counted: set[int] | None = None
        """Households on the list; None while nobody has begun to count, and then everybody is known."""
        self.uncounted = self._head_count_planned()
        if self.uncounted:
            self.counted = set()
        self.untold: dict[int, list[int]] = {}
        """Needs by household that are asked for when somebody comes to the door."""

    def _head_count_planned(self) -> bool:
        steps = self.model.response.steps()
        return any(getattr(step.does, "counts", None) is not None for step in steps)

    def of(self, household: int) -> list[int]:
        """Return the residents of a household."""
        members: list[int] = self._by_household[household].tolist()
        return members

    def households(self, buildings: Iterable[int], groups: tuple[str, ...] | None) -> list[tuple[int, int]]:
        """Return (building, household) of all homes in buildings, or of those of residents in some groups."""
        population = self.model.population
        rows = np.isin(population.building, list(buildings))
        if groups is not None:
            rows &= population.in_any(groups)
        pairs = np.unique(np.column_stack([population.building[rows], population.household[rows]]), axis=0)
        return [(int(building), int(household)) for building, household in pairs]

    def count(self, household: int) -> None:
        """Put a household on the list."""
        if self.counted is not None:
            self.counted.add(household)

    def expected(self, household: int) -> bool:
        """Tell whether a household is on the list of who is expected."""
        return self.counted is None or household in self.counted

    def wait_for_visitor(self, need: int) -> None:
        """Keep a need whose resident cannot ask, until somebody comes to the door."""
        household = int(self.model.population.household[self.model.book.resident[need]])
        self.untold.setdefault(household, []).append(need)

    def ask(self, household: int) -> None:
        """Ask a household what it needs."""
        model, book = self.model, self.model.book
        for need in self.untold.pop(household, ()):
            if book.state[need] == State.UNKNOWN:
                model.requests.known_from(need, model.clock.now)
                model.desk_of(need).request_late(need)
