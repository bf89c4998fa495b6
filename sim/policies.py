"""Policies: which request is next, and which idle responder goes. Pure functions of what the decider can know.

A triage rule sorts requests into lines, first come first served within a line. The order of the lines is that of the
value that splits them (lower first; ties by time of request) or, where the order changes with time or place, a score
of the head of each line. A match rule chooses among idle responders; it draws nothing, and gets a keyed uniform where
it needs one. Register your own by name in a plug-in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.registry import Registry

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Requests:
    """What a desk knows of requests, as columns."""

    urgency: npt.NDArray[np.uint8]
    weight: Floats
    request_h: Floats
    building: npt.NDArray[np.int32]
    need_type: npt.NDArray[np.int16]
    service_mean_h: Floats
    """How long a visit of this type takes on average."""


@dataclass(frozen=True, slots=True)
class Head:
    """The request that waits longest in a line, seen when somebody becomes free."""

    request_h: float
    """When it was asked."""
    line: float
    """The value by which its line was split off."""
    now_h: float
    metres: Callable[[int], float]
    """The way from the free responder to a building."""


@dataclass(frozen=True)
class TriageRule:
    """An order of requests: ``split`` gives each its line, ``score`` of the heads (lower first) chooses a line."""

    split: Callable[[Requests], Floats]
    score: Callable[[Head], float] | None = None


@dataclass(frozen=True)
class Candidate:
    """An idle responder, as a match rule sees one."""

    index: int
    skills: frozenset[str]
    metres: float


@dataclass(frozen=True)
class MatchRule:
    """A choice among idle responders.

    Without ``choose`` one of those with the fewest skills goes, so that generalists stay free: who is idle longest.
    ``by_skill`` False sends people without looking at skills: what they cannot do, they find out at the door.
    """

    choose: Callable[[Sequence[Candidate], float], int] | None = None
    """From (idle responders, longest idle first; a keyed uniform) to the place of the chosen one."""
    by_skill: bool = True
    batched: bool = False
    """Assign all who are idle at once, every so often, with the least way in all."""


TRIAGE: Registry[TriageRule] = Registry("triage rule")
MATCH: Registry[MatchRule] = Registry("match rule")


def _one_line(requests: Requests) -> Floats:
    return np.zeros(requests.request_h.size)


def _urgency(requests: Requests) -> Floats:
    return requests.urgency.astype(np.float64)


def _weight(requests: Requests) -> Floats:
    return requests.weight


def _building(requests: Requests) -> Floats:
    return requests.building.astype(np.float64)


def _c_mu(requests: Requests) -> Floats:
    return -requests.weight / np.maximum(requests.service_mean_h, 1e-9)


def _weighted_wait(head: Head) -> float:
    return -head.line * (head.now_h - head.request_h)


def _way(head: Head) -> float:
    return head.metres(int(head.line))


def _nearest(idle: Sequence[Candidate], _uniform: float) -> int:
    return min(range(len(idle)), key=lambda place: (idle[place].metres, place))


def _random(idle: Sequence[Candidate], uniform: float) -> int:
    return int(uniform * len(idle))


TRIAGE.add("first_come", TriageRule(_one_line))
TRIAGE.add("urgency", TriageRule(_urgency))
TRIAGE.add("c_mu", TriageRule(_c_mu))
TRIAGE.add("weighted_wait", TriageRule(_weight, score=_weighted_wait))
TRIAGE.add("nearest", TriageRule(_building, score=_way))
MATCH.add("skill", MatchRule())
MATCH.add("nearest", MatchRule(choose=_nearest))
MATCH.add("optimal", MatchRule(batched=True))
MATCH.add("random", MatchRule(choose=_random, by_skill=False))
