"""The annex of a page: what STRESS-DES and ODD ask for, filled from the scenario, the experiment and the manifest.

Monks, T. and others (2019): Strengthening the reporting of empirical simulation studies: introducing the STRESS
guidelines. Journal of Simulation 13(1), 55-67. Grimm, V. and others (2020): The ODD protocol for describing agent-based
and other simulation models: a second update. Journal of Artificial Societies and Social Simulation 23(2), 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.pages import Data, Say
from sim.spec.experiment import Experiment, say as key_text
from sim.spec.mechanisms import MECHANISMS
from sim.spec.scenario import Scenario
from sim.units import say_duration

CONCEPTS = (
    "principles", "emergence", "adaptation", "objectives", "learning", "prediction", "sensing", "interaction",
    "stochasticity", "collectives", "observation",
)  # fmt: skip
MOST_TEXT = 240


@dataclass(frozen=True)
class Study:
    """What an annex is filled from; ``outcomes`` are those that were measured, by name."""

    scenario: Scenario
    manifest: Mapping[str, Any]
    outcomes: tuple[str, ...]
    runs: int
    replications: int
    seconds: float
    experiment: Experiment | None = None
    worlds: int = 1
    fixed: bool = False
    """Whether whoever gave the command said how many replications, whatever the experiment states."""
    changes: Data | None = None
    """What variants and worlds change, as a table."""


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


def annex(study: Study, say: Say) -> tuple[Chapter, ...]:
    """Return both checklists, filled."""
    return (
        Chapter(say("annex.stress"), say("annex.stress_note"), tuple(_stress(study, say))),
        Chapter(say("annex.odd"), say("annex.odd_note"), tuple(_odd(study, say))),
    )


# -- STRESS-DES -------------------------------------------------------------------------------------------------------


def _stress(study: Study, say: Say) -> Iterator[Item]:
    scenario = study.scenario
    yield Item(say("annex.purpose"), _purpose(study, say))
    yield Item(say("annex.outputs"), (say("annex.outputs_said", outcomes=_listed(_names(study, say), say)),))
    yield Item(say("annex.aims"), _aims(study, say))
    yield Item(say("annex.overview"), (say("annex.overview_said"), *_sizes(scenario, say)))
    yield Item(say("annex.logic"), (say("annex.logic_said"),), ((say("annex.mechanisms"), mechanisms(scenario, say)),))
    changes = study.changes if study.changes is not None and study.changes.rows else None
    said = "annex.no_variants" if study.experiment is None else "annex.variants_same" if changes is None else None
    yield Item(
        say("annex.scenarios"),
        (say(said or "annex.variants_said", count=len(study.experiment.variants) if study.experiment else 1),),
        ((say("annex.changes"), changes),) if changes is not None else (),
    )
    yield Item(say("annex.algorithms"), tuple(_algorithms(scenario, say)))
    yield Item(say("annex.components"), tuple(_components(scenario, say)), tuple(_inventory(scenario, say)))
    yield Item(say("annex.sources"), tuple(_sources(scenario, say)))
    yield Item(say("annex.preprocessing"), (say("annex.preprocessing_said"),))
    yield Item(say("annex.parameters"), (say("annex.parameters_said"),))
    yield Item(say("annex.assumptions"), (say("annex.assumptions_said"),))
    yield Item(say("annex.initialisation"), _initialisation(scenario, say))
    yield Item(say("annex.length"), _length(scenario, say))
    yield Item(say("annex.estimation"), _estimation(study, say))
    yield Item(say("annex.software"), _software(study, say))
    yield Item(say("annex.sampling"), (say("annex.sampling_said", seed=study.manifest["seed"]),))
    yield Item(say("annex.execution"), _execution(study, say))
    time = say_duration(study.seconds / 3600)
    yield Item(
        say("annex.system"), (say("annex.system_said", canary=study.manifest["canary"], runs=study.runs, time=time),)
    )
    commit = study.manifest.get("commit")
    shared = say("annex.commit", commit=commit) if commit else say("annex.no_commit")
    dirty = (say("annex.dirty"),) if commit and str(commit).endswith("-dirty") else ()
    yield Item(say("annex.sharing"), (say("annex.sharing_said"), shared, *dirty))


def _purpose(study: Study, say: Say) -> tuple[str, ...]:
    scenario = study.scenario
    said = say("annex.purpose_said", title=scenario.title or scenario.name)
    return (said, scenario.description) if scenario.description else (said,)


def _aims(study: Study, say: Say) -> tuple[str, ...]:
    experiment = study.experiment
    if experiment is None:
        return (say("annex.aims_run"),)
    said = [say("annex.aims_said", variants=", ".join(experiment.variants), reference=experiment.against)]
    if experiment.description:
        said.append(experiment.description)
    term = "annex.expected_before" if experiment.expects else "annex.nothing_expected"
    return (*said, say(term, count=len(experiment.expects)))


def _sizes(scenario: Scenario, say: Say) -> tuple[str, ...]:
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


def mechanisms(scenario: Scenario, say: Say) -> Data:
    """Return the mechanisms of the response that a scenario has, as a table."""
    present = [(name, MECHANISMS[name]) for name in MECHANISMS if MECHANISMS[name].present(scenario)]
    if say.lang == "en":
        rows = tuple((name.replace("_", " "), one.claim, one.block) for name, one in present)
        return Data((say("annex.mechanism"), say("annex.claim"), say("annex.block")), rows)
    head = (say("annex.mechanism"), say("annex.block"))
    return Data(head, tuple((say.name("mechanism", name), one.block) for name, one in present))


def _algorithms(scenario: Scenario, say: Say) -> Iterator[str]:
    for name, desk in scenario.response.all_desks().items():
        yield say("annex.desk", name=name, triage=desk.triage, match=desk.match)
    if scenario.response.supplies:
        yield say("annex.stores")
    if scenario.response.plan is not None:
        yield say("annex.card")
    yield say("annex.algorithms_where")


def _components(scenario: Scenario, say: Say) -> Iterator[str]:
    response = scenario.response
    yield say("annex.entities", needs=_listed(scenario.world.needs, say))
    activities = ["annex.activity_visits"]
    activities += ["annex.activity_sites"] if response.sites else []
    activities += ["annex.activity_steps"] if response.plan is not None else []
    yield say("annex.activities", activities=_listed((say(one) for one in activities), say))
    yield say("annex.resources", units=_listed(response.organisation.units, say))
    yield say("annex.queues")
    yield say("annex.ways")


def _inventory(scenario: Scenario, say: Say) -> Iterator[tuple[str, Data]]:
    """Yield a table of each kind of thing that the scenario names, as its file states it."""
    data = scenario.data()
    world, response = data["world"], data["response"]
    places = (
        ("annex.table_needs", world.get("needs")),
        ("annex.table_hazards", world.get("hazards")),
        ("annex.table_units", response.get("organisation", {}).get("units")),
        ("annex.table_desks", response.get("desks")),
        ("annex.table_depots", response.get("supplies")),
        ("annex.table_sites", response.get("sites")),
    )
    for term, held in places:
        if held:
            rows = tuple((name, _brief(stated(one))) for name, one in held.items())
            yield say(term), Data((say("annex.name"), say("annex.as_stated")), rows)


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


def _brief(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1].rstrip() + "…"


def _sources(scenario: Scenario, say: Say) -> Iterator[str]:
    counts: dict[str, int] = {}
    for entry in scenario.evidence.values():
        counts[entry.source] = counts.get(entry.source, 0) + 1
    if not counts:
        yield say("annex.no_sources")
        return
    named = [f"{source} ({count})" for source, count in counts.items() if source != "assumed"]
    if named:
        yield say("annex.sources_said", sources=_listed(named, say))
    yield say("annex.sources_assumed", count=counts.get("assumed", 0))


def _initialisation(scenario: Scenario, say: Say) -> tuple[str, ...]:
    warm_up = scenario.warm_up
    said = say("annex.warm_up", warm_up=say_duration(warm_up)) if warm_up > 0 else say("annex.no_warm_up")
    return say("annex.empty", start=scenario.start), said


def _length(scenario: Scenario, say: Say) -> tuple[str, ...]:
    horizon, follow_up = say_duration(scenario.horizon), say_duration(scenario.follow_up)
    return (say("annex.length_said", horizon=horizon, follow_up=follow_up),)


def _estimation(study: Study, say: Say) -> tuple[str, ...]:
    experiment = study.experiment
    if experiment is None:
        return (say("annex.estimation_run", runs=study.replications),)
    confidence = f"{100 * experiment.confidence:g}"
    assumptions = experiment.assumptions if not study.fixed else None
    term = "annex.estimation_said" if assumptions is None else "annex.estimation_draws"
    said = [say(term, replications=study.replications, worlds=study.worlds, confidence=confidence), say("annex.crn")]
    if assumptions is not None:
        said.append(say("annex.drawn", draws=assumptions.draws, each=assumptions.replications))
    elif study.fixed:
        said.append(say("annex.fixed_by_command"))
    elif experiment.stop is not None:
        stop = experiment.stop
        said.append(
            say(
                "annex.stopped",
                outcome=key_text(stop.key),
                wanted=stop.half_width,
                least=stop.at_least,
                most=stop.at_most,
            )
        )
    elif experiment.select is not None:
        select = experiment.select
        said.append(say("annex.selected", outcome=key_text(select.key), indifference=select.indifference))
    else:
        said.append(say("annex.fixed"))
    return tuple(said)


def _software(study: Study, say: Say) -> tuple[str, ...]:
    manifest = study.manifest
    libraries = ", ".join(f"{name} {version}" for name, version in manifest.get("libraries", {}).items())
    said = say(
        "annex.software_said",
        version=manifest["firstline"],
        python=manifest.get("python", say("annex.unknown")),
        libraries=libraries or say("annex.unknown"),
    )
    plugins = manifest.get("plugins") or {}
    named = _listed((f"{name} ({content})" for name, content in plugins.items()), say)
    return said, say("annex.plugins", plugins=named) if plugins else say("annex.no_plugins")


def _execution(study: Study, say: Say) -> tuple[str, ...]:
    command = study.manifest.get("command")
    said = say("annex.command", command=" ".join(map(str, command))) if command else say("annex.no_command")
    return say("annex.execution_said"), said


# -- ODD --------------------------------------------------------------------------------------------------------------


def _odd(study: Study, say: Say) -> Iterator[Item]:
    scenario = study.scenario
    yield Item(say("odd.purpose"), (*_purpose(study, say), say("odd.patterns")))
    yield Item(say("odd.entities"), (say("odd.entities_said"), *_sizes(scenario, say), *_scales(scenario, say)))
    yield Item(say("odd.process"), (say("odd.process_said"), say("odd.scheduling")))
    on = {name for name in MECHANISMS if MECHANISMS[name].present(scenario)}
    concepts = tuple((say(f"odd.{name}"), _concept(name, scenario, on, say)) for name in CONCEPTS)
    yield Item(say("odd.concepts"), (), (("", Data((say("odd.concept"), say("odd.here")), concepts)),))
    yield Item(say("odd.initialisation"), (*_initialisation(scenario, say), say("odd.before")))
    yield Item(say("odd.input"), tuple(_inputs(scenario, say)))
    count = len(on)
    yield Item(say("odd.submodels"), (say("odd.submodels_said", count=count, version=study.manifest["firstline"]),))


def _scales(scenario: Scenario, say: Say) -> tuple[str, ...]:
    end = say_duration(scenario.end_h)
    space = "odd.space" if scenario.response.travel is not None else "odd.no_space"
    return say("odd.time", end=end), say(space)


def _concept(name: str, scenario: Scenario, on: set[str], say: Say) -> str:
    """Return what a design concept is in this scenario."""
    response = scenario.response
    if name == "adaptation":
        adapts = bool(response.changes) or bool({"review", "lessons", "experts"} & on)
        return say("odd.adaptation_said" if adapts or response.plan is not None else "odd.adaptation_none")
    if name == "interaction" and scenario.world.epidemic is not None:
        return say("odd.interaction_epidemic")
    if name == "learning":
        return say("odd.learning_some" if {"review", "lessons", "training"} & on else "odd.learning_said")
    return say(f"odd.{name}_said")


def _inputs(scenario: Scenario, say: Say) -> Iterator[str]:
    logs = [name for name, hazard in scenario.world.hazards.items() if getattr(hazard, "log", None) is not None]
    yield say("odd.input_file")
    if scenario.world.community.table is not None:
        yield say("odd.input_table")
    if logs:
        yield say("odd.input_logs", hazards=_listed(logs, say))
    if scenario.world.life_cycle is None:
        yield say("odd.no_phases")
    else:
        yield say("odd.phases_conditions" if scenario.world.life_cycle.conditions else "odd.phases_timetable")


def _names(study: Study, say: Say) -> list[str]:
    if study.experiment is not None:
        keys = study.experiment.keys
        return [
            say.name("outcome", outcome) + (f" ({say.name(by, level)})" if by != "all" else "")
            for outcome, by, level in keys
        ]
    return [say.name("outcome", name) for name in study.outcomes]


def _listed(names: Iterable[str], say: Say) -> str:
    return say("report.comma").join(name.replace("_", " ") for name in names) or say("annex.none")
