"""Needs that are still there when recovery begins, drawn beforehand: which unmet need would be asked for anew.

Whether a need outlasts the crisis belongs to that need, so it is known before t = 0; whether it ended unmet, and
whether somebody comes to ask, the run decides. Each stands in the demand without an onset, behind all others, and
behind these what they in turn would lead to.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import numpy.typing as npt

from sim.chance import Chance
from sim.errors import InputError, Problem
from sim.spec.scenario import Scenario
from sim.spec.sizes import MOST_NEEDS
from sim.world.caused import Cause, with_caused
from sim.world.demand import Demand
from sim.world.led import Led, behind, with_led

Ints = npt.NDArray[np.int64]
Causes = dict[int, list[Cause]]
FIRST = 1 << 29
"""Residual needs are numbered from here, each by the number of the need that it is the rest of."""
COLUMNS = tuple(field.name for field in fields(Demand) if field.name != "type_names")


def with_residual(
    scenario: Scenario, demand: Demand, causes: Causes, parents: Ints, chance: Chance
) -> tuple[Demand, Causes, Ints, dict[int, int]]:
    """Return demand, causes and parents with the residual needs in them, and for each old need the row of its rest."""
    recovery = scenario.response.recovery
    revisits = recovery.revisits if recovery is not None else None
    parts: list[Led] = []
    old: list[Ints] = []
    for name in dict.fromkeys(revisits.needs) if revisits is not None else ():
        mine = np.flatnonzero(demand.need_type == demand.type_names.index(name))
        if revisits is None or not mine.size:
            continue
        resident, nth = demand.resident[mine].astype(np.int64), demand.nth[mine].astype(np.int64)
        still = chance.uniform(f"need.{name}.still", resident, nth) < revisits.still
        parts.append(Led(name, resident[still], FIRST + nth[still]))
        old.append(mine[still])
    if not any(part.residents.size for part in parts):
        return demand, causes, parents, {}
    size = demand.size
    demand, _ = with_led(demand, dict(scenario.world.needs), parts, chance)
    tail = Demand(type_names=demand.type_names, **{name: getattr(demand, name)[size:] for name in COLUMNS})
    more, further, theirs = with_caused(scenario, tail, chance)
    led = np.empty(0, np.int64)
    if further:
        demand = behind(demand, [{name: getattr(more, name)[tail.size :] for name in COLUMNS}])
        shifted = {
            need + size: [replace(cause, child=cause.child + size) for cause in led] for need, led in further.items()
        }
        causes, led = {**causes, **shifted}, theirs[tail.size :] + size
    if demand.size > MOST_NEEDS:
        raise InputError(scenario.name, [Problem("world.needs", f"at most {MOST_NEEDS:,} needs are wanted")])
    before = np.concatenate(old)
    whole = np.concatenate([parents if parents.size else np.full(size, -1), before, led])
    return demand, causes, whole, {need: size + place for place, need in enumerate(before.tolist())}
