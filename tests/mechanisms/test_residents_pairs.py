"""Each mechanism of the residents on and off on a micro-scenario, under the same luck; and what their states decide.

Form and scenarios are those of ``pairs``. Besides the direction of each claim: a state alters the decision that it is
asked for, and nothing where nobody asks; every change of a state is a row from which each resident's trajectory can be
computed again; trust and ties outlive the run in the table ``residents``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sim import Result, Scenario, run
from sim.errors import InputError
from sim.spec.findings import findings
from sim.spec.patches import merge, validate
from sim.spec.people_mechanisms import PEOPLE
from tests.mechanisms.pairs import (
    CHAT,
    TELL,
    Data,
    Null,
    Number,
    Pair,
    at,
    called,
    changes_nothing,
    claim_holds,
    difference,
    differing,
    happened,
    law,
    left_over,
    mechanism_of,
    micro,
    need,
    needs,
    plan,
    played,
    responding,
    stays_valid,
    step,
    unit,
)

RESIDENTS = (
    "household_help", "neighbour_help", "ties", "trust", "anxiety", "compliance", "complaining", "complaint_desk",
    "building_leaders", "vulnerability", "disputes", "stigma", "leads_to", "clients", "by_phone",
)  # fmt: skip
STATE_TABLES = ("attitudes", "residents")

# -- what is measured -------------------------------------------------------------------------------------------------


def met_by(who: str) -> Number:
    """Return the measure of how many needs somebody met."""
    return lambda result: float((result.columns("needs")["met_by"].decoded() == who).sum())


def requests(result: Result) -> float:
    """Return how many needs the response heard of."""
    return float((~np.isnan(result.columns("needs")["requested_h"])).sum())


def raised(result: Result) -> float:
    """Return how many needs arose."""
    return float(result.columns("needs")["need"].size)


def state(name: str) -> Number:
    """Return the measure of a state of residents at the end, on average."""
    return lambda result: float(result.columns("residents")[name].mean())


def strain_of_complaints(result: Result) -> float:
    """Return the points of strain that complaints have brought."""
    strain = result.columns("strain")
    return float(strain["change"][strain["cause"].decoded() == "complaint"].sum())


# -- pairs ------------------------------------------------------------------------------------------------------------


def attitudes(**states: Data) -> Data:
    return {"attitudes": states}


HELP = {"agrees": 0.5, "ties": 4, "ask": "5 min", "hours_a_day": "4 h"}
HOME = {"mutual_help": HELP}
LATE = {"served_late": -0.6, "gave_up": -0.6}
SLOW = unit(1)
COMPLAIN = {"served_late": 0.8, "gave_up": 0.8}
LET_DOWN = need(4, target="15 min", patience=law("3 h"))
QUARREL = need(5, dispute_with="neighbours")
LEADERS = {"unit": "leaders", "every": "3 h", "each": "1 min", "groups": ["offline"]}

PAIRS: dict[str, Pair] = {
    "household_help": Pair(
        micro({"crew": unit()}, {"food": need(4, self_help={"household": 0.6})}, world=HOME), requests, "lowers",
    ),
    "neighbour_help": Pair(
        micro({"crew": unit()}, {"food": need(4, self_help={"neighbours": 0.8})}, world=HOME), requests, "lowers",
    ),
    "ties": Pair(
        micro(
            {"crew": unit()}, {"food": need(8, self_help={"neighbours": 1})}, hours=24,
            world={"mutual_help": HELP | {"agrees": 0.2, "by_tie": 0.6, "asks": 2}},
        ),
        met_by("neighbour"), "raises",
    ),
    "ties, introduced": Pair(
        micro(
            {"crew": unit(), "leaders": unit(4, "liaison")}, {"food": need(4, self_help={"neighbours": 1})},
            world={"mutual_help": HELP | {"agrees": 0, "by_tie": 0.8, "ties": 0}},
            building_leaders=LEADERS | {"every": "1 h", "groups": None, "introduces": 1},
        ),
        met_by("neighbour"), "raises",
    ),
    "trust, helping": Pair(
        micro(
            {"crew": SLOW}, {"food": LET_DOWN | {"self_help": {"neighbours": 0.5}}}, hours=24,
            world=attitudes(trust={"start": 0.5, "moves": LATE}) | {"mutual_help": HELP | {"by_trust": 1}},
        ),
        met_by("neighbour"), "lowers",
    ),
    "trust, complaining": Pair(
        micro(
            {"crew": SLOW}, {"food": LET_DOWN}, hours=24,
            world=attitudes(trust={"start": 0.8, "moves": LATE}) | {"complaints": COMPLAIN},
        ),
        happened("complaint"), "raises",
    ),
    "anxiety": Pair(
        micro(
            {"crew": SLOW}, {"food": LET_DOWN | {"more_with": {"anxiety": 3}}},
            world=attitudes(anxiety={"start": 0.1, "moves": {"served_late": 0.6, "gave_up": 0.6}}),
        ),
        raised, "raises",
    ),
    "anxiety, calmed": Pair(
        micro(
            {"crew": unit(4)}, {"talk": need(4, more_with={"anxiety": 2}, calms=0.9)},
            world=attitudes(anxiety={"start": 1}),
        ),
        raised, "lowers",
    ),
    "compliance": Pair(
        micro(sites=called(), tail=0, world=attitudes(compliance={"start": 0.7, "spread": 0.2})),
        at("served_share", "hall"), "lowers",
    ),
    "complaining, strain": Pair(
        micro(
            {"crew": SLOW}, {"food": LET_DOWN},
            world={"complaints": COMPLAIN, "strain": {"volunteer": {"loads": {"complaint": 2}}}},
        ),
        strain_of_complaints, "raises",
    ),
    "complaining, word of mouth": Pair(
        micro(
            {"crew": SLOW}, {"food": LET_DOWN}, tail=36,
            world=attitudes(trust={"start": 0.5, "moves": {"complaint_ignored": -0.2, "bad_word": -0.1}})
            | HOME | {"complaints": COMPLAIN},
        ),
        state("trust"), "lowers",
    ),
    "complaint_desk": Pair(
        micro(
            {"crew": SLOW, "office": unit(1, "liaison")}, {"food": LET_DOWN}, tail=36,
            world=attitudes(trust={"start": 0.5, "moves": {"complaint_answered": 0.3, "complaint_ignored": -0.2}})
            | {"complaints": COMPLAIN},
            desks={"main": {"units": ["crew"]}},
            complaints={"to": "office", "takes": "10 min", "within": "12 h"},
        ),
        state("trust"), "raises",
    ),
    "building_leaders": Pair(
        micro(
            {"crew": unit(4), "leaders": unit(1, "liaison")}, {"food": need(3, asked_at_door=["offline"])},
            shares={"offline": 0.4}, building_leaders=LEADERS,
        ),
        met_by("responder"), "raises",
    ),
    "vulnerability": Pair(
        micro(
            {"crew": unit(4)}, {"food": {"per_1000_day": 900, "urgency": 2, "service": law("30 min"),
                                         "rate_by_group": {"over_80": 3}}}, shares={"over_80": 0.3},
        ),
        raised, "raises",
    ),
    "vulnerability, harm": Pair(
        micro(
            {"crew": SLOW}, {"food": need(3, deprivation={"cost": 10, "doubles": "2 h", "by_group": {"over_80": 4}})},
            shares={"over_80": 0.3},
        ),
        at("deprivation_cost", "all"), "raises",
    ),
    "disputes, nobody settles them": Pair(
        micro(
            {"crew": SLOW}, {"quarrel": QUARREL | {"patience": law("1 h")}}, hours=24,
            world=attitudes(trust={"start": 0.5, "moves": {"unsettled": -0.4}}),
        ),
        state("trust"), "lowers",
    ),
    "disputes, settled": Pair(
        micro(
            {"crew": unit(9)}, {"quarrel": QUARREL}, hours=24,
            world=attitudes(trust={"start": 0.5, "moves": {"settled": 0.3}}),
        ),
        state("trust"), "raises",
    ),
    "disputes, who is asked next door": Pair(
        micro(
            {"crew": SLOW},
            {"quarrel": QUARREL | {"patience": law("1 h")}, "food": need(4, self_help={"neighbours": 1})},
            hours=48, world={"mutual_help": HELP | {"ties": 3, "asks": 9}},
        ),
        met_by("neighbour"), "lowers",
    ),
    "disputes, time of both": Pair(
        micro(
            {"crew": unit(30)},
            {
                "quarrel": QUARREL | {"dispute_with": "household", "service": "3 h"},
                "food": need(6, self_help={"household": 1}),
            },
            world={"mutual_help": HELP | {"hours_a_day": "24 h"}},
        ),
        met_by("household"), "lowers",
    ),
    "stigma": Pair(
        micro({"crew": unit(4)}, {"talk": need(3, stigma={"share": 0.5, "delay": law("3 h")})}),
        needs("delay_mean_h"), "raises",
    ),
    "leads_to": Pair(
        micro({"crew": unit(4)}, {"talk": need(3, leads_to={"talk": {"share": 0.3, "delay": law("1 h")}})}),
        raised, "raises",
    ),
    "clients": Pair(
        micro(
            {"crew": unit(4)},
            {"course": {"clients": {"group": "disabled", "every": "6 h"}, "urgency": 3, "service": "30 min"}},
            shares={"disabled": 0.3},
        ),
        raised, "raises",
    ),
    "by_phone": Pair(
        micro({"crew": unit()}, {"talk": need(3, by_phone="true")}, travel={"speed_km_h": 1, "doorstep": "6 min"}),
        needs("wait_mean_h"), "lowers",
    ),
}  # fmt: skip


def test_every_mechanism_of_the_residents_has_its_pair():
    """A mechanism without a pair of runs is a claim nobody has tried."""
    assert {mechanism_of(pair) for pair in PAIRS} == set(RESIDENTS)
    assert set(RESIDENTS) <= set(PEOPLE)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_direction_that_is_claimed(pair: str):
    """On against off under the same luck: the 99 % interval of the paired difference lies on the side of the claim."""
    claim_holds(PAIRS[pair], mechanism_of(pair))


@pytest.mark.parametrize("pair", PAIRS)
def test_both_patches_keep_a_scenario_valid(pair: str):
    """Off and without must run: an ablation tries them on scenarios nobody has seen."""
    known = pair == "anxiety, calmed"  # see test_residents_faults
    stays_valid(PAIRS[pair], mechanism_of(pair), named=known)


OTHERWISE = {
    "neighbour_help": "off, neighbours are still asked, which takes time",
    "trust, complaining": "without any trust everybody who is let down may complain",
    "anxiety": "off, who is anxious from the start still needs more",
    "anxiety, calmed": "off, who is anxious from the start still needs more",
    "complaint_desk": "off, complaints are still heard, which takes time, and each is ignored after a second",
}
"""Why something else happens with a mechanism off than without it."""


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair not in OTHERWISE])
def test_off_is_as_good_as_gone(pair: str):
    """What a mechanism costs or changes is gone when it is off: bit for bit as if the scenario did not name it."""
    own = STATE_TABLES if mechanism_of(pair) in ("trust", "compliance") else ()
    assert left_over(PAIRS[pair], mechanism_of(pair), own) == set()


# -- nothing to act on ------------------------------------------------------------------------------------------------


def wants(**more: Any) -> Data:
    return {"world": {"needs": {"box": more}}}


def world(**more: Any) -> Data:
    return {"world": more}


MUTE = {"share": 0, "delay": "1 h"}
NULLS: dict[str, Null] = {
    "help of which nothing can be done": Null(
        merge(world(**HOME), wants(self_help={"household": 0, "neighbours": 0})), ("residents",)
    ),
    "help at home, with nobody who has time": Null(
        merge(world(mutual_help=HELP | {"hours_a_day": "1 s", "asks": 0}), wants(self_help={"household": 1})),
        ("residents",),
    ),
    "neighbours who helped nobody before": Null(world(mutual_help=HELP | {"by_tie": 1}), ("residents",)),
    "neighbours whom nobody asks": Null(world(mutual_help=HELP | {"agrees": 1}), ("residents",)),
    "trust that nothing moves": Null(
        world(**attitudes(trust={"start": 0.4, "spread": 0.2, "moves": {"helped": 0.5}})), ("residents",)
    ),
    "anxiety that makes nobody need more": Null(
        merge(world(**attitudes(anxiety={"start": 0.4, "calms": "1 h"})), wants(calms=0.5)), STATE_TABLES
    ),
    "compliance of everybody": Null(world(**attitudes(compliance={"start": 1})), ("residents",)),
    "complaints of nobody": Null(world(complaints={"served_late": 0, "visit_failed": 0, "gave_up": 0})),
    "a desk for complaints that nobody makes": Null(responding(complaints={"to": "office", "takes": "1 h"})),
    "building leaders for a group with nobody in it": Null(
        responding(building_leaders={"unit": "crew", "every": "1 h", "each": "2 min", "groups": ["pregnant"]})
    ),
    "factors of groups with nobody in them": Null(
        wants(rate_by_group={"pregnant": 9}, deprivation={"cost": 1, "doubles": "1 h", "by_group": {"pregnant": 9}})
    ),
    "a dispute with nobody": Null(wants(dispute_with="nobody")),
    "shame of nobody": Null(wants(stigma=MUTE)),
    "shame that a campaign would end": Null(wants(stigma=MUTE | {"campaign": "hall"})),
    "a need that leads to nothing": Null(wants(leads_to={"ill": {"share": 0, "delay": "1 h"}})),
    "a need that leads on if somebody gives up who never does": Null(
        {"world": {"needs": {"asks": {"leads_to": {"ill": {"share": 1, "after": "abandoned", "delay": "1 h"}}}}}}
    ),
    "standing clients of a group with nobody in it": Null(
        {"world": {"needs": {"course": {
            "clients": {"group": "pregnant", "every": "1 h"}, "urgency": 3, "service": "1 h",
        }}}}
    ),
    "the telephone, where nobody walks": Null(wants(by_phone="true")),
}  # fmt: skip


@pytest.mark.parametrize("name", NULLS)
def test_a_mechanism_with_nothing_to_act_on_changes_nothing(name: str):
    """Present but idle, it leaves no trace outside its own tables: bit for bit, in every column."""
    changes_nothing(NULLS[name])


# -- what each state decides ------------------------------------------------------------------------------------------

MOVES = {"served_late": -0.6, "gave_up": -0.6}
FRIGHT = {"served_late": 0.6, "gave_up": 0.6}
TOLD = {
    "information": CHAT, "plan": plan({"tell": TELL | {"repeat": "1 h"}}),
}  # fmt: skip
TEAMS = {"command": unit(1, "command", decision=law("10 min")), "crew": unit()}


def same_but(one: Data, two: Data, tables: tuple[str, ...] = STATE_TABLES) -> set[str]:
    """Return the columns in which two scenarios differ, but for the tables that keep states."""
    return differing(one, two, tables)


def moved(data: Data, name: str) -> bool:
    """Tell whether a state moves at all."""
    table = played(data).columns("attitudes")
    return bool((table["state"].decoded() == name).any())


def test_trust_decides_whether_neighbours_agree_and_nothing_else():
    """With ``by_trust`` 0 and no complaints trust is asked for nothing: it falls, and nobody is helped less."""
    data = micro(
        {"crew": SLOW}, {"food": LET_DOWN | {"self_help": {"neighbours": 0.5}}}, hours=24,
        world=attitudes(trust={"start": 0.5, "moves": MOVES}) | {"mutual_help": HELP | {"by_trust": 1}},
    )  # fmt: skip
    calm = merge(data, {"world": {"attitudes": {"trust": {"moves": None}}}})
    assert "needs.met_by" in same_but(data, calm)
    unasked = {"world": {"mutual_help": {"by_trust": 0}}}
    assert moved(merge(data, unasked), "trust")
    assert same_but(merge(data, unasked), merge(calm, unasked)) == set()


def test_trust_decides_who_complains():
    """Who trusts entirely does not complain, who does not trust at all does in the stated share."""
    data = micro({"crew": SLOW}, {"food": LET_DOWN}, world={"complaints": {"gave_up": 1, "served_late": 1}})
    full = merge(data, {"world": attitudes(trust={"start": 1})})
    none = merge(data, {"world": attitudes(trust={"start": 0})})
    assert happened("complaint")(run(validate(full, "micro"))) == 0
    result = run(validate(none, "micro"))
    needs_ = result.frame("needs")
    late = needs_["started_h"] - needs_["requested_h"] > 0.25
    done = needs_["met_by"] == "responder"
    assert happened("complaint")(result) == (late & done).sum() + (needs_["end"] == "abandoned").sum()


def test_anxiety_decides_how_often_a_need_arises_and_nothing_else():
    """Without ``more_with`` anxiety is asked for nothing: it rises as before, and nobody needs more."""
    data = micro(
        {"crew": SLOW}, {"food": LET_DOWN | {"more_with": {"anxiety": 3}}},
        world=attitudes(anxiety={"start": 0.1, "moves": FRIGHT, "calms": "6 h"}),
    )  # fmt: skip
    calm = merge(data, {"world": {"attitudes": {"anxiety": {"moves": None}}}})
    assert "needs.onset_h" in same_but(data, calm)
    unasked = {"world": {"needs": {"food": {"more_with": None}}}}
    assert moved(merge(data, unasked), "anxiety")
    assert same_but(merge(data, unasked), merge(calm, unasked)) == set()


def test_compliance_decides_who_comes_when_called_and_nothing_else():
    """Without invitations compliance is asked for nothing: notices move it as before, and the same things happen."""
    state_ = attitudes(compliance={"start": 0.5, "moves": {"notice": 0.5}})
    data = micro(TEAMS, {"parcel": need(2)}, world=state_, sites=called(rounds=["5 h"]), **TOLD)
    calm = merge(data, {"world": {"attitudes": {"compliance": {"moves": None}}}})
    assert "sites.end" in same_but(data, calm)
    more = difference(validate(data, "micro"), validate(calm, "micro"), at("served_share", "hall"))
    assert more.low > 0, "who has heard a notice complies more"
    uncalled = {"response": {"sites": None, "plan": {"card": {"steps": {"tell": {"does": {"topic": "news"}}}}}}}
    assert moved(merge(data, uncalled), "compliance")
    assert same_but(merge(data, uncalled), merge(calm, uncalled)) == set()


def test_awareness_decides_who_is_ashamed_and_nothing_else():
    """Who has heard the campaign asks at once; where shame names no campaign, notices change no need."""
    stigma = {"share": 0.9, "delay": "3 h"}
    quiet = micro(TEAMS, {"talk": need(4, stigma=stigma | {"campaign": "hall"})}, information=CHAT)
    data = merge(quiet, {"response": TOLD})
    less = difference(validate(data, "micro"), validate(quiet, "micro"), needs("delay_mean_h"))
    assert less.high < 0, "the campaign ends shame"
    unasked = {"world": {"needs": {"talk": {"stigma": {"campaign": None}}}}}
    one, two = played(merge(data, unasked)), played(merge(quiet, unasked))
    assert one.columns("notices")["reached"].sum() > 0
    assert np.array_equal(one.columns("needs")["requested_h"], two.columns("needs")["requested_h"], equal_nan=True)


def test_awareness_decides_who_is_mobilised_and_nothing_else():
    """Who has heard the call agrees more often; where nothing is called for, notices change nobody's mind."""
    help_ = HELP | {"agrees": 0.1, "mobilised_by": "hall", "mobilised": 0.8}
    wants_ = {"food": need(4, self_help={"neighbours": 1})}
    quiet = micro(TEAMS, wants_, world={"mutual_help": help_}, information=CHAT)
    data = merge(quiet, {"response": TOLD})
    more = difference(validate(data, "micro"), validate(quiet, "micro"), met_by("neighbour"))
    assert more.low > 0
    unasked = {"world": {"mutual_help": {"mobilised": 0}}}
    one, two = played(merge(data, unasked)), played(merge(quiet, unasked))
    assert met_by("neighbour")(one) == met_by("neighbour")(two)


