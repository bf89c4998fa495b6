"""Fit an estate to Shanghai's cases up to 1 April 2022, predict what followed, and print it beside what was published.

    python -m benchmarks.shanghai_fit --out runs/shanghai   # search, print the table, write the figure there
    python -m benchmarks.shanghai_fit --shipped             # no search: the numbers that the last one found
    python -m benchmarks.shanghai_fit --others              # other assumptions with the shipped numbers

An estate of 3,000 residents is run many times over, each with its own imported infections; the city is the mean estate
times the residents of the city over 3,000. Three free numbers stand against three figures, so that the fit itself is no
evidence. Everything after 1 April is predicted. docs/shanghai.md says what that shows, and what an estate cannot.

The data file is looked for in FIRSTLINE_DATA or beside the checkout.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

import sim
from benchmarks.table import render
from sim.spec.patches import validate

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = npt.NDArray[np.float64]
FILE: Final = "shanghai_2022_daily.csv"
DAY_0: Final = np.datetime64("2022-02-24")
"""The first day of the runs, two days before the file begins: assumed."""
CITY: Final = 24_870_000
"""Residents (E24)."""
RESIDENTS: Final = 3_000
"""Of an estate (E14). 13,000 compounds of this size would hold more people than the city: it is scaled by people."""
SEED_OF_FIT, SEED_OF_TABLE = 35, 2022
ESTATES_OF_FIT, ESTATES, MOST_STEPS, DRAWS = 150, 160, 6, 400
STEP: Final = np.array([0.02, 0.1, 0.005])
"""The search ends when log contacts, log imports and rises would all move by less: within the noise of the runs."""


def day(date: str) -> int:
    """Return the number of a day of the runs."""
    return int((np.datetime64(f"2022-{date}") - DAY_0).astype(int))


def date(number: float) -> str:
    """Return a day of the runs as month and day."""
    return str(DAY_0 + round(number))[5:]


LOCKED: Final = (day("03-28"), day("04-01"))
"""The two halves of the city are closed: the days sourced, the hour (midnight) assumed."""
FIRST_HALF: Final = 0.4
"""Share of the residents who are closed first: assumed."""
FITTED_TO, LAST = day("04-01"), day("05-31")
SHOWS_AFTER: Final = 5
"""Days for which samples stay positive after recovery: assumed."""
LOOK_AGAIN: Final = 28
"""Days after the lockdown to which an estate is run first; nothing is found where nothing is left by then."""
WEEKS: Final = [day(begin) for begin in ("03-05", "03-12", "03-19", "03-26")]
OUTSIDE: Final = {
    "outside_march": ("03-10", "03-31"),
    "outside_1": ("03-10", "03-20"),
    "outside_2": ("03-21", "03-31"),
    "outside_3": ("04-01", "04-15"),
    "outside_4": ("04-16", "04-30"),
    "outside_5": ("05-01", "05-15"),
}


@dataclass(frozen=True)
class Free:
    """The free numbers."""

    contacts: float
    """Factor on the assumed rates of all layers."""
    imports: float
    """Infections brought into an estate from elsewhere, on average, before 1 April."""
    rises: float
    """Growth of that number a day, in steps of a week."""


SHIPPED: Final = Free(1.58, 0.12, 0.045)
START: Final = Free(1.65, 0.09, 0.04)


@dataclass(frozen=True)
class Assumed:
    """Numbers that are neither sourced nor fitted, of which ``--others`` tries some."""

    household: float = 0.0037
    building: float = 0.005
    casual: float = 0.0125
    """Rates an hour before the factor: a third of the household, 0.5 in the building, 1.2 in the estate in 4 days."""
    latent: str = "1.5 d"
    infectious: str = "4 d"
    ill: float = 0.5
    reports: float = 0.6
    result: str = "16 h"
    """From the laboratory, for each of the two tests."""
    sensitivity: float = 0.9
    taken_away: str = "2 d"
    """After a person is confirmed."""
    rounds: int = 40
    """Of screening, from the lockdown to the end of May: more than 40 (E14)."""
    goes_on: float = 0.0
    """Share of the importation of the last week that the lockdown does not stop."""


OTHERS: Final = {
    "as assumed": Assumed(),
    "results after 3 d": Assumed(result="72 h"),
    "taken away after 6 d": Assumed(taken_away="6 d"),
    "a third of the imports go on": Assumed(goes_on=1 / 3),
    "all three": Assumed(result="72 h", taken_away="6 d", goes_on=1 / 3),
}


def scenario_data(free: Free, assumed: Assumed, locked: int, days: int, imports: Sequence[float]) -> dict[str, Any]:
    """Return an estate as a scenario, closed on a day and screened from then on; ``imports`` are days."""

    def law(mean: str) -> dict[str, Any]:
        return {"dist": "gamma", "mean": mean, "cv": 0.5}

    def step(team: str, when: dict[str, Any], does: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"team": team, "when": when, "ordered": False, "people": 1, "does": does, **more}

    gap = (LAST - locked) / assumed.rounds
    layers = {name: free.contacts * getattr(assumed, name) for name in ("household", "building", "casual")}
    outsider = {"members": "staff", "from": "outside"}
    case, order = {"confirmed_over": 0}, {"signal": "order_from_above"}
    laboratory = {"transport": "2 h", "takes": assumed.result, "sensitivity": assumed.sensitivity}
    return {
        "name": "estate-of-shanghai",
        "start": str(DAY_0),
        "horizon": f"{days} d",
        "follow_up": "0 h",
        "world": {
            "community": {
                "residents": RESIDENTS,
                "households": 1000,
                "buildings": 24,
                "ages": {"0-14": 0.098, "15-59": 0.6682, "60-64": 0.071, "65+": 0.1628},
            },
            "signals": {"order_from_above": f"{locked} d"},
            "epidemic": {
                "contacts": layers,
                "course": {
                    "latent": law(assumed.latent),
                    "infectious": law(assumed.infectious),
                    "shows_before": "1 d",
                    "shows_after": f"{SHOWS_AFTER} d",
                },
                "symptoms": {"share": assumed.ill, "after": "1 d", "without": 0.5, "reports": assumed.reports},
                "seeds": [{"at": f"{24 * float(at)!r} h"} for at in imports],
                "step": "6 h",
            },
        },
        "response": {
            "organisation": {
                "units": {
                    "command": {"function": "command", "count": 1, **outsider},
                    "liaison": {"function": "liaison", "count": 4, **outsider},
                }
            },
            "outside": {"cdc": {"delay": law("1 d")}, "transfer": {"delay": law(assumed.taken_away)}},
            "tracing": {"household": 1, "site_within": "0 s"},
            "isolation": {"confirmed": "away", "transfer": "transfer", "contacts": "home", "lasts": "14 d"},
            "sites": {
                "screening": {
                    "enters": "sampling",
                    "invitations": {
                        "rounds": [f"{24 * (locked + 0.25 + k * gap)!r} h" for k in range(assumed.rounds)],
                        "slot": "6 h",
                        "per_slot": RESIDENTS,
                        "no_show": 0.02,
                    },
                    "stations": {"sampling": {"service": "1 min", "pool": {"size": 10, "laboratory": laboratory}}},
                }
            },
            "plan": {
                "card": {
                    "card": "estate-of-shanghai",
                    "teams": {"command": {"unit": "command"}, "liaison": {"unit": "liaison", "contact": "1"}},
                    "checks": [{"service": "cdc", "takes": "5 min"}],
                    "outside_help": {"cdc": {"service": "cdc", "number": "1"}},
                    "steps": {
                        "declare": step("command", case, {"action": "declare"}, part="activation", people=0),
                        "ordered": step("command", order, {"action": "declare"}, part="activation", people=0),
                        "trace": step("liaison", case, {"action": "trace", "each": "5 min"}, repeat="6 h"),
                        "close": step(
                            "liaison", order, {"action": "cordon", "buildings": "all"}, part="contingency"
                        ),
                    },
                }
            },
        },
    }  # fmt: skip


def rates(free: Free, assumed: Assumed, locked: int) -> Floats:
    """Return the infections imported on each day: a step a week, until the lockdown or what of it goes on."""
    days = np.arange(LAST + 1)
    series: Floats = np.exp(free.rises * 7 * (np.minimum(days, FITTED_TO - 1) // 7))
    series *= free.imports / series[:FITTED_TO].sum()
    series[locked:] *= assumed.goes_on
    return series


def imported(series: Floats, uniforms: Floats) -> tuple[float, Floats]:
    """Return (the chance that an estate has an import at all, the moments of its imports given that it has).

    Estates without any have no case and are not run. Quantiles of fixed uniforms make it smooth in the rates.
    """
    from scipy.stats import poisson

    total = float(series.sum())
    some = -math.expm1(-total)
    count = max(int(poisson.ppf(1 - some + some * uniforms[0], total)), 1)
    luck = uniforms[1 : 1 + count]
    return some, np.sort(
        np.interp(luck * total, np.concatenate([[0.0], np.cumsum(series)]), np.arange(series.size + 1))
    )


class Curves(NamedTuple):
    """Cases of an estate by day, times its weight: confirmed, found outside the closed loop, and infected."""

    found: Floats
    outside: Floats
    infected: Floats


def count(result: sim.Result, weight: float) -> Curves:
    """Count by day; outside the closed loop are those found in a building within a day of its first."""
    table = result.columns("infections")
    building, confirmed = table["building"].codes, table["confirmed_h"] / 24
    known = ~np.isnan(confirmed)
    first = np.full(len(table["building"].names), np.inf)
    np.minimum.at(first, building[known], confirmed[known])
    outside = known & (confirmed < first[building] + 1)

    def by_day(days: Floats) -> Floats:
        return np.bincount(days.astype(int), minlength=LAST + 1)[: LAST + 1] * weight

    return Curves(by_day(confirmed[known]), by_day(confirmed[outside]), by_day(table["infected_h"] / 24))


def estate(free: Free, assumed: Assumed, seed: int, number: int, *, whole: bool) -> Curves:
    """Run one estate to 1 April, or to the end; from the lockdown on only while anything is left to be found."""
    half = int((number + 0.5) * FIRST_HALF) == int((number - 0.5) * FIRST_HALF)
    locked = LOCKED[half]
    series = rates(free, assumed, locked)
    uniforms = np.random.default_rng([seed, number]).uniform(size=500)
    some, imports = imported(series, uniforms)
    ends = (locked, locked + LOOK_AGAIN, LAST + 1) if whole else (FITTED_TO + 1,)
    for until in ends:
        result = sim.run(validate(scenario_data(free, assumed, locked, until, imports), "estate"), seed, number, 24.0)
        over = result.columns("infections")["recovered_h"] + 24 * SHOWS_AFTER < 24 * until
        if imports[-1] < until and over.all():
            break
    return count(result, some)


def city(free: Free, assumed: Assumed, seed: int, estates: int, workers: int, *, whole: bool) -> Curves:
    """Run estates; returns arrays (estate, day)."""
    jobs = [(free, assumed, seed, number, whole) for number in range(estates)]
    if workers <= 1:
        found = [_estate(job) for job in jobs]
    else:
        from loky import get_reusable_executor

        found = list(get_reusable_executor(max_workers=workers).map(_estate, jobs, chunksize=4))
    return Curves(*(np.array(column) for column in zip(*found, strict=True)))


def _estate(job: tuple[Free, Assumed, int, int, bool]) -> Curves:
    free, assumed, seed, number, whole = job
    return estate(free, assumed, seed, number, whole=whole)


# -- what was published, and the same of the model ------------------------------------------------------------------


def data_file() -> Path:
    """Return where the daily cases are looked for."""
    return Path(os.environ.get("FIRSTLINE_DATA", Path(__file__).parents[2] / "shared" / "data")) / FILE


@cache
def bulletins() -> dict[str, Floats]:
    """Return the columns of the bulletins by day of the runs; days before the file begins are 0."""
    with data_file().open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if np.datetime64(row["date"]) <= DAY_0 + LAST]
    columns = {name: np.zeros(LAST + 1) for name in rows[0] if name != "date"}
    for row in rows:
        at = day(row["date"][5:])
        for name, column in columns.items():
            column[at] = float(row[name])
    return columns


def published() -> Curves:
    """Return the cases of the bulletins; those who are confirmed after they were counted as asymptomatic count once."""
    of = bulletins()
    new = of["confirmed"] + of["asymptomatic"] - of["asym_to_confirmed"]
    return Curves(new, of["confirmed_by_screening"] + of["asym_by_screening"], np.full(LAST + 1, np.nan))


def slope(counts: Floats, begin: int, end: int) -> float:
    """Return the growth a day between two days, by least squares on logarithms; NaN where a day has no case."""
    logs = np.log(counts[begin : end + 1]) if (counts[begin : end + 1] > 0).all() else np.full(end - begin + 1, np.nan)
    return float(np.polyfit(np.arange(logs.size), logs, 1)[0]) if not np.isnan(logs).any() else math.nan


def figures(curves: Curves) -> dict[str, float]:
    """Return the figures of a city's curves."""
    found, outside = curves.found, curves.outside
    weeks = np.array([found[begin : begin + 7].sum() for begin in WEEKS])
    peak = int(found.argmax())
    total = found[day("03-01") :].sum()
    all_days = np.cumsum(found)
    return {
        "growth": float(np.polyfit(np.arange(4) * 7, np.log(weeks), 1)[0]) if (weeks > 0).all() else math.nan,
        "by_1_april": float(found[: FITTED_TO + 1].sum()),
        "growth_daily": slope(found, WEEKS[0], FITTED_TO),
        "peak_day": float(peak),
        "peak": float(found[peak]),
        "half": float(np.searchsorted(all_days, all_days[-1] / 2)),
        "decline_2_weeks": slope(found, peak, min(peak + 14, LAST)),
        "decline": slope(found, day("04-13"), day("05-20")),
        "after": float(found[day("04-13") : day("05-20") + 1].sum()),
        "total": float(total),
        "infected": float(curves.infected.sum()) * 100 / CITY,
    } | {
        name: float(outside[day(a) : day(b) + 1].sum() / max(found[day(a) : day(b) + 1].sum(), 1e-9))
        for name, (a, b) in OUTSIDE.items()
    }


