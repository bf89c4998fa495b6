"""The schema of every table that a run leaves: each column's type, unit and meaning, declared once.

The data dictionary in docs/ is printed from here, and each Parquet field carries its unit and meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["int", "float", "word", "flag", "text"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``word`` is one of few names (dictionary coded); a time in hours is null where it has not come."""

    name: str
    kind: Kind
    unit: str
    meaning: str


def _time(name: str, meaning: str) -> Column:
    return Column(name, "float", "h", meaning)


NEED = Column("need", "int", "", "number of the need, by onset")
PERSON = Column("person", "int", "", "number of the responder")
UNIT = Column("unit", "word", "", "the unit")

TABLES: dict[str, tuple[Column, ...]] = {
    "needs": (
        NEED,
        Column("need_type", "word", "", "the need type of the scenario"),
        Column("resident", "int", "", "row of the resident"),
        Column("other", "int", "", "row of the other party of a dispute; null for none"),
        Column("household", "int", "", "row of the household"),
        Column("building", "word", "", "the resident's building"),
        Column("zone", "word", "", "the resident's zone"),
        Column("desk", "word", "", "the desk that serves the zone"),
        Column("urgency", "int", "1 (most) to 4", "urgency at onset"),
        Column("phase", "word", "", "phase of the life cycle at onset"),
        Column("origin", "word", "", "exogenous, state, caused or relapse"),
        Column("parent", "int", "", "the need that led to it; null where none did"),
        Column("cohort", "flag", "", "onset in [warm_up, horizon): counted by the outcomes"),
        _time("onset_h", "the condition begins"),
        _time("requested_h", "the response knows of it"),
        _time("triaged_h", "a coordinator has taken it in"),
        _time("escalated_h", "escalated: sent up for a decision"),
        _time("dispatched_h", "the first responder is sent"),
        _time("started_h", "the first service starts: a responder's, or the outside service's after a referral"),
        _time("referred_h", "passed on to an outside service"),
        _time("closed_h", "ended: met, served outside, or abandoned"),
        Column("end", "word", "", "open, met, referred, abandoned or withdrawn"),
        Column("met_by", "word", "", "who met it: household, neighbour, online, responder, outside"),
        Column("attempts", "int", "visits", "responders sent"),
    ),
    "visits": (
        NEED,
        Column("attempt", "int", "", "how manyth visit to this need, from 1"),
        PERSON,
        UNIT,
        _time("dispatched_h", "the responder is sent and taken from here on"),
        _time("arrived_h", "at the door"),
        _time("started_h", "service starts; null where it never did"),
        _time("ended_h", "the responder is free again"),
        Column(
            "outcome",
            "word",
            "",
            "closed, more (visits to come), wrong_skill, gone, referred, duplicate, blocked (no way there), "
            "no_entry (no authority to enter, or one of two not in), not_found (the entry is out of date), refused "
            "or unfinished",
        ),
    ),
    "units": (
        Column("name", "word", "", "the unit or desk"),
        Column("kind", "word", "", "unit or desk"),
        _time("t_h", "from this moment"),
        Column("rostered", "int", "people", "rostered and present (units)"),
        Column("on_duty", "int", "people", "rostered or finishing (units)"),
        Column("busy", "int", "people", "on a visit, a task or at a post (units)"),
        Column("travelling", "int", "people", "on the way to a visit (units)"),
        Column(
            "queue",
            "int",
            "requests",
            "waiting for a responder; sessions that are due wait with their worker (desks)",
        ),
    ),
    "stock": (
        Column("depot", "word", "", "the depot"),
        Column("item", "word", "", "the item"),
        _time("t_h", "from this moment"),
        Column(
            "event",
            "word",
            "",
            "initial, issued, returned, ordered, received, back_ordered, allocated, cancelled, failed (did not come)",
        ),
        Column("quantity", "int", "pieces", "of this event"),
        Column("on_hand", "int", "pieces", "in the store afterwards"),
        Column("on_order", "int", "pieces", "ordered and not yet received, afterwards"),
        Column("back_ordered", "int", "pieces", "owed to parked requests, afterwards"),
        Column("use", "word", "", "visit, step, kit, round, provisions, donation, repair or sent; else visit"),
        Column("price", "float", "currency", "of one piece; null where none is stated"),
    ),
    "phases": (
        Column("phase", "word", "", "warning, emergency, protracted or resolution"),
        _time("begin_h", "the phase begins"),
        _time("end_h", "the phase ends"),
    ),
    "people": (
        PERSON,
        UNIT,
        Column("resident", "int", "", "row of the resident that this is; null where that is not known"),
        Column("members", "word", "", "volunteer, social_worker or staff"),
        Column("tier", "word", "", "daily, professional or expert"),
        Column("skills", "word", "", "what the person can do, joined by +"),
        Column("rostered_h", "float", "h", "rostered and present"),
        Column("on_duty_h", "float", "h", "rostered or finishing"),
        Column("busy_h", "float", "h", "on visits, tasks and posts"),
        Column("busy_rostered_h", "float", "h", "of that, within the roster"),
        Column("travel_h", "float", "h", "on the way to visits"),
        Column("overtime_h", "float", "h", "on duty after the end of the roster"),
        Column("visits", "int", "visits", "visits begun"),
        Column("cost", "float", "currency", "hours on duty at the unit's cost an hour; null where none is stated"),
        Column("capacity", "float", "points", "strain that the person can carry at first; null: strain not modelled"),
        Column("half_life_h", "float", "h", "in which the person's strain halves at rest; null: it stays"),
        Column("identity", "float", "share", "professional identity of the person; null: strain is not modelled"),
    ),
    "assignments": (
        PERSON,
        UNIT,
        Column("assignment", "word", "", "intake, message, report, decision, switch, or a post by its name"),
        _time("asked_h", "since when it waited for somebody"),
        _time("start_h", "the person is taken from here on"),
        _time("end_h", "the person is free again"),
        Column("need", "int", "", "the need it is about; null where none"),
    ),
    "shifts": (
        PERSON,
        UNIT,
        _time("rostered_from_h", "comes on duty"),
        _time("rostered_until_h", "the roster ends; null for who is always on duty"),
        _time("left_h", "goes off duty; null where the run ended first"),
    ),
    "sites": (
        Column("site", "word", "", "the site"),
        Column("visitor", "int", "", "number of the visitor at this site"),
        Column("round", "int", "", "number of the round of invitations; 0 for who comes unasked"),
        Column("resident", "int", "", "row of the resident; null for a visitor from anywhere"),
        Column("class", "word", "", "the class of visitor; null for none"),
        _time("called_h", "called, or booked; null for who comes unasked"),
        _time("slot_h", "the time booked"),
        _time("arrived_h", "comes"),
        _time("left_h", "leaves the site, served or not"),
        Column("again", "flag", "", "called again because the tube was positive; counted by no outcome of the site"),
        Column(
            "end",
            "word",
            "",
            "served, no_show, left (gave up), turned_away, missed (never knew); open or inside at the end",
        ),
    ),
    "stations": (
        Column("site", "word", "", "the site"),
        Column("station", "word", "", "the station, or the goods that are made ready there"),
        Column("visitor", "int", "", "number of the visitor; null for a piece of goods"),
        Column("round", "int", "", "round of the visitor; 0 for who comes unasked and for goods"),
        _time("queued_h", "joins the queue"),
        _time("started_h", "service begins; null where it never did"),
        _time("ended_h", "service ends, or the visitor gives up"),
        Column("person", "int", "", "number of the responder who serves; null for a server without a name"),
    ),
    "tubes": (
        Column("site", "word", "", "the site where the samples were taken"),
        Column("station", "word", "", "the station where they were taken"),
        Column("tube", "int", "", "number of the tube at the site"),
        Column("round", "int", "", "round of invitations"),
        Column("people", "int", "people", "samples in it"),
        Column("infected", "int", "people", "of these, of people who were infected then (nobody knows)"),
        _time("opened_h", "first sample"),
        _time("sealed_h", "full, or sealed after its time"),
        _time("sent_h", "leaves the site"),
        _time("result_h", "the result is back"),
        Column("positive", "flag", "", "the result is positive"),
    ),
    "orders": (
        Column("step", "word", "", "step of the card"),
        Column("part", "word", "", "activation, response, contingency or stand_down"),
        Column("action", "word", "", "what is done: the action of the step; empty for none"),
        Column("nth", "int", "", "how manyth carrying-out of the step, from 1; 0 for a step never triggered"),
        Column("team", "word", "", "the team that the card names; null where it names none"),
        Column("unit", "word", "", "who does it; null while nobody is chosen"),
        _time("triggered_h", "its trigger and the steps before it hold"),
        _time("ordered_h", "the decision is taken"),
        _time("told_h", "word has reached the team"),
        _time("staffed_h", "the first of its people is free for it"),
        _time("started_h", "materials are there, and the work begins"),
        _time("done_h", "the work is done"),
        Column("wanted", "int", "people", "people it asks for"),
        Column("came", "int", "people", "people who have come to it"),
        Column("within_h", "float", "h", "its time limit from triggered; null for none"),
        Column("late", "flag", "", "done, or still not done, after its time limit"),
        Column(
            "why",
            "word",
            "",
            "what took longest of a late one, or what one not done waits for: decision, message, people, materials, "
            "work, activation, trigger, a step before it, a level; empty for one in time",
        ),
    ),
    "notices": (
        Column("topic", "word", "", "what it is about"),
        Column("channel", "word", "", "where it is posted"),
        Column("unit", "word", "", "who posts it"),
        _time("posted_h", "when"),
        Column("reached", "int", "people", "residents who take notice of it, now or later"),
        Column("silent", "flag", "", "the channel was out of order: nobody took notice"),
    ),
    "funds": (
        _time("t_h", "when"),
        Column("kind", "word", "", "opening, grant, wages or goods"),
        Column("amount", "float", "currency", "what comes in; negative for what is paid"),
        Column("balance", "float", "currency", "afterwards"),
    ),
    "attitudes": (
        _time("t_h", "when"),
        Column("resident", "int", "", "row of the resident"),
        Column("state", "word", "", "trust, anxiety, compliance, or aware: has heard of a topic"),
        Column("cause", "word", "", "the event, or calming for the time since the last; of aware notice or door"),
        Column("topic", "word", "", "what somebody has heard of; null but for aware"),
        Column("change", "float", "share", "what it adds or takes away"),
        Column("value", "float", "share", "the state afterwards"),
    ),
    "help": (
        Column("need", "int", "", "number of the need"),
        Column("helper", "int", "", "row of the resident who helps: the one in need, where they have heard how"),
        Column("resident", "int", "", "row of the resident who is helped"),
        Column("by", "word", "", "household or neighbour"),
        _time("start_h", "the helper is taken from here on"),
        _time("end_h", "the helper is free again; null where the run ended first"),
    ),
    "residents": (
        Column("resident", "int", "", "row of the resident; rows only where attitudes or mutual help are modelled"),
        Column("household", "int", "", "row of the household"),
        Column("building", "word", "", "the building"),
        Column("zone", "word", "", "the zone"),
        Column("x_m", "float", "m", "metres east, of the building"),
        Column("y_m", "float", "m", "metres north, of the building"),
        Column("age", "float", "years", "null where no ages are stated"),
        Column("trust", "float", "share", "at the end; null where not modelled"),
        Column("anxiety", "float", "share", "at the end; null where not modelled"),
        Column("compliance", "float", "share", "at the end; null where not modelled"),
        Column("ties", "int", "people", "neighbours known at the end; null where not modelled"),
        Column("close", "int", "people", "of these, have helped, been helped or been introduced; null likewise"),
        Column("knows", "text", "", "who they are: rows of residents, joined by +, the closest first; null likewise"),
    ),
    "applications": (
        Column("actor", "word", "", "who outside is asked: authority_ with its act, a donor, or experts"),
        Column("about", "word", "", "the act; money and items, joined by +; or the problem"),
        Column("unit", "word", "", "who asks; empty for problems that experts hear"),
        _time("asked_h", "the application is made"),
        _time("taken_up_h", "an officer takes it up, or a meeting"),
        _time("answered_h", "it is answered"),
        Column("answer", "word", "", "given or declined; empty: not yet"),
        _time("arrived_h", "what was given is there, or advice is in force"),
    ),
    "alarms": (
        Column("detector", "word", "", "who raised it"),
        _time("raised_h", "when"),
        _time("cleared_h", "taken back; null while it lasts"),
        Column("seen", "float", "", "cases counted in the window, or the reading"),
        Column("warns_of", "word", "", "what it was to see; empty where nobody said"),
        _time("began_h", "when that began; null for never, or where nobody said"),
        Column("came", "float", "", "1 if that was there while the alarm lasted, 0 for a false alarm; null unknown"),
    ),
    "infections": (
        Column("resident", "int", "", "row of the resident; null for people from outside"),
        Column("person", "int", "", "number of the responder that this is; null where none"),
        Column("building", "word", "", "where the resident lives"),
        Column("episode", "int", "", "1 for somebody's first infection"),
        Column(
            "layer",
            "word",
            "",
            "where: seed, elsewhere, household, building, casual, queue (at a site) or service (face to face)",
        ),
        _time("infected_h", "when"),
        _time("infectious_h", "infectious from here on"),
        _time("recovered_h", "infectious until here"),
        _time("ill_h", "first symptoms; null for none"),
        _time("confirmed_h", "the response knows; null for never"),
        _time("isolated_h", "begins to stay in, of the first stay that falls into the infectious time"),
        _time("released_h", "that stay ends"),
    ),
    "strain": (
        _time("t_h", "when"),
        PERSON,
        UNIT,
        Column("cause", "word", "", "the event, or duty or rest for the hours since the last change"),
        Column("source", "word", "", "the surroundings it comes from: client, organisation, institution or hours"),
        Column("change", "float", "points", "what it adds or takes away"),
        Column("strain", "float", "points", "strain afterwards"),
        Column("capacity", "float", "points", "what the person can carry afterwards"),
        Column("identity", "float", "share", "professional identity of the person afterwards"),
        Column("need", "int", "", "the need it is about; null where none"),
    ),
    "events": (
        _time("t_h", "when"),
        Column(
            "event",
            "word",
            "",
            "phase_entered, shift_begun, shift_ended, change, inject; of people: injured, stayed_away (strain), "
            "refused_shift (a colleague was hurt, uninsured), no_show, late, declined (a call-up), left_for_good, "
            "replaced, no_supervision, answered, contract_ended",
        ),
        Column("subject", "text", "", "what it is about"),
        Column("detail", "text", "", "more of it"),
    ),
    "gauges": (
        _time("t_h", "the moment of the look"),
        Column(
            "gauge",
            "word",
            "",
            "waiting: at a desk for a responder; open: begun and not ended; known: of these, requested",
        ),
        Column("value", "float", "needs", "its value"),
    ),
    "runs": (
        Column("scenario", "word", "", "name of the scenario"),
        Column("seed", "int", "", "seed of the experiment"),
        Column("version", "word", "", "version of Firstline"),
        Column("residents", "int", "people", "size of the population"),
        Column("needs", "int", "needs", "needs raised until the end"),
        Column("wall_s", "float", "s", "wall clock of the run"),
        Column("cpu_s", "float", "s", "processor time of the run"),
        Column("peak_mb", "float", "MB", "largest memory of the process so far"),
        Column("status", "word", "", "done or failed"),
        Column("error", "text", "", "traceback of a failed run"),
    ),
}

GROUP_PREFIX = "in_"
"""Each stated vulnerability group is a flag column of ``needs`` with this prefix, such as in_over_80."""

VOLATILE = {"runs": ("wall_s", "cpu_s", "peak_mb", "error")}
"""Columns that differ from machine to machine; they are no part of a digest."""


def columns(table: str) -> tuple[str, ...]:
    """Return the column names of a table."""
    return tuple(column.name for column in TABLES[table])
