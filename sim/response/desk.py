"""A desk: requests arrive, are taken in, wait in lines, and are sent to responders.

Which request is next and who goes is the policies' business; how people travel and work is that of the visits; who
is on duty that of the roster. A line holds requests that the same crews can serve; its entries are dropped when they
come up stale (sent, left, or moved to another line), so nothing is ever searched.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.response.book import State
from sim.response.policies import MATCH, TRIAGE, Candidate, Head, Requests
from sim.response.responders import NOBODY, Crew, Responder

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.organisation import Desk as DeskSpec

INTAKE, WAITING, PARKED = int(State.INTAKE), int(State.WAITING), int(State.PARKED)


class Line:
    """Requests that the same crews can serve: a heap of (key, time of request, need)."""

    __slots__ = ("crews", "heap", "is_case", "split")

    def __init__(self, crews: tuple[Crew, ...], is_case: bool, split: float) -> None:
        self.crews = crews
        self.is_case = is_case
        self.split = split
        self.heap: list[tuple[float, float, int]] = []


class Desk:
    """Take requests in and dispatch responders to them."""

    def __init__(self, model: CrisisModel, name: str, spec: DeskSpec, needs: npt.NDArray[np.int64]) -> None:
        self.model = model
        self.name = name
        self.needs = needs
        self.book = model.book
        self.clock = model.clock
        names = spec.units or tuple(model.teams)
        self.teams = [model.teams[unit] for unit in names]
        self.office = model.teams[spec.coordinator].office if spec.coordinator is not None else None
        self.crews = [crew for team in self.teams for crew in team.crews]
        self.lines: dict[tuple[tuple[int, ...], bool, float], Line] = {}
        self.line_of: list[Line] = []
        self.key_of: memoryview[float] = memoryview(np.empty(0))
        self.place_of = np.full(model.book.demand.size, -1, np.int64)
        self.place_of[needs] = np.arange(needs.size)
        self.place: memoryview[int] = memoryview(self.place_of)
        self.gated = [bool(spec.items) for spec in model.book.specs]
        self.any_gated = any(self.gated)
        self.adopt(spec)

    def adopt(self, spec: DeskSpec) -> None:
        """Work by these rules from now on; requests that wait are put in line again."""
        self.spec = spec
        self.rule = TRIAGE[spec.triage]
        self.match = MATCH[spec.match]
        self.handling = self._handling(spec)
        waiting = sorted({need for line in self.lines.values() for *_, need in line.heap})
        self.lines.clear()
        for crew in self.crews:
            crew.lanes = [line for line in crew.lanes if line not in self.line_of]
        requests = self._requests(self.needs)
        self.keys = self.rule.key(requests).astype(np.float64)
        self.key_of = memoryview(self.keys)
        splits = self.rule.split(requests).astype(np.float64) if self.rule.split is not None else np.zeros(self.needs.size)
        self.line_of = self._sort_into_lines(splits)
        for need in waiting:
            if self.book.state[need] == WAITING:
                self._push(need)

    def _handling(self, spec: DeskSpec) -> memoryview[float] | None:
        if spec.handling is None or not self.needs.size:
            return None
        demand = self.book.demand
        keys = demand.resident[self.needs], demand.nth[self.needs], demand.need_type[self.needs]
        return memoryview(np.ascontiguousarray(spec.handling.quantile(self.model.chance.uniform(f"handling.{self.name}", *keys))))

    def _requests(self, needs: npt.NDArray[np.int64]) -> Requests:
        book, demand = self.book, self.book.demand
        weight = np.array([np.nan if spec.weight is None else spec.weight for spec in book.specs])[demand.need_type[needs]]
        urgency = book.urgency_column[needs]
        return Requests(
            urgency=urgency,
            weight=np.where(np.isnan(weight), 5.0 - urgency, weight),
            request_h=book.request_h[needs],
            building=self.model.population.building[demand.resident[needs]],
            need_type=demand.need_type[needs],
        )

    def _sort_into_lines(self, splits: npt.NDArray[np.float64]) -> list[Line]:
        """Return the line of each of the desk's needs, by who can serve it and the value that splits lines."""
        demand = self.book.demand
        zone = self.model.population.zone[demand.resident[self.needs]]
        kinds, which = np.unique(
            np.stack([demand.need_type[self.needs], zone, splits], axis=1), axis=0, return_inverse=True
        ) if self.needs.size else (np.empty((0, 3)), np.empty(0, np.int64))
        lines = [self._line(int(need_type), int(zone), float(split)) for need_type, zone, split in kinds.tolist()]
        return [lines[i] for i in which.ravel().tolist()]

    def _line(self, need_type: int, zone: int, split: float) -> Line:
        spec = self.book.specs[need_type]
        able = [
            number
            for number, crew in enumerate(self.crews)
            if (crew.team.covers is None or zone in crew.team.covers)
            and (not self.match.by_skill or spec.skill is None or spec.skill in crew.skills)
        ]
        able.sort(key=lambda number: (len(self.crews[number].skills), number))
        name = tuple(able), spec.sessions is not None, split
        if name not in self.lines:
            line = self.lines[name] = Line(tuple(self.crews[number] for number in able), name[1], split)
            for crew in line.crews:
                crew.lanes.append(line)
        return self.lines[name]

    # -- a request's way to a responder -----------------------------------------------------------------------------

    def request(self, need: int) -> None:
        """Take a request in: at once, or when a coordinator has had time for it."""
        if self.office is None:
            self.triaged(need)
            return
        self.book.state[need] = INTAKE
        duration = self.handling[self.place[need]] if self.handling is not None else 0.0
        self.office.add("intake", duration, self.triaged, need, need)

    def triaged(self, need: int) -> None:
        """Send a responder to a request that is taken in, or let it wait in line."""
        now = self.clock.now
        book = self.book
        if self.office is not None and book.has_left(need, now):
            return
        book.triaged[need] = now
        self.offer(need)

    def offer(self, need: int) -> None:
        """Send an idle responder, if there is one who can go; else put the request in line."""
        line = self.line_of[self.place[need]]
        if self.match.choose is not None:
            responder = self._chosen(need, line)
        else:
            responder = self._first(line)
        if responder is None:
            self._push(need)
        elif self._granted(need):
            responder.crew.idle.remove(responder)
            self.model.visits.begin(need, responder, self.office)

    def _push(self, need: int) -> None:
        place = self.place[need]
        self.book.state[need] = WAITING
        since = self.book.rejoined.get(need) if self.book.rejoined else None
        asked = since if since is not None else self.book.request[need]
        heappush(self.line_of[place].heap, (self.key_of[place], asked, need))

    def _first(self, line: Line) -> Responder | None:
        for crew in line.crews:
            if crew.idle and crew.team.busy < crew.team.places:
                if not line.is_case:
                    return crew.idle[0]
                for responder in crew.idle:
                    if self._has_room(responder):
                        return responder
        return None

    def _chosen(self, need: int, line: Line) -> Responder | None:
        idle = [
            responder
            for crew in line.crews
            if crew.team.busy < crew.team.places
            for responder in crew.idle
            if not line.is_case or self._has_room(responder)
        ]
        if not idle or self.match.choose is None:
            return None
        idle.sort(key=lambda responder: responder.number)
        building = self.book.building[need]
        plan = self.model.plan
        views = [Candidate(r.index, r.crew.skills, plan.metres(r.place, building)) for r in idle]
        return idle[self.match.choose(views, self.book.uniform("match", need, self.book.attempts[need] + 1))]

    @staticmethod
    def _has_room(responder: Responder) -> bool:
        limit = responder.team.spec.caseload
        return limit is None or responder.cases < limit

    def _granted(self, need: int) -> bool:
        """Ask the store for what the visit needs; a request refused is parked there, its clock running."""
        if not self.any_gated or not self.gated[self.book.need_type[need]]:
            return True
        return self.model.depots.issue(need)

    def next_for(self, responder: Responder) -> None:
        """Give a responder who is free the next request, or let them wait."""
        team = responder.team
        if team.busy < team.places:
            if responder.own and self.model.cases.next_for(responder):
                return
            while True:
                need = self._take(responder)
                if need == NOBODY:
                    break
                if self._granted(need):
                    self.model.visits.begin(need, responder, self.office)
                    return
        responder.crew.idle.append(responder)

    def _take(self, responder: Responder) -> int:
        """Take the next request for a responder off its line; NOBODY where none waits."""
        state, deadline, now = self.book.state, self.book.deadline, self.clock.now
        best: Line | None = None
        best_key: tuple[float, float, int] = (0.0, 0.0, 0)
        score = self.rule.score
        for line in responder.crew.lanes:
            heap = line.heap
            while heap:
                need = heap[0][2]
                if state[need] != WAITING:
                    heappop(heap)
                elif deadline[need] <= now:
                    heappop(heap)
                    self.book.close(need, 3, deadline[need])
                else:
                    break
            if not heap or (line.is_case and not self._has_room(responder)):
                continue
            key = heap[0]
            if score is not None:
                metres = lambda building: self.model.plan.metres(responder.place, building)  # noqa: E731
                key = (score(Head(key[1], line.split, now, metres)), key[1], key[2])
            if best is None or key < best_key:
                best, best_key = line, key
        if best is None:
            return NOBODY
        return heappop(best.heap)[2]

    def rise(self, need: int) -> None:
        """Put a waiting request in line again, its urgency having risen."""
        requests = self._requests(np.array([need]))
        place = self.place[need]
        self.key_of[place] = float(self.rule.key(requests)[0])
        if self.rule.split is not None:
            demand = self.book.demand
            zone = int(self.model.population.zone[demand.resident[need]])
            self.line_of[place] = self._line(int(demand.need_type[need]), zone, float(self.rule.split(requests)[0]))
        if self.book.state[need] == WAITING:
            self._push(need)
