"""Short names: of factors the last steps of a path that no other has, of mechanisms what stands before the colon."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.figures import Say, word
from sim.spec.factors import Study


def short_names(paths: Iterable[str]) -> dict[str, str]:
    """Return for each path its last two steps, or as many more as tell it from the others."""
    there = list(dict.fromkeys(paths))
    short = {}
    for path in there:
        steps = path.split(".")
        tails = (".".join(steps[-count:]) for count in range(2, len(steps) + 1))
        short[path] = next((tail for tail in tails if _alone(tail, path, there)), path)
    return short


def _alone(tail: str, path: str, paths: Iterable[str]) -> bool:
    return not any(other != path and other.endswith(f".{tail}") for other in paths)


def short_name(name: str, short: dict[str, str]) -> str:
    """Return the short name of an effect, with the choice that it is of."""
    path, equals, choice = name.partition(" = ")
    return f"{short.get(path, path)}{equals}{choice}"


def labels(study: Study) -> dict[str, str]:
    """Return a short name for each factor and group of a design."""
    short = short_names(one.path for one in study.factors)
    return {name: short.get(name, name) for name in (*study.groups, *short)}


def mechanism_name(name: str, say: Say) -> str:
    """Return the name of a mechanism without what it does."""
    return word(say, "mechanism", name).split(say("report.colon"))[0]
