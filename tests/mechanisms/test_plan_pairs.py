"""Each mechanism of the plan on and off on a micro-scenario, under the same luck: the direction that its claim states.

A pair is the smallest community in which the mechanism has something to act on. What is measured is what the claim is
about: a wait, a share, the moment at which something is done. Where a mechanism is present and has nothing to act on,
every table but its own stays bit for bit the same (design law 2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from analysis.intervals import Estimate, estimate
from analysis.need_outcomes import NEED_OUTCOMES, Selection
from analysis.run_outcomes import RUN_OUTCOMES
from sim import Result, Scenario, run
from sim.records.schema import TABLES, VOLATILE
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import merge, validate
from sim.spec.plan_mechanisms import TABLE

REPLICATIONS = 30
Data = dict[str, Any]
Number = Callable[[Result], float]

# -- what is measured -------------------------------------------------------------------------------------------------


def needs(outcome: str, need: str | None = None) -> Number:
    """Return the measure of an outcome of the cohort's needs, or of those of one type."""

    def of(result: Result) -> float:
        table = result.columns("needs")
        kinds = table["need_type"]
        mine = table["cohort"] & (kinds.codes == kinds.names.index(need) if need is not None else True)
        return NEED_OUTCOMES[outcome].of(Selection(result, np.flatnonzero(mine), np.full(len(kinds.names), np.nan)))

    return of


def at(outcome: str, level: str) -> Number:
    """Return the measure of an outcome of a site, a class of its visitors or a station."""
    return lambda result: next(value for _, name, value, _ in RUN_OUTCOMES[outcome].of(result) if name == level)


def done(step: str) -> Number:
    """Return the measure of the moment at which a step was first done; the end of the run where it never was."""

    def of(result: Result) -> float:
        orders = result.columns("orders")
        first = float(orders["done_h"][orders["step"].codes == orders["step"].names.index(step)][0])
        return first if first == first else result.end_h

    return of


def when(event: str) -> Number:
    """Return the measure of the mean moment of events of a kind; the end of the run where none happened."""

    def of(result: Result) -> float:
        log = result.columns("events")
        times = log["t_h"][log["event"].decoded() == event]
        return float(times.mean()) if times.size else result.end_h

    return of


def happened(event: str) -> Number:
    """Return the measure of how often events of a kind happened."""
    return lambda result: float((result.columns("events")["event"].decoded() == event).sum())


def rows(table: str) -> Number:
    """Return the measure of how many rows a table has."""
    return lambda result: float(len(next(iter(result.columns(table).values()))))


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


def law(mean: str) -> Data:
    return {"dist": "exponential", "mean": mean}


def unit(count: int = 2, function: str = "logistics", **more: Any) -> Data:
    return {"function": function, "members": "volunteer", "count": count, **more}


def commander(**more: Any) -> Data:
    return unit(1, "command", **{"decision": law("10 min"), **more})


def need(per_hour: float = 3, **more: Any) -> Data:
    return {"per_hour": per_hour, "urgency": 2, "service": law("30 min"), **more}


def step(team: str, action: str, people: int = 1, **more: Any) -> Data:
    """Return a step that goes ahead by the card; what is no key of a step belongs to its action."""
    own = {key: more.pop(key) for key in ("part", "after", "when", "materials", "ordered", "repeat") if key in more}
    return {"ordered": False, "team": team, "people": people, **own, "does": {"action": action, **more}}


def plan(steps: Data, teams: Data | None = None, checks: tuple[Data, ...] = (), **more: Any) -> Data:
    """Return a plan that is activated at once; each team of its steps is the unit of the same name."""
    known = {name: {"unit": name, "contact": "1"} for name in ("command", *(given["team"] for given in steps.values()))}
    declared = {"declare": step("command", "declare", 0, part="activation"), **steps}
    card = {"card": "micro", "teams": known | (teams or {}), "steps": declared, "checks": list(checks)}
    return {"card": card, "search": "0 h", **more}


