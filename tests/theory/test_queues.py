"""Minimal scenarios are the queues of theory: waits, ends and numbers busy match closed forms (design laws 2 and 5).

Each closed form comes with a mutation test: the same check refuses a simulator whose service takes 3 % longer.
"""

import heapq
import itertools
from typing import Any

import formulas
import numpy as np
import pytest
import support
from scipy.stats import lognorm
from support import Case, Columns, batch_means, cohort, confirm, exponential, hours, queue_data, refute

from sim.records.derive import queue_intervals
from sim.records.result import Result
from sim.runs import run
from sim.spec.patches import validate

MEAN_H = 1 / 60
"""Mean service time of the pure queues: a minute, so that millions of needs fit into three years."""
RATE = 1 / MEAN_H
BATCHES = 20


# -- M/M/c --------------------------------------------------------------------------------------------------------

SERVERS = 3
LOAD = 0.7
TARGET_H = 2 * MEAN_H
ARRIVALS = LOAD * SERVERS * RATE


def mmc_data(slower: float) -> dict[str, Any]:
    need = {"per_hour": ARRIVALS, "urgency": 2, "service": exponential(MEAN_H * slower), "target": hours(TARGET_H)}
    return queue_data({"help": need}, SERVERS, cohort_h=400_000 / ARRIVALS, warm_up_h=20)


def mmc_measure(result: Result) -> Columns:
    needs = cohort(result)
    wait, half = needs["queue"], result.warm_up_h + (result.horizon_h - result.warm_up_h) / 2
    first = needs["onset"] < half

    def mean(values: Any) -> Any:
        return batch_means(result, needs["onset"], values, BATCHES)

    return {
        "wait_mean_h": mean(wait),
        "stay_mean_h": mean(needs["stay"]),
        "share_at_once": mean(wait == 0),
        "share_in_target": mean(wait <= TARGET_H),
        "wait_p90_h": np.array([np.quantile(wait[first], 0.9), np.quantile(wait[~first], 0.9)]),
    }


MMC = Case(
    data=mmc_data,
    measure=mmc_measure,
    theory={
        "wait_mean_h": formulas.mmc_wait_mean(ARRIVALS, RATE, SERVERS),
        "stay_mean_h": formulas.mmc_wait_mean(ARRIVALS, RATE, SERVERS) + MEAN_H,
        "share_at_once": 1 - formulas.erlang_c(SERVERS, LOAD * SERVERS),
        "share_in_target": formulas.mmc_wait_cdf(TARGET_H, ARRIVALS, RATE, SERVERS),
        "wait_p90_h": formulas.mmc_wait_quantile(0.9, ARRIVALS, RATE, SERVERS),
    },
    replications=8,
    sensitive=("wait_mean_h", "stay_mean_h", "share_at_once"),
    seed=1,
)


def test_mmc_waits_follow_erlang_c():
    """Residents ask at random and three equal responders serve at 70 % load: M/M/3, whose law of waits is Erlang's.

    The p90 is asserted as a quantile, and the law besides it at 0 and at the target.
    """
    confirm(MMC)


def test_mmc_refutes_a_service_3_percent_too_long():
    """At 70 % load a service 3 % longer adds a sixth to the wait; a check that let it pass would prove nothing."""
    refute(MMC)


def test_waits_are_those_of_the_recursion_on_every_path():
    """Given when people ask and how long they take, first come first served leaves nothing to chance.

    Each wait must be that of Kiefer and Wolfowitz: until the first of the c responders is free of all who came before.
    """
    scenario = validate(mmc_data(1.0), "theory").with_values({"horizon": "200 h", "warm_up": "0 h"})
    result = run(scenario, seed=1)
    needs, visits = result.columns("needs"), result.columns("visits")
    lasted = np.full(needs["need"].size, np.nan)
    lasted[visits["need"]] = visits["ended_h"] - visits["started_h"]
    wait = needs["started_h"] - needs["requested_h"]
    free = [0.0] * SERVERS
    worst = 0.0
    for asked, length, waited in zip(needs["requested_h"].tolist(), lasted.tolist(), wait.tolist(), strict=True):
        if asked > scenario.horizon:
            break
        start = max(asked, free[0])
        heapq.heapreplace(free, start + length)
        worst = max(worst, abs(start - asked - waited))
    assert wait[needs["requested_h"] <= scenario.horizon].max() > TARGET_H
    assert worst < 1e-9


