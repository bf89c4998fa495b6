"""What must hold of every run, and what the tests of random scenarios assert of them.

Every table is rebuilt here from what it says itself; nothing is asked of the program's own checks. Each file of laws
draws scenarios of its own, names the checks that hold of them beside those that hold of its mechanisms alone, and says
why; what all of them do with a random scenario stands here.
"""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import fields
from functools import cached_property
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st

from sim import run
from sim.chance import Chance
from sim.records.result import Result
from sim.runs import run_many
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import validate
from sim.spec.scenario import Scenario
from sim.world.demand import draw
from sim.world.population import populate
from sim.world.rates import Rates
from tests.laws.scenarios import NO_CHECKS, Data, contents

TINY = 1e-9
Check = Callable[[Scenario, Result], None]
often = st.sampled_from([True, True, True, False])


def many(examples: int) -> settings:
    """So many random scenarios; a failure is shown as it was found, since shrinking one takes minutes.

    Files marked ``no_mutants`` draw each anew: see ``conftest.py``.
    """
    return settings(
        derandomize=True,
        deadline=None,
        max_examples=examples,
        database=None,
        suppress_health_check=NO_CHECKS,
        phases=(Phase.explicit, Phase.generate),
    )


def names(column: Any) -> np.ndarray:
    """A coded column as its names."""
    return column.decoded()


def had(column: np.ndarray) -> np.ndarray:
    return ~np.isnan(column)


def until(column: np.ndarray, end_h: float) -> np.ndarray:
    return np.where(np.isnan(column), end_h, column)


# -- needs ------------------------------------------------------------------------------------------------------------


def check_needs(scenario: Scenario, result: Result) -> None:
    """Raised is the sum of the ends; stamps come in order; each end has the stamps that it must have."""
    n = result.columns("needs")
    end, end_h = names(n["end"]), scenario.end_h
    raised = n["need"].size
    counts = {word: int((end == word).sum()) for word in ("open", "met", "referred", "abandoned", "withdrawn")}
    assert sum(counts.values()) == raised
    assert np.array_equal(n["need"], np.arange(raised))
    assert np.all(np.diff(n["onset_h"]) >= 0)
    assert np.all((n["onset_h"] >= 0) & (n["onset_h"] < end_h))
    assert np.array_equal(n["cohort"], (n["onset_h"] >= scenario.warm_up) & (n["onset_h"] < scenario.horizon))
    for name in ("requested", "triaged", "escalated", "dispatched", "started", "referred", "closed"):
        at = n[f"{name}_h"]
        assert np.all(at[had(at)] <= end_h), f"{name} after the end of the run"
    order = ("onset_h", "requested_h", "triaged_h", "dispatched_h")
    for earlier, later in zip(order, order[1:], strict=False):
        both = had(n[later])
        assert np.all(had(n[earlier][both])), f"{later} without {earlier}"
        assert np.all(n[later][both] >= n[earlier][both]), f"{later} before {earlier}"
    for later in ("escalated_h", "started_h", "referred_h", "closed_h"):
        both = had(n[later])
        assert np.all(n[later][both] >= n["requested_h"][both]), f"{later} before requested_h"
    started, closed = had(n["started_h"]), had(n["closed_h"])
    by_outside = had(n["referred_h"]) & started & (n["started_h"] >= n["referred_h"])
    assert np.all(n["started_h"][started & ~by_outside] >= n["dispatched_h"][started & ~by_outside])
    assert np.all(n["closed_h"][started & closed] >= n["started_h"][started & closed])
    assert np.all(had(n["started_h"][end == "met"])), "met without a start"
    assert np.all(closed[(end == "met") | (end == "abandoned")])
    assert not np.any(started[end == "abandoned"]), "abandoned after a start"
    assert np.all(had(n["referred_h"]) == (end == "referred")), "referred is an end and a stamp"
    assert np.all(closed[(end == "referred") & started & by_outside])
    assert not np.any(closed[end == "open"])
    assert set(names(n["met_by"])[end == "met"]) <= {"responder"}
    assert set(names(n["met_by"])[(end == "referred") & closed]) <= {"outside"}
    assert np.all(names(n["met_by"])[~closed | (end == "abandoned")] == None)  # noqa: E711


