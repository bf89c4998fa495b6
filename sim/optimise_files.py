"""Reading questions to be optimised, each with its base and its decisions on it."""

from __future__ import annotations

from pathlib import Path

from sim import files
from sim.kinds import QUESTION
from sim.spec.optimise import Question, check_optimise, question


def read_question(name: str | Path) -> Question:
    """Read a question from a file, or a shipped one by its name, with its base and its decisions on it.

    Raises InputError with every problem found.
    """
    path, data, lines = QUESTION.read(name)
    asked = check_optimise(data, str(path), lines)
    return question(asked, files.load_base(path, asked.base, lines), str(path), lines)
