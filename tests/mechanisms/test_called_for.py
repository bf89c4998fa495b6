"""Sign-up is driven by channels: who is reached by the call for volunteers may join, in the channel or at the door.

On and off are a plan that posts the call in a channel, and the same plan whose channel reaches nobody, or everybody at
once. The form is that of ``pairs``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim import Result
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import merge, validate
from tests.mechanisms.pairs import (
    Data,
    Number,
    Pair,
    claim_holds,
    commander,
    difference,
    happened,
    law,
    log,
    micro,
    need,
    needs,
    organised,
    plan,
    played,
    responding,
    step,
    unit,
    when,
)

MOBILISE = {"topic": "mobilise", "channels": ["chat"], "takes": "10 min"}
JOIN = {"at_most": 30, "willing": 0.4, "topic": "mobilise", "decides": law("1 h")}


def called_for(reach: float = 0.5, **chat: Any) -> Data:
    """Return two days on which the office posts a call for volunteers once a day."""
    return micro(
        {"command": commander(), "office": unit(1, "liaison", members="staff"), "crew": unit(1, recruitment=JOIN)},
        {"talk": need(4)}, hours=48, tail=24, desks={"desk": {"units": ["crew"]}},
        information={"channels": {"chat": {"reach": reach, "delay": law("2 h"), **chat}}},
        plan=plan({"call": step("office", "notify", repeat="1 d", **MOBILISE)}),
    )  # fmt: skip


def reaching(reach: float) -> Data:
    return responding(information={"channels": {"chat": {"reach": reach}}})


@pytest.mark.parametrize(("measure", "side"), [
    (happened("signed_up"), "raises"), (happened("joined"), "raises"), (needs("wait_mean_h"), "lowers"),
])  # fmt: skip
def test_without_channels_fewer_sign_up(measure: Number, side: str):
    """Row 13: a call in a channel brings residents, and the same call that reaches nobody brings none: the 99 %
    interval of the paired difference lies on that side. With more hands, residents wait less.
    """
    with_channels = validate(called_for(), "micro")
    found = difference(with_channels, with_channels.patched(reaching(0)), measure)
    assert (found.low > 0) if side == "raises" else (found.high < 0), f"{found.low:.2f} to {found.high:.2f}"


PAIRS: dict[str, Pair] = {
    "channels, who signs up": Pair(called_for(), happened("signed_up"), "lowers"),
    "channels, when": Pair(called_for(1.0, delay=law("9 h")), when("signed_up"), "raises"),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_against_channels_that_reach_everybody_at_once(pair: str):
    """Off, a channel reaches everybody at once: more sign up, and sooner."""
    assert MECHANISMS["channels"].present(validate(PAIRS[pair].scenario, "micro"))
    claim_holds(PAIRS[pair], "channels")


def signed_up(result: Result) -> dict[int, float]:
    """Return who signed up, and when."""
    events = log(result, "signed_up")
    return dict(zip(events["subject"].astype(int), events["t_h"], strict=True))


@pytest.mark.parametrize("replication", range(5))
def test_only_who_was_reached_signs_up_and_after_that(replication: int):
    """Nobody signs up before they have heard, and nobody who has not: awareness has a row for each."""
    result = played(called_for(), replication)
    heard = result.frame("attitudes").query("state == 'aware' and topic == 'mobilise'")
    since = dict(zip(heard["resident"], heard["t_h"], strict=True))
    joining = signed_up(result)
    assert len(joining) >= 3
    assert set(joining) <= set(since)
    assert all(joining[resident] >= since[resident] for resident in joining)


def test_a_call_about_something_else_brings_nobody():
    """A notice drives what is about its own topic."""
    other = {"plan": {"card": {"steps": {"call": {"does": {"topic": "masks"}}}}}}
    assert not signed_up(played(merge(called_for(1.0), {"response": other})))


def test_silence_in_the_channel_is_an_outage_of_the_call():
    """A channel that is cut off reaches nobody: whoever would have joined on the first day joins on the second."""
    data = merge(called_for(1.0, depends_on="net"), {"world": {"outages": {"net": {"begins": "0 h", "ends": "20 h"}}}})
    assert min(signed_up(played(data)).values()) > 24 > min(signed_up(played(called_for(1.0))).values())


AT_THE_DOOR = {"unit": "leaders", "every": "12 h", "each": "3 min", "topic": "mobilise"}


def at_the_door(**more: Any) -> Data:
    data = merge(called_for(0.0), organised(leaders=unit(2, "liaison")))
    return merge(data, responding(building_leaders={**AT_THE_DOOR, **more}))


def test_a_leader_at_the_door_calls_too():
    """Row 13: the call reaches people without a device at their door; who was not told there does not sign up."""
    result = played(at_the_door())
    joining = signed_up(result)
    heard = result.frame("attitudes").query("state == 'aware' and cause == 'door'")
    since = dict(zip(heard["resident"], heard["t_h"], strict=True))
    assert len(joining) >= 5
    assert all(joining[resident] >= since[resident] for resident in joining)
    assert not signed_up(played(at_the_door(topic="masks")))


def test_being_told_again_lets_people_think_again():
    """Each telling is another occasion to decide, by the trust and the need seen then; nobody signs up twice."""
    trust = {"attitudes": {"trust": {"start": 0.2, "spread": 0.1, "moves": {"leader_came": 0.3}}}}
    more = organised(crew={"recruitment": {"willing": 0, "by_trust": 0.9}})
    found = []
    for every in ("90 h", "8 h"):
        data = merge(merge(at_the_door(every=every), more), {"world": trust})
        events = log(played(data), "signed_up")["subject"]
        assert events.is_unique
        found.append(set(events))
    assert found[0] < found[1]


def test_who_hears_in_channels_and_at_doors_is_one_person_with_one_luck():
    """Law 3: telling some at the door changes nobody else: whoever signed up by the channel does so at the same time,
    or sooner.
    """
    channel = called_for(0.6)
    both = merge(merge(channel, organised(leaders=unit(2, "liaison"))), responding(building_leaders=AT_THE_DOOR))
    one, two = signed_up(played(channel)), signed_up(played(both))
    assert set(one) < set(two)
    assert all(two[resident] <= at + 1e-9 for resident, at in one.items())
    assert np.mean([two[resident] < at for resident, at in one.items()]) < 1
