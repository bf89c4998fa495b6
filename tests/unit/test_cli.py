"""The command line as a user types it: good input, bad input, exit codes, and what is on which stream."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from firstline.dictionary import dictionary
from firstline.words import Words, terms
from tests.command import firstline

ROOT = Path(__file__).parent.parent.parent


def test_list(tmp_path: Path):
    """The shipped scenarios, by name and title, also for machines."""
    done = firstline("list", cwd=tmp_path)
    assert done.returncode == 0
    assert "estate-lockdown" in done.stdout
    names = [row["name"] for row in json.loads(firstline("list", "--json", cwd=tmp_path).stdout)]
    assert {"estate-lockdown", "estate-screening", "flood-311", "tutorial", "structures/flat"} <= set(names)


def test_check_says_what_is_suspect_and_still_passes(tmp_path: Path):
    """Findings go to stderr and do not block: a planner may simulate a bad plan."""
    done = firstline("check", "tutorial", "--evidence", cwd=tmp_path)
    assert done.returncode == 0
    assert "nobody with the skill 'delivery' is on duty from 20:00 to 08:00" in done.stderr
    assert "it can run" in done.stdout
    assert "assumed" in done.stdout


def test_run_then_report(tmp_path: Path):
    """A run prints the plain sentence first and says where the data is; the report reads it."""
    done = firstline("run", "tutorial", "-r", "3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("In 3 runs of Two teams and a store, residents had ")
    assert "Data: runs/tutorial-seed1" in done.stdout
    assert "People" not in done.stdout
    assert (tmp_path / "runs/tutorial-seed1/tables/needs/part-000002.parquet").is_file()
    done = firstline("report", "runs/tutorial-seed1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / done.stdout.strip()).read_text(encoding="utf-8")
    assert page.count("<svg") == 5
    assert page.index("In 3 runs") < page.index("<svg")
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page), "a page asks no foreign host for anything"


def test_a_run_with_people_shows_them(tmp_path: Path):
    """Strain, complaints and attitudes are printed and drawn where they are modelled; the page asks no host for any."""
    done = firstline("run", "estate-people", "-r", "2", "--out", "k", "--set", "horizon=4 d", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    block = done.stdout[done.stdout.index("\nPeople") :]
    for said in (
        "mean strain",
        "most strained team: ",
        "stayed away",
        "left for good",
        "complaints",
        "trust",
        "next door",
    ):
        assert said in block, said
    assert firstline("report", "k", cwd=tmp_path).returncode == 0
    page = (tmp_path / "k" / "report.html").read_text(encoding="utf-8")
    for title in ("report.strain", "report.sources", "report.attitudes", "report.causes"):
        after = page.index(f"<h2>{Words('en')(title)}</h2>")
        assert page[after:].lstrip().split("</h2>")[1].lstrip().startswith("<svg")
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)


def test_a_second_run_never_overwrites(tmp_path: Path):
    """The same again adds to its folder, anything else finds a new one; --out holds the same, or is new or empty."""
    more = ["--set", "response.organisation.units.runners.count=5"]
    for folder, sets in (("tutorial-seed1", []), ("tutorial-seed1", []), ("tutorial-seed1-2", more)):
        done = firstline("run", "tutorial", "-r", "1", *sets, cwd=tmp_path)
        assert f"Data: runs/{folder}\n" in done.stdout
        assert (tmp_path / "runs" / folder / "manifest.json").is_file()
    done = firstline("run", "tutorial", "-r", "1", *more, "--out", "runs/tutorial-seed1", cwd=tmp_path)
    assert done.returncode == 2
    assert "were made with another scenario" in done.stderr
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    done = firstline("run", "tutorial", "--out", "mine", cwd=tmp_path)
    assert done.returncode == 2
    assert "a new or empty folder is wanted" in done.stderr
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_json_is_json(tmp_path: Path):
    """--json prints every outcome with unit, direction and denominator, null where it is not defined."""
    done = firstline(
        "run", "tutorial", "-r", "2", "--json", "--set", "response.organisation.units.runners.count=4", cwd=tmp_path
    )
    found = json.loads(done.stdout)
    assert found["replications"] == 2
    assert {"outcome", "mean", "half_width", "unit", "direction", "denominator"} <= set(found["outcomes"][0])
    manifest = json.loads((tmp_path / found["folder"] / "manifest.json").read_text())
    assert manifest["subject"]["scenario"]["response"]["organisation"]["units"]["runners"]["count"] == 4


def test_two_workers_say_the_same_as_one(tmp_path: Path):
    """The number of processes changes nothing that is printed but the folder."""
    outputs = [
        firstline("run", "tutorial", "-r", "4", "--workers", w, "--out", f"w{w}", cwd=tmp_path).stdout for w in "12"
    ]
    assert outputs[0].replace("w1", "") == outputs[1].replace("w2", "")


BAD = {
    "no such scenario": (["run", "tutoral"], "did you mean 'tutorial'?"),
    "no such file": (["run", "nowhere.yaml"], "there is no such file"),
    "unknown key": (
        ["run", "tutorial", "--set", "response.organisation.units.runners.cout=3"],
        "did you mean 'count'?",
    ),
    "an empty map": (["run", "tutorial", "--set", "world.needs={}"], "an empty map changes nothing"),
    "a huge seed": (["run", "tutorial", "--seed", "99999999999999999999"], "or equal to"),
    "no value": (["run", "tutorial", "--set", "response"], "error: --set: KEY=VALUE is wanted"),
    "an entry of a list": (
        ["run", "tutorial", "--set", "response.organisation.units.runners.shift[0]=08:00-12:00"],
        "runners.shift[0]: a list is set as a whole, such as shift: [...]",
    ),
    "bad value": (["check", "tutorial", "--set", "horizon=5"], "did you mean '5 h'?"),
    "no plugin": (["run", "tutorial", "--plugin", "mine.py"], "there is no such file"),
    "no run": (["report", "."], "a folder made by 'firstline run' or"),
    "no folder": (["report", "nowhere"], "error: nowhere: there is no such folder"),
    "no replications": (["run", "tutorial", "-r", "0"], "than or"),
    "out is a file": (["run", "tutorial", "--out", "{file}"], "a new or empty folder is wanted"),
    "unknown command": (["simulate"], "No such command"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_in_words(case: str, tmp_path: Path):
    """Exit code 2, the reason on stderr, nothing on stdout, and never a traceback."""
    (tmp_path / "file").write_text("x")
    arguments, says = BAD[case]
    done = firstline(*(a.replace("{file}", "file") for a in arguments), cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_a_plugin_brings_a_rule(tmp_path: Path):
    """A triage rule registered in a file is known by its name, to the check and to the run."""
    (tmp_path / "mine.py").write_text(
        "import numpy as np\nfrom sim.policies import TRIAGE, TriageRule\n"
        "TRIAGE.add('talk_first', TriageRule(lambda requests: -requests.need_type.astype(float)))\n"
    )
    rule = ["--set", "response.desks={main: {triage: talk_first}}"]
    assert firstline("check", "tutorial", *rule, cwd=tmp_path).returncode == 2
    done = firstline("run", "tutorial", "-r", "6", "--workers", "2", *rule, "--plugin", "mine.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr

    refused = firstline("report", "runs/tutorial-seed1", cwd=tmp_path)
    assert refused.returncode == 2
    assert firstline("report", "runs/tutorial-seed1", "--plugin", "mine.py", cwd=tmp_path).returncode == 0


def test_runs_started_together_are_in_nobodys_way(tmp_path: Path):
    """Four equal runs at the same moment find a folder each, or one that is finished: all say the same."""
    command = [sys.executable, "-m", "firstline", "run", "tutorial", "-r", "1"]
    started = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(4)
    ]
    said = [run.communicate(timeout=120)[0].decode() for run in started]
    assert [run.returncode for run in started] == [0] * 4
    assert len({re.sub(r"tutorial-seed1\S*", "", text) for text in said}) == 1
    assert "Data: runs/" in said[0]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    assert firstline("run", "tutorial", "-r", "2", "--out", "good", cwd=folder).returncode == 0
    return folder


DAMAGE = {
    "an empty manifest": ("manifest.json", b"{}"),
    "a manifest cut short": ("manifest.json", b'{"scenario'),
    "outcomes cut short": ("tables/outcomes/part-000001.parquet", b"PAR1"),
    "a plan cut short": ("runs_planned.parquet", b"PAR1"),
    "runs missing": ("tables/runs/part-000001.parquet", None),
    "a part cut short": ("tables/needs/part-000001.parquet", b""),
    "a part missing": ("tables/needs/part-000001.parquet", None),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_folder_is_said_to_be(finished: Path, damage: str, tmp_path: Path):
    """A report of a damaged folder names what is damaged; it never draws pictures of fewer runs in silence."""
    shutil.copytree(finished / "good", tmp_path / "bad")
    name, content = DAMAGE[damage]
    if content is None:
        (tmp_path / "bad" / name).unlink()
    else:
        (tmp_path / "bad" / name).write_bytes(content)
    done = firstline("report", "bad", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "damaged" in done.stderr or "did not finish" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_title_is_text(tmp_path: Path):
    """Brackets in a user's own words are brackets, neither markup nor an error; so they are in a folder's name."""
    done = firstline(
        "run", "tutorial", "-r", "1", "--set", 'title="Plan [bold]B[/red] [1]"', "--out", "o[1]", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "Plan [bold]B[/red] [1]" in done.stdout
    assert "Data: o[1]" in done.stdout
    assert firstline("report", "o[1]", cwd=tmp_path).returncode == 0


def test_a_scenario_without_units(tmp_path: Path):
    """Nobody responds: every need stays unmet, and the page can be made without the pictures of teams."""
    (tmp_path / "alone.yaml").write_text(
        "name: alone\nhorizon: 1 d\nworld: {community: {residents: 50}, needs: {n: {per_1000_day: 500, urgency: 2, "
        "service: 1 h}}}\nresponse: {organisation: {units: {}}}\n"
    )
    assert firstline("run", "alone.yaml", "-r", "2", "--out", "k", cwd=tmp_path).returncode == 0
    assert firstline("report", "k", cwd=tmp_path).returncode == 0


def test_a_run_that_cannot_begin_leaves_no_folder(tmp_path: Path):
    """A log without the column is found out in the run; the default folder's name stays free."""
    (tmp_path / "log.csv").write_text("when\n2022-01-01\n")
    hazard = "{kind: surge, log: {file: log.csv, column: created}}"
    done = firstline("run", "tutorial", "--set", f"world.hazards.flood={hazard}", cwd=tmp_path)
    assert done.returncode == 2
    assert "no such column" in done.stderr
    assert not (tmp_path / "runs" / "tutorial-seed1").exists()


