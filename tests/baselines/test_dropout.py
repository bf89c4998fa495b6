"""The volunteers who give up beside the survey of students who did (E30): how a run is read; and it is a misfit."""

import numpy as np
import pytest

import sim
from benchmarks.dropout import ODDS_PER_SD, odds_ratio, read, report


def test_the_odds_ratio_is_that_of_the_chances_that_were_drawn():
    """With odds 3 times as high for each unit of x, of 20,000 people, it comes out within a twentieth."""
    draw = np.random.default_rng(1)
    x = draw.normal(size=20_000)
    odds = 0.3 * 3.0**x
    left = draw.random(x.size) < odds / (1 + odds)
    assert odds_ratio(x, left) == pytest.approx(3, rel=0.05)


def test_nothing_is_claimed_of_the_published_figure():
    """Every volunteer who ended a shift is read once; the table has both columns, and the page that prints it says that
    the figure is not met: the hazard grows by less than half as much as published.
    """
    scenario = sim.load("estate-people")
    runs = [read(sim.run(scenario, 2024, replication), "volunteer") for replication in range(2)]
    assert sum(level.size for level, _ in runs) <= 80
    level = np.concatenate([one for one, _ in runs])
    leaving = scenario.world.strain["volunteer"].leaving
    assert leaving is not None
    assert np.exp(leaving.grows * level.std()) < ODDS_PER_SD / 2
    assert "0.427" in report(scenario, runs, "volunteer")
