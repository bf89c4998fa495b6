"""Outcomes of early warning and preparation: alarms, false ones, how long before or after, and what it all cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from analysis.run_outcomes import RUN_OUTCOMES, RunOutcome

if TYPE_CHECKING:
    from sim.records.result import Result

Rows = Iterator[tuple[str, str, float, float]]


def _alarms(result: Result) -> Rows:
    """Alarms raised, by detector."""
    table = result.columns("alarms")
    names = result.raw["_run"]["detectors"]
    if names:
        yield "all", "all", float(table["raised_h"].size), 1.0
    for name in names:
        yield "detector", name, float((table["detector"].decoded() == name).sum()), 1.0


def _false(result: Result) -> Rows:
    """Alarms taken back without that of which they warned."""
    table = result.columns("alarms")
    if result.raw["_run"]["detectors"]:
        yield "all", "all", float((table["came"] == 0).sum()), float(table["raised_h"].size)


def _after(result: Result) -> Rows:
    """From the beginning of what a detector warns of to its first alarm that was not false; negative before it."""
    table = result.columns("alarms")
    for name, began in result.raw["_run"]["warned_h"].items():
        true = (table["detector"].decoded() == name) & (table["came"] == 1)
        if true.any():
            yield "detector", name, float(table["raised_h"][true].min()) - began, 1.0


def _missed(result: Result) -> Rows:
    """Detectors that never raised a true alarm though what they warn of came."""
    table = result.columns("alarms")
    warned = {name: began for name, began in result.raw["_run"]["warned_h"].items() if began < np.inf}
    if warned:
        true = set(table["detector"].decoded()[table["came"] == 1].tolist())
        yield "all", "all", float(len(set(warned) - true)), float(len(warned))


def _prepared(result: Result) -> Rows:
    cost = float(result.raw["_run"]["preparation_cost"])
    if cost:
        yield "all", "all", cost, 1.0


def _total(result: Result) -> Rows:
    """Hours on duty, goods and preparation together; what has no price costs nothing."""
    hours = float(np.nansum(result.columns("people")["cost"]))
    goods = sum(value for by, _, value, _ in RUN_OUTCOMES["goods_cost"].of(result) if by == "item" and value == value)
    yield "all", "all", hours + goods + float(result.raw["_run"]["preparation_cost"]), 1.0


_add = RUN_OUTCOMES.add
_add("alarms", RunOutcome("alarms", "neither", "runs", _alarms, by=("all", "detector")))
_add("false_alarms", RunOutcome("alarms", "lower", "alarms", _false))
_add("alarm_after_h", RunOutcome("h", "lower", "detectors with a true alarm", _after, by=("detector",)))
_add("missed_alarms", RunOutcome("detectors", "lower", "detectors of what came", _missed))
_add("preparation_cost", RunOutcome("currency", "lower", "runs", _prepared))
_add("total_cost", RunOutcome("currency", "lower", "runs", _total))
