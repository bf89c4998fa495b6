"""The response card as data: risk, teams, duties, activation, steps, stand-down, materials, help.

A blank (a key that is absent or null) is something that nobody has written down. It can run: what is blank is decided,
asked for or looked for on the spot, in the time of the people who do so. What the card says is a statement;
``organisation`` and ``supplies`` hold what is there.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_validator

from sim.errors import nearest
from sim.spec.actions import Action
from sim.spec.base import (
    Count,
    FrozenMap,
    Hours,
    Integer,
    Interval,
    Name,
    PathMap,
    Plain,
    PositiveHours,
    ScenarioName,
    Share,
    Spec,
    Text,
    YesNo,
    between,
    refuse,
)
from sim.spec.changes import STATES, State
from sim.spec.distributions import Duration


class Words(Spec):
    """A text in Chinese and English."""

    zh: Text | None = None
    en: Text | None = None


Bilingual = Annotated[
    Words,
    BeforeValidator(
        lambda value: {"en": value} if isinstance(value, str) else value, json_schema_input_type=Words | str
    ),
]


class Risk(Spec):
    """What may happen: for the reader of the card."""

    type: Bilingual | None = None
    place: Bilingual | None = None
    time: Bilingual | None = None
    precursors: Bilingual | None = None
    secondary: Bilingual | None = None


class Team(Spec):
    """A team of the card and the unit that stands behind it."""

    unit: Name | None = None
    title: Bilingual | None = None
    leader: Bilingual | None = None
    members: Bilingual | None = None
    contact: Text | None = None
    """How its leader is reached; where this is blank, somebody looks it up before the first word to the team."""
    deputy: Name | None = None
    """The team that stands in for this one."""
    duties: tuple[Bilingual, ...] = ()


class Material(Spec):
    """A line of the list of materials: what, how much, where."""

    name: Bilingual | None = None
    amount: Count | None = None
    store: Name | None = None
    """The depot where it is kept; where this is blank or wrong, who fetches it searches."""


class Help(Spec):
    """An outside service."""

    name: Bilingual | None = None
    service: Name | None = None
    """Its name under ``response.outside``."""
    number: Text | None = None
    """Its telephone number; where this is blank, somebody looks it up before the first call."""


class Trigger(State):
    """What sets a step going, beside the steps before it."""

    signal: Name | None = None
    """A signal of ``world.signals``; a step with ``repeat`` answers each of its moments."""
    at: Hours | None = None
    """Time since activation; for steps of the activation and for contingencies, since the start."""
    confirmed_over: Count | None = None
    """More confirmed positives than this."""
    outage: Name | None = None
    """While this is out."""
    alarm: Name | None = None
    """A detector of ``response.early_warning`` has raised the alarm."""

    @model_validator(mode="after")
    def _one(self) -> Trigger:
        names = ("signal", "at", "confirmed_over", *STATES, "outage", "alarm")
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) != 1:
            raise refuse(f"one of {', '.join(names)} is wanted; found {' and '.join(given) or 'none'}")
        return self


class Step(Spec):
    """One step: who does what, after what, with what, by when."""

    text: Bilingual | None = None
    team: Name | None = None
    """The team of the card that does it; where this is blank, the commander decides."""
    part: Literal["activation", "response", "contingency", "stand_down"] = "response"
    after: tuple[Name, ...] = ()
    """Steps that have to be done before."""
    when: Trigger | None = None
    people: Annotated[Integer, between(0, 10_000, "a number of people")] | None = None
    """How many; where this is blank, whoever of the team is idle when it is ordered, at least one."""
    skill: Name | None = None
    """What it takes: only who is listed with it is asked; who turns out to lack it goes, and another is asked."""
    materials: FrozenMap[Count | None] = FrozenMap()
    """Items fetched before it starts; a blank amount is one for each of its people."""
    within: PositiveHours | None = None
    """Time limit from the moment its trigger and prerequisites hold."""
    ordered: YesNo = True
    """It waits for an order of the commander; false: the team goes ahead by the card when its turn has come."""
    each_time: YesNo = False
    """Again each time that a step before it is done once more."""
    level: Name | None = None
    """It is done only at this response level or a higher one."""
    does: Action | None = None
    """What is done; without it, it is done once its people and materials are there."""
    repeat: Interval | None = None
    """Again so long after it was done, until the stand-down."""


class Check(Spec):
    """One check of a reported suspicion: a telephone call, a visit in protective clothing, a confirmation."""

    unit: Name | None = None
    """Whose person does it; without it, an outside ``service``."""
    service: Name | None = None
    takes: Duration
    """The time of the person; of an outside service the call, its own time comes on top."""
    materials: FrozenMap[Count] = FrozenMap()
    clears: Share = 0.0
    """Share of false alarms that it recognises."""
    misses: Share = 0.0
    """Share of true cases that it sends away."""

    @model_validator(mode="after")
    def _one(self) -> Check:
        if (self.unit is None) == (self.service is None):
            raise refuse("one of 'unit' and 'service' is wanted")
        return self


class Level(Spec):
    """A response level: it holds from so many confirmed positives on."""

    confirmed_over: Count
    text: Bilingual | None = None


Problem = Literal["late_step", "turned_away", "gave_up", "missed", "stock_out", "no_kit", "abandoned"]


class Fix(Spec):
    """What is changed when a kind of problem has been reported often enough."""

    problem: Problem
    at_least: Annotated[Integer, between(1, 1_000_000, "at least one report")] = 1
    """Reports since the last review."""
    set: PathMap[Plain]
    """Dotted paths into the response and their new values, as in ``changes``."""
    note: Text | None = None


class Review(Spec):
    """The problem channel: what has gone wrong is reported, and the commander changes the plan at the next review."""

    every: Interval = 12.0
    takes: Duration
    """Time of the commander for each problem on the list."""
    fixes: tuple[Fix, ...] = ()


class Card(Spec):
    """One response card."""

    card: ScenarioName
    title: Bilingual | None = None
    risk: Risk | None = None
    teams: FrozenMap[Team] = FrozenMap()
    checks: tuple[Check, ...] = ()
    """What a resident's report passes through before it is confirmed."""
    levels: FrozenMap[Level] = FrozenMap()
    """From the lowest to the highest."""
    steps: FrozenMap[Step] = FrozenMap()
    materials: FrozenMap[Material] = FrozenMap()
    outside_help: FrozenMap[Help] = FrozenMap()
    stand_down: tuple[Bilingual, ...] = ()
    """The conditions of the end, in words."""
    notes: tuple[Bilingual, ...] = ()

    @model_validator(mode="after")
    def _names(self) -> Card:
        for name, team in self.teams.items():
            _known(f"teams.{name}.deputy", team.deputy, self.teams, "team")
        for name, step in self.steps.items():
            _known(f"steps.{name}.team", step.team, self.teams, "team")
            _known(f"steps.{name}.level", step.level, self.levels, "level")
            for before in step.after:
                _known(f"steps.{name}.after", before, self.steps, "step")
        self._check_order()
        over = [level.confirmed_over for level in self.levels.values()]
        if any(later <= earlier for earlier, later in zip(over, over[1:], strict=False)):
            raise refuse("levels: from the lowest to the highest, with rising confirmed_over, is wanted")
        return self

    def _check_order(self) -> None:
        """Refuse steps that wait for each other in a circle."""
        done: set[str] = set()
        while len(done) < len(self.steps):
            ready = [name for name, step in self.steps.items() if name not in done and set(step.after) <= done]
            if not ready:
                circle = sorted(set(self.steps) - done)
                raise refuse(f"steps: an order is wanted; {', '.join(circle)} wait for each other")
            done |= set(ready)


class Plan(Spec):
    """The plan: the card, and what its blanks cost."""

    card: Annotated[Card, BeforeValidator(lambda value: value, json_schema_input_type=Card | Text)]
    """The card itself, or in a file the name of the card's own file beside it."""
    search: Hours = 1 / 6
    """Looking up a number, or looking for goods that are not where the card says, or where it says nothing."""
    borrow_after: PositiveHours | None = None
    """A step that has waited so long for people asks the commander, who lends idle people of another unit."""
    review: Review | None = None


def _known(place: str, name: str | None, known: Any, what: str) -> None:
    if name is not None and name not in known:
        raise refuse(f"{place}: no {what} is called {name!r}{nearest(name, known)}")
