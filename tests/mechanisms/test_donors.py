"""Donors, what is sent to others, remote supervision and the agenda of experts: on and off, and whose queue it is.

The form is that of ``pairs``. Those outside are actors: an application waits for them, is answered, and what they give
comes later; the table ``applications`` has a row for each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from analysis.run_outcomes import RUN_OUTCOMES
from sim import Result, run
from sim.errors import InputError
from sim.spec.findings import findings
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import merge, validate
from tests.mechanisms.pairs import (
    BUSY,
    Data,
    Null,
    Number,
    Pair,
    changes_nothing,
    claim_holds,
    duty,
    happened,
    law,
    left_over,
    log,
    mechanism_of,
    micro,
    need,
    needs,
    organised,
    played,
    responding,
    spent,
    stays_valid,
    unit,
)

DAY = "08:00-20:00"
OUTSIDE = {"from": "outside"}
WANTS = {"talk": need(1, items={"box": 1}, patience="8 h")}
QUIET = {"talk": need(0)}
STORE = {"store": {"stock": {"box": 15}}}
EARLY_H = 48.0


def unmet(frm: float, to: float) -> Number:
    """Return the measure of the share of needs with onset in a span that nobody has met."""

    def of(result: Result) -> float:
        table = result.frame("needs")
        mine = table[table["onset_h"].between(frm, to, inclusive="left")]
        return float((mine["end"] != "met").mean())

    return of


def strain_left(result: Result) -> float:
    return float(result.frame("strain").groupby("person")["strain"].last().mean())


# -- the pairs --------------------------------------------------------------------------------------------------------


def asked(donor: Data, asking: Data, *, hours: int = 96, wants: Data | None = None, **more: Any) -> Data:
    """Return a community in which an office may ask somebody for something."""
    units = {"crew": unit(2), "office": unit(1, "liaison", members="staff", shift=DAY)} | more.pop("units", {})
    asking = {"by": "office", "takes": "30 min", **asking}
    donors = {"donor": {"decides": law("6 h"), **donor, "asked": [asking]}}
    return micro(
        units, WANTS if wants is None else wants, hours=hours, tail=0, supplies=STORE, donors=donors,
        desks={"desk": {"units": ["crew", *(name for name in units if name not in ("crew", "office"))]}}, **more,
    ) | {"start": "2022-03-28 08:00"}  # fmt: skip


BOXES = {"stock_of": "box", "below": 5, "every": "2 h", "items": {"box": 40}, "to": "store", "again": "4 h"}
CHARITY = asked({"gives": 0.8, "delivers": "3 h"}, BOXES)
ABROAD = asked({"decides": "30 h", "delivers": "18 h"}, {"at": "0 h", "items": {"box": 200}, "to": "store"}, hours=144)
FOUNDATION = asked(
    {"decides": "10 h"}, {"funds_below": 50, "amount": 900}, wants={"talk": need(1)},
    units={"paid": unit(2, shift=DAY, cost_per_h=10)}, funds={"opening": 200},
)  # fmt: skip
GIVEN_AWAY = {"crew": unit(2, sends=[{"at": "2 h", "items": {"box": 10}}])}
PAID_AWAY = {"crew": unit(2, shift=DAY, cost_per_h=10, sends=[{"at": "2 h", "amount": 400}])}
TAUGHT_AWAY = {"crew": unit(1, sends=[{"at": f"{k} h", "takes": "3 h"} for k in (1, 6, 11, 16)])}
CLOSED = {"hazards": {"closure": {"kind": "lockdown"}}}
LOOKS_AFTER = {"crew": {"by": "adviser", "every": "12 h", "takes": "30 min", "within": "6 h"}}
STRAINED = {"volunteer": {"loads": {"visit": 2}, "reliefs": {"supervision": 15}, "rest_half_life": "60 h"}}


def advised(**more: Any) -> Data:
    adviser = unit(1, "casework", members="staff", remote="true", **OUTSIDE, **more)
    return micro(
        {"crew": unit(4, shift=DAY), "adviser": adviser}, {"talk": need(1)}, hours=96, tail=0,
        supervision=LOOKS_AFTER, desks={"desk": {"units": ["crew"]}}, world={**CLOSED, "strain": STRAINED},
    )  # fmt: skip


PAIRS: dict[str, Pair] = {
    "donors": Pair(CHARITY, needs("unmet"), "lowers"),
    "donors, time of who asks": Pair(CHARITY, spent("application", "office"), "raises"),
    "donors, money": Pair(FOUNDATION, duty("paid"), "raises"),
    "donors, a late wave leaves the first days as they are": Pair(ABROAD, unmet(0, EARLY_H - 8), "none"),
    "donors, a late wave helps afterwards": Pair(ABROAD, unmet(EARLY_H, 144), "lowers"),
    "sending, goods are missing here": Pair(
        micro(GIVEN_AWAY, WANTS, hours=24, supplies=STORE), needs("unmet"), "raises",
    ),
    "sending, money is missing here": Pair(
        micro(PAID_AWAY, {"talk": need(1)}, hours=96, tail=0, funds={"opening": 600}), duty("crew"), "lowers",
    ),
    "sending, advice and teaching take time": Pair(
        micro(TAUGHT_AWAY, {"talk": need(1)}, hours=24), needs("wait_mean_h"), "raises",
    ),
    "remote": Pair(advised(), happened("no_supervision"), "lowers"),
    "remote, strain": Pair(advised(), strain_left, "lowers"),
}  # fmt: skip


def test_each_has_its_pair():
    """A mechanism without a pair of runs is a claim nobody has tried."""
    assert {mechanism_of(pair) for pair in PAIRS} == {"donors", "sending", "remote"} <= set(MECHANISMS)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_direction_that_is_claimed(pair: str):
    """On against off under the same luck: the 99 % interval of the paired difference lies on the side of the claim."""
    claim_holds(PAIRS[pair], mechanism_of(pair))


@pytest.mark.parametrize("pair", PAIRS)
def test_both_patches_keep_a_scenario_valid(pair: str):
    """Off and without must run: an ablation tries them on scenarios nobody has seen."""
    stays_valid(PAIRS[pair], mechanism_of(pair))


@pytest.mark.parametrize("pair", PAIRS)
def test_off_is_as_good_as_gone(pair: str):
    """Whom nobody asks costs nobody time, and nothing comes: bit for bit as if the scenario did not name it."""
    assert left_over(PAIRS[pair], mechanism_of(pair)) == set()


# -- nothing to act on ------------------------------------------------------------------------------------------------


def asking_of(**asking: Any) -> Data:
    wants = {"by": "office", "takes": "1 h", "items": {"box": 9}, "to": "store", **asking}
    return responding(donors={"donor": {"decides": "1 h", "asked": [wants]}})


NULLS: dict[str, Null] = {
    "a donor whom nobody asks": Null(responding(donors={"donor": {"decides": "1 h", "others_per_day": 9}})),
    "a donor who is asked after the end": Null(asking_of(at="2 d")),
    "a donor who is asked when nothing is left": Null(asking_of(stock_of="box", below=1)),
    "goods sent after the end": Null(organised(crew={"sends": [{"at": "2 d", "items": {"box": 4}}]})),
    "a unit without people that works from elsewhere": Null(organised(medics={"remote": "true"})),
}


@pytest.mark.parametrize("name", NULLS)
def test_a_mechanism_with_nothing_to_act_on_changes_nothing(name: str):
    """Present but idle, it leaves no trace outside its own tables and events: bit for bit, in every column."""
    changes_nothing(NULLS[name])


# -- requests in, answers out -----------------------------------------------------------------------------------------


def test_every_application_is_a_row_from_asking_to_what_comes_of_it():
    """Row 97: an application is made when somebody has had time, waits for an officer, is answered and delivered."""
    result = played(CHARITY)
    table, events = result.frame("applications"), result.frame("events")
    assert len(table) >= 3
    assert set(table["answer"]) <= {"given", "declined", ""}
    assert (table[["actor", "about", "unit"]].drop_duplicates().to_numpy() == [["donor", "box", "office"]]).all()
    made = result.frame("assignments").query("assignment == 'application'")["end_h"].dropna()
    assert table["asked_h"].tolist() == made.tolist()
    for before, after in (("asked_h", "taken_up_h"), ("taken_up_h", "answered_h"), ("answered_h", "arrived_h")):
        both = table[[before, after]].dropna()
        assert (both[after] >= both[before]).all()
    given = table[table["answer"] == "given"]
    there = given["arrived_h"].dropna()
    assert (there - given["answered_h"]).dropna().to_numpy() == pytest.approx(3)
    assert table.loc[table["answer"] == "declined", "arrived_h"].isna().all()
    kinds = {kind: events.loc[events["event"] == kind, "t_h"].tolist() for kind in set(events["event"])}
    assert kinds["donor_asked"] == table["asked_h"].tolist()
    assert kinds["donor_gives"] == given["answered_h"].tolist()
    assert kinds["donation"] == there.tolist()
    stock = result.frame("stock").query("use == 'donation'")
    assert stock["t_h"].tolist() == there.tolist()
    assert set(stock["quantity"]) == {40}


def test_a_donor_grants_its_share_and_is_asked_again():
    """Of many applications so many are granted as is said; a refusal is asked about again, and each in its turn."""
    asking = {"at": "0 h", "amount": 1, "again": "30 min", "takes": "0 h"}
    result = played(asked({"gives": 0.3, "decides": "30 min"}, asking, hours=240, funds={"opening": 1}, wants=QUIET))
    table = result.frame("applications")
    answered = table[table["answer"] != ""]
    assert len(answered) > 100
    share = (answered["answer"] == "given").mean()
    assert share == pytest.approx(0.3, abs=3 * np.sqrt(0.21 / len(answered)))
    assert happened("donor_declines")(result) == (answered["answer"] == "declined").sum()
    money = result.frame("funds")
    assert money.loc[money["kind"] == "grant", "amount"].sum() == table["arrived_h"].notna().sum()


def test_the_applications_of_others_wait_in_the_same_queue():
    """Row 97: with others before us our answer is later, and with more officers it is not; how long ours takes once it
    is taken up is the same.
    """
    wait, took = {}, {}
    others = {"others_per_day": 6}
    for name, more in {"alone": {}, "others": others, "staff": {**others, "officers": 50}}.items():
        asking = {"at": "3 d", "items": {"box": 9}, "to": "store"}
        row = played(asked({"decides": law("6 h"), **more}, asking, hours=240)).frame("applications").iloc[0]
        wait[name], took[name] = row["taken_up_h"] - row["asked_h"], row["answered_h"] - row["taken_up_h"]
    assert wait["alone"] == wait["staff"] == 0 < wait["others"]
    assert took["others"] == pytest.approx(took["alone"])


def test_one_more_application_changes_nobody_elses_answer():
    """Law 3: what a donor decides belongs to the application, whoever else asks before or after."""
    first = {"by": "office", "takes": "30 min", "at": "10 h", "items": {"box": 9}, "to": "store"}
    other = {**first, "at": "2 h", "items": {"box": 3}}
    found = []
    for asking in ([first], [first, other]):
        data = merge(CHARITY, responding(donors={"donor": {"asked": asking, "officers": 5, "gives": 0.5}}))
        rows = [played(data, k).frame("applications").set_index("asked_h").loc[10.5] for k in range(8)]
        found.append([(row["answered_h"], row["answer"]) for row in rows])
    assert found[0] == found[1]
    assert len({answer for _, answer in found[0]}) == 2


def test_authorities_and_experts_are_asked_and_answer_in_the_same_table():
    """All who stand outside are actors with a queue: what is asked of each, and when it is answered, is one table."""
    data = merge(CHARITY, responding(authority={"entry": {"decides": "2 h"}}, experts=committee(1)))
    data = merge(data, organised(advisers=unit(1, "command", remote="true")))
    table = played(data).frame("applications")
    assert {"authority_entry", "experts", "donor"} == set(table["actor"])
    entry = table[table["actor"] == "authority_entry"]
    assert (entry["answered_h"] - entry["asked_h"]).tolist() == [2.0]
    assert entry["unit"].tolist() == ["crew"]
    outcomes = {name: {row[:2]: row[2:] for row in RUN_OUTCOMES[name].of(played(data))} for name in ANSWERS}
    assert outcomes["answer_h"]["actor", "authority_entry"] == (2.0, 1.0)
    assert outcomes["given_share"]["actor", "authority_entry"] == (1.0, 1.0)


ANSWERS = ("answer_h", "given_share")


# -- the agenda of experts --------------------------------------------------------------------------------------------


def committee(per_meeting: int) -> Data:
    advice = [
        {"problem": "stock_out", "at_least": 1, "set": {path: value}}
        for path, value in {
            "organisation.message_delay": "0 h", "organisation.units.crew.attendance": 0.9,
            "supplies.store.reserve": {"box": 0},
        }.items()
    ][:2]  # fmt: skip
    return {"unit": "advisers", "every": "20 h", "takes": "1 h", "per_meeting": per_meeting, "advice": advice}


@pytest.mark.parametrize("per_meeting", [1, 2])
def test_what_a_meeting_has_no_time_for_waits_for_the_next(per_meeting: int):
    """Two problems are put to the committee at once; answering one at a meeting, it answers the other at the next,
    though nothing new has gone wrong since.
    """
    wants = {"talk": need(30, items={"box": 1}, patience="2 h")}
    data = micro(
        {"crew": unit(9), "advisers": unit(1, "command", remote="true")}, wants, hours=18, tail=60, supplies=STORE,
        experts=committee(per_meeting),
    )  # fmt: skip
    for kind in wants.values():
        kind["by_phase"] = {"protracted": 0}
    data["world"]["life_cycle"] = {"timetable": {"emergency": "18 h", "protracted": "10 d"}}
    result = played(data)
    table = result.frame("applications")
    assert table["asked_h"].tolist() == [21.0, 21.0]
    assert table["answered_h"].tolist() == ([21.0, 41.0] if per_meeting == 1 else [21.0, 21.0])
    assert log(result, "change")["t_h"].tolist() == table["arrived_h"].tolist()


# -- sent to others ---------------------------------------------------------------------------------------------------


def test_goods_and_money_leave_and_the_books_balance():
    """Row 97, sent out: what leaves the store and the account is what was to be sent, and nothing else is missing."""
    data = micro(
        {"crew": unit(1, sends=[{"at": "2 h", "items": {"box": 6}, "amount": 150, "takes": "1 h"}])}, QUIET, tail=0,
        supplies=STORE, funds={"opening": 400},
    )  # fmt: skip
    result = played(data)
    stock, money = result.frame("stock"), result.frame("funds")
    sent = stock[stock["use"] == "sent"]
    assert sent[["t_h", "quantity", "on_hand"]].to_numpy().tolist() == [[3.0, 6, 9]]
    assert money.loc[money["kind"] == "sent", ["t_h", "amount", "balance"]].to_numpy().tolist() == [[3.0, -150, 250]]
    assert spent("support", "crew")(result) == 1


def test_nothing_is_sent_that_is_not_there():
    """What is kept for the staff stays, and nobody sends more money than there is; it is said."""
    kept = {"store": {"stock": {"box": 15}, "reserve": {"box": 12}}}
    data = micro(
        {"crew": unit(1, sends=[{"at": "2 h", "items": {"box": 6}, "amount": 500}])}, QUIET, tail=0,
        supplies=kept, funds={"opening": 400},
    )  # fmt: skip
    result = played(data)
    assert happened("not_sent")(result) == 2
    assert result.frame("stock")["on_hand"].min() == 15
    assert result.frame("funds")["balance"].min() == 400


def test_what_is_sent_waits_for_authority():
    """Support for others is dispatched: it leaves when that has been granted."""
    data = micro(GIVEN_AWAY, QUIET, tail=0, supplies=STORE, authority={"dispatch": {"decides": "4 h"}})
    assert log(played(data), "goods_sent")["t_h"].tolist() == [6.0]


# -- from elsewhere ---------------------------------------------------------------------------------------------------


def test_supervisors_from_abroad_are_a_late_wave():
    """Rows 16, 97: they are asked for at the beginning and on the line two days later; until then nobody supervises."""
    result = played(advised(arrives={"promised": "50 h"}))
    held = result.frame("assignments").query("assignment == 'supervision' and unit == 'adviser'")
    assert held["start_h"].min() >= 50
    assert log(result, "no_supervision")["t_h"].min() < 50


@pytest.mark.parametrize("patch", [
    asking_of(at="1 h", items={}, to=None, amount=5), organised(crew={"sends": [{"at": "1 h", "amount": 5}]})
])  # fmt: skip
def test_money_without_an_account_is_told(patch: Data):
    """Money is not modelled without ``response.funds``: whoever reads the scenario is told that none moves."""
    assert any("response.funds" in finding.message for finding in findings(validate(merge(BUSY, patch), "micro")))
    played(merge(BUSY, patch))


def test_without_stores_nobody_asks_for_goods_or_sends_them():
    """Taking the stores away leaves a scenario that runs: what is left is asked of donors, and people are sent."""
    data = merge(CHARITY, responding(funds={"opening": 5}))
    money = {"by": "office", "takes": "0 h", "at": "1 h", "amount": 5}
    data["response"]["donors"]["donor"]["asked"].append(money)
    data["response"]["organisation"]["units"]["crew"]["sends"] = [
        {"at": "2 h", "items": {"box": 1}}, {"at": "2 h", "items": {"box": 1}, "people": 1, "away": "1 h"},
    ]  # fmt: skip
    scenario = validate(data, "micro")
    without = scenario.patched(MECHANISMS["supplies"].without(scenario))
    assert [asking.amount for asking in without.response.donors["donor"].asked] == [5]
    assert [sending.people for sending in without.response.organisation.units["crew"].sends] == [1]
    assert happened("donation")(run(without)) == 1


# -- refused in words -------------------------------------------------------------------------------------------------

BAD: dict[str, tuple[Data, str]] = {
    "two occasions": (asking_of(at="1 h", stock_of="box", below=3), "found at and stock_of"),
    "no occasion": (asking_of(), "found none"),
    "nothing to ask for": (asking_of(at="1 h", items={}, to=None), "what is asked for"),
    "goods that come nowhere": (asking_of(at="1 h", to=None), "'items' and 'to' belong together"),
    "goods that no store keeps": (asking_of(at="1 h", items={"boxes": 2}), "did you mean 'box'"),
    "a depot that is not there": (asking_of(at="1 h", to="stoer"), "did you mean 'store'"),
    "an unknown unit": (asking_of(at="1 h", by="ofice"), "did you mean 'office'"),
    "people without an end": (organised(crew={"sends": [{"at": "1 h", "people": 2}]}), "'people' and 'away'"),
    "nothing sent": (organised(crew={"sends": [{"at": "1 h"}]}), "people, items, amount and takes"),
    "goods sent that nobody has": (organised(crew={"sends": [{"at": "1 h", "items": {"boxes": 1}}]}), "'box'"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_meant_is_refused(name: str):
    """The place is named, and the nearest right name."""
    patch, words = BAD[name]
    with pytest.raises(InputError) as caught:
        validate(merge(BUSY, patch), "micro")
    assert words in str(caught.value)