def micro(
    units: Data | None = None, wants: Data | None = None, *, hours: int = 12, tail: int = 12,
    world: Data | None = None, shares: Data | None = None, **response: Any,
) -> Data:  # fmt: skip
    """Return a scenario of 60 residents in 4 buildings for some hours, with a tail for waits to end in."""
    community = {"residents": 60, "households": 20, "buildings": 4, "shares": shares or {}}
    return {
        "name": "micro",
        "horizon": f"{hours} h",
        "follow_up": f"{tail} h",
        "world": {"community": community, "needs": wants or {}, **(world or {})},
        "response": {"organisation": {"units": units or {}}, **response},
    }


def hall(servers: int | None = 1, station: Data | None = None, **more: Any) -> Data:
    """Return a site with one station to which 25 people an hour come by chance."""
    desk = {"servers": servers, "service": law("2 min"), **(station or {})}
    return {"hall": {"arrivals": {"per_hour": 25}, "enters": "desk", "stations": {"desk": desk}, **more}}


def called(station: Data | None = None, classes: Data | None = None, **more: Any) -> Data:
    """Return a site to which everybody is called at 1 h, ten a quarter of an hour."""
    invitations = {"rounds": ["1 h"], "slot": "15 min", "per_slot": 10, **more}
    desk = {"servers": 2, "service": "1 min", **(station or {})}
    return {
        "hall": {"invitations": invitations, "enters": "desk", "stations": {"desk": desk}, "classes": classes or {}}
    }


TWO = {"command": commander(), "crew": unit()}
NONE = {"parcel": need(0)}
POOL = {"pool": {"size": 10, "laboratory": {"transport": "30 min", "takes": law("90 min")}}}
RECALL = {"unit": "crew", "people": 2, "each": "2 min"}
OUT = {"power": {"begins": "4 h", "ends": "6 h"}}
FIRST = step("crew", "work", person_hours="1 h")
ORDERED = FIRST | {"ordered": True}
TELL = step("crew", "notify", topic="hall", channels=["chat"], takes="10 min")
CHAT = {"channels": {"chat": {"reach": 0.5, "delay": law("20 min")}}}
AMBULANCE = {"ambulance": {"delay": law("12 min")}}
CALLED = {"after": "1 min", "to": "ambulance"}
VOICE = micro(
    TWO, NONE, tail=0,
    information=CHAT | {
        "one_voice": True, "contradicts": 0.5, "rumours": {"after": "10 h", "reach": 0.5, "delay": law("1 h")},
    },
    plan=plan({"tell": TELL | {"repeat": "1 h"}}),
)  # fmt: skip


class Pair(NamedTuple):
    """A scenario with a mechanism, what is measured on it, and what the mechanism does to that."""

    scenario: Data
    measure: Number
    side: str
    """raises, lowers, or none: an honest null."""


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


def mechanism_of(pair: str) -> str:
    return pair.partition(",")[0]


def three(pair: str) -> tuple[Scenario, Scenario, Scenario]:
    """Return the scenario of a pair as it is, with the mechanism off, and without it."""
    on, mechanism = validate(PAIRS[pair].scenario, "micro"), MECHANISMS[mechanism_of(pair)]
    return on, on.patched(mechanism.off(on)), on.patched(mechanism.without(on))


def difference(pair: str, confidence: float = 0.99) -> Estimate:
    """Return the mean of on − off over replications under the same luck, with its interval."""
    on, off, _ = three(pair)
    measure = PAIRS[pair].measure
    return estimate([measure(run(on, 1, k)) - measure(run(off, 1, k)) for k in range(REPLICATIONS)], confidence)


def test_every_mechanism_of_the_plan_has_its_pair():
    """A mechanism without a pair of runs is a claim nobody has tried."""
    assert {mechanism_of(pair) for pair in PAIRS} == set(TABLE)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_direction_that_is_claimed(pair: str):
    """On against off under the same luck: the 99 % interval of the paired difference lies on the side of the claim."""
    assert MECHANISMS[mechanism_of(pair)].present(validate(PAIRS[pair].scenario, "micro"))
    found, side = difference(pair), PAIRS[pair].side
    holds = {"raises": found.low > 0, "lowers": found.high < 0, "none": found.low <= 0 <= found.high}
    assert holds[side], f"on − off: {found.low:.3f} to {found.high:.3f}"


