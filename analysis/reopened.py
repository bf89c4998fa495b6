"""An experiment as its folder holds it: what was asked, and what was found."""

from __future__ import annotations

from typing import Any

from analysis.experiment import Concluded, conclusion
from analysis.store.folder import Folder
from analysis.store.recalled import recalled
from sim.errors import InputError, Problem
from sim.spec.crossed import Crossed, cross
from sim.spec.experiment import check_experiment


def subject(crossed: Crossed, replications: int | None) -> dict[str, Any]:
    """Return what a manifest says of an experiment, so that it can be opened again: all of it, verbatim."""
    return {
        "experiment": crossed.experiment.model_dump(mode="json", by_alias=True, exclude_unset=True),
        "scenario": crossed.base.data(),
        "whole_cards": list(crossed.whole_cards),
        "replications": replications,
    }


def reopened(folder: Folder) -> tuple[Crossed, Concluded]:
    """Return the experiment of a folder, and what its runs say; raises InputError where they did not finish."""
    if folder.manifest["kind"] != "experiment":
        said = f"a folder of an experiment is wanted; this one is of the kind {folder.manifest['kind']!r}"
        raise InputError(str(folder.path), [Problem("", said)])
    held, source = folder.manifest["subject"], str(folder.path)
    experiment = check_experiment(held["experiment"], source, {})
    crossed = cross(experiment, folder.scenario(), source, {}, held["whole_cards"])
    procedure = conclusion(crossed, folder.seed, held["replications"])
    return crossed, recalled(procedure, folder, experiment.keys)
