"""The search for the least that is enough: does it find it, is what it says of it true, and does luck not choose."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.feasible import feasibility, share
from analysis.optimise import Optimised, optimise
from analysis.search import FRESH
from analysis.store.rounds import Collected
from sim.errors import InputError
from sim.kinds import QUESTION
from sim.optimise_files import read_question
from sim.spec.optimise import Question
from sim.spec.procedures import Constraint

KEY = ("wait_mean_h", "all", "all")
RUNNERS, HELPERS = "response.organisation.units.runners.count", "response.organisation.units.helpers.count"
BASE = """
name: small
start: 2022-03-28 08:00
horizon: 2 d
world:
  community: {buildings: 2, households: 20, residents: 60}
  needs: {medicine: {per_1000_day: 400, urgency: 2, skill: delivery, service: 30 min, target: 2 h}}
response:
  organisation:
    units:
      runners: {function: logistics, members: volunteer, count: 2, skills: [delivery]}
      helpers: {function: logistics, members: staff, count: 2, skills: [delivery]}
"""
TEXT = f"""
optimise: enough
base: base.yaml
decide:
  {RUNNERS}: {{low: 1, high: 30}}
  {HELPERS}: {{low: 1, high: 30}}
least: {{{RUNNERS}: 1, {HELPERS}: 3}}
subject_to: [{{outcome: wait_mean_h, at_most: 1 h, in: 0.9}}]
trials: 80
replications: 6
finalists: 6
fresh: 80
"""


def asked(folder: Path, text: str = TEXT) -> Question:
    (folder / "base.yaml").write_text(BASE, encoding="utf-8")
    (folder / "enough.yaml").write_text(text, encoding="utf-8")
    return read_question(folder / "enough.yaml")


Values = dict[str, Any]


def answered(question: Question, wait: Callable[[Values, np.ndarray], np.ndarray]) -> tuple[Optimised, Collected]:
    """Carry the search out on numbers: the wait of each run from the decisions and a normal draw of its replication."""
    procedure = optimise(question)
    collected = Collected(question.asked.keys)
    request = next(procedure)
    while True:
        for batch in request.batches:
            luck = np.array([np.random.default_rng(k).normal() for k in batch.replications])
            for k, value in zip(batch.replications, wait(json.loads(batch.values), luck), strict=True):
                collected.add((batch.cell.world, batch.cell.variant, k), {KEY: float(value)})
        try:
            request = procedure.send(collected)
        except StopIteration as end:
            return end.value, collected


def needs_twelve(values: Values, luck: np.ndarray) -> np.ndarray:
    """The wait falls below an hour in nine of ten runs from 12 hands on, whoever they are."""
    hands = values[RUNNERS] + values[HELPERS]
    return 1.0 + 0.2 * (luck - 1.2816) - 0.2 * (hands - 11.5)


def test_it_finds_the_least_that_is_enough(tmp_path: Path):
    """Cheap runners instead of dear helpers, and as few as do: within two of the least, in 80 of 900 combinations."""
    found, _ = answered(asked(tmp_path), needs_twelve)
    assert found.chosen is not None
    hands = found.chosen.values[RUNNERS] + found.chosen.values[HELPERS]
    assert hands >= 12, "with 11 the share is under 0.9"
    assert found.chosen.cost <= (11 + 3) + 4
    assert not found.every_point
    assert found.chosen.standing == "reached"


def test_where_there_are_few_points_all_are_tried(tmp_path: Path):
    """Then the search leaves nothing out, and what is chosen is dearer than the least only as far as luck must show."""
    text = TEXT.replace("high: 30", "high: 8").replace("fresh: 80", "fresh: 400")
    found, _ = answered(asked(tmp_path, text), lambda v, luck: needs_twelve({**v, RUNNERS: v[RUNNERS] + 6}, luck))
    assert found.every_point
    assert len({json.dumps(one.values) for one in found.trials}) == 64
    assert found.chosen is not None
    assert found.chosen.values[RUNNERS] + found.chosen.values[HELPERS] in (6, 7)


def test_what_only_luck_found_is_not_chosen(tmp_path: Path):
    """No plan is enough, some look so in six runs: the fresh runs say that none is."""

    def coin(_: Values, luck: np.ndarray) -> np.ndarray:
        return 1.0 + luck + 0.5  # under an hour in three of ten runs, whatever is decided

    found, collected = answered(asked(tmp_path, TEXT.replace("in: 0.9", "in: 0.6")), coin)
    assert found.chosen is None
    assert {one.standing for one in found.finalists} == {"not reached"}
    assert found.curve == ()
    assert any(run[2] >= FRESH for run in collected._values)


def test_the_judges_runs_are_no_search_has_seen(tmp_path: Path):
    """Finalists and curves are judged by replications from a million on, the same for all."""
    found, collected = answered(asked(tmp_path), needs_twelve)
    fresh = {run for run in collected._values if run[2] >= FRESH}
    assert {run[2] for run in fresh} == set(range(FRESH, FRESH + 80))
    assert {one.name for one in found.finalists} <= {run[1] for run in fresh}


def test_a_curve_goes_through_what_is_chosen(tmp_path: Path):
    """One point of each decision's curve is the chosen one, and more people never do worse here."""
    found, _ = answered(asked(tmp_path), needs_twelve)
    for path in (RUNNERS, HELPERS):
        points = [point for point in found.curve if point.path == path]
        assert sum(point.chosen for point in points) == 1
        shares = [point.share for point in points]
        assert shares == sorted(shares)
        assert all(point.low <= point.share <= point.high for point in points)


