"""The few names that stand behind coded columns, in the order of their codes."""

from __future__ import annotations

ENDS = ("open", "met", "referred", "abandoned", "withdrawn")
MET_BY = ("", "household", "neighbour", "online", "responder", "outside")
ORIGINS = ("exogenous", "state", "caused", "relapse")
OUTCOMES = ("closed", "more", "wrong_skill", "gone", "referred", "unfinished", "duplicate", "blocked")
CLOSED, MORE, WRONG_SKILL, GONE, REFERRED, UNFINISHED, DUPLICATE, BLOCKED = range(len(OUTCOMES))
SITE_ENDS = ("open", "served", "no_show", "left", "turned_away", "missed", "inside")
STILL_OPEN, SERVED, NO_SHOW, LEFT, TURNED_AWAY, MISSED, AT_SITE = range(len(SITE_ENDS))
STOCK_EVENTS = (
    "initial",
    "issued",
    "returned",
    "ordered",
    "received",
    "back_ordered",
    "allocated",
    "cancelled",
    "failed",
)
INITIAL, ISSUED, RETURNED, ORDERED, RECEIVED, BACK_ORDERED, ALLOCATED, CANCELLED, FAILED = range(len(STOCK_EVENTS))
USES = ("visit", "step", "kit", "round", "provisions", "donation", "repair")
"""What goods are drawn for, or where they come from, beside replenishment."""
VISIT = USES.index("visit")
