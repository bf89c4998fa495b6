"""A disk that is full at any write, flush or replacement: said in words, the folder whole, the same end."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from analysis.store.folder import Folder
from analysis.store.parts import CannotWriteError
from tests.store.common import RUNNERS, carried, cells, fault, firstline, is_clean, rows_of


def full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_wherever_the_disk_is_full(tmp_path: Path):
    """Manifest, plan, outcomes, runs; half a write, a flush, a replacement: nothing is lost and nothing is half."""
    asked = cells()
    with fault(-1, full) as count:
        wanted = carried(tmp_path / "whole", asked, 2).digest()
    assert count[0] == 3 * (1 + 1 + 2 * 2)  # manifest, plan, and two files for each of two parts
    rows = rows_of(tmp_path / "whole")
    for at in range(count[0]):
        path = tmp_path / f"full-at-{at}"
        with fault(at, full), pytest.raises(CannotWriteError) as refused:
            carried(path, asked, 2)
        said = str(refused.value)
        assert said.startswith(str(path))
        assert "No space left on device" in said
        assert "give the same command again" in said
        assert not path.exists() or is_clean(path)
        if path.exists():
            made = Folder.open(path).made()
            assert [Folder.open(path).part("outcomes", part).is_file() for part in made] == [True] * len(made)
        assert carried(path, asked, 2).digest() == wanted, at
        assert rows_of(path) == rows, at
        assert is_clean(path)


def test_no_room_for_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A disk without room for a directory is said like one without room for a file."""
    real = Path.mkdir
    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", lambda path, *a, **k: full() if path.name == "runs" else real(path, *a, **k))
        with pytest.raises(CannotWriteError, match=r"runs.part-000000.parquet: it cannot be written \(No space"):
            carried(tmp_path / "d", cells(), 2)
    assert carried(tmp_path / "d", cells(), 2).digest() == carried(tmp_path / "e", cells(), 2).digest()


@pytest.mark.parametrize("at", [1, 4, 8], ids=["manifest", "plan", "outcomes"])
def test_the_command_says_so(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Exit code 1, the file and what to do, and no traceback: a full disk is no fault of the program or the input."""
    with fault(at, full):
        code = firstline(monkeypatch, "experiment", str(RUNNERS), "-r", "2", "--out", str(tmp_path / "d"))
    said = capsys.readouterr().err
    assert code == 1, said
    assert "failed: " in said
    assert str(tmp_path / "d") in said
    assert "No space left on device" in said
    assert "give the same command again" in said
    assert "Traceback" not in said
