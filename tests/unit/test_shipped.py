"""The scenarios that ship with Firstline: they load, say where their figures come from, run, and keep the books."""

import csv
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

import sim
from analysis.plan_outcomes import moments as plan_moments
from sim.files import read_yaml, shipped
from sim.records.schema import TABLES
from sim.runs import run
from sim.spec.findings import findings
from sim.units import parse_duration, parse_number

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(shipped())
TOYS = {"tutorial"}
"""Scenarios whose figures are invented for teaching and stand for nothing; the others account for every figure."""
BASED = [name for name in NAMES if "base" in read_yaml(shipped()[name])[0]]
"""Patches of another shipped scenario: what they do not state themselves is accounted for there."""
ACCOUNTED = [name for name in [name for name in NAMES if name not in TOYS] if name not in BASED]
EVIDENCE_ROWS = range(1, 60)
"""The rows E1 to E59 of the list of evidence."""

_FIGURE = re.compile(r"-?\d")
_NO_ASSUMPTION = re.compile(r"\.(urgency|log\.\w+)$")
"""An urgency is a class of the plan; what a log is called, and when its hour 0 was, are facts."""


class Results(dict):
    """Shipped scenarios run once, each when it is first asked for: workers of pytest share the tests, not the runs."""

    def __missing__(self, name):
        self[name] = run(sim.load(name), seed=1)
        return self[name]


@pytest.fixture(scope="module")
def results():
    """Run each shipped scenario once for all the tests that look at what it leaves."""
    return Results()


def figures(name):
    """Return {dotted path: text or list} of every figure that the file states about its world and its response."""
    data, _ = read_yaml(shipped()[name])
    found = {}

    def walk(value, path):
        if isinstance(value, dict):
            for key, item in value.items():
                walk(item, f"{path}.{key}")
        elif isinstance(value, list):
            if any(isinstance(item, (dict, list)) or _FIGURE.match(item) for item in value):
                found[path] = value
        elif isinstance(value, str) and _FIGURE.match(value) and not _NO_ASSUMPTION.search(path):
            found[path] = value

    for part in ("world", "response"):
        walk(data[part], part)
    return found


def number(text):
    """Return a plain number or a duration (in hours) as a float; None for what is neither, such as hours of duty."""
    for read in (parse_number, parse_duration):
        try:
            return read(text)
        except ValueError:
            continue
    return None


# -- what is written in the file --------------------------------------------------------------------------------------


