"""From a finished model to the table of its infections: one row for each, with what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.records.columns import Columns, coded
from sim.world.epidemic import LAYERS

if TYPE_CHECKING:
    from sim.model import CrisisModel


def infections_of(model: CrisisModel) -> Columns:
    """Return the table ``infections``, in the order of infection; no rows without an epidemic."""
    infections, population, end_h = model.infections, model.population, model.spec.end_h
    rows = infections.rows.array() if infections is not None else np.empty((0, 6))
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0], rows[:, 3]))]
    row, episode = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)
    here = row < population.size
    building = np.full(row.size, -1)
    building[here] = population.building[row[here]]
    workers = infections.workers if infections is not None else {}
    joined = {who: [p for p in people if p.employed or p.duty] for who, people in workers.items()}
    person = [float(joined[who][0].number) if joined.get(who) else np.nan for who in row.tolist()]
    ill = infections.illness.since if infections is not None and infections.illness is not None else {}
    confirmed = model.positives.confirmations
    spells = model.isolation.spells if model.isolation is not None else {}
    again = np.full(row.size, np.inf)  # when the same person is infected next
    order = np.lexsort((episode, row))
    same = np.diff(row[order]) == 0
    again[order[:-1][same]] = rows[order[1:][same], 3]

    def known(number: int) -> float:
        times = confirmed.get(int(row[number]), ())
        return next((time for time in times if rows[number, 3] <= time < again[number]), np.nan)

    def stay(number: int) -> tuple[float, float]:
        """Return the first stay that falls into the infectious time of an infection."""
        _, _, _, _, begin, end = rows[number]
        there = (spell for spell in spells.get(int(row[number]), ()) if spell[1] > begin and spell[0] < end)
        since, until = next(there, (np.nan, np.nan))
        return since, until

    stays = np.array([stay(k) for k in range(row.size)], np.float64).reshape(-1, 2)

    def until_the_end(column: np.ndarray) -> np.ndarray:
        return np.where(column < end_h, column, np.nan)

    return {
        "resident": np.where(here, row, np.nan),
        "person": np.array(person, np.float64),
        "building": coded(building, population.building_names),
        "episode": episode.astype(np.int32),
        "layer": coded(rows[:, 2], LAYERS),
        "infected_h": rows[:, 3].copy(),
        "infectious_h": until_the_end(rows[:, 4]),
        "recovered_h": until_the_end(rows[:, 5]),
        "ill_h": np.array([ill.get(key, np.nan) for key in zip(row.tolist(), episode.tolist(), strict=True)], float),
        "confirmed_h": np.array([known(k) for k in range(row.size)], np.float64),
        "isolated_h": stays[:, 0].copy(),
        "released_h": until_the_end(stays[:, 1]),
        **{f"in_{name}": here & flags[np.where(here, row, 0)] for name, flags in population.groups.items()},
    }
