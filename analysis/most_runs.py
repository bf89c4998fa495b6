"""How many runs a file asks for at most, told from what it states; the procedures themselves may end sooner.

The one run with which a command first looks whether the outcomes come up at all is not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from analysis.calibrate import SLICE
from analysis.designs import size_of, size_then
from analysis.optimise import BESIDE, HEATS
from sim.spec.backtest import Backtest
from sim.spec.calibrate import Task
from sim.spec.crossed import Crossed
from sim.spec.factors import Quantity, Study
from sim.spec.optimise import Question

STEPS = 5
"""Values of a continuous decision that a curve shows; see ``analysis.optimise``."""


def of_each_variant(crossed: Crossed) -> int:
    """Return the runs of each variant in each world of an experiment."""
    asked = crossed.experiment
    if asked.stop is not None:
        return asked.stop.at_most
    if asked.select is not None:
        return asked.select.at_most
    if asked.assumptions is not None:
        return asked.assumptions.draws * asked.assumptions.replications
    return asked.replications


def of_experiment(crossed: Crossed) -> int:
    """Return the runs of an experiment."""
    return of_each_variant(crossed) * len(crossed.cells)


def of_design(study: Study) -> int:
    """Return the runs of a sensitivity study, with those of its second round."""
    return (size_of(study) + size_then(study)) * study.design.replications


def trials(quantities: Sequence[Quantity], wanted: int) -> int:
    """Return the trials of a search: all combinations where they are few, else as many as are wanted."""
    sizes = [one.size for one in quantities]
    return min(wanted, prod(size for size in sizes if size is not None)) if all(sizes) else wanted


def of_question(question: Question) -> int:
    """Return the runs of an optimisation: its trials, its finalists, and the curves around what is chosen."""
    asked = question.asked
    tried = trials(question.decisions, asked.trials)
    judged = min(HEATS * asked.finalists, tried)
    shown = sum(_beside(one) for one in question.decisions) if asked.subject_to else 0
    return tried * asked.replications + (judged + shown) * asked.fresh


def _beside(one: Quantity) -> int:
    """Return how many values of a decision its curve shows beside the chosen one."""
    if one.size is None:
        return STEPS
    return min(one.size - 1, 2 * BESIDE) if one.kind == "integer" else one.size - 1


def of_calibration(task: Task) -> int:
    """Return the runs of a calibration: its trials, its finalists with the base, and each parameter end to end."""
    asked = task.asked
    tried = trials(task.parameters, asked.trials)
    judged = min(asked.finalists, tried) + 1
    end_to_end = sum(len(one.levels(SLICE)) for one in task.parameters)
    return (tried + end_to_end) * asked.replications + judged * asked.fresh


def of_backtest(asked: Backtest) -> int:
    """Return the runs of a back-test: its fits, what they say of each event, and what each part of the books costs."""
    events, crews = len(asked.train), len(asked.crews.count)
    held_out = events if events > 1 else 0
    fits = crews * asked.trials * (events + held_out * (events - 1))
    told_twice = 2 if asked.memory > 0 else 1  # with the record before an event, and from the training events alone
    told = events + held_out + told_twice * len(asked.predict)
    return fits + told * asked.replications + events * asked.trials
