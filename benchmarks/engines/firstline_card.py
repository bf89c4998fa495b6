"""Firstline on the shipped scenario estate-screening: the whole card, 3,000 residents, three rounds in three days."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING

from benchmarks.engines import _cli
from benchmarks.engines.firstline_sites import measured

if TYPE_CHECKING:
    from benchmarks.engines._tally import Outcome
    from sim.spec.scenario import Scenario


@lru_cache(maxsize=1)
def _scenario() -> Scenario:
    from sim.files import load

    return load("estate-screening")


def run(_residents: int, seed: int, _staff: int) -> Outcome:
    """Simulate the scenario once and write all tables; its size is its own."""
    return measured(_scenario(), seed)


def prepare() -> None:
    """Import everything and run once, so that no import is timed."""
    run(0, 1, 1)


def main() -> int:
    """Measure one run from the command line."""
    return _cli.main("firstline-card", run, ("firstline", "simpy", "mesa", "numpy"), inputs="other", warm_up=prepare)


if __name__ == "__main__":
    sys.exit(main())
