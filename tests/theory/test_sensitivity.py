"""Sensitivity: designs, indices and the share of luck, against functions whose indices are known; no simulation."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare, spearmanr

from analysis.designs import check_size, latin_hypercube, points_of, saltelli, sobol_sequence, steps_made
from analysis.indices import elementary, interval, noise, rank_regression, sobol, weights
from analysis.sensitivity import Concluded, conclusion
from analysis.sensitivity_figures import bars
from analysis.store.rounds import Collected
from firstline.words import Words
from sim.errors import InputError, Problem
from sim.spec.crossed import Cell
from sim.spec.design import Design
from sim.spec.factors import Quantity, Study

KEY = ("wait_mean_h", "all", "all")
UNIT = {"low": "0", "high": "1"}
PI = {"low": str(-np.pi), "high": str(np.pi)}


@dataclass(frozen=True)
class Made(Study):
    """A study of a function in place of a scenario; ``refuses`` tells the points whose values do not go together."""

    refuses: Callable[[Mapping[str, Any]], bool] = field(default=lambda values: False)

    def cell(self, world: str, variant: str, values: Mapping[str, Any]) -> Cell:
        if self.refuses(values):
            raise InputError(variant, [Problem("x", "these do not go together")])
        return Cell(world, variant, None)  # type: ignore[arg-type]


def made(
    method: str, factors: list[Quantity], groups: Mapping[str, tuple[str, ...]] | None = None, **more: Any
) -> Made:
    refuses = more.pop("refuses", lambda values: False)
    stated = {"sensitivity": "made", "base": "none", "method": method, "outcomes": ["wait_mean_h"], **more}
    design = Design.model_validate({**stated, "factors": {one.path: {"low": "0", "high": "1"} for one in factors}})
    grouped = groups or {one.path: (one.path,) for one in factors}
    return Made(design, None, tuple(factors), grouped, "made", refuses)  # type: ignore[arg-type]


def reals(count: int, low: float = 0.0, high: float = 1.0) -> list[Quantity]:
    return [Quantity(f"x{k}", "real", low, high) for k in range(count)]


def answered(
    study: Study, function: Callable[..., float], failing: Callable[[Mapping[str, Any], int], bool] | None = None
) -> Concluded:
    """Carry a study out with a function of (values, replication) in place of runs."""
    collected = Collected([KEY])
    procedure = conclusion(study)
    try:
        asked = next(procedure)
        while True:
            for cell, replications, values in asked.batches:
                at = json.loads(values)
                for k in replications:
                    run = (cell.world, cell.variant, k)
                    if failing is not None and failing(at, k):
                        collected.fail(run)
                    else:
                        collected.add(run, {KEY: function(at, k)})
            asked = procedure.send(collected)
    except StopIteration as end:
        return end.value


def luck(seed: int = 0) -> Callable[[], float]:
    return np.random.default_rng(seed).standard_normal


def ishigami(x: Mapping[str, float], k: int = 0) -> float:
    return np.sin(x["x0"]) + 7 * np.sin(x["x1"]) ** 2 + 0.1 * x["x2"] ** 4 * np.sin(x["x0"])


G = np.array([0.0, 0.5, 3.0, 9.0, 20.0, 99.0, 99.0, 99.0])


def g_function(x: Mapping[str, float], k: int = 0) -> float:
    """Sobol's g: the smaller a, the more its factor matters."""
    each = np.array([x[f"x{i}"] for i in range(len(G))])
    return float(np.prod((np.abs(4 * each - 2) + G) / (1 + G)))


# -- indices ----------------------------------------------------------------------------------------------------------


