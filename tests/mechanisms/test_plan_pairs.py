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

REPLICATIONS = 20
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


def whole(outcome: str, level: str) -> Number:
    """Return the measure of an outcome of a site, a class of its visitors, a unit or an item."""
    return lambda result: next(value for _, name, value, _ in RUN_OUTCOMES[outcome].of(result) if name == level)


def done(step: str) -> Number:
    """Return the measure of the moment at which a step was first done; the end of the run where it never was."""

    def of(result: Result) -> float:
        orders = result.columns("orders")
        first = float(orders["done_h"][orders["step"].codes == orders["step"].names.index(step)][0])
        return first if first == first else result.end_h

    return of


def when(kind: str) -> Number:
    """Return the measure of the mean moment of events of a kind; the end of the run where none happened."""

    def of(result: Result) -> float:
        log = result.columns("events")
        times = log["t_h"][log["event"].decoded() == kind]
        return float(times.mean()) if times.size else result.end_h

    return of


def happened(kind: str) -> Number:
    """Return the measure of how often events of a kind happened."""
    return lambda result: float((result.columns("events")["event"].decoded() == kind).sum())


def rows(table: str) -> Number:
    """Return the measure of how many rows a table has."""
    return lambda result: float(len(result.columns(table)[next(iter(result.columns(table)))]))


def posted(result: Result) -> float:
    """Return the moment at which the first notice is posted."""
    return float(result.columns("notices")["posted_h"][0])


def lateness(result: Result) -> float:
    """Return how much later than their slot the visitors of a class come, on average."""
    sites = result.columns("sites")
    mine = (sites["class"].codes >= 0) & ~np.isnan(sites["arrived_h"])
    return float((sites["arrived_h"] - sites["slot_h"])[mine].mean())


def slot_of_neighbours(result: Result) -> float:
    """Return the mean slot of the residents of the first building who are called first where nobody is a contact."""
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
    own = {"part", "after", "when", "materials", "within", "ordered", "level", "repeat"} & set(more)
    does = {"action": action, **{key: value for key, value in more.items() if key not in own}}
    return {"ordered": False, "team": team, "people": people, **{key: more[key] for key in own}, "does": does}


def plan(*, teams: Data | None = None, card: Data | None = None, search: str = "0 h", steps: Data, **more: Any) -> Data:
    """Return a plan that is activated at once; each team of its steps is the unit of the same name."""
    known = {name: {"unit": name, "contact": "1"} for name in dict.fromkeys(["command", *(s["team"] for s in steps.values())])}
    declare = {"command": step("command", "declare", 0, part="activation")}
    whole = {"card": "micro", "teams": known | (teams or {}), "steps": {"declare": declare["command"], **steps}}
    return {"card": whole | (card or {}), "search": search, **more}


