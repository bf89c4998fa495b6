"""Sites that residents come to in a queue: screening, vaccination, relief, registration, a gate; stations as a network.

A site is data: who comes and when, which classes of visitors there are, and stations with servers, service times and
ways between them. A station without ``servers`` and ``staff`` has room for everybody at once. How a visitor moves is in
``sim.response.stations``; invitations by building are in ``sim.spec.invitations``, tubes and results in
``sim.spec.laboratory``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, PlainSerializer, model_validator

from sim.errors import nearest
from sim.spec.arrivals import Arrivals, Servers, in_time
from sim.spec.base import (
    FrozenMap,
    Hours,
    Integer,
    Interval,
    Name,
    PositiveHours,
    Share,
    Spec,
    Text,
    YesNo,
    between,
    refuse,
)
from sim.spec.community import known_groups
from sim.spec.distributions import Duration
from sim.spec.invitations import Invitations
from sim.spec.laboratory import Pool
from sim.spec.needs import Unskilled

MOST_ERRORS = 0.99
OUT, REFUSED = "out", "refused"
"""The names of the two ways out in a map of shares: served, and sent away."""


class Ways(Spec):
    """Where a visitor goes from a station."""

    shares: FrozenMap[Share] = FrozenMap()
    shortest: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _sum(self) -> Ways:
        if self.shortest and self.shares:
            raise refuse("either 'shortest' or 'shares' is wanted; found both")
        if self.shortest:
            return self
        total = sum(self.shares.values())
        if abs(total - 1) > 1e-6:
            raise refuse(
                f"shares of visitors that add up to 1 are wanted (ways out are 'out' and 'refused'); found {total:g}"
            )
        return self

    def stations(self) -> tuple[str, ...]:
        """Return the stations that it leads to."""
        return self.shortest or tuple(name for name in self.shares if name not in (OUT, REFUSED))


def _read_ways(value: Any) -> Any:
    if isinstance(value, str):
        return {"shares": {value: "1"}}
    if isinstance(value, Mapping) and not {"shortest", "shares"} & set(value):
        return {"shares": value}
    return value


def _write_ways(ways: Ways) -> Any:
    if ways.shortest:
        return {"shortest": list(ways.shortest)}
    return next(iter(ways.shares)) if len(ways.shares) == 1 else dict(ways.shares)


Next = Annotated[
    Ways,
    BeforeValidator(_read_ways, json_schema_input_type=str | FrozenMap[Share] | Ways),
    PlainSerializer(_write_ways),
]
"""A station; shares by station, with 'out' for leaving and 'refused' for sent away; or {shortest: [stations]}."""


class VisitorClass(Spec):
    """A kind of visitor, with what is different about it. The first class whose description fits is a visitor's."""

    share: Share | None = None
    """Share of the visitors who are of this class."""
    groups: tuple[Name, ...] = ()
    """Residents in any of these vulnerability groups are of this class."""
    contacts: YesNo = False
    """People who have been traced as contacts of a positive are of this class."""
    arrivals: Arrivals | None = None
    """Their own arrivals, beside those of the site."""
    priority: Annotated[Integer, between(1, 9, "a priority from 1 (first) to 9")] = 5
    """Who waits at a station is served by priority, then in the order of joining; nobody is interrupted."""
    last: YesNo = False
    """Called after everybody else."""
    enters: Name | None = None
    """The station where its visitors begin; without it, that of the site."""
    next: FrozenMap[Next] = FrozenMap()
    """Where its visitors go from a station, where that differs."""
    service: FrozenMap[Duration] = FrozenMap()
    """Its service times by station, where they differ."""
    no_show: Share | None = None

    @model_validator(mode="after")
    def _one_sign(self) -> VisitorClass:
        given = [name for name in ("share", "groups", "arrivals") if getattr(self, name)]
        given += ["contacts"] if self.contacts else []
        if len(given) != 1:
            raise refuse(
                f"one of share, groups, contacts and arrivals is wanted, to say who is of this class; found "
                f"{' and '.join(given) or 'none'}"
            )
        known_groups("groups", self.groups)
        return self


