"""What can run but is suspect: findings that a planner should see, never in the way of a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sim.spec.distributions import Gamma, Lognormal, Normal
from sim.spec.evidence import evidence_findings
from sim.spec.hazard_references import hazard_findings
from sim.spec.local_hazards import Local, Poisoning
from sim.spec.needs import Need
from sim.spec.organisation import Shift, Unit
from sim.spec.patches import prepared
from sim.spec.people_findings import people_findings
from sim.spec.plan_findings import plan_findings, units_of_the_plan
from sim.spec.scenario import Scenario

WIDEST_SPAN = 7
"""Direct subordinates that one superior can lead, at most (FEMA NIMS: 3 to 7, best 5; E57)."""
WIDEST_CV = 10
"""A coefficient of variation above this is nobody's work: a few draws last for months, all others no time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One suspicion: where, and what."""

    place: str
    message: str


def findings(scenario: Scenario) -> list[Finding]:
    """Return everything suspect about a scenario, with what is set before the run."""
    stated, scenario = scenario, prepared(scenario)
    return [
        *(Finding(place, message) for place, message in evidence_findings(stated)),
        *_spans(scenario),
        *_skills(scenario),
        *_units(scenario),
        *_hazards(scenario),
        *_time(scenario),
        *_stock(scenario),
        *_laws(scenario),
        *(Finding(place, message) for place, message in plan_findings(scenario)),
        *(Finding(place, message) for place, message in people_findings(scenario)),
        *(Finding(place, message) for place, message in hazard_findings(scenario)),
    ]


def _visitors(scenario: Scenario) -> dict[str, Unit]:
    at_desk = scenario.response.at_desk()
    return {
        name: unit
        for name, unit in scenario.response.organisation.units.items()
        if name not in at_desk and (unit.posts is None or unit.posts.shares.get("visit", 0) > 0)
    }


def _spans(scenario: Scenario) -> Iterator[Finding]:
    units = scenario.response.organisation.units
    for name, unit in units.items():
        below = {child: u for child, u in units.items() if u.reports_to == name}
        span = sum(1 if u.leader else u.count for u in below.values())
        place = f"response.organisation.units.{name}"
        if unit.leader:
            if unit.count - 1 > WIDEST_SPAN:
                yield Finding(
                    place, f"its leader has {unit.count - 1} people to lead; at most {WIDEST_SPAN} is the standard"
                )
        elif unit.count and span > WIDEST_SPAN * unit.count:
            who = f"its {unit.count} people have" if unit.count > 1 else "one person has"
            yield Finding(place, f"{who} {span} direct subordinates; at most {WIDEST_SPAN} a person is the standard")


def _skills(scenario: Scenario) -> Iterator[Finding]:
    visitors = _visitors(scenario)
    wanted: dict[str | None, list[str]] = {}
    for name, need in scenario.world.needs.items():
        wanted.setdefault(need.skill, []).append(name)
    for skill, needs in wanted.items():
        units = [
            unit
            for unit in visitors.values()
            if (unit.count and (skill is None or unit.skills.get(skill, 0) > 0)) or skill in unit.taught()
        ]
        who = "nobody" if skill is None else f"nobody with the skill {skill!r}"
        if not units:
            yield Finding(f"world.needs.{needs[0]}", f"{who} goes on visits: {', '.join(needs)} cannot be met")
            continue
        if all(unit.shift is not None for unit in units):
            gap = _uncovered(tuple(shift for unit in units for shift in unit.shift or ()))
            if gap:
                yield Finding(f"world.needs.{needs[0]}", f"{who} is on duty {gap}: {', '.join(needs)} must wait")
        load = sum(_work_per_h(scenario, scenario.world.needs[name]) for name in needs if skill is not None)
        staff = sum(_on_duty(unit) for unit in units)
        if staff and load > staff:
            yield Finding(
                f"world.needs.{needs[0]}",
                f"the work for {who} keeps {load:.1f} people busy, and {staff:.1f} are on duty on average",
            )


def _uncovered(shifts: tuple[Shift, ...]) -> str:
    """Return the first stretch of the day that no shift covers, in words; "" where all is covered."""
    minutes = [False] * 1440
    for shift in shifts:
        if shift.count != 0:
            for k in range(round(shift.length_h * 60)):
                minutes[(round(shift.begin * 60) + k) % 1440] = True
    if all(minutes) or not any(minutes):
        return "" if all(minutes) else "at any time"
    begin = next(k for k in range(1440) if minutes[k - 1] and not minutes[k])
    length = next(k for k in range(1, 1441) if minutes[(begin + k) % 1440])
    end = (begin + length) % 1440
    return f"from {begin // 60:02d}:{begin % 60:02d} to {end // 60:02d}:{end % 60:02d}"


