"""Who is on a list and does not go where it sends them: stale entries and the unwilling (rows 64, 78).

Pairs in the form of ``pairs``; what a list says of skills is in ``test_volunteers_pairs``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim import Result
from sim.spec.findings import findings
from sim.spec.patches import merge, validate
from tests.mechanisms.pairs import (
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
    spent,
    stays_valid,
    unit,
)


def came_to(outcome: str) -> Number:
    """Return the measure of how many visits came to something."""
    return lambda result: float((result.frame("visits")["outcome"] == outcome).sum())


def met(result: Result) -> float:
    return float((result.frame("needs")["met_by"] == "responder").sum())


def listed(count: int = 6, per_hour: float = 3, *, wants: Data | None = None, **more: Any) -> Data:
    """Return a day and a night of a crew that is sent by a list, on foot."""
    talk = {"talk": need(per_hour, **(wants or {}))}
    return micro({"crew": unit(count, **more)}, talk, hours=24, tail=24, travel={})


HALF = {"share": 0.5}
PAIRS: dict[str, Pair] = {
    "register, out of date": Pair(listed(register={"stale": 0.3}), came_to("not_found"), "raises"),
    "register, out of date, waits": Pair(
        listed(4, register={"stale": 0.3, "noticed": "2 h"}), needs("wait_mean_h"), "raises"
    ),
    "register, willing and not noted": Pair(
        listed(5, 4, willing={"share": 1}, register={"willing": {"missed": 0.6}}), needs("wait_mean_h"), "raises"
    ),
    "register, who is willing is noted": Pair(
        listed(8, willing=HALF, register={"willing": {"overstated": 0.1}}), came_to("refused"), "lowers"
    ),
    "willingness": Pair(listed(8, willing=HALF), came_to("refused"), "raises"),
    "willingness, waits": Pair(
        listed(8, willing=HALF | {"answer": "1 h"}), needs("wait_mean_h"), "raises"
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


NULLS: dict[str, Null] = {
    "a list on which everybody is willing": Null(
        organised(crew={"register": {"willing": {"overstated": 1}, "corrects": "true"}, "willing": {"share": 1}})
    ),
    "a stale list of nobody": Null(organised(medics={"register": {"stale": 1, "noticed": "3 h"}})),
    "nobody of nobody is willing": Null(organised(medics={"willing": {"share": 0}})),
}  # fmt: skip


@pytest.mark.parametrize("name", NULLS)
def test_a_mechanism_with_nothing_to_act_on_changes_nothing(name: str):
    """Present but idle, it leaves no trace: bit for bit, in every column."""
    changes_nothing(NULLS[name])


# -- out of date ------------------------------------------------------------------------------------------------------


def test_a_message_to_a_stale_entry_gets_nowhere():
    """Row 78: nobody sets out and no resident is met; the request waits until the desk notices, and is served by
    somebody else in its old place. It is always the same entries.
    """
    result = played(listed(register={"stale": 0.3, "noticed": "90 min"}))
    visits = result.frame("visits")
    lost = visits[visits["outcome"] == "not_found"]
    assert len(lost) > 5
    assert lost["arrived_h"].isna().all()
    assert lost["started_h"].isna().all()
    assert (lost["ended_h"] - lost["dispatched_h"]).to_numpy() == pytest.approx(1.5)
    assert not set(lost["person"]) & set(visits.loc[visits["outcome"] == "closed", "person"])
    people = result.frame("people").set_index("person")
    under_way = set(visits.loc[visits["outcome"] == "unfinished", "person"])
    assert (people.loc[sorted(set(lost["person"]) - under_way), "travel_h"] == 0).all()
    ends = result.frame("needs").loc[sorted(set(lost["need"])), "end"]
    assert set(ends) <= {"met", "open"}


def test_a_request_that_is_given_up_meanwhile_is_closed_when_its_resident_gave_up():
    """The wasted time is the request's: patience runs on, and the end has the moment at which it ran out."""
    result = played(listed(2, 1, wants={"patience": law("1 h")}, register={"stale": 0.6, "noticed": "3 h"}))
    visits, table = result.frame("visits"), result.frame("needs")
    lost = visits[visits["outcome"] == "not_found"]
    ends = table.loc[lost["need"]].reset_index(drop=True)
    meanwhile = ends["closed_h"].to_numpy() < lost["ended_h"].to_numpy()
    assert meanwhile.sum() > 3
    assert set(ends.loc[meanwhile, "end"]) == {"abandoned"}
    assert not lost.loc[meanwhile, "need"].isin(visits.loc[visits["started_h"].notna(), "need"]).any()
    assert not lost.loc[meanwhile, "need"].duplicated().any(), "nobody is sent to who has given up"


