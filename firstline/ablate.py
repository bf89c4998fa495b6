"""The command ``ablate``: what each mechanism of a scenario does to each main outcome, with intervals."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firstline.options import AsJson, Cluster, Lang, Language, Out, Plugin, Retry, ScenarioName, Sets, Workers
from firstline.reading import load_scenario, say_findings
from firstline.words import Words

if TYPE_CHECKING:
    from analysis.ablate import Ablated, Ablation
    from firstline.grids import Block

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
    from analysis.ablate import ablation, main_outcomes, present
    from analysis.ablation_figures import effects
    from analysis.store.parts import put
    from firstline.grids import print_page
    from firstline.making import Where, about, make, say_failed
    from sim.spec.findings import findings

    scenario = load_scenario(file, sets, plugin)
    names = present(scenario, only or ())
    say_findings(findings(scenario))
    keys = main_outcomes(scenario, seed, outcome or ())
    words = Words(lang.value)
    where = Where(out, workers, cluster, retry, "kpi", tuple(plugin or ()))
    subject = {"scenario": scenario.data(), "mechanisms": names, "replications": replications}
    manifest = about("ablation", f"{scenario.name}-ablation", seed, where, subject, file)
    found, folder = make(ablation(scenario, names, keys, replications), keys, manifest, where)
    failed = say_failed(folder)
    with figures.drawing(lang.value):
        picture = figures.svg(effects(found, words))
    drawn = folder.path / "report" / DRAWN
    put(drawn, picture.encode())
    put(folder.path / "report" / "ablation.json", json.dumps(_plain(found), ensure_ascii=False, indent=1).encode())
    if as_json:
        kept = {"folder": str(folder.path), "digest": folder.digest(), "commit": manifest["commit"]}
        print(json.dumps(_plain(found) | kept, ensure_ascii=False, indent=1))
    else:
        print_page(page(found, scenario.title or scenario.name, words))
        print(f"{words('ablation.picture')}: {drawn}")
        print(f"{words('run.data')}: {folder.path}")
    if failed:
        raise typer.Exit(1)


def page(found: Ablation, title: str, words: Words) -> list[Block]:
    """Return what is said of an ablation: one table an outcome, the largest effects first."""
    from firstline.grids import Grid, outcome_name

    names = list(dict.fromkeys(one.mechanism for one in found.ablated))
    made = words("ablation.made", count=len(names), replications=found.replications)
    blocks: list[Block] = [title, made]
    head = ("mechanism", "off_effect", "absent_effect", "off_says")
    for place, key in enumerate(found.keys):
        by_name = {(one.mechanism, one.against): one for one in found.ablated}
        rows = []
        for name in sorted(names, key=lambda name: -abs(by_name[name, "off"].effects[place].difference)):
            off, absent = by_name[name, "off"], by_name[name, "absent"]
            rows.append((name, _effect(off, place, words), _effect(absent, place, words), _says(off, place, words)))
        shown = [row for row in rows if row[1] != "0" or row[2] != "0"]
        title = outcome_name(key, words)
        if shown:
            blocks.append(Grid(title, tuple(words(f"column.{c}") for c in head), tuple(shown), 1, (3,)))
        if len(shown) < len(rows):
            nothing = ", ".join(row[0] for row in rows if row not in shown)
            said = words("ablation.nothing", names=nothing)
            blocks.append(said if shown else f"{title}: {said}")
    blocks.append(words("ablation.note", confidence=f"{100 * found.confidence:g}"))
    return blocks


def _effect(one: Ablated, place: int, words: Words) -> str:
    from firstline.grids import change_of

    effect = one.effects[place]
    say = change_of((effect.outcome, effect.by, effect.level), effect.difference or effect.high, words)
    if effect.identical or effect.verdict == "undefined":
        return "0" if effect.identical else "–"
    return f"{say(effect.difference)} ({words('experiment.between', low=say(effect.low), high=say(effect.high))})"


def _says(one: Ablated, place: int, words: Words) -> str:
    from firstline.experiment_tables import verdict

    return verdict(one.effects[place], words)


def _plain(found: Ablation) -> dict[str, Any]:
    from firstline.experiment_tables import finite

    return finite(
        {
            "scenario": found.scenario,
            "replications": found.replications,
            "confidence": found.confidence,
            "failed": [list(run) for run in found.failed],
            "effects": [
                {
                    "mechanism": one.mechanism,
                    "against": one.against,
                    "claim": one.claim,
                    "counterfactual": one.counterfactual,
                    "same_as": one.same_as,
                    **asdict(effect),
                    "verdict": effect.verdict,
                }
                for one in found.ablated
                for effect in one.effects
            ],
        }
    )
