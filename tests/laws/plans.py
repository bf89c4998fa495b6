"""Random small scenarios with a plan: a card with its steps, sites, stores, outside services, information, outages.

Each is one of ``tests.laws.scenarios`` on a small estate, with a random subset of the parts that carry out a plan. The
parts know of each other (a channel falls silent in an outage, a site waits for a unit that a step asks for), so that
what depends on two of them at once comes up often.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from hypothesis import strategies as st

from tests.laws import scenarios as parts
from tests.laws.scenarios import Data, _policy, one_in_five, one_in_three, one_in_two, shares

GROUPS = ("over_80", "offline")
GOODS = ("suit", "fence", "parcel")
TOPICS = ("hall", "food")
OUTAGES = ("power", "network")
SIGNALS = ("order", "notice")
SERVICES = ("clinic", "rescue")
CHANNELS = ("poster", "chat")
SITES = ("hall", "gate")
MOST_RESIDENTS = 60

lengths = cache(parts.lengths)
"""Durations as in the other scenarios; made once for each list of minutes, since making a strategy takes its time."""


@lru_cache(maxsize=None, typed=True)
def of(*options: Any) -> st.SearchStrategy[Any]:
    """One of these."""
    return st.sampled_from(options)


@cache
def upto(least: int, most: int) -> st.SearchStrategy[int]:
    """A whole number between these."""
    return st.integers(least, most)


@cache
def _some(names: tuple[str, ...], least: int, most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(of(*names), min_size=least, max_size=most, unique=True)


def some(names: tuple[str, ...] | list[str], least: int = 0, most: int = 9) -> st.SearchStrategy[list[str]]:
    """Some of these names, each at most once, in any order."""
    return _some(tuple(names), least, min(most, len(names)))


mostly = of(True, True, True, False)
times = of("0 h", "30 min", "1 h", "90 min", "4 h", "9 h", "20 h", "30 h")
later = of("30 min", "2 h", "6 h", "12 h", "1 d")


class Known:
    """The names that a scenario has, for the parts that refer to them."""

    def __init__(self, data: Data) -> None:
        self.data = data
        self.world, self.response = data["world"], data["response"]
        self.units: Data = self.response["organisation"]["units"]

    def crews(self) -> list[str]:
        """The units, those without people too; the helpers more often, so that something is done."""
        return [*sorted(self.units), "helpers", "helpers", "helpers"]

    def buildings(self) -> list[str]:
        """The names of the buildings."""
        return [f"b{k + 1}" for k in range(self.world["community"]["buildings"])]

    def outages(self) -> list[str]:
        """What can be out."""
        return sorted(self.world.get("outages", {})) or ["power"]


# -- the estate and its people ----------------------------------------------------------------------------------------


def _small(community: Data) -> None:
    """Make an estate small enough for a run of milliseconds."""
    few = min(community["residents"], MOST_RESIDENTS)
    if "households" in community:
        community["households"] = max(community["households"] * few // community["residents"], 1)
    community["residents"] = few


@st.composite
def _people(draw: st.DrawFn, known: Known, *, able: bool) -> None:
    """A commander with a deputy, helpers (``able``: always some), and testers from outside who have to be asked for."""
    units = known.units
    if draw(mostly):
        units["chief"] = {"function": "command", "members": "staff", "count": draw(upto(0, 2))}
        if draw(one_in_two):
            units["chief"]["decision"] = draw(lengths(0, 5, 40))
        if draw(one_in_two):
            units["chief"]["shift"] = draw(of("08:00-20:00", "09:30-17:30"))
        if draw(one_in_two):
            units["second"] = {"function": "command", "members": "staff", "count": 1, "reports_to": "chief"}
            units["chief"]["deputy"] = "second"
    units["helpers"] = {
        "function": "logistics",
        "members": "volunteer",
        "count": draw(of(4, 8) if able else of(0, 2, 4, 8)),
    }
    if not able and draw(one_in_two):
        units["helpers"]["shift"] = list(draw(of(("08:00-20:00", "20:00-08:00"), ("08:00-20:00",))))
        units["helpers"]["handover"] = draw(of("overlap", "replace"))
    if "chief" in units and draw(one_in_two):
        units["helpers"]["reports_to"] = "chief"
    if draw(one_in_two):
        units["testers"] = {"function": "medical", "members": "staff", "count": draw(upto(0, 3))}
        if draw(mostly):
            units["testers"]["arrives"] = {"promised": draw(of("0 h", "2 h", "9 h"))}
            if draw(one_in_two):
                units["testers"]["arrives"]["late"] = draw(lengths(0, 60, 600))
        if draw(one_in_three):
            units["testers"]["shift"] = "08:00-20:00"
    for name in list(units):
        if draw(one_in_five):
            units[name]["errors"] = draw(of(0.3, 0.9))
        if draw(one_in_five):
            units[name]["injury"] = {"share": draw(of(0.05, 0.5, 1)), "away": draw(lengths(0, 90, 900))}


@st.composite
def _stores(draw: st.DrawFn, known: Known) -> None:
    """A store for the plan, kits and provisions from it, and what comes back after use."""
    depot: Data = {"stock": {item: draw(of(0, 5, 30)) for item in GOODS}}
    if draw(mostly):
        depot["policy"] = draw(_policy())
        depot["lead_time"] = draw(lengths(0, 60, 600))
    if draw(one_in_three):
        depot["fails"] = draw(of(0.3, 0.9))
    if draw(one_in_three):
        gift: Data = {"at": draw(times), "items": {draw(of(*GOODS)): draw(upto(0, 20))}}
        if draw(one_in_two):
            gift["late"] = draw(lengths(0, 60))
        if draw(one_in_two):
            gift["every"] = "7 h"
        depot["donations"] = [gift]
    if draw(one_in_three):
        depot["reserve"] = {draw(of(*GOODS)): draw(upto(0, 5))}
    if draw(one_in_three):
        depot["reserve_for"] = "1 d"
    supplies = known.response.setdefault("supplies", {})
    supplies["plan_store"] = depot
    if draw(one_in_three):
        other = draw(of(*sorted(supplies)))
        item = draw(of(*sorted(supplies[other]["stock"])))
        supplies[other]["rations"] = {item: {"below": draw(upto(0, 8)), "urgency": draw(upto(1, 4))}}
    for name in sorted(known.units):
        if draw(one_in_five):
            known.units[name]["kit"] = {"suit": draw(upto(0, 2))}
            if draw(one_in_three):
                known.units[name]["kit_lasts"] = draw(of("1 h", "4 h"))
        if "shift" in known.units[name] and draw(one_in_five):
            known.units[name]["provisions"] = {"parcel": 1}
    for item in draw(some(GOODS)) if draw(one_in_two) else []:
        durable = {"breaks": draw(of(0, 0.5, 1))}
        known.response.setdefault("durables", {})[item] = durable
        if draw(one_in_two):
            durable["repair"] = draw(lengths(30, 300))


# -- what happens, and what is asked of whom --------------------------------------------------------------------------


@st.composite
def _happenings(draw: st.DrawFn, known: Known) -> None:
    """Positives, false reports, signals, outages, blocked lanes."""
    world = known.world
    entries: list[Data] = []
    for _ in range(draw(upto(0, 3))):
        entry: Data = {"begins": draw(times)}
        where = draw(of("resident", "building", "anywhere"))
        if where == "resident":
            entry["resident"] = draw(upto(0, world["community"]["residents"] - 1))
        else:
            entry["count"] = draw(upto(1, 5))
        if where == "building":
            entry["building"] = draw(of(*known.buildings()))
        if draw(one_in_two):
            entry["symptoms"] = draw(times)
        if draw(one_in_three):
            entry["ends"] = "50 h"
        entries.append(entry)
    if entries:
        world["positives"] = entries
    if draw(one_in_two):
        world["false_reports"] = {"per_day": draw(of(0, 2, 12))}
        if draw(one_in_three):
            world["false_reports"]["most"] = 2
    if draw(mostly):
        for name in draw(some(OUTAGES, least=1)):
            world.setdefault("outages", {})[name] = {"begins": draw(times)}
            if draw(one_in_two):
                world["outages"][name]["ends"] = "40 h"
    if draw(one_in_two):
        for name in draw(some(SIGNALS, least=1)):
            moments = draw(some(["0 h", "1 h", "9 h", "20 h"], least=1, most=2))
            world.setdefault("signals", {})[name] = moments if len(moments) > 1 else moments[0]
    if draw(one_in_three):
        world["obstructions"] = {"per_day": draw(of(1, 10))}


@st.composite
def _help(draw: st.DrawFn, known: Known) -> None:
    """Outside services, needs that are passed on to them, needs asked at the door, couriers, what residents know."""
    response, needs = known.response, known.world["needs"]
    for name in draw(some(SERVICES)) if draw(mostly) else []:
        service: Data = {"delay": draw(lengths(0, 20, 200))}
        if draw(one_in_two):
            service |= {"crews": draw(upto(1, 2)), "busy": draw(lengths(0, 30, 300))}
        if draw(one_in_two):
            service["by_road"] = "true"
        response.setdefault("outside", {})[name] = service
    services = sorted(response.get("outside", {}))
    for need in needs.values():
        if services and "referral" in need and draw(one_in_two):
            del need["referral"]["delay"]
            need["referral"]["to"] = draw(of(*services))
            if draw(one_in_two):
                need["referral"] |= {"through": draw(of(*known.crews())), "call": draw(lengths(0, 5, 30))}
        if draw(one_in_five):
            need["asked_at_door"] = draw(some(GROUPS, least=1))
        if draw(one_in_five):
            need["if_unaware"] = draw(of(*TOPICS))
        if draw(one_in_five):
            need["if_rumour"] = "true"
        if draw(one_in_five):
            need["items"] = {"parcel": 1} if "plan_store" in response.get("supplies", {}) else {}
    if draw(one_in_three):
        response["online"] = {
            "needs": draw(some(sorted(needs), least=1)),
            "share": draw(shares),
            "couriers": draw(upto(1, 3)),
            "takes": draw(lengths(0, 20, 90)),
        }
        if draw(one_in_two):
            response["online"]["depends_on"] = draw(of(*known.outages()))
    if draw(one_in_two):
        response["information"] = draw(_information(known))
    if draw(one_in_two):
        response["tracing"] = {"recalled": draw(shares), "building": draw(shares), "site_within": draw(times)}


@st.composite
def _information(draw: st.DrawFn, known: Known) -> Data:
    block: Data = {"channels": {}}
    for name in CHANNELS:
        channel = block["channels"][name] = {"reach": draw(shares)}
        if draw(one_in_two):
            channel["delay"] = draw(lengths(0, 30, 300))
        if draw(one_in_three):
            channel["reach_by_group"] = {"offline": draw(shares)}
        if draw(one_in_three):
            channel["depends_on"] = draw(of(*known.outages()))
    if draw(one_in_two):
        block["one_voice"] = "true"
    elif draw(one_in_two):
        block["contradicts"] = draw(shares)
    if draw(one_in_two):
        block["rumours"] = {
            "after": draw(of("1 h", "5 h")),
            "reach": draw(shares),
            "delay": draw(lengths(0, 60)),
        }
    return block


# -- sites ------------------------------------------------------------------------------------------------------------


@st.composite
def _ways(draw: st.DrawFn, number: int, count: int) -> Any:
    """Where visitors go from station ``number`` of ``count``: onward or out for some of them, perhaps back."""
    onward = [f"s{k}" for k in range(number + 1, count)]
    back = [f"s{k}" for k in range(number + 1)]
    kinds = ["out", "refused", "loop", "mixed"] + (["one", "shortest", "shares"] * 2 if onward else [])
    kind = draw(of(*kinds))
    if kind in ("out", "refused"):
        return kind
    if kind == "loop":
        return {draw(of(*back)): 0.4, draw(of(*onward, "out")): 0.6}
    if kind == "mixed":
        return {"out": 0.75, "refused": 0.25}
    if kind == "one":
        return draw(of(*onward))
    if kind == "shortest":
        return {"shortest": draw(some(onward, least=1))}
    return {draw(of(*onward)): 0.5, "out": 0.5}


@st.composite
def _staff(draw: st.DrawFn, known: Known) -> Data:
    staff: Data = {"unit": draw(of(*known.crews())), "people": draw(upto(1, 3))}
    if draw(one_in_three):
        staff["break_every"] = draw(of("1 h", "4 h"))
        staff["break_takes"] = draw(of("0 h", "20 min", "1 h"))
    return staff


@st.composite
def _laboratory(draw: st.DrawFn) -> Data:
    laboratory: Data = {
        "transport": draw(lengths(0, 60)),
        "takes": draw(lengths(0, 90, 400)),
        "courier_every": draw(of("1 min", "1 h", "3 h")),
        "sensitivity": draw(of(0.5, 1)),
        "specificity": draw(of(0.8, 1)),
    }
    if draw(one_in_two):
        laboratory["machines"] = draw(upto(1, 2))
    return laboratory


@st.composite
def _station(draw: st.DrawFn, known: Known, number: int, count: int, goods: list[str]) -> Data:
    station: Data = {"service": draw(lengths(0, 2, 20))}
    kind = draw(of("servers", "steps", "staff", "staff", "room"))
    if kind == "servers":
        station["servers"] = draw(upto(0, 3))
    elif kind == "steps":
        station["servers"] = [["0 h", draw(upto(0, 2))], ["3 h", draw(upto(0, 4))], ["20 h", 1]]
    elif kind == "staff":
        station["staff"] = draw(_staff(known))
    if number < count - 1 or draw(one_in_two):
        station["next"] = draw(_ways(number, count))
    if goods and draw(one_in_two):
        station["takes"] = draw(of(*goods))
    if draw(one_in_three):
        station["patience"] = draw(lengths(0, 10, 60))
    if draw(one_in_three):
        station["walk"] = draw(lengths(0, 3))
    if draw(one_in_three):
        station["depends_on"] = draw(of(*known.outages()))
        if draw(one_in_two):
            station["without"] = draw(lengths(5, 40))
    if draw(one_in_two):
        station["pool"] = {
            "size": draw(of(1, 2, 5, 10)),
            "by": draw(of("order", "household")),
            "seal_after": draw(of("0 h", "30 min", "5 h")),
            "retest": draw(of("true", "false")),
            "laboratory": draw(_laboratory()),
        }
    return station


@st.composite
def _arrivals(draw: st.DrawFn, *, by_residents: bool = False) -> Data:
    kind = "per_1000_day" if by_residents else draw(of("slots", "per_hour", "per_1000_day", "at", "steps"))
    if kind == "slots":
        slots: Data = {"slots": {"first": draw(times), "every": draw(later), "count": draw(upto(1, 6))}}
        slots["slots"]["bookings"] = draw(upto(0, 8))
        if draw(one_in_two):
            slots["punctuality"] = {"mean": draw(of("-10 min", "0 h", "5 min")), "sd": "10 min"}
        if draw(one_in_two):
            slots["no_show"] = draw(shares)
        return slots
    if kind == "at":
        return {"at": draw(some(["30 min", "1 h", "90 min", "4 h", "9 h"])) * 2}
    if kind == "steps":
        rates = [[time, draw(of(0, 1, 4))] for time in ("2 h", "10 h", "30 h")]
        return {"per_hour": rates, "until": "1 d"}
    return {kind: draw(of(0, 1, 4)) * (250 if kind == "per_1000_day" else 1)}


@st.composite
def _invitations(draw: st.DrawFn, known: Known) -> Data:
    block: Data = {"slot": draw(of("10 min", "30 min", "2 h")), "per_slot": draw(upto(1, 30))}
    if draw(mostly):
        block["rounds"] = list(draw(of(("1 h",), ("2 h", "9 h"), ("0 h", "1 d"))))
    for key, values in (("lead", ["0 h", "2 h"]), ("early_or_late", ["-3 min", "5 min"]), ("spread", ["0 h", "9 min"])):
        if draw(one_in_three):
            block[key] = draw(of(*values))
    if draw(one_in_two):
        block["no_show"] = draw(shares)
    if draw(one_in_two):
        block["recall"] = {
            "unit": draw(of(*known.crews())),
            "people": draw(upto(1, 3)),
            "each": draw(lengths(0, 3, 15)),
            "times": draw(upto(1, 2)),
            "at_home": draw(shares),
        }
    if draw(one_in_three):
        block["fetch"] = {
            "groups": draw(some(GROUPS, least=1)),
            "unit": draw(of(*known.crews())),
            "helpers": draw(upto(1, 2)),
            "each": draw(lengths(0, 5, 15)),
        }
    if draw(one_in_three):
        block["count"] = {"unit": draw(of(*known.crews())), "takes": draw(lengths(0, 10, 40))}
    if draw(one_in_three):
        block["waits_for"] = "testers" if "testers" in known.units else draw(of(*known.crews()))
    return block


@st.composite
def _classes(draw: st.DrawFn, count: int, *, own: bool) -> Data:
    classes: Data = {}
    for name in draw(some(["some", "old", "traced", "van"], most=3)):
        kind: Data = {"priority": draw(upto(1, 9))}
        if name == "some":
            kind["share"] = draw(of(0.2, 1))
        elif name == "old":
            kind["groups"] = draw(some(GROUPS, least=1))
        elif name == "traced":
            kind["contacts"] = "true"
        elif own:
            kind["arrivals"] = draw(_arrivals())
        else:
            continue
        if draw(one_in_three):
            kind["last"] = "true"
        if draw(one_in_three):
            kind["enters"] = f"s{draw(upto(0, count - 1))}"
        if draw(one_in_three):
            kind["no_show"] = draw(shares)
        for station in draw(some([f"s{k}" for k in range(count)])) if draw(one_in_three) else []:
            kind.setdefault("service", {})[station] = draw(lengths(0, 4))
            kind.setdefault("next", {})[station] = draw(_ways(int(station[1:]), count))
        classes[name] = kind
    return classes


@st.composite
def _site(draw: st.DrawFn, known: Known) -> Data:
    who = draw(of("arrivals", "invitations", "invitations", "both"))
    count = draw(upto(1, 4))
    goods = list(draw(of((), (), (), ("dose",), ("dose", "tea"))))
    site: Data = {"enters": f"s{draw(upto(0, count - 1)) if draw(one_in_five) else 0}"}
    site["stations"] = {f"s{k}": draw(_station(known, k, count, goods)) for k in range(count)}
    for name in goods:
        batches: Data = {"first": draw(times), "every": draw(later), "count": draw(upto(1, 3))}
        if draw(one_in_two):
            batches["amount"] = draw(upto(0, 40))
        site.setdefault("goods", {})[name] = {
            "servers": draw(upto(0, 2)),
            "service": draw(lengths(0, 2)),
            "batches": batches,
        }
    only_closed = who == "arrivals" and draw(one_in_two)
    if who != "invitations":
        site["arrivals"] = draw(_arrivals(by_residents=only_closed))
    if who != "arrivals":
        site["invitations"] = draw(_invitations(known))
    classes = draw(_classes(count, own=not only_closed))
    if classes:
        site["classes"] = classes
        for station in site["stations"].values():
            if "pool" in station and draw(one_in_two):
                station["pool"]["single"] = draw(some(sorted(classes), least=1))
    if only_closed:
        site["only_closed"] = "true"
    if draw(one_in_three):
        site |= {"room": draw(upto(1, 6)), "when_full": draw(of("wait_outside", "turn_away"))}
    if draw(one_in_three):
        site["opens"] = draw(of("0 h", "1 h", "5 h"))
    if draw(one_in_three):
        site["closes"] = draw(of("8 h", "20 h", "2 d"))
    if draw(one_in_three):
        site["logged"] = draw(shares)
    return site


# -- the card ---------------------------------------------------------------------------------------------------------


@st.composite
def _buildings(draw: st.DrawFn, known: Known) -> Any:
    which = draw(of("all", "all", "affected", "closed", "named"))
    return draw(some(known.buildings(), least=1)) if which == "named" else which


ACTIONS: dict[str, Callable[[Known], bool]] = {
    "work": lambda _: True,
    "doors": lambda _: True,
    "notify": lambda k: "information" in k.response,
    "man": lambda _: True,
    "patrol": lambda _: True,
    "cordon": lambda _: True,
    "set_up": lambda k: bool(k.response.get("sites")),
    "screen": lambda k: any("invitations" in site for site in k.response.get("sites", {}).values()),
    "book": lambda _: True,
    "issue": lambda _: True,
    "call": lambda k: bool(k.response.get("outside")),
    "repair": lambda k: bool(k.world.get("outages")),
    "trace": lambda _: True,
}
"""Every action that a step may do beside the declaration and the stand-down, and what there has to be for it."""


@st.composite
def _doors(draw: st.DrawFn, known: Known) -> Data:
    does: Data = {"each": draw(lengths(0, 2, 30)), "buildings": draw(_buildings(known))}
    does["of"] = draw(of("household", "building", "special"))
    if draw(one_in_three):
        does["groups"] = draw(some(GROUPS, least=1))
    if draw(one_in_three):
        does["counts"] = draw(shares)
    if "plan_store" in known.response.get("supplies", {}) and draw(one_in_three):
        does["items"] = {"parcel": draw(upto(1, 2))}
    if draw(one_in_three):
        does["topic"] = draw(of(*TOPICS))
    if draw(one_in_three):
        does |= {"antigen": draw(shares), "sensitivity": draw(shares)}
    return does


@st.composite
def _action(draw: st.DrawFn, known: Known) -> Data:
    """One action with all that it may say."""
    action = draw(of(*(name for name, there in ACTIONS.items() if there(known))))
    hours = draw(of("10 min", "2 h", "9 h"))
    sites = known.response.get("sites", {})
    does: Data = {}
    if action == "doors":
        does = draw(_doors(known))
    elif action == "notify":
        channels = draw(some(sorted(known.response["information"]["channels"]), least=1))
        does = {"topic": draw(of(*TOPICS)), "channels": channels, "takes": draw(lengths(0, 10))}
        does["buildings"] = draw(_buildings(known))
    elif action == "man":
        does = {"post": draw(of("gate", "hotline"))}
        if draw(one_in_two):
            does |= {"break_every": draw(of("1 h", "4 h")), "break_takes": "30 min"}
    elif action == "patrol":
        does = {"every": draw(of("30 min", "3 h")), "clearing": draw(lengths(0, 10))}
    elif action == "cordon":
        does = {"buildings": draw(_buildings(known)), "person_hours_each": draw(of("0 h", "20 min"))}
        if draw(one_in_three):
            does["lift"] = "true"
    elif action == "set_up":
        does = {"site": draw(of(*sorted(sites))), "person_hours": hours}
    elif action == "screen":
        does = {"site": draw(of(*(name for name in sorted(sites) if "invitations" in sites[name])))}
        does["buildings"] = draw(_buildings(known))
    elif action == "book":
        does = {"unit": "testers" if "testers" in known.units else draw(of(*known.crews()))}
        does["takes"] = draw(lengths(0, 10))
    elif action == "issue":
        does = {"units": draw(some(sorted(known.units))), "each": draw(lengths(0, 3))}
    elif action == "call":
        does = {"service": draw(of(*sorted(known.response["outside"]))), "takes": draw(lengths(0, 5))}
    elif action == "repair":
        does = {"outage": draw(of(*known.outages())), "person_hours": hours}
    elif action == "trace":
        does = {"each": draw(lengths(0, 20))}
    else:
        does = {"person_hours": hours}
    return {"action": action, **does}


@st.composite
def _trigger(draw: st.DrawFn, known: Known) -> Data:
    kinds = ["at", "at", "confirmed", "backlog", "signal"]
    kinds += ["stock"] if "supplies" in known.response else []
    kinds += ["outage"] if known.world.get("outages") else []
    kind = draw(of(*kinds))
    if kind == "at":
        return {"at": draw(times)}
    if kind == "signal":
        return {"signal": draw(of(*SIGNALS))}
    every = {"every": draw(of("15 min", "1 h", "5 h"))}
    if kind == "stock":
        items = sorted({item for depot in known.response["supplies"].values() for item in depot["stock"]})
        return {"stock_of": draw(of(*items)), "below": draw(upto(0, 20)), **every}
    if kind == "outage":
        return {"outage": draw(of(*known.outages())), **every}
    return {f"{kind}_over": draw(upto(0, 3)), **every}


@st.composite
def _step(draw: st.DrawFn, known: Known, card: Data, before: list[str]) -> Data:
    step: Data = {}
    if card["teams"] and draw(mostly):
        step["team"] = draw(of(*sorted(card["teams"])))
    part = draw(of("activation", "response", "response", "response", "contingency", "stand_down"))
    step["part"] = part
    if before and draw(one_in_two):
        step["after"] = draw(some(before, least=1, most=2))
    if draw(one_in_three):
        step["when"] = draw(_trigger(known))
    if draw(mostly):
        step["people"] = draw(of(0, 1, 1, 2, 3, 8))
    if "supplies" in known.response and draw(one_in_three):
        items = sorted({item for depot in known.response["supplies"].values() for item in depot["stock"]})
        step["materials"] = {draw(of(*items)): draw(of(None, 0, 1, 4))}
    if draw(one_in_two):
        step["within"] = draw(of("10 min", "2 h", "12 h"))
    if draw(one_in_three):
        step["ordered"] = "false"
    if card.get("levels") and draw(one_in_three):
        step["level"] = draw(of(*sorted(card["levels"])))
    if draw(mostly):
        step["does"] = draw(_action(known))
    if draw(one_in_three):
        step["repeat"] = draw(of("20 min", "3 h", "1 d"))
    return step


@st.composite
def _checks(draw: st.DrawFn, known: Known) -> list[Data]:
    checks: list[Data] = []
    for _ in range(draw(upto(0, 3))):
        check: Data = {"takes": draw(lengths(0, 5, 40)), "clears": draw(shares), "misses": draw(of(0, 0.3))}
        services = sorted(known.response.get("outside", {}))
        if services and draw(one_in_three):
            check["service"] = draw(of(*services))
        else:
            check["unit"] = draw(of(*known.crews()))
            if "plan_store" in known.response.get("supplies", {}) and draw(one_in_three):
                check["materials"] = {"suit": 1}
        checks.append(check)
    return checks


@st.composite
def _card(draw: st.DrawFn, known: Known, *, several: bool) -> Data:
    """A card with steps in a random order that has no circle, teams and other lines filled in or left blank.

    With ``several`` it has more of them, and is activated at the beginning.
    """
    card: Data = {"card": "random", "teams": {}}
    for name in draw(some(["logistics", "liaison", "security"])):
        team = card["teams"][name] = {}
        if draw(mostly):
            team["unit"] = draw(of(*known.crews()))
        if draw(one_in_two):
            team["contact"] = "1"
    checks = draw(_checks(known))
    if checks:
        card["checks"] = checks
    if draw(one_in_two):
        card["levels"] = {"low": {"confirmed_over": 0}, "high": {"confirmed_over": draw(upto(1, 3))}}
    steps: Data = {}
    if several or draw(of(*[True] * 7, False)):
        steps["declare"] = {"part": "activation", "people": 0, "does": {"action": "declare"}}
        if not several and draw(one_in_three):
            steps["declare"]["when"] = draw(_trigger(known))
    for number in range(draw(upto(4, 8) if several else upto(0, 6))):
        steps[f"step{number}"] = draw(_step(known, card, sorted(steps)))
    if draw(one_in_two):
        end = steps["end"] = {"part": "stand_down", "people": 0, "does": {"action": "stand_down"}}
        if len(steps) > 1 and draw(one_in_three):
            end["after"] = [draw(of(*(name for name in sorted(steps) if name != "end")))]
        if draw(mostly):
            end["when"] = {"at": draw(of("3 h", "10 h", "20 h"))}
    card["steps"] = {name: steps[name] for name in draw(st.permutations(sorted(steps)))}
    if "supplies" in known.response and draw(one_in_two):
        stores = [*sorted(known.response["supplies"]), "nowhere"]
        card["materials"] = {item: {"store": draw(of(*stores))} for item in draw(some(GOODS))}
    services = sorted(known.response.get("outside", {}))
    for name in draw(some(services)) if services else []:
        card.setdefault("outside_help", {})[name] = {"service": name, "number": draw(of("120", None))}
    return card


@st.composite
def _fix(draw: st.DrawFn, known: Known) -> Data:
    """A change of the response that is made when a problem has been reported."""
    problem = draw(of("late_step", "turned_away", "gave_up", "missed", "stock_out", "no_kit", "abandoned"))
    unit = draw(of(*known.crews()))
    stated = sum(s.get("count", 0) for s in known.units[unit].get("shift", []) if isinstance(s, dict))
    least = max(stated, known.units[unit].get("inside", 0))
    path, value = draw(
        of(
            (f"organisation.units.{unit}.count", draw(upto(least, max(least, 8)))),
            (f"organisation.units.{unit}.attendance", 1),
            ("organisation.message_delay", "0 h"),
        )
    )
    return {"problem": problem, "at_least": draw(upto(1, 3)), "set": {path: value}}


@st.composite
def _plan(draw: st.DrawFn, known: Known, *, several: bool) -> Data:
    plan: Data = {"card": draw(_card(known, several=several))}
    if draw(one_in_two):
        plan["search"] = draw(of("0 h", "15 min"))
    if draw(one_in_three):
        plan["borrow_after"] = draw(of("5 min", "2 h"))
    if draw(one_in_three):
        plan["review"] = {"every": draw(of("1 h", "6 h")), "takes": draw(lengths(0, 10))}
        fixes = [draw(_fix(known)) for _ in range(draw(upto(0, 2)))]
        if fixes:
            plan["review"]["fixes"] = fixes
    return plan


@st.composite
def plans(draw: st.DrawFn, *sure: str) -> Data:
    """Draw a valid scenario with a plan as plain data; ``sure`` names parts that it has in any case.

    The parts are stores, help, sites, and steps, which is a card with several steps and people to carry them out.
    """
    data = draw(parts.scenarios())
    _small(data["world"]["community"])
    if data["horizon"] == "3 d":
        data["horizon"] = "2 d"
    known = Known(data)
    draw(_people(known, able="steps" in sure))
    if "stores" in sure or draw(mostly):
        draw(_stores(known))
    draw(_happenings(known))
    if "help" in sure or draw(one_in_two):
        draw(_help(known))
    if "sites" in sure or draw(one_in_two):
        known.response["sites"] = {name: draw(_site(known)) for name in draw(some(SITES, least=1))}
    if "steps" in sure or draw(mostly):
        known.response["plan"] = draw(_plan(known, several="steps" in sure))
    return data
