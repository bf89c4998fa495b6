"""Needs that other needs lead to, drawn beforehand: which need would lead to which, and after how long.

Whether a need leads to another belongs to that need, so it is known before t = 0; when it does, the run decides. Each
such need stands in the demand without an onset, after all others, until the need before it has ended as it must.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.chance import Chance
from sim.errors import InputError, Problem
from sim.spec.needs import LeadsTo
from sim.spec.scenario import Scenario
from sim.spec.sizes import MOST_NEEDS
from sim.world.demand import CAUSED, Demand, details
from sim.world.led import behind

Ints = npt.NDArray[np.int64]
MOST_GENERATIONS = 2_000
FIRST = 1 << 28
"""Needs that others lead to are numbered from here, by what they come from."""


@dataclass(frozen=True)
class Cause:
    """A need that another may lead to."""

    child: int
    spec: LeadsTo
    delay_h: float


def with_caused(scenario: Scenario, demand: Demand, chance: Chance) -> tuple[Demand, dict[int, list[Cause]], Ints]:
    """Return the demand with the needs that others would lead to, those by their parent, and each need's parent."""
    needs = scenario.world.needs
    if not any(need.leads_to for need in needs.values()):
        return demand, {}, np.empty(0, np.int64)
    names = tuple(needs)
    parts: list[dict[str, npt.NDArray[Any]]] = []
    causes: dict[int, list[Cause]] = {}
    parents = [np.full(demand.size, -1)]
    size = demand.size
    rows, kinds, residents, numbers = np.arange(size), demand.need_type, demand.resident, demand.nth
    for _ in range(MOST_GENERATIONS):
        fresh: list[dict[str, npt.NDArray[Any]]] = []
        for kind, name in enumerate(names):
            for ordinal, (other, spec) in enumerate(needs[name].leads_to.items()):
                mine = np.flatnonzero(kinds == kind)
                resident, nth = residents[mine].astype(np.int64), numbers[mine].astype(np.int64)
                if mine.size:
                    leads = chance.uniform(f"need.{name}.leads.{other}", resident, nth) < spec.share
                    mine, resident, nth = mine[leads], resident[leads], nth[leads]
                if not mine.size:
                    continue
                number = FIRST + _mixed(kind, ordinal, nth)
                nothing = np.zeros(mine.size)
                part = details(
                    names.index(other),
                    other,
                    needs[other],
                    nothing,
                    resident,
                    number,
                    np.full(mine.size, CAUSED),
                    chance,
                )
                delay = spec.delay.quantile(chance.uniform(f"need.{name}.leads.{other}.delay", resident, nth))
                for place, parent in enumerate(rows[mine].tolist()):
                    causes.setdefault(parent, []).append(Cause(size + place, spec, float(delay[place])))
                parents.append(rows[mine])
                size += mine.size
                fresh.append(part)
        if not fresh:
            break
        if size > MOST_NEEDS:
            raise InputError(scenario.name, [Problem("world.needs", f"at most {MOST_NEEDS:,} needs are wanted")])
        parts += fresh
        kinds, residents, numbers = (
            np.concatenate([part[key] for part in fresh]) for key in ("need_type", "resident", "nth")
        )
        rows = np.arange(size - kinds.size, size)
    else:
        raise InputError(
            scenario.name, [Problem("world.needs", "needs that lead to others without end: smaller shares are wanted")]
        )
    if not parts:
        return demand, {}, np.empty(0, np.int64)
    return behind(demand, parts), causes, np.concatenate(parents)


def _mixed(kind: int, ordinal: int, nth: Ints) -> Ints:
    """Return a number of 28 bits for what a need comes from: two that agree would only share their luck."""
    mixed = (nth * 0x9E3779B1 + kind * 0x85EBCA6B + ordinal * 0xC2B2AE35 + 1) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 15)) * 0x2C1B3C6D) & 0xFFFFFFFF
    return np.asarray((mixed ^ (mixed >> 12)) & (FIRST - 1), np.int64)
