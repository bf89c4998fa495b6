"""The outcomes that a file asks for: whether they exist, have amounts in their unit, and come up in a run at all."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.need_outcomes import NEED_OUTCOMES
from analysis.outcomes import describe, limits, measure_of
from analysis.run_outcomes import RUN_OUTCOMES
from analysis.stated_parts import stated
from sim.errors import InputError, Problem, nearest
from sim.runs import run
from sim.spec.experiment import place_of, say
from sim.spec.procedures import Key, Outcome, amount
from sim.spec.scenario import Scenario

Named = Iterable[tuple[tuple[str | int, ...], Outcome]]
"""Outcomes with their places in the file."""
BOUNDS, WIDTHS = ("at_least", "at_most", "value"), ("half_width", "indifference", "sd")
"""Keys of amounts beside an outcome: those that it may have, and those by which it may differ."""


def check(named: Named, source: str) -> None:
    """Refuse an outcome that nobody has registered, and an amount in a wrong unit; raises InputError."""
    known = [*NEED_OUTCOMES, *RUN_OUTCOMES]
    problems = []
    for path, outcome in named:
        if outcome.outcome not in known:
            said = f"no outcome is called {outcome.outcome!r}{nearest(outcome.outcome, known)}"
            problems.append(Problem(place_of(path), said))
            continue
        problems += [*_without_a_best(path, outcome), *_amounts(path, outcome)]
    if problems:
        raise InputError(source, problems)


def _without_a_best(path: tuple[str | int, ...], outcome: Outcome) -> list[Problem]:
    """Refuse to choose the best plan by an outcome of which neither less nor more is better."""
    if getattr(outcome, "indifference", None) is None:
        return []
    described = describe(outcome.outcome)
    if described.direction != "neither" and described.parity is None:
        return []
    why = "neither less nor more of it is better" if described.parity is None else "below parity others are worse off"
    return [Problem(place_of(path), f"no plan is best by {outcome.outcome}: {why}; bound it under 'subject_to'")]


def _amounts(path: tuple[str | int, ...], outcome: Outcome) -> list[Problem]:
    """Return what is wrong with the amounts that stand with an outcome: their unit, or their size."""
    unit, problems = describe(outcome.outcome).unit, []
    lowest, _ = limits(outcome.outcome)  # a difference of two shares has either sign
    for name in (*BOUNDS, *WIDTHS):
        text = getattr(outcome, name, None)
        if not isinstance(text, str):  # 'at_least' of a stop is a number of runs
            continue
        said = ""
        try:
            value = amount(text, unit)
        except ValueError as error:
            said = str(error)
        else:
            least = lowest if name in BOUNDS else 0
            if name in WIDTHS and value <= 0:
                said = f"an amount above 0 is wanted; found {text}"
            elif unit == "share" and not least <= value <= 1:
                said = f"a share between {least:g} and 1 is wanted; found {text}"
                said += f"; did you mean {value / 100:g}?" if 1 < value <= 100 else ""
        if said:
            problems.append(Problem(place_of((*path, name)), said))
    return problems


def check_parts(named: Named, scenarios: Iterable[Scenario], source: str) -> None:
    """Refuse an outcome of a part that no scenario states, without a run; raises InputError.

    What only a run tells passes: :func:`check_seen` makes one.
    """
    there = [stated(scenario) for scenario in scenarios]
    problems = []
    for path, outcome in named:
        name, by, level = outcome.key
        known = describe(name).by
        if by not in known:
            wanted = " or ".join(f"by {one}" for one in known if one != "all")
            said = f"{name} of everything" if by == "all" else f"{name} by {by}"
            other = f"there is {wanted}" if wanted else "it is of everything, without 'by' and 'level'"
            hint = nearest(by, known)
            hint = hint if "did you mean" in hint else f"; {other}"
            problems.append(Problem(place_of(path), f"there is no {said}{hint}"))
        elif all(by in parts for parts in there):
            levels = dict.fromkeys(level for parts in there for level in parts[by])
            if level not in levels:
                said = f"no {by} is called {level!r}{nearest(level, levels)}"
                problems.append(Problem(place_of((*path, "level")), said))
    if problems:
        raise InputError(source, problems)


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
