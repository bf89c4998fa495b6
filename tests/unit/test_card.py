"""A response card by itself, in a scenario, and in a scenario on top of another: read, merged, written, frozen."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from sim.errors import InputError
from sim.files import dump, load, parse_yaml, read_card
from sim.spec.base import FrozenMap
from sim.spec.patches import merge, validate
from sim.spec.scenario import Scenario
from tests.unit.test_files import complaints

CARD = """card: drill
title: {zh: 演练, en: Drill}
teams:
  command: {unit: command, contact: "1", duties: [decide, {zh: 上报}]}
  liaison: {unit: liaison, deputy: command}
  logistics: {}
checks:
  - {unit: liaison, takes: 10 min, clears: 0.6}
  - {service: cdc, takes: {dist: exponential, mean: 5 min}, misses: 0.1}
levels: {low: {confirmed_over: 0}, high: {confirmed_over: 5, text: everybody}}
steps:
  declare: {team: command, part: activation, when: {confirmed_over: 0}, people: 0, does: {action: declare}}
  notice: {team: liaison, people: 1, does: {action: notify, topic: hall, channels: [chat], takes: 10 min}}
  fence:
    team: logistics
    after: [notice]
    materials: {fence: 4, tape: null}
    within: 2 h
    ordered: false
    does: {action: cordon, buildings: [b1, b2], person_hours_each: 30 min}
  screen: {after: [fence], people: 0, repeat: 1 d, level: low, does: {action: screen, site: hall}}
  food: {people: 4, when: {at: 3 h}, does: {action: doors, each: 1 min, items: {parcel: 1}, counts: 0.9}}
materials: {fence: {amount: 12, store: store}, suit: {}}
outside_help: {cdc: {service: cdc, number: "12320"}}
"""
SCENARIO = """name: small
horizon: 2 d
world:
  community: {buildings: 4, households: 50, residents: 120, shares: {offline: 0.2}}
  positives: [{count: 2, building: b1, symptoms: 5 h}, {resident: 7, begins: 1 d}]
  false_reports: {per_day: 3}
  signals: {order: 6 h, notice: [1 h, 1 d]}
  outages: {power: {begins: 10 h, ends: 12 h}}
  obstructions: {per_day: 2}
  needs:
    injury:
      per_1000_day: 10
      urgency: 1
      service: 10 min
      asked_at_door: [offline]
      referral: {on_visit: 0.5, to: cdc, through: liaison, call: 3 min}
