"""A task for anybody of a unit: at its desk where it has one, else by the next of its people who is free."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim.response.labour import Job
from sim.response.responders import Responder

if TYPE_CHECKING:
    from sim.model import CrisisModel


def send(
    model: CrisisModel,
    unit: str,
    kind: str,
    length_h: float,
    done: Callable[[Any], object],
    argument: Any,
    need: int,
    begun: Callable[[Any], object] | None = None,
) -> None:
    """Ask a unit for a task; ``done(argument)`` is called when somebody has had time for it, ``begun`` before it."""
    team = model.teams[unit]
    if team.office is not None and unit in model.at_desk:
        team.office.add(kind, length_h, done, argument, need, begun=begun)
    else:
        model.labour.ask(team, Errand(model, kind, length_h, done, argument, begun))


class Errand(Job):
    """One task by somebody who is otherwise on visits."""

    without_kit = True

    def __init__(
        self,
        model: CrisisModel,
        kind: str,
        length_h: float,
        done: Callable[[Any], object],
        argument: Any,
        begun: Callable[[Any], object] | None = None,
    ) -> None:
        self.model = model
        self.kind = kind
        self.length_h = length_h
        self.done = done
        self.argument = argument
        self.begun = begun

    def joined(self, responder: Responder) -> None:
        """Do it."""
        if self.begun is not None:
            self.begun(self.argument)
        self.model.clock.call_later(self.length_h, self._over, responder)

    def _over(self, responder: Responder) -> None:
        self.model.labour.free(responder)
        self.done(self.argument)

    def relieve(self, responder: Responder) -> None:
        """Finish it first."""
