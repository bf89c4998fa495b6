"""Each mechanism of support from outside on and off on a micro-scenario, under the same luck: the claim's direction.

The form is that of ``pairs``. Below stand what a pair of runs cannot show: at which act authority is asked for, when
advice comes into force, and that the funds balance.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim import Result
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import merge
from tests.mechanisms.pairs import (
    CHAT,
    Data,
    Null,
    Number,
    Pair,
    called,
    changes_nothing,
    claim_holds,
    commander,
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
    plan,
    played,
    responding,
    rows,
    spent,
    stays_valid,
    step,
    unit,
    when,
)

SEVEN = ("unfamiliar", "sending", "hand_over", "voice", "authority", "experts", "funds")
DAY = "08:00-20:00"

# -- what is measured -------------------------------------------------------------------------------------------------


def decided(kind: str) -> Number:
    """Return the measure of how long a decision about a need of a type is waited for, on average."""

    def of(result: Result) -> float:
        table, kinds = result.frame("assignments"), result.frame("needs")["need_type"].to_numpy()
        mine = table[(table["assignment"] == "decision") & table["need"].notna()]
        mine = mine[kinds[mine["need"].astype(int)] == kind]
        return float((mine["start_h"] - mine["asked_h"]).mean())

    return of


def ordered(result: Result) -> float:
    """Return how many pieces are ordered."""
    stock = result.frame("stock")
    return float(stock.loc[stock["event"] == "ordered", "quantity"].sum())


def knows(result: Result) -> float:
    """Return how many residents notices have reached."""
    return float(result.frame("notices")["reached"].sum())


# -- the pairs --------------------------------------------------------------------------------------------------------

TALK = {"talk": need(1)}
LENT = [{"at": "6 h", "people": 2, "away": "18 h"}]
PHASES = {"life_cycle": {"timetable": {"warning": "4 h", "emergency": "6 h", "protracted": "2 d"}}}
TWO_DESKS = {"heard": {"needs": ["talk"], "units": ["casework"]}, "other": {"units": ["crew"]}}
WAITED_FOR = {"escalate_after": "30 min", "service": "1 h"}
VOICES = micro(
    {
        "command": commander(decision={"dist": "exponential", "mean": "25 min"}),
        "casework": unit(1, "casework", voice="true"), "crew": unit(1),
    },
    {"talk": need(1.2, **WAITED_FOR), "food": need(1.6, **WAITED_FOR)}, hours=24, desks=TWO_DESKS,
)  # fmt: skip
COMMITTEE = unit(2, "command", members="staff", tier="expert", remote="true", **{"from": "outside"})
ADVICE = {"problem": "abandoned", "at_least": 3, "set": {"organisation.units.crew.attendance": 1}}
MEETS = {"unit": "committee", "every": "6 h", "takes": "1 h", "delay": "2 h", "advice": [ADVICE]}
SHORT_OF_HANDS = {"talk": need(6, patience="2 h")}
SHORT = unit(6, shift=["00:00-06:00", "06:00-12:00", "12:00-18:00", "18:00-24:00"], attendance=0.2)
ADVISED = micro({"crew": SHORT, "committee": COMMITTEE}, SHORT_OF_HANDS, hours=36, experts=MEETS)
STORE = {"store": {
    "stock": {"box": 20}, "prices": {"box": 10}, "policy": {"base_stock": 20}, "lead_time": "2 h",
}}  # fmt: skip


def insecure(result: Result) -> float:
    """Return how often somebody was strained by not being sure of their pay."""
    return float((result.frame("strain")["cause"] == "insecure").sum())


PAID = {"crew": unit(2, shift=DAY, cost_per_h=10), "volunteers": unit(1, shift=DAY)}
ROUNDS = {"unit": "leaders", "every": "6 h", "each": "2 min", "topic": "hall", "groups": ["offline"]}
CALLED = {"at": "2 h", "stint": "40 h"}

PAIRS: dict[str, Pair] = {
    "unfamiliar": Pair(
        micro({"aid": unit(2, unfamiliar={"first": "1 h"})}, {"talk": need(2)}, travel={}),
        needs("wait_mean_h"), "raises",
    ),
    "sending": Pair(micro({"crew": unit(3, sends=LENT)}, {"talk": need(3)}, hours=24), needs("wait_mean_h"), "raises"),
    "sending, hours on duty": Pair(micro({"crew": unit(3, sends=LENT)}, TALK, hours=24), duty("crew"), "lowers"),
    "hand_over": Pair(
        micro({"crew": unit(2, hand_over="2 h")}, {"talk": need(2)}, hours=24, world=PHASES),
        needs("wait_mean_h"), "raises",
    ),
    "hand_over, time": Pair(
        micro({"crew": unit(2, hand_over="2 h")}, TALK, hours=24, world=PHASES), spent("hand_over", "crew"), "raises",
    ),
    "voice": Pair(VOICES, decided("talk"), "lowers"),
    "voice, the others wait": Pair(VOICES, decided("food"), "raises"),
    "authority": Pair(
        micro({"crew": unit(2)}, TALK, hours=24, authority={"entry": {"decides": "6 h"}}),
        needs("wait_mean_h"), "raises",
    ),
    "authority, residents give up at the door": Pair(
        micro(
            {"crew": unit(2)}, {"talk": need(1, patience="3 h")}, hours=24,
            authority={"entry": {"decides": "8 h"}},
        ),
        needs("unmet"), "raises",
    ),
    "authority, lists of residents": Pair(
        micro(
            {"leaders": unit(2, "liaison")}, {"talk": need(0)}, hours=20,
            shares={"offline": 0.3}, information=CHAT, building_leaders=ROUNDS,
            authority={"data": {"decides": "9 h"}},
        ),
        spent("building_round", "leaders"), "lowers",
    ),
    "authority, a round of invitations": Pair(
        micro(sites=called(), authority={"data": {"decides": law("3 h")}}), when("round_called"), "raises",
    ),
    "authority, time at the doors of a card": Pair(
        micro(
            {"command": commander(), "guards": unit(2, "security")}, hours=20, authority={"entry": {"decides": "6 h"}},
            plan=plan({"act": step("guards", "doors", each="2 min", buildings="all")}),
        ),
        spent("step.act", "guards"), "raises",
    ),
    "authority, people who are called up": Pair(
        micro({"aid": unit(3, call_up=CALLED)}, TALK, hours=20, authority={"dispatch": {"decides": "6 h"}}),
        duty("aid"), "lowers",
    ),
    "experts": Pair(ADVISED, needs("unmet"), "lowers"),
    "experts, time of the committee": Pair(ADVISED, spent("meeting", "committee"), "raises"),
    "funds": Pair(
        micro(PAID, {"talk": need(1, patience="1 d")}, hours=72, funds={"opening": 100}), duty("crew"), "lowers",
    ),
    "funds, waits": Pair(
        micro(PAID, {"talk": need(2)}, hours=72, tail=48, funds={"opening": 100}), needs("wait_mean_h"), "raises",
    ),
    "funds, goods": Pair(
        micro({"crew": unit()}, {"talk": need(2, items={"box": 1})}, hours=48, supplies=STORE, funds={"opening": 200}),
        ordered, "lowers",
    ),
    "funds, who is not paid is insecure": Pair(
        micro(
            PAID, {"talk": need(1)}, hours=72, funds={"opening": 100},
            world={"strain": {"volunteer": {"loads": {"insecure": 5}}}},
        ),
        insecure, "raises",
    ),
    "funds, who was not paid leaves": Pair(
        micro(
            merge(PAID, {"crew": {"count": 6}}), {"talk": need(1)}, hours=480,
            funds={"opening": 600, "grants": [{"at": "10 d", "amount": 90000}]},
            world={"strain": {"volunteer": {"loads": {"insecure": 30}, "leaving": {"per_year": 1, "grows": 3}}}},
        ),
        happened("left_for_good"), "raises",
    ),
}  # fmt: skip


def test_each_of_the_seven_has_its_pair():
    """A mechanism without a pair of runs is a claim nobody has tried."""
    assert {mechanism_of(pair) for pair in PAIRS} == set(SEVEN)
    assert set(SEVEN) <= set(MECHANISMS)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_direction_that_is_claimed(pair: str):
    """On against off under the same luck: the 99 % interval of the paired difference lies on the side of the claim."""
    claim_holds(PAIRS[pair], mechanism_of(pair))


@pytest.mark.parametrize("pair", PAIRS)
def test_both_patches_keep_a_scenario_valid(pair: str):
    """Off and without must run: an ablation tries them on scenarios nobody has seen."""
    stays_valid(PAIRS[pair], mechanism_of(pair))


OWN = {"funds": ("funds",)}


@pytest.mark.parametrize("pair", PAIRS)
def test_off_is_as_good_as_gone(pair: str):
    """What a mechanism costs or changes is gone when it is off: bit for bit as if the scenario did not name it.

    Off, a hand-over still takes its second, and there is an account with more in it than anybody spends.
    """
    mechanism = mechanism_of(pair)
    assert left_over(PAIRS[pair], mechanism, OWN.get(mechanism, ())) == set() or mechanism == "hand_over"


# -- nothing to act on ------------------------------------------------------------------------------------------------


ASKED = {"decides": "2 d"}
NULLS: dict[str, Null] = {
    "unfamiliarity where nobody travels": Null(organised(crew={"unfamiliar": {"first": "1 h"}})),
    "unfamiliarity of people who make no visits": Null(
        merge(organised(office={"unfamiliar": {"first": "1 h"}}), organised(medics={"unfamiliar": {"first": "1 h"}}))
    ),
    "sending after the end": Null(organised(crew={"sends": [{"at": "30 h", "people": 2, "away": "1 d"}]})),
    "a list of nobody sent": Null(organised(crew={"sends": []})),
    "a hand-over without phases": Null(organised(crew={"hand_over": "2 h"})),
    "a voice where nothing is escalated": Null(organised(crew={"voice": "true"})),
    "authority that is granted": Null(
        responding(authority={act: {**ASKED, "granted": "true"} for act in ("entry", "data", "dispatch")})
    ),
    "authority by a law of 2020": Null(
        responding(authority={"entry": {**ASKED, "granted": "true", "since": "2020-02-01 00:00"}})
    ),
    "authority for an act that nobody does": Null(responding(authority={"dispatch": ASKED})),
    "authority for lists that nobody uses": Null(
        responding(authority={"data": {**ASKED, "units": ["office", "medics"]}})
    ),
    "authority that a unit without people needs": Null(responding(authority={"entry": {**ASKED, "units": ["medics"]}})),
    "experts who meet after the end": Null(
        responding(experts={"unit": "office", "every": "2 d", "takes": "1 h", "advice": [ADVICE]})
    ),
    "funds where nothing costs anything": Null(responding(funds={"opening": 0}), tables=("funds",)),
    "grants where nothing costs anything": Null(
        responding(funds={"opening": 5, "grants": [{"at": "3 h", "amount": 9}]}), tables=("funds",)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NULLS)
def test_a_mechanism_with_nothing_to_act_on_changes_nothing(name: str):
    """Present but idle, it leaves no trace outside its own tables and events: bit for bit, in every column."""
    changes_nothing(NULLS[name])


# -- authority is asked for at each act -------------------------------------------------------------------------------


def at_doors(**entry: Any) -> Data:
    return micro({"crew": unit(2)}, {"talk": need(1, service="5 min")}, hours=24, tail=0, authority={"entry": entry})


def test_a_grant_that_lapses_is_asked_for_again():
    """Authority is looked up at each door: when it has lapsed, the next visit waits for as long as the first did."""
    result = played(at_doors(decides="3 h", lasts="2 h"))
    grants = log(result, "authority_entry")["t_h"].to_numpy()
    visits = result.frame("visits").dropna(subset="started_h")
    waited = (visits["started_h"] - visits["arrived_h"]).to_numpy()
    assert len(grants) > 2
    assert np.all(np.diff(grants) >= 5 - 1e-9), "one application at a time, and none while it is granted"
    assert np.isclose(waited, 3).sum() >= len(grants) - 1, "who asks first waits for the whole decision"
    for arrived, started in zip(visits["arrived_h"], visits["started_h"], strict=True):
        assert any(grant - 1e-9 <= started < grant + 2 for grant in grants)
        free = any(grant - 1e-9 <= arrived < grant + 2 for grant in grants)
        assert free == (started - arrived < 1e-9)


def of_card(action: str, **more: Any) -> Data:
    """Return what the guards of a card do at one hour, to all buildings."""
    act = step("guards", action, more.pop("people", 2), when={"at": "1 h"}, **more)
    return {"units": {"command": commander(), "guards": unit(2, "security")}, "plan": plan({"act": act})}


LOOKED_FOR = {"unit": "leaders", "people": 1, "each": "2 min", "at_home": 1}
BROUGHT = {"groups": ["offline"], "unit": "leaders", "helpers": 1, "each": "2 min"}
LEADERS = {"units": {"leaders": unit(2, "liaison")}}
ACTS: dict[str, tuple[Data, set[str]]] = {
    # what is done, and which acts it takes
    "visits": ({"units": {"crew": unit(2)}, "wants": TALK}, {"entry"}),
    "people called up": ({"units": {"aid": unit(2, call_up={"at": "1 h", "stint": "9 h"})}}, {"dispatch"}),
    "people lent": ({"units": {"crew": unit(2, sends=[{"at": "1 h", "people": 1, "away": "3 h"}])}}, {"dispatch"}),
    "rounds of leaders by a list": (
        LEADERS | {"building_leaders": {**ROUNDS, "every": "2 h"}, "information": CHAT}, {"data", "entry"}
    ),
    "rounds of leaders through every door": (
        LEADERS | {"building_leaders": {"unit": "leaders", "every": "2 h", "each": "2 min"}}, {"data", "entry"}
    ),
    "a round of invitations": ({"sites": called()}, {"data"}),
    "recall": (LEADERS | {"sites": called(no_show=0.5, recall=LOOKED_FOR)}, {"data", "entry"}),
    "fetching": (LEADERS | {"sites": called(fetch=BROUGHT)}, {"data", "entry"}),
    "a round that a step calls": (
        of_card("screen", people=0, site="hall", buildings="all") | {"sites": called(rounds=[])}, {"data"}
    ),
    "a head count": (of_card("doors", each="2 min", counts=1, buildings="all"), {"data", "entry"}),
    "doors of those on a list": (
        of_card("doors", each="2 min", of="special", groups=["offline"], buildings="all"), {"data", "entry"}
    ),
    "every door": (of_card("doors", each="2 min", buildings="all"), {"entry"}),
    "entrances": (of_card("doors", each="2 min", of="building", buildings="all"), set()),
    "tracing": (of_card("trace", each="10 min"), {"data"}),
}  # fmt: skip


def acting(what: str, **authority: Any) -> Result:
    blocks = {"wants": {"talk": need(0)}, **ACTS[what][0]}
    return played(micro(blocks.pop("units", None), blocks.pop("wants"), tail=0, shares={"offline": 0.5},
                        authority=authority, **blocks))  # fmt: skip


@pytest.mark.parametrize("what", ACTS)
def test_authority_is_asked_for_at_each_act(what: str):
    """Row 95: entry at each door of a home, data where a list of residents is made or used, dispatch where people are
    called up or lent. No act waits for another's, and where all is granted nobody asks.
    """
    for asked in ("entry", "data", "dispatch"):
        result = acting(what, **{asked: {"decides": "4 h"}})
        assert (len(log(result, f"no_authority_{asked}")) > 0) == (asked in ACTS[what][1])
        granted = acting(what, **{asked: {"decides": "4 h", "granted": "true"}})
        assert not len(log(granted, f"no_authority_{asked}"))


@pytest.mark.parametrize(("what", "act"), [(what, act) for what in ACTS for act in sorted(ACTS[what][1])])
def test_nothing_is_done_before_the_grant_and_something_after(what: str, act: str):
    """Nothing that an act does leaves a trace before it is granted: no visit begun, nobody called, reached or sent."""
    done = []
    for decides in ("4 h", "90 h"):
        result = acting(what, **{act: {"decides": decides}})
        granted = log(result, f"authority_{act}")["t_h"].min()
        granted = result.end_h if np.isnan(granted) else granted
        begun = [*result.frame("visits")["started_h"].dropna(), *traces(result, act)]
        assert all(at >= granted - 1e-9 for at in begun)
        done.append(len(begun))
    assert done[0] > done[1] == 0


def traces(result: Result, act: str) -> list[float]:
    """Return when something was finished that is done by a list or at a door, or people were called or sent."""
    events = result.frame("events")
    kinds = {"data": ["round_called"], "dispatch": ["sent", "called_up"], "entry": []}[act]
    times = events.loc[events["event"].isin(kinds), "t_h"].tolist()
    steps, work = result.frame("orders"), result.frame("assignments")
    times += steps.loc[steps["step"] == "act", "done_h"].dropna().tolist()
    rounds = work["assignment"].isin(["building_round", "recall.hall", "fetch.hall"])
    return times + work.loc[rounds, "end_h"].dropna().tolist()


@pytest.mark.parametrize(("since", "waits"), [("2020-01-26 00:00", False), ("2022-03-28 08:00", False),
                                             ("2022-03-30 08:00", True)])  # fmt: skip
def test_a_notice_allows_from_its_date(since: str, waits: bool):
    """The notices since 2020 are a date against the scenario's beginning: before it the same work waits."""
    result = played(at_doors(granted="true", since=since, decides="6 h") | {"start": "2022-03-28 08:00"})
    assert (len(log(result, "no_authority_entry")) > 0) == waits


