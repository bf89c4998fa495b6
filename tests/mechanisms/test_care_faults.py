"""What attack on strain and care found: each fault in the smallest scenario that shows it, and what is right."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from sim import Result, Scenario, run
from sim.errors import InputError
from sim.response.strain import conflicts
from sim.spec.findings import findings
from sim.spec.patches import validate

Data = dict[str, Any]
TINY = 1e-9


def unit(count: int = 1, **more: Any) -> Data:
    return {"function": "casework", "members": "social_worker", "count": count, **more}


def need(per_hour: float = 2, **more: Any) -> Data:
    return {"per_hour": per_hour, "urgency": 2, "service": "20 min", **more}


def micro(
    units: Data, wants: Data | None = None, *, strain: Data | None = None, hours: int = 48, **more: Any
) -> Scenario:
    world = {
        "community": {"residents": 60, "households": 20, "buildings": 4},
        "needs": wants or {"talk": need(0)},
        **({} if strain is None else {"strain": {"social_worker": strain}}),
        **more.pop("world", {}),
    }
    data = {
        "name": "micro",
        "start": "2022-03-28 08:00",
        "horizon": f"{hours} h",
        "follow_up": "0 h",
        "world": world,
        "response": {"organisation": {"units": units}, **more},
    }
    return validate(data, "micro")


def events(result: Result, kind: str) -> list[tuple[float, str]]:
    log = result.frame("events")
    mine = log[log["event"] == kind]
    return list(zip(mine["t_h"], mine["subject"], strict=True))


def causes(result: Result, cause: str) -> int:
    return int((result.frame("strain")["cause"] == cause).sum())


def work(result: Result, kind: str) -> list[tuple[int, float, float]]:
    """(person, begin, end) of each assignment of a kind; one that the end cuts off lasts until it."""
    table = result.frame("assignments")
    mine = table[table["assignment"] == kind]
    return list(zip(mine["person"], mine["start_h"], mine["end_h"].fillna(result.end_h), strict=True))


DAY = "08:00-20:00"
WEIGHED = {"loads": {"traumatic": 5, "failed": 5, "alone": 1, "idle_shift": 1, "missed_rest": 1}}


# -- strain -----------------------------------------------------------------------------------------------------------


def test_strain_lengthens_visits_where_nobody_has_to_walk():
    """An estate without travel takes a shorter path through the code; strain slows the work there too."""
    strain = {"loads": {"visit": 100}, "slower": 1}
    visits = run(micro({"case": unit()}, {"talk": need(1)}, strain=strain)).frame("visits").dropna(subset="ended_h")
    length = (visits["ended_h"] - visits["started_h"]).to_numpy()
    assert length[0] == pytest.approx(1 / 3)
    assert length[1:] == pytest.approx(np.full(length.size - 1, 2 / 3))


def test_who_goes_home_together_was_not_alone():
    """Four people who begin and end a shift together were never alone, not even the last through the door."""
    assert causes(run(micro({"case": unit(4, shift=DAY)}, strain=WEIGHED)), "alone") == 0


def test_who_was_alone_was_alone():
    """Of two on different shifts each is alone, whether or not the other comes as they go."""
    shifts = ["08:00-14:00", "14:00-20:00"]
    assert causes(run(micro({"case": unit(2, shift=shifts)}, strain=WEIGHED)), "alone") == 4


def test_the_last_to_leave_was_not_alone():
    """Who had a colleague on duty for part of the shift was not alone, whoever of them goes first; nor was one who had
    the company of another unit that does the same work.
    """
    late = {"case": unit(2, shift=["08:00-19:00", "10:00-20:00"])}
    assert causes(run(micro(late, strain=WEIGHED)), "alone") == 0
    same, other = (
        {"case": unit(1, shift=DAY), "more": unit(1, function=function, members="staff", shift="10:00-12:00")}
        for function in ("casework", "logistics")
    )
    assert causes(run(micro(same, strain=WEIGHED)), "alone") == 0
    assert causes(run(micro(other, strain=WEIGHED)), "alone") == 2


def test_each_session_of_a_case_can_go_wrong():
    """The share of visits that go wrong does not depend on how many sessions a case has. One that did is held again: a
    case that is met has had as many others as it takes.
    """
    strain, shares = {"loads": {"failed": 5}}, []
    for count in (2, 6):
        wants = {"talk": need(0.2, skill="talk", sessions={"count": count, "every": "3 h"})}
        result = run(micro({"case": unit(4, skills=["talk"], errors=0.5)}, wants, strain=strain, hours=480))
        failed = result.frame("strain").query("cause == 'failed'").groupby("need").size()
        needs = result.frame("needs")
        met = needs[needs["end"] == "met"]
        assert len(met) > 20
        assert set(met["attempts"] - met["need"].map(failed).fillna(0)) == {count}
        shares.append(failed.sum() / result.frame("visits")["ended_h"].notna().sum())
    assert shares == pytest.approx([0.5, 0.5], abs=0.06)


def test_who_works_at_a_desk_on_a_round_or_at_a_post_is_not_idle():
    """Any work fills a shift: what is taken in at a desk, a round of the building leaders, an answer, a post."""
    units = {
        "lead": unit(1, function="command", members="staff"),
        "case": unit(1, skills=["talk"], shift=DAY, errors=0.5),
        "desk": unit(1, function="liaison", shift=DAY),
        "leaders": unit(1, function="liaison", shift=DAY),
        "ear": unit(1, shift=DAY, skills=["listen"]),
        "gate": unit(1, shift=DAY, skills=["stand"], posts={"shares": {"visit": 0.5, "gate": 0.5}, "block": "4 h"}),
        "spare": unit(1, shift=DAY, skills=["nothing"]),
    }
    result = run(
        micro(
            units, {"talk": need(1, skill="talk")}, strain=WEIGHED,
            desks={"main": {"coordinator": "desk", "handling": "5 min"}},
            building_leaders={"unit": "leaders", "every": "6 h", "each": "1 min"},
            feedback={"case": {"to": "ear", "takes": "10 min"}},
        )
    )  # fmt: skip
    idle = result.frame("strain").query("cause == 'idle_shift'")["unit"].value_counts()
    assert dict(idle[idle > 0]) == {"spare": 2, "ear": 1}, "nobody has said anything before the first evening"


def test_only_work_that_is_no_social_work_conflicts_with_its_values():
    """Meetings of residents, calls on those who asked in vain, lessons, applications and support for others are social
    work; a step, a post, a station, a round of a site and a check are not.
    """
    assert all(conflicts(kind) for kind in ("step.seal", "post.gate", "screening.swab", "recall.screening", "check"))
    recovery = {
        "phase": "protracted",
        "meetings": {"by": "case", "takes": "1 h", "every": "6 h", "attends": 0.3},
        "revisits": {"needs": ["talk"], "by": "case", "takes": "20 min", "still": 0.5, "people": 1},
        "lessons": {"by": "case", "takes": "1 h", "set": {"organisation.units.case.count": 3}},
    }
    units = {"case": unit(2, sends=[{"at": "5 h", "takes": "1 h"}])}
    asked = [{"at": "6 h", "by": "case", "takes": "1 h", "amount": 100}]
    result = run(
        micro(
            units, {"talk": need(3, service="3 h", patience="1 h")}, strain={"loads": {"value_conflict": 3}}, hours=72,
            world={"life_cycle": {"timetable": {"emergency": "1 d", "protracted": "2 d"}}}, recovery=recovery,
            funds={"opening": 10},
            donors={"charity": {"decides": "1 h", "asked": asked}},
        )
    )  # fmt: skip
    done = set(result.frame("assignments")["assignment"])
    assert done >= {"residents_meeting", "revisit", "lessons", "application", "support"}
    assert causes(result, "value_conflict") == 0


def test_a_unit_without_shifts_leaves_too():
    """Who works around the clock is not spared a hazard of leaving that is beyond all measure."""
    strain = {"leaving": {"per_year": 1_000_000}}
    result = run(micro({"case": unit(2)}, {"talk": need()}, strain=strain))
    assert len(events(result, "left_for_good")) == 2


def test_who_works_around_the_clock_is_insecure_too():
    """A contract that ends strains people without shifts as well as those who have some."""
    contract = {"ends": "10 d", "notice": "9 d"}
    result = run(micro({"case": unit(contract=contract)}, strain={"loads": {"insecure": 1}}, hours=96))
    assert causes(result, "insecure") > 0


# -- coming and going -------------------------------------------------------------------------------------------------


def test_who_has_left_for_good_does_not_come_back_with_a_larger_count():
    """A change that raises the number of people brings new ones, not those who have given up."""
    counts = [{"at": f"{t} h", "set": {"organisation.units.case.count": n}} for t, n in ((50, 1), (60, 2))]
    result = run(
        micro(
            {"case": unit(2, shift=DAY)}, {"talk": need()},
            strain={"leaving": {"per_year": 1_000_000}}, hours=120, changes=counts,
        )
    )  # fmt: skip
    gone = sorted((int(person), t) for t, person in events(result, "left_for_good"))
    assert [person for person, _ in gone] == [0, 1]
    shifts = result.frame("shifts")
    assert all(shifts["rostered_from_h"] <= shifts["person"].map(dict(gone)))


def test_a_contract_that_has_ended_is_not_revived_by_a_larger_count():
    """Without renewal there is nobody to hire."""
    contract = {"ends": "30 h", "notice": "5 h"}
    changes = [{"at": "40 h", "set": {"organisation.units.case.count": 3}}]
    result = run(micro({"case": unit(2, shift=DAY, contract=contract)}, hours=120, changes=changes))
    assert result.frame("shifts")["rostered_from_h"].max() < 30


def breaches_of_rest(result: Result, rest_h: float) -> list[tuple[int, float, float]]:
    shifts = result.frame("shifts").sort_values(["person", "rostered_from_h"])
    found = []
    for person, mine in shifts.groupby("person"):
        spans = list(zip(mine["rostered_from_h"], mine["left_h"], strict=True))
        found += [(person, left, begin) for (_, left), (begin, _) in pairwise(spans) if begin - left < rest_h - TINY]
    return found


def test_rest_counts_from_when_somebody_has_left():
    """Who is still at work when the next shift begins has not begun to rest: the rest counts from when they leave."""
    shifts = [{"hours": "08:00-08:00", "count": 2}]
    result = run(micro({"case": unit(2, shift=shifts, rest="8 h")}, {"talk": need(1, service="5 h")}, hours=120))
    assert breaches_of_rest(result, 8) == []


def test_who_is_rested_a_little_later_comes_all_the_same():
    """Who worked over the moment at which they should have come again comes after a rest, not a day later."""
    result = run(
        micro({"case": unit(1, shift="08:00-08:00", rest="2 h")}, {"talk": need(0.5, service="9 h")}, hours=240), 3
    )
    shifts = result.frame("shifts")
    gaps = shifts["rostered_from_h"].to_numpy()[1:] - shifts["left_h"].to_numpy()[:-1]
    assert gaps == pytest.approx(np.full(gaps.size, 2))


def test_who_is_not_rested_in_time_takes_no_provisions():
    """Food for a shift that somebody does not come to stays in the store."""
    shifts = [{"hours": "08:00-20:00", "count": 1}, {"hours": "20:00-22:00", "count": 0}]
    units = {"case": unit(1, shift=shifts, rest="30 h", provisions={"meal": 1})}
    result = run(micro(units, hours=72, supplies={"store": {"stock": {"meal": 10}}}))
    eaten = 10 - int(result.frame("stock")["on_hand"].iloc[-1])
    assert eaten == len(result.frame("shifts"))


# -- supervision ------------------------------------------------------------------------------------------------------


def test_nobody_waits_through_the_night_for_a_supervisor_who_has_gone_home():
    """Both have to be free: a session that the supervisor has no time for is missed, and the worker goes home."""
    units = {
        "boss": unit(1, shift="08:00-12:00"),
        "case": unit(3, shift="08:00-20:00", skills=["talk"]),
    }
    care = {"case": {"by": "boss", "every": "7 h", "takes": "30 min", "within": "6 h"}}
    result = run(micro(units, {"talk": need(1.5, service="2 h", skill="talk")}, hours=480, supervision=care))
    assert len(work(result, "supervision")) > 10
    assert max(end - begin for _, begin, end in work(result, "supervision")) < 8


def test_nobody_consults_through_the_night():
    """A consultation that the supervisor is too late for does not keep the worker until the morning."""
    units = {
        "boss": unit(1, shift="08:00-12:00"),
        "case": unit(4, shift="08:00-12:00", skills=["talk"], errors=0.9),
    }
    care = {"case": {"by": "boss", "consults": "1 h"}}
    result = run(micro(units, {"talk": need(3, skill="talk")}, hours=72, supervision=care))
    assert max(end - begin for _, begin, end in work(result, "consultation")) < 12


def test_who_is_alone_in_a_unit_cannot_supervise_themselves():
    """A unit that supervises itself needs two; one alone misses the session, or the file is refused."""
    try:
        scenario = micro(
            {"case": unit(1, skills=["talk"])}, {"talk": need(skill="talk")},
            supervision={"case": {"by": "case", "every": "6 h", "takes": "30 min", "within": "2 h"}},
        )  # fmt: skip
    except InputError:
        return
    result = run(scenario)
    assert sum(end - begin for _, begin, end in work(result, "supervision")) < 1
    assert events(result, "no_supervision")


def test_two_who_supervise_each_other_do_not_wait_for_each_other_for_ever():
    """Each is held by a session with the other, who is held by the other session: one of them has to give way."""
    units = {"one": unit(1, skills=["talk"], errors=0.5), "two": unit(1, skills=["talk"], errors=0.5)}
    care = {"one": {"by": "two", "consults": "10 min"}, "two": {"by": "one", "consults": "10 min"}}
    result = run(micro(units, {"talk": need(4, skill="talk")}, hours=48, supervision=care))
    assert max(end - begin for _, begin, end in work(result, "consultation")) < 3


def test_a_traumatic_visit_is_talked_over():
    """Consultation comes after a visit that was traumatic as it does after one that went wrong."""
    units = {"boss": unit(1), "case": unit(1, skills=["talk"])}
    strain = {"loads": {"traumatic": 5}, "traumatic": {"talk": 1}}
    care = {"case": {"by": "boss", "consults": "10 min"}}
    result = run(micro(units, {"talk": need(1, skill="talk")}, strain=strain, supervision=care))
    trauma = causes(result, "traumatic")
    assert trauma > 10
    assert causes(result, "traumatic") - 2 <= len(work(result, "consultation")) / 2 <= trauma


def test_only_those_it_was_traumatic_for_consult():
    """A visit of another to the same need is another visit: what was hard about the last one is past."""
    units = {
        "boss": unit(1),
        "case": unit(1, skills=["talk"], shift="08:00-12:00"),
        "help": unit(1, members="volunteer", skills=["talk"], shift="12:00-20:00"),
    }
    strain = {"loads": {"traumatic": 5}, "traumatic": {"talk": 1}}
    care = {name: {"by": "boss", "consults": "10 min"} for name in ("case", "help")}
    wants = {"talk": need(0.4, skill="talk", again=0.9)}
    result = run(micro(units, wants, strain=strain, supervision=care, hours=120))
    assert len(result.frame("visits")) > 20
    assert not [1 for person, *_ in work(result, "consultation") if person == 2]


def test_people_at_a_desk_have_neither_sessions_nor_breaks_and_that_is_said():
    """Work at a desk is a queue of tasks, not of persons: what the model leaves out there is a finding."""
    units = {
        "lead": unit(1, function="command"),
        "office": unit(2, breaks={"every": "4 h", "lasts": "30 min"}),
        "case": unit(1, skills=["talk"]),
    }
    desks = {"main": {"coordinator": "office", "handling": "5 min"}}
    supervised = {"office": {"by": "case", "every": "1 d", "takes": "30 min"}}
    wants = {"talk": need(1, skill="talk")}
    scenario = micro(units, wants, hours=48, desks=desks, strain=WEIGHED, supervision=supervised)
    said = {finding.place for finding in findings(scenario) if "desk" in finding.message}
    assert said >= {"response.organisation.units.office.breaks", "response.supervision.office"}
    result = run(scenario)
    assert not work(result, "rest")
    assert not events(result, "no_supervision")


def test_a_claim_on_one_person_does_not_keep_the_others_from_their_cases():
    """While one worker is to be supervised after the visit in hand, an idle colleague's session begins when due."""
    units = {"boss": unit(1, skills=[]), "case": unit(3, skills=["talk"])}
    wants = {"talk": need(1, service="2 h", skill="talk", sessions={"count": 6, "every": "3 h"})}
    care = {"case": {"by": "boss", "every": "2 h", "takes": "1 min", "within": "2 h"}}
    result = run(micro(units, wants, hours=96, supervision=care))
    visits, tasks = result.frame("visits"), result.frame("assignments")
    spans = [
        (person, begin, end)
        for table, first, last in ((visits, "dispatched_h", "ended_h"), (tasks, "start_h", "end_h"))
        for person, begin, end in zip(table["person"], table[first], table[last].fillna(result.end_h), strict=True)
    ]
    wrong = []
    for need_, mine in visits.groupby("need"):
        sessions = mine.sort_values("attempt")
        dues = sessions["ended_h"].to_numpy()[:-1] + 3
        for due, begun, person in zip(dues, sessions["dispatched_h"][1:], sessions["person"][1:], strict=True):
            busy = sum(max(min(e, begun) - max(b, due), 0) for who, b, e in spans if who == person)
            if begun - due > busy + TINY:
                wrong.append((need_, person, due, begun))
    assert not wrong


