"""The life cycle of the crisis: warning, emergency, protracted, resolution, by timetable or by what happens.

A timetable is known before the run. With conditions the phases are consequences: of what is found, ordered, brought
under control and worked off; then everything that a phase decides is decided while the clock runs.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from sim.errors import nearest
from sim.spec.base import Count, FrozenMap, Hours, Name, PositiveHours, Spec, YesNo, refuse
from sim.spec.changes import State
from sim.spec.community import PHASES, Phase


class Turn(State):
    """What ends a phase; one of these."""

    signal: Name | None = None
    """A signal of ``world.signals`` has come since the phase began: an order or an end notice from above."""
    alarm: Name | None = None
    """A detector of ``response.early_warning`` has raised the alarm."""
    activated: YesNo = False
    """The plan is activated."""
    stood_down: YesNo = False
    """The plan has been stood down."""
    confirmed_over: Count | None = None
    """More residents are confirmed positive than this: detection."""
    quiet: PositiveHours | None = None
    """Nobody has been confirmed for so long: control."""
    falling: PositiveHours | None = None
    """Fewer were confirmed in the last so many hours than in as many before: control is being reached."""
    backlog_below: Count | None = None
    """Fewer requests wait than this: worked off."""

    @model_validator(mode="after")
    def _one(self) -> Turn:
        names = [name for name in type(self).model_fields if name not in ("every", "below")]
        given = [name for name in names if (value := getattr(self, name)) is not None and value is not False]
        if len(given) != 1:
            raise refuse(f"one of {', '.join(names)} is wanted; found {' and '.join(given) or 'none'}")
        return self


class Transition(Spec):
    """From one phase to another, when something holds and the phase has lasted long enough."""

    from_: Phase = Field(alias="from")
    to: Phase
    when: Turn
    at_least: Hours = 0.0
    """How long the phase lasts at least."""

    @model_validator(mode="after")
    def _onward(self) -> Transition:
        if self.from_ == self.to:
            raise refuse(f"another phase than {self.to!r} is wanted under 'to'")
        return self


class LifeCycle(Spec):
    """How long the phases last, in their fixed order, or what ends each of them."""

    timetable: FrozenMap[PositiveHours] | None = None
    """A phase not named is skipped; the rest is resolution."""
    conditions: Annotated[tuple[Transition, ...], Field(max_length=100)] = ()
    """Looked at in this order; the first that holds is taken. A phase may come again."""
    begins: Phase = "warning"
    """The first phase, with conditions."""

    @model_validator(mode="after")
    def _phases(self) -> LifeCycle:
        if (self.timetable is None) == (not self.conditions):
            both = "both" if self.conditions else "neither"
            raise refuse(f"one of 'timetable' and 'conditions' is wanted; found {both}")
        if self.timetable is None:
            return self
        if "begins" in self.model_fields_set:
            raise refuse("'begins' belongs to 'conditions'; a timetable begins with its first phase")
        if not self.timetable:
            raise refuse("at least one phase is wanted in the timetable")
        for phase in self.timetable:
            if phase not in PHASES:
                raise refuse(f"timetable: {phase!r} is no phase{nearest(phase, PHASES)}")
        return self

    def spells(self) -> tuple[tuple[float, str], ...]:
        """Return (begin in hours, phase) in order; nothing where only the run can tell."""
        if self.timetable is None:
            return ()
        begin, spells = 0.0, []
        for phase in PHASES:
            if phase in self.timetable:
                spells.append((begin, phase))
                begin += self.timetable[phase]
        if spells[-1][1] != "resolution":
            spells.append((begin, "resolution"))
        return tuple(spells)
