"""Speed of an epidemic beside Covasim: person-days a second, each run in a process of its own, engines in turn.

    python -m benchmarks.epidemic --covasim-python PATH
    python -m benchmarks.epidemic --residents 20000 --repeats 5

``PATH`` is the interpreter of an environment that has Covasim, by default this one (the extra ``bench`` asks for it).
Nobody responds in either engine. They are not one model: Covasim has courses of severity and contacts drawn one by one
and goes by days; Firstline has households and casual mixing, keeps each infection's own time and records and writes
every table. So attack shares and growth rates are printed beside the times. Firstline's rates were chosen so that its
attack share is near that of Covasim's defaults; Covasim runs with those. Imports and numba's compilation are not timed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import fmean, median
from typing import Any, Final

DAYS: Final = 60
SIZES: Final = (20_000, 100_000)
SEEDS_PER_1000: Final = 1
WARM_UP: Final = 500
GROWING: Final = (0.01, 0.1)
"""The growth rate is read while the share ever infected is between these."""
ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
REFERENCE: Final = "covasim random"
ENGINES: Final = ("covasim random", "covasim hybrid", "firstline 1 h", "firstline 6 h", "firstline 24 h")
Counts = list[float]
"""How many have ever been infected, at the end of each day."""


def scenario_data(residents: int, step: str) -> dict[str, Any]:
    """Return the epidemic as a scenario: households and casual contacts, no response, a need that never occurs."""

    def law(mean: str, sd: str) -> dict[str, str]:
        return {"dist": "lognormal", "mean": mean, "sd": sd}

    return {
        "name": "epidemic",
        "horizon": f"{DAYS} d",
        "follow_up": "0 h",
        "world": {
            "community": {
                "residents": residents,
                "households": round(residents / 2.5),
                "buildings": max(1, residents // 125),
            },
            "needs": {"none": {"per_1000_day": 0, "urgency": 2, "service": "1 h"}},
            "epidemic": {
                "contacts": {"household": 0.002, "casual": 0.01},
                "course": {"latent": law("4.5 d", "1.5 d"), "infectious": law("8 d", "2 d")},
                "seeds": [{"count": max(1, residents * SEEDS_PER_1000 // 1000)}],
                "step": step,
            },
        },
        "response": {},
    }


def firstline(residents: int, seed: int, step: str) -> tuple[Callable[[], Counts], dict[str, float]]:
    """Return the run of Firstline, which writes all tables, and what it will have written."""
    import numpy as np

    from sim.runs import run
    from sim.spec.patches import validate

    scenario = validate(scenario_data(residents, step), "epidemic")
    more: dict[str, float] = {}

    def once() -> Counts:
        with tempfile.TemporaryDirectory() as folder:
            result = run(scenario, seed)
            more["rows"] = sum(result.write(Path(folder)).values())
            more["mb_written"] = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet")) / 1e6
        times = np.sort(result.columns("infections")["infected_h"])
        return [float(np.searchsorted(times, 24.0 * day, side="right")) for day in range(DAYS + 1)]

    return once, more


def covasim(residents: int, seed: int, kind: str) -> tuple[Callable[[], Counts], dict[str, float]]:
    """Return the run of Covasim with its own defaults."""
    import covasim as cv

    pars = {
        "pop_size": residents,
        "pop_type": kind,
        "pop_infected": max(1, residents * SEEDS_PER_1000 // 1000),
        "n_days": DAYS,
        "rand_seed": seed,
        "verbose": 0,
    }

    def once() -> Counts:
        simulation = cv.Sim(pars)
        simulation.run()
        return [float(value) for value in simulation.results["cum_infections"].values]

    return once, {}


def growth(counts: Sequence[float], residents: int) -> float:
    """Return the growth a day of the number ever infected, by least squares on its logarithm."""
    days = [day for day, count in enumerate(counts) if GROWING[0] * residents <= count <= GROWING[1] * residents]
    if len(days) < 3:
        return math.nan
    logs = [math.log(counts[day]) for day in days]
    middle, height = fmean(days), fmean(logs)
    slope = sum((day - middle) * (log - height) for day, log in zip(days, logs, strict=True))
    return slope / sum((day - middle) ** 2 for day in days)


def once(engine: str, residents: int, seed: int) -> dict[str, Any]:
    """Run one engine once in this process, after a small run that compiles and imports, and measure it."""
    name, _, how = engine.partition(" ")
    make = firstline if name == "firstline" else covasim
    make(WARM_UP, seed, how)[0]()
    work, more = make(residents, seed, how)
    wall, cpu = time.perf_counter(), time.process_time()
    counts = work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    libraries = ("firstline", "simpy", "mesa", "numpy") if name == "firstline" else ("covasim", "numba", "numpy")
    return {
        "engine": engine,
        "residents": residents,
        "seed": seed,
        "cpu_s": cpu,
        "wall_s": wall,
        "attack": counts[-1] / residents,
        "growth": growth(counts, residents),
        "versions": {"python": platform.python_version()} | {library: version(library) for library in libraries},
        **more,
    }


def measure(
    sizes: Sequence[int], seeds: Sequence[int], python: str, timeout_s: float
) -> tuple[list[dict[str, Any]], list[str]]:
    """Run all engines on one seed after the other, so that a slow hour hits all; returns (runs, what failed)."""
    runs: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    for residents in sizes:
        for seed in seeds:
            for engine in ENGINES:
                if engine in failed:
                    continue
                program = python if engine.startswith("covasim") else sys.executable
                words = ["--once", engine, "--residents", str(residents), "--seed", str(seed)]
                sys.stderr.write(f"{residents:,} residents, seed {seed}: {engine}\n")
                try:
                    done = subprocess.run(
                        [program, "-m", "benchmarks.epidemic", *words],
                        cwd=Path(__file__).parents[1],
                        env=os.environ | ONE_THREAD,
                        capture_output=True,
                        text=True,
                        timeout=timeout_s,
                        check=True,
                    )
                    runs.append(json.loads(done.stdout.splitlines()[-1]))
                except subprocess.TimeoutExpired:
                    failed[engine] = f"more than {timeout_s:g} s"
                except subprocess.CalledProcessError as wrong:
                    failed[engine] = (wrong.stderr.strip().splitlines() or ["no message"])[-1]
    return runs, [f"{engine}: {why}" for engine, why in failed.items()]


def rows(runs: Sequence[dict[str, Any]], residents: int) -> list[dict[str, str]]:
    """Return the cells of each engine at one size."""
    listed = []
    here = [run for run in runs if run["residents"] == residents]
    reference = {run["seed"]: run["cpu_s"] for run in here if run["engine"] == REFERENCE}
    for engine in ENGINES:
        mine = [run for run in here if run["engine"] == engine]
        if not mine:
            continue
        cpu = [run["cpu_s"] for run in mine]
        pairs = [reference[run["seed"]] / run["cpu_s"] for run in mine if run["seed"] in reference]
        cells = {
            "engine": engine,
            "runs": str(len(mine)),
            "CPU s": f"{median(cpu):.3g}",
            "min": f"{min(cpu):.3g}",
            "max": f"{max(cpu):.3g}",
            "M person-days/s": f"{residents * DAYS / median(cpu) / 1e6:.2f}",
            "x faster": f"{median(pairs):.2f}" if pairs else "-",
            "attack": f"{fmean(run['attack'] for run in mine):.3f}",
            "growth /d": f"{fmean(run['growth'] for run in mine):.3f}",
        }
        if "rows" in mine[0]:
            cells |= {"rows": f"{median(run['rows'] for run in mine):,.0f}"}
            cells |= {"MB written": f"{median(run['mb_written'] for run in mine):.1f}"}
        listed.append(cells)
    return listed


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all engines and print, or run one of them once; exit code 1 where one failed."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.epidemic", description=(__doc__ or "").split("\n")[0])
    words.add_argument("--residents", type=int, nargs="+", default=list(SIZES))
    words.add_argument("--repeats", type=int, default=3, help="each with another seed")
    words.add_argument("--seed", type=int, default=1, help="of the first repeat")
    words.add_argument("--timeout", type=float, default=600.0, help="seconds for one process")
    words.add_argument("--covasim-python", default=sys.executable, metavar="PATH", help="interpreter that has Covasim")
    words.add_argument("--once", choices=ENGINES, help="run one engine once and print a line of JSON")
    asked = words.parse_args(arguments)
    if asked.once:
        sys.stdout.write(json.dumps(once(asked.once, asked.residents[0], asked.seed)) + "\n")
        return 0
    from benchmarks.table import render

    seeds = range(asked.seed, asked.seed + asked.repeats)
    runs, failed = measure(asked.residents, seeds, asked.covasim_python, asked.timeout)
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    for residents in asked.residents:
        title = f"{residents:,} residents, {DAYS} days, {asked.repeats} repeats from seed {asked.seed} ({machine})"
        print(f"{title}\n\n{render(rows(runs, residents))}\n" if runs else f"{title}: nothing ran\n")
    print(f"CPU s is the median over runs; 'x faster' the median over seeds of {REFERENCE}'s CPU time by the engine's.")
    for name in ("covasim", "firstline"):
        found = [run["versions"] for run in runs if run["engine"].startswith(name)]
        if found:
            print(f"Versions of {name}: " + ", ".join(f"{key} {value}" for key, value in found[0].items()))
    print("\n".join(f"FAILED, {why}" for why in failed), end="\n" if failed else "")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
