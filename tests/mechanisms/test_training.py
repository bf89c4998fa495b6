"""What a class teaches, how it is forgotten, and what residents can do who have heard how (rows 61, 62, 74, 104).

Pairs in the form of ``pairs``; those about the time that a class takes are in ``test_volunteers_pairs``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim import Result
from sim.errors import InputError
from sim.spec.findings import findings
from sim.spec.patches import merge, validate
from tests.mechanisms.pairs import (
    CHAT,
    TELL,
    Data,
    Null,
    Number,
    Pair,
    changes_nothing,
    claim_holds,
    commander,
    left_over,
    log,
    mechanism_of,
    micro,
    need,
    organised,
    plan,
    played,
    stays_valid,
    unit,
)

# -- what is measured -------------------------------------------------------------------------------------------------


def came_to(outcome: str) -> Number:
    """Return the measure of how many visits of the recruits came to something."""

    def of(result: Result) -> float:
        visits = result.frame("visits")
        return float(((visits["outcome"] == outcome) & (visits["unit"] == "crew")).sum())

    return of


def share_that(outcome: str) -> Number:
    """Return the measure of the share of visits that came to something."""
    return lambda result: float((result.frame("visits")["outcome"] == outcome).mean())


def questions(result: Result) -> float:
    return float((result.frame("assignments")["assignment"] == "question").sum())


def met_at_home(result: Result) -> float:
    return float((result.frame("needs")["met_by"] == "household").sum())


# -- the pairs --------------------------------------------------------------------------------------------------------

CARE = need(2, skill="care")
POORLY = {"without_skill": {"slower": 1.5, "errors": 0.5}}
CLASS = {"takes": "2 h", "teaches": ["care"]}
WITH_PAPER = CLASS | {"certifies": "true"}


def recruits(training: Data | None, match: str = "random", wants: Data = CARE, **more: Any) -> Data:
    """Return two days of a unit that residents join at once or after a class on line; one nurse was there before."""
    joining = {"at_most": 12, "willing": 1} | ({"training": training} if training is not None else {})
    units = {
        "boss": unit(1, "liaison"), "crew": unit(0, recruitment=joining, reports_to="boss", **more),
        "nurse": unit(1, "medical", skills=["care"]),
    }  # fmt: skip
    desks = {"desk": {"units": ["crew", "nurse"], "coordinator": "boss", "match": match}}
    return micro(units, {"care": wants}, hours=48, tail=24, desks=desks)


TOLD = {"information": CHAT, "plan": plan({"tell": TELL})}
TEAMS = {"command": commander(), "crew": unit()}


def informed(more_at_home: float = 0.5, share: float = 0.2, **community: Any) -> Data:
    """Return a day on which a notice tells how to do something at home, and half of the residents see it."""
    helps = {"household": share, "informed": {"topic": "hall", "household": more_at_home}}
    world = {"mutual_help": {"agrees": 0, "hours_a_day": "8 h"}}
    data = micro(TEAMS, {"wound": need(4, self_help=helps)}, world=world, hours=24, **TOLD)
    return merge(data, {"world": {"community": community}})


PAIRS: dict[str, Pair] = {
    "training, what to do is known": Pair(
        recruits(CLASS, wants=need(2), know_how={"question": "20 min"}), questions, "lowers"
    ),
    "training, fewer visits go wrong": Pair(recruits(CLASS, wants=CARE | POORLY), share_that("more"), "lowers"),
    "training, fewer trips for nothing": Pair(recruits(CLASS), share_that("wrong_skill"), "lowers"),
    "training, with a certificate": Pair(
        recruits(WITH_PAPER, "skill", CARE | {"certified": "true"}, skills=["care"], tier="professional"),
        came_to("closed"), "raises",
    ),
    "health_literacy": Pair(informed(), met_at_home, "raises"),
}  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS)
def test_the_direction_that_is_claimed(pair: str):
    """On against off under the same luck: the 99 % interval of the paired difference lies on the side of the claim."""
    claim_holds(PAIRS[pair], mechanism_of(pair))


@pytest.mark.parametrize("pair", PAIRS)
def test_both_patches_keep_a_scenario_valid(pair: str):
    """Off and without must run: an ablation tries them on scenarios nobody has seen."""
    stays_valid(PAIRS[pair], mechanism_of(pair))


@pytest.mark.parametrize("pair", PAIRS)
def test_off_is_as_good_as_gone(pair: str):
    """What a mechanism costs or changes is gone when it is off: bit for bit as if the scenario did not name it.

    Who has heard of a topic that something asks about is written down, also where it makes no difference to them.
    """
    mechanism = mechanism_of(pair)
    own = ("attitudes",) if mechanism == "health_literacy" else ()
    assert left_over(PAIRS[pair], mechanism, own) == set()


NULLS: dict[str, Null] = {
    "a class that nobody goes to": Null(
        organised(medics={"recruitment": {"at_most": 4, "willing": 0, "training": {
            "takes": "1 h", "teaches": ["first_aid"], "certifies": "true", "halves": "1 h",
        }}}), ("people",),
    ),
    "a notice of what nobody at home has time for": Null(
        {"world": {
            "mutual_help": {"agrees": 0, "hours_a_day": "1 s"},
            "needs": {"box": {"self_help": {"informed": {"topic": "hall", "household": 1}}}},
        }}, ("residents",),
    ),
    "a notice that nobody posts": Null(
        {"world": {
            "mutual_help": {"agrees": 0, "hours_a_day": "9 h"},
            "needs": {"box": {"self_help": {"informed": {"topic": "nothing", "household": 1}}}},
        }}, ("residents",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NULLS)
def test_a_mechanism_with_nothing_to_act_on_changes_nothing(name: str):
    """Present but idle, it leaves no trace outside its own tables: bit for bit, in every column."""
    changes_nothing(NULLS[name])


# -- what a class teaches ---------------------------------------------------------------------------------------------


def test_who_has_been_to_the_class_can_do_it_and_is_listed_with_it():
    """Row 61: before the class nobody of the unit is sent by skill; afterwards all are, and no trip is for nothing."""
    result = played(recruits(CLASS, "skill"))
    assert came_to("closed")(result) > 10
    assert came_to("wrong_skill")(result) == 0
    assert came_to("closed")(played(recruits({"takes": "2 h"}, "skill"))) == 0


WARNED = {"life_cycle": {"timetable": {"warning": "48 h", "emergency": "10 d"}}}


@pytest.mark.parametrize(("halves", "share"), [("3650 d", 0), ("48 h", 0.5), ("24 h", 0.75), (None, 1)])
def test_a_class_is_a_drill(halves: str | None, share: float):
    """Rows 67, 74: who has not been to a class asks once; of those who have, more the longer ago it was. Nothing is to
    be done for two days after the class, and then a lot.
    """
    training = {"takes": "1 min", "halves": halves} if halves is not None else None
    wants = need(60, by_phase={"warning": 0})
    data = recruits(training, wants=wants, shift="00:00-24:00", know_how={"question": "1 min"})
    data = merge(data, {"horizon": "60 h", "world": WARNED})
    data["response"]["organisation"]["units"]["crew"]["recruitment"]["at_most"] = 60
    result = played(data)
    visitors = result.frame("visits").query("unit == 'crew'")["person"].nunique()
    assert visitors > 40
    assert questions(result) / visitors == pytest.approx(share, abs=0.15 if 0 < share < 1 else 0.01)


def idle(**training: Any) -> Data:
    """Return two days on which people who have been taught have nothing to do."""
    data = recruits(CLASS | {"takes": "1 min"} | training, "skill", need(0, skill="care"))
    data["response"]["organisation"]["units"]["crew"]["recruitment"]["at_most"] = 60
    return data


def test_a_skill_that_nobody_uses_is_forgotten_by_halves():
    """Row 74: of those who never use it half have forgotten after one half-life, three quarters after two."""
    result = played(idle(halves="24 h"))
    forgot, joined = log(result, "forgot"), len(log(result, "joined"))
    assert joined > 40
    assert (forgot["t_h"] <= 24).sum() / joined == pytest.approx(1 / 2, abs=0.15)
    assert (forgot["t_h"] <= 48).sum() / joined == pytest.approx(3 / 4, abs=0.15)
    assert set(forgot["detail"]) == {"care"}
    assert (result.frame("people").query("unit == 'crew'")["skills"] == "care").sum() == joined - len(forgot)


def test_who_forgets_sooner_is_the_same_person_under_every_plan():
    """Law 3: how well somebody remembers is theirs; a class that is remembered longer keeps the same and others."""
    found = [set(log(played(idle(halves=halves)), "forgot")["subject"]) for halves in ("300 h", "100 h", "24 h")]
    assert found[0] < found[1] < found[2]


def test_a_skill_that_is_used_is_kept():
    """Whoever is at it every few hours does not forget it in a day; the idle do."""
    at_work = merge(idle(halves="24 h"), {"world": {"needs": {"care": {"per_hour": 80}}}})
    forgot = {
        name: len(log(played(data), "forgot")) for name, data in (("idle", idle(halves="24 h")), ("at it", at_work))
    }
    assert forgot["at it"] < forgot["idle"] / 4


def test_the_list_keeps_what_somebody_has_forgotten():
    """The dispatcher sees the list: who has forgotten is sent, and turns back at the door, until the list is put right.
    Who could do it before the class cannot forget it.
    """
    wants = need(6, skill="care")
    wasted = {}
    for corrects in ("false", "true"):
        data = recruits(
            CLASS | {"takes": "1 min", "halves": "2 h"},
            "skill",
            wants,
            skills={"care": 0.5},
            register={"corrects": corrects},
            shift="20:00-08:00",
        )
        data = merge(data, organised(nurse={"count": 0}))
        result = played(data)
        wasted[corrects] = result.frame("visits").query("outcome == 'wrong_skill'").groupby("person").size()
        late = result.frame("visits").query("dispatched_h > 30 and outcome == 'closed'")
        assert len(late)
    assert wasted["false"].max() > 1
    assert set(wasted["true"]) == {1}


# -- certificates -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["recruitment", "walk_ins"])
def test_nobody_has_seen_the_certificate_of_who_has_just_come(way: str):
    """Row 62: a need for the certified is met by the standing people of a unit alone, however able the others are."""
    ways = {
        "recruitment": {"at_most": 12, "willing": 1},
        "walk_ins": {"curve": [["0 h", 5]], "at_most": 12, "reception": "boss", "takes": "1 min", "stays": "40 h"},
    }
    crew = unit(2, skills=["care"], certificates={"care": 1}, tier="professional", **{way: ways[way]})
    data = micro(
        {"boss": unit(1, "liaison"), "crew": crew}, {"care": need(4, skill="care", certified="true")}, tail=0,
        desks={"desk": {"units": ["crew"], "coordinator": "boss"}},
    )  # fmt: skip
    assert set(played(data).frame("visits")["person"]) == {1, 2}
    anybody = merge(data, {"world": {"needs": {"care": {"certified": "false"}}}})
    assert set(played(anybody).frame("visits")["person"]) - {1, 2}


def said(data: Data) -> list[str]:
    return [one.place for one in findings(validate(data, "micro")) if "certifi" in one.message]


def test_who_joins_above_the_lowest_tier_without_a_certificate_is_suspect():
    """Row 62: ad-hoc people are for the base of the pyramid; a planner may try it, and is told."""
    for tier, training, expected in (
        ("daily", CLASS, False), ("professional", CLASS, True), ("expert", None, True),
        ("professional", WITH_PAPER, False),
    ):  # fmt: skip
        places = said(recruits(training, tier=tier))
        assert places == (["response.organisation.units.crew.recruitment"] if expected else []), (tier, training)
    wanted = recruits(WITH_PAPER, wants=CARE | {"certified": "true"})
    assert said(wanted) == []
    assert said(merge(wanted, organised(crew={"recruitment": {"training": {"certifies": "false"}}}))) == [
        "world.needs.care.certified"
    ]


def test_a_class_cannot_certify_nothing():
    """A certificate says what somebody can do."""
    with pytest.raises(InputError, match="'certifies' needs 'teaches'"):
        validate(recruits({"takes": "1 h", "certifies": "true"}), "micro")


# -- health literacy --------------------------------------------------------------------------------------------------


def test_a_message_acts_only_through_who_has_read_it():
    """Row 74: with nobody's help before, each need met at home is met by somebody who had heard how, in their own time;
    before the notice is out there is none. Who lives alone can, too.
    """
    result = played(informed(1, 0, households=60))
    helps, told = result.frame("help"), result.frame("notices")["posted_h"].min()
    assert len(helps) > 10
    assert (helps["start_h"] >= told).all()
    assert (helps["helper"] == helps["resident"]).all()
    assert helps["helper"].nunique() < 45, "half of them have not heard"
    unread = merge(informed(1, 0), {"response": {"information": {"channels": {"chat": {"reach": 0}}}}})
    assert met_at_home(played(unread)) == 0


@pytest.mark.parametrize("replication", range(3))
def test_what_is_met_at_home_with_less_is_met_at_home_with_more(replication: int):
    """The same needs, and others beside them, while there is time for all."""
    met = []
    for more in (0, 0.3, 0.8):
        data = merge(informed(more), {"world": {"mutual_help": {"hours_a_day": "24 h"}}})
        table = played(data, replication).frame("needs")
        met.append(set(table.index[table["met_by"] == "household"]))
    assert np.mean([len(less - lot) for less, lot in zip(met, met[1:], strict=False)]) <= 1, "but for who was busy"
    assert len(met[0]) < len(met[1]) < len(met[2])


def test_a_topic_that_nobody_tells_of_is_found():
    """A message that is never sent helps nobody."""
    data = merge(informed(), {"world": {"needs": {"wound": {"self_help": {"informed": {"topic": "tea"}}}}}})
    assert "world.needs.wound.self_help.informed" in [one.place for one in findings(validate(data, "micro"))]
