"""Waits with competing ends: the cumulative incidence of starting (Aalen–Johansen), its mean and its quantiles.

Everybody counts: who gives up has not started, and lifts the wait of the whole rather than leaving it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Incidence:
    """The cumulative incidence F of starting: ``level[k]`` from ``time_h[k]`` on, 0 before the first."""

    time_h: Floats
    level: Floats

    def at(self, time_h: float) -> float:
        """Return F at a time."""
        place = int(np.searchsorted(self.time_h, time_h, side="right"))
        return float(self.level[place - 1]) if place else 0.0

    def quantile(self, share: float) -> float:
        """Return the first time at which F reaches a share; NaN where it never does."""
        place = int(np.searchsorted(self.level, share - 1e-12))
        return float(self.time_h[place]) if place < self.level.size else float("nan")

    def quantile_up_to(self, share: float, tau_h: float) -> float:
        """Return the first time at which F reaches a share, τ where it does so later or never."""
        found = self.quantile(share)
        return min(found, tau_h) if found == found else tau_h  # NaN is not itself

    def restricted_mean(self, tau_h: float) -> float:
        """Return the mean wait up to τ, ∫₀^τ (1 − F)."""
        inside = self.time_h < tau_h
        edges = np.concatenate([[0.0], self.time_h[inside], [tau_h]])
        levels = np.concatenate([[0.0], self.level[inside]])
        return float(((1 - levels) * np.diff(edges)).sum())


def incidence(wait_h: Floats, started: npt.NDArray[np.bool_], ended: npt.NDArray[np.bool_]) -> Incidence:
    """Return the cumulative incidence of starting from waits.

    ``wait_h`` is the time to the start, to another end, or to the end of observation; ``started`` and ``ended`` (in
    another way) tell which; who did neither is censored. Aalen & Johansen (1978), Scand. J. Statist. 5, 141–150.
    """
    order = np.lexsort((~(started | ended), wait_h))  # at ties, events come before censoring
    wait, start, end = wait_h[order], started[order], ended[order]
    at_risk = np.arange(wait.size, 0, -1, dtype=np.float64)
    going_on = np.cumprod(1 - (start | end) / at_risk)
    before = np.concatenate([[1.0], going_on[:-1]]) if wait.size else going_on
    level = np.cumsum(np.where(start, before / at_risk, 0.0))
    return Incidence(wait[start], np.minimum(level[start], 1.0))


def waits(
    since_h: Floats, started_h: Floats, closed_h: Floats, gave_up: npt.NDArray[np.bool_], end_h: float
) -> Incidence:
    """Return the cumulative incidence of starting from stamps, NaN for not yet; who waits at ``end_h`` is censored."""
    started = ~np.isnan(started_h)
    left = gave_up & ~started
    stop = np.where(started, started_h, np.where(left, closed_h, end_h))
    return incidence(stop - since_h, started, left)