def test_every_resident_who_hears_of_what_is_asked_about_has_a_row():
    """When each took notice, and whether of a notice or at the door; a topic that nothing asks about leaves none.

    Shame ends when a resident has heard: whoever still asks late has no row, or has one from after the onset.
    """
    data = micro(
        TEAMS | {"leaders": unit(4, "liaison")},
        {"talk": need(6, stigma={"share": 1, "delay": "3 h", "campaign": "hall"})}, hours=24,
        building_leaders={"unit": "leaders", "every": "6 h", "each": "1 min", "topic": "hall"}, **TOLD,
    )  # fmt: skip
    result = played(data)
    table, needs_, notices = (result.frame(name) for name in ("attitudes", "needs", "notices"))
    aware = table[table["state"] == "aware"]
    assert aware["topic"].eq("hall").all()
    assert aware["resident"].is_unique, "one hears of a topic once"
    assert (aware["value"] == 1).all()
    assert (aware["change"] == 1).all()
    assert set(aware["cause"]) == {"notice", "door"}
    assert (aware["cause"] == "notice").sum() <= notices["reached"].sum()
    heard = aware.set_index("resident")["t_h"].reindex(needs_["resident"]).to_numpy()
    ashamed = needs_["onset_h"].to_numpy() < np.nan_to_num(heard, nan=np.inf)
    late = (needs_["requested_h"].fillna(np.inf) - needs_["onset_h"]).to_numpy()
    assert ((late > 2.9) == ashamed).all()
    assert 0 < ashamed.sum() < len(ashamed)
    rarely = {"card": {"steps": {"tell": {"repeat": None}}}}
    once = merge(data, {"response": {"building_leaders": None, "plan": rarely}})
    result = played(once)
    mine = result.frame("attitudes")["state"].eq("aware").sum()
    assert mine == result.columns("notices")["reached"].sum() > 0
    unasked = merge(data, {"world": {"needs": {"talk": {"stigma": None}}}})
    assert not len(played(unasked).frame("attitudes"))
    called = merge(unasked, {"response": {"organisation": {"units": {"more": unit(
        0, recruitment={"at_most": 9, "willing": 0.5, "topic": "hall"}
    )}}}})  # fmt: skip
    assert len(played(called).frame("attitudes")) == len(aware), "who may sign up when they hear of it asks, too"


