"""From a finished model to the tables of its people: what strained and relieved them."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.records.codes import MET_BY
from sim.records.columns import Columns, coded, words
from sim.response.attitudes import CAUSES as ATTITUDE_CAUSES
from sim.response.funds import KINDS
from sim.response.strain import CAUSES
from sim.spec.attitudes import STATES
from sim.spec.strain import LOADS, RELIEFS

if TYPE_CHECKING:
    from sim.model import CrisisModel

NOTICE, DOOR = ATTITUDE_CAUSES.index("notice"), len(ATTITUDE_CAUSES)
SOURCES = ("client", "organisation", "institution", "hours")
_SOURCE = [SOURCES.index((LOADS | RELIEFS).get(cause, "hours")) for cause in CAUSES]


def people_accounts(
    model: CrisisModel, number: npt.NDArray[np.int64], unit_of: npt.NDArray[np.int64]
) -> dict[str, Columns]:
    """Return the tables of people; ``number`` maps candidates to rows of needs, ``unit_of`` people to units."""
    return {
        "funds": _funds(model),
        "applications": _applications(model),
        "alarms": _alarms(model),
        "attitudes": _attitudes(model),
        "help": _help(model, number),
        "residents": _residents(model),
        "strain": _strain(model, number, unit_of),
    }


def conditions(model: CrisisModel) -> Columns:
    """Return what is each person's own about strain, drawn before the beginning; NaN where strain is not modelled."""
    of = model.strains.of if model.strains is not None else {}
    own = [of.get(person) for person in model.people]
    return {
        "capacity": np.array([np.nan if it is None else it.first_capacity for it in own], np.float64),
        "half_life_h": np.array([np.nan if it is None or it.half_life == inf else it.half_life for it in own]),
        "identity": np.array([np.nan if it is None else it.first_identity for it in own], np.float64),
    }


def _funds(model: CrisisModel) -> Columns:
    rows = model.funds.rows.array() if model.funds is not None else np.empty((0, 4))
    return {
        "t_h": rows[:, 0].copy(),
        "kind": coded(rows[:, 1], KINDS),
        "amount": rows[:, 2].copy(),
        "balance": rows[:, 3].copy(),
    }


def _applications(model: CrisisModel) -> Columns:
    """Return what was asked of those outside, and what they answered."""
    made = model.outside.applications
    answers = {None: "", True: "given", False: "declined"}

    def times(stamp: str) -> npt.NDArray[np.float64]:
        return np.array([getattr(application, stamp) for application in made], np.float64)

    return {
        "actor": words([application.actor for application in made]),
        "about": words([application.about for application in made]),
        "unit": words([application.unit for application in made]),
        **{stamp: times(stamp) for stamp in ("asked_h", "taken_up_h", "answered_h")},
        "answer": words([answers[application.given] for application in made]),
        "arrived_h": times("arrived_h"),
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
    rows = np.column_stack([rows, np.full(len(rows), -1)])
    topics: tuple[str, ...] = ()
    if model.information is not None:
        when, resident, at_door, topic = model.information.aware().T
        aware, to_one = np.full(when.size, len(STATES)), np.ones(when.size)
        heard = np.column_stack([when, resident, aware, np.where(at_door, DOOR, NOTICE), to_one, to_one, topic])
        rows, topics = np.concatenate([rows, heard]), tuple(model.information.heard)
    rows = rows[np.lexsort((np.arange(len(rows)), rows[:, 2], rows[:, 1]))]
    return {
        "t_h": rows[:, 0].copy(),
        "resident": rows[:, 1].astype(np.int32),
        "state": coded(rows[:, 2], (*STATES, "aware")),
        "cause": coded(rows[:, 3], (*ATTITUDE_CAUSES, "door")),
        "topic": coded(rows[:, 6], topics),
        "change": rows[:, 4].copy(),
        "value": rows[:, 5].copy(),
    }


def _help(model: CrisisModel, number: npt.NDArray[np.int64]) -> Columns:
    rows = model.mutual_help.rows.array() if model.mutual_help is not None else np.empty((0, 6))
    need = number[rows[:, 0].astype(np.int64)]
    rows, need = rows[np.argsort(need)], np.sort(need)
    return {
        "need": need.astype(np.int32),
        "helper": rows[:, 1].astype(np.int32),
        "resident": rows[:, 2].astype(np.int32),
        "by": coded(rows[:, 3].astype(np.int64) - 1, MET_BY[1:]),
        "start_h": rows[:, 4].copy(),
        "end_h": np.where(rows[:, 5] < model.spec.end_h, rows[:, 5], np.nan),
    }


def _residents(model: CrisisModel) -> Columns:
    """Return how the crisis leaves residents: a table that another scenario can begin from."""
    population, attitudes = model.population, model.attitudes
    modelled = attitudes is not None or model.mutual_help is not None
    who = np.arange(population.size if modelled else 0, dtype=np.int32)

    def state(name: str) -> npt.NDArray[np.float64]:
        there = attitudes is not None and name in attitudes.specs
        return attitudes.value[name][: who.size].copy() if there else np.full(who.size, np.nan)  # type: ignore[union-attr]

    home = population.building[: who.size]
    return {
        "resident": who,
        "household": population.household[: who.size],
        "building": coded(home, population.building_names),
        "zone": coded(population.zone[: who.size], population.zone_names),
        "x_m": population.building_x_m[home].astype(np.float64),
        "y_m": population.building_y_m[home].astype(np.float64),
        "age": population.age[: who.size].copy(),
        **{name: state(name) for name in STATES},
        **_neighbours(model, who.size),
        **{name: flags[: who.size].copy() for name, flags in population.groups.items()},
    }


def _neighbours(model: CrisisModel, size: int) -> Columns:
    """Return whom each resident knows, how many, and how many of them well."""
    help_ = model.mutual_help
    if help_ is None:
        return {"ties": np.full(size, np.nan), "close": np.full(size, np.nan), "knows": [None] * size}
    known = [help_.ties(resident) for resident in range(size)]
    return {
        "ties": np.array([len(row) for row in known], np.float64),
        "close": np.array([help_.close(resident) for resident in range(size)], np.float64),
        "knows": ["+".join(map(str, row)) for row in known],
    }


def _strain(model: CrisisModel, number: npt.NDArray[np.int64], unit_of: npt.NDArray[np.int64]) -> Columns:
    rows = model.strains.rows.array() if model.strains is not None else np.empty((0, 8))
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
        "identity": rows[:, 7].copy(),
        "need": np.where(need < 0, np.nan, number[need]),
    }
