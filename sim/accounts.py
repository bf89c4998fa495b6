"""From a finished model to its result: the books of every mechanism as the columns of the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.epidemic_accounts import infections_of
from sim.people_accounts import conditions, people_accounts
from sim.plan_accounts import plan_accounts, servers_of
from sim.records.codes import ENDS, MET_BY, ORIGINS, OUTCOMES, STOCK_EVENTS, USES
from sim.records.columns import Columns, coded, words
from sim.records.result import Result
from sim.response.book import End, State
from sim.spec.community import PHASES
from sim.spec.needs import LAYERS
from sim.world.decided import conditional
from sim.world.demand import ACCEPTED, CAUSED

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.world.population import Population

Floats = npt.NDArray[np.float64]


def result_of(model: CrisisModel) -> Result:
    """Return the result of a finished run."""
    spec = model.spec
    return Result(
        scenario=spec.name,
        seed=model.chance.seed,
        replication=model.chance.replication,
        warm_up_h=spec.warm_up,
        horizon_h=spec.horizon,
        end_h=spec.end_h,
        look_h=model.look_h,
        raw=_collect(model),
        groups=tuple(model.population.groups),
        group_sizes=_group_sizes(model.population),
    )


def _group_sizes(population: Population) -> dict[str, int]:
    """Return the residents in each group, in any of them (vulnerable) and in none (others)."""
    anyone = population.in_any(population.groups)
    sizes = {name: int(flags.sum()) for name, flags in population.groups.items()}
    return {**sizes, "vulnerable": int(anyone.sum()), "others": int((~anyone).sum())}


def _collect(model: CrisisModel) -> dict[str, Columns]:
    """Return the tables that were written down during the run."""
    keep = np.flatnonzero(model.book.state_column != State.CANDIDATE)
    if (model.demand.mark == CAUSED).any():  # what leads to them decides when: last in the demand, in time in the table
        keep = keep[np.argsort(model.book.onset_h[keep], kind="stable")]
    number = np.full(model.book.demand.size + 1, -1, np.int64)
    number[keep] = np.arange(keep.size)
    return {
        "needs": _needs(model, keep, number),
        "visits": _visits(model, number),
        "stock": _stock(model),
        "phases": _phases(model),
        "assignments": _assignments(model, number),
        "shifts": _shifts(model),
        **plan_accounts(model),
        "infections": infections_of(model),
        **people_accounts(model, number, _unit_of(model)),
        "events": {
            "t_h": np.array([t for t, *_ in model.events]),
            "event": words([kind for _, kind, *_ in model.events]),
            "subject": [subject for *_, subject, _ in model.events],
            "detail": [detail for *_, detail in model.events],
        },
        "_people": {
            "unit": coded([p.team.number for p in model.people], tuple(model.teams)),
            "resident": np.array([np.nan if p.resident is None else p.resident for p in model.people], np.float64),
            "members": words([p.team.spec.members for p in model.people]),
            "tier": words([p.team.spec.tier for p in model.people]),
            "skills": words(["+".join(sorted(p.skills)) for p in model.people]),
            "cost_per_h": np.array(
                [np.nan if (c := p.team.spec.cost_per_h) is None else c for p in model.people], dtype=np.float64
            ),
            **conditions(model),
        },
        "_run": {
            "residents": model.population.size,
            "sessions": [spec.sessions is not None for spec in model.book.specs],
            "layers": _layers(model),
            **model.positives.found(),
            "epidemic": model.infections is not None,
            "deprivation": {
                name: (spec.deprivation.cost, spec.deprivation.doubles, dict(spec.deprivation.by_group))
                for name, spec in zip(model.demand.type_names, model.book.specs, strict=True)
                if spec.deprivation is not None
            },
            "detectors": tuple(model.early_warning.detectors),
            "warned_h": {name: model.early_warning.began_h(name) for name in model.early_warning.detectors},
            "preparation_cost": sum(measure.cost for measure in model.measures.values()),
            "servers": servers_of(model),
        },
    }


def _layers(model: CrisisModel) -> dict[str, list[int]]:
    """Return the need types of each layer of the pyramid that some need type states, from the bottom."""
    of = [spec.layer for spec in model.book.specs]
    return {layer: [k for k, own in enumerate(of) if own == layer] for layer in LAYERS if layer in of}


def _rare(model: CrisisModel, name: str, keep: npt.NDArray[np.int64]) -> Floats:
    column = np.full(model.book.demand.size, np.nan)
    for need, time in model.book.rare[name].items():
        column[need] = time
    return column[keep]


def _needs(model: CrisisModel, keep: npt.NDArray[np.int64], number: npt.NDArray[np.int64]) -> Columns:
    book, demand, population = model.book, model.demand, model.population
    whole = keep.size == demand.size and not (demand.mark == CAUSED).any()

    def pick(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return column if whole else column[keep]

    resident = pick(demand.resident)
    onset = pick(book.onset_h)
    end_h = model.spec.end_h
    phase, names = _phase_at(model, onset)
    request = pick(book.request_h)
    zone = population.zone[resident]
    met_by = pick(book.met_by_column).astype(np.int32)
    met_by[(pick(book.end_column) == End.MET) & (met_by == 0)] = MET_BY.index("responder")
    parent = model.parents[keep] if model.parents.size else np.full(keep.size, -1)
    urgency = np.array([spec.urgency for spec in book.specs], np.int8)
    return {
        "need": np.arange(keep.size, dtype=np.int32),
        "need_type": coded(pick(demand.need_type), demand.type_names),
        "resident": resident,
        "other": model.visits.disputes.others(keep),
        "household": population.household[resident],
        "building": coded(population.building[resident], population.building_names),
        "zone": coded(zone, population.zone_names),
        "desk": coded(model.desk_numbers[pick(demand.need_type), zone], tuple(desk.name for desk in model.desks)),
        "urgency": urgency[pick(demand.need_type)],
        "phase": coded(phase, names),
        "origin": coded(_origin(model)[keep], ORIGINS),
        "parent": np.where(parent < 0, np.nan, number[parent]),
        "cohort": (onset >= model.spec.warm_up) & (onset < model.spec.horizon),
        "onset_h": onset,
        "requested_h": np.where(request < end_h, request, np.nan),
        "triaged_h": pick(book.stamps["triaged_h"]),
        "escalated_h": _rare(model, "escalated_h", keep),
        "dispatched_h": pick(book.stamps["dispatched_h"]),
        "started_h": pick(book.stamps["started_h"]),
        "referred_h": _rare(model, "referred_h", keep),
        "closed_h": pick(book.stamps["closed_h"]),
        "end": coded(pick(book.end_column), ENDS),
        "met_by": coded(met_by - 1, MET_BY[1:]),
        "attempts": pick(book.attempts_column),
        **{f"in_{name}": flags[resident] for name, flags in population.groups.items()},
    }


def _origin(model: CrisisModel) -> npt.NDArray[np.int64]:
    """Return where each candidate comes from: its own rate, a state of the run, or another need."""
    mark, specs = model.demand.mark, model.book.specs
    by_state = np.array([conditional(spec) or bool(spec.more_with) for spec in specs], bool)[model.demand.need_type]
    origin = np.where(np.isnan(mark) | ((mark == ACCEPTED) & ~by_state), 0, 1)
    caused = mark == CAUSED
    origin[caused] = ORIGINS.index("caused")
    for needs in model.consequences.all.values() if model.consequences is not None else ():
        for cause in needs:
            if cause.spec.relapse:
                origin[cause.child] = ORIGINS.index("relapse")
    return origin


def _visits(model: CrisisModel, number: npt.NDArray[np.int64]) -> Columns:
    rows = model.visits.rows.array()
    need = number[rows[:, 0].astype(np.int64)]
    order = np.lexsort((rows[:, 1], need))
    person = rows[order, 2].astype(np.int32)
    return {
        "need": need[order].astype(np.int32),
        "attempt": rows[order, 1].astype(np.int16),
        "person": person,
        "unit": coded(_unit_of(model)[person], tuple(model.teams)),
        "dispatched_h": rows[order, 3],
        "arrived_h": rows[order, 4],
        "started_h": rows[order, 5],
        "ended_h": rows[order, 6],
        "outcome": coded(rows[order, 7], OUTCOMES),
    }


def _unit_of(model: CrisisModel) -> npt.NDArray[np.int64]:
    return np.array([person.team.number for person in model.people], np.int64)


def _stock(model: CrisisModel) -> Columns:
    rows = model.depots.rows.array()
    order = np.lexsort((np.arange(len(rows)), rows[:, 2], rows[:, 1]))
    prices = np.full((len(model.depots.depots), len(model.depots.items)), np.nan)
    for depot in model.depots.depots:
        for item, price in depot.spec.prices.items():
            prices[depot.number, model.depots.items[item]] = price
    amounts = enumerate(("quantity", "on_hand", "on_order", "back_ordered"), start=4)
    return {
        "depot": coded(rows[order, 1], tuple(depot.name for depot in model.depots.depots)),
        "item": coded(rows[order, 2], tuple(model.depots.items)),
        "t_h": rows[order, 0],
        "event": coded(rows[order, 3], STOCK_EVENTS),
        **{name: rows[order, k].astype(np.int64) for k, name in amounts},
        "use": coded(rows[order, 8], USES),
        "price": prices[rows[order, 1].astype(np.int64), rows[order, 2].astype(np.int64)],
    }


def _phase_at(model: CrisisModel, times_h: Floats) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Return the phase at each time as a number, and the names; phases may come again."""
    if not model.phases.log:
        return np.full(times_h.size, -1), ()
    begins, entered = zip(*model.phases.log, strict=True)
    names = tuple(phase for phase in PHASES if phase in entered)
    numbers = np.array([names.index(phase) for phase in entered])
    return numbers[np.searchsorted(begins, times_h, side="right") - 1], names


