"""Pictures and outcomes of hazards, alarms, phases and outages: what is drawn is what happened, and nothing without."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import analysis.outcomes  # noqa: F401  # registers the outcomes
import sim
from analysis.hazard_figures import CAME, STAGES, alarms, began, phases, spells, utilities
from analysis.intervals import Estimate
from analysis.level_figures import FAR, PANEL_PT, STANDS, _spread, felt_h, levels, places, stands
from analysis.run_outcomes import RUN_OUTCOMES
from firstline.blocks import of_hazards
from firstline.words import Words
from sim import Result
from sim.chance import Chance
from sim.model import CrisisModel
from sim.records.columns import coded, words
from sim.spec.community import PHASES, Community
from sim.spec.local_hazards import Local
from sim.spec.patches import merge, validate
from sim.spec.scenario import Scenario
from sim.world.levels import Levels
from sim.world.population import populate
from tests.command import printed
from tests.unit.test_epidemic_figures import BLIND, lab

SAY = Words("en")
RUNS = 3
TITLES = ("report.levels", "report.alarms", "report.stages", "report.utilities")
FLOOD: dict[str, Any] = {
    "name": "small-flood",
    "horizon": "3 d",
    "follow_up": "6 h",
    "world": {
        "community": {"residents": 240, "households": 100, "buildings": 7, "zones": ["low", "middle", "high"]},
        "hazards": {
            "river": {
                "kind": "flood", "curve": [["0 h", -1], ["10 h", 0], ["20 h", 2.1], ["40 h", 0.2], ["60 h", 0]],
                "ground": {"low": 0.3, "middle": 0.9, "high": 4}, "precursor": {"lead": "6 h", "error": 0.4},
                "drives": ["food"], "leads_to": {"rescue": {"over": 0.6, "share": 0.1}}, "blocks_over": 0.3,
                "keeps_home_over": 0.3, "keeps_out_over": 50, "cuts": {"power": {"over": 0.2}},
            },
            "breeze": {
                "kind": "storm", "curve": [["0 h", 5], ["30 h", 9]], "begins": "8 h", "ends": "50 h",
                "drives": ["food"], "precursor": {"lead": "1 h"},
            },
            "always": {"kind": "steady"},
        },
        "life_cycle": {"conditions": [
            {"from": "warning", "to": "emergency", "when": {"alarm": "gauge"}},
            {"from": "emergency", "to": "protracted", "when": {"backlog_below": 10}, "at_least": "9 h"},
            {"from": "protracted", "to": "emergency", "when": {"backlog_over": 20}, "at_least": "2 h"},
            {"from": "protracted", "to": "resolution", "when": {"signal": "end_notice"}},
        ]},
        "signals": {"end_notice": "60 h"},
        "outages": {"power": {}, "water": {"begins": "5 h", "ends": "8 h"}, "gas": {}},
        "needs": {
            "food": {"per_1000_day": 60, "urgency": 3, "service": {"dist": "exponential", "mean": "20 min"}},
            "rescue": {"per_1000_day": 0, "urgency": 1, "service": "40 min"},
        },
    },
    "response": {
        "travel": {"speed_km_h": 4},
        "organisation": {"units": {
            "crew": {"function": "logistics", "members": "volunteer", "count": 3, "cost_per_h": 2},
        }},
        "early_warning": {
            "gauge": {
                "sees": {"gauge": "river"}, "every": "1 h", "over": 0.5, "clears_after": "3 h", "warns_of": "river",
            },
            "vane": {
                "sees": {"gauge": "breeze"}, "every": "2 h", "over": 7, "clears_after": "3 h", "warns_of": "breeze",
            },
            "calls": {"sees": {"needs": ["food"]}, "every": "1 h", "window": "6 h", "over": 8, "clears_after": "2 h"},
            "deaf": {"sees": {"gauge": "river"}, "every": "1 h", "over": 99, "warns_of": "river"},
        },
        "preparation": {"sandbags": {"cost": 500, "set": {"organisation.units.crew.count": 4}}},
    },
}  # fmt: skip
"""A river that rises to two of three zones, a wind that harms nobody and of which a vane warns in vain."""


class Ran:
    """The runs of a scenario, with the tables as the folder of a run gives them."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.scenario: Scenario = validate(data, str(data["name"]))
        self.results: list[Result] = [sim.run(self.scenario, 1, number) for number in range(RUNS)]

    def table(self, name: str) -> pd.DataFrame:
        frames = [r.frame(name).assign(replication=k) for k, r in enumerate(self.results)]
        frame = pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)
        return frame.astype(dict.fromkeys(frame.select_dtypes("category").columns, object))

    def alarms(self) -> Any:
        tables = (self.table(name) for name in ("alarms", "infections", "needs", "phases"))
        return alarms(self.scenario, *tables, RUNS, SAY)

    def utilities(self) -> Any:
        tables, names = (self.table("events"), self.table("phases")), list(self.scenario.world.outages)
        return utilities(*tables, names, RUNS, self.scenario.end_h, SAY)