def check_patience(scenario: Scenario, result: Result) -> None:
    """A wait that ends by abandonment is the patience to the bit; nobody starts, or waits, beyond their patience."""
    n = result.columns("needs")
    chance = Chance(result.seed, result.replication)
    people = populate(scenario.world.community, chance)
    offered = draw(scenario, people, chance, Rates(scenario, people, chance))
    place = {
        (int(t), int(r), float(o)): k
        for k, (t, r, o) in enumerate(zip(offered.need_type, offered.resident, offered.onset_h, strict=True))
    }
    mine = [
        place[int(t), int(r), float(o)]
        for t, r, o in zip(n["need_type"].codes, n["resident"], n["onset_h"], strict=True)
    ]
    request, patience = offered.request_h[mine], offered.patience_h[mine]
    known = had(n["requested_h"])
    assert np.array_equal(n["requested_h"][known], request[known])
    assert not np.any(request[~known] < scenario.end_h)
    deadline = request + patience
    end = names(n["end"])
    left = end == "abandoned"
    assert np.array_equal(n["closed_h"][left], deadline[left])
    started = had(n["started_h"]) & ~had(n["referred_h"])
    assert np.all(n["started_h"][started] <= deadline[started])
    waits = known & ~had(n["started_h"]) & ~had(n["referred_h"])
    assert np.all(deadline[waits & (end == "open")] > scenario.end_h), "open, though patience ran out before the end"


# -- people -----------------------------------------------------------------------------------------------------------


def spells_of(result: Result, person: int, end_h: float) -> tuple[list[Any], list[Any]]:
    """The shifts (from, until, left) and the work (begin, end, what) of one person, in order."""
    s, v, a = (result.columns(name) for name in ("shifts", "visits", "assignments"))
    k = np.flatnonzero(s["person"] == person)
    shifts = sorted(
        zip(
            s["rostered_from_h"][k],
            np.where(np.isnan(s["rostered_until_h"][k]), np.inf, s["rostered_until_h"][k]),
            until(s["left_h"][k], end_h),
            strict=True,
        )
    )
    joined: list[Any] = []
    for begin, end, left in shifts:  # a shift that begins while an earlier one is being finished goes on from it
        goes_on = bool(joined) and joined[-1][2] == begin
        joined.append((joined.pop()[0] if goes_on else begin, end, left))
    shifts = joined
    k = np.flatnonzero(v["person"] == person)
    work = [(b, e, "visit") for b, e in zip(v["dispatched_h"][k], until(v["ended_h"][k], end_h), strict=True)]
    k = np.flatnonzero(a["person"] == person)
    kinds = names(a["assignment"])[k]
    work += list(zip(a["start_h"][k], until(a["end_h"][k], end_h), kinds, strict=True))
    return shifts, sorted(work)


def check_days(scenario: Scenario, result: Result) -> None:
    """Every person's day: shifts do not overlap, work does not overlap, all work lies within the time on duty,
    and nothing is begun after the roster has ended.
    """
    end_h = scenario.end_h
    for person in result.columns("people")["person"]:
        shifts, work = spells_of(result, person, end_h)
        for (_, _, left), (begin, *_) in zip(shifts, shifts[1:], strict=False):
            assert begin >= left, f"person {person} comes at {begin} before having left at {left}"
        assert all(left >= begin for begin, _, left in shifts)
        for (b, e, what), (b2, _, what2) in zip(work, work[1:], strict=False):
            assert b2 >= e, f"person {person}: {what} {b}–{e} overlaps {what2} from {b2}"
        for b, e, what in work:
            assert e >= b
            inside = [s for s in shifts if s[0] <= b and e <= s[2]]
            assert inside, f"person {person}: {what} {b}–{e} outside duty {shifts}"
            assert any(b <= s[1] for s in inside), (
                f"person {person}: {what} begun at {b} after the roster's end {inside}"
            )
        for begin, rostered_until, left in shifts:
            if left > rostered_until:
                # overtime is work in progress
                last = [w for w in work if w[0] <= rostered_until and w[1] == left]
                assert last, f"person {person} stays until {left} after {rostered_until} without work ({begin})"


