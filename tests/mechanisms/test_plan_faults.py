"""What attack on the mechanisms of the plan found: each fault in the smallest scenario that shows it."""

from __future__ import annotations

from typing import Any

import pytest

from sim import Result, Scenario, run
from sim.errors import InputError
from sim.spec.findings import findings
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import validate

Data = dict[str, Any]
TWO: Data = {
    "command": {"function": "command", "members": "staff", "count": 1, "decision": "10 min"},
    "crew": {"function": "logistics", "members": "volunteer", "count": 2},
}


def unit(count: int = 2, function: str = "logistics", **more: Any) -> Data:
    return {"function": function, "members": "volunteer", "count": count, **more}


def need(per_hour: float = 0, **more: Any) -> Data:
    return {"per_hour": per_hour, "urgency": 2, "service": "10 min", **more}


def step(team: str, action: str, people: int | None = 1, **more: Any) -> Data:
    own = {k: more.pop(k) for k in ("part", "after", "when", "materials", "ordered", "repeat", "within") if k in more}
    people_ = {} if people is None else {"people": people}
    return {"ordered": False, "team": team, **people_, **own, "does": {"action": action, **more}}


def plan(steps: Data, checks: tuple[Data, ...] = (), declare: Data | None = None, **more: Any) -> Data:
    first = declare or step("command", "declare", 0, part="activation")
    teams = {given["team"]: {"unit": given["team"], "contact": "1"} for given in (first, *steps.values())}
    card = {"card": "micro", "teams": teams, "steps": {"declare": first, **steps}, "checks": list(checks)}
    return {"card": card, "search": "0 h", **more}


def micro(
    units: Data,
    wants: Data | None = None,
    world: Data | None = None,
    shares: Data | None = None,
    hours: int = 12,
    **more: Any,
) -> Scenario:
    community = {"residents": 60, "households": 20, "buildings": 4, "shares": shares or {}}
    data = {
        "name": "micro",
        "horizon": f"{hours} h",
        "follow_up": "0 h",
        "world": {"community": community, "needs": wants or {"parcel": need()}, **(world or {})},
        "response": {"organisation": {"units": units}, **more},
    }
    return validate(data, "micro")


def done(result: Result, name: str) -> float:
    orders = result.frame("orders")
    return float(orders[orders.step == name].done_h.iloc[0])


def stock(result: Result, item: str) -> int:
    table = result.frame("stock")
    return int(table[table["item"] == item].on_hand.iloc[-1])


WORK = step("crew", "work", person_hours="1 h")
CHAT = {"channels": {"chat": {"reach": 1}}}
HALL: Data = {"arrivals": {"per_hour": 25}, "enters": "desk", "stations": {"desk": {"servers": 1, "service": "4 min"}}}
CALLED: Data = {
    "invitations": {"slot": "15 min", "per_slot": 10},
    "enters": "desk",
    "stations": {"desk": {"servers": 2, "service": "1 min"}},
}


def impatient(**review: Any) -> Scenario:
    desk = {"staff": {"unit": "crew", "people": 4}, "service": "4 min", "patience": "10 min"}
    fixes = [{"problem": "gave_up", "set": review}]
    return micro(
        {**TWO, "crew": unit(1)},
        sites={"hall": {**HALL, "stations": {"desk": desk}}},
        plan=plan({}, review={"every": "2 h", "takes": "10 min", "fixes": fixes}),
    )


# -- crashes ----------------------------------------------------------------------------------------------------------


def test_a_review_may_hire_people():
    """01 A fix that raises a count crashed with IndexError: people are made for `changes` only (CrisisModel._teams)."""
    result = run(impatient(**{"organisation.units.crew.count": 4}))
    assert "change" in set(result.frame("events").event)


@pytest.mark.parametrize("path", ["nonsense.path", "organisation.units.crew.function", "organisation.units.crw.count"])
def test_a_fix_is_checked_like_a_change(path: str):
    """02 A fix that cannot be made is refused when the scenario is read, not in the middle of a run."""
    with pytest.raises(InputError):
        impatient(**{path: 3})


