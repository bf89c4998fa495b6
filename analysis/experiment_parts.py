"""The pictures of an experiment's page, each with the data behind it, from the tables that its folder keeps."""

# ruff: noqa: PD011  # the values of what was concluded are a map, not a data frame's

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis import comparison_figures, path_figures
from analysis.compare import Comparison
from analysis.experiment import Concluded
from analysis.fairness import beaten
from analysis.intervals import Estimate, estimate
from analysis.outcomes import describe
from analysis.pages import Data, Part, Say, Value
from analysis.store.folder import Folder
from sim.spec.crossed import Crossed
from sim.spec.experiment import ONLY_WORLD
from sim.spec.procedures import Key

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Values = Mapping[str, Mapping[str, Mapping[Key, Floats]]]
"""By world, variant and outcome, one value a replication that is compared."""
WAIT = ("wait_mean_h", "all", "all")
FAIRNESS = ("unmet_difference_vulnerable", "wait_p90_difference_vulnerable", "unmet_range_buildings")
"""Outcomes of fairness; the first that every run has is drawn."""
MOST_WORLDS = 6


# -- what the runs hold -----------------------------------------------------------------------------------------------


def compared(table: pd.DataFrame, found: Concluded) -> pd.DataFrame:
    """Return the rows of those runs that are compared, with their ``unit``: the replication, or the draw."""
    if found.drawn is None:
        table = table[table["replication"] < found.replications]
    for world in {world for world, _, _ in found.failed}:
        out = {k for failed_in, _, k in found.failed if failed_in == world}
        table = table[~((table["world"] == world) & table["replication"].isin(out))]
    if found.drawn is not None:
        return table.assign(unit=table["world"], world=ONLY_WORLD)
    return table.assign(unit=table["replication"])


def kept(found: Concluded, world: str) -> list[int]:
    """Return the numbers of the replications of a world, or of the draws, that are compared: those left in order."""
    if found.drawn is None:
        out = {k for failed_in, _, k in found.failed if failed_in == world}
        return [k for k in range(found.replications) if k not in out]
    gone = Counter(draw for draw, _ in {(failed_in, k) for failed_in, _, k in found.failed})
    return [number for number in range(found.drawn.draws) if gone[f"draw-{number:04d}"] < found.drawn.each]


def every_value(rows: pd.DataFrame) -> Values:
    """Return all outcomes of the runs that are compared, those too that the experiment does not list.

    A world of which no replication is left is not among them.
    """
    by = ["world", "variant", "outcome", "by", "level", "unit"]
    each_unit = rows.assign(undefined=rows["value"].isna()).groupby(by, observed=True, sort=False)
    means = each_unit["value"].mean().mask(each_unit["undefined"].any())  # a draw is as defined as all its runs
    values: dict[str, dict[str, dict[Key, Floats]]] = {}
    for world, mine in means.groupby("world", observed=True, sort=False):  # each world has units of its own
        wide = mine.droplevel("world").unstack("unit")  # noqa: PD010  # one value each: there is nothing to aggregate
        for (variant, outcome, by, level), each in zip(wide.index, wide.to_numpy(float), strict=True):
            values.setdefault(str(world), {}).setdefault(variant, {})[outcome, by, level] = each
    return values


# -- the pictures -----------------------------------------------------------------------------------------------------


def parts(folder: Folder, crossed: Crossed, found: Concluded, say: Say) -> Iterator[Part]:
    """Yield the pictures, each with its data; and a sentence where there is none."""
    rows = compared(folder.table("outcomes"), found)
    values = every_value(rows)
    worlds = list(found.values)[:MOST_WORLDS]
    cut = say("compare.first_worlds", count=MOST_WORLDS) if len(found.values) > MOST_WORLDS else ""
    for world in worlds:
        title = _title("compare.paired", world, found, say)
        there = world in values
        yield _differences(found, world, title, cut, say) if there else Part(title, say("experiment.none_whole"))
    worlds = [world for world in worlds if world in values]
    for world in worlds:
        yield _plane(values[world], found, _title("compare.plane", world, found, say), say)
    for world in worlds:
        yield _groups(values[world], found, _title("compare.groups", world, found, say), say)
    units = (_units(values[world], found, _title("compare.units", world, found, say), say) for world in worlds)
    yield from (part for part in units if part is not None)
    if folder.detail == "full":
        yield from _over_time(folder, crossed, found, worlds, rows, say)
    else:
        for term in ("compare.backlogs", "compare.stocks", "compare.orders"):
            yield Part(say(term), say("compare.need_full", detail=folder.detail))


