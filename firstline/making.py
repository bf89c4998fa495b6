"""Runs of a command: its folder, its workers, its bar; and what is said of runs that failed."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from firstline.progress import Bar
from sim.errors import InputError, Problem

if TYPE_CHECKING:
    from analysis.store.folder import Folder
    from analysis.store.rounds import Procedure
    from sim.spec.procedures import Key

T = TypeVar("T")


class Where(NamedTuple):
    """Where runs are made and kept, as the command line says it."""

    out: Path | None = None
    workers: int = 1
    cluster: str | None = None
    retry: bool = False
    detail: str = "kpi"
    plugins: tuple[Path, ...] = ()


def about(kind: str, name: str, seed: int, where: Where, subject: dict[str, Any], source: str) -> dict[str, Any]:
    """Return what the manifest of a folder says of its runs."""
    return {
        "kind": kind,
        "name": name,
        "seed": seed,
        "detail": where.detail,
        "plugins": {str(path.resolve()): _hash(path) for path in where.plugins},
        "subject": subject,
        "source": source.encode("utf-8", "replace").decode(),
        "command": ["firstline", *sys.argv[1:]],
        "commit": _commit(),
    }


def make(procedure: Procedure[T], keys: Sequence[Key], manifest: dict[str, Any], where: Where) -> tuple[T, Folder]:
    """Carry out a procedure in its folder, and return what it concludes, and the folder."""
    from analysis.store.carry_out import carry_out
    from analysis.store.workers import cluster, local

    if where.cluster is not None and where.workers > 1:
        raise InputError("--cluster", [Problem("", "either --cluster or --workers is wanted")])
    hands = cluster(where.cluster) if where.cluster is not None else local(where.workers)
    path = None
    try:
        with hands as workers, _folder(manifest, where) as folder, Bar("runs") as bar:
            path = folder.path
            return carry_out(procedure, folder, keys, workers, bar), folder
    except KeyboardInterrupt:
        kept = f"; what is finished is kept in {path}" if path is not None and path.exists() else ""
        print(f"stopped{kept}: give the same command again to go on", file=sys.stderr)
        raise SystemExit(130) from None


@contextlib.contextmanager
def _folder(manifest: dict[str, Any], where: Where) -> Iterator[Folder]:
    """Hold the folder that is named, else one below ``runs`` that holds the same runs or is new."""
    from analysis.store.folder import BusyError, Folder
    from analysis.store.manifest import holds_same

    if where.out is not None:
        with Folder.begin(where.out, manifest, retry=where.retry) as folder:
            yield folder
        return
    name = f"{manifest['name']}-seed{manifest['seed']}"
    for number in itertools.count(1):
        path = Path("runs") / (name if number == 1 else f"{name}-{number}")
        if not holds_same(path, manifest):
            continue
        with contextlib.ExitStack() as stack:
            try:
                folder = stack.enter_context(Folder.begin(path, manifest, retry=where.retry))
            except BusyError:
                continue
            yield folder
            return


def say_failed(folder: Folder) -> int:
    """Say on stderr which runs failed, and return how many."""
    failed = folder.failed()
    for row in failed[:3]:
        last = row["error"].strip().splitlines()[-1:]
        said = (
            f"run {row['replication']} of {row['variant']} in {row['world']}: {last[0] if last else 'no more is known'}"
        )
        print(f"failed: {said}", file=sys.stderr)
    if failed:
        said = f"{len(failed)} of {folder.replications()} runs failed; their tracebacks are in the table 'runs' of"
        print(f"{said} {folder.path}; --retry makes them again", file=sys.stderr)
    return len(failed)


def _hash(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()


def _commit() -> str | None:
    """Return the commit of a checkout; None where this is an installed package, or there is no git."""
    import subprocess

    here = Path(__file__).parent.parent
    if not (here / ".git").exists():
        return None
    try:
        asked = ["git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=12"]
        said = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout.strip() or None
