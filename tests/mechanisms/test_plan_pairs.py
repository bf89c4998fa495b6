"""Each mechanism of the plan on and off on a micro-scenario, under the same luck: the direction that its claim states.

A pair is the smallest community in which the mechanism has something to act on. What is measured is what the claim is
about: a wait, a share, the moment at which something is done. Where a mechanism is present and has nothing to act on,
every table but its own stays bit for bit the same (design law 2).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim import Result, run
from sim.records.schema import TABLES
from sim.spec.patches import merge, validate
from sim.spec.plan_mechanisms import TABLE
from tests.mechanisms.pairs import (
    AMBULANCE,
    BUSY,
    CALLED,
    CHAT,
    TELL,
    Data,
    Null,
    Number,
    Pair,
    at,
    called,
    changes_nothing,
    claim_holds,
    commander,
    differing,
    hall,
    happened,
    law,
    left_over,
    mechanism_of,
    micro,
    need,
    needs,
    organised,
    plan,
    rows,
    stays_valid,
    step,
    unit,
    when,
)

# -- what is measured -------------------------------------------------------------------------------------------------


def done(step: str) -> Number:
    """Return the measure of the moment at which a step was first done; the end of the run where it never was."""

    def of(result: Result) -> float:
        orders = result.columns("orders")
        first = float(orders["done_h"][orders["step"].codes == orders["step"].names.index(step)][0])
        return first if first == first else result.end_h

    return of


def first_notice(result: Result) -> float:
    """Return the moment at which the first notice is posted."""
    return float(result.columns("notices")["posted_h"][0])


def lateness(result: Result) -> float:
    """Return how much later than their slot the visitors of any class come, on average."""
    sites = result.columns("sites")
    mine = (sites["class"].codes >= 0) & ~np.isnan(sites["arrived_h"])
    return float((sites["arrived_h"] - sites["slot_h"])[mine].mean())


def slot_of_neighbours(result: Result) -> float:
    """Return the mean slot of those next door to resident 0, who are called first where nobody is a contact."""
    sites = result.columns("sites")
    return float(sites["slot_h"][np.isin(sites["resident"], [1, 2, 3, 4])].mean())


# -- what scenarios are made of ---------------------------------------------------------------------------------------

TWO = {"command": commander(), "crew": unit()}
NONE = {"parcel": need(0)}
POOL = {"pool": {"size": 10, "laboratory": {"transport": "30 min", "takes": law("90 min")}}}
RECALL = {"unit": "crew", "people": 2, "each": "2 min"}
OUT = {"power": {"begins": "4 h", "ends": "6 h"}}
HALTED = {"main": {"depends_on": "power"}}
ON_PAPER = {"main": {"depends_on": "power", "fallback": {"match": "random", "triage": "first_come"}}}
FIRST = step("crew", "work", person_hours="1 h")
ORDERED = FIRST | {"ordered": True}
VOICE = micro(
    TWO, NONE, tail=0,
    information=CHAT | {
        "one_voice": True, "contradicts": 0.5, "rumours": {"after": "10 h", "reach": 0.5, "delay": law("1 h")},
    },
    plan=plan({"tell": TELL | {"repeat": "1 h"}}),
)  # fmt: skip

PAIRS: dict[str, Pair] = {
    # the mechanism; behind a comma what is measured, or how, where it has more than one pair
    "stations": Pair(micro(sites=hall(), tail=0), at("stay_mean_h", "hall"), "raises"),
    "priority_lanes": Pair(
        micro(sites=hall(classes={"old": {"share": 0.2, "priority": 1}}), tail=0),
        at("stay_mean_h", "hall.old"), "lowers",
    ),
    "room, turned away": Pair(
        micro(sites=hall(room=3, when_full="turn_away"), tail=0), at("gave_up_share", "hall"), "raises",
    ),
    "room, wait outside": Pair(
        micro(sites=hall(room=3), tail=0), at("station_queue_mean", "hall.desk"), "lowers",
    ),
    "room, first come first served all the same": Pair(
        micro(sites=hall(room=3), tail=0), at("stay_mean_h", "hall"), "none",
    ),
    "recall": Pair(
        micro({"crew": unit()}, tail=0, sites=called(no_show=0.3, recall=RECALL | {"at_home": 0.8})),
        at("served_share", "hall"), "raises",
    ),
    "fetching": Pair(
        micro(
            {"crew": unit()}, tail=0, shares={"disabled": 0.2},
            sites=called(
                fetch={"groups": ["disabled"], "unit": "crew", "helpers": 1, "each": law("10 min")},
                classes={"weak": {"groups": ["disabled"]}},
            ),
        ),
        lateness, "raises",
    ),
    "counting": Pair(
        micro(
            {"crew": unit()}, tail=0,
            sites=called(no_show=0.3, recall=RECALL, count={"unit": "crew", "takes": law("30 min")}),
        ),
        at("last_served_h", "hall"), "raises",
    ),
    "pooling, tubes": Pair(micro(sites=called(POOL), tail=0), rows("tubes"), "lowers"),
    "pooling, positives": Pair(
        micro(sites=called(POOL), world={"positives": [{"count": 3}]}), when("confirmed"), "raises",
    ),
    "outside_crew": Pair(
        micro(
            {"testers": unit(2, "medical", arrives={"promised": "2 h", "late": law("1 h")})}, tail=0,
            sites=called({"servers": None, "staff": {"unit": "testers", "people": 2}}, waits_for="testers"),
        ),
        at("last_served_h", "hall"), "raises",
    ),
    "orders": Pair(
        micro(TWO, NONE, tail=0, plan=plan({"first": ORDERED, "second": ORDERED | {"after": ["first"]}})),
        done("second"), "raises",
    ),
    "deputy": Pair(
        micro(
            {**TWO, "command": commander(shift="08:00-20:00", deputy="second"), "second": commander()}, NONE, tail=0,
            plan=plan({"first": ORDERED}),
        ),
        done("first"), "lowers",
    ),
    "blanks": Pair(
        micro(
            TWO, NONE, tail=0, supplies={"store": {"stock": {"fence": 4}}},
            plan=plan({"first": FIRST | {"materials": {"fence": 2}}}, {"crew": {"unit": "crew"}}, search="20 min"),
        ),
        done("first"), "raises",
    ),
    "borrowing": Pair(
        micro(
            {**TWO, "others": unit(4, "security")}, {"parcel": need(0.2)}, tail=0,
            plan=plan({"first": step("crew", "work", 6, person_hours="8 h")}, borrow_after="30 min"),
        ),
        done("first"), "lowers",
    ),
    "review": Pair(
        micro(
            {**TWO, "crew": unit(1)}, tail=0,
            sites=hall(None, {
                "staff": {"unit": "crew", "people": 4}, "service": law("4 min"), "patience": law("10 min"),
            }),
            plan=plan({}, review={
                "every": "2 h", "takes": law("10 min"),
                "fixes": [{"problem": "gave_up", "set": {"organisation.units.crew.count": 4}}],
            }),
        ),
        at("gave_up_share", "hall"), "lowers",
    ),
    "false_alarms": Pair(
        micro(
            {"command": commander(), "doctor": unit(1, "medical")}, NONE,
            world={
                "positives": [{"count": 1, "begins": "6 h", "symptoms": "6 h"}], "false_reports": {"per_day": 36},
            },
            plan=plan({}, checks=({"unit": "doctor", "takes": law("30 min"), "clears": 1},)),
        ),
        when("confirmed"), "raises",
    ),
    "kits": Pair(
        micro(
            {"crew": unit(4, kit={"suit": 1})}, {"parcel": need(5)}, supplies={"store": {"stock": {"suit": 2}}},
        ),
        needs("wait_mean_h"), "raises",
    ),
    "provisions": Pair(
        micro(
            {"crew": unit(4, provisions={"meal": 1}, shift="00:00-12:00")}, {"parcel": need(5)},
            supplies={"store": {"stock": {"meal": 2}}},
        ),
        needs("wait_mean_h"), "raises",
    ),
    "reserve": Pair(
        micro(
            {"crew": unit(4)}, {"mask": need(items={"mask": 1})},
            supplies={"store": {"stock": {"mask": 30}, "reserve": {"mask": 20}}},
        ),
        needs("unmet"), "raises",
    ),
    "rations": Pair(
        micro(
            {"crew": unit(4)},
            {"ill": need(1, urgency=1, items={"box": 1}), "well": need(3, urgency=3, items={"box": 1})},
            supplies={"store": {"stock": {"box": 20}, "rations": {"box": {"below": 12, "urgency": 1}}}},
        ),
        needs("unmet", "ill"), "lowers",
    ),
    "donations": Pair(
        micro(
            {"crew": unit(4)}, {"box": need(items={"box": 1})},
            supplies={"store": {
                "stock": {"box": 5}, "donations": [{"at": "4 h", "late": law("2 h"), "items": {"box": 50}}],
            }},
        ),
        needs("unmet"), "lowers",
    ),
    "supplier_failure": Pair(
        micro(
            {"crew": unit(4)}, {"box": need(items={"box": 1})},
            supplies={"store": {
                "stock": {"box": 10}, "policy": {"reorder_point": 8, "order_quantity": 10}, "lead_time": "2 h",
                "fails": 0.5,
            }},
        ),
        needs("wait_mean_h"), "raises",
    ),
    "durables": Pair(
        micro(
            {"crew": unit(4, kit={"suit": 1}, shift=["00:00-06:00", "06:00-12:00", "12:00-18:00", "18:00-00:00"])},
            {"parcel": need(1)}, hours=20, tail=4,
            supplies={"store": {"stock": {"suit": 1}}}, durables={"suit": {"breaks": 0.5}},
        ),
        needs("wait_mean_h"), "raises",
    ),
    "gates": Pair(
        micro(
            TWO, tail=0, sites=hall(arrivals={"per_1000_day": 2000}, only_closed=True),
            plan=plan({"fence": step("crew", "cordon", buildings=["b1", "b2"])}),
        ),
        rows("sites"), "raises",
    ),
    "outages, on paper": Pair(
        micro(sites=hall(2, {"depends_on": "power", "without": law("8 min")}), tail=0, world={"outages": OUT}),
        at("stay_mean_h", "hall"), "raises",
    ),
    "outages, halted": Pair(
        micro(sites=hall(2, {"depends_on": "power"}), tail=0, world={"outages": OUT}),
        at("stay_mean_h", "hall"), "raises",
    ),
    "desk_outage": Pair(
        micro(TWO, {"parcel": need()}, world={"outages": OUT}, desks=HALTED), needs("wait_mean_h"), "raises",
    ),
    "desk_outage, who has no list sends nobody": Pair(
        micro(TWO, {"parcel": need(2, patience=law("2 h"))}, world={"outages": OUT}, desks=HALTED),
        needs("unmet_share"), "raises",
    ),
    "paper_fallback": Pair(
        micro(TWO, {"parcel": need(patience=law("2 h"))}, world={"outages": OUT}, desks=ON_PAPER),
        needs("unmet_share"), "lowers",
    ),
    "paper_fallback, wait": Pair(
        micro(TWO, {"parcel": need()}, world={"outages": OUT}, desks=ON_PAPER), needs("wait_mean_h"), "lowers",
    ),
    "outages, repaired": Pair(
        micro(
            TWO, sites=hall(2, {"depends_on": "power"}), tail=0, world={"outages": {"power": {"begins": "4 h"}}},
            plan=plan({"mend": step(
                "crew", "repair", 2, part="contingency", when={"outage": "power"}, outage="power", person_hours="2 h",
            )}),
        ),
        at("stay_mean_h", "hall"), "raises",
    ),
    "obstructions": Pair(
        micro(
            wants={"injury": need(1, referral=CALLED)}, world={"obstructions": {"per_day": 12}},
            outside={"ambulance": AMBULANCE["ambulance"] | {"by_road": True}},
        ),
        needs("wait_mean_h"), "raises",
    ),
    "outside_services": Pair(
        micro(
            wants={"injury": need(1, referral=CALLED)},
            outside={"ambulance": AMBULANCE["ambulance"] | {"crews": 1, "busy": "30 min"}},
        ),
        needs("wait_mean_h"), "raises",
    ),
    "liaison": Pair(
        micro(
            {"office": unit(1, "liaison"), "medics": unit(0, "medical", skills=["first_aid"])}, outside=AMBULANCE,
            wants={"injury": need(3, skill="first_aid", referral=CALLED | {
                "through": "office", "call": law("10 min"),
            })},
        ),
        needs("wait_mean_h"), "raises",
    ),
    "tracing": Pair(
        micro(
            TWO, tail=0, world={"positives": [{"resident": 0, "symptoms": "10 min"}]}, tracing={"building": 1},
            sites=called(classes={"contact": {"contacts": True, "last": True}}),
            plan=plan(
                {"trace": step("crew", "trace", when={"confirmed_over": 0, "every": "5 min"}, each="5 min")},
                checks=({"unit": "crew", "takes": "5 min"},),
            ),
        ),
        slot_of_neighbours, "raises",
    ),
    "channels, come": Pair(
        micro(TWO, tail=0, sites=called(), information=CHAT, plan=plan({"tell": TELL})),
        at("served_share", "hall"), "lowers",
    ),
    "channels, ask": Pair(
        micro(TWO, {"asks": need(if_unaware="hall")}, information=CHAT, plan=plan({"tell": TELL})),
        needs("needs_raised", "asks"), "raises",
    ),
    "rumours": Pair(
        micro(
            TWO, {"worry": need(if_rumour=True)}, plan=plan({}),
            information=CHAT | {"rumours": {"after": "2 h", "reach": 0.5, "delay": law("1 h")}},
        ),
        needs("needs_raised", "worry"), "raises",
    ),
    "one_voice, approval": Pair(VOICE, first_notice, "raises"),
    "one_voice, rumours": Pair(VOICE, happened("rumour"), "lowers"),
    "online_platform": Pair(
        micro(
            {"crew": unit()}, {"food": need(4)}, shares={"offline": 0.2},
            online={"needs": ["food"], "share": 0.5, "couriers": 2, "takes": law("30 min")},
        ),
        needs("wait_mean_h"), "lowers",
    ),
    "asking_at_the_door": Pair(
        micro(
            {**TWO, "crew": unit(4)}, {"food": need(2, asked_at_door=["offline"])}, shares={"offline": 0.3},
            plan=plan({"round": step("crew", "doors", buildings="all", each="1 min", repeat="4 h")}),
        ),
        needs("delay_mean_h"), "raises",
    ),
    "errors": Pair(micro({"crew": unit(errors=0.3)}, {"parcel": need(2.5)}), needs("wait_mean_h"), "raises"),
    "injury": Pair(
        micro({"crew": unit(injury={"share": 0.1, "away": "6 h"})}, {"parcel": need(2.5)}),
        needs("wait_mean_h"), "raises",
    ),
    "double_entry": Pair(
        micro(
            {"crew": unit(4), "office": unit(1, "liaison")}, {"parcel": need()},
            desks={"main": {"coordinator": "office", "handling": law("5 min"), "double_entry": "10 min"}},
        ),
        needs("wait_mean_h"), "raises",
    ),
}  # fmt: skip


def test_every_mechanism_of_the_plan_has_its_pair():
    """A mechanism without a pair of runs is a claim nobody has tried."""
    assert {mechanism_of(pair) for pair in PAIRS} == set(TABLE)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_direction_that_is_claimed(pair: str):
    """On against off under the same luck: the 99 % interval of the paired difference lies on the side of the claim."""
    claim_holds(PAIRS[pair], mechanism_of(pair))


STAYS = {"blanks", "durables", "gates", "outages", "outside_services", "channels"}
"""Mechanisms whose block other things name: without them it stands there and has nothing in it."""


@pytest.mark.parametrize("pair", PAIRS)
def test_both_patches_keep_a_scenario_valid(pair: str):
    """Off and without must run: an ablation tries them on scenarios nobody has seen."""
    stays_valid(PAIRS[pair], mechanism_of(pair), named=mechanism_of(pair) in STAYS)


OTHERWISE = {
    "recall": "off, people still go to the doors where nobody opens",
    "fetching": "off, a helper still has to be free",
    "counting": "off, somebody still has to be there to count",
    "pooling": "off, samples still go to a laboratory",
    "outside_crew": "off, its coming is written down",
    "orders": "without them there is no plan",
    "rumours": "off, they begin and nobody hears them",
    "tracing": "off, contacts are asked for and nobody is remembered",
}
"""Why something else happens with a mechanism off than without it."""


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if mechanism_of(pair) not in OTHERWISE])
def test_off_is_as_good_as_gone(pair: str):
    """What a mechanism costs or changes is gone when it is off: bit for bit as if the scenario did not name it."""
    assert left_over(PAIRS[pair], mechanism_of(pair)) == set()


# -- nothing to act on ------------------------------------------------------------------------------------------------


def stocked(**store: Any) -> Data:
    return {"response": {"supplies": {"store": store}}}


def planned(**more: Any) -> Data:
    return {"response": {"plan": more}}


def sited(**sites: Data) -> Data:
    return {"response": {"sites": sites}}


NULLS: dict[str, Null] = {
    "a deputy, with the commander always there": Null(organised(command={"deputy": "second"})),
    "rations, with ample stock": Null(stocked(rations={"box": {"below": 20, "urgency": 1}})),
    "a reserve, with ample stock": Null(stocked(reserve={"box": 50, "suit": 50})),
    "a reserve for a day, with ample stock": Null(stocked(reserve_for="1 d")),
    "obstructions, with nobody who drives": Null(
        {"world": {"obstructions": {"per_day": 24}}}, events=("lane_blocked",)
    ),
    "tracing, without positives": Null({"response": {"tracing": {"building": 0.5}}}),
    "outages after the end": Null(merge(
        {"world": {"outages": {"power": {"begins": "30 h"}}}},
        sited(open={"stations": {"desk": {"depends_on": "power"}}}),
    )),
    "a lane for a group with nobody in it": Null(
        sited(open={"classes": {"ill": {"groups": ["pregnant"], "priority": 1}}})
    ),
    "a desk that depends on what is never out": Null(merge(
        {"world": {"outages": {"power": {"begins": "30 h"}}}},
        {"response": {"desks": {"desk": {"depends_on": "power", "fallback": {"match": "random"}}}}},
    )),
    "a list on paper as good as the other": Null(merge(
        {"world": {"outages": {"power": {"begins": "3 h", "ends": "6 h"}}}},
        {"response": {"desks": {"desk": {"depends_on": "power", "fallback": {}}}}},
    ), events=("outage", "repaired")),
    "room for more than ever come": Null(sited(open={"room": 5000})),
    "fetching a group with nobody in it": Null(sited(hall={"invitations": {
        "fetch": {"groups": ["pregnant"], "unit": "crew", "helpers": 1, "each": "10 min"},
    }})),
    "positives whom nobody tests": Null({"world": {"positives": [{"count": 3}]}}),
    "borrowing, with nobody missing": Null(planned(borrow_after="12 h")),
    "a review, with nothing to mend": Null(planned(review={
        "every": "1 h", "takes": "1 h", "fixes": [{"problem": "no_kit", "set": {"organisation.units.crew.count": 2}}],
    })),
    "false alarms that nobody checks": Null({"world": {"false_reports": {"per_day": 24}}}),
    "kits, with ample stock": Null(organised(crew={"kit": {"suit": 1}}), tables=("stock",)),
    "provisions, with ample stock": Null(organised(crew={"provisions": {"suit": 1}}), tables=("stock",)),
    "gifts that nobody waits for": Null(stocked(donations=[{"at": "4 h", "items": {"suit": 5}}]), tables=("stock",)),
    "a supplier who is never asked": Null(stocked(fails=0.5)),
    "durables that nobody uses": Null({"response": {"durables": {"suit": {"breaks": 0.5}}}}),
    "a service that nobody calls": Null({"response": {"outside": {"fire": {"delay": "1 h"}}}}),
    "rumours after the end": Null({
        "response": {"information": {"rumours": {"after": "30 h", "reach": 0.5, "delay": "1 h"}}}
    }),
    "a platform for residents without devices": Null({
        "world": {"community": {"shares": {"offline": 1}}},
        "response": {"online": {"needs": ["box"], "share": 0.5, "couriers": 2, "takes": "30 min"}},
    }),
    "asking a group with nobody in it at the door": Null(
        {"world": {"needs": {"box": {"asked_at_door": ["pregnant"]}}}}
    ),
    "errors of people who visit nobody": Null(organised(medics={"errors": 0.5})),
    "injury of people who do nothing": Null(organised(medics={"injury": {"share": 0.5, "away": "4 h"}})),
}  # fmt: skip


@pytest.mark.parametrize("name", NULLS)
def test_a_mechanism_with_nothing_to_act_on_changes_nothing(name: str):
    """Present but idle, it leaves no trace outside its own tables and events: bit for bit, in every column."""
    changes_nothing(NULLS[name])


def test_the_busy_day_is_busy():
    """On an empty day nothing could be changed; and what does act is seen by the comparison."""
    result = run(validate(BUSY, "busy"))
    assert {name for name in TABLES if not rows(name)(result)} == {
        "tubes",
        "phases",
        "strain",
        "applications",
        "help",
        "residents",
        "funds",
        "alarms",
        "infections",
    }
    erring = merge(BUSY, organised(crew={"errors": 0.5}))
    assert {"visits.outcome", "needs.started_h", "people.busy_h"} <= differing(BUSY, erring)