# -- M/M/c+M ------------------------------------------------------------------------------------------------------

CREW = 8
PATIENCE_H = 2 * MEAN_H
CALLS = 1.0 * CREW * RATE
TIMES_H = (0.25 * MEAN_H, 0.5 * MEAN_H, 1.0 * MEAN_H)
TAU_H = 5 * MEAN_H
ERLANG_A = formulas.erlang_a(CALLS, RATE, 1 / PATIENCE_H, CREW)


def erlang_a_data(slower: float) -> dict[str, Any]:
    service, patience = exponential(MEAN_H * slower), exponential(PATIENCE_H)
    need = {"per_hour": CALLS, "urgency": 1, "service": service, "patience": patience}
    return queue_data({"help": need}, CREW, cohort_h=200_000 / CALLS, warm_up_h=5, follow_up_h=2)


def erlang_a_measure(result: Result) -> Columns:
    needs = cohort(result)
    onset, start = needs["onset"], needs["start"]
    served = np.isfinite(start)
    means = {
        "abandon_share": needs["left"],
        "queue_mean_h": needs["queue"],
        "started_at_once": start == 0,
        **{f"started_by_{k}": start <= time_h for k, time_h in enumerate(TIMES_H)},
        "wait_restricted_h": np.minimum(start, TAU_H),
    }
    return {
        **{name: batch_means(result, onset, values, BATCHES) for name, values in means.items()},
        "wait_served_h": batch_means(result, onset[served], start[served], BATCHES),
    }


ERLANG_A_CASE = Case(
    data=erlang_a_data,
    measure=erlang_a_measure,
    theory={
        "abandon_share": ERLANG_A.abandon_share,
        "queue_mean_h": ERLANG_A.wait_mean,
        "started_at_once": ERLANG_A.started_by(0.0),
        **{f"started_by_{k}": ERLANG_A.started_by(time_h) for k, time_h in enumerate(TIMES_H)},
        "wait_restricted_h": ERLANG_A.wait_mean_restricted(TAU_H),
        "wait_served_h": ERLANG_A.wait_mean_served,
    },
    replications=5,
    sensitive=("abandon_share", "queue_mean_h", "wait_restricted_h"),
    seed=2,
)


def test_patience_gives_erlang_a():
    """Exponential patience at full load is M/M/c+M: who leaves, how long all queue, and the incidence of starting.

    The incidence F of starting, with leaving as a competing risk, is what every wait outcome is made of (design law 5).
    """
    confirm(ERLANG_A_CASE)


def test_erlang_a_refutes_a_service_3_percent_too_long():
    """Patience damps the queue, and even so 3 % more work must show in who leaves and how long they queue."""
    refute(ERLANG_A_CASE)


# -- M/G/1 --------------------------------------------------------------------------------------------------------


def single(service: dict[str, Any], load: float, needs: int) -> dict[str, Any]:
    need = {"per_hour": load * RATE, "urgency": 2, "service": service}
    return queue_data({"help": need}, 1, cohort_h=needs / (load * RATE), warm_up_h=20)


def single_measure(result: Result) -> Columns:
    needs = cohort(result)
    return {"wait_mean_h": batch_means(result, needs["onset"], needs["queue"], BATCHES)}


def mg1(dist: str, cv: float, load: float, replications: int, seed: int) -> Case:
    return Case(
        data=lambda slower: single({"dist": dist, "mean": hours(MEAN_H * slower), "cv": cv}, load, 250_000),
        measure=single_measure,
        theory={"wait_mean_h": formulas.mg1_wait_mean(load * RATE, MEAN_H, cv**2)},
        replications=replications,
        sensitive=("wait_mean_h",),
        seed=seed,
    )


MG1 = {
    "lognormal": mg1("lognormal", 0.8, 0.6, 5, seed=3),
    "gamma": mg1("gamma", 1.2, 0.6, 5, seed=4),
    "fixed": Case(
        data=lambda slower: single({"dist": "fixed", "value": hours(MEAN_H * slower)}, 0.7, 300_000),
        measure=single_measure,
        theory={"wait_mean_h": formulas.md1_wait_mean(0.7 * RATE, MEAN_H)},
        replications=3,
        sensitive=("wait_mean_h",),
        seed=5,
    ),
}