def micro(
    *, units: Data | None = None, wants: Data | None = None, residents: int = 60, hours: int = 12, tail: int = 12,
    world: Data | None = None, shares: Data | None = None, **response: Any,
) -> Data:  # fmt: skip
    """Return a scenario with a handful of residents."""
    community = {"residents": residents, "households": residents // 3, "buildings": 4, "shares": shares or {}}
    return {
        "name": "micro",
        "horizon": f"{hours} h",
        "follow_up": f"{tail} h",
        "world": {"community": community, "needs": wants or {}, **(world or {})},
        "response": {"organisation": {"units": units or {}}, **response},
    }


def hall(servers: Any = 1, service: str = "2 min", **more: Any) -> Data:
    """Return a site with one station to which people come by chance."""
    station = {"servers": servers, "service": law(service), **more.pop("station", {})}
    return {"arrivals": {"per_hour": 25}, "enters": "desk", "stations": {"desk": station}, **more}


def rounds(station: Data | None = None, site: Data | None = None, **more: Any) -> Data:
    """Return a site to which everybody is called at noon of the first day's small hours: at 1 h, ten a quarter hour."""
    invitations = {"rounds": ["1 h"], "slot": "15 min", "per_slot": 10, **more}
    desk = {"servers": 2, "service": "1 min", **(station or {})}
    return {"invitations": invitations, "enters": "desk", "stations": {"desk": desk}, **(site or {})}


NONE = {"parcel": need(0)}
LABORATORY = {"transport": "30 min", "takes": law("90 min")}
ASKED = {"function": "medical", "members": "staff", "count": 2}


class Pair(NamedTuple):
    """A scenario, what is measured on it, and what the mechanism does to that."""

    scenario: Data
    measure: Number
    side: str
    """raises, lowers, or none: an honest null."""


PAIRS: dict[str, Pair] = {
    # a name, with what is measured where there is more than one pair
    "stations": Pair(micro(sites={"hall": hall()}, hours=6, tail=0), whole("stay_mean_h", "hall"), "raises"),
    "priority_lanes": Pair(
        micro(sites={"hall": hall(classes={"old": {"share": 0.2, "priority": 1}})}, hours=8, tail=0),
        whole("stay_mean_h", "hall.old"), "lowers",
    ),
    "room, turned away": Pair(
        micro(sites={"hall": hall(room=3, when_full="turn_away")}, hours=6, tail=0),
        whole("gave_up_share", "hall"), "raises",
    ),
    "room, outside": Pair(
        micro(sites={"hall": hall(room=3)}, hours=6, tail=0), whole("station_queue_mean", "hall.desk"), "lowers",
    ),
    "recall": Pair(
        micro(
            units={"crew": unit()}, hours=8, tail=0,
            sites={"hall": rounds(no_show=0.3, recall={"unit": "crew", "people": 2, "each": "2 min", "at_home": 0.8})},
        ),
        whole("served_share", "hall"), "raises",
    ),
    "fetching": Pair(
        micro(
            units={"crew": unit()}, shares={"disabled": 0.2}, hours=8, tail=0,
            sites={"hall": rounds(
                fetch={"groups": ["disabled"], "unit": "crew", "helpers": 1, "each": law("10 min")},
                site={"classes": {"weak": {"groups": ["disabled"]}}},
            )},
        ),
        lateness, "raises",
    ),
    "counting": Pair(
        micro(
            units={"crew": unit()}, hours=8, tail=0,
            sites={"hall": rounds(
                no_show=0.3, count={"unit": "crew", "takes": law("30 min")},
                recall={"unit": "crew", "people": 2, "each": "2 min"},
            )},
        ),
        whole("last_served_h", "hall"), "raises",
    ),
    "pooling, tubes": Pair(
        micro(sites={"hall": rounds(station={"pool": {"size": 10, "laboratory": LABORATORY}})}, tail=0),
        rows("tubes"), "lowers",
    ),
    "pooling, positives": Pair(
        micro(
            sites={"hall": rounds(station={"pool": {"size": 10, "laboratory": LABORATORY}})},
            world={"positives": [{"count": 3}]}, hours=24, tail=0,
        ),
        when("confirmed"), "raises",
    ),
    "outside_crew": Pair(
        micro(
            units={"testers": {**ASKED, "arrives": {"promised": "2 h", "late": law("1 h")}}}, tail=0,
            sites={"hall": rounds(
                station={"servers": None, "staff": {"unit": "testers", "people": 2}}, waits_for="testers"
            )},
        ),
        whole("last_served_h", "hall"), "raises",
    ),
    "orders": Pair(
        micro(
            units={"command": commander(), "crew": unit()}, wants=NONE, hours=8, tail=0,
            plan=plan(steps={
                "first": step("crew", "work", person_hours="1 h", ordered=True),
                "second": step("crew", "work", person_hours="1 h", ordered=True, after=["first"]),
            }),
        ),
        done("second"), "raises",
    ),
    "deputy": Pair(
        micro(
            units={"command": commander(shift="08:00-20:00", deputy="onscene"), "onscene": commander(), "crew": unit()},
            wants=NONE, tail=0,
            plan=plan(steps={"first": step("crew", "work", person_hours="1 h", ordered=True)}),
        ),
        done("first"), "lowers",
    ),
    "blanks": Pair(
        micro(
            units={"command": commander(), "crew": unit()}, wants=NONE, hours=8, tail=0,
            supplies={"store": {"stock": {"fence": 4}}},
            plan=plan(
                teams={"crew": {"unit": "crew"}}, search="20 min",
                steps={"first": step("crew", "work", person_hours="1 h", materials={"fence": 2})},
            ),
        ),
        done("first"), "raises",
    ),
    "borrowing": Pair(
        micro(
            units={"command": commander(), "crew": unit(), "others": unit(4, "security")},
            wants={"parcel": need(0.2)}, hours=12, tail=0,
            plan=plan(borrow_after="30 min", steps={"first": step("crew", "work", 6, person_hours="8 h")}),
        ),
        done("first"), "lowers",
    ),
    "review": Pair(
        micro(
            units={"command": commander(), "crew": unit(1)}, tail=0,
            sites={"hall": hall(station={"servers": None, "staff": {"unit": "crew", "people": 4}, "service": law("4 min"), "patience": law("10 min")})},
            plan=plan(
                steps={"first": step("crew", "work", person_hours="1 min")},
                review={"every": "2 h", "takes": law("10 min"), "fixes": [{"problem": "gave_up", "set": {"organisation.units.crew.count": 4}}]},
            ),
        ),
        whole("gave_up_share", "hall"), "lowers",
    ),
    "false_alarms": Pair(
        micro(
            units={"command": commander(), "doctor": unit(1, "medical")}, wants=NONE, tail=0,
            world={"positives": [{"count": 1, "begins": "6 h", "symptoms": "6 h"}], "false_reports": {"per_day": 36}},
            plan=plan(
                steps={"first": step("command", "work", 0, person_hours="1 min")},
                card={"checks": [{"unit": "doctor", "takes": law("30 min"), "clears": 1}]},
            ),
        ),
        when("confirmed"), "raises",
    ),
    "kits": Pair(
        micro(units={"crew": unit(4, kit={"suit": 1})}, wants={"parcel": need(5)}, supplies={"store": {"stock": {"suit": 2}}}),
        needs("wait_mean_h"), "raises",
    ),
    "provisions": Pair(
        micro(
            units={"crew": unit(4, provisions={"meal": 1}, shift="00:00-12:00")}, wants={"parcel": need(5)},
            supplies={"store": {"stock": {"meal": 2}}},
        ),
        needs("wait_mean_h"), "raises",
    ),
    "reserve": Pair(
        micro(
            units={"crew": unit(4)}, wants={"mask": need(items={"mask": 1})},
            supplies={"store": {"stock": {"mask": 30}, "reserve": {"mask": 20}}},
        ),
        needs("unmet"), "raises",
    ),
    "rations": Pair(
        micro(
            units={"crew": unit(4)}, wants={"ill": need(1, urgency=1, items={"box": 1}), "well": need(3, urgency=3, items={"box": 1})},
            supplies={"store": {"stock": {"box": 20}, "rations": {"box": {"below": 12, "urgency": 1}}}},
        ),
        needs("unmet", "ill"), "lowers",
    ),
    "donations": Pair(
        micro(
            units={"crew": unit(4)}, wants={"box": need(items={"box": 1})},
            supplies={"store": {"stock": {"box": 5}, "donations": [{"at": "4 h", "late": law("2 h"), "items": {"box": 50}}]}},
        ),
        needs("unmet"), "lowers",
    ),
    "supplier_failure": Pair(
        micro(
            units={"crew": unit(4)}, wants={"box": need(items={"box": 1})},
            supplies={"store": {
                "stock": {"box": 10}, "policy": {"reorder_point": 8, "order_quantity": 10}, "lead_time": "2 h", "fails": 0.5,
            }},
        ),
        needs("wait_mean_h"), "raises",
    ),
    "durables": Pair(
        micro(
            units={"crew": unit(4, kit={"suit": 1}, shift=["00:00-06:00", "06:00-12:00", "12:00-18:00", "18:00-00:00"], handover="overlap")},
            wants={"parcel": need(1)}, hours=22, tail=2,
            supplies={"store": {"stock": {"suit": 2}}}, durables={"suit": {"breaks": 0.5}},
        ),
        needs("wait_mean_h"), "raises",
    ),
    "gates": Pair(
        micro(
            units={"command": commander(), "crew": unit()}, tail=0,
            sites={"gate": {**hall(), "arrivals": {"per_1000_day": 2000}, "only_closed": True}},
            plan=plan(steps={"fence": step("crew", "cordon", buildings=["b1", "b2"])}),
        ),
        rows("sites"), "raises",
    ),
    "outages, station": Pair(
        micro(
            sites={"hall": hall(2, station={"depends_on": "power", "without": law("8 min")})}, tail=0,
            world={"outages": {"power": {"begins": "4 h", "ends": "6 h"}}},
        ),
        whole("stay_mean_h", "hall"), "raises",
    ),
    "outages, halted": Pair(
        micro(
            sites={"hall": hall(2, station={"depends_on": "power"})}, tail=0,
            world={"outages": {"power": {"begins": "4 h", "ends": "6 h"}}},
        ),
        whole("stay_mean_h", "hall"), "raises",
    ),
    "outages, repaired": Pair(
        micro(
            units={"command": commander(), "crew": unit()},
            sites={"hall": hall(2, station={"depends_on": "power"})}, tail=0,
            world={"outages": {"power": {"begins": "4 h"}}},
            plan=plan(steps={"power": step("crew", "repair", 2, part="contingency", when={"outage": "power"}, outage="power", person_hours="2 h")}),
        ),
        whole("stay_mean_h", "hall"), "raises",
    ),
    "obstructions": Pair(
        micro(
            wants={"injury": need(1, referral={"after": "1 min", "to": "ambulance"})},
            world={"obstructions": {"per_day": 12}}, outside={"ambulance": {"delay": law("12 min"), "by_road": True}},
        ),
        needs("wait_mean_h"), "raises",
    ),
    "outside_services": Pair(
        micro(
            wants={"injury": need(1, referral={"after": "1 min", "to": "ambulance"})},
            outside={"ambulance": {"delay": law("12 min"), "crews": 1, "busy": "30 min"}},
        ),
        needs("wait_mean_h"), "raises",
    ),
    "liaison": Pair(
        micro(
            units={"office": unit(1, "liaison"), "crew": unit(0, skills=["first_aid"])},
            outside={"ambulance": {"delay": law("12 min")}},
            wants={"injury": need(3, skill="first_aid", referral={
                "after": "1 min", "to": "ambulance", "through": "office", "call": law("10 min"),
            })},
        ),
        needs("wait_mean_h"), "raises",
    ),
    "channels, come": Pair(
        micro(
            units={"command": commander(), "crew": unit()}, tail=0, sites={"hall": rounds()},
            information={"channels": {"chat": {"reach": 0.5, "delay": law("20 min")}}},
            plan=plan(steps={"tell": step("crew", "notify", topic="hall", channels=["chat"], takes="10 min")}),
        ),
        whole("served_share", "hall"), "lowers",
    ),
    "channels, ask": Pair(
        micro(
            units={"command": commander(), "crew": unit()}, wants={"asks": need(if_unaware="hall")},
            information={"channels": {"chat": {"reach": 0.5, "delay": law("20 min")}}},
            plan=plan(steps={"tell": step("crew", "notify", topic="hall", channels=["chat"], takes="10 min")}),
        ),
        needs("needs_raised", "asks"), "raises",
    ),
    "rumours": Pair(
        micro(
            units={"command": commander(), "crew": unit()}, wants={"worry": need(if_rumour=True)},
            information={"channels": {"chat": {"reach": 0.5}}, "rumours": {"after": "2 h", "reach": 0.5, "delay": law("1 h")}},
            plan=plan(steps={"first": step("crew", "work", person_hours="1 h")}),
        ),
        needs("needs_raised", "worry"), "raises",
    ),
    "online_platform": Pair(
        micro(
            units={"crew": unit()}, wants={"food": need(4)}, shares={"offline": 0.2},
            online={"needs": ["food"], "share": 0.5, "couriers": 2, "takes": law("30 min")},
        ),
        needs("wait_mean_h"), "lowers",
    ),
    "asking_at_the_door": Pair(
        micro(
            units={"command": commander(), "crew": unit(4)}, shares={"offline": 0.3},
            wants={"food": need(2, asked_at_door=["offline"])},
            plan=plan(steps={"round": step("crew", "doors", buildings="all", each="1 min", repeat="4 h")}),
        ),
        needs("delay_mean_h"), "raises",
    ),
    "errors": Pair(micro(units={"crew": unit(errors=0.3)}, wants={"parcel": need(2.5)}), needs("wait_mean_h"), "raises"),
    "injury": Pair(
        micro(units={"crew": unit(injury={"share": 0.1, "away": "6 h"})}, wants={"parcel": need(2.5)}),
        needs("wait_mean_h"), "raises",
    ),
    "double_entry": Pair(
        micro(
            units={"crew": unit(4), "office": unit(1, "liaison")}, wants={"parcel": need()},
            desks={"main": {"coordinator": "office", "handling": law("5 min"), "double_entry": "10 min"}},
        ),
        needs("wait_mean_h"), "raises",
    ),
}  # fmt: skip

VOICE = micro(
    units={"command": commander(), "crew": unit()}, wants={"parcel": need()}, tail=0,
    information={
        "channels": {"chat": {"reach": 0.5}}, "one_voice": True, "contradicts": 0.5,
        "rumours": {"after": "10 h", "reach": 0.5, "delay": law("1 h")},
    },
    plan=plan(steps={"tell": step("crew", "notify", topic="news", channels=["chat"], takes="10 min", repeat="1 h")}),
)  # fmt: skip
TRACED = micro(
    units={"command": commander(), "crew": unit()}, tail=0,
    world={"positives": [{"resident": 0, "symptoms": "10 min"}]}, tracing={"building": 1},
    sites={"hall": rounds(site={"classes": {"contact": {"contacts": True, "last": True}}})},
    plan=plan(
        steps={"trace": step("crew", "trace", when={"confirmed_over": 0, "every": "5 min"}, each="5 min")},
        card={"checks": [{"unit": "crew", "takes": law("5 min")}]},
    ),
)  # fmt: skip
PAIRS["one_voice, posted"] = Pair(VOICE, posted, "raises")
PAIRS["one_voice, rumours"] = Pair(VOICE, happened("rumour"), "lowers")
PAIRS["tracing"] = Pair(TRACED, slot_of_neighbours, "raises")


def mechanism_of(pair: str) -> str:
    return pair.partition(",")[0]


def difference(pair: str, confidence: float = 0.99) -> Estimate:
    """Return the mean of on − off over replications under the same luck, with its interval."""
    data, measure, _ = PAIRS[pair]
    on = validate(data, "micro")
    off = on.patched(MECHANISMS[mechanism_of(pair)].off(on))
    return estimate((measure(run(on, 1, k)) - measure(run(off, 1, k)) for k in range(REPLICATIONS)), confidence)


def test_every_mechanism_of_the_plan_has_its_pair():
    """A mechanism without a pair of runs is a claim nobody has tried."""
    assert {mechanism_of(pair) for pair in PAIRS} == set(TABLE)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_direction_that_is_claimed(pair: str):
    """On against off under the same luck: the 99 % interval of the paired difference lies on the side of the claim."""
    assert MECHANISMS[mechanism_of(pair)].present(validate(PAIRS[pair].scenario, "micro"))
    found = difference(pair)
    assert found.low > 0 if PAIRS[pair].side == "raises" else found.high < 0, f"{found.low:.3f} to {found.high:.3f}"


STAYS = {"blanks", "durables", "gates", "outages", "outside_services", "channels"}
"""Mechanisms whose block other things need: without them the block stands there with nothing in it."""


@pytest.mark.parametrize("pair", PAIRS)
def test_both_patches_keep_a_scenario_valid(pair: str):
    """Off and without must run: an ablation tries them on scenarios nobody has seen."""
    on, mechanism = validate(PAIRS[pair].scenario, "micro"), MECHANISMS[mechanism_of(pair)]
    off, without = on.patched(mechanism.off(on)), on.patched(mechanism.without(on))
    for scenario in (off, without):
        assert scenario != on
        assert run(scenario).end_h == on.end_h
    assert mechanism.present(without) == (mechanism_of(pair) in STAYS)


# -- nothing to act on ------------------------------------------------------------------------------------------------

BUSY = micro(
    units={
        "command": commander(), "second": commander(), "office": unit(1, "liaison"),
        "crew": unit(3, shift=["00:00-08:00", "08:00-20:00"]), "first_aid": unit(0, "medical", skills=["first_aid"]),
    },
    wants={
        "box": need(2, items={"box": 1}, patience=law("4 h")),
        "ill": need(1, urgency=1, skill="first_aid", referral={"after": "1 min", "to": "ambulance"}),
        "asks": need(1, if_unaware="screening"),
    },
    shares={"over_80": 0.2}, hours=20, tail=4,
    supplies={"store": {"stock": {"box": 400, "suit": 400, "fence": 4}}},
    outside={"ambulance": {"delay": law("12 min"), "crews": 1, "busy": "30 min"}},
    information={"channels": {"chat": {"reach": 0.8, "delay": law("20 min")}}},
    sites={
        "hall": hall(2, station={"patience": law("20 min")}),
        "screening": rounds(station={"servers": None, "staff": {"unit": "crew", "people": 1}}, no_show=0.1, rounds=[]),
    },
    plan=plan(steps={
        "tell": step("crew", "notify", topic="screening", channels=["chat"], takes="10 min"),
        "fence": step("crew", "cordon", buildings=["b1", "b2"], materials={"fence": 2}, ordered=True),
        "screen": step("crew", "screen", 0, site="screening", after=["fence"]),
        "round": step("crew", "doors", each="2 min", repeat="6 h", items={"box": 1}, after=["fence"], ordered=True),
    }),
)  # fmt: skip
"""A day on which every table but the tubes' has rows."""


class Null(NamedTuple):
    """A mechanism that has nothing to act on, and what it may leave behind."""

    patch: Data
    """What is added to the busy day."""
    tables: tuple[str, ...] = ()
    """Tables that are its own."""
    events: tuple[str, ...] = ()
    """Events that are its own."""


def units(**changed: Data) -> Data:
    return {"response": {"organisation": {"units": changed}}}


def store(**more: Any) -> Data:
    return {"response": {"supplies": {"store": more}}}


NULLS: dict[str, Null] = {
    "deputy, with the commander always there": Null(units(command={"deputy": "second"})),
    "rations, with ample stock": Null(store(rations={"box": {"below": 20, "urgency": 1}})),
    "reserve, with ample stock": Null(store(reserve={"box": 50, "suit": 50})),
    "reserve for days, with ample stock": Null(store(reserve_for="1 d")),
    "obstructions, with nobody who drives": Null({"world": {"obstructions": {"per_day": 24}}}, events=("lane_blocked",)),
    "tracing, without positives": Null({"response": {"tracing": {"building": 0.5}}}),
    "outages after the end": Null({
        "world": {"outages": {"power": {"begins": "30 h"}}},
        "response": {"sites": {"hall": {"stations": {"desk": {"depends_on": "power"}}}}},
    }),
    "priority lanes, for a group with nobody in it": Null(
        {"response": {"sites": {"hall": {"classes": {"ill": {"groups": ["pregnant"], "priority": 1}}}}}}
    ),
    "room for more than ever come": Null({"response": {"sites": {"hall": {"room": 5000}}}}),
    "fetching, for a group with nobody in it": Null({"response": {"sites": {"screening": {"invitations": {
        "fetch": {"groups": ["pregnant"], "unit": "crew", "helpers": 1, "each": "10 min"},
    }}}}}),
    "positives whom nobody tests": Null({"world": {"positives": [{"count": 3}]}}),
    "borrowing, with nobody missing": Null({"response": {"plan": {"borrow_after": "12 h"}}}),
    "review, with nothing to mend": Null({"response": {"plan": {"review": {
        "every": "1 h", "takes": "1 h", "fixes": [{"problem": "no_kit", "set": {"organisation.units.crew.count": 2}}],
    }}}}),
    "false alarms that nobody checks": Null({"world": {"false_reports": {"per_day": 24}}}),
    "kits, with ample stock": Null(units(crew={"kit": {"suit": 1}}), tables=("stock",)),
    "provisions, with ample stock": Null(units(crew={"provisions": {"suit": 1}}), tables=("stock",)),
    "donations that nobody waits for": Null(store(donations=[{"at": "4 h", "items": {"suit": 5}}]), tables=("stock",)),
    "a supplier who is never asked": Null(store(fails=0.5)),
    "durables that nobody uses": Null({"response": {"durables": {"suit": {"breaks": 0.5}}}}),
    "a service that nobody calls": Null({"response": {"outside": {"fire": {"delay": "1 h"}}}}),
    "rumours, after the end": Null({"response": {"information": {"rumours": {"after": "30 h", "reach": 0.5, "delay": "1 h"}}}}),
    "a platform for residents without devices": Null({
        "world": {"community": {"shares": {"offline": 1}}},
        "response": {"online": {"needs": ["box"], "share": 0.5, "couriers": 2, "takes": "30 min"}},
    }),
    "asking at the door, for a group with nobody in it": Null({"world": {"needs": {"box": {"asked_at_door": ["pregnant"]}}}}),
    "errors, of people who visit nobody": Null(units(first_aid={"errors": 0.5})),
    "injury, of people who do nothing": Null(units(first_aid={"injury": {"share": 0.5, "away": "4 h"}})),
}  # fmt: skip


def written(data: Data, without: tuple[str, ...] = (), events: tuple[str, ...] = ()) -> dict[str, str]:
    """Return every column of one run as text, but for some tables and some kinds of event."""
    result = run(validate(data, "micro"))
    columns = {}
    for table in sorted(set(TABLES) - set(without)):
        frame = result.frame(table)
        frame = frame[~frame["event"].isin(events)] if table == "events" else frame
        kept = [name for name in frame if name not in VOLATILE.get(table, ()) and not name.startswith("in_")]
        columns |= {f"{table}.{name}": frame[name].to_numpy().tolist() for name in kept}
    return {name: repr(column) for name, column in columns.items()}


@pytest.mark.parametrize("name", NULLS)
def test_a_mechanism_with_nothing_to_act_on_changes_nothing(name: str):
    """Present but idle, it leaves no trace outside its own tables and events: bit for bit, in every column."""
    patch, tables, events = NULLS[name]
    before, after = written(BUSY, tables, events), written(merge(BUSY, patch), tables, events)
    assert {column for column in before if before[column] != after[column]} == set()


def test_the_busy_day_is_busy():
    """On an empty day nothing could be changed: each table that is compared has rows."""
    result = run(validate(BUSY, "busy"))
    assert {name for name in TABLES if not rows(name)(result)} <= {"tubes", "phases"}
