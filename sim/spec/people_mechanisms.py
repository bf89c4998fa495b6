"""The mechanisms of the people: strain and care, residents, volunteers, support from outside, each with its off.

The form is that of ``sim.spec.plan_mechanisms``: a path in which * means any name, a value that leaves the block and
takes its effect away, and one that removes it.
"""

from __future__ import annotations

from sim.spec.plan_mechanisms import NEVER, UNITS, Rule

STRAIN = "world.strain.*"
SUPERVISION = "response.supervision.*"

PEOPLE: dict[str, tuple[str, str, str, tuple[Rule, ...], tuple[Rule, ...]]] = {
    # name: where, what it does, what off means, off, without
    "strain": (
        STRAIN, "strain makes visits longer and worse, and people stay away and leave",
        "people carry their strain, and it changes nothing",
        (
            (f"{STRAIN}.+slower", 0), (f"{STRAIN}.+errors", 0), (f"{STRAIN}.+absence", 0), (f"{STRAIN}.leaving", None),
        ),
        (("world.strain", None),),
    ),
    "supervision": (
        SUPERVISION, "sessions with a supervisor take the time of both and lower strain",
        "sessions once in ten years, and no consultations",
        ((f"{SUPERVISION}.+every", NEVER), (f"{SUPERVISION}.+takes", "1 h"), (f"{SUPERVISION}.consults", None)),
        (("response.supervision", None),),
    ),
    "debriefing": (
        f"{UNITS}.debriefing", "talking a shift over with peers lowers strain and takes their time",
        "it would take ten years, so there is none",
        ((f"{UNITS}.debriefing.takes", NEVER),), ((f"{UNITS}.debriefing", None),),
    ),
    "breaks": (
        f"{UNITS}.breaks", "rest during a shift lowers strain and takes time from visits", "once in ten years",
        ((f"{UNITS}.breaks.every", NEVER),), ((f"{UNITS}.breaks", None),),
    ),
    "rest_between_shifts": (
        f"{UNITS}.rest", "who has worked late begins later, and nobody misses a rest", "a rest of a second",
        ((f"{UNITS}.rest", "1 s"),), ((f"{UNITS}.rest", None),),
    ),
    "feedback": (
        "response.feedback", "people whose feedback is answered in time are less strained, and stay",
        "nobody says anything",
        (("response.feedback.*.+gives", 0),), (("response.feedback", None),),
    ),
    "honours": (
        f"{UNITS}.honours", "points for hours served bring people to their shifts, to a limit",
        "points change nothing",
        ((f"{UNITS}.honours.+attendance", 0), (f"{UNITS}.honours.+stay", 0)), ((f"{UNITS}.honours", None),),
    ),
    "insurance": (
        "response.insurance", "without cover, an injury keeps colleagues away",
        "an injury is not talked about, and a claim takes no time",
        (("response.insurance.+refuses", 0), ("response.insurance.+leaves", 0), ("response.insurance.takes", "0 h")),
        (("response.insurance", None),),
    ),
    "contract": (
        f"{UNITS}.contract", "before a contract is renewed its people are insecure; without renewal they go",
        "it was renewed before the beginning",
        ((f"{UNITS}.contract.+renewed", "0 h"),), ((f"{UNITS}.contract", None),),
    ),
}  # fmt: skip
