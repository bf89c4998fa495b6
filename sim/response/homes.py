"""Homes: who lives behind which door, who is there with time, who has been counted, who can only ask at the door."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.response.book import State

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.response.desk import Desk
    from sim.response.responders import Responder

DAY_H, LOOKS_AGAIN_H = 24.0, 1 / 12


class Homes:
    """Households by building, the list of who is expected at sites, and needs that wait for a visitor to ask."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        population = model.population
        order = np.argsort(population.household, kind="stable")
        self._by_household = np.split(order, np.cumsum(np.bincount(population.household))[:-1])
        self.counted: set[int] | None = None
        """Households on the list; None while nobody has begun to count, and then everybody is known."""
        self.uncounted = self._head_count_planned()
        if self.uncounted:
            self.counted = set()
        self.untold: dict[int, list[int]] = {}
        """Needs by household that are asked for when somebody comes to the door."""
        self.busy: set[int] = set()
        """Residents who are helping at home or next door, sit down to a talk or are in a class."""
        self._waiting: dict[int, list[tuple[Callable[[Any], object], Any]]] = {}
        self._held: set[int] = set()
        """Requests that wait until their residents are in."""
        response = model.response
        work = any(unit.recruitment is not None for unit in response.organisation.units.values())
        self.some_go_out = work or (response.isolation is not None and response.isolation.confirmed == "away")
        """Whether any resident may be on duty, or taken away."""
        if work:
            model.moments.shift_ended.append(self._off_duty)

    def _head_count_planned(self) -> bool:
        steps = self.model.response.steps()
        return any(getattr(step.does, "counts", None) is not None for step in steps)

    def of(self, household: int) -> list[int]:
        """Return the residents of a household."""
        members: list[int] = self._by_household[household].tolist()
        return members

    def households(self, buildings: Iterable[int], groups: tuple[str, ...] | None) -> list[tuple[int, int]]:
        """Return (building, household) of all homes in buildings, or of those of residents in some groups."""
        population = self.model.population
        rows = np.isin(population.building, list(buildings))
        if groups is not None:
            rows &= population.in_any(groups)
        pairs = np.unique(np.column_stack([population.building[rows], population.household[rows]]), axis=0)
        return [(int(building), int(household)) for building, household in pairs]

    # -- who is in --------------------------------------------------------------------------------------------------

    def is_in(self, resident: int) -> bool:
        """Tell whether somebody can be visited: not taken away, and not on duty, but for who is so day and night."""
        isolation, person = self.model.isolation, self.model.person_of.get(resident)
        if isolation is not None and isolation.is_away(resident):
            return False
        return person is None or not person.on_duty or person.rostered_until - person.rostered_from >= DAY_H

    def at_home(self, resident: int) -> bool:
        """Tell whether somebody is in with nothing else to do: not on duty, helping, at a talk or in a class."""
        return resident not in self.busy and self.is_in(resident) and not self.model.away_at_work(resident)

    def may_leave(self, resident: int) -> bool:
        """Tell whether somebody at home with nothing else to do may go out: not isolated, and not ill."""
        isolation, infections = self.model.isolation, self.model.infections
        ill = infections.illness if infections is not None else None
        stays = (isolation is not None and resident in isolation.place) or (ill is not None and resident in ill.at_home)
        return not stays and self.at_home(resident)

    def holds(self, desk: Desk, need: int, responder: Responder) -> bool:
        """Tell whether a request waits since its resident is not in, or would be visited by themselves.

        It is offered again when they are in, or a little later to somebody else.
        """
        resident = int(self.model.book.resident[need])
        out = not self.is_in(resident)
        if not out and responder.resident != resident:
            return False
        if need not in self._held:
            self._held.add(need)
            if out:
                self.when_free(resident, self._back, (desk, need))
            else:
                self.model.clock.call_later(LOOKS_AGAIN_H, self._back, (desk, need))
        return True

    def _back(self, turn: tuple[Desk, int]) -> None:
        """Offer a request that still waits to whom it belongs."""
        desk, need = turn
        self._held.discard(need)
        if need in self.model.cases.owner and desk.lines.still_waits(need):
            self.model.resume(need)
        else:
            desk.offer_again(need)

    def drops(self, need: int) -> bool:
        """Tell whether a need comes to nothing since its resident has been taken away."""
        return self.model.isolation is not None and self.model.isolation.drops(need)

    def _off_duty(self, person: Responder) -> None:
        if person.resident is not None:
            self.free_again(person.resident)

    def take(self, *residents: int) -> None:
        """Take the time of residents until they are given back."""
        self.busy.update(residents)

    def give_back(self, *residents: int) -> None:
        """Let residents do something else."""
        self.busy.difference_update(residents)
        for resident in residents:
            self.free_again(resident)

    def when_free(self, resident: int, go_on: Callable[[Any], object], argument: Any) -> None:
        """Go on when somebody who is taken, on duty or away is no more."""
        self._waiting.setdefault(resident, []).append((go_on, argument))

    def free_again(self, resident: int) -> None:
        """Let those go on who wait for somebody."""
        for go_on, argument in self._waiting.pop(resident, ()):
            self.model.clock.call_later(0.0, go_on, argument)

    def count(self, household: int) -> None:
        """Put a household on the list."""
        if self.counted is not None:
            self.counted.add(household)

    def expected(self, household: int) -> bool:
        """Tell whether a household is on the list of who is expected."""
        return self.counted is None or household in self.counted

    def wait_for_visitor(self, need: int) -> None:
        """Keep a need whose resident cannot ask, until somebody comes to the door."""
        if self.drops(need):
            return
        household = int(self.model.population.household[self.model.book.resident[need]])
        self.untold.setdefault(household, []).append(need)

    def ask(self, household: int) -> None:
        """Ask a household what it needs."""
        model, book = self.model, self.model.book
        for need in self.untold.pop(household, ()):
            if book.state[need] == State.UNKNOWN and not self.drops(need):
                model.requests.known_from(need, model.clock.now)
                model.desk_of(need).request_late(need)
