"""Optimal assignment: every so often, all who are idle are matched at once with the requests that are next.

As many of the first requests in the order of the triage rule as there are people, and among these the assignment with
the least way in all. Between two assignments both wait.
"""

from __future__ import annotations

from itertools import islice
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from sim.response.responders import Responder, has_room

if TYPE_CHECKING:
    from sim.response.desk import Desk
    from sim.response.lines import Line

CANNOT = 1e9
"""Metres that stand for somebody who cannot be sent."""
TINY = 1e-9


class Batches:
    """Assign for one desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.planned = False

    def due(self) -> None:
        """Assign at the next turn, if that is not planned yet; turns are at multiples of the batch."""
        if not self.planned:
            self.planned = True
            clock, batch = self.desk.clock, self.desk.spec.batch
            clock.call_at(max(ceil(clock.now / batch - TINY) * batch, clock.now), self._assign)

    def _assign(self, _nothing: None) -> None:
        self.planned = False
        desk = self.desk
        if desk.halted:
            return
        idle = [r for crew in desk.crews for r in crew.idle if r.team.busy < r.team.places]
        idle.sort(key=lambda responder: responder.freed)
        needs, able = self._first(idle)
        if not needs:
            return
        from scipy.optimize import linear_sum_assignment

        costs = np.full((len(needs), len(idle)), CANNOT)
        for row, (need, columns) in enumerate(zip(needs, able, strict=True)):
            for column in columns:
                costs[row, column] = desk.model.plan.metres(idle[column].place, desk.book.building[need])
        for row, column in zip(*(pick.tolist() for pick in linear_sum_assignment(costs)), strict=True):
            self._send(needs[row], idle[column])

    def _first(self, idle: list[Responder]) -> tuple[list[int], list[list[int]]]:
        """Return the first requests in the order of the triage rule that can all be served at once, and by whom each.

        A request is taken if those before it and it have somebody each: an augmenting path (Kuhn 1955) finds out.
        """
        needs: list[int] = []
        able: list[list[int]] = []
        given: dict[int, int] = {}
        for _, _, need, line in self._waiting(len(idle)):
            columns = [
                column
                for column, responder in enumerate(idle)
                if responder.crew in line.crews and (not line.is_case or has_room(responder))
            ]
            able.append(columns)
            if _place(len(needs), able, given, set()):
                needs.append(need)
            else:
                able.pop()
            if len(needs) == len(idle):
                break
        return needs, able

    def _waiting(self, count: int) -> list[tuple[float, float, int, Line]]:
        """Return the requests that may be served now: the first of each line, as many as there are people."""
        desk, now = self.desk, self.desk.clock.now
        first: list[tuple[float, float, int, Line]] = []
        for line in desk.lines.all.values():
            here = (need for need in line.waiting if desk.lines.stands(need, line, now))
            first += [(line.value, desk.lines.asked(need), need, line) for need in islice(here, count)]
        return sorted(first, key=lambda entry: entry[:3])

    def _send(self, need: int, responder: Responder) -> None:
        desk, line = self.desk, self.desk.lines.of[need]
        full = responder.team.busy >= responder.team.places
        if full or responder not in responder.crew.idle or not desk.lines.stands(need, line, desk.clock.now):
            return
        line.waiting.remove(need)
        if desk.granted(need, responder):
            responder.crew.idle.remove(responder)
            desk.model.visits.begin(need, responder, desk.office)
        else:
            self.due()  # the request waits for goods now, and the person for another


def _place(row: int, able: list[list[int]], given: dict[int, int], seen: set[int]) -> bool:
    """Find somebody for a request, moving others' people where they have another; ``given`` maps people to requests."""
    for column in able[row]:
        if column not in seen:
            seen.add(column)
            if column not in given or _place(given[column], able, given, seen):
                given[column] = row
                return True
    return False
