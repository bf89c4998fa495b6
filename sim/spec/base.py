"""The ground of the specification: the frozen model, the frozen map, and the scalar types with their messages.

Every scalar arrives as text from a file (or as a number from Python) and is converted here, strictly: no "no" that
becomes False, no "20:30" that becomes 1230. What a field means is said in the models built on this.
"""

from __future__ import annotations

import re
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from sim.units import duration_text, found, parse_duration, parse_number

V = TypeVar("V")

MOST_NAMES = 10_000
LONGEST_H = 3 * 365 * 24.0
"""The longest horizon with follow-up."""
DURATION_PATTERN = r"^\s*(\d+(\.\d+)?(e-?\d+)?\s*(s|min|h|d|w)\s*)+$"


class Spec(BaseModel):
    """Base of every model of the specification: frozen, closed to unknown keys, with its own map type."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class FrozenMap(Mapping[str, V], Generic[V]):
    """An immutable, picklable map from names to values, in the order of the file."""

    __slots__ = ("_items",)
    _items: dict[str, V]
    _keys = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]{0,62}")
    _keys_wanted = "a name of letters, digits, underscores and hyphens"

    def __init__(self, items: Mapping[str, V] | None = None) -> None:
        object.__setattr__(self, "_items", dict(items or {}))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a FrozenMap cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a FrozenMap cannot be changed")

    def __getitem__(self, key: str) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def keys(self) -> KeysView[str]:
        """Return the names; this and the two below are a dict's own views, which are read in a tenth of the time."""
        return self._items.keys()

    def values(self) -> ValuesView[V]:
        """Return the values."""
        return self._items.values()

    def items(self) -> ItemsView[str, V]:
        """Return the names with their values."""
        return self._items.items()

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._items!r})"

    def __reduce__(self) -> tuple[type[FrozenMap[V]], tuple[dict[str, V]]]:
        return type(self), (dict(self._items),)

    @classmethod
    def _key(cls, key: object) -> str:
        if not isinstance(key, str) or not cls._keys.fullmatch(key):
            raise refuse(f"{cls._keys_wanted} is wanted as a key; found {found(key)}")
        return key

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        value = handler(get_args(source)[0]) if get_args(source) else core_schema.any_schema()
        keys = core_schema.no_info_before_validator_function(cls._key, core_schema.str_schema())
        inner = core_schema.dict_schema(keys, value, max_length=MOST_NAMES)
        return core_schema.no_info_before_validator_function(
            _plain_map,
            core_schema.no_info_after_validator_function(
                cls,
                inner,
                serialization=core_schema.wrap_serializer_function_ser_schema(
                    lambda given, serialise: serialise(_plain_map(given)), schema=inner
                ),
            ),
        )


def _plain_map(given: Any) -> Any:
    return dict(given.items()) if isinstance(given, FrozenMap) else given


class PathMap(FrozenMap[V], Generic[V]):
    """A frozen map whose keys are dotted paths into a scenario."""

    __slots__ = ()
    _keys = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]*(\.[A-Za-z0-9_+-]+)*")
    _keys_wanted = "a dotted path such as 'organisation.units.runners.count'"


