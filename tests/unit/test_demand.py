"""Needs arise at their stated rates, for whom and when the world says, each by a key of its own.

Counts are held against Poisson's law with the mean that the scenario implies by arithmetic of its own: rate, exposure
and intensity integrated here. Draws are fixed, so a test either holds or does not.
"""

from __future__ import annotations

import contextlib
import os
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.chance import Chance
from sim.errors import InputError
from sim.model import CrisisModel
from sim.spec.hazards import RequestLog
from sim.spec.patches import validate
from sim.spec.scenario import Scenario
from sim.world.demand import REPLAY_FROM, Demand, draw
from sim.world.hazards import read_log
from sim.world.population import Population, populate
from sim.world.rates import Rates

many = settings(derandomize=True, max_examples=60, deadline=None)
Z = 4.0
DAY = 24.0
Floats = npt.NDArray[np.float64]


def need(**stated: Any) -> dict[str, Any]:
    """A need type with a rate of its own."""
    rate = {} if "per_hour" in stated or "per_1000_day" in stated else {"per_1000_day": 100}
    return {"urgency": 2, "service": "1 h", **rate, **stated}


def scenario(
    needs: dict[str, Any] | None = None,
    *,
    days: float = 10,
    community: dict[str, Any] | None = None,
    **world: Any,
) -> Scenario:
    """A world to draw needs in; the run ends at the horizon."""
    return validate(
        {
            "name": "world",
            "horizon": f"{days * DAY!r} h",
            "follow_up": "0 h",
            "world": {
                "community": {"residents": 2000, **(community or {})},
                "needs": needs if needs is not None else {"help": need()},
                **world,
            },
            "response": {"organisation": {"units": {}}},
        },
        "test",
    )


def drawn(of: Scenario, seed: int = 1, replication: int = 0) -> tuple[Demand, Population]:
    """The needs of a scenario and the residents they are of."""
    chance = Chance(seed, replication)
    population = populate(of.world.community, chance)
    return draw(of, population, chance, Rates(of, population, chance)), population


def onsets(of: Scenario, name: str = "help", seed: int = 1) -> Floats:
    """The onsets of one type."""
    demand, _ = drawn(of, seed)
    return demand.onset_h[demand.need_type == demand.type_names.index(name)]


def poisson(count: float, mean: float) -> bool:
    """Tell whether a count is one of Poisson's law with this mean."""
    return bool(abs(count - mean) <= Z * np.sqrt(mean)) if mean > 0 else count == 0


def follows(times: Floats, mean_until: Any, end_h: float) -> bool:
    """Tell whether times are a Poisson process of which ``mean_until(t)`` are expected until t."""
    total = float(mean_until(end_h))
    if not poisson(times.size, total):
        return False
    return bool(stats.kstest(times, lambda t: np.vectorize(mean_until)(t) / total).pvalue > 1e-4)


def rows(demand: Demand, of: int | None = None) -> dict[tuple[str, int, int], tuple[float, ...]]:
    """The needs by their keys (type, resident, how manyth), without those of one resident."""
    return {
        (demand.type_names[kind], resident, nth): tuple(np.nan_to_num(values, nan=-1.0).tolist())
        for kind, resident, nth, *values in zip(
            demand.need_type.tolist(),
            demand.resident.tolist(),
            demand.nth.tolist(),
            demand.onset_h.tolist(),
            demand.request_h.tolist(),
            demand.patience_h.tolist(),
            demand.service_h.tolist(),
            demand.mark.tolist(),
            strict=True,
        )
        if resident != of
    }


# -- rates ------------------------------------------------------------------------------------------------------------


def test_per_1000_day() -> None:
    """60 a day per 1,000 residents are 60·2·10 of 2,000 residents in ten days, spread evenly over time and people."""
    demand, population = drawn(scenario({"help": need(per_1000_day=60)}))
    assert follows(demand.onset_h, lambda t: 60 * 2 * t / DAY, 240.0)
    per_resident = np.bincount(demand.resident, minlength=population.size)
    expected = 60 / 1000 * 10
    assert abs(per_resident.var() - expected) < Z * np.sqrt((expected + 2 * expected**2) / population.size)


def test_per_hour() -> None:
    """A rate an hour is of the whole community, whatever its size."""
    for residents in (50, 2000):
        of = scenario({"help": need(per_hour=5)}, community={"residents": residents})
        assert follows(onsets(of), lambda t: 5 * t, 240.0)


