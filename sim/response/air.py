"""What those share who stand together: at one station of a site, or in the line before it.

Each breathes in what the infectious there give off, for as long as both are there: a running integral of the share of
those present who are infectious, read when somebody comes and when they go. So one visit costs two looks, however long
the queue. How infectious somebody is stays for that time as it was when they came. Who serves meets each visitor face
to face.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.world.epidemic import LAYERS

if TYPE_CHECKING:
    from sim.response.infections import Infections
    from sim.response.sites import Site
    from sim.response.stations import Service

QUEUE = LAYERS.index("queue")
LINE = ""
"""The line before a site, beside its stations."""


class Air:
    """One place where people stand together."""

    def __init__(self, infections: Infections) -> None:
        self.infections = infections
        self.clock = infections.clock
        self.rate = infections.spec.contacts.queue
        self.present = 0
        self.given_off = 0.0
        """How infectious those present are, together."""
        self.level = 0.0
        """The integral of the infectious share over the hours so far."""
        self.since = 0.0
        self.came: dict[int, tuple[float, float]] = {}
        """(level when they came, how infectious they are) by visitor."""

    def _flow(self) -> None:
        now = self.clock.now
        if self.present and self.given_off:
            self.level += self.given_off / self.present * (now - self.since)
        self.since = now

    def enter(self, visitor: int, row: int) -> None:
        """Let a visitor come; ``row`` is negative for somebody from anywhere, who carries nothing."""
        self._flow()
        own = self.infections.infectivity(row) if row >= 0 else 0.0
        self.came[visitor] = self.level, own
        self.present += 1
        self.given_off += own

    def leave(self, visitor: int, row: int) -> None:
        """Let a visitor go, with what they have breathed in."""
        self._flow()
        level, own = self.came.pop(visitor)
        self.present -= 1
        self.given_off = self.given_off - own if self.present else 0.0
        if row >= 0 and self.level > level:
            self.infections.expose(row, self.rate * (self.level - level), QUEUE)


class SharedAir:
    """The air of a site, station by station; without an epidemic nobody shares anything."""

    def __init__(self, site: Site) -> None:
        self.resident = site.columns["resident"]
        self.infections = site.model.infections
        self.places: dict[str, Air] = {}
        if self.infections is not None and self.infections.spec.meets_at_sites():
            self.places = {name: Air(self.infections) for name in (LINE, *site.spec.stations)}

    def enter(self, place: str, visitor: int) -> None:
        """Let a visitor come to a place."""
        if self.places:
            self.places[place].enter(visitor, int(self.resident[visitor]))

    def served(self, place: str, service: Service) -> None:
        """Let a visitor who has been served go; who served them and they were face to face."""
        if self.places:
            visitor, row, air = service.visitor, int(self.resident[service.visitor]), self.places[place]
            if row >= 0 and service.server is not None:
                air.infections.met(service.server, row, air.clock.now - service.since)
            air.leave(visitor, row)

    def left(self, visitor: int) -> None:
        """Let a visitor go who waits somewhere."""
        for air in self.places.values():
            if visitor in air.came:
                air.leave(visitor, int(self.resident[visitor]))
