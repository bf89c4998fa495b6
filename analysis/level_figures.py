"""Pictures of hazards with a level at each building: how high it stands where, and at which height it does what.

Levels are known beforehand and the same in every run: they are drawn from the scenario.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.figures import GRID_POINTS, Floats, Say, new_figure, shade, word
from sim.spec.community import Community
from sim.spec.local_hazards import TINY_H, Local

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sim.spec.scenario import Scenario

DARK = "#222222"
STANDS = {"highest": "#0f4c81", "middle": "#56b4e9", "lowest": "#8c8c8c", "all": DARK}
"""Lines of a level: at the building where it is highest, at the one in the middle, where it is lowest; or at all."""
PANEL_PT = 124
"""Height of a panel, in points."""
LINE_PT = 9.5
LINE_WIDTH = 34
"""Room for the words beside a panel, in letters; a Chinese character takes two."""
FAR = 1.6
"""Heights above so many times the highest level are named at the upper edge, so that the level can still be seen."""
LETTER_PT, AXES_PT = 5.5, 420
"""Width of a letter of a phase's name and of the axes, in points, roughly."""


def letters(text: str) -> int:
    """Return the width of a text in letters; a Chinese character takes two."""
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)


def on_phases(axes: Axes, phases: pd.DataFrame, end_h: float, say: Say, *, labels: bool) -> None:
    """Shade the phases of the first run over a run's days, and write their names where they do not meet."""
    shade(axes, phases, say, labels=False)
    axes.set_xlim(0, end_h / 24)
    axes.locator_params(axis="x", integer=True)
    first = phases[phases["replication"] == phases["replication"].min()] if labels and len(phases) else phases[:0]
    free_pt = -np.inf
    for phase, begin, end in zip(first["phase"], first["begin_h"], first["end_h"], strict=True):
        name, middle_h = word(say, "phase", str(phase)), (begin + end) / 2
        half_pt, middle_pt = letters(name) * LETTER_PT / 2, middle_h / end_h * AXES_PT
        if middle_pt - half_pt > free_pt:
            place = (middle_h / 24, 1.0)
            axes.annotate(name, place, xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=9)
            free_pt = middle_pt + half_pt


