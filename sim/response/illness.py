"""Falling ill: who stays at home, who reports, and which needs that leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.world.epidemic import by_age, vaccinated

if TYPE_CHECKING:
    from sim.response.infections import Infections
    from sim.spec.epidemic import Symptoms


class Illness:
    """Decide who of the infected falls ill, and what they do."""

    def __init__(self, infections: Infections, spec: Symptoms) -> None:
        self.infections = infections
        self.model = model = infections.model
        self.spec = spec
        population = model.population
        self.share = by_age(population, spec.share, dict(spec.by_age))
        vaccination = infections.spec.vaccination
        if vaccination is not None:
            self.share[vaccinated(infections.spec, population, model.chance)] *= 1 - vaccination.milder
        self.at_home: set[int] = set()
        """Rows of those who stay at home because they are ill."""
        self.since: dict[tuple[int, int], float] = {}
        """When symptoms began, by (row, episode)."""

    def infected(self, row: int, episode: int, begin_h: float, until_h: float) -> None:
        """Decide whether somebody falls ill, and set the moment."""
        chance, clock = self.model.chance, self.model.clock
        share = self.share[row] if row < self.share.size else self.spec.share
        if chance.one("epidemic.ill", row, episode) >= share:
            self.infections.states.infectivity[row] = self.spec.without
            return
        ill_h = begin_h + self.spec.after.at(chance.one("epidemic.ill.after", row, episode))
        if ill_h < self.model.spec.end_h:
            clock.call_at(max(ill_h, clock.now), self._falls_ill, (row, episode, until_h))

    def _falls_ill(self, turn: tuple[int, int, float]) -> None:
        row, episode, until_h = turn
        model, chance = self.model, self.model.chance
        self.since[row, episode] = now = model.clock.now
        if until_h > now and chance.one("epidemic.stays", row, episode) < self.spec.stays_home:
            self.at_home.add(row)
            self.infections.mix([row])
            for person in self.infections.workers.get(row, ()):
                model.tell("ill", str(person.number), person.team.name)
                model.roster.coming.leave_for(person, until_h - now)
            if until_h < model.spec.end_h:
                model.clock.call_at(until_h, self._well, row)
        if row < model.population.size:
            for need, delay_h in model.illness_leads.get(row, ()) if episode == 1 else ():
                model.clock.call_later(delay_h, self._needs, need)
            if chance.one("epidemic.reports", row, episode) < self.spec.reports:
                model.alarms.report(row)

    def _needs(self, need: int) -> None:
        """Let a need begin that falling ill has led to."""
        now = self.model.clock.now
        self.model.book.onset[need] = now
        self.model.requests.begins(need, now)

    def _well(self, row: int) -> None:
        self.at_home.discard(row)
        self.infections.mix([row])
