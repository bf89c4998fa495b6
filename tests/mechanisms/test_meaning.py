"""Meaning and professional identity: a case seen through to its end relieves, and what happens at work moves identity.

The form of the pairs is that of ``pairs``.
"""

from __future__ import annotations

from typing import Any

import pytest

from sim import Result, run
from sim.spec.patches import merge, validate
from tests.laws.strain_checks import check_strain
from tests.mechanisms.pairs import (
    BUSY,
    Data,
    Null,
    Pair,
    changes_nothing,
    claim_holds,
    happened,
    left_over,
    mechanism_of,
    micro,
    need,
    stays_valid,
    unit,
)

UNSURE = {"loads": {"insecure": 20, "missed_rest": 5}, "identity": 0.9}


def strain_left(result: Result) -> float:
    last = result.frame("strain").groupby("person")["strain"].last()
    return float(last.sum() / len(result.frame("people")))


def casework(moves: Data, *, days: int = 10, **strain: Any) -> Data:
    """Four who open cases of three sessions in the emergency, each of whose long shifts begins with a doubt."""
    spec = {**UNSURE, "rest_half_life": "40 h", **({"identity_moves": moves} if moves else {}), **strain}
    contract = {"ends": "60 d", "notice": "60 d"}
    crew = unit(4, "casework", members="social_worker", skills=["talk"], shift="07:00-21:00", contract=contract)
    case = need(0.3, skill="talk", sessions={"count": 3, "every": "1 d"})
    phases = {"life_cycle": {"timetable": {"emergency": f"{days} d"}}}
    world = {"strain": {"social_worker": spec}} | phases
    return micro({"crew": crew}, {"case": case}, hours=24 * days, tail=0, world=world)


PAIRS: dict[str, Pair] = {
    "identity": Pair(casework({"meaning": 0.3}), strain_left, "lowers"),
    "identity, worn down": Pair(casework({"insecure": -0.3}), strain_left, "raises"),
    "identity, people leave": Pair(
        casework({"insecure": -0.5}, days=20, leaving={"per_year": 0.5, "grows": 3}),
        happened("left_for_good"), "raises",
    ),
    "identity, of those whom it buffers nothing": Pair(
        casework({"meaning": 0.5}, identity=0), strain_left, "none",
    ),
}  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS)
def test_the_direction_that_is_claimed(pair: str):
    """On against off under the same luck: the 99 % interval of the paired difference lies on the side of the claim."""
    claim_holds(PAIRS[pair], mechanism_of(pair))


@pytest.mark.parametrize("pair", PAIRS)
def test_both_patches_keep_a_scenario_valid(pair: str):
    """Off and without must run: an ablation tries them on scenarios nobody has seen."""
    stays_valid(PAIRS[pair], mechanism_of(pair))


@pytest.mark.parametrize("pair", PAIRS)
def test_off_is_as_good_as_gone(pair: str):
    """Identity that does not move is what a scenario has that states nothing."""
    assert left_over(PAIRS[pair], mechanism_of(pair)) == set()


def test_an_identity_of_people_who_are_not_there_changes_nothing():
    """Present but idle, it leaves no trace."""
    spec = {"loads": {"visit": 1}, "identity_moves": {"visit": -0.5}}
    changes_nothing(Null({"world": {"strain": {"social_worker": spec}}}), BUSY)


def test_meaning_comes_of_a_case_seen_through_to_its_end_and_relieves():
    """One event for each case of several sessions that is met, of who held the last one; what one visit meets has
    none. Stated as a relief it leaves people with less strain.
    """
    data = casework({"meaning": 0.1}, reliefs={"meaning": 8})
    result = run(validate(data, "micro"))
    strain, needs, visits = result.frame("strain"), result.frame("needs"), result.frame("visits")
    meant = strain[strain["cause"] == "meaning"]
    met = needs[needs["end"] == "met"].set_index("need")
    assert sorted(meant["need"].astype(int)) == sorted(met.index)
    assert len(meant) > 10
    last = visits.groupby("need")["person"].last()
    assert all(last[int(row.need)] == row.person for row in meant.itertuples())
    assert (meant["source"] == "client").all()
    once = merge(data, {"world": {"needs": {"case": {"sessions": None}}}})
    assert not (run(validate(once, "micro")).frame("strain")["cause"] == "meaning").any()
    without = merge(data, {"world": {"strain": {"social_worker": {"reliefs": {"meaning": 0}}}}})
    assert strain_left(result) < strain_left(run(validate(without, "micro")))


def test_identity_lies_between_none_and_full_and_every_move_is_a_row():
    """Moves of all of the way to 1 and to 0 stay inside; the course can be told again from the rows, and the table of
    people keeps what each began with.
    """
    moves = {"meaning": 1, "missed_rest": -1, "insecure": 0.5}
    scenario = validate(casework(moves, reliefs={"meaning": 2}), "micro")
    result = run(scenario)
    check_strain(scenario, result)
    strain = result.frame("strain")
    assert strain["identity"].between(0, 1).all()
    assert {0.0, 1.0} <= set(strain["identity"])
    first = result.frame("people")["identity"]
    assert first.between(0, 1, inclusive="neither").all()
    assert first.nunique() == len(first)
