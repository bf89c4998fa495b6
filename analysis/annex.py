"""The annex of a page: what STRESS-DES and ODD ask for, filled from the scenario, what was asked, and the manifest.

Monks, T. and others (2019): Strengthening the reporting of empirical simulation studies: introducing the STRESS
guidelines. Journal of Simulation 13(1), 55-67.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.comparison_figures import outcome_name
from analysis.odd import odd
from analysis.pages import Data, Say
from analysis.study import Chapter, Item, Study, initialisation, listed, purpose, sizes, stated
from sim.spec.mechanisms import MECHANISMS
from sim.spec.scenario import Scenario
from sim.units import say_duration

MOST_TEXT = 240


def annex(study: Study, say: Say) -> tuple[Chapter, ...]:
    """Return both checklists, filled."""
    return (
        Chapter(say("annex.stress"), say("annex.stress_note"), tuple(_stress(study, say))),
        Chapter(say("annex.odd"), say("annex.odd_note"), tuple(odd(study, say))),
    )


def _stress(study: Study, say: Say) -> Iterator[Item]:
    scenario = study.scenario
    yield Item(say("annex.purpose"), purpose(study, say))
    yield Item(say("annex.outputs"), (say("annex.outputs_said", outcomes=listed(_names(study, say), say)),))
    yield Item(say("annex.aims"), study.asked.aims if study.asked else (say("annex.aims_run"),))
    yield Item(say("annex.overview"), (say("annex.overview_said"), *sizes(scenario, say)))
    yield Item(say("annex.logic"), (say("annex.logic_said"),), ((say("annex.mechanisms"), mechanisms(scenario, say)),))
    yield Item(say("annex.scenarios"), study.asked.scenarios if study.asked else (say("annex.no_variants"),))
    yield Item(say("annex.algorithms"), tuple(_algorithms(scenario, say)))
    yield Item(say("annex.components"), tuple(_components(scenario, say)), tuple(_inventory(scenario, say)))
    yield Item(say("annex.sources"), tuple(_sources(scenario, say)))
    yield Item(say("annex.preprocessing"), (say("annex.preprocessing_said"),))
    yield Item(say("annex.parameters"), (say("annex.parameters_said"),))
    yield Item(say("annex.assumptions"), (say("annex.assumptions_said"),))
    yield Item(say("annex.initialisation"), initialisation(scenario, say))
    yield Item(say("annex.length"), _length(scenario, say))
    one_plan = (say("annex.estimation_run", runs=study.replications),)
    yield Item(say("annex.estimation"), study.asked.estimation if study.asked else one_plan)
    yield Item(say("annex.software"), _software(study, say))
    yield Item(say("annex.sampling"), (say("annex.sampling_said", seed=study.manifest["seed"]),))
    yield Item(say("annex.execution"), _execution(study, say))
    time = say_duration(study.seconds / 3600) if study.seconds >= 1 else say("run.no_time")
    yield Item(
        say("annex.system"), (say("annex.system_said", canary=study.manifest["canary"], runs=study.runs, time=time),)
    )
    commit = study.manifest.get("commit")
    shared = say("annex.commit", commit=commit) if commit else say("annex.no_commit")
    dirty = (say("annex.dirty"),) if commit and str(commit).endswith("-dirty") else ()
    yield Item(say("annex.sharing"), (say("annex.sharing_said"), shared, *dirty))


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
    yield say("annex.entities", needs=listed(scenario.world.needs, say))
    activities = ["annex.activity_visits"]
    activities += ["annex.activity_sites"] if response.sites else []
    activities += ["annex.activity_steps"] if response.plan is not None else []
    yield say("annex.activities", activities=listed((say(one) for one in activities), say))
    yield say("annex.resources", units=listed(response.organisation.units, say))
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
        yield say("annex.sources_said", sources=listed(named, say))
    yield say("annex.sources_assumed", count=counts.get("assumed", 0))


def _length(scenario: Scenario, say: Say) -> tuple[str, ...]:
    horizon, follow_up = say_duration(scenario.horizon), say_duration(scenario.follow_up)
    return (say("annex.length_said", horizon=horizon, follow_up=follow_up),)


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
    named = listed((f"{name} ({content})" for name, content in plugins.items()), say)
    return said, say("annex.plugins", plugins=named) if plugins else say("annex.no_plugins")


def _execution(study: Study, say: Say) -> tuple[str, ...]:
    command = study.manifest.get("command")
    said = say("annex.command", command=" ".join(map(str, command))) if command else say("annex.no_command")
    return say("annex.execution_said"), said


def _names(study: Study, say: Say) -> list[str]:
    if study.asked is None:
        return [say.name("outcome", name) for name in study.outcomes]
    return [outcome_name(key, say) for key in study.asked.keys]