def scaled(curves: Curves, which: npt.NDArray[np.int64] | slice = slice(None)) -> Curves:
    """Return the city's curves of estates."""
    return Curves(*(column[which].mean(axis=0) * (CITY / RESIDENTS) for column in curves))


class Figure(NamedTuple):
    """A figure of the table: what, from where, how it is used, and how it is written."""

    name: str
    source: str
    used: str
    form: str = "{:.3f}"


FIGURES: Final = {
    "growth": Figure("growth a day, weeks from 5 Mar to 1 Apr", "file", "fitted"),
    "by_1_april": Figure("cases found by 1 Apr", "file", "fitted", "{:,.0f}"),
    "outside_march": Figure("outside the closed loop, 10-31 Mar", "file", "fitted"),
    "growth_daily": Figure("growth a day, days from 5 Mar to 1 Apr", "E11", "check"),
    "outside_1": Figure("outside the closed loop, 10-20 Mar", "E12", "check"),
    "outside_2": Figure("outside the closed loop, 21-31 Mar", "E12", "check"),
    "peak_day": Figure("day of most cases", "E10", "predicted", "date"),
    "peak": Figure("cases on that day", "file", "predicted", "{:,.0f}"),
    "half": Figure("day when half of all cases were found", "file", "predicted", "date"),
    "decline_2_weeks": Figure("growth a day in two weeks after the peak", "file", "predicted", "{:+.3f}"),
    "decline": Figure("growth a day, 13 Apr to 20 May", "E11", "predicted", "{:+.3f}"),
    "after": Figure("cases found 13 Apr to 20 May", "file", "predicted", "{:,.0f}"),
    "outside_3": Figure("outside the closed loop, 1-15 Apr", "E12", "predicted"),
    "outside_4": Figure("outside the closed loop, 16-30 Apr", "E12", "predicted"),
    "outside_5": Figure("outside the closed loop, 1-15 May", "E12", "predicted"),
    "total": Figure("cases found 1 Mar to 31 May", "file", "predicted", "{:,.0f}"),
    "infected": Figure("infected of 100 residents", "E13", "predicted", "{:.2f}"),
}
INFECTED: Final = 2.74
"""Of 100 residents (E13): not in the file."""


