"""Who is in: residents who were taken away, are isolated at home or are on duty are there, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.mechanisms.pairs import Data, log, micro, need, plan, played, unit

if TYPE_CHECKING:
    import pandas as pd

    from sim import Result

DOCTORS = {"command": unit(1, "command"), "doctors": unit(4, "medical")}
CHECKED = plan({}, checks=({"unit": "doctors", "takes": "1 min"},))
HELP = {"mutual_help": {"agrees": 0.95, "ties": 5, "asks": 5, "hours_a_day": "12 h"}}
AWAY = {"confirmed": "away", "lasts": "1 d"}


def outbreak(wants: Data, isolation: Data, crew: int = 6, hours: float = 60, **more: object) -> Data:
    """Return an estate where two in three are confirmed in the first hours, and isolated."""
    world = HELP | {"positives": [{"resident": row, "symptoms": f"{2 + row / 50} h"} for row in range(200)]}
    data = micro({**DOCTORS, "crew": unit(crew)}, wants, hours=hours, tail=12, world=world, plan=CHECKED,
                 isolation=isolation, **more)  # fmt: skip
    data["world"]["community"] |= {"residents": 300, "households": 120, "buildings": 6}
    return data


def stays(result: Result) -> pd.Series:
    """Return when each resident was taken away."""
    rows = log(result, "taken_away")
    assert len(rows) > 100
    begin = rows.assign(resident=rows["subject"].astype(int)).set_index("resident")["t_h"]
    assert begin.index.is_unique
    return begin


def away(begin: pd.Series, who: pd.Series, at_h: pd.Series, lasts_h: float = 24) -> pd.Series:
    """Tell of each row whether somebody was away at a time."""
    since = at_h - who.map(begin)
    return (since > 1e-9) & (since < lasts_h - 1e-9)


@pytest.mark.parametrize("reported", [1, 0.5])
def test_who_was_taken_away_asks_for_nothing_at_home(reported: float):
    """No need of the estate begins while its resident is elsewhere; what waits for them then is withdrawn there."""
    wants = {"food": need(20, reported=reported), "care": need(8, reported=reported, more_with={"anxiety": 1})}
    data = outbreak(wants, AWAY, crew=1)
    data["world"]["attitudes"] = {"anxiety": {"start": 0.5}}
    result = played(data)
    begin, needs = stays(result), result.frame("needs")
    assert not away(begin, needs["resident"], needs["onset_h"]).any()
    assert not away(begin, needs["resident"], needs["requested_h"]).any()
    since = needs["resident"].map(begin)
    ended = (needs["closed_h"] < since - 1e-9) | (needs["started_h"] <= since)
    waits = needs[(needs["requested_h"] < since) & ~ended]
    assert len(waits) > 20
    assert set(waits["end"]) == {"withdrawn"}
    assert np.allclose(waits["closed_h"], waits["resident"].map(begin))
    assert (needs["onset_h"] > needs["resident"].map(begin) + 24).any(), "home again, they need things as before"
    assert waits["started_h"].isna().all()


def test_who_was_taken_away_is_not_at_home():
    """They help nobody, nobody comes to them, no talk is held with them; what has begun goes on when they are back."""
    wants = {
        "food": need(20, self_help={"household": 0.9, "neighbours": 0.9}),
        "quarrel": need(8, service="1 h", patience="3 d", dispute_with="neighbours"),
        "talks": need(4, service="10 min", sessions={"count": 4, "every": "6 h"}),
    }
    result = played(outbreak(wants, AWAY, crew=20))
    begin, help_, needs = stays(result), result.frame("help"), result.frame("needs")
    visits = result.frame("visits").merge(needs[["need", "resident", "other", "need_type"]], on="need")
    begun = visits[visits["started_h"].notna()]
    assert not away(begin, help_["helper"], help_["start_h"]).any()
    assert not away(begin, begun["resident"], begun["started_h"]).any()
    assert not away(begin, begun["other"], begun["started_h"]).any()
    later = begun[(begun["need_type"] == "talks") & (begun["started_h"] > begun["resident"].map(begin) + 24)]
    first = later["need"].map(begun.groupby("need")["started_h"].min())
    assert (first < later["resident"].map(begin)).any(), "a case of somebody who is back goes on"
    assert (begun["started_h"] > begun["other"].map(begin) + 24).any(), "a talk is held when the other is back"


def test_goods_on_the_way_to_somebody_who_was_taken_away_come_back():
    """A responder on the way finds nobody; what they carried, and what was kept for it, is in the store again."""
    data = outbreak(
        {"food": need(40, items={"box": 1}, service="5 min")}, AWAY,
        supplies={"store": {"stock": {"box": 60}}}, travel={"doorstep": "30 min"},
    )  # fmt: skip
    result = played(data)
    needs, visits = result.frame("needs"), result.frame("visits")
    withdrawn = needs[needs["end"] == "withdrawn"]["need"]
    assert set(visits[visits["need"].isin(withdrawn)]["outcome"]) == {"gone"}
    stock = result.frame("stock")
    assert (stock["event"] == "returned").any()
    assert (stock["event"] == "cancelled").any()


def test_an_order_on_line_reaches_nobody_who_was_taken_away():
    """The courier finds nobody and goes back: the need is withdrawn, though it was on its way. Others are served."""
    couriers = {"needs": ["food"], "share": 1, "couriers": 2, "takes": "12 min"}
    data = outbreak({"food": need(20), "care": need(1)}, AWAY, online=couriers)
    result = played(data)
    begin, needs = stays(result), result.frame("needs")
    orders = needs[needs["need_type"] == "food"]
    assert not away(begin, orders["resident"], orders["requested_h"]).any()
    assert not away(begin, orders["resident"], orders["closed_h"])[orders["end"] == "met"].any()
    in_vain = orders[(orders["end"] == "withdrawn") & orders["dispatched_h"].notna()]
    assert len(in_vain) > 5
    assert in_vain["started_h"].isna().all()
    assert set(orders["end"]) == {"met", "withdrawn", "open"}


def test_who_is_isolated_at_home_helps_at_home_only():
    """They go to nobody next door, and are helped and visited as before."""
    wants = {"food": need(30, self_help={"household": 0.5, "neighbours": 0.9})}
    result = played(outbreak(wants, {"lasts": "30 d"}, crew=9))
    infections = log(result, "confirmed")
    since = infections.assign(resident=infections["subject"].astype(int)).groupby("resident")["t_h"].min()
    help_, visits = result.frame("help"), result.frame("visits").merge(result.frame("needs"), on="need")
    isolated = help_[help_["start_h"] > help_["helper"].map(since)]
    assert set(isolated["by"]) == {"household"}
    assert (help_["start_h"] > help_["resident"].map(since)).any()
    assert (visits["outcome"][visits["dispatched_h_x"] > visits["resident"].map(since)] == "closed").any()


def volunteers(shift: str | None = "08:00-20:00") -> Data:
    """Return an estate where many residents are on duty by day, and need things as others do."""
    team = unit(1, recruitment={"at_most": 60, "willing": 1}, **({"shift": shift} if shift is not None else {}))
    data = micro(
        {"crew": team, "staff": unit(4)}, {"food": need(20, patience="2 d", service="10 min")}, hours=72, tail=12
    )
    data["world"]["community"] |= {"residents": 150, "households": 60, "buildings": 6}
    return data


@pytest.mark.parametrize("match", ["skill", "optimal", "nearest"])
def test_nobody_is_sent_to_themselves_or_to_who_is_on_duty(match: str):
    """Who is on duty is not at home; a request of theirs waits until they are, and is then served."""
    data = volunteers()
    data["response"]["desks"] = {"desk": {"match": match}}
    result = played(data)
    people, shifts = result.frame("people"), result.frame("shifts")
    visits = result.frame("visits").merge(result.frame("needs")[["need", "resident"]], on="need")
    own = visits.merge(people[["person", "resident"]], on="person", suffixes=("", "_of_person"))
    assert not (own["resident"] == own["resident_of_person"]).any()
    begun = visits[visits["started_h"].notna()]
    duty = shifts.merge(people[["person", "resident"]], on="person").dropna(subset=["resident"])
    served = begun.merge(duty, on="resident", suffixes=("", "_duty"))
    left = served["left_h"].fillna(result.end_h)
    assert not ((served["rostered_from_h"] < served["started_h"]) & (served["started_h"] < left - 1e-9)).any()
    assert len(served), "volunteers are served when they are at home"
    needs = result.frame("needs")
    ends = needs[needs["resident"].isin(duty["resident"]) & (needs["requested_h"] < 48)]["end"]
    assert (ends == "met").mean() > 0.9


@pytest.mark.parametrize("shift", [None, "00:00-24:00"])
def test_who_is_on_call_day_and_night_is_visited_by_others(shift: str | None):
    """Nobody is away from home around the clock: they can be visited, but not by themselves."""
    data = volunteers(shift)
    result = played(data)
    people, needs = result.frame("people"), result.frame("needs")
    visits = result.frame("visits").merge(needs[["need", "resident"]], on="need")
    own = visits.merge(people[["person", "resident"]], on="person", suffixes=("", "_of_person"))
    assert not (own["resident"] == own["resident_of_person"]).any()
    assert visits["resident"].isin(people["resident"].dropna()).sum() > 100
    assert (needs["end"] == "met").mean() > 0.9
