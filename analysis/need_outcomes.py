"""Outcomes over needs: waits that count everybody, unmet needs, time in need; for any part of the cohort."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from analysis.incidence import Incidence, waits
from sim.registry import Registry

if TYPE_CHECKING:
    from sim.records.result import Result

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Direction = Literal["lower", "higher", "neither"]
NAN = float("nan")


class Selection:
    """The needs of a run that an outcome is about."""

    def __init__(self, result: Result, rows: npt.NDArray[np.int64], targets: Floats) -> None:
        needs = result.columns("needs")
        self.end_h, self.tau_h = result.end_h, result.end_h - result.horizon_h
        self.cohort_h = result.horizon_h - result.warm_up_h
        self.size = rows.size
        self.onset_h: Floats = needs["onset_h"][rows]
        self.requested_h: Floats = needs["requested_h"][rows]
        self.started_h: Floats = needs["started_h"][rows]
        self.closed_h: Floats = needs["closed_h"][rows]
        self.attempts: Floats = needs["attempts"][rows]
        self.escalated: Flags = ~np.isnan(needs["escalated_h"][rows])
        self.referred: Flags = ~np.isnan(needs["referred_h"][rows])
        end = needs["end"]
        self.ended_as: Callable[[str], Flags] = lambda name: end.codes[rows] == end.names.index(name)
        self.target_h = targets[needs["need_type"].codes[rows]]
        self.asked: Flags = ~np.isnan(self.requested_h)
        self._waits: Incidence | None = None
        self._closings: Incidence | None = None

    def waits(self) -> Incidence:
        """Return the cumulative incidence of starting, from the request, over everyone who asked."""
        if self._waits is None:
            self._waits = self._incidence(self.asked, self.requested_h)
        return self._waits

    def closings(self) -> Incidence:
        """Return the cumulative incidence of being closed by service, from the request, over everyone who asked."""
        if self._closings is None:
            self._closings = self._closing(self.asked)
        return self._closings

    def _closing(self, who: Flags) -> Incidence:
        served = self.ended_as("met") | (self.ended_as("referred") & ~np.isnan(self.started_h))
        served_h = np.where(served, self.closed_h, np.nan)
        left = self.ended_as("abandoned") | self.ended_as("withdrawn")
        return waits(self.requested_h[who], served_h[who], self.closed_h[who], left[who], self.end_h)

    def _incidence(self, who: Flags, since_h: Floats) -> Incidence:
        left = self.ended_as("abandoned") | self.ended_as("withdrawn")
        return waits(since_h[who], self.started_h[who], self.closed_h[who], left[who], self.end_h)

    def delay_mean_h(self) -> float:
        """Return the mean time from onset to start over all needs, up to the length of the follow-up."""
        return self._incidence(np.ones(self.size, bool), self.onset_h).restricted_mean(self.tau_h)

    def share_in_target(self) -> float:
        """Return the share of requests that start within their type's target."""
        return self._in_target(lambda who: self._incidence(who, self.requested_h))

    def closed_in_target_share(self) -> float:
        """Return the share of requests that are closed by service within their type's target."""
        return self._in_target(self._closing)

    def _in_target(self, of: Callable[[Flags], Incidence]) -> float:
        inside = total = 0.0
        for target in np.unique(self.target_h[~np.isnan(self.target_h)]):
            who = self.asked & (self.target_h == target)
            if who.any():
                inside += of(who).at(float(target)) * who.sum()
                total += who.sum()
        return inside / total if total else NAN

    def visits_per_need(self) -> float:
        """Return how many visits were begun for a need that was visited at all; sessions count."""
        visited = self.attempts[self.attempts > 0]
        return float(visited.mean()) if visited.size else NAN

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
    parity: float | None = None

    @property
    def by(self) -> tuple[str, ...]:
        """What it is split by, as every outcome over needs is."""
        return "all", "need", "phase", "zone", "layer", "group", "vulnerable", "others"


NEED_OUTCOMES: Registry[NeedOutcome] = Registry("outcome")
_add = NEED_OUTCOMES.add
_add("needs_raised", NeedOutcome("needs", "neither", "needs of the cohort", lambda s: float(s.size)))
_add("requests", NeedOutcome("requests", "neither", "needs of the cohort", lambda s: float(s.asked.sum())))
_add("asked_share", NeedOutcome("share", "neither", "needs", lambda s: float(s.asked.mean())))
_add(
    "wait_mean_h",
    NeedOutcome("h", "lower", "requests", lambda s: s.waits().restricted_mean(s.tau_h) if s.tau_h > 0 else NAN, True),
)
_add("wait_p50_h", NeedOutcome("h", "lower", "requests", lambda s: s.waits().quantile(0.5), True))
_add("wait_p90_h", NeedOutcome("h", "lower", "requests", lambda s: s.waits().quantile(0.9), True))
_add("share_in_target", NeedOutcome("share", "higher", "requests with a target", Selection.share_in_target, True))
_add(
    "closing_mean_h",
    NeedOutcome(
        "h", "lower", "requests", lambda s: s.closings().restricted_mean(s.tau_h) if s.tau_h > 0 else NAN, True
    ),
)
_add(
    "closing_p90_h",
    NeedOutcome(
        "h",
        "lower",
        "requests",
        lambda s: s.closings().quantile(0.9) if s.tau_h > 0 else NAN,
        True,
    ),
)
_add(
    "closed_in_target_share",
    NeedOutcome("share", "higher", "requests with a target", Selection.closed_in_target_share, True),
)
_add(
    "requests_per_day",
    NeedOutcome(
        "requests a day",
        "neither",
        "days of the cohort",
        lambda s: float(s.asked.sum()) / (s.cohort_h / 24),
    ),
)
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
_add("visits_per_need", NeedOutcome("visits", "lower", "needs visited", Selection.visits_per_need))
_add(
    "unserved_person_h",
    NeedOutcome(
        "person-hours",
        "lower",
        "needs, from onset to start or the end of the run",
        lambda s: float((np.where(np.isnan(s.started_h), s.end_h, s.started_h) - s.onset_h).sum()),
    ),
)
