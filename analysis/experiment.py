"""Run an experiment: every variant in every world under the same luck, then the comparisons within each world."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.compare import Comparison, Judgement, Pair, compare, judge
from analysis.intervals import Estimate, estimate
from analysis.need_outcomes import NEED_OUTCOMES
from analysis.outcomes import Measure, Row
from analysis.run_outcomes import RUN_OUTCOMES
from analysis.store import measure_of
from sim.errors import InputError, Problem, nearest
from sim.runs import run_many
from sim.spec.crossed import Crossed
from sim.spec.experiment import Expectation, Experiment, Key, say

if TYPE_CHECKING:
    from sim.records.result import Result

Floats = npt.NDArray[np.float64]


class Ran(NamedTuple):
    """The rows of one run that the experiment asks for; ``replication`` counts from 0."""

    world: str
    variant: str
    replication: int
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Wanted:
    """Measure only some outcomes of a run; picklable, so that workers can do it."""

    measure: Measure
    keys: frozenset[Key]

    def __call__(self, result: Result) -> tuple[int, tuple[Row, ...]]:
        """Return the replication, and its rows of the outcomes that are wanted."""
        return result.replication, tuple(row for row in self.measure(result) if row[1:4] in self.keys)


class Everything(Wanted):
    """Measure every outcome of a run."""

    def __call__(self, result: Result) -> tuple[int, tuple[Row, ...]]:
        """Return the replication, and all its rows."""
        return result.replication, tuple(self.measure(result))


@dataclass(frozen=True)
class Judged:
    """What was expected in a world, and what the comparison found."""

    world: str
    expected: Expectation
    comparison: Comparison
    found: Judgement


@dataclass(frozen=True)
class Concluded:
    """What an experiment found; ``values`` by world, variant and outcome, one a replication, NaN where undefined.

    ``seconds`` is how long it took, by the clock on the wall.
    """

    experiment: Experiment
    seed: int
    replications: int
    seconds: float
    head_counts: Mapping[str, int]
    values: Mapping[str, Mapping[str, Mapping[Key, Floats]]]
    comparisons: tuple[Comparison, ...]
    judged: tuple[Judged, ...]

    @property
    def runs(self) -> int:
        """The number of runs."""
        return self.replications * sum(len(variants) for variants in self.values.values())

    def estimate(self, world: str, variant: str, key: Key) -> Estimate:
        """Return the mean of one outcome over the runs, with an interval of its own."""
        return estimate(self.values[world][variant][key], self.experiment.confidence)


def check_outcomes(crossed: Crossed) -> None:
    """Refuse an experiment that asks for an outcome which nobody has registered; raises InputError."""
    known = [*NEED_OUTCOMES, *RUN_OUTCOMES]
    problems = [
        Problem(f"outcomes[{index}]", f"no outcome is called {name!r}{nearest(name, known)}")
        for index, (name, _, _) in enumerate(crossed.experiment.keys)
        if name not in known
    ]
    if problems:
        raise InputError(crossed.source, problems)


def run_cells(
    crossed: Crossed, replications: int, seed: int, *, workers: int = 1, plugins: tuple[Path, ...] = ()
) -> Iterator[Ran]:
    """Run every variant in every world with the same seed and replications, and yield each run.

    First runs are made one by one until each outcome has been seen; raises InputError for one that no variant has.
    """
    keys = frozenset(crossed.experiment.keys)
    seen: set[Key] = set()
    looked = 0
    for cell in crossed.cells:
        if keys <= seen:
            break
        every = Everything(measure_of(cell.scenario), keys)
        ((replication, rows),) = run_many(cell.scenario, 1, every, seed=seed)
        seen |= {(row.outcome, row.by, row.level) for row in rows}
        looked += 1
        yield Ran(cell.world, cell.variant, replication, tuple(row for row in rows if row[1:4] in keys))
    _refuse_unseen(crossed, seen)
    for number, cell in enumerate(crossed.cells):
        first = int(number < looked)
        measure = Wanted(measure_of(cell.scenario), keys)
        more = run_many(
            cell.scenario, replications - first, measure, seed=seed, first=first, workers=workers, plugins=plugins
        )
        for replication, rows in more:
            yield Ran(cell.world, cell.variant, replication, rows)


def _refuse_unseen(crossed: Crossed, seen: set[Key]) -> None:
    problems = []
    for index, key in enumerate(crossed.experiment.keys):
        if key in seen:
            continue
        there = [say(other) for other in sorted(seen) if other[0] == key[0]]
        listed = f"; there is {'; '.join(there[:12])}{'; …' if len(there) > 12 else ''}" if there else ""
        hint = nearest(say(key), there)
        message = f"the first run of no variant has {say(key)}{hint if 'did you mean' in hint else listed}"
        problems.append(Problem(f"outcomes[{index}]", message))
    if problems:
        raise InputError(crossed.source, problems)


def conclude(crossed: Crossed, ran: Iterable[Ran], replications: int, seed: int, seconds: float) -> Concluded:
    """Compare the variants within each world from their runs, in whatever order these came."""
    experiment = crossed.experiment
    values: dict[str, dict[str, dict[Key, Floats]]] = {world: {} for world in crossed.worlds}
    for cell in crossed.cells:
        values[cell.world][cell.variant] = {key: np.full(replications, np.nan) for key in experiment.keys}
    for run in ran:
        here = values[run.world][run.variant]
        for row in run.rows:
            here[row.outcome, row.by, row.level][run.replication] = row.value
    comparisons: list[Comparison] = []
    judged: list[Judged] = []
    for world in crossed.worlds:
        asked = [expected for expected in experiment.expects if expected.world in (None, world)]
        pairs = [_pair(experiment, expected) for expected in asked]
        family = list(dict.fromkeys([*_against_reference(experiment), *pairs]))
        compared = dict(zip(family, compare(values[world], family, experiment.confidence, world), strict=True))
        comparisons += compared.values()
        for expected, pair in zip(asked, pairs, strict=True):
            judged.append(Judged(world, expected, compared[pair], judge(expected, compared[pair])))
    return Concluded(
        experiment, seed, replications, seconds, crossed.head_counts(), values, tuple(comparisons), tuple(judged)
    )


def _pair(experiment: Experiment, expected: Expectation) -> Pair:
    than = expected.than if expected.than is not None else experiment.against
    return Pair(expected.key, expected.variant, than)


def _against_reference(experiment: Experiment) -> list[Pair]:
    others = [name for name in experiment.variants if name != experiment.against]
    return [Pair(key, name, experiment.against) for key in experiment.keys for name in others]
