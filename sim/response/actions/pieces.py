"""Steps done piece by piece by whoever is there: notices, kits handed out, calls, bookings, tracing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.response.actions.base import StepJob
from sim.response.responders import Responder

if TYPE_CHECKING:
    from sim.response.orders import Order, Orders
    from sim.spec.card import Step


class OneByOne(StepJob):
    """Pieces of work done one at a time by whoever is there; a subclass makes the list and says what each changes."""

    def __init__(self, orders: Orders, order: Order, step: Step) -> None:
        super().__init__(orders, order, step)
        self.pieces: list[Any] = []
        self.made = 0
        self.by_desk = 0
        """Pieces that wait at a desk, or are in hand there."""

    def start(self) -> None:
        """Make the list; people at a desk work it off between their other tasks."""
        self.pieces = self.list_pieces()
        if not self.pieces:
            self.nothing_left()
        elif self.at_desk():
            assert self.order.team is not None
            assert self.order.team.office is not None
            pieces, self.pieces = self.pieces, []
            for piece in pieces:
                self.by_desk += 1
                self.order.team.office.add(self.kind, self._length(), self._made_at_desk, piece)

    def stand_down(self) -> None:
        """Give up what is left, also what waits at a desk."""
        super().stand_down()
        if self.over and self.by_desk:
            assert self.order.team is not None
            assert self.order.team.office is not None
            self.order.team.office.withdraw(self._made_at_desk)

    def _made_at_desk(self, piece: Any) -> None:
        self.by_desk -= 1
        if self.over:
            return
        self.effect(piece)
        if not self.over and not self.by_desk:
            self.nothing_left()

    def _length(self) -> float:
        """Return how long the next piece takes."""
        self.made += 1
        does: Any = self.step.does
        law = does.takes if hasattr(does, "takes") else does.each
        uniform = self.model.chance.one(f"step.{self.order.step}.piece", self.order.nth, self.made)
        return law.at(uniform)

    def work(self, responder: Responder) -> None:
        """Take the next piece."""
        if not self.pieces:
            return
        piece = self.hands[responder] = self.pieces.pop(0)
        self.clock.call_later(self._length(), self._made, (responder, piece))

    def _made(self, work: tuple[Responder, Any]) -> None:
        responder, piece = work
        del self.hands[responder]
        self.effect(piece)
        if responder.job is not self:  # the piece itself has sent them home: a tracer who turns out to be a contact
            pass
        elif responder not in self.people:  # the step is over, or its people are let go
            self.model.labour.free(responder)
        elif responder in self.going:
            self.going.discard(responder)
            self.leave(responder)
        else:
            self.work(responder)
        if not self.over and not self.pieces and not self.hands:
            self.nothing_left()

    def nothing_left(self) -> None:
        """Be done when the list is."""
        self.finish()

    def list_pieces(self) -> list[Any]:
        """Return the pieces of work."""
        return [None]

    def effect(self, piece: Any) -> None:
        """Change what a piece changes."""


class Notifying(OneByOne):
    """Write and post a notice; where one voice is wanted, the commander approves it first."""

    without_kit = True

    def list_pieces(self) -> list[Any]:
        """One notice a channel."""
        return list(self.step.does.channels)  # type: ignore[union-attr]

    def effect(self, piece: Any) -> None:
        """Post it."""
        does: Any = self.step.does
        information = self.model.information
        if information is not None:
            information.post(self.order.team, does.topic, piece, self.model.cordon.choose(does.buildings))


class HandingOut(OneByOne):
    """Hand out kits, one person after the other."""

    without_kit = True

    def list_pieces(self) -> list[Any]:
        """Return who is still without."""
        does: Any = self.step.does
        units = does.units or tuple(name for name, team in self.model.teams.items() if team.spec.kit)
        return [person for name in units for person in self.model.teams[name].people if person.on_duty]

    def effect(self, piece: Any) -> None:
        """Give somebody their kit, as far as the stores have it."""
        self.model.kits.hand_out(piece)

    def nothing_left(self) -> None:
        """From now on the stores are open to whoever comes on duty."""
        self.model.kits.open(self.step.does.units)  # type: ignore[union-attr]
        self.finish()


class Calling(OneByOne):
    """Call an outside service; done when it is there."""

    without_kit = True

    def start(self) -> None:
        """Look the number up first, where the card leaves it blank."""
        does: Any = self.step.does
        card = self.orders.card
        assert card is not None
        known = any(help_.service == does.service and help_.number for help_ in card.outside_help.values())
        if known or does.service in self.orders.known_contacts:
            super().start()
        else:
            self.orders.known_contacts.add(does.service)
            self.ready = False
            self.orders.look_up(self._found, self.order)

    def _found(self, _order: Order) -> None:
        if not self.over:
            self.ready = True
            super().start()
            for responder in list(self.people):
                self.work(responder)

    def effect(self, _piece: Any) -> None:
        """Wait for the service."""
        does: Any = self.step.does
        self.model.outside.request(does.service, None, self._there, None)

    def _there(self, _nothing: None) -> None:
        if not self.over:
            self.finish()

    def nothing_left(self) -> None:
        """Let the callers go: the call is made, the service not there."""
        self.dismiss()


class Booking(Calling):
    """Ask for a unit from outside; done when its people are there."""

    def start(self) -> None:
        """Call at once."""
        OneByOne.start(self)

    def effect(self, _piece: Any) -> None:
        """Wait for the people."""
        does: Any = self.step.does
        self.model.roster.coming.book(self.model.teams[does.unit], self._there)


class Tracing(OneByOne):
    """Find the contacts of those confirmed positive and not yet traced."""

    lists_residents = True

    def list_pieces(self) -> list[Any]:
        """Return whom to trace."""
        return self.model.positives.untraced()

    def effect(self, piece: Any) -> None:
        """Put their contacts on the list."""
        self.model.positives.trace(piece)
