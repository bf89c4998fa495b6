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
from sim.response.laboratory import Sampling
from sim.response.posts import StationPost
from sim.response.rounds import Rounds
from sim.response.stations import Goods, Station, grown
from sim.spec.actions import SetUp
from sim.spec.distributions import Distribution
from sim.spec.sites import OUT, Ways

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.sites import Site as SiteSpec
    from sim.spec.sites import VisitorClass

NAN = float("nan")
NO_RESIDENT = -1
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Site:
    """One site: the columns of its visitors and the network that they pass through."""

    def __init__(self, model: CrisisModel, number: int, name: str, spec: SiteSpec) -> None:
        self.model = model
        self.clock = model.clock
        self.number = number
        self.name = name
        self.spec = spec
        self.kinds: tuple[str, ...] = tuple(spec.classes)
        self.round = 0
        self.size = 0
        self.columns: dict[str, list[float]] = {
            key: [] for key in ("resident", "key", "round", "kind", "called", "slot", "arrived", "left", "end")
        }
        self.arrived, self.left, self.end = (self.columns[key] for key in ("arrived", "left", "end"))
        self.rows = RowBuffer(6)
        self.inside = 0
        self.outside: deque[int] = deque()
        self.stations: dict[str, Station] = {}
        self.walks: dict[str, list[float]] = {name: [] for name, s in spec.stations.items() if s.walk is not None}
        self.turns: dict[tuple[str, int], int] = {}
        """How often a visitor has been at a station where some come again."""
        self.goods: dict[str, Goods] = {}
        self._build()
        self.routes = [self._route(None), *(self._route(kind) for kind in spec.classes.values())]
        self.priorities = [5, *(kind.priority for kind in spec.classes.values())]
        self.again = _revisited(spec)
        self.coming = 0
        """Called and on their way."""
        self.retests: set[int] = set()
        """Visitors whose sample goes into a tube of its own."""
        self.samplings = {n: Sampling(self, n, s.pool) for n, s in spec.stations.items() if s.pool is not None}
        self.rounds = Rounds(self, spec.invitations) if spec.invitations is not None else None
        self.posts = [
            StationPost(model, f"{name}.{station}", self.stations[station], s.staff)
            for station, s in spec.stations.items()
            if s.staff is not None
        ]
        self.ready = not _to_be_built(model, name)
        """Whether it is built."""

    def _build(self) -> None:
        for name, spec in self.spec.stations.items():
            unlimited = spec.servers is None and spec.staff is None
            number = len(self.stations)
            station = Station(number, name, self.clock, self.rows, self._served, unlimited=unlimited)
            if spec.patience is not None:
                station.patience, station.left = [], self._left
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
        else:
            self.clock.call_at(self.spec.opens, lambda _: self.man())
            if self.spec.closes is not None and self.spec.closes < self.model.spec.end_h:
                self.clock.call_at(self.spec.closes, lambda _: self._look())
        for name, spec in self.spec.stations.items():
            self._servers(self.stations[name], spec.servers or ())
        for name, goods in self.spec.goods.items():
            self._servers(self.goods[name].station, goods.servers)

    def _servers(self, station: Station, steps: Sequence[tuple[float, int]]) -> None:
        for time, number in steps:
            if time <= 0:
                station.set_servers(number)
            elif time < self.model.spec.end_h:
                self.clock.call_at(time, station.set_servers, number, 0)

    def set_up(self) -> None:
        """Be built: rounds that were called meanwhile can begin."""
        self.ready = True
        self.model.tell("site_ready", self.name)
        if self.rounds is not None:
            self.rounds.look()
        else:
            self.man()

    def man(self) -> None:
        """Ask for the people of the stations."""
        for post in self.posts if self.ready else ():
            post.man()

    def leave_posts(self) -> None:
        """Let the people of the stations go."""
        for post in self.posts:
            post.leave()

    # -- visitors ---------------------------------------------------------------------------------------------------

    def add(self, keys: Ints, resident: Ints, kind: Ints, called: Floats, slot: Floats) -> range:
        """Add visitors of the current round; ``keys`` are what their draws belong to. Returns their numbers."""
        first, count = self.size, keys.size
        self.size += count
        fresh = {
            "resident": resident, "key": keys, "round": np.full(count, self.round), "kind": kind, "called": called,
            "slot": slot, "arrived": np.full(count, np.nan), "left": np.full(count, np.nan),
            "end": np.full(count, STILL_OPEN),
        }  # fmt: skip
        for name, values in fresh.items():
            self.columns[name].extend(values.tolist())
        for name, spec in self.spec.stations.items():
            station = self.stations[name]
            grown(station.service, self._services(name, spec.service, keys, kind))
            if station.patience is not None:
                assert spec.patience is not None
                grown(station.patience, spec.patience.quantile(self.uniform(f"{name}.patience", keys)))
            if spec.walk is not None:
                grown(self.walks[name], spec.walk.quantile(self.uniform(f"{name}.walk", keys)))
        return range(first, self.size)

    def _services(self, station: str, law: Distribution, keys: Ints, kind: Ints) -> Floats:
        uniform = self.uniform(f"{station}.service", keys)
        drawn = np.array(law.quantile(uniform))
        for number, spec in enumerate(self.spec.classes.values()):
            if station in spec.service:
                mine = kind == number
                drawn[mine] = spec.service[station].quantile(uniform[mine])
        return drawn

    def uniform(self, question: str, keys: Ints) -> Floats:
        """Return the uniforms that decide a question about visitors of this round."""
        return self.model.chance.uniform(f"site.{self.name}.{question}", keys, self.round)

    def come(self, times_h: Sequence[float], visitors: Sequence[int]) -> None:
        """Let visitors come at these times, which are sorted."""
        self.coming += len(visitors)
        self.clock.feed(times_h, self._come, visitors)

    def not_coming(self, visitors: Sequence[int]) -> None:
        """Write down who does not come though they are called."""
        for visitor in visitors:
            self.end[visitor] = NO_SHOW

    def _come(self, visitor: int) -> None:
        now = self.clock.now
        self.coming -= 1
        if self.arrived[visitor] == self.arrived[visitor]:  # found at the door while on the way
            return
        self.arrived[visitor] = now
        spec = self.spec
        if spec.closes is not None and now > spec.closes:
            self._close(visitor, TURNED_AWAY)
        elif spec.room is not None and self.inside >= spec.room:
            if spec.when_full == "turn_away":
                self._close(visitor, TURNED_AWAY)
            else:
                self.end[visitor] = AT_SITE
                self.outside.append(visitor)
        else:
            self._enter(visitor)

    def _enter(self, visitor: int) -> None:
        self.end[visitor] = AT_SITE
        self.inside += 1
        number = int(self.columns["kind"][visitor])
        kind = self.spec.classes[self.kinds[number]] if number >= 0 else None
        enters = kind.enters if kind is not None and kind.enters is not None else self.spec.enters
        self._walk(visitor, enters)

    def _walk(self, visitor: int, name: str) -> None:
        walk = self.walks.get(name)
        if walk is None:
            self._join((visitor, name))
        else:
            self.clock.call_later(walk[visitor], self._join, (visitor, name))

    def _join(self, way: tuple[int, str]) -> None:
        visitor, name = way
        station = self.stations[name]
        priority = self.priorities[int(self.columns["kind"][visitor]) + 1]
        length_h = station.service[visitor]
        if name in self.again:
            turn = self.turns[name, visitor] = self.turns.get((name, visitor), 0) + 1
            if turn > 1:
                length_h = self._further(name, visitor, turn)
        if station.goods is None:
            station.join(visitor, priority, length_h)
        else:
            station.goods.take(station, visitor, priority, length_h)

    def _further(self, name: str, visitor: int, turn: int) -> float:
        """Return the length of a further service at a station."""
        number = int(self.columns["kind"][visitor])
        kind = self.spec.classes[self.kinds[number]] if number >= 0 else None
        law = self.spec.stations[name].service if kind is None else kind.service.get(name)
        law = law if law is not None else self.spec.stations[name].service
        return float(law.quantile(np.array([self._one(f"{name}.service", visitor, turn)]))[0])

    def _one(self, question: str, visitor: int, turn: int) -> float:
        key, number = int(self.columns["key"][visitor]), int(self.columns["round"][visitor])
        keys = (key, number, turn) if turn > 1 else (key, number)
        return self.model.chance.one(f"site.{self.name}.{question}", *keys)

    def _served(self, station: Station, visitor: int) -> None:
        """Go on from a station: to the next, or out."""
        name = station.name
        if name in self.samplings:
            self.samplings[name].sampled(visitor)
        ways = self.routes[int(self.columns["kind"][visitor]) + 1][name]
        onward = self._choose(ways, name, visitor) if ways is not None else OUT
        if onward == OUT:
            self._close(visitor, SERVED)
        else:
            self._walk(visitor, onward)

    def _choose(self, ways: Ways, name: str, visitor: int) -> str:
        if ways.shortest:
            stations = self.stations
            return min(ways.shortest, key=lambda other: (_crowd(stations[other]), ways.shortest.index(other)))
        if len(ways.shares) == 1:
            return next(iter(ways.shares))
        uniform = self._one(f"{name}.next", visitor, self.turns.get((name, visitor), 1))
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
        if was_inside:
            self.inside -= 1
            while self.outside and (self.spec.room is None or self.inside < self.spec.room):
                self._enter(self.outside.popleft())
        elif end == TURNED_AWAY:
            self.model.problems.report("turned_away")
        if end == LEFT:
            self.model.problems.report("gave_up")
        if not self.inside and not self.coming:
            self._look()

    def _look(self) -> None:
        """See whether a round is over, or the day."""
        if self.rounds is not None:
            self.rounds.look()
        elif self.spec.closes is not None and self.clock.now >= self.spec.closes and not self.inside:
            self.leave_posts()

    def kinds_of(self, residents: Ints) -> Ints:
        """Return the class of each resident: the first whose description fits, −1 for none."""
        kinds = np.full(residents.size, -1)
        uniform = self.uniform("class", residents)
        population = self.model.population
        edge = 0.0
        for number, kind in enumerate(self.spec.classes.values()):
            fits = np.zeros(residents.size, bool)
            for group in kind.groups:
                if group in population.groups:
                    fits |= population.groups[group][residents]
            if kind.contacts:
                fits = np.isin(residents, list(self.model.positives.contacts))
            if kind.share is not None:
                fits = (uniform >= edge) & (uniform < edge + kind.share)
                edge += kind.share
            kinds[fits & (kinds < 0)] = number
        return kinds

    def came_near(self, resident: int, within_h: float) -> set[int]:
        """Return the residents who came here within a time of somebody."""
        who = np.array(self.columns["resident"], np.float64)
        arrived = np.array(self.arrived, np.float64)
        near: set[int] = set()
        for time in arrived[(who == resident) & ~np.isnan(arrived)].tolist():
            near.update(who[(np.abs(arrived - time) <= within_h) & (who >= 0)].astype(np.int64).tolist())
        near.discard(resident)
        return near

    def finish(self) -> None:
        """Write down who is in a queue when the run ends."""
        for station in self.stations.values():
            station.unfinished()
        for goods in self.goods.values():
            goods.station.unfinished()


def _to_be_built(model: CrisisModel, name: str) -> bool:
    """Tell whether a step of the card builds a site."""
    plan = model.response.plan
    steps = plan.card.steps.values() if plan is not None else ()
    return any(isinstance(step.does, SetUp) and step.does.site == name for step in steps)


def _crowd(station: Station) -> int:
    """Return how many are at a station or wait there."""
    return station.queue_length() + station.present - station.surplus - len(station.idle)


def _revisited(spec: SiteSpec) -> set[str]:
    """Return the stations at which somebody may come by a second time."""
    after: dict[str, set[str]] = {}
    for name in spec.stations:
        ways = [spec.ways(name, kind) for kind in (None, *spec.classes.values())]
        after[name] = {onward for way in ways if way is not None for onward in way.stations()}
    again = set()
    for name in spec.stations:
        reached, todo = set(), list(after[name])
        while todo:
            station = todo.pop()
            if station not in reached:
                reached.add(station)
                todo += after[station]
        if name in reached:
            again.add(name)
    return again
