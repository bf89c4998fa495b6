"""Plain data to a checked scenario, and changes of one: RFC 7396 patches, dotted paths, changes during a run.

A patch goes through the same checks as a file, and so does each change that may happen while the clock runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ValidationError

from sim.errors import InputError, Problem, nearest
from sim.spec.base import thaw
from sim.spec.card import Card, Fix
from sim.spec.changes import Change
from sim.spec.event_classes import CLASSES, classes_of
from sim.spec.messages import translate
from sim.spec.outside_support import Advice
from sim.spec.scenario import Scenario
from sim.spec.unchanged import reuse

WHOLE_POLICIES = ({"base_stock"}, {"reorder_point", "order_quantity"}, {"reorder_point", "order_up_to"})


def merge(data: Any, patch: Any) -> Any:
    """Return data with an RFC 7396 patch applied; neither is changed."""
    if not isinstance(patch, Mapping) or _another_card(data, patch):
        return patch
    merged = dict(data) if isinstance(data, Mapping) and not _of_another_kind(data, patch) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def _another_card(data: Any, patch: Mapping[str, Any]) -> bool:
    """Tell whether a patch is a whole card of another name: it is taken as it is, blanks and all."""
    old, new = data.get("card") if isinstance(data, Mapping) else None, patch.get("card")
    return isinstance(old, str) and isinstance(new, str) and old != new


def _of_another_kind(data: Mapping[str, Any], patch: Mapping[str, Any]) -> bool:
    """Tell whether a patch names another law, hazard, action or whole policy: then nothing of the old stays."""
    for key in ("dist", "kind", "action"):
        if isinstance(patch.get(key), str) and isinstance(data.get(key), str) and patch[key] != data[key]:
            return True
    return set(patch) in WHOLE_POLICIES and set(data) in WHOLE_POLICIES


def nested(path: str, value: Any) -> dict[str, Any]:
    """Return {"a": {"b": value}} for the dotted path "a.b"."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


def validate(data: Any, source: str, lines: Mapping[tuple[str | int, ...], int] | None = None) -> Scenario:
    """Check plain data and return the scenario; raises InputError with every problem found."""
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        raise InputError(source, translate(error, Scenario, lines or {})) from None
    problems = [*_check_evidence(scenario), *_check_changes(scenario), *_check_preparation(scenario)]
    if problems:
        raise InputError(source, problems)
    return scenario


def prepared(scenario: Scenario) -> Scenario:
    """Return the scenario with what the class of the event asks for and what was done beforehand in force."""
    settings = [path_value for _, values in _settings(scenario) for path_value in values.items()]
    if not settings:
        return scenario
    data = scenario.data()
    for path, value in settings:
        data["response"] = merge(data["response"], nested(path, thaw(value)))
    data["response"] = {key: value for key, value in data["response"].items() if key not in ("preparation", "by_class")}
    data.pop("evidence", None)
    return validate(data, "preparation")


def _settings(scenario: Scenario) -> list[tuple[str, Mapping[str, Any]]]:
    """Return (place, values) of all that is set before the run: by the class of the event, then what was prepared."""
    response = scenario.response
    here = [name for name in classes_of(scenario.world) if name in response.by_class]
    return [
        *((f"response.by_class.{name}", response.by_class[name].set) for name in here),
        *((f"response.preparation.{name}", measure.set) for name, measure in response.preparation.items()),
    ]


def _check_preparation(scenario: Scenario) -> list[Problem]:
    """Check that what is set before the run leaves a scenario that can run."""
    if not scenario.response.by_class and not scenario.response.preparation:
        return []  # most have neither, and a dump takes as long as the check of a whole scenario
    known = scenario.model_dump(mode="json", by_alias=True)["response"]
    strangers = [name for name in scenario.response.by_class if name not in CLASSES]
    problems = [Problem(f"response.by_class.{n}", f"{n!r} is no class{nearest(n, CLASSES)}") for n in strangers]
    for place, values in _settings(scenario):
        for path in values:
            parent, itself = path.rpartition(".")[0], path.split(".")[0]
            strange = _unknown_step(known, parent) if parent else None
            if itself in ("preparation", "by_class"):
                problems.append(Problem(f"{place}.set.{path}", f"{itself!r} cannot set itself or be set"))
            elif strange is not None:
                problems.append(Problem(f"{place}.set.{path}", f"no such key in the response: {strange}"))
    if problems:
        return problems
    try:
        prepared(scenario)
    except InputError as error:
        said = (f"{problem.place}: {problem.message}".removeprefix(": ") for problem in error.problems)
        return [Problem("response.preparation", message) for message in said]
    return []


