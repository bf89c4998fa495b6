"""Pictures that compare plans: paired differences, waits against fairness, parts of the community side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.assumptions import Split
from analysis.compare import Comparison, Pair
from analysis.fairness import distance
from analysis.figures import COLOURS, new_figure
from analysis.intervals import Estimate
from analysis.outcomes import describe, is_better, limits
from analysis.pages import Say
from sim.spec.procedures import Key

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
BETTER, WORSE, OPEN = "#1f6f8b", "#c8553d", "#777777"
GREY = "#bbbbbb"
LONG_AXIS = 40
"""An upright axis has so many signs in a line."""
LONG = 16
"""More signs than this are too long for one line of an axis."""
BESIDE: Any = {
    "xytext": (5, 0), "textcoords": "offset points", "fontsize": 7.5, "color": "#555555", "va": "center",
}  # fmt: skip
"""How a figure is written beside an axis."""


class Scale(NamedTuple):
    """How values of an outcome stand on an axis."""

    factor: float
    unit: str


def scale_of(outcome: str, size: float, say: Say, *, change: bool = False) -> Scale:
    """Return factor and unit of an axis for values of about this size; ``change``: for differences."""
    described = describe(outcome)
    if described.unit == "share":
        return Scale(100.0, say("axis.points" if change else "axis.percent"))
    if described.unit in ("h", "h since start") and described.denominator != "people":
        factor, unit = (60.0, "axis.min") if size < 2 else (1.0, "axis.h") if size < 72 else (1 / 24, "axis.d")
        return Scale(factor, say(unit))
    return Scale(1.0, say("axis.h") if described.unit == "h" else described.unit)


def outcome_name(key: Key, say: Say) -> str:
    """Return the words for an outcome, with the part that it is of."""
    outcome, by, level = key
    name = say.name("outcome", outcome)
    return name if by == "all" else f"{name}, {say.name(by, level)}"


def row_name(c: Comparison | Pair, against: str) -> str:
    """Return the name of a comparison on an axis: the variant, and what it is less of where not the reference.

    A long one is broken in two lines, for what it takes is taken from the picture.
    """
    if c.reference != against:
        name = f"{c.variant} − {c.reference}"
        return name if len(name) <= LONG else f"{c.variant}\n− {c.reference}"
    breaks = [at for at, sign in enumerate(c.variant[:-1], start=1) if sign in "_- "]
    if len(c.variant) <= LONG or not breaks:
        return c.variant
    middle = min(breaks, key=lambda at: abs(2 * at - len(c.variant)))
    return f"{c.variant[:middle]}\n{c.variant[middle:]}"


def p_text(p: float) -> str:
    """Write the probability of a difference so large by chance."""
    if not np.isfinite(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def marker(place: int) -> tuple[str, str]:
    """Return colour and marker of a variant: alone either tells few apart, together they tell many."""
    return COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]


def fewer_ticks(axes: Axes) -> None:
    """Write the numbers below an axis small and few, so that they stand apart in a narrow panel."""
    axes.locator_params(axis="x", nbins=4)
    axes.tick_params(axis="both", labelsize=8.5)


# -- paired differences -----------------------------------------------------------------------------------------------


def differences(
    comparisons: Sequence[Comparison], values: Mapping[str, Mapping[Key, Floats]], against: str, say: Say
) -> Figure | None:
    """Draw the paired differences of one world: a panel an outcome, a row a comparison, a faint dot a run.

    Outcomes without any value to draw have no panel; None where none has.
    """
    keys = [key for key, known in drawable(comparisons).items() if known]
    if not keys:
        return None
    of = {key: [c for c in comparisons if (c.outcome, c.by, c.level) == key] for key in keys}
    columns = min(2, len(keys))
    lines = [keys[at : at + columns] for at in range(0, len(keys), columns)]
    heights = [0.34 * max(len(of[key]) for key in line) + 0.85 for line in lines]
    figure = new_figure(8.2, sum(heights))
    panels = figure.add_gridspec(len(lines), columns, height_ratios=heights)
    for row, line in enumerate(lines):
        for column, key in enumerate(line):
            _panel(figure.add_subplot(panels[row, column]), key, of[key], values, against, say)
    return figure


def drawable(comparisons: Sequence[Comparison]) -> dict[Key, bool]:
    """Tell for each outcome whether some pair of runs has both values of a comparison."""
    known: dict[Key, bool] = {}
    for c in comparisons:
        key = (c.outcome, c.by, c.level)
        known[key] = known.get(key, False) or c.defined > 0
    return known


def _panel(
    axes: Axes,
    key: Key,
    comparisons: Sequence[Comparison],
    values: Mapping[str, Mapping[Key, Floats]],
    against: str,
    say: Say,
) -> None:
    runs = [values[c.variant][key] - values[c.reference][key] for c in comparisons]
    ends = [abs(end) for c in comparisons for end in (c.low, c.high, c.difference) if np.isfinite(end)]
    ends = ends or [abs(float(end)) for each in runs for end in each if np.isfinite(end)]
    factor, unit = scale_of(key[0], max(ends, default=0.0), say, change=True)
    described = describe(key[0])
    better = described.direction if described.parity is None else "neither"  # of a gap it depends on where it stands
    axes.axvline(0, color="#333333", linewidth=0.9)
    if any(np.isfinite(c.p_holm) for c in comparisons):
        axes.annotate(say("column.p_holm"), (1, 1), xycoords="axes fraction", **BESIDE)
    for place, (c, difference) in enumerate(zip(comparisons, runs, strict=True)):
        each = difference * factor
        spread = np.linspace(-0.16, 0.16, each.size) if each.size > 1 else np.zeros(each.size)
        axes.plot(each, place + spread, ".", color=GREY, markersize=4, alpha=0.7, zorder=1)
        if c.verdict == "undefined":
            said = say("compare.undefined", defined=c.defined, runs=c.runs)
            at = axes.get_yaxis_transform()
            axes.annotate(said, (0, place - 0.22), xycoords=at, xytext=(4, 0), textcoords="offset points", fontsize=8)
            continue
        apart = c.verdict != "not separated"
        good = is_better(key[0], c.mean_variant, c.mean_reference) if apart else None
        colour = OPEN if good is None else BETTER if good else WORSE
        axes.plot([c.low * factor, c.high * factor], [place, place], color=colour, linewidth=2, zorder=2)
        face = colour if apart else "white"
        axes.plot(c.difference * factor, place, "o", color=colour, markerfacecolor=face, markersize=6.5, zorder=3)
        axes.annotate(p_text(c.p_holm), (1, place), xycoords=axes.get_yaxis_transform(), **BESIDE)
    axes.set_yticks(range(len(comparisons)), [row_name(c, against) for c in comparisons], fontsize=8.5)
    axes.set_ylim(len(comparisons) - 0.45, -0.55)
    axes.grid(visible=False, axis="y")
    axes.set_title(outcome_name(key, say), fontsize=9.5, loc="left")
    if not np.ptp(axes.dataLim.intervalx) > 0:
        axes.set_xlim(-1, 1)
    fewer_ticks(axes)
    arrow = {"lower": say("compare.left_better"), "higher": say("compare.right_better")}.get(better, "")
    axes.set_xlabel(f"{unit}  {arrow}".strip(), fontsize=8.5)


# -- luck and assumptions ---------------------------------------------------------------------------------------------


def shares(splits: Sequence[Split], against: str, say: Say) -> Figure | None:
    """Draw how much of the variance of a single run's difference is of the assumptions, and how much is luck.

    A panel an outcome, a row a comparison; None where no comparison can be split.
    """
    known = [one for one in splits if np.isfinite(one.of_assumptions)]
    if not known:
        return None
    keys = list(dict.fromkeys(one.pair.key for one in known))
    of = {key: [one for one in known if one.pair.key == key] for key in keys}
    heights = [0.34 * len(of[key]) + 0.6 for key in keys]
    figure = new_figure(8.2, sum(heights) + 0.6)
    panels = figure.add_gridspec(len(keys), 1, height_ratios=heights)
    for place, key in enumerate(keys):
        axes = figure.add_subplot(panels[place, 0])
        mine, rows = of[key], range(len(of[key]))
        assumed = np.array([100 * one.of_assumptions for one in mine])
        axes.barh(rows, assumed, 0.6, color=COLOURS[0], label=say("compare.of_assumptions"))
        axes.barh(rows, 100 - assumed, 0.6, left=assumed, color=GREY, label=say("compare.of_luck"))
        for row, value in zip(rows, assumed, strict=True):
            axes.annotate(f"{value:.0f} %", (1, row), xycoords=axes.get_yaxis_transform(), **BESIDE)
        axes.set_yticks(rows, [row_name(one.pair, against) for one in mine], fontsize=8.5)
        axes.set_ylim(len(mine) - 0.45, -0.55)
        axes.set_xlim(0, 100)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="x", labelsize=8.5, labelbottom=place == len(keys) - 1)
        axes.set_title(outcome_name(key, say), fontsize=9.5, loc="left")
    axes.set_xlabel(say("compare.splits_axis"), fontsize=8.5)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=2, fontsize=8.5)
    return figure


# -- waits against fairness -------------------------------------------------------------------------------------------


def plane(
    estimates: Mapping[str, tuple[Estimate, Estimate]], outcomes: tuple[str, str], beaten: Mapping[str, str], say: Say
) -> Figure:
    """Draw the plans of one world: an outcome across, and upwards how far another is from 0; less of both is better.

    Plans that are ``beaten`` are faint; those whose gap is below 0 with its interval are hollow. Of equal plans the
    first is the largest.
    """
    figure = new_figure(8.2, 4.0)
    axes = figure.add_subplot()
    points = {name: (x.mean, abs(y.mean)) for name, (x, y) in estimates.items()}
    sizes = [max((at[k] for at in points.values() if np.isfinite(at[k])), default=0.0) for k in (0, 1)]
    across, x_unit = scale_of(outcomes[0], sizes[0], say)
    up, y_unit = scale_of(outcomes[1], sizes[1], say, change=True)
    for place, (name, (x, y)) in enumerate(estimates.items()):
        at = points[name][0] * across, points[name][1] * up
        if not np.isfinite(at).all():
            continue
        colour, shape = marker(place)
        alpha = 0.4 if name in beaten else 1.0
        low, high = within(outcomes[0], x.low, x.high)
        _, near, far = distance(y)
        for ends, centre, factor, along in (
            (np.array([low, high]), at[1], across, 0),
            (np.array([near, far]), at[0], up, 1),
        ):
            if np.isfinite(ends).all():
                line = (ends * factor, [centre] * 2)
                axes.plot(*(line if along == 0 else line[::-1]), color=colour, alpha=alpha, linewidth=1.1, zorder=2)
        label = f"{name} {say('compare.dominated')}" if name in beaten else name
        hidden = sum(points[other] == points[name] for other in list(points)[place + 1 :])
        face = "white" if y.high < 0 else colour
        mark: Any = {"markersize": 8 + 5 * hidden, "markerfacecolor": face, "clip_on": False, "zorder": 3}
        axes.plot(*at, shape, color=colour, alpha=alpha, label=label, **mark)
    axes.set_xlim(left=max(axes.get_xlim()[0], limits(outcomes[0])[0]))
    axes.set_ylim(bottom=0)
    axes.set_xlabel(say("compare.axis", outcome=say.name("outcome", outcomes[0]), unit=x_unit))
    term = "compare.axis" if describe(outcomes[1]).parity is None else "compare.axis_gap"
    upwards = say(term, outcome=say.name("outcome", outcomes[1]), unit=y_unit)
    axes.set_ylabel(textwrap.fill(upwards, LONG_AXIS))
    axes.legend(fontsize=8.5, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def within(outcome: str, low: float, high: float) -> tuple[float, float]:
    """Return the ends of an interval, cut where no value of the outcome can be."""
    least, most = limits(outcome)
    return float(np.clip(low, least, most)), float(np.clip(high, least, most))


# -- side by side -----------------------------------------------------------------------------------------------------


class Panel(NamedTuple):
    """An outcome by its parts: (label of the part, by variant an estimate)."""

    title: str
    outcome: str
    rows: Sequence[tuple[str, Mapping[str, Estimate]]]


def side_by_side(panels: Sequence[Panel], variants: Sequence[str], say: Say) -> Figure:
    """Draw outcomes by part with the variants beside each other: a panel an outcome, below each other."""
    step = min(0.8 / max(len(variants), 1), 0.2)
    heights = [max(0.16 * len(variants) + 0.12, 0.34) * len(panel.rows) + 0.8 for panel in panels]
    figure = new_figure(8.2, sum(heights) + 0.35)
    grid = figure.add_gridspec(len(panels), 1, height_ratios=heights)
    handles = {}
    for place, panel in enumerate(panels):
        axes = figure.add_subplot(grid[place, 0])
        means = [e.mean for _, found in panel.rows for e in found.values() if np.isfinite(e.mean)]
        factor, unit = scale_of(panel.outcome, max(map(abs, means), default=0.0), say)
        for row, (_, found) in enumerate(panel.rows):
            if row % 2:
                axes.axhspan(row - 0.5, row + 0.5, color="#f5f5f5", zorder=0)
            for at, name in enumerate(variants):
                estimate = found.get(name)
                if estimate is None or not np.isfinite(estimate.mean):
                    continue
                colour, shape = marker(at)
                y = row + (at - (len(variants) - 1) / 2) * step
                low, high = within(panel.outcome, estimate.low, estimate.high)
                axes.plot([low * factor, high * factor], [y, y], color=colour, lw=1.2)
                handles[name] = axes.plot(estimate.mean * factor, y, shape, color=colour, markersize=5)[0]
        axes.set_yticks(range(len(panel.rows)), [label for label, _ in panel.rows], fontsize=8.5)
        axes.set_ylim(len(panel.rows) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.set_xlim(left=axes.get_xlim()[0] if min(means, default=0.0) < 0 else 0)  # no wait is shorter than none
        axes.set_xlabel(unit, fontsize=8.5)
        axes.tick_params(axis="x", labelsize=8.5)
        axes.set_title(panel.title, fontsize=9.5, loc="left")
    shown = [name for name in variants if name in handles]
    figure.legend(
        [handles[name] for name in shown], shown, loc="outside upper left", ncols=min(len(shown), 4), fontsize=8.5
    )
    return figure
