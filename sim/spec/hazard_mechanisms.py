"""The mechanisms of the response to hazards and of recovery, each with its off, as in ``sim.spec.plan_mechanisms``."""

from __future__ import annotations

from sim.spec.plan_mechanisms import NEVER, Rule

ISOLATION, RECOVERY = "response.isolation", "response.recovery"
NEVER_RAISED: tuple[Rule, ...] = (("+over", 10**12), ("by", None), ("takes", None))

HAZARDS: dict[str, tuple[str, str, str, tuple[Rule, ...], tuple[Rule, ...]]] = {
    # name: where, what it does, what off means, off, without
    "isolation": (
        ISOLATION, "who is confirmed stays in, and infects fewer",
        "for a second", ((f"{ISOLATION}.+lasts", "1 s"),), ((ISOLATION, None),),
    ),
    "transfer": (
        f"{ISOLATION}.confirmed", "who is taken away infects nobody at home",
        "everybody stays at home",
        ((f"{ISOLATION}.confirmed", "home"), (f"{ISOLATION}.transfer", None), (f"{ISOLATION}.beds", None)),
        ((f"{ISOLATION}.confirmed", None), (f"{ISOLATION}.transfer", None), (f"{ISOLATION}.beds", None)),
    ),
    "quarantine": (
        f"{ISOLATION}.contacts", "contacts stay in, and infect fewer should they carry it", "they go about",
        ((f"{ISOLATION}.contacts", None),), ((f"{ISOLATION}.contacts", None),),
    ),
    "protective_clothing": (
        "world.epidemic.protection", "what a kit holds stops infection face to face, both ways", "it stops nothing",
        (("world.epidemic.protection.*", 0),), (("world.epidemic.protection", None),),
    ),
    "early_warning": (
        "response.early_warning", "an alarm sets going what waits for it, before the hazard is felt",
        "the alarm is never raised",
        tuple((f"response.early_warning.*.{key}", off) for key, off in NEVER_RAISED),
        tuple((f"response.early_warning.*.{key}", off) for key, off in NEVER_RAISED),
    ),
    "by_class": (
        "response.by_class", "the class of the event decides who leads, who is called and what is worn",
        "every event is answered alike", (("response.by_class", None),), (("response.by_class", None),),
    ),
    "preparation": (
        "response.preparation", "what was bought, taught and listed beforehand is there", "nothing was done",
        (("response.preparation", None),), (("response.preparation", None),),
    ),
    "revisits": (
        f"{RECOVERY}.revisits", "who asked in vain is called on when the crisis ends, and asks anew",
        "nobody is on the list", ((f"{RECOVERY}.revisits.needs", []),), ((f"{RECOVERY}.revisits", None),),
    ),
    "residents_meetings": (
        f"{RECOVERY}.meetings", "neighbours who meet afterwards trust more and come to know each other",
        "the first is held in ten years", ((f"{RECOVERY}.meetings.every", NEVER),), ((f"{RECOVERY}.meetings", None),),
    ),
    "lessons": (
        f"{RECOVERY}.lessons", "what a review after the crisis changes meets the next one",
        "nobody reviews anything", ((f"{RECOVERY}.lessons", None),), ((f"{RECOVERY}.lessons", None),),
    ),
}  # fmt: skip