def test_those_who_wait_at_the_door_are_taken_and_residents_give_up():
    """Waiting takes the time of who waits, and does not hold up the resident's patience."""
    data = at_doors(decides="8 h")
    data["world"]["needs"]["talk"]["patience"] = "2 h"
    result = played(data)
    visits = result.frame("visits")
    gone = visits[visits["outcome"] == "gone"]
    assert len(gone) >= 2
    assert gone["started_h"].isna().all()
    assert (gone["ended_h"] - gone["arrived_h"]).max() == pytest.approx(8)
    people = result.frame("people")
    assert people["busy_h"].sum() >= (gone["ended_h"] - gone["dispatched_h"]).sum() - 1e-6
    closed = result.frame("needs").loc[gone["need"]]
    assert (closed["end"] == "abandoned").all()
    assert ((closed["closed_h"] - closed["requested_h"]) - 2).abs().max() < 1e-9


def test_on_the_telephone_nobody_enters():
    """What is done by telephone needs no authority to enter."""
    data = at_doors(decides="8 h")
    data["world"]["needs"]["talk"]["by_phone"] = "true"
    result = played(data)
    assert not len(log(result, "no_authority_entry"))
    visits = result.frame("visits")
    assert np.array_equal(visits["started_h"], visits["arrived_h"])


