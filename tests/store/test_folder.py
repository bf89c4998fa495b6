"""What lies in a folder and how it is read; how runs are planned; what a procedure is given."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from analysis.outcomes import measure_of
from analysis.store.carry_out import Progress, carry_out
from analysis.store.folder import Folder
from analysis.store.jobs import FOLDER_TABLES, KEPT
from analysis.store.parts import put
from analysis.store.planned import Plan
from analysis.store.rounds import Batch, Collected, Round, once
from analysis.store.workers import InProcess, Workers
from sim.errors import InputError
from sim.records.schema import TABLES
from sim.spec.crossed import Cell
from tests.store.common import KEY, about, carried, cells, is_clean

TWO, THREE = cells()
OTHER = cells(2, **{"world.needs.medicine.per_1000_day": 500})[0]


@pytest.mark.parametrize("detail", ["kpi", "needs", "full"])
def test_each_level_keeps_its_tables(detail: Any, tmp_path: Path):
    """Outcomes and runs always; needs and visits with ``needs``; every table of a run with ``full``, row for row."""
    folder = carried(tmp_path, [TWO], 2, detail=detail)
    assert {path.name for path in (tmp_path / "tables").iterdir()} == {"outcomes", "runs", *KEPT[detail]}
    assert set(KEPT["full"]) == set(TABLES) - {"runs"}
    result = sim.run(TWO.scenario, 3, 1)
    for name in KEPT[detail]:
        kept = folder.table(name)
        kept = kept[kept["replication"] == 1].drop(columns=["world", "variant", "replication"])
        assert len(kept) == result.table(name).num_rows
        assert list(kept.columns) == result.table(name).column_names
    assert (folder.table("runs")["digest"][1], folder.replications()) == (result.digest(), 2)


def test_detail_changes_no_outcome(tmp_path: Path):
    """What is kept beside the outcomes changes neither them nor the digest."""
    folders = [carried(tmp_path / detail, [TWO], 6, detail=detail) for detail in ("kpi", "full")]
    assert folders[0].digest() == folders[1].digest()
    assert list(map(repr, folders[0].outcomes())) == list(map(repr, folders[1].outcomes()))
    assert [len(folder.made()) for folder in folders] == [2, 6]


def test_outcomes_come_back_as_they_were(tmp_path: Path):
    """Reading gives what the runs gave, floats bit for bit, and nothing where a run has no value."""
    folder = carried(tmp_path, [TWO], 3)
    measured = [row for k in range(3) for row in measure_of(TWO.scenario)(sim.run(TWO.scenario, 3, k))]
    told = [repr(row._replace(value=float(row.value), size=float(row.size))) for row in measured]
    assert [repr(row) for row in folder.outcomes()] == told


def test_duckdb_reads_the_tables_in_place(tmp_path: Path):
    """A query over all parts at once, the world and the variant in each row."""
    folder = carried(tmp_path, [TWO, THREE], 7)
    query = (
        f"select variant, avg(value) from '{tmp_path}/tables/outcomes/*.parquet' "
        "where outcome = 'wait_mean_h' and \"by\" = 'all' group by 1 order by 1"
    )
    found = dict(duckdb.sql(query).fetchall())
    table = folder.table("outcomes")
    mine = table[(table["outcome"] == "wait_mean_h") & (table["by"] == "all")].groupby("variant")["value"].mean()
    assert found == pytest.approx(mine.to_dict(), rel=1e-12)
    assert set(found) == {"of2", "of3"}


def test_every_field_says_its_unit_and_meaning(tmp_path: Path):
    """Whoever finds the file alone can tell what stands in it."""
    carried(tmp_path, [TWO], 1, detail="full")
    for path in (tmp_path / "tables").iterdir():
        schema = pq.read_schema(next(path.iterdir()))
        for field in schema:
            assert set(field.metadata or {}) >= {b"unit", b"meaning"}, (path.name, field.name)
            assert field.metadata[b"meaning"], (path.name, field.name)
    for name, columns in FOLDER_TABLES.items():
        assert pq.read_schema(tmp_path / "tables" / name / "part-000000.parquet").names == [c.name for c in columns]


def test_the_manifest_is_that_of_the_runs(tmp_path: Path):
    """Seed, versions and machine stand beside what was asked for, as JSON that can be read by anything."""
    carried(tmp_path, [TWO], 1, subject={"what": ("a", "b")})
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["subject"] == {"what": ["a", "b"]}
    assert {"seed", "created", "python", "libraries", "canary", "firstline"} <= set(manifest)
    before = (tmp_path / "manifest.json").read_bytes()
    carried(tmp_path, [TWO], 2, subject={"what": ("a", "b")})
    assert (tmp_path / "manifest.json").read_bytes() == before


@pytest.mark.parametrize("nested", [False, True])
def test_fewer_replications_than_there_are_are_refused(tmp_path: Path, *, nested: bool):
    """A page about four of the eight replications of a folder would tell another story than its tables."""

    def subject(replications: int, **more: Any) -> dict[str, Any]:
        return {"study": {"replications": replications} | more} if nested else {"replications": replications} | more

    carried(tmp_path, [TWO, THREE], 4, subject=subject(4))
    before = (tmp_path / "manifest.json").read_bytes()
    with pytest.raises(InputError, match=r"holds 4 replications; at least so many are wanted, or another .*found 2"):
        carried(tmp_path, [TWO, THREE], 2, subject=subject(2))
    assert (tmp_path / "manifest.json").read_bytes() == before
    assert carried(tmp_path, [TWO, THREE], 5, subject=subject(5)).replications() == 10
    carried(tmp_path, [TWO], 3, subject=subject(3, another="question"))  # not the same, but for their number


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"plugins": None}, "about.plugins: wanted, but it is not there"),
        ({"plugins": []}, "about.plugins: a map is wanted; found a list"),
        ({"subject": None}, "about.subject: wanted, but it is not there"),
        ({"seed": "1"}, "about.seed: a whole number is wanted; found '1'"),
        ({"detail": "all"}, "about.detail: one of kpi, needs, full is wanted; found 'all'"),
    ],
)
def test_what_a_folder_is_about_is_checked(tmp_path: Path, change: dict[str, Any], says: str):
    """Whoever makes a folder from Python says all that it is about, or it could not be opened again."""
    wrong = {key: value for key, value in (about() | change).items() if value is not None}
    with pytest.raises(InputError, match=re.escape(says)), Folder.begin(tmp_path / "d", wrong):
        pass
    assert not (tmp_path / "d" / "manifest.json").exists()


def test_a_folder_is_named_by_text_too(tmp_path: Path):
    """Who types a path types text; a folder that is not there says so, with the nearest that is."""
    with Folder.begin(str(tmp_path / "mine"), about()) as folder:
        carry_out(once([TWO], 1), folder, (), Workers(InProcess()))
    assert Folder.open(str(tmp_path / "mine")).replications() == 1
    with pytest.raises(InputError, match="there is no such folder; did you mean 'mine'"):
        Folder.open(str(tmp_path / "mien"))


def test_words_that_no_file_can_hold(tmp_path: Path):
    """A name with bytes of another encoding is kept as well as it can be; it is no reason to stop."""
    folder = carried(tmp_path, [TWO], 1, command=["firstline", "run", "caf\udce9.yaml"])
    assert Folder.open(folder.path).manifest["command"][2] == "caf\udce9.yaml"


def test_a_folder_with_nothing_to_read(tmp_path: Path):
    """A folder of which no run is finished says so, whatever it is asked for."""
    with Folder.begin(tmp_path, about()) as folder:
        folder.ask(Round((Batch(TWO, range(2)),)))
        with pytest.raises(InputError, match="it holds no table 'runs': no run is made"):
            folder.table("runs")
        assert (folder.failed(), list(folder.outcomes()), folder.replications(), folder.seconds()) == ([], [], 0, 0.0)
        with pytest.raises(InputError, match="its runs did not finish: 1 parts are planned, 0 made: give its command"):
            folder.check_whole()


# -- planning ---------------------------------------------------------------------------------------------------------

CELLS = [Cell(world, variant, TWO.scenario) for world in ("calm", "busy") for variant in ("a", "b")]
batches = st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 9))
rounds = st.lists(st.lists(batches, max_size=4), max_size=6)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(rounds, st.sampled_from([1, 5]), st.sets(st.integers(0, 5)))
def test_each_run_is_planned_once_in_parts_of_one_cell(
    tmp_path_factory: pytest.TempPathFactory, asked: list[Any], parts_of: int, interrupted: set[int]
):
    """Whatever is asked for in whatever order, and read again from its file between any two rounds."""
    path = tmp_path_factory.getbasetemp() / "plan.parquet"
    plan, told = Plan([]), Plan([])
    for number, drawn in enumerate(asked):
        one = Round(tuple(Batch(CELLS[cell], range(first, first + more)) for cell, first, more in drawn))
        wanted = one.runs()
        new = wanted - {(row.world, row.variant, row.replication) for row in plan.rows}
        assert plan.add(one, parts_of, "here") == bool(new)
        told.add(one, parts_of, "here")
        parts = list(plan.parts(one))
        covered = [(*cell, k) for _, cell, replications in parts for k in replications]
        assert wanted <= set(covered)
        assert len(covered) == len(set(covered))
        assert all({(*cell, k) for k in replications} & wanted for _, cell, replications in parts)
        assert all(0 < len(replications) <= parts_of for _, _, replications in parts)
        assert not plan.add(one, parts_of, "here")
        if number in interrupted and plan.rows:
            path.write_bytes(plan.encoded())
            plan = Plan.read(path)
    assert plan.rows == told.rows
    runs = Counter((row.world, row.variant, row.replication) for row in plan.rows)
    assert set(runs.values()) <= {1}
    cells_of: dict[int, set[Any]] = {}
    for row in plan.rows:
        cells_of.setdefault(row.part, set()).add((row.world, row.variant, row.round))
    assert all(len(found) == 1 for found in cells_of.values())
    assert sorted(cells_of) == list(range(len(cells_of)))


def test_one_cell_in_two_batches():
    """A round may ask for a cell twice, and for a run twice: it is planned and found once."""
    asked = Round((Batch(TWO, range(3)), Batch(THREE, range(2)), Batch(TWO, range(2, 8))))
    plan = Plan([])
    plan.add(asked, 5, "here")
    assert [parts[1:] for parts in plan.parts(asked)] == [
        (("all", "of2"), (0, 1, 2)), (("all", "of3"), (0, 1)), (("all", "of2"), (3, 4, 5, 6, 7)),
    ]  # fmt: skip


@pytest.mark.parametrize("later", [False, True], ids=["in one round", "in a later round"])
def test_one_name_for_two_scenarios(later: bool):
    """Runs of two scenarios under one name would be averaged: refused, and nothing is planned of that round."""
    plan = Plan([])
    one, other = Batch(TWO, range(2)), Batch(OTHER, range(2, 4))
    if later:
        plan.add(Round((one,)), 5, "here")
    before = list(plan.rows)
    with pytest.raises(InputError, match="the runs of 'of2' in 'all' were made with another scenario"):
        plan.add(Round((one, other)), 5, "here")
    assert plan.rows == before


# -- what a procedure is given ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("there", [0, 4, 12])
def test_a_procedure_sees_only_what_it_asked_for(there: int, tmp_path: Path):
    """Whatever a folder already holds, each round is answered with its own runs, so that it concludes the same."""
    if there:
        carried(tmp_path, [TWO, THREE], there)
    seen: list[tuple[int, list[float]]] = []

    def procedure() -> Any:
        for count in (2, 3, 7):
            collected: Collected = yield Round(tuple(Batch(cell, range(count)) for cell in (TWO, THREE)), f"to {count}")
            assert collected.size == 2 * count
            assert ("all", "of2", count) not in collected
            with pytest.raises(KeyError):
                collected.of(("all", "of2"), KEY, range(count + 1))
            seen.append((count, collected.of(("all", "of3"), KEY, range(count)).tolist()))
        return "concluded"

    told: list[Progress] = []
    with Folder.begin(tmp_path, about()) as folder:
        found = carry_out(procedure(), folder, [KEY], Workers(InProcess()), told.append)
    assert found == "concluded"
    expected = [
        next(row.value for row in measure_of(THREE.scenario)(sim.run(THREE.scenario, 3, k)) if row[1:4] == KEY)
        for k in range(7)
    ]
    assert seen == [(count, expected[:count]) for count in (2, 3, 7)]
    assert [(p.planned, p.done, p.left, p.note) for p in told if p.left == 0][-1] == (14, 14, 0, "to 7")
    assert all(0 <= p.done <= p.planned and p.failed == 0 for p in told)
    assert {p.planned for p in told} == {4, 6, 14}


def test_failures_it_did_not_ask_for_are_none_of_its_business(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A run that failed beyond what is asked for, in a part that is, is neither counted nor handed on."""
    real = sim.run

    def run(scenario: Any, seed: int, replication: int = 0) -> Any:
        if replication == 4:
            raise RuntimeError("a bug")
        return real(scenario, seed, replication)

    monkeypatch.setattr(sim, "run", run)
    carried(tmp_path, [TWO], 5)
    told: list[Progress] = []
    carried(tmp_path, [TWO], 3, watch=told.append)
    assert told == [Progress(3, 3, 0, "")]


