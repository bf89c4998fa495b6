"""One process writes a folder, and adds to runs of the same only: all else is refused in words that say what to do."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import filelock
import pytest

from analysis.store.folder import BusyError, Folder
from sim.errors import InputError
from tests.store.common import RUNNERS, about, carried, cells, firstline, is_clean, rows_of

HOLD = "import sys, filelock\nwith filelock.FileLock(sys.argv[1]): print('held', flush=True); sys.stdin.read()"


def test_two_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """While one process holds a folder, another is refused; when it has ended, however, it is not."""
    carried(tmp_path, cells(), 2)
    hold = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
    with subprocess.Popen(hold, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        try:
            said = "another process is at work on this folder; wait for it, or choose another"
            with pytest.raises(BusyError, match=said):
                carried(tmp_path, cells(), 2)
            command = ("experiment", str(RUNNERS), "-r", "2", "--out", str(tmp_path))
            assert firstline(monkeypatch, *command) == 2
            assert said in capsys.readouterr().err
        finally:
            other.kill()
    carried(tmp_path, cells(), 2)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"seed": 4}, "have another seed: 3, not 4; choose another folder, or give --seed 3 to add to them"),
        ({"detail": "full"}, r"keep other tables \(--detail\): kpi, not full; choose another folder, or give --detail"),
        ({"kind": "experiment"}, "are of another kind: run, not experiment; choose another folder"),
        ({"name": "large"}, "have another name: small, not large"),
        ({"firstline": "0.0"}, "were made by another version of Firstline: .*, not 0.0"),
        ({"plugins": {"rules.py": "ab"}}, "were made with other plug-ins, .*: none, not ab"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_other_runs_are_refused(other: dict[str, Any], said: str, tmp_path: Path):
    """What must be equal is named, with what is there and what was wanted; the folder stays as it was."""
    carried(tmp_path, cells(), 2)
    before = contents(tmp_path)
    with pytest.raises(InputError, match=said):
        carried(tmp_path, cells(), 2, **other)
    assert contents(tmp_path) == before


def test_another_machine_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs of a machine with other last digits would make a digest that no machine can reproduce."""
    carried(tmp_path, cells(), 2)
    monkeypatch.setattr("analysis.store.manifest.canary", lambda: "other")
    with pytest.raises(InputError, match=r"on a machine that computes other last digits .*, not other; choose another"):
        carried(tmp_path, cells(), 2)


def test_another_scenario_is_refused_and_changes_nothing(tmp_path: Path):
    """A plan of the same name with other contents: its runs would stand among those of the first, and its manifest."""
    carried(tmp_path, cells(), 2, subject={"scenario": "one"})
    before = contents(tmp_path)
    changed = cells(**{"world.needs.medicine.per_1000_day": 500})
    with pytest.raises(InputError, match="the runs of 'of2' in 'all' were made with another scenario; choose another"):
        carried(tmp_path, changed, 2, subject={"scenario": "two"})
    assert contents(tmp_path) == before


def test_a_plugin_that_has_moved_is_the_same(tmp_path: Path):
    """Plug-ins are compared by content: a project that was moved goes on where it was, from where they lie now."""
    first, second = tmp_path / "first.py", tmp_path / "second.py"
    for path in (first, second):
        path.write_text("# nothing\n")
    carried(tmp_path / "d", cells(), 2, plugins={str(first): "ab"})
    first.unlink()
    assert carried(tmp_path / "d", cells(), 4, plugins={str(second): "ab"}).replications() == 8


def test_more_and_fewer_replications(tmp_path: Path):
    """Three and then five are five at once; three again ask for nothing more, and lose nothing."""
    at_once = carried(tmp_path / "at-once", cells(), 5)
    grown = carried(tmp_path / "grown", cells(), 3)
    few = grown.digest()
    assert few != at_once.digest()
    grown = carried(tmp_path / "grown", cells(), 5)
    assert grown.digest() == at_once.digest()
    assert rows_of(tmp_path / "grown") == rows_of(tmp_path / "at-once")
    before = contents(tmp_path / "grown")
    assert carried(tmp_path / "grown", cells(), 3).digest() == at_once.digest()
    assert contents(tmp_path / "grown") == before
    assert carried(tmp_path / "few", cells(), 3).digest() == few


