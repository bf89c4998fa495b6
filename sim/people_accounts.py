"""From a finished model to the tables of its people: what strained and relieved them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.records.columns import Columns, coded
from sim.response.strain import CAUSES
from sim.spec.strain import LOADS, RELIEFS

if TYPE_CHECKING:
    from sim.model import CrisisModel

SOURCES = ("client", "organisation", "institution", "hours")
_SOURCE = [SOURCES.index((LOADS | RELIEFS).get(cause, "hours")) for cause in CAUSES]


def people_accounts(
    model: CrisisModel, number: npt.NDArray[np.int64], unit_of: npt.NDArray[np.int64]
) -> dict[str, Columns]:
    """Return the tables of people; ``number`` maps candidates to rows of needs, ``unit_of`` people to units."""
    return {"strain": _strain(model, number, unit_of)}


def _strain(model: CrisisModel, number: npt.NDArray[np.int64], unit_of: npt.NDArray[np.int64]) -> Columns:
    rows = model.strains.rows.array() if model.strains is not None else np.empty((0, 7))
    rows = rows[np.lexsort((np.arange(len(rows)), rows[:, 1]))]
    person = rows[:, 1].astype(np.int32)
    need = rows[:, 6].astype(np.int64)
    return {
        "t_h": rows[:, 0].copy(),
        "person": person,
        "unit": coded(unit_of[person], tuple(model.teams)),
        "cause": coded(rows[:, 2], CAUSES),
        "source": coded(np.array(_SOURCE, np.int64)[rows[:, 2].astype(np.int64)], SOURCES),
        "change": rows[:, 3].copy(),
        "strain": rows[:, 4].copy(),
        "capacity": rows[:, 5].copy(),
        "need": np.where(need < 0, np.nan, number[need]),
    }
