"""What attack on the epidemic found: each fault in the smallest scenario that shows it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import analysis.outcomes  # noqa: F401  # registers the outcomes
from analysis.run_outcomes import RUN_OUTCOMES
from sim import Result
from sim.errors import InputError
from sim.model import CrisisModel
from sim.spec.findings import findings
from sim.spec.patches import validate
from tests.mechanisms.pairs import Data, called, log, micro, need, plan, played, step, unit

LONG = {"latent": "0 h", "infectious": "30 d"}


def epidemic(contacts: Data | None = None, course: Data | None = None, **more: Any) -> Data:
    """Return a world with an infection that one resident carries from the beginning, for a month."""
    block = {"contacts": contacts or {}, "course": course or LONG, "seeds": [{"count": 1}], **more}
    return {"epidemic": block}


def lone(residents: int = 1, households: int = 1, buildings: int = 1, **more: Any) -> Data:
    """Return a community of very few people."""
    return {"residents": residents, "households": households, "buildings": buildings, **more}


def of(data: Data, **community: Any) -> Data:
    """Return a scenario in another community."""
    return data | {"world": data["world"] | {"community": lone(**community)}}


def infections(result: Result) -> Any:
    return result.frame("infections")


def on_duty(result: Result, at_h: float) -> int:
    """Return how many people are on duty at a time."""
    shifts = result.frame("shifts")
    left = shifts["left_h"].fillna(result.end_h)
    return int(((shifts["rostered_from_h"] <= at_h) & (left > at_h)).sum())


CHECKED = plan({}, checks=({"unit": "doctor", "takes": "1 min"},))
NOTHING = {"none": need(0)}
OUTSIDE = {"from": "outside"}
COMMAND = {"command": unit(1, "command", **OUTSIDE), "doctor": unit(1, "medical", **OUTSIDE)}
STAFF = len(COMMAND)


# -- time -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["1 min", "1 h", "1 d"])
def test_what_was_passed_on_in_the_last_step_counts(at: str):
    """What the infectious gave off after the last look counts too; of later generations a long step shows the first."""
    world = epidemic({"casual": 0.2}, {"latent": "1 h", "infectious": "20 h"}, seeds=[{"count": 5}])
    world["epidemic"]["step"] = at
    assert len(infections(played(micro(wants=NOTHING, hours=24, tail=0, world=world)))) > 15


# -- who works --------------------------------------------------------------------------------------------------------


def test_children_do_not_work():
    """Residents who work are grown up: where none is, people of a unit are nobody of the residents."""
    data = of(
        micro({"crew": unit(4)}, NOTHING, world=epidemic()), residents=20, households=20, ages={"0-10": 1.0}
    )  # fmt: skip
    model = CrisisModel(validate(data, "micro"), 1, 0)
    assert min(model.infections.row_of.values()) >= 20


def test_who_never_signed_up_is_no_responder():
    """A resident who could have signed up for a unit and has not is no responder who was infected."""
    team = unit(0, recruitment={"at_most": 20, "willing": 0})
    data = micro({"crew": team}, NOTHING, world=epidemic(seeds=[{"count": 60}]))
    assert infections(played(data))["person"].notna().sum() == 0


def test_who_is_away_for_days_does_not_come_back_by_falling_ill():
    """Who is lent to others for three days, and ill for two hours of them, is away for three days."""
    crew = unit(1, sends=[{"at": "1 h", "people": 1, "away": "3 d"}])
    world = epidemic(course={"latent": "3 h", "infectious": "2 h"}, symptoms={"share": 1, "stays_home": 1})
    data = of(micro({"crew": crew | {"shift": "00:00-24:00"}}, NOTHING, hours=60, tail=0, world=world))
    assert on_duty(played(data), 50) == 0


def test_who_is_isolated_does_not_come_to_work_after_a_short_illness():
    """Isolation for seven days keeps a responder from work for seven days, whenever symptoms begin and end."""
    world = epidemic(
        course={"latent": "0 h", "infectious": "10 h"}, symptoms={"share": 1, "after": "5 h", "stays_home": 1}
    )
    world["positives"] = [{"resident": 0, "symptoms": "1 h"}]
    units = {**COMMAND, "crew": unit(1, shift="00:00-24:00")}
    data = of(micro(units, hours=96, tail=0, world=world, isolation={"lasts": "7 d"}, plan=CHECKED), ages={"30-40": 1})
    result = played(data)
    assert infections(result)["person"].notna().all()
    assert infections(result)["isolated_h"].notna().all()
    assert on_duty(result, 50) == STAFF


def test_who_is_isolated_stays_away_where_nobody_models_an_epidemic():
    """A volunteer who is declared positive stays at home, infected or not: isolation asks for no epidemic."""
    world = {"positives": [{"resident": 0, "symptoms": "1 h"}]}
    units = {**COMMAND, "crew": unit(1, shift="00:00-24:00")}
    data = micro(units, hours=96, tail=0, world=world, isolation={"lasts": "7 d"}, plan=CHECKED)
    result = played(of(data, ages={"30-40": 1}))
    assert len(log(result, "isolated")) == 1
    assert on_duty(result, 50) == STAFF


def test_who_is_confirmed_in_quarantine_comes_back_to_work():
    """Who works around the clock, is kept in as a contact and then confirmed, comes back when that is over."""
    units = {**COMMAND, "crew": unit(2)}
    world = epidemic(seeds=[{"at": "90 h"}])
    world["positives"] = [{"resident": 0, "symptoms": "1 h"}, {"resident": 1, "symptoms": "5 h"}]
    traced = plan(
        {"trace": step("doctor", "trace", when={"confirmed_over": 0, "every": "5 min"}, each="1 min")},
        checks=({"unit": "doctor", "takes": "1 min"},),
    )
    data = micro(
        units, hours=96, tail=0, world=world, tracing={"household": 1},
        isolation={"lasts": "24 h", "contacts": "home"}, plan=traced,
    )  # fmt: skip
    result = played(of(data, residents=2, households=1, ages={"30-40": 1}))
    assert on_duty(result, 20) == STAFF
    assert on_duty(result, 60) == STAFF + 2


def test_an_ill_walk_in_does_not_come_back():
    """Who stays at home because they are ill does not walk in to help again: somebody else does, or nobody."""
    helpers = unit(0, walk_ins={
        "curve": [["0 h", 4]], "at_most": 1, "reception": "command", "takes": "1 min", "stays": "1 h",
    })  # fmt: skip
    units = {**COMMAND, "crew": helpers, "sick": unit(1)}
    world = epidemic({"service": 1e6}, symptoms={"share": 1, "stays_home": 1})
    data = of(
        micro(units, {"talk": need(30, service="5 min")}, hours=24, tail=0, world=world), residents=3, households=3
    )
    result = played(data)
    people = result.frame("people").set_index("person")["unit"]
    ill = infections(result).dropna(subset=["person", "ill_h"])
    ill = ill[ill["person"].map(people) == "crew"]
    assert len(ill), "no walk-in fell ill"
    since = ill.groupby("person")["ill_h"].first()
    shifts = result.frame("shifts")
    came = shifts[shifts["person"].isin(since.index)]
    assert (came["rostered_from_h"] <= came["person"].map(since)).all()
    assert shifts.loc[shifts["unit"] == "crew", "person"].is_unique


# -- who stays away ---------------------------------------------------------------------------------------------------


def test_nobody_visits_at_home_who_has_been_taken_away():
    """Who is in a place away infects nobody at their own door: whoever goes there finds nobody."""
    world = epidemic({"service": 1e6}, seeds=[{"count": 1}])
    world["positives"] = [{"resident": 0, "symptoms": "1 min"}]
    units = {**COMMAND, "crew": unit(1, **{"from": "outside"})}
    data = of(
        micro(
            units, {"talk": need(2, service="5 min")}, world=world, isolation={"confirmed": "away"}, plan=CHECKED,
        ),
    )  # fmt: skip
    for k in range(5):
        result = played(data, k)
        table = infections(result)
        away_h = log(result, "taken_away")["t_h"].min()
        before = result.frame("visits")["started_h"].min() <= away_h
        if not before:
            assert len(table) == 1, "a responder was infected by a visit to somebody who was away"
            return
    pytest.fail("no run in which nobody was visited before")


def test_who_does_not_comply_is_not_taken_away():
    """How many obey is their compliance, for a place away as for the home."""
    world = epidemic() | {"attitudes": {"compliance": {"start": 0}}, "positives": [{"resident": 0, "symptoms": "1 h"}]}
    result = played(of(micro(COMMAND, world=world, isolation={"confirmed": "away"}, plan=CHECKED)))
    assert len(log(result, "not_obeyed")) == 1
    assert len(log(result, "taken_away")) == 0


def test_who_stays_at_home_ill_does_not_stand_in_a_queue():
    """Who stays at home until they have recovered does not come to a site when called, and infects nobody there."""
    world = epidemic({"queue": 1e3}, symptoms={"share": 1, "stays_home": 1}, seeds=[{"count": 5}])
    site = called({"servers": 1, "service": "5 min"})
    assert "queue" not in set(infections(played(micro(tail=0, world=world, sites=site)))["layer"])


# -- sites and the excused --------------------------------------------------------------------------------------------

SAMPLED = {"pool": {
    "size": 2, "by": "household", "seal_after": "5 min",
    "laboratory": {"courier_every": "5 min", "transport": "5 min", "takes": "4 h"},
}}  # fmt: skip


def test_a_round_ends_though_those_called_again_are_excused():
    """People of a positive tube who are in isolation by then do not come again: the round is over without them."""
    world = epidemic(seeds=[{"count": 2}])
    world["positives"] = [{"resident": 0, "symptoms": "2 h"}, {"resident": 1, "symptoms": "2 h"}]
    data = of(
        micro(COMMAND, world=world, hours=24, tail=0, sites=called(SAMPLED), isolation={}, plan=CHECKED),
        residents=2, households=1,
    )  # fmt: skip
    result = played(data)
    assert len(log(result, "tube_positive")) == 1
    assert len(log(result, "round_done")) == 1


def test_nobody_looks_at_the_door_for_who_is_excused():
    """Those in isolation are not missing: nobody is sent to fetch them to a queue to which they are not to come."""
    world = epidemic(seeds=[{"count": 1}])
    world["positives"] = [{"resident": 0, "symptoms": "62 min"}]
    crew = unit(1, **{"from": "outside"})
    site = called(recall={"unit": "crew", "people": 1, "each": "10 min", "after": "1 h"}, lead="1 h")
    data = of(
        micro({**COMMAND, "crew": crew}, world=world, tail=0, sites=site, isolation={}, plan=CHECKED),
    )  # fmt: skip
    result = played(data)
    assert len(log(result, "confirmed")) == 1
    assert result.frame("sites")["end"].tolist() == ["no_show"]
    work = result.frame("assignments")
    assert not (work["assignment"] == "recall.hall").any()


# -- outcomes ---------------------------------------------------------------------------------------------------------


def test_who_was_in_quarantine_before_the_infection_is_outside_all_the_same():
    """A quarantine that was over before somebody was infected does not hide their infectious days from an outcome."""
    world = epidemic(course={"latent": "0 h", "infectious": "10 h"}, seeds=[{"at": "40 h"}])
    world["positives"] = [{"resident": 0, "symptoms": "1 h"}]
    data = micro(COMMAND, hours=72, tail=0, world=world, isolation={"lasts": "5 h"}, plan=CHECKED)
    result = played(of(data))
    assert len(log(result, "confirmed")) == 1
    values = [value for _, _, value, _ in RUN_OUTCOMES["last_outside_h"].of(result)]
    assert values == pytest.approx([50.0])


def test_what_was_confirmed_in_the_second_illness_is_not_told_of_the_first():
    """A table says when an infection was confirmed: not of one that had been over for days by then."""
    world = epidemic(course={"latent": "0 h", "infectious": "5 h", "immune": "1 h"}, seeds=[{}, {"at": "50 h"}])
    world["positives"] = [{"resident": 0, "symptoms": "52 h"}]
    result = played(of(micro(COMMAND, hours=72, tail=0, world=world, plan=CHECKED)))
    table = infections(result)
    assert len(table) == 2
    assert np.isnan(table["confirmed_h"][0])


# -- large, odd and empty ---------------------------------------------------------------------------------------------

FAST = {"casual": 1e9, "household": 1e9, "building": 1e9, "queue": 1e9, "service": 1e9}
LIMITS: dict[str, tuple[Data, Data, Data, int]] = {
    # epidemic, community, response, how many are infected at least
    "rates of 1e12 and everybody most susceptible": (
        {"contacts": dict.fromkeys(FAST, 1e12), "susceptibility_by_age": {"0+": 1e12}}, {"ages": {"0+": 1}}, {}, 60,
    ),
    "nobody susceptible": ({"contacts": FAST, "susceptibility_by_age": {"0+": 0}}, {"ages": {"0+": 1}}, {}, 1),
    "nothing lasts any time": (
        {"contacts": FAST, "course": {"latent": "0 h", "infectious": "0 h", "immune": "0 h"}}, {}, {}, 1,
    ),
    "infectious for a minute and never immune": (
        {"contacts": FAST, "course": {"latent": "0 h", "infectious": "1 min", "immune": "0 h"}},
        {"residents": 5, "households": 2}, {}, 100,
    ),
    "ten years of everything": (
        {"contacts": FAST, "course": {"latent": "3650 d", "infectious": "3650 d", "immune": "3650 d"}}, {}, {}, 1,
    ),
    "one resident": ({"contacts": FAST}, {"residents": 1, "households": 1, "buildings": 1}, {}, 1),
    "households of one": ({"contacts": {"household": 1e9}}, {"households": 60}, {}, 1),
    "more seeds than residents": ({"seeds": [{"count": 1_000_000}]}, {}, {}, 60),
    "a step longer than the run": ({"contacts": FAST, "step": "1000 d"}, {}, {}, 1),
    "a step of a minute": ({"contacts": {"casual": 0.01}, "step": "1 min"}, {}, {}, 1),
    "imports without end": ({"seeds": [], "importation": {"per_day": 20_000}}, {}, {}, 60),
    "seeds in a building in which nobody lives": (
        {"seeds": [{"count": 3, "building": "empty"}], "contacts": FAST},
        {"buildings": [{"id": "full", "households": 20}, {"id": "empty", "households": 0}], "households": 20}, {}, 0,
    ),
    "all isolated away, with no bed": (
        {"contacts": FAST, "symptoms": {"share": 1, "reports": 1}}, {},
        {"isolation": {"confirmed": "away", "beds": 0, "contacts": "home", "household": 0}}, 60,
    ),
    "ages that nobody has": (
        {"contacts": FAST, "vaccination": {"share": 0, "by_age": {"80+": 1}, "protects": 1}}, {}, {}, 60,
    ),
    "all ill, and all need something at once": (
        {"contacts": FAST, "symptoms": {"share": 1, "leads_to": {"talk": {"share": 1}}}}, {}, {}, 60,
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", LIMITS)
def test_what_is_large_odd_or_empty_runs(name: str):
    """Whatever is valid runs, with times that are times and outcomes that are numbers, and without a warning."""
    block, community, response, least = LIMITS[name]
    world = epidemic(course={"latent": "1 h", "infectious": "1 d"}) | {"community": {}}
    world["epidemic"] |= block
    units = {**COMMAND, "crew": unit(2)}
    data = micro(units, {"talk": need(3)}, hours=48, tail=0, world=world, sites=called(), plan=CHECKED, **response)
    data["world"]["community"] = {"residents": 60, "households": 20, "buildings": 4} | community
    result = played(data)
    table = infections(result)
    assert len(table) >= least
    assert np.isfinite(table["infected_h"]).all()
    for outcome in ("infections", "attack_share", "infectious_peak", "infectious_peak_h", "last_outside_h"):
        assert all(np.isfinite(value) for _, _, value, _ in RUN_OUTCOMES[outcome].of(result))


def test_nobody_comes_in_during_a_lockdown():
    """Importation is interrupted while a lockdown lasts, and goes on when it is over."""
    world = epidemic(seeds=[], importation={"per_day": 50}) | {
        "hazards": {"closure": {"kind": "lockdown", "begins": "5 h", "ends": "15 h"}}
    }
    times = infections(played(micro(wants=NOTHING, hours=24, tail=0, world=world)))["infected_h"]
    assert not times.between(5, 15).any()
    assert (times < 5).any()
    assert (times > 15).any()


def test_residents_of_a_table_without_ages(tmp_path: Any):
    """Residents from a table without ages are vaccinated and susceptible as those of no band, and may all work."""
    path = tmp_path / "residents.csv"
    path.write_text("household,building\n" + "".join(f"h{k // 2},b{k // 10}\n" for k in range(30)), encoding="utf-8")
    world = epidemic(
        {"casual": 1}, susceptibility_by_age={"0-99": 0}, vaccination={"share": 0, "by_age": {"0+": 1}, "protects": 1},
        symptoms={"share": 0, "by_age": {"0+": 1}},
    )  # fmt: skip
    data = micro({"crew": unit(3)}, NOTHING, world=world)
    data["world"]["community"] = {"from": str(path)}
    result = played(data)
    assert len(infections(result)) == 30
    assert infections(result)["ill_h"].isna().all()
    assert infections(result)["person"].notna().sum() == 3


# -- what is suspect --------------------------------------------------------------------------------------------------

SUSPECT: dict[str, Data] = {
    "imports that end before they begin": {"seeds": [], "importation": {"per_day": 9, "begins": "9 h", "until": "1 h"}},
    "seeds that all come after the end": {"seeds": [{"at": "30 d"}]},
    "imports of nobody, and no seeds": {"seeds": [], "importation": {"per_day": 0}},
    "needs by ages that nobody has": {"symptoms": {"leads_to": {"talk": {"share": 0.1, "by_age": {"80+": 1}}}}},
    "no contacts at all": {"contacts": {}},
}


@pytest.mark.parametrize("name", SUSPECT)
def test_what_cannot_be_meant_is_told(name: str):
    """An epidemic that can never begin or spread, or a band that nobody is in: whoever reads the scenario is told."""
    world = epidemic({"casual": 0.1})
    world["epidemic"] |= SUSPECT[name]
    data = micro({"crew": unit(2)}, {"talk": need(1)}, world=world)
    plain = micro({"crew": unit(2)}, {"talk": need(1)}, world=epidemic({"casual": 0.1}))
    known = set(findings(validate(plain, "micro")))
    try:
        assert set(findings(validate(data, "micro"))) - known
    except InputError:
        return


@pytest.mark.parametrize(
    "block",
    [
        {"susceptibility_by_age": {"children": 1}},
        pytest.param({"susceptibility_by_age": {"80-60": 1}}),
        {"vaccination": {"share": 0, "by_age": {"old": 1}}},
    ],
)
def test_a_band_that_cannot_be_read_is_told_with_its_place(block: Data):
    """An error names the key: of the maps by age, the one in which the band stands that cannot be read."""
    world = epidemic({"casual": 0.1})
    world["epidemic"] |= block
    with pytest.raises(InputError, match="by_age"):
        validate(micro({"crew": unit(2)}, {"talk": need(1)}, world=world), "micro")
