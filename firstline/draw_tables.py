"""What is said where assumed figures were drawn: which, and how much of the spread is theirs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from analysis.assumptions import Drawn, Split
from analysis.experiment import Concluded
from firstline.cells import Cell
from firstline.formats import percent
from firstline.grids import Block, Grid, between, outcome_name
from firstline.words import Words

FEW = 12


def draws(found: Concluded, words: Words) -> Iterator[Block]:
    """Yield what is said of the draws: nothing where nothing was drawn."""
    if found.drawn is None:
        return
    drawn = found.drawn
    yield words("draws.made", draws=drawn.draws, figures=len(drawn.figures), each=drawn.each)
    head = tuple(words(f"column.{name}") for name in ("outcome", "variant", "against", "better_in", "assumed", "noise"))
    rows = tuple(
        (
            outcome_name(one.pair.key, words),
            one.pair.variant,
            one.pair.reference,
            _better(one, words),
            percent(one.of_assumptions),
            percent(one.noise),
        )
        for one in found.splits
        if math.isfinite(one.better) or math.isfinite(one.of_assumptions)
    )
    if rows:
        yield Grid(words("table.splits"), head, rows, 3)
    else:
        yield words("compare.no_splits" if any(one.draws for one in found.splits) else "draws.none_left")
    yield words("draws.note", figures=_named(drawn.figures))


def _better(one: Split, words: Words) -> Cell:
    """Write in what share of draws a plan is better, with its exact interval."""
    if not math.isfinite(one.better):
        return percent(one.better)
    said = f"{percent(one.better)} ({between(one.low, one.high, percent, words)})"
    return Cell(said, one.better, "share", one.low, one.high)


def counted(drawn: Drawn | None, count: int, words: Words) -> str:
    """Say how many runs a comparison is of, or how many draws where these count."""
    return words("count.runs" if drawn is None else "count.draws", count=count)


def _named(figures: Sequence[str]) -> str:
    """Name a few figures, or count many by the block that they stand in."""
    if len(figures) <= FEW:
        return ", ".join(figures)
    blocks = Counter(".".join(path.split(".")[:2]) for path in figures)
    return ", ".join(f"{block} ({count})" for block, count in blocks.items())