response:
  organisation:
    units:
      command: {function: command, members: staff, count: 1, decision: 10 min, deputy: liaison}
      liaison: {function: liaison, members: staff, count: 2, reports_to: command}
      testers: {function: medical, members: staff, count: 4, arrives: {promised: 3 h, late: 1 h}, kit: {suit: 1}}
  supplies:
    store: {stock: {suit: 99, fence: 12, parcel: 60}, reserve: {suit: 10}, donations: [{at: 1 h, items: {suit: 5}}]}
  durables: {fence: {breaks: 0.1, repair: 2 h}}
  outside: {cdc: {delay: 12 min, crews: 2, busy: 30 min, by_road: true}}
  tracing: {building: 0.1}
  information:
    channels: {chat: {reach: 0.8, reach_by_group: {offline: 0}}}
    rumours: {after: 12 h, reach: 0.3, delay: 1 h}
  online: {needs: [injury], share: 0.1, couriers: 2, takes: 20 min}
  sites:
    hall:
      enters: code
      invitations: {slot: 30 min, per_slot: 60, early_or_late: -3 min, recall: {unit: liaison, people: 2, each: 2 min}}
      classes: {old: {groups: [over_80], priority: 1, next: {code: {swab: 0.5, out: 0.5}}}}
      goods: {dose: {servers: 1, service: 1 min, batches: {every: 1 h, count: 2}}}
      stations:
        code: {servers: [[0 h, 2], [9 h, 1]], service: 15 s, next: {shortest: [swab, shot]}}
        swab: {staff: {unit: testers, people: 3}, service: 1 min, pool: {laboratory: {transport: 1 h, takes: 3 h}}}
        shot: {takes: dose, service: 2 min, depends_on: power, without: 4 min}
  plan:
    search: 15 min
    review: {every: 12 h, takes: 10 min, fixes: [{problem: missed, set: {organisation.units.liaison.count: 5}}]}
    card: drill.card.yaml
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a scenario and its card."""
    (tmp_path / "small.yaml").write_text(SCENARIO, encoding="utf-8")
    (tmp_path / "drill.card.yaml").write_text(CARD, encoding="utf-8")
    return tmp_path


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def card_of(scenario: Scenario) -> Any:
    assert scenario.response.plan is not None
    return scenario.response.plan.card


def inline() -> dict[str, Any]:
    """The scenario as plain data with its card in it."""
    data = parse_yaml(SCENARIO, "scenario")[0]
    data["response"]["plan"]["card"] = parse_yaml(CARD, "card")[0]
    return data


# -- the card in a file -----------------------------------------------------------------------------------------------


def test_a_card_is_the_same_in_its_file_and_in_the_scenario(folder: Path) -> None:
    """Named in the plan, as the plan itself, or written out: one scenario."""
    named = load(folder / "small.yaml")
    assert validate(inline(), "inline") == named
    before, _, _ = SCENARIO.partition("  plan:\n")
    short = load(write(folder, "short.yaml", before + "  plan: drill.card.yaml\n"))
    assert card_of(short) == card_of(named)
    indented = "".join(f"      {line}\n" for line in CARD.splitlines())
    long = load(write(folder, "long.yaml", SCENARIO.replace("    card: drill.card.yaml\n", f"    card:\n{indented}")))
    assert long == named


def test_a_card_is_found_beside_its_scenario(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is a path from the scenario's folder, wherever the program is started."""
    card = write(folder, "cards/deep/drill.card.yaml", CARD)
    path = write(folder, "elsewhere.yaml", SCENARIO.replace("drill.card.yaml", "cards/deep/drill.card.yaml"))
    monkeypatch.chdir("/")
    assert load(path) == load(folder / "small.yaml")
    absolute = write(folder, "absolute.yaml", SCENARIO.replace("drill.card.yaml", str(card)))
    assert load(absolute) == load(folder / "small.yaml")


def test_a_card_without_its_scenario(folder: Path) -> None:
    """A card can be read and checked by itself; names of units and sites are checked where there are some."""
    data, card = read_card(folder / "drill.card.yaml")
    assert data == parse_yaml(CARD, "card")[0]
    assert list(card.steps) == list(data["steps"])
    write(folder, "strange.card.yaml", CARD.replace("unit: liaison, deputy", "unit: liason, deputy"))
    read_card(folder / "strange.card.yaml")
    path = write(folder, "strange.yaml", SCENARIO.replace("drill.card", "strange.card"))
    with pytest.raises(InputError, match=r"no unit is called 'liason'; did you mean 'liaison'\?"):
        load(path)


