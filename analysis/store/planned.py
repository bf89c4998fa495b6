"""The runs that are planned: a list that only grows, a numbered round at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from analysis.store.parts import encoded, table_of
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
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()


class Plan:
    """All runs that are planned so far."""

    def __init__(self, rows: list[Planned]) -> None:
        self.rows: list[Planned] = []
        self._part: dict[Asked, int] = {}
        """The part of each run."""
        self._runs: dict[int, list[Asked]] = {}
        """The runs of each part."""
        self._scenario: dict[CellName, str] = {}
        self._checked: dict[CellName, Scenario] = {}
        """The scenarios of the last round: procedures that state them anew are checked anew."""
        for row in rows:
            self._append(row)
        self.next_part = max(self._runs, default=-1) + 1
        self.next_round = max((row.round for row in rows), default=-1) + 1

    @classmethod
    def read(cls, path: Path) -> Plan:
        """Read what is planned; nothing where there is no such file. Raises InputError where it is damaged."""
        if not path.is_file():
            return cls([])
        import pyarrow as pa

        try:
            return cls([Planned(**row) for row in table_of(path).to_pylist()])
        except (pa.ArrowException, OSError, TypeError) as error:
            said = f"the folder is damaged: {str(error).splitlines()[0]}; choose another folder"
            raise InputError(str(path.parent), [Problem(path.name, said)]) from None

    def _append(self, row: Planned) -> None:
        run = (row.world, row.variant, row.replication)
        self.rows.append(row)
        self._part[run] = row.part
        self._runs.setdefault(row.part, []).append(run)
        self._scenario[row.world, row.variant] = row.scenario

    def add(self, asked: Round, parts_of: int, source: str) -> bool:
        """Plan what of a round is not planned yet, in parts of so many runs of a cell; tell whether there was any.

        Raises InputError where a cell of that name was planned with another scenario; nothing is planned then.
        """
        hashes = self._hashes(asked, source)
        before = len(self.rows)
        for cell, replications, values in asked.batches:
            name = (cell.world, cell.variant)
            fresh = [k for k in dict.fromkeys(replications) if (*name, k) not in self._part]
            for first in range(0, len(fresh), parts_of):
                for k in fresh[first : first + parts_of]:
                    self._append(Planned(self.next_round, self.next_part, *name, k, values, hashes[name]))
                self.next_part += 1
        grown = len(self.rows) > before
        self.next_round += grown
        return grown

    def _hashes(self, asked: Round, source: str) -> dict[CellName, str]:
        """Return the hash of each cell's scenario; raises InputError where it is not the one that was planned."""
        hashes: dict[CellName, str] = {}
        checked: dict[CellName, Scenario] = {}
        for batch in asked.batches:
            cell = batch.cell
            name = (cell.world, cell.variant)
            there = hashes.get(name, self._scenario.get(name))
            last = checked.get(name, self._checked.get(name))
            checked[name] = cell.scenario
            if there is not None and last is cell.scenario:
                hashes[name] = there
                continue
            mine = fingerprint(cell.scenario)
            if there not in (None, mine):
                said = f"the runs of {cell.variant!r} in {cell.world!r} were made with another scenario"
                raise InputError(source, [Problem("--out", f"{said}; choose another folder")])
            hashes[name] = mine
        self._checked = checked
        return hashes

    def replications(self, world: str, variant: str) -> int:
        """Return how many replications of a cell are planned."""
        return sum((row.world, row.variant) == (world, variant) for row in self.rows)

    def parts(self, asked: Round) -> Iterator[tuple[int, CellName, tuple[int, ...]]]:
        """Yield the parts that hold runs of a round, in their order: (part, cell, all its replications)."""
        for part in sorted({self._part[run] for run in asked.runs()}):
            runs = self._runs[part]
            yield part, runs[0][:2], tuple(run[2] for run in runs)

    def encoded(self) -> bytes:
        """Return the plan in Parquet's form."""
        import pyarrow as pa

        columns = list(zip(*self.rows, strict=True))
        arrays = [pa.array(column) for column in columns]
        arrays = [array.dictionary_encode() if str(array.type) == "string" else array for array in arrays]
        return encoded(pa.table(dict(zip(Planned._fields, arrays, strict=True))))
