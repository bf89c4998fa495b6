"""Files of questions to be optimised: which are shipped, which a name means, and how one is read with its base."""

from __future__ import annotations

from pathlib import Path

from sim import files
from sim.errors import InputError, Problem, nearest
from sim.spec.optimise import Question, check_optimise, question
from sim.units import clip, found


def shipped_questions() -> dict[str, Path]:
    """Return the shipped questions by name."""
    return {path.stem: path for path in sorted((files.SHIPPED / files.QUESTIONS).glob("*.yaml"))}


def read_question(name: str | Path) -> Question:
    """Read a question from a file, or a shipped one by its name, with its base and its decisions on it.

    Raises InputError with every problem found.
    """
    known = shipped_questions()
    path = known.get(str(name), Path(name))
    if str(name) not in known and path.suffix not in (".yaml", ".yml"):
        hint = nearest(clip(str(name)), known)
        raise InputError(clip(str(name)), [Problem("", f"no file or shipped question has this name{hint}")])
    data, lines = files.read_yaml(path)
    if not isinstance(data, dict) or "optimise" not in data:
        looks = {"experiment": "an experiment", "world": "a scenario", "sensitivity": "a design"}
        other = next((said for key, said in looks.items() if isinstance(data, dict) and key in data), None)
        said = f"; this looks like {other}" if other else f"; found {found(data)}"
        wanted = "a map with the keys optimise, base, decide, subject_to and least (or best) is wanted"
        raise InputError(str(path), [Problem("", wanted + said)])
    asked = check_optimise(data, str(path), lines)
    return question(asked, files.load_base(path, asked.base, lines), str(path), lines)
