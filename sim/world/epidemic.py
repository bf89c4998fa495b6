"""The epidemic as columns, and its pure transition: (states, who meets whom) over a time to (states, who is infected).

Each person and episode has one exponential threshold; who has felt more pressure than that is infected (Sellke 1983).
One infection avoided changes only what follows from it, and the size of an epidemic does not depend on the step.
Nothing here knows a clock or a response: ``sim.response.infections`` calls it, with who meets whom as it stands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.chance import Chance
from sim.spec.community import age_band
from sim.spec.epidemic import Contacts, Epidemic
from sim.world.population import Population

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
LAYERS = ("seed", "elsewhere", "household", "building", "casual", "queue", "service")
"""Where somebody was infected."""
NEVER = np.inf


@dataclass
class States:
    """One entry a person: residents first, then people from outside; times are hours, infinite for not yet.

    ``felt`` is the pressure since the last recovery; ``threshold`` is infinite for whom nothing can infect now.
    ``counted`` says until when a person's infectious hours have been passed on.
    """

    household: Rows
    building: Rows
    susceptibility: Floats
    threshold: Floats
    felt: Floats
    infectivity: Floats
    infectious_from: Floats
    infectious_until: Floats
    counted: Floats
    home: Floats
    """Share of the contacts at home that somebody has now."""
    about: Floats
    """1 for who moves about in the building."""
    around: Floats
    """1 for who moves about in the community."""

    @property
    def size(self) -> int:
        """The number of people."""
        return int(self.threshold.size)


def people(epidemic: Epidemic, population: Population, others: int, chance: Chance) -> States:
    """Return everybody as susceptible; ``others`` have no home here and meet residents only at work."""
    residents, size = population.size, population.size + others
    ones, nothing = np.ones(size), np.full(size, NEVER)
    at_home = (np.arange(size) < residents).astype(np.float64)
    households = int(population.household.max()) + 1 if residents else 0
    alone = np.arange(others)
    return States(
        household=np.concatenate([population.household, households + alone]).astype(np.int64),
        building=np.concatenate([population.building, np.zeros(others)]).astype(np.int64),
        susceptibility=np.concatenate([susceptibility(epidemic, population, chance), np.ones(others)]),
        threshold=thresholds(chance, np.arange(size), 1),
        felt=np.zeros(size),
        infectivity=ones.copy(),
        infectious_from=nothing.copy(),
        infectious_until=nothing.copy(),
        counted=nothing.copy(),
        home=at_home.copy(),
        about=at_home.copy(),
        around=at_home.copy(),
    )


def thresholds(chance: Chance, who: Rows, episode: int) -> Floats:
    """Return the pressure that infects each: exponential with mean 1, keyed by person and episode."""
    from scipy.special import log1p

    return np.asarray(-log1p(-chance.uniform("epidemic.threshold", who, episode)))


def by_age(population: Population, value: float, bands: dict[str, float]) -> Floats:
    """Return a value for each resident, with values of their own for some age bands; without ages, the one value."""
    values = np.full(population.size, value)
    for band, own in bands.items():
        low, high = age_band(band)
        values[(population.age >= low) & (population.age <= high)] = own
    return values


def vaccinated(epidemic: Epidemic, population: Population, chance: Chance) -> npt.NDArray[np.bool_]:
    """Tell of each resident whether they were vaccinated before the beginning."""
    spec = epidemic.vaccination
    if spec is None:
        return np.zeros(population.size, bool)
    share = by_age(population, spec.share, dict(spec.by_age))
    return np.asarray(chance.uniform("epidemic.vaccinated", np.arange(population.size)) < share)


def susceptibility(epidemic: Epidemic, population: Population, chance: Chance) -> Floats:
    """Return each resident's factor on the pressure that they feel."""
    factor = by_age(population, 1.0, dict(epidemic.susceptibility_by_age))
    if epidemic.vaccination is not None:
        factor[vaccinated(epidemic, population, chance)] *= 1 - epidemic.vaccination.protects
    return factor


@dataclass(frozen=True)
class Groups:
    """How many live in each building, and in all: what shares are shares of."""

    households: int
    building_size: Floats
    residents: int

    @classmethod
    def of(cls, states: States, population: Population) -> Groups:
        """Return the groups of a population."""
        size = np.bincount(population.building, minlength=len(population.building_names)).astype(np.float64)
        return cls(int(states.household.max()) + 1, np.maximum(size, 1.0), max(population.size, 1))


def passed_on(states: States, active: Rows, until_h: float) -> Floats:
    """Return the infectious hours of the active that have not been passed on before a time, by how infectious each is.

    Hours from before the last look, of who was infected and soon infectious since then, are passed on now: late by
    less than a step, and none is lost.
    """
    begin = np.maximum(states.infectious_from[active], states.counted[active])
    end = np.minimum(states.infectious_until[active], until_h)
    hours: Floats = np.maximum(end - begin, 0.0) * states.infectivity[active]
    return hours


def pressures(states: States, contacts: Contacts, groups: Groups, active: Rows, hours: Floats) -> list[Floats]:
    """Return what everybody feels in the layers household, building and casual, for who is active for so many hours."""
    layers = [np.zeros(states.size)] * 3
    if contacts.household:
        home = np.bincount(states.household[active], hours * states.home[active], minlength=groups.households)
        layers[0] = home[states.household] * (contacts.household * states.home)
    if contacts.building:
        here = np.bincount(states.building[active], hours * states.about[active], minlength=groups.building_size.size)
        layers[1] = (here * (contacts.building / groups.building_size))[states.building] * states.about
    if contacts.casual:
        around = float((hours * states.around[active]).sum())
        layers[2] = (around * contacts.casual / groups.residents) * states.around
    return layers


def advance(
    states: States, contacts: Contacts, groups: Groups, active: Rows, from_h: float, until_h: float
) -> tuple[Floats, Rows, Floats, Floats]:
    """Return (pressure felt by everybody, who is infected, when, and the pressure of each layer on them).

    The last is an array (infected, layers); what is felt in a time is spread evenly over it.
    """
    hours = passed_on(states, active, until_h)
    if not hours.any():
        return states.felt, np.empty(0, np.int64), np.empty(0), np.empty((0, 3))
    layers = pressures(states, contacts, groups, active, hours)
    fresh = (layers[0] + layers[1] + layers[2]) * states.susceptibility
    felt = states.felt + fresh
    rows = np.flatnonzero(felt >= states.threshold)
    share = (states.threshold[rows] - states.felt[rows]) / fresh[rows]
    times = from_h + np.clip(share, 0.0, 1.0) * (until_h - from_h)
    return felt, rows, times, np.column_stack([layer[rows] for layer in layers])
