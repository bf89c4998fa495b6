"""The page of an experiment: all its parts in both languages, the same figures as the tables, and plain words."""

# ruff: noqa: PD011  # the values of what was concluded are a map, not a data frame's

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import subprocess
import sys
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.annex import annex
from analysis.experiment import Concluded, conclude
from analysis.experiment_parts import _groups, compared, every_value, median_runs
from analysis.experiment_report import Told, flat, write_experiment
from analysis.fairness import beaten
from analysis.figures import new_figure
from analysis.pages import data_of
from analysis.path_figures import gantt, stocks
from analysis.reopened import reopened
from analysis.store.folder import Folder
from analysis.store.rounds import Collected
from analysis.study import Study, stated
from firstline.experiment_tables import page, verdict
from firstline.grids import Grid
from firstline.headline import headline
from firstline.words import Words
from sim.experiment_files import read_experiment
from sim.files import load
from sim.spec.crossed import Crossed

TESTS = Path(__file__).parent.parent
EXAMPLE = TESTS / "experiments" / "runners.yaml"
WAIT = ("wait_mean_h", "all", "all")
GAP = ("unmet_difference_vulnerable", "all", "all")
TITLES = ("paired", "plane", "groups", "units", "backlogs", "stocks", "orders")
EN, ZH = Words("en"), Words("zh")


@dataclass
class Table:
    """A table of the page, below its heading."""

    heading: tuple[str, str]
    rows: list[list[str]] = field(default_factory=list)


