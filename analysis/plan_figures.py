"""Pictures of a plan: when each step of the card waited and worked, and how many queued at the stations of a site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.figures import COLOURS, GRID_POINTS, Say, new_figure, step_function
from sim.units import say_duration

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

STAGES = (
    ("triggered_h", "ordered_h", "decision", "#e9c46a"),
    ("ordered_h", "told_h", "message", "#f4a261"),
    ("told_h", "staffed_h", "people", "#c8553d"),
    ("staffed_h", "started_h", "materials", "#8e6c8a"),
    ("started_h", "done_h", "work", "#1f6f8b"),
)
MOST_STEPS = 60


def steps(orders: pd.DataFrame, end_h: float, say: Say) -> Figure | None:
    """Draw the first carrying-out of each step from its turn on: what it waited for and worked, medians over the runs.

    Steps stand in the order of their turns, with the day and hour of it. Very long bars are cut and their length given.
    """
    first = orders[(orders["nth"] == 1) & orders["triggered_h"].notna()]
    if first.empty:
        return None
    stamps = ["triggered_h", *(after for _, after, _, _ in STAGES)]
    middle = first.groupby("step", observed=True)[stamps].median().sort_values("triggered_h").head(MOST_STEPS)
    undone = first.groupby("step", observed=True)["done_h"].apply(lambda done: done.isna().mean())
    length = (middle["done_h"].fillna(end_h) - middle["triggered_h"]).to_numpy()
    widest = max(float(np.quantile(length, 0.8)) * 1.6, 0.5)
    figure = new_figure(8.2, 0.24 * len(middle) + 1.1)
    axes = figure.add_subplot()
    for place, (name, row) in enumerate(middle.iterrows()):
        begin = 0.0
        for _, after, term, colour in STAGES:
            missing = bool(np.isnan(row[after]))
            stop = (end_h if missing else row[after]) - row["triggered_h"]
            label = say(f"stage.{term}") if place == 0 else None
            width = max(min(stop, widest) - begin, 0.0)
            hatch = "///" if missing else None
            axes.barh(place, width, left=begin, color=colour, height=0.62, label=label, hatch=hatch)
            begin = max(begin, min(stop, widest))
            if missing:
                break
        share = float(undone.get(name, 0.0))
        told = [say_duration(length[place])] if length[place] > widest and not np.isnan(row["done_h"]) else []
        told += [say("report.undone", share=f"{100 * share:.0f} %")] if share > 0 else []
        axes.annotate(
            ", ".join(told), (begin, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8
        )
    names = [f"{str(name).replace('_', ' ')}  {_turn(row['triggered_h'])}" for name, row in middle.iterrows()]
    axes.set_yticks(range(len(middle)), names, fontsize=8.5)
    axes.set_ylim(len(middle) - 0.4, -0.6)
    axes.set_xlim(0, widest * 1.12)
    axes.set_xlabel(say("report.since_turn"))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=len(STAGES), fontsize=8.5)
    return figure


def _turn(time_h: float) -> str:
    """Return a moment as days and hours since the start, such as 1d 06h."""
    return f"{int(time_h // 24)}d {int(time_h % 24):02d}h"


def queues(stations: pd.DataFrame, site: str, end_h: float, say: Say) -> Figure | None:
    """Draw how many wait at each station of a site over time, the mean of the runs."""
    mine = stations[(stations["site"] == site) & stations["visitor"].notna()]
    if mine.empty:
        return None
    begin, stop = float(mine["queued_h"].min()), float(mine["ended_h"].fillna(end_h).max())
    grid = np.linspace(begin, stop, 2 * GRID_POINTS)
    runs = mine["replication"].nunique()
    figure = new_figure(8.2, 3.0)
    axes = figure.add_subplot()
    scale, unit = (24.0, "report.hours") if stop > 72 else (1.0, "report.clock_hours")
    for colour, (name, rows) in zip(COLOURS * 4, mine.groupby("station", observed=True), strict=False):
        joins = np.sort(rows["queued_h"].to_numpy())
        served = rows["started_h"].fillna(rows["ended_h"]).dropna()
        leaves = np.sort(served.to_numpy())
        length = step_function(joins, np.arange(1.0, joins.size + 1), grid)
        length = length - step_function(leaves, np.arange(1.0, leaves.size + 1), grid)
        axes.plot(grid / scale, length / runs, color=colour, linewidth=1.4, label=str(name).replace("_", " "))
    axes.set_ylim(bottom=0)
    axes.set_xlabel(say(unit))
    axes.set_ylabel(say("report.people_waiting"))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center", fontsize=8.5)
    return figure
