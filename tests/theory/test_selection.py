"""Choosing the best: how often it is right, how often a plan is left out that should not be, what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from analysis.compare import holm
from analysis.selection import Race, Selected, select
from analysis.store.rounds import Collected
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


def worked(others: list[tuple[float, float]]) -> list[tuple[str, int, str]]:
    """Who leaves after how many replications, with an error of 0.05, an indifference of 0.5 and n0 = 10.

    Plan 0 is 0; each other one is a size, with either sign in turn, in the first ten replications, then a constant.
    """
    first = np.tile([1.0, -1.0], 5)
    columns = [np.concatenate([size * first, np.full(190, then)]) for size, then in others]
    found = race(np.column_stack([np.zeros(200), *columns]), 0.05, 0.5, 10)
    assert found.left == ["0"]
    return [(one.variant, one.after, one.better) for one in found.lost]


def test_the_procedure_is_the_published_one():
    """Kim and Nelson (2001), figure of procedure KN, with c = 1, worked by hand for k = 3 plans.

    eta = ((2 · 0.05 / (3 - 1)) ** (-2 / (10 - 1)) - 1) / 2 = (0.05 ** -0.2222 - 1) / 2 = (1.94589 - 1) / 2 = 0.47294
    h2 = 2 · eta · (10 - 1) = 8.5130

    Plan 1 differs by 1 and -1 in turn from plan 0: S2 = 10 / 9, N = floor(h2 · S2 / 0.25) = floor(37.84) = 37. Plans
    that stay within their triangle to its end are told apart by their means at N + 1. Plan 2 differs by 2 and -2: S2 is
    four times as large, and N = floor(151.34). Neither pair waits for the end of the other, nor ends with it.

    After r replications sums may differ by 0.5 / 2 · (37.84 - r): a plan that loses 0.25 in each from the 11th is out
    when r - 10 > 37.84 - r, so at r = 24. A plan that is worse by a constant has S2 = 0, and is out at once.
    """
    assert Race(["0", "1", "2"], 0.05, 0.5, 10, "lower").h2 == pytest.approx(8.5130, abs=0.0001)
    little = 2.0**-13
    assert worked([(1, little), (2, little)]) == [("1", 38, "0"), ("2", 152, "0")]
    assert worked([(1, 0.25), (2, 0.25)])[0] == ("1", 24, "0")
    assert worked([(1, little), (0, 1.0)])[0] == ("2", 11, "0")


def test_a_pair_is_decided_once():
    """Who has beaten a plan does so for good, whatever the later runs: a second chance would be a second error."""
    early = np.column_stack([np.concatenate([np.zeros(10), np.full(90, 9.0)]), np.tile([1.0, 1.1], 50)])
    found = Race(["0", "1"], 0.05, 0.5, 10, "lower", reach=())
    found.run({"0": early[:, 0], "1": early[:, 1]})
    assert found.left == ["0", "1"]
    assert found.separated
    found.shown(["1"])
    assert found.left == ["0", "1"]
    found.shown(["0"])
    assert found.left == ["0"]


def test_plans_that_do_not_differ_beat_nobody():
    """Of twins none is better; both are beaten by who is, and both stay where nobody is."""
    values = np.random.default_rng(11).normal(size=(100, 1))
    twins = race(np.hstack([values, values]))
    assert (twins.left, twins.lost, twins.alike) == (["0", "1"], [], True)
    beaten = race(np.hstack([values, values, values - 1]))
    assert (beaten.left, [one.better for one in beaten.lost], beaten.alike) == (["2"], ["2", "2"], False)


# -- the whole procedure ----------------------------------------------------------------------------------------------


def cells(plans: int) -> list[Cell]:
    return [Cell("base", f"plan{k}", None) for k in range(plans)]  # type: ignore[arg-type]  # nobody runs them


def answered(
    plans: int,
    wanted: Select,
    waits: np.ndarray,
    shares: np.ndarray,
    confidence: float = 0.95,
    failed: Collection[tuple[int, int]] = (),
) -> tuple[Selected, Collected]:
    """Carry the procedure out on numbers: rows are replications, columns plans; runs may fail, (replication, plan)."""
    procedure = select(cells(plans), wanted, confidence)
    collected = Collected([KEY, SHARE])
    asked = next(procedure)
    while True:
        for batch in asked.batches:
            plan = int(batch.cell.variant[4:])
            for k in batch.replications:
                run = ("base", batch.cell.variant, k)
                if (k, plan) in failed:
                    collected.fail(run)
                else:
                    collected.add(run, {KEY: waits[k, plan], SHARE: shares[k, plan]})
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
    """A wait that a plan does not reach in some run has no mean; the choice says so, and the runs are not lost."""
    waits = np.random.default_rng(9).normal(size=(100, 2))
    waits[3, 1] = np.nan
    found, _ = answered(2, wanted(), waits, np.zeros((100, 2)))
    assert (found.best, dict(found.undefined), found.replications) == (None, {"plan1": 1}, 10)


def test_a_replication_with_a_failed_run_is_left_out_for_all():
    """A run that failed says nothing of its plan: the choice is that of the replications in which none did."""
    generator = np.random.default_rng(13)
    waits = generator.normal(size=(100, 3)) + np.array([1.0, 1.4, 9.0])
    shares = np.where(generator.random((100, 3)) < 0.97, 0.05, 0.2)
    limit = wanted(subject_to=[SEVEN_TENTHS], at_least=12)
    gone = {(2, 0), (5, 1), (5, 2), (11, 2), (14, 0)}
    found, collected = answered(3, limit, waits, shares, failed=gone)
    kept = [k for k in range(100) if k not in {k for k, _ in gone}]
    assert {one.runs for one in found.feasible} <= {12 - 3, 24 - 4, 48 - 4, 96 - 4}
    for one in found.feasible:
        reached = shares[kept[: one.runs], int(one.variant[4:])] <= 0.1
        assert one.value == pytest.approx(reached.mean())
    assert found.best == "plan0"
    assert found.means["plan0"] == pytest.approx(waits[kept[: found.replications], 0].mean())
    always, collected = answered(3, limit, waits, shares, failed={(k, 1) for k in range(100)})
    assert (always.best, len(always.survivors), always.replications) == (None, 3, 0)
    assert collected.size == 3 * 12


def test_twins_are_both_chosen():
    """Plans that are the same in every run are no reason to go on, and neither is left out for the other."""
    waits = np.random.default_rng(14).normal(size=(500, 1)) + np.array([[1.0, 1.0, 3.0]])
    found, collected = answered(3, wanted(), waits, np.zeros((500, 3)))
    assert (found.best, found.survivors, found.alike) == (None, ("plan0", "plan1"), True)
    assert [one.variant for one in found.left] == ["plan2"]
    assert collected.size == 3 * 10


# -- feasibility that is open -----------------------------------------------------------------------------------------


NINE_TENTHS = {"outcome": "unmet_share", "at_most": "0.1", "in": 0.9}
SEVEN_TENTHS = {"outcome": "unmet_share", "at_most": "0.1", "in": 0.7}


def often(
    reach: tuple[float, ...], means: tuple[float, ...], spread: float, times: int = 300, most: int = 500
) -> Counter[str | None]:
    """How often each plan is chosen that reaches its limit in such a share of runs; nine tenths are wanted."""
    generator = np.random.default_rng(1)
    chosen: Counter[str | None] = Counter()
    for _ in range(times):
        shares = np.where(generator.random((most, len(reach))) < np.array(reach), 0.05, 0.2)
        waits = generator.normal(size=(most, len(reach))) * spread + np.array(means)
        found, _ = answered(len(reach), wanted(subject_to=[NINE_TENTHS], at_most=most), waits, shares)
        chosen[found.best] += 1
        assert found.best is None or found.reached == (found.best,)
    return chosen


@pytest.mark.parametrize("reach", [0.6, 0.8, 0.88, 0.8999])
def test_an_infeasible_plan_is_seldom_chosen(reach: float):
    """The faster plan that reaches its limit too seldom, by far or hardly: it is chosen in at most 2.5 of 100 cases."""
    assert often((reach, 0.99), (1.0, 2.0), 0.3)["plan0"] / 300 <= 0.025


def test_several_infeasible_plans_are_seldom_chosen():
    """The error is that of the whole choice: three plans just below their limit have no more of it than one."""
    chosen = often((0.8999, 0.8999, 0.8999, 0.99), (1.0, 1.0, 1.0, 2.0), 0.3, times=200)
    assert sum(chosen[f"plan{k}"] for k in range(3)) / 200 <= 0.025 + 2 * np.sqrt(0.025 * 0.975 / 200)


@pytest.mark.parametrize(
    ("reach", "means"),
    [((0.6, 0.99), (1.0, 2.0)), ((0.97, 0.99), (1.0, 1.5)), ((0.5, 0.98, 0.98), (0.5, 1.0, 1.5))],
)
def test_the_right_plan_is_chosen(reach: tuple[float, ...], means: tuple[float, ...]):
    """The best of the feasible ones, by the indifference zone or more: in 95 of 100 cases, where the budget lasts."""
    best = f"plan{next(k for k, share in enumerate(reach) if share > 0.9)}"
    assert often(reach, means, 1.0)[best] / 300 >= 0.95


def even(share: float, plans: int) -> np.ndarray:
    """Shares that reach their limit in such a part of the runs, evenly among them."""
    return np.tile(np.where(np.arange(500) % 10 < round(10 * share), 0.05, 0.2)[:, None], (1, plans))


def test_who_is_not_shown_to_reach_it_puts_nobody_out():
    """A faster plan may be infeasible: while that is open, a slower one that is not stays, and neither is chosen."""
    waits = np.random.default_rng(15).normal(size=(500, 2)) * 0.3 + np.array([1.0, 5.0])
    shares = np.hstack([even(0.9, 1), even(1.0, 1)])
    found, collected = answered(2, wanted(subject_to=[NINE_TENTHS], at_most=300), waits, shares)
    assert (found.best, found.survivors, found.reached) == (None, ("plan0", "plan1"), ("plan1",))
    assert [one.standing for one in found.feasible] == ["not separated", "reached"]
    assert found.separated
    assert collected.size == 2 * 300, "it goes on as long as the budget"
    slower, collected = answered(2, wanted(subject_to=[NINE_TENTHS], at_most=300), waits[:, ::-1], shares)
    assert (slower.best, [one.better for one in slower.left]) == ("plan1", ["plan1"])
    assert collected.size < 2 * 100, "whether a plan that is beaten reaches its limit is of no matter"


def test_one_that_is_left_alone_is_not_chosen_for_that():
    """Where all others are shown to miss their limit, the last must still be shown to reach it."""
    waits = np.random.default_rng(16).normal(size=(500, 2))
    found, collected = answered(
        2, wanted(subject_to=[NINE_TENTHS], at_most=200), waits, np.hstack([even(0.9, 1), even(0.1, 1)])
    )
    assert (found.best, found.survivors, found.reached) == (None, ("plan0",), ())
    assert collected.size == 200 + 10
    assert [one.runs for one in found.feasible] == [200, 10]


def test_whether_it_is_reached_is_judged_again():
    """Ten runs cannot show that 0.9 of the runs reach anything: all they show is (0.025 / 14) ** (1 / 10) = 0.53.

    The half of the error that goes to feasibility, 0.025, is spent on two plans and seven looks; 80 runs show 0.924.
    """
    waits = np.random.default_rng(17).normal(size=(500, 2)) * 0.3 + np.array([1.0, 5.0])
    found, _ = answered(2, wanted(subject_to=[NINE_TENTHS]), waits, even(1.0, 2))
    assert found.best == "plan0"
    assert {one.runs for one in found.feasible} == {80}, "the first of 10, 20, 40, 80 that can"
    assert [one.low for one in found.feasible] == pytest.approx([(0.025 / 14) ** (1 / 80)] * 2)


def test_a_mean_that_is_not_there_is_not_reached():
    """A plan whose outcome is not defined in some run has no mean to reach a limit with, however good the others."""
    waits = np.random.default_rng(18).normal(size=(500, 2)) * 0.3 + np.array([1.0, 5.0])
    shares = np.full((500, 2), 0.05)
    shares[3, 0] = np.nan
    found, _ = answered(2, wanted(subject_to=[{"outcome": "unmet_share", "at_most": "0.1"}]), waits, shares)
    assert (found.best, found.left) == ("plan1", ())
    assert [one.standing for one in found.feasible] == ["undefined", "reached"]


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
