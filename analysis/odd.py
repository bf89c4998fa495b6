"""The elements of the ODD protocol, filled from the scenario and the manifest.

Grimm, V. and others (2020): The ODD protocol for describing agent-based and other simulation models: a second update.
Journal of Artificial Societies and Social Simulation 23(2), 7.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.pages import Data, Say
from analysis.study import Item, Study, initialisation, listed, purpose, sizes
from sim.spec.mechanisms import MECHANISMS
from sim.spec.scenario import Scenario
from sim.units import say_duration

CONCEPTS = (
    "principles", "emergence", "adaptation", "objectives", "learning", "prediction", "sensing", "interaction",
    "stochasticity", "collectives", "observation",
)  # fmt: skip


def odd(study: Study, say: Say) -> Iterator[Item]:
    """Yield the elements of the protocol, filled."""
    scenario = study.scenario
    yield Item(say("odd.purpose"), (*purpose(study, say), say("odd.patterns")))
    yield Item(say("odd.entities"), (say("odd.entities_said"), *sizes(scenario, say), *_scales(scenario, say)))
    yield Item(say("odd.process"), (say("odd.process_said"), say("odd.scheduling")))
    on = {name for name in MECHANISMS if MECHANISMS[name].present(scenario)}
    concepts = tuple((say(f"odd.{name}"), _concept(name, scenario, on, say)) for name in CONCEPTS)
    yield Item(say("odd.concepts"), (), (("", Data((say("odd.concept"), say("odd.here")), concepts)),))
    yield Item(say("odd.initialisation"), (*initialisation(scenario, say), say("odd.before")))
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
        yield say("odd.input_logs", hazards=listed(logs, say))
    if scenario.world.life_cycle is None:
        yield say("odd.no_phases")
    else:
        yield say("odd.phases_conditions" if scenario.world.life_cycle.conditions else "odd.phases_timetable")