def check_levels(scenario: Scenario, result: Result) -> None:
    """At every change point nobody is busy off duty, nobody travels who is not busy, and no level is negative."""
    u = result.columns("units")
    unit = names(u["kind"]) == "unit"
    for level in ("rostered", "on_duty", "busy", "travelling"):
        assert np.all(u[level][unit] >= 0)
    assert np.all(u["busy"][unit] <= u["on_duty"][unit])
    assert np.all(u["travelling"][unit] <= u["busy"][unit])
    assert np.all(u["rostered"][unit] <= u["on_duty"][unit])
    assert np.all(u["queue"][~unit] >= 0)
    people = result.columns("people")
    for less, more in (
        ("busy_h", "on_duty_h"),
        ("rostered_h", "on_duty_h"),
        ("travel_h", "busy_h"),
        ("busy_rostered_h", "rostered_h"),
    ):
        assert np.all(people[less] <= people[more] + TINY), (less, more)
    assert np.all(people["busy_rostered_h"] >= -TINY)
    # working time balances: the hours of the people are the areas under the levels of their units
    for number, name in enumerate(people["unit"].names):
        mine = people["unit"].codes == number
        for level, hours in (("on_duty", "on_duty_h"), ("busy", "busy_h"), ("travelling", "travel_h")):
            assert area(u, name, "unit", level, scenario.end_h) == pytest.approx(people[hours][mine].sum(), abs=1e-7)


def area(units: Any, name: str, kind: str, level: str, end_h: float) -> float:
    here = (names(units["name"]) == name) & (names(units["kind"]) == kind)
    t, y = units["t_h"][here], units[level][here]
    return float((y * np.diff(np.append(t, end_h))).sum()) if t.size else 0.0


def check_visits(scenario: Scenario, result: Result) -> None:
    """Visits fit their needs: numbered from 1, one after another, by the stamps of the need, with its outcome."""
    v, n = result.columns("visits"), result.columns("needs")
    ended = until(v["ended_h"], scenario.end_h)
    outcome = names(v["outcome"])
    assert np.array_equal(np.bincount(v["need"], minlength=n["need"].size), n["attempts"])
    first = v["attempt"] == 1
    assert np.array_equal(v["dispatched_h"][first], n["dispatched_h"][v["need"][first]])
    assert np.all(had(n["dispatched_h"]) == (n["attempts"] > 0))
    same = v["need"][1:] == v["need"][:-1]
    assert np.array_equal(v["attempt"][1:][same], v["attempt"][:-1][same] + 1)
    assert np.all(v["dispatched_h"][1:][same] >= ended[:-1][same])
    for before, after in (("dispatched_h", "arrived_h"), ("arrived_h", "started_h"), ("started_h", "ended_h")):
        both = had(v[before]) & had(v[after])
        assert np.all(v[after][both] >= v[before][both])
    assert np.all(had(v["ended_h"]) == (outcome != "unfinished"))
    assert np.all(had(v["started_h"][np.isin(outcome, ["closed", "more", "referred"])]))
    assert not np.any(had(v["started_h"][np.isin(outcome, ["wrong_skill", "gone"])]))
    end = names(n["end"])
    last = np.append(~same, True) if v["need"].size else np.empty(0, bool)
    assert np.all(last[np.isin(outcome, ["closed", "gone", "referred", "unfinished"])]), "a visit after the last one"
    assert np.all(end[v["need"][outcome == "closed"]] == "met")
    assert np.all(end[v["need"][outcome == "gone"]] == "abandoned")
    assert np.all(end[v["need"][outcome == "referred"]] == "referred")
    assert int((end == "met").sum()) == int((outcome == "closed").sum())
    held = {int(p): set(words.split("+")) for p, words in enumerate(names(result.columns("people")["skills"]))}
    wanted = [scenario.world.needs[name].skill for name in n["need_type"].names]
    for need, person, what in zip(v["need"], v["person"], outcome, strict=True):
        skill = wanted[n["need_type"].codes[need]]
        able = skill is None or skill in held[int(person)]
        assert able or what in ("wrong_skill", "gone", "unfinished"), "served without the skill"
        assert not able or what != "wrong_skill"


# -- stock ------------------------------------------------------------------------------------------------------------

EFFECT = {  # on hand, on order, back-ordered
    "initial": (1, 0, 0),
    "issued": (-1, 0, 0),
    "returned": (1, 0, 0),
    "ordered": (0, 1, 0),
    "received": (1, -1, 0),
    "back_ordered": (0, 0, 1),
    "allocated": (-1, 0, -1),
    "cancelled": (0, 0, -1),
}


