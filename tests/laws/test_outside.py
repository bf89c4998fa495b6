"""Support from outside in random mixtures: everything balances, money adds up, nobody is in two places.

Random scenarios of ``tests.laws.scenarios`` (goods, escalation, changes of counts, handover by place, people from
outside) are given all seven mechanisms, and people who are called up, with and without shifts, provisions, kits, a
closure and injuries. What is known to be at fault stands in tests/mechanisms/test_outside_faults.py, and is kept out
here where it says so.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.records.result import Result
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import validate
from sim.spec.scenario import Scenario
from tests.laws.checks import (
    TINY,
    balances,
    can_go,
    check_consumption,
    check_days,
    check_levels,
    check_needs,
    check_patience,
    check_queues,
    check_stock,
    had,
    many,
    names,
    often,
    same_again,
)
from tests.laws.scenarios import Data, lengths, one_in_three, one_in_two, scenarios, shares

pytestmark = pytest.mark.usefixtures("no_mutants")

EIGHT = ("unfamiliar", "sending", "hand_over", "voice", "authority", "experts", "funds", "donors")
INJURED_H = 5
START = "2022-03-28 08:00"
DATES = ("2020-02-01 00:00", "2022-03-28 08:00", "2022-03-29 00:00", "2030-01-01 00:00")

# -- random scenarios with support from outside -----------------------------------------------------------------------


@st.composite
def _reached(draw: st.DrawFn, unit: Data, callers: list[str], *, stays_over: bool) -> None:
    """Give one unit what a unit from elsewhere may have."""
    if draw(one_in_two):
        unit["unfamiliar"] = {"first": draw(lengths(0, 15, 90))}
    if draw(one_in_two):
        unit["hand_over"] = draw(st.sampled_from(["1 s", "30 min", "5 h"]))
    if draw(one_in_two):
        unit["voice"] = "true"
    if draw(one_in_two):
        unit["cost_per_h"] = draw(st.sampled_from([0, 5, 80]))
    if draw(one_in_two):  # not both: an injury takes from the time for which somebody is lent, which is a fault
        unit["sends"] = [{
            "at": draw(st.sampled_from(["0 h", "2 h", "12 h"])), "people": draw(st.integers(1, 3)),
            "away": draw(st.sampled_from(["1 h", "8 h", "1 d"])),
        }]  # fmt: skip
    elif draw(one_in_two):
        unit["injury"] = {"share": draw(st.sampled_from([0.1, 0.5])), "away": f"{INJURED_H} h"}
    if stays_over and draw(one_in_two):
        unit["provisions"] = {"quilt": 1}
    if stays_over and draw(one_in_three):
        unit["kit"] = {"suit": 1}
    if draw(one_in_two):
        # at odd minutes: who is called at the moment at which a shift begins comes twice, which is a fault
        call: Data = {"stint": draw(st.sampled_from(["2 h", "12 h", "2 d"])), "accepts": draw(shares)}
        call |= draw(st.sampled_from([{"at": "187 min"}, {"backlog_over": 3, "every": "67 min"}, {"at": "11 min"}]))
        if draw(one_in_two):
            call |= {"by": draw(st.sampled_from(callers)), "takes": draw(lengths(1, 20))}
        if draw(one_in_two):
            call["wanted"] = draw(st.integers(1, 3))
        if draw(one_in_two):
            call["reply"] = draw(lengths(0, 60, 600))
        if draw(one_in_two):
            call["release"] = {"share": draw(shares), "takes": "1 h"}
        unit["call_up"] = call


GIFT, PIECES = 60, 7
"""What donors give, and what is sent to others."""


@st.composite
def _given_and_taken(draw: st.DrawFn, response: Data, callers: list[str]) -> None:
    """Let goods and money be asked for outside, and be sent there."""
    depots, money = response.get("supplies", {}), "funds" in response

    def goods() -> Data:
        wants: Data = {}
        if money and (draw(st.booleans()) or not depots):
            wants["amount"] = GIFT
        if depots and ("amount" not in wants or draw(one_in_three)):
            depot = draw(st.sampled_from(sorted(depots)))
            item = draw(st.sampled_from(sorted(depots[depot]["stock"])))
            wants |= {"items": {item: PIECES}, "to": depot}
        return wants

    asked = []
    for _ in range(draw(st.integers(0, 3))):
        occasions = [{"at": "1 h"}, {"backlog_over": 2, "every": "2 h"}, {"funds_below": 400}]
        when = draw(st.sampled_from(occasions[: 2 + money]))
        again = {"again": draw(st.sampled_from(["1 h", "9 h"]))} if draw(one_in_two) else {}
        asked.append({"by": draw(st.sampled_from(callers)), "takes": draw(lengths(0, 20)), **when, **again, **goods()})
    response["donors"] = {"giver": {
        "decides": draw(lengths(0, 60, 600)), "gives": draw(shares), "others_per_day": draw(st.sampled_from([0, 5])),
        "officers": draw(st.integers(1, 2)), "delivers": draw(lengths(0, 300)), "asked": asked,
    }}  # fmt: skip
    for unit in response["organisation"]["units"].values():
        for sending in unit.get("sends", ()):
            sending |= {key: value for key, value in goods().items() if key != "to"}
            if draw(one_in_three):
                sending["takes"] = draw(lengths(0, 90))


@st.composite
def supported(draw: st.DrawFn) -> Data:
    """Draw a valid scenario in which people are sent, called, paid, permitted and advised."""
    data = draw(scenarios())
    data["start"] = START
    world, response = data["world"], data["response"]
    units = response["organisation"]["units"]
    stays_over = draw(one_in_two)
    if stays_over:
        response["supplies"] = response.get("supplies", {}) | {
            "hostel": {"stock": {"quilt": draw(st.sampled_from([0, 1, 9])), "suit": draw(st.integers(0, 30))}}
        }
    callers = sorted(units)
    for unit in units.values():
        draw(_reached(unit, callers, stays_over=stays_over))
    if draw(one_in_three):
        world["hazards"] = world.get("hazards", {}) | {"gates": {"kind": "lockdown", "begins": "5 h", "ends": "30 h"}}
    if "life_cycle" not in world and draw(often):
        world["life_cycle"] = {"timetable": {"warning": "4 h", "emergency": "6 h", "protracted": "1 d"}}
    for need in world["needs"].values():
        if draw(one_in_three):
            need["escalate_after"] = "15 min"
        if draw(one_in_three):
            need["by_phone"] = "true"
    first = units[callers[0]]
    if draw(often) and "posts" not in first:
        first |= {"function": "command", "decision": draw(lengths(5, 60))}
    authority: Data = {}
    for act in [act for act in ("entry", "data", "dispatch") if draw(often)]:
        authority[act] = {"decides": draw(lengths(0, 60, 1000, 4000)), "officers": draw(st.integers(1, 2))}
        if draw(one_in_three):
            authority[act]["units"] = [draw(st.sampled_from(callers))]
        if draw(one_in_three):
            authority[act] |= {"granted": "true", "since": draw(st.sampled_from(DATES))}
        if draw(one_in_three):
            authority[act]["lasts"] = draw(st.sampled_from(["10 min", "4 h"]))
    response["authority"] = authority
    if draw(one_in_two):  # who goes from door to door by a list
        units["leaders"] = {"function": "liaison", "members": "volunteer", "count": 2, "shift": "08:00-20:00"}
        response["building_leaders"] = {"unit": "leaders", "every": "9 h", "each": "5 min"}
    if draw(often):
        response["funds"] = {
            "opening": draw(st.sampled_from([0, 300, 5000])),
            "grants": [{"at": at, "amount": 400} for at in draw(st.lists(st.sampled_from(["0 h", "9 h", "1 d"])))],
        }
        for depot in response.get("supplies", {}).values():
            depot["prices"] = {item: draw(st.sampled_from([0, 3, 50])) for item in depot["stock"]}
    if response.get("supplies") or "funds" in response:
        draw(_given_and_taken(response, callers))
    if draw(often):
        crew = draw(st.sampled_from(callers))
        response["experts"] = {
            "unit": draw(st.sampled_from(callers)), "every": draw(st.sampled_from(["2 h", "12 h"])),
            "takes": draw(lengths(0, 30, 200)), "per_meeting": draw(st.integers(1, 2)),
            "advice": [
                {"problem": draw(st.sampled_from(["abandoned", "stock_out"])), "set": values}
                for values in ({f"organisation.units.{crew}.attendance": 1}, {"organisation.message_delay": "1 min"})
            ],
        }  # fmt: skip
        if draw(one_in_two):
            response["experts"]["delay"] = draw(lengths(0, 60))
    return data


# -- what must hold ---------------------------------------------------------------------------------------------------


def check_funds(scenario: Scenario, result: Result) -> None:
    """The balance is the sum of its rows; wages are hours on duty; goods are paid at their price out of what is there.

    Who is on duty at the end may not have been paid yet: see the faults.
    """
    funds = result.frame("funds")
    if scenario.response.funds is None:
        assert funds.empty
        return
    assert np.allclose(funds["amount"].cumsum(), funds["balance"])
    assert funds["t_h"].is_monotonic_increasing
    paid = funds.groupby("kind", observed=False)["amount"].sum()
    grants = sum(grant.amount for grant in scenario.response.funds.grants if grant.at < scenario.end_h)
    log, applications = result.frame("events"), result.frame("applications")
    gifts = applications["arrived_h"].notna() & applications["about"].str.startswith("money")
    assert paid.get("grant", 0) == pytest.approx(grants + GIFT * gifts.sum())
    assert -paid.get("sent", 0) == pytest.approx(log.loc[log["event"] == "money_sent", "detail"].astype(float).sum())
    assert (funds.loc[funds["kind"] == "sent", "balance"] >= -TINY).all()
    shifts, units = result.frame("shifts"), scenario.response.organisation.units
    ended = everything = 0.0
    for (_, unit), rows in shifts.groupby(["person", "unit"], observed=True):
        cost = units[unit].cost_per_h or 0.0
        hours = (rows["left_h"].fillna(scenario.end_h) - rows["rostered_from_h"]).tolist()
        everything += cost * sum(hours)
        if rows["left_h"].isna().any():  # the last stretch on duty, perhaps of several shifts, is not over
            begins, left = rows["rostered_from_h"].tolist(), rows["left_h"].tolist()
            last = len(hours) - 1
            while last > 0 and left[last - 1] == begins[last]:
                last -= 1
            hours = hours[:last]
        ended += cost * sum(hours)
    wages = -paid.get("wages", 0.0)
    assert ended - 1e-6 <= wages <= everything + 1e-6, f"wages {wages}, not {ended} to {everything}"
    stock = result.frame("stock")
    bought = stock[stock["event"] == "ordered"]
    assert -paid.get("goods", 0.0) == pytest.approx((bought["quantity"] * bought["price"].fillna(0)).sum())
    assert (funds.loc[funds["kind"] == "goods", "balance"] >= -TINY).all()


def check_money(scenario: Scenario, result: Result) -> None:
    """No shift of paid people begins with nothing in the account; for those who are called up see the faults."""
    if scenario.response.funds is None:
        return
    funds = result.frame("funds")
    for row in result.frame("shifts").itertuples():
        unit = scenario.response.organisation.units[row.unit]
        if unit.cost_per_h and unit.call_up is None:
            before = funds.loc[funds["t_h"] < row.rostered_from_h, "balance"].tail(1).tolist()
            now = funds.loc[funds["t_h"] == row.rostered_from_h, "balance"].tolist()
            assert max(before + now) > 0, f"{row.unit} comes at {row.rostered_from_h} without money"


def check_away(scenario: Scenario, result: Result) -> None:
    """Who is lent or hurt goes off duty when the work in hand is done, and does not come before it is time."""
    log, shifts = result.frame("events"), result.frame("shifts")
    for event in log[log["event"].isin(["sent", "injured"])].itertuples():
        unit = scenario.response.organisation.units[event.detail]
        away = INJURED_H if event.event == "injured" else unit.sends[0].away
        mine = shifts[shifts["person"] == int(event.subject)]
        t = event.t_h
        here = mine[(mine["rostered_from_h"] < t) & ~(mine["left_h"] <= t)]
        assert (here["rostered_until_h"] <= t + TINY).all(), f"{event.subject} is still on the roster after {t}"
        back = mine[(mine["rostered_from_h"] > t + TINY) & (mine["rostered_from_h"] < t + away - TINY)]
        assert back.empty, f"{event.subject} is away from {t} to {t + away} and comes\n{back}"


def check_entry(scenario: Scenario, result: Result) -> None:
    """Nobody who needs authority goes in without; who sets out while it is granted is let in (see the faults)."""
    entry = scenario.response.authority.get("entry")
    if entry is None:
        return
    since = -np.inf
    if entry.since is not None:
        since = (datetime.fromisoformat(entry.since) - datetime.fromisoformat(START)).total_seconds() / 3600
    log, kinds = result.frame("events"), result.frame("needs")["need_type"].to_numpy()
    lasts = np.inf if entry.lasts is None else entry.lasts
    grants = {
        unit: rows["t_h"].to_numpy()
        for unit, rows in log[log["event"] == "authority_entry"].groupby("subject", observed=True)
    }
    for row in result.frame("visits").dropna(subset="started_h").itertuples():
        if (entry.units and row.unit not in entry.units) or scenario.world.needs[kinds[row.need]].by_phone:
            continue
        given = grants.get(row.unit, np.empty(0))
        allowed = any(
            (entry.granted and since <= at + TINY) or ((given <= at + TINY) & (at < given + lasts)).any()
            for at in (row.started_h, row.dispatched_h, row.arrived_h)
        ) or (scenario.response.organisation.message_delay and (given <= row.started_h + TINY).any())
        assert allowed, f"{row.unit} goes in at {row.started_h} without authority"


def check_voice(scenario: Scenario, result: Result) -> None:
    """No decision without a voice is begun while one with a voice waits at the same office."""
    table, needs = result.frame("assignments"), result.frame("needs")
    table = table[(table["assignment"] == "decision") & table["need"].notna()]
    desks, units = scenario.response.all_desks(), scenario.response.organisation.units
    heard = {name: any(units[unit].voice for unit in desk.units) for name, desk in desks.items()}
    where = needs["desk"].to_numpy()[table["need"].astype(int)] if len(table) else []
    table = table.assign(voice=[bool(heard.get(desk)) for desk in where])
    for _, rows in table.groupby("unit", observed=True):
        voices, others = rows[rows["voice"]], rows[~rows["voice"]]
        for other in others.itertuples():
            passed = voices[(voices["asked_h"] < other.start_h - TINY) & (voices["start_h"] > other.start_h + TINY)]
            assert passed.empty, f"decided at {other.start_h} before\n{passed}"


def check_applications(scenario: Scenario, result: Result) -> None:
    """Who outside is asked answers in the order of asking as far as there are officers, and gives only what it says."""
    table = result.frame("applications")
    for before, after in (("asked_h", "taken_up_h"), ("taken_up_h", "answered_h"), ("answered_h", "arrived_h")):
        both = table[[before, after]].dropna()
        assert (both[after] >= both[before]).all()
    assert (table["answer"].isin(["given", "declined"]) == table["answered_h"].notna()).all()
    assert (table.loc[table["arrived_h"].notna(), "answer"] == "given").all()
    for _, mine in table.groupby("actor", observed=True):
        taken_up = mine["taken_up_h"].fillna(np.inf)
        assert taken_up.is_monotonic_increasing, "somebody is passed"
    stock = result.frame("stock")
    moved = stock.groupby(["use", "event"], observed=True)["quantity"].sum()
    brought = table["arrived_h"].notna() & (table["actor"] == "giver") & (table["about"] != "money")
    assert moved.get(("donation", "received"), 0) == PIECES * brought.sum()
    log = result.frame("events")
    sent = log.loc[log["event"] == "goods_sent", "detail"].str.split().str[0].astype(int).sum()
    assert moved.get(("sent", "issued"), 0) == sent


def check_visits_consume(scenario: Scenario, result: Result) -> None:
    """What leaves the stores is what visits take, where nobody stays over, wears a kit or sends goods to others."""
    units = scenario.response.organisation.units.values()
    if not any(unit.kit or unit.provisions or any(s.items for s in unit.sends) for unit in units):
        check_consumption(scenario, result)


def check_goods(scenario: Scenario, result: Result) -> None:
    """Stock balances and follows its policy, where nobody has to pay for it."""
    if scenario.response.funds is None:
        check_stock(scenario, result)


def check_started(scenario: Scenario, result: Result) -> None:
    """Nobody begins before arriving; who waits at a door and never begins finds a resident gone, goes home at the end
    of the shift, or the run ends. Without authority somebody stands at a door only while on the roster.
    """
    v, n = result.columns("visits"), result.columns("needs")
    both = had(v["started_h"])
    assert np.all(v["started_h"][both] >= v["arrived_h"][both] - TINY)
    outcome = names(v["outcome"])
    assert np.all(names(n["end"])[v["need"][outcome == "gone"]] != "met")
    sent_home = outcome == "no_entry"
    assert not np.any(had(v["started_h"][sent_home]))
    if "entry" not in scenario.response.authority:
        assert not np.any(sent_home)
    shifts = result.frame("shifts")
    ends = {*zip(shifts["person"], shifts["rostered_until_h"], strict=True)}
    for person, arrived, ended in zip(*(v[c][sent_home] for c in ("person", "arrived_h", "ended_h")), strict=True):
        assert (person, ended) in ends or arrived == ended, f"{person} leaves a door at {ended}"


CHECKS = (
    check_needs, check_patience, check_days, check_levels, check_goods, check_visits_consume, check_queues, check_funds,
    check_money, check_away, check_entry, check_voice, check_started, check_applications,
)  # fmt: skip


TOLD = ("events", "event"), ("funds", "kind"), ("assignments", "assignment"), ("visits", "outcome")


def test_everything_balances_with_support_from_outside():
    """Laws 5 to 7: needs, people, stock and money balance, whatever mixture of support there is.

    A law that nothing meets is not tried: all eight are in them, and every kind of event happens somewhere.
    """
    found: set[str] = set()
    seen: set[Any] = set()

    @many(60)
    @given(supported(), st.integers(0, 1000))
    def balance(data: Data, seed: int) -> None:
        scenario, result = balances(data, seed, CHECKS)
        found.update(name for name in EIGHT if MECHANISMS[name].present(scenario))
        for table, column in TOLD:
            seen.update(result.columns(table)[column].decoded())

    balance()
    assert found == set(EIGHT)
    wanted = {
        "no_authority_entry", "authority_entry", "no_authority_dispatch", "authority_dispatch", "no_authority_data",
        "authority_data", "no_entry", "sent", "injured",
        "not_paid", "called_up", "not_released", "no_provisions", "change", "opening", "grant", "wages", "goods",
        "hand_over", "meeting", "call_up", "decision", "donor_gives", "donor_declines", "donation", "application",
        "goods_sent", "money_sent", "not_sent", "support",
    }  # fmt: skip
    assert wanted <= seen, wanted - seen


@many(14)
@given(supported(), st.integers(0, 1000))
def test_the_same_run_again(data: Data, seed: int):
    """Laws 1 and 10: run twice the digest is the same, however often is looked."""
    same_again(data, seed)


@many(12)
@given(supported(), st.integers(0, 1000))
def test_every_mechanism_can_be_taken_away(data: Data, seed: int):
    """Law 2: the declared counterfactuals of the eight keep the scenario valid, and it runs."""
    can_go(validate(data, "random"), seed, EIGHT)
