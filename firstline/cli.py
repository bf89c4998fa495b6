"""The command line: results on stdout (``--json`` for machines), progress and findings on stderr.

Each command reads its input, hands it to ``sim`` or ``analysis``, and shows what comes back. Heavy imports stand in
the commands that need them, so that ``firstline list`` answers at once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from firstline.ablate import ablate
from firstline.backtest import backtest
from firstline.calibrate import calibrate
from firstline.optimise import optimise
from firstline.options import AsJson, Cluster, Detail, Lang, Language, Out, Plugin, Retry, ScenarioName, Sets, Workers
from firstline.reading import load_experiment, load_scenario, say_findings
from firstline.report import report
from firstline.sensitivity import check_design, sensitivity
from sim.errors import InputError, Problem

app = typer.Typer(
    name="firstline",
    help="Simulate how a community responds to a crisis. The plan is executable.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    """Simulate how a community responds to a crisis. The plan is executable."""
    if version:
        from sim import __version__

        print(f"firstline {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit


@app.command("list")
def list_scenarios(as_json: AsJson = False) -> None:
    """List the shipped scenarios, experiments and designs."""
    from sim.files import load, read_yaml, shipped
    from sim.kinds import DESIGN, EXPERIMENT

    rows = [{"name": name, "title": load(path).title or "", "kind": "scenario"} for name, path in shipped().items()]
    rows += [
        {"name": name, "title": read_yaml(path)[0].get("title") or "", "kind": kind.word}
        for kind in (EXPERIMENT, DESIGN)
        for name, path in kind.shipped().items()
    ]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        print(f"{row['kind']:<10}  {row['name']:<{width}}  {row['title']}")


@app.command()
def check(
    file: ScenarioName,
    evidence: Annotated[bool, typer.Option("--evidence", help="List where each figure comes from.")] = False,
    sets: Sets = None,
    plugin: Plugin = None,
    as_json: AsJson = False,
) -> None:
    """Check a scenario, card, experiment or design: errors stop with exit code 2; findings are printed and do not."""
    from sim.kinds import DESIGN, EXPERIMENT
    from sim.spec.findings import findings

    if file.endswith(".card.yaml"):
        _check_card(Path(file))
        return
    for kind, check_it in ((DESIGN, check_design), (EXPERIMENT, _check_experiment)):
        if kind.holds(file):
            if sets or evidence:
                said = f"{kind.named} takes neither --set nor --evidence; they are for a scenario"
                raise InputError(file, [Problem("", said)])
            check_it(file, plugin, as_json)
            return
    scenario = load_scenario(file, sets, plugin)
    found = findings(scenario)
    if as_json:
        report: dict[str, Any] = {
            "scenario": scenario.name,
            "findings": [{"place": f.place, "message": f.message} for f in found],
        }
        if evidence:
            report["evidence"] = scenario.model_dump(mode="json", by_alias=True)["evidence"]
        print(json.dumps(report, ensure_ascii=False, indent=1))
        return
    say_findings(found)
    if evidence:
        from firstline.tables import print_evidence

        print_evidence(scenario)
    noun = "finding" if len(found) == 1 else "findings"
    print(f"{scenario.name}: it can run; {len(found) or 'no'} {noun}")


def _check_card(path: Path) -> None:
    """Check a response card by itself, and say what it leaves blank."""
    from sim.files import read_card
    from sim.spec.plan_findings import blanks

    _, card = read_card(path)
    found = list(blanks(card))
    for place, message in found:
        print(f"finding: {place}: {message}", file=sys.stderr)
    noun = "finding" if len(found) == 1 else "findings"
    print(f"{card.card}: a card of {len(card.steps)} steps and {len(card.teams)} teams; {len(found) or 'no'} {noun}")


def _check_experiment(file: str, plugin: list[Path] | None, as_json: bool) -> None:
    """Check an experiment with the scenario of each variant in each world, and say how many runs it takes."""
    crossed = load_experiment(file, plugin)
    experiment = crossed.experiment
    found = crossed.findings()
    runs = experiment.replications * len(crossed.cells)
    if as_json:
        report = {
            "experiment": experiment.experiment,
            "variants": list(experiment.variants),
            "worlds": list(crossed.worlds),
            "runs": runs,
            "findings": [{"place": f.place, "message": f.message} for f in found],
        }
        print(json.dumps(report, ensure_ascii=False, indent=1))
        return
    say_findings(found)
    worlds = f" in {len(crossed.worlds)} worlds" if experiment.worlds else ""
    variants = f"{len(experiment.variants)} variants{worlds}, {experiment.replications} replications each"
    noun = "finding" if len(found) == 1 else "findings"
    print(f"{experiment.experiment}: it can run; {variants}: {runs} runs; {len(found) or 'no'} {noun}")


@app.command()
def schema(
    tables: Annotated[bool, typer.Option("--tables", help="Print the data dictionary of the results instead.")] = False,
) -> None:
    """Print the JSON Schema of a scenario file, for editors that complete keys."""
    if tables:
        from firstline.dictionary import dictionary

        print(dictionary(), end="")
        return
    from sim.spec.scenario import Scenario

    print(json.dumps(Scenario.model_json_schema(by_alias=True), indent=1))


@app.command()
def run(
    file: ScenarioName,
    seed: Annotated[
        int, typer.Option(min=0, max=(1 << 63) - 1, help="Seed of the experiment: equal seeds, equal luck.")
    ] = 1,
    replications: Annotated[int, typer.Option("--replications", "-r", min=1, max=100_000, help="Number of runs.")] = 10,
    sets: Sets = None,
    out: Out = None,
    workers: Workers = 1,
    cluster: Cluster = None,
    detail: Annotated[Detail, typer.Option(help="Which tables are kept; a report wants them all.")] = Detail.FULL,
    retry: Retry = False,
    plugin: Plugin = None,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Run a scenario many times over and print what happened, with intervals over the runs."""
    from analysis.intervals import estimates
    from analysis.store.rounds import once
    from firstline.making import Where, about, make, say_failed
    from firstline.tables import print_run, run_as_json
    from sim.spec.crossed import Cell
    from sim.spec.experiment import ONLY_WORLD
    from sim.spec.findings import findings

    scenario = load_scenario(file, sets, plugin)
    say_findings(findings(scenario))
    where = Where(out, workers, cluster, retry, detail.value, tuple(plugin or ()))
    manifest = about("run", scenario.name, seed, where, {"scenario": scenario.data()}, file)
    _, folder = make(once([Cell(ONLY_WORLD, ONLY_WORLD, scenario)], replications), (), manifest, where)
    failed = say_failed(folder)
    found = estimates(row for row in folder.outcomes() if row.replication < replications)
    if as_json:
        print(json.dumps(run_as_json(scenario, found, folder.path, seed, replications), ensure_ascii=False, indent=1))
    else:
        print_run(scenario, found, folder.path, replications, lang.value)
    if failed:
        raise typer.Exit(1)


