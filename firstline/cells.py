"""A figure as it is written, which still knows the number it was written from: what a table for machines is made of."""

from __future__ import annotations

import math
from typing import Self

NAN = float("nan")


class Cell(str):
    """A written figure with its number in a unit of the data dictionary, and its bounds; NaN for what it has not."""

    __slots__ = ("high", "low", "unit", "value")

    value: float
    low: float
    high: float
    unit: str

    def __new__(cls, text: str, value: float = NAN, unit: str = "", low: float = NAN, high: float = NAN) -> Self:
        """Write a figure; shares are between 0 and 1 and times are hours, however they are written."""
        cell = super().__new__(cls, text)
        cell.value, cell.unit, cell.low, cell.high = float(value), unit, float(low), float(high)
        return cell

    def bounded(self, low: float, high: float) -> Cell:
        """Return the figure with the interval that stands beside it."""
        return Cell(self, self.value, self.unit, low, high)

    @property
    def known(self) -> bool:
        """Whether there is a number, or bounds of one."""
        return any(map(math.isfinite, (self.value, self.low, self.high)))


def unit_of(text: str) -> str:
    """Return the unit of a written figure; none where it is mere text."""
    return text.unit if isinstance(text, Cell) else ""
