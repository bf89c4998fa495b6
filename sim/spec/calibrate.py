"""A calibration: which keys of a base may be fitted, and what was observed: a table of outcomes, or a log of requests.

What such a file names is checked here; its keys on the base are in ``sim.spec.factors``, the search in
``analysis.calibrate``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError, model_validator

from sim.errors import InputError, Problem
from sim.spec.base import (
    FrozenMap,
    Integer,
    Name,
    Number,
    PathMap,
    ScenarioName,
    Spec,
    Text,
    YesNo,
    between,
    local_time,
    non_empty,
    refuse,
)
from sim.spec.design import Factor
from sim.spec.experiment import Lines, line_of, place_of, say
from sim.spec.factors import Quantity, on_base
from sim.spec.messages import translate
from sim.spec.procedures import Amount, Confidence, Outcome
from sim.spec.scenario import Scenario


class Observed(Outcome):
    """An outcome as it was observed, in its unit."""

    value: Amount
    sd: Amount | None = None
    """The standard deviation of the observation: what it may be off by, chance and measurement together."""
    held_out: YesNo = False
    """Not fitted; what is fitted must foretell it."""


class Requests(Spec):
    """A log of requests, one row each: when it was created and when it was closed; its end is held out."""

    file: Text
    """Path of the CSV file, beside this one."""
    need: Name | None = None
    """The column of the need type; without one, all requests are one kind."""
    names: FrozenMap[Text] = FrozenMap()
    """What the log calls a need type of the base, where it is not its name: {medicine: "Medication delivery"}."""
    created: Name = "created"
    closed: Name = "closed"
    """The columns of ISO 8601 timestamps; ``closed`` is empty where a request is open yet."""
    from_: Annotated[Text, AfterValidator(local_time)] = Field(alias="from")
    to: Annotated[Text, AfterValidator(local_time)]
    """Requests count from the one moment on and before the other."""
    hold_out: Annotated[Number, between(0, 0.9, "a share between 0 and 0.9")] = 0.3
    """The last part of the window is held out."""

    @property
    def begin(self) -> datetime:
        """The moment from which requests count."""
        return datetime.fromisoformat(self.from_)

    @property
    def end(self) -> datetime:
        """The moment before which requests count."""
        return datetime.fromisoformat(self.to)

    @property
    def cut(self) -> datetime:
        """The moment up to which the log is fitted; nothing later is looked at to fit."""
        return self.begin + timedelta(seconds=round((self.end - self.begin).total_seconds() * (1 - self.hold_out)))

    @model_validator(mode="after")
    def _span(self) -> Requests:
        if self.end <= self.begin:
            raise refuse(f"'to' after 'from' is wanted; found {self.to} after {self.from_}")
        return self


class Calibrate(Spec):
    """What may be fitted, what was observed, and how many runs it is worth."""

    calibrate: ScenarioName
    title: Text | None = None
    description: Text | None = None
    base: Text
    parameters: Annotated[PathMap[Factor], non_empty("parameter")]
    """The keys of the base that are fitted, each with its ends or choices."""
    observed: tuple[Observed, ...] = ()
    log: Requests | None = None
    trials: Annotated[Integer, between(8, 5_000, "a number of trials between 8 and 5,000")] = 60
    replications: Annotated[Integer, between(2, 1_000, "a number of replications between 2 and 1,000")] = 6
    """Runs of each trial, with seeds of their own: one run would fit its luck."""
    finalists: Annotated[Integer, between(1, 20, "a number of finalists between 1 and 20")] = 3
    fresh: Annotated[Integer, between(10, 10_000, "a number of fresh runs between 10 and 10,000")] = 40
    """Runs of each finalist, and of the base, with luck of their own, by which they are judged."""
    seed: Annotated[Integer, between(0, 2**53, "a seed between 0 and 9007199254740992")] = 1
    confidence: Confidence = 0.95

    @model_validator(mode="after")
    def _something(self) -> Calibrate:
        if not self.observed and self.log is None:
            raise refuse("'observed' (a table of outcomes) or 'log' (requests, created and closed) is wanted")
        if self.observed and self.log is None and all(one.held_out for one in self.observed):
            raise refuse("at least one observed outcome that is not held out is wanted: there is nothing to fit")
        return self


@dataclass(frozen=True)
class Task:
    """A calibration on its base; ``log`` is the path of its log, ``source`` the file it was read from."""

    asked: Calibrate
    base: Scenario
    parameters: tuple[Quantity, ...]
    source: str
    log: Path | None = None


def check_calibrate(data: Any, source: str, lines: Lines) -> Calibrate:
    """Check a calibration as far as it stands alone; raises InputError with every problem found."""
    try:
        asked = Calibrate.model_validate(data)
    except ValidationError as error:
        raise InputError(source, translate(error, Calibrate, lines)) from None
    problems = []
    for index, one in enumerate(asked.observed):
        place = ("observed", index)
        if (one.by == "all") != (one.level == "all"):
            said = f"'by' and 'level' are wanted together; found {say(one.key)} by {one.by}"
            problems.append(Problem(place_of(place), said, line_of(place, lines)))
        if one.key in [other.key for other in asked.observed[:index]]:
            said = f"each outcome is wanted once; {say(one.key)} stands twice"
            problems.append(Problem(place_of(place), said, line_of(place, lines)))
    if problems:
        raise InputError(source, sorted(problems, key=lambda problem: problem.line or 0))
    return asked


def task(asked: Calibrate, base: Scenario, source: str, lines: Lines, log: Path | None) -> Task:
    """Return a calibration with its parameters on its base; raises InputError with every problem found."""
    given = {path: (factor, ("parameters", path)) for path, factor in asked.parameters.items()}
    return Task(asked, base, tuple(on_base(given, base, source, lines)), source, log)