def test_officers_decide_at_the_same_time():
    """Two units apply: one officer takes one application after the other, two take both at once."""

    def grants(officers: int) -> list[float]:
        data = micro(
            {"one": unit(1), "two": unit(1)}, {"a": need(20), "b": need(20)}, hours=24, tail=0,
            desks={"a": {"needs": ["a"], "units": ["one"]}, "b": {"units": ["two"]}},
            authority={"entry": {"decides": "5 h", "officers": officers}},
        )  # fmt: skip
        return log(played(data), "authority_entry")["t_h"].tolist()

    assert np.diff(grants(1))[0] == pytest.approx(5)
    assert np.diff(grants(2))[0] < 1


# -- experts, money, people ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("replication", range(5))
def test_advice_comes_after_meeting_and_delay(replication: int):
    """Advice is a change of the response, no earlier than the first meeting, its length and the delay; once."""
    result = played(ADVISED, replication)
    change = log(result, "change")
    table = result.frame("assignments")
    held = table[table["assignment"] == "meeting"]["end_h"].dropna().to_numpy()
    assert len(change) == 1
    assert min(abs(change["t_h"].iloc[0] - held - 2)) < 1e-9
    assert change["t_h"].iloc[0] >= 6 + 1 + 2 - 1e-9
    assert change["subject"].iloc[0] == "advice: organisation.units.crew.attendance"


