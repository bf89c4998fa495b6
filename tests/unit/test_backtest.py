"""Back-tests: what their files may say, logs made by a known process come back out, and nothing looks ahead."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import sim
from analysis.backtest import baseline
from analysis.backtest.events import Event, Log, cut, event, read_log
from analysis.backtest.fit import Fitted, Trial, best_lag, of_an_event_to_come, trial
from analysis.backtest.judge import Judged, losses, nearer
from analysis.backtest.judge import backtest as carried_out
from analysis.backtest.measure import batches_per_h, measure, pace
from analysis.backtest.memory import Past, informed
from analysis.backtest.told import Told, errors, loss, told
from firstline.backtest_tables import backlog_rows, backtest_as_json, figure_rows, page
from firstline.grids import Grid
from firstline.words import Words
from sim import files
from sim.backtest_files import read_backtest
from sim.chance import Chance
from sim.errors import InputError
from sim.kinds import BACKTEST
from sim.records.closing import MISLAID_H, Books, OfficeTime
from sim.spec.backtest import Columns, Window
from tests.command import firstline, printed

TESTS = Path(__file__).parent.parent
BAD = TESTS / "bad_backtests"
MONDAY = datetime(2020, 1, 6)
"""A Monday, 00:00."""
HOURS = np.tile(np.where((np.arange(24) >= 7) & (np.arange(24) < 19), 2.0, 0.01), 7)
"""An office that is open from seven to seven ..."""
HOURS[144:] = 0.01
"""... and shut on Sundays."""
FILE = """
backtest: mine
log: {file: log.csv}
target: 2 d
train:
  first: {from: "2020-02-03", before: "2020-02-13"}
  second: {from: "2020-03-02", before: "2020-03-12"}
predict:
  third: {from: "2020-04-06", before: "2020-04-16"}
crews: {count: COUNT, shift: "07:00-19:00", service: 1 h}
trials: 1
replications: 10
"""


def books(lag_h: float = 20.0, **more: float) -> Books:
    """The books of an office of our own."""
    given = {"at_once": 0.0, "mislaid": 0.0, "mislaid_mean_h": 0.0, "batches_per_h": 0.5, "shape": 2.0} | more
    return Books(OfficeTime(HOURS / HOURS.mean()), lag_h=lag_h, **given)


def came(days: Sequence[int], per_day: int = 60, seed: int = 3) -> np.ndarray:
    """Hours since MONDAY at which requests come in: on some days, evenly drawn within each."""
    uniform = Chance(seed, 0).uniform("came", np.arange(len(days) * per_day))
    return np.sort((np.repeat(days, per_day) + uniform) * 24)


def write(path: Path, created_h: np.ndarray, closed_h: np.ndarray) -> Path:
    """Save a log; what is closed at infinity is not closed."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("created", "closed"))
        for created, closed in zip(created_h, closed_h, strict=True):
            end = (MONDAY + timedelta(hours=closed)).isoformat() if np.isfinite(closed) else ""
            writer.writerow(((MONDAY + timedelta(hours=created)).isoformat(), end))
    return path


DAYS = [*range(28, 38), *range(56, 66), *range(91, 101)]
"""Of the three events of FILE, from MONDAY."""


def made(folder: Path, count: str = "[60]", lag_h: float = 20.0, more: str = "", done_h: float = 1.0) -> Path:
    """Save a back-test of a log whose records are closed by books that we know; returns its file."""
    created = came(DAYS)
    closed = books(lag_h).close(MONDAY, created, created + done_h, 5, 0)
    write(folder / "log.csv", created, closed)
    path = folder / "mine.yaml"
    path.write_text(FILE.replace("COUNT", count) + more, encoding="utf-8")
    return path


def found(path: Path) -> Judged:
    """Carry out the back-test of a file."""
    asked, log = read_backtest(path)
    return carried_out(asked, log, str(path), lambda _done, _of: None)


