"""The words on the screen, in English and Chinese, from one table: terms.csv.

A text takes values by name: ``{runs}``; and has two forms where they count something: ``{runs} {runs:run|runs}``.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any

from firstline.cells import Cell

_UNIT = re.compile(r"(?<=\d )(min|s|h|d)(?![a-z])")


@lru_cache(maxsize=1)
def terms() -> dict[str, dict[str, str]]:
    """Return the table of words: by id, then by language."""
    with (Path(__file__).parent / "terms.csv").open(newline="", encoding="utf-8") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


class _Filling(Formatter):
    """Fill values into a text: the first of two forms for one, and figures with their units in the language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def format_field(self, value: Any, format_spec: str) -> str:
        one, several, many = format_spec.partition("|")
        if several:
            return one if str(value) == "1" else many
        if isinstance(value, Cell):
            return _UNIT.sub(lambda unit: terms()[f"axis.{unit[1]}"][self.lang], value)
        return str(format(value, format_spec))


class Words:
    """Say a thing in one language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def __call__(self, term: str, **values: object) -> str:
        """Return the words of an id, with values filled in; raises KeyError for an id that the table lacks."""
        text = terms()[term][self.lang]
        return _Filling(self.lang).vformat(text, (), values) if values else text

    def name(self, kind: str, name: str) -> str:
        """Return the word for a name of the model (a phase, a group), or the name itself where it is the user's own."""
        term = f"{kind}.{name}"
        return terms()[term][self.lang] if term in terms() else name.replace("_", " ")