@pytest.mark.parametrize("law", MG1)
def test_one_responder_gives_pollaczek_khinchine(law):
    """One responder and any law of service is M/G/1: the mean wait depends on the law through mean and spread only.

    So it checks the spread that a scenario states, which an M/M/c could not; a fixed service is M/D/1.
    """
    confirm(MG1[law])


@pytest.mark.parametrize("law", MG1)
def test_mg1_refutes_a_service_3_percent_too_long(law):
    """The same with 3 % longer services must not agree."""
    refute(MG1[law])


# -- priorities ---------------------------------------------------------------------------------------------------

PAIR = 2
SHARES = (0.2, 0.2, 0.3)
CLASSES = ("urgent", "soon", "later")
CLASS_RATES = tuple(share * PAIR * RATE for share in SHARES)


def priority_data(slower: float) -> dict[str, Any]:
    service = exponential(MEAN_H * slower)
    needs = {
        name: {"per_hour": rate, "urgency": urgency, "service": service}
        for urgency, (name, rate) in enumerate(zip(CLASSES, CLASS_RATES, strict=True), start=1)
    }
    return queue_data(needs, PAIR, cohort_h=400_000 / sum(CLASS_RATES), warm_up_h=20)


def priority_measure(result: Result) -> Columns:
    found = {}
    for name in CLASSES:
        needs = cohort(result, name)
        found[f"wait_mean_h_{name}"] = batch_means(result, needs["onset"], needs["queue"], BATCHES)
    return found


PRIORITIES = Case(
    data=priority_data,
    measure=priority_measure,
    theory={
        f"wait_mean_h_{name}": wait
        for name, wait in zip(CLASSES, formulas.mmc_priority_waits(CLASS_RATES, RATE, PAIR), strict=True)
    },
    replications=6,
    sensitive=("wait_mean_h_soon", "wait_mean_h_later"),
    seed=6,
)


def test_urgency_gives_non_preemptive_priorities():
    """Triage by urgency never breaks off a visit, so three urgencies with one law of service are Cobham's queue.

    The urgent wait only for visits in progress, and the last class carries the load of all.
    """
    confirm(PRIORITIES)


def test_priorities_refute_a_service_3_percent_too_long():
    """The classes that wait behind others must show a service 3 % too long."""
    refute(PRIORITIES)


# -- feedback -----------------------------------------------------------------------------------------------------

TWO = 2
AGAIN = 0.25
FRESH = 0.6 * TWO * RATE * (1 - AGAIN)
FEEDBACK = formulas.mmc_feedback(FRESH, RATE, TWO, AGAIN)


def feedback_data(slower: float) -> dict[str, Any]:
    need = {"per_hour": FRESH, "urgency": 2, "service": exponential(MEAN_H * slower), "again": AGAIN}
    return queue_data({"help": need}, TWO, cohort_h=300_000 / FRESH, warm_up_h=20)


def feedback_measure(result: Result) -> Columns:
    needs = cohort(result)
    means = {
        "visits_mean": needs["attempts"],
        "sojourn_mean_h": needs["stay"],
        "first_wait_mean_h": needs["queue"],
        "first_in_target": needs["queue"] <= TARGET_H,
    }
    begin, end = queue_intervals(result)
    return {
        **{name: batch_means(result, needs["onset"], values, BATCHES) for name, values in means.items()},
        "wait_per_visit_h": batch_means(result, begin, end - begin, BATCHES),
    }


FEEDBACK_CASE = Case(
    data=feedback_data,
    measure=feedback_measure,
    theory={
        "visits_mean": FEEDBACK.visits_mean,
        "sojourn_mean_h": FEEDBACK.sojourn_mean,
        "first_wait_mean_h": FEEDBACK.first_wait_mean,
        "first_in_target": FEEDBACK.first_wait_cdf(TARGET_H),
        "wait_per_visit_h": FEEDBACK.wait_per_visit_mean,
    },
    replications=5,
    sensitive=("sojourn_mean_h", "first_wait_mean_h", "wait_per_visit_h"),
    seed=7,
)


def test_again_gives_bernoulli_feedback():
    """A need that asks again joins the end of the queue: the number present is that of M/M/c with more work per need.

    Each visit is a fresh draw, decided per attempt; the first wait has the law of an M/M/c at the full load.
    """
    confirm(FEEDBACK_CASE)


