"""The command line: results on stdout (``--json`` for machines), progress and findings on stderr.

Each command reads its input, hands it to ``sim`` or ``analysis``, and shows what comes back. Heavy imports stand in
the commands that need them, so that ``firstline list`` answers at once.
"""

from __future__ import annotations

import json
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.errors import FirstlineError, InputError, Problem

if TYPE_CHECKING:
    from sim.spec.crossed import Crossed

app = typer.Typer(
    name="firstline",
    help="Simulate how a community responds to a crisis. The plan is executable.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Language(StrEnum):
    """The languages of the screen."""

    EN = "en"
    ZH = "zh"


ScenarioName = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A scenario file, or a shipped scenario by name.")
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a value by its dotted path; may be given again."),
]
Lang = Annotated[Language, typer.Option("--lang", help="Language of the output.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Plugin = Annotated[
    list[Path] | None, typer.Option("--plugin", metavar="FILE.py", help="Python file that registers rules or outcomes.")
]


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
    """List the shipped scenarios and experiments."""
    from sim.files import load, read_yaml, shipped, shipped_experiments

    rows = [{"name": name, "title": load(path).title or "", "kind": "scenario"} for name, path in shipped().items()] + [
        {"name": name, "title": read_yaml(path)[0].get("title") or "", "kind": "experiment"}
        for name, path in shipped_experiments().items()
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
    """Check a scenario, a card or an experiment: errors stop with exit code 2; findings are printed and do not."""
    from sim.files import is_experiment
    from sim.spec.findings import findings

    if file.endswith(".card.yaml"):
        _check_card(Path(file))
        return
    if is_experiment(file):
        if sets or evidence:
            said = "an experiment takes neither --set nor --evidence; they are for a scenario"
            raise InputError(file, [Problem("", said)])
        _check_experiment(file, plugin, as_json)
        return
    scenario = _load(file, sets, plugin)
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
    _say_findings(found)
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
    crossed = _load_experiment(file, plugin)
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
    _say_findings(found)
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
    out: Annotated[Path | None, typer.Option(help="A new folder for the results.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=512, help="Processes that work side by side.")] = 1,
    plugin: Plugin = None,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Run a scenario many times over and print what happened, with intervals over the runs."""
    from analysis.intervals import estimates
    from analysis.store import RunFolder, free_folder, measure_of
    from firstline.progress import progress
    from firstline.tables import print_run, run_as_json
    from sim.runs import run_many
    from sim.spec.findings import findings

    scenario = _load(file, sets, plugin)
    _say_findings(findings(scenario))
    path = out if out is not None else free_folder(Path("runs"), f"{scenario.name}-seed{seed}")
    options = {"seed": seed, "replications": replications, "set": sets or [], "command": ["firstline", *sys.argv[1:]]}
    folder = RunFolder.create(path, scenario, file, options)
    runs = run_many(
        scenario,
        replications,
        measure_of(scenario),
        seed=seed,
        workers=workers,
        out=folder.tables,
        plugins=tuple(plugin or ()),
    )
    try:
        rows = [row for rows_of_run in progress(runs, replications, "runs") for row in rows_of_run]
    except FirstlineError:
        folder.discard()
        raise
    folder.finish(rows)
    found = estimates(rows)
    if as_json:
        print(json.dumps(run_as_json(scenario, found, folder.path, seed, replications), ensure_ascii=False, indent=1))
    else:
        print_run(scenario, found, folder.path, replications, lang.value)


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
    out: Annotated[Path | None, typer.Option(metavar="FILE.md", help="Write the tables as Markdown, too.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=512, help="Processes that work side by side.")] = 1,
    plugin: Plugin = None,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Compare plans under the same luck: paired differences, with intervals that hold together."""
    from analysis.experiment import conclude, run_cells
    from firstline.experiment_tables import experiment_as_json, markdown, page, print_page
    from firstline.progress import progress

    begun = time.monotonic()
    crossed = _load_experiment(file, plugin)
    if out is not None and (out.is_dir() or not out.resolve().parent.is_dir()):
        raise InputError(str(out), [Problem("--out", "a file in a folder that exists is wanted, such as results.md")])
    _say_findings(crossed.findings())
    seed = seed if seed is not None else crossed.experiment.seed
    replications = replications if replications is not None else crossed.experiment.replications
    runs = run_cells(crossed, replications, seed, workers=workers, plugins=tuple(plugin or ()))
    ran = list(progress(runs, replications * len(crossed.cells), "runs"))
    found = conclude(crossed, ran, replications, seed, time.monotonic() - begun)
    blocks = page(found, lang.value)
    if out is not None:
        out.write_text(markdown(blocks), encoding="utf-8")
    if as_json:
        print(json.dumps(experiment_as_json(found), ensure_ascii=False, indent=1, allow_nan=False))
    else:
        print_page(blocks)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that 'firstline run' has made.")],
    plugin: Plugin = None,
    out: Annotated[Path | None, typer.Option(help="The HTML file; report.html in the folder where not given.")] = None,
    lang: Lang = Language.EN,
) -> None:
    """Write one self-contained HTML page about a run: the plain sentence first, then pictures."""
    from analysis.report import write_report
    from analysis.store import RunFolder
    from firstline.tables import sentence
    from firstline.words import Words

    _load_plugins(plugin)
    words = Words(lang.value)
    path = write_report(
        RunFolder.open(folder), out, words, lambda scenario, found, runs: sentence(scenario, found, runs, words)
    )
    print(path)


def _load(file: str, sets: list[str] | None, plugins: list[Path] | None) -> Any:
    from sim.files import check_files, load

    _load_plugins(plugins)
    scenario = load(file)
    if sets:
        scenario = scenario.with_values(_values(sets), source=f"{file} with --set")
        check_files(scenario, file)
    return scenario


def _load_experiment(file: str, plugins: list[Path] | None) -> Crossed:
    from analysis.experiment import check_outcomes
    from sim.files import read_experiment

    _load_plugins(plugins)
    crossed = read_experiment(file)
    check_outcomes(crossed)
    return crossed


def _load_plugins(plugins: list[Path] | None) -> None:
    from sim.registry import load_entry_points, load_plugin

    load_entry_points()
    for path in plugins or ():
        load_plugin(path)


def _values(sets: list[str]) -> dict[str, Any]:
    """Read KEY=VALUE pairs; a value may be any YAML, such as 8, "4 h" or {dist: fixed, value: 4 h}."""
    from sim.files import parse_yaml

    values: dict[str, Any] = {}
    for item in sets:
        key, equals, text = item.partition("=")
        if not equals or not key.strip():
            raise InputError("--set", [Problem("", f"KEY=VALUE is wanted; found {item!r}")])
        value = values[key.strip()] = parse_yaml(text, f"--set {key}")[0]
        if value == {}:
            message = "an empty map changes nothing, for maps merge; KEY=null takes the key away"
            raise InputError("--set", [Problem(key.strip(), message)])
    return values


def _say_findings(found: list[Any]) -> None:
    for finding in found:
        print(f"finding: {finding.place}: {finding.message}", file=sys.stderr)
