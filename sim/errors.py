"""What Firstline says when it cannot go on: the place, what was wanted, what was found, the nearest right thing.

Errors of the user's input collect :class:`Problem` rows, so that one check names every mistake.
A breach of a conservation law is :class:`LawBroken`: a fault of the program, never of the input.
Printing and exit codes belong to the command line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Say what is wrong at one place of the input.

    ``place`` is a dotted key path ("" for the whole of the file, folder or option that is meant), ``line`` the line in
    the file (from 1, None where unknown).
    """

    place: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        if not self.place:
            return self.message if self.line is None else f"line {self.line}: {self.message}"
        at = f" (line {self.line})" if self.line is not None else ""
        return f"{self.place}{at}: {self.message}"


class FirstlineError(Exception):
    """Base of every error that Firstline raises on purpose."""


class InputError(FirstlineError):
    """Refuse an input: a scenario, a patch, a table, an option."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{source}: {problem}" for problem in self.problems))

    def __reduce__(self) -> tuple[type[InputError], tuple[str, tuple[Problem, ...]]]:
        return type(self), (self.source, self.problems)


class LawBroken(FirstlineError):
    """Stop a run whose books do not balance; the message holds the numbers."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint naming the nearest known word, or the known words where none is near, or ""."""
    words = sorted(set(known))
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    if 0 < len(words) <= 24:
        return f"; known: {', '.join(words)}"
    return ""
