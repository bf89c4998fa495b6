"""The mechanisms of the response, each with its block, and two patches without it.

``off`` is the declared counterfactual: the block stays and the mechanism costs or changes nothing. ``without`` removes
the block. Both keep the scenario valid; an ablation compares the scenario with each. Every mechanism has an on/off pair
of runs on a micro-scenario in ``tests/mechanisms``, and an entry in ``docs/mechanisms.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sim.registry import Registry
from sim.spec.hazard_mechanisms import HAZARDS
from sim.spec.local_hazards import Poisoning
from sim.spec.people_mechanisms import PEOPLE
from sim.spec.plan_mechanisms import TABLE, setting, stated
from sim.spec.scenario import Scenario
from sim.spec.tasks import tasks

Patch = Mapping[str, Any]
AMPLE = 1_000_000


@dataclass(frozen=True)
class Mechanism:
    """A part of a scenario that can be switched off."""

    block: str
    """Where it stands in a scenario."""
    claim: str
    """What it is expected to do."""
    counterfactual: str
    """What stands in its place when it is off."""
    present: Callable[[Scenario], bool]
    off: Callable[[Scenario], Patch]
    without: Callable[[Scenario], Patch]


MECHANISMS: Registry[Mechanism] = Registry("mechanism")


def _units(scenario: Scenario, key: str, value: Any) -> Patch:
    """Return a patch that sets a key of every unit that states it."""
    units = scenario.response.organisation.units
    named = {name: {key: value} for name, unit in units.items() if key in unit.model_fields_set}
    return {"response": {"organisation": {"units": named}}}


def _desks(scenario: Scenario, values: Patch) -> Patch:
    """Return a patch that sets keys of every desk; what its fallback states in their stead goes."""
    patch: dict[str, Any] = {}
    for name, desk in scenario.response.all_desks().items():
        stated = dict.fromkeys(key for key in values if getattr(desk.fallback, key, None) is not None)
        patch[name] = {**values, "fallback": stated} if stated else dict(values)
    return {"response": {"desks": patch}}


def _needs(scenario: Scenario, key: str, value: Any) -> Patch:
    named = {name: {key: value} for name, need in scenario.world.needs.items() if key in need.model_fields_set}
    return {"world": {"needs": named}}


def _organisation(**values: Any) -> Patch:
    return {"response": {"organisation": values}}


def _without_supplies(scenario: Scenario) -> Patch:
    response = {"supplies": None, **_without_changes(scenario, "supplies."), **_without_gifts(scenario)}
    world = dict(_needs(scenario, "items", None)["world"])
    if scenario.world.injects:
        injects = scenario.data()["world"]["injects"]
        world["injects"] = [inject for inject in injects if "stock_of" not in inject.get("when", {})]
    meals = [name for name, hazard in scenario.world.hazards.items() if isinstance(hazard, Poisoning) and hazard.closes]
    if meals:
        world["hazards"] = {name: {"closes": []} for name in meals}
    return {"world": world, "response": response}


def _without_gifts(scenario: Scenario) -> dict[str, Any]:
    """Return the part of a patch that drops what is asked of donors, or sent to others, as goods or for a stock."""
    patch: dict[str, Any] = {}
    data = scenario.data()["response"]
    if scenario.response.donors:
        patch["donors"] = {
            name: {"asked": [asking for asking in donor.get("asked", ()) if not {"items", "stock_of"} & set(asking)]}
            for name, donor in data["donors"].items()
        }
    units = data.get("organisation", {}).get("units", {})
    sends = {name: unit["sends"] for name, unit in units.items() if "sends" in unit}
    if any("items" in sending for sendings in sends.values() for sending in sendings):
        left = {name: [{**sending, "items": {}} for sending in sendings] for name, sendings in sends.items()}
        some = {"people", "amount", "takes"}
        kept = {name: [sending for sending in sendings if some & set(sending)] for name, sendings in left.items()}
        patch["organisation"] = {"units": {name: {"sends": sendings} for name, sendings in kept.items()}}
    return patch


def _without_coordination(scenario: Scenario) -> Patch:
    keys = {"handling": None, "double_entry": None, "coordinator": None}
    desks = _desks(scenario, keys)["response"]
    return {"response": {**desks, **_without_changes(scenario, "desks.")}}


def _without_changes(scenario: Scenario, prefix: str) -> dict[str, Any]:
    """Return the part of a patch that drops changes, fixes, advice and lessons about what is taken away."""
    data = scenario.data()["response"]
    patch: dict[str, Any] = {}
    if "changes" in data:
        kept = [c for c in data["changes"] if not any(path.startswith(prefix) for path in c["set"])]
        if prefix == "supplies.":
            kept = [change for change in kept if "stock_of" not in change.get("when", {})]
        patch["changes"] = kept
    plan = scenario.response.plan
    if plan is not None and plan.review is not None:
        fixes = data["plan"]["review"].get("fixes", [])
        kept = [fix for fix in fixes if not any(path.startswith(prefix) for path in fix["set"])]
        patch["plan"] = {"review": {"fixes": kept}}
    if scenario.response.experts is not None:
        advice = data["experts"].get("advice", [])
        kept = [item for item in advice if not any(path.startswith(prefix) for path in item["set"])]
        patch["experts"] = {"advice": kept} if kept else None
    lessons = scenario.response.recovery.lessons if scenario.response.recovery is not None else None
    if lessons is not None and any(path.startswith(prefix) for path in lessons.set):
        patch["recovery"] = {"lessons": None}
    return patch


def _ample(scenario: Scenario) -> Patch:
    depots = scenario.response.supplies.items()
    return {"response": {"supplies": {name: {"stock": dict.fromkeys(depot.stock, AMPLE)} for name, depot in depots}}}


def _no_switching(scenario: Scenario) -> Patch:
    units = scenario.response.organisation.units
    named = {name: {"posts": {"switching": "0 h"}} for name, unit in units.items() if unit.posts is not None}
    return {"response": {"organisation": {"units": named}}}


def _any_unit(key: str) -> Callable[[Scenario], bool]:
    return lambda s: any(key in unit.model_fields_set for unit in s.response.organisation.units.values())


def _any_desk(key: str) -> Callable[[Scenario], bool]:
    return lambda s: any(key in desk.model_fields_set for desk in s.response.desks.values())


def _any_need(key: str) -> Callable[[Scenario], bool]:
    return lambda s: any(key in need.model_fields_set for need in s.world.needs.values())


_NEVER = "3650 d"
_add = MECHANISMS.add
_add(
    "travel",
    Mechanism(
        "response.travel",
        "ways between residents cost responders' time and residents' waits",
        "everybody moves at 300 km/h and is at the door at once",
        lambda s: s.response.travel is not None,
        lambda _: {"response": {"travel": {"speed_km_h": 300, "doorstep": "0 h"}}},
        lambda _: {"response": {"travel": None}},
    ),
)
_add(
    "supplies",
    Mechanism(
        "response.supplies",
        "a visit that needs goods waits while the store has none",
        f"every store opens with {AMPLE:,} pieces of each item",
        lambda s: bool(s.response.supplies),
        _ample,
        _without_supplies,
    ),
)
_add(
    "coordination",
    Mechanism(
        "response.desks.NAME.handling",
        "taking a request in costs a coordinator's time, and requests queue for it",
        "taking in takes no time",
        _any_desk("handling"),
        lambda s: {"response": {"desks": {n: {"handling": "0 h"} for n, d in s.response.desks.items() if d.handling}}},
        _without_coordination,
    ),
)
_add(
    "messages",
    Mechanism(
        "response.organisation.message_delay and message_handling",
        "each level that word has to cross delays the visit",
        "word is there at once",
        lambda s: bool({"message_delay", "message_handling"} & s.response.organisation.model_fields_set),
        lambda s: _organisation(
            message_delay="0 h", **({"message_handling": "0 h"} if s.response.organisation.message_handling else {})
        ),
        lambda _: _organisation(message_delay=None, message_handling=None),
    ),
)
_add(
    "span_of_control",
    Mechanism(
        "response.organisation.reports",
        "subordinates' reports take the time of whom they answer to; with a wide span requests wait behind them",
        "reports are heard in no time",
        lambda s: s.response.organisation.reports is not None,
        lambda _: _organisation(reports={"takes": "0 h"}),
        lambda _: _organisation(reports=None),
    ),
)
_add(
    "time_split",
    Mechanism(
        "response.organisation.units.NAME.posts",
        "changing between posts costs time",
        "people change between their posts at once",
        _any_unit("posts"),
        _no_switching,
        lambda s: _units(s, "posts", None),
    ),
)
_add(
    "caseload",
    Mechanism(
        "response.organisation.units.NAME.caseload",
        "a worker with a full caseload takes no new case",
        "a worker may hold 10,000 cases",
        _any_unit("caseload"),
        lambda s: _units(s, "caseload", 10_000),
        lambda s: _units(s, "caseload", None),
    ),
)
_add(
    "triage",
    Mechanism(
        "response.desks.NAME.triage",
        "the rule decides which request is served next",
        "first come, first served",
        lambda s: any(desk.triage != "first_come" for desk in s.response.all_desks().values()),
        lambda s: _desks(s, {"triage": "first_come"}),
        lambda s: _desks(s, {"triage": None}),
    ),
)
_add(
    "matching",
    Mechanism(
        "response.desks.NAME.match",
        "sending by skill saves the trips that people without it make for nothing",
        "random: people are sent without looking at skills",
        lambda s: any(desk.match != "random" for desk in s.response.all_desks().values()),
        lambda s: _desks(s, {"match": "random"}),
        lambda s: _desks(s, {"match": None}),
    ),
)
_add(
    "escalation",
    Mechanism(
        "world.needs.NAME.escalate_after",
        "a request that has waited too long rises in urgency after a decision",
        "nobody escalates within ten years",
        _any_need("escalate_after"),
        lambda s: _needs(s, "escalate_after", _NEVER),
        lambda s: _needs(s, "escalate_after", None),
    ),
)
_add(
    "changes",
    Mechanism(
        "response.changes",
        "the response is changed while the clock runs",
        "the response stays as it begins",
        lambda s: bool(s.response.changes),
        lambda _: {"response": {"changes": []}},
        lambda _: {"response": {"changes": None}},
    ),
)


def _everything_permitted(scenario: Scenario) -> Patch:
    kinds = scenario.response.organisation.permitted
    return _organisation(permitted={kind: sorted(tasks(scenario)) for kind in kinds})


for _name, (_block, _claim, _counterfactual, _off, _without) in (TABLE | PEOPLE | HAZARDS).items():
    _present = stated(*(_path for _path, _ in _off))
    _add(
        _name,
        Mechanism(_block.replace("*", "NAME"), _claim, _counterfactual, _present, setting(*_off), setting(*_without)),
    )
_add(
    "permitted",
    Mechanism(
        "response.organisation.permitted",
        "what only some may do waits for them",
        "everybody may do everything",
        lambda s: bool(s.response.organisation.permitted),
        _everything_permitted,
        lambda _: _organisation(permitted=None),
    ),
)
