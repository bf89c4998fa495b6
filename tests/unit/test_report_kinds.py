"""``firstline report`` of every kind of folder: pages and tables that say what the command said, and start no run."""

# ruff: noqa: PD011  # the values of what was concluded are a map, not a data frame's

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from analysis.ablation_report import write_ablation
from analysis.assumptions import Split
from analysis.calibrate_figures import profiles, rows
from analysis.compare import Pair
from analysis.comparison_figures import differences, p_text, shares
from analysis.experiment_parts import undrawn
from analysis.experiment_report import write_experiment
from analysis.reopened import KINDS, reopened
from analysis.sensitivity_report import effect_rows
from analysis.short_names import short_names
from analysis.store.folder import Folder
from analysis.study_page import Told
from firstline.ablation_tables import ablation_as_json
from firstline.calibrate_tables import calibrated_as_json
from firstline.grids import Grid
from firstline.optimise_tables import headline, optimised_as_json
from firstline.sensitivity_tables import sensitivity_as_json
from firstline.told import TELLINGS, blocks_of
from firstline.words import Words
from sim.errors import InputError

EN, ZH = Words("en"), Words("zh")
ESTATE = """\
name: estate
title: A small estate
horizon: 1 d
follow_up: 12 h
world:
  community: {residents: 60}
  needs: {meal: {per_1000_day: 900, urgency: 2, items: {box: 1}, service: {dist: exponential, mean: 12 min},
    patience: {dist: exponential, mean: 6 h}, target: 2 h}}
response:
  organisation: {units: {runners: {function: logistics, members: volunteer, count: 1}}}
  supplies: {store: {stock: {box: 8}, policy: {reorder_point: 3, order_quantity: 12}, lead_time: 5 h}}
evidence: {world.needs.meal.per_1000_day: {from: assumed, low: "600", high: "1200"}}
"""
RUNNERS, RATE = "response.organisation.units.runners.count", "world.needs.meal.per_1000_day"
ASKED = {
    "optimise": f"""\
optimise: enough
title: How many runners?
base: estate.yaml
decide: {{{RUNNERS}: {{low: 1, high: 3}}, response.supplies.store.stock.box: {{of: [8, 60]}}}}
least: {{{RUNNERS}: 1}}
subject_to: [{{outcome: wait_mean_h, at_most: 6 h, in: 0.2}}, {{outcome: unmet_share, at_most: 0.9}}]
trials: 6
replications: 2
finalists: 2
fresh: 10
""",
    "calibrate": f"""\
calibrate: fit
title: Fitted to two figures
base: estate.yaml
parameters: {{{RATE}: {{low: 500, high: 1500}}, world.needs.meal.service.mean: {{low: 10 min, high: 60 min}}}}
observed: [{{outcome: requests, value: 60, sd: 6}}, {{outcome: utilisation, value: 0.8}},
  {{outcome: unmet_share, value: 0.2, held_out: true}}]
trials: 8
replications: 2
finalists: 1
fresh: 10
""",
    "sensitivity": f"""\
sensitivity: what
title: What matters
question: Which decides the wait?
base: estate.yaml
method: morris
factors: {{{RATE}: {{low: 600, high: 1200}}, {RUNNERS}: {{low: 1, high: 3}}}}
trajectories: 3
replications: 2
outcomes: [wait_mean_h, unmet_share]
then: {{method: sobol_indices, leading: 1, points: 4}}
""",
}
OPTIONS = {"ablation": ("ablate", "estate.yaml", "-r", "3", "--outcome", "wait_mean_h", "--outcome", "unmet_share")}
OPTIONS |= {kind: (kind, f"{kind}.yaml") for kind in ASKED}
AS_JSON: dict[str, Callable[..., dict[str, object]]] = {
    "ablation": ablation_as_json,
    "optimise": optimised_as_json,
    "calibrate": calibrated_as_json,
    "sensitivity": sensitivity_as_json,
}
PICTURES = {"ablation": 1, "optimise": 1, "calibrate": 3, "sensitivity": 2}


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def firstline(*arguments: object) -> Ended:
    """Give a command in this process."""
    from contextlib import redirect_stderr, redirect_stdout

    from firstline.__main__ import main

    given, out, err = sys.argv, io.StringIO(), io.StringIO()
    code = 0
    sys.argv = ["firstline", *map(str, arguments)]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        sys.argv = given
    return Ended(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that ask each kind of question of a small estate."""
    path = tmp_path_factory.mktemp("kinds")
    (path / "estate.yaml").write_text(ESTATE, encoding="utf-8")
    for kind, text in ASKED.items():
        (path / f"{kind}.yaml").write_text(text, encoding="utf-8")
    return path


class Made(NamedTuple):
    """A folder that a command made, and what it printed as JSON."""

    path: Path
    told: dict[str, object]


@pytest.fixture(scope="module", params=list(OPTIONS))
def made(request: pytest.FixtureRequest, place: Path) -> Made:
    command, file, *options = OPTIONS[request.param]
    done = firstline(command, place / file, *options, "--out", place / request.param, "--json")
    assert done.code == 0, done.err
    return Made(place / request.param, json.loads(done.out))


def kind_of(made: Made) -> str:
    return Folder.open(made.path).manifest["kind"]


def contents(folder: Path) -> dict[str, str]:
    """The hash of every file of a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def text_of(page: str) -> str:
    """What a reader finds on a page: without pictures and the manifest, in one line."""
    from html import unescape

    shown = re.sub(r"<(svg|style|pre).*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", shown)).split())