def of(created_h: Sequence[float], closed_h: Sequence[float], days: int = 3, end_h: float = 1e4) -> Event:
    """An event of a few requests."""
    return Event("mine", MONDAY, days, np.array(created_h, float), np.array(closed_h, float), end_h)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return found(made(tmp_path_factory.mktemp("known")))


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(BAD.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_bad_backtest_is_refused_in_words(path: Path):
    """One mistake is one problem, with its place and what was wanted: its author reads nothing else."""
    first, second, *_ = path.read_text(encoding="utf-8").split("\n")
    with pytest.raises(InputError) as caught:
        read_backtest(path)
    (problem,) = caught.value.problems
    assert first.removeprefix("# expect: ") in problem.message
    assert problem.place == second.removeprefix("# at:").strip()
    assert len(str(problem)) <= 400


def test_there_are_enough_bad_backtests():
    """A glob that finds nothing would pass the test above."""
    assert len(list(BAD.glob("*.yaml"))) >= 20


def test_shipped_backtests_are_no_scenarios():
    """They lie in a folder of their own, and a name mistyped gets the name meant."""
    assert not [name for name in files.shipped() if name.startswith("backtests")]
    for name in BACKTEST.shipped():
        asked, log = read_backtest(name, Path("elsewhere.csv"))
        assert asked.backtest == name
        assert log == Path("elsewhere.csv")
        assert asked.log.file is None, "no real log is shipped"
    with pytest.raises(InputError, match="did you mean 'houston-floods'"):
        read_backtest("houston-flood")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("created,closed\n", "no request is left"),
        ("created\n2020-01-01T08:00:00\n", "no such column"),
        ("created,closed\n2020-01-01T08:00:00,\n", "not one request is closed"),
        ("created,closed\nyesterday,2020-01-01T08:00:00\n", "a date and time such as"),
        ("created,closed\n2020-01-02T08:00:00,2020-01-01T08:00:00\n", "closed before it came in"),
        ("created,closed\n,2020-01-01T08:00:00\n", "a date and time such as"),
        ("created,closed\n2020-01-01T08:00:00\n", "not one request is closed"),
        ("\xff\xfe", "a CSV file in UTF-8 is wanted"),
    ],
    ids=["empty", "no_column", "never_closed", "words", "backwards", "no_creation", "short_row", "bytes"],
)
def test_a_bad_log_is_refused_in_words(text: str, wanted: str, tmp_path: Path):
    """A log comes from somebody else's system: what is wrong with it must be said, with its line."""
    path = tmp_path / "log.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=wanted):
        read_log(path, Columns())
    with pytest.raises(InputError, match="cannot be read"):
        read_log(tmp_path / "nowhere.csv", Columns())


def test_a_window_without_a_request_is_refused(tmp_path: Path):
    """Nothing can be learnt or predicted there; which window it is, is said."""
    path = made(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("04-06", "05-06").replace("04-16", "05-16"))
    with pytest.raises(InputError, match=r"predict.third: no request of .* came in during this window"):
        found(path)


def test_only_keeps_what_it_names(tmp_path: Path):
    """Rows of another kind are not read, not even checked."""
    path = tmp_path / "log.csv"
    path.write_text("created,closed,need\n2020-01-06T01:00:00,2020-01-06T02:00:00,a\nnever,never,b\n", encoding="utf-8")
    log = read_log(path, Columns.model_validate({"only": {"need": "a"}}))
    np.testing.assert_allclose(log.closed_h - log.created_h, [1.0])


# -- what is told -----------------------------------------------------------------------------------------------------


def test_figures_by_hand():
    """Four requests, counted by hand: what came before the window loads crews and is not counted."""
    one = of([-5, 1, 2, 30, 40], [3, 2, 26, 31, 100])
    figures = told(one, one.closed_h, 24)
    assert one.size == 4
    assert figures.mean_h == pytest.approx((1 + 24 + 1 + 60) / 4)
    assert figures.median_h == pytest.approx(12.5)
    assert figures.late_share == pytest.approx(0.25), "24 h is within 24 h"
    np.testing.assert_array_equal(figures.backlog, [1, 1, 1])