def places(community: Community, needs: pd.DataFrame) -> list[tuple[str, str]]:
    """Return (building, zone) of each building; where residents come from a table, of those with any need."""
    zones = community.zones or ("all",)
    if isinstance(community.buildings, tuple):
        return [(one.id, one.zone if one.zone is not None else zones[0]) for one in community.buildings]
    if community.table is not None:
        found = needs[["building", "zone"]].drop_duplicates()
        return [(str(building), str(zone)) for building, zone in found.itertuples(index=False)]
    count = community.buildings or 1
    return [(f"b{k + 1}", zones[k * len(zones) // count]) for k in range(count)]


def stands(hazard: Local, where: Sequence[tuple[str, str]]) -> dict[str, float]:
    """Return by how much a level is lower where it is highest, in the middle and lowest; one for all if equal."""
    everywhere = not hazard.buildings and not hazard.zones
    lower = sorted(hazard.lower(b, z) for b, z in where if everywhere or b in hazard.buildings or z in hazard.zones)
    if not lower:
        return {}
    if lower[0] == lower[-1]:
        return {"all": lower[0]}
    middle = lower[len(lower) // 2]
    between = {"middle": middle} if lower[0] < middle < lower[-1] else {}
    return {"highest": lower[0], **between, "lowest": lower[-1]}


def moments(hazard: Local, end_h: float) -> Floats:
    """Return the hours at which to look at a level: a grid, and both sides of every bend and jump."""
    edges = np.array([hazard.begins, *([hazard.ends] if hazard.ends is not None else [])])
    bends = np.array([time for time, _ in hazard.points()])
    found = np.unique(np.concatenate([np.linspace(0, end_h, GRID_POINTS), bends, edges, edges - TINY_H]))
    return found[(found >= 0) & (found <= end_h)]


def level(hazard: Local, lower: float, at_h: Floats) -> Floats:
    """Return the level at moments at a building where it is lower by an amount; 0 before it begins and once it ends."""
    times, values = zip(*hazard.points(), strict=True)
    on = (at_h >= hazard.begins) & (at_h < (hazard.ends if hazard.ends is not None else np.inf))
    return np.where(on, np.maximum(np.interp(at_h, times, values) - lower, 0.0), 0.0)


def felt_h(hazard: Local, where: Sequence[tuple[str, str]], end_h: float) -> float:
    """Return when a level first rises above 0 anywhere; infinite for never."""
    lower = min(stands(hazard, where).values(), default=np.inf)
    at_h = moments(hazard, end_h)
    above = np.flatnonzero(level(hazard, lower, at_h) > 0)
    if not above.size:
        return np.inf
    k = int(above[0])
    if k == 0 or at_h[k - 1] < hazard.begins:
        return float(at_h[k])
    times, values = zip(*hazard.points(), strict=True)
    before, after = np.interp(at_h[k - 1 : k + 1], times, values) - lower
    return float(at_h[k - 1] + (at_h[k] - at_h[k - 1]) * -before / (after - before))


def effects(hazard: Local, say: Say) -> dict[float, list[str]]:
    """Return what a hazard does above which height, in words; heights rising."""
    found: list[tuple[float, str]] = []
    for term in ("blocks", "keeps_home", "keeps_out", "closes_stores"):
        over = getattr(hazard, f"{term}_over")
        found += [(over, say(f"effect.{term}"))] if over is not None else []
    found += [(cut.over, say("effect.cuts", what=word(say, "outage", name))) for name, cut in hazard.cuts.items()]
    found += [(need.over, word(say, "need", name)) for name, need in hazard.leads_to.items()]
    heights = sorted({over for over, _ in found})
    return {height: [what for over, what in found if over == height] for height in heights}


def levels(scenario: Scenario, needs: pd.DataFrame, phases: pd.DataFrame, say: Say) -> Figure | None:
    """Draw the level of each hazard that has one, with the heights at which it does something; None without any."""
    where = places(scenario.world.community, needs)
    hazards = {name: one for name, one in scenario.world.hazards.items() if isinstance(one, Local)}
    drawn = {name: (one, found) for name, one in hazards.items() if (found := stands(one, where))}
    if not drawn:
        return None
    figure = new_figure(8.2, (PANEL_PT / 72 + 0.45) * len(drawn) + 0.75)
    lines: dict[str, Any] = {}
    for place, (name, (hazard, found)) in enumerate(drawn.items()):
        axes = figure.add_subplot(len(drawn), 1, place + 1)
        on_phases(axes, phases, scenario.end_h, say, labels=place == 0)
        at_h = moments(hazard, scenario.end_h)
        most = 0.0
        for which, lower in found.items():
            term = say(f"report.level_{which}")
            path = level(hazard, lower, at_h)
            most = max(most, float(path.max()))
            (line,) = axes.plot(at_h / 24, path, color=STANDS[which], linewidth=1.8, label=term)
            lines.setdefault(term, line)
        _heights(axes, effects(hazard, say), most, say)
        title = f"{word(say, 'hazard', name)}: {say(f'level.{hazard.kind}')}"
        axes.set_title(title, fontsize=9, loc="left", pad=17 if place == 0 else 5)
        axes.locator_params(axis="y", nbins=5)
        if hazard.kind == "fire":
            axes.set_yticks([0, 1])
        if place == len(drawn) - 1:
            axes.set_xlabel(say("report.hours"))
    figure.legend(lines.values(), lines, loc="outside upper right", ncols=len(lines), fontsize=8.5)
    return figure


def _heights(axes: Axes, found: dict[float, list[str]], most: float, say: Say) -> None:
    """Draw the heights at which something happens, with what it is beside them; far ones at the upper edge."""
    near = [height for height in found if height <= FAR * most] if most > 0 else list(found)
    top = 1.1 * max([most, *near]) or 1.0
    axes.set_ylim(0, top)
    for height in near:
        axes.axhline(height, color=DARK, linewidth=0.8, linestyle=(0, (4, 3)), gid="height")
    words = [_lines(f"{'' if h in near else '↑ '}{h:g}  ", what, say("report.comma")) for h, what in found.items()]
    wanted = np.minimum(np.array(list(found)) / top, 1.0)
    middles = _spread(wanted * PANEL_PT, [LINE_PT * len(text) for text in words]) / PANEL_PT
    for at, text, middle in zip(wanted, words, middles, strict=True):
        line = {"arrowstyle": "-", "color": "#777777", "linewidth": 0.6, "shrinkA": 2, "shrinkB": 0}
        line["relpos"] = (0, 1 - 0.5 / len(text))
        axes.annotate(
            "\n".join(text), (1.0, at), (1.06, middle), xycoords="axes fraction", va="center", fontsize=7.5,
            linespacing=1.15, annotation_clip=False, arrowprops=line,
        )  # fmt: skip


def _lines(height: str, parts: Sequence[str], comma: str) -> list[str]:
    """Return a height and what it does, as lines that fit beside a panel."""
    lines = [f"{height}{parts[0]}"]
    for part in parts[1:]:
        longer = f"{lines[-1]}{comma}{part}"
        if letters(longer) <= LINE_WIDTH:
            lines[-1] = longer
        else:
            lines[-1] += comma.rstrip()
            lines.append(f"     {part}")
    return lines


def _spread(wanted: Floats, sizes: Sequence[float]) -> Floats:
    """Return middles of texts near where they are wanted (rising), moved up and then down until none overlap."""
    found = wanted.copy()
    for k in range(1, found.size):
        found[k] = max(found[k], found[k - 1] + (sizes[k] + sizes[k - 1]) / 2)
    if found.size and found[-1] > PANEL_PT:
        found[-1] = max(PANEL_PT, wanted[-1])
        for k in range(found.size - 2, -1, -1):
            found[k] = min(found[k], found[k + 1] - (sizes[k] + sizes[k + 1]) / 2)
    return found
