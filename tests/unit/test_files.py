"""Strict YAML: every bad scenario is refused in Firstline's words, every good one reads back as it was written."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.errors import InputError
from sim.files import LARGEST_BYTES, dump, find, load, parse_yaml, read_yaml, shipped
from sim.spec.patches import validate
from sim.spec.scenario import Scenario
from sim.units import duration_text

many = settings(derandomize=True, max_examples=40, deadline=None)
json_schema = cache(sim.Scenario.model_json_schema)

BAD = Path(__file__).parent.parent / "bad_scenarios"
EXPECTED = {  # files in which no comment can stand
    "bytes_gbk": "UTF-8 text is wanted; byte 19 is something else: save the file as UTF-8",
    "bytes_latin_1": "UTF-8 text is wanted; byte 23 is something else: save the file as UTF-8",
    "bytes_nul": "this is no YAML: unacceptable character #x0000",
    "bytes_utf_16": "UTF-8 text is wanted; byte 0 is something else: save the file as UTF-8",
    "directory": "a file is wanted; found a directory",
    "empty": "the file is empty",
}
SEVERAL = {"map_of_nothing": 4}  # how many problems one mistake makes, where not one
LONGEST_MESSAGE = 400


def expectation(path: Path) -> tuple[str, str]:
    """The fragment and the key path that the error must name, from the first lines of a bad scenario."""
    if path.stem in EXPECTED:
        return EXPECTED[path.stem], ""
    first, second, *_ = [*path.read_text(encoding="utf-8").split("\n"), "", ""]
    assert first.startswith("# expect: "), f"{path.name}: the first line must say what to expect"
    return first.removeprefix("# expect: "), second.removeprefix("# at: ") if second.startswith("# at: ") else ""


def joined(text: str) -> str:
    """An error's text with its places put together: "world (line 7): needs.x: …" names the key path world.needs.x."""
    return re.sub(r" \(line \d+\)", "", text).replace(": ", ".")


@pytest.mark.parametrize("path", sorted(BAD.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_bad_scenario_is_refused_in_words(path: Path) -> None:
    """One mistake: an InputError that says it, names file and key path, briefly, and nothing that is not a mistake.

    Whoever writes a scenario reads this and nothing else: a traceback, another exception or a false second complaint
    sends them looking in the wrong place.
    """
    fragment, place = expectation(path)
    with pytest.raises(InputError) as caught:
        load(path)
    text = str(caught.value)
    assert str(path) in text
    assert fragment in text
    assert place in joined(text)
    assert len(caught.value.problems) == SEVERAL.get(path.stem, 1), text
    for problem in caught.value.problems:
        assert len(str(problem)) <= LONGEST_MESSAGE


def test_what_is_not_broken_is_accepted(tmp_path: Path) -> None:
    """The scenario in which the bad ones make one mistake each is good: they are refused for that mistake alone."""
    text = (BAD / "rate_negative.yaml").read_text(encoding="utf-8").replace("per_1000_day: -60", "per_1000_day: 60")
    path = tmp_path / "good.yaml"
    path.write_text(text, encoding="utf-8")
    assert load(path).world.needs["medicine"].per_1000_day == 60


@pytest.mark.parametrize(
    "path", [*sorted(BAD.glob("yaml_*.yaml")), *list(shipped().values())[:3]], ids=lambda path: path.stem
)
def test_a_file_is_read_alike_without_libyaml(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML may come without libyaml: the same data, lines and errors, only later."""

    def outcome() -> object:
        try:
            return read_yaml(path)
        except InputError as error:
            return str(error)

    fast = outcome()
    monkeypatch.delattr(yaml, "CBaseLoader")
    assert outcome() == fast


def test_there_are_enough_bad_scenarios() -> None:
    """A glob that finds nothing would pass every test above."""
    assert len(list(BAD.glob("*.yaml"))) >= 50
    assert {path.stem for path in BAD.glob("*.yaml")} >= {*EXPECTED, *SEVERAL}


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    """Three mistakes in three places give three problems, in the order of the file and each with its own line."""
    text = (
        (BAD / "rate_negative.yaml")
        .read_text(encoding="utf-8")
        .replace("horizon: 2 d", "horizon: 2")
        .replace("count: 2", "count: two")
    )
    path = tmp_path / "three.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(path)
    lines = text.split("\n")
    assert [problem.place for problem in caught.value.problems] == [
        "horizon",
        "world.needs.medicine.per_1000_day",
        "response.organisation.units.runners.count",
    ]
    for problem, wrong in zip(caught.value.problems, ("horizon: 2", "per_1000_day: -60", "count: two"), strict=True):
        assert wrong in lines[(problem.line or 0) - 1]


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    """A file of more bytes than any scenario has is refused by its size, before it fills the memory."""
    path = tmp_path / "large.yaml"
    path.write_bytes(b"# " + b"x" * LARGEST_BYTES)
    with pytest.raises(InputError, match="bytes are wanted"):
        load(path)


@pytest.mark.parametrize("name", ["x" * 5000, "x" * 5000 + ".yaml", "a\0b.yaml", ""])
def test_a_name_that_no_file_can_have(name: str) -> None:
    """Whatever stands on the command line, the answer is an InputError and not one of the operating system's."""
    with pytest.raises(InputError):
        load(name)


# -- scalars stay text ------------------------------------------------------------------------------------------------

TEXTS = ["no", "yes", "on", "off", "True", "1", "0x10", "0o17", "1e3", "20:30", "08:00", "2022-03-28", ".inf", "1_000"]


@pytest.mark.parametrize("scalar", TEXTS)
def test_no_scalar_is_guessed_at(scalar: str) -> None:
    """YAML 1.1 reads no as false, 20:30 as 1230 and 2022-03-28 as a date; here the schema decides, so all stay text."""
    data, _ = parse_yaml(f"value: {scalar}\nlist: [{scalar}, '{scalar}', \"{scalar}\"]\n", "test")
    assert data == {"value": scalar, "list": [scalar] * 3}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        ("~", None),
        ("", None),
        ("'null'", "null"),
        ('""', ""),
        ("'~'", "~"),
        ("'a, b'", "a, b"),
        ('"\\u4f60\\n"', "你\n"),
        ("'it''s'", "it's"),
        ("你好", "你好"),
        ("|\n  a\n  b\n", "a\nb\n"),
        (">-\n  a\n  b\n", "a b"),
    ],
)
def test_quotes_and_nothing(text: str, value: str | None) -> None:
    """Only a plain null, ~ or nothing is nothing; in quotes they are text. Quotes hold commas, blocks hold lines."""
    assert parse_yaml(f"value: {text}\n", "test")[0] == {"value": value}


def test_keys_stay_text_too() -> None:
    """A key 1 or no is the text "1" or "no": household sizes and need types are named by text."""
    assert parse_yaml("{1: a, no: b, 80+: c, null: d, 'e': f}", "test")[0] == {
        "1": "a",
        "no": "b",
        "80+": "c",
        "null": "d",
        "e": "f",
    }


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    """Editors on Windows put a byte order mark before the first key; it is read over."""
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + find("tutorial").read_bytes())
    assert load(path) == load("tutorial")


