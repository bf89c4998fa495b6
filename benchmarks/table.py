"""Words and columns: what was measured, as a table for a terminal or a page of text."""

from __future__ import annotations

from statistics import fmean, median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.measure import Measurements, Run

REFERENCE: Final = "idiomatic"
NOTHING: Final = "-"


def ratio(runs: Sequence[Run], reference: Sequence[Run], reference_over_s: float | None) -> str:
    """Return how many times less CPU an engine took than the reference, seed by seed."""
    cpu = {run.seed: run.cpu_s for run in reference}
    pairs = [cpu[run.seed] / run.cpu_s for run in runs if run.seed in cpu]
    if pairs:
        return f"{median(pairs):.3g}"
    if reference_over_s is not None:
        return f"> {reference_over_s / median(run.cpu_s for run in runs):.3g}"
    return NOTHING


def row(runs: Sequence[Run], ratio_text: str, urgencies: Sequence[int]) -> dict[str, str]:
    """Return the cells of one engine that ran."""
    cpu = [run.cpu_s for run in runs]
    peaks = [run.peak_mb for run in runs if run.peak_mb is not None]
    cells = {
        "engine": runs[0].engine,
        "runs": str(len(runs)),
        "CPU s": f"{median(cpu):.3g}",
        "min": f"{min(cpu):.3g}",
        "max": f"{max(cpu):.3g}",
        "x faster": ratio_text,
        "peak MB": f"{median(peaks):.0f}" if peaks else NOTHING,
        "needs/s": f"{median(run.needs / run.cpu_s for run in runs):,.0f}",
    }
    for urgency in urgencies:
        waits = [run.wait_mean_by_urgency_h[urgency] for run in runs]
        cells[f"wait {urgency} h"] = f"{fmean(waits):.4g}"
    cells["left"] = f"{fmean(run.left / max(run.needs, 1) for run in runs):.1%}"
    rows = [run.rows for run in runs if run.rows is not None]
    if rows:
        cells["rows"] = f"{median(rows):,.0f}"
    written = [run.mb_written for run in runs if run.mb_written is not None]
    if written:
        cells["MB written"] = f"{median(written):.1f}"
    return cells


def rows(measured: Measurements) -> list[dict[str, str]]:
    """Return the cells of all engines that ran or took too long."""
    done = [runs for runs in measured.runs.values() if runs]
    reference = measured.runs.get(REFERENCE, [])
    reference_over_s = measured.over_s.get(REFERENCE)
    urgencies = sorted(done[0][0].wait_mean_by_urgency_h) if done else []
    listed = [row(runs, ratio(runs, reference, reference_over_s), urgencies) for runs in done]
    for name, over_s in measured.over_s.items():
        if name not in measured.runs:
            listed.append({"engine": name, "runs": "0", "CPU s": f"> {int(over_s)}"})
    return listed


def render(listed: Sequence[dict[str, str]]) -> str:
    """Return rows as aligned columns, the first to the left and the others to the right."""
    heads = list(dict.fromkeys(head for cells in listed for head in cells))
    lines = [heads, *([cells.get(head, NOTHING) for head in heads] for cells in listed)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def notes(measured: Measurements) -> list[str]:
    """Return one line for everything the table does not show."""
    versions: dict[str, str] = {}
    for runs in measured.runs.values():
        versions |= runs[0].versions
    said = []
    if versions:
        said.append("Versions: " + ", ".join(f"{name} {versions[name]}" for name in versions))
    said += [
        f"{name}: stopped after more than {int(over_s)} s of CPU, start of the process included; not tried again."
        for name, over_s in measured.over_s.items()
    ]
    said += [f"{name}: skipped, {reason}." for name, reason in measured.skipped.items()]
    said += [f"{name}: FAILED, {reason}" for name, reason in measured.failed.items()]
    return said
