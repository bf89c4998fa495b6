"""Strict YAML to the specification and back; alone in reading YAML.

All scalars stay text and are converted by the schema. Repeated keys, anchors, tags, cut flow maps, deep nesting and
large files are refused. A scenario may be named as a path or by the name of a shipped one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from sim.errors import InputError, Problem, nearest
from sim.spec.card import Card
from sim.spec.experiment import Lines
from sim.spec.hazards import Surge
from sim.spec.patches import check_card, merged_onto, validate
from sim.spec.scenario import Scenario
from sim.units import clip, found

LARGEST_BYTES = 4_000_000
DEEPEST = 40
MOST_BASES = 8
TAKEN_LIGHTLY = "\t?!|\ufeff"
"""Signs that libyaml lets stand where PyYAML refuses them, or names otherwise."""
Path_ = tuple[str | int, ...]
SHIPPED = Path(__file__).parent.parent / "scenarios"  # beside sim, in a checkout and in a wheel alike
EXPERIMENTS, DESIGNS, BACKTESTS, QUESTIONS = "experiments", "designs", "backtests", "questions"
CALIBRATIONS = "calibrations"


def shipped() -> dict[str, Path]:
    """Return the shipped scenarios by name; those of a folder below as folder/name."""
    found = [path for path in sorted(SHIPPED.rglob("*.yaml")) if not path.name.endswith(".card.yaml")]
    names = {path.relative_to(SHIPPED).with_suffix("").as_posix(): path for path in found}
    others = (EXPERIMENTS, DESIGNS, BACKTESTS, QUESTIONS, CALIBRATIONS)
    return {name: path for name, path in names.items() if name.partition("/")[0] not in others}


def find(name: str | Path) -> Path:
    """Return the path of a scenario file, or of a shipped scenario by name; raises InputError where there is none."""
    path = Path(name)
    try:
        if path.suffix in (".yaml", ".yml") or path.exists():
            return path
    except (OSError, ValueError):  # too long for a file name, or not one at all
        raise InputError(clip(str(name)), [Problem("", "this is no name of a file")]) from None
    known = shipped()
    if str(name) in known:
        return known[str(name)]
    raise InputError(
        str(name), [Problem("", f"no scenario file or shipped scenario has this name{nearest(str(name), known)}")]
    )


def load(name: str | Path) -> Scenario:
    """Read a scenario from a file, or a shipped one by its name; raises InputError with every problem found."""
    path = find(name)
    data, lines = read_yaml(path)
    if not isinstance(data, dict):
        raise InputError(
            str(path),
            [
                Problem(
                    "",
                    "a map with the keys name, horizon, world and response is wanted; "
                    + ("the file is empty" if data is None else "found something else"),
                )
            ],
        )
    data = _whole(data, path, lines)
    scenario = validate(data, str(path), lines)
    check_files(scenario, str(path))
    return scenario


def _whole(data: dict[str, Any], path: Path, lines: dict[Path_, int], depth: int = 0) -> dict[str, Any]:
    """Return a scenario's data with its card read, on top of the scenario that it names as its ``base``."""
    card = place_card(data, path, lines)
    data = anchored(data, path)
    base = data.pop("base", None)
    if base is None:
        return data
    line = lines.get(("base",))
    if not isinstance(base, str) or not base.strip() or depth >= MOST_BASES:
        wanted = f"the name of a scenario is wanted, at most {MOST_BASES} on top of each other"
        raise InputError(str(path), [Problem("base", f"{wanted}; found {found(base)}", line)])
    beside = path.parent / base
    try:
        below = beside if beside.suffix in (".yaml", ".yml") else find(base)
        under, _ = read_yaml(below)
    except InputError as error:
        said = f"{clip(base)!r}: {error.problems[0].message}"
        raise InputError(str(path), [Problem("base", clip(said, 300), line)]) from None
    if not isinstance(under, dict):
        raise InputError(str(below), [Problem("", "a map with the keys of a scenario is wanted")])
    merged = merged_onto(_whole(under, below, {}, depth + 1), data)
    if card is not None:  # a card of its own takes the place of the whole card, whatever its name
        merged["response"]["plan"]["card"] = card
    return merged


