"""Outcomes: one number a run, by need, phase, zone, layer, vulnerability group, unit or item, from its tables.

Each outcome states its unit, which direction is better, and its denominator. Needs are those of the cohort (onset in
[warm_up, horizon)); waits count everybody who asked. Intervals over runs are in ``analysis.intervals``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from analysis import (  # noqa: F401  # they register their outcomes
    epidemic_outcomes,
    harm_outcomes,
    hazard_outcomes,
    people_outcomes,
    plan_outcomes,
    recovery_outcomes,
    site_outcomes,
    warning_outcomes,
)
from analysis.need_outcomes import NEED_OUTCOMES, NeedOutcome, Selection
from analysis.run_outcomes import RUN_OUTCOMES, SMALLEST_GROUP, RunOutcome

if TYPE_CHECKING:
    from sim.records.result import Result
    from sim.spec.scenario import Scenario

NAN = float("nan")


class Row(NamedTuple):
    """One outcome of one run: ``by`` and ``level`` say of what part; ``size`` that of its denominator."""

    replication: int
    outcome: str
    by: str
    level: str
    value: float
    size: float


def describe(name: str) -> NeedOutcome | RunOutcome:
    """Return an outcome by name; raises ValueError with the nearest name where there is none."""
    return RUN_OUTCOMES[name] if name in RUN_OUTCOMES else NEED_OUTCOMES[name]


def limits(name: str) -> tuple[float, float]:
    """Return between which values an outcome lies, whatever an interval of it may reach to."""
    described = describe(name)
    most = 1.0 if described.unit == "share" else np.inf
    return -most if described.parity == 0 else 0.0, most


def is_better(name: str, value: float, than: float) -> bool | None:
    """Tell whether a value of an outcome is better than another; None where neither is.

    Of one part against another less is better down to parity only: below, it is the others who are worse off.
    """
    described = describe(name)
    unfair = described.parity is not None and min(value, than) < described.parity
    if described.direction == "neither" or value == than or unfair:
        return None
    return (value < than) == (described.direction == "lower")


@dataclass(frozen=True)
class Measure:
    """Measure every outcome of a run; picklable, so that workers can do it. ``targets_h`` is by need type."""

    targets_h: tuple[tuple[str, float], ...] = ()

    def __call__(self, result: Result) -> list[Row]:
        """Return the rows of one run."""
        return list(self._rows(result))

    def _rows(self, result: Result) -> Iterator[Row]:
        targets = dict(self.targets_h)
        names = result.columns("needs")["need_type"].names
        by_type = np.array([targets.get(name, np.nan) for name in names])
        unmet: dict[str, tuple[float, int]] = {}
        for by, level, rows in parts(result):
            selection = Selection(result, rows, by_type)
            for name, outcome in NEED_OUTCOMES.items():
                size = int(selection.asked.sum()) if outcome.per_request else selection.size
                yield Row(result.replication, name, by, level, outcome.of(selection) if size else NAN, size)
            if by in ("vulnerable", "others"):
                unmet[by] = float(selection.unmet().mean()) if selection.size else NAN, selection.size
        if "vulnerable" in unmet:
            gap = unmet["vulnerable"][0] - unmet["others"][0]
            size = min(unmet["vulnerable"][1], unmet["others"][1])
            yield Row(result.replication, "unmet_difference_vulnerable", "all", "all", gap, size)
        for name, run_outcome in RUN_OUTCOMES.items():
            for by, level, value, count in run_outcome.of(result):
                yield Row(result.replication, name, by, level, value, count)


def measure_of(scenario: Scenario) -> Measure:
    """Return the measure of a scenario's outcomes."""
    needs = scenario.world.needs
    return Measure(tuple((name, need.target) for name, need in needs.items() if need.target is not None))


def parts(result: Result) -> Iterator[tuple[str, str, npt.NDArray[np.int64]]]:
    """Return the parts of the cohort: (by, level, rows of ``needs``)."""
    needs = result.columns("needs")
    cohort = needs["cohort"]
    yield "all", "all", np.flatnonzero(cohort)
    for by, column in (("need", "need_type"), ("phase", "phase"), ("zone", "zone")):
        for code, name in enumerate(needs[column].names):
            if by != "zone" or len(needs[column].names) > 1:
                yield by, name, np.flatnonzero(cohort & (needs[column].codes == code))
    for layer, types in result.raw["_run"].get("layers", {}).items():
        yield "layer", layer, np.flatnonzero(cohort & np.isin(needs["need_type"].codes, types))
    anyone = np.zeros(cohort.size, bool)
    for group in result.groups:
        flags = needs[f"in_{group}"]
        anyone |= flags
        if result.group_sizes.get(group, 0) >= SMALLEST_GROUP:
            yield "group", group, np.flatnonzero(cohort & flags)
    if result.groups and min(result.group_sizes[part] for part in ("vulnerable", "others")) >= SMALLEST_GROUP:
        yield "vulnerable", "vulnerable", np.flatnonzero(cohort & anyone)
        yield "others", "others", np.flatnonzero(cohort & ~anyone)
