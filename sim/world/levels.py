"""The level of a hazard at each building over time: where it stands, and over which times it is above a height."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sim.spec.local_hazards import Local
from sim.world.population import Population

Floats = npt.NDArray[np.float64]
Spells = list[tuple[float, float]]
"""Times (begin, end) in hours."""


class Levels:
    """The level of one hazard: a curve over time, lower by an amount at each building, never below 0."""

    def __init__(self, hazard: Local, population: Population) -> None:
        self.hazard = hazard
        times, values = zip(*hazard.points(), strict=True)
        self.times: Floats = np.array(times)
        self.values: Floats = np.array(values)
        zones = [population.zone_names[zone] for zone in population.building_zone]
        names = population.building_names
        self.lower: Floats = np.array([hazard.lower(b, z) for b, z in zip(names, zones, strict=True)])
        inside = [b in hazard.buildings or z in hazard.zones for b, z in zip(names, zones, strict=True)]
        everywhere = not hazard.buildings and not hazard.zones
        self.inside = np.array(inside) | everywhere

    def at(self, time_h: Floats, building: npt.NDArray[np.integer]) -> Floats:
        """Return the level at each time at each building (columns of equal length)."""
        hazard = self.hazard
        on = (time_h >= hazard.begins) & self.inside[building]
        if hazard.ends is not None:
            on &= time_h < hazard.ends
        level: Floats = np.interp(time_h, self.times, self.values) - self.lower[building]
        return np.where(on, np.maximum(level, 0.0), 0.0)

    def above(self, over: float, end_h: float) -> dict[int, Spells]:
        """Return the spells in which the level is higher than a height, by building; those without are left out."""
        begin = self.hazard.begins
        end = end_h if self.hazard.ends is None else min(self.hazard.ends, end_h)
        found: dict[float, Spells] = {}
        spells: dict[int, Spells] = {}
        for building in np.flatnonzero(self.inside).tolist():
            height = float(self.lower[building]) + max(over, 0.0)
            if height not in found:
                found[height] = self._spells(height, begin, end)
            if found[height]:
                spells[building] = found[height]
        return spells

    def _spells(self, height: float, begin_h: float, end_h: float) -> Spells:
        """Return when the curve is above a height, between two times."""
        if begin_h >= end_h:
            return []
        inner = self.times[(self.times > begin_h) & (self.times < end_h)]
        times = np.concatenate([[begin_h], inner, [end_h]])
        values = np.interp(times, self.times, self.values) - height
        spells: Spells = []
        since = begin_h if values[0] > 0 else None
        for k in range(1, times.size):
            before, after = float(values[k - 1]), float(values[k])
            if (before > 0) == (after > 0):
                continue
            crossing = float(times[k - 1] + (times[k] - times[k - 1]) * before / (before - after))
            if before == 0 or after == 0:  # touched at a point: exactly there
                crossing = float(times[k - 1] if before == 0 else times[k])
            if since is None:
                since = crossing
            else:
                spells.append((since, crossing))
                since = None
        if since is not None:
            spells.append((since, end_h))
        return [(begin, end) for begin, end in spells if end > begin]
