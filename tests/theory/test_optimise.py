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
from firstline.grids import Grid
from firstline.optimise_tables import headline, optimised_as_json, page
from firstline.words import Words
from sim.errors import FirstlineError, InputError
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


MUST = "subject_to: [{outcome: wait_mean_h, at_most: 1 h, in: 0.9}]"
AIM = f"least: {{{RUNNERS}: 1, {HELPERS}: 3}}"


def asked(folder: Path, text: str = TEXT) -> Question:
    (folder / "base.yaml").write_text(BASE, encoding="utf-8")
    (folder / "enough.yaml").write_text(text, encoding="utf-8")
    return read_question(folder / "enough.yaml")


Values = dict[str, Any]


def answered(
    question: Question,
    wait: Callable[[Values, np.ndarray], np.ndarray],
    fails: Callable[[Values, int], bool] = lambda _values, _k: False,
) -> tuple[Optimised, Collected]:
    """Carry the search out on numbers: the wait of each run from the decisions and a normal draw of its replication."""
    procedure = optimise(question)
    collected = Collected(question.asked.keys)
    (key,) = question.asked.keys
    request = next(procedure)
    while True:
        for batch in request.batches:
            luck = np.array([np.random.default_rng(k).normal() for k in batch.replications])
            for k, value in zip(batch.replications, wait(json.loads(batch.values), luck), strict=True):
                run = (batch.cell.world, batch.cell.variant, k)
                collected.fail(run) if fails(json.loads(batch.values), k) else collected.add(run, {key: float(value)})
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
    """Finalists and curves are judged by replications from a million on, the same for all, and by no others."""
    found, collected = answered(asked(tmp_path), needs_twelve)
    fresh = {run for run in collected._values if run[2] >= 1_000_000}
    assert {run[2] for run in fresh} == set(range(1_000_000, 1_000_080))
    assert {run[2] for run in set(collected._values) - fresh} == set(range(6)), "a trial is of six runs"
    assert all(one.runs == 80 for one in found.finalists)
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


def test_a_point_of_a_curve_is_the_share_of_runs_that_reach_everything(tmp_path: Path):
    """A run that misses one of two limits misses: each point is what counting by hand gives, all, some or none."""
    text = TEXT.replace(MUST, f"{MUST[:-1]}, {{outcome: wait_mean_h, at_least: 0 h, in: 0.5}}]")
    found, _ = answered(asked(tmp_path, text), needs_twelve)
    luck = np.array([np.random.default_rng(k).normal() for k in range(FRESH, FRESH + 80)])
    assert found.chosen is not None
    for point in found.curve:
        waits = needs_twelve({**found.chosen.values, point.path: point.value}, luck)
        assert point.share == pytest.approx(((waits >= 0) & (waits <= 1)).mean())
        assert point.runs == 80
    assert len({point.share for point in found.curve}) > 3


def test_bounds_of_all_that_may_be_judged_hold_together(tmp_path: Path):
    """Five in a hundred are shared by six finalists in each of three heats: exact binomial bounds at that error."""
    found, _ = answered(asked(tmp_path), needs_twelve)
    each = 0.05 / (6 * 3)
    for one in found.finalists:
        (bound,) = one.feasible
        reached = np.arange(80) < round(80 * bound.value)
        assert (bound.value, bound.low, bound.high) == pytest.approx(share(reached, each))


# -- the best of what is shown to do ----------------------------------------------------------------------------------


def best(text: str = TEXT, outcome: str = "wait_mean_h", indifference: str = "5 min") -> str:
    """The question for what is best, whatever it costs."""
    return text.replace(AIM, f"best: {{outcome: {outcome}, indifference: {indifference}}}")


FREE = best().replace(f"{MUST}\n", "")
"""Nothing must be reached ..."""
FEW = FREE.replace(f"  {HELPERS}: {{low: 1, high: 30}}\n", "").replace("high: 30", "high: 3")
"""... and three combinations are all that there are."""


