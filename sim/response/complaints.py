"""Complaints: who complains about what, who hears it, and what an answer or the lack of one does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.records.codes import GONE, WRONG_SKILL
from sim.response.book import End
from sim.response.errands import send
from sim.response.responders import NOBODY

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.response.responders import Responder
    from sim.spec.attitudes import Complaining

PATIENCE_H = 24.0
"""How long somebody waits for an answer where nobody has said when to expect one."""


class Complaints:
    """Let residents complain, and somebody answer."""

    def __init__(self, model: CrisisModel, spec: Complaining) -> None:
        self.model = model
        self.spec = spec
        self.answered: set[int] = set()
        """Complaints, by number, that were answered in time."""
        self.made = 0
        model.moments.visit_ended.append(self._visit_ended)
        model.moments.closed.append(self._closed)

    def _visit_ended(self, person: Responder, need: int, outcome: int) -> None:
        book = self.model.book
        if outcome == WRONG_SKILL or self.model.visits.erred == need:
            self._consider(need, "visit_failed", self.spec.visit_failed, person)
        elif outcome != GONE and person.started == book.started[need]:
            target = book.specs[book.need_type[need]].target
            if target is not None and book.started[need] - book.request[need] > target:
                self._consider(need, "served_late", self.spec.served_late, person)

    def _closed(self, need: int) -> None:
        book = self.model.book
        if book.end[need] == End.ABANDONED:
            self._consider(need, "gave_up", self.spec.gave_up, None)

    def _consider(self, need: int, about: str, share: float, person: Responder | None) -> None:
        model = self.model
        resident = int(model.book.resident[need])
        lacking = 1 - model.attitudes.of("trust", resident, 0.0) if model.attitudes is not None else 1.0
        if model.book.uniform(f"complains.{about}", need, max(model.book.attempts[need], 1)) >= share * lacking:
            return
        self.made += 1
        model.tell("complaint", str(resident), about)
        if person is not None and model.strains is not None:
            model.strains.happen(person, "complaint", need)
        desk = model.response.complaints
        complaint = self.made, resident
        if desk is not None:
            length_h = desk.takes.at(model.book.uniform("complaint.length", need, max(model.book.attempts[need], 1)))
            send(model, desk.to, "complaint", length_h, self._answer, complaint, NOBODY)
        model.clock.call_later(desk.within if desk is not None else PATIENCE_H, self._too_late, complaint)

    def _answer(self, complaint: tuple[int, int]) -> None:
        number, resident = complaint
        if number in self.answered:
            return
        self.answered.add(number)
        self.model.tell("complaint_answered", str(resident))
        if self.model.attitudes is not None:
            self.model.attitudes.happen(resident, "complaint_answered")

    def _too_late(self, complaint: tuple[int, int]) -> None:
        """Nobody has answered: those whom the resident knows hear of it."""
        number, resident = complaint
        if number in self.answered:
            return
        self.answered.add(number)
        self.model.tell("complaint_ignored", str(resident))
        attitudes = self.model.attitudes
        if attitudes is not None:
            attitudes.happen(resident, "complaint_ignored")
            for other in self.model.mutual_help.ties(resident) if self.model.mutual_help is not None else ():
                attitudes.happen(other, "bad_word")
