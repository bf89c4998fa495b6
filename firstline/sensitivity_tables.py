"""What a sensitivity study prints: the plain sentence first, then effects, how much is luck, what was left out."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from analysis.designs import Point
from analysis.indices import Elementary, Index, Noise, Sobol
from analysis.outcomes import describe
from analysis.sensitivity import MUCH_NOISE, Concluded, Effect, Found, Part
from analysis.sensitivity_report import effect_rows
from analysis.short_names import labels, short_name
from firstline.cells import Cell
from firstline.experiment_tables import finite
from firstline.formats import coefficient, percent, say_duration
from firstline.grids import Block, Grid, Say, amount_of, change_of, outcome_name
from firstline.words import Words
from sim.spec.factors import Quantity, Study
from sim.spec.procedures import Key

MOST_ROWS = 20
"""Points that are printed; all of them are in a file."""
UNITS = {"morris": "trajectories", "sobol_indices": "blocks"}


def page(study: Study, found: Concluded, words: Words) -> list[Block]:
    """Return what is said of a study, as paragraphs and tables."""
    design, short = study.design, labels(study)
    blocks: list[Block] = [*_sentences(study, found, words), design.title or design.sensitivity]
    if design.question:
        blocks.append(words("sensitivity.question", question=design.question))
    blocks += [_made(study, found, words), _factors(study, words)]
    for part in found.parts:
        for one in part.found:
            blocks += [_effects(one, part, short, words)] if one.effects else []
            blocks += _remarks(one, part, words)
        if part.points.method not in UNITS:
            blocks.append(_points(part, short, words))
    blocks += list(_invalid(found, words))
    blocks.append(words("sensitivity.intervals_note", confidence=f"{100 * design.confidence:g}"))
    return blocks


def headline(study: Study, found: Concluded, words: Words) -> list[str]:
    """Return the sentences that come first: what matters most for each outcome, and by how many runs that is known."""
    return [*_sentences(study, found, words), _made(study, found, words)]


def _sentences(study: Study, found: Concluded, words: Words) -> list[str]:
    return [sentence(one, labels(study), words) for one in found.parts[-1].found]


def _made(study: Study, found: Concluded, words: Words) -> str:
    design, points = study.design, sum(len(part.points.points) for part in found.parts)
    counts = {"factors": len(study.factors), "groups": len(study.groups), "points": points, "runs": found.runs}
    return words("sensitivity.made", **counts, replications=design.replications, seed=design.seed)


# -- sentences --------------------------------------------------------------------------------------------------------


def sentence(one: Found, short: dict[str, str], words: Words) -> str:
    """Say in one sentence what matters most for an outcome."""
    outcome = outcome_name(one.key, words)
    if not one.effects:
        return words("sensitivity.nothing", outcome=outcome)
    telling = [effect for effect in one.effects if effect.tells]
    if not telling:
        return words("sensitivity.none", outcome=outcome)
    first, *others = telling
    said = words("sensitivity.most", name=short_name(first.name, short), outcome=outcome, what=_what(first, one, words))
    if others:
        several = words("report.comma").join(
            words("sensitivity.other", name=short_name(effect.name, short), what=_amount(effect, one.key, words))
            for effect in others[:4]
        )
        said += words("sensitivity.then", others=several)
    quiet = [short_name(effect.name, short) for effect in one.effects if not effect.tells]
    return said + (words("sensitivity.quiet", names=words("report.comma").join(quiet)) if quiet else "")


def _what(effect: Effect, one: Found, words: Words) -> str:
    kind = {Elementary: "morris", Sobol: "sobol", Index: "regression"}[type(effect.found)]
    amount = _amount(effect, one.key, words)
    if math.isfinite(effect.leading.low):
        amount = Cell(f"{amount} ({_between(effect.leading, _say(effect, one.key, words), words)})")
    return words(f"sensitivity.what_{kind}", amount=amount)


def _say(effect: Effect, key: Key, words: Words) -> Say:
    """Return how the leading index of an effect is written."""
    if isinstance(effect.found, Elementary):
        return lambda value: _size(key, value, words)
    return percent if isinstance(effect.found, Sobol) else coefficient


def _amount(effect: Effect, key: Key, words: Words) -> str:
    return _say(effect, key, words)(effect.leading.value)


def _size(key: Key, value: float, words: Words) -> Cell:
    said = change_of(key, value, words)(value)
    return Cell(said.lstrip("+−"), said.value, said.unit)


def _remarks(one: Found, part: Part, words: Words) -> Iterator[str]:
    """Yield what is to be said of luck and of what was left out."""
    design = part.points.study.design
    if one.whole:
        yield noise_sentence(one.noise, design.replications, words)
    if math.isfinite(one.r_squared):
        yield words("sensitivity.r_squared", share=percent(one.r_squared))
    if any(isinstance(effect.found, Sobol) and not math.isfinite(effect.leading.value) for effect in one.effects):
        yield words("sensitivity.no_variance")
    if one.whole < one.units:
        units = words(f"sensitivity.{UNITS.get(part.points.method, 'points')}")
        yield words("sensitivity.left_out", left=one.units - one.whole, all=one.units, units=units)


def noise_sentence(luck: Noise, replications: int, words: Words) -> str:
    """Say how much of the variance is luck, and what to do where it is much."""
    if replications < 2:
        return words("sensitivity.one_run")
    if not math.isfinite(luck.share):
        return words("sensitivity.constant")
    shares = {"share": percent(luck.share), "common": percent(luck.common), "means": percent(luck.of_means)}
    said = words("sensitivity.noise", **shares, replications=replications)
    if luck.of_means <= MUCH_NOISE:
        return said
    wanted = luck.wanted(replications, MUCH_NOISE)
    return said + (words("sensitivity.much", wanted=wanted) if wanted is not None else words("sensitivity.all_noise"))


def _invalid(found: Concluded, words: Words) -> Iterator[str]:
    for part in found.parts:
        if part.invalid:
            why = next(point.problem for point in part.points.points if point.problem)
            yield words("sensitivity.invalid", count=part.invalid, all=len(part.points.points), why=why)


# -- tables -----------------------------------------------------------------------------------------------------------


def _factors(study: Study, words: Words) -> Grid:
    group_of = {path: name for name, members in study.groups.items() for path in members if name != path}
    rows = [(one.path, *_range(one, words), group_of.get(one.path, "–")) for one in study.factors]
    head = tuple(words(f"column.{name}") for name in ("factor", "range", "kind", "factor_group"))
    return Grid(words("table.factors"), head, tuple(rows), 4)


def _range(one: Quantity, words: Words) -> tuple[str, str]:
    kind = words(f"sensitivity.kind_{one.kind}") + (words("sensitivity.log") if one.log else "")
    if one.kind == "choice":
        return words("report.comma").join(one.say(choice) for choice in one.levels(0)), kind
    return words("experiment.between", low=_end(one, one.low), high=_end(one, one.high)), kind


def _end(one: Quantity, value: float) -> Cell:
    return say_duration(value) if one.kind == "duration" else Cell(f"{value:g}", value)


def _effects(one: Found, part: Part, short: dict[str, str], words: Words) -> Grid:
    title = words(f"table.{part.points.method}", outcome=outcome_name(one.key, words))
    heads = {
        "morris": ("factor", "mu_star", "interval", "by_luck", "mu", "sigma", "says"),
        "sobol_indices": ("factor", "first_order", "interval", "total_order", "interval", "says"),
    }
    head = heads.get(part.points.method, ("factor", "srrc", "interval", "says"))
    rows = tuple(
        (short_name(effect.name, short), *_cells(effect, one.key, words), _says(effect, words))
        for effect in one.effects
    )
    return Grid(title, tuple(words(f"column.{name}") for name in head), rows, 1, (len(head) - 1,))


def _cells(effect: Effect, key: Key, words: Words) -> tuple[str, ...]:
    found = effect.found
    if isinstance(found, Elementary):

        def size(value: float) -> Cell:
            return _size(key, value, words)

        star, mu = found.mu_star, found.mu.value
        by_luck, spread = size(found.floor), size(found.sigma.value)
        direct = change_of(key, mu, words)(mu)
        return _bounded(star, size), _between(star, size, words), by_luck, direct, spread
    if isinstance(found, Sobol):
        parts = (
            (_bounded(part, coefficient), _between(part, coefficient, words)) for part in (found.first, found.total)
        )
        return tuple(cell for pair in parts for cell in pair)
    return _bounded(found, coefficient), _between(found, coefficient, words)


def _bounded(index: Index, say: Say) -> Cell:
    return say(index.value).bounded(index.low, index.high)


def _between(index: Index, say: Say, words: Words) -> Cell:
    """Write the interval of an index, with its unit once."""
    if not math.isfinite(index.low):
        return Cell("–")
    low, high = say(index.low), say(index.high)
    unit = re.sub(r"^[+−]?[\d.,]+", "", high)
    said = words("experiment.between", low=low.removesuffix(unit) if unit else low, high=high)
    return Cell(said, unit=high.unit, low=index.low, high=index.high)


def _says(effect: Effect, words: Words) -> str:
    return words("sensitivity.stands_out" if effect.tells else "sensitivity.luck")


def _points(part: Part, short: dict[str, str], words: Words) -> Grid:
    """Return the first points of a design with the means of the outcomes there."""
    factors, points = part.points.study.factors, part.points.points
    head = ("№", *(short[one.path] for one in factors), *(outcome_name(key, words) for key in part.values))
    rows = tuple(_row(point, number, part) for number, point in enumerate(points[:MOST_ROWS]))
    title = words("table.points")
    if len(points) > MOST_ROWS:
        title = words("table.first_points", some=MOST_ROWS, all=len(points))
    return Grid(title, head, rows)


def _row(point: Point, number: int, part: Part) -> tuple[str, ...]:
    means = {key: float(values[number].mean()) for key, values in part.values.items()}
    values = [_value(one, point.values[one.path]) for one in part.points.study.factors]
    return (
        Cell(str(point.number), point.number),
        *values,
        *(amount_of(key, mean)(mean) for key, mean in means.items()),
    )


def _value(one: Quantity, value: Any) -> Cell:
    return _end(one, one.rank(value)) if one.kind != "choice" else Cell(one.say(value))


# -- for machines -----------------------------------------------------------------------------------------------------


def sensitivity_as_json(found: Concluded) -> dict[str, Any]:
    """Return a study for machines: null where a figure is not defined."""
    study, design = found.study, found.study.design
    rounds = []
    for part in found.parts:
        outcomes = []
        for one in part.found:
            outcome, by, level = one.key
            luck = {"share": one.noise.share, "common": one.noise.common, "of_means": one.noise.of_means}
            effects = [row[2:] for row in effect_rows(one, part.points.method)]
            names = ("name", "measure", "value", "low", "high", "stands_out")
            outcomes.append(
                {
                    "outcome": outcome,
                    "by": by,
                    "level": level,
                    "unit": describe(outcome).unit,
                    "drawn": one.units,
                    "used": one.whole,
                    "r_squared": one.r_squared,
                    "noise": luck,
                    "effects": [dict(zip(names, row, strict=True)) for row in effects],
                }
            )
        told = [
            {"number": p.number, "values": dict(p.values), "cell": p.cell, "problem": p.problem}
            for p in part.points.points
        ]
        rounds.append({"method": part.points.method, "points": told, "invalid": part.invalid, "outcomes": outcomes})
    return finite(
        {
            "sensitivity": design.sensitivity,
            "base": design.base,
            "seed": design.seed,
            "replications": design.replications,
            "confidence": design.confidence,
            "runs": found.runs,
            "failed": [list(run) for run in found.failed],
            "factors": [
                {"path": one.path, "kind": one.kind, "low": one.low, "high": one.high, "log": one.log}
                if one.kind != "choice"
                else {"path": one.path, "kind": one.kind, "of": json.loads(json.dumps(one.levels(0)))}
                for one in study.factors
            ],
            "groups": {name: list(members) for name, members in study.groups.items()},
            "rounds": rounds,
        }
    )
