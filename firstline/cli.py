"""The command line: results on stdout (``--json`` for machines), progress and findings on stderr.

Each command reads its input, hands it to ``sim`` or ``analysis``, and shows what comes back. Heavy imports stand in
the commands that need them, so that ``firstline list`` answers at once.
"""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from firstline.ablate import ablate
from firstline.backtest import backtest
from firstline.calibrate import calibrate
from firstline.check import check
from firstline.optimise import optimise
from firstline.options import AsJson, Cluster, Detail, Lang, Language, Out, Plugin, Retry, ScenarioName, Sets, Workers
from firstline.reading import load_experiment, load_scenario, say_findings
from firstline.report import report
from firstline.schema import schema
from firstline.sensitivity import sensitivity

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
def list_files(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="KIND", help="Only scenarios, cards, experiments, designs, questions, calibrations or back-tests."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what is shipped: scenarios, and the other kinds of files."""
    from sim.kinds import KINDS, kind_named, title

    wanted = KINDS if kind is None else (kind_named(kind),)
    rows = [
        {"name": name, "title": title(path), "kind": one.word} for one in wanted for name, path in one.shipped().items()
    ]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    of_kind, of_name = (max(len(row[column]) for row in rows) for column in ("kind", "name"))
    for row in rows:
        print(f"{row['kind']:<{of_kind}}  {row['name']:<{of_name}}  {row['title']}")


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
    there = folder.replications()
    if there > replications:
        said = f"the folder holds {there} runs, and this is about the first {replications}"
        print(f"{said}; 'firstline report' is about all", file=sys.stderr)
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
    from firstline.experiment_tables import experiment_as_json, page, still_wide
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
    words = Words(lang.value)
    procedure = conclusion(crossed, seed, replications, lambda known: still_wide(known, words))
    found, folder = make(procedure, asked.keys, manifest, where)
    failed = say_failed(folder)
    if as_json:
        kept = {"folder": str(folder.path), "digest": folder.digest(), "cpu_seconds": folder.seconds()}
        print(json.dumps(experiment_as_json(found) | kept, ensure_ascii=False, indent=1, allow_nan=False))
    else:
        print_page(page(found, folder.seconds(), lang.value))
        print(f"{words('run.data')}: {folder.path}")
    if failed:
        raise typer.Exit(1)


app.command()(check)
app.command()(schema)
app.command()(ablate)
app.command()(optimise)
app.command()(backtest)
app.command()(calibrate)
app.command()(report)
app.command()(sensitivity)
