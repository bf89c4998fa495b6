"""Names in states that are looked at: the item of a stock, the unit of people, wherever a scenario waits for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.spec.changes import State
from sim.spec.people_references import Reference

if TYPE_CHECKING:
    from sim.spec.scenario import Scenario


def state_references(scenario: Scenario) -> Iterator[Reference]:
    """Yield (place, name, what has that name, kind of thing) of every state; an item on a card is a finding."""
    response = scenario.response
    held = response.all_items()
    for place, state in _states(scenario):
        yield f"{place}.people_of", state.people_of, response.organisation.units, "unit"
        if not place.startswith("response.plan.card."):
            yield f"{place}.stock_of", state.stock_of, held, "item in a store"


def _states(scenario: Scenario) -> Iterator[tuple[str, State]]:
    world, response = scenario.world, scenario.response
    for block, changes in (("response.changes", response.changes), ("world.injects", world.injects)):
        for number, change in enumerate(changes):
            if change.when is not None:
                yield f"{block}[{number}].when", change.when
    for number, turn in enumerate(world.life_cycle.conditions if world.life_cycle is not None else ()):
        yield f"world.life_cycle.conditions[{number}].when", turn.when
    for name, unit in response.organisation.units.items():
        if unit.call_up is not None:
            yield f"response.organisation.units.{name}.call_up", unit.call_up
    for name, donor in response.donors.items():
        for number, asking in enumerate(donor.asked):
            yield f"response.donors.{name}.asked[{number}]", asking
    for name, step in response.plan.card.steps.items() if response.plan is not None else ():
        if step.when is not None:
            yield f"response.plan.card.steps.{name}.when", step.when
