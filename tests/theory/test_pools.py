"""Samples pooled in tubes are the group tests of theory (Dorfman 1943): tubes used, positives found, false alarms.

Everybody is called, comes, and gives a sample; whoever is in a positive tube is called again and sampled singly. Who is
infected is drawn without replacement, so that all expectations are exact by the hypergeometric law.
"""

import heapq
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy.stats import hypergeom
from support import Columns, Floats, agrees, said, standard_error

from sim.records.result import Result
from sim.runs import run
from sim.spec.patches import validate

RESIDENTS, RUNS = 2000, 50
MOST_SE = 0.015
"""Largest standard error of an asserted mean, as a share of theory."""
LABORATORY = {"courier_every": "1 h", "transport": "30 min", "takes": "4 h"}


def pool_data(size: int, infected: int, residents: int = RESIDENTS, **more: Any) -> dict[str, Any]:
    """Return a scenario in which all residents are sampled once; ``more`` goes to the pool, or to its laboratory."""
    laboratory = LABORATORY | {key: more.pop(key) for key in ("sensitivity", "specificity", "machines") if key in more}
    # a tube stays open until it is full: only the last may be smaller
    pool = {"size": size, "seal_after": "40 h", "laboratory": laboratory, **more}
    swab = {"servers": 8, "service": {"dist": "exponential", "mean": "20 s"}, "pool": pool}
    invitations = {"rounds": ["1 h"], "slot": "15 min", "per_slot": 250, "spread": "5 min"}
    return {
        "name": "pools",
        "horizon": "96 h",
        "follow_up": "0 h",
        "world": {
            "community": {"residents": residents},
            "positives": [{"count": infected}] if infected else [],
        },
        "response": {"sites": {"hall": {"enters": "swab", "stations": {"swab": swab}, "invitations": invitations}}},
    }


def tubes_of(result: Result, size: int) -> Columns:
    """Return the tubes of a run in which every tube of the first sampling is full, after checking what always holds.

    Every sample taken is in exactly one tube, no tube holds more than its size, every result comes back, and each
    infected resident is in one pooled tube.
    """
    tubes, table = result.columns("tubes"), result.columns("stations")
    sampled = int((~np.isnan(table["ended_h"])).sum())
    assert tubes["people"].sum() == sampled, "a sample is lost, or in two tubes"
    assert tubes["people"].max() <= size
    assert tubes["people"].min() >= 1
    assert not np.isnan(tubes["result_h"]).any(), "the run is too short: a tube is still out"
    for earlier, later in zip(("opened_h", "sealed_h", "sent_h"), ("sealed_h", "sent_h", "result_h"), strict=True):
        assert (tubes[earlier] <= tubes[later]).all()
    return tubes


class Found(NamedTuple):
    """What one run used and found."""

    tubes: float
    pools_positive: float
    found: float
    """Infected people whose own sample was positive."""
    false: float
    """People without infection whose own sample was positive."""


def measured(result: Result, size: int, infected: int) -> Found:
    tubes = tubes_of(result, size)
    pooled = tubes["people"] > 1
    assert (tubes["people"][pooled] == size).all()
    assert tubes["infected"][pooled].sum() == infected
    positive, single = tubes["positive"], ~pooled
    assert single.sum() == size * (pooled & positive).sum(), "all of a positive tube, and nobody else, come again"
    events = result.columns("events")["event"]
    confirmed = int((events.codes == events.names.index("confirmed")).sum()) if "confirmed" in events.names else 0
    assert confirmed == (single & positive).sum()
    return Found(
        tubes=tubes["people"].size,
        pools_positive=(pooled & positive).sum(),
        found=(single & positive & (tubes["infected"] == 1)).sum(),
        false=(single & positive & (tubes["infected"] == 0)).sum(),
    )


@cache
def many(size: int, infected: int, **more: Any) -> dict[str, Floats]:
    scenario = validate(pool_data(size, infected, **more), "pools")
    runs = [measured(run(scenario, 201, k, scenario.end_h), size, infected) for k in range(RUNS)]
    return {name: np.array([getattr(one, name) for one in runs], float) for name in Found._fields}


def expected(size: int, infected: int, sensitivity: float = 1.0, specificity: float = 1.0) -> Found:
    """Return the expectations of two-stage pooling without replacement.

    A pool is clean with the hypergeometric probability of no infected among ``size``; it is positive by sensitivity if
    not clean, else by one minus specificity. An infected person is found by two tests, which fail independently.
    """
    pools = RESIDENTS / size
    clean = hypergeom(RESIDENTS, infected, size).pmf(0) if infected else 1.0
    others_clean = hypergeom(RESIDENTS - 1, infected, size - 1).pmf(0) if infected else 1.0
    alarm = 1 - specificity
    positive = sensitivity * (1 - clean) + alarm * clean
    with_healthy = sensitivity * (1 - others_clean) + alarm * others_clean
    return Found(
        tubes=pools * (1 + size * positive),
        pools_positive=pools * positive,
        found=infected * sensitivity**2,
        false=(RESIDENTS - infected) * with_healthy * alarm,
    )


