"""``list``, ``check`` and ``schema`` for every kind of file: what is right is said to be, what is wrong is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from firstline.check import Checked, check, table
from firstline.reading import load_scenario
from firstline.schema import models, schema_of
from sim.errors import InputError
from sim.files import read_yaml
from sim.kinds import (
    BACKTEST,
    CALIBRATION,
    CARD,
    DESIGN,
    EXPERIMENT,
    KINDS,
    QUESTION,
    SCENARIO,
    Kind,
    kind_named,
    kind_of,
    title,
)
from tests.command import ROOT, firstline, printed
from tests.unit.test_files import complaints

TESTS = ROOT / "tests"
SHIPPED = [(kind, name) for kind in KINDS for name in kind.shipped()]
IDS = [f"{kind.word}-{name}" for kind, name in SHIPPED]


def checked(file: Path | str) -> Checked:
    """What ``check`` says of a file."""
    read, say = table()[kind_of(file)]
    return say(read(str(file)))


# -- list -------------------------------------------------------------------------------------------------------------


def test_list_has_every_kind(tmp_path: Path):
    """Whoever asks what there is must find all of it, each with its kind and a title."""
    rows = json.loads(printed("list", "--json", cwd=tmp_path))
    assert [(row["kind"], row["name"]) for row in rows] == [(kind.word, name) for kind, name in SHIPPED]
    assert all(row["title"] for row in rows)
    assert printed("list", "questions", cwd=tmp_path).split()[:2] == ["question", "tables-by-six"]


@pytest.mark.parametrize(("kind", "name"), SHIPPED, ids=IDS)
def test_a_title_is_that_of_the_file(kind: Kind, name: str):
    """The list reads nothing but the title, and must find the same as who reads all."""
    said = read_yaml(kind.shipped()[name])[0]["title"]
    assert title(kind.shipped()[name]) == (said["en"] if isinstance(said, dict) else said)


def test_a_name_means_one_file():
    """``check NAME`` has no other word to tell kinds apart."""
    names = [name for _, name in SHIPPED]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.word)
def test_a_kind_goes_by_its_word_and_by_its_command(kind: Kind):
    """A user may think of questions or of ``optimise``; both mean the same, one or many."""
    for text in (kind.word, f"{kind.word}s", kind.key, kind.word.upper()):
        assert kind_named(text) is kind
    with pytest.raises(InputError, match="did you mean"):
        kind_named(f"{kind.word}x")


# -- check ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "name"), SHIPPED, ids=IDS)
def test_what_ships_is_right(kind: Kind, name: str):
    """Each shipped file is of its kind, by name and by path, and can be checked."""
    path = kind.shipped()[name]
    assert kind_of(name) is kind
    assert kind_of(path) is kind
    found = checked(name)
    assert found.says
    asks_for_runs = kind not in (SCENARIO, CARD)
    assert ("runs" in found.facts) == asks_for_runs
    assert not asks_for_runs or f"{found.facts['runs']:,} runs" in found.says


SAYS = {
    "tutorial": "tutorial: it can run; 2 findings\n",
    "river-flood.card": "river-flood: a card of 12 steps and 6 teams; no findings\n",
    "tables-by-six": "2 decisions, 48 trials of 6 runs, finalists judged by 120 fresh runs each: at most 3,528 runs",
    "tutorial-waits": "2 parameters fitted to 3 figures, 2 held out, 40 trials of 6 runs: at most 484 runs; 2 findings",
    "what-matters-in-lockdown": "88 points, 3 replications each: at most 264 runs; 6 findings",
    "houston-floods": "the log of requests is wanted when it runs: --log FILE.csv",
}


@pytest.mark.parametrize("name", SAYS)
def test_check_says_what_would_be_done(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """On stdout in a line, for machines with the same figures; the findings of the base are on stderr."""
    monkeypatch.chdir(tmp_path)
    check(name)
    said = capsys.readouterr()
    assert SAYS[name] in said.out
    check(name, as_json=True)
    found = json.loads(capsys.readouterr().out)
    kind = kind_of(name)
    assert found["kind"] == kind.word
    assert found["scenario" if kind is SCENARIO else kind.key] == said.out.split(":")[0]
    assert said.err.count("finding: ") == len(found["findings"])
    assert not list(tmp_path.iterdir()), "nothing is run"


def test_check_reads_the_log_of_a_back_test_that_names_one(tmp_path: Path):
    """Its columns and its windows are found out beforehand, and how many requests there are is said."""
    text = BACKTEST.shipped()["houston-floods"].read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(text.replace("log: {", "log: {file: log.csv, "), encoding="utf-8")
    days = [f"{month}-{day:02d}" for month in ("2015-05", "2015-06", "2015-10", "2016-04") for day in range(18, 31)]
    rows = [f"{day}T08:00:00,{day}T18:00:00,Flooding" for day in days]
    (tmp_path / "log.csv").write_text("\n".join(["created,closed,need", *rows]), encoding="utf-8")
    assert checked(tmp_path / "mine.yaml").says.endswith("its log keeps 52 requests")
    (tmp_path / "log.csv").write_text("\n".join(["created,closed,need", *rows[:20]]), encoding="utf-8")
    with pytest.raises(InputError, match="tax_day_2016"):
        checked(tmp_path / "mine.yaml")
    (tmp_path / "log.csv").write_text("made,closed,need\n", encoding="utf-8")
    with pytest.raises(InputError, match="no such column"):
        checked(tmp_path / "mine.yaml")
    (tmp_path / "log.csv").unlink()
    with pytest.raises(InputError, match="cannot be read"):
        checked(tmp_path / "mine.yaml")


STANDS_ALONE = ("a_list", "a_scenario", "an_experiment", "log_missing")
"""Files that are bad for a command of another kind, or when they run."""
BAD = [
    path
    for folder in ("experiments", "designs", "questions", "calibrations", "backtests", "cards")
    for path in sorted((TESTS / f"bad_{folder}").glob("*.yaml"))
    if path.stem not in STANDS_ALONE
]


@pytest.mark.parametrize("path", BAD, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_check_refuses_each_bad_file(path: Path):
    """One mistake is one problem, with its place and what was wanted, whatever the kind."""
    first, second, *_ = path.read_text(encoding="utf-8").split("\n")
    with pytest.raises(InputError) as caught:
        checked(path)
    (problem,) = caught.value.problems
    assert first.removeprefix("# expect: ") in problem.message
    assert not second.startswith("# at:") or problem.place == second.removeprefix("# at:").strip()
    assert len(str(problem)) <= 400


def test_there_are_bad_files_of_each_kind():
    """A glob that finds nothing would pass the test above."""
    least = {"experiments": 30, "designs": 50, "questions": 10, "calibrations": 10, "backtests": 15, "cards": 6}
    for folder, count in least.items():
        assert sum(path.parent.name == f"bad_{folder}" for path in BAD) >= count, folder


REFUSED = {
    "no file": ("nowhere.yaml", "there is no such file"),
    "no name": ("tables-by-sixx", "did you mean 'tables-by-six'?"),
    "a folder": ("folder", "a file is wanted; found a directory"),
    "bytes": ("bytes.yaml", "UTF-8 text is wanted"),
    "nothing": ("empty.yaml", "the file is empty"),
    "nothing in a card": ("empty.card.yaml", "the file is empty"),
    "words": ("words.yaml", "found 'hello'"),
    "no key that tells": ("untold.yaml", "one of the keys world, card, experiment, sensitivity,"),
    "its key misspelt": ("misspelt.yaml", "did you mean 'experiment' by 'experimnt'?"),
    "a card without its key": ("nameless.card.yaml", "wanted, but it is not there"),
    "a long name": ("x" * 5000, "there is no such file"),
    "half a character": ("a\udc80.yaml", "there is no such file"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files as a newcomer may give them."""
    here = tmp_path_factory.mktemp("newcomer")
    (here / "folder").mkdir()
    (here / "bytes.yaml").write_bytes(bytes(range(256)))
    texts = {
        "empty.yaml": "",
        "empty.card.yaml": "",
        "words.yaml": "hello\n",
        "untold.yaml": "base: tutorial\nmethod: grid\noutcomes: [wait_mean_h]\n",
        "misspelt.yaml": "experimnt: x\nbase: tutorial\nvariants: {a: {}, b: {}}\noutcomes: [wait_mean_h]\n",
        "nameless.card.yaml": "steps: {}\n",
    }
    for name, text in texts.items():
        (here / name).write_text(text, encoding="utf-8")
    return here


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_file_of_any_kind(case: str, folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Whatever is named, the answer is one line that says what is wrong."""
    monkeypatch.chdir(folder)
    name, says = REFUSED[case]
    with pytest.raises(InputError, match=says.replace("?", r"\?")) as caught:
        checked(name)
    assert len(str(caught.value)) <= 500


GIVEN = [
    ("check", "untold.yaml"),
    ("check", str(TESTS / "bad_questions" / "unknown_key.yaml"), "--json"),
    ("check", "tables-by-six", "--evidence"),
    ("schema", "kard"),
    ("list", "qestions"),
]


@pytest.mark.parametrize("arguments", GIVEN, ids=" ".join)
def test_bad_input_exits_with_2(arguments: tuple[str, ...], folder: Path):
    """All that is wrong on stderr, nothing on stdout, no traceback."""
    done = firstline(*arguments, cwd=folder)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: ")
    assert not done.stdout


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not SCENARIO], ids=lambda kind: kind.word)
def test_a_file_of_another_kind_is_told(kind: Kind):
    """To run what is no scenario names the command that is meant; the other commands say what it looks like."""
    name, path = next(iter(kind.shipped().items()))
    for file in (name, str(path)):
        with pytest.raises(InputError, match=f"a scenario is wanted; this is {kind.named}") as caught:
            load_scenario(file, None, None)
        assert kind is CARD or f"firstline {kind.key} {file}" in str(caught.value)
    for other in (one for one in KINDS if one not in (kind, SCENARIO, CARD)):
        with pytest.raises(InputError, match=f"this looks like {kind.named}"):
            other.read(path)
        with pytest.raises(InputError, match=f"it is {kind.named}"):
            other.find(name)


# -- schema -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def schemas() -> dict[Kind, Any]:
    """The schema of each kind."""
    return {kind: schema_of(kind) for kind in KINDS}


def wrong(data: Any, schema: Any) -> list[str]:
    """What an editor marks in a file."""
    return complaints(data, schema, schema)


def test_the_command_prints_each_schema(schemas: dict[Kind, Any], tmp_path: Path):
    """A scenario's where no kind is named."""
    assert json.loads(printed("schema", cwd=tmp_path)) == schemas[SCENARIO]
    for kind in (SCENARIO, CALIBRATION):
        assert json.loads(printed("schema", kind.word, cwd=tmp_path)) == schemas[kind]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.word)