STAYS = {"blanks", "durables", "gates", "outages", "outside_services", "channels"}
"""Mechanisms whose block other things name: without them it stands there and has nothing in it."""


@pytest.mark.parametrize("pair", PAIRS)
def test_both_patches_keep_a_scenario_valid(pair: str):
    """Off and without must run: an ablation tries them on scenarios nobody has seen."""
    on, off, without = three(pair)
    for scenario in (off, without):
        assert scenario != on
        assert run(scenario).end_h == on.end_h
    assert not MECHANISMS[mechanism_of(pair)].present(without) or mechanism_of(pair) in STAYS


def columns(data: Data | Scenario, without: tuple[str, ...] = (), events: tuple[str, ...] = ()) -> dict[str, str]:
    """Return every column of one run as text, but for some tables and some kinds of event."""
    result = run(data if isinstance(data, Scenario) else validate(data, "micro"))
    found = {}
    for table in sorted(set(TABLES) - set(without)):
        frame = result.frame(table)
        frame = frame[~frame["event"].isin(events)] if table == "events" else frame
        kept = [name for name in frame if name not in VOLATILE.get(table, ()) and not name.startswith("in_")]
        found |= {f"{table}.{name}": repr(frame[name].to_numpy().tolist()) for name in kept}
    return found


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
    _, off, without = three(pair)
    left, right = columns(off), columns(without)
    assert {column for column in left if left[column] != right[column]} == set()


# -- nothing to act on ------------------------------------------------------------------------------------------------

BUSY = micro(
    {
        "command": commander(), "second": commander(), "office": unit(1, "liaison"),
        "crew": unit(3, shift=["00:00-08:00", "08:00-20:00"]), "medics": unit(0, "medical", skills=["first_aid"]),
    },
    {
        "box": need(2, items={"box": 1}, patience=law("4 h")),
        "ill": need(1, urgency=1, skill="first_aid", referral=CALLED),
        "asks": need(1, if_unaware="hall"),
    },
    shares={"over_80": 0.2}, hours=20, tail=4,
    supplies={"store": {"stock": {"box": 400, "suit": 400, "fence": 4}}},
    outside={"ambulance": AMBULANCE["ambulance"] | {"crews": 1, "busy": "30 min"}}, information=CHAT,
    sites={
        "open": hall(2, {"patience": law("20 min")})["hall"],
        "hall": called({"servers": None, "staff": {"unit": "crew", "people": 1}}, rounds=[], no_show=0.1)["hall"],
    },
    plan=plan({
        "tell": TELL,
        "fence": step("crew", "cordon", buildings=["b1", "b2"], materials={"fence": 2}, ordered=True),
        "screen": step("crew", "screen", 0, site="hall", after=["fence"]),
        "round": step("crew", "doors", each="2 min", repeat="6 h", items={"box": 1}, after=["fence"], ordered=True),
    }),
)  # fmt: skip
"""A day on which there is something in every table but those of phases and tubes."""


class Null(NamedTuple):
    """A mechanism that has nothing to act on, and what it may leave behind."""

    patch: Data
    """What is added to the busy day."""
    tables: tuple[str, ...] = ()
    """Tables that are its own."""
    events: tuple[str, ...] = ()
    """Events that are its own."""


def organised(**units: Data) -> Data:
    return {"response": {"organisation": {"units": units}}}


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
    patch, tables, events = NULLS[name]
    before, after = columns(BUSY, tables, events), columns(merge(BUSY, patch), tables, events)
    assert {column for column in before if before[column] != after[column]} == set()


def test_the_busy_day_is_busy():
    """On an empty day nothing could be changed; and what does act is seen by the comparison."""
    result = run(validate(BUSY, "busy"))
    assert {name for name in TABLES if not rows(name)(result)} == {
        "tubes",
        "phases",
        "strain",
        "attitudes",
        "residents",
        "funds",
    }
    before, after = columns(BUSY), columns(merge(BUSY, organised(crew={"errors": 0.5})))
    assert {"visits.outcome", "needs.started_h", "people.busy_h"} <= {n for n in before if before[n] != after[n]}
