"""What the page of a sensitivity study has, and its files: the pictures, and the data behind them as CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from analysis import pages
from analysis.comparison_figures import outcome_name
from analysis.figures import svg
from analysis.indices import Elementary, Index, Sobol
from analysis.pages import Data, Say
from analysis.sensitivity import Concluded, Found, Part
from analysis.sensitivity_figures import bars
from analysis.short_names import labels
from analysis.store.folder import Folder
from analysis.study import Asked
from analysis.study_page import Shown, Told, write_study
from sim.spec.experiment import say as say_key
from sim.spec.factors import Study

EFFECT_COLUMNS = ("method", "outcome", "name", "measure", "value", "low", "high", "stands_out")
EffectRow = tuple[str, str, str, str, float, float, float, bool]


def effect_rows(one: Found, method: str) -> Iterator[EffectRow]:
    """Yield each index of an outcome: method, outcome, name, measure, value, low, high, whether it stands out."""
    for effect in one.effects:
        found = effect.found
        if isinstance(found, Elementary):
            nothing = float("nan")
            indices = {"mu_star": found.mu_star, "mu": found.mu, "sigma": found.sigma, "above_luck": found.excess}
            indices["by_luck"] = Index(found.floor, nothing, nothing)
        elif isinstance(found, Sobol):
            indices = {"first_order": found.first, "total_order": found.total}
        else:
            indices = {"srrc": found}
        for measure, index in indices.items():
            yield (method, say_key(one.key), effect.name, measure, *index, effect.tells)


def write_sensitivity(folder: Folder, asked: Study, found: Concluded, told: Told, out: Path | None, say: Say) -> Path:
    """Write the page and return its path; raises InputError where it cannot be written or has no font."""
    design = asked.design
    points = sum(len(part.points.points) for part in found.parts)
    method = say("report.comma").join(say(f"sensitivity.method_{part.points.method}") for part in found.parts)
    factors = say("report.comma").join(labels(asked)[name] for name in asked.groups)
    outcomes = say("report.comma").join(outcome_name(key, say) for key in design.keys)
    aims = [say("annex.aims_sensitivity", factors=factors, outcomes=outcomes)]
    aims += [say("sensitivity.question", question=design.question)] if design.question else []
    counts = {"replications": design.replications, "confidence": f"{100 * design.confidence:g}"}
    shown = Shown(
        name=design.sensitivity,
        base=asked.base,
        asked=Asked(
            design.keys,
            tuple(aims),
            (say("annex.scenarios_sensitivity", points=points, method=method),),
            (say("annex.estimation_sensitivity", **counts), say("annex.crn_values")),
        ),
        replications=design.replications,
        parts=_parts(found, say),
        description=design.description,
        failed=found.failed,
    )
    return write_study(folder, shown, told, out, say)


def _parts(found: Concluded, say: Say) -> Iterator[pages.Part]:
    for number, part in enumerate(found.parts, start=1):
        method = part.points.method
        title = say("sensitivity.effects", method=say(f"sensitivity.method_{method}"))
        figure = bars(part, say)
        if figure is None:
            yield pages.Part(title, say("sensitivity.no_effects"))
            continue
        rows = tuple(row for one in part.found for row in effect_rows(one, method))
        data = Data(EFFECT_COLUMNS, tuple((*row[:-1], "yes" if row[-1] else "no") for row in rows))
        kind = method if method in ("morris", "sobol_indices") else "regression"
        confidence = f"{100 * found.study.design.confidence:g}"
        yield pages.Part(
            title, say(f"sensitivity.note_{kind}", confidence=confidence), figure, data, f"effects-{number}"
        )


def write_report(folder: Path, found: Concluded, words: Say) -> list[Path]:
    """Write the CSV files and the pictures below a folder and return their paths; NoFontError where a font lacks."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [row for part in found.parts for one in part.found for row in effect_rows(one, part.points.method)]
    written = [_csv(folder / "effects.csv", EFFECT_COLUMNS, rows)]
    for number, part in enumerate(found.parts, start=1):
        name = f"{number}-{part.points.method}"
        written.append(_csv(folder / f"points-{name}.csv", _point_columns(part), _point_rows(part)))
    for number, part in enumerate(found.parts, start=1):
        figure = bars(part, words)
        if figure is None:
            continue
        path = folder / f"effects-{number}-{part.points.method}"
        path.with_suffix(".svg").write_text(svg(figure), encoding="utf-8")
        figure.savefig(path.with_suffix(".png"), dpi=150, metadata={"Software": None})
        written += [path.with_suffix(".svg"), path.with_suffix(".png")]
    return written


def _point_columns(part: Part) -> list[str]:
    factors = [one.path for one in part.points.study.factors]
    return ["number", "cell", "problem", "runs", *factors, *(say_key(key) for key in part.values)]


def _point_rows(part: Part) -> Iterator[list[object]]:
    """Yield each point with the means of its outcomes: empty where a run failed or has no value, never imputed."""
    runs = part.points.study.design.replications
    for place, point in enumerate(part.points.points):
        values = [point.values[one.path] for one in part.points.study.factors]
        texts = [one if isinstance(one, (str, int, float)) else json.dumps(one, ensure_ascii=False) for one in values]
        means = [float(each[place].mean()) for each in part.values.values()]
        yield [point.number, point.cell, point.problem, 0 if point.problem else runs, *texts, *means]


def _csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows([["" if cell != cell else cell for cell in row] for row in rows])
    return path
