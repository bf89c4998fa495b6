"""Help before the desk: somebody at home, then neighbours one knows, asked one after the other.

Helpers are residents with a little time a day, and whatever they have at home. Whether somebody can and will help is
decided when they are asked; who finds nobody turns to the response, as does who needs several sessions. Whoever is on
duty as a responder, or taken away, is not at home; who is isolated there, or ill, helps nobody next door.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.records.buffers import RowBuffer
from sim.records.codes import MET_BY
from sim.response.attitudes import MIDDLE
from sim.response.book import End, State

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.attitudes import MutualHelp as Spec
    from sim.spec.needs import SelfHelp

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
        self.spent: dict[tuple[int, int], float] = {}
        """Hours that somebody has helped on a day."""
        self._ties: dict[int, list[int]] = {}
        self._close: dict[int, int] = {}
        """How many of those whom somebody knows have helped, been helped or been introduced: the first so many."""
        self.rows = RowBuffer(6)
        self.by_building = _members(population.building, len(population.building_names))

    def ask(self, need: int, otherwise: Callable[[int], None]) -> None:
        """Look for help at home and next door; ``otherwise(need)`` where there is none."""
        if self.model.homes.drops(need):
            return
        book = self.model.book
        spec = book.specs[book.need_type[need]]
        self_help = spec.self_help
        assert self_help is not None
        if spec.sessions is not None:  # a course of sessions is nobody's help of an hour
            otherwise(need)
            return
        resident = int(book.resident[need])
        helper = self._at_home(need, resident, self_help)
        if helper is not None:
            self._help(need, helper, BY_HOUSEHOLD)
        elif book.uniform("self_help.neighbours", need, 1) < self_help.neighbours:
            self._next((need, self.ties(resident)[: self.spec.asks], 0, otherwise))
        else:
            otherwise(need)

    def _at_home(self, need: int, resident: int, self_help: SelfHelp) -> int | None:
        """Return who at home meets a need: somebody else, or whoever has heard how, last the resident."""
        luck, informed = self.model.book.uniform("self_help.household", need, 1), self_help.informed
        if luck >= self_help.household + (informed.household if informed is not None else 0.0):
            return None
        others = [r for r in self.model.homes.of(int(self.model.population.household[resident])) if r != resident]
        if luck < self_help.household:
            helper = next((r for r in others if self._free(r, need)), None)
            if helper is not None:
                return helper
        if informed is None or self.model.information is None:
            return None
        knows = self.model.information.knows
        return next((r for r in (*others, resident) if knows(r, informed.topic) and self._free(r, need)), None)

    def _next(self, turn: tuple[int, list[int], int, Callable[[int], None]]) -> None:
        """Ask the next neighbour."""
        need, neighbours, asked, otherwise = turn
        if asked == len(neighbours):
            otherwise(need)
        else:
            self.model.clock.call_later(self.spec.ask, self._asked, turn)

    def _asked(self, turn: tuple[int, list[int], int, Callable[[int], None]]) -> None:
        need, neighbours, asked, otherwise = turn
        if self.model.homes.drops(need):
            return
        neighbour, book = neighbours[asked], self.model.book
        keys = int(book.resident[need]), int(book.nth[need]), neighbour
        name = book.demand.type_names[book.need_type[need]]
        agrees = self.model.chance.one(f"need.{name}.neighbour", *keys) < self.willing(neighbour, keys[0])
        if agrees and self._free(neighbour, need):
            self._help(need, neighbour, BY_NEIGHBOUR)
        else:
            self._next((need, neighbours, asked + 1, otherwise))

    def willing(self, resident: int, asks: int) -> float:
        """Return the chance that somebody with time agrees to help the neighbour who asks."""
        model, spec = self.model, self.spec
        share = spec.agrees
        if spec.by_tie > 0 and asks in self.ties(resident)[: self.close(resident)]:
            share += spec.by_tie
        if model.attitudes is not None:
            share += spec.by_trust * (model.attitudes.of("trust", resident) - MIDDLE)
        knows = model.information is not None and spec.mobilised_by is not None
        if knows and model.information.knows(resident, spec.mobilised_by):  # type: ignore[union-attr,arg-type]
            share += spec.mobilised
        return min(max(share, 0.0), MOST_WILLING)

    def _free(self, resident: int, need: int) -> bool:
        """Tell whether somebody has time to help with a need now."""
        now = self.model.clock.now
        homes, household = self.model.homes, self.model.population.household
        within = household[resident] == household[self.model.book.resident[need]]
        if not self.able[resident] or not (homes.at_home(resident) if within else homes.may_leave(resident)):
            return False
        length_h = self.model.book.first_service[need]
        return self.spent.get((resident, int(now // DAY_H)), 0.0) + length_h <= self.spec.hours_a_day

    def _help(self, need: int, helper: int, met_by: int) -> None:
        book, now = self.model.book, self.model.clock.now
        length_h = book.first_service[need]
        self.model.homes.take(helper)
        day = helper, int(now // DAY_H)
        self.spent[day] = self.spent.get(day, 0.0) + length_h
        book.state[need] = int(State.SENT)
        book.deadline[need] = inf
        book.started[need] = now
        self.rows.rows.extend((need, helper, book.resident[need], met_by, now, now + length_h))
        self.model.clock.call_later(length_h, self._helped, (need, helper, met_by))

    def _helped(self, turn: tuple[int, int, int]) -> None:
        need, helper, met_by = turn
        resident = int(self.model.book.resident[need])
        self.model.homes.give_back(helper)
        self.model.book.close(need, End.MET, self.model.clock.now, met_by)
        if met_by == BY_NEIGHBOUR:
            self.tie(resident, helper)
        if self.model.attitudes is not None and helper != resident:
            self.model.attitudes.happen(resident, "helped")
            self.model.attitudes.happen(helper, "helping")

    # -- who knows whom ---------------------------------------------------------------------------------------------

    def ties(self, resident: int) -> list[int]:
        """Return the neighbours whom somebody knows, the closest first."""
        if resident not in self._ties:
            before = self.model.population.knows
            self._ties[resident] = (
                list(before[resident])
                if before is not None
                else self._strangers(resident)[: self._number_of_ties(resident)]
            )
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

    def close(self, resident: int) -> int:
        """Return how many of those whom somebody knows are more than known: they come first."""
        before = self.model.population.traits.get("close")
        return self._close.get(resident, int(before[resident]) if before is not None else 0)

    def tie(self, resident: int, other: int) -> None:
        """Let two neighbours be each other's closest."""
        for one, two in ((resident, other), (other, resident)):
            self._forget(one, two)
            self._close[one] = self.close(one) + 1
            self.ties(one).insert(0, two)

    def acquaint(self, resident: int, other: int) -> None:
        """Let two neighbours know each other, if they do not yet: no closer than the others whom they know."""
        for one, two in ((resident, other), (other, resident)):
            if two not in self.ties(one):
                self.ties(one).append(two)

    def part(self, resident: int, other: int) -> None:
        """Let two neighbours turn to each other no more."""
        self._forget(resident, other)
        self._forget(other, resident)

    def _forget(self, one: int, two: int) -> None:
        known = self.ties(one)
        if two in known:
            self._close[one] = self.close(one) - (known.index(two) < self.close(one))
            known.remove(two)

    def introduce(self, resident: int) -> None:
        """Make somebody known to one neighbour more."""
        known = self.ties(resident)
        stranger = next((other for other in self._strangers(resident) if other not in known), None)
        if stranger is not None:
            self.tie(resident, stranger)


def _members(building: npt.NDArray[np.int32], count: int) -> list[npt.NDArray[np.int64]]:
    order = np.argsort(building, kind="stable")
    return np.split(order, np.cumsum(np.bincount(building, minlength=count))[:-1])
