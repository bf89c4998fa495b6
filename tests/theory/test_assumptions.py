"""Comparisons over the ranges of what is assumed: how often the interval holds the truth, and how its spread splits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from analysis.assumptions import Drawn, draw, figures, split
from analysis.compare import Pair
from analysis.experiment import Concluded, over_assumptions
from analysis.store.rounds import Collected
from sim.errors import InputError
from sim.experiment_files import read_experiment
from sim.spec.crossed import Crossed

KEY = ("wait_mean_h", "all", "all")
PAIR = Pair(KEY, "three", "two")
BASE = """
name: small
start: 2022-03-28 08:00
horizon: 2 d
world:
  community: {buildings: 2, households: 20, residents: 60}
  needs: {medicine: {per_1000_day: 400, urgency: 2, skill: delivery, service: 30 min, target: 2 h}}
response: {organisation: {units: {runners: {function: logistics, members: volunteer, count: 2, skills: [delivery]}}}}
evidence:
  world.needs.medicine.per_1000_day: {from: assumed, low: 200, high: 600}
  world.needs.medicine.service: {from: assumed, low: 20 min, high: 40 min}
  response.organisation.units.runners.count: {from: assumed, low: 1, high: 9}
"""
TEXT = """
experiment: nested
base: base.yaml
variants:
  two: {}
  three: {response: {organisation: {units: {runners: {count: 3}}}}}
