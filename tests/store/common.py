"""What the tests of the store share: a tiny experiment, its folder as plain rows, and faults at a chosen write."""

from __future__ import annotations

import contextlib
import math
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Self
from unittest import mock

import pyarrow.parquet as pq

import sim
from analysis.store import parts
from analysis.store.carry_out import Watch, carry_out
from analysis.store.folder import Folder
from analysis.store.rounds import Procedure, once
from analysis.store.workers import InProcess, Workers
from sim.spec.crossed import Cell

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
RUNNERS = EXPERIMENTS / "runners.yaml"
KEY = ("wait_mean_h", "all", "all")
VOLATILE = ("wall_s", "cpu_s", "peak_mb")


def cells(*counts: int, **values: Any) -> list[Cell]:
    """Return a cell for each number of runners, by default for two and three."""
    base = sim.load(EXPERIMENTS / "small.yaml")
    path = "response.organisation.units.runners.count"
    return [Cell("all", f"of{n}", base.with_values({path: n, **values})) for n in counts or (2, 3)]


def about(seed: int = 3, detail: str = "kpi", **more: Any) -> dict[str, Any]:
    return {"kind": "run", "name": "small", "seed": seed, "detail": detail, "plugins": {}, "subject": {}} | more


def carried(
    path: Path,
    asked: list[Cell] | Procedure[Any],
    replications: int = 3,
    workers: Workers | Executor | None = None,
    *,
    retry: bool = False,
    watch: Watch | None = None,
    **more: Any,
) -> Folder:
    """Have so many runs of each cell made in a folder, by default in this process."""
    hands = workers if isinstance(workers, Workers) else Workers(workers or InProcess())
    procedure = once(asked, replications) if isinstance(asked, list) else asked
    with Folder.begin(path, about(**more), retry=retry) as folder:
        carry_out(procedure, folder, [KEY], hands, watch)
    return Folder.open(path)


def rows_of(path: Path) -> dict[str, list[str]]:
    """Return all rows of all tables of a folder, in an order of their own, without what no two runs share."""
    found: dict[str, list[str]] = {}
    for table in sorted((path / "tables").iterdir()):
        rows = [row for part in table.iterdir() for row in pq.ParquetFile(part).read().to_pylist()]
        kept = [{name: value for name, value in row.items() if name not in VOLATILE} for row in rows]
        found[table.name] = sorted(repr(row) for row in kept)
    return found


def is_clean(path: Path) -> bool:
    """Tell whether no process has left a file aside."""
    return not list(path.rglob(f"*{parts.ASIDE}"))


def firstline(monkeypatch: Any, *arguments: str) -> int:
    """Give a command in this process, and return its exit code."""
    from firstline.__main__ import main

    monkeypatch.setattr(sys, "argv", ["firstline", *arguments])
    try:
        main()
    except SystemExit as left:
        return int(left.code or 0)
    return 0


class _HalfWritten:
    """A file of which half is written when the fault happens."""

    def __init__(self, file: Any, happen: Callable[[], None]) -> None:
        self.file = file
        self.happen = happen

    def write(self, content: bytes) -> None:
        self.file.write(content[: len(content) // 2])
        self.file.flush()
        self.happen()
        self.file.write(content[len(content) // 2 :])

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


@contextlib.contextmanager
def fault(at: float, act: Callable[[], None]) -> Iterator[list[int]]:
    """Let something happen at one of the writes, flushes and replacements of the store; yield how many there were."""
    count = [0]

    def happen() -> None:
        count[0] += 1
        if count[0] - 1 == at:
            act()

    def opened(path: Path, mode: str = "r", *more: Any, **options: Any) -> Any:
        file = real_open(path, mode, *more, **options)
        return _HalfWritten(file, happen) if path.name.endswith(parts.ASIDE) and "w" in mode else file

    def fsync(file: int) -> None:
        happen()
        real_fsync(file)

    def replace(old: Any, new: Any) -> None:
        happen()
        real_replace(old, new)

    real_open, real_fsync, real_replace = Path.open, os.fsync, os.replace
    with (
        mock.patch.object(Path, "open", opened),
        mock.patch.object(os, "fsync", fsync),
        mock.patch.object(os, "replace", replace),
    ):
        yield count


def alive(pid: int) -> bool:
    """Tell whether a process runs: one that has ended, though nobody has asked for its exit code, does not."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


def children(pid: int, marked: str = "") -> list[int]:
    """Return the processes that a process has started and that still run; those whose command line is ``marked``."""
    found = []
    for path in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            stat = (path / "stat").read_text().rpartition(")")[2].split()
            if int(stat[1]) == pid and marked in (path / "cmdline").read_text() and alive(int(path.name)):
                found.append(int(path.name))
    return found


def finite(values: Any) -> bool:
    return all(math.isfinite(value) for value in values)
