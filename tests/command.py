"""The command line as a user types it, in a process of its own."""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
WITHIN_S = 300.0


def firstline(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Give a command in a folder, and return its exit code and what stands on both streams."""
    with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
        asked = {"arguments": arguments, "cwd": str(cwd), "stdout": out.name, "stderr": err.name}
        code = _answer(json.dumps(asked))
        said = (stream.read().decode("utf-8") for stream in (out, err))
        return subprocess.CompletedProcess(arguments, code, *said)


def printed(*arguments: str, cwd: Path) -> str:
    """Give a command that must succeed, and return what it prints."""
    done = firstline(*arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _answer(asked: str) -> int:
    zygote = _zygote()
    assert zygote.stdin is not None
    assert zygote.stdout is not None
    zygote.stdin.write(asked + "\n")
    zygote.stdin.flush()
    ready, _, _ = select.select([zygote.stdout], [], [], WITHIN_S)
    if not ready:
        _zygote.cache_clear()
        zygote.kill()
        raise subprocess.TimeoutExpired(asked, WITHIN_S)
    return int(zygote.stdout.readline())


@cache
def _zygote() -> subprocess.Popen[str]:
    """Start the process that forks for each command; it ends with this one."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}  # of this checkout, from any folder
    command = [sys.executable, "-m", "tests.zygote"]
    started = subprocess.Popen(
        command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    atexit.register(started.kill)
    return started
