"""The runs that are planned: a list that only grows, a numbered round at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from analysis.store.parts import encoded
from analysis.store.rounds import Asked, CellName, Round
from sim.errors import InputError, Problem
from sim.spec.scenario import Scenario


class Planned(NamedTuple):
    """One run that is planned. ``values`` is what was set on the base, as JSON; ``scenario`` a hash of it all."""

    round: int
    part: int
    world: str
    variant: str
    replication: int
    values: str
    scenario: str


def fingerprint(scenario: Scenario) -> str:
    """Return a hash of a scenario's data."""
    text = json.dumps(scenario.data(), sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


class Plan:
    """All runs that are planned so far."""

    def __init__(self, rows: list[Planned]) -> None:
        self.rows = rows
        self._known: set[Asked] = {(row.world, row.variant, row.replication) for row in rows}
        self._scenario: dict[CellName, str] = {(row.world, row.variant): row.scenario for row in rows}
        self._checked: set[CellName] = set()
        self.next_part = max((row.part for row in rows), default=-1) + 1

    @classmethod
    def read(cls, path: Path) -> Plan:
        """Read what is planned; nothing where there is no such file. Raises InputError where it is damaged."""
        if not path.is_file():
            return cls([])
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(path)
            return cls([Planned(**row) for row in table.to_pylist()])
        except (pa.ArrowException, OSError, TypeError) as error:
            said = f"the folder is damaged: {str(error).splitlines()[0]}"
            raise InputError(str(path.parent), [Problem(path.name, said)]) from None

    def add(self, asked: Round, parts_of: int, source: str) -> bool:
        """Plan what of a round is not planned yet, in parts of so many runs of a cell; tell whether there was any.

        Raises InputError where a cell of that name was planned with another scenario.
        """
        number = max((row.round for row in self.rows), default=-1) + 1
        before = len(self.rows)
        for cell, replications, values in asked.batches:
            name = (cell.world, cell.variant)
            if name not in self._checked:
                mine = fingerprint(cell.scenario)
                if self._scenario.setdefault(name, mine) != mine:
                    said = f"the runs of {cell.variant!r} in {cell.world!r} were made with another scenario"
                    raise InputError(source, [Problem("--out", f"{said}; choose another folder")])
                self._checked.add(name)
            fresh = [k for k in replications if (*name, k) not in self._known]
            for first in range(0, len(fresh), parts_of):
                for k in fresh[first : first + parts_of]:
                    self.rows.append(Planned(number, self.next_part, *name, k, values, self._scenario[name]))
                    self._known.add((*name, k))
                self.next_part += 1
        return len(self.rows) > before

    def parts(self, asked: Round) -> Iterator[tuple[int, CellName, tuple[int, ...]]]:
        """Yield the parts that hold runs of a round: (part, cell, replications)."""
        wanted = {(batch.cell.world, batch.cell.variant): batch.replications for batch in asked.batches}
        parts: dict[int, tuple[CellName, list[int]]] = {}
        for row in self.rows:
            if (row.world, row.variant) in wanted:
                parts.setdefault(row.part, ((row.world, row.variant), []))[1].append(row.replication)
        for part, (cell, replications) in parts.items():
            if any(k in wanted[cell] for k in replications):
                yield part, cell, tuple(replications)

    def encoded(self) -> bytes:
        """Return the plan in Parquet's form."""
        import pyarrow as pa

        columns = list(zip(*self.rows, strict=True))
        arrays = [pa.array(column) for column in columns]
        arrays = [array.dictionary_encode() if str(array.type) == "string" else array for array in arrays]
        return encoded(pa.table(dict(zip(Planned._fields, arrays, strict=True))))
