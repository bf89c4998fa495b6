"""What hazards with a level do while the clock runs: ways, utilities, stores, who can work, and who is harmed.

When the level passes a height at a building is known beforehand (``sim.world.levels``); here each passing takes effect.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sim.response.outages import DAMAGE
from sim.response.ways import Ways
from sim.spec.local_hazards import Local, Poisoning
from sim.world.levels import Levels
from sim.world.struck import ill

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.model import CrisisModel
    from sim.response.responders import Responder
    from sim.response.stock import Depot

Struck = list[tuple[float, int]]
"""(onset in hours, need) of the needs that hazards lead to."""


class LocalHazards:
    """Let the hazards of the world act."""

    def __init__(self, model: CrisisModel, struck: Struck) -> None:
        self.model = model
        self.clock = model.clock
        self.struck = struck
        hazards = model.world.hazards.items()
        self.local = {name: hazard for name, hazard in hazards if isinstance(hazard, Local)}
        self.meals = {name: hazard for name, hazard in hazards if isinstance(hazard, Poisoning)}
        self.ways = Ways(model)
        self.at_home: Counter[int] = Counter()
        """Hazards that keep people at home, by building."""
        self.out: Counter[str] = Counter()
        """Buildings at which a hazard keeps people out, by hazard."""
        self.kept: dict[Responder, tuple[int, int]] = {}
        """(day, number) of the shift that each was kept from."""
        self.above: Counter[tuple[str, str]] = Counter()
        """Buildings at which a hazard cuts something, by (what it cuts, hazard)."""

    def begin(self) -> None:
        """Set the moments at which levels pass heights, and those of the needs they lead to."""
        for onset_h, need in self.struck:
            self.clock.call_at(onset_h, self._needs, need)
        for name, hazard in self.local.items():
            self._plan(name, hazard, self.model.rates.strengths[name].levels)
        for name, meal in self.meals.items():
            self._plan_meal(name, meal)

    def _plan(self, name: str, hazard: Local, levels: Levels) -> None:
        end_h = self.model.spec.end_h

        def spells(
            over: float | None, on: Callable[[Any], object], off: Callable[[Any], object], what: Any, first: int = 1
        ) -> None:
            for building, times in (levels.above(over, end_h) if over is not None else {}).items():
                for begin, end in times:
                    self.clock.call_at(begin, on, (what, building), first)
                    if end < end_h:
                        self.clock.call_at(end, off, (what, building))

        spells(hazard.blocks_over, self._close_way, self._open_way, name)
        # people are kept before anything else at that moment brings somebody in
        spells(hazard.keeps_home_over, self._keep_home, self._let_out, name, 0)
        spells(hazard.keeps_out_over, self._keep_out, self._let_in, name, 0)
        for outage, cut in hazard.cuts.items():
            spells(cut.over, self._cut, self._mend, (outage, name, cut.damaged))
        if hazard.closes_stores_over is not None:
            near = {depot: self._nearest(depot) for depot in self.model.depots.depots}
            above = levels.above(hazard.closes_stores_over, end_h)
            for depot, building in near.items():
                for begin, end in above.get(building, []):
                    self._close_store(depot, begin, end)

    def _plan_meal(self, name: str, meal: Poisoning) -> None:
        depots = {depot.name: depot for depot in self.model.depots.depots}
        begin = meal.at + meal.closed_after
        for store in meal.closes:
            self._close_store(depots[store], begin, begin + meal.closed_for)
        if meal.away is None or self.model.dwellings is None:
            return
        for row in ill(name, meal, self.model.population, self.model.chance).tolist():
            for person in self.model.dwellings.workers.get(row, ()):
                onset = meal.at + meal.incubation.at(self.model.chance.one(f"hazard.{name}.incubation", row))
                away_h = meal.away.at(self.model.chance.one(f"hazard.{name}.away", row))
                if onset < self.model.spec.end_h:
                    self.clock.call_at(onset, self._ill, (person, away_h))

    def _needs(self, need: int) -> None:
        self.model.book.onset[need] = self.clock.now
        self.model.requests.begins(need, self.clock.now)

    def _ill(self, turn: tuple[Responder, float]) -> None:
        person, away_h = turn
        self.model.tell("ill", str(person.number), person.team.name)
        self.model.roster.coming.leave_for(person, away_h)

    # -- ways, utilities, stores ------------------------------------------------------------------------------------

    def _close_way(self, place: tuple[str, int]) -> None:
        self.ways.close(place[1], place[0])

    def _open_way(self, place: tuple[str, int]) -> None:
        self.ways.open(place[1], place[0])

    def _cut(self, place: tuple[tuple[str, str, bool], int]) -> None:
        outage, hazard, damaged = place[0]
        self.above[outage, hazard] += 1
        if self.above[outage, hazard] == 1:
            self.model.outages.cut(outage, f"hazard {hazard}")
            if damaged:
                self.model.outages.cut(outage, DAMAGE)

    def _mend(self, place: tuple[tuple[str, str, bool], int]) -> None:
        outage, hazard, _ = place[0]
        self.above[outage, hazard] -= 1
        if not self.above[outage, hazard]:
            self.model.outages.over(outage, f"hazard {hazard}")

    def _nearest(self, depot: Depot) -> int:
        """Return the building next to a store."""
        metres = [self.model.plan.metres(depot.place, b) for b in range(len(self.model.population.building_names))]
        return metres.index(min(metres))

    def _close_store(self, depot: Depot, begin_h: float, end_h: float) -> None:
        if begin_h < self.model.spec.end_h:
            self.clock.call_at(begin_h, self.model.depots.close, depot)
        if end_h < self.model.spec.end_h:
            self.clock.call_at(end_h, self.model.depots.reopen, depot)

    # -- who can work -----------------------------------------------------------------------------------------------

    def _keep_home(self, place: tuple[str, int]) -> None:
        self.at_home[place[1]] += 1

    def _let_out(self, place: tuple[str, int]) -> None:
        self.at_home[place[1]] -= 1
        self._fill()

    def _keep_out(self, place: tuple[str, int]) -> None:
        self.out[place[0]] += 1

    def _let_in(self, place: tuple[str, int]) -> None:
        self.out[place[0]] -= 1
        self._fill()

    def _fill(self) -> None:
        """Let those come who are kept no more: around the clock, or in the middle of their shift."""
        roster = self.model.roster
        for team in self.model.teams.values():
            if team.spec.shift is None:
                roster.fill(team)
        for person in sorted(self.kept, key=lambda person: person.number):
            if not self.keeps_away(person):
                turn = self.kept.pop(person)
                if not person.on_duty and roster.presence.comes(person.team, person.index, *turn):
                    roster.coming.join_shift(person.team, person)

    def keeps_away(self, person: Responder) -> bool:
        """Tell whether a hazard keeps somebody from coming to work."""
        dwellings, spec = self.model.dwellings, person.team.spec
        if spec.remote or dwellings is None:
            return False
        building = dwellings.building(person)
        if building is not None:
            return self.at_home[building] > 0
        return any(count > 0 and name not in spec.crosses for name, count in self.out.items())
