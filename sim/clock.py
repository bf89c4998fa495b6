"""The one clock of a run: SimPy's environment, with bare callbacks and sorted feeds. Unit: hours.

`Clock` is a `simpy.Environment`: processes, timeouts, resources, conditions and interrupts leave
the same trace under both. What happens thousands of times a run need not be an event there:

- `call_at` and `call_later` put a function and one argument on the heap, with no `Event` around
  them. Equal times go by priority, then by order of scheduling, whichever kind the entries are.
- `feed` takes moments known beforehand, sorted (onsets, deadlines), and holds one at a time beside
  the heap. Ties fall as if `call_at` had been called for each of them, in order, inside `feed`.

Left to others: cancelling (the caller marks its thing with a version number and ignores a stale
call), chance, what the calls do, and when to look. One deliberate difference: `run(until=t)` ends
at exactly `t`, where SimPy ends at `now + (t - now)`, which may lie a rounding error off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush, heapreplace
from itertools import count, islice, repeat
from math import inf
from operator import attrgetter, le
from typing import TYPE_CHECKING, Any, Final, cast

import simpy
from simpy.core import BoundClass, EmptySchedule, SimTime, StopSimulation
from simpy.events import NORMAL, URGENT, Event, EventPriority, Process, Timeout

Entry = tuple[Any, ...]
"""(time, priority, id, event), or (…, function, argument), or for a feed (…, function, k, rest).
The id is unique among the entries that wait, so a comparison never reaches what follows it."""

_NEVER: Final[Entry] = (inf, inf)  # sorts after every entry, so that `feeds[0]` always exists
_ONCE: Final = (None,)


class Clock(simpy.Environment):
    """A SimPy environment whose heap may also hold bare callbacks, and which merges feeds."""

    if not TYPE_CHECKING:  # SimPy binds early only what stands in the class's own namespace
        process = BoundClass(Process)
        timeout = BoundClass(Timeout)
        event = BoundClass(Event)

    now = property(attrgetter("_now"), doc="The current time in hours.")  # at half the price of SimPy's own

    def __init__(self, initial_time: SimTime = 0) -> None:
        super().__init__(initial_time)
        self._heap = cast("list[Entry]", self._queue)  # the same list, under its wider type
        self._feeds: list[Entry] = [_NEVER]

    def call_at(
        self,
        when_h: float,
        function: Callable[[Any], object],
        argument: Any = None,
        priority: float = NORMAL,
    ) -> None:
        """Call `function(argument)` at `when_h`."""
        if not when_h >= self._now:  # so that NaN fails too
            raise ValueError(f"cannot call at {when_h}: it is {self._now} already")
        heappush(self._heap, (when_h, priority, next(self._eid), function, argument))

    def call_later(
        self,
        delay_h: float,
        function: Callable[[Any], object],
        argument: Any = None,
        priority: int = NORMAL,
    ) -> None:
        """Call `function(argument)` after `delay_h`."""
        if not delay_h >= 0:
            raise ValueError(f"cannot call after {delay_h}: a delay is 0 or more")
        heappush(self._heap, (self._now + delay_h, priority, next(self._eid), function, argument))

    def feed(
        self, times: Sequence[float], function: Callable[[int], object], keys: Iterable[int] | None = None
    ) -> None:
        """Call `function(k)` at `times[k]`, for every k, or `function(keys[k])` with keys; `times` must not change.

        Floats read fastest from a list, an `array` or a `memoryview` of a float64 column; a NumPy
        array would make `now` a NumPy scalar.
        """
        if len(times) and not times[0] >= self._now:
            raise ValueError(f"cannot feed from {times[0]}: it is {self._now} already")
        if not all(map(le, times, islice(times, 1, None))):
            raise ValueError("cannot feed: the times are not sorted")
        rest = zip(keys if keys is not None else count(), times)  # noqa: B905  # count has no end
        for k, time in rest:
            heappush(self._feeds, (time, NORMAL, next(self._eid), function, k, rest))
            break

    def peek(self) -> SimTime:
        """The time of what happens next; infinity if there is nothing."""
        first = self._feeds[0]
        return cast("SimTime", min(self._heap[0], first)[0] if self._heap else first[0])

    def step(self) -> None:
        """Process the next entry, or raise `EmptySchedule`."""
        self._advance(_ONCE)

    def run(self, until: SimTime | Event | None = None) -> Any:
        """As `simpy.Environment.run`: go on until nothing is left, or up to a time (what happens
        at that very time stays for the next run), or until an event has been processed, whose
        value is then returned.
        """
        if until is not None:
            if not isinstance(until, Event):
                at: SimTime = until if isinstance(until, int) else float(until)
                if not at > self._now:
                    raise ValueError(f"until ({at}) must be greater than the current simulation time")
                until = Event(self)
                until._ok, until._value = True, None  # noqa: SLF001  # as SimPy does
                heappush(self._heap, (at, URGENT, next(self._eid), until))
            elif until.callbacks is None:
                return until.value
            until.callbacks.append(StopSimulation.callback)
        try:
            self._advance(repeat(None))
        except StopSimulation as stop:
            return stop.args[0]
        except EmptySchedule:
            if until is not None:
                raise RuntimeError(f'No scheduled events left but "until" event was not triggered: {until}') from None
        return None

    def _advance(self, turns: Iterable[None]) -> None:
        """Process one entry a turn. This is the hot loop; SimPy's own `step` is its first half."""
        heap, feeds, pop, replace = self._heap, self._feeds, heappop, heapreplace
        for _ in turns:
            first = feeds[0]
            if heap and heap[0] < first:
                entry = pop(heap)
                self._now = entry[0]
                if len(entry) == 5:
                    entry[3](entry[4])
                    continue
                event = entry[3]
                callbacks, event.callbacks = event.callbacks, None
                try:
                    for callback in callbacks:
                        callback(event)
                except StopSimulation:  # what the stop has cut off happens first in the next run
                    event.callbacks = callbacks[callbacks.index(callback) + 1 :]
                    self.schedule(event, EventPriority(-1))
                    raise
                if not event._ok and not hasattr(event, "_defused"):  # noqa: SLF001
                    failure = type(event._value)(*event._value.args)  # noqa: SLF001
                    raise failure from event._value  # noqa: SLF001
            elif first is _NEVER:
                raise EmptySchedule
            else:  # the next of this feed takes its place before the call, which may fail or look
                self._now, priority, feed_id, function, k, rest = first
                for following, time in rest:
                    replace(feeds, (time, priority, feed_id, function, following, rest))
                    break
                else:
                    pop(feeds)
                function(k)
