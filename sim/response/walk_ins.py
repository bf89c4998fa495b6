"""People who come unasked: they arrive as word goes round, wait to be received, and are taken in or sent away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.response.errands import send
from sim.response.responders import NOBODY, Responder, Team
from sim.spec.volunteers import WalkIns as Spec

if TYPE_CHECKING:
    from sim.model import CrisisModel

MOST_COMING = 1_000_000


class WalkIns:
    """Receive people for one unit."""

    def __init__(self, model: CrisisModel, team: Team, spec: Spec) -> None:
        self.model = model
        self.team = team
        self.spec = spec
        self.free = [person for person in team.people if not person.spare][-spec.at_most :]
        self.mine = set(self.free)
        model.moments.shift_ended.append(self._gone)

    def begin(self) -> None:
        """Draw when people come: a Poisson process thinned to the curve."""
        from scipy.special import log1p

        times, rates = (np.array(column) for column in zip(*self.spec.curve, strict=True))
        most, end_h = float(rates.max()), self.model.spec.end_h
        count = min(int(most * end_h + 10 * np.sqrt(most * end_h + 1)) + 10, MOST_COMING)
        nth = np.arange(count)
        if most == 0:
            return
        chance, name = self.model.chance, self.team.name
        at = np.cumsum(-log1p(-chance.uniform(f"walk_in.{name}", nth)) / most)
        keep = (chance.uniform(f"walk_in.kept.{name}", nth) * most < np.interp(at, times, rates)) & (at < end_h)
        self.model.clock.feed(at[keep].tolist(), self._comes, nth[keep].tolist())

    def _comes(self, nth: int) -> None:
        """Stand at the gate: wait to be received."""
        self.model.tell("walked_in", str(nth), self.team.name)
        length_h = self.spec.takes.at(self.model.chance.one(f"walk_in.reception.{self.team.name}", nth))
        send(self.model, self.spec.reception, "reception", length_h, self._received, nth, NOBODY)

    def _received(self, nth: int) -> None:
        well = [person for person in self.free if person.away_until <= self.model.clock.now]
        if not well or not self.model.roster.presence.lets_in(well[0]):
            self.model.tell("sent_away", str(nth), self.team.name)
            return
        person = well[0]
        self.free.remove(person)
        stays_h = self.spec.stays.at(self.model.chance.one(f"walk_in.stays.{self.team.name}", nth))
        person.employed = True
        self.model.roster.come_for(person, stays_h)

    def _gone(self, person: Responder) -> None:
        """Make room for another once somebody has gone home."""
        if person in self.mine:
            person.employed = False
            self.free.append(person)