def test_a_list_that_is_put_right_loses_no_second_message():
    """With ``corrects`` each stale entry is found out once, and then the person is sent as any other."""
    lost = {}
    for corrects in ("true", "false"):
        visits = played(listed(register={"stale": 0.3, "corrects": corrects})).frame("visits")
        visits = visits[visits["outcome"] != "unfinished"]
        here = visits["outcome"] == "not_found"
        lost[corrects] = visits[here].groupby("person").size()
        again = visits[~here & visits["person"].isin(lost[corrects].index)]
        assert again.empty == (corrects == "false")
    assert set(lost["true"]) == {1}
    assert lost["false"].max() > 2


def test_nobody_waits_for_somebody_after_the_end_of_their_shift():
    """The desk sees at the end of the shift at the latest that somebody has not been: no overtime at home."""
    result = played(listed(register={"stale": 1, "noticed": "30 h"}, shift=["08:00-12:00", "13:00-17:00"]))
    shifts = result.frame("shifts")
    assert (result.frame("visits")["outcome"] == "not_found").sum() > 3
    assert (shifts["left_h"] <= shifts["rostered_until_h"]).all()


def test_who_is_not_found_goes_through_nothing():
    """Nobody was at a door: no injury, no strain, no complaint and no word about a visit."""
    stale = listed(register={"stale": 1}, injury={"share": 1, "away": "9 h"})
    loads = {"visit": 50, "wasted_trip": 50, "failed": 50}
    world = {
        "strain": {"volunteer": {"loads": loads, "per_hour": 0}}, "complaints": {"visit_failed": 1, "served_late": 1},
        "attitudes": {"trust": {"start": 0.5, "moves": {"visit_failed": -0.5, "served_late": -0.5}}},
    }  # fmt: skip
    result = played(merge(stale, {"world": world}))
    assert came_to("not_found")(result) > 10
    assert happened("injured")(result) == happened("complaint")(result) == 0
    assert result.frame("attitudes").empty
    assert not set(result.frame("strain")["cause"]) & set(loads)


def test_goods_for_a_visit_that_nobody_made_stay_in_the_store():
    """Law 7: what left the stores went into visits."""
    data = listed(4, wants={"items": {"box": 1}}, register={"stale": 0.5})
    data["response"]["supplies"] = {"store": {"stock": {"box": 500}}}
    result = played(data)
    stock = result.frame("stock")
    assert came_to("not_found")(result) > 5
    issued = stock.loc[stock["event"].isin(["issued", "allocated"]), "quantity"].sum()
    back = stock.loc[stock["event"] == "returned", "quantity"].sum()
    assert issued - back == pytest.approx(met(result), abs=4)


def test_a_stale_entry_answers_no_call_either():
    """One list: who cannot be sent a message cannot be rung up."""
    data = listed(1)
    call_up = {"at": "2 h", "stint": "20 h"}
    data["response"]["organisation"]["units"]["cloud"] = unit(40, register={"stale": 0.3}, call_up=call_up)
    result = played(data)
    silent = happened("no_answer")(result)
    assert 5 <= silent <= 20
    assert result.frame("shifts").query("unit == 'cloud'")["person"].nunique() == 40 - silent
    assert came_to("not_found")(result) == 0


# -- willing ----------------------------------------------------------------------------------------------------------


def will(result: Result) -> tuple[set[int], set[int]]:
    """Return (who said no at least once, who went at least once)."""
    visits = result.frame("visits")
    return set(visits.loc[visits["outcome"] == "refused", "person"]), set(
        visits.loc[visits["started_h"].notna(), "person"]
    )


def test_the_same_people_are_willing_under_every_list():
    """Law 13: the list is not the people. Who says no says no under each, and who goes never says no."""
    truths = []
    for register in (None, {"willing": {"overstated": 1}}, {"willing": {"overstated": 1, "missed": 0.3}}):
        data = listed(20, 15, willing=HALF, **({"register": register} if register else {}))
        refuse, go = will(played(data))
        assert not refuse & go
        truths.append((refuse, go))
    assert truths[0] == truths[1]
    assert truths[2][0] == truths[0][0]
    assert truths[2][1] < truths[0][1], "some who would go are not noted"


def test_who_is_not_noted_as_willing_is_not_sent():
    """Row 64: a list without a mistake sends all who go and nobody else; who was not asked is on no list."""
    asked = played(listed(20, 15, willing=HALF, register={"willing": {}}))
    refuse, go = will(asked)
    assert not refuse
    assert go == will(played(listed(20, 15, willing=HALF)))[1]
    few = will(played(listed(20, 15, willing=HALF, register={"willing": {}, "coverage": 0.3})))[1]
    assert few < go