@pytest.mark.parametrize(("promised", "hours"), [("0 h", "00:00-12:00"), ("8 h", "08:00-12:00")])
def test_a_unit_that_comes_at_the_start_of_a_shift_comes_once(promised: str, hours: str):
    """03 It began its shift twice: idle twice, LawBroken or AssertionError. This is what 'outside_crew' off does."""
    units = {"testers": unit(2, "medical", arrives={"promised": promised}, shift=hours)}
    result = run(micro(units, {"parcel": need(2)}))
    assert len(result.frame("shifts")) == 2


@pytest.mark.parametrize("action", ["doors", "trace"])
def test_who_goes_off_duty_at_the_stand_down_leaves_once(action: str):
    """04 Relieved at the end of a shift, then stood down with a door or a piece in hand: ValueError in `leave`."""
    does: Data = {"doors": {"buildings": "all", "each": "30 min"}, "trace": {"each": "30 min"}}[action]
    steps = {
        "round": step("crew", action, 2, **does),
        "end": step("command", "stand_down", 0, part="stand_down", when={"at": "12 min"}),
    }
    scenario = micro(
        {**TWO, "crew": unit(2, shift="00:00-03:00")},
        world={"positives": [{"count": 9, "symptoms": "1 h"}]},
        outside={"cdc": {"delay": "0 h"}},
        plan=plan(
            steps,
            ({"service": "cdc", "takes": "0 h"},),
            step("command", "declare", 0, part="activation", when={"at": "2.9 h"}),
        ),
    )
    assert run(scenario).end_h == 12


def test_gifts_may_come_often_and_long():
    """05 Donations every half hour for a month: RecursionError in Depots._announce."""
    gifts = [{"at": "0 h", "every": "30 min", "items": {"box": 1}}]
    scenario = micro(TWO, hours=720, supplies={"store": {"stock": {"box": 0}, "donations": gifts}})
    assert stock(run(scenario), "box") == 1440


# -- steps that never end, or end too soon ----------------------------------------------------------------------------


def test_a_round_of_nobody_is_over():
    """06 A round to which nobody is called (no building closed yet) never ended, and blocked every later one."""
    steps = {
        "early": step("crew", "screen", 0, site="hall"),
        "all": step("crew", "screen", 0, site="hall", buildings="all"),
    }
    result = run(micro(TWO, sites={"hall": CALLED}, plan=plan(steps)))
    assert done(result, "early") == 0
    assert (result.frame("sites").end == "served").sum() == 60


def test_a_signal_that_came_before_the_activation_is_not_forgotten():
    """07 A response step on a signal that comes before the activation was never triggered ('stood_down', it says)."""
    steps = {"first": WORK | {"when": {"signal": "go"}}}
    declare = step("command", "declare", 0, part="activation", when={"at": "1 h"})
    result = run(micro(TWO, world={"signals": {"go": "0 h"}}, plan=plan(steps, declare=declare)))
    assert done(result, "first") == 2


def test_work_of_a_team_at_a_desk_is_done_or_said_to_be_impossible():
    """08 Shared work (also set_up, repair, doors, man) of the command unit was never done, without a finding."""
    scenario = micro(TWO, plan=plan({"first": step("command", "work", person_hours="1 h")}))
    said = [finding for finding in findings(scenario) if "steps.first" in finding.place]
    assert said or done(run(scenario), "first") == 1


def test_a_step_without_an_action_waits_for_all_its_people():
    """09 'Done once its people and materials are there': it was done when the first of four was."""
    first = {key: value for key, value in step("crew", "work", 4).items() if key != "does"}
    assert not done(run(micro({**TWO, "crew": unit(1)}, plan=plan({"first": first}))), "first") < 12


def test_a_unit_that_is_booked_twice_is_there_for_both_steps():
    """10 The second step that books a unit was never done."""
    units = {**TWO, "testers": unit(2, "medical", arrives={"promised": "1 h"})}
    steps = {name: step("crew", "book", unit="testers", takes="1 min") for name in ("one", "two")}
    result = run(micro(units, plan=plan(steps)))
    assert done(result, "one") == done(result, "two")


def test_people_are_lent_as_soon_as_some_are_idle():
    """11 The commander was asked once; where nobody was idle at that moment nobody was ever lent."""
    units = {**TWO, "crew": unit(1), "others": unit(3, "security")}
    steps = {
        "other": step("others", "work", 3, person_hours="6 h"),
        "first": step("crew", "work", 4, person_hours="10 h"),
    }
    assert done(run(micro(units, plan=plan(steps, borrow_after="30 min"))), "first") < 9


