"""What an experiment prints: means, paired differences, expectations and what was found; as text, Markdown or JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.compare import Comparison
from analysis.experiment import Concluded, Judged
from analysis.outcomes import describe
from firstline.formats import percent, with_interval
from firstline.tables import PAGE_WIDTH
from firstline.words import Words
from sim.spec.procedures import Key
from sim.units import say_duration

Say = Callable[[float], str]


@dataclass(frozen=True)
class Grid:
    """A table of a page: its first ``texts`` columns and those named in ``also`` hold words, the others figures."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int = 1
    also: tuple[int, ...] = ()

    def is_text(self, column: int) -> bool:
        """Tell whether a column holds words."""
        return column < self.texts or column in self.also


Block = str | Grid
JUDGED = {
    "as expected": "as_expected",
    "against expectation": "against_expectation",
    "not separated": "expectation_not_separated",
    "not separated (as expected)": "not_separated_as_expected",
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
        "time": say_duration(seconds / 3600),
    }
    several = len(found.values) > 1
    blocks: list[Block] = [experiment.title or experiment.experiment]
    blocks.append(
        words("experiment.made_worlds", worlds=len(found.values), **counts)
        if several
        else words("experiment.made", **counts)
    )
    blocks.append(_people(found, words))
    for world in found.values:
        title = words("table.means")
        title = words("experiment.in_world", table=title, world=world) if experiment.worlds else title
        blocks += [_means(found, world, title, words)]
        title = words("table.differences")
        title = words("experiment.in_world", table=title, world=world) if experiment.worlds else title
        blocks += [_differences([c for c in found.comparisons if c.world == world], title, words)]
    blocks.append(_expected(found.judged, bool(experiment.worlds), words))
    confidence = f"{100 * experiment.confidence:g}"
    blocks.append(words("experiment.means_note", confidence=confidence))
    sizes = sorted({sum(c.world == world for c in found.comparisons) for world in found.values})
    blocks.append(
        words("experiment.differences_note", confidence=confidence, count="–".join(str(size) for size in sizes))
    )
    return blocks


def _people(found: Concluded, words: Words) -> str:
    counts = found.head_counts
    if len(set(counts.values())) == 1:
        return words("experiment.head_counts_equal", count=next(iter(counts.values())))
    return words("experiment.head_counts", counts=", ".join(f"{name} {count}" for name, count in counts.items()))


def _means(found: Concluded, world: str, title: str, words: Words) -> Grid:
    """Return the means of the variants; what there is more of, variants or outcomes, goes down the page."""
    keys, variants = found.experiment.keys, list(found.values[world])
    means = {(v, k): found.estimate(world, v, k) for v in variants for k in keys}
    cell = {(v, k): with_interval(mean, _value(k, mean.mean)) for (v, k), mean in means.items()}
    if len(keys) > len(variants):
        rows = tuple((outcome_name(key, words), *(cell[name, key] for name in variants)) for key in keys)
        return Grid(title, (words("column.outcome"), *variants), rows)
    head = (words("column.variant"), *(outcome_name(key, words) for key in keys))
    return Grid(title, head, tuple((name, *(cell[name, key] for key in keys)) for name in variants))


def _differences(comparisons: Sequence[Comparison], title: str, words: Words) -> Grid:
    columns = ("outcome", "variant", "against", "difference", "interval", "pairing", "says")
    rows = []
    for c in comparisons:
        key = (c.outcome, c.by, c.level)
        say = _change(key, c.difference or c.high, words)
        defined = c.verdict != "undefined"
        between = words("experiment.between", low=say(c.low), high=say(c.high)) if defined else "–"
        gain = words("experiment.times", value=f"{c.variance_reduction:.1f}")
        rows.append(
            (
                outcome_name(key, words),
                c.variant,
                c.reference,
                say(c.difference),
                between,
                gain if math.isfinite(c.variance_reduction) else "–",
                verdict(c, words),
            )
        )
    return Grid(title, tuple(words(f"column.{column}") for column in columns), tuple(rows), 3, (6,))


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