def test_the_shipped_scenarios_are_there():
    """The founding estate, the city flood and the tutorial ship; a file lost from the wheel must not go unnoticed."""
    assert {"estate-lockdown", "flood-311", "tutorial"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_scenario_loads_and_reads_back(name):
    """A user's first command loads one; its own data must give the same scenario again, or patches would alter it."""
    scenario = sim.load(name)
    assert scenario.name == name.replace("structures/", "estate-screening-")
    assert scenario.title
    assert scenario.description
    assert scenario.patched({}) == scenario


@pytest.mark.parametrize("name", ACCOUNTED)
def test_every_figure_has_its_evidence(name):
    """Design law 11, no invented evidence: each figure has an entry of its own, or its map has one (a distribution,
    shares that add up to 1, a policy), so that no reader need guess what was measured.
    """
    evidence = sim.load(name).evidence
    bare = [path for path in figures(name) if path not in evidence and path.rpartition(".")[0] not in evidence]
    assert not bare


@pytest.mark.parametrize("name", ACCOUNTED)
def test_the_figures_that_matter_most_are_accounted_for(name):
    """Rate, service, patience and target of every need, the people of every unit and the lead time of every depot
    decide what comes out; they are wanted by name, in case they are left out of the file and taken from a default.
    """
    scenario = sim.load(name)
    wanted = []
    for need, spec in scenario.world.needs.items():
        place = f"world.needs.{need}"
        rates = ("per_hour", "clients", "per_1000_day")
        wanted.append(f"{place}.{next(key for key in rates if getattr(spec, key) is not None)}")
        wanted += [f"{place}.{key}" for key in ("service", "patience", "target") if getattr(spec, key) is not None]
    wanted += [f"response.organisation.units.{unit}.count" for unit in scenario.response.organisation.units]
    wanted += [f"response.supplies.{d}.lead_time" for d, s in scenario.response.supplies.items() if s.lead_time]
    for path in wanted:
        assert any(entry == path or entry.startswith(f"{path}.") for entry in scenario.evidence), path


@pytest.mark.parametrize("name", ACCOUNTED)
def test_evidence_is_a_row_or_a_range(name):
    """An entry names a row of the list that exists, or says 'assumed' with a range or, for what has no range (shares
    that add up to 1, a curve, hours of duty), with a note; and the figure in the file lies in its range.
    """
    stated = figures(name)
    for path, entry in sim.load(name).evidence.items():
        if entry.source != "assumed":
            assert re.fullmatch(r"E\d+", entry.source), path
            assert int(entry.source[1:]) in EVIDENCE_ROWS, path
            continue
        assert (entry.low is None) == (entry.high is None), path
        if entry.low is None:
            assert entry.note, path
            assert number(stated.get(path, "")) is None, f"{path}: a number wants a range"
            continue
        low, value, high = (number(text) for text in (entry.low, stated[path], entry.high))
        if value is not None:
            assert low <= value <= high, path
            assert low < high, path


@pytest.mark.parametrize("name", ACCOUNTED)
def test_both_ends_of_every_range_can_be_run(name):
    """A sensitivity analysis sets one figure after the other to the ends of its range: each must be valid."""
    scenario = sim.load(name)
    for path, entry in scenario.evidence.items():
        for end in (entry.low, entry.high):
            if end is not None:
                scenario.with_values({path: end})


def test_the_estate_is_that_of_the_founding_documents():
    """The Shanghai estate (E14), the five teams of the response card under its command, and its eleven materials."""
    scenario = sim.load("estate-lockdown")
    community, units = scenario.world.community, scenario.response.organisation.units
    assert (community.households, community.residents, community.buildings) == (1000, 3000, 24)
    assert (units["committee"].home, units["committee"].inside) == ("outside", 4)
    for team in ("engineering", "liaison", "medical", "security", "logistics"):
        assert units[team].reports_to == "on_scene"
    assert units["on_scene"].reports_to == "committee"
    held = {item for depot in scenario.response.supplies.values() for item in depot.stock}
    assert held == {
        *("bleach_84", "medical_alcohol", "hand_sanitiser", "surgical_mask", "protective_clothing", "bottled_water"),
        *("first_aid_kit", "quilt", "n95_mask", "infrared_thermometer", "instant_noodles"),
    }
    assert all(depot.store for depot in scenario.response.supplies.values())


def test_nobody_in_the_estate_leads_too_many():
    """The estate is a structure to learn from: no superior has more subordinates than one can lead (E57)."""
    wide = [f for f in findings(sim.load("estate-lockdown")) if "subordinates" in f.message]
    assert not wide


# -- what comes out ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in NAMES if name not in BASED])
def test_a_shipped_scenario_fills_its_tables(name, results):
    """Every mechanism that the file names has left rows: a shipped scenario with a silent part teaches nothing."""
    scenario, result = sim.load(name), results[name]
    empty = {table for table in TABLES if not result.table(table).num_rows}
    talks = scenario.response.desks or scenario.response.organisation.reports is not None
    plan = set() if scenario.response.plan is not None else {"orders"}
    plan |= set() if scenario.response.sites else {"sites", "stations", "tubes"}
    pools = [s.pool for site in scenario.response.sites.values() for s in site.stations.values() if s.pool is not None]
    plan |= set() if pools else {"tubes"}
    plan |= set() if scenario.world.epidemic is not None else {"infections"}
    plan |= set() if scenario.response.early_warning else {"alarms"}
    plan |= set() if scenario.response.information is not None else {"notices"}
    plan |= set() if scenario.world.strain else {"strain"}
    plan |= set() if scenario.world.attitudes else {"attitudes"}
    plan |= set() if scenario.world.attitudes or scenario.world.mutual_help else {"residents"}
    plan |= set() if scenario.world.mutual_help else {"help"}
    plan |= set() if scenario.response.funds is not None else {"funds"}
    asks = scenario.response.donors or scenario.response.authority or scenario.response.experts is not None
    plan |= set() if asks else {"applications"}
    plan |= set() if any(need.items for need in scenario.world.needs.values()) else {"stock"}
    plan |= set() if scenario.world.needs else {"needs", "visits"}
    plan |= set() if scenario.world.life_cycle is not None else {"phases"}
    assert empty <= plan | (set() if talks else {"assignments"})
    needs = result.columns("needs")
    needed = {name for name, need in scenario.world.needs.items() if not need.if_rumour and need.if_unaware is None}
    assert needed <= set(needs["need_type"].decoded())  # nobody worries where nobody has heard a rumour
    met = needs["end"].codes == needs["end"].names.index("met")
    for code, need in enumerate(needs["need_type"].names):
        assert need not in needed or met[needs["need_type"].codes == code].any(), f"not one {need} is met"


@pytest.mark.parametrize("name", ACCOUNTED)
def test_every_unit_works_and_every_item_needed_is_issued(name, results):
    """Who is on the list does something: somebody of each unit makes a visit, does a task or holds a post."""
    scenario, result = sim.load(name), results[name]
    people = result.frame("people")
    assert (people.groupby("unit", observed=False)["busy_h"].sum() > 0).all()
    wanted = {item for need in scenario.world.needs.values() for item in need.items}
    stock = result.frame("stock")
    assert wanted <= set(stock[stock["event"] == "issued"]["item"])


@pytest.mark.parametrize("name", NAMES)
def test_needs_people_and_stock_balance(name, results):
    """Design law 7, counted again from the tables alone: needs raised are the sum of their ends, what a store holds is
    what came less what went, and nobody does two things at once or is busy for longer than on duty.
    """
    result = results[name]
    needs, stock = result.columns("needs"), result.frame("stock")
    assert np.bincount(needs["end"].codes, minlength=5).sum() == needs["need"].size
    assert not np.isnan(needs["closed_h"][needs["end"].codes == needs["end"].names.index("met")]).any()
    sign = stock["event"].map(
        {"initial": 1, "received": 1, "returned": 1, "issued": -1, "allocated": -1, "ordered": 0}
        | {"back_ordered": 0, "cancelled": 0}
    )
    change = sign.astype(int) * stock["quantity"]
    for _, rows in stock.assign(change=change).groupby(["depot", "item"], observed=True):
        assert (rows["change"].cumsum() == rows["on_hand"]).all()
        assert (rows[["on_hand", "on_order", "back_ordered"]] >= 0).all(axis=None)
    visits, tasks = result.columns("visits"), result.columns("assignments")
    person = np.concatenate([visits["person"], tasks["person"]])
    begin = np.concatenate([visits["dispatched_h"], tasks["start_h"]])
    end = np.nan_to_num(np.concatenate([visits["ended_h"], tasks["end_h"]]), nan=result.end_h)
    order = np.lexsort((end, begin, person))
    person, begin, end = person[order], begin[order], end[order]
    same = person[1:] == person[:-1]
    assert (begin[1:][same] >= end[:-1][same] - 1e-9).all()
    people = result.frame("people")
    assert (people["busy_h"] <= people["on_duty_h"] + 1e-6).all()


def test_the_gates_keep_the_committee_at_four(results):
    """While the gates are closed only those inside come on duty; before and afterwards all nine do."""
    scenario = sim.load("estate-lockdown")
    closure, committee = scenario.world.hazards["closure"], scenario.response.organisation.units["committee"]
    shifts = results["estate-lockdown"].frame("shifts")
    shifts = shifts[shifts["unit"] == "committee"]
    present = shifts.groupby("rostered_from_h")["person"].nunique()
    closed = (present.index >= closure.begins) & (present.index < closure.ends)
    assert closed.sum() == 11
    assert (present[closed] == committee.inside).all()
    assert (present[~closed] == committee.count).all()


def test_the_estate_is_strained_and_holds(results):
    """The founding example must leave something to improve and something to lose: teams at work but not worn down,
    some needs unmet but not most, waits of hours and not of days, and a shelf that is empty once.
    """
    scenario, result = sim.load("estate-lockdown"), results["estate-lockdown"]
    needs = result.frame("needs")
    cohort = needs[needs["cohort"]]
    unmet = cohort["end"].isin(["abandoned", "open"]) | ((cohort["end"] == "referred") & cohort["started_h"].isna())
    assert 0.05 <= unmet.mean() <= 0.20
    assert 1 <= (cohort["started_h"] - cohort["requested_h"]).median() <= 12
    hours = result.frame("people").groupby("unit", observed=True)[["busy_rostered_h", "rostered_h"]].sum()
    used = hours["busy_rostered_h"] / hours["rostered_h"]
    for team in ("carriers", "casework", "liaison", "committee"):
        assert 0.4 <= used[team] <= 0.85, team
    stock = result.frame("stock")
    kept = {i for depot in scenario.response.supplies.values() for i in depot.stock}
    assert stock[stock["on_hand"] == 0]["item"].nunique() in range(1, len(kept) // 2)


# -- the request log ---------------------------------------------------------------------------------------------------


def moments(path, begin, **only):
    """Return the hours since ``begin`` of the rows of a request log, sorted."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if all(row[key] == value for key, value in only.items())]
    hours = np.array([(datetime.fromisoformat(row["created"]) - begin).total_seconds() / 3600 for row in rows])
    return np.sort(hours)


def raised(result, need):
    """Return when the needs of one type began, sorted."""
    needs = result.columns("needs")
    return np.sort(needs["onset_h"][needs["need_type"].codes == needs["need_type"].names.index(need)])


def test_each_line_of_the_shipped_log_is_one_need(results):
    """A replayed log is the crisis itself: as many needs as lines, each at its moment, whatever the seed."""
    scenario = sim.load("flood-311")
    log = moments(ROOT / "scenarios" / "flood-311-requests.csv", datetime.fromisoformat(scenario.start))
    assert len(log) == 600
    assert (log >= 0).all()
    assert (log < scenario.horizon).all()
    np.testing.assert_array_equal(raised(results["flood-311"], "flooding"), log)
    np.testing.assert_array_equal(raised(run(scenario, seed=7, replication=3), "flooding"), log)


def test_the_shipped_log_has_the_shape_of_a_flood():
    """An onset, a peak within the first two days, a tail that decays, and quiet nights: what a planner must face."""
    begin = datetime.fromisoformat(sim.load("flood-311").start)
    log = moments(ROOT / "scenarios" / "flood-311-requests.csv", begin)
    days = np.bincount((log / 24).astype(int), minlength=14)
    assert days.argmax() == 0
    assert days[:3].sum() > 0.5 * len(log)
    assert days[-5:].sum() < 0.1 * len(log)
    clock = (log[log > 24] + begin.hour) % 24
    assert ((clock >= 8) & (clock < 20)).sum() > 2 * ((clock < 6) | (clock >= 22)).sum()


def test_the_shipped_log_is_made_by_our_script(tmp_path):
    """The file is invented and comes out of scripts/make-flood-log byte for byte; nothing in it was copied."""
    script = ROOT / "scripts" / "make-flood-log"
    if not script.is_file():
        pytest.skip("scripts/make-flood-log is no part of this installation")
    subprocess.run([sys.executable, str(script), str(tmp_path / "log.csv")], check=True)
    assert (tmp_path / "log.csv").read_bytes() == (ROOT / "scenarios" / "flood-311-requests.csv").read_bytes()


def test_the_real_log_of_a_flood_is_replayed_request_by_request():
    """Houston, Memorial Day 2015 (E59: 1,655 requests in two weeks): with the real record in place of ours, each
    request of the window becomes exactly one need, at its own time, and none from outside the window does.
    """
    folder = Path(os.environ.get("FIRSTLINE_DATA", ROOT.parent / "shared" / "data"))
    path = folder / "houston311_flood_2015_2016.csv"
    if not path.is_file():
        pytest.skip(f"the real log is not here: {path.name} is looked for in FIRSTLINE_DATA or beside the checkout")
    begin = datetime(2015, 5, 25)
    log = {"file": str(path), "column": "created", "only": {"need": "Flooding"}, "start": begin.isoformat()}
    scenario = sim.load("flood-311").patched(
        {"start": "2015-05-25 00:00", "world": {"hazards": {"flood": {"log": log}}}}
    )
    result = run(scenario, seed=1)
    real = moments(path, begin, need="Flooding")
    np.testing.assert_array_equal(raised(result, "flooding"), real[(real >= 0) & (real < scenario.end_h)])
    needs = result.columns("needs")
    flooding = needs["need_type"].codes == needs["need_type"].names.index("flooding")
    assert (flooding & needs["cohort"]).sum() == 1655
    np.testing.assert_array_equal(needs["requested_h"][flooding], needs["onset_h"][flooding])


def test_one_district_of_the_real_log_can_be_kept():
    """``only`` narrows the log: the requests of council district C of the same fortnight, and no others."""
    folder = Path(os.environ.get("FIRSTLINE_DATA", ROOT.parent / "shared" / "data"))
    path = folder / "houston311_flood_2015_2016.csv"
    if not path.is_file():
        pytest.skip(f"the real log is not here: {path.name} is looked for in FIRSTLINE_DATA or beside the checkout")
    begin = datetime(2015, 5, 25)
    log = {"file": str(path), "only": {"district": "C"}, "start": begin.isoformat()}
    scenario = sim.load("flood-311").patched({"world": {"hazards": {"flood": {"log": log}}}})
    real = moments(path, begin, district="C")
    np.testing.assert_array_equal(
        raised(run(scenario, seed=1), "flooding"), real[(real >= 0) & (real < scenario.end_h)]
    )


def test_structures_are_compared_at_equal_head_count():
    """A structure that has more people would win by them: each has as many as the estate it is a patch of."""
    people = {
        name: sum(unit.count for unit in sim.load(name).response.organisation.units.values())
        for name in NAMES
        if name.startswith("structures/")
    }
    base = sum(unit.count for unit in sim.load("estate-screening").response.organisation.units.values())
    assert people
    assert set(people.values()) == {base}


def test_what_the_blanks_of_the_card_cost():
    """The card as published takes the same people longer to be in place, and they search for goods and for numbers."""
    moments = {}
    for name in ("estate-screening", "estate-screening-asis"):
        runs = [run(sim.load(name), seed=1, replication=k) for k in range(3)]
        told = [set(result.frame("events")["event"]) for result in runs]
        moments[name] = [plan_moments(result) for result in runs]
        assert all(({"searched", "looked_up"} <= events) == (name == "estate-screening-asis") for events in told)
    for filled, published in zip(*moments.values(), strict=True):
        assert published["activated"] == filled["activated"]  # the same report, the same checks, the same luck
        assert published["teams_in_place"] > filled["teams_in_place"] + 1
        assert published["kits_handed_out"] > filled["kits_handed_out"] + 1
