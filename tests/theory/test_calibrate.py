"""Calibration: does it find what made the data, do its ranges hold it, and does it say what it cannot know."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import exponential, queue_data

from analysis.calibrate import BASE as AS_IT_IS
from analysis.calibrate import Calibrated, calibrate
from analysis.observed import Figure, figures
from analysis.outcomes import measure_of
from analysis.plausible import misfit
from analysis.search import FRESH
from analysis.store.rounds import Collected
from firstline.calibrate_tables import headline, page
from firstline.words import Words
from sim.calibrate_files import read_calibration
from sim.errors import InputError
from sim.files import dump, load
from sim.kinds import CALIBRATION
from sim.runs import run
from sim.spec.calibrate import Task
from sim.spec.patches import validate
from tests.command import firstline

RATE, SERVICE = "world.needs.medicine.per_1000_day", "world.needs.medicine.service.mean"
WAIT, REQUESTS = ("wait_mean_h", "all", "all"), ("requests", "all", "all")
UNMET = ("unmet_share", "all", "all")
BASE = """
name: small
start: 2022-03-28 08:00
horizon: 2 d
world:
  community: {buildings: 2, households: 20, residents: 60}
  needs:
    medicine:
      {per_1000_day: 400, urgency: 2, skill: delivery, service: {dist: exponential, mean: 30 min}, target: 2 h}
response:
  organisation:
    units:
      runners: {function: logistics, members: volunteer, count: 2, skills: [delivery]}
"""
TEXT = f"""
calibrate: small
base: base.yaml
parameters:
  {RATE}: {{low: 100, high: 900}}
  {SERVICE}: {{low: 10 min, high: 60 min}}
observed:
  - {{outcome: wait_mean_h, value: 2 h, sd: 0.1 h}}
  - {{outcome: requests, value: 50, sd: 2}}
  - {{outcome: unmet_share, value: 0.2, sd: 0.02, held_out: true}}
