"""Desks: where requests arrive and wait, who takes them in, in which order they are served, and by whom."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, model_validator

from sim.spec.base import Hours, Interval, Name, Spec, Text, refuse
from sim.spec.distributions import Duration


class Fallback(Spec):
    """How a desk works while what it depends on is out: from a list on paper. What is left out stays as it was."""

    handling: Duration | None = None
    """A coordinator's time for one request."""
    triage: Text | None = None
    """Which request is next."""
    match: Text | None = None
    """Which idle responder goes."""


class Desk(Spec):
    """Where requests arrive and wait: who takes them in, in which order they are served, and by whom."""

    needs: tuple[Name, ...] = ()
    """The need types it takes; without it, all that no other desk takes."""
    zones: tuple[Name, ...] = ()
    """Residents of these zones; without it, everyone whom no other desk serves."""
    units: tuple[Name, ...] = ()
    """The units it dispatches; without it, all with people for visits."""
    coordinator: Name | None = None
    """The unit that takes requests in; without it they are taken in at once."""
    handling: Duration | None = None
    """A coordinator's time for one request."""
    triage: Text = "urgency"
    """Which request is next: first_come, urgency (then wait), c_mu, weighted_wait, nearest, or a registered one."""
    double_entry: Hours = 0.0
    """Added to the handling of each request where it has to be typed into a second system."""
    also: tuple[Name, ...] = ()
    """Need types for which residents turn here when another desk keeps them waiting (``asks_elsewhere_after``)."""
    batch: Interval = Field(default=10 / 60)
    """How often the match rule 'optimal' assigns all who are idle at once."""
    match: Text = "skill"
    """Which idle responder goes: skill, nearest, random (not looking at skills), optimal, or a
    registered rule."""
    wrong_skill: Interval = Field(default=10 / 60)
    """Time at the door until somebody sent without the skill finds out."""
    depends_on: Name | None = None
    """An outage during which it sends nobody: requests are taken in and wait."""
    fallback: Fallback | None = None
    """How it goes on during that outage; without it, not at all."""

    @model_validator(mode="after")
    def _coordinated(self) -> Desk:
        if (self.handling is not None or self.double_entry > 0) and self.coordinator is None:
            raise refuse("'handling' or 'double_entry' needs a 'coordinator' whose time it takes")
        if self.fallback is not None:
            if self.depends_on is None:
                raise refuse("'fallback' needs 'depends_on', the outage during which it holds")
            if self.fallback.handling is not None and self.coordinator is None:
                raise refuse("fallback: 'handling' needs a 'coordinator' whose time it takes")
        return self

    def fallen_back(self) -> Desk:
        """Return the rules that hold during the outage that the desk depends on."""
        stated = {name: value for name, value in self.fallback or () if value is not None}
        return self.model_copy(update=stated)


def desk_for(desks: Mapping[str, Desk], need: str, zone: str) -> str:
    """Return the desk for a need type in a zone.

    A desk that names both takes it, else one that names the type, else one that names the zone, else the one for
    everything. Raises ValueError where none does, or where two have an equal claim.
    """
    claims: dict[int, list[str]] = {}
    for name, desk in desks.items():
        if (not desk.needs or need in desk.needs) and (not desk.zones or zone in desk.zones):
            claims.setdefault(2 * bool(desk.needs) + bool(desk.zones), []).append(name)
    if not claims:
        raise ValueError(f"no desk takes {need!r} in zone {zone!r}")
    best = claims[max(claims)]
    if len(best) > 1:
        raise ValueError(f"{' and '.join(best)} both take {need!r} in zone {zone!r}")
    return best[0]