def test_feedback_refutes_a_service_3_percent_too_long():
    """Every visit 3 % too long must show in the waits and in the time to the final end."""
    refute(FEEDBACK_CASE)


# -- Mt/G/infinity ------------------------------------------------------------------------------------------------

CURVE = ((0.0, 0.2), (6.0, 1.0), (10.0, 0.3), (16.0, 1.5), (20.0, 0.6))
SURGE_RATE = 1700.0
STAY_H, STAY_CV = 3.0, 0.7
MOMENTS_H = (4.0, 7.0, 11.0, 14.0, 17.0, 23.0)
DAY_H = 24.0


def surge_data(slower: float) -> dict[str, Any]:
    service = {"dist": "lognormal", "mean": hours(STAY_H * slower), "cv": STAY_CV}
    need = {"per_hour": SURGE_RATE, "urgency": 2, "service": service}
    data = queue_data({"help": need}, 7_500, cohort_h=DAY_H, warm_up_h=0, follow_up_h=0, residents=10_000)
    curve = [[hours(time_h), level] for time_h, level in CURVE]
    data["world"]["hazards"] = {"wave": {"kind": "surge", "drives": ["help"], "curve": curve}}
    return data


def surge_measure(result: Result) -> Columns:
    units, needs = result.columns("units"), result.columns("needs")
    wait = needs["started_h"] - needs["requested_h"]
    assert (wait == 0).all(), "more responders than needs: nobody waits"
    unit = units["kind"].codes == units["kind"].names.index("unit")
    place = np.searchsorted(units["t_h"][unit], MOMENTS_H, side="right") - 1
    busy = units["busy"][unit][place]
    return {"busy_mean": busy.mean(), **{f"busy_at_{time_h:g}_h": busy[k] for k, time_h in enumerate(MOMENTS_H)}}


def surge_theory() -> dict[str, float]:
    times, levels = zip(*CURVE, strict=True)
    variance = np.log1p(STAY_CV**2)
    law = lognorm(s=np.sqrt(variance), scale=STAY_H * np.exp(-variance / 2))
    busy = [
        formulas.mt_g_inf_mean_busy(
            time_h,
            lambda at_h: SURGE_RATE * float(np.interp(at_h, times, levels)),
            lambda length_h: float(law.sf(length_h)),
            rate_breaks=times,
        )
        for time_h in MOMENTS_H
    ]
    at = {f"busy_at_{time_h:g}_h": level for time_h, level in zip(MOMENTS_H, busy, strict=True)}
    return {"busy_mean": float(np.mean(busy)), **at}


SURGE = Case(
    data=surge_data,
    measure=surge_measure,
    theory=surge_theory(),
    replications=13,
    sensitive=("busy_mean",),
    seed=8,
    mutant_replications=4,
)


def test_surge_gives_mt_g_infinity():
    """Needs follow the curve of a hazard and nobody waits: the number busy lags behind the curve as Eick et al. say.

    It is transient, from an empty start, so it checks the thinning of candidates at every hour and not only its mean.
    """
    confirm(SURGE)


def test_mt_g_infinity_refutes_a_service_3_percent_too_long():
    """A service 3 % too long leaves at most 3 % more people busy, and the mean over the six moments must show it."""
    refute(SURGE)


# -- Little's law -------------------------------------------------------------------------------------------------


def little_data(needs: dict[str, Any], units: dict[str, Any], **response: Any) -> dict[str, Any]:
    return {
        "name": "little",
        "horizon": "60 h",
        "follow_up": "12 h",
        "world": {"community": {"residents": 200, "buildings": 6, "zones": ["north", "south"]}, "needs": needs},
        "response": {"organisation": {"units": units}, **response},
    }


def team(count: int, **more: Any) -> dict[str, Any]:
    return {"function": "casework", "members": "volunteer", "count": count, **more}


def help_need(per_hour: float, **more: Any) -> dict[str, Any]:
    return {"per_hour": per_hour, "urgency": 2, "service": exponential(0.5), **more}