def _over_time(
    folder: Folder, crossed: Crossed, found: Concluded, worlds: Sequence[str], rows: pd.DataFrame, say: Say
) -> Iterator[Part]:
    """Yield the pictures that need all tables of every run."""
    if not worlds:
        return  # where no run ended there is no such table
    gauges, stock, orders = (compared(folder.table(name), found) for name in ("gauges", "stock", "orders"))
    end_h = max(cell.scenario.end_h for cell in crossed.cells)
    for world in worlds:
        title = _title("compare.backlogs", world, found, say)
        yield _backlogs(gauges[gauges["world"] == world], found, end_h, title, say)
    for world in worlds:
        title = _title("compare.stocks", world, found, say)
        kept = path_figures.stocks(stock[stock["world"] == world], list(found.values[world]), end_h, say)
        if kept is None:
            yield Part(title, say("compare.no_stock"))
        else:
            yield Part(title, say("compare.stocks_note"), *kept, "stock")
    for world in worlds:
        title = _title("compare.orders", world, found, say)
        yield _orders(orders[orders["world"] == world], rows, found, world, end_h, title, say)


def _title(term: str, world: str, found: Concluded, say: Say) -> str:
    return say("experiment.in_world", table=say(term), world=world) if len(found.values) > 1 else say(term)


def _differences(found: Concluded, world: str, title: str, cut: str, say: Say) -> Part:
    comparisons = [c for c in found.comparisons if c.world == world]
    experiment = found.experiment
    figure = comparison_figures.differences(comparisons, found.values[world], experiment.against, say)
    head = (
        "outcome",
        "by",
        "level",
        "unit",
        "variant",
        "reference",
        "difference",
        "low",
        "high",
        "p_holm",
        "runs",
        "verdict",
    )
    rows: list[tuple[Value, ...]] = []
    for c in comparisons:
        key = (c.outcome, c.by, c.level)
        each = found.values[world][c.variant][key] - found.values[world][c.reference][key]
        unit = describe(c.outcome).unit
        found_of: tuple[Value, ...] = (c.difference, c.low, c.high, c.p_holm, c.runs, c.verdict)
        rows.append((*key, unit, c.variant, c.reference, *found_of, *map(float, each)))
    of = "run" if found.drawn is None else "draw"
    data = Data((*head, *(f"{of} {number}" for number in kept(found, world))), tuple(rows))
    confidence = f"{100 * experiment.confidence:g}"
    note = say("compare.paired_note", reference=experiment.against, confidence=confidence)
    if found.drawn is not None:
        note += f" {say('draws.count_left' if found.failed else 'compare.draws_count', each=found.drawn.each)}"
    said = f"{undrawn(comparisons, say)} {cut}".strip()
    return Part(title, f"{note} {said}".strip() if figure is not None else said, figure, data, "differences")


def undrawn(comparisons: Sequence[Comparison], say: Say) -> str:
    """Name the outcomes that are not drawn, for no run has both values of any comparison."""
    known = comparison_figures.drawable(comparisons)
    names = [comparison_figures.outcome_name(key, say) for key, drawn in known.items() if not drawn]
    runs = max((c.runs for c in comparisons), default=0)
    return say("compare.undrawn", outcomes=say("report.comma").join(names), runs=runs) if names else ""


def _estimates(values: Mapping[str, Mapping[Key, Floats]], key: Key, found: Concluded) -> dict[str, Estimate]:
    """Return the estimate of one outcome for each variant that has it, in the order of the experiment."""
    held = {name: values[name][key] for name in found.experiment.variants if key in values.get(name, {})}
    return {name: estimate(each, found.experiment.confidence) for name, each in held.items()}


def _plane(values: Mapping[str, Mapping[Key, Floats]], found: Concluded, title: str, say: Say) -> Part:
    waits = _estimates(values, WAIT, found)
    for outcome in FAIRNESS:
        fair = _estimates(values, (outcome, "all", "all"), found)
        both = {name: (waits[name], fair[name]) for name in waits if name in fair}
        if len(both) == len(found.experiment.variants) and all(
            np.isfinite(one.mean) for pair in both.values() for one in pair
        ):
            each = [{name: values[name][key] for name in both} for key in (WAIT, (outcome, "all", "all"))]
            by = beaten(each[0], each[1], found.experiment.confidence)
            figure = comparison_figures.plane(both, (WAIT[0], outcome), by, say)
            rows = tuple(
                (name, x.mean, x.half_width, y.mean, y.half_width, by.get(name, "")) for name, (x, y) in both.items()
            )
            head = ("variant", f"{WAIT[0]} (h)", "half width", f"{outcome} ({describe(outcome).unit})", "half width")
            note = f"{say('compare.plane_note')} {_beaten(by, found, say)}"
            return Part(title, note, figure, Data((*head, "beaten by"), rows), "plane")
    return Part(title, say("compare.no_plane"))


