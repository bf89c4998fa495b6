"""The command ``optimise``: which numbers are enough, and which are least, judged by runs no search has seen."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firstline.options import AsJson, Cluster, Lang, Language, Out, Plugin, Retry, Workers
from firstline.reading import load_plugins
from firstline.words import Words

if TYPE_CHECKING:
    from analysis.optimise import Finalist, Optimised
    from firstline.grids import Block, Grid
    from sim.spec.optimise import Question


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
    from sim.optimise_files import read_question

    load_plugins(plugin)
    question = read_question(file)
    wanted, words = question.asked, Words(lang.value)
    asked.check(wanted.named(), question.source)
    asked.check_seen(wanted.named(), [question.base], question.source, wanted.seed)
    where = Where(out, workers, cluster, retry, "kpi", tuple(plugin or ()))
    subject = {"optimise": wanted.model_dump(mode="json", by_alias=True), "scenario": question.base.data()}
    manifest = about("optimise", wanted.optimise, wanted.seed, where, subject, file)
    found, folder = make(search.optimise(question), wanted.keys, manifest, where)
    failed = say_failed(folder)
    put(folder.path / "report" / "optimise.json", json.dumps(_plain(found), ensure_ascii=False, indent=1).encode())
    drawn = None
    if found.curve:
        drawn = folder.path / "report" / "curves.svg"
        with figures.drawing(lang.value):
            put(drawn, figures.svg(curves(found, words)).encode())
    if as_json:
        kept = {"folder": str(folder.path), "digest": folder.digest()}
        print(json.dumps(_plain(found) | kept, ensure_ascii=False, indent=1))
    else:
        print_page(page(question, found, words))
        if drawn is not None:
            print(f"{words('ablation.picture')}: {drawn}")
        print(f"{words('run.data')}: {folder.path}")
    if failed:
        raise typer.Exit(1)


def page(question: Question, found: Optimised, words: Words) -> list[Block]:
    """Return what is said of an optimisation: the answer first."""
    from firstline.grids import Grid

    asked = question.asked
    blocks: list[Block] = [asked.title or asked.optimise, _answer(question, found, words)]
    tried = words("optimise.every_point" if found.every_point else "optimise.searched", count=len(found.trials))
    blocks.append(tried + (words("optimise.invalid", count=found.invalid) if found.invalid else ""))
    short = _short([one.path for one in question.decisions])
    if found.finalists:
        blocks.append(_finalists(found, short, words))
    for path, name in short.items():
        points = [point for point in found.curve if point.path == path]
        if len(points) > 1:
            head = tuple(words(f"column.{column}") for column in ("value", "reached_in", "interval"))
            rows = tuple(
                (
                    f"{point.value}{' *' if point.chosen else ''}",
                    f"{100 * point.share:.0f} %",
                    words("experiment.between", low=f"{100 * point.low:.0f} %", high=f"{100 * point.high:.0f} %"),
                )
                for point in points
            )
            blocks.append(Grid(words("optimise.curve", decision=name), head, rows))
    blocks.append(words("optimise.note", fresh=found.fresh, confidence=f"{100 * found.confidence:g}"))
    return blocks


def _answer(question: Question, found: Optimised, words: Words) -> str:
    """Say in plain words what is enough."""
    if found.chosen is None:
        return words("optimise.none", count=len(found.finalists), fresh=found.fresh)
    values = _values(found.chosen, _short([one.path for one in question.decisions]))
    return words("optimise.chosen", values=values, cost=f"{abs(found.chosen.cost):,.6g}")


def _values(one: Finalist, short: dict[str, str]) -> str:
    return ", ".join(f"{name} {one.values[path]}" for path, name in short.items())


def _finalists(found: Optimised, short: dict[str, str], words: Words) -> Grid:
    from firstline.choice_tables import standing
    from firstline.grids import Grid

    head = [*short.values(), words("column.cost")]
    rows = []
    for one in found.finalists:
        spread = f" ± {one.spread:,.3g}" if one.spread > 0 else ""
        told = [standing(each, words) for each in one.feasible]
        row = [*(str(one.values[path]) for path in short), f"{abs(one.cost):,.6g}{spread}"]
        row += [f"{value} ({between}): {says}" for _, value, between, says in told]
        rows.append(tuple(row))
    must = [standing(each, words)[0] for each in found.finalists[0].feasible]
    texts = tuple(range(len(head), len(head) + len(must)))
    return Grid(words("table.finalists"), (*head, *must), tuple(rows), 0, texts)


def _short(paths: list[str]) -> dict[str, str]:
    """Return the shortest ends of paths that tell them apart and begin with a name."""
    names = {}
    for path in paths:
        steps = path.split(".")
        length = next(
            k
            for k in range(2, len(steps) + 2)
            if k > len(steps) or sum(other.split(".")[-k:] == steps[-k:] for other in paths) == 1
        )
        names[path] = ".".join(steps[-length:])
    return names


def _plain(found: Optimised) -> dict[str, Any]:
    from firstline.experiment_tables import finite

    plain: dict[str, Any] = finite(json.loads(json.dumps(asdict(found), default=dict)))
    return plain
