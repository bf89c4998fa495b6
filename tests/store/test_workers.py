"""The same runs, bit for bit, whoever makes them: this process, threads, other processes, a cluster that loses one."""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from analysis.store.jobs import Job, work
from analysis.store.made import Made
from analysis.store.workers import InProcess, Workers, cluster
from sim.errors import FirstlineError, InputError
from tests.store.common import carried, cells, firstline, rows_of

RUNS = 12


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that one process has made."""
    return carried(tmp_path_factory.mktemp("whole") / "d", cells(), RUNS).path


def same(path: Path, wanted: Path) -> None:
    from analysis.store.folder import Folder

    assert Folder.open(path).digest() == Folder.open(wanted).digest()
    assert rows_of(path) == rows_of(wanted)


def test_threads(tmp_path: Path, wanted: Path):
    """Runs side by side in one process share nothing; what the caller brought stays the caller's."""
    with ThreadPoolExecutor(3) as mine:
        same(carried(tmp_path / "d", cells(), RUNS, mine).path, wanted)
        assert mine.submit(int).result() == 0


def test_processes_of_the_caller(tmp_path: Path, wanted: Path):
    """Any executor of the standard library will do, also one whose processes know nothing of this one."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as mine:
        same(carried(tmp_path / "d", cells(), RUNS, mine).path, wanted)


def test_how_many_are_handed_out():
    """An executor is asked how many jobs it does side by side, so that none is idle and memory is bounded."""
    with ThreadPoolExecutor(7) as mine:
        assert Workers(mine).ahead == 14
        assert Workers(mine, width=2).ahead == 4
    assert Workers(InProcess(), width=9).ahead == 1


class Late(Executor):
    """Ends what it is given in the order last come, first done."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.given: list[tuple[Future[Any], Job]] = []
        self.most = 0

    def submit(self, fn: Any, job: Job) -> Any:  # type: ignore[override]
        future: Future[Any] = Future()
        self.given.append((future, job))
        self.most = max(self.most, len(self.given))
        threading.Timer(0.02, self._end).start()
        return future

    def _end(self) -> None:
        future, job = self.given.pop()
        future.set_result(pickle.loads(pickle.dumps(work(pickle.loads(pickle.dumps(job))))))


def test_the_order_in_which_runs_end_changes_nothing(tmp_path: Path, wanted: Path):
    """The last is first: the same rows in the same parts."""
    late = Late(3)
    same(carried(tmp_path / "d", cells(), RUNS, Workers(late, 3)).path, wanted)
    assert 1 < late.most <= 6


def test_a_worker_of_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A worker whose last digits differ is refused before anything of it is kept."""
    monkeypatch.setattr("analysis.store.jobs._canary", lambda: "other")
    with pytest.raises(FirstlineError, match=r"other last digits .* \(its canary is other, the folder's"):
        carried(tmp_path / "d", cells(), 2)
    assert not (tmp_path / "d").exists()


def test_a_worker_that_cannot_work(tmp_path: Path):
    """A worker without this program, or with another version of it, says so; nobody sees a traceback of a library."""

    class Bare(Executor):
        def submit(self, *_: Any) -> Any:
            future: Future[Any] = Future()
            future.set_exception(ModuleNotFoundError("No module named 'analysis'"))
            return future

    with pytest.raises(FirstlineError, match="a worker cannot work: ModuleNotFoundError: No module named 'analysis'"):
        carried(tmp_path / "d", cells(), 2, Bare())


def test_what_is_not_begun_is_taken_back(tmp_path: Path):
    """When the command cannot go on, a caller's executor is not left with work that nobody waits for."""

    class Idle(Executor):
        def submit(self, *_: Any) -> Any:
            given.append(Future())
            return given[-1]

    given: list[Future[Any]] = []
    cell = cells()[0]
    jobs = [Job(part, "all", cell.variant, cell.scenario, (part,), 3) for part in range(5)]
    with Made(jobs, Workers(Idle(), 2), "canary") as made:
        made._hand_out()
    assert [future.cancelled() for future in given] == [True] * 4


# -- a cluster --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def scheduler() -> Iterator[str]:
    """Start a Dask scheduler in a process of its own, and yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port)]
    with started([*command, "--no-dashboard", "--no-show"]):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield f"tcp://127.0.0.1:{port}"


@contextlib.contextmanager
def started(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def worker(address: str) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1"]
    return started([*command, "--no-nanny", "--no-dashboard"])


def test_a_cluster_that_loses_a_worker(tmp_path: Path, wanted: Path):
    """A scheduler and two workers, each a process of its own; one worker is killed half-way and nothing is missed."""
    with scheduler() as address:
        with pytest.raises(InputError, match=r"has no workers; start some: dask worker tcp://127.0.0.1:\d+ --nthreads"):
            cluster(address).__enter__()
        with worker(address) as first, worker(address), cluster_of(address, 2) as hands:
            told = []

            def watch(progress: Any) -> None:
                told.append(progress.done)
                if progress.done >= RUNS and first.poll() is None:
                    first.kill()
                    first.wait()

            folder = carried(tmp_path / "d", cells(), RUNS, hands, watch=watch)
            assert first.poll() is not None
            assert told[-1] == 2 * RUNS
            same(folder.path, wanted)


@contextlib.contextmanager
def cluster_of(address: str, size: int) -> Iterator[Workers]:
    """Give the workers of a cluster when so many are there."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(InputError), cluster(address) as hands:
            assert hands.present is not None
            while hands.present() < size and time.monotonic() < end:
                time.sleep(0.05)
            yield hands
            return
        time.sleep(0.2)
    pytest.fail("the workers of the cluster did not come")


def test_a_wrong_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """What is no address of a scheduler is said in words; so is an answer to two questions at once."""
    command = ("run", "tutorial", "-r", "1", "--out", str(tmp_path / "d"))
    assert firstline(monkeypatch, *command, "--cluster", "nowhere://x") == 2
    assert "a Dask scheduler such as tcp://host:8786 is wanted; found 'nowhere://x'" in capsys.readouterr().err
    assert firstline(monkeypatch, *command, "--cluster", "tcp://h:1", "--workers", "2") == 2
    assert "either --cluster or --workers is wanted" in capsys.readouterr().err
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("address", ["foo", "", "host", "tcp://", "tcp://h:99999", "tcp://127.0.0.1:9", "127.0.0.1:9"])
def test_an_address_of_nobody_is_refused_at_once(address: str):
    """Dask would try for 20 s and leave a traceback: the form, and that a scheduler answers, is looked at first."""
    begun = time.perf_counter()
    with pytest.raises(InputError, match="a Dask scheduler such as"), cluster(address):
        pass
    assert time.perf_counter() - begun < 10


def test_a_service_that_speaks_no_dask_is_refused():
    """Something else may listen at the address, such as a web server: Dask's client would wait for it for ever."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"tcp://127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(InputError, match="nothing that speaks Dask answers"), cluster(address):
            pass
