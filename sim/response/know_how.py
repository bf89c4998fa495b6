"""Who knows what to do. The drilled remember for a time; the others ask their leader, who has a queue, and then know.

A kind of work is a need type or a step of the card. What has been done once in this crisis is known for the rest of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from zlib import crc32

from sim.response.responders import NOBODY, Responder

if TYPE_CHECKING:
    from sim.model import CrisisModel


class KnowHow:
    """Keep who knows which kind of work."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.known: set[tuple[Responder, str]] = set()

    def must_ask(self, person: Responder, kind: str) -> bool:
        """Tell whether somebody does not know a kind of work now; who knows it once does not forget in this run."""
        spec = person.team.spec.know_how
        if spec is None or (person, kind) in self.known:
            return False
        from scipy.special import exp2

        name, now = person.team.name, self.model.clock.now
        took_part = self.model.chance.one(f"drilled.{name}", person.index) < spec.drilled
        remembered = float(exp2(-(spec.ago + now) / spec.halves))
        luck = self.model.chance.one(f"remembers.{name}", person.index, crc32(kind.encode()))
        if took_part and luck < remembered:
            self.known.add((person, kind))
            return False
        return True

    def ask(self, person: Responder, kind: str, done: Callable[[Any], object], argument: Any) -> None:
        """Ask the leader, or look it up; ``done(argument)`` is called when it is known."""
        spec = person.team.spec.know_how
        assert spec is not None
        self.known.add((person, kind))
        stream = f"question.{person.team.name}"
        length_h = spec.question.at(self.model.chance.one(stream, person.index, crc32(kind.encode())))
        office = self._leader(person)
        if spec.online or office is None:
            self.model.clock.call_later(length_h, done, argument)
        else:
            office.add("question", length_h, done, argument, NOBODY)

    def _leader(self, person: Responder) -> Any:
        """Return the office of whom somebody asks, their own leader or the superior; None where nobody is there."""
        team = person.team
        if team.spec.leader and not person.leads and team.office is not None and team.office.staffed():
            return team.office
        above = team.spec.reports_to
        office = self.model.teams[above].office if above is not None else None
        return office if office is not None and office.staffed() else None
