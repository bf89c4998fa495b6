"""Bands around paths: what lies in them, and how often a further run does."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.bands import pointwise, simultaneous

MOMENTS = 60


def curves(count: int, seed: int) -> np.ndarray:
    """Paths of a backlog: never below zero, skewed, and smooth enough that moments belong together."""
    random = np.random.default_rng(seed)
    steps = random.normal(size=(count, MOMENTS)).cumsum(axis=1) / np.sqrt(MOMENTS)
    return np.round(np.exp(steps + random.normal(size=(count, 1))) * np.sin(np.linspace(0, 9, MOMENTS)) ** 2, 3)


def inside(paths: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Whether each path lies in a band from beginning to end."""
    return ((paths >= low) & (paths <= high)).all(axis=1)


@pytest.mark.parametrize("count", [2, 5, 12, 40])
def test_the_band_of_whole_runs_holds_the_other_one(count: int):
    """Who is in the middle of all paths is there at each moment, too: the wider band contains the narrower."""
    for seed in range(10):
        paths = curves(count, seed)
        narrow, wide = pointwise(paths), simultaneous(paths)
        assert (wide.low <= narrow.low).all()
        assert (wide.high >= narrow.high).all()
        assert (wide.low >= 0).all(), "nobody waits less than nobody"


@pytest.mark.parametrize("count", [2, 9, 10, 20, 55])
def test_the_page_says_what_lies_in_it(count: int):
    """At least nine in ten of the runs that were made lie in it from beginning to end, as the note says."""
    for seed in range(10):
        paths = curves(count, seed)
        assert inside(paths, *simultaneous(paths)).sum() >= 0.9 * count


@pytest.mark.parametrize(("count", "low", "high"), [(20, 0.85, 0.95), (50, 0.87, 0.94), (300, 0.88, 0.93)])
def test_further_runs(count: int, low: float, high: float):
    """The band holds about nine in ten further runs as wholes; the pointwise band holds far fewer."""
    wide, narrow = [], []
    for seed in range(25):
        paths, further = curves(count, seed), curves(200, 1000 + seed)
        wide.append(inside(further, *simultaneous(paths)).mean())
        narrow.append(inside(further, *pointwise(paths)).mean())
    assert low < np.mean(wide) < high
    assert np.mean(narrow) < 0.75


def test_at_each_moment_nine_in_ten_further_runs_lie_in_the_narrow_band():
    """It leaves out five in a hundred on either side, no more and no fewer: of many runs it is their quantiles."""
    paths = np.arange(101.0)[:, None] * np.ones(3)
    np.testing.assert_allclose(pointwise(paths), [np.full(3, 5.0), np.full(3, 95.0)])
    held = []
    for seed in range(25):
        (low, high), further = pointwise(curves(300, seed)), curves(200, 1000 + seed)
        held.append(((further >= low) & (further <= high)).mean())
    assert 0.88 < np.mean(held) < 0.92


def test_ten_runs_hold_less_of_further_ones():
    """Ten paths do not know where one in ten further ones goes: this is why the page says so."""
    held = [inside(curves(200, 1000 + k), *simultaneous(curves(10, k))).mean() for k in range(40)]
    assert 0.7 < np.mean(held) < 0.85


def test_runs_that_are_all_alike():
    """Without any spread the bands lie on the paths; one run has no spread to show."""
    alike = np.tile(np.arange(5.0), (7, 1))
    for band in (simultaneous(alike), simultaneous(alike[:1]), pointwise(alike)):
        np.testing.assert_array_equal(band.low, alike[0])
        np.testing.assert_array_equal(band.high, alike[0])
