"""Design files: which are shipped, which a name means, and how one is read with its base and its factors."""

from __future__ import annotations

from pathlib import Path

from sim import files
from sim.errors import InputError, Problem, nearest
from sim.spec.design import check_design
from sim.spec.factors import Study, study
from sim.units import clip, found


def shipped_designs() -> dict[str, Path]:
    """Return the shipped designs by name."""
    return {path.stem: path for path in sorted((files.SHIPPED / files.DESIGNS).glob("*.yaml"))}


def find_design(name: str | Path) -> Path:
    """Return the path of a design file, or of a shipped design by name; raises InputError for neither."""
    known = shipped_designs()
    if str(name) in known:
        return known[str(name)]
    if Path(name).suffix in (".yaml", ".yml"):
        return Path(name)
    hint = nearest(clip(str(name)), known)
    raise InputError(clip(str(name)), [Problem("", f"no design file or shipped design has this name{hint}")])


def is_design(name: str | Path) -> bool:
    """Tell whether a name on the command line is that of a design; raises InputError for a file with no YAML."""
    if Path(name).suffix not in (".yaml", ".yml"):
        return str(name) in shipped_designs() and str(name) not in files.shipped()
    data, _ = files.read_yaml(Path(name))
    return isinstance(data, dict) and "sensitivity" in data


def read_design(name: str | Path) -> Study:
    """Read a design from a file, or a shipped one by its name, with its base and its factors on it.

    Raises InputError with every problem found in the design, or in its ranges on the base.
    """
    path = find_design(name)
    data, lines = files.read_yaml(path)
    if not isinstance(data, dict) or "sensitivity" not in data:
        wanted = "a map with the keys sensitivity, base, method, factors and outcomes is wanted"
        other = next((kind for kind in ("experiment", "world") if isinstance(data, dict) and kind in data), None)
        looks = {"experiment": "; this looks like an experiment", "world": "; this looks like a scenario"}
        raise InputError(str(path), [Problem("", f"{wanted}{looks[other] if other else f'; found {found(data)}'}")])
    design = check_design(data, str(path), lines)
    return study(design, files.load_base(path, design.base, lines), str(path), lines)