COMPLAINED = micro(
    {"crew": SLOW, "office": unit(1, "liaison")}, {"food": LET_DOWN}, tail=36,
    world=attitudes(trust={"start": 0.5, "moves": {
        "complaint_answered": 0.3, "complaint_ignored": -0.2, "bad_word": -0.1, "gave_up": -0.1,
    }}) | HOME | {"complaints": COMPLAIN, "strain": {"volunteer": {
        "loads": {"complaint": 9, "visit": 0.1}, "slower": 3, "errors": 0.5, "rest_half_life": "1 d",
    }}},
    desks={"main": {"units": ["crew"]}}, complaints={"to": "office", "takes": "10 min", "within": "40 min"},
)  # fmt: skip
SAID = ("complaint", "complaint_answered", "complaint_ignored")
DECIDES: dict[str, tuple[Data, str]] = {
    "strain of whoever came": ({"world": {"strain": {"volunteer": {"loads": {"complaint": 0}}}}}, "strain.strain"),
    "trust of who complains": (
        {"world": {"attitudes": {"trust": {"moves": {"complaint_answered": 0, "complaint_ignored": 0}}}}},
        "attitudes.value",
    ),
    "trust of those they know": ({"world": {"attitudes": {"trust": {"moves": {"bad_word": 0}}}}}, "attitudes.value"),
    "time of who answers": ({"response": {"complaints": None}}, "assignments.start_h"),
}
"""What a complaint decides, the patch that takes it away, and a column in which it shows."""


