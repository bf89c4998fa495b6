"""Where the figures of a scenario come from, and the range that each may have."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator, model_validator

from sim.spec.base import Spec, Text, refuse
from sim.units import found, parse_duration, parse_number

if TYPE_CHECKING:
    from sim.spec.scenario import Scenario

ASSUMED = "assumed"
NEAR = 0.7
"""A word as like 'assumed' as this is meant to be it."""


class Evidence(Spec):
    """Where a figure comes from: a row of evidence (E and its number), a source in words, or 'assumed'."""

    source: Text = Field(alias="from")
    low: Text | None = None
    high: Text | None = None
    note: Text | None = None

    @field_validator("source")
    @classmethod
    def _known(cls, source: str) -> str:
        """Refuse a misspelt 'assumed': it would count as a source."""
        word = source.strip().casefold()
        near = difflib.SequenceMatcher(None, word, ASSUMED).ratio() >= NEAR or word == "assumption"
        if not word or (near and source != ASSUMED):
            wanted = f"{ASSUMED!r}, a row of evidence such as E14, or a source in words is wanted"
            raise refuse(f"{wanted}; found {found(source)}{f'; did you mean {ASSUMED!r}?' if word else ''}")
        return source

    @model_validator(mode="after")
    def _order(self) -> Evidence:
        low, high = _size(self.low), _size(self.high)
        if self.low is None or self.high is None or (low is None and high is None):
            return self  # such as hours of duty: they have no order
        if low is None or high is None or low[0] != high[0]:
            raise refuse(f"two numbers or two durations are wanted; found {found(self.low)} and {found(self.high)}")
        if low[1] > high[1]:
            raise refuse(f"a 'low' of at most 'high' is wanted; found {found(self.low)} and {found(self.high)}")
        return self


def _size(value: Any) -> tuple[str, float] | None:
    """Return what a figure is, a number or a duration (in hours), and how much; None for anything else."""
    if isinstance(value, str):
        sign = -1 if value.strip().startswith("-") else 1
        try:
            return "duration", sign * parse_duration(value.strip().removeprefix("-"))
        except ValueError:
            pass
    try:
        return "number", parse_number(value)
    except ValueError:
        return None


def evidence_findings(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Return the figures that lie outside the range that is stated for them: (place, what is suspect)."""
    data = scenario.model_dump(mode="json", by_alias=True) if scenario.evidence else {}
    for path, entry in scenario.evidence.items():
        here: Any = data
        for step in path.split("."):
            here = here.get(step) if isinstance(here, Mapping) else None
        low, value, high = _size(entry.low), _size(here), _size(entry.high)
        if value is None:
            continue
        below = low is not None and low[0] == value[0] and value[1] < low[1]
        above = high is not None and high[0] == value[0] and value[1] > high[1]
        if below or above:
            end = f"below its low, {entry.low}" if below else f"above its high, {entry.high}"
            yield f"evidence.{path}", f"the figure lies outside of its own range: it is {end}"
