"""People from elsewhere do not know their way: each loses time at the first visit to a building."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.response.responders import Responder

if TYPE_CHECKING:
    from sim.model import CrisisModel


class Unfamiliar:
    """Know who has been to which building."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.seen: set[tuple[Responder, int]] = set()

    def lost_h(self, responder: Responder, building: int) -> float:
        """Return what somebody loses on the way to a building."""
        unfamiliar = responder.team.spec.unfamiliar
        if unfamiliar is None or (responder, building) in self.seen:
            return 0.0
        self.seen.add((responder, building))
        luck = self.model.chance.one(f"unfamiliar.{responder.team.name}", responder.index, building)
        return unfamiliar.first.at(luck)
