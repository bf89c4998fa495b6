"""What an experiment prints: means, paired differences, expectations and what was found; as text, Markdown or JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from analysis.assumptions import Drawn
from analysis.compare import Comparison
from analysis.comparison_figures import p_text
from analysis.experiment import Concluded, Judged, Precision
from analysis.experiment_parts import kept
from analysis.outcomes import describe, is_better
from firstline.cells import Cell
from firstline.choice_tables import choice
from firstline.draw_tables import counted, draws
from firstline.formats import coefficient, took, with_interval
from firstline.grids import Block, Grid, amount_of, between, change_of, outcome_name
from firstline.words import Words
from sim.spec.procedures import Key

JUDGED = {
    "as expected": "as_expected",
    "against expectation": "against_expectation",
    "not separated": "expectation_not_separated",
    "not separated (as expected)": "not_separated_as_expected",
    "the same in every run": "identical",
    "the same in every run (as expected)": "identical_as_expected",
    "undefined": "expectation_undefined",
}


def page(found: Concluded, seconds: float, lang: str) -> list[Block]:
    """Return what is said of an experiment whose runs took so long, as paragraphs and tables."""
    words = Words(lang)
    experiment = found.experiment
    counts = {
        "variants": len(experiment.variants),
        "replications": found.replications,
        "runs": found.runs,
        "seed": found.seed,
        "time": took(seconds, words),
    }
    blocks: list[Block] = [experiment.title or experiment.experiment]
    if found.drawn is not None:
        blocks.append(words("experiment.made_draws", each=found.drawn.each, **counts))
    else:
        made = "choice.made" if found.selected else "experiment.made"
        in_worlds = "_worlds" if len(found.values) > 1 else ""
        blocks.append(words(made + in_worlds, worlds=len(found.values), **counts))
    if found.failed:
        blocks.append(_left_out(found, words))
    blocks.append(_people(found, words))
    if found.precision is not None:
        blocks.append(_precision(found, found.precision, words))
    blocks += draws(found, words)
    for selected in found.selected:
        blocks += choice(selected, words, in_world=bool(experiment.worlds))
    confidence = f"{100 * experiment.confidence:g}"
    last = list(found.values)[-1]
    for world in found.values:
        title = words("table.means")
        title = words("experiment.in_world", table=title, world=world) if experiment.worlds else title
        blocks += [_means(found, world, title, words)]
        blocks += [words("experiment.means_note", confidence=confidence)] if world == last else []
        title = words("table.differences")
        title = words("experiment.in_world", table=title, world=world) if experiment.worlds else title
        blocks += _effects([c for c in found.effects if c.world == world], world, found, words)
        blocks += [_differences([c for c in found.comparisons if c.world == world], title, found, words)]
    sizes = sorted({sum(c.world == world for c in found.comparisons) for world in found.values})
    blocks.append(
        words("experiment.differences_note", confidence=confidence, count="–".join(str(size) for size in sizes))
    )
    return [*blocks, _expected(found.judged, bool(experiment.worlds), words)]


def _left_out(found: Concluded, words: Words) -> str:
    """Say how many runs failed, and how many replications or draws are compared nevertheless."""
    of = found.replications
    left = {world: words("experiment.kept", kept=len(kept(found, world)), all=of) for world in found.values}
    said = ", ".join(f"{world} {each}" for world, each in left.items()) if len(left) > 1 else next(iter(left.values()))
    term = "experiment.left_out" if found.drawn is None else "experiment.left_out_draws"
    return words(term, failed=len(found.failed), kept=said)


def _precision(found: Concluded, known: Precision, words: Words) -> str:
    """Say whether differences are known as well as was wanted, and how well; else what keeps them from being known."""
    term = "precise" if known.reached else "not_precise"
    if math.isnan(known.half_width):
        # A value may be missing where enough runs ended; else too many failed, and the outcome is not to blame.
        missing = any(c.defined < c.runs for c in found.comparisons if (c.outcome, c.by, c.level) == known.key)
        term = "precision_undefined" if missing else "precision_failed"
    return words(f"experiment.{term}", runs=found.replications, **_widths(known, words))


def still_wide(found: Precision, words: Words) -> str:
    """Say in a few words, for a bar, why there are more runs."""
    term = "still_undefined" if math.isnan(found.half_width) else "still_wide"
    return words(f"experiment.{term}", **_widths(found, words))


def _widths(found: Precision, words: Words) -> dict[str, str]:
    """Return the outcome, and half the width of an interval of its differences: what was reached, what was wanted."""
    said = {"reached": found.half_width, "wanted": found.wanted}
    widths = {name: _half_width(found.key, value, words) for name, value in said.items()}
    return {"outcome": outcome_name(found.key, words), **widths}


def _half_width(key: Key, value: float, words: Words) -> str:
    if describe(key[0]).unit == "share":
        return words("experiment.points", value=f"{100 * value:.3g}")
    return amount_of(key, value)(value)


def _people(found: Concluded, words: Words) -> str:
    counts = found.head_counts
    if len(set(counts.values())) == 1:
        return words("experiment.head_counts_equal", count=next(iter(counts.values())))
    return words("experiment.head_counts", counts=", ".join(f"{name} {count}" for name, count in counts.items()))


def _means(found: Concluded, world: str, title: str, words: Words) -> Grid:
    """Return the means of the variants; what there is more of, variants or outcomes, goes down the page."""
    keys, variants = found.experiment.keys, list(found.values[world])
    means = {(v, k): found.estimate(world, v, k) for v in variants for k in keys}
    cell = {(v, k): with_interval(mean, amount_of(k, mean.mean)) for (v, k), mean in means.items()}
    if len(keys) > len(variants):
        rows = tuple((outcome_name(key, words), *(cell[name, key] for name in variants)) for key in keys)
        across = words("column.variant"), words("compare.mean")
        return Grid(title, (words("column.outcome"), *variants), rows, across=across)
    head = (words("column.variant"), *(outcome_name(key, words) for key in keys))
    rows = tuple((name, *(cell[name, key] for key in keys)) for name in variants)
    return Grid(title, head, rows, across=(words("column.outcome"), words("compare.mean")))


def _differences(comparisons: Sequence[Comparison], title: str, found: Concluded, words: Words) -> Grid:
    columns = ("outcome", "variant", "against", "difference", "interval", "p_holm", "pairing", "says")
    rows = []
    for c in comparisons:
        key = (c.outcome, c.by, c.level)
        say = change_of(key, c.difference or c.high, words)
        rows.append(
            (
                outcome_name(key, words),
                c.variant,
                c.reference,
                say(c.difference).bounded(c.low, c.high),
                between(c.low, c.high, say, words),
                Cell(p_text(c.p_holm), c.p_holm),
                _pairing(c, words),
                verdict(c, words, found.drawn),
            )
        )
    return Grid(title, tuple(words(f"column.{column}") for column in columns), tuple(rows), 3, (7,))


def _pairing(c: Comparison, words: Words) -> str:
    """Return what the same luck brought: by how much the variance fell, and the correlation that made it fall."""
    if not math.isfinite(c.variance_reduction):
        return "–"
    times = f"{c.variance_reduction:.1f}" if c.variance_reduction < 100 else f"{c.variance_reduction:,.0f}"
    said = words("experiment.times", value=times)
    if math.isfinite(c.correlation):
        said = words("experiment.times_r", value=times, r=coefficient(c.correlation))
    return Cell(said, c.variance_reduction)


def _effects(effects: Sequence[Comparison], world: str, found: Concluded, words: Words) -> list[Block]:
    """Return the effects of factors and what they do together, a family of their own; nothing where there are none."""
    rows = []
    for c in effects:
        key = (c.outcome, c.by, c.level)
        say = change_of(key, c.difference or c.high, words)
        rows.append(
            (
                outcome_name(key, words),
                c.variant,
                say(c.difference).bounded(c.low, c.high),
                between(c.low, c.high, say, words),
                Cell(p_text(c.p_holm), c.p_holm),
                verdict(c, words, found.drawn),
            )
        )
    if not rows:
        return []
    rows.sort(key=lambda row: row[0])
    columns = ("outcome", "factor", "effect", "interval", "p_holm", "says")
    title = words("table.effects")
    title = words("experiment.in_world", table=title, world=world) if found.experiment.worlds else title
    confidence = f"{100 * found.experiment.confidence:g}"
    note = words("experiment.effects_note", count=len(rows), confidence=confidence)
    return [Grid(title, tuple(words(f"column.{column}") for column in columns), tuple(rows), 2, (5,)), note]


def _expected(judged: Sequence[Judged], with_world: bool, words: Words) -> Block:
    if not judged:
        return words("experiment.none_expected")
    rows = []
    for one in judged:
        term = {"lower": "lower_than", "higher": "higher_than", "same": "same_as"}[one.expected.direction]
        outcome = outcome_name(one.expected.key, words)
        text = words(f"experiment.{term}", outcome=outcome, variant=one.expected.variant, than=one.comparison.reference)
        text = words("experiment.in_world", table=text, world=one.world) if with_world else text
        rows.append((text, one.expected.because, words(f"experiment.{JUDGED[one.found]}")))
    head = tuple(words(f"column.{column}") for column in ("expected", "because", "found"))
    return Grid(words("table.expectations"), head, tuple(rows), 3)


def verdict(c: Comparison, words: Words, drawn: Drawn | None = None) -> str:
    """Say in plain words what the data say of a variant against its reference."""
    if c.verdict == "undefined":
        term = "undefined_none" if not c.runs else "undefined_one" if c.runs == 1 else "undefined"
        return words(f"experiment.{term}", defined=c.defined, runs=counted(drawn, c.runs, words))
    if c.verdict == "not separated":
        return words("experiment.identical") if c.identical else words("experiment.not_separated")
    said = words(f"experiment.{c.verdict}")
    good = is_better(c.outcome, c.mean_variant, c.mean_reference)
    return said if good is None else words("experiment.better" if good else "experiment.worse", verdict=said)


def experiment_as_json(found: Concluded) -> dict[str, Any]:
    """Return an experiment for machines: null where a figure is not defined, or infinite."""
    experiment = found.experiment
    means = []
    for world, variants in found.values.items():
        for variant, values in variants.items():
            for (outcome, by, level), each in values.items():
                described = describe(outcome)
                means.append(
                    {
                        "world": world,
                        "variant": variant,
                        "outcome": outcome,
                        "by": by,
                        "level": level,
                        **asdict(found.estimate(world, variant, (outcome, by, level))),
                        "unit": described.unit,
                        "direction": described.direction,
                        "values": each.tolist(),
                    }
                )
    return finite(
        {
            "experiment": experiment.experiment,
            "base": experiment.base,
            "reference": experiment.against,
            "seed": found.seed,
            "replications": found.replications,
            "confidence": experiment.confidence,
            "runs": found.runs,
            "failed": [list(run) for run in found.failed],
            "compared": {world: kept(found, world) for world in found.values},
            "head_counts": dict(found.head_counts),
            "outcomes": means,
            "precision": None
            if found.precision is None
            else asdict(found.precision) | {"reached": found.precision.reached},
            "splits": [asdict(one) for one in found.splits],
            "choice": [asdict(selected) | {"best": selected.best} for selected in found.selected],
            "effects": [asdict(c) | {"verdict": c.verdict} for c in found.effects],
            "comparisons": [asdict(c) | {"verdict": c.verdict} for c in found.comparisons],
            "expectations": [
                {**one.expected.model_dump(), "than": one.comparison.reference, "world": one.world, "found": one.found}
                for one in found.judged
            ],
        }
    )


def finite(data: Any) -> Any:
    """Return data in which what is not finite is null."""
    if isinstance(data, dict):
        return {key: finite(value) for key, value in data.items()}
    if isinstance(data, list):
        return [finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
