"""Optimal assignment against brute force: who goes where, among the first requests that can all be served at once."""

from __future__ import annotations

from itertools import combinations, permutations
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import run
from sim.response.batches import Batches, _place
from sim.spec.patches import validate

Ways = tuple[tuple[int | None, ...], ...]
"""Metres from each person (inner) to each request (outer); None where somebody cannot go."""


class Case:
    """A desk of nothing but requests in order, each in a line of its own, and people who are idle."""

    def __init__(self, ways: Ways, urgencies: tuple[int, ...]) -> None:
        team = SimpleNamespace(busy=0, places=1 << 60, spec=SimpleNamespace(caseload=None))
        count = len(ways[0])
        crews = [SimpleNamespace(idle=[], team=team) for _ in range(count)]
        people = [
            SimpleNamespace(number=k, freed=k, place=k, crew=crew, team=team, cases=0) for k, crew in enumerate(crews)
        ]
        for crew, person in zip(crews, people, strict=True):
            crew.idle.append(person)
        self.lines = {
            need: SimpleNamespace(
                crews=[crews[k] for k, way in enumerate(row) if way is not None], is_case=False, value=value,
                waiting=[need],
            )
            for need, (row, value) in enumerate(zip(ways, urgencies, strict=True))
        }  # fmt: skip
        self.sent: dict[int, int] = {}
        self.desk: Any = SimpleNamespace(
            halted=False,
            crews=crews,
            lines=SimpleNamespace(
                all=self.lines,
                of=self.lines,
                asked=lambda need: 0.0,
                stands=lambda need, line, now: need not in self.sent,
            ),
            clock=SimpleNamespace(now=1.0),
            granted=lambda _need, _who: True,
            office=None,
            book=SimpleNamespace(building=list(range(len(ways)))),
            model=SimpleNamespace(
                plan=SimpleNamespace(metres=lambda person, need: ways[need][person]),
                visits=SimpleNamespace(begin=lambda need, person, office: self.sent.update({need: person.number})),
            ),
        )
        Batches(self.desk)._assign(None)


def total(ways: Ways, sent: dict[int, int]) -> int:
    return sum(ways[need][person] or 0 for need, person in sent.items())


def assignments(ways: Ways, needs: tuple[int, ...]) -> list[dict[int, int]]:
    """Return every way to serve all these requests at once."""
    return [
        dict(zip(needs, people, strict=True))
        for people in permutations(range(len(ways[0])), len(needs))
        if all(ways[need][person] is not None for need, person in zip(needs, people, strict=True))
    ]


def first(ways: Ways, order: list[int]) -> tuple[int, ...]:
    """Return the requests to serve: of all sets that can be served at once the first in the order of triage."""
    sets = [
        some
        for count in range(len(ways[0]) + 1)
        for some in combinations(range(len(order)), count)
        if assignments(ways, tuple(order[k] for k in some))
    ]
    most = max(len(some) for some in sets)
    return tuple(order[k] for k in min(some for some in sets if len(some) == most))


cells = st.one_of(st.none(), st.integers(0, 9), st.integers(0, 900))


@st.composite
def batches(draw: st.DrawFn) -> tuple[Ways, tuple[int, ...]]:
    """Draw up to five requests and four people who are idle."""
    needs, people = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    ways = tuple(tuple(draw(cells) for _ in range(people)) for _ in range(needs))
    return ways, tuple(draw(st.integers(1, 3)) for _ in range(needs))


@settings(derandomize=True, deadline=None, max_examples=300, database=None)
@given(batches())
def test_the_first_requests_are_served_with_the_least_way_in_all(case: tuple[Ways, tuple[int, ...]]):
    """As many as can be, the first in the order of triage, and no other assignment of these has less way."""
    ways, urgencies = case
    sent = Case(ways, urgencies).sent
    order = sorted(range(len(ways)), key=lambda need: (urgencies[need], need))
    wanted = first(ways, order)
    assert set(sent) == set(wanted)
    assert len(set(sent.values())) == len(sent)
    assert all(ways[need][person] is not None for need, person in sent.items())
    assert total(ways, sent) == min(total(ways, other) for other in assignments(ways, wanted))


@settings(derandomize=True, deadline=None, max_examples=200, database=None)
@given(st.lists(st.lists(st.integers(0, 900), min_size=3, max_size=3), min_size=1, max_size=3))
def test_nobody_who_is_nearest_does_better_for_the_same_batch(rows: list[list[int]]):
    """One after the other, whoever is nearest goes: for the same requests that is never less way in all."""
    ways: Ways = tuple(tuple(row) for row in rows)
    free, nearest = set(range(3)), {}
    for need, row in enumerate(rows):
        nearest[need] = min(free, key=lambda person: (row[person], person))
        free.discard(nearest[need])
    assert total(ways, Case(ways, (1,) * len(ways)).sent) <= total(ways, nearest)


def test_the_textbook_case_in_which_who_is_nearest_goes_too_far():
    """Both are near the first request, one of them near the second: who is nearest to the first leaves it too far."""
    ways: Ways = ((1, 2), (1, 100))
    assert Case(ways, (1, 1)).sent == {0: 1, 1: 0}


def test_urgency_comes_before_the_way():
    """One person, two requests: the urgent one is served, however far it is."""
    assert Case(((1,), (900,)), (3, 1)).sent == {1: 0}


def test_who_is_the_only_one_for_a_request_is_kept_for_it():
    """The first request can be served by both, the second by one of them: both are served, the ways do not matter."""
    assert Case(((1, 900), (5, None)), (1, 2)).sent == {0: 1, 1: 0}


def test_a_request_that_nobody_can_serve_keeps_nobody():
    assert Case(((None, None), (7, 5)), (1, 2)).sent == {1: 1}


def test_nobody_is_sent_where_nobody_waits():
    """A batch whose requests have left meanwhile sends nobody."""
    case = Case(((None,),), (1,))
    assert case.sent == {}


def test_a_path_that_moves_others_is_found():
    """Kuhn: the third request can be served if the first two move on."""
    able, given_ = [[0, 1], [1, 2], [0]], {}
    assert all(_place(row, able, given_, set()) for row in range(3))
    assert sorted(given_.values()) == [0, 1, 2]
    assert not _place(3, [*able, [0, 1]], given_, set())


@pytest.mark.parametrize("batch", ["5 min", "10 min", "1 h"])
def test_dispatch_is_at_multiples_of_the_batch(batch: str):
    """Requests and people both wait for the next turn: every dispatch is at one, in a run too."""
    data = {
        "name": "micro", "horizon": "24 h", "follow_up": "0 h",
        "world": {
            "community": {"residents": 100, "households": 40, "buildings": 8},
            "needs": {"talk": {"per_hour": 6, "urgency": 2, "service": {"dist": "exponential", "mean": "30 min"}}},
        },
        "response": {
            "travel": {}, "desks": {"desk": {"match": "optimal", "batch": batch}},
            "organisation": {"units": {"crew": {"function": "logistics", "members": "volunteer", "count": 5}}},
        },
    }  # fmt: skip
    at = run(validate(data, "micro")).columns("visits")["dispatched_h"]
    length_h = {"5 min": 5 / 60, "10 min": 1 / 6, "1 h": 1.0}[batch]
    turns = at / length_h
    assert at.size > 50
    assert abs(turns - turns.round()).max() < 1e-6