def test_sobol_indices_of_ishigami():
    """Analytic: S1 = 0.3139, 0.4424, 0; ST = 0.5576, 0.4424, 0.2437 (Ishigami & Homma 1990, a = 7, b = 0.1)."""
    found = answered(made("sobol_indices", reals(3, -np.pi, np.pi), points=1024, replications=1), ishigami)
    effects = {effect.name: effect.found for effect in found.parts[0].found[0].effects}
    for name, first, total in (("x0", 0.3139, 0.5576), ("x1", 0.4424, 0.4424), ("x2", 0.0, 0.2437)):
        assert effects[name].first.value == pytest.approx(first, abs=0.03)
        assert effects[name].total.value == pytest.approx(total, abs=0.03)
        assert effects[name].first.low - 0.02 <= first <= effects[name].first.high + 0.02
        assert effects[name].total.low - 0.02 <= total <= effects[name].total.high + 0.02


def test_without_noise_the_indices_are_salibs():
    """What is added here is only how luck is kept out: with equal replications SALib's own figures come back."""
    from SALib.analyze import morris as salib_morris
    from SALib.analyze import sobol as salib_sobol

    unit = saltelli([1, 1, 1], 64, 3)
    y = np.array([ishigami({f"x{k}": (2 * u - 1) * np.pi for k, u in enumerate(row)}) for row in unit])
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0, 1]] * 3}
    theirs = salib_sobol.analyze(problem, y, calc_second_order=False, seed=1)
    for runs in (1, 2, 5):
        mine = sobol(np.repeat(y.reshape(64, 5, 1), runs, axis=2), 0.95, 1)
        assert [one.first.value for one in mine] == pytest.approx(theirs["S1"].tolist(), abs=1e-9)
        assert [one.total.value for one in mine] == pytest.approx(theirs["ST"].tolist(), abs=1e-9)
    study = made("morris", reals(3, -np.pi, np.pi), trajectories=20)
    points = points_of(study, "morris", 0)
    y = np.array([ishigami(point.values) for point in points.points])
    theirs = salib_morris.analyze({**problem, "groups": ["a", "b", "c"]}, points.unit, y, num_levels=4, seed=1)
    unit = points.unit.reshape(20, 4, 3)
    mine = elementary(unit, y.reshape(20, 4, 1), np.abs(np.diff(unit, axis=1)), [1, 1, 1], 0.95, 1)
    for name in ("mu_star", "mu", "sigma"):
        got = [getattr(one, name).value for one in mine]
        assert got == pytest.approx(np.array(theirs[name], float).tolist(), abs=1e-9)


def test_morris_ranks_the_g_function():
    """mu* must order factors as their true importance does, or the second round is spent on the wrong ones."""
    found = answered(made("morris", reals(8), trajectories=40, replications=1), g_function)
    sizes = {effect.name: effect.size for effect in found.parts[0].found[0].effects}
    assert spearmanr([sizes[f"x{k}"] for k in range(8)], -G).statistic >= 0.9
    assert [effect.name for effect in found.parts[0].found[0].effects[:3]] == ["x0", "x1", "x2"]


WORTH: dict[str, tuple[Quantity, Callable[[Any], float]]] = {
    "two whole numbers": (Quantity("n", "integer", 1, 2), float),
    "three whole numbers": (Quantity("n", "integer", 1, 3), lambda value: value / 2),
    "whole numbers": (Quantity("n", "integer", 1, 6), lambda value: value / 5),
    "whole numbers on a log scale": (
        Quantity("n", "integer", 1, 8, log=True),
        lambda value: float(np.log(value) / np.log(8)),
    ),
    "two choices": (Quantity("n", "choice", choices=("day", "night")), lambda value: float(value == "night")),
    "a duration": (Quantity("n", "duration", 1, 3), lambda value: float(value.removesuffix(" h")) / 2),
}
"""Factors, and what each value is worth in an outcome that changes by 1 over the whole range."""


