"""Outcomes: one number a run, by need, phase, zone, vulnerability group, unit or item, from the tables of the run.

Each outcome states its unit, which direction is better, and its denominator. Needs are those of the cohort (onset in
[warm_up, horizon)); waits count everybody who asked. Intervals over runs are in ``analysis.estimates``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.incidence import Incidence, incidence
from sim.registry import Registry

if TYPE_CHECKING:
    from sim.records.result import Result

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Direction = Literal["lower", "higher", "neither"]
NAN = float("nan")


class Row(NamedTuple):
    """One outcome of one run: ``by`` and ``level`` say of what part; ``size`` that of its denominator."""

    replication: int
    outcome: str
    by: str
    level: str
    value: float
    size: float


class Selection:
    """The needs of a run that an outcome is about."""

    def __init__(self, result: Result, rows: npt.NDArray[np.int64], targets: Floats) -> None:
        needs = result.columns("needs")
        self.end_h, self.tau_h = result.end_h, result.end_h - result.horizon_h
        self.size = rows.size
        self.onset_h: Floats = needs["onset_h"][rows]
        self.requested_h: Floats = needs["requested_h"][rows]
        self.started_h: Floats = needs["started_h"][rows]
        self.closed_h: Floats = needs["closed_h"][rows]
        self.escalated: Flags = ~np.isnan(needs["escalated_h"][rows])
        self.referred: Flags = ~np.isnan(needs["referred_h"][rows])
        end = needs["end"]
        self.ended_as: Callable[[str], Flags] = lambda name: end.codes[rows] == end.names.index(name)
        self.target_h = targets[needs["need_type"].codes[rows]]
        self.asked: Flags = ~np.isnan(self.requested_h)
        self._waits: Incidence | None = None

    def waits(self) -> Incidence:
        """Return the cumulative incidence of starting, from the request, over everyone who asked."""
        if self._waits is None:
            self._waits = self._incidence(self.asked, self.requested_h)
        return self._waits

    def _incidence(self, who: Flags, since_h: Floats) -> Incidence:
        started = ~np.isnan(self.started_h)
        left = self.ended_as("abandoned") | self.ended_as("withdrawn")
        stop = np.where(started, self.started_h, np.where(left, self.closed_h, self.end_h))
        return incidence((stop - since_h)[who], started[who], (left & ~started)[who])

    def delay_mean_h(self) -> float:
        """Return the mean time from onset to start over all needs, up to the length of the follow-up."""
        return self._incidence(np.ones(self.size, bool), self.onset_h).restricted_mean(self.tau_h)

    def share_in_target(self) -> float:
        """Return the share of requests that start within their type's target."""
        inside = total = 0.0
        for target in np.unique(self.target_h[~np.isnan(self.target_h)]):
            who = self.asked & (self.target_h == target)
            if who.any():
                inside += self._incidence(who, self.requested_h).at(float(target)) * who.sum()
                total += who.sum()
        return inside / total if total else NAN

    def unmet(self) -> Flags:
        """Return which needs are unmet: abandoned, open, or referred and not served."""
        unserved = self.ended_as("referred") & np.isnan(self.started_h)
        return self.ended_as("abandoned") | self.ended_as("open") | unserved


@dataclass(frozen=True)
class NeedOutcome:
    """An outcome over needs, computed for each part of the cohort."""

    unit: str
    direction: Direction
    denominator: str
    of: Callable[[Selection], float]
    per_request: bool = False


NEED_OUTCOMES: Registry[NeedOutcome] = Registry("outcome")
_add = NEED_OUTCOMES.add
_add("needs_raised", NeedOutcome("needs", "neither", "needs of the cohort", lambda s: float(s.size)))
_add("requests", NeedOutcome("requests", "neither", "needs of the cohort", lambda s: float(s.asked.sum())))
_add(
    "wait_mean_h",
    NeedOutcome("h", "lower", "requests", lambda s: s.waits().restricted_mean(s.tau_h) if s.tau_h > 0 else NAN, True),
)
_add("wait_p50_h", NeedOutcome("h", "lower", "requests", lambda s: s.waits().quantile(0.5), True))
_add("wait_p90_h", NeedOutcome("h", "lower", "requests", lambda s: s.waits().quantile(0.9), True))
_add("share_in_target", NeedOutcome("share", "higher", "requests with a target", Selection.share_in_target, True))
_add(
    "delay_mean_h",
    NeedOutcome("h", "lower", "needs", lambda s: s.delay_mean_h() if s.tau_h > 0 else NAN),
)
_add("unmet", NeedOutcome("needs", "lower", "needs", lambda s: float(s.unmet().sum())))
_add("unmet_share", NeedOutcome("share", "lower", "needs", lambda s: float(s.unmet().mean())))
_add("abandoned_share", NeedOutcome("share", "lower", "needs", lambda s: float(s.ended_as("abandoned").mean())))
_add("open_share", NeedOutcome("share", "lower", "needs", lambda s: float(s.ended_as("open").mean())))
_add("referred_share", NeedOutcome("share", "neither", "needs", lambda s: float(s.referred.mean())))
_add("escalated_share", NeedOutcome("share", "lower", "needs", lambda s: float(s.escalated.mean())))
_add(
    "unserved_person_h",
    NeedOutcome(
        "person-hours",
        "lower",
        "needs, from onset to start or the end of the run",
        lambda s: float((np.where(np.isnan(s.started_h), s.end_h, s.started_h) - s.onset_h).sum()),
    ),
)


