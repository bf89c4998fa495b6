"""Money: hours of paid people and ordered goods are paid for, and while there is nothing left neither comes.

Hours of a shift are paid when it ends, those of people around the clock once a day, and they go home when nothing is
left then. Goods are paid when they are ordered, and a delivery that fails is paid back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.records.buffers import RowBuffer
from sim.response.responders import Responder, Team

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.outside_support import Funds as Spec
    from sim.spec.outside_support import Grant

DAY_H = 24.0
KINDS = ("opening", "grant", "wages", "goods", "preparation", "sent", "refund")
OPENING, GRANT, WAGES, GOODS, PREPARATION, SENT, REFUND = range(len(KINDS))


class Funds:
    """Keep the balance."""

    def __init__(self, model: CrisisModel, spec: Spec) -> None:
        self.model = model
        self.spec = spec
        self.balance = 0.0
        self.rows = RowBuffer(4)
        model.moments.shift_ended.append(self._shift_ended)

    def begin(self) -> None:
        """Open the account, and set the moments of grants."""
        self._book(OPENING, self.spec.opening)
        for measure in self.model.measures.values():
            if measure.cost:
                self._book(PREPARATION, -measure.cost)
        self.model.clock.call_later(DAY_H, self._pay_day)
        for grant in self.spec.grants:
            if grant.at < self.model.spec.end_h:
                self.model.clock.call_at(grant.at, self._granted, grant)

    def _book(self, kind: int, amount: float) -> None:
        self.balance += amount
        self.rows.rows.extend((self.model.clock.now, kind, amount, self.balance))

    def _granted(self, grant: Grant) -> None:
        self.receive(grant.amount)

    def send(self, amount: float) -> bool:
        """Send money to others, if there is enough."""
        if amount > self.balance:
            return False
        self._book(SENT, -amount)
        return True

    def receive(self, amount: float, kind: int = GRANT) -> None:
        """Have money come in: what was missed is ordered, and people come who were not paid."""
        self._book(kind, amount)
        self.model.depots.order_again()
        for team in self.model.teams.values():
            if team.spec.shift is None:
                self.model.roster.fill(team)

    def can_pay(self, team: Team) -> bool:
        """Tell whether people of a team can be paid for another shift."""
        return not team.spec.cost_per_h or self.balance > 0

    def buy(self, cost: float) -> bool:
        """Pay for goods, if there is enough."""
        if cost > 0 and cost > self.balance:
            return False
        if cost > 0:
            self._book(GOODS, -cost)
        return True

    def refund(self, cost: float) -> None:
        """Get money back for goods that did not come."""
        if cost > 0:
            self.receive(cost, REFUND)

    def _pay_day(self, _nothing: None) -> None:
        """Pay those who work around the clock; with nothing left, they go when the work in hand is done."""
        self.model.clock.call_later(DAY_H, self._pay_day)
        around_the_clock = [p for p in self.model.people if p.on_duty and p.team.spec.shift is None]
        for person in around_the_clock:
            self._shift_ended(person)
        for person in around_the_clock:
            if person.on_duty and not self.can_pay(person.team):
                person.rostered_until = min(person.rostered_until, self.model.clock.now)
                self.model.roster.go_off_duty(person)

    def finish(self) -> None:
        """Pay everybody who is on duty when the run ends."""
        for person in self.model.people:
            if person.on_duty:
                self._shift_ended(person)

    def _shift_ended(self, person: Responder) -> None:
        """Pay for the hours on duty since the last time."""
        cost, now = person.team.spec.cost_per_h, self.model.clock.now
        if cost and now > person.paid_until_h:
            self._book(WAGES, -cost * (now - person.paid_until_h))
            person.paid_until_h = now
