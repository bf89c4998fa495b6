"""Residents sign up for a unit: they hear of it, decide, are written down, checked and taught, and join the next shift.

The places of a unit belong to the residents who would come soonest, the same under every plan. Whether one of them
does is decided when they hear the call, by their trust and by what they see.
"""

from __future__ import annotations

from collections import Counter
from math import inf
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.response.attitudes import MIDDLE
from sim.response.book import WAITS
from sim.response.errands import send
from sim.response.mutual_help import CANNOT_HELP
from sim.response.responders import NOBODY, Responder, Team
from sim.spec.volunteers import Recruitment

if TYPE_CHECKING:
    from sim.chance import Chance
    from sim.model import CrisisModel
    from sim.world.population import Population

AT_DOOR = 1 << 40
"""Added to the number of a telling at the door, so that it is the number of no notice."""
LOOKS_AGAIN_H = 1.0
"""How often it is looked whether anybody can come to a class who is kept by something else."""


def willing_first(population: Population, chance: Chance, unit: str) -> npt.NDArray[np.int64]:
    """Return the able residents, whoever would sign up most readily first."""
    able = np.flatnonzero(~population.in_any(CANNOT_HELP))
    return able[np.argsort(chance.uniform(f"willing.{unit}", able), kind="stable")]


class SignUp:
    """Take residents into one unit."""

    def __init__(self, model: CrisisModel, team: Team, spec: Recruitment) -> None:
        self.model = model
        self.clock = model.clock
        self.team = team
        self.spec = spec
        self.applied: set[Responder] = set()
        self.pupils: list[Responder] = []
        self.teaching = self.looks_again = False
        self.places = [person for person in team.people if person.resident is not None]
        self.reluctance = {
            person: model.chance.one(f"willing.{team.name}", person.resident)  # type: ignore[arg-type]
            for person in self.places
        }
        if spec.topic is not None:
            model.moments.topic_posted.append(self._posted)
            model.moments.topic_told.append(self._told)
            self.asked: Counter[int] = Counter()
            """How often each resident was told at the door."""

    def begin(self) -> None:
        """Let everybody hear of it at the beginning where no notice is needed."""
        if self.spec.topic is None:
            for person in self.places:
                self._hears(person, 0.0, 0)
        elif self.model.information is not None:
            self.model.information.asked.add(self.spec.topic)

    def _posted(self, topic: str, nth: int, heard_h: npt.NDArray[np.float64]) -> None:
        if topic == self.spec.topic:
            for person in self.places:
                if person not in self.applied and heard_h[person.resident] < inf:
                    self._hears(person, float(heard_h[person.resident]), nth)

    def _told(self, topic: str, residents: list[int]) -> None:
        """Hear the call from somebody at the door, such as a building leader."""
        people = (self.model.person_of.get(resident) for resident in residents if topic == self.spec.topic)
        for person in people:
            if person is not None and person.team is self.team and person not in self.applied:
                assert person.resident is not None
                self.asked[person.resident] += 1
                self._hears(person, self.clock.now, AT_DOOR + self.asked[person.resident])

    def _hears(self, person: Responder, at_h: float, nth: int) -> None:
        if self.spec.decides is not None:
            stream = f"decides.{self.team.name}"
            at_h += self.spec.decides.at(self.model.chance.one(stream, person.resident or 0, nth))
        if at_h < self.model.spec.end_h:
            self.clock.call_at(max(at_h, self.clock.now), self._decide, person)

    def _decide(self, person: Responder) -> None:
        """Sign up or not; nobody signs up for a service that is not bought any more."""
        assert person.resident is not None
        if person.gone or person in self.applied or self.reluctance[person] >= self.willing(person.resident):
            return
        self.applied.add(person)
        self.model.tell("signed_up", str(person.resident), self.team.name)
        registration = self.spec.registration
        if registration is None:
            self._listed(person)
            return
        length_h = registration.takes.at(self._luck("registration", person))
        if registration.by is not None:
            send(self.model, registration.by, "registration", length_h, self._listed, person, NOBODY)
        elif not self._offline(person.resident):
            self.clock.call_later(length_h, self._listed, person)

    def _offline(self, resident: int) -> bool:
        offline = self.model.population.groups.get("offline")
        return offline is not None and bool(offline[resident])

    def willing(self, resident: int) -> float:
        """Return the share of residents like this one who would sign up now."""
        spec, model = self.spec, self.model
        share = spec.willing
        if model.attitudes is not None:
            share += spec.by_trust * (model.attitudes.of("trust", resident) - MIDDLE)
        if spec.need_seen > 0 and self._sees_need(resident):
            share += spec.need_seen
        return share

    def _sees_need(self, resident: int) -> bool:
        """Tell whether a request waits at somebody's home, or at that of a neighbour whom they know."""
        model, book = self.model, self.model.book
        seen = set(model.homes.of(int(model.population.household[resident])))
        if model.mutual_help is not None:
            seen |= set(model.mutual_help.ties(resident))
        now = self.clock.now
        rows = np.flatnonzero(np.isin(book.state_column, WAITS) & (book.request_h <= now) & (book.deadline_h > now))
        return any(int(who) in seen for who in book.demand.resident[rows])

    def _luck(self, question: str, person: Responder) -> float:
        return self.model.chance.one(f"{question}.{self.team.name}", person.resident or 0)

    # -- checked and taught -----------------------------------------------------------------------------------------

    def _listed(self, person: Responder) -> None:
        person.unfit = self._luck("unfit", person) < self.spec.unfit
        check = self.spec.certification
        if check is None:
            self._accepted(person)
            return
        length_h = check.takes.at(self._luck("certification", person))
        self.clock.call_later(length_h, self._checked, person)

    def _checked(self, person: Responder) -> None:
        check = self.spec.certification
        assert check is not None
        share = check.detects if person.unfit else check.rejects
        if self._luck("accepted", person) < share:
            self.model.tell("rejected", str(person.resident), self.team.name)
        else:
            self._accepted(person)

    def _accepted(self, person: Responder) -> None:
        training = self.spec.training
        if training is None:
            self._joins(person)
        elif training.by is None:
            self.clock.call_later(training.takes.at(self._luck("training", person)), self._joins, person)
        else:
            self.pupils.append(person)
            self._teach()

    def _teach(self) -> None:
        """Call a class of those who wait for one and can come, when the last is over."""
        training = self.spec.training
        if self.teaching or not self.pupils or training is None or training.by is None:
            return
        pupils = [person for person in self.pupils if self._can_come(person)][: training.size]
        if not pupils:
            if not self.looks_again:
                self.looks_again = True
                self.clock.call_later(LOOKS_AGAIN_H, self._look_again)
            return
        self.teaching = True
        self.pupils = [person for person in self.pupils if person not in pupils]
        length_h = training.takes.at(self._luck("training", pupils[0]))
        send(self.model, training.by, "training", length_h, self._taught, pupils, NOBODY, self._class_begins)

    def _look_again(self, _nothing: None) -> None:
        self.looks_again = False
        self._teach()

    def _can_come(self, person: Responder) -> bool:
        return self.model.homes.may_leave(person.resident or 0)

    def _class_begins(self, pupils: list[Responder]) -> None:
        """Take the time of who has come; the others wait for the next class."""
        missing = [person for person in pupils if not self._can_come(person)]
        self.pupils = missing + self.pupils
        pupils[:] = [person for person in pupils if person not in missing]
        self.model.homes.take(*(person.resident or 0 for person in pupils))

    def _taught(self, pupils: list[Responder]) -> None:
        self.teaching = False
        self.model.homes.give_back(*(person.resident or 0 for person in pupils))
        for person in pupils:
            self._joins(person)
        self._teach()

    def _joins(self, person: Responder) -> None:
        """Be there from the next shift on, with what the class has taught, if there still is a service."""
        if person.gone:
            return
        person.employed = True
        if self.spec.training is not None:
            self.model.know_how.teach(person, self.spec.training)
        self.model.tell("joined", str(person.resident), self.team.name)
        if self.team.spec.shift is None:
            self.model.roster.fill(self.team)
