"""Building leaders go from door to door of their building: the voice of those who cannot ask."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from sim.response.labour import Claim, Job
from sim.response.responders import Responder

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.neighbourhood import BuildingLeaders as Spec


class BuildingLeaders:
    """Send somebody through each building every so often."""

    def __init__(self, model: CrisisModel, spec: Spec) -> None:
        self.model = model
        self.spec = spec
        self.team = model.teams[spec.unit]
        self.running: set[int] = set()
        self.claims: dict[int, Claim] = {}

    def begin(self) -> None:
        """Begin the rounds, each building at a moment of its own."""
        for building in range(len(self.model.population.building_names)):
            offset = self.model.chance.one("leader.offset", building) * self.spec.every
            self.model.clock.call_later(offset, self._due, (building, 1))

    def _due(self, turn: tuple[int, int]) -> None:
        building, nth = turn
        self.model.clock.call_later(self.spec.every, self._due, (building, nth + 1))
        waits = self.claims.get(building)
        if waits is not None and waits.open and waits.person is not None and not waits.person.employed:
            self.model.labour.withdraw([waits])
            self.running.discard(building)
        if building in self.running:  # the last round is not done: nobody has had time
            self.model.tell("round_missed", self.model.population.building_names[building])
            return
        homes = self.model.homes.households([building], self.spec.groups)
        if homes:
            self.running.add(building)
            own = self._own_leader(building)
            job = LeaderRound(self, building, [home for _, home in homes], nth)
            self.model.authorities.when_granted("data", self.team.name, self._send, (job, own))  # they keep a list

    def _send(self, turn: tuple[LeaderRound, Responder | None]) -> None:
        job, own = turn
        self.claims[job.building] = self.model.labour.ask(self.team, job, own)

    def _own_leader(self, building: int) -> Responder | None:
        """Return who looks after a building, where the unit has somebody for each; None for anybody."""
        team = self.team
        if sum(not person.spare for person in team.people) < len(self.model.population.building_names):
            return None
        own = team.people[team.holder(building)]
        return own if own.employed else None


class LeaderRound(Job):
    """One round through one building."""

    kind = "building_round"
    goes_by = ("building_round",)

    def __init__(self, leaders: BuildingLeaders, building: int, homes: list[int], nth: int) -> None:
        self.leaders = leaders
        self.model = leaders.model
        self.building = building
        self.doors = deque(homes)
        self.nth = nth
        self.going = False

    def joined(self, responder: Responder) -> None:
        """Walk there, and begin at the first door."""
        plan = self.model.plan
        walk_h = plan.walk_h(responder.place, self.building) if plan.moves else 0.0
        responder.place = plan.places[self.building]
        self.model.clock.call_later(walk_h, self._next, responder)

    def _next(self, responder: Responder) -> None:
        if self.going and self.doors:
            model = self.model
            model.tell("round_cut_short", model.population.building_names[self.building], len(self.doors))
        if self.going or not self.doors:
            self.leaders.running.discard(self.building)
            self.model.labour.free(responder)
            return
        unit = self.leaders.team.name
        self.model.authorities.when_granted("entry", unit, self._asks, responder, responder)

    def _asks(self, responder: Responder) -> None:
        home = self.doors.popleft()
        each = self.leaders.spec.each.at(self.model.chance.one("leader.door", home, self.nth))
        self.model.clock.call_later(each, self._at_door, (responder, home))

    def _at_door(self, turn: tuple[Responder, int]) -> None:
        responder, home = turn
        model, spec = self.model, self.leaders.spec
        model.homes.ask(home)
        if spec.topic is not None and model.information is not None:
            model.information.tell_household(home, spec.topic)
        for resident in model.homes.of(home):
            if model.attitudes is not None:
                model.attitudes.happen(resident, "leader_came")
        first = model.homes.of(home)[0]
        if model.mutual_help is not None and model.chance.one("leader.introduces", home, self.nth) < spec.introduces:
            model.mutual_help.introduce(first)
        self._next(responder)

    def relieve(self, responder: Responder) -> None:
        """End the round after the door in hand, or at a door that nobody may enter."""
        self.going = True
        if self.model.authorities.leaves(responder):
            self._next(responder)
