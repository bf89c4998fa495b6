"""What attack on the support from outside found: each fault in the smallest scenario that shows it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim import Result
from sim.errors import InputError
from sim.spec.findings import findings
from sim.spec.patches import validate
from tests.mechanisms.pairs import Data, called, commander, log, micro, need, plan, played, step, unit


def came(result: Result, team: str, frm: float = 0.0, to: float = 1e9) -> int:
    """Return how often somebody of a unit came on duty in a time."""
    shifts = result.frame("shifts")
    mine = shifts[shifts["unit"] == team]
    return int(mine["rostered_from_h"].between(frm, to, inclusive="left").sum())


def paid(result: Result, kind: str = "wages") -> float:
    funds = result.frame("funds")
    return -float(funds.loc[funds["kind"] == kind, "amount"].sum())


def told(data: Data) -> bool:
    """Tell whether a scenario is refused, or whoever reads it is told that something is strange about it."""
    try:
        return bool(findings(validate(data, "micro")))
    except InputError:
        return True


TALK = {"talk": need(1, service="30 min")}
RICH = {"opening": 10_000}


def test_advice_may_send_more_people():
    """A count may change while the clock runs, so experts may advise it: the people must be there to come."""
    crew, committee = unit(1), unit(1, "command", remote="true")
    advice = {"problem": "abandoned", "set": {"organisation.units.crew.count": 3}}
    data = micro(
        {"crew": crew, "committee": committee}, {"talk": need(6, patience="1 h")}, hours=24,
        experts={"unit": "committee", "every": "6 h", "takes": "1 h", "advice": [advice]},
    )  # fmt: skip
    assert came(played(data), "crew", 7, 8) == 2


def test_people_around_the_clock_are_paid():
    """Wages are hours on duty times the cost of an hour, whoever works them: the people's costs and the funds agree."""
    result = played(micro({"crew": unit(2, cost_per_h=10)}, TALK, hours=48, tail=0, funds=RICH))
    assert result.frame("people")["cost"].sum() == pytest.approx(960)
    assert paid(result) == pytest.approx(960)


def test_people_around_the_clock_go_when_the_money_has_gone():
    """Whoever is paid stays away while there is no money, whatever their shift: they go on pay day, and come again."""
    funds = {"opening": 100, "grants": [{"at": "30 h", "amount": 1000}]}
    data = micro({"crew": unit(2, cost_per_h=10), "free": unit(1)}, TALK, hours=60, tail=0, funds=funds)
    result = played(data)
    assert came(result, "crew", 0, 24) == came(result, "crew", 30, 31) == 2
    crew = result.frame("shifts").query("unit == 'crew'")
    assert (crew["left_h"].dropna() < 24 + 2).all(), "the work in hand is finished first"
    on_duty = crew["left_h"].fillna(60) - crew["rostered_from_h"]
    assert on_duty.sum() < 2 * 60 - 8
    assert paid(result) == pytest.approx(result.frame("people")["cost"].sum()) == pytest.approx(10 * on_duty.sum())
    assert result.frame("shifts").query("unit == 'free'")["left_h"].isna().all(), "volunteers stay"


def test_each_is_told_once_that_there_is_no_money():
    """Four who go home together on pay day are four people who are not paid, and not sixteen."""
    data = micro({"crew": unit(4, cost_per_h=10)}, {"talk": need(0)}, hours=30, tail=0, funds={"opening": 100})
    told = played(data).frame("events").query("event == 'not_paid'")
    assert told.groupby("t_h").size().tolist() == [4]


def test_a_delivery_that_fails_is_paid_back():
    """What was paid for and never came costs nothing: the goods received are what the funds have spent on goods."""
    policy = {"reorder_point": 4, "order_up_to": 8}
    store = {"stock": {"box": 4}, "policy": policy, "lead_time": "2 h", "prices": {"box": 10}, "fails": 0.6}
    data = micro({"crew": unit()}, {"talk": need(2, items={"box": 1})}, hours=96, tail=0, supplies={"store": store},
                 funds={"opening": 300})  # fmt: skip
    result = played(data)
    stock, last = result.frame("stock"), result.frame("stock").iloc[-1]
    came_in, failed = (stock.loc[stock["event"] == event, "quantity"].sum() for event in ("received", "failed"))
    assert failed > 0
    assert paid(result, "refund") == -10 * failed
    assert paid(result, "goods") + paid(result, "refund") == 10 * (came_in + last["on_order"])
    assert result.frame("funds")["balance"].min() >= 0


