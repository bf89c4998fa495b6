"""An experiment: plans and worlds as patches of a base, the outcomes that count, what its author expects beforehand.

What an experiment names is checked here; the scenarios that it makes are in ``sim.spec.crossed``, reading in
``sim.files``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, ValidationError, model_validator

from sim.errors import InputError, Problem, nearest
from sim.spec.base import (
    FrozenMap,
    Integer,
    PathMap,
    ScenarioName,
    Spec,
    Text,
    YesNo,
    between,
    freeze,
    non_empty,
    refuse,
    thaw,
)
from sim.spec.factorial import MOST_FACTORS, NONE
from sim.spec.messages import translate
from sim.spec.procedures import Assumptions, Confidence, Key, Outcome, Runs, Select, Stop
from sim.units import found

Lines = Mapping[tuple[str | int, ...], int]
ONLY_WORLD = "base"
"""The world of an experiment that names none: that of its base."""


def _patch(value: object) -> Any:
    if not isinstance(value, Mapping):
        raise refuse(f"a map is wanted; found {found(value)}")
    return freeze(value)


Patch = Annotated[Any, AfterValidator(_patch), PlainSerializer(thaw)]


class Variant(Spec):
    """A plan: a patch of the base's response, and of nothing else."""

    response: Patch = PathMap()


class Surroundings(Spec):
    """A world in which the plans are compared: a patch of the base's world, and of nothing else."""

    world: Patch = PathMap()


class Expectation(Outcome):
    """What the author expects of a variant before it is run, against the reference or another variant."""

    variant: Text
    direction: Literal["lower", "higher", "same"]
    than: Text | None = None
    """The variant that it is compared with; the reference, where not said."""
    world: Text | None = None
    """Only in this world; in each, where not said."""
    because: Text = ""


def _one_name(value: Any) -> Any:
    return {"outcome": value} if isinstance(value, str) else value


class Experiment(Spec):
    """Variants of a base, crossed with worlds; the same luck for all in each replication."""

    experiment: ScenarioName
    title: Text | None = None
    description: Text | None = None
    base: Text
    variants: FrozenMap[Variant] = FrozenMap()
    factorial: FrozenMap[Variant] = FrozenMap()
    """Parts of the response, each with the patch that takes it away; the variants are all their combinations."""
    worlds: FrozenMap[Surroundings] = FrozenMap()
    outcomes: Annotated[tuple[Annotated[Outcome, BeforeValidator(_one_name)], ...], non_empty("outcome")]
    replications: Runs = 30
    """Runs of each variant in each world; with ``stop``, ``select`` or ``assumptions`` those decide."""
    stop: Stop | None = None
    select: Select | None = None
    assumptions: Assumptions | None = None
    seed: Annotated[Integer, between(0, 2**53, "a seed between 0 and 9007199254740992")] = 1
    confidence: Confidence = 0.95
    reference: Text | None = None
    """The variant that the others are compared with; the first, where not said."""
    expects: tuple[Expectation, ...] = ()
    equal_head_count: YesNo = False
    """Refuse variants that differ in their number of people."""

    @property
    def against(self) -> str:
        """The reference: the variant that the others are compared with."""
        return self.reference if self.reference is not None else next(iter(self.variants))

    @property
    def keys(self) -> tuple[Key, ...]:
        """The outcomes that count: those of the list, and those by which runs are ended or a plan is chosen."""
        return tuple(dict.fromkeys(outcome.key for _, outcome in self.named()))

    def named(self) -> Iterator[tuple[tuple[str | int, ...], Outcome]]:
        """Yield every outcome that counts, with its place: those listed, and those by which something is decided."""
        for index, outcome in enumerate(self.outcomes):
            yield ("outcomes", index), outcome
        if self.stop is not None:
            yield ("stop",), self.stop
        if self.select is not None:
            yield ("select",), self.select
            for index, constraint in enumerate(self.select.subject_to):
                yield ("select", "subject_to", index), constraint

    @model_validator(mode="after")
    def _one_end(self) -> Experiment:
        given = [name for name in ("replications", "stop", "select", "assumptions") if name in self.model_fields_set]
        if len(given) > 1:
            raise refuse(f"one of {' and '.join(given)} is wanted: each says how many runs there are")
        return self


