"""Runs that failed are left out, and everything that is said of an experiment says so: screen, page, data, JSON."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from analysis.compare import Pair, compare
from analysis.experiment import Concluded
from analysis.experiment_parts import compared, every_value, kept
from analysis.reopened import reopened
from analysis.store.folder import Folder
from firstline.experiment_tables import page, verdict
from firstline.grids import Grid
from firstline.words import Words
from tests.command import firstline

EN, ZH = Words("en"), Words("zh")
WAIT = ("wait_mean_h", "all", "all")
ESTATE = """\
name: estate
horizon: 1 d
follow_up: 12 h
world:
  community: {residents: 60}
  needs: {meal: {per_1000_day: 900, urgency: 2, service: {dist: exponential, mean: 12 min}}}
response: {organisation: {units: {runners: {function: logistics, members: volunteer, count: 1}}}}
evidence: {world.needs.meal.per_1000_day: {from: assumed, low: "600", high: "1200"}}
"""
PLANS = """\
outcomes: [wait_mean_h, utilisation]
variants:
  one: {}
  two: {response: {organisation: {units: {runners: {count: 2}}}}}
"""
ASKED = {
    "worlds": "replications: 4\nworlds: {calm: {}, hard: {world: {community: {residents: 61}}}}\n",
    "stop": "stop: {outcome: wait_mean_h, half_width: 1 min, at_least: 10, at_most: 10}\n",
    "draws": "assumptions: {draws: 4, replications: 2}\n",
    "none": "assumptions: {draws: 2, replications: 2}\n",
}
CRASH = {
    "worlds": "people == 61 or (runners == 2 and k == 1)",
    "stop": "True",
    "draws": "k in (2, 3) and runners == 1 or k == 4",
    "none": "runners == 2",
}


class Made(NamedTuple):
    """A folder in which runs failed, what was concluded from it, and what the command printed."""

    path: Path
    found: Concluded
    told: dict[str, Any]

    def said(self, words: Words = EN) -> list[str]:
        return [block for block in page(self.found, 1.0, words.lang) if isinstance(block, str)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    """Small experiments of which some runs crash."""
    place, all_made = tmp_path_factory.mktemp("left"), {}
    (place / "estate.yaml").write_text(ESTATE, encoding="utf-8")
    for name, asked in ASKED.items():
        (place / f"{name}.yaml").write_text(f"experiment: {name}\nbase: estate.yaml\n{PLANS}{asked}", encoding="utf-8")
        (place / f"{name}.py").write_text(
            "import sim\nreal = sim.run\n\n\ndef run(scenario, seed, k=0, *rest, **more):\n"
            "    people = scenario.world.community.residents\n"
            '    runners = scenario.response.organisation.units["runners"].count\n'
            f"    if {CRASH[name]}:\n        raise RuntimeError('boom')\n"
            "    return real(scenario, seed, k, *rest, **more)\n\n\nsim.run = run\n",
            encoding="utf-8",
        )
        options = ("--plugin", f"{name}.py", "--detail", "full", "--out", name, "--json")
        done = firstline("experiment", f"{name}.yaml", *options, cwd=place)
        assert done.returncode == 1, done.stderr
        all_made[name] = Made(place / name, reopened(Folder.open(place / name))[1], json.loads(done.stdout))
    return all_made


def told_on_a_page(made: Made, lang: str = "en") -> tuple[str, list[dict[str, str]]]:
    """The text of a folder's page, and the rows of the first data behind a picture."""
    out = made.path.parent / f"{made.path.name}-{lang}.html"
    done = firstline("report", str(made.path), "--lang", lang, "--out", str(out), cwd=made.path.parent)
    assert done.returncode == 0, done.stderr
    text = out.read_text(encoding="utf-8")
    links = re.findall(r'href="data:text/csv[^,]*,([^"]*)"', text)
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(links[0]).decode("utf-8-sig")))) if links else []
    return " ".join(unescape(text).split()), rows


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", list(ASKED))
def test_a_page_is_written_with_nothing_left(made: dict[str, Made], name: str, lang: str):
    """A world, or all draws, of which every replication has a failed run gets a sentence where its pictures were."""
    text, _ = told_on_a_page(made[name], lang)
    assert (Words(lang)("experiment.none_whole") in text) == (name != "draws")


def test_a_world_has_replications_of_its_own(made: dict[str, Made]):
    """What is left out in one world leaves no hole in another: its means are those of the runs that are compared."""
    found = made["worlds"].found
    two = replace(found, failed=(("calm", "two", 1), ("hard", "two", 2)))
    table = Folder.open(made["worlds"].path).table("outcomes")
    here = table[table["world"] == "calm"]
    rows = here[here["replication"] != 1]
    other = here[here["replication"] != 2].assign(world="hard")
    together = compared(rows, two)
    values = every_value(type(rows)(data=[*together.to_dict("records"), *compared(other, two).to_dict("records")]))
    assert values["calm"]["one"][WAIT].tolist() == found.values["calm"]["one"][WAIT].tolist()
    assert np.isfinite(values["hard"]["one"][WAIT]).all()


