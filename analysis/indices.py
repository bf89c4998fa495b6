"""Sensitivity indices from replicated points: effects of Morris, indices of Sobol', rank regression, share of noise.

Values are points × replications under common random numbers: replication k has the same luck at every point. What luck
does alike at all points cancels in each index. What is left is kept out of the indices of Sobol' by multiplying values
of *different* replications only, whose luck is independent; without it, pure noise would have a total index of 1. With
no noise, or one replication, these are SALib's estimators.

Sources: Morris 1991; Campolongo, Cariboni & Saltelli 2007 (mu*); Saltelli et al. 2010 and Jansen 1999 (S1, ST);
Saltelli & Marivoet 1990 (SRRC); Hesterberg 2015 (expanded percentile interval). Operating characteristics:
``tests/theory/test_sensitivity.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
NAN = float("nan")
RESAMPLES = 1_000


class Index(NamedTuple):
    """An estimate with its bootstrap interval; NaN where it is not defined."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Noise:
    """The share of luck in the variance over a design; NaN with one replication.

    ``share`` is of the outcome of one run; ``common`` the part of it that is alike at all points and cancels;
    ``of_means`` is what is left of it in the means of the points.
    """

    share: float
    common: float
    of_means: float

    def wanted(self, replications: int, at_most: float) -> int | None:
        """Return how many replications would bring the noise of the means down to a share; None if none would."""
        if not 0 < self.of_means < 1:
            return None if self.of_means >= 1 else replications
        ratio = self.of_means / (1 - self.of_means) * replications
        return int(np.ceil(ratio * (1 - at_most) / at_most))


def noise(values: Floats) -> Noise:
    """Return the share of luck in values (points × replications), by a two-way analysis of variance."""
    points, runs = values.shape
    if points < 2 or runs < 2:
        return Noise(NAN, NAN, NAN)
    mean, of_point, of_run = values.mean(), values.mean(axis=1), values.mean(axis=0)
    rest = values - of_point[:, None] - of_run[None, :] + mean
    left = float((rest**2).sum()) / ((points - 1) * (runs - 1))
    between = runs * float(of_point.var(ddof=1))
    common = max((points * float(of_run.var(ddof=1)) - left) / points, 0.0)
    explained = max((between - left) / runs, 0.0)
    whole = explained + common + left
    if not whole > 0:
        return Noise(NAN, NAN, NAN)
    return Noise((common + left) / whole, common / whole, min(left / between, 1.0) if between > 0 else 1.0)


# -- bootstrap --------------------------------------------------------------------------------------------------------


def weights(blocks: int, seed: int, resamples: int = RESAMPLES) -> Floats:
    """Return how often each block is drawn in each resample, over their number (resamples × blocks)."""
    from scipy.stats import multinomial

    drawn = multinomial(blocks, np.full(blocks, 1 / blocks)).rvs(size=resamples, random_state=seed % 2**32)
    return np.asarray(drawn, np.float64) / blocks


def interval(value: float, resampled: Floats, blocks: int, confidence: float) -> Index:
    """Return an estimate with the percentile interval of its resamples, widened for few blocks."""
    from scipy.special import ndtr, stdtrit

    found = resampled[np.isfinite(resampled)]
    if not np.isfinite(value) or blocks < 2 or not found.size:
        return Index(value, NAN, NAN)
    tail = float(ndtr(np.sqrt(blocks / (blocks - 1)) * stdtrit(blocks - 1, (1 - confidence) / 2)))
    low, high = np.quantile(found, [tail, 1 - tail])
    return Index(float(value), float(low), float(high))


# -- Morris -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Elementary:
    """The elementary effects of a group, in the outcome's unit over the whole range.

    Each is the change at a step over the part of the range that the step made. ``mu_star`` is the mean of their size,
    ``mu`` of themselves and ``sigma`` their spread: undefined for several factors, which may move against each other.
    ``floor`` is the mu* that luck alone would give, ``excess`` what mu* is above it: NaN with one replication.
    """

    mu_star: Index
    mu: Index
    sigma: Index
    floor: float
    excess: Index

    @property
    def tells(self) -> bool:
        """Tell whether the effect stands out from luck; where luck is not known, whether there is any."""
        return self.excess.low > 0 if np.isfinite(self.floor) else self.mu_star.value > 0


