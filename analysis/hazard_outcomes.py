"""Outcomes of hazards and phases: how long utilities were out, how long each phase lasted, visits that found no way.

Hours count from the start to the end of the run, follow-up too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from analysis.run_outcomes import BY_UNIT, RUN_OUTCOMES, RunOutcome
from sim.spec.community import PHASES

if TYPE_CHECKING:
    from sim.records.result import Result

Rows = Iterator[tuple[str, str, float, float]]


def _outages(result: Result) -> Rows:
    """Hours that each utility was out, and of all together; one still out is out until the end.

    What begins an outage is known before the run, so a utility goes out in every run or in none.
    """
    events = result.columns("events")
    codes, kinds = events["event"].codes, events["event"].names
    if "outage" not in kinds:
        return
    out = codes == kinds.index("outage")
    back = codes == (kinds.index("repaired") if "repaired" in kinds else -1)
    rows = np.flatnonzero(out | back)
    times, out = events["t_h"][rows], out[rows]
    subjects = np.array([events["subject"][row] for row in rows.tolist()])
    names = list(dict.fromkeys(subjects[out].tolist()))
    total = 0.0
    for name in names:
        mine = subjects == name
        begun, ended = times[mine & out], times[mine & ~out]
        hours = float(ended.sum() - begun.sum()) + (begun.size - ended.size) * result.end_h
        total += hours
        yield "outage", name, hours, float(begun.size)
    yield "all", "all", total, float(len(names))


def _phases(result: Result) -> Rows:
    """Hours in each phase; 0 in one that was never entered."""
    table = result.columns("phases")
    lasted, entered = table["end_h"] - table["begin_h"], table["phase"].decoded()
    for phase in PHASES if lasted.size else ():
        yield "phase", phase, float(lasted[entered == phase].sum()), float((entered == phase).sum())


def _blocked(result: Result) -> Rows:
    """Share of visits that ended before the door, because there was no way to it."""
    visits = result.columns("visits")
    outcome = visits["outcome"]
    blocked = outcome.codes == outcome.names.index("blocked")
    if not blocked.size:
        return
    yield "all", "all", float(blocked.mean()), float(blocked.size)
    for code, name in enumerate(visits["unit"].names):
        here = visits["unit"].codes == code
        if here.any():
            yield "unit", name, float(blocked[here].mean()), float(here.sum())


_add = RUN_OUTCOMES.add
_add("outage_h", RunOutcome("h", "lower", "times it went out", _outages, by=("all", "outage")))
_add("phase_h", RunOutcome("h", "neither", "times it was entered", _phases, by=("phase",)))
_add("blocked_share", RunOutcome("share", "lower", "visits", _blocked, by=BY_UNIT))
