"""Responders and residents as agents, and the teams responders belong to. They hold state; mechanisms act on it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Any

import mesa

if TYPE_CHECKING:
    from sim.response.desk import Desk
    from sim.response.labour import Claim, Job
    from sim.response.lines import Line
    from sim.response.office import Office, Task
    from sim.response.plan import Place
    from sim.spec.organisation import Unit

NOBODY = -1
"""The need of a responder who has none; never written into a table."""
NO_LIMIT = 1 << 60
CERTIFIED = "!"


class Team:
    """A unit while the clock runs: its people, how many places of work it has, and how many are taken."""

    __slots__ = (
        "_crews",
        "awaited",
        "base",
        "booked",
        "busy",
        "claims",
        "covers",
        "crews",
        "first_count",
        "holders",
        "listeners",
        "name",
        "number",
        "offering",
        "office",
        "on_duty",
        "people",
        "places",
        "spec",
        "walking_in",
    )

    def __init__(self, number: int, name: str, spec: Unit, base: Place, covers: frozenset[int] | None) -> None:
        self.number = number
        self.name = name
        self.spec = spec
        self.first_count = spec.count
        self.base = base
        self.covers = covers
        self.people: list[Responder] = []
        self.holders: dict[int, int] = {}
        """Who has the place of somebody on the roster who left and was replaced, by the place."""
        self.crews: list[Crew] = []
        self.claims: deque[Claim] = deque()
        """Work other than visits that waits for people, in the order of asking."""
        self.office: Office | None = None
        self.booked = False
        self.awaited = spec.arrives is not None
        """Whether it comes from outside and is not there yet."""
        self.listeners: list[Callable[[Any], object]] = []
        """Called once, with nothing, when somebody of the team has come on duty."""
        self.on_duty = 0
        self.busy = 0
        self.offering = False
        self.walking_in: dict[int, float] = {}
        """When people come unasked, in hours, by their number; they are the last of the people."""
        self._crews: dict[tuple[frozenset[str], bool], Crew] = {}
        self.places = 0 if spec.handover == "replace" and spec.shift is not None else NO_LIMIT

    def holder(self, place: int) -> int:
        """Return who has a place on the roster now: the person of that number, or who replaced them."""
        return self.holders.get(place, place)

    def crew_of(self, skills: frozenset[str], *, sent: bool = True) -> Crew:
        """Return the people of the team with these skills on the list, who are sent to residents or not."""
        if (skills, sent) not in self._crews:
            self._crews[skills, sent] = Crew(self, skills, sent)
            self.crews.append(self._crews[skills, sent])
        return self._crews[skills, sent]


class Crew:
    """The people of one team with the same skills: those of them who are idle, longest idle first."""

    __slots__ = ("desk", "idle", "lanes", "sent", "skills", "team")

    def __init__(self, team: Team, skills: frozenset[str], sent: bool) -> None:
        """``skills`` are those on the list; a certified one stands there a second time, with CERTIFIED behind it."""
        self.team = team
        self.skills = skills
        self.sent = sent
        """Whether they are noted as willing to be sent to residents."""
        self.idle: deque[Responder] = deque()
        self.lanes: list[Line] = []
        self.desk: Desk | None = None

    def goes_to(self, zone: int) -> bool:
        """Tell whether its people are sent to residents of a zone."""
        return self.sent and (self.team.covers is None or zone in self.team.covers)


class Responder(mesa.Agent):
    """A volunteer, social worker or member of staff.

    ``post`` is the work of this part of the shift: "visit", "desk" or another by its name. ``settled`` means on duty
    with no change due, so that the next request can follow at once.
    """

    def __init__(self, model: Any, number: int, index: int, team: Team, crew: Crew) -> None:
        super().__init__(model)
        self.number = number
        self.index = index
        self.team = team
        self.crew = crew
        self.leads = False
        self.place = team.base
        self.on_duty = False
        self.settled = False
        self.engaged = False
        self.post = self.usual_post = "visit"
        self.next_post: str | None = None
        self.employed = True
        self.placed = False
        self.duty = 0
        self.post_turns = 0
        self.rostered_from = self.rostered_until = float("nan")
        self.post_since = float("nan")
        self.need = NOBODY
        self.attempt = 0
        """How manyth visit to the need this one is."""
        self.dispatched = self.arrived = self.started = float("nan")
        self.task: Task | None = None
        self.job: Job | None = None
        self.job_asked = self.job_since = float("nan")
        self.works = 0
        """How many visits and other works were risky so far."""
        self.skills = crew.skills
        """What this person can do; the crew's are what the list says."""
        self.willing, self.stale = True, False
        """Whether this person goes when sent; whether no message gets to them, the list being out of date."""
        self.home: Place | None = None
        self.resident: int | None = None
        """The row of the resident that this is, where that is known."""
        self.unfit = self.gone = self.spare = False
        """Unfit: visits go wrong. Gone: has left for good, and does not come back with a larger count. Spare: comes
        only if somebody leaves, or unasked."""
        self.replaces: Responder | None = None
        self.next_shift_ends: float | None = None
        """The end of a shift that this person will join when rested."""
        self.away_until = 0.0
        self.paid_until_h = 0.0
        """When the hours began that have not been paid for."""
        self.here_until = 0.0
        """Until when somebody who was called up stays."""
        self.freed = 0
        """How manyth at the desk this person became free for another visit: lower has waited longer."""
        self.left_h = -inf
        """When this person last went off duty."""
        self.own: deque[int] = deque()
        self.cases = 0

    @property
    def roster_place(self) -> int:
        """The place on the roster: one's own, or that of whom one replaces."""
        return self.index if self.replaces is None else self.replaces.roster_place

    @property
    def at_work(self) -> bool:
        """Whether a visit, a task or a change of post takes this person now."""
        return self.need != NOBODY or self.engaged


class Resident(mesa.Agent):
    """A light agent for one row of the population, made when first asked for."""

    def __init__(self, model: Any, row: int) -> None:
        super().__init__(model)
        self.row = row

    @property
    def building(self) -> str:
        """The building that the resident lives in."""
        population = self.model.population
        return str(population.building_names[int(population.building[self.row])])

    @property
    def groups(self) -> tuple[str, ...]:
        """The vulnerability groups that the resident is in."""
        return tuple(name for name, flags in self.model.population.groups.items() if flags[self.row])


def has_room(responder: Responder) -> bool:
    """Tell whether somebody can take a case more."""
    limit = responder.team.spec.caseload
    return limit is None or responder.cases < limit
