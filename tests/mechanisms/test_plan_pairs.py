"""Each mechanism of the plan on and off on a micro-scenario, under the same luck: the direction that its claim states.

A pair is the smallest community in which the mechanism has something to act on. What is measured is what the claim is
about: a wait, a share, the moment at which something is done. Where a mechanism is present and has nothing to act on,
every table but its own stays bit for bit the same (design law 2).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest

from analysis.intervals import Estimate, estimate
from analysis.need_outcomes import NEED_OUTCOMES, Selection
from analysis.run_outcomes import RUN_OUTCOMES
from sim import Result, run
from sim.records.columns import Words
from sim.records.schema import TABLES, VOLATILE
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import merge, validate
from sim.spec.plan_mechanisms import TABLE
from sim.spec.scenario import Scenario

REPLICATIONS = 10
Data = dict[str, Any]
Number = Callable[[Result], float]

# -- what is measured -----------------------------------------------------------------------------------------------


def needs(outcome: str, need: str | None = None) -> Number:
    """Return the measure of an outcome of the cohort's needs, or of those of one type."""

    def of(result: Result) -> float:
        table = result.columns("needs")
        kinds = table["need_type"]
        mine = table["cohort"] & (kinds.codes == kinds.names.index(need) if need is not None else True)
        return NEED_OUTCOMES[outcome].of(Selection(result, np.flatnonzero(mine), np.full(len(kinds.names), np.nan)))

    return of


def whole(outcome: str, level: str) -> Number:
    """Return the measure of an outcome of a site, a class, a station or an item."""
    return lambda result: next(value for _, name, value, _ in RUN_OUTCOMES[outcome].of(result) if name == level)


def done(step: str, column: str = "done_h") -> Number:
    """Return the measure of the moment at which a step was first done; the end of the run where it never was."""

    def of(result: Result) -> float:
        orders = result.columns("orders")
        moments = orders[column][orders["step"].codes == orders["step"].names.index(step)]
        return float(moments[0]) if moments[0] == moments[0] else result.end_h

    return of


def events(kind: str, subject: str | None = None) -> list[Any]:
    raise NotImplementedError


def moments(result: Result, kind: str) -> np.ndarray:
    """Return when events of a kind happened."""
    log = result.columns("events")
    return log["t_h"][[name == kind for name in log["event"].decoded()]]


def count(table: str) -> Number:
    """Return the measure of the rows of a table."""
    return lambda result: float(len(next(iter(result.columns(table).values()))))
