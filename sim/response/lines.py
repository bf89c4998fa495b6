"""Lines of requests that the same crews can serve and that the triage rule treats alike, in the order of asking.

How a desk sorts its needs into lines, all at once when it adopts its rules; what becomes of a line is the desk's.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.policies import Requests
from sim.response.responders import Crew, Responder, has_room

if TYPE_CHECKING:
    from sim.response.desk import Desk


class Line:
    """Requests in the order of asking, all of one eligibility and one value of the triage rule."""

    __slots__ = ("crews", "is_case", "value", "waiting")

    def __init__(self, crews: tuple[Crew, ...], is_case: bool, value: float) -> None:
        """``crews`` are those who can serve it, the fewest skills first."""
        self.crews = crews
        self.is_case = is_case
        self.value = value
        self.waiting: deque[int] = deque()

    def first_idle(self) -> Responder | None:
        """Return who is idle longest of those with the fewest skills, so that generalists stay free."""
        best: Responder | None = None
        for crew in self.crews:
            if not crew.idle or crew.team.busy >= crew.team.places:
                continue
            if best is not None and len(crew.skills) > len(best.crew.skills):
                break
            for responder in crew.idle:
                if not self.is_case or has_room(responder):
                    if best is None or responder.freed < best.freed:
                        best = responder
                    break
        return best


def requests_of(desk: Desk, needs: npt.NDArray[np.int64]) -> Requests:
    """Return what a desk knows of needs."""
    book, demand = desk.book, desk.book.demand
    weights = np.array([np.nan if spec.weight is None else spec.weight for spec in book.specs])
    weight, urgency = weights[demand.need_type[needs]], book.urgency_column[needs]
    return Requests(
        urgency=urgency,
        weight=np.where(np.isnan(weight), 5.0 - urgency, weight),
        request_h=book.request_h[needs],
        building=desk.model.population.building[demand.resident[needs]],
        need_type=demand.need_type[needs],
        service_mean_h=np.array([spec.service.mean_h() for spec in book.specs])[demand.need_type[needs]],
    )


def sort_into_lines(desk: Desk) -> list[Line]:
    """Return the line of each need, by who can serve it and the value of the triage rule."""
    demand, needs, population = desk.book.demand, desk.needs, desk.model.population
    line_of = [Line((), False, 0.0)] * demand.size  # other desks' needs stand in a line of nobody's
    if not needs.size:
        return line_of
    value = np.asarray(desk.rule.split(requests_of(desk, needs)), dtype=np.float64)
    values, which = _distinct(value)
    zones = len(population.zone_names)
    zone = population.zone[demand.resident[needs]]
    kind = (demand.need_type[needs].astype(np.int64) * zones + zone) * values.size + which
    kinds, place = _distinct(kind)
    lines = [
        desk.line(k // values.size // zones, k // values.size % zones, float(values[k % values.size]))
        for k in kinds.tolist()
    ]
    if needs.size == demand.size:
        return [lines[k] for k in place.tolist()]
    for need, k in zip(needs.tolist(), place.tolist(), strict=True):
        line_of[need] = lines[k]
    return line_of


def _distinct(column: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Return the distinct values and each row's place among them; by counting where they are small whole numbers."""
    whole = column.astype(np.int64)
    if column.size and (whole == column).all() and whole.min() >= 0 and whole.max() < 1 << 20:
        seen = np.bincount(whole) > 0
        return np.flatnonzero(seen), (np.cumsum(seen) - 1)[whole]
    values, which = np.unique(column, return_inverse=True)
    return values, which.ravel()