def test_a_broken_plugin_is_named(tmp_path: Path):
    """What goes wrong inside a plug-in is said with its file, not as a traceback."""
    (tmp_path / "mine.py").write_text("1 / 0\n")
    done = firstline("check", "tutorial", "--plugin", "mine.py", cwd=tmp_path)
    assert done.returncode == 2
    assert "mine.py" in done.stderr
    assert "ZeroDivisionError" in done.stderr


def test_the_data_dictionary_is_current():
    """docs/data-dictionary.md is what ``firstline schema --tables`` prints."""
    assert (ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8") == dictionary()


def test_every_word_in_both_languages():
    """Every id has both languages, and takes the same values in both."""
    for term, row in terms().items():
        assert None not in row, f"{term}: a comma without quotes would cut what is said"
        assert row["en"], term
        assert row["zh"], term
        assert set(re.findall(r"\{(\w+)\}", row["zh"])) <= set(re.findall(r"\{(\w+)\}", row["en"])) | {"scenario"}, term


def test_every_used_word_exists():
    """A word that code or a page asks for must be in the table."""
    text = "".join(
        path.read_text(encoding="utf-8")
        for package in ("firstline", "analysis")
        for path in (ROOT / package).rglob("*")
        if path.suffix in (".py", ".html")
    )
    for term in re.findall(r"(?:say|words)\(\s*\"([a-z_]+\.[a-z_0-9]+)\"", text):
        assert term in terms(), term
    for term in re.findall(r"\"((?:column|table|run)\.[a-z_0-9]+)\"", text):
        assert term in terms(), term


def test_no_chinese_outside_the_table():
    """Chinese stands in terms.csv and in scenarios, so that a translator finds all of it in one place."""
    for package in ("sim", "analysis", "firstline"):
        for path in (ROOT / package).rglob("*.py"):
            assert not re.search(r"[\u4e00-\u9fff]", path.read_text(encoding="utf-8")), path


def test_chinese_output(tmp_path: Path):
    """The same run in Chinese."""
    done = firstline("run", "tutorial", "-r", "2", "--lang", "zh", cwd=tmp_path)
    assert Words("zh")("table.needs") in done.stdout
