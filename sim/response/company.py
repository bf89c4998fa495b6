"""Who worked a shift alone: nobody else of the function was on duty at any time of it.

Colleagues are all who do the same work, of whatever unit. Two shared a shift if both were on duty for a while; who goes
as another comes has not met them.
"""

from __future__ import annotations

from collections import defaultdict
from math import inf
from typing import TYPE_CHECKING

from sim.response.responders import Responder, Team

if TYPE_CHECKING:
    from sim.model import CrisisModel


class Company:
    """Note when two or more of a function are on duty together."""

    def __init__(self, model: CrisisModel) -> None:
        self.clock = model.clock
        self.teams: dict[str, list[Team]] = defaultdict(list)
        """The teams of each function."""
        for team in model.teams.values():
            self.teams[team.spec.function].append(team)
        self.together_from: dict[str, float] = dict.fromkeys(self.teams, inf)
        """Since when two are on duty; infinite while they are not."""
        self.together_until: dict[str, float] = dict.fromkeys(self.teams, -inf)
        """When two were last on duty together."""
        self.begun: dict[Responder, float] = {}

    def begins(self, person: Responder) -> None:
        """Note that somebody has come on duty."""
        function, now = person.team.spec.function, self.clock.now
        self.begun[person] = now
        if self._here(function) > 1:
            self.together_from[function] = min(self.together_from[function], now)

    def ends(self, person: Responder) -> bool:
        """Note that somebody has gone off duty; tell whether they were alone all the time."""
        function, now = person.team.spec.function, self.clock.now
        if self.together_from[function] < now:
            self.together_until[function] = now
        if self._here(function) < 2:
            self.together_from[function] = inf
        return self.together_until[function] <= self.begun[person]

    def _here(self, function: str) -> int:
        return sum(team.on_duty for team in self.teams[function])
