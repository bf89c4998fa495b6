"""The command ``check``: is a file right, what would it do, how many runs does it take at most, what is suspect in it.

``table`` says of each kind of file how it is read and what is said of it. Nothing is run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firstline.options import AsJson, Plugin, Sets
from firstline.reading import load_experiment, load_plugins, load_scenario, say_findings
from sim.errors import InputError, Problem

if TYPE_CHECKING:
    from analysis.backtest.events import Log
    from analysis.observed import Figure
    from sim.kinds import Kind
    from sim.spec.backtest import Backtest
    from sim.spec.calibrate import Task
    from sim.spec.card import Card
    from sim.spec.crossed import Crossed
    from sim.spec.factors import Study
    from sim.spec.findings import Finding
    from sim.spec.optimise import Question
    from sim.spec.scenario import Scenario


@dataclass(frozen=True)
class Checked:
    """What is said of a file that is right: its name, a sentence, the same for machines, and what is suspect."""

    name: str
    says: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    findings: Sequence[Finding] = ()


def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file of any kind, or a shipped one by name.")],
    evidence: Annotated[
        bool, typer.Option("--evidence", help="List where each figure of a scenario comes from.")
    ] = False,
    sets: Sets = None,
    plugin: Plugin = None,
    as_json: AsJson = False,
) -> None:
    """Check a file of any kind: errors stop with exit code 2; findings are printed and do not."""
    from sim.kinds import SCENARIO, kind_of

    load_plugins(plugin)
    kind = kind_of(file)
    if kind is not SCENARIO and (sets or evidence):
        said = f"{kind.named} takes neither --set nor --evidence; they are for a scenario"
        raise InputError(file, [Problem("", said)])
    read, say = table()[kind]
    what = load_scenario(file, sets, None) if sets else read(file)
    found = say(what)
    if as_json:
        known = {"kind": kind.word, "scenario" if kind is SCENARIO else kind.key: found.name, **found.facts}
        known["findings"] = [{"place": one.place, "message": one.message} for one in found.findings]
        if evidence:
            known["evidence"] = what.model_dump(mode="json", by_alias=True)["evidence"]
        print(json.dumps(known, ensure_ascii=False, indent=1))
        return
    say_findings(list(found.findings))
    if evidence:
        from firstline.tables import print_evidence

        print_evidence(what)
    print(f"{found.name}: {found.says}; {_count(len(found.findings), 'finding')}")


def table() -> dict[Kind, tuple[Callable[[str], Any], Callable[[Any], Checked]]]:
    """Return of each kind how a file is read, which raises InputError with all that is wrong, and what is said."""
    from sim.kinds import BACKTEST, CALIBRATION, CARD, DESIGN, EXPERIMENT, QUESTION, SCENARIO

    return {
        SCENARIO: (lambda file: load_scenario(file, None, None), _say_scenario),
        CARD: (_read_card, _say_card),
        EXPERIMENT: (_read_experiment, _say_experiment),
        DESIGN: (_read_design, _say_design),
        QUESTION: (_read_question, _say_question),
        CALIBRATION: (_read_calibration, _say_calibration),
        BACKTEST: (_read_backtest, _say_backtest),
    }


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


# -- how each kind is read --------------------------------------------------------------------------------------------


def _read_card(file: str) -> Card:
    from sim.files import read_card
    from sim.kinds import CARD

    return read_card(CARD.find(file))[1]


def _read_experiment(file: str) -> Crossed:
    from analysis.asked import check_parts
    from analysis.assumptions import figures

    crossed = load_experiment(file, None)
    check_parts(crossed.experiment.named(), [cell.scenario for cell in crossed.cells], crossed.source)
    if crossed.experiment.assumptions is not None:
        figures(crossed, crossed.experiment.assumptions)  # is there anything to draw
    return crossed


def _read_design(file: str) -> Study:
    from analysis.asked import check_parts
    from analysis.designs import check_size
    from analysis.sensitivity import check_outcomes
    from sim.design_files import read_design

    study = read_design(file)
    check_size(study)
    check_outcomes(study)
    check_parts(((("outcomes", k), one) for k, one in enumerate(study.design.outcomes)), [study.base], study.source)
    return study


def _read_question(file: str) -> Question:
    from analysis import asked
    from sim.optimise_files import read_question

    question = read_question(file)
    asked.check(question.asked.named(), question.source)
    asked.check_parts(question.asked.named(), [question.base], question.source)
    return question


def _read_calibration(file: str) -> tuple[Task, Sequence[Figure]]:
    from analysis.asked import check_parts
    from analysis.observed import figures
    from sim.calibrate_files import read_calibration

    task = read_calibration(file)
    known = figures(task)
    check_parts(((("observed", k), one) for k, one in enumerate(task.asked.observed)), [task.base], task.source)
    return task, known


def _read_backtest(file: str) -> tuple[Backtest, Log | None]:
    """Read a back-test, and its log with the requests of each event where it names one."""
    from analysis.backtest.events import cut, read_log
    from sim.backtest_files import read_without_log

    asked, path = read_without_log(file)
    if path is None:
        return asked, None
    log = read_log(path, asked.log)
    for key, windows in (("train", asked.train), ("predict", asked.predict)):
        cut(log, windows, asked.warm_up, key, file)
    return asked, log


# -- what is said of each kind ----------------------------------------------------------------------------------------


def _say_scenario(scenario: Scenario) -> Checked:
    from sim.spec.findings import findings

    return Checked(scenario.name, "it can run", {}, findings(scenario))


def _say_card(card: Card) -> Checked:
    from sim.spec.findings import Finding
    from sim.spec.plan_findings import blanks

    steps, teams = len(card.steps), len(card.teams)
    found = [Finding(place, message) for place, message in blanks(card)]
    said = f"a card of {_count(steps, 'step')} and {_count(teams, 'team')}"
    return Checked(card.card, said, {"steps": steps, "teams": teams}, found)


def _say_experiment(crossed: Crossed) -> Checked:
    from analysis import most_runs
    from sim.spec.experiment import say

    asked, runs = crossed.experiment, most_runs.of_experiment(crossed)
    each = f"{asked.replications} replications each: {runs:,} runs"
    if asked.stop is not None:
        each = f"until {say(asked.stop.key)} is known to ± {asked.stop.half_width}: at most {runs:,} runs"
    if asked.select is not None:
        each = f"until one is chosen by {say(asked.select.key)}: at most {runs:,} runs"
    if asked.assumptions is not None:
        drawn = asked.assumptions
        each = f"{drawn.replications} replications each at {drawn.draws} draws of what is assumed: {runs:,} runs"
    worlds = f" in {len(crossed.worlds)} worlds" if asked.worlds else ""
    facts = {"variants": list(asked.variants), "worlds": list(crossed.worlds), "runs": runs}
    said = f"it can run; {len(asked.variants)} variants{worlds}, {each}"
    return Checked(asked.experiment, said, facts, crossed.findings())


def _say_design(study: Study) -> Checked:
    from analysis import most_runs
    from analysis.designs import size_of, size_then
    from sim.spec.findings import findings

    design, runs, points = study.design, most_runs.of_design(study), size_of(study) + size_then(study)
    groups = f" in {_count(len(study.groups), 'group')}" if design.groups else ""
    made = f"{design.method}, {_count(len(study.factors), 'factor')}{groups}, {points} points"
    facts = {
        "method": design.method,
        "factors": [one.path for one in study.factors],
        "groups": list(study.groups),
        "points": points,
        "runs": runs,
    }
    said = f"it can run; {made}, {design.replications} replications each: at most {runs:,} runs"
    return Checked(design.sensitivity, said, facts, findings(study.base))


def _say_question(question: Question) -> Checked:
    from analysis import most_runs
    from sim.spec.findings import findings

    asked, runs = question.asked, most_runs.of_question(question)
    tried = most_runs.trials(question.decisions, asked.trials)
    made = f"{_count(len(question.decisions), 'decision')}, {tried} trials of {asked.replications} runs"
    judged = f"finalists judged by {asked.fresh} fresh runs each"
    facts = {"decide": [one.path for one in question.decisions], "trials": tried, "runs": runs}
    said = f"it can run; {made}, {judged}: at most {runs:,} runs"
    return Checked(asked.optimise, said, facts, findings(question.base))


def _say_calibration(read: tuple[Task, Sequence[Figure]]) -> Checked:
    from analysis import most_runs
    from sim.spec.findings import findings

    task, figures = read
    asked, runs = task.asked, most_runs.of_calibration(task)
    tried, held_out = most_runs.trials(task.parameters, asked.trials), sum(one.held_out for one in figures)
    fitted = f"{_count(len(task.parameters), 'parameter')} fitted to {_count(len(figures) - held_out, 'figure')}"
    made = f"{fitted}, {held_out or 'none'} held out, {tried} trials of {asked.replications} runs"
    facts = {
        "parameters": [one.path for one in task.parameters],
        "figures": len(figures),
        "held_out": held_out,
        "trials": tried,
        "runs": runs,
    }
    return Checked(asked.calibrate, f"it can run; {made}: at most {runs:,} runs", facts, findings(task.base))


def _say_backtest(read: tuple[Backtest, Log | None]) -> Checked:
    from analysis import most_runs

    asked, log = read
    runs, crews = most_runs.of_backtest(asked), len(asked.crews.count)
    events = f"learns from {_count(len(asked.train), 'event')} and predicts {len(asked.predict)}"
    of_log = "the log of requests is wanted when it runs: --log FILE.csv"
    if log is not None:
        of_log = f"its log keeps {log.created_h.size:,} requests"
    facts = {
        "train": list(asked.train),
        "predict": list(asked.predict),
        "crews": list(asked.crews.count),
        "runs": runs,
        "log": log.path if log is not None else None,
    }
    said = f"it {events}, {_count(crews, 'number')} of crews tried: {runs:,} runs; {of_log}"
    return Checked(asked.backtest, said, facts)
