"""A study as its folder holds it: what was asked, and what was found. Nothing is run and nothing written.

One table says how each kind of folder is read; what it reads stands in the ``subject`` of the manifest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from analysis import ablate, calibrate, experiment, optimise, sensitivity
from analysis.observed import Figure
from analysis.store.folder import Folder
from analysis.store.manifest import MANIFEST
from analysis.store.recalled import recalled
from analysis.store.rounds import Procedure
from sim.errors import InputError, Problem, nearest
from sim.spec.calibrate import check_calibrate, task
from sim.spec.crossed import Crossed, cross
from sim.spec.design import check_design
from sim.spec.experiment import check_experiment
from sim.spec.factors import study
from sim.spec.optimise import check_optimise, question
from sim.spec.procedures import Key


class Held(NamedTuple):
    """What a folder holds: what was asked, the procedure that concludes from its runs, and the outcomes it needs."""

    asked: Any
    procedure: Procedure[Any]
    keys: tuple[Key, ...]


def subject(crossed: Crossed, replications: int | None) -> dict[str, Any]:
    """Return what a manifest says of an experiment, so that it can be opened again: all of it, verbatim."""
    return {
        "experiment": crossed.experiment.model_dump(mode="json", by_alias=True, exclude_unset=True),
        "scenario": crossed.base.data(),
        "whole_cards": list(crossed.whole_cards),
        "replications": replications,
    }


def reopened(folder: Folder) -> tuple[Any, Any]:
    """Return what was asked in a folder, and what its runs say; raises InputError where they did not finish."""
    kind = folder.manifest["kind"]
    if kind not in KINDS:
        said = f"a folder of {', '.join(KINDS)} is wanted; this one is of the kind {kind!r}{nearest(kind, KINDS)}"
        raise InputError(str(folder.path), [Problem("", said)])
    try:
        held = KINDS[kind](folder)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        said = (
            f"it does not say all that was asked ({type(error).__name__}: {error}): give the command again, with --out"
        )
        raise InputError(str(folder.path), [Problem(f"{MANIFEST}, subject", said)]) from None
    return held.asked, recalled(held.procedure, folder, held.keys)


def _experiment(folder: Folder) -> Held:
    held, source = folder.manifest["subject"], str(folder.path)
    asked = check_experiment(held["experiment"], source, {})
    crossed = cross(asked, folder.scenario(), source, {}, held["whole_cards"])
    replications = None if held["replications"] is None else int(held["replications"])
    return Held(crossed, experiment.conclusion(crossed, folder.seed, replications), asked.keys)


def _ablation(folder: Folder) -> Held:
    held, scenario = folder.manifest["subject"], folder.scenario()
    names = tuple(ablate.present(scenario, [str(name) for name in held["mechanisms"]]))
    keys = tuple(_key(key) for key in held["outcomes"])
    asked = ablate.Taken(scenario, names, keys, int(held["replications"]))
    return Held(asked, ablate.ablation(*asked), keys)


def _optimise(folder: Folder) -> Held:
    held, source = folder.manifest["subject"], str(folder.path)
    asked = question(check_optimise(held["optimise"], source, {}), folder.scenario(), source, {})
    return Held(asked, optimise.optimise(asked), asked.asked.keys)


def _calibrate(folder: Folder) -> Held:
    held, source = folder.manifest["subject"], str(folder.path)
    asked = task(check_calibrate(held["calibrate"], source, {}), folder.scenario(), source, {}, None)
    figures = tuple(_figure(one) for one in held["figures"])
    return Held(asked, calibrate.calibrate(asked, figures), tuple(dict.fromkeys(one.key for one in figures)))


def _figure(held: Mapping[str, Any]) -> Figure:
    """Return an observed figure as a manifest holds it: null for a number that nobody knows."""
    value, sd = (math.nan if held[name] is None else float(held[name]) for name in ("value", "sd"))
    return Figure(_key(held["key"]), value, sd, bool(held["held_out"]), bool(held["of_log"]))


def _sensitivity(folder: Folder) -> Held:
    source = str(folder.path)
    design = check_design(folder.manifest["subject"]["sensitivity"], source, {})
    asked = study(design, folder.scenario(), source, {})
    return Held(asked, sensitivity.conclusion(asked), design.keys)


def _key(held: Any) -> Key:
    outcome, by, level = held
    return str(outcome), str(by), str(level)


KINDS: Mapping[str, Callable[[Folder], Held]] = {
    "experiment": _experiment,
    "ablation": _ablation,
    "optimise": _optimise,
    "calibrate": _calibrate,
    "sensitivity": _sensitivity,
}
"""How a folder of each kind says what was asked."""