def place_card(data: dict[str, Any], path: Path, lines: dict[Path_, int]) -> Any:
    """Put the card that a plan names into the place of its name, and return it; its problems are its own file's."""
    response = data.get("response")
    plan = response.get("plan") if isinstance(response, dict) else None
    if isinstance(plan, str):
        plan = response["plan"] = {"card": plan}  # type: ignore[index]  # it is a dict
    if not isinstance(plan, dict) or not isinstance(plan.get("card"), str):
        return None
    named = path.parent / plan["card"]
    if not _is_there(named):
        known = [str(found.relative_to(path.parent)) for found in sorted(path.parent.rglob("*.card.yaml"))]
        line = lines.get(("response", "plan", "card"), lines.get(("response", "plan")))
        message = f"there is no such file: {clip(plan['card'])}{nearest(clip(plan['card']), known)}"
        raise InputError(str(path), [Problem("response.plan.card", message, line)])
    card, _ = read_card(named)
    plan["card"] = card
    return card


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # too long for a file name
        return False


def read_card(path: Path) -> tuple[Any, Card]:
    """Read a response card by itself, checked as far as it stands alone; returns its plain data and the card."""
    data, lines = read_yaml(path)
    if not isinstance(data, dict):
        raise InputError(str(path), [Problem("", "a map with the keys card and steps is wanted")])
    return data, check_card(data, str(path), lines)


def load_base(path: Path, name: str, lines: Lines) -> Scenario:
    """Read the base that a file names, beside it or shipped; raises InputError at its key ``base``."""
    beside = path.parent / name
    try:
        return load(beside if beside.suffix in (".yaml", ".yml") else find(name))
    except InputError as error:
        if error.source not in (str(beside), clip(name), name) or error.problems[0].place:
            raise  # a scenario with mistakes of its own
        said = f"{clip(name)!r}: {error.problems[0].message}"
        raise InputError(str(path), [Problem("base", clip(said, 300), lines.get(("base",)))]) from None


def check_files(scenario: Scenario, source: str) -> None:
    """Refuse a scenario that names a data file which is not there."""
    named = _files(scenario)
    missing = [Problem(place, f"there is no such file: {file}") for place, file in named if not Path(file).is_file()]
    if missing:
        raise InputError(source, missing)


def _files(scenario: Scenario) -> list[tuple[str, str]]:
    """Return the data files that a scenario names, by place."""
    table = scenario.world.community.table
    named = [("world.community.from", table)] if table is not None else []
    for name, hazard in scenario.world.hazards.items():
        if isinstance(hazard, Surge) and hazard.log is not None:
            named.append((f"world.hazards.{name}.log.file", hazard.log.file))
    return named


def anchored(data: dict[str, Any], path: Path) -> dict[str, Any]:
    """Make the paths of data files absolute, so that a scenario can be run from anywhere."""
    world = data.get("world")
    if not isinstance(world, dict):
        return data
    community = world.get("community")
    if isinstance(community, dict) and isinstance(community.get("from"), str):
        community["from"] = str((path.parent / community["from"]).resolve())
    hazards = world.get("hazards")
    for hazard in hazards.values() if isinstance(hazards, dict) else ():
        log = hazard.get("log") if isinstance(hazard, dict) else None
        if isinstance(log, dict) and isinstance(log.get("file"), str):
            log["file"] = str((path.parent / log["file"]).resolve())
    return data


def dump(scenario: Scenario) -> str:
    """Write a scenario as YAML that reads back to the same scenario."""
    return yaml.safe_dump(scenario.data(), sort_keys=False, allow_unicode=True, width=140)


