"""From a finished model to the tables of its plan: sites, stations, tubes, orders and notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from sim.records.codes import SITE_ENDS
from sim.records.columns import Columns, coded, words
from sim.response.orders import STAGES
from sim.response.sites import NOT_STOPPED

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.card import Step

Floats = npt.NDArray[np.float64]
TUBE_STAMPS = ("opened", "sealed", "sent", "result")


def plan_accounts(model: CrisisModel) -> dict[str, Columns]:
    """Return the tables of the plan."""
    return {
        "sites": _sites(model),
        "stations": _stations(model),
        "tubes": _tubes(model),
        "orders": _orders(model),
        "notices": _notices(model),
    }


def _sites(model: CrisisModel) -> Columns:
    sites = list(model.sites.values())
    kinds = tuple(dict.fromkeys(kind for site in sites for kind in site.kinds))

    def column(name: str) -> Floats:
        return np.concatenate([np.empty(0), *(np.array(site.columns[name], np.float64) for site in sites)])

    kind = [
        kinds.index(site.kinds[int(number)]) if number >= 0 else -1 for site in sites for number in site.columns["kind"]
    ]
    end = column("end")
    kept = end != NOT_STOPPED
    resident = column("resident")[kept]
    numbers = np.concatenate([np.empty(0, np.int32), *(np.arange(s.size, dtype=np.int32) for s in sites)])
    return {
        "site": coded(np.repeat(np.arange(len(sites)), [site.size for site in sites])[kept], tuple(model.sites)),
        "visitor": numbers[kept],
        "round": column("round").astype(np.int32)[kept],
        "resident": np.where(resident < 0, np.nan, resident),
        "class": coded(np.array(kind, np.int64)[kept], kinds),
        **{f"{name}_h": column(name)[kept] for name in ("called", "slot", "arrived", "left")},
        "again": np.array([visitor in site.retests for site in sites for visitor in range(site.size)], bool)[kept],
        "end": coded(end[kept], SITE_ENDS),
    }


def _stations(model: CrisisModel) -> Columns:
    sites = list(model.sites.values())
    names = tuple(dict.fromkeys(name for site in sites for name in (*site.stations, *site.goods)))
    pieces, rounds, goods = [], [], []
    for site in sites:
        rows = site.rows.array()
        own = np.array([names.index(name) for name in (*site.stations, *site.goods)], np.float64)
        is_good = rows[:, 0] >= len(site.stations)
        number = np.array(site.columns["round"], np.float64)
        visitor = np.where(is_good, 0, rows[:, 1]).astype(np.int64)
        rounds.append(np.where(is_good, 0.0, number[visitor] if number.size else 0.0))
        rows[:, 0] = own[rows[:, 0].astype(np.int64)] if rows.size else rows[:, 0]
        goods.append(is_good)
        order = np.lexsort((rows[:, 2], rows[:, 1], is_good))
        pieces.append(rows[order])
        rounds[-1], goods[-1] = rounds[-1][order], goods[-1][order]
    rows = np.concatenate([np.empty((0, 6)), *pieces])
    ended, started = rows[:, 4].copy(), rows[:, 3].copy()
    ended[ended >= model.spec.end_h] = np.nan  # written when the service began
    return {
        "site": coded(np.repeat(np.arange(len(sites)), [len(piece) for piece in pieces]), tuple(model.sites)),
        "station": coded(rows[:, 0], names),
        "visitor": np.where(np.concatenate([np.empty(0, bool), *goods]), np.nan, rows[:, 1]),
        "round": np.concatenate([np.empty(0), *rounds]).astype(np.int32),
        "queued_h": rows[:, 2].copy(),
        "started_h": started,
        "ended_h": ended,
        "person": np.where(rows[:, 5] < 0, np.nan, rows[:, 5]),
    }


def _tubes(model: CrisisModel) -> Columns:
    samplings = [sampling for site in model.sites.values() for sampling in site.samplings.values()]
    rows = [(sampling, tube) for sampling in samplings for tube in sampling.tubes]
    return {
        "site": coded([sampling.site.number for sampling, _ in rows], tuple(model.sites)),
        "station": words([sampling.station for sampling, _ in rows]),
        "tube": np.array([tube.number for _, tube in rows], np.int32),
        "round": np.array([tube.round for _, tube in rows], np.int32),
        "people": np.array([len(tube.people) for _, tube in rows], np.int32),
        "infected": np.array([tube.truly for _, tube in rows], np.int32),
        **{f"{name}_h": np.array([getattr(tube, name) for _, tube in rows], np.float64) for name in TUBE_STAMPS},
        "positive": np.array([tube.positive for _, tube in rows], bool),
    }


class _Row(NamedTuple):
    """One row of the table of orders."""

    step: str
    spec: Step
    nth: int
    unit: int
    triggered: float
    stamps: dict[str, float]
    late: bool
    why: str
    wanted: float = np.nan
    came: float = np.nan


def _orders(model: CrisisModel) -> Columns:
    """Return one row an order, and one for every step that never was one, with what it waited for."""
    orders = model.orders
    steps = orders.card.steps if orders.card is not None else {}
    end_h = model.spec.end_h
    rows: list[_Row] = []
    for order in orders.orders:
        step = steps[order.step]
        done = order.stamps.get("work", np.nan)
        job = orders.jobs.get(order.number)
        cut_off = step.part in ("activation", "response") and order.triggered < orders.ended_h
        until = orders.ended_h if cut_off else end_h
        over = (done if done == done else until) - order.triggered
        stamps = {stage: order.stamps.get(stage, np.nan) for stage in STAGES}
        late = step.within is not None and over > step.within
        why = order.stage() if done != done else order.slowest(done) if late else ""
        if why == "work" and job is not None and job.came < job.wanted:
            why = "people"
        unit = order.team.number if order.team is not None else -1
        here = _Row(order.step, step, order.nth, unit, order.triggered, stamps, late=late, why=why)
        rows.append(here if job is None else here._replace(wanted=job.wanted, came=job.came))
    triggered = {order.step for order in orders.orders}
    for name, step in steps.items():
        if name not in triggered:
            never = dict.fromkeys(STAGES, np.nan)
            rows.append(_Row(name, step, 0, -1, np.nan, never, late=False, why=orders.waits_for(name)))
    names = {"decision": "ordered_h", "message": "told_h", "people": "staffed_h", "materials": "started_h"}
    columns = {column: np.array([row.stamps[stage] for row in rows], np.float64) for stage, column in names.items()}
    limits = [row.spec.within for row in rows]
    teams = tuple(orders.card.teams) if orders.card is not None else ()
    actions = [row.spec.does.action if row.spec.does is not None else "" for row in rows]
    return {
        "step": words([row.step for row in rows]),
        "part": words([row.spec.part for row in rows]),
        "action": words(actions),
        "nth": np.array([row.nth for row in rows], np.int32),
        "team": coded([teams.index(row.spec.team) if row.spec.team is not None else -1 for row in rows], teams),
        "unit": coded([row.unit for row in rows], tuple(model.teams)),
        "triggered_h": np.array([row.triggered for row in rows], np.float64),
        **columns,
        "done_h": np.array([row.stamps["work"] for row in rows], np.float64),
        "wanted": np.array([row.wanted for row in rows], np.float64),
        "came": np.array([row.came for row in rows], np.float64),
        "within_h": np.array([np.nan if limit is None else limit for limit in limits], np.float64),
        "late": np.array([row.late for row in rows], bool),
        "why": words([row.why for row in rows]),
    }


def _notices(model: CrisisModel) -> Columns:
    known = model.information
    rows = known.rows.array() if known is not None else np.empty((0, 4))
    names = [known.names[int(number)] for number in rows[:, 0]] if known is not None else []
    return {
        "topic": words([topic for topic, _, _ in names]),
        "channel": words([channel for _, channel, _ in names]),
        "unit": words([unit for *_, unit in names]),
        "posted_h": rows[:, 1].copy(),
        "reached": rows[:, 2].astype(np.int64),
        "silent": rows[:, 3] > 0,
    }


def servers_of(model: CrisisModel) -> dict[tuple[str, str], tuple[float, tuple[tuple[float, int], ...] | None]]:
    """Return the opening of the site and the planned servers of each station; None for staffed and unlimited ones."""
    servers: dict[tuple[str, str], tuple[float, tuple[tuple[float, int], ...] | None]] = {}
    for name, site in model.sites.items():
        for station, spec in site.spec.stations.items():
            servers[name, station] = site.spec.opens, spec.servers
        for goods, made in site.spec.goods.items():
            servers[name, goods] = site.spec.opens, made.servers
    return servers
