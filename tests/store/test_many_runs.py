"""Memory stays where it is, however many runs are made: of a run only the outcomes that count are held."""

from __future__ import annotations

import gc
import pickle
import tracemalloc
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.store import folder as folder_of
from analysis.store.carry_out import Progress
from analysis.store.jobs import Done, Job, work
from analysis.store.workers import Workers
from tests.store.common import carried, cells

if TYPE_CHECKING:
    import pytest

FEW, MANY = 300, 1500
PER_RUN = 2_000
"""Bytes that a run may leave: its row of the plan and its outcome that counts; all its rows are much more."""


class Again(Executor):
    """Hands out one finished job again and again, as it comes from another process: a run costs next to nothing."""

    def __init__(self, job: Job) -> None:
        self.done = work(job)
        self.pickled = pickle.dumps(self.done)

    def submit(self, fn: Any, job: Job) -> Any:  # type: ignore[override]
        done: Done = pickle.loads(self.pickled)
        cell = (job.world, job.variant)
        done.part = job.part
        done.ran = [ran._replace(run=(*cell, k)) for ran, k in zip(done.ran, job.replications, strict=True)]
        done.rows = [((*cell, job.replications[run[2]]), row) for run, row in done.rows]
        future: Future[Any] = Future()
        future.set_result(done)
        return future


def test_memory_does_not_grow_with_the_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What is held after 1,500 runs is what was held after 300, but for what counts of each."""
    monkeypatch.setattr("os.fsync", lambda _: None)  # 600 flushes prove nothing here
    asked = cells(2)
    held: dict[int, int] = {}
    parts: list[int] = []
    real = folder_of.put
    monkeypatch.setattr(folder_of, "put", lambda path, content: parts.append(len(content)) or real(path, content))

    def watch(progress: Progress) -> None:
        if progress.done in (FEW, MANY):
            gc.collect()
            held[progress.done] = tracemalloc.get_traced_memory()[0]

    executor = Again(Job(0, "all", "of2", asked[0].scenario, (0, 1, 2, 3, 4), 3))
    assert len(pickle.dumps(executor.done.rows)) / 5 + sum(map(len, executor.done.files.values())) / 5 > 2 * PER_RUN
    tracemalloc.start()
    try:
        folder = carried(tmp_path / "d", asked, MANY, Workers(executor, 2), watch=watch)
    finally:
        tracemalloc.stop()
    assert len(folder.made()) == MANY / 5
    assert len(parts) == 2 * MANY / 5 + 1
    assert (held[MANY] - held[FEW]) / (MANY - FEW) < PER_RUN


def test_few_jobs_are_under_way_at_a_time(tmp_path: Path):
    """However many are to do, so many are handed out as keep all busy: their results would wait in memory."""
    most: list[int] = []
    scenario = cells(2)[0].scenario

    class Counting(Again):
        def submit(self, fn: Any, job: Job) -> Any:  # type: ignore[override]
            future: Future[Any] = super().submit(fn, job)
            open_ones.append(future)
            most.append(len(open_ones))
            return future

    open_ones: list[Future[Any]] = []

    def watch(progress: Progress) -> None:
        if open_ones:
            open_ones.pop()

    executor = Counting(Job(0, "all", "of2", scenario, (0, 1, 2, 3, 4), 3))
    carried(tmp_path, cells(2), 100, Workers(executor, 2), watch=watch)
    assert max(most) == 4
