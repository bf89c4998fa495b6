"""The rate of each type of need: base, groups, phases, hazards and injects, for residents at times.

What is known beforehand gives a rate outright. What depends on the state of the run gives the highest rate that can
come, with which candidates are drawn, and the share of it at each moment, by which they are decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from sim.chance import Chance
from sim.errors import LawBroken
from sim.spec.changes import Change
from sim.spec.needs import Need
from sim.spec.patches import changed
from sim.spec.scenario import Scenario, World
from sim.world.decided import phases_by_state
from sim.world.hazards import Strength
from sim.world.population import Population

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Worlds = list[tuple[float, World]]
"""A world from each moment on."""


class Rates:
    """Give the rate of each need type for residents at times, for one world or a sequence of timed worlds."""

    def __init__(self, scenario: Scenario, population: Population, chance: Chance) -> None:
        self.population = population
        life_cycle = scenario.world.life_cycle
        self.spells = life_cycle.spells() if life_cycle is not None else ()
        self.phases = phases_by_state(scenario) or tuple(phase for _, phase in self.spells)
        """Phases that may come."""
        self.strengths = {
            name: Strength(name, hazard, population, chance) for name, hazard in scenario.world.hazards.items()
        }
        self.scenario = scenario
        self._worlds: dict[tuple[Change, ...], Worlds] = {}
        self._at_one: dict[int, tuple[Need, float]] = {}
        self.worlds = self.worlds_after(())

    def worlds_after(self, done: tuple[Change, ...]) -> Worlds:
        """Return the world from each timed inject on, with conditional injects that have happened on top."""
        if done not in self._worlds:
            injects = [i for i in self.scenario.world.injects if i.at is not None and i.at < self.scenario.end_h]
            here, in_time = self.scenario, [(0.0, self.scenario)]
            for inject in sorted(injects, key=lambda i: i.at or 0.0):
                here = changed(here, "world", inject)
                in_time.append((inject.at or 0.0, here))
            worlds = []
            for begin, scenario in in_time:
                on_top = scenario
                for inject in done:
                    on_top = changed(on_top, "world", inject)
                worlds.append((begin, on_top.world))
            self._worlds[done] = worlds
        return self._worlds[done]

    def drivers(self, name: str) -> list[Strength]:
        """Return the hazards that drive a need type."""
        return [s for s in self.strengths.values() if s.hazard.drives is None or name in s.hazard.drives]

    def base(self, need: Need) -> tuple[Floats, float]:
        """Return (weight of each resident, rate an hour at weight 1)."""
        weight = self.population.factor(need.rate_by_group)
        if need.per_hour is not None:
            total = float(weight.sum())
            return weight, need.per_hour / total if total > 0 else 0.0
        return weight, (need.per_1000_day or 0.0) / 24_000

    def at_one(self, need: Need) -> float:
        """Return the rate an hour at weight 1; found once a need, since candidates ask for it one by one."""
        if id(need) not in self._at_one:  # the need is kept, so that no other one can have its id
            self._at_one[id(need)] = need, self.base(need)[1]
        return self._at_one[id(need)][1]

    def phase_factor(self, need: Need, time_h: Floats, phase: str | None = None) -> Floats:
        """Return the factor of the phase at each time: of the one that is now, or as the timetable has it."""
        if phase is not None:
            return np.full(time_h.size, need.by_phase.get(phase, 1.0))
        if not self.spells or not need.by_phase:
            return np.ones(time_h.size)
        factors = np.array([need.by_phase.get(phase, 1.0) for _, phase in self.spells])
        return factors[np.searchsorted([begin for begin, _ in self.spells], time_h, side="right") - 1]

    def intensity(self, name: str, time_h: Floats, resident: Rows) -> Floats:
        """Return the sum of the intensities of the hazards that drive a type; 1 where none does."""
        drivers = self.drivers(name)
        if not drivers:
            return np.ones(time_h.size)
        return np.sum([driver.intensity(time_h, resident) for driver in drivers], axis=0)

    def constant(self, name: str) -> bool:
        """Tell whether a type's rate is the same from beginning to end."""
        return (
            len(self.worlds) == 1
            and not self.drivers(name)
            and not (self.spells and self.worlds[0][1].needs[name].by_phase)
        )

    def bound(self, name: str, conditional: Sequence[Change] = ()) -> float:
        """Return the highest rate an hour of a resident at weight 1, whichever conditional injects happen."""
        subsets = [done for size in range(len(conditional) + 1) for done in combinations(conditional, size)]
        worlds = [world for done in subsets for _, world in self.worlds_after(done)]
        strongest = sum(driver.bound() for driver in self.drivers(name)) if self.drivers(name) else 1.0
        return strongest * max(
            self.base(world.needs[name])[1]
            * max((world.needs[name].by_phase.get(phase, 1.0) for phase in self.phases), default=1.0)
            for world in worlds
        )

    def most(self, name: str, conditional: Sequence[Change]) -> float:
        """Return that bound with the most that states of residents can add."""
        return self.bound(name, conditional) * (1 + sum(self.scenario.world.needs[name].more_with.values()))

    def share(
        self,
        name: str,
        bound: float,
        time_h: Floats,
        resident: Rows,
        done: tuple[Change, ...] = (),
        phase: str | None = None,
    ) -> Floats:
        """Return the rate at each time as a share of the bound, after the conditional injects that have happened."""
        rate = np.zeros(time_h.size)
        worlds = self.worlds_after(done)
        ends = [begin for begin, _ in worlds[1:]] + [np.inf]
        for (begin, of_time), end in zip(worlds, ends, strict=True):
            now = (time_h >= begin) & (time_h < end)
            need = of_time.needs[name]
            rate[now] = self.at_one(need) * self.phase_factor(need, time_h[now], phase)
        share = rate * self.intensity(name, time_h, resident) / bound
        if share.size and share.max() > 1 + 1e-9:
            raise LawBroken(
                f"the rate of {name!r} is {share.max():.3g} times the bound that its candidates were drawn with"
            )
        return share
