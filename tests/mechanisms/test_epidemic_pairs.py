"""Each mechanism against an epidemic on and off on a micro-scenario, under the same luck: does its claim hold?

Beside the registered mechanisms: what is part of the infection itself (the queue that infects, the ill who stay at
home, vaccination), the cordon, and contacts who come last on a route of their own. Where a mechanism has nothing to act
on, every table stays bit for bit the same (design law 2).
"""

from __future__ import annotations

from typing import Any

import pytest

from sim import Result
from sim.spec.hazard_mechanisms import HAZARDS
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import merge, validate
from tests.mechanisms.pairs import (
    BUSY,
    Data,
    Number,
    Pair,
    claim_holds,
    difference,
    differing,
    left_over,
    mechanism_of,
    micro,
    need,
    played,
    rows,
    stays_valid,
    step,
    unit,
)
from tests.mechanisms.pairs import plan as card

OUTSIDE = {"from": "outside"}
STAFF = {"command": unit(1, "command", **OUTSIDE), "doctor": unit(1, "medical", **OUTSIDE)}
CHECKS = ({"unit": "doctor", "takes": "1 min"},)
TRACED = {"trace": step("doctor", "trace", when={"confirmed_over": 0, "every": "1 h"}, each="1 min")}
NONE = {"none": need(0)}
REPORTED = {"share": 1, "reports": 1}


def epidemic(contacts: Data, *, infectious: str = "4 d", latent: str = "12 h", **more: Any) -> Data:
    """Return an infection that three residents bring in at the beginning."""
    course = {"latent": latent, "infectious": infectious}
    return {"epidemic": {"contacts": contacts, "course": course, "seeds": [{"count": 3}], **more}}


def outbreak(
    contacts: Data, units: Data | None = None, wants: Data | None = None, *, days: int = 10, **more: Any
) -> Data:
    """Return ten days of an epidemic among 60 residents, with people from outside who take reports."""
    world = more.pop("world", None) or epidemic(contacts, symptoms=REPORTED)
    return micro(STAFF | (units or {}), wants or NONE, hours=24 * days, tail=0, world=world, **more)


def infected(layer: str) -> Number:
    """Return the measure of how many were infected in a layer."""
    return lambda result: float((result.columns("infections")["layer"].decoded() == layer).sum())


PAIRS: dict[str, Pair] = {
    # the mechanism; behind a comma what is measured, or how, where it has more than one pair
    "isolation": Pair(
        outbreak({"casual": 0.02}, isolation={}, plan=card({}, checks=CHECKS)), rows("infections"), "lowers",
    ),
    "isolation, the household": Pair(
        outbreak({"household": 0.02}, isolation={"household": 0.3}, plan=card({}, checks=CHECKS)),
        infected("household"), "lowers",
    ),
    "isolation, at home the household is not spared": Pair(
        outbreak({"household": 0.02}, isolation={}, plan=card({}, checks=CHECKS)), infected("household"), "none",
    ),
    "transfer": Pair(
        outbreak(
            {"household": 0.02}, plan=card({}, checks=CHECKS), outside={"ambulance": {"delay": "2 h"}},
            isolation={"confirmed": "away", "transfer": "ambulance"},
        ),
        rows("infections"), "lowers",
    ),
    "transfer, beds": Pair(
        outbreak({"household": 0.02}, plan=card({}, checks=CHECKS), isolation={"confirmed": "away", "beds": 3}),
        rows("infections"), "lowers",
    ),
    "quarantine": Pair(
        outbreak(
            {"household": 0.05, "casual": 0.02}, plan=card(TRACED, checks=CHECKS), tracing={"household": 1},
            isolation={"contacts": "home"},
            world=epidemic({"household": 0.05, "casual": 0.02}, symptoms=REPORTED | {"after": "1 d"}),
        ),
        rows("infections"), "lowers",
    ),
    "protective_clothing": Pair(
        outbreak(
            {}, {"crew": unit(2, kit={"suit": 1}, **OUTSIDE)}, {"talk": need(3)}, days=4,
            supplies={"store": {"stock": {"suit": 1000}}},
            world=epidemic({"service": 0.5}, protection={"suit": 0.9}, seeds=[{"count": 15}]),
        ),
        rows("infections"), "lowers",
    ),
}  # fmt: skip


