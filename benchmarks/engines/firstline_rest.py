"""Firstline on the second workload: the first with travel, reporting delay, a store and a follow-up of three days.

It is set beside the first workload's engines to show what the rest of the model costs; its waits are others.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks.engines import _cli
from benchmarks.engines.firstline_engine import measured

if TYPE_CHECKING:
    from benchmarks.engines._tally import Outcome


def prepare() -> None:
    """Import everything and run once, small, so that no import is timed."""
    measured(200, 1, 1, rest=True)


def run(residents: int, seed: int, staff: int) -> Outcome:
    """Simulate the workload once and write all tables."""
    return measured(residents, seed, staff, rest=True)


def main() -> int:
    """Measure one run from the command line."""
    return _cli.main("firstline+", run, ("firstline", "simpy", "mesa", "numpy"), inputs="other", warm_up=prepare)


if __name__ == "__main__":
    sys.exit(main())
