"""A scenario is a value: patched by RFC 7396 through the same checks, never changed, equal after any journey."""

from __future__ import annotations

import copy
import importlib
import pickle
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

import sim
from sim.errors import InputError
from sim.files import load, shipped
from sim.spec.base import FrozenMap, PathMap, freeze, thaw
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import CHANGEABLE, changed, merge, nested, patched, validate
from sim.spec.scenario import Scenario

many = settings(derandomize=True, max_examples=300, deadline=None)
RUNNERS = "response.organisation.units.runners"


def data(**top: Any) -> dict[str, Any]:
    """A small scenario as plain data."""
    return {
        "name": "small",
        "title": "Small",
        "horizon": "2 d",
        "world": {
            "community": {"residents": 100, "buildings": 4, "zones": ["north", "south"]},
            "hazards": {"surge": {"kind": "surge", "curve": [["0 h", 1], ["10 h", 2]]}},
            "needs": {
                "medicine": {
                    "per_1000_day": 60,
                    "urgency": 2,
                    "skill": "delivery",
                    "service": {"dist": "lognormal", "mean": "40 min", "cv": 0.6},
                    "items": {"kit": 1},
                },
                "distress": {"per_1000_day": 25, "urgency": 3, "service": "1 h"},
            },
        },
        "response": {
            "organisation": {
                "units": {
                    "committee": {"function": "command", "members": "staff", "count": 1},
                    "runners": {
                        "function": "logistics",
                        "members": "volunteer",
                        "count": 2,
                        "reports_to": "committee",
                        "skills": ["delivery"],
                        "shift": ["08:00-20:00", {"hours": "20:00-08:00", "count": 1}],
                    },
                }
            },
            "supplies": {"store": {"stock": {"kit": 25}, "policy": {"base_stock": 30}, "lead_time": "18 h"}},
            "changes": [{"at": "1 d", "set": {"organisation.units.runners.count": 3}}],
        },
        "evidence": {"world.needs.medicine.per_1000_day": {"from": "assumed"}},
        **top,
    }


# -- patches ----------------------------------------------------------------------------------------------------------

# The test cases of RFC 7396, appendix A: (original, patch, result). A JSON null in the original stays.
RFC_7396 = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("original", "patch", "result"), RFC_7396)
def test_merge_is_rfc_7396(original: Any, patch: Any, result: Any) -> None:
    """Maps merge, null deletes, all else replaces: the RFC's own cases, with neither argument changed."""
    kept = copy.deepcopy((original, patch))
    assert merge(original, patch) == result
    assert (original, patch) == kept


trees = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=12,
)


def rfc(target: Any, patch: Any) -> Any:
    """The pseudo-code of RFC 7396, section 2, word for word."""
    if isinstance(patch, dict):
        if not isinstance(target, dict):
            target = {}
        for name, value in patch.items():
            if value is None:
                if name in target:
                    del target[name]
            else:
                target[name] = rfc(target.get(name), value)
        return target
    return patch


@many
@given(trees, trees)
def test_merge_is_rfc_7396_everywhere(original: Any, patch: Any) -> None:
    """On any two trees the merge gives what the RFC's pseudo-code gives, changes neither and is idempotent."""
    kept = copy.deepcopy((original, patch))
    result = merge(original, patch)
    assert (original, patch) == kept
    assert result == rfc(copy.deepcopy(original), patch)
    assert merge(result, patch) == result


def test_a_patch_merges_maps_replaces_lists_and_deletes() -> None:
    """What a plan changes is stated and nothing else moves: siblings stay, a list is the new list, null takes away."""
    base = validate(data(), "base")
    after = base.patched(
        {
            "title": None,
            "world": {"community": {"zones": ["east"]}, "needs": {"distress": None}},
            "response": {"organisation": {"units": {"runners": {"count": 5, "skills": {"driving": 0.5}}}}},
        }
    )
    assert after.title is None
    assert after.world.community.zones == ("east",)
    assert after.world.community.residents == 100
    assert list(after.world.needs) == ["medicine"]
    runners = after.response.organisation.units["runners"]
    assert (runners.count, dict(runners.skills)) == (5, {"delivery": 1.0, "driving": 0.5})
    assert runners.shift == base.response.organisation.units["runners"].shift
    assert after.evidence == base.evidence