def test_a_variant_is_added(tmp_path: Path):
    """The runs of the others stay; the manifest tells of all; the result is that of all at once."""
    carried(tmp_path / "d", cells(), 3, subject={"variants": ["of2", "of3"]})
    before = contents(tmp_path / "d")
    later = carried(tmp_path / "d", cells(2, 3, 4), 3, subject={"variants": ["of2", "of3", "of4"]})
    assert later.manifest["subject"] == {"variants": ["of2", "of3", "of4"]}
    after = contents(tmp_path / "d")
    assert all(after[name] == before[name] for name in before if name.startswith("tables"))
    assert later.digest() == carried(tmp_path / "all", cells(4, 3, 2), 3).digest()


def test_something_else_is_there(tmp_path: Path):
    """A folder with files of somebody else's is left alone; what a process left that was killed at once is not."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="a new or empty folder is wanted; this one is in use"):
        carried(tmp_path / "theirs", cells(), 2)
    assert contents(tmp_path / "theirs") == {"thesis.txt": b"mine"}
    (tmp_path / "killed").mkdir()
    for name in ("lock", "manifest.json.aside"):
        (tmp_path / "killed" / name).write_text("{")
    assert carried(tmp_path / "killed", cells(), 2).replications() == 4
    assert is_clean(tmp_path / "killed")


@pytest.mark.parametrize("fails", ["mkdir", "lock", "manifest"])
def test_a_place_where_nobody_may_write(fails: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder that is read-only is bad input, whichever file is the first to be refused."""

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    places = {"mkdir": (Path, "mkdir"), "lock": (filelock.FileLock, "acquire"), "manifest": (os, "replace")}
    monkeypatch.setattr(*places[fails], refused)
    with pytest.raises(InputError, match=r"it cannot be (made|written).*Read-only file system"):
        carried(tmp_path / "d", cells(), 2)


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("manifest.json", b"{", "manifest.json: the folder is damaged: .*choose another folder"),
        ("manifest.json", b"[]", "manifest.json: the folder is damaged: a map with kind, .* is wanted"),
        ("runs_planned.parquet", b"PAR1", "runs_planned.parquet: the folder is damaged: .*choose another folder"),
        ("runs_planned.parquet", None, "it has runs but no plan of them; choose another folder"),
        ("tables/runs/part-000000.parquet", b"", "damaged: .*; remove tables/runs/part-000000.parquet, and give"),
        ("tables/outcomes/part-000001.parquet", b"x", "damaged: .*; remove tables/runs/part-000001.parquet, and give"),
        ("tables/outcomes/part-000001.parquet", None, "damaged: .*; remove tables/runs/part-000001.parquet, and give"),
    ],
)
def test_a_damaged_folder(file: str, content: bytes | None, said: str, tmp_path: Path):
    """What is damaged is named, with what to do; what is then done ends as if nothing had been."""
    wanted = carried(tmp_path, cells(), 2).digest()
    path = tmp_path / file
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        carried(tmp_path, cells(), 2)
    if file.startswith("tables"):
        (tmp_path / "tables" / "runs" / path.name).unlink()
        assert carried(tmp_path, cells(), 2).digest() == wanted


def test_a_part_of_other_runs(tmp_path: Path):
    """A part that somebody has put in the place of another is seen, not taken for it."""
    carried(tmp_path, cells(), 2)
    runs = tmp_path / "tables" / "runs"
    (runs / "part-000001.parquet").write_bytes((runs / "part-000000.parquet").read_bytes())
    with pytest.raises(
        InputError, match=r"part-000001.parquet: the folder is damaged: it holds other runs than planned"
    ):
        carried(tmp_path, cells(), 2)


def test_a_folder_without_a_run_leaves_nothing(tmp_path: Path):
    """A command that is refused at its first run leaves no folder, so that its name stays free; a lock is no run."""
    with Folder.begin(tmp_path / "d", about()) as folder:
        assert json.loads((folder.path / "manifest.json").read_text())["seed"] == 3
    assert not (tmp_path / "d").exists()


def contents(path: Path) -> dict[str, bytes]:
    """Return every file of a folder but its lock."""
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file() and file.name != "lock"
    }
