"""The folder of an experiment: what it is about, the runs that are planned, and the tables of those that are made.

::

    manifest.json            what was asked for, with which seed, versions and machine
    runs_planned.parquet     every run, in numbered rounds, each written before its first run
    tables/NAME/part-*.parquet

A part holds a few runs of one cell. Its file of the table ``runs`` is put in place last: a part without it was never
made. So a folder is whole at any moment, whoever is killed when. One process works on a folder at a time.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.outcomes import Row
from analysis.store.jobs import Detail, Done, Job
from analysis.store.machine import canary, versions
from analysis.store.parts import CannotWriteError, put, sweep
from analysis.store.planned import Plan
from analysis.store.rounds import Asked, Collected, Round
from sim import __version__
from sim.errors import InputError, Problem
from sim.spec.patches import validate
from sim.spec.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MANIFEST, PLAN, TABLES, LOCK = "manifest.json", "runs_planned.parquet", "tables", "lock"
SAME = ("kind", "name", "seed", "detail", "firstline", "canary", "plugins")
"""What must be equal for runs to be added to those that are there."""
WANTED: dict[str, type] = {"kind": str, "seed": int, "firstline": str, "created": str, "subject": dict, "detail": str}


class BusyError(InputError):
    """Another process is at work on a folder."""


class Folder:
    """A folder of runs; made by :meth:`begin`, read by :meth:`open`."""

    def __init__(self, path: Path, manifest: Mapping[str, Any], plan: Plan) -> None:
        self.path = path
        self.manifest = manifest
        self.plan = plan

    @property
    def detail(self) -> Detail:
        """Which tables are kept of each run."""
        detail: Detail = self.manifest["detail"]
        return detail

    @property
    def seed(self) -> int:
        """The seed of all its runs."""
        return int(self.manifest["seed"])

    # -- making -----------------------------------------------------------------------------------------------------

    @classmethod
    @contextlib.contextmanager
    def begin(cls, path: Path, about: Mapping[str, Any], *, retry: bool = False) -> Iterator[Folder]:
        """Make a folder or take one up again, and hold it while runs are added.

        ``about`` says what the folder is about: kind, name, seed, detail, plugins, and the ``subject`` itself. With
        ``retry``, runs that failed are made again. Raises InputError where something else is there, or another process
        is at work on it; CannotWriteError where it cannot be made.
        """
        from filelock import FileLock, Timeout

        try:
            if path.exists() and not (path / MANIFEST).is_file() and (not path.is_dir() or _holds_more(path)):
                raise InputError(str(path), [Problem("--out", "a new or empty folder is wanted; this one is in use")])
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(str(path), [Problem("--out", f"it cannot be made: {error.strerror}")]) from None
        lock = FileLock(path / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            said = "another process is at work on this folder; wait for it, or choose another"
            raise BusyError(str(path), [Problem("--out", said)]) from None
        except OSError as error:
            raise InputError(str(path), [Problem("--out", f"it cannot be written: {error.strerror}")]) from None
        try:
            sweep(path)
            folder = cls(path, _manifest(path, about), Plan.read(path / PLAN))
            if retry:
                folder._forget_failed()
            yield folder
        finally:
            lock.release()
            _remove_if_empty(path)

    def ask(self, asked: Round) -> list[Job]:
        """Plan the runs of a round that are not planned yet, and return those not made yet, in parts."""
        if self.plan.add(asked, parts_of=5 if self.detail == "kpi" else 1, source=str(self.path)):
            put(self.path / PLAN, self.plan.encoded())
        plugins = tuple(Path(name) for name in self.manifest["plugins"])
        cells = {(batch.cell.world, batch.cell.variant): batch.cell for batch in asked.batches}
        return [
            Job(part, *cell, cells[cell].scenario, replications, self.seed, self.detail, plugins)
            for part, cell, replications in self.plan.parts(asked)
            if not self.part("runs", part).is_file()
        ]

    def keep(self, done: Done) -> None:
        """Write the files of a part; the one of the table ``runs`` last, for it says that the part is made."""
        for name in sorted(done.files, key=lambda name: name == "runs"):
            put(self.part(name, done.part), done.files[name])

    def recall(self, asked: Round, collected: Collected) -> None:
        """Read the values of runs that were made before."""
        for part, cell, replications in self.plan.parts(asked):
            if (*cell, replications[0]) in collected or not self.part("runs", part).is_file():
                continue
            values: dict[Asked, dict[Any, float]] = {(*cell, k): {} for k in replications}
            for row in _outcomes(self._read(self.part("outcomes", part))):
                values[row[0]][row[1].outcome, row[1].by, row[1].level] = row[1].value
            status = self._read(self.part("runs", part)).select(["replication", "status"]).to_pylist()
            for one in status:
                run = (*cell, one["replication"])
                collected.fail(run) if one["status"] == "failed" else collected.add(run, values[run])

    def _forget_failed(self) -> None:
        """Let the parts in which a run failed be made again."""
        for part in self.made():
            path = self.part("runs", part)
            if "failed" in self._read(path).column("status").to_pylist():
                path.unlink()

    # -- reading ----------------------------------------------------------------------------------------------------

    @classmethod
    def open(cls, path: Path) -> Folder:
        """Open a folder to read; raises InputError where it is none or is damaged."""
        if not (path / MANIFEST).is_file():
            made = "a folder made by 'firstline run' or 'firstline experiment' is wanted"
            raise InputError(str(path), [Problem("", f"{made}; it holds no {MANIFEST}")])
        return cls(path, _read_manifest(path), Plan.read(path / PLAN))

    def part(self, name: str, part: int) -> Path:
        """Return the path of a part of a table."""
        return self.path / TABLES / name / f"part-{part:06d}.parquet"

    def made(self) -> list[int]:
        """Return the parts that are made."""
        return [part for part in range(self.plan.next_part) if self.part("runs", part).is_file()]

    def check_whole(self) -> None:
        """Refuse a folder in which planned runs are missing; raises InputError."""
        if len(self.made()) < self.plan.next_part or not self.plan.next_part:
            said = f"{self.plan.next_part} parts are planned, {len(self.made())} made: give its command again"
            raise InputError(str(self.path), [Problem("", f"its runs did not finish: {said}")])

    def scenario(self) -> Scenario:
        """Return the scenario of a run, or the base of an experiment."""
        return validate(self.manifest["subject"]["scenario"], str(self.path / MANIFEST))

    def outcomes(self) -> list[Row]:
        """Return the outcomes of all runs of a folder of one cell."""
        return [row for part in self.made() for _, row in _outcomes(self._read(self.part("outcomes", part)))]

    def table(self, name: str) -> pd.DataFrame:
        """Return one table of all runs that are made, each row with its world, variant and replication."""
        import pandas as pd

        frames = []
        for part in self.made():
            frame = self._read(self.part(name, part)).to_pandas()
            for column in frame.select_dtypes("category"):
                frame[column] = frame[column].astype(object)
            frames.append(frame)
        filled = [frame for frame in frames if len(frame)]
        return pd.concat(filled, ignore_index=True) if filled else frames[0]

    def replications(self) -> int:
        """Return how many runs are made."""
        return sum(self._read(self.part("runs", part)).num_rows for part in self.made())

    def seconds(self) -> float:
        """Return the processor time that all runs took, in seconds."""
        return float(self.table("runs")["cpu_s"].sum())

    def digest(self) -> str:
        """Return a hash of all runs, whatever made them and in which order."""
        import hashlib

        hasher = hashlib.blake2b(digest_size=16)
        runs = self.table("runs").sort_values(["world", "variant", "replication"])
        for row in runs[["world", "variant", "replication", "seed", "status", "digest"]].itertuples(index=False):
            hasher.update(repr(tuple(row)).encode())
        return hasher.hexdigest()

    def _read(self, path: Path) -> pa.Table:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return pq.read_table(path)
        except (pa.ArrowException, OSError) as error:
            place = str(path.relative_to(self.path))
            said = f"the folder is damaged: {str(error).splitlines()[0]}"
            raise InputError(str(self.path), [Problem(place, said)]) from None


def _outcomes(table: pa.Table) -> Iterable[tuple[Asked, Row]]:
    names = ("world", "variant", "replication", "outcome", "by", "level", "value", "size")
    for world, variant, replication, *row in zip(*(table.column(name).to_pylist() for name in names), strict=True):
        outcome, by, level, value, size = row
        number = float("nan") if value is None else value
        yield (world, variant, replication), Row(replication, outcome, by, level, number, size)


def _holds_more(path: Path) -> bool:
    return any(found.name != LOCK for found in path.iterdir())


def _remove_if_empty(path: Path) -> None:
    """Remove a folder in which no run was ever made."""
    if not (path / TABLES).exists():
        with contextlib.suppress(OSError):
            for name in (MANIFEST, PLAN, LOCK):
                (path / name).unlink(missing_ok=True)
            path.rmdir()


def _manifest(path: Path, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest of a folder: the one that is there if it is about the same, else a new one."""
    manifest = {
        "firstline": __version__,
        **about,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **versions(),
        "canary": canary(),
    }
    if (path / MANIFEST).is_file():
        there = _read_manifest(path)
        for key in SAME:
            if there.get(key) != manifest[key]:
                said = f"other runs are in this folder: their {key} is {there.get(key)!r}, not {manifest[key]!r}"
                raise InputError(str(path), [Problem("--out", f"{said}; choose another")])
        if there["subject"] == manifest["subject"]:
            return there
        manifest["created"] = there["created"]
    try:
        put(path / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False).encode())
    except CannotWriteError as error:
        raise InputError(str(path), [Problem("--out", str(error))]) from None
    return manifest


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise InputError(str(path), [Problem(MANIFEST, f"the folder is damaged: {error}")]) from None
    if not isinstance(manifest, dict) or not all(isinstance(manifest.get(k), kind) for k, kind in WANTED.items()):
        said = f"the folder is damaged: a map with {', '.join(WANTED)} is wanted"
        raise InputError(str(path), [Problem(MANIFEST, said)])
    return manifest


def holds_same(path: Path, about: Mapping[str, Any]) -> bool:
    """Tell whether a folder holds runs of the same, so that it can be taken up again."""
    wanted = {"firstline": __version__, "canary": canary(), **about}
    try:
        there = _read_manifest(path)
    except InputError:
        return False
    return all(there.get(key) == wanted[key] for key in (*SAME, "subject"))
