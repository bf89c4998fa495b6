"""Designs: what their files may say, which kind each factor is, and a study from the command line to its files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import sim
from analysis.designs import check_size, points_of, size_of
from analysis.outcomes import measure_of
from analysis.sensitivity import check_outcomes, check_seen
from firstline.check import table
from sim import files
from sim.design_files import read_design
from sim.errors import InputError
from sim.files import load, shipped
from sim.kinds import DESIGN, EXPERIMENT
from sim.spec.factors import Study
from tests.command import firstline

TESTS = Path(__file__).parent.parent
BAD = TESTS / "bad_designs"
SMALL = TESTS / "experiments" / "small.yaml"
RUNNERS = "response.organisation.units.runners.count"
RATE = "world.needs.medicine.per_1000_day"
TINY = f"""
method: latin_hypercube
points: 8
replications: 2
factors:
  {RUNNERS}: {{low: 1, high: 4}}
  {RATE}: {{low: 300, high: 1400}}
outcomes: [wait_mean_h]
"""


def design_of(folder: Path, text: str, base: str = str(SMALL)) -> Study:
    path = folder / "mine.yaml"
    path.write_text(f"sensitivity: mine\nbase: {base}\n{text}", encoding="utf-8")
    return read_design(path)


def whole(path: Path) -> None:
    """All that is checked of a design before its first run."""
    read, _ = table()[DESIGN]
    read(str(path))


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(BAD.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_bad_design_is_refused_in_words(path: Path):
    """One mistake is one problem, with its place and what was wanted: its author reads nothing else."""
    first, second, *_ = path.read_text(encoding="utf-8").split("\n")
    with pytest.raises(InputError) as caught:
        whole(path)
    (problem,) = caught.value.problems
    assert caught.value.source == str(path)
    assert first.removeprefix("# expect: ") in problem.message
    assert problem.place == second.removeprefix("# at: ").removeprefix("# at:")
    assert len(str(problem)) <= 400


def test_there_are_enough_bad_designs():
    """A glob that finds nothing would pass the test above."""
    assert len(list(BAD.glob("*.yaml"))) >= 50


def test_what_is_not_broken_is_accepted(tmp_path: Path):
    """The design in which the bad ones make one mistake each is good: they are refused for that mistake alone."""
    text = (BAD / "unknown_key.yaml").read_text(encoding="utf-8").replace("pionts: 3\n", "")
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace("base: ../experiments/small.yaml", f"base: {SMALL}"), encoding="utf-8")
    study = read_design(path)
    check_size(study)
    check_outcomes(study)
    check_seen(study)
    assert [one.path for one in study.factors] == [RUNNERS, RATE]


def test_what_kind_a_factor_is_follows_from_its_key(tmp_path: Path):
    """Whole numbers, numbers, durations and choices, by what the base's key holds and not by how the file writes it."""
    study = design_of(
        tmp_path,
        "method: sobol_sequence\npoints: 16\noutcomes: [wait_mean_h]\nfactors:\n"
        f"  {RUNNERS}: {{low: 1, high: 4}}\n  {RATE}: {{low: 300, high: 1400, scale: log}}\n"
        "  world.needs.medicine.target: {low: 30 min, high: 2 h}\n"
        "  world.needs.medicine.service: {of: [{dist: fixed, value: 20 min}, {dist: exponential, mean: 1 h}]}\n"
        "  world.needs.medicine.patience: {low: 1 h, high: 4 h}\n",
    )
    assert [one.kind for one in study.factors] == ["integer", "real", "duration", "choice", "duration"]
    for point in points_of(study, "sobol_sequence", 16).points:
        assert not point.problem
        needs = study.base.with_values(point.values).world.needs["medicine"]
        assert 0.5 <= needs.target <= 2
        assert needs.service.dist in ("fixed", "exponential")
        assert isinstance(point.values[RUNNERS], int)


def test_ranges_come_from_the_evidence_of_the_base():
    """What the base states of its figures is what is varied; a factor of the design's own takes precedence."""
    study = read_design("what-matters-in-lockdown")
    base = load("estate-lockdown")
    own = study.design.factors
    for one in study.factors:
        if one.path not in own:
            stated = base.evidence[one.path]
            assert stated.low is not None
            assert (one.rank(one.at(0)), one.rank(one.at(1))) == pytest.approx((one.low, one.high))
    assert len(study.factors) > 30
    assert len(study.groups) <= 15
    check_size(study)