def test_line_ends_of_windows(tmp_path: Path) -> None:
    """Line ends are no part of a scenario."""
    path = tmp_path / "crlf.yaml"
    path.write_bytes(find("tutorial").read_bytes().replace(b"\n", b"\r\n"))
    assert load(path) == load("tutorial")


# A comma inside a plain value of a flow map cuts it; a key without value elsewhere is just nothing.
@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("t: {zh: 你好, 世界, en: Hello}", True),
        ("t: {a, b}", True),
        ("t: {zh: '你好, 世界', en: Hello}", False),
        ("t: {zh: 你好, en: null}", False),
        ("t: {zh: 你好, en: ''}", False),
        ("t: [你好, 世界]", False),
        ("t:\n  zh:\n  en: Hello\n", False),
        ("t:\n  zh: 你好, 世界\n  en: Hello\n", False),
    ],
)
def test_cut_flow_maps(text: str, *, cut: bool) -> None:
    """{zh: 你好, 世界} is a key 世界 without a value to YAML; whoever wrote it meant a comma in a text."""
    if cut:
        with pytest.raises(InputError, match="a comma cuts this map"):
            parse_yaml(text, "test")
    else:
        parse_yaml(text, "test")


@many
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever a file holds, it is data or an InputError; the parser's own errors never come through."""
    try:
        data, lines = parse_yaml(text, "test")
    except InputError:
        return
    assert isinstance(data, dict | list | str) or data is None
    assert all(1 <= line <= text.count("\n") + text.count("\r") + 10 for line in lines.values())


scalars = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cn", "Co", "Cs", "Zl", "Zp"]), max_size=12)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(scalars, inner, max_size=4),
    max_leaves=12,
)


@many
@given(st.dictionaries(scalars, trees, max_size=4))
def test_texts_in_quotes_read_back(data: dict[str, Any]) -> None:
    """JSON is YAML with every text in quotes: any tree of texts comes back unchanged, whatever its texts look like."""
    assert parse_yaml(json.dumps(data, ensure_ascii=False), "test")[0] == data


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "hint"), [("tutorail", "'tutorial'"), ("Tutorial", "'tutorial'"), ("q", "tutorial")])
def test_the_nearest_shipped_scenario_is_suggested(name: str, hint: str) -> None:
    """A name mistyped gets the name meant, one far from all gets the list."""
    with pytest.raises(InputError, match="no scenario file or shipped scenario has this name") as caught:
        find(name)
    assert hint in str(caught.value)


