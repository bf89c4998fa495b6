"""People sent to doors for a round of invitations: to look for who has not come, and to bring who cannot walk.

A way that a hazard has cut is found out by who walks there. Its doors are left out, and come back to at the end of the
round if the way is open then; else nobody has been there. The list of doors needs authority, and each door. Also the
one who counts who has come.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from sim.response.labour import Claim, Job
from sim.response.responders import Responder

if TYPE_CHECKING:
    from sim.response.rounds import Rounds
    from sim.spec.distributions import Distribution
    from sim.spec.invitations import Fetch, Recall


class DoorRound(Job):
    """Some people share a list of doors; a subclass says what happens at each."""

    def __init__(self, rounds: Rounds, kind: str, unit: str, people: int, each: Distribution) -> None:
        self.rounds = rounds
        self.model = rounds.model
        self.kind = f"{kind}.{rounds.site.name}"
        self.goes_by = kind, rounds.site.name
        self.stream = f"site.{rounds.site.name}.{kind}"
        self.team = self.model.teams[unit]
        self.people = people
        self.each = each
        self.nth = 0
        self.doors: deque[tuple[int, list[int]]] = deque()
        """(household, visitors) of the doors to come."""
        self.cut_off: list[tuple[int, list[int]]] = []
        """Doors left out, since it is known that there is no way to them."""
        self.busy: set[Responder] = set()
        self.going: set[Responder] = set()
        self.hands: dict[Responder, tuple[int, list[int]]] = {}
        """The door at which somebody waits for authority to enter."""
        self.claims: list[Claim] = []
        self.begun = self.over = False

    def fill(self, visitors: list[int], *, together: bool) -> None:
        """List the doors of visitors: one for a household, or one for each."""
        population, column = self.model.population, self.rounds.site.columns["resident"]
        doors: dict[int, list[int]] = {}
        for visitor in visitors:
            household = int(population.household[int(column[visitor])])
            doors.setdefault(household if together else visitor, []).append(visitor)
        for members in doors.values():
            self.doors.append((int(population.household[int(column[members[0]])]), members))

    def begin(self) -> None:
        """Ask for people, once the list may be used."""
        self.model.authorities.when_granted("data", self.team.name, self._begin, None)

    def _begin(self, _nothing: None) -> None:
        self.begun = True
        self.claims = [self.model.labour.ask(self.team, self) for _ in range(min(self.people, len(self.doors)))]

    def joined(self, responder: Responder) -> None:
        """Go to the next door."""
        if not self._any_left():
            self.model.labour.free(responder)
            self._end_if_done()
            return
        household, visitors = self.doors.popleft()
        self.busy.add(responder)
        plan, resident, building = self.model.plan, self._resident(visitors), self._building(visitors)
        walk_h = plan.walk_h(responder.place, building) if plan.moves else 0.0
        responder.place = plan.places[building]
        luck = self.model.chance.one(self.stream, resident, self.rounds.site.round, self.nth)
        done_h = self.model.clock.now + (walk_h + self.each.at(luck))
        door = responder, household, visitors
        if self.model.local_hazards is None and self.model.authorities.free("entry", self.team.name):
            self.model.clock.call_at(done_h, self._done, door)
        else:
            self.model.clock.call_later(walk_h, self._arrived, (door, done_h))

    def _resident(self, visitors: list[int]) -> int:
        return int(self.rounds.site.columns["resident"][visitors[0]])

    def _building(self, visitors: list[int]) -> int:
        return int(self.model.population.building[self._resident(visitors)])

    def _arrived(self, turn: tuple[tuple[Responder, int, list[int]], float]) -> None:
        """Be at the door, or find out that there is no way to it."""
        door, done_h = turn
        responder, household, visitors = door
        building, hazards = self._building(visitors), self.model.local_hazards
        if hazards is None or hazards.ways.passable(building, self.team):
            self.hands[responder] = household, visitors
            since = door, done_h, self.model.clock.now
            self.model.authorities.when_granted("entry", self.team.name, self._let_in, since, responder)
            if responder in self.going:
                self.relieve(responder)
            return
        hazards.ways.found_cut(building)
        self.busy.discard(responder)
        self.cut_off.append((household, visitors))
        self._go_on(responder)

    def _let_in(self, turn: tuple[tuple[Responder, int, list[int]], float, float]) -> None:
        """Do what is to be done at a door, as much later as it was waited for."""
        door, done_h, since_h = turn
        del self.hands[door[0]]
        self.model.clock.call_at(done_h + (self.model.clock.now - since_h), self._done, door)

    def _any_left(self) -> bool:
        """Tell whether there is a door to go to; those behind a cut way come last, if the way is open by then."""
        hazards = self.model.local_hazards
        if hazards is None:
            return bool(self.doors)
        while self.doors and not hazards.ways.may_be_sent(self._building(self.doors[0][1]), self.team):
            self.cut_off.append(self.doors.popleft())
        if not self.doors:
            open_now = [hazards.ways.may_be_sent(self._building(door[1]), self.team) for door in self.cut_off]
            self.doors.extend(door for door, may in zip(self.cut_off, open_now, strict=True) if may)
            self.cut_off = [door for door, may in zip(self.cut_off, open_now, strict=True) if not may]
        return bool(self.doors)

    def _done(self, door: tuple[Responder, int, list[int]]) -> None:
        responder, household, visitors = door
        self.busy.discard(responder)
        self.at_door(household, visitors)
        self._go_on(responder)

    def _go_on(self, responder: Responder) -> None:
        """Take the next door, or let somebody go who is to be relieved."""
        if responder in self.going:
            self.going.discard(responder)
            self.model.labour.free(responder)
            if self._any_left():
                self.claims.append(self.model.labour.ask(self.team, self))
            self._end_if_done()
        else:
            self.joined(responder)

    def relieve(self, responder: Responder) -> None:
        """Let somebody go after the door they are at, or at once where they may not enter."""
        self.going.add(responder)
        if self.model.authorities.leaves(responder):
            self.busy.discard(responder)
            self.doors.appendleft(self.hands.pop(responder))
            self._go_on(responder)

    def _end_if_done(self) -> None:
        if self.doors or self.busy or self.over:
            return
        self.over = True
        self.model.labour.withdraw(self.claims)
        if self.cut_off:
            self.model.tell("doors_not_reached", self.kind, len(self.cut_off))
        self.end()

    def at_door(self, household: int, visitors: list[int]) -> None:
        """Do what the round is for."""
        raise NotImplementedError

    def end(self) -> None:
        """Go on when all doors are done."""


class RecallRound(DoorRound):
    """Look for those who have not come."""

    def __init__(self, rounds: Rounds, spec: Recall, missing: list[int]) -> None:
        super().__init__(rounds, "recall", spec.unit, spec.people, spec.each)
        self.spec = spec
        self.nth = rounds.recalls_left
        self.fill(missing, together=True)

    def at_door(self, household: int, visitors: list[int]) -> None:
        """Tell who opens; they come."""
        stream = f"site.{self.rounds.site.name}.at_home"
        if self.model.chance.one(stream, household, self.rounds.site.round, self.nth) >= self.spec.at_home:
            return
        if self.model.information is not None:
            self.model.information.tell_household(household, self.rounds.site.name)
        for visitor in visitors:
            self.rounds.found(visitor)

    def end(self) -> None:
        """Look who is still missing."""
        self.rounds.recalled()


class FetchRound(DoorRound):
    """Bring those who cannot come by themselves, one after the other."""

    def __init__(self, rounds: Rounds, spec: Fetch, visitors: list[int]) -> None:
        super().__init__(rounds, "fetch", spec.unit, spec.helpers, spec.each)
        self.fill(visitors, together=False)

    def more(self, visitors: list[int]) -> None:
        """Have more people to bring, with the helpers there are."""
        self.fill(visitors, together=False)
        if not self.begun:
            return
        there = len(self.busy) + sum(claim.open for claim in self.claims)
        for _ in range(min(self.people, len(self.doors)) - there):
            self.claims.append(self.model.labour.ask(self.team, self))

    def at_door(self, _household: int, visitors: list[int]) -> None:
        """Be at the site with somebody."""
        for visitor in visitors:
            self.rounds.found(visitor)

    def end(self) -> None:
        """Have nobody left to bring."""
        self.rounds.helping = None
        self.rounds.look()


class CountJob(Job):
    """Somebody counts who has come."""

    def __init__(self, rounds: Rounds) -> None:
        self.rounds = rounds
        self.kind = f"count.{rounds.site.name}"
        self.goes_by = "count", rounds.site.name

    def begin(self) -> None:
        """Ask for somebody."""
        assert self.rounds.spec.count is not None
        self.rounds.model.labour.ask(self.rounds.model.teams[self.rounds.spec.count.unit], self)

    def joined(self, responder: Responder) -> None:
        """Count."""
        count, site = self.rounds.spec.count, self.rounds.site
        assert count is not None
        luck = self.rounds.model.chance.one(f"site.{site.name}.count", site.round)
        self.rounds.clock.call_later(count.takes.at(luck), self._counted, responder)

    def _counted(self, responder: Responder) -> None:
        self.rounds.model.labour.free(responder)
        self.rounds.counted()

    def relieve(self, responder: Responder) -> None:
        """Finish counting first."""
