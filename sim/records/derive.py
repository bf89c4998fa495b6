"""The tables that follow from the stamps of a run: change points of units and queues, people's hours, gauges."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim import __version__
from sim.records.codes import MORE, NEVER_WENT, WAITS_AGAIN
from sim.records.columns import Columns, coded, words
from sim.records.spells import UNIT_MEASURES, change_points, queue_spells

if TYPE_CHECKING:
    from sim.records.result import Result

Floats = npt.NDArray[np.float64]


def _until(column: Floats, end_h: float) -> Floats:
    """Return an end that has come before the end of the run, else NaN."""
    until: Floats = np.where(column < end_h, column, np.nan)
    return until


def _units(result: Result) -> Columns:
    """One piece after the other, each unit and each desk, so that only one is worked on at a time."""
    visits, assignments, shifts, needs = (result.raw[name] for name in ("visits", "assignments", "shifts", "needs"))
    units, desks = visits["unit"].names, needs["desk"].names
    pieces: list[tuple[Floats, npt.NDArray[np.float32]]] = []
    for number in range(len(units)):
        v, a, s = (np.flatnonzero(table["unit"].codes == number) for table in (visits, assignments, shifts))
        spells = [
            (0, shifts["rostered_from_h"][s], _until(shifts["rostered_until_h"][s], result.end_h)),
            (1, shifts["rostered_from_h"][s], shifts["left_h"][s]),
            (2, visits["dispatched_h"][v], visits["ended_h"][v]),
            (2, assignments["start_h"][a], assignments["end_h"][a]),
        ]
        v = v[~np.isin(visits["outcome"].codes[v], NEVER_WENT)]
        under_way = np.isnan(visits["arrived_h"][v])
        if (under_way | (visits["arrived_h"][v] > visits["dispatched_h"][v])).any():
            spells.append((3, visits["dispatched_h"][v], visits["arrived_h"][v]))
        pieces.append(change_points(spells, len(UNIT_MEASURES)))
    queues = [change_points([(0, *queue_intervals(result, number))], 1) for number in range(len(desks))]
    sizes = [time.size for time, _ in pieces + queues]
    staffed = sum(sizes[: len(units)])
    columns: dict[str, Any] = {
        "name": coded(np.repeat(np.arange(len(sizes), dtype=np.int32), sizes), (*units, *desks)),
        "kind": coded(np.repeat(np.arange(len(sizes)) >= len(units), sizes), ("unit", "desk")),
        "t_h": np.concatenate([time for time, _ in pieces + queues]),
    }
    for k, measure in enumerate(UNIT_MEASURES):
        column = np.full(sum(sizes), np.nan, np.float32)
        column[:staffed] = np.concatenate([level[:, k] for _, level in pieces]) if pieces else 0
        columns[measure] = column
    queue = np.full(sum(sizes), np.nan, np.float32)
    queue[staffed:] = np.concatenate([level[:, 0] for _, level in queues])
    return {**columns, "queue": queue}


def queue_intervals(result: Result, desk: int | None = None) -> tuple[Floats, Floats]:
    """Return (begins, ends) of every time in queue at a desk (or at all), however it ended; NaN where it has not."""
    needs, visits = result.raw["needs"], result.raw["visits"]
    referred: Floats = needs["referred_h"]
    closed: Floats = needs["closed_h"]
    gone = np.where(np.isnan(referred), closed, referred)
    visited = np.bincount(visits["need"], minlength=closed.size) > 0
    sent: Floats = needs["dispatched_h"]
    gone = np.where(~visited & ~np.isnan(sent), sent, gone)  # ordered on line: it never waits at the desk
    sessions = np.array(result.raw["_run"]["sessions"], bool)
    outcome = visits["outcome"].codes
    is_case = sessions[needs["need_type"].codes[visits["need"]]] if visits["need"].size else np.empty(0, bool)
    again = np.isin(outcome, WAITS_AGAIN) | ((outcome == MORE) & ~is_case)
    here = needs["desk"].codes == desk if desk is not None else np.ones(len(needs["desk"]), bool)
    request = np.where(here, needs["requested_h"], np.nan)
    mine = here[visits["need"]]
    return queue_spells(
        visits["need"][mine].astype(np.int64),
        visits["dispatched_h"][mine],
        visits["ended_h"][mine],
        again[mine],
        request,
        gone,
    )


def _people(result: Result) -> Columns:
    who, visits, assignments, shifts = (result.raw[name] for name in ("_people", "visits", "assignments", "shifts"))
    count = len(who["unit"])
    end = result.end_h

    def total(person: npt.NDArray[np.int32], begin: Floats, until: Floats) -> Floats:
        length = np.where(np.isnan(until), end, np.minimum(until, end)) - begin
        return np.asarray(np.bincount(person, weights=np.maximum(np.nan_to_num(length), 0.0), minlength=count))

    visit_h = total(visits["person"], visits["dispatched_h"], visits["ended_h"])
    went = ~np.isin(visits["outcome"].codes, NEVER_WENT)
    travel_h = total(visits["person"][went], visits["dispatched_h"][went], visits["arrived_h"][went])
    work_h = total(assignments["person"], assignments["start_h"], assignments["end_h"])
    rostered_h = total(shifts["person"], shifts["rostered_from_h"], shifts["rostered_until_h"])
    on_duty_h = total(shifts["person"], shifts["rostered_from_h"], shifts["left_h"])
    # after the end of the roster people only finish: on duty there is busy there
    overtime_h = np.maximum(on_duty_h - rostered_h, 0.0)
    return {
        "person": np.arange(count, dtype=np.int32),
        "unit": who["unit"],
        "resident": who["resident"],
        "members": who["members"],
        "tier": who["tier"],
        "skills": who["skills"],
        "rostered_h": rostered_h,
        "on_duty_h": on_duty_h,
        "busy_h": visit_h + work_h,
        "busy_rostered_h": visit_h + work_h - overtime_h,
        "travel_h": travel_h,
        "overtime_h": overtime_h,
        "visits": np.bincount(visits["person"], minlength=count),
        "cost": on_duty_h * who["cost_per_h"],
        **{name: who[name] for name in ("capacity", "half_life_h", "identity")},
    }


def _gauges(result: Result) -> Columns:
    needs = result.raw["needs"]
    looks = np.arange(1, int(np.ceil(result.end_h / result.look_h - 1e-9)) + 1) * result.look_h
    looks = np.minimum(looks, result.end_h)
    begin, end = queue_intervals(result)
    onset, requested, closed = needs["onset_h"], needs["requested_h"], needs["closed_h"]
    asked = ~np.isnan(requested)
    levels: dict[str, npt.NDArray[Any]] = {
        "waiting": _level(begin, end, looks),
        "open": _level(onset, closed, looks),
        "known": _level(requested[asked], closed[asked], looks),
    }
    return {
        "t_h": np.repeat(looks, len(levels)),
        "gauge": coded(np.tile(np.arange(len(levels)), looks.size), tuple(levels)),
        "value": np.column_stack(list(levels.values())).ravel().astype(np.float64),
    }


def _level(begin: Floats, end: Floats, at: Floats) -> npt.NDArray[Any]:
    """Return how many spells have begun and not ended at each of the sorted moments ``at``."""
    begun = np.bincount(np.searchsorted(at, begin), minlength=at.size + 1)
    ended = np.bincount(np.searchsorted(at, end[end == end]), minlength=at.size + 1)
    return np.cumsum(begun - ended)[: at.size]


def _runs(result: Result) -> Columns:
    run = result.raw["_run"]
    return {
        "scenario": words([result.scenario]),
        "seed": np.array([result.seed]),
        "version": words([__version__]),
        "residents": np.array([run["residents"]]),
        "needs": np.array([result.raw["needs"]["need"].size]),
        "wall_s": np.array([run.get("wall_s", np.nan)]),
        "cpu_s": np.array([run.get("cpu_s", np.nan)]),
        "peak_mb": np.array([run.get("peak_mb", np.nan)]),
        "status": words(["done"]),
        "error": [""],
    }


DERIVED: dict[str, Callable[[Result], Columns]] = {
    "units": _units,
    "people": _people,
    "gauges": _gauges,
    "runs": _runs,
}
"""How each table that is not written down follows from those that are."""
