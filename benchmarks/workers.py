"""Measure how much more work several processes do than one: four plans of ``estate-screening`` under the same luck.

    python -m benchmarks.workers                                   # 50 paired replications, a few at a time
    python -m benchmarks.workers --replications 10 --at-a-time 5   # a look

One folder is made by one process, another by several; they take turns, a few replications of all plans at a time, so
that a slow minute of the machine hits both. The ratio is the median over turns. Both folders must have one digest.
``others`` is the share of all cores that other work took: where it is not near 0, the ratio says little.
Exit code 0: measured; 1: the digests differ.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import ONE_THREAD
from benchmarks.run import positive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.experiment import Concluded
    from analysis.store.workers import Workers
    from sim.spec.crossed import Crossed

EXPERIMENT = """
experiment: workers
base: estate-screening
variants:
  as_it_is: {}
  more_testers: {response: {organisation: {units: {testers: {count: 28}}}}}
  more_carriers: {response: {organisation: {units: {carriers: {count: 24}}}}}
  more_guides: {response: {organisation: {units: {guides: {count: 24}}}}}
outcomes: [wait_mean_h, unmet_share]
replications: 50
seed: 1
"""


def parser() -> argparse.ArgumentParser:
    """Return the command line of the benchmark."""
    words = argparse.ArgumentParser(
        prog="python -m benchmarks.workers",
        description="How much more work several processes do than one.",
    )
    words.add_argument("--replications", type=positive, default=50, help="of each of the four plans")
    words.add_argument("--at-a-time", type=positive, default=10, help="replications of a turn; in parts of five")
    words.add_argument("--workers", type=positive, default=2)
    return words


def busy_s() -> float:
    """Return the seconds that all cores have worked since the machine was started; NaN where it does not say."""
    try:
        user, nice, system = Path("/proc/stat").read_text(encoding="ascii").split()[1:4]
    except OSError:
        return float("nan")
    return (int(user) + int(nice) + int(system)) / os.sysconf("SC_CLK_TCK")


def turn(crossed: Crossed, replications: int, folder: Path, hands: Workers) -> tuple[Concluded, float, float]:
    """Add to a folder up to so many replications; return what is concluded, wall s, and processor s of the new runs."""
    from analysis.experiment import fixed
    from analysis.store.carry_out import carry_out
    from analysis.store.folder import Folder

    about: dict[str, Any] = {"kind": "experiment", "name": "workers", "seed": 1, "detail": "kpi"}
    begun = time.perf_counter()
    with Folder.begin(folder, {**about, "plugins": {}, "subject": {}}) as held:
        before = held.seconds()
        found = carry_out(fixed(crossed, replications, 1), held, crossed.experiment.keys, hands)
        wall = time.perf_counter() - begun
        return found, wall, held.seconds() - before


def warm(hands: Workers, crossed: Crossed) -> None:
    """Have every process import what it needs, and make its first run, before the clock starts."""
    from analysis.store.jobs import Job, work

    cell = crossed.cells[0]
    job = Job(0, cell.world, cell.variant, cell.scenario, (0,), 2)
    for future in [hands.executor.submit(work, job) for _ in range(hands.width or 1)]:
        future.result()


def measure(asked: argparse.Namespace) -> int:
    """Take turns, print a row for each, then the medians; return the exit code."""
    from analysis.store.folder import Folder
    from analysis.store.workers import local
    from sim.experiment_files import read_experiment

    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"four plans of estate-screening, {asked.replications} paired replications, {asked.at_a_time} at a time\n")
    many = f"{asked.workers} processes"
    print(f"{'replications':>12}  {'1 process':>10}  {many:>12}  {'times':>6}  {'CPU s':>14}  {'others':>6}")
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (home / "workers.yaml").write_text(EXPERIMENT, encoding="utf-8")
        crossed = read_experiment(str(home / "workers.yaml"))
        counts = (1, asked.workers)
        hands = {n: stack.enter_context(local(n)) for n in counts}
        for n in counts:
            warm(hands[n], crossed)
        walls: dict[int, list[float]] = {n: [] for n in counts}
        steps = [*range(asked.at_a_time, asked.replications, asked.at_a_time), asked.replications]
        for number, upto in enumerate(steps):
            used: dict[int, float] = {}
            begun, busy = time.perf_counter(), busy_s()
            for n in counts if number % 2 == 0 else reversed(counts):
                found, wall, used[n] = turn(crossed, upto, home / f"by-{n}", hands[n])
                walls[n].append(wall)
            single, several = walls[1][-1], walls[asked.workers][-1]
            others = (busy_s() - busy - sum(used.values())) / (time.perf_counter() - begun) / (os.cpu_count() or 1)
            cpu = " ".join(f"{used[n]:.1f}" for n in counts)
            walled = f"{single:>8.1f} s  {several:>10.1f} s  {single / several:>6.2f}"
            print(f"{upto:>12}  {walled}  {cpu:>14}  {others:>6.0%}", flush=True)
        ratios = [single / several for single, several in zip(walls[1], walls[asked.workers], strict=True)]
        digests = {Folder.open(home / f"by-{n}").digest() for n in counts}
    whole = sum(walls[1]) / sum(walls[asked.workers])
    print(f"\n{asked.workers} processes do {statistics.median(ratios):.2f} times the work of one (median over turns;")
    print(f"{whole:.2f} over all: {sum(walls[1]):.0f} s and {sum(walls[asked.workers]):.0f} s)")
    for one in found.comparisons:
        if one.outcome == "wait_mean_h":
            told = f"{one.difference:+.4f} h, half-width {(one.high - one.low) / 2:.4f} h"
            print(f"wait_mean_h, {one.variant} - {one.reference}: {told}")
    print("one digest" if len(digests) == 1 else f"DIFFERENT DIGESTS: {digests}")
    return 0 if len(digests) == 1 else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as the command line asks and return the exit code."""
    os.environ |= ONE_THREAD  # before NumPy is loaded, here and in the workers
    asked = parser().parse_args(arguments)
    if asked.workers < 2:
        parser().error("two workers or more are wanted")
    return measure(asked)


if __name__ == "__main__":
    sys.exit(main())
