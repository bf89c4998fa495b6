"""The command ``firstline sensitivity``: which factors matter, with the share of luck."""

from __future__ import annotations

import json
import sys
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
    from firstline.grids import print_page
    from firstline.making import Where, about, make, say_failed
    from firstline.sensitivity_tables import page, sensitivity_as_json
    from firstline.words import Words
    from sim.design_files import read_design

    load_plugins(plugin)
    study = read_design(file)
    check_size(study)
    check_outcomes(study)
    check_seen(study)
    design, words = study.design, Words(lang.value)
    where = Where(out, workers, cluster, retry, "kpi", tuple(plugin or ()))
    subject = {
        "sensitivity": design.model_dump(mode="json", by_alias=True, exclude_unset=True),
        "scenario": study.base.data(),
    }
    manifest = about("sensitivity", design.sensitivity, design.seed, where, subject, file)
    found, folder = make(conclusion(study), design.keys, manifest, where)
    failed = say_failed(folder)
    written = []
    try:
        written = write_report(folder.path / "report", found, words)
    except NoFontError as error:
        print(f"no picture: {error}", file=sys.stderr)
    if as_json:
        kept = {"folder": str(folder.path), "digest": folder.digest(), "files": [str(path) for path in written]}
        print(json.dumps(sensitivity_as_json(found) | kept, ensure_ascii=False, indent=1, allow_nan=False))
    else:
        print_page(page(study, found, words))
        print(f"{words('run.data')}: {folder.path}")
    if failed or found.left_out:
        raise typer.Exit(1)
