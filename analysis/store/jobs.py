"""What a worker does: some replications of one cell, measured and put into Parquet's form. It writes no file itself."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from analysis.outcomes import Row, measure_of
from analysis.store.machine import canary
from analysis.store.parts import encoded
from analysis.store.rounds import Asked
from sim import __version__
from sim.errors import InputError
from sim.records.schema import TABLES, Column
from sim.spec.scenario import Scenario

if TYPE_CHECKING:
    import pyarrow as pa

    from sim.records.result import Result

Detail = Literal["kpi", "needs", "full"]
KEPT: dict[str, tuple[str, ...]] = {
    "kpi": (),
    "needs": ("needs", "visits"),
    "full": tuple(name for name in TABLES if name != "runs"),
}
"""The tables that are kept at each level of detail, beside ``outcomes`` and ``runs``."""

_WORLD = Column("world", "word", "", "the world that the plans are compared in")
_VARIANT = Column("variant", "word", "", "the variant: a plan, or a point of a design")
_REPLICATION = Column("replication", "int", "", "the draw of luck, from 0; equal for all variants")
RUN_COLUMNS = (_WORLD, _VARIANT, _REPLICATION)
"""What every table of a folder begins with."""
FOLDER_TABLES: dict[str, tuple[Column, ...]] = {
    "outcomes": (
        *RUN_COLUMNS,
        Column("outcome", "word", "", "the outcome"),
        Column("by", "word", "", "what it is split by; all where it is not"),
        Column("level", "word", "", "of which part it is; all where it is not split"),
        Column("value", "float", "the outcome's", "its value in this run; null where it is not defined"),
        Column("size", "float", "the outcome's denominator", "how many it is about"),
    ),
    "runs": (
        *RUN_COLUMNS,
        *TABLES["runs"],
        Column("digest", "text", "", "hash of all tables of the run, floats bit for bit; empty where it failed"),
    ),
}
"""The tables of a folder beside those of ``sim.records.schema``."""


@dataclass(frozen=True)
class Job:
    """Replications of one cell that a worker makes in one go; ``part`` is the number of their files."""

    part: int
    world: str
    variant: str
    scenario: Scenario
    replications: tuple[int, ...]
    seed: int
    detail: Detail = "kpi"
    plugins: tuple[Path, ...] = ()


class Ran(NamedTuple):
    """How one run ended."""

    run: Asked
    status: Literal["done", "failed"]
    error: str = ""
    digest: str = ""
    residents: int | None = None
    needs: int | None = None
    wall_s: float = float("nan")
    cpu_s: float = float("nan")
    peak_mb: float = float("nan")


@dataclass
class Done:
    """What a worker gives back: the runs, their outcomes, and the files of the tables as bytes."""

    part: int
    ran: list[Ran] = field(default_factory=list)
    rows: list[tuple[Asked, Row]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    refused: InputError | None = None
    """The input's fault, where a run could not begin."""
    canary: str = ""


def work(job: Job) -> Done:
    """Make the runs of a job. A run that fails is kept with its traceback and stops no other."""
    from sim.registry import load_entry_points, load_plugin

    load_entry_points()
    for plugin in job.plugins:
        load_plugin(plugin)
    done = Done(job.part, canary=_canary())
    tables: dict[str, list[pa.Table]] = {}
    for replication in job.replications:
        _run(job, replication, done, tables)
    done.files = {name: encoded(_joined(parts)) for name, parts in tables.items()}
    done.files["outcomes"] = encoded(_outcomes(done))
    done.files["runs"] = encoded(_runs(job, done.ran))
    return done


def lost(job: Job, why: str) -> Done:
    """Return what is kept of a job whose worker did not live to tell."""
    done = Done(job.part, [Ran((job.world, job.variant, k), "failed", why) for k in job.replications])
    done.files = {"outcomes": encoded(_outcomes(done)), "runs": encoded(_runs(job, done.ran))}
    return done


_canary = cache(canary)


