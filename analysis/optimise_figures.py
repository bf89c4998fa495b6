"""The curves around what is chosen: the share of runs that reach everything, one decision at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures import COLOURS, Say, new_figure
from analysis.optimise import Optimised

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def curves(found: Optimised, say: Say) -> Figure:
    """Draw one panel a decision; what is chosen is filled."""
    paths = list(dict.fromkeys(point.path for point in found.curve))
    columns = min(3, len(paths))
    rows = -(-len(paths) // columns)
    figure = new_figure(2.9 * columns + 0.6, 2.4 * rows)
    for place, path in enumerate(paths):
        axes = figure.add_subplot(rows, columns, place + 1)
        points = [point for point in found.curve if point.path == path]
        labels = [str(point.value) for point in points]
        numbers = all(isinstance(point.value, int) for point in points)
        at = [point.value if numbers else k for k, point in enumerate(points)]
        axes.plot(at, [100 * point.share for point in points], color=COLOURS[0], linewidth=1.2)
        for x, point in zip(at, points, strict=True):
            axes.plot([x, x], [100 * point.low, 100 * point.high], color=COLOURS[0], linewidth=1.2)
            fill = COLOURS[0] if point.chosen else "white"
            axes.plot(x, 100 * point.share, "o", color=COLOURS[0], markerfacecolor=fill, markersize=5)
        axes.set_xticks(at, labels, fontsize=8, rotation=0 if numbers else 30)
        axes.set_ylim(-2, 102)
        axes.set_title(".".join(path.split(".")[-2:]).replace("_", " "), fontsize=9, loc="left")
        if place % columns == 0:
            axes.set_ylabel(say("optimise.axis"), fontsize=8.5)
    return figure