def test_the_last_hours_are_paid():
    """Who is on duty when the run ends has worked those hours: wages are the sum of the people's costs."""
    result = played(micro({"crew": unit(2, shift="08:00-20:00", cost_per_h=10)}, TALK, hours=36, tail=0, funds=RICH))
    assert paid(result) == pytest.approx(result.frame("people")["cost"].sum())


def test_people_around_the_clock_come_when_money_does():
    """Paid people stay away while there is no money, and no longer: a unit without shifts comes at the grant."""
    funds = {"opening": 0, "grants": [{"at": "10 h", "amount": 1000}]}
    result = played(micro({"crew": unit(2, cost_per_h=10)}, TALK, hours=24, tail=0, funds=funds))
    assert came(result, "crew", 0, 10) == 0
    assert came(result, "crew", 10, 11) == 2


@pytest.mark.parametrize("shift", [None, "00:00-24:00"])
def test_nobody_who_is_called_up_comes_without_money(shift: str | None):
    """Paid people stay away while there is no money, those who are called up too."""
    more = {} if shift is None else {"shift": shift}
    aid = unit(2, cost_per_h=10, call_up={"at": "3 h", "stint": "10 h"}, **more)
    result = played(micro({"aid": aid}, TALK, tail=0, funds={"opening": 0}))
    assert came(result, "aid") == 0


@pytest.mark.parametrize("shift", [None, "00:00-24:00"])
def test_closed_gates_keep_those_out_who_are_called_up(shift: str | None):
    """Those from outside cannot come in while a lockdown lasts: whoever is called up from there neither."""
    more = {} if shift is None else {"shift": shift}
    aid = unit(2, call_up={"at": "3 h", "stint": "10 h"}, **more) | {"from": "outside"}
    result = played(micro({"aid": aid}, TALK, tail=0, world={"hazards": {"closure": {"kind": "lockdown"}}}))
    assert came(result, "aid") == 0


def test_who_is_called_into_a_running_shift_needs_provisions():
    """Who gets no water and quilt does not come, into a shift that is running as to one that begins."""
    aid = unit(2, shift="00:00-24:00", provisions={"quilt": 1}, call_up={"at": "3 h", "stint": "10 h"})
    result = played(micro({"aid": aid}, TALK, tail=0, supplies={"store": {"stock": {"quilt": 0}}}))
    assert came(result, "aid") == 0


def test_nobody_brings_a_quilt_back_that_they_never_had():
    """What comes back from use was taken: a store holds no more durables at the end than at the beginning."""
    aid = unit(2, shift="08:00-20:00", provisions={"quilt": 1}, call_up={"at": "10 h", "stint": "10 h"})
    result = played(micro(
        {"aid": aid}, TALK, hours=22, tail=0, supplies={"store": {"stock": {"quilt": 2}}},
        durables={"quilt": {"breaks": 0}},
    ))  # fmt: skip
    assert result.frame("stock")["on_hand"].max() <= 2


def test_who_was_called_up_works_on_the_days_of_the_unit():
    """On other days nobody of the unit is there, called up or not."""
    aid = unit(2, shift="00:00-24:00", days=["sat"], call_up={"at": "3 h", "stint": "10 h"})
    data = micro({"aid": aid}, TALK, tail=0) | {"start": "2022-03-28 08:00"}  # a Monday
    assert came(played(data), "aid") == 0


def test_nobody_rings_people_who_are_lent_to_others():
    """Who is in another community cannot come: asking them must not fill the places that are wanted here."""
    aid = unit(
        2, sends=[{"at": "1 h", "people": 1, "away": "3 d"}],
        call_up={"at": "3 h", "wanted": 2, "stint": "10 h"},
    )  # fmt: skip
    result = played(micro({"aid": aid}, TALK, tail=0))
    called = log(result, "called_up")
    assert called["detail"].astype(int).tolist() == [1]


