"""What an ablation prints: the mechanism that does most, then one table an outcome, the largest effects first."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from analysis.ablate import Ablated, Ablation, Taken
from analysis.short_names import mechanism_name
from firstline.cells import Cell, unit_of
from firstline.experiment_tables import finite, verdict
from firstline.grids import Block, Grid, between, change_of, outcome_name
from firstline.words import Words


def page(asked: Taken, found: Ablation, words: Words) -> list[Block]:
    """Return what is said of an ablation: one table an outcome, the largest effects first."""
    title = words("ablation.title", scenario=asked.scenario.title or asked.scenario.name)
    blocks: list[Block] = [title, *headline(asked, found, words)]
    blocks.append(words("ablation.made", count=len(asked.mechanisms), replications=found.replications))
    if found.runs < found.replications:
        blocks.append(words("ablation.compared", runs=found.runs, replications=found.replications))
    head, silent = ("mechanism", "off_effect", "absent_effect", "off_says"), []
    for place, key in enumerate(found.keys):
        by_name = {(one.mechanism, one.against): one for one in found.ablated}
        rows, shown = [], []
        for name in sorted(asked.mechanisms, key=lambda name: -_size(by_name[name, "off"], place)):
            off, absent = by_name[name, "off"], by_name[name, "absent"]
            effects = _effect(off, place, words), _effect(absent, place, words)
            rows.append((mechanism_name(name, words), *effects, verdict(off.effects[place], words)))
            if not all(one.unchanged or one.effects[place].identical for one in (off, absent)):
                shown.append(rows[-1])
        title = outcome_name(key, words)
        if shown:
            blocks.append(Grid(title, tuple(words(f"column.{c}") for c in head), tuple(shown), 1, (3,)))
        if len(shown) < len(rows):
            nothing = words("report.comma").join(row[0] for row in rows if row not in shown)
            said = words("ablation.nothing", names=nothing)
            if shown:
                blocks.append(said)
            else:
                silent.append(title)
    if silent:
        blocks.append(words("ablation.silent", outcomes=words("report.comma").join(silent)))
    for against in ("off", "absent"):
        still = [one.mechanism for one in found.ablated if one.unchanged and one.against == against]
        if still:
            names = words("report.comma").join(mechanism_name(name, words) for name in still)
            blocks.append(words("ablation.unchanged", way=words(f"ablation.way_{against}"), names=names))
    blocks.append(words("ablation.note", confidence=f"{100 * found.confidence:g}"))
    return blocks


def headline(asked: Taken, found: Ablation, words: Words) -> list[str]:
    """Return the sentences that come first: which mechanism does most to the first outcome, and which do nothing.

    Runs that failed show nothing: where fewer than two replications are whole, that is all that is said.
    """
    if found.runs < 2:
        return [words("ablation.no_runs", runs=found.runs, replications=found.replications)]
    off = [one for one in found.ablated if one.against == "off"]
    unknown = [one for one in off if one.effects[0].verdict == "undefined"]
    apart = [one for one in off if one.effects[0].verdict in ("lower", "higher")]
    values = {"outcome": outcome_name(found.keys[0], words), "runs": found.runs}
    said = []
    if apart:
        most = max(apart, key=lambda one: abs(one.effects[0].difference))
        effect = most.effects[0]
        told = {"effect": _effect(most, 0, words), "confidence": f"{100 * found.confidence:g}"}
        told |= {"mechanism": mechanism_name(most.mechanism, words), "verdict": words(f"experiment.{effect.verdict}")}
        said.append(words("ablation.most", **told, **values))
    elif len(unknown) < len(off):
        said.append(words("ablation.none", **values))
    if unknown:
        names = words("report.comma").join(mechanism_name(one.mechanism, words) for one in unknown)
        said.append(words("ablation.undefined", names=names, **values))
    quiet = [one for one in off if not _seen(one, found)]
    named = words("report.comma").join(mechanism_name(one.mechanism, words) for one in quiet)
    seen = len(asked.mechanisms) - len(quiet)
    term = "ablation.none_seen" if not seen else "ablation.seen" if quiet else "ablation.all_seen"
    values |= {"outcomes": len(found.keys), "confidence": f"{100 * found.confidence:g}"}
    return [*said, words(term, seen=seen, count=len(asked.mechanisms), quiet=named, **values)]


def _seen(one: Ablated, found: Ablation) -> bool:
    """Tell whether a mechanism is seen to change anything: by tests of all outcomes and mechanisms together.

    p is adjusted for the mechanisms of one outcome as Holm does, and here for the outcomes as Bonferroni does.
    """
    return any(effect.p_holm * len(one.effects) <= 1 - found.confidence for effect in one.effects)


def _size(one: Ablated, place: int) -> float:
    """Return how large an effect is, to sort by; one that is not defined comes last."""
    difference = abs(one.effects[place].difference)
    return difference if math.isfinite(difference) else -1.0


def _effect(one: Ablated, place: int, words: Words) -> Cell:
    effect = one.effects[place]
    if one.unchanged:
        return Cell("–")
    say = change_of((effect.outcome, effect.by, effect.level), effect.difference or effect.high, words)
    if effect.identical or effect.verdict == "undefined":
        return say(0.0).bounded(0.0, 0.0) if effect.identical else say(math.nan)
    said = f"{say(effect.difference)} ({between(effect.low, effect.high, say, words)})"
    return Cell(said, effect.difference, unit_of(say(0.0)), effect.low, effect.high)


def ablation_as_json(found: Ablation) -> dict[str, Any]:
    """Return an ablation for machines: null where a figure is not defined."""
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
