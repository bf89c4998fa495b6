"""A design file: which factors of a base are varied over which ranges, by which method, and the outcomes that count.

What a design names is checked here as far as it stands alone; its factors on the base are in ``sim.spec.factors``,
reading is in ``sim.design_files``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ValidationError, model_validator

from sim.errors import InputError, Problem, nearest
from sim.spec.base import FrozenMap, Integer, PathMap, Plain, ScenarioName, Spec, Text, between, non_empty, refuse
from sim.spec.experiment import Lines, line_of, place_of, say
from sim.spec.messages import translate
from sim.spec.procedures import Confidence, Key, Outcome
from sim.units import found, parse_duration, parse_number

Method = Literal["morris", "sobol_indices", "latin_hypercube", "sobol_sequence", "grid"]
MOST_GROUPS = 15
"""Groups that a Morris design tells apart with few trajectories."""
MOST_POINTS = 10_000
POWERS = ("sobol_indices", "sobol_sequence")
"""Methods on a Sobol' sequence, which is balanced after a power of two points."""
OF_METHOD: dict[str, tuple[str, ...]] = {
    "points": ("sobol_indices", "latin_hypercube", "sobol_sequence"),
    "trajectories": ("morris",),
    "levels": ("morris", "grid"),
    "groups": ("morris", "sobol_indices"),
    "then": ("morris",),
}
"""Keys that belong to some methods only."""

Points = Annotated[Integer, between(4, MOST_POINTS, "a number of points between 4 and 10,000")]


def signed_duration(text: str) -> float:
    """Return a duration in hours, that may be negative; raises ValueError."""
    stripped = text.strip()
    return -parse_duration(stripped[1:]) if stripped.startswith("-") else parse_duration(stripped)


def _edge(value: object) -> str:
    """Check a number or a duration, and keep it as it is written."""
    text = value if isinstance(value, str) else str(value)
    for parse in (parse_number, signed_duration):
        try:
            parse(text)
        except ValueError:
            continue
        return text
    raise refuse(f"a number, or a duration such as '30 min', is wanted; found {found(value)}")


def is_duration(text: str) -> bool:
    """Tell whether the end of a range is a duration."""
    try:
        signed_duration(text)
    except ValueError:
        return False
    return True


def amount_of(text: str) -> float:
    """Return the end of a range as a number: hours, where it is a duration."""
    return signed_duration(text) if is_duration(text) else parse_number(text)


Edge = Annotated[str, BeforeValidator(_edge)]


class Factor(Spec):
    """What is varied: a number or duration between two ends, or one of a list of choices; all equally likely."""

    low: Edge | None = None
    high: Edge | None = None
    scale: Literal["linear", "log"] = "linear"
    """With ``log``, equal ratios are equally likely."""
    of: tuple[Plain, ...] | None = None
    """The choices, whatever the key may hold."""

    @model_validator(mode="after")
    def _one_kind(self) -> Factor:
        if self.of is not None:
            if {"low", "high", "scale"} & self.model_fields_set:
                raise refuse("either 'low' and 'high', or a list 'of' choices, is wanted")
            if len(self.of) < 2 or any(one == other for k, one in enumerate(self.of) for other in self.of[:k]):
                raise refuse("a list 'of' at least two choices, no two alike, is wanted")
            return self
        if self.low is None or self.high is None:
            raise refuse("'low' and 'high', or a list 'of' choices, is wanted")
        if is_duration(self.low) != is_duration(self.high):
            raise refuse(f"two numbers or two durations are wanted; found {self.low!r} and {self.high!r}")
        low, high = amount_of(self.low), amount_of(self.high)
        if low >= high:
            raise refuse(f"a 'low' below 'high' is wanted; found {self.low!r} and {self.high!r}")
        if self.scale == "log" and low <= 0:
            raise refuse(f"a 'low' above 0 is wanted on a log scale; found {self.low!r}")
        return self


class Then(Spec):
    """A second round: Sobol' indices of the groups that lead in the first."""

    method: Literal["sobol_indices"]
    leading: Annotated[Integer, between(1, MOST_GROUPS, "a number of groups between 1 and 15")]
    points: Points = 64
    outcome: Text | None = None
    """By which outcome of the list they lead; by the first, where not said."""


def _one_name(value: Any) -> Any:
    return {"outcome": value} if isinstance(value, str) else value


def _power_of_two(points: int) -> bool:
    return points & (points - 1) == 0


def _yes_no_or_list(value: object) -> object:
    if isinstance(value, (bool, list, tuple)):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise refuse(f"true, or a list of paths, is wanted; found {found(value)}")


