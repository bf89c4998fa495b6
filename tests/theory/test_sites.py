"""Sites are the queueing networks of theory: stations, classes, patience, ways between them, room, goods made ready.

Means are held against closed forms: theory within 4 standard errors, known to 1.5 % or better, and the same check
refuses a site whose services take 5 % longer. What theory says of every path is asserted exactly, on the path.
"""

import heapq
from collections.abc import Mapping
from typing import Any

import formulas
import numpy as np
import pytest
from scipy.sparse import coo_matrix, csc_matrix
from scipy.sparse.linalg import spsolve
from scipy.stats import poisson
from support import (
    Case,
    Columns,
    Floats,
    agrees,
    batch_means,
    estimates,
    exponential,
    hours,
    said,
    standard_error,
    time_means,
)

from sim.records.result import Result
from sim.runs import run
from sim.spec.patches import validate

MEAN_H = 1 / 60
"""Mean service time: a minute, so that hundreds of thousands of visitors fit into a run."""
RATE = 1 / MEAN_H
BATCHES = 20
MOST_SE = 0.015
"""Largest standard error of an asserted mean, as a share of theory."""
SLOWER = 1.05
WARM_UP_H, FOLLOW_UP_H = 20.0, 3.0


def site_data(stations: Mapping[str, Any], arrivals: Mapping[str, Any], cohort_h: float, **more: Any) -> dict[str, Any]:
    """Return the scenario of one site whose visitors come from anywhere; ``more`` goes to the site."""
    site = {"enters": next(iter(stations)), "arrivals": dict(arrivals), "stations": dict(stations), **more}
    return {
        "name": "theory",
        "horizon": hours(WARM_UP_H + cohort_h),
        "warm_up": hours(WARM_UP_H),
        "follow_up": hours(FOLLOW_UP_H),
        "world": {"community": {"residents": 1}},
        "response": {"sites": {"site": site}},
    }


def confirm(case: Case) -> None:
    """Assert that every quantity of a case is known to 1.5 % and agrees with theory."""
    found = estimates(case)
    assert set(found) == set(case.theory)
    lines = {name: said(name, found[name], theory) for name, theory in case.theory.items()}
    print(*lines.values(), sep="\n")
    for name, theory in case.theory.items():
        assert agrees(found[name], theory), lines[name]
        assert standard_error(found[name]) <= MOST_SE * abs(theory), lines[name]


def refute(case: Case) -> None:
    """Assert that the same check refuses theory where services take 5 % longer than theory was told."""
    found = estimates(case, slower=SLOWER, replications=case.mutant_replications or case.replications)
    for name in case.sensitive:
        line = said(name, found[name], case.theory[name])
        print(line)
        assert not agrees(found[name], case.theory[name]), line


def at_station(result: Result, name: str = "desk") -> Columns:
    """Return the rows of one station, in the order of joining: visitor, queued, left (the queue), started, ended."""
    table = result.columns("stations")
    here = np.flatnonzero(table["station"].codes == table["station"].names.index(name))
    here = here[np.lexsort((table["visitor"][here], table["queued_h"][here]))]
    queued, started, ended = (table[key][here] for key in ("queued_h", "started_h", "ended_h"))
    left = np.where(np.isnan(started), ended, started)
    return {"visitor": table["visitor"][here], "queued": queued, "left": left, "started": started, "ended": ended}


