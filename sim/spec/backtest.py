"""A back-test: a log of real requests, events to learn from, and events to predict.

Reading is in ``sim.backtest_files``; what is fitted, and how, in ``analysis.backtest``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from sim.errors import InputError, Problem
from sim.spec.base import (
    FrozenMap,
    Hours,
    Integer,
    Name,
    PositiveHours,
    ScenarioName,
    Spec,
    Text,
    between,
    local_time,
    non_empty,
    refuse,
)
from sim.spec.distributions import Duration
from sim.spec.experiment import line_of, place_of
from sim.spec.messages import translate
from sim.spec.organisation import OneShift, People
from sim.spec.procedures import Confidence

Lines = Mapping[tuple[str | int, ...], int]
MOST_DAYS = 366
"""The longest window."""


class Columns(Spec):
    """A CSV file with one row a request: which columns say when it came in and when it was closed."""

    file: Text | None = None
    """Path beside this file; ``--log`` on the command line takes its place. Records of real people stay where they are:
    name them on the command line."""
    created: Name = "created"
    """The column of ISO 8601 timestamps of the requests."""
    closed: Name = "closed"
    """The column of ISO 8601 timestamps of their ends; empty where a request is not closed yet."""
    only: FrozenMap[Text] = FrozenMap()
    """Keep rows whose columns have these values."""


class Window(Spec):
    """An event: the requests that came in from one moment on and before another."""

    from_: Annotated[Text, AfterValidator(local_time)] = Field(alias="from")
    before: Annotated[Text, AfterValidator(local_time)]

    @property
    def begin(self) -> datetime:
        """The moment that is hour 0 of the event."""
        return datetime.fromisoformat(self.from_)

    @property
    def end(self) -> datetime:
        """The moment before which requests count."""
        return datetime.fromisoformat(self.before)

    @property
    def days(self) -> int:
        """Days of 24 h from the beginning, the last one full."""
        return -((self.begin - self.end) // timedelta(days=1))

    @model_validator(mode="after")
    def _span(self) -> Window:
        if self.end <= self.begin:
            raise refuse(f"'before' after 'from' is wanted; found {self.before} after {self.from_}")
        if self.days > MOST_DAYS:
            raise refuse(f"a window of at most {MOST_DAYS} days is wanted; found {self.days} days")
        return self


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, (str, int)) else value


def _tried(value: tuple[int, ...]) -> tuple[int, ...]:
    if 0 in value:
        raise refuse("at least one crew is wanted; found 0")
    return tuple(sorted(set(value)))


class Crews(Spec):
    """Who goes out: the numbers of crews that the fit may choose from, their shifts, and the length of a visit."""

    count: Annotated[
        tuple[People, ...],
        BeforeValidator(_several),
        AfterValidator(_tried),
        non_empty("number of crews"),
        Field(max_length=40),
    ]
    """Numbers of crews on each shift; the fit tries them all."""
    shift: OneShift
    service: Duration
    """Length of a visit, the way included."""


class Backtest(Spec):
    """Learn a response from some events of a log and predict the others, beside one crew with one capacity."""

    backtest: ScenarioName
    title: Text | None = None
    description: Text | None = None
    log: Columns = Columns()
    target: PositiveHours
    """The time within which a request should be closed."""
    train: FrozenMap[Window]
    predict: FrozenMap[Window]
    crews: Crews
    warm_up: Hours = 7 * 24.0
    """Requests that came in so long before a window load its crews, too, and are not counted."""
    memory: Hours = 0.0
    """What the record before a window says of the pace in it counts half after so long; 0: it is not looked at."""
    trials: Annotated[Integer, between(1, 100, "a number of runs a trial between 1 and 100")] = 3
    """Runs of each training event in each trial of the fit."""
    replications: Annotated[Integer, between(10, 10_000, "a number of replications between 10 and 10,000")] = 40
    """Runs of each event that is predicted."""
    seed: Annotated[Integer, between(0, 2**53, "a seed between 0 and 9007199254740992")] = 1
    confidence: Confidence = 0.9


def check_backtest(data: Any, source: str, lines: Lines) -> Backtest:
    """Check the file of a back-test; raises InputError with every problem found."""
    try:
        asked = Backtest.model_validate(data)
    except ValidationError as error:
        raise InputError(source, translate(error, Backtest, lines)) from None
    problems = [Problem(place_of(path), message, line_of(path, lines)) for path, message in _strays(asked)]
    if problems:
        raise InputError(source, sorted(problems, key=lambda problem: problem.line or 0))
    return asked


def _strays(asked: Backtest) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for key, windows in (("train", asked.train), ("predict", asked.predict)):
        if not windows:
            yield (key,), f"at least one event to {'learn from' if key == 'train' else key} is wanted; found none"
    for name, window in asked.predict.items():
        if name in asked.train:
            yield ("predict", name), "another name than that of a training event is wanted"
        for other, trained in asked.train.items():
            if window.begin < trained.end and trained.begin < window.end:
                yield ("predict", name), f"it overlaps the training event {other!r}: what was learnt is not predicted"
