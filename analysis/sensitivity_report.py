"""The files of a sensitivity study: its pictures, and the data behind them as CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from analysis.figures import Say, svg
from analysis.indices import Elementary, Index, Sobol
from analysis.sensitivity import Concluded, Found, Part
from analysis.sensitivity_figures import bars
from sim.spec.experiment import say as say_key
from sim.spec.procedures import Key

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


def write_report(folder: Path, found: Concluded, words: Say, name_of: Callable[[Key], str], short: Say) -> list[Path]:
    """Write the CSV files and the pictures below a folder and return their paths; NoFontError where one lacks a font.

    ``name_of`` says an outcome, ``short`` a factor.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = [row for part in found.parts for one in part.found for row in effect_rows(one, part.points.method)]
    written = [_csv(folder / "effects.csv", EFFECT_COLUMNS, rows)]
    for number, part in enumerate(found.parts, start=1):
        name = f"{number}-{part.points.method}"
        written.append(_csv(folder / f"points-{name}.csv", _point_columns(part), _point_rows(part)))
    for number, part in enumerate(found.parts, start=1):
        figure = bars(part, words, name_of, short)
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
