"""The data dictionary: every column of every table and every outcome, printed from where they are declared."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from analysis.need_outcomes import NEED_OUTCOMES
from analysis.outcomes import describe
from analysis.run_outcomes import RUN_OUTCOMES
from analysis.store.jobs import FOLDER_TABLES, RUN_COLUMNS
from firstline.recorded import ASSIGNMENTS, EVENTS
from sim.records.schema import TABLES, Column
from sim.world.table import COLUMNS

ABOUT = {
    "needs": "One row a need.",
    "visits": "One row a visit: a responder sent to a need.",
    "units": "Change points: a row holds from its moment to the next of the same name.",
    "stock": "One row for each change of an item at a depot.",
    "phases": "The phases of the life cycle.",
    "people": "One row a responder: hours over the whole run.",
    "assignments": "What responders did other than visits. One assignment a person at a time.",
    "shifts": "When responders were rostered and when they left.",
    "sites": "One row a visitor of a site. Called = served + no_show + left + turned_away + missed.",
    "stations": "One row a time in queue at a station of a site; also one for each piece of goods made ready there.",
    "tubes": "One row a tube of samples.",
    "orders": "One row a carrying-out of a step of the card, and one for each step that was never set going.",
    "notices": "One row a notice posted in a channel.",
    "funds": "One row a payment.",
    "attitudes": "One row a change of a resident's trust, anxiety or compliance, with its cause. One row a topic that "
    "a resident first hears of, where something asks whether they have.",
    "help": "One row a need that somebody at home or next door meets.",
    "residents": "How the crisis leaves residents, with a flag for each stated group. Another scenario can begin from "
    "it (`community: {from: …}`).",
    "applications": "One row a request to somebody outside (authorities, donors, experts), and the answer.",
    "alarms": "One row an alarm of a detector of early warning.",
    "infections": "One row an infection, in their order; rows only where the world has an epidemic.",
    "strain": "One row a change of a responder's strain, with its cause: the sum of changes is the strain.",
    "events": "What happened that is no stamp of a need or a visit.",
    "gauges": "Levels at each look.",
    "runs": "One row a run, those that failed among them.",
    "outcomes": "One row an outcome of a run; units, and what is better: at the end of this page.",
}

MEANINGS = {
    "needs.started_h": "the first service starts: of a responder, at home or next door, by courier, or outside",
    "assignments.assignment": "one of the words below, or a post by its name",
    "events.event": "one of the words below",
}
"""Columns of words that are listed, or of which more is to be said here."""


def dictionary() -> str:
    """Return the data dictionary as Markdown."""
    return "\n".join(_lines()) + "\n"


HEAD = """# Data dictionary

Printed by `firstline schema --tables`; edit the declarations, not this page. Times are hours since the start of the
scenario; what has not come yet is null. Tables are Parquet files `tables/<name>/part-*.parquet`; each field carries its
unit and meaning. `outcomes` and `runs` are always kept, `needs` and `visits` with `--detail needs`, all with `--detail
full`: [how to read them](results.md). `needs` has a flag `in_<group>` for each stated group.

Every row of every table begins with its run:

| column | type | unit | meaning |
|---|---|---|---|"""

OUTCOMES = """
## The outcomes

One value a run, in the table `outcomes`; `size` is that of the denominator. Needs are those of the cohort; waits count
everybody who asked.

| outcome | unit | better | denominator | by |
|---|---|---|---|---|"""

RESIDENTS = """
## Your own residents

A Parquet or CSV file named by `world.community.from`; `household` and `building` must be there.

| column | meaning |
|---|---|"""


def _lines() -> Iterator[str]:
    yield HEAD
    yield from map(_row, RUN_COLUMNS)
    of_folders = {name: columns[len(RUN_COLUMNS) :] for name, columns in FOLDER_TABLES.items()}
    for name, columns in {**TABLES, **of_folders}.items():
        yield from ("", f"## {name}", "", *wrap(ABOUT[name], 120), "")
        yield from ("| column | type | unit | meaning |", "|---|---|---|---|")
        yield from (_row(column, _meaning(name, column)) for column in columns)
        yield from _words(name)
    yield OUTCOMES
    for outcome in (*NEED_OUTCOMES, *sorted(RUN_OUTCOMES)):  # in whatever order they were registered
        described = describe(outcome)
        words = outcome, described.unit, described.direction, described.denominator, ", ".join(described.by)
        yield f"| {' | '.join(words)} |"
    yield RESIDENTS
    yield from (f"| {name} | {meaning} |" for name, meaning in COLUMNS.items())


def _meaning(table: str, column: Column) -> str:
    """Return what a column means; words that the code lists are those of the code."""
    from sim.response.funds import KINDS

    if (table, column.name) == ("funds", "kind"):
        return ", ".join(KINDS)
    return MEANINGS.get(f"{table}.{column.name}", column.meaning)


def _words(table: str) -> Iterator[str]:
    """Yield the words that stand in a table, with what each is about."""
    if table == "events":
        yield from ("", "| event | subject | detail |", "|---|---|---|")
        yield from (f"| {event} | {subject} | {detail} |" for event, (subject, detail) in EVENTS.items())
    if table == "assignments":
        yield from ("", "| assignment | somebody |", "|---|---|")
        yield from (f"| {word}{'NAME' * word.endswith('.')} | {meaning} |" for word, meaning in ASSIGNMENTS.items())


def _row(column: Column, meaning: str | None = None) -> str:
    return f"| {column.name} | {column.kind} | {column.unit} | {meaning or column.meaning} |"
