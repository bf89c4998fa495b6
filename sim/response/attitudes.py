"""Residents' trust, anxiety and compliance while the clock runs: every change is an event that is written down.

Between events a state only calms down towards where its resident started, added exactly when it is next looked at or
moved. What a state decides is asked here by the mechanism that decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.records.buffers import RowBuffer
from sim.records.codes import IN_VAIN, WRONG_SKILL
from sim.response.book import BY_OUTSIDE, End
from sim.spec.attitudes import AFTERWARDS, EVENTS, STATES

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.response.responders import Responder

CAUSES = (*EVENTS, "calming", *AFTERWARDS)
CALMING = len(EVENTS)
MIDDLE = 0.5
Ints = npt.NDArray[np.int64]


class Attitudes:
    """Keep the states of residents; a state that the world does not name is nobody's."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.specs = model.world.attitudes
        self.rows = RowBuffer(6)
        self.value: dict[str, npt.NDArray[np.float64]] = {}
        self.start: dict[str, npt.NDArray[np.float64]] = {}
        self.since: dict[str, npt.NDArray[np.float64]] = {}
        who = np.arange(model.population.size)
        for name, spec in self.specs.items():
            own = (2 * model.chance.uniform(f"attitude.{name}", who) - 1) * spec.spread
            before = model.population.traits.get(name)
            start = before if before is not None else np.clip(spec.start + own, 0.0, 1.0)
            self.start[name] = np.array(start)
            self.value[name] = np.array(start)
            self.since[name] = np.zeros(who.size)
        self.moved_by = {event for spec in self.specs.values() for event in spec.moves}
        if self.moved_by & {"served_in_time", "served_late", "visit_failed"} or self._any_calms():
            model.moments.visit_ended.append(self._visit_ended)
        if "gave_up" in self.moved_by:
            model.moments.closed.append(self._closed)
        if "emergency" in self.moved_by:
            model.moments.phase_entered.append(self._phase_entered)

    def _any_calms(self) -> bool:
        return "anxiety" in self.specs and any(spec.calms > 0 for spec in self.model.book.specs)

    # -- changes ----------------------------------------------------------------------------------------------------

    def happen(self, resident: int, event: str) -> None:
        """Let an event move somebody's states."""
        if event not in self.moved_by:
            return
        for number, name in enumerate(STATES):
            spec = self.specs.get(name)
            if spec is not None and event in spec.moves:
                self._move(number, name, resident, CAUSES.index(event), spec.moves[event])

    def _move(self, number: int, name: str, resident: int, cause: int, move: float) -> None:
        before = self.now(name, resident, note=True)
        after = before + move * (1 - before) if move > 0 else before * (1 + move)
        self.value[name][resident] = after
        self._write(number, resident, cause, after - before, after)

    def _write(self, number: int, resident: int, cause: int, change: float, value: float) -> None:
        if change != 0:
            self.rows.rows.extend((self.model.clock.now, resident, number, cause, change, value))

    def happen_to_all(self, event: str, heard_h: npt.NDArray[np.float64]) -> None:
        """Let an event move everybody's states when it reaches them; infinite for whom it never reaches."""
        if event not in self.moved_by:
            return
        rows = np.flatnonzero(heard_h < inf)
        rows = rows[np.argsort(heard_h[rows], kind="stable")]
        if rows.size:
            self.model.clock.feed(heard_h[rows].tolist(), lambda who: self.happen(who, event), rows.tolist())

    # -- what states decide -----------------------------------------------------------------------------------------

    def now(self, name: str, resident: int, *, note: bool = False) -> float:
        """Return a state of somebody now; ``note`` writes down the calming since it was last moved."""
        value = float(self.value[name][resident])
        calms = self.specs[name].calms
        if calms is None:
            return value
        from scipy.special import exp2

        start, now = float(self.start[name][resident]), self.model.clock.now
        calmed = start + (value - start) * float(exp2(-(now - self.since[name][resident]) / calms))
        if note:
            self.value[name][resident] = calmed
            self.since[name][resident] = now
            self._write(STATES.index(name), resident, CALMING, calmed - value, calmed)
        return calmed

    def of(self, name: str, resident: int, otherwise: float = MIDDLE) -> float:
        """Return a state of somebody, or a stand-in where the world does not name it."""
        return self.now(name, resident) if name in self.specs else otherwise

    def factor(self, more_with: Mapping[str, float], resident: int) -> float:
        """Return by what the rate of a need is higher because of somebody's states."""
        return 1.0 + sum(times * self.now(name, resident) for name, times in more_with.items())

    def comply(self, residents: Ints, site: str, nth: int) -> npt.NDArray[np.bool_]:
        """Tell of each who is called to a site whether they do as they are told."""
        if "compliance" not in self.specs:
            return np.ones(residents.size, bool)
        share = np.array([self.now("compliance", int(row)) for row in residents])
        return np.asarray(self.model.chance.uniform(f"complies.{site}", residents, nth) < share)

    # -- what happens -----------------------------------------------------------------------------------------------

    def _visit_ended(self, person: Responder, need: int, outcome: int) -> None:
        book = self.model.book
        resident = int(book.resident[need])
        spec = book.specs[book.need_type[need]]
        if outcome == WRONG_SKILL or self.model.visits.erred == need:
            self.happen(resident, "visit_failed")
        if outcome in IN_VAIN or self.model.visits.erred == need:
            return
        if person.started == book.started[need] and spec.target is not None:
            late = book.started[need] - book.request[need] > spec.target
            self.happen(resident, "served_late" if late else "served_in_time")
        if spec.calms > 0:
            self.happen(resident, "calmed")
        if spec.calms > 0 and "anxiety" in self.specs:
            self._move(STATES.index("anxiety"), "anxiety", resident, EVENTS.index("calmed"), -spec.calms)

    def _closed(self, need: int) -> None:
        book = self.model.book
        if book.end[need] == End.ABANDONED and book.met_by[need] != BY_OUTSIDE:
            self.happen(int(book.resident[need]), "gave_up")

    def _phase_entered(self, phase: str) -> None:
        if phase == "emergency":
            for resident in range(self.model.population.size):
                self.happen(resident, "emergency")

    def finish(self) -> None:
        """Write down the calming until the end of the run."""
        for name, spec in self.specs.items():
            if spec.calms is not None:
                for resident in np.flatnonzero(self.value[name] != self.start[name]).tolist():
                    self.now(name, resident, note=True)
