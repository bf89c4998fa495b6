"""Who is positive, by the epidemic or by a script, what is found of it, and whom the positive have met.

What the response knows is only what it has confirmed, by the checks of a report, by a laboratory, or by a self-test
that somebody reports.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.spec.support import Tracing


class Positives:
    """Keep who is infected, who is confirmed, and who has been traced as a contact."""

    def __init__(self, model: CrisisModel) -> None:
        self.model = model
        self.spells: dict[int, list[tuple[float, float]]] = {}
        self.reports: list[tuple[float, int]] = []
        """(time, resident) of those who notice symptoms."""
        for number, entry in enumerate(model.world.positives):
            for who in self._residents(number):
                end = entry.ends if entry.ends is not None else inf
                self.spells.setdefault(who, []).append((entry.begins, end))
                if entry.symptoms is not None:
                    self.reports.append((entry.symptoms, who))
        self.confirmed: dict[int, float] = {}
        """When each was confirmed last."""
        self.confirmations: dict[int, list[float]] = {}
        self.traced: set[int] = set()
        self.contacts: set[int] = set()

    def _residents(self, number: int) -> list[int]:
        """Return whom an entry of the script is about: drawn by the lowest keyed uniforms of those it may be."""
        model = self.model
        entry = model.world.positives[number]
        if entry.resident is not None:
            return [entry.resident] if entry.resident < model.population.size else []
        who = np.arange(model.population.size)
        if entry.building is not None:
            place = model.population.building_names.index(entry.building)
            who = who[model.population.building == place]
        luck = model.chance.uniform("positive", number, who) if who.size else np.empty(0)
        chosen: list[int] = who[np.argsort(luck, kind="stable")[: entry.count]].tolist()
        return chosen

    @property
    def confirmed_count(self) -> int:
        """How many are confirmed."""
        return len(self.confirmed)

    def infected(self, resident: int, time_h: float) -> bool:
        """Tell whether a sample that somebody gives at a time, which is now, is positive."""
        infections = self.model.infections
        if infections is not None and infections.shows(resident):
            return True
        return any(begin <= time_h < end for begin, end in self.spells.get(resident, ()))

    def found(self) -> dict[str, int]:
        """Return how many residents have been infected, and how many of them are confirmed."""
        infected = {who: spells[0][0] for who, spells in self.spells.items()}
        if self.model.infections is not None:
            residents, first_h = self.model.population.size, self.model.infections.first_h
            infected |= {row: time for row, time in first_h.items() if row < residents}
        found = sum(self.confirmed.get(who, -1.0) >= since for who, since in infected.items())
        return {"infected": len(infected), "infected_confirmed": found}

    def confirm(self, resident: int, how: str) -> None:
        """Write down a confirmed positive; once a person and infection."""
        if resident in self.confirmed and not self._infected_again(resident):
            return
        self.confirmed[resident] = self.model.clock.now
        self.confirmations.setdefault(resident, []).append(self.model.clock.now)
        self.model.tell("confirmed", str(resident), how)
        if self.model.isolation is not None:
            self.model.isolation.confirmed(resident)
        self.model.orders.set_level()
        self.model.orders.triggers.noticed()
        self.model.phases.noticed()

    def _infected_again(self, resident: int) -> bool:
        """Tell whether somebody has recovered and been infected since they were confirmed."""
        infections = self.model.infections
        if infections is None or infections.episodes.get(resident, 0) < 2:
            return False
        return infections.latest_h[resident] > self.confirmed[resident]

    def self_tests(self, household: int, reported: float, sensitivity: float, nth: int) -> None:
        """Let a household test itself; positives are confirmed as far as they show and are reported."""
        chance, now = self.model.chance, self.model.clock.now
        for who in self.model.homes.of(household):
            shows = self.infected(who, now) and chance.one("antigen.shows", who, nth) < sensitivity
            if shows and chance.one("antigen.reported", who, nth) < reported:
                self.confirm(who, "self-test")

    # -- contacts ---------------------------------------------------------------------------------------------------

    def untraced(self) -> list[int]:
        """Return the confirmed whose contacts have not been asked for."""
        return [who for who in self.confirmed if who not in self.traced]

    def trace(self, who: int) -> None:
        """Put the contacts of a positive on the list: household, building, and who queued with them at a site."""
        model = self.model
        spec: Tracing | None = model.response.tracing
        if spec is None or who in self.traced:
            return
        self.traced.add(who)
        population = model.population
        found: set[int] = set()
        if spec.household > 0:
            family = np.array(model.homes.of(int(population.household[who])), np.int64)
            found.update(family[model.chance.uniform("tracing.household", who, family) < spec.household].tolist())
        if spec.building > 0:
            same = np.flatnonzero(population.building == population.building[who])
            luck = model.chance.uniform("tracing.building", who, same)
            found.update(same[luck < spec.building].tolist())
        if spec.site_within > 0:
            met = np.array(sorted(self._met_at_sites(who, spec.site_within)), np.int64)
            if met.size:
                found.update(met[model.chance.uniform("tracing.recalled", who, met) < spec.recalled].tolist())
        found.discard(who)
        fresh = found - self.contacts - set(self.confirmed)
        self.contacts |= fresh
        model.tell("traced", str(who), len(fresh))
        if model.isolation is not None:
            model.isolation.contacts(fresh)

    def _met_at_sites(self, who: int, within_h: float) -> set[int]:
        """Return the residents who came to a site within a time of somebody, by the logs of the sites."""
        met: set[int] = set()
        for site in self.model.sites.values():
            met |= site.came_near(who, within_h)
        return met
