"""Pictures of what hazards set going: alarms, phases that are consequences, and which utilities were out.

Levels, which are known beforehand, are in ``analysis.level_figures``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.figures import COLOURS, Floats, Say, new_figure, word
from analysis.level_figures import DARK, felt_h, on_phases, places
from sim.spec.community import PHASES
from sim.spec.local_hazards import Local
from sim.units import say_duration

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sim.spec.scenario import Scenario

CAME = {"true": (1.0, "o", "#0f4c81"), "false": (0.0, "X", "#c8400a"), "unknown": (np.nan, "D", "#8c8c8c")}
"""Alarms: the value of ``came``, mark and colour."""
BEGAN = COLOURS[2]
MARK = 6.5
"""Size of a mark, in points, where there is room for it."""
STAGES = {"warning": "#ecd27a", "emergency": "#cf6344", "protracted": "#44709d", "resolution": "#b5d9bb"}
"""Darker than the shades behind other pictures, and told apart by their lightness too."""


def began(
    scenario: Scenario,
    detector: str,
    alarms: pd.DataFrame,
    infections: pd.DataFrame,
    where: Sequence[tuple[str, str]],
    runs: int,
) -> Floats:
    """Return when that of which a detector warns began, for each run; NaN for never, and where nobody said what it is.

    Runs in which it raised an alarm say so themselves. In others, a hazard began when it does in every run.
    """
    found = np.full(runs, np.nan)
    warns_of = scenario.response.early_warning[detector].warns_of
    if warns_of == "epidemic":
        first = infections[infections["resident"].notna()].groupby("replication")["infected_h"].min()
        found[first.index.to_numpy(int)] = first.to_numpy(float)
    elif warns_of is not None:
        hazard = scenario.world.hazards[warns_of]
        begin = felt_h(hazard, where, scenario.end_h) if isinstance(hazard, Local) else float(hazard.begins)
        found[:] = begin if begin < scenario.end_h else np.nan
    mine = alarms[alarms["detector"] == detector]
    found[mine["replication"].to_numpy(int)] = mine["began_h"].to_numpy(float)
    return found


def alarms(
    scenario: Scenario,
    table: pd.DataFrame,
    infections: pd.DataFrame,
    needs: pd.DataFrame,
    phases: pd.DataFrame,
    runs: int,
    say: Say,
) -> Figure | None:
    """Draw for each detector and run when alarms were raised and taken back, and when what it warns of began.

    None without detectors. Runs of a detector stand below each other, the first at the top.
    """
    detectors = scenario.response.early_warning
    if not detectors:
        return None
    where = places(scenario.world.community, needs)
    figure = new_figure(8.2, 0.8 * len(detectors) + 1.15)
    axes = _axes(figure, phases, scenario.end_h, say)
    size = float(np.clip(30 / runs, 3, MARK))
    for place, name in enumerate(detectors):
        mine = table[table["detector"] == name]
        rows = place + 0.1 + 0.8 * (np.arange(runs) + 0.5) / runs
        at = rows[mine["replication"].to_numpy(int)]
        raised, came = mine["raised_h"].to_numpy(float), mine["came"].to_numpy(float)
        cleared = mine["cleared_h"].to_numpy(float)
        until = np.where(np.isnan(cleared), scenario.end_h, cleared)
        half = 0.4 / runs
        begin_h = began(scenario, name, mine, infections, where, runs)
        axes.vlines(begin_h / 24, rows - half, rows + half, BEGAN, linewidth=2.5, gid="began", zorder=3)
        for kind, (value, mark, colour) in CAME.items():
            these = np.isnan(came) if np.isnan(value) else came == value
            axes.hlines(at[these], raised[these] / 24, until[these] / 24, colour, linewidth=size / 3, alpha=0.5)
            axes.plot(
                raised[these] / 24, at[these], mark, color=colour, markersize=size, gid=kind, clip_on=False, zorder=4,
                markeredgewidth=0,
            )  # fmt: skip
        there = ~np.isnan(cleared)
        axes.plot(cleared[there] / 24, at[there], "|", color=DARK, markersize=1.2 * size, gid="cleared", zorder=4)
    axes.set_yticks(
        np.arange(len(detectors)) + 0.5, [_detector(name, scenario, say) for name in detectors], fontsize=8.5
    )
    for between in range(1, len(detectors)):
        axes.axhline(between, color="#aaaaaa", linewidth=0.6)
    axes.set_ylim(len(detectors), 0)
    axes.grid(visible=False, axis="y")
    _name_marks(figure, table, say)
    return figure


def _name_marks(figure: Figure, table: pd.DataFrame, say: Say) -> None:
    """Write what the marks mean, however small they are drawn."""
    from matplotlib.lines import Line2D

    handles: list[Line2D] = []
    for kind, (value, mark, colour) in CAME.items():
        if (table["came"].isna() if np.isnan(value) else table["came"] == value).any():
            label = say(f"report.alarm_{kind}")
            handles.append(Line2D([], [], marker=mark, color=colour, markersize=MARK, linewidth=1.5, label=label))
    for term, colour, width in (("cleared", DARK, 1.0), ("began", BEGAN, 2.5)):
        line = Line2D([], [], marker="|", color=colour, markersize=10, markeredgewidth=width, linestyle="")
        line.set_label(say(f"report.alarm_{term}"))
        handles.append(line)
    figure.legend(handles=handles, loc="outside upper right", ncols=len(handles), fontsize=8.5)


def _detector(name: str, scenario: Scenario, say: Say) -> str:
    warns_of = scenario.response.early_warning[name].warns_of
    said = word(say, "detector", name)
    return f"{said}\n{say('report.warns_of', what=word(say, 'hazard', warns_of))}" if warns_of is not None else said


def shares(begin_h: Floats, end_h: Floats, runs: int, edges: Floats) -> Floats:
    """Return the share of runs in one of some spells between each two edges; a run is in one spell at a time."""
    change = np.zeros(edges.size)
    np.add.at(change, np.searchsorted(edges, begin_h), 1.0)
    np.add.at(change, np.searchsorted(edges, end_h), -1.0)
    return np.cumsum(change)[:-1] / runs


def phases(table: pd.DataFrame, runs: int, end_h: float, say: Say) -> Figure | None:
    """Draw the share of runs in each phase over time, stacked; None where there are no phases."""
    if table.empty:
        return None
    edges = np.unique(np.concatenate([[0.0, end_h], table["begin_h"], table["end_h"]]))
    figure = new_figure(8.2, 2.4)
    axes = figure.add_subplot()
    below = np.zeros(edges.size - 1)
    for phase in PHASES:
        mine = table[table["phase"] == phase]
        if mine.empty:
            continue
        above = below + shares(mine["begin_h"].to_numpy(float), mine["end_h"].to_numpy(float), runs, edges)
        label = word(say, "phase", phase)
        axes.stairs(above, edges / 24, baseline=below, fill=True, color=STAGES[phase], label=label, linewidth=0)
        below = above
    axes.set_xlim(0, end_h / 24)
    axes.locator_params(axis="x", integer=True)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    axes.set_ylabel(say("report.share_of_runs"))
    axes.set_xlabel(say("report.hours"))
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside right center", fontsize=8.5)  # in the order of the stack
    return figure


def spells(events: pd.DataFrame, name: str, end_h: float) -> tuple[Floats, Floats]:
    """Return when a utility went out, in any run, and when it was back; the end of the run where it was not."""
    mine = events[events["subject"] == name].sort_values(["replication", "t_h"], kind="stable")
    begin, end = [], []
    for _, rows in mine.groupby("replication"):
        out = rows.loc[rows["event"] == "outage", "t_h"].tolist()
        back = rows.loc[rows["event"] == "repaired", "t_h"].tolist()
        begin += out
        end += [*back, *[end_h] * (len(out) - len(back))]
    return np.array(begin), np.array(end)


def utilities(
    events: pd.DataFrame, table: pd.DataFrame, names: Sequence[str], runs: int, end_h: float, say: Say
) -> Figure | None:
    """Draw the share of runs in which each utility was out over time, with mean hours; None where none was ever out.

    ``table`` are the phases.
    """
    found = events[events["event"].isin(["outage", "repaired"])]
    if not (found["event"] == "outage").any():
        return None
    figure = new_figure(8.2, 0.55 * len(names) + 1.0)
    axes = _axes(figure, table, end_h, say)
    for place, name in enumerate(names):
        begin, end = spells(found, name, end_h)
        edges = np.unique(np.concatenate([[0.0, end_h], begin, end]))
        share = shares(begin, end, runs, edges)
        floor = place + 0.9
        axes.stairs(floor - 0.8 * share, edges / 24, baseline=floor, fill=True, color=COLOURS[1], linewidth=0)
        axes.axhline(floor, color="#777777", linewidth=0.7)
        out_h = float((end - begin).sum()) / runs
        told = say("report.out_for", length=say_duration(out_h)) if out_h > 0 else say("report.never_out")
        axes.annotate(told, (1.01, floor - 0.4), xycoords=("axes fraction", "data"), va="center", fontsize=8.5)
    axes.set_yticks(np.arange(len(names)) + 0.5, [word(say, "outage", name) for name in names])
    axes.set_ylim(len(names), 0)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    return figure


def _axes(figure: Figure, phases: pd.DataFrame, end_h: float, say: Say) -> Axes:
    axes = figure.add_subplot()
    on_phases(axes, phases, end_h, say, labels=True)
    axes.set_xlabel(say("report.hours"))
    return axes
