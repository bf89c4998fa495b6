"""Whoever is killed, and whenever: the same command again ends with what an uninterrupted one gives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analysis.store.carry_out import Progress
from analysis.store.folder import Folder
from analysis.store.workers import local
from sim.experiment_files import read_experiment
from tests.store.common import RUNNERS, alive, carried, cells, children, is_clean, rows_of

WORKER = "loky.backend.popen"
ROOT = Path(__file__).parents[2]
EVERY_MOMENT = """
import os, signal, sys
from pathlib import Path
import filelock, mesa, pyarrow.compute, pyarrow.parquet, scipy.special, sim.model  # once, before the forks
from tests.store.common import carried, cells, fault
asked = cells()

def apart(what):
    child = os.fork()
    if child == 0:
        try:
            what()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]

def count():
    with fault(-1, lambda: None) as counted:
        carried(Path("whole"), asked, 2)
    Path("count").write_text(str(counted[0]))

def kill():
    os.kill(os.getpid(), signal.SIGKILL)

def killed(at):
    with fault(at, kill):
        carried(Path(f"killed-at-{at}"), asked, 2)

apart(count)
for at in range(int(Path("count").read_text())):
    assert apart(lambda: killed(at)) == signal.SIGKILL
"""


def test_killed_at_each_write(tmp_path: Path):
    """With half a file written, before it is flushed, before it is put in place: of each file that is written."""
    subprocess.run(
        [sys.executable, "-c", EVERY_MOMENT], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True
    )
    wanted, rows = Folder.open(tmp_path / "whole").digest(), rows_of(tmp_path / "whole")
    killed = sorted(tmp_path.glob("killed-at-*"))
    assert len(killed) == int((tmp_path / "count").read_text()) == 18
    assert any(not is_clean(path) for path in killed)
    for path in killed:
        assert carried(path, cells(), 2).digest() == wanted, path
        assert rows_of(path) == rows, path
        assert is_clean(path)


def test_the_command_stopped_twice(tmp_path: Path):
    """Killed after its first file, stopped with Ctrl-C later: its workers end, and the third time it ends as ever.

    Ctrl-C in a terminal reaches everybody: it is answered by a plain word and exit code 130, not by a traceback.
    """
    path = tmp_path / "d"
    command = [sys.executable, "-m", "firstline", "experiment", str(RUNNERS), "--out", str(path), "--workers"]
    for files in (1, 9):
        started = subprocess.Popen(
            [*command, "2"], cwd=tmp_path, start_new_session=True, stderr=subprocess.PIPE, text=True,
            preexec_fn=heed_ctrl_c,  # noqa: PLW1509  # nothing else runs here
        )  # fmt: skip
        until(lambda n=files: len(list(path.glob("tables/runs/*.parquet"))) >= n)
        workers = children(started.pid, WORKER)
        assert len(workers) == 2
        if files == 1:
            started.kill()
            started.communicate(timeout=30)
        else:
            os.killpg(started.pid, signal.SIGINT)
            _, said = started.communicate(timeout=30)
            assert started.returncode == 130, said
            assert f"stopped; what is finished is kept in {path}: give the same command again" in said
            assert "Traceback" not in said
            assert is_clean(path)
        until(lambda workers=workers: not any(alive(pid) for pid in workers))
        assert 0 < len(Folder.open(path).made()) < 24
    done = subprocess.run([*command, "1"], cwd=tmp_path, timeout=120, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    crossed = read_experiment(str(RUNNERS))
    assert Folder.open(path).digest() == carried(tmp_path / "whole", list(crossed.cells), 16).digest()
    assert rows_of(path) == rows_of(tmp_path / "whole")
    assert is_clean(path)


def test_workers_killed(tmp_path: Path):
    """A worker that is killed takes what it was doing with it; the work is done again by others, and nobody fails."""
    moments = {20: 1}
    told: list[Progress] = []

    def watch(progress: Progress) -> None:
        told.append(progress)
        if progress.done in moments:
            workers = sorted(children(os.getpid(), WORKER))
            os.kill(workers[moments.pop(progress.done) % len(workers)], signal.SIGKILL)

    with local(2) as hands:
        folder = carried(tmp_path / "d", cells(), 30, hands, watch=watch)
    with pytest.raises(RuntimeError):  # an executor that has ended, and its processes with it
        hands.executor.submit(int)
    assert not moments
    whole = carried(tmp_path / "whole", cells(), 30)
    assert folder.digest() == whole.digest()
    assert rows_of(tmp_path / "d") == rows_of(tmp_path / "whole")
    assert told[-1] == Progress(60, 60, 0, "")
    assert [p.done for p in told] == sorted({p.done for p in told})
    until(lambda: not children(os.getpid(), WORKER))


def heed_ctrl_c() -> None:
    """Be told of Ctrl-C also where a shell has started the tests in the background, which lets children ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def until(so: object, within_s: float = 180.0) -> None:
    assert callable(so)
    end = time.monotonic() + within_s
    while not so():
        if time.monotonic() > end:
            pytest.fail("it never came to that")
        time.sleep(0.01)
