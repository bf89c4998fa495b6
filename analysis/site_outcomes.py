"""Outcomes of sites: how their visits end, how long people are there, and how busy each station is.

A station is watched from the opening of the site (for a round of invitations: from its first visitor there) to its last
departure; of several rounds the spells are taken together. Queue lengths and utilisation are means over that time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.run_outcomes import RUN_OUTCOMES, RunOutcome

if TYPE_CHECKING:
    from sim.records.result import Result

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Rows = Iterator[tuple[str, str, float, float]]
NAN = float("nan")


def _by_site(value: Callable[[Any, Flags], float], size: Callable[[Any, Flags], float]) -> Callable[[Result], Rows]:
    """Return an outcome for each site, and for each class of its visitors as "site.class"."""

    def of(result: Result) -> Rows:
        sites = result.columns("sites")
        for code, name in enumerate(sites["site"].names):
            here = (sites["site"].codes == code) & ~sites["again"]
            if not here.any():
                continue
            yield "site", name, value(sites, here), size(sites, here)
            for kind in np.unique(sites["class"].codes[here]):
                mine = here & (sites["class"].codes == kind)
                if kind >= 0:
                    yield "class", f"{name}.{sites['class'].names[kind]}", value(sites, mine), size(sites, mine)

    return of


def _count(end: str | None) -> Callable[[Any, Flags], float]:
    def count(sites: Any, here: Flags) -> float:
        return float(here.sum()) if end is None else float((sites["end"].codes[here] == _code(sites, end)).sum())

    return count


def _code(sites: Any, end: str) -> int:
    return int(sites["end"].names.index(end))


def _share(*ends: str) -> Callable[[Any, Flags], float]:
    """Return the share of all visitors, called or not, whose visit ended in one of these ways."""

    def share(sites: Any, here: Flags) -> float:
        return float(np.isin(sites["end"].codes[here], [_code(sites, end) for end in ends]).mean())

    return share


def _stay(quantile: float | None) -> Callable[[Any, Flags], float]:
    """Return the mean or a quantile of the time from coming to leaving, over those who were served."""

    def stay(sites: Any, here: Flags) -> float:
        served = here & (sites["end"].codes == _code(sites, "served"))
        hours = sites["left_h"][served] - sites["arrived_h"][served]
        if not hours.size:
            return NAN
        return float(hours.mean() if quantile is None else np.quantile(hours, quantile))

    return stay


def _served(sites: Any, here: Flags) -> float:
    return float((sites["end"].codes[here] == _code(sites, "served")).sum())


def _first(sites: Any, here: Flags) -> float:
    times = sites["left_h"][here & (sites["end"].codes == _code(sites, "served"))]
    return float(times.min()) if times.size else NAN


def _last(sites: Any, here: Flags) -> float:
    times = sites["left_h"][here & (sites["end"].codes == _code(sites, "served"))]
    return float(times.max()) if times.size else NAN


class _Watched:
    """The rows of one station, with the spells during which it is watched."""

    def __init__(self, result: Result, site: int, station: int) -> None:
        table = result.columns("stations")
        here = (table["site"].codes == site) & (table["station"].codes == station)
        self.name = table["site"].names[site], table["station"].names[station]
        end_h = result.end_h
        self.queued = table["queued_h"][here]
        started, ended = table["started_h"][here], table["ended_h"][here]
        self.left_queue = np.where(np.isnan(started), np.where(np.isnan(ended), end_h, ended), started)
        self.begun = ~np.isnan(started)
        self.service = np.where(np.isnan(ended), end_h, ended) - started
        self.departed = np.where(np.isnan(ended), end_h, ended)
        opens, self.servers = result.raw["_run"]["servers"][self.name]
        numbers = table["round"][here]
        self.spells: list[tuple[float, float]] = []
        for number in np.unique(numbers):
            mine = numbers == number
            begin = min(opens, float(self.queued[mine].min())) if number == 0 else float(self.queued[mine].min())
            self.spells.append((begin, float(self.departed[mine].max())))
        self.hours = sum(end - begin for begin, end in self.spells)

    def server_hours(self, result: Result) -> float:
        """Return the time that servers were there while the station was watched."""
        if self.servers is not None:
            edges = [time for time, _ in self.servers] + [np.inf]
            return sum(
                count * max(min(until, end) - max(edges[k], begin), 0.0)
                for begin, end in self.spells
                for k, (count, until) in enumerate(zip([n for _, n in self.servers], edges[1:], strict=True))
            )
        posts = result.columns("assignments")
        post = ".".join(self.name)
        if post not in posts["assignment"].names:
            return NAN
        here = posts["assignment"].codes == posts["assignment"].names.index(post)
        ended = np.where(np.isnan(posts["end_h"][here]), result.end_h, posts["end_h"][here])
        return sum(
            float(np.maximum(np.minimum(ended, end) - np.maximum(posts["start_h"][here], begin), 0.0).sum())
            for begin, end in self.spells
        )


def _by_station(value: Callable[[_Watched, Result], float]) -> Callable[[Result], Rows]:
    def of(result: Result) -> Rows:
        table = result.columns("stations")
        size = len(table["station"].names)
        pairs = np.unique(table["site"].codes.astype(np.int64) * max(size, 1) + table["station"].codes)
        for pair in pairs.tolist():
            watched = _Watched(result, pair // size, pair % size)
            yield "station", ".".join(watched.name), value(watched, result), watched.hours

    return of


def _utilisation(station: _Watched, result: Result) -> float:
    hours = station.server_hours(result)
    return float(station.service[station.begun].sum()) / hours if hours > 0 else NAN


def _queue_mean(station: _Watched, _result: Result) -> float:
    return float((station.left_queue - station.queued).sum()) / station.hours if station.hours > 0 else NAN


def _queue_max(station: _Watched, _result: Result) -> float:
    waits = station.left_queue > station.queued
    if not waits.any():
        return 0.0
    times = np.concatenate([station.queued[waits], station.left_queue[waits]])
    steps = np.concatenate([np.ones(waits.sum()), -np.ones(waits.sum())])
    return float(np.cumsum(steps[np.lexsort((steps, times))]).max())


def _queue_time(station: _Watched, _result: Result) -> float:
    return float((station.left_queue - station.queued).mean())


_run = RUN_OUTCOMES.add
_all = "people called or come"
_site = ("site", "class")
_run("visitors", RunOutcome("people", "neither", _all, _by_site(_count(None), _count(None)), by=_site))
_run("visitors_served", RunOutcome("people", "higher", _all, _by_site(_count("served"), _count(None)), by=_site))
_run("served_share", RunOutcome("share", "higher", _all, _by_site(_share("served"), _count(None)), by=_site))
_run("no_show_share", RunOutcome("share", "lower", _all, _by_site(_share("no_show"), _count(None)), by=_site))
_run("missed_share", RunOutcome("share", "lower", _all, _by_site(_share("missed"), _count(None)), by=_site))
_run(
    "gave_up_share", RunOutcome("share", "lower", _all, _by_site(_share("left", "turned_away"), _count(None)), by=_site)
)
_run("stay_mean_h", RunOutcome("h", "lower", "people served at a site", _by_site(_stay(None), _served), by=_site))
_run("stay_p50_h", RunOutcome("h", "lower", "people served at a site", _by_site(_stay(0.5), _served), by=_site))
_run("stay_p90_h", RunOutcome("h", "lower", "people served at a site", _by_site(_stay(0.9), _served), by=_site))
_run(
    "first_served_h",
    RunOutcome("h since start", "lower", "people served at a site", _by_site(_first, _served), by=_site),
)
_run(
    "last_served_h", RunOutcome("h since start", "lower", "people served at a site", _by_site(_last, _served), by=_site)
)
_watched = "hours from opening to the last departure"
_run("station_utilisation", RunOutcome("share", "neither", _watched, _by_station(_utilisation), by=("station",)))
_run("station_queue_mean", RunOutcome("people", "lower", _watched, _by_station(_queue_mean), by=("station",)))
_run("station_queue_max", RunOutcome("people", "lower", _watched, _by_station(_queue_max), by=("station",)))
_run("station_wait_mean_h", RunOutcome("h", "lower", _watched, _by_station(_queue_time), by=("station",)))
