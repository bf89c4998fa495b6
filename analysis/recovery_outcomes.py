"""Outcomes of recovery: how many were called on, and how many of those who still had their need were served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.run_outcomes import RUN_OUTCOMES, RunOutcome

if TYPE_CHECKING:
    from sim.records.result import Result

Rows = Iterator[tuple[str, str, float, float]]
NAN = float("nan")


def _called(result: Result, event: str) -> list[tuple[float, int, str]]:
    """Return (when, resident, need type) of the events of a kind."""
    log = result.columns("events")
    rows = np.flatnonzero(log["event"].decoded() == event)
    return [(float(log["t_h"][row]), int(log["subject"][row]), log["detail"][row]) for row in rows.tolist()]


def _revisits(result: Result) -> Rows:
    """Calls made, by the need type that they were about; nothing where recovery never began."""
    begun = (result.columns("events")["event"].decoded() == "recovery_begun").any()
    kinds = [kind for _, _, kind in _called(result, "revisited")]
    if begun:
        yield "all", "all", float(len(kinds)), 1.0
    for kind in dict.fromkeys(sorted(kinds)):
        yield "need", kind, float(kinds.count(kind)), 1.0


def _residual_met(result: Result) -> Rows:
    """Of the needs that a call found still there, the share served by the end."""
    found = set(_called(result, "still_needed"))
    if not found:
        return
    needs = result.columns("needs")
    types, parents = needs["need_type"], needs["parent"]
    rows = np.array([
        row for row in np.flatnonzero(~np.isnan(parents)).tolist()
        if (float(needs["onset_h"][row]), int(needs["resident"][row]), types.names[types.codes[row]]) in found
    ], np.int64)  # fmt: skip
    yield "all", "all", *_served(needs, rows)
    for code, name in enumerate(types.names):
        mine = rows[types.codes[rows] == code]
        if mine.size:
            yield "need", name, *_served(needs, mine)


def _served(needs: Any, rows: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Return the share of needs that are not unmet, and how many there are."""
    end = needs["end"].decoded()[rows]
    served = (end == "met") | ((end == "referred") & ~np.isnan(needs["started_h"][rows]))
    return (float(served.mean()) if rows.size else NAN), float(rows.size)


_add = RUN_OUTCOMES.add
_add("revisits", RunOutcome("calls", "neither", "runs", _revisits, by=("all", "need")))
_add("residual_met_share", RunOutcome("share", "higher", "needs found by revisits", _residual_met, by=("all", "need")))