@pytest.mark.parametrize("kind", WORTH)
def test_an_effect_is_over_the_step_really_made(kind: str):
    """μ* is over the whole range: from one of two values to the other that is their difference, and not 1.5 of it."""
    factor, worth = WORTH[kind]
    study = made("morris", [factor, *reals(2)], trajectories=12, replications=2)
    found = answered(study, lambda x, k: 4.1 * worth(x["n"]) + 2 * x["x0"])
    of = {effect.name: effect.found for effect in found.parts[0].found[0].effects}
    assert of["n"].mu_star.value == pytest.approx(4.1)
    assert abs(of["n"].mu.value) == pytest.approx(4.1)
    assert of["n"].sigma.value == pytest.approx(0, abs=1e-5)
    assert of["x0"].mu_star.value == pytest.approx(2)


def test_of_several_choices_it_is_the_change_from_one_to_another():
    """Choices have no order and no middle: no part of a range is made up for them."""
    study = made("morris", [Quantity("c", "choice", choices=("a", "b", "c")), *reals(1)], levels=6, trajectories=40)
    found = answered(study, lambda x, k: 3.0 * (x["c"] != "b"))
    (effect,) = (one.found for one in found.parts[0].found[0].effects if one.name == "c")
    changes = found.parts[0].points.points
    seen = [
        3.0 * ((before.values["c"] == "b") != (after.values["c"] == "b"))
        for before, after in itertools.pairwise(changes)
        if before.number % 3 and before.values["c"] != after.values["c"]
    ]
    assert len(seen) == 40
    assert effect.mu_star.value == pytest.approx(np.mean(seen))


def test_in_a_group_the_step_is_the_mean_of_its_members():
    """Where all moved alike, that is the group's own step: two factors of two values change by all of their ranges."""
    factors = [Quantity("n", "integer", 1, 2), Quantity("c", "choice", choices=("day", "night")), *reals(1)]
    groups = {"both": ("n", "c"), "x0": ("x0",)}
    study = made("morris", factors, groups, trajectories=10, replications=2)
    found = answered(study, lambda x, k: x["n"] + 10.0 * (x["c"] == "night"))
    of = {effect.name: effect.found for effect in found.parts[0].found[0].effects}
    assert 9 <= of["both"].mu_star.value <= 11


def test_a_step_that_moves_nothing_is_refused():
    """Two whole numbers on a log scale have unequal shares of the levels: a step might leave the value as it is."""
    factor = Quantity("n", "integer", 1, 2, log=True)
    check_size(made("morris", [factor], levels=4))
    with pytest.raises(InputError, match="not every step of n changes its value; found 6"):
        check_size(made("morris", [factor], levels=6))


def test_trajectories_that_are_all_alike_have_no_certain_effect():
    """One factor of two values gives one pair of points, however many trajectories: their interval is of the runs."""
    told, held, rounds = 0, 0, 300
    for seed in range(rounds):
        draw = luck(seed)
        study = made("morris", [Quantity("n", "integer", 1, 2)], trajectories=6, replications=8, seed=seed)
        (noisy,) = answered(study, lambda x, k, draw=draw: draw()).parts[0].found[0].effects
        told += noisy.tells
        draw = luck(seed)
        (real,) = answered(study, lambda x, k, draw=draw: 3.0 * x["n"] + draw()).parts[0].found[0].effects
        held += real.found.mu_star.low <= 3 <= real.found.mu_star.high
        assert real.found.mu_star.low < real.found.mu_star.high
    assert told <= 0.06 * rounds
    assert held >= 0.9 * rounds


def test_effects_on_shares_stand_in_points():
    """A change of a share from 10 % to 15 % is one of 5 points, and of 50 %: the axis says which is meant."""
    part = answered(made("morris", reals(2), trajectories=4), lambda x, k: 0.1 * x["x0"]).parts[0]
    of_share = replace(part, found=(replace(part.found[0], key=("unmet_share", "all", "all")),))
    (axes,) = bars(of_share, Words("en")).axes
    assert "percentage points" in axes.get_xlabel()
    assert "%" not in axes.get_xlabel()
    assert max(bar.get_width() for bar in axes.patches) == pytest.approx(10)


