"""Laws 2 and 3: chance belongs to the thing it is about, and a mechanism that never acts changes nothing."""

import copy

import numpy as np
import pytest

from sim import run
from sim.spec.patches import validate
from tests.laws.scenarios import bits, contents

DRAWN = ("onset_h", "requested_h")


def base(**needs):
    """Two teams of their own skills, with every mechanism that draws."""
    return {
        "name": "luck",
        "start": "2022-03-28 08:00",
        "horizon": "2 d",
        "follow_up": "1 d",
        "world": {
            "community": {"residents": 200, "buildings": 4, "shares": {"over_80": 0.2}},
            "hazards": {"wave": {"kind": "surge", "curve": [["0 h", 0.5], ["1 d", 2], ["2 d", 1]]}},
            "needs": {
                "food": {
                    "per_1000_day": 300,
                    "urgency": 2,
                    "skill": "carry",
                    "service": {"dist": "lognormal", "mean": "30 min", "cv": 0.8},
                    "reporting_delay": {"dist": "exponential", "mean": "20 min"},
                    "reported": 0.9,
                    "patience": {"dist": "exponential", "mean": "6 h"},
                    "rate_by_group": {"over_80": 2},
                    "again": 0.1,
                    "escalate_after": "3 h",
                    **needs.get("food", {}),
                },
                "distress": {
                    "per_1000_day": 100,
                    "urgency": 3,
                    "skill": "talk",
                    "service": {"dist": "gamma", "mean": "1 h", "cv": 0.5},
                    "patience": {"dist": "exponential", "mean": "12 h"},
                    "sessions": {"count": 2, "every": "8 h"},
                    "referral": {"on_visit": 0.2, "delay": {"dist": "exponential", "mean": "5 h"}},
                },
            },
        },
        "response": {
            "organisation": {
                "units": {
                    "hub": {"function": "liaison", "members": "staff", "count": 1},
                    "runners": {
                        "function": "logistics",
                        "members": "volunteer",
                        "count": 4,
                        "leader": True,
                        "reports_to": "hub",
                        "skills": ["carry"],
                        "shift": "07:00-21:00",
                        "attendance": 0.8,
                    },
                    "listeners": {
                        "function": "casework",
                        "members": "social_worker",
                        "count": 3,
                        "reports_to": "hub",
                        "skills": ["talk"],
                    },
                },
                "message_delay": "2 min",
                "message_handling": {"dist": "exponential", "mean": "3 min"},
                "reports": {"every": "4 h", "takes": {"dist": "exponential", "mean": "2 min"}},
            },
            "desks": {"front": {"coordinator": "hub", "handling": {"dist": "exponential", "mean": "4 min"}}},
            "travel": {"speed_km_h": 4},
        },
    }


def patched(data, patch):
    return validate(data, "base").patched(patch)


def stamps(result, types=("food", "distress")):
    """Needs of some types and their visits, to the bit, by what does not depend on how many others there are."""
    n, v = result.columns("needs"), result.columns("visits")
    mine = np.isin(n["need_type"].decoded(), types)
    needs = {
        key: bits(n[key][mine])
        for key in n
        if key.endswith("_h") or key in ("resident", "urgency", "attempts", "cohort")
    }
    needs["type"] = n["need_type"].decoded()[mine].tolist()
    needs["end"] = n["end"].decoded()[mine].tolist()
    of = mine[v["need"]]
    visits = {key: bits(v[key][of]) for key in v if key.endswith("_h") or key == "attempt"}
    visits["outcome"] = v["outcome"].decoded()[of].tolist()
    visits["unit"] = v["unit"].decoded()[of].tolist()
    return {"needs": needs, "visits": visits}


def differing(one, other):
    return [f"{table}.{key}" for table in one for key in one[table] if one[table][key] != other[table][key]]


def test_identical_variants_differ_by_nothing():
    """The same scenario under another name of a variant gives the same tables to the bit."""
    scenario = validate(base(), "base")
    again = validate(copy.deepcopy(base()), "again")
    assert contents(run(scenario, 5, 3), ()) == contents(run(again, 5, 3), ())
    assert contents(run(scenario, 5, 3)) != contents(run(scenario, 5, 4))
    assert contents(run(scenario, 5, 3)) != contents(run(scenario, 6, 3))


def drawn(result, resident_below=10**9):
    """What belongs to each need of the first residents by (type, resident, onset)."""
    n = result.columns("needs")
    rows = np.flatnonzero(n["resident"] < resident_below)
    order = rows[np.lexsort((n["onset_h"][rows], n["resident"][rows], n["need_type"].codes[rows]))]
    return {key: bits(n[key][order]) for key in (*DRAWN, "resident", "urgency", "cohort")}