def _phases(model: CrisisModel) -> Columns:
    spells = model.phases.log
    begins = np.array([begin for begin, _ in spells])
    return {
        "phase": words([phase for _, phase in spells]),
        "begin_h": begins,
        "end_h": np.append(begins[1:], model.spec.end_h) if spells else begins,
    }


def _assignments(model: CrisisModel, number: npt.NDArray[np.int64]) -> Columns:
    rows = model.roster.assignments.array()
    rows = rows[np.lexsort((rows[:, 3], rows[:, 0]))]
    person = rows[:, 0].astype(np.int32)
    need = rows[:, 5].astype(np.int64)
    return {
        "person": person,
        "unit": coded(_unit_of(model)[person], tuple(model.teams)),
        "assignment": coded(rows[:, 1], tuple(model.roster.kinds)),
        "asked_h": rows[:, 2].copy(),
        "start_h": rows[:, 3].copy(),
        "end_h": rows[:, 4].copy(),
        "need": np.where(need < 0, np.nan, number[need]),
    }


def _shifts(model: CrisisModel) -> Columns:
    rows = model.roster.shifts.array()
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    person = rows[:, 0].astype(np.int32)
    return {
        "person": person,
        "unit": coded(_unit_of(model)[person], tuple(model.teams)),
        "rostered_from_h": rows[:, 1].copy(),
        "rostered_until_h": np.where(np.isinf(rows[:, 2]), np.nan, rows[:, 2]),
        "left_h": rows[:, 3].copy(),
    }
