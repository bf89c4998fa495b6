"""Pictures of a plan: when each step of the card waited and worked, and how many queued at the stations of a site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.figures import COLOURS, GRID_POINTS, Say, new_figure, step_function

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
    """Draw the first carrying-out of each step: what it waited for and when it worked, medians over the runs."""
    first = orders[(orders["nth"] == 1) & orders["triggered_h"].notna()]
    if first.empty:
        return None
    stamps = ["triggered_h", *(after for _, after, _, _ in STAGES)]
    middle = first.groupby("step", observed=True)[stamps].median().sort_values("triggered_h").head(MOST_STEPS)
    undone = first.groupby("step", observed=True)["done_h"].apply(lambda done: done.isna().mean())
    figure = new_figure(8.2, 0.24 * len(middle) + 1.1)
    axes = figure.add_subplot()
    last = float(np.nanmax(middle[stamps].to_numpy()))
    scale, unit = (24.0, "report.hours") if last > 72 else (1.0, "report.clock_hours")
    for place, (name, row) in enumerate(middle.iterrows()):
        until = row["triggered_h"]
        for begin, after, term, colour in STAGES:
            if np.isnan(row[begin]):
                break
            stop = row[after] if not np.isnan(row[after]) else end_h
            label = say(f"stage.{term}") if place == 0 else None
            width = max(stop - row[begin], 0.0)
            hatch = "///" if np.isnan(row[after]) else None
            axes.barh(
                place, width / scale, left=row[begin] / scale, color=colour, height=0.62, label=label, hatch=hatch
            )
            until = stop
            if np.isnan(row[after]):
                break
        share = float(undone.get(name, 0.0))
        if share > 0:
            text = say("report.undone", share=f"{100 * share:.0f} %")
            axes.annotate(
                text, (until / scale, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8
            )
    axes.set_yticks(range(len(middle)), [str(name).replace("_", " ") for name in middle.index], fontsize=8.5)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel(say(unit))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=len(STAGES), fontsize=8.5)
    return figure


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
    axes.legend(loc="upper right", fontsize=8.5)
    return figure
