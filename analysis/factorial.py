"""The effects of a two-level factorial experiment: of each factor on average, and of what they do together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from analysis.compare import Comparison, Pair, compare
from sim.spec.experiment import Experiment
from sim.spec.factorial import effects
from sim.spec.procedures import Key

Floats = npt.NDArray[np.float64]


def factor_effects(experiment: Experiment, values: Mapping[str, Mapping[Key, Floats]], world: str) -> list[Comparison]:
    """Return each effect on each outcome in one world, with intervals that hold together.

    An effect is the mean of the variants on its higher side less that of the others, replication by replication.
    """
    sides: dict[str, dict[Key, Floats]] = {}
    family = []
    for name, high, low in effects(list(experiment.factorial)):
        for side, variants in ((name, high), (f"without {name}", low)):
            sides[side] = {
                key: np.mean([values[variant][key] for variant in variants], axis=0) for key in experiment.keys
            }
        family += [Pair(key, name, f"without {name}") for key in experiment.keys]
    return compare(sides, family, experiment.confidence, world)