def test_what_is_open_when_the_log_ends_counts_until_then():
    """A record that is open is no record that was closed at once; how many there are is said."""
    one = of([1, 2], [2, np.inf], end_h=52)
    figures = told(one, one.closed_h, 24)
    assert one.still_open == 1
    assert figures.mean_h == pytest.approx((1 + 50) / 2)
    assert figures.late_share == 0.5
    np.testing.assert_array_equal(figures.backlog, [1, 1, 1])


def test_the_loss_is_none_for_what_was_seen_and_even_handed():
    """Twice too slow is as wrong as twice too fast, and only what was seen has no loss."""
    seen = Told(10, 8, 20, 0.04, np.array([4.0, 2.0]))
    twice = Told(20, 8, 40, 0.09, np.array([4.0, 2.0]))
    half = Told(5, 8, 10, 0.015, np.array([4.0, 2.0]))
    assert loss(seen, seen) == 0
    assert loss(twice, seen) == pytest.approx(loss(half, seen))
    assert errors(twice, seen).mean_h == 10
    assert errors(Told(10, 8, 20, 0.04, np.array([2.0, 2.0])), seen).backlog == pytest.approx(1 / 3)


# -- the books --------------------------------------------------------------------------------------------------------


def test_office_time_is_a_clock():
    """It never runs backwards, a week of it is a week, and it can be read both ways."""
    clock = OfficeTime(HOURS)
    hours = np.linspace(-400, 900, 5001)
    office = clock.at(hours)
    assert (np.diff(office) > 0).all()
    np.testing.assert_allclose(clock.at(hours + 168) - office, 168)
    np.testing.assert_allclose(clock.when(office), hours, atol=1e-6)
    open_h, shut_h = clock.at(np.array([8.0, 9.0, 150.0, 151.0]))[1::2] - clock.at(np.array([8.0, 150.0]))
    assert open_h > 100 * shut_h


def test_records_close_in_batches_when_somebody_is_there():
    """Nobody closes what is not done; many are closed at one moment, hardly any at night, and some at once."""
    created = came(range(60))
    done = created + 1
    done[::10] = np.nan
    closed = books().close(MONDAY, created, done, 1, 0)
    np.testing.assert_array_equal(closed[::10], created[::10])
    visited = np.isfinite(done)
    assert (closed[visited] >= done[visited]).all()
    moments = np.unique(closed[visited])
    assert moments.size < 0.5 * visited.sum()
    hour = closed[visited] % 24
    assert ((hour >= 7) & (hour < 19)).mean() > 0.97
    without = books(batches_per_h=0).close(MONDAY, created, done, 1, 0)
    assert (without[visited] <= closed[visited] + 1e-9).all()
    assert np.unique(without[visited]).size == visited.sum()


def test_luck_belongs_to_the_record():
    """More requests at the end, or another lag, change nobody else's luck; the same seed gives the same."""
    created = came(range(20))
    luck, more = (books().drawn(size, 1, 0) for size in (created.size, created.size + 5))
    np.testing.assert_array_equal(luck.lag, more.lag[: created.size])
    again = [books().close(MONDAY, created, created + 1, 1, 0) for _ in range(2)]
    np.testing.assert_array_equal(*again)


def test_a_visit_that_never_ends_is_never_closed():
    """Crews that are too few leave requests open, and the books do not close them."""
    closed = books().close(MONDAY, np.array([1.0, 2.0]), np.array([3.0, np.inf]), 1, 0)
    assert np.isfinite(closed[0])
    assert np.isinf(closed[1])


def test_what_is_mislaid_turns_up_late():
    """Its stay is at least MISLAID_H, and on average what was measured."""
    created = came(range(100))
    closed = books(mislaid=0.2, mislaid_mean_h=500.0).close(MONDAY, created, created + 1, 1, 0)
    long = closed - created > MISLAID_H
    assert long.mean() == pytest.approx(0.2, abs=0.02)
    assert (closed - created)[long].mean() == pytest.approx(500, rel=0.1)


