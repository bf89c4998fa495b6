"""Names to objects: the one way in which a rule, a hazard or an outcome becomes known by the name used in a file.

Code enters through a plug-in file or an entry point, never from a data file.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Generic, TypeVar

from sim.errors import InputError, Problem, nearest

T = TypeVar("T")

ENTRY_POINTS = "firstline.plugins"


class Registry(Generic[T]):
    """Hold the objects of one kind by name.

    >>> colours: Registry[str] = Registry("colour")
    >>> colours.add("red", "#f00")
    >>> colours["red"]
    '#f00'
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._known: dict[str, T] = {}

    def add(self, name: str, thing: T) -> None:
        """Register a thing; a name is taken once."""
        if name in self._known and self._known[name] is not thing:
            raise ValueError(f"the {self.kind} {name!r} is registered already")
        self._known[name] = thing

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that registers what it decorates."""

        def keep(thing: T) -> T:
            self.add(name, thing)
            return thing

        return keep

    def __getitem__(self, name: str) -> T:
        try:
            return self._known[name]
        except KeyError:
            raise ValueError(f"no {self.kind} is called {name!r}{nearest(name, self._known)}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def items(self) -> list[tuple[str, T]]:
        """Return (name, thing) pairs in order of registration."""
        return list(self._known.items())


def load_plugin(path: Path) -> None:
    """Execute a Python file that registers things; raises InputError where it is missing or fails."""
    if not path.is_file():
        raise InputError(str(path), [Problem("", "a Python file with registrations is wanted; there is no such file")])
    name = f"firstline_plugin_{path.resolve()}"
    if name in sys.modules:  # a worker that has done a job before knows it already
        return
    module_spec = importlib.util.spec_from_file_location(name, path)
    if module_spec is None or module_spec.loader is None:
        raise InputError(str(path), [Problem("", "a Python file (.py) is wanted")])
    module = importlib.util.module_from_spec(module_spec)
    sys.modules[name] = module
    try:
        module_spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise InputError(str(path), [Problem("", f"the plug-in failed: {type(error).__name__}: {error}")]) from error


@cache
def load_entry_points() -> None:
    """Load every installed plug-in that declares the entry point group ``firstline.plugins``."""
    for point in entry_points(group=ENTRY_POINTS):
        point.load()
