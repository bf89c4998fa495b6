"""Closed forms of epidemic theory, the oracle of the epidemic's tests.

- Final size: the share z that is infected in a large outbreak solves 1 - z = exp(-R z) (Kermack and McKendrick 1927).
  Its variance is that of von Bahr and Martin-Löf (1980).
- Early growth: r solves 1 = beta * integral of exp(-r a) * P(infectious a after infection) (Lotka and Euler); with
  exponential latent and infectious times of rates s and g that is (r + s)(r + g) = beta s.
- Reed-Frost: with a fixed infectious time each infectious member infects each susceptible one with probability 1 - q,
  q = exp(-beta T); the number ever infected in a household follows the chain-binomial recursion (Bailey 1975, ch. 14).
- Extinction: a chain that begins with one case dies out with probability 1/R where the infectious time is exponential
  (and contacts are Poisson), since then the number of offspring is geometric.
"""

from __future__ import annotations

from functools import cache
from math import comb, exp, sqrt

from scipy.optimize import brentq


def final_size(reproduction: float) -> float:
    """Return the share infected in a large outbreak of a homogeneous population."""
    if reproduction <= 1:
        return 0.0
    return float(brentq(lambda z: 1 - z - exp(-reproduction * z), 1e-9, 1 - 1e-12))


def final_size_sd(reproduction: float, residents: int, spread: float) -> float:
    """Return the standard deviation of that share; ``spread`` is the infectious time's coefficient of variation."""
    z = final_size(reproduction)
    variance = z * (1 - z) * (1 + (spread * reproduction) ** 2 * (1 - z)) / (1 - (1 - z) * reproduction) ** 2
    return sqrt(variance / residents)


def growth_rate(rate: float, latent: float, infectious: float) -> float:
    """Return the early growth rate of SEIR with exponential times of these means; ``rate`` is contacts per time."""
    s, g = 1 / latent, 1 / infectious
    return (-(s + g) + sqrt((s + g) ** 2 - 4 * s * (g - rate))) / 2


def reed_frost(size: int, escape: float) -> list[float]:
    """Return P(ever infected = 1, …, size) in a household of ``size`` with one first case."""

    @cache
    def chain(susceptible: int, infectious: int) -> tuple[float, ...]:
        """Return P(k more are infected), k = 0 … susceptible."""
        out = [0.0] * (susceptible + 1)
        if infectious == 0:
            out[0] = 1.0
            return tuple(out)
        each = escape**infectious
        for fresh in range(susceptible + 1):
            p = comb(susceptible, fresh) * (1 - each) ** fresh * each ** (susceptible - fresh)
            for more, later in enumerate(chain(susceptible - fresh, fresh)):
                out[fresh + more] += p * later
        return tuple(out)

    return list(chain(size - 1, 1))
