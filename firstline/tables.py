"""What a run prints: a plain sentence, then tables that a planner can read, with intervals over the runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.outcomes import describe
from analysis.story import clock_text
from firstline.blocks import of_epidemic, of_hazards, of_people
from firstline.formats import MISSING, Found, Say, number, percent, say_duration, with_interval
from firstline.grids import PAGE_WIDTH
from firstline.words import Words
from sim.spec.scenario import Scenario


def _console() -> Console:
    console = Console(highlight=False, markup=False)
    return console if console.is_terminal else Console(highlight=False, markup=False, width=PAGE_WIDTH)


def sentence(scenario: Scenario, found: Found, replications: int, words: Words) -> str:
    """Return what happened in one or two plain sentences."""
    runs = words("run.one") if replications == 1 else words("run.many", count=replications)
    raised = found.get(("needs_raised", "all", "all"), MISSING)
    if not raised.mean > 0 and scenario.response.sites:
        return _of_sites(scenario, found, runs, words)
    if not raised.mean > 0:
        return words("run.no_needs", runs=runs, scenario=scenario.name)
    if not found.get(("requests", "all", "all"), MISSING).mean > 0:
        return words(
            "run.no_requests", runs=runs, scenario=scenario.title or scenario.name, raised=with_interval(raised, number)
        )
    median = found.get(("wait_p50_h", "all", "all"), MISSING)
    unmet = with_interval(found.get(("unmet_share", "all", "all"), MISSING), percent)
    term = "run.sentence" if math.isfinite(median.mean) else "run.sentence_no_median"
    return words(
        term,
        runs=runs,
        scenario=scenario.title or scenario.name,
        raised=with_interval(raised, number),
        median=with_interval(median, say_duration),
        unmet=unmet,
    )


def _of_sites(scenario: Scenario, found: Found, runs: str, words: Words) -> str:
    """Return what happened at the first site, where there are no needs to speak of."""
    site = next(iter(scenario.response.sites))
    return words(
        "run.sites",
        runs=runs,
        scenario=scenario.title or scenario.name,
        visitors=with_interval(found.get(("visitors", "site", site), MISSING), number),
        site=site.replace("_", " "),
        served=with_interval(found.get(("served_share", "site", site), MISSING), percent),
        stay=with_interval(found.get(("stay_p50_h", "site", site), MISSING), say_duration),
    )


def print_run(scenario: Scenario, found: Found, folder: Path, replications: int, lang: str) -> None:
    """Print a run for a planner."""
    words = Words(lang)
    console = _console()
    console.print(sentence(scenario, found, replications, words), soft_wrap=True)
    need_columns: list[tuple[str, str, Say]] = [
        ("column.raised", "needs_raised", number),
        ("column.wait_mean", "wait_mean_h", say_duration),
        ("column.wait_p90", "wait_p90_h", say_duration),
        ("column.in_target", "share_in_target", percent),
        ("column.unmet", "unmet_share", percent),
    ]
    _table(console, words, "table.needs", "column.need", "need", need_columns, found, total=True)
    _table(console, words, "table.layers", "column.layer", "layer", need_columns, found, total=False)
    group_columns = [("column.asked", "asked_share", percent), *need_columns[1:]]
    _table(console, words, "table.groups", "column.group", "group", group_columns, found, total=False)
    if any(outcome == "wait_mean_h" for outcome, _, _ in found):
        console.print(words("run.waits_note"), soft_wrap=True)
    _print_rows(console, words, "table.hazards", list(of_hazards(words, scenario, found)))
    _print_rows(console, words, "table.epidemic", list(of_epidemic(words, scenario, found)))
    _print_plan(console, words, scenario, found)
    unit_columns: list[tuple[str, str, Say]] = [
        ("column.on_duty", "on_duty_h", lambda h: f"{number(h)} h" if math.isfinite(h) else "–"),
        ("column.utilisation", "utilisation", percent),
        ("column.travel", "travel_share", percent),
        ("column.overtime", "overtime_h", lambda h: f"{number(h)} h" if math.isfinite(h) else "–"),
    ]
    _table(console, words, "table.units", "column.unit", "unit", unit_columns, found, total=True)
    _print_rows(console, words, "table.people", list(of_people(words, scenario, found)))
    stock_columns: list[tuple[str, str, Say]] = [
        ("column.fill_rate", "fill_rate", percent),
        ("column.stock_out", "stock_out_share", percent),
        ("column.cover", "days_of_cover", number),
    ]
    _table(console, words, "table.stock", "column.item", "item", stock_columns, found, total=False)
    if replications > 1:
        console.print(words("run.interval"), soft_wrap=True)
    console.print(f"{words('run.data')}: {folder}", soft_wrap=True)
    console.print(words("run.report_hint", folder=folder), soft_wrap=True)


def _print_plan(console: Console, words: Words, scenario: Scenario, found: Found) -> None:
    """Print the moments of the plan's story, its steps, and its sites."""
    moments = [
        (level, e) for (outcome, _, level), e in found.items() if outcome == "moment_h" and math.isfinite(e.mean)
    ]
    if moments:
        table = _new_table(words("table.moments"))
        for term in ("column.moment", "column.when", "column.reached"):
            table.add_column(words(term), no_wrap=True)
        for level, moment in moments:
            spread = f" ± {say_duration(moment.half_width)}" if moment.half_width > 0 else ""
            when = f"{clock_text(scenario.start, moment.mean)}{spread}"
            table.add_row(words.name("moment", level), when, f"{moment.defined} / {moment.runs}")
        console.print()
        console.print(table)
    step_columns: list[tuple[str, str, Say]] = [
        ("column.done", "steps_done_share", percent),
        ("column.takes", "step_takes_h", say_duration),
        ("column.late", "steps_late_share", percent),
    ]
    _table(console, words, "table.steps", "column.step", "step", step_columns, found, total=True)
    site_columns: list[tuple[str, str, Say]] = [
        ("column.visitors", "visitors", number),
        ("column.served", "served_share", percent),
        ("column.missed", "missed_share", percent),
        ("column.no_show", "no_show_share", percent),
        ("column.gave_up", "gave_up_share", percent),
        ("column.stay", "stay_mean_h", say_duration),
    ]
    _table(console, words, "table.sites", "column.site", "site", site_columns, found, total=False)
    station_columns: list[tuple[str, str, Say]] = [
        ("column.utilisation", "station_utilisation", percent),
        ("column.queue_mean", "station_queue_mean", number),
        ("column.queue_max", "station_queue_max", number),
        ("column.wait_mean", "station_wait_mean_h", say_duration),
    ]
    _table(console, words, "table.stations", "column.station", "station", station_columns, found, total=False)