def test_gaps_are_exponential() -> None:
    """One resident's needs are a Poisson process: the gaps are exponential and neighbouring ones uncorrelated."""
    times = onsets(scenario({"help": need(per_hour=20)}, community={"residents": 1}))
    gaps = np.diff(times)
    assert stats.kstest(gaps, "expon", args=(0, 1 / 20)).pvalue > 1e-4
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) < Z / np.sqrt(gaps.size)


def test_types_arise_apart() -> None:
    """Counts of two types in the same hours are uncorrelated, and the replications of one type are."""
    of = scenario({"help": need(per_hour=4), "water": need(per_hour=4)}, days=40)
    bins = np.arange(0, 961, 4)
    counts = [np.histogram(onsets(of, name, seed), bins)[0] for name in ("help", "water") for seed in (1, 2)]
    for k, first in enumerate(counts):
        for second in counts[:k]:
            assert abs(np.corrcoef(first, second)[0, 1]) < Z / np.sqrt(bins.size)


def test_rate_by_group() -> None:
    """With per_1000_day a factor raises the rate of its group and leaves the others; factors of two groups multiply."""
    of = scenario(
        {"help": need(per_1000_day=200, rate_by_group={"over_80": 3, "offline": 0.5})},
        community={"shares": {"over_80": 0.3, "offline": 0.4}},
    )
    demand, population = drawn(of)
    old, offline = population.groups["over_80"], population.groups["offline"]
    for is_old in (False, True):
        for is_offline in (False, True):
            here = (old == is_old) & (offline == is_offline)
            mean = 0.2 * 10 * (3 if is_old else 1) * (0.5 if is_offline else 1) * np.count_nonzero(here)
            assert poisson(np.count_nonzero(here[demand.resident]), mean)


def test_rate_by_group_of_a_rate_an_hour() -> None:
    """With per_hour the total stays, and factors say how it falls on people: by weight."""
    of = scenario({"help": need(per_hour=20, rate_by_group={"over_80": 4})}, community={"shares": {"over_80": 0.2}})
    demand, population = drawn(of)
    old = population.groups["over_80"]
    weight = 4 * old.sum() + (~old).sum()
    assert poisson(demand.size, 20 * 240)
    assert poisson(np.count_nonzero(old[demand.resident]), 20 * 240 * 4 * old.sum() / weight)


def test_a_group_without_need() -> None:
    """A factor of 0 keeps a group out altogether."""
    of = scenario({"help": need(rate_by_group={"child": 0})}, community={"shares": {"child": 0.5}})
    demand, population = drawn(of)
    assert demand.size > 0
    assert not population.groups["child"][demand.resident].any()


@pytest.mark.parametrize("rate", [{"per_1000_day": 300}, {"per_hour": 25}])
def test_by_phase(rate: dict[str, float]) -> None:
    """A factor of a phase holds from its beginning to its end; a phase without one has factor 1."""
    of = scenario(
        {"help": need(**rate, by_phase={"warning": 0.5, "emergency": 3, "resolution": 0})},
        life_cycle={"timetable": {"warning": "1 d", "emergency": "2 d", "protracted": "3 d"}},
    )
    hourly = 25.0

    def until(t: float) -> float:
        spells = [(0, 24, 0.5), (24, 72, 3), (72, 144, 1), (144, 240, 0)]
        return hourly * sum(factor * max(min(t, end) - begin, 0) for begin, end, factor in spells)

    assert follows(onsets(of), until, 240.0)


def test_a_phase_left_out() -> None:
    """A phase without a length is skipped: the next begins at once, and after the last named one comes resolution."""
    of = scenario(
        {"help": need(per_hour=20, by_phase={"warning": 100, "emergency": 1, "protracted": 0, "resolution": 2})},
        life_cycle={"timetable": {"emergency": "2 d"}},
    )
    assert follows(onsets(of), lambda t: 20 * (min(t, 48) + 2 * max(t - 48, 0)), 240.0)


def test_a_rate_of_zero() -> None:
    """Nothing happens at rate 0, in a phase or for ever, and nothing breaks."""
    of = scenario(
        {"help": need(per_hour=0), "water": need(by_phase={"resolution": 0})},
        life_cycle={"timetable": {"resolution": "1 d"}},
    )
    assert drawn(of)[0].size == 0


# -- hazards ----------------------------------------------------------------------------------------------------------


def test_a_steady_hazard() -> None:
    """Needs that it drives arise from its beginning to its end; others are not touched."""
    of = scenario(
        {"help": need(per_hour=20), "water": need(per_hour=20)},
        hazards={"storm": {"kind": "steady", "drives": ["help"], "begins": "2 d", "ends": "5 d"}},
    )
    assert follows(onsets(of), lambda t: 20 * max(min(t, 120) - 48, 0), 240.0)
    assert onsets(of).min() >= 48
    assert onsets(of).max() < 120
    assert follows(onsets(of, "water"), lambda t: 20 * t, 240.0)


