"""The folder of a run: manifest, tables as Parquet, outcomes of every replication. No folder is ever overwritten."""

from __future__ import annotations

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
from sim.spec.patches import validate
from sim.spec.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

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
    """Return the first folder of this name that does not exist yet: name, name-2, name-3 and so on."""
    folder, number = parent / name, 2
    while folder.exists():
        folder, number = parent / f"{name}-{number}", number + 1
    return folder


@dataclass(frozen=True)
class RunFolder:
    """A folder that holds the replications of one scenario."""

    path: Path

    @classmethod
    def create(cls, path: Path, scenario: Scenario, source: str, options: Mapping[str, Any]) -> RunFolder:
        """Make the folder and write its manifest; raises InputError where something else is in the way."""
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise InputError(str(path), [Problem("--out", "a new or empty folder is wanted; this one is in use")])
        try:
            path.mkdir(parents=True, exist_ok=True)
            manifest = {
                "firstline": __version__,
                "kind": "run",
                "scenario": scenario.data(),
                "source": source,
                **options,
                "created": datetime.now(UTC).isoformat(timespec="seconds"),
                "python": platform.python_version(),
                "libraries": {name: version(name) for name in LIBRARIES},
                "canary": canary(),
            }
            _write(path / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False).encode())
        except OSError as error:
            raise InputError(str(path), [Problem("--out", f"it cannot be written: {error.strerror}")]) from None
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Open a folder that a run has left; raises InputError where it is none."""
        if not (path / MANIFEST).is_file():
            raise InputError(
                str(path), [Problem("", f"a folder made by 'firstline run' is wanted; it holds no {MANIFEST}")]
            )
        folder = cls(path)
        try:
            folder.manifest()
        except (ValueError, OSError) as error:
            raise InputError(str(path / MANIFEST), [Problem("", f"the manifest cannot be read: {error}")]) from None
        if not (path / OUTCOMES).is_file():
            raise InputError(str(path), [Problem("", "the run in this folder did not finish; run it again")])
        return folder

    @property
    def tables(self) -> Path:
        """The folder of the tables."""
        return self.path / TABLES

    def manifest(self) -> dict[str, Any]:
        """Return the manifest."""
        return dict(json.loads((self.path / MANIFEST).read_text(encoding="utf-8")))

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
        import pyarrow.parquet as pq

        table = pq.read_table(self.path / OUTCOMES)
        return [Row(*values) for values in zip(*(table.column(name).to_pylist() for name in Row._fields), strict=True)]

    def table(self, name: str) -> pd.DataFrame:
        """Return one table of all replications, with a column ``replication``."""
        import duckdb

        parts = str(self.tables / name / "part-*.parquet").replace("'", "''")
        with duckdb.connect() as connection:
            number = "CAST(regexp_extract(filename, 'part-([0-9]+)', 1) AS INTEGER) AS replication"
            source = f"read_parquet('{parts}', filename = true, file_row_number = true)"
            query = f"SELECT {number}, * EXCLUDE (filename, file_row_number) FROM {source}"  # noqa: S608  # our own path
            return connection.sql(f"{query} ORDER BY filename, file_row_number").df()


def _write(path: Path, content: bytes) -> None:
    """Write a file aside and put it in place, so that nobody ever reads half of it."""
    aside = path.with_suffix(".aside")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