# -- what is on the page ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_page_of_each_kind(made: Made, lang: str, tmp_path: Path):
    """The plain sentences stand first, then pictures with their data, every figure of the tables, and the annexes."""
    words, out = Words(lang), tmp_path / "page.html"
    done = firstline("report", made.path, "--lang", lang, "--out", out)
    assert done == (0, f"{out}\n", "")
    page = out.read_text(encoding="utf-8")
    shown = text_of(page)
    folder = Folder.open(made.path)
    asked, found = reopened(folder)
    telling = TELLINGS[kind_of(made)]
    sentences = [" ".join(one.split()) for one in telling.headline(asked, found, words)]
    assert sentences
    places = [shown.index(one) for one in sentences]
    assert places == sorted(places)
    assert page.count('class="sentence"') == len(sentences)
    for block in telling.blocks(folder, asked, found, words):
        cells = [block] if isinstance(block, str) else [block.title, *block.head, *(c for r in block.rows for c in r)]
        for cell in cells:
            assert " ".join(cell.split()) in shown
    assert page.count("<svg") == page.count("data:text/csv") == PICTURES[kind_of(made)]
    for term in ("compare.tables", "report.assumptions", "annex.stress", "annex.odd", "report.manifest"):
        assert words(term) in shown
    mine = hashlib.blake2b((made.path / "manifest.json").read_bytes(), digest_size=16).hexdigest()
    assert page.count(mine) == PICTURES[kind_of(made)] + 1, "below each picture, and at the end"
    assert not re.search(r"\b(nan|NaN|None(?! of)|inf|NoneType)\b", shown)
    if lang == "zh":
        assert not re.search(r"\b(the|of|and|runs)\b", " ".join(sentences))


def test_it_asks_no_foreign_host(made: Made, tmp_path: Path):
    """A page is whole in itself: it asks no other host for anything."""
    firstline("report", made.path, "--out", tmp_path / "page.html")
    page = re.sub(r'\sxmlns(:\w+)?="[^"]*"|<!DOCTYPE svg[^>]*>', "", (tmp_path / "page.html").read_text("utf-8"))
    assert not re.findall(r"https?://[^\s\"'<]*", page)
    assert not re.search(r"(src|href)=[\"'](?!#|data:)", page)
    assert not re.search(r"@import|url\((?!#)", page)


def test_the_conclusion_is_that_of_the_command(made: Made):
    """Made again from the folder alone, the conclusion is the one that was printed, to the last digit."""
    _, found = reopened(Folder.open(made.path))
    again = json.loads(json.dumps(AS_JSON[kind_of(made)](found)))
    assert again == {name: made.told[name] for name in again}


