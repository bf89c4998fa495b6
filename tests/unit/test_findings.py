"""What is suspect in a scenario that can run: each finding where it belongs, and none where all is well."""

from __future__ import annotations

from typing import Any

import pytest

from sim.experiment_files import read_experiment
from sim.files import load, shipped
from sim.kinds import EXPERIMENT
from sim.spec.findings import findings
from sim.spec.patches import validate

KIT = "world.needs.medicine.items.kit"
CREW = {"function": "logistics", "members": "volunteer", "count": 4}


def small(**need: Any) -> dict[str, Any]:
    """A store and a team, and one need type with what a case is about."""
    medicine = {"per_1000_day": 60, "urgency": 2, "service": "40 min"} | need
    return {
        "name": "small",
        "horizon": "2 d",
        "world": {"community": {"residents": 120}, "needs": {"medicine": medicine}},
        "response": {
            "organisation": {"units": {"crew": CREW}},
            "supplies": {"store": {"stock": {"kit": 25}}},
        },
    }


def said(data: dict[str, Any]) -> dict[str, str]:
    return {finding.place: finding.message for finding in findings(validate(data, "small"))}


def test_a_topic_that_nobody_tells_of():
    """A misspelt topic under ``if_unaware`` would let a need arise for all, informed or not, without a word."""
    flood = load("river-flood")
    place = next(f"world.needs.{name}" for name, need in flood.world.needs.items() if need.if_unaware == "flood")
    wrong = flood.with_values({f"{place}.if_unaware": "floodzq"})
    (new,) = set(findings(wrong)) - set(findings(flood))
    assert (new.place, new.message) == (
        f"{place}.if_unaware",
        "nobody ever tells residents of 'floodzq'; did you mean 'flood'?",
    )


@pytest.mark.parametrize(("low", "high", "says"), [("70", "90", "below its low, 70"), ("10", "50", "above its high")])
def test_a_figure_outside_of_its_own_range(low: str, high: str, says: str):
    """A range that does not hold the figure is of another figure, or one of the two is a slip."""
    path = "world.needs.medicine.per_1000_day"
    data = small() | {"evidence": {path: {"from": "assumed", "low": low, "high": high}}}
    assert says in said(data)[f"evidence.{path}"]
    assert not said(small() | {"evidence": {path: {"from": "assumed", "low": "60", "high": "60"}}})


@pytest.mark.parametrize(("low", "high", "fine"), [("30 min", "1 h", True), ("1 h", "2 h", False), ("30", "50", True)])
def test_a_duration_outside_of_its_own_range(low: str, high: str, *, fine: bool):
    """Durations are compared as such; a range in another unit than the figure's is not judged."""
    path = "world.needs.medicine.patience"
    data = small(patience="45 min") | {"evidence": {f"{path}.value": {"from": "assumed", "low": low, "high": high}}}
    assert bool(said(data)) is not fine


def test_what_a_variant_decides_is_no_finding():
    """A variant may set a figure outside of the range of the base: that is what is compared."""
    for name in EXPERIMENT.shipped():
        assert not [one for one in read_experiment(name).findings() if "its own range" in one.message], name


@pytest.mark.parametrize(
    ("store", "wanted", "suspect"),
    [
        ({}, 25, False),
        ({}, 26, True),
        ({"policy": {"base_stock": 30}, "lead_time": "1 h"}, 30, False),
        ({"policy": {"base_stock": 30}, "lead_time": "1 h"}, 1_000_000_000, True),
        ({"policy": {"reorder_point": 10, "order_quantity": 20}, "lead_time": "1 h"}, 30, False),
        ({"policy": {"reorder_point": 10, "order_up_to": 40}, "lead_time": "1 h"}, 41, True),
        ({"donations": [{"at": "1 h", "items": {"kit": 5}}]}, 30, False),
        ({"donations": [{"at": "1 h", "items": {"kit": 5}}]}, 31, True),
        ({"donations": [{"at": "1 h", "every": "1 d", "items": {"kit": 5}}]}, 31, False),
    ],
)
def test_a_visit_that_wants_more_than_any_store_holds(store: dict[str, Any], wanted: int, *, suspect: bool):
    """Such a visit waits for ever, and takes all that comes from the others; a slip of a zero does that."""
    data = small(items={"kit": wanted})
    data["response"]["supplies"]["store"] |= store
    assert (KIT in said(data)) is suspect


def test_what_a_donor_is_asked_for_counts():
    """What comes from outside may be enough."""
    data = small(items={"kit": 40})
    asked = {"at": "1 h", "by": "crew", "takes": "5 min", "items": {"kit": 20}, "to": "store"}
    data["response"]["donors"] = {"charity": {"decides": "1 h", "asked": [asked]}}
    assert KIT not in said(data)
    asked["to"], data["response"]["supplies"]["shed"] = "shed", {"stock": {"kit": 5}}
    assert KIT in said(data)


def test_neighbours_who_cannot_help():
    """What is met in sessions takes a professional: self-help stated beside it does nothing, and that is said."""
    place, can = "world.needs.medicine.self_help", {"household": 0.5}
    sessions = {"sessions": {"count": 3, "every": "1 d"}}
    for need, suspect in (({"self_help": can}, False), ({"self_help": can} | sessions, True)):
        data = small(**need)
        data["world"]["mutual_help"] = {"agrees": 0.5}
        assert (place in said(data)) is suspect


def test_people_who_walk_in_are_people():
    """A unit that begins with nobody and takes walk-ins is no slip; one without either is."""
    data = small()
    data["response"]["organisation"]["units"]["helpers"] = helpers = {**CREW, "count": 0}
    place = "response.organisation.units.helpers"
    assert said(data)[place] == "it has no people"
    helpers["walk_ins"] = {"curve": [["0 h", 1]], "at_most": 3, "reception": "crew", "takes": "5 min", "stays": "5 h"}
    assert place not in said(data)


@pytest.mark.parametrize("law", ["lognormal", "gamma", "normal"])
def test_a_service_whose_spread_is_absurd(law: str):
    """With a coefficient of variation of a thousand a few visits last for months: surely a slip of the unit."""
    wide = {"dist": law, "mean": "40 min"}
    place = "world.needs.medicine.service"
    assert place not in said(small(service=wide | {"cv": 10}))
    assert "1,000 times its mean" in said(small(service=wide | {"cv": 1000}))[place]
    assert place in said(small(service=wide | {"sd": "10 h"}))


def test_none_of_these_are_in_what_ships():
    """Findings that every shipped scenario had would be read by nobody."""
    words = ("is meant to hold more", "times its mean", "did you mean")
    for name in shipped():
        assert not [one for one in findings(load(name)) if any(word in one.message for word in words)], name
