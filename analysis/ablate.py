"""What each mechanism of a scenario does: the scenario as it is against its counterfactual, and against its absence.

Off is the declared counterfactual: the block stays, and the mechanism costs or changes nothing. Absent takes the block
away. The two differ where a block brings something of its own, such as the time that it takes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from analysis.compare import Comparison, Pair, compare
from analysis.outcomes import measure_of
from analysis.store.rounds import Batch, Procedure, Round
from sim.errors import InputError, Problem, nearest
from sim.runs import run
from sim.spec.crossed import Cell
from sim.spec.experiment import ONLY_WORLD
from sim.spec.mechanisms import MECHANISMS, Patch
from sim.spec.procedures import Key
from sim.spec.scenario import Scenario

AS_IS = "as_is"
Against = Literal["off", "absent"]
ALL = ("all", "all")
MAIN: tuple[Key, ...] = tuple(
    (name, *ALL)
    for name in (
        "unmet_share",
        "wait_mean_h",
        "share_in_target",
        "unmet_difference_vulnerable",
        "strain_mean",
        "trust_end",
        "infections",
        "missed_share",
        "utilisation",
        "total_cost",
    )
)
"""The outcomes that an ablation tells of, of those that a scenario has: service, fairness, people, harm, cost."""


class Taken(NamedTuple):
    """What is asked of an ablation: the mechanisms of a scenario that are taken away, and the outcomes to tell of."""

    scenario: Scenario
    mechanisms: tuple[str, ...]
    keys: tuple[Key, ...]
    replications: int


@dataclass(frozen=True)
class Ablated:
    """One mechanism taken away in one way, and what that changes.

    ``effects`` are the scenario as it is less the one without, so that they say what the mechanism does. Where the
    scenario without is another one's or the scenario itself, ``same_as`` names it.
    """

    mechanism: str
    against: Against
    claim: str
    counterfactual: str
    cell: Cell
    effects: tuple[Comparison, ...] = ()
    same_as: str | None = None

    @property
    def unchanged(self) -> bool:
        """Whether the scenario without is the scenario as it is: then there is nothing to compare."""
        return self.same_as == AS_IS


@dataclass(frozen=True)
class Ablation:
    """What all mechanisms of a scenario do; the intervals of one outcome and one way hold together."""

    scenario: str
    keys: tuple[Key, ...]
    replications: int
    confidence: float
    ablated: tuple[Ablated, ...]
    failed: tuple[tuple[str, str, int], ...]

    @property
    def runs(self) -> int:
        """The replications that are compared: those in which no run failed."""
        return self.ablated[0].effects[0].runs


def present(scenario: Scenario, only: Sequence[str] = ()) -> list[str]:
    """Return the mechanisms of a scenario; raises InputError for one that is asked for and not there."""
    there = [name for name, mechanism in MECHANISMS.items() if mechanism.present(scenario)]
    strangers = [name for name in only if name not in there]
    if strangers:
        known = [name for name, _ in MECHANISMS.items()]
        said = [
            f"the scenario has no mechanism {name!r}{nearest(name, there)}"
            if name in known
            else f"no mechanism is called {name!r}{nearest(name, there)}"
            for name in strangers
        ]
        raise InputError(scenario.name, [Problem("--only", one) for one in said])
    if not there:
        raise InputError(
            scenario.name, [Problem("", "it has no mechanism that could be taken away: it is a pure queue")]
        )
    return [name for name in there if not only or name in only]


def main_outcomes(scenario: Scenario, seed: int, asked: Sequence[str] = ()) -> tuple[Key, ...]:
    """Return the outcomes to tell of that a first run has; raises InputError for one that is asked for and lacking."""
    there = {row[1:4] for row in measure_of(scenario)(run(scenario, seed)) if row.value == row.value}
    if not asked:
        main = tuple(key for key in MAIN if key in there)
        if not main:
            said = f"its first run has none of the main outcomes ({', '.join(key[0] for key in MAIN)}): name others"
            raise InputError(scenario.name, [Problem("--outcome", said)])
        return main
    keys: list[Key] = [(name, *ALL) for name in asked]
    names = sorted({name for name, by, _ in there if by == "all"})
    problems = [
        Problem("--outcome", f"its first run has no outcome {key[0]!r}{nearest(key[0], names)}")
        for key in keys
        if key not in there
    ]
    if problems:
        raise InputError(scenario.name, problems)
    return tuple(keys)


def ways(scenario: Scenario, names: Sequence[str]) -> list[Ablated]:
    """Return each mechanism taken away in both ways."""
    seen = {_meaning(scenario): AS_IS}
    found = []
    for name in names:
        mechanism = MECHANISMS[name]
        patches: tuple[tuple[Against, Patch], ...] = (
            ("off", mechanism.off(scenario)),
            ("absent", mechanism.without(scenario)),
        )
        for against, patch in patches:
            variant = f"{name}.{against}"
            without = scenario.patched(patch)
            same = seen.setdefault(_meaning(without), variant)
            cell = Cell(ONLY_WORLD, variant, without)
            told = mechanism.counterfactual if against == "off" else "the block is taken away"
            same_as = None if same == variant else same
            found.append(Ablated(name, against, mechanism.claim, told, cell, same_as=same_as))
    return found


def _meaning(scenario: Scenario) -> str:
    """Return all that a scenario says and leaves to defaults, as text: two that mean the same run alike."""
    data = scenario.model_dump(mode="json", by_alias=True)
    desks = scenario.response.all_desks()
    data["response"]["desks"] = {name: desk.model_dump(mode="json", by_alias=True) for name, desk in desks.items()}
    return json.dumps(data, sort_keys=True)


def ablation(
    scenario: Scenario, names: Sequence[str], keys: Sequence[Key], replications: int, confidence: float = 0.95
) -> Procedure[Ablation]:
    """Ask for the scenario as it is and with each mechanism taken away, under the same luck, and compare."""
    as_is = Cell(ONLY_WORLD, AS_IS, scenario)
    taken = ways(scenario, names)
    cells = [as_is, *(one.cell for one in taken if one.same_as is None)]
    replicated = range(replications)
    collected = yield Round(tuple(Batch(cell, replicated) for cell in cells))
    whole = collected.whole([(cell.world, cell.variant) for cell in cells], replicated)
    values = {
        cell.variant: {key: collected.of((cell.world, cell.variant), key, whole) for key in keys} for cell in cells
    }
    effects: dict[tuple[str, Key], Comparison] = {}
    for against in ("off", "absent"):
        references = dict.fromkeys(one.same_as or one.cell.variant for one in taken if one.against == against)
        for key in keys:
            pairs = [Pair(key, AS_IS, reference) for reference in references]
            tests = [pair for pair in pairs if pair.reference != AS_IS]
            itself = [pair for pair in pairs if pair.reference == AS_IS]  # 0 for certain: no test of the family
            compared = [c for family in (tests, itself) for c in compare(values, family, confidence)]
            effects |= {(f"{against} {c.reference}", key): c for c in compared}
    told = tuple(
        replace(one, effects=tuple(effects[f"{one.against} {one.same_as or one.cell.variant}", key] for key in keys))
        for one in taken
    )
    failed = tuple(sorted(run for run in collected.failed if run[2] < replications))
    return Ablation(scenario.name, tuple(keys), replications, confidence, told, failed)