def test_find(tmp_path: Path) -> None:
    """A path is taken as it is, a shipped name leads to its file; a file that is not there is missed when read."""
    path = tmp_path / "mine"
    path.write_text("name: mine\n", encoding="utf-8")
    assert find(path) == path
    assert find("tutorial") == shipped()["tutorial"]
    with pytest.raises(InputError, match="there is no such file"):
        load(tmp_path / "tutorial.yaml")


def test_paths_of_data_files_are_beside_the_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scenario names its log and table beside itself, so it loads and runs from any directory."""
    (tmp_path / "calls.csv").write_text("at\n2022-01-01 00:10\n", encoding="utf-8")
    text = (BAD / "rate_negative.yaml").read_text(encoding="utf-8").replace("per_1000_day: -60", "per_1000_day: 60")
    text = text.replace("{kind: lockdown}", "{kind: surge, log: {file: calls.csv, column: at}}")
    (tmp_path / "logged.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    loaded = load(Path("..") / "logged.yaml")
    hazard: Any = loaded.world.hazards["closure"]
    assert Path(hazard.log.file).is_absolute()
    assert Path(hazard.log.file).samefile(tmp_path / "calls.csv")


# -- reading back -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_shipped_scenario_reads_back(name: str, tmp_path: Path) -> None:
    """What is dumped is the same scenario, and dumping it again gives the same text."""
    scenario = load(name)
    text = dump(scenario)
    path = tmp_path / "again.yaml"
    path.write_text(text, encoding="utf-8")
    again = load(path)
    assert again == scenario
    assert dump(again) == text


hours = st.floats(1e-6, 200.0).map(duration_text)
shares = st.floats(0, 1)
clock = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
distributions = st.one_of(
    hours,
    st.fixed_dictionaries({"dist": st.just("exponential"), "mean": hours}, optional={"shift": hours}),
    st.fixed_dictionaries(
        {"dist": st.sampled_from(["lognormal", "gamma", "normal"]), "mean": hours, "cv": st.floats(0.01, 5)}
    ),
    st.fixed_dictionaries({"dist": st.just("empirical"), "values": st.lists(hours, min_size=1, max_size=4)}),
)
needs = st.fixed_dictionaries(
    {"per_1000_day": st.floats(0, 500), "urgency": st.integers(1, 4), "service": distributions},
    optional={
        "patience": distributions,
        "reporting_delay": distributions,
        "reported": shares,
        "target": hours,
        "again": st.floats(0, 0.99),
        "weight": st.none() | st.floats(0, 9),
        "by_phase": st.dictionaries(st.sampled_from(["warning", "emergency", "protracted"]), st.floats(0, 3)),
        "rate_by_group": st.dictionaries(st.sampled_from(["over_80", "child"]), st.floats(0, 3)),
    },
)
shifts = st.one_of(
    st.builds("{}-{}".format, clock, clock),
    st.lists(st.fixed_dictionaries({"hours": st.builds("{}-{}".format, clock, clock)}), min_size=1, max_size=3),
)
units = st.fixed_dictionaries(
    {
        "function": st.sampled_from(["logistics", "casework", "medical"]),
        "members": st.sampled_from(["volunteer", "social_worker", "staff"]),
        "count": st.integers(0, 50),
    },
    optional={
        "shift": shifts,
        "attendance": shares,
        "skills": st.lists(names, max_size=3) | st.dictionaries(names, shares, max_size=3),
        "leader": st.booleans(),
        "from": st.just("outside"),
        "decision": distributions,
        "cost_per_h": st.floats(0, 100),
    },
)
scenarios = st.fixed_dictionaries(
    {
        "name": names,
        "horizon": st.floats(1, 2000).map(duration_text),
        "world": st.fixed_dictionaries(
            {
                "community": st.fixed_dictionaries(
                    {"residents": st.integers(1, 5000)},
                    optional={
                        "buildings": st.integers(1, 30),
                        "shares": st.dictionaries(st.sampled_from(["over_80", "offline", "child"]), shares),
                        "ages": st.just({"0-14": 0.15, "15-59": 0.55, "60+": 0.3}),
                    },
                ),
                "needs": st.dictionaries(names, needs, min_size=1, max_size=3),
            },
            optional={"life_cycle": st.just({"timetable": {"warning": "12 h", "emergency": "2 d"}})},
        ),
        "response": st.fixed_dictionaries(
            {"organisation": st.fixed_dictionaries({"units": st.dictionaries(names, units, max_size=3)})},
            optional={"travel": st.fixed_dictionaries({}, optional={"doorstep": hours})},
        ),
    },
    optional={"title": st.none() | st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30)},
)


@settings(many, max_examples=80)
@given(scenarios)
def test_any_scenario_reads_back(data: dict[str, Any]) -> None:
    """Written and read, a scenario is equal to itself: durations bit for bit, "no" as a name, lists and optional parts.

    ``firstline run --set`` and the web page pass scenarios on as text; a change on the way would be a silent one.
    """
    scenario = validate(data, "test")
    again, lines = parse_yaml(dump(scenario), "test")
    assert validate(again, "test", lines) == scenario
    assert validate(scenario.data(), "test") == scenario
    assert validate(json.loads(json.dumps(scenario.data())), "test") == scenario


# -- the schema for editors -------------------------------------------------------------------------------------------


def complaints(value: Any, schema: Any, root: Any, place: str = "") -> list[str]:
    """A JSON Schema validator for the keywords that Pydantic writes."""
    here: list[str] = []
    if "$ref" in schema:
        node = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            node = node[step]
        here += complaints(value, node, root, place)
    for key in ("anyOf", "oneOf"):
        if key in schema and all(complaints(value, branch, root, place) for branch in schema[key]):
            here.append(f"{place}: no branch of {key} fits {value!r}")
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
    kind = schema.get("type")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "number" or kind == "integer":
        if not number or (kind == "integer" and value != int(value)):
            here.append(f"{place}: {kind} wanted, found {value!r}")
    elif kind is not None and not isinstance(value, kinds[kind]):
        here.append(f"{place}: {kind} wanted, found {value!r}")
    if "const" in schema and value != schema["const"]:
        here.append(f"{place}: {value!r} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        here.append(f"{place}: {value!r} is none of {schema['enum']}")
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        here.append(f"{place}: {value!r} does not match {schema['pattern']}")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        here += [f"{place}: {key} is missing" for key in schema.get("required", ()) if key not in value]
        for key, item in value.items():
            if key in known:
                here += complaints(item, known[key], root, f"{place}.{key}")
            elif others is False:
                here.append(f"{place}: {key} is unknown")
            elif others is not True:
                here += complaints(item, others, root, f"{place}.{key}")
    if isinstance(value, list):
        places = schema.get("prefixItems", [])
        for index, item in enumerate(value):
            of_item = places[index] if index < len(places) else schema.get("items", {})
            here += complaints(item, of_item, root, f"{place}[{index}]")
    return here


def test_the_json_schema_is_whole() -> None:
    """Editors load it as JSON: it serialises, has all keys of the top, requires four, and its references resolve."""
    schema = json_schema()
    text = json.dumps(schema)
    assert json.loads(text) == schema
    assert set(schema["properties"]) == {field.alias or name for name, field in Scenario.model_fields.items()}
    assert set(schema["required"]) == {"name", "horizon", "world", "response"}
    assert schema["additionalProperties"] is False
    for reference in re.findall(r'"\$ref": "#/\$defs/([^"]+)"', text):
        assert reference in schema["$defs"]
    for keyword, kind in (("minLength", "array"), ("maxLength", "array"), ("minItems", "string")):
        for node in nodes(schema):
            assert not (keyword in node and node.get("type") == kind), f"{keyword} says nothing about a {kind}: {node}"


def nodes(schema: Any) -> list[dict[str, Any]]:
    """Every map in a schema."""
    if isinstance(schema, dict):
        return [schema, *(node for value in schema.values() for node in nodes(value))]
    return [node for value in schema for node in nodes(value)] if isinstance(schema, list) else []


@pytest.mark.parametrize("name", [name for name in sorted(shipped()) if "base" not in read_yaml(shipped()[name])[0]])
def test_the_json_schema_accepts_what_ships(name: str) -> None:
    """An editor that checks the shipped scenarios against the schema marks nothing red in them."""
    data = yaml.safe_load(shipped()[name].read_text(encoding="utf-8"))
    assert complaints(data, (schema := json_schema()), schema, name) == []


@pytest.mark.parametrize("name", sorted(shipped()))
def test_the_json_schema_accepts_what_is_dumped(name: str) -> None:
    """The same of a dumped scenario."""
    data = yaml.safe_load(dump(load(name)))
    assert complaints(data, (schema := json_schema()), schema, name) == []


def test_the_json_schema_refuses_a_misspelt_key() -> None:
    """The schema is closed like the specification, all the way down: a misspelt key is red in the editor already."""
    schema = json_schema()
    data = yaml.safe_load((BAD / "unknown_key_need.yaml").read_text(encoding="utf-8"))
    assert any("urgancy" in complaint for complaint in complaints(data, schema, schema))
