"""Faults that carrying out the founding card showed, each with the smallest card that shows it."""

from __future__ import annotations

from typing import Any

import sim
from sim.records.result import Result
from sim.spec.patches import validate


def micro(steps: dict[str, Any], units: dict[str, Any] | None = None, **more: Any) -> Result:
    """Run a card on a hamlet with a commander and a crew of four."""
    people = {
        "command": {"function": "command", "members": "staff", "count": 1, "decision": "15 min"},
        "crew": {"function": "logistics", "members": "volunteer", "count": 4, "reports_to": "command"},
        **(units or {}),
    }
    declare = {"part": "activation", "ordered": False, "people": 0, "does": {"action": "declare"}}
    card = {
        "card": "micro",
        "teams": more.pop("teams", {"crew": {"unit": "crew", "contact": "1"}}),
        "steps": {"declare": declare, **steps},
    }
    data = {
        "name": "micro",
        "horizon": "60 h",
        "follow_up": "0 h",
        "world": {"community": {"residents": 480, "buildings": 4}, **more.pop("world", {})},
        "response": {"organisation": {"units": people}, "plan": {"card": card}, **more},
    }
    return sim.run(validate(data, "micro"))


def done(result: Result, step: str) -> list[float]:
    orders = result.frame("orders")
    return orders[orders["step"] == step]["done_h"].dropna().tolist()


WORK = {"team": "crew", "people": 1, "ordered": False, "does": {"action": "work", "person_hours": "3 h"}}


def test_a_signal_that_comes_while_its_step_is_at_work_is_not_lost():
    """A second order to screen, given while the first round runs, is carried out after it."""
    result = micro({"screen": {**WORK, "when": {"signal": "again"}}}, world={"signals": {"again": ["1 h", "2 h"]}})
    assert done(result, "screen") == [4.0, 7.0]


def test_a_second_order_waits_for_the_number_that_is_being_looked_up():
    """It used to overtake the first: the number counted as known as soon as somebody began to look for it."""
    steps = {"first": {**WORK, "ordered": True}, "second": {**WORK, "ordered": False}}
    orders = micro(steps, teams={"crew": {"unit": "crew"}}).frame("orders").set_index("step")
    decided, told = orders["ordered_h"], orders["told_h"]
    assert decided["second"] < decided["first"]
    assert told["first"] == told["second"] == decided["first"] + 10 / 60  # the commander decides, then looks up


def test_the_commander_knows_his_own_number():
    """A step of the command team with a blank contact is not looked up."""
    step = {"team": "command", "people": 0, "does": {"action": "work", "person_hours": "1 h"}}
    result = micro({"think": step}, teams={"command": {"unit": "command"}})
    assert "looked_up" not in set(result.frame("events")["event"])


def test_who_has_called_does_not_wait_for_the_service_to_come():
    """The caller is free after the call; the step is done when the service is there."""
    call = {
        "team": "crew",
        "people": 1,
        "ordered": False,
        "does": {"action": "call", "service": "cdc", "takes": "5 min"},
    }
    result = micro({"call": call}, teams={"crew": {"unit": "crew", "contact": "1"}}, outside={"cdc": {"delay": "6 h"}})
    busy = result.frame("assignments")
    assert busy[busy["assignment"] == "step.call"]["end_h"].max() < 1
    assert done(result, "call")[0] > 6


def site(**invitations: Any) -> dict[str, Any]:
    called = {"rounds": ["1 h"], "slot": "1 h", "per_slot": 60, **invitations}
    return {"hall": {"enters": "desk", "stations": {"desk": {"service": "1 s"}}, "invitations": called}}


def test_slots_put_off_keep_their_distance():
    """When the testers come late, postponed slots are not called beside those that were due anyway."""
    testers = {"function": "medical", "members": "staff", "count": 2, "arrives": {"promised": "5 h 16 min"}}
    result = micro({}, {"testers": testers}, sites=site(waits_for="testers"))
    arrived = result.frame("sites")["arrived_h"].round(6)
    assert arrived.value_counts().tolist() == [60] * 8
    assert arrived.min() >= 5.26


def test_nobody_is_sent_out_while_no_tester_is_on_duty():
    """Slots of the evening are called again in the morning, when somebody has come to work."""
    testers = {"function": "medical", "members": "staff", "count": 2, "shift": "08:00-12:00"}
    result = micro({}, {"testers": testers}, sites=site(rounds=["9 h"], waits_for="testers"))
    hour = result.frame("sites")["arrived_h"] % 24
    assert ((hour >= 8) & (hour <= 12)).all()


def test_a_step_may_follow_every_time():
    """``each_time``: results are told after each round, not only after the first."""
    steps = {
        "round": {**WORK, "when": {"signal": "again"}},
        "tell": {**WORK, "after": ["round"], "each_time": True},
        "once": {**WORK, "after": ["round"]},
    }
    result = micro(steps, world={"signals": {"again": ["1 h", "20 h"]}})
    assert len(done(result, "tell")) == 2
    assert len(done(result, "once")) == 1


def test_a_check_by_an_outside_service_takes_the_call_too():
    """The time of the call comes before the service's own."""
    card = {
        "card": "micro",
        "checks": [{"service": "cdc", "takes": "30 min"}],
        "steps": {"declare": {"part": "activation", "when": {"signal": "never"}, "does": {"action": "declare"}}},
    }
    data = {
        "name": "micro",
        "horizon": "10 h",
        "follow_up": "0 h",
        "world": {"community": {"residents": 10}, "positives": [{"resident": 3, "symptoms": "1 h"}]},
        "response": {"plan": {"card": card}, "outside": {"cdc": {"delay": "2 h"}}},
    }
    events = sim.run(validate(data, "micro")).frame("events")
    assert events[events["event"] == "confirmed"]["t_h"].tolist() == [3.5]
