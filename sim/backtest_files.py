"""Reading the file of a back-test, and finding the shipped ones."""

from __future__ import annotations

from pathlib import Path

from sim import files
from sim.errors import InputError, Problem, nearest
from sim.files import BACKTESTS, read_yaml
from sim.spec.backtest import Backtest, check_backtest
from sim.units import clip, found


def shipped_backtests() -> dict[str, Path]:
    """Return the shipped back-tests by name."""
    return {path.stem: path for path in sorted((files.SHIPPED / BACKTESTS).glob("*.yaml"))}


def find_backtest(name: str | Path) -> Path:
    """Return the path of a back-test, a file or a shipped one by name; raises InputError where there is none."""
    path = Path(name)
    try:
        if path.suffix in (".yaml", ".yml") or path.exists():
            return path
    except (OSError, ValueError):  # too long for a file name, or not one at all
        raise InputError(clip(str(name)), [Problem("", "this is no name of a file")]) from None
    known = shipped_backtests()
    if str(name) in known:
        return known[str(name)]
    said = f"no back-test file or shipped back-test has this name{nearest(str(name), known)}"
    raise InputError(clip(str(name)), [Problem("", said)])


def read_backtest(name: str | Path, log: Path | None = None) -> tuple[Backtest, Path]:
    """Read a back-test; returns it with the path of its log: the one given, else the one that the file names.

    Raises InputError with every problem found.
    """
    path = find_backtest(name)
    data, lines = read_yaml(path)
    if not isinstance(data, dict) or "backtest" not in data:
        wanted = "a map with the keys backtest, target, train, predict and crews is wanted"
        scenario = "; this looks like a scenario" if isinstance(data, dict) and "world" in data else ""
        raise InputError(str(path), [Problem("", f"{wanted}{scenario or f'; found {found(data)}'}")])
    asked = check_backtest(data, str(path), lines)
    if log is not None:
        return asked, log
    if asked.log.file is None:
        said = "the log of requests is wanted: --log PATH on the command line, or 'file' here"
        raise InputError(str(path), [Problem("log.file", said, lines.get(("log",)))])
    return asked, path.parent / asked.log.file
