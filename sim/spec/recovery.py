"""Recovery: what is done when the crisis ends. Needs left over, neighbours brought together, lessons put into practice.

It begins when a phase is first entered. Each of its three parts takes the time of a unit that is named, and what nobody
has time for is not done.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import model_validator

from sim.errors import InputError
from sim.spec.base import Integer, Interval, Name, PathMap, Plain, Share, Spec, Text, between, refuse
from sim.spec.changes import Change
from sim.spec.community import Phase
from sim.spec.distributions import Duration

if TYPE_CHECKING:
    from sim.spec.life_cycle import LifeCycle
    from sim.spec.people_references import Reference
    from sim.spec.scenario import Response, Scenario

PLACE = "response.recovery"


class Revisits(Spec):
    """Residents whose requests ended unmet are called on, one request after the other; who needs it still asks anew."""

    needs: tuple[Name, ...]
    """The need types that are followed up."""
    by: Name
    """The unit whose people call."""
    takes: Duration
    """How long one call takes, the way there included."""
    still: Share
    """Share of these needs that are still there."""
    people: Annotated[Integer, between(1, 100_000, "at least one person")] = 1
    """How many of the unit are on such calls at once; the others go on with their work."""


class Meetings(Spec):
    """Meetings of residents, one building after another: neighbours come to know and to trust each other again."""

    by: Name
    """The unit whose people hold them."""
    takes: Duration
    every: Interval
    """From one building's meeting to the next building's; the first is held so long after recovery begins."""
    attends: Share
    """Share of a building's residents who come."""


class Lessons(Spec):
    """A review after the crisis, and what it changes in the response."""

    by: Name
    """The unit that holds it."""
    takes: Duration
    set: PathMap[Plain]
    """Dotted paths of the response and their new values, as in ``response.changes``."""
    note: Text | None = None

    @model_validator(mode="after")
    def _some(self) -> Lessons:
        if not self.set:
            raise refuse("at least one value to set is wanted")
        return self


class Recovery(Spec):
    """What is done when a phase of the crisis is first entered."""

    phase: Phase = "resolution"
    revisits: Revisits | None = None
    meetings: Meetings | None = None
    lessons: Lessons | None = None

    def parts(self) -> dict[str, Revisits | Meetings | Lessons]:
        """Return the parts that are stated, by name."""
        named = {"revisits": self.revisits, "meetings": self.meetings, "lessons": self.lessons}
        return {name: part for name, part in named.items() if part is not None}


def recovery_references(scenario: Scenario) -> Iterator[Reference]:
    """Return every name that the block uses of others; refuses one without phases to begin with."""
    recovery = scenario.response.recovery
    if recovery is None:
        return
    if scenario.world.life_cycle is None:
        raise refuse(f"{PLACE}: a world.life_cycle is wanted, since recovery begins with the phase {recovery.phase!r}")
    for name, part in recovery.parts().items():
        yield f"{PLACE}.{name}.by", part.by, scenario.response.organisation.units, "unit"
    for need in recovery.revisits.needs if recovery.revisits is not None else ():
        yield f"{PLACE}.revisits.needs", need, scenario.world.needs, "need type"


def during_run(response: Response) -> Response:
    """Return a response as it is changed during a run: recovery changes it, and is no part of what is changed.

    The lessons stand among the changes that may come, so that there are people for a larger count.
    """
    if response.recovery is None:
        return response
    lessons = response.recovery.lessons
    coming = (Change.at_once(lessons.set, "lessons"),) if lessons is not None else ()
    return response.model_copy(update={"recovery": None, "changes": (*response.changes, *coming)})


def check_lessons(scenario: Scenario) -> None:
    """Refuse lessons that set what cannot change during a run, or that leave no scenario that can run."""
    from sim.spec.patches import CHANGEABLE, changed

    recovery = scenario.response.recovery
    if recovery is None or recovery.lessons is None:
        return
    place = f"{PLACE}.lessons.set"
    for path in recovery.lessons.set:
        if not any(_matches(path, pattern) for pattern in CHANGEABLE["changes"]):
            alike = [p for p in CHANGEABLE["changes"] if p.split(".")[0] == path.split(".")[0]]
            wanted = "; ".join(pattern.replace("*", "NAME") for pattern in alike or CHANGEABLE["changes"])
            raise refuse(f"{place}.{path}: this cannot change while the clock runs; what can: {wanted}")
    world = scenario.world.model_copy(update={"injects": ()})  # they are checked by themselves
    bare = scenario.model_copy(update={"response": during_run(scenario.response), "world": world})
    try:
        changed(bare, "response", Change.at_once(recovery.lessons.set, "lessons"))
    except InputError as error:
        first = error.problems[0]
        raise refuse(f"{place}: {first.place}: {first.message}".replace(": : ", ": ")) from None


def _matches(path: str, pattern: str) -> bool:
    keys, wanted = path.split("."), pattern.split(".")
    return len(keys) >= len(wanted) and all(want in ("*", key) for key, want in zip(keys, wanted, strict=False))


def recovery_findings(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Return what is suspect about the block: nothing to do, and a phase that no run enters."""
    recovery, cycle = scenario.response.recovery, scenario.world.life_cycle
    if recovery is None or cycle is None:
        return
    if not recovery.parts():
        yield PLACE, "it does nothing: it has neither revisits nor meetings nor lessons"
    if recovery.phase not in _entered(cycle, scenario.end_h):
        yield f"{PLACE}.phase", f"the life cycle never enters {recovery.phase!r} before the end: recovery never begins"


def _entered(cycle: LifeCycle, end_h: float) -> set[str]:
    """Return the phases that a run may enter: by the timetable before its end, or by any way from the first."""
    if cycle.timetable is not None:
        return {phase for begin, phase in cycle.spells() if begin < end_h}
    entered: set[str] = {cycle.begins}
    while further := {turn.to for turn in cycle.conditions if turn.from_ in entered} - entered:
        entered |= further
    return entered
