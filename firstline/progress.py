"""A bar with what is done, failed and left and with the time that is left, on stderr, after two seconds."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from analysis.store.carry_out import Progress

PATIENCE_S = 2.0


class Bar:
    """Show how far runs are; told of each part that is made."""

    def __init__(self, what: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Rich

        self.what = what
        self.begun = time.monotonic()
        self.shown = False
        columns: list[Any] = [
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        ]
        self.bar = Rich(*columns, TextColumn("{task.fields[note]}"), console=Console(stderr=True), transient=True)
        self.task = self.bar.add_task(what, total=None, note="")

    def __call__(self, progress: Progress) -> None:
        """Show it."""
        failed = f", {progress.failed} failed" if progress.failed else ""
        self.bar.update(
            self.task,
            description=f"{self.what}{failed}",
            completed=progress.done + progress.failed,
            total=progress.planned,
            note=progress.note,
        )
        if not self.shown and time.monotonic() - self.begun > PATIENCE_S:
            self.bar.start()
            self.shown = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.shown:
            self.bar.stop()
