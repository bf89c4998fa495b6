"""Files of calibrations: which are shipped, which a name means, and how one is read with its base and its table."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from sim import files
from sim.errors import InputError, Problem, nearest
from sim.spec.calibrate import Task, check_calibrate, task
from sim.units import clip, found

COLUMNS = ("outcome", "by", "level", "value", "sd", "held_out")
"""The columns of a table of observed outcomes; the first and ``value`` must be there."""


def shipped_calibrations() -> dict[str, Path]:
    """Return the shipped calibrations by name."""
    return {path.stem: path for path in sorted((files.SHIPPED / files.CALIBRATIONS).glob("*.yaml"))}


def read_calibration(name: str | Path) -> Task:
    """Read a calibration from a file, or a shipped one by its name, with its base and its parameters on it.

    Raises InputError with every problem found.
    """
    known = shipped_calibrations()
    path = known.get(str(name), Path(name))
    if str(name) not in known and path.suffix not in (".yaml", ".yml"):
        hint = nearest(clip(str(name)), known)
        raise InputError(clip(str(name)), [Problem("", f"no file or shipped calibration has this name{hint}")])
    data, lines = files.read_yaml(path)
    if not isinstance(data, dict) or "calibrate" not in data:
        looks = {
            "experiment": "an experiment",
            "world": "a scenario",
            "sensitivity": "a design",
            "optimise": "a question",
        }
        other = next((said for key, said in looks.items() if isinstance(data, dict) and key in data), None)
        said = f"; this looks like {other}" if other else f"; found {found(data)}"
        wanted = "a map with the keys calibrate, base, parameters and observed (or log) is wanted"
        raise InputError(str(path), [Problem("", wanted + said)])
    if isinstance(data.get("observed"), str):
        data["observed"] = _table(path.parent / data["observed"], str(path), lines.get(("observed",)))
    asked = check_calibrate(data, str(path), lines)
    log = None
    if asked.log is not None:
        log = path.parent / asked.log.file
        if not log.is_file():
            problem = Problem("log.file", f"there is no such file: {asked.log.file}", lines.get(("log", "file")))
            raise InputError(str(path), [problem])
    return task(asked, files.load_base(path, asked.base, lines), str(path), lines, log)


def _table(path: Path, source: str, line: int | None) -> list[dict[str, Any]]:
    """Read a table of observed outcomes; what is empty is left out."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            names = list(reader.fieldnames or [])
            problems = [Problem(one, "this column is wanted") for one in ("outcome", "value") if one not in names]
            problems += [Problem(one, f"no such column{nearest(one, COLUMNS)}") for one in names if one not in COLUMNS]
            rows = [
                {key: text for key, text in row.items() if isinstance(text, str) and text.strip()} for row in reader
            ]
    except OSError as error:
        said = f"the table of observed outcomes cannot be read: {error.strerror}: {clip(str(path))}"
        raise InputError(source, [Problem("observed", said, line)]) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(str(path), [Problem("", f"a CSV file in UTF-8 is wanted: {error}")]) from None
    if not problems and not rows:
        problems = [Problem("", "at least one observed outcome is wanted; the table has no rows")]
    if problems:
        raise InputError(str(path), problems)
    return rows
