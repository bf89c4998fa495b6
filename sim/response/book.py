"""The book of needs: what was drawn before t = 0 and what has happened to each need since, as columns.

Handlers read and write single cells through memoryviews (a third of the price of an array's). Mechanisms decide;
the book only keeps, and closes a need whose patience has run out when somebody next looks at it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.chance import Chance
from sim.records.codes import MET_BY
from sim.records.columns import cells
from sim.spec.needs import Need
from sim.world.demand import CAUSED, Demand
from sim.world.population import Population

Floats = npt.NDArray[np.float64]


class State(IntEnum):
    """Where a need stands."""

    CANDIDATE = 0
    UNKNOWN = 1
    INTAKE = 2
    WAITING = 3
    PARKED = 4
    SENT = 5
    BETWEEN = 6
    REFERRED = 7
    CLOSED = 8


WAITS = (int(State.INTAKE), int(State.WAITING), int(State.PARKED))
"""Asked for, and nobody has been sent yet; or asked for again."""


class End(IntEnum):
    """How a need ended; the numbers are those of ``sim.records.codes.ENDS``."""

    OPEN = 0
    MET = 1
    REFERRED = 2
    ABANDONED = 3
    WITHDRAWN = 4


BY_OUTSIDE = MET_BY.index("outside")
BY_ONLINE = MET_BY.index("online")


class Book:
    """Keep every candidate need of a run; ``view[name]`` cells are floats in hours, NaN for not yet."""

    def __init__(self, demand: Demand, population: Population, needs: Mapping[str, Need], chance: Chance) -> None:
        self.demand = demand
        self.specs = tuple(needs[name] for name in demand.type_names)
        self.chance = chance
        size = demand.size
        self.need_type = cells(demand.need_type)
        self.resident = cells(demand.resident)
        self.nth = cells(demand.nth)
        self.request_h = np.array(demand.request_h)
        self.request_h[~np.isnan(demand.mark)] = np.nan
        self.deadline_h = self.request_h + demand.patience_h
        self.onset_h = np.array(demand.onset_h) if (demand.mark == CAUSED).any() else demand.onset_h
        self.onset = cells(self.onset_h)
        self.request = cells(self.request_h)
        self.deadline = cells(self.deadline_h)
        self.building = cells(population.building[demand.resident])
        self.stamps: dict[str, Floats] = {
            name: np.full(size, np.nan) for name in ("triaged_h", "dispatched_h", "started_h", "closed_h")
        }
        self.triaged, self.dispatched, self.started, self.closed = (cells(c) for c in self.stamps.values())
        self.listeners: list[Callable[[int], None]] = []
        """Who is told of every need that ends."""
        self.rejoined: dict[int, float] = {}
        """Since when a need waits again that has been visited."""
        self.risen = False
        """Whether any request has changed its line."""
        self.rare: dict[str, dict[int, float]] = {"escalated_h": {}, "referred_h": {}}
        self.state_column = np.full(size, int(State.UNKNOWN), np.uint8)
        self.state_column[~np.isnan(demand.mark)] = int(State.CANDIDATE)
        self.state = cells(self.state_column)
        self.end_column = np.zeros(size, np.uint8)
        self.end = cells(self.end_column)
        self.met_by_column = np.zeros(size, np.uint8)
        self.met_by = cells(self.met_by_column)
        self.attempts_column = np.zeros(size, np.int32)
        self.attempts = cells(self.attempts_column)
        urgency = np.array([spec.urgency for spec in self.specs], np.uint8)
        self.urgency_column = urgency[demand.need_type]
        self.urgency = cells(self.urgency_column)
        self.first_service = cells(demand.service_h)
        self._service: dict[int, Any] = {1: self.first_service}
        self._uniform: dict[tuple[str, int], Any] = {}

    def service(self, need: int, attempt: int) -> float:
        """Return the length of a need's visit in hours; the draws of a further attempt are made for all at once."""
        if attempt not in self._service:
            column = np.full(self.demand.size, np.nan)
            for index, (name, spec) in enumerate(zip(self.demand.type_names, self.specs, strict=True)):
                rows = np.flatnonzero(self.demand.need_type == index)
                if rows.size:
                    keys = self.demand.resident[rows], self.demand.nth[rows], attempt
                    column[rows] = spec.service.quantile(self.chance.uniform(f"need.{name}.service", *keys))
            self._service[attempt] = cells(column)
        return self._service[attempt][need]

    def uniform(self, question: str, need: int, attempt: int) -> float:
        """Return the uniform that decides a question about one attempt at a need."""
        key = question, attempt
        if key not in self._uniform:
            column = np.empty(self.demand.size)
            for index, name in enumerate(self.demand.type_names):
                rows = np.flatnonzero(self.demand.need_type == index)
                if rows.size:
                    keys = self.demand.resident[rows], self.demand.nth[rows], attempt
                    column[rows] = self.chance.uniform(f"need.{name}.{question}", *keys)
            self._uniform[key] = cells(column)
        return self._uniform[key][need]

    def close(self, need: int, end: int, time_h: float, met_by: int = 0) -> None:
        """End a need."""
        self.state[need] = 8
        self.end[need] = end
        self.closed[need] = time_h
        if met_by:
            self.met_by[need] = met_by
        for told in self.listeners:
            told(need)

    def wanted(self, need: int, now_h: float) -> bool:
        """Tell whether a resident, as far as somebody knows who was not there, still waits or is being served."""
        return self.deadline[need] > now_h or self.started[need] == self.started[need]

    def has_left(self, need: int, now_h: float) -> bool:
        """Tell whether a resident to whom nobody has come has given up by now; the need is closed as of that moment."""
        if self.wanted(need, now_h):
            return False
        self.close(need, 3, self.deadline[need])
        return True

    def waiting(self, now_h: float) -> int:
        """Return how many requests wait now for a first visit."""
        known = (self.state_column >= State.INTAKE) & (self.state_column <= State.PARKED) & (self.request_h <= now_h)
        return int((known & (self.deadline_h > now_h) & np.isnan(self.stamps["started_h"])).sum())

    def left_between(self, begin_h: float, end_h: float) -> int:
        """Return how many gave up waiting in (begin, end]."""
        never = np.isnan(self.stamps["started_h"])
        return int((never & (self.deadline_h > begin_h) & (self.deadline_h <= end_h)).sum())

    def sweep(self, end_h: float) -> None:
        """At the end of a run, close everyone whose patience ran out before it."""
        left = (self.deadline_h <= end_h) & (self.state_column <= State.SENT) & np.isnan(self.stamps["started_h"])
        self.end_column[left] = End.ABANDONED
        self.stamps["closed_h"][left] = self.deadline_h[left]
        self.state_column[left] = State.CLOSED

    def taken_in_at_once(self, needs: npt.NDArray[np.int64], end_h: float) -> None:
        """At the end of a run, write down that a desk without a coordinator took requests in as they came."""
        request = self.request_h[needs]
        self.stamps["triaged_h"][needs] = np.where(request < end_h, request, np.nan)
