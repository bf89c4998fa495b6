"""Firstline on the third workload: 3,000 residents, ten screening rounds, four stations in series, a lane, no-shows.

It is set beside the first workload's engines; needs here are visits to the site, and waits those at its stations.
"""

from __future__ import annotations

import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.engines import _cli

if TYPE_CHECKING:
    from benchmarks.engines._tally import Outcome
    from sim.spec.scenario import Scenario

RESIDENTS, ROUNDS = 3_000, 10


def scenario_data() -> dict[str, Any]:
    """Return the workload as a scenario."""

    def station(seconds: int, servers: int, onward: str | None) -> dict[str, Any]:
        law = {"dist": "lognormal", "mean": f"{seconds} s", "cv": 0.5}
        return {"servers": servers, "service": law} | ({"next": onward} if onward else {})

    site = {
        "enters": "gate",
        "invitations": {
            "rounds": [f"{24 * day + 6} h" for day in range(ROUNDS)],
            "slot": "30 min",
            "per_slot": 150,
            "spread": "5 min",
            "no_show": 0.02,
        },
        "classes": {"lane": {"groups": ["over_80", "child", "disabled"], "priority": 1}},
        "stations": {
            "gate": station(10, 2, "code"),
            "code": station(15, 3, "sampling"),
            "sampling": station(120, 12, "way_out"),
            "way_out": station(5, 2, None),
        },
    }
    shares = {"over_80": 0.06, "child": 0.1, "disabled": 0.03}
    return {
        "name": "ten-rounds",
        "horizon": f"{ROUNDS} d",
        "follow_up": "0 h",
        "world": {"community": {"residents": RESIDENTS, "households": 1000, "buildings": 24, "shares": shares}},
        "response": {"sites": {"screening": site}},
    }


@lru_cache(maxsize=1)
def _scenario() -> Scenario:
    from sim.spec.patches import validate

    return validate(scenario_data(), "benchmark")


def run(_residents: int, seed: int, _staff: int) -> Outcome:
    """Simulate the workload once and write all tables; its size is its own."""
    return measured(_scenario(), seed)


def measured(scenario: Scenario, seed: int) -> Outcome:
    """Run a scenario with sites once and write every table."""
    import numpy as np

    from sim.runs import run as run_once

    with tempfile.TemporaryDirectory() as folder:
        result = run_once(scenario, seed)
        rows = result.write(Path(folder))
        written = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet")) / 1e6
    sites, stations = result.columns("sites"), result.columns("stations")
    wait = stations["started_h"] - stations["queued_h"]
    started = ~np.isnan(wait)
    ends = sites["end"].decoded()
    return {
        "needs": int(ends.size),
        "started": int((ends == "served").sum()),
        "left": int((ends == "left").sum()),
        "wait_sum_h": float(wait[started].sum()),
        "wait_mean_by_urgency_h": {1: float(wait[started].mean()), 2: float("nan"), 3: float("nan")},
        "events": int(3 * started.sum()),
        "rows": sum(rows.values()),
        "mb_written": written,
    }


def prepare() -> None:
    """Import everything and run once, so that no import is timed."""
    run(0, 1, 1)


def main() -> int:
    """Measure one run from the command line."""
    return _cli.main("firstline-sites", run, ("firstline", "simpy", "mesa", "numpy"), inputs="other", warm_up=prepare)


if __name__ == "__main__":
    sys.exit(main())
