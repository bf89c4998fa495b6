"""The command ``report``: a page, or tables in another form, about the runs in a folder."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firstline.options import Lang, Language, Plugin
from firstline.reading import load_plugins
from sim.errors import InputError, Problem

if TYPE_CHECKING:
    from analysis.store.folder import Folder


class Format(StrEnum):
    """The forms of a report."""

    HTML = "html"
    MARKDOWN = "markdown"
    CSV = "csv"
    LATEX = "latex"


ENDINGS = {Format.HTML: "html", Format.MARKDOWN: "md", Format.CSV: "csv", Format.LATEX: "tex"}


def report(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder that 'firstline run' or 'firstline experiment' has made.")
    ],
    form: Annotated[
        Format, typer.Option("--format", help="A page with pictures, or tables alone (of an experiment).")
    ] = Format.HTML,
    plugin: Plugin = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The file; report.html in the folder where not given.")
    ] = None,
    lang: Lang = Language.EN,
) -> None:
    """Write one self-contained HTML page about runs: the plain sentence first, then pictures; or their tables."""
    from analysis.store.folder import Folder

    load_plugins(plugin)
    opened = Folder.open(folder)
    if opened.manifest["kind"] == "experiment":
        print(_experiment(opened, form, out, lang.value))
    elif form is Format.HTML:
        print(_run(opened, out, lang.value))
    else:
        said = "tables are of an experiment; of a run, 'firstline run --json' prints every outcome"
        raise InputError("--format", [Problem("", said)])


def _run(folder: Folder, out: Path | None, lang: str) -> Path:
    from analysis.report import write_report
    from firstline.tables import sentence
    from firstline.words import Words

    words = Words(lang)
    return write_report(folder, out, words, lambda scenario, found, runs: sentence(scenario, found, runs, words))


def _experiment(folder: Folder, form: Format, out: Path | None, lang: str) -> Path:
    from analysis.reopened import reopened
    from analysis.store.parts import put
    from firstline.experiment_tables import page
    from firstline.grids import comma_separated, latex, markdown

    crossed, found = reopened(folder)
    blocks = page(found, folder.seconds(), lang)
    if form is Format.HTML:
        from analysis.experiment_report import Told, write_experiment
        from firstline.headline import headline
        from firstline.words import Words

        words = Words(lang)
        return write_experiment(folder, crossed, found, Told(headline(found, words), blocks), out, words)
    write = {Format.MARKDOWN: markdown, Format.CSV: comma_separated, Format.LATEX: latex}
    path = out if out is not None else folder.path / f"report.{ENDINGS[form]}"
    put(path, write[form](blocks).encode())
    return path
