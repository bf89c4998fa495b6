"""A desk: requests arrive, are taken in, wait in lines, and are sent to responders.

What waits and which request is next is the business of its lines; how people travel and work is that of the visits;
who is on duty that of the roster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.policies import MATCH, Candidate
from sim.response.batches import Batches
from sim.response.book import State
from sim.response.lines import WAITING, Line, Lines
from sim.response.office import handling_times
from sim.response.responders import NO_LIMIT, NOBODY, Responder, Team, has_room
from sim.spec.desks import desk_for

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.desks import Desk as DeskSpec

INTAKE = int(State.INTAKE)


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
        self.lines = Lines(self)
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
        self.match = MATCH[spec.match]
        self.handling = handling_times(self.model, self.name, spec)
        self.lines.sort(spec)

    # -- a request's way to a responder -----------------------------------------------------------------------------

    def request(self, need: int) -> None:
        """Take a request in: at once, or when a coordinator has had time for it."""
        if self.some_go_out and self.model.homes.drops(need):
            return
        if self.office is None:
            line = self.lines.of[need]
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
        line = self.lines.of[need]
        if self.match.batched:
            self.lines.put(need)
            self.batches.due()
            return
        responder = None
        if not self.halted:
            responder = line.first_idle() if self.match.choose is None else self._chosen(need, line)
        if responder is None:
            self.lines.put(need)
        elif not self.any_gated or self.granted(need, responder):
            responder.crew.idle.remove(responder)
            self.model.visits.begin(need, responder, self.office)

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
        """Take the next request for a responder; NOBODY where none waits, or nobody is sent."""
        return NOBODY if self.halted else self.lines.take(responder)

    def offer_again(self, need: int) -> None:
        """Offer a request that has been held back, if it still waits."""
        if self.lines.still_waits(need):
            self.offer(need)

    def move(self, needs: list[int]) -> None:
        """Put needs into the lines that they belong to now, and offer those that wait."""
        for need in needs:
            self.lines.change(need)
        for team in self.teams:
            self.offer_places(team)
        if self.match.batched:
            self.batches.due()


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
