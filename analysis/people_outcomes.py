"""Outcomes over people: strain and leaving, who helped without being sent, trust and anxiety, sign-up, wasted trips."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from analysis.run_outcomes import BY_UNIT, RUN_OUTCOMES, RunOutcome

if TYPE_CHECKING:
    from sim.records.result import Result

Rows = Iterator[tuple[str, str, float, float]]
INFORMAL = ("household", "neighbour")
MET_ELSEWHERE = (*INFORMAL, "online")
"""Who meets needs past the desks; couriers of a platform are no informal help."""
FULL = 1.0
"""Strain of as much as somebody can carry."""


def _last_levels(result: Result) -> tuple[np.ndarray, np.ndarray]:
    """Return (unit code, strain as a share of capacity) of everybody at the end of the run."""
    table = result.columns("strain")
    last = np.ones(table["person"].size, bool)
    last[:-1] = table["person"][1:] != table["person"][:-1]
    return table["unit"].codes[last], table["strain"][last] / table["capacity"][last]


def _strain_at_work(result: Result) -> Rows:
    """Strain at the ends of shifts, of all, by unit, by phase and by unit in each phase: how people end their days."""
    strain, shifts, phases = (result.columns(name) for name in ("strain", "shifts", "phases"))
    person, end_h = shifts["person"], shifts["left_h"]
    order = np.lexsort((np.arange(strain["t_h"].size), strain["person"]))
    scale = 2 * result.end_h + 1
    key = strain["person"][order] * scale + strain["t_h"][order]
    row = np.searchsorted(key, person * scale + end_h, side="right") - 1
    level = np.zeros(end_h.size)
    own = row >= 0
    own[own] = strain["person"][order][row[own]] == person[own]
    level[own] = (strain["strain"] / strain["capacity"])[order][row[own]]
    counts = ~np.isnan(end_h) & ~np.isnan(result.columns("people")["capacity"])[person]
    level, end_h, unit = level[counts], end_h[counts], shifts["unit"].codes[counts]
    phase = np.searchsorted(phases["begin_h"], end_h, side="left") - 1
    names = phases["phase"].decoded()
    of_unit = {name: unit == code for code, name in enumerate(shifts["unit"].names)}
    of_phase = {name: np.isin(phase, np.flatnonzero(names == name)) for name in dict.fromkeys(names.tolist())}
    parts = [("all", "all", np.ones(level.size, bool))]
    parts += [("unit", name, here) for name, here in of_unit.items()]
    parts += [("phase", name, here) for name, here in of_phase.items()]
    parts += [("unit_in_phase", f"{u}, {p}", one & two) for p, one in of_phase.items() for u, two in of_unit.items()]
    for by, name, here in parts:
        if here.any():
            yield by, name, float(level[here].mean()), float(here.sum())


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
    """Needs met at home or next door; by who met them, also those met on line."""
    needs = result.columns("needs")
    cohort = int(needs["cohort"].sum())
    if not cohort:
        return
    met_by = needs["met_by"]
    shares = {
        name: float((needs["cohort"] & (met_by.codes == code)).sum()) / cohort
        for code, name in enumerate(met_by.names)
        if name in MET_ELSEWHERE
    }
    yield "all", "all", sum(shares[name] for name in INFORMAL), float(cohort)
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


def _answers(of: Callable[[np.ndarray, np.ndarray], float]) -> Callable[[Result], Rows]:
    """Of the applications that have been answered, what those outside have said and when, by who was asked."""

    def rows(result: Result) -> Rows:
        table = result.columns("applications")
        answered = ~np.isnan(table["answered_h"])
        waited, given = table["answered_h"] - table["asked_h"], table["answer"].decoded() == "given"
        if answered.any():
            yield "all", "all", of(waited[answered], given[answered]), float(answered.sum())
        for code, name in enumerate(table["actor"].names):
            here = answered & (table["actor"].codes == code)
            if here.any():
                yield "actor", name, of(waited[here], given[here]), float(here.sum())

    return rows


_add = RUN_OUTCOMES.add
_add(
    "strain_mean",
    RunOutcome("share of capacity", "lower", "people with strain, at the end", _strain(np.mean), by=BY_UNIT),
)
_add(
    "strain_at_work",
    RunOutcome(
        "share of capacity", "lower", "ends of shifts", _strain_at_work, by=("all", "unit", "phase", "unit_in_phase")
    ),
)
_add(
    "strained_out_share",
    RunOutcome(
        "share",
        "lower",
        "people with strain, at the end",
        _strain(lambda level: float((level >= FULL).mean())),
        by=BY_UNIT,
    ),
)
_add("strain_by_source", RunOutcome("points a person", "lower", "people with strain", _by_source, by=("source",)))
_add("left_for_good", RunOutcome("people", "lower", "runs", _happened("left_for_good")))
_add("replaced", RunOutcome("people", "neither", "runs", _happened("replaced")))
_add("stayed_away", RunOutcome("shifts", "lower", "runs", _happened("stayed_away")))
_add("complaints", RunOutcome("complaints", "lower", "runs", _happened("complaint")))
_add("signed_up", RunOutcome("people", "neither", "runs", _happened("signed_up")))
_add("joined", RunOutcome("people", "higher", "runs", _happened("joined")))
_actors = ("all", "actor")
_add(
    "answer_h",
    RunOutcome("h", "lower", "applications answered", _answers(lambda waited, _: float(waited.mean())), by=_actors),
)
_add(
    "given_share",
    RunOutcome("share", "higher", "applications answered", _answers(lambda _, given: float(given.mean())), by=_actors),
)
_add("duplicate_visits", RunOutcome("visits", "lower", "visits", _duplicates))
_add("informal_share", RunOutcome("share", "neither", "needs of the cohort", _informal, by=("all", "met_by")))
_add("trust_end", RunOutcome("share", "higher", "residents, at the end", _attitude("trust")))
_add("anxiety_end", RunOutcome("share", "lower", "residents, at the end", _attitude("anxiety")))
_add("compliance_end", RunOutcome("share", "higher", "residents, at the end", _attitude("compliance")))
