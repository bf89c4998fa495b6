"""Houston's floods: E59's figures come from the record itself, and the shipped back-test says what its page says.

What is asserted of the events that are predicted is only what the page admits, so that nobody is led to tune to them.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from analysis.backtest.events import cut, read_log
from analysis.backtest.judge import JUDGED, Judged, backtest, losses, nearer
from analysis.backtest.told import told
from firstline.backtest_tables import page
from firstline.grids import Grid
from firstline.words import Words
from sim.backtest_files import read_backtest

ROOT = Path(__file__).parents[2]
FILE = "houston311_flood_2015_2016.csv"
E59 = {
    "memorial_day_2015": (1655, 1.12, 0.68, 1.67, 1.1),
    "tax_day_2016": (1502, 1.95, 1.33, 4.01, 10.1),
    "june_2015": (651, 0.76, 0.19, 0.76, 0.9),
    "halloween_2015": (525, 1.02, 0.69, 2.04, 2.5),
}
"""Requests; mean, median and 90th percentile in days; percent over the four-day target."""


def record() -> Path:
    """The city's record, or a reason why not."""
    path = Path(os.environ.get("FIRSTLINE_DATA", ROOT.parent / "shared" / "data")) / FILE
    if not path.is_file():
        pytest.skip(f"the record is not here: {FILE} is looked for in FIRSTLINE_DATA or beside the checkout")
    return path


@pytest.fixture(scope="module")
def judged() -> Judged:
    path = record()
    asked, _ = read_backtest("houston-floods", path)
    return backtest(asked, path, "houston-floods", lambda _done, _of: None)


@pytest.mark.parametrize("name", E59)
def test_the_figures_of_the_evidence_come_from_the_record(name: str):
    """E59, event by event, by computation: the windows of the shipped file are those that it names."""
    path = record()
    asked, _ = read_backtest("houston-floods", path)
    windows = {**asked.train, **asked.predict}
    (event,) = cut(read_log(path, asked.log), {name: windows[name]}, 0, "predict", "houston-floods")
    figures = told(event, event.closed_h, asked.target)
    found = (figures.mean_h / 24, figures.median_h / 24, figures.p90_h / 24, 100 * figures.late_share)
    assert event.size == E59[name][0]
    np.testing.assert_allclose(found[:3], E59[name][1:4], atol=0.0101)
    np.testing.assert_allclose(found[3], E59[name][4], atol=0.06)
    assert not event.still_open


def test_most_records_close_with_a_round_every_five_minutes():
    """Closing is administrative: most records close within ten seconds of a full five minutes, hardly any on Sunday."""
    path = record()
    asked, _ = read_backtest("houston-floods", path)
    log = read_log(path, asked.log)
    for event in cut(log, asked.train, 0, "train", "houston-floods"):
        closed = event.closed_h[event.counts]
        assert (closed * 3600 % 300 <= 10).mean() > 0.7
        sunday = (closed // 24 + event.begins.weekday()) % 7 == 6
        assert sunday.mean() < 0.03


def test_the_model_is_nearer_on_the_training_events(judged: Judged):
    """Learnt from, or held out and predicted from the other: nearer than one crew on all that is judged."""
    for one in (*judged.learnt, *judged.held_out):
        assert {nearer(one, figure) for figure in JUDGED} == {"model"}, one.event.name
    for events in (judged.learnt, judged.held_out):
        model, base = losses(events)
        assert model < base / 3
    assert judged.fitted.loss < judged.rival.own_loss / 3, "even where one crew has a capacity of its own for each"


def test_what_the_page_admits_of_the_events_predicted(judged: Judged):
    """Both were closed faster than the model says, and the page says so; everything is defined."""
    assert [one.event.size for one in judged.predicted] == [651, 525]
    for one in (*judged.predicted, *judged.alone):
        assert one.low.mean_h < one.model.mean_h < one.high.mean_h
        assert one.seen.mean_h < one.model.mean_h
        assert np.isfinite(one.model.backlog).all()


def test_batches_cost_little(judged: Judged):
    """Going through a list twice in an office hour costs minutes; the nights and Sundays between cost hours."""
    for means in judged.costs.values():
        assert 0 < means["all"] - means["batches"] < 1
        assert means["batches"] - means["slow_hours"] > 4


def test_the_page_holds_what_the_command_prints(judged: Judged):
    """docs/backtest.md was assembled from the command: every row of its tables stands there as it is printed."""
    text = " ".join((ROOT / "docs" / "backtest.md").read_text(encoding="utf-8").split())
    blocks = page(judged, Words("en"))
    grids = [block for block in blocks if isinstance(block, Grid)]
    assert len(grids) == 6
    (said,) = (one for one in blocks if isinstance(one, str) and one.startswith("Baseline: one crew"))
    assert said in text
    missing = [row for grid in grids for row in grid.rows if " ".join(" ".join(row).split()) not in text]
    assert not missing
