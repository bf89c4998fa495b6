"""One self-contained HTML page about a study: sentences, pictures, tables, assumptions, and the annex.

An experiment, an ablation, an optimisation, a calibration, a sensitivity study: each says in a ``Shown`` what it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from analysis.annex import annex
from analysis.figures import drawing
from analysis.pages import Data, Made, Part, Say, drawn, rendered, write
from analysis.store.folder import Folder
from analysis.store.rounds import Asked as Run
from analysis.study import Asked, Study
from sim.spec.scenario import Scenario


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
    """What the face says of a study: the sentences that come first, and its title, paragraphs and tables."""

    sentences: Sequence[str]
    blocks: Sequence[str | Grid]

    @property
    def title(self) -> str | None:
        """The first block, if it is text."""
        first = next(iter(self.blocks), None)
        return first if isinstance(first, str) else None

    @property
    def made(self) -> list[str | Grid]:
        """The paragraphs between the title and the first table, but for the sentences."""
        return [block for block in self.blocks[1 : self._table()] if block not in self.sentences]

    @property
    def tables(self) -> list[str | Grid]:
        """The tables, and the paragraphs among and after them, but for the sentences."""
        return [block for block in self.blocks[self._table() :] if block not in self.sentences]

    def _table(self) -> int:
        tables = (place for place, block in enumerate(self.blocks) if not isinstance(block, str))
        return next(tables, len(self.blocks))


@dataclass(frozen=True)
class Changes:
    """What is changed of the base, as a table below the assumptions; without ``data`` the note says why not."""

    title: str
    note: str
    data: Data | None = None


@dataclass(frozen=True)
class Shown:
    """What a page has of one kind of study; ``parts`` are drawn when the page is written."""

    name: str
    base: Scenario
    asked: Asked
    replications: int
    parts: Iterable[Part]
    description: str | None = None
    changes: Changes | None = None
    failed: Sequence[Run] = ()
    failed_said: str = "report.failed"
    """The words for what becomes of runs that failed."""


def write_study(folder: Folder, shown: Shown, told: Told, out: Path | None, say: Say) -> Path:
    """Write the page and return its path; raises InputError where it cannot be written or has no font."""
    folder.check_whole()
    manifest = folder.manifest
    with drawing(say.lang):
        pictures = drawn(list(shown.parts))
    evidence = shown.base.evidence
    sourced = sum(entry.source != "assumed" for entry in evidence.values())
    study = Study(
        scenario=shown.base,
        manifest=manifest,
        outcomes=tuple(dict.fromkeys(key[0] for key in shown.asked.keys)),
        runs=folder.replications(),
        replications=shown.replications,
        seconds=folder.seconds(),
        asked=shown.asked,
    )
    page = rendered(
        "study.html",
        Made.folder(folder),
        say,
        title=told.title if told.title is not None else shown.name,
        byline=f"{say('report.title')} · {shown.name} · Firstline {manifest['firstline']} · "
        f"seed {manifest['seed']} · {manifest['created'][:10]}",
        sentences=list(told.sentences),
        made=told.made,
        failed=_failed(shown, say),
        description=shown.description or shown.base.description,
        figures=pictures,
        blocks=told.tables,
        changes=shown.changes,
        evidence=list(evidence.items()),
        evidence_count=say("report.evidence_count", assumed=len(evidence) - sourced, sourced=sourced),
        chapters=annex(study, say),
    )
    return write(page, out if out is not None else folder.path / "report.html")


def _failed(shown: Shown, say: Say) -> str:
    if not shown.failed:
        return ""
    runs = [f"{variant} ({world}) {replication}" for world, variant, replication in shown.failed]
    more = " …" if len(runs) > 5 else ""
    return say(shown.failed_said, count=len(runs), runs=", ".join(runs[:5]) + more)


def failed_runs(folder: Folder) -> list[Run]:
    """Return the runs of a folder that failed."""
    return [(row["world"], row["variant"], row["replication"]) for row in folder.failed()]