def test_groups_of_factors_move_together():
    """A group's effect is that of its members at once; mu and sigma of several factors mean nothing."""
    groups = {"strong": ("x0", "x1", "x2"), "weak": ("x3", "x4"), "x5": ("x5",)}
    found = answered(
        made("morris", reals(6), groups, trajectories=20, replications=1),
        lambda x, k: 3 * x["x0"] * x["x1"] + x["x2"] + 0.1 * x["x3"] + x["x5"],
    )
    assert [effect.name for effect in found.parts[0].found[0].effects] == ["strong", "x5", "weak"]
    of = {effect.name: effect.found for effect in found.parts[0].found[0].effects}
    assert np.isnan(of["strong"].mu.value)
    assert of["x5"].mu_star.value == pytest.approx(1)
    assert of["x5"].sigma.value == pytest.approx(0, abs=1e-9)
    assert len(found.parts[0].points.points) == 20 * 4


def test_rank_regression_of_a_line():
    """A monotone sum of independent factors: signs and order of the weights come back, and R² is nearly 1."""
    found = answered(
        made("latin_hypercube", reals(3), points=200, replications=1),
        lambda x, k: 3 * x["x0"] - 2 * x["x1"] + 0 * x["x2"],
    )
    (one,) = found.parts[0].found
    of = {effect.name: effect.found for effect in one.effects}
    assert of["x0"].value == pytest.approx(3 / np.sqrt(13), abs=0.05)
    assert of["x1"].value == pytest.approx(-2 / np.sqrt(13), abs=0.05)
    assert abs(of["x2"].value) < 0.1
    assert one.r_squared > 0.95


def test_rank_regression_is_least_squares():
    """The coefficients are those of ordinary least squares on standardised ranks."""
    from scipy.stats import rankdata, zscore

    draw = np.random.default_rng(2)
    columns = draw.random((50, 4))
    means = columns @ [1.0, -2.0, 0.0, 0.5] + draw.normal(0, 0.3, 50)
    ranks, result = zscore(rankdata(columns, axis=0)), zscore(rankdata(means))
    wanted = np.linalg.lstsq(ranks, result, rcond=None)[0]
    found = rank_regression(columns, means, 0.95, 1)
    assert [one.value for one in found.coefficients] == pytest.approx(wanted.tolist(), abs=1e-9)
    assert found.r_squared == pytest.approx(1 - float(((result - ranks @ wanted) ** 2).mean()), abs=1e-9)


# -- luck -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["morris", "sobol_indices", "latin_hypercube"])
def test_pure_noise_is_called_noise(method: str):
    """Where nothing matters no factor may stand out, beyond the intervals' own risk; and the share of luck is 1.

    The risk is 5 % for a coefficient, 2.5 % for one side of an effect of Morris. Measured over 1,200 indices: 5.6, 2.8
    and 0 % stand out; 94, 93 and 100 % of the intervals hold 0. The bounds allow three standard errors on 400.
    """
    stands_out, covered, indices, shares = 0, 0, 0, []
    for seed in range(100):
        draw = luck(seed)
        more = {"trajectories": 20} if method == "morris" else {"points": 64}
        study = made(method, reals(4), replications=4, seed=seed, **more)
        (one,) = answered(study, lambda x, k, draw=draw: draw()).parts[0].found
        shares.append(one.noise.share)
        for effect in one.effects:
            indices += 1
            stands_out += effect.tells
            parts = {"morris": ["excess"], "sobol_indices": ["first", "total"]}.get(method)
            known = [getattr(effect.found, part) for part in parts] if parts is not None else [effect.found]
            covered += all(part.low <= 0 <= part.high for part in known)
    risk = 0.05 if method == "latin_hypercube" else 0.025
    assert np.mean(shares) > 0.97
    assert stands_out <= (risk + 3 * np.sqrt(risk * (1 - risk) / indices)) * indices
    assert covered >= 0.9 * indices