STORE = {
    "stock": {"kit": 5},
    "policy": {"reorder_point": 4, "order_quantity": 20},
    "lead_time": {"dist": "gamma", "mean": "6 h", "cv": 0.5},
}
LITTLE = {
    "plain": little_data({"help": help_need(7)}, {"crew": team(4)}),
    "overloaded": little_data({"help": help_need(9)}, {"crew": team(4)}),
    "patience": little_data({"help": help_need(9, patience=exponential(2))}, {"crew": team(4)}),
    "reporting": little_data(
        {"help": help_need(9, patience=exponential(2), reporting_delay=exponential(1), reported=0.7)},
        {"crew": team(3)},
        travel={"speed_km_h": 1},
    ),
    "feedback": little_data({"help": help_need(5, again=0.4, patience=exponential(2))}, {"crew": team(4)}),
    "shifts": little_data(
        {"help": help_need(7, patience=exponential(6)), "later": help_need(2, urgency=4)},
        {"crew": team(6, shift="08:00-20:00"), "night": team(2, shift="19:00-07:00", handover="replace")},
    ),
    "wrong skills": little_data(
        {"lift": help_need(3, skill="lift", patience=exponential(2)), "talk": help_need(3, skill="talk", again=0.2)},
        {"crew": team(6, skills={"lift": 0.5, "talk": 0.6})},
        desks={"desk": {"match": "random"}},
    ),
    "stock-outs": little_data(
        {"help": help_need(6, items={"kit": 1}, patience=exponential(5))}, {"crew": team(4)}, supplies={"store": STORE}
    ),
    "sessions": little_data(
        {"case": help_need(0.7, sessions={"count": 3, "every": "10 h"}), "help": help_need(3, patience=exponential(3))},
        {"crew": team(4, shift="06:00-22:00")},
    ),
    "referrals": little_data(
        {"help": help_need(9, referral={"after": "90 min", "on_visit": 0.2, "delay": "2 h"}, escalate_after="1 h")},
        {"crew": team(4)},
    ),
    "two desks": little_data(
        {"help": help_need(8, patience=exponential(2), again=0.1)},
        {"crew": team(2), "other": team(3), "committee": {"function": "command", "members": "staff", "count": 1}},
        desks={
            "north": {"zones": ["north"], "units": ["crew"], "coordinator": "committee", "handling": "3 min"},
            "rest": {"units": ["other"]},
        },
    ),
}


def queue_time_by_hand(result: Result) -> float:
    """Return the sum of all times in queue, need by need from the stamps, clipped at the end of the run.

    A request queues until it is first sent to, or until it leaves, is referred or the run ends; and again after each
    visit that found somebody without the skill, or left the need unmet though it is no case.
    """
    cases = {"case"}
    of_need: dict[int, list[Any]] = {}
    for visit in result.frame("visits").sort_values(["need", "attempt"]).to_dict("records"):
        of_need.setdefault(visit["need"], []).append(visit)
    total = 0.0
    for row in result.frame("needs").to_dict("records"):
        gone = row["referred_h"] if row["referred_h"] == row["referred_h"] else row["closed_h"]
        gone = min(gone, result.end_h) if gone == gone else result.end_h
        visited = of_need.get(row["need"], [])
        if row["requested_h"] != row["requested_h"]:
            assert not visited
            continue
        total += (visited[0]["dispatched_h"] if visited else gone) - row["requested_h"]
        for visit, following in itertools.zip_longest(visited, visited[1:]):
            unmet = visit["outcome"] == "more" and row["need_type"] not in cases
            if unmet or visit["outcome"] == "wrong_skill":
                total += (following["dispatched_h"] if following else gone) - visit["ended_h"]
    return total


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", LITTLE)
def test_littles_law_holds_exactly_on_every_path(kind, seed):
    """The integral of the queue is the sum of the times in queue, whatever happens to people while they wait.

    On one path Little's law is an identity, no matter of chance: a moment lost or counted twice anywhere breaks it.
    """
    result = run(validate(LITTLE[kind], kind), seed)
    begin, end = queue_intervals(result)
    times_in_queue = float((np.where(np.isnan(end), result.end_h, np.minimum(end, result.end_h)) - begin).sum())
    units = result.columns("units")
    area = 0.0
    for desk in result.columns("needs")["desk"].names:
        rows = (units["name"].decoded() == desk) & (units["kind"].decoded() == "desk")
        time_h, queue = units["t_h"][rows], units["queue"][rows]
        assert queue.min() >= 0
        area += float(support.time_integral(time_h, queue, np.array([result.end_h]))[0])
    assert times_in_queue > 1, "the scenario must make people wait"
    assert area == pytest.approx(times_in_queue, rel=1e-9)
    assert area == pytest.approx(queue_time_by_hand(result), rel=1e-9)
