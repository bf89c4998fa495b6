"""The visitors of a site as columns: who they are, what is drawn for each, and of which class they are.

Every draw belongs to a visitor (by resident, or by number where visitors come from anywhere) and a round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.records.codes import STILL_OPEN
from sim.spec.distributions import Distribution

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.sites import Site as SiteSpec

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Visitors:
    """Hold one entry a visitor in each column, and draw what belongs to them."""

    def __init__(self, model: CrisisModel, name: str, spec: SiteSpec) -> None:
        self.model = model
        self.name = name
        self.spec = spec
        self.kinds: tuple[str, ...] = tuple(spec.classes)
        self.round = 0
        self.size = 0
        self.columns: dict[str, list[float]] = {
            key: [] for key in ("resident", "key", "round", "kind", "called", "slot", "arrived", "left", "end")
        }
        self.arrived, self.left, self.end = (self.columns[key] for key in ("arrived", "left", "end"))
        self.service: dict[str, list[float]] = {station: [] for station in spec.stations}
        """Length of each visitor's first service at a station, in hours."""
        self.patience: dict[str, list[float]] = {n: [] for n, s in spec.stations.items() if s.patience is not None}
        self.walks: dict[str, list[float]] = {n: [] for n, s in spec.stations.items() if s.walk is not None}

    def add(self, keys: Ints, resident: Ints, kind: Ints, called: Floats, slot: Floats) -> range:
        """Add visitors of the current round; ``keys`` are what their draws belong to. Returns their numbers."""
        first, count = self.size, keys.size
        self.size += count
        fresh = {
            "resident": resident, "key": keys, "round": np.full(count, self.round), "kind": kind, "called": called,
            "slot": slot, "arrived": np.full(count, np.nan), "left": np.full(count, np.nan),
            "end": np.full(count, STILL_OPEN),
        }  # fmt: skip
        for name, values in fresh.items():
            self.columns[name].extend(values.tolist())
        for name, spec in self.spec.stations.items():
            _grow(self.service[name], self._services(name, spec.service, keys, kind))
            if spec.patience is not None:
                _grow(self.patience[name], spec.patience.quantile(self.uniform(f"{name}.patience", keys)))
            if spec.walk is not None:
                _grow(self.walks[name], spec.walk.quantile(self.uniform(f"{name}.walk", keys)))
        return range(first, self.size)

    def _services(self, station: str, law: Distribution, keys: Ints, kind: Ints) -> Floats:
        uniform = self.uniform(f"{station}.service", keys)
        drawn = np.array(law.quantile(uniform))
        for number, spec in enumerate(self.spec.classes.values()):
            if station in spec.service:
                mine = kind == number
                drawn[mine] = spec.service[station].quantile(uniform[mine])
        return drawn

    def uniform(self, question: str, keys: Ints) -> Floats:
        """Return the uniforms that decide a question about visitors of this round."""
        return self.model.chance.uniform(f"site.{self.name}.{question}", keys, self.round)

    def one(self, question: str, visitor: int, turn: int) -> float:
        """Return the uniform that decides a question about one visitor; ``turn`` above 1 for a further time."""
        key, number = int(self.columns["key"][visitor]), int(self.columns["round"][visitor])
        keys = (key, number, turn) if turn > 1 else (key, number)
        return self.model.chance.one(f"site.{self.name}.{question}", *keys)

    def law(self, name: str, visitor: int) -> Distribution:
        """Return the law of a visitor's services at a station."""
        number = int(self.columns["kind"][visitor])
        own = self.spec.classes[self.kinds[number]].service if number >= 0 else {}
        return own.get(name, self.spec.stations[name].service)

    def shows(self, keys: Ints, kinds: Ints, no_show: float) -> npt.NDArray[np.bool_]:
        """Tell of each who is called whether they come; ``no_show`` is the share of those whose class states none."""
        own = [kind.no_show for kind in self.spec.classes.values()]
        share = np.array([no_show, *(no_show if stated is None else stated for stated in own)])[kinds + 1]
        return np.asarray(self.uniform("no_show", keys) >= share)

    def kinds_of(self, residents: Ints, keys: Ints | None = None) -> Ints:
        """Return the class of each visitor: the first whose description fits, −1 for none.

        ``residents`` are rows, negative for visitors from anywhere, who are in no group.
        """
        kinds = np.full(residents.size, -1)
        uniform = self.uniform("class", residents if keys is None else keys)
        population = self.model.population
        edge = 0.0
        for number, kind in enumerate(self.spec.classes.values()):
            fits = population.in_any(kind.groups)[residents] & (residents >= 0)
            if kind.contacts:
                fits = np.isin(residents, list(self.model.positives.contacts))
            if kind.share is not None:
                fits = (uniform >= edge) & (uniform < edge + kind.share)
                edge += kind.share
            kinds[fits & (kinds < 0)] = number
        return kinds

    def excused(self, visitor: int) -> bool:
        """Tell whether nobody expects somebody who was called: ill at home, or confirmed and in isolation."""
        resident = int(self.columns["resident"][visitor])
        isolation, infections = self.model.isolation, self.model.infections
        if resident < 0 or infections is None:
            return False
        ill = infections.illness is not None and resident in infections.illness.at_home
        return ill or (isolation is not None and isolation.excused(resident))

    def came_near(self, resident: int, within_h: float) -> set[int]:
        """Return the residents who came here within a time of somebody."""
        who = np.array(self.columns["resident"], np.float64)
        arrived = np.array(self.arrived, np.float64)
        if self.spec.logged < 1:
            keys, rounds = np.array(self.columns["key"], np.int64), np.array(self.columns["round"], np.int64)
            logged = self.model.chance.uniform(f"site.{self.name}.logged", keys, rounds) < self.spec.logged
            arrived = np.where(logged, arrived, np.nan)
        near: set[int] = set()
        for time in arrived[(who == resident) & ~np.isnan(arrived)].tolist():
            near.update(who[(np.abs(arrived - time) <= within_h) & (who >= 0)].astype(np.int64).tolist())
        near.discard(resident)
        return near


def _grow(column: list[float], drawn: Floats) -> None:
    column.extend(np.asarray(drawn, dtype=np.float64).tolist())
