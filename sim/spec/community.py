"""Who lives where: residents, households, buildings, zones, ages and vulnerability groups; marginals or a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from sim.errors import nearest
from sim.spec.base import (
    FrozenMap,
    Integer,
    Name,
    Number,
    Positive,
    Share,
    Spec,
    Text,
    between,
    non_empty,
    refuse,
)

GROUPS = ("over_80", "living_alone", "disabled", "chronic_illness", "child", "pregnant", "offline", "in_rehabilitation")
"""The vulnerability groups; they overlap."""

MOST_RESIDENTS = 2_000_000
OLDEST = 100
_BAND = re.compile(r"(\d{1,3})(?:-(\d{1,3})|\+)")


def age_band(text: str) -> tuple[int, int]:
    """Return "15-59" as (15, 59) and "80+" as (80, 100)."""
    match = _BAND.fullmatch(text)
    if not match:
        raise refuse(f"an age band such as '15-59' or '80+' is wanted; found {text!r}")
    low, high = int(match.group(1)), int(match.group(2) or OLDEST)
    if low > high:
        raise refuse(f"an age band from young to old is wanted; found {text!r}")
    return low, high


def check_bands(place: str, bands: Iterable[str]) -> None:
    """Refuse age bands that cannot be read, or that overlap; an error begins with the place, where one is given."""
    before = f"{place}: " if place else ""
    try:
        spans = sorted(age_band(band) for band in bands)
    except PydanticCustomError as error:
        raise refuse(before + error.message()) from None
    if any(low <= last for (_, last), (low, _) in zip(spans, spans[1:], strict=False)):
        raise refuse(f"{before}age bands that do not overlap are wanted")


Metres = Annotated[Number, between(-100_000, 100_000, "a place within 100 km")]


class Building(Spec):
    """One building on the plan of the estate, in metres."""

    id: Name
    zone: Name | None = None
    x_m: Metres = 0.0
    y_m: Metres = 0.0
    households: Annotated[Integer, between(0, MOST_RESIDENTS, "a number of households")] | None = None


class GroupShare(Spec):
    """The share of residents in a group, with shares of their own for some age bands."""

    share: Share
    by_age: FrozenMap[Share] = FrozenMap()

    @model_validator(mode="after")
    def _bands(self) -> GroupShare:
        for band in self.by_age:
            age_band(band)
        return self


def _known_group(name: str) -> None:
    if name not in GROUPS:
        raise refuse(f"{name!r} is no vulnerability group{nearest(name, GROUPS)}")


def known_groups(place: str, names: Iterable[str]) -> None:
    """Refuse a name that is no vulnerability group."""
    for name in names:
        if name not in GROUPS:
            raise refuse(f"{place}: {name!r} is no vulnerability group{nearest(name, GROUPS)}")


class Community(Spec):
    """The people and the plan of the estate.

    ``buildings`` is a count, laid out on a grid, or a list; households fill buildings in order, zones hold neighbouring
    buildings. Household sizes and attributes are drawn per household and per resident against the marginals.
    """

    residents: Annotated[Integer, between(1, MOST_RESIDENTS, f"between 1 and {MOST_RESIDENTS:,} residents")] | None = (
        None
    )
    households: (
        Annotated[Integer, between(1, MOST_RESIDENTS, f"between 1 and {MOST_RESIDENTS:,} households")] | None
    ) = None
    buildings: (
        Annotated[
            Annotated[Integer, between(1, 100_000, "between 1 and 100,000 buildings"), Tag("a count")]
            | Annotated[tuple[Building, ...], non_empty("building"), Tag("a list")],
            Discriminator(lambda given: "a list" if isinstance(given, (list, tuple)) else "a count"),
        ]
        | None
    ) = None
    zones: tuple[Name, ...] = ()
    ages: FrozenMap[Share] | None = None
    household_sizes: FrozenMap[Share] | None = None
    shares: FrozenMap[
        Annotated[
            Annotated[Share, Tag("a share")] | Annotated[GroupShare, Tag("a map")],
            Discriminator(lambda given: "a map" if isinstance(given, (Mapping, GroupShare)) else "a share"),
        ]
    ] = FrozenMap()
    spacing_m: Annotated[Positive, between(1e-12, 2000, "at most 2,000 m between buildings")] = 50.0
    """Distance between neighbouring buildings of the grid."""
    table: Text | None = Field(default=None, alias="from")
    """Your own residents: a Parquet or CSV file beside the scenario; see docs/data-dictionary.md for its columns."""

    def count(self) -> int:
        """Return the number of buildings that are stated."""
        return len(self.buildings) if isinstance(self.buildings, tuple) else self.buildings or 1

    @model_validator(mode="after")
    def _whole(self) -> Community:
        if self.table is not None:
            clash = [
                name
                for name in ("residents", "households", "buildings", "ages", "household_sizes", "shares")
                if name in self.model_fields_set
            ]
            if clash:
                raise refuse(f"either 'from' or marginals are wanted; found 'from' with {', '.join(clash)}")
            return self
        if self.residents is None:
            raise refuse("'residents' (a count) or 'from' (a table) is wanted; found neither")
        if self.households is not None and self.households > self.residents:
            raise refuse(
                f"at most one household a resident is wanted; found {self.households} for {self.residents} residents"
            )
        if len(set(self.zones)) < len(self.zones):
            raise refuse("zones of different names are wanted; found one twice")
        if isinstance(self.buildings, tuple):
            self._check_buildings(self.buildings)
        elif isinstance(self.buildings, int) and len(self.zones) > self.buildings:
            raise refuse(
                f"at least one building a zone is wanted; found {self.buildings} buildings for {len(self.zones)} zones"
            )
        return self

    def _check_buildings(self, buildings: tuple[Building, ...]) -> None:
        names = [building.id for building in buildings]
        twice = sorted({name for name in names if names.count(name) > 1}) if len(names) < 5000 else []
        if twice:
            raise refuse(f"buildings of different ids are wanted; found {twice[0]!r} twice")
        for building in buildings:
            if building.zone is not None and building.zone not in self.zones:
                hint = nearest(building.zone, self.zones)
                raise refuse(f"building {building.id!r}: no zone is called {building.zone!r}{hint}")
        empty = [zone for zone in self.zones if zone not in {building.zone for building in buildings}]
        if empty and any(building.zone is not None for building in buildings):
            raise refuse(f"no building stands in the zone {empty[0]!r}")
        stated = [building.households for building in buildings if building.households is not None]
        if stated and self.households is not None and len(stated) == len(buildings) and sum(stated) != self.households:
            raise refuse(
                f"the households of the buildings add up to {sum(stated)}, the community states {self.households}"
            )

    @model_validator(mode="after")
    def _marginals(self) -> Community:
        for name in self.shares:
            _known_group(name)
        if self.ages is not None:
            check_bands("", self.ages)
            _sums_to_one("ages", self.ages)
        if self.household_sizes is not None:
            for size in self.household_sizes:
                if not re.fullmatch(r"[1-9]\d?", size):
                    raise refuse(f"household sizes from 1 to 99 are wanted; found {size!r}")
            _sums_to_one("household_sizes", self.household_sizes)
        return self


def _sums_to_one(what: str, shares: FrozenMap[float]) -> None:
    total = sum(shares.values())
    if abs(total - 1) > 1e-6:
        raise refuse(f"shares of {what} that add up to 1 are wanted; they add up to {total:g}")


Phase = Literal["warning", "emergency", "protracted", "resolution"]
PHASES: tuple[Phase, ...] = ("warning", "emergency", "protracted", "resolution")
