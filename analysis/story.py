"""What happened in one run, line by line: the events of the plan and its steps, in the order of the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

Say = Callable[..., str]
TOLD = (
    "reported", "cleared", "confirmed", "activated", "level", "cordon_closed", "cordon_lifted", "site_ready", "arrived",
    "round_called", "round_done", "slots_called_again", "tube_positive", "traced", "rumour", "outage", "repaired",
    "injured", "lent", "no_provisions", "broken", "change", "inject", "stood_down", "phase_entered", "searched",
    "recovery_begun", "residents_met", "lessons_learned", "doors_not_reached", "alarm", "all_clear", "way_cut",
    "way_open", "donor_asked", "donor_gives", "donor_declines", "donation", "goods_sent", "money_sent",
)  # fmt: skip
"""The events that a story tells; shifts, lanes and calls are left out."""


class Line(NamedTuple):
    """One line of the story."""

    t_h: float
    text: str


def clock_text(start: str, t_h: float) -> str:
    """Return a moment as a date and a time of the day, to the minute.

    >>> clock_text("2022-03-28 08:00", 25.5)
    '2022-03-29 09:30'
    """
    moment = datetime.fromisoformat(start) + timedelta(hours=t_h) + timedelta(seconds=30)
    return moment.strftime("%Y-%m-%d %H:%M")


def story(events: pd.DataFrame, orders: pd.DataFrame, say: Say) -> list[Line]:
    """Return the lines of one run, from the rows of one replication."""
    lines = []
    for row in events[events["event"].isin(TOLD)].to_dict("records"):
        detail = f" ({row['detail']})" if row["detail"] else ""
        told = say("event." + row["event"])
        lines.append(Line(row["t_h"], f"{told}: {row['subject']}{detail}"))
    for row in orders[orders["done_h"].notna()].to_dict("records"):
        late = " – " + say("story.late", why=say("stage." + row["why"])) if row["late"] and row["why"] else ""
        lines.append(Line(row["done_h"], f"{say('story.done')}: {row['step'].replace('_', ' ')}{late}"))
    return sorted(lines)
