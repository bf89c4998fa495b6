"""Rounds of invitations: residents called by building and slot, looked for at their doors, the late testers waited for.

Called = served + no show + left + turned away + missed. Whether somebody comes belongs to the resident and the round.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.records.codes import MISSED, NO_SHOW, STILL_OPEN
from sim.response.doorsteps import CountJob, FetchRound, RecallRound

if TYPE_CHECKING:
    from sim.response.sites import Site
    from sim.spec.invitations import Invitations

Ints = npt.NDArray[np.int64]
NAN = float("nan")
AGAIN = 1 << 40
"""Added to the key of somebody called again, once for each time somebody is, so that the luck is another."""


class Rounds:
    """Call the rounds of one site."""

    def __init__(self, site: Site, spec: Invitations) -> None:
        self.site = site
        self.model = site.model
        self.clock = site.clock
        self.spec = spec
        self.called: list[int] = []
        """Visitors of this round."""
        self.postponed = 0
        """How many slots wait for the testers."""
        self.version = 0
        self.next_slot = 0
        self.slot_at: list[float] = []
        """The time of each slot, later than called where the testers were late."""
        self.slots: list[list[int]] = []
        self.slots_left = 0
        self.recalls_left: int = 0
        self.again = 0
        self.running = False
        self.helping: FetchRound | None = None
        """The helpers under way who bring people here."""
        self.over: Callable[[Any], object] | None = None
        self.queue: deque[tuple[list[int], Callable[[Any], object] | None, str]] = deque()
        self.offset: dict[int, float] = {}
        self.willing: set[int] = set()
        """Who of this round comes once they know of it."""

    def begin(self) -> None:
        """Set the rounds that the scenario plans itself."""
        everybody = list(range(len(self.model.population.building_names)))
        for moment in self.spec.rounds:
            if moment < self.model.spec.end_h:
                self.clock.call_at(moment, lambda buildings: self.call(buildings, None, self.site.name), everybody)

    def call(self, buildings: list[int], over: Callable[[Any], object] | None, unit: str) -> None:
        """Call everybody on the list in these buildings, once whoever calls may use it.

        ``over(None)`` is called when the round is done; ``unit`` is who calls, or the site for a round of its own.
        """
        self.model.authorities.when_granted("data", unit, self._may_call, (buildings, over, unit))

    def _may_call(self, turn: tuple[list[int], Callable[[Any], object] | None, str]) -> None:
        buildings, over, _ = turn
        if self.running or not self.site.ready:
            self.queue.append(turn)
            return
        self.running, self.over = True, over
        site, population = self.site, self.model.population
        site.round += 1
        residents = np.flatnonzero(np.isin(population.building, buildings))
        residents = residents[~np.isin(residents, list(self.model.positives.confirmed))]
        order = np.lexsort((residents, population.household[residents], population.building[residents]))
        residents = residents[order]
        known = np.array([self.model.homes.expected(int(h)) for h in population.household[residents]], bool)
        kinds = site.kinds_of(residents)
        self._add_unknown(residents[~known], kinds[~known])
        residents, kinds = residents[known], kinds[known]
        last = np.array([kind.last for kind in site.spec.classes.values()] + [False], bool)[kinds]
        order = np.argsort(last, kind="stable")
        self._call(residents[order], kinds[order])
        self.model.tell("round_called", site.name, len(self.called))
        opens = self.clock.now + max(self.spec.lead - self._early(), 0.0)
        self.clock.call_at(opens, lambda _: site.man())
        self.look()

    def _add_unknown(self, residents: Ints, kinds: Ints) -> None:
        """Write down who lives there and is on no list: nobody calls them."""
        nothing = np.full(residents.size, np.nan)
        for visitor in self.site.add(residents, residents, kinds, nothing, nothing):
            self.site.end[visitor] = MISSED

    def _call(self, residents: Ints, kinds: Ints) -> None:
        site, spec, now = self.site, self.spec, self.clock.now
        slot = np.arange(residents.size) // spec.per_slot
        slot_h = now + spec.lead + slot * spec.slot
        visitors = site.add(residents, residents, kinds, np.full(residents.size, now), slot_h)
        self.called = list(visitors)
        shows = site.shows(residents, kinds, spec.no_show)
        if self.model.attitudes is not None:
            shows &= self.model.attitudes.comply(residents, site.name, site.round)
        offset = np.full(residents.size, spec.mean_offset)
        if spec.spread > 0:
            from scipy.special import ndtri

            offset = offset + ndtri(site.uniform("punctuality", residents)) * spec.spread
        heard = self._heard(residents)
        self.offset = dict(zip(self.called, offset.tolist(), strict=True))
        self.willing = {visitor for visitor, comes in zip(self.called, shows.tolist(), strict=True) if comes}
        site.not_coming([v for v, h, comes in zip(self.called, heard, shows, strict=True) if not comes and h < inf])
        site.set_out_goods(int(shows.sum()), now + spec.lead)
        count = int(slot[-1]) + 1 if residents.size else 0
        self.slots = [[] for _ in range(count)]
        for visitor, number in zip(self.called, slot.tolist(), strict=True):
            self.slots[number].append(visitor)
        self.slots_left = count or -1
        self.recalls_left = self.spec.recall.times if self.spec.recall is not None else 0
        early = self._early()
        self.version += 1
        self.postponed = self.next_slot = 0
        self.slot_at = [now + spec.lead + number * spec.slot for number in range(count)]
        for number, at in enumerate(self.slot_at):
            self.clock.call_at(max(now, at - early), self._slot_due, (number, self.version))

    def _early(self) -> float:
        """Return how long before their slot the first may come."""
        return 3 * self.spec.spread + max(-self.spec.mean_offset, 0.0)

    def _heard(self, residents: Ints) -> npt.NDArray[np.float64]:
        """Return when each has heard of the site, as far as notices are modelled."""
        if self.model.information is None:
            return np.full(residents.size, -inf)
        return self.model.information.topic(self.site.name)[residents]

    # -- slots ------------------------------------------------------------------------------------------------------

    def _slot_due(self, turn: tuple[int, int]) -> None:
        """Let the people of a slot set out, or put it off while none of the testers is there."""
        number, version = turn
        if version != self.version:
            return
        if self._nobody_there():
            if not self.postponed:
                self.model.teams[self.spec.waits_for or ""].listeners.append(self._testers_came)
            self.postponed += 1
            return
        self._send_out(number)

    def _nobody_there(self) -> bool:
        waits_for = self.spec.waits_for
        return waits_for is not None and self.model.teams[waits_for].on_duty == 0

    def _testers_came(self, _nothing: None) -> None:
        """Call the slots again that were put off, and those after them so that they keep their distance."""
        now = self.clock.now
        self.model.tell("slots_called_again", self.site.name, self.postponed)
        self.postponed = 0
        self.version += 1
        free = now
        for number in range(self.next_slot, len(self.slots)):
            at = max(self.slot_at[number], free)
            free = at + self.spec.slot
            self.slot_at[number] = at
            for visitor in self.slots[number]:
                self.site.columns["slot"][visitor] = at
            self.clock.call_at(max(now, at - self._early()), self._slot_due, (number, self.version))

    def _send_out(self, number: int) -> None:
        now, slot_h = self.clock.now, self.slot_at[number]
        self.next_slot = number + 1
        heard_now = self._heard_now(self.slots[number])
        coming = sorted(
            (max(now, slot_h + self.offset[visitor], heard_now[visitor]), visitor)
            for visitor in self.slots[number]
            if visitor in self.willing and heard_now[visitor] < slot_h + self.spec.slot + 1.0
        )
        if self.spec.fetch is not None:
            column, cannot_walk = self.site.columns["resident"], self.model.population.in_any(self.spec.fetch.groups)
            fetched = [visitor for _, visitor in coming if cannot_walk[int(column[visitor])]]
            coming = [(time, visitor) for time, visitor in coming if not cannot_walk[int(column[visitor])]]
            if fetched and self.helping is not None:
                self.helping.more(fetched)
            elif fetched:
                self.helping = FetchRound(self, self.spec.fetch, fetched)
                self.helping.begin()
        self.site.come([time for time, _ in coming], [visitor for _, visitor in coming])
        self.slots_left -= 1
        if not self.slots_left:
            last = max((time for time, _ in coming), default=now)
            after = self.spec.recall.after if self.spec.recall is not None else 0.0
            self.clock.call_at(max(last, slot_h + self.spec.slot) + after, self._count)

    def _count(self, _nothing: None) -> None:
        """Have somebody count who has come, where no list does that by itself."""
        if self.spec.count is None:
            self._next_recall()
        else:
            CountJob(self).begin()

    def _heard_now(self, visitors: list[int]) -> dict[int, float]:
        residents = np.array([int(self.site.columns["resident"][visitor]) for visitor in visitors], np.int64)
        return dict(zip(visitors, self._heard(residents).tolist(), strict=True))

    # -- recall at the door -----------------------------------------------------------------------------------------

    def counted(self) -> None:
        """Begin to look for who is missing."""
        self._next_recall()

    def _next_recall(self, _nothing: None = None) -> None:
        """Look for those who have not come, once more; when nobody looks any more, they are missed."""
        missing = [v for v in self.called if self.site.end[v] in (STILL_OPEN, NO_SHOW) and self._not_come(v)]
        if self.recalls_left and missing and self.spec.recall is not None:
            self.recalls_left -= 1
            RecallRound(self, self.spec.recall, missing).begin()
            return
        self.recalls_left = 0
        for visitor in missing:
            if self.site.end[visitor] == STILL_OPEN:
                self.site.end[visitor] = MISSED
        self.slots_left = -1
        self.look()

    def _not_come(self, visitor: int) -> bool:
        arrived = self.site.arrived[visitor]
        return arrived != arrived and not self.site.excused(visitor)

    def found(self, visitor: int) -> None:
        """Let somebody come who was found at home."""
        if self._not_come(visitor):
            self.site.come([self.clock.now], [visitor])

    def recalled(self) -> None:
        """Wait for those who were found, and look again."""
        assert self.spec.recall is not None
        self.clock.call_later(self.spec.recall.after, self._next_recall)

    def call_again(self, residents: list[int]) -> None:
        """Call people whose tube was positive, to be sampled singly, as soon as somebody can."""
        if self._nobody_there():
            self.model.teams[self.spec.waits_for or ""].listeners.append(lambda _: self.call_again(residents))
            return
        site, now = self.site, self.clock.now
        who = np.array(residents, np.int64)
        if not who.size:
            return
        moment = np.full(who.size, now)
        self.again += 1
        visitors = site.add(who + self.again * AGAIN, who, site.kinds_of(who), moment, moment)
        site.retests.update(visitors)
        site.man()
        site.come([now] * len(visitors), list(visitors))

    # -- the end of a round -----------------------------------------------------------------------------------------

    def look(self) -> None:
        """End the round when everybody called has come and gone, or been looked for, and every result is back."""
        site = self.site
        if site.expected or self.helping is not None or any(sampling.out for sampling in site.samplings.values()):
            return
        if self.running and self.slots_left == -1:
            self.running = False
            self.slots_left = 0
            over, self.over = self.over, None
            self.model.tell("round_done", site.name, site.round)
            missed = sum(site.end[visitor] == MISSED for visitor in self.called)
            if missed:
                self.model.problems.report("missed", missed)
            if over is not None:
                over(None)
        if not self.running:
            if self.queue:
                self.call(*self.queue.popleft())
            else:
                site.leave_posts()