def test_a_star_stands_for_any_name(tmp_path: Path):
    """A group takes every factor that its patterns match; a factor in none is a group of its own."""
    study = design_of(
        tmp_path,
        "method: morris\noutcomes: [wait_mean_h]\nfrom_evidence: [world.needs.*.per_1000_day]\n"
        f"factors: {{{RUNNERS}: {{low: 1, high: 4}}}}\ngroups: {{demand: [world.needs.*.*]}}\n",
        "tutorial",
    )
    assert study.groups == {RUNNERS: (RUNNERS,), "demand": (RATE,)}
    assert size_of(study) == 10 * 3


def test_shipped_designs_are_designs_and_nothing_else(tmp_path: Path):
    """They lie in a folder of their own and are neither scenarios nor experiments; all of them can run."""
    assert DESIGN.shipped()
    for name, path in DESIGN.shipped().items():
        assert name not in shipped()
        assert DESIGN.holds(name)
        assert not EXPERIMENT.holds(path)
        study = read_design(name)
        check_size(study)
        check_outcomes(study)
        assert study.design.question
    assert not DESIGN.holds(SMALL)
    assert not DESIGN.holds("tutorial")
    with pytest.raises(InputError, match="did you mean 'what-matters-in-lockdown'"):
        read_design("what-matter-in-lockdown")


@pytest.mark.parametrize("name", ["x" * 5000, "x" * 5000 + ".yaml", "a\0b.yaml", "", "nowhere.yaml"])
def test_a_name_that_no_file_can_have(name: str):
    """Whatever stands on the command line, the answer is an InputError and not one of the operating system's."""
    with pytest.raises(InputError):
        read_design(name)


def test_an_outcome_that_the_base_does_not_have(tmp_path: Path):
    """What no run will ever hold is refused before the first of many runs, with the nearest there is."""
    text = TINY.replace("[wait_mean_h]", "[{outcome: utilisation, by: unit, level: runner}]")
    with pytest.raises(InputError, match="runners"):
        check_seen(design_of(tmp_path, text))


# -- studies ----------------------------------------------------------------------------------------------------------


