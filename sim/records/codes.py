"""The few names that stand behind coded columns, in the order of their codes."""

from __future__ import annotations

ENDS = ("open", "met", "referred", "abandoned", "withdrawn")
MET_BY = ("", "household", "neighbour", "online", "responder", "outside")
ORIGINS = ("exogenous", "state", "caused", "relapse")
OUTCOMES = ("closed", "more", "wrong_skill", "gone", "referred", "unfinished")
CLOSED, MORE, WRONG_SKILL, GONE, REFERRED, UNFINISHED = range(len(OUTCOMES))
STOCK_EVENTS = ("initial", "issued", "returned", "ordered", "received", "back_ordered", "allocated", "cancelled")
INITIAL, ISSUED, RETURNED, ORDERED, RECEIVED, BACK_ORDERED, ALLOCATED, CANCELLED = range(len(STOCK_EVENTS))