def elementary(
    unit: Floats, values: Floats, made: Floats, members: Sequence[int], confidence: float, seed: int
) -> list[Elementary]:
    """Return the effect of each group from whole trajectories.

    ``unit`` is trajectories × (groups + 1) × factors, ``values`` trajectories × (groups + 1) × replications, and
    ``made`` trajectories × groups × factors: the part of its range that each factor moved at each step. A group's step
    is the mean of its factors'. Where all are as drawn, SALib's ``analyze.morris`` gives the same mu*, mu and sigma
    for single factors.
    """
    trajectories, _, runs = values.shape
    first = np.cumsum([0, *members[:-1]])
    moved = np.diff(unit, axis=1)[:, :, first]  # trajectories × steps × groups; one group moves at a step
    place = np.abs(moved).argmax(axis=1)  # trajectories × groups: the step at which a group moves
    sign = np.sign(np.take_along_axis(moved, place[:, None, :], axis=1)[:, 0, :])
    change = np.take_along_axis(np.diff(values, axis=1), place[:, :, None], axis=1)
    steps = np.add.reduceat(made, first, axis=2) / np.array(members)  # trajectories × steps × groups
    step = np.take_along_axis(steps, place[:, None, :], axis=1)[:, 0, :]
    effects = (sign / step)[:, :, None] * change  # trajectories × groups × replications
    drawn = weights(trajectories, seed) if trajectories > 1 else np.ones((1, 1))
    found = []
    for group, size in enumerate(members):
        each = effects[:, group]
        mean = each.mean(axis=1)
        mu_star = interval(np.abs(mean).mean(), drawn @ np.abs(mean), trajectories, confidence)
        floor, excess = NAN, Index(NAN, NAN, NAN)
        if runs > 1:  # both are estimates, so it is their difference that is resampled
            of_luck = 2 / np.pi * each.var(axis=1, ddof=1) / runs
            floor = float(np.sqrt(of_luck.mean()))
            above = drawn @ np.abs(mean) - np.sqrt(drawn @ of_luck)
            excess = interval(mu_star.value - floor, above, trajectories, confidence)
            if trajectories > 1 and not np.ptp(each, axis=0).any():  # all made one step: only its runs can be resampled
                again = weights(runs, seed)
                size_of = np.abs(again @ each[0])
                mu_star = interval(mu_star.value, size_of, runs, confidence)
                spread_of = np.maximum(again @ each[0] ** 2 - (again @ each[0]) ** 2, 0) / max(runs - 1, 1)
                excess = interval(mu_star.value - floor, size_of - np.sqrt(2 / np.pi * spread_of), runs, confidence)
        mu = sigma = Index(NAN, NAN, NAN)
        if size == 1 and trajectories > 1:
            mu = interval(mean.mean(), drawn @ mean, trajectories, confidence)
            spread = drawn @ mean**2 - (drawn @ mean) ** 2
            of_sample = np.sqrt(np.maximum(spread, 0) * trajectories / (trajectories - 1))
            sigma = interval(mean.std(ddof=1), of_sample, trajectories, confidence)
        found.append(Elementary(mu_star, mu, sigma, floor, excess))
    return found


# -- Sobol' -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sobol:
    """First-order and total index of a group: its share of the variance of the expected outcome.

    Where that variance cannot be told from 0, they are undefined, and may lie anywhere from 0 to 1.
    """

    first: Index
    total: Index

    @property
    def tells(self) -> bool:
        """Tell whether the total index stands out from luck."""
        return self.total.low > 0


def _cross(one: Floats, other: Floats) -> Floats:
    """Return the mean product of values of different replications (the last axis), so that luck drops out."""
    runs = one.shape[-1]
    if runs == 1:
        return (one * other)[..., 0]
    return (one.sum(axis=-1) * other.sum(axis=-1) - (one * other).sum(axis=-1)) / (runs * (runs - 1))


def sobol(values: Floats, confidence: float, seed: int) -> list[Sobol]:
    """Return the indices of each group from whole blocks: blocks × (A, A with one group from B …, B) × replications."""
    blocks, rows, _ = values.shape
    centred = values - values.mean(axis=(0, 1))
    a, b = centred[:, 0], centred[:, -1]
    drawn = weights(blocks, seed)
    of_block = (_cross(a, a) + _cross(b, b)) / 2
    middle = (a + b) / 2
    variance = float(of_block.mean() - _cross(middle.mean(axis=0), middle.mean(axis=0)))
    resampled = drawn @ of_block - _cross(drawn @ middle, drawn @ middle)
    told = interval(variance, resampled, blocks, confidence)
    if not told.low > 0 or variance <= 1e-18 * float((values**2).mean()):
        unknown = Index(NAN, 0.0, 1.0)
        return [Sobol(unknown, unknown)] * (rows - 2)
    whole = np.where(resampled > 0, resampled, np.nan)
    found = []
    for group in range(1, rows - 1):
        moved = centred[:, group]
        first, total = _cross(b, moved - a), _cross(moved - a, moved - a) / 2
        found.append(
            Sobol(
                *(
                    interval(part.mean() / variance, (drawn @ part) / whole, blocks, confidence)
                    for part in (first, total)
                )
            )
        )
    return found


# -- rank regression --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Regression:
    """Standardised rank regression coefficients, one a column, and the share of rank variance they explain."""

    coefficients: tuple[Index, ...]
    r_squared: float


def rank_regression(columns: Floats, means: Floats, confidence: float, seed: int) -> Regression:
    """Return the standardised rank regression coefficients of columns (points × columns) on the points' means."""
    from scipy.stats import rankdata

    points, count = columns.shape
    unknown = Regression((Index(NAN, NAN, NAN),) * count, NAN)
    if points < count + 3 or np.ptp(means) == 0:
        return unknown
    ranks = rankdata(np.column_stack([columns, means]), axis=0)
    ranks = (ranks - ranks.mean(axis=0)) / np.where(ranks.std(axis=0) > 0, ranks.std(axis=0), 1.0)
    betas, r_squared = _standardised(ranks, np.full((1, points), 1 / points))
    resampled, _ = _standardised(ranks, weights(points, seed))
    found = tuple(interval(betas[0, k], resampled[:, k], points, confidence) for k in range(count))
    return Regression(found, float(r_squared[0]))


def _standardised(ranks: Floats, drawn: Floats) -> tuple[Floats, Floats]:
    """Return the coefficients (resamples × columns) and R² of the last column on the others, in each resample."""
    size = ranks.shape[1]
    products = (ranks[:, :, None] * ranks[:, None, :]).reshape(len(ranks), -1)
    means = drawn @ ranks
    moments = (drawn @ products).reshape(-1, size, size) - means[:, :, None] * means[:, None, :]
    spread = np.sqrt(np.maximum(np.einsum("bii->bi", moments), 0))
    scale = np.where(spread > 1e-9, spread, np.inf)
    correlation = moments / scale[:, :, None] / scale[:, None, :]
    of_result = correlation[:, :-1, -1]
    betas = np.einsum("bij,bj->bi", np.linalg.pinv(correlation[:, :-1, :-1], hermitian=True, rcond=1e-9), of_result)
    return betas, np.einsum("bi,bi->b", betas, of_result)
