"""One need leads to another while the clock runs: a visit that lapsed to a relapse, an assessment to counselling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.response.book import End
from sim.world.caused import Cause

if TYPE_CHECKING:
    from sim.model import CrisisModel

ENDED = {"met": (End.MET,), "abandoned": (End.ABANDONED,), "closed": (End.MET, End.REFERRED, End.ABANDONED)}


class Consequences:
    """Let the needs begin that others lead to."""

    def __init__(self, model: CrisisModel, causes: dict[int, list[Cause]]) -> None:
        self.model = model
        self.all = causes
        self.causes = dict(causes)
        self.served: dict[tuple[int, int], float] = {}
        """When somebody was last served for a need of a type."""
        model.moments.closed.append(self._closed)

    def _closed(self, need: int) -> None:
        book, now = self.model.book, self.model.clock.now
        if book.started[need] == book.started[need]:
            self.served[int(book.resident[need]), int(book.need_type[need])] = now
        for cause in self.causes.pop(need, ()):
            if book.end[need] in ENDED[cause.spec.after]:
                self.model.clock.call_later(cause.delay_h, self._begin, (need, now, cause))

    def _begin(self, turn: tuple[int, float, Cause]) -> None:
        parent, since, cause = turn
        book, now = self.model.book, self.model.clock.now
        if cause.spec.relapse:
            like = int(book.resident[parent]), int(book.need_type[parent])
            if self.served.get(like, -1.0) > since:
                return
        book.onset[cause.child] = now
        self.model.requests.begins(cause.child, now)
