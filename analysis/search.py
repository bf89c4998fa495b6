"""A search over the values of factors, told of a loss at each: every point where there are few, else as proposed.

The proposals are those of optuna's tree-structured Parzen estimator. A search is a procedure, a function of its whole
rounds, so it goes on where it was.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from math import isfinite, prod
from typing import Any, NamedTuple, TypeVar

from analysis.store.rounds import Batch, Collected, Procedure, Round
from sim.errors import InputError, Problem
from sim.spec.crossed import Cell
from sim.spec.experiment import ONLY_WORLD
from sim.spec.factors import Quantity
from sim.spec.scenario import Scenario

T = TypeVar("T")
AT_A_TIME = 8
"""Trials that are tried side by side; the next ones know of all before."""
FRESH = 1_000_000
"""The first replication of the runs that no search has seen: what leads a search was lucky too, and is run anew."""


class Told(NamedTuple):
    """What a search is told of a trial: its loss, and by how much it misses each constraint, 0 or less for reached."""

    loss: float
    short: Sequence[float] = ()


class Search:
    """The points to try; ``options`` are those of optuna's sampler."""

    def __init__(self, factors: Sequence[Quantity], trials: int, seed: int, **options: Any) -> None:
        self.factors = factors
        self.trials = trials
        sizes = [one.size for one in factors]
        self.every_point = all(sizes) and prod(size or 0 for size in sizes) <= trials
        every = (one.levels(one.size or 1) for one in factors)
        self._grid = list(itertools.product(*every)) if self.every_point else []
        self._study = None if self.every_point else _study(seed, options)
        self._open: list[Any] = []
        self.tried = 0

    def ask(self) -> list[dict[str, Any]]:
        """Return the next points; none when enough have been tried."""
        count = min(AT_A_TIME, (len(self._grid) if self.every_point else self.trials) - self.tried)
        points = []
        for _ in range(count):
            if self._study is None:
                points.append({one.path: v for one, v in zip(self.factors, self._grid[self.tried], strict=True)})
            else:
                trial = self._study.ask()
                points.append({one.path: one.at(trial.suggest_float(one.path, 0.0, 1.0)) for one in self.factors})
                self._open.append(trial)
            self.tried += 1
        return points

    def tell(self, found: Sequence[Told | None]) -> None:
        """Learn of what was asked, in its order; None, or a loss that is not finite, for what could not be tried."""
        if self._study is None:
            return
        from optuna.trial import TrialState

        for trial, told in zip(self._open, found, strict=True):
            if told is None or not isfinite(told.loss):
                self._study.tell(trial, state=TrialState.FAIL)
                continue
            trial.set_user_attr("short", list(told.short))
            self._study.tell(trial, told.loss)
        self._open.clear()


def short(trial: Any) -> Sequence[float]:
    """Return by how much a trial of the sampler misses each constraint: optuna's ``constraints_func``."""
    return list(trial.user_attrs["short"])


def _study(seed: int, options: Mapping[str, Any]) -> Any:
    import warnings

    try:
        import optuna
    except ModuleNotFoundError:
        said = "a search of more combinations than are tried wants the extra: pip install 'firstline[designs]'"
        raise InputError("optuna", [Problem("", said)]) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # constraints_func is called experimental
        return optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, **options))


def cell_of(base: Scenario, name: str, values: Mapping[str, Any], source: str) -> Cell | None:
    """Return the scenario of a set of values; None where they do not go together."""
    try:
        return Cell(ONLY_WORLD, name, base.with_values(dict(values), f"{source}, {name}"))
    except InputError:
        return None


def tried(
    search: Search,
    made: Callable[[str, Mapping[str, Any]], Cell | None],
    replications: range,
    judge: Callable[[Batch, Collected], T],
    told: Callable[[T], Told],
) -> Procedure[list[T | None]]:
    """Try all points of a search and return what was judged of each, None for values that make no scenario.

    A point that is proposed again is not run again.
    """
    known: dict[str, T | None] = {}
    while points := search.ask():
        texts = [json.dumps(point) for point in points]
        batches: dict[str, Batch] = {}
        for text, point in zip(texts, points, strict=True):
            if text not in known:
                name = f"trial-{len(known):04d}"
                known[text] = None
                cell = made(name, point)
                if cell is not None:
                    batches[text] = Batch(cell, replications, text)
        if batches:
            collected = yield Round(tuple(batches.values()), f"{len(known)} of at most {search.trials} trials")
            for text, batch in batches.items():
                known[text] = judge(batch, collected)
        found = [known[text] for text in texts]
        search.tell([told(one) if one is not None else None for one in found])
    return list(known.values())