class Page(HTMLParser):
    """What a reader finds on a page: headings, tables, sentences, pictures; pictures and the manifest apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[Table] = []
        self.headings: list[tuple[str, str]] = []
        self.paragraphs: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.lang = ""
        self.labels: list[str] = []
        self.links: list[str] = []
        self._open: list[tuple[str, str]] = []
        self._held = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        if tag == "html":
            self.lang = found["lang"]
        if found.get("role") == "img":
            self.labels.append(found["aria-label"])
        if tag == "a":
            self.links.append(found["href"])
        if tag in ("svg", "pre", "style"):
            self._open.append((tag, ""))
        if tag == "table":
            self.tables.append(Table(self.headings[-1]))
        if tag == "tr":
            self.tables[-1].rows.append([])
        if tag in ("td", "th", "h1", "h2", "h3", "p", "summary"):
            self._held = ""
            self._class = found.get("class", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("svg", "pre", "style"):
            self._open.pop()
        said = " ".join(self._held.split())
        if tag in ("td", "th"):
            self.tables[-1].rows[-1].append(said)
        if tag in ("h1", "h2", "h3"):
            self.headings.append((tag, said))
        if tag == "p":
            self.paragraphs.append((self._class, said))

    def handle_data(self, data: str) -> None:
        if not self._open:
            self._held += data
            self.text.append(data)

    def table(self, heading: str, below: str = "h2") -> list[list[str]]:
        return next(table.rows for table in self.tables if table.heading == (below, heading))


def made(folder: Path, experiment: Path, *arguments: str) -> Folder:
    command = [sys.executable, "-m", "firstline", "experiment", str(experiment), "--workers", "1"]
    done = subprocess.run(
        [*command, "--out", str(folder), *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return Folder.open(folder)


def shown(folder: Folder, lang: str) -> tuple[str, Page, Concluded]:
    words = Words(lang)
    crossed, found = reopened(folder)
    told = Told(headline(found, words), page(found, folder.seconds(), lang))
    path = write_experiment(folder, crossed, found, told, folder.path / f"{lang}.html", words)
    text = path.read_text(encoding="utf-8")
    return text, Page(text), found


@pytest.fixture(scope="module")
def kpi(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return made(tmp_path_factory.mktemp("kpi") / "o", EXAMPLE, "-r", "5")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return made(tmp_path_factory.mktemp("full") / "o", EXAMPLE, "-r", "4", "--detail", "full")


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """An estate with a vulnerability group, and a store."""
    place = tmp_path_factory.mktemp("grouped")
    (place / "estate.yaml").write_text(
        "name: estate\nhorizon: 1 d\nfollow_up: 12 h\n"
        "world:\n  community: {residents: 120, shares: {disabled: 0.3}}\n"
        "  needs: {meal: {per_1000_day: 900, urgency: 2, items: {box: 1}, "
        "service: {dist: exponential, mean: 20 min}}}\n"
        "response:\n  organisation: {units: {runners: {function: logistics, members: volunteer, count: 2}}}\n"
        "  supplies: {store: {stock: {box: 60}}}\n"
        'evidence: {world.needs.meal.per_1000_day: {from: assumed, low: "600", high: "1200"}, '
        "response.organisation.units.runners.count: {from: E7}}\n"
    )
    (place / "mine.yaml").write_text(
        "experiment: mine\nbase: estate.yaml\noutcomes: [wait_mean_h, unmet_share]\nreplications: 3\nvariants:\n"
        "  two: {}\n  three: {response: {organisation: {units: {runners: {count: 3}}}}}\n"
        "  four: {response: {organisation: {units: {runners: {count: 4}}}}}\n"
    )
    return made(place / "o", place / "mine.yaml", "--detail", "full")


@pytest.fixture(scope="module")
def english(full: Folder) -> tuple[str, Page, Concluded]:
    return shown(full, "en")


# -- what is on the page ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("detail", ["kpi", "full"])
def test_every_part_is_there(detail: str, lang: str, kpi: Folder, full: Folder):
    """Sentence, pictures, tables, assumptions, annexes, manifest; without all tables it is said how to get them."""
    folder = {"kpi": kpi, "full": full}[detail]
    words = Words(lang)
    text, found, _ = shown(folder, lang)
    titles = [title for tag, title in found.headings if tag == "h2"]
    over_time = TITLES if detail == "full" else TITLES[:4]
    for world in ("calm", "busy"):
        for term in over_time:
            assert words("experiment.in_world", table=words(f"compare.{term}"), world=world) in titles
    if detail == "kpi":
        for term in ("backlogs", "stocks", "orders"):
            assert words(f"compare.{term}") in titles
        assert text.count("--detail full") >= 3
    for term in ("compare.tables", "report.assumptions", "annex.stress", "annex.odd"):
        assert words(term) in titles
    assert words("report.manifest") in text
    assert found.lang == {"en": "en", "zh": "zh-CN"}[lang]
    assert found.paragraphs[1][0] == "sentence", "the sentence stands first, below the line that says what this is"
    if lang == "zh":
        cited = ("Journal", "firstline experiment")
        said = " ".join(said for _, said in found.paragraphs if not any(one in said for one in cited))
        assert not re.search(r"\b(the|of|and|runs)\b", said), "no English is left but what is cited"


def test_the_tables_are_those_of_the_screen(english: tuple[str, Page, Concluded], full: Folder):
    """Each figure of a table on the page is that of the same table as Markdown, CSV and on the screen."""
    _, found_page, found = english
    grids = [block for block in page(found, full.seconds(), "en") if isinstance(block, Grid)]
    assert len(grids) == 5
    for grid in grids:
        expected = [[" ".join(cell.split()) for cell in row] for row in (grid.head, *grid.rows)]
        assert found_page.table(grid.title, "h3") == expected


def test_the_data_behind_a_picture_is_what_was_compared(english: tuple[str, Page, Concluded]):
    """The paired differences behind the picture, its mean and bounds, are those of the comparison; so is the file."""
    _, found_page, found = english
    for world in ("calm", "busy"):
        rows = found_page.table(f"Differences under the same luck in {world}")
        head, *body = rows
        mine = [c for c in found.comparisons if c.world == world]
        assert len(body) == len(mine)
        for row, c in zip(body, mine, strict=True):
            cell = dict(zip(head, row, strict=True))
            assert (cell["variant"], cell["reference"], cell["verdict"]) == (c.variant, c.reference, c.verdict)
            assert float(cell["difference"]) == pytest.approx(c.difference, rel=1e-5)
            assert float(cell["low"]) == pytest.approx(c.low, rel=1e-5)
            each = [float(cell[f"run {k}"]) for k in range(c.runs)]
            assert np.mean(each) == pytest.approx(c.difference, rel=1e-4, abs=1e-9)
    files = [base64.b64decode(link.split(",")[1]).decode("utf-8-sig") for link in found_page.links]
    first = list(csv.reader(io.StringIO(files[0])))
    assert first == found_page.table("Differences under the same luck in calm")


def test_each_picture_has_data_words_and_the_hash(english: tuple[str, Page, Concluded], full: Folder):
    """Who cannot see a picture hears what it is; under each stands its data, and of which manifest it is."""
    text, found, _ = english
    pictures = text.count("<svg")
    assert pictures == 8
    assert len(found.labels) == pictures
    assert all(len(label) > 20 for label in found.labels)
    assert len(found.links) == pictures
    assert all(link.startswith("data:text/csv") for link in found.links)
    mine = hashlib.blake2b((full.path / "manifest.json").read_bytes(), digest_size=16).hexdigest()
    assert text.count(mine) == pictures + 1, "under each picture, and at the end"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_nothing_foreign_and_nothing_undefined(lang: str, full: Folder):
    """The page asks no other host for anything, and no figure is written as NaN or None."""
    text, found, _ = shown(full, lang)
    outside = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text)
    outside = re.sub(r"<!DOCTYPE svg[^>]*>", "", outside)
    assert not re.findall(r"https?://[^\s\"'<]*", outside)
    assert not re.search(r"(src|href)=[\"'](?!#|data:)", outside)
    assert not re.search(r"@import|url\((?!#)", outside)
    said = " ".join(found.text)
    assert not re.search(r"\b(nan|NaN|None|inf|null|NoneType|undefined_h)\b", said)
    assert not re.search(r"[{]\w+[}]", re.sub(r"\{(dist|hours|delivery)[^}]*\}", "", said)), "a value was not filled in"


def test_damaged_by_nobodys_words(tmp_path: Path, kpi: Folder):
    """A title with marks of HTML is text: it can open no element."""
    crossed, found = reopened(kpi)
    told = Told(["<script>alert(1)</script>"], ["<b>T</b>", Grid("<i>", ("a", "b"), (("<u>", "1"),))])
    text = write_experiment(kpi, crossed, found, told, tmp_path / "p.html", EN).read_text(encoding="utf-8")
    for tag in ("<script", "<b>", "<i>", "<u>"):
        assert tag not in text


def test_the_command(full: Folder, tmp_path: Path):
    """``firstline report`` writes the page of an experiment, and says where."""
    command = [sys.executable, "-m", "firstline", "report", str(full.path), "--out", str(tmp_path / "r.html")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(tmp_path / "r.html")
    assert "do not separate the plans" in (tmp_path / "r.html").read_text(encoding="utf-8")


# -- the sentence -----------------------------------------------------------------------------------------------------


def concluded(waits: dict[str, list[float]], crossed: Crossed | None = None) -> Concluded:
    """What is concluded from these mean waits; in everything else the variants are alike."""
    crossed = crossed if crossed is not None else read_experiment(EXAMPLE)
    collected = Collected(crossed.experiment.keys)
    count = len(next(iter(waits.values())))
    for cell in crossed.cells:
        for k in range(count):
            values = dict.fromkeys(crossed.experiment.keys, 0.25)
            values[WAIT] = waits[cell.variant][k]
            collected.add((cell.world, cell.variant, k), values)
    return conclude(crossed, collected, count, 1)


NOISE = [0.0, 0.01, -0.01, 0.02, -0.02, 0.0]


def test_the_effect_comes_first():
    """Effect, interval and runs of the comparison that stands out most: not of the largest, if it is less certain."""
    sure = [2 - 1.0 + noise for noise in NOISE]
    rough = [2 - 1.5 + 10 * noise for noise in NOISE]
    said = headline(concluded({"two": [2.0] * 6, "again": sure, "three": rough}), EN)
    assert len(said) == 1
    assert "mean wait is lower with again than with two: −60 min (" in said[0]
    assert "over 6 runs of each" in said[0]
    assert "hold together with a confidence of 95 %" in said[0]
    assert "again" in headline(concluded({"two": [2.0] * 6, "again": sure, "three": rough}), ZH)[0]


def test_plain_words_when_the_data_do_not_separate_the_plans():
    """It says so, how wide the widest interval is, and that half of it takes four times the runs."""
    found = concluded({"two": [2.0] * 6, "again": [2.0] * 6, "three": [2 + 50 * noise for noise in NOISE]})
    (said,) = headline(found, EN)
    half = max((c.high - c.low) / 2 for c in found.comparisons if (c.outcome, c.reference) == ("wait_mean_h", "two"))
    assert "the data do not separate the plans, over 6 runs of each" in said
    assert f"± {60 * half:.0f} min" in said
    assert "four times as many runs: 24 of each" in said
    assert "Nor do they in any other outcome" in said
    assert "数据不能区分这些方案" in headline(found, ZH)[0]


def test_plans_that_are_the_same_or_undefined():
    """Equal in every run, and not comparable, are said in words of their own; both do not separate the plans."""
    (same,) = headline(concluded(dict.fromkeys(("two", "again", "three"), [2.0] * 6)), EN)
    assert "is the same with every plan in every run" in same
    gone = concluded({"two": [2.0] * 6, "again": [2.0] * 6, "three": [2.0] * 5 + [float("nan")]})
    assert "cannot be compared" in headline(gone, EN)[0]
    for said in (same, headline(gone, EN)[0]):
        assert "do not separate the plans" in said


def test_the_choice_comes_before_the_effect(tmp_path: Path):
    """Where a plan is chosen, the first sentence is the choice."""
    (tmp_path / "mine.yaml").write_text(
        f"experiment: mine\nbase: {TESTS / 'experiments' / 'small.yaml'}\noutcomes: [wait_mean_h]\n"
        "variants:\n  two: {}\n  nine: {response: {organisation: {units: {runners: {count: 9}}}}}\n"
        "select: {outcome: wait_mean_h, indifference: 30 min, at_least: 5, at_most: 15}\n"
    )
    folder = made(tmp_path / "o", tmp_path / "mine.yaml")
    text, found, concluded_ = shown(folder, "en")
    sentences = [said for kind, said in found.paragraphs if kind == "sentence"]
    assert len(sentences) == 2
    assert sentences[0].startswith("Choose ") or "there are left" in sentences[0]
    assert text.count(sentences[0].split(":")[0]) == 1, "it stands there once"
    assert "Kim and Nelson" in text
    assert concluded_.selected


# -- what the pictures are drawn from ---------------------------------------------------------------------------------


def test_fairness_groups_and_stock(grouped: Folder):
    """With a vulnerability group there is the plane of waits against fairness; its data say who is beaten by whom."""
    _, found, concluded_ = shown(grouped, "en")
    plane = found.table("Waits against fairness")
    assert [row[0] for row in plane[1:]] == ["two", "three", "four"]
    values = every_value(compared(grouped.table("outcomes"), concluded_))["base"]
    waits, gaps = ({name: values[name][key] for name in values} for key in (WAIT, GAP))
    assert {row[0]: row[5] for row in plane[1:] if row[5]} == beaten(waits, gaps, concluded_.experiment.confidence)
    waits = found.table("Waits by need and group")
    assert {row[1] for row in waits[1:]} == {"meal", "disabled", "in any vulnerability group", "other residents"}
    held = found.links[next(i for i, label in enumerate(found.labels) if label.startswith("Stock"))]
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(held.split(",")[1]).decode("utf-8-sig"))))
    assert float(rows[0]["mean on hand"]) == 60
    changed = found.table("What variants and worlds change", "h3")
    assert changed[1] == ["three", "response.organisation.units.runners.count", "3", "E7"]
    assert any("1 figure is assumed and 1 has a source" in said for _, said in found.paragraphs)


def test_a_group_without_a_value_in_every_run_is_named(grouped: Folder):
    """It is not its size that keeps it from the picture, so the note says what does."""
    table = grouped.table("outcomes")
    here = (table["outcome"] == WAIT[0]) & (table["by"] == "group") & (table["replication"] == 0)
    assert here.any()
    values = every_value(compared(table.assign(value=table["value"].mask(here)), concluded_of(grouped)))["base"]
    part = _groups(values, concluded_of(grouped), "waits", EN)
    assert "Groups of fewer than ten people are not shown." in part.note
    assert "with every variant some run has no value, such as where nobody of them asked: disabled." in part.note
    assert "disabled" not in {row[1] for row in part.data.rows}
    values = every_value(compared(table, concluded_of(grouped)))["base"]
    assert "some run has no value" not in _groups(values, concluded_of(grouped), "waits", EN).note


def concluded_of(folder: Folder) -> Concluded:
    return reopened(folder)[1]


def test_over_assumptions(grouped: Folder, tmp_path: Path):
    """Where assumed figures are drawn, a draw counts once, and the page says how many there were."""
    text = (grouped.path.parent / "mine.yaml").read_text().replace("replications: 3", "assumptions: {draws: 4}")
    (grouped.path.parent / "drawn.yaml").write_text(text.replace("experiment: mine", "experiment: drawn"))
    folder = made(tmp_path / "o", grouped.path.parent / "drawn.yaml", "--detail", "full")
    text, found, concluded_ = shown(folder, "en")
    assert "4 draws, and 4 runs of each variant at each" in text
    told = "\n".join(str(block) for block in page(concluded_, 1.0, "en") if isinstance(block, str))
    assert "3 variants, 4 draws of what is assumed, 4 runs of each variant at each draw: 48 runs with seed" in told
    (said,) = headline(concluded_, EN)
    assert "over 4 draws of each" in said
    assert "four times as many draws: 16 of each" in said or "separate" not in said
    assert "4 runs of each" not in said
    assert "Here a draw of what is assumed counts as one run: the mean of its 4 runs." in text
    gone = replace(concluded_.comparisons[0], low=float("nan"), defined=3)
    assert verdict(gone, EN, concluded_.drawn) == "not defined: 3 of 4 draws have both values"
    assert verdict(gone, EN) == "not defined: 3 of 4 runs have both values"
    rows = compared(folder.table("outcomes"), concluded_)
    values = every_value(rows)["base"]
    for variant, each in concluded_.values["base"].items():
        np.testing.assert_allclose(values[variant][WAIT], each[WAIT], rtol=1e-12)
    assert "Backlog" in [title for _, title in found.headings]


def test_the_values_are_those_compared(kpi: Folder):
    """All outcomes are read from the kept tables, of the same runs in the same order as those compared."""
    _, found = reopened(kpi)
    values = every_value(compared(kpi.table("outcomes"), found))
    for world, variants in found.values.items():
        for variant, of in variants.items():
            for key, each in of.items():
                np.testing.assert_array_equal(values[world][variant][key], each)
    failed = replace(found, failed=(("calm", "two", 3),))
    left = compared(kpi.table("outcomes"), failed)
    assert sorted(left[left["world"] == "calm"]["replication"].unique()) == [0, 1, 2, 4]
    assert sorted(left[left["world"] == "busy"]["replication"].unique()) == [0, 1, 2, 3, 4]


def test_the_run_in_the_middle():
    """Of three values the second; of four the lower of the two; a run without a value counts as the highest."""

    def rows(values: list[float]) -> pd.DataFrame:
        count = len(values)
        return pd.DataFrame(
            {"variant": ["v"] * count, "replication": range(count), "outcome": [WAIT[0]] * count, "value": values}
        ).assign(by="all", level="all")

    assert median_runs(rows([3.0, 1.0, 2.0]), WAIT, ["v", "w"]) == {"v": 2}
    assert median_runs(rows([4.0, 1.0, 3.0, 2.0]), WAIT, ["v"]) == {"v": 3}
    assert median_runs(rows([4.0, float("nan"), float("nan")]), WAIT, ["v"]) == {"v": 1}


def test_the_gantt_chart_has_every_order():
    """Each order that was given is in the data, late ones are marked; one that was never ordered is not."""
    nan = float("nan")
    orders = pd.DataFrame(
        [
            ("v", 1, "cordon", 1, 2.0, 3.0, 9.0, True),
            ("v", 1, "cordon", 2, 12.0, 13.0, nan, False),
            ("v", 1, "notice", 1, 1.0, nan, nan, True),
            ("v", 1, "screen", 0, nan, nan, nan, False),
            ("v", 0, "notice", 1, 1.0, 1.5, 2.0, False),
        ],
        columns=["variant", "replication", "step", "nth", "ordered_h", "started_h", "done_h", "late"],
    )
    drawn = gantt(orders, {"v": 1, "w": 0}, 24.0, EN)
    assert drawn is not None
    figure, data = drawn
    assert [(row[2], row[3], row[7]) for row in data.rows] == [
        ("notice", 1, "late"),
        ("cordon", 1, "late"),
        ("cordon", 2, ""),
    ]
    assert data.cells[0][5] == "–"
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for box in figure.axes[0].containers for bar in box]
    assert bars == [(0, 23), (1, 2), (2, 8), (11, 12), (12, 23)], "hours since the first order; open ones to the end"
    assert gantt(orders, {"w": 0}, 24.0, EN) is None


def test_stock_is_added_over_depots():
    """What is on hand is the sum of all depots, and the mean over the runs."""
    rows = [("v", k, depot, "box", 0.0, 10.0 * (k + 1)) for k in (0, 1) for depot in ("a", "b")]
    table = pd.DataFrame(rows, columns=["variant", "replication", "depot", "item", "t_h", "on_hand"])
    drawn = stocks(table, ["v"], 24.0, EN)
    assert drawn is not None
    assert {row[3] for row in drawn[1].rows} == {30.0}


def test_the_data_of_any_picture():
    """Lines, areas and bars are given back as they were drawn, by panel and by name."""
    figure = new_figure(4, 3)
    axes = figure.add_subplot()
    axes.plot([0, 1], [2, 3], color="#123456", label="queue")
    axes.plot([0, 1, 2, 3, 4], [6, 6, 6, 6, 8], label="steps")
    axes.fill_between([0, 1], [1, 1], [4, 4], color="#123456")
    axes.bar([5], [7], label="cases")
    kinds = [row[1:5] for row in data_of(figure).rows]
    assert ("queue", "line", 0.0, 2.0) in kinds
    assert [kind[2:] for kind in kinds if kind[0] == "steps"] == [(0, 6), (3, 6), (4, 8)], "corners draw it again"
    assert any(kind[:2] == ("queue", "area") and kind[3] == 4.0 for kind in kinds)
    assert data_of(figure).cells[-1][1:] == ("cases", "bar", "4.6", "0", "5.4", "7")


# -- the annex --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tutorial", "estate-people", "estate-screening", "flood-311", "river-flood"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_annex_has_no_empty_heading(name: str, lang: str):
    """Each item of both checklists says something of each shipped scenario, or that the files do not say it."""
    scenario = load(name)
    manifest = {"seed": 1, "canary": "c", "firstline": "0"}
    chapters = annex(Study(scenario, manifest, ("wait_mean_h",), 1, 1, 1.0), Words(lang))
    assert [len(chapter.items) for chapter in chapters] == [20, 7]
    for chapter in chapters:
        for item in chapter.items:
            assert item.said or item.tables, item.heading
            assert all(said.strip() for said in item.said)
            assert all(data.rows for _, data in item.tables), item.heading
    text = str(chapters)
    for unit in scenario.response.organisation.units:
        assert unit in text or unit.replace("_", " ") in text
    assert not re.search(r"\bNone\b", text.replace("head=", "").replace("None)", ")"))


def test_every_mechanism_has_chinese_words():
    """The annex in Chinese names mechanisms in Chinese."""
    from sim.spec.mechanisms import MECHANISMS

    for name in MECHANISMS:
        assert ZH.name("mechanism", name) != name.replace("_", " "), name


def test_what_is_stated_is_written_short():
    """Lengths are written as people write them, and maps in one line."""
    data = {"mean": "0.6666666666666666 h", "shift": [{"hours": "08:00-14:00"}], "leader": True, "zone": None}
    assert stated(data) == "mean: 40 min; shift: [{hours: 08:00-14:00}]; leader: yes; zone: null"


def test_what_a_patch_changes():
    """A change is named by its path; what is new stays whole, what is removed is None."""
    base = {"response": {"units": {"a": {"count": 1, "skill": "x"}, "b": {}}}}
    patch = {"response": {"units": {"a": {"count": 2}, "b": None, "c": {"count": 3}}, "empty": {}}}
    assert list(flat(patch, base)) == [
        ("response.units.a.count", 2),
        ("response.units.b", None),
        ("response.units.c", {"count": 3}),
    ]
