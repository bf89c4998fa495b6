"""An infection that people carry and pass on: who meets whom, how it runs its course, what shows of it.

The epidemic belongs to the world; who is told to stay at home, and where the confirmed are taken, belongs to the
response (``Isolation``). How infections are found is neither's: reports, checks, sites and tracing do that.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.spec.base import (
    Count,
    FrozenMap,
    Hours,
    Integer,
    Interval,
    Name,
    NonNegative,
    PositiveHours,
    Share,
    Spec,
    between,
    refuse,
)
from sim.spec.community import check_bands
from sim.spec.distributions import Duration, Fixed

ByAge = FrozenMap[Share]


class Contacts(Spec):
    """How fast an infectious person infects others, by where they meet; a layer that is left out infects nobody.

    Each is a rate an hour. In a household each infectious member acts on each other member; in the other layers the
    rate is multiplied by the share of those there who are infectious, so that it does not grow with their number.
    """

    household: NonNegative = 0.0
    building: NonNegative = 0.0
    """Stairs, lifts, deliveries: residents of one building who are about."""
    casual: NonNegative = 0.0
    """Paths, shops, group purchases: all residents who are about and not under a cordon."""
    queue: NonNegative = 0.0
    """Those who wait or are served at one station of a site, a gate among them."""
    service: NonNegative = 0.0
    """Face to face: a responder and the resident whom they visit or serve."""


class Course(Spec):
    """From infection to recovery."""

    latent: Duration
    """From infection until somebody is infectious."""
    infectious: Duration
    immune: Duration | None = None
    """From recovery until somebody can be infected again; without it, never."""
    shows_before: Hours = 0.0
    """A sample is positive from so long before somebody is infectious,"""
    shows_after: Hours = 0.0
    """and until so long after."""


class Leading(Spec):
    """A need that falling ill leads to."""

    share: Share
    """Share of those who fall ill who come to need it."""
    by_age: ByAge = FrozenMap()
    delay: Duration = Fixed.model_validate({"value": "0 h"})
    """From the first symptoms."""

    @model_validator(mode="after")
    def _ages(self) -> Leading:
        check_bands("by_age", self.by_age)
        return self


class Symptoms(Spec):
    """Who falls ill of those infected, and what they do."""

    share: Share = 1.0
    by_age: ByAge = FrozenMap()
    """Shares of their own for some age bands."""
    after: Duration = Fixed.model_validate({"value": "0 h"})
    """From becoming infectious to the first symptoms."""
    without: Share = 1.0
    """How infectious those are who never fall ill, as a share of the others."""
    stays_home: Share = 0.0
    """Share of those ill who stay at home until they have recovered, also from work."""
    reports: Share = 0.0
    """Share of those ill who report themselves, to the checks of the card."""
    leads_to: FrozenMap[Leading] = FrozenMap()
    """Need types that falling ill leads to."""

    @model_validator(mode="after")
    def _ages(self) -> Symptoms:
        check_bands("by_age", self.by_age)
        return self


class Vaccination(Spec):
    """Who was vaccinated before the beginning, and what that does."""

    share: Share
    by_age: ByAge = FrozenMap()
    """Shares of their own for some age bands."""
    protects: Share = 0.0
    """Share of the pressure of infection that it takes away."""
    milder: Share = 0.0
    """Share of those infected who stay without symptoms because of it."""

    @model_validator(mode="after")
    def _ages(self) -> Vaccination:
        check_bands("by_age", self.by_age)
        return self


class Seed(Spec):
    """Residents who are infected elsewhere and bring it home."""

    at: Hours = 0.0
    count: Annotated[Integer, between(1, 1_000_000, "at least one resident")] = 1
    building: Name | None = None
    """Of this building; without it, of the whole community."""


class Importation(Spec):
    """Residents infected elsewhere, by chance, while they can leave: a Poisson process that a lockdown interrupts."""

    per_day: Annotated[NonNegative, between(0, 100_000, "at most 100,000 a day")]
    begins: Hours = 0.0
    until: PositiveHours | None = None

    @model_validator(mode="after")
    def _span(self) -> Importation:
        if self.until is not None and self.until <= self.begins:
            raise refuse("an 'until' after 'begins' is wanted")
        return self


class Epidemic(Spec):
    """An infection, resident by resident: susceptible, exposed, infectious, recovered."""

    contacts: Contacts
    course: Course
    symptoms: Symptoms | None = None
    susceptibility_by_age: FrozenMap[NonNegative] = FrozenMap()
    """Factors on the pressure of infection by age band; 1 where not named."""
    vaccination: Vaccination | None = None
    protection: FrozenMap[Share] = FrozenMap()
    """By item of a kit: the share of the pressure face to face that it stops, both ways."""
    seeds: Annotated[tuple[Seed, ...], Field(max_length=10_000)] = ()
    importation: Importation | None = None
    step: Interval = 1.0
    """Longest time over which contacts are taken as they stood at its beginning."""

    def meets_at_sites(self) -> bool:
        """Tell whether anybody can be infected at a site."""
        return self.contacts.queue > 0 or self.contacts.service > 0

    @model_validator(mode="after")
    def _whole(self) -> Epidemic:
        check_bands("susceptibility_by_age", self.susceptibility_by_age)
        if not self.seeds and self.importation is None:
            raise refuse("'seeds' or 'importation' is wanted, or nobody is ever infected; found neither")
        return self


class Isolation(Spec):
    """What the response asks of those it has confirmed, and of their contacts; how many obey is their compliance."""

    confirmed: Literal["home", "away"] = "home"
    """Where the confirmed stay: at home, or in a place away from the community."""
    transfer: Name | None = None
    """The outside service that takes them away; without it they are gone at once."""
    beds: Count | None = None
    """Places away; who finds none stays at home. Without it, no limit."""
    contacts: Literal["home"] | None = None
    """Whether contacts on the list stay at home too."""
    lasts: PositiveHours = 168.0
    household: Share = 1.0
    """Contact with the household that remains while somebody stays at home."""

    @model_validator(mode="after")
    def _away(self) -> Isolation:
        if self.confirmed == "home" and (self.transfer is not None or self.beds is not None):
            raise refuse("'transfer' and 'beds' belong to 'confirmed: away'")
        return self