def test_the_data_behind_each_picture_is_what_was_found(made: Made, tmp_path: Path):
    """The file inside the page holds the effects, points, figures or trials that are drawn."""
    firstline("report", made.path, "--out", tmp_path / "page.html")
    links = re.findall(r'href="data:text/csv[^,]*,([^"]*)"', (tmp_path / "page.html").read_text("utf-8"))
    first, *_ = (list(csv.DictReader(io.StringIO(base64.b64decode(link).decode("utf-8-sig")))) for link in links)
    _, found = reopened(Folder.open(made.path))
    effects = [
        row for of in (found.parts[0].found if kind_of(made) == "sensitivity" else ()) for row in effect_rows(of, "")
    ]
    column, expected = {
        "ablation": lambda: ("difference", [e.difference for one in found.ablated for e in one.effects]),
        "optimise": lambda: ("share of runs", [point.share for point in found.curve]),
        "calibrate": lambda: ("fitted", [row.simulated for row in found.rows]),
        "sensitivity": lambda: ("value", [row[4] for row in effects]),
    }[kind_of(made)]()
    assert [float(row[column]) for row in first] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("form", "ending"), [("markdown", "md"), ("csv", "csv"), ("latex", "tex")])
def test_other_forms_hold_the_same_blocks(made: Made, form: str, ending: str, tmp_path: Path):
    """For a paper and a spreadsheet: every table with its title and all its cells; in Markdown the sentence first."""
    out = tmp_path / f"report.{ending}"
    assert firstline("report", made.path, "--format", form, "--out", out).code == 0
    text = " ".join(out.read_text(encoding="utf-8").split())
    folder = Folder.open(made.path)
    title, first, *_ = blocks = blocks_of(folder, EN)
    assert first == TELLINGS[kind_of(made)].headline(*reopened(folder), EN)[0]
    grids = [block for block in blocks if isinstance(block, Grid)]
    assert grids
    if form == "markdown":
        assert text.startswith(f"# {title} {first}")
        assert text.count("## ") == len(grids)
    if form == "latex":
        assert text.count(r"\begin{tabular}") == len(grids)
    else:
        for grid in grids:
            assert grid.title in text
            for cell in (cell for row in grid.rows for cell in row):
                assert " ".join(cell.split()) in text


def test_a_table_for_machines_has_plain_numbers(made: Made, tmp_path: Path):
    """One table that pandas reads in one call; each figure that is written as a number is there as one, with its unit.

    The text says the same: a number of the text and that of the column are equal to the digits that are shown.
    """
    import pandas as pd

    assert firstline("report", made.path, "--format", "csv", "--out", tmp_path / "t.csv").code == 0
    text = (tmp_path / "t.csv").read_text("utf-8")
    read = pd.read_csv(io.StringIO(text))
    assert list(read.columns[:2]) == ["table", "row"]
    assert list(read.columns[-6:]) == ["figure", "value", "low", "high", "unit", "text"]
    assert all(pd.api.types.is_numeric_dtype(read[name]) for name in ("row", "value", "low", "high"))
    cells = list(csv.DictReader(io.StringIO(text)))
    for row in cells:
        shown = re.match(r"[+−]?\d[\d,]*(?:\.\d+)?(?: (%|points|min|h|d))?(?= ±| \(|$)", row["text"])
        if shown is None:
            continue
        assert row["value"], row
        size = abs(float(re.sub(r"[+−,]|[ %a-z]+$", "", shown[0])))
        times = {"%": 100, "points": 100, "min": 60, "d": 1 / 24}.get(shown[1] or "", 1)
        assert abs(float(row["value"])) * times == pytest.approx(size, rel=0.06, abs=0.06), row
    for row in cells:
        if re.search(r"\d.* to .*\d", row["text"]):
            assert row["low"], row
            assert row["high"], row


