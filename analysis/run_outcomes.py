"""Outcomes over units, desks and stock: work, queues, hours, fill rates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.need_outcomes import Direction
from sim.registry import Registry

if TYPE_CHECKING:
    from sim.records.result import Result

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
NAN = float("nan")
SMALLEST_GROUP = 10
"""Groups with fewer residents are not reported: a figure about them is a figure about persons."""


@dataclass(frozen=True)
class RunOutcome:
    """An outcome over units, desks or stock: gives (by, level, value, size of the denominator).

    ``by`` is what it is split by; "all" where there is one of everything. Of one part less, or over, another ``parity``
    is where the two are alike: below it the other part is worse off. Only a difference of parts, with its parity at 0,
    may be below 0.
    """

    unit: str
    direction: Direction
    denominator: str
    of: Callable[[Result], Iterator[tuple[str, str, float, float]]]
    parity: float | None = None
    by: tuple[str, ...] = ("all",)


RUN_OUTCOMES: Registry[RunOutcome] = Registry("outcome")
BY_UNIT = ("all", "unit")


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
    in_vain = "wrong_skill", "gone", "blocked", "no_entry", "not_found", "refused"
    wasted = np.isin(visits["outcome"].codes, [names.index(name) for name in in_vain])
    yield "all", "all", float(wasted.sum()), float(wasted.size)
    for code, name in enumerate(visits["unit"].names):
        here = visits["unit"].codes == code
        yield "unit", name, float(wasted[here].sum()), float(here.sum())


def _queue(statistic: str) -> Callable[[Result], Iterator[tuple[str, str, float, float]]]:
    def of(result: Result) -> Iterator[tuple[str, str, float, float]]:
        units = result.columns("units")
        for name in result.columns("needs")["desk"].names:
            here = (units["name"].codes == units["name"].names.index(name)) & (units["kind"].codes == 1)
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


def _goods_cost(stock: Any, here: Flags, _result: Result) -> tuple[float, float]:
    """What left the stores, at its price; NaN where no price is stated."""
    names = stock["event"].names
    sign = np.array([{"issued": 1, "allocated": 1, "returned": -1}.get(name, 0) for name in names])
    pieces = sign[stock["event"].codes[here]] * stock["quantity"][here]
    return float((pieces * stock["price"][here]).sum()), float(pieces.sum())


_run = RUN_OUTCOMES.add
_run(
    "utilisation",
    RunOutcome("share", "neither", "rostered hours", _share_of("busy_rostered_h", "rostered_h"), by=BY_UNIT),
)
_run("travel_share", RunOutcome("share", "lower", "busy hours", _share_of("travel_h", "busy_h"), by=BY_UNIT))
_run("on_duty_h", RunOutcome("h", "lower", "people", _hours("on_duty_h"), by=BY_UNIT))
_run("overtime_h", RunOutcome("h", "lower", "people", _hours("overtime_h"), by=BY_UNIT))
_run("cost", RunOutcome("currency", "lower", "people", _hours("cost"), by=BY_UNIT))
_run("wasted_visits", RunOutcome("visits", "lower", "visits", _wasted, by=BY_UNIT))
_run("queue_mean", RunOutcome("requests", "lower", "hours from warm-up to horizon", _queue("mean"), by=("desk",)))
_run("queue_max", RunOutcome("requests", "lower", "hours from warm-up to horizon", _queue("max"), by=("desk",)))
_run("fill_rate", RunOutcome("share", "higher", "pieces asked for", _by_item(_fill_rate), by=("item",)))
_run(
    "stock_out_share", RunOutcome("share", "lower", "hours from warm-up to horizon", _by_item(_stock_out), by=("item",))
)
_run("goods_cost", RunOutcome("currency", "lower", "pieces used", _by_item(_goods_cost), by=("item",)))
_run(
    "days_of_cover", RunOutcome("d", "higher", "pieces on hand at the horizon", _by_item(_days_of_cover), by=("item",))
)
RUN_OUTCOMES.add(
    "unmet_difference_vulnerable",
    RunOutcome(
        "share",
        "lower",
        "needs of residents in any vulnerability group, and of the others",
        lambda _result: iter(()),
        parity=0.0,
    ),
)
