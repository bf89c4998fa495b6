"""Needs that falling ill leads to, drawn beforehand: who would come to need what, and how long after.

Whether somebody who falls ill comes to need something belongs to that person, so it is known before t = 0; whether
they fall ill, the run decides. Only the first illness of a person leads to needs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sim.chance import Chance
from sim.spec.scenario import Scenario
from sim.world.demand import CAUSED, Demand, details
from sim.world.epidemic import by_age
from sim.world.population import Population

FIRST = 1 << 27
"""Needs that illness leads to are numbered from here."""


def with_illness(
    scenario: Scenario, population: Population, demand: Demand, chance: Chance
) -> tuple[Demand, dict[int, list[tuple[int, float]]]]:
    """Return the demand with the needs that illness would lead to, and for each resident (need, delay in hours)."""
    epidemic = scenario.world.epidemic
    symptoms = epidemic.symptoms if epidemic is not None else None
    if symptoms is None or not symptoms.leads_to:
        return demand, {}
    who = np.arange(population.size)
    parts: list[dict[str, npt.NDArray[Any]]] = []
    leads: dict[int, list[tuple[int, float]]] = {}
    size = demand.size
    for name, spec in symptoms.leads_to.items():
        share = by_age(population, spec.share, dict(spec.by_age))
        mine = who[chance.uniform(f"epidemic.leads.{name}", who) < share]
        delay = spec.delay.quantile(chance.uniform(f"epidemic.leads.{name}.delay", mine))
        kind, number = demand.type_names.index(name), np.full(mine.size, FIRST)
        nothing, mark = np.zeros(mine.size), np.full(mine.size, CAUSED)
        parts.append(details(kind, name, scenario.world.needs[name], nothing, mine, number, mark, chance))
        for place, resident in enumerate(mine.tolist()):
            leads.setdefault(resident, []).append((size + place, float(delay[place])))
        size += mine.size
    columns = {
        key: np.concatenate([getattr(demand, key), *(part[key] for part in parts)])
        for key in ("need_type", "resident", "nth", "onset_h", "request_h", "patience_h", "service_h", "mark")
    }
    columns["onset_h"][demand.size :] = np.nan
    for column in columns.values():
        column.setflags(write=False)
    return Demand(type_names=demand.type_names, **columns), leads