# -- the shift --------------------------------------------------------------------------------------------------------


def test_a_debriefing_is_at_the_end_of_a_shift():
    """What nobody had time for does not happen: it is not made up for on the next morning."""
    units = {"case": unit(3, shift=DAY, skills=["talk"], debriefing={"takes": "20 min"})}
    service = {"dist": "exponential", "mean": "40 min"}
    result = run(micro(units, {"talk": need(3, service=service, skill="talk")}, hours=240))
    held = [begin % 24 for _, begin, _ in work(result, "debriefing")]
    assert held
    assert min(held) >= 12 - 1 / 3 - TINY


def test_nobody_debriefs_alone():
    """A debriefing is a talk of two at least: who is free while the others are on visits waits for one of them."""
    units = {"case": unit(3, shift=DAY, skills=["talk"], debriefing={"takes": "20 min"})}
    service = {"dist": "exponential", "mean": "40 min"}
    held = work(run(micro(units, {"talk": need(2, service=service, skill="talk")}, hours=480)), "debriefing")
    assert len(held) > 20
    assert any(end - begin > 1 / 3 + TINY for _, begin, end in held), "nobody had to wait for a colleague"
    for person, begin, end in held:
        others = [1 for other, b, e in held if other != person and min(e, end) - max(b, begin) > TINY]
        assert others, f"person {person} alone from {begin} to {end}"


