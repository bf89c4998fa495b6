"""Outcomes of an epidemic on tables made by hand, where each value can be counted on paper, and on a run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sim
from analysis.epidemic_outcomes import FOUND_WITHIN_H
from analysis.outcomes import Measure, describe
from analysis.run_outcomes import RUN_OUTCOMES
from firstline.words import terms
from sim import Result
from sim.records.columns import coded
from sim.spec.patches import validate

NAN = float("nan")
LAYERS = ("seed", "elsewhere", "household", "building", "casual", "queue", "service")
NAMES = [name for name in RUN_OUTCOMES if RUN_OUTCOMES[name].of.__module__ == "analysis.epidemic_outcomes"]
GROUPS = ("over_80", "disabled")
TIMES = ("infectious_h", "recovered_h", "ill_h", "confirmed_h", "isolated_h", "released_h")


def made(*rows: dict[str, Any], end_h: float = 1000, residents: int = 100, sizes: Any = None, **run: Any) -> Result:
    """Return a result with these infections: what a row does not say is null, episode 1, layer casual, building b0."""

    def column(name: str, default: float = NAN) -> np.ndarray:
        return np.array([row.get(name, default) for row in rows], np.float64)

    infections = {
        "resident": np.array([row.get("resident", number) for number, row in enumerate(rows)], np.float64),
        "person": column("person"),
        "building": coded([int(row.get("building", 0)) for row in rows], ("b0", "b1", "b2", "b3")),
        "episode": column("episode", 1).astype(np.int32),
        "layer": coded([LAYERS.index(row.get("layer", "casual")) for row in rows], LAYERS),
        "infected_h": column("infected_h", 0.0),
        **{name: column(name) for name in TIMES},
        **{f"in_{group}": np.array([group in row.get("groups", ()) for row in rows], bool) for group in GROUPS},
    }
    return Result(
        "made", 1, 0, 0.0, end_h, end_h, 1.0,
        {
            "infections": infections,
            "_run": {"epidemic": True, "residents": residents, **run},
            "_people": {"unit": coded([0, 0, 0, 1], ("crew", "testers", "nobody"))},
        },
        groups=GROUPS if sizes else (),
        group_sizes=sizes or {},
    )  # fmt: skip


def found(result: Result, name: str) -> dict[tuple[str, str], tuple[float, float]]:
    """Return (value, size) of an outcome by (by, level)."""
    return {(by, level): (value, size) for by, level, value, size in RUN_OUTCOMES[name].of(result)}


def value(result: Result, name: str) -> float:
    """Return the value over all, NaN for none."""
    return found(result, name).get(("all", "all"), (NAN, NAN))[0]


OUTSIDER = {"resident": NAN, "building": -1, "person": 3}


def test_infections_and_attack():
    """Infections count episodes, attack counts residents once; people from outside are in neither."""
    result = made(
        {"resident": 7, "layer": "seed"},
        {"resident": 8, "layer": "household"},
        {"resident": 7, "layer": "household", "episode": 2},
        {**OUTSIDER, "layer": "service"},
    )
    assert value(result, "infections") == 3
    by_layer = {level: v for (by, level), (v, _) in found(result, "infections").items() if by == "layer"}
    assert by_layer == {**dict.fromkeys(LAYERS, 0), "seed": 1, "household": 2}
    assert found(result, "attack_share") == {("all", "all"): (0.02, 100)}


def test_attack_by_group():
    """Of each group and of those in any or none: shares of their own sizes; a group of nine people is not told of."""
    rows = [{"groups": ("over_80",)}] * 3 + [{"groups": GROUPS}] + [{}] * 8 + [{"groups": ("over_80",), "episode": 2}]
    rows = [{"resident": k, **row} for k, row in enumerate(rows)]
    sizes = {"over_80": 16, "disabled": 9, "vulnerable": 20, "others": 80}
    result = made(*rows, sizes=sizes)
    assert found(result, "attack_share") == {
        ("all", "all"): (0.12, 100),
        ("group", "over_80"): (0.25, 16),
        ("vulnerable", "vulnerable"): (0.2, 20),
        ("others", "others"): (0.1, 80),
    }
    assert found(result, "attack_difference_vulnerable") == {("all", "all"): (pytest.approx(0.1), 20)}
    assert found(made(*rows), "attack_difference_vulnerable") == {}
    assert found(made(*rows, sizes={**sizes, "vulnerable": 9, "others": 91}), "attack_difference_vulnerable") == {}


def test_responders_by_unit():
    """Residents and people from outside who respond; counts of infections, and shares of people infected once."""
    result = made({"person": 0}, {"person": 0, "episode": 2, "resident": 0}, OUTSIDER, {})
    assert found(result, "infections_of_responders") == {
        ("all", "all"): (3, 4),
        ("unit", "crew"): (2, 3),
        ("unit", "testers"): (1, 1),
    }
    assert found(result, "attack_share_of_responders") == {
        ("all", "all"): (0.5, 4),
        ("unit", "crew"): (pytest.approx(1 / 3), 3),
        ("unit", "testers"): (1, 1),
    }


def test_illnesses():
    """Only residents whose symptoms have begun."""
    assert found(made({"ill_h": 5.0}, {}, {**OUTSIDER, "ill_h": 5.0}), "illnesses") == {("all", "all"): (1, 2)}


def test_peak():
    """Two of three overlap, first at 20 h; who recovers at the moment at which another begins does not meet them."""
    result = made(
        {"infectious_h": 10.0, "recovered_h": 30.0},
        {"infectious_h": 20.0, "recovered_h": 40.0},
        {"infectious_h": 30.0},
        {"infectious_h": NAN},
        {**OUTSIDER, "infectious_h": 22.0},
    )
    assert found(result, "infectious_peak") == {("all", "all"): (2, 100)}
    assert value(result, "infectious_peak_h") == 20


def test_peak_of_nobody():
    """Nobody infectious yet: none at once, and the peak has no time."""
    for result in (made(), made({"infected_h": 990.0})):
        assert value(result, "infectious_peak") == 0
        assert found(result, "infectious_peak_h") == {}


ISOLATED = {"infectious_h": 10.0, "recovered_h": 200.0, "isolated_h": 60.0}


@pytest.mark.parametrize(
    ("rows", "count", "last"),
    [
        ([ISOLATED, {"infectious_h": 20.0, "recovered_h": 90.0}], 2, 90),
        ([ISOLATED, {"infectious_h": 80.0, "isolated_h": 70.0}], 1, 60),
        ([ISOLATED, {**OUTSIDER, "infectious_h": 20.0, "recovered_h": 90.0}], 2, 90),
        ([ISOLATED, {"infectious_h": 950.0}], 2, NAN),
        ([ISOLATED, {"infected_h": 990.0}], 1, NAN),
        ([ISOLATED, {"infected_h": 990.0, "isolated_h": 995.0}], 1, 60),
        ([{**ISOLATED, "isolated_h": 10.0}], 0, 0),
        ([], 0, 0),
    ],
    ids=["recovers", "isolated before", "from outside", "still", "going to be", "isolated in time", "never", "none"],
)
def test_outside_isolation(rows: list[dict[str, Any]], count: int, last: float):
    """Until when somebody was infectious and not isolated: null while somebody is or will be, 0 where nobody was."""
    result = made(*rows)
    assert value(result, "infections_outside") == count
    assert value(result, "last_outside_h") == pytest.approx(last, nan_ok=True)


def test_delay_counts_everybody():
    """Found after 20 h and 40 h, before they were infectious (0 h), and never: of four, not of the three found."""
    result = made(
        {"infectious_h": 10.0, "confirmed_h": 30.0, "recovered_h": 100.0},
        {"infectious_h": 60.0, "confirmed_h": 100.0},
        {"infectious_h": 50.0, "confirmed_h": 45.0},
        {"infectious_h": 10.0, "recovered_h": 90.0},
        {"infected_h": 999.0},
        {**OUTSIDER, "infectious_h": 10.0},
        {"infectious_h": 10.0, "episode": 2},
    )
    assert found(result, "found_delay_mean_h") == {("all", "all"): ((20 + 40 + 0 + FOUND_WITHIN_H) / 4, 4)}
    assert value(result, "found_delay_p50_h") == 20


def test_a_delay_cut_by_the_end_is_censored():
    """One is found after 100 h, one has been watched for 50 h only: Kaplan and Meier give 100 h, not 75 and not 218."""
    result = made({"infectious_h": 100.0, "confirmed_h": 200.0}, {"infectious_h": 950.0})
    assert value(result, "found_delay_mean_h") == 100
    assert value(result, "found_delay_p50_h") == 100


def test_delay_without_enough_found_or_seen():
    """No median where fewer than half are found; no mean where nobody was watched for a fortnight; none of nobody."""
    few = made({"infectious_h": 0.0, "confirmed_h": 9.0}, {"infectious_h": 0.0}, {"infectious_h": 0.0})
    assert value(few, "found_delay_p50_h") != value(few, "found_delay_p50_h")
    assert value(few, "found_delay_mean_h") == pytest.approx((9 + 2 * FOUND_WITHIN_H) / 3)
    short = made({"infectious_h": 0.0, "confirmed_h": 9.0}, end_h=FOUND_WITHIN_H - 1)
    assert found(short, "found_delay_mean_h") == {}
    assert value(short, "found_delay_p50_h") == 9
    assert found(made(), "found_delay_mean_h") == found(made(), "found_delay_p50_h") == {}


def test_a_false_alarm_finds_nobody():
    """Who was confirmed by mistake before they were infected has not been found by that."""
    result = made({"infected_h": 100.0, "infectious_h": 150.0, "confirmed_h": 20.0})
    assert value(result, "found_delay_mean_h") == FOUND_WITHIN_H


def test_buildings():
    """Three cases in one building of four and one in another: two with a case, three quarters in the worst."""
    result = made(*[{"building": 2}] * 3, {"building": 0}, OUTSIDER)
    assert found(result, "buildings_infected") == {("all", "all"): (2, 4)}
    assert found(result, "worst_building_share") == {("all", "all"): (0.75, 4)}
    assert value(made(), "buildings_infected") == 0
    assert found(made(), "worst_building_share") == {}


def test_without_an_epidemic_there_is_nothing():
    """A scenario without an epidemic has no row of it: a share of 0 would say that it was stopped."""
    assert len(NAMES) > 10
    result = sim.run(sim.load("tutorial"))
    assert not {row.outcome for row in Measure()(result)} & {*NAMES, "found_share"}
    for empty in (made(epidemic=False), made(residents=0)):
        assert not [name for name in NAMES if found(empty, name)]


def test_every_outcome_has_a_name_in_both_languages():
    """A table of an experiment calls outcomes by these names."""
    for name in NAMES:
        assert terms()[f"outcome.{name}"]["zh"]
        assert describe(name).denominator


SMALL = {
    "name": "small-outbreak",
    "horizon": "20 d",
    "follow_up": "0 h",
    "world": {
        "community": {"residents": 500, "households": 160, "buildings": 5},
        "needs": {"errand": {"per_1000_day": 60, "urgency": 3, "service": "30 min"}},
        "epidemic": {
            "contacts": {"household": 0.006, "building": 0.006, "casual": 0.004, "queue": 0.2, "service": 0.2},
            "course": {"latent": "2 d", "infectious": "5 d", "immune": "3 d", "shows_before": "1 d"},
            "symptoms": {"share": 0.6, "after": "1 d", "without": 0.5},
            "seeds": [{"count": 8}],
        },
    },
    "response": {
        "organisation": {
            "units": {
                "crew": {"function": "logistics", "members": "volunteer", "count": 6, "shift": "08:00-20:00"},
                "testers": {"function": "medical", "members": "staff", "count": 4, "from": "outside"},
            }
        },
        "isolation": {"confirmed": "home", "lasts": "7 d"},
        "sites": {
            "hall": {
                "enters": "swab",
                "room": 40,
                "stations": {
                    "swab": {
                        "staff": {"unit": "testers", "people": 2},
                        "service": "2 min",
                        "pool": {
                            "size": 10,
                            "retest": "true",
                            "laboratory": {"transport": "1 h", "takes": "4 h", "sensitivity": 0.95},
                        },
                    }
                },
                "invitations": {"rounds": ["3 d", "6 d"], "slot": "30 min", "per_slot": 60, "no_show": 0.05},
            }
        },
    },
}
"""A screening of an outbreak with waning immunity, so that every column of the table is in use."""


@pytest.fixture(scope="module")
def outbreak() -> Result:
    return sim.run(validate(SMALL, "small"))


def test_outcomes_of_a_run_are_those_counted_person_by_person(outbreak: Result):
    """The same values from the data frame, counted one by one and not with the columns of the result."""
    frame, residents = outbreak.frame("infections"), 500
    mine = frame[frame["resident"].notna()]
    assert len(mine) > 100
    assert (mine["episode"] > 1).any()
    assert frame["confirmed_h"].notna().any()
    values = {(row.outcome, row.by, row.level): row.value for row in Measure()(outbreak)}
    assert values["infections", "all", "all"] == len(mine)
    assert sum(v for (name, by, _), v in values.items() if (name, by) == ("infections", "layer")) == len(mine)
    assert values["attack_share", "all", "all"] == mine["resident"].nunique() / residents
    ever = mine[mine["episode"] == 1]
    assert values["found_share", "all", "all"] == pytest.approx(ever["confirmed_h"].notna().mean())
    begin, until = mine["infectious_h"].to_numpy(), mine["recovered_h"].fillna(np.inf).to_numpy()
    levels = [((begin <= t) & (t < until)).sum() for t in begin[begin == begin]]
    assert values["infectious_peak", "all", "all"] == max(levels)
    assert values["infectious_peak_h", "all", "all"] == min(np.array(begin[begin == begin])[levels == max(levels)])
    assert values["buildings_infected", "all", "all"] == mine["building"].nunique()
    assert values["worst_building_share", "all", "all"] == mine["building"].value_counts(normalize=True).max()
    unit = outbreak.frame("people").set_index("person")["unit"].astype(str)
    helping = frame[frame["person"].notna()]
    assert len(helping)
    for name, rows in helping.groupby(helping["person"].astype(int).map(unit)):
        assert values["infections_of_responders", "unit", name] == len(rows)
