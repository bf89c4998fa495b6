"""Hazards with a level at each building: flood, storm, heatwave, fire, earthquake; and poisoning by a meal.

A level does more than raise rates: it blocks ways, cuts utilities, closes stores, keeps people from work, and harms
residents where it rises to them. What it does not name it does not do. A level is known beforehand, so that
every plan meets the same hazard; what follows from it happens while the clock runs.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from sim.spec.base import (
    FrozenMap,
    Hours,
    Interval,
    Name,
    NonNegative,
    Number,
    PositiveHours,
    Share,
    Spec,
    YesNo,
    non_empty,
    refuse,
)
from sim.spec.community import check_bands, known_groups
from sim.spec.distributions import Duration, Fixed

TINY_H = 1e-6
"""How fast a level that jumps does so."""
AT_ONCE = Fixed.model_validate({"value": "0 h"})
Curve = Annotated[tuple[tuple[Hours, Number], ...], Field(max_length=10_000), non_empty("point")]
"""Points (time, value), joined by straight lines; constant before the first and after the last."""


def rising(curve: tuple[tuple[float, float], ...], what: str) -> None:
    """Refuse points whose times do not rise."""
    times = [time for time, _ in curve]
    if any(later <= earlier for earlier, later in zip(times, times[1:], strict=False)):
        raise refuse(f"{what} with rising times is wanted")


class Strikes(Spec):
    """A need that a hazard leads to where its level passes a height, each time: an injury, a flooded flat."""

    over: NonNegative = 0.0
    share: Share
    """Share of the residents there, or of households or buildings, who come to need it."""
    of: Literal["resident", "household", "building"] = "resident"
    by_age: FrozenMap[Share] = FrozenMap()
    """Shares of their own for some age bands of residents."""
    delay: Duration = AT_ONCE

    @model_validator(mode="after")
    def _ages(self) -> Strikes:
        check_bands("by_age", self.by_age)
        if self.by_age and self.of != "resident":
            raise refuse("'by_age' is about residents; found it with 'of: " + self.of + "'")
        return self


class Cut(Spec):
    """What a hazard cuts: power, water, communications."""

    over: NonNegative = 0.0
    """The level at any building of the footprint from which it is out."""
    damaged: YesNo = False
    """It stays out until somebody repairs it; without, until the level has fallen."""


class Precursor(Spec):
    """What can be measured before: a gauge upstream, a forecast, a smell of smoke."""

    lead: Hours
    """The gauge shows now what the level's curve will be so much later."""
    error: NonNegative = 0.0
    """Standard deviation of a reading, as a share of it."""


class Local(Spec):
    """A hazard with a level at each building."""

    drives: tuple[Name, ...] = ()
    """The need types it drives: their rate is multiplied by ``gain`` times the level at the resident's building."""
    zones: tuple[Name, ...] = ()
    """Its footprint, with ``buildings``; without either, everywhere."""
    buildings: tuple[Name, ...] = ()
    gain: NonNegative = 1.0
    begins: Hours = 0.0
    ends: PositiveHours | None = None
    leads_to: FrozenMap[Strikes] = FrozenMap()
    blocks_over: NonNegative | None = None
    """The way to a building where the level is higher is impassable, but for units that can cross it."""
    keeps_home_over: NonNegative | None = None
    """Who lives where the level is higher does not come to work."""
    keeps_out_over: NonNegative | None = None
    """Nobody comes in from outside while the level is higher anywhere, but for units whose ``crosses`` names it."""
    cuts: FrozenMap[Cut] = FrozenMap()
    """Outages of ``world.outages``."""
    closes_stores_over: NonNegative | None = None
    """Stores give nothing out while the level at the nearest building is higher."""
    precursor: Precursor | None = None

    @model_validator(mode="after")
    def _span(self) -> Local:
        if self.ends is not None and self.ends <= self.begins:
            raise refuse("an end after the beginning is wanted")
        return self

    def points(self) -> tuple[tuple[float, float], ...]:
        """Return the curve of the level at a building that is neither higher nor lower than others."""
        raise NotImplementedError

    def lower(self, _building: str, _zone: str) -> float:
        """Return by how much the level is lower at a building."""
        return 0.0

    def named(self) -> FrozenMap[float]:
        """Return what is stated by building or zone."""
        return FrozenMap()

    def stated(self, building: str, zone: str) -> float:
        """Return what is stated for a building, else for its zone; 0 where neither is named."""
        return self.named().get(building, self.named().get(zone, 0.0))

    def strongest(self) -> float:
        """Return the highest intensity anywhere."""
        least = min((self.lower(name, name) for name in ("", *self.named())), default=0.0)
        return self.gain * max(max(value for _, value in self.points()) - least, 0.0)


class Curved(Local):
    """A hazard whose level follows a curve that the scenario states."""

    curve: Curve

    def points(self) -> tuple[tuple[float, float], ...]:
        """Return the curve."""
        return self.curve

    @model_validator(mode="after")
    def _rises(self) -> Curved:
        rising(self.curve, "a curve")
        return self


