"""Helpers of the theory tests: minimal scenarios as data, batch means over replications, and when they agree.

An estimate of a quantity is a column of batch means: each replication's cohort is cut into batches of equal length,
many times longer than the memory of the system, so that they count as independent. A batch's mean is that of the
needs whose onset falls in it. `agrees` asks whether theory lies within 4 standard errors; `precise` whether that
standard error is at most 0.65 % of theory. Both together catch an error of 3 %, which the mutation tests prove.
No control variates are used: a correction by the known mean of the service would also correct a wrong service.
"""

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.records.result import Result
from sim.runs import run
from sim.spec.patches import validate

Floats = NDArray[np.float64]
Columns = dict[str, Floats]

MOST_SE = 0.0065
"""Largest standard error of an asserted mean, as a share of theory."""
MOST_ERRORS = 4.0
"""Largest distance between an estimate and theory, in standard errors."""


def hours(length_h: float) -> str:
    """Return a duration as a scenario states it."""
    return f"{length_h!r} h"


def queue_data(
    needs: Mapping[str, Mapping[str, Any]],
    servers: int,
    *,
    cohort_h: float,
    warm_up_h: float,
    follow_up_h: float = 5.0,
    residents: int = 2000,
    **more: Any,
) -> dict[str, Any]:
    """Return the scenario of a pure queue: one team, always there, and nobody walks; ``more`` goes to the response."""
    crew = {"function": "casework", "members": "volunteer", "count": servers}
    return {
        "name": "theory",
        "horizon": hours(warm_up_h + cohort_h),
        "warm_up": hours(warm_up_h),
        "follow_up": hours(follow_up_h),
        "world": {"community": {"residents": residents}, "needs": {k: dict(v) for k, v in needs.items()}},
        "response": {"organisation": {"units": {"crew": crew}}, **more},
    }


def exponential(mean_h: float) -> dict[str, str]:
    """Return an exponential duration as a scenario states it."""
    return {"dist": "exponential", "mean": hours(mean_h)}


@dataclass(frozen=True)
class Case:
    """A system with known answers: its scenario (times slower than it should be), what is measured, and theory."""

    data: Callable[[float], dict[str, Any]]
    """The scenario, with mean service times multiplied by the argument."""
    measure: Callable[[Result], Columns]
    """Batch means of one run, by quantity."""
    theory: Mapping[str, float]
    replications: int
    sensitive: tuple[str, ...]
    """Quantities that a service 3 % too long must push out of agreement."""
    seed: int
    """Its own, so that no two cases share their luck."""
    mutant_replications: int | None = None
    """Replications that suffice to see that; without it one, the hardest: what fewer refute, more do."""


def estimates(case: Case, slower: float = 1.0, replications: int | None = None) -> Columns:
    """Return the batch means of every quantity of a case over its replications."""
    scenario = validate(case.data(slower), "theory")
    runs = []
    for number in range(replications or case.replications):
        # one look, at the end: looks change nothing but the number of gauges
        runs.append(case.measure(run(scenario, case.seed, number, scenario.end_h)))
        gc.collect()  # a finished model is a cycle of few objects and many megabytes, which the collector leaves alone
    return {name: np.concatenate([np.atleast_1d(one[name]) for one in runs]) for name in runs[0]}


def standard_error(values: Floats) -> float:
    """Return the standard error of the mean of independent values."""
    return float(values.std(ddof=1) / np.sqrt(values.size))


def agrees(values: Floats, theory: float) -> bool:
    """Tell whether theory lies within 4 standard errors of the mean of the values."""
    return bool(abs(values.mean() - theory) <= MOST_ERRORS * standard_error(values))


def precise(values: Floats, theory: float) -> bool:
    """Tell whether the mean of the values is known to 0.65 % of theory."""
    return standard_error(values) <= MOST_SE * abs(theory)


