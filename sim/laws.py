"""The conservation laws, checked at the end of every run: needs, people, stock and working time balance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.errors import LawBroken
from sim.records.codes import (
    ALLOCATED,
    IN_VAIN,
    INITIAL,
    ISSUED,
    RECEIVED,
    RETURNED,
    STOCK_EVENTS,
    VISIT,
)

if TYPE_CHECKING:
    from sim.model import CrisisModel
    from sim.records.result import Result

Ints = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
TINY_H = 1e-9
SITE = 1 << 40
"""Visitors of the next site are numbered from here on."""


def check(result: Result, model: CrisisModel) -> None:
    """Raise LawBroken with the numbers where the books do not balance."""
    _needs(result)
    _people(result, model)
    _neighbours(result)
    _stock(result, model)
    _sites(result)
    _strain(result)


def _fail(law: str, detail: str) -> None:
    raise LawBroken(f"{law}: {detail}")


def _needs(result: Result) -> None:
    needs = result.raw["needs"]
    raised = needs["need"].size
    ends = np.bincount(needs["end"].codes, minlength=len(needs["end"].names))
    if ends.sum() != raised:
        _fail("needs", f"{raised} raised, but the ends add up to {ends.sum()}")
    stamps = [needs[name] for name in ("onset_h", "requested_h", "triaged_h", "dispatched_h")]
    for earlier, later in zip(stamps, stamps[1:], strict=False):
        if np.any(later < earlier - TINY_H) or np.any(~np.isnan(later) & np.isnan(earlier)):
            _fail("needs", "a stamp comes before the one that it follows")
    if np.any(needs["closed_h"] < needs["started_h"] - TINY_H):
        _fail("needs", "a need is closed before its service started")
    met = needs["end"].codes == needs["end"].names.index("met")
    if np.any(met & np.isnan(needs["started_h"])):
        _fail("needs", "a need is met though no service started")
    left = needs["end"].codes == needs["end"].names.index("abandoned")
    if np.any(left & ~np.isnan(needs["started_h"])):
        _fail("needs", "a resident gave up after the service started")


def _strain(result: Result) -> None:
    """Everybody's strain is the sum of what is written down."""
    strain = result.raw["strain"]
    first = np.ones(strain["person"].size, bool)
    first[1:] = strain["person"][1:] != strain["person"][:-1]
    before = np.where(first, 0.0, np.concatenate([[0.0], strain["strain"][:-1]])[: first.size])
    if np.any(np.abs(before + strain["change"] - strain["strain"]) > 1e-6):
        _fail("strain", "a change is not written down")
    if np.any(strain["strain"] < -1e-9):
        _fail("strain", "somebody's strain is below 0")


def _people(result: Result, model: CrisisModel) -> None:
    """Nobody does two things at once, and nobody works longer than they are on duty."""
    visits, tasks = result.raw["visits"], result.raw["assignments"]
    person = np.concatenate([visits["person"], tasks["person"]])
    begin = np.concatenate([visits["dispatched_h"], tasks["start_h"]])
    end = np.concatenate([visits["ended_h"], tasks["end_h"]])
    _one_at_a_time("people", "person", person, begin, end)
    hours = result.columns("people")
    over = np.flatnonzero(hours["busy_h"] > hours["on_duty_h"] + 1e-6)
    if over.size:
        k = int(over[0])
        _fail("people", f"person {k} is busy for {hours['busy_h'][k]:.3f} h of {hours['on_duty_h'][k]:.3f} h on duty")
    left = [person.replaces for person in model.people if person.replaces is not None]
    if len(set(left)) < len(left) or not all(leaver.gone for leaver in left):
        _fail("people", "somebody was replaced twice, or without having left")
    for team in model.teams.values():
        idle = sum(len(crew.idle) for crew in team.crews)
        if not 0 <= idle + team.busy <= len(team.people):
            _fail("people", f"{team.name}: {idle} idle and {team.busy} busy of {len(team.people)} people")


def _one_at_a_time(law: str, what: str, who: Ints, begin: Floats, end: Floats) -> None:
    """Refuse two spells of one person at one time; an end that has not come is NaN."""
    order = np.lexsort((end, begin, who))
    who, begin, end = who[order], begin[order], np.where(np.isnan(end[order]), np.inf, end[order])
    clash = (who[1:] == who[:-1]) & (begin[1:] < end[:-1] - TINY_H)
    if clash.any():
        k = int(np.flatnonzero(clash)[0])
        _fail(law, f"{what} {int(who[k]) % SITE} is taken until {end[k]:.3f} h and again from {begin[k + 1]:.3f} h")