def check_experiment(data: Any, source: str, lines: Lines) -> Experiment:
    """Check an experiment as far as it stands alone; raises InputError with every problem found."""
    try:
        experiment = Experiment.model_validate(data)
    except ValidationError as error:
        raise InputError(source, translate(error, Experiment, lines)) from None
    problems = [Problem(place_of(path), message, line_of(path, lines)) for path, message in _strays(experiment)]
    if problems:
        raise InputError(source, sorted(problems, key=lambda problem: problem.line or 0))
    return experiment


def _strays(experiment: Experiment) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Find what an experiment names and does not have: (path, message)."""
    variants, keys = experiment.variants, experiment.keys
    worlds = list(experiment.worlds) or [ONLY_WORLD]
    yield from _stray_factors(experiment)
    if len(variants) < 2:
        yield ("variants",), f"at least two variants are wanted, to compare; found {len(variants)}"
        return
    if experiment.assumptions is not None and experiment.worlds:
        yield ("worlds",), "with 'assumptions' each draw is a world of its own; no others are wanted"
    if experiment.against not in variants:
        yield ("reference",), _unknown("variant", experiment.against, variants)
    yield from _stray_outcomes(experiment)
    for index, expected in enumerate(experiment.expects):
        if expected.key not in keys:
            known = "; ".join(say(key) for key in keys)
            yield (
                ("expects", index, "outcome"),
                f"an outcome of the list is wanted: {known}; found {say(expected.key)}",
            )
        for field, name in (("variant", expected.variant), ("than", expected.than)):
            if name is not None and name not in variants:
                yield ("expects", index, field), _unknown("variant", name, variants)
        if expected.variant == (expected.than if expected.than is not None else experiment.against):
            said = f"another variant than the one it is compared with is wanted; found {expected.variant!r} twice"
            yield ("expects", index, "variant"), said
        if expected.world is not None and expected.world not in worlds:
            yield ("expects", index, "world"), _unknown("world", expected.world, worlds)


def _stray_factors(experiment: Experiment) -> Iterator[tuple[tuple[str | int, ...], str]]:
    factors = list(experiment.factorial)
    if factors and not 2 <= len(factors) <= MOST_FACTORS:
        yield ("factorial",), f"two to {MOST_FACTORS} factors are wanted; found {len(factors)}"
    if any("+" in name or name == NONE for name in factors):
        yield ("factorial",), f"names without '+', and not {NONE!r}, are wanted: the combinations are named so"


def _stray_outcomes(experiment: Experiment) -> Iterator[tuple[tuple[str | int, ...], str]]:
    listed = [outcome.key for outcome in experiment.outcomes]
    for index, key in enumerate(listed):
        if key in listed[:index]:
            yield ("outcomes", index), f"each outcome is wanted once; {say(key)} stands twice"
    for path, outcome in experiment.named():
        if (outcome.by == "all") != (outcome.level == "all"):
            wanted = "'by' and 'level' are wanted together, such as {outcome: utilisation, by: unit, level: runners}"
            yield path, f"{wanted}; found by {outcome.by}, level {outcome.level}"


def say(key: Key) -> str:
    """Write an outcome with its part, such as "utilisation of unit runners"."""
    outcome, by, level = key
    return outcome if by == "all" else f"{outcome} of {by} {level}"


def _unknown(what: str, name: str, known: Collection[str]) -> str:
    return f"no {what} is called {name!r}{nearest(name, known)}"


def place_of(path: tuple[str | int, ...]) -> str:
    """Return the dotted place of a path, such as "expects[0].variant"."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def line_of(path: tuple[str | int, ...], lines: Lines) -> int | None:
    """Return the line of a path, or of what it stands in; None where unknown."""
    return next((lines[path[:length]] for length in range(len(path), 0, -1) if path[:length] in lines), None)