def test_hazards_add_up() -> None:
    """Where two hazards drive one type their intensities add up."""
    of = scenario(
        {"help": need(per_hour=10)},
        hazards={
            "flood": {"kind": "steady", "ends": "4 d"},
            "storm": {"kind": "surge", "curve": [["0 h", 2.0]], "begins": "2 d", "ends": "6 d"},
        },
    )

    def until(t: float) -> float:
        return 10 * (min(t, 96) + 2 * max(min(t, 144) - 48, 0))

    assert follows(onsets(of), until, 240.0)


def test_the_footprint_of_a_hazard() -> None:
    """A hazard with zones drives needs of their residents only; the others have none of that type."""
    of = scenario(
        {"help": need(per_1000_day=200)},
        community={"zones": ["north", "south"], "buildings": 2},
        hazards={"storm": {"kind": "steady", "zones": ["south"]}},
    )
    demand, population = drawn(of)
    assert (population.zone[demand.resident] == population.zone_names.index("south")).all()
    assert poisson(demand.size, 0.2 * 10 * np.count_nonzero(population.zone == population.zone_names.index("south")))


@pytest.mark.parametrize("before", [0, 0.3, 1.5])
def test_lockdown(before: float) -> None:
    """While the gates are closed the intensity is 1, before and after it is ``before``, also above 1."""
    of = scenario(
        {"help": need(per_hour=20)},
        hazards={"closure": {"kind": "lockdown", "begins": "3 d", "ends": "7 d", "before": before}},
    )

    def until(t: float) -> float:
        closed = max(min(t, 168) - 72, 0)
        return 20 * (closed + before * (t - closed))

    assert follows(onsets(of), until, 240.0)


@pytest.mark.parametrize("before", [0, 0.4])
def test_lockdown_with_reserves(before: float) -> None:
    """A household's needs begin when its reserve is used up: the intensity rises with the share of empty cupboards.

    With exponential reserves of mean m that share is 1 − exp(−(t − begin)/m), integrated in closed form here.
    """
    mean = 36.0
    of = scenario(
        {"help": need(per_hour=40)},
        hazards={
            "closure": {
                "kind": "lockdown",
                "begins": "1 d",
                "before": before,
                "reserve": {"dist": "exponential", "mean": f"{mean} h"},
            }
        },
        community={"residents": 20_000},
    )

    def until(t: float) -> float:
        closed = max(t - 24, 0)
        return 40 * (before * t + (1 - before) * (closed - mean * (1 - np.exp(-closed / mean))))

    assert follows(onsets(of), until, 240.0)


def test_a_household_shares_its_reserve() -> None:
    """Everyone in a household begins to need at one moment: no need of theirs before it, and it is drawn once."""
    of = scenario(
        {"help": need(per_1000_day=20_000)},
        hazards={"closure": {"kind": "lockdown", "reserve": {"dist": "uniform", "low": "0 h", "high": "9 d"}}},
        community={"residents": 400, "households": 100, "household_sizes": {"4": 1}},
    )
    demand, population = drawn(of)
    first = np.full(population.size, np.inf)
    np.minimum.at(first, demand.resident, demand.onset_h)
    by_household = first[np.argsort(population.household, kind="stable")].reshape(100, 4)
    spread = np.ptp(by_household, axis=1)  # differences of exponential gaps with a mean of 1.2 h
    assert np.median(spread) < 5
    assert np.ptp(by_household[:, 0]) > 150
    assert stats.kstest(by_household.min(axis=1) - 0.3, "uniform", args=(0, 216)).pvalue > 1e-3


def test_a_surge_curve() -> None:
    """Between its points a curve is a straight line; before the first and after the last it is constant."""
    points = [(24.0, 1.0), (48.0, 5.0), (96.0, 0.5)]
    of = scenario(
        {"help": need(per_hour=10)},
        hazards={"surge": {"kind": "surge", "curve": [[f"{t} h", level] for t, level in points]}},
    )

    def until(t: float) -> float:
        total = 10 * min(t, 24) * 1.0
        for (begin, low), (end, high) in zip(points, points[1:], strict=False):
            x = max(min(t, end) - begin, 0)
            total += 10 * (low * x + (high - low) * x * x / (end - begin) / 2)
        return total + 10 * 0.5 * max(t - 96, 0)

    assert follows(onsets(of), until, 240.0)


