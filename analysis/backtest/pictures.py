"""The picture of a back-test: requests open day by day, observed, modelled with its band, and by the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.backtest.judge import Judged
from analysis.figures import COLOURS, Say, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACROSS = 2
SEEN = "#222222"


def backlog(found: Judged, say: Say) -> Figure:
    """Draw each event, learnt from or predicted, in a panel of its own."""
    groups = ((say("backtest.learnt"), found.learnt), (say("backtest.predicted"), found.predicted))
    panels = [(title, one) for title, events in groups for one in events]
    down = -(-len(panels) // ACROSS)
    figure = new_figure(4.6 * ACROSS, 2.9 * down)
    for place, (title, one) in enumerate(panels):
        axes = figure.add_subplot(down, ACROSS, place + 1)
        days = np.arange(1, one.event.days + 1)
        axes.fill_between(days, one.low.backlog, one.high.backlog, color=COLOURS[0], alpha=0.18, linewidth=0)
        axes.plot(days, one.model.backlog, color=COLOURS[0], linewidth=1.8, label=say("column.model"))
        axes.plot(days, one.baseline.backlog, color=COLOURS[1], linewidth=1.5, ls="--", label=say("column.baseline"))
        axes.plot(days, one.seen.backlog, color=SEEN, marker="o", markersize=3.5, lw=1, label=say("column.observed"))
        axes.set_ylim(bottom=0)
        axes.set_title(f"{one.event.name.replace('_', ' ')}: {title}", fontsize=9, loc="left")
        axes.set_xlabel(say("backtest.day"))
        axes.set_ylabel(say("backtest.open"))
        if place == 0:
            axes.legend(fontsize=8)
    return figure
