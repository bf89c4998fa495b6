"""How burnt out people are at the end of a run, and what goes with it: read from the tables that the run leaves.

Burnout is a *level*: strain as a share of capacity at the end of a shift, averaged over each person's last weeks. All
else is what a survey of those still there would compute from it: shares beyond cut points, a correlation with
self-care, standardised coefficients, the intention to leave. What is fitted and to what: docs/strain.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from sim.records.result import Result
    from sim.spec.strain import Leaving

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SEVERE = 1.0
"""Cut point of severe burnout: capacity is used up. Stated, not fitted: the points of a visit are fitted instead."""
MODERATE = 0.42
"""Cut point of moderate burnout. Fitted (docs/strain.md)."""
INTENTION_YEARS = 1.38
"""Who would leave within so many years at the present hazard intends to. Fitted (docs/strain.md)."""
SURVEY_H = 28 * 24.0
"""The last weeks over which a level is averaged."""
YEAR_H = 365 * 24.0
SUPPORTED_H = 14 * 24.0
NAN = float("nan")


@dataclass(frozen=True)
class Workers:
    """What a run leaves of each person with shifts in some units: one element a person in every array."""

    person: npt.NDArray[np.int64]
    unit: npt.NDArray[np.str_]
    level: Floats
    """Mean of strain over capacity at the ends of the shifts of the last weeks; NaN for who had none."""
    support: Floats
    """Sessions with a supervisor in the run."""
    self_care: Floats
    """Share of strain that is gone after a day off duty; NaN where there was never any strain."""
    capacity: Floats
    """Points that the person can carry at the end; NaN where there was never any strain."""
    left: Flags
    """Has left for good."""
    pressure: Floats
    """Hazard of leaving lived through until the last shift, for a hazard of one a year without strain."""
    at_risk: Floats
    """Years until the last shift."""

    @property
    def asked(self) -> Flags:
        """Who would be asked by a survey at the end: still there, and at work in the last weeks."""
        return ~self.left & ~np.isnan(self.level)


class Moments(NamedTuple):
    """Where each person's rows stand: numbers of person and time as one rising key."""

    key: Floats
    scale: float

    def before(self, person: npt.NDArray[np.int64], t_h: Floats) -> npt.NDArray[np.int64]:
        """Return the row of the last moment of each person at or before a time; −1 or another person's for none."""
        return np.searchsorted(self.key, person * self.scale + t_h, side="right") - 1


def _sorted(table: Mapping[str, Any], time: str, end_h: float) -> tuple[dict[str, Any], Moments]:
    """Return columns by person, then as written, with the moments."""
    order = np.argsort(table["person"], kind="stable")
    scale = 2.0 * end_h + 1.0
    moments = Moments(table["person"][order] * scale + table[time][order], scale)
    return {"order": order} | {name: np.asarray(table[name])[order] for name in ("person", time)}, moments


def workers(result: Result, grows: float = 0.0, members: str = "social_worker", last_h: float = SURVEY_H) -> Workers:
    """Return what a run leaves of everybody of one kind; ``grows`` is that of the hazard of leaving."""
    people, strain, shifts, events = (result.columns(name) for name in ("people", "strain", "shifts", "events"))
    person = people["person"][people["members"].decoded() == members]
    unit = np.asarray(people["unit"].decoded())[people["members"].decoded() == members]
    rows, moments = _sorted(strain, "t_h", result.end_h)
    order = rows["order"]
    after, capacity = strain["strain"][order], strain["capacity"][order]
    ends = ~np.isnan(shifts["left_h"]) & np.isin(shifts["person"], person)
    who, when = shifts["person"][ends], shifts["left_h"][ends]
    level = np.zeros(who.size)
    if order.size:
        row = moments.before(who, when)
        own = (row >= 0) & (rows["person"][row] == who)
        level[own] = (after / capacity)[row[own]]
    number = {int(number): place for place, number in enumerate(person)}
    place = np.array([number[int(one)] for one in who], dtype=np.int64)
    gone = np.asarray(events["event"].decoded()) == "left_for_good"
    subjects = np.asarray(events["subject"])[gone]
    supervised = np.asarray(strain["cause"].decoded()) == "supervision"
    last = when >= result.end_h - last_h
    return Workers(
        person=person,
        unit=unit,
        level=_mean(level[last], place[last], person.size),
        support=np.array([(strain["person"][supervised] == one).sum() for one in person], dtype=np.float64),
        self_care=_self_care(result, person),
        capacity=np.array([_last(capacity[rows["person"] == one]) for one in person]),
        left=np.isin(person, np.array([int(one) for one in subjects], dtype=np.int64)),
        pressure=_lived(np.exp(grows * level), place, when, person.size),
        at_risk=_lived(np.ones(level.size), place, when, person.size),
    )


def _mean(values: Floats, place: npt.NDArray[np.int64], size: int) -> Floats:
    count = np.bincount(place, minlength=size)
    total = np.bincount(place, weights=values, minlength=size)
    return np.divide(total, count, out=np.full(size, NAN), where=count > 0)


def _last(values: Floats) -> float:
    return float(values[-1]) if values.size else NAN


def _lived(hazard: Floats, place: npt.NDArray[np.int64], when: Floats, size: int) -> Floats:
    """Add up each person's hazard at the end of a shift times the years since the last, as the model does."""
    order = np.lexsort((when, place))
    place, when, hazard = place[order], when[order], hazard[order]
    since = np.zeros(place.size)
    since[1:] = np.where(place[1:] == place[:-1], when[:-1], 0.0)
    lived: Floats = np.bincount(place, weights=hazard * (when - since) / YEAR_H, minlength=size).astype(np.float64)
    return lived


