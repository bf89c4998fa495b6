"""What the page of a calibration has: fit and held-out error as pictures, and what was asked, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from analysis.calibrate import Calibrated
from analysis.calibrate_figures import errors, profiles, rows
from analysis.outcomes import describe
from analysis.pages import Data, Part, Say
from analysis.short_names import short_names
from analysis.store.folder import Folder
from analysis.study import Asked
from analysis.study_page import Shown, Told, failed_runs, write_study
from sim.spec.calibrate import Task


def write_calibrated(folder: Folder, asked: Task, found: Calibrated, told: Told, out: Path | None, say: Say) -> Path:
    """Write the page and return its path; raises InputError where it cannot be written or has no font."""
    wanted = asked.asked
    held_out = sum(row.held_out for row in found.rows)
    names = say("report.comma").join(short_names(one.path for one in asked.parameters).values())
    counts = {"replications": found.replications, "fresh": found.fresh, "confidence": f"{100 * found.confidence:g}"}
    tried = say("optimise.every_point" if found.every_point else "optimise.searched", count=len(found.trials))
    aims = say("annex.aims_calibrate", parameters=names, figures=len(found.rows) - held_out, held_out=held_out)
    search = "annex.search_every" if found.every_point else "annex.search_tpe"
    shown = Shown(
        name=wanted.calibrate,
        base=asked.base,
        asked=Asked(
            tuple(dict.fromkeys(row.key for row in found.rows)),
            (aims, *([wanted.description] if wanted.description else [])),
            (say("annex.scenarios_values", values=names), tried),
            (say(search), say("annex.estimation_calibrate", **counts), say("annex.crn_values")),
        ),
        replications=found.fresh,
        parts=_parts(asked, found, say),
        description=wanted.description,
        failed=failed_runs(folder),
    )
    return write_study(folder, shown, told, out, say)


def _parts(asked: Task, found: Calibrated, say: Say) -> Iterator[Part]:
    confidence = f"{100 * found.confidence:g}"
    note = say("calibrate.rows_note", fresh=found.fresh, confidence=confidence)
    yield Part(say("calibrate.table_rows"), note, rows(found, say), _of_rows(found), "fit")
    drawn = errors(found, say)
    head = ("part", "figures", "fitted", "before", "naive")
    data = tuple((_part(e.held_out), e.figures, e.fitted, e.before, e.naive) for e in found.errors)
    note = say("calibrate.errors_note") if drawn is not None else say("calibrate.no_errors")
    yield Part(say("calibrate.errors"), note, drawn, Data(head, data), "errors")
    note = say("calibrate.profiles_note", confidence=confidence)
    yield Part(say("calibrate.profiles"), note, profiles(asked, found, say), _of_trials(asked, found), "trials")


def _part(held_out: bool) -> str:  # which part it is
    return "held out" if held_out else "fitted"


def _of_rows(found: Calibrated) -> Data:
    head = ("outcome", "by", "level", "unit", "part", "observed", "sd", "before", "fitted", "low", "high", "inside")
    rows = []
    for r in found.rows:
        figures = (r.observed, r.sd, r.before, r.simulated, r.low, r.high)
        rows.append((*r.key, describe(r.key[0]).unit, _part(r.held_out), *figures, "yes" if r.inside else "no"))
    return Data(head, tuple(rows))


def _of_trials(asked: Task, found: Calibrated) -> Data:
    names = [one.path for one in asked.parameters]
    rows = []
    for trial in found.trials:
        values = (trial.values[name] for name in names)
        written = (value if isinstance(value, int | float) else str(value) for value in values)
        rows.append((*written, trial.misfit.loss, trial.misfit.runs, "yes" if trial.plausible else "no"))
    return Data((*names, "misfit", "runs", "as good"), tuple(rows))
