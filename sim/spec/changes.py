"""What changes during a run: patches of the response (``changes``) and of the world (``injects``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from sim.spec.base import Count, Hours, Interval, Name, Number, PathMap, Plain, Spec, Text, refuse, thaw
from sim.spec.community import Phase


class State(Spec):
    """A state of the response, looked at every so often: the backlog of waiting requests, or the stock of an item."""

    backlog_over: Count | None = None
    """More requests waiting than this."""
    stock_of: Name | None = None
    below: Number | None = None
    every: Interval = Field(default=1.0)
    """How often somebody looks."""


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
        if (
            sum(
                given is not None
                for given in (self.backlog_over, self.stock_of, self.phase, self.alarm, self.all_clear)
            )
            != 1
        ):
            raise refuse("one of 'backlog_over', 'stock_of' (with 'below'), 'phase', 'alarm' and 'all_clear' is wanted")
        if (self.stock_of is None) != (self.below is None):
            raise refuse("'stock_of' and 'below' belong together")
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
