"""Outcomes of an epidemic: who was infected and where, how many at once, and until when there were cases outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from analysis.run_outcomes import RUN_OUTCOMES, RunOutcome

if TYPE_CHECKING:
    from sim.records.result import Result

Rows = Iterator[tuple[str, str, float, float]]


def _infections(result: Result) -> Rows:
    """Residents infected, and by where."""
    table = result.columns("infections")
    residents = _residents(result)
    if not residents:
        return
    mine = ~np.isnan(table["resident"])
    yield "all", "all", float(mine.sum()), residents
    layer = table["layer"]
    for code, name in enumerate(layer.names):
        yield "layer", name, float((mine & (layer.codes == code)).sum()), residents


def _attack(result: Result) -> Rows:
    """Residents ever infected, as a share of all."""
    table = result.columns("infections")
    residents = _residents(result)
    if residents:
        yield "all", "all", float((table["episode"][~np.isnan(table["resident"])] == 1).sum()) / residents, residents


def _of_responders(result: Result) -> Rows:
    table = result.columns("infections")
    if _residents(result):
        yield "all", "all", float((~np.isnan(table["person"])).sum()), 1.0


def _falling_ill(result: Result) -> Rows:
    table = result.columns("infections")
    if _residents(result):
        yield "all", "all", float((~np.isnan(table["ill_h"])).sum()), float(table["ill_h"].size)


def _peak(result: Result) -> tuple[float, float]:
    """Return (most residents infectious at once, when)."""
    table = result.columns("infections")
    mine = ~np.isnan(table["resident"]) & ~np.isnan(table["infectious_h"])
    begins = table["infectious_h"][mine]
    ends = np.where(np.isnan(table["recovered_h"][mine]), np.inf, table["recovered_h"][mine])
    times = np.concatenate([begins, ends])
    steps = np.concatenate([np.ones(begins.size), -np.ones(ends.size)])
    order = np.lexsort((steps, times))
    level = np.cumsum(steps[order])
    if not level.size:
        return 0.0, np.nan
    at = int(level.argmax())
    return float(level[at]), float(times[order][at])


def _peak_size(result: Result) -> Rows:
    if residents := _residents(result):
        yield "all", "all", _peak(result)[0], residents


def _peak_time(result: Result) -> Rows:
    when = _peak(result)[1] if _residents(result) else np.nan
    if when == when:
        yield "all", "all", when, 1.0


def _last_outside(result: Result) -> Rows:
    """The last moment at which somebody was infectious and not in isolation; null where that is the end of the run."""
    table = result.columns("infections")
    begins = table["infectious_h"]
    ends = np.fmin(np.where(np.isnan(table["recovered_h"]), result.end_h, table["recovered_h"]), table["isolated_h"])
    outside = begins < ends
    if not _residents(result) or not outside.any():
        return
    last = float(ends[outside].max())
    if last < result.end_h:
        yield "all", "all", last, float(outside.sum())


def _residents(result: Result) -> float:
    """Return how many residents there are; 0 without an epidemic."""
    run = result.raw["_run"]
    return float(run["residents"]) if run["epidemic"] else 0.0


_add = RUN_OUTCOMES.add
_add("infections", RunOutcome("infections", "lower", "residents", _infections))
_add("attack_share", RunOutcome("share", "lower", "residents", _attack))
_add("infections_of_responders", RunOutcome("infections", "lower", "runs", _of_responders))
_add("illnesses", RunOutcome("illnesses", "lower", "infections", _falling_ill))
_add("infectious_peak", RunOutcome("residents", "lower", "residents", _peak_size))
_add("infectious_peak_h", RunOutcome("h since start", "neither", "runs with an infectious resident", _peak_time))
_add("last_outside_h", RunOutcome("h since start", "lower", "runs in which it ends", _last_outside))
