"""Random small scenarios as plain data, for the tests of the laws: every block, in every mixture that is valid.

Times are drawn from coarse grids as often as from smooth laws, so that ties (a visit that ends with the shift, a
change at the moment of a request) are the rule and not the exception.
"""

from functools import cache
from typing import Any

import numpy as np
from hypothesis import HealthCheck
from hypothesis import strategies as st

from sim.records.schema import TABLES, VOLATILE

ZONES = ("north", "south")
SKILLS = ("care", "carry", "talk")
ITEMS = ("kit", "box")
PHASES = ("warning", "emergency", "protracted", "resolution")
SHIFTS = (
    "08:00-20:00",
    "20:00-08:00",
    "08:00-12:00",
    "12:00-16:00",
    "09:30-17:30",
    "22:00-06:00",
    "00:00-24:00",
    "10:00-10:00",
)
COVERS_THE_DAY = (("08:00-20:00", "20:00-08:00"), ("06:00-14:00", "14:00-22:00", "22:00-06:00"))
TRIAGE = ("first_come", "urgency", "weighted_wait", "nearest")
MATCH = ("skill", "nearest", "random")

Data = dict[str, Any]
one_in_two = st.booleans()
one_in_three = st.sampled_from([True, False, False])
one_in_five = st.sampled_from([True, False, False, False, False])
shares = st.sampled_from([0.0, 0.3, 0.7, 1.0])


@cache  # or Hypothesis would look through a new strategy at every draw, which takes longer than a run
def lengths(*minutes: int) -> st.SearchStrategy[Any]:
    """Durations of about these many minutes: fixed, or of any law."""
    texts = st.sampled_from([f"{m} min" for m in minutes])
    means = [m for m in minutes if m > 0]
    return st.one_of(
        texts,
        st.builds(lambda m: {"dist": "exponential", "mean": f"{m} min"}, st.sampled_from(means)),
        st.builds(lambda m: {"dist": "lognormal", "mean": f"{m} min", "cv": 0.8}, st.sampled_from(means)),
        st.builds(lambda m: {"dist": "gamma", "mean": f"{m} min", "cv": 0.5}, st.sampled_from(means)),
        st.builds(lambda m: {"dist": "normal", "mean": f"{m} min", "cv": 0.5}, st.sampled_from(means)),
        st.builds(lambda m: {"dist": "uniform", "low": "0 h", "high": f"{2 * m} min"}, st.sampled_from(means)),
        st.builds(lambda m: {"dist": "empirical", "values": [f"{m} min", f"{2 * m} min"]}, st.sampled_from(means)),
        st.builds(
            lambda m: {"dist": "triangular", "low": "1 min", "mode": f"{m} min", "high": f"{2 * m} min"},
            st.sampled_from(means),
        ),
    )


@st.composite
def _community(draw: st.DrawFn) -> Data:
    residents = draw(st.integers(20, 150))
    community: Data = {"residents": residents, "buildings": draw(st.integers(2, 5))}
    if draw(one_in_two):
        community["zones"] = list(ZONES)
    if draw(one_in_two):
        community["households"] = residents // draw(st.integers(1, 3))
    if draw(one_in_two):
        community["shares"] = {"over_80": 0.2, "offline": 0.5}
    return community