def test_the_books_are_measured_back():
    """Pace, batches and shares of a log that known books have closed come back from it."""
    created = came(range(100), per_day=150)
    true = books(at_once=0.1, mislaid=0.05, mislaid_mean_h=500.0)
    done = np.where(Chance(2, 0).uniform("at once", np.arange(created.size)) < 0.1, np.nan, created + 1)
    closed = true.close(MONDAY, created, done, 1, 0)
    one = Event("mine", MONDAY, 100, created, closed, 1e5)
    back = measure([one])
    assert back.at_once == pytest.approx(0.1, abs=0.01)
    assert back.mislaid == pytest.approx(0.05, abs=0.01)
    assert back.mislaid_mean_h == pytest.approx(500, rel=0.1)
    assert back.batches_per_h == pytest.approx(0.5, rel=0.15)
    night = (HOURS < 1)[:144]
    assert back.clock.pace[:144][night].mean() < 0.1 * back.clock.pace[:144][~night].mean()
    assert back.clock.pace[144:].mean() < 0.1 * back.clock.pace[:144].mean()


def test_a_log_without_batches_or_closings_has_books_too():
    """A window in which nothing is closed says nothing of pace or batches, and must not fail."""
    one = of([1, 2, 3], [np.inf, 5e3, 5e3], end_h=6e3)
    assert (pace([one]) == 1).all()
    assert batches_per_h([one], OfficeTime(np.ones(168))) == 0
    assert measure([of([1, 2], [np.inf, 3], end_h=10)]).mislaid == 0, "open for nine hours is not mislaid"


# -- the fit ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("per_day", [40.0, 100.0])
def test_the_baseline_finds_the_capacity_of_one_crew(per_day: float):
    """A log that one crew has served gives its capacity back, and then the baseline has no loss to speak of."""
    created = came(range(10), per_day=70)
    one = Event("mine", MONDAY, 10, created, baseline.served(created, per_day), 1e5)
    seen = told(one, one.closed_h, 48)
    fitted = baseline.fit_capacity([one], [seen], 48)
    assert fitted == pytest.approx(per_day, rel=0.03)
    assert baseline.loss_of([one], [seen], 48, fitted) < 0.2


def test_the_baseline_is_a_queue():
    """One crew, first come first served, counted by hand: an hour each."""
    np.testing.assert_allclose(baseline.served(np.array([0.0, 0.5, 5.0, 5.1]), 24), [1, 2, 6, 7])


@pytest.mark.parametrize("lag_h", [4.0, 20.0, 60.0])
def test_the_lag_is_found(lag_h: float):
    """Records closed by known books give their lag back."""
    created = came(range(10))
    done = created + 1
    closed = books(lag_h).close(MONDAY, created, done, 7, 0)
    one = Event("mine", MONDAY, 10, created, closed, 1e5)
    least, back = best_lag(Trial(one, (done, done), 1), books(), told(one, closed, 48), 48)
    assert back == pytest.approx(lag_h, rel=0.2)
    assert least < 0.1


def test_a_known_response_comes_back(known: Judged):
    """The whole way from a log to its lags: crews are never short, and each event has the lag that made it."""
    assert known.fitted.loss < 0.15
    for lag in known.fitted.lags_h.values():
        assert lag == pytest.approx(20, rel=0.25)
    assert known.rival.loss > 3 * known.fitted.loss
    (third,) = known.predicted
    assert third.low.mean_h < third.seen.mean_h < third.high.mean_h
    assert third.model.mean_h == pytest.approx(third.seen.mean_h, rel=0.25)
    assert nearer(third, "mean_h") == nearer(third, "backlog") == "model"


def test_too_few_crews_are_found(tmp_path: Path):
    """Where a queue makes the delays, the fit finds how many served it, and not a longer lag."""
    path = made(tmp_path, "[3, 5, 8, 40]", lag_h=2.0)
    asked, log = read_backtest(path)
    windows = cut(read_log(log, asked.log), {**asked.train, **asked.predict}, 0, "train", "mine")
    quick = asked.model_copy(update={"warm_up": 0.0})
    rows = []
    for one in windows:
        done = trial(quick, log, one, 5, 0.0, 1).visits[0]
        closed = books(2.0).close(one.begins, one.created_h, done, 9, 0)
        offset = (one.begins - MONDAY).total_seconds() / 3600
        rows.append((one.created_h + offset, closed + offset))
    write(log, *(np.concatenate(column) for column in zip(*rows, strict=True)))
    assert found(path).fitted.crews == 5


