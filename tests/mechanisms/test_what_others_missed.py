"""What the pairs of runs do not see: changes to a mechanism that once passed every test, each against its own rule.

Most rules are exact: from the tables of one run it follows who must have come, agreed, refused, gone or signed up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import formulas
import numpy as np
import pytest
from support import MOST_ERRORS, Case, Columns, batch_means, cohort, confirm, exponential, queue_data, refute

import sim
from sim.spec.patches import merge
from sim.units import parse_duration
from tests.mechanisms.pairs import Data, happened, law, log, micro, need, organised, played, unit

if TYPE_CHECKING:
    import pandas as pd

DAY, DAY_H = "08:00-20:00", 24.0
START = {"start": "2022-03-28 08:00"}
QUIET = {"talk": need(0)}


def strained(**strain: Any) -> Data:
    return {"strain": {"volunteer": strain}}


def shifts_of(result: sim.Result, team: str) -> pd.DataFrame:
    table = result.frame("shifts")
    return table[table["unit"] == team].sort_values("rostered_from_h")


# -- honours ----------------------------------------------------------------------------------------------------------


def test_points_never_bring_more_than_their_most():
    """Row 66: h hours served add 0.5 · h / (h + 10) to a chance of 0.3 to come, so that 0.8 is never reached. As many
    come as these chances, of everybody's own hours before each shift, add up to: within four standard errors.
    """
    crew = unit(60, shift=DAY, attendance=0.3, honours={"half_at": "10 h", "attendance": 0.5})
    result = played(micro({"crew": crew}, QUIET, hours=30 * 24, tail=0) | START)
    came = np.zeros((60, 30), bool)
    for shift in shifts_of(result, "crew").itertuples():
        came[shift.person, round(shift.rostered_from_h / DAY_H)] = True
    hours = 12 * (np.cumsum(came, axis=1) - came)
    chance = 0.3 + 0.5 * hours / (hours + 10)
    assert came[:, 20:].mean() < 0.8
    assert abs(came.sum() - chance.sum()) < 4 * np.sqrt((chance * (1 - chance)).sum())


def test_points_never_take_more_than_their_most_off_leaving():
    """Row 66: after one shift of points worth all they can be, half of the hazard of leaving is left, however many
    shifts follow: of 200 people 1 − e^(−H / 2) leave where H is the hazard without points.
    """
    hazard, days = 2.0, 40
    leaving = {"per_year": hazard * 365 / days}
    crew = unit(200, shift=DAY, honours={"half_at": "1 min", "stay": 0.5})
    data = micro({"crew": crew}, QUIET, hours=days * 24, tail=0, world=strained(leaving=leaving))
    share = 1 - np.exp(-hazard / 2)
    left = happened("left_for_good")(played(data | START))
    assert abs(left - 200 * share) < 4 * np.sqrt(200 * share * (1 - share))


# -- neighbours -------------------------------------------------------------------------------------------------------


def test_only_a_tie_makes_a_neighbour_agree_more_readily():
    """Where nobody agrees but for a tie, and nobody has helped or been introduced, nobody helps, however many they
    know; who has been introduced is the first to.
    """
    helps = {"agrees": 0, "by_tie": 0.9, "ties": 6, "asks": 6, "ask": "5 min", "hours_a_day": "24 h"}
    units = {"crew": unit(), "leaders": unit(4, "liaison")}
    data = micro(units, {"food": need(6, self_help={"neighbours": 1})}, world={"mutual_help": helps})
    known = played(data).frame("residents")["knows"].str.len()
    assert known.gt(0).all(), "everybody knows somebody"
    assert played(data).frame("help").empty
    rounds = {"unit": "leaders", "every": "2 h", "each": "1 min", "introduces": 1}
    assert len(played(merge(data, {"response": {"building_leaders": rounds}})).frame("help")) > 10


def test_who_sees_that_a_neighbour_waits_signs_up():
    """Row 13: where seeing a need is the only reason, those and only those sign up who, as they decide, know of a
    request that waits at home or at one of the neighbours whom they know.
    """
    joining = {"at_most": 60, "willing": 0, "need_seen": 1, "decides": "15 h"}
    units = {"crew": unit(0, recruitment=joining), "nurse": unit(0, skills=["care"])}
    helps = {"agrees": 0, "ties": 3, "ask": "5 min", "hours_a_day": "1 h"}
    wants = {"care": need(0.4, skill="care")}
    result = played(micro(units, wants, hours=24, tail=0, world={"mutual_help": helps}))
    asked = result.frame("needs").query("requested_h <= 15")
    waits = set(asked["resident"])
    people = result.frame("residents").set_index("resident")
    home = people["household"]
    at_home = {r for r in people.index if home[r] in set(home[list(waits)])}
    next_door = {r for r in people.index if waits & {int(other) for other in people["knows"][r].split("+") if other}}
    signed = set(log(result, "signed_up")["subject"].astype(int))
    assert 1 < len(waits) < 10
    assert len(next_door - at_home) > 3
    assert signed == at_home | next_door
    assert signed < set(people.index)


# -- building leaders -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [3, 4])
def test_each_keeps_their_own_building_where_there_are_enough(count: int):
    """With one person a building every round of a building is the same person's, and nobody has two, whoever of them is
    at a visit when it is due; with fewer, none has an own one. A building's rounds are due at a moment of its own in
    each three hours: so they are told apart.
    """
    rounds = {"unit": "leaders", "every": "3 h", "each": "1 min"}
    data = micro({"leaders": unit(count, "liaison")}, {"talk": need(2)}, hours=72, tail=0, building_leaders=rounds)
    table = played(data).frame("assignments").query("assignment == 'building_round'")
    of_building = table.groupby((table["asked_h"] % 3).round(6))["person"].agg(set)
    assert len(of_building) == 4
    if count == 4:
        assert sorted(map(list, of_building)) == [[0], [1], [2], [3]]
    else:
        assert max(map(len, of_building)) > 1


# -- strain -----------------------------------------------------------------------------------------------------------


def test_who_goes_home_while_sessions_wait_for_them_is_overloaded():
    """A session that is due waits for the worker who has the case. Each end of a shift at which one has waited is an
    event ``overload``, with its points, and no other is.
    """
    case = {"sessions": {"count": 4, "every": "5 h"}}
    worker = unit(1, "casework", shift=DAY, skills=["talk"])
    wants = {"talk": need(0.08, skill="talk", service=law("1 h"), **case)}
    data = micro({"case": worker}, wants, hours=30 * 24, tail=0, world=strained(loads={"overload": 5}))
    result = played(data | START)
    visits = result.frame("visits").sort_values(["need", "dispatched_h"])
    next_h = visits.groupby("need")["dispatched_h"].shift(-1).fillna(np.inf)
    due_h = (visits["ended_h"] + 5).where(visits["outcome"] == "more", np.inf)
    left_h = shifts_of(result, "case")["left_h"].dropna()
    waited = [t for t in left_h if ((due_h < t) & (next_h > t)).any()]
    found = result.frame("strain").query("cause == 'overload'")
    assert found["t_h"].tolist() == pytest.approx(waited)
    assert set(found["change"]) == {5.0}
    assert 2 < len(waited) < len(left_h) - 2


def test_the_support_of_a_supervision_lapses_after_two_weeks():
    """E35: after the crisis a supervision takes 0.8 of what an institution loads on somebody, for fourteen days. Who
    was never supervised, or longer ago than that, bears all of it.
    """
    team = unit(4, "casework", shift=DAY, contract={"ends": "200 d", "notice": "200 d"})
    units = {"team": team, "boss": unit(1, "casework", members="staff", shift=DAY)}
    world = strained(loads={"insecure": 10}, support=0.8) | {"life_cycle": {"timetable": {"protracted": "90 d"}}}
    sessions = {"team": {"by": "boss", "every": "40 d", "takes": "1 h"}}
    result = played(micro(units, QUIET, hours=90 * 24, tail=0, world=world, supervision=sessions) | START)
    held = result.frame("assignments").query("assignment == 'supervision' and unit == 'team'")
    seen = {"never": 0, "lately": 0, "long ago": 0}
    for row in result.frame("strain").query("cause == 'insecure'").itertuples():
        ends = held.loc[(held["person"] == row.person) & (held["end_h"] <= row.t_h), "end_h"]
        when = "never" if ends.empty else "lately" if row.t_h - ends.max() <= 14 * DAY_H else "long ago"
        seen[when] += 1
        assert row.change == pytest.approx(2.0 if when == "lately" else 10.0), f"{when}, at {row.t_h}"
    assert min(seen.values()) > 20


# -- insurance --------------------------------------------------------------------------------------------------------


def test_an_injury_is_remembered_for_as_long_as_is_stated():
    """Rows 15, 69: where everybody refuses who remembers that nobody paid, nobody comes to a shift that begins within
    30 hours of an injury, and nobody stays away for it from one that begins later.
    """
    crew = unit(6, shift=DAY, injury={"share": 0.015, "away": "1 min"})
    cover = {"cover": "none", "refuses": 1, "remembered": "30 h"}
    result = played(micro({"crew": crew}, {"talk": need(2)}, hours=60 * 24, tail=0, insurance=cover) | START)
    injured = log(result, "injured")["t_h"].to_numpy()
    refused = log(result, "refused_shift").groupby("t_h").size()
    came = shifts_of(result, "crew").groupby("rostered_from_h").size()
    days = np.arange(60) * DAY_H
    remembered = np.array([((injured <= day) & (day < injured + 30)).any() for day in days])
    assert refused.reindex(days, fill_value=0).tolist() == np.where(remembered, 6, 0).tolist()
    assert came.reindex(days, fill_value=0).tolist() == np.where(remembered, 0, 6).tolist()
    assert 5 < remembered.sum() < 55
    assert not remembered[-5:].all()


# -- the list of a unit -----------------------------------------------------------------------------------------------


def test_an_entry_that_was_put_right_is_not_found_out_of_date_again():
    """Of people who do not go and whose entries are out of date, on a list that is put right: the first message gets
    nowhere and costs three hours; the second is answered with a no, in ten minutes; there is no third.
    """
    register = {"stale": 1, "noticed": "3 h", "willing": {"overstated": 1}, "corrects": "true"}
    crew = unit(6, register=register, willing={"share": 0, "answer": "10 min"})
    visits = played(micro({"crew": crew}, {"talk": need(4)}, hours=48, tail=0)).frame("visits")
    visits["took"] = (visits["ended_h"] - visits["dispatched_h"]).round(6)
    told = visits.sort_values("dispatched_h").groupby("person")[["outcome", "took"]].agg(list)
    assert len(told) == 6
    for outcomes, took in told.itertuples(index=False):
        assert outcomes == ["not_found", "refused"]
        assert took == pytest.approx([3, 1 / 6], abs=1e-5)


# -- the hotline ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> sim.Scenario:
    return sim.load("psychosocial")


def mean_h(shipped: sim.Scenario, key: str) -> float:
    return parse_duration(shipped.data()["world"]["needs"]["call"][key]["mean"])


def hotline(shipped: sim.Scenario) -> Case:
    """Return one listener who is called as often as they can answer, with the patience of the shipped scenario."""
    call, patience_h = shipped.data()["world"]["needs"]["call"], mean_h(shipped, "patience")
    length_h = mean_h(shipped, "service")
    theory = formulas.erlang_a(1 / length_h, 1 / length_h, 1 / patience_h, 1)

    def data(slower: float) -> Data:
        kept = {key: call[key] for key in ("urgency", "skill", "patience", "by_phone")}
        asked = {**kept, "per_hour": 1 / length_h, "service": exponential(length_h * slower)}
        queue = queue_data({"call": asked}, 1, cohort_h=100_000 * length_h, warm_up_h=20)
        return merge(queue, organised(crew={"skills": ["listening"]}))

    def measure(result: sim.Result) -> Columns:
        calls = cohort(result)
        kept = {"abandon_share": calls["left"], "queue_mean_h": calls["queue"]}
        return {name: batch_means(result, calls["onset"], values, 20) for name, values in kept.items()}

    known = {"abandon_share": theory.abandon_share, "queue_mean_h": theory.wait_mean}
    return Case(data, measure, known, replications=2, sensitive=tuple(known), seed=9, mutant_replications=2)


def test_one_listener_loses_as_many_callers_as_erlang_a_says(shipped: sim.Scenario):
    """The call of the shipped hotline, with its patience, its skill and its telephone, asked for as often as one
    listener can answer: M/M/1+M, in which more than a third hang up.
    """
    confirm(hotline(shipped))


def test_calls_3_percent_too_long_are_not_erlang_a(shipped: sim.Scenario):
    """A check that lets a longer call pass would let a wrong share of hang-ups pass too."""
    refute(hotline(shipped))


def test_callers_hang_up_at_the_rate_of_their_patience(shipped: sim.Scenario):
    """Patience is exponential, so whoever waits hangs up at the same rate at every moment, however many call, listen or
    are off duty: as many as the time waited by all, over the mean of patience (the arithmetic on E39). The count less
    that is a martingale whose variance is what is expected: eight runs lie within four standard deviations.
    """
    gone, waited_h = 0, 0.0
    for replication in range(8):
        result = sim.run(shipped, 1, replication)
        calls = result.frame("needs").query("need_type == 'call' and requested_h.notna()")
        until_h = calls["started_h"].fillna(calls["closed_h"]).fillna(result.end_h)
        waited_h += float((until_h - calls["requested_h"]).sum())
        gone += int((calls["end"] == "abandoned").sum())
    expected = waited_h / mean_h(shipped, "patience")
    assert expected > 150
    assert abs(gone - expected) < MOST_ERRORS * np.sqrt(expected)
