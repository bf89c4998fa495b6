"""Pictures of people: what stands between the rows of a table, and that bars add up to what they explain."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import sim
from analysis.attitude_figures import attitude_causes, attitudes, causes
from analysis.people_paths import DAY_H, Rows, mean_path, moments, paths
from analysis.strain_figures import MIDDLE, SOURCES, course, sources, strain, strain_sources
from firstline.words import Words

SAY = Words("en")
STRAIN = ["t_h", "person", "cause", "strain"]


def frames(name: str, *seeds: int) -> dict[str, pd.DataFrame]:
    """Return the tables of people of some runs, as the folder of a run gives them."""
    results = [sim.run(sim.load(name), seed) for seed in seeds]

    def table(name: str) -> pd.DataFrame:
        parts = [result.frame(name).assign(replication=number) for number, result in enumerate(results)]
        filled = [part for part in parts if len(part)] or parts[:1]
        frame = pd.concat(filled, ignore_index=True)
        words = frame.select_dtypes("category").columns
        return frame.astype(dict.fromkeys(words, object))

    return {name: table(name) for name in ("strain", "attitudes", "residents", "events", "phases")}


@pytest.fixture(scope="module")
def estate() -> dict[str, pd.DataFrame]:
    return frames("estate-people", 1, 2)


def end_h(name: str) -> float:
    return sim.load(name).end_h


def rows_of(*rows: tuple[float, int, str, float]) -> Rows:
    return Rows.of(pd.DataFrame(rows, columns=STRAIN), "person", "strain")


def test_hours_move_and_events_jump():
    """Duty is straight, rest halves, an event is a step: strain at 10, 12 and 16 h is known, and so is what is between.

    A step from row to row would show somebody worn out all night long.
    """
    rows = rows_of((10, 3, "duty", 2.0), (10, 3, "visit", 4.0), (12, 3, "duty", 8.0), (16, 3, "rest", 2.0))
    level = paths(rows, np.zeros(1), np.array([0, 9.9, 10, 11, 12, 14, 16, 99]))
    assert level[0] == pytest.approx([0, 0, 4, 6, 8, 4, 2, 2])


def test_each_person_has_their_own_path():
    """Rows of one person never reach into another's: each begins at their own start and ends at their own last row."""
    rows = rows_of((1, 0, "visit", 5.0), (9, 0, "rest", 1.0), (2, 7, "visit", 3.0))
    level = paths(rows, np.array([0.0, 1.0]), np.array([0.5, 1.5, 20.0]))
    assert level == pytest.approx(np.array([[0.0, 5.0 * 0.2 ** (0.5 / 8), 1.0], [1.0, 1.0, 3.0]]))


@pytest.mark.parametrize("days", [0.5, 4, 17, 90, 379, 2000])
def test_looks_keep_the_rhythm_of_days(days: float):
    """Looks are as many to each day or on the same hour of days, else days would beat against them; the end is one."""
    at_h = moments(days * 24)
    step = at_h[1] - at_h[0]
    assert DAY_H % step == 0 or step % DAY_H == 0
    assert at_h[-1] == days * 24


def test_strain_sources_add_up(estate):
    """For each unit the bars, as drawn, add up to the mean strain of its people at the end: nothing is left out."""
    table = estate["strain"]
    last = table.groupby(["replication", "person"]).last()
    wanted = last.groupby("unit")["strain"].mean()
    assert len(wanted) > 1
    points = strain_sources(table)
    assert points.sum(axis=1).groupby("unit").sum().to_dict() == pytest.approx(wanted.to_dict())
    assert set(points.index.get_level_values("source")) <= set(SOURCES)
    (axes,) = sources(table, SAY, list(wanted.index)).axes
    drawn: dict[int, float] = {}
    for bar in axes.patches:
        line = round(bar.get_y() + bar.get_height() / 2)
        drawn[line] = drawn.get(line, 0.0) + bar.get_width()
    assert [drawn[line] for line in sorted(drawn)] == pytest.approx(wanted.to_list())


