"""Isolation: the confirmed stay at home or are taken away, and contacts stay at home, as far as they obey.

What somebody who stays at home still meets is the epidemic's business (``Infections.mix``); a responder who is to stay
at home does not come to work. Who has been taken away asks for nothing at home: what they wait for is withdrawn, but
for what has been begun, which goes on when they are back.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

from sim.response.book import WAITS, End, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sim.model import CrisisModel
    from sim.spec.epidemic import Isolation as IsolationSpec


class Isolation:
    """Keep where those are who are not about."""

    def __init__(self, model: CrisisModel, spec: IsolationSpec) -> None:
        self.model = model
        self.spec = spec
        self.place: dict[int, str] = {}
        """home or away, by resident."""
        self.until: dict[int, float] = {}
        self.spells: dict[int, list[list[float]]] = {}
        """[begin, end] of each stay of each resident who obeyed; the end is infinite while it lasts."""
        self.absences: dict[int, list[list[float]]] = {}
        """[begin, end] of each stay away."""
        self.taken = 0
        """Beds taken."""

    def confirmed(self, resident: int) -> None:
        """Let somebody who has just been confirmed stay at home, and have them taken away where that is the rule."""
        obeys = self._stay(resident)
        if self.spec.confirmed != "away" or not obeys:
            return
        if self.spec.beds is not None and self.taken >= self.spec.beds:
            self.model.tell("no_bed", str(resident))
            return
        self.taken += 1
        if self.spec.transfer is None:
            self._away(resident)
        else:
            building = int(self.model.population.building[resident])
            self.model.outside.request(self.spec.transfer, building, self._away, resident)

    def contacts(self, residents: Iterable[int]) -> None:
        """Let contacts stay at home."""
        if self.spec.contacts is not None:
            for resident in sorted(residents):
                self._stay(resident)

    def excused(self, resident: int) -> bool:
        """Tell whether somebody is not to come to a site, since they are confirmed and in isolation."""
        return resident in self.place and resident in self.model.positives.confirmed

    def _stay(self, resident: int) -> bool:
        """Let somebody stay at home; tell whether they do."""
        model = self.model
        self._works_not(resident)
        self.until[resident] = until = model.clock.now + self.spec.lasts
        if until < model.spec.end_h:
            model.clock.call_at(until, self._over, resident)
        if resident not in self.place:
            nth = 1 if resident in model.positives.confirmed else 0
            if model.attitudes is not None and not model.attitudes.comply(np.array([resident]), "isolation", nth)[0]:
                model.tell("not_obeyed", str(resident))
                return False
            self.place[resident] = "home"
            self.spells.setdefault(resident, []).append([model.clock.now, inf])
            self._mix(resident)
        return True

    def _works_not(self, resident: int) -> None:
        assert self.model.dwellings is not None
        for person in self.model.dwellings.workers.get(resident, ()):
            self.model.tell("isolated", str(person.number), person.team.name)
            self.model.roster.coming.leave_for(person, self.spec.lasts)

    def _away(self, resident: int) -> None:
        if resident not in self.place:
            self.spells.setdefault(resident, []).append([self.model.clock.now, inf])
        self.place[resident] = "away"
        self.absences.setdefault(resident, []).append([self.model.clock.now, inf])
        self.model.tell("taken_away", str(resident))
        self._withdraw(resident)
        self._mix(resident)
        if self.until[resident] <= self.model.clock.now:  # the way took longer than the stay
            self._over(resident)

    def _over(self, resident: int) -> None:
        if self.model.clock.now < self.until[resident]:  # it was begun anew meanwhile
            return
        place = self.place.pop(resident, None)
        if place is None:
            return
        self.spells[resident][-1][1] = self.model.clock.now
        if place == "away":
            self.taken -= 1
            self.absences[resident][-1][1] = self.model.clock.now
        self._mix(resident)
        self.model.homes.free_again(resident)

    def is_away(self, resident: int) -> bool:
        """Tell whether somebody has been taken away, and is not back yet."""
        return self.place.get(resident) == "away"

    # -- what those who are away need at home -----------------------------------------------------------------------

    def _withdraw(self, resident: int) -> None:
        """Withdraw the requests of somebody that nobody has begun to serve."""
        model, book = self.model, self.model.book
        mine = (book.demand.resident == resident) & np.isnan(book.stamps["started_h"])
        waits = np.isin(book.state_column, WAITS) & (book.request_h <= model.clock.now)
        sent = (book.state_column == State.SENT) & (book.attempts_column > 0)
        untold = model.homes.untold.get(int(model.population.household[resident]), [])
        for need in [*np.flatnonzero(mine & (waits | sent)).tolist(), *untold]:
            if book.resident[need] != resident or book.state[need] == State.CLOSED:
                continue
            if book.state[need] == State.PARKED:
                model.depots.cancel(need)
            model.depots.put_back(need)
            self.end(need)

    def end(self, need: int) -> None:
        """End a need whose resident has been taken away."""
        book = self.model.book
        book.deadline[need] = inf
        book.close(need, End.WITHDRAWN, self.model.clock.now)

    def drops(self, need: int) -> bool:
        """Tell whether a need, about to be asked for, comes to nothing.

        One that would have begun while its resident is away does not arise; one that has waited at home is withdrawn.
        """
        book = self.model.book
        new = self._begins_away(need)
        if not new and not self.is_away(int(book.resident[need])):
            return False
        book.request[need] = np.nan
        if new:
            book.state[need] = int(State.CANDIDATE)
            book.deadline[need] = inf
        else:
            self.end(need)
        return True

    def _begins_away(self, need: int) -> bool:
        onset_h = self.model.book.onset[need]
        return any(begin <= onset_h < end for begin, end in self.absences.get(int(self.model.book.resident[need]), ()))

    def finish(self) -> None:
        """Let what nobody has asked for not arise, where its resident was away."""
        book, end_h = self.model.book, self.model.spec.end_h
        never = np.isin(book.state_column, (State.UNKNOWN, State.WAITING)) & ~(book.request_h < end_h)
        for need in np.flatnonzero(never & np.isin(book.demand.resident, list(self.absences))).tolist():
            if self._begins_away(need):
                book.state[need] = int(State.CANDIDATE)

    def _mix(self, resident: int) -> None:
        if self.model.infections is not None:
            self.model.infections.mix([resident])
