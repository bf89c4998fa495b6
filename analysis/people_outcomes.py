"""Outcomes over people: strain and leaving, who helped without being sent, trust and anxiety, sign-up, wasted trips."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from analysis.run_outcomes import RUN_OUTCOMES, RunOutcome

if TYPE_CHECKING:
    from sim.records.result import Result

Rows = Iterator[tuple[str, str, float, float]]
INFORMAL = ("household", "neighbour", "online")
FULL = 1.0
"""Strain of as much as somebody can carry."""


def _last_levels(result: Result) -> tuple[np.ndarray, np.ndarray]:
    """Return (unit code, strain as a share of capacity) of everybody at the end of the run."""
    table = result.columns("strain")
    last = np.ones(table["person"].size, bool)
    last[:-1] = table["person"][1:] != table["person"][:-1]
    return table["unit"].codes[last], table["strain"][last] / table["capacity"][last]


def _strain(of: Callable[[np.ndarray], float]) -> Callable[[Result], Rows]:
    def rows(result: Result) -> Rows:
        unit, level = _last_levels(result)
        if level.size:
            yield "all", "all", of(level), float(level.size)
        for code, name in enumerate(result.columns("strain")["unit"].names):
            here = unit == code
            if here.any():
                yield "unit", name, of(level[here]), float(here.sum())

    return rows


def _by_source(result: Result) -> Rows:
    """What each part of the surroundings has added to strain or taken from it, a person."""
    table = result.columns("strain")
    people = np.unique(table["person"]).size
    for code, name in enumerate(table["source"].names):
        here = table["source"].codes == code
        if people:
            yield "source", name, float(table["change"][here].sum()) / people, float(people)


def _happened(event: str) -> Callable[[Result], Rows]:
    def rows(result: Result) -> Rows:
        log = result.columns("events")
        here = log["event"].decoded() == event
        yield "all", "all", float(here.sum()), 1.0

    return rows


def _informal(result: Result) -> Rows:
    """Needs met at home, next door or on line, by who met them."""
    needs = result.columns("needs")
    cohort = int(needs["cohort"].sum())
    if not cohort:
        return
    met_by = needs["met_by"]
    shares = {
        name: float((needs["cohort"] & (met_by.codes == code)).sum()) / cohort
        for code, name in enumerate(met_by.names)
        if name in INFORMAL
    }
    yield "all", "all", sum(shares.values()), float(cohort)
    for name, share in shares.items():
        yield "met_by", name, share, float(cohort)


def _attitude(state: str) -> Callable[[Result], Rows]:
    def rows(result: Result) -> Rows:
        value = result.columns("residents")[state]
        if value.size and not np.isnan(value).any():
            yield "all", "all", float(value.mean()), float(value.size)

    return rows


def _duplicates(result: Result) -> Rows:
    outcome = result.columns("visits")["outcome"]
    yield "all", "all", float((outcome.codes == outcome.names.index("duplicate")).sum()), float(outcome.codes.size)


_add = RUN_OUTCOMES.add
_add("strain_mean", RunOutcome("share of capacity", "lower", "people with strain, at the end", _strain(np.mean)))
_add(
    "strained_out_share",
    RunOutcome(
        "share", "lower", "people with strain, at the end", _strain(lambda level: float((level >= FULL).mean()))
    ),
)
_add("strain_by_source", RunOutcome("points a person", "lower", "people with strain", _by_source))
_add("left_for_good", RunOutcome("people", "lower", "runs", _happened("left_for_good")))
_add("stayed_away", RunOutcome("shifts", "lower", "runs", _happened("stayed_away")))
_add("complaints", RunOutcome("complaints", "lower", "runs", _happened("complaint")))
_add("signed_up", RunOutcome("people", "neither", "runs", _happened("signed_up")))
_add("joined", RunOutcome("people", "higher", "runs", _happened("joined")))
_add("duplicate_visits", RunOutcome("visits", "lower", "visits", _duplicates))
_add("informal_share", RunOutcome("share", "neither", "needs of the cohort", _informal))
_add("trust_end", RunOutcome("share", "higher", "residents, at the end", _attitude("trust")))
_add("anxiety_end", RunOutcome("share", "lower", "residents, at the end", _attitude("anxiety")))