def test_a_surge_curve_between_begin_and_end() -> None:
    """Outside of its beginning and end a surge has no intensity, whatever its curve says."""
    of = scenario(
        {"help": need(per_hour=20)},
        hazards={"surge": {"kind": "surge", "curve": [["0 h", 2]], "begins": "1 d", "ends": "3 d"}},
    )
    assert follows(onsets(of), lambda t: 40 * max(min(t, 72) - 24, 0), 240.0)


# -- logs -------------------------------------------------------------------------------------------------------------

START = np.datetime64("2015-05-25T18:00:00")


def log_file(folder: Path, hours: Any, name: str = "calls.csv") -> Path:
    """A request log with a row for each hour given, and a column to choose by."""
    path = folder / name
    stamps = [START + np.timedelta64(round(hour * 3_600_000), "ms") for hour in hours]
    lines = [f"{k},{str(stamp).replace('T', ' ')},{'ab'[k % 2]}" for k, stamp in enumerate(stamps)]
    path.write_text("\n".join(["id,created,kind", *lines, ""]), encoding="utf-8")
    return path


def surge(path: Path, **log: Any) -> dict[str, Any]:
    """A hazard from a log."""
    return {"kind": "surge", "log": {"file": str(path), "column": "created", **log}}


def test_a_log_as_intensity(tmp_path: Path) -> None:
    """Counts in each bin are the rate in that bin: with per_hour 1 as many needs as logged requests are expected."""
    counts = [5, 0, 40, 10, 0, 0, 25]  # in bins of 6 h
    hours = np.concatenate([6 * k + np.linspace(0, 5.99, n) for k, n in enumerate(counts)])
    path = log_file(tmp_path, hours)
    for factor in (1.0, 20.0):
        of = scenario({"help": need(per_hour=factor)}, hazards={"calls": surge(path, bin="6 h")})
        times = onsets(of)
        for k, count in enumerate(counts):
            assert poisson(np.count_nonzero((times >= 6 * k) & (times < 6 * k + 6)), factor * count)
        assert times.max() < 6 * len(counts)


def test_a_log_as_intensity_within_a_bin(tmp_path: Path) -> None:
    """Within a bin needs fall anywhere: the log's own times are not repeated."""
    path = log_file(tmp_path, np.linspace(0, 0.1, 50))
    times = onsets(scenario({"help": need(per_hour=100)}, hazards={"calls": surge(path, bin="4 h")}))
    assert stats.kstest(times, "uniform", args=(0, 4)).pvalue > 1e-4


def test_a_log_replayed(tmp_path: Path) -> None:
    """Each timestamp is one need at its exact time, of somebody, and nothing else happens."""
    hours = np.round(np.sort(stats.expon.ppf((np.arange(300) + 0.5) / 300) * 30), 3)
    path = log_file(tmp_path, hours)
    of = scenario({"help": need(per_hour=1)}, days=6, hazards={"calls": surge(path, replay=True)})
    demand, population = drawn(of)
    assert demand.onset_h == pytest.approx(hours[hours < 144] - np.floor(hours[0]), abs=1e-6)
    assert (demand.nth >= REPLAY_FROM).all()
    assert (demand.request_h == demand.onset_h).all()
    per_resident = np.bincount(demand.resident, minlength=population.size)
    assert per_resident.max() <= 5


def test_replay_draws_people_by_weight(tmp_path: Path) -> None:
    """Whose request it was no log says: residents are drawn by the weights of their groups, in the footprint."""
    path = log_file(tmp_path, np.arange(4000) / 20)
    of = scenario(
        {"help": need(per_hour=1, rate_by_group={"over_80": 5})},
        community={"shares": {"over_80": 0.2}, "zones": ["north", "south"], "buildings": 2},
        hazards={"calls": {**surge(path, replay=True), "zones": ["north"]}},
    )
    demand, population = drawn(of)
    north = population.zone == population.zone_names.index("north")
    old = population.groups["over_80"]
    assert demand.size == 4000
    assert north[demand.resident].all()
    share = 5 * np.count_nonzero(old & north) / (5 * np.count_nonzero(old & north) + np.count_nonzero(~old & north))
    found = old[demand.resident].mean()
    assert abs(found - share) < Z * np.sqrt(share * (1 - share) / demand.size)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_replay_of_a_share(tmp_path: Path, share: float) -> None:
    """per_hour below 1 keeps that share of the logged requests, so that a log can serve several need types."""
    path = log_file(tmp_path, np.arange(2000) / 10)
    count = onsets(scenario({"help": need(per_hour=share)}, hazards={"calls": surge(path, replay=True)})).size
    assert abs(count - 2000 * share) <= Z * np.sqrt(2000 * share * (1 - share))


