"""What every page has: pictures with words for who cannot see them, the data behind them, the hash of the manifest."""

from __future__ import annotations

import base64
import csv
import hashlib
import html
import io
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

import numpy as np
import numpy.typing as npt

from analysis import figures
from analysis.store.folder import Folder
from analysis.store.manifest import MANIFEST
from sim.errors import InputError, Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Value = str | float | int | None
MOST_ROWS = 40
"""Data with more rows than this is given as a file inside the page, not as a table."""
REM_AN_INCH = 7.0
"""How wide an inch of a figure is shown: the usual 8.2 fill the page."""
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)


class Say(Protocol):
    """The words of the screen in one language."""

    lang: str

    def __call__(self, term: str, **values: object) -> str:
        """Return the words of an id."""

    def name(self, kind: str, name: str) -> str:
        """Return the word for a name of the model."""


@dataclass(frozen=True)
class Data:
    """What is behind a picture, as a table."""

    head: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    @property
    def short(self) -> bool:
        """Whether it can be shown as a table."""
        return len(self.rows) <= MOST_ROWS

    @property
    def cells(self) -> tuple[tuple[str, ...], ...]:
        """The rows as text."""
        return tuple(tuple(written(value) for value in row) for row in self.rows)

    @property
    def uri(self) -> str:
        """The whole table as a CSV file inside the page."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.head)
        writer.writerows(self.cells)
        encoded = base64.b64encode(b"\xef\xbb\xbf" + text.getvalue().encode()).decode()  # spreadsheets want the mark
        return f"data:text/csv;charset=utf-8;base64,{encoded}"


@dataclass(frozen=True)
class Part:
    """A part of a page: a picture with its data, or a sentence that says why there is none."""

    title: str
    note: str = ""
    figure: Figure | None = None
    data: Data | None = None
    name: str = "data"
    """The name of the file with its data."""


def written(value: Value) -> str:
    """Write a value of a table: a dash for what is not there."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def data_of(figure: Figure) -> Data:
    """Return what is drawn in a figure: by panel the corners of lines and areas, and bars."""
    panels = [(axes.get_title(loc="left") or str(place + 1), axes) for place, axes in enumerate(figure.axes)]
    rows = [(panel, *row) for panel, axes in panels for row in _drawn(axes)]
    return Data(("panel", "series", "drawn as", "x", "y", "to x", "to y"), tuple(rows))


def _drawn(axes: Axes) -> Iterator[tuple[Value, ...]]:
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_hex
    from matplotlib.patches import Rectangle

    series: dict[str, str] = {}
    for line in axes.lines:
        colour = to_hex(cast("Any", line.get_color()))  # the stubs name more kinds than there are
        series.setdefault(colour, _label(line.get_label()))
    for line in axes.lines:
        points = np.column_stack([np.asarray(axis, float) for axis in line.get_data()])
        points = points[np.isfinite(points).all(axis=1)]
        for x, y in points[corners(points[:, 1])]:
            yield _label(line.get_label()), "line", float(x), float(y), None, None
    for collection in axes.collections:
        if isinstance(collection, PolyCollection):
            faces = collection.get_facecolor()
            colour = to_hex(cast("Any", faces[0])) if len(faces) else ""
            name = _label(collection.get_label()) or series.get(colour, "")
            for path in collection.get_paths():
                points = np.asarray(path.vertices, float)
                for x, y in points[corners(points[:, 1])]:
                    yield name, "area", float(x), float(y), None, None
    for container in axes.containers:
        for patch in container:
            if isinstance(patch, Rectangle):
                x, y = float(patch.get_x()), float(patch.get_y())
                to = x + float(patch.get_width()), y + float(patch.get_height())
                yield _label(container.get_label()), "bar", x, y, *to


def corners(values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which points of a line are wanted to draw it again: all but those inside a level stretch."""
    kept = np.ones(values.size, bool)
    kept[1:-1] = (values[1:-1] != values[:-2]) | (values[1:-1] != values[2:])
    return kept


def _label(label: object) -> str:
    return "" if str(label).startswith("_") else str(label)


class Made(NamedTuple):
    """How what a page shows was made: the manifest as text, its hash, and that of the tables behind it."""

    manifest: str
    hash: str
    runs_hash: str

    @classmethod
    def folder(cls, folder: Folder) -> Made:
        """Return it of a folder with runs."""
        text = json.dumps(folder.manifest, indent=1, ensure_ascii=False)
        return cls(text, hashed((folder.path / MANIFEST).read_bytes()), folder.digest())


def hashed(content: bytes) -> str:
    """Return the hash that pages show: BLAKE2b, 16 bytes."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def drawn(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Return parts as a page shows them; call it with the style that they were drawn in."""
    return [
        {
            "title": part.title,
            "note": part.note,
            "svg": _spoken(part.figure, f"{part.title}. {part.note}".strip()) if part.figure is not None else None,
            "data": part.data or (data_of(part.figure) if part.figure is not None else None),
            "name": part.name,
        }
        for part in parts
    ]


def _spoken(figure: Figure, words: str) -> str:
    """Return a figure as SVG with words for who cannot see it, and without what the drawing program says of itself.

    It is as wide as it was drawn, so that the writing in all pictures of a page is of one size.
    """
    text = _METADATA.sub("", figures.svg(figure))
    wide = f"max-width: {REM_AN_INCH * figure.get_figwidth():.1f}rem"
    return text.replace("<svg ", f'<svg role="img" aria-label="{html.escape(words)}" style="{wide}" ', 1)


def rendered(template: str, behind: Made, say: Say, **values: object) -> str:
    """Return a page from its template."""
    from jinja2 import Environment, FileSystemLoader, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=select_autoescape(["html"])
    )
    environment.trim_blocks = environment.lstrip_blocks = True
    return environment.get_template(template).render(
        lang="zh-CN" if say.lang == "zh" else say.lang,
        say=say,
        **behind._asdict(),
        **values,
    )


def write(page: str, path: Path) -> Path:
    """Write a page and return its path; raises InputError where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(str(path), [Problem("--out", f"it cannot be written: {error.strerror}")]) from None
    return path