@pytest.mark.parametrize("spread", [0.5, 1.0, 2.0])
def test_the_share_of_noise_is_the_true_one(spread: float):
    """An additive model with luck of a known variance: the share of one run, what is common, what the means keep."""
    shared = luck(1)
    common = {k: spread * shared() for k in range(20)}
    own, factors = luck(2), reals(3)
    study = made("latin_hypercube", factors, points=400, replications=20)
    (part,) = answered(study, lambda x, k: 2 * sum(x.values()) + common[k] + spread * own()).parts
    (one,) = part.found
    between = np.var([2 * sum(point.values.values()) for point in part.points.points], ddof=1)
    between_runs = np.var(list(common.values()), ddof=1)
    whole = between + between_runs + spread**2
    assert one.noise.share == pytest.approx((between_runs + spread**2) / whole, abs=0.02)
    assert one.noise.common == pytest.approx(between_runs / whole, abs=0.02)
    assert one.noise.of_means == pytest.approx(spread**2 / 20 / (between + spread**2 / 20), abs=0.02)


def test_luck_does_not_inflate_the_indices():
    """Luck as large as the effects leaves S1 and ST where they are; SALib on the means would find ST near 1 for all."""
    firsts, totals, naive = [], [], []
    for seed in range(60):
        unit = saltelli([1, 1, 1], 256, seed).reshape(256, 5, 3)
        noisy = np.random.default_rng(seed).normal(0, 0.8, (256, 5, 4)) + unit[:, :, :2].sum(axis=2)[:, :, None]
        found = sobol(noisy, 0.95, 1)
        firsts.append([one.first.value for one in found])
        totals.append([one.total.value for one in found])
        naive.append([one.total.value for one in sobol(noisy.mean(axis=2, keepdims=True), 0.95, 1)])
    assert np.mean(firsts, axis=0) == pytest.approx([0.5, 0.5, 0.0], abs=0.05)
    assert np.mean(totals, axis=0) == pytest.approx([0.5, 0.5, 0.0], abs=0.05)
    assert np.mean(naive, axis=0)[2] > 0.3


def test_luck_that_is_common_cancels():
    """What luck does alike at all points changes no index: this is what common random numbers are for."""
    common = {k: 10 * value for k, value in enumerate(np.random.default_rng(3).normal(size=4))}
    for method, more in (("morris", {"trajectories": 10}), ("sobol_indices", {"points": 64})):
        study = made(method, reals(8), replications=4, **more)
        still = answered(study, g_function).parts[0].found[0].effects
        moved = answered(study, lambda x, k: g_function(x) + common[k]).parts[0].found[0].effects
        for one, other in zip(still, moved, strict=True):
            assert one.name == other.name
            assert other.leading.value == pytest.approx(one.leading.value, abs=1e-6)


def test_replications_wanted_against_noise():
    """What is advised against much noise does bring it down to what was wanted."""
    signal, draw = np.random.default_rng(6).random((1000, 1)), np.random.default_rng(5)
    few = noise(signal + draw.normal(0, 0.6, (1000, 4)))
    wanted = few.wanted(4, 1 / 3)
    assert few.of_means > 0.45
    assert wanted == pytest.approx(0.36 * 12 * 2, abs=2)
    assert noise(signal + draw.normal(0, 0.6, (1000, wanted))).of_means == pytest.approx(1 / 3, abs=0.05)


