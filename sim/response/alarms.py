"""Reports of suspicion: each passes through the checks of the card, in the time of those who check, and is confirmed.

Most reports are false alarms. What they cost is the time of the doctor on the telephone, of the people in protective
clothing at the door, and of the service that confirms; each check recognises some of them, and may miss a true case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.response.labour import Job
from sim.response.responders import Responder

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.card import Check


class Alarms:
    """Take reports through the checks."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        plan = model.response.plan
        self.taken: list[tuple[int, float]] = []
        """(resident, when) of each report taken."""
        self.checks: tuple[Check, ...] = plan.card.checks if plan is not None else ()

    def begin(self) -> None:
        """Set the moments of all reports: of those who have symptoms, and of those who only think so."""
        if not self.checks:
            return
        clock, end_h = self.model.clock, self.model.spec.end_h
        for time, who in self.model.positives.reports:
            if time < end_h:
                clock.call_at(time, self.report, who)
        for time, who in self._false(end_h):
            clock.call_at(time, self.report, who)

    def _false(self, end_h: float) -> list[tuple[float, int]]:
        from scipy.special import log1p

        spec = self.model.world.false_reports
        if spec is None or spec.per_day <= 0:
            return []
        until = min(spec.until if spec.until is not None else end_h, end_h)
        found: list[tuple[float, int]] = []
        time = 0.0
        while spec.most is None or len(found) < spec.most:
            nth = len(found)
            time += float(-log1p(-self.model.chance.one("false_report.gap", nth))) * 24 / spec.per_day
            if time >= until:
                break
            who = int(self.model.chance.one("false_report.who", nth) * self.model.population.size)
            found.append((time, who))
        return found

    def report(self, who: int) -> None:
        """Take the report of somebody who has symptoms, or thinks so; without checks nobody takes any."""
        if not self.checks or who in self.model.positives.confirmed:
            return
        self.taken.append((who, self.model.clock.now))
        self.model.tell("reported", str(who))
        self._check((who, 0))

    def _check(self, report: tuple[int, int]) -> None:
        """Begin the next check of a report, or confirm it."""
        who, number = report
        if number == len(self.checks):
            self.model.positives.confirm(who, "checks")
            return
        check = self.checks[number]
        if check.unit is not None:
            CheckJob(self, report, check).begin()
        else:
            uniform = self.model.chance.one("check.takes", *report)
            length_h = check.takes.at(uniform)
            self.model.clock.call_later(length_h, self._call, report)

    def _call(self, report: tuple[int, int]) -> None:
        who, number = report
        service = self.checks[number].service
        assert service is not None
        self.model.outside.request(service, int(self.model.population.building[who]), self.checked, report)

    def checked(self, report: tuple[int, int]) -> None:
        """Decide what a check has found."""
        who, number = report
        check = self.checks[number]
        uniform = self.model.chance.one("check.finds", who, number)
        if self.model.positives.infected(who, self.model.clock.now):
            sent_away = uniform < check.misses
        else:
            sent_away = uniform < check.clears
        if sent_away:
            self.model.tell("cleared", str(who), number + 1)
        else:
            self._check((who, number + 1))


class CheckJob(Job):
    """One check by one person."""

    def __init__(self, alarms: Alarms, report: tuple[int, int], check: Check) -> None:
        self.alarms = alarms
        self.model = alarms.model
        self.report = report
        self.check = check
        self.kind = "check"
        self.goes_by = ("check",)
        self.without_kit = not check.materials

    def begin(self) -> None:
        """Ask for somebody."""
        assert self.check.unit is not None
        self.model.labour.ask(self.model.teams[self.check.unit], self)

    def joined(self, responder: Responder) -> None:
        """Fetch what it takes, and check."""
        self.model.stores.want(self.check.materials, "step", self._go, responder)

    def _go(self, responder: Responder) -> None:
        uniform = self.model.chance.one("check.takes", *self.report)
        length_h = self.check.takes.at(uniform)
        self.model.clock.call_later(length_h, self._done, responder)

    def _done(self, responder: Responder) -> None:
        self.model.labour.free(responder)
        self.alarms.checked(self.report)

    def relieve(self, responder: Responder) -> None:
        """Stay until the check is done."""