def test_calls_go_out_through_a_liaison_at_the_desk():
    """12 Where the liaison is a coordinator too, nobody answered: its people are no visitors, and no call was made."""
    referral = {"after": "1 min", "to": "ambulance", "through": "office", "call": "1 min"}
    units = {"office": unit(2, "liaison"), "medics": unit(0, "medical", skills=["first_aid"])}
    result = run(
        micro(
            units, {"ill": need(2, skill="first_aid", referral=referral)}, outside={"ambulance": {"delay": "5 min"}},
            desks={"main": {"coordinator": "office", "handling": "1 min"}},
        )
    )  # fmt: skip
    assert result.frame("needs").started_h.notna().mean() > 0.9


def test_the_call_of_a_check_takes_its_time():
    """13 'takes': of an outside service the call, its own time comes on top. It was left out."""
    checks = ({"service": "cdc", "takes": "3 h"},)
    world = {"positives": [{"count": 1, "symptoms": "1 h"}]}
    log = run(micro(TWO, world=world, outside={"cdc": {"delay": "1 h"}}, plan=plan({}, checks))).frame("events")
    assert log[log.event == "confirmed"].t_h.tolist() == [5]


# -- information ------------------------------------------------------------------------------------------------------


def test_a_new_rumour_does_not_unsay_the_last():
    """14 Each new rumour overwrote when the last was heard: with after 2 h and delay 3 h nobody ever believed any."""
    information = {**CHAT, "rumours": {"after": "2 h", "reach": 1, "delay": "3 h"}}
    result = run(micro(TWO, {"worry": need(5, if_rumour=True)}, information=information, plan=plan({})))
    assert len(result.frame("needs")) > 20


def test_a_notice_on_its_way_does_not_unsay_the_last():
    """15 A slow notice overwrote when the last official word was read, and the refuted rumour was believed again."""
    information = {
        "channels": {"fast": {"reach": 1}, "slow": {"reach": 1, "delay": "20 h"}},
        "rumours": {"after": "3 h", "reach": 1, "delay": "0 h"},
    }
    steps = {
        "one": step("crew", "notify", topic="news", channels=["fast"], takes="0 h", when={"at": "3.5 h"}),
        "two": step("crew", "notify", topic="news", channels=["slow"], takes="0 h", when={"at": "4 h"}),
    }
    result = run(micro(TWO, {"worry": need(20, if_rumour=True)}, information=information, plan=plan(steps)))
    onset = result.frame("needs").onset_h
    assert ((onset > 3) & (onset < 3.5)).any()
    assert not ((onset > 3.5) & (onset < 7)).any()


# -- goods ------------------------------------------------------------------------------------------------------------


def test_a_kit_is_renewed_between_visits_too():
    """16 'kit_lasts' was looked at only on the way through the roster: who goes on visits wore one all day."""
    units = {"crew": unit(1, kit={"suit": 1}, kit_lasts="2 h")}
    assert stock(run(micro(units, {"parcel": need(12)}, supplies={"store": {"stock": {"suit": 10}}})), "suit") <= 5


def test_a_durable_kit_that_is_renewed_comes_back():
    """17 Nothing breaks, and yet every break at a post cost a suit: only the last one came back."""
    units = {**TWO, "crew": unit(1, kit={"suit": 1}, shift="00:00-10:00")}
    gate = step("crew", "man", post="gate", break_every="2 h", break_takes="10 min")
    result = run(
        micro(units, supplies={"store": {"stock": {"suit": 10}}}, durables={"suit": {}}, plan=plan({"gate": gate}))
    )
    assert stock(result, "suit") == 10


def test_a_post_brings_its_materials_back():
    """18 Durable materials of a post (radio, barrier) never came back at the stand-down."""
    steps = {
        "gate": step("crew", "man", post="gate", materials={"radio": 1}),
        "end": step("command", "stand_down", 0, part="stand_down", when={"at": "5 h"}),
    }
    result = run(micro(TWO, supplies={"store": {"stock": {"radio": 1}}}, durables={"radio": {}}, plan=plan(steps)))
    assert stock(result, "radio") == 1


