"""Who knows what, since when: notices by channel, word at the door, rumours; and the on-line platform.

A resident whom no message has reached cannot react to it. Whether and when a message reaches somebody belongs to the
resident, the channel and the number of the notice.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import numpy.typing as npt

from sim.records.buffers import RowBuffer
from sim.response.book import BY_ONLINE, End, State
from sim.response.stations import Service, Station

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.response.responders import Team
    from sim.spec.information import Channel, Information, Online

Floats = npt.NDArray[np.float64]


class Knowledge:
    """Keep for each topic when each resident has heard of it."""

    def __init__(self, model: CrisisModel, spec: Information) -> None:
        self.model = model
        self.spec = spec
        self.heard: dict[str, Floats] = {}
        """By topic: when each resident first took notice (infinite: not yet)."""
        self.asked: set[str] = set()
        """Topics that some decision has asked about: whether a resident has heard of them."""
        self.told: dict[str, set[int]] = {}
        """By topic: residents who first heard of it at their door."""
        self.words: list[Floats] = [np.full(model.population.size, inf)]
        """When each resident takes official word: at the door, latest first; then of each notice."""
        self.rumoured: list[Floats] = []
        """When each resident hears each rumour."""
        self.notices = 0
        self.times: dict[str, int] = {}
        """How often each topic was posted in each channel."""
        self.rumours = 0
        self.names: list[tuple[str, str, str]] = []
        """(topic, channel, team) of each notice."""
        self.rows = RowBuffer(4)
        self.last_word = 0.0

    def topic(self, name: str) -> Floats:
        """Return when each resident heard of a topic, to somebody who decides by it."""
        self.asked.add(name)
        return self._column(name)

    def _column(self, name: str) -> Floats:
        if name not in self.heard:
            self.heard[name] = np.full(self.model.population.size, inf)
        return self.heard[name]

    def post(self, team: Team | None, topic: str, channel: str, buildings: list[int]) -> None:
        """Publish a notice; with one voice the commander approves it first."""
        about = f"{topic}/{channel}"
        self.times[about] = self.times.get(about, 0) + 1
        nth = (crc32(about.encode()) << 20) + self.times[about]
        self.notices += 1
        self.names.append((topic, channel, team.name if team is not None else ""))
        notice = (self.notices - 1, nth), team, topic, channel, buildings
        chief = self.model.command.chief
        if self.spec.one_voice and team is not chief:
            self.model.command.decide("notice", (nth,), self._publish, notice)
        else:
            self._publish(notice)

    def _publish(self, notice: tuple[tuple[int, int], Team | None, str, str, list[int]]) -> None:
        (number, nth), _, topic, name, buildings = notice
        channel = self.spec.channels[name]
        now = self.model.clock.now
        silent = channel.depends_on is not None and self.model.outages.out(channel.depends_on)
        reached = 0
        if not silent:
            heard = self._reach(nth, channel, buildings, now)
            reached = int((heard < inf).sum())
            column = self._column(topic)
            np.minimum(column, heard, out=column)
            self.words.append(heard)
            for told in self.model.moments.topic_posted:
                told(topic, nth, heard)
            if self.model.attitudes is not None:
                self.model.attitudes.happen_to_all("notice", heard)
            self.last_word = now
            if self.spec.rumours is not None:
                self.model.clock.call_later(self.spec.rumours.after, self._silence, now)
        self.rows.rows.extend((number, now, reached, float(silent)))
        contradicts = self.spec.contradicts
        if not self.spec.one_voice and contradicts > 0 and self.model.chance.one("contradiction", nth) < contradicts:
            self._start_rumour()

    def _reach(self, nth: int, channel: Channel, buildings: list[int], now: float) -> Floats:
        """Return when each resident takes notice; infinite for who never does."""
        population, chance = self.model.population, self.model.chance
        who = np.arange(population.size)
        share = np.full(population.size, channel.reach)
        for group, reach in channel.reach_by_group.items():
            if group in population.groups:
                mine = population.groups[group]
                share[mine] = np.minimum(share[mine], reach)
        takes = (chance.uniform("notice.reach", who, nth) < share) & np.isin(population.building, buildings)
        heard = np.full(population.size, inf)
        heard[takes] = now
        if channel.delay is not None:
            heard[takes] += channel.delay.quantile(chance.uniform("notice.delay", who[takes], nth))
        return heard

    def tell_household(self, household: int, topic: str) -> None:
        """Tell those who live behind a door."""
        now = self.model.clock.now
        members = self.model.homes.of(household)
        column = self._column(topic)
        first = [member for member in members if column[member] > now]
        column[first] = now
        self.told.setdefault(topic, set()).update(first)
        self.words[0][members] = now
        for hear in self.model.moments.topic_told:
            hear(topic, members)

    def knows(self, resident: int, topic: str) -> bool:
        """Tell whether somebody has heard of a topic by now."""
        self.asked.add(topic)
        return topic in self.heard and bool(self.heard[topic][resident] <= self.model.clock.now)

    def aware(self) -> Floats:
        """Return (when, resident, at the door or not, place of the topic among all) of who heard what is asked about.

        A resident hears of a topic once; sorted by resident and time.
        """
        pieces = [np.empty((0, 4))]
        for place, (topic, column) in enumerate(self.heard.items()):
            who = np.flatnonzero(column < self.model.spec.end_h) if topic in self.asked else np.empty(0, np.int64)
            at_door = np.isin(who, list(self.told.get(topic, ())))
            pieces.append(np.column_stack([column[who], who, at_door, np.full(who.size, place)]))
        rows = np.concatenate(pieces)
        return rows[np.lexsort((rows[:, 3], rows[:, 0], rows[:, 1]))]

    def believes_rumour(self, resident: int) -> bool:
        """Tell whether somebody has heard a rumour and no official word since."""
        rumour = self._latest(self.rumoured, resident)
        return rumour > -inf and self._latest(self.words, resident) <= rumour

    def _latest(self, heard: list[Floats], resident: int) -> float:
        """Return when somebody last heard one of several things; minus infinity for never."""
        now = self.model.clock.now
        return max((float(times[resident]) for times in heard if times[resident] <= now), default=-inf)

    def activated(self) -> None:
        """Begin to count the silence."""
        self.last_word = self.model.clock.now
        if self.spec.rumours is not None:
            self.model.clock.call_later(self.spec.rumours.after, self._silence, self.last_word)

    def _silence(self, since: float) -> None:
        if self.last_word <= since and self.model.orders.active:
            self._start_rumour()

    def _start_rumour(self) -> None:
        rumours = self.spec.rumours
        if rumours is None:
            return
        self.rumours += 1
        now, chance = self.model.clock.now, self.model.chance
        who = np.arange(self.model.population.size)
        hears = who[chance.uniform("rumour.reach", who, self.rumours) < rumours.reach]
        heard = np.full(who.size, inf)
        heard[hears] = now + rumours.delay.quantile(chance.uniform("rumour.delay", hears, self.rumours))
        self.rumoured.append(heard)
        if self.model.attitudes is not None:
            self.model.attitudes.happen_to_all("rumour", heard)
        self.model.tell("rumour", str(self.rumours), hears.size)
        self.last_word = now
        self.model.clock.call_later(rumours.after, self._silence, now)


class Platform:
    """Take orders on line and have couriers bring them."""

    def __init__(self, model: CrisisModel, spec: Online) -> None:
        self.model = model
        self.spec = spec
        self.rows = RowBuffer(6)
        self.couriers = Station(0, "online", model.clock, self.rows, self._brought, unlimited=False)
        names = model.demand.type_names
        self.types = {names.index(name) for name in spec.needs}
        population = model.population
        self.offline = population.groups.get("offline", np.zeros(population.size, bool))

    def begin(self) -> None:
        """Open."""
        self.couriers.set_servers(self.spec.couriers)

    def takes(self, need: int) -> bool:
        """Tell whether a request is made here: its resident has a device, and likes to."""
        book = self.model.book
        if book.need_type[need] not in self.types or self.offline[book.resident[need]]:
            return False
        if self.spec.depends_on is not None and self.model.outages.out(self.spec.depends_on):
            return False
        return book.uniform("online", need, 1) < self.spec.share

    def request(self, need: int) -> None:
        """Take an order; its resident waits for a courier and does not give up."""
        book = self.model.book
        if self.model.homes.drops(need):
            return
        book.state[need] = int(State.SENT)
        book.deadline[need] = inf
        book.triaged[need] = book.dispatched[need] = self.model.clock.now
        uniform = book.uniform("online.takes", need, 1)
        length_h = self.spec.takes.at(uniform)
        self.couriers.join(need, 0, length_h)

    def _brought(self, _station: Station, service: Service) -> None:
        need, isolation = service.visitor, self.model.isolation
        if isolation is not None and isolation.is_away(int(self.model.book.resident[need])):
            isolation.end(need)  # nobody opens: the courier takes it back
        else:
            self.model.book.close(need, End.MET, self.model.clock.now, BY_ONLINE)

    def finish(self) -> None:
        """Write the moments at which couriers set out into the book; in vain is as if none had."""
        rows, book = self.rows.array(), self.model.book
        for need, started in zip(rows[:, 1].astype(np.int64).tolist(), rows[:, 3].tolist(), strict=True):
            if book.end[need] != End.WITHDRAWN:
                book.started[need] = started
