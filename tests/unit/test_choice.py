"""What is said of a choice: nothing is recommended that is not shown, in either language."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from analysis.feasible import Feasible
from analysis.selection import Left, Selected
from firstline.choice_tables import choice
from firstline.grids import Grid
from firstline.words import Words

EN, ZH = Words("en"), Words("zh")
KEY = ("wait_mean_h", "all", "all")
SHOWN = Feasible("tables", ("unmet_share", "all", "all"), 0.1, False, None, 0.05, 0.01, 0.09, "reached", 40)
OPEN = replace(SHOWN, variant="doors", high=0.2, standing="not separated", runs=500)
MEANS = {"tables": 1.5, "doors": 1.25}
BEST = Selected("base", KEY, 0.5, 0.95, ("tables",), ("tables",), False, True, (), (SHOWN,), {}, MEANS, 500)
BOTH = replace(BEST, survivors=("tables", "doors"), separated=False)


def said(selected: Selected, words: Words = EN) -> str:
    """The first sentences of a choice, which stand at the head of the page too."""
    return str(next(choice(selected, words, in_world=False)))


def test_what_is_shown_is_chosen():
    """Both promises are said with their confidence: that it reaches what it must, and that none is better."""
    assert BEST.best == "tables"
    assert said(BEST).startswith("Choose tables: its mean wait is 90 min, and it is shown to reach what it must.")
    assert "Both hold with a confidence of 95 %" in said(BEST)
    assert "reach" not in said(replace(BEST, feasible=()))
    assert said(BEST, ZH).startswith("推荐：tables")


@pytest.mark.parametrize(
    "selected",
    [
        replace(BEST, reached=(), feasible=(OPEN,)),
        replace(BOTH, feasible=(SHOWN, OPEN)),
        replace(BOTH, feasible=(SHOWN, OPEN), separated=True),
        replace(BOTH, feasible=(SHOWN, OPEN), alike=True),
    ],
    ids=["alone", "open", "told apart", "twins"],
)
def test_what_is_not_shown_is_not_recommended(selected: Selected):
    """A confidence beside a plan that may miss what it must would be read as that of its reaching it."""
    assert selected.best is None
    assert "Choose" not in said(selected)
    assert not said(selected, ZH).startswith("推荐")
    last = [name for name in selected.survivors if name not in selected.reached][-1]
    assert f"what must be reached is not shown to be reached by {last}." in said(selected)
    assert f"不作推荐：尚未证实下列方案达到要求：{last}。" in said(selected, ZH)
    assert ("95 %" in said(selected)) == ("do not separate" in said(selected))


def test_those_that_are_left_are_named():
    """The runs do not tell them apart, and that is all that is said."""
    both = replace(BOTH, reached=BOTH.survivors)
    assert said(both).startswith("After 500 runs of each there are left: tables, doors. The data do not separate their")
    alone = said(replace(BEST, reached=(), feasible=(OPEN,)))
    assert alone.startswith("After 500 runs only tables is left. None is recommended")
    assert "do not separate" not in alone


def test_twins_are_not_left_out_for_each_other():
    """Plans that do not differ are both the answer."""
    twins = replace(BOTH, reached=BOTH.survivors, alike=True, means=dict.fromkeys(BOTH.survivors, 1.5))
    assert said(twins).startswith("Choose any of tables, doors: over 500 runs their mean wait does not differ, 90 min.")
    assert said(twins, ZH).startswith("推荐其中任何一个：tables, doors。")


def test_machines_read_names_and_not_places():
    """``--json`` has what is judged, and who left, by the names of their fields."""
    data = asdict(replace(BEST, left=(Left("doors", 38, "tables"),)))
    assert data["feasible"][0]["standing"] == "reached"
    assert data["left"] == ({"variant": "doors", "after": 38, "better": "tables"},)


def test_no_plan_and_no_mean():
    """None that is left, and none that can be compared, are said in words of their own."""
    none = replace(BEST, survivors=(), reached=(), means={})
    assert said(none) == "No plan is left: each is shown not to reach what it must, with a confidence of 95 %."
    gone = replace(BEST, undefined={"tables": 1}, means={"tables": float("nan")}, replications=10)
    assert gone.best is None
    assert "not defined in all runs: tables (not in 1 of 10)." in said(gone)


def test_the_tables_say_when_and_what_the_bounds_mean():
    """Plans are judged after different numbers of runs, and their intervals hold together."""
    blocks = list(choice(replace(BEST, left=(Left("doors", 38, "tables"),)), EN, in_world=True))
    assert said(BEST) in str(blocks[0])
    feasible, note, left = blocks[1:]
    assert isinstance(feasible, Grid)
    assert isinstance(left, Grid)
    assert feasible.head[-1] == "runs when judged"
    assert feasible.rows[0][-1] == "40"
    assert "all plans and of every time they were judged hold together with a confidence of 95 %" in str(note)
    assert left.rows == (("doors", "38", "tables"),)


def test_no_plan_is_blamed_for_what_has_no_value():
    """A plan leaves, too, when what it must reach is not defined in a run: that is not shown to be missed."""
    gone = replace(SHOWN, value=float("nan"), low=float("nan"), high=float("nan"), standing="undefined")
    missed = replace(SHOWN, variant="doors", standing="not reached")
    none = replace(BEST, survivors=(), reached=(), means={}, feasible=(gone, replace(gone, variant="doors")))
    assert said(none) == "No plan can be chosen: what must be reached is not defined in every run of tables, doors."
    assert "证实" not in said(none, ZH)
    both = said(replace(none, feasible=(gone, missed)))
    assert "not defined in every run of tables. Shown not to reach what they must, with a confidence of 95 %" in both
    assert both.endswith(": doors.")
    all_missed = replace(none, feasible=(gone, replace(gone, standing="not reached")))
    assert said(all_missed).startswith("No plan is left: each is shown not to reach")


def test_each_table_names_its_world():
    """Two worlds have tables that can be told apart, also in a spreadsheet; the sentence is one that begins so."""
    left = replace(BEST, left=(Left("doors", 38, "tables"),))
    for words in (EN, ZH):
        titles = [
            block.title
            for world in ("calm", "busy")
            for block in choice(replace(left, world=world), words, in_world=True)
            if isinstance(block, Grid)
        ]
        assert len(set(titles)) == len(titles) == 4
    sentence = next(choice(replace(left, world="calm"), EN, in_world=True))
    assert sentence == f"In calm: {said(left)}"
    alone = [block.title for block in choice(left, EN, in_world=False) if isinstance(block, Grid)]
    assert alone == [EN("table.feasible"), EN("table.left_out")]


def test_a_race_that_is_decided_is_said():
    """Several are left only for what they must reach: which is ahead is known, and by which means."""
    apart = replace(BOTH, feasible=(SHOWN, OPEN), separated=True)
    decided = "In mean wait the race between them is decided, best first: doors (75 min), tables (90 min)"
    assert decided in said(apart)
    assert "由好到差：doors（75 分钟）, tables（90 分钟）" in said(apart, ZH)
    assert "race" not in said(replace(apart, separated=False))
    assert "race" not in said(replace(BEST, reached=(), feasible=(OPEN,)))


def test_the_runs_of_the_tables_are_not_those_of_the_choice():
    """A mean beside the choice may differ from that in the table: it is said which runs each is of."""
    counts = {"variants": 3, "worlds": 2, "replications": 10, "runs": 99, "seed": 1, "time": "1 s"}
    for term in ("choice.made", "choice.made_worlds"):
        assert "are of the first 10 replications alone, the choice is of all runs." in EN(term, **counts)
        assert "只用前10次重复" in ZH(term, **counts)