def test_nothing_looks_ahead(known: Judged, tmp_path: Path):
    """What happened to the requests of an event cannot change what is predicted of it: only what was observed."""
    path = made(tmp_path)
    created = came(DAYS)
    closed = books().close(MONDAY, created, created + 1, 5, 0)
    mine = created >= 91 * 24
    tampered = closed.copy()
    tampered[mine] = np.minimum(created[mine] + 0.7 * (closed - created)[mine], closed.max())
    tampered[-1] = closed.max()  # the log ends when it did
    write(tmp_path / "log.csv", created, tampered)
    other = found(path)
    assert other.fitted.lags_h == known.fitted.lags_h
    assert other.fitted.losses == known.fitted.losses
    assert other.predicted[0].seen.mean_h < known.predicted[0].seen.mean_h
    assert other.predicted[0].model.mean_h == known.predicted[0].model.mean_h
    np.testing.assert_array_equal(other.predicted[0].high.backlog, known.predicted[0].high.backlog)
    assert other.predicted[0].baseline.mean_h == known.predicted[0].baseline.mean_h


def test_an_event_that_is_held_out_trains_nothing(known: Judged, tmp_path: Path):
    """A training event is predicted from the others alone: how fast its own records were closed changes nothing."""
    path = made(tmp_path)
    created = came(DAYS)
    closed = books().close(MONDAY, created, created + 1, 5, 0)
    first = created < 40 * 24
    write(tmp_path / "log.csv", created, np.where(first, created + 0.3 * (closed - created), closed))
    other = found(path)
    (first_was, second_was), (first_is, second_is) = known.held_out, other.held_out
    assert first_is.seen.mean_h < 0.5 * first_was.seen.mean_h
    for of in ("model", "low", "high", "baseline"):
        assert getattr(first_is, of).mean_h == getattr(first_was, of).mean_h
    assert second_is.model.mean_h < second_was.model.mean_h, "what it trains, it changes"


def test_an_event_to_come_is_less_certain_than_those_known():
    """Its spread is that of the known ones and more, for few tell it; of one alone it is assumed."""
    centre, spread = of_an_event_to_come([10.0, 40.0])
    assert np.exp(centre) == pytest.approx(20)
    assert spread > np.std(np.log([10.0, 40.0]), ddof=1)
    assert of_an_event_to_come([10.0])[1] > 0.6
    assert 0 < of_an_event_to_come([20.0] * 9)[1] < of_an_event_to_come([20.0, 20.0])[1] < 0.6


def recorded(folder: Path, created: Sequence[float], closed: Sequence[float], half_life_h: float) -> Past:
    """What a record says, with a clock that runs evenly."""
    log = read_log(write(folder / "log.csv", np.array(created), np.array(closed)), Columns())
    return Past(log, OfficeTime(np.ones(168)), half_life_h)


def test_memory_is_of_what_was_known(tmp_path: Path):
    """The pace at a moment counts what was open with the time so far, and nothing that came after."""
    past = recorded(tmp_path, [0.0, 10.0, 20.0, 47.0, 60.0], [5.0, 30.0, 100.0, 47.1, 61.0], 1e9)
    known = past.known_at(48.0)
    assert known is not None
    assert np.exp(known.log_mean) == pytest.approx((5 + 20 + 28) / 2)
    assert known.variance == pytest.approx(1 / 2)
    assert past.known_at(1.0) is None


def test_memory_fades(tmp_path: Path):
    """What came in a half-life before counts half as much; twice as long ago, a quarter."""
    past = recorded(tmp_path, [0.0, 10.0], [4.0, 18.0], 10.0)
    known = past.known_at(20.0)
    assert known is not None
    assert np.exp(known.log_mean) == pytest.approx((4 / 4 + 8 / 2) / (1 / 4 + 1 / 2))
    assert known.variance == pytest.approx((1 / 16 + 1 / 4) / (3 / 4) ** 2)


