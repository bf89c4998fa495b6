"""Needs that something leads to while the clock runs, as rows behind the demand that wait to begin."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sim.chance import Chance
from sim.spec.needs import Need
from sim.world.demand import CAUSED, Demand, details

Rows = npt.NDArray[np.int64]


class Led(NamedTuple):
    """Needs of one type: whose, and numbers by which their draws are told from others of the same resident."""

    name: str
    residents: Rows
    numbers: Rows


def with_led(demand: Demand, needs: dict[str, Need], parts: list[Led], chance: Chance) -> tuple[Demand, list[int]]:
    """Return the demand with these needs behind it, without an onset, and the first row of each part."""
    if not parts:
        return demand, []
    first, size = [], demand.size
    columns: list[dict[str, npt.NDArray[Any]]] = []
    for part in parts:
        kind = demand.type_names.index(part.name)
        nothing, mark = np.zeros(part.residents.size), np.full(part.residents.size, CAUSED)
        need = needs[part.name]
        columns.append(details(kind, part.name, need, nothing, part.residents, part.numbers, mark, chance))
        first.append(size)
        size += part.residents.size
    return behind(demand, columns), first


def behind(demand: Demand, parts: list[dict[str, npt.NDArray[Any]]]) -> Demand:
    """Return the demand with rows behind it, as ``details`` gives them, that have no onset yet."""
    whole = {
        key: np.concatenate([getattr(demand, key), *(part[key] for part in parts)])
        for key in ("need_type", "resident", "nth", "onset_h", "request_h", "patience_h", "service_h", "mark")
    }
    whole["onset_h"][demand.size :] = np.nan
    for column in whole.values():
        column.setflags(write=False)
    return Demand(type_names=demand.type_names, **whole)
