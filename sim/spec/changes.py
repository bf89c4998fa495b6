"""What changes during a run: patches of the response (``changes``) and of the world (``injects``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from sim.spec.base import Count, Hours, Interval, Name, Number, PathMap, Plain, Spec, Text, refuse, thaw
from sim.spec.community import Phase

STATES = ("backlog_over", "stock_of", "people_of")


class State(Spec):
    """A state of the response, looked at every so often: requests that wait, what a store holds, who is still there."""

    backlog_over: Count | None = None
    """More requests waiting than this."""
    stock_of: Name | None = None
    """All stores together hold less of an item than ``below``."""
    people_of: Name | None = None
    """Fewer than ``below`` have a place in a unit and have not left it for good; who is off duty counts."""
    below: Number | None = None
    every: Interval = Field(default=1.0)
    """How often somebody looks."""

    @property
    def looked_at(self) -> bool:
        """Whether there is a state to look at."""
        return any(getattr(self, name) is not None for name in STATES)

    @model_validator(mode="after")
    def _below_what(self) -> State:
        if (self.stock_of is None and self.people_of is None) != (self.below is None):
            raise refuse(f"'{'people_of' if self.people_of is not None else 'stock_of'}' and 'below' belong together")
        return self


class Condition(State):
    """A state on which something changes, or a phase that is entered, or an alarm."""

    phase: Phase | None = None
    alarm: Name | None = None
    """A detector of ``response.early_warning`` raises the alarm."""
    all_clear: Name | None = None
    """It takes its alarm back."""

    def moment(self) -> tuple[str, str] | None:
        """Return (kind, name) of the moment that this is; None for a state that somebody looks at."""
        named = ((kind, getattr(self, kind)) for kind in ("phase", "alarm", "all_clear"))
        return next((moment for moment in named if moment[1] is not None), None)

    @model_validator(mode="after")
    def _one(self) -> Condition:
        if sum(getattr(self, name) is not None for name in (*STATES, "phase", "alarm", "all_clear")) != 1:
            said = "one of 'backlog_over', 'stock_of' or 'people_of' (with 'below'), 'phase', 'alarm' and 'all_clear'"
            raise refuse(f"{said} is wanted")
        return self


class Change(Spec):
    """A patch that takes effect at a time, or once when a condition is first seen to hold."""

    at: Hours | None = None
    when: Condition | None = None
    set: PathMap[Plain]
    """Dotted paths and their new values, checked like the scenario itself."""
    note: Text | None = None

    @classmethod
    def at_once(cls, values: Mapping[str, Any], note: str) -> Change:
        """Return a change of values that were checked when they were read: a fix of a review, an advice of experts."""
        return cls.model_validate({"at": "0 h", "set": thaw(values), "note": note})

    @model_validator(mode="after")
    def _one_trigger(self) -> Change:
        if not self.set:
            raise refuse("at least one value to set is wanted")
        if (self.at is None) == (self.when is None):
            raise refuse("one of 'at' and 'when' is wanted; found " + ("neither" if self.at is None else "both"))
        return self
