"""Each mechanism of strain and care on and off on a micro-scenario, under the same luck: the direction of its claim.

The form is that of ``pairs``. Below stand what a pair of runs cannot show: whose strain it is, what moves it, and whose
time care takes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim import Result, run
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import merge, validate
from tests.laws.strain_checks import check_strain
from tests.mechanisms.pairs import (
    BUSY,
    Data,
    Null,
    Number,
    Pair,
    changes_nothing,
    claim_holds,
    happened,
    law,
    left_over,
    mechanism_of,
    micro,
    need,
    needs,
    organised,
    played,
    responding,
    rows,
    spent,
    stays_valid,
    unit,
)

NINE = (
    "strain",
    "supervision",
    "debriefing",
    "breaks",
    "rest_between_shifts",
    "feedback",
    "honours",
    "insurance",
    "contract",
)

# -- what is measured -------------------------------------------------------------------------------------------------


def strain_left(result: Result) -> float:
    """Return the mean strain with which people are left at the end; people without a row have none."""
    last = result.frame("strain").groupby("person")["strain"].last()
    return float(last.sum() / len(result.frame("people")))


def caused(cause: str) -> Number:
    """Return the measure of how often something has strained or relieved somebody."""
    return lambda result: float((result.frame("strain")["cause"] == cause).sum())


def visits_a_need(result: Result) -> float:
    """Return how many visits a need that was met has taken, on average."""
    met = result.frame("needs")
    return float(met.loc[met["end"] == "met", "attempts"].mean())


# -- the pairs --------------------------------------------------------------------------------------------------------

SHIFT = "08:00-20:00"
HEAVY = {"loads": {"visit": 8}, "slower": 1, "errors": 0.3, "absence": 0.4, "rest_half_life": "20 h"}
TALK = {"talk": need(1)}
NIGHT = {"loads": {"missed_rest": 5}, "per_hour": 1, "rest_half_life": "20 h"}


def strained(**strain: Any) -> Data:
    return {"strain": {"volunteer": strain}}


def team(count: int = 2, **more: Any) -> Data:
    return {"team": unit(count, "casework", **{"shift": SHIFT, "skills": ["talk"], **more})}


def boss(**more: Any) -> Data:
    return {"boss": unit(1, "casework", **{"members": "staff", "shift": SHIFT, **more})}


def people(units: Data, wants: Data | None = None, *, days: int = 5, tail: int = 0, **more: Any) -> Data:
    """Return a scenario of some days, with a tail where waits are measured."""
    return micro(units, wants or TALK, hours=24 * days, tail=tail, **more)


SESSIONS = {"team": {"by": "boss", "every": "1 d", "takes": "1 h"}}
TALKED = {"talk": need(1, skill="talk")}

OWN = ("strain", "people.capacity", "people.half_life_h", "people.identity")
"""What strain writes down: a table, and what is each person's own."""

