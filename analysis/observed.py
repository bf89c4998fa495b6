"""What a calibration is to reproduce: figures from its table, and from its log of requests with the end held out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis import asked
from analysis.incidence import waits
from analysis.outcomes import describe
from analysis.request_log import read_requests
from sim.errors import InputError, Problem, nearest
from sim.spec.calibrate import Calibrate, Requests, Task
from sim.spec.procedures import Key, amount

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
NAN = float("nan")
FLOOR, FLOOR_OF_SHARES = 0.1, 0.01
"""The least scale of a figure without a standard deviation, in its unit: 0 cannot be a scale."""
LEAST_SD = 0.01
"""The least standard deviation taken from a log, as a share of the figure: the days may be alike by chance."""
LEAST_DAYS = 4
"""Fewer days than this do not tell how much days differ."""


@dataclass(frozen=True)
class Figure:
    """One observed figure; ``sd`` is NaN where nobody knows it, ``scale`` what an error is measured in."""

    key: Key
    value: float
    sd: float
    held_out: bool
    of_log: bool = False
    """Taken from the log: its ``sd`` is the chance of its days, not an error of measurement."""

    @property
    def scale(self) -> float:
        """The standard deviation; where it is not known, the size of the figure, but no less than a floor."""
        if np.isfinite(self.sd) and self.sd > 0:
            return self.sd
        return max(abs(self.value), FLOOR_OF_SHARES if describe(self.key[0]).unit == "share" else FLOOR)


def figures(task: Task) -> tuple[Figure, ...]:
    """Return what is to be reproduced: the table first, then the log; raises InputError with every problem found."""
    found = list(_of_table(task.asked, task.source))
    if task.asked.log is not None:
        assert task.log is not None
        found += _of_log(task, task.asked.log, task.log)
    if all(one.held_out for one in found):
        raise InputError(task.source, [Problem("observed", "nothing is left to fit: all that is known is held out")])
    return tuple(found)


def _of_table(wanted: Calibrate, source: str) -> Iterator[Figure]:
    asked.check([(("observed", index), one) for index, one in enumerate(wanted.observed)], source)
    problems = []
    for index, one in enumerate(wanted.observed):
        unit = describe(one.outcome).unit
        read = {"value": NAN, "sd": NAN}
        for name, text in (("value", one.value), ("sd", one.sd)):
            read[name] = amount(text, unit) if text is not None else NAN
        if unit == "share" and not 0 <= read["value"] <= 1 and np.isfinite(read["value"]):
            said = f"a share between 0 and 1 is wanted; found {one.value}"
            problems.append(Problem(f"observed[{index}].value", said))
        yield Figure(one.key, read["value"], read["sd"], one.held_out)
    if problems:
        raise InputError(source, problems)


@dataclass(frozen=True)
class Part:
    """Requests of one kind created in a part of the window; hours since its beginning, ``closed_h`` NaN while open."""

    created_h: Floats
    closed_h: Floats
    length_h: float
    known_h: float
    """Until when it is known what was closed; what is open then is censored."""

    def take(self, who: Flags, length_h: float) -> Part:
        """Return some of the requests, as of a part of another length."""
        return Part(self.created_h[who], self.closed_h[who], length_h, self.known_h)


Statistic = Callable[[Part], float]


def _of_log(task: Task, log: Requests, path: Path) -> list[Figure]:
    base = task.base
    if not base.follow_up > 0:
        said = "a base with a follow_up is wanted: times to closing are counted up to its length"
        raise InputError(task.source, [Problem("base", said)])
    rows, known = _read(path, log, list(base.world.needs), task.source)
    parts = [(log.begin, log.cut, log.cut, False)]  # nothing after the cut is looked at to fit
    if log.hold_out > 0:
        parts.append((log.cut, log.end, max(log.end, known), True))
    found: list[Figure] = []
    day: dict[Key, float] = {}
    for begin, end, until, held_out in parts:
        for need in sorted({name for name, _, _ in rows}):
            mine = [(created, closed) for name, created, closed in rows if name == need and begin <= created < end]
            if not mine:
                continue
            by, target = ("need", base.world.needs[need].target) if need else ("all", None)
            for outcome, of in _statistics(base.follow_up, target).items():
                part = _part(mine, begin, end, until)
                value = of(part)
                bound = outcome == "closing_p90_h" and value >= base.follow_up  # all that is known: it is later
                if np.isfinite(value) and not bound:
                    key = (outcome, by, need or "all")
                    sd = _spread(part, of, value)
                    if key in day and held_out:  # of the fitted part, for it has more days and is no prediction's own
                        sd = day[key] / math.sqrt(part.length_h)
                    elif not held_out and np.isfinite(sd):
                        day[key] = sd * math.sqrt(part.length_h)
                    found.append(Figure(key, value, sd, held_out, of_log=True))
    if not any(not one.held_out for one in found):
        said = f"no request of {log.file} came in from {log.begin} to {log.cut}, the part that is fitted"
        raise InputError(task.source, [Problem("log", said)])
    return found


def _statistics(tau_h: float, target_h: float | None) -> dict[str, Statistic]:
    def closings(part: Part):  # type: ignore[no-untyped-def]  # noqa: ANN202  # an Incidence
        nobody = np.zeros(part.created_h.size, bool)
        return waits(part.created_h, part.closed_h, part.closed_h, nobody, part.known_h)

    found: dict[str, Statistic] = {
        "requests_per_day": lambda part: part.created_h.size / (part.length_h / 24),
        "closing_mean_h": lambda part: closings(part).restricted_mean(tau_h),
        "closing_p90_h": lambda part: closings(part).quantile_up_to(0.9, tau_h),
    }
    if target_h is not None:
        found["closed_in_target_share"] = lambda part: closings(part).at(target_h)
    return found


def _part(rows: list[tuple[datetime, datetime | None]], begin: datetime, end: datetime, until: datetime) -> Part:
    def hours(moment: datetime) -> float:
        return (moment - begin).total_seconds() / 3600

    created = np.array([hours(one) for one, _ in rows])
    closed = np.array([hours(one) if one is not None and one <= until else NAN for _, one in rows])
    return Part(created, closed, hours(end), hours(until))


def _spread(part: Part, of: Statistic, value: float) -> float:
    """Return the standard deviation of a figure by leaving out a day at a time (Quenouille–Tukey jackknife).

    Days, not requests: those of a day share its queue. NaN with too few days.
    """
    count = int(part.length_h // 24)
    if count < LEAST_DAYS:
        return NAN
    day = np.minimum((part.created_h // 24).astype(int), count - 1)
    each = np.array([of(part.take(day != one, part.length_h * (1 - 1 / count))) for one in range(count)])
    each = each[np.isfinite(each)]
    if each.size < LEAST_DAYS:
        return NAN
    sd = float(np.sqrt((each.size - 1) / each.size * ((each - each.mean()) ** 2).sum()))
    return max(sd, LEAST_SD * abs(value))


def _read(
    path: Path, log: Requests, needs: list[str], source: str
) -> tuple[list[tuple[str, datetime, datetime | None]], datetime]:
    """Return the requests of the window, (need or "", created, closed), and the last moment the log speaks of."""
    called = {log.names.get(name, name): name for name in needs}
    columns = [] if log.need is None else [log.need]
    requests = read_requests(path, log.created, log.closed, columns, lambda _: True)
    last = max((one.closed or one.created for one in requests), default=log.begin)
    rows = [
        (need, one.created, one.closed)
        for one in requests
        if log.begin <= one.created < log.end
        and (need := "" if log.need is None else called.get(one.row[log.need])) is not None
    ]
    strange = [name for name in log.names if name not in needs]
    if strange:
        said = f"no need type of the base is called {strange[0]!r}{nearest(strange[0], needs)}"
        raise InputError(source, [Problem(f"log.names.{strange[0]}", said)])
    if not rows:
        said = f"no request of {log.file} is of a need type of the base ({', '.join(needs)}) and within the window"
        raise InputError(source, [Problem("log", said)])
    return rows, max(last, log.begin)