class Flood(Curved):
    """Water, in metres above the ground of each building."""

    kind: Literal["flood"]
    curve: Curve
    """Height of the water, in metres above a datum."""
    ground: FrozenMap[Number] = FrozenMap()
    """Height of the entrance by building or zone, above the same datum; 0 where not named."""

    def lower(self, building: str, zone: str) -> float:
        """Return the height of the entrance."""
        return self.stated(building, zone)

    def named(self) -> FrozenMap[float]:
        """Return what is stated by building or zone."""
        return self.ground


class Storm(Curved):
    """Wind, in metres a second above what does no harm."""

    kind: Literal["storm"]
    curve: Annotated[tuple[tuple[Hours, NonNegative], ...], Field(max_length=10_000), non_empty("point")]
    """Speed of the wind, in metres a second."""
    harmless: NonNegative = 17.0
    """Wind that does no harm: gale, Beaufort 8."""

    def lower(self, _building: str, _zone: str) -> float:
        """Return what is harmless."""
        return self.harmless


class Heatwave(Curved):
    """Heat, in degrees above what is bearable indoors."""

    kind: Literal["heatwave"]
    curve: Curve
    """Temperature outside, in °C."""
    bearable: Number = 30.0
    hotter: FrozenMap[Number] = FrozenMap()
    """Degrees that a building or zone is hotter than others: top floors, no shade."""

    def lower(self, building: str, zone: str) -> float:
        """Return what is bearable there, on the scale of the temperature outside."""
        return self.bearable - self.stated(building, zone)

    def named(self) -> FrozenMap[float]:
        """Return what is stated by building or zone."""
        return self.hotter


class Fire(Local):
    """A fire: level 1 at its buildings until it is put out."""

    kind: Literal["fire"]
    burns: PositiveHours
    """How long until it is put out."""

    def points(self) -> tuple[tuple[float, float], ...]:
        """Return 1 while it burns."""
        end = self.begins + self.burns
        return ((self.begins - TINY_H, 0.0), (self.begins, 1.0), (end, 1.0), (end + TINY_H, 0.0))

    @model_validator(mode="after")
    def _somewhere(self) -> Fire:
        if not self.buildings:
            raise refuse("'buildings' are wanted: a fire is somewhere")
        return self


class Earthquake(Local):
    """Shocks: each has an intensity, and its level stays for a while."""

    kind: Literal["earthquake"]
    shocks: Curve
    """(time, intensity) of the main shock and of those that follow."""
    lasts: PositiveHours = 1.0
    """How long the level stays at the intensity of a shock: people are out of doors, nothing is checked."""
    softer: FrozenMap[Number] = FrozenMap()
    """Intensity that a building or zone feels less than others: good ground, good structure."""

    def points(self) -> tuple[tuple[float, float], ...]:
        """Return the intensity of the strongest shock of the last while."""
        points: list[tuple[float, float]] = []
        for time, intensity in self.shocks:
            end = time + self.lasts
            points += [(time - TINY_H, 0.0), (time, intensity), (end, intensity), (end + TINY_H, 0.0)]
        return tuple(points)

    def lower(self, building: str, zone: str) -> float:
        """Return what is felt less."""
        return self.stated(building, zone)

    def named(self) -> FrozenMap[float]:
        """Return what is stated by building or zone."""
        return self.softer

    @model_validator(mode="after")
    def _apart(self) -> Earthquake:
        rising(self.shocks, "shocks")
        times = [time for time, _ in self.shocks]
        if any(later - earlier <= self.lasts + 2 * TINY_H for earlier, later in zip(times, times[1:], strict=False)):
            raise refuse("shocks further apart than they last are wanted")
        return self


class Poisoning(Spec):
    """A meal that makes people ill: who ate, falls ill after an incubation, residents and those who work here alike."""

    kind: Literal["poisoning"]
    at: Hours
    """The meal."""
    eats: Share
    """Share of those in ``zones`` and ``groups`` who ate."""
    zones: tuple[Name, ...] = ()
    groups: tuple[Name, ...] = ()
    attack: Share
    """Share of those who ate who fall ill."""
    incubation: Duration
    leads_to: FrozenMap[Share]
    """Need types that it leads to, each with the share of those ill who come to need it."""
    away: Duration | None = None
    """How long somebody ill does not work; without it, nobody stays away."""
    closes: tuple[Name, ...] = ()
    """Stores that are closed from ``closed_after`` on: the kitchen is sealed."""
    closed_after: Hours = 6.0
    closed_for: Interval = 72.0
    drives: ClassVar[tuple[str, ...]] = ()
    ends: ClassVar[None] = None

    @property
    def begins(self) -> float:
        """The hour of the meal."""
        return self.at

    @model_validator(mode="after")
    def _known(self) -> Poisoning:
        known_groups("groups", self.groups)
        if not self.leads_to:
            raise refuse("at least one need type is wanted under 'leads_to'")
        return self