def test_every_mechanism_against_hazards_has_its_pair():
    """A mechanism without a pair of runs is a claim nobody has tried."""
    assert {mechanism_of(pair) for pair in PAIRS} >= {"isolation", "transfer", "quarantine", "protective_clothing"}
    assert {mechanism_of(pair) for pair in PAIRS} <= set(HAZARDS)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_direction_that_is_claimed(pair: str):
    """On against off under the same luck: the 99 % interval of the paired difference lies on the side of the claim."""
    claim_holds(PAIRS[pair], mechanism_of(pair))


@pytest.mark.parametrize("pair", PAIRS)
def test_both_patches_keep_a_scenario_valid(pair: str):
    """Off and without must run: an ablation tries them on scenarios nobody has seen."""
    stays_valid(PAIRS[pair], mechanism_of(pair))


OTHERWISE = {
    "isolation": "off, people are told to stay for a second: it is written down, and cuts the step in which it happens"
}
"""Why something else happens with a mechanism off than without it."""


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if mechanism_of(pair) not in OTHERWISE])
def test_off_is_as_good_as_gone(pair: str):
    """What a mechanism costs or changes is gone when it is off: bit for bit as if the scenario did not name it."""
    assert left_over(PAIRS[pair], mechanism_of(pair)) == set()


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if mechanism_of(pair) == "isolation"])
def test_a_second_of_isolation_infects_as_many_as_none(pair: str):
    """Off, isolation changes how many are infected no more than gone: only time is cut where somebody was told."""
    spec, on = MECHANISMS["isolation"], validate(PAIRS[pair].scenario, "micro")
    found = difference(on.patched(spec.off(on)), on.patched(spec.without(on)), PAIRS[pair].measure)
    assert found.low <= 0 <= found.high
    assert found.high - found.low < 1


# -- what is no mechanism of its own ----------------------------------------------------------------------------------


def hold(on: Data, off: Data, measure: Number, side: str) -> None:
    """Assert that the 99 % interval of on − off lies on a side, or holds 0 where none is claimed."""
    found = difference(validate(on, "on"), validate(off, "off"), measure)
    holds = {"raises": found.low > 0, "lowers": found.high < 0, "none": found.low <= 0 <= found.high}
    assert holds[side], f"on − off: {found.low:.3f} to {found.high:.3f}"


def screening(contacts: Data, *, together: bool = True, queue: Data | None = None, **more: Any) -> Data:
    """Return a day on which everybody is called to be screened, with those known as contacts called last or not."""
    stations: Data = {"swab": {"servers": 2 if together else 1, "service": "3 min"}}
    classes: Data = {}
    if not together:
        stations["apart"] = {"servers": 1, "service": "3 min"}
        classes = {"contact": {"contacts": True, "last": True, "enters": "apart"}}
    site = {"hall": {
        "invitations": {"rounds": ["6 h"], "slot": "15 min", "per_slot": 15} | (queue or {}), "enters": "swab",
        "stations": stations, "classes": classes,
    }}  # fmt: skip
    world = epidemic(contacts, latent="0 h", **{"seeds": [{"count": 6, "building": "b1"}], **more})
    world["positives"] = [{"building": "b1", "symptoms": "1 h"}]
    return micro(
        STAFF, hours=24, tail=0, world=world, sites=site, tracing={"building": 1}, plan=card(TRACED, checks=CHECKS)
    )


def test_a_queue_infects():
    """Who waits for a swab with the infectious is infected there; where queues infect nobody, nobody is."""
    hold(screening({"queue": 2.0}), screening({"queue": 0.0}), infected("queue"), "raises")


def test_shorter_queues_infect_fewer():
    """Half as many people a slot wait half as long together: called more slowly, fewer are infected."""
    slow, fast = ({"per_slot": 5, "slot": "15 min"}, {"per_slot": 30, "slot": "15 min"})
    hold(screening({"queue": 2.0}, queue=slow), screening({"queue": 2.0}, queue=fast), infected("queue"), "lowers")


def of_others(result: Result) -> float:
    """Return how many are infected in the queue who live elsewhere than those who brought it in."""
    table = result.columns("infections")
    return float(((table["layer"].decoded() == "queue") & (table["building"].decoded() != "b1")).sum())


def of_contacts(result: Result) -> float:
    """Return how many are infected in the queue who live with those who brought it in."""
    return infected("queue")(result) - of_others(result)


TOGETHER = screening({"queue": 2.0}, together=True)
"""Everybody at one station with two servers, by building: b1, where the infection is, first."""
APART = screening({"queue": 2.0}, together=False)
"""Contacts last, at a station of their own; each station has one of the two servers."""
LAST = merge(APART, {"response": {"sites": {"hall": {
    "classes": {"contact": {"enters": None}}, "stations": {"apart": None, "swab": {"servers": 2}},
}}}})  # fmt: skip
"""Contacts last, in the same queue as everybody."""


