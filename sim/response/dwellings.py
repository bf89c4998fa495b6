"""Who of those who work lives where: a resident has one home, one infection and one illness, at work and off it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from sim.response.responders import Responder, Team

if TYPE_CHECKING:
    from sim.model import CrisisModel

GROWN_UP, TOO_OLD = 18, 70
"""Ages of residents who work as volunteers or staff."""


class Dwellings:
    """Give each responder a row: their own as a resident, or one after all residents for people from outside.

    Residents who work are drawn among the grown-up who do not work in another unit; ages that are not known fit.
    """

    def __init__(self, model: CrisisModel) -> None:
        population = model.population
        self.row_of: dict[Responder, int] = {}
        self.workers: dict[int, list[Responder]] = {}
        self.outside = 0
        """How many live elsewhere."""
        taken = set(model.person_of)
        free: dict[Team, Iterator[int]] = {}
        fit = ~((population.age < GROWN_UP) | (population.age > TOO_OLD))
        for team in model.teams.values():
            free[team] = iter(())
            if team.spec.home == "residents":
                luck = model.chance.uniform(f"dwelling.{team.name}", np.arange(population.size))
                order = np.argsort(np.where(fit, luck, 2.0), kind="stable")[: int(fit.sum())].tolist()
                free[team] = (row for row in order if row not in taken)
        for person in sorted(model.people, key=lambda person: person.spare):
            row = person.resident if person.resident is not None else next(free[person.team], None)
            if row is None:
                row = population.size + self.outside
                self.outside += 1
            taken.add(row)
            self.row_of[person] = row
            self.workers.setdefault(row, []).append(person)
        self._building = population.building

    def building(self, person: Responder) -> int | None:
        """Return the building that somebody lives in; None for who lives elsewhere."""
        row = self.row_of[person]
        return int(self._building[row]) if row < self._building.size else None