def test_a_fence_that_stands_is_not_in_the_store():
    """19 A durable fence was back in the store, for the next cordon, as soon as the cordon stood."""
    steps = {"fence": step("crew", "cordon", buildings="all", materials={"fence": 4})}
    result = run(micro(TWO, supplies={"store": {"stock": {"fence": 4}}}, durables={"fence": {}}, plan=plan(steps)))
    assert stock(result, "fence") == 0


def test_a_step_that_was_given_up_takes_no_goods():
    """20 A step that waited for goods at the stand-down still drew them when they came, and nobody had them."""
    steps = {
        "first": step("crew", "work", materials={"saw": 1}, person_hours="1 h"),
        "end": step("command", "stand_down", 0, part="stand_down", when={"at": "5 h"}),
    }
    store = {"stock": {"saw": 0}, "donations": [{"at": "7 h", "items": {"saw": 3}}]}
    assert stock(run(micro(TWO, supplies={"store": store}, plan=plan(steps))), "saw") == 3


def test_who_becomes_urgent_is_given_rations():
    """21 A parked request that is escalated to the urgency for which there is stock waited for the next delivery."""
    store = {"stock": {"box": 50}, "rations": {"box": {"below": 100, "urgency": 1}}}
    result = run(micro(TWO, {"box": need(1, escalate_after="1 h", items={"box": 1})}, supplies={"store": store}))
    assert (result.frame("needs").end == "met").any()


def test_one_unit_without_kits_is_no_conflict():
    """22 Ten people of one unit who wait for a suit cost the commander nine decisions between conflicting claims."""
    units = {**TWO, "crew": unit(10, kit={"suit": 1})}
    tasks = run(micro(units, supplies={"store": {"stock": {"suit": 0}}})).frame("assignments")
    assert not (tasks.assignment == "decision").any()


# -- problems that are reported ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", ["abandoned", "stock_out"])
def test_residents_who_give_up_and_empty_shelves_are_reported(problem: str):
    """23 Nobody reported 'abandoned', nor the empty shelf that parks a visit: the fix was never made."""
    fixes = [{"problem": problem, "set": {"organisation.message_delay": "1 min"}}]
    result = run(
        micro(
            TWO, {"box": need(6, patience="10 min", items={"box": 1})}, supplies={"store": {"stock": {"box": 1}}},
            plan=plan({}, review={"every": "1 h", "takes": "1 min", "fixes": fixes}),
        )
    )  # fmt: skip
    assert "change" in set(result.frame("events").event)


def test_a_step_that_is_never_done_is_reported_as_late():
    """24 A step was reported as late when it was done; the worst, which is never done, never was."""
    fixes = [{"problem": "late_step", "set": {"organisation.message_delay": "1 min"}}]
    steps = {"first": step("crew", "work", person_hours="99 h", within="1 h")}
    result = run(micro(TWO, plan=plan(steps, review={"every": "3 h", "takes": "1 min", "fixes": fixes})))
    assert "change" in set(result.frame("events").event)


# -- counterfactuals --------------------------------------------------------------------------------------------------


def test_only_gates_are_switched_off_as_gates():
    """25 'gates' was present at any site with trips, and off took the visitors of a relief site away."""
    relief = {**HALL, "arrivals": {"per_1000_day": 1000}}
    assert not MECHANISMS["gates"].present(micro(TWO, sites={"relief": relief}))
    gate = micro(TWO, sites={"relief": relief, "gate": {**relief, "only_closed": True}})
    assert "relief" not in MECHANISMS["gates"].off(gate)["response"]["sites"]


def test_a_reserve_for_days_is_a_reserve():
    """26 A store that states 'reserve_for' only has a reserve, and ablation passed it by."""
    units = {"crew": unit(2, kit={"mask": 1})}
    store = {"stock": {"mask": 9}, "reserve_for": "1 d"}
    assert MECHANISMS["reserve"].present(micro(units, {"mask": need(1, items={"mask": 1})}, supplies={"store": store}))


def test_nobody_has_to_be_fetched_with_fetching_off():
    """29 'Nobody has to be brought': with no helper on duty they were still missed, since a helper was still asked."""
    fetch = {"groups": ["disabled"], "unit": "crew", "helpers": 1, "each": "10 min"}
    called = {**CALLED, "invitations": {**CALLED["invitations"], "rounds": ["1 h"], "fetch": fetch}}
    on = micro({"crew": unit(0)}, shares={"disabled": 0.3}, sites={"hall": called})
    off = on.patched(MECHANISMS["fetching"].off(on))
    assert (run(off).frame("sites").end == "served").all()


