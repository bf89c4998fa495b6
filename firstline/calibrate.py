"""The command ``calibrate``: parameters fitted to what was observed, and the honest error on what was held out."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firstline.options import AsJson, Cluster, Lang, Language, Out, Plugin, Retry, Workers
from firstline.reading import load_plugins
from firstline.words import Words

if TYPE_CHECKING:
    from analysis.calibrate import Calibrated
    from analysis.calibrate_errors import Warn
    from analysis.plausible import Fitted
    from firstline.grids import Block, Grid
    from sim.spec.calibrate import Task
    from sim.spec.factors import Quantity


def calibrate(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A calibration file, or a shipped one by name.")],
    out: Out = None,
    workers: Workers = 1,
    cluster: Cluster = None,
    retry: Retry = False,
    plugin: Plugin = None,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Fit parameters to observed outcomes or to a log of requests, with the error on a part that is held out."""
    from analysis import asked
    from analysis import calibrate as search
    from analysis.observed import figures
    from analysis.store.parts import put
    from firstline.grids import print_page
    from firstline.making import Where, about, make, say_failed
    from sim.calibrate_files import read_calibration
    from sim.spec.procedures import Outcome

    load_plugins(plugin)
    task = read_calibration(file)
    wanted = task.asked
    known = figures(task)
    named = [
        (("observed", index), Outcome(outcome=one.key[0], by=one.key[1], level=one.key[2]))
        for index, one in enumerate(known)
    ]
    asked.check_seen(named, [task.base], task.source, wanted.seed)
    where = Where(out, workers, cluster, retry, "kpi", tuple(plugin or ()))
    subject = {
        "calibrate": wanted.model_dump(mode="json", by_alias=True),
        "figures": _finite([asdict(one) for one in known]),  # another log is another calibration
        "scenario": task.base.data(),
    }
    manifest = about("calibrate", wanted.calibrate, wanted.seed, where, subject, file)
    keys = tuple(dict.fromkeys(one.key for one in known))
    found, folder = make(search.calibrate(task, known), keys, manifest, where)
    failed = say_failed(folder)
    plain = _plain(found)
    put(folder.path / "report" / "calibrate.json", json.dumps(plain, ensure_ascii=False, indent=1).encode())
    if as_json:
        kept = {"folder": str(folder.path), "digest": folder.digest()}
        print(json.dumps(plain | kept, ensure_ascii=False, indent=1))
    else:
        words = Words(lang.value)
        print_page(page(task, found, words))
        print(f"{words('run.data')}: {folder.path}")
    if failed:
        raise typer.Exit(1)


def page(task: Task, found: Calibrated, words: Words) -> list[Block]:
    """Return what is said of a calibration: the fitted values first, then what should give pause."""
    quantities = {one.path: one for one in task.parameters}
    values = ", ".join(
        words("calibrate.one", name=_short(one.path), value=_say(quantities[one.path], one.value), range=range_)
        for one in found.fitted
        for range_ in [_range(quantities[one.path], one, words)]
    )
    tried = words("optimise.every_point" if found.every_point else "optimise.searched", count=len(found.trials))
    blocks: list[Block] = [task.asked.title or task.asked.calibrate, words("calibrate.fitted", values=values)]
    blocks.append(tried + (words("optimise.invalid", count=found.invalid) if found.invalid else ""))
    blocks += [_warning(one, words) for one in found.warnings]
    blocks += [_parameters(found, quantities, words), _rows(found, words), _errors(found, words)]
    confidence = f"{100 * found.confidence:g}"
    return [
        *blocks,
        words("calibrate.note", replications=found.replications, fresh=found.fresh, confidence=confidence),
    ]


def _parameters(found: Calibrated, quantities: dict[str, Quantity], words: Words) -> Grid:
    from firstline.grids import Grid

    head = tuple(words(f"column.{name}") for name in ("parameter", "before", "fitted", "range"))
    body = tuple(
        (one.path, _say(of, one.before), _say(of, one.value), _range(of, one, words))
        for one in found.fitted
        for of in [quantities[one.path]]
    )
    return Grid(words("calibrate.table_parameters"), head, body)


def _rows(found: Calibrated, words: Words) -> Grid:
    from firstline.grids import Grid, amount_of, outcome_name

    columns = ("outcome", "part", "observed", "scale", "before", "fitted", "foretold", "found")
    body = []
    for row in found.rows:
        say = amount_of(row.key, row.observed)
        between = words("experiment.between", low=say(row.low), high=say(row.high)) if math.isfinite(row.low) else "–"
        says = "inside" if row.inside else "outside" if math.isfinite(row.low) else "undefined_value"
        part = words(f"calibrate.part_{'held_out' if row.held_out else 'fitted'}")
        figures = (say(row.observed), say(row.scale), _or_dash(say, row.before), _or_dash(say, row.simulated))
        body.append((outcome_name(row.key, words), part, *figures, between, words(f"calibrate.{says}")))
    head = tuple(words(f"column.{name}") for name in columns)
    return Grid(words("calibrate.table_rows"), head, tuple(body), 2, (len(columns) - 1,))


def _errors(found: Calibrated, words: Words) -> Grid:
    from firstline.grids import Grid

    head = tuple(words(f"column.{name}") for name in ("part", "figures", "fitted", "before", "naive"))
    body = tuple(
        (
            words(f"calibrate.part_{'held_out' if one.held_out else 'fitted'}"),
            str(one.figures),
            *(_or_dash("{:.2f}".format, value) for value in (one.fitted, one.before, one.naive)),
        )
        for one in found.errors
    )
    return Grid(words("calibrate.table_errors"), head, body)


def _or_dash(say: Any, value: float) -> str:
    return say(value) if math.isfinite(value) else "–"


def _warning(one: Warn, words: Words) -> str:
    from firstline.grids import outcome_name

    term = "calibrate.whole_warning" if one.kind == "whole" else f"calibrate.{one.kind}"
    return words(
        term,
        name=one.path,
        outcome=outcome_name(one.key, words) if one.key is not None else "",
        first=f"{one.first:.3g}",
        second=f"{one.second:.3g}",
    )


def _say(of: Quantity, value: Any) -> str:
    """Write a value of a parameter; a dash where the base has none."""
    from sim.units import say_duration

    if value is None:
        return "–"
    if of.kind == "duration":
        return say_duration(of.rank(value))
    return f"{value:.4g}" if isinstance(value, float) else of.say(value)


def _range(of: Quantity, one: Fitted, words: Words) -> str:
    if one.whole:
        return words("calibrate.whole")
    if of.kind == "choice":
        return ", ".join(of.say(choice) for choice in one.choices)
    return words("experiment.between", low=_say(of, one.low), high=_say(of, one.high))


def _short(path: str) -> str:
    return ".".join(path.split(".")[-2:])


def _finite(data: Any) -> Any:
    from firstline.experiment_tables import finite

    return finite(json.loads(json.dumps(data, default=dict)))


def _plain(found: Calibrated) -> dict[str, Any]:
    plain: dict[str, Any] = _finite(asdict(found))
    for row, one in zip(plain["rows"], found.rows, strict=True):
        row["inside"] = one.inside
    return plain
