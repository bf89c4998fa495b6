"""The directions of the house, read from the imports: firstline → analysis → sim, and upwards only inside sim."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = ["firstline", "analysis", "sim"]
ROOMS = [  # from the ground up; a room stands above all that it imports
    {"errors", "units", "clock", "chance"},
    {"registry", "policies", "records"},
    {"spec"},
    {"files", "kinds", "experiment_files", "design_files", "backtest_files", "optimise_files", "calibrate_files"},
    {"world"},
    {"response"},
    {"accounts", "plan_accounts", "people_accounts", "epidemic_accounts", "laws"},
    {"model"},
    {"runs"},
]
HEAVY = {"mesa", "scipy", "pyarrow", "pandas", "matplotlib", "duckdb", "loky"}


def modules() -> list[Path]:
    return [path for package in ORDER for path in sorted((ROOT / package).rglob("*.py"))]


def imports(path: Path, *, typing: bool) -> list[str]:
    """Return what a module imports; with ``typing`` also what only type checkers see."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            hidden |= set(ast.walk(node))
    found = []
    for node in ast.walk(tree):
        if node in hidden and not typing:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.append(node.module)
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_points_back(path: Path):
    """A package imports only what stands below it: the face on the analysis, the analysis on the simulator."""
    package = path.relative_to(ROOT).parts[0]
    above = set(ORDER[: ORDER.index(package)])
    assert not {name for name in imports(path, typing=True) if name.split(".")[0] in above}


@pytest.mark.parametrize("path", sorted((ROOT / "sim").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_rooms_stand_on_lower_rooms(path: Path):
    """Inside sim a room imports only rooms below it or itself; types alone may look up."""
    parts = path.relative_to(ROOT / "sim").with_suffix("").parts
    if parts == ("__init__",):
        return
    floor = next(k for k, rooms in enumerate(ROOMS) if parts[0] in rooms)
    for name in imports(path, typing=False):
        steps = name.split(".")
        if steps[0] == "sim" and len(steps) > 1:
            other = next(k for k, rooms in enumerate(ROOMS) if steps[1] in rooms)
            assert other < floor or steps[1] == parts[0] or (other == floor and steps[1] in ROOMS[floor]), name


def test_analysis_starts_runs_only_through_sim_run():
    """Analysis reads data: it may know the run, the records, the specification, and the one source of chance."""
    allowed = {"runs", "records", "spec", "errors", "registry", "units", "chance"}
    for path in (ROOT / "analysis").rglob("*.py"):
        for name in imports(path, typing=True):
            steps = name.split(".")
            if steps[0] == "sim" and len(steps) > 1:
                assert steps[1] in allowed, f"{path.name} imports {name}"


def test_only_files_reads_yaml():
    """One strict reader: YAML read elsewhere would not be strict."""
    readers = [path.name for path in modules() if "yaml" in imports(path, typing=True)]
    assert readers == ["files.py"]


def test_only_chance_is_random():
    """A generator anywhere else would draw by the order of calls."""
    for path in modules():
        names = imports(path, typing=True)
        assert "random" not in names
        assert path.name == "chance.py" or "default_rng" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize("statement", ["import sim", "import analysis", "import sim; sim.load('tutorial')"])
def test_a_light_import(statement: str):
    """Naming the packages and reading a scenario import nothing heavy, so that small commands answer at once."""
    assert not _loaded(["-c", f"{statement}\nimport sys; print(*sys.modules)"]) & HEAVY


def test_list_is_light():
    """``firstline list`` imports neither Mesa, SciPy nor Arrow: it answers while the user still looks."""
    code = (
        "import sys\nsys.argv = ['firstline', 'list']\nfrom firstline.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\nprint(*sys.modules)"
    )
    assert not _loaded(["-c", code]) & HEAVY


def _loaded(arguments: list[str]) -> set[str]:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_files_are_one_idea():
    """A file of more than 360 lines is more than one idea; most stay near 150."""
    for path in modules():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 360, path