def test_replay_is_the_same_in_every_replication_but_for_whom(tmp_path: Path) -> None:
    """Times are the log's in every replication; the residents differ."""
    path = log_file(tmp_path, np.arange(100) / 2)
    of = scenario({"help": need(per_hour=1)}, hazards={"calls": surge(path, replay=True)})
    (first, _), (second, _) = drawn(of, 1, 0), drawn(of, 1, 1)
    assert (first.onset_h == second.onset_h).all()
    assert (first.resident != second.resident).any()


def test_replay_beside_another_hazard(tmp_path: Path) -> None:
    """A log replayed and a steady hazard both drive a type: the log's needs come on top."""
    path = log_file(tmp_path, np.arange(100) / 2)
    of = scenario(
        {"help": need(per_hour=1)},
        days=40,
        hazards={"calls": surge(path, replay=True), "always": {"kind": "steady"}},
    )
    demand, _ = drawn(of)
    assert np.count_nonzero(demand.nth >= REPLAY_FROM) == 100
    assert poisson(np.count_nonzero(demand.nth < REPLAY_FROM), 960)


def test_replay_between_begin_and_end(tmp_path: Path) -> None:
    """A hazard drives nothing before its beginning and after its end, also by a log that is replayed."""
    path = log_file(tmp_path, np.arange(100))
    hazard = {**surge(path, replay=True), "begins": "10 h", "ends": "20 h"}
    assert onsets(scenario({"help": need(per_hour=1)}, hazards={"calls": hazard})).tolist() == list(range(10, 20))


def test_replay_under_an_inject(tmp_path: Path) -> None:
    """A timed inject that stops a need type stops its replayed needs too."""
    path = log_file(tmp_path, np.arange(100))
    of = scenario(
        {"help": need(per_hour=1)},
        hazards={"calls": surge(path, replay=True)},
        injects=[{"at": "50 h", "set": {"needs.help.per_hour": 0}}],
    )
    assert onsets(of).tolist() == list(range(50))


def test_replay_where_nobody_can_have_the_need(tmp_path: Path) -> None:
    """If the factors of the groups leave nobody, a replayed request is nobody's: not that of whoever is last."""
    path = log_file(tmp_path, np.arange(50))
    of = scenario(
        {"help": need(per_hour=1, rate_by_group={"child": 0})},
        community={"shares": {"child": 1}},
        hazards={"calls": surge(path, replay=True)},
    )
    try:
        demand, _ = drawn(of)
    except InputError:
        return
    assert demand.size == 0


def test_rows_of_a_log_chosen(tmp_path: Path) -> None:
    """``only`` keeps rows by their values; hour 0 is the full hour of the first one kept."""
    path = log_file(tmp_path, [0.25, 1.75, 2.5, 3.5])
    log = RequestLog.model_validate({"file": str(path), "column": "created", "only": {"kind": "b"}})
    assert read_log(log).tolist() == pytest.approx([0.75, 2.5])
    everything = RequestLog.model_validate({"file": str(path), "column": "created"})
    assert read_log(everything).tolist() == pytest.approx([0.25, 1.75, 2.5, 3.5])


@pytest.mark.parametrize("start", ["2015-05-25T19:00:00", "2015-05-25 19:00"])
def test_the_start_of_a_log(tmp_path: Path, start: str) -> None:
    """A stated start is hour 0, in local time; what was before it is left out."""
    path = log_file(tmp_path, [0.25, 1.75, 2.5])
    log = RequestLog.model_validate({"file": str(path), "column": "created", "start": start})
    assert read_log(log).tolist() == pytest.approx([0.75, 1.5])


def test_a_log_out_of_order_and_a_log_changed(tmp_path: Path) -> None:
    """Rows may stand in any order; a log written anew is read anew, though logs are kept while they do not change."""
    path = log_file(tmp_path, [5, 1, 3])
    log = RequestLog.model_validate({"file": str(path), "column": "created"})
    assert read_log(log).tolist() == [0, 2, 4]
    log_file(tmp_path, [1, 2])
    os.utime(path, (1, 1))
    assert read_log(log).tolist() == [0, 1]


