"""A search without optuna: few points need none, and many say what is to be installed."""

from __future__ import annotations

import sys

import pytest

from analysis.search import Search, Told
from sim.errors import InputError
from sim.spec.factors import Quantity

FEW = [Quantity("response.few", "integer", 1, 4)]


def test_every_point_is_tried_without_the_extra(monkeypatch: pytest.MonkeyPatch):
    """Where every point is tried nothing is proposed, so nobody has to install what proposes."""
    monkeypatch.setitem(sys.modules, "optuna", None)
    search = Search(FEW, 10, 1)
    assert [point["response.few"] for point in search.ask()] == [1, 2, 3, 4]
    search.tell([Told(float(k)) for k in range(4)])
    assert search.ask() == []


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch):
    """A search that wants optuna ended in a traceback where it is not installed."""
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match=r"firstline\[designs\]"):
        Search([Quantity("response.some", "number", 1, 4)], 10, 1)
