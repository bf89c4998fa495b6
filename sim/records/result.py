"""The result of one run: plain columns, turned into Arrow tables and Parquet files when asked for.

The result is not the model and holds none of it. Outcomes and intervals are made from it in ``analysis``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import nearest
from sim.records.columns import Columns, Words
from sim.records.derive import DERIVED
from sim.records.schema import GROUP_PREFIX, TABLES, VOLATILE, Column

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


ROW_GROUP = 1 << 17
"""Rows that are encoded at a time: more would cost memory, fewer would compress worse."""


@dataclass(frozen=True)
class Result:
    """Hold what one run leaves.

    ``raw`` maps the tables that are written down during a run to their columns; the others are derived from them.
    ``horizon_h``, ``warm_up_h`` and ``end_h`` say which needs count and when the run ended.
    """

    scenario: str
    seed: int
    replication: int
    warm_up_h: float
    horizon_h: float
    end_h: float
    look_h: float
    raw: Mapping[str, Columns]
    groups: tuple[str, ...] = ()
    group_sizes: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def tables(self) -> Mapping[str, Columns]:
        """All tables as columns: those written down, and those derived from their stamps."""
        written = {name: columns for name, columns in self.raw.items() if name in TABLES}
        return {**written, **{name: derive(self) for name, derive in DERIVED.items()}}

    def columns(self, table: str) -> Columns:
        """Return the columns of one table as arrays; raises ValueError where there is no such table."""
        if table in self.raw:
            return self.raw[table]
        if table not in DERIVED:
            raise ValueError(f"no table is called {table!r}{nearest(table, TABLES)}")
        if "tables" in self.__dict__:  # derived already
            return self.tables[table]
        return DERIVED[table](self)

    def table(self, name: str) -> pa.Table:
        """Return one table in Arrow's form, unit and meaning in each field's metadata; raises ValueError."""
        import pyarrow as pa

        columns = self.columns(name)
        declared = {column.name: column for column in TABLES[name]}
        arrays, fields = [], []
        for key, values in columns.items():
            column = declared.get(key) or Column(
                key, "flag", "", f"the resident is in the group {key.removeprefix(GROUP_PREFIX)}"
            )
            array = _arrow(values, column)
            arrays.append(array)
            fields.append(pa.field(key, array.type, metadata={"unit": column.unit, "meaning": column.meaning}))
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))

    def frame(self, name: str) -> pd.DataFrame:
        """Return one table as a pandas data frame; raises ValueError where there is no such table."""
        return self.table(name).to_pandas()

    def write(self, folder: Path) -> dict[str, int]:
        """Write every table to ``folder/<table>/part-<replication>.parquet`` and return the rows of each.

        A part is written aside first and then put in place, so that a reader never sees half of one.
        """
        import pyarrow.parquet as pq

        rows = {}
        for name in TABLES:
            table = self.table(name)
            rows[name] = table.num_rows
            part = folder / name / f"part-{self.replication:06d}.parquet"
            part.parent.mkdir(parents=True, exist_ok=True)
            aside = part.with_suffix(".aside")
            floats = [f.name for f in table.schema if str(f.type) == "double"]
            words = [f.name for f in table.schema if str(f.type).startswith("dictionary")]
            pq.write_table(
                table,
                aside,
                compression="zstd",
                row_group_size=ROW_GROUP,
                use_dictionary=words or False,
                column_encoding=dict.fromkeys(floats, "BYTE_STREAM_SPLIT") or None,
                write_statistics=False,
                store_schema=True,
            )
            aside.replace(part)
        return rows

    def digest(self) -> str:
        """Return a hash of all tables, floats bit for bit, without what differs from machine to machine."""
        hasher = hashlib.blake2b(digest_size=16)
        for name in sorted(TABLES):
            for key, values in self.columns(name).items():
                if key in VOLATILE.get(name, ()):
                    continue
                hasher.update(f"{name}.{key}:".encode())
                hasher.update(_bytes(values))
        return hasher.hexdigest()


def _arrow(values: Any, column: Column) -> pa.Array:
    import pyarrow as pa

    if isinstance(values, Words):
        codes = values.codes
        mask = codes < 0
        indices = pa.array(codes, mask=mask if mask.any() else None)
        return pa.DictionaryArray.from_arrays(indices, pa.array(values.names, pa.string()))
    if column.kind == "float":
        return pa.array(values, pa.float64(), from_pandas=True)
    if column.kind == "int":
        if values.dtype.kind == "f":  # NaN where there is none
            return pa.array(values, from_pandas=True).cast(pa.int64() if values.dtype == np.float64 else pa.int32())
        return pa.array(values)
    if column.kind == "flag":
        return pa.array(values, pa.bool_())
    return pa.array(list(values), pa.string())


def _bytes(values: Any) -> bytes:
    if isinstance(values, Words):
        return repr(values.names).encode() + values.codes.astype(np.int64).tobytes()
    if not isinstance(values, np.ndarray):
        return repr(list(values)).encode()
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), np.nan, values)  # one NaN, whatever its bits
    return np.ascontiguousarray(values).tobytes()