@pytest.mark.parametrize(
    ("measure", "side"),
    [(of_others, "lowers"), (of_contacts, "raises"), (infected("queue"), "none")],
    ids=["others", "contacts", "all"],
)
def test_contacts_last_on_their_own_route(measure: Number, side: str):
    """With as many servers in all, others are spared and contacts infect each other instead: in all, no fewer."""
    assert played(APART).columns("sites")["class"].decoded().tolist().count("contact") > 10
    hold(APART, TOGETHER, measure, side)


@pytest.mark.parametrize("measure", [of_others, infected("queue")], ids=["others", "all"])
def test_contacts_last_in_the_same_queue(measure: Number):
    """Last without a route of their own, contacts stand in the queue that has built up: more are infected."""
    hold(LAST, TOGETHER, measure, "raises")


def test_twice_as_many_servers_do_as_well():
    """A route of their own for contacts spares nobody more than its servers would at the one station."""
    more = merge(TOGETHER, {"response": {"sites": {"hall": {"stations": {"swab": {"servers": 4}}}}}})
    two = {"swab": {"servers": 2}, "apart": {"servers": 2}}
    hold(merge(APART, {"response": {"sites": {"hall": {"stations": two}}}}), more, infected("queue"), "none")


def test_the_ill_who_stay_at_home_infect_fewer():
    """Who stays at home with symptoms no longer meets the community."""
    ill = {"share": 1, "stays_home": 1}
    at_home, about = (
        outbreak({}, world=epidemic({"casual": 0.02}, symptoms=ill | {"stays_home": share})) for share in (1, 0)
    )
    hold(at_home, about, rows("infections"), "lowers")


@pytest.mark.parametrize(("what", "side"), [({"protects": 0.7}, "lowers"), ({"milder": 0.7}, "none")])
def test_the_vaccinated_are_infected_less_often(what: Data, side: str):
    """Protection lowers infections; milder courses as infectious as others change how many are ill, not infected."""
    world = {"casual": 0.02}
    some = epidemic(world, symptoms={"share": 1}, vaccination={"share": 0.8, **what})
    on, off = outbreak({}, world=some), outbreak({}, world=epidemic(world, symptoms={"share": 1}))
    hold(on, off, rows("infections"), side)


def test_milder_courses_are_seen():
    """Fewer fall ill of those infected with a vaccine that makes the course milder."""

    def ill(result: Result) -> float:
        times = result.columns("infections")["ill_h"]
        return float((times == times).sum())

    some = epidemic({"casual": 0.02}, symptoms={"share": 1}, vaccination={"share": 0.8, "milder": 0.7})
    off = epidemic({"casual": 0.02}, symptoms={"share": 1})
    hold(outbreak({}, world=some), outbreak({}, world=off), ill, "lowers")


FENCE = {"fence": step("doctor", "cordon", buildings=["b1", "b2", "b3", "b4"])}


def cordoned(contacts: Data, *, closed: bool, **world: Any) -> Data:
    """Return an epidemic with all buildings closed from the beginning, or with none."""
    return outbreak({}, world=epidemic(contacts) | world, plan=card(FENCE if closed else {}))


def test_a_cordon_lowers_casual_infections():
    """Who lives behind a cordon meets nobody of other buildings."""
    both = {"casual": 0.02, "building": 0.01}
    hold(cordoned(both, closed=True), cordoned(both, closed=False), infected("casual"), "lowers")


def test_a_cordon_does_not_lower_infections_in_the_building():
    """Behind a cordon people meet on the stairs as before: without casual contacts it changes no infection."""
    on, off = (cordoned({"building": 0.02, "household": 0.01}, closed=closed) for closed in (True, False))
    assert not {name for name in differing(on, off) if name.startswith("infections.")}
    assert rows("infections")(played(on)) > 10


def test_a_cordon_that_nobody_obeys_does_nothing():
    """How far a cordon keeps people in is their compliance: with none, everybody is infected as without it."""
    defiant = {"attitudes": {"compliance": {"start": 0}}}
    on, off = (cordoned({"casual": 0.02}, closed=closed, **defiant) for closed in (True, False))
    assert not {name for name in differing(on, off) if name.startswith("infections.")}