def _self_care(result: Result, person: npt.NDArray[np.int64]) -> Floats:
    """Return the share of strain that is gone after a day off duty, from the rows of rest and the hours they stand for.

    A row of rest stands for the hours since the person's row before, or since they left their shift if that is later.
    """
    strain, shifts = result.columns("strain"), result.columns("shifts")
    rows, _ = _sorted(strain, "t_h", result.end_h)
    order = rows["order"]
    ends = {name: shifts[name][~np.isnan(shifts["left_h"])] for name in ("person", "left_h")}
    left, off = _sorted(ends, "left_h", result.end_h)
    rest = np.asarray(strain["cause"].decoded())[order] == "rest"
    who, when = rows["person"], rows["t_h"]
    before = np.zeros(who.size)
    before[1:] = np.where(who[1:] == who[:-1], when[:-1], 0.0)
    since = off.before(who, when)
    known = rest & (since >= 0)
    known[known] = left["person"][since[known]] == who[known]
    hours = when[known] - np.maximum(before[known], left["left_h"][since[known]])
    change, after = strain["change"][order][known], strain["strain"][order][known]
    with np.errstate(divide="ignore"):  # all of it gone: no rate can be read from that
        faded = np.log((after - change) / after)
    place = np.searchsorted(person, who[known])
    inside = (place < person.size) & (person[np.minimum(place, person.size - 1)] == who[known])
    inside &= (hours > 0) & np.isfinite(faded)
    total = np.bincount(place[inside], weights=faded[inside], minlength=person.size)
    length = np.bincount(place[inside], weights=hours[inside], minlength=person.size)
    rate = np.divide(total, length, out=np.full(person.size, NAN), where=length > 0)
    return -np.expm1(-24.0 * rate)


# -- what a survey would compute ---------------------------------------------------------------------------------------


def shares(level: Floats, moderate: float = MODERATE, severe: float = SEVERE) -> tuple[float, float]:
    """Return the shares with moderate and with severe burnout."""
    if not level.size:
        return NAN, NAN
    return float(((level >= moderate) & (level < severe)).mean()), float((level >= severe).mean())


def correlation(one: Floats, other: Floats) -> float:
    """Return Pearson's r; NaN where either does not vary."""
    if one.size < 3 or not one.std() > 0 or not other.std() > 0:
        return NAN
    return float(np.corrcoef(one, other)[0, 1])


def standardised(level: Floats, *drivers: Floats) -> tuple[float, ...]:
    """Return the standardised coefficients of a linear regression of the level on all drivers at once."""
    columns = [(x - x.mean()) / x.std() if x.size and x.std() > 0 else np.full(x.size, NAN) for x in (level, *drivers)]
    if any(np.isnan(column).any() or not column.size for column in columns):
        return (NAN,) * len(drivers)
    found, *_ = np.linalg.lstsq(np.column_stack(columns[1:]), columns[0], rcond=None)
    return tuple(float(value) for value in found)


def intention(level: Floats, leaving: Leaving, years: float = INTENTION_YEARS) -> Floats:
    """Return each person's chance to leave within some years if the level stays: who would, intends to."""
    return -np.expm1(-years * leaving.per_year * np.exp(leaving.grows * level))


def correlation_with(level: Floats, chance: Floats) -> float:
    """Return the expected r between a level and a yes or no of the stated chances, drawn for each person."""
    mean = float(chance.mean()) if chance.size else NAN
    if level.size < 3 or not level.std() > 0 or not 0 < mean < 1:
        return NAN
    return float(np.mean((level - level.mean()) * (chance - mean)) / (level.std() * np.sqrt(mean * (1 - mean))))


def expected_leaving(found: Workers, leaving: Leaving) -> float:
    """Return the share who leave in a year at the hazard that people have lived through.

    It estimates the same as the share who left, with less noise: those who leave are as many as the hazard lived
    through until then adds up to, on average.
    """
    years = float(found.at_risk.sum())
    return float(-np.expm1(-leaving.per_year * found.pressure.sum() / years)) if years > 0 else NAN


class LetThrough(NamedTuple):
    """Share of the load of overload and overtime that reaches people, of an average event."""

    crisis: float
    """In warning and emergency, of everybody."""
    crisis_spread: float
    """Standard deviation between people there: that of identity."""
    after_supervised: float
    """Later, of those with a supervision in the last two weeks."""
    after_alone: float
    """Later, of those without."""
    crisis_by_support: float
    """In the crisis, those with a recent supervision less those without: nothing, if support does not buffer there."""


def let_through(result: Result) -> LetThrough:
    """Return what identity (in the crisis) and support (afterwards) let through of overload and overtime."""
    frame = result.frame("strain")
    phases = result.frame("phases")
    crisis_h = float(phases["end_h"][phases["phase"].isin(["warning", "emergency"])].max())
    events = frame[frame["cause"].isin(["overload", "overtime"])].copy()
    events["share"] = events["change"] / events.groupby("cause", observed=True)["change"].transform("max")
    sessions = frame[frame["cause"] == "supervision"].groupby("person")["t_h"].apply(np.asarray).to_dict()
    since = [
        min((t - s for s in sessions.get(person, ()) if s <= t), default=np.inf)
        for person, t in zip(events["person"], events["t_h"], strict=True)
    ]
    recent, crisis = np.array(since) <= SUPPORTED_H, (events["t_h"] < crisis_h).to_numpy()
    share = events["share"].to_numpy()
    by_person = events[crisis].groupby("person")["share"].mean()
    return LetThrough(
        float(by_person.mean()),
        float(by_person.std()),
        _average(share[~crisis & recent]),
        _average(share[~crisis & ~recent]),
        _average(share[crisis & recent]) - _average(share[crisis & ~recent]),
    )


def _average(values: Floats) -> float:
    return float(values.mean()) if values.size else NAN
