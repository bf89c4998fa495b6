"""The command ``ablate``: what each mechanism of a scenario does to each main outcome, with intervals."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from firstline.options import AsJson, Cluster, Lang, Language, Out, Plugin, Retry, ScenarioName, Sets, Workers
from firstline.reading import load_scenario, say_findings
from firstline.words import Words

DRAWN = "ablation.svg"


def ablate(
    file: ScenarioName,
    seed: Annotated[int, typer.Option(min=0, max=(1 << 63) - 1, help="Seed: equal seeds, equal luck.")] = 1,
    replications: Annotated[
        int, typer.Option("--replications", "-r", min=2, max=100_000, help="Runs with and without each mechanism.")
    ] = 20,
    outcome: Annotated[
        list[str] | None, typer.Option("--outcome", metavar="NAME", help="Tell of this outcome; may be given again.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="MECHANISM", help="Take only this away; may be given again.")
    ] = None,
    sets: Sets = None,
    out: Out = None,
    workers: Workers = 1,
    cluster: Cluster = None,
    retry: Retry = False,
    plugin: Plugin = None,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Take each mechanism of a scenario away in turn: the paired effect on every main outcome, with its interval."""
    from analysis import figures
    from analysis.ablate import Taken, ablation, main_outcomes, present
    from analysis.ablation_figures import effects
    from analysis.store.parts import put
    from firstline.ablation_tables import ablation_as_json, page
    from firstline.grids import print_page
    from firstline.making import Where, about, make, say_failed
    from sim.spec.findings import findings

    scenario = load_scenario(file, sets, plugin)
    names = present(scenario, only or ())
    say_findings(findings(scenario))
    keys = main_outcomes(scenario, seed, outcome or ())
    words = Words(lang.value)
    where = Where(out, workers, cluster, retry, "kpi", tuple(plugin or ()))
    asked = Taken(scenario, tuple(names), keys, replications)
    subject = {"scenario": scenario.data(), "mechanisms": names, "outcomes": keys, "replications": replications}
    manifest = about("ablation", f"{scenario.name}-ablation", seed, where, subject, file)
    found, folder = make(ablation(*asked), keys, manifest, where)
    failed = say_failed(folder)
    with figures.drawing(lang.value):
        picture = figures.svg(effects(found, words))
    drawn = folder.path / "report" / DRAWN
    put(drawn, picture.encode())
    put(
        folder.path / "report" / "ablation.json",
        json.dumps(ablation_as_json(found), ensure_ascii=False, indent=1).encode(),
    )
    if as_json:
        kept = {"folder": str(folder.path), "digest": folder.digest(), "commit": manifest["commit"]}
        print(json.dumps(ablation_as_json(found) | kept, ensure_ascii=False, indent=1))
    else:
        print_page(page(asked, found, words))
        print(f"{words('ablation.picture')}: {drawn}")
        print(f"{words('run.data')}: {folder.path}")
    if failed:
        raise typer.Exit(1)
