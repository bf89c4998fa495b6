"""What is sent to other communities: people, goods out of a store, money out of the funds, advice and teaching."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.response.errands import send
from sim.response.responders import NOBODY, Team

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.outside_support import Sending


def send_out(model: CrisisModel, team: Team, sending: Sending) -> None:
    """Send what is to be sent; goods and money when somebody of the unit has had time for it."""
    model.roster.coming.lend(team, sending)
    turn = team, sending
    if sending.takes is None:
        _leaves((model, *turn))
    else:
        length_h = sending.takes.at(model.chance.one(f"sends.{team.name}", team.spec.sends.index(sending)))
        send(model, team.name, "support", length_h, _leaves, (model, *turn), NOBODY)


def _leaves(turn: tuple[CrisisModel, Team, Sending]) -> None:
    """Take goods and money out, each where there is enough of it; what is kept for the staff stays."""
    model, team, sending = turn
    for item, amount in sending.items.items():
        there = model.stores.draw({item: amount}, "sent", household=True)
        model.tell("goods_sent" if there else "not_sent", team.name, f"{amount} {item}")
    if sending.amount is not None and model.funds is not None:
        there = model.funds.send(sending.amount)
        model.tell("money_sent" if there else "not_sent", team.name, f"{sending.amount:g}")
