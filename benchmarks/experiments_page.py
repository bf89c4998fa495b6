"""Run the shipped experiments and write their tables into ``docs/experiments.md``, below what is said of them.

    python -m benchmarks.experiments_page                          # all of them, as each file asks
    python -m benchmarks.experiments_page three-ones --folder runs # some; folders are kept and taken up again

A section begins with the experiment's title; sections of experiments that are not run stay as they are. Exit code 0:
written; 1: an experiment failed.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = Path(__file__).parents[1] / "docs" / "experiments.md"
WIDTH = 120
TOOK = re.compile(r", which took [^.]*\.?[^.]*\.$", re.MULTILINE)


def section(name: str, folder: Path, workers: int) -> str:
    """Run an experiment and return its tables as a section of the page."""
    command = [sys.executable, "-m", "firstline"]
    subprocess.run(
        [*command, "experiment", name, "--workers", str(workers), "--out", folder],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    tables = folder / "report.md"
    subprocess.run(
        [*command, "report", folder, "--format", "markdown", "--out", tables], check=True, stdout=subprocess.DEVNULL
    )
    text = re.sub(r"(?m)^#", "##", tables.read_text(encoding="utf-8").strip())
    text = TOOK.sub(".", text)  # it differs from machine to machine
    return f"<!-- {name} -->\n" + "\n".join(wrapped(line) for line in text.split("\n")) + "\n"


def wrapped(line: str) -> str:
    """Return a line of prose wrapped; a row of a table as it is."""
    return line if line.startswith(("|", "#")) else textwrap.fill(line, WIDTH, break_long_words=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run experiments and write the page."""
    from sim.kinds import EXPERIMENT

    shipped = list(EXPERIMENT.shipped())
    words = argparse.ArgumentParser(prog="python -m benchmarks.experiments_page", description=__doc__.splitlines()[0])
    words.add_argument("names", nargs="*", metavar="NAME", help=", ".join(shipped))
    words.add_argument("--folder", type=Path, help="where the runs are kept; nowhere by default")
    words.add_argument("--workers", type=int, default=2)
    chosen = words.parse_args(arguments)
    if strange := [name for name in chosen.names if name not in shipped]:
        words.error(f"no shipped experiment is called {strange[0]!r}")
    said, *sections = re.split(r"(?m)^(?=<!-- [a-z0-9-]+ -->$)", PAGE.read_text(encoding="utf-8"))
    known = {re.sub(r"<!-- (.*) -->", r"\1", text.partition("\n")[0]): text for text in sections}
    with tempfile.TemporaryDirectory() as aside:
        for name in chosen.names or shipped:
            try:
                known[name] = section(name, (chosen.folder or Path(aside)) / name, chosen.workers)
            except subprocess.CalledProcessError as error:
                print(f"{name}: it ended with {error.returncode}", file=sys.stderr)
                return 1
    PAGE.write_text(
        said.rstrip() + "\n\n" + "\n".join(known[name].rstrip() + "\n" for name in shipped if name in known)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