def lengths_of_service(result):
    """Length of each first visit that ended, by (type, resident, onset)."""
    n, v = result.columns("needs"), result.columns("visits")
    name = n["need_type"].decoded()
    return {
        (name[need], int(n["resident"][need]), float(n["onset_h"][need])): end - start
        for need, attempt, start, end in zip(v["need"], v["attempt"], v["started_h"], v["ended_h"], strict=True)
        if attempt == 1 and end == end and start == start
    }


def lengths_of_patience(result):
    n = result.columns("needs")
    name, end = n["need_type"].decoded(), n["end"].decoded()
    return {
        (name[k], int(n["resident"][k]), float(n["onset_h"][k])): n["closed_h"][k] - n["requested_h"][k]
        for k in np.flatnonzero(end == "abandoned")
    }


def same_where_both(one, other, at_least):
    both = one.keys() & other.keys()
    assert len(both) >= at_least
    return all(one[key] == pytest.approx(other[key], abs=1e-9) for key in both)


@pytest.mark.parametrize("community", [{}, {"households": 80}], ids=["alone", "households"])
def test_one_more_resident_changes_nobody_else(community):
    """Under a rate per resident the needs of the others (onset, request, service, patience) stay as they are."""
    data = base(food={"patience": {"dist": "exponential", "mean": "30 min"}})
    few = patched(data, {"world": {"community": community}})
    more = few.patched({"world": {"community": {"residents": 201}}})
    one, other = run(few, 2), run(more, 2)
    assert drawn(one) == drawn(other, 200)
    assert same_where_both(lengths_of_service(one), lengths_of_service(other), 50)
    assert same_where_both(lengths_of_patience(one), lengths_of_patience(other), 5)


NEVER = {
    "a depot nobody needs": {
        "response": {
            "supplies": {
                "store": {
                    "stock": {"tent": 5},
                    "policy": {"base_stock": 9},
                    "lead_time": {"dist": "exponential", "mean": "3 h"},
                }
            }
        }
    },
    "a unit nobody dispatches": {
        "response": {
            "organisation": {
                "units": {
                    "guards": {
                        "function": "security",
                        "members": "staff",
                        "count": 4,
                        "skills": ["guard"],
                        "shift": "08:00-20:00",
                        "attendance": 0.5,
                        "reports_to": None,
                    }
                }
            }
        }
    },
    "an inject after the end": {"world": {"injects": [{"at": "30 d", "set": {"needs.food.per_1000_day": 900}}]}},
    "an inject that asks for less after the end": {
        "world": {"injects": [{"at": "30 d", "set": {"needs.food.per_1000_day": 10}}]}
    },
    "a conditional inject that never holds": {
        "world": {"injects": [{"when": {"backlog_over": 100000}, "set": {"needs.food.per_1000_day": 900}}]}
    },
    "a conditional inject that asks for less and never holds": {
        "world": {"injects": [{"when": {"backlog_over": 100000}, "set": {"needs.food.per_1000_day": 10}}]}
    },
    "a change after the end": {
        "response": {"changes": [{"at": "30 d", "set": {"organisation.units.runners.count": 9}}]}
    },
    "a change that never holds": {
        "response": {"changes": [{"when": {"backlog_over": 100000}, "set": {"organisation.units.runners.count": 9}}]}
    },
    "a change to what is there": {
        "response": {"changes": [{"at": "1 d", "set": {"organisation.units.runners.count": 4}}]}
    },
    "a change of a triage rule to itself": {
        "response": {"changes": [{"at": "1 d", "set": {"desks.front.triage": "urgency"}}]}
    },
    "an escalation longer than the run": {"world": {"needs": {"distress": {"escalate_after": "30 d"}}}},
    "a referral longer than the run": {
        "world": {"needs": {"food": {"referral": {"after": "30 d", "delay": {"dist": "exponential", "mean": "5 h"}}}}}
    },
    "a lockdown that drives nothing": {
        "world": {"hazards": {"closure": {"kind": "lockdown", "drives": [], "reserve": "1 d"}}}
    },
    "a steady hazard after the end": {
        "world": {"hazards": {"late": {"kind": "steady", "drives": [], "begins": "20 d"}}}
    },
    "a life cycle that drives nothing": {"world": {"life_cycle": {"timetable": {"emergency": "1 d"}}}},
    "a group that matters to nobody": {"world": {"community": {"shares": {"disabled": 0.3}}}},
    "a target": {"world": {"needs": {"food": {"target": "2 h"}}}},
    "a cost": {"response": {"organisation": {"units": {"runners": {"cost_per_h": 30}}}}},
    "a need that never arises": {
        "world": {"needs": {"never": {"per_hour": 0, "urgency": 1, "service": "1 h", "patience": "1 h"}}}
    },
    "a mistake that nobody makes": {"response": {"desks": {"front": {"wrong_skill": "1 h"}}}},
}


