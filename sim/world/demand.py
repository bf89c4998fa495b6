"""The needs that the world offers, as columns drawn before t = 0.

Per resident and need type, candidates are points of a Poisson process at the type's highest rate; a candidate becomes
a need if its mark is below the rate at its moment. Rates known beforehand (timetable, hazards, groups, timed injects)
thin here; a type whose rate depends on the state of the run keeps its marks, and the model decides at each onset.
Every draw is keyed by (resident, how manyth need of this type), so that plans face the same needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.chance import Chance
from sim.errors import InputError, Problem
from sim.spec.changes import Change
from sim.spec.needs import Need
from sim.spec.scenario import Scenario
from sim.spec.sizes import MOST_NEEDS
from sim.world.decided import asked_in_run, state_decided
from sim.world.hazards import Strength
from sim.world.population import Population
from sim.world.rates import Rates

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
ACCEPTED = -1.0
"""The mark of a candidate whose rate is decided, but not whether its resident knows what would spare it."""
CAUSED = -2.0
"""The mark of a need that another need leads to."""
LARGEST_BLOCK = 1 << 20
"""Gaps drawn at a time, at most."""
MORE_FROM = 1 << 29
"""Needs that only a conditional inject can bring are numbered from here."""
REPLAY_FROM = 1 << 30
"""Needs replayed from a log are numbered from here, so that they share no key with the others of their resident."""


@dataclass(frozen=True)
class Demand:
    """Hold one row a candidate need, by onset; arrays are read-only.

    ``need_type`` is a row of ``type_names``; ``nth`` numbers the needs of a type and resident; times are hours;
    ``request_h`` is NaN for a need never reported; ``patience_h`` is infinite where nobody leaves; ``mark`` is NaN
    for a need that is decided already, and else the share of the type's bound below which it is accepted.
    """

    type_names: tuple[str, ...]
    need_type: npt.NDArray[np.int16]
    resident: npt.NDArray[np.int32]
    nth: npt.NDArray[np.int32]
    onset_h: Floats
    request_h: Floats
    patience_h: Floats
    service_h: Floats
    mark: Floats

    @property
    def size(self) -> int:
        """The number of candidates."""
        return int(self.onset_h.size)


def draw(scenario: Scenario, population: Population, chance: Chance, rates: Rates) -> Demand:
    """Return all candidate needs until the end of the run, sorted by onset."""
    undecided = state_decided(scenario)
    parts: list[dict[str, npt.NDArray[np.generic]]] = []
    for index, (name, need) in enumerate(scenario.world.needs.items()):
        injects = undecided.get(name)
        if need.clients is not None:
            onset, resident, nth = _appointments(name, need, scenario.end_h, population, chance)
            mark = np.full(onset.size, ACCEPTED if asked_in_run(need) else np.nan)
        else:
            onset, resident, nth, mark = _points(name, need, scenario.end_h, population, chance, rates, injects)
        parts.append(details(index, name, need, onset, resident, nth, mark, chance))
    if sum(part["onset_h"].size for part in parts) > MOST_NEEDS:
        raise InputError(scenario.name, [Problem("world.needs", f"at most {MOST_NEEDS:,} needs are wanted")])
    if not parts:
        nothing = np.empty(0)
        who, kinds = np.empty(0, np.int32), np.empty(0, np.int16)
        return Demand((), kinds, who, who, nothing, nothing, nothing, nothing, nothing)
    order = np.argsort(np.concatenate([part["onset_h"] for part in parts]), kind="stable")
    columns: dict[str, Any] = {}
    for key in list(parts[0]):  # one after the other: a million needs are held once, not three times
        columns[key] = np.concatenate([part.pop(key) for part in parts])[order]
        columns[key].setflags(write=False)
    return Demand(type_names=tuple(scenario.world.needs), **columns)


def _points(
    name: str,
    need: Need,
    end_h: float,
    population: Population,
    chance: Chance,
    rates: Rates,
    injects: tuple[Change, ...] | None,
) -> tuple[Floats, Rows, Rows, Floats]:
    """Return (onset, resident, nth, mark) of a type's candidates; decided ones have no mark.

    What conditional injects may add at most is a process of its own, so that one that never happens moves nothing.
    """
    weight = rates.base(need)[0]
    bound = rates.bound(name)
    onset, resident, nth = _poisson(f"need.{name}.gap", weight * bound, end_h, chance)
    mark = np.full(onset.size, np.nan)
    if injects is not None:
        most = rates.most(name, injects)
        mark = chance.uniform(f"need.{name}.mark", resident, nth) * (bound / most) if onset.size else mark
        onset2, resident2, nth2 = _poisson(f"need.{name}.more", weight * (most - bound), end_h, chance)
        nth2 = MORE_FROM + nth2
        if onset2.size:
            mark2 = (bound + chance.uniform(f"need.{name}.mark", resident2, nth2) * (most - bound)) / most
            onset, resident, nth = np.append(onset, onset2), np.append(resident, resident2), np.append(nth, nth2)
            mark = np.append(mark, mark2)
    elif onset.size and not rates.constant(name):
        keep = chance.uniform(f"need.{name}.mark", resident, nth) < rates.share(name, bound, onset, resident)
        onset, resident, nth, mark = onset[keep], resident[keep], nth[keep], mark[keep]
    for driver in rates.drivers(name):
        times = driver.replayed()
        if times.size:
            onset2, resident2, nth2 = _replay(name, need, driver, times, end_h, population, chance, rates)
            onset, resident, nth = np.append(onset, onset2), np.append(resident, resident2), np.append(nth, nth2)
            mark = np.append(mark, np.full(onset2.size, np.nan))
    if asked_in_run(need):
        mark = np.where(np.isnan(mark), ACCEPTED, mark)
    return onset, resident, nth, mark


def _appointments(
    name: str, need: Need, end_h: float, population: Population, chance: Chance
) -> tuple[Floats, Rows, Rows]:
    """Return (onset, resident, nth) of standing clients' appointments, each client's at a moment of their own."""
    assert need.clients is not None
    clients, every = np.flatnonzero(population.in_any([need.clients.group])), need.clients.every
    clients = clients[chance.uniform(f"need.{name}.client", clients) < need.clients.share] if clients.size else clients
    nth = np.arange(int(end_h // every) + 1)
    if not clients.size:
        return np.empty(0), clients, clients
    times = chance.uniform(f"need.{name}.appointment", clients)[:, None] * every + nth[None, :] * every
    row, column = np.nonzero(times < end_h)
    return times[row, column], clients[row], nth[column]


def _poisson(stream: str, rate: Floats, end_h: float, chance: Chance) -> tuple[Floats, Rows, Rows]:
    """Return the points of each resident's own Poisson process: sums of exponential gaps keyed by (resident, nth)."""
    from scipy.special import log1p

    times, residents, ordinals = [np.empty(0)], [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    if rate.sum() * end_h > MOST_NEEDS:
        raise InputError(
            stream, [Problem("", f"at most {MOST_NEEDS:,} needs are wanted; this rate makes {rate.sum() * end_h:,.0f}")]
        )
    who = np.flatnonzero(rate > 0)
    unit = np.zeros(who.size)
    limit = rate[who] * end_h
    nth = 0
    while who.size:
        # as many gaps at a time as most of those who go on will need
        block = np.arange(nth, nth + max(1, min(int(np.median(limit - unit)) + 1, LARGEST_BLOCK // who.size)))
        gaps = -log1p(-chance.uniform(stream, who[:, None], block[None, :]))
        gaps[:, 0] += unit
        sums = np.cumsum(gaps, axis=1, out=gaps)
        row, column = np.nonzero(sums < limit[:, None])
        times.append(sums[row, column] / rate[who[row]])
        residents.append(who[row])
        ordinals.append(block[column])
        unit = sums[:, -1]
        go_on = unit < limit
        who, unit, limit = who[go_on], unit[go_on], limit[go_on]
        nth += block.size
    return np.concatenate(times), np.concatenate(residents), np.concatenate(ordinals)


def _replay(
    name: str,
    need: Need,
    driver: Strength,
    times: Floats,
    end_h: float,
    population: Population,
    chance: Chance,
    rates: Rates,
) -> tuple[Floats, Rows, Rows]:
    """Return a log's timestamps as needs, each of a resident drawn by weight; ``per_hour`` below 1 keeps a share."""
    number = np.arange(times.size)
    hazard = driver.hazard
    keep = (times < end_h) & (times >= hazard.begins) & (times < (np.inf if hazard.ends is None else hazard.ends))
    share = np.zeros(times.size)
    for begin, world in rates.worlds:
        later = times >= begin
        of_time = world.needs[name]
        share[later] = (of_time.per_hour or 0.0) * rates.phase_factor(of_time, times[later])
    keep &= chance.uniform(f"need.{name}.replayed.{driver.name}", number) < share
    times, number = times[keep], number[keep]
    weight = rates.base(need)[0] * driver.footprint()
    if not weight.any():
        return np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64)
    edges = np.cumsum(weight)
    resident = (
        np.searchsorted(edges, chance.uniform(f"need.{name}.whose.{driver.name}", number) * edges[-1])
        if number.size
        else number
    )
    first = REPLAY_FROM + (list(rates.strengths).index(driver.name) << 25)
    return times, np.minimum(resident, population.size - 1), first + number


def details(
    index: int, name: str, need: Need, onset: Floats, resident: Rows, nth: Rows, mark: Floats, chance: Chance
) -> dict[str, npt.NDArray[np.generic]]:
    """Return the columns of needs of one type: what belongs to each need and is drawn beforehand."""
    request = onset
    if need.reporting_delay is not None:
        request = request + need.reporting_delay.quantile(chance.uniform(f"need.{name}.reporting", resident, nth))
    if need.reported < 1:
        request = np.where(chance.uniform(f"need.{name}.reported", resident, nth) < need.reported, request, np.nan)
    patience = np.full(onset.size, np.inf)
    if need.patience is not None:
        patience = need.patience.quantile(chance.uniform(f"need.{name}.patience", resident, nth))
    return {
        "need_type": np.full(onset.size, index, np.int16),
        "resident": resident.astype(np.int32),
        "nth": nth.astype(np.int32),
        "onset_h": onset,
        "request_h": request,
        "patience_h": patience,
        "service_h": need.service.quantile(chance.uniform(f"need.{name}.service", resident, nth)),
        "mark": mark,
    }