def test_intervals_cover():
    """Intervals of mu*, S1 and ST hold the true value about as often as they say, with few trajectories and luck."""
    held = {"mu_star": 0, "first": 0, "total": 0}
    rounds = 150
    for seed in range(rounds):
        draw = luck(seed)
        study = made("morris", reals(3), trajectories=12, replications=2, seed=seed)
        found = answered(study, lambda x, k, draw=draw: 4 * x["x0"] * x["x1"] + 0.1 * draw())
        of = {effect.name: effect.found for effect in found.parts[0].found[0].effects}
        held["mu_star"] += of["x0"].mu_star.low <= 2.0 <= of["x0"].mu_star.high  # x1 is 1/2 on average over the levels
        study = made("sobol_indices", reals(3), points=128, replications=3, seed=seed)
        found = answered(study, lambda x, k, draw=draw: 2 * x["x0"] + x["x1"] + 0.2 * draw())
        of = {effect.name: effect.found for effect in found.parts[0].found[0].effects}
        held["first"] += of["x0"].first.low <= 0.8 <= of["x0"].first.high
        held["total"] += of["x0"].total.low <= 0.8 <= of["x0"].total.high
    assert all(count >= 0.88 * rounds for count in held.values()), held


def test_resamples_weigh_as_many_blocks_as_there_are():
    """A resample draws as many blocks as there are, each equally often on the whole."""
    drawn = weights(10, 1, 4000)
    assert drawn.sum(axis=1) == pytest.approx(1)
    assert drawn.mean(axis=0) == pytest.approx(0.1, abs=0.005)
    assert interval(float("nan"), drawn[:, 0], 10, 0.95)[1:] == pytest.approx((np.nan, np.nan), nan_ok=True)


# -- points that fail -------------------------------------------------------------------------------------------------


def corner(x: Mapping[str, Any]) -> bool:
    return x["x0"] > 0.7 and x["x1"] > 0.6


@pytest.mark.parametrize("how", ["invalid", "failed", "undefined"])
@pytest.mark.parametrize(
    ("method", "rows", "more"),
    [
        ("morris", 4, {"trajectories": 30}),
        ("sobol_indices", 5, {"points": 64}),
        ("latin_hypercube", 1, {"points": 64}),
        ("sobol_sequence", 1, {"points": 64}),
        ("grid", 1, {"levels": 4}),
    ],
)
def test_failed_points_are_left_out_and_never_imputed(method: str, rows: int, more: dict[str, Any], how: str):
    """A trajectory, block or point with a failure is left out whole, as if it had not been drawn."""
    study = made(method, reals(3), replications=3, refuses=corner if how == "invalid" else lambda values: False, **more)
    draws = np.random.default_rng(1).normal(size=3)

    def function(x: Mapping[str, Any], k: int) -> float:
        if corner(x):
            return float("nan") if how == "undefined" else 1e9
        return 2 * x["x0"] + x["x1"] + draws[k] * x["x2"]

    found = answered(study, function, (lambda x, k: corner(x) and k == 1) if how == "failed" else None)
    (part,), (one,) = found.parts, found.parts[0].found
    bad = np.array([corner(point.values) for point in part.points.points]).reshape(-1, rows).any(axis=1)
    assert 0 < bad.sum() < len(bad)
    assert (one.units, one.whole) == (len(bad), len(bad) - bad.sum())
    assert part.invalid == (sum(corner(point.values) for point in part.points.points) if how == "invalid" else 0)
    assert np.isnan(part.values[KEY][[corner(point.values) for point in part.points.points]]).any(axis=1).all()
    whole = np.repeat(~bad, rows)
    kept = np.array(
        [[function(p.values, k) for k in range(3)] for p, w in zip(part.points.points, whole, strict=True) if w]
    )
    if method == "morris":
        unit = part.points.unit[whole].reshape(-1, 4, 3)
        made_of = steps_made(part.points)[np.arange(len(whole) - 1) % 4 != 3].reshape(-1, 3, 3)[~bad]
        effects = elementary(unit, kept.reshape(-1, 4, 3), made_of, [1, 1, 1], 0.95, 1)
        alone = [each.mu_star for each in effects]
    elif method == "sobol_indices":
        alone = [each.total for each in sobol(kept.reshape(-1, 5, 3), 0.95, 1)]
    else:
        columns = np.array([list(p.values.values()) for p, w in zip(part.points.points, whole, strict=True) if w])
        alone = list(rank_regression(columns, kept.mean(axis=1), 0.95, 1).coefficients)
    assert {effect.name: effect.leading for effect in one.effects} == dict(zip(("x0", "x1", "x2"), alone, strict=True))