outcomes: [wait_mean_h]
assumptions: {draws: 12, replications: 3}
"""


@pytest.fixture(scope="module")
def crossed(tmp_path_factory: pytest.TempPathFactory) -> Crossed:
    folder = tmp_path_factory.mktemp("nested")
    (folder / "base.yaml").write_text(BASE, encoding="utf-8")
    (folder / "nested.yaml").write_text(TEXT, encoding="utf-8")
    return read_experiment(folder / "nested.yaml")


def answered(
    crossed: Crossed,
    effect: float,
    of_draw: np.ndarray,
    luck: np.ndarray,
    failed: Sequence[tuple[str, str, int]] = (),
) -> Concluded:
    """Carry the procedure out on numbers: the second plan's less the first's is effect + of the draw + luck."""
    wanted = crossed.experiment.assumptions
    assert wanted is not None
    procedure = over_assumptions(crossed, wanted, 1)
    collected = Collected([KEY])
    for batch in next(procedure).batches:
        number = int(batch.cell.world.removeprefix("draw-"))
        for k in batch.replications:
            differs = effect + of_draw[number] + luck[k] if batch.cell.variant == "three" else 0.0
            run = (batch.cell.world, batch.cell.variant, k)
            collected.fail(run) if run in failed else collected.add(run, {KEY: 5.0 + differs})
    with pytest.raises(StopIteration) as end:
        procedure.send(collected)
    return end.value.value


def test_the_interval_holds_the_truth(crossed: Crossed):
    """The draw is the sampling unit: 95 of 100 intervals hold the mean over the ranges, however large the luck is."""
    generator = np.random.default_rng(1)
    for between, within in ((1.0, 0.3), (0.2, 2.0)):
        held = 0
        for _ in range(60):
            of_draw, luck = generator.normal(size=12) * between, generator.normal(size=36) * within
            (found,) = answered(crossed, -0.5, of_draw, luck).comparisons
            held += found.low <= -0.5 <= found.high
            assert found.runs == 12
        assert 0.95 - 3 * np.sqrt(0.05 * 0.95 / 60) <= held / 60


def test_the_spread_splits_as_it_was_made(crossed: Crossed):
    """The part of the assumptions is that part of a run's variance; luck left in the draws' means is said, too."""
    generator = np.random.default_rng(2)
    parts, noises = [], []
    for _ in range(60):
        (one,) = answered(crossed, 0.0, generator.normal(size=12), generator.normal(size=36)).splits
        parts.append(one.of_assumptions)
        noises.append(one.noise)
    assert np.mean(parts) == pytest.approx(0.5, abs=0.06)
    assert np.median(noises) == pytest.approx((1 / 3) / (1 + 1 / 3), abs=0.06)


def test_no_luck_and_no_assumptions(crossed: Crossed):
    """All of one and none of the other."""
    (only,) = answered(crossed, 0.0, np.linspace(-1, 2, 12), np.zeros(36)).splits
    assert (only.of_assumptions, only.noise) == (pytest.approx(1.0), pytest.approx(0.0))
    assert only.better == pytest.approx(4 / 12)
    assert (only.low, only.high) == (pytest.approx(0.0992, abs=1e-4), pytest.approx(0.6511, abs=1e-4)), (
        "Clopper and Pearson's interval of 4 in 12"
    )
    (none,) = answered(crossed, 0.0, np.zeros(12), np.tile([-1.0, 0.0, 1.0], 12)).splits
    assert none.of_assumptions == 0.0


def test_draws_that_do_not_differ_are_neither_better_nor_worse(crossed: Crossed):
    """A plan stated twice is not better in none of the draws, as if it were worse in all: nothing can be said."""
    (same,) = answered(crossed, 0.0, np.zeros(12), np.zeros(36)).splits
    assert np.isnan([same.better, same.low, same.high]).all()
    of_draw = np.array([-1.0] * 3 + [1.0] + [0.0] * 8)  # a shorter wait is better
    (some,) = answered(crossed, 0.0, of_draw, np.zeros(36)).splits
    assert some.better == 3 / 4
    assert some.low < 3 / 4 < some.high
    assert some.high - some.low > 0.7, "four draws do not tell more"


def test_below_parity_neither_plan_is_better():
    """Of a gap between groups less is better down to 0 only: there it is the others who are worse off."""
    key = ("unmet_difference_vulnerable", "all", "all")
    gaps = {"two": [0.1, 0.3, -0.2, 0.1], "one": [0.2, 0.2, -0.1, -0.1]}
    runs = {name: {key: [np.array([gap]) for gap in each]} for name, each in gaps.items()}
    means = {name: {key: np.array(each)} for name, each in gaps.items()}
    found = split(Drawn((), 4, 1, means, runs), Pair(key, "two", "one"))
    assert found.better == 1 / 2, "better in the first, worse in the second, neither in the others"


def test_a_run_that_failed_is_left_out_for_all_plans_at_its_draw(crossed: Crossed):
    """One crash of 72 runs costs one run of each plan, and not the experiment; a draw without runs is out."""
    luck = np.random.default_rng(4).normal(size=36)
    luck[7] = 1000.0  # where the other plan crashed: it may count for neither
    found = answered(crossed, 0.5, np.zeros(12), luck, [("draw-0002", "two", 7)])
    (one,) = found.comparisons
    kept = [luck[3 * k : 3 * k + 3] for k in range(12)]
    kept[2] = luck[[6, 8]]
    assert one.runs == one.defined == 12
    assert one.difference == pytest.approx(0.5 + np.mean([each.mean() for each in kept]))
    assert found.failed == (("draw-0002", "two", 7),)
    (split_,) = found.splits
    within = sum(((each - each.mean()) ** 2).sum() for each in kept) / (11 * 2 + 1)
    means = np.array([each.mean() for each in kept])
    of_luck = within * np.mean([1 / each.size for each in kept])
    between = max(means.var(ddof=1) - of_luck, 0.0)
    assert split_.of_assumptions == pytest.approx(between / (between + within))
    gone = [("draw-0002", "three", k) for k in (6, 7, 8)]
    found = answered(crossed, 0.5, np.zeros(12), np.zeros(36), gone)
    assert found.comparisons[0].runs == found.splits[0].draws == 11
    assert found.comparisons[0].difference == pytest.approx(0.5)


def test_what_a_variant_decides_is_not_drawn(crossed: Crossed):
    """A figure that a plan sets is its decision; drawing it would take the plan away."""
    assert crossed.experiment.assumptions is not None
    drawn = figures(crossed, crossed.experiment.assumptions)
    assert [one.path for one in drawn] == ["world.needs.medicine.per_1000_day", "world.needs.medicine.service"]


def test_draws_are_spread_over_the_ranges(crossed: Crossed):
    """Every value of a range is equally likely, the same for all plans, and another with another seed."""
    assert crossed.experiment.assumptions is not None
    drawn = figures(crossed, crossed.experiment.assumptions)
    rates = np.array([draw(drawn, 1, number)["world.needs.medicine.per_1000_day"] for number in range(2000)], float)
    assert rates.min() >= 200
    assert rates.max() <= 600
    assert np.histogram(rates, 4, (200, 600))[0] == pytest.approx(500, abs=60)
    assert draw(drawn, 1, 0) == draw(drawn, 1, 0) != draw(drawn, 2, 0)


def test_without_ranges_there_is_nothing_to_draw(tmp_path: Path):
    """It is said before any run."""
    (tmp_path / "base.yaml").write_text(BASE[: BASE.index("evidence")], encoding="utf-8")
    (tmp_path / "nested.yaml").write_text(TEXT, encoding="utf-8")
    crossed = read_experiment(tmp_path / "nested.yaml")
    assert crossed.experiment.assumptions is not None
    with pytest.raises(InputError, match="nothing to draw"):
        figures(crossed, crossed.experiment.assumptions)


def test_a_draw_without_a_value_leaves_the_split_undefined(crossed: Crossed):
    """Nothing is imputed."""
    luck = np.zeros(36)
    luck[7] = np.nan
    found = answered(crossed, 0.0, np.zeros(12), luck)
    assert np.isnan(found.splits[0].better)
    assert found.comparisons[0].verdict == "undefined"
    assert split(found.drawn, PAIR).draws == 12  # type: ignore[arg-type]
