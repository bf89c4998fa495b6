"""Tables and paragraphs that several commands print, and how their figures are written: text, Markdown, CSV, LaTeX."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.outcomes import describe
from firstline.formats import percent
from firstline.words import Words
from sim.spec.procedures import Key
from sim.units import say_duration

Say = Callable[[float], str]
PAGE_WIDTH = 130
"""Columns of a page that goes to a file or a pipe; a terminal says its own width."""


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
    return lambda value: f"{value:,.{decimals}f}{unit}" if math.isfinite(value) else "–"


def change_of(key: Key, size: float, words: Words) -> Say:
    """Return how differences of an outcome are written: with their sign, those of shares in percentage points."""
    shares, say = describe(key[0]).unit == "share", amount_of(key, size)

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


def comma_separated(blocks: Sequence[Block]) -> str:
    """Return the tables of a page as CSV, one after the other, each below its title; paragraphs are left out."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for block in blocks:
        if not isinstance(block, str):
            if text.tell():
                text.write("\n")
            writer.writerow([block.title])
            writer.writerow(block.head)
            writer.writerows(block.rows)
    return text.getvalue()


SPECIAL = {"\\": r"\textbackslash{}", **{sign: f"\\{sign}" for sign in "&%$#_{}"}, "~": r"\textasciitilde{}"}
SPECIAL |= {"^": r"\textasciicircum{}", "−": "$-$", "±": r"$\pm$", "×": r"$\times$", "–": "--"}


def latex(blocks: Sequence[Block]) -> str:
    """Return the tables of a page for LaTeX (package booktabs), each with its title as the caption."""
    parts = []
    for block in blocks:
        if isinstance(block, str):
            parts.append(f"% {_plain(block)}")
            continue
        columns = "".join("l" if block.is_text(column) else "r" for column in range(len(block.head)))
        rows = [" & ".join(_escaped(cell) for cell in row) + r" \\" for row in (block.head, *block.rows)]
        body = [r"\toprule", rows[0], r"\midrule", *rows[1:], r"\bottomrule"]
        begin = [r"\begin{table}", rf"\caption{{{_escaped(block.title)}}}", rf"\begin{{tabular}}{{{columns}}}"]
        parts.append("\n".join([*begin, *body, r"\end{tabular}", r"\end{table}"]))
    return "\n\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    return "".join(SPECIAL.get(sign, sign) for sign in _plain(text))
