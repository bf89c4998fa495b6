"""Run engines in processes of their own, interleaved, and gather what they print.

Nothing heavy is imported here: on Linux a child's peak memory is never reported below that of
the parent that started it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.engines._cli import EXIT_UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Idle threads of a linear algebra library spin for a while and would be counted as CPU time.
ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, slots=True)
class Engine:
    """Name an engine, its module, and the most residents it is sensibly asked for."""

    name: str
    module: str
    most_residents: int | None = None
    package: str | None = None


ENGINES: Final = (
    Engine("idiomatic", "idiomatic"),
    Engine("handed", "handed"),
    Engine("lean_simpy", "lean_simpy"),
    Engine("mesa_events", "mesa_events"),
    Engine("salabim", "salabim_engine", most_residents=5_000, package="salabim"),
    Engine("numba", "numba_floor", package="numba"),
    Engine("firstline", "firstline_engine"),
    Engine("firstline+", "firstline_rest"),
    Engine("firstline-sites", "firstline_sites"),
    Engine("firstline-card", "firstline_card"),
)


@dataclass(frozen=True, slots=True)
class Run:
    """Hold what one run of one engine printed."""

    engine: str
    inputs: str
    seed: int
    cpu_s: float
    wall_s: float
    peak_mb: float | None
    needs: int
    started: int
    left: int
    wait_sum_h: float
    wait_mean_by_urgency_h: dict[int, float]
    events: int
    versions: dict[str, str]
    rows: int | None = None
    mb_written: float | None = None

    @classmethod
    def parse(cls, line: str) -> Run:
        """Read the line of JSON that an engine prints; what is not known here is left out."""
        printed: dict[str, Any] = json.loads(line)
        waits = printed["wait_mean_by_urgency_h"]
        printed["wait_mean_by_urgency_h"] = {int(urgency): waits[urgency] for urgency in waits}
        return cls(**{key: printed[key] for key in cls.__slots__ if key in printed})


@dataclass(slots=True)
class Measurements:
    """Gather the runs of each engine and why others are missing."""

    runs: dict[str, list[Run]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    over_s: dict[str, float] = field(default_factory=dict)

    def still_asked(self, engine: Engine) -> bool:
        """Say whether an engine is worth starting once more."""
        return engine.name not in {*self.skipped, *self.failed, *self.over_s}


def missing(engine: Engine) -> str | None:
    """Say what an engine lacks to be started at all, if anything."""
    if importlib.util.find_spec(f"benchmarks.engines.{engine.module}") is None:
        return f"benchmarks/engines/{engine.module}.py is not there"
    if engine.package and importlib.util.find_spec(engine.package) is None:
        return f"{engine.package} is not installed"
    return None


def children_cpu_s() -> float:
    """Return the CPU time of all processes started from here that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def run_once(engine: Engine, seed: int, arguments: Sequence[str], timeout_s: float) -> subprocess.CompletedProcess[str]:
    """Run an engine in a process of its own, which is ended if it takes too long."""
    module = f"benchmarks.engines.{engine.module}"
    return subprocess.run(
        [sys.executable, "-m", module, "--seed", str(seed), *arguments],
        cwd=Path(__file__).parents[1],
        env=os.environ | ONE_THREAD,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def add_run(measured: Measurements, engine: Engine, seed: int, arguments: Sequence[str], timeout_s: float) -> None:
    """Run an engine once and note what came of it."""
    before = children_cpu_s()
    try:
        done = run_once(engine, seed, arguments, timeout_s)
    except subprocess.TimeoutExpired:
        # CPU time, as in the table, and so a lower bound whatever else the machine was doing.
        # Where the system does not tell, the clock on the wall has to do.
        measured.over_s[engine.name] = children_cpu_s() - before or timeout_s
        return
    said = done.stderr.strip().splitlines() or ["no message"]
    if done.returncode == EXIT_UNAVAILABLE:
        measured.skipped[engine.name] = said[-1]
    elif done.returncode:
        measured.failed[engine.name] = f"exit {done.returncode}: {said[-1]}"
    else:
        run = Run.parse(done.stdout.splitlines()[-1])
        measured.runs.setdefault(engine.name, []).append(run)


def measure(
    engines: Sequence[Engine],
    seeds: Sequence[int],
    arguments: Sequence[str],
    timeout_s: float,
    tell: Callable[[str], object],
) -> Measurements:
    """Run all engines on one seed after the other, so that a slow hour hits all of them."""
    measured = Measurements()
    for engine in engines:
        lack = missing(engine)
        if lack:
            measured.skipped[engine.name] = lack
    for turn, seed in enumerate(seeds, start=1):
        for engine in engines:
            if measured.still_asked(engine):
                tell(f"repeat {turn} of {len(seeds)}: {engine.name}")
                add_run(measured, engine, seed, arguments, timeout_s)
    return measured
