"""Pictures of plans over time: backlog with two bands, stock, and orders as a Gantt chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.bands import Band, pointwise, simultaneous
from analysis.comparison_figures import fewer_ticks, marker
from analysis.figures import new_figure, step_function
from analysis.pages import Data, Say, Value, corners

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
POINTS = 241
DASHES = ("-", "--", "-.", ":")
MOST_STEPS = 60
OUTER, INNER = 0.15, 0.3
OTHER: dict[str, Any] = {"color": "#333333", "linewidth": 1.0, "linestyle": ":"}
EARLY, WORK, LATE = "#b9cdd6", "#1f6f8b", "#c8553d"


def moments(end_h: float) -> Floats:
    """Return the moments at which paths are looked at."""
    return np.linspace(0, end_h, POINTS)


def _paths(rows: pd.DataFrame, column: str, at_h: Floats) -> Floats:
    runs = [run for _, run in rows.groupby("replication")]
    return np.array([step_function(run["t_h"].to_numpy(), run[column].to_numpy(float), at_h) for run in runs])


def backlogs(
    gauges: pd.DataFrame, variants: Sequence[str], against: str, end_h: float, say: Say
) -> tuple[Figure, Data]:
    """Draw the requests waiting in one world: a panel a variant, with both bands and the mean of the reference."""
    grid = moments(end_h)
    waiting = gauges[gauges["gauge"] == "waiting"]
    paths = {name: _paths(waiting[waiting["variant"] == name], "value", grid) for name in variants}
    paths = {name: runs for name, runs in paths.items() if len(runs)}
    scale, term = time_axis(end_h)
    columns = min(2, len(paths))
    lines = -(-len(paths) // columns)
    figure = new_figure(8.2, 2.0 * lines + 0.5)
    rows: list[tuple[Value, ...]] = []
    first = None
    for place, (name, runs) in enumerate(paths.items()):
        axes = figure.add_subplot(lines, columns, place + 1, sharex=first, sharey=first)
        first = first or axes
        colour, _ = marker(list(variants).index(name))
        inner, outer = (pointwise(runs), simultaneous(runs)) if len(runs) > 1 else (Band(runs[0], runs[0]),) * 2
        axes.fill_between(grid / scale, *outer, color=colour, alpha=OUTER, linewidth=0)
        for edge in outer:
            axes.plot(grid / scale, edge, color=colour, linewidth=0.5, alpha=0.6)
        axes.fill_between(grid / scale, *inner, color=colour, alpha=INNER, linewidth=0)
        axes.plot(grid / scale, runs.mean(axis=0), color=colour, linewidth=1.8)
        if name != against and against in paths:
            axes.plot(grid / scale, paths[against].mean(axis=0), **OTHER)
        axes.set_title(f"{name} ({say('compare.runs', count=len(runs))})", fontsize=9.5, loc="left")
        axes.set_xlim(0, end_h / scale)
        axes.set_ylim(bottom=0)
        fewer_ticks(axes)
        if place % columns == 0:
            axes.set_ylabel(say("report.backlog"), fontsize=8.5)
        if place >= len(paths) - columns:
            axes.set_xlabel(say(term), fontsize=8.5)
        columns_of = (grid, runs.mean(axis=0), *inner, *outer)
        rows += [(name, *(float(value) for value in row)) for row in zip(*columns_of, strict=True)]
    _legend_of_bands(figure, against, say)
    head = ("variant", "t_h", "mean", "pointwise low", "pointwise high", "global low", "global high")
    return figure, Data(head, tuple(rows))


def _legend_of_bands(figure: Figure, against: str, say: Say) -> None:
    """Say in grey what lines and bands are, for each panel has a colour of its own."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Patch | Line2D] = [
        Line2D([], [], color="#444444", linewidth=1.8, label=say("compare.mean")),
        Patch(color="#444444", alpha=INNER + OUTER, linewidth=0, label=say("compare.pointwise")),
        Patch(color="#444444", alpha=OUTER, linewidth=0, label=say("compare.global")),
    ]
    if len(figure.axes) > 1:
        handles.append(Line2D([], [], **OTHER, label=say("compare.of", name=against)))
    figure.legend(handles=handles, loc="outside upper left", ncols=len(handles), fontsize=8.5)


def time_axis(end_h: float) -> tuple[float, str]:
    """Return by what hours are divided on an axis to this end, and the words below it: hours, or days."""
    return (24.0, "report.hours") if end_h > 72 else (1.0, "report.clock_hours")


