"""How many runs a file asks for at most is what ``check`` promises: no procedure asks for more, nor for far fewer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis import most_runs
from analysis.backtest import fit
from analysis.backtest.judge import backtest
from analysis.calibrate import calibrate
from analysis.experiment import conclusion
from analysis.observed import figures
from analysis.optimise import optimise
from analysis.sensitivity import conclusion as sensitivity
from analysis.store.rounds import Collected, Procedure
from sim.backtest_files import read_backtest
from sim.calibrate_files import read_calibration
from sim.design_files import read_design
from sim.experiment_files import read_experiment
from sim.optimise_files import read_question
from sim.spec.procedures import Key
from tests.command import ROOT
from tests.unit.test_backtest import made

SMALL = ROOT / "tests" / "experiments" / "small.yaml"
RUNNERS = "response.organisation.units.runners.count"
RATE = "world.needs.medicine.per_1000_day"


def asked_for(procedure: Procedure[Any], keys: tuple[Key, ...], mean: float = 1.0, spread: float = 0.1) -> int:
    """Answer a procedure with normal draws instead of runs, and return how many it asked for."""
    collected, luck = Collected(keys), np.random.default_rng(1)
    request = next(procedure)
    while True:
        for run in sorted(request.runs()):
            if run not in collected:
                collected.add(run, dict(zip(keys, luck.normal(mean, spread, len(keys)), strict=True)))
        try:
            request = procedure.send(collected)
        except StopIteration:
            return collected.size


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text.replace("BASE", str(SMALL)), encoding="utf-8")
    return path


VARIANTS = "variants: {two: {}, three: {response: {organisation: {units: {runners: {count: 3}}}}}}\n"
ENDS = {
    "as many as stated": ("replications: 7\n", 14),
    "until it is precise": ("stop: {outcome: wait_mean_h, half_width: 1 s, at_least: 10, at_most: 33}\n", 66),
    "until one is chosen": ("select: {outcome: wait_mean_h, indifference: 1 s, at_least: 10, at_most: 42}\n", 84),
    "over draws": ("assumptions: {draws: 5, replications: 3}\n", 30),
}


@pytest.mark.parametrize("case", ENDS)
def test_an_experiment(case: str, tmp_path: Path):
    """All that may decide how many there are is counted; where luck is large, the budget is spent."""
    ends, runs = ENDS[case]
    base = tmp_path / "base.yaml"
    evidence = f'evidence: {{{RATE}: {{from: assumed, low: "400", high: "1400"}}}}\n'
    base.write_text(SMALL.read_text(encoding="utf-8") + evidence, encoding="utf-8")
    text = f"experiment: mine\nbase: base.yaml\noutcomes: [wait_mean_h]\n{VARIANTS}{ends}"
    crossed = read_experiment(written(tmp_path, text))
    assert most_runs.of_experiment(crossed) == runs
    assert asked_for(conclusion(crossed, 1), crossed.experiment.keys) == runs


def test_a_design_with_a_second_round(tmp_path: Path):
    """Both rounds are counted; points that fall together are run once."""
    text = (
        f"sensitivity: mine\nbase: BASE\nmethod: morris\nfactors:\n  {RUNNERS}: {{low: 1, high: 90}}\n"
        f"  {RATE}: {{low: 300, high: 1400}}\ntrajectories: 4\nreplications: 3\noutcomes: [wait_mean_h]\n"
        "then: {method: sobol_indices, leading: 2, points: 8}\n"
    )
    study = read_design(written(tmp_path, text))
    most = most_runs.of_design(study)
    assert most == (4 * 3 + 8 * 4) * 3
    assert 0.7 * most <= asked_for(sensitivity(study), study.design.keys) <= most


DECIDED = {
    "a search": (f"{{{RUNNERS}: {{low: 1, high: 30}}, {RATE}: {{low: 300, high: 900}}}}", 40),
    "every point": (f"{{{RUNNERS}: {{low: 2, high: 4}}, {RATE}: {{of: [300, 600]}}}}", 6),
}


@pytest.mark.parametrize("mean", [0.5, 1.0, 2.0], ids=["all do", "nobody knows", "none does"])
@pytest.mark.parametrize("case", DECIDED)
def test_a_question(case: str, mean: float, tmp_path: Path):
    """Whether the first finalists will do or none, no more is asked for than trials, all heats and all curves."""
    decide, trials = DECIDED[case]
    text = (
        f"optimise: mine\nbase: BASE\ndecide: {decide}\nleast: {{{RUNNERS}: 1}}\ntrials: 40\nreplications: 4\n"
        "finalists: 3\nfresh: 12\nsubject_to: [{outcome: wait_mean_h, at_most: 1 h}]\n"
    )
    question = read_question(written(tmp_path, text))
    most = most_runs.of_question(question)
    assert most_runs.trials(question.decisions, question.asked.trials) == trials
    runs = asked_for(optimise(question), question.asked.keys, mean)
    assert trials * 4 * 0.8 <= runs <= most <= 2.5 * runs


@pytest.mark.parametrize("parameters", [*DECIDED], ids=[*DECIDED])
def test_a_calibration(parameters: str, tmp_path: Path):
    """Trials, finalists with the base, and each parameter from end to end."""
    text = (
        f"calibrate: mine\nbase: BASE\nparameters: {DECIDED[parameters][0]}\ntrials: 40\nreplications: 4\n"
        "finalists: 3\nfresh: 12\nobserved: [{outcome: wait_mean_h, value: 1 h, sd: 0.1 h}]\n"
    )
    task = read_calibration(written(tmp_path, text))
    known = figures(task)
    runs = asked_for(calibrate(task, known), tuple(one.key for one in known))
    assert 0.7 * most_runs.of_calibration(task) <= runs <= most_runs.of_calibration(task)


@pytest.mark.parametrize("count", ["[60]", "[20, 60, 90]"])
@pytest.mark.parametrize("memory", ["", "memory: 28 d\n"])
def test_a_back_test(count: str, memory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It asks for as many as it says, whatever its log holds."""
    runs = 0

    def run_many(_: Any, replications: int, measure: Any, **_more: Any) -> list[Any]:
        nonlocal runs
        runs += replications
        return [measure.keywords["event"].created_h + 1.0] * replications

    monkeypatch.setattr(fit, "run_many", run_many)
    path = made(tmp_path, count)
    path.write_text(path.read_text(encoding="utf-8") + memory, encoding="utf-8")
    asked, log = read_backtest(path)
    backtest(asked, log, "mine.yaml", lambda _done, _of: None)
    assert runs == most_runs.of_backtest(asked)
