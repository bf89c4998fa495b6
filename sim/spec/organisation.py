"""Who responds: units with people, skills, shifts and a superior; how messages and reports travel between them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from sim.errors import nearest
from sim.spec.base import (
    Count,
    FrozenMap,
    Hours,
    Integer,
    Interval,
    Name,
    NonNegative,
    PositiveHours,
    Share,
    Spec,
    YesNo,
    between,
    non_empty,
    refuse,
)
from sim.spec.care import Breaks, Contract, Debriefing, Honours
from sim.spec.distributions import Duration
from sim.spec.outside_support import Familiarity, Sending
from sim.spec.volunteers import (
    CallUp,
    KnowHow,
    Lateness,
    Recruitment,
    Register,
    Replacement,
    Supervised,
    WalkIns,
    Willing,
)
from sim.units import found, parse_time_of_day

MOST_PEOPLE = 100_000
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_H = 24.0

_HOURS = re.compile(r"\s*(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})\s*")

People = Annotated[Integer, between(0, MOST_PEOPLE, f"a number of people between 0 and {MOST_PEOPLE:,}")]


class Shift(Spec):
    """Daily hours of duty, and how many people of the unit work them (all, where not said)."""

    begin: Annotated[float, PlainSerializer(lambda hour: f"{int(hour):02d}:{round(hour % 1 * 60):02d}")]
    end: Annotated[float, PlainSerializer(lambda hour: f"{int(hour):02d}:{round(hour % 1 * 60):02d}")]
    count: People | None = None

    @property
    def length_h(self) -> float:
        """Length of the shift; one that ends at or before its beginning runs past midnight."""
        return (self.end - self.begin) % DAY_H or DAY_H


def _read_shift(value: Any) -> Any:
    if isinstance(value, Shift):
        return value
    given = {"hours": value} if isinstance(value, str) else value
    if not isinstance(given, dict) or "hours" not in given:
        raise refuse(f"hours of duty such as '08:00-20:00', or {{hours, count}}, are wanted; found {found(value)}")
    hours = given["hours"]
    match = _HOURS.fullmatch(hours) if isinstance(hours, str) else None
    if not match:
        raise refuse(f"hours of duty such as '08:00-20:00' are wanted; found {found(hours)}")
    try:
        span = {"begin": parse_time_of_day(match.group(1)), "end": parse_time_of_day(match.group(2))}
    except ValueError as error:
        raise refuse(str(error)) from None
    return span | {key: item for key, item in given.items() if key != "hours"}


def _write_shift(shift: Shift) -> dict[str, Any]:
    dumped = shift.model_dump()
    return {"hours": f"{dumped['begin']}-{dumped['end']}"} | ({"count": shift.count} if shift.count is not None else {})


_hours_schema = {"type": "string", "pattern": r"^\s*\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}\s*$"}
_shift_schema: dict[str, Any] = {
    "anyOf": [
        _hours_schema,
        {
            "type": "object",
            "properties": {"hours": _hours_schema, "count": {"type": "integer"}},
            "required": ["hours"],
            "additionalProperties": False,
        },
    ]
}
OneShift = Annotated[
    Shift, BeforeValidator(_read_shift), PlainSerializer(_write_shift), WithJsonSchema(_shift_schema, mode="validation")
]


def _shifts(value: Any) -> Any:
    return (value,) if isinstance(value, (str, dict, Shift)) else value


class Post(Spec):
    """Part of a shift given to one kind of work, and the time lost by changing to another."""

    shares: FrozenMap[Share]
    """Shares of a shift by post: 'visit' (goes to residents), 'desk' (coordinates), or any other work by its name."""
    block: Interval = 4.0
    """The shares repeat in blocks of this length, begun at another point by each person so that posts stay covered."""
    switching: Hours = 0.0
    """Lost at each change of post."""

    @model_validator(mode="after")
    def _sum(self) -> Post:
        total = sum(self.shares.values())
        if not self.shares or abs(total - 1) > 1e-6:
            raise refuse(f"shares of time that add up to 1 are wanted; they add up to {total:g}")
        return self


class Arrival(Spec):
    """When people who have been asked for come: the time promised, and how much later it is."""

    promised: Hours
    late: Duration | None = None


class Injury(Spec):
    """Responders are hurt at work: whoever is, stays away."""

    share: Share
    """Chance in one visit, or one spell of other work."""
    away: Duration


class Unit(Spec):
    """A team: its people, what they can do, when they work and to whom they report."""

    function: Literal["command", "liaison", "logistics", "medical", "security", "engineering", "casework"]
    members: Literal["volunteer", "social_worker", "staff"]
    count: People
    tier: Literal["daily", "professional", "expert"] = "daily"
    reports_to: Name | None = None
    leader: YesNo = False
    """Its first person on duty leads: passes messages on and hears reports, and makes no visits."""
    skills: Annotated[
        FrozenMap[Share],
        BeforeValidator(
            lambda value: dict.fromkeys(value, 1.0) if isinstance(value, (list, tuple)) else value,
            json_schema_input_type=FrozenMap[Share] | tuple[Name, ...],
        ),
    ] = FrozenMap()
    """What its people can do: a list (all of them can), or shares of its people by skill."""
    shift: (
        Annotated[
            tuple[OneShift, ...],
            Field(max_length=48),
            non_empty("shift"),
            BeforeValidator(_shifts, json_schema_input_type=tuple[OneShift, ...] | OneShift),
        ]
        | None
    ) = None
    """Daily hours; without it the unit is always on duty."""
    handover: Literal["overlap", "replace"] = "overlap"
    """Work in progress at the end of a shift: finished as overtime beside the next shift, or the next shift waits."""
    home: Literal["residents", "outside"] = Field(default="residents", alias="from")
    """Where its people live; those from outside cannot come in while a lockdown lasts."""
    inside: People = 0
    """Of people from outside, how many are inside when the gates close."""
    zone: Name | None = None
    """Where its people start from; without it, the middle of the estate."""
    covers: tuple[Name, ...] = ()
    """Zones whose requests it serves; without it, all."""
    errors: Annotated[Share, between(0, 0.99, "a share of at most 0.99")] = 0.0
    """Share of its visits that go wrong, so that the need asks again; guidance by experts lowers it."""
    injury: Injury | None = None
    attendance: Share = 1.0
    """Chance that a person comes to a shift."""
    caseload: Annotated[Integer, between(1, 10_000, "a caseload of at least 1")] | None = None
    """Open cases (needs of several sessions) that one person may hold."""
    decision: Duration | None = None
    """Time of one decision: an escalation."""
    deputy: Name | None = None
    """The unit that decides while nobody of this one is at the desk; without it decisions wait."""
    arrives: Arrival | None = None
    """For a unit from outside that has to be asked for: nobody is there before."""
    kit: FrozenMap[Count] = FrozenMap()
    """What each person takes from the stores at the start of a shift; who has none does not begin."""
    provisions: FrozenMap[Count] = FrozenMap()
    """Water, food, a quilt: what each person needs for a shift because they stay over; who gets none does not come."""
    kit_lasts: PositiveHours | None = None
    """A kit is renewed after this long, when the work in hand is done; without it, it lasts a shift."""
    posts: Post | None = None
    remote: YesNo = False
    """It works from elsewhere, by telephone: closed gates do not keep it out, and it makes no visits."""
    breaks: Breaks | None = None
    rest: PositiveHours | None = None
    """Nobody begins a shift less than this after the last; they come later."""
    debriefing: Debriefing | None = None
    honours: Honours | None = None
    contract: Contract | None = None
    days: Annotated[tuple[Weekday, ...], non_empty("day")] | None = None
    """Days of the week on which its shifts are worked; without it, every day."""
    late: Lateness | None = None
    supervised: Supervised | None = None
    certificates: FrozenMap[Share] = FrozenMap()
    """Share of those with a skill who hold a certificate for it; of who signs up or walks in nobody has seen one."""
    willing: Willing | None = None
    """Without it, everybody goes when sent."""
    register_: Register | None = Field(default=None, alias="register")
    recruitment: Recruitment | None = None
    walk_ins: WalkIns | None = None
    call_up: CallUp | None = None
    replacement: Replacement | None = None
    know_how: KnowHow | None = None
    unfamiliar: Familiarity | None = None
    sends: Annotated[tuple[Sending, ...], Field(max_length=1000)] = ()
    """People lent to other communities."""
    hand_over: PositiveHours | None = None
    """At each new phase its people hand over to the next, which takes them so long."""
    crosses: tuple[Name, ...] = ()
    """Hazards that do not stop it: who has boats can get to flooded buildings."""
    voice: YesNo = False
    """What its requests need decided is decided first."""
    cost_per_h: NonNegative | None = None
    """Cost of an hour on duty, in the currency of the scenario."""

    @model_validator(mode="after")
    def _consistent(self) -> Unit:
        if self.inside > self.count:
            raise refuse(f"at most count ({self.count}) people inside are wanted; found {self.inside}")
        if self.inside and self.home != "outside":
            raise refuse("'inside' is for people 'from: outside'; residents are inside")
        for skill in self.certificates:
            if skill not in self.skills:
                raise refuse(f"certificates: nobody of the unit has the skill {skill!r}{nearest(skill, self.skills)}")
        if self.call_up is not None and (self.recruitment or self.walk_ins):
            raise refuse("a unit with 'call_up' is at home until it is called: it has no sign-up or walk-ins")
        if self.recruitment is not None and self.walk_ins is not None:
            raise refuse("either 'recruitment' or 'walk_ins' is wanted; found both: make them two units")
        if (self.days or self.late or self.supervised) and self.shift is None:
            raise refuse("'days', 'late' and 'supervised' are about shifts; a 'shift' is wanted")
        stated = [shift.count for shift in self.shift or () if shift.count is not None]
        if sum(stated) > self.count:
            raise refuse(f"shifts of at most count ({self.count}) people together are wanted; found {sum(stated)}")
        return self

    def taught(self) -> tuple[str, ...]:
        """Return the skills that a class gives those who sign up."""
        training = self.recruitment.training if self.recruitment is not None else None
        return training.teaches if training is not None else ()

    def certified(self) -> tuple[str, ...]:
        """Return the skills for which that class gives a certificate."""
        training = self.recruitment.training if self.recruitment is not None else None
        return training.teaches if training is not None and training.certifies else ()


class Reports(Spec):
    """Every person on duty tells the superior how things stand, every so often; the superior listens, one at a time."""

    every: Interval
    takes: Duration


class Organisation(Spec):
    """The units and how word travels between them."""

    units: FrozenMap[Unit] = FrozenMap()
    message_delay: Hours = 0.0
    """Delay of a message for each level of the reporting tree that it crosses."""
    message_handling: Duration | None = None
    """Time a leader takes to pass a message on."""
    reports: Reports | None = None
    permitted: FrozenMap[tuple[Name, ...]] = FrozenMap()
    """What volunteers, social_workers, staff, or the tiers daily, professional and expert may do: need types, actions
    of the card, posts, stations (or a site with all of its), and the rounds recall, fetch, count, check and
    building_round. Who is not named may do everything."""

    @model_validator(mode="after")
    def _tree(self) -> Organisation:
        for name, unit in self.units.items():
            if unit.deputy is not None and (unit.deputy not in self.units or unit.deputy == name):
                hint = nearest(unit.deputy, set(self.units) - {name})
                raise refuse(f"units.{name}.deputy: no other unit is called {unit.deputy!r}{hint}")
            if unit.reports_to is None:
                continue
            if unit.reports_to not in self.units:
                hint = nearest(unit.reports_to, self.units)
                raise refuse(f"units.{name}.reports_to: no unit is called {unit.reports_to!r}{hint}")
            path: list[str] = [name]
            above: str | None = unit.reports_to
            while above is not None:
                if above in path:
                    raise refuse(
                        f"units.{name}.reports_to: a tree is wanted; found the cycle {' → '.join([*path, above])}"
                    )
                path.append(above)
                above = self.units[above].reports_to if above in self.units else None
        return self


class Travel(Spec):
    """How responders move on the plan of the estate: along the paths (not as the crow flies), at walking pace."""

    speed_km_h: Annotated[NonNegative, between(0.1, 300, "a speed between 0.1 and 300 km/h")] = 4.8
    doorstep: Hours = 0.0
    """From the entrance of the building to the door."""
