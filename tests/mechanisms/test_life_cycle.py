"""Phases as consequences: what ends each phase, what a phase decides, and that a timetable stays what it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim import Result, run
from sim.spec.patches import merge, validate
from tests.mechanisms.pairs import Data, law, micro, need, unit


def cycle(*conditions: Data, **more: Any) -> Data:
    return {"life_cycle": {"conditions": list(conditions), **more}}


def turn(before: str, after: str, when: Data, **more: Any) -> Data:
    return {"from": before, "to": after, "when": when, **more}


def phases(result: Result) -> list[tuple[float, str]]:
    table = result.columns("phases")
    return list(zip(table["begin_h"].tolist(), table["phase"].decoded(), strict=True))


def played(data: Data, replication: int = 0) -> Result:
    return run(validate(data, "micro"), 1, replication)


def test_signals_turn_phases_when_they_come_and_not_before_at_least():
    """An order begins the emergency at its hour; an end notice that comes too early holds when it may."""
    world = cycle(
        turn("warning", "emergency", {"signal": "order"}),
        turn("emergency", "resolution", {"signal": "end"}, at_least="4 h"),
    ) | {"signals": {"order": "3 h", "end": "5 h"}}
    assert phases(played(micro({"crew": unit()}, {"box": need(1)}, world=world))) == [
        (0.0, "warning"), (3.0, "emergency"), (7.0, "resolution"),
    ]  # fmt: skip


def test_a_signal_of_an_earlier_phase_is_not_remembered():
    """What came before the phase began is no reason to leave it."""
    world = cycle(
        turn("warning", "emergency", {"signal": "order"}), turn("emergency", "protracted", {"signal": "order"}),
    ) | {"signals": {"order": ["3 h", "6 h"]}}  # fmt: skip
    assert [phase for _, phase in phases(played(micro({"crew": unit()}, {"box": need(1)}, world=world)))] == [
        "warning", "emergency", "protracted",
    ]  # fmt: skip


def test_a_backlog_begins_the_emergency_and_its_end_ends_it():
    """The phases follow the requests that wait, there and back again, at the looks."""
    world = cycle(
        turn("warning", "emergency", {"backlog_over": 6, "every": "30 min"}),
        turn("emergency", "warning", {"backlog_below": 1, "every": "30 min"}, at_least="1 h"),
    )
    needs = {"box": need(2.5, service=law("20 min"))}
    result = played(micro({"crew": unit(1, shift="06:00-22:00")}, needs, hours=48, world=world))
    turns = phases(result)
    assert len(turns) > 3, "a phase may come again"
    needs_ = result.columns("needs")
    waiting = lambda t: (  # noqa: E731
        (needs_["requested_h"] <= t) & ~(needs_["dispatched_h"] <= t) & ~(needs_["closed_h"] <= t)
    ).sum()
    for begin, phase in turns[1:]:
        assert begin * 2 == int(begin * 2), "at a look"
        assert waiting(begin) > 6 if phase == "emergency" else waiting(begin) < 1


def test_detection_and_control_follow_what_is_confirmed():
    """The first confirmed begins the emergency at once; two quiet days after the last end it, at a look."""
    seeds = [{"count": 40}]
    epidemic = {
        "contacts": {"household": 0.01},
        "course": {"latent": "12 h", "infectious": "4 d"},
        "symptoms": {"after": law("6 h"), "reports": 1},
        "seeds": seeds,
    }
    world = cycle(
        turn("warning", "emergency", {"confirmed_over": 0}), turn("emergency", "resolution", {"quiet": "2 d"}),
    ) | {"epidemic": epidemic}  # fmt: skip
    checks = [{"unit": "crew", "takes": "5 min", "misses": 0, "clears": 1}]
    declared = {"ordered": "false", "team": "command", "people": 0, "part": "activation", "does": {"action": "declare"}}
    card = {"card": "micro", "teams": {"command": {"unit": "command", "contact": "1"}},
            "steps": {"declare": declared}, "checks": checks}  # fmt: skip
    data = micro({"crew": unit(4), "command": unit(1, "command")}, {"box": need(1)}, hours=15 * 24, world=world,
                 plan={"card": card, "search": "0 h"})  # fmt: skip
    result = played(data)
    confirmed = np.sort(result.columns("infections")["confirmed_h"])
    confirmed = confirmed[~np.isnan(confirmed)]
    (_, first), (begin, second), (end, third) = phases(result)
    assert (first, second, third) == ("warning", "emergency", "resolution")
    assert begin == confirmed[0]
    assert not ((confirmed > end - 48) & (confirmed < end)).any()
    gaps = np.diff(confirmed[confirmed <= end])
    assert not (gaps > 49).any(), "not earlier than it could be"


@pytest.mark.parametrize("replication", range(3))
def test_rates_by_phase_follow_the_phase_that_is(replication: int):
    """A need that arises only in the emergency arises only then, at its rate."""
    needs = {"box": need(6, by_phase={"warning": 0, "resolution": 0, "emergency": 2})}
    base = micro({"crew": unit()}, needs, hours=60, tail=0)
    signals = {"signals": {"order": "20 h", "end": "50 h"}}
    world = cycle(turn("warning", "emergency", {"signal": "order"}), turn("emergency", "resolution", {"signal": "end"}))
    table = played(merge(base, {"world": world | signals}), replication).columns("needs")
    onset = table["onset_h"]
    assert ((onset >= 20) & (onset < 50)).all()
    assert onset.size == pytest.approx(12 * 30, abs=4 * (12 * 30) ** 0.5)
    assert set(table["phase"].decoded()) == {"emergency"}


def test_a_phase_changes_the_response():
    """A change may wait for a phase: people come with the emergency."""
    world = cycle(turn("warning", "emergency", {"backlog_over": 3, "every": "10 min"}))
    change = {"when": {"phase": "emergency"}, "set": {"organisation.units.crew.count": 5}}
    result = played(micro({"crew": unit(1)}, {"box": need(4)}, world=world, changes=[change]))
    (_, _), (begin, _) = phases(result)
    events = result.frame("events")
    assert events.loc[events["event"] == "change", "t_h"].tolist() == [begin]
    shifts = result.columns("shifts")
    assert np.sort(shifts["rostered_from_h"]).tolist() == [0.0, *[begin] * 4]


def test_conditions_of_the_hours_of_a_timetable_are_that_timetable():
    """The two ways of saying the same give the same phases."""
    timed = {"life_cycle": {"timetable": {"warning": "4 h", "emergency": "5 h"}}}
    world = cycle(
        turn("warning", "emergency", {"signal": "a"}), turn("emergency", "resolution", {"signal": "b"})
    ) | {"signals": {"a": "4 h", "b": "9 h"}}  # fmt: skip
    one, other = (played(micro({"crew": unit()}, {"box": need(2)}, world=w)) for w in (timed, world))
    assert phases(one) == phases(other)
    assert np.array_equal(one.columns("needs")["onset_h"], other.columns("needs")["onset_h"])
    assert list(one.columns("needs")["phase"].decoded()) == list(other.columns("needs")["phase"].decoded())
