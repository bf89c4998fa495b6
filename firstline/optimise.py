"""The command ``optimise``: which numbers are enough, and which are least, judged by runs no search has seen."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from firstline.options import AsJson, Cluster, Lang, Language, Out, Plugin, Retry, Workers
from firstline.reading import load_plugins
from firstline.words import Words


def optimise(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file that asks a question, or a shipped one by name.")],
    out: Out = None,
    workers: Workers = 1,
    cluster: Cluster = None,
    retry: Retry = False,
    plugin: Plugin = None,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Find the least of what may be decided with which all is reached that must be, and the curve around it."""
    from analysis import asked, figures
    from analysis import optimise as search
    from analysis.optimise_figures import curves
    from analysis.store.parts import put
    from firstline.grids import print_page
    from firstline.making import Where, about, make, say_failed
    from firstline.optimise_tables import optimised_as_json, page
    from sim.optimise_files import read_question

    load_plugins(plugin)
    question = read_question(file)
    wanted, words = question.asked, Words(lang.value)
    asked.check(wanted.named(), question.source)
    asked.check_seen(wanted.named(), [question.base], question.source, wanted.seed)
    where = Where(out, workers, cluster, retry, "kpi", tuple(plugin or ()))
    subject = {
        "optimise": wanted.model_dump(mode="json", by_alias=True, exclude_unset=True),
        "scenario": question.base.data(),
    }
    manifest = about("optimise", wanted.optimise, wanted.seed, where, subject, file)
    found, folder = make(search.optimise(question), wanted.keys, manifest, where)
    failed = say_failed(folder)
    put(
        folder.path / "report" / "optimise.json",
        json.dumps(optimised_as_json(found), ensure_ascii=False, indent=1).encode(),
    )
    drawn = None
    if found.curve:
        drawn = folder.path / "report" / "curves.svg"
        with figures.drawing(lang.value):
            put(drawn, figures.svg(curves(found, words)).encode())
    if as_json:
        kept = {"folder": str(folder.path), "digest": folder.digest()}
        print(json.dumps(optimised_as_json(found) | kept, ensure_ascii=False, indent=1))
    else:
        print_page(page(question, found, words))
        if drawn is not None:
            print(f"{words('ablation.picture')}: {drawn}")
        print(f"{words('run.data')}: {folder.path}")
    if failed:
        raise typer.Exit(1)
