"""Measure all engines on the first workload, print a table, and check that they agree.

    python -m benchmarks.run --residents 5000 --repeats 5

Exit code 0: measured, and all waits agree; 1: waits disagree or an engine failed; 2: bad input.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import agreement, measure, table

if TYPE_CHECKING:
    from collections.abc import Sequence


def parser() -> argparse.ArgumentParser:
    """Return the command line of the benchmark."""
    names = [engine.name for engine in measure.ENGINES]
    words = argparse.ArgumentParser(
        prog="python -m benchmarks.run",
        description="Speed of Firstline beside its peers: same numbers in, same waits out.",
    )
    words.add_argument("--residents", type=positive, default=5_000)
    words.add_argument("--repeats", type=positive, default=5, help="each with another seed")
    words.add_argument("--seed", type=int, default=1, help="of the first repeat")
    words.add_argument("--staff", type=positive, default=1, help="multiplies the staff; 2 is the light variant")
    words.add_argument("--timeout", type=float, default=600.0, help="seconds for one process")
    words.add_argument("--engines", default="", help=f"some of {','.join(names)}")
    words.add_argument("--json", type=Path, metavar="FILE", help="write every run there as well")
    return words


def positive(text: str) -> int:
    """Read a whole number of at least one."""
    number = int(text)
    if number < 1:
        message = f"{number} is not positive"
        raise argparse.ArgumentTypeError(message)
    return number


def chosen(wanted: str, residents: int) -> tuple[list[measure.Engine], dict[str, str]]:
    """Return the engines to run, and those left out by default with the reason."""
    known = {engine.name: engine for engine in measure.ENGINES}
    if wanted:
        names = list(dict.fromkeys(name.strip() for name in wanted.split(",")))
        unknown = [name for name in names if name not in known]
        if unknown:
            message = f"no engine {', '.join(unknown)}; there are {', '.join(known)}"
            raise ValueError(message)
        return [known[name] for name in names], {}
    left_out = {
        engine.name: f"only run up to {engine.most_residents:,} residents unless named"
        for engine in known.values()
        if engine.most_residents is not None and residents > engine.most_residents
    }
    return [engine for engine in known.values() if engine.name not in left_out], left_out


def report(asked: argparse.Namespace, measured: measure.Measurements) -> agreement.Verdict:
    """Print table, notes and verdict."""
    verdict = agreement.Verdict(agree=False, lines=("NOT CHECKED: no engine ran.",))
    if measured.runs:
        verdict = agreement.check(measured.runs)
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    title = (
        f"{asked.residents:,} residents, staff x{asked.staff}, {asked.repeats} repeats from seed "
        f"{asked.seed} ({machine})"
    )
    legend = (
        "CPU s is the median over runs; 'x faster' the median over seeds of idiomatic's CPU time "
        "divided by the engine's."
    )
    lines = [
        title,
        "",
        table.render(table.rows(measured)),
        "",
        legend,
        *table.notes(measured),
        "",
        "Same waits?",
        *verdict.lines,
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return verdict


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as the command line asks and return the exit code."""
    words = parser()
    asked = words.parse_args(arguments)
    try:
        engines, left_out = chosen(asked.engines, asked.residents)
    except ValueError as unknown:
        words.error(str(unknown))
    measured = measure.measure(
        engines,
        range(asked.seed, asked.seed + asked.repeats),
        ["--residents", str(asked.residents), "--staff", str(asked.staff)],
        asked.timeout,
        lambda line: sys.stderr.write(f"{line}\n"),
    )
    measured.skipped |= left_out
    verdict = report(asked, measured)
    if asked.json:
        everything = {
            "asked": {key: str(value) for key, value in vars(asked).items()},
            **asdict(measured),
            "agreement": asdict(verdict),
        }
        asked.json.write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")
    return 0 if verdict.agree and not measured.failed else 1


if __name__ == "__main__":
    sys.exit(main())
