"""Needs that come back, a hotline, and needs that rise with a state, against closed forms.

A relapse is a need that leads to itself with a chance p after each service: at once, that is Bernoulli feedback to the
end of the queue, and with a delay a network of Jackson's; either way a trouble has 1/(1 − p) episodes and the servers
are busy for λ/(cμ(1 − p)) of the time. A hotline with callers who hang up is Erlang A. A rate that rises with a state
which stands still is the base rate times 1 + k·a.
"""

from typing import Any

import formulas
import numpy as np
import pytest
import support
from support import Case, Columns, batch_means, cohort, confirm, exponential, hours, queue_data, refute

from sim.records.result import Result
from sim.runs import run
from sim.spec.patches import validate

MEAN_H = 1 / 60
RATE = 1 / MEAN_H
BATCHES = 20

# -- relapse ----------------------------------------------------------------------------------------------------------

AGAIN = 0.25
"""Chance of another episode after each (assumed in the project's list of systems, row 101)."""
SERVERS, LOAD = 1, 0.4
"""One server at a moderate load: of all systems the one whose mean wait is known soonest. Others: ``test_queues``."""
FIRST = LOAD * SERVERS * RATE * (1 - AGAIN)
"""New troubles an hour, so that with the relapses the server is busy for 40 % of the time."""
JACKSON = formulas.mmc_feedback(FIRST, RATE, SERVERS, AGAIN)


def relapse_data(slower: float, delay: Any = "0 h", relapse: str = "true") -> dict[str, Any]:
    """A need that leads to itself after it is met; nothing else can come of it."""
    need = {
        "per_hour": FIRST,
        "urgency": 2,
        "service": exponential(MEAN_H * slower),
        "leads_to": {"trouble": {"share": AGAIN, "after": "met", "delay": delay, "relapse": relapse}},
    }
    return queue_data({"trouble": need}, SERVERS, cohort_h=300_000 / FIRST, warm_up_h=20)


def relapse_measure(result: Result) -> Columns:
    needs, table = cohort(result), result.columns("needs")
    first = np.isnan(table["parent"])[table["cohort"]]
    busy = result.columns("units")
    mine = (busy["kind"].decoded() == "unit") & (busy["name"].decoded() == "crew")
    cuts = support.edges(result, BATCHES)
    count, _ = np.histogram(needs["onset"], cuts)
    new, _ = np.histogram(needs["onset"][first], cuts)
    return {
        "episodes": count / new,
        "wait_mean_h": batch_means(result, needs["onset"], needs["queue"], BATCHES),
        "utilisation": support.time_means(result, busy["t_h"][mine], busy["busy"][mine] / SERVERS, BATCHES),
        "troubles_per_hour": new / np.diff(cuts),
    }


RELAPSE = Case(
    data=relapse_data,
    measure=relapse_measure,
    theory={
        "episodes": JACKSON.visits_mean,
        "wait_mean_h": JACKSON.wait_per_visit_mean,
        "utilisation": JACKSON.utilisation,
        "troubles_per_hour": FIRST,
    },
    replications=3,
    sensitive=("wait_mean_h", "utilisation"),
    seed=31,
)


def test_relapse_at_once_is_bernoulli_feedback():
    """Another episode with a chance p right after each: 1/(1 − p) episodes, and the waits of M/M/c with feedback."""
    confirm(RELAPSE)


def test_relapse_refutes_a_service_3_percent_too_long():
    """The same check refuses a simulator whose service takes 3 % longer."""
    refute(RELAPSE)


LATER = Case(
    data=lambda slower: relapse_data(slower, exponential(2.0), "false"),
    measure=relapse_measure,
    theory={
        "episodes": 1 / (1 - AGAIN),
        "wait_mean_h": formulas.mmc_wait_mean(FIRST / (1 - AGAIN), RATE, SERVERS),
        "utilisation": FIRST / (SERVERS * RATE * (1 - AGAIN)),
        "troubles_per_hour": FIRST,
    },
    replications=3,
    sensitive=("wait_mean_h", "utilisation"),
    seed=32,
)


def test_relapse_after_a_while_is_a_network_of_jacksons():
    """Well for two hours on average and then back: in a network of Jackson's the servers are an M/M/c on their own.

    The relapses that are yet to come are a station with a server each; the rates through both follow from the traffic
    equations, and the product form makes the wait that of M/M/c at the rate of all episodes.
    """
    confirm(LATER)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.6, 0.9])
def test_episodes_of_a_trouble_are_geometric(share: float):
    """A trouble that begins has k episodes with the chance (1 − p) p^(k − 1), if each is met and time is left."""
    need = {
        "per_hour": 100,
        "urgency": 2,
        "service": "0 h",
        "leads_to": {"trouble": {"share": share, "after": "met", "delay": "1 min", "relapse": "true"}},
    }
    data = queue_data({"trouble": need}, 1, cohort_h=60, warm_up_h=0, residents=100_000, follow_up_h=10)
    result = run(validate(data, "theory"), 5)
    parent = result.columns("needs")["parent"]
    number = np.arange(parent.size)
    root = number.copy()
    for need_ in number[~np.isnan(parent)]:  # parents stand before their children
        root[need_] = root[int(parent[need_])]
    episodes = np.unique(root, return_counts=True)[1]
    mean, error = episodes.mean(), np.sqrt(share) / (1 - share) / np.sqrt(episodes.size)
    assert abs(mean - 1 / (1 - share)) <= 4 * error + 1e-12
    assert abs((episodes == 1).mean() - (1 - share)) <= 4 * np.sqrt(share * (1 - share) / episodes.size) + 1e-12


