"""Which needs only the run can decide: those whose rate depends on its state, or that depend on who knows what."""

from __future__ import annotations

from sim.spec.changes import Change
from sim.spec.needs import Need
from sim.spec.scenario import Scenario


def conditional(need: Need) -> bool:
    """Tell whether a need arises only for residents who know, or believe, something."""
    return need.if_unaware is not None or need.if_rumour


def asked_in_run(need: Need) -> bool:
    """Tell whether only the run can say when, or of whom, a need is asked."""
    return conditional(need) or need.self_help is not None or need.stigma is not None


def phases_by_state(scenario: Scenario) -> tuple[str, ...]:
    """Return the phases that may come where only the run can tell when; none where that is known beforehand."""
    life_cycle = scenario.world.life_cycle
    if life_cycle is None or not life_cycle.conditions:
        return ()
    return (life_cycle.begins, *(turn.to for turn in life_cycle.conditions))


def _by_phase(scenario: Scenario, name: str, need: Need) -> bool:
    """Tell whether a need's rate depends on the phase, from the beginning or by an inject."""
    path = f"needs.{name}.by_phase"
    return bool(need.by_phase) or any(key.startswith(path) for inject in scenario.world.injects for key in inject.set)


def state_decided(scenario: Scenario) -> dict[str, tuple[Change, ...]]:
    """Return the need types whose rate the run decides, each with the conditional injects that may change it."""
    by_type: dict[str, list[Change]] = {}
    for inject in scenario.world.injects:
        if inject.when is not None:
            for name in dict.fromkeys(path.split(".")[1] for path in inject.set):
                by_type.setdefault(name, []).append(inject)
    for name, need in scenario.world.needs.items():
        if need.more_with or (phases_by_state(scenario) and _by_phase(scenario, name, need)):
            by_type.setdefault(name, [])
    return {name: tuple(injects) for name, injects in by_type.items()}
