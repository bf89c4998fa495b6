"""How much a scenario may ask for: what would draw more needs or visitors than a machine holds is refused."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.spec.base import refuse
from sim.spec.local_hazards import Local

if TYPE_CHECKING:
    from sim.spec.hazards import Hazard
    from sim.spec.needs import Need
    from sim.spec.scenario import Scenario

MOST_NEEDS = 50_000_000
MOST_VISITORS = 5_000_000


def check_size(scenario: Scenario) -> None:
    """Refuse what would draw more candidate needs than a machine holds: each type at its highest rate."""
    for name, site in scenario.response.sites.items():
        streams = [site.arrivals, *(kind.arrivals for kind in site.classes.values())]
        coming = sum(
            stream.expected(scenario.end_h, scenario.world.community.residents or 1)
            for stream in streams
            if stream is not None
        )
        if coming > MOST_VISITORS:
            raise refuse(
                f"response.sites.{name}: at most {MOST_VISITORS:,} visitors are wanted; these are {coming:,.0f}"
            )
    total = 0.0
    for name, need in scenario.world.needs.items():
        total += _most_needs(scenario, name, need)
        if total > MOST_NEEDS:
            raise refuse(
                f"world.needs.{name}: at most {MOST_NEEDS:,} needs are wanted; up to here these rates make {total:,.0f}"
            )


def _most_needs(scenario: Scenario, name: str, need: Need) -> float:
    rate = need.per_hour
    if need.clients is not None:
        return (scenario.world.community.residents or 1) * scenario.end_h / need.clients.every
    if rate is None:
        groups = math.prod(max(factor, 1.0) for factor in need.rate_by_group.values())
        rate = (need.per_1000_day or 0.0) * (scenario.world.community.residents or 1) / 24_000 * groups
    phases = max(need.by_phase.values(), default=1.0) if scenario.world.life_cycle is not None else 1.0
    driving = [h for h in scenario.world.hazards.values() if h.drives is None or name in h.drives]
    rate *= 1 + sum(need.more_with.values())
    return rate * max(phases, 1.0) * scenario.end_h * (sum(_strongest(h) for h in driving) if driving else 1.0)


def _strongest(hazard: Hazard) -> float:
    if isinstance(hazard, Local):
        return hazard.strongest()
    if hazard.kind == "surge":
        return max((level for _, level in hazard.curve), default=0.0) if hazard.curve is not None else 0.0
    return max(1.0, hazard.before) if hazard.kind == "lockdown" else 1.0
