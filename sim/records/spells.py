"""Change points derived from stamps after a run: who is on duty and busy, and how many wait, from moment to moment."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

UNIT_MEASURES = ("rostered", "on_duty", "busy", "travelling")


def change_points(spells: list[tuple[int, Floats, Floats]], measures: int) -> tuple[Floats, npt.NDArray[np.float32]]:
    """Return (times, levels) of several measures from their spells.

    ``spells`` holds (measure, begins, ends); an end that is NaN has not come. ``levels`` has one column a measure;
    only moments at which a level changes are kept.
    """
    parts_t, parts_m, parts_d = [], [], []
    for measure, begin, end in spells:
        ended = end[end == end]
        parts_t += [begin, ended]
        parts_m += [np.full(begin.size + ended.size, measure, np.int8)]
        parts_d += [np.ones(begin.size, np.int8), np.full(ended.size, -1, np.int8)]
    if not parts_t:
        return np.empty(0), np.empty((0, measures), np.float32)
    time, measure_of, delta = np.concatenate(parts_t), np.concatenate(parts_m), np.concatenate(parts_d)
    order = np.argsort(time, kind="stable")
    time, measure_of, delta = time[order], measure_of[order], delta[order]
    last = np.empty(time.size, bool)
    last[:-1] = time[1:] != time[:-1]
    last[-1:] = True
    levels = np.empty((int(last.sum()), measures), np.float32)
    for measure in range(measures):
        levels[:, measure] = np.cumsum(np.where(measure_of == measure, delta, 0), dtype=np.int32)[last]
    time = time[last]
    moved = np.ones(time.size, bool)
    np.any(levels[1:] != levels[:-1], axis=1, out=moved[1:])
    return time[moved], levels[moved]


def queue_spells(
    need: Ints, dispatched: Floats, ended: Floats, again: npt.NDArray[np.bool_], request: Floats, gone: Floats
) -> tuple[Floats, Floats]:
    """Return (begins, ends) of all times in queue, however they ended.

    Visits come sorted by (need, attempt), with ``again`` where the need waits in queue after the visit; ``request``
    and ``gone`` (left or referred without a further visit, else NaN) are per need. An end that is NaN has not come.
    """
    first = np.ones(need.size, bool)
    first[1:] = need[1:] != need[:-1]
    first_dispatch = np.full(request.size, np.nan)
    first_dispatch[need[first]] = dispatched[first]
    known = ~np.isnan(request)
    begin = request[known]
    end = np.where(np.isnan(first_dispatch), gone, first_dispatch)[known]
    waits = np.flatnonzero(again & ~np.isnan(ended))
    if waits.size:
        following = np.minimum(waits + 1, need.size - 1)
        goes_on = (waits + 1 < need.size) & (need[following] == need[waits])
        begin = np.concatenate([begin, ended[waits]])
        onward = np.where(goes_on, dispatched[following], gone[need[waits]])
        # given up, or somebody else sent, while a desk still thought that somebody was coming
        end = np.concatenate([end, np.maximum(onward, ended[waits])])
    return begin, end
