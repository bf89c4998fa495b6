"""Reads what runs leave: outcomes, intervals, figures, reports. Starts runs only through ``sim.run``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.intervals import Estimate as Estimate
    from analysis.intervals import estimate as estimate
    from analysis.intervals import estimates as estimates
    from analysis.outcomes import Measure as Measure
    from analysis.outcomes import measure_of as measure_of
    from analysis.store.folder import Folder as Folder

_HOMES = {
    "Estimate": "analysis.intervals",
    "estimate": "analysis.intervals",
    "estimates": "analysis.intervals",
    "Measure": "analysis.outcomes",
    "Folder": "analysis.store.folder",
    "measure_of": "analysis.outcomes",
}
__all__ = ["Estimate", "Folder", "Measure", "estimate", "estimates", "measure_of"]


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for, so that ``import analysis`` stays light."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'analysis' has no attribute {name!r}")
