"""What work does to those who do it: strain from events and hours, what protects, and what strain does in turn.

A person's strain is held against their capacity. It rises with events at work and hours on duty and falls with rest
and relief; a capacity that is used up slows work, lets it go wrong, keeps people away and makes them leave. Which part
of the surroundings an event comes from (client, organisation, institution) is fixed here. How people are looked after
is the response's, in ``sim.spec.care``.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import model_validator

from sim.errors import nearest
from sim.spec.attitudes import Move
from sim.spec.base import FrozenMap, NonNegative, Positive, PositiveHours, Share, Spec, between, refuse

LOADS = {
    "visit": "client",
    "traumatic": "client",
    "failed": "client",
    "complaint": "client",
    "wasted_trip": "organisation",
    "idle_shift": "organisation",
    "overload": "organisation",
    "overtime": "organisation",
    "missed_rest": "organisation",
    "alone": "organisation",
    "no_supervision": "organisation",
    "no_answer": "organisation",
    "value_conflict": "institution",
    "insecure": "institution",
    "not_covered": "institution",
}
"""Events that strain, each with the surrounding that it comes from."""
RELIEFS = {
    "thanks": "client",
    "mastered": "client",
    "meaning": "client",
    "supervision": "organisation",
    "consultation": "organisation",
    "debriefing": "organisation",
    "answered": "organisation",
    "honoured": "institution",
}
"""Events that relieve."""
HOURS = ("duty", "rest")
"""Changes of strain by hours."""
CAPACITY = 100.0
"""Points of strain that an average person can carry."""
ABSENCE, OVERTIME_H, FULL_REST_H = 0.95, 1.0, 11.0
"""Largest chance to stay away; overtime that counts as an event; rest between two shifts that is missed if shorter."""


def _known(place: str, names: object, known: dict[str, str]) -> None:
    for name in names:  # type: ignore[attr-defined]  # a map
        if name not in known:
            raise refuse(f"{place}: {name!r} is no such event{nearest(name, known)}; there are {', '.join(known)}")


class Leaving(Spec):
    """When somebody gives up for good: a hazard that grows with strain, against a threshold of each person's own."""

    per_year: NonNegative
    """Hazard a year of somebody without strain."""
    grows: Annotated[NonNegative, between(0, 20, "a growth between 0 and 20")] = 0.0
    """The hazard is multiplied by e to the power of this at full capacity."""


class Strain(Spec):
    """How work strains one kind of people: points of a capacity that is 100 on average."""

    loads: FrozenMap[NonNegative] = FrozenMap()
    """Points of each event that strains."""
    by_need: FrozenMap[NonNegative] = FrozenMap()
    """Points of one visit by need type, in place of those of ``visit``."""
    traumatic: FrozenMap[Share] = FrozenMap()
    """Share of visits that are traumatic, by need type."""
    reliefs: FrozenMap[NonNegative] = FrozenMap()
    """Points taken away by each event that relieves."""
    per_hour: NonNegative = 0.0
    """Points an hour on duty."""
    long_after: PositiveHours | None = None
    """After so long on duty an hour strains more."""
    per_long_hour: NonNegative = 0.0
    """Points of such an hour, in place of ``per_hour``."""
    rest_half_life: PositiveHours | None = None
    """Off duty, strain halves in this time; without it, it stays."""
    rest_cv: Annotated[NonNegative, between(0, 3, "at most 3")] = 0.0
    """How much people differ in recovering (self-care): coefficient of variation of their own half-life."""
    capacity_cv: Annotated[NonNegative, between(0, 3, "at most 3")] = 0.0
    """How much people differ in what they can carry."""
    grows: NonNegative = 0.0
    """Capacity gained from a case met after a traumatic or failed visit, in points: recovery may end above."""
    grows_to: Positive = 1.5
    """Largest capacity, as a multiple of that at the start."""
    identity: Share = 0.0
    """Share of the load of overload, overtime and institution that a full professional identity takes away during the
    warning and the emergency; people's identity is spread evenly between 0 and 1 at first."""
    identity_moves: FrozenMap[Move] = FrozenMap()
    """How far an event that strains or relieves moves identity: a share of the way to 1, or below 0 to 0."""
    support: Share = 0.0
    """Share of the same load that a supervision of the last two weeks takes away in the phases after."""
    slower: NonNegative = 0.0
    """Work takes so much longer, as a share, at full capacity."""
    errors: Annotated[Share, between(0, 0.9, "at most 0.9")] = 0.0
    """Share of visits that go wrong at full capacity, added to the unit's own."""
    absence: Share = 0.0
    """Chance to stay away from a shift at full capacity."""
    leaving: Leaving | None = None

    @model_validator(mode="after")
    def _events(self) -> Strain:
        _known("loads", self.loads, LOADS)
        _known("reliefs", self.reliefs, RELIEFS)
        _known("identity_moves", self.identity_moves, LOADS | RELIEFS)
        if (self.long_after is None) != ("per_long_hour" not in self.model_fields_set):
            raise refuse("'long_after' and 'per_long_hour' belong together")
        return self
