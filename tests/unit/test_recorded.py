"""The words of the tables `events` and `assignments` in the data dictionary are those that the code writes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import sim
from firstline.dictionary import dictionary
from firstline.recorded import ASSIGNMENTS, EVENTS
from sim import run
from sim.files import load

CODE = sorted(Path(sim.__file__).parent.rglob("*.py"))


def calls(*names: str) -> Iterator[tuple[ast.Call, str]]:
    """Yield the calls of functions and methods of these names, and the files in which they stand."""
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in names:
                    yield node, path.name


def words(node: ast.AST) -> set[str]:
    return {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def test_every_event_is_in_the_data_dictionary():
    """Whoever reads a log finds what each event is about, and no event is described that nothing writes."""
    told = {word for call, _ in calls("tell", "_tell") if not _joined(call.args[0]) for word in words(call.args[0])}
    assert told - set(EVENTS) == set(), "describe them in firstline/recorded.py"
    written = {word for path in CODE for word in words(ast.parse(path.read_text(encoding="utf-8")))}
    families = ("authority_", "no_authority_")
    assert {event for event in EVENTS if event not in written and not event.startswith(families)} == set()


def _joined(argument: ast.AST) -> bool:
    return isinstance(argument, ast.JoinedStr)


def test_every_assignment_is_in_the_data_dictionary():
    """The same of what people do: tasks that are sent to a unit, and kinds of work."""
    sent = {word for call, _ in calls("send") if len(call.args) > 3 for word in words(call.args[2])}
    assert sent - set(ASSIGNMENTS) == set(), "describe them in firstline/recorded.py"
    written = {word for path in CODE for word in words(ast.parse(path.read_text(encoding="utf-8")))}
    doors = ("recall.", "fetch.")  # made of their names
    assert {word for word in ASSIGNMENTS if word not in written and word not in doors} == set()


def test_what_a_run_leaves_is_in_the_data_dictionary():
    """No run writes an event or a task that nobody can look up; other words are posts by their name."""
    result = run(load("estate-people"))
    assert set(result.frame("events")["event"]) <= set(EVENTS)
    posts = {"visit", "desk"}
    families = tuple(word for word in ASSIGNMENTS if word.endswith("."))
    done = set(result.frame("assignments")["assignment"]) - set(ASSIGNMENTS) - posts
    assert {word for word in done if not word.startswith(families)} == set()


def test_the_data_dictionary_lists_them():
    """The page that is printed has a row for each, and the kinds of payments as the code has them."""
    page = dictionary()
    assert all(f"| {event} |" in page for event in EVENTS)
    assert "opening, grant, wages, goods, preparation, sent, refund" in page
    assert "at home or next door, by courier" in page
