"""What residents feel and are ready to do: trust, anxiety, compliance; helping each other; complaining.

Each state lies in [0, 1] and moves by named events only, besides calming down with time. What a state decides is said
where it is asked: trust in mutual help, complaints and sign-up, anxiety in the rate of needs (``more_with``),
compliance in coming when called. What the response does about it is in ``sim.spec.neighbourhood``.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import model_validator

from sim.errors import nearest
from sim.spec.base import FrozenMap, Integer, Name, NonNegative, Number, PositiveHours, Share, Spec, between, refuse

STATES = ("trust", "anxiety", "compliance")
EVENTS = (
    "served_in_time",
    "served_late",
    "visit_failed",
    "gave_up",
    "calmed",
    "helped",
    "helping",
    "notice",
    "rumour",
    "complaint_answered",
    "complaint_ignored",
    "bad_word",
    "leader_came",
    "settled",
    "unsettled",
    "emergency",
    "false_alarm",
)
"""What moves a resident's states."""
AFTERWARDS = ("meeting",)
"""What moves them besides, once the crisis is over: a meeting of a building's residents."""

Move = Annotated[Number, between(-1, 1, "a move between -1 and 1")]


class Attitude(Spec):
    """One state of residents."""

    start: Share
    spread: Annotated[NonNegative, between(0, 0.5, "at most 0.5")] = 0.0
    """Residents start evenly spread so far to either side."""
    calms: PositiveHours | None = None
    """The way back to where a resident started halves in this time; without it, a state stays where it is."""
    moves: FrozenMap[Move] = FrozenMap()
    """By event: a positive move goes this share of the way to 1, a negative one of the way to 0."""

    @model_validator(mode="after")
    def _events(self) -> Attitude:
        for event in self.moves:
            known = (*EVENTS, *AFTERWARDS)
            if event not in known:
                raise refuse(f"moves: {event!r} is no such event{nearest(event, known)}; there are {', '.join(known)}")
        return self


class MutualHelp(Spec):
    """Who helps without being asked by the response: those at home first, then neighbours one knows."""

    hours_a_day: PositiveHours = 1.0
    """Time a day that one person has for helping."""
    ties: Annotated[NonNegative, between(0, 100, "at most 100 neighbours")] = 3.0
    """Neighbours in the building that a resident knows, on average."""
    ask: PositiveHours = 1 / 6
    """How long it takes to ask one neighbour."""
    asks: Annotated[Integer, between(0, 100, "at most 100 neighbours")] = 3
    """Neighbours asked, one after the other, before somebody turns to the response."""
    agrees: Share
    """Share of neighbours with time who agree, at a trust of a half."""
    by_trust: Annotated[NonNegative, between(0, 2, "at most 2")] = 0.0
    """Added for each unit of the neighbour's trust above a half."""
    by_tie: Share = 0.0
    """Added for a neighbour who has helped, or been helped, before, and for one who has been introduced."""
    mobilised_by: Name | None = None
    """A topic of notices: who has heard of it agrees more often."""
    mobilised: Share = 0.0
    """Added for who has heard of it."""


class Complaining(Spec):
    """Shares of residents without any trust who complain; the others do in proportion to what they lack of it."""

    served_late: Share = 0.0
    visit_failed: Share = 0.0
    gave_up: Share = 0.0