@pytest.fixture(scope="module")
def flood() -> Ran:
    return Ran(FLOOD)


def of(result: Result, name: str) -> dict[tuple[str, str], tuple[float, float]]:
    """Return (value, size) of an outcome by (by, level)."""
    return {(by, level): (value, size) for by, level, value, size in RUN_OUTCOMES[name].of(result)}


# -- levels -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "community",
    [
        {"residents": 50},
        {"residents": 50, "buildings": 7, "zones": ["low", "middle", "high"]},
        {"residents": 50, "zones": ["a", "b"], "buildings": [
            {"id": "x", "x_m": 0, "y_m": 0, "zone": "b"}, {"id": "y", "x_m": 9, "y_m": 0, "zone": "a"},
        ]},
    ],
)  # fmt: skip
def test_buildings_stand_where_the_population_has_them(community: dict[str, Any]):
    """The picture may not import the world, so it lays buildings out itself: as the world does."""
    spec = Community.model_validate(community)
    people = populate(spec, Chance(1, 0))
    zones = [people.zone_names[zone] for zone in people.building_zone]
    assert places(spec, pd.DataFrame()) == list(zip(people.building_names, zones, strict=True))


def test_levels_are_those_that_act(flood: Ran):
    """Each line is the level, as the model has it, at the building where it is highest, in the middle or lowest."""
    people = populate(flood.scenario.world.community, Chance(1, 0))
    figure = levels(flood.scenario, flood.table("needs"), flood.table("phases"), SAY)
    assert figure is not None
    river, breeze = figure.axes
    drawn = {line.get_label(): line for line in river.lines if line.get_gid() != "height"}
    assert list(drawn) == [SAY(f"report.level_{which}") for which in ("highest", "middle", "lowest")]
    acting = Levels(flood.scenario.world.hazards["river"], people)
    for line, quantile in zip(drawn.values(), (1, 0.5, 0), strict=True):
        at_h = line.get_xdata() * 24
        all_of_them = [acting.at(at_h, np.full(at_h.size, building)) for building in range(7)]
        assert line.get_ydata() == pytest.approx(np.quantile(all_of_them, quantile, axis=0), abs=1e-9)
    assert max(line.get_ydata().max() for line in drawn.values()) == pytest.approx(1.8)
    assert [line.get_label() for line in breeze.lines] == [SAY("report.level_all")]
    assert breeze.lines[0].get_ydata().max() == 0, "the wind never rises above what does no harm"


def test_heights_are_drawn_with_what_they_do(flood: Ran):
    """All heights have their words beside the panel; one far above the level has no line, or nothing could be seen."""
    for lang in ("en", "zh"):
        say = Words(lang)
        figure = levels(flood.scenario, flood.table("needs"), flood.table("phases"), say)
        assert figure is not None
        river = figure.axes[0]
        assert [line.get_ydata()[0] for line in river.lines if line.get_gid() == "height"] == [0.2, 0.3, 0.6]
        assert river.get_ylim()[1] < FAR * 1.8
        said = "".join(text.get_text() for text in river.texts)
        for term in ("blocks", "keeps_home", "keeps_out"):
            assert say(f"effect.{term}") in said
        assert say("effect.cuts", what=say.name("outage", "power")) in said
        assert "rescue" in said
        assert "↑ 50" in said


def test_words_beside_a_panel_never_overlap():
    """However close the heights are; they keep their order."""
    for wanted in ([0, 0.1, 0.2, 118], [118, 118, 118], [50], [10, 12, 100, 101]):
        sizes = [20.0, 10.0, 30.0, 10.0][: len(wanted)]
        middles = _spread(np.array(wanted, float), sizes)
        gaps = [(a + b) / 2 for a, b in itertools.pairwise(sizes)]
        assert (np.diff(middles) >= np.array(gaps) - 1e-9).all()
        assert middles[-1] <= PANEL_PT


