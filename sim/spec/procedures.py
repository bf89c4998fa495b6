"""What outcomes count, how precisely they are wanted, and how the best plan is chosen: the words of an experiment."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from sim.spec.base import Count, Integer, Name, Number, Share, Spec, Text, between, refuse
from sim.units import found, parse_duration, parse_number

Key = tuple[str, str, str]
"""What an outcome is of: (outcome, by, level)."""
Runs = Annotated[Integer, between(2, 100_000, "a number of replications between 2 and 100,000")]
Confidence = Annotated[Number, between(0.5, 0.9999, "a confidence between 0.5 and 0.9999")]


def _amount(value: object) -> str:
    """Check a number or a duration, and keep it as it is written."""
    text = value if isinstance(value, str) else str(value)
    for parse in (parse_number, parse_duration):
        try:
            parse(text)
        except ValueError:
            continue
        return text
    raise refuse(f"a number, or a duration such as '15 min', is wanted; found {found(value)}")


Amount = Annotated[str, BeforeValidator(_amount)]
"""An amount of an outcome, in words: a duration where the outcome is a time, a number where it is not."""


def amount(text: str, unit: str) -> float:
    """Return an amount of an outcome of a unit; raises ValueError with what was wanted."""
    if unit in ("h", "h since start"):
        return parse_duration(text)
    try:
        return parse_number(text)
    except ValueError:
        raise ValueError(f"a number is wanted, for the outcome is in {unit!r}; found {found(text)}") from None


class Outcome(Spec):
    """An outcome that counts; of everything, or of one part such as the unit 'casework'."""

    outcome: Name
    by: Name = "all"
    level: Text = "all"

    @property
    def key(self) -> Key:
        """The outcome, what it is split by, and of which part it is."""
        return self.outcome, self.by, self.level


class Stop(Outcome):
    """More runs until a difference is known well enough."""

    half_width: Amount
    """Half the width of the interval of every difference of the outcome from the reference."""
    at_least: Runs = 20
    """The first look; an earlier one would too often find the runs close together by chance."""
    at_most: Runs = 200

    @model_validator(mode="after")
    def _order(self) -> Stop:
        if self.at_most < self.at_least:
            raise refuse(f"'at_most' of at least {self.at_least} is wanted ('at_least'); found {self.at_most}")
        return self


class Constraint(Outcome):
    """What a plan must reach to be chosen at all: in the mean over the runs, or in a share of them."""

    at_least: Amount | None = None
    at_most: Amount | None = None
    in_share: Share | None = Field(default=None, alias="in")
    """The share of runs that must reach it, such as 0.9; in the mean where not said."""

    @model_validator(mode="after")
    def _one(self) -> Constraint:
        if (self.at_least is None) == (self.at_most is None):
            raise refuse("one of 'at_least' and 'at_most' is wanted")
        if self.in_share in (0, 1):
            raise refuse(f"'in' between 0 and 1 is wanted, for runs show neither none nor all; found {self.in_share:g}")
        return self


class Select(Outcome):
    """Choose the best plan: what a difference is worth, and what the plan must reach."""

    indifference: Amount
    """A difference so small that either plan will do, in the outcome's unit: "15 min"."""
    subject_to: tuple[Constraint, ...] = ()
    """Feasibility first: plans that do not reach these are left out."""
    at_least: Runs = 10
    at_most: Runs = 500
    """The budget of each plan; when it is spent, the plans that are left are the answer."""

    @model_validator(mode="after")
    def _order(self) -> Select:
        if self.at_most < self.at_least:
            raise refuse(f"'at_most' of at least {self.at_least} is wanted ('at_least'); found {self.at_most}")
        return self


class Assumptions(Spec):
    """Draw assumed figures from their ranges under ``evidence``, so that the intervals hold their uncertainty too."""

    draws: Annotated[Integer, between(2, 10_000, "a number of draws between 2 and 10,000")]
    replications: Annotated[Count, Field(ge=1)] = 4
    """Runs of each variant at each draw."""
    only: tuple[Text, ...] = ()
    """The figures that are drawn, by key path; all that state a range, where none is named."""