class Design(Spec):
    """A sensitivity study: points in the ranges of its factors, the same luck at each, and what follows from them."""

    sensitivity: ScenarioName
    title: Text | None = None
    description: Text | None = None
    question: Text | None = None
    """What its author wants to know, stated before any run."""
    base: Text
    method: Method
    factors: PathMap[Factor] = PathMap()
    from_evidence: Annotated[bool | tuple[Text, ...], BeforeValidator(_yes_no_or_list)] = False
    """Figures of the base that state a range under ``evidence``: all, or those whose paths match."""
    groups: FrozenMap[tuple[Text, ...]] = FrozenMap()
    """Factors that move together, by paths in which ``*`` stands for any name."""
    points: Points = 64
    trajectories: Annotated[Integer, between(2, 1_000, "a number of trajectories between 2 and 1,000")] = 10
    levels: Annotated[Integer, between(2, 100, "a number of levels between 2 and 100")] = 4
    replications: Annotated[Integer, between(1, 1_000, "a number of replications between 1 and 1,000")] = 4
    """Runs at each point; one run cannot tell luck from effect."""
    outcomes: Annotated[tuple[Annotated[Outcome, BeforeValidator(_one_name)], ...], non_empty("outcome")]
    then: Then | None = None
    seed: Annotated[Integer, between(0, 2**53, "a seed between 0 and 9007199254740992")] = 1
    confidence: Confidence = 0.95

    @property
    def keys(self) -> tuple[Key, ...]:
        """The outcomes that count."""
        return tuple(outcome.key for outcome in self.outcomes)

    @property
    def leads_by(self) -> Key:
        """The outcome by which groups lead into the second round."""
        named = self.then.outcome if self.then is not None else None
        return next((key for key in self.keys if key[0] == named), self.keys[0])


def check_design(data: Any, source: str, lines: Lines) -> Design:
    """Check a design as far as it stands alone; raises InputError with every problem found."""
    try:
        design = Design.model_validate(data)
    except ValidationError as error:
        raise InputError(source, translate(error, Design, lines)) from None
    problems = [Problem(place_of(path), message, line_of(path, lines)) for path, message in _strays(design)]
    if problems:
        raise InputError(source, sorted(problems, key=lambda problem: problem.line or 0))
    return design


def _strays(design: Design) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Find what does not go together: (path, message)."""
    for key, methods in OF_METHOD.items():
        if key in design.model_fields_set and design.method not in methods:
            yield (key,), f"this is wanted with the method {' or '.join(methods)}; found {design.method}"
    if not design.factors and design.from_evidence is False:
        yield ("factors",), "at least one factor, or from_evidence, is wanted"
    if design.method in POWERS and not _power_of_two(design.points):
        yield ("points",), _wanted_power(design.points)
    if design.then is not None:
        if not _power_of_two(design.then.points):
            yield ("then", "points"), _wanted_power(design.then.points)
        names = [outcome.outcome for outcome in design.outcomes]
        if design.then.outcome is not None and design.then.outcome not in names:
            said = f"an outcome of the list is wanted; found {design.then.outcome!r}"
            yield ("then", "outcome"), f"{said}{nearest(design.then.outcome, names)}"
    if design.method == "morris" and design.levels % 2:
        yield ("levels",), f"an even number of levels is wanted with the method morris; found {design.levels}"
    for index, outcome in enumerate(design.outcomes):
        if outcome.key in design.keys[:index]:
            yield ("outcomes", index), f"each outcome is wanted once; {say(outcome.key)} stands twice"
        if (outcome.by == "all") != (outcome.level == "all"):
            wanted = "'by' and 'level' are wanted together, such as {outcome: utilisation, by: unit, level: runners}"
            yield ("outcomes", index), f"{wanted}; found by {outcome.by}, level {outcome.level}"


def _wanted_power(points: int) -> str:
    below = 1 << (points.bit_length() - 1)
    near = below if points - below <= 2 * below - points else 2 * below
    return f"a power of two is wanted, for a Sobol' sequence is balanced there; found {points}; did you mean {near}?"


def matches(path: str, pattern: str) -> bool:
    """Tell whether a dotted path is meant by a pattern, in which ``*`` stands for any name."""
    steps, wanted = path.split("."), pattern.split(".")
    return len(steps) == len(wanted) and all(want in ("*", step) for step, want in zip(steps, wanted, strict=True))


def groups_of(design: Design, paths: Mapping[str, object], source: str, lines: Lines) -> dict[str, tuple[str, ...]]:
    """Return the factors of each group, in the order of the factors; one in no group is a group by itself.

    Raises InputError for a pattern that no factor matches, a factor in two groups, and too many groups.
    """
    problems: list[Problem] = []
    of: dict[str, str] = {}
    for name, patterns in design.groups.items():
        for index, pattern in enumerate(patterns):
            place: tuple[str | int, ...] = ("groups", name, index)
            hit = [path for path in paths if matches(path, pattern)]
            if not hit:
                said = f"no factor is called {pattern!r}{nearest(pattern, paths)}"
                problems.append(Problem(place_of(place), said, line_of(place, lines)))
            for path in hit:
                if of.setdefault(path, name) != name:
                    said = f"each factor is wanted in one group; {path} is in {of[path]!r} already"
                    problems.append(Problem(place_of(place), said, line_of(place, lines)))
        if name in paths:
            said = "a name that is no factor's is wanted for a group"
            problems.append(Problem(f"groups.{name}", said, line_of(("groups", name), lines)))
    if problems:
        raise InputError(source, problems)
    groups: dict[str, tuple[str, ...]] = {}
    for path in paths:
        name = of.get(path, path)
        groups[name] = (*groups.get(name, ()), path)
    if design.method == "morris" and len(groups) > MOST_GROUPS:
        said = f"at most {MOST_GROUPS} groups are wanted with the method morris; found {len(groups)}"
        said += "; put factors that belong together into 'groups' (a factor in none is a group by itself)"
        key = "groups" if design.groups else "factors"
        raise InputError(source, [Problem(key, said, line_of((key,), lines))])
    return groups
