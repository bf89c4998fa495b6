"""The command ``firstline sensitivity``: which factors matter, with the share of luck."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from firstline.options import AsJson, Cluster, Lang, Language, Out, Plugin, Retry, Workers
from firstline.reading import load_plugins


def sensitivity(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A design file, or a shipped design by name.")],
    out: Out = None,
    workers: Workers = 1,
    cluster: Cluster = None,
    retry: Retry = False,
    plugin: Plugin = None,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Find which factors matter in stated ranges, and how much of what is seen is luck."""
    from analysis.designs import check_size
    from analysis.figures import NoFontError
    from analysis.sensitivity import check_outcomes, check_seen, conclusion
    from analysis.sensitivity_report import write_report
    from firstline.grids import outcome_name, print_page
    from firstline.making import Where, about, make, say_failed
    from firstline.sensitivity_tables import labels, page, sensitivity_as_json, short_name
    from firstline.words import Words
    from sim.design_files import read_design

    load_plugins(plugin)
    study = read_design(file)
    check_size(study)
    check_outcomes(study)
    check_seen(study)
    design, words = study.design, Words(lang.value)
    where = Where(out, workers, cluster, retry, "kpi", tuple(plugin or ()))
    subject = {"sensitivity": design.model_dump(mode="json", by_alias=True), "scenario": study.base.data()}
    manifest = about("sensitivity", design.sensitivity, design.seed, where, subject, file)
    found, folder = make(conclusion(study), design.keys, manifest, where)
    failed = say_failed(folder)
    short = labels(study)
    written = []
    try:
        written = write_report(
            folder.path / "report",
            found,
            words,
            lambda key: outcome_name(key, words),
            lambda name: short_name(name, short),
        )
    except NoFontError as error:
        print(f"no picture: {error}", file=sys.stderr)
    if as_json:
        kept = {"folder": str(folder.path), "digest": folder.digest(), "files": [str(path) for path in written]}
        print(json.dumps(sensitivity_as_json(found) | kept, ensure_ascii=False, indent=1, allow_nan=False))
    else:
        print_page(page(found, lang.value))
        print(f"{words('run.data')}: {folder.path}")
    if failed or any(part.invalid for part in found.parts):
        raise typer.Exit(1)


def check_design(file: str, plugin: list[Path] | None, as_json: bool) -> None:
    """Check a design with its ranges on its base, and say how many runs it takes."""
    from analysis.designs import check_size, size_of, size_then
    from analysis.sensitivity import check_outcomes
    from sim.design_files import read_design

    load_plugins(plugin)
    study = read_design(file)
    check_size(study)
    check_outcomes(study)
    design, points = study.design, size_of(study) + size_then(study)
    runs = points * design.replications
    if as_json:
        report = {
            "sensitivity": design.sensitivity,
            "method": design.method,
            "factors": [one.path for one in study.factors],
            "groups": list(study.groups),
            "points": points,
            "runs": runs,
        }
        print(json.dumps(report, ensure_ascii=False, indent=1))
        return
    groups = f" in {len(study.groups)} groups" if design.groups else ""
    said = f"{design.method}, {len(study.factors)} factors{groups}, {points} points"
    print(f"{design.sensitivity}: it can run; {said}, {design.replications} replications each: at most {runs} runs")
