"""Bands around the paths of several runs: at each moment by itself, and for whole paths from beginning to end."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
SHARE = 0.9


class Band(NamedTuple):
    """The lower and the upper edge at each moment."""

    low: Floats
    high: Floats


def pointwise(paths: Floats, share: float = SHARE) -> Band:
    """Return the band that holds the middle share of the runs (runs × moments) at each moment by itself."""
    low, high = np.quantile(paths, [(1 - share) / 2, (1 + share) / 2], axis=0)
    return Band(low, high)


def depths(paths: Floats) -> npt.NDArray[np.int64]:
    """Return the order of the runs (runs × moments), the most extreme first.

    By extreme rank length: a path is the more extreme, the nearer to the edge of all paths it ever comes, then the more
    often. Myllymäki, M. and others (2017): Global envelope tests for spatial processes. J. R. Stat. Soc. B 79, 381-404.
    """
    from scipy.stats import rankdata

    ranks = rankdata(paths, axis=0)  # equal values share a rank: at night all queues are empty
    two_sided = np.sort(np.minimum(ranks, len(paths) + 1 - ranks), axis=1)
    return np.lexsort(two_sided.T[::-1])


def simultaneous(paths: Floats, share: float = SHARE) -> Band:
    """Return a band in which at least the share of the runs lie from beginning to end, and the pointwise band with it.

    It is the envelope of the least extreme ⌈share × (runs + 1)⌉ paths, all of them where runs are few: a central region
    (Narisetty, N. N. and Nair, V. N. 2016: Extremal depth for functional data. J. Am. Stat. Assoc. 111, 1705-1714). Of
    *further* runs it holds fewer while runs are few (``tests/unit/test_bands.py`` measures it).
    """
    kept = min(ceil(share * (len(paths) + 1)), len(paths))
    inside = paths[depths(paths)[len(paths) - kept :]]
    by_moment = pointwise(paths, share)
    return Band(np.minimum(inside.min(axis=0), by_moment.low), np.maximum(inside.max(axis=0), by_moment.high))