def intervals(curves: Curves) -> dict[str, tuple[float, float]]:
    """Return 95 % intervals of the figures by drawing estates with replacement; NaN where a draw has no value."""
    rng = np.random.default_rng(SEED_OF_TABLE)
    size = curves.found.shape[0]
    drawn = [figures(scaled(curves, rng.integers(size, size=size))) for _ in range(DRAWS)]
    return {
        name: (float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975)))
        for name in FIGURES
        for values in [[one[name] for one in drawn]]
    }


def table(curves: Curves) -> str:
    """Return the table of all figures."""
    real = figures(published()) | {"infected": INFECTED}
    model, between = figures(scaled(curves)), intervals(curves)
    rows = []
    for name, figure in FIGURES.items():

        def said(value: float, form: str = figure.form) -> str:
            return "none" if math.isnan(value) else date(value) if form == "date" else form.format(value)

        off = model[name] - real[name]
        signed = "{:+.0f} d" if figure.form == "date" else figure.form.replace("{:", "{:+").replace("++", "+")
        rows.append(
            {
                "figure": figure.name,
                "source": figure.source,
                "published": said(real[name]),
                "model": said(model[name]),
                "95 %": "none" if math.isnan(sum(between[name])) else " to ".join(map(said, between[name])),
                "used": figure.used,
                "off by": "none" if math.isnan(off) else signed.format(off),
            }
        )
    return render(rows)