def test_no_advice_without_a_problem():
    """Where nobody gives up, the committee meets and changes nothing."""
    data = merge(ADVISED, {"world": {"needs": {"talk": {"patience": None, "per_hour": 0.5}}}})
    result = played(data)
    assert not len(log(result, "change"))
    assert spent("meeting", "committee")(result) > 0


def test_the_balance_is_the_sum_of_its_rows():
    """Opening, grants, wages and goods add up; wages are hours on duty at the cost of each; goods at their price."""
    data = micro(
        PAID, {"talk": need(2, items={"box": 1})}, hours=96, tail=0, supplies=STORE,
        funds={"opening": 400, "grants": [{"at": "60 h", "amount": 500}]},
    )  # fmt: skip
    result = played(data)
    funds = result.frame("funds")
    assert np.allclose(funds["amount"].cumsum(), funds["balance"])
    assert funds["t_h"].is_monotonic_increasing
    paid = funds.groupby("kind", observed=True)["amount"].sum()
    people, stock = result.frame("people"), result.frame("stock")
    hours = result.frame("shifts").query("unit == 'crew' and left_h == left_h")
    assert paid["wages"] == pytest.approx(-10 * (hours["left_h"] - hours["rostered_from_h"]).sum())
    assert paid["wages"] == pytest.approx(-people["cost"].sum())
    bought = stock[stock["event"] == "ordered"]
    assert paid["goods"] == pytest.approx(-(bought["quantity"] * bought["price"]).sum())
    goods = funds[funds["kind"] == "goods"]
    assert (goods["balance"] >= -1e-9).all(), "nothing is ordered that cannot be paid"


