"""Outside services: a call, their own queue and delay, the way in, and the help that begins when they are there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.response.applications import Application
    from sim.spec.support import Service

Request = tuple[int, "int | None", Callable[[Any], object], Any]


class Outside:
    """Answer calls, each service with its own crews and luck."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.calls: dict[str, int] = {}
        self.busy: dict[str, int] = {}
        self.queue: dict[str, deque[Request]] = {}
        self.applications: list[Application] = []
        """What authorities, donors and experts have been asked for, in the order of asking."""

    def request(self, name: str, building: int | None, there: Callable[[Any], object], argument: Any) -> None:
        """Ask a service to come; ``there(argument)`` is called when it is."""
        nth = self.calls[name] = self.calls.get(name, 0) + 1
        self.model.tell("outside_called", name, "" if building is None else self._building(building))
        request = nth, building, there, argument
        spec = self._spec(name)
        if spec.crews is not None and self.busy.get(name, 0) >= spec.crews:
            self.queue.setdefault(name, deque()).append(request)
        else:
            self._set_out(name, request)

    def _spec(self, name: str) -> Service:
        return self.model.response.outside[name]

    def _building(self, building: int) -> str:
        return self.model.population.building_names[building]

    def _set_out(self, name: str, request: Request) -> None:
        self.busy[name] = self.busy.get(name, 0) + 1
        delay_h = self._spec(name).delay.at(self.model.chance.one(f"outside.{name}", request[0]))
        self.model.clock.call_later(delay_h, self._at_gate, (name, request))

    def _at_gate(self, call: tuple[str, Request]) -> None:
        name, (_, building, _, _) = call
        if self._spec(name).by_road and building is not None:
            hazards = self.model.local_hazards
            if hazards is not None and building in hazards.ways.cut:
                hazards.ways.pass_way(building, self._at_gate, call)
                return
            self.model.outages.pass_lane(building, self._there, call)
        else:
            self._there(call)

    def _there(self, call: tuple[str, Request]) -> None:
        name, (nth, building, there, argument) = call
        spec = self._spec(name)
        self.model.tell("outside_there", name, "" if building is None else self._building(building))
        if spec.busy is None:
            self.busy[name] -= 1
        else:
            uniform = self.model.chance.one(f"outside.{name}.busy", nth)
            self.model.clock.call_later(spec.busy.at(uniform), self._free, name)
        there(argument)

    def _free(self, name: str) -> None:
        self.busy[name] -= 1
        waiting = self.queue.get(name)
        if waiting:
            self._set_out(name, waiting.popleft())
