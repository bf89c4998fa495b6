"""How well a visit is done: who came, whether they can do it, and what strain or advice makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.response.responders import Responder

if TYPE_CHECKING:
    from sim.model import CrisisModel


class Quality:
    """Say by what a visit takes longer, and whether it goes wrong."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.book = model.book
        self.guided: set[int] = set()
        """Needs about which a supervisor has been asked: the next visit does not go wrong."""

    def _able(self, need: int, responder: Responder) -> bool:
        skill = self.book.specs[self.book.need_type[need]].skill
        return skill is None or skill in responder.skills

    def slower(self, need: int, responder: Responder) -> float:
        """Return the factor on the length of a visit."""
        factor = self.model.strains.slower(responder) if self.model.strains is not None else 1.0
        unskilled = self.book.specs[self.book.need_type[need]].without_skill
        if unskilled is not None and not self._able(need, responder):
            factor *= unskilled.slower
        return factor

    def goes_wrong(self, need: int, responder: Responder) -> bool:
        """Tell whether a visit goes wrong; not the one after a supervisor has been asked."""
        errors = responder.team.spec.errors
        unskilled = self.book.specs[self.book.need_type[need]].without_skill
        if unskilled is not None and not self._able(need, responder):
            errors = 1 - (1 - errors) * (1 - unskilled.errors)
        recruitment = responder.team.spec.recruitment
        if responder.unfit and recruitment is not None:
            errors = 1 - (1 - errors) * (1 - recruitment.unfit_errors)
        if self.model.strains is not None:
            errors = 1 - (1 - errors) * (1 - self.model.strains.errors(responder))
        if need in self.guided:
            self.guided.discard(need)
            return False
        return errors > 0 and self.book.uniform("error", need, responder.attempt) < errors
