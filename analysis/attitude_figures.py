"""Pictures of residents: their trust, anxiety and compliance over time, and what moved them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.figures import COLOURS, Say, band, new_figure, shade, word
from analysis.people_paths import mean_path, moments

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

STATES = {"trust": COLOURS[0], "anxiety": COLOURS[1], "compliance": COLOURS[4]}


def attitudes(
    changes: pd.DataFrame, residents: pd.DataFrame, phases: pd.DataFrame, end_h: float, say: Say
) -> Figure | None:
    """Draw the mean trust, anxiety and compliance of residents over time; None where none is modelled."""
    modelled = [state for state in STATES if residents[state].notna().any()]
    if not modelled:
        return None
    figure = new_figure(8.2, 3.0)
    axes = figure.add_subplot()
    grid = moments(end_h)
    shade(axes, phases, say, labels=True)
    for state in modelled:
        mine = changes[changes["state"] == state]
        runs = [
            mean_path(mine[mine["replication"] == run], people.set_index("resident")[state], grid)
            for run, people in residents.groupby("replication")
        ]
        band(axes, grid / 24, np.array(runs), STATES[state], word(say, "state", state))
    axes.set_xlim(0, end_h / 24)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(say("report.hours"))
    axes.set_ylabel(say("report.attitude_axis"))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=len(modelled), fontsize=8.5)
    return figure


def attitude_causes(changes: pd.DataFrame, residents: pd.DataFrame) -> pd.DataFrame:
    """Return by state and cause: ``change`` of the mean over residents, and the share of them that it ``moved``.

    Changes add up to that of the mean over the run. All runs together.
    """
    by_cause = changes.groupby(["state", "cause"])
    moved = by_cause[["replication", "resident"]].apply(lambda rows: len(rows.drop_duplicates()))
    return by_cause[["change"]].sum().assign(moved=moved) / len(residents)


def causes(changes: pd.DataFrame, residents: pd.DataFrame, say: Say) -> Figure | None:
    """Draw what each cause added to each state's mean, and the share of residents moved by it; None for no change."""
    moved = [state for state in STATES if (changes["state"] == state).any()]
    if not moved:
        return None
    found = attitude_causes(changes, residents)
    columns = min(2, len(moved))
    rows = -(-len(moved) // columns)
    figure = new_figure(8.2, rows * (0.3 * max(len(found.loc[state]) for state in moved) + 1.1))
    for place, state in enumerate(moved):
        axes = figure.add_subplot(rows, columns, place + 1)
        mine = found[found.index.get_level_values("state") == state].droplevel("state")
        mine = mine.sort_values("change", ascending=False)
        axes.barh(range(len(mine)), mine["change"], color=STATES[state], height=0.62)
        for line, (change, share) in enumerate(zip(mine["change"], mine["moved"], strict=True)):
            side, beside = (1, "left") if change >= 0 else (-1, "right")
            text, tip = f"{100 * share:.0f} %", (change, line)
            axes.annotate(text, tip, (4 * side, 0), textcoords="offset points", ha=beside, va="center", fontsize=8)
        axes.axvline(0, color="#555555", linewidth=0.8)
        axes.set_yticks(range(len(mine)), [word(say, "cause", str(cause)) for cause in mine.index], fontsize=8.5)
        axes.set_ylim(len(mine) - 0.4, -0.6)
        axes.margins(x=0.28)
        axes.locator_params(axis="x", nbins=4)
        axes.grid(visible=False, axis="y")
        ever = len(changes.loc[changes["state"] == state, ["replication", "resident"]].drop_duplicates())
        title = say("report.moved", state=word(say, "state", state), share=f"{100 * ever / len(residents):.0f} %")
        axes.set_title(title, fontsize=9, loc="left")
        axes.set_xlabel(say("report.change_axis"), fontsize=8.5)
    return figure
