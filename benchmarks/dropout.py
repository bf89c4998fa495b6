"""Set the volunteers who give up in a scenario beside the survey of students who did (E30): a misfit, printed.

    python -m benchmarks.dropout
    python -m benchmarks.dropout --scenario estate-people --replications 20

Frustration is read as the level of strain: strain over capacity at the end of a shift, mean of a person's shifts until
they leave or the run ends. Nothing is fitted: the survey does not say over how long its students dropped out.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

import sim
from analysis import burnout
from benchmarks.table import render
from sim.runs import run_many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.records.result import Result

ODDS_PER_SD, DROPPED_OUT = 4.5, 0.427
"""E30: about 137 students; the file holds each answer four times."""
BY_FIFTH: Final = (0.18, 0.03, 0.42, 0.73, 1.00)
"""E30: share who drop out, by frustration from 1 to 5."""
SEED: Final = 2024


def read(result: Result, members: str) -> tuple[np.ndarray, np.ndarray]:
    """Return (level, has left) of everybody of one kind who ended a shift."""
    found = burnout.workers(result, members=members, last_h=result.end_h)
    seen = ~np.isnan(found.level)
    return found.level[seen], found.left[seen]


def odds_ratio(x: np.ndarray, left: np.ndarray) -> float:
    """Return the factor on the odds of leaving for each unit of ``x``: a logistic regression, by Newton's method."""
    columns = np.column_stack([np.ones(x.size), x])
    beta = np.zeros(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-columns @ beta))
        step = np.linalg.solve((columns.T * (chance * (1 - chance))) @ columns, columns.T @ (left - chance))
        beta += step
        if np.abs(step).max() < 1e-10:
            break
    return float(np.exp(beta[1]))


def report(scenario: sim.Scenario, runs: Sequence[tuple[np.ndarray, np.ndarray]], members: str) -> str:
    """Return the table."""
    leaving = scenario.world.strain[members].leaving
    if leaving is None:
        return f"{scenario.name}: nobody leaves, world.strain.{members} states no 'leaving'"
    level, left = (np.concatenate([one[k] for one in runs]) for k in (0, 1))
    deviation = float(level.std())
    fifths = np.searchsorted(np.quantile(level, [0.2, 0.4, 0.6, 0.8]), level)
    days = scenario.end_h / 24
    odds = odds_ratio((level - level.mean()) / deviation, left)
    rows = [
        {
            "": "drop out",
            "model": f"{left.mean():.3f} in {days:.0f} d",
            "E30": f"{DROPPED_OUT:.3f}, in what time not said",
        },
        {"": "factor on the odds, per SD", "model": f"{odds:.2f}", "E30": f"{ODDS_PER_SD}"},
        {"": "factor on the hazard, per SD", "model": f"{np.exp(leaving.grows * deviation):.2f}"},
    ]
    for k, share in enumerate(BY_FIFTH):
        here = f"{left[fifths == k].mean():.3f}"
        rows.append(
            {"": f"drop out, fifth {k + 1} by frustration", "model": here, "E30": f"{share:.2f} at {k + 1} of 5"}
        )
    wanted = np.log(ODDS_PER_SD) / deviation
    gone, rate = int(left.sum()), f"per_year {leaving.per_year:g}, grows {leaving.grows:g}"
    hazard = f"a hazard at full strain e^{wanted:.0f} times that of none."
    said = [
        f"{len(runs)} runs of {scenario.name} with seed {SEED}: {level.size} people ({members}), {gone} of whom left.",
        f"Level of strain {level.mean():.3f}, SD between people {deviation:.3f}; leaving: {rate}.",
        f"\n{render(rows)}\n",
        f"With this spread a factor of {ODDS_PER_SD} asks for grows {wanted:.0f}: " + hazard,
    ]
    return "\n".join(said)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.dropout", description=(__doc__ or "").split("\n")[0])
    words.add_argument("--scenario", default="estate-people")
    words.add_argument("--members", default="volunteer")
    words.add_argument("--replications", type=int, default=20)
    words.add_argument("--workers", type=int, default=2)
    asked = words.parse_args(arguments)
    scenario = sim.load(asked.scenario)
    measure = partial(read, members=asked.members)
    found = run_many(scenario, asked.replications, measure, seed=SEED, workers=asked.workers)
    print(report(scenario, list(found), asked.members))
    return 0


if __name__ == "__main__":
    sys.exit(main())
