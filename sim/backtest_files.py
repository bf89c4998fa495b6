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
    asked, named, source, line = _read(name)
    found = log if log is not None else named
    if found is None:
        said = "the log of requests is wanted: --log PATH on the command line, or 'file' here"
        raise InputError(source, [Problem("log.file", said, line)])
    return asked, found


def read_without_log(name: str | Path) -> tuple[Backtest, Path | None]:
    """Read a back-test that may name no log; returns it with the path of its log, None where it names none."""
    asked, named, _, _ = _read(name)
    return asked, named


def _read(name: str | Path) -> tuple[Backtest, Path | None, str, int | None]:
    """Return a back-test, the path of the log that it names, its own path, and the line of its log."""
    path, data, lines = BACKTEST.read(name)
    asked = check_backtest(data, str(path), lines)
    named = None if asked.log.file is None else path.parent / asked.log.file
    return asked, named, str(path), lines.get(("log",))