def test_what_a_complaint_decides_and_nothing_else():
    """A complaint strains, costs trust and takes time; without these three it is an event in the log, and no more.

    Each of them alone has an effect: with the other three taken away, a column differs from a run without complaints.
    """
    silent = {"world": {"complaints": dict.fromkeys(COMPLAIN, 0)}}
    bare = COMPLAINED
    for patch, _ in DECIDES.values():
        bare = merge(bare, patch)
    assert happened("complaint")(played(bare)) > 5
    assert differing(bare, merge(bare, silent), events=SAID) == set()
    for name, (_, column) in DECIDES.items():
        alone = COMPLAINED
        for other, (patch, _) in DECIDES.items():
            alone = merge(alone, patch) if other != name else alone
        assert column in differing(alone, merge(alone, silent), events=SAID), name


# -- states are the sum of their rows ---------------------------------------------------------------------------------

MIXED = micro(
    TEAMS | {"crew": SLOW, "leaders": unit(1, "liaison")},
    {
        "food": LET_DOWN | {"self_help": {"household": 0.3, "neighbours": 0.4}},
        "talk": need(1, calms=0.5, more_with={"anxiety": 2}),
    },
    hours=24, tail=24,
    world={
        "life_cycle": {"timetable": {"warning": "6 h", "emergency": "12 h"}},
        "attitudes": {
            "trust": {"start": 0.5, "spread": 0.3, "moves": {
                "served_late": -0.2, "served_in_time": 0.1, "gave_up": -0.3, "helped": 0.2, "helping": 0.1,
                "complaint_ignored": -0.1, "bad_word": -0.05, "leader_came": 0.02,
            }},
            "anxiety": {"start": 0.2, "spread": 0.1, "calms": "5 h", "moves": {
                "emergency": 0.4, "served_late": 0.1, "notice": -0.2, "rumour": 0.3, "gave_up": 0.3,
            }},
            "compliance": {"start": 0.9, "calms": "2 h", "moves": {"rumour": -0.5, "notice": 0.1}},
        },
        **HOME,
        "complaints": COMPLAIN,
    },
    information=CHAT | {"rumours": {"after": "4 h", "reach": 0.5, "delay": law("1 h")}},
    plan=plan({"tell": step("crew", "notify", topic="news", channels=["chat"], takes="10 min", repeat="8 h")}),
    building_leaders={"unit": "leaders", "every": "12 h", "each": "1 min"},
)  # fmt: skip


