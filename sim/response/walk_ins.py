"""People who come unasked: they arrive as word goes round, wait to be received, and are taken in or sent away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.response.errands import send
from sim.response.responders import NOBODY, Responder, Team
from sim.spec.volunteers import WalkIns as Spec

if TYPE_CHECKING:
    from sim.model import CrisisModel

MOST_COMING = 100_000


def arrivals(model: CrisisModel, unit: str, spec: Spec) -> dict[int, float]:
    """Draw who comes to a unit, and when: a Poisson process thinned to the curve. Return hours by number, in order."""
    from scipy.special import log1p

    times, rates = (np.array(column) for column in zip(*spec.curve, strict=True))
    most, end_h = float(rates.max()), model.spec.end_h
    if most == 0:
        return {}
    count = min(int(most * end_h + 10 * np.sqrt(most * end_h + 1)) + 10, MOST_COMING)
    nth = np.arange(count)
    at = np.cumsum(-log1p(-model.chance.uniform(f"walk_in.{unit}", nth)) / most)
    keep = (model.chance.uniform(f"walk_in.kept.{unit}", nth) * most < np.interp(at, times, rates)) & (at < end_h)
    return dict(zip(nth[keep].tolist(), at[keep].tolist(), strict=True))


class WalkIns:
    """Receive people for one unit. Each is somebody of their own: who has gone home does not come again."""

    def __init__(self, model: CrisisModel, team: Team, spec: Spec) -> None:
        self.model = model
        self.team = team
        self.spec = spec
        coming = team.walking_in
        self.person = dict(zip(coming, team.people[len(team.people) - len(coming) :], strict=True))
        self.here: set[Responder] = set()
        model.moments.shift_ended.append(self._gone)

    def begin(self) -> None:
        """Let them come."""
        coming = self.team.walking_in
        self.model.clock.feed(list(coming.values()), self._comes, list(coming))

    def _comes(self, nth: int) -> None:
        """Stand at the gate, unless something keeps them at home, and wait to be received."""
        if self._away(nth):
            return
        self.model.tell("walked_in", str(nth), self.team.name)
        length_h = self.spec.takes.at(self.model.chance.one(f"walk_in.reception.{self.team.name}", nth))
        send(self.model, self.spec.reception, "reception", length_h, self._received, nth, NOBODY)

    def _away(self, nth: int) -> bool:
        """Tell whether somebody is ill, or elsewhere."""
        return self.person[nth].away_until > self.model.clock.now

    def _received(self, nth: int) -> None:
        person, roster = self.person[nth], self.model.roster
        room = len(self.here) < self.spec.at_most and not person.gone and not self._away(nth)
        if not room or not roster.presence.lets_in(person):
            self.model.tell("sent_away", str(nth), self.team.name)
            return
        stays_h = self.spec.stays.at(self.model.chance.one(f"walk_in.stays.{self.team.name}", nth))
        person.employed = True
        roster.come_for(person, stays_h)
        if person.on_duty:
            self.here.add(person)
        else:  # there was nothing to provide them with
            person.employed = False

    def _gone(self, person: Responder) -> None:
        """Make room for another once somebody has gone home."""
        if person in self.here:
            person.employed = False
            self.here.remove(person)