def check_stock(scenario: Scenario, result: Result) -> None:
    """Replaying the events of each item at each depot gives the levels beside them; no level is ever negative."""
    s = result.columns("stock")
    depot, item, event = names(s["depot"]), names(s["item"]), names(s["event"])
    supplied = scenario.response.supplies
    assert {(d, i) for d in supplied for i in supplied[d].stock} == set(zip(depot, item, strict=True))
    for d, i in set(zip(depot, item, strict=True)):
        rows = np.flatnonzero((depot == d) & (item == i))
        assert np.all(np.diff(s["t_h"][rows]) >= 0)
        assert event[rows[0]] == "initial"
        assert not np.any(event[rows[1:]] == "initial")
        effect = np.array([EFFECT[word] for word in event[rows]]) * s["quantity"][rows][:, None]
        effect[names(s["use"])[rows] == "donation", 1] = 0  # nobody has ordered it
        levels = np.column_stack([s[name][rows] for name in ("on_hand", "on_order", "back_ordered")])
        assert np.array_equal(np.cumsum(effect, axis=0), levels)
        assert np.all(levels >= 0)
        assert np.all(s["quantity"][rows] >= 0)
        check_policy(scenario, d, i, s["t_h"][rows], event[rows], s["quantity"][rows], levels)


def check_policy(
    scenario: Scenario,
    depot: str,
    item: str,
    t: np.ndarray,
    event: np.ndarray,
    quantity: np.ndarray,
    levels: np.ndarray,
) -> None:
    """After every moment the inventory position is where the policy keeps it."""
    if any(path.startswith("supplies.") for change in scenario.response.changes for path in change.set):
        return
    policy = scenario.response.supplies[depot].policy_of(item)
    position = (levels * [1, 1, -1]).sum(axis=1)
    last = np.append(t[1:] != t[:-1], True)
    if policy is None:
        assert not np.any(event == "ordered")
    elif policy.base_stock is not None:
        assert np.all(position[last] >= policy.base_stock), "the position stays below the base stock"
    else:
        assert np.all(position[last] > policy.reorder_point), "the position stays at or below the reorder point"
        ordered = quantity[event == "ordered"]
        if policy.order_quantity is not None:
            assert np.all(ordered % policy.order_quantity == 0)
        else:
            assert np.all(position[event == "ordered"] == policy.order_up_to)


def check_consumption(scenario: Scenario, result: Result) -> None:
    """What left the stores is what visits consumed, and what is held for requests still waiting for their visit."""
    s, v, n = (result.columns(name) for name in ("stock", "visits", "needs"))
    outcome, end = names(v["outcome"]), names(n["end"])
    item, event = names(s["item"]), names(s["event"])
    need_type = names(n["need_type"])
    under_way = set(v["need"][outcome == "unfinished"].tolist())
    for i in set(item):
        amount = {name: need.items.get(i, 0) for name, need in scenario.world.needs.items()}
        out = sum(
            int(s["quantity"][(item == i) & (event == word)].sum()) * sign
            for word, sign in (("issued", 1), ("allocated", 1), ("returned", -1))
        )
        consumed = sum(
            amount[need_type[need]]
            for need, what in zip(v["need"], outcome, strict=True)
            if what in ("closed", "more", "referred", "unfinished")
        )
        may_be_held = sum(
            amount[need_type[k]]
            for k in np.flatnonzero((end == "open") & had(n["requested_h"])).tolist()
            if k not in under_way
        )
        assert 0 <= out - consumed <= may_be_held, (
            f"{i}: {out} left the stores, {consumed} consumed, {may_be_held} held"
        )


# -- queues -----------------------------------------------------------------------------------------------------------


WAITS_AGAIN = "wrong_skill", "blocked", "no_entry", "not_found", "refused"
"""What visits came to after which the request waits again."""