def test_a_null_brings_the_default_back() -> None:
    """A key deleted is a key not stated, so its default holds, and it is no part of the data any more."""
    base = validate(data(follow_up="3 d"), "base")
    after = base.patched({"follow_up": None})
    assert base.follow_up == 72.0
    assert after == validate(data(), "base")
    assert "follow_up" not in after.data()


def test_an_empty_patch_changes_nothing() -> None:
    """The patch of the plan as it is."""
    base = validate(data(), "base")
    assert base.patched({}) == base
    assert base.patched({}).data() == base.data()


def test_evidence_goes_with_what_it_is_about() -> None:
    """An ablation removes a block whose figures have evidence; the patch must not fail over a key that is gone."""
    base = validate(data(), "base")
    gone = base.patched({"world": {"needs": {"medicine": None}}})
    assert "medicine" not in gone.world.needs
    assert not any("medicine" in path for path in gone.evidence)
    assert set(gone.evidence) <= set(base.evidence)


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_mechanism_of_the_shipped_scenarios_can_be_taken_out(name: str) -> None:
    """Off and without are tried on real scenarios, evidence and all."""
    scenario = load(name)
    for mechanism in (thing for _, thing in MECHANISMS.items()):
        if mechanism.present(scenario):
            scenario.patched(mechanism.off(scenario))
            scenario.patched(mechanism.without(scenario))


@pytest.mark.parametrize("name", ["estate-screening", "heatwave-outage"])
def test_what_a_patch_leaves_alone_is_as_if_checked_again(name: str) -> None:
    """What a patch does not touch is taken over unchecked; with it or without it, whatever block goes, the scenario and
    the errors are those of checking everything.
    """
    base = load(name)

    def outcome(change: Callable[[], Scenario]) -> str:
        try:
            return repr(change())
        except InputError as error:
            return str(error)

    for part in ("world", "response"):
        for block in base.data()[part]:
            patch = {part: {block: None}}
            whole = merge(base.data(), patch)
            assert outcome(lambda: base.patched(patch)) == outcome(lambda: patched(base, whole, "patch")), block  # noqa: B023


def test_a_whole_policy_replaces_another() -> None:
    """A patch that states a whole replenishment policy leaves nothing of the one before, as with distributions."""
    old = {
        "stock": {"kit": 9},
        "policy": {"reorder_point": 3, "order_quantity": 9},
        "lead_time": {"dist": "fixed", "value": "2 h"},
    }
    new = merge(old, {"policy": {"base_stock": 9}, "lead_time": {"dist": "exponential", "mean": "3 h"}})
    assert new["policy"] == {"base_stock": 9}
    assert new["lead_time"] == {"dist": "exponential", "mean": "3 h"}


def test_a_misspelt_unit_is_named_with_the_nearest() -> None:
    """A dotted path through a name that is not there says so, rather than that a new unit lacks its keys."""
    base = validate(data(), "base")
    with pytest.raises(InputError, match="did you mean"):
        base.with_values({"world.needs.medicin.urgency": 1})


