"""The folder of a run: manifest, tables as Parquet, outcomes of every replication. No folder is ever overwritten."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.outcomes import Measure, Row
from sim import __version__
from sim.errors import InputError, Problem
from sim.records.schema import TABLES as SCHEMA
from sim.spec.patches import validate
from sim.spec.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MANIFEST, OUTCOMES, TABLES = "manifest.json", "outcomes.parquet", "tables"
LIBRARIES = ("mesa", "simpy", "numpy", "scipy", "pandas", "pyarrow", "pydantic")


def measure_of(scenario: Scenario) -> Measure:
    """Return the measure of a scenario's outcomes."""
    needs = scenario.world.needs
    return Measure(tuple((name, need.target) for name, need in needs.items() if need.target is not None))


def canary() -> str:
    """Return a hash of the special functions that quantiles use, over a fixed grid.

    Results compare bit for bit only between machines on which it is equal.
    """
    from scipy import special

    grid = (np.arange(4096) + 0.5) / 4096
    parts = (special.log1p(-grid), special.ndtri(grid), special.exp2(grid * 20 - 10), special.gammaincinv(2.5, grid))
    return hashlib.blake2b(b"".join(np.ascontiguousarray(part).tobytes() for part in parts), digest_size=8).hexdigest()


def free_folder(parent: Path, name: str) -> Path:
    """Make and return the first folder of this name that does not exist yet: name, name-2, name-3 and so on."""
    number = 1
    while True:
        folder = parent / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise InputError(str(folder), [Problem("--out", f"it cannot be made: {error.strerror}")]) from None
        else:
            return folder


@dataclass(frozen=True)
class RunFolder:
    """A folder that holds the replications of one scenario."""

    path: Path

    @classmethod
    def create(cls, path: Path, scenario: Scenario, source: str, options: Mapping[str, Any]) -> RunFolder:
        """Make the folder and write its manifest; raises InputError where something else is in the way."""
        try:
            if path.exists() and (not path.is_dir() or any(path.iterdir())):
                raise InputError(str(path), [Problem("--out", "a new or empty folder is wanted; this one is in use")])
            path.mkdir(parents=True, exist_ok=True)
            (path / MANIFEST).open("x").close()  # whoever makes it first has the folder
            manifest = {
                "firstline": __version__,
                "kind": "run",
                "scenario": scenario.data(),
                "source": source.encode("utf-8", "replace").decode(),
                **options,
                "created": datetime.now(UTC).isoformat(timespec="seconds"),
                "python": platform.python_version(),
                "libraries": {name: version(name) for name in LIBRARIES},
                "canary": canary(),
            }
            _write(path / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False).encode())
        except FileExistsError:
            raise InputError(str(path), [Problem("--out", "another run is using this folder")]) from None
        except OSError as error:
            raise InputError(str(path), [Problem("--out", f"it cannot be written: {error.strerror}")]) from None
        return cls(path)

    def discard(self) -> None:
        """Remove the folder of a run that could not begin; one that holds any table is kept."""
        if not self.tables.exists():
            (self.path / MANIFEST).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self.path.rmdir()

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Open a folder that a run has left; raises InputError where it is none."""
        if not (path / MANIFEST).is_file():
            raise InputError(
                str(path), [Problem("", f"a folder made by 'firstline run' is wanted; it holds no {MANIFEST}")]
            )
        folder = cls(path)
        if not (path / OUTCOMES).is_file():
            raise InputError(str(path), [Problem("", "the run in this folder did not finish; run it again")])
        runs = folder.manifest()["replications"]
        for name in SCHEMA:
            parts = len(folder.parts(name))
            if parts != runs:
                raise folder.damaged(f"{TABLES}/{name}", f"{runs} parts are wanted, one a run; found {parts}")
        return folder

    def parts(self, name: str) -> list[Path]:
        """Return the files of one table, one a replication."""
        return (
            sorted(path for path in (self.tables / name).iterdir() if path.suffix == ".parquet")
            if (self.tables / name).is_dir()
            else []
        )

    def damaged(self, place: str, what: str) -> InputError:
        """Return the error that says what is wrong with the folder."""
        return InputError(str(self.path), [Problem(place, f"the folder is damaged: {what}")])

    @property
    def tables(self) -> Path:
        """The folder of the tables."""
        return self.path / TABLES

    def manifest(self) -> dict[str, Any]:
        """Return the manifest; raises InputError where it is damaged."""
        try:
            manifest = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            raise self.damaged(MANIFEST, str(error)) from None
        wanted = {"scenario": dict, "seed": int, "replications": int, "firstline": str, "created": str}
        if not isinstance(manifest, dict) or not all(isinstance(manifest.get(k), kind) for k, kind in wanted.items()):
            raise self.damaged(MANIFEST, f"a map with {', '.join(wanted)} is wanted")
        return manifest

    def scenario(self) -> Scenario:
        """Return the scenario as it was run."""
        return validate(self.manifest()["scenario"], str(self.path / MANIFEST))

    def finish(self, rows: Iterable[Row]) -> None:
        """Write the outcomes of all replications."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = list(zip(*rows, strict=True))
        table = pa.table({name: pa.array(column) for name, column in zip(Row._fields, columns, strict=True)})
        aside = self.path / f"{OUTCOMES}.aside"
        pq.write_table(table, aside, compression="zstd")
        aside.replace(self.path / OUTCOMES)

    def outcomes(self) -> list[Row]:
        """Return the outcomes of all replications."""
        table = self._read(self.path / OUTCOMES)
        try:
            return [
                Row(*values) for values in zip(*(table.column(name).to_pylist() for name in Row._fields), strict=True)
            ]
        except KeyError as error:
            raise self.damaged(OUTCOMES, str(error)) from None

    def table(self, name: str) -> pd.DataFrame:
        """Return one table of all replications, with a column ``replication``."""
        import pandas as pd

        frames = []
        for number, part in enumerate(self.parts(name)):
            frame = self._read(part).to_pandas()
            for column in frame.select_dtypes("category"):
                frame[column] = frame[column].astype(object)
            frame.insert(0, "replication", number)
            frames.append(frame)
        filled = [frame for frame in frames if len(frame)]
        return pd.concat(filled, ignore_index=True) if filled else frames[0]

    def _read(self, path: Path) -> pa.Table:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return pq.read_table(path)
        except (pa.ArrowException, OSError) as error:
            raise self.damaged(str(path.relative_to(self.path)), str(error).splitlines()[0]) from None


def _write(path: Path, content: bytes) -> None:
    """Write a file aside and put it in place, so that nobody ever reads half of it."""
    aside = path.with_suffix(".aside")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