def test_every_change_of_a_state_is_a_row():
    """A resident's states are their start and the rows: events by their stated moves, calming as an exponential.

    The start is the first value before the first row; between rows nothing moves but calming, and what stands in the
    table of residents is where the rows end.
    """
    scenario = validate(MIXED, "micro")
    result = run(scenario)
    table, specs = result.frame("attitudes"), scenario.world.attitudes
    assert not (table["state"] == "aware").any(), "no decision here asks who has heard the news"
    causes = set()
    for (resident, name), rows in table.groupby(["resident", "state"], observed=True):
        spec = specs[name]
        start = rows["value"].iloc[0] - rows["change"].iloc[0]
        assert spec.start - spec.spread - 1e-9 <= start <= spec.start + spec.spread + 1e-9
        value, since = start, 0.0
        for row in rows.itertuples():
            where = f"{name} of {resident}: {row.cause} at {row.t_h}"
            assert row.t_h >= since, where
            if row.cause == "calming":
                wanted = start + (value - start) * 0.5 ** ((row.t_h - since) / spec.calms)
            else:
                assert spec.calms is None or row.t_h == since or value == pytest.approx(start, abs=1e-12), where
                move = -scenario.world.needs["talk"].calms if row.cause == "calmed" else spec.moves[row.cause]
                wanted = value + move * (1 - value) if move > 0 else value * (1 + move)
            assert row.value == pytest.approx(wanted, abs=1e-9), where
            assert row.change == pytest.approx(wanted - value, abs=1e-9), where
            assert 0 <= row.value <= 1, where
            value, since = row.value, row.t_h
            causes.add(row.cause)
        assert result.columns("residents")[name][resident] == value
        if spec.calms is not None and abs(value - start) > 1e-9:
            assert since == result.end_h, f"{name} of {resident}: no row at the end"
    assert causes >= {"calming", "calmed", "emergency", "served_late", "served_in_time", "gave_up", "helped", "helping"}
    assert causes >= {"notice", "rumour", "complaint_ignored", "bad_word", "leader_came"}