def test_fewer_than_were_planned(tmp_path: Path):
    """A part that was planned for more, and not made, is made whole; the procedure is told of what it asked for."""
    with Folder.begin(tmp_path, about()) as folder:
        folder.ask(Round((Batch(TWO, range(5)),)))
        put(folder.part("outcomes", 0), b"")  # killed before its runs were put in place
    sizes: list[int] = []

    def procedure() -> Any:
        collected = yield Round((Batch(TWO, range(3)),))
        sizes.append(collected.size)

    told: list[Progress] = []
    assert carried(tmp_path, procedure(), watch=told.append).replications() == 5
    assert (sizes, told[-1]) == ([3], Progress(3, 3, 0, ""))


def test_what_was_left_aside_is_swept_away(tmp_path: Path):
    """A file that a killed process left aside, of a part that nobody makes again, does not lie there for ever."""
    carried(tmp_path, [TWO], 2)
    (tmp_path / "tables" / "runs" / "part-000007.parquet.aside").write_bytes(b"half")
    carried(tmp_path, [TWO], 2)
    assert is_clean(tmp_path)


def test_an_outcome_that_was_not_collected_is_named():
    """Who carries a procedure out by hand and gives other keys than it needs must not read of a tuple's index."""
    with pytest.raises(ValueError, match=r"unmet_share.* is wanted among the keys that were given"):
        Collected([KEY]).of(("all", "of2"), ("unmet_share", "all", "all"), range(2))
