"""Reading what a command is given: scenarios, experiments, plug-ins, values to set; and what is said of findings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import InputError, Problem

if TYPE_CHECKING:
    from sim.spec.crossed import Crossed


def load_scenario(file: str, sets: list[str] | None, plugins: list[Path] | None) -> Any:
    """Read a scenario with the values that --set changes; its plug-ins first."""
    from sim.files import check_files, load

    load_plugins(plugins)
    try:
        scenario = load(file)
    except InputError:
        _refuse_another_kind(file)
        raise
    if sets:
        scenario = scenario.with_values(values_of(sets), source=f"{file} with --set")
        check_files(scenario, file)
    return scenario


def _refuse_another_kind(file: str) -> None:
    """Say of a file that is no scenario what it is, and which command takes it."""
    from sim.kinds import CARD, SCENARIO, kind_of

    try:
        kind = kind_of(file)
    except InputError:
        return  # what is wrong with it as a scenario says more
    if kind is SCENARIO:
        return
    instead = "a scenario names it under response.plan" if kind is CARD else f"firstline {kind.key} {file}"
    raise InputError(file, [Problem("", f"a scenario is wanted; this is {kind.named}: {instead}")]) from None


def load_experiment(file: str, plugins: list[Path] | None) -> Crossed:
    """Read an experiment, its plug-ins first."""
    from analysis.experiment import check_outcomes
    from sim.experiment_files import read_experiment

    load_plugins(plugins)
    crossed = read_experiment(file)
    check_outcomes(crossed)
    return crossed


def load_plugins(plugins: list[Path] | None) -> None:
    """Load what registers rules and outcomes."""
    from sim.registry import load_entry_points, load_plugin

    load_entry_points()
    for path in plugins or ():
        load_plugin(path)


def values_of(sets: list[str]) -> dict[str, Any]:
    """Read KEY=VALUE pairs; a value may be any YAML, such as 8, "4 h" or {dist: fixed, value: 4 h}."""
    from sim.files import parse_yaml

    values: dict[str, Any] = {}
    for item in sets:
        key, equals, text = item.partition("=")
        if not equals or not key.strip():
            raise InputError("--set", [Problem("", f"KEY=VALUE is wanted; found {item!r}")])
        value = values[key.strip()] = parse_yaml(text, f"--set {key}")[0]
        if value == {}:
            message = "an empty map changes nothing, for maps merge; KEY=null takes the key away"
            raise InputError("--set", [Problem(key.strip(), message)])
    return values


def say_findings(found: list[Any]) -> None:
    """Print findings on stderr."""
    for finding in found:
        print(f"finding: {finding.place}: {finding.message}", file=sys.stderr)