def test_an_outcome_may_be_made_best(tmp_path: Path):
    """Without a sum of decisions the outcome itself is sought, in its direction; its spread is said."""
    found, _ = answered(
        asked(tmp_path, FREE), lambda v, luck: (v[RUNNERS] - 17) ** 2 / 20 + v[HELPERS] / 10 + luck * 0.1
    )
    assert found.chosen is not None
    assert abs(found.chosen.values[RUNNERS] - 17) <= 2
    assert found.chosen.spread > 0
    assert found.left == (found.chosen,)


def own_luck(values: Values, luck: np.ndarray, seed: int = 0) -> np.ndarray:
    """Luck of unit spread that no other combination has: the hardest case for a choice."""
    return np.random.default_rng((seed, values[RUNNERS], luck.size)).normal(size=luck.size)


def test_the_best_is_left_as_often_as_is_promised(tmp_path: Path):
    """Where one is better by just the indifference it is chosen, or among those left, in 19 of 20 questions."""
    question = asked(tmp_path, FEW.replace("5 min", "30 min").replace("fresh: 80", "fresh: 60"))
    kept, alone, seeds = 0, 0, 300
    for seed in range(seeds):
        found, _ = answered(question, lambda v, luck: 3 - 0.5 * (v[RUNNERS] == 2) + own_luck(v, luck, seed))  # noqa: B023
        kept += 2 in [one.values[RUNNERS] for one in found.left]
        alone += found.chosen is not None
    assert kept / seeds >= 0.95 - 2 * math.sqrt(0.05 * 0.95 / seeds)
    assert alone / seeds > 0.2, "to leave all would be right, too"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_fresh_runs_do_not_separate_is_left_open(tmp_path: Path, lang: str):
    """The least of three means that are equal is luck: all are named, and none is chosen."""
    words, question = Words(lang), asked(tmp_path, FEW)
    found, _ = answered(question, lambda v, luck: 3 + own_luck(v, luck))
    assert found.chosen is None
    assert [one.cost for one in found.left] == sorted(one.cost for one in found.left)
    assert len(found.left) == 3
    (said,) = headline(question, found, words)
    assert said in page(question, found, words)
    assert all(f"runners.count {count}" in said for count in (1, 2, 3))
    assert ("5.0 min" if lang == "en" else "5.0 分钟") in said
    assert ("h ±" in said) == (lang == "en"), "units are in the reader's language"
    assert json.loads(json.dumps(optimised_as_json(found), allow_nan=False))["chosen"] is None


def test_what_a_choice_is_worth_is_said(tmp_path: Path):
    """The mean comes with how it was had: the runs that chose it flatter it; and the choice has its confidence."""
    words, question = Words("en"), asked(tmp_path, FEW)
    found, _ = answered(question, lambda v, luck: 3 - v[RUNNERS] / 2 + 0.1 * luck)
    chosen, choice = headline(question, found, words)
    assert "runners.count 3" in chosen
    assert "in the 80 fresh runs that chose it" in chosen
    assert "better than all others by 5.0 min or more, it is this one, with a confidence of 95 %" in choice


def test_what_is_to_be_high_is_told_as_it_is(tmp_path: Path):
    """More is better: the highest is chosen, and its mean is not told with the sign of the search."""
    text = best(FEW, "trust_end", "0.01").replace("wait_mean_h, indifference: 5 min", "trust_end, indifference: 0.01")
    question = asked(tmp_path, text)
    found, _ = answered(question, lambda v, luck: v[RUNNERS] / 10 + 0.01 * luck)
    assert found.chosen is not None
    assert found.chosen.values[RUNNERS] == 3
    assert "was 30." in headline(question, found, Words("en"))[0]
    (table,) = (block for block in page(question, found, Words("en")) if isinstance(block, Grid))
    assert [row[0] for row in table.rows] == ["3", "2", "1"]
    assert [round(float(row[1].split(" %")[0])) for row in table.rows] == [30, 20, 10]


