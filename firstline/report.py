"""The command ``report``: a page, or tables in another form, about what is in a folder. Nothing is run."""

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
    from firstline.words import Words


class Format(StrEnum):
    """The forms of a report."""

    HTML = "html"
    MARKDOWN = "markdown"
    CSV = "csv"
    LATEX = "latex"


ENDINGS = {Format.HTML: "html", Format.MARKDOWN: "md", Format.CSV: "csv", Format.LATEX: "tex"}


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that a command of Firstline has made.")],
    form: Annotated[
        Format, typer.Option("--format", help="A page with pictures, or tables alone (not of a run).")
    ] = Format.HTML,
    plugin: Plugin = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The file; report.html in the folder where not given.")
    ] = None,
    lang: Lang = Language.EN,
) -> None:
    """Write one self-contained HTML page about a folder: the plain sentence first, then pictures; or its tables."""
    from analysis.store.folder import Folder
    from analysis.store.manifest import kind_of
    from firstline.words import Words

    load_plugins(plugin)
    if kind_of(folder) == "backtest":
        said = "a back-test writes its page and its tables as it ends: report.html, backtest.md and CSV files in it"
        raise InputError(str(folder), [Problem("", said)])
    opened, words = Folder.open(folder), Words(lang.value)
    if opened.manifest["kind"] == "run":
        print(_run(opened, form, out, words))
    else:
        print(_study(opened, form, out, words))


def _run(folder: Folder, form: Format, out: Path | None, words: Words) -> Path:
    from analysis.report import write_report
    from firstline.tables import sentence

    if form is not Format.HTML:
        said = "tables are of studies, such as an experiment; of a run, 'firstline run --json' prints every outcome"
        raise InputError("--format", [Problem("", said)])
    return write_report(folder, out, words, lambda scenario, found, runs: sentence(scenario, found, runs, words))


def _study(folder: Folder, form: Format, out: Path | None, words: Words) -> Path:
    from analysis.pages import write
    from firstline.grids import comma_separated, latex, markdown
    from firstline.told import blocks_of, write_page

    if form is Format.HTML:
        return write_page(folder, out, words)
    put_as = {Format.MARKDOWN: markdown, Format.CSV: comma_separated, Format.LATEX: latex}
    text = put_as[form](blocks_of(folder, words))
    return write(text, out if out is not None else folder.path / f"report.{ENDINGS[form]}")