class Staff(Spec):
    """People of a unit who man a post, and their breaks."""

    unit: Name
    people: Annotated[Integer, between(1, 10_000, "at least one person")]
    break_every: Interval | None = None
    """Each steps out after this long at the post, when the work in hand is done, and takes a fresh kit."""
    break_takes: Hours = 0.5
    skill: Name | None = None
    """What it takes: only who is listed with it is asked; who turns out to lack it goes, and another is asked."""
    without_skill: Unskilled | None = None
    """Anybody may do it where nobody idle is listed with the skill, slower; what goes wrong is done once more."""

    @model_validator(mode="after")
    def _mistakes(self) -> Staff:
        if self.without_skill is not None and self.skill is None:
            raise refuse("'without_skill' needs a 'skill'")
        if self.without_skill is not None and self.without_skill.errors > MOST_ERRORS:
            raise refuse(f"without_skill.errors: a share of at most {MOST_ERRORS} is wanted, or it never ends")
        return self


class Station(Spec):
    """One stop on a visitor's way."""

    servers: Servers | None = None
    """How many can be served at once: a number, or steps [[time, number], …]."""
    staff: Staff | None = None
    """Named people of a unit serve instead: as many as are at the post now."""
    service: Duration
    walk: Duration | None = None
    """The way to this station from the one before; none for who begins here."""
    next: Next | None = None
    """Where visitors go from here; without it they leave the site."""
    takes: Name | None = None
    """Goods of which each visitor takes one before joining the queue here, waiting while none is ready.

    Who waits for goods is given one by priority, and does not lose patience.
    """
    patience: Duration | None = None
    """Who has waited this long in the queue here leaves the site."""
    depends_on: Name | None = None
    """An outage during which it works at the pace of ``without``, or not at all."""
    without: Duration | None = None
    """Its service time on paper, while what it depends on is out."""
    pool: Pool | None = None
    """Samples taken here go into tubes, to a laboratory."""

    @model_validator(mode="after")
    def _one_kind(self) -> Station:
        if self.without is not None and self.depends_on is None:
            raise refuse("'without' needs 'depends_on', to say what is out")
        if self.servers is not None and self.staff is not None:
            raise refuse("either 'servers' or 'staff' is wanted; found both")
        if self.servers is not None:
            in_time(self.servers)
        return self


class Batches(Spec):
    """Goods set out for making ready: so many batches of equal size (rounded up), the last takes the rest."""

    first: Hours = 0.0
    every: PositiveHours
    count: Annotated[Integer, between(1, 10_000, "between 1 and 10,000 batches")]
    amount: Annotated[Integer, between(0, 1_000_000, "between 0 and 1,000,000 pieces")] | None = None
    """Pieces in all; without it, as many as visitors come."""


class Goods(Spec):
    """Goods made ready piece by piece beside the visitors' queue, such as doses drawn up: a station of their own."""

    servers: Servers
    service: Duration
    batches: Batches

    @model_validator(mode="after")
    def _steps(self) -> Goods:
        in_time(self.servers)
        return self


