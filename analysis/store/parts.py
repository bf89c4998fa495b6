"""Files that are whole or not there: written aside, flushed, then put in place.

A process that is killed leaves a file aside, which nobody reads; a full disk leaves nothing.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import FirstlineError

if TYPE_CHECKING:
    import pyarrow as pa

ASIDE = ".aside"


class CannotWriteError(FirstlineError):
    """A file of the results could not be written; what was finished before is kept."""

    def __init__(self, path: Path, error: OSError) -> None:
        self.errno = error.errno
        why = error.strerror or type(error).__name__
        said = "what is finished is kept: mend that, and give the same command again"
        super().__init__(f"{path}: it cannot be written ({why}); {said}")


def put(path: Path, content: bytes) -> None:
    """Write a file, so that nobody ever reads half of it; raises CannotWriteError where that cannot be done."""
    aside = path.with_name(path.name + ASIDE)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)  # noqa: PTH105  # the tests make this very call fail
    except BaseException as error:  # Ctrl-C, too, leaves nothing aside
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise CannotWriteError(path, error) from None
        raise


def remove(path: Path) -> None:
    """Remove a file, if it is there; raises CannotWriteError where that cannot be done."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CannotWriteError(path, error) from None


def table_of(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read a table, or some columns of it; raises OSError or pyarrow's exceptions where it is missing or damaged."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:  # half the time of read_table, which looks for partitions
        return file.read(columns)


def sweep(folder: Path) -> None:
    """Remove what killed processes have left aside."""
    for path in folder.rglob(f"*{ASIDE}"):
        with contextlib.suppress(OSError):
            path.unlink()


def encoded(table: pa.Table) -> bytes:
    """Return a table in Parquet's form."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    floats = [field.name for field in table.schema if str(field.type) == "double"]
    words = [field.name for field in table.schema if str(field.type).startswith("dictionary")]
    buffer = pa.BufferOutputStream()
    pq.write_table(
        table,
        buffer,
        compression="zstd",
        use_dictionary=words or False,
        column_encoding=dict.fromkeys(floats, "BYTE_STREAM_SPLIT") or None,
        write_statistics=False,
        store_schema=True,
    )
    content: Any = buffer.getvalue().to_pybytes()
    return bytes(content)