def test_the_data_names_the_runs(made: dict[str, Made]):
    """Behind a picture each difference stands below the number of its replication, or its draw, not of its place."""
    for name, head in (("worlds", ["run 0", "run 2", "run 3"]), ("draws", ["draw 0", "draw 2", "draw 3"])):
        found = made[name].found
        (world, *_) = found.values
        _, rows = told_on_a_page(made[name])
        assert [column for column in rows[0] if re.match(r"(run|draw) \d", column)] == head
        values = found.values[world]
        expected = values["two"][WAIT] - values["one"][WAIT]
        assert [float(rows[0][column]) for column in head] == pytest.approx(expected, rel=1e-5, abs=1e-12)


def test_it_is_said_what_is_compared(made: dict[str, Made]):
    """Who reads the screen, Markdown or a paper knows of how many replications, or draws, the figures are."""
    compared_of = {
        "worlds": "replications that are compared: calm 3 of 4, hard 0 of 4.",
        "stop": "replications that are compared: 0 of 10.",
        "draws": "draws that are compared: 3 of 4.",
        "none": "draws that are compared: 0 of 2.",
    }
    for name, expected in compared_of.items():
        (said,) = (one for one in made[name].said() if "failed. A replication" in one)
        assert said.startswith(f"{len(made[name].found.failed)} runs failed.")
        assert said.endswith(expected)
        assert any("次模拟失败" in one for one in made[name].said(ZH))
    whole = replace(made["draws"].found, failed=())
    assert not any("failed" in block for block in page(whole, 1.0, "en") if isinstance(block, str))


def test_a_draw_is_the_mean_of_what_is_left(made: dict[str, Made]):
    """A draw of which a run failed is not said to be the mean of all its runs."""
    text, _ = told_on_a_page(made["draws"])
    assert EN("compare.draws_count", each=2) not in text
    assert "the mean over those of its 2 replications in which no plan failed." in text


def test_machines_read_which_runs_failed(made: dict[str, Made]):
    """Each list of values in JSON goes with the numbers of its replications."""
    for one in made.values():
        assert one.told["failed"] == [list(run) for run in one.found.failed]
        for row in one.told["outcomes"]:
            assert len(row["values"]) == len(one.told["compared"][row["world"]])
    assert made["worlds"].told["compared"] == {"calm": [0, 2, 3], "hard": []}
    assert made["draws"].told["compared"] == {"base": [0, 2, 3]}
    assert kept(made["draws"].found, "base") == [0, 2, 3]


def test_a_crash_is_not_the_outcomes_fault(made: dict[str, Made]):
    """Precision that crashes kept from being reached is not laid to an outcome that has a value in every run."""
    (said,) = (one for one in made["stop"].said() if "precision" in one)
    assert "so many runs failed that a difference in mean wait has no interval" in said
    assert "is not defined in every run" not in said
    assert any("失败的模拟太多" in one for one in made["stop"].said(ZH))


def test_no_table_without_rows(made: dict[str, Made]):
    """Where no draw is left there is nothing to split: a sentence, and no head of a table over nothing."""
    blocks = page(made["none"].found, 1.0, "en")
    assert all(block.rows for block in blocks if isinstance(block, Grid))
    assert EN("draws.none_left") in blocks
    assert EN("draws.none_left") in told_on_a_page(made["none"])[0]
    assert EN("table.splits") in [b.title for b in page(made["draws"].found, 1.0, "en") if isinstance(b, Grid)]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([[1.0], [2.0]], "not defined: there is no interval from 1 run alone"),
        ([[], []], "not defined: nothing is left to compare"),
        ([[1.0], [np.nan]], "not defined: there is no interval from 1 run alone"),
        ([[1.0, 2.0, 3.0], [np.nan, 2.0, 3.0]], "not defined: 2 of 3 runs have both values"),
    ],
)
@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value encountered")
def test_why_nothing_can_be_compared(values: list[list[float]], said: str):
    """All values of one run are there, and still there is no interval: the reason that is given is the reason."""
    each = {name: {WAIT: np.array(of)} for name, of in zip(("a", "b"), values, strict=True)}
    (one,) = compare(each, [Pair(WAIT, "b", "a")])
    if not values[0]:
        one = replace(one, low=np.nan, high=np.nan)
    assert verdict(one, EN) == said
    assert "无法比较" in verdict(one, ZH)
