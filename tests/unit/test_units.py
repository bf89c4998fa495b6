"""Durations, times of day and numbers: what people write is read exactly, what could mean two things is refused."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.spec.base import DURATION_PATTERN
from sim.units import (
    HOURS_PER,
    LONGEST_H,
    duration_text,
    found,
    parse_duration,
    parse_number,
    parse_time_of_day,
    say_duration,
)

many = settings(derandomize=True, max_examples=500, deadline=None)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("4 h", 4.0),
        ("4h", 4.0),
        ("40 min", 40 / 60),
        ("2 d", 48.0),
        ("1 w", 168.0),
        ("36 s", 0.01),
        ("1 h 30 min", 1.5),
        ("1h30min", 1.5),
        ("2 d 12 h", 60.0),
        ("0 h", 0.0),
        ("0.5 h", 0.5),
        ("1e-3 h", 0.001),
        ("  4 h  ", 4.0),
    ],
)
def test_durations_as_people_write_them(text: str, hours: float) -> None:
    """Each unit is worth what it is worth, parts add up, blanks do not matter."""
    assert parse_duration(text) == pytest.approx(hours, rel=1e-15)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("40", "did you mean '40 h'"),
        ("-40", "did you mean '40 h'"),
        ("1.5", "did you mean '1.5 h'"),
        (40, "with its unit"),
        (4.0, "with its unit"),
        (True, "with its unit"),
        (None, "found nothing"),
        (["4 h"], "found a list"),
        ({}, "found a map"),
        ("", "is wanted"),
        ("h", "is wanted"),
        ("4 hours", "'hours' is no unit of time; known: s, min, h, d, w"),
        ("4 m", "'m' is no unit of time"),
        ("4 H", "'H' is no unit of time"),
        ("1 y", "'y' is no unit of time"),
        ("-4 h", "is wanted"),
        ("+4 h", "is wanted"),
        ("4 h -30 min", "is wanted"),
        ("20:30", "is wanted"),
        ("1,5 h", "is wanted"),
        ("1 000 h", "is wanted"),
        ("1_000 h", "is wanted"),
        ("4 h.", "is wanted"),
        ("4 h, 30 min", "is wanted"),
        ("4 h and 30 min", "is wanted"),
        ("nan h", "is wanted"),
        ("inf h", "is wanted"),
        ("1e9 h", "at most ten years"),
        ("1e999 h", "at most ten years"),
        ("11 y 3 d", "is no unit of time"),
        ("4000 d", "at most ten years"),
        ("0x10 h", "is"),
        ("½ h", "is wanted"),
    ],
)
def test_what_is_no_duration(value: object, says: str) -> None:
    """No unit is guessed, no sign is dropped, no part is skipped: a ValueError names what was found."""
    with pytest.raises(ValueError, match=re.escape(says)):
        parse_duration(value)


@many
@given(st.floats(0, LONGEST_H))
def test_hours_written_read_back_bit_for_bit(hours: float) -> None:
    """A scenario that is written and read must be the same scenario, to the last bit of each duration."""
    text = duration_text(hours)
    assert parse_duration(text) == hours
    assert re.fullmatch(DURATION_PATTERN.strip("^$"), text), "the JSON schema must accept what is written"


@many
@given(
    st.lists(
        st.tuples(
            st.decimals(0, 400, places=3).map(str), st.sampled_from(sorted(HOURS_PER)), st.sampled_from(["", " "])
        ),
        min_size=1,
        max_size=4,
    )
)
def test_parts_add_up(parts: list[tuple[str, str, str]]) -> None:
    """Any parts in any order mean their sum; the reference is exact arithmetic in seconds."""
    seconds = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
    exact = sum(Fraction(number) * seconds[unit] for number, unit, _ in parts) / 3600
    text = " ".join(f"{number}{blank}{unit}" for number, unit, blank in parts)
    if exact < Fraction(LONGEST_H):
        assert parse_duration(text) == pytest.approx(float(exact), rel=1e-12, abs=1e-15)


@many
@given(st.text(max_size=20) | st.from_regex(r"\A[-+]?[0-9.e: ]{1,6} ?(h|d|min|x)?\Z"))
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    """Whatever stands there, the outcome is hours in [0, ten years] or a ValueError that shows the text."""
    try:
        hours = parse_duration(text)
    except ValueError as error:
        hours, said = 0.0, str(error)
    else:
        said = repr(text)
    assert 0 <= hours <= LONGEST_H
    assert repr(text)[:70] in said


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (0.0, "0 s"),
        (30 / 3600, "30 s"),
        (1 / 60, "1.0 min"),
        (5 / 60, "5.0 min"),
        (0.5, "30 min"),
        (1.5, "90 min"),
        (2.0, "2.0 h"),
        (4.5, "4.5 h"),
        (47.0, "47.0 h"),
        (60.0, "2.5 d"),
        (-0.5, "-30 min"),
        (float("nan"), "–"),
        (float("inf"), "–"),
    ],
)
def test_durations_as_people_read_them(hours: float, text: str) -> None:
    """A reader gets the unit in which the number is small, and a dash where there is none."""
    assert say_duration(hours) == text


@many
@given(st.floats(0, LONGEST_H))
def test_what_is_said_is_near_what_is_meant(hours: float) -> None:
    """What a reader sees is a duration that reads back, off by at most half of its last digit."""
    half_digit = {"s": 0.5 / 3600, "min": 0.5 / 60, "h": 0.05, "d": 0.05 * 24}
    said = say_duration(hours)
    assert abs(parse_duration(said) - hours) <= half_digit[said.split()[1]] * (1 + 1e-9)


@pytest.mark.parametrize(
    ("text", "hours"), [("00:00", 0), ("8:30", 8.5), ("08:30", 8.5), ("23:59", 23 + 59 / 60), ("24:00", 24)]
)
def test_times_of_day(text: str, hours: float) -> None:
    """A time of day is hours since midnight; 24:00 is the end of the day."""
    assert parse_time_of_day(text) == hours


@pytest.mark.parametrize("text", ["25:00", "24:01", "08:60", "8", "08.30", "8:3", "-8:00", "008:00", "8:00 pm", ""])
def test_what_is_no_time_of_day(text: str) -> None:
    """No hour beyond the day, no minute beyond the hour, nothing half written."""
    with pytest.raises(ValueError, match="a time of day such as '08:30' is wanted"):
        parse_time_of_day(text)


@pytest.mark.parametrize(
    ("value", "number"),
    [("1", 1), ("-1.5", -1.5), (".5", 0.5), ("1.", 1), ("1e3", 1000), ("+2E-1", 0.2), (3, 3), (2.5, 2.5), (" 7 ", 7)],
)
def test_numbers(value: object, number: float) -> None:
    """Numbers are written in digits, with point, sign and exponent as everywhere."""
    assert parse_number(value) == number


@pytest.mark.parametrize(
    "value",
    [
        *("", "x", "nan", "inf", "-inf", ".inf", "1_000", "1,000", "1 000", "0x10", "1e", "1e999", "yes", "--1", "50%"),
        *(True, False, None, [], {}, [1], float("nan"), float("inf")),
    ],
)
def test_what_is_no_number(value: object) -> None:
    """True is not 1, 1_000 is not 1000 and nan is no number at all."""
    with pytest.raises(ValueError, match="number is wanted"):
        parse_number(value)


@many
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back_bit_for_bit(number: float) -> None:
    """The same of numbers, as text and as floats."""
    assert parse_number(repr(number)) == number
    assert parse_number(number) == number


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "nothing"), (True, "true"), ({"a": 1}, "a map"), ([1], "a list"), ((), "a list"), ("no", "'no'"), (1, "1")],
)
def test_how_a_finding_is_called(value: Any, text: str) -> None:
    """An error shows what was found in the words of the file, not of Python."""
    assert found(value) == text
