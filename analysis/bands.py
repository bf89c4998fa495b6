"""Bands around the paths of several runs: at each moment by itself, and for whole paths from beginning to end."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
SHARE = 0.9
FLOOR = 0.1
"""The least that a band is wide on either side, as a share of where it is widest: where all runs so far were equal, the
next one may still differ."""


class Band(NamedTuple):
    """The lower and the upper edge at each moment."""

    low: Floats
    high: Floats


def pointwise(paths: Floats, share: float = SHARE) -> Band:
    """Return the band that holds the middle share of the runs (runs × moments) at each moment by itself."""
    low, high = np.quantile(paths, [(1 - share) / 2, (1 + share) / 2], axis=0)
    return Band(low, high)


def simultaneous(paths: Floats, share: float = SHARE) -> Band:
    """Return a band in which at least the share of the runs lie from beginning to end, and the pointwise band with it.

    A global envelope by the largest scaled deviation: the mean, plus and minus as many deviations as the share of the
    runs stay within at their worst moment. Deviations upwards and downwards are taken apart, for backlogs are skewed;
    what is never negative stays so. Of further runs it holds about the share from twenty runs on, fewer before
    (``tests/unit/test_bands.py`` measures it). Myllymäki, M. and others (2017): Global envelope tests for spatial
    processes. Journal of the Royal Statistical Society B 79(2), 381-404.
    """
    runs, mean = len(paths), paths.mean(axis=0)
    if runs < 2:
        return Band(mean, mean)
    away = paths - mean
    up, down = (np.sqrt((np.maximum(part, 0) ** 2).sum(axis=0) / (runs - 1)) for part in (away, -away))
    least = FLOOR * float((up + down).max()) / 2 or 1.0  # all alike: any scale will do
    up, down = np.maximum(up, least), np.maximum(down, least)
    worst = np.sort(np.maximum(away / up, -away / down).max(axis=1))
    held = worst[min(ceil(share * (runs + 1)), runs) - 1] * (1 + 1e-9)  # the path on the edge is in it
    by_moment = pointwise(paths, share)
    low, high = np.minimum(mean - held * down, by_moment.low), np.maximum(mean + held * up, by_moment.high)
    return Band(np.maximum(low, 0.0) if float(paths.min()) >= 0 else low, high)
