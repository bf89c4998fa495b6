"""Firstline on the workload: a scenario in its own words, run with every table recorded and written.

Twelve need types carry the product of the four types and the three urgencies. Reading the scenario is not timed;
drawing the inputs, running, deriving all tables and writing them as Parquet are.
"""

from __future__ import annotations

import math
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.engines import _cli
from benchmarks.workload import HOURS_PER_DAY, Shift, Workload

if TYPE_CHECKING:
    from benchmarks.engines._tally import Outcome
    from sim.spec.scenario import Scenario


def scenario_data(workload: Workload, *, rest: bool = False) -> dict[str, Any]:
    """Return the workload as a scenario; with ``rest`` travel, reporting delay, supplies and follow-up are added."""
    per_hour = workload.residents * workload.needs_per_day / HOURS_PER_DAY
    needs = {}
    for t, kind in enumerate(workload.types, start=1):
        for u, urgency in enumerate(workload.urgencies, start=1):
            needs[f"type{t}_urgency{u}"] = {
                "per_hour": per_hour * kind.share * urgency.share,
                "urgency": u,
                "skill": workload.pools[kind.pool],
                "service": {"dist": "lognormal", "mean": f"{workload.service_mean_h!r} h", "cv": workload.service_cv},
                "patience": {"dist": "exponential", "mean": f"{urgency.patience_mean_h!r} h"},
            } | (_rest_of_need(workload.pools[kind.pool]) if rest else {})
    units = {
        pool: {
            "function": "logistics" if pool == "delivery" else "casework",
            "members": "volunteer",
            "count": sum(workload.on_duty(shift)[k] for shift in workload.shifts),
            "skills": [pool],
            "shift": [_shift(workload, number, k) for number in range(len(workload.shifts))],
            "handover": "replace",
        }
        for k, pool in enumerate(workload.pools)
    }
    data: dict[str, Any] = {
        "name": "benchmark",
        "horizon": f"{workload.days} d",
        "follow_up": "3 d" if rest else "0 h",
        "world": {"community": {"residents": workload.residents, "buildings": 24}, "needs": needs},
        "response": {"organisation": {"units": units}},
    }
    if rest:
        data["response"] |= {"travel": {"speed_km_h": 4.8}, "supplies": {"store": _store(workload)}}
    return data


def _shift(workload: Workload, number: int, pool: int) -> dict[str, Any]:
    shift: Shift = workload.shifts[number]
    after = workload.shifts[(number + 1) % len(workload.shifts)]
    hours = f"{int(shift.begin_h):02d}:00-{int(after.begin_h):02d}:00"
    return {"hours": hours, "count": workload.on_duty(shift)[pool]}


def _rest_of_need(pool: str) -> dict[str, Any]:
    items = {"items": {"parcel": 1}} if pool == "delivery" else {}
    return {"reporting_delay": {"dist": "exponential", "mean": "30 min"}, **items}


def _store(workload: Workload) -> dict[str, Any]:
    day = math.ceil(workload.residents * workload.needs_per_day)
    return {
        "stock": {"parcel": 2 * day},
        "policy": {"reorder_point": day, "order_quantity": day},
        "lead_time": {"dist": "gamma", "mean": "18 h", "cv": 0.3},
    }


@lru_cache(maxsize=4)
def _scenario(residents: int, staff: int, *, rest: bool) -> Scenario:
    from sim.spec.patches import validate

    return validate(scenario_data(Workload(residents, staff), rest=rest), "benchmark")


def prepare() -> None:
    """Import everything and run once, small, so that no import is timed."""
    measured(200, 1, 1, rest=False)


def run(residents: int, seed: int, staff: int) -> Outcome:
    """Simulate the workload once and write all tables."""
    return measured(residents, seed, staff, rest=False)


def measured(residents: int, seed: int, staff: int, *, rest: bool) -> Outcome:
    """Run once and write every table; with ``rest`` the second workload."""
    import numpy as np

    from sim.records.schema import TABLES
    from sim.runs import run as run_once

    scenario = _scenario(residents, staff, rest=rest)
    with tempfile.TemporaryDirectory() as folder:
        result = run_once(scenario, seed)
        rows = result.write(Path(folder))
        written = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet")) / 1e6
    needs = result.columns("needs")
    wait = needs["started_h"] - needs["requested_h"]
    started = ~np.isnan(wait)
    assert set(rows) == set(TABLES)
    return {
        "needs": int(needs["need"].size),
        "started": int(started.sum()),
        "left": int((needs["end"].codes == needs["end"].names.index("abandoned")).sum()),
        "wait_sum_h": float(wait[started].sum()),
        "wait_mean_by_urgency_h": {u: float(wait[started & (needs["urgency"] == u)].mean()) for u in (1, 2, 3)},
        "events": int(needs["need"].size + 2 * result.columns("visits")["need"].size),
        "rows": sum(rows.values()),
        "mb_written": written,
    }


def main() -> int:
    """Measure one run from the command line."""
    return _cli.main("firstline", run, ("firstline", "simpy", "mesa", "numpy"), inputs="own", warm_up=prepare)


if __name__ == "__main__":
    sys.exit(main())
