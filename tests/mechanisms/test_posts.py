"""Who may do what beside visits, and who can: rules for posts, steps and stations, and skills asked for there.

Rows 68 and 71. Pairs in the form of ``pairs``; rules for need types are in ``test_volunteers_pairs``.
"""

from __future__ import annotations

from typing import Any

import pytest

from sim import Result
from sim.errors import InputError
from sim.spec.findings import findings
from sim.spec.patches import merge, validate
from sim.spec.tasks import tasks
from tests.mechanisms.pairs import (
    BUSY,
    Data,
    Null,
    Number,
    Pair,
    called,
    claim_holds,
    commander,
    differing,
    hall,
    left_over,
    log,
    mechanism_of,
    micro,
    need,
    organised,
    plan,
    played,
    stays_valid,
    step,
    unit,
)

# -- what is measured -------------------------------------------------------------------------------------------------


def served(result: Result) -> float:
    return float((result.frame("sites")["end"] == "served").sum())


def stay(result: Result) -> float:
    """Return the mean time that visitors spend at the site; until the end for who never gets away."""
    sites = result.frame("sites")
    return float((sites["left_h"].fillna(result.end_h) - sites["arrived_h"]).mean())


def hours(kind: str) -> Number:
    """Return the measure of the hours that people spent on work of a kind."""

    def of(result: Result) -> float:
        table = result.frame("assignments")
        table = table[table["assignment"] == kind]
        return float((table["end_h"].fillna(result.end_h) - table["start_h"]).sum())

    return of


def done(name: str) -> Number:
    """Return the measure of when a step was done; the end of the run for never."""

    def of(result: Result) -> float:
        orders = result.frame("orders")
        return float(orders.loc[orders["step"] == name, "done_h"].fillna(result.end_h).min())

    return of


# -- the pairs --------------------------------------------------------------------------------------------------------


def swabs(**staff: Any) -> Data:
    """Return a site whose one station two people man, and to which 20 people an hour come."""
    return hall(None, {"staff": {"unit": "crew", "people": 2, **staff}}, arrivals={"per_hour": 20})


def crew(count: int = 4, **more: Any) -> Data:
    return {"crew": unit(count, **more)}


SLOWLY = {"skill": "swab", "without_skill": {"slower": 3, "errors": 0}}
POORLY = {"skill": "swab", "without_skill": {"slower": 1, "errors": 0.5}}
DOORS = {"each": "5 min", "buildings": "all"}
STEPS = {"gate": step("crew", "man", post="gate"), "round": step("crew", "doors", **DOORS)}


def carried(units: Data, steps: Data | None = None, **more: Any) -> Data:
    return micro({"command": commander(), **units}, plan=plan(steps or STEPS), **more)


def rules(**permitted: list[str]) -> Data:
    return {"response": {"organisation": {"permitted": permitted}}}


NURSES = {"nurses": unit(2, "medical", members="staff", skills=["swab"])}

