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
import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.outcomes import Row
from analysis.store.jobs import FOLDER_TABLES, Detail, Done, Job
from analysis.store.manifest import LOCK, MANIFEST, agreed, but_for_replications, is_free, read, write
from analysis.store.parts import put, remove, sweep, table_of
from analysis.store.planned import Plan
from analysis.store.rounds import Asked, Collected, Round
from sim.errors import InputError, Problem, nearest
from sim.spec.patches import validate
from sim.spec.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

PLAN, TABLES = "runs_planned.parquet", "tables"
DIGESTED = ["world", "variant", "replication", "seed", "status", "digest"]


class BusyError(InputError):
    """Another process is at work on a folder."""


class Folder:
    """A folder of runs; made by :meth:`begin`, read by :meth:`open`."""

    def __init__(self, path: Path, manifest: Mapping[str, Any], plan: Plan) -> None:
        self.path = path
        self.manifest = manifest
        self.plan = plan
        self.retry = False
        """Whether runs that failed before are made again."""
        self._kept: set[int] = set()
        """The parts that were made while this object held the folder."""
        self._unsaid = False
        """Whether the manifest is still to be written: what is there is about fewer or other cells."""
        self._fewer = False
        """Whether what is asked for differs from what is there in the number of replications, and in nothing else."""

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
    def begin(cls, path: Path | str, about: Mapping[str, Any], *, retry: bool = False) -> Iterator[Folder]:
        """Make a folder or take one up again, and hold it while runs are added.

        ``about`` says what the folder is about: kind, name, seed, detail, plugins, and the ``subject`` itself. With
        ``retry``, runs that failed are made again. Raises InputError where something else is there, or another process
        is at work on it; CannotWriteError where it cannot be made.
        """
        from filelock import FileLock, Timeout

        path = Path(path)
        try:
            if not (path / MANIFEST).is_file() and not is_free(path):
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
            yield cls._held(path, about, retry=retry)
        finally:
            _remove_if_empty(path)  # while it is still ours
            lock.release()

    @classmethod
    def _held(cls, path: Path, about: Mapping[str, Any], *, retry: bool) -> Folder:
        sweep(path)
        manifest = agreed(path, about)
        folder = cls(path, manifest, Plan.read(path / PLAN))
        folder.retry = retry
        folder._check_plan()
        if not (path / MANIFEST).is_file():
            write(path, manifest)
        else:
            there = read(path)
            folder._unsaid = manifest != there
            folder._fewer = folder._unsaid and but_for_replications(manifest) == but_for_replications(there)
        return folder

    def ask(self, asked: Round) -> list[Job]:
        """Plan the runs of a round that are not planned yet, and return those not made yet, in parts.

        Raises InputError where the same was asked for before with more replications: a page about fewer would be wrong.
        """
        if self._fewer:
            self._refuse_fewer(asked)
        grown = self.plan.add(asked, parts_of=5 if self.detail == "kpi" else 1, source=str(self.path))
        if self._unsaid:  # only now is it sure that its cells can be added
            write(self.path, self.manifest)
            self._unsaid = False
        if grown:
            put(self.path / PLAN, self.plan.encoded())
        plugins = tuple(Path(name) for name in self.manifest["plugins"])
        scenarios = {(batch.cell.world, batch.cell.variant): batch.cell.scenario for batch in asked.batches}
        jobs = []
        for part, cell, replications in self.plan.parts(asked):
            if self.retry and part not in self._kept:
                self._forget_failed(part)
            if not self.is_made(part):
                jobs.append(Job(part, *cell, scenarios[cell], replications, self.seed, self.detail, plugins))
        return jobs

    def _refuse_fewer(self, asked: Round) -> None:
        for batch in asked.batches:
            there = self.plan.replications(batch.cell.world, batch.cell.variant)
            if len(batch.replications) < there:
                said = f"this folder holds {there} replications; at least so many are wanted, or another folder"
                raise InputError(str(self.path), [Problem("--out", f"{said}; found {len(batch.replications)}")])

    def keep(self, done: Done) -> None:
        """Write the files of a part; the one of the table ``runs`` last, for it says that the part is made."""
        for path in (self.path / TABLES).glob(f"*/{_file(done.part)}"):
            if path.parent.name not in done.files:  # of an attempt that got further
                remove(path)
        for name in sorted(done.files, key=lambda name: name == "runs"):
            put(self.part(name, done.part), done.files[name])
        self._kept.add(done.part)

    def recall(self, asked: Round, collected: Collected) -> None:
        """Read the values of those runs of a round that were made before."""
        wanted = {run for run in asked.runs() if run not in collected}
        for part, cell, replications in self.plan.parts(asked):
            runs = [run for run in ((*cell, k) for k in replications) if run in wanted]
            if not runs or not self.is_made(part):
                continue
            status = self._status(part)
            if list(status) != [(*cell, k) for k in replications]:
                said = "the folder is damaged: it holds other runs than planned"
                raise self._damaged(self.part("runs", part), said)
            values: dict[Asked, dict[Any, float]] = {run: {} for run in runs}
            if collected.keys:
                names = {key[0] for key in collected.keys}
                for run, row in _outcomes(self._read(self.part("outcomes", part)), names):
                    if run in values:
                        values[run][row.outcome, row.by, row.level] = row.value
            for run in runs:
                collected.fail(run) if status[run] == "failed" else collected.add(run, values[run])

    def _forget_failed(self, part: int) -> None:
        """Let a part in which a run failed be made again."""
        if self.is_made(part) and "failed" in self._status(part).values():
            remove(self.part("runs", part))

    def _check_plan(self) -> None:
        """Refuse a folder that has runs which nobody planned: their numbers could be taken for those of others."""
        if not self.plan.rows and any((self.path / TABLES / "runs").glob("*.parquet")):
            said = "the folder is damaged: it has runs but no plan of them; choose another folder"
            raise InputError(str(self.path), [Problem(PLAN, said)])

    # -- reading ----------------------------------------------------------------------------------------------------

    @classmethod
    def open(cls, path: Path | str) -> Folder:
        """Open a folder to read; raises InputError where it is none or is damaged."""
        path = Path(path)
        if not path.exists():
            raise InputError(str(path), [Problem("", f"there is no such folder{_near(path)}")])
        if not (path / MANIFEST).is_file():
            made = "a folder made by 'firstline run' or 'firstline experiment' is wanted"
            raise InputError(str(path), [Problem("", f"{made}; it holds no {MANIFEST}")])
        return cls(path, read(path), Plan.read(path / PLAN))

    def part(self, name: str, part: int) -> Path:
        """Return the path of a part of a table."""
        return self.path / TABLES / name / _file(part)

    def is_made(self, part: int) -> bool:
        """Tell whether a part is made: whether its file of the table ``runs`` is in place."""
        return self.part("runs", part).is_file()

    def made(self) -> list[int]:
        """Return the parts that are made."""
        return [part for part in range(self.plan.next_part) if self.is_made(part)]

    def check_whole(self) -> None:
        """Refuse a folder in which planned runs are missing; raises InputError."""
        if len(self.made()) < self.plan.next_part or not self.plan.next_part:
            said = f"{self.plan.next_part} parts are planned, {len(self.made())} made: give its command again"
            raise InputError(str(self.path), [Problem("", f"its runs did not finish: {said}")])

    def scenario(self) -> Scenario:
        """Return the scenario of a run, or the base of an experiment."""
        return validate(self.manifest["subject"]["scenario"], str(self.path / MANIFEST))

    def outcomes(self) -> Iterator[Row]:
        """Yield the outcomes of all runs of a folder of one cell, a part at a time."""
        for part in self.made():
            yield from (row for _, row in _outcomes(self._read(self.part("outcomes", part))))

    def table(self, name: str) -> pd.DataFrame:
        """Return one table of all runs that are made, each row with its world, variant and replication.

        A run that failed has no rows, but in ``runs``. Raises InputError where the folder keeps no such table.
        """
        import pandas as pd

        made = self.made()
        if name not in FOLDER_TABLES:  # a part of which every run failed has no such file
            made = [part for part in made if self.part(name, part).is_file() or "done" in self._status(part).values()]
        if not made or not (self.path / TABLES / name).is_dir():
            said = f"it holds no table {name!r}: no run is made, or its --detail is less ({self.detail})"
            raise InputError(str(self.path), [Problem("", said)])
        frames = []
        for part in made:
            frame = self._read(self.part(name, part)).to_pandas()
            for column in frame.select_dtypes("category"):
                frame[column] = frame[column].astype(object)
            frames.append(frame)
        filled = [frame for frame in frames if len(frame)]
        return pd.concat(filled, ignore_index=True) if filled else frames[0]

    def _runs(self, columns: list[str]) -> Iterator[dict[str, Any]]:
        for part in self.made():
            yield from self._read(self.part("runs", part), columns).to_pylist()

    def _status(self, part: int) -> dict[Asked, str]:
        rows = self._read(self.part("runs", part), ["world", "variant", "replication", "status"]).to_pylist()
        return {(row["world"], row["variant"], row["replication"]): row["status"] for row in rows}

    def failed(self) -> list[dict[str, Any]]:
        """Return the runs that failed: world, variant, replication and error."""
        rows = self._runs(["world", "variant", "replication", "status", "error"])
        return [row for row in rows if row["status"] == "failed"]

    def replications(self) -> int:
        """Return how many runs are made."""
        return sum(1 for _ in self._runs(["replication"]))

    def seconds(self) -> float:
        """Return the processor time that all runs took, in seconds; that of runs that failed is not known."""
        return math.fsum(row["cpu_s"] for row in self._runs(["cpu_s"]) if row["cpu_s"] == row["cpu_s"])

    def digest(self) -> str:
        """Return a hash of all runs, whatever made them and in which order."""
        hasher = hashlib.blake2b(digest_size=16)
        for row in sorted(tuple(row[name] for name in DIGESTED) for row in self._runs(DIGESTED)):
            hasher.update(repr(row).encode())
        return hasher.hexdigest()

    def _read(self, path: Path, columns: list[str] | None = None) -> pa.Table:
        import pyarrow as pa

        try:
            return table_of(path, columns)
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(path, f"the folder is damaged: {str(error).splitlines()[0]}") from None

    def _damaged(self, path: Path, said: str) -> InputError:
        place = path.relative_to(self.path)
        runs = Path(TABLES, "runs", path.name)
        return InputError(str(self.path), [Problem(str(place), f"{said}; remove {runs}, and give its command again")])