# -- the search -----------------------------------------------------------------------------------------------------

NEAR: Final = {"growth": 0.01, "by_1_april": 0.1, "outside_march": 0.02}
"""A distance that counts as much as any other: of the number of cases on its logarithm."""


def misses(free: Free, estates: int, workers: int) -> list[float]:
    """Return how far the fitted figures are off, in units of NEAR."""
    model = figures(scaled(city(free, Assumed(), SEED_OF_FIT, estates, workers, whole=False)))
    real = figures(published())
    return [
        (math.log(model[name] / real[name]) if name == "by_1_april" else model[name] - real[name]) / near
        if model[name] == model[name] and model[name] > 0
        else 100.0
        for name, near in NEAR.items()
    ]


SLOPES: Final = np.array([[18.7, 0.0, 79.0], [49.6, 9.5, -195.0], [-20.8, 0.0, 85.0]])
"""Roughly by how much the misses grow with log contacts, log imports and rises: steers the search, not its end."""


def search(start: Free, workers: int) -> tuple[Free, int]:
    """Return the numbers that miss least, by Broyden's method on equal luck, and how many sets were tried."""
    from scipy.optimize import root

    tried: list[tuple[float, Free]] = []

    def off(point: Floats) -> Floats:
        free = Free(math.exp(point[0]), math.exp(point[1]), float(point[2]))
        missed = misses(free, ESTATES_OF_FIT, workers)
        tried.append((sum(one * one for one in missed), free))
        sys.stderr.write(f"{len(tried):3}: {free}; missed by {' '.join(f'{one:+.2f}' for one in missed)}\n")
        return np.linalg.solve(SLOPES, np.array(missed)) / STEP

    begin = np.array([math.log(start.contacts), math.log(start.imports), start.rises])
    options = {"maxiter": MOST_STEPS, "fatol": 1.0, "line_search": None, "jac_options": {"alpha": -1.0}}
    root(lambda scaled_point: off(scaled_point * STEP), begin / STEP, method="broyden1", options=options)
    return min(tried, key=lambda one: one[0])[1], len(tried)


