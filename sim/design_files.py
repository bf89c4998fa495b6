"""Reading design files, each with its base and its factors on it."""

from __future__ import annotations

from pathlib import Path

from sim import files
from sim.kinds import DESIGN
from sim.spec.design import check_design
from sim.spec.factors import Study, study


def read_design(name: str | Path) -> Study:
    """Read a design from a file, or a shipped one by its name, with its base and its factors on it.

    Raises InputError with every problem found in the design, or in its ranges on the base.
    """
    path, data, lines = DESIGN.read(name)
    design = check_design(data, str(path), lines)
    return study(design, files.load_base(path, design.base, lines), str(path), lines)
