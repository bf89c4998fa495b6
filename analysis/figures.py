"""The pictures of a run as SVG text: phases and backlog, the work of teams, waits, stock. They read tables only.

Lines are means over the runs; bands hold the middle 90 % of the runs at each moment (pointwise).
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis import incidence
from analysis.intervals import Estimate
from sim.errors import InputError, Problem

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
Say = Callable[..., str]

COLOURS = ("#1f6f8b", "#c8553d", "#6a994e", "#8e6c8a", "#d4a017", "#3d5a80", "#7f5539", "#588b8b")
"""Told apart by most kinds of colour blindness, and in grey by their order in the legend."""
SHADES = {"warning": "#fff3d6", "emergency": "#fbe0da", "protracted": "#e6ecf5", "resolution": "#e8f3e5"}
GRID_POINTS = 400
STYLE = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "svg.hashsalt": "firstline",
}
CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei",
    "SimHei", "Microsoft YaHei", "PingFang SC", "Noto Serif CJK SC",
)  # fmt: skip


class NoFontError(LookupError):
    """No installed font can write a language."""


def style(lang: str) -> dict[str, Any]:
    """Return the settings of all pictures; raises NoFontError where no font can write the language."""
    if lang != "zh":
        return STYLE
    return {**STYLE, "font.family": [chinese_font()], "axes.unicode_minus": False}


@contextlib.contextmanager
def drawing(lang: str) -> Iterator[None]:
    """Draw in the style of all pictures; raises InputError where no font can write the language."""
    from matplotlib import rc_context

    try:
        settings = style(lang)
    except NoFontError as error:
        raise InputError("--lang", [Problem("", str(error))]) from None
    with rc_context(settings):  # type: ignore[arg-type]  # the stubs list every key
        yield


def chinese_font() -> str:
    """Return an installed font that can write Chinese: the system's, or that of the extra [zh]."""
    from importlib.util import find_spec
    from pathlib import Path

    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    for name in CHINESE_FONTS:
        if name in installed:
            return name
    package = find_spec("pylopdf_fonts_zh_cn")
    for place in package.submodule_search_locations or () if package is not None else ():
        for path in sorted(Path(place).rglob("*.[ot]tf")):
            font_manager.fontManager.addfont(str(path))
            return str(font_manager.FontProperties(fname=str(path)).get_name())
    raise NoFontError(
        "no Chinese font was found; install one (Debian: fonts-noto-cjk or fonts-wqy-zenhei) "
        "or the extra: pip install 'firstline[zh]'"
    )


