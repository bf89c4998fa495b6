"""Outcomes of harm and fairness against sums made by hand, and what a plan does for a class of events."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from analysis.outcomes import Measure, Row
from sim import Result, run
from sim.errors import InputError
from sim.spec.patches import validate
from tests.mechanisms.pairs import Data, law, micro, need, unit


def rows(result: Result, outcome: str) -> dict[tuple[str, str], float]:
    found: list[Row] = Measure()(result)
    return {(row.by, row.level): row.value for row in found if row.outcome == outcome}


def played(data: Data) -> Result:
    return run(validate(data, "micro"))


def test_deprivation_doubles_with_the_wait():
    """Everybody counts: who is never served is deprived until the end of the run, at the rate stated for the type."""
    wants = {
        "water": need(4, deprivation={"cost": 10, "doubles": "3 h"}, patience=law("2 h")),
        "talk": need(1),
    }
    result = played(micro({"crew": unit(1)}, wants, hours=12, tail=4))
    table = result.columns("needs")
    mine = table["cohort"] & (table["need_type"].decoded() == "water")
    until = np.where(np.isnan(table["started_h"]), 16.0, table["started_h"])
    by_hand = (10 * (2 ** ((until - table["onset_h"])[mine] / 3) - 1)).sum()
    assert np.isnan(table["started_h"][mine]).any()
    found = rows(result, "deprivation_cost")
    assert found[("all", "all")] == pytest.approx(by_hand)
    assert found[("need", "water")] == pytest.approx(by_hand)
    assert ("need", "talk") not in found
    assert rows(played(micro({"crew": unit(1)}, {"talk": need(1)})), "deprivation_cost") == {}


def test_waiting_costs_some_groups_more():
    """Factors of several groups multiply; the sums by group are those of their residents, and may overlap."""
    by_group = {"over_80": 3, "offline": 2, "pregnant": 9}
    wants = {"water": need(8, deprivation={"cost": 10, "doubles": "3 h", "by_group": by_group})}
    data = micro({"crew": unit(1)}, wants, hours=24, tail=4, shares={"over_80": 0.4, "offline": 0.4, "child": 0.05})
    result = played(data)
    table = result.columns("needs")
    until = np.where(np.isnan(table["started_h"]), 28.0, table["started_h"])
    each = 10 * (2 ** ((until - table["onset_h"]) / 3) - 1)
    each *= np.where(table["in_over_80"], 3, 1) * np.where(table["in_offline"], 2, 1)
    assert (table["in_over_80"] & table["in_offline"]).any()
    found = rows(result, "deprivation_cost")
    mine = table["cohort"]
    assert found[("all", "all")] == found[("need", "water")] == pytest.approx(each[mine].sum())
    for group in ("over_80", "offline"):
        assert found[("group", group)] == pytest.approx(each[mine & table[f"in_{group}"]].sum())
    assert result.group_sizes["child"] < 10
    assert ("group", "child") not in found, "too few to say something of"


def test_a_group_of_deprivation_that_there_is_not():
    """A misspelt group is refused with the nearest right one."""
    wants = {"water": need(1, deprivation={"cost": 1, "doubles": "1 h", "by_group": {"over_8O": 2}})}
    with pytest.raises(InputError, match="did you mean 'over_80'"):
        validate(micro({"crew": unit(1)}, wants), "micro")


def test_gaps_between_groups_and_buildings():
    """The gap of the vulnerable is theirs less the others'; the range over buildings is that of shares by hand."""
    wants = {"box": need(8, patience=law("1 h"), urgency=2)}
    result = played(micro({"crew": unit(2)}, wants, hours=30, shares={"offline": 0.5}))
    table = result.columns("needs")
    unmet = np.isin(table["end"].decoded(), ["abandoned", "open"])
    building = table["building"].decoded()
    shares = [unmet[table["cohort"] & (building == name)].mean() for name in np.unique(building)]
    assert rows(result, "unmet_range_buildings") == {("all", "all"): pytest.approx(max(shares) - min(shares))}
    both = {by: value for (by, _), value in rows(result, "wait_p90_h").items() if by in ("vulnerable", "others")}
    if not np.isnan(list(both.values())).any():
        gap = rows(result, "wait_p90_difference_vulnerable")[("all", "all")]
        assert gap == pytest.approx(both["vulnerable"] - both["others"])


CLASSES: dict[str, Any] = {
    "natural_disaster": {"set": {"organisation.units.crew.count": 5}},
    "public_health": {"set": {"organisation.units.crew.count": 7}},
}


@pytest.mark.parametrize(
    ("world", "people"),
    [
        ({}, 2),
        ({"classes": ["natural_disaster"]}, 5),
        ({"hazards": {"river": {"kind": "flood", "curve": [["0 h", 0]]}}}, 5),
        ({"epidemic": {"contacts": {}, "course": {"latent": "1 d", "infectious": "1 d"}, "seeds": [{}]}}, 7),
    ],
    ids=["none", "stated", "by its hazard", "by its epidemic"],
)
def test_the_class_of_the_event_decides(world: Data, people: int):
    """The same plan answers each class in its own way; a class that is not there changes nothing."""
    result = played(micro({"crew": unit(2)}, {"box": need(1)}, world=world, by_class=CLASSES))
    assert len(result.columns("people")["person"]) == people


def test_a_class_that_there_is_not():
    """A misspelt class is refused with the nearest right one."""
    with pytest.raises(InputError, match="did you mean 'accident'"):
        validate(micro({"crew": unit(2)}, {"box": need(1)}, by_class={"accidents": CLASSES["public_health"]}), "micro")
