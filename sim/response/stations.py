"""The stations of one site: visitors queue, are served, and go on; goods are made ready beside them.

A visitor is a number here; who comes and when is the business of ``sim.response.sites``, who mans a post that of
``sim.response.posts``. Nothing interrupts a service, so its row is written when it begins, with the end it will have.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from sim.records.buffers import RowBuffer

if TYPE_CHECKING:
    from sim.clock import Clock
    from sim.response.responders import Responder

NAN = float("nan")
NOBODY = -1


class Service(NamedTuple):
    """One visitor served: by whom, where it is a person, and since when."""

    visitor: int
    server: Responder | None
    since: float


Done = Callable[["Station", Service], object]


class Station:
    """Servers and the queue before them, by priority and then in the order of joining."""

    __slots__ = (
        "clock",
        "done",
        "goods",
        "halted",
        "idle",
        "lanes",
        "left",
        "manned",
        "name",
        "number",
        "on_leave",
        "patience",
        "present",
        "rows",
        "serving",
        "slower",
        "surplus",
        "unlimited",
        "waiting",
    )

    def __init__(self, number: int, name: str, clock: Clock, rows: RowBuffer, done: Done, *, unlimited: bool) -> None:
        self.number = number
        self.name = name
        self.clock = clock
        self.rows = rows
        self.done = done
        """Called with (station, service) at the end of each service."""
        self.unlimited = unlimited
        self.patience: list[float] | None = None
        self.left: Callable[[int], object] | None = None
        """Called with who has left the queue."""
        self.lanes: list[tuple[int, deque[tuple[int, float, float]]]] = []
        self.waiting: dict[int, float] = {}
        """Since when each waits who may leave; only with patience."""
        self.idle: deque[Responder | None] = deque()
        self.halted = False
        """Nobody is served while what it depends on is out; who is being served is finished."""
        self.present = 0
        self.surplus = 0
        self.serving = 0
        """Visitors being served now."""
        self.manned: set[Responder] = set()
        self.on_leave: Callable[[Responder], object] | None = None
        self.slower: Callable[[Responder], float] | None = None
        """By how much somebody takes longer, where not everybody is as quick."""
        self.goods: Goods | None = None

    def join(self, visitor: int, priority: int, length_h: float) -> None:
        """Be served for a time, or wait for it."""
        now = self.clock.now
        if self.unlimited and not self.halted:
            self._start(visitor, now, None, length_h)
        elif self.idle and not self.halted:
            self._start(visitor, now, self.idle.popleft(), length_h)
        else:
            self.lane(priority).append((visitor, now, length_h))
            if self.patience is not None:
                self.waiting[visitor] = now
                self.clock.call_later(self.patience[visitor], self._tired, (visitor, now))

    def lane(self, priority: int) -> deque[tuple[int, float, float]]:
        """Return the queue of a priority."""
        for known, queue in self.lanes:
            if known == priority:
                return queue
        fresh: deque[tuple[int, float, float]] = deque()
        insort(self.lanes, (priority, fresh), key=lambda lane: lane[0])
        return fresh

    def crowd(self) -> tuple[bool, int]:
        """Return (whether somebody who comes would have to wait, how many are served or wait here)."""
        free = not self.halted and (self.unlimited or bool(self.idle))
        return not free, self.serving + self.queue_length()

    def queue_length(self) -> int:
        """Return how many wait now."""
        return len(self.waiting) if self.patience is not None else sum(len(queue) for _, queue in self.lanes)

    def _start(self, visitor: int, joined: float, server: Responder | None, length_h: float) -> None:
        now = self.clock.now
        if self.slower is not None and server is not None:
            length_h *= self.slower(server)
        until = now + length_h
        person = server.number if server is not None else NOBODY
        self.serving += 1
        self.rows.rows.extend((self.number, visitor, joined, now, until, person))
        self.clock.call_at(until, self._ended, Service(visitor, server, now))

    def _ended(self, service: Service) -> None:
        self.serving -= 1
        if not self.unlimited:
            self._free(service.server)
        self.done(self, service)

    def _free(self, server: Responder | None) -> None:
        """Let a server take the next visitor, wait, or go."""
        if server is not None and server not in self.manned:
            if self.on_leave is not None:
                self.on_leave(server)
            return
        if server is None and self.surplus:
            self.surplus -= 1
            return
        for _, queue in self.lanes if not self.halted else ():
            while queue:
                visitor, joined, length_h = queue.popleft()
                if self.patience is not None and self.waiting.get(visitor) != joined:
                    continue
                self.waiting.pop(visitor, None)
                self._start(visitor, joined, server, length_h)
                return
        self.idle.append(server)

    def _tired(self, wait: tuple[int, float]) -> None:
        visitor, joined = wait
        if self.waiting.get(visitor) != joined:
            return
        del self.waiting[visitor]
        self.rows.rows.extend((self.number, visitor, joined, NAN, self.clock.now, NOBODY))
        assert self.left is not None
        self.left(visitor)

    def halt(self, *, halted: bool) -> None:
        """Stop serving, or go on."""
        self.halted = halted
        if halted:
            return
        if self.unlimited:
            for _, queue in self.lanes:
                while queue:
                    visitor, joined, length_h = queue.popleft()
                    if self.patience is None or self.waiting.pop(visitor, None) == joined:
                        self._start(visitor, joined, None, length_h)
            return
        for _ in range(len(self.idle)):
            self._free(self.idle.popleft())

    # -- servers ----------------------------------------------------------------------------------------------------

    def set_servers(self, number: int) -> None:
        """Have so many servers from now on; one too many goes when the work in hand is done."""
        while self.present < number:
            self.present += 1
            if self.surplus:
                self.surplus -= 1
            else:
                self._free(None)
        while self.present > number:
            self.present -= 1
            if self.idle:
                self.idle.pop()
            else:
                self.surplus += 1

    def man(self, responder: Responder) -> None:
        """Let somebody serve here from now on."""
        self.manned.add(responder)
        self._free(responder)

    def unman(self, responder: Responder) -> bool:
        """Let somebody go; True at once, or False when the work in hand has to be done first (then ``on_leave``)."""
        self.manned.discard(responder)
        if responder in self.idle:
            self.idle.remove(responder)
            return True
        return False

    def unfinished(self) -> None:
        """Write down who waits when the run ends."""
        for _, queue in self.lanes:
            for visitor, joined, _ in queue:
                if self.patience is None or self.waiting.get(visitor) == joined:
                    self.rows.rows.extend((self.number, visitor, joined, NAN, NAN, NOBODY))


class Goods:
    """Pieces made ready one by one; a visitor takes one before joining a station, and waits while there is none."""

    def __init__(self, station: Station) -> None:
        self.station = station
        station.done = self._made
        self.ready = 0
        self.queue: list[tuple[int, int, Station, int, float]] = []
        """(priority, order of coming, station, visitor, length of service) of who waits for a piece."""
        self.asked = 0
        self.service: list[float] = []
        """How long each piece takes, in hours."""

    def plan(self, times_h: Sequence[float], amount: int, service: Sequence[float]) -> None:
        """Set out an amount in equal batches (rounded up) at these times, the last taking the rest."""
        begin = len(self.service)
        last = begin + amount
        self.service += service
        size = -(-amount // len(times_h)) if len(times_h) else 0
        for k, time in enumerate(times_h):
            end = last if k == len(times_h) - 1 else min(begin + size, last)
            if end > begin:
                self.station.clock.call_at(max(time, self.station.clock.now), self._set_out, range(begin, end))
            begin = end

    def _set_out(self, pieces: range) -> None:
        for piece in pieces:
            self.station.join(piece, 0, self.service[piece])

    def take(self, station: Station, visitor: int, priority: int, length_h: float) -> None:
        """Give a visitor a piece, and let them join the queue of a station with it."""
        if self.ready:
            self.ready -= 1
            station.join(visitor, priority, length_h)
        else:
            self.asked += 1
            heappush(self.queue, (priority, self.asked, station, visitor, length_h))

    def _made(self, _station: Station, _piece: Service) -> None:
        if self.queue:
            priority, _, station, visitor, length_h = heappop(self.queue)
            station.join(visitor, priority, length_h)
        else:
            self.ready += 1
