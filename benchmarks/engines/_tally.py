"""The sums that every engine keeps: who started after what wait, and who left."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    from benchmarks.workload import Workload


class Outcome(TypedDict):
    """Name what a run returns; an engine that records tables adds the optional keys."""

    needs: int
    started: int
    left: int
    wait_sum_h: float
    wait_mean_by_urgency_h: dict[int, float]
    events: int
    rows: NotRequired[int]
    mb_written: NotRequired[float]


class Tally:
    """Count needs, starts and departures, and add up the waits of those who were started."""

    __slots__ = ("left", "needs", "starts", "waits")

    def __init__(self, workload: Workload) -> None:
        """Begin with nothing counted."""
        self.needs = 0
        self.left = 0
        self.starts = [0] * len(workload.urgencies)
        self.waits = [0.0] * len(workload.urgencies)

    def start(self, urgency: int, wait_h: float) -> None:
        """Count a need whose service begins after a wait."""
        self.starts[urgency - 1] += 1
        self.waits[urgency - 1] += wait_h

    def outcome(self, events: int) -> Outcome:
        """Return the sums in the form that every engine reports."""
        pairs = zip(self.waits, self.starts, strict=True)
        return Outcome(
            needs=self.needs,
            started=sum(self.starts),
            left=self.left,
            wait_sum_h=sum(self.waits),
            wait_mean_by_urgency_h={
                urgency: wait / count if count else 0.0 for urgency, (wait, count) in enumerate(pairs, start=1)
            },
            events=events,
        )