def _print_rows(console: Console, words: Words, title: str, rows: Sequence[tuple[str, str]]) -> None:
    """Print outcomes line by line; nothing where there are none."""
    if rows:
        table = _new_table(words(title))
        table.add_column(words("column.outcome"), no_wrap=True)
        table.add_column(words("report.value"), justify="right", no_wrap=True)
        for label, value in rows:
            table.add_row(Text(label), value)
        console.print()
        console.print(table)


def _new_table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)


def _table(
    console: Console,
    words: Words,
    title: str,
    first: str,
    by: str,
    columns: list[tuple[str, str, Say]],
    found: Found,
    *,
    total: bool,
) -> None:
    levels = list(dict.fromkeys(level for outcome, kind, level in found if kind == by and outcome == columns[0][1]))
    if not levels:
        return
    table = _new_table(words(title))
    table.add_column(words(first), no_wrap=True)
    for term, *_ in columns:
        table.add_column(words(term), justify="right", no_wrap=True)
    rows = [(words.name(by, level), by, level) for level in levels]
    if total and len(levels) > 1:
        rows.append((words("column.all"), "all", "all"))
    for label, kind, level in rows:
        cells = [with_interval(found.get((outcome, kind, level), MISSING), say) for _, outcome, say in columns]
        table.add_row(Text(label), *cells)
    console.print()
    console.print(table)
    console.print() if by == "item" else None


def run_as_json(scenario: Scenario, found: Found, folder: Path, seed: int, replications: int) -> dict[str, Any]:
    """Return a run for machines: every estimate with its unit, direction and denominator; null where undefined."""

    def value(x: float) -> float | None:
        return x if math.isfinite(x) else None

    outcomes = []
    for (outcome, by, level), estimate in found.items():
        described = describe(outcome)
        outcomes.append(
            {
                "outcome": outcome,
                "by": by,
                "level": level,
                "mean": value(estimate.mean),
                "half_width": value(estimate.half_width),
                "runs": estimate.runs,
                "defined": estimate.defined,
                "unit": described.unit,
                "direction": described.direction,
                "denominator": described.denominator,
            }
        )
    return {
        "scenario": scenario.name,
        "seed": seed,
        "replications": replications,
        "folder": str(folder),
        "outcomes": outcomes,
    }


def print_evidence(scenario: Scenario) -> None:
    """Print where each figure of a scenario comes from."""
    words = Words("en")
    table = Table(title=words("table.evidence"), title_justify="left", title_style="bold", box=None, pad_edge=False)
    for term in ("column.figure", "column.source", "column.range", "column.note"):
        table.add_column(words(term), overflow="fold")
    for path, evidence in scenario.evidence.items():
        limits = f"{evidence.low} – {evidence.high}" if evidence.low and evidence.high else ""
        table.add_row(*(Text(cell) for cell in (path, evidence.source, limits, evidence.note or "")))
    _console().print(table)
    sourced = sum(evidence.source != "assumed" for evidence in scenario.evidence.values())
    assumed = len(scenario.evidence) - sourced
    print(words("report.evidence_count", assumed=assumed, sourced=sourced))