def _on_duty(unit: Unit) -> float:
    if unit.shift is None:
        return float(unit.count)
    stated = sum(shift.count or 0 for shift in unit.shift)
    open_shifts = [shift for shift in unit.shift if shift.count is None]
    each = (unit.count - stated) / len(open_shifts) if open_shifts else 0.0
    return sum((shift.count if shift.count is not None else each) * shift.length_h / 24 for shift in unit.shift)


def _work_per_h(scenario: Scenario, need: Need) -> float:
    residents = scenario.world.community.residents
    if need.per_hour is None and residents is None:
        return 0.0
    rate = need.per_hour if need.per_hour is not None else (need.per_1000_day or 0.0) * (residents or 0) / 24_000
    if scenario.world.hazards and need.per_hour is not None:
        return 0.0  # the rate follows a hazard's intensity: no usual rate to speak of
    visits = need.sessions.count if need.sessions is not None else 1 / (1 - need.again) if need.again < 1 else 1
    return rate * need.reported * need.service.mean_h() * visits


def _units(scenario: Scenario) -> Iterator[Finding]:
    wanted = {need.skill for need in scenario.world.needs.values()}
    at_work = units_of_the_plan(scenario)
    for name, unit in _visitors(scenario).items():
        place = f"response.organisation.units.{name}"
        if unit.count == 0 and unit.recruitment is None and unit.walk_ins is None:
            yield Finding(place, "it has no people")
        elif unit.leader and unit.count <= len(unit.shift or (None,)):
            continue  # only leaders: they make no visits
        elif None not in wanted and not wanted & set(unit.skills) and name not in at_work:
            yield Finding(place, "no need wants its skills, and no step or site its people: they wait for nothing")
        for skill, share in unit.skills.items():
            if share == 0:
                yield Finding(f"{place}.skills", f"the skill {skill!r} is declared, but nobody holds it")


def _hazards(scenario: Scenario) -> Iterator[Finding]:
    for name, hazard in scenario.world.hazards.items():
        if hazard.drives == () and not isinstance(hazard, Local | Poisoning):
            yield Finding(f"world.hazards.{name}", "it drives no need")
        if hazard.begins >= scenario.horizon:
            yield Finding(f"world.hazards.{name}", "it begins after the horizon")
        if hazard.kind == "lockdown":
            for unit_name, unit in scenario.response.organisation.units.items():
                if unit.home == "outside" and not unit.remote and unit.inside == 0 and unit.count:
                    place = f"response.organisation.units.{unit_name}"
                    yield Finding(place, "all of its people live outside: none can come while the gates are closed")


def _time(scenario: Scenario) -> Iterator[Finding]:
    if scenario.follow_up == 0 and scenario.world.needs:
        yield Finding(
            "follow_up", "without a follow-up, mean waits cannot be given: the last needs are never seen to the end"
        )
    for name, need in scenario.world.needs.items():
        if need.target is not None and scenario.follow_up and need.target > scenario.follow_up:
            yield Finding(
                f"world.needs.{name}.target", "the target is longer than the follow-up: it cannot be judged for all"
            )


def _stock(scenario: Scenario) -> Iterator[Finding]:
    for name, depot in scenario.response.supplies.items():
        for item in depot.stock:
            policy = depot.policy_of(item)
            use = sum(need.items.get(item, 0) for need in scenario.world.needs.values())
            if policy is None and use and depot.stock[item] == 0:
                yield Finding(
                    f"response.supplies.{name}.stock.{item}", "it is wanted, there is none, and none is ordered"
                )


def _laws(scenario: Scenario) -> Iterator[Finding]:
    named = [(f"world.needs.{name}.service", need.service) for name, need in scenario.world.needs.items()]
    for name, site in scenario.response.sites.items():
        named += [(f"response.sites.{name}.stations.{k}.service", one.service) for k, one in site.stations.items()]
    for place, law in named:
        if isinstance(law, Lognormal | Gamma | Normal) and law.spread_h() > WIDEST_CV * law.mean:
            times = law.spread_h() / law.mean
            yield Finding(place, f"its standard deviation is {times:,.0f} times its mean: few visits take all the time")
