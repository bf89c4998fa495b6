"""The mechanisms of the plan: card, command, sites, supplies, gates and information, each with its off.

Each stands at one place of a scenario, a path in which * means any name. Off puts a value there that leaves the block
and takes its effect away; without removes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sim.spec.scenario import Scenario

Patch = Mapping[str, Any]
Rule = tuple[str, Any]
"""(path with *, value)."""


def found(data: Any, pattern: str) -> list[tuple[str, ...]]:
    """Return the paths of plain data that a pattern means; a last key with + is meant where it is not stated too."""
    here: list[tuple[tuple[str, ...], Any]] = [((), data)]
    for step in pattern.split("."):
        onward: list[tuple[tuple[str, ...], Any]] = []
        for path, value in here:
            if isinstance(value, Mapping):
                keys = _keys(value, step)
                onward += [((*path, key), value[key]) for key in keys]
                if step.startswith("+"):
                    onward.append(((*path, step[1:]), True))
        here = onward
    return [path for path, value in here if value is not None]


def _keys(value: Mapping[str, Any], step: str) -> list[str]:
    """Return the keys that a step of a path means: a name, * for any, *?key for any whose value states a key."""
    if step.startswith("*"):
        key = step[2:]
        return [name for name, below in value.items() if not key or (isinstance(below, Mapping) and key in below)]
    return [step] if step in value else []


def stated(*patterns: str) -> Callable[[Scenario], bool]:
    """Return a test whether a scenario states something at one of some paths."""
    return lambda scenario: any(found(scenario.data(), pattern) for pattern in patterns)


def setting(*rules: Rule) -> Callable[[Scenario], Patch]:
    """Return the patch that puts a value at every path of each rule that a scenario states."""

    def patch(scenario: Scenario) -> Patch:
        data = scenario.data()
        whole: dict[str, Any] = {}
        for pattern, value in rules:
            for path in found(data, pattern):
                piece: Any = value
                for key in reversed(path):
                    piece = {key: piece}
                whole = _over(whole, piece)
        return whole

    return patch


def _over(patch: Any, more: Any) -> Any:
    """Return two patches as one; unlike a merge it keeps nulls."""
    if not (isinstance(patch, Mapping) and isinstance(more, Mapping)):
        return more
    return {**patch, **{key: _over(patch.get(key), value) for key, value in more.items()}}


UNITS, SITES, STEPS = "response.organisation.units.*", "response.sites.*", "response.plan.card.steps.*"
STATIONS, INVITED, STORES = f"{SITES}.stations.*", f"{SITES}.invitations", "response.supplies.*"
GATES = "response.sites.*?only_closed"
NEVER = "3650 d"
AT_ONCE = (("delay", "0 h"), ("crews", None), ("busy", None))

TABLE: dict[str, tuple[str, str, str, tuple[Rule, ...], tuple[Rule, ...]]] = {
    # name: where, what it does, what off means, off, without
    "stations": (
        STATIONS, "people who come to a site wait for whoever serves them", "every station has room for everybody",
        ((f"{STATIONS}.servers", 100_000),), ((f"{STATIONS}.servers", None),),
    ),
    "priority_lanes": (
        f"{SITES}.classes.*.priority", "who has priority waits less at the stations", "everybody has priority 5",
        ((f"{SITES}.classes.*.priority", 5),), ((f"{SITES}.classes.*.priority", None),),
    ),
    "room": (
        f"{SITES}.room", "who comes while a site is full waits outside or is turned away", "room for a million",
        ((f"{SITES}.room", 1_000_000),), ((f"{SITES}.room", None),),
    ),
    "recall": (
        f"{INVITED}.recall", "people who have not come are looked for at the door, and fewer are missed",
        "nobody opens", ((f"{INVITED}.recall.+at_home", 0),), ((f"{INVITED}.recall", None),),
    ),
    "fetching": (
        f"{INVITED}.fetch", "who cannot walk waits for a helper", "nobody has to be brought",
        ((f"{INVITED}.fetch.+groups", []),), ((f"{INVITED}.fetch", None),),
    ),
    "counting": (
        f"{INVITED}.count", "counting who has come delays the search for who has not", "counting takes no time",
        ((f"{INVITED}.count.takes", "0 h"),), ((f"{INVITED}.count", None),),
    ),
    "pooling": (
        f"{STATIONS}.pool", "several samples in one tube save tubes, and positives are found later",
        "one sample a tube", ((f"{STATIONS}.pool.+size", 1),), ((f"{STATIONS}.pool", None),),
    ),
    "outside_crew": (
        f"{UNITS}.arrives", "a unit from outside is there later than it was asked for", "it is there when asked for",
        ((f"{UNITS}.arrives", {"promised": "0 h", "late": None}),), ((f"{UNITS}.arrives", None),),
    ),
    "orders": (
        STEPS, "a step waits for the decision of the commander", "teams go ahead by the card",
        ((f"{STEPS}.+ordered", "false"),), (("response.plan", None),),
    ),
    "deputy": (
        f"{UNITS}.deputy", "while the commander is away somebody else decides", "decisions wait for the commander",
        ((f"{UNITS}.deputy", None),), ((f"{UNITS}.deputy", None),),
    ),
    "blanks": (
        "response.plan.search", "what the card leaves blank is looked up or searched for", "finding out takes no time",
        (("response.plan.search", "0 h"),), (("response.plan.search", "0 h"),),
    ),
    "borrowing": (
        "response.plan.borrow_after", "idle people of other units are lent to a step that lacks some",
        "nobody is lent within ten years",
        (("response.plan.borrow_after", NEVER),), (("response.plan.borrow_after", None),),
    ),
    "review": (
        "response.plan.review", "problems that are reported change the plan", "nothing is changed at a review",
        (("response.plan.review.fixes", []),), (("response.plan.review", None),),
    ),
    "false_alarms": (
        "world.false_reports", "false alarms take the time of those who check", "nobody reports falsely",
        (("world.false_reports.per_day", 0),), (("world.false_reports", None),),
    ),
    "kits": (
        f"{UNITS}.kit", "who has no kit does not begin", "nobody needs a kit",
        ((f"{UNITS}.kit", None),), ((f"{UNITS}.kit", None),),
    ),
    "provisions": (
        f"{UNITS}.provisions", "who gets no food and water does not stay for a shift", "people bring their own",
        ((f"{UNITS}.provisions", None),), ((f"{UNITS}.provisions", None),),
    ),
    "reserve": (
        f"{STORES}.reserve", "goods kept for the staff are not given to households", "nothing is kept",
        ((f"{STORES}.reserve", None), (f"{STORES}.reserve_for", None)),
        ((f"{STORES}.reserve", None), (f"{STORES}.reserve_for", None)),
    ),
    "rations": (
        f"{STORES}.rations", "when little is left, only the urgent are given any", "whoever asks is given",
        ((f"{STORES}.rations", None),), ((f"{STORES}.rations", None),),
    ),
    "donations": (
        f"{STORES}.donations", "gifts fill the stores", "nobody gives",
        ((f"{STORES}.donations", []),), ((f"{STORES}.donations", None),),
    ),
    "supplier_failure": (
        f"{STORES}.fails", "a replenishment that does not come is ordered again", "every order comes",
        ((f"{STORES}.fails", 0),), ((f"{STORES}.fails", None),),
    ),
    "durables": (
        "response.durables", "things that break are missing until they are repaired", "nothing breaks",
        (("response.durables.*.+breaks", 0),), (("response.durables.*.+breaks", 0),),
    ),
    "gates": (
        f"{SITES}.only_closed", "who lives under a cordon is stopped at the gate", "the gate stops nobody",
        tuple((f"{GATES}.arrivals.{key}", 0) for key in ("per_1000_day", "per_hour")),
        tuple((f"{GATES}.arrivals.{key}", 0) for key in ("per_1000_day", "per_hour")),
    ),
    "outages": (
        "world.outages", "what depends on power or communications stops", "nothing is out within ten years",
        (("world.outages.*", {"begins": NEVER, "ends": None}),),
        (("world.outages.*", {"begins": NEVER, "ends": None}),),
    ),
    "desk_outage": (
        "response.desks.*.depends_on", "while what a desk depends on is out it sends nobody",
        "it depends on nothing",
        (("response.desks.*.fallback", None), ("response.desks.*.depends_on", None)),
        (("response.desks.*.fallback", None), ("response.desks.*.depends_on", None)),
    ),
    "paper_fallback": (
        "response.desks.*.fallback", "from a list on paper a desk goes on, slower and less well matched",
        "nobody is sent until it is repaired", (("response.desks.*.fallback", None),),
        (("response.desks.*.fallback", None),),
    ),
    "obstructions": (
        "world.obstructions", "a blocked lane holds the ambulance up", "lanes are free",
        (("world.obstructions.per_day", 0),), (("world.obstructions", None),),
    ),
    "outside_services": (
        "response.outside", "help from outside takes its time to come", "it is there at once",
        tuple((f"response.outside.*.{key}", off) for key, off in AT_ONCE),
        tuple((f"response.outside.*.{key}", off) for key, off in AT_ONCE),
    ),
    "liaison": (
        "world.needs.*.referral.through", "calls for outside help go through the liaison, and wait for it",
        "whoever refers calls directly",
        (("world.needs.*.referral.through", None), ("world.needs.*.referral.call", None)),
        (("world.needs.*.referral.through", None), ("world.needs.*.referral.call", None)),
    ),
    "tracing": (
        "response.tracing", "contacts of a positive are put on a list and come last", "nobody is remembered",
        (("response.tracing", {"household": 0, "recalled": 0, "building": 0, "site_within": "0 h"}),),
        (("response.tracing", None),),
    ),
    "channels": (
        "response.information", "who is not reached does not come, and asks", "every channel reaches everybody at once",
        (("response.information.channels.*", {"reach": 1, "reach_by_group": None, "delay": "0 h"}),),
        (("response.information.channels.*", {"reach": 1, "reach_by_group": None, "delay": "0 h"}),),
    ),
    "rumours": (
        "response.information.rumours", "silence breeds rumours, and rumours calls", "nobody hears a rumour",
        (("response.information.rumours.reach", 0),), (("response.information.rumours", None),),
    ),
    "one_voice": (
        "response.information.one_voice", "notices wait for approval, and do not contradict each other",
        "everybody speaks", (("response.information.one_voice", "false"),),
        (("response.information.one_voice", None),),
    ),
    "online_platform": (
        "response.online", "orders on line bypass the desk", "nobody orders there",
        (("response.online.share", 0),), (("response.online", None),),
    ),
    "asking_at_the_door": (
        "world.needs.*.asked_at_door", "who cannot call waits until somebody comes to the door", "everybody can call",
        (("world.needs.*.asked_at_door", []),), (("world.needs.*.asked_at_door", None),),
    ),
    "errors": (
        f"{UNITS}.errors", "visits that go wrong have to be made again", "nothing goes wrong",
        ((f"{UNITS}.errors", 0),), ((f"{UNITS}.errors", None),),
    ),
    "injury": (
        f"{UNITS}.injury", "who is hurt at work is missing", "nobody is hurt",
        ((f"{UNITS}.injury.share", 0),), ((f"{UNITS}.injury", None),),
    ),
    "double_entry": (
        "response.desks.*.double_entry", "typing a request into a second system takes the coordinator's time",
        "one system does", (("response.desks.*.double_entry", "0 h"),), (("response.desks.*.double_entry", None),),
    ),
}  # fmt: skip
"""Every mechanism of the plan; the paths say where it stands."""
