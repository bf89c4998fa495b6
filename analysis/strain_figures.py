"""Pictures of those who help: their strain over time, who stayed away and who left, and where strain came from.

People of all runs stand together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.figures import COLOURS, Floats, Say, new_figure, word
from analysis.people_outcomes import FULL
from analysis.people_paths import Rows, moments, paths

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MIDDLE = (0.1, 0.5, 0.9)
"""Quantiles over persons: the ends of the band, and its line."""
SOURCES = {"client": COLOURS[0], "organisation": COLOURS[1], "institution": COLOURS[3], "hours": COLOURS[4]}
DARK = "#222222"
ROOM, STRIP = 1.1, 0.12
"""Height of a panel of strain over its highest band; of this, the strip below zero."""
TICKS_SEEN = 60
"""Marks of shifts in one panel that can still be told apart; more are drawn paler."""


class Course(NamedTuple):
    """Strain of one unit over time as a share of capacity, over the people of all runs."""

    quantiles: Floats
    """Those of ``MIDDLE`` × moments; NaN while nobody counts."""
    left_h: Floats
    """When somebody left for good."""
    left_at: Floats
    """The strain at which they left."""
    away_h: Floats
    """Beginnings of shifts that somebody stayed away from."""


def course(table: pd.DataFrame, events: pd.DataFrame, at_h: Floats) -> Course:
    """Return how strain went in one unit, from its rows of the two tables.

    A person counts from the first change of their strain until they leave for good.
    """
    levels, left_h, left_at = [], [], []
    for run, mine in table.groupby("replication"):
        leave = events[(events["replication"] == run) & (events["event"] == "left_for_good")]
        last_h = dict(zip(leave["subject"].astype(int), leave["t_h"], strict=True))
        rows = Rows.of(mine.assign(level=mine["strain"] / mine["capacity"]), "person", "level")
        who, first = np.unique(rows.person, return_index=True)
        until_h = np.array([last_h.get(person, np.inf) for person in who])
        level = paths(rows, np.zeros(who.size), at_h)
        level[(at_h < rows.t_h[first][:, None]) | (at_h > until_h[:, None])] = np.nan
        levels.append(level)
        for place in np.flatnonzero((rows.t_h[first] <= until_h) & (until_h < np.inf)):
            before = (rows.person == who[place]) & (rows.t_h <= until_h[place])
            left_h.append(until_h[place])
            left_at.append(rows.value[before][-1])
    everybody = np.concatenate(levels)
    somebody = ~np.isnan(everybody).all(axis=0)
    quantiles = np.full((len(MIDDLE), at_h.size), np.nan)
    quantiles[:, somebody] = np.nanquantile(everybody[:, somebody], MIDDLE, axis=0)
    away_h = events.loc[events["event"] == "stayed_away", "t_h"].to_numpy(float)
    return Course(quantiles, np.array(left_h), np.array(left_at), away_h)


def strain(table: pd.DataFrame, events: pd.DataFrame, end_h: float, say: Say, names: Sequence[str]) -> Figure | None:
    """Draw strain over time as a share of capacity, one panel a unit: median and band over persons; None without any.

    Who left far above the bands is marked at the upper edge, with their strain beside the mark.
    """
    names = [name for name in names if (table["unit"] == name).any()]
    if not names:
        return None
    at_h = moments(end_h)
    courses = [course(table[table["unit"] == name], events[events["detail"] == name], at_h) for name in names]
    top = ROOM * max(FULL, *(float(np.nanmax(one.quantiles)) for one in courses))
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(8.2, 1.75 * rows + 0.7)
    panels = np.ravel(figure.subplots(rows, columns, sharey=True, squeeze=False))
    for panel in panels[len(names) :]:
        panel.remove()
    panels[0].set_ylim(-STRIP * top, top)
    for place, (name, one, axes) in enumerate(zip(names, courses, panels, strict=False)):
        _draw(axes, one, at_h, top, say)
        axes.set_title(name.replace("_", " "), fontsize=9, loc="left")
        axes.set_xlim(0, end_h / 24)
        axes.locator_params(axis="x", integer=True)
        if place // columns == rows - 1:
            axes.set_xlabel(say("report.hours"), fontsize=8.5)
        if place % columns == 0:
            axes.set_ylabel(say("report.strain_axis"), fontsize=8.5)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels), fontsize=8.5)
    return figure


def _draw(axes: Axes, one: Course, at_h: Floats, top: float, say: Say) -> None:
    """Draw one unit; in the strip below zero, the shifts that somebody stayed away from."""
    low, middle, high = one.quantiles
    axes.plot(at_h / 24, middle, color=COLOURS[0], linewidth=1.4, label=say("report.strain_median"))
    axes.fill_between(at_h / 24, low, high, color=COLOURS[0], alpha=0.22, linewidth=0, label=say("report.strain_band"))
    axes.axhline(FULL, color="#555555", linewidth=0.8, linestyle=":", label=say("report.strain_full"))
    axes.axhline(0, color="#555555", linewidth=0.8)
    marks = np.minimum(one.left_at, top)
    axes.plot(
        one.left_h / 24, marks, "x", color=COLOURS[1], markersize=5, clip_on=False, zorder=3, label=say("report.left")
    )
    for t_h, level in zip(one.left_h, one.left_at, strict=True):
        if level > top:
            place = (t_h / 24, top)
            axes.annotate(
                f"{level:.1f}",
                place,
                (5, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
                annotation_clip=False,
            )
    alpha = min(1.0, TICKS_SEEN / max(one.away_h.size, 1))
    strip = np.full(one.away_h.size, -STRIP * top / 2)
    axes.plot(
        one.away_h / 24, strip, "|", color=DARK, alpha=alpha, markersize=5, clip_on=False, label=say("report.away")
    )


def strain_sources(table: pd.DataFrame) -> pd.DataFrame:
    """Return points a person over the run, all runs together: by unit and source, columns ``load`` and ``relief``.

    Their sum over the sources of a unit is the mean strain of its people at the end.
    """
    people = table.groupby("unit")[["replication", "person"]].apply(lambda rows: len(rows.drop_duplicates()))
    parts = table.assign(load=table["change"].clip(lower=0), relief=table["change"].clip(upper=0))
    points = parts.groupby(["unit", "source"])[["load", "relief"]].sum()
    return points.div(people, axis=0, level="unit")


def sources(table: pd.DataFrame, say: Say, names: Sequence[str]) -> Figure | None:
    """Draw for each unit what strained (to the right) and relieved (to the left) by source, in points a person."""
    names = [name for name in names if (table["unit"] == name).any()]
    if not names:
        return None
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    points = strain_sources(table)
    figure = new_figure(8.2, 0.34 * len(names) + 1.2)
    axes = figure.add_subplot()
    for place, name in enumerate(names):
        for side in ("load", "relief"):
            begin = 0.0
            for source, colour in SOURCES.items():
                width = float(points[side].get((name, source), 0.0))
                axes.barh(place, width, left=begin, color=colour, height=0.62, edgecolor="white", linewidth=0.5)
                begin += width
        axes.plot(points.loc[name].to_numpy().sum(), place, "D", color=DARK, markersize=4.5, markeredgecolor="white")
    axes.axvline(0, color="#555555", linewidth=0.8)
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(say("report.points_axis"))
    present = [source for source in SOURCES if source in points.index.get_level_values("source")]
    handles: list[Patch | Line2D] = [Patch(color=SOURCES[source]) for source in present]
    handles.append(Line2D([], [], marker="D", color=DARK, markersize=4.5, linestyle=""))
    labels = [*(word(say, "source", source) for source in present), say("report.strain_left")]
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels), fontsize=8.5)
    return figure