def test_the_best_is_sought_among_those_that_do(tmp_path: Path):
    """What misses its limit is not chosen, however good it is else; half of the error goes to either judgement."""
    text = best().replace("at_most: 1 h, in: 0.9", "at_least: 2 h")
    found, _ = answered(asked(tmp_path, text), lambda v, luck: v[RUNNERS] / 5 + v[HELPERS] / 5 + 0.05 * luck)
    assert found.chosen is not None
    assert 10 < found.chosen.values[RUNNERS] + found.chosen.values[HELPERS] <= 12
    (bound,) = found.chosen.feasible
    from scipy.special import stdtrit

    half = stdtrit(79, 1 - 0.025 / (6 * 3)) * found.chosen.spread
    assert bound.value - bound.low == pytest.approx(half)


# -- what has no value, and what has failed ---------------------------------------------------------------------------


def test_what_is_undefined_in_a_run_is_never_chosen(tmp_path: Path):
    """A mean over the runs that have a value would flatter: neither the search nor the finals choose by it."""

    def wait(values: Values, luck: np.ndarray) -> np.ndarray:
        gone = (values[RUNNERS] == 1) | ((values[RUNNERS] == 2) & (np.arange(luck.size) == 7))  # one run in ten
        return np.where(gone, np.nan, values[RUNNERS] + 0.1 * luck)

    found, _ = answered(asked(tmp_path, FEW), wait)
    standings = {one.values[RUNNERS]: one.standing for one in found.finalists}
    assert standings == {2: "undefined", 3: "reached"}, "one is undefined before the finals"
    assert found.chosen is not None
    assert found.chosen.values[RUNNERS] == 3


@pytest.mark.parametrize("first", [0, 1_000_000], ids=["in the search", "in the fresh runs"])
@pytest.mark.parametrize("how", ["undefined", "failed"])
def test_where_nothing_is_defined_it_is_said(tmp_path: Path, how: str, first: int):
    """The command ends with words and exit code 1, and not with a best that has no mean."""
    seen: list[int] = []

    def wait(_: Values, luck: np.ndarray) -> np.ndarray:
        seen.append(luck.size)
        return np.full(luck.size, np.nan) if how == "undefined" and luck.size >= (80 if first else 0) else luck

    with pytest.raises(FirstlineError, match=r"nothing to (choose by|judge them by)") as caught:
        answered(asked(tmp_path, FEW), wait, lambda _values, k: how == "failed" and k >= first)
    assert not isinstance(caught.value, InputError), "exit code 2 is for what the user wrote wrongly"
    assert (80 in seen) == bool(first)


def test_a_run_that_failed_is_left_out_for_all_finalists(tmp_path: Path):
    """It is no miss: the share is of the runs that ended, and all are judged by the same ones."""
    question = asked(tmp_path, TEXT.replace("high: 30", "high: 8"))
    eased = lambda v, luck: needs_twelve({**v, RUNNERS: v[RUNNERS] + 6}, luck)  # noqa: E731
    whole, _ = answered(question, eased)
    assert whole.chosen is not None
    chosen = dict(whole.chosen.values)
    found, _ = answered(question, eased, lambda v, k: v == chosen and k >= FRESH + 60)
    assert {one.runs for one in found.finalists} == {60}
    assert found.fresh == 60
    (mine,) = (one for one in found.finalists if one.values == chosen)
    luck = np.array([np.random.default_rng(k).normal() for k in range(FRESH, FRESH + 60)])
    assert mine.feasible[0].value == pytest.approx((eased(chosen, luck) <= 1).mean())
    assert mine.feasible[0].value > 0.9, "20 of 80 counted as misses would make it 75 % at most"


def test_a_trial_that_failed_in_the_search_may_be_found(tmp_path: Path):
    """One crash in six runs takes nothing from what the other five say; six in six leave nothing to say."""
    found, _ = answered(asked(tmp_path, FEW), lambda v, luck: v[RUNNERS] + 0.1 * luck, lambda v, k: k == v[RUNNERS])
    assert found.chosen is not None
    assert found.chosen.values[RUNNERS] == 1
    found, _ = answered(
        asked(tmp_path, FEW), lambda v, luck: v[RUNNERS] + 0.1 * luck, lambda v, k: v[RUNNERS] == 1 and k < FRESH
    )
    assert found.chosen is not None
    assert found.chosen.values[RUNNERS] == 2


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
