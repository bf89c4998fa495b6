"""Durations and times of day as people write them, in hours; nothing here knows what they are for."""

from __future__ import annotations

import math
import re

HOURS_PER = {"s": 1 / 3600, "min": 1 / 60, "h": 1.0, "d": 24.0, "w": 168.0}
LONGEST_H = 10 * 365 * 24.0

_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?(?:e-?\d+)?)\s*([A-Za-z]+)\s*", re.ASCII)
_TIME_OF_DAY = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def parse_duration(value: object) -> float:
    """Return a duration such as "40 min", "4 h", "2 d" or "1 h 30 min" in hours.

    Raises ValueError for a bare number, an unknown unit, a negative or an absurdly long duration.
    """
    if not isinstance(value, str):
        raise ValueError(f"a duration with its unit, such as '40 min' or '2 d', is wanted; found {found(value)}")
    parts = list(_DURATION.finditer(value))
    if not parts or "".join(p.group() for p in parts) != value:
        if _NUMBER.fullmatch(value.strip()):
            raise ValueError(
                f"a duration needs its unit; found {found(value)}; did you mean '{value.strip().lstrip('+-')} h'?"
            )
        raise ValueError(f"a duration such as '40 min', '4 h' or '2 d' is wanted; found {found(value)}")
    total = 0.0
    for part in parts:
        unit = part.group(2)
        if unit not in HOURS_PER:
            raise ValueError(f"{clip(unit)!r} is no unit of time; known: {', '.join(HOURS_PER)}; found {found(value)}")
        total += float(part.group(1)) * HOURS_PER[unit]
    if total > LONGEST_H:
        raise ValueError(f"at most ten years are wanted; found {found(value)}")
    return total


def duration_text(hours: float) -> str:
    """Write hours so that :func:`parse_duration` reads back the same float."""
    return f"{hours!r} h"


def say_duration(hours: float) -> str:
    """Write hours for a reader: "35 min", "4.5 h", "2.5 d"; "–" for not known.

    >>> say_duration(0.5), say_duration(4.5), say_duration(60.0)
    ('30 min', '4.5 h', '2.5 d')
    """
    if not math.isfinite(hours):
        return "–"
    size = abs(hours)
    if size < 1 / 60:
        return f"{hours * 3600:.0f} s"
    if size < 10 / 60:
        return f"{hours * 60:.1f} min"
    if size < 2:
        return f"{hours * 60:.0f} min"
    if size < 48:
        return f"{hours:.1f} h"
    return f"{hours / 24:.1f} d"


def parse_time_of_day(text: str) -> float:
    """Return "08:30" as hours since midnight in [0, 24]."""
    match = _TIME_OF_DAY.fullmatch(text.strip())
    if (
        not match
        or int(match.group(1)) > 24
        or int(match.group(2)) > 59
        or (match.group(1) == "24" and match.group(2) != "00")
    ):
        raise ValueError(f"a time of day such as '08:30' is wanted; found {found(text)}")
    return int(match.group(1)) + int(match.group(2)) / 60


def parse_number(value: object) -> float:
    """Return a finite number written in digits; raises ValueError for anything else (also "nan", "yes", "1_000")."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"a number is wanted; found {found(value)}")
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        raise ValueError(f"a number is wanted; found {found(value)}")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"a finite number is wanted; found {found(value)}")
    return number


def found(value: object) -> str:
    """Say what was found, for an error message."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, (list, tuple)):
        return "a list"
    return clip(repr(value))


def clip(text: str, most: int = 80) -> str:
    """Shorten a text for a message."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
