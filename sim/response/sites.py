"""Sites while the clock runs: who comes, their way through the stations, and how each visit ends.

Every draw belongs to a visitor (by resident, or by number where visitors come from anywhere) and a round. Stations
and goods are in ``sim.response.stations``; invitations in ``sim.response.invitations``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.records.buffers import RowBuffer
from sim.records.codes import AT_SITE, LEFT, NO_SHOW, SERVED, STILL_OPEN, TURNED_AWAY
from sim.response.air import LINE, SharedAir
from sim.response.laboratory import Sampling
from sim.response.posts import StationPost
from sim.response.rounds import Rounds
from sim.response.site_plan import revisited, to_be_built
from sim.response.stations import Goods, Service, Station
from sim.response.visitors import Visitors
from sim.spec.distributions import Distribution
from sim.spec.sites import OUT, REFUSED, Ways

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.sites import Site as SiteSpec
    from sim.spec.sites import VisitorClass

NAN = float("nan")
NO_RESIDENT = -1
NOT_STOPPED = -1
"""The end of a visit that never was one; such rows are not written."""
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Site(Visitors):
    """One site: the columns of its visitors and the network that they pass through."""

    def __init__(self, model: CrisisModel, number: int, name: str, spec: SiteSpec) -> None:
        super().__init__(model, name, spec)
        self.clock = model.clock
        self.number = number
        self.rows = RowBuffer(6)
        self.inside = 0
        self.outside: deque[int] = deque()
        self.stations: dict[str, Station] = {}
        self.turns: dict[tuple[str, int], int] = {}
        """How often a visitor has been at a station where some come again."""
        self.goods: dict[str, Goods] = {}
        self._build()
        self.routes = [self._route(None), *(self._route(kind) for kind in spec.classes.values())]
        self.priorities = [5, *(kind.priority for kind in spec.classes.values())]
        self.again = revisited(spec)
        self.tubes = 0
        """Tubes opened so far, at all stations."""
        self.expected = 0
        """People of the rounds who are on their way or here."""
        self.retests: set[int] = set()
        """Visitors whose sample goes into a tube of its own."""
        self.samplings = {n: Sampling(self, n, s.pool) for n, s in spec.stations.items() if s.pool is not None}
        self.rounds = Rounds(self, spec.invitations) if spec.invitations is not None else None
        self.posts = {
            station: StationPost(model, f"{name}.{station}", self.stations[station], s.staff)
            for station, s in spec.stations.items()
            if s.staff is not None
        }
        self.air = SharedAir(self)
        self.on_paper: dict[str, Distribution] = {}
        """Stations that work without what is out, by the law of their services meanwhile."""
        self.built_by_card = to_be_built(model, name)
        self.ready = not self.built_by_card
        """Whether it is built."""

    def _build(self) -> None:
        for name, spec in self.spec.stations.items():
            unlimited = spec.servers is None and spec.staff is None
            number = len(self.stations)
            station = Station(number, name, self.clock, self.rows, self._served, unlimited=unlimited)
            if spec.patience is not None:
                station.patience, station.left = self.patience[name], self._left
            self.stations[name] = station
        for name in self.spec.goods:
            number = len(self.stations) + len(self.goods)
            made = Station(number, name, self.clock, self.rows, self._served, unlimited=False)
            self.goods[name] = Goods(made)
        for name, spec in self.spec.stations.items():
            if spec.takes is not None:
                self.stations[name].goods = self.goods[spec.takes]

    def _route(self, kind: VisitorClass | None) -> dict[str, Ways | None]:
        return {name: self.spec.ways(name, kind) for name in self.spec.stations}

    def begin(self) -> None:
        """Set the servers of all stations, man its posts, and plan its rounds."""
        if self.rounds is not None:
            self.rounds.begin()
            self.clock.call_at(self.spec.opens, self._opens, None, 0)  # before those who come just then
        else:
            self.clock.call_at(self.spec.opens, lambda _: self.man())
            if self.spec.closes is not None and self.spec.closes < self.model.spec.end_h:
                self.clock.call_at(self.spec.closes, lambda _: self._look())
        if any(spec.depends_on is not None for spec in self.spec.stations.values()):
            self.model.outages.listeners.append(self._outage)
        for name, spec in self.spec.stations.items():
            self._servers(self.stations[name], spec.servers or ())
        for name, goods in self.spec.goods.items():
            self._servers(self.goods[name].station, goods.servers)

    def adopt(self, spec: SiteSpec) -> None:
        """Work with other servers or invitations from now on."""
        for name, station in spec.stations.items():
            if station.servers != self.spec.stations[name].servers:
                past = [number for time, number in station.servers or () if time <= self.clock.now]
                self._servers(self.stations[name], [step for step in station.servers or () if step[0] > self.clock.now])
                self.stations[name].set_servers(past[-1] if past else 0)
        self.spec = spec
        if self.rounds is not None and spec.invitations is not None:
            self.rounds.spec = spec.invitations

    def _servers(self, station: Station, steps: Sequence[tuple[float, int]]) -> None:
        for time, number in steps:
            if time <= 0:
                station.set_servers(number)
            elif time < self.model.spec.end_h:
                self.clock.call_at(time, station.set_servers, number, 0)

    def _outage(self, what: str, out: bool) -> None:  # a listener is told two things
        """Go on on paper while something is out, or stop."""
        for name, spec in self.spec.stations.items():
            if spec.depends_on != what:
                continue
            if spec.without is None:
                self.stations[name].halt(halted=out)
            elif out:
                self.on_paper[name] = spec.without
            else:
                self.on_paper.pop(name, None)

    def set_up(self) -> None:
        """Be built: rounds that were called meanwhile can begin."""
        self.ready = True
        self.model.tell("site_ready", self.name)
        if self.clock.now >= self.spec.opens:
            self._let_in()
        if self.rounds is not None:
            self.rounds.look()
        else:
            self.man()

    def man(self) -> None:
        """Ask for the people of the stations."""
        for post in self.posts.values() if self.ready else ():
            post.man()

    def leave_posts(self) -> None:
        """Let the people of the stations go."""
        for post in self.posts.values():
            post.leave()

    # -- visitors ---------------------------------------------------------------------------------------------------

    def set_out_goods(self, coming: int, begin_h: float) -> None:
        """Set out the goods that are made ready for those who come from a time on."""
        for name, goods in self.spec.goods.items():
            batches = goods.batches
            amount = batches.amount if batches.amount is not None else coming
            times = [begin_h + batches.first + k * batches.every for k in range(batches.count)]
            keys = np.arange(amount)
            self.goods[name].plan(times, amount, goods.service.quantile(self.uniform(f"{name}.service", keys)).tolist())

    def come(self, times_h: Sequence[float], visitors: Sequence[int]) -> None:
        """Let visitors come at these times, which are sorted."""
        self.expected += sum(self.columns["round"][visitor] > 0 for visitor in visitors)
        self.clock.feed(times_h, self._come, visitors)

    def not_coming(self, visitors: Sequence[int]) -> None:
        """Write down who does not come though they are called."""
        for visitor in visitors:
            self.end[visitor] = NO_SHOW

    def _come(self, visitor: int) -> None:
        now = self.clock.now
        if self.arrived[visitor] == self.arrived[visitor]:  # found at the door while on the way
            self.expected -= 1
            return
        spec = self.spec
        if (spec.only_closed and not self._stopped(visitor)) or self._stays_in(visitor):
            self.expected -= self.columns["round"][visitor] > 0
            if not self.expected:
                self._look()
            return
        self.arrived[visitor] = now
        if now < spec.opens:
            self._wait_outside(visitor)
        elif spec.closes is not None and now > spec.closes and visitor not in self.retests:
            self._close(visitor, TURNED_AWAY)
        elif not self.ready:
            self._wait_outside(visitor)
        elif spec.room is not None and self.inside >= spec.room:
            if spec.when_full == "turn_away":
                self._close(visitor, TURNED_AWAY)
            else:
                self._wait_outside(visitor)
        else:
            self._enter(visitor)

    def _stopped(self, visitor: int) -> bool:
        """Tell whether somebody lives under a cordon now."""
        resident = int(self.columns["resident"][visitor])
        stopped = resident >= 0 and int(self.model.population.building[resident]) in self.model.cordon.closed
        if not stopped:
            self.end[visitor] = NOT_STOPPED
        return stopped

    def _stays_in(self, visitor: int) -> bool:
        if self.excused(visitor):
            self.end[visitor] = NO_SHOW
            return True
        return False

    def _wait_outside(self, visitor: int) -> None:
        self.end[visitor] = AT_SITE
        self.outside.append(visitor)
        self.air.enter(LINE, visitor)

    def _enter(self, visitor: int) -> None:
        self.end[visitor] = AT_SITE
        self.inside += 1
        number = int(self.columns["kind"][visitor])
        kind = self.spec.classes[self.kinds[number]] if number >= 0 else None
        enters = kind.enters if kind is not None and kind.enters is not None else self.spec.enters
        self._join((visitor, enters))

    def _walk(self, visitor: int, name: str) -> None:
        walk = self.walks.get(name)
        if walk is None:
            self._join((visitor, name))
        else:
            length_h = walk[visitor]
            turn = self.turns.get((name, visitor), 0) + 1
            if turn > 1:
                law = self.spec.stations[name].walk
                assert law is not None
                length_h = law.at(self.one(f"{name}.walk", visitor, turn))
            self.clock.call_later(length_h, self._join, (visitor, name))

    def _join(self, way: tuple[int, str]) -> None:
        visitor, name = way
        station = self.stations[name]
        priority = self.priorities[int(self.columns["kind"][visitor]) + 1]
        length_h = self.service[name][visitor]
        turn = 1
        if name in self.again:
            turn = self.turns[name, visitor] = self.turns.get((name, visitor), 0) + 1
        if turn > 1 or name in self.on_paper:
            law = self.on_paper.get(name)
            length_h = self._further(name, visitor, turn, law if law is not None else self.law(name, visitor))
        self.air.enter(name, visitor)
        if station.goods is None:
            station.join(visitor, priority, length_h)
        else:
            station.goods.take(station, visitor, priority, length_h)

    def _further(self, name: str, visitor: int, turn: int, law: Distribution) -> float:
        """Return the length of a service that was not drawn with the others: a further turn, or one on paper."""
        return law.at(self.one(f"{name}.service", visitor, turn))

    def _served(self, station: Station, service: Service) -> None:
        """Go on from a station: to the next, or out."""
        name, visitor = station.name, service.visitor
        self.air.served(name, service)
        errors = self.posts[name].errors(service.server) if name in self.posts else 0.0
        if errors > 0 and self.one(f"{name}.error", visitor, self.turns[name, visitor]) < errors:
            self._join((visitor, name))
            return
        if name in self.samplings:
            self.samplings[name].sampled(visitor)
        ways = self.routes[int(self.columns["kind"][visitor]) + 1][name]
        onward = self._choose(ways, name, visitor) if ways is not None else OUT
        if onward == OUT:
            self._close(visitor, SERVED)
        elif onward == REFUSED:
            self._close(visitor, TURNED_AWAY)
        else:
            self._walk(visitor, onward)

    def _choose(self, ways: Ways, name: str, visitor: int) -> str:
        if ways.shortest:
            stations = self.stations
            return min(ways.shortest, key=lambda other: (stations[other].crowd(), ways.shortest.index(other)))
        if len(ways.shares) == 1:
            return next(iter(ways.shares))
        uniform = self.one(f"{name}.next", visitor, self.turns.get((name, visitor), 1))
        for onward, share in ways.shares.items():
            uniform -= share
            if uniform < 0:
                return onward
        return onward

    def _left(self, visitor: int) -> None:
        self._close(visitor, LEFT)

    def _close(self, visitor: int, end: int) -> None:
        self.left[visitor] = self.clock.now
        was_inside = self.end[visitor] == AT_SITE
        self.end[visitor] = end
        self.expected -= self.columns["round"][visitor] > 0
        if was_inside:
            self.inside -= 1
            self._let_in()
        elif end == TURNED_AWAY:
            self.model.problems.report("turned_away")
        if end == LEFT:
            self.air.left(visitor)
            self.model.problems.report("gave_up")
        if not self.expected:
            self._look()

    def _opens(self, _nothing: None) -> None:
        """Let those come now who were called to come earlier."""
        if not self.ready:
            return
        for visitor in self.outside:
            self.arrived[visitor] = self.clock.now
        self._let_in()
        while self.outside and self.spec.when_full == "turn_away":
            visitor = self.outside.popleft()
            self.air.left(visitor)
            self.end[visitor] = STILL_OPEN
            self._close(visitor, TURNED_AWAY)

    def _let_in(self) -> None:
        """Let in who waits outside, as far as there is room."""
        while self.outside and (self.spec.room is None or self.inside < self.spec.room):
            visitor = self.outside.popleft()
            self.air.left(visitor)
            self._enter(visitor)

    def _look(self) -> None:
        """See whether a round is over, or the day."""
        if self.rounds is not None:
            self.rounds.look()
        elif self.spec.closes is not None and self.clock.now >= self.spec.closes and not self.inside:
            self.leave_posts()

    def finish(self) -> None:
        """Write down who is in a queue when the run ends."""
        for station in self.stations.values():
            station.unfinished()
        for goods in self.goods.values():
            goods.station.unfinished()
