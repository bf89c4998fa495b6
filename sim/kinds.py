"""The kinds of files: which are shipped, of which kind a file or a name is, and what each must begin with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sim import files
from sim.errors import InputError, Problem, nearest
from sim.spec.experiment import Lines
from sim.spec.scenario import Scenario
from sim.units import clip, found

OF_A_CARD = ".card.yaml"
_TITLE = re.compile(r"^title:.*\n(?:[ \t]+.*\n)*", re.MULTILINE)


@dataclass(frozen=True)
class Kind:
    """One kind of file: the key that tells it from others, its word, its folder, and what its files hold.

    Scenarios have no ``folder``: they lie beside the others' and in folders of their own.
    """

    key: str
    word: str
    folder: str
    wanted: str

    @property
    def named(self) -> str:
        """The word with its article."""
        return f"a{'n' if self.word[0] in 'aeiou' else ''} {self.word}"

    def shipped(self) -> dict[str, Path]:
        """Return the shipped files of the kind by name."""
        if not self.folder:
            return files.shipped()
        return {path.stem: path for path in sorted((files.SHIPPED / self.folder).glob("*.yaml"))}

    def find(self, name: str | Path) -> Path:
        """Return the path of a file, or of a shipped one by name; raises InputError for neither."""
        known = self.shipped()
        if str(name) in known:
            return known[str(name)]
        if _may_be_file(name):
            return Path(name)
        said = f"no {self.word} file or shipped {self.word} has this name"
        other = next((kind for kind in KINDS if str(name) in kind.shipped()), None)
        hint = f"; it is {other.named}" if other is not None else nearest(clip(str(name)), known)
        raise InputError(clip(str(name)), [Problem("", f"{said}{hint}")])

    def holds(self, name: str | Path) -> bool:
        """Tell whether a file or a shipped name is of this kind; see :func:`kind_of`."""
        return kind_of(name) is self

    def read(self, name: str | Path) -> tuple[Path, dict[str, Any], Lines]:
        """Return the path of a file, what it holds, and its lines; raises InputError for a file of another kind."""
        path = self.find(name)
        data, lines = files.read_yaml(path)
        if isinstance(data, dict) and self.key in data:
            return path, data, lines
        wanted = f"a map with the keys {self.wanted} is wanted"
        if not isinstance(data, dict) or not data:
            raise InputError(str(path), [Problem("", f"{wanted}; {_what(data)}")])
        try:
            looks = f"this looks like {_kind(data, str(path)).named}"
        except InputError:
            looks = f"found {_keys(data)}{_near(data)}"
        raise InputError(str(path), [Problem("", f"{wanted}; {looks}")])


SCENARIO = Kind("world", "scenario", "", "name, horizon, world and response")
CARD = Kind("card", "card", "cards", "card and steps")
EXPERIMENT = Kind("experiment", "experiment", files.EXPERIMENTS, "experiment, base, variants and outcomes")
DESIGN = Kind("sensitivity", "design", files.DESIGNS, "sensitivity, base, method, factors and outcomes")
QUESTION = Kind("optimise", "question", files.QUESTIONS, "optimise, base, decide, subject_to and least (or best)")
CALIBRATION = Kind("calibrate", "calibration", files.CALIBRATIONS, "calibrate, base, parameters and observed (or log)")
BACKTEST = Kind("backtest", "back-test", files.BACKTESTS, "backtest, target, train, predict and crews")
KINDS = (SCENARIO, CARD, EXPERIMENT, DESIGN, QUESTION, CALIBRATION, BACKTEST)


def kind_named(text: str) -> Kind:
    """Return the kind that a word means, or a key such as "optimise"; raises InputError for another word."""
    for kind in KINDS:
        if text.lower().removesuffix("s") in (kind.word, kind.key):
            return kind
    words = [kind.word for kind in KINDS]
    said = f"a kind of file is wanted: {', '.join(words[:-1])} or {words[-1]}; found {found(text)}"
    near = nearest(text, [*words, *(kind.key for kind in KINDS)])
    raise InputError(clip(text), [Problem("KIND", f"{said}{near if 'did you mean' in near else ''}")])


def kind_of(name: str | Path) -> Kind:
    """Return of which kind a shipped name is, or a file by its keys; raises InputError for neither, or for no YAML."""
    for kind in KINDS:
        if str(name) in kind.shipped():
            return kind
    if not _may_be_file(name):
        known = [shipped for kind in KINDS for shipped in kind.shipped()]
        said = f"there is no such file, and nothing that is shipped has this name{nearest(clip(str(name)), known)}"
        raise InputError(clip(str(name)), [Problem("", said)])
    data, _ = files.read_yaml(Path(name))
    if not isinstance(data, dict) or not data:
        words = ", ".join(kind.word for kind in KINDS[:-1])
        said = f"a map is wanted: a {words} or {KINDS[-1].word}; {_what(data)}"
        raise InputError(str(name), [Problem("", said)])
    if str(name).endswith(OF_A_CARD) and not any(kind.key in data for kind in KINDS):
        return CARD  # without its first key
    return _kind(data, str(name))


def title(path: Path) -> str:
    """Return the title of a shipped file, in English where it has several; "" where it has none.

    Only the title is read: a list of all files is not to take as long as reading them.
    """
    line = _TITLE.search(path.read_text(encoding="utf-8"))
    said = files.parse_yaml(line[0], str(path))[0]["title"] if line is not None else None
    if isinstance(said, dict):
        said = said.get("en") or said.get("zh")
    return said or ""


def _kind(data: Mapping[str, Any], source: str) -> Kind:
    """Return the kind of a file by the key that no other has; a scenario has one of its own, or only keys of one."""
    for kind in KINDS:
        if kind is not SCENARIO and kind.key in data:
            return kind
    own = {field.alias or name for name, field in Scenario.model_fields.items()} | {"base"}
    if {"name", "horizon", "world", "response"} & set(data) or own >= set(data):
        return SCENARIO
    keys = ", ".join(kind.key for kind in KINDS)
    said = f"one of the keys {keys} is wanted, which say what kind of file this is; found {_keys(data)}{_near(data)}"
    raise InputError(source, [Problem("", said)])


def _keys(data: Mapping[str, Any]) -> str:
    return clip(", ".join(data), 120)


def _near(data: Mapping[str, Any]) -> str:
    """Return a hint at the key that tells the kind, where it seems to be misspelt."""
    known = [kind.key for kind in KINDS]
    near = ((key, get_close_matches(key, known, 1, 0.7)) for key in data)
    return next((f"; did you mean {hit[0]!r} by {clip(key)!r}?" for key, hit in near if hit), "")


def _what(data: Any) -> str:
    if data is None:
        return "the file is empty"
    return "found a map without keys" if data == {} else f"found {found(data)}"


def _may_be_file(name: str | Path) -> bool:
    """Tell whether a name is that of a file, there or not, rather than of something that is shipped."""
    try:
        return Path(name).suffix in (".yaml", ".yml") or Path(name).exists()
    except (OSError, ValueError):  # too long for a file name, or not one at all
        return False
