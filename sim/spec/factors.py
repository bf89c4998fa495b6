"""The factors of a design on its base: of which kind each is, its ends, and its quantile function.

A quantile maps [0, 1] to the values of a factor, all equally likely: it is how a design on the unit cube becomes
scenarios. Values are rounded to six digits, so that they read well and are equal on every machine.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from sim.errors import InputError, Problem, nearest
from sim.spec.base import thaw
from sim.spec.crossed import Cell
from sim.spec.design import Design, Factor, amount_of, groups_of, is_duration, matches
from sim.spec.experiment import Lines, line_of, place_of
from sim.spec.scenario import Scenario
from sim.units import found

Kind = Literal["integer", "real", "duration", "choice"]


@dataclass(frozen=True)
class Quantity:
    """A factor on a base; ``low`` and ``high`` are numbers (hours for a duration), ``choices`` plain data."""

    path: str
    kind: Kind
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    choices: tuple[Any, ...] = ()

    @property
    def size(self) -> int | None:
        """How many values it may take; None for a continuous one."""
        if self.kind == "choice":
            return len(self.choices)
        return int(self.high - self.low) + 1 if self.kind == "integer" else None

    def at(self, share: float) -> Any:
        """Return the value at a share of the range, as it is set in a scenario."""
        if self.kind == "choice":
            return thaw(self.choices[_bin(share, len(self.choices))])
        if self.kind == "integer":
            if not self.log:
                return int(self.low) + _bin(share, int(self.high - self.low) + 1)
            return min(int(self.low * _power((self.high + 1) / self.low, share) + 1e-9), int(self.high))
        if share <= 0 or share >= 1:
            value = self.low if share <= 0 else self.high  # the ends are as they are stated
        else:
            way = (
                self.low * _power(self.high / self.low, share)
                if self.log
                else self.low + share * (self.high - self.low)
            )
            value = min(max(float(f"{way:.6g}"), self.low), self.high)
        return f"{'-' if value < 0 else ''}{abs(value)!r} h" if self.kind == "duration" else value

    def levels(self, count: int) -> list[Any]:
        """Return so many values from end to end, or all that there are if they are fewer."""
        if self.size is not None and (self.size <= count or self.kind == "choice"):
            return [self.at((k + 0.5) / self.size) for k in range(self.size)] if not self.log else self._all()
        steps = [self.at(k / (count - 1)) for k in range(count)]
        if self.kind != "integer" or self.log:
            return list(dict.fromkeys(steps))
        return [round(self.low + k / (count - 1) * (self.high - self.low)) for k in range(count)]

    def _all(self) -> list[Any]:
        return list(range(int(self.low), int(self.high) + 1))

    def rank(self, value: Any) -> float:
        """Return a value as a number: itself, its hours, or its place among the choices."""
        if self.kind == "choice":
            return float(next(k for k, choice in enumerate(self.choices) if thaw(choice) == value))
        return amount_of(value) if self.kind == "duration" else float(value)

    def say(self, value: Any) -> str:
        """Write a value in a word or number."""
        if self.kind == "choice" and not isinstance(value, str):
            return json.dumps(value, ensure_ascii=False)
        return str(value)


def _bin(share: float, count: int) -> int:
    return min(int(share * count + 1e-9), count - 1)


def _power(base: float, share: float) -> float:
    return math.exp(share * math.log(base))


@dataclass(frozen=True)
class Study:
    """A design with its base and its factors; ``source`` is the file it was read from."""

    design: Design
    base: Scenario
    factors: tuple[Quantity, ...]
    groups: Mapping[str, tuple[str, ...]]
    source: str

    def of(self, groups: Iterator[str] | tuple[str, ...]) -> Study:
        """Return the study of some groups alone; the other factors stay as they are in the base."""
        kept = {name: self.groups[name] for name in groups}
        paths = {path for members in kept.values() for path in members}
        return replace(self, groups=kept, factors=tuple(one for one in self.factors if one.path in paths))

    def cell(self, world: str, variant: str, values: Mapping[str, Any]) -> Cell:
        """Return the scenario at a point; raises InputError where the values do not go together."""
        return Cell(world, variant, self.base.with_values(values, f"{self.source}, {variant}"))


def study(design: Design, base: Scenario, source: str, lines: Lines) -> Study:
    """Return a design with its factors on its base; raises InputError with every problem found."""
    given: dict[str, tuple[Factor, tuple[str | int, ...]]] = {
        path: (factor, ("factors", path)) for path, factor in design.factors.items()
    }
    for path, factor, place in _from_evidence(design.from_evidence, ("from_evidence",), base, source, lines):
        given.setdefault(path, (factor, place))
    quantities = on_base(given, base, source, lines)
    groups = groups_of(design, given, source, lines)
    order = [path for members in groups.values() for path in members]
    quantities.sort(key=lambda one: order.index(one.path))
    return Study(design, base, tuple(quantities), groups, source)


def on_base(
    given: Mapping[str, tuple[Factor, tuple[str | int, ...]]], base: Scenario, source: str, lines: Lines
) -> list[Quantity]:
    """Return factors on a base; each comes with its place in the file. Raises InputError with every problem found.

    Each end and each choice must leave a scenario that can run, with all else as in the base.
    """
    quantities: list[Quantity] = []
    problems: list[Problem] = []
    for path, (factor, place) in given.items():
        try:
            quantities.append(_quantity(path, factor, base))
        except InputError as error:
            problems.append(Problem(place_of(place), error.problems[0].message, line_of(place, lines)))
    problems += _nested(list(given), lines)
    if problems:
        raise InputError(source, sorted(problems, key=lambda problem: problem.line or 0))
    return quantities


def _nested(paths: list[str], lines: Lines) -> Iterator[Problem]:
    """Find factors that would overwrite each other: one path within another."""
    for path in paths:
        for other in paths:
            if path != other and path.startswith(f"{other}."):
                place = ("factors", path)
                said = f"this is a part of another factor, {other}; one of the two is wanted"
                yield Problem(place_of(place), said, line_of(place, lines))


def ranges(base: Scenario, wanted: bool | tuple[str, ...], source: str, place: tuple[str, ...]) -> list[Quantity]:
    """Return the figures of a base that state a range under ``evidence``, all of them or those of some paths.

    ``place`` is where they are asked for; raises InputError for one that is none.
    """
    return [_quantity(path, factor, base) for path, factor, _ in _from_evidence(wanted, place, base, source, {})]


def _from_evidence(
    asked: bool | tuple[str, ...], at: tuple[str, ...], base: Scenario, source: str, lines: Lines
) -> Iterator[tuple[str, Factor, tuple[str | int, ...]]]:
    """Yield the figures of the base that state a range and are wanted: (path, factor, place)."""
    if asked is False:
        return
    ranges = {path: entry for path, entry in base.evidence.items() if entry.low is not None and entry.high is not None}
    wanted = ["*"] if asked is True else list(asked)
    for index, pattern in enumerate(wanted):
        place: tuple[str | int, ...] = at if pattern == "*" else (*at, index)
        hit = [path for path in ranges if pattern == "*" or matches(path, pattern)]
        if not hit:
            known = [path for path in base.evidence if matches(path, pattern)]
            lacks = f"the evidence of {known[0]} states no low and high" if known else ""
            if pattern == "*":
                lacks = (
                    "the base states no figure with a range (low and high) under 'evidence': there is nothing to draw"
                )
            said = lacks or f"no figure of the base with a range is called {pattern!r}{nearest(pattern, ranges)}"
            raise InputError(source, [Problem(place_of(place), said, line_of(place, lines))])
        for path in hit:
            try:
                yield path, Factor(low=ranges[path].low, high=ranges[path].high), place
            except ValueError:
                if pattern == "*":  # such as hours of a shift: nothing lies between its ends
                    continue
                said = f"the evidence of {path} is no range: {ranges[path].low!r} to {ranges[path].high!r}"
                raise InputError(source, [Problem(place_of(place), said, line_of(place, lines))]) from None


def _quantity(path: str, factor: Factor, base: Scenario) -> Quantity:
    """Return a factor on its base, its ends tried; raises InputError with one problem."""
    if factor.of is not None:
        for choice in factor.of:
            _set(base, path, thaw(choice))
        return Quantity(path, "choice", choices=factor.of)
    assert factor.low is not None
    assert factor.high is not None
    after = _set(base, path, factor.low)
    _set(base, path, factor.high)
    kind = _kind(look(after.model_dump(mode="json", by_alias=True), path), factor.low)
    if kind == "duration" and not is_duration(factor.low):
        raise InputError("", [Problem("", f"a range of durations is wanted; found {found(factor.low)}")])
    if kind is None:
        raise InputError("", [Problem("", "a list 'of' choices is wanted: this key holds no number and no duration")])
    return Quantity(path, kind, amount_of(factor.low), amount_of(factor.high), factor.scale == "log")


def _kind(value: Any, text: str) -> Kind | None:
    """Return the kind of a factor by what its key holds after an end was set."""
    if isinstance(value, (bool, list)):
        return None
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "real"
    return "duration" if is_duration(text) else "real"


def look(data: Any, path: str) -> Any:
    """Return what stands at a dotted path of a scenario's data; None where nothing does."""
    here: Any = data
    for step in path.split("."):
        here = here.get(step) if isinstance(here, Mapping) else None
    return here


def _set(base: Scenario, path: str, value: Any) -> Scenario:
    """Return the base with one value; raises InputError with the first problem, told from the factor's place."""
    if path.split(".", maxsplit=1)[0] not in ("world", "response", "horizon", "follow_up", "warm_up"):
        said = f"a path into the base is wanted, that begins with world or response; found {path!r}"
        raise InputError(path, [Problem("", said)])
    try:
        return base.with_values({path: value}, path)
    except InputError as error:
        first = error.problems[0]
        where = f"{first.place}: " if first.place not in ("", path) else ""
        shown = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
        raise InputError(path, [Problem("", f"at {shown}: {where}{first.message}")]) from None
