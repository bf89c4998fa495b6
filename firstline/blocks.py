"""What a run prints line by line, of what its scenario has: hazards and alarms, an epidemic, the state of people."""

from __future__ import annotations

import math
from collections.abc import Iterator

from analysis.epidemic_outcomes import FOUND_WITHIN_H
from analysis.intervals import Estimate
from firstline.formats import MISSING, Found, Say, number, percent, share, with_interval
from firstline.words import Words
from sim.spec.community import PHASES
from sim.spec.local_hazards import Local
from sim.spec.scenario import Scenario
from sim.units import say_duration

Rows = Iterator[tuple[str, str]]


def of_hazards(words: Words, scenario: Scenario, found: Found) -> Rows:
    """Yield (what, value) of ways, outages, alarms, phases that are consequences, and cost, as far as modelled."""
    world = scenario.world
    if any(isinstance(hazard, Local) and hazard.blocks_over is not None for hazard in world.hazards.values()):
        yield (
            words("hazards.blocked_share"),
            with_interval(found.get(("blocked_share", "all", "all"), MISSING), percent),
        )
    for name in world.outages:
        if ("outage_h", "outage", name) in found:
            label = words("hazards.outage", what=words.name("outage", name))
            yield label, with_interval(found["outage_h", "outage", name], say_duration)
    yield from _of_alarms(words, scenario, found)
    if world.life_cycle is not None and world.life_cycle.conditions:
        may_come = {world.life_cycle.begins, *(turn.to for turn in world.life_cycle.conditions)}
        for phase in (phase for phase in PHASES if phase in may_come):
            label = words("hazards.phase", phase=words.name("phase", phase))
            yield label, with_interval(found.get(("phase_h", "phase", phase), MISSING), say_duration)
    if ("preparation_cost", "all", "all") in found:
        yield words("hazards.preparation_cost"), _money(found["preparation_cost", "all", "all"], scenario)
    if _priced(scenario):
        yield words("hazards.total_cost"), _money(found.get(("total_cost", "all", "all"), MISSING), scenario)


def _of_alarms(words: Words, scenario: Scenario, found: Found) -> Rows:
    if not scenario.response.early_warning:
        return
    for outcome in ("alarms", "false_alarms", "missed_alarms"):
        if (outcome, "all", "all") in found:
            yield words(f"hazards.{outcome}"), with_interval(found[outcome, "all", "all"], number)
    for name, detector in scenario.response.early_warning.items():
        after = found.get(("alarm_after_h", "detector", name))
        if after is None or detector.warns_of is None:
            continue
        values = {"detector": words.name("detector", name), "what": words.name("hazard", detector.warns_of)}
        if after.mean < 0:
            before = Estimate(-after.mean, after.half_width, after.runs, after.defined)
            yield words("hazards.alarm_before", **values), with_interval(before, say_duration)
        elif math.isfinite(after.mean):
            yield words("hazards.alarm_after", **values), with_interval(after, say_duration)
        else:
            yield words("hazards.alarm_after", **values), words("hazards.in_runs", some=after.defined, all=after.runs)


def _money(cost: Estimate, scenario: Scenario) -> str:
    return f"{with_interval(cost, number)} {scenario.currency}"


def _priced(scenario: Scenario) -> bool:
    """Tell whether a scenario states any price: of hours, of goods, of preparation."""
    response = scenario.response
    hours = any(unit.cost_per_h is not None for unit in response.organisation.units.values())
    goods = any(store.prices for store in response.supplies.values())
    return hours or goods or any(measure.cost for measure in response.preparation.values())


def of_epidemic(words: Words, scenario: Scenario, found: Found) -> Rows:
    """Yield (what, value) of an epidemic, and nothing without one."""
    if scenario.world.epidemic is None:
        return
    infected = found.get(("infections", "all", "all"), MISSING)
    yield words("epidemic.infections"), with_interval(infected, number)
    for (outcome, by, level), estimate in found.items():
        if (outcome, by) == ("infections", "layer") and estimate.mean > 0:
            part = with_interval(estimate, number)
            yield f"  {words.name('layer', level)}", f"{part} ({percent(estimate.mean / infected.mean)})"
    lines: list[tuple[str, Say]] = [
        ("attack_share", percent),
        ("infections_of_responders", number),
        ("infectious_peak", number),
        ("infectious_peak_h", say_duration),
        ("found_share", percent),
        ("found_delay_mean_h", say_duration),
        ("infections_outside", number),
    ]
    for outcome, say in lines:
        label = words(f"epidemic.{outcome}", days=f"{FOUND_WITHIN_H / 24:.0f}")
        yield label, with_interval(found.get((outcome, "all", "all"), MISSING), say)


def of_people(words: Words, scenario: Scenario, found: Found) -> Rows:
    """Yield (what, value) of what is modelled: strain, complaints, attitudes, mutual help."""
    world = scenario.world
    if ("strain_mean", "all", "all") in found:
        yield words("people.strain"), with_interval(found["strain_mean", "all", "all"], percent)
        units = {level: e for (outcome, by, level), e in found.items() if (outcome, by) == ("strain_mean", "unit")}
        if len(units) > 1:
            worst = max(units, key=lambda unit: units[unit].mean)
            yield words("people.worst", unit=words.name("unit", worst)), with_interval(units[worst], percent)
    counts = (("stayed_away", world.strain), ("left_for_good", world.strain), ("complaints", world.complaints))
    for outcome, modelled in counts:
        if modelled:
            yield words(f"people.{outcome}"), with_interval(found.get((outcome, "all", "all"), MISSING), number)
    for state in ("trust", "anxiety", "compliance"):
        if state in world.attitudes:
            yield words(f"people.{state}"), with_interval(found.get((f"{state}_end", "all", "all"), MISSING), share)
    if world.mutual_help is not None:
        yield words("people.informal"), with_interval(found.get(("informal_share", "all", "all"), MISSING), percent)