@pytest.mark.parametrize("between", [0.0, 0.4, 0.8])
def test_a_range_from_memory_holds_the_lag_as_often_as_it_says(between: float):
    """Where the pace differs from stretch to stretch, 90 % ranges hold that of the next one in nine of ten records.

    300 records of 16 stretches of two weeks, 40 requests each, exponential lags. With no difference the range is wider
    than it need be, for what is assumed of lags counts as one more stretch.
    """
    clock, length_h, stretches, held = OfficeTime(np.ones(168)), 336.0, 16, []
    learnt_from = Fitted(1, books(0), {}, np.log(20.0), 0.8, 0.0, {})
    for number in range(300):
        rng = np.random.default_rng(number)
        lags = np.exp(np.log(20.0) + between * rng.standard_normal(stretches + 1))
        created = np.sort(rng.uniform(0, length_h * stretches, 40 * stretches))
        closed = created + rng.exponential(lags[(created // length_h).astype(int)])
        log = Log("", MONDAY, created, closed, closed.max())
        begins = MONDAY + timedelta(hours=length_h * stretches)
        event = Event("next", begins, 14, np.array([0.0]), np.array([1.0]), 1e4)
        now = informed(Past(log, clock, 28 * 24.0), event, learnt_from)
        held.append(abs(np.log(lags[-1]) - now.centre) <= 1.645 * now.spread)
    assert np.mean(held) >= 0.9 - 2 * (0.9 * 0.1 / 300) ** 0.5
    if between:
        assert np.mean(held) <= 0.98


def test_what_comes_after_changes_no_memory(tmp_path: Path):
    """A forecast made when an event begins is the same whatever happened from then on."""
    created = came([*range(40)], per_day=6)
    closed = created + 20.0
    window = Window.model_validate({"from": (MONDAY + timedelta(days=30)).isoformat(), "before": "2020-03-01"})
    forecasts = []
    for later in (0.0, 500.0):
        changed = np.where(closed >= 30 * 24, closed + later, closed)
        log = read_log(write(tmp_path / "log.csv", created, changed), Columns())
        one = event(log, "mine", window, 0)
        learnt_from = Fitted(1, books(0), {}, 3.0, 0.8, 0.0, {})
        now = informed(Past(log, OfficeTime(np.ones(168)), 240.0), one, learnt_from)
        forecasts.append((now.centre, now.spread))
    assert forecasts[0] == forecasts[1] != (3.0, 0.8)


def test_memory_pulls_the_prediction(tmp_path: Path):
    """Where records were closed quickly before an event, less is expected of it than of the training events."""
    path = made(tmp_path, more="memory: 14 d\n")
    created = came([*range(14, 24), *DAYS, *range(80, 90)])
    days = created // 24
    lag = np.where((days >= 80), 5.0, 20.0)
    quick, slow = (books(h).close(MONDAY, created, created + 1, 5, 0) for h in (5.0, 20.0))
    order = np.argsort(created)
    write(tmp_path / "log.csv", created[order], np.where(lag == 5, quick, slow)[order])
    judged = found(path)
    (alone,), (third,) = judged.alone, judged.predicted
    assert third.model.mean_h < alone.model.mean_h
    assert nearer(third, "mean_h") == "model"
    assert judged.held_out


def test_what_is_to_be_predicted_is_in_no_memory(tmp_path: Path):
    """Of two events to predict, the first says nothing of the second: it is held out, though its records are there."""
    created = came([*DAYS, *range(101, 105), *range(105, 115)])
    closed = books().close(MONDAY, created, created + 1, 5, 0)
    third, between = ((created >= days[0] * 24) & (created < days[1] * 24) for days in ((91, 101), (101, 105)))
    models = []
    for quick in (np.zeros(created.size, bool), third, between):
        path = made(tmp_path, more="memory: 14 d\n")
        fourth = 'predict:\n  fourth: {from: "2020-04-20", before: "2020-04-30"}\n'
        path.write_text(path.read_text(encoding="utf-8").replace("predict:\n", fourth), encoding="utf-8")
        write(tmp_path / "log.csv", created, np.where(quick, created + 0.2 * (closed - created), closed))
        (predicted,) = (one for one in found(path).predicted if one.event.name == "fourth")
        models.append((predicted.model.mean_h, predicted.low.mean_h, predicted.high.mean_h))
    assert models[0] == models[1]
    assert models[2][0] < models[0][0], "what came between the two is no secret"


# -- what is printed --------------------------------------------------------------------------------------------------


LEARNT = "Learnt from: fitted and no prediction"


def test_a_page_says_who_is_nearer(known: Judged):
    """Every figure of every event is printed with both errors, in both languages, and the sentence says who won."""
    for lang in ("en", "zh"):
        blocks = page(known, Words(lang))
        assert "None" not in str(blocks)
        assert "nan" not in str(blocks)
    text = str(page(known, Words("en")))
    assert "the model is nearer on mean" in text
    assert "Training events held out" in text
    kept = json.loads(json.dumps(backtest_as_json(known), allow_nan=False))
    assert {one["role"] for one in kept["events"]} == {"learnt", "held_out", "predicted"}
    assert kept["losses"]["predicted"]["model"] == losses(known.predicted)[0]
    (learnt,) = (
        row for block in page(known, Words("en")) if isinstance(block, Grid) for row in block.rows if row[0] == LEARNT
    )
    assert f"Loss on the training events: model {learnt[1]}, baseline {learnt[2]};" in text, (
        "one loss, wherever it stands"
    )
    head, rows = figure_rows(known)
    assert {len(row) for row in rows} == {len(head)}
    assert len(backlog_rows(known)[1]) == 5 * 10


def test_the_command_does_it_all_again_the_same(known: Judged, tmp_path: Path):
    """From the command line: the same figures as in another process, and files that can be used, scenarios too."""
    made(tmp_path)
    command = ["backtest", "mine.yaml", "--log", "log.csv", "--out", "kept", "--json"]
    shown, expected = json.loads(printed(*command, cwd=tmp_path)), backtest_as_json(known)
    assert shown["fitted"] == expected["fitted"]
    assert shown["events"] == expected["events"]
    assert shown == json.loads((tmp_path / "kept" / "backtest.json").read_text(encoding="utf-8"))
    assert (tmp_path / "kept" / "backlog.svg").read_text(encoding="utf-8").startswith("<svg")
    assert (tmp_path / "kept" / "figures.csv").read_text(encoding="utf-8").startswith("role,event,requests,figure")
    whole = (tmp_path / "kept" / "report.html").read_text(encoding="utf-8")
    assert "the model is nearer on mean" in whole
    assert str(tmp_path) not in whole, "where a log of real people lies is nobody's business"
    about = json.loads((tmp_path / "kept" / "manifest.json").read_text(encoding="utf-8"))
    assert about["kind"] == "backtest"
    assert about["subject"]["log"]["name"] == "log.csv"
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "manifest.json").write_text(json.dumps(about | {"kind": "experiment"}), encoding="utf-8")
    refused = {
        "its page": ["report", "kept"],
        "of another kind": ["backtest", "mine.yaml", "--log", "log.csv", "--out", "taken"],
    }
    for said, words in refused.items():
        answer = firstline(*words, cwd=tmp_path)
        assert answer.returncode == 2
        assert said in answer.stderr
    third = sim.load(tmp_path / "kept" / "third.yaml")
    needs = sim.run(third).columns("needs")
    assert needs["cohort"].sum() == 600 * third.world.needs["request"].per_hour


def test_still_open_records_are_said(tmp_path: Path):
    """A log that ends in the middle of an event: what is open is counted, and the page says so."""
    path = made(tmp_path)
    created = came(DAYS)
    closed = books().close(MONDAY, created, created + 1, 5, 0)
    closed[closed > 100 * 24] = np.inf
    write(tmp_path / "log.csv", created, closed)
    judged = found(path)
    count = judged.predicted[0].event.still_open
    assert count > 10
    assert f"third: {count} requests are still open when the log ends" in str(page(judged, Words("en")))
