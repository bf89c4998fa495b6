"""Who waits too long asks at another desk too; desks that share no list may both send somebody to the same need.

Who has been served calls the other desk off, and it drops the request once somebody there has heard. Nothing decides
that two go: it happens when one desk sends somebody before it has heard that another desk's visit has ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.response.book import End, State

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.response.desk import Desk

WAITS = (int(State.INTAKE), int(State.WAITING))


class SecondDesks:
    """Bring requests to a second desk."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.of_type: dict[int, list[Desk]] = {}
        for number, name in enumerate(model.demand.type_names):
            self.of_type[number] = [desk for desk in model.desks if name in desk.spec.also]
        if any(self.of_type.values()) and not model.response.shared_list:
            model.book.listeners.append(self._ended)

    def ask(self, need: int) -> None:
        """Ask elsewhere about a request that nobody has come for."""
        model, book = self.model, self.model.book
        first = model.desk_of(need)
        other = next((desk for desk in self.of_type[book.need_type[need]] if desk is not first), None)
        if other is None or book.state[need] not in WAITS or book.deadline[need] <= model.clock.now:
            return
        model.tell("asked_elsewhere", str(int(book.resident[need])), other.name)
        if model.response.shared_list:
            return  # the other desk sees that it is on the list
        model.visits.twice.add(need)
        if book.state[need] == State.WAITING:
            first.lines.own.add(need)
        self._second(other, need)

    def _second(self, desk: Desk, need: int) -> None:
        """Have another desk take a request in."""
        book = self.model.book
        desk.lines.of[need] = desk.lines.now(need)
        if desk.office is None:
            desk.taken_in(need)
            return
        length_h = desk.spec.double_entry
        if desk.spec.handling is not None:
            stream = f"need.{book.demand.type_names[book.need_type[need]]}.handling.{desk.name}"
            length_h += desk.spec.handling.at(self.model.chance.one(stream, book.resident[need], book.nth[need]))
        desk.office.add("intake", length_h, desk.taken_in, need, need)

    def taken_in(self, desk: Desk, need: int) -> None:
        """Offer a request that another desk has too, if its resident still waits as far as this desk can know."""
        book, now = self.model.book, self.model.clock.now
        if book.state[need] == State.CLOSED or book.has_left(need, now):
            return  # who has been served meanwhile says so
        desk.lines.own.add(need)
        if book.triaged[need] != book.triaged[need]:
            book.triaged[need] = now
        desk.offer(need)

    def _ended(self, need: int) -> None:
        """Have the resident of a need that was met call off the desk which does not know it yet."""
        if need not in self.model.visits.twice or self.model.book.end[need] != End.MET:
            return
        for desk in self.model.desks:
            if need not in desk.lines.own:
                continue
            if desk.office is None:
                self._called_off((desk, need))
            else:
                desk.office.add("called_off", 0.0, self._called_off, (desk, need), need)

    def _called_off(self, called: tuple[Desk, int]) -> None:
        desk, need = called
        if need in desk.lines.own:  # else somebody has been sent meanwhile
            desk.lines.own.discard(need)
            self.model.tell("called_off", str(int(self.model.book.resident[need])), desk.name)
