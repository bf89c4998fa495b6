"""What is suspect about how people are found and looked after, and what the model leaves out there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.errors import nearest
from sim.spec.named_groups import group_findings
from sim.spec.tasks import forbidden

if TYPE_CHECKING:
    from sim.spec.scenario import Response, Scenario

WIDEST_SUPERVISION = 8
"""Workers that one supervisor can see, at most; the advice is 5 (row 104)."""
AT_THE_END = ("idle_shift", "alone", "overtime", "overload")
"""What strains, if it does, at the end of a shift."""
Said = Iterator[tuple[str, str]]
"""(place, what is suspect)."""


def people_findings(scenario: Scenario) -> Said:
    """Return everything suspect about the blocks for people."""
    yield from _care(scenario)
    yield from _no_shift_ends(scenario)
    yield from _honours(scenario)
    yield from _residents(scenario)
    yield from _volunteers(scenario)
    yield from group_findings(scenario)
    yield from _roles(scenario.response)
    yield from _money(scenario.response)
    yield from _posts(scenario)


def _care(scenario: Scenario) -> Said:
    response, world = scenario.response, scenario.world
    units, at_desk = response.organisation.units, response.at_desk()
    for name, unit in units.items():
        place = f"response.organisation.units.{name}"
        for key in ("breaks", "debriefing", "hand_over"):
            if name in at_desk and getattr(unit, key) is not None:
                yield f"{place}.{key}", "its people work at a desk, where this is not modelled"
        if unit.unfamiliar is not None and response.travel is None:
            yield f"{place}.unfamiliar", "nobody travels, so nobody gets lost: there is no response.travel"
    for name, supervision in response.supervision.items():
        if name in at_desk:
            yield f"response.supervision.{name}", "its people work at a desk, where sessions are not modelled"
        ratio = units[name].count / max(units[supervision.by].count, 1)
        if ratio > WIDEST_SUPERVISION:
            yield f"response.supervision.{name}", f"{ratio:.0f} workers a supervisor; 5 is the advice"
    for name in response.feedback:
        if units[name].members not in world.strain:
            yield f"response.feedback.{name}", f"nobody has anything to say without world.strain.{units[name].members}"
    if response.insurance is not None and not any(unit.injury is not None for unit in units.values()):
        yield "response.insurance", "nobody is ever hurt: no unit states 'injury'"


def _no_shift_ends(scenario: Scenario) -> Said:
    """Return what comes at the end of a shift, for people on duty around the clock whom nobody calls up."""
    response, units = scenario.response, scenario.response.organisation.units
    around = {n for n, unit in units.items() if unit.shift is None and unit.call_up is None and unit.walk_ins is None}
    for name in (name for name in units if name in around):
        place = f"response.organisation.units.{name}"
        blocks = [f"{place}.{key}" for key in ("debriefing", "honours") if getattr(units[name], key) is not None]
        for block in [*blocks, *([f"response.feedback.{name}"] if name in response.feedback else ())]:
            yield block, f"it comes at the end of a shift, and people of {name!r} have no 'shift'"
    for members, strain in scenario.world.strain.items():
        mine = {name for name, unit in units.items() if unit.members == members}
        for event in AT_THE_END if mine and mine <= around else ():
            block = next((block for block in ("loads", "identity_moves") if getattr(strain, block).get(event)), None)
            if block is not None:
                said = f"it comes at the end of a shift, and no unit of {members!r} has a 'shift'"
                yield f"world.strain.{members}.{block}.{event}", said


def _honours(scenario: Scenario) -> Said:
    for name, unit in scenario.response.organisation.units.items():
        place = f"response.organisation.units.{name}.honours"
        if unit.honours is None:
            continue
        if unit.members not in scenario.world.strain and unit.honours.stay > 0:
            yield f"{place}.stay", f"nobody leaves, for there is no world.strain.{unit.members}"
        if unit.honours.release > 0 and (unit.call_up is None or unit.call_up.release is None):
            yield f"{place}.release", "no firm has to let anybody go: there is no call_up.release"


def _residents(scenario: Scenario) -> Said:
    world, response = scenario.world, scenario.response
    for name, need in world.needs.items():
        if need.self_help is not None and world.mutual_help is None:
            yield f"world.needs.{name}.self_help", "nobody helps: there is no world.mutual_help"
        elif need.self_help is not None and need.sessions is not None:
            yield f"world.needs.{name}.self_help", "nobody helps: it is met in sessions, which take a professional"
        if need.clients is not None:
            for hazard, spec in world.hazards.items():
                if name in (spec.drives or ()):
                    yield f"world.hazards.{hazard}.drives", f"{name!r} has appointments, which no hazard changes"
        if need.calms > 0 and "anxiety" not in world.attitudes:
            yield f"world.needs.{name}.calms", "there is no world.attitudes.anxiety to calm"
    if world.mutual_help is not None and not any(need.self_help is not None for need in world.needs.values()):
        yield "world.mutual_help", "no need type states 'self_help': nobody is asked"
    if response.complaints is not None and world.complaints is None:
        yield "response.complaints", "nobody complains: there is no world.complaints"
    yield from _untold(scenario)


def _untold(scenario: Scenario) -> Said:
    """Return the topics on which something depends, and of which nobody ever tells residents."""
    world, topics = scenario.world, _topics(scenario)
    wanted: list[tuple[str, str | None]] = []
    for name, need in world.needs.items():
        informed = need.self_help.informed if need.self_help is not None else None
        if informed is not None:
            heard = scenario.response.information is not None and informed.topic in topics
            wanted.append((f"world.needs.{name}.self_help.informed", None if heard else informed.topic))
        wanted.append((f"world.needs.{name}.if_unaware", None if need.if_unaware in topics else need.if_unaware))
    if world.mutual_help is not None and world.mutual_help.mobilised_by not in topics:
        wanted.append(("world.mutual_help.mobilised_by", world.mutual_help.mobilised_by))
    for place, topic in wanted:
        if topic is not None:
            hint = nearest(topic, topics - {topic})
            yield place, f"nobody ever tells residents of {topic!r}{hint if 'did you mean' in hint else ''}"


def _topics(scenario: Scenario) -> set[str]:
    """Return every topic that somebody may tell residents of."""
    response = scenario.response
    told = {getattr(step.does, "topic", None) for step in response.steps()} | set(response.sites)
    leaders = response.building_leaders
    return {topic for topic in (*told, leaders.topic if leaders is not None else None) if topic is not None}


def _roles(response: Response) -> Said:
    """Return the need types over whose roles nobody can dispute, or nobody decides."""
    units, at_desk, desks = response.organisation.units, response.at_desk(), response.all_desks().values()
    claimed = {unit for desk in desks for unit in desk.units}
    commands = any(
        unit.function == "command" and (unit.leader or unit.posts is None or "desk" in unit.posts.shares)
        for unit in units.values()
    )
    for need, roles in response.roles.items():
        place = f"response.roles.{need}"
        if not commands and (not roles.settled or roles.since is not None):
            yield place, "nobody commands: who is responsible is settled at once"
        for unit in roles.units:
            if unit in at_desk:
                yield f"{place}.units", f"people of {unit!r} work at a desk: nobody disputes with them"
        sent = [set(desk.units) or set(units) - claimed for desk in desks if not desk.needs or need in desk.needs]
        if not any(len(mine.intersection(roles.units)) > 1 for mine in sent):
            yield f"{place}.units", "no desk sends two of them: nobody disputes"


def _money(response: Response) -> Said:
    """Return what is about money where nobody keeps an account of it."""
    if response.funds is not None:
        return
    for name, unit in response.organisation.units.items():
        if any(sending.amount is not None for sending in unit.sends):
            yield f"response.organisation.units.{name}.sends", "no money leaves: there is no response.funds"
    for name, donor in response.donors.items():
        if any(asking.amount is not None or asking.funds_below is not None for asking in donor.asked):
            yield f"response.donors.{name}.asked", "no money comes: there is no response.funds"


def _posts(scenario: Scenario) -> Said:
    """Return the posts and steps whose people may not do them, or cannot."""
    units, plan = scenario.response.organisation.units, scenario.response.plan
    for place, unit, name in forbidden(scenario):
        yield place, f"people of {unit!r} may not do {name!r} (permitted): it waits for others"
    asked = [
        (f"response.sites.{name}.stations.{station}.staff.skill", spec.staff.skill, spec.staff.unit)
        for name, site in scenario.response.sites.items()
        for station, spec in site.stations.items()
        if spec.staff is not None and spec.staff.without_skill is None
    ]
    card = plan.card if plan is not None else None
    for name, step in card.steps.items() if card is not None else ():
        unit_ = card.teams[step.team].unit if card is not None and step.team is not None else None
        asked.append((f"response.plan.card.steps.{name}.skill", step.skill, unit_ or ""))
    for place, skill, unit in asked:
        if skill is not None and unit in units and skill not in (*units[unit].skills, *units[unit].taught()):
            yield place, f"nobody of {unit!r} has the skill {skill!r}: it waits for others"


def _volunteers(scenario: Scenario) -> Said:
    response = scenario.response
    units = response.organisation.units
    topics = _topics(scenario)
    also = {need for desk in response.desks.values() for need in desk.also}
    for name, need in scenario.world.needs.items():
        if need.asks_elsewhere_after is not None and name not in also:
            yield f"world.needs.{name}.asks_elsewhere_after", "no other desk takes it: none states it under 'also'"
        if name in also and need.items:
            yield f"world.needs.{name}.items", "a second desk's visit draws the goods a second time"
        if need.certified and not any(need.skill in (*unit.certificates, *unit.certified()) for unit in units.values()):
            yield f"world.needs.{name}.certified", f"nobody has a certificate for {need.skill!r}"
    for name, unit in units.items():
        place = f"response.organisation.units.{name}"
        if unit.recruitment is not None and unit.recruitment.topic is not None:
            topic = unit.recruitment.topic
            if response.information is None or topic not in topics:
                yield f"{place}.recruitment.topic", f"nobody ever tells residents of {topic!r}: nobody signs up"
        joins = unit.recruitment is not None or unit.walk_ins is not None
        if unit.tier != "daily" and joins and not unit.certified():
            key = "recruitment" if unit.recruitment is not None else "walk_ins"
            yield f"{place}.{key}", f"its tier is {unit.tier}, and who joins has no certificate: no class certifies"
        called = unit.call_up
        if called is not None and called.at is None and not called.looked_at and response.plan is None:
            yield f"{place}.call_up", "it is called at the activation of a plan, and there is no plan"