@st.composite
def _need(draw: st.DrawFn, skills: list[str], items: list[str], *, simple: bool, grouped: bool) -> Data:
    need: Data = {"urgency": draw(st.integers(1, 4)), "service": draw(lengths(15, 45, 90, 240))}
    if draw(one_in_two):
        need["per_hour"] = draw(st.sampled_from([0.25, 1, 2, 4]))
    else:
        need["per_1000_day"] = draw(st.sampled_from([100, 500, 1000]))
    if skills and draw(st.sampled_from([True, True, False])):
        need["skill"] = draw(st.sampled_from(skills))
    if draw(one_in_two):
        need["patience"] = draw(lengths(0, 30, 240, 1000))
    if draw(one_in_two):
        need["reporting_delay"] = draw(lengths(0, 15, 200))
    if draw(one_in_three):
        need["reported"] = draw(st.sampled_from([0.0, 0.5, 0.9]))
    if items and not simple and draw(one_in_two):
        need["items"] = {item: draw(st.integers(0, 3)) for item in items}
    kind = draw(st.sampled_from(["plain", "plain", "sessions", "again"]))
    if kind == "sessions":
        need["sessions"] = {"count": draw(st.integers(2, 3)), "every": draw(st.sampled_from(["1 h", "8 h", "1 d"]))}
    elif kind == "again":
        need["again"] = draw(st.sampled_from([0.2, 0.7]))
    if draw(one_in_three):
        need["escalate_after"] = draw(st.sampled_from(["15 min", "1 h", "6 h"]))
    if draw(one_in_three):
        need["referral"] = {"delay": draw(lengths(0, 60, 600))}
        which = draw(st.sampled_from(["after", "on_visit", "both"]))
        if which != "on_visit":
            need["referral"]["after"] = draw(st.sampled_from(["30 min", "3 h"]))
        if which != "after":
            need["referral"]["on_visit"] = draw(st.sampled_from([0.3, 1.0]))
    if draw(one_in_five):
        need["weight"] = draw(st.sampled_from([0, 1.5, 10]))
    if grouped and draw(one_in_two):
        need["rate_by_group"] = {"over_80": draw(st.sampled_from([0, 0.5, 3]))}
    if draw(one_in_three):
        need["by_phase"] = {draw(st.sampled_from(PHASES)): draw(st.sampled_from([0, 0.5, 2]))}
    return need


@st.composite
def _unit(draw: st.DrawFn, zoned: bool, *, simple: bool) -> Data:
    unit: Data = {
        "function": draw(st.sampled_from(["logistics", "medical", "casework", "security"])),
        "members": draw(st.sampled_from(["volunteer", "social_worker", "staff"])),
        "count": draw(st.sampled_from([0, 1, 1, 2, 3, 4, 6])),
    }
    count = unit["count"]
    style = draw(st.sampled_from(["none", "one", "day", "several"]))
    if style == "one":
        unit["shift"] = draw(st.sampled_from(SHIFTS))
    elif style == "day":
        unit["shift"] = list(draw(st.sampled_from(COVERS_THE_DAY)))
    elif style == "several":
        unit["shift"] = []
        left = count
        for _ in range(draw(st.integers(1, 3))):
            shift: Data = {"hours": draw(st.sampled_from(SHIFTS))}
            if draw(one_in_two):
                shift["count"] = draw(st.integers(0, left))
                left -= shift["count"]
            unit["shift"].append(shift)
    if draw(one_in_two):
        unit["handover"] = draw(st.sampled_from(["overlap", "replace"]))
    skills = draw(st.lists(st.sampled_from(SKILLS), max_size=3, unique=True))
    if skills:
        unit["skills"] = {skill: draw(shares) for skill in skills} if draw(one_in_two) else skills
    if zoned and draw(one_in_two):
        unit["zone"] = draw(st.sampled_from(ZONES))
    if zoned and draw(one_in_three):
        unit["covers"] = draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=2, unique=True))
    if draw(one_in_three):
        unit["attendance"] = draw(shares)
    if draw(one_in_three):
        unit["from"] = "outside"
        unit["inside"] = draw(st.integers(0, count))
    if draw(one_in_five):
        unit["cost_per_h"] = 20
    if simple:
        return unit
    if draw(one_in_three):
        unit["leader"] = True
    if draw(one_in_three):
        unit["caseload"] = draw(st.integers(1, 3))
    if draw(one_in_three):
        names = draw(st.lists(st.sampled_from(["visit", "desk", "gate"]), min_size=1, max_size=3, unique=True))
        unit["posts"] = {
            "shares": {
                name: {1: [1.0], 2: [0.75, 0.25], 3: [0.5, 0.25, 0.25]}[len(names)][k] for k, name in enumerate(names)
            },
            "block": draw(st.sampled_from(["2 h", "4 h", "7 h"])),
            "switching": draw(st.sampled_from(["0 h", "10 min"])),
        }
    return unit