BROKEN = {
    "empty": ("", "a map with the keys card and steps is wanted"),
    "only a comment": ("# soon\n", "a map with the keys card and steps is wanted"),
    "a list": ("- step\n", "a map with the keys card and steps is wanted"),
    "a text": ("declare\n", "a map with the keys card and steps is wanted"),
    "no name": (CARD.replace("card: drill\n", ""), "card: wanted, but it is not there"),
    "an unknown key": (CARD.replace("materials: {fence: {", "material: {fence: {"), "did you mean 'materials'?"),
    "an unknown key of a step": (CARD.replace("within: 2 h", "withn: 2 h"), "did you mean 'within'?"),
    "a bare number": (CARD.replace("within: 2 h", "within: 2"), "steps.fence.within"),
    "a bad level": (CARD.replace("level: low", "level: lowest"), "no level is called 'lowest'; did you mean 'low'?"),
    "a circle": (CARD.replace("{team: liaison, people: 1,", "{after: [screen], people: 1,"), "wait for each other"),
    "a tab": (CARD.replace("  declare:", "\tdeclare:"), "this is no YAML"),
    "a key twice": (CARD + "card: again\n", "the key 'card' stands twice"),
    "an anchor": (CARD.replace("[notice]", "&a [notice]"), "anchors and aliases"),
    "cut by a comma": (CARD.replace("deputy: command", "title: he, she"), "a comma cuts this map"),
    "two documents": (CARD + "---\n" + CARD, "this is no YAML"),
    "not closed": (CARD.replace("[notice]", "[notice"), "this is no YAML"),
    "too deep": (CARD + "notes: " + "[" * 60 + "]" * 60 + "\n", "levels are wanted"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_mistake_in_a_card_is_told_of_the_card(folder: Path, what: str) -> None:
    """Whoever mends it opens the card: its own file is named, with its own line, and the scenario's is not to blame."""
    text, message = BROKEN[what]
    card = write(folder, "drill.card.yaml", text)
    with pytest.raises(InputError) as caught:
        load(folder / "small.yaml")
    assert caught.value.source == str(card)
    assert message in str(caught.value)
    assert len(caught.value.problems) == 1, str(caught.value)
    with pytest.raises(InputError, match=r"drill\.card\.yaml"):
        read_card(card)


def test_the_line_of_a_mistake_is_the_line_of_the_card(folder: Path) -> None:
    """Not that of the scenario which names the card, though the keys may be the same."""
    card = write(folder, "drill.card.yaml", CARD.replace("within: 2 h", "within: -2 h"))
    with pytest.raises(InputError) as caught:
        load(folder / "small.yaml")
    [problem] = caught.value.problems
    assert problem.place == "steps.fence.within"
    assert problem.line == 1 + card.read_text(encoding="utf-8").splitlines().index("    within: -2 h")


def test_bytes_that_are_no_text(folder: Path) -> None:
    """A card saved in another encoding, or a folder of that name, is refused in words."""
    (folder / "drill.card.yaml").write_bytes("card: drill\ntitle: 演练\n".encode("gbk"))
    with pytest.raises(InputError, match="save the file as UTF-8"):
        load(folder / "small.yaml")
    (folder / "drill.card.yaml").unlink()
    (folder / "drill.card.yaml").mkdir()
    with pytest.raises(InputError, match="found a directory"):
        load(folder / "small.yaml")


@pytest.mark.parametrize("name", ["dril.card.yaml", "cards/drill.card.yaml", "x" * 5000, "a\\0b", "''"])
def test_a_card_that_is_not_there(folder: Path, name: str) -> None:
    """The scenario that names it is to blame, with the nearest card that is there; no name upsets the program."""
    quoted = f'"{name}"' if "\\" in name else name
    path = write(folder, "small.yaml", SCENARIO.replace("drill.card.yaml", quoted))
    with pytest.raises(InputError) as caught:
        load(path)
    assert all(len(str(problem)) < 400 for problem in caught.value.problems)
    if name == "dril.card.yaml":
        assert caught.value.source == str(path)
        [problem] = caught.value.problems
        assert problem.place == "response.plan.card"
        assert problem.line == SCENARIO.splitlines().index("    card: drill.card.yaml") + 1
        assert "did you mean 'drill.card.yaml'?" in problem.message


# -- a scenario on top of another -------------------------------------------------------------------------------------


def upon(folder: Path, text: str, name: str = "upon.yaml") -> Scenario:
    return load(write(folder, name, text))


def test_a_scenario_on_top_of_another_is_the_other_with_a_patch(folder: Path) -> None:
    """RFC 7396: maps merge, null deletes, lists replace; what is not named stays, the card in its file too."""
    under = load(folder / "small.yaml")
    text = """base: small.yaml
name: upon
horizon: 3 d
world:
  false_reports: null
  signals: {order: 9 h, bell: 1 h}
  positives: [{count: 1}]
response:
  organisation: {units: {testers: {count: 6, kit: null}}}
  online: null
  plan: {search: null, borrow_after: 1 h}
"""
    patch = parse_yaml(text, "patch")[0]
    del patch["base"]
    found = upon(folder, text)
    assert found == validate(merge(inline(), patch), "merged")
    assert found.world.false_reports is None
    assert set(found.world.signals) == {"order", "notice", "bell"}
    assert len(found.world.positives) == 1
    assert found.response.organisation.units["testers"].count == 6
    assert not found.response.organisation.units["testers"].kit
    assert found.response.online is None
    assert card_of(found) == card_of(under)
    assert load(folder / "small.yaml") == under, "the base is as it was"


def test_nothing_on_top_is_the_base(folder: Path) -> None:
    """A file with a base alone is the base."""
    assert upon(folder, "base: small.yaml\n") == load(folder / "small.yaml")


OTHER = """card: other
teams: {crew: {unit: liaison}}
steps: {declare: {team: crew, part: activation, does: {action: declare}}}
"""


@pytest.mark.parametrize("name", ["other", "drill"], ids=["another name", "the same name"])
@pytest.mark.parametrize("how", ["plan: other.card.yaml", "plan: {card: other.card.yaml}"])
def test_a_named_card_takes_the_place_of_the_whole_card(folder: Path, name: str, how: str) -> None:
    """A card is one document: another file is another card, and no step of the old one is left in it."""
    write(folder, "other.card.yaml", OTHER.replace("card: other", f"card: {name}"))
    found = upon(folder, f"base: small.yaml\nresponse: {{{how}}}\n")
    assert card_of(found).model_dump() == card_of(validate(with_card(OTHER, name), "whole")).model_dump()
    assert set(card_of(found).steps) == {"declare"}
    assert found.response.plan is not None
    assert found.response.plan.search == 0.25, "the rest of the plan stays"


def with_card(text: str, name: str) -> dict[str, Any]:
    data = inline()
    data["response"]["plan"]["card"] = parse_yaml(text, "card")[0] | {"card": name}
    return data


def test_a_card_is_patched_step_by_step(folder: Path) -> None:
    """A card that is not named anew is patched like the rest: a step more, a step less, another action whole."""
    text = """base: small.yaml
response:
  plan:
    card:
      steps:
        food: null
        fence: {within: 4 h, does: {action: work, person_hours: 3 h}}
        tell: {team: liaison, does: {action: trace, each: 5 min}}
"""
    card = card_of(upon(folder, text))
    assert set(card.steps) == {"declare", "notice", "fence", "screen", "tell"}
    assert card.steps["fence"].does.person_hours == 3
    assert not hasattr(card.steps["fence"].does, "buildings"), "another action, and nothing of the old one stays"
    assert card.steps["fence"].within == 4
    assert card.steps["fence"].materials["fence"] == 4


def test_a_chain_of_bases(folder: Path) -> None:
    """Each is a patch of the one below it, and the topmost has the last word; a null takes out what lies two below."""
    write(folder, "one.yaml", "base: small.yaml\nname: one\nhorizon: 3 d\nwarm_up: 1 h\nworld: {obstructions: null}\n")
    write(folder, "two.yaml", "base: one.yaml\nname: two\nwarm_up: 2 h\n")
    found = upon(folder, "base: two.yaml\nname: three\nresponse: {tracing: null}\n")
    assert (found.name, found.horizon, found.warm_up) == ("three", 72, 2)
    assert found.world.obstructions is None
    assert found.response.tracing is None
    assert card_of(found) == card_of(load(folder / "small.yaml"))


def test_names_are_those_of_the_file_that_says_them(folder: Path) -> None:
    """A base in another folder names its card and its base from there."""
    write(folder, "below/small.yaml", SCENARIO)
    write(folder, "below/drill.card.yaml", CARD.replace("card: drill", "card: below"))
    write(folder, "below/middle.yaml", "base: small.yaml\nname: middle\n")
    found = upon(folder, "base: below/middle.yaml\n")
    assert (found.name, card_of(found).card) == ("middle", "below")
    again = upon(folder, "base: below/middle.yaml\nresponse: {plan: drill.card.yaml}\n", "again.yaml")
    assert card_of(again).card == "drill"


def test_a_shipped_scenario_as_a_base(folder: Path) -> None:
    """A shipped scenario is a base by its name."""
    found = upon(folder, "base: tutorial\nname: mine\nhorizon: 1 d\n")
    tutorial = load("tutorial")
    assert found == tutorial.patched({"name": "mine", "horizon": "1 d"})


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_circle_of_bases_is_refused(folder: Path, length: int) -> None:
    """Not followed for ever."""
    for k in range(length):
        write(folder, f"c{k}.yaml", f"base: c{(k + 1) % length}.yaml\nname: c{k}\n")
    with pytest.raises(InputError, match="on top of each other"):
        load(folder / "c0.yaml")


def test_a_tower_of_bases_is_refused(folder: Path) -> None:
    """Eight on top of each other are read, nine are refused."""
    write(folder, "b0.yaml", SCENARIO)
    for k in range(1, 11):
        write(folder, f"b{k}.yaml", f"base: b{k - 1}.yaml\nname: b{k}\n")
    assert load(folder / "b8.yaml").name == "b8"
    with pytest.raises(InputError, match="at most 8 on top of each other"):
        load(folder / "b9.yaml")


BASES = {
    "not there": ("base: nowhere.yaml\n", "there is no such file"),
    "unknown": ("base: tutoriel\n", "did you mean 'tutorial'?"),
    "a list": ("base: [small.yaml]\n", "the name of a scenario is wanted"),
    "a map": ("base: {small: 1}\n", "the name of a scenario is wanted"),
    "empty": ("base: ''\n", "the name of a scenario is wanted"),
    "long": (f"base: {'x' * 5000}\n", "base"),
    "a card": ("base: drill.card.yaml\n", "unknown key"),
}


@pytest.mark.parametrize("what", BASES)
def test_a_base_that_is_none(folder: Path, what: str) -> None:
    """Refused in words, naming the file that asks for it and the key."""
    text, message = BASES[what]
    with pytest.raises(InputError) as caught:
        upon(folder, text + "name: upon\n")
    assert message in str(caught.value)
    assert "upon.yaml" in str(caught.value)
    assert all(len(str(problem)) < 400 for problem in caught.value.problems)


def test_a_base_of_nothing(folder: Path) -> None:
    """A base that is empty, or no map, is told of its own file."""
    write(folder, "hollow.yaml", "# nothing yet\n")
    with pytest.raises(InputError, match=r"hollow\.yaml.*a map with the keys of a scenario is wanted"):
        upon(folder, "base: hollow.yaml\n")


def test_a_mistake_on_top_is_told_of_the_top(folder: Path) -> None:
    """With its line there."""
    with pytest.raises(InputError) as caught:
        upon(folder, "base: small.yaml\nname: upon\nresponse:\n  tracing: {building: 7}\n")
    [problem] = caught.value.problems
    assert caught.value.source.endswith("upon.yaml")
    assert (problem.place, problem.line) == ("response.tracing.building", 4)


# -- the card as a value ----------------------------------------------------------------------------------------------


def test_what_is_written_reads_back(folder: Path) -> None:
    """As plain data, as YAML and JSON, and pickled, a scenario with a card is the same scenario."""
    scenario = load(folder / "small.yaml")
    again, lines = parse_yaml(dump(scenario), "dumped")
    assert validate(again, "dumped", lines) == scenario
    assert dump(validate(again, "dumped")) == dump(scenario)
    assert validate(scenario.data(), "data") == scenario
    assert validate(json.loads(json.dumps(scenario.data())), "json") == scenario
    assert pickle.loads(pickle.dumps(scenario)) == scenario
    assert scenario.patched({}) == scenario
    assert load(write(folder, "dumped.yaml", dump(scenario))) == scenario


def test_a_blank_stays_a_blank(folder: Path) -> None:
    """What nobody has written down is not written down by reading it: no default takes the place of a blank."""
    card = load(folder / "small.yaml").data()["response"]["plan"]["card"]
    assert card["teams"]["logistics"] == {}
    assert card["materials"]["suit"] == {}
    assert card["steps"]["fence"]["materials"]["tape"] is None
    assert "people" not in card["steps"]["fence"]


def everything(thing: Any, path: str = "scenario") -> Iterator[tuple[str, Any]]:
    """Every model and every map in a scenario, with its path."""
    if isinstance(thing, BaseModel):
        yield path, thing
        for name in type(thing).model_fields:
            yield from everything(getattr(thing, name), f"{path}.{name}")
    elif isinstance(thing, FrozenMap):
        yield path, thing
        for key, value in thing.items():
            yield from everything(value, f"{path}.{key}")
    elif isinstance(thing, tuple):
        for k, value in enumerate(thing):
            yield from everything(value, f"{path}[{k}]")
    else:
        assert not isinstance(thing, (dict, list, set)), f"{path} can be written to"


def test_nothing_in_a_plan_can_be_written_to(folder: Path) -> None:
    """Law 9: a test tries to write into each model and each map of the card, the sites, the stores and the rest."""
    kinds = set()
    for path, thing in everything(load(folder / "small.yaml")):
        kinds.add(type(thing).__name__)
        assert pickle.loads(pickle.dumps(thing)) == thing, path
        hash(thing)
        if isinstance(thing, FrozenMap):
            for write_into in (
                lambda m: m.__setitem__("new", 1),
                lambda m: m.update({"new": 1}),
                lambda m: setattr(m, "_items", {}),
                lambda m: delattr(m, "_items"),
            ):
                with pytest.raises((TypeError, AttributeError)):
                    write_into(thing)
        else:
            for name in type(thing).model_fields:
                with pytest.raises(ValidationError):
                    setattr(thing, name, None)
    assert kinds >= {"Plan", "Card", "Team", "Step", "Check", "Level", "Trigger", "Fix", "Review", "Material", "Help"}
    assert kinds >= {"Site", "Station", "Staff", "Ways", "VisitorClass", "Goods", "Pool", "Laboratory", "Invitations"}
    assert kinds >= {"Service", "Channel", "Rumours", "Online", "Tracing", "Outage", "Positive", "Donation", "Durable"}


# -- the schema for editors -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def schema() -> Any:
    """What ``firstline schema`` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "firstline", "schema"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return json.loads(done.stdout)


BLOCKS = {
    "Response": {"plan", "sites", "outside", "tracing", "information", "online", "durables"},
    "World": {"positives", "false_reports", "signals", "outages", "obstructions"},
    "Card": {"card", "teams", "checks", "levels", "steps", "materials", "outside_help", "stand_down"},
    "Step": {"team", "part", "after", "when", "people", "materials", "within", "ordered", "level", "does", "repeat"},
    "Site": {"enters", "stations", "arrivals", "invitations", "classes", "goods", "room", "only_closed"},
    "Station": {"servers", "staff", "service", "next", "takes", "patience", "depends_on", "without", "pool"},
    "Unit": {"deputy", "arrives", "kit", "provisions", "kit_lasts", "errors", "injury"},
    "Depot": {"fails", "donations", "reserve", "reserve_for", "rations"},
}


def test_the_schema_has_the_blocks_of_the_plan(schema: Any) -> None:
    """Every key can be completed by an editor, with a description; every action of a step is one of its branches."""
    for model, keys in BLOCKS.items():
        assert keys <= set(schema["$defs"][model]["properties"]), model
        assert schema["$defs"][model]["additionalProperties"] is False
    actions = schema["$defs"]["Step"]["properties"]["does"]["anyOf"][0]["discriminator"]["mapping"]
    assert set(actions) >= {"work", "doors", "notify", "man", "patrol", "cordon", "set_up", "screen", "book", "issue"}
    assert set(actions) >= {"call", "repair", "trace", "declare", "stand_down"}


def test_the_schema_accepts_a_plan(schema: Any, folder: Path) -> None:
    """Nothing is red in a scenario with a card, written by hand with the card named or in it, or dumped."""
    named = yaml.safe_load(SCENARIO)
    assert complaints(named, schema, schema) == []
    assert complaints(named | {"response": inlined(named)}, schema, schema) == []
    assert complaints(yaml.safe_load(dump(load(folder / "small.yaml"))), schema, schema) == []


def inlined(named: Any) -> Any:
    response = json.loads(json.dumps(named["response"]))
    response["plan"]["card"] = yaml.safe_load(CARD)
    return response


MISSPELT = {
    "a step": ("within: 2 h", "withn: 2 h"),
    "an action": ("{action: notify, topic: hall,", "{action: notify, topics: hall,"),
    "a trigger": ("when: {confirmed_over: 0}", "when: {confirmed: 0}"),
    "a team": ("contact:", "contacts:"),
    "a level": ("confirmed_over: 5", "over: 5"),
}


@pytest.mark.parametrize("where", MISSPELT)
def test_the_schema_refuses_a_misspelt_key_of_a_card(schema: Any, where: str) -> None:
    """The schema is closed all the way down."""
    named = yaml.safe_load(SCENARIO)
    right, wrong = MISSPELT[where]
    assert right in CARD
    response = inlined(named)
    response["plan"]["card"] = yaml.safe_load(CARD.replace(right, wrong))
    assert complaints(named | {"response": response}, schema, schema)
