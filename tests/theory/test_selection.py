"""Choosing the best: how often it is right, how often a plan is left out that should not be, what it costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from analysis.compare import holm
from analysis.selection import Race, Selected, select
from analysis.store.rounds import Collected
from sim.errors import FirstlineError
from sim.spec.crossed import Cell
from sim.spec.procedures import Select

Draw = Callable[[np.random.Generator, int], np.ndarray]
KEY = ("wait_mean_h", "all", "all")
SHARE = ("unmet_share", "all", "all")


def race(values: np.ndarray, error: float = 0.05, delta: float = 0.5, first: int = 10) -> Race:
    """The race of plans whose values stand in columns; lower is better; the plans are called 0, 1 and so on."""
    found = Race([str(k) for k in range(values.shape[1])], error, delta, first, "lower")
    for count in range(first, len(values) + 1, 5):
        found.run({name: values[:count, int(name)] for name in found.left})
        if len(found.left) == 1:
            return found
    return found


def normal(generator: np.random.Generator, size: int) -> np.ndarray:
    return generator.normal(size=size)


def skewed(generator: np.random.Generator, size: int) -> np.ndarray:
    return generator.exponential(size=size) - 1


def right(draw: Draw, common: float, error: float, delta: float = 0.5, plans: int = 4, times: int = 800) -> float:
    """How often plan 0, better than each other by just the indifference zone, is chosen."""
    generator = np.random.default_rng(7)
    count = 0
    for _ in range(times):
        own = draw(generator, 600 * plans).reshape(600, plans) * np.sqrt(1 - common)
        values = own + draw(generator, 600)[:, None] * np.sqrt(common)
        values[:, 1:] += delta
        count += race(values, error, delta).left == ["0"]
    return count / times


@pytest.mark.parametrize(("draw", "common"), [(normal, 0.0), (normal, 0.7), (skewed, 0.5)])
def test_the_best_is_chosen_as_often_as_is_promised(draw: Draw, common: float):
    """At the least favourable means, with the same luck or without, normal or skewed: 95 of 100 times or more."""
    assert right(draw, common, 0.05) >= 0.95 - 2 * np.sqrt(0.05 * 0.95 / 800)


def test_the_promise_is_used():
    """A procedure that is always right runs too long: with an error of a third allowed, it errs now and then."""
    assert 0.66 - 0.04 <= right(normal, 0.0, 0.34) <= 0.97


def test_the_variance_of_differences_is_what_counts():
    """With the same luck the choice takes far fewer runs, and plans that are alike but for a constant one round."""
    generator = np.random.default_rng(3)
    counts: dict[float, list[int]] = {0.0: [], 0.9: []}
    for common, taken in counts.items():
        for _ in range(100):
            own = generator.normal(size=(600, 3)) * np.sqrt(1 - common)
            values = own + generator.normal(size=(600, 1)) * np.sqrt(common)
            values[:, 1:] += 0.5
            taken.append(race(values).seen)
    assert np.mean(counts[0.9]) < 0.5 * np.mean(counts[0.0])
    alike = generator.normal(size=(600, 1)) + np.array([[0.0, 0.6]])
    assert race(alike).seen == 10


def test_it_changes_nothing_how_many_come_at_a_time():
    """Each replication is looked at in its turn: workers and rounds leave no trace in what is chosen."""
    values = np.random.default_rng(5).normal(size=(400, 4)) + np.array([0, 0.4, 0.5, 0.6])
    names = [str(k) for k in range(4)]
    ends = []
    for step in (1, 5, 400 - 10):
        found = Race(names, 0.05, 0.5, 10, "lower")
        for count in range(10, 401, step):
            found.run({name: values[:count, int(name)] for name in found.left})
        ends.append((found.left, [(one.variant, one.after) for one in found.lost]))
    assert ends[0] == ends[1] == ends[2]


# -- the whole procedure ----------------------------------------------------------------------------------------------


def cells(plans: int) -> list[Cell]:
    return [Cell("base", f"plan{k}", None) for k in range(plans)]  # type: ignore[arg-type]  # nobody runs them


def answered(
    plans: int, wanted: Select, waits: np.ndarray, shares: np.ndarray, confidence: float = 0.95
) -> tuple[Selected, Collected]:
    """Carry the procedure out on numbers: rows are replications, columns plans."""
    procedure = select(cells(plans), wanted, confidence)
    collected = Collected([KEY, SHARE])
    asked = next(procedure)
    while True:
        for batch in asked.batches:
            plan = int(batch.cell.variant[4:])
            for k in batch.replications:
                collected.add(("base", batch.cell.variant, k), {KEY: waits[k, plan], SHARE: shares[k, plan]})
        try:
            asked = procedure.send(collected)
        except StopIteration as end:
            return end.value, collected


def wanted(**more: Any) -> Select:
    return Select(outcome="wait_mean_h", indifference="30 min", **more)


def test_what_is_infeasible_is_left_out_first():
    """The fastest plan that leaves too many unserved is not the best plan: what must be reached is no weight."""
    generator = np.random.default_rng(1)
    waits = generator.normal(size=(500, 3)) * 0.3 + np.array([1.0, 2.0, 3.0])
    shares = generator.normal(size=(500, 3)) * 0.01 + np.array([0.30, 0.05, 0.05])
    limit = [{"outcome": "unmet_share", "at_most": "0.1"}]
    found, _ = answered(3, wanted(subject_to=limit), waits, shares)
    assert found.best == "plan1"
    assert {one.variant: one.standing for one in found.feasible} == {
        "plan0": "not reached", "plan1": "reached", "plan2": "reached",
    }  # fmt: skip
    free, _ = answered(3, wanted(), waits, shares)
    assert free.best == "plan0"
    none, _ = answered(3, wanted(subject_to=[{"outcome": "unmet_share", "at_most": "0.01"}]), waits, shares)
    assert (none.best, none.survivors) == (None, ())


def test_a_plan_that_just_reaches_is_seldom_left_out():
    """At its limit, a plan is wrongly shown not to reach it in at most 2.5 of 100 choices among all plans together."""
    generator = np.random.default_rng(2)
    limit = [{"outcome": "unmet_share", "at_most": "0.1"}]
    wrong = 0
    for _ in range(800):
        shares = generator.normal(size=(40, 4)) * 0.02 + 0.1
        waits = np.tile([0.0, 1.0, 2.0, 3.0], (40, 1)) + generator.normal(size=(40, 1))
        found, _ = answered(4, wanted(subject_to=limit, at_most=40), waits, shares)
        wrong += any(one.standing == "not reached" for one in found.feasible)
    assert 0.005 <= wrong / 800 <= 0.025 + 2 * np.sqrt(0.025 * 0.975 / 800)


def test_when_the_budget_ends_those_left_are_the_answer():
    """Plans that the runs cannot tell apart are all named: a choice among them would be a coin."""
    waits = np.random.default_rng(4).normal(size=(500, 3)) * 5
    found, collected = answered(3, wanted(at_most=40), waits, np.zeros((500, 3)))
    assert found.best is None
    assert set(found.survivors) == {"plan0", "plan1", "plan2"}
    assert collected.size == 3 * 40


def test_who_is_out_is_run_no_more():
    """Runs go to the plans that are still in question."""
    waits = np.random.default_rng(10).normal(size=(500, 3)) * 2 + np.array([0.0, 0.1, 29.0])
    found, collected = answered(3, wanted(), waits, np.zeros((500, 3)))
    made = {f"plan{k}": sum(("base", f"plan{k}", n) in collected for n in range(500)) for k in range(3)}
    assert made["plan2"] == 10
    assert made["plan0"] == made["plan1"] == found.replications > 10


def test_higher_may_be_better():
    """The direction is the outcome's own."""
    values = np.random.default_rng(8).normal(size=(100, 2)) * 0.05 + np.array([0.5, 0.9])
    procedure = select(cells(2), Select(outcome="share_in_target", indifference="0.1"), 0.95)
    collected = Collected([("share_in_target", "all", "all")])
    for batch in next(procedure).batches:
        for k in batch.replications:
            value = values[k, int(batch.cell.variant[4:])]
            collected.add(("base", batch.cell.variant, k), {("share_in_target", "all", "all"): value})
    with pytest.raises(StopIteration) as end:
        procedure.send(collected)
    assert end.value.value.best == "plan1"


