"""Read a log of requests: a CSV file with a row for each, when it came in and when it was closed."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sim.errors import InputError, Problem, nearest

MOST_PROBLEMS = 10


@dataclass(frozen=True)
class Request:
    """A row of a log; ``closed`` is None while it is open, ``row`` holds every column as text."""

    created: datetime
    closed: datetime | None
    row: Mapping[str, str]


def read_requests(
    path: Path, created: str, closed: str, others: Collection[str], keep: Callable[[Mapping[str, str]], bool]
) -> list[Request]:
    """Return the requests of a log that are to be kept, as they stand there; ``others`` are columns that it must have.

    Raises InputError with lines for what cannot be read; rows that are not kept may hold anything.
    """
    problems: list[Problem] = []
    found: list[Request] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            names = list(reader.fieldnames or [])
            missing = [name for name in (created, closed, *others) if name not in names]
            if missing:
                raise InputError(
                    str(path), [Problem(name, f"no such column{nearest(name, names)}") for name in missing]
                )
            for line, row in enumerate(reader, start=2):
                if not keep(row):
                    continue
                begun = _moment(row[created], created, line, problems)
                ended = _moment(row[closed], closed, line, problems) if (row[closed] or "").strip() else None
                if begun is not None and ended is not None and ended < begun:
                    problems.append(Problem(closed, f"closed before it came in: {ended} < {begun}", line))
                if begun is not None:
                    found.append(Request(begun, ended, row))
    except OSError as error:
        said = f"the request log cannot be read: {error.strerror}"
        raise InputError(str(path), [Problem("", said)]) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(str(path), [Problem("", f"a CSV file in UTF-8 is wanted: {error}")]) from None
    if problems:
        raise InputError(str(path), problems[:MOST_PROBLEMS])
    return found


def _moment(text: str | None, column: str, line: int, problems: list[Problem]) -> datetime | None:
    try:
        return datetime.fromisoformat(text or "").replace(tzinfo=None)
    except ValueError:
        said = f"a date and time such as 2015-05-25T18:30:00 is wanted; found {text!r}"
        problems.append(Problem(column, said, line))
        return None
