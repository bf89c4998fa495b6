"""What an annex is filled from, and the sentences that both checklists need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.pages import Data, Say
from sim.spec.procedures import Key
from sim.spec.scenario import Scenario
from sim.units import say_duration


@dataclass(frozen=True)
class Asked:
    """What was asked of more than one scenario, in sentences: to what end, of which scenarios, and how it is judged."""

    keys: tuple[Key, ...]
    """The outcomes that count."""
    aims: tuple[str, ...]
    scenarios: tuple[str, ...]
    estimation: tuple[str, ...]


@dataclass(frozen=True)
class Study:
    """What an annex is filled from; ``outcomes`` are those that were measured, by name."""

    scenario: Scenario
    manifest: Mapping[str, Any]
    outcomes: tuple[str, ...]
    runs: int
    replications: int
    seconds: float
    asked: Asked | None = None
    """What was asked; None where one scenario was run as it is."""


@dataclass(frozen=True)
class Item:
    """One item of a checklist: sentences, and tables with their captions."""

    heading: str
    said: tuple[str, ...] = ()
    tables: tuple[tuple[str, Data], ...] = ()


@dataclass(frozen=True)
class Chapter:
    """One checklist."""

    title: str
    note: str
    items: tuple[Item, ...]


def purpose(study: Study, say: Say) -> tuple[str, ...]:
    """Return what the model is for."""
    scenario = study.scenario
    said = say("annex.purpose_said", title=scenario.title or scenario.name)
    return (said, scenario.description) if scenario.description else (said,)


def sizes(scenario: Scenario, say: Say) -> tuple[str, ...]:
    """Return how many there are of each kind of thing in the base."""
    world, response = scenario.world, scenario.response
    units = response.organisation.units
    community = world.community
    if community.table is not None:
        residents = say("annex.residents_table")
    elif community.buildings:
        residents = say("annex.residents", residents=community.residents, buildings=_count(community.buildings))
    else:
        residents = say("annex.residents_alone", residents=community.residents)
    counts = say(
        "annex.counts",
        needs=len(world.needs),
        hazards=len(world.hazards),
        units=len(units),
        people=sum(unit.count for unit in units.values()),
        desks=len(response.all_desks()),
        depots=len(response.supplies),
        sites=len(response.sites),
        steps=len(response.steps()),
    )
    return residents, counts


def _count(value: Any) -> str:
    return str(len(value)) if hasattr(value, "__len__") else str(value)


def initialisation(scenario: Scenario, say: Say) -> tuple[str, ...]:
    """Return how a run begins."""
    warm_up = scenario.warm_up
    said = say("annex.warm_up", warm_up=say_duration(warm_up)) if warm_up > 0 else say("annex.no_warm_up")
    return say("annex.empty", start=scenario.start), said


def stated(value: Any) -> str:
    """Write plain data in one line: maps as "key: value", lists in brackets, times without false digits."""
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_nested(one)}" for key, one in value.items())
    return _nested(value)


def _nested(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_nested(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_nested(one) for one in value) + "]"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _time(value) if isinstance(value, str) else "null" if value is None else str(value)


def _time(text: str) -> str:
    """Return "0.6666666666666666 h" as "40 min", and other text as it is."""
    number, _, unit = text.partition(" ")
    try:
        return say_duration(float(number)) if unit == "h" else text
    except ValueError:
        return text


def listed(names: Iterable[str], say: Say) -> str:
    """Return names in a row; a word for none."""
    return say("report.comma").join(name.replace("_", " ") for name in names) or say("annex.none")
