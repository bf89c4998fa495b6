"""Help before the desk: somebody at home, then neighbours one knows, asked one after the other.

Helpers are residents with a little time a day. Whether somebody can and will help is decided when they are asked; who
finds nobody turns to the response. Whoever is on duty as a responder is not at home.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.records.codes import MET_BY
from sim.response.attitudes import MIDDLE
from sim.response.book import End, State

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.attitudes import MutualHelp as Spec

BY_HOUSEHOLD, BY_NEIGHBOUR = MET_BY.index("household"), MET_BY.index("neighbour")
CANNOT_HELP = ("child", "over_80", "disabled")
"""Vulnerability groups whose members help nobody."""
MOST_WILLING = 0.95
DAY_H = 24.0


class MutualHelp:
    """Let residents help each other."""

    def __init__(self, model: CrisisModel, spec: Spec) -> None:
        self.model = model
        self.spec = spec
        population = model.population
        self.able = ~population.in_any(CANNOT_HELP)
        self.until: dict[int, float] = {}
        """Until when somebody is helping."""
        self.spent: dict[tuple[int, int], float] = {}
        """Hours that somebody has helped on a day."""
        self._ties: dict[int, list[int]] = {}
        self.by_building = _members(population.building, len(population.building_names))

    def ask(self, need: int, otherwise: Callable[[int], None]) -> None:
        """Look for help at home and next door; ``otherwise(need)`` where there is none."""
        book = self.model.book
        self_help = book.specs[book.need_type[need]].self_help
        assert self_help is not None
        resident = int(book.resident[need])
        if book.uniform("self_help.household", need, 1) < self_help.household:
            household = int(self.model.population.household[resident])
            helper = next((r for r in self.model.homes.of(household) if r != resident and self._free(r, need)), None)
            if helper is not None:
                self._help(need, helper, BY_HOUSEHOLD)
                return
        if book.uniform("self_help.neighbours", need, 1) < self_help.neighbours:
            self._next((need, self.ties(resident)[: self.spec.asks], 0, otherwise))
        else:
            otherwise(need)

    def _next(self, turn: tuple[int, list[int], int, Callable[[int], None]]) -> None:
        """Ask the next neighbour."""
        need, neighbours, asked, otherwise = turn
        if asked == len(neighbours):
            otherwise(need)
        else:
            self.model.clock.call_later(self.spec.ask, self._asked, turn)

    def _asked(self, turn: tuple[int, list[int], int, Callable[[int], None]]) -> None:
        need, neighbours, asked, otherwise = turn
        neighbour, book = neighbours[asked], self.model.book
        keys = int(book.resident[need]), int(book.nth[need]), neighbour
        name = book.demand.type_names[book.need_type[need]]
        agrees = self.model.chance.one(f"need.{name}.neighbour", *keys) < self.willing(neighbour)
        if agrees and self._free(neighbour, need):
            self._help(need, neighbour, BY_NEIGHBOUR)
        else:
            self._next((need, neighbours, asked + 1, otherwise))

    def willing(self, resident: int) -> float:
        """Return the chance that somebody with time agrees to help."""
        model, spec = self.model, self.spec
        share = spec.agrees
        if model.attitudes is not None:
            share += spec.by_trust * (model.attitudes.of("trust", resident) - MIDDLE)
        knows = model.information is not None and spec.mobilised_by is not None
        if knows and model.information.knows(resident, spec.mobilised_by):  # type: ignore[union-attr,arg-type]
            share += spec.mobilised
        return min(max(share, 0.0), MOST_WILLING)

    def _free(self, resident: int, need: int) -> bool:
        """Tell whether somebody has time to help with a need now."""
        now = self.model.clock.now
        if not self.able[resident] or self.until.get(resident, -inf) > now or self.model.away_at_work(resident):
            return False
        length_h = self.model.book.first_service[need]
        return self.spent.get((resident, int(now // DAY_H)), 0.0) + length_h <= self.spec.hours_a_day

    def _help(self, need: int, helper: int, met_by: int) -> None:
        book, now = self.model.book, self.model.clock.now
        length_h = book.first_service[need]
        self.until[helper] = now + length_h
        day = helper, int(now // DAY_H)
        self.spent[day] = self.spent.get(day, 0.0) + length_h
        book.state[need] = int(State.SENT)
        book.deadline[need] = inf
        book.started[need] = now
        self.model.clock.call_later(length_h, self._helped, (need, helper, met_by))

    def _helped(self, turn: tuple[int, int, int]) -> None:
        need, helper, met_by = turn
        resident = int(self.model.book.resident[need])
        self.model.book.close(need, End.MET, self.model.clock.now, met_by)
        if met_by == BY_NEIGHBOUR:
            self.tie(resident, helper)
        if self.model.attitudes is not None:
            self.model.attitudes.happen(resident, "helped")
            self.model.attitudes.happen(helper, "helping")

    # -- who knows whom ---------------------------------------------------------------------------------------------

    def ties(self, resident: int) -> list[int]:
        """Return the neighbours whom somebody knows, the closest first."""
        if resident not in self._ties:
            self._ties[resident] = self._strangers(resident)[: self._number_of_ties(resident)]
        return self._ties[resident]

    def _number_of_ties(self, resident: int) -> int:
        """Draw how many neighbours somebody knows; as many as before, where a table says so."""
        before = self.model.population.traits.get("ties")
        if before is not None:
            return int(before[resident])
        from scipy.special import pdtr

        uniform, number = self.model.chance.one("ties", resident), 0
        while pdtr(number, self.spec.ties) < uniform:
            number += 1
        return number

    def _strangers(self, resident: int) -> list[int]:
        """Return everybody else in the building, in an order of the resident's own."""
        population = self.model.population
        others = self.by_building[int(population.building[resident])]
        others = others[population.household[others] != population.household[resident]]
        order = np.argsort(self.model.chance.uniform("tie", np.int64(resident), others), kind="stable")
        return [int(other) for other in others[order]]

    def tie(self, resident: int, other: int) -> None:
        """Let two neighbours be each other's closest."""
        for one, two in ((resident, other), (other, resident)):
            known = self.ties(one)
            if two in known:
                known.remove(two)
            known.insert(0, two)

    def introduce(self, resident: int) -> None:
        """Make somebody known to one neighbour more."""
        known = self.ties(resident)
        stranger = next((other for other in self._strangers(resident) if other not in known), None)
        if stranger is not None:
            self.tie(resident, stranger)

    def count(self) -> list[int]:
        """Return how many neighbours each resident knows."""
        return [len(self.ties(resident)) for resident in range(self.model.population.size)]


def _members(building: npt.NDArray[np.int32], count: int) -> list[npt.NDArray[np.int64]]:
    order = np.argsort(building, kind="stable")
    return np.split(order, np.cumsum(np.bincount(building, minlength=count))[:-1])
