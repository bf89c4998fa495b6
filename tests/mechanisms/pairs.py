"""What the files of pairs share: the types, the scenarios of micro size, the measures, and what a pair asserts.

A pair is the smallest community in which a mechanism has something to act on, and what is measured on it. Each file of
pairs keeps its own table of them and the tests that go through it; what all of them need stands here, so that no file
of tests imports from another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from analysis.intervals import Estimate, estimate
from analysis.need_outcomes import NEED_OUTCOMES, Selection
from analysis.run_outcomes import RUN_OUTCOMES
from sim import Result, Scenario, run
from sim.records.schema import TABLES, VOLATILE
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import merge, validate

REPLICATIONS = 30
FIRST = 8
"""Replications after which a claim may be decided, at 99.9 %: most effects are plain to see."""
Data = dict[str, Any]
Number = Callable[[Result], float]


class Pair(NamedTuple):
    """A scenario with a mechanism, what is measured on it, and what the mechanism does to that."""

    scenario: Data
    measure: Number
    side: str
    """raises, lowers, or none: an honest null."""


class Null(NamedTuple):
    """A mechanism that has nothing to act on, and what it may leave behind."""

    patch: Data
    """What is added to the busy day."""
    tables: tuple[str, ...] = ()
    """Tables that are its own, and columns of others, such as people.capacity."""
    events: tuple[str, ...] = ()
    """Events that are its own."""


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


def spent(kind: str, team: str) -> Number:
    """Return the measure of the hours that a unit has spent on assignments of a kind."""

    def of(result: Result) -> float:
        table = result.frame("assignments")
        mine = table[(table["assignment"] == kind) & (table["unit"] == team)]
        return float((mine["end_h"].fillna(result.end_h) - mine["start_h"]).sum())

    return of


def duty(team: str) -> Number:
    """Return the measure of the hours for which people of a unit were on duty."""

    def of(result: Result) -> float:
        people = result.frame("people")
        return float(people.loc[people["unit"] == team, "on_duty_h"].sum())

    return of


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
    keys = "part", "after", "when", "skill", "materials", "ordered", "repeat"
    own = {key: more.pop(key) for key in keys if key in more}
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


def organised(**units: Data) -> Data:
    return {"response": {"organisation": {"units": units}}}


def responding(**blocks: Any) -> Data:
    return {"response": blocks}


TELL = step("crew", "notify", topic="hall", channels=["chat"], takes="10 min")
CHAT = {"channels": {"chat": {"reach": 0.5, "delay": law("20 min")}}}
AMBULANCE = {"ambulance": {"delay": law("12 min")}}
CALLED = {"after": "1 min", "to": "ambulance"}
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


# -- what is run ------------------------------------------------------------------------------------------------------


def played(data: Data, replication: int = 0) -> Result:
    return run(validate(data, "micro"), 1, replication)


def log(result: Result, event: str) -> Any:
    """Return the rows of the log about events of a kind."""
    events = result.frame("events")
    return events[events["event"] == event]


def columns(data: Data | Scenario, without: tuple[str, ...] = (), events: tuple[str, ...] = ()) -> dict[str, str]:
    """Return every column of one run as text, but for some tables or columns and some kinds of event."""
    result = run(data if isinstance(data, Scenario) else validate(data, "micro"))
    found = {}
    for table in sorted(set(TABLES) - set(without)):
        frame = result.frame(table)
        frame = frame[~frame["event"].isin(events)] if table == "events" else frame
        kept = [name for name in frame if name not in VOLATILE.get(table, ()) and not name.startswith("in_")]
        found |= {f"{table}.{name}": repr(frame[name].to_numpy().tolist()) for name in kept}
    return {column: text for column, text in found.items() if column not in without}


def differing(
    one: Data | Scenario, two: Data | Scenario, without: tuple[str, ...] = (), events: tuple[str, ...] = ()
) -> set[str]:
    """Return the columns in which one run of each differs, but for some tables and some kinds of event."""
    left, right = columns(one, without, events), columns(two, without, events)
    return {column for column in left if left[column] != right[column]}


def mechanism_of(pair: str) -> str:
    return pair.partition(",")[0]


def three(pair: Pair, mechanism: str) -> tuple[Scenario, Scenario, Scenario]:
    """Return the scenario of a pair as it is, with the mechanism off, and without it."""
    on, spec = validate(pair.scenario, "micro"), MECHANISMS[mechanism]
    return on, on.patched(spec.off(on)), on.patched(spec.without(on))


def difference(on: Scenario, off: Scenario, measure: Number) -> Estimate:
    """Return the mean of on − off over replications under the same luck, with its 99 % interval."""
    return estimate(differences(on, off, measure, range(REPLICATIONS)), 0.99)


def differences(on: Scenario, off: Scenario, measure: Number, replications: range) -> list[float]:
    """Return on − off in each replication; one look, at the end, for looks change nothing but the rows of gauges."""
    return [measure(run(on, 1, k, on.end_h)) - measure(run(off, 1, k, off.end_h)) for k in replications]


# -- what is asserted -------------------------------------------------------------------------------------------------


def claim_holds(pair: Pair, mechanism: str) -> None:
    """Assert that the interval of on − off lies on the side of the claim, or holds 0 where none is claimed.

    An effect may show in the first replications, at 99.9 %; otherwise all of them decide, at 99 %.
    """
    on, off, _ = three(pair, mechanism)
    assert MECHANISMS[mechanism].present(on)
    found = differences(on, off, pair.measure, range(FIRST))
    early = estimate(found, 0.999)
    if (pair.side == "raises" and early.low > 0) or (pair.side == "lowers" and early.high < 0):
        return
    late = estimate([*found, *differences(on, off, pair.measure, range(FIRST, REPLICATIONS))], 0.99)
    holds = {"raises": late.low > 0, "lowers": late.high < 0, "none": late.low <= 0 <= late.high}
    assert holds[pair.side], f"on − off: {late.low:.3f} to {late.high:.3f}"


def stays_valid(pair: Pair, mechanism: str, *, named: bool = False) -> None:
    """Assert that off and without are other scenarios, and run; without it it is gone, unless others name its block."""
    on, off, without = three(pair, mechanism)
    for scenario in (off, without):
        assert scenario != on
        assert run(scenario).end_h == on.end_h
    assert not MECHANISMS[mechanism].present(without) or named


def left_over(pair: Pair, mechanism: str, own: tuple[str, ...] = ()) -> set[str]:
    """Return the columns, but for its own tables, in which a mechanism that is off differs from one that is gone."""
    _, off, without = three(pair, mechanism)
    return differing(off, without, own)


def changes_nothing(null: Null, day: Data = BUSY) -> None:
    """Assert that what is added to the busy day leaves every column as on that day, or one as good, but its own."""
    assert differing(day, merge(BUSY, null.patch), null.tables, null.events) == set()
