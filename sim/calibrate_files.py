"""Reading calibrations, each with its base, its parameters on it, and its table of what was observed."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from sim import files
from sim.errors import InputError, Problem, nearest
from sim.kinds import CALIBRATION
from sim.spec.calibrate import Task, check_calibrate, task
from sim.units import clip

COLUMNS = ("outcome", "by", "level", "value", "sd", "held_out")
"""The columns of a table of observed outcomes; the first and ``value`` must be there."""


def read_calibration(name: str | Path) -> Task:
    """Read a calibration from a file, or a shipped one by its name, with its base and its parameters on it.

    Raises InputError with every problem found.
    """
    path, data, lines = CALIBRATION.read(name)
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