@st.composite
def _desks(draw: st.DrawFn, units: list[str], zoned: bool, *, simple: bool) -> Data:
    """One desk for all, or one a zone, each with some of the units."""
    several = zoned and draw(one_in_two)
    names = ["hub", "branch"] if several else ["hub"]
    desks: Data = {}
    for number, name in enumerate(names):
        desk: Data = {"triage": draw(st.sampled_from(TRIAGE)), "match": draw(st.sampled_from(MATCH))}
        if several and number == 1:
            desk["zones"] = [ZONES[1]]
        if several:
            # a unit belongs to one desk: the first unit is the branch's, the others the hub's
            mine = units[:1] if number == 1 else units[1:]
            if mine:
                desk["units"] = mine
        if draw(one_in_two):
            desk["wrong_skill"] = draw(st.sampled_from(["1 min", "5 min", "1 h"]))
        if not simple and draw(one_in_two):
            desk["coordinator"] = draw(st.sampled_from(units))
            if draw(st.sampled_from([True, True, False])):
                desk["handling"] = draw(lengths(0, 3, 10, 40))
        desks[name] = desk
    return desks


@st.composite
def _policy(draw: st.DrawFn) -> Data:
    kind = draw(st.sampled_from(["base", "rq", "ss"]))
    if kind == "base":
        return {"base_stock": draw(st.integers(1, 20))}
    point = draw(st.integers(-1, 6))
    if kind == "rq":
        return {"reorder_point": point, "order_quantity": draw(st.integers(1, 12))}
    return {"reorder_point": point, "order_up_to": point + draw(st.integers(1, 12)) + (point < 0)}


@st.composite
def _depot(draw: st.DrawFn, items: list[str], zoned: bool) -> Data:
    depot: Data = {"stock": {item: draw(st.integers(0, 25)) for item in items}}
    if zoned and draw(one_in_two):
        depot["zone"] = draw(st.sampled_from(ZONES))
    if draw(st.sampled_from([True, True, False])):
        depot["policy"] = draw(_policy())
        depot["lead_time"] = draw(lengths(0, 60, 600))
    if draw(one_in_three):
        depot["policies"] = {draw(st.sampled_from(items)): draw(_policy())}
        depot.setdefault("lead_time", draw(lengths(0, 60, 600)))
    return depot


@st.composite
def _trigger(draw: st.DrawFn, items: list[str]) -> Data:
    if draw(one_in_two):
        return {"at": draw(st.sampled_from(["0 h", "1 h", "4 h", "12 h", "20 h", "30 h", "2 d"]))}
    every = draw(st.sampled_from(["15 min", "1 h", "5 h"]))
    if items and draw(one_in_two):
        return {"when": {"stock_of": draw(st.sampled_from(items)), "below": draw(st.integers(0, 10)), "every": every}}
    return {"when": {"backlog_over": draw(st.integers(0, 20)), "every": every}}