def test_what_is_not_defined_cannot_be_chosen_by():
    """A wait that a plan does not reach in some run has no mean; it is said in words."""
    waits = np.random.default_rng(9).normal(size=(100, 2))
    waits[3, 1] = np.nan
    with pytest.raises(FirstlineError, match="wait_mean_h of 'plan1' is not defined in 1 of 10 runs"):
        answered(2, wanted(), waits, np.zeros((100, 2)))


# -- several tests at once --------------------------------------------------------------------------------------------


def test_holm_errs_seldom_in_the_whole_family():
    """With half of the differences truly there, any wrong one is found in at most 5 of 100 families, but in some."""
    generator = np.random.default_rng(12)
    wrong = found = 0
    for _ in range(1500):
        values = generator.normal(size=(20, 8)) + np.repeat([0.0, 1.0], 4)
        adjusted = np.array(holm(list(ttest_1samp(values, 0.0).pvalue)))
        wrong += bool((adjusted[:4] < 0.05).any())
        found += int((adjusted[4:] < 0.05).sum())
    assert 0.02 <= wrong / 1500 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 1500)
    assert found / (4 * 1500) > 0.8


def test_holm_is_the_published_procedure():
    """The example of four tests at 5 %: 0.01 and 0.005 are rejected, 0.03 and 0.04 are not."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert np.isnan(holm([float("nan"), 0.01])[0])
    assert holm([float("nan"), 0.01])[1] == pytest.approx(0.02)
