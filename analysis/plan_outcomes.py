"""Outcomes of the plan: the moments of its story, how its steps went, what the blanks cost, who was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.run_outcomes import RUN_OUTCOMES, RunOutcome

if TYPE_CHECKING:
    from sim.records.result import Result

Flags = npt.NDArray[np.bool_]
Rows = Iterator[tuple[str, str, float, float]]
NAN = float("nan")

MOMENTS = (
    "first_report",
    "activated",
    "kits_handed_out",
    "teams_in_place",
    "cordon_closed",
    "site_ready",
    "testers_there",
    "first_served",
    "last_served",
    "first_confirmed",
    "stood_down",
)
"""The moments of a plan's story, in the order in which they are told."""
EVENT_OF = {
    "first_report": "reported",
    "activated": "activated",
    "cordon_closed": "cordon_closed",
    "site_ready": "site_ready",
    "testers_there": "arrived",
    "first_confirmed": "confirmed",
    "stood_down": "stood_down",
}


def moments(result: Result) -> dict[str, float]:
    """Return the hour of each moment of a run; NaN where it never came."""
    events, orders, sites = (result.columns(name) for name in ("events", "orders", "sites"))
    names = events["event"].decoded()
    found = dict.fromkeys(MOMENTS, NAN)
    called = set(np.asarray(sites["site"].decoded())[sites["round"] > 0])
    of_rounds = np.array([subject in called for subject in events["subject"]], bool)
    for moment, event in EVENT_OF.items():
        here = (names == event) & (of_rounds if moment == "site_ready" and called else True)
        times = events["t_h"][here]
        if times.size:
            found[moment] = float(times[0])
    actions, first = orders["action"].decoded(), orders["nth"] <= 1
    found["kits_handed_out"] = _last_done(orders, first & (actions == "issue"))
    found["teams_in_place"] = _last_team(orders, orders["part"].decoded() == "response")
    called = (sites["round"] > 0) & (sites["end"].codes == sites["end"].names.index("served"))
    if called.any():
        found["first_served"] = float(sites["left_h"][called].min())
        found["last_served"] = float(sites["left_h"][called].max())
    return found


def _last_done(orders: Any, here: Flags) -> float:
    """Return when the last of some orders was done; NaN while one is not."""
    return float(orders["done_h"][here].max()) if here.any() else NAN


def _last_team(orders: Any, here: Flags) -> float:
    """Return when the last of the teams with a step has had somebody for one; NaN while one has had nobody."""
    units, staffed = orders["team"].codes, orders["staffed_h"]
    firsts = [
        float(np.nanmin(staffed[here & (units == unit)]))
        if not np.isnan(staffed[here & (units == unit)]).all()
        else NAN
        for unit in np.unique(units[here & (units >= 0)])
    ]
    return max(firsts) if firsts and not np.isnan(firsts).any() else NAN


def _moments(result: Result) -> Rows:
    if result.columns("orders")["step"].codes.size:
        for moment, time in moments(result).items():
            yield "moment", moment, time, 1.0


def _steps(value: Callable[[Any, Flags], float]) -> Callable[[Result], Rows]:
    """Return an outcome over all steps, and for each of them."""

    def of(result: Result) -> Rows:
        orders = result.columns("orders")
        if not orders["step"].codes.size:
            return
        everything = np.ones(orders["step"].codes.size, bool)
        yield "all", "all", value(orders, everything), float(everything.sum())
        for code, name in enumerate(orders["step"].names):
            here = orders["step"].codes == code
            yield "step", name, value(orders, here), float(here.sum())

    return of


def _done(orders: Any, here: Flags) -> float:
    return float((~np.isnan(orders["done_h"][here])).mean())


def _late(orders: Any, here: Flags) -> float:
    limited = here & ~np.isnan(orders["within_h"])
    return float(orders["late"][limited].mean()) if limited.any() else NAN


def _takes(orders: Any, here: Flags) -> float:
    """Return the mean time from triggered to done of those that are done."""
    took = (orders["done_h"] - orders["triggered_h"])[here]
    return float(np.nanmean(took)) if np.isfinite(took).any() else NAN


def _count(event: str) -> Callable[[Result], Rows]:
    def of(result: Result) -> Rows:
        if result.columns("orders")["step"].codes.size:
            events = result.columns("events")["event"]
            yield "all", "all", float((events.decoded() == event).sum()), 1.0

    return of


def _tubes(result: Result) -> Rows:
    tubes = result.columns("tubes")
    for code, site in enumerate(tubes["site"].names):
        here = tubes["site"].codes == code
        if here.any():
            yield "site", site, float(here.sum()), float(tubes["people"][here].sum())


def _found(result: Result) -> Rows:
    run = result.raw["_run"]
    if run["infected"]:
        yield "all", "all", run["infected_confirmed"] / run["infected"], float(run["infected"])


_run = RUN_OUTCOMES.add
_run("moment_h", RunOutcome("h since start", "neither", "runs in which it came", _moments, by=("moment",)))
_run(
    "steps_done_share",
    RunOutcome("share", "higher", "orders, and steps never triggered", _steps(_done), by=("all", "step")),
)
_run("steps_late_share", RunOutcome("share", "lower", "orders with a time limit", _steps(_late), by=("all", "step")))
_run("step_takes_h", RunOutcome("h", "lower", "orders that are done", _steps(_takes), by=("all", "step")))
_run("searches", RunOutcome("searches", "lower", "runs", _count("searched")))
_run("rumours", RunOutcome("rumours", "lower", "runs", _count("rumour")))
_run("injuries", RunOutcome("people", "lower", "runs", _count("injured")))
_run("tubes", RunOutcome("tubes", "lower", "samples", _tubes, by=("site",)))
_run("found_share", RunOutcome("share", "higher", "people who were infected", _found))