@st.composite
def _change(draw: st.DrawFn, response: Data, items: list[str], *, simple: bool) -> Data:
    units = response["organisation"]["units"]
    unit = draw(st.sampled_from(sorted(units)))
    desk = draw(st.sampled_from(sorted(response.get("desks") or {"desk": {}})))
    kinds = ["count", "count", "attendance", "triage", "message_delay"]
    if not simple:
        kinds += ["match"]
        kinds += ["handling"] if any("handling" in d for d in response.get("desks", {}).values()) else []
        kinds += ["policy", "lead_time"] if "supplies" in response else []
    kind = draw(st.sampled_from(kinds))
    if kind == "count":
        floor = max(units[unit].get("inside", 0), sum(_stated(units[unit])))
        values: Data = {f"organisation.units.{unit}.count": draw(st.integers(floor, 8))}
    elif kind == "attendance":
        values = {f"organisation.units.{unit}.attendance": draw(shares)}
    elif kind == "triage":
        values = {f"desks.{desk}.triage": draw(st.sampled_from(TRIAGE))}
    elif kind == "match":
        values = {f"desks.{desk}.match": draw(st.sampled_from(MATCH))}
    elif kind == "handling":
        desk = next(name for name, d in response["desks"].items() if "handling" in d)
        values = {f"desks.{desk}.handling": draw(st.sampled_from(["0 h", "5 min"]))}
    elif kind == "message_delay":
        values = {"organisation.message_delay": draw(st.sampled_from(["0 h", "5 min"]))}
    else:
        depot = draw(st.sampled_from(sorted(response["supplies"])))
        values = {f"supplies.{depot}.lead_time": draw(st.sampled_from(["0 h", "2 h"]))}
        if kind == "policy":
            # a patch merges: keys of another kind of policy are taken out
            empty = dict.fromkeys(("base_stock", "reorder_point", "order_quantity", "order_up_to"))
            values[f"supplies.{depot}.policy"] = empty | draw(_policy())
    return draw(_trigger(items)) | {"set": values}


def _stated(unit: Data) -> list[int]:
    shifts = unit.get("shift")
    return [s["count"] for s in shifts if isinstance(s, dict) and "count" in s] if isinstance(shifts, list) else []


@st.composite
def _inject(draw: st.DrawFn, needs: Data, items: list[str]) -> Data:
    name = draw(st.sampled_from(sorted(needs)))
    if draw(one_in_two):
        return draw(_trigger(items)) | {"set": {f"needs.{name}.by_phase": {"emergency": draw(st.sampled_from([0, 3]))}}}
    rate = "per_hour" if "per_hour" in needs[name] else "per_1000_day"
    return draw(_trigger(items)) | {
        "set": {f"needs.{name}.{rate}": needs[name][rate] * draw(st.sampled_from([0, 2, 4]))}
    }


@st.composite
def _hazards(draw: st.DrawFn, needs: list[str], zoned: bool) -> Data:
    hazards: Data = {}
    for name in draw(st.lists(st.sampled_from(["closure", "wave", "calm"]), max_size=2, unique=True)):
        hazard: Data = {
            "closure": {"kind": "lockdown", "before": draw(st.sampled_from([0, 0.5, 2]))},
            "wave": {"kind": "surge", "curve": [["0 h", 0.2], ["10 h", 2], ["1 d", 0.5]]},
            "calm": {"kind": "steady"},
        }[name]
        if draw(one_in_two):
            hazard["drives"] = draw(st.lists(st.sampled_from(needs), max_size=2, unique=True))
        if zoned and draw(one_in_three):
            hazard["zones"] = [draw(st.sampled_from(ZONES))]
        if draw(one_in_two):
            hazard["begins"] = draw(st.sampled_from(["0 h", "5 h", "1 d"]))
            if draw(one_in_two):
                hazard["ends"] = draw(st.sampled_from(["30 h", "2 d"]))
        if name == "closure" and draw(one_in_two):
            hazard["reserve"] = draw(lengths(30, 600))
        hazards[name] = hazard
    return hazards


