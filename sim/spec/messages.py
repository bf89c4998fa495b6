"""Pydantic's errors in Firstline's words: the place, what was wanted, what was found, the nearest right thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from sim.errors import Problem, nearest
from sim.units import clip, found

_UNION_NAMES = {"a count", "a list", "a share", "a map"}


def translate(
    error: ValidationError, model: type[BaseModel], lines: Mapping[tuple[str | int, ...], int]
) -> list[Problem]:
    """Return the problems of a validation error, in the order of the file where lines are known."""
    seen: dict[str, Problem] = {}
    for item in error.errors(include_url=False):
        path = _real_path(item["loc"], model)
        if item["type"] == "extra_forbidden":  # its last step is the key, however it looks: "shift[0]"
            path = (*_real_path(item["loc"][:-1], model), item["loc"][-1])
        place = _dotted(path)
        message = _message(item, model, path)
        problem = Problem(place, message, _line(path, lines))
        # the branches of a union complain one after the other: keep the most telling one
        if place not in seen or _dull(seen[place].message):
            seen[place] = problem
    return sorted(seen.values(), key=lambda problem: problem.line or 0)


def _dull(message: str) -> bool:
    return message.startswith(("a map is wanted", "a list is wanted"))


def _message(item: Any, model: type[BaseModel], path: tuple[str | int, ...]) -> str:
    kind, given, context = item["type"], item.get("input"), item.get("ctx", {})
    say: dict[str, Callable[[], str]] = {
        "firstline": lambda: str(context["text"]),
        "extra_forbidden": lambda: f"unknown key {found(path[-1])}{_hint(model, path)}",
        "missing": lambda: "wanted, but it is not there",
        "literal_error": lambda: _choice("", context["expected"].replace(" or ", ", "), given),
        "union_tag_invalid": lambda: _choice(
            f" for {context['discriminator']}", context["expected_tags"], context["tag"]
        ),
        "union_tag_not_found": lambda: f"the key {context['discriminator']} is wanted, to say which kind this is",
        "model_type": lambda: f"a map is wanted; found {found(given)}",
        "model_attributes_type": lambda: f"a map is wanted; found {found(given)}",
        "dict_type": lambda: f"a map is wanted; found {found(given)}",
        "tuple_type": lambda: f"a list is wanted; found {found(given)}",
        "too_short": lambda: f"at least {context['min_length']} entry is wanted; found {context['actual_length']}",
        "too_long": lambda: f"at most {context['max_length']} entries are wanted",
    }
    return say[kind]() if kind in say else str(item["msg"])


def _hint(model: type[BaseModel], path: tuple[str | int, ...]) -> str:
    """Return which kinds of files have a key that this kind has not, or the nearest key that it has."""
    from sim.spec.backtest import Backtest
    from sim.spec.calibrate import Calibrate
    from sim.spec.card import Card
    from sim.spec.design import Design
    from sim.spec.experiment import Experiment
    from sim.spec.optimise import Optimise
    from sim.spec.scenario import Scenario

    kinds: dict[str, type[BaseModel]] = {
        "a scenario": Scenario,
        "a card": Card,
        "an experiment": Experiment,
        "a design": Design,
        "a question": Optimise,
        "a calibration": Calibrate,
        "a back-test": Backtest,
    }
    key = str(path[-1])
    others = [word for word, kind in kinds.items() if key in _fields(kind, ())] if model in kinds.values() else []
    if len(path) == 1 and others:
        return f"; it is one of {', '.join(others)}"
    return nearest(key, _fields(model, path[:-1]))


def _choice(what: str, expected: str, given: object) -> str:
    wanted = expected.replace("'", "").split(", ")
    hint = nearest(given, wanted) if isinstance(given, str) else ""
    return f"one of {', '.join(wanted)} is wanted{what}; found {found(given)}{hint}".split("; known:")[0]


def _real_path(loc: tuple[str | int, ...], model: type[BaseModel]) -> tuple[str | int, ...]:
    """Drop what pydantic adds to a path: names of union branches, tags and '[key]'."""
    path: list[str | int] = []
    here: Any = model
    for step in loc:
        if step == "[key]":
            break
        if isinstance(step, str) and _is_branch(step, here):
            here = _branch(step, here)
            continue
        path.append(step)
        here = _below(here, step)
    return tuple(path)


def _is_branch(step: str, here: Any) -> bool:
    if any(mark in step for mark in "[(,"):
        return True
    models = list(_models(here))
    if len(models) <= 1 and step not in {m.__name__ for m in models}:
        return step in _UNION_NAMES and not any(step in m.model_fields for m in models)
    if any(step == m.__name__ or step in _tags(m) for m in models):
        return not any(step in m.model_fields for m in models)
    return step in _UNION_NAMES


def _branch(step: str, here: Any) -> Any:
    for model in _models(here):
        if step == model.__name__ or step in _tags(model):
            return model
    return here


def _tags(model: type[BaseModel]) -> set[str]:
    return {
        str(tag)
        for name in ("dist", "kind", "action")
        if name in model.model_fields
        for tag in get_args(model.model_fields[name].annotation)
    }


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    from sim.spec.base import FrozenMap

    origin = getattr(annotation, "__origin__", None)
    if isinstance(origin, type) and issubclass(origin, (FrozenMap, tuple, list, dict)):
        return
    for part in get_args(annotation):
        yield from _models(part)


def _below(here: Any, step: str | int) -> Any:
    for model in _models(here):
        for name, field in model.model_fields.items():
            if step in (name, field.alias):
                return field.annotation
    return _element(here)


def _element(annotation: Any) -> Any:
    """Return the type of the values of a map or list somewhere inside an annotation."""
    from sim.spec.base import FrozenMap

    origin = getattr(annotation, "__origin__", None)
    if isinstance(origin, type) and issubclass(origin, FrozenMap):
        return get_args(annotation)[0]
    if isinstance(origin, type) and issubclass(origin, (tuple, list)):
        return get_args(annotation)[0]
    for part in get_args(annotation):
        element = _element(part)
        if element is not None:
            return element
    return None


def _fields(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    here: Any = model
    for step in path:
        here = _below(here, step)
    return [field.alias or name for owner in _models(here) for name, field in owner.model_fields.items()]


def _dotted(path: tuple[str | int, ...]) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else ("." if text else "") + clip(step)
    return text


def _line(path: tuple[str | int, ...], lines: Mapping[tuple[str | int, ...], int]) -> int | None:
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None
