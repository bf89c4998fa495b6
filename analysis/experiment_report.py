"""What the page of an experiment has: the pictures, what the variants change, and what was asked, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from analysis.comparison_figures import shares
from analysis.experiment import Concluded
from analysis.experiment_parts import parts
from analysis.pages import Data, Part, Say
from analysis.store.folder import Folder
from analysis.study import Asked, stated
from analysis.study_page import Changes, Shown, Told, write_study
from sim.spec.base import thaw
from sim.spec.crossed import Crossed
from sim.spec.experiment import say as key_text
from sim.spec.scenario import Scenario


def write_experiment(
    folder: Folder, crossed: Crossed, found: Concluded, told: Told, out: Path | None, say: Say
) -> Path:
    """Write the page and return its path; raises InputError where it cannot be written or has no font."""
    experiment = found.experiment
    changed = changes(crossed, say)
    fixed = folder.manifest["subject"]["replications"] is not None
    shown = Shown(
        name=experiment.experiment,
        base=crossed.base,
        asked=Asked(
            experiment.keys, _aims(found, say), _scenarios(found, changed, say), _estimation(found, say, fixed=fixed)
        ),
        replications=found.replications,
        parts=_parts(folder, crossed, found, say),
        description=experiment.description,
        changes=Changes(say("compare.changes"), say("compare.changes_note"), changed)
        if changed.rows
        else Changes(say("compare.changes"), say("compare.no_changes")),
        failed=found.failed,
        failed_said="compare.failed",
    )
    return write_study(folder, shown, told, out, say)


def _parts(folder: Folder, crossed: Crossed, found: Concluded, say: Say) -> Iterator[Part]:
    """Yield the pictures; how the variance splits follows the differences that it is of."""
    pictures = parts(folder, crossed, found, say)
    if found.drawn is not None:
        yield next(pictures)
        yield _splits(found, say)
    yield from pictures


def _splits(found: Concluded, say: Say) -> Part:
    head = (
        "outcome",
        "by",
        "level",
        "variant",
        "reference",
        "assumed",
        "luck",
        "noise",
        "better in",
        "low",
        "high",
        "draws",
    )
    rows = tuple(
        (
            *s.pair.key,
            s.pair.variant,
            s.pair.reference,
            s.of_assumptions,
            1 - s.of_assumptions,
            s.noise,
            s.better,
            s.low,
            s.high,
            s.draws,
        )
        for s in found.splits
    )
    figure = shares(found.splits, found.experiment.against, say)
    if figure is None:
        term = "compare.no_splits" if any(s.draws for s in found.splits) else "draws.none_left"
        return Part(say("compare.splits"), say(term))
    return Part(say("compare.splits"), say("compare.splits_note"), figure, Data(head, rows), "splits")


# -- what was asked, in sentences -------------------------------------------------------------------------------------


def _aims(found: Concluded, say: Say) -> tuple[str, ...]:
    experiment = found.experiment
    said = [say("annex.aims_said", variants=", ".join(experiment.variants), reference=experiment.against)]
    if experiment.description:
        said.append(experiment.description)
    term = "annex.expected_before" if experiment.expects else "annex.nothing_expected"
    return (*said, say(term, count=len(experiment.expects)))


def _scenarios(found: Concluded, changed: Data, say: Say) -> tuple[str, ...]:
    return (
        say("annex.variants_said" if changed.rows else "annex.variants_same", count=len(found.experiment.variants)),
    )


def _estimation(found: Concluded, say: Say, *, fixed: bool) -> tuple[str, ...]:
    experiment = found.experiment
    confidence = f"{100 * experiment.confidence:g}"
    assumptions = experiment.assumptions if not fixed else None
    term = "annex.estimation_said" if assumptions is None else "annex.estimation_draws"
    said = [say(term, replications=found.replications, worlds=len(found.values), confidence=confidence)]
    if found.effects:
        count = sum(c.world == found.effects[0].world for c in found.effects)
        said.append(say("experiment.effects_note", count=count, confidence=confidence))
    said.append(say("annex.crn"))
    if assumptions is not None:
        said.append(say("annex.drawn", draws=assumptions.draws, each=assumptions.replications))
    elif fixed:
        said.append(say("annex.fixed_by_command"))
    elif experiment.stop is not None:
        stop = experiment.stop
        said.append(
            say(
                "annex.stopped",
                outcome=key_text(stop.key),
                wanted=stop.half_width,
                least=stop.at_least,
                most=stop.at_most,
            )
        )
    elif experiment.select is not None:
        select = experiment.select
        said.append(say("annex.selected", outcome=key_text(select.key), indifference=select.indifference))
    else:
        said.append(say("annex.fixed"))
    return tuple(said)


# -- what is changed --------------------------------------------------------------------------------------------------


def changes(crossed: Crossed, say: Say) -> Data:
    """Return what each variant and world changes of the base: its name, the path, the value, the source of the base."""
    experiment = crossed.experiment
    patches: list[tuple[str, Any]] = [
        (name, {"response": thaw(one.response)}) for name, one in experiment.variants.items()
    ]
    patches += [(name, {"world": thaw(one.world)}) for name, one in experiment.worlds.items()]
    return patched(say("report.variant_or_world"), patches, crossed.base, say)


def patched(head: str, patches: Iterable[tuple[str, Mapping[str, Any]]], base: Scenario, say: Say) -> Data:
    """Return what named patches change of a base: the name, the path, the value, the source of the base's figure."""
    evidence, data = base.evidence, base.data()
    rows = []
    for name, patch in patches:
        for path, value in flat(patch, data):
            known = [at for at in evidence if at == path or at.startswith(path + ".") or path.startswith(at + ".")]
            source = ", ".join(dict.fromkeys(evidence[at].source for at in known)) or say("report.not_listed")
            rows.append((name, path, say("report.removed") if value is None else stated(value), source))
    return Data((head, say("report.path"), say("report.set_to"), say("report.from_base")), tuple(rows))


def flat(patch: Mapping[str, Any], base: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted paths of a patch, with what is set there; what is removed is None, what is new stays whole."""
    for key, value in patch.items():
        path = f"{before}.{key}" if before else str(key)
        there = base.get(key) if isinstance(base, Mapping) else None
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            yield from flat(value, there, path)
        elif not isinstance(value, Mapping) or value:
            yield path, value