BAD_LOGS = {
    "no column": ("id,when\n1,2015-05-25\n", {}, "created: no such column"),
    "nearest column": ("id,create\n1,2015-05-25\n", {}, "did you mean 'create'"),
    "no column to choose by": ("created\n2015-05-25\n", {"only": {"kind": "b"}}, "kind: no such column"),
    "bad stamp": ("created\n2015-05-25\nlater\n", {}, "created (line 3): a date and time"),
    "no stamp": ("created,kind\n2015-05-25,a\n,b\n", {}, "created (line 3): a date and time"),
    "short row": ("kind,created\na,2015-05-25\nb\n", {}, "created (line 3): a date and time"),
    "header alone": ("created\n", {}, "no row is left"),
    "nothing chosen": ("created,kind\n2015-05-25,a\n", {"only": {"kind": "b"}}, "no row is left"),
    "nothing at all": ("", {}, "no such column"),
    "all before the start": ("created\n2015-05-25\n", {"start": "2016-01-01"}, "no timestamp is at or after the start"),
    "start in words": ("created\n2015-05-25\n", {"start": "noon"}, "start"),
}


@pytest.mark.parametrize("case", BAD_LOGS)
def test_a_bad_log_is_refused(case: str, tmp_path: Path) -> None:
    """A log is checked like a scenario: file, column, line and what is wrong there."""
    content, more, says = BAD_LOGS[case]
    path = tmp_path / "calls.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        drawn(scenario({"help": need(per_hour=1)}, hazards={"calls": surge(path, **more)}))
    assert says in str(caught.value)


@pytest.mark.parametrize("content", [b"created\n\xff\xfe\n", b"\0\0\0", "created\n2015-05-25\n".encode("utf-16")])
def test_a_log_that_is_no_text(content: bytes, tmp_path: Path) -> None:
    """Bytes that are no UTF-8 text are refused by the file's name."""
    path = tmp_path / "calls.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"calls\.csv"):
        drawn(scenario({"help": need(per_hour=1)}, hazards={"calls": surge(path)}))


def test_a_log_that_is_a_folder(tmp_path: Path) -> None:
    """A folder or a missing file is missed by its name, without a traceback."""
    for path in (tmp_path, tmp_path / "no.csv"):
        with pytest.raises(InputError):
            read_log(RequestLog.model_validate({"file": str(path), "column": "created"}))


def test_a_log_of_absurd_length_in_time(tmp_path: Path) -> None:
    """One stamp years early must not ask for a bin for every minute of years: refused, or in little memory."""
    path = tmp_path / "calls.csv"
    path.write_text("created\n1995-05-25 00:00:00\n2015-05-25 00:00:00\n", encoding="utf-8")
    of = scenario({"help": need(per_hour=1)}, hazards={"calls": surge(path, bin="1 min")})
    tracemalloc.start()
    with contextlib.suppress(InputError):
        drawn(of)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6


# -- injects ----------------------------------------------------------------------------------------------------------


def test_timed_injects() -> None:
    """From its hour on a rate is the new one; injects hold one after the other, in order of time, not of the file."""
    of = scenario(
        {"help": need(per_1000_day=100), "water": need(per_1000_day=100)},
        injects=[
            {"at": "6 d", "set": {"needs.help.per_1000_day": 50}},
            {"at": "2 d", "set": {"needs.help.per_1000_day": 500}},
            {"at": "8 d", "set": {"needs.help.per_1000_day": 0}},
        ],
    )
    rates = [(0, 48, 100), (48, 144, 500), (144, 192, 50), (192, 240, 0)]

    def until(t: float) -> float:
        return sum(rate * 2 / DAY * max(min(t, end) - begin, 0) for begin, end, rate in rates)

    assert follows(onsets(of), until, 240.0)
    assert (onsets(of, "water") == onsets(scenario({"help": need(), "water": need()}), "water")).all()


def test_an_inject_of_phases() -> None:
    """An inject may change the factors of phases: merged into those stated, from its hour on."""
    of = scenario(
        {"help": need(per_hour=20, by_phase={"warning": 0.5})},
        life_cycle={"timetable": {"warning": "4 d", "emergency": "6 d"}},
        injects=[{"at": "2 d", "set": {"needs.help.by_phase": {"emergency": 2}}}],
    )
    assert follows(onsets(of), lambda t: 20 * (0.5 * min(t, 96) + 2 * max(t - 96, 0)), 240.0)


def test_an_inject_starts_what_was_not_there() -> None:
    """A need type of rate 0 may begin by an inject."""
    of = scenario({"help": need(per_hour=0)}, injects=[{"at": "5 d", "set": {"needs.help.per_hour": 30}}])
    assert follows(onsets(of), lambda t: 30 * max(t - 120, 0), 240.0)


