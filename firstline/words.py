"""The words on the screen, in English and Chinese, from one table: terms.csv."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def terms() -> dict[str, dict[str, str]]:
    """Return the table of words: by id, then by language."""
    with (Path(__file__).parent / "terms.csv").open(newline="", encoding="utf-8") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


class Words:
    """Say a thing in one language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def __call__(self, term: str, **values: object) -> str:
        """Return the words of an id, with values filled in; raises KeyError for an id that the table lacks."""
        text = terms()[term][self.lang]
        return text.format(**values) if values else text

    def name(self, kind: str, name: str) -> str:
        """Return the word for a name of the model (a phase, a group), or the name itself where it is the user's own."""
        term = f"{kind}.{name}"
        return terms()[term][self.lang] if term in terms() else name.replace("_", " ")