def svg(figure: Figure) -> str:
    """Return a figure as SVG text without a prologue, to stand in a page."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _grid(end_h: float) -> Floats:
    return np.linspace(0, end_h, GRID_POINTS)


def step_function(time_h: Floats, level: Floats, at_h: Floats) -> Floats:
    """Return a step function, 0 before its first point, at times."""
    if not time_h.size:
        return np.zeros(at_h.size)
    place = np.searchsorted(time_h, at_h, side="right") - 1
    return np.where(place >= 0, level[np.maximum(place, 0)], 0.0)


def word(say: Say, kind: str, name: str) -> str:
    """Return the word for a name of the model, or the name itself where the words know no names."""
    return str(say.name(kind, name)) if hasattr(say, "name") else name.replace("_", " ")


def band(axes: Axes, days: Floats, paths: Floats, colour: str, label: str) -> None:
    """Draw the mean of paths (runs × moments), and the band of their middle 90 % where there are several."""
    axes.plot(days, paths.mean(axis=0), color=colour, linewidth=1.8, label=label)
    if len(paths) > 1:
        low, high = np.quantile(paths, [0.05, 0.95], axis=0)
        axes.fill_between(days, low, high, color=colour, alpha=0.18, linewidth=0)


def shade(axes: Axes, phases: pd.DataFrame, say: Say, *, labels: bool) -> None:
    """Shade the phases of the first run, over an axis of days; ``labels`` writes their names above."""
    first = phases[phases["replication"] == phases["replication"].min()] if len(phases) else phases
    for _, row in first.iterrows():
        axes.axvspan(row["begin_h"] / 24, row["end_h"] / 24, color=SHADES.get(str(row["phase"]), "#eeeeee"), zorder=0)
        if labels:
            middle = (row["begin_h"] + row["end_h"]) / 48
            name = word(say, "phase", str(row["phase"]))
            axes.annotate(name, (middle, 1.0), xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=9)


def backlog(gauges: pd.DataFrame, phases: pd.DataFrame, end_h: float, horizon_h: float, say: Say) -> Figure:
    """Draw requests waiting and needs not ended over time, on the phases of the life cycle."""
    figure = new_figure(8.2, 3.4)
    axes = figure.add_subplot()
    grid = _grid(end_h)
    shade(axes, phases, say, labels=True)
    for colour, gauge, term in ((COLOURS[1], "waiting", "report.backlog"), (COLOURS[0], "open", "report.open")):
        mine = gauges[gauges["gauge"] == gauge]
        paths = [
            step_function(run["t_h"].to_numpy(), run["value"].to_numpy(), grid)
            for _, run in mine.groupby("replication")
        ]
        if paths:
            band(axes, grid / 24, np.array(paths), colour, say(term))
    axes.axvline(horizon_h / 24, color="#555555", linewidth=1.2, linestyle=":", label=say("report.horizon"))
    axes.set_xlim(0, end_h / 24)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(say("report.hours"))
    axes.set_ylabel(say("report.count_axis"))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=3, fontsize=8.5)
    return figure


def teams(units: pd.DataFrame, end_h: float, say: Say, names: Sequence[str]) -> Figure | None:
    """Draw people on duty and busy over time, one panel a team; None where there is none."""
    if not names:
        return None
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(8.2, 1.75 * rows + 0.4)
    grid = _grid(end_h)
    for place, name in enumerate(names):
        axes = figure.add_subplot(rows, columns, place + 1)
        mine = units[units["name"] == name]
        for colour, column in ((COLOURS[5], "on_duty"), (COLOURS[1], "busy")):
            paths = [
                step_function(run["t_h"].to_numpy(), run[column].to_numpy(dtype=float), grid)
                for _, run in mine.groupby("replication")
            ]
            if paths:
                axes.plot(grid / 24, np.mean(paths, axis=0), color=colour, linewidth=1.1, label=say(f"report.{column}"))
        axes.set_title(name.replace("_", " "), fontsize=9, loc="left")
        axes.set_xlim(0, end_h / 24)
        axes.set_ylim(bottom=0)
        if place == 0:
            figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=2, fontsize=8.5)
        if place // columns == rows - 1:
            axes.set_xlabel(say("report.hours"), fontsize=8.5)
    return figure


def waiting_curves(needs: pd.DataFrame, end_h: float, follow_up_h: float, say: Say) -> Figure:
    """Draw, for each need type, the share of requests started within a time; who gave up never starts."""
    figure = new_figure(8.2, 3.2)
    axes = figure.add_subplot()
    cohort = needs[needs["cohort"] & needs["requested_h"].notna()]
    kinds = list(cohort["need_type"].value_counts().index)
    limit = follow_up_h if follow_up_h > 0 else 24.0
    for place, kind in enumerate(kinds[: len(COLOURS)]):
        mine = cohort[cohort["need_type"] == kind]
        left = mine["end"].isin(["abandoned", "withdrawn"]).to_numpy()
        requested, started, closed = (mine[name].to_numpy() for name in ("requested_h", "started_h", "closed_h"))
        curve = incidence.waits(requested, started, closed, left, end_h)
        grid = np.linspace(0, limit, GRID_POINTS)
        level = step_function(curve.time_h, curve.level, grid)
        axes.plot(grid, level, color=COLOURS[place], linewidth=1.6, label=str(kind).replace("_", " "))
    axes.set_xlim(0, limit)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(say("report.wait_axis"))
    axes.set_ylabel(say("report.share"))
    if kinds:
        axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def waits(rows: Sequence[tuple[str, Estimate, float]], say: Say) -> Figure:
    """Draw mean waits with their intervals, one line a need or group; beside it the share of needs asked for."""
    figure = new_figure(8.2, 0.34 * len(rows) + 1.1)
    axes = figure.add_subplot()
    aside: Any = {"xytext": (6, 0), "textcoords": "offset points", "fontsize": 8.5, "va": "center"}
    for place, (_, found, asked) in enumerate(reversed(rows)):
        spread = found.half_width if np.isfinite(found.half_width) else 0.0
        axes.errorbar(found.mean, place, xerr=spread, fmt="o", color=COLOURS[0], capsize=3, markersize=5)
        said = f"{100 * asked:.0f} %" if np.isfinite(asked) else "–"
        axes.annotate(said, (1, place), xycoords=axes.get_yaxis_transform(), annotation_clip=False, **aside)
    axes.annotate(say("column.asked"), (1, len(rows) - 0.25), xycoords=axes.get_yaxis_transform(), **aside)
    axes.set_yticks(range(len(rows)), [label for label, *_ in reversed(rows)])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlim(left=0)
    axes.set_xlabel(say("report.wait_axis"))
    return figure


def stock(table: pd.DataFrame, end_h: float, say: Say) -> Figure | None:
    """Draw what is on hand over time, one panel an item; None where nothing is kept."""
    items = sorted(table["item"].astype(str).unique())
    if not items:
        return None
    columns = min(3, len(items))
    rows = -(-len(items) // columns)
    figure = new_figure(8.2, 1.6 * rows + 0.4)
    grid = _grid(end_h)
    for place, item in enumerate(items):
        axes = figure.add_subplot(rows, columns, place + 1)
        mine = table[table["item"] == item]
        paths = []
        for _, run in mine.groupby("replication"):
            depots = run.groupby("depot", observed=True)
            held = [step_function(d["t_h"].to_numpy(), d["on_hand"].to_numpy(dtype=float), grid) for _, d in depots]
            paths.append(np.sum(held, axis=0))
        band(axes, grid / 24, np.array(paths), COLOURS[place % len(COLOURS)], item)
        axes.set_title(item.replace("_", " "), fontsize=9, loc="left")
        axes.set_xlim(0, end_h / 24)
        axes.set_ylim(bottom=0)
        if place // columns == rows - 1:
            axes.set_xlabel(say("report.hours"), fontsize=8.5)
        if place % columns == 0:
            axes.set_ylabel(say("report.pieces"), fontsize=8.5)
    return figure
