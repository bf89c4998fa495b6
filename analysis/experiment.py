"""An experiment: every variant in every world under the same luck, as many runs as it wants, then the comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis import asked
from analysis.assumptions import Drawn, Split, nested, split
from analysis.compare import Comparison, Judgement, Pair, compare, judge
from analysis.factorial import factor_effects
from analysis.intervals import Estimate, estimate
from analysis.outcomes import describe
from analysis.selection import Selected, select
from analysis.store.rounds import Batch, Collected, Procedure, Round
from sim.spec.crossed import Cell, Crossed
from sim.spec.experiment import ONLY_WORLD, Expectation, Experiment
from sim.spec.procedures import Assumptions, Key, Select, Stop, amount

Floats = npt.NDArray[np.float64]
AT_A_TIME = 5
"""Runs are added in whole multiples of this, the size of a part of a folder."""


@dataclass(frozen=True)
class Judged:
    """What was expected in a world, and what the comparison found."""

    world: str
    expected: Expectation
    comparison: Comparison
    found: Judgement


@dataclass(frozen=True)
class Precision:
    """How precisely differences of an outcome are known, and how precisely they were wanted, in its unit.

    ``half_width`` is that of the widest interval; NaN where a difference is not defined in a run and so has none.
    """

    key: Key
    wanted: float
    half_width: float

    @property
    def reached(self) -> bool:
        """Whether they are known as well as was wanted."""
        return self.half_width <= self.wanted


Noted = Callable[[Precision], str]
"""How a user is told why there are more runs."""


@dataclass(frozen=True)
class Concluded:
    """What an experiment found; ``values`` by world, variant and outcome, one a replication, NaN where undefined.

    ``failed`` are the runs that did not end, as (world, variant, replication): a replication in which any run of its
    world failed is left out of all comparisons there.
    """

    experiment: Experiment
    seed: int
    replications: int
    head_counts: Mapping[str, int]
    values: Mapping[str, Mapping[str, Mapping[Key, Floats]]]
    comparisons: tuple[Comparison, ...]
    judged: tuple[Judged, ...]
    failed: tuple[tuple[str, str, int], ...] = ()
    selected: tuple[Selected, ...] = ()
    """The choice in each world, where one is asked for."""
    effects: tuple[Comparison, ...] = ()
    """The effects of the factors of a factorial experiment."""
    more_runs: int = 0
    """Runs that were made beyond those that are compared: for a choice, or several at each draw."""
    drawn: Drawn | None = None
    """What was drawn, where the assumptions are; then ``replications`` are draws, and ``values`` their means."""
    splits: tuple[Split, ...] = ()
    """Where the spread of each comparison comes from, in the order of ``comparisons``."""
    precision: Precision | None = None
    """What was reached of the precision that was wanted, where there were to be runs until then."""

    @property
    def runs(self) -> int:
        """The number of runs."""
        return self.replications * sum(len(variants) for variants in self.values.values()) + self.more_runs

    def estimate(self, world: str, variant: str, key: Key) -> Estimate:
        """Return the mean of one outcome over the runs, with an interval of its own."""
        return estimate(self.values[world][variant][key], self.experiment.confidence)


# -- what is asked for ------------------------------------------------------------------------------------------------


def check_outcomes(crossed: Crossed) -> None:
    """Refuse an experiment that asks for an outcome nobody has registered, or an amount in a wrong unit."""
    asked.check(crossed.experiment.named(), crossed.source)


def check_seen(crossed: Crossed, seed: int) -> None:
    """Run variants once until each outcome that counts has been seen; raises InputError for one that none has."""
    asked.check_seen(crossed.experiment.named(), (cell.scenario for cell in crossed.cells), crossed.source, seed)


# -- how many runs ----------------------------------------------------------------------------------------------------


def conclusion(
    crossed: Crossed, seed: int, replications: int | None = None, noted: Noted | None = None
) -> Procedure[Concluded]:
    """Return the procedure that an experiment states; with ``replications``, so many whatever it states."""
    stated = crossed.experiment
    if replications is None and stated.stop is not None:
        return until_precise(crossed, stated.stop, seed, noted)
    if replications is None and stated.select is not None:
        return chosen(crossed, stated.select, seed)
    if replications is None and stated.assumptions is not None:
        return over_assumptions(crossed, stated.assumptions, seed)
    return fixed(crossed, replications if replications is not None else stated.replications, seed)


def fixed(crossed: Crossed, replications: int, seed: int) -> Procedure[Concluded]:
    """Compare the variants over so many replications."""
    collected = yield _all(crossed.cells, range(replications))
    return conclude(crossed, collected, replications, seed)


def until_precise(crossed: Crossed, stop: Stop, seed: int, noted: Noted | None = None) -> Procedure[Concluded]:
    """Compare the variants over as many replications as one outcome's differences want.

    After each round the number that the widest interval wants is estimated from its spread; at most twice as many runs
    are made at a time. Where the outcome is not defined in a run no further ones would help. The rule is sequential: it
    stops too early where the first runs lie close together by chance, and its intervals hold the truth in 93 of 100
    cases instead of 95, fewer where differences are very skewed (``tests/theory/test_stopping.py`` measures it).
    """
    wanted = amount(stop.half_width, describe(stop.outcome).unit)
    count, note = stop.at_least, ""
    while True:
        collected = yield _all(crossed.cells, range(count), note)
        found = conclude(crossed, collected, count, seed)
        widths = [(c.high - c.low) / 2 for c in found.comparisons if (c.outcome, c.by, c.level) == stop.key]
        widest = max((width if np.isfinite(width) else np.inf for width in widths), default=0.0)
        precision = Precision(stop.key, wanted, widest if np.isfinite(widest) else np.nan)
        hopeless = any(c.defined < c.runs for c in found.comparisons if (c.outcome, c.by, c.level) == stop.key)
        if precision.reached or hopeless or count >= stop.at_most:
            return replace(found, precision=precision)
        count = min(stop.at_most, more(count, widest, wanted))
        note = noted(precision) if noted is not None else ""


def chosen(crossed: Crossed, wanted: Select, seed: int) -> Procedure[Concluded]:
    """Choose the best variant in each world, and compare all over the replications that all of them have."""
    selected = []
    for world in crossed.worlds:
        mine = [cell for cell in crossed.cells if cell.world == world]
        selected.append((yield from select(mine, wanted, crossed.experiment.confidence)))
    collected = yield _all(crossed.cells, range(wanted.at_least))
    found = conclude(crossed, collected, wanted.at_least, seed)
    return replace(found, selected=tuple(selected), more_runs=collected.size - found.runs)


def over_assumptions(crossed: Crossed, wanted: Assumptions, seed: int) -> Procedure[Concluded]:
    """Compare the variants over draws of what is assumed: each draw counts once, whatever its luck."""
    drawn, collected = yield from nested(crossed, wanted, seed)
    found = _compared(crossed, {ONLY_WORLD: drawn.values}, wanted.draws, seed, tuple(sorted(collected.failed)))
    pairs = [Pair((c.outcome, c.by, c.level), c.variant, c.reference) for c in found.comparisons]
    more_runs = collected.size - found.runs
    return replace(
        found,
        drawn=drawn,
        splits=tuple(split(drawn, pair, crossed.experiment.confidence) for pair in pairs),
        more_runs=more_runs,
    )


def more(count: int, half_width: float, wanted: float) -> int:
    """Return how many runs to have in all, where so many gave a half width that is too wide."""
    estimated = count * (half_width / wanted) ** 2 if np.isfinite(half_width) else np.inf
    most = min(estimated, 2 * count)
    return max(-(-int(np.ceil(most)) // AT_A_TIME) * AT_A_TIME, count + AT_A_TIME)


def _all(cells: Iterable[Cell], replications: range, note: str = "") -> Round:
    return Round(tuple(Batch(cell, replications) for cell in cells), note)


# -- what is concluded ------------------------------------------------------------------------------------------------


def conclude(crossed: Crossed, collected: Collected, replications: int, seed: int) -> Concluded:
    """Compare the variants within each world from the values of their runs."""
    experiment = crossed.experiment
    values: dict[str, dict[str, dict[Key, Floats]]] = {}
    for world in crossed.worlds:
        names = [(cell.world, cell.variant) for cell in crossed.cells if cell.world == world]
        whole = collected.whole(names, range(replications))
        values[world] = {name[1]: {key: collected.of(name, key, whole) for key in experiment.keys} for name in names}
    failed = tuple(sorted(run for run in collected.failed if run[2] < replications))
    return _compared(crossed, values, replications, seed, failed)


def _compared(
    crossed: Crossed,
    values: Mapping[str, Mapping[str, Mapping[Key, Floats]]],
    replications: int,
    seed: int,
    failed: tuple[tuple[str, str, int], ...],
) -> Concluded:
    experiment = crossed.experiment
    comparisons: list[Comparison] = []
    judged: list[Judged] = []
    effects: list[Comparison] = []
    for world in values:
        effects += factor_effects(experiment, values[world], world) if experiment.factorial else []
        wanted = [expected for expected in experiment.expects if expected.world in (None, world)]
        pairs = [_pair(experiment, expected) for expected in wanted]
        family = list(dict.fromkeys([*against_reference(experiment.keys, experiment), *pairs]))
        compared = dict(zip(family, compare(values[world], family, experiment.confidence, world), strict=True))
        comparisons += compared.values()
        for expected, pair in zip(wanted, pairs, strict=True):
            judged.append(Judged(world, expected, compared[pair], judge(expected, compared[pair])))
    return Concluded(
        experiment,
        seed,
        replications,
        crossed.head_counts(),
        values,
        tuple(comparisons),
        tuple(judged),
        failed,
        effects=tuple(effects),
    )


def _pair(experiment: Experiment, expected: Expectation) -> Pair:
    than = expected.than if expected.than is not None else experiment.against
    return Pair(expected.key, expected.variant, than)


def against_reference(keys: Sequence[Key], experiment: Experiment) -> list[Pair]:
    """Return the comparison of every variant with the reference, for each outcome."""
    others = [name for name in experiment.variants if name != experiment.against]
    return [Pair(key, name, experiment.against) for key in keys for name in others]
