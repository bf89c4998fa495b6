"""What follows from a visit that did not close its need: it is passed on, given up, goes on, or waits again."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from sim.records.codes import DUPLICATE, GONE, NEVER_WENT, NO_ENTRY, REFERRED, WAITS_AGAIN
from sim.response.book import End, State
from sim.response.responders import Responder

if TYPE_CHECKING:
    from sim.model import CrisisModel


def follow_up(model: CrisisModel, need: int, responder: Responder, outcome: int) -> None:
    """Do with a need what the outcome of its visit asks for."""
    book, visits = model.book, model.visits
    if outcome == DUPLICATE or (outcome in NEVER_WENT and not _still_waits(model, need, responder)):
        return
    if outcome == REFERRED:
        model.referrals.refer(need)
    elif outcome == GONE:
        if book.state[need] != State.CLOSED:
            book.close(need, End.ABANDONED, book.deadline[need])
    elif outcome in WAITS_AGAIN:
        not_in = outcome == NO_ENTRY and visits.disputes.takes_two(need)
        model.clock.call_later(0.0, visits.disputes.offer if not_in else model.desk_of(need).offer, need)
        book.state[need] = int(State.WAITING)
    elif book.specs[book.need_type[need]].sessions is not None:
        model.cases.between(need, responder)
    else:
        book.state[need] = int(State.WAITING)
        book.deadline[need] = inf
        book.rejoined[need] = model.clock.now
        model.desk_of(need).offer(need)


def _still_waits(model: CrisisModel, need: int, responder: Responder) -> bool:
    """Tell whether a request has to be served after all to which nobody has come; close it if it was given up."""
    return model.visits.alone(need, responder) and not model.book.has_left(need, model.clock.now)
