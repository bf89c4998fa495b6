"""Finalists of a search whose runs fail, and what is said of what fresh runs chose, and did not choose."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from analysis.optimise_report import _parts
from analysis.search import FRESH
from firstline.grids import Grid
from firstline.optimise_tables import headline, optimised_as_json, page
from firstline.words import Words
from sim.errors import FirstlineError
from tests.theory.test_optimise import FEW, HELPERS, MUST, RUNNERS, TEXT, Values, answered, asked, needs_twelve

LEAST = TEXT.replace(f"  {HELPERS}: {{low: 1, high: 30}}\n", "").replace(f", {HELPERS}: 3", "")
LEAST = LEAST.replace("high: 30", "high: 3")
"""The fewest of one, two or three runners."""


def quick(_: Values, luck: np.ndarray) -> np.ndarray:
    """A wait that does, whoever is there."""
    return 0.5 + 0.01 * luck


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("lost", [80, 41])
def test_a_finalist_whose_runs_fail_does_not_stop_the_others(tmp_path: Path, lost: int, lang: str):
    """The cheapest crashes in most of its fresh runs: it is put aside, said to be, and the next is judged by all."""
    words, question = Words(lang), asked(tmp_path, LEAST)
    found, _ = answered(question, quick, lambda v, k: v[RUNNERS] == 1 and FRESH <= k < FRESH + lost)
    assert found.chosen is not None
    assert found.chosen.values[RUNNERS] == 2
    assert {one.values[RUNNERS]: (one.runs, one.standing) for one in found.finalists} == {
        1: (0, "undefined"),
        2: (80, "reached"),
        3: (80, "reached"),
    }
    assert found.fresh == 80
    assert headline(question, found, words)[-1] == words("optimise.put_aside", names="runners.count 1")
    (finalists, *_) = (block for block in page(question, found, words) if isinstance(block, Grid))
    assert words("choice.undefined") in finalists.rows[0][-1]
    json.dumps(optimised_as_json(found), allow_nan=False)


def test_putting_one_aside_does_not_ease_the_bounds(tmp_path: Path):
    """The error of the family stays shared by all that were to be judged: a crash must not make others look surer."""
    question = asked(tmp_path, LEAST)
    whole, _ = answered(question, quick)
    found, _ = answered(question, quick, lambda v, k: v[RUNNERS] == 1 and k >= FRESH)
    lows = [{one.values[RUNNERS]: one.feasible[0].low for one in each.finalists}[2] for each in (whole, found)]
    assert lows[0] == lows[1]


def test_where_every_finalist_fails_it_is_said(tmp_path: Path):
    """Nothing is chosen by a cost alone, which is a sum and defined without any run."""
    with pytest.raises(FirstlineError, match="of the 3 finalists none has a value"):
        answered(asked(tmp_path, LEAST), quick, lambda _v, k: k >= FRESH)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_nothing_was_chosen_among_is_not_said_to_flatter(tmp_path: Path, lang: str):
    """One finalist alone: fresh runs give its mean and chose nothing, so the mean is no better than it is."""
    words, question = Words(lang), asked(tmp_path, FEW.replace("finalists: 6", "finalists: 1"))
    found, _ = answered(question, lambda v, luck: 3 - v[RUNNERS] / 2 + 0.1 * luck)
    (said,) = headline(question, found, words)
    assert "runners.count 3" in said
    assert ("the 80 fresh runs that chose it" if lang == "en" else "选出它") not in said
    assert ("looks a little better" if lang == "en" else "略偏乐观") not in said


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_points_of_a_curve_are_of_the_runs_that_they_have(tmp_path: Path, lang: str):
    """Where a run of the chosen one failed its neighbours have more: the note says both."""
    found, _ = answered(asked(tmp_path, LEAST), quick, lambda v, k: v[RUNNERS] == 1 and FRESH <= k < FRESH + 3)
    assert {point.runs for point in found.curve} == {77, 80}
    (part,) = _parts(found, Words(lang))
    assert "77–80" in part.note


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_notes_are_of_what_is_there(tmp_path: Path, lang: str):
    """No bounds where nothing must be reached, no star where there is no curve; both where there are both."""
    words = Words(lang)
    for text, bounds, curves in ((LEAST, True, True), (FEW, False, False)):
        question = asked(tmp_path, text)
        found, _ = answered(question, lambda v, luck: quick(v, luck) - v[RUNNERS] / 50)
        blocks = page(question, found, words)
        assert (words("optimise.note_bounds", confidence="95") in blocks) == bounds
        assert (words("optimise.note_curves") in blocks) == curves
        assert any("*" in block for block in blocks if isinstance(block, str)) == curves


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_more_runs_are_advised_only_where_they_may_show_more(tmp_path: Path, lang: str):
    """What is shown not to reach stays so with more runs; what is open may be settled by them."""
    words, question = Words(lang), asked(tmp_path, LEAST)
    missed, _ = answered(question, lambda v, luck: np.where(np.arange(luck.size) < 6, 0.5, 5.0))
    assert {one.standing for one in missed.finalists} == {"not reached"}
    assert headline(question, missed, words)[1] == words("optimise.advice")
    open_, _ = answered(question, lambda v, luck: needs_twelve({RUNNERS: 6, HELPERS: 6}, luck))
    assert "not separated" in {one.standing for one in open_.finalists}
    assert headline(question, open_, words)[1] == words("optimise.advice_open")
    assert "fresh" in words("optimise.advice_open")
    assert "fresh" not in words("optimise.advice")


def test_bounds_are_promised_as_they_are_made():
    """Lower bounds hold together, and upper ones: as intervals with two ends they would hold for less than is said."""
    assert "lower bounds" in Words("en")("optimise.note_bounds")
    assert "upper" in Words("en")("optimise.note_bounds")
    assert "全部上限也是" in Words("zh")("optimise.note_bounds")
    assert MUST in LEAST