def test_paid_people_stay_away_while_there_is_nothing_and_volunteers_come():
    """At a balance of nothing or less no paid shift begins; volunteers come, and paid people when there is money."""
    data = micro(
        {"crew": unit(2, shift=DAY, cost_per_h=10), "volunteers": unit(2, shift=DAY)}, TALK, hours=96, tail=0,
        funds={"opening": 100, "grants": [{"at": "60 h", "amount": 50}]},
    )  # fmt: skip
    shifts = played(data).frame("shifts")
    days = shifts.assign(day=(shifts["rostered_from_h"] // 24).astype(int)).groupby(["unit", "day"], observed=True)
    assert days.size().to_dict() == {
        ("crew", 0): 2, **{("volunteers", day): 2 for day in range(4)},
    }  # a grant of 50 does not pay what is owed  # fmt: skip
    data["response"]["funds"]["grants"][0]["amount"] = 500
    shifts = played(data).frame("shifts").query("unit == 'crew'")
    assert sorted((shifts["rostered_from_h"] // 24).astype(int)) == [0, 0, 3, 3]


def test_a_shift_that_is_not_paid_strains_those_who_would_have_worked_it():
    """Row 103: pay is of the institution; each shift for which there is no money is one doubt of one paid person, and
    volunteers, who are not paid, have none.
    """
    data = micro(
        PAID, TALK, hours=96, tail=0, funds={"opening": 100},
        world={"strain": {"volunteer": {"loads": {"insecure": 5}}}},
    )  # fmt: skip
    result = played(data)
    strain = result.frame("strain").query("cause == 'insecure'")
    assert len(strain) == happened("not_paid")(result) == 6
    assert set(strain["unit"]) == {"crew"}
    assert set(strain["source"]) == {"institution"}
    assert sorted(strain["t_h"]) == sorted(log(result, "not_paid")["t_h"])


def test_orders_go_on_at_a_grant():
    """What there was no money for is ordered at the moment when there is."""
    data = micro(
        {"crew": unit()}, {"talk": need(2, items={"box": 1})}, hours=48, tail=0, supplies=STORE,
        funds={"opening": 0, "grants": [{"at": "20 h", "amount": 9000}]},
    )  # fmt: skip
    stock = played(data).frame("stock")
    assert stock.loc[stock["event"] == "ordered", "t_h"].min() == 20


def test_who_is_lent_is_away_and_comes_back():
    """People lent to others are not on duty for as long as it takes, and then are."""
    result = played(micro({"crew": unit(3, sends=LENT)}, {"talk": need(1, service="5 min")}, hours=36, tail=0))
    assert happened("sent")(result) == 2
    units = result.frame("units").query("name == 'crew'").set_index("t_h")["on_duty"]
    assert {float(t): int(units.loc[:t].iloc[-1]) for t in (5.9, 7, 23.9, 24.1)} == {5.9: 3, 7: 1, 23.9: 1, 24.1: 3}


def test_the_way_is_lost_once_a_building():
    """Each person from elsewhere loses the time at the first visit to each building, and never there again."""
    data = micro({"aid": unit(2, unfamiliar={"first": "1 h"})}, {"talk": need(2)}, hours=48, tail=0, travel={})
    visits, buildings = (result := played(data)).frame("visits"), result.frame("needs")["building"].to_numpy()
    visits = visits.dropna(subset="arrived_h").sort_values("dispatched_h")
    lost = (visits["arrived_h"] - visits["dispatched_h"] >= 1).to_numpy()
    first = ~visits.assign(building=buildings[visits["need"]]).duplicated(["person", "building"]).to_numpy()
    assert np.array_equal(lost, first)
    assert first.sum() == 8


@pytest.mark.parametrize("replication", range(3))
def test_with_a_voice_decisions_come_first(replication: int):
    """Whenever somebody in command is free, what has a voice and waits is taken before what has none."""
    result = played(VOICES, replication)
    table, kinds = result.frame("assignments"), result.frame("needs")["need_type"].to_numpy()
    table = table[(table["assignment"] == "decision") & table["need"].notna()]
    table = table.assign(kind=kinds[table["need"].astype(int)])
    heard, others = (table[table["kind"] == kind] for kind in ("talk", "food"))
    assert rows("assignments")(result) > 10
    for other in others.itertuples():
        passed = heard[(heard["asked_h"] < other.start_h - 1e-9) & (heard["start_h"] > other.start_h + 1e-9)]
        assert passed.empty


def test_who_was_at_home_when_a_phase_began_hands_over_on_coming():
    """A phase that begins in the night, or as a shift does, is handed over to when people come: it is not skipped."""
    data = micro({"crew": unit(3, shift="16:00-22:00", hand_over="30 min")}, TALK, hours=48, tail=0, world=PHASES)
    table = played(data | {"start": "2022-03-28 08:00"}).frame("assignments").query("assignment == 'hand_over'")
    assert sorted(table["asked_h"]) == [8, 8, 8, 10, 10, 10]


def test_handing_over_takes_everybody_on_duty_once_a_phase():
    """At each new phase, and not at the beginning, everybody on duty hands over."""
    data = micro({"crew": unit(3, hand_over="30 min")}, TALK, hours=24, tail=0, world=PHASES)
    table = played(data).frame("assignments").query("assignment == 'hand_over'")
    assert sorted(table["asked_h"]) == [4, 4, 4, 10, 10, 10]
    assert np.allclose(table["end_h"] - table["start_h"], 0.5)