def read_yaml(path: Path) -> tuple[Any, dict[Path_, int]]:
    """Read one strict YAML file; returns its data with every scalar as text, and the line of every key path."""
    source = str(path)
    try:
        if "\0" in source:
            raise InputError(clip(source), [Problem("", "this is no name of a file")])
        if path.stat().st_size > LARGEST_BYTES:
            raise InputError(
                source, [Problem("", f"at most {LARGEST_BYTES:,} bytes are wanted; found {path.stat().st_size:,}")]
            )
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(source, [Problem("", "there is no such file")]) from None
    except IsADirectoryError:
        raise InputError(source, [Problem("", "a file is wanted; found a directory")]) from None
    except UnicodeDecodeError as error:
        raise InputError(
            source, [Problem("", f"UTF-8 text is wanted; byte {error.start} is something else: save the file as UTF-8")]
        ) from None
    except OSError as error:
        raise InputError(source, [Problem("", f"it cannot be read: {error.strerror}")]) from None
    return parse_yaml(text, source)


def parse_yaml(text: str, source: str) -> tuple[Any, dict[Path_, int]]:
    """Parse strict YAML text; see :func:`read_yaml`."""
    try:
        node = _composed(text, source)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise InputError(source, [Problem("", f"this is no YAML: {error.problem or error.context}", line)]) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError(source, [Problem("", f"this is no YAML: {str(error).splitlines()[0]}")]) from None
    lines: dict[Path_, int] = {}
    problems: list[Problem] = []
    data = _plain(node, (), lines, problems) if node is not None else None
    if problems:
        raise InputError(source, problems)
    return data, lines


def _composed(text: str, source: str) -> yaml.Node | None:
    """Return the root of the text, read by libyaml where PyYAML has it: it takes a tenth of the time.

    What libyaml refuses, and what it would take more lightly, is read by PyYAML itself: the same errors everywhere.
    """
    if not any(sign in text for sign in TAKEN_LIGHTLY):
        try:
            return _composed_by(yaml.CBaseLoader, text, source)
        except (AttributeError, UnicodeEncodeError, yaml.YAMLError):
            pass
    return _composed_by(yaml.BaseLoader, text, source)


def _composed_by(reader: type[yaml.BaseLoader | yaml.CBaseLoader], text: str, source: str) -> yaml.Node | None:
    _refuse_anchors(text, source, reader)
    loader = reader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def _refuse_anchors(text: str, source: str, reader: type[yaml.BaseLoader | yaml.CBaseLoader]) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=reader):
        line = event.start_mark.line + 1 if event.start_mark is not None else None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise InputError(
                source, [Problem("", "YAML anchors and aliases (& and *) are not read; write the value out", line)]
            )
        if getattr(event, "tag", None) and not isinstance(event, (yaml.DocumentStartEvent, yaml.DocumentEndEvent)):
            raise InputError(
                source, [Problem("", f"YAML tags are not read; found {getattr(event, 'tag', None)!r}", line)]
            )
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise InputError(source, [Problem("", f"at most {DEEPEST} levels are wanted", line)])


def _plain(node: yaml.Node, path: Path_, lines: dict[Path_, int], problems: list[Problem]) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if isinstance(node, yaml.ScalarNode):
        if not node.style and node.value in ("null", "~", ""):
            return None
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, index), lines, problems) for index, item in enumerate(node.value)]
    assert isinstance(node, yaml.MappingNode)
    data: dict[str, Any] = {}
    for key_node, value_node in node.value:
        here = key_node.start_mark.line + 1
        place = ".".join(str(step) for step in path)
        if not isinstance(key_node, yaml.ScalarNode):
            problems.append(Problem(place, "a plain key is wanted; found a list or a map as a key", here))
            continue
        key = key_node.value
        lines[(*path, key)] = here
        if key in data:
            problems.append(Problem(f"{place}.{key}".lstrip("."), f"the key {key!r} stands twice", here))
        elif (
            node.flow_style
            and isinstance(value_node, yaml.ScalarNode)
            and value_node.value == ""
            and not value_node.style
        ):
            problems.append(
                Problem(place, f"a comma cuts this map: {key!r} has no value; put text with commas in quotes", here)
            )
        data[key] = _plain(value_node, (*path, key), lines, problems)
    return data
