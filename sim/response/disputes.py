"""Disputes between two residents: who the other one is, when both can sit down to talk, and what its end leaves.

The other one belongs to the dispute: a neighbour of the building or somebody at home, never a child. A visit takes the
time of both: who comes while one of them is at work, away, helping or at another talk has come in vain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.response.book import BY_OUTSIDE, End, State
from sim.response.responders import Responder

if TYPE_CHECKING:
    from sim.model import CrisisModel

ALONE = -1
"""The other party where there is nobody to quarrel with."""


class Disputes:
    """Bring both parties together, and let an end move their trust and their tie."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.kinds = [spec.dispute_with if spec.dispute_with != "nobody" else None for spec in model.book.specs]
        self.sitting: set[int] = set()
        """Needs over which two sit together now."""
        self._other: dict[int, int] = {}
        self.any = any(self.kinds)
        if self.any:
            model.moments.visit_ended.append(self._visit_ended)
            model.moments.closed.append(self._closed)

    def takes_two(self, need: int) -> bool:
        """Tell whether a need is a dispute."""
        return self.kinds[self.model.book.need_type[need]] is not None

    def other(self, need: int) -> int:
        """Return the row of the other party; ALONE where there is none."""
        if need not in self._other:
            self._other[need] = self._draw(need)
        return self._other[need]

    def _draw(self, need: int) -> int:
        book, population = self.model.book, self.model.population
        resident, kind = int(book.resident[need]), self.kinds[book.need_type[need]]
        if kind is None:
            return ALONE
        home = population.household == population.household[resident]
        beside = (population.building == population.building[resident]) & ~home
        home[resident] = False
        fit = ~population.in_any(("child",))
        others = np.flatnonzero(home & fit) if kind == "household" else np.flatnonzero(beside & fit)
        if not others.size:
            return ALONE
        name = book.demand.type_names[book.need_type[need]]
        luck = self.model.chance.uniform(f"need.{name}.dispute_with", resident, int(book.nth[need]), others)
        return int(others[int(np.argmin(luck))])

    def others(self, needs: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the other party of each need as a column; NaN where there is none."""
        column = np.full(needs.size, np.nan)
        if self.any:
            for place, need in enumerate(needs.tolist()):
                if self.takes_two(need) and self.other(need) != ALONE:
                    column[place] = self.other(need)
        return column

    def _both(self, need: int) -> list[int]:
        other = self.other(need)
        return [int(self.model.book.resident[need]), *([other] if other != ALONE else [])]

    # -- sitting down -----------------------------------------------------------------------------------------------

    def may_begin(self, need: int) -> bool:
        """Tell whether all who have to be there are at home with nothing else to do; what is no dispute may begin."""
        return not self.takes_two(need) or all(map(self.model.homes.at_home, self._both(need)))

    def begin(self, need: int) -> None:
        """Take the time of both until the visit has ended."""
        if self.takes_two(need):
            self.sitting.add(need)
            self.model.homes.take(*self._both(need))

    def _visit_ended(self, _person: Responder, need: int, _outcome: int) -> None:
        if need in self.sitting:
            self.sitting.discard(need)
            self.model.homes.give_back(*self._both(need))

    def offer(self, need: int) -> None:
        """Put a dispute back in line as soon as both are at home, unless it has ended meanwhile."""
        book = self.model.book
        if book.state[need] != State.WAITING:
            return
        missing = next((who for who in self._both(need) if not self.model.homes.at_home(who)), None)
        if missing is not None:
            self.model.homes.when_free(missing, self.offer, need)
        else:
            self.model.desk_of(need).offer_again(need)

    # -- what is left of it -----------------------------------------------------------------------------------------

    def _closed(self, need: int) -> None:
        """Let both trust more for a dispute that was settled, and less for one that nobody has settled."""
        book, model = self.model.book, self.model
        settled, given_up = book.end[need] == End.MET, book.end[need] == End.ABANDONED
        if not self.takes_two(need) or book.met_by[need] == BY_OUTSIDE or not (settled or given_up):
            return
        both = self._both(need)
        if len(both) < 2:
            return
        if model.attitudes is not None:
            for resident in both:
                model.attitudes.happen(resident, "settled" if settled else "unsettled")
        if model.mutual_help is not None and self.kinds[book.need_type[need]] == "neighbours":
            if settled:
                model.mutual_help.acquaint(*both)
            else:
                model.mutual_help.part(*both)
