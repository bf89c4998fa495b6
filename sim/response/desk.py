"""A desk: requests arrive, are taken in, wait in lines, and are sent to responders.

Which request is next and who goes is the policies' business; how people travel and work is that of the visits; who
is on duty that of the roster. Entries of a line that have become stale (sent, left, moved to another line) are
dropped when they come up, so nothing is ever searched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.policies import MATCH, TRIAGE, Candidate, Head
from sim.response.batches import Batches
from sim.response.book import State
from sim.response.lines import Line, requests_of, sort_into_lines
from sim.response.office import handling_times
from sim.response.responders import CERTIFIED, NO_LIMIT, NOBODY, Responder, Team, has_room
from sim.response.roles import NO_UNITS
from sim.response.ways import OPEN, Hazards
from sim.spec.desks import desk_for

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.desks import Desk as DeskSpec

INTAKE, WAITING = int(State.INTAKE), int(State.WAITING)


class Desk:
    """Take requests in and dispatch responders to them."""

    def __init__(self, model: CrisisModel, name: str, spec: DeskSpec, needs: npt.NDArray[np.int64]) -> None:
        self.model = model
        self.name = name
        self.needs = needs
        self.book = model.book
        self.clock = model.clock
        self.teams = [model.teams[unit] for unit in spec.units]
        self.crews = [crew for team in self.teams for crew in team.crews]
        for crew in self.crews:
            crew.desk = self
        self.office = model.teams[spec.coordinator].office if spec.coordinator is not None else None
        self.lines: dict[tuple[tuple[int, ...], bool, float], Line] = {}
        self.line_of: list[Line] = []
        self.own: set[int] = set()
        """Requests that wait here and at another desk, which shares no list with this one."""
        self.batches = Batches(self)
        self.gated = [bool(spec.items) for spec in model.book.specs]
        self.roles = model.roles
        self.some_go_out = model.homes.some_go_out
        self.any_gated = any(self.gated) or self.roles is not None or self.some_go_out
        if self.office is None:  # taken in at once: a request waits from the moment it is made
            model.book.state_column[needs[model.book.state_column[needs] == State.UNKNOWN]] = WAITING
        self.freed = 0
        if spec.depends_on is not None:
            model.outages.listeners.append(self._outage)
        self._work_by(spec)

    def adopt(self, spec: DeskSpec) -> None:
        """Work by these rules from now on; requests that wait are put in line again, and offered to who is idle."""
        self._work_by(spec)
        for team in self.teams:
            self.offer_places(team)

    def _outage(self, name: str, _out: bool) -> None:
        if name == self.written.depends_on:
            self.adopt(self.written)

    def _work_by(self, spec: DeskSpec) -> None:
        self.written = spec
        out = spec.depends_on is not None and self.model.outages.out(spec.depends_on)
        self.halted = out and spec.fallback is None
        self.spec = spec = spec.fallen_back() if out else spec
        self.rule = TRIAGE[spec.triage]
        self.match = MATCH[spec.match]
        self.handling = handling_times(self.model, self.name, spec)
        waiting = {need for line in self.lines.values() for need in line.waiting}
        self.lines.clear()
        for crew in self.crews:
            crew.lanes = []
        self.line_of = sort_into_lines(self)
        for need in self.own | self._cut_off():
            self.line_of[need] = self.line_now(need)
        for need in sorted(waiting, key=lambda need: (self.asked(need), need)):
            if self.book.state[need] == WAITING or need in self.own:
                self._push(need)

    def line(
        self, need_type: int, zone: int, value: float, across: Hazards = OPEN, kept_off: frozenset[str] = NO_UNITS
    ) -> Line:
        """Return the line of a need type in a zone under a value of the triage rule.

        It is for who can cross some hazards, of the units that do not have to keep off.
        """
        spec = self.book.specs[need_type]
        wanted = spec.skill + CERTIFIED if spec.certified and spec.skill is not None else spec.skill
        able = [
            number
            for number, crew in enumerate(self.crews)
            if crew.goes_to(zone)
            and crew.team.name not in kept_off
            and (not self.match.by_skill or wanted is None or wanted in crew.skills)
            and self.model.permitted(crew.team, self.book.demand.type_names[need_type])
            and across <= set(crew.team.spec.crosses)
        ]
        able.sort(key=lambda number: (len(self.crews[number].skills), number))
        name = tuple(able), spec.sessions is not None, value
        if name not in self.lines:
            line = self.lines[name] = Line(tuple(self.crews[number] for number in able), name[1], value)
            for crew in line.crews:
                crew.lanes.append(line)
                crew.lanes.sort(key=lambda lane: lane.value)
        return self.lines[name]

    def _cut_off(self) -> set[int]:
        """Return the needs of this desk in buildings that are known to be cut off."""
        hazards = self.model.local_hazards
        known = hazards.ways.known if hazards is not None else {}
        return {int(need) for building in known for need in hazards.ways.of(building)} & set(self.needs.tolist())  # type: ignore[union-attr]

    # -- a request's way to a responder -----------------------------------------------------------------------------

    def request(self, need: int) -> None:
        """Take a request in: at once, or when a coordinator has had time for it."""
        if self.some_go_out and self.model.homes.drops(need):
            return
        if self.office is None:
            line = self.line_of[need]
            for crew in line.crews:
                if crew.idle and crew.team.busy < crew.team.places:
                    self.offer(need)
                    return
            line.waiting.append(need)  # requests come in the order of asking
            return
        self.book.state[need] = INTAKE
        duration = self.handling[need] if self.handling is not None else 0.0
        self.office.add("intake", duration, self.taken_in, need, need)

    def request_late(self, need: int) -> None:
        """Take in the request of a need that the state of the run has let arise."""
        self.book.state[need] = WAITING
        self.request(need)

    def taken_in(self, need: int) -> None:
        """Offer a request for which a coordinator has had time, if it still waits."""
        now = self.clock.now
        if need in self.model.visits.twice:
            self.model.second_desks.taken_in(self, need)
        elif self.book.state[need] == INTAKE and not self.book.has_left(need, now):
            self.book.triaged[need] = now
            self.offer(need)

    def offer(self, need: int) -> None:
        """Send an idle responder, if there is one who can go; else put the request in line."""
        line = self.line_of[need]
        if self.match.batched:
            self._push(need)
            self.batches.due()
            return
        responder = None
        if not self.halted:
            responder = line.first_idle() if self.match.choose is None else self._chosen(need, line)
        if responder is None:
            self._push(need)
        elif not self.any_gated or self.granted(need, responder):
            responder.crew.idle.remove(responder)
            self.model.visits.begin(need, responder, self.office)

    def asked(self, need: int) -> float:
        """Return since when a request waits."""
        return self.book.rejoined.get(need, self.book.request[need])

    def _push(self, need: int) -> None:
        """Put a request in its line, by when it was asked: at the end unless it comes back."""
        if need not in self.own:
            self.book.state[need] = WAITING
        waiting = self.line_of[need].waiting
        if waiting:
            asked = self.asked(need)
            if asked < self.asked(waiting[-1]):
                place = next(k for k, other in enumerate(waiting) if self.asked(other) > asked)
                waiting.insert(place, need)
                return
        waiting.append(need)

    def _chosen(self, need: int, line: Line) -> Responder | None:
        idle = [
            responder
            for crew in line.crews
            if crew.team.busy < crew.team.places
            for responder in crew.idle
            if not line.is_case or has_room(responder)
        ]
        if not idle or self.match.choose is None:
            return None
        idle.sort(key=lambda responder: responder.freed)
        building = self.book.building[need]
        plan = self.model.plan
        views = [Candidate(r.index, r.crew.skills, plan.metres(r.place, building)) for r in idle]
        return idle[self.match.choose(views, self.book.uniform("match", need, self.book.attempts[need] + 1))]

    def granted(self, need: int, responder: Responder) -> bool:
        """See if the resident is in, who is responsible, and if the store holds what it takes; who is refused waits."""
        out = self.some_go_out and self.model.homes.holds(self, need, responder)
        if out or (self.roles is not None and not self.roles.goes(self, need, responder)):
            return False
        return not self.gated[self.book.need_type[need]] or self.model.depots.issue(need)

    def next_for(self, responder: Responder) -> None:
        """Give a responder who has become free the next request, or let them wait."""
        self.freed += 1
        responder.freed = self.freed
        self._next(responder)

    def _next(self, responder: Responder) -> None:
        team = responder.team
        if self.match.batched and not responder.own:
            responder.crew.idle.append(responder)
            self.batches.due()
            return
        if team.busy < team.places and not (responder.own and self.model.cases.next_for(responder)):
            need = self._take(responder)
            while need != NOBODY:
                if not self.any_gated or self.granted(need, responder):
                    self.model.visits.begin(need, responder, self.office)
                    return
                need = self._take(responder)
        elif responder.need != NOBODY:
            return
        responder.crew.idle.append(responder)
        if team.places != NO_LIMIT and len(team.crews) > 1:
            self.offer_places(team)

    def offer_places(self, team: Team) -> None:
        """Offer the places of work that are free to idle people of a team, whatever they can do."""
        if team.offering:
            return
        team.offering = True
        for crew in team.crews:
            for responder in list(crew.idle):
                if team.busy < team.places and responder in crew.idle:
                    crew.idle.remove(responder)
                    if not (team.claims and self.model.labour.take(responder)):
                        self._next(responder)
        team.offering = False

    def _take(self, responder: Responder) -> int:
        """Take the next request for a responder off its line; NOBODY where none waits."""
        if self.halted:
            return NOBODY
        book, now, score = self.book, self.clock.now, self.rule.score
        state, deadline = book.state, book.deadline
        best: Line | None = None
        best_key: tuple[float, float, int] | None = None
        for line in responder.crew.lanes:
            waiting = line.waiting
            if not waiting:
                continue
            if score is None and best is not None and line.value > best.value:
                break
            while waiting:
                need = waiting[0]
                # stale, or left meanwhile: the book closes who has left when the run ends
                if (
                    state[need] == WAITING
                    and deadline[need] > now
                    and not (book.risen and self.line_of[need] is not line)
                ):
                    break
                if need in self.own and self.book.wanted(need, now):
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
        plan, place = self.model.plan, responder.place
        head = Head(asked, line.value, now, lambda building: plan.metres(place, building))
        return self.rule.score(head), asked, need

    def waits(self, need: int, line: Line, now: float) -> bool:
        """Tell whether a request in a line still waits there."""
        here = self.book.state[need] == WAITING and self.book.deadline[need] > now
        return (here or (need in self.own and self.book.wanted(need, now))) and self.line_of[need] is line

    def line_now(self, need: int, kept_off: frozenset[str] | None = None) -> Line:
        """Return the line that a request belongs to as it stands now; of these units nobody is in it."""
        demand = self.book.demand
        if kept_off is None:
            kept_off = self.roles.kept_off(self, need) if self.roles is not None else NO_UNITS
        value = float(self.rule.split(requests_of(self, np.array([need])))[0])
        zone = int(self.model.population.zone[demand.resident[need]])
        hazards, across = self.model.local_hazards, OPEN
        if hazards is not None and not self.book.specs[demand.need_type[need]].by_phone:
            across = hazards.ways.known.get(self.book.building[need], OPEN)
        return self.line(int(demand.need_type[need]), zone, value, across, kept_off)

    def move(self, needs: list[int]) -> None:
        """Put needs into the lines that they belong to now, and offer those that wait."""
        self.book.risen = True
        book, now = self.book, self.clock.now
        for need in needs:
            before, line = self.line_of[need], self.line_now(need)
            if line is before:
                continue
            self.line_of[need] = line
            if need in before.waiting:
                before.waiting.remove(need)
                if (book.state[need] == WAITING and not book.has_left(need, now)) or need in self.own:
                    self._push(need)
        for team in self.teams:
            self.offer_places(team)
        if self.match.batched:
            self.batches.due()

    def rise(self, need: int) -> None:
        """Put a request in the line of its urgency, which has risen."""
        self.book.risen = True
        line = self.line_now(need)
        if line is not self.line_of[need]:
            self.line_of[need] = line
            if self.book.state[need] == WAITING:
                self._push(need)


def build_desks(model: CrisisModel) -> tuple[list[Desk], npt.NDArray[np.int64]]:
    """Make the desks; returns them, and the number of the desk of each need type in each zone.

    Each need type in each zone, and each unit, belongs to one desk.
    """
    specs = model.response.all_desks()
    demand, zones = model.demand, model.population.zone_names
    numbers = {name: number for number, name in enumerate(specs)}
    owner = np.array([[numbers[desk_for(specs, need, zone)] for zone in zones] for need in demand.type_names], np.int64)
    owner = owner.reshape(len(demand.type_names), len(zones))
    claimed = {unit for spec in specs.values() for unit in spec.units}
    free = tuple(name for name in model.teams if name not in claimed)
    mine = owner[demand.need_type, model.population.zone[demand.resident]]
    desks = []
    for number, (name, spec) in enumerate(specs.items()):
        with_units = spec if spec.units else spec.model_copy(update={"units": free})
        desks.append(Desk(model, name, with_units, np.flatnonzero(mine == number)))
    return desks, owner