def test_who_is_lent_comes_back_when_the_visit_in_hand_outlasts_the_lending():
    """Away for so long, and then back: the people of a unit around the clock come in again, whenever they left."""
    crew = unit(1, sends=[{"at": "1 h", "people": 1, "away": "2 h"}])
    data = micro({"crew": crew}, {"talk": need(2, service="6 h")}, hours=48, tail=0)
    shifts = played(data).frame("shifts")
    assert len(shifts) == 2, "who was at a door when the lending was over never comes back"


def test_an_injury_does_not_bring_anybody_back_earlier():
    """Who is lent for three days and is hurt in the visit in hand is away for three days, not for the hour of a cut."""
    crew = unit(
        1, injury={"share": 1, "away": "1 h"}, sends=[{"at": "1 h", "people": 1, "away": "3 d"}],
    )  # fmt: skip
    result = played(micro({"crew": crew}, {"talk": need(20, service="3 h")}, hours=24, tail=0))
    if len(log(result, "sent")):
        assert came(result, "crew", 1.01, 24) == 0


def test_those_who_wait_go_on_when_the_law_comes_into_force():
    """From its date a law allows everybody: who stands at a door goes in then, not when an application is decided."""
    authority = {"entry": {"granted": "true", "since": "2022-03-28 12:00", "decides": "10 d"}}
    data = micro({"crew": unit(1)}, TALK, hours=24, tail=0, authority=authority) | {"start": "2022-03-28 08:00"}
    started = played(data).frame("visits")["started_h"]
    assert started.min() == pytest.approx(4, abs=0.01)


def test_a_grant_that_lapses_on_the_way_is_missing_at_the_door():
    """Authority is checked at the door: who sets out a minute before it lapses is not let in an hour after."""
    data = micro(
        {"crew": unit(2)}, {"talk": need(2, service="5 min")}, hours=24, tail=0, travel={"speed_km_h": 0.1},
        authority={"entry": {"decides": "3 h", "lasts": "1 h"}},
    )  # fmt: skip
    result = played(data)
    grants = log(result, "authority_entry")["t_h"].to_numpy()
    started = result.frame("visits")["started_h"].dropna().to_numpy()
    inside = [bool(np.any((grants <= at + 1e-9) & (at < grants + 1))) for at in started]
    assert len(started) > 5
    assert all(inside), f"{len(started) - sum(inside)} of {len(started)} visits began without authority"


LATE = {"entry": {"decides": "20 h"}}
MORNINGS = "08:00-16:00"


def test_who_stands_at_a_door_goes_home_at_the_end_of_the_shift():
    """Nobody works overtime at a closed door: the request waits again in its old place, and the application stays."""
    data = micro({"crew": unit(2, shift=MORNINGS)}, {"talk": need(1)}, hours=40, tail=0, authority=LATE)
    result = played(data | {"start": "2022-03-28 08:00"})
    visits = result.frame("visits")
    left = visits[visits["outcome"] == "no_entry"]
    assert left["ended_h"].tolist() == [8.0, 8.0]
    assert left["started_h"].isna().all()
    assert result.frame("shifts").query("rostered_until_h == 8")["left_h"].tolist() == [8.0, 8.0]
    again = visits[visits["attempt"] == 2]
    assert again["need"].tolist() == left["need"].tolist() == [0, 1], "not in the old place"
    assert (again["started_h"] == 24).all()
    assert len(log(result, "authority_entry")) == 1


def test_who_gives_up_meanwhile_is_not_visited_again():
    """Residents whose patience is over when somebody leaves their door have left: nobody is sent there again."""
    wants = {"talk": need(1, patience="2 h")}
    data = micro({"crew": unit(2, shift=MORNINGS)}, wants, hours=40, tail=0, authority=LATE)
    visits = played(data | {"start": "2022-03-28 08:00"}).frame("visits")
    assert visits.loc[visits["ended_h"] == 8, "outcome"].tolist() == ["gone", "gone"]


