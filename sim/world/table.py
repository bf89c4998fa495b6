"""Residents from one's own table, Parquet or CSV: ``household`` and ``building`` are wanted, the rest may be there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from pydantic_core import PydanticCustomError

from sim.errors import InputError, Problem, nearest
from sim.spec.community import GROUPS, MOST_RESIDENTS, OLDEST, Community
from sim.spec.scenario import Scenario, check_zones
from sim.units import clip
from sim.world.population import EVERYWHERE, Flags, Floats, Population, frozen

if TYPE_CHECKING:
    import pyarrow as pa

Rows = tuple[int, ...]

OF_RUN = ("world", "variant", "replication")
COLUMNS = {
    **dict.fromkeys(OF_RUN, "as the folder of a run keeps its tables; the residents of one run are wanted"),
    "resident": "any; a name or number of your own, not read",
    "household": "any; the same value for those who live together",
    "building": "any; the same value for households in one building",
    "zone": "text; the zone of the building",
    "age": "years",
    "x_m": "metres east; of the building",
    "y_m": "metres north; of the building",
    "trust": "0 to 1; as an earlier run left it (table residents)",
    "anxiety": "0 to 1; likewise",
    "compliance": "0 to 1; likewise",
    "ties": "neighbours known; likewise",
    "close": "of these, how many have helped, or been helped or introduced; likewise",
    "knows": "rows of the neighbours known, joined by +, the closest first; likewise",
    **dict.fromkeys(GROUPS, "true or false (or 1 or 0); the resident is in this vulnerability group"),
}
"""The columns that a table of residents may have; the first two of household and building must be there."""
FURTHEST_M = 100_000
TRAITS = {"trust": 1.0, "anxiety": 1.0, "compliance": 1.0, "ties": 10_000.0, "close": 10_000.0}
"""Columns about what residents feel and whom they know, with the largest value of each."""


class _Table:
    """A table with its path, so that every refusal names file and column."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.table = _read(path)

    def refuse(self, column: str, message: str) -> InputError:
        return InputError(str(self.path), [Problem(column, message)])

    def __contains__(self, name: str) -> bool:
        return name in self.table.column_names

    def states(self, name: str) -> bool:
        """Tell whether a column is there and not empty: an earlier run need not have modelled it."""
        return name in self and self.table.column(name).null_count < self.table.num_rows

    def values(self, name: str) -> npt.NDArray[Any]:
        column = self.table.column(name)
        if column.null_count:
            raise self.refuse(name, f"a value in every row is wanted; {column.null_count} are missing")
        if "binary" in str(column.type):
            raise self.refuse(name, "text in UTF-8 is wanted")
        return np.asarray(column.to_pylist())

    def numbers(self, name: str, low: float, high: float) -> Floats:
        values = self.values(name)
        if values.dtype.kind not in "iuf" or not ((values >= low) & (values <= high)).all():
            raise self.refuse(name, f"numbers from {low:g} to {high:g} are wanted in every row")
        return values.astype(np.float64)

    def flags(self, name: str) -> Flags:
        values = self.values(name)
        if values.dtype == bool:
            return values
        texts = np.char.lower(values.astype(str))
        if not np.isin(texts, ["0", "1", "true", "false"]).all():
            raise self.refuse(name, "true or false (or 1 or 0) is wanted in every row")
        return np.asarray(np.isin(texts, ["1", "true"]))

    def rows(self, name: str, household: npt.NDArray[np.int64], building: npt.NDArray[np.int64]) -> tuple[Rows, ...]:
        """Return the rows named in each row, joined by +: of neighbours in the building, none where nothing stands."""
        texts = ["" if value is None else str(value) for value in self.table.column(name).to_pylist()]
        wrong = next((text for text in texts if text and not re.fullmatch(r"\d{1,9}(\+\d{1,9})*", text)), None)
        if wrong is not None:
            raise self.refuse(name, f"rows joined by +, such as 3+17, are wanted; found {clip(wrong)!r}")
        found = tuple(tuple(int(row) for row in text.split("+") if row) for text in texts)
        for one, others in enumerate(found):
            for two in others:
                if two >= len(found) or building[two] != building[one] or household[two] == household[one]:
                    raise self.refuse(name, f"rows of neighbours in the building are wanted; found {two} in row {one}")
        return found

    def one_each(self, name: str, of: npt.NDArray[np.int64], values: npt.NDArray[Any], what: str) -> None:
        """Refuse a table in which one building (or household) has two values."""
        pairs = np.unique(np.stack([of, np.unique(values, return_inverse=True)[1].ravel()]), axis=1)
        if pairs.shape[1] > np.unique(of).size:
            raise self.refuse(name, f"one {name} for each {what} is wanted; found a {what} with two")


