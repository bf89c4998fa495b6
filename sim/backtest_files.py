"""Reading the file of a back-test, and which log it learns from."""

from __future__ import annotations

from pathlib import Path

from sim.errors import InputError, Problem
from sim.kinds import BACKTEST
from sim.spec.backtest import Backtest, check_backtest


def read_backtest(name: str | Path, log: Path | None = None) -> tuple[Backtest, Path]:
    """Read a back-test; returns it with the path of its log: the one given, else the one that the file names.

    Raises InputError with every problem found.
    """
    path, data, lines = BACKTEST.read(name)
    asked = check_backtest(data, str(path), lines)
    if log is not None:
        return asked, log
    if asked.log.file is None:
        said = "the log of requests is wanted: --log PATH on the command line, or 'file' here"
        raise InputError(str(path), [Problem("log.file", said, lines.get(("log",)))])
    return asked, path.parent / asked.log.file
