"""The epidemic against theory: final size, early growth, extinction, Reed-Frost chains in households, and Sellke.

Each test reads the table of infections only. Populations are large enough that theory's limit holds within the stated
error, and the tests of a wrong rate at the end show that an error of a tenth is seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from epidemics import final_size, final_size_sd, growth_rate, reed_frost
from scipy.stats import binom, chisquare

from sim import Result, run
from sim.spec.patches import validate

Data = dict[str, Any]
DAY = 24.0


def law(mean_h: float) -> Data:
    return {"dist": "exponential", "mean": f"{mean_h!r} h"}


def outbreak(
    contacts: Data, *, residents: int, households: int | None = None, buildings: int = 1, days: int = 400,
    latent: Any = "1 d", infectious: Any = "4 d", replication: int = 0, sizes: Data | None = None, **more: Any,
) -> Result:  # fmt: skip
    """Run an epidemic without any response."""
    community = {"residents": residents, "households": households or residents, "buildings": buildings}
    if sizes is not None:
        community["household_sizes"] = sizes
    return run(
        validate(
            {
                "name": "outbreak",
                "horizon": f"{days} d",
                "follow_up": "0 h",
                "world": {
                    "community": community,
                    "needs": {"none": {"per_1000_day": 0, "urgency": 2, "service": "1 h"}},
                    "epidemic": {
                        "contacts": contacts,
                        "course": {"latent": latent, "infectious": infectious},
                        "seeds": [{"count": 1}],
                        **more,
                    },
                },
                "response": {},
            },
            "outbreak",
        ),
        1,
        replication,
    )


def infected(result: Result) -> int:
    return int(result.columns("infections")["resident"].size)


@pytest.mark.parametrize("reproduction", [1.5, 2.5])
@pytest.mark.parametrize("layer", ["casual", "building"])
@pytest.mark.parametrize(("infectious", "spread"), [("4 d", 0), (law(96), 1)], ids=["fixed", "exponential"])
def test_final_size(reproduction: float, layer: str, infectious: Any, spread: float):
    """The share infected is that of Kermack and McKendrick, whatever the law of the infectious time."""
    size = infected(
        outbreak({layer: reproduction / 96}, residents=20_000, infectious=infectious, seeds=[{"count": 100}])
    )
    noise = 3 * final_size_sd(reproduction, 20_000, spread)
    assert noise < 0.04, "so that an error of a tenth of the reproduction number is seen"
    assert size / 20_000 == pytest.approx(final_size(reproduction), abs=noise)


def test_below_one_it_dies_out():
    """With a reproduction number of a half each seed has one further case on average, 1/(1 − R) in all."""
    sizes = [infected(outbreak({"casual": 0.5 / 96}, residents=20_000, seeds=[{"count": 200}], replication=k))
             for k in range(5)]  # fmt: skip
    assert np.mean(sizes) / 200 == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize("reproduction", [2.0, 3.0])
def test_early_growth(reproduction: float):
    """Infections grow by the rate of Lotka and Euler while few are immune: doubling time within a tenth."""
    latent, infectious = 3 * DAY, 5 * DAY
    table = outbreak(
        {"casual": reproduction / infectious}, residents=200_000, latent=law(latent), infectious=law(infectious),
        seeds=[{"count": 200}], days=60, step="2 h",
    ).columns("infections")  # fmt: skip
    times = np.sort(table["infected_h"])
    begin, end = 1_000, 8_000  # the seeds' own start is over, and 4 % of the population at most are immune
    slope = np.polyfit(times[begin:end:100], np.log(np.arange(begin, end, 100)), 1)[0]
    expected = growth_rate(reproduction / infectious, latent, infectious)
    assert np.log(2) / slope == pytest.approx(np.log(2) / expected, rel=0.1)


def test_a_chain_dies_out_as_often_as_theory_has_it():
    """One case of an infection with R = 2 and exponential times dies out every second time."""
    runs = 200
    small = sum(
        infected(outbreak({"casual": 2 / 96}, residents=2_000, infectious=law(96), days=200, step="1 d", replication=k))
        < 100
        for k in range(runs)
    )
    low, high = binom.interval(0.99, runs, 0.5)
    assert low <= small <= high


@pytest.mark.parametrize("members", [2, 3, 5])
def test_households_follow_reed_and_frost(members: int):
    """In households with one first case, how many are ever infected follows the chain-binomial law."""
    escape = 0.7
    homes = 6_000
    result = outbreak(
        {"household": -np.log(escape) / 96}, residents=members * homes, households=homes,
        sizes={str(members): 1}, days=60, seeds=[{"count": 2_000}],
    )  # fmt: skip
    table = result.columns("infections")
    home = home_of(table["resident"].astype(int), members, homes)
    seeds = np.bincount(home[table["layer"].decoded() == "seed"], minlength=homes)
    total = np.bincount(home, minlength=homes)[seeds == 1]
    seen = np.bincount(total, minlength=members + 1)[1:]
    expected = np.array(reed_frost(members, escape)) * seen.sum()
    assert chisquare(seen, expected).pvalue > 0.01
    wrong = np.array(reed_frost(members, escape + 0.05)) * seen.sum()
    assert chisquare(seen, wrong).pvalue < 0.01, "the test sees an error of a twentieth"


def home_of(resident: np.ndarray, members: int, homes: int) -> np.ndarray:
    """Return the household: the first residents are one of each, the others fill households in order."""
    return np.where(resident < homes, resident, (resident - homes) // (members - 1))


def test_who_is_infected_does_not_depend_on_the_step():
    """By Sellke's construction the same residents are infected in the end, however time is cut."""
    layers = {"household": 0.004, "building": 0.006, "casual": 0.004}
    found = [
        frozenset(
            outbreak(
                layers,
                residents=1_500,
                households=500,
                buildings=5,
                seeds=[{"count": 3}],
                step=step,
                infectious=law(96),
            ).columns("infections")["resident"]
        )
        for step in ("10 min", "1 h", "7 h", "2 d")
    ]
    assert len(found[0]) > 300
    assert found[0] == found[1] == found[2] == found[3]


