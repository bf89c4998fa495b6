"""How needs become requests: at a moment known beforehand, when the state of the run lets them, or only at the door."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.records.columns import cells
from sim.response.book import State
from sim.world.decided import state_decided
from sim.world.demand import ACCEPTED, CAUSED

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.needs import Need, Stigma

CANDIDATE, UNKNOWN = int(State.CANDIDATE), int(State.UNKNOWN)
INTAKE, PARKED = int(State.INTAKE), int(State.PARKED)


class RequestsToCome:
    """Feed requests to the desks and the platform."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.clock = model.clock
        self.book = model.book
        self.demand = model.demand
        self.cannot_ask = [model.population.in_any(spec.asked_at_door) for spec in model.book.specs]
        """By need type: residents who can only ask somebody who comes to the door."""

    def begin(self) -> None:
        """Set the moments of all requests that are known beforehand, and of the candidates to be decided."""
        book = self.book
        if any(spec.asked_at_door for spec in book.specs):
            self._keep_for_the_door()
        rows = np.flatnonzero(book.request_h < self.model.spec.end_h)
        order = rows[np.argsort(book.request_h[rows], kind="stable")]
        needs = cells(order)
        if self.model.platform is not None:
            self.clock.feed(cells(book.request_h[order]), self._request, needs)
        elif len(self.model.desks) == 1:
            self.clock.feed(cells(book.request_h[order]), self.model.desks[0].request, needs)
        else:
            self.clock.feed(cells(book.request_h[order]), lambda need: self.model.desk_of(need).request(need), needs)
        if self.model.moments.closed:
            self._watch_departures(rows)
        undecided = np.flatnonzero((book.state_column == CANDIDATE) & (self.demand.mark != CAUSED))
        self.injects = state_decided(self.model.spec)
        self.bounds = {name: self.model.rates.most(name, injects) for name, injects in self.injects.items()}
        if undecided.size:
            self.clock.feed(cells(self.demand.onset_h[undecided]), self._decide, undecided.tolist())

    def _request(self, need: int) -> None:
        if self.model.platform is not None and self.model.platform.takes(need):
            self.model.platform.request(need)
        else:
            self.model.desk_of(need).request(need)

    def _keep_for_the_door(self) -> None:
        """Take the needs whose residents cannot ask out of the requests to come; each waits from its onset."""
        book, demand = self.book, self.demand
        for number, cannot_ask in enumerate(self.cannot_ask):
            mine = (demand.need_type == number) & ~np.isnan(book.request_h) & (demand.onset_h < self.model.spec.end_h)
            needs = np.flatnonzero(mine & cannot_ask[demand.resident])
            book.request_h[needs] = np.nan
            book.deadline_h[needs] = np.nan
            book.state_column[needs] = UNKNOWN
            self.clock.feed(demand.onset_h[needs].tolist(), self.model.homes.wait_for_visitor, needs.tolist())

    def _decide(self, need: int) -> None:
        """Let a candidate become a need if its mark is below the rate of this moment, in the world as it is now."""
        book = self.book
        name = self.demand.type_names[book.need_type[need]]
        if self.demand.mark[need] != ACCEPTED:
            bound = self.bounds[name]
            done = tuple(change for change in self.injects[name] if change in self.model.changes.done)
            at, who = self.demand.onset_h[need : need + 1], self.demand.resident[need : need + 1].astype(np.int64)
            share = self.model.rates.share(name, bound, at, who, done, self.model.phase)[0]
            more_with = book.specs[book.need_type[need]].more_with
            if more_with and self.model.attitudes is not None:
                share *= self.model.attitudes.factor(more_with, int(book.resident[need]))
            if not self.demand.mark[need] < share:
                return
        self.begins(need, 0.0)

    def begins(self, need: int, later_h: float) -> None:
        """Let a need begin: at home, next door and then as a request; stamps of the demand are so much later."""
        book = self.book
        spec, resident = book.specs[book.need_type[need]], int(book.resident[need])
        if not self._arises(spec, resident):
            return
        book.state[need] = UNKNOWN
        request_h = float(self.demand.request_h[need]) + later_h
        if spec.stigma is not None and self._ashamed(spec.stigma, need, resident):
            request_h += spec.stigma.delay.at(book.uniform("stigma.delay", need, 1))
        if request_h == request_h and self._only_at_door(need) and spec.self_help is None:
            self.model.homes.wait_for_visitor(need)
            return
        if not request_h < self.model.spec.end_h:  # NaN too: it is never asked for
            if request_h == request_h:
                book.request[need] = request_h
            return
        if spec.self_help is not None and self.model.mutual_help is not None:
            self.clock.call_at(request_h, self._ask_at_home, need)
        elif self._only_at_door(need):
            self.model.homes.wait_for_visitor(need)
        else:
            self.known_from(need, request_h)
            self.clock.call_at(request_h, self._request_late, need)

    def _ask_at_home(self, need: int) -> None:
        assert self.model.mutual_help is not None
        self.model.mutual_help.ask(need, self._nobody_near)

    def _nobody_near(self, need: int) -> None:
        """Turn to the response, since nobody at home or next door can help."""
        if self._only_at_door(need):
            self.model.homes.wait_for_visitor(need)
            return
        self.known_from(need, self.clock.now)
        self._request_late(need)

    def known_from(self, need: int, request_h: float) -> None:
        """Let the response know of a need from a time on."""
        book = self.book
        book.request[need] = request_h
        deadline_h = book.deadline[need] = request_h + float(self.demand.patience_h[need])
        self.model.referrals.requested(need)
        if self.model.moments.closed and deadline_h < self.model.spec.end_h:
            self.clock.call_at(deadline_h, self._leaves, need, 2)

    def _watch_departures(self, rows: npt.NDArray[np.int64]) -> None:
        """Let the moment be known at which somebody who asked gives up."""
        leaves = rows[self.book.deadline_h[rows] < self.model.spec.end_h]
        leaves = leaves[np.argsort(self.book.deadline_h[leaves], kind="stable")]
        self.clock.feed(self.book.deadline_h[leaves].tolist(), self._leaves, leaves.tolist())

    def _leaves(self, need: int) -> None:
        book = self.book
        if INTAKE <= book.state[need] < PARKED:
            book.has_left(need, self.clock.now)

    def _ashamed(self, stigma: Stigma, need: int, resident: int) -> bool:
        """Tell whether shame keeps somebody from asking yet."""
        told = (
            stigma.campaign is not None
            and self.model.information is not None
            and self.model.information.knows(resident, stigma.campaign)
        )
        return not told and self.book.uniform("stigma", need, 1) < stigma.share

    def _request_late(self, need: int) -> None:
        if self.model.platform is not None and self.model.platform.takes(need):
            self.model.platform.request(need)
        else:
            self.model.desk_of(need).request_late(need)

    def _only_at_door(self, need: int) -> bool:
        """Tell whether the resident of a need can only ask somebody who comes to the door."""
        return bool(self.cannot_ask[self.book.need_type[need]][self.book.resident[need]])

    def _arises(self, spec: Need, resident: int) -> bool:
        """Tell whether a need that depends on what its resident knows arises now."""
        if self.model.information is None:
            return not spec.if_rumour
        if spec.if_unaware is not None and self.model.information.knows(resident, spec.if_unaware):
            return False
        return not spec.if_rumour or self.model.information.believes_rumour(resident)
