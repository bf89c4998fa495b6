"""What a folder says it is about, and whether runs may be added to it."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.store.jobs import KEPT
from analysis.store.machine import canary, versions
from analysis.store.parts import ASIDE, CannotWriteError, put
from sim import __version__
from sim.errors import InputError, Problem
from sim.units import found

MANIFEST, LOCK = "manifest.json", "lock"
SAME = {
    "kind": ("are of another kind", ""),
    "name": ("have another name", ""),
    "seed": ("have another seed", "--seed {}"),
    "detail": ("keep other tables (--detail)", "--detail {}"),
    "firstline": ("were made by another version of Firstline", ""),
    "canary": ("were made on a machine that computes other last digits (its canary)", ""),
    "plugins": ("were made with other plug-ins, or with another content of them", ""),
}
"""What must be equal for runs to be added to those that are there: what is said otherwise, and the option for it."""
ABOUT: dict[str, type] = {"kind": str, "name": str, "seed": int, "detail": str, "plugins": dict, "subject": dict}
"""What the maker of a folder must say; the rest of a manifest is found out."""
WANTED: dict[str, type] = {
    "kind": str,
    "seed": int,
    "firstline": str,
    "created": str,
    "canary": str,
    "subject": dict,
    "detail": str,
    "plugins": dict,
}
DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)
"""The faults of whoever named the folder; a full disk is nobody's."""


def read(path: Path) -> dict[str, Any]:
    """Return the manifest of a folder; raises InputError where it is damaged."""
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        said = f"the folder is damaged: {error}; choose another folder"
        raise InputError(str(path), [Problem(MANIFEST, said)]) from None
    if not isinstance(manifest, dict) or not all(isinstance(manifest.get(k), kind) for k, kind in WANTED.items()):
        said = f"the folder is damaged: a map with {', '.join(WANTED)} is wanted; choose another folder"
        raise InputError(str(path), [Problem(MANIFEST, said)])
    return manifest


def kind_of(path: Path) -> str | None:
    """Return of what kind a folder is; None where it has no manifest."""
    return str(read(path)["kind"]) if (path / MANIFEST).is_file() else None


def write(path: Path, manifest: Mapping[str, Any]) -> None:
    """Put a manifest in place; raises InputError where nobody may write there, CannotWriteError on a full disk."""
    try:
        put(path / MANIFEST, _text(manifest).encode("utf-8", "backslashreplace"))
    except CannotWriteError as error:
        if error.errno in DENIED:
            raise InputError(str(path), [Problem("--out", str(error))]) from None
        raise


def agreed(path: Path, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest that a folder has, or should get; raises InputError where its runs cannot be added to.

    Plug-ins are compared by their content: where they lie now is where workers find them.
    """
    _check_about(path, about)
    wanted = _whole(about) | {"created": datetime.now(UTC).isoformat(timespec="seconds")} | versions()
    if not (path / MANIFEST).is_file():
        return wanted
    there = read(path)
    for key, (differ, option) in SAME.items():
        found, mine = _comparable(there, key), _comparable(wanted, key)
        if found != mine:
            also = f", or give {option.format(found)} to add to them" if option else ""
            said = f"the runs in this folder {differ}: {_brief(found)}, not {_brief(mine)}; choose another folder{also}"
            raise InputError(str(path), [Problem("--out", said)])
    return (
        wanted | {"created": there["created"]}
        if there["subject"] != wanted["subject"]
        else {**there, "plugins": wanted["plugins"]}
    )


def _check_about(path: Path, about: Mapping[str, Any]) -> None:
    """Refuse a folder whose maker does not say all that it is about: it could not be opened again."""
    problems = []
    for key, kind in ABOUT.items():
        if key not in about:
            problems.append(Problem(f"about.{key}", "wanted, but it is not there"))
        elif not isinstance(about[key], kind):
            said = "a map" if kind is dict else "a whole number" if kind is int else "text"
            problems.append(Problem(f"about.{key}", f"{said} is wanted; found {found(about[key])}"))
    if not problems and about["detail"] not in KEPT:
        said = f"one of {', '.join(KEPT)} is wanted; found {found(about['detail'])}"
        problems.append(Problem("about.detail", said))
    if problems:
        raise InputError(str(path), problems)


def holds_same(path: Path, about: Mapping[str, Any]) -> bool:
    """Tell whether a folder holds runs of the same, or nothing yet, so that they can be made there."""
    if not (path / MANIFEST).is_file():
        return is_free(path)
    wanted = _whole(about)
    try:
        there = read(path)
    except InputError:
        return False
    return all(_comparable(there, key) == _comparable(wanted, key) for key in (*SAME, "subject"))


def but_for_replications(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a manifest is about, without the numbers of replications in it."""
    asked = {key: manifest["subject"][key] for key in manifest["subject"] if key != "replications"}
    return {
        key: {name: value[name] for name in value if name != "replications"} if isinstance(value, dict) else value
        for key, value in asked.items()
    }


def is_free(path: Path) -> bool:
    """Tell whether a folder is new, or empty but for what a process that was killed at once left there."""
    if not path.is_dir():
        return not path.exists()
    return all(found.name in (LOCK, MANIFEST + ASIDE) for found in path.iterdir())


def _whole(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a manifest says, as it will be read again."""
    whole: dict[str, Any] = json.loads(_text({"firstline": __version__, **about, "canary": canary()}))
    return whole


def _text(manifest: Mapping[str, Any]) -> str:
    return json.dumps(manifest, indent=1, ensure_ascii=False)


def _comparable(manifest: Mapping[str, Any], key: str) -> Any:
    found = manifest.get(key)
    return sorted(found.values()) if key == "plugins" and isinstance(found, dict) else found


def _brief(value: Any) -> str:
    return (", ".join(value) or "none") if isinstance(value, list) else str(value)
