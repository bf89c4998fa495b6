"""Append buffers: rows of plain numbers, held as doubles from the start so that a long run stays small."""

from __future__ import annotations

from array import array

import numpy as np
import numpy.typing as npt


class RowBuffer:
    """Collect rows of ``width`` numbers: a handler does ``buffer.rows.extend((…))`` with one number a column."""

    __slots__ = ("rows", "width")

    def __init__(self, width: int) -> None:
        self.width = width
        self.rows = array("d")

    def array(self) -> npt.NDArray[np.float64]:
        """Return all rows as one array of shape (rows, width), and begin anew."""
        rows, self.rows = self.rows, array("d")
        return np.frombuffer(rows, dtype=np.float64).reshape(-1, self.width)