def check(found: dict[str, Floats], theory: Found, *precise: str) -> None:
    """Assert that all means agree with theory, and that some are known to 1.5 %."""
    for name, mean in theory._asdict().items():
        line = said(name, found[name], mean)
        print(line)
        if not mean:
            assert found[name].max() == 0, line
        elif found[name].std() == 0:
            assert found[name][0] == pytest.approx(mean), line
        else:
            assert agrees(found[name], mean), line
        assert name not in precise or standard_error(found[name]) <= MOST_SE * mean, line


DORFMAN = [(5, 20), (5, 100), (10, 20), (10, 100)]


@pytest.mark.parametrize(("size", "infected"), DORFMAN)
def test_tubes_per_person_are_dorfmans(size, infected):
    """With perfect tests a person costs 1/n of a tube, and one more where anybody of the n is infected.

    That is 1/n + 1 − (1 − p)^n in a large population, and the exact expectation is within 1 % of it here; everybody
    infected is found and nobody else is alarmed.
    """
    theory = expected(size, infected)
    share = infected / RESIDENTS
    assert theory.tubes / RESIDENTS == pytest.approx(1 / size + 1 - (1 - share) ** size, rel=0.01)
    assert theory.found == infected
    assert theory.false == 0
    check(many(size, infected), theory, "tubes", "pools_positive", "found")


@pytest.mark.parametrize(("size", "sensitivity"), [(10, 0.8), (5, 0.6)])
def test_sensitivity_counts_twice_under_a_second_test(size, sensitivity):
    """Who is infected is found if the tube is, and then their own: the share found is the sensitivity squared.

    A tube of several infected is no easier to find: the chance is that of a tube with one positive sample or more.
    """
    check(many(size, 100, sensitivity=sensitivity), expected(size, 100, sensitivity), "tubes", "pools_positive")


@pytest.mark.parametrize(("size", "infected", "specificity"), [(10, 0, 0.9), (10, 60, 0.95)])
def test_false_alarms_come_at_the_rate_of_specificity(size, infected, specificity):
    """Clean tubes are positive at one minus specificity, pools and single ones alike, so false alarms are rare twice.

    Pooling the healthy with the infected brings more of them to a second test, each with its own chance of an alarm.
    """
    theory = expected(size, infected, 0.9, specificity)
    check(many(size, infected, sensitivity=0.9, specificity=specificity), theory, "tubes")
    assert theory.false > 0


def test_the_check_refuses_a_sensitivity_5_percent_off():
    """A laboratory that is 5 % more sensitive, or pools of one person fewer, must not pass for the stated ones."""
    assert not agrees(many(10, 100, sensitivity=0.8)["found"], expected(10, 100, 0.84).found)
    assert not agrees(many(10, 100)["tubes"], expected(9, 100).tubes)
    assert not agrees(many(10, 100)["pools_positive"], expected(10, 105).pools_positive)


