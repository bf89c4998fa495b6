"""Where runs are made: in this process, in local processes, on a cluster, or by any executor of the caller's.

An executor of workers may break (a process was killed, ran out of memory); those that can start anew do.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from sim.errors import InputError, Problem
from sim.units import found

P = ParamSpec("P")
T = TypeVar("T")
ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?([^\s/:\[\]]+|\[[0-9a-fA-F:.]+\]):(?P<port>\d{1,5})/?")
LAST_PORT = 65535
REACH_S = 4
IDLE_S = 300
"""After this long without work a local process ends; it is started again when there is some."""
LOOK_S = 0.5


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
    """An executor, how many jobs it does side by side, how to have it anew when it has broken, and who is there.

    Without a ``width`` the executor is asked for its own; without ``present`` it is taken to have workers.
    """

    executor: Executor
    width: int | None = None
    anew: Callable[[], Executor] | None = None
    present: Callable[[], int] | None = None

    @property
    def ahead(self) -> int:
        """How many jobs are handed out at a time: enough to keep all busy, few enough to hold little in memory."""
        if isinstance(self.executor, InProcess):
            return 1
        return 2 * int(self.width or getattr(self.executor, "_max_workers", None) or os.cpu_count() or 1)

    def restart(self) -> bool:
        """Take a new executor in place of a broken one; False where there is none."""
        if self.anew is None:
            return False
        _end(self.executor)
        self.executor = self.anew()
        return True


@contextlib.contextmanager
def local(workers: int) -> Iterator[Workers]:
    """Give so many local processes; with one, this process works itself."""
    if workers <= 1:
        yield Workers(InProcess())
        return
    width = min(workers, 2 * (os.cpu_count() or 1))
    made = Workers(_processes(width), width, lambda: _processes(width))
    try:
        yield made
    except BaseException:
        _end(made.executor)  # a full disk, Ctrl-C: nobody works on for nothing
        raise
    made.executor.shutdown()


def _processes(width: int) -> Executor:
    from loky import ProcessPoolExecutor

    made: Executor = ProcessPoolExecutor(width, timeout=IDLE_S, initializer=_begin_to_work, initargs=(os.getpid(),))
    return made


def _begin_to_work(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end when it has ended, however it did."""
    import signal
    import threading
    import time

    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_S)
        os._exit(1)  # whatever it is doing, nobody waits for it

    threading.Thread(target=watch, name="watch-parent", daemon=True).start()


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
    with _without_its_log():
        _check_address(distributed, address)
        yield from _of_scheduler(distributed.Client, address)


def _check_address(distributed: Any, address: str) -> None:
    """Refuse an address that cannot be a scheduler's, or at which none answers: Dask's client would try for long."""
    import asyncio

    wanted = "a Dask scheduler such as tcp://host:8786 is wanted"
    form = ADDRESS.fullmatch(address)
    if form is None or int(form["port"]) > LAST_PORT:
        raise InputError("--cluster", [Problem("", f"{wanted}; found {found(address)}")])
    try:
        answer = asyncio.run(asyncio.wait_for(_identity(distributed, address), REACH_S))
    except (OSError, ValueError, TimeoutError) as error:
        said = str(error) or f"nothing that speaks Dask answers within {REACH_S} s"
        raise InputError("--cluster", [Problem("", f"{wanted}; {address!r}: {said}")]) from None
    if answer != "Scheduler":
        raise InputError("--cluster", [Problem("", f"{wanted}; at {address!r} is a {answer}")])


async def _identity(distributed: Any, address: str) -> str:
    """Return what answers at an address, such as "Scheduler"."""
    secured = distributed.Security().get_connection_args("client")
    comm = await distributed.connect(address, timeout=REACH_S, **secured)
    try:
        await comm.write({"op": "identity", "reply": True})
        return str((await comm.read())["type"])
    finally:
        comm.abort()


def _of_scheduler(make: Any, address: str) -> Iterator[Workers]:
    try:
        client = make(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        said = f"a Dask scheduler such as tcp://host:8786 is wanted; {address!r}: {error}"
        raise InputError("--cluster", [Problem("", said)]) from None

    def present() -> int:
        return sum(client.nthreads().values())

    try:
        width = present()
        if not width:
            said = f"the scheduler at {address} has no workers; start some: dask worker {address} --nthreads 1"
            raise InputError("--cluster", [Problem("", said)])
        yield Workers(client.get_executor(pure=False), width, present=present)
    finally:
        with contextlib.suppress(Exception):  # a scheduler that has gone
            client.close(timeout=5)


@contextlib.contextmanager
def _without_its_log() -> Iterator[None]:
    """Keep Dask's own log and its tracebacks off the screen: what matters of them is said in words."""
    import logging

    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