def test_nothing_is_said_where_all_failed():
    """Without one whole trajectory there is no effect and no second round, and no crash."""
    study = made("morris", reals(3), trajectories=4, then={"method": "sobol_indices", "leading": 2, "points": 8})
    found = answered(study, g_function, lambda x, k: True)
    assert len(found.parts) == 1
    assert found.parts[0].found[0].effects == ()
    assert len(found.failed) == len(found.parts[0].points.cells) * 4


# -- designs ----------------------------------------------------------------------------------------------------------


def test_a_latin_hypercube_has_one_point_in_each_stratum():
    """What makes it a Latin hypercube; each factor is covered evenly whatever the others do."""
    unit = latin_hypercube(5, 40, 7)
    for column in unit.T:
        assert sorted((column * 40).astype(int)) == list(range(40))


def test_a_sobol_sequence_is_balanced():
    """Every elementary interval of the first two factors holds as many points as its volume wants."""
    unit = sobol_sequence(2, 64, 7)
    for column in unit.T:
        assert sorted((column * 64).astype(int)) == list(range(64))
    cells = (unit * 8).astype(int)
    assert sorted(map(tuple, cells)) == sorted(itertools.product(range(8), range(8)))


@pytest.mark.parametrize("method", ["latin_hypercube", "sobol_sequence"])
def test_integers_and_choices_are_equally_likely(method: str):
    """Each value of a factor that can be counted has the same share of the points, ends included."""
    factors = [Quantity("n", "integer", 3, 10), Quantity("c", "choice", choices=("a", "b", "c", "d")), *reals(1)]
    points = points_of(made(method, factors, points=512), method, 512).points
    numbers = [sum(point.values["n"] == value for point in points) for value in range(3, 11)]
    choices = [sum(point.values["c"] == value for point in points) for value in "abcd"]
    assert numbers == [64] * 8
    assert choices == [128] * 4


def test_morris_and_saltelli_give_each_choice_its_share():
    """The rows of a trajectory sit on levels: as many of them must mean one choice as the other."""
    factors = [Quantity("c", "choice", choices=("a", "b", "c")), *reals(2)]
    points = points_of(made("morris", factors, levels=6, trajectories=600), "morris", 0).points
    assert chisquare([sum(p.values["c"] == value for p in points[::4]) for value in "abc"]).pvalue > 0.001
    blocks = points_of(made("sobol_indices", factors, points=256), "sobol_indices", 256).points
    counts = [sum(p.values["c"] == value for p in blocks) for value in "abc"]
    assert max(counts) - min(counts) < 0.05 * len(blocks)


def test_one_group_moves_at_a_step():
    """An elementary effect is of the one group that moved; in a block each row differs from A in one group."""
    groups = {"a": ("x0", "x1"), "b": ("x2",)}
    points = points_of(made("morris", reals(3), groups, trajectories=8), "morris", 0)
    for trajectory in points.unit.reshape(8, 3, 3):
        moved = np.abs(np.diff(trajectory, axis=0)) > 0
        assert sorted(map(tuple, moved)) == [(False, False, True), (True, True, False)]
    blocks = points_of(made("sobol_indices", reals(3), groups, points=8), "sobol_indices", 8).unit.reshape(8, 4, 3)
    for base, first, second, last in blocks:
        assert (first == [last[0], last[1], base[2]]).all()
        assert (second == [base[0], base[1], last[2]]).all()


