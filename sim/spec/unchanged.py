"""What a change leaves alone is not checked again: a scenario is checked in a hundredth of a second, a part in less."""

from __future__ import annotations

from functools import cache
from typing import Any

from sim.spec.base import FrozenMap, Spec


def reuse(model: Any, before: Any, after: Any) -> Any:
    """Return changed data with parts of a checked model in the place of what a merge has left alone.

    Args:
        model: A model or a map of them, as checked.
        before: Its own plain data.
        after: What a merge with ``before`` gave: what it left alone is the same object.
    """
    if after is before:
        if isinstance(model, Spec):
            return model
        if isinstance(model, tuple) and model and all(isinstance(item, Spec) for item in model):
            return list(model) if isinstance(after, list) and len(after) == len(model) else after
    if not isinstance(before, dict) or not isinstance(after, dict) or not isinstance(model, (Spec, FrozenMap)):
        return after
    return {
        key: reuse(_part(model, key), before[key], value) if key in before else value for key, value in after.items()
    }


def _part(model: Spec | FrozenMap[Any], key: str) -> Any:
    if isinstance(model, FrozenMap):
        return model.get(key)
    return getattr(model, _names(type(model)).get(key, ""), None)


@cache
def _names(kind: type[Spec]) -> dict[str, str]:
    """Return the fields of a model by their names in a file."""
    return {field.alias or name: name for name, field in kind.model_fields.items()}
