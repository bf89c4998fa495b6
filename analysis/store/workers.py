"""Where runs are made: in this process, in local processes, on a cluster, or by any executor of the caller's.

An executor of workers may break (a process was killed, ran out of memory); those that can start anew do.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from sim.errors import InputError, Problem

P = ParamSpec("P")
T = TypeVar("T")


class InProcess(Executor):
    """Do what is submitted at once, in this process."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do it, and return a future that is done."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the future's
            future.set_exception(error)
        return future


@dataclass
class Workers:
    """An executor, how many jobs it does side by side, and how to have it anew when it has broken."""

    executor: Executor
    width: int = 1
    anew: Callable[[], Executor] | None = None

    @property
    def ahead(self) -> int:
        """How many jobs are handed out at a time: enough to keep all busy, few enough to hold little in memory."""
        return 1 if isinstance(self.executor, InProcess) else 2 * self.width

    def restart(self) -> bool:
        """Take a new executor in place of a broken one; False where there is none."""
        if self.anew is None:
            return False
        self.executor = self.anew()
        return True


@contextlib.contextmanager
def local(workers: int) -> Iterator[Workers]:
    """Give so many local processes; with one, this process works itself."""
    if workers <= 1:
        yield Workers(InProcess())
        return
    width = min(workers, 2 * (os.cpu_count() or 1))
    made = Workers(_loky(width), width, lambda: _loky(width))
    try:
        yield made
    except KeyboardInterrupt:
        _end(made.executor)
        raise


def _loky(width: int) -> Executor:
    from loky import get_reusable_executor

    executor: Executor = get_reusable_executor(max_workers=width)
    return executor


def _end(executor: Any) -> None:
    """Let nobody work on for nothing."""
    with contextlib.suppress(Exception):
        executor.shutdown(wait=False, kill_workers=True)


@contextlib.contextmanager
def cluster(address: str) -> Iterator[Workers]:
    """Give the workers of a Dask scheduler; raises InputError where there is none at the address."""
    try:
        import distributed
    except ImportError:
        said = "workers on a cluster want the extra: pip install 'firstline[cluster]'"
        raise InputError("--cluster", [Problem("", said)]) from None
    make: Any = distributed.Client  # untyped
    try:
        client = make(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        said = f"a Dask scheduler such as tcp://host:8786 is wanted; {address!r}: {error}"
        raise InputError("--cluster", [Problem("", said)]) from None
    try:
        width = sum(client.nthreads().values())
        if not width:
            raise InputError("--cluster", [Problem("", f"the scheduler at {address} has no workers")])
        yield Workers(client.get_executor(pure=False), width)
    finally:
        client.close()