def test_a_study_from_the_command_line(tmp_path: Path):
    """The plain sentence, the tables, the files with the data behind them; and a second time no run is made again."""
    design_of(tmp_path, TINY)
    done = firstline("sensitivity", "mine.yaml", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("In these ranges ")
    assert "Luck is" in done.stdout
    report = tmp_path / "out" / "report"
    with (report / "points-1-latin_hypercube.csv").open(encoding="utf-8") as file:
        points = list(csv.DictReader(file))
    assert len(points) == 8
    study = read_design(tmp_path / "mine.yaml")
    values = {RUNNERS: int(points[3][RUNNERS]), RATE: float(points[3][RATE])}
    scenario = study.base.with_values(values)
    alone = [
        row.value
        for k in range(2)
        for row in measure_of(scenario)(sim.run(scenario, seed=1, replication=k))
        if row[1:4] == ("wait_mean_h", "all", "all")
    ]
    assert float(points[3]["wait_mean_h"]) == pytest.approx(sum(alone) / 2, rel=1e-12)
    assert (report / "effects.csv").stat().st_size
    assert (report / "effects-1-latin_hypercube.svg").read_text(encoding="utf-8").startswith("<svg")
    assert (report / "effects-1-latin_hypercube.png").stat().st_size
    parts = sorted((tmp_path / "out" / "tables" / "runs").glob("*.parquet"))
    made = [path.stat().st_mtime_ns for path in parts]
    again = firstline("sensitivity", "mine.yaml", "--out", "out", cwd=tmp_path)
    assert again.stdout == done.stdout
    assert [path.stat().st_mtime_ns for path in parts] == made


def test_a_study_goes_on_where_it_was_cut_off(tmp_path: Path):
    """Runs that were lost are made again, the others are not, and what is concluded is the same."""
    design_of(tmp_path, TINY)
    whole = json.loads(firstline("sensitivity", "mine.yaml", "--out", "whole", "--json", cwd=tmp_path).stdout)
    firstline("sensitivity", "mine.yaml", "--out", "cut", cwd=tmp_path)
    runs = sorted((tmp_path / "cut" / "tables" / "runs").glob("*.parquet"))
    for path in runs[3:]:
        path.unlink()
    kept = [path.stat().st_mtime_ns for path in runs[:3]]
    cut = json.loads(firstline("sensitivity", "mine.yaml", "--out", "cut", "--json", cwd=tmp_path).stdout)
    assert [path.stat().st_mtime_ns for path in runs[:3]] == kept
    assert cut["digest"] == whole["digest"]
    assert cut["rounds"] == whole["rounds"]


def test_two_rounds_from_the_command_line(tmp_path: Path):
    """Morris on the groups, then Sobol' indices on the one that leads; in Chinese as well."""
    text = TINY.replace("latin_hypercube\npoints: 8", "morris\ntrajectories: 2")
    design_of(tmp_path, f"{text}then: {{method: sobol_indices, leading: 1, points: 4}}\n")
    done = firstline("sensitivity", "mine.yaml", "--out", "out", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert [one["method"] for one in told["rounds"]] == ["morris", "sobol_indices"]
    first, second = (one["outcomes"][0] for one in told["rounds"])
    leading = max((row for row in first["effects"] if row["measure"] == "mu_star"), key=lambda row: row["value"])
    assert {row["name"] for row in second["effects"]} == {leading["name"]}
    checked = firstline("check", "mine.yaml", cwd=tmp_path)
    assert "18 points, 2 replications each: at most 36 runs" in checked.stdout
    chinese = firstline("sensitivity", "mine.yaml", "--out", "out", "--lang", "zh", cwd=tmp_path)
    assert chinese.returncode == 0, chinese.stderr
    assert "μ*" in chinese.stdout


def test_points_that_cannot_run_are_kept_and_said(tmp_path: Path):
    """Values that do not go together make a failed point: it stands in the files with its reason and no mean."""
    text = (
        "method: grid\nlevels: 2\nreplications: 2\noutcomes: [wait_mean_h]\nfactors:\n"
        "  world.community.households: {low: 20, high: 50}\n  world.community.residents: {low: 40, high: 60}\n"
        f"  {RUNNERS}: {{low: 2, high: 3}}\n"
    )
    design_of(tmp_path, text)
    done = firstline("sensitivity", "mine.yaml", "--out", "out", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "2 of 8 points were not run" in done.stdout
    assert "households" in done.stdout
    assert "Left out whole" in done.stdout
    with (tmp_path / "out" / "report" / "points-1-grid.csv").open(encoding="utf-8") as file:
        points = list(csv.DictReader(file))
    failed = [row for row in points if row["problem"]]
    assert [[row[f"world.community.{who}"] for who in ("households", "residents")] for row in failed] == [
        ["50", "40"]
    ] * 2
    assert all(row["wait_mean_h"] == "" and row["runs"] == "0" for row in failed)
    assert all(row["wait_mean_h"] != "" for row in points if not row["problem"])


def test_an_outcome_without_a_value_anywhere_exits_with_1(tmp_path: Path):
    """A 90 % wait that no point reaches has no effects: it is said, no table stands empty, and the exit code is 1."""
    text = TINY.replace("[wait_mean_h]", "[wait_mean_h, wait_p90_h]").replace(
        "{low: 300, high: 1400}", "{low: 1400, high: 1500}"
    )
    design_of(tmp_path, text.replace("{low: 1, high: 4}", "{low: 0, high: 1}"))
    done = firstline("sensitivity", "mine.yaml", "--out", "out", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "Of wait of 90 % nothing can be said: no points are whole." in done.stdout
    assert "8 of 8 points" in done.stdout
    assert "The outcome is the same in every run" not in done.stdout
    assert "rank regression of wait of 90 %" not in done.stdout
    assert "mean wait" in done.stdout


def test_a_bad_design_exits_with_2(tmp_path: Path):
    """Bad input is told in one line without a traceback, by both commands."""
    for command in ("check", "sensitivity"):
        done = firstline(command, str(BAD / "points_not_a_power.yaml"), cwd=tmp_path)
        assert done.returncode == 2
        assert "did you mean 16?" in done.stderr
        assert "Traceback" not in done.stderr


def test_files_knows_designs_are_no_scenarios(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A design below the shipped scenarios is found by name as a design, and by no other name."""
    (tmp_path / "designs").mkdir()
    (tmp_path / "designs" / "mine.yaml").write_text(f"sensitivity: mine\nbase: {SMALL}\n{TINY}", encoding="utf-8")
    monkeypatch.setattr(files, "SHIPPED", tmp_path)
    assert shipped() == {}
    assert list(DESIGN.shipped()) == ["mine"]
    assert read_design("mine").design.sensitivity == "mine"