trials: 32
replications: 4
finalists: 3
fresh: 20
"""
ONE = TEXT.replace(f"  {SERVICE}: {{low: 10 min, high: 60 min}}\n", "")


def asked(folder: Path, text: str = TEXT) -> Task:
    (folder / "base.yaml").write_text(BASE, encoding="utf-8")
    (folder / "small.yaml").write_text(text, encoding="utf-8")
    return read_calibration(folder / "small.yaml")


def of_points(values: dict[str, Any]) -> tuple[float, float]:
    """Return the two parameters, each from 0 to 1 within its range; the base stands in the middle of the first."""
    rate = (float(values.get(RATE, 400.0)) - 100) / 800
    service = (float(str(values.get(SERVICE, "0.5 h")).removesuffix(" h")) * 60 - 10) / 50
    return rate, service


Response = Callable[[float, float], dict[tuple[str, str, str], float]]


def two(rate: float, service: float) -> dict[tuple[str, str, str], float]:
    """Requests grow with the rate, the wait with the square of both; what is unmet follows the wait."""
    return {REQUESTS: 100 * rate, WAIT: 4 * rate * service + service**2, UNMET: 0.4 * rate}


def answered(
    task: Task, known: tuple[Figure, ...], response: Response, noise: float = 0.02
) -> tuple[Calibrated, Collected]:
    """Carry a calibration out on numbers: the response at the values, and a normal draw of each replication."""
    keys = list(dict.fromkeys(one.key for one in known))
    procedure, collected = calibrate(task, known), Collected(keys)
    size = {key: abs(value) + 0.1 for key, value in response(0.5, 0.5).items()}
    request = next(procedure)
    while True:
        for batch in request.batches:
            means = response(*of_points(json.loads(batch.values)))
            for k in batch.replications:
                luck = np.random.default_rng(k).normal(size=len(keys))
                told = {key: means[key] + noise * size[key] * x for key, x in zip(keys, luck, strict=True)}
                collected.add((batch.cell.world, batch.cell.variant, k), told)
        try:
            request = procedure.send(collected)
        except StopIteration as end:
            return end.value, collected


def truth(response: Response, rate: float, service: float, sd: dict[tuple[str, str, str], float], seed: int) -> Any:
    """Return figures as they would be observed: the truth and an error of the stated standard deviation."""
    luck = np.random.default_rng(10_000 + seed)
    means = response(rate, service)
    return tuple(Figure(key, means[key] + one * luck.normal(), one, held_out=False) for key, one in sd.items())


# -- recovery ---------------------------------------------------------------------------------------------------------


def test_the_range_holds_what_made_the_data(tmp_path: Path):
    """In at least nine of ten repetitions, each with its own truth and errors; and it is no empty promise."""
    task = asked(tmp_path, ONE)
    held = width = 0.0
    for seed in range(40):
        rate = 0.2 + 0.6 * np.random.default_rng(seed).random()
        known = truth(two, rate, 0.4, {REQUESTS: 5.0, WAIT: 0.2}, seed)
        found, _ = answered(task, known, two)
        (one,) = found.fitted
        held += one.low <= 100 + 800 * rate <= one.high
        width += (one.high - one.low) / 800
    assert held >= 36
    assert width / 40 < 0.35


def test_ranges_hold_in_two_dimensions(tmp_path: Path):
    """Two parameters that act together: the range of each is over all values of the other that fit."""
    task = asked(tmp_path)
    held = np.zeros(2)
    for seed in range(20):
        rate, service = 0.25 + 0.5 * np.random.default_rng(seed).random(2)
        known = truth(two, rate, service, {REQUESTS: 5.0, WAIT: 0.2}, seed)
        found, _ = answered(task, known, two)
        ends = [(one.low, one.high) for one in found.fitted]
        true = (rate, service)
        for k, (low, high) in enumerate(ends):
            low_at, high_at = (of_points({(RATE, SERVICE)[k]: end})[k] for end in (low, high))
            held[k] += low_at <= true[k] <= high_at
    assert held.min() >= 18


def test_luck_is_taken_off():
    """The misfit of the truth is zero on average however few the runs; without it, noisy points would look worse."""
    generator = np.random.default_rng(1)
    found = [misfit(generator.normal(3, 2, (2, 4)), np.array([3.0, 3.0]), np.ones(2)) for _ in range(4000)]
    totals = np.array([one.total for one in found])
    assert abs(totals.mean()) <= 4 * totals.std() / np.sqrt(4000)
    wide = [misfit(generator.normal(3, 2, (2, 200)), np.array([4.0, 3.0]), np.ones(2)) for _ in range(400)]
    spread = np.std([one.total for one in wide])
    assert np.mean([one.spread for one in wide]) == pytest.approx(spread, rel=0.15)


def test_without_influence_a_range_is_all_and_a_warning_says_so(tmp_path: Path):
    """Only the rate is seen in the requests: the service may be anything."""
    known = truth(two, 0.5, 0.5, {REQUESTS: 2.0}, 1)
    found, _ = answered(asked(tmp_path), known, two)
    rate, service = found.fitted
    assert not rate.whole
    assert service.whole
    assert [of_points({SERVICE: end})[1] for end in (service.low, service.high)] == pytest.approx([0, 1])
    kinds = {(one.kind, one.path) for one in found.warnings}
    assert ("whole", SERVICE) in kinds
    assert ("many", "") in kinds, "two parameters and one figure"


def test_a_truth_beyond_the_ends_is_said(tmp_path: Path):
    """The best lies at the end, a warning says so, and the fitted figure is told to be missed."""
    known = (Figure(REQUESTS, 140.0, 2.0, held_out=False),)
    found, _ = answered(asked(tmp_path, ONE), known, two)
    kinds = {one.kind for one in found.warnings}
    assert {"end", "misses", "unknown"} <= kinds
    assert found.fitted[0].at_end


def test_choices_are_fitted_too(tmp_path: Path):
    """All points are tried where they are few, and the range is the list of what fits."""
    text = ONE.replace("{low: 100, high: 900}", "{of: [100, 300, 500, 900]}")
    known = (Figure(REQUESTS, 50.0, 3.0, held_out=False),)
    found, _ = answered(asked(tmp_path, text), known, two)
    assert found.every_point
    assert found.fitted[0].choices == (found.fitted[0].value,)


# -- held out ---------------------------------------------------------------------------------------------------------


def test_the_error_on_what_was_held_out_is_honest(tmp_path: Path):
    """It is of fresh runs against figures that no search has seen, beside the base as it was."""
    task = asked(tmp_path, ONE)
    known = (
        *truth(two, 0.7, 0.4, {REQUESTS: 2.0, WAIT: 0.05}, 3),
        Figure(UNMET, 0.28, 0.02, held_out=True),
    )
    found, collected = answered(task, known, lambda r, s: two(r, 0.4))
    fitted, held = found.errors
    assert (fitted.held_out, held.held_out) == (False, True)
    fresh = range(FRESH, FRESH + 20)
    best = collected.of(("base", found.finalists[0].name), UNMET, fresh).mean()
    before = collected.of(("base", AS_IT_IS), UNMET, fresh).mean()
    assert held.fitted == pytest.approx(abs(best - 0.28) / 0.02)
    assert held.before == pytest.approx(abs(before - 0.28) / 0.02)
    assert held.fitted < held.before
    assert {one.kind for one in found.warnings} == set()
    changed, _ = answered(task, (*known[:-1], replace(known[-1], value=0.9)), lambda r, s: two(r, 0.4))
    assert changed.fitted == found.fitted, "what is held out changes nothing of the fit"


def test_a_held_out_figure_far_from_the_fit_is_said(tmp_path: Path):
    """It lies outside of its interval, and where the base was nearer that is said as well."""
    known = (*truth(two, 0.8, 0.4, {REQUESTS: 2.0}, 3), Figure(UNMET, 0.05, 0.02, held_out=True))
    found, _ = answered(asked(tmp_path, ONE), known, two)
    assert [row.inside for row in found.rows] == [True, False]
    warned = {(one.kind, one.key) for one in found.warnings}
    assert {("far", UNMET), ("no_better", None)} <= warned


def test_a_fit_that_is_worse_than_the_base_on_what_it_was_fitted_to_is_said_first(tmp_path: Path):
    """The base hits what was observed, and no value that may be tried is near it: that is no fit to be silent about."""
    text = ONE.replace("{low: 100, high: 900}", "{of: [100, 900]}")
    known = (Figure(REQUESTS, two(0.375, 0.5)[REQUESTS], 2.0, held_out=False),)
    task = asked(tmp_path, text)
    found, _ = answered(task, known, two)
    (fit,) = found.errors
    assert fit.fitted > fit.before
    assert found.warnings[0].kind == "worse_fit"
    assert (found.warnings[0].first, found.warnings[0].second) == (fit.fitted, fit.before)
    for said in (headline(task, found, Words("en")), page(task, found, Words("en"))):
        told = [one for one in said if isinstance(one, str) and "the fit is worse than the base as it was" in one]
        assert len(told) == 1
    good, _ = answered(asked(tmp_path, ONE), truth(two, 0.7, 0.5, {REQUESTS: 2.0}, 1), two)
    assert "worse_fit" not in {one.kind for one in good.warnings}


def test_an_interval_ends_where_the_outcome_cannot_be(tmp_path: Path):
    """With a deviation of 5 a share would lie between -954 and 1005 %: it is a share, and no wait is below 0."""
    known = (Figure(WAIT, 1.0, 30.0, held_out=False), Figure(UNMET, 0.2, 5.0, held_out=False))
    found, _ = answered(asked(tmp_path, ONE), known, two)
    wait, share = found.rows
    assert (share.low, share.high) == (0, 1)
    assert wait.low == 0
    assert wait.high > 30


def test_the_interval_of_prediction_holds_new_figures(tmp_path: Path):
    """A new run of the truth, observed with its error, lies in it in about 19 of 20 cases."""
    task, inside = asked(tmp_path, ONE), 0
    for seed in range(40):
        known = truth(two, 0.5, 0.4, {REQUESTS: 2.0, WAIT: 0.05}, seed)
        draw = np.random.default_rng(777 + seed).normal(size=2)
        value = two(0.5, 0.4)[UNMET] + 0.05 * 0.3 * draw[0] + 0.01 * draw[1]
        found, _ = answered(task, (*known, Figure(UNMET, value, 0.01, held_out=True)), two, noise=0.05)
        inside += found.rows[-1].inside
    assert 35 <= inside <= 40


# -- the procedure ----------------------------------------------------------------------------------------------------


def test_several_seeds_a_trial_and_fresh_ones_for_the_finalists(tmp_path: Path):
    """A trial is never judged by one run, and who is chosen is judged by runs that no search has seen."""
    known = truth(two, 0.5, 0.5, {REQUESTS: 2.0, WAIT: 0.1}, 1)
    found, collected = answered(asked(tmp_path), known, two)
    seen: dict[str, set[int]] = {}
    for _, variant, k in collected._values:
        seen.setdefault(variant, set()).add(k)
    few, fresh = set(range(4)), set(range(FRESH, FRESH + 20))
    names = {one.name for one in found.finalists}
    assert len(names) == 3
    for variant, runs in seen.items():
        assert runs == (fresh if variant == AS_IT_IS else few | fresh if variant in names else few)


def test_it_is_the_same_each_time(tmp_path: Path):
    """A function of its file and its whole rounds, so that it can be taken up again."""
    known = truth(two, 0.5, 0.5, {REQUESTS: 2.0, WAIT: 0.1}, 1)
    first, second = (answered(asked(tmp_path), known, two)[0] for _ in range(2))
    assert repr(first) == repr(second)  # NaN is not itself


def test_a_trial_without_a_value_is_not_chosen(tmp_path: Path):
    """A mean wait that is not defined is no near miss; where none has a value, it is said in words."""
    known = (Figure(WAIT, 1.0, 0.1, held_out=False),)

    def broken(rate: float, service: float) -> dict[tuple[str, str, str], float]:
        return {WAIT: 2 * rate if rate > 0.4 else float("nan")}

    found, _ = answered(asked(tmp_path, ONE), known, broken)
    assert of_points({RATE: found.fitted[0].value})[0] > 0.4
    assert "undefined" in {one.kind for one in found.warnings}
    with pytest.raises(InputError, match="does each observed outcome have a value"):
        answered(asked(tmp_path, ONE), known, lambda *_: {WAIT: float("nan")})


def test_a_scale_is_the_deviation_or_the_size():
    """Without a standard deviation errors are relative, and a figure of 0 has a floor."""
    assert Figure(WAIT, 2.0, 0.3, held_out=False).scale == 0.3
    assert Figure(WAIT, 2.0, float("nan"), held_out=False).scale == 2.0
    assert Figure(WAIT, 0.0, float("nan"), held_out=False).scale == 0.1
    assert Figure(UNMET, 0.0, float("nan"), held_out=False).scale == 0.01


# -- a log ------------------------------------------------------------------------------------------------------------

QUEUE_H = 24 * 20.0
START = datetime(2022, 3, 28)


def queue(per_hour: float = 3.0) -> Any:
    """Three servers who need half an hour each: M/M/3."""
    need = {"per_hour": per_hour, "urgency": 2, "service": exponential(0.5), "target": "1 h"}
    data = queue_data({"help": need}, 3, cohort_h=QUEUE_H, warm_up_h=24, follow_up_h=12, residents=200)
    return validate({**data, "start": "2022-03-27 00:00"}, "queue")


def write_log(path: Path, rows: list[tuple[float, float]], need: str = "help") -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["need", "created", "closed"])
        for created, closed in rows:
            stamps = [(START + timedelta(hours=h)).isoformat() if np.isfinite(h) else "" for h in (created, closed)]
            writer.writerow([need, *stamps])


LOGGED = """
calibrate: queue
base: base.yaml
parameters: {world.needs.help.service.mean: {low: 10 min, high: 50 min}, world.needs.help.per_hour: {low: 1, high: 6}}
log: {file: log.csv, need: need, created: created, closed: closed, from: 2022-03-28, to: 2022-04-17, hold_out: 0.3}
trials: 24
replications: 4
finalists: 2
fresh: 10
"""


def logged(folder: Path, rows: list[tuple[float, float]], text: str = LOGGED) -> Task:
    (folder / "base.yaml").write_text(dump(queue(2.0)), encoding="utf-8")
    write_log(folder / "log.csv", rows)
    (folder / "queue.yaml").write_text(text, encoding="utf-8")
    return read_calibration(folder / "queue.yaml")


def test_a_log_is_counted_as_a_run_is(tmp_path: Path):
    """Figures of a log written from a run are those of the run: the same requests, the same censoring, the same τ."""
    result = run(queue(), 5)
    needs = result.columns("needs")
    mine = needs["cohort"] & ~np.isnan(needs["requested_h"])
    rows = list(zip(needs["requested_h"][mine] - 24, needs["closed_h"][mine] - 24, strict=True))
    task = logged(tmp_path, rows, LOGGED.replace("hold_out: 0.3", "hold_out: 0"))
    told = {(row.outcome, row.by, row.level): row.value for row in measure_of(task.base)(result)}
    found = figures(task)
    assert {one.key[0] for one in found} == {
        "requests_per_day",
        "closing_mean_h",
        "closing_p90_h",
        "closed_in_target_share",
    }
    for one in found:
        assert one.value == pytest.approx(told[one.key], rel=0.01), one.key
        assert one.sd > 0


def test_closing_outcomes_count_everybody():
    """To be closed takes longer than to be begun, and giving up is no closing: it keeps the share below one."""
    scenario = load("tutorial").with_values({"response.organisation.units.runners.count": 1}, "one runner")
    result = run(scenario, 3)
    told = {
        row.outcome: row.value for row in measure_of(scenario)(result) if (row.by, row.level) == ("need", "medicine")
    }
    assert told["abandoned_share"] > 0.1
    assert told["wait_mean_h"] < told["closing_mean_h"] < told["wait_mean_h"] + 2
    assert told["closed_in_target_share"] <= told["share_in_target"]
    assert np.isnan(told["closing_p90_h"]), "more than a tenth are never served, so there is no such time"
    assert told["requests_per_day"] * 4 == pytest.approx(told["requests"])
    needs = result.columns("needs")
    mine = needs["cohort"] & (needs["need_type"].codes == needs["need_type"].names.index("medicine"))
    mine &= ~np.isnan(needs["requested_h"])
    met = needs["end"].codes == needs["end"].names.index("met")
    within = met & (needs["closed_h"] - needs["requested_h"] <= scenario.world.needs["medicine"].target)
    assert told["closed_in_target_share"] == pytest.approx(within[mine].mean()), "nobody is censored so early"


def test_the_end_of_a_log_is_held_out_and_not_looked_at(tmp_path: Path):
    """What is closed after the cut is still open to the fit: censored, not lost, and not known in advance."""
    rows = [(hour, hour + 2.0) for hour in np.arange(0.0, 480.0, 2.0)]
    late = [(hour, hour + 2.0 if hour + 2.0 <= 336 else np.nan) for hour, _ in rows if hour < 336]
    whole = [one for one in figures(logged(tmp_path, rows)) if not one.held_out]
    text = LOGGED.replace("to: 2022-04-17, hold_out: 0.3", "to: 2022-04-11, hold_out: 0")
    assert whole == list(figures(logged(tmp_path, late, text)))
    held = {one.key[0]: one.value for one in figures(logged(tmp_path, rows)) if one.held_out}
    assert held["requests_per_day"] == pytest.approx(12)
    assert held["closing_mean_h"] == pytest.approx(2)
    open_ones = [(hour, hour + 2.0 if k % 5 else np.nan) for k, (hour, _) in enumerate(rows)]
    found = {one.key[0]: one.value for one in figures(logged(tmp_path, open_ones)) if not one.held_out}
    assert found["closing_mean_h"] == pytest.approx(0.8 * 2 + 0.2 * 12, rel=0.02), "who stays open counts up to τ"
    assert "closing_p90_h" not in found, "more than a tenth outlast τ: all that is known is that it is longer"


def test_what_is_closed_after_the_cut_is_open_to_the_fit(tmp_path: Path):
    """Requests that span the cut are known to be open, and no more: how long they took belongs to what is held out."""
    takes = np.random.default_rng(5).exponential(6.0, 240)
    rows = [(hour, hour + took) for hour, took in zip(np.arange(0.0, 480.0, 2.0), takes, strict=True)]
    late = [(hour, closed if closed <= 336 else np.nan) for hour, closed in rows if hour < 336]
    assert any(np.isnan(closed) for _, closed in late)
    fitted = [one for one in figures(logged(tmp_path, rows)) if not one.held_out]
    text = LOGGED.replace("to: 2022-04-17, hold_out: 0.3", "to: 2022-04-11, hold_out: 0")
    assert fitted == list(figures(logged(tmp_path, late, text)))
    longer = [(hour, closed + 24 * (hour < 336 < closed)) for hour, closed in rows]
    assert fitted == [one for one in figures(logged(tmp_path, longer)) if not one.held_out]


def test_the_deviation_of_a_figure_is_that_of_its_days(tmp_path: Path):
    """Requests a day are a mean over days, of which the jackknife gives the standard error exactly: s / √days."""
    counts = np.random.default_rng(6).poisson(8, 20)
    rows = [(24.0 * day + hour, 24.0 * day + hour + 1) for day, count in enumerate(counts) for hour in range(count)]
    found = figures(logged(tmp_path, rows, LOGGED.replace("hold_out: 0.3", "hold_out: 0")))
    (rate,) = (one for one in found if one.key[0] == "requests_per_day")
    assert rate.value == pytest.approx(counts.mean())
    assert rate.sd == pytest.approx(counts.std(ddof=1) / np.sqrt(20))


def test_a_queue_is_calibrated_to_its_own_log(tmp_path: Path):
    """From end to end: the log of an M/M/3 queue gives back its rate and its length of service."""
    result = run(queue(3.0), 11)
    needs = result.columns("needs")
    rows = list(zip(needs["requested_h"] - 24, needs["closed_h"] - 24, strict=True))
    task = logged(tmp_path, rows)
    known = figures(task)
    procedure, collected = calibrate(task, known), Collected([one.key for one in known])
    request = next(procedure)
    while True:
        for batch in request.batches:
            for k in batch.replications:
                measured = measure_of(batch.cell.scenario)(run(batch.cell.scenario, 1, k))
                told = {(row.outcome, row.by, row.level): row.value for row in measured}
                collected.add((batch.cell.world, batch.cell.variant, k), told)
        try:
            request = procedure.send(collected)
        except StopIteration as end:
            found: Calibrated = end.value
            break
    service, rate = found.fitted
    low, high = (float(str(end).removesuffix(" h")) for end in (service.low, service.high))
    assert low <= 0.5 <= high
    assert high - low < 0.4
    assert rate.low <= 3 <= rate.high
    assert rate.high - rate.low < 2.5
    held = found.errors[1]
    assert held.fitted < held.before, "the base has two requests an hour"


# -- files ------------------------------------------------------------------------------------------------------------

FIRST = "  - {outcome: wait_mean_h, value: 2 h, sd: 0.1 h}\n"
BAD = {
    "nothing observed": (TEXT[TEXT.index("observed") : TEXT.index("trials")], "", "'observed' (a table of outcomes)"),
    "nothing to fit": (
        TEXT[TEXT.index("observed:") : TEXT.index("trials")],
        "observed: [{outcome: requests, value: 5, held_out: true}]\n",
        "nothing to fit",
    ),
    "half an outcome": ("outcome: wait_mean_h,", "outcome: wait_mean_h, by: need,", "wanted together"),
    "an outcome twice": (FIRST, FIRST * 2, "stands twice"),
    "no outcome": ("outcome: wait_mean_h", "outcome: wait_meen_h", "did you mean 'wait_mean_h'"),
    "a time without a unit": ("value: 2 h, sd", "value: 2, sd", "observed[0].value"),
    "a spread of nothing": ("sd: 0.1 h", "sd: 0 h", "above 0"),
    "a share of two": ("value: 0.2", "value: 2", "between 0 and 1"),
    "a key that is not there": ("medicine.per_1000", "medicines.per_1000", "medicine"),
    "one run a trial": ("replications: 4", "replications: 1", "between 2 and 1,000"),
    "a table that is not there": (
        TEXT[TEXT.index("observed:") : TEXT.index("trials")],
        "observed: gone.csv\n",
        "cannot be read",
    ),
    "a log that is not there": (
        "trials: 32",
        "log: {file: gone.csv, from: 2022-01-01, to: 2022-01-09}",
        "no such file",
    ),
    "a log that ends first": ("trials: 32", "log: {file: x.csv, from: 2022-02-01, to: 2022-01-09}", "'to' after"),
    "a scenario": (TEXT, BASE, "this looks like a scenario"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_calibrations_are_refused_in_words(case: str, tmp_path: Path):
    """The place and what was wanted; nothing is run."""
    old, new, says = BAD[case]
    assert old in TEXT
    with pytest.raises(InputError) as caught:
        figures(asked(tmp_path, TEXT.replace(old, new)))
    assert says in str(caught.value)


BAD_LOGS = {
    "no column": ("need,created,ended\n", "no such column"),
    "no date": ("need,created,closed\nhelp,yesterday,\n", "a date and time such as"),
    "closed before": ("need,created,closed\nhelp,2022-04-01,2022-03-30\n", "closed before it came in"),
    "another need": ("need,created,closed\nhelpp,2022-04-01,\n", "is of a need type of the base"),
    "only the end": ("need,created,closed\nhelp,2022-04-16,\n", "the part that is fitted"),
}


@pytest.mark.parametrize("case", BAD_LOGS)
def test_bad_logs_are_refused_in_words(case: str, tmp_path: Path):
    """With the line, where there is one."""
    text, says = BAD_LOGS[case]
    task = logged(tmp_path, [])
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        figures(task)
    assert says in str(caught.value)


def test_a_table_may_be_a_file(tmp_path: Path):
    """The same rows, inline or as CSV, are the same figures; a column that nobody knows is refused."""
    table = (
        "outcome,by,level,value,sd,held_out\nwait_mean_h,,,2 h,0.1 h,\nrequests,,,50,2,\nunmet_share,,,0.2,0.02,true\n"
    )
    (tmp_path / "seen.csv").write_text(table, encoding="utf-8")
    text = TEXT.replace(TEXT[TEXT.index("observed:") : TEXT.index("trials")], "observed: seen.csv\n")
    assert figures(asked(tmp_path, text)) == figures(asked(tmp_path))
    (tmp_path / "seen.csv").write_text(table.replace("sd", "deviation"), encoding="utf-8")
    with pytest.raises(InputError, match="no such column"):
        asked(tmp_path, text)


def test_shipped_calibrations_can_be_read():
    """Each with its base, its ends and its table."""
    assert CALIBRATION.shipped()
    for name in CALIBRATION.shipped():
        assert figures(read_calibration(name))


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command_and_its_folder(tmp_path: Path):
    """Tables for a reader, JSON for machines, the same from a folder that is taken up again; exit code 2 in words."""
    text = ONE.replace("trials: 32", "trials: 8").replace("replications: 4", "replications: 2")
    asked(tmp_path, text.replace("fresh: 20", "fresh: 10").replace("finalists: 3", "finalists: 2"))
    done = firstline("calibrate", "small.yaml", "--out", "kept", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for said in ("Fitted: medicine.per_1000_day = ", "Observed beside simulated", "held out", "Data: kept"):
        assert said in done.stdout, said
    before = sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "kept" / "tables").rglob("*.parquet"))
    again = firstline("calibrate", "small.yaml", "--out", "kept", "--json", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    after = sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "kept" / "tables").rglob("*.parquet"))
    assert before == after, "not one run is made again"
    found = json.loads(again.stdout)
    assert [row["key"][0] for row in found["rows"]] == ["wait_mean_h", "requests", "unmet_share"]
    assert found["rows"][2]["held_out"]
    assert found["rows"][2]["naive"] is None
    assert len(found["errors"]) == 2
    cut = tmp_path / "kept" / "tables" / "runs"
    for part in sorted(cut.rglob("*.parquet"))[-3:]:
        part.unlink()  # as if it had been stopped
    resumed = firstline("calibrate", "small.yaml", "--out", "kept", "--json", cwd=tmp_path)
    assert json.loads(resumed.stdout) == found
    chinese = firstline("calibrate", "small.yaml", "--out", "kept", "--lang", "zh", cwd=tmp_path)
    assert "预测区间" in chinese.stdout
    unseen = firstline("calibrate", "gone.yaml", cwd=tmp_path)
    assert unseen.returncode == 2
    assert "there is no such file" in unseen.stderr
