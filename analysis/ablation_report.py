"""What the page of an ablation has: the effects, what is taken away and how, and what was asked, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from analysis.ablate import Ablation, Taken
from analysis.ablation_figures import effects
from analysis.experiment_report import patched
from analysis.outcomes import describe
from analysis.pages import Data, Part, Say
from analysis.short_names import mechanism_name
from analysis.store.folder import Folder
from analysis.study import Asked
from analysis.study_page import Changes, Shown, Told, write_study
from sim.spec.mechanisms import MECHANISMS


def write_ablation(folder: Folder, asked: Taken, found: Ablation, told: Told, out: Path | None, say: Say) -> Path:
    """Write the page and return its path; raises InputError where it cannot be written or has no font."""
    base = asked.scenario
    names = say("report.comma").join(mechanism_name(name, say) for name in asked.mechanisms)
    confidence = f"{100 * found.confidence:g}"
    estimation = say("annex.estimation_ablation", replications=found.replications, confidence=confidence)
    shown = Shown(
        name=f"{say('ablation.ablation')} · {base.name}",
        base=base,
        asked=Asked(
            found.keys,
            (say("annex.aims_ablation", mechanisms=names),),
            (say("annex.scenarios_ablation"),),
            (estimation, say("annex.crn"), say("annex.fixed")),
        ),
        replications=found.replications,
        parts=_parts(found, say),
        changes=Changes(say("ablation.changes"), say("ablation.changes_note"), _changed(asked, say)),
        failed=found.failed,
        failed_said="compare.failed",
    )
    return write_study(folder, shown, told, out, say)


def _parts(found: Ablation, say: Say) -> Iterator[Part]:
    note = say("ablation.effects_note", confidence=f"{100 * found.confidence:g}")
    yield Part(say("ablation.effects"), note, effects(found, say), _data(found), "effects")


def _data(found: Ablation) -> Data:
    head = (
        "mechanism",
        "against",
        "same as",
        "outcome",
        "by",
        "level",
        "unit",
        "difference",
        "low",
        "high",
        "p (Holm)",
    )
    rows = []
    for one in found.ablated:
        for e in one.effects:
            of = (one.mechanism, one.against, one.same_as or "", e.outcome, e.by, e.level, describe(e.outcome).unit)
            rows.append((*of, e.difference, e.low, e.high, e.p_holm, e.runs, e.verdict))
    return Data((*head, "runs", "verdict"), tuple(rows))


def _changed(asked: Taken, say: Say) -> Data:
    patches = [
        (f"{mechanism_name(name, say)} ({say(f'ablation.way_{way}')})", patch)
        for name in asked.mechanisms
        for way, patch in (
            ("off", MECHANISMS[name].off(asked.scenario)),
            ("absent", MECHANISMS[name].without(asked.scenario)),
        )
    ]
    return patched(say("column.mechanism"), patches, asked.scenario, say)
