"""Time of one person set apart from other work: a session, a talk, a break."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.response.errands import send
from sim.response.labour import Job
from sim.response.responders import NOBODY, Responder
from sim.spec.care import Supervision

if TYPE_CHECKING:
    from sim.response.care import Care

Turn = tuple[Responder, Supervision, int, float]
"""(worker, how, how manyth session, until when it is in time)."""
MOST_WAIT_H, LOOKS_AGAIN_H = 1.0, 1 / 12
"""How long a worker waits for a supervisor who was free a moment ago, and how often they look."""


class Meeting(Job):
    """Time of one person set apart: with a supervisor who has to be free too, or of a stated length."""

    without_kit = True
    risky = False

    def __init__(
        self,
        care: Care,
        kind: str,
        length_h: float,
        spec: Supervision | None = None,
        need: int = NOBODY,
        turn: Turn | None = None,
    ) -> None:
        self.care = care
        self.model = care.model
        self.kind = kind
        self.length_h = length_h
        self.by = self.model.teams[spec.by] if spec is not None else None
        self.depends_on = spec.depends_on if spec is not None else None
        self.need = need
        self.turn = turn
        """What a session that was not held is tried again with."""
        self.begun = self.given_up = False
        self.waits_until = 0.0

    def joined(self, responder: Responder) -> None:
        """Begin: with a supervisor, when one is free."""
        self.waits_until = self.model.clock.now + MOST_WAIT_H
        if self.by is not None:
            self._meet(responder)
            return
        self.begun = True
        if self.kind == "rest" and self.model.strains is not None:
            self.model.strains.pause(responder, resting=True)
        self.model.clock.call_later(self.length_h, self._over, responder)

    def _meet(self, responder: Responder) -> None:
        """Begin if a supervisor is free now; else wait a little, and then go back to work."""
        assert self.by is not None
        if self.given_up:
            return
        if self.care.free(self.by, self.depends_on):
            self.begun = True
            send(self.model, self.by.name, self.kind, self.length_h, self._over, responder, NOBODY)
        elif self.model.clock.now < self.waits_until:
            self.model.clock.call_later(LOOKS_AGAIN_H, self._meet, responder)
        else:
            self._give_up(responder)

    def _give_up(self, responder: Responder) -> None:
        self.given_up = True
        self.kind = "waited"
        self.model.labour.free(responder)
        self.care.not_held(self)

    def _over(self, responder: Responder) -> None:
        if self.kind == "rest" and self.model.strains is not None:
            self.model.strains.pause(responder, resting=False)
        self.care.held(self.kind, responder, self.need)
        self.model.labour.free(responder)

    def relieve(self, responder: Responder) -> None:
        """Finish it first; but nobody waits for a supervisor after the end of the shift."""
        if not self.begun and not self.given_up:
            self._give_up(responder)
