"""A store under Poisson demand is the inventory of theory: base stock, (r, Q) and (s, S), by the stock table.

Every need takes one piece and is served in a second by a team that is never all busy, so a dispatch is a demand: issued
at once where there is stock, and else back-ordered until goods come.
"""

from typing import Any

import formulas
import numpy as np
import pytest
from support import Case, Columns, batch_means, cohort, confirm, exponential, hours, queue_data, refute, time_means

from sim.records.result import Result

DEMAND = 60.0
LEAD_H = 4 / 60
BATCHES = 20


def store_data(policy: dict[str, int], opening: int, lead_time: Any) -> dict[str, Any]:
    need = {"per_hour": DEMAND, "urgency": 2, "service": "1 s", "items": {"kit": 1}}
    store = {"stock": {"kit": opening}, "policy": policy, "lead_time": lead_time}
    return queue_data(
        {"help": need}, 50, cohort_h=60_000 / DEMAND, warm_up_h=20, follow_up_h=2, supplies={"store": store}
    )


def store_measure(result: Result) -> Columns:
    stock, needs = result.columns("stock"), cohort(result)
    time_h, event = stock["t_h"], stock["event"]
    issued, owed, ordered = (event.codes == event.names.index(name) for name in ("issued", "back_ordered", "ordered"))
    asked = issued | owed
    inside = (time_h >= result.warm_up_h) & (time_h < result.horizon_h)
    assert asked[inside].sum() == needs["onset"].size, "each need of the cohort is one demand"
    on_hand = stock["on_hand"].astype(np.float64)
    cuts = np.linspace(result.warm_up_h, result.horizon_h, BATCHES + 1)
    return {
        "fill_rate": batch_means(result, time_h[asked], issued[asked], BATCHES),
        "on_hand_mean": time_means(result, time_h, on_hand, BATCHES),
        "back_orders_mean": time_means(result, time_h, stock["back_ordered"].astype(np.float64), BATCHES),
        "stock_out_share": time_means(result, time_h, (on_hand == 0).astype(np.float64), BATCHES),
        "wait_mean_h": batch_means(result, needs["onset"], needs["queue"], BATCHES),
        "order_rate": np.histogram(time_h[ordered], cuts)[0] / np.diff(cuts),
    }


def store(
    policy: dict[str, int],
    opening: int,
    levels: formulas.StockLevels,
    seed: int,
    lead_time: Any = None,
    replications: int = 5,
) -> Case:
    names = ("fill_rate", "on_hand_mean", "back_orders_mean", "stock_out_share", "order_rate")
    theory = {name: getattr(levels, name) for name in names} | {"wait_mean_h": levels.wait_mean}
    lead = lead_time or (lambda slower: hours(LEAD_H * slower))
    return Case(
        data=lambda slower: store_data(policy, opening, lead(slower)),
        measure=store_measure,
        theory=theory,
        replications=replications,
        sensitive=("fill_rate", "on_hand_mean", "back_orders_mean", "stock_out_share", "wait_mean_h"),
        seed=seed,
        mutant_replications=2,
    )


STORES = {
    "base stock": store({"base_stock": 4}, 4, formulas.base_stock_poisson(DEMAND, LEAD_H, 4), seed=9),
    "base stock, random lead": store(
        {"base_stock": 4},
        4,
        formulas.base_stock_poisson(DEMAND, LEAD_H, 4),
        seed=10,
        lead_time=lambda slower: exponential(LEAD_H * slower),
        replications=9,
    ),
    "(r, Q)": store({"reorder_point": 2, "order_quantity": 4}, 6, formulas.rq_poisson(DEMAND, LEAD_H, 2, 4), seed=11),
    "(s, S)": store({"reorder_point": 1, "order_up_to": 7}, 7, formulas.ss_policy(DEMAND, LEAD_H, 1, 7), seed=12),
}


@pytest.mark.parametrize("policy", STORES)
def test_a_store_under_poisson_demand_keeps_what_theory_says(policy):
    """Fill rate, stock on hand, back-orders and the wait for goods have closed forms under every policy.

    Under base stock only the mean of independent lead times counts (Palm), so a random one gives the same levels.
    """
    confirm(STORES[policy])


@pytest.mark.parametrize("policy", STORES)
def test_a_store_refutes_a_lead_time_3_percent_too_long(policy):
    """Goods that come 3 % late leave the fill rate lower and more owed, and the same check must see it."""
    refute(STORES[policy])
