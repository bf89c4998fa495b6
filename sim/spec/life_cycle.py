"""The life cycle of the crisis: warning, emergency, protracted, resolution, by timetable."""

from __future__ import annotations

from pydantic import model_validator

from sim.errors import nearest
from sim.spec.base import FrozenMap, PositiveHours, Spec, refuse
from sim.spec.community import PHASES


class LifeCycle(Spec):
    """How long the phases last, in their fixed order; a phase not named is skipped; the rest is resolution."""

    timetable: FrozenMap[PositiveHours]

    @model_validator(mode="after")
    def _phases(self) -> LifeCycle:
        if not self.timetable:
            raise refuse("at least one phase is wanted in the timetable")
        for phase in self.timetable:
            if phase not in PHASES:
                raise refuse(f"timetable: {phase!r} is no phase{nearest(phase, PHASES)}")
        return self

    def spells(self) -> tuple[tuple[float, str], ...]:
        """Return (begin in hours, phase) in order."""
        begin, spells = 0.0, []
        for phase in PHASES:
            if phase in self.timetable:
                spells.append((begin, phase))
                begin += self.timetable[phase]
        if spells[-1][1] != "resolution":
            spells.append((begin, "resolution"))
        return tuple(spells)
