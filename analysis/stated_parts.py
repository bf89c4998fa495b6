"""The parts of which an outcome can be (units, needs, items …) by name, as far as a scenario states them.

So a wrong part is told before any run. What the specification does not tell (who is asked outside, the residents' own
table) is not judged here: the first run tells (``analysis.asked.check_seen``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from analysis.people_outcomes import MET_ELSEWHERE
from analysis.plan_outcomes import MOMENTS
from sim.spec.community import GROUPS, PHASES
from sim.spec.patches import prepared
from sim.spec.scenario import Scenario


def stated(scenario: Scenario) -> Mapping[str, Collection[str]]:
    """Return the names of the parts that a scenario states, by what is split; nothing for what it does not tell."""
    now = prepared(scenario)
    world, response = now.world, now.response
    found: dict[str, Collection[str]] = {
        "all": ("all",),
        "vulnerable": ("vulnerable",),
        "others": ("others",),
        "group": GROUPS,
        "phase": PHASES,
        "met_by": MET_ELSEWHERE,
        "moment": MOMENTS,
        "need": tuple(world.needs),
        "unit": tuple(response.organisation.units),
        "desk": tuple(response.all_desks()),
        "item": response.all_items(),
        "site": tuple(response.sites),
        "class": tuple(f"{name}.{kind}" for name, site in response.sites.items() for kind in site.classes),
        "station": tuple(f"{name}.{station}" for name, site in response.sites.items() for station in site.stations),
        "detector": tuple(response.early_warning),
        "step": tuple(response.plan.card.steps) if response.plan is not None else (),
    }
    if world.community.table is None:
        found["zone"] = world.community.zones
    return found