def said(name: str, values: Floats, theory: float) -> str:
    """Return one line about an estimate beside theory."""
    error = standard_error(values)
    off = (values.mean() - theory) / error if error > 0 else np.inf
    share = error / abs(theory) if theory else np.inf
    return f"{name}: {values.mean():.6g}, theory {theory:.6g}, off by {off:+.2f} SE; SE {share:.3%} of theory"


def confirm(case: Case) -> None:
    """Assert that every quantity of a case is known precisely and agrees with theory."""
    found = estimates(case)
    assert set(found) == set(case.theory)
    lines = [said(name, found[name], theory) for name, theory in case.theory.items()]
    print(*lines, sep="\n")
    wrong = [
        line
        for line, (name, theory) in zip(lines, case.theory.items(), strict=True)
        if not (agrees(found[name], theory) and precise(found[name], theory))
    ]
    assert not wrong, "\n".join(wrong)


def refute(case: Case) -> None:
    """Assert that `agrees` refuses theory where service takes 3 % longer than theory was told."""
    found = estimates(case, slower=1.03, replications=case.mutant_replications or 1)
    lines = [said(name, found[name], case.theory[name]) for name in case.sensitive]
    print(*lines, sep="\n")
    missed = [line for line, name in zip(lines, case.sensitive, strict=True) if agrees(found[name], case.theory[name])]
    assert not missed, "\n".join(missed)


# -- one run ------------------------------------------------------------------------------------------------------


def edges(result: Result, batches: int) -> Floats:
    """Return the moments that cut the time of the cohort into batches of equal length."""
    return np.linspace(result.warm_up_h, result.horizon_h, batches + 1)


def batch_means(result: Result, at_h: Floats, values: Floats, batches: int) -> Floats:
    """Return the mean of the values in each batch, by their moments; moments outside the cohort's time are left out."""
    inside = (at_h >= result.warm_up_h) & (at_h < result.horizon_h)
    which = np.searchsorted(edges(result, batches), at_h[inside], side="right") - 1
    count = np.bincount(which, minlength=batches)
    assert count.min() > 0
    return np.bincount(which, weights=values[inside], minlength=batches) / count


def time_integral(time_h: Floats, level: Floats, until_h: Floats) -> Floats:
    """Return the integral of a step function from its first change point to each of some later moments."""
    summed = np.concatenate([[0.0], np.cumsum(level[:-1] * np.diff(time_h))])
    place = np.searchsorted(time_h, until_h, side="right") - 1
    return summed[place] + level[place] * (until_h - time_h[place])


def time_means(result: Result, time_h: Floats, level: Floats, batches: int) -> Floats:
    """Return the mean over time of a step function in each batch."""
    cuts = edges(result, batches)
    return np.diff(time_integral(time_h, level, cuts)) / np.diff(cuts)


def cohort(result: Result, need_type: str | None = None) -> Columns:
    """Return what the theory of queues asks about each need of the cohort; times in hours.

    ``queue``: time from request to the first dispatch, or to leaving; ``start``: time from request to start, infinite
    for those who left; ``stay``: time from request to end. All must have ended: the run goes on long enough.
    """
    needs = result.columns("needs")
    mine = np.asarray(needs["cohort"], bool)
    if need_type is not None:
        mine = mine & (needs["need_type"].codes == needs["need_type"].names.index(need_type))
    onset, asked = needs["onset_h"][mine], needs["requested_h"][mine]
    sent, started, closed = (needs[name][mine] for name in ("dispatched_h", "started_h", "closed_h"))
    assert not np.isnan(closed).any(), "the follow-up is too short: a need of the cohort is still open"
    left = np.isnan(started)
    assert np.array_equal(left, needs["end"].codes[mine] == needs["end"].names.index("abandoned"))
    return {
        "onset": onset,
        "queue": np.where(left, closed, sent) - asked,
        "start": np.where(left, np.inf, started - asked),
        "stay": closed - asked,
        "left": left.astype(np.float64),
        "attempts": needs["attempts"][mine].astype(np.float64),
    }
