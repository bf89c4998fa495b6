"""Outcomes of harm and fairness: what waiting costs those who wait, and how it is spread over groups and buildings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.need_outcomes import Selection
from analysis.run_outcomes import RUN_OUTCOMES, SMALLEST_GROUP, RunOutcome

if TYPE_CHECKING:
    from sim.records.result import Result

Rows = Iterator[tuple[str, str, float, float]]
Flags = npt.NDArray[np.bool_]
FEWEST_EVENTS = 5
"""A ratio to fewer events than this says nothing."""


def _deprivation(result: Result) -> Rows:
    """What waiting costs: ``cost`` × (2^(wait ÷ doubles) − 1), from onset to start, or to the end of the run.

    The factors of the groups that the resident is in multiply it; also shown for each group of enough residents.
    A deprivation cost grows faster than the wait (Holguín-Veras and others 2013, J. Oper. Manag. 31); here it doubles.
    """
    from scipy.special import exp2

    needs, harm = result.columns("needs"), result.raw["_run"]["deprivation"]
    kinds = needs["need_type"]
    stated = {code: harm[name] for code, name in enumerate(kinds.names) if name in harm}
    if not stated:
        return
    waits = np.where(np.isnan(needs["started_h"]), result.end_h, needs["started_h"]) - needs["onset_h"]
    costs, counted = np.zeros(waits.size), np.zeros(waits.size, bool)
    for code, (cost, doubles_h, by_group) in stated.items():
        mine = needs["cohort"] & (kinds.codes == code)
        each = cost * (exp2(waits[mine] / doubles_h) - 1)
        for group, factor in by_group.items():
            if group in result.groups:
                each[needs[f"in_{group}"][mine]] *= factor
        costs[mine], counted[mine] = each, True
        yield "need", kinds.names[code], float(each.sum()), float(mine.sum())
    for group in result.groups:
        if result.group_sizes[group] >= SMALLEST_GROUP:
            mine = counted & needs[f"in_{group}"]
            yield "group", group, float(costs[mine].sum()), float(mine.sum())
    yield "all", "all", float(costs[counted].sum()), float(counted.sum())


def _vulnerable(result: Result) -> tuple[Flags, Flags] | None:
    """Return the needs of the cohort of residents in any vulnerability group, and of the others; None for too few."""
    needs = result.columns("needs")
    sizes = [result.group_sizes.get(part, 0) for part in ("vulnerable", "others")]
    if not result.groups or min(sizes) < SMALLEST_GROUP:
        return None
    anyone = np.zeros(needs["cohort"].size, bool)
    for group in result.groups:
        anyone |= needs[f"in_{group}"]
    return needs["cohort"] & anyone, needs["cohort"] & ~anyone


def _wait_p90(result: Result, rows: Flags) -> float:
    nothing = np.full(len(result.columns("needs")["need_type"].names), np.nan)
    selection = Selection(result, np.flatnonzero(rows), nothing)
    return selection.waits().quantile(0.9) if selection.asked.sum() >= FEWEST_EVENTS else np.nan


def _wait_difference(result: Result) -> Rows:
    both = _vulnerable(result)
    if both is not None:
        yield "all", "all", _wait_p90(result, both[0]) - _wait_p90(result, both[1]), float(both[0].sum())


def _wait_ratio(result: Result) -> Rows:
    both = _vulnerable(result)
    if both is not None:
        others = _wait_p90(result, both[1])
        ratio = _wait_p90(result, both[0]) / others if others > 0 else np.nan
        yield "all", "all", ratio, float(both[0].sum())


def _buildings(result: Result) -> Rows:
    """The unmet share of the building where it is highest, less that where it is lowest."""
    needs = result.columns("needs")
    nothing = np.full(len(needs["need_type"].names), np.nan)
    unmet = Selection(result, np.arange(needs["cohort"].size), nothing).unmet()
    mine, codes = needs["cohort"], needs["building"].codes
    count = np.bincount(codes[mine], minlength=len(needs["building"].names))
    without = np.bincount(codes[mine & unmet], minlength=count.size)
    enough = count >= SMALLEST_GROUP
    if enough.sum() > 1:
        share = without[enough] / count[enough]
        yield "all", "all", float(share.max() - share.min()), float(enough.sum())


_add = RUN_OUTCOMES.add
_add(
    "deprivation_cost",
    RunOutcome("currency", "lower", "needs whose type states it", _deprivation, by=("all", "need", "group")),
)
_parts = "requests of residents in any vulnerability group, and of the others"
_add(
    "wait_p90_difference_vulnerable",
    RunOutcome("h", "lower", _parts, _wait_difference, parity=0.0),
)
_add(
    "wait_p90_ratio_vulnerable",
    RunOutcome("ratio", "lower", _parts, _wait_ratio, parity=1.0),
)
_add("unmet_range_buildings", RunOutcome("share", "lower", "buildings with ten needs or more", _buildings))
