"""Columns of few names, held as codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Columns = Mapping[str, Any]


@dataclass(frozen=True)
class Words:
    """A column of few names: a code a row, and the name of each code; code −1 is null."""

    codes: npt.NDArray[Any]
    names: tuple[str, ...]

    def decoded(self) -> npt.NDArray[np.object_]:
        """Return the names, one a row; None for null."""
        return np.array([*self.names, None], dtype=object)[self.codes]

    def __len__(self) -> int:
        return int(self.codes.size)


def coded(codes: Any, names: tuple[str, ...]) -> Words:
    """Return a column from its codes."""
    return Words(np.asarray(codes, np.int16 if len(names) < 1 << 15 else np.int32), names)


def words(values: Sequence[str]) -> Words:
    """Return a column from its names."""
    names = tuple(dict.fromkeys(values))
    place = {name: code for code, name in enumerate(names)}
    return coded([place[value] for value in values], names)


def cells(column: npt.NDArray[Any]) -> memoryview[Any]:
    """Return a column's cells for handlers to read and write, at a third of the price of the array's own."""
    return memoryview(np.ascontiguousarray(column))  # type: ignore[arg-type]  # NumPy declares its buffer from 3.12 on
