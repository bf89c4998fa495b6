"""Law 10: the same digest for any number of workers, after writing and reading, and another for other luck."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sim
from sim import run, run_many
from sim.records.result import Result
from sim.records.schema import TABLES


@pytest.fixture(scope="module")
def tutorial():
    return sim.load("tutorial")


def test_the_digest_is_the_runs_own(tutorial):
    """A digest is a function of scenario, seed and replication; every other seed or replication has another."""
    same = {run(tutorial, 7, 2).digest() for _ in range(2)}
    assert len(same) == 1
    others = {run(tutorial, seed, replication).digest() for seed in (7, 8) for replication in (0, 1, 2)}
    assert len(others) == 6
    assert same <= others


def test_every_column_is_in_the_digest(tutorial):
    """A digest that did not see a column could not guard it: a value moved by one bit gives another digest."""
    result = run(tutorial)
    digest = result.digest()
    for table in ("needs", "visits", "stock", "shifts"):
        for key, values in result.columns(table).items():
            column = values.codes if hasattr(values, "codes") else values
            rows = np.flatnonzero(column == column)
            if not rows.size or (hasattr(values, "codes") and len(values.names) < 2):
                continue
            column.setflags(write=True)
            k, kept = rows[0], column[rows[0]]
            if hasattr(values, "codes"):
                column[k] = (kept + 1) % len(values.names)
            elif column.dtype == bool:
                column[k] = not kept
            else:
                column[k] = np.nextafter(kept, 1e9) if column.dtype == float else kept + 1
            again = Result(**{field: getattr(result, field) for field in Result.__dataclass_fields__})
            assert again.digest() != digest, f"{table}.{key}"
            column[k] = kept
    assert result.digest() == digest


def test_workers_change_nothing(tutorial):
    """Runs in two processes give the digests of runs in this one, in the same order."""
    alone = list(run_many(tutorial, 4, Result.digest, seed=3))
    together = list(run_many(tutorial, 4, Result.digest, seed=3, workers=2))
    later = list(run_many(tutorial, 2, Result.digest, seed=3, first=2))
    assert alone == together
    assert alone[2:] == later
    assert len(set(alone)) == 4


def test_what_is_written_is_what_is_read(tutorial, tmp_path):
    """Every table comes back from its file with the same values to the bit, the same types, units and meanings."""
    result = run(tutorial, replication=3)
    rows = result.write(tmp_path)
    assert set(rows) == set(TABLES)
    for name in TABLES:
        table = result.table(name)
        back = pq.ParquetFile(tmp_path / name / "part-000003.parquet").read()
        assert back.num_rows == rows[name] == table.num_rows
        assert back.schema.names == table.schema.names
        for field in table.schema:
            assert back.schema.field(field.name).metadata[b"meaning"] == field.metadata[b"meaning"]
            one, other = table.column(field.name), back.column(field.name)
            if pa.types.is_dictionary(one.type):
                one, other = one.cast(pa.string()), other.cast(pa.string())
            assert one.type == other.type
            assert one.to_pylist() == other.to_pylist()
    assert not list(tmp_path.rglob("*.aside"))


def test_run_is_the_function_however_often_it_is_asked_for(tutorial):
    """``sim.run`` and ``sim.run_many`` are the documented API: the same functions the second time as the first."""
    assert callable(sim.run)
    assert callable(sim.run)
    assert sim.run(tutorial).digest() == sim.run(tutorial).digest()
    assert callable(sim.run_many)