PAIRS: dict[str, Pair] = {
    "strain, waits": Pair(
        people(team(), {"talk": need(0.5)}, days=3, tail=240, world=strained(**HEAVY)), needs("wait_mean_h"), "raises",
    ),
    "strain, met": Pair(
        people(team(), {"talk": need(1.2, patience="12 h")}, world=strained(**HEAVY)), needs("unmet"), "raises",
    ),
    "strain, people stay away": Pair(
        people(team(), world=strained(**HEAVY)), rows("shifts"), "lowers",
    ),
    "strain, people leave": Pair(
        people(team(4), days=20, world=strained(**HEAVY, leaving={"per_year": 4, "grows": 3})),
        happened("left_for_good"), "raises",
    ),
    "supervision": Pair(
        people(
            team() | boss(), TALKED, supervision=SESSIONS,
            world=strained(loads={"visit": 3, "no_supervision": 3}, reliefs={"supervision": 10}),
        ),
        strain_left, "lowers",
    ),
    "supervision, time of the supervisor": Pair(
        people(team() | boss(), TALKED, supervision=SESSIONS), spent("supervision", "boss"), "raises",
    ),
    "supervision, time of the worker": Pair(
        people(
            team(1) | boss(), {"talk": need(0.5, skill="talk")}, days=3, tail=120,
            supervision={"team": {"by": "boss", "every": "6 h", "takes": "2 h"}},
        ),
        needs("wait_mean_h"), "raises",
    ),
    "supervision, the next visit goes right": Pair(
        people(team(errors=0.6) | boss(), TALKED, supervision={"team": {"by": "boss", "consults": "10 min"}}),
        visits_a_need, "lowers",
    ),
    "debriefing": Pair(
        people(team(debriefing={"takes": "30 min"}), world=strained(loads={"visit": 3}, reliefs={"debriefing": 8})),
        strain_left, "lowers",
    ),
    "debriefing, time": Pair(
        people(team(debriefing={"takes": "2 h"}), {"talk": need(1)}, days=3, tail=96),
        needs("wait_mean_h"), "raises",
    ),
    "breaks": Pair(
        people(team(breaks={"every": "3 h", "lasts": "1 h"}), world=strained(per_hour=2, rest_half_life="10 h")),
        strain_left, "lowers",
    ),
    "breaks, time": Pair(
        people(team(breaks={"every": "3 h", "lasts": "1 h"}), {"talk": need(1)}, days=3, tail=96),
        needs("wait_mean_h"), "raises",
    ),
    "rest_between_shifts": Pair(
        people(team(shift="08:00-22:00", rest="11 h"), world=strained(**NIGHT)), caused("missed_rest"), "lowers",
    ),
    "rest_between_shifts, time": Pair(
        people(team(shift="08:00-22:00", rest="14 h"), {"talk": need(1)}, days=3, tail=96),
        needs("wait_mean_h"), "raises",
    ),
    "feedback": Pair(
        people(
            team(6) | boss(), {"talk": need(2, skill="talk")}, days=20,
            feedback={"team": {"to": "boss", "takes": "10 min"}},
            world=strained(
                loads={"traumatic": 20}, traumatic={"talk": 0.2}, reliefs={"answered": 60}, rest_half_life="30 h",
                leaving={"per_year": 1, "grows": 4},
            ),
        ),
        happened("left_for_good"), "lowers",
    ),
    "feedback, answered too late": Pair(
        people(
            team(6) | boss(shift="12:00-13:00"), {"talk": need(2, skill="talk")}, days=20,
            feedback={"team": {"to": "boss", "takes": "10 min", "within": "4 h"}},
            world=strained(
                loads={"traumatic": 10, "no_answer": 30}, traumatic={"talk": 0.2}, reliefs={"answered": 60},
                rest_half_life="30 h", leaving={"per_year": 1, "grows": 4},
            ),
        ),
        happened("left_for_good"), "raises",
    ),
    "honours": Pair(
        people(team(6, attendance=0.5, honours={"half_at": "10 h", "attendance": 0.5}), days=10),
        rows("shifts"), "raises",
    ),
    "honours, stay": Pair(
        people(
            team(6, honours={"half_at": "10 h", "stay": 0.9}), days=20,
            world=strained(per_hour=1, leaving={"per_year": 6}),
        ),
        happened("left_for_good"), "lowers",
    ),
    "insurance": Pair(
        people(
            team(6, injury={"share": 0.02, "away": "2 d"}), days=10,
            insurance={"cover": "none", "refuses": 0.3, "leaves": 0.2},
        ),
        rows("shifts"), "lowers",
    ),
    "insurance, a claim takes time": Pair(
        people(
            team(6, injury={"share": 0.1, "away": "1 d"}) | boss(), TALKED,
            insurance={"cover": "injury", "by": "boss", "takes": law("2 h")},
        ),
        spent("claim", "boss"), "raises",
    ),
    "contract": Pair(
        people(team(contract={"ends": "2 d"}), {"talk": need(1, patience="12 h")}), needs("unmet"), "raises",
    ),
    "contract, insecure": Pair(
        people(team(contract={"ends": "30 d"}), days=20, world=strained(loads={"insecure": 5}, per_hour=0)),
        strain_left, "raises",
    ),
    "contract, renewed late": Pair(
        people(
            team(contract={"ends": "10 d", "renewed": "10 d", "notice": "9 d"}), days=10,
            world=strained(loads={"insecure": 10}, absence=0.5),
        ),
        rows("shifts"), "lowers",
    ),
    "insurance, with cover and nobody who deals with it": Pair(
        people(
            team(6, injury={"share": 0.05, "away": "2 d"}), days=10, insurance={"cover": "injury", "refuses": 0.5},
        ),
        rows("shifts"), "none",
    ),
}  # fmt: skip


