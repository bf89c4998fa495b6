"""The few names that stand behind coded columns, in the order of their codes."""

from __future__ import annotations

ENDS = ("open", "met", "referred", "abandoned", "withdrawn")
MET_BY = ("", "household", "neighbour", "online", "responder", "outside")
ORIGINS = ("exogenous", "state", "caused", "relapse")
OUTCOMES = (
    "closed", "more", "wrong_skill", "gone", "referred", "unfinished", "duplicate", "blocked", "no_entry", "not_found",
    "refused",
)  # fmt: skip
(
    CLOSED, MORE, WRONG_SKILL, GONE, REFERRED, UNFINISHED, DUPLICATE, BLOCKED, NO_ENTRY, NOT_FOUND, REFUSED,
) = range(len(OUTCOMES))  # fmt: skip
NEVER_WENT = NOT_FOUND, REFUSED
"""Of visits for which nobody set out."""
IN_VAIN = WRONG_SKILL, GONE, DUPLICATE, BLOCKED, NO_ENTRY, *NEVER_WENT
"""Of visits at which nothing was begun."""
WAITS_AGAIN = WRONG_SKILL, BLOCKED, NO_ENTRY, *NEVER_WENT
"""After which the request waits again, in its old place."""
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
USES = ("visit", "step", "kit", "round", "provisions", "donation", "repair", "sent")
"""What goods are drawn for, or where they come from, beside replenishment."""
VISIT = USES.index("visit")
