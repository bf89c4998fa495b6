"""What each action of the card does, by its name; see ``sim.spec.actions`` for what may be said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.registry import Registry
from sim.response.actions.base import StepJob
from sim.response.actions.doors import Rounds
from sim.response.actions.effects import Cordoning, Repairing, Screening, SettingUp
from sim.response.actions.kept import Manning, Patrolling
from sim.response.actions.pieces import Booking, Calling, HandingOut, Notifying, Tracing
from sim.response.actions.work import AtOnce, SharedWork

if TYPE_CHECKING:
    from sim.response.orders import Order, Orders
    from sim.spec.card import Step

ACTIONS: Registry[type[StepJob]] = Registry("action")
for _name, _job in {
    "declare": AtOnce,
    "stand_down": AtOnce,
    "work": SharedWork,
    "man": Manning,
    "doors": Rounds,
    "notify": Notifying,
    "patrol": Patrolling,
    "cordon": Cordoning,
    "set_up": SettingUp,
    "screen": Screening,
    "book": Booking,
    "issue": HandingOut,
    "call": Calling,
    "repair": Repairing,
    "trace": Tracing,
}.items():
    ACTIONS.add(_name, _job)


def job_of(orders: Orders, order: Order, step: Step) -> StepJob:
    """Return the work of an order."""
    return ACTIONS[step.does.action if step.does is not None else "declare"](orders, order, step)
