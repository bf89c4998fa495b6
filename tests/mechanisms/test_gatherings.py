"""What is held for several residents at once takes the time of who is there: a class, a meeting of residents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.mechanisms.pairs import law, log, micro, need, played, unit

if TYPE_CHECKING:
    import pandas as pd

HELP = {"mutual_help": {"agrees": 0.95, "ties": 5, "asks": 5, "hours_a_day": "12 h"}}


def overlaps(rows: pd.DataFrame, who: set[int], begin: float, end: float, columns: tuple[str, ...]) -> int:
    """Return in how many rows one of some residents is at something else between two times."""
    during = rows[(rows["start_h"] < end - 1e-9) & (rows["end_h"] > begin + 1e-9)]
    return int(sum(during[column].isin(who) for column in columns).sum())


BUSY = {"food": need(20, service="20 min", self_help={"household": 0.5, "neighbours": 0.9})}


@pytest.mark.parametrize("teacher", ["at a desk", "on visits"])
def test_a_class_takes_the_time_of_its_pupils(teacher: str):
    """Who is taught helps nobody meanwhile, and who helps somebody when it begins goes to the next class."""
    desk = {"decision": law("5 min")} if teacher == "at a desk" else {}
    units = {
        "teachers": unit(1, "command" if desk else "logistics", **desk),
        "crew": unit(1, shift="08:00-20:00", recruitment={
            "at_most": 60, "willing": 1, "training": {"takes": "6 h", "by": "teachers", "size": 20},
        }),
    }  # fmt: skip
    data = micro(units, BUSY, hours=40, world=HELP, desks={"desk": {"units": ["crew"]}})
    data["world"]["community"] |= {"residents": 300, "households": 120, "buildings": 6}
    result = played(data)
    classes, joined = (
        result.frame("assignments").query("assignment == 'training'").dropna(subset="end_h"),
        log(result, "joined"),
    )
    help_ = result.frame("help")
    pupils = [set(joined[np.isclose(joined["t_h"], end)]["subject"].astype(int)) for end in classes["end_h"]]
    assert sum(map(len, pupils)) == len(joined) > 40
    for begin, end, who in zip(classes["start_h"], classes["end_h"], pupils, strict=True):
        assert overlaps(help_, who, begin, end, ("helper",)) == 0
        assert overlaps(help_, who, begin - 24, begin, ("helper",)) or begin < 1


def test_a_residents_meeting_takes_the_time_of_who_is_there():
    """Who sits in it helps nobody and is at no talk meanwhile, and who does is not there."""
    wants = BUSY | {"quarrel": need(10, service="1 h", dispute_with="neighbours")}
    meetings = {"by": "organisers", "takes": "2 h", "every": "3 h", "attends": 0.9}
    data = micro(
        {"crew": unit(6), "organisers": unit(1)}, wants, hours=24,
        world=HELP | {"attitudes": {"trust": {"start": 0.5, "moves": {"meeting": 0.1}}},
                      "life_cycle": {"timetable": {"emergency": "1 h"}}},
        recovery={"phase": "emergency", "meetings": meetings}, desks={"desk": {"units": ["crew"]}},
    )  # fmt: skip
    data["world"]["community"] |= {"residents": 300, "households": 120, "buildings": 6}
    result = played(data)
    held, moved = result.frame("assignments").query("assignment == 'residents_meeting'"), result.frame("attitudes")
    talks = result.frame("visits").merge(result.frame("needs")[["need", "resident", "other"]], on="need")
    talks = talks[talks["other"].notna()].rename(columns={"started_h": "start_h", "ended_h": "end_h"})
    met = log(result, "residents_met")
    assert len(met) > 3
    for begin, end, count in zip(held["start_h"], held["end_h"], met["detail"].astype(int), strict=False):
        there = set(moved[(moved["cause"] == "meeting") & np.isclose(moved["t_h"], end)]["resident"])
        assert 10 < len(there) <= count
        assert overlaps(result.frame("help"), there, begin, end, ("helper",)) == 0
        assert overlaps(talks, there, begin, end, ("resident", "other")) == 0