# -- alarms -----------------------------------------------------------------------------------------------------------


def test_alarms_are_drawn_as_they_were_raised(flood: Ran):
    """Every alarm has its mark where it was raised, by whether it was true, and its end where it was taken back."""
    table, (axes,) = flood.table("alarms"), flood.alarms().axes
    assert {"true", "false", "unknown"} == set(CAME)
    marks = {kind: [x for line in axes.lines if line.get_gid() == kind for x in line.get_xdata()] for kind in CAME}
    for kind, (value, _, _) in CAME.items():
        mine = table[table["came"].isna() if np.isnan(value) else table["came"] == value]
        assert len(mine), f"the scenario is to show {kind} alarms"
        assert sorted(marks[kind]) == pytest.approx(sorted(mine["raised_h"] / 24))
    cleared = [x for line in axes.lines if line.get_gid() == "cleared" for x in line.get_xdata()]
    assert sorted(cleared) == pytest.approx(sorted(table["cleared_h"].dropna() / 24))
    assert len({mark for _, mark, _ in CAME.values()}) == len(CAME), "told apart by shape, too"
    rows = [y for line in axes.lines if line.get_gid() == "false" for y in line.get_ydata()]
    assert min(rows) > 1, "all false alarms are those of the second detector"
    assert max(rows) < 2
    legend = [text.get_text() for text in axes.figure.legends[0].get_texts()]
    assert legend == [SAY(f"report.alarm_{term}") for term in (*CAME, "cleared", "began")]


def test_what_is_warned_of_began_when_the_model_says(flood: Ran):
    """In runs with an alarm as in those without; never for the wind, and unknown for calls."""
    where = places(flood.scenario.world.community, flood.table("needs"))
    none = flood.table("alarms").iloc[:0]
    model = CrisisModel(flood.scenario, 1, 0)
    for name in flood.scenario.response.early_warning:
        truth = model.early_warning.began_h(name)
        for table in (flood.table("alarms"), none):
            found = began(flood.scenario, name, table, flood.table("infections"), where, RUNS)
            assert found == pytest.approx([truth if truth < np.inf else np.nan] * RUNS, nan_ok=True)
    (axes,) = flood.alarms().axes
    lines = [c for c in axes.collections if c.get_gid() == "began"]
    drawn = [[float(at[0][0]) for at in c.get_segments() if len(at) and not np.isnan(at).any()] for c in lines]
    river = [model.early_warning.began_h("gauge") / 24] * RUNS
    assert drawn == [pytest.approx(river), [], [], pytest.approx(river)]


KINDS: list[dict[str, Any]] = [
    {"kind": "flood", "curve": [["0 h", 3], ["9 h", 5]], "begins": "4 h"},
    {"kind": "flood", "curve": [["0 h", -1], ["7 h", 2.5]], "ground": {"low": 1.3}, "zones": ["low"]},
    {"kind": "heatwave", "curve": [["3 h", 20], ["11 h", 38]], "hotter": {"b2": 4}, "begins": "1 h", "ends": "9 h"},
    {"kind": "earthquake", "shocks": [["5 h", 0.5], ["9 h", 7]], "softer": {"low": 1, "middle": 1, "high": 1}},
    {"kind": "fire", "buildings": ["b3"], "begins": "3 h", "burns": "2 h"},
]


@pytest.mark.parametrize("hazard", KINDS, ids=lambda hazard: hazard["kind"])
def test_a_level_is_felt_from_when_the_model_has_it_above_zero(hazard: dict[str, Any]):
    """For every kind of level, where it rises, jumps or begins: to the second."""
    data = merge(FLOOD, {"world": {"hazards": {"this": hazard}}})
    scenario = validate(data, "s")
    spec = scenario.world.hazards["this"]
    assert isinstance(spec, Local)
    people = populate(scenario.world.community, Chance(1, 0))
    spells = Levels(spec, people).above(0.0, scenario.end_h).values()
    begins = min(begin for times in spells for begin, _ in times)
    where = places(scenario.world.community, pd.DataFrame())
    assert felt_h(spec, where, scenario.end_h) == pytest.approx(begins, abs=1e-3)
    assert set(stands(spec, where)) <= set(STANDS)


# -- phases and outages -----------------------------------------------------------------------------------------------


