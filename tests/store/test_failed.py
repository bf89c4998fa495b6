"""Runs that fail: kept with what went wrong, the others go on, and they are made again when that is asked for."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, Executor, Future
from pathlib import Path
from typing import Any

import pytest

import sim
from analysis.store.folder import Folder
from analysis.store.jobs import Job, work
from analysis.store.made import MOST_STARTS
from analysis.store.workers import Workers, _processes
from sim.errors import FirstlineError, InputError, LawBroken, Problem
from tests.store.common import RUNNERS, carried, cells, firstline, rows_of
from tests.store.test_one_writer import contents

FATAL = """
import os, sim
real = sim.run
def run(scenario, seed, replication):
    if replication == 7 and scenario.response.organisation.units["runners"].count == 3:
        os._exit(1)
    return real(scenario, seed, replication)
sim.run = run
"""


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception, *which: int) -> list[int]:
    """Let runs fail in some replications of every plan with three runners; return all replications that are begun."""
    real, begun = sim.run, []

    def run(scenario: Any, seed: int, replication: int = 0, *more: Any) -> Any:
        begun.append(replication)
        if replication in which and scenario.response.organisation.units["runners"].count == 3:
            raise error
        return real(scenario, seed, replication, *more)

    monkeypatch.setattr(sim, "run", run)
    return begun


def test_a_run_that_fails_is_kept_and_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its traceback is kept where its outcomes would be; the runs beside it, in its own part too, are as ever."""
    with monkeypatch.context() as patch:
        failing(patch, LawBroken("needs: 3 raised, 2 ended"), 1, 6)
        told: list[Any] = []
        folder = carried(tmp_path / "d", cells(), 8, watch=told.append)
    failed = folder.failed()
    assert [(row["variant"], row["replication"]) for row in failed] == [("of3", 1), ("of3", 6)]
    assert all("Traceback (most recent call last)" in row["error"] for row in failed)
    assert all("LawBroken: needs: 3 raised, 2 ended" in row["error"] for row in failed)
    assert told[-1][:3] == (16, 14, 2)
    assert told[-1].left == 0
    whole = rows_of(carried(tmp_path / "whole", cells(), 8).path)
    kept = rows_of(tmp_path / "d")
    assert len(set(whole["runs"]) & set(kept["runs"])) == 14
    assert set(kept["outcomes"]) < set(whole["outcomes"])
    runs = folder.table("runs")
    assert runs[runs["status"] == "failed"]["digest"].tolist() == ["", ""]
    assert folder.seconds() > 0


def test_retry_makes_those_parts_again_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Without the wish nothing is made again; with it, the parts in which a run failed; the end is as if none had."""
    with monkeypatch.context() as patch:
        failing(patch, RuntimeError("a bug"), 6)
        carried(tmp_path / "d", cells(), 12)
    before = contents(tmp_path / "d")
    with monkeypatch.context() as patch:
        begun = failing(patch, RuntimeError("a bug"))
        assert len(carried(tmp_path / "d", cells(), 12).failed()) == 1
        assert begun == []
        retried = carried(tmp_path / "d", cells(), 12, retry=True)
        assert begun == [5, 6, 7, 8, 9]
    after = contents(tmp_path / "d")
    assert len([name for name in after if after[name] != before[name]]) == 2  # the outcomes and the runs of one part
    assert not retried.failed()
    assert retried.digest() == carried(tmp_path / "whole", cells(), 12).digest()


def test_what_fails_again_is_tried_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A procedure that asks for the same run in each of its rounds does not have it made again in each."""
    from analysis.store.rounds import Batch, Round

    def procedure() -> Any:
        for count in (2, 4, 6):
            yield Round(tuple(Batch(cell, range(count)) for cell in cells()))

    begun = failing(monkeypatch, RuntimeError("a bug"), 1)
    carried(tmp_path, procedure())
    begun.clear()
    carried(tmp_path, procedure(), retry=True)
    assert begun == [0, 1]


def test_tables_of_a_part_in_which_all_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Such a part has no tables; what an earlier, interrupted attempt left of them is no result and is taken away."""
    carried(tmp_path, cells(), 2, detail="needs")
    (tmp_path / "tables" / "runs" / "part-000003.parquet").unlink()  # as if killed just before it was put in place
    with monkeypatch.context() as patch:
        failing(patch, RuntimeError("a bug"), 1)
        folder = carried(tmp_path, cells(), 2, detail="needs")
    needs = folder.table("needs")
    assert sorted(set(zip(needs["variant"], needs["replication"], strict=True))) == [("of2", 0), ("of2", 1), ("of3", 0)]
    assert not folder.part("needs", 3).exists()
    with pytest.raises(InputError, match=r"it holds no table 'stock': .* its --detail is less \(needs\)"):
        folder.table("stock")


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Exit code 1, what failed and why on stderr, the comparison of the rest on stdout; --retry mends it."""
    command = ("experiment", str(RUNNERS), "-r", "4", "--out", str(tmp_path / "d"))
    with monkeypatch.context() as patch:
        failing(patch, LawBroken("stock: 3 kits too many"), 2)
        assert firstline(patch, *command) == 1
    out, err = capsys.readouterr()
    assert "failed: run 2 of three in calm: sim.errors.LawBroken: stock: 3 kits too many" in err
    assert f"2 of 24 runs failed; their tracebacks are in the table 'runs' of {tmp_path / 'd'}; --retry makes" in err
    assert "Traceback (most recent" not in err
    assert out
    assert firstline(monkeypatch, *command) == 1
    assert firstline(monkeypatch, *command, "--retry") == 0


