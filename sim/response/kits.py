"""Kits: what each person takes from the stores at the start of a shift. No kit, no task.

Where the card hands kits out by a step, nobody helps themselves before: protective clothing comes before all else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sim.response.responders import Responder, Team
from sim.spec.actions import Issue

if TYPE_CHECKING:
    from sim.model import CrisisModel


class Kits:
    """Keep who has a kit, and let wait who has none."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.until: dict[Responder, tuple[int, float]] = {}
        """(number of the shift, time until which it lasts) of each person's kit."""
        self.waiting: set[Responder] = set()
        self.locked = self._handed_out_by_step()

    def _handed_out_by_step(self) -> set[str]:
        locked: set[str] = set()
        for step in self.model.response.steps():
            if isinstance(step.does, Issue):
                locked |= set(step.does.units or self.model.teams)
        return {name for name in locked if self.model.teams[name].spec.kit}

    def equipped(self, responder: Responder) -> bool:
        """Tell whether somebody may begin to work, taking a kit where one can be taken; who cannot waits."""
        if self._has(responder):
            return True
        if responder in self.waiting:
            return False
        self._worn_out(responder)
        if responder.team.name not in self.locked:
            if self.model.stores.draw(responder.team.spec.kit, "kit"):
                self._wear(responder)
                return True
            self.model.problems.report("no_kit")
            self.model.stores.want(responder.team.spec.kit, "kit", self._came, responder)
        self.waiting.add(responder)
        return False

    def _has(self, responder: Responder) -> bool:
        duty, until = self.until.get(responder, (-1, 0.0))
        return duty == responder.duty and self.model.clock.now < until

    def _worn_out(self, responder: Responder) -> None:
        """Bring back what lasts of a kit that is to be renewed."""
        if self.until.get(responder, (-1, 0.0))[0] == responder.duty:
            del self.until[responder]
            self.model.stores.back_from_use(responder.team.spec.kit, "kit")

    def _wear(self, responder: Responder) -> None:
        lasts = responder.team.spec.kit_lasts
        until = self.model.clock.now + lasts if lasts is not None else float("inf")
        self.until[responder] = responder.duty, until

    def _came(self, responder: Responder) -> None:
        """Give somebody the kit that has come for them, or put it back if they have gone."""
        if responder not in self.waiting:
            self.model.stores.give_back(responder.team.spec.kit, "kit")
            return
        self.waiting.discard(responder)
        self._wear(responder)
        self.model.roster.release(responder)

    def hand_out(self, responder: Responder) -> None:
        """Hand somebody a kit."""
        if not responder.on_duty or self._has(responder):
            return
        if self.model.stores.draw(responder.team.spec.kit, "kit"):
            self._wear(responder)
            if responder in self.waiting:
                self.waiting.discard(responder)
                self.model.roster.release(responder)
        elif responder in self.waiting:
            self.model.problems.report("no_kit")
            self.model.stores.want(responder.team.spec.kit, "kit", self._came, responder)

    def open(self, units: tuple[str, ...]) -> None:
        """Let people of these units (of all, where none is named) help themselves from now on."""
        opened = self.locked & set(units) if units else set(self.locked)
        self.locked -= opened
        ready = [responder for responder in self.waiting if responder.team.name in opened]
        for responder in sorted(ready, key=lambda person: person.number):
            self.waiting.discard(responder)
            self.model.roster.release(responder)

    def renew(self, responder: Responder, then: Callable[[], None]) -> None:
        """Give somebody who comes back from a break a fresh kit, and go on when they have it."""
        kit = responder.team.spec.kit
        if not kit:
            then()
            return

        self._worn_out(responder)

        def worn(_nothing: object) -> None:
            self._wear(responder)
            then()

        self.model.stores.want(kit, "kit", worn, None)

    def hand_in(self, responder: Responder) -> None:
        """Bring back what lasts, at the end of a shift."""
        if self.until.pop(responder, None) is not None:
            self.model.stores.back_from_use(responder.team.spec.kit, "kit")

    def stop_waiting(self, responder: Responder) -> bool:
        """Take somebody off the list of those who wait; False if they did not wait."""
        if responder in self.waiting:
            self.waiting.discard(responder)
            return True
        return False

    def waiting_of(self, team: Team) -> list[Responder]:
        """Return who of a team has no kit, in their order."""
        return sorted((r for r in self.waiting if r.team is team), key=lambda responder: responder.number)