def test_who_said_no_is_struck_off_a_list_that_is_put_right():
    """One no a person, where the list is put right; where it is not, they are asked again and again."""
    said_no = {}
    for corrects in ("true", "false"):
        data = listed(10, willing=HALF, register={"willing": {"overstated": 1}, "corrects": corrects})
        visits = played(data).frame("visits")
        said_no[corrects] = visits[visits["outcome"] == "refused"].groupby("person").size()
    assert set(said_no["true"]) == {1}
    assert said_no["false"].max() > 2
    assert set(said_no["true"].index) <= set(said_no["false"].index)


def test_a_no_takes_as_long_as_is_said():
    """The wait for an answer is the request's."""
    visits = played(listed(6, willing=HALF | {"answer": "45 min"})).frame("visits")
    no = visits[visits["outcome"] == "refused"]
    assert len(no) > 5
    assert (no["ended_h"] - no["dispatched_h"]).to_numpy() == pytest.approx(0.75)


def test_who_is_not_sent_to_doors_can_be_called_to_other_work():
    """A list of who goes to residents says nothing of a gate: there people are asked face to face."""
    data = listed(4, 2, willing={"share": 0}, register={"willing": {}})
    data["response"]["organisation"]["units"]["gate"] = unit(
        0, walk_ins={"curve": [["0 h", 2]], "at_most": 9, "reception": "crew", "takes": "10 min", "stays": "3 h"}
    )
    result = played(data)
    assert spent("reception", "crew")(result) > 2
    assert not (result.frame("visits")["unit"] == "crew").any()


def test_who_joins_while_the_clock_runs_is_willing_and_known():
    """Whoever has just written down where they live and what they want is on the list as they are."""
    joining = {"at_most": 20, "willing": 1}
    data = listed(3, 9, willing={"share": 0}, register={"stale": 1, "willing": {"missed": 1}}, recruitment=joining)
    visits = played(data).frame("visits")
    assert set(visits["outcome"]) <= {"closed", "unfinished"}
    assert visits["person"].min() >= 3
    assert np.unique(visits["person"]).size > 5


# -- firms ------------------------------------------------------------------------------------------------------------

AGAIN = {"backlog_over": 0, "every": "1 h", "stint": "6 h", "release": {"share": 0.2, "takes": "30 min"}}


def firm(**honours: float) -> Data:
    """Return four days on which the people of a firm are called up again and again."""
    cloud = unit(20, call_up=AGAIN, honours={"half_at": "4 h", **honours})
    return micro({"crew": unit(1), "cloud": cloud}, {"talk": need(6)}, hours=96, tail=0)


def let_go(result: Result) -> float:
    """Return the share of those who said yes whom the firm let go."""
    came = float((result.frame("shifts")["unit"] == "cloud").sum())
    return came / (came + happened("not_released")(result))


FIRM = Pair(firm(release=0.6), let_go, "raises")


def test_a_firm_that_is_honoured_lets_more_people_go():
    """Row 66: the 99 % interval of the paired difference lies on the side of the claim, and off is as good as gone."""
    claim_holds(FIRM, "honours")
    stays_valid(FIRM, "honours")
    assert left_over(FIRM, "honours") == set()


def test_the_points_of_all_are_those_of_the_firm_to_a_limit():
    """At first it lets as many go as without points; later more, and at most by so much more as is stated."""
    result = played(firm(release=0.6))
    calls = result.frame("events").query("event == 'called_up'")["t_h"].tolist()
    first = played(firm(release=0)).frame("shifts").query("unit == 'cloud'")["rostered_from_h"]
    shifts = result.frame("shifts").query("unit == 'cloud'")["rostered_from_h"]
    assert (shifts < calls[1]).sum() == (first < calls[1]).sum()
    assert let_go(played(firm(release=0))) < let_go(result) < 0.8
    assert let_go(played(firm(release=1))) < 1


def test_points_for_a_firm_that_is_never_asked_are_found():
    """What can act on nothing is told."""
    data = micro({"crew": unit(2, honours={"half_at": "4 h", "release": 0.3})}, {"talk": need(1)})
    places = [one.place for one in findings(validate(data, "micro"))]
    assert "response.organisation.units.crew.honours.release" in places
    assert "response.organisation.units.cloud.honours.release" not in [
        one.place for one in findings(validate(firm(release=0.3), "micro"))
    ]