def test_an_inject_at_the_end_and_after_it() -> None:
    """What would change after the end changes nothing, for anybody."""
    plain = scenario({"help": need(per_hour=5)})
    late = scenario({"help": need(per_hour=5)}, injects=[{"at": "11 d", "set": {"needs.help.per_hour": 2}}])
    assert (onsets(late) == onsets(plain)).all()


def test_conditional_injects_leave_the_decision_to_the_run() -> None:
    """A type that a state may change keeps all candidates, at the highest rate that may come, with their marks."""
    of = scenario(
        {"help": need(per_hour=5), "water": need(per_hour=5)},
        injects=[{"when": {"backlog_over": 10}, "set": {"needs.help.per_hour": 20}}],
    )
    demand, _ = drawn(of)
    helps = demand.need_type == demand.type_names.index("help")
    assert poisson(np.count_nonzero(helps), 20 * 240)
    assert stats.kstest(demand.mark[helps], "uniform").pvalue > 1e-4
    assert np.isnan(demand.mark[~helps]).all()
    assert poisson(np.count_nonzero(demand.mark[helps] < 0.25), 5 * 240)


def test_candidates_of_a_conditional_inject_that_never_comes() -> None:
    """As long as the condition does not hold, needs arise at the rate stated; when it does, at the injected one."""
    inject = {"set": {"needs.help.per_hour": 40}}
    never = scenario({"help": need(per_hour=10)}, injects=[{"when": {"backlog_over": 1_000_000}, **inject}])
    at_once = scenario({"help": need(per_hour=10)}, injects=[{"when": {"backlog_over": 0, "every": "1 min"}, **inject}])
    for of, hourly in ((never, 10), (at_once, 40)):
        result = CrisisModel(of, 1, 0).run()
        assert follows(result.columns("needs")["onset_h"], lambda t, hourly=hourly: hourly * t, 240.0)


def test_needs_of_a_conditional_inject_are_served_like_others() -> None:
    """A type that an inject might change waits in line like any other: one crew at half load leaves nobody unserved."""
    plain = {"help": need(per_hour=0.5)}
    inject = {"when": {"backlog_over": 1_000_000}, "set": {"needs.help.per_hour": 5}}
    crew = {"crew": {"function": "casework", "members": "staff", "count": 1}}
    for of in (scenario(plain, days=40), scenario(plain, days=40, injects=[inject])):
        result = CrisisModel(of.patched({"response": {"organisation": {"units": crew}}}), 1, 0).run()
        needs = result.columns("needs")
        early = needs["onset_h"] < 900
        assert np.count_nonzero(early) > 300
        assert not np.isnan(needs["started_h"][early]).any()


# -- what a need is made of -------------------------------------------------------------------------------------------


def test_delays_patience_and_service() -> None:
    """Each is drawn from its own law (Kolmogorov–Smirnov against SciPy's), apart from the others."""
    of = scenario(
        {
            "help": need(
                per_hour=40,
                service={"dist": "gamma", "mean": "90 min", "cv": 0.5},
                reporting_delay={"dist": "uniform", "low": "1 h", "high": "3 h"},
                patience={"dist": "exponential", "mean": "5 h"},
            )
        }
    )
    demand, _ = drawn(of)
    delay = demand.request_h - demand.onset_h
    assert stats.kstest(demand.service_h, stats.gamma(4, scale=1.5 / 4).cdf).pvalue > 1e-4
    assert stats.kstest(delay, stats.uniform(1, 2).cdf).pvalue > 1e-4
    assert stats.kstest(demand.patience_h, stats.expon(scale=5).cdf).pvalue > 1e-4
    columns = [demand.service_h, delay, demand.patience_h, np.diff(demand.onset_h, prepend=0)]
    for k, first in enumerate(columns):
        for second in columns[:k]:
            assert abs(stats.spearmanr(first, second).statistic) < Z / np.sqrt(demand.size)


def test_needs_never_reported() -> None:
    """A share is never asked for and stays open; those that are reported are as before, and not the first ones only."""
    every = drawn(scenario({"help": need(per_hour=30)}))[0]
    some = drawn(scenario({"help": need(per_hour=30, reported=0.3)}))[0]
    assert (every.onset_h == some.onset_h).all()
    silent = np.isnan(some.request_h)
    assert abs(silent.mean() - 0.7) < Z * np.sqrt(0.21 / silent.size)
    assert (some.request_h[~silent] == every.request_h[~silent]).all()
    assert stats.kstest(some.onset_h[silent], "uniform", args=(0, 240)).pvalue > 1e-4


