"""A question to be answered the other way round: which numbers of tables and people are enough, and which are least.

What such a file names is checked here; its numbers on the base are in ``sim.spec.factors``, the search in
``analysis.optimise``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import ValidationError, model_validator

from sim.errors import InputError, Problem, nearest
from sim.spec.base import Integer, NonNegative, PathMap, ScenarioName, Spec, Text, between, non_empty, refuse
from sim.spec.design import Factor
from sim.spec.experiment import Lines, line_of, place_of, say
from sim.spec.factors import Quantity, on_base
from sim.spec.messages import translate
from sim.spec.procedures import Amount, Confidence, Constraint, Key, Outcome
from sim.spec.scenario import Scenario


class Best(Outcome):
    """An outcome that is to be as good as can be, in its own direction."""

    indifference: Amount
    """A difference so small that either will do, in its unit: by it the fresh runs choose, or leave several open."""


class Optimise(Spec):
    """What may be decided, what must be reached, and what is to be least or best."""

    optimise: ScenarioName
    title: Text | None = None
    description: Text | None = None
    base: Text
    decide: Annotated[PathMap[Factor], non_empty("decision")]
    """The keys of the base that may be set, each with its ends or choices."""
    subject_to: tuple[Constraint, ...] = ()
    least: PathMap[NonNegative] = PathMap()
    """The sum of decisions that is to be least, each with its weight: 1 a person, 500 a tent."""
    best: Best | None = None
    trials: Annotated[Integer, between(4, 5_000, "a number of trials between 4 and 5,000")] = 60
    replications: Annotated[Integer, between(2, 1_000, "a number of replications between 2 and 1,000")] = 8
    """Runs of each trial: enough to see what is hopeless, not to choose."""
    finalists: Annotated[Integer, between(1, 20, "a number of finalists between 1 and 20")] = 5
    fresh: Annotated[Integer, between(10, 10_000, "a number of fresh runs between 10 and 10,000")] = 60
    """Runs of each finalist with luck of their own, by which it is judged."""
    seed: Annotated[Integer, between(0, 2**53, "a seed between 0 and 9007199254740992")] = 1
    confidence: Confidence = 0.95

    @property
    def keys(self) -> tuple[Key, ...]:
        """The outcomes that count."""
        return tuple(dict.fromkeys(outcome.key for _, outcome in self.named()))

    def named(self) -> Iterator[tuple[tuple[str | int, ...], Outcome]]:
        """Yield every outcome that counts, with its place."""
        if self.best is not None:
            yield ("best",), self.best
        for index, constraint in enumerate(self.subject_to):
            yield ("subject_to", index), constraint

    @model_validator(mode="after")
    def _one_aim(self) -> Optimise:
        if bool(self.least) == (self.best is not None):
            raise refuse("one of 'least' (a sum of decisions) and 'best' (an outcome) is wanted")
        if self.least and not self.subject_to:
            raise refuse(
                "'subject_to' is wanted: the least of what is decided is its low end, unless something must be reached"
            )
        return self


@dataclass(frozen=True)
class Question:
    """An optimisation on its base; ``source`` is the file it was read from."""

    asked: Optimise
    base: Scenario
    decisions: tuple[Quantity, ...]
    source: str


def check_optimise(data: Any, source: str, lines: Lines) -> Optimise:
    """Check an optimisation as far as it stands alone; raises InputError with every problem found."""
    try:
        asked = Optimise.model_validate(data)
    except ValidationError as error:
        raise InputError(source, translate(error, Optimise, lines)) from None
    problems = []
    for path in asked.least:
        if path not in asked.decide:
            place = ("least", path)
            said = f"a key that is decided is wanted{nearest(path, asked.decide)}"
            problems.append(Problem(place_of(place), said, line_of(place, lines)))
        elif asked.decide[path].of is not None:
            place = ("least", path)
            said = "a number is wanted; this is a choice, which has no size"
            problems.append(Problem(place_of(place), said, line_of(place, lines)))
    for path_, outcome in asked.named():
        if (outcome.by == "all") != (outcome.level == "all"):
            said = f"'by' and 'level' are wanted together; found {say(outcome.key)} by {outcome.by}"
            problems.append(Problem(place_of(path_), said, line_of(path_, lines)))
    if problems:
        raise InputError(source, sorted(problems, key=lambda problem: problem.line or 0))
    return asked


def question(asked: Optimise, base: Scenario, source: str, lines: Lines) -> Question:
    """Return an optimisation with its decisions on its base; raises InputError with every problem found."""
    given = {path: (factor, ("decide", path)) for path, factor in asked.decide.items()}
    return Question(asked, base, tuple(on_base(given, base, source, lines)), source)