def _beaten(by: Mapping[str, str], found: Concluded, say: Say) -> str:
    """Say which plans are beaten, and how far that is known."""
    confidence = f"{100 * found.experiment.confidence:g}"
    if not by:
        return say("compare.none_beaten", confidence=confidence)
    which = say("report.comma").join(say("compare.beaten_by", name=name, by=other) for name, other in by.items())
    return say("compare.beaten", which=which, confidence=confidence)


def _groups(values: Mapping[str, Mapping[Key, Floats]], found: Concluded, title: str, say: Say) -> Part:
    by = "need", "group", "vulnerable", "others"
    panel = _panel(values, "wait_mean_h", by, found, say)
    if not panel.rows:
        return Part(title, say("compare.no_groups"))
    figure = comparison_figures.side_by_side([panel], list(found.experiment.variants), say)
    shown = [label for label, _ in panel.rows]
    there = dict.fromkeys(
        _label(key, say) for held in values.values() for key in held if _is_of(key, panel.outcome, by)
    )
    gone = say("report.comma").join(label for label in there if label not in shown)
    note = say("compare.groups_note") + (f" {say('compare.groups_gone', names=gone)}" if gone else "")
    return Part(title, note, figure, _behind([panel]), "waits")


def _is_of(key: Key, outcome: str, parts_by: Sequence[str]) -> bool:
    return key[0] == outcome and key[1] in parts_by


def _label(key: Key, say: Say) -> str:
    return say.name("part" if key[1] == key[2] else key[1], key[2])


def _units(values: Mapping[str, Mapping[Key, Floats]], found: Concluded, title: str, say: Say) -> Part | None:
    panels = [_panel(values, outcome, ("unit",), found, say) for outcome in ("utilisation", "strain_mean")]
    panels = [panel for panel in panels if panel.rows]
    if not panels:
        return None
    figure = comparison_figures.side_by_side(panels, list(found.experiment.variants), say)
    return Part(title, say("compare.units_note"), figure, _behind(panels), "units")


def _panel(
    values: Mapping[str, Mapping[Key, Floats]], outcome: str, parts_by: Sequence[str], found: Concluded, say: Say
) -> comparison_figures.Panel:
    """Return an outcome by its parts, those in which some variant has a value in every run."""
    there = dict.fromkeys(key for held in values.values() for key in held if _is_of(key, outcome, parts_by))
    rows = []
    for key in sorted(there, key=lambda key: parts_by.index(key[1])):
        estimates = {n: e for n, e in _estimates(values, key, found).items() if np.isfinite(e.mean)}
        if estimates:
            rows.append((_label(key, say), estimates))
    return comparison_figures.Panel(say.name("outcome", outcome), outcome, rows)


def _behind(panels: Sequence[comparison_figures.Panel]) -> Data:
    rows = [
        (panel.outcome, label, name, found.mean, found.half_width, found.runs)
        for panel in panels
        for label, estimates in panel.rows
        for name, found in estimates.items()
    ]
    head = ("outcome", "of", "variant", "mean", "half width", "runs")
    unit = "/".join(dict.fromkeys(describe(panel.outcome).unit for panel in panels))
    return Data((*head[:3], f"mean ({unit})", *head[4:]), tuple(rows))


def _backlogs(gauges: pd.DataFrame, found: Concluded, end_h: float, title: str, say: Say) -> Part:
    experiment = found.experiment
    figure, data = path_figures.backlogs(gauges, list(experiment.variants), experiment.against, end_h, say)
    return Part(title, say("compare.backlogs_note"), figure, data, "backlog")


def _orders(
    orders: pd.DataFrame, rows: pd.DataFrame, found: Concluded, world: str, end_h: float, title: str, say: Say
) -> Part:
    chosen = median_runs(rows[rows["world"] == world], found.experiment.keys[0], list(found.values[world]))
    shown = path_figures.gantt(orders, chosen, end_h, say)
    if shown is None:
        return Part(title, say("compare.no_orders"))
    figure, data = shown
    outcome = comparison_figures.outcome_name(found.experiment.keys[0], say)
    note = say("compare.orders_note", outcome=outcome)
    steps = {name: {row[2] for row in data.rows if row[0] == name} for name in chosen}
    if max(map(len, steps.values())) > path_figures.MOST_STEPS:
        note += " " + say("compare.orders_cut", most=path_figures.MOST_STEPS)
    return Part(title, note, figure, data, "orders")


def median_runs(rows: pd.DataFrame, key: Key, variants: Sequence[str]) -> dict[str, int]:
    """Return, for each variant, the run whose value of an outcome is in the middle: of two, the lower one's.

    Runs without a value count as the highest.
    """
    mine = rows[(rows["outcome"] == key[0]) & (rows["by"] == key[1]) & (rows["level"] == key[2])]
    chosen = {}
    for name in variants:
        of = mine[mine["variant"] == name].sort_values(["value", "replication"], na_position="last")
        if len(of):
            chosen[name] = int(of["replication"].iloc[(len(of) - 1) // 2])
    return chosen
