"""The picture of an ablation: what each mechanism does to each outcome, with its interval, off and absent."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from analysis.ablate import Ablation, Against
from analysis.figures import COLOURS, Say, new_figure, word
from analysis.outcomes import describe
from analysis.short_names import mechanism_name
from sim.spec.procedures import Key

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WAYS: tuple[tuple[Against, str, str, float], ...] = (("off", COLOURS[0], "o", 0.14), ("absent", COLOURS[1], "s", -0.14))
"""(how it is taken away, colour, mark, place beside its line)."""
DWARFED = 8
"""An interval that reaches so many times as far as the middle one is cut, with an arrow."""


def effects(found: Ablation, say: Say) -> Figure:
    """Draw one panel an outcome: the scenario as it is less the one without, line by line.

    Outcomes that nothing changes in any run, and mechanisms that change none, are left out where there are others.
    """
    acting = [one for one in found.ablated if not all(effect.identical for effect in one.effects)]
    places = range(len(found.keys))
    drawn = [place for place in places if not all(one.effects[place].identical for one in found.ablated)] or places
    names = list(dict.fromkeys(one.mechanism for one in acting or found.ablated))
    columns = min(3, len(drawn))
    rows = -(-len(drawn) // columns)
    figure = new_figure(8.6, rows * (0.22 * len(names) + 0.95) + 0.4)
    for number, place in enumerate(drawn):
        axes = figure.add_subplot(rows, columns, number + 1)
        _panel(axes, found, place, names, say)
        axes.set_title(_title(found.keys[place], say), fontsize=9, loc="left")
        if number % columns:
            axes.set_yticklabels([])
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=2, fontsize=8.5)
    return figure


def _panel(axes: Axes, found: Ablation, place: int, names: list[str], say: Say) -> None:
    scale = 100.0 if describe(found.keys[place][0]).unit == "share" else 1.0
    axes.axvline(0, color="#555555", linewidth=0.8)
    reach = _reach(found, place) * scale
    for against, colour, mark, beside in WAYS:
        label = say(f"ablation.{against}")
        for one in found.ablated:
            effect = one.effects[place]
            known = np.isfinite(effect.difference) and not one.unchanged
            if one.against != against or one.mechanism not in names or not known:
                continue
            line = len(names) - 1 - names.index(one.mechanism) + beside
            low, high = (effect.low, effect.high) if np.isfinite(effect.low) else (effect.difference,) * 2
            shown = effect.verdict in ("lower", "higher")
            faint = 1 if shown else 0.4
            ends = np.array([low, high]) * scale
            axes.plot(np.clip(ends, -reach, reach), [line, line], color=colour, linewidth=1.4, alpha=faint)
            for end, arrow in zip(ends, "<>", strict=True):
                if abs(end) > reach:  # it goes on beyond the panel
                    axes.plot(np.clip(end, -reach, reach), line, arrow, color=colour, markersize=4, alpha=faint)
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
    axes.set_yticks(range(len(names)), [mechanism_name(name, say) for name in reversed(names)], fontsize=8)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.tick_params(axis="x", labelsize=8)
    axes.locator_params(axis="x", nbins=5)


def _reach(found: Ablation, place: int) -> float:
    """Return how far from 0 a panel reaches: to all means, and to all intervals but those that dwarf the others."""
    effects = [one.effects[place] for one in found.ablated if not one.effects[place].identical]
    ends = [abs(end) for effect in effects for end in (effect.low, effect.high) if np.isfinite(end)]
    means = [abs(effect.difference) for effect in effects if np.isfinite(effect.difference)]
    if not ends:
        return max(means, default=1.0)
    seen = [max(abs(e.low), abs(e.high)) for e in effects if e.verdict in ("lower", "higher")]
    return min(max(ends), max(DWARFED * float(np.median(ends)), 1.3 * max(means), *seen))


def _title(key: Key, say: Say) -> str:
    outcome = describe(key[0])
    unit = say("ablation.points") if outcome.unit == "share" else outcome.unit
    return textwrap.fill(f"{word(say, 'outcome', key[0])} ({unit})", 34)