def test_an_outcome_may_be_made_best(tmp_path: Path):
    """Without a sum of decisions the outcome itself is sought, in its direction; its spread is said."""
    text = TEXT.replace(
        f"least: {{{RUNNERS}: 1, {HELPERS}: 3}}", "best: {outcome: wait_mean_h, indifference: 5 min}"
    ).replace("subject_to: [{outcome: wait_mean_h, at_most: 1 h, in: 0.9}]\n", "")
    found, _ = answered(
        asked(tmp_path, text), lambda v, luck: (v[RUNNERS] - 17) ** 2 / 20 + v[HELPERS] * 0 + luck * 0.1
    )
    assert found.chosen is not None
    assert abs(found.chosen.values[RUNNERS] - 17) <= 2
    assert found.chosen.spread > 0


def test_it_is_the_same_each_time(tmp_path: Path):
    """The search is a function of its seed and its whole rounds, so it can be taken up again."""
    first, second = (answered(asked(tmp_path), needs_twelve)[0] for _ in range(2))
    assert [one.values for one in first.trials] == [one.values for one in second.trials]


# -- bounds of a share ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("truth", [0.5, 0.9, 0.98])
def test_bounds_of_a_share_hold(truth: float):
    """Exact binomial bounds: each is wrong at most as often as it may be, whatever the share."""
    generator = np.random.default_rng(1)
    wrong = 0
    for _ in range(2000):
        _, low, _ = share(generator.random(60) < truth, 0.05)
        wrong += low > truth
    assert wrong / 2000 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 2000)


def test_bounds_at_the_ends():
    """All runs, or none, still leave room: 60 of 60 shows 95 %, not 100 % (the rule of three)."""
    assert share(np.ones(60, bool), 0.05) == (1.0, pytest.approx(0.05 ** (1 / 60)), 1.0)
    assert share(np.zeros(60, bool), 0.05) == (0.0, 0.0, pytest.approx(1 - 0.05 ** (1 / 60)))


def test_a_run_without_a_value_does_not_reach():
    """A screening that never ended has no time of ending; it counts as one that was not over by six."""
    constraint = Constraint(outcome="wait_mean_h", at_most="1 h", **{"in": 0.5})
    values = np.array([0.5, np.nan, 0.5, np.nan, 0.5] * 20)
    (one,) = feasibility(lambda *_: values, ["plan"], [constraint], 0.05)
    assert one.value == pytest.approx(0.6)
    assert one.standing == "reached"


# -- files ------------------------------------------------------------------------------------------------------------


MUST = "subject_to: [{outcome: wait_mean_h, at_most: 1 h, in: 0.9}]"
AIM = f"least: {{{RUNNERS}: 1, {HELPERS}: 3}}"
BAD = {
    "nothing must be reached": (MUST, "", "'subject_to' is wanted"),
    "no aim": (AIM, "", "one of 'least'"),
    "a sum of what is not decided": ("least: {response", "least: {respond", "a key that is decided is wanted"),
    "a share of two": ("in: 0.9", "in: 2", "a share between 0 and 1"),
    "a key that is not there": ("units.helpers.count: {low", "units.helper.count: {low", "helper"),
    "ends the wrong way round": ("low: 1, high: 30", "low: 31, high: 30", "a 'low' below 'high'"),
    "half an outcome": ("outcome: wait_mean_h,", "outcome: wait_mean_h, by: need,", "wanted together"),
    "a scenario": (TEXT, BASE, "this looks like a scenario"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_questions_are_refused_in_words(case: str, tmp_path: Path):
    """The place and what was wanted; nothing is run."""
    old, new, says = BAD[case]
    assert old in TEXT
    with pytest.raises(InputError) as caught:
        asked(tmp_path, TEXT.replace(old, new))
    assert says in str(caught.value)


def test_shipped_questions_can_be_read():
    """Each with its base and its ends."""
    assert QUESTION.shipped()
    for name in QUESTION.shipped():
        assert read_question(name).decisions
