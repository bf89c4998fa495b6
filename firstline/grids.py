"""Tables and paragraphs that several commands print, and how their figures are written: text, Markdown, CSV, LaTeX."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.outcomes import describe
from firstline.cells import Cell, unit_of
from firstline.formats import percent, say_duration
from firstline.words import Words
from sim.spec.procedures import Key

Say = Callable[[float], Cell]
TIDY = ("table", "row"), ("figure", "value", "low", "high", "unit", "text")
"""The columns of a CSV file: before and after those that say of what a figure is."""
PAGE_WIDTH = 130
"""Columns of a page that goes to a file or a pipe; a terminal says its own width."""


@dataclass(frozen=True)
class Grid:
    """A table of a page: its first ``texts`` columns and those named in ``also`` hold words, the others figures.

    ``across`` says in what its figures differ from column to column, such as the variant, and of what kind all of them
    are; empty where each column is of its own kind.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int = 1
    also: tuple[int, ...] = ()
    across: tuple[()] | tuple[str, str] = ()

    def is_text(self, column: int) -> bool:
        """Tell whether a column holds words."""
        return column < self.texts or column in self.also


Block = str | Grid


def outcome_name(key: Key, words: Words) -> str:
    """Return the words for an outcome, with the part that it is of."""
    outcome, by, level = key
    name = words.name("outcome", outcome)
    return name if by == "all" else f"{name}, {words.name(by, level)}"


def amount_of(key: Key, size: float) -> Say:
    """Return how values of an outcome are written beside one of this size: alike in unit and decimals."""
    outcome = describe(key[0])
    if outcome.unit == "share":
        return percent
    if outcome.unit in ("h", "h since start") and outcome.denominator != "people":  # no working hours
        return say_duration
    size = abs(size)
    decimals = 0 if size >= 100 else 1 if size >= 10 or not size > 0 else 2 if size >= 1 else 4
    unit = f" {outcome.unit}" if outcome.unit == "h" else ""

    def amount(value: float) -> Cell:
        return Cell(f"{value:,.{decimals}f}{unit}" if math.isfinite(value) else "–", value, outcome.unit)

    return amount


def change_of(key: Key, size: float, words: Words) -> Say:
    """Return how differences of an outcome are written: with their sign, those of shares in percentage points."""
    say, unit = amount_of(key, size), describe(key[0]).unit

    def change(value: float) -> Cell:
        if not math.isfinite(value):
            return Cell("–", unit=unit)
        if value == 0:
            return Cell("0", 0.0, unit)
        points = f"{100 * abs(value):.{1 if abs(size) >= 0.001 else 3}f}"
        said = words("experiment.points", value=points) if unit == "share" else say(abs(value))
        return Cell(f"{'+' if value > 0 else '−'}{said}", value, unit)

    return change


def between(low: float, high: float, say: Say, words: Words) -> Cell:
    """Write an interval; a dash where it has no bounds."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return Cell("–")
    said = words("experiment.between", low=say(low), high=say(high))
    return Cell(said, low=low, high=high, unit=unit_of(say(low)))


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


def comma_separated(blocks: Sequence[Block]) -> str:
    """Return the tables of a page as one table, a row a cell: of what it is, its number and bounds, and its text.

    Numbers are plain, in the units of the data dictionary; shares are between 0 and 1. Paragraphs are left out.
    """
    grids = [block for block in blocks if not isinstance(block, str)]
    of = list(dict.fromkeys(name for grid in grids for name in _labels(grid)))
    before, after = TIDY
    rows = [
        (grid.title, place, *(told.get(name, "") for name in of), *cells)
        for grid in grids
        for place, row in enumerate(grid.rows, start=1)
        for told, cells in _tidy(grid, row)
    ]
    return sheet((*before, *of, *after), rows)


def _labels(grid: Grid) -> tuple[str, ...]:
    """Return the columns that say of what a row is; one column at least is left to be said of it."""
    labels = grid.head[: min(grid.texts, len(grid.head) - 1)]
    return (*labels, grid.across[0]) if grid.across else labels


def _tidy(grid: Grid, row: Sequence[str]) -> Iterator[tuple[dict[str, str], tuple[object, ...]]]:
    """Yield of what each cell of a row is, and the cell as (figure, value, low, high, unit, text)."""
    texts = min(grid.texts, len(grid.head) - 1)
    of = dict(zip(grid.head[:texts], map(_plain, row), strict=False))
    for name, text in list(zip(grid.head, row, strict=True))[texts:]:
        told, figure = ({**of, grid.across[0]: name}, grid.across[1]) if grid.across else (of, name)
        cell = text if isinstance(text, Cell) else Cell(text)
        numbers = (number if math.isfinite(number) else "" for number in (cell.value, cell.low, cell.high))
        yield told, (figure, *numbers, cell.unit, _plain(text))


def sheet(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


SPECIAL = {"\\": r"\textbackslash{}", **{sign: f"\\{sign}" for sign in "&%$#_{}"}, "~": r"\textasciitilde{}"}
SPECIAL |= {sign: f"${sign}$" for sign in "<>|"}  # the usual fonts have other signs in their place outside of formulas
SPECIAL |= {"^": r"\textasciicircum{}", "−": "$-$", "±": r"$\pm$", "×": r"$\times$", "–": "--", "°": r"$^\circ$"}
SPECIAL |= {"μ": r"$\mu$", "σ": r"$\sigma$", "←": r"$\leftarrow$", "→": r"$\rightarrow$", "№": "No.", "·": r"$\cdot$"}
SPECIAL |= {"≤": r"$\le$", "≥": r"$\ge$", "…": r"\dots{}"}
LATEX_NEEDS = r"% Needs \usepackage{booktabs}; Chinese wants XeLaTeX or LuaLaTeX with \usepackage{ctex}."


def latex(blocks: Sequence[Block]) -> str:
    """Return the tables of a page for LaTeX: each with its title as the caption, a label, and its notes below.

    What is said before the first table stands as comments, for it is for the text of a paper.
    """
    first = next((place for place, block in enumerate(blocks) if not isinstance(block, str)), len(blocks))
    parts = [LATEX_NEEDS, *(f"% {_plain(str(block))}" for block in blocks[:first])]
    tables: list[tuple[Grid, list[str]]] = []
    for block in blocks[first:]:
        if isinstance(block, str):
            tables[-1][1].append(block)
        else:
            tables.append((block, []))
    return "\n\n".join([*parts, *(_table(grid, notes, place) for place, (grid, notes) in enumerate(tables, 1))]) + "\n"


def _table(grid: Grid, notes: Sequence[str], place: int) -> str:
    columns = "".join("l" if grid.is_text(column) else "r" for column in range(len(grid.head)))
    rows = [" & ".join(_escaped(cell) for cell in row) + r" \\" for row in (grid.head, *grid.rows)]
    name = re.sub(r"[^a-z0-9]+", "-", grid.title.lower()).strip("-")
    begin = [r"\begin{table}", rf"\caption{{{_escaped(grid.title)}}}", rf"\label{{tab:{f'{place}-{name}'.strip('-')}}}"]
    body = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", rows[0], r"\midrule", *rows[1:], r"\bottomrule"]
    below = [rf"\par\smallskip{{\footnotesize {_escaped(note)}\par}}" for note in notes]
    return "\n".join([*begin, *body, r"\end{tabular}", *below, r"\end{table}"])


def _escaped(text: str) -> str:
    return "".join(SPECIAL.get(sign, sign) for sign in _plain(text))
