"""The law of strain: every person's course can be told again from the rows of its table."""

from collections import defaultdict
from math import inf, log1p, sqrt
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtri

from sim.chance import Chance
from sim.records.result import Result
from sim.spec.scenario import Scenario
from sim.spec.strain import CAPACITY, LOADS
from tests.laws.checks import TINY, spells_of


def own(chance: Chance, question: str, unit: str, index: int) -> float:
    return float(chance.uniform(f"strain.{question}.{unit}", np.array([index]))[0])


def around_one(cv: float, uniform: float) -> float:
    """A lognormal draw with mean one, written from the formula."""
    variance = log1p(cv * cv)
    return float(np.exp(ndtri(uniform) * sqrt(variance) - variance / 2))


def check_strain(scenario: Scenario, result: Result) -> None:
    """Recompute every trajectory from the rows: rest is exponential with the person's half-life, duty is linear and
    steeper after ``long_after``, an event is its points, and nothing moves strain but a row.
    """
    chance = Chance(result.seed, result.replication)
    people, table, shifts = result.frame("people"), result.frame("strain"), result.frame("shifts")
    rests = result.frame("assignments")
    rests = rests[rests["assignment"] == "rest"]
    index: dict[int, int] = {}
    seen: dict[str, int] = defaultdict(int)
    for person, unit in zip(people["person"], people["unit"], strict=True):
        index[person] = seen[unit]
        seen[unit] += 1
    members = dict(zip(people["person"], people["members"], strict=True))
    for person, rows in table.groupby("person", sort=False):
        spec, unit = scenario.world.strain[members[person]], rows["unit"].iloc[0]
        half_life = (
            inf
            if spec.rest_half_life is None
            else spec.rest_half_life * around_one(spec.rest_cv, own(chance, "rest", unit, index[person]))
        )
        capacity = CAPACITY * around_one(spec.capacity_cv, own(chance, "capacity", unit, index[person]))
        on = duty_spells(result, int(person), scenario.end_h, rests)
        mine = shifts[shifts["person"] == person].fillna(scenario.end_h)
        begins = sorted(mine["rostered_from_h"])
        apart = [(b, e, max((t for t in begins if t <= b), default=first)) for b, e, first in cut(on, begins)]
        strain, since, identity = 0.0, 0.0, own(chance, "identity", unit, index[person])
        for row in rows.itertuples():
            before, where = strain, f"person {person}: {row.cause} at {row.t_h}"
            if row.cause == "rest":
                hours = row.t_h - since - duty_hours(on, since, row.t_h)  # on duty without points there is no row
                wanted = before * (0.5 ** (hours / half_life) - 1)
                assert row.change == pytest.approx(wanted, abs=1e-9, rel=1e-7), where
                assert duty_points(spec, on, since, row.t_h) == pytest.approx(0, abs=1e-7), f"{where}: duty missing"
            elif row.cause == "duty":
                wanted = [duty_points(spec, spells, since, row.t_h) for spells in (on, apart)]
                assert any(row.change == pytest.approx(w, abs=1e-7, rel=1e-7) for w in wanted), f"{where}: {wanted}"
            else:
                assert since == row.t_h or still(spec, before, on, since, row.t_h, half_life), f"{where}: hours missing"
                check_event(spec, row, before, where)
            strain = before + row.change
            assert row.strain == pytest.approx(strain, abs=1e-7), where
            strain = row.strain
            assert strain >= -TINY, where
            assert row.t_h >= since, where
            since = row.t_h
            move = spec.identity_moves.get(row.cause, 0.0)
            identity += move * (1 - identity if move > 0 else identity)
            assert row.identity == pytest.approx(identity, abs=1e-9), f"{where}: identity moves by named events only"
            assert row.capacity >= capacity - 1e-7, f"{where}: capacity shrinks"
            assert row.capacity <= max(capacity * spec.grows_to, capacity) + 1e-6, f"{where}: capacity beyond its limit"
        if half_life < inf and strain > 1e-6 and not on_at(on, scenario.end_h):
            assert since == scenario.end_h, f"person {person}: no row at the end"
    strained = {p for p, m in members.items() if m in scenario.world.strain}
    assert set(table["person"]) <= strained
    assert set(shifts["person"]) <= set(people["person"])


def check_event(spec: Any, row: Any, before: float, where: str) -> None:
    if row.cause in LOADS:
        whole = spec.loads.get(row.cause, 0.0)
        if row.cause == "visit" and spec.by_need:
            assert row.change in {whole, *spec.by_need.values()}, where
            return
        least = whole * (1 - max(spec.identity, spec.support))
        assert least - TINY <= row.change <= whole + TINY, where
        if row.source == "client":
            assert row.change == whole, f"{where}: nothing takes the load of clients away"
    else:
        assert row.change == pytest.approx(-min(spec.reliefs.get(row.cause, 0.0), before), abs=1e-9), where


def duty_spells(result: Result, person: int, end_h: float, rests: Any) -> list[tuple[float, float, float]]:
    """(begin, end, begin of the duty) of each span on duty and not at rest; a shift that follows on goes on."""
    shifts, _ = spells_of(result, person, end_h)
    mine = rests[rests["person"] == person]
    pauses = sorted(zip(mine["start_h"], mine["end_h"].fillna(end_h), strict=True))
    spells = []
    for begin, _, left in shifts:
        at = begin
        for start, end in pauses:
            if begin <= start < left or (start == end == left):
                spells.append((at, start, begin))
                at = end
        spells.append((at, left, begin))
    return spells


def cut(on: list[tuple[float, float, float]], at: list[float]) -> list[tuple[float, float, float]]:
    """The same spans, cut where a shift begins: who goes and comes at one moment begins anew, who stays does not."""
    pieces = []
    for begin, end, first in on:
        edges = [begin, *(t for t in at if begin < t < end), end]
        pieces += [(b, e, first) for b, e in zip(edges, edges[1:], strict=False)]
    return pieces


def duty_hours(on: list[tuple[float, float, float]], since: float, now: float) -> float:
    return sum(max(min(end, now) - max(begin, since), 0.0) for begin, end, _ in on)


def on_at(on: list[tuple[float, float, float]], now: float) -> bool:
    return any(begin <= now <= end for begin, end, _ in on)


def duty_points(spec: Any, on: list[tuple[float, float, float]], since: float, now: float) -> float:
    total = 0.0
    for begin, end, first in on:
        a, b = max(begin, since), min(end, now)
        if b <= a:
            continue
        long_from = inf if spec.long_after is None else first + spec.long_after
        long = max(b - max(a, long_from), 0.0)
        total += (b - a - long) * spec.per_hour + long * spec.per_long_hour
    return total


def still(spec: Any, strain: float, on: Any, since: float, now: float, half_life: float) -> bool:
    """Whether nothing could have moved in between: no points an hour, and nothing to rest from."""
    hours = duty_hours(on, since, now)
    return duty_points(spec, on, since, now) < 1e-9 and (
        strain < 1e-9 or half_life == inf or now - since - hours < 1e-9
    )