def check_card(data: Any, source: str, lines: Mapping[tuple[str | int, ...], int] | None = None) -> Card:
    """Check a response card by itself; raises InputError with every problem found."""
    try:
        return Card.model_validate(data)
    except ValidationError as error:
        raise InputError(source, translate(error, Card, lines or {})) from None


def patched(scenario: Scenario, data: dict[str, Any], source: str, before: dict[str, Any] | None = None) -> Scenario:
    """Return the scenario that changed data makes; evidence for figures that are gone goes with them.

    Where ``data`` is merged from ``before``, the scenario's own data, what the merge left alone is not checked again.
    """
    given = data if before is None else reuse(scenario, before, data)
    try:
        return validate(given, source)
    except InputError as error:
        known = {f"evidence.{path}" for path in scenario.evidence}
        gone = {problem.place.removeprefix("evidence.") for problem in error.problems if problem.place in known}
        if len(gone) < len(error.problems):
            raise
        kept = {path: entry for path, entry in data["evidence"].items() if path not in gone}
        return validate({**given, "evidence": kept}, source)


def _check_evidence(scenario: Scenario) -> list[Problem]:
    if not scenario.evidence:
        return []
    data = scenario.model_dump(mode="json", by_alias=True)
    problems = []
    for path in scenario.evidence:
        strange = _unknown_step(data, path)
        if strange is not None:
            problems.append(Problem(f"evidence.{path}", f"no such key in the scenario: {strange}"))
    return problems