def residents_of_table(community: Community, path: Path) -> Population:
    """Return the residents of a table; raises InputError naming the file and the column of what is wrong."""
    table = _Table(path)
    _check_columns(table)
    building_of = table.values("building").astype(str)
    first, building = _numbered(building_of)
    building_names = building_of[first]
    _, household = _numbered(table.values("household").astype(str))
    table.one_each("household", household, building, "household")
    zones = table.values("zone").astype(str) if "zone" in table else np.full(building.size, EVERYWHERE)
    zone_names = community.zones or tuple(dict.fromkeys(zones.tolist()))
    strange = sorted(set(zones.tolist()) - set(zone_names))
    if strange:
        raise table.refuse("zone", f"no zone is called {strange[0]!r}{nearest(strange[0], zone_names)}")
    table.one_each("zone", building, zones, "building")
    place = np.arange(building_names.size)
    grid = int(np.ceil(np.sqrt(building_names.size)))
    x_m = table.numbers("x_m", -FURTHEST_M, FURTHEST_M)[first] if "x_m" in table else place % grid * community.spacing_m
    y_m = (
        table.numbers("y_m", -FURTHEST_M, FURTHEST_M)[first] if "y_m" in table else place // grid * community.spacing_m
    )
    return frozen(
        household=household,
        building=building,
        zone=np.array([zone_names.index(name) for name in zones.tolist()]),
        age=table.numbers("age", 0, OLDEST + 30) if table.states("age") else np.full(building.size, np.nan),
        groups={name: table.flags(name) for name in GROUPS if name in table},
        building_names=tuple(building_names.tolist()),
        building_zone=np.array([zone_names.index(name) for name in zones[first].tolist()]),
        building_x_m=x_m,
        building_y_m=y_m,
        zone_names=tuple(zone_names),
        traits={name: table.numbers(name, 0, most) for name, most in TRAITS.items() if table.states(name)},
        knows=table.rows("knows", household, building) if table.states("knows") else None,
    )


def _numbered(values: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Number values in the order in which they first stand, as a run wrote them; returns (first rows, numbers)."""
    _, first, sorted_number = np.unique(values, return_index=True, return_inverse=True)
    order = np.argsort(first)
    number = np.empty(order.size, np.int64)
    number[order] = np.arange(order.size)
    return first[order], number[sorted_number.ravel()]


def _check_columns(table: _Table) -> None:
    names = table.table.column_names
    for name in names:
        if name not in COLUMNS:
            raise table.refuse(name, f"unknown column {name!r}{nearest(name, COLUMNS)}")
        if names.count(name) > 1:
            raise table.refuse(name, "the column stands twice")
        if name in OF_RUN and (runs := len(table.table.column(name).unique())) > 1:
            raise table.refuse(name, f"the residents of one run are wanted; found those of {runs}")
    for name in ("household", "building"):
        if name not in names:
            raise table.refuse(name, f"the column {name!r} is wanted; found {', '.join(names)}")
    rows = table.table.num_rows
    if rows == 0:
        raise table.refuse("", "at least one resident is wanted; the table is empty")
    if rows > MOST_RESIDENTS:
        raise table.refuse("", f"at most {MOST_RESIDENTS:,} residents are wanted; found {rows:,}")


def _read(path: Path) -> pa.Table:
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    try:
        table = pyarrow.csv.read_csv(path) if path.suffix == ".csv" else pyarrow.parquet.read_table(path)
        table.validate(full=True)
    except FileNotFoundError:
        raise InputError(str(path), [Problem("", "there is no such table of residents")]) from None
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(str(path), [Problem("", f"a Parquet or CSV table in UTF-8 is wanted: {reason}")]) from None
    except KeyError as error:
        raise InputError(str(path), [Problem("", f"columns of different names are wanted: {error.args[0]}")]) from None
    return table


def check_table_zones(scenario: Scenario, population: Population) -> None:
    """Refuse a response whose zones the table of residents does not know."""
    try:
        check_zones(scenario.response, population.zone_names)
    except PydanticCustomError as error:
        raise InputError(scenario.name, [Problem("", error.message())]) from None
