"""The pictures of a calibration: observed beside simulated, the error on what was held out, and the trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.calibrate import Calibrated
from analysis.calibrate_errors import Row
from analysis.comparison_figures import outcome_name, scale_of
from analysis.figures import COLOURS, new_figure
from analysis.pages import Say
from analysis.short_names import short_names
from sim.spec.calibrate import Task
from sim.spec.factors import Quantity

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OBSERVED, FITTED, HELD_OUT, BEFORE = "#222222", COLOURS[0], COLOURS[1], "#999999"
MOST_TICKS = 4
DECADES = 50
"""An axis over a longer range than this has its ticks at powers of ten."""


def rows(found: Calibrated, say: Say) -> Figure:
    """Draw each observed figure beside its simulated counterpart: a panel an outcome, for each has its own unit."""
    names = list(dict.fromkeys(row.key[0] for row in found.rows))
    of = {name: [row for row in found.rows if row.key[0] == name] for name in names}
    heights = [0.36 * len(of[name]) + 0.72 for name in names]
    figure = new_figure(8.2, sum(heights) + 0.5)
    panels = figure.add_gridspec(len(names), 1, height_ratios=heights)
    for place, name in enumerate(names):
        _outcome(figure.add_subplot(panels[place, 0]), of[name], say)
    _legend(figure)
    return figure


def _legend(figure: Figure) -> None:
    """Write a legend of all panels above them, each word once."""
    handles: dict[str, Artist] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.legend(list(handles.values()), list(handles), loc="outside upper right", ncols=len(handles), fontsize=8.5)


def _outcome(axes: Axes, mine: list[Row], say: Say) -> None:
    ends = [abs(end) for row in mine for end in (row.observed, row.simulated, row.high) if np.isfinite(end)]
    factor, unit = scale_of(mine[0].key[0], max(ends, default=0.0), say)
    labels = []
    for place, row in enumerate(mine):
        colour = HELD_OUT if row.held_out else FITTED
        part = say("calibrate.part_held_out" if row.held_out else "calibrate.part_fitted")
        foretold = say("calibrate.foretold", part=part)
        if np.isfinite(row.low):
            axes.plot([row.low * factor, row.high * factor], [place, place], color=colour, linewidth=5, alpha=0.28)
        if np.isfinite(row.simulated):
            axes.plot(row.simulated * factor, place, "o", color=colour, markersize=6.5, label=foretold)
        if np.isfinite(row.before):  # below the line, where neither the dot nor the mark hides it
            at = place + 0.24
            axes.plot(row.before * factor, at, "o", color=BEFORE, mfc="white", ms=5.5, label=say("column.before"))
        axes.plot(row.observed * factor, place, "|", color=OBSERVED, ms=15, mew=2.2, label=say("column.observed"))
        of = outcome_name(row.key, say).removeprefix(say.name("outcome", row.key[0])).lstrip(", ")
        labels.append(of or part)
    axes.set_yticks(range(len(mine)), labels, fontsize=8.5)
    axes.set_ylim(len(mine) - 0.45, -0.55)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="x", labelsize=8.5)
    axes.set_xlim(left=min(0.0, axes.dataLim.x0) if axes.dataLim.x0 < 0.4 * axes.dataLim.x1 else None)
    axes.set_title(f"{say.name('outcome', mine[0].key[0])} ({unit})", fontsize=9.5, loc="left")


def errors(found: Calibrated, say: Say) -> Figure | None:
    """Draw the errors on what was fitted and what was held out: as fitted, as it was, naively. None without any."""
    kinds = (("column.fitted", FITTED), ("column.before", BEFORE), ("column.naive", COLOURS[4]))
    values = [[one.fitted, one.before, one.naive] for one in found.errors]
    if not np.isfinite(values).any():
        return None
    figure = new_figure(8.2, 0.75 * len(values) + 1.0)
    axes = figure.add_subplot()
    for place, each in enumerate(values):
        for k, ((term, colour), value) in enumerate(zip(kinds, each, strict=True)):
            at = place + (k - 1) * 0.26
            known = np.isfinite(value)
            if known:
                axes.barh(at, value, 0.24, color=colour, label=say(term))
            if known or found.errors[place].held_out:  # what is fitted has no naive prediction
                text = f" {value:.2f}" if known else f" – ({say(term)})"
                axes.annotate(text, (value if known else 0, at), va="center", fontsize=8)
    parts = [say("calibrate.part_held_out" if one.held_out else "calibrate.part_fitted") for one in found.errors]
    axes.set_yticks(
        range(len(values)),
        [f"{part} (n = {one.figures})" for part, one in zip(parts, found.errors, strict=True)],
        fontsize=8.5,
    )
    axes.set_ylim(len(values) - 0.45, -0.55)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(say("calibrate.errors_axis"), fontsize=8.5)
    _legend(figure)
    return figure


def profiles(asked: Task, found: Calibrated, say: Say) -> Figure:
    """Draw the misfit of every trial over each parameter; those as good as the best are filled."""
    paths = [one.path for one in asked.parameters]
    names = short_names(paths)
    columns = min(3, len(paths))
    figure = new_figure(2.5 * columns + 0.7, 2.4 * -(-len(paths) // columns) + 0.3)
    for place, one in enumerate(asked.parameters):
        axes = figure.add_subplot(-(-len(paths) // columns), columns, place + 1)
        fitted = next(f for f in found.fitted if f.path == one.path)
        for good, face in ((False, "white"), (True, FITTED)):
            mine = [t for t in found.trials if t.plausible == good and np.isfinite(t.misfit.loss)]
            label = say("calibrate.as_good" if good else "calibrate.worse")
            at = [one.rank(t.values[one.path]) for t in mine]
            y = [max(t.misfit.loss, 0.0) for t in mine]
            axes.plot(at, y, "o", color=FITTED, markerfacecolor=face, ms=4.5, mew=0.9, ls="", label=label, alpha=0.8)
        axes.axvline(one.rank(fitted.value), color=COLOURS[1], linewidth=1.3, label=say("calibrate.chosen"))
        axes.set_yscale("symlog", linthresh=1.0)
        axes.set_ylim(
            -0.05, 1.6 * max((t.misfit.loss for t in found.trials if np.isfinite(t.misfit.loss)), default=1.0)
        )
        _ticks(axes, one)
        axes.set_title(names[one.path], fontsize=9, loc="left")
        axes.tick_params(labelsize=8)
        if place % columns == 0:
            axes.set_ylabel(say("calibrate.profiles_axis"), fontsize=8.5)
    _legend(figure)
    return figure


def _ticks(axes: Axes, one: Quantity) -> None:
    """Write values of a parameter below its axis as people write them, and few of them."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

    from sim.units import say_duration

    if one.kind == "choice":
        axes.set_xticks(range(len(one.choices)), [one.say(value) for value in one.levels(0)], rotation=30)
        return
    if one.log:
        axes.set_xscale("log")
        wide = one.high > DECADES * one.low
        axes.xaxis.set_major_locator(LogLocator(numticks=MOST_TICKS + 1) if wide else MaxNLocator(MOST_TICKS))
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.locator_params(axis="x", nbins=MOST_TICKS)
    duration = one.kind == "duration"
    axes.xaxis.set_major_formatter(lambda value, _: say_duration(value) if duration and value > 0 else f"{value:g}")
