"""The command line that all engines share: run once, measure, print one line of JSON."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Final, Literal, TypeAlias

from benchmarks.engines._tally import Outcome

Run: TypeAlias = Callable[[int, int, int], Outcome]
EXIT_UNAVAILABLE: Final = 3


class UnavailableError(Exception):
    """Say that an engine cannot run with the installed libraries, and why."""


def peak_mb() -> float | None:
    """Return the largest resident memory of this process so far, or None where it is unknown."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, the others kibibytes.
    return peak / (1e6 if sys.platform == "darwin" else 1e6 / 1024)


def main(
    engine: str,
    run: Run,
    libraries: Sequence[str],
    *,
    inputs: Literal["own", "handed", "other"],
    warm_up: Callable[[], object] | None = None,
) -> int:
    """Run one engine once as the command line asks and print the measurement.

    ``inputs`` says whether the engine draws its own numbers or is handed those of
    ``workload.draw``: engines handed the same must agree exactly; ``other`` is another workload. ``warm_up`` runs
    before the clocks start.
    """
    parser = argparse.ArgumentParser(description=f"Run the engine {engine} once.")
    parser.add_argument("--residents", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--staff", type=int, default=1, help="multiplies the staff table")
    asked = parser.parse_args()
    try:
        if warm_up is not None:
            warm_up()
        wall, cpu = time.perf_counter(), time.process_time()
        outcome = run(asked.residents, asked.seed, asked.staff)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    except UnavailableError as reason:
        sys.stderr.write(f"{reason}\n")
        return EXIT_UNAVAILABLE
    versions = {name: version(name) for name in libraries}
    measured = {
        "engine": engine,
        "inputs": inputs,
        "residents": asked.residents,
        "seed": asked.seed,
        "staff": asked.staff,
        "cpu_s": cpu,
        "wall_s": wall,
        "peak_mb": peak_mb(),
        **outcome,
        "versions": {"python": platform.python_version(), **versions},
    }
    sys.stdout.write(json.dumps(measured) + "\n")
    return 0
