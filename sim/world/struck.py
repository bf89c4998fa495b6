"""Needs that hazards lead to where they strike: whose and when, drawn beforehand.

Levels are known before the run, and so is when they first pass a height at a building, and who of those there comes to
need something. Each time that the level rises over the height is another time, with luck of its own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sim.chance import Chance
from sim.spec.local_hazards import Local, Poisoning, Strikes
from sim.spec.scenario import Scenario
from sim.world.demand import Demand
from sim.world.epidemic import by_age
from sim.world.led import Led, with_led
from sim.world.population import Population
from sim.world.rates import Rates

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
FIRST = 1 << 26
"""Needs that hazards lead to are numbered from here, by hazard and time."""


def with_struck(
    scenario: Scenario, rates: Rates, demand: Demand, chance: Chance
) -> tuple[Demand, list[tuple[float, int]]]:
    """Return the demand with the needs that hazards lead to, and (onset in hours, need) of each, in order of time."""
    population = rates.population
    parts: list[Led] = []
    onsets: list[Floats] = []
    for number, (name, hazard) in enumerate(scenario.world.hazards.items()):
        if isinstance(hazard, Poisoning):
            who = ill(name, hazard, population, chance)
            onset = hazard.at + hazard.incubation.quantile(chance.uniform(f"hazard.{name}.incubation", who))
            for need, share in hazard.leads_to.items():
                mine = chance.uniform(f"hazard.{name}.leads.{need}", who) < share
                parts.append(Led(need, who[mine], np.full(int(mine.sum()), FIRST + (number << 12))))
                onsets.append(onset[mine])
        elif isinstance(hazard, Local):
            for need, spec in hazard.leads_to.items():
                rows, times, nth = _struck(name, need, spec, rates, scenario.end_h, chance)
                parts.append(Led(need, rows, FIRST + (number << 12) + nth))
                onsets.append(times)
    demand, first = with_led(demand, dict(scenario.world.needs), parts, chance)
    when = [
        (float(time), row + place)
        for row, times in zip(first, onsets, strict=True)
        for place, time in enumerate(times.tolist())
        if time < scenario.end_h
    ]
    return demand, sorted(when)


def ill(name: str, hazard: Poisoning, population: Population, chance: Chance) -> Rows:
    """Return the residents whom a meal makes ill."""
    who = np.arange(population.size)
    there = np.ones(population.size, bool)
    if hazard.zones:
        there &= np.isin(population.zone, [population.zone_names.index(z) for z in hazard.zones])
    if hazard.groups:
        there &= population.in_any(hazard.groups)
    ate = chance.uniform(f"hazard.{name}.eats", who) < hazard.eats
    return who[there & ate & (chance.uniform(f"hazard.{name}.attack", who) < hazard.attack)]


def _struck(
    name: str, need: str, spec: Strikes, rates: Rates, end_h: float, chance: Chance
) -> tuple[Rows, Floats, Rows]:
    """Return (resident, onset, how manyth time) of the needs of one type that a hazard leads to."""
    population = rates.population
    share = by_age(population, spec.share, dict(spec.by_age))
    one_of = {
        "resident": np.arange(population.size),
        "household": population.household,
        "building": population.building,
    }
    group = np.asarray(one_of[spec.of], np.int64)
    rows, times, numbers = [np.empty(0, np.int64)], [np.empty(0)], [np.empty(0, np.int64)]
    for building, spells in rates.strengths[name].levels.above(spec.over, end_h).items():
        here = np.flatnonzero(population.building == building)
        here = here[np.unique(group[here], return_index=True)[1]] if spec.of != "resident" else here
        for nth, (begin, _) in enumerate(spells):
            luck = chance.uniform(f"hazard.{name}.leads.{need}", group[here], nth)
            mine = here[luck < share[here]]
            delay = spec.delay.quantile(chance.uniform(f"hazard.{name}.leads.{need}.delay", group[mine], nth))
            rows.append(mine)
            times.append(begin + delay)
            numbers.append(np.full(mine.size, nth))
    return np.concatenate(rows), np.concatenate(times), np.concatenate(numbers)