def test_nobody_is_remembered_with_tracing_off():
    """30 'Nobody is remembered': the household still was."""
    steps = {"trace": step("crew", "trace", when={"confirmed_over": 0}, each="5 min")}
    checks = ({"unit": "crew", "takes": "5 min"},)
    on = micro(TWO, world={"positives": [{"resident": 0, "symptoms": "10 min"}]}, tracing={}, plan=plan(steps, checks))
    off = on.patched(MECHANISMS["tracing"].off(on))
    log = run(off, 1, 1).frame("events")
    assert log[log.event == "traced"].detail.tolist() == ["0"]


# -- smaller things ---------------------------------------------------------------------------------------------------


def test_helpers_are_so_many_at_a_site_not_at_a_slot():
    """31 'helpers: 1' was one helper for each slot: six slots, six helpers at once."""
    fetch = {"groups": ["disabled"], "unit": "crew", "helpers": 1, "each": "60 min"}
    called = {**CALLED, "invitations": {**CALLED["invitations"], "rounds": ["1 h"], "fetch": fetch}}
    tasks = run(micro({"crew": unit(6)}, shares={"disabled": 0.5}, sites={"hall": called})).frame("assignments")
    own = tasks[tasks.assignment == "fetch.hall"].sort_values("start_h")
    assert (own.start_h.to_numpy()[1:] >= own.end_h.to_numpy()[:-1]).all()


def test_provisions_for_people_without_a_shift_are_found():
    """32 A unit that is always on duty was never asked for its provisions, and nobody said so."""
    scenario = micro(
        {"crew": unit(1, provisions={"meal": 1})}, {"parcel": need(3)}, supplies={"s": {"stock": {"meal": 0}}}
    )
    said = [finding for finding in findings(scenario) if "provisions" in finding.place + finding.message]
    assert said or not len(run(scenario).frame("visits"))


def test_a_pool_that_cannot_be_sampled_again_is_found():
    """33 At a site without invitations a positive tube led to nothing: nobody called again, nobody confirmed."""
    desk = {
        "servers": 5,
        "service": "1 min",
        "pool": {"size": 5, "laboratory": {"transport": "30 min", "takes": "1 h"}},
    }
    site = {"arrivals": {"per_1000_day": 1000}, "enters": "desk", "stations": {"desk": desk}}
    scenario = micro(TWO, world={"positives": [{"count": 20}]}, sites={"hall": site}, hours=24)
    said = [finding for finding in findings(scenario) if "pool" in finding.place + finding.message]
    result = run(scenario)
    people = result.frame("tubes").query("positive").people.sum()
    assert said or (result.frame("events").event == "confirmed").sum() * 3 > people


def test_what_waits_at_a_desk_is_given_up_at_the_stand_down():
    """A list that people at a desk work off between their tasks kept them busy for hours after the stand-down."""
    steps = {
        "calls": step("office", "trace", None, each="30 min"),
        "end": step("command", "stand_down", 0, part="stand_down", when={"at": "2 h"}),
    }
    scenario = micro(
        {**TWO, "office": unit(1, "liaison")},
        world={"positives": [{"count": 20, "symptoms": "30 min"}]},
        outside={"cdc": {"delay": "0 h"}},
        desks={"main": {"coordinator": "office", "handling": "1 min"}},
        plan=plan(
            steps,
            ({"service": "cdc", "takes": "0 h"},),
            step("command", "declare", 0, part="activation", when={"at": "1 h"}),
        ),
    )
    result = run(scenario)
    work = result.frame("assignments")
    calls = work[work.assignment == "step.calls"]
    assert calls.end_h.max() <= done(result, "end") + 0.5
    assert len(calls) < 20


def test_a_post_ordered_at_the_stand_down_is_not_manned():
    """A contingency's post whose order was on its way at the stand-down was kept up to the end of the run."""
    steps = {
        "guard": step("crew", "man", 2, part="contingency", when={"at": "2 h"}, ordered=True, post="guard"),
        "end": step("command", "stand_down", 0, part="stand_down", when={"at": "2 h"}),
    }
    result = run(micro(TWO, plan=plan(steps)))
    work = result.frame("assignments")
    assert not (work.assignment == "post.guard").any()
