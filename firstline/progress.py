"""A bar with the time left, on stderr, for what takes longer than two seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
PATIENCE_S = 2.0


def progress(things: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Yield things while showing how many are done, once it has taken longer than two seconds."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task(what, total=total)
    begun, shown = time.monotonic(), False
    try:
        for thing in things:
            bar.advance(task)
            if not shown and time.monotonic() - begun > PATIENCE_S:
                bar.start()
                shown = True
            yield thing
    finally:
        if shown:
            bar.stop()
