"""What the page of an optimisation has: the curves around what is chosen, and what was asked, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from analysis.comparison_figures import outcome_name
from analysis.finals import span
from analysis.optimise import Optimised
from analysis.optimise_figures import curves
from analysis.pages import Data, Part, Say
from analysis.short_names import short_names
from analysis.store.folder import Folder
from analysis.study import Asked
from analysis.study_page import Shown, Told, failed_runs, write_study
from sim.spec.optimise import Question


def write_optimised(folder: Folder, asked: Question, found: Optimised, told: Told, out: Path | None, say: Say) -> Path:
    """Write the page and return its path; raises InputError where it cannot be written or has no font."""
    wanted = asked.asked
    comma = say("report.comma")
    decisions = comma.join(short_names(one.path for one in asked.decisions).values())
    outcomes = comma.join(outcome_name(key, say) for key in wanted.keys)
    aims = say("annex.aims_best" if wanted.best else "annex.aims_least", decisions=decisions, outcomes=outcomes)
    tried = say("optimise.every_point" if found.every_point else "optimise.searched", count=len(found.trials))
    search = "annex.search_every" if found.every_point else "annex.search_tpe"
    counts = {"replications": wanted.replications, "fresh": found.fresh, "confidence": f"{100 * found.confidence:g}"}
    shown = Shown(
        name=wanted.optimise,
        base=asked.base,
        asked=Asked(
            wanted.keys,
            (aims, *([wanted.description] if wanted.description else [])),
            (say("annex.scenarios_values", values=decisions), tried),
            (say(search), say("annex.estimation_optimise", **counts), say("annex.crn_values")),
        ),
        replications=found.fresh,
        parts=_parts(found, say) if wanted.subject_to else (),
        description=wanted.description,
        failed=failed_runs(folder),
        failed_said="optimise.failed",
    )
    return write_study(folder, shown, told, out, say)


def _parts(found: Optimised, say: Say) -> Iterator[Part]:
    title = say("optimise.curves")
    if not found.curve:
        yield Part(title, say("optimise.no_curves"))
        return
    head = ("decision", "value", "chosen", "share of runs", "low", "high", "runs")
    rows = []
    for p in found.curve:
        value = p.value if isinstance(p.value, int | float) else str(p.value)
        rows.append((p.path, value, "yes" if p.chosen else "no", p.share, p.low, p.high, p.runs))
    runs = span(point.runs for point in found.curve)  # those that failed are left out point by point
    note = say("optimise.curves_note", runs=runs, confidence=f"{100 * found.confidence:g}")
    yield Part(title, note, curves(found, say), Data(head, tuple(rows)), "curves")
