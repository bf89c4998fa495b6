"""Steps that change something when their work is done: cordons, sites, repairs, rounds called."""

from __future__ import annotations

from typing import Any

from sim.response.actions.base import StepJob
from sim.response.actions.work import SharedWork
from sim.response.responders import Responder


class Cordoning(SharedWork):
    """Close buildings, or open them again."""

    keeps_materials = True

    def start(self) -> None:
        """Choose the buildings."""
        self.buildings = self.model.cordon.choose(self.step.does.buildings)  # type: ignore[union-attr]
        super().start()

    def person_hours(self) -> float:
        """Return the work at all buildings."""
        return self.step.does.person_hours_each * len(self.buildings)  # type: ignore[union-attr]

    def effect(self) -> None:
        """Move the cordon."""
        if self.step.does.lift:  # type: ignore[union-attr]
            self.model.cordon.lift(self.buildings)
        else:
            self.model.cordon.close(self.buildings)


class SettingUp(SharedWork):
    """Build a site."""

    keeps_materials = True

    def effect(self) -> None:
        """Open it."""
        self.model.sites[self.step.does.site].set_up()  # type: ignore[union-attr]


class Repairing(SharedWork):
    """End an outage."""

    def effect(self) -> None:
        """Put it right."""
        self.model.outages.repaired(self.step.does.outage)  # type: ignore[union-attr]


class Screening(StepJob):
    """Call a round of residents to a site; done when everybody has come or been looked for."""

    def start(self) -> None:
        """Call the round."""
        does: Any = self.step.does
        rounds = self.model.sites[does.site].rounds
        team = self.order.team
        assert rounds is not None
        assert team is not None
        rounds.call(self.model.cordon.choose(does.buildings), self._over, team.name)

    def work(self, responder: Responder) -> None:
        """Keep the list of who has come."""

    def _over(self, _nothing: None) -> None:
        if not self.over:
            self.finish()