def test_without_patience_nobody_leaves_and_without_delay_all_ask_at_once() -> None:
    """The parts of a need that are not stated are absent, not zero."""
    demand, _ = drawn(scenario())
    assert np.isinf(demand.patience_h).all()
    assert (demand.request_h == demand.onset_h).all()
    assert (demand.service_h == 1).all()
    assert np.isnan(demand.mark).all()


def test_needs_are_sorted_and_read_only() -> None:
    """Rows stand in the order of onset, types mixed, and nobody can write to them."""
    demand, population = drawn(scenario({"help": need(), "water": need(per_hour=3)}))
    assert (np.diff(demand.onset_h) >= 0).all()
    assert set(demand.need_type.tolist()) == {0, 1}
    assert demand.onset_h.min() >= 0
    assert demand.onset_h.max() < 240
    assert demand.resident.max() < population.size
    for name in ("need_type", "resident", "nth", "onset_h", "request_h", "patience_h", "service_h", "mark"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(demand, name)[0] = 0


# -- keyed chance -----------------------------------------------------------------------------------------------------

RICH = {
    "help": need(
        per_1000_day=300,
        rate_by_group={"offline": 2},
        by_phase={"warning": 0.3},
        reporting_delay={"dist": "exponential", "mean": "1 h"},
        patience={"dist": "exponential", "mean": "1 d"},
        service={"dist": "lognormal", "mean": "1 h", "cv": 1},
        reported=0.8,
    ),
    "water": need(per_1000_day=100),
}
WORLD: dict[str, Any] = {
    "life_cycle": {"timetable": {"warning": "1 d", "emergency": "2 d"}},
    "hazards": {
        "closure": {
            "kind": "lockdown",
            "drives": ["water"],
            "before": 0.2,
            "reserve": {"dist": "exponential", "mean": "1 d"},
        }
    },
}


@many
@given(st.integers(1, 300), st.integers(0, 4))
def test_one_more_resident_changes_nobody_elses_needs(residents: int, seed: int) -> None:
    """Under per_1000_day everyone else's needs stay the same to the bit: when, how long, how patient, whether asked.

    So two estates of different size, or a plan with newcomers, are compared on the same luck.
    """
    shares = {"shares": {"offline": 0.3}}
    before, _ = drawn(scenario(RICH, days=6, community={"residents": residents, **shares}, **WORLD), seed)
    after, _ = drawn(scenario(RICH, days=6, community={"residents": residents + 1, **shares}, **WORLD), seed)
    assert rows(before) == rows(after, of=residents)


def test_another_need_type_changes_no_other() -> None:
    """A type has its own streams by its name: adding or moving types in the file leaves the needs of the others."""
    alone, _ = drawn(scenario({"help": RICH["help"]}, life_cycle=WORLD["life_cycle"]))
    both, _ = drawn(scenario({"zzz": need(), "help": RICH["help"]}, life_cycle=WORLD["life_cycle"]))
    assert rows(alone) == {key: row for key, row in rows(both).items() if key[0] == "help"}


def test_a_longer_horizon_keeps_the_needs_so_far() -> None:
    """A run that goes on longer has the same beginning: the horizon cuts, it does not draw."""
    short, _ = drawn(scenario(RICH, days=4, **WORLD))
    long, _ = drawn(scenario(RICH, days=9, **WORLD))
    assert rows(short) == {key: row for key, row in rows(long).items() if row[0] < 96}


def test_a_lower_share_keeps_those_who_still_report() -> None:
    """Luck is compared like with like: who reports at 30 % reports at 60 % too."""
    low, high = (drawn(scenario({"help": need(per_hour=20, reported=share)}))[0] for share in (0.3, 0.6))
    asked_low, asked_high = ~np.isnan(low.request_h), ~np.isnan(high.request_h)
    assert asked_high[asked_low].all()
    assert asked_high.sum() > asked_low.sum()


def test_replications_are_drawn_anew() -> None:
    """Counts of 200 replications have Poisson's mean and variance: replications are independent draws of one law."""
    of = scenario({"help": need(per_hour=2)}, days=1, community={"residents": 50})
    counts = np.array([drawn(of, 1, k)[0].size for k in range(200)])
    assert abs(counts.mean() - 48) < Z * np.sqrt(48 / 200)
    assert abs(counts.var(ddof=1) - 48) < Z * 48 * np.sqrt(2 / 199)
    assert abs(np.corrcoef(counts[1:], counts[:-1])[0, 1]) < Z / np.sqrt(200)
