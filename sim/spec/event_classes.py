"""The four classes of events, and what a plan does differently for each (Emergency Response Law, article 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sim.spec.scenario import World

EventClass = Literal["natural_disaster", "accident", "public_health", "social_security"]
CLASSES: tuple[EventClass, ...] = ("natural_disaster", "accident", "public_health", "social_security")
OF_KIND: dict[str, EventClass] = {
    "flood": "natural_disaster",
    "storm": "natural_disaster",
    "heatwave": "natural_disaster",
    "earthquake": "natural_disaster",
    "fire": "accident",
    "poisoning": "public_health",
}
"""The class of each kind of hazard that has one; what is a lockdown or a surge for, the scenario says."""


def classes_of(world: World) -> tuple[EventClass, ...]:
    """Return the classes of what happens in a world: those stated, of its hazards, and of an epidemic."""
    found = set(world.classes) | {OF_KIND[hazard.kind] for hazard in world.hazards.values() if hazard.kind in OF_KIND}
    if world.epidemic is not None:
        found.add("public_health")
    return tuple(name for name in CLASSES if name in found)