@app.command()
def experiment(
    file: Annotated[str, typer.Argument(metavar="FILE", help="An experiment file, or a shipped experiment by name.")],
    seed: Annotated[
        int | None, typer.Option(min=0, max=(1 << 63) - 1, help="Seed; the file's where not given.")
    ] = None,
    replications: Annotated[
        int | None,
        typer.Option("--replications", "-r", min=2, max=100_000, help="Runs of each variant; the file's by default."),
    ] = None,
    out: Out = None,
    workers: Workers = 1,
    cluster: Cluster = None,
    detail: Annotated[Detail, typer.Option(help="Which tables are kept of each run.")] = Detail.KPI,
    retry: Retry = False,
    plugin: Plugin = None,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Compare plans under the same luck: paired differences, with intervals that hold together."""
    from analysis.experiment import check_seen, conclusion
    from analysis.reopened import subject
    from firstline.experiment_tables import experiment_as_json, page
    from firstline.grids import print_page
    from firstline.making import Where, about, make, say_failed
    from firstline.words import Words

    crossed = load_experiment(file, plugin)
    say_findings(crossed.findings())
    asked = crossed.experiment
    seed = seed if seed is not None else asked.seed
    where = Where(out, workers, cluster, retry, detail.value, tuple(plugin or ()))
    check_seen(crossed, seed)
    manifest = about("experiment", asked.experiment, seed, where, subject(crossed, replications), file)
    found, folder = make(conclusion(crossed, seed, replications), asked.keys, manifest, where)
    failed = say_failed(folder)
    if as_json:
        kept = {"folder": str(folder.path), "digest": folder.digest(), "cpu_seconds": folder.seconds()}
        print(json.dumps(experiment_as_json(found) | kept, ensure_ascii=False, indent=1, allow_nan=False))
    else:
        print_page(page(found, folder.seconds(), lang.value))
        print(f"{Words(lang.value)('run.data')}: {folder.path}")
    if failed:
        raise typer.Exit(1)


app.command()(ablate)
app.command()(optimise)
app.command()(backtest)
app.command()(calibrate)
app.command()(report)
app.command()(sensitivity)
