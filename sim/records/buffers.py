"""Append buffers: rows of plain numbers, turned into arrays in blocks so that a long run stays small."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BLOCK = 4096


class RowBuffer:
    """Collect rows of ``width`` numbers.

    A hot handler does ``buffer.rows.extend((…))`` and calls :meth:`pack` when ``len(buffer.rows) >= buffer.full``.
    """

    __slots__ = ("blocks", "full", "rows", "width")

    def __init__(self, width: int) -> None:
        self.width = width
        self.full = BLOCK * width
        self.rows: list[float] = []
        self.blocks: list[npt.NDArray[np.float64]] = []

    def pack(self) -> None:
        """Turn the collected rows into one array."""
        if self.rows:
            self.blocks.append(np.array(self.rows, dtype=np.float64).reshape(-1, self.width))
            self.rows.clear()

    def array(self) -> npt.NDArray[np.float64]:
        """Return all rows as one array of shape (rows, width), and let go of them here."""
        self.pack()
        rows = np.concatenate(self.blocks) if self.blocks else np.empty((0, self.width))
        self.blocks.clear()
        return rows
