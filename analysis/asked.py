"""The outcomes that a file asks for: whether they exist, have amounts in their unit, and come up in a run at all."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.need_outcomes import NEED_OUTCOMES
from analysis.outcomes import describe, measure_of
from analysis.run_outcomes import RUN_OUTCOMES
from sim.errors import InputError, Problem, nearest
from sim.runs import run
from sim.spec.experiment import place_of, say
from sim.spec.procedures import Constraint, Key, Outcome, Select, Stop, amount
from sim.spec.scenario import Scenario

Named = Iterable[tuple[tuple[str | int, ...], Outcome]]
"""Outcomes with their places in the file."""


def check(named: Named, source: str) -> None:
    """Refuse an outcome that nobody has registered, and an amount in a wrong unit; raises InputError."""
    known = [*NEED_OUTCOMES, *RUN_OUTCOMES]
    problems = []
    for path, outcome in named:
        if outcome.outcome not in known:
            said = f"no outcome is called {outcome.outcome!r}{nearest(outcome.outcome, known)}"
            problems.append(Problem(place_of(path), said))
            continue
        for name, text in _amounts(outcome).items():
            try:
                amount(text, describe(outcome.outcome).unit)
            except ValueError as error:
                problems.append(Problem(place_of((*path, name)), str(error)))
    if problems:
        raise InputError(source, problems)


def _amounts(outcome: Outcome) -> dict[str, str]:
    """Return the amounts that stand with an outcome, by their key."""
    if isinstance(outcome, Stop):
        return {"half_width": outcome.half_width}
    if isinstance(outcome, Select):
        return {"indifference": outcome.indifference}
    if isinstance(outcome, Constraint):
        stated = {"at_least": outcome.at_least, "at_most": outcome.at_most}
        return {name: text for name, text in stated.items() if text is not None}
    return {}


def check_seen(named: Named, scenarios: Iterable[Scenario], source: str, seed: int) -> None:
    """Run scenarios once until each outcome has been seen; raises InputError for one that none has."""
    wanted = list(named)
    keys = {outcome.key for _, outcome in wanted}
    seen: set[Key] = set()
    for scenario in scenarios:
        if keys <= seen:
            return
        seen |= {(row.outcome, row.by, row.level) for row in measure_of(scenario)(run(scenario, seed))}
    problems = []
    for path, outcome in wanted:
        key = outcome.key
        if key in seen:
            continue
        there = [say(other) for other in sorted(seen) if other[0] == key[0]]
        listed = f"; there is {'; '.join(there[:12])}{'; …' if len(there) > 12 else ''}" if there else ""
        hint = nearest(say(key), there)
        message = f"no first run has {say(key)}{hint if 'did you mean' in hint else listed}"
        problems.append(Problem(place_of(path), message))
    if problems:
        raise InputError(source, problems)