def test_states_stay_between_0_and_1():
    """Full moves over and over reach 0 and 1 and go no further."""
    data = merge(MIXED, {"world": {"attitudes": {
        "trust": {"moves": {"served_late": -1, "helped": 1, "gave_up": -1, "helping": 1}},
        "anxiety": {"moves": {"emergency": 1, "notice": -1}},
    }}})  # fmt: skip
    values = played(data).columns("attitudes")["value"]
    assert values.min() == 0
    assert values.max() == 1


# -- trust and ties outlive the crisis --------------------------------------------------------------------------------


def left_by(data: Data, folder: Path, name: str) -> str:
    """Run a scenario, write its table of residents and return the path."""
    result = run(validate(data, name))
    result.write(folder / name)
    (path,) = (folder / name / "residents").glob("*.parquet")
    return str(path)


def after(path: str, **community: Any) -> Scenario:
    """Return a second crisis for the residents that a first has left."""
    data = micro(
        {"crew": unit()}, {"food": need(4, self_help={"neighbours": 1})},
        world=ALL_STATES | {"mutual_help": HELP | {"by_trust": 1, "agrees": 0.4}},
    )  # fmt: skip
    data["world"]["community"] = {"from": path, **community}
    return validate(data, "after")


ALL_STATES = attitudes(trust={"start": 0.5}, anxiety={"start": 0.5}, compliance={"start": 0.5})


def test_trust_outlives_the_crisis(tmp_path: Path):
    """Who was served late helps less in the next crisis, who was served in time helps more."""
    first = micro(
        {"crew": SLOW}, {"food": need(6, target="15 min")}, hours=24,
        world=merge(ALL_STATES, attitudes(trust={"moves": {"served_late": -0.5}})) | HOME,
    )  # fmt: skip
    good = merge(first, {
        "world": {"attitudes": {"trust": {"moves": {"served_in_time": 0.5}}}},
        "response": {"organisation": {"units": {"crew": {"count": 20}}}},
    })  # fmt: skip
    bad, good_ = after(left_by(first, tmp_path, "bad")), after(left_by(good, tmp_path, "good"))
    found = difference(good_, bad, met_by("neighbour"))
    assert found.low > 0, f"{found.low:.2f} to {found.high:.2f}"
    ends = played(first).columns("residents")["trust"]
    assert np.array_equal(run(bad).columns("residents")["trust"], ends), "trust begins where it was left"


def test_ties_outlive_the_crisis(tmp_path: Path):
    """Whom building leaders have made known to neighbours finds more help in the next crisis."""
    first = micro(
        {"crew": unit(4), "leaders": unit(4, "liaison")}, {"food": need(1)}, hours=24,
        world=ALL_STATES | {"mutual_help": HELP | {"ties": 0.2}},
    )  # fmt: skip
    met = merge(first, {"response": {"building_leaders": {
        "unit": "leaders", "every": "2 h", "each": "1 min", "introduces": 1,
    }}})  # fmt: skip
    few, many = after(left_by(first, tmp_path, "few")), after(left_by(met, tmp_path, "many"))
    found = difference(many, few, met_by("neighbour"))
    assert found.low > 0, f"{found.low:.2f} to {found.high:.2f}"


ESTATE = {
    "residents": 150, "households": 60, "buildings": 12, "zones": ["south", "north"], "spacing_m": 30,
    "ages": {"0-59": 0.7, "60-79": 0.2, "80+": 0.1}, "household_sizes": {"1": 0.4, "3": 0.6},
    "shares": {"offline": 0.3, "disabled": 0.1},
}  # fmt: skip
"""Twelve buildings in two zones: in the order of the alphabet b10 would come before b2, and north before south."""


@pytest.mark.parametrize("seed", [1, 2])
def test_a_community_that_is_written_and_read_back_is_the_same(tmp_path: Path, seed: int):
    """Residents, ages, groups, homes, states and who knows whom belong to the people, not to the luck of a crisis."""
    first = micro(
        {"crew": unit(), "leaders": unit(4, "liaison")},
        {"food": need(4, target="15 min", self_help={"neighbours": 0.5})}, hours=24,
        world=merge(ALL_STATES, attitudes(trust={"moves": {"served_late": -0.5, "helped": 0.2}})) | HOME,
        building_leaders={"unit": "leaders", "every": "6 h", "each": "1 min", "introduces": 0.5},
    )  # fmt: skip
    first["world"]["community"] = ESTATE
    left = played(first).frame("residents")
    quiet = micro({"crew": unit()}, {"food": need(0)}, world=ALL_STATES | HOME)
    quiet["world"]["community"] = {"from": left_by(first, tmp_path, "first")}
    again = run(validate(quiet, "again"), seed, 3).frame("residents")
    assert left["knows"].str.len().gt(0).any()
    assert left["over_80"].any()
    for name in left:
        assert left[name].astype(object).equals(again[name].astype(object)), name


