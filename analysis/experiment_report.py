"""One self-contained HTML page about an experiment: sentences, pictures, tables, assumptions, and the annex."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from analysis.annex import annex
from analysis.experiment import Concluded
from analysis.experiment_parts import parts
from analysis.figures import drawing
from analysis.pages import Data, Say, drawn, rendered, write
from analysis.store.folder import Folder
from analysis.study import Study, stated
from sim.spec.base import thaw
from sim.spec.crossed import Crossed


class Grid(Protocol):
    """A table as the screen has it."""

    @property
    def title(self) -> str:
        """What it is about."""

    @property
    def head(self) -> tuple[str, ...]:
        """The names of its columns."""

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """Its cells as text."""

    def is_text(self, column: int) -> bool:
        """Tell whether a column holds words."""


@dataclass(frozen=True)
class Told:
    """What the face says of an experiment: the sentences that come first, and the paragraphs and tables."""

    sentences: Sequence[str]
    blocks: Sequence[str | Grid]


def write_experiment(
    folder: Folder, crossed: Crossed, found: Concluded, told: Told, out: Path | None, say: Say
) -> Path:
    """Write the page and return its path; raises InputError where it cannot be written or has no font."""
    folder.check_whole()
    experiment, manifest = found.experiment, folder.manifest
    changed = changes(crossed, say)
    with drawing(say.lang):
        pictures = drawn(list(parts(folder, crossed, found, say)))
    evidence = crossed.base.evidence
    sourced = sum(entry.source != "assumed" for entry in evidence.values())
    study = Study(
        scenario=crossed.base,
        manifest=manifest,
        outcomes=tuple(dict.fromkeys(key[0] for key in experiment.keys)),
        runs=folder.replications(),
        replications=found.replications,
        fixed=manifest["subject"].get("replications") is not None,
        seconds=folder.seconds(),
        experiment=experiment,
        worlds=len(found.values),
        changes=changed,
    )
    title = told.blocks[0] if told.blocks and isinstance(told.blocks[0], str) else experiment.experiment
    first = next((place for place, block in enumerate(told.blocks) if not isinstance(block, str)), len(told.blocks))
    page = rendered(
        "experiment.html",
        folder,
        say,
        title=title,
        byline=f"{say('report.title')} · {experiment.experiment} · Firstline {manifest['firstline']} · "
        f"seed {manifest['seed']} · {manifest['created'][:10]}",
        sentences=list(told.sentences),
        made=[block for block in told.blocks[1:first] if block not in told.sentences],
        failed=_failed(found, say),
        description=experiment.description or crossed.base.description,
        figures=pictures,
        blocks=[block for block in told.blocks[first:] if block not in told.sentences],
        changes=changed,
        evidence=list(evidence.items()),
        evidence_count=say("report.evidence_count", assumed=len(evidence) - sourced, sourced=sourced),
        chapters=annex(study, say),
    )
    return write(page, out if out is not None else folder.path / "report.html")


def _failed(found: Concluded, say: Say) -> str:
    if not found.failed:
        return ""
    runs = [f"{variant} ({world}) {replication}" for world, variant, replication in found.failed]
    more = " …" if len(runs) > 5 else ""
    return say("compare.failed", count=len(runs), runs=", ".join(runs[:5]) + more)


# -- what the variants change -----------------------------------------------------------------------------------------


def changes(crossed: Crossed, say: Say) -> Data:
    """Return what each variant and world changes of the base: its name, the path, the value, the source of the base."""
    experiment = crossed.experiment
    patches: list[tuple[str, Any]] = [
        (name, {"response": thaw(one.response)}) for name, one in experiment.variants.items()
    ]
    patches += [(name, {"world": thaw(one.world)}) for name, one in experiment.worlds.items()]
    evidence, base = crossed.base.evidence, crossed.base.data()
    rows = []
    for name, patch in patches:
        for path, value in flat(patch, base):
            known = [at for at in evidence if at == path or at.startswith(path + ".") or path.startswith(at + ".")]
            source = ", ".join(dict.fromkeys(evidence[at].source for at in known)) or say("report.not_listed")
            rows.append((name, path, say("report.removed") if value is None else stated(value), source))
    head = (say("report.variant_or_world"), say("report.path"), say("report.set_to"), say("report.from_base"))
    return Data(head, tuple(rows))


def flat(patch: Mapping[str, Any], base: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted paths of a patch, with what is set there; what is removed is None, what is new stays whole."""
    for key, value in patch.items():
        path = f"{before}.{key}" if before else str(key)
        there = base.get(key) if isinstance(base, Mapping) else None
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            yield from flat(value, there, path)
        elif not isinstance(value, Mapping) or value:
            yield path, value