@pytest.mark.parametrize("what", NEVER)
def test_what_never_acts_changes_nothing(what):
    """Law 2: adding a mechanism that never acts leaves every stamp of needs and visits the same to the bit."""
    scenario = validate(base(), "base")
    for seed in (1, 2):
        assert not differing(stamps(run(scenario, seed)), stamps(run(scenario.patched(NEVER[what]), seed)))


def listed_first(data, path, name, value):
    """The scenario with an entry put before the others of a map."""
    data = copy.deepcopy(data)
    here = data
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = {name: value} | here[path[-1]]
    return validate(data, "first")


def test_the_order_of_the_units_in_the_file_changes_nobodys_luck():
    """Law 3: draws are keyed by what they are about, not by a running number: a unit that nobody dispatches changes
    nothing, listed first as little as listed last.
    """
    guards = {"function": "security", "members": "staff", "count": 4, "skills": ["guard"]}
    before = listed_first(base(), ("response", "organisation", "units"), "guards", guards)
    assert not differing(stamps(run(validate(base(), "base"))), stamps(run(before)))


def test_the_order_of_the_needs_in_the_file_changes_nobodys_luck():
    """Law 3: a need type that never arises changes nothing, listed first as little as listed last."""
    never = {"per_hour": 0, "urgency": 1, "skill": "carry", "service": "1 h"}
    before = listed_first(base(), ("world", "needs"), "never", never)
    assert not differing(stamps(run(validate(base(), "base"))), stamps(run(before)))


def test_needs_of_others_change_nobodys_luck():
    """Law 3: a need type served by people of its own, who have neither desk nor leader in common with the others,
    changes no stamp of theirs.
    """
    data = base()
    data["response"]["desks"] = {"front": {}}
    data["response"]["organisation"]["units"]["deputies"] = {
        "function": "liaison",
        "members": "staff",
        "count": 1,
        "leader": True,
        "reports_to": "hub",
    }
    for name in ("runners", "listeners"):
        data["response"]["organisation"]["units"][name] |= {"leader": True, "reports_to": "deputies"}
    guards = {"function": "security", "members": "staff", "count": 4, "skills": ["guard"]}
    alarm = {"per_1000_day": 100, "urgency": 1, "skill": "guard", "service": {"dist": "exponential", "mean": "1 h"}}
    more = {"world": {"needs": {"alarm": alarm}}, "response": {"organisation": {"units": {"guards": guards}}}}
    assert not differing(stamps(run(validate(data, "base"))), stamps(run(patched(data, more))))


def test_the_way_of_a_message_is_the_needs_own():
    """Law 3: with a coordinator, a message's handling on its way is keyed by the need and the attempt; needs that
    nobody ever reports use no coordinator and change no message.
    """
    secret = {"per_1000_day": 300, "urgency": 1, "reported": 0, "skill": "carry", "service": "1 h"}
    data = base()
    data["response"]["organisation"]["units"]["hub"]["leader"] = True
    data["response"]["desks"]["front"]["coordinator"] = "hub"
    data["response"]["organisation"]["units"]["middle"] = {
        "function": "liaison",
        "members": "staff",
        "count": 1,
        "leader": True,
        "reports_to": "hub",
    }
    data["response"]["organisation"]["units"]["listeners"]["reports_to"] = "middle"
    one = run(validate(data, "base"))
    other = run(patched(data, {"world": {"needs": {"secret": secret}}}))
    assert not differing(stamps(one), stamps(other))


@pytest.mark.parametrize("triage", ["first_come", "weighted_wait", "nearest"])
def test_another_order_of_service_meets_the_same_needs(triage):
    """Two variants face the same luck: onsets, requests, patience and lengths of visits belong to the needs."""
    data = base(food={"patience": {"dist": "exponential", "mean": "1 h"}})
    one = run(validate(data, "base"))
    other = run(patched(data, {"response": {"desks": {"front": {"triage": triage}}}}))
    assert drawn(one) == drawn(other)
    assert same_where_both(lengths_of_service(one), lengths_of_service(other), 50)
    assert same_where_both(lengths_of_patience(one), lengths_of_patience(other), 5)


def test_more_staff_elsewhere_changes_nothing_for_needs_that_do_not_use_it():
    """People of another skill are nobody's business here: the needs that only runners serve stay as they are."""
    data = base()
    del data["response"]["desks"], data["response"]["organisation"]["reports"]
    one = run(validate(data, "base"))
    more = patched(data, {"response": {"organisation": {"units": {"listeners": {"count": 9}}}}})
    assert not differing(stamps(one, ("food",)), stamps(run(more), ("food",)))
    assert differing(stamps(one, ("distress",)), stamps(run(more), ("distress",)))