def test_the_table_that_a_folder_of_one_run_keeps_can_be_read(tmp_path: Path):
    """A folder's tables begin with world, variant and replication; two runs are two crises, and not one community."""
    from pyarrow import parquet

    quiet = micro({"crew": unit()}, {"food": need(0)}, world=HOME)
    kept = [played(quiet, k).table("residents") for k in range(2)]
    for k in range(2):
        for name, value in (("replication", k), ("variant", "as it is"), ("world", "as it is")):
            kept[k] = kept[k].add_column(0, name, [[value] * kept[k].num_rows])
    parquet.write_table(kept[0], tmp_path / "one.parquet")
    parquet.write_table(pa.concat_tables(kept).unify_dictionaries(), tmp_path / "two.parquet")
    assert run(after(str(tmp_path / "one.parquet"))).columns("residents")["resident"].size == 60
    with pytest.raises(InputError, match="residents of one run are wanted; found those of 2"):
        run(after(str(tmp_path / "two.parquet")))


def test_who_can_only_be_asked_at_the_door_still_is_in_the_next_crisis(tmp_path: Path):
    """Groups outlive the crisis: leaders go on their rounds, and who is off line is asked."""
    first = micro(
        {"crew": unit(4), "leaders": unit(4, "liaison")}, {"food": need(3, asked_at_door=["offline"])},
        shares={"offline": 0.4}, world=HOME, building_leaders=LEADERS, desks={"main": {"units": ["crew"]}},
    )  # fmt: skip
    second = merge(first, {"world": {"community": None}})
    second["world"]["community"] = {"from": left_by(first, tmp_path, "first")}
    one, two = played(first), played(second)
    for result in (one, two):
        table = result.frame("needs")
        assert table.loc[table["in_offline"], "requested_h"].notna().any()
        assert (result.frame("assignments")["assignment"] == "building_round").any()
    assert differing(first, second, ("runs",)) == set(), "the same people, the same luck, the same crisis"


@pytest.mark.parametrize("named", [
    {"world": {"needs": {"food": {"asked_at_door": ["offline"]}}}},
    {"world": {"needs": {"food": {"rate_by_group": {"offline": 2}}}}},
    {"response": {"building_leaders": LEADERS}},
    {"response": {"information": {"channels": {"chat": {"reach": 0.5, "reach_by_group": {"offline": 0}}}}}},
], ids=["asked_at_door", "rate_by_group", "building_leaders", "channel"])  # fmt: skip
def test_a_group_that_is_named_and_has_nobody_is_found(tmp_path: Path, named: Data):
    """What is asked for a group of nobody is never done, and no number says so: the reader must be told."""

    def said(community: Data) -> list[str]:
        data = merge(micro({"crew": unit(), "leaders": unit(1, "liaison")}, {"food": need(2)}), named)
        data["world"]["community"] = community
        return [one.place for one in findings(validate(data, "micro")) if "'offline'" in one.message]

    table = tmp_path / "residents.csv"
    table.write_text("household,building,offline\n1,a,false\n2,a,0\n", encoding="utf-8")
    here = {"residents": 9, "buildings": 1}
    assert len(said(here)) == len(said({"from": str(table)})) == 1
    assert len(said(here | {"shares": {"offline": {"share": 0, "by_age": {"80+": 0}}}, "ages": {"0+": 1}})) == 1
    table.write_text("household,building,offline\n1,a,false\n2,a,1\n", encoding="utf-8")
    assert said(here | {"shares": {"offline": 0.1}}) == said({"from": str(table)}) == []


# -- who helps, and in what order -------------------------------------------------------------------------------------


