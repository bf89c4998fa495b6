"""Pictures of an epidemic: who was infected where day by day, how many were infectious at once, what was found of it.

All are about residents, helping or not, as the outcomes are. Runs without an infection count: they have no rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.figures import COLOURS, Floats, Say, band, new_figure, shade, step_function, word
from analysis.people_paths import DAY_H, moments

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LAYERS = {
    "seed": "#222222",
    "elsewhere": "#8c8c8c",
    "household": "#0f4c81",
    "building": "#e69f00",
    "casual": "#56b4e9",
    "queue": "#c8400a",
    "service": "#e3d26f",
}
"""Told apart with any one kind of cone missing: no two are closer than 22 in CIELAB."""
MOST_BARS = 200
"""Days drawn one by one; of longer runs, weeks."""


def days(end_h: float) -> Floats:
    """Return the edges, in hours, of the days of a run, or of its weeks where there are many; the last may be short."""
    step = DAY_H if end_h <= MOST_BARS * DAY_H else 7 * DAY_H
    return np.append(np.arange(0, end_h, step), end_h)


def per_day(table: pd.DataFrame, column: str, runs: int, edges: Floats) -> Floats:
    """Return how many times of a column fall between two edges, a day: an array runs × (edges − 1)."""
    found = np.zeros((runs, edges.size - 1))
    for run, mine in table.groupby("replication"):
        found[int(str(run))] = np.histogram(mine[column].dropna(), edges)[0]
    return found / np.diff(edges) * DAY_H


def at_once(table: pd.DataFrame, runs: int, at_h: Floats) -> Floats:
    """Return how many are infectious at each moment: an array runs × moments."""
    found = np.zeros((runs, at_h.size))
    for run, mine in table.groupby("replication"):
        for column, sign in (("infectious_h", 1), ("recovered_h", -1)):
            times = np.sort(mine[column].dropna().to_numpy(float))
            found[int(str(run))] += sign * step_function(times, np.arange(1.0, times.size + 1), at_h)
    return found


def _residents(infections: pd.DataFrame) -> pd.DataFrame:
    return infections[infections["resident"].notna()]


def _axes(figure: Figure, phases: pd.DataFrame, end_h: float, say: Say, label: str) -> Axes:
    axes = figure.add_subplot()
    shade(axes, phases, say, labels=True)
    axes.set_xlim(0, end_h / DAY_H)
    axes.set_xlabel(say("report.hours"))
    axes.set_ylabel(say(label))
    return axes


def curve(infections: pd.DataFrame, phases: pd.DataFrame, runs: int, end_h: float, say: Say) -> Figure | None:
    """Draw the epidemic curve: residents infected a day, mean of the runs, stacked by where; None for none."""
    mine = _residents(infections)
    if mine.empty:
        return None
    edges = days(end_h)
    figure = new_figure(8.2, 3.2)
    axes = _axes(figure, phases, end_h, say, "report.infected_axis")
    below = np.zeros(edges.size - 1)
    for layer, colour in LAYERS.items():
        rows = mine[mine["layer"] == layer]
        if rows.empty:
            continue
        above = below + per_day(rows, "infected_h", runs, edges).mean(axis=0)
        axes.stairs(above, edges / DAY_H, baseline=below, fill=True, color=colour, label=word(say, "layer", layer))
        below = above
    axes.set_ylim(bottom=0)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside right center", fontsize=8.5)  # in the order of the stack
    return figure


def infectious(infections: pd.DataFrame, phases: pd.DataFrame, runs: int, end_h: float, say: Say) -> Figure | None:
    """Draw how many residents are infectious at once over time; None where nobody is infected."""
    mine = _residents(infections)
    if mine.empty:
        return None
    figure = new_figure(8.2, 3.0)
    axes = _axes(figure, phases, end_h, say, "report.infectious_axis")
    grid = moments(end_h)
    band(axes, grid / DAY_H, at_once(mine, runs, grid), COLOURS[0], say("report.infectious_axis"))
    axes.set_ylim(bottom=0)
    return figure


def found(infections: pd.DataFrame, phases: pd.DataFrame, runs: int, end_h: float, say: Say) -> Figure | None:
    """Draw how many residents are infected and how many confirmed a day; None where nobody is infected."""
    mine = _residents(infections)
    if mine.empty:
        return None
    edges = days(end_h)
    figure = new_figure(8.2, 3.0)
    axes = _axes(figure, phases, end_h, say, "report.found_axis")
    steps = np.repeat(edges, 2)[1:-1] / DAY_H
    for column, colour, term in (
        ("infected_h", LAYERS["seed"], "report.infected"),
        ("confirmed_h", COLOURS[0], "report.confirmed"),
    ):
        band(axes, steps, np.repeat(per_day(mine, column, runs, edges), 2, axis=1), colour, say(term))
    axes.set_ylim(bottom=0)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=2, fontsize=8.5)
    return figure