@dataclass(frozen=True)
class RunOutcome:
    """An outcome over units, desks or stock: gives (by, level, value, size of the denominator)."""

    unit: str
    direction: Direction
    denominator: str
    of: Callable[[Result], Iterator[tuple[str, str, float, float]]]


RUN_OUTCOMES: Registry[RunOutcome] = Registry("outcome")


def describe(name: str) -> NeedOutcome | RunOutcome:
    """Return an outcome by name; raises ValueError with the nearest name where there is none."""
    return RUN_OUTCOMES[name] if name in RUN_OUTCOMES else NEED_OUTCOMES[name]


def _ratio(value: float, of: float) -> float:
    return value / of if of > 0 else NAN


def _by_unit(
    result: Result, value: Callable[[Any, Flags], float], size: Callable[[Any, Flags], float]
) -> Iterator[tuple[str, str, float, float]]:
    people = result.columns("people")
    everyone = np.ones(people["person"].size, bool)
    yield "all", "all", value(people, everyone), size(people, everyone)
    for code, name in enumerate(people["unit"].names):
        here = people["unit"].codes == code
        if here.any():
            yield "unit", name, value(people, here), size(people, here)


def _hours(column: str) -> Callable[[Result], Iterator[tuple[str, str, float, float]]]:
    def total(people: Any, here: Flags) -> float:
        return float(people[column][here].sum())

    return lambda result: _by_unit(result, total, lambda _, here: float(here.sum()))


def _share_of(part: str, whole: str) -> Callable[[Result], Iterator[tuple[str, str, float, float]]]:
    def share(people: Any, here: Flags) -> float:
        return _ratio(float(people[part][here].sum()), float(people[whole][here].sum()))

    return lambda result: _by_unit(result, share, lambda people, here: float(people[whole][here].sum()))


def _wasted(result: Result) -> Iterator[tuple[str, str, float, float]]:
    visits = result.columns("visits")
    names = visits["outcome"].names
    wasted = np.isin(visits["outcome"].codes, [names.index("wrong_skill"), names.index("gone")])
    yield "all", "all", float(wasted.sum()), float(wasted.size)
    for code, name in enumerate(visits["unit"].names):
        here = visits["unit"].codes == code
        if here.any():
            yield "unit", name, float(wasted[here].sum()), float(here.sum())


def _queue(statistic: str) -> Callable[[Result], Iterator[tuple[str, str, float, float]]]:
    def of(result: Result) -> Iterator[tuple[str, str, float, float]]:
        units = result.columns("units")
        for code, name in enumerate(units["name"].names):
            here = (units["name"].codes == code) & (units["kind"].codes == 1)
            if here.any():
                mean, most = _over_time(units["t_h"][here], units["queue"][here], result.warm_up_h, result.horizon_h)
                yield "desk", name, mean if statistic == "mean" else most, result.horizon_h - result.warm_up_h

    return of


def _over_time(time_h: Floats, level: Floats, begin_h: float, end_h: float) -> tuple[float, float]:
    """Return the time mean and the maximum of a step function that is 0 before its first row."""
    time_h, level = np.concatenate([[-np.inf], time_h]), np.concatenate([[0.0], level])
    edges = np.clip(np.concatenate([time_h, [np.inf]]), begin_h, end_h)
    length = np.diff(edges)
    inside = length > 0
    if not inside.any():
        return NAN, NAN
    return float((length * level).sum() / (end_h - begin_h)), float(level[inside].max())