def test_nobody_helps_two_at_a_time_or_for_longer_than_they_have():
    """Helpers are people: one thing at a time, so many hours a day, and never children, the old or the disabled."""
    data = micro(
        {"crew": unit()}, {"food": need(20, self_help={"household": 0.5, "neighbours": 1})}, hours=48,
        shares={"over_80": 0.2, "disabled": 0.2},
        world={"mutual_help": HELP | {"agrees": 0.95, "hours_a_day": "90 min"}},
    )  # fmt: skip
    result = played(data)
    helps = result.frame("help")
    assert len(helps) > 200
    assert (helps["helper"] != helps["resident"]).all()
    helps["hours"] = helps["end_h"].fillna(result.end_h) - helps["start_h"]
    for _, mine in helps.sort_values("start_h").groupby("helper"):
        assert (mine["start_h"].to_numpy()[1:] >= mine["end_h"].to_numpy()[:-1]).all()
    spent = helps.groupby(["helper", helps["start_h"] // 24])["hours"].sum()
    assert spent.max() <= 1.5 + 1e-9
    assert spent.max() > 1.2, "the limit is met"
    people = result.frame("residents")
    assert not (people["over_80"] | people["disabled"])[helps["helper"]].any()


def test_the_table_of_help_says_who_met_what():
    """Each need met at home or next door is a row, and no other; helper and helped are of one household, or are not."""
    data = micro(
        {"crew": unit()}, {"food": need(12, self_help={"household": 0.4, "neighbours": 0.8})}, world=HOME, tail=1,
    )  # fmt: skip
    result = played(data)
    helps, needs_, people = (result.frame(name) for name in ("help", "needs", "residents"))
    at_home = needs_["met_by"].isin(["household", "neighbour"])
    done = helps[helps["end_h"].notna()]
    assert len(done) < len(helps), "the end of the run cuts one off"
    assert done["need"].tolist() == needs_.index[at_home].tolist()
    mine = needs_.loc[helps["need"]].reset_index(drop=True)
    assert helps["resident"].tolist() == mine["resident"].tolist()
    assert helps["start_h"].tolist() == mine["started_h"].tolist()
    assert (mine["met_by"] == helps["by"])[helps["end_h"].notna()].all()
    home = people["household"].to_numpy()
    assert ((home[helps["helper"]] == home[helps["resident"]]) == (helps["by"] == "household")).all()
    assert run(validate(merge(data, {"world": {"mutual_help": None}}), "micro")).frame("help").empty


def test_who_has_helped_before_or_was_introduced_is_asked_in_vain_less_often():
    """With ``by_tie`` 0 a tie only says who is asked first; above, both who helped and who was helped agree sooner."""
    data = micro(
        {"crew": unit()}, {"food": need(8, self_help={"neighbours": 1})}, hours=48,
        world={"mutual_help": HELP | {"agrees": 0.1, "by_tie": 0.9, "asks": 1, "hours_a_day": "24 h"}},
    )  # fmt: skip

    def again(by_tie: float) -> float:
        """Return the share of help between two who had helped before."""
        helps = played(merge(data, {"world": {"mutual_help": {"by_tie": by_tie}}})).frame("help")
        pairs = [tuple(sorted(pair)) for pair in zip(helps["helper"], helps["resident"], strict=True)]
        return float(np.mean([pair in pairs[:k] for k, pair in enumerate(pairs)]))

    assert again(0.9) > again(0) + 0.2


def test_who_helps_when_a_shift_begins_comes_when_that_is_done():
    """A resident who serves in a unit is one person: never next door and on duty at once, with or without shifts."""
    for shift in ({"shift": ["00:00-08:00", "08:00-20:00"]}, {}):
        data = micro(
            {"crew": unit(0, recruitment={"at_most": 40, "willing": 1}, **shift)},
            {"food": need(20, service="2 h", self_help={"neighbours": 1})}, hours=48,
            world={"mutual_help": HELP | {"agrees": 0.9, "asks": 9, "ties": 9, "hours_a_day": "9 h"}},
        )  # fmt: skip
        result = played(data)
        people, shifts, helps = (result.frame(name) for name in ("people", "shifts", "help"))
        shifts["resident"] = people["resident"][shifts["person"]].to_numpy()
        both = shifts.merge(helps, left_on="resident", right_on="helper")
        left = both["left_h"].fillna(result.end_h)
        over = (both["start_h"] < left - 1e-9) & (both["rostered_from_h"] < both["end_h"].fillna(result.end_h) - 1e-9)
        assert not over.any()
        late = (both["rostered_from_h"] - both["end_h"]).abs() < 1e-9
        assert late.any() == bool(shift), "somebody comes late because they helped; around the clock nobody is at home"


def test_home_first_then_next_door_then_on_line_then_the_desk():
    """Each is turned to only where the one before could not help; on-line orders come after the neighbours refused."""
    data = micro(
        {"crew": unit(6)}, {"food": need(12, self_help={"household": 0.4, "neighbours": 0.6})}, hours=24,
        world={"mutual_help": HELP | {"ask": "30 min"}},
        online={"needs": ["food"], "share": 0.5, "couriers": 9, "takes": law("30 min")},
    )  # fmt: skip
    result = played(data)
    needs_ = result.frame("needs")
    waited = needs_["started_h"] - needs_["onset_h"]
    asked = needs_["requested_h"] - needs_["onset_h"]
    by = needs_["met_by"]
    assert {"household", "neighbour", "online", "responder"} == set(by.dropna())
    assert (waited[by == "household"] == 0).all(), "whoever is at home helps at once"
    assert needs_.loc[by.isin(["household", "neighbour"]), "requested_h"].isna().all(), "the response never hears of it"
    nth = waited[by == "neighbour"] / 0.5
    assert np.allclose(nth, nth.round(), atol=1e-6)
    assert set(nth.round()) == {1, 2, 3}, "one neighbour every half hour"
    later = asked[by.isin(["online", "responder"])] / 0.5
    assert np.allclose(later, later.round(), atol=1e-6)
    assert set(later.round()) == {0, 1, 2, 3}, "who is refused turns to the response when the last has been asked"


# -- building leaders -------------------------------------------------------------------------------------------------


def test_a_building_leader_speaks_for_those_who_cannot_ask():
    """Who is off line or over 80 is asked at the door on the leader's next round, and by nobody else."""
    data = micro(
        {"crew": unit(6), "leaders": unit(4, "liaison")}, {"food": need(4, asked_at_door=["offline", "over_80"])},
        shares={"offline": 0.3, "over_80": 0.2}, hours=24,
        building_leaders={"unit": "leaders", "every": "3 h", "each": "1 min", "groups": ["offline", "over_80"]},
        desks={"main": {"units": ["crew"]}},
    )  # fmt: skip
    result = played(data)
    needs_ = result.frame("needs")
    mute = needs_["in_offline"] | needs_["in_over_80"]
    wait = (needs_["requested_h"] - needs_["onset_h"])[mute]
    assert (needs_["requested_h"] == needs_["onset_h"])[~mute].all()
    assert wait.max() < 3.5
    assert wait.mean() > 1, "until the next round"
    alone = run(validate(merge(data, {"response": {"building_leaders": None}}), "micro")).frame("needs")
    assert alone.loc[mute.to_numpy(), "requested_h"].isna().all()
    own = result.frame("assignments")
    own = own[own["assignment"] == "building_round"]
    assert own.groupby("person").size().min() >= 7, "with one person a building each keeps their own"


def test_the_half_life_of_calming_is_what_is_stated():
    """A fright halves in the stated time, whatever was looked at meanwhile."""
    state_ = attitudes(anxiety={"start": 0, "calms": "4 h", "moves": {"emergency": 0.8}})
    data = micro(world=state_ | {"life_cycle": {"timetable": {"warning": "4 h", "emergency": "20 h"}}}, tail=0,
                 wants={"none": need(0)})  # fmt: skip
    end = played(data).columns("residents")["anxiety"]
    assert end == pytest.approx(0.8 / 4, abs=1e-12)