@pytest.mark.parametrize(
    ("patch", "says"),
    [
        ({"horizon": "2"}, "horizon: a duration needs its unit"),
        ({"horizn": "2 d"}, "did you mean 'horizon'"),
        ({"horizon": None}, "horizon: wanted, but it is not there"),
        ({"world": {"needs": {"medicine": {"skill": "flying"}}}}, "no unit declares the skill 'flying'"),
        ({"response": {"organisation": {"units": {"committee": None}}}}, "no unit is called 'committee'"),
        ({"response": {"supplies": None}}, "no depot holds 'kit'"),
        (
            {"world": {"needs": {"medicine": {"per_hour": 3}}}},
            "one of per_1000_day, per_hour and clients is wanted; found per_1000_day and per_hour",
        ),
        ({"world": {"needs": {"medicine": {"service": {"dist": "exponential"}}}}}, "mean: wanted"),
        ({"world": "none"}, "world: a map is wanted; found 'none'"),
        ({"response": {"changes": [{"at": "1 h", "set": {"travel.doorstep": "1 min"}}]}}, "cannot change"),
    ],
)
def test_a_patched_scenario_goes_through_the_same_checks(patch: dict[str, Any], says: str) -> None:
    """A patch cannot make what a file cannot say: also references are checked again; the error names the patch."""
    base = validate(data(), "base")
    with pytest.raises(InputError) as caught:
        base.patched(patch, "plan B")
    assert says in str(caught.value)
    assert str(caught.value).startswith("plan B: ")


def test_the_original_is_not_changed() -> None:
    """Comparing plans needs both: patching one leaves it, and the patch, as they were."""
    base = validate(data(), "base")
    before, text = base.data(), repr(base)
    patch = {"response": {"organisation": {"units": {"runners": {"count": 9, "shift": None}}}}, "title": None}
    kept = copy.deepcopy(patch)
    base.patched(patch)
    base.with_values({f"{RUNNERS}.count": 7})
    changed(base, "response", base.response.changes[0])
    assert base.data() == before
    assert repr(base) == text
    assert patch == kept


def test_frozen_parts_of_one_scenario_patch_another() -> None:
    """A patch may come from Python with frozen maps and tuples in it, as a part of another scenario has them."""
    base = validate(data(), "base")
    stock = FrozenMap({"kit": 3})
    after = base.patched(PathMap({"response": {"supplies": {"store": {"stock": stock}}}}))
    assert dict(after.response.supplies["store"].stock) == {"kit": 3}
    zones = base.patched({"world": {"community": {"zones": ("a", "b")}}})
    assert zones.world.community.zones == ("a", "b")


# -- values at paths --------------------------------------------------------------------------------------------------


def test_with_values() -> None:
    """Values at dotted paths, as numbers or as the text of a command line, several at once, null deletes."""
    base = validate(data(), "base")
    after = base.with_values(
        {f"{RUNNERS}.count": "8", "world.needs.distress.service": "90 min", "follow_up": "0 h", "title": None}
    )
    assert after.response.organisation.units["runners"].count == 8
    assert after.world.needs["distress"].service.mean_h() == 1.5
    assert after.follow_up == 0.0
    assert after.title is None
    assert base.with_values({}) == base


def test_later_values_win() -> None:
    """Values are set in order: a branch, then a leaf of it."""
    base = validate(data(), "base")
    after = base.with_values({"world.community": {"residents": 7}, "world.community.residents": 8})
    assert after.world.community.residents == 8


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({f"{RUNNERS}.cont": 3}, "did you mean 'count'"),
        ({"response.organisation.units.runner.count": 3}, "response.organisation.units.runner"),
        ({f"{RUNNERS}.count": -1}, "a number of people"),
        ({f"{RUNNERS}.count.value": 1}, "a number is wanted; found a map"),
        ({"": 1}, "unknown key ''"),
        ({"horizon.": 1}, "horizon"),
        ({"horizon": 48}, "a duration with its unit"),
    ],
)
def test_values_at_wrong_paths_are_refused(values: dict[str, Any], says: str) -> None:
    """A misspelt path is an error, not a new key; called from Python, the error names no option of a command."""
    with pytest.raises(InputError) as caught:
        validate(data(), "base").with_values(values)
    assert says in str(caught.value)
    assert str(caught.value).startswith("values: ")


@many
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=5), st.integers())
def test_nested(keys: list[str], value: int) -> None:
    """The map made from a path leads back to the value along the path, and holds nothing else."""
    here: Any = nested(".".join(keys), value)
    for key in keys:
        assert list(here) == [key]
        here = here[key]
    assert here == value


