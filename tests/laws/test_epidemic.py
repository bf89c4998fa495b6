"""Epidemics in random mixtures: nobody is infected by nobody, twice at once or in two places, and the rest balances.

Two kinds of scenario: an estate drawn here, with visits, sites, tests, isolation, cordons and waning immunity, and the
random scenarios of ``tests.laws.scenarios`` with an epidemic put into them. What is known to be at fault stands in
tests/mechanisms/test_epidemic_faults.py, and is kept out here where it says so.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import run
from sim.records.result import Result
from sim.spec.hazard_mechanisms import HAZARDS
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import merge, validate
from sim.spec.scenario import Scenario
from tests.laws.checks import (
    balances,
    can_go,
    check_days,
    check_levels,
    check_needs,
    check_queues,
    check_stock,
    check_visits,
    differing,
    many,
    often,
    same_again,
)
from tests.laws.epidemic_checks import EPIDEMIC
from tests.laws.scenarios import Data, contents, lengths, one_in_three, one_in_two, scenarios, shares

pytestmark = pytest.mark.usefixtures("no_mutants")

OUTSIDE = {"from": "outside"}


def check_needs_of_the_well(scenario: Scenario, result: Result) -> None:
    """Needs that illness leads to stand behind the others, as all that are caused: their onsets are not in order."""
    symptoms = scenario.world.epidemic.symptoms if scenario.world.epidemic is not None else None
    if symptoms is None or not symptoms.leads_to:
        check_needs(scenario, result)


def check_absence(scenario: Scenario, result: Result) -> None:
    """Who has been taken away asks for nothing at home, and nobody begins to serve or to help them, or is helped."""
    spec, events = scenario.response.isolation, result.frame("events")
    if spec is None:
        return
    taken, confirmed = (events[events["event"] == name].assign(resident=lambda e: e["subject"].astype(int))
                        for name in ("taken_away", "confirmed"))  # fmt: skip
    needs, help_ = result.frame("needs"), result.frame("help")
    needs = needs[needs["met_by"] != "online"]
    visits = result.frame("visits").merge(needs[["need", "resident", "other"]], on="need")
    begun = [(needs, "resident", "onset_h"), (needs, "resident", "requested_h"), (help_, "helper", "start_h"),
             (visits, "resident", "started_h"), (visits, "other", "started_h")]  # fmt: skip
    for resident, since in zip(taken["resident"], taken["t_h"], strict=True):
        told = confirmed[(confirmed["resident"] == resident) & (confirmed["t_h"] <= since)]["t_h"]
        until = told.max() + spec.lasts
        for rows, who, when in begun:
            mine = rows[rows[who] == resident][when]
            assert not ((mine > since) & (mine < until - 1e-9)).any(), (resident, who, when, since, until)


REST = (check_needs_of_the_well, check_absence, check_days, check_levels, check_queues)
"""What holds of every run."""
OWN = ("isolation", "transfer", "quarantine", "protective_clothing")

# -- random epidemics -------------------------------------------------------------------------------------------------


@st.composite
def _epidemic(draw: st.DrawFn, *, aged: bool, needs: list[str]) -> Data:
    """Draw an infection that runs fast enough for some days to see it end."""
    slow, fast = st.sampled_from([0.02, 0.1, 0.5]), st.sampled_from([0.5, 20, 1000])
    rates = {"household": slow, "building": slow, "casual": slow, "queue": fast, "service": fast}
    course: Data = {"latent": draw(lengths(0, 60, 600)), "infectious": draw(lengths(200, 600, 3000))}
    if draw(one_in_two):
        course["immune"] = draw(st.sampled_from(["0 h", "2 h"]))
    if draw(one_in_two):
        course |= {"shows_before": draw(st.sampled_from(["0 h", "6 h"])), "shows_after": "10 h"}
    epidemic: Data = {
        "contacts": {layer: draw(rate) for layer, rate in rates.items() if draw(often)},
        "course": course,
        "seeds": [
            {"at": at, "count": draw(st.sampled_from([1, 3, 9]))}
            for at in draw(st.sampled_from([["0 h"], ["0 h", "3 h"], ["5 h", "30 h"], ["90 h"]]))
        ],
        "step": draw(st.sampled_from(["10 min", "1 h", "5 h"])),
    }  # fmt: skip
    ages = {"0-17": draw(shares), "60+": draw(shares)} if aged else {}
    if draw(often):
        symptoms: Data = {
            "share": draw(shares), "after": draw(lengths(0, 60)), "without": draw(shares),
            "stays_home": draw(shares), "reports": draw(shares), "by_age": ages,
        }  # fmt: skip
        if needs and draw(one_in_two):
            symptoms["leads_to"] = {
                draw(st.sampled_from(needs)): {"share": draw(shares), "delay": draw(lengths(0, 300))}
            }
        epidemic["symptoms"] = symptoms
    if draw(one_in_three):
        epidemic["vaccination"] = {"share": draw(shares), "protects": draw(shares), "milder": draw(shares)}
    if draw(one_in_three):
        epidemic["importation"] = {"per_day": draw(st.sampled_from([0, 2, 30]))}
    if aged:
        epidemic["susceptibility_by_age"] = {"0-17": draw(st.sampled_from([0, 0.5, 3]))}
    return epidemic


@st.composite
def _hall(draw: st.DrawFn) -> Data:
    """Draw a site to which everybody is called to be swabbed, by people of a unit or by servers."""
    swab: Data = {"service": draw(lengths(1, 3))}
    swab |= draw(st.sampled_from([{"servers": 2}, {"staff": {"unit": "testers", "people": 2}}]))
    if draw(often):
        swab["pool"] = {
            "size": draw(st.sampled_from([1, 2, 10])), "by": draw(st.sampled_from(["order", "household"])),
            "laboratory": {
                "transport": "10 min", "takes": draw(lengths(30, 200)),
                "sensitivity": draw(shares), "specificity": draw(st.sampled_from([1.0, 0.9])),
            },
        }  # fmt: skip
    hall: Data = {
        "invitations": {
            "rounds": draw(st.sampled_from([["8 h"], ["2 h", "14 h"], ["20 h"]])), "slot": "15 min",
            "per_slot": draw(st.sampled_from([10, 60])), "no_show": draw(st.sampled_from([0, 0.2])),
        },
        "enters": "swab", "stations": {"swab": swab},
    }  # fmt: skip
    if draw(one_in_three):
        hall["room"] = draw(st.sampled_from([2, 20]))
    if draw(one_in_three):
        hall["stations"]["swab"]["patience"] = draw(lengths(5, 60))
    if draw(one_in_three):
        hall["classes"] = {"contact": {"contacts": True, "last": True}}
    return hall


@st.composite
def _isolation(draw: st.DrawFn) -> Data:
    """Draw what those confirmed are asked; longer than any illness, since the last word on a leave counts (a fault)."""
    isolation: Data = {"lasts": "30 d" if draw(often) else "6 h", "household": draw(shares)}
    if draw(one_in_two):
        isolation["confirmed"] = "away"
        if draw(one_in_two):
            isolation["transfer"] = "ambulance"
        if draw(one_in_two):
            isolation["beds"] = draw(st.sampled_from([0, 1]))
    if draw(one_in_two):
        isolation["contacts"] = "home"
    return isolation


@st.composite
def estates(draw: st.DrawFn) -> Data:
    """Draw an estate of some days with an epidemic, in which people visit, queue, test, isolate and close buildings."""
    residents, aged = draw(st.integers(20, 120)), draw(one_in_two)
    community: Data = {
        "residents": residents, "households": residents // draw(st.integers(1, 3)),
        "buildings": draw(st.integers(1, 4)),
    }  # fmt: skip
    if aged:
        community["ages"] = {"0-17": 0.2, "18-59": 0.6, "60+": 0.2}
    kit: Data = {"kit": {"suit": 1}} if draw(one_in_two) else {}
    units: Data = {
        "command": {"function": "command", "members": "staff", "count": 1, **OUTSIDE},
        "doctors": {"function": "medical", "members": "staff", "count": 2, **OUTSIDE},
        "testers": {"function": "medical", "members": "staff", "count": 3, **draw(st.sampled_from([{}, OUTSIDE]))},
        "crew": {"function": "logistics", "members": "volunteer", "count": draw(st.integers(1, 6)), **kit},
    }
    if draw(one_in_two):
        units["crew"]["shift"] = draw(st.sampled_from(["08:00-20:00", "00:00-24:00"]))
    needs: Data = {
        "talk": {"per_hour": draw(st.sampled_from([0.5, 3])), "urgency": 2, "service": draw(lengths(15, 90))},
        "fever": {"per_hour": 0, "urgency": 1, "service": "30 min", "patience": "5 h"},
    }
    steps: Data = {"declare": {"ordered": False, "team": "command", "people": 0, "part": "activation", "does": {
        "action": "declare",
    }}}  # fmt: skip
    known = {"when": {"confirmed_over": 0, "every": "1 h"}}
    does: Data = {
        "trace": {"action": "trace", "each": "5 min"},
        "fence": {"action": "cordon", "buildings": draw(st.sampled_from(["affected", "all", ["b1"]]))},
        "tests": {
            "action": "doors", "buildings": "all", "each": "1 min", "antigen": draw(shares),
            "sensitivity": draw(shares),
        },
    }  # fmt: skip
    for name in does:
        if draw(often):
            more = known if name == "trace" or draw(one_in_two) else {}
            steps[name] = {"ordered": False, "team": "doctors", "people": 1, "does": does[name], **more}
    known_teams = {name: {"unit": name, "contact": "1"} for name in ("command", "doctors")}
    response: Data = {
        "organisation": {"units": units}, "supplies": {"store": {"stock": {"suit": 500}}},
        "outside": {"ambulance": {"delay": draw(lengths(10, 300))}},
        "plan": {
            "search": "0 h", "card": {
                "card": "law", "teams": known_teams, "steps": steps, "checks": [{
                    "unit": "doctors", "takes": "5 min", "clears": draw(shares),
                    "misses": draw(st.sampled_from([0, 0.3])),
                }],
            },
        },
        "tracing": {"household": draw(shares), "building": draw(shares)},
    }  # fmt: skip
    if draw(often):
        response["isolation"] = draw(_isolation())
    if draw(often):
        response["sites"] = {"hall": draw(_hall())}
    epidemic = draw(_epidemic(aged=aged, needs=["fever"]))
    if kit:
        epidemic["protection"] = {"suit": draw(shares)}
    if response.get("isolation", {}).get("lasts") == "6 h" and "symptoms" in epidemic:
        epidemic["symptoms"]["stays_home"] = 0  # a leave that is shorter takes from one that is longer, a fault
    world: Data = {"community": community, "needs": needs, "epidemic": epidemic}
    if draw(one_in_three):
        world["attitudes"] = {"compliance": {"start": draw(st.sampled_from([0, 0.5]))}}
    if draw(one_in_three):
        world["hazards"] = {"closure": {"kind": "lockdown", "begins": "10 h", "ends": "30 h"}}
    return {
        "name": "random", "start": "2022-03-28 08:00", "horizon": draw(st.sampled_from(["1 d", "50 h", "4 d"])),
        "follow_up": "0 h", "world": world, "response": response,
    }  # fmt: skip


@st.composite
def infected(draw: st.DrawFn) -> Data:
    """Draw one of the random scenarios of the other laws with an epidemic in it."""
    data = draw(scenarios())
    world = data["world"]
    world["epidemic"] = draw(_epidemic(aged=False, needs=sorted(world["needs"])))
    if draw(one_in_two):
        data["response"]["isolation"] = draw(_isolation()) | {"transfer": None}
    return data


# -- laws -------------------------------------------------------------------------------------------------------------


def test_an_epidemic_balances():
    """Courses, sources, isolation, work, visitors and outcomes of an epidemic hold together, and so does the rest.

    The random estates have what the laws are about: infections in every layer, illness, isolation, and again.
    """
    seen: set[str] = set()

    @many(80)
    @given(estates(), st.integers(0, 99))
    def balance(data: Data, seed: int) -> None:
        _, result = balances(data, seed, (*EPIDEMIC, *REST, check_visits))
        table = result.frame("infections")
        seen.update(table["layer"].astype(str))
        seen.update(result.columns("events")["event"].decoded())
        seen.update(name for name in ("ill_h", "confirmed_h", "isolated_h", "person") if table[name].notna().any())
        seen.update(["again"] if (table["episode"] > 1).any() else [])

    balance()
    layers = {"seed", "elsewhere", "household", "building", "casual", "queue", "service"}
    happened = {"taken_away", "no_bed", "not_obeyed", "traced", "isolated", "ill", "cordon_closed", "tube_positive"}
    columns = {"ill_h", "confirmed_h", "isolated_h", "person", "again"}
    missing = (layers | happened | columns) - seen
    assert missing == set()


@many(24)
@given(infected(), st.integers(0, 99))
def test_the_rest_balances_in_an_epidemic(data: Data, seed: int):
    """An epidemic in the random scenarios of the other laws breaks none of them."""
    balances(data, seed, (*EPIDEMIC, *REST, check_stock))


@many(10)
@given(estates(), st.integers(0, 99))
def test_the_same_again(data: Data, seed: int):
    """Law 10: the same digest twice, and the same tables for one look and for many."""
    same_again(data, seed)
    scenario = validate(data, "random")
    assert contents(run(scenario, seed, look_h=1000.0)) == contents(run(scenario, seed, look_h=0.07))


def never(data: Data) -> Any:
    """Return a scenario whose epidemic begins when everything is over."""
    late = {"seeds": [{"at": "300 d"}], "importation": None}
    return validate(merge(data, {"world": {"epidemic": late}}), "random")


@many(10)
@given(estates(), st.integers(0, 99))
def test_an_epidemic_that_never_begins_is_none(data: Data, seed: int):
    """Nobody is infected, and every table is as without the block."""
    without = validate(merge(data, {"world": {"epidemic": None}}), "random")
    assert run(never(data), seed).columns("infections")["resident"].size == 0
    assert differing(never(data), without, seed, ("gauges",)) == set()


@many(10)
@given(infected(), st.integers(0, 99))
def test_an_epidemic_that_never_begins_is_none_anywhere(data: Data, seed: int):
    """The same in the random scenarios of the other laws."""
    without = validate(merge(data, {"world": {"epidemic": None}}), "random")
    assert differing(never(data), without, seed, ("gauges",)) == set()


@many(6)
@given(estates(), st.integers(0, 99))
def test_each_mechanism_can_go(data: Data, seed: int):
    """A scenario runs, and its laws hold, with each mechanism off and gone."""
    assert set(OWN) <= set(HAZARDS) <= set(MECHANISMS)
    can_go(validate(data, "random"), seed, OWN, EPIDEMIC)