# -- the report -----------------------------------------------------------------------------------------------------


def report(free: Free, curves: Curves, tried: int) -> str:
    """Return everything that the command prints."""
    fitted = sum(figure.used == "fitted" for figure in FIGURES.values())
    how = (
        f"{tried} sets of numbers on {ESTATES_OF_FIT} estates each, seed {SEED_OF_FIT}" if tried else "shipped numbers"
    )
    series = rates(free, Assumed(), FITTED_TO)[:FITTED_TO:7]
    weekly = ", ".join(f"{value:.2g}" for value in series)
    seeded = float(np.mean([-math.expm1(-rates(free, Assumed(), locked).sum()) for locked in LOCKED]))
    return "\n".join(
        [
            f"{len(curves.found)} estates with an import ({seeded:.0%} of all have one), seed {SEED_OF_TABLE}; {how}.",
            "",
            table(curves),
            "",
            f"Free numbers, 3: contacts {free.contacts:.3f}, imports {free.imports:.3f}, rises {free.rises:.4f}.",
            f"Figures fitted, {fitted}; degrees of freedom left, {fitted - 3}.",
            f"Imported an estate and day, by weeks from {date(0)}: {weekly}; none after the lockdown.",
            "95 %: estates drawn with replacement; the free numbers are held, so their own uncertainty is not in it.",
        ]
    )


