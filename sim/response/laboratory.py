"""Samples into tubes, tubes to the laboratory, results back; people of a positive tube are sampled again, singly."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.response.sites import Site
    from sim.spec.laboratory import Pool

NAN = float("nan")


class Tube:
    """The samples of some people in one tube."""

    __slots__ = ("number", "opened", "people", "positive", "result", "round", "sealed", "sent", "single", "truly")

    def __init__(self, number: int, round_: int, opened: float, *, single: bool) -> None:
        self.number = number
        self.round = round_
        self.single = single
        self.people: list[int] = []
        """Numbers of the visitors."""
        self.truly = 0
        """Samples in it of people who are infected."""
        self.opened = opened
        self.sealed = self.sent = self.result = NAN
        self.positive = False


class Sampling:
    """The tubes of one station, and what the laboratory finds."""

    def __init__(self, site: Site, station: str, spec: Pool) -> None:
        self.site = site
        self.model = site.model
        self.clock = site.clock
        self.station = station
        self.spec = spec
        self.tubes: list[Tube] = []
        self.open: dict[int, Tube] = {}
        """The open tube by household, or the one open tube."""
        self.sealed: deque[Tube] = deque()
        self.out = 0
        """Tubes whose results have not come back, open ones too."""
        self.courier_due = False
        self.free_machines = spec.laboratory.machines
        self.bench: deque[Tube] = deque()

    def sampled(self, visitor: int) -> None:
        """Put the sample of a visitor into a tube."""
        now, site = self.clock.now, self.site
        kind = int(site.columns["kind"][visitor])
        resident = int(site.columns["resident"][visitor])
        single = self.spec.size == 1 or visitor in site.retests or (kind >= 0 and site.kinds[kind] in self.spec.single)
        household = int(self.model.population.household[resident]) if resident >= 0 else -1
        slot = -1 if self.spec.by == "order" else household
        tube = None if single else self.open.get(slot)
        if tube is None:
            tube = Tube(self.site.tubes, int(site.columns["round"][visitor]), now, single=single)
            self.tubes.append(tube)
            self.site.tubes += 1
            self.out += 1
            if not single:
                self.open[slot] = tube
                self.clock.call_later(self.spec.seal_after, self._seal_late, (slot, tube))
        tube.people.append(visitor)
        tube.truly += resident >= 0 and self.model.positives.infected(resident, now)
        if single:
            self._seal(tube)
        elif len(tube.people) >= self.spec.size and self.spec.by == "order":
            del self.open[slot]
            self._seal(tube)

    def _seal_late(self, opened: tuple[int, Tube]) -> None:
        slot, tube = opened
        if self.open.get(slot) is tube:
            del self.open[slot]
            self._seal(tube)

    def _seal(self, tube: Tube) -> None:
        tube.sealed = self.clock.now
        self.sealed.append(tube)
        if not self.courier_due:
            self.courier_due = True
            self.clock.call_later(self.spec.laboratory.courier_every, self._courier)

    def _courier(self, _nothing: None) -> None:
        """Take the sealed tubes to the laboratory, together."""
        self.courier_due = False
        batch = list(self.sealed)
        self.sealed.clear()
        for tube in batch:
            tube.sent = self.clock.now
        way_h = self._draw("transport", batch[0].number)
        self.clock.call_later(way_h, self._received, batch)

    def _draw(self, what: str, number: int) -> float:
        law = self.spec.laboratory.transport if what == "transport" else self.spec.laboratory.takes
        uniform = self.model.chance.one(f"site.{self.site.name}.{self.station}.{what}", number)
        return law.at(uniform)

    def _received(self, batch: list[Tube]) -> None:
        for tube in batch:
            if self.free_machines is None:
                self._test(tube)
            elif self.free_machines:
                self.free_machines -= 1
                self._test(tube)
            else:
                self.bench.append(tube)

    def _test(self, tube: Tube) -> None:
        self.clock.call_later(self._draw("test", tube.number), self._result, tube)

    def _result(self, tube: Tube) -> None:
        if self.bench:
            self._test(self.bench.popleft())
        elif self.free_machines is not None:
            self.free_machines += 1
        laboratory = self.spec.laboratory
        uniform = self.model.chance.one(f"site.{self.site.name}.{self.station}.result", tube.number)
        tube.positive = uniform < (laboratory.sensitivity if tube.truly else 1 - laboratory.specificity)
        tube.result = self.clock.now
        self.out -= 1
        if tube.positive:
            residents = [int(self.site.columns["resident"][visitor]) for visitor in tube.people]
            residents = [who for who in residents if who >= 0]
            self.model.tell("tube_positive", f"{self.site.name}.{tube.number}", len(tube.people))
            if len(tube.people) == 1:
                for who in residents:
                    self.model.positives.confirm(who, self.site.name)
            elif self.spec.retest and self.site.rounds is not None:
                self.site.rounds.call_again(residents)
        if self.site.rounds is not None:
            self.site.rounds.look()