PAIRS: dict[str, Pair] = {
    "permitted, a gate": Pair(merge(carried(crew()), rules(volunteer=["doors"])), hours("post.gate"), "lowers"),
    "permitted, doors": Pair(merge(carried(crew()), rules(volunteer=["gate"])), done("round"), "raises"),
    "permitted, a station": Pair(
        merge(micro(crew(), sites=swabs()), rules(volunteer=[])), served, "lowers",
    ),
    "skilled_posts, slower": Pair(micro(crew(skills={"swab": 0.3}), sites=swabs(**SLOWLY)), stay, "raises"),
    "skilled_posts, mistakes": Pair(micro(crew(skills={"swab": 0.3}), sites=swabs(**POORLY)), stay, "raises"),
    "skilled_posts, waits": Pair(micro(crew(skills={"swab": 0.2}), sites=swabs(skill="swab")), served, "lowers"),
    "skilled_steps": Pair(
        carried(crew(skills={"keys": 0.3}), {"round": step("crew", "doors", 3, skill="keys", **DOORS)}),
        done("round"), "raises",
    ),
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
    """What a mechanism costs or changes is gone when it is off: bit for bit as if the scenario did not name it."""
    assert left_over(PAIRS[pair], mechanism_of(pair)) == set()


def asking(skill: str, **more: Any) -> Data:
    staff = {"stations": {"desk": {"staff": {"skill": skill, **more}}}}
    return {"response": {"sites": {"hall": staff}}}


ABLE = merge(BUSY, organised(crew={"skills": ["swab"]}))
NULLS: dict[str, Null] = {
    "a station for a skill that everybody has": Null(
        asking("swab", without_skill={"slower": 9, "errors": 0.9})
    ),
    "a step for a skill that everybody has": Null(
        {"response": {"plan": {"card": {"steps": {"tell": {"skill": "swab"}, "round": {"skill": "swab"}}}}}}
    ),
    "rules that allow everything that is there": Null(
        rules(volunteer=sorted(tasks(validate(BUSY, "micro"))), daily=sorted(tasks(validate(BUSY, "micro"))))
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NULLS)
def test_a_mechanism_with_nothing_to_act_on_changes_nothing(name: str):
    """Present but idle, it leaves no trace outside its own tables: bit for bit, in every column."""
    assert differing(ABLE, merge(ABLE, NULLS[name].patch)) == set()


# -- rules ------------------------------------------------------------------------------------------------------------


def test_who_may_do_nothing_does_nothing():
    """Row 68: with an empty list volunteers man no gate, go to no door, serve at no station, make no check and no
    round of a building; what they do at a desk or for somebody who joins is no post.
    """
    units = {"command": commander(members="staff"), "office": unit(1, "liaison", members="staff"), **crew(6)}
    data = micro(
        units, {"talk": need(2)}, shares={"offline": 0.4}, sites=called({"servers": None, "staff": {
            "unit": "crew", "people": 1,
        }}, recall={"unit": "crew", "people": 1, "each": "2 min", "at_home": 1, "times": 1}, no_show=0.3),
        building_leaders={"unit": "crew", "every": "3 h", "each": "1 min"},
        plan=plan(STEPS), desks={"desk": {"coordinator": "office"}},
    )  # fmt: skip
    free, bound = played(data), played(merge(data, rules(volunteer=[])))
    kinds = {"post.gate", "step.round", "hall.desk", "recall.hall", "building_round"}
    assert set(free.frame("assignments")["assignment"]) >= kinds
    assert not (bound.frame("people").query("unit == 'crew'")["busy_h"] > 0).any()
    refused = log(bound, "not_permitted")
    assert set(refused["detail"]) == kinds
    assert set(refused["subject"]) == {"crew"}
    assert refused["detail"].is_unique, "said once, however often it is asked"


def test_each_name_permits_what_goes_by_it_alone():
    """A need type, an action, a post, a station or a whole site: each lets people do that, and nothing else."""
    sites = called({"servers": None, "staff": {"unit": "crew", "people": 1}}, rounds=["0 h"])
    data = micro({"command": commander(members="staff"), **crew(6)}, {"talk": need(2)}, sites=sites, plan=plan(STEPS))
    does = {"talk": None, "man": "post.gate", "gate": "post.gate", "doors": "step.round", "desk": "hall.desk",
            "hall": "hall.desk"}  # fmt: skip
    for name, kind in does.items():
        result = played(merge(data, rules(daily=[name])))
        kinds = set(result.frame("assignments").query("unit == 'crew'")["assignment"])
        assert kinds == ({kind} if kind is not None else set()), name
        assert result.frame("visits").empty == (kind is not None), name


def test_a_kind_and_a_tier_must_both_be_allowed():
    """Who is a volunteer and a professional needs both: the narrower of two rules holds."""
    data = carried(crew(tier="professional"), {"gate": STEPS["gate"]})
    for permitted, manned in (
        ({"volunteer": ["gate"], "professional": ["doors"]}, False),
        ({"volunteer": ["gate"], "professional": ["man"]}, True),
        ({"staff": [], "daily": []}, True),
    ):  # fmt: skip
        assert (hours("post.gate")(played(merge(data, rules(**permitted)))) > 0) == manned, permitted


def test_people_of_another_unit_are_lent_only_for_what_they_may_do():
    """The commander does not lend who may not do it, though they are idle and more."""
    units = {**crew(0), "others": unit(9), "staff": unit(1, members="staff")}
    data = carried(units, {"gate": STEPS["gate"]})
    data["response"]["plan"]["borrow_after"] = "10 min"
    lent = played(merge(data, rules(volunteer=[])))
    assert set(log(lent, "lent")["subject"]) == {"staff"}
    assert set(log(played(data), "lent")["subject"]) == {"others"}


def test_the_commander_chooses_among_those_who_may():
    """Where the card names nobody, it is not the most people idle, but the most of those who may."""
    units = {"others": unit(9), "staff": unit(1, members="staff")}
    data = carried(units, {"gate": step("others", "man", post="gate", ordered="true")})
    del data["response"]["plan"]["card"]["steps"]["gate"]["team"]
    assert set(played(data).frame("assignments").query("assignment == 'post.gate'")["unit"]) == {"others"}
    bound = played(merge(data, rules(volunteer=[])))
    assert set(bound.frame("assignments").query("assignment == 'post.gate'")["unit"]) == {"staff"}


def test_the_time_for_a_post_that_nobody_may_man_goes_to_visits():
    """A shift split between a gate and visits is all visits where the gate is not allowed."""
    split = {"posts": {"shares": {"visit": 0.5, "gate": 0.5}, "block": "2 h"}}
    data = micro(crew(2, **split), {"talk": need(6)})
    free, bound = played(data), played(merge(data, rules(volunteer=["talk"])))
    assert hours("gate")(free) > 5
    assert hours("gate")(bound) == 0
    assert bound.frame("people")["visits"].sum() > free.frame("people")["visits"].sum()


def said(data: Data, what: str) -> list[str]:
    return [one.place for one in findings(validate(data, "micro")) if what in one.message]


def test_what_is_asked_of_those_who_may_not_is_found():
    """A plan that its own rules forbid is told, and runs."""
    split = {"posts": {"shares": {"visit": 0.5, "lane": 0.5}}}
    data = merge(
        carried(crew(**split), sites=swabs(), building_leaders={"unit": "crew", "every": "3 h", "each": "1 min"}),
        rules(volunteer=["gate"]),
    )
    assert said(data, "may not do") == [
        "response.plan.card.steps.declare", "response.plan.card.steps.round", "response.sites.hall.stations.desk.staff",
        "response.building_leaders", "response.organisation.units.crew.posts",
    ][1:]  # fmt: skip
    assert said(merge(data, rules(volunteer=None)), "may not do") == []


# -- skills at stations and steps -------------------------------------------------------------------------------------


def at_station(result: Result) -> set[int]:
    return set(result.frame("stations")["person"].dropna().astype(int))


def able(result: Result) -> set[int]:
    people = result.frame("people")
    return set(people.loc[people["skills"].astype(str).str.contains("swab"), "person"])


def test_a_station_that_asks_for_a_skill_is_manned_by_who_has_it():
    """Row 71: the others stay at their visits; fewer than are wanted are there, and nobody else serves."""
    result = played(micro(crew(8, skills={"swab": 0.3}), {"talk": need(2)}, sites=swabs(skill="swab", people=6)))
    assert at_station(result)
    assert at_station(result) == able(result)


def test_who_has_the_skill_is_asked_first():
    """Where anybody may, the skilled are taken as long as one is idle."""
    site = swabs(people=4, **SLOWLY)
    site["hall"]["opens"] = "1 h"
    result = played(micro(crew(8, skills={"swab": 0.3}), sites=site))
    assert len(able(result)) < 4
    assert at_station(result) > able(result)


def test_who_lacks_the_skill_takes_longer_and_what_goes_wrong_is_done_again():
    """Times are those of the skilled, three times as long; each visitor comes again until it has gone well, with a
    chance of a half each time, and nobody is served by halves.
    """
    slow, quick = (played(micro(crew(2, skills=s), sites=swabs(**SLOWLY))) for s in ({"swab": 0}, {"swab": 1}))
    first = [
        r.frame("stations").dropna(subset=["started_h", "ended_h"]).groupby("visitor").first() for r in (slow, quick)
    ]
    both = first[0].index.intersection(first[1].index)
    took = [(table["ended_h"] - table["started_h"])[both].to_numpy() for table in first]
    assert took[0] == pytest.approx(3 * took[1])
    wrong = played(micro(crew(2, skills={"swab": 0}), sites=swabs(**POORLY)))
    turns = wrong.frame("stations").dropna(subset=["started_h"]).groupby("visitor").size()
    over = wrong.frame("sites").query("end == 'served'")["visitor"]
    assert turns[over].mean() == pytest.approx(2, abs=0.4)
    assert (
        played(micro(crew(2, skills={"swab": 1}), sites=swabs(**POORLY))).frame("stations").groupby("visitor").size()
        == 1
    ).all()


def test_a_sample_that_was_taken_wrongly_is_in_no_tube():
    """Only what has gone well goes to the laboratory: as many samples as visitors served."""
    pool = {"size": 5, "laboratory": {"transport": "10 min", "takes": "1 h"}}
    site = swabs(**POORLY)
    site["hall"]["stations"]["desk"]["pool"] = pool
    result = played(micro(crew(2, skills={"swab": 0}), sites=site))
    assert result.frame("tubes")["people"].sum() == served(result)


def test_the_list_sends_and_the_post_finds_out():
    """Row 64: who is listed and cannot is sent to the post once, goes, and is not asked for it again; the list is put
    right where that is done.
    """
    listed = {"register": {"overstated": 1, "corrects": "true"}}
    result = played(
        micro(crew(8, skills={"swab": 0.3}, **listed), {"talk": need(1)}, sites=swabs(skill="swab", people=3))
    )
    assert at_station(result) <= able(result)
    sent = result.frame("assignments").query("assignment == 'hall.desk'")
    turned = sent[sent["end_h"] == sent["start_h"]]
    assert set(turned["person"]) & able(result) == set()
    assert turned["person"].is_unique
    assert len(turned)


def test_a_step_is_done_by_who_has_its_skill():
    """Row 71: a post for nurses is manned by nurses, those of another unit lent where that is the plan."""
    steps = {"gate": step("crew", "man", 2, post="swabs", skill="swab")}
    units = {**crew(5), **NURSES}
    data = carried(units, steps)
    assert done("gate")(played(data)) == 24.0
    data["response"]["plan"]["borrow_after"] = "10 min"
    result = played(data)
    assert set(result.frame("assignments").query("assignment == 'post.swabs'")["unit"]) == {"nurses"}
    assert said(data, "nobody of 'crew' has the skill") == ["response.plan.card.steps.gate.skill"]


def test_what_cannot_be_is_refused():
    """A skill that nobody declares, mistakes without a skill, and work that goes wrong for ever."""
    for staff, message in (
        ({"skill": "swob"}, "no skill of a unit is called 'swob'"),
        ({"without_skill": {"slower": 2}}, "needs a 'skill'"),
        ({"skill": "swab", "without_skill": {"errors": 1}}, "at most 0.99"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=message):
            validate(micro(crew(skills=["swab"]), sites=swabs(**staff)), "micro")