def _by_item(
    of: Callable[[Any, Flags, Result], tuple[float, float]],
) -> Callable[[Result], Iterator[tuple[str, str, float, float]]]:
    def each(result: Result) -> Iterator[tuple[str, str, float, float]]:
        stock = result.columns("stock")
        for code, item in enumerate(stock["item"].names):
            here = stock["item"].codes == code
            if here.any():
                yield "item", item, *of(stock, here, result)

    return each


def _fill_rate(stock: Any, here: Flags, _result: Result) -> tuple[float, float]:
    events, quantity = stock["event"].codes[here], stock["quantity"][here]
    names = stock["event"].names
    at_once = float(quantity[events == names.index("issued")].sum())
    later = float(quantity[events == names.index("back_ordered")].sum())
    return _ratio(at_once, at_once + later), at_once + later


def _stock_out(stock: Any, here: Flags, result: Result) -> tuple[float, float]:
    """The share of time with an empty shelf, averaged over the depots that keep the item."""
    shares = []
    for depot in np.unique(stock["depot"].codes[here]):
        rows = here & (stock["depot"].codes == depot)
        empty = (stock["on_hand"][rows] == 0).astype(np.float64)
        shares.append(_over_time(stock["t_h"][rows], empty, result.warm_up_h, result.horizon_h)[0])
    return float(np.mean(shares)), result.horizon_h - result.warm_up_h


def _days_of_cover(stock: Any, here: Flags, result: Result) -> tuple[float, float]:
    """What is on hand at the horizon, in days of the run's mean use."""
    used = stock["event"].codes[here]
    names = stock["event"].names
    taken = np.isin(used, [names.index("issued"), names.index("allocated")])
    per_day = float(stock["quantity"][here][taken].sum()) / (result.end_h / 24)
    on_hand = 0.0
    for depot in np.unique(stock["depot"].codes[here]):
        rows = np.flatnonzero(here & (stock["depot"].codes == depot) & (stock["t_h"] <= result.horizon_h))
        on_hand += float(stock["on_hand"][rows[-1]]) if rows.size else 0.0
    return _ratio(on_hand, per_day), on_hand


_run = RUN_OUTCOMES.add
_run("utilisation", RunOutcome("share", "neither", "rostered hours", _share_of("busy_rostered_h", "rostered_h")))
_run("travel_share", RunOutcome("share", "lower", "busy hours", _share_of("travel_h", "busy_h")))
_run("on_duty_h", RunOutcome("h", "lower", "people", _hours("on_duty_h")))
_run("overtime_h", RunOutcome("h", "lower", "people", _hours("overtime_h")))
_run("cost", RunOutcome("currency", "lower", "people", _hours("cost")))
_run("wasted_visits", RunOutcome("visits", "lower", "visits", _wasted))
_run("queue_mean", RunOutcome("requests", "lower", "hours from warm-up to horizon", _queue("mean")))
_run("queue_max", RunOutcome("requests", "lower", "hours from warm-up to horizon", _queue("max")))
_run("fill_rate", RunOutcome("share", "higher", "pieces asked for", _by_item(_fill_rate)))
_run("stock_out_share", RunOutcome("share", "lower", "hours from warm-up to horizon", _by_item(_stock_out)))
_run("days_of_cover", RunOutcome("d", "higher", "pieces on hand at the horizon", _by_item(_days_of_cover)))


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


RUN_OUTCOMES.add(
    "unmet_difference_vulnerable",
    RunOutcome(
        "share", "lower", "needs of residents in any vulnerability group, and of the others", lambda _result: iter(())
    ),
)

SMALLEST_GROUP = 10
"""Groups with fewer residents are not reported: a figure about them is a figure about persons."""


def parts(result: Result) -> Iterator[tuple[str, str, npt.NDArray[np.int64]]]:
    """Return the parts of the cohort: (by, level, rows of ``needs``)."""
    needs = result.columns("needs")
    cohort = needs["cohort"]
    yield "all", "all", np.flatnonzero(cohort)
    for by, column in (("need", "need_type"), ("phase", "phase"), ("zone", "zone")):
        for code, name in enumerate(needs[column].names):
            if by != "zone" or len(needs[column].names) > 1:
                yield by, name, np.flatnonzero(cohort & (needs[column].codes == code))
    anyone = np.zeros(cohort.size, bool)
    for group in result.groups:
        flags = needs[f"in_{group}"]
        anyone |= flags
        if result.group_sizes.get(group, 0) >= SMALLEST_GROUP:
            yield "group", group, np.flatnonzero(cohort & flags)
    if result.groups:
        yield "vulnerable", "vulnerable", np.flatnonzero(cohort & anyone)
        yield "others", "others", np.flatnonzero(cohort & ~anyone)
