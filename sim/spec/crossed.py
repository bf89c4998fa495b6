"""The scenarios of an experiment: its base, patched for every variant in every world."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from sim.errors import InputError, Problem
from sim.spec.base import thaw
from sim.spec.evidence import evidence_findings
from sim.spec.experiment import ONLY_WORLD, Experiment, Lines, Surroundings, line_of, place_of
from sim.spec.findings import Finding, findings
from sim.spec.patches import merge, patched, prepared
from sim.spec.scenario import Scenario


class Cell(NamedTuple):
    """One variant in one world, as a scenario that can be run."""

    world: str
    variant: str
    scenario: Scenario


@dataclass(frozen=True)
class Crossed:
    """An experiment with the scenario of each variant in each world; ``source`` is the file it was read from."""

    experiment: Experiment
    base: Scenario
    cells: tuple[Cell, ...]
    source: str
    whole_cards: tuple[str, ...] = ()
    """The variants whose card takes the place of the base's."""

    @property
    def worlds(self) -> tuple[str, ...]:
        """The names of the worlds, in the order of the file."""
        return tuple(dict.fromkeys(cell.world for cell in self.cells))

    def head_counts(self) -> dict[str, int]:
        """Return the number of people in the units of each variant, with what was prepared."""
        return {
            cell.variant: sum(unit.count for unit in prepared(cell.scenario).response.organisation.units.values())
            for cell in self.cells
        }

    def findings(self) -> list[Finding]:
        """Return what is suspect; what not every scenario shares is said with its variant (and world) before it.

        A figure that a variant sets outside of the range that the base states for it is a decision, and not suspect.
        """
        of: dict[Finding, list[str]] = {}
        several = len(self.worlds) > 1
        of_base = {place for place, _ in evidence_findings(self.base)}
        for world, variant, scenario in self.cells:
            for finding in findings(scenario):
                if finding.place.startswith("evidence.") and finding.place not in of_base:
                    continue
                of.setdefault(finding, []).append(f"{variant} in {world}" if several else variant)
        return [
            finding
            if len(names) == len(self.cells)
            else Finding(f"{', '.join(names)}: {finding.place}", finding.message)
            for finding, names in of.items()
        ]


def cross(
    experiment: Experiment, base: Scenario, source: str, lines: Lines, whole_cards: Collection[str] = ()
) -> Crossed:
    """Return the scenario of every variant in every world; raises InputError with every problem of the patches.

    ``whole_cards`` names the variants whose card takes the place of the base's card instead of merging with it.
    """
    cells, problems, before = [], {}, base.data()
    for world, surroundings in (experiment.worlds or {ONLY_WORLD: Surroundings()}).items():
        below = merge(before, {"world": thaw(surroundings.world)})
        for name, variant in experiment.variants.items():
            response = thaw(variant.response)
            data = merge(below, {"response": response})
            if name in whole_cards:  # as it is, blanks and all
                data["response"]["plan"]["card"] = response["plan"]["card"]
            try:
                cells.append(Cell(world, name, patched(base, data, source, before)))
            except InputError as error:
                for problem in error.problems:
                    path = _path(problem.place)
                    of_world = path[:1] == ("world",) and world in experiment.worlds
                    path = (*(("worlds", world) if of_world else ("variants", name)), *path)
                    problems[place_of(path), problem.message] = line_of(path, lines)
    if problems:
        said = [Problem(place, message, line) for (place, message), line in problems.items()]
        raise InputError(source, sorted(said, key=lambda problem: problem.line or 0))
    crossed = Crossed(experiment, base, tuple(cells), source, tuple(whole_cards))
    counts = crossed.head_counts()
    if experiment.equal_head_count and len(set(counts.values())) > 1:
        told = ", ".join(f"{name} {count}" for name, count in counts.items())
        message = f"the same number of people in every variant is wanted (equal_head_count); found {told}"
        raise InputError(source, [Problem("variants", message, line_of(("variants",), lines))])
    return crossed


def _path(place: str) -> tuple[str | int, ...]:
    """Return the steps of a dotted place such as "response.changes[0].set"."""
    return tuple(int(step[1:-1]) if step[0] == "[" else step for step in re.findall(r"\[\d+\]|[^.\[\]]+", place))