def level(result: Result, begin: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Return the change points of how many spells have begun and not ended, from time 0 to the end of the run."""
    known = ~np.isnan(begin)
    begin, end = begin[known], end[known]
    end = np.where(np.isnan(end), result.end_h, end)
    times = np.concatenate([[0.0], begin, end])
    steps = np.concatenate([[0.0], np.ones(begin.size), -np.ones(end.size)])
    order = np.argsort(times, kind="stable")
    return times[order], np.cumsum(steps[order])


def time_mean(result: Result, begin: Floats, end: Floats) -> Floats:
    """Return the mean number of spells that are going on, by batch."""
    return time_means(result, *level(result, begin, end), BATCHES)


def waits(result: Result, rows: Columns) -> tuple[Floats, Floats]:
    """Return (time of joining, time in queue however it ended) of all who joined a station in the cohort's time."""
    inside = rows["queued"] < result.horizon_h
    wait = (rows["left"] - rows["queued"])[inside]
    assert not np.isnan(wait).any(), "the follow-up is too short: somebody of the cohort still waits"
    return rows["queued"][inside], wait


# -- M/M/c --------------------------------------------------------------------------------------------------------

SERVERS, LOAD = 3, 0.7
ARRIVALS = LOAD * SERVERS * RATE
TARGET_H = 1.5 * MEAN_H


def mmc_data(slower: float, visitors: int = 250_000) -> dict[str, Any]:
    desk = {"servers": SERVERS, "service": exponential(MEAN_H * slower)}
    return site_data({"desk": desk}, {"per_hour": ARRIVALS}, visitors / ARRIVALS)


def mmc_measure(result: Result) -> Columns:
    rows = at_station(result)
    at_h, wait = waits(result, rows)
    sites = result.columns("sites")
    gone = sites["arrived_h"] < result.horizon_h
    stay = (sites["left_h"] - sites["arrived_h"])[gone]
    return {
        "wait_mean_h": batch_means(result, at_h, wait, BATCHES),
        "share_at_once": batch_means(result, at_h, wait == 0, BATCHES),
        "share_in_target": batch_means(result, at_h, wait <= TARGET_H, BATCHES),
        "stay_mean_h": batch_means(result, sites["arrived_h"][gone], stay, BATCHES),
        "queue_mean": time_mean(result, rows["queued"], rows["left"]),
        "busy_mean": time_mean(result, rows["started"], rows["ended"]),
    }


MMC = Case(
    data=mmc_data,
    measure=mmc_measure,
    theory={
        "wait_mean_h": formulas.mmc_wait_mean(ARRIVALS, RATE, SERVERS),
        "share_at_once": 1 - formulas.erlang_c(SERVERS, LOAD * SERVERS),
        "share_in_target": formulas.mmc_wait_cdf(TARGET_H, ARRIVALS, RATE, SERVERS),
        "stay_mean_h": formulas.mmc_wait_mean(ARRIVALS, RATE, SERVERS) + MEAN_H,
        "queue_mean": formulas.mmc_queue_mean(ARRIVALS, RATE, SERVERS),
        "busy_mean": LOAD * SERVERS,
    },
    replications=3,
    sensitive=("wait_mean_h", "share_at_once", "share_in_target", "stay_mean_h", "queue_mean", "busy_mean"),
    seed=101,
    mutant_replications=1,
)


# -- M/M/c+M ------------------------------------------------------------------------------------------------------

CREW, PATIENCE_H = 5, 2 * MEAN_H
CALLS = 1.0 * CREW * RATE
ERLANG_A = formulas.erlang_a(CALLS, RATE, 1 / PATIENCE_H, CREW)


def erlang_a_data(slower: float) -> dict[str, Any]:
    desk = {"servers": CREW, "service": exponential(MEAN_H * slower), "patience": exponential(PATIENCE_H)}
    return site_data({"desk": desk}, {"per_hour": CALLS}, 150_000 / CALLS)


def erlang_a_measure(result: Result) -> Columns:
    rows = at_station(result)
    at_h, wait = waits(result, rows)
    served = ~np.isnan(rows["started"][: at_h.size])
    sites = result.columns("sites")
    come = sites["arrived_h"] < result.horizon_h
    gave_up = sites["end"].codes[come] == sites["end"].names.index("left")
    assert gave_up.sum() == (~served).sum(), "who gives up at the one station leaves the site, and nobody else does"
    return {
        "abandon_share": batch_means(result, sites["arrived_h"][come], gave_up, BATCHES),
        "wait_mean_h": batch_means(result, at_h, wait, BATCHES),
        "wait_served_h": batch_means(result, at_h[served], wait[served], BATCHES),
        "started_in_target": batch_means(result, at_h, served & (wait <= TARGET_H), BATCHES),
        "queue_mean": time_mean(result, rows["queued"], rows["left"]),
    }


ERLANG_A_CASE = Case(
    data=erlang_a_data,
    measure=erlang_a_measure,
    theory={
        "abandon_share": ERLANG_A.abandon_share,
        "wait_mean_h": ERLANG_A.wait_mean,
        "wait_served_h": ERLANG_A.wait_mean_served,
        "started_in_target": ERLANG_A.started_by(TARGET_H),
        "queue_mean": ERLANG_A.queue_mean,
    },
    replications=1,
    sensitive=("abandon_share", "wait_mean_h", "wait_served_h", "started_in_target", "queue_mean"),
    seed=102,
    mutant_replications=1,
)


# -- priorities ---------------------------------------------------------------------------------------------------

SHARE_FIRST, FIRST_H, OTHERS_H = 0.4, 0.5 * MEAN_H, MEAN_H
COMING = 0.75 / (SHARE_FIRST * FIRST_H + (1 - SHARE_FIRST) * OTHERS_H)


def cobham(rates: tuple[float, float], means_h: tuple[float, float]) -> tuple[float, float]:
    """Return the mean waits of two classes at one server, non-preemptive, each with its own exponential service.

    Source: Cobham; W1 = W0 / (1 - r1), W2 = W0 / ((1 - r1) (1 - r1 - r2)), with W0 the work in progress.
    """
    loads = [rate * mean_h for rate, mean_h in zip(rates, means_h, strict=True)]
    in_progress = sum(load * mean_h for load, mean_h in zip(loads, means_h, strict=True))
    return in_progress / (1 - loads[0]), in_progress / ((1 - loads[0]) * (1 - sum(loads)))


COBHAM = cobham((SHARE_FIRST * COMING, (1 - SHARE_FIRST) * COMING), (FIRST_H, OTHERS_H))


def priority_data(slower: float) -> dict[str, Any]:
    desk = {"servers": 1, "service": exponential(OTHERS_H * slower)}
    first = {"share": SHARE_FIRST, "priority": 1, "service": {"desk": exponential(FIRST_H * slower)}}
    return site_data({"desk": desk}, {"per_hour": COMING}, 250_000 / COMING, classes={"first": first})


def priority_measure(result: Result) -> Columns:
    rows = at_station(result)
    at_h, wait = waits(result, rows)
    first = result.columns("sites")["class"].codes[rows["visitor"][: at_h.size].astype(np.int64)] == 0
    return {
        "share_first": batch_means(result, at_h, first, BATCHES),
        "wait_mean_h_first": batch_means(result, at_h[first], wait[first], BATCHES),
        "wait_mean_h_others": batch_means(result, at_h[~first], wait[~first], BATCHES),
    }


PRIORITIES = Case(
    data=priority_data,
    measure=priority_measure,
    theory={"share_first": SHARE_FIRST, "wait_mean_h_first": COBHAM[0], "wait_mean_h_others": COBHAM[1]},
    replications=2,
    sensitive=("wait_mean_h_first", "wait_mean_h_others"),
    seed=103,
    mutant_replications=1,
)


# -- a Jackson network --------------------------------------------------------------------------------------------

BACK, TO_TEST, WALK_H = 0.2, 0.6, 0.5 * MEAN_H
NETWORK = {"desk": (2, MEAN_H), "test": (1, MEAN_H), "talk": (1, 1.2 * MEAN_H)}
"""Servers and mean service of the three stations."""
FRESH = 0.5 * 2 * RATE * (1 - BACK * TO_TEST)
FLOWS = {"desk": FRESH / (1 - BACK * TO_TEST)}
FLOWS["test"], FLOWS["talk"] = TO_TEST * FLOWS["desk"], (1 - TO_TEST) * FLOWS["desk"]
"""Visits an hour by the traffic equations."""


def network_data(slower: float, visitors: int = 120_000) -> dict[str, Any]:
    ways = {"desk": {"test": TO_TEST, "talk": 1 - TO_TEST}, "test": {"desk": BACK, "out": 1 - BACK}, "talk": "out"}
    stations: dict[str, dict[str, Any]] = {
        name: {"servers": servers, "service": exponential(mean_h * slower), "next": ways[name]}
        for name, (servers, mean_h) in NETWORK.items()
    }
    stations["test"]["walk"] = exponential(WALK_H)
    return site_data(stations, {"per_hour": FRESH}, visitors / FRESH)


def network_measure(result: Result) -> Columns:
    sites, found = result.columns("sites"), {}
    come = sites["arrived_h"] < result.horizon_h
    stays = np.where(come, sites["left_h"] - sites["arrived_h"], 0.0)
    assert not np.isnan(stays).any(), "the follow-up is too short"
    inside = []
    for name in NETWORK:
        rows = at_station(result, name)
        at_h, wait = waits(result, rows)
        inside.append((rows["queued"], rows["ended"]))
        found[f"wait_mean_h_{name}"] = batch_means(result, at_h, wait, BATCHES)
        if name == "desk":
            turns = np.bincount(rows["visitor"].astype(np.int64), minlength=stays.size)
    found["turns_mean"] = batch_means(result, sites["arrived_h"][come], turns[come], BATCHES)
    found["stay_mean_h"] = batch_means(result, sites["arrived_h"][come], stays[come], BATCHES)
    begin, end = (np.concatenate(part) for part in zip(*inside, strict=True))
    times, present = level(result, begin, end)
    found["all_idle"] = time_means(result, times, (present == 0).astype(np.float64), BATCHES)
    return found


def idle(flow: float, servers: int, mean_h: float) -> float:
    """Return the probability that an M/M/1 or M/M/2 station is empty."""
    load = flow * mean_h / servers
    return 1 - load if servers == 1 else (1 - load) / (1 + load)


NETWORK_WAITS = {
    name: formulas.mmc_wait_mean(FLOWS[name], 1 / mean_h, servers) for name, (servers, mean_h) in NETWORK.items()
}
NETWORK_CASE = Case(
    data=network_data,
    measure=network_measure,
    theory={
        **{f"wait_mean_h_{name}": wait for name, wait in NETWORK_WAITS.items()},
        "turns_mean": FLOWS["desk"] / FRESH,
        "stay_mean_h": sum(
            FLOWS[name] / FRESH * (NETWORK_WAITS[name] + mean_h) for name, (_, mean_h) in NETWORK.items()
        )
        + FLOWS["test"] / FRESH * WALK_H,
        "all_idle": float(np.prod([idle(FLOWS[name], *station) for name, station in NETWORK.items()])),
    },
    replications=4,
    sensitive=("wait_mean_h_desk", "wait_mean_h_test", "wait_mean_h_talk", "stay_mean_h", "all_idle"),
    seed=104,
    mutant_replications=1,
)


# -- M/G/infinity -------------------------------------------------------------------------------------------------

PRESENT, STAY_H, APART_H = 20.0, 0.25, 1.0
"""People present on average, and how far apart they are counted: four stays, so that the counts are independent."""


def room_for_all_data(slower: float) -> dict[str, Any]:
    watch = {"service": {"dist": "lognormal", "mean": hours(STAY_H * slower), "cv": 0.7}}
    return site_data({"watch": watch}, {"per_hour": PRESENT / STAY_H}, 1000 * APART_H)


def room_for_all_measure(result: Result) -> Columns:
    rows = at_station(result, "watch")
    assert np.array_equal(rows["queued"], rows["started"]), "nobody waits where there is room for all"
    times, present = level(result, rows["started"], rows["ended"])
    moments = np.arange(result.warm_up_h, result.horizon_h, APART_H)
    now = present[np.searchsorted(times, moments, side="right") - 1]
    return {
        "present_mean": time_mean(result, rows["started"], rows["ended"]),
        "present_variance": (now - PRESENT) ** 2,
        "at_most_20": (now <= 20).astype(np.float64),
        "at_most_25": (now <= 25).astype(np.float64),
    }


ROOM_FOR_ALL = Case(
    data=room_for_all_data,
    measure=room_for_all_measure,
    theory={
        "present_mean": PRESENT,
        "present_variance": PRESENT,
        "at_most_20": float(poisson.cdf(20, PRESENT)),
        "at_most_25": float(poisson.cdf(25, PRESENT)),
    },
    replications=11,
    sensitive=("present_mean", "at_most_20"),
    seed=105,
    mutant_replications=3,
)


# -- the shortest queue -------------------------------------------------------------------------------------------

SIDE_LOAD = 0.6
TO_BOTH = 2 * SIDE_LOAD * RATE


def two_lanes_data(slower: float, ways: Any, visitors: int = 150_000) -> dict[str, Any]:
    lane = {"servers": 1, "service": exponential(MEAN_H * slower)}
    stations = {"door": {"service": "0 s", "next": ways}, "left": lane, "right": lane}
    return site_data(stations, {"per_hour": TO_BOTH}, visitors / TO_BOTH)


def two_lanes_measure(result: Result) -> Columns:
    lanes = [waits(result, at_station(result, name)) for name in ("left", "right")]
    at_h, wait = (np.concatenate(part) for part in zip(*lanes, strict=True))
    return {"wait_mean_h": batch_means(result, at_h, wait, BATCHES)}


def shortest_queue_wait(arrival_rate: float, service_rate: float, most: int = 70) -> float:
    """Return the mean time in queue where arrivals join the shorter of two queues with a server each, in hours.

    Solved on the states (i, j) below ``most``; at loads up to 0.8 what is cut off is below the rounding of floats.
    """
    size = most * most
    i, j = (part.ravel() for part in np.meshgrid(np.arange(most), np.arange(most), indexing="ij"))
    here = i * most + j
    to_first = np.where(i < j, 1.0, np.where(i == j, 0.5, 0.0)) * arrival_rate
    moves = [(to_first, most, i < most - 1), (arrival_rate - to_first, 1, j < most - 1)]
    moves += [(np.where(i > 0, service_rate, 0.0), -most, i > 0), (np.where(j > 0, service_rate, 0.0), -1, j > 0)]
    rows = np.concatenate([here[can] + step for _, step, can in moves])
    cols = np.concatenate([here[can] for _, _, can in moves])
    rates = np.concatenate([rate[can] for rate, _, can in moves])
    flow = coo_matrix((rates, (rows, cols)), (size, size)).tolil()
    flow.setdiag(-np.asarray(flow.sum(axis=0)).ravel())
    flow[0, :] = 1.0
    law = spsolve(csc_matrix(flow), np.eye(size, 1).ravel())
    present = float(law @ (i + j))
    return present / arrival_rate - 1 / service_rate


SHORTEST = Case(
    data=lambda slower: two_lanes_data(slower, {"shortest": ["left", "right"]}),
    measure=two_lanes_measure,
    theory={"wait_mean_h": shortest_queue_wait(TO_BOTH, RATE)},
    replications=2,
    sensitive=("wait_mean_h",),
    seed=106,
    mutant_replications=1,
)
SPLIT = Case(
    data=lambda slower: two_lanes_data(slower, {"left": 0.5, "right": 0.5}),
    measure=two_lanes_measure,
    theory={"wait_mean_h": formulas.mmc_wait_mean(TO_BOTH / 2, RATE, 1)},
    replications=2,
    sensitive=("wait_mean_h",),
    seed=107,
    mutant_replications=1,
)


# -- room ---------------------------------------------------------------------------------------------------------

LINES, OFFERED, SEATS = 4, 3.2, 3


def loss_data(slower: float, waiting: int) -> dict[str, Any]:
    mean = hours(MEAN_H * slower)
    law = {"dist": "exponential", "mean": mean} if waiting else {"dist": "lognormal", "mean": mean, "cv": 1.5}
    desk, full = {"servers": LINES, "service": law}, {"room": LINES + waiting, "when_full": "turn_away"}
    return site_data({"desk": desk}, {"per_hour": OFFERED * RATE}, 200_000 / (OFFERED * RATE), **full)


def loss_measure(result: Result) -> Columns:
    sites = result.columns("sites")
    come = sites["arrived_h"] < result.horizon_h
    away = sites["end"].codes[come] == sites["end"].names.index("turned_away")
    rows = at_station(result)
    return {
        "turned_away": batch_means(result, sites["arrived_h"][come], away, BATCHES),
        "busy_mean": time_mean(result, rows["started"], rows["ended"]),
    }


def mmck_blocking(servers: int, load: float, room: int) -> float:
    """Return the probability that M/M/c/K is full.

    Source: Shortle, section 3.5; the law of the number present is that of M/M/c, cut off at K.
    """
    weights = np.cumprod([1.0] + [load / min(n, servers) for n in range(1, room + 1)])
    return float(weights[-1] / weights.sum())


def loss(waiting: int, blocked: float, seed: int) -> Case:
    return Case(
        data=lambda slower: loss_data(slower, waiting),
        measure=loss_measure,
        theory={"turned_away": blocked, "busy_mean": OFFERED * (1 - blocked)},
        replications=1,
        sensitive=("turned_away", "busy_mean"),
        seed=seed,
    )


# -- all of them --------------------------------------------------------------------------------------------------

CASES = {
    "M/M/c": MMC,
    "M/M/c with patience": ERLANG_A_CASE,
    "priorities": PRIORITIES,
    "Jackson network": NETWORK_CASE,
    "M/G/infinity": ROOM_FOR_ALL,
    "shortest queue": SHORTEST,
    "random queue": SPLIT,
    "loss": loss(0, formulas.erlang_b(LINES, OFFERED), seed=108),
    "loss with seats": loss(SEATS, mmck_blocking(LINES, OFFERED, LINES + SEATS), seed=109),
}


@pytest.mark.parametrize("system", CASES)
def test_a_site_is_the_system_of_theory(system):
    """Each kind of site has a closed form (or, for the shortest queue, a solved chain), and its means must meet it.

    M/M/c: Erlang C, in waits, in numbers and in the law. Patience: Erlang A, leaving competes with being served.
    Priorities: Cobham, each class with its own service, nobody is interrupted. A Jackson network with feedback and a
    walk: each station is an M/M/c at the flow of the traffic equations, and all are idle independently. A station
    without servers: the number present is Poisson, whatever the law of the stay. The shorter of two queues: the solved
    chain. Room that turns people away: Erlang B, whatever the law of the service, and M/M/c/K where some may wait.
    """
    confirm(CASES[system])


@pytest.mark.parametrize("system", CASES)
def test_each_check_refuses_services_5_percent_too_long(system):
    """A check that cannot tell a site with 5 % slower services from the right one would prove nothing."""
    refute(CASES[system])


def test_the_oracles_agree_where_they_meet():
    """The formulas of this file are those of the others where both apply: same services, no seats, one lane idle."""
    rates = (0.3 * RATE, 0.4 * RATE)
    assert cobham(rates, (MEAN_H, MEAN_H)) == pytest.approx(formulas.mmc_priority_waits(rates, RATE, 1))
    assert mmck_blocking(4, 3.2, 4) == pytest.approx(formulas.erlang_b(4, 3.2))
    shortest, split = SHORTEST.theory["wait_mean_h"], SPLIT.theory["wait_mean_h"]
    assert formulas.mmc_wait_mean(TO_BOTH, RATE, 2) < shortest < split
    assert shortest_queue_wait(TO_BOTH, RATE, 60) == pytest.approx(shortest, rel=1e-9)


def test_the_shortest_queue_is_never_worse_than_a_random_one():
    """With the same visitors and the same services, joining the shorter queue saves waiting in every replication."""
    for replication in range(8):
        means = {}
        for name, ways in {"shortest": {"shortest": ["left", "right"]}, "random": {"left": 0.5, "right": 0.5}}.items():
            result = run(validate(two_lanes_data(1.0, ways, visitors=10_000), name), seed=110, replication=replication)
            means[name] = two_lanes_measure(result)["wait_mean_h"].mean()
        assert means["shortest"] < means["random"]


# -- arrivals -----------------------------------------------------------------------------------------------------

STEPS = ((1.0, 40.0), (3.0, 160.0), (4.0, 0.0), (6.0, 80.0))
UNTIL_H = 9.0
EDGES = (0.0, *(time for time, _ in STEPS), UNTIL_H, 10.0)
EXPECTED = (0.0, 80.0, 160.0, 0.0, 240.0, 0.0)
DAYS = 250


def days(factor: float) -> list[Floats]:
    """Return the times of coming on each of many days, with all rates multiplied."""
    steps = [[hours(time), rate * factor] for time, rate in STEPS]
    arrivals = {"per_hour": steps, "until": hours(UNTIL_H)}
    site = {"enters": "desk", "arrivals": arrivals, "stations": {"desk": {"service": "1 min"}}}
    data = {"name": "days", "horizon": "10 h", "follow_up": "0 h", "world": {"community": {"residents": 1}}}
    scenario = validate({**data, "response": {"sites": {"site": site}}}, "days")
    return [run(scenario, 111, day, 10.0).columns("sites")["arrived_h"] for day in range(DAYS)]


def test_arrivals_are_a_poisson_process_with_the_stated_rate_of_every_step():
    """In each step the number who come has the mean and the variance of its rate times its length, and none elsewhere.

    Within a step they come evenly, and the counts of two steps have nothing to do with each other.
    """
    times = days(1.0)
    counts = np.array([np.histogram(day, EDGES)[0] for day in times], float)
    assert all(day.size == count.sum() for day, count in zip(times, counts, strict=True))
    for step, mean in enumerate(EXPECTED):
        if mean == 0:
            assert counts[:, step].max() == 0
            continue
        line = said(f"step {step}", counts[:, step], mean)
        assert agrees(counts[:, step], mean), line
        assert standard_error(counts[:, step]) <= MOST_SE * mean, line
        assert agrees((counts[:, step] - mean) ** 2 / mean, 1.0), "the variance of a Poisson count is its mean"
        within = np.concatenate([day[(day >= EDGES[step]) & (day < EDGES[step + 1])] for day in times])
        place = (within - EDGES[step]) / (EDGES[step + 1] - EDGES[step])
        assert agrees(place, 1 / 2)
        assert agrees(place**2, 1 / 3)
    assert agrees((counts[:, 1] - 80) * (counts[:, 2] - 160), 0.0)


def test_arrivals_refuse_rates_5_percent_too_high():
    """The same counts at rates 5 % higher must not agree."""
    counts = np.array([np.histogram(day, EDGES)[0] for day in days(1.05)], float)
    assert not any(agrees(counts[:, step], mean) for step, mean in enumerate(EXPECTED) if mean)


# -- on every path ------------------------------------------------------------------------------------------------


def in_turn(ready_h: Floats, service_h: Floats, servers: int) -> Floats:
    """Return when each service starts, first come first served (Kiefer and Wolfowitz)."""
    free, starts = [0.0] * servers, []
    for ready, length in zip(ready_h.tolist(), service_h.tolist(), strict=True):
        starts.append(max(ready, free[0]))
        heapq.heapreplace(free, starts[-1] + length)
    return np.array(starts)


def test_a_station_serves_in_turn_on_every_path():
    """Given when people come and how long they take, first come first served leaves nothing to chance."""
    result = run(validate(mmc_data(1.0, visitors=10_000), "theory"), seed=112)
    rows = at_station(result)
    done = ~np.isnan(rows["ended"])
    service = np.where(done, rows["ended"] - rows["started"], 0.0)
    upto = int(np.flatnonzero(~done)[0]) if not done.all() else done.size
    starts = in_turn(rows["queued"][:upto], service[:upto], SERVERS)
    assert upto > 10_000
    assert np.abs(starts - rows["started"][:upto]).max() < 1e-9
    assert (starts > rows["queued"][:upto]).mean() > 0.3


def test_a_way_through_the_network_has_no_gap():
    """Who leaves a station joins the next at once, or after the walk to it; the last leaves the site.

    A service is drawn afresh for each turn at a station: nobody is slow at every turn for being slow at one.
    """
    result = run(validate(network_data(1.0, visitors=5_000), "theory"), seed=113)
    table, sites = result.columns("stations"), result.columns("sites")
    frame = np.rec.fromarrays(
        [table["visitor"].astype(np.int64), table["queued_h"], table["started_h"], table["ended_h"]],
        names="visitor,queued,started,ended",
    )
    station = table["station"].decoded()
    order = np.lexsort((frame.queued, frame.visitor))
    frame, station = frame[order], station[order]
    same = frame.visitor[1:] == frame.visitor[:-1]
    first, last = np.append(True, ~same), np.append(~same, True)
    gap = frame.queued[1:] - frame.ended[:-1]
    walked = station[1:] == "test"
    assert (gap[same & ~walked] == 0).all()
    assert (gap[same & walked] > 0).all()
    assert gap[same & walked].mean() == pytest.approx(WALK_H, rel=0.1)
    assert np.array_equal(frame.queued[first], sites["arrived_h"][frame.visitor[first]])
    gone = ~np.isnan(sites["left_h"][frame.visitor[last]])
    assert np.array_equal(frame.ended[last][gone], sites["left_h"][frame.visitor[last]][gone])
    desk = (station == "desk") & ~np.isnan(frame.ended)
    turn = np.flatnonzero(desk)
    again = turn[1:][frame.visitor[turn[1:]] == frame.visitor[turn[:-1]]]
    before = turn[:-1][frame.visitor[turn[1:]] == frame.visitor[turn[:-1]]]
    length = frame.ended - frame.started
    assert again.size > 300
    assert abs(np.corrcoef(length[before], length[again])[0, 1]) < 4 / np.sqrt(again.size)


def test_no_server_is_idle_while_somebody_waits_and_none_serves_two():
    """Servers come and go by steps: who is being served is finished, and nobody starts beyond those who are there.

    After every change, either all servers are busy or nobody waits.
    """
    steps = ((0.0, 2), (3.0, 6), (5.0, 1), (8.0, 0), (9.0, 4))
    desk = {"servers": [[hours(time), number] for time, number in steps], "service": exponential(0.2)}
    arrivals = {"per_hour": 12, "until": "12 h"}
    site = {"enters": "desk", "arrivals": arrivals, "stations": {"desk": desk}}
    data = {"name": "steps", "horizon": "12 h", "follow_up": "40 h", "world": {"community": {"residents": 1}}}
    scenario = validate({**data, "response": {"sites": {"site": site}}}, "steps")
    waited = 0
    for replication in range(20):
        rows = at_station(run(scenario, seed=114, replication=replication))
        assert not np.isnan(rows["ended"]).any()
        moments = np.unique(np.concatenate([rows["queued"], rows["started"], rows["ended"], [t for t, _ in steps]]))

        def number(begin: Floats, end: Floats, moments: Floats = moments) -> Any:
            begun = np.searchsorted(np.sort(begin), moments, side="right")
            return begun - np.searchsorted(np.sort(end), moments, side="right")

        waiting, busy = number(rows["queued"], rows["started"]), number(rows["started"], rows["ended"])
        there = np.array([n for _, n in steps])[np.searchsorted([t for t, _ in steps], moments, side="right") - 1]
        assert (busy[waiting > 0] >= there[waiting > 0]).all()
        assert (busy <= there)[np.isin(moments, rows["started"])].all()
        waited += int((waiting > 0).sum())
    assert waited > 500


def test_nobody_is_overtaken_by_a_later_priority():
    """When a service starts, nobody of a higher priority waits, nor anybody of the same who joined before."""
    data = priority_data(1.0)
    result = run(validate(data, "theory").with_values({"horizon": "60 h"}), seed=115)
    rows = at_station(result)
    rank = result.columns("sites")["class"].codes[rows["visitor"].astype(np.int64)] != 0
    waited = np.flatnonzero(rows["started"] > rows["queued"])
    assert waited.size > 1000
    for who in waited.tolist():
        start, joined = rows["started"][who], rows["queued"][who]
        there = (rows["queued"] < start) & ~(rows["started"] <= start)
        assert not (there & (rank < rank[who])).any()
        assert not (there & (rank == rank[who]) & (rows["queued"] < joined)).any()


def test_waiting_outside_changes_nobodys_turn():
    """A site with as much room as it has servers keeps the queue outside: each leaves when they would have anyway."""
    inside = run(validate(mmc_data(1.0, visitors=10_000), "theory"), seed=116)
    data = mmc_data(1.0, visitors=10_000)
    data["response"]["sites"]["site"]["room"] = SERVERS
    outside = run(validate(data, "theory"), seed=116)
    np.testing.assert_array_equal(outside.columns("sites")["left_h"], inside.columns("sites")["left_h"])
    rows = at_station(outside)
    assert (rows["queued"] == rows["started"])[~np.isnan(rows["started"])].all()
    assert (at_station(inside)["started"] > at_station(inside)["queued"]).mean() > 0.3


# -- goods --------------------------------------------------------------------------------------------------------

BATCH_COUNT, MAKERS, NURSES = 5, 2, 3


@pytest.mark.parametrize("amount", [None, 150], ids=["as many as come", "too few"])
def test_the_kth_visitor_starts_no_earlier_than_the_kth_dose_is_ready(amount):
    """Doses are set out in equal batches and made ready by servers of their own; each visitor takes the next one.

    On every path: pieces are set out by the plan, made ready in turn, and the k-th to ask joins the queue when the k-th
    piece is ready or they come, whichever is later; then they are served in turn. Without a piece nobody is served.
    """
    batches = {"every": "1 h", "count": BATCH_COUNT} | ({} if amount is None else {"amount": amount})
    desk = {"servers": NURSES, "service": exponential(0.05), "takes": "doses"}
    doses = {"servers": MAKERS, "service": exponential(0.025), "batches": batches}
    arrivals = {"per_hour": 45, "until": "5 h"}
    site = {"enters": "desk", "arrivals": arrivals, "stations": {"desk": desk}, "goods": {"doses": doses}}
    data = {"name": "doses", "horizon": "5 h", "follow_up": "20 h", "world": {"community": {"residents": 1}}}
    scenario = validate({**data, "response": {"sites": {"site": site}}}, "doses")
    late = 0
    for replication in range(20):
        result = run(scenario, seed=117, replication=replication)
        come = np.sort(result.columns("sites")["arrived_h"])
        made, served = at_station(result, "doses"), at_station(result)
        pieces = come.size if amount is None else amount
        size = -(-pieces // BATCH_COUNT)
        set_out = np.minimum(np.arange(pieces) // size, BATCH_COUNT - 1).astype(float)
        np.testing.assert_array_equal(made["queued"], set_out)
        lasts = made["ended"] - made["started"]
        np.testing.assert_allclose(made["started"], in_turn(set_out, lasts, MAKERS), atol=1e-9)
        ready = np.sort(made["ended"])
        taken = min(come.size, pieces)
        np.testing.assert_array_equal(served["queued"], np.maximum(come[:taken], ready[:taken]))
        np.testing.assert_array_equal(served["visitor"], np.argsort(result.columns("sites")["arrived_h"])[:taken])
        starts = in_turn(served["queued"], served["ended"] - served["started"], NURSES)
        np.testing.assert_allclose(served["started"], starts, atol=1e-9)
        assert np.isnan(result.columns("sites")["left_h"]).sum() == come.size - taken
        late += int((ready[:taken] > come[:taken]).sum())
    assert late > 200, "doses must be waited for, or nothing is shown"