def test_goods_for_a_door_that_stays_closed_are_brought_back():
    """The next who goes there takes them: no more leaves the store than visits have used."""
    wants = {"talk": need(1, items={"box": 1})}
    data = micro(
        {"crew": unit(2, shift=MORNINGS)}, wants, hours=40, tail=0, authority=LATE,
        supplies={"store": {"stock": {"box": 50}}},
    )  # fmt: skip
    result = played(data | {"start": "2022-03-28 08:00"})  # the law of stock is checked at the end of the run
    used = result.frame("visits")["outcome"].isin(["closed", "unfinished"]).sum()
    assert result.frame("stock")["on_hand"].iloc[-1] == 50 - used < 50


LEADERS = {"leaders": unit(2, "liaison", shift=MORNINGS)}
GUARDS = {"command": commander(), "guards": unit(1, "security", shift=MORNINGS)}
DOORS = plan({"act": step("guards", "doors", each="2 min", buildings="all", items={"box": 1}, when={"at": "5 h"})})
AT_DOORS = {
    "building_round": (LEADERS, {"building_leaders": {"unit": "leaders", "every": "4 h", "each": "2 min"}}),
    "recall.hall": (LEADERS, {"sites": called(
        no_show=0.9, recall={"unit": "leaders", "people": 2, "each": "2 min", "at_home": 1},
    )}),
    "step.act": (GUARDS, {"plan": DOORS, "supplies": {"store": {"stock": {"box": 50}}}}),
}  # fmt: skip


@pytest.mark.parametrize("kind", AT_DOORS)
def test_nobody_stands_at_a_door_after_the_shift_whatever_they_came_for(kind: str):
    """Leaders, who looks for people and who hands goods out at doors go home at 16:00, and the doors wait for them."""
    units, blocks = AT_DOORS[kind]
    data = micro(units, {"talk": need(0)}, hours=48, tail=0, authority=LATE, **blocks)
    result = played(data | {"start": "2022-03-28 08:00"})
    work = result.frame("assignments")
    first, later = (work[(work["assignment"] == kind) & ((work["start_h"] < 20) == early)] for early in (True, False))
    assert len(first) == units["leaders" if "leaders" in units else "guards"]["count"]
    assert (first["end_h"] == 8).all()
    assert (later["start_h"] >= 24).all()
    assert len(later), "nobody comes back to the doors"
    if kind == "step.act":
        assert result.frame("stock")["on_hand"].iloc[-1] == 50 - 20, "one box for each of the 20 homes"
        assert not result.frame("orders").set_index("step")["done_h"].isna()["act"]


def test_a_unit_that_waits_for_authority_is_called_up_once():
    """The state is looked at again and again while the authority decides; it is one call-up that is granted."""
    data = micro(
        {"aid": unit(6, call_up={"backlog_over": 0, "every": "1 h", "stint": "2 h"})}, TALK, hours=20, tail=0,
        authority={"dispatch": {"decides": "10 h"}},
    )  # fmt: skip
    at = log(played(data), "called_up")["t_h"]
    assert at.is_unique, f"called up {len(at)} times, {(at == at.iloc[0]).sum()} of them at {at.iloc[0]} h"


def test_calls_that_waited_for_authority_ring_no_more_than_are_wanted():
    """Two are wanted and two come, however long the authority has taken."""
    data = micro(
        {"command": commander(), "aid": unit(
            8, call_up={"backlog_over": 0, "every": "1 h", "stint": "3 h", "wanted": 2, "by": "command",
                        "takes": "5 min", "reply": "1 h"},
        )}, TALK, hours=15, tail=0, authority={"dispatch": {"decides": "10 h"}},
    )  # fmt: skip
    result = played(data)
    assert len(log(result, "authority_dispatch")) == 1
    assert came(result, "aid", 10, 13) == 2


