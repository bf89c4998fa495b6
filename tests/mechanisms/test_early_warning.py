"""Early warning and preparation: what an alarm and a measure do, what they cost in vain, what attack on them found.

The laws of detection: ``tests/theory/test_detection.py``. The outcomes: ``tests/unit/test_warning_outcomes.py``.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analysis.outcomes  # noqa: F401  # registers the outcomes
from analysis.run_outcomes import RUN_OUTCOMES
from sim import Result
from sim.errors import InputError
from sim.model import CrisisModel
from sim.spec.crossed import cross
from sim.spec.experiment import Experiment
from sim.spec.findings import findings
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import merge, validate, with_values
from tests.mechanisms.pairs import (
    BUSY,
    Data,
    Null,
    Pair,
    at,
    changes_nothing,
    claim_holds,
    commander,
    differing,
    duty,
    happened,
    law,
    log,
    mechanism_of,
    micro,
    need,
    needs,
    plan,
    played,
    rows,
    spent,
    stays_valid,
    step,
    unit,
)

COUNT = "organisation.units.crew.count"
HOUSES = ("b1", "b2", "b3", "b4")
WAVE = [["0 h", 0], ["8 h", 0], ["9 h", 1], ["14 h", 1], ["15 h", 0]]


def river(curve: Any = WAVE, *, ground: float = 0.0, lead: str = "4 h", error: float = 0.0, **more: Any) -> Data:
    """Return a river whose entrances lie so high, with a gauge."""
    flood = {"kind": "flood", "curve": curve, "precursor": {"lead": lead, "error": error}, **more}
    return {"hazards": {"river": flood | {"ground": dict.fromkeys(HOUSES, ground)}}}


def gauge(over: float = 0.5, **more: Any) -> Data:
    """Return a detector that reads the river."""
    return {"gauge": {"sees": {"gauge": "river"}, "over": over, "every": "15 min", "clears_after": "2 h", **more}}


def calls(over: float = 0, **more: Any) -> Data:
    """Return a detector that counts requests."""
    return {"calls": {"sees": {"needs": ["box"]}, "over": over, "every": "1 h", "window": "2 h", **more}}


def on_alarm(detector: str = "gauge", count: int = 8) -> list[Data]:
    return [{"when": {"alarm": detector}, "set": {COUNT: count}}]


def prepared(values: Data, cost: float = 0) -> Data:
    return {"measure": {"cost": cost, "set": values}}


def alarms(result: Result) -> list[tuple[float, float]]:
    """Return (raised, cleared) of each alarm."""
    table = result.columns("alarms")
    return list(zip(table["raised_h"].tolist(), table["cleared_h"].tolist(), strict=True))


def came(result: Result) -> list[float]:
    return list(result.columns("alarms")["came"].tolist())


SKILLED = {"care": need(4, skill="care", patience=law("4 h"))}
GOODS = {"box": need(4, items={"box": 1}, patience=law("4 h"))}
RUSH = river(drives=["box"], gain=3)
PAIRS: dict[str, Pair] = {
    # the mechanism; behind a comma what is measured, or how, where it has more than one pair
    "early_warning": Pair(
        micro({"crew": unit(1)}, {"box": need(3)}, world=RUSH, early_warning=gauge(), changes=on_alarm()),
        needs("wait_mean_h"), "lowers",
    ),
    "early_warning, who counts calls": Pair(
        micro({"crew": unit(1)}, {"box": need(3)}, world=RUSH, early_warning=calls(4), changes=on_alarm("calls")),
        needs("wait_mean_h"), "lowers",
    ),
    "early_warning, nobody comes for it": Pair(
        micro({"crew": unit(1)}, {"box": need(3)}, world=RUSH, early_warning=gauge()), needs("wait_mean_h"), "none",
    ),
    "early_warning, a card": Pair(
        micro(
            {"command": commander(), "crew": unit(3)}, {"box": need(1)}, world=river(), early_warning=gauge(),
            plan=plan({"bags": step("crew", "work", person_hours="2 h", part="contingency", when={"alarm": "gauge"})}),
        ),
        spent("step.bags", "crew"), "raises",
    ),
    "by_class": Pair(
        micro({"crew": unit(1)}, {"box": need(3)}, world={"classes": ["accident"]},
              by_class={"accident": {"set": {"organisation.units.crew.count": 4}}}),
        needs("wait_mean_h"), "lowers",
    ),
    "preparation": Pair(
        micro({"crew": unit(4)}, GOODS, supplies={"store": {"stock": {"box": 10}}},
              preparation=prepared({"supplies.store.stock.box": 300})),
        needs("unmet_share"), "lowers",
    ),
    "preparation, drills": Pair(
        micro({"crew": unit(4, leader="true", know_how={"question": law("2 h")})}, {"box": need(3)},
              preparation=prepared({"organisation.units.crew.know_how.drilled": 1,
                                    "organisation.units.crew.know_how.halves": "3650 d"})),
        needs("wait_mean_h"), "lowers",
    ),
    "preparation, the register": Pair(
        micro({"crew": unit(12, skills={"care": 1}, register={"coverage": 0.2})}, SKILLED,
              preparation=prepared({"organisation.units.crew.register.coverage": 1})),
        needs("unmet_share"), "lowers",
    ),
    "preparation, training": Pair(
        micro({"crew": unit(6, skills={"care": 0.2})}, SKILLED,
              preparation=prepared({"organisation.units.crew.skills.care": 0.9})),
        needs("unmet_share"), "lowers",
    ),
    "preparation, its price": Pair(
        micro({"crew": unit(2, cost_per_h=10)}, {"box": need(1)}, preparation=prepared({}, 500)),
        at("total_cost", "all"), "raises",
    ),
}  # fmt: skip

NULLS: dict[str, Null] = {
    "a threshold that is never passed": Null({"response": {"early_warning": calls(10**6)}}, ("alarms",)),
    "a detector to which nothing is passed on": Null(
        {"response": {"early_warning": calls(sensitivity=0)}}, ("alarms",)
    ),
    "a lag longer than the run": Null({"response": {"early_warning": calls(lag="90 d")}}, ("alarms",)),
    "an alarm for which nobody waits": Null(
        {"response": {"early_warning": calls(0)}}, ("alarms",), ("alarm", "all_clear")
    ),
    "a measure that sets nothing": Null({"response": {"preparation": prepared({}, 10)}}),
    "a measure that sets what is": Null({"response": {"preparation": prepared({COUNT: 3})}}),
}


def test_each_mechanism_has_its_pair():
    """A mechanism without a pair of runs is a claim nobody has tried."""
    assert {mechanism_of(pair) for pair in PAIRS} == {"early_warning", "by_class", "preparation"}


@pytest.mark.parametrize("pair", PAIRS)
def test_the_direction_that_is_claimed(pair: str):
    """On against off under the same luck: the 99 % interval of the paired difference lies on the side of the claim."""
    claim_holds(PAIRS[pair], mechanism_of(pair))


@pytest.mark.parametrize("pair", PAIRS)
def test_both_patches_keep_a_scenario_valid(pair: str):
    """Off and without it a scenario still reads and runs; detectors stay, since cards and changes name them."""
    stays_valid(PAIRS[pair], mechanism_of(pair), named=mechanism_of(pair) == "early_warning")


@pytest.mark.parametrize("null", NULLS)
def test_what_has_nothing_to_act_on_changes_nothing(null: str):
    """A detector that never says anything, or to nobody, leaves every table but its own bit for bit as it was."""
    changes_nothing(NULLS[null])


# -- when an alarm is raised and taken back ---------------------------------------------------------------------------


def expected_alarms(request: Any, end_h: float, every: float, window: float, lag: float, over: float, clears: float):
    """Return (raised, cleared) of each alarm as they follow from the requests."""
    found: list[list[float]] = []
    last = -np.inf
    for k in range(1, int(end_h / every) + 2):
        now = k * every
        if now >= end_h:
            break
        on = bool(found) and np.isnan(found[-1][1])
        if ((request > now - lag - window) & (request <= now - lag)).sum() > over:
            last = now
            if not on:
                found.append([now, np.nan])
        elif on and now - last >= clears:
            found[-1][1] = now
    return [tuple(row) for row in found]


@settings(derandomize=True, max_examples=25, deadline=None)
@given(
    every=st.sampled_from([0.25, 1.0, 5.0, 100.0]), window=st.sampled_from([0.5, 3.0, 20.0, 1000.0]),
    lag=st.sampled_from([0.0, 0.125, 4.0, 500.0]), over=st.sampled_from([0, 1, 2.5, 6]),
    clears=st.sampled_from([0.125, 2.0, 10.0, 500.0]), replication=st.integers(0, 5),
)  # fmt: skip
def test_alarms_follow_from_what_was_reported(every, window, lag, over, clears, replication):
    """Raised at the first look that sees too much, taken back at the first that has not for long enough, and again."""
    detector = {
        "sees": {"needs": ["box"]}, "over": over, "every": f"{every} h", "window": f"{window} h", "lag": f"{lag} h",
        "clears_after": f"{clears} h",
    }  # fmt: skip
    result = played(micro({}, {"box": need(0.5)}, hours=48, tail=12, early_warning={"d": detector}), replication)
    request = result.columns("needs")["requested_h"]
    expected = expected_alarms(request, 60, every, window, lag, over, clears)
    assert np.array_equal(alarms(result), np.array(expected).reshape(-1, 2) if expected else [], equal_nan=True)
    assert len(log(result, "alarm")) == len(expected)
    assert len(log(result, "all_clear")) == sum(end == end for _, end in expected)


def test_an_alarm_comes_again_after_the_all_clear():
    """Two waves give two alarms; a change that waited for the first is not made twice."""
    waves = [["0 h", 0], ["4 h", 1], ["6 h", 0], ["12 h", 0], ["14 h", 1], ["16 h", 0]]
    data = micro({"crew": unit(2)}, {"box": need(1)}, world=river(waves), early_warning=gauge(), changes=on_alarm())
    result = played(data)
    assert len(alarms(result)) == 2
    assert log(result, "change")["t_h"].tolist() == [alarms(result)[0][0]]


def test_detectors_of_one_change_and_one_phase():
    """Several detectors may wait on the same people: each change waits for its own, and each alarm is its own."""
    watch = gauge() | {"late": gauge(0.9)["gauge"], "never": gauge(7)["gauge"]}
    changes = [*on_alarm("gauge", 4), *on_alarm("late", 6), *on_alarm("never", 9)]
    cycle = {"life_cycle": {"conditions": [
        {"from": "warning", "to": "emergency", "when": {"alarm": "late"}},
        {"from": "emergency", "to": "protracted", "when": {"alarm": "never"}},
    ]}}  # fmt: skip
    data = micro({"crew": unit(1)}, {"box": need(1)}, world=river() | cycle, early_warning=watch, changes=changes)
    result = played(data)
    table = result.frame("alarms")
    raised = dict(zip(table["detector"], table["raised_h"], strict=True))
    assert set(raised) == {"gauge", "late"}
    assert raised["gauge"] < raised["late"]
    assert log(result, "change")["t_h"].tolist() == [raised["gauge"], raised["late"]]
    assert result.frame("phases")["begin_h"].tolist() == [0.0, raised["late"]]


def test_a_look_more_often_than_anybody_asks_for_it():
    """Looks every minute of a day are 1,439; windows of a minute count each request once."""
    result = played(micro({}, {"box": need(2)}, early_warning=calls(every="1 min", window="1 min", clears_after="1 s")))
    request = result.columns("needs")["requested_h"]
    assert len(alarms(result)) == np.unique(np.ceil(request * 60)).size - sum(
        later - sooner == 1 for sooner, later in pairwise(np.unique(np.ceil(request * 60)))
    )


def test_no_case_no_alarm():
    """More than none is one: with ``over: 0`` and no requests the alarm is never raised."""
    assert alarms(played(micro({}, {"box": need(0)}, early_warning=calls(0)))) == []


@pytest.mark.parametrize("by", [False, True])
def test_who_observes_the_run_changes_nothing(by: bool):
    """However often the model is looked at, the alarms are the same: the looks of a detector are its own."""
    who = {"by": "crew", "takes": "5 min"} if by else {}
    data = micro({"crew": unit(2)}, {"box": need(3)}, world=RUSH, early_warning=gauge(**who) | calls(3, lag="20 min"),
                 changes=on_alarm())  # fmt: skip
    found = [CrisisModel(validate(data, "x"), 1, 0, look_h).run() for look_h in (0.1, 1.0, 7.3, 100.0)]
    for table in ("alarms", "events", "needs", "shifts", "assignments"):
        assert all(other.frame(table).equals(found[0].frame(table)) for other in found[1:]), table


def test_looking_takes_the_time_of_those_who_look():
    """Each look is a task of its unit, and what it saw is known when the task is done."""
    watch = gauge(every="1 h", by="watch", takes="6 min", clears_after="1 h")
    result = played(micro({"watch": unit(1)}, {"box": need(0)}, world=river(), early_warning=watch))
    tasks = result.frame("assignments").query("assignment == 'early_warning'")
    assert tasks["start_h"].tolist() == pytest.approx(range(1, 24))
    assert (tasks["end_h"] - tasks["start_h"]).tolist() == pytest.approx([0.1] * 23)
    free = alarms(
        played(micro({}, {"box": need(0)}, world=river(), early_warning=gauge(every="1 h", clears_after="1 h")))
    )
    assert np.array(alarms(result)) == pytest.approx(np.array(free) + 0.1)


# -- a false alarm costs what a true one costs ------------------------------------------------------------------------


def warned(*, ground: float = 0.0, over: float = 0.5) -> Result:
    """Run a card that answers the gauge with sandbags and people; the water reaches the doors, or not."""
    bags = step(
        "crew", "work", 3, person_hours="6 h", materials={"bag": 40}, part="contingency",
        when={"alarm": "gauge", "every": "2 d"},
    )  # fmt: skip
    return played(micro(
        {"command": commander(), "crew": unit(3, cost_per_h=10)}, {"box": need(2)}, tail=24,
        world=river(ground=ground) | {"attitudes": {"trust": {"start": 0.6, "moves": {"false_alarm": -0.25}}}},
        early_warning=gauge(over, warns_of="river"), supplies={"store": {"stock": {"bag": 100}, "prices": {"bag": 2}}},
        plan=plan({"bags": bags}), changes=on_alarm(count=6),
    ))  # fmt: skip


TRUE, FALSE, NONE = {}, {"ground": 9.0}, {"ground": 9.0, "over": 7.0}


def test_a_false_alarm_consumes_what_a_true_one_does():
    """Nobody can tell them apart while they last: goods, hours and people are the same to the piece and the second."""
    true, false = warned(**TRUE), warned(**FALSE)
    assert (came(true), came(false)) == ([1.0], [0.0])
    for table in ("stock", "assignments", "orders", "shifts"):
        assert true.frame(table).equals(false.frame(table)), table


def test_a_false_alarm_is_not_free():
    """Against a run without any alarm it takes materials, the hours of those who carry them, and of who was called."""
    false, none = warned(**FALSE), warned(**NONE)
    assert alarms(none) == []
    on_hand = [int(result.frame("stock").query("item == 'bag'")["on_hand"].iloc[-1]) for result in (false, none)]
    assert on_hand == [60, 100]
    assert spent("step.bags", "crew")(false) == pytest.approx(6.0)
    assert spent("step.bags", "crew")(none) == 0
    called_h = 3 * (false.end_h - alarms(false)[0][0])
    assert duty("crew")(false) - duty("crew")(none) == pytest.approx(called_h)
    cost = [{level: value for _, level, value, _ in RUN_OUTCOMES["cost"].of(result)} for result in (false, none)]
    assert cost[0]["crew"] - cost[1]["crew"] == pytest.approx(10 * called_h)


def test_only_a_false_alarm_costs_trust():
    """At the all clear everybody loses a quarter of what they had, once; after a true alarm nobody does."""
    true, false = warned(**TRUE), warned(**FALSE)
    assert rows("attitudes")(true) == 0
    moved = false.frame("attitudes")
    assert set(moved["cause"]) == {"false_alarm"}
    assert sorted(moved["resident"]) == list(range(60))
    assert moved["change"].to_numpy() == pytest.approx(-0.15)
    assert set(moved["t_h"]) == {alarms(false)[0][1]}


def test_an_alarm_that_warns_of_nothing_named_is_neither_true_nor_false():
    """Without ``warns_of`` nobody can say, and no trust is lost."""
    data = micro({}, {"box": need(2)}, early_warning=calls(clears_after="1 s"),
                 world={"attitudes": {"trust": {"start": 0.5, "moves": {"false_alarm": -0.5}}}})  # fmt: skip
    result = played(data)
    assert np.isnan(came(result)).all()
    assert rows("attitudes")(result) == 0


UNTIL_THE_END = "came: infinity <= infinity where an alarm lasts to the end: sim/response/early_warning.py:159"
PAST = "came: what was over before the alarm counts as there while it lasts: sim/response/early_warning.py:159"


def test_an_alarm_that_lasts_to_the_end_may_be_false():
    """What never came was not there while the alarm lasted, whether or not the alarm has been taken back."""
    dry = micro({}, {"box": need(5)}, world=river(ground=9.0), early_warning=calls(warns_of="river"))
    result = played(dry)
    assert np.isnan(alarms(result)[0][1])
    assert came(result) == [0.0]


def test_an_alarm_after_the_hazard_is_false():
    """'False if that is not there while it lasts': a flood that was gone hours before the alarm is not there."""
    gone = river([["0 h", 1], ["1 h", 1], ["2 h", 0]])
    result = played(micro({}, {"box": need(5)}, world=gone, early_warning=calls(3, lag="8 h", warns_of="river")))
    assert alarms(result)[0][0] > 8
    assert came(result)[0] == 0.0


# -- attack -----------------------------------------------------------------------------------------------------------


class Counted(CrisisModel):
    """A model that gives up where phases turn without end."""

    turns = 0

    def tell(self, kind: str, subject: str, detail: object = "") -> None:
        self.turns += kind == "phase_entered"
        if self.turns > 1000:
            raise AssertionError("phases turn without end")
        super().tell(kind, subject, detail)


@pytest.mark.parametrize("when", [{"alarm": "calls"}, {"backlog_below": 10**6}], ids=["alarm", "backlog"])
def test_phases_in_a_circle_end_the_moment(when: Data):
    """An alarm that ends two phases, each into the other: the run goes on, or the scenario is refused; no hang."""
    turns = [{"from": "warning", "to": "emergency", "when": when}, {"from": "emergency", "to": "warning", "when": when}]
    data = micro({}, {"box": need(3)}, world={"life_cycle": {"conditions": turns}}, early_warning=calls())
    try:
        scenario = validate(data, "circle")
    except InputError:
        return
    assert Counted(scenario).run().end_h == 24


QUEUE = "looks queue up while nobody is on duty, and are judged hours later: sim/response/early_warning.py:70-79"


def test_who_comes_to_work_looks_at_what_is_there_now():
    """A gauge that was high at night and has long fallen raises no alarm in the morning: nobody looked at night.

    And in the morning somebody reads it once, not once for each hour of the night.
    """
    night = river([["0 h", 1], ["3 h", 1], ["4 h", 0]], lead="0 h")
    watch = gauge(every="1 h", by="watch", takes="6 min", clears_after="1 h")
    result = played(micro({"watch": unit(1, shift="08:00-20:00")}, {"box": need(0)}, world=night, early_warning=watch))
    tasks = result.frame("assignments").query("assignment == 'early_warning'")
    assert (tasks["start_h"] < 9).sum() == 1
    assert alarms(result) == []


def test_nobody_looks_where_nobody_is():
    """A detector of a unit without people never says anything, and the run goes on."""
    watch = calls(by="watch", takes="1 min", every="1 min")
    assert alarms(played(micro({"watch": unit(0)}, {"box": need(5)}, early_warning=watch))) == []


STILL_LOOKS = "off and without leave `by` and `takes`: people still look: sim/spec/hazard_mechanisms.py:28"


@pytest.mark.parametrize("how", ["off", "without"])
def test_a_detector_that_is_off_takes_nobodys_time(how: str):
    """Off, a mechanism costs nothing (docs/mechanisms.md): where the alarm is never raised, nobody need look."""
    scenario = validate(micro({"crew": unit()}, {"box": need(1)}, early_warning=calls(by="crew", takes="10 min")), "on")
    off = scenario.patched(getattr(MECHANISMS["early_warning"], how)(scenario))
    assert spent("early_warning", "crew")(CrisisModel(off).run()) == 0


# -- preparation ------------------------------------------------------------------------------------------------------


def test_a_measure_is_the_scenario_that_it_makes():
    """What was prepared before the beginning is there as if the scenario had said so; the price apart."""
    values = {COUNT: 5, "supplies.store.stock.box": 70, "desks": {"d": {"match": "random"}}}
    base = micro({"crew": unit(1)}, GOODS, supplies={"store": {"stock": {"box": 10}}})
    direct = merge(base, {"response": {
        "organisation": {"units": {"crew": {"count": 5}}}, "supplies": {"store": {"stock": {"box": 70}}},
        "desks": {"d": {"match": "random"}},
    }})  # fmt: skip
    assert differing(merge(base, {"response": {"preparation": prepared(values, 99)}}), direct) == set()


def test_of_two_measures_that_set_the_same_the_later_holds():
    """Values are set, not added: what the last measure says is there."""
    both = {"one": {"set": {COUNT: 3}}, "two": {"set": {COUNT: 5}}}
    assert rows("people")(played(micro({"crew": unit(1)}, {"box": need(1)}, preparation=both))) == 5


def test_a_measure_is_paid_from_the_funds_before_anything_else():
    """Its price leaves the account at the beginning; where that leaves nothing, nobody paid comes until a grant."""
    data = micro(
        {"crew": unit(2, cost_per_h=10, shift="00:00-24:00")}, {"box": need(2)}, hours=48,
        funds={"opening": 100, "grants": [{"at": "20 h", "amount": 5000}]}, preparation=prepared({}, 500),
    )  # fmt: skip
    result = played(data)
    funds = result.frame("funds")
    assert funds["kind"].tolist()[:3] == ["opening", "preparation", "grant"]
    assert funds["balance"].tolist()[:3] == [100.0, -400.0, 4600.0]
    assert (result.frame("visits")["dispatched_h"] >= 20).all()
    free = played(merge(data, {"response": {"preparation": {"measure": {"cost": 0}}}}))
    assert "preparation" not in set(free.frame("funds")["kind"])


def test_what_changes_during_the_run_changes_what_was_prepared():
    """A change finds the unit as the measure left it: three more were trained, and one of five goes home."""
    change = {"at": "6 h", "set": {COUNT: 4}}
    result = played(micro({"crew": unit(2)}, {"box": need(1)}, preparation=prepared({COUNT: 5}), changes=[change]))
    shifts = result.frame("shifts")
    assert (shifts["rostered_from_h"] == 0).sum() == 5
    assert (shifts["left_h"] == 6).sum() == 1


def test_a_measure_is_patched_like_anything_else():
    """Dotted paths and variants of an experiment reach a measure, its price and what it sets; null takes it away."""
    scenario = validate(
        micro({"crew": unit(1)}, {"box": need(1)}, preparation=prepared({COUNT: 3}, 10), early_warning=calls()), "x"
    )
    path = "response.preparation.measure"
    patches: list[tuple[Data, int, float]] = [
        ({f"{path}.cost": 5}, 3, 5), ({f"{path}.set": {COUNT: 7}}, 7, 10), ({f"{path}.set.{COUNT}": 7}, 7, 10),
        ({path: None}, 1, 0), ({"response.preparation.more.set": {COUNT: 9}}, 9, 10),
    ]  # fmt: skip
    for values, people, cost in patches:
        result = CrisisModel(with_values(scenario, values, "x")).run()
        assert (rows("people")(result), result.raw["_run"]["preparation_cost"]) == (people, cost), values
    experiment = Experiment.model_validate({
        "experiment": "x", "base": "x", "outcomes": ["unmet_share"],
        "variants": {"as_is": {}, "none": {"response": {"preparation": None}},
                     "more": {"response": {"preparation": {"measure": {"set": {COUNT: 6}}}}}},
    })  # fmt: skip
    cells = {cell.variant: cell.scenario for cell in cross(experiment, scenario, "x", {}).cells}
    assert {name: rows("people")(CrisisModel(cell).run()) for name, cell in cells.items()} == {
        "as_is": 3, "none": 1, "more": 6,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"organisation.units.boats.count": 3}, "no such key in the response: 'boats'; known: crew"),
        ({"organisation.units.crew.cuont": 3}, "did you mean 'count'"),
        ({COUNT: -1}, "a number of people between 0 and 100,000 is wanted"),
        ({"world.needs.box.per_hour": 0}, "no such key in the response: 'world'"),
        ({"supplies.store.stock.box": 3}, "no such key in the response"),
        ({"organisation.units.crew": None}, "crew"),
        ({"early_warning.calls.by": "nobody"}, "nobody"),
        ({"early_warning": {"calls": None}}, "calls"),
    ],
)
def test_a_measure_that_leaves_no_scenario_is_refused(values: Data, said: str):
    """Values that do not exist, or that break what names them, are told before the run and not during it."""
    data = micro({"crew": unit(2)}, {"box": need(1)}, early_warning=calls(by="crew", takes="1 min"),
                 changes=on_alarm("calls"), preparation=prepared(values))  # fmt: skip
    with pytest.raises(InputError) as caught:
        validate(data, "x")
    assert said in str(caught.value)
    assert "response.preparation" in str(caught.value)


LOST = "a measure that sets `preparation` is accepted and lost: sim/spec/patches.py, _check_preparation and prepared"


def test_a_measure_of_measures_is_refused():
    """What can have no effect is a mistake of whoever wrote it."""
    with pytest.raises(InputError):
        validate(
            micro({"crew": unit()}, {"box": need(1)}, preparation=prepared({"preparation": {"q": {"cost": 5}}})), "x"
        )


TWICE = (
    "a change is checked with the preparation still in it, and tells its mistake again: sim/spec/patches.py, changed"
)


def test_a_mistake_of_a_measure_is_told_once():
    """A change beside a wrong measure is not wrong: a second complaint sends whoever reads it to the wrong place."""
    wrong = prepared({"organisation.units.crew.cuont": 3})
    change = {"at": "6 h", "set": {COUNT: 4}}
    with pytest.raises(InputError) as caught:
        validate(micro({"crew": unit(2)}, {"box": need(1)}, preparation=wrong, changes=[change]), "x")
    assert [problem.place for problem in caught.value.problems] == ["response.preparation"]


SUSPECT = "findings are about the scenario before what was prepared: sim/spec/findings.py"


def test_what_was_prepared_is_not_suspect():
    """A unit for which people were found beforehand is not without people: what runs is what is judged."""
    found = micro({"crew": unit(2), "spare": unit(0)}, {"box": need(1)})
    people = prepared({"organisation.units.spare.count": 2})
    assert any("no people" in finding.message for finding in findings(validate(found, "x")))
    later = validate(merge(found, {"response": {"preparation": people}}), "x")
    assert not any("no people" in finding.message for finding in findings(later))


HEADS = "head_counts counts the units before what was prepared: sim/spec/crossed.py:39"


def test_people_who_were_prepared_are_heads_too():
    """``equal_head_count`` refuses a variant that has more people by a measure as it does by a count."""
    scenario = validate(micro({"crew": unit(1)}, {"box": need(1)}), "x")
    experiment = Experiment.model_validate({
        "experiment": "x", "base": "x", "outcomes": ["unmet_share"], "equal_head_count": "true",
        "variants": {"as_is": {}, "more": {"response": {"preparation": prepared({COUNT: 6})}}},
    })  # fmt: skip
    with pytest.raises(InputError):
        cross(experiment, scenario, "x", {})


def test_the_busy_day_is_prepared():
    """Measures of a day with everything on it: the day runs, and more is in store."""
    day = merge(BUSY, {"response": {"preparation": prepared({"supplies.store.stock.box": 500}, 50)}})
    first = played(day).frame("stock").query("item == 'box'").iloc[0]
    assert first["on_hand"] == 500
    assert happened("alarm")(played(day)) == 0


def test_who_was_called_goes_home_at_the_all_clear():
    """A change may wait until the alarm is taken back: so what was called in vain need not stay to the end."""
    data = micro({"crew": unit(1)}, {"box": need(0)}, hours=30, world=river(),
                 early_warning=gauge(every="1 h", clears_after="1 h"),
                 changes=[{"when": {"alarm": "gauge"}, "set": {"organisation.units.crew.count": 4}},
                          {"when": {"all_clear": "gauge"}, "set": {"organisation.units.crew.count": 1}}])  # fmt: skip
    result = played(data)
    (raised, cleared), *_ = alarms(result)
    log = result.frame("events")
    assert log.loc[log["event"] == "change", "t_h"].tolist() == pytest.approx([raised, cleared])
