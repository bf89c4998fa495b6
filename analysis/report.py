"""One self-contained HTML page about the runs in a folder: the plain sentence first, then pictures, then the rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis import (
    attitude_figures,
    epidemic_figures,
    figures,
    hazard_figures,
    level_figures,
    plan_figures,
    strain_figures,
)
from analysis.annex import annex
from analysis.intervals import Estimate, estimates
from analysis.outcomes import describe
from analysis.pages import Made, Part, Say, drawn, rendered, write
from analysis.store.folder import Folder
from analysis.story import clock_text, story
from analysis.study import Study
from sim.spec.strain import CAPACITY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.spec.scenario import Scenario

Found = Mapping[tuple[str, str, str], Estimate]


def write_report(folder: Folder, out: Path | None, say: Say, sentence: Callable[[Scenario, Found, int], str]) -> Path:
    """Write the page and return its path; raises InputError where it cannot be written or has no font."""
    folder.check_whole()
    return write(_page(folder, say, sentence), out if out is not None else folder.path / "report.html")


def _page(folder: Folder, say: Say, sentence: Callable[[Scenario, Found, int], str]) -> str:
    scenario, manifest = folder.scenario(), folder.manifest
    found = estimates(folder.outcomes())
    runs = folder.replications()
    with figures.drawing(say.lang):
        parts = [
            Part(title, note, figure, name=f"figure-{number}")
            for number, (title, figure, note) in enumerate(_figures(folder, scenario, found, say), start=1)
        ]
        pictures = drawn(parts)
    sourced = sum(entry.source != "assumed" for entry in scenario.evidence.values())
    outcomes = tuple(dict.fromkeys(outcome for outcome, _, _ in found))
    return rendered(
        "report.html",
        Made.folder(folder),
        say,
        title=scenario.title or scenario.name,
        byline=f"{say('report.title')} · {scenario.name} · Firstline {manifest['firstline']} · "
        f"seed {manifest['seed']} · {manifest['created'][:10]}",
        sentence=sentence(scenario, found, runs),
        description=scenario.description,
        figures=pictures,
        evidence=list(scenario.evidence.items()),
        evidence_count=say("report.evidence_count", assumed=len(scenario.evidence) - sourced, sourced=sourced),
        story=_story(folder, scenario, say),
        outcomes=_outcomes(found, say),
        chapters=annex(Study(scenario, manifest, outcomes, runs, runs, folder.seconds()), say),
    )


def _figures(folder: Folder, scenario: Scenario, found: Found, say: Say) -> list[tuple[str, Figure, str]]:
    end_h, band = scenario.end_h, say("report.band")
    drawn = [
        (
            say("report.phases"),
            figures.backlog(folder.table("gauges"), folder.table("phases"), end_h, scenario.horizon, say),
            f"{band} {say('report.phases_note')}",
        ),
        (
            say("report.incidence"),
            figures.waiting_curves(folder.table("needs"), end_h, scenario.follow_up, say),
            say("report.incidence_note"),
        ),
    ]
    rows = [
        (say.name(by, level), found[outcome, by, level], _asked(found, by, level))
        for outcome, by, level in found
        if outcome == "wait_mean_h" and by in ("need", "group") and math.isfinite(found[outcome, by, level].mean)
    ]
    if rows:
        drawn.append((say("report.waits"), figures.waits(rows, say), say("report.waits_note")))
    drawn += _of_hazards(folder, scenario, say)
    drawn += _of_epidemic(folder, scenario, say)
    drawn += _of_plan(folder, scenario, say)
    names = list(scenario.response.organisation.units)
    worked = figures.teams(folder.table("units"), end_h, say, names)
    if worked is not None:
        drawn.append((say("report.teams"), worked, say("report.teams_note")))
    drawn += _of_people(folder, scenario, say)
    held = figures.stock(folder.table("stock"), end_h, say)
    if held is not None:
        drawn.append((say("report.stock"), held, band))
    return drawn


def _asked(found: Found, by: str, level: str) -> float:
    """Return the share of needs of a part that were asked for; NaN in a folder made before it was measured."""
    share = found.get(("asked_share", by, level))
    return share.mean if share is not None else math.nan


def _of_plan(folder: Folder, scenario: Scenario, say: Say) -> list[tuple[str, Figure, str]]:
    drawn = []
    if scenario.response.plan is not None:
        carried_out = plan_figures.steps(folder.table("orders"), scenario.end_h, say)
        if carried_out is not None:
            drawn.append((say("report.steps"), carried_out, say("report.steps_note")))
    for name, site in scenario.response.sites.items():
        waiting = plan_figures.queues(folder.table("stations"), name, scenario.end_h, say)
        if waiting is not None:
            drawn.append((f"{say('report.queues')}: {site.title or name.replace('_', ' ')}", waiting, ""))
    return drawn


def _of_hazards(folder: Folder, scenario: Scenario, say: Say) -> list[tuple[str, Figure, str]]:
    """Draw levels, alarms, phases that are consequences, and outages, where the scenario has them."""
    world, end_h, runs = scenario.world, scenario.end_h, folder.replications()
    conditions = world.life_cycle is not None and bool(world.life_cycle.conditions)
    if not (world.hazards or world.outages or conditions or scenario.response.early_warning):
        return []
    phases, needs, infections = folder.table("phases"), folder.table("needs"), folder.table("infections")
    drawn = [
        ("report.levels", level_figures.levels(scenario, needs, phases, say)),
        (
            "report.alarms",
            hazard_figures.alarms(scenario, folder.table("alarms"), infections, needs, phases, runs, say),
        ),
    ]
    if conditions:
        drawn.append(("report.stages", hazard_figures.phases(phases, runs, end_h, say)))
    out = hazard_figures.utilities(folder.table("events"), phases, list(world.outages), runs, end_h, say)
    drawn.append(("report.utilities", out))
    return [(say(title), figure, say(f"{title}_note")) for title, figure in drawn if figure is not None]


def _of_epidemic(folder: Folder, scenario: Scenario, say: Say) -> list[tuple[str, Figure, str]]:
    """Draw the epidemic, where the scenario has one."""
    if scenario.world.epidemic is None:
        return []
    infections, phases = folder.table("infections"), folder.table("phases")
    runs, end_h = folder.replications(), scenario.end_h
    drawn = [
        ("report.curve", epidemic_figures.curve(infections, phases, runs, end_h, say)),
        ("report.infectious", epidemic_figures.infectious(infections, phases, runs, end_h, say)),
        ("report.found", epidemic_figures.found(infections, phases, runs, end_h, say)),
    ]
    return [(say(title), figure, say(f"{title}_note")) for title, figure in drawn if figure is not None]


def _of_people(folder: Folder, scenario: Scenario, say: Say) -> list[tuple[str, Figure, str]]:
    """Draw strain and attitudes, where the scenario has them."""
    strain, changes, residents = folder.table("strain"), folder.table("attitudes"), folder.table("residents")
    names, end_h = list(scenario.response.organisation.units), scenario.end_h
    drawn = [
        ("report.strain", strain_figures.strain(strain, folder.table("events"), end_h, say, names)),
        ("report.sources", strain_figures.sources(strain, say, names)),
        ("report.attitudes", attitude_figures.attitudes(changes, residents, folder.table("phases"), end_h, say)),
        ("report.causes", attitude_figures.causes(changes, residents, say)),
    ]
    return [
        (say(title), figure, say(f"{title}_note", capacity=f"{CAPACITY:.0f}"))
        for title, figure in drawn
        if figure is not None
    ]


def _story(folder: Folder, scenario: Scenario, say: Say) -> list[tuple[str, str]]:
    """Return the lines of the first run of a plan: (time, text)."""
    if scenario.response.plan is None:
        return []
    events, orders = folder.table("events"), folder.table("orders")
    first = events["replication"].min()
    lines = story(events[events["replication"] == first], orders[orders["replication"] == first], say)
    return [(clock_text(scenario.start, line.t_h), line.text) for line in lines]


def _outcomes(found: Found, say: Say) -> list[dict[str, Any]]:
    rows = []
    for (outcome, by, level), estimate in found.items():
        described = describe(outcome)
        if math.isfinite(estimate.mean):
            spread = f" ± {estimate.half_width:,.3g}" if math.isfinite(estimate.half_width) else ""
            rows.append(
                {
                    "outcome": outcome,
                    "of": say.name(by, level) if by != "all" else say("column.all"),
                    "value": f"{estimate.mean:,.4g}{spread}",
                    "unit": described.unit,
                    "denominator": described.denominator,
                    "better": say(f"report.{described.direction}"),
                }
            )
    return rows