def _near(path: Path) -> str:
    """Return a hint at the folder beside it whose name is nearest; "" where none is near."""
    with contextlib.suppress(OSError):
        hint = nearest(path.name, [found.name for found in path.parent.iterdir() if (found / MANIFEST).is_file()])
        return hint if "did you mean" in hint else ""
    return ""


def _file(part: int) -> str:
    return f"part-{part:06d}.parquet"


def _outcomes(table: pa.Table, wanted: set[str] | None = None) -> Iterable[tuple[Asked, Row]]:
    """Yield the rows of a table of outcomes, or those of some outcomes alone."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if wanted is not None:
        table = table.filter(pc.is_in(table.column("outcome").cast(pa.string()), pa.array(sorted(wanted))))
    names = ("world", "variant", "replication", "outcome", "by", "level", "value", "size")
    for world, variant, replication, *row in zip(*(table.column(name).to_pylist() for name in names), strict=True):
        outcome, by, level, value, size = row
        number = float("nan") if value is None else value
        yield (world, variant, replication), Row(replication, outcome, by, level, number, size)


def _remove_if_empty(path: Path) -> None:
    """Remove a folder in which no run was ever made."""
    if not (path / TABLES).exists():
        with contextlib.suppress(OSError):
            for name in (MANIFEST, PLAN, LOCK):
                (path / name).unlink(missing_ok=True)
            path.rmdir()