# -- a hotline --------------------------------------------------------------------------------------------------------

LINES = 4
CALLS = 1.1 * LINES * RATE
PATIENCE_H = 2 * MEAN_H
HOTLINE = formulas.erlang_a(CALLS, RATE, 1 / PATIENCE_H, LINES)


def hotline_data(slower: float) -> dict[str, Any]:
    """Calls come faster than they can be answered; whoever waits too long hangs up. Ways take no part."""
    need = {
        "per_hour": CALLS,
        "urgency": 2,
        "service": exponential(MEAN_H * slower),
        "patience": exponential(PATIENCE_H),
        "by_phone": "true",
    }
    more = {"travel": {"speed_km_h": 1, "doorstep": "30 min"}}
    return queue_data({"call": need}, LINES, cohort_h=300_000 / CALLS, warm_up_h=20, **more)


def hotline_measure(result: Result) -> Columns:
    calls = cohort(result)

    def mean(values: Any) -> Any:
        return batch_means(result, calls["onset"], values, BATCHES)

    return {
        "abandon_share": mean(calls["left"]),
        "wait_mean_h": mean(calls["queue"]),
        "at_once": mean(calls["queue"] == 0),
        "in_a_minute": mean(calls["start"] <= MEAN_H),
    }


LINE = Case(
    data=hotline_data,
    measure=hotline_measure,
    theory={
        "abandon_share": HOTLINE.abandon_share,
        "wait_mean_h": HOTLINE.wait_mean,
        "at_once": 1 - HOTLINE.wait_probability,
        "in_a_minute": HOTLINE.started_by(MEAN_H),
    },
    replications=3,
    sensitive=("abandon_share", "wait_mean_h", "at_once"),
    seed=33,
)


def test_a_hotline_is_erlang_a_however_far_people_live():
    """With ``by_phone`` nobody travels: calls, waits and hanging up are M/M/c+M, though travel is slow."""
    confirm(LINE)


def test_a_hotline_refutes_a_service_3_percent_too_long():
    """The same check refuses a simulator whose calls take 3 % longer."""
    refute(LINE)


# -- a rate that rises with a state -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("anxiety", "times"), [(0.0, 3.0), (0.25, 2.0), (0.6, 3.0), (1.0, 1.0), (1.0, 9.0)])
def test_a_rate_rises_by_its_stated_times_the_state(anxiety: float, times: float):
    """At a constant anxiety a the needs are a Poisson process with the base rate times 1 + k·a.

    Up to 40,000 needs are drawn of each rate: then 4 standard errors are 2 % of it.
    """
    base = 10.0
    length_h = min(2000.0, 40_000 / base / (1 + times * anxiety))
    need = {"per_hour": base, "urgency": 2, "service": "0 h", "more_with": {"anxiety": times}}
    data = queue_data({"help": need}, 1, cohort_h=length_h, warm_up_h=0, residents=500)
    data["world"]["attitudes"] = {"anxiety": {"start": anxiety}}
    onset = run(validate(data, "theory"), 7).columns("needs")["onset_h"]
    onset = onset[onset < length_h]
    wanted = base * (1 + times * anxiety) * length_h
    assert abs(onset.size - wanted) <= 4 * np.sqrt(wanted)
    counts = np.histogram(onset, np.linspace(0, length_h, 101))[0]
    assert counts.var(ddof=1) / counts.mean() == pytest.approx(1, abs=4 * np.sqrt(2 / counts.size))


def test_only_the_anxious_need_more():
    """Residents at 0 keep the base rate while residents at 1 have (1 + k) times it, under one and the same bound."""
    need = {"per_hour": 20, "urgency": 2, "service": "0 h", "more_with": {"anxiety": 4}}
    data = queue_data({"help": need}, 1, cohort_h=1000, warm_up_h=0, residents=400)
    data["world"]["attitudes"] = {"anxiety": {"start": 0.5, "spread": 0.5}}
    result = run(validate(data, "theory"), 8)
    anxiety = result.columns("residents")["anxiety"]
    count = np.bincount(result.columns("needs")["resident"], minlength=anxiety.size)
    wanted = 20 / 400 * (1 + 4 * anxiety) * result.end_h
    assert abs((count - wanted).sum()) <= 4 * np.sqrt(wanted.sum())
    assert ((count - wanted) ** 2 / wanted).mean() == pytest.approx(1, abs=4 * np.sqrt(2 / count.size))


def test_hours_are_stated_exactly():
    """The helpers of this file state a mean as the program reads it."""
    assert hours(MEAN_H) == f"{MEAN_H!r} h"
