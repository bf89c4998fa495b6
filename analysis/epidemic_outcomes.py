"""Outcomes of an epidemic: who was infected and where, how many at once, what was found of it, and how soon.

They count the whole run, its follow-up too. What the table ``infections`` does not know yet has no value here either.
Residents count, whether they help or not; people from outside do where a line says so. Somebody who is told to stay
at home counts as isolated from then on: the table does not say when an isolation ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.incidence import Incidence, waits
from analysis.need_outcomes import Direction
from analysis.run_outcomes import BY_UNIT, RUN_OUTCOMES, SMALLEST_GROUP, RunOutcome

if TYPE_CHECKING:
    from sim.records.result import Result

Rows = Iterator[tuple[str, str, float, float]]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
FOUND_WITHIN_H = 14 * 24.0
"""Longest time from infectious to confirmed that counts, a fortnight: who is not found by then counts so much."""


def _where_epidemic(of: Callable[[Result, float], Rows]) -> Callable[[Result], Rows]:
    """Return an outcome of runs with an epidemic and residents; others have no such row."""

    def rows(result: Result) -> Rows:
        run = result.raw["_run"]
        if run["epidemic"] and run["residents"]:
            yield from of(result, float(run["residents"]))

    return rows


def _residents(result: Result) -> Flags:
    """Return which infections are of residents."""
    return ~np.isnan(result.columns("infections")["resident"])


def _infections(result: Result, residents: float) -> Rows:
    """Infections of residents, by where."""
    mine, layer = _residents(result), result.columns("infections")["layer"]
    yield "all", "all", float(mine.sum()), residents
    for code, name in enumerate(layer.names):
        yield "layer", name, float((mine & (layer.codes == code)).sum()), residents


def _ever(result: Result) -> Flags:
    """Return which rows are a resident's first infection: one a resident ever infected."""
    return _residents(result) & (result.columns("infections")["episode"] == 1)


def _attack(result: Result, residents: float) -> Rows:
    """Residents ever infected as a share of all, and of those in each group, in any and in none."""
    yield "all", "all", float(_ever(result).sum()) / residents, residents
    yield from _attack_by_group(result)


def _attack_by_group(result: Result) -> Rows:
    """The share of each vulnerability group ever infected; where the table knows who is in it."""
    table, ever = result.columns("infections"), _ever(result)
    groups = [group for group in result.groups if f"in_{group}" in table]
    anyone = np.zeros(ever.size, bool)
    for group in groups:
        flags = table[f"in_{group}"]
        anyone |= flags
        if (size := result.group_sizes[group]) >= SMALLEST_GROUP:
            yield "group", group, float((ever & flags).sum()) / size, float(size)
    sizes = {part: result.group_sizes.get(part, 0) for part in ("vulnerable", "others")}
    if groups and min(sizes.values()) >= SMALLEST_GROUP:
        for part, flags in (("vulnerable", anyone), ("others", ~anyone)):
            yield part, part, float((ever & flags).sum()) / sizes[part], float(sizes[part])


def _attack_difference(result: Result, _size: float) -> Rows:
    shares = {by: (share, size) for by, _, share, size in _attack_by_group(result) if by != "group"}
    if shares:
        (vulnerable, count), (others, rest) = shares["vulnerable"], shares["others"]
        yield "all", "all", vulnerable - others, min(count, rest)


def _of_responders(*, share: bool) -> Callable[[Result, float], Rows]:
    """Infections of responders, residents or not; or those ever infected as a share of all of them."""

    def rows(result: Result, _size: float) -> Rows:
        table, unit = result.columns("infections"), result.raw["_people"]["unit"]
        mine = ~np.isnan(table["person"])
        if share:
            mine &= table["episode"] == 1
        infected = unit.codes[table["person"][mine].astype(np.int64)]
        everybody = np.ones(len(unit), bool)
        for by, level, here, theirs in [
            ("all", "all", everybody, np.ones(infected.size, bool)),
            *(("unit", name, unit.codes == code, infected == code) for code, name in enumerate(unit.names)),
        ]:
            if size := float(here.sum()):
                yield by, level, float(theirs.sum()) / (size if share else 1.0), size

    return rows


def _falling_ill(result: Result, _size: float) -> Rows:
    mine = _residents(result)
    yield "all", "all", float((~np.isnan(result.columns("infections")["ill_h"][mine])).sum()), float(mine.sum())


def _peak(result: Result) -> tuple[float, float]:
    """Return (most residents infectious at once, when first); the time is NaN where nobody is infectious."""
    table = result.columns("infections")
    mine = _residents(result) & ~np.isnan(table["infectious_h"])
    begins, ends = table["infectious_h"][mine], table["recovered_h"][mine]
    times = np.concatenate([begins, ends[~np.isnan(ends)]])
    steps = np.concatenate([np.ones(begins.size), -np.ones(times.size - begins.size)])
    order = np.lexsort((steps, times))  # who recovers at a moment is no longer counted with who becomes infectious
    level = np.cumsum(steps[order])
    if not level.size:
        return 0.0, np.nan
    at = int(level.argmax())
    return float(level[at]), float(times[order][at])


