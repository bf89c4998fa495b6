"""The command ``calibrate``: parameters fitted to what was observed, and the honest error on what was held out."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from firstline.options import AsJson, Cluster, Lang, Language, Out, Plugin, Retry, Workers
from firstline.reading import load_plugins
from firstline.words import Words


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
    from firstline.calibrate_tables import calibrated_as_json, page
    from firstline.experiment_tables import finite
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
        "calibrate": wanted.model_dump(mode="json", by_alias=True, exclude_unset=True),
        "figures": finite([asdict(one) for one in known]),  # another log is another calibration
        "scenario": task.base.data(),
    }
    manifest = about("calibrate", wanted.calibrate, wanted.seed, where, subject, file)
    keys = tuple(dict.fromkeys(one.key for one in known))
    found, folder = make(search.calibrate(task, known), keys, manifest, where)
    failed = say_failed(folder)
    plain = calibrated_as_json(found)
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