def test_one_infection_avoided_changes_only_what_follows():
    """One more seed infects those who are infected without it, and more: thresholds belong to people."""
    layers = {"household": 0.004, "casual": 0.006}
    few, more = (
        set(
            outbreak(layers, residents=2_000, households=700, seeds=[{"count": 2}, *extra]).columns("infections")[
                "resident"
            ]
        )
        for extra in ([], [{"count": 5, "at": "3 d"}])
    )
    assert few < more


def test_times_are_those_of_the_course():
    """From infection to infectious and to recovery people take the times stated, and nobody infects before."""
    table = outbreak(
        {"casual": 0.05}, residents=3_000, latent="30 h", infectious="50 h", seeds=[{"count": 20}]
    ).columns("infections")
    over = ~np.isnan(table["recovered_h"])
    assert over.sum() > 1_000
    assert np.allclose((table["infectious_h"] - table["infected_h"])[over], 30)
    assert np.allclose((table["recovered_h"] - table["infectious_h"])[over], 50)
    assert np.sort(table["infected_h"])[20] >= 30


def test_what_protects_everybody_stops_everything():
    """A vaccine that takes all pressure away leaves only the seed; half of it halves the reproduction number."""
    whole = {"vaccination": {"share": 1, "protects": 1}}
    assert infected(outbreak({"casual": 0.1}, residents=500, **whole)) == 1
    half = outbreak(
        {"casual": 3 / 96}, residents=20_000, seeds=[{"count": 100}], vaccination={"share": 1, "protects": 0.5}
    )
    assert infected(half) / 20_000 == pytest.approx(final_size(1.5), abs=0.02)


def test_immunity_that_wanes_lets_people_be_infected_again():
    """With immunity for ten days an infection with R = 3 stays, and people have several episodes."""
    result = outbreak(
        {"casual": 3 / 96}, residents=3_000, days=200, seeds=[{"count": 30}], latent="1 d",
        course={"latent": "1 d", "infectious": "4 d", "immune": "10 d"},
    )  # fmt: skip
    table = result.columns("infections")
    assert table["episode"].max() > 3
    assert (table["infected_h"] > 150 * DAY).sum() > 500
    order = np.lexsort((table["episode"], table["resident"]))
    again = np.diff(table["resident"][order]) == 0
    gap = (table["infected_h"][order][1:] - table["recovered_h"][order][:-1])[again]
    assert gap.min() >= 10 * DAY - 1e-6