def test_what_comes_at_the_end_of_a_shift_is_a_finding_where_none_ends():
    """On a unit around the clock these blocks and loads do nothing, and the file is told so; not one with shifts."""
    care = {"debriefing": {"takes": "20 min"}, "honours": {"half_at": "2 h", "stay": 0.5}}
    strain = {"loads": {"idle_shift": 1, "overtime": 1, "alone": 1, "visit": 1}, "leaving": {"per_year": 1}}
    feedback = {"case": {"to": "boss", "takes": "10 min"}}

    def said(**more: Any) -> set[str]:
        units = {"boss": unit(1, members="staff"), "case": unit(2, **care, **more)}
        scenario = micro(units, strain=strain, feedback=feedback)
        return {found.place for found in findings(scenario) if "end of a shift" in found.message}

    block, load = "response.organisation.units.case", "world.strain.social_worker.loads"
    mine = {f"{block}.debriefing", f"{block}.honours", "response.feedback.case"}
    assert said() == mine | {f"{load}.{event}" for event in ("idle_shift", "overtime", "alone")}
    assert said(shift=DAY) == said(call_up={"at": "1 h", "stint": "6 h"}) == set()


def test_people_who_have_gone_leave_no_claims_behind():
    """A debriefing or a consultation of somebody who has left for good does not stay on the list of the team."""
    from sim.model import CrisisModel

    units = {"case": unit(4, shift=DAY, skills=["talk"], debriefing={"takes": "20 min"})}
    strain = {"leaving": {"per_year": 50}}
    model = CrisisModel(micro(units, {"talk": need(3, service="90 min", skill="talk")}, strain=strain, hours=480), 1)
    while model.running:
        model.step()
    assert [c for c in model.teams["case"].claims if c.open and c.person and not c.person.employed] == []