def test_those_with_a_voice_are_heard_in_the_order_of_asking():
    """First among all, and first come first served among themselves: nobody with a voice is passed by the next."""
    data = micro(
        {"command": commander(decision="2 h"), "crew": unit(1, voice="true")},
        {"talk": need(6, service="3 h", escalate_after="15 min")}, hours=24, tail=0,
    )  # fmt: skip
    result = played(data)
    table, needs = result.frame("assignments"), result.frame("needs")
    decided = table[table["assignment"] == "decision"].sort_values("start_h")["need"].astype(int).tolist()
    asked = needs["escalated_h"].dropna().sort_values().index.tolist()
    assert len(decided) > 5
    assert decided == asked[: len(decided)]


def test_what_costs_nothing_is_ordered_without_money():
    """Goods without a price are not paid for: an empty or overdrawn account does not keep them out."""
    data = micro(
        {"crew": unit(2, shift="08:00-20:00", cost_per_h=1000)}, {"talk": need(2, items={"box": 1})}, hours=40,
        tail=0, funds={"opening": 1},
        supplies={"store": {"stock": {"box": 30}, "policy": {"base_stock": 30}, "lead_time": "1 h"}},
    )  # fmt: skip
    stock = played(data | {"start": "2022-03-28 08:00"}).frame("stock")
    assert stock["on_hand"].iloc[-1] + stock["on_order"].iloc[-1] - stock["back_ordered"].iloc[-1] == 30


def test_a_date_that_grants_nothing_is_told():
    """``since`` says from when something is granted; where nothing is, the date is a mistake that must be told."""
    data = micro({"crew": unit()}, TALK, authority={"entry": {"since": "2020-01-01 00:00", "decides": "1 d"}})
    assert told(data), "neither refused nor told"


def test_unfamiliarity_without_ways_is_told():
    """Where nobody travels nobody gets lost: a block that can do nothing must be told, or the reader believes in it."""
    data = micro({"crew": unit(unfamiliar={"first": "1 h"})}, TALK)
    assert told(data), "neither refused nor told"


ADVICE = {"problem": "abandoned", "set": {"organisation.units.crew.attendance": 1}}


def refusal(**advice: Any) -> InputError:
    experts = {"unit": "crew", "every": "6 h", "takes": "1 h", "advice": [{**ADVICE, **advice}]}
    with pytest.raises(InputError) as caught:
        validate(micro({"crew": unit()}, TALK, experts=experts), "micro")
    return caught.value


def test_advice_that_sets_nothing_is_refused_in_words():
    """An empty ``set`` is a mistake like any other: the file and the place are named, and no traceback is shown."""
    assert "response.experts.advice[0]" in str(refusal(set={}))


def test_one_mistake_in_the_only_advice_is_one_problem():
    """One word is wrong, so one problem is told; that there is no advice at all is not true."""
    assert len(refusal(problem="abandonned").problems) == 1


def test_who_is_called_up_at_the_moment_a_shift_begins_comes_once():
    """Whoever comes by the call and by the roster at the same moment is one person, who waits for work once."""
    aid = unit(3, shift="08:00-12:00", call_up={"at": "8 h", "stint": "2 h"})
    result = played(micro({"aid": aid}, TALK, tail=0))
    assert came(result, "aid") == 3
    assert result.frame("visits")["person"].nunique() <= 3


def test_a_quilt_that_nobody_took_does_not_come_back():
    """Around the clock nobody takes provisions, or everybody does; what is not taken cannot be brought back."""
    aid = unit(2, provisions={"quilt": 1}, sends=[{"at": "3 h", "people": 1, "away": "2 h"}])
    result = played(micro(
        {"aid": aid}, TALK, tail=0, supplies={"store": {"stock": {"quilt": 5}}}, durables={"quilt": {"breaks": 0}},
    ))  # fmt: skip
    assert result.frame("stock")["on_hand"].max() <= 5


def test_gates_do_not_keep_experts_on_the_telephone_out():
    """Who works from elsewhere needs no gate: nobody must be told that they cannot come."""
    adviser = unit(2, "command", remote="true") | {"from": "outside"}
    data = micro({"crew": unit(), "adviser": adviser}, TALK, world={"hazards": {"closure": {"kind": "lockdown"}}})
    assert not findings(validate(data, "micro"))
