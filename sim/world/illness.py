"""Needs that falling ill leads to, drawn beforehand: who would come to need what, and how long after.

Whether somebody who falls ill comes to need something belongs to that person, so it is known before t = 0; whether
they fall ill, the run decides. Only the first illness of a person leads to needs.
"""

from __future__ import annotations

import numpy as np

from sim.chance import Chance
from sim.spec.scenario import Scenario
from sim.world.demand import Demand
from sim.world.epidemic import by_age
from sim.world.led import Led, with_led
from sim.world.population import Population

FIRST = 1 << 27
"""Needs that illness leads to are numbered from here."""


def with_illness(
    scenario: Scenario, population: Population, demand: Demand, chance: Chance
) -> tuple[Demand, dict[int, list[tuple[int, float]]]]:
    """Return the demand with the needs that illness would lead to, and for each resident (need, delay in hours)."""
    epidemic = scenario.world.epidemic
    symptoms = epidemic.symptoms if epidemic is not None else None
    if symptoms is None:
        return demand, {}
    who = np.arange(population.size)
    parts, delays = [], []
    for name, spec in symptoms.leads_to.items():
        share = by_age(population, spec.share, dict(spec.by_age))
        mine = who[chance.uniform(f"epidemic.leads.{name}", who) < share]
        parts.append(Led(name, mine, np.full(mine.size, FIRST)))
        delays.append(spec.delay.quantile(chance.uniform(f"epidemic.leads.{name}.delay", mine)))
    demand, first = with_led(demand, dict(scenario.world.needs), parts, chance)
    leads: dict[int, list[tuple[int, float]]] = {}
    for row, part, delay in zip(first, parts, delays, strict=True):
        for place, resident in enumerate(part.residents.tolist()):
            leads.setdefault(resident, []).append((row + place, float(delay[place])))
    return demand, leads
