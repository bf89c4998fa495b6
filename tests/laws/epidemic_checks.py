"""What must hold of every epidemic, rebuilt from the tables: courses, sources, isolation, work, and visits to sites.

Contacts are taken as they stood at the beginning of a step, and what is felt in a step is spread evenly over it; so an
infection may be dated up to a step too early, and one by hours that were passed on late up to two steps too late.
Where the tables cannot tell when somebody was taken back, the checks leave that time out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import analysis.outcomes  # noqa: F401  # registers the outcomes
from analysis.run_outcomes import RUN_OUTCOMES
from sim.records.result import Result
from sim.spec.scenario import Scenario
from tests.laws.checks import TINY

if TYPE_CHECKING:
    import pandas as pd

ENDS = {"served", "no_show", "left", "turned_away", "missed", "open", "inside"}


def infections_of(result: Result) -> pd.DataFrame:
    """Return the table with who it is about, as one key for residents and people from outside."""
    table = result.frame("infections")
    table["who"] = table["resident"].where(table["resident"].notna(), -1 - table["person"])
    table["from_h"] = table["infectious_h"].fillna(np.inf)
    table["until_h"] = table["recovered_h"].fillna(np.inf)
    table["layer"] = table["layer"].astype(str)
    return table


def check_courses(scenario: Scenario, result: Result) -> None:
    """Times come in order; nobody is infected while infected or immune; episodes are numbered from 1."""
    epidemic = scenario.world.epidemic
    assert epidemic is not None
    table = infections_of(result)
    assert table["infected_h"].is_monotonic_increasing
    assert table["infected_h"].between(0, scenario.end_h, inclusive="left").all()
    for earlier, later in (("infected_h", "from_h"), ("from_h", "until_h"), ("infectious_h", "ill_h")):
        both = table[earlier].notna() & table[later].notna()
        assert (table.loc[both, later] >= table.loc[both, earlier] - TINY).all(), f"{later} before {earlier}"
    assert table["who"].notna().all(), "an infection of nobody"
    assert not table.duplicated(["who", "episode"]).any()
    for who, mine in table.groupby("who"):
        assert mine["episode"].tolist() == list(range(1, len(mine) + 1)), f"{who}: {mine['episode'].tolist()}"
        again = mine["infected_h"].to_numpy()[1:] - mine["until_h"].to_numpy()[:-1]
        least = epidemic.course.immune.at(0.0) if epidemic.course.immune is not None and len(again) else np.inf
        assert (again >= least - TINY).all(), f"{who} was infected {again} h after recovering, immune for {least} h"
    imported = table["layer"].isin(["seed", "elsewhere"])
    assert (table["infected_h"][imported] >= 0).all()
    assert table["resident"][imported].notna().all()


def check_sources(scenario: Scenario, result: Result) -> None:
    """Whoever is infected was together with somebody infectious, in the layer that the table names."""
    epidemic = scenario.world.epidemic
    assert epidemic is not None
    table, step = infections_of(result), epidemic.step
    who, person, begin, end = (table[name].to_numpy(float) for name in ("who", "person", "from_h", "until_h"))
    building = table["building"].to_numpy(object)
    taken, met, home = _spells_away(scenario, result), _met(result), _household(scenario, result)
    visits = result.frame("sites")
    visits = visits[visits["arrived_h"].notna()]
    for row in table.itertuples():
        if row.layer in ("seed", "elsewhere"):
            continue
        t = row.infected_h
        # the infections of others who were infectious when somebody may have been infected
        others = np.flatnonzero((begin <= t + step + TINY) & (end >= t - 2 * step - TINY) & (who != row.who))
        if row.layer in ("household", "building", "casual"):
            assert row.resident == row.resident, "people from outside have no home here"
            away = [any(b <= t - 2 * step and t + step <= e for b, e in taken.get(who[k], [])) for k in others]
            others = others[~np.array(away, bool)]
        if row.layer == "household":
            others = np.array([k for k in others if who[k] >= 0 and home[int(who[k])] == home[int(row.resident)]])
        elif row.layer == "building":
            others = others[building[others] == row.building]
        elif row.layer == "casual":
            others = others[who[others] >= 0]
        elif row.layer == "queue":
            others = others[np.isin(who[others], _at_site(result, row, visits))]
        elif row.layer == "service":
            now = np.abs(met["t_h"] - t) < TINY
            assert now.any(), f"{row.who} was infected by a visit at {t}, when none ended"
            served = np.isin(who[others], met["resident"][now & (met["person"] == row.person)])
            others = others[served | np.isin(person[others], met["person"][now & (met["resident"] == row.who)])]
        assert len(others), f"{row.who} was infected at {t} ({row.layer}) and nobody infectious was there"


def _household(scenario: Scenario, result: Result) -> np.ndarray:
    from sim.chance import Chance
    from sim.world.population import populate

    return populate(scenario.world.community, Chance(result.seed, result.replication)).household


def _at_site(result: Result, row: Any, visits: pd.DataFrame) -> list[float]:
    """Return who was at the site that somebody has just left, or a station of which."""
    left = visits["left_h"].fillna(result.end_h)
    mine = visits[(visits["resident"] == row.who) & (visits["arrived_h"] <= row.infected_h) & (left >= row.infected_h)]
    assert len(mine), f"{row.who} was infected in a queue at {row.infected_h} and was at no site"
    there: set[float] = set()
    for visit in mine.itertuples():
        together = (visits["site"] == visit.site) & (visits["arrived_h"] <= row.infected_h) & (left >= visit.arrived_h)
        there |= set(visits.loc[together, "resident"])
    return sorted(there)


def _met(result: Result) -> dict[str, np.ndarray]:
    """Return when visits and services ended, and which resident and which person they brought together."""
    visits, served = result.columns("visits"), result.frame("stations")
    served = served[served["person"].notna()]
    who = result.frame("sites").set_index(["site", "visitor"])["resident"].to_dict()
    called = [float(who[place]) for place in zip(served["site"], served["visitor"], strict=True)]
    found = {
        "t_h": (visits["ended_h"], served["ended_h"]),
        "resident": (result.columns("needs")["resident"][visits["need"]], called),
        "person": (visits["person"], served["person"]),
    }
    return {name: np.concatenate([np.asarray(part, float) for part in parts]) for name, parts in found.items()}


def _spells_away(scenario: Scenario, result: Result) -> dict[float, list[tuple[float, float]]]:
    """Return from when until when residents were away from the community; a resident is confirmed once."""
    isolation, log = scenario.response.isolation, result.frame("events")
    if isolation is None:
        return {}
    told = log[log["event"] == "confirmed"].set_index("subject")["t_h"]
    return {
        float(event.subject): [(event.t_h, float(told[event.subject]) + isolation.lasts)]
        for event in log[log["event"] == "taken_away"].itertuples()
    }


def check_away(scenario: Scenario, result: Result) -> None:
    """Who is in a place away is infected by nobody here (visits to their door are a fault of their own)."""
    table = infections_of(result)
    table = table[~table["layer"].isin(["seed", "elsewhere", "service"])]
    for who, spells in _spells_away(scenario, result).items():
        for begin, end in spells:
            inside = table[(table["who"] == who) & table["infected_h"].between(begin + TINY, end - TINY)]
            assert inside.empty, f"{who} is away from {begin} to {end}\n{inside}"


def check_the_ill_are_off_work(scenario: Scenario, result: Result) -> None:
    """Where all the ill stay at home, a responder who is infected as a resident begins nothing until recovered."""
    epidemic = scenario.world.epidemic
    if epidemic is None or epidemic.symptoms is None or epidemic.symptoms.stays_home < 1:
        return
    table = infections_of(result).dropna(subset=["person", "ill_h"])
    visits, shifts = result.frame("visits"), result.frame("shifts")
    for row in table.itertuples():
        begun = visits[
            (visits["person"] == row.person) & visits["dispatched_h"].between(row.ill_h + TINY, row.until_h - TINY)
        ]
        assert begun.empty, f"{row.person} is ill from {row.ill_h} to {row.until_h}\n{begun}"
        came = shifts[shifts["person"] == row.person]
        came = came[came["rostered_from_h"].between(row.ill_h + TINY, row.until_h - TINY)]
        assert came.empty, f"{row.person} is ill from {row.ill_h} to {row.until_h}\n{came}"


def check_one_row_a_person(_scenario: Scenario, result: Result) -> None:
    """A responder is one person: no two residents are the same responder, and no resident is two."""
    table = infections_of(result).dropna(subset=["person"])
    pairs = table[["who", "person"]].drop_duplicates()
    assert pairs["who"].is_unique
    assert pairs["person"].is_unique


def check_visitors(_scenario: Scenario, result: Result) -> None:
    """Called = served + no show + left + turned away + missed + still there, though the confirmed are excused."""
    table = result.frame("sites")
    assert set(table["end"].astype(str)) <= ENDS
    came = table["arrived_h"].notna()
    end = table["end"].astype(str)
    assert not came[end.isin(["no_show", "missed", "open"])].any()
    assert came[end.isin(["served", "left", "turned_away", "inside"])].all()
    gone = table["left_h"].notna()
    assert (gone == end.isin(["served", "left", "turned_away"])).all()
    assert (table["left_h"][gone] >= table["arrived_h"][gone]).all()
    assert not table[table["round"] > 0].duplicated(["site", "round", "resident", "again", "called_h"]).any()
    stations = result.frame("stations").dropna(subset=["visitor"])
    per = stations.groupby(["site", "visitor"], observed=True).size()
    there = set(zip(table["site"][came], table["visitor"][came], strict=True))
    assert set(per.index) <= there, "somebody was at a station who never came"


def check_excused(scenario: Scenario, result: Result) -> None:
    """Nobody comes to a site who is confirmed and stays in, where everybody obeys."""
    isolation = scenario.response.isolation
    if isolation is None or "compliance" in scenario.world.attitudes:
        return
    log, visits = result.frame("events"), result.frame("sites")
    for event in log[log["event"] == "confirmed"].itertuples():
        mine = visits["arrived_h"][visits["resident"] == float(event.subject)]
        came = mine[mine.between(event.t_h + TINY, event.t_h + isolation.lasts - TINY)]
        assert came.empty, f"{event.subject} is confirmed at {event.t_h} and comes at {came.tolist()}"


def check_outcomes(scenario: Scenario, result: Result) -> None:
    """What is told of the epidemic adds up to its table, and nothing is NaN or without bounds."""
    table = infections_of(result)
    here = table[table["resident"].notna()]
    told = {name: list(RUN_OUTCOMES[name].of(result)) for name in ("infections", "attack_share", "infectious_peak")}
    layers = {level: value for by, level, value, _ in told["infections"] if by == "layer"}
    total = next(value for by, _, value, _ in told["infections"] if by == "all")
    assert total == sum(layers.values()) == len(here)
    assert all(layers.get(layer, 0) == count for layer, count in here["layer"].value_counts().items())
    ever = next(value for by, _, value, _ in told["attack_share"] if by == "all")
    residents = result.raw["_run"]["residents"]
    assert abs(ever * residents - here["who"].nunique()) < 1e-6
    peak = next(value for by, _, value, _ in told["infectious_peak"] if by == "all")
    assert 0 <= peak <= residents
    for rows in told.values():
        assert all(np.isfinite(value) for _, _, value, _ in rows)


EPIDEMIC = (
    check_courses,
    check_sources,
    check_away,
    check_the_ill_are_off_work,
    check_one_row_a_person,
    check_visitors,
    check_excused,
    check_outcomes,
)
