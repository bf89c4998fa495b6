"""Derandomised examples do not depend on which tests ran before: see ``conftest.py``."""

import importlib
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def drawn() -> list[int]:
    """Return the numbers that a derandomised test of whole numbers sees."""
    seen: list[int] = []

    @settings(derandomize=True, database=None, max_examples=300)
    @given(st.integers(0, 10**9))
    def draws(number: int) -> None:
        seen.append(number)

    draws()
    return seen


def test_no_number_comes_from_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A module full of constants changes no draw: in CI a law met too little, and alone on its file it met enough."""
    before = drawn()
    (tmp_path / "full_of_constants.py").write_text(f"NUMBERS = {[*range(10**6, 10**6 + 400)]}\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("full_of_constants")
    try:
        assert drawn() == before
    finally:
        sys.modules.pop("full_of_constants")