def test_each_of_the_nine_has_its_pair():
    """A mechanism without a pair of runs is a claim nobody has tried."""
    assert {mechanism_of(pair) for pair in PAIRS} == set(NINE)
    assert set(NINE) <= set(MECHANISMS)


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

    Off, people still carry their strain, which is what its own table says, and a claim that takes no time is made.
    """
    own = OWN if mechanism_of(pair) == "strain" else ()
    assert left_over(PAIRS[pair], mechanism_of(pair), own) == set() or pair == "insurance, a claim takes time"


# -- nothing to act on ------------------------------------------------------------------------------------------------


MEDICS = {"by": "office", "every": "2 h", "takes": "1 h", "consults": "10 min"}

NULLS: dict[str, Null] = {
    "strain of people who are not there": Null(
        {"world": {"strain": {"social_worker": {**HEAVY, "leaving": {"per_year": 9}}}}}
    ),
    "strain without consequences": Null(
        {"world": strained(loads={"visit": 5}, per_hour=1, rest_half_life="9 h")}, tables=OWN,
    ),
    "consequences without strain": Null({"world": strained(slower=1, errors=0.9, absence=0.9)}, tables=OWN[1:]),
    "supervision of nobody": Null(responding(supervision={"medics": MEDICS})),
    "consultations where nothing goes wrong": Null(
        responding(supervision={"crew": {"by": "office", "consults": "1 h"}})
    ),
    "a debriefing of one alone": Null(organised(second={"debriefing": {"takes": "1 h"}, "shift": "08:00-20:00"})),
    "breaks that come after the shift": Null(organised(crew={"breaks": {"every": "13 h", "lasts": "1 h"}})),
    "a rest that everybody has": Null(organised(crew={"rest": "2 h"})),
    "feedback of people who are never strained": Null(
        responding(feedback={"crew": {"to": "office", "takes": "1 h"}})
    ),
    "honours where everybody comes": Null(organised(crew={"honours": {"half_at": "5 h", "attendance": 0.5}})),
    "honours where nobody leaves": Null(organised(crew={"honours": {"half_at": "5 h", "stay": 0.5}})),
    "insurance where nobody is hurt": Null(
        responding(insurance={"cover": "none", "refuses": 1, "leaves": 1, "by": "office", "takes": "1 h"})
    ),
    "a contract that outlasts the day": Null(organised(crew={"contract": {"ends": "30 d"}})),
    "a contract that is renewed": Null(organised(crew={"contract": {"ends": "10 h", "renewed": "9 h"}})),
}  # fmt: skip


@pytest.mark.parametrize("name", NULLS)
def test_a_mechanism_with_nothing_to_act_on_changes_nothing(name: str):
    """Present but idle, it leaves no trace outside its own tables and events: bit for bit, in every column."""
    alone = merge(BUSY, organised(second={"shift": "08:00-20:00"}))
    changes_nothing(NULLS[name], alone if "one alone" in name else BUSY)


# -- whose strain it is, and what moves it ----------------------------------------------------------------------------


def test_two_with_equal_hours_and_other_cases_are_strained_otherwise():
    """Rows 99, 100: what strains is what happens in a visit, not the hours alone."""
    units = {name: unit(1, "casework", shift=SHIFT, skills=[name]) for name in ("light", "heavy")}
    wants = {name: need(0.5, skill=name) for name in units}
    spec = {"by_need": {"light": 1, "heavy": 10}, "per_hour": 0.5, "rest_half_life": "30 h"}
    result = played(people(units, wants, world=strained(**spec)))
    hours = result.frame("people").set_index("unit")["rostered_h"]
    assert hours["light"] == hours["heavy"]
    left = result.frame("strain").groupby("unit", observed=True)["strain"].last()
    assert left["heavy"] > 2 * left["light"]


EVERYTHING = people(
    team(
        3, errors=0.2, breaks={"every": "3 h", "lasts": "20 min"}, debriefing={"takes": "20 min"}, rest="11 h",
        honours={"half_at": "40 h", "attendance": 0.1}, contract={"ends": "9 d", "renewed": "8 d", "notice": "7 d"},
        injury={"share": 0.01, "away": "1 d"},
    ) | boss(),
    {"talk": need(1.5, skill="talk", target="2 h"), "grief": need(0.5, skill="talk", target="2 h")},
    days=10,
    world=strained(
        loads={
            "visit": 1, "failed": 5, "traumatic": 8, "idle_shift": 2, "overtime": 4, "missed_rest": 4, "alone": 1,
            "no_supervision": 4, "no_answer": 3, "insecure": 2, "not_covered": 9,
        },
        by_need={"grief": 4}, traumatic={"grief": 0.2}, per_hour=0.4, long_after="8 h", per_long_hour=1.2,
        reliefs={
            "thanks": 1, "mastered": 4, "supervision": 8, "consultation": 2, "debriefing": 2, "answered": 2,
            "honoured": 0.5,
        },
        rest_half_life="30 h", rest_cv=0.4, capacity_cv=0.3, grows=3, identity=0.3, support=0.4, slower=0.3,
        errors=0.1, absence=0.2, leaving={"per_year": 0.2, "grows": 3},
    ) | {"life_cycle": {"timetable": {"emergency": "3 d", "protracted": "4 d"}}},
    supervision={"team": {"by": "boss", "every": "2 d", "takes": "1 h", "consults": "15 min"}},
    feedback={"team": {"to": "boss", "takes": "10 min"}},
    insurance={"cover": "none", "by": "boss", "takes": "1 h", "refuses": 0.2},
)  # fmt: skip


@pytest.mark.parametrize("replication", range(5))
def test_strain_moves_only_through_the_rows_of_its_table(replication: int):
    """Row 102: from the rows alone each person's course can be told again. Rest is exponential with the person's own
    half-life, duty is linear and steeper after eight hours, an event is its points; nothing else moves strain.
    """
    scenario = validate(EVERYTHING, "micro")
    result = run(scenario, 1, replication)
    assert len(result.frame("strain")) > 200
    check_strain(scenario, result)


def buffered(phase: str, **strain: Any) -> Data:
    """Return ten days of one phase for people whose contract is in doubt, with a supervisor at hand."""
    return people(
        team(4, contract={"ends": "30 d", "notice": "30 d"}) | boss(), TALKED, days=10,
        world=strained(loads={"insecure": 10, "visit": 1}, **strain)
        | {"life_cycle": {"timetable": {phase: "10 d"}}},
        supervision={"team": {"by": "boss", "every": "1 d", "takes": "30 min"}},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("phase", "helps", "does_not"),
    [
        ("warning", "identity", "support"),
        ("emergency", "identity", "support"),
        ("protracted", "support", "identity"),
        ("resolution", "support", "identity"),
    ],
)
def test_identity_helps_in_the_crisis_and_support_afterwards(phase: str, helps: str, does_not: str):
    """E35: overload is buffered by professional identity during the crisis, by organisational support after it."""

    def load(**strain: Any) -> float:
        table = played(buffered(phase, **strain)).frame("strain")
        return float(table.loc[table["cause"] == "insecure", "change"].sum())

    assert load(**{helps: 0.8}) < 0.8 * load()
    assert load(**{does_not: 0.8}) == load()


def test_a_buffer_takes_nothing_off_what_clients_do():
    """What an institution or an organisation does can be borne with identity and support; a visit weighs the same."""
    for phase in ("emergency", "protracted"):
        table = played(buffered(phase, identity=1, support=1)).frame("strain")
        assert set(table.loc[table["cause"] == "visit", "change"]) == {1.0}


def test_recovery_may_end_above_where_it_began():
    """Row 102: a hard case that ends well leaves somebody who can carry more, to a limit."""
    spec = {"loads": {"failed": 5}, "reliefs": {"mastered": 3}, "rest_half_life": "20 h", "grows": 10, "grows_to": 1.5}
    table = played(people(team(errors=0.4), world=strained(**spec))).frame("strain")
    assert (table["cause"] == "mastered").sum() > 5
    capacity = table.groupby("person")["capacity"]
    assert (capacity.first() == 100).all()
    assert (capacity.last() > 100).all()
    assert capacity.max().max() == 150
    assert all(np.all(np.diff(group) >= 0) for _, group in capacity)


# -- whose time it takes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["supervision", "consultation"])
def test_a_session_takes_the_time_of_both(kind: str):
    """Row 16: as many sessions on the one side as on the other, which end together; a visit of either waits."""
    spec = {"by": "boss", "every": "1 d", "takes": "1 h", "consults": "20 min"}
    data = people(team(errors=0.3) | boss(), TALKED, supervision={"team": spec})
    table = played(data).frame("assignments")
    sides = {
        name: sorted(table.loc[(table["assignment"] == kind) & (table["unit"] == name), "end_h"].dropna())
        for name in ("team", "boss")
    }
    assert len(sides["team"]) >= 5
    assert sides["team"] == sides["boss"]
    mine = table[(table["assignment"] == kind) & (table["unit"] == "boss")].dropna()
    length = {"supervision": 1.0, "consultation": 1 / 3}[kind]
    assert (mine["end_h"] - mine["start_h"]).to_numpy() == pytest.approx(length)


def test_one_supervisor_has_time_for_so_many():
    """A session that nobody has time for is missed: it is written down, and it strains."""
    many = people(
        team(8) | boss(shift="09:00-11:00"), TALKED, supervision=merge(SESSIONS, {"team": {"within": "8 h"}}),
        world=strained(loads={"no_supervision": 3}),
    )  # fmt: skip
    result = played(many)
    assert happened("no_supervision")(result) > 5
    assert caused("no_supervision")(result) == happened("no_supervision")(result)


def test_after_a_consultation_the_next_visit_goes_right():
    """Row 16: who has asked does not fail twice: with one worker each need takes two visits at most."""
    data = people(team(1, errors=0.9, shift=None) | boss(shift=None), {"talk": need(0.3, skill="talk")})
    asked = merge(data, responding(supervision={"team": {"by": "boss", "consults": "10 min"}}))
    assert played(data).frame("needs")["attempts"].max() > 5
    assert played(asked).frame("needs")["attempts"].max() == 2
