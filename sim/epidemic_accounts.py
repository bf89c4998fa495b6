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
    person = [float(workers[who][0].number) if who in workers else np.nan for who in row.tolist()]
    ill = infections.illness.since if infections is not None and infections.illness is not None else {}
    confirmed = model.positives.confirmed
    isolated = model.isolation.since if model.isolation is not None else {}

    def by_person(times: dict[int, float]) -> np.ndarray:
        found = np.array([times.get(who, np.nan) for who in row.tolist()], np.float64)
        return np.where(episode == 1, found, np.nan)  # what is known of somebody is known of the first infection

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
        "confirmed_h": by_person(confirmed),
        "isolated_h": by_person(isolated),
    }
