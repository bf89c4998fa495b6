"""Words on the screen that depend on what they say: one or several, a time too short to say, units, waits of askers."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

import sim
from analysis import figures
from analysis.intervals import Estimate, estimates
from analysis.outcomes import measure_of
from firstline.cells import Cell
from firstline.formats import percent, say_duration, took, with_interval
from firstline.tables import print_run
from firstline.words import Words, terms

EN, ZH = Words("en"), Words("zh")
NEEDS = ("medicine", "distress")
COUNTED = re.compile(r"(?<!\d)1 (?:figures|runs|variants|replications|mechanisms|combinations|draws are|points,)")


def test_one_is_not_said_as_many():
    """A page with "1 figures are assumed" makes a reader doubt the rest: what counts has a form for one."""
    assert EN("report.evidence_count", assumed=1, sourced=1).startswith("1 figure is assumed and 1 has a source")
    assert EN("report.evidence_count", assumed=2, sourced=0).startswith("2 figures are assumed and 0 have a source")
    ones = dict.fromkeys(("variants", "worlds", "replications", "runs", "figures", "draws", "each", "count"), 1)
    ones |= dict.fromkeys(("inside", "fresh", "factors", "groups", "points", "seed"), 1)
    for term in (
        "experiment.made", "experiment.made_worlds", "draws.made", "calibrate.foretells", "calibrate.foretells_some",
        "ablation.made", "optimise.searched", "sensitivity.made",
    ):  # fmt: skip
        values = {name: ones.get(name, "x") for name in re.findall(r"\{(\w+)", terms()[term]["en"])}
        assert not COUNTED.search(EN(term, **values)), EN(term, **values)


def test_forms_are_of_values_that_are_there():
    """A text that chooses a form does so by a value that it is given in the same text, and only in two forms."""
    for term, row in terms().items():
        for lang in ("en", "zh"):
            for value, forms in re.findall(r"\{(\w+):([^}]*)\}", row[lang]):
                assert forms.count("|") == 1, term
                assert f"{{{value}}}" in row[lang], term


def test_a_short_time_is_no_zero():
    """Nothing takes "0 s"."""
    assert took(0.0, EN) == took(0.99, EN) == "less than a second"
    assert took(timedelta(minutes=5).total_seconds(), EN) == "5.0 min"


def test_units_are_in_the_language():
    """A figure in a sentence has its unit in the language of the sentence; what a user wrote stays as it is."""
    values = {"outcome": "x", "variant": "a 5 h b", "reference": "b", "verdict": "y", "runs": 3}
    values |= {"difference": say_duration(-4.0), "low": say_duration(-0.6), "high": Cell("−2.5 d", -60, "h")}
    said = ZH("headline.effect", **values)
    hours, minutes, days = (terms()[f"axis.{unit}"]["zh"] for unit in ("h", "min", "d"))
    assert f"-4.0 {hours}" in said
    assert f"-36 {minutes}" in said
    assert f"2.5 {days}" in said
    assert "a 5 h b" in said
    assert "-4.0 h" in EN("headline.effect", **values)


def test_a_written_figure_knows_its_number():
    """However a figure is written, its number, its bounds and the unit of the data dictionary go with it."""
    wait = with_interval(Estimate(0.5, 0.25, 4, 4), say_duration)
    assert (wait, wait.value, wait.low, wait.high, wait.unit) == ("30 min ± 15 min", 0.5, 0.25, 0.75, "h")
    share = with_interval(Estimate(0.25, 0.125, 4, 4), percent)
    assert (share, share.value, share.low, share.unit) == ("25.0 ± 12.5 %", 0.25, 0.125, "share")
    assert not with_interval(Estimate(float("nan"), float("nan"), 4, 3), percent).known


# -- waits are of those who asked -------------------------------------------------------------------------------------


def test_the_share_that_asked_stands_beside_the_wait(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Who never asks has no wait: without the share that asked, those who are worst off would look best.

    It is the share of a part's needs that have a request, on the screen and in the picture.
    """
    quiet = sim.load("tutorial").with_values({"world.needs.medicine.reported": 0.4}, "few report")
    runs = list(sim.run_many(quiet, 2, lambda result: (result.columns("needs"), measure_of(quiet)(result))))
    found = estimates([row for _, rows in runs for row in rows])
    for needs, rows in runs:
        told = {(row.by, row.level): row.value for row in rows if row.outcome == "asked_share"}
        mine = needs["cohort"] & needs["in_over_80"]
        assert told["group", "over_80"] == pytest.approx((~np.isnan(needs["requested_h"][mine])).mean())
        assert told["need", "medicine"] < 0.6 < told["need", "distress"] == 1
    print_run(quiet, found, tmp_path, 2, "en")
    out = capsys.readouterr().out
    (head,) = (line for line in out.splitlines() if line.startswith(EN("column.group")))
    assert head.split()[:3] == ["group", "asked", "mean"]
    assert EN("run.waits_note") in out
    rows = [(level, found["wait_mean_h", "need", level], found["asked_share", "need", level].mean) for level in NEEDS]
    (axes,) = figures.waits(rows, EN).axes
    shares = [f"{100 * asked:.0f} %" for _, _, asked in reversed(rows)]
    assert [text.get_text() for text in axes.texts] == [*shares, EN("column.asked")]


def test_the_backlog_says_what_it_shows():
    """The axis has a name, the dotted line a meaning, and the legend lies outside of the lines."""
    import pandas as pd

    gauges = pd.DataFrame({"replication": [0, 0], "gauge": "waiting", "t_h": [1.0, 2.0], "value": [3.0, 0.0]})
    phases = pd.DataFrame({"replication": [0], "phase": ["emergency"], "begin_h": [0.0], "end_h": [48.0]})
    figure = figures.backlog(gauges, phases, 48.0, 24.0, EN)
    (axes,) = figure.axes
    assert axes.get_ylabel() == EN("report.count_axis")
    (legend,) = figure.legends
    assert EN("report.horizon") in [text.get_text() for text in legend.get_texts()]
    assert axes.get_legend() is None


def test_every_picture_of_a_run_has_its_own_note(tmp_path: Path):
    """A note that speaks of signs which the picture lacks ("±", a dash) explains nothing."""
    from typer.testing import CliRunner

    from firstline.cli import app

    folder = tmp_path / "runs"
    for command in (["run", "tutorial", "-r", "2", "--out", str(folder)], ["report", str(folder)]):
        assert CliRunner().invoke(app, command).exit_code == 0
    page = (folder / "report.html").read_text("utf-8")
    notes = re.findall(r'<figcaption>\s*(?:<p class="note">(.*?)</p>)?', page)
    assert len(notes) >= 4
    for note in notes:
        assert note
        assert "±" not in note