def test_a_schema_is_whole(kind: Kind, schemas: dict[Kind, Any]):
    """All it refers to is in it, all in it is referred to, and each key of the model can be completed."""
    text = json.dumps(schemas[kind])
    refers = {part.split('"')[0] for part in text.split("#/$defs/")[1:]}
    assert refers == set(schemas[kind]["$defs"])
    model = models()[kind]
    assert set(schemas[kind]["$defs"][model.__name__]["properties"]) == {
        field.alias or name for name, field in model.model_fields.items()
    }


@pytest.mark.parametrize(("kind", "name"), SHIPPED, ids=IDS)
def test_the_schema_accepts_what_ships(kind: Kind, name: str, schemas: dict[Kind, Any]):
    """An editor marks nothing in a shipped file, a scenario on a base and the patches of an experiment among them."""
    data = yaml.safe_load(kind.shipped()[name].read_text(encoding="utf-8"))
    assert wrong(data, schemas[kind]) == []


@pytest.mark.parametrize(("kind", "name"), SHIPPED, ids=IDS)
def test_the_schema_refuses_a_stray_key_anywhere(kind: Kind, name: str, schemas: dict[Kind, Any]):
    """In each map of a shipped file that has keys of its own, and is no list of names, a misspelt key is marked."""
    data = yaml.safe_load(kind.shipped()[name].read_text(encoding="utf-8"))
    places = list(closed(data, schemas[kind]))
    assert places
    for place in places[:: max(len(places) // 12, 1)]:
        place["strey"] = 1
        assert wrong(data, schemas[kind])
        del place["strey"]
    assert wrong(data, schemas[kind]) == []


def closed(data: Any, schema: Any) -> Iterator[dict[str, Any]]:
    """The maps of a file in which a key that nobody knows is no name: those that stand where a model stands."""

    def walk(value: Any, node: Any) -> Iterator[dict[str, Any]]:
        branches = [node]
        while any("$ref" in one or "anyOf" in one or "oneOf" in one for one in branches):
            branches = [
                inner
                for one in branches
                for inner in (
                    [schema["$defs"][one["$ref"].split("/")[-1]]]
                    if "$ref" in one
                    else [*one.get("anyOf", ()), *one.get("oneOf", ())] or [one]
                )
            ]
        fits = [one for one in branches if not complaints(value, one, schema)]
        if isinstance(value, dict) and fits and all(one.get("additionalProperties") is False for one in fits):
            yield value
        for one in fits[:1]:
            for key, item in value.items() if isinstance(value, dict) else ():
                inner = one.get("properties", {}).get(key, one.get("additionalProperties"))
                if isinstance(inner, dict):
                    yield from walk(item, inner)
            for item in value if isinstance(value, list) else ():
                yield from walk(item, one.get("items", {}))

    yield from walk(data, schema)


MAY_STAND = {
    "a name for an outcome": (EXPERIMENT, "{experiment: e, base: b, outcomes: [wait_mean_h]}"),
    "a number for an amount": (
        QUESTION,
        "{optimise: q, base: b, decide: {a.b: {low: 1, high: 2.5}}, best: {outcome: fill_rate, indifference: 0.1}}",
    ),
    "a number for a level": (
        DESIGN,
        "{sensitivity: d, base: b, method: grid, outcomes: [{outcome: unmet_share, by: building, level: 3}]}",
    ),
    "a file for its rows": (CALIBRATION, "{calibrate: c, base: b, parameters: {}, observed: seen.csv}"),
    "one for a list of one": (
        BACKTEST,
        "{backtest: b, target: 4 d, train: {}, predict: {}, crews: {count: 5, shift: '07:00-20:00', service: 1 h}}",
    ),
    "a file for a card": (SCENARIO, "{base: tutorial, response: {plan: my.card.yaml}}"),
    "a number that is text": (CARD, "{card: c, outside_help: {police: {number: 110}}}"),
    "null takes away": (SCENARIO, "{base: tutorial, world: {needs: {medicine: null}}, response: {travel: null}}"),
    "a part of a distribution": (SCENARIO, "{base: tutorial, world: {needs: {medicine: {service: {mean: 1 h}}}}}"),
    "a part of a unit": (
        EXPERIMENT,
        "{experiment: e, base: b, outcomes: [x], variants: {v: {response: {organisation: {units: {u: {count: 3}}}}}}}",
    ),
    "a world": (
        EXPERIMENT,
        "{experiment: e, base: b, outcomes: [unmet], worlds: {w: {world: {needs: {n: {per_1000_day: 4}}}}}}",
    ),
}


@pytest.mark.parametrize("case", MAY_STAND)
def test_the_schema_accepts_what_readers_take(case: str, schemas: dict[Kind, Any]):
    """What may stand in a file and not in the model is no mistake: a schema that says so is worse than none."""
    kind, text = MAY_STAND[case]
    assert wrong(yaml.safe_load(text), schemas[kind]) == []


MAY_NOT = {
    "no base, no world": (SCENARIO, "{name: mine}"),
    "a bare duration": (SCENARIO, "{base: tutorial, world: {needs: {medicine: {target: 4}}}}"),
    "a misspelt key of a patch": (
        EXPERIMENT,
        "{experiment: e, base: b, outcomes: [x], variants: {v: {response: {organisation: {units: {u: {cuont: 3}}}}}}}",
    ),
    "the world in a variant": (EXPERIMENT, "{experiment: e, base: b, outcomes: [unmet], variants: {v: {world: {}}}}"),
    "half a list item": (SCENARIO, "{base: tutorial, response: {changes: [{at: 4 h, sat: {}}]}}"),
    "another method": (DESIGN, "{sensitivity: d, base: b, method: moris, outcomes: [wait_mean_h]}"),
    "a truth for rows": (CALIBRATION, "{calibrate: c, base: b, parameters: {}, observed: true}"),
}


@pytest.mark.parametrize("case", MAY_NOT)
def test_the_schema_refuses_what_no_reader_takes(case: str, schemas: dict[Kind, Any]):
    """It is closed all the way down, in patches too."""
    kind, text = MAY_NOT[case]
    assert wrong(yaml.safe_load(text), schemas[kind])