def test_bad_input_found_in_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """What only a run finds out about the input is refused like all bad input: exit code 2, the file and the place."""
    failing(monkeypatch, InputError("log.csv", [Problem("hour", "a column is wanted")]), 1)
    assert firstline(monkeypatch, "experiment", str(RUNNERS), "-r", "2", "--out", str(tmp_path / "d")) == 2
    said = capsys.readouterr().err
    assert "error: log.csv: hour: a column is wanted" in said
    assert "Traceback" not in said


def test_a_job_that_kills_its_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A run that ends its process every time is kept as failed with the runs of its part; all others are made."""
    monkeypatch.setattr("analysis.store.made.MOST_STRIKES", 1)  # three are told below, without the starts of processes
    plugin = tmp_path / "fatal.py"
    plugin.write_text(FATAL)
    hands = Workers(_processes(1), 1, lambda: _processes(1))
    folder = carried(tmp_path / "d", cells(), 10, hands, plugins={str(plugin): "ab"})
    hands.executor.shutdown()
    assert [(row["variant"], row["replication"]) for row in folder.failed()] == [("of3", k) for k in range(5, 10)]
    assert "the worker was ended from outside, or ran out of memory" in folder.failed()[0]["error"]
    whole = rows_of(carried(tmp_path / "whole", cells(), 10).path)
    assert len(set(rows_of(tmp_path / "d")["runs"]) & set(whole["runs"])) == 15


class Fragile(Executor):
    """Does nothing until all is handed out, and breaks, with all that it was given, at some parts."""

    def __init__(self, fatal: set[int], log: list[tuple[int, ...]], width: int = 2) -> None:
        self.fatal = fatal
        self.log = log
        self.width = width
        self.given: list[tuple[Future[Any], Job]] = []
        self.broken = False

    def submit(self, fn: Any, job: Job) -> Any:  # type: ignore[override]
        if self.broken:
            raise BrokenExecutor
        future: Future[Any] = Future()
        self.given.append((future, job))
        if len(self.given) == self.width or job.part >= 4 or len(self.log) > 1:
            self.log.append(tuple(given.part for _, given in self.given))
            self.broken = bool({given.part for _, given in self.given} & self.fatal)
            for there, given in self.given:
                there.set_exception(BrokenExecutor()) if self.broken else there.set_result(work(given))
            self.given = []
        return future


def test_who_broke_it_is_found_out(tmp_path: Path):
    """Of those that a broken executor was doing only the one that breaks it alone, three times, is given up."""
    log: list[tuple[int, ...]] = []
    hands = Workers(Fragile({1}, log, 4), 2, lambda: Fragile({1}, log, 1))
    folder = carried(tmp_path / "d", cells(2, 3, 4, 5, 6), 2, hands)
    assert log[0] == (0, 1, 2, 3)
    assert log.count((1,)) == 3
    assert sorted(part for (part,) in log[1:] if part != 1) == [0, 2, 3, 4]
    assert {row["variant"] for row in folder.failed()} == {"of3"}
    assert len(folder.failed()) == 2


def test_workers_that_cannot_start_are_given_up(tmp_path: Path):
    """An executor that is broken each time it is made anew ends the command in words, not in a loop without end."""

    class Broken(Executor):
        def submit(self, *_: Any) -> Any:
            starts.append(1)
            raise BrokenExecutor

    starts: list[int] = []
    with pytest.raises(FirstlineError, match="the workers were ended from outside; what is finished is kept: give the"):
        carried(tmp_path / "d", cells(), 2, Workers(Broken(), 2, Broken))
    assert len(starts) == MOST_STARTS + 1


def test_an_executor_that_cannot_be_made_anew(tmp_path: Path):
    """A caller's own executor that has broken is not replaced; what was finished when it broke is kept, as is said."""
    log: list[tuple[int, ...]] = []
    with pytest.raises(FirstlineError, match="the workers were ended from outside; what is finished is kept"):
        carried(tmp_path / "d", cells(), 10, Workers(Fragile({1}, log, 1), 1))
    assert Folder.open(tmp_path / "d").made() == [0]
    assert carried(tmp_path / "d", cells(), 10).digest() == carried(tmp_path / "e", cells(), 10).digest()