def areas(axes: Any) -> list[float]:
    """Return the area of each staircase of an axes of days, in hours."""
    data = [patch.get_data() for patch in axes.patches if hasattr(patch, "get_data")]
    return [float((np.abs(values - base) * np.diff(edges)).sum()) * 24 for values, edges, base in data]


def test_the_stack_of_phases_holds_every_hour(flood: Ran):
    """The area of each phase is its mean hours; at every moment each run is in one phase."""
    table = flood.table("phases")
    figure = phases(table, RUNS, flood.scenario.end_h, SAY)
    assert figure is not None
    (axes,) = figure.axes
    entered = [phase for phase in PHASES if (table["phase"] == phase).any()]
    assert len(entered) > 2
    assert len(set(table.groupby("replication")["begin_h"].nth(1))) > 1, "the runs are to differ"
    lasted = (table["end_h"] - table["begin_h"]).groupby(table["phase"]).sum()
    assert areas(axes) == pytest.approx([lasted[phase] / RUNS for phase in entered])
    top, _, _ = axes.patches[-1].get_data()
    assert top == pytest.approx(np.ones(top.size))
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == [SAY.name("phase", phase) for phase in reversed(entered)]
    assert phases(table.iloc[:0], RUNS, flood.scenario.end_h, SAY) is None


def test_bars_of_outages_hold_every_hour(flood: Ran):
    """The area of each bar is the mean time that the utility was out, one that never was has none, and words say it."""
    figure = flood.utilities()
    (axes,) = figure.axes
    height = 0.8
    power, water, gas = (area / height for area in areas(axes))
    known = Levels(flood.scenario.world.hazards["river"], populate(flood.scenario.world.community, Chance(1, 0)))
    times = [spell for spells in known.above(0.2, flood.scenario.end_h).values() for spell in spells]
    out_h = max(end for _, end in times) - min(begin for begin, _ in times)  # wherever the water is high enough
    assert (power, water, gas) == (pytest.approx(out_h), pytest.approx(3), 0)
    told = [text.get_text() for text in axes.texts]
    assert SAY("report.out_for", length="3.0 h") in told
    assert SAY("report.never_out") in told
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["power", "water", "gas"]


def test_what_is_never_repaired_is_out_until_the_end():
    """Whichever run it was; a second outage in a run counts, too."""
    rows = [(0, 1.0, "outage"), (0, 3.0, "repaired"), (0, 5.0, "outage"), (2, 6.0, "outage"), (2, 9.0, "repaired")]
    events = pd.DataFrame(rows, columns=["replication", "t_h", "event"]).assign(subject="power")
    begin, end = spells(events, "power", 10)
    assert (begin.tolist(), end.tolist()) == ([1, 5, 6], [3, 10, 9])


# -- outcomes ---------------------------------------------------------------------------------------------------------


def test_outcomes_of_hazards_on_paper():
    """Out from 1 to 3 and from 8 to the end at 10; in two of four phases; one visit of four was blocked."""
    events = [(1, "outage", "power"), (3, "repaired", "power"), (4, "outage", "water"), (5, "repaired", "water"),
              (8, "outage", "power"), (9, "repaired", "way")]  # fmt: skip
    times, kinds, subjects = zip(*events, strict=True)
    raw = {
        "events": {"t_h": np.array(times, float), "event": words(list(kinds)), "subject": list(subjects)},
        "phases": {
            "phase": words(["warning", "emergency", "warning"]),
            "begin_h": np.array([0.0, 2, 5]), "end_h": np.array([2.0, 5, 10]),
        },
        "visits": {
            "outcome": coded([0, 1, 0, 0], ("closed", "blocked")),
            "unit": coded([0, 0, 1, 1], ("crew", "boats", "idle")),
        },
    }  # fmt: skip
    result = Result("made", 1, 0, 0.0, 10.0, 10.0, 1.0, raw)
    assert of(result, "outage_h") == {("outage", "power"): (4, 2), ("outage", "water"): (1, 1), ("all", "all"): (5, 2)}
    assert of(result, "phase_h") == {
        ("phase", "warning"): (7, 2), ("phase", "emergency"): (3, 1), ("phase", "protracted"): (0, 0),
        ("phase", "resolution"): (0, 0),
    }  # fmt: skip
    assert of(result, "blocked_share") == {
        ("all", "all"): (0.25, 4),
        ("unit", "crew"): (0.5, 2),
        ("unit", "boats"): (0, 2),
    }


