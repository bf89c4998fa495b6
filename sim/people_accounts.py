"""From a finished model to the tables of its people: what strained and relieved them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.records.columns import Columns, coded, words
from sim.response.attitudes import CAUSES as ATTITUDE_CAUSES
from sim.response.funds import KINDS
from sim.response.strain import CAUSES
from sim.spec.attitudes import STATES
from sim.spec.strain import LOADS, RELIEFS

if TYPE_CHECKING:
    from sim.model import CrisisModel

SOURCES = ("client", "organisation", "institution", "hours")
_SOURCE = [SOURCES.index((LOADS | RELIEFS).get(cause, "hours")) for cause in CAUSES]


def people_accounts(
    model: CrisisModel, number: npt.NDArray[np.int64], unit_of: npt.NDArray[np.int64]
) -> dict[str, Columns]:
    """Return the tables of people; ``number`` maps candidates to rows of needs, ``unit_of`` people to units."""
    return {
        "funds": _funds(model),
        "alarms": _alarms(model),
        "attitudes": _attitudes(model),
        "residents": _residents(model),
        "strain": _strain(model, number, unit_of),
    }


def _funds(model: CrisisModel) -> Columns:
    rows = model.funds.rows.array() if model.funds is not None else np.empty((0, 4))
    return {
        "t_h": rows[:, 0].copy(),
        "kind": coded(rows[:, 1], KINDS),
        "amount": rows[:, 2].copy(),
        "balance": rows[:, 3].copy(),
    }


def _alarms(model: CrisisModel) -> Columns:
    watch = model.early_warning
    began = [watch.began_h(alarm.detector) for alarm in watch.alarms]
    came = [watch.came(alarm) for alarm in watch.alarms]
    return {
        "detector": words([alarm.detector for alarm in watch.alarms]),
        "raised_h": np.array([alarm.raised_h for alarm in watch.alarms], np.float64),
        "cleared_h": np.array([alarm.cleared_h for alarm in watch.alarms], np.float64),
        "seen": np.array([alarm.seen for alarm in watch.alarms], np.float64),
        "warns_of": words([watch.detectors[alarm.detector].warns_of or "" for alarm in watch.alarms]),
        "began_h": np.array([time if time < np.inf else np.nan for time in began], np.float64),
        "came": np.array([np.nan if there is None else float(there) for there in came], np.float64),
    }


def _attitudes(model: CrisisModel) -> Columns:
    rows = model.attitudes.rows.array() if model.attitudes is not None else np.empty((0, 6))
    rows = rows[np.lexsort((np.arange(len(rows)), rows[:, 2], rows[:, 1]))]
    return {
        "t_h": rows[:, 0].copy(),
        "resident": rows[:, 1].astype(np.int32),
        "state": coded(rows[:, 2], STATES),
        "cause": coded(rows[:, 3], ATTITUDE_CAUSES),
        "change": rows[:, 4].copy(),
        "value": rows[:, 5].copy(),
    }


def _residents(model: CrisisModel) -> Columns:
    """Return how the crisis leaves residents: a table that another scenario can begin from."""
    population, attitudes = model.population, model.attitudes
    modelled = attitudes is not None or model.mutual_help is not None
    who = np.arange(population.size if modelled else 0, dtype=np.int32)

    def state(name: str) -> npt.NDArray[np.float64]:
        there = attitudes is not None and name in attitudes.specs
        return attitudes.value[name][: who.size].copy() if there else np.full(who.size, np.nan)  # type: ignore[union-attr]

    ties = model.mutual_help.count() if model.mutual_help is not None else np.full(who.size, np.nan)
    return {
        "resident": who,
        "household": population.household[: who.size],
        "building": coded(population.building[: who.size], population.building_names),
        "zone": coded(population.zone[: who.size], population.zone_names),
        **{name: state(name) for name in STATES},
        "ties": np.array(ties, np.float64),
    }


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