def stocks(stock: pd.DataFrame, variants: Sequence[str], end_h: float, say: Say) -> tuple[Figure, Data] | None:
    """Draw what is on hand in one world, a panel an item, a line a variant: means; None where nothing is kept."""
    items = sorted(stock["item"].astype(str).unique())
    if not items:
        return None
    grid = moments(end_h)
    scale, term = time_axis(end_h)
    columns = min(3, len(items))
    lines = -(-len(items) // columns)
    figure = new_figure(8.2, 1.75 * lines + 0.5)
    rows: list[tuple[Value, ...]] = []
    handles = {}
    for place, item in enumerate(items):
        axes = figure.add_subplot(lines, columns, place + 1)
        for at, name in enumerate(variants):
            mine = stock[(stock["item"].astype(str) == item) & (stock["variant"] == name)]
            if mine.empty:
                continue
            runs = mine["replication"].nunique()
            held = sum(
                (_paths(depot, "on_hand", grid).sum(axis=0) for _, depot in mine.groupby("depot", observed=True)),
                start=np.zeros(grid.size),
            )
            mean = held / runs
            colour, _ = marker(at)
            dash = DASHES[at % len(DASHES)]
            handles[name] = axes.plot(grid / scale, mean, color=colour, linestyle=dash, linewidth=1.5)[0]
            points = np.column_stack([grid, mean])[corners(mean)]
            rows += [(item, name, float(t), float(value)) for t, value in points]
        axes.set_title(item.replace("_", " "), fontsize=9, loc="left")
        axes.set_xlim(0, end_h / scale)
        axes.set_ylim(bottom=0)
        fewer_ticks(axes)
        if place >= len(items) - columns:
            axes.set_xlabel(say(term), fontsize=8.5)
        if place % columns == 0:
            axes.set_ylabel(say("report.pieces"), fontsize=8.5)
    figure.legend(list(handles.values()), list(handles), loc="outside upper left", ncols=4, fontsize=8.5)
    return figure, Data(("item", "variant", "t_h", "mean on hand"), tuple(rows))


def gantt(orders: pd.DataFrame, chosen: Mapping[str, int], end_h: float, say: Say) -> tuple[Figure, Data] | None:
    """Draw the orders of one run of each variant, a row a step; None where there are none.

    From ordered to started, and the work, since the run's first order; every carrying-out of a step is in its row.
    """
    shown = {}
    for name, replication in chosen.items():
        mine = orders[(orders["variant"] == name) & (orders["replication"] == replication)]
        mine = mine[mine["ordered_h"].notna()].sort_values(["ordered_h", "step", "nth"])
        if len(mine):
            shown[name] = mine
    if not shown:
        return None
    steps = {name: list(dict.fromkeys(mine["step"].astype(str)))[:MOST_STEPS] for name, mine in shown.items()}
    ends = {name: mine["done_h"].fillna(end_h).max() - mine["ordered_h"].min() for name, mine in shown.items()}
    longest = float(max(ends.values()))
    heights = [0.19 * len(mine) + 0.6 for mine in steps.values()]
    figure = new_figure(8.2, sum(heights) + 0.4)
    grid = figure.add_gridspec(len(shown), 1, height_ratios=heights)
    scale, term = (24.0, "compare.days_since") if longest > 72 else (1.0, "compare.hours_since")
    rows: list[tuple[Value, ...]] = []
    for place, (name, mine) in enumerate(shown.items()):
        axes = figure.add_subplot(grid[place, 0])
        for row in mine.to_dict("records"):
            stamps = [float(row[stamp]) for stamp in ("ordered_h", "started_h", "done_h")]
            step, late = str(row["step"]), bool(row["late"])
            rows.append((name, chosen[name], step, int(row["nth"]), *stamps, "late" if late else ""))
            if step in steps[name]:
                first = float(mine["ordered_h"].min())
                since = [(stamp - first) / scale for stamp in (*stamps, end_h)]
                _order(axes, steps[name].index(step), since, longest / scale, late=late)
        labels = [step.replace("_", " ") for step in steps[name]]
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(len(labels) - 0.4, -0.6)
        axes.set_xlim(-0.01 * longest / scale, 1.04 * longest / scale)
        fewer_ticks(axes)
        axes.set_title(say("compare.median_run", name=name, run=chosen[name]), fontsize=9.5, loc="left")
        axes.set_xlabel(say(term), fontsize=8.5)
    return figure, Data(("variant", "run", "step", "nth", "ordered_h", "started_h", "done_h", "late"), tuple(rows))


def _order(axes: Axes, place: int, since: Sequence[float], longest: float, *, late: bool) -> None:
    """Draw one carrying-out: ordered, started, done (NaN where not), and the end of the run."""
    begin, start, done, end = since
    least = 0.004 * longest  # the shortest is still to be seen
    edge = {"edgecolor": LATE, "linewidth": 1.2} if late else {"edgecolor": "none"}
    stop = start if np.isfinite(start) else end
    axes.barh(place, max(stop - begin, least), left=begin, height=0.6, color=EARLY, **edge)
    if np.isfinite(start):
        open_end = not np.isfinite(done)
        width = max((end if open_end else done) - start, least)
        axes.barh(place, width, left=start, height=0.6, color=WORK, hatch="////" if open_end else None, **edge)
    if late:
        at = done if np.isfinite(done) else end
        axes.plot(min(at, longest) + 0.012 * longest, place, "<", color=LATE, markersize=5, clip_on=False)