def freeze(value: Any) -> Any:
    """Return plain data (maps, lists, scalars) as frozen maps and tuples."""
    if isinstance(value, Mapping):
        return PathMap({key: freeze(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return tuple(freeze(item) for item in value)
    return value


def thaw(value: Any) -> Any:
    """Return frozen maps and tuples as plain dicts and lists."""
    if isinstance(value, Mapping):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [thaw(item) for item in value]
    return value


def _checked(function: Callable[[object], Any]) -> BeforeValidator:
    """Turn a ValueError of a converter into the message of the field, without pydantic's own words around it."""

    def convert(value: object) -> Any:
        try:
            return function(value)
        except ValueError as error:
            raise PydanticCustomError("firstline", "{text}", {"text": str(error)}) from None

    return BeforeValidator(convert)


def refuse(text: str) -> PydanticCustomError:
    """Return the error that a validator raises with a message of its own."""
    return PydanticCustomError("firstline", "{text}", {"text": text})


def between(low: float, high: float, what: str) -> AfterValidator:
    """Accept a number in [low, high]; ``what`` names what is wanted."""

    def check(value: float) -> float:
        if not low <= value <= high:
            raise refuse(f"{what} is wanted; found {value:g}")
        return value

    return AfterValidator(check)


def non_empty(what: str) -> AfterValidator:
    """Accept a list with at least one entry; ``what`` names an entry."""

    def check(value: tuple[Any, ...]) -> tuple[Any, ...]:
        if not value:
            raise refuse(f"at least one {what} is wanted; found an empty list")
        return value

    return AfterValidator(check)


def local_time(text: str) -> str:
    """Accept a date and time without a time zone; a scenario's times are those of the place."""
    try:
        zone = datetime.fromisoformat(text).tzinfo
    except ValueError:
        raise refuse(f"a date and time such as '2022-03-28 08:00' is wanted; found {found(text)}") from None
    if zone is not None:
        raise refuse(f"a local date and time without a time zone is wanted; found {found(text)}")
    return text


def _integer(value: object) -> int:
    number = parse_number(value)
    if number != int(number):
        raise ValueError(f"a whole number is wanted; found {value!r}")
    return int(number)


def _yes_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise ValueError(f"true or false is wanted; found {found(value)}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"text is wanted; found {found(value)}")
    if len(value) > 4000:
        raise ValueError(f"at most 4000 characters are wanted; found {len(value)}")
    if not value.isprintable() and any(0xD800 <= ord(letter) <= 0xDFFF for letter in value):
        raise ValueError("text in Unicode is wanted; found half a character (a lone surrogate)")
    return value


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")


def _name(value: object) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError(
            f"a name that starts with a letter, of letters, digits, _ and -, is wanted; found {found(value)}"
        )
    return value


def _scenario_name(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,62}", value):
        raise ValueError(f"a name of letters, digits and hyphens is wanted; found {found(value)}")
    return value


_duration_schema = WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["40 min", "4 h", "2 d"]})

Hours = Annotated[float, _checked(parse_duration), PlainSerializer(duration_text, return_type=str), _duration_schema]
"""A duration with its unit, held in hours."""


def _signed(value: object) -> float:
    if isinstance(value, str) and value.strip().startswith("-"):
        return -parse_duration(value.strip()[1:])
    return parse_duration(value)


SignedHours = Annotated[
    float,
    _checked(_signed),
    PlainSerializer(lambda hours: f"{'-' if hours < 0 else ''}{duration_text(abs(hours))}", return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": DURATION_PATTERN.replace("^", "^-?"), "examples": ["-3 min", "5 min"]}
    ),
]
"""A duration that may lie before: "-3 min"."""
PositiveHours = Annotated[Hours, between(1e-9, 1e9, "a duration above zero"), _duration_schema]
Interval = Annotated[Hours, between(1 / 60, 1e9, "an interval of at least a minute")]
"""How often something is done: less than a minute apart would be all that a run does."""
Number = Annotated[float, _checked(parse_number)]
NonNegative = Annotated[Number, between(0, 1e12, "a number of at least 0")]
Positive = Annotated[Number, between(1e-12, 1e12, "a number above 0")]
Share = Annotated[Number, between(0, 1, "a share between 0 and 1")]
Integer = Annotated[int, _checked(_integer)]
Count = Annotated[Integer, between(0, 1_000_000_000, "a whole number of at least 0")]
Urgency = Annotated[Integer, between(1, 4, "an urgency from 1 (most) to 4")]
YesNo = Annotated[bool, _checked(_yes_no)]
Text = Annotated[str, _checked(_text)]
Name = Annotated[str, _checked(_name)]
Plain = Annotated[Any, AfterValidator(freeze), PlainSerializer(thaw)]
"""Data of any shape, held frozen."""
ScenarioName = Annotated[str, _checked(_scenario_name)]
