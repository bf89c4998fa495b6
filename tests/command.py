"""The command line as a user types it, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def firstline(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Give a command in a folder, and return its exit code and what stands on both streams."""
    command = [sys.executable, "-m", "firstline", *arguments]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}  # of this checkout, from any folder
    return subprocess.run(command, capture_output=True, encoding="utf-8", cwd=cwd, check=False, env=env, timeout=300)


def printed(*arguments: str, cwd: Path) -> str:
    """Give a command that must succeed, and return what it prints."""
    done = firstline(*arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout
