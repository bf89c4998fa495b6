"""Disputes: two residents, one talk that takes the time of both, and what an end does to their trust and their tie."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.errors import InputError
from sim.spec.patches import merge, validate
from tests.mechanisms.pairs import Data, law, micro, need, played, unit

QUARREL = need(4, dispute_with="neighbours")
TRUST = {"attitudes": {"trust": {"start": 0.5, "moves": {"settled": 0.2, "unsettled": -0.4}}}}
KNOWN = {"mutual_help": {"agrees": 0.5, "ties": 5}}


@pytest.mark.parametrize("kind", ["neighbours", "household"])
def test_the_other_party_belongs_to_the_dispute(kind: str):
    """Of the building, of another household or the same, no child, and the same under every plan."""
    data = micro(
        {"crew": unit(1)}, {"quarrel": QUARREL | {"dispute_with": kind}}, hours=48, shares={"child": 0.3}, world=KNOWN,
    )  # fmt: skip
    few, many = (played(merge(data, {"response": {"organisation": {"units": {"crew": {"count": n}}}}})) for n in (1, 9))
    needs, people = few.frame("needs"), few.frame("residents")
    assert np.array_equal(few.columns("needs")["other"], many.columns("needs")["other"], equal_nan=True)
    alone = people.groupby("household")["resident"].transform("size") == 1
    mine = needs[needs["other"].notna()]
    assert len(mine) > 100
    if kind == "neighbours":
        assert len(mine) == len(needs)
    else:
        assert alone[needs.loc[needs["other"].isna(), "resident"]].any(), "who lives alone has nobody at home"
    one, two = (people.loc[mine[name].astype(int)].reset_index() for name in ("resident", "other"))
    assert (one["building"] == two["building"]).all()
    assert ((one["household"] == two["household"]) == (kind == "household")).all()
    assert not two["child"].any()


def test_how_a_dispute_ends_moves_the_trust_of_both():
    """One row each at the moment of the end: settled where it is met, unsettled where it is given up, else none."""
    data = micro({"crew": unit(2)}, {"quarrel": QUARREL | {"patience": law("2 h")}}, hours=24, tail=2, world=TRUST)
    result = played(data)
    needs, rows = result.frame("needs"), result.frame("attitudes")
    assert {"met", "abandoned", "open"} == set(needs["end"])
    for end, cause in (("met", "settled"), ("abandoned", "unsettled")):
        mine = needs[needs["end"] == end]
        parties = [*mine["resident"], *mine["other"].astype(int)]
        wanted = sorted(zip([*mine["closed_h"], *mine["closed_h"]], parties, strict=True))
        found = rows[rows["cause"] == cause]
        assert sorted(zip(found["t_h"], found["resident"], strict=True)) == wanted


def test_how_a_dispute_ends_moves_the_tie_of_both():
    """Settled, they know each other; given up, they turn to each other no more. Who lives together stays together."""
    for crew, end in ((unit(30), "met"), (unit(0), "abandoned")):
        quarrel = QUARREL | {"patience": "1 h"}
        data = micro({"crew": crew}, {"quarrel": quarrel}, hours=6, world=KNOWN)
        result = played(data)
        needs = result.frame("needs")
        assert set(needs["end"]) <= {end, "open"}
        needs = needs[needs["end"] == end]
        knows = result.frame("residents")["knows"].str.split("+")
        last = needs.drop_duplicates(["resident", "other"], keep="last")
        for one, two in zip(last["resident"], last["other"].astype(int), strict=True):
            assert (str(two) in knows[one]) == (str(one) in knows[two]) == (end == "met")
        bare = played(merge(data, {"world": {"needs": {"quarrel": {"dispute_with": "nobody"}}}})).frame("residents")
        assert (result.frame("residents")["ties"] - bare["ties"]).sum() * (1 if end == "met" else -1) > 0
        assert (result.frame("residents")["close"] == 0).all(), "nobody is closer for a quarrel"


def busy_estate(**more: object) -> Data:
    """Return an estate where many are on duty at night, many help, and many quarrel."""
    return micro(
        {
            "mediators": unit(9, skills=["mediation"]),
            "guards": unit(0, recruitment={"at_most": 30, "willing": 0.8}, shift="08:00-12:00"),
        },
        {
            "quarrel": QUARREL | {"skill": "mediation", "service": law("40 min")} | more,
            "food": need(6, self_help={"neighbours": 1}),
        },
        hours=48, tail=24, world=KNOWN | TRUST, travel={"speed_km_h": 4, "doorstep": "3 min"},
    )  # fmt: skip


def spells(data: Data) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every spell of every resident who is taken (resident, begin, end, what), and the visits with parties."""
    result = played(data)
    end_h = result.end_h
    needs, visits, helps, shifts = (result.frame(name) for name in ("needs", "visits", "help", "shifts"))
    visits = visits.join(needs[["resident", "other", "end", "closed_h"]], on="need")
    talks = visits[visits["started_h"].notna() & visits["other"].notna()]
    shifts["resident"] = result.frame("people")["resident"][shifts["person"]].to_numpy()
    pieces = [
        talks[["resident", "started_h", "ended_h"]],
        talks[["other", "started_h", "ended_h"]],
        helps[["helper", "start_h", "end_h"]],
        shifts.loc[shifts["resident"].notna(), ["resident", "rostered_from_h", "left_h"]],
    ]
    kinds = ("talk", "talk", "help", "shift")
    names = ["resident", "begin", "end"]
    every = pd.concat([piece.set_axis(names, axis=1).assign(what=k) for piece, k in zip(pieces, kinds, strict=True)])
    every["end"] = every["end"].fillna(end_h)
    return every.sort_values(["resident", "begin"]), visits