def test_isolation_that_nobody_obeys_does_nothing():
    """With compliance 0 isolation at home infects as many as none."""
    world = epidemic({"casual": 0.02}, symptoms=REPORTED) | {"attitudes": {"compliance": {"start": 0}}}
    on, off = (outbreak({}, world=world, isolation=isolation, plan=card({}, checks=CHECKS)) for isolation in ({}, None))
    assert {name for name in differing(on, off) if name.startswith("infections.")} == set()


# -- nothing to act on ------------------------------------------------------------------------------------------------

ILL_DAY = merge(BUSY, {"world": epidemic(
    {"household": 0.1, "building": 0.1, "casual": 0.02, "queue": 1e4, "service": 0.5}, latent="1 h", infectious="1 d",
    symptoms={"share": 0.5, "stays_home": 0.5}, seeds=[{"count": 10}],
)})  # fmt: skip
"""The busy day with an epidemic of which nobody takes notice."""
SHUT = {"world": {"hazards": {"closure": {"kind": "lockdown"}}}}


def infecting(**more: Any) -> Data:
    return {"world": {"epidemic": more}}


def isolated(**more: Any) -> Data:
    return {"response": {"isolation": more}}


NULLS: dict[str, tuple[Data, Data]] = {
    "isolation, with nobody confirmed": (ILL_DAY, isolated(lasts="7 d")),
    "isolation, without an epidemic": (BUSY, isolated(lasts="7 d")),
    "transfer, with nobody confirmed": (ILL_DAY, isolated(confirmed="away", transfer="ambulance", beds=3)),
    "quarantine, without tracing": (ILL_DAY, isolated(contacts="home")),
    "protection for what nobody wears": (ILL_DAY, infecting(protection={"mask": 0.9})),
    "seeds after the end": (BUSY, {"world": epidemic({"casual": 1, "queue": 1, "service": 1}, seeds=[{"at": "30 h"}])}),
    "an import of nobody": (ILL_DAY, infecting(importation={"per_day": 0})),
    "an import after the end": (ILL_DAY, infecting(importation={"per_day": 100, "begins": "30 h"})),
    "an import in a lockdown": (merge(ILL_DAY, SHUT), infecting(importation={"per_day": 100})),
    "reports, without checks": (ILL_DAY, infecting(symptoms={"reports": 1})),
    "a vaccine that does nothing": (ILL_DAY, infecting(vaccination={"share": 1})),
    "a vaccine for nobody": (ILL_DAY, infecting(vaccination={"share": 0, "protects": 1, "milder": 1})),
    "susceptibility by ages that nobody has": (ILL_DAY, infecting(susceptibility_by_age={"0-17": 3})),
    "how long samples show, with no sample": (ILL_DAY, infecting(course={"shows_before": "1 d", "shows_after": "1 d"})),
    "immunity that outlasts the run": (ILL_DAY, infecting(course={"immune": "30 d"})),
    "a need that nobody comes to": (ILL_DAY, infecting(symptoms={"leads_to": {"box": {"share": 0}}})),
}  # fmt: skip


@pytest.mark.parametrize("name", NULLS)
def test_a_mechanism_with_nothing_to_act_on_changes_nothing(name: str):
    """Present but idle, it leaves no trace anywhere: bit for bit, in every column."""
    day, patch = NULLS[name]
    assert differing(day, merge(day, patch)) == set()


def test_queues_without_sites_infect_nobody():
    """Contacts in queues where nobody queues change nothing in any table."""
    day = outbreak({}, {"crew": unit()}, {"talk": need()}, days=2, world=epidemic({"casual": 0.02}))
    assert differing(day, merge(day, infecting(contacts={"queue": 9.0}))) == set()


def test_faces_that_nobody_sees_infect_nobody():
    """Contacts face to face where nobody visits or serves change nothing in any table."""
    day = outbreak({}, days=2, world=epidemic({"casual": 0.02}))
    assert differing(day, merge(day, infecting(contacts={"service": 9.0}))) == set()


def test_the_day_with_an_epidemic_is_one():
    """On a day without infections nothing could be changed: every layer but the imports has some."""
    seen = [played(ILL_DAY, k).columns("infections")["layer"].decoded().tolist() for k in range(3)]
    assert {layer for layers in seen for layer in layers} == {
        "seed", "household", "building", "casual", "queue", "service"
    }  # fmt: skip
    assert "infections.layer" in differing(ILL_DAY, merge(ILL_DAY, infecting(contacts={"queue": 0})))
