"""Firstline's simulator: a scenario in, tables out. It knows no statistics, no plots and no screen.

>>> import sim
>>> scenario = sim.load("tutorial")
>>> scenario.world.community.residents
300
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.files import load as load
    from sim.records.result import Result as Result
    from sim.runs import run as run
    from sim.runs import run_many as run_many
    from sim.spec.scenario import Scenario as Scenario

__version__ = "0.1.0"

_HOMES = {
    "load": "sim.files",
    "run": "sim.runs",
    "run_many": "sim.runs",
    "Scenario": "sim.spec.scenario",
    "Result": "sim.records.result",
}
__all__ = ["Result", "Scenario", "__version__", "load", "run", "run_many"]


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for, so that ``import sim`` stays light."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")