def test_nobody_is_at_a_talk_and_elsewhere():
    """A talk, a neighbour's need and a shift each take a resident; one of them waits for the other."""
    every, _ = spells(busy_estate())
    assert set(every["what"]) == {"talk", "help", "shift"}
    same = every["resident"].to_numpy()[1:] == every["resident"].to_numpy()[:-1]
    assert (every["begin"].to_numpy()[1:] >= every["end"].to_numpy()[:-1] - 1e-9)[same].all()


def test_who_comes_while_one_of_them_is_out_has_come_in_vain_and_comes_again_when_both_are_in():
    """The trip is wasted, and the request is back in its line as soon as both are in, and not before."""
    every, visits = spells(busy_estate())
    vain = visits[visits["outcome"] == "no_entry"]
    assert len(vain) > 5
    assert vain["started_h"].isna().all()
    waited = 0
    for visit in vain.itertuples():
        taken = every[every["resident"].isin([visit.resident, visit.other])]
        both_in = visit.ended_h
        while (out := (taken["begin"] <= both_in + 1e-9) & (taken["end"] > both_in + 1e-9)).any():
            both_in = taken.loc[out, "end"].max()
        waited += both_in > visit.ended_h
        again = visits[(visits["need"] == visit.need) & (visits["attempt"] == visit.attempt + 1)]
        assert (again["dispatched_h"] >= both_in - 1e-9).all()
        there = (taken["begin"] <= visit.arrived_h + 1e-9) & (taken["end"] >= visit.arrived_h - 1e-9)
        assert there.any(), "nobody was out"
    assert waited > 5
    late = vain["arrived_h"] > 66
    assert (vain.loc[~late, "end"] == "met").all(), "nobody is forgotten"


def test_who_gives_up_waiting_for_the_other_gives_up():
    """A dispute that waits for somebody to come home has a deadline like any other request."""
    _, visits = spells(busy_estate(patience=law("90 min")))
    vain = visits[visits["outcome"] == "no_entry"]
    assert (vain["end"] == "abandoned").any()


@pytest.mark.parametrize("more", [{"sessions": {"count": 2, "every": "1 h"}}, {"asks_elsewhere_after": "1 h"}])
def test_what_does_not_go_with_a_dispute_is_refused(more: Data):
    """A case of several sessions and a request at two desks have rules of their own for who comes again."""
    with pytest.raises(InputError, match="'dispute_with' is for needs of one desk"):
        validate(micro({"crew": unit()}, {"quarrel": QUARREL | more}), "micro")
