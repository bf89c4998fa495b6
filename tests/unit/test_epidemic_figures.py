"""Pictures of an epidemic: what is drawn is what happened, and without an epidemic nothing is drawn or printed."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from analysis.epidemic_figures import LAYERS, MOST_BARS, at_once, curve, days, found, infectious, per_day
from firstline.words import Words
from sim.spec.patches import validate
from sim.world import epidemic
from tests.command import printed
from tests.unit.test_epidemic_outcomes import SMALL

SAY = Words("en")
RUNS = 3
"""Of which the last has no infection, and so no row."""
TITLES = ("report.curve", "report.infectious", "report.found")


@pytest.fixture(scope="module")
def tables() -> tuple[pd.DataFrame, pd.DataFrame, float]:
    scenario = validate(SMALL, "small")
    results = [sim.run(scenario, 1, number) for number in range(RUNS - 1)]

    def table(name: str) -> pd.DataFrame:
        frame = pd.concat([r.frame(name).assign(replication=k) for k, r in enumerate(results)], ignore_index=True)
        return frame.astype(dict.fromkeys(frame.select_dtypes("category").columns, object))

    return table("infections"), table("phases"), scenario.end_h


def test_the_curve_holds_every_infection(tables):
    """The area of the stack is the mean number of infections of residents over all runs, those without any too."""
    infections, phases, end_h = tables
    residents = infections[infections["resident"].notna()]
    assert len(residents) < len(infections), "somebody from outside is infected too"
    (axes,) = curve(infections, phases, RUNS, end_h, SAY).axes
    area, top = 0.0, 0.0
    for patch in axes.patches:
        if hasattr(patch, "get_data"):
            values, edges, baseline = patch.get_data()
            assert baseline == pytest.approx(top), "a layer stands on the one below"
            area, top = area + float(((values - baseline) * np.diff(edges)).sum()), values
    assert area == pytest.approx(len(residents) / RUNS)
    drawn = [text.get_text() for text in axes.figure.legends[0].get_texts()]
    assert drawn == [SAY.name("layer", name) for name in reversed(LAYERS) if (residents["layer"] == name).any()]


def test_the_last_day_may_be_short():
    """Counts are a day, so that half a day at the end does not look like a fall; long runs are drawn by weeks."""
    table = pd.DataFrame({"replication": 0, "infected_h": [1.0, 2.0, 25.0, 26.0]})
    assert list(days(36)) == [0, 24, 36]
    assert per_day(table, "infected_h", 1, days(36)).tolist() == [[2, 4]]
    assert np.diff(days(24 * (MOST_BARS + 3)))[0] == 7 * 24


def test_infectious_at_once_is_counted_at_each_moment(tables):
    """At any moment the line is the number of people between their two stamps, run by run."""
    infections, _, end_h = tables
    at_h = np.linspace(0, end_h, 57)
    drawn = at_once(infections, RUNS, at_h)
    assert drawn.max() > 10
    for run in range(RUNS):
        mine = infections[infections["replication"] == run]
        until = mine["recovered_h"].fillna(np.inf)
        assert drawn[run].tolist() == [((mine["infectious_h"] <= t) & (t < until)).sum() for t in at_h]


def test_lines_are_means_of_all_runs(tables):
    """The two lines of infected and confirmed enclose the mean numbers of both."""
    infections, phases, end_h = tables
    residents = infections[infections["resident"].notna()]
    (axes,) = found(infections, phases, RUNS, end_h, SAY).axes
    for line, column in zip(axes.lines, ("infected_h", "confirmed_h"), strict=True):
        assert np.trapezoid(line.get_ydata(), line.get_xdata()) == pytest.approx(residents[column].notna().sum() / RUNS)
    (axes,) = infectious(infections, phases, RUNS, end_h, SAY).axes
    assert axes.lines[0].get_ydata().max() < residents.groupby("replication").size().max()


def test_nobody_infected_nothing_drawn(tables):
    """An empty picture would say that all is well; people from outside alone are no epidemic of residents."""
    infections, phases, end_h = tables
    for rows in (infections.iloc[:0], infections[infections["resident"].isna()]):
        for draw in (curve, infectious, found):
            assert draw(rows, phases, RUNS, end_h, SAY) is None


def test_every_layer_has_a_colour_and_a_word():
    """A layer without a colour would be missing from the stack without a trace."""
    assert tuple(LAYERS) == epidemic.LAYERS
    for lang in ("en", "zh"):
        assert len({Words(lang).name("layer", layer) for layer in LAYERS}) == len(LAYERS)


BLIND = {
    "none": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protan": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]],
    "deutan": [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    "tritan": [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9309, 0.1476], [0.0047, 0.6914, 0.3039]],
}
"""Linear RGB with one kind of cone missing: Machado, Oliveira & Fernandes (2009), doi 10.1109/TVCG.2009.113."""
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour: str, seen: list[list[float]]) -> np.ndarray:
    """Return a colour in CIELAB, as somebody sees it."""
    rgb = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    x = XYZ @ np.clip(np.array(seen) @ linear, 0, 1) / XYZ.sum(axis=1)
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("kind", BLIND)
def test_layers_can_be_told_apart(kind: str):
    """Where one kind of cone is missing, too: a difference of 10 in CIELAB is seen at a glance."""
    seen = [lab(colour, BLIND[kind]) for colour in LAYERS.values()]
    assert min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2)) > 22


def test_a_run_with_an_epidemic_shows_it(tmp_path: Path):
    """Printed and drawn in both languages."""
    (tmp_path / "small.yaml").write_text(json.dumps(SMALL), encoding="utf-8")
    for lang in ("en", "zh"):
        said = printed("run", "small.yaml", "-r", "2", "--out", lang, "--lang", lang, cwd=tmp_path)
        words = Words(lang)
        block = said[said.index(f"\n{words('table.epidemic')}") :]
        for term in ("infections", "attack_share", "infections_of_responders", "infectious_peak", "found_share"):
            assert words(f"epidemic.{term}") in block
        assert words.name("layer", "household") in block
        assert words.name("layer", "elsewhere") not in block, "nobody was infected there"
        printed("report", lang, "--lang", lang, cwd=tmp_path)
        page = (tmp_path / lang / "report.html").read_text(encoding="utf-8")
        for title in TITLES:
            assert re.search(f"<h2>{re.escape(words(title))}</h2>\\s*<svg", page), title


def test_a_run_without_an_epidemic_says_nothing_of_one(tmp_path: Path):
    """Neither in what is printed, nor in the outcomes for machines, nor on the page."""
    said = printed("run", "tutorial", "-r", "1", "--out", "k", cwd=tmp_path)
    assert not re.search("epidemic|infect", said, re.IGNORECASE)
    printed("report", "k", cwd=tmp_path)
    page = (tmp_path / "k" / "report.html").read_text(encoding="utf-8")
    assert not [title for title in TITLES if f"<h2>{SAY(title)}</h2>" in page]
    shown = page[: page.index("<pre>")]  # then comes the manifest
    assert not re.search("infections|attack_share", shown)