def test_a_grid_has_every_combination_and_its_ends():
    """A full factorial: each level of each factor with each of the others, the ends of the ranges among them."""
    factors = [
        Quantity("r", "real", 1, 100, log=True),
        Quantity("n", "integer", 2, 3),
        Quantity("c", "choice", choices=("a", "b", "c")),
        Quantity("d", "duration", 0.5, 2.0),
    ]
    points = points_of(made("grid", factors, levels=3), "grid", 0).points
    assert {p.values["r"] for p in points} == {1.0, 10.0, 100.0}
    assert {p.values["n"] for p in points} == {2, 3}
    assert {p.values["d"] for p in points} == {"0.5 h", "1.25 h", "2.0 h"}
    assert len({json.dumps(dict(p.values)) for p in points}) == len(points) == 3 * 2 * 3 * 3


def test_a_log_scale_makes_ratios_equally_likely():
    """Half of the points lie below the geometric mean, for numbers and durations; integers keep to their ends."""
    factors = [
        Quantity("r", "real", 1, 100, log=True),
        Quantity("d", "duration", 0.1, 10, log=True),
        Quantity("n", "integer", 1, 31, log=True),
    ]
    points = points_of(made("sobol_sequence", factors, points=256), "sobol_sequence", 256).points
    assert sum(p.values["r"] < 10 for p in points) == 128
    assert sum(float(p.values["d"].removesuffix(" h")) < 1 for p in points) == 128
    numbers = [p.values["n"] for p in points]
    assert (min(numbers), max(numbers)) == (1, 31)
    assert sum(number <= 1 for number in numbers) == pytest.approx(256 / 5, abs=1)  # 1, 2–3, 4–7, 8–15, 16–31


@pytest.mark.parametrize("method", ["morris", "sobol_indices", "latin_hypercube", "sobol_sequence", "grid"])
def test_a_design_is_the_same_for_a_seed(method: str):
    """A resumed study must ask for the same points; another seed gives others (a grid has no chance)."""
    designs = [
        [p.values for p in points_of(made(method, reals(3), seed=seed), method, 16).points] for seed in (4, 4, 5)
    ]
    assert designs[0] == designs[1]
    assert (designs[0] != designs[2]) == (method != "grid")


def test_the_conclusion_is_the_same_for_a_seed():
    """Bootstrap included: a study concluded again from the same runs says the same."""
    study = made("sobol_indices", reals(8), points=32, replications=2)
    one, other = (answered(study, g_function).parts[0].found for _ in range(2))
    assert repr(one) == repr(other)


def test_equal_points_share_a_cell():
    """With the same luck, the same values would give the same runs twice: they are made once."""
    factors = [Quantity("n", "integer", 1, 2), Quantity("c", "choice", choices=("a", "b"))]
    points = points_of(made("latin_hypercube", factors, points=64), "latin_hypercube", 64)
    assert len(points.points) == 64
    assert len(points.cells) == 4
    assert all(point.values["n"] in (1, 2) and point.cell in points.cells for point in points.points)


# -- two rounds -------------------------------------------------------------------------------------------------------


def test_the_leading_ones_go_into_the_second_round():
    """Morris on all, Sobol' indices on those that lead; the others stay at the base."""
    study = made(
        "morris",
        reals(8),
        trajectories=30,
        replications=1,
        then={"method": "sobol_indices", "leading": 2, "points": 256},
    )
    held = {f"x{k}": 0.5 for k in range(8)}  # the base: there all factors but those varied make no difference
    found = answered(study, lambda x, k: g_function({**held, **x}))
    first, second = found.parts
    assert list(second.points.study.groups) == ["x0", "x1"]
    assert set(second.points.points[0].values) == {"x0", "x1"}
    assert len(second.points.points) == 256 * 4
    variance = 1 / 3 / (1 + G[:2]) ** 2
    whole = np.prod(1 + variance) - 1
    of = {effect.name: effect.found for effect in second.found[0].effects}
    for k in range(2):
        assert of[f"x{k}"].first.value == pytest.approx(variance[k] / whole, abs=0.05)
        assert of[f"x{k}"].total.value == pytest.approx(variance[k] * (1 + variance[1 - k]) / whole, abs=0.05)
    assert found.runs == len(first.points.cells) + len(second.points.cells)
