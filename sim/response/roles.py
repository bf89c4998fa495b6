"""Who is responsible: where several units could serve a request and nobody has said which, the commander is asked.

The question comes up when somebody of one of the units is about to be sent while somebody of another could be. The
request waits, and the decision its turn. The others then leave it to the unit that is named as long as that unit has
somebody there; so a request can wait for a busy unit, but not for an empty one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sim.response.authorities import in_force_h
from sim.response.book import State
from sim.response.responders import NOBODY, Responder

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.response.desk import Desk
    from sim.response.lines import Line
    from sim.spec.outside_support import Roles as RolesSpec

LOOK_H = 0.25
"""How often a desk looks whether the unit that is responsible for a request is still there."""
NO_UNITS: frozenset[str] = frozenset()
Question = tuple[int, int]
"""(need type, request), or (need type, NOBODY) where one answer holds for all requests of the type."""


class Roles:
    """Ask who is responsible, and keep requests for the unit that is named."""

    def __init__(self, model: CrisisModel, specs: Mapping[str, RolesSpec]) -> None:
        self.model = model
        self.book = model.book
        kinds = model.demand.type_names
        self.specs = {kinds.index(name): spec for name, spec in specs.items() if name in kinds}
        self.from_h = {kind: in_force_h(model, spec.settled, spec.since) for kind, spec in self.specs.items()}
        self.answers: dict[Question, str] = {}
        self.waiting: dict[Question, dict[int, Desk]] = {}
        """The requests over which it is asked, and where they wait."""
        self.looked_after: set[int] = set()

    def begin(self) -> None:
        """Set the moments at which a law comes into force."""
        for kind, from_h in self.from_h.items():
            if 0 < from_h < self.model.spec.end_h:
                self.model.clock.call_at(from_h, self._in_force, kind)

    def stood_down(self) -> None:
        """Forget what was answered for all requests of a type."""
        self.answers = {question: unit for question, unit in self.answers.items() if question[1] != NOBODY}

    def goes(self, desk: Desk, need: int, responder: Responder) -> bool:
        """Tell whether somebody may be sent to a request; if not, it waits for an answer or for another unit."""
        kind, unit = self.book.need_type[need], responder.team.name
        spec = self.specs.get(kind)
        if spec is None or desk is not self.model.desk_of(need):
            return True
        question = self._question(need)
        if need in self.waiting.get(question, ()):
            return False  # put in line again meanwhile, such as by an escalation
        if unit not in spec.units:
            return True
        if unit in self.kept_off(desk, need):
            self._offer(desk, need)
            return False
        known = question in self.answers or self._by_law(kind)
        if known or self.book.attempts[need] > 0 or not {*self._there(desk, need)} - {unit}:
            return True
        self._dispute(question, desk, need, unit)
        return False

    def kept_off(self, desk: Desk, need: int) -> frozenset[str]:
        """Return the units that leave a request to the one that is responsible for it and is there.

        As long as it is kept from them, it is looked from time to time whether they have to go after all.
        """
        kind, asked = self.book.need_type[need], self.book.request[need] <= self.model.clock.now
        unit = self.answers.get(self._question(need)) if asked and kind in self.specs else None
        if unit is None or self._by_law(kind) or desk is not self.model.desk_of(need):
            return NO_UNITS
        if unit not in self._there(desk, need):
            return NO_UNITS
        if need not in self.looked_after:
            self.looked_after.add(need)
            self.model.clock.call_later(LOOK_H, self._look, (desk, need))
        return frozenset(self.specs[kind].units) - {unit}

    def _by_law(self, kind: int) -> bool:
        return self.from_h[kind] <= self.model.clock.now

    def _question(self, need: int) -> Question:
        kind = self.book.need_type[need]
        return kind, NOBODY if self.specs[kind].precedent else need

    def _there(self, desk: Desk, need: int) -> list[str]:
        """Return the units with somebody on duty whom the desk could send to a request."""
        line, now = desk.lines.now(need, NO_UNITS), self.model.clock.now
        here = {
            crew.team.name
            for crew in line.crews
            if crew.team.on_duty
            and any(
                person.crew is crew and person.on_duty and person.post == "visit" and person.rostered_until > now
                for person in crew.team.people
            )
        }
        return [unit for unit in self.specs[self.book.need_type[need]].units if unit in here]

    def _dispute(self, question: Question, desk: Desk, need: int, unit: str) -> None:
        """Let a request wait for an answer, and ask for it if nobody has yet."""
        self._tell("roles_disputed", need, unit)
        asked = question in self.waiting
        self.waiting.setdefault(question, {})[need] = desk
        if not asked:
            name = self.book.demand.type_names[question[0]]
            keys = self.book.resident[need], self.book.nth[need]
            self.model.command.decide(f"need.{name}.roles", keys, self._answered, question, need)

    def _answered(self, question: Question) -> None:
        """Name the unit that is responsible, unless the law has said it meanwhile."""
        waiting = self.waiting.pop(question, None)
        if waiting is None:
            return
        need, desk = next(iter(waiting.items()))
        self.answers[question] = self._named(desk, need)
        self._go_on(waiting, self.answers[question])

    def _named(self, desk: Desk, need: int) -> str:
        """Return the first of the units with somebody free to go, or else with somebody there."""
        there, line = self._there(desk, need), desk.lines.now(need, NO_UNITS)
        free = (unit for unit in there if _has_somebody_idle(line, unit))
        return next(free, next(iter(there), self.specs[self.book.need_type[need]].units[0]))

    def _in_force(self, kind: int) -> None:
        """Let every request go on over which it need not be asked any more."""
        for question in [question for question in self.waiting if question[0] == kind]:
            self._go_on(self.waiting.pop(question), "")

    def _go_on(self, waiting: dict[int, Desk], unit: str) -> None:
        """Offer requests that still wait; who has given up or was helped elsewhere is not sent anybody."""
        for need in waiting:
            self._tell("roles_settled", need, unit)
        for need, desk in waiting.items():
            if desk.lines.still_waits(need):
                self._offer(desk, need)

    def _offer(self, desk: Desk, need: int) -> None:
        """Offer a request to who may serve it now."""
        self.book.risen = True
        desk.lines.of[need] = desk.lines.now(need)
        desk.offer(need)

    def _look(self, kept: tuple[Desk, int]) -> None:
        desk, need = kept
        if self.book.state[need] >= State.REFERRED or not self.book.wanted(need, self.model.clock.now):
            self.looked_after.discard(need)
            return
        if desk.lines.now(need) is not desk.lines.of[need]:
            desk.move([need])
        self.model.clock.call_later(LOOK_H, self._look, kept)

    def _tell(self, event: str, need: int, unit: str) -> None:
        name = self.book.demand.type_names[self.book.need_type[need]]
        self.model.tell(event, str(int(self.book.resident[need])), f"{name} {unit}".strip())


def _has_somebody_idle(line: Line, unit: str) -> bool:
    return any(crew.idle and crew.team.name == unit and crew.team.busy < crew.team.places for crew in line.crews)