def test_who_left_counts_no_more(estate):
    """The strain of somebody who left for good falls at home: counted, it would pass for the relief of a team."""
    table, events = estate["strain"], estate["events"]
    leaving = events[events["event"] == "left_for_good"].iloc[0]
    person = (table["person"] == int(leaving["subject"])) & (table["replication"] == leaving["replication"])
    at_h = np.array([leaving["t_h"] - 0.1, leaving["t_h"] + 0.1])
    alone = course(table[person], events[events["detail"] == leaving["detail"]], at_h)
    assert alone.quantiles.shape == (len(MIDDLE), at_h.size)
    assert np.isfinite(alone.quantiles[:, 0]).all()
    assert np.isnan(alone.quantiles[:, 1]).all()
    assert alone.left_h == pytest.approx([leaving["t_h"]])


def test_band_ends_where_people_are(estate):
    """At the end the middle of the band is the median person still there, read from the last rows independently."""
    table, events, stop = estate["strain"], estate["events"], end_h("estate-people")
    last = table.groupby(["replication", "person"]).last().reset_index()
    gone = events[events["event"] == "left_for_good"].assign(person=lambda rows: rows["subject"].astype(int))
    left = last.merge(gone[["replication", "person"]], how="left", indicator=True)["_merge"] == "both"
    for unit in last["unit"].unique():
        there = last[(last["unit"] == unit) & ~left.to_numpy()]
        mine = course(table[table["unit"] == unit], events[events["detail"] == unit], np.array([stop]))
        assert mine.quantiles[1, 0] == pytest.approx((there["strain"] / there["capacity"]).median())


def test_mean_attitudes_begin_and_end_where_residents_do(estate):
    """From the start, which no table holds, to the end, which the table of residents does; calming halves between."""
    changes, residents = estate["attitudes"], estate["residents"]
    first = residents[residents["replication"] == 0].set_index("resident")
    spec = sim.load("estate-people").world.attitudes["anxiety"]
    mine = changes[(changes["replication"] == 0) & (changes["state"] == "anxiety")]
    mean = mean_path(mine, first["anxiety"], np.array([0.0, end_h("estate-people")]))
    assert mean == pytest.approx([spec.start, first["anxiety"].mean()])
    one = pd.DataFrame(
        [(24.0, 0, "emergency", 0.4, 0.6), (72.0, 0, "calming", -0.3, 0.3)],
        columns=["t_h", "resident", "cause", "change", "value"],
    )
    path = mean_path(one, pd.Series([0.3, 0.2]), np.array([23.0, 24.0, 48.0, 72.0]))
    assert path == pytest.approx([0.2, 0.4, 0.3, 0.25])


def test_attitude_causes_add_up(estate):
    """The bars of a state add up to the change of its mean, and a cause moves no more residents than there are."""
    changes, residents = estate["attitudes"], estate["residents"]
    found = attitude_causes(changes, residents)
    for state in ("trust", "anxiety"):
        ends = [(people.set_index("resident")[state], run) for run, people in residents.groupby("replication")]
        mine = changes[changes["state"] == state]
        begun = np.mean([mean_path(mine[mine["replication"] == run], end, np.zeros(1)) for end, run in ends])
        assert found.loc[state]["change"].sum() == pytest.approx(residents[state].mean() - begun)
    assert found["moved"].between(0, 1).all()


def test_no_people_no_pictures():
    """A scenario without strain and attitudes gets none of these pictures: an empty one would say that all is well."""
    tutorial = frames("tutorial", 1)
    names, stop = list(sim.load("tutorial").response.organisation.units), end_h("tutorial")
    assert strain(tutorial["strain"], tutorial["events"], stop, SAY, names) is None
    assert sources(tutorial["strain"], SAY, names) is None
    assert attitudes(tutorial["attitudes"], tutorial["residents"], tutorial["phases"], stop, SAY) is None
    assert causes(tutorial["attitudes"], tutorial["residents"], SAY) is None


def test_only_units_with_strain_have_a_panel(estate):
    """Office and command have no strain in this scenario, and so no empty panel."""
    figure = strain(
        estate["strain"],
        estate["events"],
        end_h("estate-people"),
        SAY,
        list(sim.load("estate-people").response.organisation.units),
    )
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["casework", "pool"]