def verdict(c: Comparison, words: Words) -> str:
    """Say in plain words what the data say of a variant against its reference."""
    if c.verdict == "undefined":
        return words("experiment.undefined", defined=c.defined, runs=c.runs)
    if c.verdict == "not separated":
        return words("experiment.identical") if c.identical else words("experiment.not_separated")
    better = describe(c.outcome).direction
    said = words(f"experiment.{c.verdict}")
    if better == "neither":
        return said
    return words("experiment.better" if better == c.verdict else "experiment.worse", verdict=said)


def outcome_name(key: Key, words: Words) -> str:
    """Return the words for an outcome, with the part that it is of."""
    outcome, by, level = key
    name = words.name("outcome", outcome)
    return name if by == "all" else f"{name}, {words.name(by, level)}"


def _value(key: Key, size: float) -> Say:
    """Return how values of an outcome are written beside one of this size: alike in unit and decimals."""
    outcome = describe(key[0])
    if outcome.unit == "share":
        return percent
    if outcome.unit in ("h", "h since start") and outcome.denominator != "people":  # no working hours
        return say_duration
    size = abs(size)
    decimals = 0 if size >= 100 else 1 if size >= 10 or not size > 0 else 2 if size >= 1 else 4
    unit = f" {outcome.unit}" if outcome.unit == "h" else ""
    return lambda value: f"{value:,.{decimals}f}{unit}" if math.isfinite(value) else "–"


def _change(key: Key, size: float, words: Words) -> Say:
    """Return how differences of an outcome are written: with their sign, those of shares in percentage points."""
    shares, say = describe(key[0]).unit == "share", _value(key, size)

    def change(value: float) -> str:
        if not math.isfinite(value):
            return "–"
        if value == 0:
            return "0"
        points = f"{100 * abs(value):.{1 if abs(size) >= 0.001 else 3}f}"
        return f"{'+' if value > 0 else '−'}{words('experiment.points', value=points) if shares else say(abs(value))}"

    return change


def print_page(blocks: Sequence[Block]) -> None:
    """Print a page for a reader."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=PAGE_WIDTH)
    for block in blocks:
        if isinstance(block, str):
            console.print(block, soft_wrap=True)
            continue
        table = Table(box=None, pad_edge=False)
        for column, name in enumerate(block.head):
            table.add_column(Text(name), justify="left" if block.is_text(column) else "right", overflow="fold")
        for row in block.rows:
            table.add_row(*(Text(cell) for cell in row))
        console.print()
        console.print(Text(block.title, style="bold"), soft_wrap=True)
        console.print(table)
        console.print()


def markdown(blocks: Sequence[Block]) -> str:
    """Return a page as Markdown; its first paragraph is the heading."""
    parts = []
    for place, block in enumerate(blocks):
        if isinstance(block, str):
            parts.append(f"# {_plain(block)}" if place == 0 else _plain(block))
            continue
        rules = ["---" if block.is_text(column) else "---:" for column in range(len(block.head))]
        lines = [block.head, rules, *block.rows]
        table = "\n".join(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in lines)
        parts.append(f"## {_plain(block.title)}\n\n{table}")
    return "\n\n".join(parts) + "\n"


def _plain(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _plain(text).replace("|", r"\|")


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
    return _finite(
        {
            "experiment": experiment.experiment,
            "base": experiment.base,
            "reference": experiment.against,
            "seed": found.seed,
            "replications": found.replications,
            "confidence": experiment.confidence,
            "runs": found.runs,
            "head_counts": dict(found.head_counts),
            "outcomes": means,
            "comparisons": [asdict(c) | {"verdict": c.verdict} for c in found.comparisons],
            "expectations": [
                {**one.expected.model_dump(), "than": one.comparison.reference, "world": one.world, "found": one.found}
                for one in found.judged
            ],
        }
    )


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