class Site(Spec):
    """A place to which residents come."""

    title: Text | None = None
    zone: Name | None = None
    """Where it stands; without it, in the middle of the estate."""
    opens: Hours = 0.0
    """Its time of opening: stations are watched from here on, and who comes earlier waits at the door."""
    closes: PositiveHours | None = None
    """Who comes later is turned away."""
    arrivals: Arrivals | None = None
    invitations: Invitations | None = None
    """Residents called by building and slot; see ``rounds`` there, and the card's step ``screen``."""
    enters: Name
    """The first station."""
    stations: FrozenMap[Station]
    goods: FrozenMap[Goods] = FrozenMap()
    classes: FrozenMap[VisitorClass] = FrozenMap()
    only_closed: YesNo = False
    """Only residents of buildings under a cordon are stopped here; others pass without a queue and are not counted."""
    logged: Share = 1.0
    """Share of visits that the site's log holds: what tracing can find."""
    room: Annotated[Integer, between(1, 1_000_000, "room for at least one")] | None = None
    """Visitors that may be inside at once, in queues and at stations; without it, no limit."""
    when_full: Literal["wait_outside", "turn_away"] = "wait_outside"
    """Who comes while it is full waits outside, in the order of coming, or is turned away."""

    @model_validator(mode="after")
    def _network(self) -> Site:
        if not self.stations:
            raise refuse("at least one station is wanted")
        if self.closes is not None and self.closes <= self.opens:
            raise refuse("closes: a time after it opens is wanted")
        clash = sorted(set(self.stations) & set(self.goods))
        clash += sorted({OUT, REFUSED} & {*self.stations, *self.goods})
        if clash:
            raise refuse(
                f"stations and goods of different names, none 'out' or 'refused', are wanted; found {clash[0]!r}"
            )
        if self.arrivals is None and self.invitations is None and not any(c.arrivals for c in self.classes.values()):
            raise refuse("'arrivals' or 'invitations' are wanted, to say who comes")
        self._known("enters", self.enters)
        for name, station in self.stations.items():
            self._check_station(name, station)
        for name, kind in self.classes.items():
            self._check_class(name, kind)
        shares = sum(kind.share or 0.0 for kind in self.classes.values())
        if shares > 1 + 1e-9:
            raise refuse(f"classes: shares of at most 1 together are wanted; they add up to {shares:g}")
        self._check_ends()
        return self

    def _check_station(self, name: str, station: Station) -> None:
        for after in station.next.stations() if station.next is not None else ():
            self._known(f"stations.{name}.next", after)
        for kind in station.pool.single if station.pool is not None else ():
            if kind not in self.classes:
                hint = nearest(kind, self.classes)
                raise refuse(f"stations.{name}.pool.single: no class is called {kind!r}{hint}")
        if station.takes is not None and station.takes not in self.goods:
            hint = nearest(station.takes, self.goods)
            raise refuse(f"stations.{name}.takes: no goods are called {station.takes!r}{hint}")

    def _check_class(self, name: str, kind: VisitorClass) -> None:
        for station in (*kind.next, *kind.service, *((kind.enters,) if kind.enters else ())):
            self._known(f"classes.{name}", station)
        for ways in kind.next.values():
            for after in ways.stations():
                self._known(f"classes.{name}.next", after)

    def _known(self, place: str, station: str) -> None:
        if station not in self.stations:
            raise refuse(f"{place}: no station is called {station!r}{nearest(station, self.stations)}")

    def ways(self, station: str, kind: VisitorClass | None) -> Ways | None:
        """Return where visitors of a class go from a station; None for out."""
        if kind is not None and station in kind.next:
            return kind.next[station]
        return self.stations[station].next

    def _check_ends(self) -> None:
        """Refuse a network in which some visitor can never leave."""
        for name, kind in (("", None), *self.classes.items()):
            ends = {
                s for s in self.stations if (ways := self.ways(s, kind)) is None or {OUT, REFUSED} & set(ways.shares)
            }
            grown = True
            while grown:
                more = {
                    station
                    for station in self.stations
                    if station not in ends
                    and (ways := self.ways(station, kind)) is not None
                    and any(after in ends and (not ways.shares or ways.shares[after] > 0) for after in ways.stations())
                }
                ends |= more
                grown = bool(more)
            enters = kind.enters if kind is not None and kind.enters is not None else self.enters
            seen, todo = set(), [enters]
            while todo:
                station = todo.pop()
                if station in seen:
                    continue
                seen.add(station)
                ways = self.ways(station, kind)
                todo += ways.stations() if ways is not None else ()
            stuck = sorted(seen - ends)
            if stuck:
                who = f" of the class {name!r}" if name else ""
                raise refuse(f"a way out for every visitor{who} is wanted; from {stuck[0]!r} there is none")