def test_breaks_go_on_when_one_shift_follows_another():
    """Who is on a visit when their shift ends and their next begins has breaks in that one too."""
    units = {"case": unit(2, shift="08:00-08:00", skills=["talk"], breaks={"every": "4 h", "lasts": "10 min"})}
    result = run(micro(units, {"talk": need(4, service="30 min", skill="talk")}, hours=240))
    rests = [begin for _, begin, _ in work(result, "rest")]
    assert [sum(24 * day <= begin < 24 * day + 24 for begin in rests) >= 8 for day in range(10)] == [True] * 10


def test_a_break_does_not_outlast_the_shift():
    """Nobody stays on duty to rest."""
    units = {"case": unit(2, shift="08:00-12:01", breaks={"every": "2 h", "lasts": "30 min"})}
    result = run(micro(units, hours=24))
    assert max(result.frame("shifts")["left_h"]) == pytest.approx(4 + 1 / 60)


def test_breaks_longer_than_the_time_between_them_are_refused():
    """A break of two hours every hour leaves no hour for anybody."""
    with pytest.raises(InputError):
        micro({"case": unit(2, shift=DAY, breaks={"every": "1 h", "lasts": "2 h"})})


def test_nobody_is_hurt_by_a_break_or_a_talk():
    """Injuries belong to visits and to work; rest, supervision and debriefing are neither."""
    units = {
        "boss": unit(1),
        "case": unit(
            4, injury={"share": 1, "away": "2 h"}, breaks={"every": "2 h", "lasts": "10 min"}, shift=DAY,
            debriefing={"takes": "10 min"},
        ),
    }  # fmt: skip
    care = {"case": {"by": "boss", "every": "4 h", "takes": "10 min"}}
    assert events(run(micro(units, supervision=care)), "injured") == []


# -- answers ----------------------------------------------------------------------------------------------------------


def test_an_idle_shift_is_something_to_say():
    """Who came for nothing says so after that shift."""
    units = {"boss": unit(1), "case": unit(2, shift=DAY)}
    feedback = {"case": {"to": "boss", "takes": "10 min"}}
    result = run(micro(units, strain=WEIGHED, feedback=feedback))
    assert causes(result, "idle_shift") > 0
    assert events(result, "answered")
