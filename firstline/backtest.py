"""The command ``backtest``: learn a response from some events of a real log, predict the others, beside one crew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firstline.options import AsJson, Lang, Language, Workers

if TYPE_CHECKING:
    from analysis.backtest.judge import Judged
    from firstline.words import Words


def backtest(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A back-test file, or a shipped back-test by name.")],
    log: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="The log of requests, in place of the one that FILE names.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A folder for tables, scenarios and a picture.")
    ] = None,
    workers: Workers = 1,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Predict real events from others of the same log, beside one crew with one capacity; print which is nearer."""
    from analysis.backtest.judge import backtest as carried_out
    from analysis.store import manifest
    from analysis.store.carry_out import Progress
    from firstline.backtest_tables import backtest_as_json, page
    from firstline.grids import print_page
    from firstline.making import Where, about
    from firstline.progress import Bar
    from firstline.words import Words
    from sim.backtest_files import read_backtest

    asked, path = read_backtest(file, log)
    made: dict[str, Any] = {}
    if out is not None:  # refused now rather than after the work
        subject = {"backtest": asked.model_dump(mode="json", by_alias=True, exclude_unset=True), "log": _log(path)}
        out.mkdir(parents=True, exist_ok=True)
        made = manifest.agreed(out, about("backtest", asked.backtest, asked.seed, Where(), subject, file))
    words = Words(lang.value)
    with Bar(words("backtest.trials")) as bar:
        found = carried_out(asked, path, file, lambda done, of: bar(Progress(done, 0, of, "")), workers)
    if as_json:
        print(json.dumps(backtest_as_json(found), ensure_ascii=False, indent=1, allow_nan=False))
    else:
        print_page(page(found, words))
    if out is not None:
        _write(found, out, made, words)


def _log(path: Path) -> dict[str, Any]:
    """Return what a manifest says of a log: its name and its hash, not where it lies nor what is in it."""
    import hashlib

    try:
        return {"name": path.name, "blake2b": hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()}
    except OSError:
        return {"name": path.name}  # what is wrong with it is said by who reads it


def _write(found: Judged, folder: Path, made: dict[str, Any], words: Words) -> None:
    """Write what was found: tables, the page, the scenario of each event, the picture; the manifest last."""
    from analysis.backtest.crews import scenario
    from analysis.backtest.page import page as whole_page
    from analysis.backtest.pictures import backlog
    from analysis.figures import drawing, svg
    from analysis.pages import Data
    from analysis.store import manifest
    from analysis.store.parts import put
    from analysis.study_page import Told
    from firstline.backtest_tables import backlog_rows, backtest_as_json, figure_rows, headline, page
    from firstline.grids import markdown, sheet
    from sim.files import dump

    blocks, days = page(found, words), backlog_rows(found)
    files = {
        "backtest.json": json.dumps(backtest_as_json(found), ensure_ascii=False, indent=1, allow_nan=False),
        "backtest.md": markdown(blocks),
        "report.html": whole_page(found, Told(headline(found, words), blocks), made, Data(*days), words),
    }
    for name, (head, rows) in {"figures": figure_rows(found), "backlog": days}.items():
        files[f"{name}.csv"] = sheet(head, rows)
    for one in (*found.learnt, *found.predicted):
        whole = scenario(found.asked, Path(found.log.path), one.event, found.fitted.crews, found.fitted.books.at_once)
        files[f"{one.event.name}.yaml"] = dump(whole)
    with drawing(words.lang):
        files["backlog.svg"] = svg(backlog(found, words))
    for name, text in files.items():
        put(folder / name, text.encode())
    manifest.write(folder, made)