@st.composite
def scenarios(draw: st.DrawFn, *, simple: bool = False) -> Data:
    """Draw a valid scenario as plain data.

    ``simple`` leaves out what may rightly keep a free and able person from a request that waits: stock, caseloads,
    leaders, posts, coordinators and a match rule that changes.
    """
    community = draw(_community())
    zoned = "zones" in community
    items = draw(st.sampled_from([[], ["kit"], ["kit", "box"]])) if not simple else []
    units = {f"unit{k}": draw(_unit(zoned, simple=simple)) for k in range(draw(st.integers(1, 4)))}
    names = list(units)
    for number, name in enumerate(names[1:], start=1):
        if draw(one_in_two):
            units[name]["reports_to"] = names[draw(st.integers(0, number - 1))]
    if not simple and draw(one_in_three):
        units[names[0]]["function"] = "command"
        units[names[0]]["decision"] = draw(lengths(0, 10, 60))
    held = sorted({skill for unit in units.values() for skill in unit.get("skills", ())})
    grouped = "shares" in community
    needs = {
        f"need{k}": draw(_need(held, items, simple=simple, grouped=grouped)) for k in range(draw(st.integers(1, 4)))
    }
    world: Data = {"community": community, "needs": needs}
    hazards = draw(_hazards(sorted(needs), zoned))
    if hazards:
        world["hazards"] = hazards
    if draw(one_in_two):
        phases = draw(st.lists(st.sampled_from(PHASES), min_size=1, max_size=3, unique=True))
        world["life_cycle"] = {"timetable": {phase: draw(st.sampled_from(["6 h", "12 h", "1 d"])) for phase in phases}}
    organisation: Data = {"units": units}
    response: Data = {"organisation": organisation}
    if draw(one_in_three):
        organisation["message_delay"] = draw(st.sampled_from(["0 h", "3 min", "30 min"]))
    if not simple and draw(one_in_three):
        organisation["message_handling"] = draw(lengths(0, 2, 15))
    if not simple and draw(one_in_three):
        organisation["reports"] = {"every": draw(st.sampled_from(["1 h", "4 h"])), "takes": draw(lengths(0, 2, 10))}
    if draw(st.sampled_from([True, True, False])):
        response["desks"] = draw(_desks(names, zoned, simple=simple))
        for desk in response["desks"].values():  # who coordinates gives the desk a share of the time
            coordinator = units.get(desk.get("coordinator"), {})
            if "desk" not in coordinator.get("posts", {"shares": ["desk"]})["shares"]:
                del coordinator["posts"]
    if draw(one_in_two):
        response["travel"] = {"speed_km_h": draw(st.sampled_from([0.5, 4.8])), "doorstep": "2 min"}
    if items:
        response["supplies"] = {f"store{k}": draw(_depot(items, zoned)) for k in range(draw(st.integers(1, 2)))}
    changes = [draw(_change(response, items, simple=simple)) for _ in range(draw(st.integers(0, 3)))]
    if changes:
        response["changes"] = changes
    injects = [draw(_inject(needs, items)) for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2])))]
    if injects:
        world["injects"] = injects
    return {
        "name": "random",
        "start": draw(st.sampled_from(["2022-03-28 08:00", "2022-03-28 00:00", "2022-03-28 23:15"])),
        "horizon": draw(st.sampled_from(["12 h", "1 d", "36 h", "3 d"])),
        "follow_up": draw(st.sampled_from(["0 h", "5 h", "1 d"])),
        "warm_up": draw(st.sampled_from(["0 h", "3 h"])),
        "world": world,
        "response": response,
    }


NO_CHECKS = [
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.large_base_example,
    HealthCheck.filter_too_much,
]


def contents(result: Any, skip: tuple[str, ...] = ("gauges",)) -> dict[str, Any]:
    """Every table of a result to the bit, by name, without the gauges and what differs from machine to machine."""
    tables: Data = {}
    for name, columns in TABLES.items():
        if name in skip:
            continue
        held = result.columns(name)
        known = [column.name for column in columns if column.name not in VOLATILE.get(name, ())]
        tables[name] = {key: bits(held[key]) for key in [*known, *(key for key in held if key.startswith("in_"))]}
    return tables


def bits(column: Any) -> Any:
    """A column as something that compares equal exactly where every value is the same to the bit."""
    if hasattr(column, "decoded"):
        return column.decoded().tolist()
    if isinstance(column, np.ndarray):
        return column.dtype.str, column.shape, np.where(column != column, np.nan, column).tobytes()
    return list(column)
