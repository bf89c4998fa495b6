"""How strong a hazard is, where and when: the intensity that thins candidate needs.

Each kind of hazard has a bound and an intensity for candidates (times and residents as columns). Logs of real
requests are read here. Rates of need types are in ``sim.world.demand``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sim.chance import Chance
from sim.errors import InputError, Problem, nearest
from sim.spec.base import LONGEST_H
from sim.spec.hazards import Hazard, Lockdown, RequestLog, Steady, Surge
from sim.spec.local_hazards import Local, Poisoning
from sim.world.levels import Levels
from sim.world.population import Population

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Strength:
    """The intensity of one hazard for the residents of one population."""

    name: str
    hazard: Hazard
    population: Population
    chance: Chance

    def bound(self) -> float:
        """Return a number that the intensity never exceeds."""
        if isinstance(self.hazard, Local):
            return self.hazard.strongest()
        if isinstance(self.hazard, Surge):
            if self.hazard.curve is not None:
                return max(level for _, level in self.hazard.curve)
            assert self.hazard.log is not None
            return 0.0 if self.hazard.log.replay else float(_binned(self.hazard.log).max())
        return max(1.0, self.hazard.before) if isinstance(self.hazard, Lockdown) else 1.0

    def intensity(self, time_h: Floats, resident: Rows) -> Floats:
        """Return the intensity at each time for each resident (columns of equal length)."""
        hazard = self.hazard
        if isinstance(hazard, Local):
            return hazard.gain * self.levels.at(time_h, self.population.building[resident])
        assert not isinstance(hazard, Poisoning)  # it drives nothing
        on = time_h >= hazard.begins
        if hazard.ends is not None:
            on &= time_h < hazard.ends
        if hazard.zones:
            on &= self.footprint()[resident]
        if isinstance(hazard, Steady):
            return on.astype(np.float64)
        if isinstance(hazard, Lockdown):
            if hazard.reserve is not None:
                household = self.population.household[resident]
                reserve = hazard.reserve.quantile(self.chance.uniform(f"reserve.{self.name}", household))
                on &= time_h >= hazard.begins + reserve
            return np.where(on, 1.0, hazard.before)
        return np.where(on, self._surge(hazard, time_h), 0.0)

    @cached_property
    def levels(self) -> Levels:
        """Return the levels of a hazard that has one at each building."""
        assert isinstance(self.hazard, Local)
        return Levels(self.hazard, self.population)

    def footprint(self) -> npt.NDArray[np.bool_]:
        """Return which residents live where the hazard is."""
        names, zones = self.population.zone_names, self.hazard.zones
        if not zones:
            return np.ones(self.population.size, bool)
        return np.isin(self.population.zone, [names.index(zone) for zone in zones if zone in names])

    def _surge(self, hazard: Surge, time_h: Floats) -> Floats:
        if hazard.curve is not None:
            times, levels = zip(*hazard.curve, strict=True)
            return np.interp(time_h, times, levels)
        assert hazard.log is not None
        if hazard.log.replay:
            return np.zeros(time_h.size)
        counts = _binned(hazard.log)
        place = (time_h / hazard.log.bin).astype(np.int64)
        return np.where(place < counts.size, counts[np.minimum(place, counts.size - 1)], 0.0)

    def replayed(self) -> Floats:
        """Return the times of a log that is replayed, in hours; empty for every other hazard."""
        if isinstance(self.hazard, Surge) and self.hazard.log is not None and self.hazard.log.replay:
            return read_log(self.hazard.log)
        return np.empty(0)


def _binned(log: RequestLog) -> Floats:
    """Return requests an hour in each bin from hour 0."""
    times = read_log(log)
    times = times[times < LONGEST_H]
    counts = np.bincount((times / log.bin).astype(np.int64), minlength=1)
    return counts / log.bin


@lru_cache(maxsize=8)
def _read(path: str, _changed: float, column: str, only: tuple[tuple[str, str], ...], start: str | None) -> Floats:
    problems: list[Problem] = []
    stamps: list[datetime] = []
    with Path(path).open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        names = reader.fieldnames or []
        for name in (column, *(key for key, _ in only)):
            if name not in names:
                raise InputError(path, [Problem(name, f"no such column{nearest(name, names)}")])
        for number, row in enumerate(reader, start=2):
            if all(row[key] == wanted for key, wanted in only):
                try:
                    stamps.append(datetime.fromisoformat(row[column]).replace(tzinfo=None))
                except (ValueError, TypeError):
                    problems.append(
                        Problem(
                            column,
                            f"a date and time such as 2015-05-25T18:30:00 is wanted; found {row[column]!r}",
                            number,
                        )
                    )
    if problems:
        raise InputError(path, problems[:10])
    if not stamps:
        raise InputError(path, [Problem(column, "no row is left: the file is empty or 'only' keeps nothing")])
    first = (
        datetime.fromisoformat(start) if start is not None else min(stamps).replace(minute=0, second=0, microsecond=0)
    )
    hours = np.sort(np.array([(stamp - first).total_seconds() / 3600 for stamp in stamps]))
    hours = hours[hours >= 0]
    if not hours.size:
        raise InputError(path, [Problem(column, f"no timestamp is at or after the start, {first.isoformat(sep=' ')}")])
    return hours


def read_log(log: RequestLog) -> Floats:
    """Return the times of a request log in hours since its start, sorted; raises InputError for what cannot be read."""
    try:
        changed = Path(log.file).stat().st_mtime
        return _read(log.file, changed, log.column, tuple(sorted(log.only.items())), log.start)
    except OSError as error:
        raise InputError(log.file, [Problem("", f"the request log cannot be read: {error.strerror}")]) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(log.file, [Problem("", f"a CSV file in UTF-8 is wanted: {error}")]) from None