def _run(job: Job, replication: int, done: Done, tables: dict[str, list[pa.Table]]) -> None:
    import sim

    asked = (job.world, job.variant, replication)
    try:
        result = sim.run(job.scenario, job.seed, replication)
        rows = measure_of(job.scenario)(result)
        digest = result.digest()
        kept = {name: result.table(name) for name in KEPT[job.detail]}
    except InputError as error:
        done.refused = error
        done.ran.append(Ran(asked, "failed", str(error)))
    except Exception:  # noqa: BLE001  # whatever it is, it is kept and the other runs go on
        done.ran.append(Ran(asked, "failed", traceback.format_exc()))
    else:
        done.rows += [(asked, row) for row in rows]
        done.ran.append(Ran(asked, "done", "", digest, *_of(result)))
        for name, table in kept.items():
            tables.setdefault(name, []).append(_marked(table, asked))


def _of(result: Result) -> tuple[int, int, float, float, float]:
    run = result.columns("runs")
    residents, needs = int(run["residents"][0]), int(run["needs"][0])
    return residents, needs, float(run["wall_s"][0]), float(run["cpu_s"][0]), float(run["peak_mb"][0])


def _marked(table: pa.Table, asked: Asked) -> pa.Table:
    """Return a table of one run with the run before each row."""
    import pyarrow as pa

    world, variant, replication = asked
    size = table.num_rows
    columns = [_words([world] * size), _words([variant] * size), pa.array([replication] * size, pa.int32())]
    for place, (column, array) in enumerate(zip(RUN_COLUMNS, columns, strict=True)):
        table = table.add_column(place, _field(column, array), array)
    return table


def _joined(tables: list[pa.Table]) -> pa.Table:
    import pyarrow as pa

    return tables[0] if len(tables) == 1 else pa.concat_tables(tables).unify_dictionaries()


def _outcomes(done: Done) -> pa.Table:
    import pyarrow as pa

    runs = [asked for asked, _ in done.rows]
    columns = [
        _words([world for world, _, _ in runs]),
        _words([variant for _, variant, _ in runs]),
        pa.array([replication for _, _, replication in runs], pa.int32()),
        _words([row.outcome for _, row in done.rows]),
        _words([row.by for _, row in done.rows]),
        _words([row.level for _, row in done.rows]),
        pa.array([row.value for _, row in done.rows], pa.float64(), from_pandas=True),
        pa.array([row.size for _, row in done.rows], pa.float64(), from_pandas=True),
    ]
    return _table("outcomes", columns)


def _runs(job: Job, ran: list[Ran]) -> pa.Table:
    import pyarrow as pa

    columns = [
        _words([one.run[0] for one in ran]),
        _words([one.run[1] for one in ran]),
        pa.array([one.run[2] for one in ran], pa.int32()),
        _words([job.scenario.name] * len(ran)),
        pa.array([job.seed] * len(ran), pa.int64()),
        _words([__version__] * len(ran)),
        *(pa.array([getattr(one, name) for one in ran], pa.int64()) for name in ("residents", "needs")),
        *(pa.array([getattr(one, name) for one in ran], pa.float64()) for name in ("wall_s", "cpu_s", "peak_mb")),
        _words([one.status for one in ran]),
        pa.array([one.error for one in ran], pa.string()),
        pa.array([one.digest for one in ran], pa.string()),
    ]
    return _table("runs", columns)


def _table(name: str, columns: list[pa.Array]) -> pa.Table:
    import pyarrow as pa

    fields = [_field(column, array) for column, array in zip(FOLDER_TABLES[name], columns, strict=True)]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def _field(column: Column, array: pa.Array) -> pa.Field:
    import pyarrow as pa

    return pa.field(column.name, array.type, metadata={"unit": column.unit, "meaning": column.meaning})


def _words(values: list[str]) -> pa.Array:
    import pyarrow as pa

    return pa.array(values, pa.string()).dictionary_encode()