def merged_onto(base: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """Return a scenario's plain data on top of its base; evidence for figures that it takes away goes with them."""
    merged: dict[str, Any] = merge(base, data)
    own = data.get("evidence")
    if isinstance(base.get("evidence"), dict) and isinstance(merged.get("evidence"), dict):
        gone = [
            path
            for path in base["evidence"]
            if not (isinstance(own, dict) and path in own)
            and _unknown_step(base, path) is None
            and _unknown_step(merged, path) is not None
        ]
        merged["evidence"] = {path: entry for path, entry in merged["evidence"].items() if path not in gone}
    return merged


def _unknown_step(data: Any, path: str) -> str | None:
    """Return the first step of a path that is not in plain data, with the nearest right one; None where all are."""
    here = data
    for key in path.split("."):
        if not isinstance(here, Mapping) or key not in here or here[key] is None:
            return f"{key!r}{nearest(key, here) if isinstance(here, Mapping) else ''}"
        here = here[key]
    return None


def with_values(scenario: Scenario, values: Mapping[str, Any], source: str) -> Scenario:
    """Return the scenario with values set at dotted paths."""
    for path in values:
        place, bracket, _ = path.partition("[")
        if bracket:
            said = f"a list is set as a whole, such as {place.rpartition('.')[2]}: [...]; found one entry of it"
            raise InputError(source, [Problem(path, said)])
    before = data = scenario.data()
    for path, value in values.items():
        data = merge(data, nested(path, thaw(value)))
    try:
        return patched(scenario, data, source, before)
    except InputError:
        known = scenario.model_dump(mode="json", by_alias=True)
        for path in values:
            parent, _, _ = path.rpartition(".")
            strange = _unknown_step(known, parent) if parent else None
            if strange is not None and "did you mean" in strange:
                raise InputError(source, [Problem(path, f"no such key in the scenario: {strange}")]) from None
        raise


CHANGEABLE = {
    "changes": (
        "organisation.units.*.count",
        "organisation.units.*.attendance",
        "organisation.message_delay",
        "desks.*.triage",
        "desks.*.match",
        "desks.*.handling",
        "supplies.*.policy",
        "supplies.*.policies",
        "supplies.*.lead_time",
        "sites.*.stations.*.servers",
        "sites.*.invitations",
    ),
    "injects": ("needs.*.per_1000_day", "needs.*.per_hour", "needs.*.by_phase"),
}
"""What may change while the clock runs, by kind of change."""


def _check_changes(scenario: Scenario) -> list[Problem]:
    """Check each change like a patch, and that it touches only what can change during a run.

    Timed changes are checked one on top of the other; a conditional one on top of the scenario as it stands.
    """
    problems: list[Problem] = []
    plan = scenario.response.plan
    fixes = plan.review.fixes if plan is not None and plan.review is not None else ()
    as_changes = tuple(_as_change(fix) for fix in fixes)
    experts = scenario.response.experts
    advice = tuple(_as_change(item) for item in experts.advice) if experts is not None else ()
    parts: tuple[tuple[Literal["changes", "injects"], str, str, tuple[Change, ...]], ...] = (
        ("changes", "response", "response.changes", scenario.response.changes),
        ("injects", "world", "world.injects", scenario.world.injects),
        ("changes", "response", "response.plan.review.fixes", as_changes),
        ("changes", "response", "response.experts.advice", advice),
    )
    for kind, part, block, changes in parts:
        here = scenario
        in_time = sorted(enumerate(changes), key=lambda item: (item[1].at is None, item[1].at or 0.0))
        for index, change in in_time:
            place = f"{block}[{index}]"
            strange = [path for path in change.set if not any(_matches(path, wild) for wild in CHANGEABLE[kind])]
            wanted = "; ".join(pattern.replace("*", "NAME") for pattern in CHANGEABLE[kind])
            problems += [
                Problem(f"{place}.set.{path}", f"this cannot change while the clock runs; what can: {wanted}")
                for path in strange
            ]
            problems += _check_replayed(scenario, place, change) if kind == "injects" else []
            if strange:
                continue
            try:
                after = changed(here if change.at is not None else scenario, part, change)
            except InputError as error:
                said = [
                    f"{problem.place}: {problem.message}" if problem.place else problem.message
                    for problem in error.problems
                ]
                problems += [Problem(f"{place}.set", message) for message in said]
            else:
                here = after if change.at is not None else here
    return problems


def _as_change(fix: Fix | Advice) -> Change:
    """Return a fix or an advice as a change on a condition, to be checked like one."""
    return Change.model_validate({"when": {"backlog_over": "0"}, "set": thaw(fix.set)})


def _check_replayed(scenario: Scenario, place: str, change: Change) -> list[Problem]:
    """Refuse a conditional inject on a need that a replayed log drives: its timestamps are decided beforehand."""
    if change.when is None:
        return []
    driven = {
        need
        for hazard in scenario.world.hazards.values()
        if hazard.kind == "surge" and hazard.log is not None and hazard.log.replay
        for need in (hazard.drives if hazard.drives is not None else scenario.world.needs)
    }
    names = {path.split(".")[1] for path in change.set if "." in path} & driven
    wanted = "'at' is wanted here: a replayed log cannot change on a condition"
    return [Problem(place, f"{wanted}; it drives {name!r}") for name in sorted(names)]


def _matches(path: str, pattern: str) -> bool:
    keys, wanted = path.split("."), pattern.split(".")
    return len(keys) >= len(wanted) and all(want in ("*", key) for key, want in zip(keys, wanted, strict=False))


BEFORE_THE_RUN = ("changes", "injects", "experts", "preparation", "by_class")
"""Parts of a response or world that change it, and are no part of what is changed."""


def changed(scenario: Scenario, part: str, change: Change) -> Scenario:
    """Return the scenario as it stands after one change of its ``part`` ("response" or "world")."""
    whole: Any = getattr(scenario, part)
    before = whole.model_dump(mode="json", by_alias=True, exclude_unset=True)
    after = {key: value for key, value in before.items() if key not in BEFORE_THE_RUN}
    if isinstance(after.get("plan"), dict):  # its fixes are changes too
        after["plan"] = {key: value for key, value in after["plan"].items() if key != "review"}
    heads = {path.partition(".")[0] for path in change.set}
    known: Any = whole.model_dump(mode="json", by_alias=True, include=heads)
    if heads - set(known):
        known = whole.model_dump(mode="json", by_alias=True)
    for path, value in change.set.items():
        parent: Any = known
        for key in path.split(".")[:-1]:
            if not isinstance(parent, Mapping) or key not in parent:
                if part == "response" and path.startswith("desks.") and key == "desk" and not scenario.response.desks:
                    break
                hint = nearest(key, parent) if isinstance(parent, Mapping) else ""
                raise InputError(path, [Problem("", f"there is no {key!r} to change{hint}")])
            parent = parent[key]
        after = merge(after, nested(path, thaw(value)))
    data = scenario.model_dump(
        mode="json", by_alias=True, exclude_unset=True, exclude={"world", "response", "evidence"}
    )
    data |= {"world": scenario.world, "response": scenario.response, part: reuse(whole, before, after)}
    return validate(data, "change")