# -- frozen -----------------------------------------------------------------------------------------------------------


def parts(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every model, map and tuple in a scenario, with its place."""
    if isinstance(value, BaseModel):
        yield place, value
        for name in type(value).model_fields:
            yield from parts(getattr(value, name), f"{place}.{name}")
    elif isinstance(value, Mapping):
        yield place, value
        for key, item in value.items():
            yield from parts(item, f"{place}[{key!r}]")
    elif isinstance(value, (list, tuple, set)):
        yield place, value
        for index, item in enumerate(value):
            yield from parts(item, f"{place}[{index}]")


@cache
def scenarios() -> tuple[sim.Scenario, ...]:
    """All scenarios of these tests."""
    return (validate(data(), "small"), *(load(path) for path in shipped().values()))


def test_nothing_in_a_scenario_can_be_written_to() -> None:
    """Every model, map and list at every depth refuses to be changed: plans share their world, threads their scenario.

    That holds for the data of a change too, which may be of any shape.
    """
    deep = data()
    deep["response"]["changes"] = [
        {"at": "1 h", "set": {"supplies.store.policies": {"kit": {"base_stock": 3}}, "supplies.store.policy": None}}
    ]
    for scenario in [*scenarios(), validate(deep, "deep")]:
        text, seen = repr(scenario), 0
        for place, part in parts(scenario, scenario.name):
            seen += 1
            if isinstance(part, BaseModel):
                for name in type(part).model_fields:
                    with pytest.raises(ValidationError):
                        setattr(part, name, getattr(part, name))
                    with pytest.raises(ValidationError):
                        delattr(part, name)
                with pytest.raises((ValidationError, ValueError, AttributeError)):
                    part.something_new = 1
            elif isinstance(part, Mapping):
                refuses_writing(part, place)
            else:
                assert isinstance(part, tuple), f"{place} is a {type(part).__name__}"
        assert seen > 20
        assert repr(scenario) == text


def refuses_writing(part: Any, place: str) -> None:
    """Try every way of changing a map."""
    assert not isinstance(part, dict), f"{place} is a plain dict"
    size = len(part)
    for key in [*part, "new"]:
        with pytest.raises(TypeError):
            part[key] = 1
        with pytest.raises(TypeError):
            del part[key]
    for method in ("update", "pop", "popitem", "clear", "setdefault", "__ior__"):
        assert not hasattr(part, method), f"{place} has {method}"
    for name in ("_items", "_keys", "__class__", "new"):
        with pytest.raises((AttributeError, TypeError)):
            setattr(part, name, {})
    with pytest.raises((AttributeError, TypeError)):
        del part._items
    assert len(part) == size


def test_a_frozen_map_keeps_nothing_of_what_it_was_made_of() -> None:
    """Changing the dict, or the data, that a map or a scenario was made from does not reach it."""
    source = {"a": 1}
    made = FrozenMap(source)
    source["a"] = 2
    assert made["a"] == 1
    plain = data()
    scenario = validate(plain, "small")
    plain["world"]["needs"].clear()
    plain["world"]["community"]["zones"].append("west")
    plain["response"]["changes"][0]["set"].clear()
    assert scenario == validate(data(), "small")
    scenario.data()["world"]["needs"].clear()
    assert scenario == validate(data(), "small")


@many
@given(trees)
def test_freeze_and_thaw(tree: Any) -> None:
    """Plain data frozen has no dict and no list in it, and thawed it is the same data."""
    frozen = freeze(tree)
    assert thaw(frozen) == tree
    assert not any(isinstance(part, (dict, list)) for _, part in parts(frozen))


def test_a_frozen_map_is_a_map() -> None:
    """It reads like a dict: order of the file, equality by content, membership, get."""
    made = FrozenMap({"b": 1, "a": 2})
    assert list(made) == ["b", "a"]
    assert made == {"a": 2, "b": 1}
    assert made == FrozenMap({"a": 2, "b": 1})
    assert made != FrozenMap({"a": 2})
    assert "a" in made
    assert made.get("c") is None
    with pytest.raises(KeyError):
        made["c"]
    assert FrozenMap() == {}
    assert not FrozenMap()


# -- journeys ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_round_trip(protocol: int) -> None:
    """A scenario travels to worker processes by pickle and arrives equal, still frozen, with what was stated known."""
    for scenario in scenarios():
        again = pickle.loads(pickle.dumps(scenario, protocol))
        assert again == scenario
        assert again.data() == scenario.data()
        assert [type(part) for _, part in parts(again)] == [type(part) for _, part in parts(scenario)]


def test_copies() -> None:
    """A copy, shallow or deep, is the same scenario."""
    for scenario in scenarios():
        assert copy.copy(scenario) == scenario
        assert copy.deepcopy(scenario) == scenario
        assert copy.deepcopy(scenario).data() == scenario.data()


def test_an_error_travels_too() -> None:
    """An InputError raised in a worker arrives with its problems."""
    with pytest.raises(InputError) as caught:
        validate({}, "nothing")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again), again.problems) == (InputError, str(caught.value), caught.value.problems)


def test_data_holds_only_what_was_stated() -> None:
    """A dumped scenario is as short as the file: defaults are not written out."""
    plain = data()
    written = validate(plain, "small").data()
    assert set(written) == set(plain)
    assert set(written["world"]["community"]) == set(plain["world"]["community"])
    assert set(written["response"]["organisation"]["units"]["committee"]) == {"function", "members", "count"}
    runners = written["response"]["organisation"]["units"]["runners"]
    assert runners["shift"] == [{"hours": "08:00-20:00"}, {"hours": "20:00-08:00", "count": 1}]


def test_values_from_python_equal_those_from_a_file() -> None:
    """8, 8.0 and "8" are one count, True and "true" one yes: a notebook and a file make equal scenarios."""
    base = validate(data(), "base")
    assert base.with_values({f"{RUNNERS}.count": 8}) == base.with_values({f"{RUNNERS}.count": "8"})
    assert base.with_values({f"{RUNNERS}.count": 8.0}) == base.with_values({f"{RUNNERS}.count": "8"})
    assert base.with_values({f"{RUNNERS}.leader": True}) == base.with_values({f"{RUNNERS}.leader": "true"})


# -- changes ----------------------------------------------------------------------------------------------------------


def test_changed_is_the_scenario_with_the_patch() -> None:
    """The scenario after a change is the one that a file with the new values would give, without the changes."""
    base = validate(data(), "base")
    after = changed(base, "response", base.response.changes[0])
    assert after.response.organisation.units["runners"].count == 3
    rest = data()
    del rest["response"]["changes"]
    expected = validate(rest, "rest").with_values({f"{RUNNERS}.count": 3})
    assert after.response == expected.response
    assert after.world == expected.world


@pytest.mark.parametrize(
    "path",
    [
        *("name", "horizon", "world.needs.medicine.per_1000_day", "organisation.units.runners.skills", "organisation"),
        *("organisation.units.runners", "travel.speed_km_h", "supplies.store.stock", "desks.desk.units", "changes"),
    ],
)
def test_what_cannot_change_while_the_clock_runs(path: str) -> None:
    """Only what the model can take up in a run may change; all else is refused before the run, with what can."""
    plain = data()
    plain["response"]["changes"] = [{"at": "1 h", "set": {path: 1}}]
    with pytest.raises(InputError, match="cannot change while the clock runs") as caught:
        validate(plain, "small")
    assert f"response.changes[0].set.{path}" in str(caught.value)
    assert "organisation.units.NAME.count" in str(caught.value)


VALUES = {
    "organisation.units.*.count": 4,
    "organisation.units.*.attendance": 0.5,
    "organisation.message_delay": "5 min",
    "desks.*.triage": "first_come",
    "desks.*.match": "nearest",
    "desks.*.handling": "5 min",
    "supplies.*.policy": {"base_stock": 40},
    "supplies.*.policies": {"kit": {"base_stock": 40}},
    "supplies.*.lead_time": "1 d",
    "sites.*.stations.*.servers": 3,
    "sites.*.invitations": {"slot": "1 h", "per_slot": 20},
    "needs.*.per_1000_day": 90,
    "needs.*.per_hour": 1.5,
    "needs.*.by_phase": {"warning": 2},
}


@pytest.mark.parametrize("pattern", [pattern for patterns in CHANGEABLE.values() for pattern in patterns])
def test_what_can_change_is_accepted(pattern: str) -> None:
    """Everything that is said to be changeable is, and the scenario after it says so."""
    plain = data(evidence={})
    plain["response"]["desks"] = {"hotline": {"coordinator": "committee"}}
    plain["world"]["needs"]["call"] = {"per_hour": 1, "urgency": 2, "service": "1 h"}
    need = "call" if pattern.endswith("per_hour") else "medicine"
    station = {"servers": 1, "service": "1 min"}
    invitations = {"slot": "30 min", "per_slot": 10, "rounds": ["1 h"]}
    plain["response"]["sites"] = {"hall": {"enters": "hall", "stations": {"hall": station}, "invitations": invitations}}
    names = {"organisation": "runners", "desks": "hotline", "supplies": "store", "needs": need, "sites": "hall"}
    path = pattern.replace("*", names[pattern.partition(".")[0]])
    kind, part = ("injects", "world") if pattern in CHANGEABLE["injects"] else ("changes", "response")
    plain[part][kind] = [{"at": "1 h", "set": {path: VALUES[pattern]}}]
    scenario = validate(plain, "small")
    change = getattr(getattr(scenario, part), kind)[0]
    here: Any = changed(scenario, part, change).data()[part]
    for key in path.split("."):
        here = here[key]
    expected: Any = scenario.with_values({f"{part}.{path}": VALUES[pattern]}).data()[part]
    for key in path.split("."):
        expected = expected[key]
    assert here == expected


def test_each_bad_change_is_told() -> None:
    """Two bad changes give problems at both places: one does not hide the other."""
    plain = data()
    plain["response"]["changes"] = [
        {"at": "1 h", "set": {"organisation.units.runners.count": -1}},
        {"at": "2 h", "set": {"organisation.units.nobody.count": 1}},
    ]
    with pytest.raises(InputError) as caught:
        validate(plain, "small")
    assert "changes[0]" in str(caught.value)
    assert "changes[1]" in str(caught.value)


def test_changes_that_only_together_cannot_be() -> None:
    """Timed changes hold one after the other, so the second is checked on top of the first: else the run would fail."""
    plain = data()
    plain["response"]["organisation"]["units"]["runners"] |= {"count": 4, "from": "outside", "inside": 2}
    plain["response"]["organisation"]["units"]["runners"].pop("shift")
    plain["response"]["supplies"]["store"]["policy"] = {"reorder_point": 5, "order_up_to": 20}
    plain["response"]["changes"] = [
        {"at": "1 h", "set": {"supplies.store.policy": {"reorder_point": 15}}},
        {"at": "2 h", "set": {"supplies.store.policy": {"order_up_to": 10}}},
    ]
    with pytest.raises(InputError, match="order_up_to above reorder_point"):
        validate(plain, "small")


# -- the package ------------------------------------------------------------------------------------------------------


def test_the_names_of_the_package_stay_what_they_are() -> None:
    """sim.run is what runs a scenario however often it is asked for, also once the modules have been imported."""
    for module in sim._HOMES.values():
        importlib.import_module(module)
    for name in ("run", "run_many", "load", "Scenario", "Result"):
        assert callable(getattr(sim, name)), name
