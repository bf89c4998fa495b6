"""The picture of an ablation: what each mechanism does to each outcome, with its interval, off and absent."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from analysis.ablate import Ablation, Against
from analysis.figures import COLOURS, Say, new_figure, word
from analysis.outcomes import describe
from sim.spec.procedures import Key

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WAYS: tuple[tuple[Against, str, str, float], ...] = (("off", COLOURS[0], "o", 0.14), ("absent", COLOURS[1], "s", -0.14))
"""(how it is taken away, colour, mark, place beside its line)."""


def effects(found: Ablation, say: Say) -> Figure:
    """Draw one panel an outcome: the scenario as it is less the one without, line by line."""
    names = list(dict.fromkeys(one.mechanism for one in found.ablated))
    columns = min(3, len(found.keys))
    rows = -(-len(found.keys) // columns)
    figure = new_figure(3.6 + 2.4 * columns, rows * (0.28 * len(names) + 1.0) + 0.4)
    for place, key in enumerate(found.keys):
        axes = figure.add_subplot(rows, columns, place + 1)
        _panel(axes, found, place, names, say)
        axes.set_title(_title(key, say), fontsize=9, loc="left")
        if place % columns:
            axes.set_yticklabels([])
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=2, fontsize=8.5)
    return figure


def _panel(axes: Axes, found: Ablation, place: int, names: list[str], say: Say) -> None:
    scale = 100.0 if describe(found.keys[place][0]).unit == "share" else 1.0
    axes.axvline(0, color="#555555", linewidth=0.8)
    for against, colour, mark, beside in WAYS:
        label = say(f"ablation.{against}")
        for one in found.ablated:
            effect = one.effects[place]
            if one.against != against or not np.isfinite(effect.difference):
                continue
            line = len(names) - 1 - names.index(one.mechanism) + beside
            low, high = (effect.low, effect.high) if np.isfinite(effect.low) else (effect.difference,) * 2
            shown = effect.verdict in ("lower", "higher")
            axes.plot([low * scale, high * scale], [line, line], color=colour, linewidth=1.4, alpha=1 if shown else 0.4)
            axes.plot(
                effect.difference * scale,
                line,
                mark,
                color=colour,
                markersize=4,
                markerfacecolor=colour if shown else "white",
                label=label,
            )
            label = "_nolegend_"
    axes.set_yticks(range(len(names)), [word(say, "mechanism", name) for name in reversed(names)], fontsize=8)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.tick_params(axis="x", labelsize=8)


def _title(key: Key, say: Say) -> str:
    outcome = describe(key[0])
    unit = say("ablation.points") if outcome.unit == "share" else outcome.unit
    return textwrap.fill(f"{word(say, 'outcome', key[0])} ({unit})", 34)