def test_a_table_for_a_paper_can_be_set(made: Made, tmp_path: Path):
    """What the usual fonts of LaTeX lack is in formulas; each table has a label of its own and keeps its notes."""
    assert firstline("report", made.path, "--format", "latex", "--out", tmp_path / "t.tex").code == 0
    text = (tmp_path / "t.tex").read_text("utf-8")
    assert text.startswith("% Needs \\usepackage{booktabs}")
    set_ = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    assert set_.isascii(), sorted({sign for sign in set_ if not sign.isascii()})
    assert not re.search(r"(?<!\$)[<>|](?!\$)", set_)
    labels = re.findall(r"\\label\{(.*)\}", set_)
    assert len(set(labels)) == len(labels) == set_.count(r"\begin{table}")
    *_, last = blocks_of(Folder.open(made.path), EN)
    if isinstance(last, str):
        assert set_.count(r"\footnotesize") >= 1
        assert last[:20] in set_


# -- nothing is run, nothing changed ----------------------------------------------------------------------------------


def test_a_report_changes_nothing_and_runs_nothing(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder is read: no file of it changes, but for the report itself, and no model is made."""

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a run was started")

    monkeypatch.setattr("sim.model.CrisisModel.__init__", refused)
    before = contents(made.path)
    for form in ("html", "markdown", "csv", "latex"):
        assert firstline("report", made.path, "--format", form, "--out", tmp_path / form).code == 0
    assert contents(made.path) == before
    assert firstline("report", made.path).out == f"{made.path / 'report.html'}\n"
    after = contents(made.path)
    assert {name for name in after if after[name] != before.get(name)} == {"report.html"}
    (made.path / "report.html").unlink()


# -- bad folders ------------------------------------------------------------------------------------------------------


def spoiled(made: Made, path: Path, change: Callable[[dict[str, object]], object]) -> Path:
    """A copy of a folder with another manifest."""
    shutil.copytree(made.path, path)
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    change(manifest)
    (path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return path


def test_a_bad_folder_is_refused_in_words(made: Made, tmp_path: Path):
    """Exit 2 and a sentence: a manifest that lacks what was asked, an unknown kind, missing runs, no folder."""
    subject = json.loads((made.path / "manifest.json").read_text("utf-8"))["subject"]
    for name in subject:
        folder = spoiled(made, tmp_path / f"no-{name}", lambda manifest, name=name: manifest["subject"].pop(name))
        done = firstline("report", folder)
        assert (done.code, done.out) == (2, ""), name
        assert "Traceback" not in done.err
        assert f"it does not say all that was asked (KeyError: '{name}')" in done.err
        other = spoiled(
            made, tmp_path / f"bad-{name}", lambda manifest, name=name: manifest["subject"].update({name: 7})
        )
        done = firstline("report", other)
        assert (done.code, done.out) == (2, ""), (name, done)
    strange = spoiled(made, tmp_path / "strange", lambda manifest: manifest.update(kind="ablatoin"))
    done = firstline("report", strange)
    assert done.code == 2
    assert f"a folder of {', '.join(KINDS)} is wanted; this one is of the kind 'ablatoin'" in done.err
    whole = spoiled(made, tmp_path / "part", lambda _: None)
    next((whole / "tables" / "runs").glob("*.parquet")).unlink()
    done = firstline("report", whole, "--format", "csv")
    assert done.code == 2
    assert "its runs did not finish" in done.err
    assert firstline("report", tmp_path / "nothing").code == 2


def test_tables_of_a_run_are_refused(place: Path):
    """Of a run there is a page alone; it says where the figures are."""
    assert firstline("run", place / "estate.yaml", "-r", "2", "--out", place / "run").code == 0
    done = firstline("report", place / "run", "--format", "csv")
    assert done.code == 2
    assert "firstline run --json" in done.err
    with pytest.raises(InputError, match="of the kind 'run'"):
        reopened(Folder.open(place / "run"))


# -- sentences --------------------------------------------------------------------------------------------------------


def of(place: Path, kind: str) -> tuple[Folder, object, object]:
    """A folder of a kind, with what was asked and found; made where no test has made it yet."""
    command, file, *options = OPTIONS[kind]
    assert firstline(command, place / file, *options, "--out", place / kind).code == 0
    folder = Folder.open(place / kind)
    return folder, *reopened(folder)


def test_what_is_enough_and_what_is_not(place: Path, tmp_path: Path):
    """The chosen numbers come with the runs that show them; where none is shown to do, that is said, and no curve."""
    folder, asked, found = of(place, "optimise")
    said = headline(asked, found, EN)
    assert said[0].startswith("Enough, and the least that was found: runners.count ")
    assert said[1].startswith("Shown by 10 runs that the search has not seen: mean wait at most 6.0 h, in 20.0 % of")
    none = replace(found, chosen=None, curve=())
    told = headline(asked, none, EN)
    assert told[0].startswith(f"Of {len(found.finalists)} finalists none is shown")
    path = TELLINGS["optimise"].write(folder, asked, none, Told(told, ["T"]), tmp_path / "none.html", EN)
    page = path.read_text("utf-8")
    assert EN("optimise.no_curves") in page
    assert "<svg" not in page


def test_the_mechanism_that_does_most(place: Path, tmp_path: Path):
    """Effect, interval and runs; which mechanisms are seen to do nothing; and runs that failed are named."""
    folder, asked, found = of(place, "ablation")
    one = next(one for one in found.ablated if one.against == "off")
    strong = replace(one.effects[0], difference=-2.0, low=-3.0, high=-1.0)
    told = tuple(replace(o, effects=(strong, o.effects[1])) if o is one else o for o in found.ablated)
    sure = replace(found, ablated=told, failed=(("base", "as_is", 1),))
    said, seen = TELLINGS["ablation"].headline(asked, sure, EN)
    assert (
        f"{one.mechanism} does most to mean wait: it is lower with it than with it off, −2.0 h (−3.0 h to −60 min)"
        in said
    )
    assert "over 3 runs with and without" in said
    assert f"Of {len(asked.mechanisms)} mechanisms 1 is seen to change at least one of 2 outcomes" in seen
    assert ZH("mechanism." + one.mechanism).split("：")[0] in TELLINGS["ablation"].headline(asked, sure, ZH)[0]
    page = write_ablation(folder, asked, sure, Told([said], ["T"]), tmp_path / "page.html", EN).read_text("utf-8")
    assert "as_is (base) 1" in page


def test_nothing_held_out_is_said_first(place: Path):
    """Without a part that is held out nobody knows the error of a prediction: it is no footnote."""
    _, asked, found = of(place, "calibrate")
    fitted = tuple(one for one in found.errors if not one.held_out)
    said = TELLINGS["calibrate"].headline(asked, replace(found, errors=fitted), EN)
    assert said[0].startswith("Fitted: meal.per_1000_day = ")
    assert said[1] == EN("calibrate.unknown")


def test_the_pictures_of_a_calibration_hide_nothing(place: Path):
    """What the base was is not hidden by the mark of the observation; a logarithmic axis has few and plain numbers.

    The title of a panel is the parameter as the page names it everywhere else.
    """
    _, asked, found = of(place, "calibrate")
    for axes in rows(found, EN).axes:
        heights = {line.get_label(): line.get_ydata()[0] for line in axes.lines}
        assert heights[EN("column.before")] > heights[EN("column.observed")]
    one = next(one for one in asked.parameters if one.path == RATE)
    for low, high, said in ((600.0, 1200.0, r"\d+"), (1.0, 1000.0, r"0.1|10*")):
        figure = profiles(replace(asked, parameters=(replace(one, log=True, low=low, high=high),)), found, EN)
        (axes,) = figure.axes
        axes.set_xlim(low, high)
        assert axes.get_title(loc="left") == "meal.per_1000_day"
        figure.canvas.draw()
        written = [label.get_text() for label in axes.get_xticklabels() if label.get_text()]
        assert 2 <= len(written) <= 7
        assert all(re.fullmatch(said, text) for text in written), written
        assert not [label for label in axes.get_xticklabels(minor=True) if label.get_text()]


def test_short_names_tell_factors_apart():
    """The last two steps of a path, or as many more as no other path has."""
    paths = ["world.needs.meal.service.mean", "world.needs.care.service.mean", "response.travel.speed_km_h"]
    assert list(short_names(paths).values()) == ["meal.service.mean", "care.service.mean", "travel.speed_km_h"]
    assert short_names(["a.b"]) == {"a.b": "a.b"}


# -- the experiment's pictures ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn(place: Path) -> Folder:
    """An experiment over draws of what is assumed."""
    (place / "drawn.yaml").write_text(
        "experiment: drawn\nbase: estate.yaml\noutcomes: [wait_mean_h, utilisation]\n"
        "assumptions: {draws: 3, replications: 2}\nvariants:\n  one: {}\n"
        "  two: {response: {organisation: {units: {runners: {count: 2}}}}}\n",
        encoding="utf-8",
    )
    assert firstline("experiment", place / "drawn.yaml", "--out", place / "drawn").code == 0
    return Folder.open(place / "drawn")


def test_how_the_variance_splits(drawn: Folder, tmp_path: Path):
    """Where assumptions were drawn, a picture says how much of the spread they make, with the split behind it."""
    crossed, found = reopened(drawn)
    page = write_experiment(drawn, crossed, found, Told(["s"], ["T"]), tmp_path / "p.html", EN).read_text("utf-8")
    assert page.index(EN("compare.paired")) < page.index(EN("compare.splits"))
    links = re.findall(r'download="splits.csv" href="data:text/csv[^,]*,([^"]*)"', page)
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(links[0]).decode("utf-8-sig"))))
    assert [float(row["assumed"]) for row in rows] == pytest.approx([s.of_assumptions for s in found.splits], rel=1e-5)
    assert all(float(row["assumed"]) + float(row["luck"]) == pytest.approx(1) for row in rows)


def test_the_bars_of_the_split_are_whole():
    """The two parts make 100 %; what cannot be split is left out, and with nothing left there is no picture."""
    pair = Pair(("wait_mean_h", "all", "all"), "b", "a")
    nan = float("nan")
    figure = shares([Split(pair, 0.3, 0.1, 1.0, 5), Split(pair._replace(variant="c"), nan, nan, 1.0, 5)], "a", EN)
    assert figure is not None
    (axes,) = figure.axes
    assert [[bar.get_width() for bar in part] for part in axes.containers] == [[30], [70]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["b"]
    assert shares([Split(pair, nan, nan, nan, 5)], "a", EN) is None


def test_what_has_no_value_gets_a_sentence_and_no_panel(drawn: Folder):
    """Nobody reads an empty axis: an outcome without values is named below, with its runs; where none has any, alone.

    The head of the p values stands only over values, and what is not defined says in how many runs it is.
    """
    _, found = reopened(drawn)
    key = found.experiment.keys[0]
    runs = found.comparisons[0].runs
    nan = float("nan")
    undefined = {"difference": nan, "low": nan, "high": nan, "p_holm": nan}
    gone = [replace(c, **undefined, defined=0) if c.outcome == key[0] else c for c in found.comparisons]
    values = {v: {**each, key: each[key] * nan} for v, each in found.values["base"].items()}
    figure = differences(gone, values, "one", EN)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["utilisation"]
    said = undrawn(gone, EN)
    assert said == f"Not drawn, for 0 of {runs} runs have both values: mean wait."
    assert differences([c for c in gone if c.outcome == key[0]], values, "one", EN) is None
    assert undrawn(found.comparisons, EN) == ""
    some = [replace(c, **undefined, defined=1) for c in found.comparisons if c.outcome == key[0]]
    (axes,) = differences(some, found.values["base"], "one", EN).axes
    assert [text.get_text() for text in axes.texts] == [f"1 of {runs} runs have both values"]


def test_p_stands_beside_each_interval(drawn: Folder):
    """The probability after Holm's adjustment is written beside the interval that it belongs to, in its row."""
    _, found = reopened(drawn)
    figure = differences(found.comparisons, found.values["base"], "one", EN)
    written = [text.get_text() for axes in figure.axes for text in axes.texts]
    expected = [text for c in found.comparisons for text in ("p (Holm)", p_text(c.p_holm))]
    assert written == expected
    assert [p_text(p) for p in (0.0004, 0.0312, 1.0, float("nan"))] == ["< 0.001", "0.031", "1.000", "–"]
