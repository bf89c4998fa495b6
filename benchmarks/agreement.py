"""Check that all engines simulate the same thing: same numbers in, same waits out.

Engines that are handed the same numbers must agree to the last digits. Engines that draw their
own must agree within statistical error, judged by t tests with one value per run, the scatter
pooled over engines, and Bonferroni's correction for the number of comparisons.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean, variance
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from benchmarks.measure import Run

# Sums of the same waits in another order differ in the last digits only.
ROUNDING: Final = 1e-9
# All comparisons together raise a false alarm in at most one of a hundred benchmarks.
FAMILY_ERROR: Final = 0.01
OVERALL: Final = "mean wait (h)"

Runs = Mapping[str, Sequence["Run"]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Say whether the engines agree, and in words how well."""

    agree: bool
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deviation:
    """Compare one figure of two engines."""

    figure: str
    engines: tuple[str, str]
    means: tuple[float, float]
    standard_error: float

    @property
    def in_standard_errors(self) -> float:
        """Return the distance of the means in standard errors of their difference."""
        distance = abs(self.means[0] - self.means[1])
        if not distance:
            return 0.0
        return distance / self.standard_error if self.standard_error else math.inf

    def describe(self) -> str:
        """Say what was compared and how far it lies apart."""
        one, two = (f"{name} {mean:.4g}" for name, mean in zip(self.engines, self.means, strict=True))
        return f"{self.in_standard_errors:.2f} standard errors in {self.figure}: {one}, {two}"


def figures(run: Run) -> dict[str, float]:
    """Return the figures of a run that are compared."""
    by_urgency = {f"mean wait of urgency {urgency} (h)": wait for urgency, wait in run.wait_mean_by_urgency_h.items()}
    return by_urgency | {
        OVERALL: run.wait_sum_h / max(run.started, 1),
        "share left": run.left / max(run.needs, 1),
    }


def check(runs: Runs) -> Verdict:
    """Judge whether all engines produced the same waits."""
    handed = {name: done for name, done in runs.items() if done[0].inputs == "handed"}
    verdicts = []
    if len(handed) > 1:
        verdicts.append(check_handed(handed))
    # Handed the same numbers, these engines are one sample, not several.
    samples = {name: done for name, done in runs.items() if name not in handed and done[0].inputs != "other"}
    if handed:
        longest = max(handed, key=lambda name: len(handed[name]))
        samples = {longest: handed[longest]} | samples
    if len(samples) > 1:
        verdicts.append(check_samples(samples))
    if not verdicts:
        return Verdict(agree=True, lines=("NOT CHECKED: one engine alone has nothing to agree with",))
    return Verdict(
        agree=all(verdict.agree for verdict in verdicts),
        lines=tuple(line for verdict in verdicts for line in verdict.lines),
    )


def check_handed(runs: Runs) -> Verdict:
    """Compare engines that were handed the same numbers, seed by seed."""
    reference: dict[int, dict[str, float]] = {}
    worst = 0.0
    for run in (run for done in runs.values() for run in done):
        expected = reference.setdefault(run.seed, figures(run))
        for figure, value in figures(run).items():
            scale = max(abs(expected[figure]), abs(value), ROUNDING)
            worst = max(worst, abs(value - expected[figure]) / scale)
    agree = worst <= ROUNDING
    said = "agree run by run" if agree else "DISAGREE"
    return Verdict(
        agree,
        (
            (
                f"Handed the same numbers, {', '.join(runs)} {said}: "
                f"largest relative difference {worst:.1e} (limit {ROUNDING:.0e})."
            ),
        ),
    )


def compare(figure: str, samples: Mapping[str, Sequence[float]]) -> list[Deviation]:
    """Compare the means of all pairs of samples, with the scatter of runs pooled over all.

    Engines that simulate the same thing scatter alike, so all runs together tell how much; that
    makes a few repeats go further than looking at each pair by itself.
    """
    freedom = sum(len(values) - 1 for values in samples.values())
    squares = sum((len(values) - 1) * variance(values) for values in samples.values() if values[1:])
    return [
        Deviation(
            figure,
            (one, two),
            (fmean(samples[one]), fmean(samples[two])),
            math.sqrt(squares / freedom * (1 / len(samples[one]) + 1 / len(samples[two]))),
        )
        for one, two in combinations(samples, 2)
    ]


def check_samples(runs: Runs) -> Verdict:
    """Compare engines that drew their own numbers, pair by pair and figure by figure."""
    names = ", ".join(runs)
    freedom = sum(len(done) - 1 for done in runs.values())
    if not freedom:
        line = f"NOT CHECKED: {names}; one run each tells no statistical error, ask for more."
        return Verdict(agree=True, lines=(line,))
    values = {name: [figures(run) for run in done] for name, done in runs.items()}
    deviations = [
        deviation
        for figure in next(iter(values.values()))[0]
        for deviation in compare(figure, {name: [row[figure] for row in rows] for name, rows in values.items()})
    ]
    limit = limit_of_chance(len(deviations), freedom)
    apart = [found for found in deviations if found.in_standard_errors > limit]
    worst = max(deviations, key=lambda found: found.in_standard_errors)
    overall = [found for found in deviations if found.figure == OVERALL]
    blind = max(limit * found.standard_error / max(found.means) for found in overall)
    said = "DISAGREE beyond" if apart else "agree within"
    lines = [
        f"Drawing numbers independently, {names} {said} statistical error.",
        f"  Largest of {len(deviations)} deviations: {worst.describe()} (limit {limit:.2f}).",
        *(f"  Beyond the limit: {found.describe()}." for found in apart),
        f"  A difference of {blind:.1%} in the mean wait would have been noticed.",
    ]
    return Verdict(not apart, tuple(lines))


def limit_of_chance(comparisons: int, freedom: int) -> float:
    """Return how many standard errors chance alone may produce in so many comparisons."""
    # Imported late, so that the parent of the measured processes stays small.
    from scipy import stats

    return float(stats.t.isf(FAMILY_ERROR / comparisons / 2, freedom))