def _peak_size(result: Result, residents: float) -> Rows:
    yield "all", "all", _peak(result)[0], residents


def _peak_time(result: Result, _size: float) -> Rows:
    when = _peak(result)[1]
    if when == when:
        yield "all", "all", when, 1.0


def _outside(result: Result) -> tuple[Flags, Floats]:
    """Return (who has been infectious outside isolation, until when or until the end of the run); all people."""
    table = result.columns("infections")
    recovered = np.where(np.isnan(table["recovered_h"]), result.end_h, table["recovered_h"])
    kept_in = ~np.isnan(table["isolated_h"]) & ~(table["released_h"] < recovered)
    ends = np.where(kept_in, table["isolated_h"], recovered)
    return table["infectious_h"] < ends, ends


def _infections_outside(result: Result, _size: float) -> Rows:
    outside, _ = _outside(result)
    yield "all", "all", float(outside.sum()), float(outside.size)


def _last_outside(result: Result, _size: float) -> Rows:
    """The last moment at which somebody was infectious outside isolation, 0 for never.

    No value where somebody still is at the end, or is going to be: infected, not infectious yet, and not isolated.
    """
    table = result.columns("infections")
    outside, ends = _outside(result)
    last = float(ends[outside].max()) if outside.any() else 0.0
    coming = np.isnan(table["infectious_h"]) & np.isnan(table["isolated_h"])
    if last < result.end_h and not coming.any():
        yield "all", "all", last, float(outside.sum())


def _finding(result: Result) -> tuple[Incidence, Floats]:
    """Return the cumulative incidence of being confirmed after becoming infectious, and when each became so.

    Of residents in their first infection; who was confirmed before they were infectious waited for 0 h. Everybody who
    is not confirmed by the end of the run is censored then, the recovered too: nothing shortens a delay. A
    confirmation from before the infection, a false alarm, has found nobody.
    """
    table = result.columns("infections")
    mine = _ever(result) & ~np.isnan(table["infectious_h"])
    since, confirmed = table["infectious_h"][mine], table["confirmed_h"][mine]
    confirmed = np.where(confirmed >= table["infected_h"][mine], np.maximum(confirmed, since), np.nan)
    return waits(since, confirmed, since, np.zeros(since.size, bool), result.end_h), since


def _found_mean(result: Result, _size: float) -> Rows:
    found, since = _finding(result)
    if since.size and result.end_h - since.min() >= FOUND_WITHIN_H:  # else nobody has been watched for so long
        yield "all", "all", found.restricted_mean(FOUND_WITHIN_H), float(since.size)


def _found_median(result: Result, _size: float) -> Rows:
    found, since = _finding(result)
    if since.size:
        yield "all", "all", found.quantile(0.5), float(since.size)


def _by_building(result: Result) -> npt.NDArray[np.int64]:
    building = result.columns("infections")["building"]
    return np.bincount(building.codes[_residents(result)], minlength=len(building.names))


def _buildings(result: Result, _size: float) -> Rows:
    count = _by_building(result)
    yield "all", "all", float((count > 0).sum()), float(count.size)


def _worst_building(result: Result, _size: float) -> Rows:
    count = _by_building(result)
    if count.sum():
        yield "all", "all", float(count.max() / count.sum()), float(count.sum())


def _add(
    name: str,
    unit: str,
    direction: Direction,
    denominator: str,
    of: Callable[[Result, float], Rows],
    parity: float | None = None,
    by: tuple[str, ...] = ("all",),
) -> None:
    RUN_OUTCOMES.add(name, RunOutcome(unit, direction, denominator, _where_epidemic(of), parity, by))


_add("infections", "infections", "lower", "residents", _infections, by=("all", "layer"))
_add("attack_share", "share", "lower", "residents", _attack, by=("all", "group", "vulnerable", "others"))
_vulnerable = "residents in any vulnerability group, and the others"
_add("attack_difference_vulnerable", "share", "lower", _vulnerable, _attack_difference, parity=0.0)
_add(
    "infections_of_responders", "infections", "lower", "people of the response", _of_responders(share=False), by=BY_UNIT
)
_add("attack_share_of_responders", "share", "lower", "people of the response", _of_responders(share=True), by=BY_UNIT)
_add("illnesses", "illnesses", "lower", "infections of residents", _falling_ill)
_add("infectious_peak", "residents", "lower", "residents", _peak_size)
_add("infectious_peak_h", "h since start", "neither", "runs with an infectious resident", _peak_time)
_add("infections_outside", "infections", "lower", "infections, of people from outside too", _infections_outside)
_add("last_outside_h", "h since start", "lower", "runs in which it ends", _last_outside)
_add("found_delay_mean_h", "h", "lower", "residents who have been infectious, up to a fortnight", _found_mean)
_add("found_delay_p50_h", "h", "lower", "residents who have been infectious", _found_median)
_add("buildings_infected", "buildings", "lower", "buildings", _buildings)
_add("worst_building_share", "share", "neither", "infections of residents", _worst_building)