def test_without_a_second_test_a_positive_pool_names_nobody():
    """A person then costs 1/n of a tube whatever is found; a tube each costs one, and finds by a single test."""
    pools = run(validate(pool_data(10, 100, retest=False), "pools"), seed=202)
    assert tubes_of(pools, 10)["people"].tolist() == [10] * (RESIDENTS // 10)
    assert "confirmed" not in pools.columns("events")["event"].names
    scenario = validate(pool_data(1, 100, sensitivity=0.8), "singles")
    found = []
    for replication in range(15):
        tubes = tubes_of(run(scenario, 203, replication), 1)
        assert tubes["people"].size == RESIDENTS
        assert not (tubes["positive"] & (tubes["infected"] == 0)).any()
        found.append(float(tubes["positive"].sum()))
    assert agrees(np.array(found), 80.0)


# -- on every path ------------------------------------------------------------------------------------------------


def test_who_is_called_again_comes_when_the_result_is_back():
    """The people of a positive pool come again at the moment of its result, each once, and those of a clean one not."""
    result = run(validate(pool_data(10, 40), "pools"), seed=204)
    tubes, sites = tubes_of(result, 10), result.columns("sites")
    pooled = (tubes["people"] > 1) & tubes["positive"]
    again = sites["called_h"] > 1.0
    due = np.repeat(tubes["result_h"][pooled], tubes["people"][pooled])
    np.testing.assert_array_equal(np.sort(sites["arrived_h"][again]), np.sort(due))
    assert np.unique(sites["resident"][again]).size == again.sum()
    assert np.unique(sites["resident"][~again]).size == (~again).sum() == RESIDENTS


@pytest.mark.parametrize("size", [1, 4, 10])
def test_a_tube_is_sealed_when_it_is_full_or_after_its_time(size):
    """Samples go into the open tube in the order of sampling; nothing else decides who shares a tube.

    Rebuilt by hand from the times of the samples, each tube has its first sample, its number of people and its end.
    """
    pool = {"size": size, "seal_after": "6 min", "laboratory": LABORATORY}
    swab = {"servers": 3, "service": {"dist": "exponential", "mean": "2 min"}, "pool": pool}
    arrivals = {"per_hour": [["0 h", 40], ["4 h", 80], ["8 h", 10]], "until": "12 h"}
    site = {"enters": "swab", "arrivals": arrivals, "stations": {"swab": swab}}
    data = {"name": "tubes", "horizon": "36 h", "follow_up": "0 h", "world": {"community": {"residents": 1}}}
    result = run(validate({**data, "response": {"sites": {"hall": site}}}, "tubes"), seed=205)
    tubes, samples = tubes_of(result, size), np.sort(result.columns("stations")["ended_h"])
    by_hand: list[list[float]] = []
    for sample in samples.tolist():
        if not by_hand or len(by_hand[-1]) == size or sample > by_hand[-1][0] + 0.1:
            by_hand.append([])
        by_hand[-1].append(sample)
    assert tubes["people"].tolist() == [len(tube) for tube in by_hand]
    np.testing.assert_array_equal(tubes["opened_h"], [tube[0] for tube in by_hand])
    sealed = [tube[-1] if len(tube) == size else tube[0] + 0.1 for tube in by_hand]
    np.testing.assert_allclose(tubes["sealed_h"], sealed, atol=1e-9)
    assert size == 1 or {1, size} <= set(tubes["people"].tolist())


@pytest.mark.parametrize("machines", [None, 1, 7])
def test_the_laboratory_tests_in_turn(machines):
    """A courier takes what is sealed, at most once in its interval; the machines take tubes in the order of sealing.

    Given when tubes are sent, first come first served at so many machines leaves nothing to chance.
    """
    more = {} if machines is None else {"machines": machines}
    data = pool_data(10, 40, residents=400, **more) | {"horizon": "240 h"}
    pool = data["response"]["sites"]["hall"]["stations"]["swab"]["pool"]
    pool["laboratory"] |= {"takes": "12 min", "courier_every": "5 min"}
    # a second round finds machines that have been idle
    data["response"]["sites"]["hall"]["invitations"]["rounds"] = ["1 h", "48 h"]
    result = run(validate(data, "laboratory"), seed=206)
    tubes = tubes_of(result, 10)
    order = np.lexsort((tubes["tube"], tubes["sealed_h"]))
    sealed, sent, result_h = (tubes[name][order] for name in ("sealed_h", "sent_h", "result_h"))
    assert (np.diff(sent) >= 0).all(), "tubes leave in the order of sealing"
    leaving = np.unique(sent)
    assert np.diff(leaving).min() >= 5 / 60 - 1e-9
    assert (sent - sealed).max() <= 5 / 60 + 1e-9
    free, due = [0.0] * (machines or sent.size), []
    for received in (sent + 0.5).tolist():
        due.append(max(received, free[0]) + 0.2)
        heapq.heapreplace(free, due[-1])
    np.testing.assert_allclose(result_h, due, atol=1e-9)
    assert machines is None or (result_h - sent).max() > 1.0, "machines must be waited for, or nothing is shown"


def test_a_tube_for_each_household_and_single_tubes_for_some():
    """By household there are as many tubes as households; people of a class that is kept apart share with nobody."""
    data = pool_data(10, 0, by="household")
    data["world"]["community"] |= {"households": 800}
    tubes = tubes_of(run(validate(data, "households"), seed=207), RESIDENTS)
    assert tubes["people"].size == 800
    assert tubes["people"].sum() == RESIDENTS
    data = pool_data(10, 0, single=["old"])
    data["world"]["community"] |= {"shares": {"over_80": 0.1}}
    data["response"]["sites"]["hall"]["classes"] = {"old": {"groups": ["over_80"]}}
    result = run(validate(data, "singles"), seed=207)
    tubes = tubes_of(result, 10)
    old = int((result.columns("sites")["class"].codes == 0).sum())
    assert 100 < old < 300
    others = RESIDENTS - old
    assert np.bincount(tubes["people"], minlength=11)[[1, 10]].tolist() == [old + (others % 10 == 1), others // 10]
    assert tubes["people"].size == old + -(-others // 10)


def test_each_round_samples_everybody_anew():
    """Two rounds use two rounds' tubes; who is infected only during the first is found in it and not in the second.

    Some do not come in each, and the samples are still as many as the visits.
    """
    data = pool_data(10, 0, sensitivity=1.0, seal_after="30 min")
    data["response"]["sites"]["hall"]["invitations"] |= {"rounds": ["1 h", "48 h"], "no_show": 0.2}
    data["world"]["positives"] = [{"count": 50, "ends": "40 h"}]
    result = run(validate(data, "rounds"), seed=208)
    tubes, sites = tubes_of(result, 10), result.columns("sites")
    served = sites["end"].decoded() == "served"
    for number in (1, 2):
        mine = tubes["round"] == number
        assert tubes["people"][mine].sum() == (served & (sites["round"] == number)).sum()
    came = sites["resident"][served & (sites["round"] == 1)]
    assert np.unique(came).size == pytest.approx(0.8 * RESIDENTS, abs=80)
    assert (tubes["positive"] == (tubes["infected"] > 0)).all()
    assert tubes["positive"][tubes["round"] == 1].sum() > 50
    assert not tubes["positive"][tubes["round"] == 2].any()
