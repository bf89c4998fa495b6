"""What waits at a desk, and what is next: lines of requests that the same crews can serve, and triage treats alike.

A line is in the order of asking. Entries that have become stale (sent, left, moved to another line) are dropped when
they come up, so nothing is ever searched. Who is sent to whom is the desk's business.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.policies import MATCH, TRIAGE, Head, Requests
from sim.response.book import State
from sim.response.responders import CERTIFIED, NOBODY, Crew, Responder, has_room
from sim.response.roles import NO_UNITS
from sim.response.ways import OPEN, Hazards

if TYPE_CHECKING:
    from sim.response.desk import Desk
    from sim.spec.desks import Desk as DeskSpec

WAITING = int(State.WAITING)


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


class Lines:
    """All that waits at one desk, by the rules that it works by."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.book = desk.book
        self.all: dict[tuple[tuple[int, ...], bool, float], Line] = {}
        self.of: list[Line] = []
        """The line of each need; those of other desks stand in a line of nobody's."""
        self.own: set[int] = set()
        """Requests that wait here and at another desk, which shares no list with this one."""

    def sort(self, spec: DeskSpec) -> None:
        """Work by these rules from now on; what waits is put in line again."""
        self.rule = TRIAGE[spec.triage]
        self.by_skill = MATCH[spec.match].by_skill
        waiting = {need for line in self.all.values() for need in line.waiting}
        self.all.clear()
        for crew in self.desk.crews:
            crew.lanes = []
        self.of = self._sorted()
        for need in self.own | self._cut_off():
            self.of[need] = self.now(need)
        for need in sorted(waiting, key=lambda need: (self.asked(need), need)):
            if self.book.state[need] == WAITING or need in self.own:
                self.put(need)

    def asked(self, need: int) -> float:
        """Return since when a request waits."""
        return self.book.rejoined.get(need, self.book.request[need])

    def put(self, need: int) -> None:
        """Put a request in its line, by when it was asked: at the end unless it comes back."""
        if need not in self.own:
            self.book.state[need] = WAITING
        waiting = self.of[need].waiting
        if waiting:
            asked = self.asked(need)
            if asked < self.asked(waiting[-1]):
                place = next(k for k, other in enumerate(waiting) if self.asked(other) > asked)
                waiting.insert(place, need)
                return
        waiting.append(need)

    def take(self, responder: Responder) -> int:
        """Take the next request for a responder off its line; NOBODY where none waits."""
        now, score = self.desk.clock.now, self.rule.score
        best: Line | None = None
        best_key: tuple[float, float, int] | None = None
        for line in responder.crew.lanes:
            waiting = line.waiting
            if not waiting:
                continue
            if score is None and best is not None and line.value > best.value:
                break
            while waiting:
                if self.stands(waiting[0], line, now):
                    break
                waiting.popleft()
            if not waiting or (line.is_case and not has_room(responder)):
                continue
            if best is None and score is None:
                best = line
                continue
            key = self._key(line, responder, now)
            if best is not None and best_key is None:
                best_key = self._key(best, responder, now)
            if best_key is None or key < best_key:
                best, best_key = line, key
        return best.waiting.popleft() if best is not None else NOBODY

    def _key(self, line: Line, responder: Responder, now: float) -> tuple[float, float, int]:
        """Return by what the head of a line is compared with the heads of others."""
        need = line.waiting[0]
        asked = self.asked(need)
        if self.rule.score is None:
            return line.value, asked, need
        plan, place = self.desk.model.plan, responder.place
        head = Head(asked, line.value, now, lambda building: plan.metres(place, building))
        return self.rule.score(head), asked, need

    def stands(self, need: int, line: Line, now: float) -> bool:
        """Tell whether an entry of a line is not stale; the book closes who has left when the run ends."""
        book = self.book
        if book.risen and self.of[need] is not line:
            return False
        here = book.state[need] == WAITING and book.deadline[need] > now
        return here or (need in self.own and book.wanted(need, now))

    def still_waits(self, need: int) -> bool:
        """Tell whether a request waits here, in a line or held back; who has given up meanwhile is put down as gone."""
        now = self.desk.clock.now
        here = self.book.state[need] == WAITING and not self.book.has_left(need, now)
        return here or (need in self.own and self.book.wanted(need, now))

    # -- which line -------------------------------------------------------------------------------------------------

    def now(self, need: int, kept_off: frozenset[str] | None = None) -> Line:
        """Return the line that a request belongs to as it stands now; of these units nobody is in it."""
        model, demand = self.desk.model, self.book.demand
        if kept_off is None:
            kept_off = model.roles.kept_off(self.desk, need) if model.roles is not None else NO_UNITS
        value = float(self.rule.split(_requests_of(self.desk, np.array([need])))[0])
        zone = int(model.population.zone[demand.resident[need]])
        hazards, across = model.local_hazards, OPEN
        if hazards is not None and not self.book.specs[demand.need_type[need]].by_phone:
            across = hazards.ways.known.get(self.book.building[need], OPEN)
        return self._line(int(demand.need_type[need]), zone, value, across, kept_off)

    def change(self, need: int) -> None:
        """Put a request in the line that it belongs to now."""
        self.book.risen = True
        before, line = self.of[need], self.now(need)
        if line is before:
            return
        self.of[need] = line
        if need in before.waiting:
            before.waiting.remove(need)
            if self.still_waits(need):
                self.put(need)

    def _line(
        self, need_type: int, zone: int, value: float, across: Hazards = OPEN, kept_off: frozenset[str] = NO_UNITS
    ) -> Line:
        """Return the line of a need type in a zone under a value of the triage rule.

        It is for who can cross some hazards, of the units that do not have to keep off.
        """
        model, spec = self.desk.model, self.book.specs[need_type]
        wanted = spec.skill + CERTIFIED if spec.certified and spec.skill is not None else spec.skill
        able = [
            number
            for number, crew in enumerate(self.desk.crews)
            if crew.goes_to(zone)
            and crew.team.name not in kept_off
            and (not self.by_skill or wanted is None or wanted in crew.skills)
            and model.permitted(crew.team, self.book.demand.type_names[need_type])
            and across <= set(crew.team.spec.crosses)
        ]
        able.sort(key=lambda number: (len(self.desk.crews[number].skills), number))
        name = tuple(able), spec.sessions is not None, value
        if name not in self.all:
            line = self.all[name] = Line(tuple(self.desk.crews[number] for number in able), name[1], value)
            for crew in line.crews:
                crew.lanes.append(line)
                crew.lanes.sort(key=lambda lane: lane.value)
        return self.all[name]

    def _sorted(self) -> list[Line]:
        """Return the line of each need, by who can serve it and the value of the triage rule; all needs at once."""
        desk, demand = self.desk, self.book.demand
        needs, population = desk.needs, desk.model.population
        line_of = [Line((), False, 0.0)] * demand.size
        if not needs.size:
            return line_of
        value = np.asarray(self.rule.split(_requests_of(desk, needs)), dtype=np.float64)
        values, which = _distinct(value)
        zones = len(population.zone_names)
        zone = population.zone[demand.resident[needs]]
        kind = (demand.need_type[needs].astype(np.int64) * zones + zone) * values.size + which
        kinds, place = _distinct(kind)
        lines = [
            self._line(k // values.size // zones, k // values.size % zones, float(values[k % values.size]))
            for k in kinds.tolist()
        ]
        if needs.size == demand.size:
            return [lines[k] for k in place.tolist()]
        for need, k in zip(needs.tolist(), place.tolist(), strict=True):
            line_of[need] = lines[k]
        return line_of

    def _cut_off(self) -> set[int]:
        """Return the needs of this desk in buildings that are known to be cut off."""
        hazards = self.desk.model.local_hazards
        if hazards is None:
            return set()
        known = {int(need) for building in hazards.ways.known for need in hazards.ways.of(building)}
        return known & set(self.desk.needs.tolist())


def _requests_of(desk: Desk, needs: npt.NDArray[np.int64]) -> Requests:
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


def _distinct(column: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Return the distinct values and each row's place among them; by counting where they are small whole numbers."""
    whole = column.astype(np.int64)
    if column.size and (whole == column).all() and whole.min() >= 0 and whole.max() < 1 << 20:
        seen = np.bincount(whole) > 0
        return np.flatnonzero(seen), (np.cumsum(seen) - 1)[whole]
    values, which = np.unique(column, return_inverse=True)
    return values, which.ravel()
