"""The tables that follow from the stamps of a run: change points of units and queues, people's hours, gauges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim import __version__
from sim.records.codes import MORE, WRONG_SKILL
from sim.records.columns import Columns, coded, words
from sim.records.spells import UNIT_MEASURES, change_points, queue_spells

if TYPE_CHECKING:
    from sim.records.result import Result

Floats = npt.NDArray[np.float64]


def derived(result: Result) -> dict[str, Columns]:
    """Return the tables that follow from what was written down."""
    return {"units": _units(result), "people": _people(result), "gauges": _gauges(result), "runs": _runs(result)}


def _until(column: Floats, end_h: float) -> Floats:
    """Return an end that has come before the end of the run, else NaN."""
    until: Floats = np.where(column < end_h, column, np.nan)
    return until


def _units(result: Result) -> Columns:
    visits, assignments, shifts, needs = (result.raw[name] for name in ("visits", "assignments", "shifts", "needs"))
    names: list[str] = []
    kinds: list[str] = []
    times: list[Floats] = []
    levels: list[npt.NDArray[np.int64]] = []
    travels = bool((visits["arrived_h"] > visits["dispatched_h"]).any())
    for number, name in enumerate(visits["unit"].names):
        v = np.flatnonzero(visits["unit"].codes == number)
        a = np.flatnonzero(assignments["unit"].codes == number)
        s = np.flatnonzero(shifts["unit"].codes == number)
        spells = [
            (0, shifts["rostered_from_h"][s], _until(shifts["rostered_until_h"][s], result.end_h)),
            (1, shifts["rostered_from_h"][s], shifts["left_h"][s]),
            (2, visits["dispatched_h"][v], visits["ended_h"][v]),
            (2, assignments["start_h"][a], assignments["end_h"][a]),
        ]
        if travels:
            spells.append((3, visits["dispatched_h"][v], visits["arrived_h"][v]))
        time, level = change_points(spells, len(UNIT_MEASURES))
        names.append(name)
        kinds.append("unit")
        times.append(time)
        levels.append(np.column_stack([level, np.full(time.size, -1)]))
    for number, name in enumerate(needs["desk"].names):
        begin, end = queue_intervals(result, number)
        time, level = change_points([(0, begin, end)], 1)
        names.append(name)
        kinds.append("desk")
        times.append(time)
        levels.append(np.column_stack([np.full((time.size, len(UNIT_MEASURES)), -1), level]))
    which = np.repeat(np.arange(len(names)), [time.size for time in times])
    level = np.concatenate(levels) if levels else np.empty((0, 5), np.int64)
    kind_codes = np.array([kind == "desk" for kind in kinds], np.int32)
    measured = {}
    for k, measure in enumerate((*UNIT_MEASURES, "queue")):
        column = level[:, k].astype(np.float64)
        column[column < 0] = np.nan
        measured[measure] = column
    return {
        "name": coded(which, tuple(names)),
        "kind": coded(kind_codes[which], ("unit", "desk")),
        "t_h": np.concatenate(times) if times else np.empty(0),
        **measured,
    }


def queue_intervals(result: Result, desk: int | None = None) -> tuple[Floats, Floats]:
    """Return (begins, ends) of every time in queue at a desk (or at all), however it ended; NaN where it has not."""
    needs, visits = result.raw["needs"], result.raw["visits"]
    referred: Floats = needs["referred_h"]
    closed: Floats = needs["closed_h"]
    gone = np.where(np.isnan(referred), closed, referred)
    sessions = np.array(result.raw["_run"]["sessions"], bool)
    outcome = visits["outcome"].codes
    is_case = sessions[needs["need_type"].codes[visits["need"]]] if visits["need"].size else np.empty(0, bool)
    again = (outcome == WRONG_SKILL) | ((outcome == MORE) & ~is_case)
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
    travel_h = total(visits["person"], visits["dispatched_h"], visits["arrived_h"])
    work_h = total(assignments["person"], assignments["start_h"], assignments["end_h"])
    rostered_h = total(shifts["person"], shifts["rostered_from_h"], shifts["rostered_until_h"])
    on_duty_h = total(shifts["person"], shifts["rostered_from_h"], shifts["left_h"])
    # after the end of the roster people only finish: on duty there is busy there
    overtime_h = np.maximum(on_duty_h - rostered_h, 0.0)
    return {
        "person": np.arange(count, dtype=np.int32),
        "unit": who["unit"],
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
    }


def _gauges(result: Result) -> Columns:
    needs = result.raw["needs"]
    looks = np.arange(1, int(np.ceil(result.end_h / result.look_h - 1e-9)) + 1) * result.look_h
    looks = np.minimum(looks, result.end_h)
    begin, end = queue_intervals(result)
    onset, requested, closed = needs["onset_h"], needs["requested_h"], needs["closed_h"]
    levels: dict[str, npt.NDArray[Any]] = {
        "waiting": _level(begin, end, looks),
        "open": _level(onset, closed, looks),
        "known": _level(requested[~np.isnan(requested)], closed[~np.isnan(requested)], looks),
    }
    return {
        "t_h": np.repeat(looks, len(levels)),
        "gauge": coded(np.tile(np.arange(len(levels)), looks.size), tuple(levels)),
        "value": np.column_stack(list(levels.values())).ravel().astype(np.float64),
    }


def _level(begin: Floats, end: Floats, at: Floats) -> npt.NDArray[Any]:
    begun = np.searchsorted(np.sort(begin), at, side="right")
    ended = np.searchsorted(np.sort(end[end == end]), at, side="right")
    return np.asarray(begun - ended)


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