def test_outcomes_of_hazards_are_those_of_the_tables(flood: Ran):
    """Counted again from the data frames; the phases of a run fill it."""
    for result in flood.results:
        visits = result.frame("visits")
        assert of(result, "blocked_share")["all", "all"] == ((visits["outcome"] == "blocked").mean(), len(visits))
        assert sum(value for value, _ in of(result, "phase_h").values()) == pytest.approx(flood.scenario.end_h)
        assert of(result, "outage_h")["outage", "water"] == (pytest.approx(3), 1)
    assert max(of(result, "blocked_share")["all", "all"][0] for result in flood.results) > 0


# -- without, in colour, in words -------------------------------------------------------------------------------------


def test_nothing_is_drawn_where_there_is_nothing(flood: Ran):
    """An empty picture would say that all is well."""
    plain = {"world": {"hazards": None, "outages": None, "life_cycle": None}, "response": {"early_warning": None}}
    without = Ran(merge(FLOOD, plain))
    assert levels(without.scenario, without.table("needs"), without.table("phases"), SAY) is None
    assert without.alarms() is None
    assert without.utilities() is None
    assert phases(without.table("phases"), RUNS, without.scenario.end_h, SAY) is None
    assert of(without.results[0], "outage_h") == of(without.results[0], "phase_h") == {}


@pytest.mark.parametrize("kind", BLIND)
def test_phases_and_alarms_can_be_told_apart(kind: str):
    """Where one kind of cone is missing, too."""
    for colours in (STAGES.values(), [colour for _, _, colour in CAME.values()], list(STANDS.values())):
        seen = [lab(colour, BLIND[kind]) for colour in colours]
        assert min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2)) > 22
    assert tuple(STAGES) == PHASES


def test_the_first_alarm_is_before_or_after_or_not_in_every_run():
    """A mean over the runs with an alarm alone would flatter, so how many had one stands in its place."""
    scenario = validate(FLOOD, "small")
    cases = {
        (-5.0, 3): ("before", "5.0 h"), (7.0, 3): ("after", "7.0 h"), (np.nan, 1): ("after", "only in 1 of 3 runs"),
    }  # fmt: skip
    for (mean, defined), (term, value) in cases.items():
        found = {("alarm_after_h", "detector", "gauge"): Estimate(mean, np.nan, 3, defined)}
        label = SAY(f"hazards.alarm_{term}", detector="gauge", what="river")
        assert dict(of_hazards(SAY, scenario, found))[label] == value


def test_a_run_with_hazards_shows_them(tmp_path: Path):
    """Printed and drawn in both languages."""
    (tmp_path / "small.yaml").write_text(json.dumps(FLOOD), encoding="utf-8")
    for lang in ("en", "zh"):
        said = printed("run", "small.yaml", "-r", "2", "--out", lang, "--lang", lang, cwd=tmp_path)
        speak = Words(lang)
        block = said[said.index(f"\n{speak('table.hazards')}") :]
        for term in ("blocked_share", "alarms", "false_alarms", "missed_alarms", "preparation_cost", "total_cost"):
            assert speak(f"hazards.{term}") in block
        assert re.search(re.escape(speak("hazards.preparation_cost")) + r" +500 CNY", block)
        assert re.search(re.escape(speak("hazards.outage", what=speak.name("outage", "water"))) + " +3.0 h", block)
        assert speak("hazards.outage", what="gas") not in block, "it never went out"
        for phase in PHASES:
            assert speak("hazards.phase", phase=speak.name("phase", phase)) in block
        assert speak("hazards.alarm_before", detector="gauge", what="river") in block
        printed("report", lang, "--lang", lang, cwd=tmp_path)
        page = (tmp_path / lang / "report.html").read_text(encoding="utf-8")
        for title in TITLES:
            assert re.search(f"<h2>{re.escape(speak(title))}</h2>\\s*<svg", page), title


def test_a_run_without_hazards_says_nothing_of_them(tmp_path: Path):
    """Neither in what is printed, nor on the page: a timetable of phases is no news."""
    said = printed("run", "tutorial", "-r", "1", "--out", "k", cwd=tmp_path)
    assert SAY("table.hazards") not in said
    printed("report", "k", cwd=tmp_path)
    page = (tmp_path / "k" / "report.html").read_text(encoding="utf-8")
    assert not [title for title in TITLES if f"<h2>{SAY(title)}</h2>" in page]
