"""How estimates are written for a reader: counts, shares, durations, with half the width of their interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from analysis.intervals import Estimate
from firstline.cells import Cell, unit_of
from sim import units

if TYPE_CHECKING:
    from firstline.words import Words

Found = Mapping[tuple[str, str, str], Estimate]
Say = Callable[[float], str]
MISSING = Estimate(math.nan, math.nan, 0, 0)


def _minus(text: str) -> str:
    """Write a minus as a minus, and not as a hyphen."""
    return text.replace("-", "−")


def percent(value: float) -> Cell:
    """Write a share for a reader."""
    return Cell(_minus(f"{100 * value:.1f} %") if math.isfinite(value) else "–", value, "share")


def coefficient(value: float) -> Cell:
    """Write a number without a unit, such as a correlation or an index, for a reader."""
    return Cell(_minus(f"{value:.2f}") if math.isfinite(value) else "–", value)


def say_duration(value: float) -> Cell:
    """Write hours for a reader."""
    return Cell(units.say_duration(value), value, "h")


def took(seconds: float, words: Words) -> str:
    """Write how long a computation took; less than a second is said in words."""
    return say_duration(seconds / 3600) if seconds >= 1 else words("run.no_time")


def number(value: float) -> str:
    """Write a count or an amount for a reader."""
    if not math.isfinite(value):
        return "–"
    return _minus(f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}")


def share(value: float) -> str:
    """Write a state between 0 and 1 for a reader."""
    return _minus(f"{value:.3f}") if math.isfinite(value) else "–"


def with_interval(found: Estimate, say: Say) -> Cell:
    """Write an estimate: its mean, and half the width of its interval in the same unit."""
    hours = say in (say_duration, units.say_duration)
    said = say(found.mean)
    unit = "h" if hours else unit_of(said)
    if not math.isfinite(found.mean):
        return Cell("–", unit=unit)
    if not math.isfinite(found.half_width) or found.half_width == 0:
        return Cell(said, found.mean, unit, found.low, found.high)
    spread = _same_unit(found) if hours else say(found.half_width)
    return Cell(f"{said if hours else said.removesuffix(' %')} ± {spread}", found.mean, unit, found.low, found.high)


def _same_unit(found: Estimate) -> str:
    """Write a half width in the unit of its mean, so that the two can be compared at a glance."""
    size = abs(found.mean)
    if size < 1 / 60:
        return f"{found.half_width * 3600:.0f} s"
    if size < 2:
        return f"{found.half_width * 60:.{1 if size < 1 / 6 else 0}f} min"
    return f"{found.half_width:.1f} h" if size < 48 else f"{found.half_width / 24:.1f} d"
