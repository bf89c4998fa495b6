"""Shifts split between posts: each person's own point of a repeating block, and the time lost by changing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.response.responders import NOBODY, Responder
from sim.spec.tasks import AT_WORK

if TYPE_CHECKING:
    from sim.response.roster import Roster


class TimeSplit:
    """Change people's posts as their block goes on."""

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self.clock = roster.clock

    def begin(self, responder: Responder, point: float) -> None:
        """Put somebody at the post where their own point of the block falls, and set the next change."""
        posts = responder.team.spec.posts
        assert posts is not None
        offset = point * posts.block
        responder.post, remaining = self._post_at(responder, offset)
        responder.next_post = None
        responder.post_turns += 1
        self.clock.call_later(remaining, self._post_due, (responder, responder.post_turns, offset + remaining))

    def _post_at(self, responder: Responder, elapsed_h: float) -> tuple[str, float]:
        """Return the post at a point of the block, and the time left in it; visits in place of what nobody may do."""
        post, left_h = _post_at(responder, elapsed_h)
        may = post in AT_WORK or self.roster.model.permitted(responder.team, post)
        return post if may else "visit", left_h

    def _post_due(self, turn: tuple[Responder, int, float]) -> None:
        responder, number, elapsed = turn
        if not responder.on_duty or responder.post_turns != number:
            return
        post, remaining = self._post_at(responder, elapsed)
        self.clock.call_later(remaining, self._post_due, (responder, number, elapsed + remaining))
        if not responder.leads and post != (responder.next_post or responder.post):
            self.roster.move(responder, post)

    def switch(self, responder: Responder) -> None:
        """Change to the next post, which takes time."""
        posts = responder.team.spec.posts
        assert responder.next_post is not None
        if responder.next_post == responder.post:
            responder.next_post = None
            self.roster.release(responder)
            return
        responder.post, responder.next_post = responder.next_post, None
        if responder.team.office is not None and not responder.team.office.staffed():
            responder.team.office.close()
        if posts is None or posts.switching == 0:
            self.roster.release(responder)
            return
        responder.engaged = True
        responder.started = self.clock.now
        self.clock.call_later(posts.switching, self._switched, responder)

    def _switched(self, responder: Responder) -> None:
        responder.engaged = False
        self.roster.note(responder, "switch", responder.started, responder.started, self.clock.now, NOBODY)
        self.roster.release(responder)


def _post_at(responder: Responder, elapsed_h: float) -> tuple[str, float]:
    """Return the post at a point of the repeating block, and the time left in it."""
    posts = responder.team.spec.posts
    assert posts is not None
    at = elapsed_h % posts.block
    edge = 0.0
    for post, share in posts.shares.items():
        edge += share * posts.block
        if at < edge - 1e-9:
            return post, edge - at
    first = next(iter(posts.shares))
    return first, posts.shares[first] * posts.block