def _neighbours(result: Result) -> None:
    """Who helps at home or next door, or sits down to a talk, does one thing at a time, and not while on duty."""
    help_, shifts, visits, needs = (result.raw[name] for name in ("help", "shifts", "visits", "needs"))
    on_duty = result.raw["_people"]["resident"][shifts["person"]]
    known = ~np.isnan(on_duty)
    other = needs["other"][visits["need"]]
    talk = ~np.isnan(visits["started_h"]) & ~np.isnan(other)
    if not help_["helper"].size and not talk.any():
        return
    one = needs["resident"][visits["need"]][talk]
    begun, ended = visits["started_h"][talk], visits["ended_h"][talk]
    _one_at_a_time(
        "residents",
        "resident",
        np.concatenate([help_["helper"], on_duty[known], one, other[talk]]),
        np.concatenate([help_["start_h"], shifts["rostered_from_h"][known], begun, begun]),
        np.concatenate([help_["end_h"], shifts["left_h"][known], ended, ended]),
    )


def _sites(result: Result) -> None:
    """Everybody who was called has one end, nobody is at two stations at once, and every sample is in one tube."""
    sites, stations, tubes = (result.raw[name] for name in ("sites", "stations", "tubes"))
    names = sites["end"].names
    called = ~np.isnan(sites["called_h"])
    ends = np.bincount(sites["end"].codes[called], minlength=len(names)).sum()
    if ends != called.sum() or (sites["end"].codes < 0).any():
        _fail("sites", f"{called.sum()} called, but the ends add up to {ends}")
    served = sites["end"].codes == names.index("served")
    if np.isnan(sites["left_h"][served]).any() or (sites["left_h"] < sites["arrived_h"] - TINY_H).any():
        _fail("sites", "somebody left before they came, or was served and never left")
    people = ~np.isnan(stations["visitor"])
    who = stations["site"].codes[people].astype(np.int64) * SITE + stations["visitor"][people].astype(np.int64)
    begin, end = stations["queued_h"][people], stations["ended_h"][people]
    _one_at_a_time("sites", "visitor", who, begin, end)
    if (tubes["infected"] > tubes["people"]).any():
        _fail("sites", "a tube holds more positive samples than samples")


def _stock(result: Result, model: CrisisModel) -> None:
    stock = result.raw["stock"]
    sign = np.zeros(len(STOCK_EVENTS), np.int64)
    sign[[INITIAL, RECEIVED, RETURNED]], sign[[ISSUED, ALLOCATED]] = 1, -1
    change = sign[stock["event"].codes] * stock["quantity"]
    for depot in model.depots.depots:
        for item, held in depot.stock.items():
            here = (stock["depot"].codes == depot.number) & (stock["item"].codes == held.item)
            if change[here].sum() != held.on_hand or held.on_hand < 0 or held.back_ordered < 0:
                _fail(
                    "stock",
                    f"{item} at {depot.name}: {change[here].sum()} by the book, {held.on_hand} on hand, "
                    f"{held.back_ordered} back-ordered",
                )
    _consumption(result, model)


def _consumption(result: Result, model: CrisisModel) -> None:
    """What left the stores went into visits, or is kept for requests that wait for a responder."""
    stock, visits = result.raw["stock"], result.raw["visits"]
    taken = ~np.isin(visits["outcome"].codes, IN_VAIN)
    kinds = result.raw["needs"]["need_type"].codes[visits["need"][taken]]
    kept = [model.book.need_type[need] for need in model.depots.allocated]
    count = np.bincount(np.concatenate([kinds, np.array(kept, np.int64)]), minlength=len(model.book.specs))
    sign = np.zeros(len(STOCK_EVENTS), np.int64)
    sign[[ISSUED, ALLOCATED]], sign[RETURNED] = 1, -1
    out = sign[stock["event"].codes] * stock["quantity"] * (stock["use"].codes == VISIT)
    for item, number in model.depots.items.items():
        used = sum(spec.items.get(item, 0) * int(n) for spec, n in zip(model.book.specs, count, strict=True))
        left = int(out[stock["item"].codes == number].sum())
        if left != used:
            _fail("stock", f"{left} {item} left the stores, {used} went into visits or are kept for them")
