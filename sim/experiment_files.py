"""Reading experiment files, each with the scenario of every variant in every world."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim import files
from sim.errors import InputError, Problem
from sim.kinds import EXPERIMENT
from sim.spec.crossed import Crossed, cross
from sim.spec.experiment import Lines, check_experiment
from sim.spec.factorial import MOST_FACTORS, variants_of, without

Path_ = tuple[str | int, ...]


def read_experiment(name: str | Path) -> Crossed:
    """Read an experiment from a file, or a shipped one by its name, with the scenario of each variant in each world.

    Raises InputError with every problem found in the experiment or its patches.
    """
    path, data, lines = EXPERIMENT.read(name)
    whole_cards = [name for name, patch in _maps(data, "variants") if _has_card(name, patch, path, lines)]
    if "factorial" in data:
        whole_cards += _crossed_factors(data, path, lines)
    for _, patch in _maps(data, "worlds"):
        files.anchored(patch, path)
    experiment = check_experiment(data, str(path), lines)
    base = files.load_base(path, experiment.base, lines)
    crossed = cross(experiment, base, str(path), lines, whole_cards)
    for cell in crossed.cells:
        files.check_files(cell.scenario, str(path))
    return crossed


def _crossed_factors(data: dict[str, Any], path: Path, lines: Lines) -> list[str]:
    """Put the combinations of an experiment's factors in the place of variants; return those with another card."""
    if "variants" in data:
        said = "either 'variants' or 'factorial' is wanted: the combinations of the factors are the variants"
        raise InputError(str(path), [Problem("factorial", said, lines.get(("factorial",)))])
    factors = dict(_maps(data, "factorial"))
    cards = {name for name, patch in factors.items() if _has_card(name, patch, path, lines, "factorial")}
    if 0 < len(factors) <= MOST_FACTORS:
        data["variants"] = variants_of(factors)
    return [name for name in data.get("variants", ()) if cards & set(without(list(factors), name))]


def _maps(data: dict[str, Any], key: str) -> list[tuple[str, dict[str, Any]]]:
    patches = data.get(key)
    return [item for item in patches.items() if isinstance(item[1], dict)] if isinstance(patches, dict) else []


def _has_card(name: str, patch: dict[str, Any], path: Path, lines: Mapping[Path_, int], key: str = "variants") -> bool:
    """Put the card that a variant names into the place of its name; tell whether it names one."""
    try:
        return files.place_card(patch, path, {}) is not None
    except InputError as error:
        if error.source != str(path):
            raise  # the card's own mistakes
        place = (key, name, "response", "plan")
        line = lines.get((*place, "card"), lines.get(place))
        raise InputError(str(path), [Problem(".".join((*place, "card")), error.problems[0].message, line)]) from None
