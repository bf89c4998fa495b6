"""Detectors while the clock runs: they look, somebody judges, an alarm is raised and taken back.

What is counted are cases as they were reported: at each look those of a window that ended a lag ago. Whether a case is
passed on belongs to the case, so that two detectors of one sensitivity see the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.response.errands import send
from sim.response.responders import NOBODY
from sim.spec.local_hazards import Local, Poisoning

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.early_warning import Detector

NAN = float("nan")
EPIDEMIC = "epidemic"


@dataclass
class Alarm:
    """One alarm of a detector; ``cleared_h`` is NaN while it lasts."""

    detector: str
    raised_h: float
    seen: float
    cleared_h: float = NAN


class EarlyWarning:
    """Look for what the detectors are to see."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.clock = model.clock
        self.detectors = model.response.early_warning
        self.alarms: list[Alarm] = []
        self.on: dict[str, Alarm] = {}
        """The alarm that lasts now, by detector."""
        self.asked: set[str] = set()
        """Detectors whose look waits for somebody."""
        self.last: dict[str, float] = {}
        """When each detector last saw too much."""
        self._passed_on: dict[str, npt.NDArray[np.bool_]] = {}

    def begin(self) -> None:
        """Begin to look."""
        for name, detector in self.detectors.items():
            if detector.sees.needs:
                demand = self.model.demand
                luck = self.model.chance.uniform("early_warning.need", demand.resident, demand.nth, demand.need_type)
                kinds = [demand.type_names.index(need) for need in detector.sees.needs]
                self._passed_on[name] = np.isin(demand.need_type, kinds) & (luck < detector.sensitivity)
            self.clock.call_later(detector.every, self._look, name)

    def raised(self, name: str) -> bool:
        """Tell whether a detector's alarm is raised now."""
        return name in self.on

    def _look(self, name: str) -> None:
        detector = self.detectors[name]
        self.clock.call_later(detector.every, self._look, name)
        if detector.by is None or detector.takes is None:
            self._judge(name)
            return
        if name in self.asked:  # the last look has not been taken yet
            return
        self.asked.add(name)
        nth = round(self.clock.now / detector.every)
        length_h = detector.takes.at(self.model.chance.one(f"early_warning.{name}.takes", nth))
        send(self.model, detector.by, "early_warning", length_h, self._judge, name, NOBODY)

    def _seen(self, name: str, detector: Detector) -> float:
        """Return what a detector counts or reads at this look."""
        until = self.clock.now - detector.lag
        since = until - detector.window
        if detector.sees.needs:
            request = self.model.book.request_h
            return float((self._passed_on[name] & (request > since) & (request <= until)).sum())
        if detector.sees.gauge is not None:
            return self._reading(detector.sees.gauge, until)
        cases = self.model.alarms.taken if detector.sees.reports else list(self.model.positives.confirmed.items())
        return float(sum(self._heard_of(who, time, detector) for who, time in cases if since < time <= until))

    def _heard_of(self, who: int, time_h: float, detector: Detector) -> bool:
        """Tell whether a case is passed on."""
        return self.model.chance.one("early_warning.case", who, round(time_h * 3600)) < detector.sensitivity

    def _reading(self, hazard: str, time_h: float) -> float:
        """Return what a gauge shows of the time that its lead is ahead."""
        from scipy.special import ndtri

        spec = self.model.world.hazards[hazard]
        assert isinstance(spec, Local)
        assert spec.precursor is not None
        times, values = zip(*spec.points(), strict=True)
        value = float(np.interp(time_h + spec.precursor.lead, times, values))
        luck = float(ndtri(self.model.chance.one(f"hazard.{hazard}.gauge", round(time_h * 60))))
        return value * (1 + spec.precursor.error * luck)

    def _judge(self, name: str) -> None:
        """See what there is to see now."""
        self.asked.discard(name)
        detector, now = self.detectors[name], self.clock.now
        seen = self._seen(name, detector)
        if seen > detector.over:
            self.last[name] = now
            if name not in self.on:
                self._raise(name, seen)
        elif name in self.on and now - self.last[name] >= detector.clears_after:
            self._clear(name)

    def _raise(self, name: str, seen: float) -> None:
        model = self.model
        self.on[name] = Alarm(name, self.clock.now, seen)
        self.alarms.append(self.on[name])
        model.tell("alarm", name, f"{seen:g}")
        model.changes.happened("alarm", name)
        model.orders.triggers.noticed()
        model.phases.noticed()

    def _clear(self, name: str) -> None:
        alarm = self.on.pop(name)
        alarm.cleared_h = self.clock.now
        self.model.tell("all_clear", name)
        self.model.changes.happened("all_clear", name)
        if self.came(alarm) is False and self.model.attitudes is not None:
            for resident in range(self.model.population.size):
                self.model.attitudes.happen(resident, "false_alarm")

    # -- the truth, which no detector knows -------------------------------------------------------------------------

    def _there(self, detector: str) -> list[tuple[float, float]]:
        """Return the spells in which that of which a detector warns is there."""
        warns_of, end_h = self.detectors[detector].warns_of, self.model.spec.end_h
        if warns_of == EPIDEMIC:
            infections = self.model.infections
            first = min(infections.first_h.values(), default=inf) if infections is not None else inf
            return [(first, inf)] if first < inf else []
        hazard = self.model.world.hazards[warns_of or ""]
        if isinstance(hazard, Local):
            spells = self.model.rates.strengths[warns_of or ""].levels.above(0.0, end_h).values()
            return sorted({spell for times in spells for spell in times})
        if isinstance(hazard, Poisoning):
            return [(hazard.at, inf)]
        return [(hazard.begins, hazard.ends if hazard.ends is not None else inf)]

    def began_h(self, detector: str) -> float:
        """Return when that of which a detector warns began; infinite for never, NaN where nobody said what that is."""
        if self.detectors[detector].warns_of is None:
            return NAN
        return min((begin for begin, _ in self._there(detector)), default=inf)

    def came(self, alarm: Alarm) -> bool | None:
        """Tell whether that of which an alarm warns was there while it lasted; None where nobody said what that is."""
        if self.detectors[alarm.detector].warns_of is None:
            return None
        until = alarm.cleared_h if alarm.cleared_h == alarm.cleared_h else self.model.spec.end_h
        return any(begin <= until and end >= alarm.raised_h for begin, end in self._there(alarm.detector))
