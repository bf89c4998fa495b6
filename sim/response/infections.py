"""Who is infected while the clock runs: time passes at home, in the building and outside; visits and queues expose.

What is infected when is the pure transition's business (``sim.world.epidemic``). Here is who meets whom: everybody in
their layers until somebody stays at home, is taken away or lives behind a cordon; residents and responders face to
face; those who stand together at a site (``sim.response.air``). Before any of that changes, time is passed on.
"""

from __future__ import annotations

from math import ceil, isinf
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.records.buffers import RowBuffer
from sim.records.columns import cells
from sim.response.illness import Illness
from sim.response.responders import Responder
from sim.spec.hazards import Lockdown
from sim.world.epidemic import LAYERS, NEVER, Groups, advance, people, thresholds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sim.model import CrisisModel
    from sim.spec.epidemic import Epidemic, Seed

Rows = npt.NDArray[np.int64]
SEED, ELSEWHERE, SERVICE = LAYERS.index("seed"), LAYERS.index("elsewhere"), LAYERS.index("service")
FIRST = LAYERS.index("household")


class Infections:
    """Keep the states of everybody, and write down each infection."""

    def __init__(self, model: CrisisModel, spec: Epidemic) -> None:
        self.model = model
        self.spec = spec
        self.clock = model.clock
        assert model.dwellings is not None
        self.row_of, self.workers = model.dwellings.row_of, model.dwellings.workers
        self.states = people(spec, model.population, model.dwellings.outside, model.chance)
        self.groups = Groups.of(self.states, model.population)
        self.rows = RowBuffer(6)
        """(row, episode, layer, infected, infectious, recovered) of each infection."""
        self.episodes: dict[int, int] = {}
        self.first_h: dict[int, float] = {}
        """When each person was first infected."""
        self.latest_h: dict[int, float] = {}
        self.active: Rows = np.empty(0, np.int64)
        self.fresh: list[int] = []
        """Who has been infected since the last look, and joins the active then."""
        self.course = [self._of_course(name) for name in ("latent", "infectious")]
        """How long each person's first infection takes to each turn of its course."""
        self.last_h = 0.0
        self.stepping = False
        self.illness = Illness(self, spec.symptoms) if spec.symptoms is not None else None
        self.protection = {name: self._lets_through(team.spec.kit) for name, team in model.teams.items()}
        if spec.contacts.service > 0:
            model.moments.visit_ended.append(self._visited)

    def _of_course(self, name: str) -> memoryview[Any]:
        uniform = self.model.chance.uniform(f"epidemic.{name}", np.arange(self.states.size), 1)
        return cells(getattr(self.spec.course, name).quantile(uniform))

    def _lasts(self, name: str, row: int, episode: int) -> float:
        """Return how long a turn of the course takes in a further infection."""
        return float(getattr(self.spec.course, name).at(self.model.chance.one(f"epidemic.{name}", row, episode)))

    def _lets_through(self, kit: Iterable[str]) -> float:
        """Return the share of the pressure face to face that the kit of a unit lets through."""
        share = 1.0
        for item in kit:
            share *= 1 - self.spec.protection.get(item, 0.0)
        return share

    # -- who is infected, and what is seen of it --------------------------------------------------------------------

    def infectivity(self, row: int) -> float:
        """Return how infectious somebody is now; 0 for who is not."""
        states, now = self.states, self.clock.now
        there = states.infectious_from[row] <= now < states.infectious_until[row]
        return float(states.infectivity[row]) if there else 0.0

    def shows(self, row: int) -> bool:
        """Tell whether a sample that somebody gives now is positive."""
        course, now = self.spec.course, self.clock.now
        begin = self.states.infectious_from[row] - course.shows_before
        return bool(begin <= now < self.states.infectious_until[row] + course.shows_after)

    # -- time passes ------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Set the moments at which infection comes in from elsewhere."""
        for number, seed in enumerate(self.spec.seeds):
            if seed.at < self.model.spec.end_h:
                self.clock.call_at(seed.at, self._bring_in, (number, seed))
        self._next_import((0, self.spec.importation.begins if self.spec.importation is not None else NEVER))

    def _bring_in(self, turn: tuple[int, Seed]) -> None:
        number, seed = turn
        population = self.model.population
        who = np.arange(population.size)
        if seed.building is not None:
            who = who[population.building == population.building_names.index(seed.building)]
        luck = self.model.chance.uniform("epidemic.seed", number, who) if who.size else np.empty(0)
        for row in who[np.argsort(luck, kind="stable")[: seed.count]].tolist():
            self._infect(row, self.clock.now, SEED)

    def _next_import(self, turn: tuple[int, float]) -> None:
        """Plan the next infection from elsewhere, from a time on."""
        from scipy.special import log1p

        nth, since = turn
        spec = self.spec.importation
        if spec is None or spec.per_day <= 0:
            return
        gap_h = float(-log1p(-self.model.chance.one("epidemic.import.gap", nth))) * 24 / spec.per_day
        until = min(spec.until if spec.until is not None else NEVER, self.model.spec.end_h)
        if since + gap_h < until:
            self.clock.call_at(since + gap_h, self._comes_home, nth)

    def _comes_home(self, nth: int) -> None:
        shut = (hazard for hazard in self.model.world.hazards.values() if isinstance(hazard, Lockdown))
        now = self.clock.now
        if not any(hazard.begins <= now and (hazard.ends is None or now < hazard.ends) for hazard in shut):
            row = int(self.model.chance.one("epidemic.import.who", nth) * self.model.population.size)
            isolation = self.model.isolation
            away = isolation is not None and isolation.is_away(row)
            if not away and not isinf(self.states.threshold[row]):
                self._infect(row, now, ELSEWHERE)
        self._next_import((nth + 1, now))

    def pass_time(self) -> None:
        """Pass on what the infectious have given off since the last look."""
        now, states = self.clock.now, self.states
        if now <= self.last_h:
            return
        if self.fresh:
            self.active = np.append(self.active, self.fresh)
            self.fresh.clear()
        if not self.active.size:
            self.last_h = now
            return
        active = self.active
        states.felt, rows, times, layers = advance(states, self.spec.contacts, self.groups, active, self.last_h, now)
        states.counted[active] = now
        self.last_h = now
        self.active = active[states.infectious_until[active] > now]
        for k in np.argsort(times, kind="stable").tolist():
            row = int(rows[k])
            self._infect(row, float(times[k]), FIRST + self._layer(row, layers[k]))

    def _layer(self, row: int, pressure: npt.NDArray[np.float64]) -> int:
        """Return the layer in which somebody was infected: by chance, in proportion to the pressure of each."""
        luck = self.model.chance.one("epidemic.layer", row, self.episodes.get(row, 0) + 1) * float(pressure.sum())
        return min(int(np.searchsorted(np.cumsum(pressure), luck, side="right")), pressure.size - 1)

    def _step(self, _nothing: None) -> None:
        self.stepping = False
        self.pass_time()
        self._go_on()

    def _go_on(self) -> None:
        """Look again at the next multiple of the step, while anybody carries the infection."""
        if (self.active.size or self.fresh) and not self.stepping:
            self.stepping = True
            step = self.spec.step
            now = self.clock.now
            at = ceil(now / step + 1e-9) * step
            self.clock.call_at(max(at, now + step * 1e-6), self._step)

    # -- infection --------------------------------------------------------------------------------------------------

    def expose(self, row: int, pressure: float, layer: int) -> None:
        """Let somebody feel a pressure at once: a visit or a queue that has ended."""
        states = self.states
        states.felt[row] += pressure * states.susceptibility[row]
        if states.felt[row] >= states.threshold[row]:
            self._infect(row, self.clock.now, layer)

    def _infect(self, row: int, time_h: float, layer: int) -> None:
        """Infect somebody at a time, which may lie since the last look."""
        states, course = self.states, self.spec.course
        if isinf(states.threshold[row]):
            return
        if layer in (SEED, ELSEWHERE):
            self.pass_time()
            if isinf(states.threshold[row]):
                return
        episode = self.episodes[row] = self.episodes.get(row, 0) + 1
        self.first_h.setdefault(row, time_h)
        self.latest_h[row] = time_h
        if episode == 1:
            latent_h, infectious_h = self.course[0][row], self.course[1][row]
        else:
            latent_h, infectious_h = self._lasts("latent", row, episode), self._lasts("infectious", row, episode)
        begin = time_h + latent_h
        until = begin + infectious_h
        states.threshold[row] = NEVER
        states.infectious_from[row], states.infectious_until[row], states.counted[row] = begin, until, time_h
        states.infectivity[row] = 1.0
        if self.illness is not None:
            self.illness.infected(row, episode, begin, until)
        self.rows.rows.extend((row, episode, layer, time_h, begin, until))
        self.fresh.append(row)
        self._go_on()
        if course.immune is not None:
            again = until + self._lasts("immune", row, episode)
            if again < self.model.spec.end_h:
                self.clock.call_at(max(again, self.clock.now), self._susceptible_again, row)

    def _susceptible_again(self, row: int) -> None:
        self.pass_time()
        states = self.states
        states.felt[row] = 0.0
        states.threshold[row] = thresholds(self.model.chance, np.array([row]), self.episodes[row] + 1)[0]

    def _visited(self, responder: Responder, need: int, _outcome: int) -> None:
        """Let a responder and a resident who have met face to face expose each other."""
        book = self.model.book
        if responder.started != responder.started or book.specs[book.need_type[need]].by_phone:
            return
        hours = self.clock.now - responder.started
        self.met(responder, int(book.resident[need]), hours)

    def met(self, responder: Responder, resident: int, hours: float) -> None:
        """Expose a responder and a resident to each other for some hours face to face."""
        isolation = self.model.isolation
        if isolation is not None and isolation.is_away(resident):
            return
        row = self.row_of[responder]
        theirs, ours = self.infectivity(resident), self.infectivity(row)
        rate = self.spec.contacts.service * hours * self.protection[responder.team.name]
        if theirs:
            self.expose(row, rate * theirs, SERVICE)
        if ours:
            self.expose(resident, rate * ours, SERVICE)

    # -- who meets whom ---------------------------------------------------------------------------------------------

    def mix(self, rows: Iterable[int]) -> None:
        """Take over who of these stays at home, is away, or lives behind a cordon, from now on."""
        self.pass_time()
        states, isolation, ill = self.states, self.model.isolation, self.illness
        residents = self.model.population.size
        for row in rows:
            if row >= residents:
                continue
            place = isolation.place.get(row) if isolation is not None else None
            at_home = place == "home" or (ill is not None and row in ill.at_home)
            shut = self.model.cordon.obeyed(row)
            away = place == "away"
            states.home[row] = 0.0 if away else isolation.spec.household if place == "home" and isolation else 1.0
            states.about[row] = 0.0 if away or at_home else 1.0
            states.around[row] = 0.0 if away or at_home or shut else 1.0
