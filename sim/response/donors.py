"""Donors: a unit asks when it is time, the donor decides in its own time, and what it gives comes later still.

Goods come into a depot as donations do, money into the funds. Help from abroad is a donor that decides and delivers
late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.response.applications import Application, Officers
from sim.response.errands import send
from sim.response.responders import NOBODY

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.donors import Asking, Donor


class Plea(NamedTuple):
    """One asking of a donor: what, by its number among what that donor is asked for, and how often before."""

    donor: str
    number: int
    nth: int
    asking: Asking

    @property
    def about(self) -> str:
        """What is asked for, in words."""
        return "+".join([*(["money"] if self.asking.amount is not None else []), *self.asking.items])


class Donors:
    """Ask, decide, and deliver."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.clock = model.clock
        self.specs = model.response.donors
        self.officers = {name: Officers(model, spec.officers) for name, spec in self.specs.items()}

    def begin(self) -> None:
        """Set the times of asking, look at the states, and draw the applications of others."""
        for name, spec in self.specs.items():
            for number, asking in enumerate(spec.asked):
                plea = Plea(name, number, 1, asking)
                if asking.at is None:
                    self.clock.call_later(0.0, self._look, plea)
                elif asking.at < self.model.spec.end_h:
                    self.clock.call_at(asking.at, self._look, plea)
            if spec.asked and spec.others_per_day > 0:
                self._others(name, spec)

    def _others(self, name: str, spec: Donor) -> None:
        """Let other communities ask: a Poisson process."""
        from scipy.special import log1p

        rate, end_h = spec.others_per_day / 24, self.model.spec.end_h
        nth = np.arange(int(rate * end_h + 10 * np.sqrt(rate * end_h + 1)) + 10)
        at = np.cumsum(-log1p(-self.model.chance.uniform(f"donor.others.{name}", nth)) / rate)
        lengths = spec.decides.quantile(self.model.chance.uniform(f"donor.others.decides.{name}", nth))
        here = nth[at < end_h]

        def apply(k: int) -> None:
            other = Application(name, "", "", self.clock.now)
            self.officers[name].apply(other, float(lengths[k]), _nobody_here, None)

        self.clock.feed(at[here].tolist(), apply, here.tolist())

    def _look(self, plea: Plea) -> None:
        if self.model.orders.over:  # nobody asks any more, and what was asked for still comes
            return
        if self._holds(plea.asking):
            self._ask(plea)
        else:
            self.clock.call_later(plea.asking.every, self._look, plea)

    def _holds(self, asking: Asking) -> bool:
        if asking.at is not None:
            return True
        if asking.funds_below is not None:
            return self.model.funds is not None and self.model.funds.balance < asking.funds_below
        return self.model.changes.holds(asking)

    def _luck(self, question: str, plea: Plea) -> float:
        return self.model.chance.one(f"donor.{question}.{plea.donor}", plea.number, plea.nth)

    def _ask(self, plea: Plea) -> None:
        """Let somebody of the unit write the application."""
        length_h = plea.asking.takes.at(self._luck("takes", plea))
        send(self.model, plea.asking.by, "application", length_h, self._asked, plea, NOBODY)

    def _asked(self, plea: Plea) -> None:
        model, asking = self.model, plea.asking
        application = Application(plea.donor, plea.about, asking.by, self.clock.now)
        model.outside.applications.append(application)
        model.tell("donor_asked", plea.donor, plea.about)
        length_h = self.specs[plea.donor].decides.at(self._luck("decides", plea))
        self.officers[plea.donor].apply(application, length_h, self._decided, (plea, application))

    def _decided(self, turn: tuple[Plea, Application]) -> None:
        plea, application = turn
        spec = self.specs[plea.donor]
        given = self._luck("gives", plea) < spec.gives
        application.answer(self.clock.now, given=given)
        self.model.tell("donor_gives" if given else "donor_declines", plea.donor, plea.about)
        if given:
            delay_h = spec.delivers.at(self._luck("delivers", plea)) if spec.delivers is not None else 0.0
            self.clock.call_later(delay_h, self._comes, turn)
        else:
            self._again(plea)

    def _comes(self, turn: tuple[Plea, Application]) -> None:
        """Receive what was given."""
        plea, application = turn
        model, asking = self.model, plea.asking
        application.arrived_h = self.clock.now
        model.tell("donation", plea.donor, plea.about)
        if asking.amount is not None and model.funds is not None:
            model.funds.receive(asking.amount)
        if asking.to is not None:
            depot = next(depot for depot in model.depots.depots if depot.name == asking.to)
            model.depots.gifts.receive(depot, asking.items)
        self._again(plea)

    def _again(self, plea: Plea) -> None:
        if plea.asking.again is not None:
            self.clock.call_later(plea.asking.again, self._look, plea._replace(nth=plea.nth + 1))


def _nobody_here(_nothing: None) -> None:
    """Another community has its answer; here it has only made others wait."""
