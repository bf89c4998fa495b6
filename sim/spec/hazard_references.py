"""Names that the blocks about hazards use of others, and what is suspect about these blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.errors import nearest
from sim.spec.local_hazards import Local, Poisoning
from sim.spec.recovery import recovery_findings, recovery_references

if TYPE_CHECKING:
    from sim.spec.epidemic import Epidemic
    from sim.spec.people_references import Reference
    from sim.spec.scenario import Scenario

Said = Iterator[tuple[str, str]]
"""(place, what is suspect)."""


def hazard_references(scenario: Scenario) -> Iterator[Reference]:
    """Return every name that a block about hazards uses of another."""
    from sim.spec.references import building

    epidemic, isolation = scenario.world.epidemic, scenario.response.isolation
    if epidemic is not None:
        for number, seed in enumerate(epidemic.seeds):
            yield from building(scenario, f"world.epidemic.seeds[{number}].building", seed.building)
        for name in epidemic.symptoms.leads_to if epidemic.symptoms is not None else ():
            yield "world.epidemic.symptoms.leads_to", name, scenario.world.needs, "need type"
    for name, hazard in scenario.world.hazards.items():
        if isinstance(hazard, Local | Poisoning):
            yield from _local(scenario, f"world.hazards.{name}", hazard)
    yield from _warnings(scenario)
    yield from recovery_references(scenario)
    levels = [name for name, hazard in scenario.world.hazards.items() if isinstance(hazard, Local)]
    for unit, spec in scenario.response.organisation.units.items():
        for name in spec.crosses:
            yield f"response.organisation.units.{unit}.crosses", name, levels, "hazard with a level"
    if isolation is not None:
        yield "response.isolation.transfer", isolation.transfer, scenario.response.outside, "outside service"


def _warnings(scenario: Scenario) -> Iterator[Reference]:
    world, response = scenario.world, scenario.response
    units, detectors = response.organisation.units, response.early_warning
    gauges = [n for n, hazard in world.hazards.items() if isinstance(hazard, Local) and hazard.precursor is not None]
    warned = [*world.hazards, *(["epidemic"] if world.epidemic is not None else [])]
    for name, detector in detectors.items():
        place = f"response.early_warning.{name}"
        for need in detector.sees.needs:
            yield f"{place}.sees.needs", need, world.needs, "need type"
        yield f"{place}.sees.gauge", detector.sees.gauge, gauges, "hazard with a precursor"
        yield f"{place}.by", detector.by, units, "unit"
        yield f"{place}.warns_of", detector.warns_of, warned, "hazard"
    what = "detector of response.early_warning"
    for number, change in enumerate(response.changes):
        if change.when is not None:
            yield f"response.changes[{number}].when.alarm", change.when.alarm, detectors, what
            yield f"response.changes[{number}].when.all_clear", change.when.all_clear, detectors, what
    for number, turn in enumerate(world.life_cycle.conditions if world.life_cycle is not None else ()):
        yield f"world.life_cycle.conditions[{number}].when.alarm", turn.when.alarm, detectors, what
        yield f"world.life_cycle.conditions[{number}].when.signal", turn.when.signal, world.signals, "signal"
    for name, step in response.plan.card.steps.items() if response.plan is not None else ():
        if step.when is not None:
            yield f"response.plan.card.steps.{name}.when.alarm", step.when.alarm, detectors, what


def _local(scenario: Scenario, place: str, hazard: Local | Poisoning) -> Iterator[Reference]:
    from sim.spec.references import building

    for need in hazard.leads_to:
        yield f"{place}.leads_to", need, scenario.world.needs, "need type"
    if isinstance(hazard, Poisoning):
        for store in hazard.closes:
            yield f"{place}.closes", store, scenario.response.supplies, "depot"
        return
    for number, name in enumerate(hazard.buildings):
        yield from building(scenario, f"{place}.buildings[{number}]", name)
    for outage in hazard.cuts:
        yield f"{place}.cuts", outage, scenario.world.outages, "outage of the world"
    community = scenario.world.community
    listed = community.buildings if isinstance(community.buildings, tuple) else ()
    ids = [there.id for there in listed] or [f"b{k + 1}" for k in range(community.count())]
    known = [*community.zones, *ids]
    for name in hazard.named() if community.table is None else ():
        yield place, name, known, "building or zone"


def hazard_findings(scenario: Scenario) -> Said:
    """Return everything suspect about the blocks for hazards."""
    world, response = scenario.world, scenario.response
    epidemic, isolation = world.epidemic, response.isolation
    silent = ("drives", "leads_to", "cuts")
    heights = ("blocks_over", "keeps_home_over", "keeps_out_over", "closes_stores_over")
    for name, hazard in world.hazards.items():
        idle = isinstance(hazard, Local) and not any(getattr(hazard, key) for key in silent)
        if idle and all(getattr(hazard, key) is None for key in heights):
            yield f"world.hazards.{name}", "it does nothing: it drives, leads to, cuts, blocks and closes nothing"
    if isolation is not None:
        if epidemic is None:
            yield "response.isolation", "without world.epidemic nobody infects anybody: it keeps people in for nothing"
        if isolation.contacts is not None and response.tracing is None:
            yield "response.isolation.contacts", "without response.tracing nobody is known as a contact"
    yield from recovery_findings(scenario)
    if epidemic is not None:
        yield from _epidemic(scenario, epidemic)


def _spread(scenario: Scenario, epidemic: Epidemic) -> Said:
    imports = epidemic.importation is not None and epidemic.importation.per_day > 0
    if not imports and all(seed.at >= scenario.horizon for seed in epidemic.seeds):
        yield "world.epidemic", "nobody is infected before the horizon"
    if not any(rate for _, rate in epidemic.contacts):
        yield "world.epidemic.contacts", "every rate is 0: nobody infects anybody"
    if epidemic.step > epidemic.course.latent.mean_h():
        yield "world.epidemic.step", "longer than the latent time: who is infected in a step infects nobody in it"


def _epidemic(scenario: Scenario, epidemic: Epidemic) -> Said:
    world, response = scenario.world, scenario.response
    yield from _spread(scenario, epidemic)
    worn = {item for unit in response.organisation.units.values() for item in unit.kit}
    for item in epidemic.protection:
        if item not in worn:
            yield f"world.epidemic.protection.{item}", f"no unit has {item!r} in its kit{nearest(item, worn)}"
    aged = {"susceptibility_by_age": epidemic.susceptibility_by_age}
    if epidemic.symptoms is not None:
        aged["symptoms.by_age"] = epidemic.symptoms.by_age
        for name, leads in epidemic.symptoms.leads_to.items():
            aged[f"symptoms.leads_to.{name}.by_age"] = leads.by_age
        if epidemic.symptoms.reports > 0 and (response.plan is None or not response.plan.card.checks):
            yield "world.epidemic.symptoms.reports", "the card has no checks: nobody takes a report"
    if epidemic.vaccination is not None:
        aged["vaccination.by_age"] = epidemic.vaccination.by_age
    for place, bands in aged.items():
        if bands and world.community.ages is None and world.community.table is None:
            yield f"world.epidemic.{place}", "no resident has an age: there is no world.community.ages"
    if epidemic.contacts.queue > 0 and not response.sites:
        yield "world.epidemic.contacts.queue", "there is no site at which anybody could stand in a queue"
