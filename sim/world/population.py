"""The residents as columns, drawn against the marginals or (in ``sim.world.table``) read from one's own.

Attributes are drawn per resident and household sizes per household, by keyed chance: one more resident is the last
row and changes nobody else. Needs and behaviour are elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.chance import Chance
from sim.spec.community import Building, Community, GroupShare, age_band

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

EVERYWHERE = "all"
"""The name of the one zone of a community without zones."""


@dataclass(frozen=True)
class Population:
    """Hold one row a resident and one row a building; arrays are read-only.

    ``household``, ``building`` and ``zone`` are row numbers; ``age`` is in years, NaN where no ages are stated;
    ``groups`` maps each stated vulnerability group to flags; coordinates are in metres.
    """

    household: Ints
    building: Ints
    zone: Ints
    age: Floats
    groups: Mapping[str, Flags]
    building_names: tuple[str, ...]
    building_zone: Ints
    building_x_m: Floats
    building_y_m: Floats
    zone_names: tuple[str, ...]
    traits: Mapping[str, Floats] = field(default_factory=dict)
    """What a table says of each resident's trust, anxiety, compliance and ties: how an earlier crisis left them."""
    knows: tuple[tuple[int, ...], ...] | None = None
    """What it says of whom each resident knows, as rows, the closest first; None where it says nothing."""

    @property
    def size(self) -> int:
        """The number of residents."""
        return int(self.household.size)

    def centre(self, zone: str | None) -> tuple[float, float]:
        """Return the middle of a zone's buildings, or of all buildings, in metres."""
        here = slice(None) if zone is None else self.building_zone == self.zone_names.index(zone)
        return float(self.building_x_m[here].mean()), float(self.building_y_m[here].mean())

    def in_any(self, groups: Iterable[str]) -> Flags:
        """Tell of each resident whether they are in any of some groups; a group that is not stated has nobody."""
        anyone = np.zeros(self.size, bool)
        for group in groups:
            if group in self.groups:
                anyone |= self.groups[group]
        return anyone

    def factor(self, factors: Mapping[str, float]) -> Floats:
        """Return the product of the factors of the groups that each resident is in."""
        product = np.ones(self.size)
        for group, factor in factors.items():
            if group in self.groups:
                product[self.groups[group]] *= factor
        return product


def populate(community: Community, chance: Chance) -> Population:
    """Return the residents of a community."""
    if community.table is not None:
        from sim.world.table import residents_of_table

        return residents_of_table(community, Path(community.table))
    assert community.residents is not None
    buildings, building_zone, zone_names = _buildings(community)
    household = _households(community, community.residents, chance)
    count = community.households if community.households is not None else community.residents
    building = _building_of_household(buildings, community, count)[household]
    who = np.arange(community.residents)
    age = _ages(community, who, chance)
    return frozen(
        household=household,
        building=building,
        zone=building_zone[building],
        age=age,
        groups=_groups(community, who, age, household, chance),
        building_names=tuple(b.id for b in buildings),
        building_zone=building_zone,
        building_x_m=np.array([b.x_m for b in buildings]),
        building_y_m=np.array([b.y_m for b in buildings]),
        zone_names=zone_names,
    )


def frozen(**columns: Any) -> Population:
    """Return a population of these columns, made read-only."""
    for name in ("household", "building", "zone", "building_zone"):
        columns[name] = np.ascontiguousarray(columns[name], dtype=np.int32)
    for column in (*columns.values(), *columns["groups"].values()):
        if isinstance(column, np.ndarray):
            column.setflags(write=False)
    return Population(**columns)


def _buildings(community: Community) -> tuple[tuple[Building, ...], npt.NDArray[np.int64], tuple[str, ...]]:
    zones = community.zones or (EVERYWHERE,)
    if isinstance(community.buildings, tuple):
        listed = community.buildings
        zone = np.array([zones.index(b.zone) if b.zone is not None else 0 for b in listed])
        return listed, zone, zones
    count = community.buildings or 1
    columns = int(np.ceil(np.sqrt(count)))
    grid = tuple(
        Building.model_construct(
            id=f"b{i + 1}", x_m=i % columns * community.spacing_m, y_m=i // columns * community.spacing_m
        )
        for i in range(count)
    )
    return grid, np.arange(count) * len(zones) // count, zones


def _households(community: Community, residents: int, chance: Chance) -> npt.NDArray[np.int64]:
    """Return the household of each resident.

    The first residents are one of each household. Without stated sizes each further one belongs to a household drawn
    for that resident, so that sizes are 1 + Poisson; with stated sizes they fill households in order up to their drawn
    sizes, and a difference from the stated number of residents falls on the last ones.
    """
    if community.households is None:
        return np.arange(residents)
    count = community.households
    further = np.arange(count, residents)
    if community.household_sizes is None:
        others = (chance.uniform("household.of", further) * count).astype(np.int64)
        return np.concatenate([np.arange(count), others])
    sizes = np.array(sorted(int(size) for size in community.household_sizes))
    shares = np.array([community.household_sizes[str(size)] for size in sizes])
    uniform = chance.uniform("household.size", np.arange(count))
    drawn = sizes[np.minimum(np.searchsorted(np.cumsum(shares), uniform), sizes.size - 1)]
    others = np.repeat(np.arange(count), drawn - 1)
    missing = further.size - others.size
    if missing > 0:
        others = np.concatenate([others, count - 1 - np.arange(missing) % count])
    return np.concatenate([np.arange(count), others[: further.size]])


def _building_of_household(buildings: tuple[Building, ...], community: Community, count: int) -> npt.NDArray[np.int64]:
    stated = [b.households for b in buildings if b.households is not None]
    if len(stated) == len(buildings) and sum(stated) == count:
        return np.repeat(np.arange(len(buildings)), stated)
    if community.households is None:
        return np.arange(count) % len(buildings)
    return np.arange(count) * len(buildings) // count


def _ages(community: Community, who: npt.NDArray[np.int64], chance: Chance) -> Floats:
    if community.ages is None:
        return np.full(who.size, np.nan)
    bands = sorted((*age_band(text), share) for text, share in community.ages.items())
    edges = np.cumsum([0.0] + [share for *_, share in bands])
    band = np.minimum(np.searchsorted(edges[1:], chance.uniform("age.band", who)), len(bands) - 1)
    low, high = np.array([b[0] for b in bands]), np.array([b[1] for b in bands])
    return low[band] + np.floor(chance.uniform("age.year", who) * (high[band] - low[band] + 1))


def _groups(
    community: Community, who: npt.NDArray[np.int64], age: Floats, household: npt.NDArray[np.int64], chance: Chance
) -> dict[str, Flags]:
    groups: dict[str, Flags] = {}
    for name, share in community.shares.items():
        if isinstance(share, GroupShare):
            limit = np.full(who.size, share.share)
            for band, of_band in share.by_age.items():
                low, high = age_band(band)
                limit[(age >= low) & (age <= high)] = of_band
        else:
            limit = np.full(who.size, share)
        groups[name] = chance.uniform(f"group.{name}", who) < limit
    if community.ages is not None:
        groups.setdefault("over_80", age >= 80)
        groups.setdefault("child", age < 15)
    if community.household_sizes is not None:
        groups.setdefault("living_alone", np.bincount(household)[household] == 1)
    return groups