def waiting(scenario: Scenario, result: Result) -> list[tuple[int, float, float]]:
    """(need, from, until) of every time in queue: from the request, or from a visit after which it asks again, to the
    next dispatch, or to leaving or referral.
    """
    v, n = result.columns("visits"), result.columns("needs")
    outcome = names(v["outcome"])
    case = [scenario.world.needs[name].sessions is not None for name in n["need_type"].names]
    visits: dict[int, list[int]] = {}
    for k, need in enumerate(v["need"].tolist()):
        visits.setdefault(need, []).append(k)
    spells = []
    for need in np.flatnonzero(had(n["requested_h"])).tolist():
        gone = n["referred_h"][need] if had(n["referred_h"][need]) else n["closed_h"][need]
        gone = scenario.end_h if np.isnan(gone) else gone
        since: float | None = n["requested_h"][need]
        for k in visits.get(need, []):
            if since is not None:
                spells.append((need, since, v["dispatched_h"][k]))
            more = outcome[k] in WAITS_AGAIN or (outcome[k] == "more" and not case[n["need_type"].codes[need]])
            since = v["ended_h"][k] if more and not v["ended_h"][k] > gone else None
        if since is not None:
            spells.append((need, since, gone))
    return spells


def check_queues(scenario: Scenario, result: Result) -> None:
    """Hours in queue, added up over requests, are the area under each desk's queue."""
    n, u = result.columns("needs"), result.columns("units")
    desk = names(n["desk"])
    spells = waiting(scenario, result)
    assert all(b <= e for _, b, e in spells)
    for name in n["desk"].names:
        hours = sum(e - b for need, b, e in spells if desk[need] == name)
        assert area(u, name, "desk", "queue", scenario.end_h) == pytest.approx(hours, rel=TINY, abs=TINY)


# -- what is asserted of a random scenario ----------------------------------------------------------------------------


class Kept(Result):
    """A result whose tables are made once for all checks; each gets a copy, and may write into it."""

    @classmethod
    def of(cls, result: Result) -> "Kept":
        kept = cls(**{one.name: getattr(result, one.name) for one in fields(result)})
        assert kept.tables  # derived here, once
        return kept

    @cached_property
    def frames(self) -> Data:
        return {}

    def frame(self, name: str) -> Any:
        if name not in self.frames:
            self.frames[name] = super().frame(name)
        return self.frames[name].copy()


def problems_of(scenario: Scenario, result: Result, checks: Iterable[Check]) -> list[str]:
    """Return what does not hold."""
    problems, kept = [], Kept.of(result)
    for check in checks:
        try:
            check(scenario, kept)
        except AssertionError as problem:
            problems.append(f"{check.__name__}: {problem}")
    return problems


def balances(data: Data, seed: int, checks: Iterable[Check]) -> tuple[Scenario, Result]:
    """Assert that every check holds of a run; return its scenario and its result."""
    scenario = validate(data, "random")
    result = run(scenario, seed)
    problems = problems_of(scenario, result, checks)
    assert not problems, "\n".join(problems)
    return scenario, result


def same_again(data: Data, seed: int) -> None:
    """Assert that a scenario run twice has the same digest, and the same tables however often is looked."""
    scenario = validate(data, "random")
    once = run(scenario, seed)
    assert run(scenario, seed).digest() == once.digest()
    assert contents(run(scenario, seed, look_h=0.3)) == contents(once)


def same_as_its_twin(data: Data, seed: int) -> None:
    """Assert that variants that differ in nothing but their names have the same tables in every replication.

    So whatever is measured of them differs by 0.
    """
    one, twin = validate(data, "random"), validate(deepcopy(data), "twin")
    left, right = (list(run_many(each, 2, _tables, seed=seed, workers=1)) for each in (one, twin))
    assert left == right


def _tables(result: Result) -> Data:
    return contents(result, ("gauges", "runs"))


def differing(one: Scenario, two: Scenario, seed: int, skip: tuple[str, ...]) -> set[str]:
    """Return the columns in which the runs of two scenarios differ by a bit, but for some tables."""
    left, right = (contents(run(each, seed), skip) for each in (one, two))
    return {f"{t}.{c}" for t in left for c in left[t] if left[t][c] != right[t][c]}


def can_go(scenario: Scenario, seed: int, mechanisms: Iterable[str], checks: Iterable[Check] = ()) -> None:
    """Assert that a scenario runs as long, and the checks hold, with each mechanism that it has off and gone."""
    for name in mechanisms:
        mechanism = MECHANISMS[name]
        if mechanism.present(scenario):
            for patch in (mechanism.off(scenario), mechanism.without(scenario)):
                other = scenario.patched(patch, name)
                result = run(other, seed)
                assert result.end_h == scenario.end_h
                problems = problems_of(other, result, checks)
                assert not problems, f"{name}\n" + "\n".join(problems)
