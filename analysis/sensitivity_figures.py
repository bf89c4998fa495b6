"""The picture of a sensitivity study: bars of effects with intervals, those that stand out from luck in colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.comparison_figures import outcome_name
from analysis.figures import COLOURS, new_figure, style
from analysis.indices import Elementary, Index, Sobol
from analysis.outcomes import describe
from analysis.pages import Say
from analysis.sensitivity import Found, Part
from analysis.short_names import labels, short_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TELLS, QUIET, FIRST = COLOURS[0], "#c4c4c4", COLOURS[1]
MOST_BARS = 20


def bars(part: Part, words: Say) -> Figure | None:
    """Return the effects of a round, one panel an outcome; None where there is nothing to draw.

    Raises NoFontError where no font can write the language of ``words``.
    """
    import matplotlib as mpl

    drawn = [one for one in part.found if one.effects]
    if not drawn:
        return None
    rows = min(max(len(one.effects) for one in drawn), MOST_BARS)
    settings: Any = style(words.lang)
    with mpl.rc_context(settings):
        figure = new_figure(8.2, len(drawn) * (1.0 + 0.28 * rows))
        for axes, one in zip(np.atleast_1d(figure.subplots(len(drawn), 1)), drawn, strict=True):
            _panel(axes, one, words, labels(part.points.study))
        return figure


def _panel(axes: Axes, one: Found, words: Say, short: dict[str, str]) -> None:
    effects = one.effects[:MOST_BARS][::-1]
    first = one.effects[0].found
    scale = 100 if isinstance(first, Elementary) and describe(one.key[0]).unit == "share" else 1
    for place, effect in enumerate(effects):
        colour = TELLS if effect.tells else QUIET
        if isinstance(effect.found, Sobol):
            _bar(axes, place + 0.18, effect.found.total, 0.34, colour)
            _bar(axes, place - 0.18, effect.found.first, 0.34, FIRST if effect.tells else QUIET)
        else:
            _bar(axes, place, effect.leading, 0.6, colour, scale)
        if isinstance(effect.found, Elementary) and np.isfinite(effect.found.floor):
            axes.plot([effect.found.floor * scale] * 2, [place - 0.38, place + 0.38], color=COLOURS[1], linewidth=1.6)
    axes.set_yticks(range(len(effects)), [short_name(effect.name, short) for effect in effects], fontsize=8.5)
    axes.grid(visible=False, axis="y")
    axes.axvline(0, color="#555555", linewidth=0.8)
    axes.set_title(outcome_name(one.key, words), loc="left", fontsize=9.5)
    axes.set_xlabel(_axis(first, one, words), fontsize=8.5)
    axes.tick_params(axis="x", labelsize=8.5)


def _bar(axes: Axes, place: float, index: Index, height: float, colour: str, scale: float = 1) -> None:
    if np.isfinite(index.value):
        axes.barh(place, index.value * scale, height, color=colour)
    if np.isfinite(index.low):
        axes.plot([index.low * scale, index.high * scale], [place, place], color="#222222", linewidth=1.3)


def _axis(first: Elementary | Sobol | Index, one: Found, words: Say) -> str:
    if isinstance(first, Elementary):
        unit = describe(one.key[0]).unit
        return str(words("sensitivity.axis_morris", unit=words("axis.points") if unit == "share" else unit))
    return str(words("sensitivity.axis_sobol" if isinstance(first, Sobol) else "sensitivity.axis_regression"))
