"""The scenario of an event: each request of the log is a need at its own time, and crews serve first come first."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.backtest.events import Event
from sim.records.result import Result
from sim.spec.backtest import Backtest
from sim.spec.patches import validate
from sim.spec.scenario import Scenario

Floats = npt.NDArray[np.float64]
FOLLOW_UP_D = 60
"""Days after the window in which crews may still come: longer ones are short of every target."""
RESIDENTS = 1000
"""Nobody travels and each need comes from the log, so that who has it changes nothing."""


def scenario(asked: Backtest, log: Path, event: Event, crews: int, at_once: float) -> Scenario:
    """Return the scenario of an event with so many crews; a share of its requests, closed at once, needs none."""
    data = asked.model_dump(mode="json", by_alias=True)
    begins = event.begins - timedelta(hours=asked.warm_up)
    start = begins.isoformat()
    source = {"file": str(log.resolve()), "column": asked.log.created, "only": data["log"]["only"]}
    ends_h = asked.warm_up + float(event.created_h[-1]) + 1 / 60  # what comes in after the window is not the event's
    need: dict[str, Any] = {
        "per_hour": 1 - at_once,
        "urgency": 2,
        "service": data["crews"]["service"],
        "target": data["target"],
    }
    unit = {
        "function": "engineering",
        "members": "staff",
        "count": crews,
        "shift": _shift(data["crews"]["shift"], crews),
    }
    whole: dict[str, Any] = {
        "name": f"{asked.backtest}-{event.name}"[:63],
        "title": f"{event.name}: requests of a log, served first come, first served",
        "start": start,
        "warm_up": f"{asked.warm_up} h",
        "horizon": f"{asked.warm_up + 24 * event.days} h",
        "follow_up": f"{FOLLOW_UP_D} d",
        "world": {
            "community": {"residents": RESIDENTS, "households": RESIDENTS // 2, "buildings": 1},
            "hazards": {
                "event": {
                    "kind": "surge",
                    "ends": f"{ends_h} h",
                    "log": {**source, "start": start, "replay": True},
                }
            },
            "needs": {"request": need},
        },
        "response": {
            "organisation": {"units": {"crews": unit}},
            "desks": {"desk": {"triage": "first_come"}},
        },
    }
    return validate(whole, f"the scenario of {event.name}")


def _shift(shift: Any, crews: int) -> Any:
    return {"hours": shift, "count": crews} if isinstance(shift, str) else {**shift, "count": crews}


def visited(result: Result, event: Event, warm_up_h: float) -> Floats:
    """Return when the crew of each request of an event was done, from one run, in hours since the event began.

    NaN for a request that needs no visit; infinite for one whose visit has not ended.
    """
    needs = result.columns("needs")
    onset = np.asarray(needs["onset_h"], np.float64) - warm_up_h
    closed = np.asarray(needs["closed_h"], np.float64) - warm_up_h
    order = np.argsort(onset, kind="stable")
    onset, closed = onset[order], closed[order]
    done = np.full(event.created_h.size, np.nan)
    # The run has the log's own moments, less those that need no visit. Requests of the same moment are alike.
    row = 0
    moments = np.round(event.created_h, 6)
    for number, moment in enumerate(moments):
        if row < onset.size and abs(onset[row] - moment) < 1e-5:
            done[number] = closed[row] if np.isfinite(closed[row]) else np.inf
            row += 1
    if row != onset.size:
        msg = f"{onset.size - row} needs of the run are no requests of {event.name}"
        raise AssertionError(msg)
    return done