def others(free: Free, estates: int, workers: int) -> str:
    """Return the predictions under other assumptions."""
    names = ["peak_day", "peak", "half", "decline_2_weeks", "after", "outside_3", "total", "infected"]
    found = {"published": figures(published()) | {"infected": INFECTED}}
    found |= {
        said: figures(scaled(city(free, assumed, SEED_OF_TABLE, estates, workers, whole=True)))
        for said, assumed in OTHERS.items()
    }
    rows = []
    for said, values in found.items():
        cells = {"assumption": said}
        for name in names:
            value, form = values[name], FIGURES[name].form
            cells[name] = "none" if math.isnan(value) else date(value) if form == "date" else form.format(value)
        rows.append(cells)
    return render(rows)


def draw(free: Free, curves: Curves, folder: Path) -> Path:
    """Draw data, fit and prediction into a folder."""
    from matplotlib.figure import Figure as Canvas

    days = DAY_0 + np.arange(LAST + 1)
    canvas = Canvas(figsize=(8, 4.5), layout="constrained")
    axes = canvas.subplots()
    rng = np.random.default_rng(SEED_OF_TABLE)
    size = curves.found.shape[0]
    drawn = np.array([scaled(curves, rng.integers(size, size=size)).found for _ in range(DRAWS)])
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    model, real = scaled(curves).found, published().found
    axes.fill_between(days, np.maximum(low, 1), np.maximum(high, 1), color="C0", alpha=0.2, label="95 % over estates")
    axes.plot(days[: FITTED_TO + 1], np.maximum(model[: FITTED_TO + 1], 1), color="C0", label="model, fitted")
    axes.plot(days[FITTED_TO:], np.maximum(model[FITTED_TO:], 1), color="C0", ls="--", label="model, predicted")
    axes.plot(days, np.where(real > 0, real, np.nan), "k.", ms=4, label="bulletins")
    axes.axvline(days[FITTED_TO], color="0.6", lw=0.8)
    axes.set(
        yscale="log", ylabel="cases found a day", title=f"Shanghai 2022 from an estate, contacts × {free.contacts:.2f}"
    )
    axes.legend(frameon=False)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "shanghai.png"
    canvas.savefig(path, dpi=150)
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """Search, unless asked not to, and print."""
    words = argparse.ArgumentParser(
        prog="python -m benchmarks.shanghai_fit", description=(__doc__ or "").split("\n")[0]
    )
    words.add_argument("--estates", type=int, default=ESTATES, help="of the table, or of each row of --others")
    words.add_argument("--workers", type=int, default=2, help="processes; they change nothing but the time")
    words.add_argument("--shipped", action="store_true", help="do not search")
    words.add_argument("--others", action="store_true", help="instead, other assumptions with the shipped numbers")
    words.add_argument("--out", type=Path, help="folder for the figure")
    asked = words.parse_args(arguments)
    if not data_file().is_file():
        words.error(f"{FILE} is not in {data_file().parent}: set FIRSTLINE_DATA to the folder that has it")
    if asked.others:
        print(others(SHIPPED, asked.estates, asked.workers))
        return 0
    free, tried = (SHIPPED, 0) if asked.shipped else search(START, asked.workers)
    curves = city(free, Assumed(), SEED_OF_TABLE, asked.estates, asked.workers, whole=True)
    print(report(free, curves, tried))
    if asked.out is not None:
        print(f"\nFigure: {draw(free, curves, asked.out)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
