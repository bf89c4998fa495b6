"""How estimates are written for a reader: counts, shares, durations, with half the width of their interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from analysis.intervals import Estimate
from sim.units import say_duration

Found = Mapping[tuple[str, str, str], Estimate]
Say = Callable[[float], str]
MISSING = Estimate(math.nan, math.nan, 0, 0)


def percent(value: float) -> str:
    """Write a share for a reader."""
    return f"{100 * value:.1f} %" if math.isfinite(value) else "–"


def number(value: float) -> str:
    """Write a count or an amount for a reader."""
    if not math.isfinite(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}"


def share(value: float) -> str:
    """Write a state between 0 and 1 for a reader."""
    return f"{value:.3f}" if math.isfinite(value) else "–"


def with_interval(found: Estimate, say: Say) -> str:
    """Write an estimate: its mean, and half the width of its interval in the same unit."""
    if not math.isfinite(found.mean):
        return "–"
    if not math.isfinite(found.half_width) or found.half_width == 0:
        return say(found.mean)
    if say is say_duration:
        return f"{say(found.mean)} ± {_same_unit(found)}"
    return f"{say(found.mean).removesuffix(' %')} ± {say(found.half_width)}"


def _same_unit(found: Estimate) -> str:
    """Write a half width in the unit of its mean, so that the two can be compared at a glance."""
    size = abs(found.mean)
    if size < 1 / 60:
        return f"{found.half_width * 3600:.0f} s"
    if size < 2:
        return f"{found.half_width * 60:.{1 if size < 1 / 6 else 0}f} min"
    return f"{found.half_width:.1f} h" if size < 48 else f"{found.half_width / 24:.1f} d"
