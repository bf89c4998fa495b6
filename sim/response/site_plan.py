"""What is known of a site before anybody comes: whether a step builds it, and where somebody may come by again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.spec.actions import SetUp

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.sites import Site as SiteSpec


def to_be_built(model: CrisisModel, name: str) -> bool:
    """Tell whether a step of the card builds a site."""
    steps = model.response.steps()
    return any(isinstance(step.does, SetUp) and step.does.site == name for step in steps)


def revisited(spec: SiteSpec) -> set[str]:
    """Return the stations at which somebody may come by a second time."""
    after: dict[str, set[str]] = {}
    for name in spec.stations:
        ways = [spec.ways(name, kind) for kind in (None, *spec.classes.values())]
        after[name] = {onward for way in ways if way is not None for onward in way.stations()}
    again = set()
    for name in spec.stations:
        reached, todo = set(), list(after[name])
        while todo:
            station = todo.pop()
            if station not in reached:
                reached.add(station)
                todo += after[station]
        staff = spec.stations[name].staff
        if name in reached or (
            staff is not None and staff.without_skill is not None and staff.without_skill.errors > 0
        ):
            again.add(name)
    return again
